//! Every command of the list, once by its keys and once from the palette. A new command does not compile until it has its proof here.

use egui::accesskit::{Role, Toggled};
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT, Queryable};
use recordplayer::id::Id;
use recordplayer_app::command::{ALL, Command, Group, Keys};
use recordplayer_kanban::ids::LabelId;
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::{Card, Project};

use crate::stage::{PATIENCE, Stage, card};

/// What must be so before a command is given, and what is so then.
type Proof = (fn(&mut Stage), fn(&mut Stage));

/// Three cards in the first column and one in the second; the first of all is selected.
const CARDS: [(usize, &str); 4] = [(0, "One"), (0, "Two"), (0, "Three"), (1, "Four")];

impl Stage {
    fn is_selected(&self, title: &str) -> bool {
        let mut found = self.harness.query_all_by_label_contains(title);
        found.any(|node| node.accesskit_node().toggled() == Some(Toggled::True))
    }

    #[track_caller]
    fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..PATIENCE.as_millis() / 10 {
            if is_so(self) {
                return;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(10));
            self.harness.step();
        }
        panic!("it does not come about");
    }

    fn palette(&mut self, words: &str) {
        self.press_with(Modifiers::COMMAND, Key::K);
        self.type_words("Search or run", words);
        self.press(Key::Enter);
    }

    /// Types into a list of choices and takes the first that fits.
    fn pick(&mut self, list: &str, words: &str) {
        self.type_words(list, words);
        self.press(Key::Enter);
    }

    fn give(&mut self, keys: Keys) {
        match keys {
            Keys::Once(modifiers, key) => self.press_with(modifiers, key),
            Keys::Then(first, second) => {
                self.press(first);
                self.press(second);
            }
        }
    }

    /// So many steps of the past have happened, and their board shows.
    fn in_the_past(&mut self, step: usize) {
        self.press(Key::T);
        self.press(Key::Home);
        for _ in 0..step {
            self.press(Key::ArrowRight);
        }
        self.until_step(step);
    }

    #[track_caller]
    fn until_step(&mut self, step: usize) {
        self.until_shows(&format!("step {step} of 8"));
    }

    fn zoom(&self) -> f32 {
        self.harness.ctx.zoom_factor()
    }
}

fn nothing(_: &mut Stage) {}

