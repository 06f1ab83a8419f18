//! The file under redb: blocks that each carry a digest, behind a header of our own.
//!
//! redb trusts a file that was closed cleanly; of 1,500 single bits flipped in such a file, 1,298 gave wrong answers without a word. The
//! digests of our values find a changed value, but not a row that can no longer be found because a key or a branch changed. So each block of
//! redb is verified when it is read, and one that is not what was written reads as nonsense: no page of redb begins with such a byte, so redb
//! answers "corrupted" instead of something plausible, and what lies elsewhere can still be read.
//!
//! ```text
//! 0      magic "RecPlay" 0x1a (8) ‖ version (4) ‖ kind (4) ‖ digest of these 16 (8)
//! 512    state: is clean (8) ‖ digest of block 0 (8) ‖ number of blocks (8) ‖ digest of these 24 (8)
//! 4096   block 0: 0 (8) ‖ redb's bytes 0..4096
//! 8200   block 1: digest (8) ‖ redb's bytes 4096..8192
//! …
//! ```
//! All numbers are little-endian. Block 0 is redb's own header: it is written in part and guarded by redb's own checksums, and by the digest
//! in the state once the file is closed in order. A torn block of an interrupted commit reads as nonsense too, and redb falls back to the
//! commit before, exactly as with its own checksums.

use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use crate::error::FileKind;
use crate::header::{HeaderError, IDENTITY_BYTES, STATE_BYTES, State, check_identity, encode_identity, sum};
use crate::limits::SCRUB_STEP_BYTES;

const HEADER_BYTES: u64 = 4096;
pub(crate) const STATE_AT: u64 = 512;
const BLOCK: usize = 4096;
const STORED: usize = BLOCK + 8;

/// What a damaged block reads as. Not zeros: where redb joins two neighbours it takes their kind for granted, a page of zeros for one without
/// rows, and the rows would be gone without a word. Of this, each count and each offset leads out of the page.
const NONSENSE: u8 = 0xff;

