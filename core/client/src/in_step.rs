//! Waiting for a device to be in step with its servers.

use std::time::Duration;

use recordplayer::id::SpaceId;
use recordplayer::membership::Membership;

use crate::carrier;
use crate::clock::instant;
use crate::copy::Trouble;
use crate::device::Device;
use crate::line::LineState;
use crate::local::HERE;
use crate::socket::LineError;

/// Why a device is not in step with its servers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotInStep {
    #[error("this device has no account; log in first")]
    NoAccount,
    #[error("{0}")]
    Refused(LineError),
    #[error("not connected: {0}")]
    Offline(String),
    #[error(
        "{waiting} commands and {files} files wait, {behind} records are missing, views are made anew in {remaking} projects"
    )]
    Working { waiting: usize, files: usize, behind: u64, remaking: usize },
    #[error(
        "the server holds another history of {title:?} than this device, or none; its admin may have restored an older backup"
    )]
    Parted { title: String },
    #[error(
        "the server cannot read {title:?} just now; its admin finds why in its log. The copy on this device is kept"
    )]
    Unavailable { title: String },
    #[error("the disk failed: {0}; free space or check the disk, and start again")]
    Disk(String),
}

impl Device {
    /// Waits until everything is sent, decided, received and on disk; goes online for it.
    pub fn wait_in_step(&self, timeout: Duration) -> Result<(), NotInStep> {
        self.connect();
        let end = instant() + timeout;
        let mut rings = 0;
        loop {
            let standing = self.in_step();
            let left = end.saturating_duration_since(instant());
            match standing {
                Ok(()) => return Ok(()),
                Err(
                    final_one @ (NotInStep::NoAccount
                    | NotInStep::Refused(_)
                    | NotInStep::Parted { .. }
                    | NotInStep::Unavailable { .. }
                    | NotInStep::Disk(_)),
                ) => return Err(final_one),
                Err(why) if left.is_zero() => return Err(why),
                Err(NotInStep::Offline(_) | NotInStep::Working { .. }) => {}
            }
            // The disk rings no bell when it fails.
            rings = self.inner().bell.wait(rings, left.min(Duration::from_millis(100)));
        }
    }

    /// Waits until the whole history of a space is here; goes online for it. Answers with whether it is.
    pub fn wait_for_history(&self, space: SpaceId, timeout: Duration) -> bool {
        self.connect();
        let end = instant() + timeout;
        let mut rings = 0;
        loop {
            let is_here = self.inner().copy(space).is_some_and(|copy| copy.look(|replica| replica.has_history()));
            let left = end.saturating_duration_since(instant());
            if is_here || left.is_zero() {
                return is_here;
            }
            rings = self.inner().bell.wait(rings, left);
        }
    }

    /// Whether everything is sent, decided, received and on disk, and no views are made anew.
    pub fn in_step(&self) -> Result<(), NotInStep> {
        let inner = self.inner();
        if let Some(why) = inner.saver.failure() {
            return Err(NotInStep::Disk(why));
        }
        let mut accounts = self.accounts();
        accounts.extend(inner.content().local.clone());
        if accounts.is_empty() {
            return Err(NotInStep::NoAccount);
        }
        let (mut waiting, mut files, mut behind, mut remaking) = (0, 0, 0, 0);
        // When the server has taken on a space, the book says so before the copy follows it.
        let mut is_working = inner.is_bringing();
        for account in accounts {
            match self.line(&account.url) {
                Some(LineState::Online) => {}
                Some(LineState::Refused { why }) => return Err(NotInStep::Refused(why)),
                Some(LineState::Retrying { .. } | LineState::Connecting) | None => {
                    return Err(NotInStep::Offline(self.why_offline(&account.url)));
                }
            }
            is_working |= inner.look_at_line(&account.url, |line| line.is_none_or(|line| !line.knows_spaces));
            for copy in inner.copies_of(&account.url) {
                if let Some(trouble) = copy.trouble() {
                    let title = copy.look(|replica| replica.entity::<Membership>(copy.space.0).title().to_owned());
                    return Err(match trouble {
                        Trouble::Parted => NotInStep::Parted { title },
                        Trouble::Unavailable => NotInStep::Unavailable { title },
                    });
                }
                let (status, is_settled) =
                    copy.look(|replica| (replica.status(), replica.is_settled() && replica.has_history()));
                waiting += status.waiting + status.sending;
                behind += status.behind;
                remaking += usize::from(status.rebuilding.is_some());
                files += carrier::waiting(inner, &copy).len();
                is_working |= !is_settled;
            }
        }
        // What is on its way to a server goes on by itself, and is not there yet.
        let content = inner.content();
        let is_here = |space: &&SpaceId| content.spaces.get(*space).is_some_and(|info| info.url == HERE);
        let publishing = content.publishing.keys().filter(is_here).count();
        waiting += publishing;
        is_working |= publishing > 0;
        let is_saved = inner.saver.is_idle();
        if is_working || !is_saved || files > 0 || remaking > 0 {
            return Err(NotInStep::Working { waiting, files, behind, remaking });
        }
        Ok(())
    }
}
