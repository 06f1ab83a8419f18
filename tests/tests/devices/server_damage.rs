//! What a server has lost is not taken from its people.

use std::path::Path;
use std::sync::Arc;

use recordplayer_client::{Device, NotInStep, Space};
use recordplayer_server::{Request, Server, ask, recover};

use crate::town::{PATIENCE, Town, add_member, hash_of, project, titles, wait_until, write_card};

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        // Sockets of a server that ran are not of the backup.
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Ann's project, and Bo in it; `between` comes before Bo is a member, and `before` before there is a project.
fn founded(town: &Town, before: impl FnOnce(), between: impl FnOnce()) -> [(Device, Space); 2] {
    let (ann, bo) = (town.device("ann"), town.device("bo"));
    before();
    let mine = project(&ann, &town.url());
    ann.wait_in_step(PATIENCE).unwrap();
    between();
    add_member(&mine, &ann, "bo");
    write_card(&mine, "Durable once");
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    let his = bo.space(mine.id()).unwrap();
    [(ann, mine), (bo, his)]
}

/// The members' copies were deleted, and the sync ended well.
#[test]
fn a_server_from_an_old_backup_takes_no_copy_away_and_gets_back_what_it_lacks() {
    for has_the_project in [false, true] {
        let town = Town::new();
        let backup = town.device_folder("backup");
        let save = || {
            town.end();
            copy_folder(&town.server_folder(), &backup);
            town.start();
        };
        let devices = if has_the_project { founded(&town, || (), save) } else { founded(&town, save, || ()) };
        town.end();
        std::fs::remove_dir_all(town.server_folder()).unwrap();
        copy_folder(&backup, &town.server_folder());
        town.start();
        for (device, space) in devices {
            device.wait_in_step(PATIENCE).unwrap();
            assert!(device.notices().is_empty(), "{:?}", device.notices());
            assert_eq!(titles(&device.space(space.id()).unwrap()), ["Durable once"]);
            assert_eq!(hash_of(&space), town.hash(space.id()));
        }
    }
}

/// A flipped bit in the server's file made every member's device drop its copy.
#[test]
fn a_project_that_the_server_cannot_read_stays_with_its_people() {
    let town = Town::new();
    let [(ann, mine), (bo, his)] = founded(&town, || (), || ());
    town.end();
    let store = town.server_folder().join("store.redb");
    let whole = std::fs::read(&store).unwrap();
    let domain = Arc::new(recordplayer_kanban::domain());
    let is_unreadable = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&store, &bytes).unwrap();
        Server::open(Arc::clone(&domain), &town.server_folder())
            .is_ok_and(|server| server.control().unreadable_count() == 1)
    };
    let at = (8_192..whole.len()).step_by(1_531).find(|at| is_unreadable(*at));
    assert!(at.is_some(), "no flipped bit makes the space unreadable and leaves the file to be opened");
    town.start();
    assert!(town.control(|control| control.find_spaces("Turntable")).is_empty(), "nobody knows its title");
    for (device, space) in [(&ann, &mine), (&bo, &his)] {
        wait_until(device, || matches!(device.in_step(), Err(NotInStep::Unavailable { .. })));
        assert_eq!(titles(&device.space(space.id()).unwrap()), ["Durable once"]);
    }
    // And when it is whole again, everything goes on.
    town.end();
    std::fs::write(&store, &whole).unwrap();
    town.start();
    write_card(&mine, "Written meanwhile");
    // Until the lines are new, what the server said before still holds.
    for device in [&ann, &bo] {
        wait_until(device, || device.in_step().is_ok());
    }
    bo.wait_in_step(PATIENCE).unwrap();
    wait_until(&bo, || titles(&his).len() == 2);
    assert_eq!(hash_of(&his), town.hash(his.id()));
}

