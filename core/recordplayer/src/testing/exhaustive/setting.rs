//! What a small case is about: the application, who there is, and what they do.

use std::sync::Arc;

use crate::claims::Claims;
use crate::decide::Intent;
use crate::domain::Domain;
use crate::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use crate::replica::Wish;
use crate::time::Timestamp;

/// The devices of a small case.
pub const DEVICES: usize = 2;

/// What every clock says: nothing in the machines may hang on more, but that a pause ends at [`LATER`].
pub(super) const NOW: Timestamp = Timestamp(1_600_000_000_000);
pub(super) const LATER: Timestamp = NOW.plus_ms(1_000);

pub(super) const SPACE: SpaceId = SpaceId(Id([1; 16]));

/// One command that a device gives, when its turn comes.
#[derive(Clone, Debug)]
pub struct Act {
    pub intent: Intent,
    /// Earlier acts of the same device, by their place among its acts.
    pub requires: Vec<usize>,
}

impl Act {
    pub fn new(intent: Intent) -> Self {
        Self { intent, requires: Vec::new() }
    }

    pub fn requiring(intent: Intent, requires: impl Into<Vec<usize>>) -> Self {
        Self { intent, requires: requires.into() }
    }
}

/// The identity of a device before anything happened to it.
pub(super) fn replica_of(device: usize) -> ReplicaId {
    ReplicaId::derived("device", &[&(device as u64).to_be_bytes()])
}

/// The id of an act.
pub(super) fn command_of(device: usize, act: usize) -> CommandId {
    CommandId::derived("act", &[&(device as u64).to_be_bytes(), &(act as u64).to_be_bytes()])
}

/// What does not change in a case.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub domain: Arc<Domain>,
    /// What was decided before the case begins, by the person of the first device.
    pub founding: Vec<Intent>,
    pub acts: [Vec<Act>; DEVICES],
    pub is_one_person: bool,
}

impl Setting {
    pub fn person(&self, device: usize) -> ActorId {
        let person = if self.is_one_person { 0 } else { device as u64 };
        ActorId::derived("person", &[&person.to_be_bytes()])
    }

    pub fn wish(&self, device: usize, at: usize) -> Wish {
        let act = &self.acts[device][at];
        let requires = act.requires.iter().map(|required| command_of(device, *required)).collect();
        Wish { command: command_of(device, at), intent: act.intent.clone(), claims: Claims::default(), requires }
    }

    /// Whose act a command is, and which of theirs.
    pub fn act_of(&self, command: CommandId) -> Option<(usize, usize)> {
        let all = (0..DEVICES).flat_map(|device| (0..self.acts[device].len()).map(move |act| (device, act)));
        all.into_iter().find(|(device, act)| command_of(*device, *act) == command)
    }
}
