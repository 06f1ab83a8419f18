//! The test kit: what applications and stores are tested with.

mod audit;
pub mod conformance;
mod converge;
pub mod exhaustive;
pub mod given;
mod golden;
pub mod spaces;
pub mod world;

pub use converge::{converge, converge_in};
pub use exhaustive::{Act, Bounds, Crashing, Search};
pub use given::{FOUNDER, Given, SPACE, When, given, given_personal};
pub use golden::golden;
pub use spaces::Spaces;
pub use world::{
    Backup, Closing, DeviceId, DiskFault, DiskFaultKind, DiskNews, Faults, File, Files, InMemory, NotOpened,
    OutboxFile, Reached, Restore, Shown, StoreFile, Transition, World, with_drawn_thresholds,
};
