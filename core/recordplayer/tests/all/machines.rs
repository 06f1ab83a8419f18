//! The two machines alone, each with its disk in memory: given frames, asked for answers. Each of the tests uses a part of it.

use std::sync::Arc;

use recordplayer::claims::Claims;
use recordplayer::codec::decode;
use recordplayer::commit::{Commit, Head, Seal, SealKey};
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::limits::FRAME_BYTES_MAX;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::policy::{Effect, EffectsDone};
use recordplayer::protocol::{AnswerCode, ClientFrame, CommandEntry, Knowledge, PublishEnd, SealedCommit, ServerFrame};
use recordplayer::record::{Position, Seen};
use recordplayer::replica::{Identity, OpenError, Replica, ReplicaOutput, SubmitError, Wish};
use recordplayer::space::{
    AllFree, Ending, Mark, Names, OfferedTail, Opening, Publication, Recovery, SessionId, Space, SpaceInput,
    SpaceOutput, Submission, Tail,
};
use recordplayer::storage::memory::{MemoryOutbox, MemoryStore};
use recordplayer::storage::{OutboxStore, RowKey, SpaceReader, Store, Write};
use recordplayer::time::Timestamp;
use recordplayer::view::ViewKey;

pub const SPACE: SpaceId = SpaceId(Id([1; 16]));
pub const PERSON: ActorId = ActorId(Id([2; 16]));
pub const FIRST: ReplicaId = ReplicaId(Id([3; 16]));
/// The replica of a new device.
pub const MINE: ReplicaId = ReplicaId(Id([9; 16]));

/// A device with its disk in memory.
pub struct Device {
    store: MemoryStore,
    outbox: MemoryOutbox,
    pub replica: Replica,
    pub sent: Vec<ClientFrame>,
    /// Whether the machine asked to be fetched anew, for the authority has lost what it holds.
    pub went_back: bool,
    /// Whether the space left the device.
    pub has_left: bool,
}

impl Device {
    /// A new device.
    pub fn new(domain: Arc<Domain>) -> Self {
        Self::open(domain, MemoryStore::new(), MemoryOutbox::new(), MINE)
    }

    /// The files of this device on another machine, which has drawn `fresh`.
    pub fn copied(&self, domain: Arc<Domain>, fresh: ReplicaId) -> Self {
        Self::open(domain, self.store.copy(), self.outbox.copy(), fresh)
    }

    fn open(domain: Arc<Domain>, store: MemoryStore, outbox: MemoryOutbox, fresh: ReplicaId) -> Self {
        let content = outbox.load(SPACE).unwrap();
        let replica = Replica::open(domain, SPACE, PERSON, store.reader(SPACE), content, fresh).unwrap();
        let mut device = Self { store, outbox, replica, sent: Vec::new(), went_back: false, has_left: false };
        device.work();
        device
    }

    /// Who it is, as its disk says.
    pub fn saved_identity(&self) -> Identity {
        decode(&self.outbox.load(SPACE).unwrap().identity.expect("it has saved one")).unwrap()
    }

    /// The program is replaced by another version of it.
    pub fn upgraded(self, domain: Arc<Domain>) -> Self {
        Self::open(domain, self.store, self.outbox, MINE)
    }

    /// A frame of the authority comes.
    pub fn take(&mut self, frame: ServerFrame) {
        self.replica.handle_frames(Timestamp(0), [frame]);
        self.work();
    }

    /// A frame of another history comes: where the two part.
    pub fn parts_with(&mut self, frame: ServerFrame) -> Option<Position> {
        self.replica.handle_frames(Timestamp(0), [frame]);
        let said = self.replica.poll_output()?;
        assert!(self.replica.poll_output().is_none(), "and nothing else");
        matches!(said, ReplicaOutput::Parted { .. }).then(|| self.replica.confirmed().position)
    }

    /// The person sends a command.
    pub fn submit(&mut self, command: u8, intent: Intent) -> Result<CommandId, SubmitError> {
        let outcome = self.replica.submit(Timestamp(0), Wish::new(CommandId(Id([command; 16])), intent));
        self.work();
        outcome
    }

