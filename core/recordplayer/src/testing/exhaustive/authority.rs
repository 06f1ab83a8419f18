//! The authority of a small case: the real space machine with its log, and the writes that are on their way there.

use std::collections::VecDeque;
use std::sync::Arc;

use super::disk::{digest_of_store, digest_of_write};
use super::frames::{FrameId, Frames};
use super::ledger::{Effects, Machine};
use super::setting::{DEVICES, NOW, SPACE, Setting};
use crate::claims::Claims;
use crate::commit::{Commit, Head};
use crate::decide::Intent;
use crate::fingerprint::Fingerprint;
use crate::hash::{Hash, StateHash};
use crate::id::{ActorId, CommandId, Id, ReplicaId};
use crate::membership::{Membership, MembershipCommand};
use crate::protocol::{AnswerCode, ClientFrame, CommandEntry, ServerFrame};
use crate::record::{Position, Seen};
use crate::space::{AllFree, Ending, Mark, Opening, Recovery, SessionId, Space, SpaceInput, SpaceOutput, Submission};
use crate::storage::memory::{Failure, MemoryStore};
use crate::storage::{Store, Write, Written};
use crate::testing::audit;

/// The one recovery of a case.
const RECOVERY: Id = Id([7; 16]);

/// What a start of the authority finds.
#[derive(Clone, Default)]
pub(super) struct AuthorityDisk {
    pub store: MemoryStore,
    mark: Option<Mark>,
    /// Whether the admin has put an older copy there, to be opened anew.
    is_restored: bool,
    /// Whether a process has run on it before.
    has_run: bool,
}

impl AuthorityDisk {
    /// The store alone comes back from a copy; marks are of the process that made them.
    pub fn restored(self) -> Self {
        Self { mark: None, is_restored: true, ..self }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AuthorityInput {
    Frame {
        session: SessionId,
        actor: ActorId,
        frame: FrameId,
    },
    Gone(SessionId),
    Pull(SessionId),
    /// The oldest write on its way is on disk.
    Write,
    /// The append on its way meets this failure.
    Fail(Failure),
    Crash,
    Reopen,
}

/// One commit of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub head: Head,
    pub command: CommandId,
    pub is_accepted: bool,
}

pub(super) struct AuthorityFacts {
    pub durable: Head,
    /// Where everything that is decided is durable.
    pub state: Option<StateHash>,
    pub log: Vec<Verdict>,
    /// Whether the restored store is still to be opened.
    pub is_reopening: bool,
    pub is_writing: bool,
    /// Whether the oldest write on its way is an append.
    pub can_fail: bool,
}

enum DiskWrite {
    Store(Write),
    Mark(Option<Mark>),
}

pub(super) struct Authority {
    disk: AuthorityDisk,
    space: Space,
    writes: VecDeque<DiskWrite>,
}

impl Machine for Authority {
    type Disk = AuthorityDisk;
    type Input = AuthorityInput;
    type Facts = AuthorityFacts;

    fn begin(setting: &Setting, disk: &AuthorityDisk) -> Self {
        let mut disk = copy_of(disk);
        let after = if disk.has_run { Ending::Crash { mark: disk.mark } } else { Ending::InOrder };
        disk.has_run = true;
        // What is lost goes back and is sent again: nothing is sealed, so nothing is brought back as it was.
        let (seal_key, recovery, effects) = (None, None, None);
        let opening = Opening { salt_key: [9; 32], seal_key, recovery, effects, names: Arc::new(AllFree), after };
        let space = Space::open(Arc::clone(&setting.domain), SPACE, disk.store.reader(SPACE), opening);
        let space = space.unwrap_or_else(|error| panic!("the authority opens: {error}"));
        Self { disk, space, writes: VecDeque::new() }
    }

    fn take(&mut self, _: &Setting, frames: &mut Frames, input: &AuthorityInput) -> Result<Effects, String> {
        let input = match input {
            AuthorityInput::Frame { session, actor, frame } => match heard(frames, *session, *actor, *frame) {
                Some(input) => input,
                None => return Ok(Effects::default()),
            },
            AuthorityInput::Gone(session) => SpaceInput::Gone { session: *session },
            AuthorityInput::Pull(session) => SpaceInput::Pull { session: *session },
            AuthorityInput::Reopen => SpaceInput::Reopen { recovery: Recovery::begin(RECOVERY, NOW, 0, 1) },
            AuthorityInput::Crash => return Ok(Effects { stops: true, ..Effects::default() }),
            AuthorityInput::Write => self.write(),
            AuthorityInput::Fail(failure) => {
                self.disk.store.fail_next(*failure);
                self.write()
            }
        };
        self.space.handle(NOW, input);
        self.work(frames)
    }

