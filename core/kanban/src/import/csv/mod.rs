//! Reads a table of cards, one in each row: the exports of Jira, Linear and `WeKan`, our own, and whatever else has a header.
//!
//! The way of a file through this module:
//!
//! 1. `table` guesses what parts the cells and takes the rows, each with its line; a row that does not fit the header is an error.
//! 2. `header` tells what each column is, by the names that the products give them and by usual names in English and French. Whoever
//!    imports can say it otherwise ([`Mapping`]). A column that is nothing of this is a field of the cards, so nothing of it is lost.
//! 3. `dates` and `lists` read cells, in the form that the whole column shows: `05/06/2020` alone does not tell which one is the month.
//! 4. `assemble` makes a [`SourceBoard`](super::source::SourceBoard) of the rows.
//!
//! A row is known by its key, where it has one, else by its title and when it was made: so a second import of the same file adds nothing,
//! and a later one finds the card. Keys of Jira and Linear are their own everywhere; others belong to the board, which is called as the
//! file is, or as whoever imports says.
//!
//! # Source of the formats
//!
//! * The form: RFC 4180, with `;` and tabs besides, as spreadsheets write them where the comma is a decimal sign.
//! * Linear: <https://linear.app/docs/exporting-data>, and an export of 2023 with 25 columns: dates as JavaScript prints them, `Parent issue` by
//!   key, labels parted by commas.
//! * Jira: <https://support.atlassian.com/jira-software-cloud/docs/export-issues/>: a column for each label and comment, all of one name;
//!   a comment is `date;author;text`, an attachment `date;author;name;address`, a date is `05/Feb/16 3:04 PM`.
//! * `WeKan`: <https://github.com/wekan/wekan/wiki/CSV> and its example: US dates, people and labels parted by spaces, a label's colour behind
//!   a minus.

mod assemble;
mod dates;
mod header;
mod lists;
mod read;
mod rows;
mod table;

pub use header::{Mapping, MappingError};
pub use lists::list_of;
pub use read::read;