    /// Talks with the authority until both are silent; what `passes` holds back is lost.
    pub fn talk(&mut self, authority: &mut Authority, passes: impl Fn(&ClientFrame) -> bool) {
        self.work();
        loop {
            let sent = std::mem::take(&mut self.sent);
            for frame in sent.into_iter().filter(&passes) {
                authority.hear(frame);
            }
            let said = std::mem::take(&mut authority.said);
            for frame in said {
                self.take(frame);
            }
            if self.sent.is_empty() {
                return;
            }
        }
    }

    /// Takes what the authority has said.
    pub fn talk_of(&mut self, authority: &mut Authority) {
        for frame in std::mem::take(&mut authority.said) {
            self.take(frame);
        }
    }

    /// A device with what an authority's disk holds.
    pub fn copy_of(authority: &Authority, domain: Arc<Domain>) -> Self {
        Self::open(domain, authority.store.copy(), MemoryOutbox::new(), MINE)
    }

    /// The log that it has saved.
    pub fn log(&self) -> Vec<Commit> {
        let stored = self.store.reader(SPACE).commits(Position::START, Position(u64::MAX / 2), usize::MAX).unwrap();
        stored.iter().map(|stored| stored.open().unwrap()).collect()
    }

    /// From now on no saved row can be read, or again each of them.
    pub fn fail_rows(&self, fail: bool) {
        self.store.fail_rows(fail);
    }

    /// What it has saved, at this moment.
    pub fn saved(&mut self) -> Vec<RowKey> {
        self.replica.handle_wakeup(Timestamp(i64::MAX / 2));
        self.work();
        let rows = self.store.reader(SPACE).rows(None, usize::MAX).unwrap();
        rows.into_iter().map(|(key, _)| key).collect()
    }

    /// Does the machine's work.
    pub fn work(&mut self) {
        while let Some(output) = self.replica.poll_output() {
            match output {
                ReplicaOutput::Save { token, main, outbox } => {
                    let written = self.store.write(main);
                    self.outbox.write(outbox).unwrap();
                    self.replica.handle_saved(token, &written);
                }
                ReplicaOutput::Send(frame) => self.sent.push(frame),
                ReplicaOutput::WentBack { .. } => self.went_back = true,
                ReplicaOutput::Changed(_)
                | ReplicaOutput::AllChanged
                | ReplicaOutput::CompactTexts(_)
                | ReplicaOutput::Met(_) => {}
                ReplicaOutput::AccessEnded => self.has_left = true,
                ReplicaOutput::Unavailable
                | ReplicaOutput::Parted { .. }
                | ReplicaOutput::Redacted
                | ReplicaOutput::Damaged(_) => {
                    panic!("{output:?}")
                }
            }
        }
    }

    /// The numbers of the commands in the last frame of commands.
    pub fn last_numbers(&self) -> Vec<u64> {
        let numbers = self.sent.iter().rev().find_map(|frame| match frame {
            ClientFrame::Submit { commands, .. } => Some(commands.iter().map(|entry| entry.number).collect()),
            _ => None,
        });
        numbers.unwrap_or_default()
    }
}

pub fn person(n: u8) -> ActorId {
    ActorId(Id([n; 16]))
}

/// A space that its person has founded by the first command of the first replica.
pub struct Authority {
    store: MemoryStore,
    pub space: Space,
    /// The mark on the disk.
    pub mark: Option<Mark>,
    /// The process dies when it decides this command.
    pub deadly: Option<CommandId>,
    /// What it said to whoever talks with it.
    pub said: Vec<ServerFrame>,
    /// Its clock.
    pub now: Timestamp,
    /// How often a policy has failed.
    pub failed_policies: u32,
    /// Appends do not reach the disk before [`Self::let_appends_pass`].
    pub holds_appends_back: bool,
    held_back: Vec<Write>,
    /// What is to happen outside of the log.
    pub effects: Vec<Effect>,
    /// What its checkpoints have written.
    pub checkpoint_bytes: usize,
    /// Whether the test is about a disk that cannot be read, and why the space gave up.
    pub may_fail: bool,
    pub has_failed: Option<OpenError>,
}

