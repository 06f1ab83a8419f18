//! A board of another product, by the window alone.

use std::path::Path;
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_system_font_provider::SystemFontProvider;
use jiff::civil::DateTime;
use recordplayer::view::Key as ViewKey;
use recordplayer_kanban::view::{BoardView, BoardsView};

use crate::stage::{PATIENCE, Stage, words};

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

/// Commands of another folder, as somebody gives them who exports there.
fn export_of_another() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.jsonl").display().to_string();
    let data = folder.path().join("data").display().to_string();
    for command in [
        &["project", "new", "Amplifier", "--key", "AMP"][..],
        &["card", "new", "Power supply", "--column", "Ready"],
        &["export", &file],
    ] {
        let all: Vec<&str> = [&["recordplayer"], command, &["--data", &data]].concat();
        let code = recordplayer_app::headless::main(all.into_iter().map(Into::into));
        assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::SUCCESS), "{command:?}");
    }
    (folder, file)
}

#[test]
fn the_export_of_a_project_is_looked_into_and_begins_one() {
    let mut stage = Stage::new();
    let (_folder, file) = export_of_another();
    let before = stage.device.spaces().len();
    stage.open_import(&file);
    stage.until_shows("A whole project");
    assert_eq!(stage.device.spaces().len(), before, "nothing comes in before it is wished");
    stage.click("Begin the project");
    stage.until_shows("Power supply");
    assert!(stage.shows("Amplifier") && stage.device.spaces().len() == before + 1);
    // Once more, it is told apart from the first.
    stage.open_import(&file);
    stage.until_shows("A whole project");
    stage.click("Begin the project");
    stage.until_shows("Amplifier (2)");
    let before = before + 1;

    // What is not whole is told so, and asks for another file.
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &text[..text.len() - 20]).unwrap();
    stage.open_import(&file);
    stage.until_shows("line ");
    assert!(stage.shows("Look into it") && stage.device.spaces().len() == before + 1);
}

/// The open cards of each column that has some, as the window shows them.
type Counts = &'static [(&'static str, &'static str)];

impl Stage {
    /// The count beside a column's name.
    fn count_of(&self, column: &str) -> Option<String> {
        let words = words(&self.harness);
        let at = words.iter().position(|word| word == column)?;
        words.get(at + 1).cloned()
    }

    /// Whether the columns come to hold so many, within so many looks.
    fn comes_to(&mut self, counts: Counts, looks: u128) -> bool {
        for _ in 0..looks {
            if counts.iter().all(|(column, count)| self.count_of(column).as_deref() == Some(*count)) {
                return true;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(10));
            self.harness.step();
        }
        false
    }

    /// The moment that the bar tells, to the minute.
    fn told(&self) -> Option<DateTime> {
        words(&self.harness).into_iter().find_map(|word| DateTime::strptime("%d %b %Y %H:%M", word).ok())
    }

    /// Goes on, step by step, until the bar tells a moment behind this one, and then back to the last step before that.
    fn go_to_last_of(&mut self, minute: DateTime) {
        while self.told().is_none_or(|told| told <= minute) {
            self.press(Key::ArrowRight);
        }
        self.press(Key::ArrowLeft);
    }
}

/// A real board with its whole history: at moments of its life the window shows as many cards in each column as the file's own description
/// says there were. The times are those of UTC.
#[test]
fn a_board_is_shown_as_it_was() {
    let Some(path) = recordplayer_tests::inputs("trello-clipkit-ja.json") else { return };
    let mut stage = Stage::online();
    stage.harness.ctx.add_font_provider(Arc::new(SystemFontProvider::new().with_locale(Some("ja"))));
    stage.open_import(path.to_str().unwrap());
    stage.until_shows("67 cards");
    stage.click("Import");
    stage.until_shows("Open the board");
    stage.click("Open the board");
    stage.device.wait_in_step(PATIENCE).unwrap();
    stage.until_shows("Now, 192 steps");
    let looks = PATIENCE.as_millis() / 10;
    assert!(stage.comes_to(&[("やりたいこと", "24"), ("やること", "8"), ("クローズ", "27"), ("作業中", "7")], looks));
    let moments: [(&str, Counts); 3] = [
        ("2015-01-13 10:04", &[("やりたいこと", "15"), ("やること", "4"), ("作業中", "2")]),
        ("2015-01-26 18:37", &[("やりたいこと", "19"), ("やること", "3"), ("クローズ", "10"), ("作業中", "1")]),
        ("2015-02-14 07:43", &[("やりたいこと", "27"), ("やること", "5"), ("クローズ", "18"), ("作業中", "2")]),
    ];
    stage.press(Key::T);
    stage.press(Key::Home);
    for (minute, counts) in moments {
        let minute = DateTime::strptime("%Y-%m-%d %H:%M", minute).unwrap();
        stage.go_to_last_of(minute);
        // More may have happened in that minute.
        while !stage.comes_to(counts, 100) {
            assert_eq!(stage.told(), Some(minute), "{counts:?}: {:?}", words(&stage.harness));
            stage.press(Key::ArrowLeft);
        }
    }
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
