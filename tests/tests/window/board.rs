//! The board and its cards.

use std::sync::mpsc::channel;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use recordplayer::id::Id;
use recordplayer_app::ui::Desktop;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::ColumnCommand;
use recordplayer_kanban::ids::{ChecklistId, ItemId, LabelId};
use recordplayer_kanban::limits::COMMENT_BYTES_MAX;
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::{Card, Column, Project};

use crate::stage::{PATIENCE, Stage, card, column, moves_to, steps, window};

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

/// In a long column it opened below what is seen.
#[test]
fn the_composer_comes_into_sight() {
    let titles: Vec<String> = (1..=30).map(|number| format!("Card {number}")).collect();
    let cards: Vec<(usize, &str)> = titles.iter().map(|title| (0, title.as_str())).collect();
    let mut stage = Stage::with_cards(&cards);
    for title in ["First", "Second"] {
        stage.press(Key::C);
        steps(&mut stage.harness, 30);
        let field = stage.harness.get_by_label("Title of the new card").rect();
        assert!(field.top() > 96.0 && field.bottom() < 728.0, "{field:?}");
        stage.type_words("Title of the new card", title);
        stage.press(Key::Enter);
        steps(&mut stage.harness, 30);
        let field = stage.harness.get_by_label("Title of the new card").rect();
        assert!(field.top() > 96.0 && field.bottom() < 728.0, "{field:?}");
        stage.press(Key::Escape);
    }
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
fn small_things_of_one_person_are_one_line_until_it_is_opened() {
    let mut stage = Stage::with_cards(&[(0, "Busy")]);
    let id = card("Busy");
    for title in ["Busier", "Busiest"] {
        stage.space.send::<Card>(id, &CardCommand::Rename { title: title.to_owned() }).unwrap();
    }
    stage.press(Key::ArrowDown);
    stage.press(Key::Enter);
    let line = "ann renamed it to “Busiest”, renamed it to “Busier”, and 1 more";
    assert!(!stage.shows("created “Busy”"));
    stage.click(line);
    assert!(stage.shows("created “Busy”"));
    stage.click(line);
    assert!(!stage.shows("created “Busy”"));
}

#[test]
fn a_comment_that_is_not_taken_stays_in_its_field() {
    let mut stage = Stage::with_cards(&[(0, "Old title")]);
    stage.press(Key::ArrowDown);
    stage.press(Key::Enter);
    let words = "long ".repeat(COMMENT_BYTES_MAX / 5 + 1);
    stage.type_words("Write a comment", &words);
    stage.press_with(Modifiers::COMMAND, Key::Enter);
    assert!(stage.shows("A comment"), "it says why");
    let field = stage.harness.get_by_label("Write a comment");
    assert_eq!(field.accesskit_node().value(), Some(words));
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

/// Backspace archived the card behind the sheet of keys.
#[test]
fn what_lies_over_the_board_keeps_the_keys_from_it() {
    let mut stage = Stage::with_cards(&[(0, "One"), (0, "Two")]);
    stage.press(Key::ArrowDown);
    stage.press(Key::Questionmark);
    assert!(stage.shows("Keyboard shortcuts"));
    for key in [Key::Backspace, Key::X, Key::C, Key::T, Key::Enter] {
        stage.press(key);
    }
    stage.press_with(Modifiers::SHIFT, Key::ArrowRight);
    assert!(stage.shows("Keyboard shortcuts"));
    stage.press(Key::Escape);
    assert_eq!(stage.titles(0), ["One", "Two"]);
    assert!(!stage.shows("Description") && !stage.shows("Back to now") && !stage.shows("Title of the new card"));
}

/// Where the last move and the release came with one frame, the card fell where the pointer had been before.
#[test]
fn a_card_falls_where_the_pointer_lets_go_of_it() {
    let mut stage = Stage::with_cards(&[(0, "One"), (0, "Two"), (1, "There")]);
    let middle_of = |stage: &Stage, label| stage.harness.get_by_label_contains(label).rect().center();
    let (from, to) = (middle_of(&stage, "One"), middle_of(&stage, "There"));
    stage.harness.drag_at(from);
    steps(&mut stage.harness, 1);
    stage.harness.hover_at(from + egui::vec2(40.0, 0.0));
    steps(&mut stage.harness, 1);
    // The harness gives each event a frame of its own; a busy screen does not.
    let (pos, button, modifiers) = (to + egui::vec2(40.0, 200.0), egui::PointerButton::Primary, Modifiers::NONE);
    let release = Event::PointerButton { pos, button, pressed: false, modifiers };
    stage.harness.input_mut().events.extend([Event::PointerMoved(pos), release]);
    steps(&mut stage.harness, 2);
    assert_eq!(stage.titles(0), ["Two"]);
    assert_eq!(stage.titles(1), ["There", "One"]);
}

/// The window ended with a panic: the field knew a cursor from before, in a text that was not read yet. And Esc closed the card at once.
#[test]
fn a_described_card_is_left_layer_by_layer_and_opened_again() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    stage.press(Key::ArrowDown);
    for words in ["Slow and steady. ", "On we go."] {
        stage.press(Key::W);
        stage.harness.get_by_role_and_label(Role::MultilineTextInput, "Description").type_text(words);
        steps(&mut stage.harness, 3);
        stage.press(Key::Escape);
        assert!(stage.shows("Activity"), "only the field is left");
        stage.press(Key::Escape);
        assert!(!stage.shows("Activity"));
    }
    let text = stage.space.text::<Card>(card("One"), Card::DESCRIPTION).unwrap();
    assert_eq!(text, "Slow and steady. On we go.");
}

/// After a restart, and after a kill, the board began at its upper left corner again.
#[test]
fn a_board_is_scrolled_as_it_was_when_the_window_ends() {
    let titles: Vec<String> = (1..=40).map(|number| format!("Card {number}")).collect();
    let cards: Vec<(usize, &str)> = titles.iter().map(|title| (0, title.as_str())).collect();
    let mut stage = Stage::with_cards(&cards);
    let top = |harness: &Harness<'static, Desktop>| harness.get_by_label_contains("Card 30").rect().top();
    stage.press(Key::ArrowDown);
    for _ in 0..30 {
        stage.press(Key::ArrowDown);
    }
    steps(&mut stage.harness, 30);
    let before = top(&stage.harness);
    stage.press(Key::Enter);
    steps(&mut stage.harness, 3);
    let Stage { harness, device, folder, serving, .. } = stage;
    drop(harness);
    let mut again = window(&device, folder.path());
    steps(&mut again, 3);
    assert!((top(&again) - before).abs() < 1.0, "{} is not {before}", top(&again));
    drop(serving);
}

/// While the machine merged what had come, or read from the disk, the window stood still.
#[test]
fn the_window_goes_on_while_the_machine_is_at_work() {
    let mut stage = Stage::with_cards(&[(0, "One"), (0, "Two"), (1, "Three")]);
    stage.press(Key::ArrowDown);
    let (is_at_work, at_work) = channel();
    let (is_drawn, drawn) = channel();
    let space = stage.space.clone();
    let machine = std::thread::spawn(move || {
        let hold = |_: &_| {
            is_at_work.send(()).unwrap();
            drawn.recv_timeout(PATIENCE).is_ok()
        };
        space.inspect(hold).unwrap()
    });
    at_work.recv().unwrap();
    let keys = [
        (Modifiers::SHIFT, Key::ArrowRight),
        (Modifiers::NONE, Key::S),
        (Modifiers::NONE, Key::Escape),
        (Modifiers::NONE, Key::G),
        (Modifiers::NONE, Key::O),
        (Modifiers::NONE, Key::Escape),
        (Modifiers::COMMAND, Key::K),
        (Modifiers::NONE, Key::Escape),
        (Modifiers::NONE, Key::Enter),
    ];
    for (modifiers, key) in keys {
        stage.harness.key_press_modifiers(modifiers, key);
        stage.harness.step();
    }
    is_drawn.send(()).unwrap();
    assert!(machine.join().unwrap(), "every key had its frame while the machine was at work");
    steps(&mut stage.harness, 3);
    assert_eq!(stage.titles(1), ["One", "Three"], "what was wanted is done, in its order");
    assert!(stage.shows("Description"), "the card is open");
}

/// In a narrow window an open card covers the board.
#[test]
fn beside_an_open_card_nothing_is_squeezed() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    stage.harness.set_size(egui::vec2(900.0, 600.0));
    stage.press(Key::ArrowDown);
    stage.press(Key::Enter);
    assert!(stage.shows("Description") && !stage.shows("In progress"));
    stage.press(Key::Escape);
    assert!(stage.shows("In progress"));
}