/// A file of blocks. The store keeps a handle beside redb's, for the scrub and the clean close.
#[derive(Debug)]
pub(crate) struct BlockFile {
    inner: Box<dyn StorageBackend>,
    /// Held while writing, so that the scrub never reads half a block; holds a copy of block 0.
    first_block: Mutex<Option<Box<[u8]>>>,
    /// How the file was left, while nothing has been written since.
    clean_state: Mutex<Option<State>>,
    closes_clean: AtomicBool,
    has_failed: AtomicBool,
    damaged_blocks: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The digest of a block at its place: 64 bits of blake3, never 0, for that is a block that was never written.
fn block_sum(index: u64, data: &[u8]) -> u64 {
    (sum(data) ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1)
}

fn is_intact(index: u64, stored: &[u8]) -> bool {
    let (digest, data) = stored.split_at(8);
    match u64::from_le_bytes(digest.try_into().expect("eight bytes")) {
        0 => data.iter().all(|byte| *byte == 0),
        digest => digest == block_sum(index, data),
    }
}

fn place(index: u64) -> u64 {
    HEADER_BYTES + index * STORED as u64
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl BlockFile {
    /// Writes the header of an empty file.
    pub fn initialise(inner: &dyn StorageBackend, kind: FileKind) -> io::Result<()> {
        inner.set_len(HEADER_BYTES)?;
        inner.write(0, &encode_identity(kind))?;
        inner.sync_data()
    }

    /// Reads the header; nothing is changed.
    pub fn open(inner: Box<dyn StorageBackend>, kind: FileKind) -> io::Result<Result<Self, HeaderError>> {
        let length = inner.len()?;
        let mut identity = [0; IDENTITY_BYTES];
        let found = usize::try_from(length).unwrap_or(usize::MAX).min(IDENTITY_BYTES);
        inner.read(0, &mut identity[..found])?;
        if let Err(error) = check_identity(&identity[..found], kind) {
            return Ok(Err(error));
        }
        if length < HEADER_BYTES {
            return Ok(Err(HeaderError::Damaged(format!("it ends after {length} bytes"))));
        }
        let mut bytes = [0; STATE_BYTES];
        inner.read(STATE_AT, &mut bytes)?;
        let state = State::decode(&bytes).filter(|state| state.is_clean);
        if let Some(state) = state
            && length < place(state.blocks)
        {
            let what = format!("it ends after {length} of {} bytes", place(state.blocks));
            return Ok(Err(HeaderError::Damaged(what)));
        }
        Ok(Ok(Self {
            inner,
            first_block: Mutex::new(None),
            clean_state: Mutex::new(state),
            closes_clean: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            damaged_blocks: AtomicU64::new(0),
        }))
    }

    /// Whether the file was closed in order, and nothing was written since.
    pub fn is_clean(&self) -> bool {
        lock(&self.clean_state).is_some()
    }

    /// From now on the close leaves the file marked as clean, if no write fails until then.
    pub fn close_clean(&self, clean: bool) {
        self.closes_clean.store(clean, Ordering::Release);
    }

    /// Blocks that were read and were not what had been written.
    pub fn damaged_blocks(&self) -> u64 {
        self.damaged_blocks.load(Ordering::Acquire)
    }

    pub fn blocks(&self) -> io::Result<u64> {
        Ok(self.inner.len()?.saturating_sub(HEADER_BYTES) / STORED as u64)
    }

    /// Verifies blocks from `from` on, about `bytes` of them. Gives the damaged ones, and where to go on; `None` at the end.
    pub fn scrub(&self, from: u64, bytes: u64) -> io::Result<(Vec<u64>, Option<u64>)> {
        let blocks_at_a_time = (SCRUB_STEP_BYTES / STORED) as u64;
        let until = from.saturating_add(bytes.div_ceil(STORED as u64).max(1));
        let mut damaged = Vec::new();
        // Block 0 is not digested while the file is open.
        let mut index = from.max(1);
        while index < until {
            let _writing = lock(&self.first_block);
            let blocks = self.blocks()?;
            if index >= blocks {
                return Ok((damaged, None));
            }
            let count = blocks_at_a_time.min(until - index).min(blocks - index);
            let mut stored = vec![0; count as usize * STORED];
            self.inner.read(place(index), &mut stored)?;
            let found = stored.chunks_exact(STORED).zip(index..).filter(|(block, at)| !is_intact(*at, block));
            damaged.extend(found.map(|(_, at)| at));
            index += count;
        }
        Ok((damaged, (index < self.blocks()?).then_some(index)))
    }

    /// Blanks blocks that an interrupted commit left torn. Only after redb has verified every page that it uses.
    pub fn blank_torn_blocks(&self) -> io::Result<u64> {
        let mut from = Some(1);
        let mut blanked = 0;
        while let Some(at) = from {
            let (torn, next) = self.scrub(at, u64::MAX / 2)?;
            for index in torn {
                self.inner.write(place(index), &[0; STORED])?;
                blanked += 1;
            }
            from = next;
        }
        self.damaged_blocks.store(0, Ordering::Release);
        Ok(blanked)
    }

    /// Before the first write, the file stops being clean, durably.
    fn soil(&self) -> io::Result<()> {
        let mut clean = lock(&self.clean_state);
        if clean.take().is_some() {
            self.inner.write(STATE_AT, &State { is_clean: false, first_block: 0, blocks: 0 }.encode())?;
            self.inner.sync_data()?;
        }
        Ok(())
    }

    fn mark_clean(&self) -> io::Result<()> {
        let first_block = block_sum(0, &self.read_first_block(&mut lock(&self.first_block))?);
        let state = State { is_clean: true, first_block, blocks: self.blocks()? };
        self.inner.write(STATE_AT, &state.encode())?;
        self.inner.sync_data()
    }

    fn read_first_block(&self, copy: &mut Option<Box<[u8]>>) -> io::Result<Box<[u8]>> {
        if let Some(block) = copy {
            return Ok(block.clone());
        }
        let mut block = vec![0; BLOCK].into_boxed_slice();
        self.inner.read(place(0) + 8, &mut block)?;
        let expected = lock(&self.clean_state).map(|state| state.first_block);
        if expected.is_some_and(|expected| expected != block_sum(0, &block)) {
            return Err(invalid("its first block is not what was written"));
        }
        *copy = Some(block.clone());
        Ok(block)
    }

    fn read_blocks(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let first = offset / BLOCK as u64;
        let end = (offset + out.len() as u64).div_ceil(BLOCK as u64);
        let mut stored = vec![0; (end - first) as usize * STORED];
        self.inner.read(place(first), &mut stored)?;
        let torn = stored.chunks_exact(STORED).zip(first..).filter(|(block, index)| !is_intact(*index, block)).count();
        if torn > 0 {
            self.damaged_blocks.fetch_add(torn as u64, Ordering::AcqRel);
            out.fill(NONSENSE);
            return Ok(());
        }
        let mut skip = (offset % BLOCK as u64) as usize;
        let mut rest = out;
        for block in stored.chunks_exact(STORED) {
            let data = &block[8 + skip..];
            let count = data.len().min(rest.len());
            let (part, behind) = rest.split_at_mut(count);
            part.copy_from_slice(&data[..count]);
            rest = behind;
            skip = 0;
        }
        Ok(())
    }

    fn write_blocks(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut first_block = lock(&self.first_block);
        if offset + (data.len() as u64) <= BLOCK as u64 {
            if self.blocks()? > 0 {
                let mut block = self.read_first_block(&mut first_block)?;
                block[offset as usize..offset as usize + data.len()].copy_from_slice(data);
                *first_block = Some(block);
            }
            self.soil()?;
            return self.inner.write(place(0) + 8 + offset, data);
        }
        if offset == 0 || !offset.is_multiple_of(BLOCK as u64) || !data.len().is_multiple_of(BLOCK) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "redb writes whole pages"));
        }
        self.soil()?;
        let first = offset / BLOCK as u64;
        let mut stored = Vec::with_capacity(data.len() / BLOCK * STORED);
        for (block, index) in data.chunks_exact(BLOCK).zip(first..) {
            stored.extend(block_sum(index, block).to_le_bytes());
            stored.extend(block);
        }
        self.inner.write(place(first), &stored)
    }

    fn noting_failure<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.is_err() {
            self.has_failed.store(true, Ordering::Release);
        }
        result
    }
}

/// redb's handle on a [`BlockFile`].
#[derive(Clone, Debug)]
pub(crate) struct Backend(pub Arc<BlockFile>);

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.noting_failure(self.0.blocks())? * BLOCK as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let result = if offset + (out.len() as u64) <= BLOCK as u64 {
            self.0.read_first_block(&mut lock(&self.0.first_block)).map(|block| {
                out.copy_from_slice(&block[offset as usize..offset as usize + out.len()]);
            })
        } else {
            self.0.read_blocks(offset, out)
        };
        self.0.noting_failure(result)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let result = if len.is_multiple_of(BLOCK as u64) {
            self.0.soil().and_then(|()| self.0.inner.set_len(place(len / BLOCK as u64)))
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "redb's files have whole pages"))
        };
        self.0.noting_failure(result)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.noting_failure(self.0.inner.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.noting_failure(self.0.write_blocks(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        let is_clean = self.0.closes_clean.load(Ordering::Acquire) && !self.0.has_failed.load(Ordering::Acquire);
        let marked = if is_clean { self.0.mark_clean() } else { Ok(()) };
        self.0.inner.close()?;
        marked
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.inner.query_lock_range(start, end)
    }
}
