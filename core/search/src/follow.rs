//! Bringing the index up to date with one space.
//!
//! ```text
//!  nothing indexed:  saved cards at the checkpoint ─► documents ─┐
//!                                                                ▼
//!  log behind what is indexed ─► which cards it touches ─► those cards as they are now ─► documents, and how far ─► one commit
//! ```
//! Cards are read as they are now, with what waits in the outbox, so one that was touched a hundred times is written once; a document may be
//! ahead of the position beside it, and never behind. What waited is read again the next time, whatever became of it. Where the log is not the
//! one that was indexed (another epoch, another commit at that place), or payloads were taken out of it, the space is begun anew.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use recordplayer::commit::Head;
use recordplayer::entity::Entity;
use recordplayer::hash::Hash;
use recordplayer::id::SpaceId;
use recordplayer::name::Name;
use recordplayer::record::{Position, StreamId};
use recordplayer::replica::Replica;
use recordplayer::storage::{ReadError, RowKey, SpaceReader, TextKey, TextRow};
use recordplayer::text::TextDocument;
use recordplayer::view::{Key, View, ViewKey};
use recordplayer::{Models, holds_views, saved_view};
use recordplayer_kanban::ids::{CardId, CommentId};
use recordplayer_kanban::view::CardView;
use recordplayer_kanban::{Card, Comment};

use crate::document::CardDocument;
use crate::index::{Change, Index, Reached, Waiting, WriteError};
use crate::limits::{CARDS_AT_A_TIME, PAGE_BYTES};

/// A space as it is read to be found. An application makes one of its handle; [`documents`], [`cards_of`] and [`waiting`] read a replica.
pub trait Source {
    /// The log, and what is saved.
    fn reader(&self) -> Arc<dyn SpaceReader>;

    /// Cards as they are now, with what waits; only a bounded number of them at a time.
    fn documents(&self, cards: &[CardId]) -> Result<Vec<Option<CardDocument>>, ReadError>;

    /// The cards that comments are on.
    fn cards_of(&self, comments: &BTreeSet<CommentId>) -> Result<BTreeSet<CardId>, ReadError>;

    /// What waits in the outbox.
    fn waiting(&self) -> Result<Waiting, ReadError>;

    /// Whether cards are as another version of the program had saved them, for they are just made anew.
    fn shows_older(&self) -> Result<bool, ReadError>;
}

/// How far it is; the first time this takes a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many saved cards are read.
    Saved { cards: u64 },
    /// Of so many records that were not indexed yet.
    Log { read: u64, of: u64 },
    /// Of so many cards that were touched.
    Cards { written: u64, of: u64 },
}

/// What following came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The index held it already.
    NothingNew,
    /// So many cards were written.
    Written { cards: u64 },
    /// Somebody stopped it: what the index holds is as it was.
    Stopped,
    /// The history is still being fetched, and nothing is saved from which the cards could be read; or they are just made anew.
    NotYet,
}

#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Ends a step: it was stopped, or nothing can be read yet.
struct Ended(Followed);

type Step<T> = Result<Result<T, Ended>, FollowError>;

/// Brings the documents of a space up to date. `progress` may stop it: then the index is as before.
pub fn follow(
    index: &mut Index,
    space: SpaceId,
    source: &dyn Source,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Followed, FollowError> {
    let mut following = Following { index, space, source, reader: source.reader().frozen()?, progress, written: 0 };
    let outcome = following.go();
    match &outcome {
        Ok(Followed::Written { .. } | Followed::NothingNew) => {}
        Ok(Followed::Stopped | Followed::NotYet) => index.take_back()?,
        // What went wrong is told, and not what went wrong after it.
        Err(_) => drop(index.take_back()),
    }
    outcome
}

struct Following<'a> {
    index: &'a mut Index,
    space: SpaceId,
    source: &'a dyn Source,
    reader: Arc<dyn SpaceReader>,
    progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    written: u64,
}

/// What a stretch of the log touches.
#[derive(Default)]
struct Touched {
    cards: BTreeSet<CardId>,
    comments: BTreeSet<CommentId>,
    /// Payloads were taken out of it.
    is_redacted: bool,
}

