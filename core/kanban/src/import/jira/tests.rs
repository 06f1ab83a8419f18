//! Issues of our own.
