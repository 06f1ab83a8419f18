//! Everything that a person can do in the window: one list, from which come the palette, the shortcuts, the tooltips and the sheet of keys.

mod list;

use egui::{Context, Key, KeyboardShortcut, Modifiers};
pub use list::ALL;

use crate::theme::Icon;

/// Something to do. What it is done to is what is open or selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    OpenCard,
    RenameCard,
    ToggleDone,
    ArchiveCard,
    MoveTo,
    Assign,
    AssignMe,
    Label,
    SetDue,
    CopyKey,
    Comment,
    Describe,
    Undo,
    Redo,
    Import,
    NewProject,
    PublishProject,
    SelectUp,
    SelectDown,
    SelectLeft,
    SelectRight,
    MoveUp,
    MoveDown,
    MoveLeft,
    MoveRight,
    NewCard,
    Palette,
    GoBoard,
    GoOutbox,
    Back,
    TimeTravel,
    PlayPause,
    StepBack,
    StepForward,
    TenBack,
    TenForward,
    FirstStep,
    LastStep,
    BackToNow,
    Sync,
    SyncDetails,
    ToggleSidebar,
    SystemTheme,
    LightTheme,
    DarkTheme,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    Quit,
    Keys,
}

/// Where the palette and the sheet show a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Context,
    Cards,
    GoTo,
    Create,
    /// While the past is looked at.
    Past,
    App,
}

impl Group {
    /// Whether its commands are about the board as it is now.
    pub fn edits(self) -> bool {
        matches!(self, Self::Context | Self::Cards | Self::Create)
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Context => "Selected card",
            Self::Cards => "Cards",
            Self::GoTo => "Go to",
            Self::Create => "Create",
            Self::Past => "Playback",
            Self::App => "App",
        }
    }
}

/// What is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Held or pressed together.
    Once(Modifiers, Key),
    /// One after the other.
    Then(Key, Key),
}

/// A command as it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    pub command: Command,
    pub text: &'static str,
    pub tip: &'static str,
    pub icon: Icon,
    pub group: Group,
    /// The first is the one that is shown.
    pub keys: &'static [Keys],
}

impl Command {
    pub fn spec(self) -> &'static Spec {
        ALL.iter().find(|spec| spec.command == self).expect("every command is in the list")
    }

    /// Whether its keys are keys while something lies over the board: nobody changes what they do not see.
    pub(crate) fn works_over_the_board(self) -> bool {
        matches!(self.spec().group, Group::GoTo | Group::App) && self != Self::TimeTravel
    }

    /// Whether these keys of it are keys while somebody types.
    pub(crate) fn works_in_text(self, keys: Keys) -> bool {
        // A text field takes back what was typed in it.
        let is_of_text = matches!(self, Self::Undo | Self::Redo);
        let has_modifier = matches!(keys, Keys::Once(modifiers, _) if modifiers.command);
        self == Self::Back || (has_modifier && !is_of_text)
    }
}

impl Keys {
    /// As people read it: `Ctrl+K`, `G then B`.
    pub fn shown(self, ctx: &Context) -> String {
        match self {
            Self::Once(modifiers, key) => ctx.format_shortcut(&KeyboardShortcut::new(modifiers, key)),
            Self::Then(first, second) => format!("{} then {}", first.name(), second.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_commands_have_the_same_keys_or_words() {
        let mut once: Vec<(bool, Modifiers, Key)> = Vec::new();
        let mut begins: Vec<Key> = Vec::new();
        let keys_of = |spec: &'static Spec| spec.keys.iter().map(move |keys| (spec.group == Group::Past, keys));
        for (is_past, keys) in ALL.iter().flat_map(keys_of) {
            match *keys {
                Keys::Once(modifiers, key) => {
                    let keys = (is_past, modifiers, key);
                    assert!(!once.contains(&keys), "{modifiers:?} {key:?} twice");
                    once.push(keys);
                }
                Keys::Then(first, _) => begins.push(first),
            }
        }
        for first in begins {
            assert!(
                !once.iter().any(|(_, held, key)| held.is_none() && *key == first),
                "{first:?} begins two keys, and is a command of its own"
            );
        }
        let texts: BTreeSet<&str> = ALL.iter().map(|spec| spec.text).collect();
        assert_eq!(texts.len(), ALL.len());
    }

    #[test]
    fn every_command_stands_in_the_list_once() {
        let commands: BTreeSet<Command> = ALL.iter().map(|spec| spec.command).collect();
        assert_eq!(commands.len(), ALL.len());
        assert_eq!(Command::Keys as usize + 1, ALL.len(), "a command is missing in the list");
    }
}
