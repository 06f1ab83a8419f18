//! One space on this device: the replica machine under a lock that is held only while it thinks.
//!
//! Whoever brings something (the person, the line, the disk, the clock) calls [`SpaceCopy::act`]: the machine takes it, and its outputs are
//! carried out before the lock is given back: writes and frames are queued, so nothing waits for disk or network, and what is looked at is
//! renewed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::time::Duration;

use recordplayer::commit::Commit;
use recordplayer::id::{ActorId, SpaceId};
use recordplayer::protocol::ClientFrame;
use recordplayer::record::Position;
use recordplayer::replica::{Meeting, OutboxEntry, Replica, ReplicaOutput, SaveToken, Status};
use recordplayer::storage::{ReadError, TextKey, Written};
use recordplayer::view::ViewKey;
use tokio::sync::mpsc::UnboundedSender;

use crate::bell::Bell;
use crate::clock::{instant, now};
use crate::live::Slot;
use crate::save::{Save, Saver};
use crate::space::SendError;

/// What the machine says that concerns more than its own space.
#[derive(Debug)]
pub(crate) enum Concern {
    AccessEnded,
    /// What is on disk is not what the machine wrote: fetch it anew.
    Damaged(String),
    /// The disk does not let what is on it be read, for now: it stays.
    Unreadable(String),
    /// What is saved was made by another version, or has lost payloads, and the history from which it would be made anew is not here: fetch it anew.
    Incomplete,
    /// The server was restored, and holds less: what others did behind its end is told, and the space is fetched anew.
    WentBack(Vec<Arc<Commit>>),
    /// Payloads were taken out of the history, and the copy here is to be fetched anew without them.
    Redacted,
    /// Everything may be otherwise: what the log spoke of before, it may not speak of any more.
    AllChanged,
    /// These texts have grown, and are to be compacted.
    CompactTexts(Vec<TextKey>),
}

impl Concern {
    pub fn of(error: &ReadError) -> Self {
        match error {
            ReadError::Damaged(_) => Self::Damaged(error.to_string()),
            ReadError::Io(_) => Self::Unreadable(error.to_string()),
        }
    }

    /// Whether something could not be read.
    pub fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::Unreadable(_))
    }
}

/// Where concerns go, and how often one was that something could not be read.
#[derive(Clone, Debug)]
pub(crate) struct Concerns {
    sender: UnboundedSender<(SpaceId, Concern)>,
    damages: Arc<AtomicU64>,
}

impl Concerns {
    pub fn new(sender: UnboundedSender<(SpaceId, Concern)>) -> Self {
        Self { sender, damages: Arc::default() }
    }

    pub fn raise(&self, space: SpaceId, concern: Concern) {
        if concern.is_of_the_disk() {
            self.note_damage();
        }
        // Where the device is closing, nobody is left to care.
        let _ = self.sender.send((space, concern));
    }

    pub fn note_damage(&self) {
        self.damages.fetch_add(1, Ordering::Relaxed);
    }

    pub fn damages(&self) -> u64 {
        self.damages.load(Ordering::Relaxed)
    }
}

/// A space on this device.
pub(crate) struct SpaceCopy {
    pub space: SpaceId,
    /// The account that it belongs to.
    pub url: String,
    /// Who acts here.
    pub actor: ActorId,
    machine: Mutex<Machine>,
    settled: Condvar,
    lives: Mutex<BTreeMap<ViewKey, Vec<Weak<dyn Slot>>>>,
    glanced: Mutex<Glanced>,
    /// Somebody glanced while the machine was at work.
    is_glance_due: AtomicBool,
    saver: Arc<Saver>,
    bell: Arc<Bell>,
    concerns: Concerns,
}

/// How a space stood at a moment that is mostly now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    pub status: Status,
    /// The end of what is confirmed.
    pub confirmed: Position,
    /// What waits and what was refused, in the order of submission.
    pub outbox: Vec<OutboxEntry>,
}

/// The last glance, and after which change it was taken.
#[derive(Default)]
struct Glanced {
    glance: Arc<Glance>,
    change: u64,
}

pub(crate) struct Machine {
    pub replica: Replica,
    /// How often the machine was brought something.
    change: u64,
    /// Where frames go while a session lives.
    line: Option<UnboundedSender<ClientFrame>>,
    /// Set once the copy has asked to be replaced; it takes nothing more.
    is_given_up: bool,
    /// What this person must be told of values that two people have set.
    met: Vec<Meeting>,
    /// Why the copy and the server are not in step, until the next session.
    trouble: Option<Trouble>,
}

/// Why a copy and its server do not come in step by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The server's history is another one, or it has none.
    Parted,
    /// The server cannot read the space.
    Unavailable,
}