    fn disk(&self) -> AuthorityDisk {
        copy_of(&self.disk)
    }

    fn digest_of_disk(&self) -> Hash {
        let mut into = Fingerprint::default();
        digest_of_store(self.disk.store.reader(SPACE).as_ref(), &mut into);
        into.shown(&(self.disk.mark, self.disk.is_restored, self.disk.has_run));
        into.finish()
    }

    fn digest(&mut self) -> Hash {
        let mut into = Fingerprint::default();
        into.bytes(&self.digest_of_disk().0);
        self.space.fingerprint(&mut into);
        for write in &self.writes {
            match write {
                DiskWrite::Store(write) => digest_of_write(write, &mut into),
                DiskWrite::Mark(mark) => into.shown(mark),
            }
        }
        into.finish()
    }

    fn facts(&mut self) -> Result<AuthorityFacts, String> {
        let reader = self.disk.store.reader(SPACE);
        let commits = audit::commits(reader.as_ref());
        audit::decided_once(&commits)?;
        let state = self.space.state_hash();
        if state.is_some() && commits.last().map(Commit::head) == Some(self.space.durable()) {
            audit::is_replay(&mut self.space.state, reader.as_ref())?;
        }
        let verdict = |commit: &Commit| Verdict {
            head: commit.head(),
            command: commit.header.command,
            is_accepted: !commit.is_refusal(),
        };
        let recovery = ReplicaId::derived("recovery", &[RECOVERY.bytes()]);
        let is_open = state.is_some() && self.space.state.replicas.last_number(recovery) > 0;
        Ok(AuthorityFacts {
            durable: self.space.durable(),
            state,
            log: commits.iter().map(verdict).collect(),
            is_reopening: self.disk.is_restored && !is_open,
            is_writing: !self.writes.is_empty(),
            can_fail: matches!(self.writes.front(), Some(DiskWrite::Store(Write::Append(_)))),
        })
    }
}

impl Authority {
    /// The oldest write reaches the disk; what the machine is told of it.
    fn write(&mut self) -> SpaceInput {
        match self.writes.pop_front().expect("a write is on its way") {
            DiskWrite::Mark(mark) => {
                self.disk.mark = mark;
                SpaceInput::Marked { is_durable: true }
            }
            DiskWrite::Store(write) => {
                let is_checkpoint = matches!(write, Write::Checkpoint(_));
                let written: Written = self.disk.store.write(vec![write]).remove(0);
                if is_checkpoint { SpaceInput::Checkpointed(written) } else { SpaceInput::Appended(written) }
            }
        }
    }

    fn work(&mut self, frames: &mut Frames) -> Result<Effects, String> {
        let mut effects = Effects::default();
        while let Some(output) = self.space.poll_output() {
            match output {
                SpaceOutput::Send { session, frame } => {
                    self.check_told(&frame)?;
                    effects.sent.push((session, frames.id(frame.encode())));
                }
                SpaceOutput::FanOut { sessions, frame, .. } => {
                    self.check_told(&ServerFrame::decode(&frame).expect("the authority sends frames"))?;
                    let frame = frames.id(frame);
                    effects.sent.extend(sessions.into_iter().map(|session| (session, frame)));
                }
                SpaceOutput::Append(_) | SpaceOutput::Checkpoint(_) => {
                    let write = output.into_write().expect("an append or a checkpoint is a write");
                    self.writes.push_back(DiskWrite::Store(write));
                }
                SpaceOutput::Mark(mark) => self.writes.push_back(DiskWrite::Mark(mark)),
                SpaceOutput::PolicyFailed { policy, record } => return Err(format!("{policy} fails over {record}")),
                SpaceOutput::Errand(_) | SpaceOutput::ErrandEnded { .. } => unreachable!("nobody asks another space"),
                SpaceOutput::Members(_) | SpaceOutput::CompactTexts(_) | SpaceOutput::Effects { .. } => {}
                SpaceOutput::Failed(error) => return Err(format!("the authority fails: {error}")),
            }
        }
        Ok(effects)
    }

