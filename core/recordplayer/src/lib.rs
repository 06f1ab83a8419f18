//! RecordPlayer: event-sourced systems with real-time screens, the same code on the server and on devices that are offline.

pub mod claims;
pub mod codec;
pub mod commit;
pub mod context;
pub mod decide;
pub mod domain;
pub mod entity;
pub mod errand;
pub mod file;
mod fingerprint;
pub mod hash;
pub mod id;
pub mod limits;
pub mod membership;
mod models;
pub mod name;
pub mod planted;
pub mod playback;
pub mod policy;
pub mod prelude;
pub mod protocol;
pub mod record;
pub mod refusal;
pub mod replica;
pub mod response;
pub mod saving;
pub mod space;
mod state;
pub mod storage;
pub mod testing;
pub mod text;
pub mod thin;
pub mod thresholds;
pub mod time;
pub mod view;

pub use models::{Models, ReadSet, saved_view};
