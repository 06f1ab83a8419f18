//! A text that several people write at once, in a field.
//!
//! ```text
//!  keys ─► the field ─► after a short pause an edit, by the difference to what was read ─► the scribe ─► the merged text
//!             ▲                                                                                            │
//!             └──────────── what others wrote, the cursor staying at its letter ◄──────────────────────────┘
//! ```

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Context, Id};
use recordplayer::id::ActId;
use recordplayer::text::Text;
use recordplayer_client::{SendError, Space};
use recordplayer_kanban::ids::CardId;

use super::scribe::{Answer, Edit, Scribe};

/// What is typed without a pause of so many seconds goes as one change; and who never pauses has it sent after so many.
const JOIN_S: f64 = 0.08;
const JOIN_MAX_S: f64 = 0.3;

/// A card's description as it is edited.
pub(super) struct LiveText {
    card: CardId,
    pub shown: String,
    /// The text as it was last read or given to the scribe.
    known: String,
    /// The model that was last asked for.
    model: Option<Text>,
    /// The scribe was asked so often; an answer to less is behind the field.
    asked: u64,
    /// Whether the text was read at all.
    pub is_read: bool,
    /// When somebody typed what is not sent yet: first, and last.
    typed_at: Option<(f64, f64)>,
    /// All typing in one field is one act.
    act: Option<ActId>,
}

impl LiveText {
    pub fn new(card: CardId) -> Self {
        let (shown, known) = (String::new(), String::new());
        Self { card, shown, known, model: None, asked: 0, is_read: false, typed_at: None, act: None }
    }

    /// The field was edited.
    pub fn typed(&mut self, now_s: f64) {
        let first = self.typed_at.map_or(now_s, |(first, _)| first);
        self.typed_at = Some((first, now_s));
    }

    /// Sends what was typed, and asks for what others wrote.
    pub fn follow(&mut self, ctx: &Context, scribe: &mut Scribe, space: &Space, model: &Text, now_s: f64) {
        if let Some((first, last)) = self.typed_at {
            if now_s - last < JOIN_S && now_s - first < JOIN_MAX_S {
                ctx.request_repaint_after(std::time::Duration::from_secs_f64(JOIN_S));
                return;
            }
            self.send(scribe, space);
        }
        if self.model.as_ref() != Some(model) {
            self.model = Some(model.clone());
            self.asked = scribe.ask(space, self.card, None);
        }
    }

    /// Sends what was typed and not sent yet.
    pub fn send(&mut self, scribe: &mut Scribe, space: &Space) {
        self.typed_at = None;
        if self.shown == self.known {
            return;
        }
        let act = *self.act.get_or_insert_with(|| space.fresh_act());
        let before = std::mem::replace(&mut self.known, self.shown.clone());
        self.asked = scribe.ask(space, self.card, Some(Edit { before, after: self.shown.clone(), act }));
    }

    /// Takes in what others wrote. `field` is where the cursor is.
    pub fn take(&mut self, ctx: &Context, field: Id, answer: Answer) -> Result<(), SendError> {
        if let Some(edit) = answer.refused {
            // It goes with what is typed next.
            self.known = edit.before;
        }
        let text = answer.result?;
        self.is_read = true;
        // Where somebody typed meanwhile, their edit brings a newer text.
        if answer.number == self.asked && self.typed_at.is_none() {
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
