//! Files of GitHub, Jira and tables: read, planned and decided, as an import does it.

use recordplayer_kanban::import::{csv, github, jira};

use crate::script::Script;
use crate::trello::{comes_in_once, is_told};

/// A list of issues of GitHub.
pub fn github(bytes: &[u8]) {
    match github::read(bytes, "issues") {
        Ok(board) => comes_in_once(&board),
        Err(error) => is_told(&error.to_string()),
    }
}

/// Issues of Jira.
pub fn jira(bytes: &[u8]) {
    match jira::read(bytes, Some("https://jira.example.org")) {
        Ok(board) => comes_in_once(&board),
        Err(error) => is_told(&error.to_string()),
    }
}

/// A table, and what somebody says of its columns: `mapping (text) ‖ table`.
pub fn table(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (mapping, table) = (script.bytes(), script.rest());
    let mapping = String::from_utf8_lossy(mapping).parse().ok();
    match csv::read(table, "table", mapping.as_slice()) {
        Ok(board) => comes_in_once(&board),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
