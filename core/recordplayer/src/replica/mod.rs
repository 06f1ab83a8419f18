//! The replica machine: one device's copy of a space.
//!
//! ```text
//!  submit ─► decide on the optimistic state ─► outbox on disk ─► number on disk ─► Submit ═══► the authority
//!  [submit]                                     [outbox]                                             │
//!  optimistic ◄── rebase ◄── confirmed plays ◄── merge ◄════════════════════════════════ Commits ◄───┘
//!              [rebase]      [confirm]
//! ```

mod confirm;
mod fingerprint;
mod go_back;
mod held;
mod join;
mod kept_text;
mod look_back;
mod outbox;
mod rebase;
mod rebuild;
mod requires;
mod retry;
mod said_in_part;
mod say_again;
mod session;
mod submit;
mod tail;
mod texts;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

pub use confirm::Merge;
use join::Snapshot;
pub use kept_text::EditedText;
pub use look_back::Deed;
use outbox::Pending;
pub use outbox::{CommandState, Identity, OutboxEntry};
use rebase::{Dirty, Lifted};
pub(crate) use say_again::all_said_again;
pub use submit::{SubmitError, Wish};
use tail::Offering;
pub use texts::{TextEdit, TextWork};

use crate::commit::{Commit, Head};
use crate::domain::Domain;
use crate::entity::Entity;
use crate::hash::StateHash;
use crate::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use crate::models::Models;
use crate::planted::{Bug, is_planted};
use crate::playback::Playback;
use crate::protocol::ClientFrame;
use crate::record::{Position, Seen, StreamId};
pub use crate::state::OpenError;
use crate::state::{Rebuilding, SpaceState};
use crate::storage::{OutboxContent, OutboxWrite, ReadError, SpaceReader, TextKey, Write, Written};
use crate::time::Timestamp;
use crate::view::{Key, View, ViewKey};

/// Names one [`ReplicaOutput::Save`], so that the machine learns when it is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SaveToken(pub u64);

/// Work for the driver.
#[derive(Debug)]
pub enum ReplicaOutput {
    /// Write the main store first, the outbox second, then call [`Replica::handle_saved`]. Saves are done in order.
    Save {
        token: SaveToken,
        main: Vec<Write>,
        outbox: Vec<OutboxWrite>,
    },
    Send(ClientFrame),
    /// Compact these texts in a quiet moment, with [`compact_texts`](crate::storage::compact_texts); or do not, for nothing depends on it.
    CompactTexts(Vec<TextKey>),
    /// What these views show has changed; an entity is a view of itself ([`ViewKey::entity`]).
    Changed(BTreeSet<ViewKey>),
    /// Everything may show otherwise: a snapshot has taken the place of what was here, or it was played anew without what was redacted.
    AllChanged,
    /// Somebody has set a value without having seen that another one had set it, and one of the two is this person.
    Met(Meeting),
    /// The person is no member any more; offer to export what was never sent, then forget the space.
    AccessEnded,
    /// The authority cannot read the space just now. What is here stays, and the next session asks again.
    Unavailable,
    /// The log of the authority and the one here have parted; at the start where it does not know the space at all.
    Parted {
        epoch: u32,
        head: Head,
    },
    /// The authority was restored and holds less than this device did: what this person did since they shared a place is in the outbox. Tell
    /// what others did since, which nobody may hold any more; then drop the log here, keep the outbox, and fetch the space anew.
    WentBack {
        others: Vec<Arc<Commit>>,
    },
    /// Payloads were taken out of the history, and the part of it that is here is not enough to play it without them: drop the log here, keep
    /// the outbox, and fetch the space anew.
    Redacted,
    /// The local store cannot be read: set it aside, keep the outbox, and fetch the space anew.
    Damaged(ReadError),
}

/// Two people who set one value without knowing of each other; the later decision holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    pub stream: StreamId,
    /// The record that holds, and who made it.
    pub record: Position,
    pub actor: ActorId,
    /// The record that its author had not seen, and who made that.
    pub over: Position,
    pub over_actor: ActorId,
}

/// How it stands between the device and the authority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub is_online: bool,
    /// Whether the authority has said in this session where its log ends, and everything up to there is here.
    pub is_current: bool,
    /// Commands sent and not yet confirmed.
    pub sending: usize,
    /// Commands that wait to be sent.
    pub waiting: usize,
    /// Refused commands that the person has not dealt with.
    pub refused: usize,
    /// Records at the authority that are not here yet, as far as is known.
    pub behind: u64,
    /// How far the views are that are made anew for this version of the program, if some are; meanwhile they show what another one had saved.
    pub rebuilding: Option<Rebuilding>,
}

