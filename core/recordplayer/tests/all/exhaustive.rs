//! All interleavings of small cases over the real machines: what `world` draws from seeds is here gone through to the end.
//!
//! Each rule is searched in a case of one or two commands with each `cargo test`, and in cases of three on demand (`mod whole`), in a release
//! build; `docs/reliability.md` has the command, and what it came to. A failure prints a shortest list of choices, and how to play just that.

use crate::shelf::{build, domain, domain_that_saves_often, label, put};
use recordplayer::testing::{Act, Bounds, Crashing, Search};

/// One command, and another device that only looks on.
fn one_command() -> Search {
    Search::new(&domain()).founded_with([build(1)]).acts(0, [Act::new(put("a"))])
}

/// Two commands of two people, for one place: one of them is refused.
fn two_commands() -> Search {
    one_command().acts(1, [Act::new(put("b"))])
}

/// Three commands for two places.
fn three_commands() -> Search {
    let case = Search::new(&domain()).founded_with([build(2)]);
    case.acts(0, [Act::new(put("a")), Act::new(put("b"))]).acts(1, [Act::new(put("c"))])
}

/// A place for one of two, and a label by who may not get it, which stands or falls with that; while the other device sets a label as well.
fn requiring_commands() -> Search {
    let case = Search::new(&domain()).founded_with([build(1)]);
    let first = [Act::new(put("a")), Act::requiring(label("of a"), [0])];
    case.acts(0, first).acts(1, [Act::new(put("b")), Act::new(label("of b"))])
}

fn crash() -> Bounds {
    Bounds { crashes: 1, ..Bounds::default() }
}

fn failure() -> Bounds {
    Bounds { failures: 1, ..Bounds::default() }
}

fn lost_connection() -> Bounds {
    Bounds { breaks: 1, ..Bounds::default() }
}

fn restore() -> Bounds {
    Bounds { restores_of_authority: 1, ..Bounds::default() }
}

fn copies() -> Bounds {
    Bounds { restores_of_devices: 1, ..Bounds::default() }
}

/// Nothing is found, whatever happens in whatever order.
fn assert_holds(case: Search, bounds: Bounds) {
    let search = case.within(bounds);
    let found = match std::env::var("RECORDPLAYER_CHOICES") {
        Ok(choices) => search.replay(&choices),
        Err(_) => search.run().map(|explored| {
            assert_eq!(explored.ends_that_want_a_ping, 0, "where nothing was lost, nobody waits for a ping");
            println!("{explored}");
        }),
    };
    if let Err(finding) = found {
        let choices: Vec<String> = finding.choices.iter().map(ToString::to_string).collect();
        panic!("{finding}; replay with RECORDPLAYER_CHOICES={:?} and the same test", choices.join(" "));
    }
}

#[test]
fn in_every_order_two_devices_and_their_authority_come_to_agree() {
    assert_holds(three_commands(), Bounds { batches: true, ..Bounds::default() });
}

#[test]
fn a_crash_at_any_moment_loses_and_doubles_nothing() {
    assert_holds(two_commands(), crash());
}

#[test]
fn an_append_without_an_answer_at_any_moment_is_decided_once() {
    assert_holds(two_commands(), failure());
}

#[test]
fn what_requires_another_command_stands_or_falls_with_it_in_every_order() {
    assert_holds(requiring_commands(), Bounds { batches: true, steps_max: Some(15), ..Bounds::default() });
}

#[test]
fn an_authority_that_comes_back_from_any_earlier_copy_gets_back_what_it_lost() {
    assert_holds(one_command(), restore());
}

#[test]
fn files_of_a_device_that_come_back_or_come_over_another_double_nothing() {
    assert_holds(two_commands(), copies());
}

#[test]
fn a_connection_that_is_lost_at_any_moment_loses_and_doubles_nothing() {
    assert_holds(two_commands(), lost_connection());
}

#[test]
fn a_list_of_choices_is_played_as_it_is_printed() {
    let search = two_commands().within(crash());
    assert_eq!(search.replay("submit.0 save.0 crash.0 connect.0 submit.1 up.0 down.0"), Ok(()));
    let finding = search.replay("submit.0 save.0 down.0 save.0").unwrap_err();
    assert!(finding.to_string().starts_with("down.0 cannot happen here"), "{finding}");
    assert!(finding.to_string().ends_with("after 2 choices: submit.0 save.0"), "{finding}");
}

/// Three commands, and two accidents together; or two commands, where a restore brings everything back once more.
mod whole {
    use super::*;

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_crash_and_a_lost_connection_together() {
        assert_holds(three_commands(), Bounds { breaks: 1, ..crash() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_crash_and_an_append_without_an_answer_together() {
        assert_holds(three_commands(), Bounds { failures: 1, ..crash() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_lost_connection_and_an_append_without_an_answer_together() {
        assert_holds(three_commands(), Bounds { failures: 1, ..lost_connection() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_lost_connection_and_a_ping_at_any_moment() {
        assert_holds(three_commands(), Bounds { pings: 1, ..lost_connection() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_crash_where_everything_is_saved_at_every_second_event() {
        let case = Search::new(&domain_that_saves_often()).founded_with([build(2)]);
        let first = [Act::new(put("a")), Act::new(label("of a"))];
        assert_holds(case.acts(0, first).acts(1, [Act::new(put("b"))]), crash());
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn what_requires_another_command_and_a_lost_connection() {
        assert_holds(requiring_commands(), Bounds { batches: true, ..lost_connection() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_restored_authority_and_a_crash() {
        assert_holds(two_commands(), Bounds { crashes: 1, ..restore() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_restored_authority_and_a_lost_connection() {
        assert_holds(two_commands(), Bounds { breaks: 1, ..restore() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_restored_authority_and_files_of_a_device_that_come_back() {
        assert_holds(one_command(), Bounds { restores_of_authority: 1, ..copies() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_restored_authority_of_three_commands() {
        assert_holds(three_commands(), restore());
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_restored_authority_and_its_crash_of_three_commands() {
        assert_holds(three_commands(), Bounds { crashes: 1, crashing: Crashing::Authority, ..restore() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_restored_authority_and_a_crash_of_the_first_device_of_three_commands() {
        assert_holds(three_commands(), Bounds { crashes: 1, crashing: Crashing::Device(0), ..restore() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn a_restored_authority_and_a_crash_of_the_second_device_of_three_commands() {
        assert_holds(three_commands(), Bounds { crashes: 1, crashing: Crashing::Device(1), ..restore() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn files_of_a_device_that_come_back_of_three_commands() {
        assert_holds(three_commands(), copies());
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn files_of_a_device_that_come_back_and_a_crash() {
        assert_holds(two_commands(), Bounds { crashes: 1, ..copies() });
    }

    #[test]
    #[ignore = "for a release build, on demand"]
    fn files_of_a_device_of_one_person_that_come_over_the_other() {
        assert_holds(three_commands().of_one_person(), copies());
    }
}
