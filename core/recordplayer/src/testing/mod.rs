//! The test kit: what applications and stores are tested with.

pub mod conformance;