fn opening(after: Ending) -> Opening {
    Opening {
        salt_key: [0; 32],
        seal_key: None,
        recovery: None,
        effects: Some(EffectsDone::default()),
        names: Arc::new(AllFree),
        after,
    }
}

/// A session that brings something.
const BRINGER: SessionId = SessionId(3);
/// A session that follows.
const FOLLOWER: SessionId = SessionId(5);

impl Authority {
    /// One that holds nothing.
    pub fn empty(domain: Arc<Domain>) -> Self {
        let store = MemoryStore::new();
        let space = Space::open(domain, SPACE, store.reader(SPACE), opening(Ending::InOrder)).unwrap();
        Self {
            store,
            space,
            mark: None,
            deadly: None,
            said: Vec::new(),
            now: Timestamp(0),
            failed_policies: 0,
            holds_appends_back: false,
            held_back: Vec::new(),
            effects: Vec::new(),
            checkpoint_bytes: 0,
            may_fail: false,
            has_failed: None,
        }
    }

    /// Brings it a whole log; answers with what it says to that.
    pub fn bring(&mut self, actor: ActorId, publication: Id, end: PublishEnd, commits: Vec<Arc<[u8]>>) -> ServerFrame {
        let session = BRINGER;
        self.handle(SpaceInput::Publish(Publication { session, actor, publication, end, commits }));
        self.said.pop().expect("it answers")
    }

    pub fn founded(domain: Arc<Domain>) -> Self {
        Self::empty(domain).and_found()
    }

    /// As [`Self::founded`], among other spaces that have names.
    pub fn founded_with_names(domain: Arc<Domain>, names: Arc<dyn Names>) -> Self {
        let mut authority = Self::empty(Arc::clone(&domain));
        let opening = Opening { names, ..opening(Ending::InOrder) };
        authority.space = Space::open(domain, SPACE, authority.store.reader(SPACE), opening).unwrap();
        authority.and_found()
    }

    fn and_found(mut self) -> Self {
        let found = MembershipCommand::Found { title: "space".to_owned() };
        let intent = Intent::of::<Membership>(SPACE.0, &found).unwrap();
        assert_eq!(self.submit(FIRST, None, 1, 100, intent), AnswerCode::Accepted);
        self
    }

    /// Starts the process anew on the same disk, with this version of the application.
    pub fn start_again(&mut self, domain: Arc<Domain>, after: Ending) {
        self.try_to_start_again(domain, after).unwrap();
    }

    pub fn try_to_start_again(&mut self, domain: Arc<Domain>, after: Ending) -> Result<(), OpenError> {
        self.space = Space::open(domain, SPACE, self.store.reader(SPACE), opening(after))?;
        Ok(())
    }

    /// It saves its state, as before it leaves memory.
    pub fn save(&mut self) {
        self.handle(SpaceInput::Evict);
    }

    /// From now on no saved row can be read, or again each of them.
    pub fn fail_rows(&self, fail: bool) {
        self.store.fail_rows(fail);
    }

    /// Another one with a copy of its disk.
    pub fn copied(&self, domain: Arc<Domain>, seal_key: Option<SealKey>) -> Self {
        let store = self.store.copy();
        let opening = Opening { seal_key, ..opening(Ending::InOrder) };
        let space = Space::open(domain, SPACE, store.reader(SPACE), opening).unwrap();
        Self {
            store,
            space,
            mark: None,
            deadly: None,
            said: Vec::new(),
            now: self.now,
            failed_policies: 0,
            holds_appends_back: false,
            held_back: Vec::new(),
            effects: Vec::new(),
            checkpoint_bytes: 0,
            may_fail: false,
            has_failed: None,
        }
    }

