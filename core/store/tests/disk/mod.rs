//! A disk in memory that remembers what was written and synced, and can show what a crash would have left.

#![allow(dead_code, reason = "each test uses its part")]

use std::io;
use std::sync::{Arc, Mutex};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use redb::StorageBackend;

/// What disks write at once, at least.
const SECTOR: usize = 512;

#[derive(Clone, Debug)]
pub enum Operation {
    Write { offset: u64, data: Vec<u8> },
    SetLen(u64),
    Sync,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    /// Content at the time that the recording began, and everything since.
    base: Vec<u8>,
    operations: Vec<Operation>,
}

/// A disk. A clone is the same one, so that a store can be opened again on what the one before has left.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<Content>>);

impl Disk {
    pub fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Content { bytes, ..Content::default() })))
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().bytes.clone()
    }

    pub fn record(&self) {
        let content = &mut *self.0.lock().unwrap();
        content.base.clone_from(&content.bytes);
        content.operations.clear();
    }

    pub fn operations(&self) -> usize {
        self.0.lock().unwrap().operations.len()
    }

    /// What a power cut after so many operations might leave: everything that was synced, and of the rest what `cut` says.
    pub fn image(&self, operations: usize, cut: Cut) -> Vec<u8> {
        let content = self.0.lock().unwrap();
        let done = &content.operations[..operations];
        let synced = done.iter().rposition(|operation| matches!(operation, Operation::Sync)).map_or(0, |at| at + 1);
        let mut image = content.base.clone();
        for operation in &done[..synced] {
            apply(operation, &mut image);
        }
        cut.of(done[synced..].to_vec()).iter().for_each(|operation| apply(operation, &mut image));
        image
    }
}

/// What a power cut might leave after each operation that the disk has done, one operation after the other.
pub struct Images {
    operations: Vec<Operation>,
    done: usize,
    /// All that was synced by now.
    synced: Arc<Vec<u8>>,
    synced_to: usize,
}

impl Images {
    pub fn of(disk: &Disk) -> Self {
        let content = disk.0.lock().unwrap();
        let synced = Arc::new(content.base.clone());
        Self { operations: content.operations.clone(), done: 0, synced, synced_to: 0 }
    }
}

impl Iterator for Images {
    type Item = Boundary;

    fn next(&mut self) -> Option<Boundary> {
        if self.done > self.operations.len() {
            return None;
        }
        if self.done > 0 && matches!(self.operations[self.done - 1], Operation::Sync) {
            let synced = Arc::make_mut(&mut self.synced);
            self.operations[self.synced_to..self.done].iter().for_each(|operation| apply(operation, synced));
            self.synced_to = self.done;
        }
        let unsynced = self.operations[self.synced_to..self.done].to_vec();
        self.done += 1;
        Some(Boundary { operations: self.done - 1, synced: Arc::clone(&self.synced), unsynced })
    }
}

/// The moment after one operation.
pub struct Boundary {
    operations: usize,
    synced: Arc<Vec<u8>>,
    unsynced: Vec<Operation>,
}

impl Boundary {
    pub fn operations(&self) -> usize {
        self.operations
    }

    /// See [`Disk::image`].
    pub fn image(&self, cut: Cut) -> Vec<u8> {
        let mut image = self.synced.to_vec();
        cut.of(self.unsynced.clone()).iter().for_each(|operation| apply(operation, &mut image));
        image
    }
}

/// What a power cut does to what was not synced.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// All of it is lost.
    All,
    /// All of it has reached the disk.
    Nothing,
    /// Some writes have reached the disk, in another order.
    Some { seed: u64 },
    /// Some sectors of some writes have.
    Torn { seed: u64 },
}

impl Cut {
    /// What reaches the disk of what was not synced.
    fn of(self, mut unsynced: Vec<Operation>) -> Vec<Operation> {
        match self {
            Self::All => unsynced.clear(),
            Self::Nothing => {}
            Self::Some { seed } => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                unsynced.retain(|_| rng.random_bool(0.5));
                for at in (1..unsynced.len()).rev() {
                    unsynced.swap(at, rng.random_range(0..=at));
                }
            }
            Self::Torn { seed } => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                unsynced = unsynced.iter().flat_map(sectors).filter(|_| rng.random_bool(0.5)).collect();
            }
        }
        unsynced
    }
}

fn sectors(operation: &Operation) -> Vec<Operation> {
    let Operation::Write { offset, data } = operation else { return vec![operation.clone()] };
    let mut parts = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let place = *offset as usize + at;
        let count = (SECTOR - place % SECTOR).min(data.len() - at);
        parts.push(Operation::Write { offset: place as u64, data: data[at..at + count].to_vec() });
        at += count;
    }
    parts
}

fn apply(operation: &Operation, bytes: &mut Vec<u8>) {
    match operation {
        Operation::Write { offset, data } => {
            let end = *offset as usize + data.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset as usize..end].copy_from_slice(data);
        }
        Operation::SetLen(length) => bytes.resize(*length as usize, 0),
        Operation::Sync => {}
    }
}

impl Disk {
    fn do_and_note(&self, operation: Operation) {
        let mut content = self.0.lock().unwrap();
        apply(&operation, &mut content.bytes);
        content.operations.push(operation);
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let content = self.0.lock().unwrap();
        let range = offset as usize..offset as usize + out.len();
        let found = content.bytes.get(range).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.do_and_note(Operation::SetLen(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.do_and_note(Operation::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.do_and_note(Operation::Write { offset, data: data.to_vec() });
        Ok(())
    }
}
