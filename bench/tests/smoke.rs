//! The whole bench at its smallest size: each row is there and says what it is. How fast anything is depends on the machine and is not asked.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Map, Value};

/// The rows of the smallest run, in order: name, unit, and whether a peer or a limit stands beside.
const ROWS: &[(&str, &str, bool)] = &[
    ("append of 4 KiB and fdatasync (probe)", "appends/s", false),
    ("bytes on disk per record", "bytes", true),
    ("bytes on disk per record, packed between groups", "bytes", true),
    ("durable records, 256 commits a group", "records/s", false),
    ("durable commands, 1 clients", "commands/s", true),
    ("durable commands, 4 clients", "commands/s", true),
    ("from a command to another's view, p50", "ms", true),
    ("from a command to another's view, p99", "ms", true),
    ("events hydrated into entities, from redb", "events/s", true),
    ("events played into entities and views", "events/s", true),
    ("deliveries to 50 subscribers", "deliveries/s", true),
    ("server memory with 50 idle clients", "MiB", false),
    ("of it for each idle client", "bytes", true),
    ("a frame with 20 cards on the board", "ms", true),
    ("a frame with 40 cards on the board", "ms", true),
    ("first frame, 459 records", "ms", true),
    ("jump through 459 records, p99", "ms", true),
    ("import of a board of 20 cards", "commands/s", true),
    ("memory of the window, 40 cards", "MiB", true),
    ("processor, window at rest, 40 cards", "ms/s", false),
];

/// Those of a project of some size beside a smaller one, for each of two sizes.
const ROWS_OF_SIZE: &[(&str, &str)] = &[
    ("server, start to first answer", "ms"),
    ("device, open to first board", "ms"),
    ("memory of the server", "MiB"),
    ("memory of the device", "MiB"),
    ("at a server: change of a card, p50", "ms"),
    ("at a server: change of a card, p99", "ms"),
    ("at a server: change on the largest board, p50", "ms"),
    ("at a server: change on the largest board, p99", "ms"),
    ("at a server: new card, p50", "ms"),
    ("at a server: new card, p99", "ms"),
    ("at a server: change after a rest, p50", "ms"),
    ("at a server: change after a rest, worst", "ms"),
    ("device alone, open to first board", "ms"),
    ("memory of the device alone", "MiB"),
    ("alone: change of a card, p50", "ms"),
    ("alone: change of a card, p99", "ms"),
    ("alone: change on the largest board, p50", "ms"),
    ("alone: change on the largest board, p99", "ms"),
    ("alone: new card, p50", "ms"),
    ("alone: new card, p99", "ms"),
    ("alone: change after a rest, p50", "ms"),
    ("alone: change after a rest, worst", "ms"),
];

/// Those of search at some size, and whether a limit stands beside.
const ROWS_OF_SEARCH: &[(&str, &str, bool)] = &[
    ("first build", "s", false),
    ("one common word, p50", "ms", true),
    ("one common word, p99", "ms", true),
    ("one rare word, p50", "ms", true),
    ("one rare word, p99", "ms", true),
    ("two words, p50", "ms", true),
    ("two words, p99", "ms", true),
    ("a phrase, p50", "ms", true),
    ("a phrase, p99", "ms", true),
    ("a beginning of two letters, p50", "ms", true),
    ("a beginning of two letters, p99", "ms", true),
    ("a beginning of four letters, p50", "ms", true),
    ("a beginning of four letters, p99", "ms", true),
    ("filters, p50", "ms", true),
    ("filters, p99", "ms", true),
    ("filters and a word, p50", "ms", true),
    ("filters and a word, p99", "ms", true),
    ("Chinese, p50", "ms", true),
    ("Chinese, p99", "ms", true),
    ("from a change to found, p50", "ms", true),
    ("from a change to found, worst", "ms", true),
    ("opening, checked", "ms", false),
    ("memory", "MiB", false),
    ("index on disk", "MiB", false),
];

#[test]
fn the_smallest_run_yields_each_row_as_json() {
    let rows = run(&["--smallest", "--json"]);
    let of_size =
        |cards: u32| ROWS_OF_SIZE.iter().map(move |(name, unit)| (format!("{name}, {cards} cards"), *unit, true));
    let of_sizes = [80, 100].map(of_size).into_iter().flatten();
    let of_search = |cards: u32| {
        let row = move |(name, unit, limit): &(&str, &'static str, bool)| {
            (format!("search, {name}, {cards} cards"), *unit, *limit)
        };
        ROWS_OF_SEARCH.iter().map(row)
    };
    let of_searches = [60, 80, 100].map(of_search).into_iter().flatten();
    let promised: Vec<_> = ROWS
        .iter()
        .map(|(name, unit, limit)| ((*name).to_owned(), *unit, *limit))
        .chain(of_sizes)
        .chain(of_searches)
        .collect();
    let said: Vec<_> =
        rows.iter().map(|row| (text(row, "name").to_owned(), text(row, "unit"), !row["limit"].is_null())).collect();
    assert_eq!(said, promised);
    for row in &rows {
        check(row);
    }
}

#[test]
fn only_what_is_asked_for_is_measured() {
    let rows = run(&["--smallest", "--json", "--only", "disk"]);
    let names: Vec<_> = rows.iter().map(|row| text(row, "name")).collect();
    assert_eq!(names, ROWS[..4].iter().map(|(name, ..)| *name).collect::<Vec<_>>());
}

fn run(arguments: &[&str]) -> Vec<Map<String, Value>> {
    let output = Command::new(env!("CARGO_BIN_EXE_recordplayer-bench")).args(arguments).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one array of objects")
}

/// A row has exactly the fields that are promised, each of its type, and its ratio is that of its figures.
fn check(row: &Map<String, Value>) {
    let types: BTreeMap<&str, bool> = row
        .iter()
        .map(|(field, value)| match &**field {
            "name" | "unit" => (&**field, value.is_string()),
            // At rest nothing is taken of the processor.
            "value" => ("value", value.as_f64().is_some_and(|value| value > 0.0 || row["unit"] == "ms/s")),
            "limit" | "ratio" | "goal" => (&**field, value.is_null() || value.as_f64().is_some_and(|it| it > 0.0)),
            "met" => ("met", value.is_null() || value.is_boolean()),
            other => panic!("no field is promised by the name {other:?}"),
        })
        .collect();
    let promised = ["goal", "limit", "met", "name", "ratio", "unit", "value"];
    assert_eq!(types, promised.map(|field| (field, true)).into(), "{row:?}");
    let number = |field: &str| row[field].as_f64();
    let ratio = number("limit").map(|limit| number("value").expect("a number") / limit);
    assert!(ratio.zip(number("ratio")).is_none_or(|(is, said)| (is - said).abs() < 1e-9), "{row:?}");
    assert_eq!(ratio.is_some(), number("ratio").is_some(), "{row:?}");
}

fn text<'a>(row: &'a Map<String, Value>, field: &str) -> &'a str {
    row[field].as_str().expect("a text")
}
