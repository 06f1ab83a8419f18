//! The bytes of a change: [`bytes`] reads numbers, [`columns`] the columns, [`operations`] the rows, [`change`] all of it.

mod bytes;
mod change;
mod columns;
mod operations;

pub(super) use bytes::{Bytes, write_unsigned};
pub(super) use change::{Change, write_change};
pub(super) use operations::{ElementId, Operation};
