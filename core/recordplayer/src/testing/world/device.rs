//! The devices of a world, and the net between them and the authority.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rand::RngExt;
use rand::seq::IndexedRandom;

use super::reached::LastChunk;
use super::{Faults, Journey, NotOpened, OutboxFile, StoreFile, World, fresh};
use crate::commit::{Commit, Head};
use crate::id::{ActorId, CommandId, SpaceId};
use crate::limits::FRAME_BYTES_MAX;
use crate::protocol::{ClientFrame, ServerFrame};
use crate::record::{Position, Record};
use crate::replica::{Meeting, Replica, ReplicaOutput, SaveToken};
use crate::space::{SessionId, SpaceInput};
use crate::state::SpaceState;
use crate::storage::{OutboxWrite, Write};
use crate::thin::{ThinOutput, ThinView};
use crate::time::Timestamp;
use crate::view::ViewKey;

/// A line that is dead may live on at one end for so long.
const HALF_OPEN_MS_MAX: i64 = 10_000;

/// One device of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub(super) usize);

/// What a thin view has told.
#[derive(Clone, Debug)]
pub enum Shown {
    Started { at: Position },
    Record(Box<Record>),
}

/// A save on its way to a device's disk.
pub(super) struct Saved {
    pub life: u64,
    pub token: SaveToken,
    pub main: Vec<Write>,
    pub outbox: Vec<OutboxWrite>,
}

pub(super) struct Device {
    pub name: String,
    pub actor: ActorId,
    /// Which of the world's versions it runs.
    pub version: usize,
    pub replica: Option<Replica>,
    pub session: Option<SessionId>,
    /// What the device looks at the thin way, beside its replica.
    pub thin: Option<ThinView>,
    shown: Vec<Shown>,
    met: Vec<Meeting>,
    /// What others did that the authority had lost when the device went back.
    told: Vec<Arc<Commit>>,
    /// What a screen shows that draws a view or an entity again only when it is told that it has changed.
    pub drawn: BTreeMap<ViewKey, Vec<u8>>,
    /// Counts the starts, so that what was on its way to the disk at a crash is lost.
    pub life: u64,
    pub store: Box<dyn StoreFile>,
    pub outbox: Box<dyn OutboxFile>,
    /// How far its clock is set wrong.
    pub clock_ms: i64,
    /// Whether its person was taken out of the space, which then left the device.
    pub is_out: bool,
    /// The commands that its person got as a file then.
    pub exported: BTreeSet<CommandId>,
    /// Why its files were not opened the last time.
    pub not_opened: Option<NotOpened>,
    /// See [`World::crash_within_next_save`].
    pub tears_next_save: bool,
    /// What goes wrong on its line.
    pub line: Faults,
    /// The chunk of a snapshot that it asked for last.
    pub last_chunk: Option<LastChunk>,
    last_save_at: Timestamp,
    last_sent_at: Timestamp,
    last_received_at: Timestamp,
}

impl Device {
    pub fn complete_to(&self, space: SpaceId) -> Head {
        self.store.reader(space).complete_to().expect("what is durable can be read")
    }

    /// Whether nothing of the history is missing.
    pub fn holds_all(&self, space: SpaceId) -> bool {
        self.replica.is_some() && self.store.reader(space).gap().is_ok_and(|gap| gap.is_none())
    }

    /// Whether the device has everything up to here, and nothing left to do.
    pub fn is_settled_at(&self, head: Head) -> bool {
        let Some(replica) = &self.replica else { return self.is_out };
        let shows_all = |thin: &ThinView| thin.is_ended() || thin.position() == Some(head.position);
        let shows_this_version = replica.status().rebuilding.is_none();
        shows_this_version
            && replica.is_settled()
            && replica.confirmed() == head
            && self.thin.as_ref().is_none_or(shows_all)
    }

    fn draw(&mut self, views: BTreeSet<ViewKey>) {
        let Some(replica) = &self.replica else { return };
        for view in views {
            let looks = looks_of(replica, &view);
            self.drawn.insert(view, looks);
        }
    }
}

