//! Files that records speak of. Their bytes lie beside the log, by their hash; a record holds only what they are.
//!
//! ```text
//!  record ─► FileRef { hash, bytes }      the log says that there is such a file, wherever its bytes are just now
//!               │
//!               └─► a view by that hash   whose log speaks of it, who reads that log may have the bytes, and bring them
//! ```
//! A file that a log has spoken of stays for as long as that log can be played, also where it was taken off again; one that no log speaks of is
//! nobody's.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::decide::Intent;
use crate::hash::Hash;
use crate::id::SpaceId;
use crate::models::AnyState;
use crate::name::Name;
use crate::replica::Replica;
use crate::space::Space;
use crate::state::SpaceState;
use crate::storage::ReadError;
use crate::view::{Key, View, ViewKey};

/// A file as records speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileRef {
    /// Of all its bytes.
    pub hash: Hash,
    /// How many they are, as whoever has it said: the hash alone tells whether bytes are these.
    pub bytes: u64,
}

/// A file that the log of a space speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// The space of the same authority that it was brought from by an errand, and where its bytes may be therefore.
    pub from: Option<SpaceId>,
}

/// A view by the hash of a file: what the log says of it.
pub trait FileView: View {
    /// Nothing where the log does not speak of it, or what did is redacted.
    fn named(&self) -> Option<NamedFile>;
}

/// The key of a file's view.
pub fn key_of(hash: &Hash) -> Key {
    Key::text(&hash.to_string())
}

/// How an application speaks of files.
#[derive(Clone)]
pub(crate) struct Files {
    view: Name,
    named: fn(&AnyState) -> Option<NamedFile>,
    /// The file that a command speaks of.
    in_command: fn(&Intent) -> Option<FileRef>,
}

impl Files {
    pub fn of<V: FileView>(in_command: fn(&Intent) -> Option<FileRef>) -> Self {
        let named = |state: &AnyState| state.downcast_ref::<V>().and_then(FileView::named);
        Self { view: Name::of(V::NAME), named, in_command }
    }

    /// The view that tells which files a log speaks of.
    pub fn view(&self) -> &Name {
        &self.view
    }
}

impl SpaceState {
    /// What the log says of a file, without what waits.
    fn file(&self, hash: &Hash) -> Option<NamedFile> {
        let files = self.domain.files_kind()?;
        let view = ViewKey { name: files.view.clone(), key: key_of(hash) };
        (files.named)(&self.layers.view(&view, 0).state)
    }
}

impl Replica {
    /// What the confirmed log says of a file.
    pub fn file(&self, hash: &Hash) -> Option<NamedFile> {
        self.state.file(hash)
    }

    /// The file that a command speaks of, if it does.
    pub fn file_in(&self, command: &Intent) -> Option<FileRef> {
        (self.state.domain.files_kind()?.in_command)(command)
    }

    /// The files that what waits speaks of, or what was refused and may be tried again.
    pub fn files_in_outbox(&self) -> BTreeSet<Hash> {
        self.outbox().filter_map(|entry| self.file_in(&entry.intent())).map(|file| file.hash).collect()
    }
}

impl Space {
    /// What the log says of a file, by what is decided.
    pub fn file(&self, hash: &Hash) -> Result<Option<NamedFile>, ReadError> {
        let file = self.state.file(hash);
        self.state.take_failure().map_or(Ok(file), Err)
    }
}
