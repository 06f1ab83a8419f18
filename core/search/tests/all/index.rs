//! The index as a thing on disk.

use std::fs;

use recordplayer_search::{Change, Index, OpenError};

use crate::kit::{Kit, OTHER, SPACE, card, comment, is_on_disk, reached};

fn reopened(kit: Kit) -> Kit {
    let Kit { folder, index } = kit;
    drop(index);
    Kit { index: Index::open(folder.path()).unwrap(), folder }
}

#[test]
fn a_card_that_is_put_again_takes_the_place_of_the_one_before() {
    let mut kit = Kit::new(&[card(1, "first"), card(2, "second")]);
    kit.put(SPACE, &[card(1, "changed")]);
    assert_eq!(kit.numbers("first "), [] as [u8; 0]);
    assert_eq!(kit.numbers("changed "), [1]);
    kit.index.apply(SPACE, [Change::Remove(card(2, "").card)]).unwrap();
    kit.index.commit(SPACE, reached(2)).unwrap();
    assert_eq!(kit.numbers("second "), [] as [u8; 0]);
    assert_eq!(kit.index.finder().cards(), 1);
}

#[test]
fn what_was_committed_is_there_when_it_is_opened_again_with_how_far_it_goes() {
    let mut kit = Kit::new(&[card(1, "kept")]);
    let mut far = reached(41);
    far.waiting.cards.insert(card(1, "").card);
    kit.index.commit(SPACE, far.clone()).unwrap();
    let kit = reopened(kit);
    assert_eq!(kit.numbers("kept "), [1]);
    assert_eq!(kit.index.reached(SPACE), Some(&far));
    assert_eq!(kit.index.spaces().collect::<Vec<_>>(), [SPACE]);
}

#[test]
fn what_was_applied_and_not_committed_is_gone_after_a_kill() {
    let mut kit = Kit::new(&[card(1, "kept")]);
    kit.index.apply(SPACE, [Change::Put(Box::new(card(2, "lost"))), Change::Remove(card(1, "").card)]).unwrap();
    assert_eq!(kit.numbers("lost "), [] as [u8; 0]);
    let mut kit = reopened(kit);
    assert_eq!(kit.numbers("kept "), [1]);
    assert_eq!(kit.numbers("lost "), [] as [u8; 0]);
    assert_eq!(kit.index.reached(SPACE), Some(&reached(1)));
    kit.put(SPACE, &[card(2, "found")]);
    assert_eq!(kit.numbers("found "), [2]);
}

#[test]
fn what_is_taken_back_was_never_applied() {
    let mut kit = Kit::new(&[card(1, "kept")]);
    kit.index.clear(SPACE);
    kit.index.apply(SPACE, [Change::Put(Box::new(card(2, "lost")))]).unwrap();
    kit.index.take_back().unwrap();
    assert_eq!(kit.index.reached(SPACE), Some(&reached(1)));
    kit.index.commit(SPACE, reached(2)).unwrap();
    assert_eq!(kit.numbers("kept "), [1]);
    assert_eq!(kit.numbers("lost "), [] as [u8; 0]);
}

#[test]
fn two_never_write_one_index() {
    let kit = Kit::new(&[card(1, "kept")]);
    assert!(matches!(Index::open(kit.folder.path()), Err(OpenError::InUse)));
    assert_eq!(reopened(kit).numbers("kept "), [1]);
}

#[test]
fn a_damaged_newer_or_foreign_index_is_begun_anew() {
    let damage: [fn(&std::path::Path); 6] = [
        |folder| fs::write(folder.join("index/meta.json"), "{}").unwrap(),
        |folder| fs::write(folder.join("format"), "recordplayer-search 99\n").unwrap(),
        |folder| fs::remove_file(folder.join("format")).unwrap(),
        |folder| fs::remove_dir_all(folder.join("index")).unwrap(),
        |folder| each_segment_file(folder, |_| None),
        |folder| {
            each_segment_file(folder, |mut bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                Some(bytes)
            });
        },
    ];
    for (number, damage) in damage.into_iter().enumerate() {
        let kit = Kit::new(&[card(1, "before"), card(2, "before as well")]);
        let Kit { folder, index } = kit;
        drop(index);
        damage(folder.path());
        let mut kit = Kit { index: Index::open(folder.path()).unwrap(), folder };
        assert_eq!(kit.index.reached(SPACE), None, "damage {number}");
        assert_eq!(kit.index.finder().cards(), 0, "damage {number}");
        kit.put(SPACE, &[card(1, "anew")]);
        assert_eq!(kit.numbers("anew "), [1], "damage {number}");
        assert_eq!(reopened(kit).numbers("anew "), [1], "damage {number}");
    }
}

/// Changes the files of all segments, or removes them.
fn each_segment_file(folder: &std::path::Path, change: impl Fn(Vec<u8>) -> Option<Vec<u8>>) {
    for entry in fs::read_dir(folder.join("index")).unwrap() {
        let path = entry.unwrap().path();
        let is_of_segment = path.extension().is_some_and(|extension| extension == "store" || extension == "term");
        if is_of_segment {
            match change(fs::read(&path).unwrap()) {
                Some(bytes) => fs::write(path, bytes).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
        }
    }
}

#[test]
fn a_space_that_is_forgotten_leaves_no_document_and_no_word_on_the_disk() {
    let mut mine = card(1, "shared words");
    mine.comments.push(comment(1, "unmistakable"));
    let mut kit = Kit::new(&[mine]);
    kit.put(OTHER, &[card(1, "shared words of the other")]);
    kit.put(SPACE, &[card(3, "unmistakable too")]);
    assert_eq!(kit.search_in("shared ", &[SPACE, OTHER]).total, 2);
    assert!(is_on_disk(kit.folder.path(), "unmistak"));
    kit.index.forget(SPACE).unwrap();
    assert_eq!(kit.index.reached(SPACE), None);
    assert_eq!(kit.search_in("shared ", &[SPACE, OTHER]).hits[0].space, OTHER);
    assert_eq!(kit.index.finder().cards(), 1);
    let kit = reopened(kit);
    assert_eq!(kit.search_in("shared ", &[SPACE, OTHER]).total, 1);
    assert!(!is_on_disk(kit.folder.path(), "unmistak"));
}

#[test]
fn only_spaces_that_are_asked_for_are_looked_through() {
    let mut kit = Kit::new(&[card(1, "word")]);
    kit.put(OTHER, &[card(2, "word")]);
    assert_eq!(kit.search_in("word ", &[SPACE]).total, 1);
    assert_eq!(kit.search_in("word ", &[OTHER]).total, 1);
    assert_eq!(kit.search_in("word ", &[SPACE, OTHER]).total, 2);
    assert_eq!(kit.search_in("word ", &[]).total, 0);
    assert_eq!(kit.search_in("project:oth word ", &[SPACE, OTHER]).hits[0].space, OTHER);
}