/// What a view shows, or an entity, with everything that waits.
pub(super) fn looks_of(replica: &Replica, view: &ViewKey) -> Vec<u8> {
    looks_below(&replica.state, view, usize::MAX)
}

/// What a view shows, or an entity, with so much of what waits.
pub(super) fn looks_below(state: &SpaceState, view: &ViewKey, below: usize) -> Vec<u8> {
    let SpaceState { domain, layers, .. } = state;
    let encoded = match view.as_stream() {
        Some(stream) => {
            domain.entity_type(&stream.kind).map(|kind| (kind.encode)(&layers.entity(&stream, below).state))
        }
        None => domain.view_type(&view.name).map(|kind| (kind.encode)(&layers.view(view, below).state)),
    };
    encoded.map_or_else(Vec::new, |encoded| encoded.expect("a state that was played can be encoded"))
}

impl World {
    pub(super) fn add_device(&mut self, name: &str) -> DeviceId {
        let device = Device {
            name: name.to_owned(),
            actor: ActorId(fresh(&mut self.rng)),
            version: self.draw_version(),
            replica: None,
            session: None,
            thin: None,
            shown: Vec::new(),
            met: Vec::new(),
            told: Vec::new(),
            drawn: BTreeMap::new(),
            life: 0,
            store: self.files.store(),
            outbox: self.files.outbox(),
            clock_ms: 0,
            is_out: false,
            exported: BTreeSet::new(),
            not_opened: None,
            tears_next_save: false,
            line: Faults::none(),
            last_chunk: None,
            last_save_at: Timestamp(0),
            last_sent_at: Timestamp(0),
            last_received_at: Timestamp(0),
        };
        self.devices.push(device);
        let id = DeviceId(self.devices.len() - 1);
        self.open_replica(id);
        id
    }

    /// The space leaves the device; what was never sent is exported, and is the person's own affair from then on.
    fn leave(&mut self, id: DeviceId) {
        self.check_files_of_who_leaves(id);
        self.export_of_who_leaves(id);
        self.crash(id);
        self.promises.forget_device(id);
        self.discards.forget_device(id);
        let device = &mut self.devices[id.0];
        device.is_out = true;
        device.store = self.files.store();
        device.outbox = self.files.outbox();
    }

    /// Starts a device that stands still; not one whose person was taken out.
    pub(in crate::testing) fn start_again(&mut self, id: DeviceId) {
        if self.devices[id.0].replica.is_none() && !self.devices[id.0].is_out {
            self.restart(id);
        }
    }

    /// The commands that the person got as a file when the space left the device.
    pub fn exported(&self, id: DeviceId) -> &BTreeSet<CommandId> {
        &self.devices[id.0].exported
    }

    pub fn restart(&mut self, id: DeviceId) {
        self.devices[id.0].is_out = false;
        self.open_replica(id);
        self.reconnect_soon(id);
    }

    pub(super) fn connect(&mut self, id: DeviceId) {
        let may = self.space.is_some() && !self.cut_off.contains(&id);
        let device = &mut self.devices[id.0];
        if !may || device.session.is_some() || device.replica.is_none() {
            return;
        }
        self.sequence += 1;
        let session = SessionId(self.sequence);
        device.session = Some(session);
        self.sessions.insert(session, device.actor);
        device.replica.as_mut().expect("just seen").handle_connected();
        if let Some(thin) = &mut device.thin {
            thin.handle_connected();
        }
        self.drain_device(id);
    }

    pub(super) fn disconnect(&mut self, id: DeviceId) {
        let Some(session) = self.devices[id.0].session.take() else { return };
        if let Some(replica) = self.devices[id.0].replica.as_mut() {
            replica.handle_disconnected();
        }
        self.drain_device(id);
        self.tell_authority(SpaceInput::Gone { session });
    }

    pub(super) fn reconnect_soon(&mut self, id: DeviceId) {
        let ms = self.rng.random_range(10..2_000);
        self.travel(ms, Journey::Reconnect { device: id });
    }