impl SpaceCopy {
    pub fn new(replica: Replica, url: String, saver: Arc<Saver>, bell: Arc<Bell>, concerns: Concerns) -> Arc<Self> {
        let space = replica.space();
        let actor = replica.actor();
        let machine = Machine { replica, change: 0, line: None, is_given_up: false, met: Vec::new(), trouble: None };
        let copy = Arc::new(Self {
            space,
            url,
            actor,
            machine: Mutex::new(machine),
            settled: Condvar::new(),
            lives: Mutex::default(),
            glanced: Mutex::default(),
            is_glance_due: AtomicBool::new(false),
            saver,
            bell,
            concerns,
        });
        // Opening may have reconciled the outbox with the log.
        copy.act(|_| ());
        copy
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the machine. What it could not read for that it showed as if it were not there: then the copy is given up.
    pub fn look<T>(&self, look: impl FnOnce(&mut Replica) -> T) -> T {
        let mut machine = self.lock();
        let looks = look(&mut machine.replica);
        if let Some(error) = machine.replica.take_failure() {
            self.give_up(&mut machine, Concern::of(&error));
        }
        looks
    }

    /// What has not been told yet.
    pub fn take_met(&self) -> Vec<Meeting> {
        std::mem::take(&mut self.lock().met)
    }

    pub fn trouble(&self) -> Option<Trouble> {
        let machine = self.lock();
        // Once they are in step again, it is over.
        machine.trouble.filter(|_| !machine.replica.status().is_current)
    }

    /// Brings the machine something, and carries out what it asks for.
    pub fn act<T>(self: &Arc<Self>, act: impl FnOnce(&mut Replica) -> T) -> T {
        let mut machine = self.lock();
        let outcome = act(&mut machine.replica);
        self.carry_out(&mut machine);
        drop(machine);
        self.settled.notify_all();
        self.bell.ring();
        outcome
    }

    /// How the space stands. While the machine is at work, how it stood before: this waits for nothing, and the bell rings afterwards.
    pub fn glance(&self) -> Arc<Glance> {
        match self.machine.try_lock() {
            Ok(machine) => self.take_glance(&machine),
            Err(TryLockError::Poisoned(machine)) => self.take_glance(&machine.into_inner()),
            Err(TryLockError::WouldBlock) => {
                self.is_glance_due.store(true, Ordering::Relaxed);
                Arc::clone(&self.glanced().glance)
            }
        }
    }

    fn take_glance(&self, machine: &Machine) -> Arc<Glance> {
        let mut glanced = self.glanced();
        if glanced.change != machine.change {
            let replica = &machine.replica;
            let outbox = replica.outbox().cloned().collect();
            let glance = Glance { status: replica.status(), confirmed: replica.confirmed().position, outbox };
            *glanced = Glanced { glance: Arc::new(glance), change: machine.change };
        }
        Arc::clone(&glanced.glance)
    }

    fn glanced(&self) -> MutexGuard<'_, Glanced> {
        self.glanced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out(self: &Arc<Self>, machine: &mut Machine) {
        self.carry_out_each(machine);
        machine.change += 1;
        if self.is_glance_due.swap(false, Ordering::Relaxed) {
            self.take_glance(machine);
        }
    }

    fn carry_out_each(self: &Arc<Self>, machine: &mut Machine) {
        while let Some(output) = machine.replica.poll_output() {
            match output {
                ReplicaOutput::Save { token, main, outbox } => {
                    if !machine.is_given_up {
                        self.saver.save(Save { copy: Arc::clone(self), token, main, outbox });
                    }
                }
                ReplicaOutput::Send(frame) => {
                    // Where the session ends meanwhile, the machine sends again in the next one.
                    if let Some(line) = &machine.line {
                        let _ = line.send(frame);
                    }
                }
                ReplicaOutput::CompactTexts(texts) => self.concern(Concern::CompactTexts(texts)),
                ReplicaOutput::Changed(views) => self.renew(&machine.replica, &views),
                ReplicaOutput::AllChanged => {
                    let all: Vec<ViewKey> = self.lives().keys().cloned().collect();
                    self.renew(&machine.replica, &all);
                    self.concern(Concern::AllChanged);
                }
                ReplicaOutput::Met(meeting) => machine.met.push(meeting),
                ReplicaOutput::AccessEnded => self.concern(Concern::AccessEnded),
                ReplicaOutput::Parted { epoch, head } => {
                    tracing::error!(space = %self.space, epoch, head = %head.position, "the server has another history");
                    machine.trouble = Some(Trouble::Parted);
                }
                ReplicaOutput::Unavailable => {
                    tracing::warn!(space = %self.space, "the server cannot read the space just now");
                    machine.trouble = Some(Trouble::Unavailable);
                }
                ReplicaOutput::Redacted => self.give_up(machine, Concern::Redacted),
                ReplicaOutput::WentBack { others } => self.give_up(machine, Concern::WentBack(others)),
                ReplicaOutput::Damaged(error) => self.give_up(machine, Concern::of(&error)),
            }
        }
    }

    fn concern(&self, concern: Concern) {
        self.concerns.raise(self.space, concern);
    }

    fn give_up(&self, machine: &mut Machine, why: Concern) {
        if !std::mem::replace(&mut machine.is_given_up, true) {
            self.concern(why);
        }
    }

    /// The copy takes nothing more: another one is about to take its place, from what is on disk.
    pub fn retire(&self) {
        let mut machine = self.lock();
        machine.is_given_up = true;
        machine.line = None;
    }

    /// As [`Self::act`], unless the copy was given up: what it took now would be lost with it.
    pub fn act_if_alive<T>(self: &Arc<Self>, act: impl FnOnce(&mut Replica) -> T) -> Result<T, SendError> {
        if self.lock().is_given_up {
            let why = "it is being fetched anew, or its disk has failed; try again in a moment";
            return Err(SendError::Unreadable(why.to_owned()));
        }
        Ok(self.act(act))
    }

    /// A session begins: what was sent before counts as lost.
    pub fn connect(self: &Arc<Self>, line: UnboundedSender<ClientFrame>) {
        let mut machine = self.lock();
        if machine.line.as_ref().is_some_and(|before| before.same_channel(&line)) {
            return;
        }
        machine.line = Some(line);
        machine.trouble = None;
        machine.replica.handle_connected();
        self.carry_out(&mut machine);
        drop(machine);
        self.settled.notify_all();
        self.bell.ring();
    }

    pub fn disconnect(self: &Arc<Self>) {
        {
            let mut machine = self.lock();
            machine.line = None;
            // What the server said of the space held for that session.
            machine.trouble = None;
        }
        self.act(Replica::handle_disconnected);
    }

    /// A save is on disk. What the store did not take as the machine expected means that the two have come apart.
    pub fn saved(self: &Arc<Self>, token: SaveToken, written: &[Written]) {
        let fenced = written.iter().find(|written| !matches!(written, Written::Durable(_)));
        if let Some(fenced) = fenced {
            let why = format!("the log on this device is not what was written to it ({fenced:?})");
            let mut machine = self.lock();
            return self.give_up(&mut machine, Concern::Damaged(why));
        }
        self.act(|replica| replica.handle_saved(token, written));
    }

    /// Waits until `is_done` says something, at most so long.
    pub fn wait<T>(&self, timeout: Duration, mut is_done: impl FnMut(&mut Machine) -> Option<T>) -> Option<T> {
        let end = instant().checked_add(timeout);
        let mut machine = self.lock();
        loop {
            if let Some(done) = is_done(&mut machine) {
                return Some(done);
            }
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(instant()));
            if left.is_zero() {
                return None;
            }
            // The disk may fail without a word of the machine: look now and then.
            let step = left.min(Duration::from_millis(100));
            machine = self.settled.wait_timeout(machine, step).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// When the machine wants to be woken.
    pub fn wake_at(&self) -> Option<recordplayer::time::Timestamp> {
        self.lock().replica.wake_at()
    }

    fn is_due(&self) -> bool {
        self.lock().replica.is_due(now())
    }

    pub fn wake_up(self: &Arc<Self>) {
        if self.is_due() {
            self.act(|replica| replica.handle_wakeup(now()));
        }
    }

    /// Keeps the slot current from now on.
    pub fn follow(&self, key: ViewKey, slot: &Arc<dyn Slot>) {
        let machine = self.lock();
        slot.renew(&machine.replica);
        let mut lives = self.lives();
        // Now and then, what nobody holds any more is forgotten.
        if lives.len().is_power_of_two() {
            lives.retain(|_, slots| slots.iter().any(|slot| slot.strong_count() > 0));
        }
        lives.entry(key).or_default().push(Arc::downgrade(slot));
    }

    fn lives(&self) -> MutexGuard<'_, BTreeMap<ViewKey, Vec<Weak<dyn Slot>>>> {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn renew<'a>(&self, replica: &Replica, views: impl IntoIterator<Item = &'a ViewKey>) {
        let mut lives = self.lives();
        for view in views {
            let Some(slots) = lives.get_mut(view) else { continue };
            slots.retain(|slot| slot.upgrade().inspect(|slot| slot.renew(replica)).is_some());
            if slots.is_empty() {
                lives.remove(view);
            }
        }
    }

    /// The screens that looked at another copy of this space look at this one now.
    pub fn take_over(&self, before: &Self) {
        let machine = self.lock();
        let mut lives = self.lives();
        for (key, slots) in std::mem::take(&mut *before.lives()) {
            for slot in slots.iter().filter_map(Weak::upgrade) {
                slot.renew(&machine.replica);
            }
            lives.entry(key).or_default().extend(slots);
        }
    }
}

impl std::fmt::Debug for SpaceCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SpaceCopy({})", self.space)
    }
}
