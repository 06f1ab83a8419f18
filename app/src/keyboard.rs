//! What was pressed, as commands of the list.

use egui::{Context, Event, Key, Modifiers, Popup};

use crate::command::{ALL, Command, Group, Keys};

/// How long the second key of two may take, in seconds.
const THEN_WITHIN_S: f64 = 1.5;

/// Reads what was pressed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keyboard {
    /// The first key of two, and when it was pressed.
    first: Option<(Key, f64)>,
}

/// What a key can mean where it is pressed.
struct Usable {
    commands: Vec<(Command, Keys)>,
    is_typing: bool,
    /// Something has the focus that is pressed by Enter and Space.
    has_focus: bool,
}

/// What a key means.
enum Meaning {
    Does(Command),
    /// It is the first of two.
    Begins,
}

impl Keyboard {
    /// The commands in the order of their keys. In the past there are keys more, and while something covers the board there are fewer.
    pub fn read(&mut self, ctx: &Context, is_past: bool, is_covered: bool) -> Vec<Command> {
        let is_typing = ctx.text_edit_focused();
        let has_focus = !is_typing && ctx.memory(|memory| memory.focused().is_some());
        // A menu that is open closes by Esc itself.
        let has_menu = Popup::is_any_open(ctx);
        let usable = ALL.iter().filter(|spec| is_past || spec.group != Group::Past);
        let usable = usable.filter(|spec| !has_menu || spec.command != Command::Back);
        let usable = usable.filter(|spec| !(is_covered || has_menu) || spec.command.works_over_the_board());
        let mut commands: Vec<(Command, Keys)> =
            usable.flat_map(|spec| spec.keys.iter().map(|keys| (spec.command, *keys))).collect();
        commands.retain(|(command, keys)| !is_typing || command.works_in_text(*keys));
        // In the past its own keys come first. And a key is taken with whatever is held beside it, so those with more held come first.
        commands.sort_by_key(|(command, keys)| {
            let held = match keys {
                Keys::Once(held, _) => usize::from(held.shift) + usize::from(held.command) + usize::from(held.alt),
                Keys::Then(..) => 0,
            };
            (command.spec().group != Group::Past, std::cmp::Reverse(held))
        });
        let usable = Usable { commands, is_typing, has_focus };
        let mut pressed = Vec::new();
        ctx.input_mut(|input| {
            let time = input.time;
            input.events.retain(|event| {
                let Event::Key { key, pressed: true, modifiers, .. } = event else { return true };
                let first = self.first.take_if(|(_, at)| time - *at < THEN_WITHIN_S).map(|(first, _)| first);
                match usable.meaning(first, *key, *modifiers) {
                    Some(Meaning::Does(command)) => pressed.push(command),
                    Some(Meaning::Begins) => self.first = Some((*key, time)),
                    None => return true,
                }
                false
            });
        });
        pressed
    }
}

impl Usable {
    fn meaning(&self, first: Option<Key>, key: Key, held: Modifiers) -> Option<Meaning> {
        let is_second =
            |(_, keys): &&(Command, Keys)| held.is_none() && first.is_some_and(|first| *keys == Keys::Then(first, key));
        // What has the focus is pressed by these.
        let activates = self.has_focus && matches!(key, Key::Enter | Key::Space);
        let is_pressed = |(_, keys): &&(Command, Keys)| {
            let Keys::Once(modifiers, of) = keys else { return false };
            *of == key && held.matches_logically(*modifiers) && !(activates && modifiers.is_none())
        };
        let found = self.commands.iter().find(is_second).or_else(|| self.commands.iter().find(is_pressed));
        let begins = |(_, keys): &(Command, Keys)| matches!(keys, Keys::Then(first, _) if *first == key);
        match found {
            Some((command, _)) => Some(Meaning::Does(*command)),
            None if !self.is_typing && held.is_none() && self.commands.iter().any(begins) => Some(Meaning::Begins),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::RawInput;

    use super::*;

    fn read(keyboard: &mut Keyboard, time: f64, keys: &[(Modifiers, Key)]) -> Vec<Command> {
        let event = |(modifiers, key): &(Modifiers, Key)| Event::Key {
            key: *key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: *modifiers,
        };
        let ctx = Context::default();
        let mut read = Vec::new();
        let input = RawInput { time: Some(time), events: keys.iter().map(event).collect(), ..RawInput::default() };
        let mut output = ctx.run_ui(input, |ui| read.extend(keyboard.read(ui.ctx(), false, false)));
        output.textures_delta.clear();
        read
    }

    #[test]
    fn what_comes_with_one_frame_keeps_its_order() {
        let (none, ctrl) = (Modifiers::NONE, Modifiers::COMMAND | Modifiers::CTRL);
        let one_frame = |keys: &[(Modifiers, Key)]| read(&mut Keyboard::default(), 0.0, keys);
        assert_eq!(one_frame(&[(none, Key::Escape), (ctrl, Key::K)]), [Command::Back, Command::Palette]);
        assert_eq!(one_frame(&[(ctrl, Key::K), (none, Key::Escape)]), [Command::Palette, Command::Back]);
        assert_eq!(
            one_frame(&[(none, Key::ArrowDown), (none, Key::G), (none, Key::O)]),
            [Command::SelectDown, Command::GoOutbox]
        );
    }

    #[test]
    fn the_second_key_of_two_counts_for_a_moment_only() {
        let mut keyboard = Keyboard::default();
        assert_eq!(read(&mut keyboard, 0.0, &[(Modifiers::NONE, Key::G)]), []);
        assert_eq!(read(&mut keyboard, 1.0, &[(Modifiers::NONE, Key::B)]), [Command::GoBoard]);
        assert_eq!(read(&mut keyboard, 2.0, &[(Modifiers::NONE, Key::G)]), []);
        assert_eq!(read(&mut keyboard, 9.0, &[(Modifiers::NONE, Key::B)]), []);
    }
}