    /// Lets the device look at something that is there, the thin way.
    pub(in crate::testing) fn look_at_something(&mut self, id: DeviceId) {
        let Some(space) = &mut self.space else { return };
        let layer = space.state.layers.base_mut();
        let entities = layer.entities.keys().map(ViewKey::of_stream);
        let views: Vec<ViewKey> = layer.views.keys().cloned().chain(entities).collect();
        if let Some(view) = views.choose(&mut self.rng) {
            self.look(id, view.clone());
        }
    }

    /// Lets the device look at one view the thin way, from now on.
    pub fn look(&mut self, id: DeviceId, view: ViewKey) {
        let mut thin = ThinView::new(Arc::clone(&self.versions[self.devices[id.0].version]), self.id, view);
        if self.devices[id.0].session.is_some() {
            thin.handle_connected();
        }
        self.devices[id.0].thin = Some(thin);
        self.drain_device(id);
    }

    /// What a device was told of values that two people had set.
    pub fn met(&self, id: DeviceId) -> &[Meeting] {
        &self.devices[id.0].met
    }

    /// What a device was told that others had done, and that the authority had lost.
    pub fn told(&self, id: DeviceId) -> &[Arc<Commit>] {
        &self.devices[id.0].told
    }

    /// The thin view of a device, and everything that it has told.
    pub fn thin(&self, id: DeviceId) -> (&ThinView, &[Shown]) {
        let device = &self.devices[id.0];
        (device.thin.as_ref().expect("the device looks at something"), &device.shown)
    }

    fn drain_thin(&mut self, id: DeviceId) {
        while let Some(output) = self.devices[id.0].thin.as_mut().and_then(ThinView::poll_output) {
            match output {
                ThinOutput::Send(frame) => self.send_up(id, &frame),
                ThinOutput::Started { at } => self.devices[id.0].shown.push(Shown::Started { at }),
                ThinOutput::Record(record) => self.devices[id.0].shown.push(Shown::Record(Box::new(record))),
                ThinOutput::AccessEnded => {}
                // It asks again.
                ThinOutput::Unreadable(_) if self.has_been_unavailable() => {}
                ThinOutput::Unreadable(why) => panic!("{}: {why}; {}", self.devices[id.0].name, self.how_to_replay()),
            }
        }
    }

    fn send_up(&mut self, id: DeviceId, frame: &ClientFrame) {
        let Some(session) = self.devices[id.0].session else { return };
        self.note_sent(id, frame);
        self.check_discarded_is_not_sent(id, frame);
        let bytes = frame.encode();
        self.transport(id, session, |bytes| Journey::ToAuthority { device: id, session, bytes }, &bytes, true);
    }

    pub(super) fn receive(&mut self, id: DeviceId, frame: ServerFrame) {
        let now = self.time_of(id);
        if let Some(thin) = &mut self.devices[id.0].thin {
            thin.handle_frame(frame.clone());
        }
        if let Some(replica) = self.devices[id.0].replica.as_mut() {
            replica.handle_frames(now, [frame]);
        }
        self.drain_device(id);
    }

