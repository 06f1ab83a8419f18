//! Cards as comma-separated values (RFC 4180): a row for each.

use std::collections::BTreeSet;
use std::io::Write;

use recordplayer_client::SendError;
use recordplayer_kanban::Project;
use recordplayer_kanban::import::csv::list_of;
use recordplayer_kanban::report::cell;
use serde_json::Value;

use super::{NotWritten, list, text, texts};

/// What every card has; the project's fields follow, each under its name.
const COLUMNS: [&str; 19] = [
    "Key",
    "Title",
    "Board",
    "Column",
    "Type",
    "Labels",
    "Members",
    "Priority",
    "Due",
    "Estimate",
    "Remaining",
    "Blocked",
    "Done",
    "Archived",
    "Part of",
    "Description",
    "Checklists",
    "Links",
    "Number of comments",
];

pub(super) fn write(
    project: &Project,
    cards: impl Iterator<Item = Result<Value, SendError>>,
    out: &mut impl Write,
) -> Result<u64, NotWritten> {
    let fields: BTreeSet<&str> = project.fields.values().map(|field| field.name.as_str()).collect();
    let mut table = csv::Writer::from_writer(out);
    table
        .write_record(COLUMNS.iter().map(|name| cell(name)).chain(fields.iter().map(|name| cell(name))))
        .map_err(disk)?;
    let mut count = 0;
    for card in cards {
        let card = card?;
        let of_project = fields.iter().map(|name| match &card["fields"][*name] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let row: Vec<String> = row(&card).into_iter().chain(of_project).collect();
        table.write_record(row.iter().map(|text| cell(text))).map_err(disk)?;
        count += 1;
    }
    table.flush()?;
    Ok(count)
}

fn disk(error: csv::Error) -> NotWritten {
    NotWritten::Disk(error.into())
}

fn row(card: &Value) -> Vec<String> {
    let one = |name: &str| text(card, name).to_owned();
    let is = |name: &str| if card[name] == true { "yes".to_owned() } else { String::new() };
    let is_part = |relation: &&Value| relation["kind"] == "part_of";
    let part_of: Vec<&str> = list(card, "relations").filter(is_part).filter_map(|part| part["card"].as_str()).collect();
    let items = |checklist: &Value| {
        let item = |item: &Value| format!("[{}] {}", if item["done"] == true { "x" } else { " " }, text(item, "text"));
        let items: Vec<String> = list(checklist, "items").map(item).collect();
        format!("{}\n{}", text(checklist, "name"), items.join("\n"))
    };
    let link = |link: &Value| link["url"].as_str().unwrap_or_else(|| text(link, "name")).to_owned();
    vec![
        one("key"),
        one("title"),
        one("board"),
        one("column"),
        one("type"),
        list_of(texts(card, "labels").iter().map(String::as_str)),
        list_of(texts(card, "members").iter().map(String::as_str)),
        one("priority"),
        one("due"),
        one("estimate"),
        one("remaining"),
        one("blocked"),
        is("done"),
        is("archived"),
        part_of.join(", "),
        one("description"),
        list(card, "checklists").map(items).collect::<Vec<_>>().join("\n\n"),
        list(card, "attachments").map(link).collect::<Vec<_>>().join("\n"),
        list(card, "comments").count().to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use recordplayer_kanban::project::{FieldDefinition, FieldKind};
    use serde_json::json;

    use super::*;

    fn written(project: &Project, cards: Vec<Value>) -> String {
        let mut out = Vec::new();
        assert_eq!(write(project, cards.clone().into_iter().map(Ok), &mut out).unwrap(), cards.len() as u64);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_stands_on_a_card_stands_in_its_row() {
        let mut project = Project::default();
        let (options, limits) = Default::default();
        let speed = FieldDefinition { name: "Speed".into(), kind: FieldKind::Number, options, limits };
        project.fields.insert(recordplayer::id::Id([1; 16]).into(), speed);
        let card = json!({
            "key": "TT-1", "title": "Motor, \"quiet\"", "board": "Deck", "column": "Ready", "labels": ["loud", "red"], "done": true,
            "description": "Two\nlines", "checklists": [{ "name": "Parts", "items": [{ "text": "Belt", "done": true }] }],
            "attachments": [{ "name": "plan", "url": "https://example.org/plan" }, { "name": "plan.pdf", "bytes": 3 }],
            "relations": [{ "kind": "part_of", "card": "TT-9" }, { "kind": "blocks", "card": "TT-8" }],
            "comments": [{}, {}], "fields": { "Speed": "33.3" }, "archived": false, "estimate": "2.5",
        });
        let text = written(&project, vec![card]);
        let mut read = csv::Reader::from_reader(text.as_bytes());
        let names: Vec<String> = read.headers().unwrap().iter().map(str::to_owned).collect();
        let row = read.records().next().unwrap().unwrap();
        let of = |name: &str| row.get(names.iter().position(|other| other == name).unwrap()).unwrap().to_owned();
        for (name, value) in [
            ("Key", "TT-1"),
            ("Title", "Motor, \"quiet\""),
            ("Labels", "loud, red"),
            ("Done", "yes"),
            ("Archived", ""),
            ("Estimate", "2.5"),
            ("Part of", "TT-9"),
            ("Description", "Two\nlines"),
            ("Checklists", "Parts\n[x] Belt"),
            ("Links", "https://example.org/plan\nplan.pdf"),
            ("Number of comments", "2"),
            ("Speed", "33.3"),
        ] {
            assert_eq!(of(name), value, "{name}");
        }
    }

    #[test]
    fn nothing_that_was_written_becomes_a_formula() {
        let text = written(&Project::default(), vec![json!({ "key": "TT-1", "title": "=1+1" })]);
        assert!(text.contains("TT-1,'=1+1,"), "{text}");
    }
}
