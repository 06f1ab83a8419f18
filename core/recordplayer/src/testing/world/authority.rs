//! The authority of a world: its lives, and what it hears and says.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::RngExt;

use super::{Closing, DeviceId, Journey, NotOpened, World};
use crate::commit::{Commit, SealKey};
use crate::errand::Ended;
use crate::protocol::{ClientFrame, ServerFrame};
use crate::record::Position;
use crate::space::{
    AllFree, Ending, OfferedTail, Opening, SessionId, Space, SpaceInput, SpaceOutput, Submission, Tail,
};
use crate::storage::memory::Failure;
use crate::storage::{StoredCommit, Write, Written};

impl World {
    /// The authority stops at once; of what was on its way to its disk the first writes are done, and the others are not.
    pub fn crash_authority(&mut self) {
        self.end_life_of_authority();
        let writes = self.writes_on_their_way();
        let done = self.rng.random_range(0..=writes.len());
        for write in writes.into_iter().take(done) {
            self.recoveries.note(&write);
            self.store.write(vec![write]);
        }
        self.store.close(Closing::AtOnce);
    }

    /// The authority ends because it was asked to: it saves, and closes its store.
    pub fn stop_authority(&mut self) {
        self.tell_authority(SpaceInput::Evict);
        // What is written is answered, and may ask for more.
        while self.space.is_some() {
            let mut writes = self.writes_on_their_way().into_iter();
            let Some(write) = writes.next() else { break };
            for later in writes {
                self.travel(0, Journey::AuthorityWrite { life: self.life, write: later });
            }
            self.authority_writes(write);
        }
        // Its disk may have failed meanwhile.
        if self.space.is_some() {
            self.end_life_of_authority();
            self.ended_in_order = true;
            self.mark = None;
            self.store.close(Closing::InOrder);
        }
    }

    fn end_life_of_authority(&mut self) {
        self.space = None;
        self.life += 1;
        for at in 0..self.devices.len() {
            self.disconnect(DeviceId(at));
        }
    }

    fn writes_on_their_way(&mut self) -> Vec<Write> {
        let on_their_way = self.journeys.extract_if(.., |_, journey| matches!(journey, Journey::AuthorityWrite { .. }));
        let write = |(_, journey)| if let Journey::AuthorityWrite { write, .. } = journey { Some(write) } else { None };
        on_their_way.filter_map(write).collect()
    }

    /// Starts the authority, unless it runs.
    pub fn start_authority_again(&mut self) {
        if self.space.is_none() {
            self.start_authority();
        }
    }

    /// Starts the authority. Where its disk does not let it, it is tried again later; where its store has rotted, its admin restores the backup.
    pub fn start_authority(&mut self) {
        match self.store.open() {
            Ok(()) => {}
            Err(NotOpened::Failed(_)) => {
                self.disks.failures += 1;
                return self.look_after_authority_later();
            }
            Err(NotOpened::Damaged(why)) => return self.authority_is_damaged(&why),
        }
        let salt_key = *blake3::hash(&self.seed.to_be_bytes()).as_bytes();
        let reader = self.store.reader(self.id);
        let ended_in_order = std::mem::take(&mut self.ended_in_order);
        let after = if ended_in_order { Ending::InOrder } else { Ending::Crash { mark: self.mark } };
        let (seal_key, recovery) = (Some(SealKey::new(salt_key)), self.recovery);
        let effects = Some(self.effects.done());
        let opening = Opening { salt_key, seal_key, recovery, effects, names: Arc::new(AllFree), after };
        match Space::open(Arc::clone(self.domain()), self.id, reader, opening) {
            Ok(space) => self.space = Some(space),
            Err(error) => return self.authority_is_damaged(&error.to_string()),
        }
        for at in 0..self.devices.len() {
            self.reconnect_soon(DeviceId(at));
        }
    }

    /// Whoever started the authority sees to it again in a while.
    fn look_after_authority_later(&mut self) {
        let ms = self.rng.random_range(1_000..3_000);
        self.travel(ms, Journey::StartAuthority { life: self.life });
    }

    /// What the authority's store says is not what was written to it: that is told, and nothing of it is served any more.
    fn authority_is_damaged(&mut self, why: &str) {
        assert!(self.store.may_be_rotten(), "the authority opens and reads its store: {why}; {}", self.how_to_replay());
        self.crash_authority();
        self.look_after_authority_later();
    }

    /// One write of the running authority.
    pub(super) fn authority_writes(&mut self, write: Write) {
        let is_checkpoint = matches!(write, Write::Checkpoint(_));
        self.recoveries.note(&write);
        let unknown = || Written::Unknown("the store did not answer".to_owned());
        let written = match self.next_failure.take() {
            Some(Failure::UnknownLost) => unknown(),
            Some(Failure::Fenced) => self.store.reader(self.id).head().map_or_else(|_| unknown(), Written::Fenced),
            failure @ (Some(Failure::UnknownApplied) | None) => {
                let written = self.store.write(vec![write]).pop().expect("one answer for one write");
                if matches!(written, Written::Unknown(_)) {
                    return self.disk_of_authority_fails();
                }
                if failure.is_some() { unknown() } else { written }
            }
        };
        if is_checkpoint {
            self.compact_at_random(None);
        }
        self.tidy_at_random(None);
        if !self.store.has_power() {
            return self.disk_of_authority_fails();
        }
        self.tell_authority(if is_checkpoint {
            SpaceInput::Checkpointed(written)
        } else {
            SpaceInput::Appended(written)
        });
    }

