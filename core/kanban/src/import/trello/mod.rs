//! Reads a board as Trello exports it (menu of the board, *Print, export, share*, *Export as JSON*).
//!
//! The way of a file through this module:
//!
//! 1. [`read`] checks size and encoding and has `serde_json` fill the structs of `wire`, which take only what is needed:
//!    everything else is skipped without being kept. Whatever the file lacks in kind becomes a [`TrelloError`] here.
//! 2. `assemble` turns them into a [`SourceBoard`](super::source::SourceBoard): things in order, references resolved, placeholders
//!    where a reference leads nowhere, and a line of what is not imported for all that the file says and the board does not hold.
//!
//! Nothing here reads a clock or a file, and no float leaves: Trello's positions are used for order alone, and numbers of
//! custom fields stay the decimal text that they are in the file.
//!
//! # Source of the format
//!
//! Trello publishes no schema of the export. It is the answer of `GET /1/boards/{id}` with its nested resources, whose
//! objects are described at <https://developer.atlassian.com/cloud/trello/guides/rest-api/object-definitions/> and, for
//! custom fields, at <https://developer.atlassian.com/cloud/trello/guides/rest-api/getting-started-with-custom-fields/>.
//! The rest was learned from exports of 2015, 2019 and 2021:
//!
//! * `actions` holds the last 1,000 actions of the board, newest first: its history, whole or cut. Each that changes a value
//!   holds the old one too (`data.old`). Comments exist nowhere else, so a busy board's older comments are not in its export; a
//!   card's `badges.comments` tells how many there should be, and `GET /1/boards/{id}/actions?filter=commentCard` gives them
//!   as a list of actions ([`read_with_comments`]).
//! * In 2015 the board had no `labels`, `customFields` or `pluginData`: labels stand as objects on the cards that wear them,
//!   and `labelNames` gives names to the colours. Older files give these label objects no id.
//! * Checklists stand at the board with `idCard`; only answers of the API have them on the card.
//! * `pos` is a number, often a fraction, and two cards of one list can have the same.
//! * An id is 24 hexadecimal digits, of which the first 8 are the second of its making (a `MongoDB` object id).
//! * Values of custom fields are text, numbers (`"100.32"`) and ticks (`"true"`) too; a chosen option is `idValue`.
//!
//! What only serves Trello itself is passed over without a line in the list: addresses and short links, badges, size limits,
//! when the board was last looked at, scaled previews of pictures, and markers of how texts were parsed.

mod assemble;
mod cards;
mod comments;
mod error;
mod fields;
mod history;
mod left_out;
mod read;
mod referents;
mod wire;

pub use error::TrelloError;
pub use read::{CommentsError, read, read_with_comments};

#[cfg(test)]
mod tests;
