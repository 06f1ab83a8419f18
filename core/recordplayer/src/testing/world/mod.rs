//! A whole world in one thread: an authority, several devices and the net between them, all from one seed.
//!
//! The machines are the real ones; the stores are in memory, or whatever [`Files`] are given; everything that can go wrong on the way (delay,
//! loss, duplication, reordering, partition, crash, a disk that fails) is drawn from the seed, so that a failure is replayed by running the same
//! seed again.

mod access;
mod authority;
mod backup;
mod check;
mod device;
mod discards;
mod disks;
mod effects;
mod faults;
mod files;
mod lives;
mod people;
mod promises;
mod reached;
mod recoveries;
mod redacted;
mod transition;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use backup::{Backup, Restore};
pub(super) use check::optimistic;
use device::{Device, Saved};
pub use device::{DeviceId, Shown};
pub use disks::DiskNews;
pub use faults::Faults;
pub use files::{Closing, DiskFault, DiskFaultKind, File, Files, InMemory, NotOpened, OutboxFile, StoreFile};
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
pub use reached::{Reached, with_drawn_thresholds};
pub use transition::Transition;

use crate::commit::Head;
use crate::decide::Intent;
use crate::domain::Domain;
use crate::id::{ActorId, Id, SpaceId};
use crate::membership::{Membership, MembershipCommand};
use crate::policy::EffectsDone;
use crate::protocol::ServerFrame;
use crate::replica::Replica;
use crate::space::{Mark, Recovery, SessionId, Space, SpaceInput};
use crate::storage::memory::Failure;
use crate::storage::{Write, Written, compact_text};
use crate::thin::ThinView;
use crate::thresholds::Thresholds;
use crate::time::Timestamp;

/// How often the authority pings, in virtual milliseconds.
const PING_MS: i64 = 1_000;

/// How much virtual time a world that was healed may take to become quiet: a promise of liveness, and the end of a run that hangs.
const QUIET_WITHIN_MS: i64 = 600_000;

/// So many of the last transitions are told with a failure.
const TOLD: usize = 16;

/// Something that is on its way.
enum Journey {
    ToAuthority {
        device: DeviceId,
        session: SessionId,
        bytes: Vec<u8>,
    },
    ToDevice {
        device: DeviceId,
        session: SessionId,
        bytes: Arc<[u8]>,
    },
    /// A write of the authority's store, of this life of the authority.
    AuthorityWrite {
        life: u64,
        write: Write,
    },
    /// A mark of the authority, of this life.
    AuthorityMark {
        life: u64,
        mark: Option<Mark>,
    },
    /// How far effects are carried out, on its way to the disk of the authority.
    EffectsNoted {
        life: u64,
        done: EffectsDone,
    },
    DeviceSave {
        device: DeviceId,
        saved: Saved,
    },
    Reconnect {
        device: DeviceId,
    },
    /// The authority notices that a line is dead, which its device had noticed before.
    SessionEnds {
        session: SessionId,
    },
    /// A compaction that has read its rows, of the authority's store or a device's, of this life of it.
    Compaction {
        device: Option<DeviceId>,
        life: u64,
        write: Write,
    },
    /// A person starts the device again whose disk had failed in this life.
    StartDevice {
        device: DeviceId,
        life: u64,
    },
    /// Whoever looks after the authority starts it, or restores its backup, if it still stands still in this life.
    StartAuthority {
        life: u64,
    },
    Ping,
}

/// One authority, several devices, one space.
pub struct World {
    seed: u64,
    rng: ChaCha8Rng,
    now: Timestamp,
    /// The versions of the application that are out, the newest last; and the one that the authority runs.
    versions: Vec<Arc<Domain>>,
    version: usize,
    id: SpaceId,
    files: Box<dyn Files>,
    store: Box<dyn StoreFile>,
    /// What the next write of the authority's store meets.
    next_failure: Option<Failure>,
    space: Option<Space>,
    /// Counts the authority's starts, so that what was on its way to the disk in an earlier life is not answered in a later one.
    life: u64,
    /// The mark of the command that the authority tries, as it is on its disk.
    mark: Option<Mark>,
    devices: Vec<Device>,
    journeys: BTreeMap<(Timestamp, u64), Journey>,
    sequence: u64,
    last_write_at: Timestamp,
    cut_off: BTreeSet<DeviceId>,
    /// Lines that carry nothing in one direction: up from the device, or down to it.
    deaf: BTreeSet<(DeviceId, bool)>,
    /// How far the authority's clock is set wrong.
    clock_ms: i64,
    /// Whether the authority's last life ended in order, or there was none.
    ended_in_order: bool,
    /// The last recovery, and whether the admin has opened it.
    recovery: Option<Recovery>,
    is_opening: bool,
    /// What has happened beside what people did.
    happened: Vec<Transition>,
    disks: DiskNews,
    copies: transition::Copies,
    promises: promises::Promises,
    discards: discards::Discards,
    /// The commands of people that a device took.
    taken: u32,
    /// Whose every session is, also of those that are over.
    sessions: BTreeMap<SessionId, ActorId>,
    /// Those in which something was lost on the way, doubled or overtaken.
    disordered: BTreeSet<SessionId>,
    members: access::Members,
    effects: effects::CarriedOut,
    reached: Reached,
    redactions: redacted::Redactions,
    recoveries: recoveries::Recoveries,
}

