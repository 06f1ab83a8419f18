//! Projects that have no server: the device decides for them itself.

use recordplayer::prelude::*;
use recordplayer::saving::Saving;
use recordplayer::thresholds::Thresholds;
use recordplayer_client::{AUTHORITY_FILE, Decided, Device, HERE, STORE_FILE, Space};
use recordplayer_kanban::Project;
use recordplayer_kanban::project::ProjectCommand;
use serde::{Deserialize, Serialize};

use crate::town::{PATIENCE, QUICK, furnish, hash_of, titles, write_card};

/// A folder of a device that has never heard of a server.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self) -> Device {
        self.open_as(recordplayer_kanban::domain())
    }

    /// Opens it by another version of the program.
    fn open_as(&self, domain: Domain) -> Device {
        Device::open_with(domain.shared(), self.0.path(), QUICK).unwrap()
    }

    /// A project with two cards, all of it decided.
    fn with_project(&self) -> (Device, Space) {
        let device = self.open();
        let space = furnish(device.found_here("Turntable").unwrap().0);
        for title in ["One", "Two"] {
            assert_eq!(write_card(&space, title).wait_decided(PATIENCE), Decided::Accepted);
        }
        device.wait_in_step(PATIENCE).unwrap();
        (device, space)
    }
}

fn end(device: &Device) {
    device.close();
}

#[test]
fn a_project_without_a_server_is_decided_here_and_nothing_waits() {
    let home = Home::new();
    let (device, space) = home.with_project();
    assert_eq!(space.url(), HERE);
    assert!(device.accounts().is_empty(), "no server was needed");
    let status = space.status();
    assert_eq!((status.waiting, status.sending, status.refused), (0, 0, 0));
    assert_eq!(space.outbox().len(), 0);
    let before = hash_of(&space);
    end(&device);
    drop((device, space));

    let device = home.open();
    let spaces = device.spaces();
    let space = device.space(spaces[0].space).unwrap();
    assert_eq!(spaces[0].role, "manager");
    assert_eq!((hash_of(&space), titles(&space)), (before, vec!["One".to_owned(), "Two".to_owned()]));
    write_card(&space, "Three").wait_decided(PATIENCE);
    assert_eq!(titles(&space).len(), 3);
}

/// What was in the outbox when the program died is decided by the next start.
#[test]
fn what_was_saved_and_not_decided_is_decided_at_the_next_start() {
    let home = Home::new();
    let (device, space) = home.with_project();
    for number in 0..50 {
        write_card(&space, &format!("More {number}"));
    }
    // Closed at once: some of them are decided, some are in the outbox.
    let last = write_card(&space, "The last one");
    last.wait_saved(PATIENCE).unwrap();
    end(&device);
    drop((device, space));
    let device = home.open();
    device.wait_in_step(PATIENCE).unwrap();
    let space = device.space(device.spaces()[0].space).unwrap();
    assert_eq!(titles(&space).len(), 53);
    assert_eq!(space.outbox().len(), 0);
}

/// The log stands in two files: whichever is lost or damaged comes back from the other.
#[test]
fn either_file_is_written_anew_from_the_other() {
    for (file, is_damaged) in [(AUTHORITY_FILE, false), (AUTHORITY_FILE, true), (STORE_FILE, false), (STORE_FILE, true)]
    {
        let home = Home::new();
        let (device, space) = home.with_project();
        let before = hash_of(&space);
        end(&device);
        drop((device, space));
        let path = home.0.path().join(file);
        if is_damaged {
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[64..middle].fill(0xa5);
            std::fs::write(&path, &bytes).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
        let device = home.open();
        device.wait_in_step(PATIENCE).unwrap();
        let space = device.space(device.spaces()[0].space).unwrap();
        assert_eq!(hash_of(&space), before, "{file}, damaged: {is_damaged}");
        assert_eq!(!device.notices().is_empty(), is_damaged, "{:?}", device.notices());
        assert_eq!(write_card(&space, "Three").wait_decided(PATIENCE), Decided::Accepted);
        assert_eq!(titles(&space).len(), 3);
    }
}

#[test]
fn two_projects_of_one_computer_do_not_share_a_key() {
    let home = Home::new();
    let (device, _space) = home.with_project();
    let (other, _) = device.found_here("Another").unwrap();
    let set_up = ProjectCommand::SetUp { key: "TT".to_owned() };
    let ticket = other.send::<Project>(other.id().0, &set_up).unwrap();
    let Decided::Refused(refused) = ticket.wait_decided(PATIENCE) else { panic!("the key is taken") };
    assert_eq!(refused.code, "key_taken");
}

/// What has happened in a project, as each version of the program counts it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counted<const V: u32> {
    events: u64,
}

impl<const V: u32> View for Counted<V> {
    const NAME: &'static str = "counted";
    const VERSION: u32 = V;

    fn keys(_: &StreamId, _: &Models<'_>) -> Vec<Key> {
        vec![Key::whole_space()]
    }

    fn play(&mut self, _: &Key, _: &Record, _: &Models<'_>) {
        self.events += u64::from(V);
    }
}

/// The program was upgraded, and who looked at a project waited until all of its history had been played again.
#[test]
fn after_an_upgrade_a_project_opens_as_it_was_and_whoever_looks_gets_the_new_view() {
    let home = Home::new();
    let application = || {
        let thresholds = Thresholds { rebuild_bytes: 1, ..Thresholds::default() };
        let saving = Saving { every_events: Some(1), ..Saving::default() };
        recordplayer_kanban::domain().with_thresholds(thresholds).saving(saving)
    };
    let device = home.open_as(application().view::<Counted<1>>());
    let space = furnish(device.found_here("Turntable").unwrap().0);
    assert_eq!(write_card(&space, "One").wait_decided(PATIENCE), Decided::Accepted);
    device.wait_in_step(PATIENCE).unwrap();
    let events = space.view::<Counted<1>>(Key::whole_space()).events;
    assert!(events > 3);
    end(&device);
    let id = space.id();
    drop((device, space));

    let device = home.open_as(application().view::<Counted<10>>());
    let space = device.space(id).unwrap();
    let live = space.live::<Counted<10>>(Key::whole_space());
    assert_eq!(titles(&space), ["One"], "what has not changed is there");
    device.wait_in_step(PATIENCE).unwrap();
    assert_eq!((space.status().rebuilding, space.glance().status.rebuilding), (None, None));
    assert_eq!(live.get().events, 10 * events);
}