    /// What is told is durable, and every position is the end of a commit (rules 1 and 4).
    fn check_told(&self, frame: &ServerFrame) -> Result<(), String> {
        let reader = self.disk.store.reader(SPACE);
        let is_end = |position: Position| {
            let stored = reader.commit_with(position).expect("memory can be read");
            position == Position::START || stored.is_some_and(|stored| stored.head.position == position)
        };
        let is_true = match frame {
            ServerFrame::Commits { after, upto, head, .. } => {
                [after, upto, head].into_iter().all(|head| is_end(head.position))
            }
            ServerFrame::Answer { at, .. } => is_end(*at),
            _ => true,
        };
        if is_true { Ok(()) } else { Err(format!("the authority tells what is not in its log: {frame:?}")) }
    }
}

/// What a frame of a device means to the space.
fn heard(frames: &Frames, session: SessionId, actor: ActorId, frame: FrameId) -> Option<SpaceInput> {
    Some(match ClientFrame::decode(frames.bytes(frame)).expect("devices send frames") {
        ClientFrame::Subscribe { knowledge, .. } => SpaceInput::Subscribe { session, actor, knowledge },
        ClientFrame::Submit { replica, parent, answered_up_to, commands, .. } => {
            let is_of_newer = false;
            SpaceInput::Submit(Submission { session, actor, replica, parent, is_of_newer, answered_up_to, commands })
        }
        ClientFrame::FetchSnapshot { at, cursor, .. } => SpaceInput::FetchSnapshot { session, actor, at, cursor },
        ClientFrame::FetchCommits { after, upto, .. } => SpaceInput::FetchCommits { session, actor, after, upto },
        // Nothing is sealed, so nothing is offered.
        ClientFrame::Hello { .. }
        | ClientFrame::OfferTail { .. }
        | ClientFrame::BringTail { .. }
        | ClientFrame::SubscribeView { .. }
        | ClientFrame::Unsubscribe { .. }
        | ClientFrame::Publish { .. }
        | ClientFrame::Ping { .. }
        | ClientFrame::Pong { .. }
        | ClientFrame::FindPerson { .. } => return None,
    })
}

fn copy_of(disk: &AuthorityDisk) -> AuthorityDisk {
    AuthorityDisk { store: disk.store.copy(), ..disk.clone() }
}

/// The authority's disk when a case begins: the space is founded, both people are members, and what came before is decided.
pub(super) fn founded(setting: &Setting) -> Result<AuthorityDisk, String> {
    let mut authority = Authority::begin(setting, &AuthorityDisk::default());
    let mut intents = vec![membership(&MembershipCommand::Found { title: "case".to_owned() })];
    let role = (*setting.domain.role_names().last().expect("a domain has a role")).to_owned();
    let others = (1..DEVICES).map(|device| setting.person(device)).filter(|person| *person != setting.person(0));
    intents.extend(others.map(|person| membership(&MembershipCommand::AddMember { person, role: role.clone() })));
    intents.extend(setting.founding.iter().cloned());
    let mut frames = Frames::default();
    for (intent, number) in intents.into_iter().zip(1_u64..) {
        let entry = CommandEntry {
            number,
            command: CommandId::derived("founding", &[&number.to_be_bytes()]),
            stream: intent.stream,
            name: intent.name,
            payload: intent.payload,
            claims: Claims::default(),
            requires: Vec::new(),
            seen: Seen::default(),
            follows: None,
        };
        let frame = ClientFrame::Submit {
            space: SPACE,
            replica: ReplicaId::derived("founder", &[]),
            parent: None,
            answered_up_to: number - 1,
            commands: vec![entry],
        };
        let frame = frames.id(frame.encode());
        let submit = AuthorityInput::Frame { session: SessionId(0), actor: setting.person(0), frame };
        authority.take(setting, &mut frames, &submit)?;
        let mut sent = Vec::new();
        while !authority.writes.is_empty() {
            sent.extend(authority.take(setting, &mut frames, &AuthorityInput::Write)?.sent);
        }
        let is_accepted = sent.into_iter().any(|(_, frame)| {
            let frame = ServerFrame::decode(frames.bytes(frame)).expect("the authority sends frames");
            matches!(frame, ServerFrame::Answer { code: AnswerCode::Accepted, .. })
        });
        assert!(is_accepted, "what founds a case is accepted");
    }
    // The process that founded it has ended in order.
    Ok(AuthorityDisk { has_run: false, ..authority.disk() })
}

fn membership(command: &MembershipCommand) -> Intent {
    Intent::of::<Membership>(SPACE.0, command).expect("membership commands can be encoded")
}
