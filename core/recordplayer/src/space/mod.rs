//! The space machine: the single writer of one space, its authority.
//!
//! ```text
//!  Submit ─► known? allowed? ─► decide (speculative layer) ─► seal ─► `decided` ─► Append ─────► `durable` ─► answers, fan-out, view news
//!            [submit]                                                  one in flight, the rest waits  [publish]
//!  Subscribe ─► whole space: from the log, then live   [follow]
//!            ─► one view: starting state, then news    [follow]
//!            ─► a new device: snapshot in chunks       [snapshot]
//!  durable ─► policies answer with commands of their own [policies], effects are given out [effects],
//!             other spaces are asked and answered [errands]
//!  a view of another version ─► made anew beside the one that shows   [rebuild]
//!  OfferTail, BringTail ─► what the store had lost comes in again, as it is   [tail]
//! ```

mod again;
mod careful;
mod effects;
mod errands;
mod fingerprint;
mod follow;
mod names;
mod over;
mod own;
mod policies;
mod publish;
mod rebuild;
mod receive;
mod recovery;
mod snapshot;
mod submit;
mod tail;
mod watch;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use again::LookedBack;
use careful::Careful;
use effects::Giving;
use errands::Errands;
use follow::Follower;
use publish::Decided;
use snapshot::Joining;
use watch::ViewStarting;

pub use careful::Mark;
pub use names::{AllFree, NameTable, Names};
pub use receive::Publication;
pub use recovery::Recovery;
pub use submit::Submission;
pub use tail::{OfferedTail, Tail};

use crate::commit::{Commit, Head, SealKey};
use crate::domain::Domain;
use crate::errand::{Ended, Sent};
use crate::hash::StateHash;
use crate::id::{ActorId, Id, SpaceId};
use crate::membership::Membership;
use crate::policy::{Effect, EffectsDone};
use crate::protocol::{Knowledge, ServerFrame};
use crate::record::Position;
use crate::state::{OpenError, Rebuilding, SpaceState};
use crate::storage::{Append, CheckpointWrite, SpaceReader, TextKey, Write, Written};
use crate::thresholds::Thresholds;
use crate::time::Timestamp;
use crate::view::ViewKey;

/// One connection of a client, as the gateway numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// News for the space.
#[derive(Debug)]
pub enum SpaceInput {
    Submit(Submission),
    /// A space that was begun without a server comes in.
    Publish(Publication),
    /// The store was restored from a backup: the space goes on in a new epoch. The same recovery is opened once.
    Reopen {
        recovery: Recovery,
    },
    /// A device says that it holds more of the log than is here.
    OfferTail(OfferedTail),
    BringTail(Tail),
    Subscribe {
        session: SessionId,
        actor: ActorId,
        knowledge: Knowledge,
    },
    SubscribeView {
        session: SessionId,
        actor: ActorId,
        view: ViewKey,
        after: Option<Knowledge>,
    },
    Unsubscribe {
        session: SessionId,
        view: Option<ViewKey>,
    },
    FetchSnapshot {
        session: SessionId,
        actor: ActorId,
        at: Head,
        cursor: Option<Vec<u8>>,
    },
    FetchCommits {
        session: SessionId,
        actor: ActorId,
        after: Position,
        upto: Position,
    },
    /// The session has room again: go on where it fell behind.
    Pull {
        session: SessionId,
    },
    /// A frame could not be handed to the session; it began behind this position.
    Lagging {
        session: SessionId,
        after: Position,
    },
    /// The connection is gone.
    Gone {
        session: SessionId,
    },
    /// The append or the checkpoint that is on its way came to this.
    Appended(Written),
    Checkpointed(Written),
    /// Effects that were given out are carried out, and noted, up to here.
    EffectsDone(EffectsDone),
    /// Another space of this authority asks for something; answered by [`SpaceOutput::ErrandEnded`], or asked again.
    Errand(Arc<Sent>),
    /// What this space asked of another one is durable there, or is refused; where there is no such space, it is.
    ErrandEnded {
        key: Id,
        ended: Ended,
    },
    /// The mark that was asked for is durable, or could not be written.
    Marked {
        is_durable: bool,
    },
    /// The space is about to leave memory.
    Evict,
    /// Only time has passed.
    Wakeup,
}

