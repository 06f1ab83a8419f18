//! Views made anew while the space is open: their version has changed, and what is saved of them is another one's.
//!
//! ```text
//!  saved rows of another version ──► show, and new records are played on them ──────────┐ swapped, and saved with the next checkpoint
//!  the log from record 1 ──► entities as they were at each record, the new views ──► ●──┘
//!                            piece by piece, with rests
//! ```
//! Only what shows is made anew: where something is decided by a view, all of it is made of the log before the space opens. Nothing of what is
//! under way is saved: a state that is opened again begins it again.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{OpenError, SpaceState};
use crate::commit::{Commit, Head};
use crate::limits::REBUILD_REST_MS;
use crate::name::Name;
use crate::record::Position;
use crate::storage::{ReadError, SpaceReader};
use crate::time::Timestamp;

/// How far the views are that are made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilding {
    /// The last record that was played on them.
    pub done: Position,
    /// The last one of the space.
    pub of: Position,
}

impl Rebuilding {
    pub fn percent(self) -> u64 {
        self.done.0.saturating_mul(100).checked_div(self.of.0).unwrap_or_default()
    }
}

/// How often the views of one name were made anew, and where the log ended when they were last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remade {
    pub times: u32,
    /// Whoever knows them from there or from before may know what another version showed.
    pub at: Position,
}

impl Remade {
    pub fn is_never(&self) -> bool {
        *self == Self::default()
    }

    pub fn again(self, at: Position) -> Self {
        Self { times: self.times.saturating_add(1), at }
    }
}

/// What the log comes to, for the views that are made anew.
pub(super) struct Rebuild {
    /// It knows these views alone.
    state: SpaceState,
    rested_since: Option<Timestamp>,
    /// Whether the log holds no more of what comes next: a stretch of it is still being fetched.
    is_waiting: bool,
}

impl SpaceState {
    pub(super) fn begin_rebuild(&mut self, views: BTreeSet<Name>) {
        if views.is_empty() {
            return;
        }
        let domain = Arc::new(self.domain.with_views(&views));
        self.layers.hydrator_mut().show_older(views);
        let state = Self::empty(domain, self.space, 1);
        self.rebuild = Some(Box::new(Rebuild { state, rested_since: None, is_waiting: false }));
    }

    /// How far the views are that are made anew, if some are.
    pub fn rebuilding(&self) -> Option<Rebuilding> {
        let rebuild = self.rebuild.as_ref()?;
        Some(Rebuilding { done: rebuild.state.head.position, of: self.head.position })
    }

    /// When the next piece is to be played: now, at a time, or not before the log holds more.
    pub fn rebuild_due(&self) -> Option<Timestamp> {
        let rebuild = self.rebuild.as_ref().filter(|rebuild| !rebuild.is_waiting)?;
        Some(rebuild.rested_since.map_or(Timestamp(i64::MIN), |since| since.plus_ms(REBUILD_REST_MS)))
    }

    pub fn is_rebuild_due(&self, now: Timestamp) -> bool {
        let rested_since = self.rebuild.as_ref().and_then(|rebuild| rebuild.rested_since);
        // A clock that was set back must not make the rest longer.
        self.rebuild_due().is_some_and(|due| due <= now || rested_since.is_some_and(|since| now < since))
    }

    /// Plays the next piece of the log, up to `upto`, on the views that are made anew.
    pub fn rebuild_some(&mut self, now: Timestamp, reader: &dyn SpaceReader, upto: Position) -> Result<(), OpenError> {
        let bytes_max = self.domain.thresholds().rebuild_bytes;
        let Some(rebuild) = &mut self.rebuild else { return Ok(()) };
        rebuild.rested_since = Some(now);
        let upto = reader.complete_to()?.position.min(upto);
        if rebuild.state.head.position < upto {
            rebuild.state.play_some(reader, upto, bytes_max)?;
            rebuild.state.forget_unsaved();
        }
        rebuild.is_waiting = rebuild.state.head.position >= upto;
        Ok(())
    }

    /// Plays a commit that is not in the log yet, where it follows what was played.
    pub fn rebuild_with(&mut self, commit: &Commit) -> Result<(), ReadError> {
        let Some(rebuild) = &mut self.rebuild else { return Ok(()) };
        if rebuild.is_waiting && commit.before() == rebuild.state.head.position {
            rebuild.state.play(commit).map_err(|error| ReadError::Damaged(error.to_string()))?;
            rebuild.state.forget_unsaved();
        }
        Ok(())
    }

    /// The log may hold what was missing.
    pub fn go_on_rebuilding(&mut self) {
        if let Some(rebuild) = &mut self.rebuild {
            rebuild.is_waiting = false;
        }
    }

    /// Up to where what comes from the log was played on the views that are made anew.
    pub fn rebuilt_to(&self) -> Option<Head> {
        self.rebuild.as_ref().map(|rebuild| rebuild.state.head)
    }

    /// Puts the new views in the place of those that show, as soon as they hold all that this state does. Answers with their names.
    pub fn swap_views(&mut self) -> Option<BTreeSet<Name>> {
        assert_eq!(self.layers.depth(), 0, "views are swapped at the base");
        let mut rebuild = self.rebuild.take_if(|rebuild| rebuild.state.head == self.head)?;
        let names: BTreeSet<Name> = rebuild.state.domain.view_types().map(|(name, _)| name.clone()).collect();
        let base = self.layers.base_mut();
        base.views.retain(|key, _| !names.contains(&key.name));
        // What was to be saved of the older ones is of no use.
        self.unsaved.views.retain(|key| !names.contains(&key.name));
        self.saving.views.retain(|key| !names.contains(&key.name));
        for (key, slot) in std::mem::take(&mut rebuild.state.layers.base_mut().views) {
            self.unsaved.views.insert(key.clone());
            base.views.insert(key, slot);
        }
        self.layers.hydrator_mut().replace_views(names.iter().cloned());
        self.unsaved.dropped_views.extend(names.iter().cloned());
        self.unsaved.is_wanted = true;
        for name in &names {
            let remade = self.remade.entry(name.clone()).or_default();
            *remade = remade.again(self.head.position);
        }
        Some(names)
    }

    /// Makes the views of a small space anew at once; those of a larger one as far as one piece goes.
    pub fn rebuild_at_once(&mut self, reader: &dyn SpaceReader) -> Result<(), OpenError> {
        self.rebuild_some(Timestamp(i64::MIN), reader, self.head.position)?;
        self.swap_views();
        if let Some(rebuild) = &mut self.rebuild {
            rebuild.rested_since = None;
        }
        Ok(())
    }
}

impl fmt::Debug for Rebuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rebuild(at {:?}, waits {})", self.state.head, self.is_waiting)
    }
}
