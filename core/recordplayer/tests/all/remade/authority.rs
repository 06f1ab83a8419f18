//! At the authority, and for whoever looks there.

use recordplayer::commit::Commit;

use super::*;

/// `play` of a new version meets what another one has saved. Where it panicked over it, a command was refused for that.
#[test]
fn an_authority_decides_while_views_are_made_anew() {
    let mut authority = upgraded(3);
    says(&mut authority, 5, &rename("renamed"), 1);
    assert!(authority.space.rebuilding().is_some());
    assert!(!authority.space.is_idle(), "it stays until they are whole");
    assert!(remade_there(&mut authority) > 2);
    assert!(authority.space.is_idle());
    authority.save();
    let device = Device::copy_of(&authority, new());
    assert_eq!(device.replica.status().rebuilding, None, "and saved");
    is_whole(&device);
}

/// Who asks the authority all the time leaves it time for this, and the other way round: one piece, and a rest.
#[test]
fn a_busy_authority_plays_one_piece_at_a_time() {
    let mut authority = upgraded(6);
    authority.wake();
    let before = authority.space.rebuilding().unwrap();
    for number in 8..13 {
        says(&mut authority, number, &rename(&number.to_string()), 1);
    }
    assert_eq!(authority.space.rebuilding().unwrap().done, before.done, "no time has passed");
    authority.now = authority.now.plus_ms(10);
    says(&mut authority, 13, &rename("later"), 1);
    assert!(authority.space.rebuilding().unwrap().done > before.done);
    // A clock that is set back stops nothing.
    authority.now = Timestamp(-1_000_000);
    let done = authority.space.rebuilding().unwrap().done;
    authority.wake();
    assert!(authority.space.rebuilding().unwrap().done > done);
}

/// The append whose outcome nobody knows lets the authority read its log again.
#[test]
fn an_authority_that_falls_back_in_the_middle_begins_again() {
    let mut authority = upgraded(4);
    authority.now = authority.now.plus_ms(10);
    authority.wake();
    authority.fail_next_append();
    let entry = entry(6, CommandId(id(77)), command(1, &rename("once")));
    authority.try_to(FIRST, None, 5, entry);
    assert_eq!(authority.space.rebuilding().map(|rebuilding| rebuilding.done), Some(Position::START));
    remade_there(&mut authority);
    authority.save();
    is_whole(&Device::copy_of(&authority, new()));
}

fn redact(authority: &mut Authority, number: u64, records: Vec<Position>) {
    let redact = MembershipCommand::Redact { records, reopened: None };
    let intent = Intent::of::<Membership>(SPACE.0, &redact).unwrap();
    let entry = entry(number, CommandId(id(78)), intent);
    assert_eq!(authority.submit_answered(FIRST, None, number - 1, entry), AnswerCode::Accepted);
}

/// What is taken out of the log is in no view that was made of it before.
#[test]
fn what_is_redacted_in_the_middle_is_in_no_view() {
    let mut authority = upgraded(4);
    for _ in 0..3 {
        authority.now = authority.now.plus_ms(10);
        authority.wake();
    }
    let log = authority.log();
    let mut events = log.iter().flat_map(Commit::events);
    let second = events.find(|event| event.stream.id == id(2)).unwrap().number;
    redact(&mut authority, 6, vec![second]);
    remade_there(&mut authority);
    authority.save();
    let device = Device::copy_of(&authority, new());
    assert_eq!(device.replica.status().rebuilding, None);
    is_whole(&device);
    assert!(!device.holds("ITEM 2"));
}

/// A screen far away.
fn wall() -> ThinView {
    let mut wall = ThinView::new(new(), SPACE, ViewKey::of::<Titles<2>>(id(LIST)));
    wall.handle_connected();
    wall
}

/// The screen and the authority talk until both are silent; answers with how often the screen began.
fn talk(wall: &mut ThinView, authority: &mut Authority) -> usize {
    let mut starts = 0;
    loop {
        let mut is_silent = true;
        while let Some(output) = wall.poll_output() {
            match output {
                ThinOutput::Send(frame) => {
                    is_silent = false;
                    authority.hear(frame);
                }
                ThinOutput::Started { .. } => starts += 1,
                ThinOutput::Record(_) => {}
                ThinOutput::AccessEnded | ThinOutput::Unreadable(_) => panic!("{output:?}"),
            }
        }
        for frame in std::mem::take(&mut authority.said) {
            is_silent = false;
            wall.handle_frame(frame);
        }
        if is_silent {
            return starts;
        }
    }
}

fn shown(wall: &ThinView) -> Vec<String> {
    wall.get::<Titles<2>>().titles.values().cloned().collect()
}

/// A view that somebody looks at was made anew at the place that they had seen already, and they went on seeing what it had been.
#[test]
fn whoever_looks_gets_the_view_anew_where_it_is_whole() {
    let mut authority = upgraded(3);
    let mut wall = wall();
    assert_eq!(talk(&mut wall, &mut authority), 1);
    assert_eq!(shown(&wall), ["item 1", "item 2", "item 3"]);
    remade_there(&mut authority);
    let at = wall.position();
    assert_eq!(talk(&mut wall, &mut authority), 1);
    assert_eq!((shown(&wall), wall.position()), (vec!["ITEM 1".into(), "ITEM 2".into(), "ITEM 3".into()], at));
    says_and_keeps(&mut authority, 5, &rename("renamed"), 1);
    assert_eq!(talk(&mut wall, &mut authority), 0, "and goes on from there");
    assert_eq!(shown(&wall), ["RENAMED", "ITEM 2", "ITEM 3"]);
    // What it knows now, it need not be told again.
    wall.handle_connected();
    assert_eq!(talk(&mut wall, &mut authority), 0);
}

/// A screen had gone when the view was made anew, came back, and was told only what had come since.
#[test]
fn whoever_comes_back_after_it_was_made_anew_begins_again() {
    let mut authority = upgraded(3);
    let mut wall = wall();
    talk(&mut wall, &mut authority);
    remade_there(&mut authority);
    authority.said.clear();
    says(&mut authority, 5, &rename("renamed"), 1);
    authority.save();
    // It is remembered with what is saved.
    authority.start_again(new(), Ending::InOrder);
    wall.handle_connected();
    assert_eq!(talk(&mut wall, &mut authority), 1);
    assert_eq!(shown(&wall), ["RENAMED", "ITEM 2", "ITEM 3"]);
}

/// Views that start while something is undurable are those that are durable with it.
#[test]
fn a_view_that_is_made_anew_over_what_is_not_durable_yet_starts_when_that_is() {
    let mut authority = upgraded(2);
    let mut wall = wall();
    talk(&mut wall, &mut authority);
    authority.holds_back = Some(crate::machines::HeldBack::Appends);
    let entry = entry(4, CommandId(id(79)), command(1, &rename("renamed")));
    assert_eq!(authority.try_to(FIRST, None, 3, entry), None);
    remade_there(&mut authority);
    assert_eq!(talk(&mut wall, &mut authority), 0, "it is not durable");
    authority.let_appends_pass();
    assert_eq!(talk(&mut wall, &mut authority), 1);
    assert_eq!(shown(&wall), ["RENAMED", "ITEM 2"]);
}
