//! The columns in which a change lists its operations, without what would make them dangerous.
//!
//! A column is run-length encoded, so a few bytes can claim billions of rows, compressed or not. Nothing here allocates or loops by a
//! claimed length: the rows are counted run by run first, and only a number that the text can hold is walked row by row.

use super::bytes::Bytes;
use crate::text::TextRefusal;

/// The columns that the operations of a plain text need, each absent (all null) or complete.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::text) struct Columns<'a> {
    pub object_actor: &'a [u8],
    pub object_counter: &'a [u8],
    pub key_actor: &'a [u8],
    pub key_counter: &'a [u8],
    pub insert: &'a [u8],
    pub action: &'a [u8],
    pub value_meta: &'a [u8],
    pub value: &'a [u8],
    pub predecessors: &'a [u8],
    pub predecessor_actor: &'a [u8],
    pub predecessor_counter: &'a [u8],
}

/// The bit of a column's number that says "deflated".
const DEFLATED: u64 = 0b1000;

impl<'a> Columns<'a> {
    /// Reads the column numbers and lengths, then the columns, which must end where `bytes` end.
    pub fn read(mut bytes: Bytes<'a>) -> Result<Self, TextRefusal> {
        let count = bytes.unsigned()?;
        let mut specs = Vec::new();
        for _ in 0..count {
            let spec = (bytes.unsigned()?, bytes.unsigned()?);
            if spec.0 & DEFLATED != 0 {
                return Err(TextRefusal::NotRaw {});
            }
            if specs.last().is_some_and(|(last, _)| *last >= spec.0) {
                return Err(TextRefusal::unreadable("its columns are not in order"));
            }
            specs.push(spec);
        }
        let mut columns = Self::default();
        for (number, length) in specs {
            *columns.column(number)? = bytes.take(length)?;
        }
        if bytes.is_empty() { Ok(columns) } else { Err(TextRefusal::unreadable("something follows its columns")) }
    }

    /// The numbers are automerge's: the column's id and, in the lowest three bits, its type.
    fn column(&mut self, number: u64) -> Result<&mut &'a [u8], TextRefusal> {
        Ok(match number {
            0x01 => &mut self.object_actor,
            0x02 => &mut self.object_counter,
            0x11 => &mut self.key_actor,
            0x13 => &mut self.key_counter,
            0x34 => &mut self.insert,
            0x42 => &mut self.action,
            0x56 => &mut self.value_meta,
            0x57 => &mut self.value,
            0x70 => &mut self.predecessors,
            0x71 => &mut self.predecessor_actor,
            0x73 => &mut self.predecessor_counter,
            0x15 => return Err(TextRefusal::not_plain("it sets a field by name")),
            0x94 | 0xa5 => return Err(TextRefusal::not_plain("it formats text")),
            _ => return Err(TextRefusal::not_plain("it has an unknown column")),
        })
    }
}

/// How many rows a run-length encoded column has, by its runs; stops as soon as there are more than `max`.
pub(in crate::text) fn count_rows(column: &[u8], max: u64) -> Result<u64, TextRefusal> {
    let mut bytes = Bytes(column);
    let mut rows: u64 = 0;
    while !bytes.is_empty() && rows <= max {
        let run = bytes.signed()?;
        let repeated = match run {
            1.. => 1,
            0 => return Err(TextRefusal::unreadable("a column has an empty row")),
            _ => run.unsigned_abs(),
        };
        for _ in 0..repeated {
            bytes.unsigned()?;
        }
        rows = rows.saturating_add(run.unsigned_abs());
    }
    Ok(rows)
}

/// A run-length encoded column, row by row. An absent column has nulls for ever.
#[derive(Clone, Debug)]
pub(in crate::text) struct Rows<'a, V> {
    bytes: Bytes<'a>,
    read: fn(&mut Bytes<'a>) -> Result<V, TextRefusal>,
    run: Run<V>,
    /// Rows left in the run.
    left: u64,
}

#[derive(Clone, Debug)]
enum Run<V> {
    Absent,
    Nulls,
    Same(V),
    Literal,
}

impl<'a, V: Copy> Rows<'a, V> {
    fn new(column: &'a [u8], read: fn(&mut Bytes<'a>) -> Result<V, TextRefusal>) -> Self {
        let run = if column.is_empty() { Run::Absent } else { Run::Nulls };
        Self { bytes: Bytes(column), read, run, left: 0 }
    }

    pub fn next(&mut self) -> Result<Option<V>, TextRefusal> {
        if matches!(self.run, Run::Absent) {
            return Ok(None);
        }
        if self.left == 0 {
            self.begin_run()?;
        }
        self.left -= 1;
        match self.run {
            Run::Absent | Run::Nulls => Ok(None),
            Run::Same(value) => Ok(Some(value)),
            Run::Literal => (self.read)(&mut self.bytes).map(Some),
        }
    }

    fn begin_run(&mut self) -> Result<(), TextRefusal> {
        let length = self.bytes.signed()?;
        (self.run, self.left) = match length {
            1.. => (Run::Same((self.read)(&mut self.bytes)?), length.unsigned_abs()),
            0 => (Run::Nulls, self.bytes.unsigned()?),
            _ => (Run::Literal, length.unsigned_abs()),
        };
        if self.left == 0 { Err(TextRefusal::unreadable("a column has a run of no rows")) } else { Ok(()) }
    }

    pub fn is_done(&self) -> bool {
        self.left == 0 && self.bytes.is_empty()
    }
}

impl<'a> Rows<'a, u64> {
    pub fn unsigned(column: &'a [u8]) -> Self {
        Self::new(column, Bytes::unsigned)
    }
}

/// A column of numbers, each written as the difference to the one before.
#[derive(Clone, Debug)]
pub(in crate::text) struct Differences<'a> {
    rows: Rows<'a, i64>,
    last: i64,
}

impl<'a> Differences<'a> {
    pub fn new(column: &'a [u8]) -> Self {
        Self { rows: Rows::new(column, Bytes::signed), last: 0 }
    }

    pub fn next(&mut self) -> Result<Option<u32>, TextRefusal> {
        let Some(difference) = self.rows.next()? else { return Ok(None) };
        let number = self.last.checked_add(difference).and_then(|number| u32::try_from(number).ok());
        let number = number.ok_or_else(|| TextRefusal::unreadable("an operation has an impossible number"))?;
        self.last = number.into();
        Ok(Some(number))
    }

    pub fn is_done(&self) -> bool {
        self.rows.is_done()
    }
}

/// A column of yes and no: how many times no, then how many times yes, and so on.
#[derive(Clone, Debug)]
pub(in crate::text) struct Flags<'a> {
    bytes: Bytes<'a>,
    value: bool,
    left: u64,
}

impl<'a> Flags<'a> {
    pub fn new(column: &'a [u8]) -> Self {
        Self { bytes: Bytes(column), value: true, left: 0 }
    }

    pub fn next(&mut self) -> Result<bool, TextRefusal> {
        while self.left == 0 {
            self.left = self.bytes.unsigned()?;
            self.value = !self.value;
        }
        self.left -= 1;
        Ok(self.value)
    }

    pub fn is_done(&self) -> bool {
        self.left == 0 && self.bytes.is_empty()
    }
}
