//! What the layout of the workspace promises, checked: the arrows between crates, crates without I/O, short files,
//! no traces of anybody's machine, a README that shows what runs, and dependencies that may come in.

mod arrows;
mod dependencies;
mod metadata;
mod readme;
mod sans_io;
mod sources;
