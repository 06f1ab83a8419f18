//! The authority of the project: its machine, and a disk that may take its time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use recordplayer::commit::{Commit, SealKey};
use recordplayer::errand::Ended;
use recordplayer::id::ReplicaId;
use recordplayer::protocol::ServerFrame;
use recordplayer::response::Response;
use recordplayer::space::{AllFree, Ending, Mark, Opening, Recovery, SessionId, Space, SpaceInput, SpaceOutput};
use recordplayer::storage::memory::MemoryStore;
use recordplayer::storage::{Store, Written};
use recordplayer::time::Timestamp;

use crate::project::{PUBLICATION, SPACE, domain, opened, store};

/// More outputs of one input would be an avalanche: nobody follows this project in more than a handful of ways.
const OUTPUTS_MAX: usize = 200;

/// What the authority said, and to whom.
#[derive(Debug)]
pub struct Said {
    pub sessions: Vec<SessionId>,
    pub frame: ServerFrame,
}

/// The machine of a space, and its disk, which may take its time.
#[derive(Debug)]
pub struct Authority {
    pub store: MemoryStore,
    pub space: Space,
    pub now: Timestamp,
    /// Whether writes wait until somebody calls [`Self::write_one`].
    pub is_slow: bool,
    waiting: VecDeque<SpaceOutput>,
    pub mark: Option<Mark>,
    /// Set where its store was restored.
    pub recovery: Option<Recovery>,
    /// The last number of each replica that was decided, be it on the disk or on its way there.
    pub numbers: BTreeMap<ReplicaId, u64>,
}

impl Authority {
    /// Opens what the store holds of the project.
    pub fn open(store: MemoryStore, after: Ending) -> Self {
        Self::open_in(None, store, after)
    }

    fn open_in(recovery: Option<Recovery>, store: MemoryStore, after: Ending) -> Self {
        let (seal_key, effects) = (Some(SealKey::new([8; 32])), None);
        let opening = Opening { salt_key: [7; 32], seal_key, recovery, effects, names: Arc::new(AllFree), after };
        let space = Space::open(domain(), SPACE, store.reader(SPACE), opening).expect("what was written is opened");
        let now = Timestamp(1_700_000_000_000);
        let log = opened(&*store.reader(SPACE));
        let numbers = log.iter().map(|commit| (commit.header.replica, commit.header.number)).collect();
        Self { store, space, now, is_slow: false, waiting: VecDeque::new(), mark: None, recovery, numbers }
    }

    /// The process dies, and another one takes over. What was on its way to the disk is lost.
    pub fn crash(&mut self) {
        let now = self.now;
        *self = Self::open_in(self.recovery, self.store.clone(), Ending::Crash { mark: self.mark });
        self.now = now;
    }

    /// The store is an older copy, and is open for what it has lost for so long.
    pub fn restore(&mut self, lasts_ms: i64) {
        let now = self.now;
        let recovery = Recovery::begin(PUBLICATION, now, lasts_ms, self.space.epoch());
        *self = Self::open_in(Some(recovery), store(), Ending::InOrder);
        self.now = now;
    }

    /// Gives the machine news and does its work; answers with what it says.
    pub fn handle(&mut self, input: SpaceInput) -> Vec<Said> {
        let mut said = Vec::new();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.space.handle(self.now, input);
            let mut outputs = 0;
            while let Some(output) = self.space.poll_output() {
                outputs += 1;
                assert!(outputs < OUTPUTS_MAX, "one input makes an avalanche");
                inputs.extend(self.work(output, &mut said));
            }
        }
        said
    }

    fn work(&mut self, output: SpaceOutput, said: &mut Vec<Said>) -> Option<SpaceInput> {
        if let SpaceOutput::Append(append) = &output {
            for commit in &append.commits {
                was_decided(commit);
                self.numbers.insert(commit.header.replica, commit.header.number);
            }
        }
        match output {
            SpaceOutput::Append(_) | SpaceOutput::Checkpoint(_) if self.is_slow => {
                self.waiting.push_back(output);
                None
            }
            SpaceOutput::Append(_) | SpaceOutput::Checkpoint(_) => Some(self.write(output)),
            SpaceOutput::Mark(mark) => {
                self.mark = mark;
                Some(SpaceInput::Marked { is_durable: true })
            }
            SpaceOutput::Send { session, frame } => {
                said.push(Said { sessions: vec![session], frame });
                None
            }
            SpaceOutput::FanOut { sessions, frame, .. } => {
                let frame = ServerFrame::decode(&frame).expect("what goes out is a frame");
                said.push(Said { sessions, frame });
                None
            }
            // There is no other space here.
            SpaceOutput::Errand(sent) => Some(SpaceInput::ErrandEnded { key: sent.key, ended: Ended::Refused }),
            SpaceOutput::Members(_)
            | SpaceOutput::CompactTexts(_)
            | SpaceOutput::Effects { .. }
            | SpaceOutput::ErrandEnded { .. }
            | SpaceOutput::PolicyFailed { .. } => None,
            SpaceOutput::Failed(error) => panic!("a space in memory is always read: {error}"),
        }
    }

    fn write(&mut self, output: SpaceOutput) -> SpaceInput {
        let is_append = matches!(output, SpaceOutput::Append(_));
        let write = output.into_write().expect("only writes wait");
        let written: Written = self.store.write(vec![write]).remove(0);
        if is_append { SpaceInput::Appended(written) } else { SpaceInput::Checkpointed(written) }
    }

    /// The disk has done what it was asked first.
    pub fn write_one(&mut self) -> Vec<Said> {
        match self.waiting.pop_front() {
            Some(output) => {
                let input = self.write(output);
                self.handle(input)
            }
            None => Vec::new(),
        }
    }

    pub fn is_writing(&self) -> bool {
        !self.waiting.is_empty()
    }
}

/// No command of the product makes `decide` or `play` fail, whoever sends it.
fn was_decided(commit: &Commit) {
    if let Some(response) = Response::of(commit) {
        assert_ne!(response.refused.code, "quarantined", "{}: {}", response.command, response.refused.message);
    }
}
