//! Search over all projects of a device: its index, in the device's folder, and who gives it what it reads.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use recordplayer::id::SpaceId;
use recordplayer::storage::{ReadError, SpaceReader};
use recordplayer_client::{Device, SendError, Space};
use recordplayer_kanban::card::Day;
use recordplayer_kanban::ids::{CardId, CommentId};
use recordplayer_search::document::CardDocument;
use recordplayer_search::follow::{self, FollowError, Source};
use recordplayer_search::query::Query;
use recordplayer_search::{Found, Index, OpenError, SearchContext, SearchError, SpaceNames, Waiting};

/// Beside the device's other files; it may be deleted at any time.
const FOLDER: &str = "search";

/// The index of a device, and the projects that are in it.
#[derive(Debug)]
pub(crate) struct Searching<'a> {
    device: &'a Device,
    index: Index,
}

impl<'a> Searching<'a> {
    pub fn open(device: &'a Device) -> Result<Self, OpenError> {
        Ok(Self { index: Index::open(&device.folder().join(FOLDER))?, device })
    }

    /// Brings the index up to date with all projects; those that have left the device leave it.
    pub fn catch_up(&mut self) -> Result<(), FollowError> {
        let here: BTreeSet<SpaceId> = self.device.spaces().into_iter().map(|info| info.space).collect();
        let gone: Vec<SpaceId> = self.index.spaces().filter(|space| !here.contains(space)).collect();
        for space in gone {
            self.index.forget(space)?;
        }
        for space in self.spaces() {
            let reader = space.reader().map_err(|error| unreadable(&error))?;
            let source = Followed { space: &space, reader };
            follow::follow(&mut self.index, space.id(), &source, &mut |_| ControlFlow::Continue(()))?;
        }
        Ok(())
    }

    pub fn search(&self, query: &Query, today: Day, limit: usize) -> Result<Found, SearchError> {
        let names = self.spaces().iter().filter_map(|space| self.names(space)).collect();
        self.index.finder().search(query, &SearchContext { today, spaces: names }, limit)
    }

    fn names(&self, space: &Space) -> Option<SpaceNames> {
        let (id, me) = (space.id(), space.actor());
        space.read(|models| SpaceNames::of(id, me, models, |person| self.device.name_of(person))).ok()
    }

    fn spaces(&self) -> Vec<Space> {
        self.device.spaces().into_iter().filter_map(|info| self.device.space(info.space)).collect()
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
}
