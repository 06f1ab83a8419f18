//! A search that finds nothing proves nothing: bugs are planted one after another, and each is found, with a shortest list of choices.
//!
//! `cargo test -p recordplayer --features planted --test exhaustive_planted -- --nocapture`

#[allow(dead_code, reason = "what is put on a shelf is enough here")]
#[path = "all/shelf.rs"]
mod shelf;

use recordplayer::planted::{Bug, plant};
use recordplayer::testing::{Act, Bounds, Search};
use shelf::{build, domain, domain_that_saves_often, put};

fn three_commands() -> Search {
    let case = Search::new(&domain()).founded_with([build(2)]);
    case.acts(0, [Act::new(put("a")), Act::new(put("b"))]).acts(1, [Act::new(put("c"))])
}

fn two_commands() -> Search {
    let case = Search::new(&domain()).founded_with([build(1)]);
    case.acts(0, [Act::new(put("a"))]).acts(1, [Act::new(put("b"))])
}

fn two_commands_of_one_device() -> Search {
    let case = Search::new(&domain()).founded_with([build(2)]);
    case.acts(0, [Act::new(put("a")), Act::new(put("b"))])
}

fn two_commands_saved_often() -> Search {
    let case = Search::new(&domain_that_saves_often()).founded_with([build(2)]);
    case.acts(0, [Act::new(put("a"))]).acts(1, [Act::new(put("b"))])
}

/// In which small case each bug is looked for; nothing for those of which small cases know nothing: who is taken out, what is redacted, clocks
/// that are set, older versions, files, texts, policies, and a domain of their own.
fn case_of(bug: Bug) -> Option<Search> {
    let nothing = Bounds::default();
    Some(match bug {
        Bug::PublishBeforeDurable | Bug::LoseRefusal => two_commands().within(nothing),
        Bug::ResumeOffByOne => two_commands().within(Bounds { breaks: 1, ..nothing }),
        Bug::RebaseBackwards => three_commands().within(nothing),
        Bug::ForgetWhileSaving => two_commands_saved_often().within(nothing),
        Bug::GoBackBehind => {
            two_commands_of_one_device().within(Bounds { restores_of_authority: 1, crashes: 1, ..nothing })
        }
        // A device whose log is lost counts further than an authority that was restored.
        Bug::ForgetClone | Bug::TrustOldAnswer => {
            let bounds = Bounds { restores_of_authority: 1, restores_of_devices: 1, ..nothing };
            two_commands_of_one_device().within(bounds)
        }
        Bug::SkipSync
        | Bug::ForgetDecided
        | Bug::RowBehindPosition
        | Bug::PlayTwice
        | Bug::TimeGoesBack
        | Bug::PauseForever
        | Bug::HashMapInPlay
        | Bug::DecideInRecovery
        | Bug::RedactLastOnly
        | Bug::KeepCheckpoint
        | Bug::RedactUnpacked
        | Bug::KeepCommand
        | Bug::OverwriteText
        | Bug::ReactAgain
        | Bug::ForgetEffects
        | Bug::SkipAccessCheck
        | Bug::TellPastRemoval
        | Bug::LeaveViewsOpen
        | Bug::ForgetRequired
        | Bug::RefuseUnknown
        | Bug::WriteUnread
        | Bug::DropUnknown => return None,
    })
}

/// A plant is of the whole process, so all of them are one test.
#[test]
fn each_planted_bug_is_found() {
    let mut missed = Vec::new();
    for (bug, search) in Bug::ALL.iter().filter_map(|bug| Some((*bug, case_of(*bug)?))) {
        plant(Some(bug));
        let found = search.run();
        plant(None);
        match found {
            Ok(explored) => missed.push(format!("{bug:?}: {explored}")),
            Err(finding) => println!("{bug:?}: {finding}"),
        }
    }
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
}
