//! The comment: an entity of its own, so that a long conversation does not make its card heavy.

use std::collections::BTreeSet;

use recordplayer::context::Context;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::{CommandId, SpaceId};
use recordplayer::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::card::{Card, CardEvent, is_known};
use crate::ids::{CardId, CommentId, PersonId};
use crate::limits::COMMENT_BYTES_MAX;
use crate::project::Project;
use crate::refusal::{LimitExceeded, has_room_in_card, is_written};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// `None` until the comment is written.
    pub card: Option<CardId>,
    pub author: PersonId,
    pub kind: CommentKind,
    /// Who is called by it.
    pub mentions: BTreeSet<PersonId>,
    /// When it was written, as claimed or else as recorded.
    pub at: Timestamp,
    /// Empty once deleted.
    pub text: String,
    pub edited: bool,
    pub deleted: bool,
}

/// What a comment is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentKind {
    #[default]
    Talk,
    /// An entry of the card's journal: what was done.
    Journal,
    /// Why a reviewer approved or rejected it.
    Review,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommentCommand {
    Write {
        card: CardId,
        text: String,
        /// For imports: a placeholder whose comment this is.
        #[serde(default)]
        author: Option<PersonId>,
        #[serde(default)]
        kind: CommentKind,
        /// Members and placeholders whom its text names.
        #[serde(default)]
        mentions: BTreeSet<PersonId>,
    },
    Edit {
        text: String,
        #[serde(default)]
        mentions: BTreeSet<PersonId>,
    },
    Delete {},
    /// It comes with its card from the project that asks.
    Arrive {
        journey: CommandId,
        comment: Box<Comment>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommentEvent {
    Written {
        card: CardId,
        author: PersonId,
        text: String,
        #[serde(default)]
        kind: CommentKind,
        #[serde(default)]
        mentions: BTreeSet<PersonId>,
    },
    Edited {
        text: String,
        #[serde(default)]
        mentions: BTreeSet<PersonId>,
    },
    Deleted {},
    /// It came with its card from another project.
    Arrived {
        comment: Box<Comment>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum CommentRefusal {
    #[error("There is no such card. Look for it on the board, or in its archive")]
    NoSuchCard { card: CardId },
    #[error("This card is in another project now, or on its way there. Open it there")]
    InAnotherProject { project: SpaceId },
    #[error("Only projects ask each other for this")]
    OnlyProjectsAsk {},
    #[error("There is no such comment any more")]
    NoSuchComment { comment: CommentId },
    #[error("This comment is written already")]
    WrittenAlready {},
    #[error("Only its author may change this comment. Write one of your own")]
    NotTheAuthor { author: PersonId },
    #[error("{person} is no member of the project, so nobody can call them. Add them first")]
    NoSuchPerson { person: PersonId },
    #[error("Only approving and rejecting a card says why in this way. Comment on it")]
    ReviewsComeFromReviewers {},
    #[error("There is no such placeholder in this project. Look at the list of its members")]
    NoSuchPlaceholder { person: PersonId },
    #[error("{limit}")]
    OutOfLimits { limit: LimitExceeded },
}

impl From<LimitExceeded> for CommentRefusal {
    fn from(limit: LimitExceeded) -> Self {
        Self::OutOfLimits { limit }
    }
}

/// Whether whoever acts is the author: in person, as the one who claimed the author's placeholder, or as a manager for a placeholder that
/// nobody has claimed (a later import of the same board).
fn is_by(author: PersonId, cx: &Context<'_>) -> bool {
    let actor = cx.actor();
    if PersonId::from(actor) == author {
        return true;
    }
    let project = cx.get::<Project>(cx.space().0);
    project.placeholders.get(&author).is_some_and(|placeholder| match placeholder.claimed_by {
        Some(by) => by == actor,
        None => cx.is_manager(),
    })
}

/// Whether everybody whom a text calls is there to hear it.
fn are_known(mentions: &BTreeSet<PersonId>, cx: &Context<'_>) -> Result<(), CommentRefusal> {
    has_room_in_card("people whom a comment calls", mentions.len().saturating_sub(1))?;
    match mentions.iter().find(|person| !is_known(**person, cx)) {
        Some(person) => Err(CommentRefusal::NoSuchPerson { person: *person }),
        None => Ok(()),
    }
}

fn is_on_card_here(card: &Card) -> Result<(), CommentRefusal> {
    match card.whereabouts.project() {
        Some(project) => Err(CommentRefusal::InAnotherProject { project }),
        None => Ok(()),
    }
}

impl Comment {
    /// It comes with its card, unless that was turned away, or it is here as it was there.
    fn arrive(
        &self,
        journey: CommandId,
        came: &Self,
        cx: &mut Context<'_>,
    ) -> Result<Vec<CommentEvent>, CommentRefusal> {
        if cx.errand_with().is_none() {
            return Err(CommentRefusal::OnlyProjectsAsk {});
        }
        let Some(card) = came.card.filter(|card| cx.get::<Card>(*card).came_by(journey)) else { return Ok(Vec::new()) };
        if self == came {
            return Ok(Vec::new());
        }
        if self.card.is_none() || self.deleted {
            cx.emit::<Card>(card, &CardEvent::CommentAdded { comment: CommentId(cx.id()) });
        }
        Ok(vec![CommentEvent::Arrived { comment: Box::new(came.clone()) }])
    }
}

impl Entity for Comment {
    const KIND: &'static str = "comment";
    const SHAPE: u32 = 2;

    type Command = CommentCommand;
    type Event = CommentEvent;
    type Refusal = CommentRefusal;

    fn decide(&self, command: &CommentCommand, cx: &mut Context<'_>) -> Result<Vec<CommentEvent>, CommentRefusal> {
        use CommentCommand as C;
        use CommentEvent as E;
        use CommentRefusal as R;
        if let C::Write { card, text, author, kind, mentions } = command {
            // Its author may write it again that was deleted.
            let myself = PersonId::from(cx.actor());
            let author = author.unwrap_or(myself);
            let is_back = self.deleted && self.card == Some(*card) && is_by(self.author, cx) && author == self.author;
            if self.card.is_some() && !is_back {
                return Err(R::WrittenAlready {});
            }
            let on = cx.get::<Card>(*card);
            if !on.exists() {
                return Err(R::NoSuchCard { card: *card });
            }
            is_on_card_here(&on)?;
            is_written("A comment", text, COMMENT_BYTES_MAX)?;
            let is_placeholder = cx.get::<Project>(cx.space().0).placeholders.contains_key(&author);
            if author != myself && !is_placeholder {
                return Err(R::NoSuchPlaceholder { person: author });
            }
            if *kind == CommentKind::Review && !(is_back && self.kind == CommentKind::Review) {
                return Err(R::ReviewsComeFromReviewers {});
            }
            are_known(mentions, cx)?;
            cx.emit::<Card>(*card, &CardEvent::CommentAdded { comment: CommentId(cx.id()) });
            let (text, mentions) = (text.clone(), mentions.clone());
            return Ok(vec![E::Written { card: *card, author, text, kind: *kind, mentions }]);
        }
        let comment = CommentId(cx.id());
        if let C::Arrive { journey, comment: came } = command {
            return self.arrive(*journey, came, cx);
        }
        let Some(card) = self.card.filter(|_| !self.deleted) else { return Err(R::NoSuchComment { comment }) };
        is_on_card_here(&cx.get::<Card>(card))?;
        if !is_by(self.author, cx) {
            return Err(R::NotTheAuthor { author: self.author });
        }
        match command {
            C::Write { .. } | C::Arrive { .. } => unreachable!("answered above"),
            C::Edit { text, mentions } if self.text == *text && self.mentions == *mentions => Ok(Vec::new()),
            C::Edit { text, mentions } => {
                is_written("A comment", text, COMMENT_BYTES_MAX)?;
                are_known(mentions, cx)?;
                Ok(vec![E::Edited { text: text.clone(), mentions: mentions.clone() }])
            }
            C::Delete {} => {
                cx.emit::<Card>(card, &CardEvent::CommentRemoved { comment });
                Ok(vec![E::Deleted {}])
            }
        }
    }

    fn play(&mut self, event: &CommentEvent, stamp: &Stamp) {
        match event.clone() {
            CommentEvent::Written { card, author, text, kind, mentions } => {
                self.card = Some(card);
                self.author = author;
                self.kind = kind;
                self.mentions = mentions;
                // One that is written again stands where it stood.
                if !self.deleted {
                    self.at = stamp.origin.effective_time();
                }
                self.text = text;
                self.deleted = false;
                self.edited = false;
            }
            CommentEvent::Edited { text, mentions } => {
                self.text = text;
                self.mentions = mentions;
                self.edited = true;
            }
            CommentEvent::Deleted {} => {
                self.text.clear();
                self.mentions.clear();
                self.deleted = true;
            }
            CommentEvent::Arrived { comment } => *self = *comment,
        }
    }
}
