//! Files on cards, by the shipped programs: attached offline, brought once, fetched by whoever may, and gone where they are redacted.

use std::fmt::Write;
use std::path::PathBuf;

use recordplayer_tests::stage::{Person, Server, Stage};
use serde_json::{Value, json};

/// More than one piece on its way.
const PLAN: usize = 3_000_000;

/// Mia has a project on the server, in which Wim works.
fn team() -> (Stage, Server, [Person; 2]) {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let people = ["mia", "wim"].map(|name| stage.person(name, &server));
    let [mia, wim] = &people;
    mia.tell(&["project", "new", "Turntable", "--key", "TT"]);
    mia.tell(&["member", "add", "wim", "--role", "worker"]);
    mia.tell(&["card", "new", "Motor", "--column", "Ready"]);
    all_sync(&[mia, wim]);
    (stage, server, people)
}

fn all_sync(people: &[&Person]) {
    for person in people.iter().chain(people) {
        assert_eq!(person.sync(), 0, "{}", person.name);
    }
}

/// Bytes that are the same nowhere else.
fn plan(person: &Person) -> (String, Vec<u8>) {
    let mut words = String::new();
    for number in 0..PLAN / 10 {
        writeln!(words, "{number:>9}").unwrap();
    }
    (person.file("plan.txt", &words), words.into_bytes())
}

/// The file as somebody saves it.
fn saved(stage: &Stage, person: &Person, key: &str, name: &str) -> Vec<u8> {
    let to = stage.path(&format!("{}-saved", person.name));
    let _ = std::fs::remove_file(&to);
    person.tell(&["card", "save", key, name, "--to", to.to_str().unwrap()]);
    std::fs::read(to).unwrap()
}

/// All files that lie in a folder of files.
fn lying(folder: PathBuf) -> Vec<PathBuf> {
    let spaces = std::fs::read_dir(folder).into_iter().flatten().map(|space| space.unwrap().path());
    spaces.flat_map(|space| std::fs::read_dir(space).unwrap().map(|file| file.unwrap().path())).collect()
}

fn at_server(stage: &Stage) -> Vec<PathBuf> {
    lying(stage.path("server").join("files"))
}

fn attachments(person: &Person, key: &str) -> Vec<Value> {
    person.tell(&["card", key])["attachments"].as_array().unwrap().clone()
}

#[test]
fn a_file_is_attached_on_the_train_and_saved_by_the_others() {
    let (stage, server, [mia, wim]) = team();
    let (file, bytes) = plan(&wim);
    let attached = wim.tell(&["card", "attach", "TT-1", &file, "--name", "plan.txt"]);
    assert_eq!(attached["key"], "TT-1");
    // He may throw the original away, and has it still.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(saved(&stage, &wim, "TT-1", "plan.txt"), bytes);
    assert!(at_server(&stage).is_empty(), "he is on the train");
    all_sync(&[&wim, &mia]);
    let shown = attachments(&mia, "TT-1");
    assert_eq!((&shown[0]["name"], &shown[0]["bytes"]), (&json!("plan.txt"), &json!(PLAN)));
    assert_eq!(saved(&stage, &mia, "TT-1", "plan.txt"), bytes);
    // On a second card it is the same file, at the server as well as here.
    mia.tell(&["card", "copy", "TT-1"]);
    all_sync(&[&mia, &wim]);
    assert_eq!(at_server(&stage).len(), 1);
    // Whoever had it opened has it offline as well, and nobody else.
    drop(server);
    assert_eq!(saved(&stage, &mia, "TT-1", "plan.txt"), bytes);
    let ours = lying(mia.device().join("files"));
    assert_eq!(ours.len(), 1, "{ours:?}");
}

#[test]
fn what_is_taken_off_a_card_comes_back_with_an_undo() {
    let (stage, _server, [mia, wim]) = team();
    let (file, bytes) = plan(&mia);
    mia.tell(&["card", "attach", "TT-1", &file, "--name", "plan.txt"]);
    mia.tell(&["card", "link", "TT-1", "https://example.org/motor"]);
    all_sync(&[&mia, &wim]);
    wim.tell(&["card", "detach", "TT-1", "plan.txt"]);
    all_sync(&[&wim, &mia]);
    assert_eq!(attachments(&mia, "TT-1").len(), 1, "the link");
    assert_eq!(at_server(&stage).len(), 1, "the history still shows it");
    wim.tell(&["undo"]);
    all_sync(&[&wim, &mia]);
    assert_eq!(saved(&stage, &wim, "TT-1", "plan.txt"), bytes);
}

#[test]
fn a_server_that_has_lost_its_files_gets_them_from_whoever_has_them() {
    let (stage, server, [mia, wim]) = team();
    let (file, bytes) = plan(&wim);
    wim.tell(&["card", "attach", "TT-1", &file, "--name", "plan.txt"]);
    all_sync(&[&wim, &mia]);
    let address = server.kill();
    std::fs::remove_dir_all(stage.path("server").join("files")).unwrap();
    let _server = stage.serve(&address);
    let to = stage.path("nowhere");
    let save = ["card", "save", "TT-1", "plan.txt", "--to", to.to_str().unwrap()];
    assert_eq!(mia.try_to(&save).expect_code(3)["error"]["code"], "on_its_way");
    assert!(!to.exists());
    assert_eq!(wim.sync(), 0);
    assert_eq!(saved(&stage, &mia, "TT-1", "plan.txt"), bytes);
}

