//! What was done is taken back, and done again.

use egui::{Key, Modifiers};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;

use crate::stage::{PATIENCE, Stage, card, column, steps};

const REDO: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

impl Stage {
    /// Presses undo or redo, and waits for what it brings.
    fn until_cards(&mut self, modifiers: Modifiers, expected: [&[&str]; 2]) {
        self.press_with(modifiers, Key::Z);
        let deadline = PATIENCE.as_millis() / 10;
        for _ in 0..deadline {
            if [self.titles(0), self.titles(1)] == expected.map(<[&str]>::to_vec) {
                return;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(10));
            self.harness.step();
        }
        panic!("{:?} and {:?}, expected {expected:?}", self.titles(0), self.titles(1));
    }
}

#[test]
fn moves_and_new_cards_are_undone_and_done_again() {
    let mut stage = Stage::with_cards(&[(0, "One"), (0, "Two"), (0, "Three")]);
    stage.press(Key::ArrowDown);
    stage.press(Key::ArrowDown);
    stage.press_with(Modifiers::SHIFT, Key::ArrowRight);
    stage.press(Key::C);
    stage.type_words("Title of the new card", "New");
    stage.press(Key::Enter);
    stage.press(Key::Escape);
    assert_eq!((stage.titles(0).len(), stage.titles(1).len()), (2, 2));
    stage.until_cards(Modifiers::COMMAND, [&["One", "Three"], &["Two"]]);
    // Where it stood, and not at the end.
    stage.until_cards(Modifiers::COMMAND, [&["One", "Two", "Three"], &[]]);
    stage.until_cards(REDO, [&["One", "Three"], &["Two"]]);
    stage.until_cards(REDO, [&["One", "Three"], &["Two", "New"]]);
    stage.until_cards(Modifiers::COMMAND, [&["One", "Three"], &["Two"]]);
}

/// What had been taken back counted as somebody else's, and the act before it could not be taken back any more.
#[test]
fn act_by_act_is_taken_back_and_done_again() {
    let mut stage = Stage::with_cards(&[(0, "One"), (0, "Two")]);
    let titles = |stage: &mut Stage| stage.titles(0);
    stage.press(Key::ArrowDown);
    for more in [" more", " and more"] {
        stage.press(Key::E);
        stage.type_words("Title", more);
        stage.press(Key::Enter);
        stage.press(Key::Escape);
    }
    stage.press_with(Modifiers::SHIFT, Key::ArrowDown);
    let steps_back = [["Two", "One more and more"], ["One more and more", "Two"], ["One more", "Two"], ["One", "Two"]];
    for _ in 0..2 {
        assert_eq!(titles(&mut stage), steps_back[0]);
        for expected in &steps_back[1..] {
            stage.press_with(Modifiers::COMMAND, Key::Z);
            assert_eq!(titles(&mut stage), expected);
        }
        for expected in steps_back[..3].iter().rev() {
            stage.press_with(REDO, Key::Z);
            assert_eq!(titles(&mut stage), expected);
        }
    }
}

/// A card that was made, changed and changed back could not be taken back: somebody had changed it since.
#[test]
fn a_new_card_that_was_changed_and_changed_back_is_taken_back() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    stage.press(Key::C);
    stage.type_words("Title of the new card", "New");
    stage.press(Key::Enter);
    stage.press(Key::Escape);
    for _ in 0..2 {
        stage.press(Key::ArrowDown);
    }
    stage.press_with(Modifiers::SHIFT, Key::ArrowRight);
    assert_eq!(stage.titles(1), ["New"]);
    for _ in 0..2 {
        stage.press_with(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!((stage.titles(0).len(), stage.titles(1).len()), (1, 0));
}

#[test]
fn an_archived_card_comes_back_by_the_note() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    stage.press(Key::ArrowDown);
    stage.press(Key::Backspace);
    assert!(stage.titles(0).is_empty());
    stage.click("Undo");
    stage.until_shows("One");
    assert_eq!(stage.titles(0), ["One"]);
}

#[test]
fn what_somebody_has_changed_since_is_left_and_told() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    stage.press(Key::ArrowDown);
    stage.press(Key::E);
    stage.type_words("Title", " more");
    stage.press(Key::Enter);
    stage.press(Key::Escape);
    // As if by another person: not by this window.
    stage.space.send::<Card>(card("One"), &CardCommand::Rename { title: "By another".to_owned() }).unwrap();
    stage.press_with(Modifiers::COMMAND, Key::Z);
    stage.until_shows("somebody has changed it since");
    assert_eq!(stage.titles(0), ["By another"]);
}

/// Taking back one's own move is not stopped by the limit of the column that it came from.
#[test]
fn a_full_column_takes_back_what_has_just_left_it() {
    let mut stage = Stage::with_cards(&[(1, "One"), (1, "Two")]);
    stage.press(Key::ArrowDown);
    stage.press_with(Modifiers::SHIFT, Key::ArrowLeft);
    let create =
        CardCommand::Create { column: column(1), title: "Three".to_owned(), before: None, exempt: false, typed: None };
    stage.space.send::<Card>(card("Three"), &create).unwrap();
    assert_eq!(
        (stage.titles(0), stage.titles(1)),
        (vec!["One".to_owned()], vec!["Two".to_owned(), "Three".to_owned()])
    );
    stage.until_cards(Modifiers::COMMAND, [&[], &["One", "Two", "Three"]]);
}

#[test]
fn a_field_takes_back_its_own_letters() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    stage.press(Key::ArrowDown);
    stage.press(Key::M);
    stage.type_words("Write a comment", "Typed");
    stage.press_with(Modifiers::COMMAND, Key::Z);
    steps(&mut stage.harness, 3);
    assert_eq!(stage.titles(0), ["One"], "the card was not put away");
}
