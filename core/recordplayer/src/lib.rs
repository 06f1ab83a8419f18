//! RecordPlayer: event-sourced systems with real-time screens, the same code on the server and on devices that are offline.

pub mod codec;
pub mod commit;
pub mod hash;
pub mod id;
pub mod limits;
pub mod name;
pub mod record;
pub mod storage;
pub mod time;