    /// Starts it as one whose store was restored.
    pub fn recover(&mut self, domain: Arc<Domain>, lasts_ms: i64) {
        let recovery = Recovery::begin(Id([8; 16]), Timestamp(1_700_000_000_000), lasts_ms, 1);
        let opening = Opening { recovery: Some(recovery), ..opening(Ending::InOrder) };
        self.space = Space::open(domain, SPACE, self.store.reader(SPACE), opening).unwrap();
    }

    /// Opens it in the next epoch after it was restored.
    pub fn reopen(&mut self) {
        let recovery = Recovery::begin(Id([8; 16]), Timestamp(1_700_000_000_000), 0, 1);
        self.handle(SpaceInput::Reopen { recovery });
    }

    /// Hears all that the device has sent, and answers with the last thing that it says to that.
    pub fn answers(&mut self, device: &mut Device) -> ServerFrame {
        device.work();
        for frame in std::mem::take(&mut device.sent) {
            self.hear(frame);
        }
        std::mem::take(&mut self.said).pop().expect("it answers")
    }

    /// Only time passes.
    pub fn wake(&mut self) {
        self.handle(SpaceInput::Wakeup);
    }

    pub fn log(&self) -> Vec<Commit> {
        let stored = self.reader().commits(Position::START, self.head().position, usize::MAX).unwrap();
        stored.into_iter().map(|stored| Commit::open(stored.bytes, &stored.previous).unwrap()).collect()
    }

    pub fn reader(&self) -> Arc<dyn SpaceReader> {
        self.store.reader(SPACE)
    }

    /// What it says to somebody who says that they hold more.
    pub fn offer_tail(&mut self, place: Head, seal: Seal) -> ServerFrame {
        self.offer_tail_of(1, place, seal)
    }

    /// As [`Self::offer_tail`], with a place of that epoch.
    pub fn offer_tail_of(&mut self, epoch: u32, place: Head, seal: Seal) -> ServerFrame {
        self.offer(OfferedTail { session: BRINGER, place, seal, epoch, follows: true })
    }

    /// What it says to somebody who says that they hold another history, up to this place.
    pub fn offer_another(&mut self, epoch: u32, place: Head, seal: Seal) -> ServerFrame {
        self.offer(OfferedTail { session: BRINGER, place, seal, epoch, follows: false })
    }

    fn offer(&mut self, offered: OfferedTail) -> ServerFrame {
        self.handle(SpaceInput::OfferTail(offered));
        self.said.pop().expect("it answers")
    }

    /// As [`Self::offer_tail`], where it has nothing to say yet.
    pub fn offer_tail_unanswered(&mut self, place: Head, seal: Seal) -> bool {
        self.handle(SpaceInput::OfferTail(OfferedTail { session: BRINGER, place, seal, epoch: 1, follows: true }));
        self.said.is_empty()
    }

    pub fn bring_tail_unanswered(&mut self, after: Head, commits: Vec<Arc<[u8]>>) -> bool {
        self.handle(SpaceInput::BringTail(Tail { session: BRINGER, after, commits, redactions: Vec::new() }));
        self.said.is_empty()
    }

    /// What was held back reaches the disk.
    pub fn let_appends_pass(&mut self) {
        self.holds_appends_back = false;
        for write in std::mem::take(&mut self.held_back) {
            let written = self.store.write(vec![write]).remove(0);
            self.handle(SpaceInput::Appended(written));
        }
    }

    pub fn bring_tail(&mut self, after: Head, commits: Vec<Arc<[u8]>>) -> ServerFrame {
        self.bring_tail_with(after, commits, Vec::new())
    }

    /// As [`Self::bring_tail`], with what took payloads out of it.
    pub fn bring_tail_with(
        &mut self,
        after: Head,
        commits: Vec<Arc<[u8]>>,
        redactions: Vec<SealedCommit>,
    ) -> ServerFrame {
        self.handle(SpaceInput::BringTail(Tail { session: BRINGER, after, commits, redactions }));
        self.said.pop().expect("it answers")
    }

