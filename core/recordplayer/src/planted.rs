//! Bugs that can be planted, to see that the simulation finds them: a harness that finds nothing proves nothing.
//!
//! Each is one that somebody who works on the machines or on the store could really make: a condition left out, a case not looked at, a place
//! not asked. Only a build with the feature `planted` can have one; in every other build [`is_planted`] is `false` before the code is compiled.

macro_rules! bugs {
    ($($(#[$story:meta])* $bug:ident,)*) => {
        /// A bug at one place in the code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Bug {
            $($(#[$story])* $bug,)*
        }

        impl Bug {
            pub const ALL: &[Self] = &[$(Self::$bug,)*];
        }
    };
}

bugs! {
    /// An outbox that gets no new row is written without a sync.
    SkipSync,
    /// Commits go out before they are in the log.
    PublishBeforeDurable,
    /// A command that comes late, when its verdict was let go of, is decided again.
    ForgetDecided,
    /// A device that comes back gets one commit too few.
    ResumeOffByOne,
    /// Of a commit that touches several entities, one is saved.
    RowBehindPosition,
    /// What changed while a checkpoint was on its way leaves memory with what that has saved.
    ForgetWhileSaving,
    /// A view that shows an entity before an event and after it plays that twice.
    PlayTwice,
    /// What waits is played in another order once something comes.
    RebaseBackwards,
    /// A refused command leaves the outbox.
    LoseRefusal,
    /// A clock that was set back gives a record an earlier time than the one before.
    TimeGoesBack,
    /// A clock that was set back makes a pause longer.
    PauseForever,
    /// `play` goes through a map that has no order; in the domain of the simulation, for the core has no such map.
    HashMapInPlay,
    /// `play` looks at the clock; in the domain of the simulation, for the core has none.
    ClockInPlay,
    /// A commit that comes once more is played once more.
    PlayDuplicate,

    /// A clone goes on under the identity of the other one.
    ForgetClone,
    /// What the authority expects is taken for old news.
    TrustOldAnswer,
    /// A space decides while devices still bring what its backup lacks.
    DecideInRecovery,
    /// A device that goes back says what waits before what was accepted and is lost.
    GoBackBehind,

    /// A redaction is looked for in the last commit of a frame alone: devices that were offline get more than one.
    RedactLastOnly,
    /// What is saved stays when something is redacted that was played on it.
    KeepCheckpoint,
    /// What is redacted stays where the log is packed already.
    RedactUnpacked,
    /// An event is redacted, and the command that says the same is not.
    KeepCommand,

    /// An edit of a text that has changed meanwhile makes it what its author saw.
    OverwriteText,

    /// A policy that starts again answers once more to what it answered last.
    ReactAgain,
    /// What an append without an answer causes outside of the log is forgotten.
    ForgetEffects,

    /// Who was taken out may subscribe again.
    SkipAccessCheck,
    /// Who is taken out by an append without an answer reads on.
    TellPastRemoval,
    /// Who is taken out goes on seeing the views that are open.
    LeaveViewsOpen,

    /// The verdict of a required command is let go of while what requires it is on its way.
    ForgetRequired,
    /// A command that the authority is too old for is refused, and does not wait for its upgrade.
    RefuseUnknown,
    /// An older version writes to what it cannot read all of.
    WriteUnread,
    /// What an older version has saved, without the events that it did not know, is taken for all there is.
    DropUnknown,
}

#[cfg(feature = "planted")]
mod planting {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::Bug;

    /// The place of a bug in the list, from 1; 0 where there is none.
    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Plants a bug in the whole process, in the place of another one; or takes it out.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.store(bug.map_or(0, |bug| bug as u8 + 1), Ordering::Relaxed);
    }

    pub fn is_planted(bug: Bug) -> bool {
        PLANTED.load(Ordering::Relaxed) == bug as u8 + 1
    }
}

#[cfg(feature = "planted")]
pub use planting::{is_planted, plant};

/// Whether the bug is planted: never, in this build.
#[cfg(not(feature = "planted"))]
pub const fn is_planted(_: Bug) -> bool {
    false
}