    /// After a write whose outcome the disk did not tell, the authority ends, and whoever started it starts it again.
    pub(super) fn disk_of_authority_fails(&mut self) {
        self.disks.failures += 1;
        self.crash_authority();
        if self.store.has_power() {
            self.ended_in_order = true;
            self.mark = None;
        }
        self.look_after_authority_later();
    }

    /// The whole log, as it is on the authority's disk.
    pub fn log(&self) -> Vec<Commit> {
        let reader = self.store.reader(self.id);
        let head = reader.head().expect("what is durable can be read");
        let stored = reader.commits(Position::START, head.position, usize::MAX).expect("what is durable can be read");
        let opened = stored.iter().map(StoredCommit::open);
        opened.collect::<Result<_, _>>().expect("the log holds commits")
    }

    /// The next write of the authority's store meets this failure.
    pub fn fail_next_append(&mut self, failure: Failure) {
        self.next_failure = Some(failure);
    }

    pub(super) fn authority_receives(&mut self, device: DeviceId, session: SessionId, bytes: &[u8]) {
        let actor = self.devices[device.0].actor;
        let frame = ClientFrame::decode(bytes).expect("devices send frames");
        self.note_client_frame(device, session, &frame);
        let input = match frame {
            ClientFrame::Subscribe { knowledge, .. } => SpaceInput::Subscribe { session, actor, knowledge },
            ClientFrame::Submit { replica, parent, answered_up_to, commands, .. } => {
                let is_of_newer = self.devices[device.0].version > self.version;
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
            ClientFrame::FetchSnapshot { at, cursor, .. } => SpaceInput::FetchSnapshot { session, actor, at, cursor },
            ClientFrame::FetchCommits { after, upto, .. } => SpaceInput::FetchCommits { session, actor, after, upto },
            ClientFrame::SubscribeView { view, after, .. } => SpaceInput::SubscribeView { session, actor, view, after },
            ClientFrame::OfferTail { place, seal, epoch, follows, .. } => {
                SpaceInput::OfferTail(OfferedTail { session, place, seal, epoch, follows })
            }
            ClientFrame::BringTail { after, commits, redactions, .. } => {
                SpaceInput::BringTail(Tail { session, after, commits, redactions })
            }
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
        let was_rebuilding = space.rebuilding().is_some();
        space.handle(now, input);
        self.reached.views_remade += u64::from(was_rebuilding && space.rebuilding().is_none());
        let outputs: Vec<SpaceOutput> = std::iter::from_fn(|| space.poll_output()).collect();
        let (mut lagging, mut refused) = (BTreeMap::new(), Vec::new());
        for output in outputs {
            match output {
                SpaceOutput::Send { session, frame } => {
                    self.check_access(session, &frame);
                    self.note_server_frame(&frame);
                    self.deliver_to_device(session, frame.encode().into());
                }
                SpaceOutput::FanOut { sessions, after, frame } => {
                    let told = ServerFrame::decode(&frame).expect("the authority sends frames");
                    self.note_server_frame(&told);
                    for session in sessions {
                        self.check_access(session, &told);
                        let lags = self.line_of(session).lagging;
                        let is_full = lags > 0 && self.rng.random_ratio(lags, 100);
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
                    self.reached.cares_ended += u64::from(mark.is_none());
                    let ms = self.rng.random_range(0..5);
                    self.travel(ms, Journey::AuthorityMark { life: self.life, mark });
                }
                SpaceOutput::Effects { effects, done } => {
                    self.effects.carry_out(effects);
                    let ms = self.rng.random_range(0..5);
                    self.travel(ms, Journey::EffectsNoted { life: self.life, done });
                }
                // There is no other space here.
                SpaceOutput::Errand(sent) => refused.push(sent.key),
                SpaceOutput::ErrandEnded { .. } => unreachable!("nobody asks"),
                SpaceOutput::PolicyFailed { policy, record } => {
                    panic!("{policy} fails over {record}; {}", self.how_to_replay());
                }
                SpaceOutput::Members(_) | SpaceOutput::CompactTexts(_) => {}
                SpaceOutput::Failed(error) => return self.authority_is_damaged(&error.to_string()),
            }
        }
        for (session, after) in lagging {
            self.tell_authority(SpaceInput::Lagging { session, after });
        }
        for key in refused {
            self.tell_authority(SpaceInput::ErrandEnded { key, ended: Ended::Refused });
        }
    }
}