#[test]
fn a_card_has_a_menu_of_the_same_commands() {
    let mut stage = Stage::with_cards(&[(0, "One"), (0, "Two")]);
    stage.harness.get_by_label_contains("Two").click_secondary();
    steps(&mut stage.harness, 3);
    stage.click("Archive card");
    assert_eq!(stage.titles(0), ["One"]);
    assert!(!stage.shows("Archive card"), "the menu is closed");
    stage.harness.get_by_label_contains("One").click_secondary();
    steps(&mut stage.harness, 3);
    stage.click("Move card to the right");
    assert_eq!(stage.titles(1), ["One"]);
}

#[test]
fn what_was_refused_for_one_reason_is_one_row() {
    let mut stage = Stage::online();
    stage.add_cards(&[(0, "Belt"), (0, "Platter")]);
    stage.device.wait_in_step(PATIENCE).unwrap();
    let archive = ColumnCommand::Archive {};
    let mut stage = stage.after_both(
        |space| ["Belt", "Platter"].into_iter().for_each(|title| moves_to(space, card(title), column(1))),
        |space| drop(space.send::<Column>(column(1), &archive).unwrap()),
    );
    stage.until_shows("2 need you");
    stage.press(Key::G);
    stage.press(Key::O);
    stage.until_shows("2 changes for one reason");
    assert!(!stage.shows("Move TT-1 to In progress"), "each shows when it is asked for");
    stage.click("Show each");
    assert!(stage.shows("Move TT-1 to In progress") && stage.shows("Move TT-2 to In progress"));
    stage.click("Discard all");
    stage.until_shows("Outbox empty");
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
        let create = CardCommand::Create {
            column: column(0),
            title: title.to_owned(),
            before: None,
            exempt: false,
            typed: None,
        };
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
    stage.until_gone("TT-1 One");
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
    let set = ProjectCommand::SetLabel { twin: false, label, name: "Bug".to_owned(), colour: "red".to_owned() };
    stage.space.send::<Project>(stage.space.id().0, &set).unwrap();
    let id = card("Furnished");
    let list = CardCommand::SetChecklist { checklist, name: "Steps".to_owned() };
    stage.space.send::<Card>(id, &list).unwrap();
    let step = CardCommand::SetItem { checklist, item, text: "Measure it".to_owned(), done: false, before: None };
    stage.space.send::<Card>(id, &step).unwrap();
    stage.press(Key::ArrowDown);
    stage.press(Key::I);
    stage.press(Key::Enter);
    stage.click("Measure it");
    stage.click("Label...");
    stage.click("Bug");
    stage.press(Key::Escape);
    stage.click("Set due day...");
    stage.harness.get_by_label_contains("In a week").click();
    steps(&mut stage.harness, 3);
    let card = stage.space.entity::<Card>(id);
    assert!(card.checklists[0].items[0].done);
    assert_eq!(card.labels.iter().collect::<Vec<_>>(), [&label]);
    assert_eq!(card.members.len(), 1);
    assert!(card.due.is_some());
}
