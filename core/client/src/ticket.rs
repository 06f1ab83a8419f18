//! What becomes of one command.

use std::sync::Arc;
use std::time::Duration;

use recordplayer::id::{CommandId, SpaceId};
use recordplayer::refusal::Refused;
use recordplayer::replica::CommandState;

use crate::inner::Inner;

/// One command on its way.
#[derive(Clone, Debug)]
pub struct Ticket {
    pub(crate) inner: Arc<Inner>,
    pub(crate) space: SpaceId,
    pub(crate) command: CommandId,
}

/// The command is not on disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSaved {
    #[error("the disk failed: {0}; free space or check the disk, and start again")]
    Disk(String),
    #[error("the disk takes its time; the command is not saved yet")]
    NotYet,
}

/// How far a command has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    Accepted,
    Refused(Refused),
    /// Nobody has decided it in that time.
    NotYet,
}

impl Ticket {
    pub fn command(&self) -> CommandId {
        self.command
    }

    /// Waits until the command is in the outbox on disk (rule 1: only then it is saved).
    pub fn wait_saved(&self, timeout: Duration) -> Result<(), NotSaved> {
        let Some(copy) = self.inner.copy(self.space) else { return Ok(()) };
        let outcome = copy.wait(timeout, |machine| {
            if let Some(why) = self.inner.saver.failure() {
                return Some(Err(NotSaved::Disk(why)));
            }
            let is_unsaved = machine.replica.command_state(self.command) == CommandState::Unsaved;
            (!is_unsaved).then_some(Ok(()))
        });
        outcome.unwrap_or(Err(NotSaved::NotYet))
    }

    /// Waits for the authority's verdict.
    pub fn wait_decided(&self, timeout: Duration) -> Decided {
        let Some(copy) = self.inner.copy(self.space) else { return Decided::NotYet };
        let outcome = copy.wait(timeout, |machine| match machine.replica.command_state(self.command) {
            CommandState::Gone => Some(Decided::Accepted),
            CommandState::Refused(refused) => Some(Decided::Refused(refused)),
            _ if self.inner.saver.failure().is_some() => Some(Decided::NotYet),
            _ => None,
        });
        outcome.unwrap_or(Decided::NotYet)
    }
}
