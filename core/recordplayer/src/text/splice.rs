//! What exactly an edit did, and how to do the same to another text.
//!
//! A difference between two texts guesses: of two equal letters it cannot know which one went. Where an edit must be said again, a wrong
//! guess would tear words apart, so the document itself is asked what became of each character.

use automerge::PatchAction;
use serde::{Deserialize, Serialize};

use super::diff::difference;
use super::{TextActor, TextChange, TextDocument, TextRefusal};
use crate::id::{Id, ReplicaId};

/// At a position, some characters go and others come. Splices are done one after the other; positions and lengths count code points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Splice {
    pub at: usize,
    pub delete: usize,
    pub insert: String,
}

impl Splice {
    /// From one text to another, by their difference.
    pub(crate) fn between(before: &str, after: &str) -> Vec<Self> {
        // From behind, so that the positions of those before still hold.
        let hunks = difference(before, after).into_iter().rev();
        hunks.map(|hunk| Self { at: hunk.at, delete: hunk.delete, insert: hunk.insert.to_owned() }).collect()
    }

    /// The text once they are done. What lies behind its end is taken for the end.
    pub(crate) fn done(text: &str, splices: &[Self]) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        for splice in splices {
            splice.do_to(&mut letters);
        }
        letters.into_iter().collect()
    }

    /// Answers with what went.
    fn do_to(&self, letters: &mut Vec<char>) -> String {
        let end = (self.at + self.delete).min(letters.len());
        letters.splice(self.at.min(end)..end, self.insert.chars()).collect()
    }
}

impl TextDocument {
    /// What became of the text since `before`, which this document has grown from.
    pub(crate) fn splices_since(&self, before: &Self) -> Vec<Splice> {
        let patches = self.automerge().diff(&before.automerge().get_heads(), &self.automerge().get_heads());
        let splice = |action: PatchAction| match action {
            PatchAction::SpliceText { index, value, .. } => {
                Some(Splice { at: index, delete: 0, insert: value.make_string() })
            }
            PatchAction::DeleteSeq { index, length } => {
                Some(Splice { at: index, delete: length, insert: String::new() })
            }
            _ => None,
        };
        patches.into_iter().filter_map(|patch| splice(patch.action)).collect()
    }

    /// Does the same as those splices, as nobody's change, where that can be done.
    pub(crate) fn do_aside(&mut self, splices: &[Splice]) {
        self.redo(writer(OURS), splices).ok();
    }

    /// Does the same as those splices, as one change; nothing where that changes nothing.
    pub(crate) fn redo(&mut self, actor: TextActor, splices: &[Splice]) -> Result<Option<TextChange>, TextRefusal> {
        if !are_within(self.length(), splices) {
            return Err(TextRefusal::Detached {});
        }
        if splices.is_empty() { Ok(None) } else { self.write_splices(actor, splices).map(Some) }
    }
}

/// Whether each splice lies within a text of that length, as those before it have left it.
fn are_within(length: usize, splices: &[Splice]) -> bool {
    let left = splices.iter().try_fold(length, |length, splice| {
        let end = splice.at.checked_add(splice.delete).filter(|end| *end <= length)?;
        Some(length - end + splice.at + splice.insert.chars().count())
    });
    left.is_some()
}

/// Undoes the splices that were done to `text`.
fn inverse(text: &str, splices: &[Splice]) -> Vec<Splice> {
    let mut letters: Vec<char> = text.chars().collect();
    let mut inverse = Vec::with_capacity(splices.len());
    for splice in splices {
        let deleted = splice.do_to(&mut letters);
        inverse.push(Splice { at: splice.at, delete: splice.insert.chars().count(), insert: deleted });
    }
    inverse.reverse();
    inverse
}

/// The text that edits were made on, and another one on which they shall be made again.
///
/// ```text
///  theirs ──── an edit ────► theirs          what `take` is given
///    │                         │
///  what parts the two        (merged)
///    ▼                         ▼
///  ours ─── the same edit ──► ours           what `take` answers
/// ```
pub(crate) struct Ground {
    theirs: TextDocument,
    ours: TextDocument,
}

fn writer(number: u8) -> TextActor {
    TextActor { replica: ReplicaId(Id([number; 16])), generation: 0 }
}

