//! The window by its labels, without a display: what people do with keys and pointer, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use recordplayer::id::Id;
use recordplayer_app::ui::Desktop;
use recordplayer_client::{Device, Space};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::{ColumnCommand, ColumnKind};
use recordplayer_kanban::ids::{BoardId, CardId, ChecklistId, ColumnId, ItemId, LabelId};
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::view::BoardView;
use recordplayer_kanban::{Board, Card, Column, Project};
use recordplayer_server::{Server, Serving};

const BOARD: BoardId = BoardId(Id([1; 16]));
const COLUMNS: [(&str, ColumnKind); 2] = [("Ready", ColumnKind::Ready), ("In progress", ColumnKind::Active)];

fn column(at: usize) -> ColumnId {
    ColumnId(Id([10 + at as u8; 16]))
}

/// Far more than anything here takes, so that a hanging test ends.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A window over a device with a project of two columns, the second of which takes two cards.
struct Stage {
    harness: Harness<'static, Desktop>,
    device: Device,
    space: Space,
    /// Its server, until that is gone.
    serving: Option<Serving>,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Without its server.
    fn new() -> Self {
        let mut stage = Self::online();
        stage.serving = None;
        stage.harness.run_steps(2);
        stage
    }

    fn online() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let domain = Arc::new(recordplayer_kanban::domain());
        let device = Device::open(Arc::clone(&domain), &folder.path().join("device")).unwrap();
        let server = folder.path().join("server");
        std::fs::create_dir(&server).unwrap();
        let serving = Server::open(domain, &server).unwrap().start("127.0.0.1:0").unwrap();
        serving.control().accounts().add_user("ann").unwrap();
        let token = serving.control().accounts().new_token("ann").unwrap();
        let url = serving.url();
        device.login(&url, &token, PATIENCE).unwrap();
        let (space, _) = device.found(&url, "Turntable").unwrap();
        space.send::<Project>(space.id().0, &ProjectCommand::SetUp { key: "TT".to_owned() }).unwrap();
        space.send::<Board>(BOARD, &BoardCommand::Add { title: "Firmware".to_owned() }).unwrap();
        for (at, (name, kind)) in COLUMNS.into_iter().enumerate() {
            let add = ColumnCommand::Add { board: BOARD, name: name.to_owned(), kind, before: None };
            space.send::<Column>(column(at), &add).unwrap();
        }
        space.send::<Column>(column(1), &ColumnCommand::SetLimit { limit: Some(2) }).unwrap();
        let desktop = Desktop::new(device.clone(), folder.path());
        let harness = Harness::builder()
            .with_step_dt(1.0 / 60.0)
            .with_size([1280.0, 800.0])
            .build_ui_state(|ui, desktop| desktop.show(ui), desktop);
        let mut stage = Self { harness, device, space, serving: Some(serving), folder };
        stage.harness.run_steps(2);
        stage
    }

    fn with_cards(titles: &[(usize, &str)]) -> Self {
        let mut stage = Self::new();
        for (at, title) in titles {
            let create =
                CardCommand::Create { column: column(*at), title: (*title).to_owned(), before: None, exempt: false };
            stage.space.send::<Card>(card(title), &create).unwrap();
        }
        stage.harness.run_steps(2);
        stage
    }

    fn press(&mut self, key: Key) {
        self.press_with(Modifiers::NONE, key);
    }

    fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run_steps(3);
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run_steps(3);
    }

    fn type_words(&mut self, field: &str, words: &str) {
        self.harness.get_by_label(field).focus();
        self.harness.run_steps(1);
        self.harness.get_by_label(field).type_text(words);
        self.harness.run_steps(3);
    }

    /// Draws until something shows that another thread makes.
    fn until_shows(&mut self, label: &str) {
        self.until(label, true);
    }

    fn until(&mut self, label: &str, shows: bool) {
        for _ in 0..PATIENCE.as_millis() / LOOK_AGAIN.as_millis() {
            if self.shows(label) == shows {
                return;
            }
            std::thread::park_timeout(LOOK_AGAIN);
            self.harness.step();
        }
        panic!("{label} does not come or go");
    }

    fn shows(&self, label: &str) -> bool {
        self.harness.query_all_by_label_contains(label).next().is_some()
    }

    /// The titles in a column, from top to bottom.
    fn titles(&self, at: usize) -> Vec<String> {
        let view = self.space.view::<BoardView>(BOARD);
        let columns = view.columns();
        let shown = columns[at].cards.iter().filter(|(_, card)| !card.archived);
        shown.map(|(_, card)| card.title.clone()).collect()
    }
}

