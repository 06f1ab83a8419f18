//! What was pressed, as commands of the list.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use crate::command::{ALL, Command, Group, Keys};

const NONE: Modifiers = Modifiers::NONE;

/// How long the second key of two may take, in seconds.
const THEN_WITHIN_S: f64 = 1.5;

/// Reads what was pressed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keyboard {
    /// The first key of two, and when it was pressed.
    first: Option<(Key, f64)>,
}

impl Keyboard {
    /// In the past there are keys more, and while something covers the board there are fewer.
    pub fn read(&mut self, ctx: &Context, is_past: bool, is_covered: bool) -> Vec<Command> {
        let is_typing = ctx.text_edit_focused();
        // What has the focus is pressed by these.
        let activates = |key: Key| matches!(key, Key::Enter | Key::Space);
        let has_focus = !is_typing && ctx.memory(|memory| memory.focused().is_some());
        let mut pressed = Vec::new();
        ctx.input_mut(|input| {
            let first = self.first.filter(|(_, at)| input.time - at < THEN_WITHIN_S);
            let usable = ALL.iter().filter(|spec| is_past || spec.group != Group::Past);
            let usable = usable.filter(|spec| !is_covered || spec.command.works_over_the_board());
            let mut all: Vec<(Command, Keys)> =
                usable.flat_map(|spec| spec.keys.iter().map(|keys| (spec.command, *keys))).collect();
            all.retain(|(command, keys)| !is_typing || command.works_in_text(*keys));
            // In the past its own keys come first. And a key is taken with whatever is held beside it, so those with more held come first.
            all.sort_by_key(|(command, keys)| {
                let held = match keys {
                    Keys::Once(held, _) => usize::from(held.shift) + usize::from(held.command) + usize::from(held.alt),
                    Keys::Then(..) => 0,
                };
                (command.spec().group != Group::Past, std::cmp::Reverse(held))
            });
            for (command, keys) in all {
                let is_pressed = match keys {
                    Keys::Once(modifiers, key) => {
                        first.is_none_or(|(before, _)| !is_second(before, key))
                            && !(has_focus && modifiers.is_none() && activates(key))
                            && input.consume_shortcut(&KeyboardShortcut::new(modifiers, key))
                    }
                    Keys::Then(before, key) => {
                        first.is_some_and(|(pressed, _)| pressed == before) && input.consume_key(NONE, key)
                    }
                };
                if is_pressed {
                    pressed.push(command);
                    self.first = None;
                }
            }
            let begins = ALL.iter().flat_map(|spec| spec.keys).filter_map(|keys| match keys {
                Keys::Then(first, _) => Some(*first),
                Keys::Once(..) => None,
            });
            for key in begins {
                if !is_typing && input.consume_key(NONE, key) {
                    self.first = Some((key, input.time));
                }
            }
        });
        pressed
    }
}

fn is_second(before: Key, key: Key) -> bool {
    ALL.iter().flat_map(|spec| spec.keys).any(|keys| *keys == Keys::Then(before, key))
}