impl World {
    /// A world without devices, whose every accident follows from the seed.
    pub fn seeded(seed: u64, domain: &Arc<Domain>) -> Self {
        Self::on_files(seed, domain, Box::new(InMemory))
    }

    /// As [`Self::seeded`], with these files instead of memory.
    pub fn on_files(seed: u64, domain: &Arc<Domain>, mut files: Box<dyn Files>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let id = SpaceId(fresh(&mut rng));
        let mut world = Self {
            seed,
            rng,
            now: Timestamp(1_700_000_000_000),
            versions: vec![Arc::clone(domain)],
            version: 0,
            id,
            store: files.store(),
            files,
            next_failure: None,
            space: None,
            life: 0,
            mark: None,
            devices: Vec::new(),
            journeys: BTreeMap::new(),
            sequence: 0,
            last_write_at: Timestamp(0),
            cut_off: BTreeSet::new(),
            deaf: BTreeSet::new(),
            clock_ms: 0,
            ended_in_order: true,
            recovery: None,
            is_opening: false,
            happened: Vec::new(),
            disks: DiskNews::default(),
            copies: transition::Copies::default(),
            promises: promises::Promises::default(),
            discards: discards::Discards::default(),
            taken: 0,
            sessions: BTreeMap::new(),
            disordered: BTreeSet::new(),
            members: access::Members::default(),
            effects: effects::CarriedOut::default(),
            reached: Reached::default(),
            redactions: redacted::Redactions::default(),
            recoveries: recoveries::Recoveries::default(),
        };
        world.start_authority();
        world.travel(PING_MS, Journey::Ping);
        world
    }

    /// Adds devices, each of a person of its own; the first one founds the space and manages it, the others get the domain's last role.
    pub fn devices<const N: usize>(&mut self, names: [&str; N]) -> [DeviceId; N] {
        let ids = names.map(|name| self.add_device(name));
        let manager = DeviceId(0);
        if self.devices.len() == N {
            let title = "world".to_owned();
            self.membership(manager, MembershipCommand::Found { title });
        }
        let role = *self.domain().role_names().last().expect("a domain has a role");
        for id in ids.iter().filter(|id| id.0 > 0) {
            let person = self.devices[id.0].actor;
            self.membership(manager, MembershipCommand::AddMember { person, role: role.to_owned() });
        }
        // Those who come later connect once they are members.
        self.settle_devices(&[manager]);
        for id in ids {
            self.connect(id);
        }
        self.run_until_quiet();
        ids
    }

    fn membership(&mut self, by: DeviceId, command: MembershipCommand) {
        let intent = Intent::of::<Membership>(self.id.0, &command).expect("membership commands can be encoded");
        self.send(by, intent).expect("the manager may manage");
        self.connect(by);
    }

    fn settle_devices(&mut self, devices: &[DeviceId]) {
        for _ in 0..100_000 {
            // One that has just found rot is down for a while.
            let is_settled = |id: &DeviceId| self.devices[id.0].replica.as_ref().is_some_and(Replica::is_settled);
            if devices.iter().all(is_settled) {
                return;
            }
            self.step();
        }
        panic!("the first device does not settle; {}", self.how_to_replay());
    }

    /// From now on these accidents happen on every line.
    pub fn suffer(&mut self, faults: Faults) {
        self.devices.iter_mut().for_each(|device| device.line = faults);
    }

    pub fn space(&self) -> SpaceId {
        self.id
    }

