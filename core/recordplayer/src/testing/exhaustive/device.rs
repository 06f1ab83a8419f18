//! A device of a small case: the real replica with its two files, and the saves that are on their way there.

use std::collections::VecDeque;
use std::sync::Arc;

use super::disk::{digest_of_outbox, digest_of_store, digest_of_write};
use super::frames::{FrameId, Frames};
use super::ledger::{Effects, Machine};
use super::setting::{LATER, NOW, SPACE, Setting};
use crate::commit::{Commit, Head};
use crate::fingerprint::Fingerprint;
use crate::hash::{Hash, StateHash};
use crate::id::{ActorId, CommandId, ReplicaId};
use crate::protocol::ServerFrame;
use crate::replica::{CommandState, Replica, ReplicaOutput, SaveToken};
use crate::space::SessionId;
use crate::storage::memory::{MemoryOutbox, MemoryStore};
use crate::storage::{OutboxStore, OutboxWrite, Store, Write, Written};
use crate::testing::audit;
use crate::testing::world::optimistic;

/// The two files, and what a device is told at its first start.
#[derive(Clone)]
pub(super) struct DeviceDisk {
    pub actor: ActorId,
    pub fresh: ReplicaId,
    pub store: MemoryStore,
    pub outbox: MemoryOutbox,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DeviceInput {
    Connect,
    Disconnect,
    /// Frames that have come together.
    Frames(Vec<FrameId>),
    /// The person does this act of this device.
    Submit {
        device: usize,
        act: usize,
    },
    /// The oldest save on its way is on disk.
    Save,
    /// Of the oldest save only the main store's part is on disk; then the device stops.
    Tear,
    Crash,
    /// The pause that the authority asked for is over.
    Wake,
}

/// A command in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub command: CommandId,
    pub is_saved: bool,
    /// Refused, with what was typed.
    pub is_refused: bool,
}

pub(super) struct DeviceFacts {
    pub actor: ActorId,
    pub confirmed: Head,
    pub state: StateHash,
    /// The end of each commit in its log on disk.
    pub log: Vec<Head>,
    pub outbox: Vec<Kept>,
    pub is_settled: bool,
    /// Whether it waits for the end of a pause.
    pub is_paused: bool,
    pub next_save: NextSave,
}

/// The oldest save on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextSave {
    Nothing,
    OneFile,
    /// A crash can come between the two.
    BothFiles,
}

struct Save {
    token: SaveToken,
    main: Vec<Write>,
    outbox: Vec<OutboxWrite>,
}

pub(super) struct Device {
    disk: DeviceDisk,
    replica: Replica,
    saves: VecDeque<Save>,
}

impl Machine for Device {
    type Disk = DeviceDisk;
    type Input = DeviceInput;
    type Facts = DeviceFacts;

    fn begin(setting: &Setting, disk: &DeviceDisk) -> Self {
        let disk = copy_of(disk);
        let content = disk.outbox.load(SPACE).expect("memory can be read");
        let (domain, reader) = (Arc::clone(&setting.domain), disk.store.reader(SPACE));
        let replica = Replica::open(domain, SPACE, disk.actor, reader, content, disk.fresh);
        let replica = replica.unwrap_or_else(|error| panic!("a device opens: {error}"));
        let mut device = Self { disk, replica, saves: VecDeque::new() };
        let mut frames = Frames::default();
        let effects = device.work(&mut frames).unwrap_or_else(|why| panic!("a device opens: {why}"));
        assert!(effects.sent.is_empty() && !effects.stops, "a device that is not connected sends nothing");
        device
    }

    fn take(&mut self, setting: &Setting, frames: &mut Frames, input: &DeviceInput) -> Result<Effects, String> {
        match input {
            DeviceInput::Connect => self.replica.handle_connected(),
            DeviceInput::Disconnect => self.replica.handle_disconnected(),
            DeviceInput::Frames(ids) => {
                let decode = |id: &FrameId| ServerFrame::decode(frames.bytes(*id)).expect("the authority sends frames");
                let came: Vec<ServerFrame> = ids.iter().map(decode).collect();
                self.replica.handle_frames(NOW, came);
            }
            // What is refused at once is not queued, and the person knows.
            DeviceInput::Submit { device, act } => drop(self.replica.submit(NOW, setting.wish(*device, *act))),
            DeviceInput::Save => {
                let Save { token, main, outbox } = self.saves.pop_front().expect("a save is on its way");
                let written = self.write_main(main)?;
                self.disk.outbox.write(outbox).expect("memory can be written");
                self.replica.handle_saved(token, &written);
            }
            DeviceInput::Tear => {
                let Save { main, .. } = self.saves.pop_front().expect("a save is on its way");
                self.write_main(main)?;
                return Ok(Effects { stops: true, ..Effects::default() });
            }
            DeviceInput::Crash => return Ok(Effects { stops: true, ..Effects::default() }),
            DeviceInput::Wake => self.replica.handle_wakeup(LATER),
        }
        self.work(frames)
    }

