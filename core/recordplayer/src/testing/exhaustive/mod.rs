//! All interleavings of small cases: what two devices and their authority can come to, and not only what was drawn.
//!
//! ```text
//!   a case ─► the machines, quiet ─► every choice in every state ─► each new state is checked, and healed
//!   [setting]                        [step]   [choice]              [check]                    [heal]
//!                                      └─ what the real machines do with it, done once and remembered   [ledger]
//! ```
//! The machines are the real ones, and the stores are those in memory. Frames are queues for each direction and session, in order as TCP keeps
//! them; each frame, each write to a disk and each act of a person is a choice, and so is each accident that the [`Bounds`] allow. The search goes
//! by breadth, so a failure comes with a shortest list of choices. States that go on alike are one: that is told by the fingerprints of the
//! machines, of what is on their disks and on its way there, by the frames that travel, and by what may still happen.
//!
//! What is bounded: the acts, the accidents, and the pings beside those of the healing. What is left out, for it makes no difference: a crash
//! while frames are on their way is only played with all of them lost, for that some arrived is the same as that they had arrived just before;
//! and the crash that loses a write with the one that does not, for that is a crash just behind the write.

mod authority;
mod bounds;
mod check;
mod choice;
mod device;
mod disk;
mod frames;
mod heal;
mod ledger;
mod search;
mod setting;
mod state;
mod step;

pub use bounds::Bounds;
pub use choice::Choice;
pub use search::{Explored, Finding, Search};
pub use setting::{Act, DEVICES};
