//! A board of another product, by the window alone.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use recordplayer::view::Key as ViewKey;
use recordplayer_kanban::view::{BoardView, BoardsView};

use crate::stage::Stage;

impl Stage {
    fn boards(&self) -> Vec<String> {
        let boards = self.space.view::<BoardsView>(ViewKey::whole_space());
        boards.boards.values().filter(|row| !row.archived).map(|row| row.title.clone()).collect()
    }

    fn open_import(&mut self, file: &str) {
        self.press_with(Modifiers::COMMAND, Key::K);
        self.type_words("Search or run", "import");
        self.press(Key::Enter);
        self.type_words("File of the board", file);
        self.click("Look into it");
    }
}

fn sample() -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    workspace.join("assets/sample/turntable.json").display().to_string()
}

#[test]
fn a_board_is_looked_into_imported_opened_and_taken_back() {
    let mut stage = Stage::new();
    stage.open_import(&sample());
    stage.until_shows("25 cards");
    for words in ["records of its history", "Into Turntable", "As a new project"] {
        assert!(stage.shows(words), "{words}");
    }
    assert_eq!(stage.boards(), ["Firmware"], "nothing comes in before it is wished");
    stage.click("Import");
    stage.until_shows("Imported");
    assert_eq!(stage.boards().len(), 2);
    let boards = stage.space.view::<BoardsView>(ViewKey::whole_space());
    let (id, _) = boards.boards.iter().find(|(_, row)| row.title == "Turntable firmware").unwrap();
    assert_eq!(stage.space.view::<BoardView>(*id).cards.size(), 25);
    stage.click("Take it all back");
    stage.until_shows("changes took it back");
    assert_eq!(stage.boards(), ["Firmware"]);
    stage.click("Close");

    // And once more: what was taken back comes again.
    stage.open_import(&sample());
    stage.until_shows("25 cards");
    stage.click("Import");
    stage.until_shows("Open the board");
    stage.click("Open the board");
    assert_eq!(stage.boards().len(), 2);
    let open = stage.space.view::<BoardView>(*id);
    assert!(open.cards.values().any(|card| !card.archived));
}

#[test]
fn enter_alone_looks_into_a_file_imports_it_and_opens_the_board() {
    let mut stage = Stage::new();
    stage.press_with(Modifiers::COMMAND, Key::K);
    stage.type_words("Search or run", "import");
    stage.press(Key::Enter);
    let is_focused = |stage: &Stage, label| stage.harness.get_by_label(label).accesskit_node().is_focused();
    assert!(is_focused(&stage, "File of the board"));
    stage.type_words("File of the board", &sample());
    stage.press(Key::Enter);
    stage.until_shows("25 cards");
    assert!(is_focused(&stage, "Import"));
    assert_eq!(stage.boards(), ["Firmware"], "nothing comes in before it is wished");
    stage.press(Key::Enter);
    stage.until_shows("Open the board");
    assert!(is_focused(&stage, "Open the board"));
    stage.press(Key::Enter);
    stage.until_gone("Open the board");
    assert_eq!(stage.boards().len(), 2);
}

#[test]
fn what_is_no_board_is_told_with_its_place_and_the_file_can_be_chosen_anew() {
    let mut stage = Stage::new();
    let file = stage.folder.path().join("broken.json");
    std::fs::write(&file, "{\"lists\": [").unwrap();
    stage.open_import(file.to_str().unwrap());
    stage.until_shows("broken.json");
    assert!(stage.shows("the file ends in the middle"));
    assert!(stage.shows("Look into it"));
    stage.click("Cancel");
    assert!(!stage.shows("Look into it"));
}