#[test]
fn a_file_goes_with_its_card_to_another_project() {
    let (stage, server, [mia, wim]) = team();
    mia.tell(&["project", "new", "Amplifier", "--key", "AMP"]);
    let zoe = stage.person("zoe", &server);
    mia.tell(&["member", "add", "zoe", "--role", "worker", "--project", "Amplifier"]);
    mia.tell(&["member", "add", "wim", "--role", "worker", "--project", "Amplifier"]);
    mia.tell(&["column", "ways-out", "Ready", "--into", "Amplifier", "Backlog", "--project", "Turntable"]);
    all_sync(&[&mia, &wim, &zoe]);
    let (file, bytes) = plan(&wim);
    wim.tell(&["card", "attach", "TT-1", &file, "--name", "plan.txt", "--project", "Turntable"]);
    assert_eq!(wim.sync(), 0);
    wim.tell(&["card", "move", "TT-1", "--to", "Backlog", "--into", "Amplifier", "--project", "Turntable"]);
    all_sync(&[&wim, &mia, &zoe]);
    // Nobody has it on their device under that project, and Zoe is no member of the other one.
    assert_eq!(zoe.tell(&["projects"])["projects"].as_array().unwrap().len(), 1);
    assert_eq!(saved(&stage, &zoe, "AMP-1", "plan.txt"), bytes);
}

#[test]
fn a_redacted_file_is_gone_at_the_server_and_on_every_device() {
    let (stage, _server, [mia, wim]) = team();
    let (file, bytes) = plan(&wim);
    wim.tell(&["card", "attach", "TT-1", &file, "--name", "secret.txt"]);
    all_sync(&[&wim, &mia]);
    assert_eq!(saved(&stage, &mia, "TT-1", "secret.txt"), bytes);
    let said = |entry: &&Value| entry["what"].as_str().is_some_and(|what| what.contains("secret"));
    let number = mia.lines(&["history"]).iter().find(said).unwrap()["record"].to_string();
    mia.tell(&["redact", &number, "--yes"]);
    all_sync(&[&mia, &wim]);
    assert_eq!(attachments(&wim, "TT-1"), [] as [Value; 0]);
    for folder in [stage.path("server"), mia.device().to_owned(), wim.device().to_owned()] {
        assert_eq!(lying(folder.join("files")), [] as [PathBuf; 0]);
    }
}

#[test]
fn a_file_for_which_there_is_no_room_stays_with_whoever_has_it() {
    let stage = Stage::new();
    let server = stage.serve_with("127.0.0.1:0", &["--files", "1"]);
    let mia = stage.person("mia", &server);
    mia.tell(&["project", "new", "Turntable", "--key", "TT"]);
    mia.tell(&["card", "new", "Motor", "--column", "Ready"]);
    assert_eq!(mia.sync(), 0);
    let (file, bytes) = plan(&mia);
    mia.tell(&["card", "attach", "TT-1", &file, "--name", "plan.txt"]);
    let synced = mia.try_to(&["sync"]);
    assert_eq!(synced.code, 0, "{synced:?}");
    assert!(synced.stderr.contains("is on this device only"), "{synced:?}");
    assert_eq!(saved(&stage, &mia, "TT-1", "plan.txt"), bytes);
    // There is room with the next start.
    let address = server.kill();
    let _server = stage.serve(&address);
    assert_eq!(mia.sync(), 0);
    assert_eq!(at_server(&stage).len(), 1);
}

#[test]
fn what_is_no_file_is_told_so() {
    let (stage, _server, [mia, _]) = team();
    let nothing = stage.path("nothing").display().to_string();
    assert_eq!(mia.try_to(&["card", "attach", "TT-1", &nothing]).expect_code(2)["error"]["code"], "unreadable_file");
    let folder = stage.path("server").display().to_string();
    assert_eq!(mia.try_to(&["card", "attach", "TT-1", &folder]).expect_code(2)["error"]["code"], "unreadable_file");
    mia.tell(&["card", "link", "TT-1", "https://example.org", "--name", "Motor"]);
    let save = ["card", "save", "TT-1", "Motor", "--to", &nothing];
    assert_eq!(mia.try_to(&save).expect_code(2)["error"]["code"], "no_file");
    let unknown = ["card", "save", "TT-1", "plan", "--to", &nothing];
    assert_eq!(mia.try_to(&unknown).expect_code(2)["error"]["code"], "unknown_attachment");
    let (file, _) = plan(&mia);
    mia.tell(&["card", "attach", "TT-1", &file, "--name", "plan"]);
    let there = mia.file("there.txt", "somebody's");
    let over = ["card", "save", "TT-1", "plan", "--to", &there];
    assert_eq!(mia.try_to(&over).expect_code(2)["error"]["code"], "not_written");
    assert_eq!(std::fs::read_to_string(there).unwrap(), "somebody's");
}
