//! The test kit: what applications and stores are tested with.

pub mod conformance;
pub mod given;

pub use given::{FOUNDER, Given, SPACE, When, given};
pub mod world;

pub use world::{Faults, World};
