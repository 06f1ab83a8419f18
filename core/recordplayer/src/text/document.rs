//! A text that is open: to be read, written and exported.

use std::fmt;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, Change, ObjId, ROOT, ReadDoc, TextEncoding};

use super::base::{BaseError, TextPart, take_parts};
use super::diff::{Hunk, difference};
use super::genesis::{TEXT_KEY, genesis_bytes};
use super::reading::Reading;
use super::splice::Splice;
use super::{TextActor, TextChange, TextHash, TextRefusal};
use crate::limits::{TEXT_BYTES_MAX, TEXT_CHANGE_BYTES_MAX};

/// A text as it is read and written: the document that its changes make.
///
/// Positions count code points. Opening and applying never fail: what is no change of this text is skipped and counted, by the same rule for
/// every reader of the same log.
#[derive(Clone)]
pub struct TextDocument {
    reading: Reading,
    document: Automerge,
    object: ObjId,
}

impl TextDocument {
    /// An empty text.
    pub fn new() -> Self {
        let mut document = Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint);
        let genesis = Change::try_from(&genesis_bytes()[..]).expect("the genesis change is a change");
        document.apply_changes([genesis]).expect("the genesis change can be applied");
        let (_, object) = document.get(ROOT, TEXT_KEY).ok().flatten().expect("the genesis change makes the text");
        Self { reading: Reading::new(), document, object }
    }

    /// The text of its rows, in the order of the log. Fails only where a base is damaged, for then the text is not there; it must be built
    /// from the log.
    pub fn open<'a>(parts: impl IntoIterator<Item = TextPart<'a>>) -> Result<Self, BaseError> {
        let mut text = Self::new();
        let mut batch = Vec::new();
        take_parts(&mut text.reading, parts, |chunk| batch.push(readable(chunk)))?;
        text.document_takes(batch);
        Ok(text)
    }

    /// Applies the next change of the log. False where it was skipped.
    pub fn apply(&mut self, change: &TextChange) -> bool {
        self.apply_all([change]) == 1
    }

    /// Applies the next changes of the log, which is far quicker in one go: automerge walks the whole document each time. Answers with the
    /// number of those that were not skipped.
    pub fn apply_all<'a>(&mut self, changes: impl IntoIterator<Item = &'a TextChange>) -> usize {
        self.apply_each(changes).into_iter().filter(|is_applied| *is_applied).count()
    }

    /// As [`Self::apply_all`], and answers of each whether it was applied.
    pub(crate) fn apply_each<'a>(&mut self, changes: impl IntoIterator<Item = &'a TextChange>) -> Vec<bool> {
        let taken: Vec<_> = changes.into_iter().map(|change| self.take(change.bytes())).collect();
        let applied = taken.iter().map(Option::is_some).collect();
        self.document_takes(taken.into_iter().flatten().collect());
        applied
    }

    pub fn text(&self) -> String {
        self.document.text(&self.object).expect("the genesis change makes the text")
    }

    /// The length in code points.
    pub fn length(&self) -> usize {
        self.document.length(&self.object)
    }

    /// Changes that were skipped, those before the base included.
    pub fn skipped(&self) -> u64 {
        self.reading.skipped()
    }

    /// The changes that no other one builds on, in order.
    pub fn heads(&self) -> impl ExactSizeIterator<Item = &TextHash> {
        self.reading.model().heads()
    }

    /// Makes the text be `new_text`, as changes of that actor: none where nothing differs, mostly one, several where one would be larger than
    /// a change may be. They build on each other and must be sent in order. Where it is refused, nothing has changed.
    pub fn edit(&mut self, actor: TextActor, new_text: &str) -> Result<Vec<TextChange>, TextRefusal> {
        if new_text.len() > TEXT_BYTES_MAX {
            return Err(TextRefusal::TextFull { bytes: new_text.len() as u64 });
        }
        self.write(actor, &difference(&self.text(), new_text))
    }

    /// Deletes characters at a position and inserts others there. What lies behind the end is taken for the end.
    pub fn splice(
        &mut self,
        actor: TextActor,
        position: usize,
        delete: usize,
        insert: &str,
    ) -> Result<Vec<TextChange>, TextRefusal> {
        let length = self.length();
        let at = position.min(length);
        let hunk = Hunk { at, delete: delete.min(length - at), insert };
        if !insert.is_empty() {
            let bytes = self.text().len() + insert.len();
            if bytes > TEXT_BYTES_MAX && bytes - hunk.delete > TEXT_BYTES_MAX {
                return Err(TextRefusal::TextFull { bytes: bytes as u64 });
            }
        }
        if hunk.delete == 0 && insert.is_empty() { Ok(Vec::new()) } else { self.write(actor, &[hunk]) }
    }

    /// Writes hunks, ascending and apart from each other, on a copy, so that a refusal leaves no trace.
    fn write(&mut self, actor: TextActor, hunks: &[Hunk<'_>]) -> Result<Vec<TextChange>, TextRefusal> {
        if hunks.is_empty() {
            return Ok(Vec::new());
        }
        let mut copy = self.clone();
        copy.document.set_actor(ActorId::from(&actor.bytes()[..]));
        let mut changes = Vec::new();
        copy.write_parts(hunks, &mut changes)?;
        *self = copy;
        Ok(changes)
    }

    /// Writes hunks as one change if it is small enough; otherwise first their later half, then the earlier one, whose positions still hold.
    fn write_parts(&mut self, hunks: &[Hunk<'_>], changes: &mut Vec<TextChange>) -> Result<(), TextRefusal> {
        let inserted: usize = hunks.iter().map(|hunk| hunk.insert.len()).sum();
        if inserted <= TEXT_CHANGE_BYTES_MAX {
            let mut document = self.document.clone();
            // From behind, so that the positions of those before still hold.
            let change = commit(&mut document, &self.object, hunks.iter().rev().cloned());
            if change.bytes().len() <= TEXT_CHANGE_BYTES_MAX {
                self.reading.take(change.bytes())?;
                self.document = document;
                changes.push(change);
                return Ok(());
            }
        }
        let (earlier, later) = halves(hunks);
        self.write_parts(&later, changes)?;
        self.write_parts(&earlier, changes)
    }

    pub(super) fn automerge(&self) -> &Automerge {
        &self.document
    }

    /// Writes splices, one after the other, as one change; where it is refused, nothing has changed.
    pub(super) fn write_splices(&mut self, actor: TextActor, splices: &[Splice]) -> Result<TextChange, TextRefusal> {
        let mut copy = self.clone();
        copy.document.set_actor(ActorId::from(&actor.bytes()[..]));
        let change = commit(&mut copy.document, &copy.object, splices.iter().map(Hunk::from));
        if change.bytes().len() > TEXT_CHANGE_BYTES_MAX {
            return Err(TextRefusal::TooLarge { bytes: change.bytes().len() as u64 });
        }
        copy.reading.take(change.bytes())?;
        *self = copy;
        Ok(change)
    }

    fn take(&mut self, chunk: &[u8]) -> Option<Change> {
        self.reading.take(chunk).ok()?;
        Some(readable(chunk))
    }

    fn document_takes(&mut self, changes: Vec<Change>) {
        self.document.apply_changes(changes).expect("our reader is the stricter one");
    }
}

impl Default for TextDocument {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TextDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextDocument").field("length", &self.length()).field("skipped", &self.skipped()).finish()
    }
}

