//! A project for other programs: all of it, or its cards alone.

use std::path::Path;

use serde_json::json;

use super::answer::{Answer, Failure};
use super::arguments::ExportForm;
use super::file::unwritable;
use super::place::Place;
use super::{records, send};
use crate::cards_out::{self, Form, NotWritten};

pub(crate) fn run(place: &Place<'_>, path: &Path, form: Option<ExportForm>) -> Result<Answer, Failure> {
    let ends = |end: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(end));
    let named = if ends("csv") {
        ExportForm::Csv
    } else if ends("ics") {
        ExportForm::Ics
    } else {
        ExportForm::Records
    };
    let form = match form.unwrap_or(named) {
        ExportForm::Records => return records::export(place, path),
        ExportForm::Csv => Form::Table,
        ExportForm::Markdown => Form::Texts,
        ExportForm::Ics => Form::Calendar,
    };
    let board = place.board.as_ref().map(|board| place.board(Some(board))).transpose()?;
    let written = cards_out::write(&place.names(), board.map(|board| board.id), form, path);
    let count = written.map_err(|error| match error {
        NotWritten::Read(error) => send::failure_at(place, error),
        NotWritten::Disk(error) => unwritable(&error, path),
    })?;
    let json = json!({ "file": path.display().to_string(), "cards": count, "project": place.info.title });
    let cards = if count == 1 { "1 card".to_owned() } else { format!("{count} cards") };
    Ok(Answer::new(json, format!("Wrote {cards} to {}", path.display())))
}