fn proof(command: Command) -> Proof {
    match command {
        Command::OpenCard => (nothing, |stage| assert!(stage.shows("Description"))),
        Command::RenameCard => (nothing, |stage| assert!(stage.harness.query_by_label("Title").is_some())),
        Command::ToggleDone => (nothing, |stage| assert!(stage.space.entity::<Card>(card("One")).done)),
        Command::ArchiveCard => (nothing, |stage| {
            assert_eq!(stage.titles(0), ["Two", "Three"]);
            assert!(stage.shows("is in the archive"));
        }),
        Command::MoveTo => (nothing, |stage| {
            stage.pick("Move to column", "progress");
            assert_eq!(stage.titles(1), ["Four", "One"]);
        }),
        Command::Assign => (nothing, |stage| {
            stage.pick("Assign", "ann");
            assert_eq!(stage.space.entity::<Card>(card("One")).members.len(), 1);
            stage.press(Key::Escape);
            assert!(!stage.shows("takes it off"), "Esc closes it");
        }),
        Command::Label => (
            |stage| {
                let set = ProjectCommand::SetLabel {
                    twin: false,
                    label: LabelId(Id([7; 16])),
                    name: "Bug".to_owned(),
                    colour: "red".to_owned(),
                };
                stage.space.send::<Project>(stage.space.id().0, &set).unwrap();
            },
            |stage| {
                stage.pick("Label", "bug");
                assert_eq!(stage.space.entity::<Card>(card("One")).labels.len(), 1);
                stage.pick("Label", "bug");
                assert_eq!(stage.space.entity::<Card>(card("One")).labels.len(), 0, "it is taken off");
            },
        ),
        Command::SetDue => (nothing, |stage| {
            stage.pick("Set due day", "24 dec 2031");
            let due = stage.space.entity::<Card>(card("One")).due.clone();
            assert_eq!(due.map(|day| day.to_string()).as_deref(), Some("2031-12-24"));
        }),
        Command::AssignMe => (nothing, |stage| assert_eq!(stage.space.entity::<Card>(card("One")).members.len(), 1)),
        Command::CopyKey => (nothing, |stage| assert!(stage.shows("The key is in the clipboard"))),
        Command::Comment => (nothing, |stage| {
            stage.until(|stage| stage.harness.get_by_label("Write a comment").accesskit_node().is_focused());
        }),
        Command::Describe => (nothing, |stage| {
            stage.until(|stage| {
                let field = stage.harness.query_by_role_and_label(Role::MultilineTextInput, "Description");
                field.is_some_and(|field| field.accesskit_node().is_focused())
            });
        }),
        Command::Undo => (|stage| stage.press(Key::Backspace), |stage| stage.until(|stage| stage.titles(0).len() == 3)),
        Command::Redo => (
            |stage| {
                stage.press(Key::Backspace);
                stage.press_with(Modifiers::COMMAND, Key::Z);
                stage.until(|stage| stage.titles(0).len() == 3);
            },
            |stage| stage.until(|stage| stage.titles(0).len() == 2),
        ),
        Command::Import => (nothing, |stage| assert!(stage.shows("File of the board"))),
        Command::NewProject => (nothing, |stage| assert!(stage.shows("Name of the project"))),
        Command::PublishProject => (nothing, |stage| assert!(stage.shows("This project is at a server already"))),
        Command::SelectUp => (|stage| stage.press(Key::ArrowDown), |stage| assert!(stage.is_selected("One"))),
        Command::SelectDown => (nothing, |stage| assert!(stage.is_selected("Two"))),
        Command::SelectLeft => (|stage| stage.press(Key::ArrowRight), |stage| assert!(stage.is_selected("One"))),
        Command::SelectRight => (nothing, |stage| assert!(stage.is_selected("Four"))),
        Command::MoveUp => {
            (|stage| stage.press(Key::ArrowDown), |stage| assert_eq!(stage.titles(0), ["Two", "One", "Three"]))
        }
        Command::MoveDown => (nothing, |stage| assert_eq!(stage.titles(0), ["Two", "One", "Three"])),
        Command::MoveLeft => (|stage| stage.press(Key::ArrowRight), |stage| assert_eq!(stage.titles(1).len(), 0)),
        Command::MoveRight => (nothing, |stage| assert_eq!(stage.titles(1).len(), 2)),
        Command::NewCard => (nothing, |stage| assert!(stage.shows("Title of the new card"))),
        Command::Palette => (nothing, |stage| assert!(stage.harness.query_by_label("Search or run").is_some())),
        Command::GoBoard => (|stage| stage.press(Key::Enter), |stage| assert!(!stage.shows("Description"))),
        Command::GoOutbox => (nothing, |stage| stage.until_shows("Everything you did is on the server")),
        Command::Back => (|stage| stage.press(Key::Enter), |stage| assert!(!stage.shows("Description"))),
        Command::TimeTravel => (nothing, |stage| stage.until_step(7)),
        Command::PlayPause => (
            |stage| stage.in_the_past(5),
            |stage| {
                stage.until_step(8);
                stage.until_shows("Four");
            },
        ),
        Command::StepBack => (|stage| stage.in_the_past(5), |stage| stage.until_step(4)),
        Command::StepForward => (|stage| stage.in_the_past(5), |stage| stage.until_step(6)),
        Command::TenBack => (|stage| stage.in_the_past(5), |stage| stage.until_step(0)),
        Command::TenForward => (|stage| stage.in_the_past(5), |stage| stage.until_step(8)),
        Command::FirstStep => (
            |stage| stage.in_the_past(5),
            |stage| {
                stage.until_step(0);
                stage.until_gone("In progress");
            },
        ),
        Command::LastStep => (|stage| stage.in_the_past(5), |stage| stage.until_step(8)),
        Command::BackToNow => (|stage| stage.in_the_past(5), |stage| stage.until_shows("Now, 8 steps")),
        Command::Sync => (
            |stage| {
                stage.serving = None;
                stage.until_shows("Offline");
            },
            // Nobody answers; but it was tried again, and it did no harm.
            |stage| stage.until_shows("Offline"),
        ),
        Command::SyncDetails => (nothing, |stage| {
            for words in ["Last contact", "Position", "Data folder"] {
                assert!(stage.shows(words), "{words}");
            }
            stage.click("Copy diagnostics");
            assert!(stage.shows("is in the clipboard"));
        }),
        Command::ToggleSidebar => (nothing, |stage| assert!(!stage.shows("Boards"))),
        Command::SystemTheme => {
            (|stage| stage.palette("Whatever"), |stage| assert_eq!(stage.harness.ctx.theme(), Theme::Dark))
        }
        Command::LightTheme => (nothing, |stage| assert_eq!(stage.harness.ctx.theme(), Theme::Light)),
        Command::DarkTheme => {
            (|stage| stage.palette("Light"), |stage| assert_eq!(stage.harness.ctx.theme(), Theme::Dark))
        }
        Command::ZoomIn => (nothing, |stage| assert!(stage.zoom() > 1.0)),
        Command::ZoomOut => (nothing, |stage| assert!(stage.zoom() < 1.0)),
        Command::ZoomReset => (|stage| stage.palette("Larger"), |stage| assert!((stage.zoom() - 1.0).abs() < 0.001)),
        Command::Quit => (nothing, |stage| assert!(stage.harness.state().is_left())),
        Command::Keys => (nothing, |stage| assert!(stage.shows("Keyboard shortcuts"))),
    }
}

