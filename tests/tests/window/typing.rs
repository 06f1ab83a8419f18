//! What is typed: where it goes, and that it stays.

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, OutputCommand};
use egui_kittest::kittest::{NodeT, Queryable};
use recordplayer::claims::Claims;
use recordplayer::replica::{TextEdit, TextWork};
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::key::card_key;
use recordplayer_kanban::reference::reference;
use recordplayer_kanban::{Card, Project};

use crate::stage::{Stage, card, steps, window};

/// The slash is a key of the palette, and a letter wherever somebody types.
#[test]
fn a_slash_is_a_letter_in_a_field() {
    let mut stage = Stage::new();
    stage.press(Key::C);
    stage.harness.get_by_label("Title of the new card").focus();
    steps(&mut stage.harness, 1);
    stage.press(Key::Slash);
    assert!(stage.harness.query_by_label("Search or run").is_none(), "the palette stays closed");
    assert!(stage.shows("Title of the new card"));
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    stage.press(Key::Slash);
    stage.type_words("Search or run", "keyboard");
    assert!(stage.shows("Keyboard shortcuts"));
}

#[test]
fn a_draft_survives_the_end_of_the_window() {
    let mut stage = Stage::new();
    stage.press(Key::C);
    stage.type_words("Title of the new card", "Half a ti");
    let Stage { harness, device, space, serving, folder } = stage;
    drop(harness);
    let harness = window(&device, folder.path());
    let mut stage = Stage { harness, device, space, serving, folder };
    steps(&mut stage.harness, 2);
    stage.press(Key::C);
    stage.press(Key::Enter);
    assert_eq!(stage.titles(0), ["Half a ti"]);
}

/// Enter in one field added the card that lay half written in another.
#[test]
fn enter_is_of_the_field_that_has_the_focus() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    stage.press(Key::C);
    stage.type_words("Title of the new card", "Half a thought");
    stage.press_with(Modifiers::COMMAND, Key::K);
    stage.type_words("Search or run", "keyboard");
    stage.press(Key::Enter);
    assert!(stage.shows("Keyboard shortcuts"));
    stage.press(Key::Escape);
    assert_eq!(stage.titles(0), ["One"]);
}

/// Two people write at once: what came while somebody typed was deleted as if they had.
#[test]
fn what_another_writes_while_one_types_stays() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    let describe = |stage: &Stage, before: &str, after: &str| {
        let edit = TextEdit::<Card> {
            command: stage.space.fresh_command(),
            entity: card("One").0,
            claims: Claims::of_act(stage.space.fresh_act()),
            work: TextWork::Edit { before, after },
            make: |change| CardCommand::Describe { change },
        };
        stage.space.send_edit(&edit).unwrap();
    };
    describe(&stage, "", "BASE");
    stage.press(Key::ArrowDown);
    stage.press(Key::W);
    let fields = stage.harness.query_all_by_label("Description");
    let field = fields.into_iter().find(|node| node.accesskit_node().is_focused()).expect("the field has the focus");
    field.type_text(" by Ann");
    steps(&mut stage.harness, 1);
    describe(&stage, "BASE", "By Bo: BASE");
    steps(&mut stage.harness, 30);
    let text = stage.space.text::<Card>(card("One"), Card::DESCRIPTION).unwrap();
    assert!(text.contains("By Bo: ") && text.contains(" by Ann"), "{text}");
}

/// A slow frame brought several keys at once, and what was typed into a field that the first one opened was done to cards.
#[test]
fn keys_that_come_at_once_are_meant_for_what_the_ones_before_them_open() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    stage.press(Key::ArrowDown);
    let press = |modifiers, key| Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
    let mut come = vec![press(Modifiers::NONE, Key::C), Event::Text("c".to_owned())];
    for title in ["fix it", "and that"] {
        for letter in title.chars() {
            come.extend(Key::from_name(&letter.to_string()).map(|key| press(Modifiers::NONE, key)));
            come.push(Event::Text(letter.to_string()));
        }
        come.push(press(Modifiers::NONE, Key::Enter));
    }
    come.extend([press(Modifiers::NONE, Key::Escape), press(Modifiers::COMMAND, Key::K)]);
    come.extend([press(Modifiers::NONE, Key::L), Event::Text("light".to_owned())]);
    come.push(press(Modifiers::NONE, Key::Enter));
    stage.harness.input_mut().events.extend(come);
    steps(&mut stage.harness, 40);
    assert_eq!(stage.titles(0), ["One", "fix it", "and that"]);
    let one = stage.space.entity::<Card>(card("One"));
    assert!(!one.done && one.members.is_empty(), "nothing was done to the card");
    assert_eq!(stage.harness.ctx.theme(), egui::Theme::Light);
}

