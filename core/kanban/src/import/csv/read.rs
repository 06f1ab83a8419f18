//! The entry: bytes in, a board out.

use recordplayer::id::Id;

use super::super::source::error::checked_text;
use super::super::source::{ReadError, SourceBoard};
use super::assemble::assemble;
use super::header::{Dialect, Header, Mapping, Role};
use super::table::{ADVICE, Table};

/// Reads a table of cards. `name` is what the board is called where the table does not tell it, and what its cards are known by where their
/// keys are not their own everywhere.
///
/// Never panics, and either takes the whole file or refuses it whole.
pub fn read(bytes: &[u8], name: &str, mappings: &[Mapping]) -> Result<SourceBoard, ReadError> {
    let table = Table::read(checked_text(bytes, ADVICE)?)?;
    let dialect = Dialect::of(&table.header);
    let columns = || {
        let names = table.header.iter().take(40).map(|name| format!("{name:?}")).collect::<Vec<_>>();
        names.join(", ")
    };
    let header = Header::of(&table.header, dialect, mappings).map_err(|mapping| ReadError::WrongLine {
        problem: format!("no column is called as in \"{mapping}\""),
        line: 1,
        advice: format!("the columns are {}", columns()),
    })?;
    if !header.has(&Role::Title) {
        return Err(ReadError::WrongLine {
            problem: "no column is the title of a card".to_owned(),
            line: 1,
            advice: format!("say which one with --map \"Title=...\"; the columns are {}", columns()),
        });
    }
    let said = mappings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let export = Id::derived("csv export", &[bytes, name.as_bytes(), said.as_bytes()]);
    Ok(assemble(&table, &header, dialect, name, export))
}
