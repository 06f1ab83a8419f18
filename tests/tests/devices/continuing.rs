//! A project that is made of an export is here as a whole, or nothing of it is.

use std::path::Path;

use recordplayer::hash::Hash;
use recordplayer::record::Position;
use recordplayer::retelling::Told;
use recordplayer_client::{AUTHORITY_FILE, Continuing, Decided, Device, FILES_FOLDER, Space};

use crate::town::{PATIENCE, QUICK, furnish, titles, write_card};

fn open(folder: &Path) -> Device {
    Device::open_with(recordplayer_kanban::domain().shared(), folder, QUICK).unwrap()
}

/// All that the log of a project says.
fn told(space: &Space) -> Vec<Told> {
    let reader = space.reader().unwrap();
    let upto = reader.head().unwrap().position;
    let commits = reader.commits(Position::START, upto, usize::MAX).unwrap();
    commits.into_iter().map(|stored| Told::from(&stored.open().unwrap())).collect()
}

fn furnished(device: &Device) -> Vec<Told> {
    let space = furnish(device.found_here("Turntable").unwrap().0);
    for title in ["One", "Two"] {
        assert_eq!(write_card(&space, title).wait_decided(PATIENCE), Decided::Accepted);
    }
    device.wait_in_step(PATIENCE).unwrap();
    told(&space)
}

fn begun(device: &Device, told: &[Told]) -> Continuing {
    let mut continuing = device.continue_here().unwrap();
    for told in told {
        continuing.tell(told.clone()).unwrap();
    }
    continuing
}

fn folders_of_files(folder: &Path) -> usize {
    std::fs::read_dir(folder.join(FILES_FOLDER)).map(Iterator::count).unwrap_or_default()
}

#[test]
fn what_was_begun_and_did_not_end_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let device = open(folder.path());
    let told = furnished(&device);
    let file = b"what hangs on a card";
    let mut given_up = begun(&device, &told);
    given_up.file_piece(Hash::of(file), file).unwrap();
    assert_eq!(folders_of_files(folder.path()), 1);
    drop(given_up);
    assert_eq!((device.spaces().len(), folders_of_files(folder.path())), (1, 0));

    // And where the process ends meanwhile.
    let mut killed = begun(&device, &told);
    killed.file_piece(Hash::of(file), file).unwrap();
    killed.end_file().unwrap();
    std::mem::forget(killed);
    device.close();
    drop(device);
    assert_eq!(folders_of_files(folder.path()), 1);
    let device = open(folder.path());
    assert_eq!((device.spaces().len(), folders_of_files(folder.path())), (1, 0));
}

#[test]
fn a_file_that_is_another_one_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let device = open(folder.path());
    let told = furnished(&device);
    let mut continuing = begun(&device, &told);
    continuing.file_piece(Hash::of(b"one"), b"two").unwrap();
    assert!(continuing.goes_on().is_err());
    drop(continuing);
    assert_eq!((device.spaces().len(), folders_of_files(folder.path())), (1, 0));
}

/// The authority has a file of its own, and takes the log from the copy's, whenever it starts.
#[test]
fn what_has_ended_is_here_whatever_becomes_of_the_authority() {
    let folder = tempfile::tempdir().unwrap();
    let device = open(folder.path());
    let told = furnished(&device);
    let mut continuing = begun(&device, &told);
    continuing.goes_on().unwrap();
    let space = continuing.end().unwrap();
    assert_eq!(titles(&space), ["One", "Two"]);
    let id = space.id();
    device.close();
    drop((device, space));
    std::fs::remove_file(folder.path().join(AUTHORITY_FILE)).unwrap();
    let device = open(folder.path());
    let space = device.space(id).unwrap();
    assert_eq!(write_card(&space, "Three").wait_decided(PATIENCE), Decided::Accepted);
    assert_eq!(titles(&space), ["One", "Three", "Two"]);
}