fn card(title: &str) -> CardId {
    CardId(Id::derived("test card", &[title.as_bytes()]))
}

#[test]
fn the_window_shows_the_project_its_board_and_how_it_stands_with_the_server() {
    let stage = Stage::with_cards(&[(0, "Debounce the switch")]);
    for label in ["Turntable", "Firmware", "Ready", "In progress", "Debounce the switch", "Offline", "Outbox"] {
        assert!(stage.harness.query_all_by_label_contains(label).next().is_some(), "{label} does not show");
    }
}

#[test]
fn c_opens_the_composer_and_enter_adds_and_stays() {
    let mut stage = Stage::new();
    stage.press(Key::C);
    stage.type_words("Title of the new card", "First");
    stage.press(Key::Enter);
    stage.type_words("Title of the new card", "Second");
    stage.press(Key::Enter);
    assert_eq!(stage.titles(0), ["First", "Second"]);
    stage.press(Key::Escape);
    assert!(!stage.shows("Title of the new card"));
}

#[test]
fn arrows_select_and_shift_moves_and_a_full_column_says_why_not() {
    let mut stage = Stage::with_cards(&[(0, "Third"), (0, "Fourth"), (1, "One"), (1, "Two")]);
    stage.press(Key::ArrowDown);
    stage.press_with(Modifiers::SHIFT, Key::ArrowDown);
    assert_eq!(stage.titles(0), ["Fourth", "Third"]);
    stage.press_with(Modifiers::SHIFT, Key::ArrowRight);
    assert_eq!(stage.titles(1), ["One", "Two"], "it is full");
    assert!(stage.shows("is full"), "and says so");
    stage.press(Key::ArrowRight);
    stage.press_with(Modifiers::SHIFT, Key::ArrowLeft);
    assert_eq!(stage.titles(0).len(), 3);
}

#[test]
fn a_card_is_opened_renamed_commented_and_archived() {
    let mut stage = Stage::with_cards(&[(0, "Old title")]);
    stage.press(Key::ArrowDown);
    stage.press(Key::Enter);
    assert!(stage.shows("Description"));
    stage.press(Key::E);
    stage.type_words("Title", " made new");
    stage.press(Key::Enter);
    assert_eq!(stage.titles(0), ["Old title made new"]);
    stage.type_words("Write a comment", "Seen.");
    stage.press_with(Modifiers::COMMAND, Key::Enter);
    assert!(stage.shows("Seen."));
    stage.press(Key::Escape);
    stage.press(Key::Backspace);
    assert!(stage.titles(0).is_empty());
}

#[test]
fn the_palette_finds_commands_and_cards_by_words() {
    let mut stage = Stage::with_cards(&[(0, "Debounce the switch"), (0, "Another one")]);
    stage.press_with(Modifiers::COMMAND, Key::K);
    stage.type_words("Search or run", "switch deb");
    stage.press(Key::Enter);
    assert!(stage.shows("Description"), "the card is open");
    stage.press(Key::Escape);
    stage.press_with(Modifiers::COMMAND, Key::K);
    stage.type_words("Search or run", "keyboard");
    stage.press(Key::Enter);
    assert!(stage.shows("Keyboard shortcuts"));
    stage.press(Key::Escape);
    assert!(!stage.shows("Keyboard shortcuts"));
}

#[test]
fn the_outbox_says_what_waits_and_letters_are_keys_only_where_nobody_types() {
    let mut stage = Stage::with_cards(&[(0, "Waits")]);
    stage.press(Key::G);
    stage.press(Key::O);
    assert!(stage.shows("Write “Waits” in Ready"));
    stage.press(Key::Escape);
    stage.press(Key::C);
    stage.type_words("Title of the new card", "go");
    assert!(stage.shows("Title of the new card"), "g and o were letters");
}

