//! A disk that cannot be read for a moment: nothing is called absent that is only unread, and nothing is thrown away.

use recordplayer_processes::chance::{Chance, fresh_seed};
use recordplayer_processes::faults::{DiskError, has_strace, say_absent};
use recordplayer_processes::town::Town;

/// Of a read that failed once, the command line made a damaged copy, and dropped it; without its server, a person had nothing left to work with.
#[test]
fn a_read_that_fails_once_costs_an_answer_and_not_the_copy() {
    if !has_strace() {
        return say_absent("strace", 1);
    }
    let mut town = Town::new(&mut Chance::new(fresh_seed()));
    town.end_server();
    let ann = &town.people[0];
    let card = ann.cards[0].as_str();
    let mut failed = 0;
    for from in 1..40 {
        let error = DiskError { call: "pread64", error: "EIO", from, for_ever: false };
        let end = ann.start(&error.around(ann.folder()), &["card", card]).wait();
        assert!(matches!(end.code, Some(0 | 5)), "the {from}. read fails: {end:?}");
        failed += u32::from(end.code == Some(5));
        assert_eq!(ann.tell(&["card", card])["id"], card, "after the {from}. read has failed");
    }
    assert!(failed > 0, "some of the reads are needed");
}
