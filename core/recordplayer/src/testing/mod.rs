//! The test kit: what applications and stores are tested with.

pub mod conformance;
mod converge;
pub mod given;
mod golden;
pub mod world;

pub use converge::converge;
pub use given::{FOUNDER, Given, SPACE, When, given};
pub use golden::golden;
pub use world::{Backup, DeviceId, Faults, Restore, Shown, Transition, World};