    /// How far a device holds the history without gaps.
    pub fn complete_to(&self, device: DeviceId) -> Head {
        self.devices[device.0].complete_to(self.id)
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// All devices, in the order in which they came.
    pub fn everybody(&self) -> impl Iterator<Item = DeviceId> + use<> {
        (0..self.devices.len()).map(DeviceId)
    }

    /// Whose device it is.
    pub fn person(&self, device: DeviceId) -> ActorId {
        self.devices[device.0].actor
    }

    /// What the device's own clock says.
    fn time_of(&self, device: DeviceId) -> Timestamp {
        self.now.plus_ms(self.devices[device.0].clock_ms)
    }

    pub fn random(&mut self) -> &mut impl Rng {
        &mut self.rng
    }

    pub fn replica(&self, device: DeviceId) -> &Replica {
        self.devices[device.0].replica.as_ref().expect("the device runs")
    }

    /// Nothing passes between the device and the authority until [`Self::heal`].
    pub fn cut_off(&mut self, device: DeviceId) {
        self.cut_off.insert(device);
        self.disconnect(device);
    }

    /// Frames pass between the device and the authority again.
    pub fn heal_one(&mut self, device: DeviceId) {
        self.cut_off.remove(&device);
        self.deaf.retain(|(deaf, _)| *deaf != device);
        self.reconnect_soon(device);
    }

    /// Everybody who is a member is connected again, and accidents end. Clocks stay as they are set.
    pub fn heal(&mut self) {
        self.suffer(Faults::none());
        self.cut_off.clear();
        self.deaf.clear();
        self.mend_all_disks();
        if self.space.is_none() {
            self.start_authority();
        }
        if self.recovery.is_some() {
            self.reopen_authority();
        }
        for at in 0..self.devices.len() {
            self.devices[at].tears_next_save = false;
            self.start_again(DeviceId(at));
            // A line on which something was lost breaks: the start of a view that was made anew comes once in a session.
            let is_disordered = self.devices[at].session.is_some_and(|session| self.disordered.contains(&session));
            if is_disordered && self.newest() > 0 {
                self.disconnect(DeviceId(at));
            }
            if self.devices[at].session.is_none() {
                self.connect(DeviceId(at));
            }
        }
    }

    /// Lets time pass until everything is delivered and every device is settled.
    pub fn run_until_quiet(&mut self) {
        let end = self.now.plus_ms(QUIET_WITHIN_MS);
        while !self.is_quiet() {
            assert!(self.now < end, "the world does not become quiet: {}; {}", self.who_is_not(), self.how_to_replay());
            self.step();
        }
        self.check_invariants();
    }

    /// Lets time pass until every device has the whole history, which comes behind a snapshot.
    pub(in crate::testing) fn run_until_whole(&mut self) {
        let end = self.now.plus_ms(QUIET_WITHIN_MS);
        while let Some(device) = self.devices.iter().find(|device| !device.holds_all(self.id)) {
            let why = self.how_to_replay();
            assert!(self.now < end, "{} does not get the history before what it joined by; {why}", device.name);
            self.step();
        }
    }

    /// Lets this much virtual time pass.
    pub fn run_for_ms(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        while self.journeys.first_key_value().is_some_and(|((at, _), _)| *at <= end) {
            self.step();
        }
        self.now = end;
    }

    fn is_quiet(&self) -> bool {
        let Some(space) = &self.space else { return false };
        let is_settled = |device: &Device| device.is_settled_at(space.durable());
        // A snapshot that nobody fetches any more is declined; but where a frame was lost, the last word about it may be missing.
        space.decided() == space.durable()
            && self.devices.iter().all(is_settled)
            && !space.is_joined_except_in(&self.disordered)
            && space.rebuilding().is_none()
            && !self.is_view_starting()
    }

    /// Whether somebody is about to see a view from its start: where it was made anew, that lies at no other place than what they have seen.
    fn is_view_starting(&self) -> bool {
        let is_start = |bytes: &[u8]| matches!(ServerFrame::decode(bytes), Ok(ServerFrame::ViewStart { .. }));
        self.journeys.values().any(|journey| matches!(journey, Journey::ToDevice { bytes, .. } if is_start(bytes)))
    }

    /// Who has not come to rest, and how it stands there.
    fn who_is_not(&self) -> String {
        let Some(space) = &self.space else { return "the authority is down".to_owned() };
        let authority = format!("{space:?}");
        let devices = self.devices.iter().filter_map(|device| {
            let Some(replica) = &device.replica else {
                return Some(format!("{} is down, {:?}", device.name, device.not_opened));
            };
            let thin = device.thin.as_ref().map(ThinView::position);
            (!device.is_settled_at(space.durable()))
                .then(|| format!("{} is {:?}, {replica:?}, and looks at {thin:?}", device.name, replica.status()))
        });
        std::iter::once(authority).chain(devices).collect::<Vec<_>>().join("; ")
    }

    /// What has happened beside what people did.
    pub fn happened(&self) -> &[Transition] {
        &self.happened
    }

    /// What replays this world, and what has happened in it last.
    pub fn how_to_replay(&self) -> String {
        let last = &self.happened[self.happened.len().saturating_sub(TOLD)..];
        let (seed, thresholds) = (self.seed, self.domain().thresholds());
        let last = last.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let small = if *thresholds == Thresholds::default() { String::new() } else { format!(" with {thresholds:?}") };
        format!("seed {seed}{small}, which the same test or `cargo xtask simulate` plays again; before that {last}")
    }

    /// The next thing that is on its way arrives.
    fn step(&mut self) {
        let Some(((at, _), journey)) = self.journeys.pop_first() else { return };
        self.now = self.now.max(at);
        self.arrive(journey);
        self.check_bounds();
    }

    fn arrive(&mut self, journey: Journey) {
        match journey {
            Journey::ToAuthority { device, session, bytes } => {
                if self.devices[device.0].session == Some(session) {
                    self.authority_receives(device, session, &bytes);
                }
            }
            Journey::ToDevice { device, session, bytes } => {
                if self.devices[device.0].session == Some(session) {
                    let frame = ServerFrame::decode(&bytes).expect("the authority sends frames");
                    self.check_positions(&frame);
                    self.receive(device, frame);
                }
            }
            Journey::AuthorityWrite { life, write } => {
                if life == self.life {
                    self.authority_writes(write);
                }
            }
            Journey::AuthorityMark { life, mark } => {
                if life == self.life {
                    self.mark = mark;
                    self.tell_authority(SpaceInput::Marked { is_durable: true });
                }
            }
            Journey::EffectsNoted { life, done } => {
                if life == self.life {
                    self.effects.note(done);
                    self.tell_authority(SpaceInput::EffectsDone(done));
                }
            }
            Journey::DeviceSave { device, saved } => {
                if self.devices[device.0].life == saved.life {
                    self.device_saves(device, saved);
                }
            }
            Journey::Reconnect { device } => self.connect(device),
            Journey::SessionEnds { session } => self.tell_authority(SpaceInput::Gone { session }),
            Journey::Compaction { device, life, write } => self.compaction_writes(device, life, write),
            Journey::StartDevice { device, life } => {
                if life == self.devices[device.0].life {
                    self.start_again(device);
                }
            }
            Journey::StartAuthority { life } => {
                if life == self.life && self.space.is_none() {
                    self.look_after_authority();
                }
            }
            Journey::Ping => self.ping(),
        }
    }

    fn ping(&mut self) {
        self.travel(PING_MS, Journey::Ping);
        self.tell_authority(SpaceInput::Wakeup);
        self.go_on_reopening();
        let head = self.space.as_ref().map(Space::durable);
        for at in 0..self.devices.len() {
            let device = DeviceId(at);
            let now = self.time_of(device);
            if let Some(replica) = self.devices[at].replica.as_mut() {
                let was_rebuilding = replica.status().rebuilding.is_some();
                replica.handle_wakeup(now);
                let is_remade = was_rebuilding && replica.status().rebuilding.is_none();
                self.reached.views_remade += u64::from(is_remade);
                self.drain_device(device);
            }
            if let (Some(head), Some(session)) = (head, self.devices[at].session) {
                let heads = vec![(self.id, head)];
                self.deliver_to_device(session, ServerFrame::Ping { nonce: 0, heads }.encode().into());
                self.tell_authority(SpaceInput::Pull { session });
            }
        }
    }

    /// Now and then a text is compacted, whether it is ripe or not: its rows are read now, and give way to a base later.
    fn compact_at_random(&mut self, device: Option<DeviceId>) {
        if !self.rng.random_ratio(1, 8) {
            return;
        }
        let (store, life) = match device {
            None => (&self.store, self.life),
            Some(device) => (&self.devices[device.0].store, self.devices[device.0].life),
        };
        let reader = store.reader(self.id);
        let texts = match reader.texts(None, usize::MAX) {
            Ok(texts) => texts,
            // What cannot be read is not compacted.
            Err(_) if store.may_be_rotten() => return,
            Err(error) => panic!("{error}; {}", self.how_to_replay()),
        };
        let Some((key, _)) = texts.choose(&mut self.rng) else { return };
        let compaction = match compact_text(reader.as_ref(), self.id, key) {
            Ok(compaction) => compaction,
            Err(_) if store.may_be_rotten() => return,
            Err(error) => panic!("the rows of a text can be joined: {error}; {}", self.how_to_replay()),
        };
        let ms = self.rng.random_range(0..50);
        if let Some(write) = compaction {
            self.travel(ms, Journey::Compaction { device, life, write });
        }
    }

    fn travel(&mut self, ms: i64, journey: Journey) {
        self.travel_at(self.now.plus_ms(ms), journey);
    }

    fn travel_at(&mut self, at: Timestamp, journey: Journey) {
        self.sequence += 1;
        self.journeys.insert((at, self.sequence), journey);
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World(seed {}, {:?})", self.seed, self.now)
    }
}

fn fresh(rng: &mut impl Rng) -> Id {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    Id(id)
}

/// The result of writes that nobody waits for.
fn all_durable(written: &[Written]) -> bool {
    written.iter().all(|written| matches!(written, Written::Durable(_)))
}
