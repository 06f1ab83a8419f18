//! The test kit: what applications and stores are tested with.

pub mod conformance;
pub mod given;
pub mod world;

pub use given::{FOUNDER, Given, SPACE, When, given};
pub use world::{Backup, DeviceId, Faults, Restore, Shown, World};
