//! A window over a device, without a display.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers, UiBuilder};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use recordplayer::id::Id;
use recordplayer_app::ui::Desktop;
use recordplayer_client::{Device, Space};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::{ColumnCommand, ColumnKind};
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId};
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::view::BoardView;
use recordplayer_kanban::{Board, Card, Column, Project};
use recordplayer_server::{Server, Serving};

pub const BOARD: BoardId = BoardId(Id([1; 16]));
pub const COLUMNS: [(&str, ColumnKind); 2] = [("Ready", ColumnKind::Ready), ("In progress", ColumnKind::Active)];

pub fn column(at: usize) -> ColumnId {
    ColumnId(Id([10 + at as u8; 16]))
}

/// Far more than anything here takes, so that a hanging test ends.
pub const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A window over a device with a project of two columns, the second of which takes two cards.
pub struct Stage {
    pub harness: Harness<'static, Desktop>,
    pub device: Device,
    pub space: Space,
    /// Its server, until that is gone.
    pub serving: Option<Serving>,
    pub folder: tempfile::TempDir,
}

impl Stage {
    /// Without its server.
    pub fn new() -> Self {
        let mut stage = Self::online();
        stage.serving = None;
        steps(&mut stage.harness, 2);
        stage
    }

    pub fn online() -> Self {
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
        space.send::<Column>(column(1), &ColumnCommand::SetLimit { limit: Some(2), warns: false }).unwrap();
        let harness = window(&device, folder.path());
        let mut stage = Self { harness, device, space, serving: Some(serving), folder };
        steps(&mut stage.harness, 2);
        stage
    }

    pub fn with_cards(titles: &[(usize, &str)]) -> Self {
        let mut stage = Self::new();
        stage.add_cards(titles);
        stage
    }

    pub fn add_cards(&mut self, titles: &[(usize, &str)]) {
        for (at, title) in titles {
            let create = CardCommand::Create {
                column: column(*at),
                title: (*title).to_owned(),
                before: None,
                exempt: false,
                typed: None,
            };
            self.space.send::<Card>(card(title), &create).unwrap();
        }
        steps(&mut self.harness, 2);
    }

    /// While it has no line, the person does one thing, and somebody else another one.
    pub fn after_both(self, mine: impl FnOnce(&Space), theirs: impl FnOnce(&Space)) -> Self {
        let Self { harness, device, space, serving, folder } = self;
        let domain = || Arc::new(recordplayer_kanban::domain());
        let serving = serving.expect("it has its server");
        let token = serving.control().accounts().new_token("ann").unwrap();
        let (address, url, id) = (serving.address(), serving.url(), space.id());
        drop((harness, serving));
        mine(&space);
        device.close();
        drop((device, space));

        let serving = Server::open(domain(), &folder.path().join("server")).unwrap().start(address).unwrap();
        let other = Device::open(domain(), &folder.path().join("other")).unwrap();
        other.login(&url, &token, PATIENCE).unwrap();
        other.wait_in_step(PATIENCE).unwrap();
        theirs(&other.space(id).unwrap());
        other.wait_in_step(PATIENCE).unwrap();
        other.close();

        let device = Device::open(domain(), &folder.path().join("device")).unwrap();
        let harness = window(&device, folder.path());
        device.connect();
        let space = device.space(id).unwrap();
        Self { harness, device, space, serving: Some(serving), folder }
    }

    /// Somebody moves this card into the last place of the second column while they are offline, and another device has taken that.
    pub fn after_the_last_place_was_taken(self, moved: CardId) -> Self {
        let create = CardCommand::Create {
            column: column(1),
            title: "Order the belt".to_owned(),
            before: None,
            exempt: false,
            typed: None,
        };
        self.after_both(
            |space| moves_to(space, moved, column(1)),
            |space| drop(space.send::<Card>(card("Order the belt"), &create).unwrap()),
        )
    }

    pub fn press(&mut self, key: Key) {
        self.press_with(Modifiers::NONE, key);
    }

    pub fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        steps(&mut self.harness, 3);
    }

    pub fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        steps(&mut self.harness, 3);
    }

    pub fn type_words(&mut self, field: &str, words: &str) {
        self.harness.get_by_label(field).focus();
        steps(&mut self.harness, 1);
        self.harness.get_by_label(field).type_text(words);
        steps(&mut self.harness, 3);
    }

    /// Draws until something shows that another thread makes.
    pub fn until_shows(&mut self, label: &str) {
        until(&mut self.harness, label, true);
    }

    pub fn until_gone(&mut self, label: &str) {
        until(&mut self.harness, label, false);
    }

    pub fn shows(&self, label: &str) -> bool {
        shows(&self.harness, label)
    }

    /// The titles in a column, from top to bottom.
    pub fn titles(&self, at: usize) -> Vec<String> {
        let view = self.space.view::<BoardView>(BOARD);
        let columns = view.columns();
        let shown = columns[at].cards.iter().filter(|(_, card)| !card.archived);
        shown.map(|(_, card)| card.title.clone()).collect()
    }
}

/// A window over a device, which remembers in a folder.
pub fn window(device: &Device, folder: &Path) -> Harness<'static, Desktop> {
    let desktop = Desktop::new(device.clone(), folder);
    Harness::builder().with_step_dt(1.0 / 60.0).with_size([1280.0, 800.0]).build_ui_state(
        |ui, desktop| {
            // The harness leaves an edge free; a window does not.
            let whole = ui.ctx().content_rect();
            ui.scope_builder(UiBuilder::new().max_rect(whole), |ui| desktop.show(ui));
        },
        desktop,
    )
}

pub fn shows(harness: &Harness<'static, Desktop>, label: &str) -> bool {
    harness.query_all_by_label_contains(label).next().is_some()
}

/// Draws until a label shows, or shows no more.
#[track_caller]
pub fn until(harness: &mut Harness<'static, Desktop>, label: &str, is_there: bool) {
    for _ in 0..PATIENCE.as_millis() / LOOK_AGAIN.as_millis() {
        if shows(harness, label) == is_there {
            return;
        }
        std::thread::park_timeout(LOOK_AGAIN);
        harness.step();
    }
    panic!("{label} does not come or go; there is {:?}", words(harness));
}

/// What stands on the screen, in order.
pub fn words(harness: &Harness<'static, Desktop>) -> Vec<String> {
    let labels = harness.query_all_by_role(Role::Label);
    labels.filter_map(|label| label.accesskit_node().value()).collect()
}

pub fn card(title: &str) -> CardId {
    CardId(Id::derived("test card", &[title.as_bytes()]))
}

/// Draws so many frames, each after everything is done that the person wanted before it.
pub fn steps(harness: &mut Harness<'static, Desktop>, count: usize) {
    for _ in 0..count {
        harness.step();
        harness.state().wait_for_hand();
    }
}

/// Moves a card, and waits until that is saved.
pub fn moves_to(space: &Space, card: CardId, column: ColumnId) {
    let move_to = CardCommand::MoveTo { column, before: None, row: None, exempt: false };
    space.send::<Card>(card, &move_to).unwrap().wait_saved(PATIENCE).unwrap();
}
