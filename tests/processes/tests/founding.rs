//! A server that is killed while its folder is made.

use recordplayer_processes::chance::{Chance, fresh_seed};
use recordplayer_processes::faults::{CALLS, has_strace, kill_at, say_absent};
use recordplayer_processes::server::Server;

const KILLS: u64 = 8;
/// A new folder takes some twenty calls of a kind, in two threads.
const CALLS_MAX: u64 = 20;

#[test]
fn a_folder_whose_making_was_killed_is_made_by_the_next_try() {
    if !has_strace() {
        return say_absent("strace", 1);
    }
    let seed = fresh_seed();
    let mut chance = Chance::new(seed);
    let mut kills = 0;
    while kills < KILLS {
        let (call, number) = (chance.pick(CALLS), 1 + chance.below(CALLS_MAX));
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::at(&folder.path().join("server"), &folder.path().join("server.log"));
        if !server.ask_around(&kill_at(call, number), &["init"], &[]).was_killed {
            continue;
        }
        kills += 1;
        let end = server.ask(&["init"], &[]);
        let is_there = end.code == Some(1) && end.json()["error"]["code"] == "exists";
        assert!(end.code == Some(0) || is_there, "seed {seed}, killed at {call} {number}: {:?}", end.lines);
        server.done_with(&["user", "add"], &["ann"]);
        server.serve();
        assert_eq!(server.end().code, Some(0), "{}", server.log_text());
    }
}
