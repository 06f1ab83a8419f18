//! Where a whole small case stands: one state of each machine, and what is on its way between them.

use super::authority::Authority;
use super::device::{Device, DeviceFacts};
use super::frames::{FrameId, Frames};
use super::ledger::{Ledger, NodeId};
use super::setting::{DEVICES, Setting};
use crate::id::ActorId;
use crate::space::SessionId;

/// The machines' side of a search: what all states of the case refer to.
pub(super) struct Machines {
    pub setting: Setting,
    pub frames: Frames,
    pub authority: Ledger<Authority>,
    pub devices: Ledger<Device>,
}

#[derive(Clone)]
pub(super) struct State {
    pub authority: NodeId,
    pub devices: [Side; DEVICES],
    /// The copy of the authority's store that somebody made and that has not come back.
    pub copy: Option<NodeId>,
    /// The same of a device's files, and of which.
    pub copy_of_device: Option<(u8, NodeId)>,
    /// Whether an older copy took the place of the authority's store.
    pub is_restored: bool,
    pub spent: Spent,
}

/// One device and its line.
#[derive(Clone)]
pub(super) struct Side {
    pub node: NodeId,
    pub line: Option<Line>,
    /// Sessions that have ended, and what of them may still arrive at the authority; each at least one frame, the oldest session first.
    pub late: Vec<Late>,
    /// How many sessions it has had.
    pub sessions: u8,
    /// It was told that the authority has another history, and waits until that is open.
    pub is_waiting: bool,
    /// How many of its acts its person has done.
    pub acted: u8,
    /// The first act of its person on the files that it has: those of before were of another device, where those came from a clone.
    pub first_act: u8,
    /// Its own acts of which it said that they are saved, a bit for each.
    pub promised: u8,
}

#[derive(Clone)]
pub(super) struct Line {
    pub session: SessionId,
    pub actor: ActorId,
    pub up: Vec<FrameId>,
    pub down: Vec<FrameId>,
}

#[derive(Clone)]
pub(super) struct Late {
    pub session: SessionId,
    pub actor: ActorId,
    pub up: Vec<FrameId>,
}

/// How many accidents have happened.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    pub crashes: u8,
    pub failures: u8,
    pub breaks: u8,
    pub restores_of_authority: u8,
    pub restores_of_devices: u8,
    pub pings: u8,
}

/// What two states have in common that go on alike.
pub(super) type StateKey = u128;

impl Side {
    pub fn facts<'a>(&self, machines: &'a Machines) -> &'a DeviceFacts {
        machines.devices.facts(self.node)
    }
}

impl State {
    /// The key of a state: with what may still happen, or just for how it heals, where no accident can happen any more.
    pub fn key(&self, heals_only: bool) -> StateKey {
        let mut key = Key(Vec::with_capacity(160));
        key.number(self.authority.0);
        for side in &self.devices {
            let Side { node, line, late, sessions, is_waiting, acted, first_act, promised } = side;
            key.number(node.0);
            key.number(u32::from_le_bytes([*sessions, u8::from(*is_waiting), *acted, *promised]));
            key.number((*first_act).into());
            key.number(line.is_some().into());
            if let Some(Line { session, actor, up, down }) = line {
                key.session(*session, *actor);
                key.queue(up);
                key.queue(down);
            }
            key.number(late.len() as u32);
            for Late { session, actor, up } in late {
                key.session(*session, *actor);
                key.queue(up);
            }
        }
        key.number(self.is_restored.into());
        if !heals_only {
            let Spent { crashes, failures, breaks, restores_of_authority, restores_of_devices, pings } = self.spent;
            key.number(u32::from_le_bytes([crashes, failures, breaks, pings]));
            key.number(u32::from_le_bytes([restores_of_authority, restores_of_devices, 0, 0]));
            // A copy is named by the first state that had such files.
            key.number(self.copy.map_or(0, |copied| copied.0 + 1));
            let (device, copied) = self.copy_of_device.map_or((0, 0), |(device, copied)| (device, copied.0 + 1));
            key.number(device.into());
            key.number(copied);
        }
        let hash = blake3::hash(&key.0);
        u128::from_le_bytes(hash.as_bytes()[..16].try_into().expect("a hash has more"))
    }
}

/// The bytes of a key.
struct Key(Vec<u8>);

impl Key {
    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn session(&mut self, SessionId(session): SessionId, actor: ActorId) {
        self.0.extend_from_slice(&session.to_le_bytes());
        self.0.extend_from_slice(actor.bytes());
    }

    fn queue(&mut self, frames: &[FrameId]) {
        self.number(frames.len() as u32);
        for frame in frames {
            self.number(frame.0);
        }
    }
}
