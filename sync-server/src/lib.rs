//! The sync server of `RecordPlayer`, for any domain.
//!
//! A record's way through it:
//! 1. `gateway`: a connection becomes a web socket, if its origin may.
//! 2. `session`: hello, token, then frames; each is checked and handed to its space.
//! 3. `space_actor`: the one task that holds the space machine: it decides, and asks the store to append.
//! 4. The store's writer appends many spaces' commits with one sync, and calls back.
//! 5. `outbound`: what became durable goes to every session as the same bytes; a slow one reads it from the log later.
//! 6. `effects`: what follows from it outside of the logs is carried out.
//!
//! Beside it stand the `accounts` (people, devices, secrets), the `directory` (who is in which space), the `files` that records speak of, and the
//! `admin`'s socket.

mod accounts;
mod admin;
mod answers;
mod arrivals;
mod clock;
mod compaction;
mod directory;
mod effects;
mod files;
mod gateway;
mod hub;
pub mod limits;
mod marks;
mod outbound;
mod publications;
mod server;
mod serving;
mod session;
mod space_actor;
mod turns;

pub use accounts::{AccountError, Accounts, Device};
pub use admin::{ADMIN_SOCKET, AdminSocket, Failure, Request, ask, recover};
pub use effects::CarryOut;
pub use server::{ACCOUNTS_FILE, Control, DiskFailed, FILES_FOLDER, STORE_FILE, Server, Settings, StartError};
pub use serving::Serving;
pub use space_actor::SpaceHash;