/// Work for the driver.
#[derive(Debug)]
pub enum SpaceOutput {
    /// Answer with [`SpaceInput::Appended`].
    Append(Append),
    /// Answer with [`SpaceInput::Checkpointed`].
    Checkpoint(CheckpointWrite),
    /// Compact these texts in a quiet moment, with [`compact_texts`](crate::storage::compact_texts); or do not, for nothing depends on it.
    CompactTexts(Vec<TextKey>),
    /// Make this mark durable in place of the one before, then answer with [`SpaceInput::Marked`]; without one, take it away.
    Mark(Option<Mark>),
    Send {
        session: SessionId,
        frame: ServerFrame,
    },
    /// The same bytes to everyone; where one has no room, say [`SpaceInput::Lagging`].
    FanOut {
        sessions: Vec<SessionId>,
        after: Position,
        frame: Arc<[u8]>,
    },
    /// Carry these out in their order, each at least once; then note how far that came, for [`Opening::effects`], and say
    /// [`SpaceInput::EffectsDone`].
    Effects {
        effects: Vec<Effect>,
        done: EffectsDone,
    },
    /// Give this to the space that it goes to, as [`SpaceInput::Errand`]; where there is none, say [`SpaceInput::ErrandEnded`] here. What gets lost
    /// is sent again.
    Errand(Arc<Sent>),
    /// Say [`SpaceInput::ErrandEnded`] to this space.
    ErrandEnded {
        to: SpaceId,
        key: Id,
        ended: Ended,
    },
    /// A policy or an errand panicked over this event, or answered with what no entity knows or may refuse. It is passed over.
    PolicyFailed {
        policy: &'static str,
        record: Position,
    },
    /// The members of the space, as they are durable now.
    Members(Arc<Membership>),
    /// The space cannot be read any more: drop it, and open it anew later.
    Failed(OpenError),
}

impl SpaceOutput {
    /// The write that this output asks for, if it does.
    pub fn into_write(self) -> Option<Write> {
        match self {
            Self::Append(append) => Some(Write::Append(append)),
            Self::Checkpoint(checkpoint) => Some(Write::Checkpoint(checkpoint)),
            Self::CompactTexts(_)
            | Self::Mark(_)
            | Self::Send { .. }
            | Self::FanOut { .. }
            | Self::Members(_)
            | Self::Effects { .. }
            | Self::Errand(_)
            | Self::ErrandEnded { .. }
            | Self::PolicyFailed { .. }
            | Self::Failed(_) => None,
        }
    }
}

/// The single writer of one space.
///
/// Holds no socket, file, clock or randomness: news comes in through [`Self::handle`] with the time, work goes out of [`Self::poll_output`],
/// which is drained to `None` after every call.
///
/// Invariants:
/// 1. `durable.position <= state.head.position` (what is decided).
/// 2. Answers, fan-out, starting states and snapshots come from what is durable.
/// 3. `undurable` holds exactly the commits between the two, in order; at most one append is on its way.
pub struct Space {
    domain: Arc<Domain>,
    reader: Arc<dyn SpaceReader>,
    pub(crate) state: SpaceState,
    durable: Head,
    /// The members at `durable`.
    members: Arc<Membership>,
    undurable: VecDeque<Decided>,
    /// How many of `undurable` are on their way to the log.
    appending: usize,
    undurable_bytes: usize,
    /// Answers that wait for a position to become durable.
    answers: VecDeque<(Position, SessionId, ServerFrame)>,
    followers: BTreeMap<SessionId, Follower>,
    starting: Vec<ViewStarting>,
    joining: BTreeMap<SessionId, Joining>,
    /// Who has proved that they hold what the log here lacks.
    bringing: BTreeSet<SessionId>,
    /// Where the checkpoint lies that is on its way.
    checkpointing: Option<Head>,
    wants_checkpoint: bool,
    /// What is durable and was not looked at by the policies, without a gap behind `state.reacted`; further on they read the log.
    to_look_at: VecDeque<Arc<Commit>>,
    giving: Giving,
    errands: Errands,
    salt_key: [u8; 32],
    seal_key: Option<SealKey>,
    /// The last restore of the store, over for this space as soon as it has the epoch of that.
    recovery: Option<Recovery>,
    /// The epoch of the first record, once that was read.
    founded_in: OnceCell<u32>,
    names: Arc<dyn Names>,
    /// Set after a crash, until enough has gone well.
    careful: Option<Careful>,
    /// What was looked for in the log last, among what has come in under several identities.
    looked_back: Option<LookedBack>,
    outputs: VecDeque<SpaceOutput>,
}

/// What a space is opened with besides its log.
#[derive(Clone, Debug)]
pub struct Opening {
    /// A secret of the server, from which salts are derived.
    pub salt_key: [u8; 32],
    /// The secret by which the authority knows its own commits again; none where nobody else ever holds them.
    pub seal_key: Option<SealKey>,
    /// The last restore of the store from a backup.
    pub recovery: Option<Recovery>,
    /// How far the effects of the space are carried out; none where nobody carries them out.
    pub effects: Option<EffectsDone>,
    /// The names of all spaces of the server.
    pub names: Arc<dyn Names>,
    pub after: Ending,
}