    /// Everything that the log holds, in one frame.
    pub fn everything(&self) -> ServerFrame {
        let reader = self.store.reader(SPACE);
        let head = reader.head().unwrap();
        let stored = reader.commits(Head::START.position, head.position, usize::MAX).unwrap();
        let commits = stored.into_iter().map(|stored| stored.bytes).collect();
        let (space, epoch, after, upto) = (SPACE, 1, Head::START, head);
        ServerFrame::Commits { space, epoch, after, upto, commits, head, is_backfill: false, state: None }
    }

    pub fn head(&self) -> Head {
        self.space.durable()
    }

    /// The first thing that somebody with nothing hears who subscribes.
    pub fn subscribe(&mut self, actor: ActorId) -> ServerFrame {
        let knowledge = Knowledge { epoch: 0, head: Head::START };
        self.said.clear();
        self.handle(SpaceInput::Subscribe { session: SessionId(4), actor, knowledge });
        self.said.remove(0)
    }

    /// As [`Self::subscribe`], by a member who holds something.
    pub fn told_of(&mut self, knowledge: Knowledge) -> ServerFrame {
        self.said.clear();
        self.follow_all(knowledge);
        self.handle(SpaceInput::Gone { session: FOLLOWER });
        std::mem::take(&mut self.said).swap_remove(0)
    }

    pub fn follow_all(&mut self, knowledge: Knowledge) {
        self.handle(SpaceInput::Subscribe { session: FOLLOWER, actor: PERSON, knowledge });
        self.handle(SpaceInput::Pull { session: FOLLOWER });
    }

    /// Somebody follows, and has no room for what comes next.
    pub fn falls_behind(&mut self, actor: ActorId, knowledge: Knowledge) {
        self.handle(SpaceInput::Subscribe { session: FOLLOWER, actor, knowledge });
        self.handle(SpaceInput::Lagging { session: FOLLOWER, after: knowledge.head.position });
        self.said.clear();
    }

    pub fn look_at(&mut self, view: ViewKey) {
        self.handle(SpaceInput::SubscribeView { session: FOLLOWER, actor: PERSON, view, after: None });
        self.handle(SpaceInput::Pull { session: FOLLOWER });
    }

    /// The follower lets go of a view, or of the whole.
    pub fn let_go_of(&mut self, view: Option<ViewKey>) {
        self.handle(SpaceInput::Unsubscribe { session: FOLLOWER, view });
    }

    pub fn state_hash(&mut self) -> recordplayer::hash::StateHash {
        self.space.state_hash().unwrap()
    }

    /// One command of a replica that has heard of nothing.
    pub fn submit(
        &mut self,
        replica: ReplicaId,
        parent: Option<ReplicaId>,
        number: u64,
        command: u8,
        intent: Intent,
    ) -> AnswerCode {
        self.submit_answered(replica, parent, 0, entry(number, CommandId(Id([command; 16])), intent))
    }

    pub fn submit_answered(
        &mut self,
        replica: ReplicaId,
        parent: Option<ReplicaId>,
        answered_up_to: u64,
        entry: CommandEntry,
    ) -> AnswerCode {
        self.try_to(replica, parent, answered_up_to, entry).expect("each command is answered")
    }

    /// As [`Self::submit_answered`], where the process may die of it.
    pub fn try_to(
        &mut self,
        replica: ReplicaId,
        parent: Option<ReplicaId>,
        answered_up_to: u64,
        entry: CommandEntry,
    ) -> Option<AnswerCode> {
        self.submit_as(PERSON, replica, parent, answered_up_to, entry)
    }

    /// As [`Self::try_to`], by somebody.
    pub fn submit_as(
        &mut self,
        actor: ActorId,
        replica: ReplicaId,
        parent: Option<ReplicaId>,
        answered_up_to: u64,
        entry: CommandEntry,
    ) -> Option<AnswerCode> {
        let (commands, session) = (vec![entry], SessionId(1));
        self.handle(SpaceInput::Submit(Submission { session, actor, replica, parent, answered_up_to, commands }))
    }

