//! One person's day at the window.

use recordplayer_tests::stage::{Person, Stage, cards};
use recordplayer_tests::{inputs, workspace_root};
use serde_json::{Value, json};

use crate::screen::Screen;
use crate::window::{
    BELOW_ONE_LINE, BOARD, PANEL, Window, board_is_free, button_has_focus, column, columns_show, field_has_focus,
    first_card, lies_over, nothing_has_focus, past_shows,
};

/// The file of a board, and what it holds: columns and cards, and how many of them are archived.
struct Board {
    file: String,
    columns: (usize, usize),
    cards: (usize, usize),
}

impl Board {
    /// The real one, or ours where that is absent.
    fn find() -> Self {
        let (file, columns, cards) = match inputs("trello-clipkit-ja.json") {
            Some(file) => (file, (5, 1), (67, 1)),
            None => (workspace_root().join("assets/sample/turntable.json"), (7, 1), (25, 2)),
        };
        Self { file: file.to_str().unwrap().to_owned(), columns, cards }
    }
}

/// How many there are, and how many of them are archived.
fn counted(entries: &[Value]) -> (usize, usize) {
    (entries.len(), entries.iter().filter(|entry| entry["archived"] == true).count())
}

/// The columns that the window shows, each with the cards that it shows.
fn shown(board: &Value) -> Vec<Vec<Value>> {
    let is_shown = |entry: &&Value| entry["archived"] == false;
    let columns = board["columns"].as_array().unwrap().iter().filter(is_shown);
    columns.map(|column| column["cards"].as_array().unwrap().iter().filter(is_shown).cloned().collect()).collect()
}

fn titles(person: &Person) -> Vec<String> {
    let cards = shown(&person.tell(&["board"])).concat();
    cards.iter().map(|card| card["title"].as_str().unwrap().to_owned()).collect()
}

fn key(card: &Value) -> String {
    card["key"].as_str().unwrap().to_owned()
}

#[test]
fn a_day_at_the_window_by_keyboard_and_mouse_through_a_killed_server_and_back() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    let screen = Screen::start();
    let mut window = Window::open(&ann, &screen);
    screen.keep("first-start");

    import(&screen, &ann, &Board::find());
    let moved = drag_the_first_card(&screen, &ann);
    describe(&screen, &ann, &moved);

    // The server is gone, and the work goes on.
    assert_eq!(ann.sync(), 0);
    let address = server.kill();
    comment(&screen, &ann, &moved);
    write_card(&screen, &ann, "Written without a server");
    let waiting = ann.tell(&["outbox"])["waiting"].as_array().unwrap().len();
    assert_eq!(waiting, 2, "the comment and the card");
    screen.keep("offline");
    // So does what was being typed when the power went.
    window = interrupt(&screen, &ann, window);

    let _server = stage.serve(&address);
    assert_eq!(ann.sync(), 0);
    assert_eq!(ann.tell(&["outbox"]), json!({"refused": [], "causes": [], "waiting": []}));
    screen.keep("online-again");
    undo_and_redo(&screen, &ann);
    play_the_past(&screen, &ann);

    assert_eq!(ann.sync(), 0);
    let board = ann.tell(&["board"]);
    let at_server = Stage::server(&["hash", &stage.server_folder(), board["project"].as_str().unwrap()]).expect_code(0);
    assert_eq!(ann.hash(), (at_server["record"].clone(), at_server["state"].clone()));
    screen.press("ctrl+q");
    window.ends_well(&screen);
    assert_eq!(ann.tell(&["board"]), board, "what the window showed is on the disk");
}

/// By the keyboard alone: what is to be pressed next has the focus.
fn import(screen: &Screen, ann: &Person, board: &Board) {
    screen.press("ctrl+k");
    screen.until("the palette opens", field_has_focus(BOARD));
    screen.write("import");
    screen.until("the palette is short", |picture| !lies_over(BELOW_ONE_LINE)(picture));
    screen.keep("palette");
    screen.press("Return");
    screen.until("the file is asked for", lies_over(BELOW_ONE_LINE));
    screen.until("the field has the focus", field_has_focus(BOARD));
    screen.write(&board.file);
    screen.keep("file");
    screen.press("Return");
    let preview = screen.until("the preview shows", button_has_focus(BOARD));
    screen.keep("preview");
    assert_eq!(ann.tell(&["projects"])["projects"], json!([]), "nothing comes in before it is wished");
    screen.press("Return");
    screen.wait("all cards are there", || {
        let imported = ann.try_to(&["board"]).json;
        (counted(&cards(&imported)) == board.cards).then(|| {
            assert_eq!(counted(imported["columns"].as_array().unwrap()), board.columns);
        })
    });
    screen
        .until("the import has ended", |picture| picture.differs(&preview, BOARD) && button_has_focus(BOARD)(picture));
    screen.keep("imported");
    screen.press("Return");
    screen.until("the board is open", board_is_free);
    screen.keep("board");
}

