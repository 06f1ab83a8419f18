//! The rows of the file.

use std::io::Read;

use csv::{ReaderBuilder, StringRecord};

use super::super::source::{LIST_ENTRIES_MAX, ReadError};
use crate::report::text_of;

/// Most columns that a table may have: some tools make one for each label or comment.
const COLUMNS_MAX: usize = 2_000;

/// What no file ends with by itself: read behind it, so that a cell that is opened and never closed is found.
const END: &str = "\u{1}end of the file\u{1}";

pub(super) const ADVICE: &str = "save the table as CSV in UTF-8, with the names of the columns in its first line";

/// A header, and rows that have as many cells.
#[derive(Debug)]
pub(super) struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Row>,
}

#[derive(Debug)]
pub(super) struct Row {
    /// Of the file, from 1.
    pub line: u64,
    cells: StringRecord,
}

impl Row {
    pub fn cell(&self, column: usize) -> &str {
        text_of(self.cells.get(column).unwrap_or_default().trim())
    }
}

impl Table {
    pub fn read(text: &str) -> Result<Self, ReadError> {
        if let Some(at) = text.find('\0') {
            let line = text[..at].matches('\n').count() as u64 + 1;
            return Err(wrong("there is a byte of 0, which no text has".to_owned(), line));
        }
        // A spreadsheet may say in a line of its own what parts the cells.
        let told = text.strip_prefix("sep=").and_then(|rest| rest.split_once('\n'));
        let told = told.and_then(|(sign, rest)| Some((u8::try_from(sign.trim_end().chars().next()?).ok()?, rest)));
        let (delimiter, body, skipped) = match told {
            Some((sign, rest)) => (sign, rest, 1),
            None => (guess(text), text, 0),
        };
        let mut records = records(body, delimiter, skipped)?;
        let ends_well = records.pop().is_some_and(|row| row.cells.len() == 1 && row.cells.get(0) == Some(END));
        if !ends_well {
            let line = text.lines().count() as u64;
            return Err(wrong("a cell is opened with a quote and never closed".to_owned(), line));
        }
        records.retain(|row| row.cells.iter().any(|cell| !cell.trim().is_empty()));
        if records.is_empty() {
            return Err(ReadError::Empty { advice: ADVICE });
        }
        let header = records.remove(0);
        if header.cells.len() > COLUMNS_MAX {
            let problem = format!("the header has {} columns and may have {COLUMNS_MAX}", header.cells.len());
            return Err(wrong(problem, header.line));
        }
        let columns = header.cells.len();
        for row in &records {
            let has_more = row.cells.iter().skip(columns).any(|cell| !cell.trim().is_empty());
            if row.cells.len() < columns || has_more {
                let problem = format!("this row has {} cells, and the header has {columns}", row.cells.len());
                return Err(wrong(problem, row.line));
            }
        }
        let header = header.cells.iter().map(|name| name.trim().to_owned()).collect();
        Ok(Self { header, rows: records })
    }
}

fn wrong(problem: String, line: u64) -> ReadError {
    ReadError::WrongLine { problem, line, advice: ADVICE.to_owned() }
}

fn records(text: &str, delimiter: u8, skipped: u64) -> Result<Vec<Row>, ReadError> {
    let end = format!("\n{END}");
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter);
    let reader = builder.from_reader(text.as_bytes().chain(end.as_bytes()));
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let cells = record.map_err(|error| {
            let line = error.position().map_or(1, csv::Position::line);
            wrong(error.to_string(), line + skipped)
        })?;
        let line = cells.position().map_or(1, csv::Position::line) + skipped;
        if rows.len() > LIST_ENTRIES_MAX {
            return Err(wrong(format!("the table has more than {LIST_ENTRIES_MAX} rows"), line));
        }
        rows.push(Row { line, cells });
    }
    Ok(rows)
}

/// What parts the cells: what parts the first row into the most, the comma first.
fn guess(text: &str) -> u8 {
    let cells = |delimiter: u8| {
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
        let mut record = StringRecord::new();
        reader.read_record(&mut record).map_or(0, |_| record.len())
    };
    let mut best = (b',', cells(b','));
    for delimiter in [b';', b'\t'] {
        let count = cells(delimiter);
        if count > best.1 {
            best = (delimiter, count);
        }
    }
    best.0
}
