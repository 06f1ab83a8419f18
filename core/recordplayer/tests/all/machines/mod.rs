//! The two machines alone, each with its disk in memory: given frames, asked for answers. Each of the tests uses a part of it.

mod authority;
mod device;

use recordplayer::claims::Claims;
use recordplayer::decide::Intent;
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::protocol::CommandEntry;
use recordplayer::record::Seen;

pub use authority::{Authority, HeldBack};
pub use device::{Anew, Device};

pub const SPACE: SpaceId = SpaceId(Id([1; 16]));
pub const PERSON: ActorId = ActorId(Id([2; 16]));
pub const FIRST: ReplicaId = ReplicaId(Id([3; 16]));
/// The replica of a new device.
pub const MINE: ReplicaId = ReplicaId(Id([9; 16]));

pub fn person(n: u8) -> ActorId {
    ActorId(Id([n; 16]))
}

pub fn entry(number: u64, command: CommandId, intent: Intent) -> CommandEntry {
    CommandEntry {
        number,
        command,
        stream: intent.stream,
        name: intent.name,
        payload: intent.payload,
        claims: Claims::default(),
        requires: Vec::new(),
        seen: Seen::default(),
        follows: None,
    }
}