    fn disk(&self) -> DeviceDisk {
        copy_of(&self.disk)
    }

    fn digest_of_disk(&self) -> Hash {
        let mut into = Fingerprint::default();
        into.shown(&self.disk.actor);
        digest_of_store(self.disk.store.reader(SPACE).as_ref(), &mut into);
        digest_of_outbox(&self.disk.outbox, &mut into);
        into.finish()
    }

    fn digest(&mut self) -> Hash {
        let mut into = Fingerprint::default();
        into.bytes(&self.digest_of_disk().0);
        self.replica.fingerprint(&mut into);
        for Save { token: _, main, outbox } in &self.saves {
            into.shown(&(main.len(), outbox));
            for write in main {
                digest_of_write(write, &mut into);
            }
        }
        into.finish()
    }

    fn facts(&mut self) -> Result<DeviceFacts, String> {
        self.check_rebased()?;
        let reader = self.disk.store.reader(SPACE);
        let commits = audit::commits(reader.as_ref());
        if commits.last().map(Commit::head) == Some(self.replica.confirmed()) {
            audit::is_replay(&mut self.replica.state, reader.as_ref())?;
        }
        let kept = |entry: &crate::replica::OutboxEntry| Kept {
            command: entry.command,
            is_saved: self.replica.command_state(entry.command) != CommandState::Unsaved,
            is_refused: entry.refused.is_some() && !entry.payload.is_empty(),
        };
        Ok(DeviceFacts {
            actor: self.disk.actor,
            confirmed: self.replica.confirmed(),
            outbox: self.replica.outbox().map(kept).collect(),
            state: self.replica.state_hash(),
            log: commits.iter().map(Commit::head).collect(),
            is_settled: self.replica.is_settled(),
            is_paused: self.replica.wake_at().is_some_and(|at| NOW < at && at <= LATER),
            next_save: match self.saves.front() {
                None => NextSave::Nothing,
                Some(save) if save.main.is_empty() || save.outbox.is_empty() => NextSave::OneFile,
                Some(_) => NextSave::BothFiles,
            },
        })
    }
}

impl Device {
    fn write_main(&mut self, main: Vec<Write>) -> Result<Vec<Written>, String> {
        let written = self.disk.store.write(main);
        if written.iter().any(|written| !matches!(written, Written::Durable(_))) {
            return Err(format!("a device's own store takes what follows its log: {written:?}"));
        }
        Ok(written)
    }

    /// Does the machine's work; saves wait for their turn.
    fn work(&mut self, frames: &mut Frames) -> Result<Effects, String> {
        let mut effects = Effects::default();
        while let Some(output) = self.replica.poll_output() {
            match output {
                ReplicaOutput::Save { token, main, outbox } => {
                    self.saves.push_back(Save { token, main, outbox });
                }
                ReplicaOutput::Send(frame) => effects.sent.push((SessionId(0), frames.id(frame.encode()))),
                ReplicaOutput::Changed(_)
                | ReplicaOutput::AllChanged
                | ReplicaOutput::CompactTexts(_)
                | ReplicaOutput::Met(_) => {}
                ReplicaOutput::Parted { .. } => effects.hangs_up = true,
                // The outbox is kept, and the space is fetched anew.
                ReplicaOutput::WentBack { .. } | ReplicaOutput::Redacted => {
                    self.disk.store = MemoryStore::new();
                    effects.stops = true;
                    return Ok(effects);
                }
                ReplicaOutput::AccessEnded | ReplicaOutput::Unavailable | ReplicaOutput::Damaged(_) => {
                    return Err(format!("a device of a member is told {output:?}"));
                }
            }
        }
        Ok(effects)
    }

    /// What it shows is what all that waits there shows once it is decided anew: a rebase leaves out only what nothing has touched.
    fn check_rebased(&mut self) -> Result<(), String> {
        if self.replica.is_going_back() {
            return Ok(());
        }
        let before = optimistic(&mut self.replica);
        if before == self.replica.decided_anew(optimistic) {
            return Ok(());
        }
        Err("a device shows otherwise than what waits there says".to_owned())
    }
}

fn copy_of(disk: &DeviceDisk) -> DeviceDisk {
    DeviceDisk { store: disk.store.copy(), outbox: disk.outbox.copy(), ..disk.clone() }
}