    /// What somebody is told who sends their first command.
    pub fn told_to(&mut self, actor: ActorId, replica: ReplicaId, intent: Intent) -> ServerFrame {
        self.said.clear();
        let (space, at, value) = (SPACE, Position::START, 0);
        let entry = entry(1, CommandId(Id([0x71; 16])), intent);
        let (session, parent, answered_up_to) = (SessionId(6), None, 0);
        let submission = Submission { session, actor, replica, parent, answered_up_to, commands: vec![entry] };
        match self.handle(SpaceInput::Submit(submission)) {
            Some(code) => ServerFrame::Answer { space, replica, number: 1, code, at, value },
            None => self.said.pop().expect("it says something"),
        }
    }

    /// A frame of a device comes.
    pub fn hear(&mut self, frame: ClientFrame) {
        let (session, actor) = (SessionId(2), PERSON);
        let input = match frame {
            ClientFrame::Subscribe { knowledge, .. } => SpaceInput::Subscribe { session, actor, knowledge },
            ClientFrame::FetchSnapshot { at, cursor, .. } => SpaceInput::FetchSnapshot { session, actor, at, cursor },
            ClientFrame::FetchCommits { after, upto, .. } => SpaceInput::FetchCommits { session, actor, after, upto },
            ClientFrame::SubscribeView { view, after, .. } => SpaceInput::SubscribeView { session, actor, view, after },
            ClientFrame::Submit { replica, parent, answered_up_to, commands, .. } => {
                SpaceInput::Submit(Submission { session, actor, replica, parent, answered_up_to, commands })
            }
            ClientFrame::OfferTail { place, seal, epoch, follows, .. } => {
                SpaceInput::OfferTail(OfferedTail { session, place, seal, epoch, follows })
            }
            ClientFrame::BringTail { after, commits, redactions, .. } => {
                SpaceInput::BringTail(Tail { session, after, commits, redactions })
            }
            other => panic!("{other:?}"),
        };
        self.handle(input);
        self.handle(SpaceInput::Pull { session });
    }

    /// Gives the machine news and does its work; answers with the answer that it gives.
    fn handle(&mut self, input: SpaceInput) -> Option<AnswerCode> {
        let mut inputs = vec![input];
        let mut answer = None;
        while let Some(input) = inputs.pop() {
            self.space.handle(self.now, input);
            while let Some(output) = self.space.poll_output() {
                match output {
                    SpaceOutput::Send { frame: ServerFrame::Answer { code, .. }, .. } => answer = Some(code),
                    SpaceOutput::Append(_) => {
                        let write = output.into_write().expect("an append is a write");
                        if self.holds_appends_back {
                            self.held_back.push(write);
                            continue;
                        }
                        inputs.push(SpaceInput::Appended(self.store.write(vec![write]).remove(0)));
                    }
                    SpaceOutput::Mark(mark) => {
                        self.mark = mark;
                        if mark.is_some_and(|mark| Some(mark.command) == self.deadly) {
                            return None;
                        }
                        inputs.push(SpaceInput::Marked { is_durable: true });
                    }
                    SpaceOutput::Checkpoint(_) => {
                        let write = output.into_write().expect("a checkpoint is a write");
                        self.checkpoint_bytes += write.bytes();
                        inputs.push(SpaceInput::Checkpointed(self.store.write(vec![write]).remove(0)));
                    }
                    SpaceOutput::Failed(error) if self.may_fail => self.has_failed = Some(error),
                    SpaceOutput::Failed(error) => panic!("{error}"),
                    SpaceOutput::Send { frame, .. } => {
                        let bytes = frame.encode().len();
                        assert!(bytes <= FRAME_BYTES_MAX, "{bytes} bytes are no frame");
                        self.said.push(frame);
                    }
                    SpaceOutput::FanOut { frame, .. } => self.said.push(ServerFrame::decode(&frame).unwrap()),
                    SpaceOutput::Effects { effects, .. } => self.effects.extend(effects),
                    SpaceOutput::Members(_) | SpaceOutput::CompactTexts(_) => {}
                    SpaceOutput::PolicyFailed { .. } => self.failed_policies += 1,
                }
            }
        }
        answer
    }
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
