//! A text that several people write at once, in a field.
//!
//! ```text
//!  keys ─► the field ─► after a short pause Space::send_edit, by the difference to what was read ─► the merged text
//!             ▲                                                                       │
//!             └──────────── what others wrote, the cursor staying at its letter ◄─────┘
//! ```

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Context, Id};
use recordplayer::claims::Claims;
use recordplayer::id::ActId;
use recordplayer::replica::{TextEdit, TextWork};
use recordplayer::text::Text;
use recordplayer_client::{SendError, Space};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::CardId;

/// What is typed without a pause of so many seconds goes as one change; and who never pauses has it sent after so many.
const JOIN_S: f64 = 0.08;
const JOIN_MAX_S: f64 = 0.3;

/// A card's description as it is edited.
pub(super) struct LiveText {
    card: CardId,
    pub shown: String,
    /// The text as it was last read or sent.
    known: String,
    /// The model that `known` belongs to.
    model: Option<Text>,
    /// When somebody typed what is not sent yet: first, and last.
    typed_at: Option<(f64, f64)>,
    /// All typing in one field is one act.
    act: Option<ActId>,
}

impl LiveText {
    pub fn new(card: CardId) -> Self {
        Self { card, shown: String::new(), known: String::new(), model: None, typed_at: None, act: None }
    }

    /// The field was edited.
    pub fn typed(&mut self, now_s: f64) {
        let first = self.typed_at.map_or(now_s, |(first, _)| first);
        self.typed_at = Some((first, now_s));
    }

    /// Sends what was typed, and takes in what others wrote. `field` is where the cursor is.
    pub fn follow(
        &mut self,
        ctx: &Context,
        field: Id,
        space: &Space,
        model: &Text,
        now_s: f64,
    ) -> Result<(), SendError> {
        if let Some((first, last)) = self.typed_at {
            if now_s - last < JOIN_S && now_s - first < JOIN_MAX_S {
                ctx.request_repaint_after(std::time::Duration::from_secs_f64(JOIN_S));
                return Ok(());
            }
            self.send(space)?;
        }
        if self.model.as_ref() != Some(model) {
            self.model = Some(model.clone());
            let text = space.text::<Card>(self.card, Card::DESCRIPTION)?;
            if text != self.shown {
                keep_cursor(ctx, field, &self.shown, &text);
                self.shown.clone_from(&text);
            }
            self.known = text;
        }
        Ok(())
    }

    /// Sends what was typed and not sent yet.
    pub fn send(&mut self, space: &Space) -> Result<(), SendError> {
        self.typed_at = None;
        if self.shown == self.known {
            return Ok(());
        }
        let act = *self.act.get_or_insert_with(|| space.fresh_act());
        space.send_edit(&TextEdit::<Card> {
            command: space.fresh_command(),
            entity: self.card.0,
            claims: Claims::of_act(act),
            // What others wrote since the field was read is not deleted by it.
            work: TextWork::Edit { before: &self.known, after: &self.shown },
            make: |change| CardCommand::Describe { change },
        })?;
        self.known.clone_from(&self.shown);
        // What others wrote meanwhile is read with the next model.
        self.model = None;
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
