//! The authority of a world: its lives, and what it hears and says.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::RngExt;

use super::{DeviceId, Journey, World};
use crate::commit::{Commit, SealKey};
use crate::protocol::{ClientFrame, ServerFrame};
use crate::record::Position;
use crate::space::{
    AllFree, Ending, OfferedTail, Opening, SessionId, Space, SpaceInput, SpaceOutput, Submission, Tail,
};
use crate::storage::Store;
use crate::storage::memory::Failure;

impl World {
    /// The authority stops at once; what was on its way to its disk is written or not.
    pub fn crash_authority(&mut self) {
        self.space = None;
        self.life += 1;
        for at in 0..self.devices.len() {
            self.disconnect(DeviceId(at));
        }
        let writes: Vec<_> = self.journeys.keys().copied().collect();
        let keeps = self.rng.random_bool(0.5);
        for at in writes {
            let Some(Journey::AuthorityWrite { .. }) = self.journeys.get(&at) else { continue };
            let Some(Journey::AuthorityWrite { write, .. }) = self.journeys.remove(&at) else { continue };
            if keeps {
                self.store.write(vec![write]);
            }
        }
    }

    /// Starts the authority, unless it runs.
    pub fn start_authority_again(&mut self) {
        if self.space.is_none() {
            self.start_authority();
        }
    }

    pub fn start_authority(&mut self) {
        let salt_key = *blake3::hash(&self.seed.to_be_bytes()).as_bytes();
        let reader = self.store.reader(self.id);
        // The first life begins in order, every later one after a crash.
        let after = if self.life == 0 { Ending::InOrder } else { Ending::Crash { mark: self.mark } };
        let (seal_key, recovery) = (Some(SealKey::new(salt_key)), self.recovery);
        let effects = Some(self.effects.done());
        let opening = Opening { salt_key, seal_key, recovery, effects, names: Arc::new(AllFree), after };
        let space = Space::open(Arc::clone(&self.domain), self.id, reader, opening);
        self.space =
            Some(space.unwrap_or_else(|error| panic!("the authority opens: {error}; {}", self.how_to_replay())));
        for at in 0..self.devices.len() {
            self.reconnect_soon(DeviceId(at));
        }
    }

    /// The whole log, as it is on the authority's disk.
    pub fn log(&self) -> Vec<Commit> {
        let reader = self.store.reader(self.id);
        let head = reader.head().expect("memory can be read");
        let stored = reader.commits(Position::START, head.position, usize::MAX).expect("memory can be read");
        let opened = stored.into_iter().map(|stored| Commit::open(stored.bytes, &stored.previous));
        opened.collect::<Result<_, _>>().expect("the log holds commits")
    }

    /// The next write of the authority's store meets this failure.
    pub fn fail_next_append(&mut self, failure: Failure) {
        self.store.fail_next(failure);
    }

    pub(super) fn authority_receives(&mut self, device: DeviceId, session: SessionId, bytes: &[u8]) {
        let actor = self.devices[device.0].actor;
        let input = match ClientFrame::decode(bytes).expect("devices send frames") {
            ClientFrame::Subscribe { knowledge, .. } => SpaceInput::Subscribe { session, actor, knowledge },
            ClientFrame::Submit { replica, parent, answered_up_to, commands, .. } => {
                SpaceInput::Submit(Submission { session, actor, replica, parent, answered_up_to, commands })
            }
            ClientFrame::FetchSnapshot { at, cursor, .. } => SpaceInput::FetchSnapshot { session, actor, at, cursor },
            ClientFrame::FetchCommits { after, upto, .. } => SpaceInput::FetchCommits { session, actor, after, upto },
            ClientFrame::SubscribeView { view, after, .. } => SpaceInput::SubscribeView { session, actor, view, after },
            ClientFrame::OfferTail { place, seal, .. } => SpaceInput::OfferTail(OfferedTail { session, place, seal }),
            ClientFrame::BringTail { after, commits, .. } => SpaceInput::BringTail(Tail { session, after, commits }),
            ClientFrame::Unsubscribe { view, .. } => SpaceInput::Unsubscribe { session, view },
            ClientFrame::Hello { .. }
            | ClientFrame::Publish { .. }
            | ClientFrame::Ping { .. }
            | ClientFrame::Pong { .. }
            | ClientFrame::FindPerson { .. } => return,
        };
        self.tell_authority(input);
    }

    pub(super) fn tell_authority(&mut self, input: SpaceInput) {
        let now = self.now.plus_ms(self.clock_ms);
        let Some(space) = self.space.as_mut() else { return };
        space.handle(now, input);
        let outputs: Vec<SpaceOutput> = std::iter::from_fn(|| space.poll_output()).collect();
        let mut lagging = BTreeMap::new();
        for output in outputs {
            match output {
                SpaceOutput::Send { session, frame } => {
                    self.check_access(session, &frame);
                    self.deliver_to_device(session, frame.encode().into());
                }
                SpaceOutput::FanOut { sessions, after, frame } => {
                    let told = ServerFrame::decode(&frame).expect("the authority sends frames");
                    for session in sessions {
                        self.check_access(session, &told);
                        let is_full = self.faults.lagging > 0 && self.rng.random_ratio(self.faults.lagging, 100);
                        if is_full || lagging.contains_key(&session) {
                            lagging.entry(session).or_insert(after);
                        } else {
                            self.deliver_to_device(session, Arc::clone(&frame));
                        }
                    }
                }
                SpaceOutput::Append(_) | SpaceOutput::Checkpoint(_) => {
                    let write = output.into_write().expect("an append or a checkpoint is a write");
                    // One writer: what is written later is on disk later.
                    let at = self.last_write_at.max(self.now).plus_ms(self.rng.random_range(0..5));
                    self.last_write_at = at;
                    self.travel_at(at, Journey::AuthorityWrite { life: self.life, write });
                }
                SpaceOutput::Mark(mark) => {
                    let ms = self.rng.random_range(0..5);
                    self.travel(ms, Journey::AuthorityMark { life: self.life, mark });
                }
                SpaceOutput::Effects { effects, done } => {
                    self.effects.carry_out(effects);
                    let ms = self.rng.random_range(0..5);
                    self.travel(ms, Journey::EffectsNoted { life: self.life, done });
                }
                SpaceOutput::PolicyFailed { policy, record } => {
                    panic!("{policy} fails over {record}; {}", self.how_to_replay());
                }
                SpaceOutput::Members(_) | SpaceOutput::CompactTexts(_) => {}
                SpaceOutput::Failed(error) => panic!("the authority fails: {error}; {}", self.how_to_replay()),
            }
        }
        for (session, after) in lagging {
            self.tell_authority(SpaceInput::Lagging { session, after });
        }
    }
}