impl Following<'_> {
    fn go(&mut self) -> Result<Followed, FollowError> {
        if self.source.shows_older()? {
            return Ok(Followed::NotYet);
        }
        let (epoch, upto) = (self.reader.epoch()?, self.reader.head()?);
        let known = self.known(epoch)?;
        let from = match &known {
            Some(known) => known.head,
            None => match self.build()? {
                Ok(head) => head,
                Err(Ended(followed)) => return Ok(followed),
            },
        };
        let touched = match self.touched(from, upto)? {
            Ok(touched) => touched,
            Err(Ended(followed)) => return Ok(followed),
        };
        if touched.is_redacted && known.is_some() {
            self.index.forget(self.space)?;
            return self.go();
        }
        let waiting = self.source.waiting()?;
        let waited = known.as_ref().map(|known| &known.waiting);
        if from == upto && waited == Some(&waiting) {
            return Ok(Followed::NothingNew);
        }
        let mut cards = touched.cards;
        cards.extend(self.source.cards_of(&touched.comments)?);
        cards.extend(waited.into_iter().chain([&waiting]).flat_map(|waiting| &waiting.cards));
        if let Err(Ended(followed)) = self.write(&cards)? {
            return Ok(followed);
        }
        self.index.commit(self.space, Reached { epoch, head: upto, waiting })?;
        Ok(Followed::Written { cards: self.written })
    }

    /// How far this log is indexed; nothing where what is indexed is of another one.
    fn known(&self, epoch: u32) -> Result<Option<Reached>, ReadError> {
        let Some(reached) = self.index.reached(self.space).filter(|reached| reached.epoch == epoch) else {
            return Ok(None);
        };
        let is_here = match reached.head.position {
            Position::START => true,
            position => self.reader.commit_with(position)?.is_some_and(|commit| commit.head == reached.head),
        };
        Ok(is_here.then(|| reached.clone()))
    }

    /// Reads the cards of the checkpoint, if there is one; answers with the place of the log that they belong to.
    fn build(&mut self) -> Step<Head> {
        self.index.clear(self.space);
        let checkpoint = self.reader.checkpoint()?.filter(holds_views::<CardView>);
        let Some(checkpoint) = checkpoint else { return self.whole_log() };
        let mut after = RowKey::View(ViewKey::of::<CardView>(Key::whole_space()));
        loop {
            let page = self.reader.rows(Some(&after), PAGE_BYTES)?;
            let mut is_last = page.is_empty();
            let mut changes = Vec::new();
            for (key, row) in page {
                let of_card = |view: &&ViewKey| *view.name == *CardView::NAME;
                let Some(view) = as_view(&key).filter(of_card) else {
                    is_last = true;
                    break;
                };
                let (Some(id), Some(card)) = (view.key.id(), saved_view::<CardView>(&row)) else {
                    // Another version saved it: the log tells it anew.
                    self.index.take_back()?;
                    self.index.clear(self.space);
                    return self.whole_log();
                };
                let description = self.saved_description(CardId(id), &card)?;
                let document = CardDocument::of(CardId(id), &card, description);
                changes.extend(document.map(|document| Change::Add(Box::new(document))));
                after = key;
            }
            self.put(changes)?;
            if (self.progress)(Progress::Saved { cards: self.written }).is_break() {
                return Ok(Err(Ended(Followed::Stopped)));
            }
            if is_last {
                return Ok(Ok(checkpoint.head));
            }
        }
    }

    /// Nothing is saved: the whole log is read, where it is here.
    fn whole_log(&self) -> Step<Head> {
        Ok(if self.reader.gap()?.is_some() { Err(Ended(Followed::NotYet)) } else { Ok(Head::START) })
    }

    fn saved_description(&self, card: CardId, view: &CardView) -> Result<String, ReadError> {
        if !view.card.is_here() {
            return Ok(String::new());
        }
        let key = TextKey { stream: StreamId::of::<Card>(card.0), field: Name::of(Card::DESCRIPTION) };
        let rows = self.reader.text(&key)?;
        if rows.is_empty() {
            return Ok(String::new());
        }
        let opened = TextDocument::open(rows.iter().map(TextRow::part));
        Ok(opened.map_err(|error| ReadError::Damaged(format!("{key:?}: {error}")))?.text())
    }

    fn touched(&mut self, from: Head, upto: Head) -> Step<Touched> {
        let mut touched = Touched::default();
        let mut at = from.position;
        while at < upto.position {
            let commits = self.reader.commits(at, upto.position, PAGE_BYTES)?;
            let Some(last) = commits.last() else {
                return Err(ReadError::Damaged(format!("record {} is not in the log", at.plus(1))).into());
            };
            at = last.head.position;
            for stored in commits {
                let commit = stored.open()?;
                touched.is_redacted |= commit.is_redaction();
                for record in commit.events() {
                    match &*record.stream.kind {
                        Card::KIND => drop(touched.cards.insert(CardId(record.stream.id))),
                        Comment::KIND => drop(touched.comments.insert(CommentId(record.stream.id))),
                        _ => {}
                    }
                }
            }
            let (read, of) = (at.0 - from.position.0, upto.position.0 - from.position.0);
            if (self.progress)(Progress::Log { read, of }).is_break() {
                return Ok(Err(Ended(Followed::Stopped)));
            }
        }
        Ok(Ok(touched))
    }

    fn write(&mut self, cards: &BTreeSet<CardId>) -> Step<()> {
        let (cards, before): (Vec<CardId>, u64) = (cards.iter().copied().collect(), self.written);
        for some in cards.chunks(CARDS_AT_A_TIME) {
            let now = some.iter().zip(self.source.documents(some)?);
            let changes = now.map(|(card, now)| match now {
                Some(document) => Change::Put(Box::new(document)),
                None => Change::Remove(*card),
            });
            let changes = changes.collect();
            self.put(changes)?;
            let progress = Progress::Cards { written: self.written - before, of: cards.len() as u64 };
            if (self.progress)(progress).is_break() {
                return Ok(Err(Ended(Followed::Stopped)));
            }
        }
        Ok(Ok(()))
    }

    fn put(&mut self, changes: Vec<Change>) -> Result<(), WriteError> {
        self.written += changes.len() as u64;
        self.index.apply(self.space, changes)
    }
}

