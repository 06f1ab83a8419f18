//! An authority alone.

use std::sync::Arc;

use recordplayer::commit::{Commit, Head, Seal, SealKey};
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::errand::{Ended, Sent};
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId};
use recordplayer::limits::FRAME_BYTES_MAX;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::policy::{Effect, EffectsDone};
use recordplayer::protocol::{AnswerCode, ClientFrame, CommandEntry, Knowledge, PublishEnd, SealedCommit, ServerFrame};
use recordplayer::record::Position;
use recordplayer::replica::OpenError;
use recordplayer::space::{
    AllFree, Ending, Mark, Names, OfferedTail, Opening, Publication, Recovery, SessionId, Space, SpaceInput,
    SpaceOutput, Submission, Tail,
};
use recordplayer::storage::memory::{Failure, MemoryStore};
use recordplayer::storage::{Append, SpaceReader, Store, TextKey, Write, Written};
use recordplayer::time::Timestamp;
use recordplayer::view::ViewKey;

use super::{Device, FIRST, PERSON, SPACE, entry};

/// A session that brings something.
const BRINGER: SessionId = SessionId(3);
/// A session that follows.
const FOLLOWER: SessionId = SessionId(5);

/// What the disk of an authority takes its time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBack {
    /// Until [`Authority::let_appends_pass`].
    Appends,
    /// Until [`Authority::let_the_mark_pass`], each of them.
    Marks,
}

/// A space that its person has founded by the first command of the first replica.
pub struct Authority {
    pub(super) store: MemoryStore,
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
    /// What does not reach the disk.
    pub holds_back: Option<HeldBack>,
    appends: Vec<Write>,
    /// The mark that is on its way to the disk.
    pub held_mark: Option<Mark>,
    /// The texts that it would have compacted, as often as it has said so.
    pub ripe: Vec<Vec<TextKey>>,
    /// What is to happen outside of the log, and what is to be noted of it.
    pub effects: Vec<Effect>,
    pub effects_noted: Option<EffectsDone>,
    /// What it asked of other spaces.
    pub errands: Vec<Arc<Sent>>,
    /// What its checkpoints have written.
    pub checkpoint_bytes: usize,
    /// Whether the test is about a disk that cannot be read, and why the space gave up.
    pub may_fail: bool,
    /// Whether who sends runs a newer version of the application.
    pub devices_are_newer: bool,
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

impl Authority {
    /// One that holds nothing.
    pub fn empty(domain: Arc<Domain>) -> Self {
        Self::over(MemoryStore::new(), domain, opening(Ending::InOrder))
    }

    fn over(store: MemoryStore, domain: Arc<Domain>, opening: Opening) -> Self {
        let space = Space::open(domain, SPACE, store.reader(SPACE), opening).unwrap();
        Self {
            store,
            space,
            mark: None,
            deadly: None,
            said: Vec::new(),
            now: Timestamp(0),
            failed_policies: 0,
            holds_back: None,
            appends: Vec::new(),
            held_mark: None,
            ripe: Vec::new(),
            effects: Vec::new(),
            effects_noted: None,
            errands: Vec::new(),
            checkpoint_bytes: 0,
            may_fail: false,
            has_failed: None,
            devices_are_newer: false,
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

    /// The next append is done, and nobody hears of it.
    pub fn fail_next_append(&self) {
        self.store.fail_next(Failure::UnknownApplied);
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

    /// One whose disk holds a log that was made elsewhere.
    pub fn over_log(domain: Arc<Domain>, append: Append) -> Self {
        let mut store = MemoryStore::new();
        let written = store.write(vec![Write::Append(append)]);
        assert!(matches!(written.as_slice(), [Written::Durable(_)]), "{written:?}");
        Self::over(store, domain, opening(Ending::InOrder))
    }

    /// Another one with a copy of its disk.
    pub fn copied(&self, domain: Arc<Domain>, seal_key: Option<SealKey>) -> Self {
        let opening = Opening { seal_key, ..opening(Ending::InOrder) };
        Self { now: self.now, ..Self::over(self.store.copy(), domain, opening) }
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

    /// The other space refuses what it was asked for.
    pub fn refuse_errand(&mut self, key: Id) {
        self.handle(SpaceInput::ErrandEnded { key, ended: Ended::Refused });
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
        self.holds_back = None;
        for write in std::mem::take(&mut self.appends) {
            let written = self.store.write(vec![write]).remove(0);
            self.handle(SpaceInput::Appended(written));
        }
    }

    /// The mark that was held back reaches the disk.
    pub fn let_the_mark_pass(&mut self) {
        self.mark = Some(self.held_mark.take().expect("a mark is held back"));
        self.handle(SpaceInput::Marked { is_durable: true });
    }

    /// The mark that was held back cannot be written. Answers with what its command is told.
    pub fn fail_the_mark(&mut self) -> Option<AnswerCode> {
        self.held_mark.take().expect("a mark is held back");
        self.handle(SpaceInput::Marked { is_durable: false })
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
        let is_of_newer = self.devices_are_newer;
        self.handle(SpaceInput::Submit(Submission {
            session,
            actor,
            replica,
            parent,
            is_of_newer,
            answered_up_to,
            commands,
        }))
    }

    /// What somebody is told who sends their first command.
    pub fn told_to(&mut self, actor: ActorId, replica: ReplicaId, intent: Intent) -> ServerFrame {
        self.said.clear();
        let (space, at, value) = (SPACE, Position::START, 0);
        let entry = entry(1, CommandId(Id([0x71; 16])), intent);
        let (session, parent, answered_up_to) = (SessionId(6), None, 0);
        let is_of_newer = self.devices_are_newer;
        let submission =
            Submission { session, actor, replica, parent, is_of_newer, answered_up_to, commands: vec![entry] };
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
                let is_of_newer = self.devices_are_newer;
                SpaceInput::Submit(Submission {
                    session,
                    actor,
                    replica,
                    parent,
                    is_of_newer,
                    answered_up_to,
                    commands,
                })
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
                        if self.holds_back == Some(HeldBack::Appends) {
                            self.appends.push(write);
                            continue;
                        }
                        inputs.push(SpaceInput::Appended(self.store.write(vec![write]).remove(0)));
                    }
                    SpaceOutput::Mark(mark @ Some(_)) if self.holds_back == Some(HeldBack::Marks) => {
                        self.held_mark = mark;
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
                    SpaceOutput::Effects { effects, done } => {
                        self.effects.extend(effects);
                        self.effects_noted = Some(done);
                    }
                    SpaceOutput::CompactTexts(ripe) => self.ripe.push(ripe),
                    SpaceOutput::Members(_) => {}
                    SpaceOutput::Errand(sent) => self.errands.push(sent),
                    SpaceOutput::ErrandEnded { .. } => unreachable!("no other space asks"),
                    SpaceOutput::PolicyFailed { .. } => self.failed_policies += 1,
                }
            }
        }
        answer
    }
}
