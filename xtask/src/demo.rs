//! The headless demo: two people, two devices and a server that goes away while both of them work.
//!
//! It drives the two programs by their command lines only, as a person or a script would, and ends with what each
//! side holds: both boards, all three hashes, and what was refused.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;
use crate::screen::Screen;
use crate::stage::{BOARD, LIMITED_COLUMN, PROJECT, Person, Stage, cannot_write, found, text, title};

/// The cards of the sample that the two people work on.
const MOVED_BY_ADA: &str = "Detect 33 or 45 from the record's size";
const MOVED_BY_BEN: &str = "Save the pitch setting when the lid closes";
const DESCRIBED_BY_BOTH: &str = "Start the motor without wow";

/// Plays the demo with the programs of one folder, under `target/demo`, which it begins anew.
pub fn play(programs: &Path) -> Result<(), Failure> {
    let stage = Stage::begin(programs, "demo")?;
    let [ada, ben] = [stage.person("ada", "Ada")?, stage.person("ben", "Ben")?];
    let server = stage.settle(&[&ada, &ben])?;
    found(&ada, &ben)?;
    ben.tell(&["board", BOARD])?;

    title("The server is killed, and both go on working without it");
    let address = server.kill()?;
    for (person, card, new, end) in [
        (&ada, MOVED_BY_ADA, "Write the release notes", End::First),
        (&ben, MOVED_BY_BEN, "Order a second test record", End::Last),
    ] {
        person.tell(&["card", "new", new, "--column", "Backlog", "--board", BOARD])?;
        person.tell(&["card", "move", &person.key_of(card)?, "--to", LIMITED_COLUMN])?;
        describe(person, DESCRIBED_BY_BOTH, end)?;
        person.tell(&["outbox"])?;
    }

    title("The server is back, and both sync");
    let server = stage.serve(&address)?;
    ada.sync()?;
    // One of the two moves must be refused; Ada's came first, so it is Ben whose sync ends with a refusal.
    ben.sync_with_a_refusal()?;
    ada.sync()?;

    title("What both hold now");
    for person in [&ada, &ben] {
        person.tell(&["board", BOARD])?;
    }
    let description = ada.description_of(DESCRIBED_BY_BOTH)?;
    println!("\n\"{DESCRIBED_BY_BOTH}\" holds what both of them wrote:");
    description.lines().for_each(|line| println!("    {line}"));

    let hashes = [
        (ada.name, ada.json(&["hash"])?),
        (ben.name, ben.json(&["hash"])?),
        ("the server", stage.server_json(&["hash", &stage.server_data(), PROJECT])?),
    ];
    let refused = [(ada.name, ada.refused()?), (ben.name, ben.refused()?)];
    picture(&stage, &ben)?;
    server.kill()?;
    report(&hashes, &refused, &description)
}

/// Opens somebody's window on a screen that nobody looks at, and leaves a picture of it beside what was printed.
fn picture(stage: &Stage, person: &Person) -> Result<(), Failure> {
    title("The window, on a screen without a display");
    let path = stage.folder.join("window.png");
    let screen = Screen::start()?;
    let mut window = person.window(&[], Some(&screen.display))?;
    let taken = screen.picture(&path);
    // Whatever came of it: the window must not outlive its screen.
    let _ = window.kill();
    let _ = window.wait();
    taken?;
    println!("the window of {} is in {}", person.name, path.display());
    Ok(())
}

/// Prints the hashes and the refusals, and holds them against what must be true.
fn report(hashes: &[(&str, Value)], refused: &[(&str, Vec<Value>)], description: &str) -> Result<(), Failure> {
    println!("\nhashes of the project:");
    for (who, hash) in hashes {
        println!("    {who:<12} record {:<6} {}", text(&hash["record"]), text(&hash["state"]));
    }
    println!("\nrefused:");
    for (who, entries) in refused {
        for entry in entries {
            println!("    {who}: {}: {}", text(&entry["what"]), text(&entry["reason"]["message"]));
            println!("    (by the server; it stands in {who}'s outbox until {who} deals with it)");
        }
    }

    let first = &hashes[0].1;
    if hashes.iter().any(|(_, hash)| hash["state"] != first["state"] || hash["record"] != first["record"]) {
        return Err(Failure::failed("the demo failed: the hashes differ"));
    }
    let count: usize = refused.iter().map(|(_, entries)| entries.len()).sum();
    if count != 1 {
        return Err(Failure::failed(format!("the demo failed: one move must be refused, and {count} commands were")));
    }
    if [End::First, End::Last].iter().any(|end| !description.contains(end.line())) {
        return Err(Failure::failed("the demo failed: a line that was typed is missing from the merged text"));
    }
    println!("\nAll three hold the same, one move was refused, and nothing that was typed is lost.");
    Ok(())
}

/// Where somebody adds a line to a text.
#[derive(Debug, Clone, Copy)]
enum End {
    First,
    Last,
}

impl End {
    fn line(self) -> &'static str {
        match self {
            End::First => "Ada: the ramp must take at most 1.2 seconds.",
            End::Last => "Ben: measured with the strobe, 0.9 seconds at 33.",
        }
    }

    fn added_to(self, text: &str) -> String {
        match self {
            End::First => format!("{}\n\n{text}", self.line()),
            End::Last => format!("{text}\n\n{}", self.line()),
        }
    }
}

/// Adds this person's line to a card's description.
fn describe(person: &Person, title: &str, end: End) -> Result<(), Failure> {
    let file = person.path("description.md");
    fs::write(&file, end.added_to(&person.description_of(title)?)).map_err(cannot_write)?;
    person.tell(&["card", "describe", &person.key_of(title)?, "--text-file", &file])
}
