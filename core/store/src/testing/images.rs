//! Every moment at which a power cut may come.

use super::disk::{Cut, Disk, Operation, apply};
use super::pages::Pages;

/// What a power cut might leave after each operation that the disk has recorded, one operation after the other.
#[derive(Debug)]
pub struct Images {
    operations: Vec<Operation>,
    done: usize,
    /// All that was synced by now.
    synced: Pages,
    synced_to: usize,
}

impl Images {
    pub fn of(disk: &Disk) -> Self {
        let (synced, operations) = disk.recorded();
        Self { operations, done: 0, synced, synced_to: 0 }
    }
}

impl Iterator for Images {
    type Item = Boundary;

    fn next(&mut self) -> Option<Boundary> {
        if self.done > self.operations.len() {
            return None;
        }
        if self.done > 0 && matches!(self.operations[self.done - 1], Operation::Sync) {
            let synced = &mut self.synced;
            self.operations[self.synced_to..self.done].iter().for_each(|operation| apply(operation, synced));
            self.synced_to = self.done;
        }
        let unsynced = self.operations[self.synced_to..self.done].to_vec();
        self.done += 1;
        Some(Boundary { operations: self.done - 1, synced: self.synced.clone(), unsynced })
    }
}

/// The moment after one operation.
#[derive(Debug)]
pub struct Boundary {
    operations: usize,
    synced: Pages,
    unsynced: Vec<Operation>,
}

impl Boundary {
    pub fn operations(&self) -> usize {
        self.operations
    }

    /// See [`Disk::image`].
    pub fn image(&self, cut: Cut) -> Vec<u8> {
        let mut image = self.synced.clone();
        cut.of(self.unsynced.clone()).iter().for_each(|operation| apply(operation, &mut image));
        image.to_vec()
    }
}
