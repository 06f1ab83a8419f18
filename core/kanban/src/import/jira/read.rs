//! The entry: bytes in, a board out.

use std::fmt;

use recordplayer::id::Id;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::source::error::checked_text;
use super::super::source::loose::list;
use super::super::source::{LIST_ENTRIES_MAX, ReadError, SourceBoard};
use super::assemble::assemble;
use super::wire::{WireEntry, WireIssue};

const ADVICE: &str =
    "save the answers of Jira's /rest/api/2/search?fields=*all&expand=changelog, or one issue in each line";

/// Reads issues as Jira's REST API gives them. `site` is Jira's address, such as `https://jira.example.org`, where the issues do not tell it.
///
/// Never panics, and either takes the whole file or refuses it whole.
pub fn read(bytes: &[u8], site: Option<&str>) -> Result<SourceBoard, ReadError> {
    let text = checked_text(bytes, ADVICE)?;
    let mut issues = Vec::new();
    let mut entries = serde_json::Deserializer::from_str(text).into_iter::<Entries>();
    let mut begins = 0;
    while let Some(entry) = entries.next() {
        let line = |at: usize| text[..at].matches('\n').count() as u64 + 1;
        let entry = entry.map_err(|error| ReadError::from_json(&error, ADVICE))?;
        let skipped = text[begins..].len() - text[begins..].trim_start().len();
        for entry in entry.0 {
            take(entry, &mut issues).map_err(|problem| ReadError::WrongLine {
                problem,
                line: line(begins + skipped),
                advice: ADVICE.to_owned(),
            })?;
        }
        begins = entries.byte_offset();
    }
    let export = Id::derived("jira export", &[bytes, site.unwrap_or_default().as_bytes()]);
    let site = site.map(|site| site.trim_end_matches('/').to_owned());
    Ok(assemble(text, issues, site, export))
}

/// One entry, or a list of them.
struct Entries(Vec<WireEntry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = Entries;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an issue of Jira")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entries, A::Error> {
                let entry = WireEntry::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Entries(vec![entry]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<Entries, A::Error> {
                list(SeqAccessDeserializer::new(entries)).map(Entries)
            }
        }
        deserializer.deserialize_any(Look)
    }
}

/// The issues of an entry, or why there are none.
fn take(entry: WireEntry, issues: &mut Vec<WireIssue>) -> Result<(), String> {
    let WireEntry { issues: page, key, address, fields, changelog } = entry;
    let before = issues.len();
    match (page, fields) {
        (Some(page), _) => issues.extend(page),
        (None, Some(fields)) => issues.push(WireIssue { key, address, fields, changelog }),
        (None, None) => return Err("this is no issue of Jira: it has no \"fields\"".to_owned()),
    }
    if issues[before..].iter().any(|issue| issue.key.trim().is_empty()) {
        return Err("this issue of Jira has no \"key\"".to_owned());
    }
    if issues.len() > LIST_ENTRIES_MAX {
        return Err(format!("there are more than {LIST_ENTRIES_MAX} issues"));
    }
    Ok(())
}
