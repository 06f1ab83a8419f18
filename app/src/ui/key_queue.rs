//! Keys wait for the frame that they are meant for. What is typed right behind a key that opens a field belongs into that field, however many
//! keys a slow frame has brought at once.
//!
//! ```text
//!  C  f i x  Enter  ─► frame 1: C opens the field ─► 2: the field takes the focus ─► 3: f i x ─► 4: Enter
//! ```

use std::collections::VecDeque;

use egui::{Context, Event, Key, Plugin, RawInput};

/// A field that does not come after so many frames is not waited for any longer.
const FRAMES_MAX: u32 = 60;

/// The keys that wait.
#[derive(Debug, Default)]
pub(super) struct KeyQueue {
    waiting: VecDeque<Event>,
    /// A field is about to take the focus, and for so many frames it was waited for.
    expects_field: bool,
    waited: u32,
}

impl KeyQueue {
    /// Says at the end of a frame whether a field is about to take the focus.
    pub fn expect(ctx: &Context, expects_field: bool) {
        let has_more = ctx.with_plugin(|queue: &mut Self| {
            if !expects_field {
                queue.waited = 0;
            }
            queue.expects_field = expects_field;
            !queue.waiting.is_empty()
        });
        if has_more == Some(true) {
            ctx.request_repaint();
        }
    }

    /// The events of the next frame, of those that have come.
    fn take(&mut self, come: Vec<Event>, is_typing: bool) -> Vec<Event> {
        let (keys, mut taken): (Vec<_>, Vec<_>) = come.into_iter().partition(is_of_keyboard);
        self.waiting.extend(keys);
        if self.expects_field && self.waited < FRAMES_MAX {
            self.waited += 1;
            return taken;
        }
        let mut has_typed = false;
        while let Some(event) = self.waiting.pop_front() {
            let ends = ends_frame(&event, is_typing);
            // A field takes in what is typed after it has looked for Enter.
            if ends && has_typed {
                self.waiting.push_front(event);
                break;
            }
            has_typed |= matches!(event, Event::Text(_) | Event::Paste(_) | Event::Ime(_));
            taken.push(event);
            if ends {
                // The letter of this very key.
                while let Some(letter) = self.waiting.pop_front_if(|next| matches!(next, Event::Text(_))) {
                    taken.push(letter);
                }
                break;
            }
        }
        taken
    }
}

impl Plugin for KeyQueue {
    fn debug_name(&self) -> &'static str {
        "keys in their order"
    }

    fn input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        input.events = self.take(std::mem::take(&mut input.events), ctx.text_edit_focused());
    }
}

fn is_of_keyboard(event: &Event) -> bool {
    matches!(event, Event::Key { .. } | Event::Text(_) | Event::Paste(_) | Event::Copy | Event::Cut | Event::Ime(_))
}

/// Whether what follows the key may be meant for something else than what has the focus now.
fn ends_frame(event: &Event, is_typing: bool) -> bool {
    let Event::Key { key, pressed: true, modifiers, .. } = event else { return false };
    let moves = matches!(key, Key::ArrowUp | Key::ArrowDown | Key::ArrowLeft | Key::ArrowRight | Key::Home | Key::End);
    if is_typing { matches!(key, Key::Enter | Key::Escape | Key::Tab) || (modifiers.command && !moves) } else { !moves }
}

#[cfg(test)]
mod tests {
    use egui::Modifiers;

    use super::*;

    fn press(key: Key) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE }
    }

    fn text(letters: &str) -> Event {
        Event::Text(letters.to_owned())
    }

    #[test]
    fn what_follows_a_key_that_opens_a_field_waits_for_the_field() {
        let mut queue = KeyQueue::default();
        let come = vec![press(Key::C), text("c"), press(Key::F), text("f"), press(Key::Enter)];
        assert_eq!(queue.take(come, false), [press(Key::C), text("c")]);
        queue.expects_field = true;
        assert_eq!(queue.take(vec![press(Key::G), text("g")], false), []);
        queue.expects_field = false;
        assert_eq!(queue.take(Vec::new(), true), [press(Key::F), text("f")]);
        assert_eq!(queue.take(Vec::new(), true), [press(Key::Enter)]);
        assert_eq!(queue.take(Vec::new(), true), [press(Key::G), text("g")]);
    }

    #[test]
    fn a_field_that_does_not_come_holds_nothing_up_for_good() {
        let mut queue = KeyQueue { expects_field: true, ..KeyQueue::default() };
        let frames = (0..=FRAMES_MAX).map(|_| queue.take(vec![press(Key::X)], false).len());
        assert_eq!(frames.last(), Some(1));
    }

    #[test]
    fn what_the_pointer_does_waits_for_nothing() {
        let mut queue = KeyQueue { expects_field: true, ..KeyQueue::default() };
        assert_eq!(queue.take(vec![press(Key::X), Event::PointerGone], false), [Event::PointerGone]);
    }
}
