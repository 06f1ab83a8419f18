//! What must hold in a world.

use std::collections::BTreeMap;

use super::device::{Device, looks_below, looks_of};
use super::{DeviceId, Journey, World};
use crate::commit::Head;
use crate::hash::StateHash;
use crate::protocol::ServerFrame;
use crate::record::Position;
use crate::replica::{PAUSE_MS_MAX, Replica};
use crate::space::Space;
use crate::state::text_change;
use crate::storage::{SpaceReader, StoredCommit, TextKey};
use crate::testing::audit;
use crate::text::TextDocument;
use crate::view::ViewKey;

impl World {
    /// What must hold whenever the world is quiet.
    pub fn check_invariants(&mut self) {
        let why = self.how_to_replay();
        self.check_log();
        let (head, _) = self.authority();
        let mut replayed = audit::replay(self.domain(), self.id, self.store.reader(self.id).as_ref());
        let saved = audit::saved_views_are(&mut replayed, self.store.reader(self.id).as_ref());
        assert!(saved.is_ok(), "at the authority {}; {why}", saved.unwrap_err());
        let space = self.space.as_mut().expect("the authority runs");
        let is_like = audit::is_like(&mut space.state, &mut replayed);
        assert!(is_like.is_ok(), "at the authority {}; {why}", is_like.unwrap_err());
        assert!(
            space.state.unexplained.is_empty(),
            "the authority says what took out {:?}; {why}",
            space.state.unexplained
        );
        for device in &mut self.devices {
            let Some(replica) = device.replica.as_mut() else { continue };
            assert_eq!(replica.confirmed(), head, "{} has the whole log; {why}", device.name);
            let unexplained = &replica.state.unexplained;
            assert!(unexplained.is_empty(), "{} knows what took out {unexplained:?}; {why}", device.name);
            // States are compared between equal versions.
            if device.version == self.version {
                let is_like = audit::is_like(&mut replica.state, &mut replayed);
                assert!(is_like.is_ok(), "at {} {}; {why}", device.name, is_like.unwrap_err());
                let saved = audit::saved_views_are(&mut replayed, device.store.reader(self.id).as_ref());
                assert!(saved.is_ok(), "at {} {}; {why}", device.name, saved.unwrap_err());
            }
            for (view, drawn) in &device.drawn {
                let is_current = *drawn == looks_of(replica, view);
                assert!(is_current, "a change of {view:?} was told at {}; {why}", device.name);
            }
            let Some(thin) = device.thin.as_ref().filter(|thin| !thin.is_ended()) else { continue };
            if device.version != self.version {
                continue;
            }
            let (shown, whole) = (thin.looks(), looks_below(&replica.state, thin.view(), 0));
            assert!(shown == whole, "{:?} shows at {} what it is; {why}", thin.view(), device.name);
        }
        self.check_texts();
        self.check_promises();
        self.check_order();
        self.check_refusals();
        self.check_discards();
        self.check_leftovers();
    }

    /// What nobody needs any more is held by nobody: memory is bounded by the log and by those who are there.
    fn check_leftovers(&self) {
        let why = self.how_to_replay();
        let half_open = self.journeys.values().filter_map(|journey| match journey {
            Journey::SessionEnds { session } => Some(*session),
            _ => None,
        });
        let sessions = self.devices.iter().filter_map(|device| device.session).chain(half_open).collect();
        let held = self.space.as_ref().map(|space| space.leftovers(&sessions)).unwrap_or_default();
        assert!(held.is_empty(), "the authority still holds {held:?}; {why}");
        for device in &self.devices {
            let held = device.replica.as_ref().map(Replica::leftovers).unwrap_or_default();
            assert!(held.is_empty(), "{} still holds {held:?}; {why}", device.name);
        }
    }

