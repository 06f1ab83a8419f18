use recordplayer::id::SpaceId;

use crate::town::{PATIENCE, Town, hash_of, titles, two_in_step, wait_until, write_card};

/// A flipped bit in the big file must cost neither the program nor the outbox: the file is set aside, the space is fetched anew, and what
/// waits is sent.
#[test]
fn a_damaged_store_is_set_aside_and_the_outbox_is_kept() {
    let town = Town::new();
    let [(ann, mine), _bo] = two_in_step(&town);
    write_card(&mine, "At the server");
    ann.wait_in_step(PATIENCE).unwrap();
    town.stop();
    write_card(&mine, "In the outbox").wait_saved(PATIENCE).unwrap();
    let id = mine.id();
    ann.close();
    drop((ann, mine));
    let store = town.device_folder("ann").join("store.redb");
    let mut bytes = std::fs::read(&store).unwrap();
    let middle = bytes.len() / 2;
    bytes[64..middle].fill(0xa5);
    std::fs::write(&store, &bytes).unwrap();

    let ann = town.open("ann");
    let notices = ann.notices();
    assert!(notices.iter().any(|notice| notice.contains("fetched anew")), "{notices:?}");
    let aside = std::fs::read_dir(town.device_folder("ann")).unwrap();
    let names: Vec<_> = aside.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().any(|name| name.contains("damaged")), "{names:?}");
    town.start();
    ann.wait_in_step(PATIENCE).unwrap();
    let mine = ann.space(id).unwrap();
    assert_eq!(titles(&mine), ["At the server", "In the outbox"]);
    assert_eq!(hash_of(&mine), town.hash(id));
}

/// A file that ends too early was told as a matter of the folder's rights, and the program did not start.
#[test]
fn a_store_that_ends_too_early_is_set_aside() {
    let town = Town::new();
    let [(ann, mine), _bo] = two_in_step(&town);
    write_card(&mine, "At the server");
    ann.wait_in_step(PATIENCE).unwrap();
    let id = mine.id();
    ann.close();
    drop((ann, mine));
    let store = town.device_folder("ann").join("store.redb");
    let length = std::fs::metadata(&store).unwrap().len();
    for end in [length - 1, length / 2, 30_000, 4_096, 10, 0] {
        std::fs::OpenOptions::new().write(true).open(&store).unwrap().set_len(end.min(length)).unwrap();
        let ann = town.open("ann");
        assert!(ann.notices().iter().any(|notice| notice.contains("were damaged")), "{end}: {:?}", ann.notices());
        ann.forget_notices();
        ann.wait_in_step(PATIENCE).unwrap();
        assert_eq!(titles(&ann.space(id).unwrap()), ["At the server"], "{end}");
        ann.close();
    }
}

/// A bit flips in a block that nobody reads for weeks. The scrub finds it, and the next start begins the file anew.
#[test]
fn what_rots_unread_is_found_and_fetched_anew_at_the_next_start() {
    let town = Town::new();
    let [(ann, mine), _bo] = two_in_step(&town);
    write_card(&mine, "At the server");
    ann.wait_in_step(PATIENCE).unwrap();
    let id = mine.id();
    ann.close();
    drop((ann, mine));
    rot_unread(&town, &town.device_folder("ann").join("store.redb"), id);
    let ann = town.open("ann");
    wait_until(&ann, || ann.notices().iter().any(|notice| notice.contains("has rotted")));
    ann.close();
    drop(ann);

    let ann = town.open("ann");
    assert!(ann.notices().iter().any(|notice| notice.contains("were damaged")), "{:?}", ann.notices());
    ann.wait_in_step(PATIENCE).unwrap();
    assert_eq!(titles(&ann.space(id).unwrap())[0], "At the server");
    ann.forget_notices();
    ann.close();
    drop(ann);
    assert!(town.open("ann").notices().is_empty(), "once");
}

/// Flips bits in a block that was never written: opening the file reads none of those, and writes none of the last. How much of a file is
/// still unwritten depends on when its groups of commits were closed, so the device writes until there is enough of it.
fn rot_unread(town: &Town, store: &std::path::Path, space: SpaceId) {
    for round in 0..50 {
        let mut bytes = std::fs::read(store).unwrap();
        let (blocks, _) = bytes[4_096..].as_chunks_mut::<4_104>();
        let unwritten: Vec<_> = blocks.iter_mut().filter(|block| block.iter().all(|byte| *byte == 0)).collect();
        if unwritten.len() >= 32 {
            unwritten.into_iter().next_back().expect("32 and more")[2_000..].fill(0xa5);
            return std::fs::write(store, &bytes).unwrap();
        }
        let ann = town.open("ann");
        let mine = ann.space(space).unwrap();
        for n in 0..20 {
            write_card(&mine, &format!("More {round} {n}"));
        }
        ann.wait_in_step(PATIENCE).unwrap();
        ann.close();
    }
    panic!("a store without an unwritten block, however much is written");
}

/// The main file of yesterday with the outbox of today, as a backup tool that copies file by file makes it.
#[test]
fn an_older_main_file_catches_up() {
    let town = Town::new();
    let [(ann, mine), _bo] = two_in_step(&town);
    let id = mine.id();
    ann.close();
    drop((ann, mine));
    let (store, copy) = (town.device_folder("ann").join("store.redb"), town.device_folder("ann").join("copy"));
    std::fs::copy(&store, &copy).unwrap();
    let ann = town.open("ann");
    write_card(&ann.space(id).unwrap(), "After the copy");
    ann.wait_in_step(PATIENCE).unwrap();
    ann.close();
    drop(ann);
    std::fs::rename(&copy, &store).unwrap();
    let ann = town.open("ann");
    let mine = ann.space(id).unwrap();
    write_card(&mine, "After the restore");
    ann.wait_in_step(PATIENCE).unwrap();
    assert_eq!(titles(&mine), ["After the copy", "After the restore"]);
    assert_eq!(hash_of(&mine), town.hash(id));
}

/// The other way round: an outbox of yesterday knows a number that was given away since. The device takes a new identity, and nothing is
/// decided twice.
#[test]
fn an_older_outbox_takes_a_new_identity() {
    let town = Town::new();
    let [(ann, mine), _bo] = two_in_step(&town);
    let id = mine.id();
    town.stop();
    write_card(&mine, "Once").wait_saved(PATIENCE).unwrap();
    ann.close();
    drop((ann, mine));
    let (outbox, copy) = (town.device_folder("ann").join("outbox.redb"), town.device_folder("ann").join("copy"));
    std::fs::copy(&outbox, &copy).unwrap();
    town.start();
    let ann = town.open("ann");
    ann.wait_in_step(PATIENCE).unwrap();
    ann.close();
    drop(ann);
    std::fs::rename(&copy, &outbox).unwrap();
    let ann = town.open("ann");
    let mine = ann.space(id).unwrap();
    write_card(&mine, "Afterwards");
    ann.wait_in_step(PATIENCE).unwrap();
    assert_eq!(titles(&mine), ["Afterwards", "Once"]);
    assert_eq!(hash_of(&mine), town.hash(id));
}
