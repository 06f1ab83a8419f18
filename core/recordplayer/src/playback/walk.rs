//! Going through the records one by one.

use std::ops::ControlFlow;

use super::{Playback, PlaybackError};
use crate::commit::Header;
use crate::models::Models;
use crate::record::{Position, Record};

/// One record, with the entities as they are just after it.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub record: &'a Record,
    /// Its place in its commit, from 0.
    pub index: usize,
    pub header: &'a Header,
    /// The end of its commit.
    pub end: Position,
    pub models: &'a Models<'a>,
}

impl Playback {
    /// Shows each record after `after`, up to `upto`, in order; a commit that `upto` lies within is shown whole. The visitor may end it.
    pub fn walk(
        &mut self,
        after: Position,
        upto: Position,
        mut visit: impl FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<(), PlaybackError> {
        let from = self.end_before(after)?;
        self.go_to(from)?;
        let mut each =
            |step: Step<'_>| if step.record.number > after { visit(step) } else { ControlFlow::Continue(()) };
        self.play_until(upto.min(self.last()?), &mut each)
    }

    /// Plays commit after commit until the state is at `upto` or behind it.
    pub(super) fn play_until(
        &mut self,
        upto: Position,
        visit: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<(), PlaybackError> {
        while self.state.head.position < upto {
            for stored in self.some_commits(self.state.head.position, self.last()?)? {
                if self.state.head.position >= upto {
                    return Ok(());
                }
                let commit = stored.open()?;
                self.state.epoch = commit.header.epoch;
                let end = commit.head().position;
                let mut flow = ControlFlow::Continue(());
                self.state.play_each(&commit, &mut |record, index, models| {
                    if flow.is_continue() {
                        flow = visit(Step { record, index, header: &commit.header, end, models });
                    }
                })?;
                self.state.forget_unsaved();
                if let Some(failure) = self.state.take_failure() {
                    return Err(failure.into());
                }
                self.keep_keyframe();
                if flow.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