/// What was typed right before the window was covered was sent with the next frame, which may never come.
#[test]
fn what_is_typed_is_sent_though_no_frame_follows() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    stage.press(Key::ArrowDown);
    stage.press(Key::W);
    let fields = stage.harness.query_all_by_label("Description");
    let field = fields.into_iter().find(|node| node.accesskit_node().is_focused()).expect("the field has the focus");
    field.type_text("Last words");
    stage.harness.step();
    stage.harness.state().wait_for_hand();
    assert_eq!(stage.space.text::<Card>(card("One"), Card::DESCRIPTION).unwrap(), "Last words");
}

/// A title that was being edited is there again too.
#[test]
fn a_title_survives_the_end_of_the_window() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    stage.press(Key::ArrowDown);
    stage.press(Key::E);
    stage.type_words("Title", " and a half");
    let Stage { harness, device, space, serving, folder } = stage;
    drop(harness);
    let harness = window(&device, folder.path());
    let mut stage = Stage { harness, device, space, serving, folder };
    steps(&mut stage.harness, 2);
    stage.press(Key::ArrowDown);
    stage.press(Key::Enter);
    stage.harness.get_by_label("Title").focus();
    steps(&mut stage.harness, 2);
    stage.press(Key::Enter);
    assert_eq!(stage.titles(0), ["One and a half"]);
}

#[test]
fn esc_gives_a_new_title_up_and_closes_a_menu() {
    let mut stage = Stage::with_cards(&[(0, "As it was")]);
    stage.press(Key::ArrowDown);
    stage.press(Key::Enter);
    stage.press(Key::E);
    stage.type_words("Title", " no more");
    stage.press(Key::Escape);
    assert_eq!(stage.titles(0), ["As it was"]);
    stage.press(Key::Escape);
    stage.harness.get_by_label_contains("As it was").click_secondary();
    steps(&mut stage.harness, 3);
    assert!(stage.shows("Archive card"));
    stage.press(Key::Escape);
    assert!(!stage.shows("Archive card"));
    stage.press(Key::Enter);
    assert!(stage.shows("Description"), "the card is selected still");
}

/// Whoever may write a description can put any address behind its words: one of a file would have been opened, or a program started.
#[test]
fn a_link_in_a_description_opens_nothing_but_the_web() {
    let mut stage = Stage::with_cards(&[(0, "One")]);
    let after = "[the plan](file:///etc/passwd), [the tool](Ms-Tool:run) and [the site](HTTPS://example.org)";
    let edit = TextEdit::<Card> {
        command: stage.space.fresh_command(),
        entity: card("One").0,
        claims: Claims::of_act(stage.space.fresh_act()),
        work: TextWork::Edit { before: "", after },
        make: |change| CardCommand::Describe { change },
    };
    stage.space.send_edit(&edit).unwrap();
    stage.press(Key::ArrowDown);
    stage.press(Key::Enter);
    stage.until_shows("the plan");
    let mut opened = Vec::new();
    for words in ["the plan", "the tool", "the site"] {
        stage.harness.get_by_label(words).click();
        for _ in 0..3 {
            stage.harness.step();
            let commands = &stage.harness.output().platform_output.commands;
            opened.extend(commands.iter().filter_map(|command| match command {
                OutputCommand::OpenUrl(open) => Some(open.url.clone()),
                _ => None,
            }));
        }
    }
    assert_eq!(opened, ["HTTPS://example.org"]);
    assert!(stage.shows("Only addresses of the web are opened from here, and not file:///etc/passwd"));
}

/// The card itself is kept, not what it is called just now; and one comes to it from there.
#[test]
fn a_key_in_a_description_becomes_a_link_to_its_card() {
    let mut stage = Stage::with_cards(&[(0, "One"), (1, "Two")]);
    let two = card("Two");
    let project = stage.space.entity::<Project>(stage.space.id().0);
    let key = card_key(&project.key, &stage.space.entity::<Card>(two.0).number, two);
    stage.press(Key::ArrowDown);
    stage.press(Key::W);
    stage.harness.get_by_role_and_label(Role::MultilineTextInput, "Description").type_text(&format!("After {key}."));
    steps(&mut stage.harness, 3);
    stage.press(Key::Escape);
    steps(&mut stage.harness, 30);
    let text = stage.space.text::<Card>(card("One"), Card::DESCRIPTION).unwrap();
    assert_eq!(text, format!("After {}.", reference(&key, two)));
    stage.click("Preview");
    stage.harness.get_by_role_and_label(Role::Link, &key).click();
    steps(&mut stage.harness, 30);
    assert!(stage.shows("created “Two”"), "the other card is open");
}