    /// No machine holds more than its limits let it, whatever is under way.
    pub(super) fn check_bounds(&self) {
        let beyond = self.space.as_ref().map(Space::beyond_bounds).unwrap_or_default();
        assert!(beyond.is_empty(), "the authority holds too many {beyond:?}; {}", self.how_to_replay());
        for device in &self.devices {
            let beyond = device.replica.as_ref().map(Replica::beyond_bounds).unwrap_or_default();
            assert!(beyond.is_empty(), "{} holds too many {beyond:?}; {}", device.name, self.how_to_replay());
        }
    }

    /// What a device shows is what all that waits there shows once it is decided anew, in its order: a rebase leaves out only what nothing has
    /// touched. One that goes back is about to open anew, and decides then; one whose store may have rotted may be unable to read.
    pub(in crate::testing) fn check_rebased(&mut self, device: DeviceId) {
        let Device { replica: Some(replica), store, .. } = &mut self.devices[device.0] else { return };
        if replica.is_going_back() || store.may_be_rotten() {
            return;
        }
        let before = optimistic(replica);
        let after = replica.decided_anew(optimistic);
        let differs = |view: &&ViewKey| before.get(*view) != after.get(*view);
        let differing: Vec<&ViewKey> = before.keys().chain(after.keys()).filter(differs).collect();
        assert!(
            differing.is_empty(),
            "{} shows {differing:?} otherwise than what waits there says; {}",
            self.devices[device.0].name,
            self.how_to_replay()
        );
    }

    /// Nobody waits longer than the authority has asked, however the clocks are set.
    pub(in crate::testing) fn check_pauses(&self) {
        for (at, device) in self.devices.iter().enumerate() {
            let now = self.time_of(DeviceId(at));
            let left = device.replica.as_ref().and_then(|replica| replica.pauses_for_ms(now));
            let (name, why) = (&device.name, self.how_to_replay());
            assert!(left.is_none_or(|ms| ms <= PAUSE_MS_MAX), "{name} waits for {left:?} ms; {why}");
        }
    }

    /// The files in which these words stand: logs, saved states and outboxes, of the authority and of the devices.
    pub fn where_is(&self, words: &str) -> Vec<String> {
        let holds = |bytes: &[u8]| bytes.windows(words.len()).any(|part| part == words.as_bytes());
        let in_store = |reader: &dyn SpaceReader| bytes_in(reader).iter().any(|bytes| holds(bytes));
        let authority = in_store(self.store.reader(self.id).as_ref()).then(|| "the authority".to_owned());
        let devices = self.devices.iter().flat_map(|device| {
            let store = in_store(device.store.reader(self.id).as_ref()).then(|| device.name.clone());
            let outbox = device.outbox.load(self.id).expect("what is durable can be read");
            let waits = outbox.rows.iter().any(|row| holds(&row.bytes));
            [store, waits.then(|| format!("the outbox of {}", device.name))].into_iter().flatten()
        });
        authority.into_iter().chain(devices).collect()
    }

    /// Every text reads as its changes in the log say, whatever was compacted, and wherever.
    fn check_texts(&self) {
        let reader = self.store.reader(self.id);
        let head = reader.head().expect("what is durable can be read");
        let stored = reader.commits(Position::START, head.position, usize::MAX).expect("what is durable can be read");
        let mut texts: BTreeMap<TextKey, TextDocument> = BTreeMap::new();
        for stored in stored {
            let commit = stored.open().expect("the log holds commits");
            for (key, change) in commit.events().filter_map(|record| text_change(self.domain(), record)) {
                texts.entry(key).or_default().apply(&change);
            }
        }
        let replicas = self.devices.iter().filter_map(|device| Some((device, device.replica.as_ref()?)));
        let states = replicas.map(|(device, replica)| (&*device.name, &replica.state, device.store.reader(self.id)));
        let authority = self.space.iter().map(|space| ("the authority", &space.state, self.store.reader(self.id)));
        for (name, state, reader) in states.chain(authority) {
            for (key, expected) in &texts {
                let rows = state.text_rows(reader.as_ref(), key).expect("what is durable can be read");
                let found = rows.open().expect("the rows of a text can be read");
                let read = |text: &TextDocument| (text.text(), text.skipped());
                assert_eq!(read(&found), read(expected), "{key:?} of {name}; {}", self.how_to_replay());
            }
        }
    }