/// Where the line to the authority stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Offline,
    /// What founds the space is on its way; before its first answer there is nothing to subscribe to.
    Founding,
    /// Subscribed; commits come.
    Online,
    /// A snapshot is on its way.
    Joining,
    /// The authority cannot read the space just now; it is asked again.
    Unavailable,
    /// The person is no member.
    Ended {
        of: EndedBy,
    },
}

/// Whose log says that the person is no member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndedBy {
    /// The one that is here, or what follows it.
    ThisLog,
    /// One that has parted with the one here.
    AnotherLog,
}

/// So long a device waits at most where the authority asks it to.
pub(crate) const PAUSE_MS_MAX: i64 = 60_000;

/// For how long the authority asked to wait.
#[derive(Clone, Copy, Debug)]
struct Pause {
    since: Timestamp,
    until: Timestamp,
}

impl Pause {
    fn new(now: Timestamp, ms: i64) -> Self {
        Self { since: now, until: now.plus_ms(ms) }
    }

    /// A clock that was set back must not make it longer.
    fn is_over(self, now: Timestamp) -> bool {
        self.until <= now || (now < self.since && !is_planted(Bug::PauseForever))
    }
}

/// One device's copy of a space: the confirmed state, and pending commands played on top of it.
///
/// Holds no socket, file, clock or randomness: time comes in as `now`, work goes out of [`Self::poll_output`]. Methods come in four kinds:
/// getters (`&self`); wishes of the person (`submit`, `discard`, `retry`); news (`handle_…`); work for the driver (`poll_output`, drained to
/// `None` after every call).
///
/// Invariants:
/// 1. The base of the state is confirmed; exactly one layer above it holds what the waiting commands do, in their order.
/// 2. `outbox` is in the order of submission; numbers rise along it, and a command without a number has none behind it with one.
/// 3. Every command leaves `outbox` exactly once: confirmed, refused and dealt with, or discarded before it had a number.
pub struct Replica {
    domain: Arc<Domain>,
    actor: ActorId,
    reader: Arc<dyn SpaceReader>,
    pub(crate) state: SpaceState,
    /// The last redaction when the state was read: nothing of what went until then is in it.
    redacted: Seen,
    identity: Identity,
    /// No other opening of this or of another copy has it: what a new identity is made of.
    fresh: ReplicaId,
    outbox: Vec<Pending>,
    /// Set while a batch of news is played.
    lifted: Option<Lifted>,
    link: Link,
    authority_head: Position,
    /// Where the authority's log ended by its latest word in this session; what says less is older.
    authority_end: Position,
    /// Set while the authority is offered what it has lost.
    offering: Option<(Offering, Head)>,
    /// Behind this place of its log the authority did not take what it was offered in this session.
    refused_behind: Option<Head>,
    /// Whether everything is here that the authority told of since the last subscription: before its first word nobody knows.
    is_current: bool,
    /// Whether the authority has said in this session that it goes on from what is here. Before that nothing is sent: where it was restored, what it has
    /// lost of this device comes first.
    is_followed: bool,
    /// The authority asked to wait.
    pause: Option<Pause>,
    /// How far verdicts had come at the last ping, while something was being sent.
    answered_at_last_ping: Option<u64>,
    /// The end of the history here when more of it was asked for, in this session; and how it was at the last ping.
    history_asked: Option<Position>,
    history_asked_at_last_ping: Option<Position>,
    snapshot: Option<Snapshot>,
    saves: BTreeMap<SaveToken, Saving>,
    last_token: u64,
    is_checkpointing: bool,
    outputs: VecDeque<ReplicaOutput>,
}

/// What becomes true when a save is on disk.
#[derive(Debug, Default)]
struct Saving {
    /// These commands are in the outbox on disk.
    stored: Vec<CommandId>,
    /// These have their number on disk and may be sent.
    numbered: Vec<CommandId>,
    checkpoint: Option<Head>,
    is_snapshot: bool,
    is_backfill: bool,
    /// With it, the log loses payloads.
    is_redaction: bool,
    /// These go behind the log on disk: until then nobody else has them.
    commits: Vec<Arc<Commit>>,
    /// With it, what this device held more than the authority is in the outbox; and these were done by others.
    goes_back: Option<Vec<Arc<Commit>>>,
}