const THEIRS: u8 = 2;
const OURS: u8 = 3;

impl Ground {
    /// From the text with an edit to the text without it; `before` is the text below it.
    pub fn without(before: &str, edit: &[Splice]) -> Result<Self, TextRefusal> {
        let mut theirs = TextDocument::new();
        theirs.edit(writer(1), before)?;
        theirs.redo(writer(THEIRS), edit)?;
        let mut ours = theirs.clone();
        ours.redo(writer(OURS), &inverse(before, edit))?;
        Ok(Self { theirs, ours })
    }

    /// From one text to another, by their difference.
    pub fn between(theirs: &str, ours: &str) -> Result<Self, TextRefusal> {
        let mut from = TextDocument::new();
        from.edit(writer(1), theirs)?;
        let mut to = from.clone();
        to.edit(writer(OURS), ours)?;
        Ok(Self { theirs: from, ours: to })
    }

    /// The text on which the next edit was made.
    pub fn edited(&self) -> String {
        self.theirs.text()
    }

    /// The text on which the edits are made again.
    pub fn text(&self) -> String {
        self.ours.text()
    }

    /// The same edit on our text.
    pub fn take(&mut self, edit: &[Splice]) -> Result<Vec<Splice>, TextRefusal> {
        let before = self.ours.clone();
        if let Some(change) = self.theirs.redo(writer(THEIRS), edit)? {
            self.ours.apply(&change);
        }
        Ok(self.ours.splices_since(&before))
    }

    /// The edit that makes their text be `text`, on ours.
    pub fn take_text(&mut self, text: &str) -> Result<(), TextRefusal> {
        let changes = self.theirs.edit(writer(THEIRS), text)?;
        self.ours.apply_all(&changes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splices_tell_what_an_edit_did_and_do_it_again() {
        let mut document = TextDocument::new();
        document.edit(writer(1), "äone two three").unwrap();
        let before = document.clone();
        document.edit(writer(1), "äone 2 three four").unwrap();
        let splices = document.splices_since(&before);
        let mut again = before.clone();
        again.redo(writer(2), &splices).unwrap();
        assert_eq!(again.text(), "äone 2 three four");
        again.redo(writer(2), &inverse(&before.text(), &splices)).unwrap();
        assert_eq!(again.text(), before.text());
    }

    /// The difference of "ab<1><2><3>" and "ab<1><3>" is "2><" or "><2" or "<2>": the later edit landed in the middle of a word.
    #[test]
    fn a_later_edit_is_whole_on_the_text_without_the_earlier_one() {
        let mut document = TextDocument::new();
        document.edit(writer(1), "ab<11>").unwrap();
        let start = document.clone();
        document.edit(writer(1), "ab<11><12>").unwrap();
        let first = document.clone();
        let mut ground = Ground::without("ab<11>", &first.splices_since(&start)).unwrap();
        let mut target = start.clone();
        for text in ["ab<11><12><13>", "ab<11><12><13><14>", "abc<11><12><13><14>"] {
            let before = document.clone();
            document.edit(writer(1), text).unwrap();
            let splices = ground.take(&document.splices_since(&before)).unwrap();
            target.redo(writer(2), &splices).unwrap();
        }
        assert_eq!(target.text(), "abc<11><13><14>");
    }

    /// An edit that was made beside a noted one was taken for one that was made on it, and the program ended (simulation, kanban, seed
    /// 81998809443884 as histories were drawn at c057c73).
    #[test]
    fn what_lies_behind_the_end_is_refused() {
        let mut document = TextDocument::new();
        document.edit(writer(1), "äone").unwrap();
        let splice = |at, delete, insert: &str| Splice { at, delete, insert: insert.to_owned() };
        for splices in [vec![splice(5, 0, "x")], vec![splice(3, 2, "")], vec![splice(4, 0, "漢"), splice(6, 0, "x")]] {
            assert_eq!(document.redo(writer(2), &splices), Err(TextRefusal::Detached {}), "{splices:?}");
        }
        assert!(document.redo(writer(2), &[splice(4, 0, "漢"), splice(5, 0, "x"), splice(0, 6, "")]).is_ok());
    }
}
