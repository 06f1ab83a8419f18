//! What is kept of an edit that cannot stand as it was made: the text below it, and what its author did there.
//!
//! ```text
//!  kept          "a word that must go."  and " Mine." behind it
//!  redacted      ""                      and " Mine."             what is left of the text takes its place, what was written stays
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Replica;
use super::outbox::Pending;
use crate::record::Seen;
use crate::storage::{OutboxWrite, ReadError, TextKey};
use crate::text::{Ground, Splice, TextDocument};

/// What an edit made of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditedText {
    /// The text that it was made on: what others wrote, too.
    pub before: String,
    /// What its author did there.
    pub splices: Vec<Splice>,
    /// The last redaction before the text was read: what was taken out later may stand in it.
    pub redacted: Seen,
}

impl EditedText {
    /// What makes the one text the other.
    pub(super) fn between(before: String, after: &str, redacted: Seen) -> Self {
        let splices = Splice::between(&before, after);
        Self { before, splices, redacted }
    }

    /// The whole text.
    pub fn after(&self) -> String {
        Splice::done(&self.before, &self.splices)
    }

    /// The same edit on another text.
    fn on(&self, text: &str, redacted: Seen) -> Self {
        let splices = Ground::between(&self.before, text).and_then(|mut ground| ground.take(&self.splices));
        // Where it has no place there, its words at least are kept.
        let splices = splices.unwrap_or_else(|_| {
            let words = self.splices.iter().map(|splice| &*splice.insert).collect();
            vec![Splice { at: text.chars().count(), delete: 0, insert: words }]
        });
        Self { before: text.to_owned(), splices, redacted }
    }
}

impl Replica {
    /// Puts what is left of a text below each edit that is kept on what was redacted since (DESIGN §6). Looks at what the device holds and not at
    /// how it came there, so it does no harm to do it again after a crash.
    pub(super) fn take_out_of_kept_texts(&mut self) -> Result<Vec<OutboxWrite>, ReadError> {
        let old: Vec<usize> = (0..self.outbox.len()).filter(|at| self.knew_less(&self.outbox[*at])).collect();
        let keys: BTreeSet<Option<TextKey>> = old.iter().map(|at| self.key_of(&self.outbox[*at])).collect();
        for key in keys {
            // Where this version does not know whose text it was, only what its author wrote can stay.
            let confirmed = key.as_ref().map_or_else(|| Ok(TextDocument::new()), |key| self.text_upto(key, 0))?;
            let mut with_waiting = confirmed.clone();
            for at in 0..self.outbox.len() {
                let pending = &self.outbox[at];
                let (is_shown, is_old) = (pending.is_shown(), self.knew_less(pending));
                if self.key_of(pending) != key {
                    continue;
                }
                if is_old {
                    let below = if is_shown { with_waiting.text() } else { confirmed.text() };
                    let redacted = self.redacted;
                    let entry = Arc::make_mut(&mut self.outbox[at].entry);
                    entry.text = entry.text.take().map(|text| text.on(&below, redacted));
                }
                if is_shown {
                    self.add_waiting(&mut with_waiting, at);
                }
            }
        }
        Ok(old.into_iter().map(|at| self.put(&self.outbox[at])).collect())
    }

    fn key_of(&self, pending: &Pending) -> Option<TextKey> {
        self.command_text(&pending.entry).map(|(key, _)| key)
    }

    fn knew_less(&self, pending: &Pending) -> bool {
        pending.entry.text.as_ref().is_some_and(|text| text.redacted < self.redacted)
    }

    /// What a waiting edit does to the text, be it by its change or as it was kept.
    fn add_waiting(&self, document: &mut TextDocument, at: usize) {
        let entry = &self.outbox[at].entry;
        match (&entry.text, self.command_text(entry)) {
            (Some(text), _) if text.before == document.text() => document.do_aside(&text.splices),
            (None, Some((_, change))) => drop(document.apply(&change)),
            (Some(_) | None, _) => {}
        }
    }
}
