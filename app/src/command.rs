//! Everything that a person can do in the window: one list, from which come the palette, the shortcuts, the tooltips and the sheet of keys.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

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

const NONE: Modifiers = Modifiers::NONE;
const SHIFT: Modifiers = Modifiers::SHIFT;
const CTRL: Modifiers = Modifiers::COMMAND;

const fn spec(
    command: Command,
    group: Group,
    icon: Icon,
    text: &'static str,
    tip: &'static str,
    keys: &'static [Keys],
) -> Spec {
    Spec { command, text, tip, icon, group, keys }
}

/// All commands, in the order in which lists show them.
pub const ALL: &[Spec] = &[
    spec(
        Command::OpenCard,
        Group::Context,
        Icon::SquarePen,
        "Open card",
        "Show everything on it",
        &[Keys::Once(NONE, Key::Enter)],
    ),
    spec(
        Command::RenameCard,
        Group::Context,
        Icon::Pencil,
        "Rename card",
        "Edit its title in place",
        &[Keys::Once(NONE, Key::E)],
    ),
    spec(
        Command::ToggleDone,
        Group::Context,
        Icon::Check,
        "Mark as finished",
        "Tick it, or take the tick off",
        &[Keys::Once(NONE, Key::X)],
    ),
    spec(
        Command::Comment,
        Group::Context,
        Icon::MessageSquare,
        "Comment",
        "Write to everybody in the project",
        &[Keys::Once(NONE, Key::M)],
    ),
    spec(
        Command::Describe,
        Group::Context,
        Icon::ListChecks,
        "Describe card",
        "Write what is to be done",
        &[Keys::Once(NONE, Key::W)],
    ),
    spec(
        Command::ArchiveCard,
        Group::Context,
        Icon::Archive,
        "Archive card",
        "It leaves the board and can be restored",
        &[Keys::Once(NONE, Key::Backspace)],
    ),
    spec(
        Command::MoveTo,
        Group::Context,
        Icon::SquareKanban,
        "Move to column...",
        "Any column of the board",
        &[Keys::Once(NONE, Key::S)],
    ),
    spec(
        Command::Assign,
        Group::Context,
        Icon::Users,
        "Assign...",
        "To whoever works on it",
        &[Keys::Once(NONE, Key::A)],
    ),
    spec(
        Command::AssignMe,
        Group::Context,
        Icon::User,
        "Assign to me",
        "Or take me off it",
        &[Keys::Once(NONE, Key::I)],
    ),
    spec(
        Command::Label,
        Group::Context,
        Icon::Tag,
        "Label...",
        "Put labels on it, or take them off",
        &[Keys::Once(NONE, Key::L)],
    ),
    spec(
        Command::SetDue,
        Group::Context,
        Icon::Calendar,
        "Set due day...",
        "When it is to be finished, or no day",
        &[Keys::Once(NONE, Key::D)],
    ),
    spec(
        Command::CopyKey,
        Group::Context,
        Icon::Copy,
        "Copy key",
        "What the card is called",
        &[Keys::Once(Modifiers { shift: true, ..CTRL }, Key::C)],
    ),
    spec(Command::Undo, Group::Cards, Icon::Undo, "Undo", "Take back what you did last", &[Keys::Once(CTRL, Key::Z)]),
    spec(
        Command::Redo,
        Group::Cards,
        Icon::Redo,
        "Redo",
        "Do again what you took back",
        &[Keys::Once(Modifiers { shift: true, ..CTRL }, Key::Z), Keys::Once(CTRL, Key::Y)],
    ),
    spec(
        Command::PublishProject,
        Group::App,
        Icon::CloudUpload,
        "Publish project...",
        "Give it to a server, so that others can work on it",
        &[],
    ),
    spec(Command::NewProject, Group::App, Icon::Folder, "New project...", "On this computer, or at a server", &[]),
    spec(Command::Import, Group::Create, Icon::FileDown, "Import a board...", "From Trello, with its history", &[]),
    spec(
        Command::SelectUp,
        Group::Cards,
        Icon::Square,
        "Select the card above",
        "In the same column",
        &[Keys::Once(NONE, Key::ArrowUp), Keys::Once(NONE, Key::K)],
    ),
    spec(
        Command::SelectDown,
        Group::Cards,
        Icon::Square,
        "Select the card below",
        "In the same column",
        &[Keys::Once(NONE, Key::ArrowDown), Keys::Once(NONE, Key::J)],
    ),
    spec(
        Command::SelectLeft,
        Group::Cards,
        Icon::Square,
        "Select to the left",
        "In the column before",
        &[Keys::Once(NONE, Key::ArrowLeft)],
    ),
    spec(
        Command::SelectRight,
        Group::Cards,
        Icon::Square,
        "Select to the right",
        "In the next column",
        &[Keys::Once(NONE, Key::ArrowRight)],
    ),
    spec(
        Command::MoveUp,
        Group::Cards,
        Icon::SquareCheck,
        "Move card up",
        "Within its column",
        &[Keys::Once(SHIFT, Key::ArrowUp)],
    ),
    spec(
        Command::MoveDown,
        Group::Cards,
        Icon::SquareCheck,
        "Move card down",
        "Within its column",
        &[Keys::Once(SHIFT, Key::ArrowDown)],
    ),
    spec(
        Command::MoveLeft,
        Group::Cards,
        Icon::ArrowLeft,
        "Move card to the left",
        "Into the column before",
        &[Keys::Once(SHIFT, Key::ArrowLeft)],
    ),
    spec(
        Command::MoveRight,
        Group::Cards,
        Icon::ArrowRight,
        "Move card to the right",
        "Into the next column",
        &[Keys::Once(SHIFT, Key::ArrowRight)],
    ),
    spec(
        Command::GoBoard,
        Group::GoTo,
        Icon::SquareKanban,
        "Go to the board",
        "Close what lies over it",
        &[Keys::Then(Key::G, Key::B)],
    ),
    spec(
        Command::GoOutbox,
        Group::GoTo,
        Icon::CloudUpload,
        "Go to the outbox",
        "What waits, and what was refused",
        &[Keys::Then(Key::G, Key::O)],
    ),
    spec(Command::Back, Group::GoTo, Icon::X, "Close", "One layer at a time", &[Keys::Once(NONE, Key::Escape)]),
    spec(
        Command::NewCard,
        Group::Create,
        Icon::Plus,
        "New card",
        "Write it where it belongs",
        &[Keys::Once(NONE, Key::C)],
    ),
    spec(
        Command::TimeTravel,
        Group::GoTo,
        Icon::History,
        "Time travel",
        "The board as it was, step by step",
        &[Keys::Once(NONE, Key::T)],
    ),
    spec(Command::PlayPause, Group::Past, Icon::Play, "Play", "Or pause", &[Keys::Once(NONE, Key::Space)]),
    spec(
        Command::StepBack,
        Group::Past,
        Icon::ChevronLeft,
        "One step back",
        "What was before it",
        &[Keys::Once(NONE, Key::ArrowLeft)],
    ),
    spec(
        Command::StepForward,
        Group::Past,
        Icon::ChevronRight,
        "One step on",
        "What came of it",
        &[Keys::Once(NONE, Key::ArrowRight)],
    ),
    spec(
        Command::TenBack,
        Group::Past,
        Icon::ChevronLeft,
        "Ten steps back",
        "Quicker",
        &[Keys::Once(SHIFT, Key::ArrowLeft)],
    ),
    spec(
        Command::TenForward,
        Group::Past,
        Icon::ChevronRight,
        "Ten steps on",
        "Quicker",
        &[Keys::Once(SHIFT, Key::ArrowRight)],
    ),
    spec(
        Command::FirstStep,
        Group::Past,
        Icon::SkipBack,
        "To the beginning",
        "Before anything was there",
        &[Keys::Once(NONE, Key::Home)],
    ),
    spec(
        Command::LastStep,
        Group::Past,
        Icon::SkipForward,
        "To the end",
        "The last step",
        &[Keys::Once(NONE, Key::End)],
    ),
    spec(Command::BackToNow, Group::Past, Icon::RotateCcw, "Back to now", "Where things can be changed", &[]),
    spec(
        Command::Palette,
        Group::App,
        Icon::Search,
        "Search or run...",
        "Every command and every card",
        &[Keys::Once(CTRL, Key::K), Keys::Once(NONE, Key::Slash)],
    ),
    spec(Command::Sync, Group::App, Icon::RefreshCw, "Connect now", "Without waiting for the next try", &[]),
    spec(
        Command::SyncDetails,
        Group::GoTo,
        Icon::CloudCheck,
        "Sync details",
        "The server, and how it stands with it",
        &[],
    ),
    spec(
        Command::ToggleSidebar,
        Group::App,
        Icon::PanelLeft,
        "Fold the sidebar",
        "Or show all of it",
        &[Keys::Once(CTRL, Key::B)],
    ),
    spec(Command::SystemTheme, Group::App, Icon::Monitor, "Look as the system does", "Dark or light, as it says", &[]),
    spec(Command::LightTheme, Group::App, Icon::Sun, "Light", "Whatever the system says", &[]),
    spec(Command::DarkTheme, Group::App, Icon::Moon, "Dark", "Whatever the system says", &[]),
    spec(
        Command::ZoomIn,
        Group::App,
        Icon::Plus,
        "Larger",
        "Everything",
        &[Keys::Once(CTRL, Key::Plus), Keys::Once(CTRL, Key::Equals)],
    ),
    spec(Command::ZoomOut, Group::App, Icon::Gauge, "Smaller", "Everything", &[Keys::Once(CTRL, Key::Minus)]),
    spec(
        Command::ZoomReset,
        Group::App,
        Icon::RotateCcw,
        "Usual size",
        "As it was installed",
        &[Keys::Once(CTRL, Key::Num0)],
    ),
    spec(
        Command::Quit,
        Group::App,
        Icon::X,
        "Quit",
        "Close the window; what you typed stays",
        &[Keys::Once(CTRL, Key::Q)],
    ),
    spec(
        Command::Keys,
        Group::App,
        Icon::Keyboard,
        "Keyboard shortcuts",
        "All of them on one sheet",
        &[Keys::Once(NONE, Key::Questionmark)],
    ),
];

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
