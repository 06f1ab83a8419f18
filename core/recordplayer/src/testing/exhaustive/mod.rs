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
//! What is bounded: the acts, the accidents, and the pings beside those of the healing. Some orders are left out, for each of them comes to the
//! same as one that is played:
//!
//! * A crash of the authority loses all frames on their way: that some of them arrive is the same as that they arrive just before it, for the
//!   device that they reach and the authority have nothing else in common. What a device had sent when its session ended may arrive later, behind
//!   what the next session brings, and is played so.
//! * A crash loses every write on its way: where one is written, the same crash comes just behind it, and what the machine did in between was
//!   only sent to sessions that the crash ends.
//! * The authority learns that a session has ended as soon as nothing of it is on its way: until then it would only send what reaches nobody.
//! * Time stands still, but for pauses, which end at any moment: nothing else in the machines waits for it.

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

pub use bounds::{Bounds, Crashing};
pub use choice::Choice;
pub use search::{Explored, Finding, Search};
pub use setting::{Act, DEVICES};
