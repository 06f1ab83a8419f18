//! What can be said of what is one's own.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum InboxCommand {
    /// Mark entries as read
    Read {
        /// As the inbox shows them; the beginning is enough.
        #[arg(required_unless_present = "everything")]
        ids: Vec<String>,
        /// All that is there
        #[arg(long, conflicts_with = "ids")]
        everything: bool,
    },
    /// Mark entries as not read
    Unread {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Put an entry off
    Snooze {
        id: String,
        /// The day on which it is there again: 2026-12-24, tomorrow, mon, +3d.
        #[arg(long, value_name = "DAY")]
        until: String,
    },
    /// Put an entry off no longer
    Wake { id: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SearchesCommand {
    /// List them
    List,
    /// Keep a search, or change the one of that name
    Save { name: String, query: String },
    /// Keep it no longer
    Remove { name: String },
}