impl Replica {
    /// Opens the device's copy and reconciles the outbox with the log. `fresh` is drawn at random for this opening: it becomes the replica's id where
    /// the outbox has none, and the next identity is made of it where the device has to take one.
    pub fn open(
        domain: Arc<Domain>,
        space: SpaceId,
        actor: ActorId,
        reader: Arc<dyn SpaceReader>,
        outbox: OutboxContent,
        fresh: ReplicaId,
    ) -> Result<Self, OpenError> {
        let mut state = SpaceState::open(Arc::clone(&domain), space, &reader)?;
        state.rebuild_at_once(reader.as_ref())?;
        let mut replica = Self {
            domain,
            actor,
            authority_head: state.head.position,
            redacted: state.redacted,
            state,
            reader,
            identity: Identity::new(fresh),
            fresh,
            outbox: Vec::new(),
            lifted: None,
            authority_end: Position::START,
            link: Link::Offline,
            offering: None,
            refused_behind: None,
            is_current: false,
            is_followed: false,
            pause: None,
            answered_at_last_ping: None,
            history_asked: None,
            history_asked_at_last_ping: None,
            snapshot: None,
            saves: BTreeMap::new(),
            last_token: 0,
            is_checkpointing: false,
            outputs: VecDeque::new(),
        };
        replica.load_outbox(outbox)?;
        replica.state.layers.push();
        replica.rebase_all();
        Ok(replica)
    }

    pub fn space(&self) -> SpaceId {
        self.state.space
    }

    pub fn actor(&self) -> ActorId {
        self.actor
    }

    pub fn replica(&self) -> ReplicaId {
        self.identity.replica
    }

    /// The end of what is confirmed.
    pub fn confirmed(&self) -> Head {
        self.state.head
    }

    pub fn epoch(&self) -> u32 {
        self.state.epoch
    }

    /// The hash of the confirmed state.
    pub fn state_hash(&mut self) -> StateHash {
        self.state.state_hash()
    }