/// redb panics on some damage, and answers wrongly on other; a token that was taken for unknown locked somebody out.
#[test]
fn damaged_accounts_are_refused_and_never_wrong() {
    let town = Town::new();
    let token = town.token("ann");
    town.end();
    let file = town.server_folder().join("accounts.redb");
    let whole = std::fs::read(&file).unwrap();
    let domain = Arc::new(recordplayer_kanban::domain());
    let mut refused = 0;
    for at in (0..whole.len()).step_by(197) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&file, &bytes).unwrap();
        match Server::open(Arc::clone(&domain), &town.server_folder()) {
            Ok(server) => {
                let device = server.control().accounts().device(&token);
                assert_eq!(device.expect("the token is known").name, "ann", "byte {at}");
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0, "no flip was noticed");
    for gone in [None, Some(&b""[..]), Some(b"something else")] {
        match gone {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        assert!(Server::open(Arc::clone(&domain), &town.server_folder()).is_err(), "{gone:?}");
        assert_eq!(std::fs::read(&file).ok().as_deref(), gone, "nothing was made anew");
    }
    std::fs::write(&file, &whole).unwrap();
    let server = Server::open(domain, &town.server_folder()).unwrap();
    assert!(server.control().accounts().device(&token).is_some());
}

/// A backup takes the server's place, and the devices bring what it has lost: it is as it was, nobody is told of anything, and what waited is
/// decided when the admin has opened it.
#[test]
fn a_server_in_recovery_gets_back_what_it_has_lost_as_it_was() {
    let town = Town::new();
    let backup = town.device_folder("backup");
    let [(ann, mine), (bo, his)] = founded(&town, || (), || ());
    town.end();
    copy_folder(&town.server_folder(), &backup);
    town.start();
    write_card(&mine, "By Ann");
    write_card(&his, "By Bo");
    wait_until(&ann, || titles(&mine).len() == 3);
    wait_until(&bo, || titles(&his).len() == 3);
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    let before = town.hash(mine.id());
    town.end();
    write_card(&mine, "Waited");
    std::fs::remove_dir_all(town.server_folder()).unwrap();
    copy_folder(&backup, &town.server_folder());
    let domain = recordplayer_kanban::domain().shared();
    assert_eq!(recover(domain, &town.server_folder(), 24).unwrap()["recovering"], 1);
    town.start();
    wait_until(&ann, || town.hash(mine.id()) == before);
    assert_eq!(titles(&his).len(), 3, "nothing new is decided yet");
    let folder = town.server_folder();
    let in_use = recover(recordplayer_kanban::domain().shared(), &folder, 24).unwrap_err();
    assert_eq!(in_use.code, "in_use", "{in_use:?}");
    town.reopen();
    let all = ["By Ann", "By Bo", "Durable once", "Waited"];
    wait_until(&ann, || titles(&mine) == all);
    wait_until(&bo, || titles(&his) == all);
    for device in [&ann, &bo] {
        device.wait_in_step(PATIENCE).unwrap();
        assert!(device.notices().iter().all(|notice| !notice.contains("restored")), "{:?}", device.notices());
    }
    assert_eq!(hash_of(&his), town.hash(mine.id()));
}

/// A backup takes the server's place, and its admin opens it at once: what it has lost comes back from the devices of those who did it, and what
/// only others had lies in a file.
#[test]
fn what_a_restored_server_has_lost_comes_back_from_its_people() {
    let town = Town::new();
    let backup = town.device_folder("backup");
    let [(ann, mine), (bo, his)] = founded(&town, || (), || ());
    town.end();
    copy_folder(&town.server_folder(), &backup);
    town.start();
    let both_know = |count: usize| {
        wait_until(&ann, || titles(&mine).len() == count);
        wait_until(&bo, || titles(&his).len() == count);
    };
    write_card(&mine, "By Ann");
    both_know(2);
    write_card(&his, "By Bo");
    both_know(3);
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    town.end();
    write_card(&mine, "Waited");
    std::fs::remove_dir_all(town.server_folder()).unwrap();
    copy_folder(&backup, &town.server_folder());
    ask(recordplayer_kanban::domain().shared(), &town.server_folder(), &Request::Reopen).unwrap();
    town.start();
    let all = ["By Ann", "By Bo", "Durable once", "Waited"];
    wait_until(&ann, || titles(&mine) == all);
    wait_until(&bo, || titles(&his) == all);
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    assert_eq!(hash_of(&mine), town.hash(mine.id()));
    assert_eq!(hash_of(&his), town.hash(mine.id()));
    for (device, lost) in [(&ann, "By Bo"), (&bo, "By Ann")] {
        let notices = device.notices();
        let told = notices.iter().find(|notice| notice.contains("restored from a backup")).expect("it is told");
        let path = told.split(" lies in ").nth(1).and_then(|rest| rest.split(". It is").next()).expect("with a file");
        let file = std::fs::read_to_string(path).unwrap();
        assert!(file.contains(lost), "{file}");
    }
}
