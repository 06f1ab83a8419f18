//! What is a person's own: it follows them to each of their devices, and nobody else has it.

use recordplayer::id::{CommandId, Id, SpaceId};
use recordplayer::time::Timestamp;
use recordplayer_client::{Device, Space};
use recordplayer_kanban::desk::DeskCommand;
use recordplayer_kanban::ids::SearchId;
use recordplayer_kanban::marks::MarksCommand;
use recordplayer_kanban::{Desk, Marks};

use crate::town::{PATIENCE, Town, hash_of, project, wait_until};

const PROJECT: Id = Id([0x77; 16]);

fn entry(number: u8) -> CommandId {
    CommandId(Id([number; 16]))
}

fn read(space: &Space, number: u8) {
    space.send::<Marks>(PROJECT, &MarksCommand::Read { entries: vec![entry(number)] }).unwrap();
}

fn save_search(space: &Space, number: u8, name: &str) {
    let search = SearchId(Id([number; 16]));
    let save = DeskCommand::SaveSearch { search, name: name.to_owned(), query: "is:blocked".to_owned() };
    space.send::<Desk>(space.id().0, &save).unwrap();
}

fn names(space: &Space) -> Vec<String> {
    let desk = space.entity::<Desk>(space.id().0);
    desk.searches.values().map(|search| search.name.clone()).collect()
}

/// Another device of the person: its folder has this name.
fn another(town: &Town, folder: &str, person: &str) -> Device {
    let device = town.open(folder);
    device.login(&town.url(), &town.token(person), PATIENCE).unwrap();
    device
}

#[test]
fn what_two_devices_begin_offline_is_one_in_the_end() {
    let town = Town::new();
    let devices = [another(&town, "laptop", "ann"), another(&town, "desktop", "ann")];
    town.stop();
    let [laptop, desktop] = devices.each_ref().map(|device| device.personal(&town.url()).unwrap());
    assert_eq!(laptop.id(), desktop.id());
    read(&laptop, 1);
    read(&laptop, 2);
    save_search(&laptop, 1, "Mine");
    read(&desktop, 2);
    read(&desktop, 3);
    let snooze = |until| MarksCommand::Snooze { entry: entry(9), until: Timestamp(until) };
    desktop.send::<Marks>(PROJECT, &snooze(5)).unwrap();
    save_search(&desktop, 2, "Other");
    town.start();
    for device in devices.iter().chain(&devices) {
        device.wait_in_step(PATIENCE).unwrap();
    }
    for space in [&laptop, &desktop] {
        let marks = space.entity::<Marks>(PROJECT);
        assert_eq!(marks.read.iter().copied().collect::<Vec<_>>(), [1, 2, 3].map(entry));
        assert_eq!(marks.snoozed[&entry(9)], Timestamp(5));
        assert_eq!(names(space), ["Mine", "Other"]);
        assert_eq!((space.outbox().len(), space.status().refused), (0, 0));
        assert_eq!(hash_of(space), town.hash(space.id()));
    }
    // It is no project.
    assert!(devices.iter().all(|device| device.spaces().is_empty()));
    // And a third device has it when it comes.
    let phone = another(&town, "phone", "ann");
    phone.wait_in_step(PATIENCE).unwrap();
    let space = phone.personal(&town.url()).unwrap();
    assert_eq!(names(&space), ["Mine", "Other"]);
    save_search(&space, 3, "Third");
    wait_until(&devices[0], || names(&laptop).len() == 3);
}

#[test]
fn two_names_that_are_the_same_are_told_to_whoever_came_second() {
    let town = Town::new();
    let devices = [another(&town, "laptop", "ann"), another(&town, "desktop", "ann")];
    town.stop();
    let spaces = devices.each_ref().map(|device| device.personal(&town.url()).unwrap());
    save_search(&spaces[0], 1, "Blocked");
    save_search(&spaces[1], 2, "Blocked");
    town.start();
    for device in devices.iter().chain(&devices) {
        device.wait_in_step(PATIENCE).unwrap();
    }
    let refused: usize = spaces.iter().map(|space| space.status().refused).sum();
    assert_eq!(refused, 1, "what was typed stays in the outbox");
    assert!(spaces.iter().all(|space| names(space) == ["Blocked"]));
}

#[test]
fn nobody_else_has_it_or_begins_it() {
    let town = Town::new();
    let (ann, bo) = (town.device("ann"), town.device("bo"));
    let mine = ann.personal(&town.url()).unwrap();
    save_search(&mine, 1, "Mine");
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    assert!(bo.space(mine.id()).is_none());
    let his = bo.personal(&town.url()).unwrap();
    assert_ne!(his.id(), mine.id());
    assert!(names(&his).is_empty());
}

#[test]
fn without_a_server_it_is_on_this_computer() {
    let town = Town::new();
    town.stop();
    let device = town.open("alone");
    device.person_here("ann").unwrap();
    let space = device.personal(recordplayer_client::HERE).unwrap();
    save_search(&space, 1, "Mine");
    device.wait_in_step(PATIENCE).unwrap();
    assert_eq!((names(&space), space.status().waiting), (vec!["Mine".to_owned()], 0));
    device.close();
    drop((device, space));
    let device = town.open("alone");
    let space = device.personal(recordplayer_client::HERE).unwrap();
    assert_eq!(names(&space), ["Mine"]);
    assert!(device.spaces().is_empty());
}

/// A project that lists the read marks of others would be a leak; so is a personal space that somebody makes a project.
#[test]
fn a_personal_space_and_a_project_hold_nothing_of_each_other() {
    let town = Town::new();
    let ann = town.device("ann");
    let project = project(&ann, &town.url());
    let see = MarksCommand::See { upto: Timestamp(1) };
    assert!(project.send::<Marks>(PROJECT, &see).is_err());
    let mine = ann.personal(&town.url()).unwrap();
    assert!(mine.send::<Marks>(PROJECT, &see).is_ok());
    let set_up = recordplayer_kanban::project::ProjectCommand::SetUp { key: "ME".to_owned() };
    assert!(mine.send::<recordplayer_kanban::Project>(SpaceId::personal(mine.actor()).0, &set_up).is_err());
}
