//! Disks without room: what is promised holds, people are told what is wrong, and with room everything goes on.

use std::process::Command;

use recordplayer_processes::accident::Round;
use recordplayer_processes::chance::{Chance, fresh_seed};
use recordplayer_processes::clock::PATIENCE;
use recordplayer_processes::faults::{SmallDisk, say_absent};
use recordplayer_processes::ledger::Word;
use recordplayer_processes::process::Around;
use recordplayer_processes::town::Town;

/// Of which a store that is opened again needs several times what it holds.
const DISK_BYTES: u64 = 32 << 20;
/// Says that this is the test program once more, where it may mount.
const AGAIN: &str = "RECORDPLAYER_OWN_MOUNTS";

/// Runs a check on a small disk: here, or where this process may not mount, in name spaces of its own.
fn on_a_small_disk(test: &str, check: impl Fn(&SmallDisk, &std::path::Path)) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("disk");
    if let Some(disk) = SmallDisk::mount(&place, DISK_BYTES) {
        return check(&disk, &place);
    }
    let may = |mut command: Command| command.output().is_ok_and(|output| output.status.success());
    let unshare = || {
        let mut command = Command::new("unshare");
        command.arg("-rm");
        command
    };
    let mut try_it = unshare();
    try_it.arg("true");
    if std::env::var_os(AGAIN).is_some() || !may(try_it) {
        return say_absent("tmpfs", 1);
    }
    let mut again = unshare();
    again.arg(std::env::current_exe().unwrap()).args([test, "--exact"]).env(AGAIN, "1");
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // It may not have been allowed to mount there either.
    if said.contains("tmpfs absent") {
        say_absent("tmpfs", 1);
    }
}

#[test]
fn a_server_without_room_ends_with_a_clear_message_and_goes_on_when_there_is_room() {
    on_a_small_disk("a_server_without_room_ends_with_a_clear_message_and_goes_on_when_there_is_room", |disk, place| {
        let mut chance = Chance::new(fresh_seed());
        let mut town =
            Town::with_folders(
                &mut chance,
                |folder, name| {
                    if name == "server" { place.join(name) } else { folder.join(name) }
                },
            );
        town.expect_failures();
        disk.fill(8 << 10);
        for _ in 0..40 {
            if !town.server.is_running() {
                break;
            }
            town.play(&Round { cards_here: 40, ..Round::of_work(&mut chance) });
        }
        let end = town.server.wait_for_end(PATIENCE).expect("a server that cannot write ends");
        assert_eq!(end.code, Some(5), "{end:?}");
        assert!(town.server.log_text().contains("free space or check the disk"), "{}", town.server.log_text());
        // Whoever starts it again before there is room loses nothing by that.
        let again = town.server.try_to_serve(&Around::Nothing);
        if let Err(end) = again {
            assert_eq!(end.code, Some(5), "{end:?}");
        }
        disk.clear();
        let _ = town.server.kill();
        town.heal();
        town.check();
    });
}

#[test]
fn a_command_without_room_says_so_and_those_after_it_go_on_when_there_is_room() {
    on_a_small_disk("a_command_without_room_says_so_and_those_after_it_go_on_when_there_is_room", |disk, place| {
        let mut chance = Chance::new(fresh_seed());
        let mut town =
            Town::with_folders(
                &mut chance,
                |folder, name| {
                    if name == "ann" { place.join(name) } else { folder.join(name) }
                },
            );
        town.expect_failures();
        disk.fill(8 << 10);
        write_until_it_fails(&mut town, &Around::Nothing);
        disk.clear();
        go_on(&mut town);
    });
}

/// Where no disk can be mounted, files that may not grow are as good.
#[test]
fn a_command_whose_files_may_not_grow_says_so_and_those_after_it_go_on_when_they_may() {
    let mut town = Town::new(&mut Chance::new(fresh_seed()));
    town.expect_failures();
    let files = std::fs::read_dir(town.people[0].folder()).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
    let around = Around::FileBytesMax(files.max().unwrap());
    write_until_it_fails(&mut town, &around);
    go_on(&mut town);
}

/// Ann writes cards until she is told that her disk is full, in words that help her.
fn write_until_it_fails(town: &mut Town, around: &Around) {
    let ann = &mut town.people[0];
    for _ in 0..400 {
        let title = ann.next_title();
        let end = ann.start(around, &["card", "new", &title, "--column", "Backlog"]).wait();
        let promise = ann.said(&end, Some(title));
        let has_failed = promise.word == Word::Nothing;
        town.ledger.note(promise);
        if has_failed {
            let message = end.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
            assert!(end.code == Some(5) && message.contains("free space"), "{end:?}");
            return;
        }
    }
    panic!("the disk is never full");
}

fn go_on(town: &mut Town) {
    let ann = &mut town.people[0];
    let title = ann.next_title();
    let end = ann.try_to(&["card", "new", &title, "--column", "Backlog"]);
    assert_eq!(end.code, Some(0), "{end:?}");
    let promise = ann.said(&end, Some(title));
    town.ledger.note(promise);
    town.heal();
    town.check();
}
