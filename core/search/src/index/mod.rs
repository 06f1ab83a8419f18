//! The index of a device: one document for each card of each space, and how far each log is in it.
//!
//! ```text
//!  search/lock      held by the process that writes
//!  search/format    what the folder beside it is
//!  search/index/    tantivy's segments; may be deleted at any time
//! ```
//! Everything in it can be made again from the spaces. So what is damaged, of another version or not ours is deleted and begun anew.

mod reached;
mod schema;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

pub use reached::{Reached, Waiting};
use recordplayer::id::SpaceId;
use recordplayer_kanban::ids::CardId;
pub(crate) use schema::{Fields, day_number, in_space, out_of_space};
use schema::{TOKENIZER, WordTokenizer};
use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{IndexWriter, ReloadPolicy, TantivyError};

use crate::document::CardDocument;
use crate::find::Finder;
use crate::limits::{DELETED_SHARE_MAX, SEGMENTS_OF_A_SIZE, WRITER_BYTES};

const LOCK: &str = "lock";
const FORMAT: &str = "format";
const INDEX: &str = "index";

/// Stands in the file `format`. Another number wherever a document would be written otherwise.
const FORMAT_NOW: &str = "recordplayer-search 1\n";

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another process writes the search index; end it, or ask it")]
    InUse,
    #[error("the search index cannot be made or read: {0}; check its rights and free space")]
    Folder(#[from] io::Error),
    #[error("the search index cannot be begun: {0}; delete its folder and start again")]
    NotBegun(String),
}

/// The index was not written: what it holds is as it was at its last commit, once it is opened again.
#[derive(Debug, thiserror::Error)]
#[error("the search index cannot be written: {why}; check free space, and start again")]
pub struct WriteError {
    why: String,
}

impl From<TantivyError> for WriteError {
    fn from(error: TantivyError) -> Self {
        Self { why: error.to_string() }
    }
}

/// One change of a space's documents.
#[derive(Clone, Debug)]
pub enum Change {
    /// The card is new: nothing of it is in the index. What is to be deleted costs memory until the commit.
    Add(Box<CardDocument>),
    /// The card is so, whatever it was.
    Put(Box<CardDocument>),
    Remove(CardId),
}

/// The writing half; [`Self::finder`] is the reading one.
///
/// Invariants:
/// 1. What finders see is always what one commit held, with [`Self::reached`] of that commit.
/// 2. One process writes: the lock is held as long as this lives.
pub struct Index {
    folder: PathBuf,
    segments: tantivy::Index,
    /// Gone only while it is exchanged.
    writer: Option<IndexWriter>,
    finder: Finder,
    fields: Fields,
    reached: BTreeMap<SpaceId, Reached>,
    _lock: File,
}

