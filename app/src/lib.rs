//! The desktop of RecordPlayer Kanban as a library.

pub mod headless;
