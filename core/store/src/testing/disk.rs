//! A disk in memory that remembers what was written and synced, shows what a crash would have left, fails when it is told to, and rots.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recordplayer::testing::{DiskFault, DiskFaultKind};
use redb::StorageBackend;

use super::pages::Pages;
use crate::blocks::STATE_AT;
use crate::header::{STATE_BYTES, State};

/// What disks write at once, at least.
const SECTOR: usize = 512;

/// How many bytes change at one place, at most.
const ROT_BYTES_MAX: usize = 200;

#[derive(Clone, Debug)]
pub(super) enum Operation {
    Write { offset: u64, data: Vec<u8> },
    SetLen(u64),
    Sync,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Pages,
    /// Content at the time that the recording began, or at the last sync where a fault is awaited, and everything since.
    base: Pages,
    operations: Vec<Operation>,
    is_recording: bool,
    fault: Option<DiskFault>,
    /// Its machine stands still, or the program that had it open has ended.
    is_off: bool,
    was_cut: bool,
}

/// A disk. A clone is the same one, so that a store can be opened again on what the one before has left; [`Disk::copy`] is another one.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<Content>>);

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
    pub fn drawn(seed: u64) -> Self {
        [Self::All, Self::Nothing, Self::Some { seed }, Self::Torn { seed }][(seed % 4) as usize]
    }

    /// What reaches the disk of what was not synced.
    pub(super) fn of(self, mut unsynced: Vec<Operation>) -> Vec<Operation> {
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

impl Disk {
    pub fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Content { bytes: Pages::of(&bytes), ..Content::default() })))
    }

    /// Another disk with the same content, which works.
    pub fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(Content { bytes: self.lock().bytes.clone(), ..Content::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.lock().bytes.to_vec()
    }

    /// Remembers everything that is done from now on, for [`Self::image`].
    pub fn record(&self) {
        let content = &mut *self.lock();
        content.is_recording = true;
        content.begin_to_remember();
    }

    /// What was there when the recording began, and what was done since.
    pub(super) fn recorded(&self) -> (Pages, Vec<Operation>) {
        let content = self.lock();
        (content.base.clone(), content.operations.clone())
    }

    /// How many operations are recorded.
    pub fn operations(&self) -> usize {
        self.lock().operations.len()
    }

    /// What a power cut after so many operations might leave: everything that was synced, and of the rest what `cut` says.
    pub fn image(&self, operations: usize, cut: Cut) -> Vec<u8> {
        let content = self.lock();
        image(&content.base, &content.operations[..operations], cut).to_vec()
    }

    /// From now on it awaits this fault, in the place of one that it awaited before.
    pub fn fail(&self, fault: DiskFault) {
        let content = &mut *self.lock();
        content.fault = Some(fault);
        if !content.is_recording {
            content.begin_to_remember();
        }
    }

    /// It works again, and awaits no fault.
    pub fn mend(&self) {
        let content = &mut *self.lock();
        content.fault = None;
        content.is_off = false;
        content.was_cut = false;
        if !content.is_recording {
            content.operations.clear();
        }
    }

    /// Whether its machine runs: not after a power cut.
    pub fn has_power(&self) -> bool {
        !self.lock().was_cut
    }

    /// The program that has it open is killed: nothing that it still does reaches the disk.
    pub fn turn_off(&self) {
        self.lock().is_off = true;
    }

    /// Another program may use it.
    pub fn turn_on(&self) {
        let content = &mut *self.lock();
        content.is_off = false;
        content.was_cut = false;
    }

    /// Whether the file on it was closed in order.
    pub fn is_clean(&self) -> bool {
        let mut state = [0; STATE_BYTES];
        let is_there = self.lock().bytes.read(STATE_AT as usize, &mut state);
        is_there && State::decode(&state).is_some_and(|state| state.is_clean)
    }

    /// Some bytes change by themselves, at one place or a few.
    pub fn rot(&self, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let bytes = &mut self.lock().bytes;
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..bytes.len());
            let mut rotten = vec![0; rng.random_range(1..=ROT_BYTES_MAX).min(bytes.len() - at)];
            assert!(bytes.read(at, &mut rotten), "it lies within the file");
            let with = rng.random_range(1..=u8::MAX);
            for byte in &mut rotten {
                *byte ^= with;
            }
            bytes.write(at, &rotten);
        }
    }

    fn perform(&self, operation: Operation) -> io::Result<()> {
        let content = &mut *self.lock();
        if content.is_off {
            return Err(io::Error::other("nobody has this disk open any more"));
        }
        if let Some(mut fault) = content.fault
            && is_met_by(fault.kind, &operation, content.bytes.len())
        {
            if fault.after == 0 {
                return Err(content.fail(fault, operation));
            }
            fault.after -= 1;
            content.fault = Some(fault);
        }
        apply(&operation, &mut content.bytes);
        if content.is_recording {
            content.operations.push(operation);
        } else if content.fault.is_some() {
            if matches!(operation, Operation::Sync) {
                content.begin_to_remember();
            } else {
                content.operations.push(operation);
            }
        }
        Ok(())
    }
}

