//! Tables of our own.