    pub(super) fn drain_device(&mut self, id: DeviceId) {
        self.drain_thin(id);
        while let Some(output) = self.devices[id.0].replica.as_mut().and_then(Replica::poll_output) {
            match output {
                ReplicaOutput::Save { token, main, outbox } => {
                    let device = &mut self.devices[id.0];
                    // One writer: what is saved later is on disk later.
                    let at = device.last_save_at.max(self.now).plus_ms(self.rng.random_range(0..5));
                    device.last_save_at = at;
                    let saved = Saved { life: device.life, token, main, outbox };
                    self.travel_at(at, Journey::DeviceSave { device: id, saved });
                }
                ReplicaOutput::Send(frame) => self.send_up(id, &frame),
                ReplicaOutput::Met(meeting) => self.devices[id.0].met.push(meeting),
                ReplicaOutput::Changed(views) => self.devices[id.0].draw(views),
                ReplicaOutput::AllChanged => {
                    let drawn = self.devices[id.0].drawn.keys().cloned().collect();
                    self.devices[id.0].draw(drawn);
                }
                ReplicaOutput::AccessEnded => self.leave(id),
                ReplicaOutput::CompactTexts(_) | ReplicaOutput::Unavailable => {}
                // Also of what was said before the authority was open again, and arrives after that.
                ReplicaOutput::Parted { epoch, .. } if self.is_reopening() || self.is_past(epoch) => {
                    self.disconnect(id);
                    self.reconnect_soon(id);
                }
                ReplicaOutput::Parted { epoch, head } => {
                    panic!(
                        "{}, {:?}, and the authority have parted at {head:?} of epoch {epoch}; {}",
                        self.devices[id.0].name,
                        self.devices[id.0].replica,
                        self.how_to_replay()
                    )
                }
                // What it held of a history that was not whole, it holds no more.
                ReplicaOutput::Redacted => {
                    self.forget_promises_beyond_log(id);
                    self.lose_main_store(id);
                }
                ReplicaOutput::WentBack { others } => {
                    self.devices[id.0].told.extend(others);
                    self.forget_promises_beyond_log(id);
                    self.lose_main_store(id);
                }
                ReplicaOutput::Damaged(error) => self.device_is_damaged(id, &error.to_string()),
            }
        }
    }

    pub(super) fn deliver_to_device(&mut self, session: SessionId, bytes: Arc<[u8]>) {
        let Some(at) = self.devices.iter().position(|device| device.session == Some(session)) else { return };
        let device = DeviceId(at);
        assert!(bytes.len() <= FRAME_BYTES_MAX, "a frame of {} bytes; {}", bytes.len(), self.how_to_replay());
        self.transport(
            device,
            session,
            |bytes| Journey::ToDevice { device, session, bytes: bytes.into() },
            &bytes,
            false,
        );
    }

    /// What goes wrong on the line of a session; nothing any more on one that is over.
    pub(super) fn line_of(&self, session: SessionId) -> Faults {
        let device = self.devices.iter().find(|device| device.session == Some(session));
        device.map_or(Faults::none(), |device| device.line)
    }

    /// One frame sets out: it arrives once, twice, late, overtaken or never.
    fn transport(
        &mut self,
        id: DeviceId,
        session: SessionId,
        journey: impl Fn(Vec<u8>) -> Journey,
        bytes: &[u8],
        is_upward: bool,
    ) {
        if self.deaf.contains(&(id, is_upward)) {
            self.disordered.insert(session);
            return;
        }
        let faults = self.devices[id.0].line;
        let mut happens = |percent: u32| percent > 0 && self.rng.random_ratio(percent, 100);
        let (lost, doubled, overtaken, broken) =
            (happens(faults.lost), happens(faults.doubled), happens(faults.overtaken), happens(faults.broken));
        if broken {
            if self.devices[id.0].session == Some(session) {
                self.devices[id.0].session = None;
                let ms = self.rng.random_range(1..HALF_OPEN_MS_MAX);
                self.travel(ms, Journey::SessionEnds { session });
                if let Some(replica) = self.devices[id.0].replica.as_mut() {
                    replica.handle_disconnected();
                }
                self.reconnect_soon(id);
            }
            return;
        }
        if lost || doubled || overtaken {
            self.disordered.insert(session);
        }
        if lost {
            return;
        }
        let delay = self.rng.random_range(0..faults.delay_ms_max);
        let device = &mut self.devices[id.0];
        let latest = if is_upward { &mut device.last_sent_at } else { &mut device.last_received_at };
        let in_order = (*latest).max(self.now).plus_ms(delay);
        let at = if overtaken { in_order.plus_ms(delay * 3) } else { in_order };
        if !overtaken {
            *latest = in_order;
        }
        self.travel_at(at, journey(bytes.to_vec()));
        if doubled {
            self.travel_at(at.plus_ms(delay), journey(bytes.to_vec()));
        }
    }
}
