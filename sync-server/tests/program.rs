//! The program: its commands, their answers and exit codes, while it serves and while it does not.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn program(arguments: &[&str], dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recordplayer-server"));
    command.arg("--json").args(arguments.iter().map(|argument| argument.replace("DIR", dir.to_str().unwrap())));
    command
}

fn answer(arguments: &[&str], dir: &Path) -> (i32, Value) {
    let output = program(arguments, dir).output().unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

fn serve(dir: &Path) -> Child {
    let mut child = program(&["serve", "DIR", "--listen", "127.0.0.1:0"], dir).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert!(line["listening"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{line}");
    child
}

#[test]
fn the_admins_commands_work_while_it_serves_and_while_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    assert_eq!(answer(&["user", "add", "DIR", "ann"], dir).0, 2, "no server yet");
    assert_eq!(answer(&["init", "DIR"], dir).0, 0);
    assert_eq!(answer(&["init", "DIR"], dir).0, 1);
    assert_eq!(answer(&["user", "add", "DIR", "ann"], dir).0, 0);

    let mut server = serve(dir);
    assert_eq!(answer(&["user", "add", "DIR", "bo"], dir).0, 0);
    let (code, again) = answer(&["user", "add", "DIR", "ann"], dir);
    assert_eq!((code, again["error"]["code"].as_str()), (1, Some("exists")));
    let (code, token) = answer(&["device", "token", "DIR", "ann"], dir);
    assert_eq!(code, 0);
    assert!(token["token"].as_str().unwrap().starts_with("rp_"));
    assert_eq!(answer(&["hash", "DIR", "nothing"], dir).0, 2);
    server.kill().unwrap();
    server.wait().unwrap();

    assert_eq!(answer(&["device", "token", "DIR", "bo"], dir).0, 0, "after a kill, its socket still lies there");
    assert_eq!(answer(&["device", "token", "DIR", "cy"], dir).0, 1);
}

/// A supervisor that restarts a server asks it to end at any moment. One that had just said where it listens did not know yet how to end in
/// order: it died as in a crash, and the next start had to check the whole store.
#[test]
fn a_server_that_has_just_begun_ends_in_order_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    assert_eq!(answer(&["init", "DIR"], dir).0, 0);
    for _ in 0..10 {
        let mut server = serve(dir);
        kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
        assert_eq!(server.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_folder_that_is_served_is_not_served_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    assert_eq!(answer(&["init", "DIR"], dir).0, 0);
    let mut server = serve(dir);
    let (code, second) = answer(&["serve", "DIR", "--listen", "127.0.0.1:0"], dir);
    assert_eq!((code, second["error"]["code"].as_str()), (2, Some("in_use")));
    server.kill().unwrap();
    server.wait().unwrap();
}

/// The disk of a server was full, and its admin was told to set the folder aside and to restore a backup.
#[test]
fn who_cannot_open_a_file_is_not_told_to_restore_a_backup() {
    for file in ["accounts.redb", "deciding.json"] {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        assert_eq!(answer(&["init", "DIR"], dir).0, 0);
        // No file can be opened where a folder is, whoever runs this.
        let _ = std::fs::remove_file(dir.join(file));
        std::fs::create_dir(dir.join(file)).unwrap();
        let (code, said) = answer(&["serve", "DIR"], dir);
        let help = said["error"]["help"].as_str().unwrap();
        assert!(code == 5 && help.contains("check the disk") && !help.contains("backup"), "{said}");
    }
}
