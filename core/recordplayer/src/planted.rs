//! Bugs that can be planted, to see that the simulation finds them: a harness that finds nothing proves nothing.
//!
//! Only a build with the feature `planted` can have one; in every other build [`is_planted`] is `false` before the code is compiled.

/// A bug at one place in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Bug {
    /// The disk is told to be done before it is.
    SkipSync = 1,
    /// Commits go out before they are in the log.
    PublishBeforeDurable,
    /// A command that was decided is decided again.
    ForgetDecided,
    /// A device that comes back gets one commit too few.
    ResumeOffByOne,
    /// Who was taken out may subscribe again.
    SkipAccessCheck,
    /// Who is taken out by an append without an answer reads on.
    TellPastRemoval,
    /// A checkpoint says a position that one of its rows has not reached.
    RowBehindPosition,
    /// An event of one's own is played twice.
    PlayTwice,
    /// What waits is played in another order once something comes.
    RebaseBackwards,
    /// A refused command leaves the outbox.
    LoseRefusal,
    /// `play` looks at a clock.
    ClockInPlay,
    /// A clone goes on under the identity of the other one.
    ForgetClone,
    /// A clock that was set back makes a pause longer.
    PauseForever,
    /// What the authority expects is taken for old news.
    TrustOldAnswer,
    /// What an older version has saved, without the events that it did not know, is taken for all there is.
    DropUnknown,
    /// `play` goes through a map that has no order; in the domain of the simulation, for the core has no such map.
    HashMapInPlay,
}

impl Bug {
    pub const ALL: [Self; 16] = [
        Self::SkipSync,
        Self::PublishBeforeDurable,
        Self::ForgetDecided,
        Self::ResumeOffByOne,
        Self::SkipAccessCheck,
        Self::TellPastRemoval,
        Self::RowBehindPosition,
        Self::PlayTwice,
        Self::RebaseBackwards,
        Self::LoseRefusal,
        Self::ClockInPlay,
        Self::ForgetClone,
        Self::PauseForever,
        Self::TrustOldAnswer,
        Self::DropUnknown,
        Self::HashMapInPlay,
    ];
}

#[cfg(feature = "planted")]
mod planting {
    use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

    use super::Bug;
    use crate::time::Timestamp;

    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Plants a bug in the whole process, in the place of another one; or takes it out.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.store(bug.map_or(0, |bug| bug as u8), Ordering::Relaxed);
    }

    pub fn is_planted(bug: Bug) -> bool {
        PLANTED.load(Ordering::Relaxed) == bug as u8
    }

    /// Another time whenever it is looked at.
    pub(crate) fn wrong_clock() -> Timestamp {
        static LOOKS: AtomicI64 = AtomicI64::new(0);
        Timestamp(LOOKS.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(feature = "planted")]
pub(crate) use planting::wrong_clock;
#[cfg(feature = "planted")]
pub use planting::{is_planted, plant};

/// Whether the bug is planted: never, in this build.
#[cfg(not(feature = "planted"))]
pub const fn is_planted(_: Bug) -> bool {
    false
}

#[cfg(not(feature = "planted"))]
pub(crate) fn wrong_clock() -> crate::time::Timestamp {
    crate::time::Timestamp::default()
}
