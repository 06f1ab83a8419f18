//! What the layout of the workspace promises, checked: the arrows between crates, crates without I/O, short files,
//! no traces of anybody's machine, and dependencies that may come in.

mod arrows;
mod dependencies;
mod metadata;
mod sans_io;
mod sources;
