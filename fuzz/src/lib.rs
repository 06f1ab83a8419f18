//! What must hold whatever bytes come from outside: one function for each place where they come in.
//!
//! Each target is a plain function of bytes that panics where something does not hold: a reader that fails, a value that is not read back as
//! it was written, two readers that disagree, a machine that loses what was saved. Three things call them:
//!
//! * `tests/replay.rs`, in each run of the tests: with every input of `corpus/`, and with some that it makes of them.
//! * `libfuzzer/`, a package outside the workspace, for it needs a nightly compiler: `cargo xtask fuzz` runs it for as long as somebody likes.
//! * `tests/seeds`, which makes the inputs that everything began with.
//!
//! Most targets read the bytes as they are. Where a digest, a chain of hashes or a compressor would turn every change into noise, they read
//! them as a [`script`] instead, and what it says is sealed as its author would seal it: a hostile author can do that, too.

pub mod authority;
pub mod commits;
pub mod disk;
pub mod exports;
pub mod files;
pub mod frames;
pub mod links;
pub mod markdown;
pub mod models;
pub mod payloads;
pub mod project;
pub mod records;
pub mod replica;
pub mod rows;
pub mod script;
pub mod space;
pub mod text_bases;
pub mod text_changes;
pub mod thin;
pub mod trello;
pub mod words;

/// One place where bytes come in.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As its folder in `corpus/` and its program in `libfuzzer/` are named.
    pub name: &'static str,
    pub run: fn(&[u8]),
}

/// Every target there is.
pub const TARGETS: &[Target] = &[
    Target { name: "client_frame", run: frames::client },
    Target { name: "commit", run: commits::run },
    Target { name: "github", run: exports::github },
    Target { name: "jira", run: exports::jira },
    Target { name: "link", run: links::run },
    Target { name: "markdown", run: markdown::run },
    Target { name: "model", run: models::run },
    Target { name: "outbox_file", run: files::outbox },
    Target { name: "payload", run: payloads::run },
    Target { name: "record", run: records::run },
    Target { name: "replica", run: replica::run },
    Target { name: "server_frame", run: frames::server },
    Target { name: "space", run: space::run },
    Target { name: "store_file", run: files::store },
    Target { name: "store_row", run: rows::run },
    Target { name: "table", run: exports::table },
    Target { name: "text_base", run: text_bases::run },
    Target { name: "text_change", run: text_changes::run },
    Target { name: "thin_view", run: thin::run },
    Target { name: "trello", run: trello::board },
    Target { name: "trello_comments", run: trello::comments },
    Target { name: "words", run: words::run },
];
