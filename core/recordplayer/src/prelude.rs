//! What nearly every application needs: `use recordplayer::prelude::*`.

pub use crate::context::{Assigned, Context};
pub use crate::domain::Domain;
pub use crate::entity::{Data, Entity, Stamp};
pub use crate::id::{ActorId, Id, SpaceId};
pub use crate::models::Models;
pub use crate::record::{Record, StreamId};
pub use crate::view::{Key, View};
