//! A text that several people write at once, in a field.
//!
//! ```text
//!  keys ─► the field ─► an edit for each letter, by the difference to what was read ─► the hand ─► the merged text
//!             ▲                                                                                         │
//!             └──────────── what others wrote, the cursor staying at its letter ◄───────────────────────┘
//! ```

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Context, Id};
use recordplayer::id::ActId;
use recordplayer::text::Text;
use recordplayer_client::Space;
use recordplayer_kanban::ids::CardId;

use super::hand::{Edit, Hand, TextOutcome};

/// A card's description as it is edited.
pub(super) struct LiveText {
    card: CardId,
    pub shown: String,
    /// The text as it was last read or given to the hand.
    known: String,
    /// The model that was last asked for.
    model: Option<Text>,
    /// The last asking; the answer to an earlier one is behind the field.
    asked: u64,
    /// Whether the text was read at all.
    pub is_read: bool,
    /// All typing in one field is one act.
    pub act: Option<ActId>,
}

impl LiveText {
    pub fn new(card: CardId) -> Self {
        let (shown, known) = (String::new(), String::new());
        Self { card, shown, known, model: None, asked: 0, is_read: false, act: None }
    }

    /// The field was edited: the hand knows of every letter, and a kill costs none that it has taken.
    pub fn typed(&mut self, hand: &mut Hand, space: &Space) {
        if self.shown == self.known {
            return;
        }
        let act = *self.act.get_or_insert_with(|| space.fresh_act());
        let before = std::mem::replace(&mut self.known, self.shown.clone());
        self.asked = hand.edit(space, self.card, Edit { before, after: self.shown.clone(), act });
    }

    /// Asks for what others wrote.
    pub fn follow(&mut self, hand: &mut Hand, space: &Space, model: &Text) {
        if self.model.as_ref() != Some(model) {
            self.model = Some(model.clone());
            self.asked = hand.read(space, self.card);
        }
    }

    /// Takes in what others wrote. `field` is where the cursor is.
    pub fn take(&mut self, ctx: &Context, field: Id, outcome: TextOutcome) -> Result<(), String> {
        if let Some(edit) = outcome.refused {
            // It goes with what is typed next.
            self.known = edit.before;
        }
        let text = outcome.result?;
        self.is_read = true;
        // Where somebody typed meanwhile, their edit brings a newer text.
        if outcome.number == self.asked {
            if text != self.shown {
                keep_cursor(ctx, field, &self.shown, &text);
                self.shown.clone_from(&text);
            }
            self.known = text;
        }
        Ok(())
    }
}

/// The cursor stays at its letter where somebody else writes before it.
fn keep_cursor(ctx: &Context, field: Id, before: &str, after: &str) {
    // Of a card that is opened again the field knows where the cursor was.
    if before.is_empty() {
        return;
    }
    let Some(mut state) = TextEditState::load(ctx, field) else { return };
    let Some(range) = state.cursor.char_range() else { return };
    let moved = |cursor: CCursor| CCursor { index: moved(cursor.index.into(), before, after).into(), ..cursor };
    state.cursor.set_char_range(Some(CCursorRange {
        primary: moved(range.primary),
        secondary: moved(range.secondary),
        ..range
    }));
    state.store(ctx, field);
}

/// Where a position in one text lies in another that differs in one place.
fn moved(position: usize, before: &str, after: &str) -> usize {
    let same = |(one, other): &(char, char)| one == other;
    let head = before.chars().zip(after.chars()).take_while(same).count();
    if position <= head {
        return position;
    }
    let (old, new) = (before.chars().count(), after.chars().count());
    let position = position.min(old);
    let tail = before.chars().rev().zip(after.chars().rev()).take_while(same).count().min(old - head).min(new - head);
    if position >= old - tail { new - (old - position) } else { head.max(position.min(new - tail)) }
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn a_cursor_stays_at_its_letter() {
        assert_eq!(moved(5, "hello", "hello there"), 5);
        assert_eq!(moved(5, "hello", "oh hello"), 8);
        assert_eq!(moved(2, "hello", "oh hello"), 5);
        assert_eq!(moved(0, "hello", "oh hello"), 0);
        assert_eq!(moved(6, "hello there", "there"), 0);
        assert_eq!(moved(11, "hello there", "hello"), 5);
        assert_eq!(moved(1, "ä", "äö"), 1);
        assert_eq!(moved(9, "hello", "oh hello"), 8, "behind the end is at the end");
    }
}