fn as_view(key: &RowKey) -> Option<&ViewKey> {
    match key {
        RowKey::View(view) => Some(view),
        RowKey::Replica(_) | RowKey::Newer(_) | RowKey::Model(_) => None,
    }
}

/// Cards of a replica as they are now, with what waits.
pub fn documents(replica: &Replica, cards: &[CardId]) -> Result<Vec<Option<CardDocument>>, ReadError> {
    let document = |card: &CardId| {
        let view = replica.view::<CardView>(*card);
        if !view.card.is_here() {
            return Ok(None);
        }
        let description = replica.text::<Card>(*card, Card::DESCRIPTION)?.text();
        Ok(CardDocument::of(*card, &view, description))
    };
    cards.iter().map(document).collect()
}

/// The cards that comments are on.
pub fn cards_of<'a>(models: &Models<'_>, comments: impl IntoIterator<Item = &'a CommentId>) -> BTreeSet<CardId> {
    comments.into_iter().filter_map(|comment| models.get::<Comment>(*comment).card).collect()
}

/// Whether the cards of a replica are as another version had saved them.
pub fn shows_older(replica: &Replica) -> bool {
    replica.shows_older::<CardView>()
}

/// What waits in the outbox of a replica.
pub fn waiting(replica: &Replica) -> Waiting {
    let (mut cards, mut comments, mut said) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for entry in replica.outbox() {
        match &*entry.stream.kind {
            Card::KIND => drop(cards.insert(CardId(entry.stream.id))),
            Comment::KIND => drop(comments.insert(CommentId(entry.stream.id))),
            _ => {}
        }
        said.extend(entry.command.bytes());
        said.push(u8::from(entry.refused.is_some()));
        said.extend(Hash::of(&entry.payload).0);
    }
    cards.extend(cards_of(&replica.models(), &comments));
    Waiting { cards, digest: Hash::of(&said) }
}