/// A full disk syncs what it has, and takes what needs no more room than there is.
fn is_met_by(kind: DiskFaultKind, operation: &Operation, length: usize) -> bool {
    match (kind, operation) {
        (DiskFaultKind::PowerCut | DiskFaultKind::Broken, _) | (DiskFaultKind::Full, Operation::Write { .. }) => true,
        (DiskFaultKind::Full, Operation::SetLen(to)) => *to as usize > length,
        (DiskFaultKind::Full, Operation::Sync) => false,
    }
}

impl Content {
    fn begin_to_remember(&mut self) {
        self.base = self.bytes.clone();
        self.operations.clear();
    }

    /// The fault comes: what was under way has happened in part, or not at all.
    fn fail(&mut self, fault: DiskFault, operation: Operation) -> io::Error {
        let is_sync = matches!(operation, Operation::Sync);
        self.fault = Some(fault).filter(|fault| fault.lasts && fault.kind != DiskFaultKind::PowerCut);
        match fault.kind {
            DiskFaultKind::PowerCut => {
                self.operations.push(operation);
                self.bytes = image(&self.base, &self.operations, Cut::drawn(fault.seed));
                (self.is_off, self.was_cut) = (true, true);
            }
            // Whether what a failed sync was to write has reached the disk nobody knows, and who reads it may see either.
            DiskFaultKind::Broken if is_sync => {
                self.bytes = image(&self.base, &self.operations, Cut::drawn(fault.seed));
            }
            DiskFaultKind::Full | DiskFaultKind::Broken => {
                let sectors = sectors(&operation);
                let written = ChaCha8Rng::seed_from_u64(fault.seed).random_range(0..=sectors.len());
                let is_write = matches!(operation, Operation::Write { .. });
                for sector in sectors.into_iter().take(written).filter(|_| is_write) {
                    apply(&sector, &mut self.bytes);
                }
            }
        }
        if !self.is_recording {
            self.begin_to_remember();
        }
        match fault.kind {
            DiskFaultKind::PowerCut => io::Error::other("the power is cut"),
            DiskFaultKind::Full => io::ErrorKind::StorageFull.into(),
            DiskFaultKind::Broken => io::Error::other("the disk is broken"),
        }
    }
}

fn image(base: &Pages, done: &[Operation], cut: Cut) -> Pages {
    let synced = done.iter().rposition(|operation| matches!(operation, Operation::Sync)).map_or(0, |at| at + 1);
    let mut image = base.clone();
    for operation in &done[..synced] {
        apply(operation, &mut image);
    }
    cut.of(done[synced..].to_vec()).iter().for_each(|operation| apply(operation, &mut image));
    image
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

pub(super) fn apply(operation: &Operation, bytes: &mut Pages) {
    match operation {
        Operation::Write { offset, data } => bytes.write(*offset as usize, data),
        Operation::SetLen(length) => bytes.set_len(*length as usize),
        Operation::Sync => {}
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let is_there = self.lock().bytes.read(offset as usize, out);
        if is_there { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.perform(Operation::SetLen(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.perform(Operation::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.perform(Operation::Write { offset, data: data.to_vec() })
    }
}
