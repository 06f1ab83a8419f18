//! A card as a Markdown file: what stands on it in front (YAML between two lines of dashes, as many programs read it), then its texts.

use std::io::{self, Write};

use serde_json::Value;

use super::{list, text, texts};

/// The key alone: a title may hold anything, and changes.
pub(super) fn file_name(card: &Value) -> String {
    let key: String =
        text(card, "key").chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
    format!("{key}.md")
}

pub(super) fn write(card: &Value, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "---")?;
    for name in ["key", "title", "board", "column", "type", "priority", "due", "estimate", "remaining", "blocked"] {
        if let Some(text) = card[name].as_str() {
            writeln!(out, "{name}: {}", quoted(text))?;
        }
    }
    for name in ["done", "archived"] {
        if card[name] == true {
            writeln!(out, "{name}: true")?;
        }
    }
    for name in ["labels", "members"] {
        let items: Vec<String> = texts(card, name).iter().map(|item| quoted(item)).collect();
        if !items.is_empty() {
            writeln!(out, "{name}: [{}]", items.join(", "))?;
        }
    }
    for (name, value) in card["fields"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), quoted);
        writeln!(out, "{}: {value}", quoted(name))?;
    }
    let relations: Vec<String> = list(card, "relations")
        .map(|relation| quoted(&format!("{} {}", text(relation, "kind"), text(relation, "card"))))
        .collect();
    if !relations.is_empty() {
        writeln!(out, "relations: [{}]", relations.join(", "))?;
    }
    writeln!(out, "---\n\n# {}", text(card, "title").replace('\n', " "))?;
    let description = text(card, "description");
    if !description.is_empty() {
        writeln!(out, "\n{}", description.trim_end())?;
    }
    for checklist in list(card, "checklists") {
        writeln!(out, "\n## {}\n", text(checklist, "name"))?;
        for item in list(checklist, "items") {
            let tick = if item["done"] == true { "x" } else { " " };
            writeln!(out, "- [{tick}] {}", text(item, "text").replace('\n', " "))?;
        }
    }
    if list(card, "attachments").next().is_some() {
        writeln!(out, "\n## Attachments\n")?;
    }
    for attachment in list(card, "attachments") {
        let name = text(attachment, "name");
        match attachment["url"].as_str() {
            Some(url) if name.is_empty() => writeln!(out, "- <{url}>")?,
            Some(url) => writeln!(out, "- {name}: <{url}>")?,
            None => writeln!(out, "- {name} ({} bytes)", attachment["bytes"])?,
        }
    }
    if list(card, "comments").next().is_some() {
        writeln!(out, "\n## Comments")?;
    }
    for comment in list(card, "comments") {
        writeln!(out, "\n### {}, {}\n", text(comment, "author"), text(comment, "at"))?;
        writeln!(out, "{}", text(comment, "text").trim_end())?;
    }
    Ok(())
}

/// A text as YAML takes each as it is: JSON's quotes are YAML's.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_card_is_one_file_with_all_of_its_texts() {
        let card = json!({
            "key": "TT-1", "title": "Motor: \"quiet\"", "column": "Ready", "labels": ["a, b"], "done": true, "description": "Two\nlines\n",
            "checklists": [{ "name": "Parts", "items": [{ "text": "Belt", "done": true }, { "text": "Oil", "done": false }] }],
            "attachments": [{ "name": "", "url": "https://example.org" }, { "name": "plan.pdf", "bytes": 3 }],
            "comments": [{ "author": "mia", "at": "2026-01-02T03:04:05.000Z", "text": "It hums" }],
            "fields": { "Speed": "33" }, "relations": [{ "kind": "blocks", "card": "TT-2" }],
        });
        let mut out = Vec::new();
        write(&card, &mut out).unwrap();
        let expected = "---\nkey: \"TT-1\"\ntitle: \"Motor: \\\"quiet\\\"\"\ncolumn: \"Ready\"\ndone: true\nlabels: [\"a, b\"]\n\"Speed\": \"33\"\n\
            relations: [\"blocks TT-2\"]\n---\n\n# Motor: \"quiet\"\n\nTwo\nlines\n\n## Parts\n\n- [x] Belt\n- [ ] Oil\n\n## Attachments\n\n\
            - <https://example.org>\n- plan.pdf (3 bytes)\n\n## Comments\n\n### mia, 2026-01-02T03:04:05.000Z\n\nIt hums\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!(file_name(&card), "TT-1.md");
        assert_eq!(file_name(&json!({ "key": "TT-~7f/3a" })), "TT--7f-3a.md");
    }
}
