//! From a file to a store: the spaces, and the log behind the index.

use std::collections::BTreeMap;

use recordplayer::commit::Commit;
use recordplayer::id::SpaceId;
use recordplayer::storage::ReadError;
use redb::{Database, ReadableDatabase, ReadableTable};

use super::RedbStore;
use super::tables::{WriteTables, read_meta};
use crate::encoding::unseal;
use crate::error::{damaged, let_go, read_error, without_panic};
use crate::file::OpenFile;
use crate::rows::{LogRow, decode_log};
use crate::snapshot::{Newest, Snapshot, Spaces};
use crate::space::SpaceEntry;
use crate::tables::{
    LOG, LOG_TABLE, LocalSpace, META_INDEXED_TO, META_NEXT_SPACE, META_TABLE, PACKED_TABLE, SPACES, SPACES_TABLE,
    parse_space_id,
};

/// Makes the tables of a new file.
pub(super) fn fill(database: &Database) -> Result<(), ReadError> {
    let transaction = database.begin_write().map_err(read_error)?;
    drop(WriteTables::open(&transaction)?);
    transaction.commit().map_err(read_error)
}

impl RedbStore {
    /// Reads the spaces and plays the log behind the index: the cost grows with the number of spaces, not with the length of their logs.
    pub(super) fn from_file(file: OpenFile, tail_commits_max: usize) -> Result<Self, ReadError> {
        let OpenFile { database, blocks, was_clean } = file;
        let loaded = without_panic(|| {
            let loaded = Loaded::read(&database)?;
            if was_clean && blocks.damaged_blocks() > 0 {
                return Err(damaged("blocks that it needs are not what was written"));
            }
            Ok((Snapshot::new(database.begin_read().map_err(read_error)?, loaded.spaces.clone()), loaded))
        });
        let (snapshot, loaded) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                let_go(database);
                return Err(error);
            }
        };
        Ok(Self {
            database: Some(database),
            blocks,
            spaces: loaded.spaces,
            newest: Newest::new(snapshot),
            next_global: loaded.next_global,
            next_space: loaded.next_space,
            tail_commits: loaded.tail_commits,
            tail_commits_max,
            indexed_to: loaded.indexed_to,
            packed_to: loaded.packed_to,
            broken: None,
        })
    }
}

/// What the file says at its start.
struct Loaded {
    spaces: Spaces,
    next_global: u64,
    next_space: u32,
    tail_commits: usize,
    indexed_to: u64,
    packed_to: u64,
}

impl Loaded {
    fn read(database: &Database) -> Result<Self, ReadError> {
        let transaction = database.begin_read().map_err(read_error)?;
        let meta = transaction.open_table(META_TABLE).map_err(read_error)?;
        let indexed_to = read_meta(&meta, META_INDEXED_TO)?;
        let next_space = u32::try_from(read_meta(&meta, META_NEXT_SPACE)?).map_err(|_| damaged("too many spaces"))?;
        let packed = transaction.open_table(PACKED_TABLE).map_err(read_error)?;
        let packed_to = packed.last().map_err(read_error)?.map_or(0, |(last, _)| last.value() + 1);
        let mut loaded = Self {
            spaces: Spaces::new_sync(),
            next_global: indexed_to,
            next_space,
            tail_commits: 0,
            indexed_to,
            packed_to,
        };

        let mut by_local = BTreeMap::new();
        for row in transaction.open_table(SPACES_TABLE).map_err(read_error)?.iter().map_err(read_error)? {
            let (key, value) = row.map_err(read_error)?;
            let space = parse_space_id(key.value())?;
            let entry = SpaceEntry::decode(unseal(SPACES, key.value(), value.value())?)?;
            // The rows of a forgotten space may have been the last of the log; their positions are not given out again.
            loaded.next_global = loaded.next_global.max(entry.indexed_to);
            by_local.insert(entry.local, space);
            loaded.spaces.insert_mut(space, entry);
        }

        let log = transaction.open_table(LOG_TABLE).map_err(read_error)?;
        for row in log.range(indexed_to..).map_err(read_error)? {
            let (global, value) = row.map_err(read_error)?;
            let global = global.value();
            let row = decode_log(unseal(LOG, &global.to_be_bytes(), value.value())?)?;
            loaded.play(&by_local, global, row)?;
            loaded.next_global = loaded.next_global.max(global + 1);
        }
        Ok(loaded)
    }

    /// Takes one commit of the log into the tail of its space's index.
    fn play(&mut self, by_local: &BTreeMap<LocalSpace, SpaceId>, global: u64, row: LogRow) -> Result<(), ReadError> {
        let unknown = || damaged(format!("a commit at {global} belongs to no space"));
        let space = by_local.get(&row.space).ok_or_else(unknown)?;
        let entry = self.spaces.get_mut(space).ok_or_else(unknown)?;
        if global < entry.indexed_to {
            return Ok(());
        }
        let fills_gap = entry.gap.filter(|gap| row.first == gap.lower.position.0 + 1);
        let before = fills_gap.map_or(entry.head, |gap| gap.lower);
        let commit = Commit::open(row.bytes, &before.hash).map_err(|error| damaged(error.to_string()))?;
        if commit.before() != before.position || commit.head() != row.head || commit.header.space != *space {
            return Err(damaged(format!("record {} does not follow its log", row.first)));
        }
        entry.take(&commit, global);
        self.tail_commits += 1;
        Ok(())
    }
}
