//! What a person should hear of.

use recordplayer::Models;
use recordplayer::entity::Entity;
use recordplayer::id::{ActorId, CommandId};
use recordplayer::record::{Position, Record, StreamId};
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, View};
use rpds::VectorSync;
use serde::{Deserialize, Deserializer, Serialize};

use crate::card::{Card, CardEvent, NotLetIn};
use crate::comment::{Comment, CommentEvent};
use crate::ids::{CardId, CommentId, PersonId};
use crate::limits::INBOX_ENTRIES_MAX;

/// The latest things in a project that concern a person and that somebody else did, the oldest first; by the person's id.
///
/// What one command does to one card is one entry, named by the command: a restore that plays it again, or a device that hears of it twice, makes
/// no second one. What an import says of others is nobody's news.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxView {
    #[serde(deserialize_with = "one_by_one")]
    pub entries: VectorSync<InboxEntry>,
}

/// News of one command stand together: so far back they are looked for.
const ONE_COMMAND: usize = 4;

/// Left to itself, the list makes room for as many as the bytes claim to hold.
fn one_by_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<VectorSync<InboxEntry>, D::Error> {
    Ok(Vec::deserialize(deserializer)?.into_iter().collect())
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxEntry {
    /// What marks name it by.
    pub command: CommandId,
    pub record: Position,
    pub at: Timestamp,
    pub by: ActorId,
    pub card: CardId,
    pub news: News,
}

/// What there is to hear, the more urgent behind the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A card that they had sent to another project could not go there.
    SentBack {
        why: NotLetIn,
    },
    /// On a card of theirs.
    Commented {
        comment: CommentId,
    },
    Assigned {},
    Mentioned {
        comment: CommentId,
    },
    /// What they did was found good.
    Approved {},
    /// What they did is to do again.
    Rejected {},
}

impl News {
    /// For programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::SentBack { .. } => "sent_back",
            Self::Commented { .. } => "commented",
            Self::Assigned {} => "assigned",
            Self::Mentioned { .. } => "mentioned",
            Self::Approved {} => "approved",
            Self::Rejected {} => "rejected",
        }
    }

    /// In words behind the name of whoever did it, before the card.
    pub fn words(self) -> &'static str {
        match self {
            Self::SentBack { .. } => "did not take in",
            Self::Commented { .. } => "commented on",
            Self::Assigned {} => "assigned you to",
            Self::Mentioned { .. } => "mentioned you on",
            Self::Approved {} => "approved",
            Self::Rejected {} => "rejected",
        }
    }
}

/// Those of its streams' events that can be news.
fn can_be_news(record: &Record) -> bool {
    match &*record.stream.kind {
        Card::KIND => matches!(
            record.event::<Card>(),
            Some(
                CardEvent::Assigned { .. }
                    | CardEvent::CommentAdded { .. }
                    | CardEvent::Approved {}
                    | CardEvent::Rejected {}
                    | CardEvent::Stayed { .. }
            )
        ),
        Comment::KIND => {
            matches!(record.event::<Comment>(), Some(CommentEvent::Written { .. } | CommentEvent::Edited { .. }))
        }
        _ => false,
    }
}

/// What the record has to say to this person, and on which card.
fn news(record: &Record, person: PersonId, after: &Models<'_>) -> Option<(CardId, News)> {
    let id = record.stream.id;
    match &*record.stream.kind {
        Card::KIND => {
            // Whoever took it was assigned by that; a rejection leaves it to nobody.
            let is_theirs = || after.get::<Card>(id).members.contains(&person);
            let news = match record.event::<Card>()? {
                CardEvent::Assigned { person: other } if *other == person => News::Assigned {},
                CardEvent::CommentAdded { comment } if is_theirs() => News::Commented { comment: *comment },
                CardEvent::Approved {} if is_theirs() => News::Approved {},
                CardEvent::Rejected {} if is_theirs() => News::Rejected {},
                // Whoever works on it had perhaps heard that it was approved.
                CardEvent::Stayed { why, .. } if after.get::<Card>(id).sent_by == Some(person) || is_theirs() => {
                    News::SentBack { why: *why }
                }
                _ => return None,
            };
            Some((CardId(id), news))
        }
        Comment::KIND => {
            let mentions = match record.event::<Comment>()? {
                CommentEvent::Written { mentions, .. } | CommentEvent::Edited { mentions, .. } => mentions,
                CommentEvent::Deleted {} | CommentEvent::Arrived { .. } => return None,
            };
            let card = after.get::<Comment>(id).card?;
            mentions.contains(&person).then_some((card, News::Mentioned { comment: CommentId(id) }))
        }
        _ => None,
    }
}

impl InboxView {
    /// Of what one command does to a card, the most urgent is told; and who was called by a comment is not called again by its next version.
    fn add(&mut self, entry: InboxEntry) {
        let is_told = |known: &InboxEntry| known.news == entry.news && matches!(entry.news, News::Mentioned { .. });
        if self.entries.iter().any(is_told) {
            return;
        }
        let is_same = |known: &&InboxEntry| known.command == entry.command && known.card == entry.card;
        let same = self.entries.iter().enumerate().rev().take(ONE_COMMAND).find(|(_, known)| is_same(known));
        if let Some((at, known)) = same {
            if known.news < entry.news {
                self.entries.set_mut(at, entry);
            }
            return;
        }
        if self.entries.len() >= INBOX_ENTRIES_MAX {
            self.entries = self.entries.iter().skip(1 + self.entries.len() - INBOX_ENTRIES_MAX).cloned().collect();
        }
        self.entries.push_back_mut(entry);
    }
}

impl View for InboxView {
    const NAME: &'static str = "inbox";
    const VERSION: u32 = 3;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        match &*stream.kind {
            Card::KIND => {
                let card = models.get::<Card>(stream.id);
                let sent_by = card.sent_by.filter(|by| !card.members.contains(by));
                card.members.iter().copied().chain(sent_by).map(Key::from).collect()
            }
            Comment::KIND => models.get::<Comment>(stream.id).mentions.iter().copied().map(Key::from).collect(),
            _ => Vec::new(),
        }
    }

    fn concerns(record: &Record) -> bool {
        can_be_news(record)
    }

    /// They would be all the cards of a person, for ever.
    fn lists_entities(_: &Key) -> bool {
        false
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        let Some(person) = key.id().map(PersonId) else { return };
        let by = record.origin.actor;
        // What is claimed of others happened elsewhere; spaces that ask each other are nobody; and who did it knows.
        let is_own_doing = record.origin.known_actor() == Some(by) && by != ActorId::default();
        let Some((card, news)) = news(record, person, after) else { return };
        // But for what the other project answers to whoever sent it a card.
        let is_answer = matches!(news, News::SentBack { .. });
        if !is_answer && (!is_own_doing || PersonId::from(by) == person) {
            return;
        }
        let (command, record, at) = (record.origin.command, record.number, record.origin.time);
        self.add(InboxEntry { command, record, at, by, card, news });
    }
}