    /// Each command has its effects in the log once, the numbers of each replica count without a gap, times rise, and so on.
    fn check_log(&self) {
        let commits = audit::commits(self.store.reader(self.id).as_ref());
        let found = audit::decided_once(&commits)
            .and_then(|()| audit::times_rise(&commits))
            .and_then(|()| audit::requirements_hold(&commits))
            .and_then(|()| self.recoveries.decided_nothing(&commits));
        assert!(found.is_ok(), "{}; {}", found.unwrap_err(), self.how_to_replay());
    }

    /// The end of the authority's log, and its state hash.
    pub fn authority(&mut self) -> (Head, StateHash) {
        let space = self.space.as_mut().expect("the authority runs");
        (space.durable(), space.state_hash().expect("a quiet space is durable"))
    }

    /// The state hash of the whole log, played from record 1 on nothing.
    pub fn replayed(&self) -> StateHash {
        audit::replay(self.domain(), self.id, self.store.reader(self.id).as_ref()).state_hash()
    }

    /// Every position that leaves the authority is the end of a commit (rule 4).
    pub(super) fn check_positions(&self, frame: &ServerFrame) {
        let positions = match frame {
            ServerFrame::Commits { after, upto, head, .. } => vec![after.position, upto.position, head.position],
            ServerFrame::ViewNews { after, upto, .. } => vec![*after, upto.position],
            ServerFrame::ViewStart { at, .. } | ServerFrame::SnapshotOffer { at, .. } => vec![at.position],
            _ => Vec::new(),
        };
        if self.store.may_be_rotten() {
            return;
        }
        let reader = self.store.reader(self.id);
        for position in positions.into_iter().filter(|position| *position > Position::START) {
            let commit = reader.commit_with(position).expect("what is durable can be read");
            let is_end = commit.is_some_and(|commit| commit.head.position == position);
            assert!(is_end, "{position} is not the end of a commit: {frame:?}; {}", self.how_to_replay());
        }
    }
}

/// The commits of a store, on both sides of a gap.
pub(super) fn commits_in(reader: &dyn SpaceReader) -> Vec<StoredCommit> {
    let behind_a_gap = reader.gap().expect("what is durable can be read").map(|gap| gap.base.position);
    let stretches = [Some(Position::START), behind_a_gap].into_iter().flatten();
    let read = |after| reader.commits(after, Position(u64::MAX), usize::MAX).expect("what is durable can be read");
    stretches.flat_map(read).collect()
}

/// What a store holds, as far as it can be read: its log, its saved states and its texts.
pub(super) fn bytes_in(reader: &dyn SpaceReader) -> Vec<Vec<u8>> {
    let commits = commits_in(reader);
    let rows = reader.rows(None, usize::MAX).expect("what is durable can be read");
    let texts = reader.texts(None, usize::MAX).expect("what is durable can be read");
    let commits = commits.iter().map(|stored| stored.bytes.to_vec());
    let rows = rows.iter().map(|(_, row)| row.bytes.to_vec());
    commits.chain(rows).chain(texts.iter().map(|(_, row)| row.bytes.to_vec())).collect()
}

/// What everything looks like that a waiting command has changed.
pub(in crate::testing) fn optimistic(replica: &mut Replica) -> BTreeMap<ViewKey, Vec<u8>> {
    let layer = replica.state.layers.top_mut();
    let entities = layer.entities.keys().map(ViewKey::of_stream);
    let keys: Vec<ViewKey> = entities.chain(layer.views.keys().cloned()).collect();
    keys.into_iter().map(|key| (key.clone(), looks_of(replica, &key))).collect()
}