fn readable(chunk: &[u8]) -> Change {
    Change::try_from(chunk).expect("our reader is the stricter one")
}

/// One change of all hunks, done one after the other; without a time or a message, which nobody needs and which would tell about people.
fn commit<'a>(document: &mut Automerge, object: &ObjId, hunks: impl Iterator<Item = Hunk<'a>>) -> TextChange {
    let mut transaction = document.transaction();
    for hunk in hunks {
        let delete = isize::try_from(hunk.delete).expect("a text is shorter than memory");
        transaction.splice_text(object, hunk.at, delete, hunk.insert).expect("the hunk lies within the text");
    }
    let (hash, _) = transaction.commit_with(CommitOptions::default());
    let change = document.get_change_by_hash(&hash.expect("a hunk changes something")).expect("it was just made");
    TextChange::new(change.raw_bytes().to_vec())
}

/// The hunks in two halves of about equal weight; a single one is cut in two.
fn halves<'a>(hunks: &[Hunk<'a>]) -> (Vec<Hunk<'a>>, Vec<Hunk<'a>>) {
    if let [hunk] = hunks {
        let mut cut = hunk.insert.len() / 2;
        while !hunk.insert.is_char_boundary(cut) {
            cut += 1;
        }
        let (delete, (insert, rest)) = (hunk.delete / 2, hunk.insert.split_at(cut));
        let earlier = Hunk { at: hunk.at, delete, insert };
        let later = Hunk { at: hunk.at + delete, delete: hunk.delete - delete, insert: rest };
        return (vec![earlier], vec![later]);
    }
    let (earlier, later) = hunks.split_at(hunks.len() / 2);
    (earlier.to_vec(), later.to_vec())
}