impl Index {
    /// Opens the index of a folder; what cannot be used is begun anew.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(folder)?;
        let lock = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let opened = if fs::read_to_string(folder.join(FORMAT)).is_ok_and(|format| format == FORMAT_NOW) {
            Self::open_known(folder)
        } else {
            Err("it is of another version, or new".to_owned())
        };
        let (index, reached) = match opened {
            Ok(opened) => opened,
            Err(why) => {
                tracing::info!(why, "the search index is begun anew");
                (Self::begin(folder)?, BTreeMap::new())
            }
        };
        let not_begun = |error: TantivyError| OpenError::NotBegun(error.to_string());
        let (_, fields) = Fields::schema();
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(not_begun)?;
        let finder = Finder::new(reader, fields);
        let writer = Some(writer(&index).map_err(not_begun)?);
        Ok(Self { folder: folder.to_owned(), segments: index, writer, finder, fields, reached, _lock: lock })
    }

    /// What is here, where it is whole.
    fn open_known(folder: &Path) -> Result<(tantivy::Index, BTreeMap<SpaceId, Reached>), String> {
        let damaged = |error: TantivyError| error.to_string();
        let index = tantivy::Index::open_in_dir(folder.join(INDEX)).map_err(damaged)?;
        if index.schema() != Fields::schema().0 {
            return Err("it has other fields".to_owned());
        }
        let rotten = index.validate_checksum().map_err(damaged)?;
        if !rotten.is_empty() {
            return Err(format!("{} of its files are not what was written", rotten.len()));
        }
        index.tokenizers().register(TOKENIZER, WordTokenizer);
        let payload = index.load_metas().map_err(damaged)?.payload;
        let reached = payload.map_or(Some(BTreeMap::new()), |payload| reached::read(&payload));
        // Its segments are opened here, so that one that is gone is seen now.
        index.reader().map_err(damaged)?;
        Ok((index, reached.ok_or("how far it goes cannot be read")?))
    }

    fn begin(folder: &Path) -> Result<tantivy::Index, OpenError> {
        let (index, format) = (folder.join(INDEX), folder.join(FORMAT));
        // First what says that the rest is ours: whoever is killed in between begins anew.
        for gone in [fs::remove_file(&format), fs::remove_dir_all(&index)] {
            gone.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        }
        fs::create_dir_all(&index)?;
        let not_begun = |error: TantivyError| OpenError::NotBegun(error.to_string());
        let directory = MmapDirectory::open(&index).map_err(|error| not_begun(error.into()))?;
        let index = tantivy::Index::create(directory, Fields::schema().0, tantivy::IndexSettings::default())
            .map_err(not_begun)?;
        index.tokenizers().register(TOKENIZER, WordTokenizer);
        fs::write(format, FORMAT_NOW)?;
        Ok(index)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What looks for cards, from any thread.
    pub fn finder(&self) -> Finder {
        self.finder.clone()
    }

    /// How far the log of a space is indexed; nothing where it is not.
    pub fn reached(&self, space: SpaceId) -> Option<&Reached> {
        self.reached.get(&space)
    }

    /// The spaces that are indexed.
    pub fn spaces(&self) -> impl Iterator<Item = SpaceId> {
        self.reached.keys().copied()
    }

    fn writer(&mut self) -> &mut IndexWriter {
        self.writer.as_mut().expect("the writer is back once it was exchanged")
    }

    /// Takes changes of a space; they are found from the next [`Self::commit`] on.
    pub fn apply(&mut self, space: SpaceId, changes: impl IntoIterator<Item = Change>) -> Result<(), WriteError> {
        let fields = self.fields;
        let writer = self.writer();
        for change in changes {
            match change {
                Change::Add(card) => {
                    writer.add_document(fields.document(space, &card))?;
                }
                Change::Put(card) => {
                    writer.delete_term(fields.id_term(space, card.card));
                    writer.add_document(fields.document(space, &card))?;
                }
                Change::Remove(card) => {
                    writer.delete_term(fields.id_term(space, card));
                }
            }
        }
        Ok(())
    }

    /// Everything of a space goes with the next commit, and how far it was indexed.
    pub fn clear(&mut self, space: SpaceId) {
        let term = self.fields.space_term(space);
        self.writer().delete_term(term);
        self.reached.remove(&space);
    }

    /// Makes what was applied durable and found, together with how far the space is now.
    pub fn commit(&mut self, space: SpaceId, reached: Reached) -> Result<(), WriteError> {
        self.reached.insert(space, reached);
        self.commit_all()
    }

    /// What was applied since the last commit is dropped.
    pub fn take_back(&mut self) -> Result<(), WriteError> {
        self.writer().rollback()?;
        let payload = self.segments.load_metas()?.payload;
        self.reached = payload.and_then(|payload| reached::read(&payload)).unwrap_or_default();
        Ok(())
    }

    fn commit_all(&mut self) -> Result<(), WriteError> {
        let payload = reached::write(&self.reached);
        let mut prepared = self.writer().prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        self.finder.reload()?;
        Ok(())
    }

    /// A space has left the device, or payloads were taken out of it: no word of it stays on the disk either.
    pub fn forget(&mut self, space: SpaceId) -> Result<(), WriteError> {
        self.clear(space);
        self.commit_all()?;
        self.purge()
    }

    /// Writes anew every segment of which something was deleted.
    fn purge(&mut self) -> Result<(), WriteError> {
        if let Some(writer) = self.writer.take() {
            writer.wait_merging_threads()?;
        }
        self.writer = Some(writer(&self.segments)?);
        let metas = self.segments.searchable_segment_metas()?;
        for meta in metas.iter().filter(|meta| meta.num_deleted_docs() > 0) {
            self.writer().merge(&[meta.id()]).wait()?;
        }
        // Finders let go of the old files, so that these can be deleted.
        self.finder.reload()?;
        self.writer().garbage_collect_files().wait()?;
        Ok(())
    }
}

fn writer(index: &tantivy::Index) -> Result<IndexWriter, TantivyError> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(1)
        .memory_budget_per_thread(WRITER_BYTES)
        .build();
    let writer = index.writer_with_options(options)?;
    let mut merging = LogMergePolicy::default();
    merging.set_min_num_segments(SEGMENTS_OF_A_SIZE);
    merging.set_del_docs_ratio_before_merge(DELETED_SHARE_MAX);
    writer.set_merge_policy(Box::new(merging));
    Ok(writer)
}

/// Segments that are being joined are joined before the index is closed: who opens it for one change at a time would else pile them up.
impl Drop for Index {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take()
            && let Err(error) = writer.wait_merging_threads()
        {
            tracing::warn!(%error, "segments of the search index were not joined");
        }
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({}, {} spaces)", self.folder.display(), self.reached.len())
    }
}
