//! Search over all projects of a device: its index, in the device's folder, and who gives it what it reads.
//!
//! ```text
//!  each change of the device ─► a moment later, all changes at once ─► the keeper brings the index up to date     (the window, while it is open)
//!  a command that searches   ─► brings it up to date itself, and looks
//! ```

mod keeper;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use recordplayer::id::SpaceId;
use recordplayer::storage::{ReadError, SpaceReader};
use recordplayer_client::{Device, SendError, Space};
use recordplayer_kanban::card::Day;
use recordplayer_kanban::ids::{CardId, CommentId};
use recordplayer_search::document::CardDocument;
use recordplayer_search::follow::{self, FollowError, Source};
use recordplayer_search::query::Query;
use recordplayer_search::{Found, Index, OpenError, SearchContext, SearchError, SpaceNames, Waiting};

pub(crate) use self::keeper::Keeper;

/// Beside the device's other files; it may be deleted at any time.
const FOLDER: &str = "search";

/// The indexes that are open in this process: only one can write into a folder, and all who search in it share that one.
static OPEN: Mutex<BTreeMap<PathBuf, Weak<Mutex<Index>>>> = Mutex::new(BTreeMap::new());

/// The index of a device, and the projects that are in it.
#[derive(Debug)]
pub(crate) struct Searching<'a> {
    device: &'a Device,
    /// There until it is dropped.
    index: Option<Arc<Mutex<Index>>>,
}

impl<'a> Searching<'a> {
    pub fn open(device: &'a Device) -> Result<Self, OpenError> {
        let folder = device.folder().join(FOLDER);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = open.get(&folder).and_then(Weak::upgrade) {
            return Ok(Self { device, index: Some(index) });
        }
        let index = Arc::new(Mutex::new(Index::open(&folder)?));
        open.retain(|_, index| index.strong_count() > 0);
        open.insert(folder, Arc::downgrade(&index));
        Ok(Self { device, index: Some(index) })
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        let index = self.index.as_ref().expect("it is there until it is dropped");
        index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the index up to date with all projects; those that have left the device leave it. `goes_on` may stop it: then the rest comes the next
    /// time.
    pub fn catch_up(&self, goes_on: &dyn Fn() -> bool) -> Result<(), FollowError> {
        let mut index = self.index();
        let here: BTreeSet<SpaceId> = self.device.spaces().into_iter().map(|info| info.space).collect();
        let gone: Vec<SpaceId> = index.spaces().filter(|space| !here.contains(space)).collect();
        for space in gone {
            index.forget(space)?;
        }
        for space in self.spaces() {
            let reader = space.reader().map_err(|error| unreadable(&error))?;
            let source = Followed { space: &space, reader };
            let mut progress = |_| if goes_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
            follow::follow(&mut index, space.id(), &source, &mut progress)?;
        }
        Ok(())
    }

    pub fn search(&self, query: &Query, today: Day, limit: usize) -> Result<Found, SearchError> {
        let names = self.spaces().iter().filter_map(|space| self.names(space)).collect();
        self.index().finder().search(query, &SearchContext { today, spaces: names }, limit)
    }

    fn names(&self, space: &Space) -> Option<SpaceNames> {
        let (id, me) = (space.id(), space.actor());
        space.read(|models| SpaceNames::of(id, me, models, |person| self.device.name_of(person))).ok()
    }

    fn spaces(&self) -> Vec<Space> {
        self.device.spaces().into_iter().filter_map(|info| self.device.space(info.space)).collect()
    }
}

impl Drop for Searching<'_> {
    /// Whoever opens the folder next finds it closed, or open here.
    fn drop(&mut self) {
        let _open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        self.index = None;
    }
}

/// A project as it is read to be found.
struct Followed<'a> {
    space: &'a Space,
    reader: Arc<dyn SpaceReader>,
}

fn unreadable(error: &SendError) -> ReadError {
    ReadError::Io(error.to_string())
}

impl Source for Followed<'_> {
    fn reader(&self) -> Arc<dyn SpaceReader> {
        Arc::clone(&self.reader)
    }

    fn documents(&self, cards: &[CardId]) -> Result<Vec<Option<CardDocument>>, ReadError> {
        self.space.inspect(|replica| follow::documents(replica, cards)).map_err(|error| unreadable(&error))?
    }

    fn cards_of(&self, comments: &BTreeSet<CommentId>) -> Result<BTreeSet<CardId>, ReadError> {
        self.space.read(|models| follow::cards_of(models, comments)).map_err(|error| unreadable(&error))
    }

    fn waiting(&self) -> Result<Waiting, ReadError> {
        self.space.inspect(follow::waiting).map_err(|error| unreadable(&error))
    }

    fn shows_older(&self) -> Result<bool, ReadError> {
        self.space.inspect(follow::shows_older).map_err(|error| unreadable(&error))
    }
}