#[test]
fn a_draft_survives_the_end_of_the_window() {
    let mut stage = Stage::new();
    stage.press(Key::C);
    stage.type_words("Title of the new card", "Half a ti");
    let Stage { harness, device, space, serving, folder } = stage;
    drop(harness);
    let desktop = Desktop::new(device.clone(), folder.path());
    let harness = Harness::builder()
        .with_step_dt(1.0 / 60.0)
        .with_size([1280.0, 800.0])
        .build_ui_state(|ui, desktop| desktop.show(ui), desktop);
    let mut stage = Stage { harness, device, space, serving, folder };
    stage.harness.run_steps(2);
    stage.press(Key::C);
    stage.press(Key::Enter);
    assert_eq!(stage.titles(0), ["Half a ti"]);
}

#[test]
fn the_pointer_does_what_the_keys_do() {
    let mut stage = Stage::with_cards(&[(0, "Here")]);
    stage.click("New card in In progress");
    stage.type_words("Title of the new card", "There");
    stage.press(Key::Enter);
    assert_eq!(stage.titles(1), ["There"]);
    stage.press(Key::Escape);
    stage.click("Fold the sidebar (Ctrl+B)");
    assert!(!stage.shows("Boards"));
    stage.click("Go to the outbox (G then O)");
    assert!(stage.shows("Write “There” in In progress"));
}

#[test]
fn the_past_is_played_step_by_step_and_nothing_can_be_changed_in_it() {
    let mut stage = Stage::online();
    for title in ["One", "Two", "Three"] {
        let create = CardCommand::Create { column: column(0), title: title.to_owned(), before: None, exempt: false };
        stage.space.send::<Card>(card(title), &create).unwrap();
        stage.device.wait_in_step(PATIENCE).unwrap();
    }
    // The board, its columns with the limit of one, and the cards.
    stage.until_shows("Now, 7 steps");
    stage.press(Key::T);
    stage.until_shows("step 6 of 7");
    stage.until_shows("TT-2 Two");
    stage.press(Key::Home);
    stage.until_shows("Before the first");
    stage.until("TT-1 One", false);
    for _ in 0..5 {
        stage.press(Key::ArrowRight);
    }
    stage.until_shows("TT-1 One");
    assert!(!stage.shows("TT-2 Two"));

    stage.press(Key::C);
    assert!(stage.shows("You are in the past"));
    assert!(!stage.shows("Title of the new card"));
    stage.press(Key::Escape);
    stage.until_shows("Now, 7 steps");
    assert!(stage.shows("TT-3 Three"));

    stage.press(Key::T);
    stage.press(Key::End);
    stage.press(Key::Space);
    stage.until_shows("step 7 of 7");
}

#[test]
fn labels_assignees_and_ticks_are_set_in_the_panel() {
    let mut stage = Stage::with_cards(&[(0, "Furnished")]);
    let (label, checklist, item) = (LabelId(Id([3; 16])), ChecklistId(Id([4; 16])), ItemId(Id([5; 16])));
    let set = ProjectCommand::SetLabel { label, name: "Bug".to_owned(), colour: "red".to_owned() };
    stage.space.send::<Project>(stage.space.id().0, &set).unwrap();
    let id = card("Furnished");
    let list = CardCommand::SetChecklist { checklist, name: "Steps".to_owned() };
    stage.space.send::<Card>(id, &list).unwrap();
    let step = CardCommand::SetItem { checklist, item, text: "Measure it".to_owned(), done: false };
    stage.space.send::<Card>(id, &step).unwrap();
    stage.press(Key::ArrowDown);
    stage.press(Key::I);
    stage.press(Key::Enter);
    stage.click("Measure it");
    stage.click("\u{e13d} Labels");
    stage.click("Bug");
    let card = stage.space.entity::<Card>(id);
    assert!(card.checklists[0].items[0].done);
    assert_eq!(card.labels.iter().collect::<Vec<_>>(), [&label]);
    assert_eq!(card.members.len(), 1);
}