    /// The entities with everything that waits.
    pub fn models(&self) -> Models<'_> {
        self.state.models()
    }

    /// The entities as they are confirmed.
    pub fn confirmed_models(&self) -> Models<'_> {
        self.state.base_models()
    }

    /// A view with everything that waits.
    pub fn view<V: View>(&self, key: impl Into<Key>) -> Arc<V> {
        let slot = self.state.layers.view(&ViewKey::of::<V>(key), usize::MAX);
        slot.state.downcast().unwrap_or_else(|_| panic!("the domain does not list the view {:?}", V::NAME))
    }

    /// An entity with everything that waits.
    pub fn entity<E: Entity>(&self, id: impl Into<Id>) -> Arc<E> {
        self.models().get(id)
    }

    pub fn status(&self) -> Status {
        let waiting = |is_sent: bool| {
            self.outbox.iter().filter(|pending| pending.is_waiting() && pending.is_sent == is_sent).count()
        };
        Status {
            is_online: matches!(self.link, Link::Online | Link::Founding),
            is_current: self.is_current,
            sending: waiting(true),
            waiting: waiting(false),
            refused: self.outbox.iter().filter(|pending| !pending.is_waiting()).count(),
            behind: self.authority_head.0.saturating_sub(self.state.head.position.0),
            rebuilding: self.state.rebuilding(),
        }
    }

    /// Whether nothing waits, nothing is on its way to the disk, and everything that the authority told of in this session is here.
    pub fn is_settled(&self) -> bool {
        let status = self.status();
        status.is_online
            && status.is_current
            && status.sending + status.waiting == 0
            && status.behind == 0
            && self.saves.is_empty()
    }

    /// Whether what was redacted is still to be taken out of the state.
    fn is_redacting(&self) -> bool {
        self.saves.values().any(|saving| saving.is_redaction)
    }

    /// The history of what is confirmed, to be played.
    pub fn playback(&self) -> Playback {
        Playback::new(Arc::clone(&self.domain), self.space(), Arc::clone(&self.reader))
    }

    /// When the machine wants [`Self::handle_wakeup`].
    pub fn wake_at(&self) -> Option<Timestamp> {
        let checkpoint = if self.is_checkpointing { None } else { self.state.checkpoint_due() };
        [checkpoint, self.pause.map(|pause| pause.until), self.rebuild_due()].into_iter().flatten().min()
    }

    /// Whether the machine wants [`Self::handle_wakeup`] now: when it said, or when the clock was set back meanwhile.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.wake_at().is_some_and(|at| at <= now)
            || self.pause.is_some_and(|pause| pause.is_over(now))
            || self.is_rebuild_due(now)
    }

    /// Time has passed.
    pub fn handle_wakeup(&mut self, now: Timestamp) {
        if self.pause.is_some_and(|pause| pause.is_over(now)) {
            self.pause = None;
            if self.link == Link::Unavailable {
                self.subscribe();
            }
            self.number_and_send();
        }
        self.rebuild_if_due(now);
        self.checkpoint_if_due(now);
    }

    /// A save is on disk.
    pub fn handle_saved(&mut self, token: SaveToken, main: &[Written]) {
        let Some(saved) = self.saves.remove(&token) else { return };
        self.state.go_on_rebuilding();
        for pending in &mut self.outbox {
            // An edit that was joined with a later one is saved when the whole of it is.
            pending.is_stored |= pending.saving == Some(token);
            pending.is_number_stored |= pending.numbering == Some(token);
        }
        if let Some(at) = saved.checkpoint {
            self.is_checkpointing = false;
            if main.iter().all(|written| matches!(written, Written::Durable(_))) {
                let ripe = self.state.checkpointed(&self.reader, at);
                self.outputs.extend((!ripe.is_empty()).then_some(ReplicaOutput::CompactTexts(ripe)));
            } else {
                self.state.checkpoint_failed();
            }
        }
        if let Some(others) = saved.goes_back {
            self.outputs.push_back(ReplicaOutput::WentBack { others });
        }
        if saved.is_snapshot {
            self.snapshot_saved();
        }
        if saved.is_redaction {
            self.play_anew();
        }
        if saved.is_backfill {
            if self.settle_what_came_unmerged() {
                self.rebase_all();
            }
            self.backfill_next();
        }
        self.number_and_send();
    }

    /// The next piece of work; call until `None`.
    pub fn poll_output(&mut self) -> Option<ReplicaOutput> {
        let unreadable = || self.state.take_failure().map(ReplicaOutput::Damaged);
        self.outputs.pop_front().or_else(unreadable)
    }

    /// What could not be read since somebody last asked, be it only to look at something. What was not read is not what was looked at.
    pub fn take_failure(&mut self) -> Option<ReadError> {
        self.state.take_failure()
    }

    fn save(&mut self, main: Vec<Write>, outbox: Vec<OutboxWrite>, mut saving: Saving) {
        for write in &main {
            if let Write::Append(append) = write {
                saving.commits.extend(append.commits.iter().cloned());
            }
        }
        self.last_token += 1;
        let token = SaveToken(self.last_token);
        for pending in &mut self.outbox {
            if saving.stored.contains(&pending.entry.command) {
                pending.saving = Some(token);
            }
            if saving.numbered.contains(&pending.entry.command) {
                pending.numbering = Some(token);
            }
        }
        self.saves.insert(token, saving);
        self.outputs.push_back(ReplicaOutput::Save { token, main, outbox });
    }

    /// Saves what changed of the confirmed state, where the strategy wants it.
    fn checkpoint_if_due(&mut self, now: Timestamp) {
        // What a redaction on its way to the disk takes out is in this state still.
        if self.is_checkpointing || self.is_redacting() || self.state.checkpoint_due().is_none_or(|at| at > now) {
            return;
        }
        self.set_down();
        let optimistic = self.state.layers.pop();
        let write = self.state.checkpoint();
        self.state.layers.push_layer(optimistic);
        match write {
            Ok(write) => {
                self.is_checkpointing = true;
                let saving = Saving { checkpoint: Some(write.checkpoint.head), ..Saving::default() };
                self.save(vec![Write::Checkpoint(write)], Vec::new(), saving);
            }
            Err(error) => self.outputs.push_back(ReplicaOutput::Damaged(error)),
        }
    }

    fn changed(&mut self, Dirty { streams, mut views }: Dirty) {
        views.extend(streams.iter().map(ViewKey::of_stream));
        if !views.is_empty() {
            self.outputs.push_back(ReplicaOutput::Changed(views));
        }
    }
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Replica({} of {} at {:?} of epoch {}, outbox {})",
            self.identity.replica,
            self.space(),
            self.state.head.position,
            self.state.epoch,
            self.outbox.len()
        )
    }
}