/// Ready for a command: the cards are there, decided, and the first one is selected.
fn ready() -> Stage {
    let mut stage = Stage::online();
    stage.add_cards(&CARDS);
    stage.device.wait_in_step(PATIENCE).unwrap();
    stage.until_shows("Now, 8 steps");
    stage.press(Key::ArrowDown);
    stage
}

#[test]
fn every_command_does_what_it_says_by_its_keys() {
    for spec in ALL {
        for keys in spec.keys {
            let (before, after) = proof(spec.command);
            let mut stage = ready();
            before(&mut stage);
            stage.give(*keys);
            after(&mut stage);
        }
    }
}

#[test]
fn every_command_does_what_it_says_from_the_palette() {
    // The palette itself is open then.
    for spec in ALL.iter().filter(|spec| spec.command != Command::Palette) {
        let (before, after) = proof(spec.command);
        let mut stage = ready();
        before(&mut stage);
        stage.palette(spec.text);
        after(&mut stage);
    }
}

/// Of what edits, nothing is done in the past, and it is said why.
#[test]
fn no_command_edits_the_past() {
    for spec in ALL.iter().filter(|spec| spec.group.edits() && !spec.keys.is_empty()) {
        let mut stage = ready();
        stage.in_the_past(5);
        let before = (stage.titles(0), stage.titles(1));
        let of_past: Vec<&Keys> =
            ALL.iter().filter(|other| other.group == Group::Past).flat_map(|other| other.keys).collect();
        for keys in spec.keys.iter().filter(|keys| !of_past.contains(keys)) {
            stage.give(*keys);
            assert!(stage.shows("You are in the past"), "{}", spec.text);
            assert_eq!((stage.titles(0), stage.titles(1)), before, "{}", spec.text);
        }
        stage.press(Key::Escape);
        assert!(!stage.shows("You are in the past"), "now that is not so");
    }
}