/// How the process ended that had the space before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    InOrder,
    /// It died, and left this mark behind where it was trying a command.
    Crash {
        mark: Option<Mark>,
    },
}

impl Space {
    /// Opens what is durable of the space.
    pub fn open(
        domain: Arc<Domain>,
        space: SpaceId,
        reader: Arc<dyn SpaceReader>,
        opening: Opening,
    ) -> Result<Self, OpenError> {
        let Opening { salt_key, seal_key, recovery, effects, names, after } = opening;
        let mut state = SpaceState::open(Arc::clone(&domain), space, &reader)?;
        state.captures_entering = true;
        let members = state.base_models().get::<Membership>(space.0);
        let thresholds = *domain.thresholds();
        let errands = Errands::new(state.errands);
        let mut opened = Self {
            domain,
            reader,
            durable: state.head,
            members,
            state,
            undurable: VecDeque::new(),
            appending: 0,
            undurable_bytes: 0,
            answers: VecDeque::new(),
            followers: BTreeMap::new(),
            starting: Vec::new(),
            joining: BTreeMap::new(),
            bringing: BTreeSet::new(),
            checkpointing: None,
            wants_checkpoint: false,
            to_look_at: VecDeque::new(),
            giving: Giving::new(effects),
            errands,
            salt_key,
            seal_key,
            recovery,
            founded_in: OnceCell::new(),
            names,
            looked_back: None,
            careful: match after {
                Ending::InOrder => None,
                Ending::Crash { mark } => Some(Careful::new(mark, &thresholds)),
            },
            outputs: VecDeque::new(),
        };
        opened.hold_name();
        opened.go_on_reacting();
        opened.give_effects_again();
        // Whom the space does not know, it would send away.
        opened.state.take_failure().map_or(Ok(opened), |failure| Err(failure.into()))
    }

    /// The name of the space is the one that its state says, and no other.
    fn hold_name(&self) {
        if let Some(unique) = self.domain.unique() {
            let held = (unique.held)(self.id(), &self.state.base_models());
            self.names.hold(self.id(), held.as_deref());
        }
    }

    pub fn id(&self) -> SpaceId {
        self.state.space
    }

    fn thresholds(&self) -> &Thresholds {
        self.domain.thresholds()
    }

    pub fn epoch(&self) -> u32 {
        self.state.epoch
    }

    pub fn durable(&self) -> Head {
        self.durable
    }

    pub fn decided(&self) -> Head {
        self.state.head
    }

    /// The members at what is durable.
    pub fn members(&self) -> &Arc<Membership> {
        &self.members
    }

    /// The state hash, where everything that is decided is durable.
    pub fn state_hash(&mut self) -> Option<StateHash> {
        (self.durable == self.state.head).then(|| self.state.state_hash())
    }

    /// Whether nothing is on its way and nobody follows: the space may leave memory.
    pub fn is_idle(&self) -> bool {
        self.undurable.is_empty()
            && self.checkpointing.is_none()
            && self.rebuilding().is_none()
            && !self.errands.are_open()
            && !self.is_behind_with_errands()
            && self.followers.is_empty()
            && self.joining.is_empty()
            && self.careful.as_ref().is_none_or(Careful::is_idle)
    }