/// From the first column onto the head of the second; answers with its key.
fn drag_the_first_card(screen: &Screen, ann: &Person) -> String {
    let before = shown(&ann.tell(&["board"]));
    let card = key(&before[0][0]);
    let [from, to] = [0, 1].map(|at| first_card(at, before.len()));
    let [first, second] = [0, 1].map(|at| column(at, before.len()));
    let untouched = screen.until("the board is open", board_is_free);
    screen.point(from);
    screen.until("the card is under the pointer", |picture| picture.differs(&untouched, first));
    screen.hand(&["mousedown", "1"]);
    // A window looks for what is pressed where the pointer is when it draws: first it takes hold.
    for step in 1..=10 {
        screen.point((from.0 + 2 * step, from.1));
    }
    screen.until("the card is in hand", field_has_focus(first));
    // Higher than it was, so that it lies over what is the second column's first card.
    for step in 1..=8 {
        screen.point((from.0 + (to.0 - from.0) * step / 8, from.1 - 4 * step));
    }
    screen.until("the card follows the pointer", field_has_focus(second));
    screen.keep("dragged");
    screen.hand(&["mouseup", "1"]);
    screen.wait("the card is in the other column", || {
        let now = shown(&ann.tell(&["board"]));
        (key(&now[1][0]) == card && now[0].len() + 1 == before[0].len()).then_some(())
    });
    screen.keep("dropped");
    card
}

/// What was dragged is selected: Enter opens it.
fn describe(screen: &Screen, ann: &Person, card: &str) {
    screen.press("Return");
    screen.until("the card is open", |picture| !board_is_free(picture));
    screen.press("w");
    screen.until("the field has the focus", field_has_focus(PANEL));
    // Over what may be written there.
    screen.press("ctrl+a");
    screen.write("Motor & belt, 33 1/3 rpm.");
    screen.press("Return");
    screen.write("Measure both.");
    let text = "Motor & belt, 33 1/3 rpm.\nMeasure both.";
    screen.wait("the text is there", || (ann.description_of(card) == text).then_some(()));
    screen.keep("described");
    screen.press("Escape");
    screen.until("the field is left", nothing_has_focus(PANEL));
}

fn comment(screen: &Screen, ann: &Person, card: &str) {
    screen.press("m");
    screen.until("the field has the focus", field_has_focus(PANEL));
    screen.write("Seen; it slips.");
    screen.press("ctrl+Return");
    screen.wait("the comment is there", || {
        let comments = ann.tell(&["card", card])["comments"].as_array().cloned().unwrap_or_default();
        comments.iter().any(|comment| comment["text"] == "Seen; it slips.").then_some(())
    });
    screen.keep("commented");
    screen.press("Escape");
    screen.until("the field is left", nothing_has_focus(PANEL));
    screen.press("Escape");
    screen.until("the card is closed", board_is_free);
    screen.press("Escape");
    screen.until("no card is selected", nothing_has_focus(BOARD));
}

/// With no card selected, a new one comes into the first column.
fn write_card(screen: &Screen, ann: &Person, title: &str) {
    let before = titles(ann).len();
    screen.press("c");
    screen.until("the composer has the focus", field_has_focus(BOARD));
    screen.write(title);
    screen.press("Return");
    screen.wait("the card is there", || titles(ann).contains(&title.to_owned()).then_some(()));
    assert_eq!(titles(ann).len(), before + 1);
    screen.press("Escape");
    screen.until("the composer is closed", nothing_has_focus(BOARD));
}

/// The window is killed in the middle of a title, and goes on with it.
fn interrupt(screen: &Screen, ann: &Person, window: Window) -> Window {
    let title = "Half a title";
    let waiting = ann.tell(&["outbox"])["waiting"].clone();
    screen.press("c");
    screen.until("the composer has the focus", field_has_focus(BOARD));
    screen.write(title);
    let remembered = ann.device().join("window.json");
    screen.wait("the draft is kept", || {
        std::fs::read_to_string(&remembered).ok().filter(|session| session.contains(title)).map(drop)
    });
    window.kill();
    assert_eq!(ann.tell(&["outbox"])["waiting"], waiting, "nothing is lost");
    let window = Window::open(ann, screen);
    screen.until("the board is open", board_is_free);
    screen.press("c");
    screen.until("the composer has the focus", field_has_focus(BOARD));
    screen.keep("draft");
    screen.press("Return");
    screen.wait("the card is there", || titles(ann).contains(&title.to_owned()).then_some(()));
    screen.press("Escape");
    screen.until("the composer is closed", nothing_has_focus(BOARD));
    window
}

/// The last thing that was done in this window.
fn undo_and_redo(screen: &Screen, ann: &Person) {
    let before = titles(ann);
    for (keys, is_there) in [("ctrl+z", false), ("ctrl+shift+z", true), ("ctrl+z", false)] {
        screen.press(keys);
        screen.wait(keys, || (titles(ann).contains(&"Half a title".to_owned()) == is_there).then_some(()));
    }
    assert_eq!(titles(ann).len() + 1, before.len());
    screen.keep("undone");
}

/// From the beginning, where nothing can be changed, and back.
fn play_the_past(screen: &Screen, ann: &Person) {
    let before = titles(ann);
    screen.press("t");
    screen.until("the past shows", |picture| past_shows(picture) && columns_show(picture));
    screen.press("Home");
    screen.until("the beginning shows", |picture| past_shows(picture) && !columns_show(picture));
    screen.keep("before-the-first-step");
    screen.press("space");
    screen.until("it plays", |picture| past_shows(picture) && columns_show(picture));
    screen.keep("playing");
    // Neither of these does anything in the past.
    screen.press("c");
    screen.press("Return");
    screen.keep("in-the-past");
    assert_eq!(titles(ann), before, "the past shows in the window, and not in what is so");
    screen.press("Escape");
    screen.until("now shows", |picture| !past_shows(picture) && nothing_has_focus(BOARD)(picture));
    screen.keep("now");
    write_card(screen, ann, "Written after the past");
    assert_eq!(titles(ann).len(), before.len() + 1);
}