    /// What is held though nothing is under way, beside what these sessions follow: tests hold that to be nothing, for it would grow.
    pub(crate) fn leftovers(&self, sessions: &BTreeSet<SessionId>) -> Vec<&'static str> {
        let mut held = Vec::new();
        let mut note = |is_held: bool, what| held.extend(is_held.then_some(what));
        note(!self.undurable.is_empty() || self.undurable_bytes > 0 || self.appending > 0, "commits on their way");
        note(!self.answers.is_empty(), "answers");
        note(self.followers.keys().any(|session| !sessions.contains(session)), "sessions that are gone");
        note(!self.starting.is_empty(), "views that start");
        note(!self.to_look_at.is_empty(), "commits for policies");
        note(self.errands.are_open(), "errands");
        note(self.careful.as_ref().is_some_and(Careful::is_stuck), "commands that nobody tries");
        note(!self.outputs.is_empty(), "outputs");
        note(self.state.layers.holds_absent(), "what is not there");
        held
    }

    /// Whether somebody is on the way in, in a session but these.
    pub(crate) fn is_joined_except_in(&self, sessions: &BTreeSet<SessionId>) -> bool {
        self.joining.keys().any(|session| !sessions.contains(session))
    }

    /// What is more than its limit: tests hold that to be nothing after every step.
    pub(crate) fn beyond_bounds(&self) -> Vec<&'static str> {
        let mut beyond = Vec::new();
        let mut note = |is_beyond: bool, what| beyond.extend(is_beyond.then_some(what));
        note(self.is_beyond_room(), "commits that are not durable");
        note(self.to_look_at.len() > self.thresholds().looked_at_later_max, "commits for policies");
        note(self.careful.as_ref().is_some_and(Careful::is_overfull), "commands to be tried");
        beyond
    }

    /// When the machine wants a [`SpaceInput::Wakeup`].
    pub fn wake_at(&self) -> Option<Timestamp> {
        let checkpoint = if self.checkpointing.is_some() { None } else { self.state.checkpoint_due() };
        let due = [checkpoint, self.recovers_until(), self.joins_until(), self.errands_due(), self.state.rebuild_due()];
        due.into_iter().flatten().min()
    }

    /// The one entry for news.
    pub fn handle(&mut self, now: Timestamp, input: SpaceInput) {
        self.end_recovery_if_due(now);
        self.let_go_of_who_does_not_join(now);
        self.rebuild_if_due(now);
        match input {
            SpaceInput::Submit(submission) => self.submit(now, submission),
            SpaceInput::Publish(brought) => self.receive(now, &brought),
            SpaceInput::Reopen { recovery } => self.reopen(now, recovery),
            SpaceInput::OfferTail(offered) => self.tail_offered(now, &offered),
            SpaceInput::BringTail(tail) => self.tail_brought(&tail),
            SpaceInput::Subscribe { session, actor, knowledge } => self.subscribe(now, session, actor, knowledge),
            SpaceInput::SubscribeView { session, actor, view, after } => {
                self.subscribe_view(session, actor, view, after);
            }
            SpaceInput::Unsubscribe { session, view } => self.unsubscribe(session, view.as_ref()),
            SpaceInput::FetchSnapshot { session, actor, at, cursor } => {
                self.fetch_snapshot(now, session, actor, at, cursor);
            }
            SpaceInput::FetchCommits { session, actor, after, upto } => self.fetch_commits(session, actor, after, upto),
            SpaceInput::Pull { session } => self.pull(session),
            SpaceInput::Lagging { session, after } => self.lag(session, after),
            SpaceInput::Gone { session } => self.leave(session),
            SpaceInput::Appended(written) => self.appended(written),
            SpaceInput::Checkpointed(written) => self.checkpointed(&written),
            SpaceInput::EffectsDone(done) => self.effects_done(done),
            SpaceInput::Errand(sent) => self.take_errand(now, &sent),
            SpaceInput::ErrandEnded { key, ended } => self.errand_ended(now, key, ended),
            SpaceInput::Marked { is_durable } => self.marked(now, is_durable),
            SpaceInput::Evict => self.wants_checkpoint |= self.domain.saving_strategy().on_eviction,
            SpaceInput::Wakeup => {}
        }
        self.try_next(now);
        self.react(now);
        self.run_errands(now);
        self.append_next();
        self.checkpoint_if_due(now);
        if let Some(failure) = self.state.take_failure() {
            // Nothing that was made of a state which could not be read leaves the machine.
            self.outputs.clear();
            self.fail(failure);
        }
        self.state.layers.forget_absent();
        assert!(self.durable.position <= self.state.head.position, "what is durable was decided before");
    }

    /// Whether this news lets the whole log be played anew: then the machine is at work for as long as that takes.
    pub fn plays_anew_for(&self, input: &SpaceInput) -> bool {
        match input {
            SpaceInput::Appended(Written::Durable(_)) => {
                self.undurable.iter().take(self.appending).any(|decided| decided.commit.is_redaction())
            }
            SpaceInput::Appended(Written::Fenced(_) | Written::Unknown(_)) => true,
            _ => false,
        }
    }

    /// The next piece of work; call until `None`.
    pub fn poll_output(&mut self) -> Option<SpaceOutput> {
        self.outputs.pop_front()
    }

    fn send(&mut self, session: SessionId, frame: ServerFrame) {
        self.outputs.push_back(SpaceOutput::Send { session, frame });
    }

    fn fail(&mut self, error: impl Into<OpenError>) {
        self.outputs.push_back(SpaceOutput::Failed(error.into()));
    }

    /// Who was a member once is told that it is over, and drops what it has, and whether that is of this log; whoever else learns nothing. While the store is being recovered
    /// nobody knows who belongs here: whoever has a copy keeps that.
    fn no_access(&mut self, session: SessionId, actor: ActorId, is_known: bool) {
        let space = self.id();
        let frame = if self.is_in_recovery() {
            ServerFrame::Unavailable { space }
        } else if self.members.was_member(actor) {
            ServerFrame::AccessEnded { space, at: self.durable.position, is_known }
        } else {
            ServerFrame::NoAccess { space }
        };
        self.send(session, frame);
    }
}

impl fmt::Debug for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Space({} decided {:?} durable {:?})", self.id(), self.state.head.position, self.durable.position)
    }
}
