//! A device's copy of a project under an authority that says what it likes.
//!
//! Whatever comes, in whatever order: the machine goes on, what it holds is what its disk gives it after a restart, and what its person did is
//! in the outbox until the log holds it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, LazyLock};

use recordplayer::commit::{Commit, Head};
use recordplayer::hash::{Hash, StateHash};
use recordplayer::id::{CommandId, Id, ReplicaId};
use recordplayer::protocol::{AnswerCode, ClientFrame, Knowledge, ServerFrame, SnapshotRow};
use recordplayer::record::{Position, StreamId};
use recordplayer::replica::{Replica, ReplicaOutput, SaveToken, TextEdit, TextWork, Wish};
use recordplayer::space::{Ending, SessionId, SpaceInput};
use recordplayer::storage::memory::{MemoryOutbox, MemoryStore};
use recordplayer::storage::{OutboxStore, OutboxWrite, Store, Write, Written, compact_texts};
use recordplayer::time::Timestamp;
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;

use crate::authority::Authority;
use crate::project::{CARDS, FIRST, OWNER, SPACE, claims, command, domain, log, store, tampered, wish};
use crate::script::{Script, change_bytes};

const STEPS_MAX: usize = 60;
const MINE: ReplicaId = ReplicaId(Id([0x20; 16]));
/// More outputs of one step would be an avalanche.
const OUTPUTS_MAX: usize = 500;

/// What an honest authority says to somebody who joins: by records, and by a snapshot.
static FRAMES: LazyLock<Vec<ServerFrame>> = LazyLock::new(honest_frames);

/// The device: its machine, and its disk, which may take its time.
struct Device {
    store: MemoryStore,
    outbox: MemoryOutbox,
    replica: Replica,
    now: Timestamp,
    is_slow: bool,
    waiting: VecDeque<(SaveToken, Vec<Write>, Vec<OutboxWrite>)>,
    /// What the person wished for, and was told that it is done.
    wished: BTreeSet<CommandId>,
    /// Whether something came that takes commands out of the outbox and does not show in the log here.
    is_beyond_its_log: bool,
    is_damaged: bool,
}

pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let joined = if script.flag() { store() } else { MemoryStore::new() };
    let mut device = Device::open(joined, MemoryOutbox::new(), Timestamp(1_700_000_000_000));
    for _ in 0..STEPS_MAX {
        if script.is_over() {
            break;
        }
        step(&mut script, &mut device);
        device.work();
    }
    device.is_slow = false;
    while device.write_one() {
        device.work();
    }
    device.judge();
}

fn step(script: &mut Script<'_>, device: &mut Device) {
    match script.below(22) {
        0..=2 => device.hear(honest(script)),
        3 => device.hear(distorted(script)),
        4..=6 => device.hear(Some(commits(script, device))),
        7 => device.hear(ServerFrame::decode(script.bytes()).ok()),
        8 => device.hear(Some(answer(script, device))),
        9 => device.hear(Some(parted(script))),
        10 => device.hear(Some(ServerFrame::Ping { nonce: 0, heads: vec![(SPACE, head(script))] })),
        11 => snapshot(script, device),
        12..=14 => device.wish(script),
        15 => device.write_text(script),
        16 => device.reconsider(script),
        17 if script.flag() => device.replica.handle_connected(),
        17 => device.replica.handle_disconnected(),
        18 => {
            device.now = device.now.plus_ms(i64::from(script.byte()) * 1_000 - 60_000);
            device.replica.handle_wakeup(device.now);
        }
        19 => device.is_slow = script.flag(),
        20 => drop(device.write_one()),
        _ => device.restart(),
    }
}

impl Device {
    fn open(store: MemoryStore, outbox: MemoryOutbox, now: Timestamp) -> Self {
        let content = outbox.load(SPACE).expect("memory is read");
        let replica = Replica::open(domain(), SPACE, OWNER, store.reader(SPACE), content, MINE);
        Self {
            replica: replica.expect("what was saved is opened"),
            store,
            outbox,
            now,
            is_slow: false,
            waiting: VecDeque::new(),
            wished: BTreeSet::new(),
            is_beyond_its_log: false,
            is_damaged: false,
        }
    }

    /// The program ends, and is started again. What was on its way to the disk is lost.
    fn restart(&mut self) {
        let content = self.outbox.load(SPACE).expect("memory is read");
        let Ok(replica) = Replica::open(domain(), SPACE, OWNER, self.store.reader(SPACE), content, MINE) else {
            // A snapshot that holds what no reader takes. The driver sets the store aside.
            self.forget();
            return self.restart();
        };
        self.replica = replica;
        if !self.waiting.is_empty() {
            self.waiting.clear();
            self.wished.clear();
        }
    }

    /// The log here is dropped, to be fetched anew; the outbox stays.
    fn forget(&mut self) {
        self.waiting.clear();
        self.store.write(vec![Write::Forget { space: SPACE }]);
        self.is_beyond_its_log = true;
    }

    fn hear(&mut self, frame: Option<ServerFrame>) {
        self.replica.handle_frames(self.now, frame);
    }

    /// Does the machine's work.
    fn work(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.replica.poll_output() {
            outputs += 1;
            assert!(outputs < OUTPUTS_MAX, "one step makes an avalanche");
            match output {
                ReplicaOutput::Save { token, main, outbox } => {
                    self.waiting.push_back((token, main, outbox));
                    if !self.is_slow {
                        while self.write_one() {}
                    }
                }
                ReplicaOutput::Send(frame) => {
                    let bytes = frame.encode();
                    assert_eq!(ClientFrame::decode(&bytes), Ok(frame), "what is sent is a frame");
                }
                ReplicaOutput::CompactTexts(keys) => {
                    let mut store = self.store.clone();
                    let write = |write| matches!(store.write(vec![write])[..], [Written::Durable(_)]);
                    // A text that cannot be read is told by whoever looks at it.
                    drop(compact_texts(&*self.store.reader(SPACE), SPACE, &keys, write));
                }
                ReplicaOutput::WentBack { .. } | ReplicaOutput::Redacted => {
                    self.forget();
                    self.restart();
                }
                ReplicaOutput::Damaged(_) => {
                    self.is_damaged = true;
                    self.forget();
                    self.restart();
                }
                ReplicaOutput::Changed(_)
                | ReplicaOutput::AllChanged
                | ReplicaOutput::Met(_)
                | ReplicaOutput::AccessEnded
                | ReplicaOutput::Unavailable
                | ReplicaOutput::Parted { .. } => {}
            }
        }
    }

    /// The disk has done what it was asked first; false where there was nothing.
    fn write_one(&mut self) -> bool {
        let Some((token, main, outbox)) = self.waiting.pop_front() else { return false };
        let written = self.store.write(main);
        self.outbox.write(outbox).expect("memory takes all that is written");
        self.replica.handle_saved(token, &written);
        true
    }

    fn wish(&mut self, script: &mut Script<'_>) {
        let command = command(script);
        let intent = wish(script, self.replica.replica());
        let requires = (0..script.below(20).saturating_sub(17)).map(|_| self::command(script)).collect();
        let wish = Wish { claims: claims(script), requires, ..Wish::new(command, intent) };
        if let Ok(command) = self.replica.submit(self.now, wish) {
            self.wished.insert(command);
        }
    }

    fn write_text(&mut self, script: &mut Script<'_>) {
        let (command, text) = (command(script), script.text());
        let (position, delete) = (script.below(9), script.below(5));
        let work = match script.below(3) {
            0 => TextWork::Replace(&text),
            1 => TextWork::Edit { before: "Some words.", after: &text },
            _ => TextWork::Splice { position, delete, insert: &text },
        };
        let edit = TextEdit::<Card> {
            command,
            entity: CARDS[script.below(2)],
            claims: claims(script),
            work,
            make: |change| CardCommand::Describe { change },
        };
        drop(self.replica.edit_text(self.now, &edit));
    }

    /// The person takes something back, or tries it again.
    fn reconsider(&mut self, script: &mut Script<'_>) {
        let outbox: Vec<CommandId> = self.replica.outbox().map(|entry| entry.command).collect();
        let Some(command) = script.one_of(&outbox).copied() else { return };
        if script.flag() {
            if let Ok(gone) = self.replica.discard(command) {
                self.wished.retain(|wished| gone.iter().all(|entry| entry.command != *wished));
            }
        } else {
            let fresh = self::command(script);
            if self.replica.retry(self.now, command, fresh).is_ok() {
                // What is tried again has another id, and so has what was refused with it.
                self.wished.clear();
            }
        }
    }

    fn judge(&mut self) {
        let held = self.replica.confirmed();
        let waiting: BTreeSet<CommandId> = self.replica.outbox().map(|entry| entry.command).collect();
        if !self.is_beyond_its_log
            && let Ok(decided) = self.replica.known_among(&self.wished)
        {
            let lost = self.wished.iter().find(|wished| !waiting.contains(wished) && !decided.contains(wished));
            assert_eq!(lost, None, "what somebody did is nowhere");
        }
        let hash = self.replica.state_hash();
        self.restart();
        if !self.is_damaged && self.replica.confirmed() == held {
            assert_eq!(self.replica.state_hash(), hash, "the disk gives back what was played");
            let again: BTreeSet<CommandId> = self.replica.outbox().map(|entry| entry.command).collect();
            assert!(self.is_beyond_its_log || again == waiting, "the disk gives back what waits");
        }
    }
}

fn honest(script: &mut Script<'_>) -> Option<ServerFrame> {
    script.one_of(&FRAMES).cloned()
}

/// What an honest authority says, with some bytes of it changed on the way.
fn distorted(script: &mut Script<'_>) -> Option<ServerFrame> {
    let mut bytes = honest(script)?.encode();
    change_bytes(script, &mut bytes);
    ServerFrame::decode(&bytes).ok()
}

/// Commits that follow each other, and mostly what is here.
fn commits(script: &mut Script<'_>, device: &Device) -> ServerFrame {
    let log = log();
    let ours = device.replica.confirmed();
    let at = if script.byte() < 0xc0 { log.iter().position(|commit| commit.before() == ours.position) } else { None };
    let from = at.unwrap_or_else(|| script.below(log.len()));
    let after = log[..from].last().map_or(Head::START, Commit::head);
    let after = if script.byte() < 0xc0 && after.position == ours.position { ours } else { after };
    let count = 1 + script.below(log.len() - from);
    let commits = tampered(script, &log[from..from + count], after);
    let upto = commits.last().map_or(after, |commit| commit.head());
    let head = if script.flag() { upto } else { head(script) };
    let epoch = if script.byte() < 0xd0 { device.replica.epoch().max(1) } else { script.number() as u32 };
    let is_backfill = script.byte() >= 0xd0;
    let commits = commits.into_iter().map(|commit| Arc::clone(&commit.bytes)).collect();
    // Another state than its own makes a device fetch everything anew, as damage does.
    ServerFrame::Commits { space: SPACE, epoch, after, upto, commits, head, is_backfill, state: None }
}

fn answer(script: &mut Script<'_>, device: &Device) -> ServerFrame {
    let codes = [
        AnswerCode::Accepted,
        AnswerCode::Refused,
        AnswerCode::RetryAfter,
        AnswerCode::Expect,
        AnswerCode::WaitForUpgrade,
        AnswerCode::Answered,
        AnswerCode::Conflict,
    ];
    ServerFrame::Answer {
        space: SPACE,
        replica: if script.flag() { FIRST } else { device.replica.replica() },
        number: script.number(),
        code: codes[script.below(codes.len())],
        at: Position(script.number() / 2),
        value: script.number(),
    }
}

fn parted(script: &mut Script<'_>) -> ServerFrame {
    let places = (0..script.below(5)).map(|_| head(script)).collect();
    ServerFrame::Parted { space: SPACE, epoch: script.number() as u32, head: head(script), places }
}

/// A place of the log, or one that is nowhere.
fn head(script: &mut Script<'_>) -> Head {
    if script.flag() {
        return Head { position: Position(script.number() / 2), hash: Hash([script.byte(); 32]) };
    }
    script.one_of(log()).map_or(Head::START, Commit::head)
}

/// A snapshot whose rows are what the script says, under a sum that fits them: nobody but its author knows what they should be.
fn snapshot(script: &mut Script<'_>, device: &mut Device) {
    let offer = FRAMES.iter().find(|frame| matches!(frame, ServerFrame::SnapshotOffer { .. })).cloned();
    let Some(ServerFrame::SnapshotOffer { space, epoch, at, meta, .. }) = offer else { return };
    let mut meta = meta.to_vec();
    if script.flag() {
        change_bytes(script, &mut meta);
    }
    let mut rows = honest_rows();
    for _ in 0..=script.below(3) {
        let place = script.below(rows.len());
        match rows.get_mut(place) {
            Some(
                SnapshotRow::Replica { bytes, .. }
                | SnapshotRow::Newer { bytes, .. }
                | SnapshotRow::Model { bytes, .. }
                | SnapshotRow::View { bytes, .. }
                | SnapshotRow::Text { bytes, .. }
                | SnapshotRow::More { bytes },
            ) => {
                let mut changed = bytes.to_vec();
                change_bytes(script, &mut changed);
                *bytes = changed.into();
            }
            None => {}
        }
    }
    let mut state = StateHash::default();
    for row in &rows {
        if let SnapshotRow::Model { stream, bytes, .. } = row {
            state.add(&model_hash(stream, bytes));
        }
    }
    device.is_beyond_its_log = true;
    device.hear(Some(ServerFrame::SnapshotOffer { space, epoch, at, state, meta: meta.into() }));
    device.hear(Some(ServerFrame::SnapshotChunk { space, at, rows, cursor: None, from: None }));
}

/// The rows of the snapshot that an honest authority sends.
pub fn honest_rows() -> Vec<SnapshotRow> {
    FRAMES.iter().flat_map(rows_of).collect()
}

fn rows_of(frame: &ServerFrame) -> Vec<SnapshotRow> {
    match frame {
        ServerFrame::SnapshotChunk { rows, .. } => rows.clone(),
        _ => Vec::new(),
    }
}

/// The part that a model has in the sum of a state, as `docs/protocol.md` says.
fn model_hash(stream: &StreamId, model: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[stream.kind.len() as u8]);
    hasher.update(stream.kind.as_bytes()).update(stream.id.bytes()).update(model);
    Hash(*hasher.finalize().as_bytes())
}

fn honest_frames() -> Vec<ServerFrame> {
    let mut authority = Authority::open(store(), Ending::InOrder);
    let (session, actor) = (SessionId(1), OWNER);
    let knowledge = Knowledge { epoch: 0, head: Head::START };
    let mut frames = Vec::new();
    let mut hear = |authority: &mut Authority, input| {
        let said: Vec<ServerFrame> = authority.handle(input).into_iter().map(|said| said.frame).collect();
        frames.extend(said.iter().cloned());
        said
    };
    hear(&mut authority, SpaceInput::Subscribe { session, actor, knowledge });
    hear(&mut authority, SpaceInput::FetchCommits { session, actor, after: Position(0), upto: Position(9) });
    // A cursor that is none begins anew, with an offer.
    let at = authority.space.durable();
    let mut cursor = Some(b"none".to_vec());
    while cursor.is_some() {
        let is_first = cursor.as_deref() == Some(&b"none"[..]);
        let said = hear(&mut authority, SpaceInput::FetchSnapshot { session, actor, at, cursor: cursor.clone() });
        cursor = if is_first {
            hear(&mut authority, SpaceInput::FetchSnapshot { session, actor, at, cursor: None })
                .iter()
                .find_map(cursor_of)
        } else {
            said.iter().find_map(cursor_of)
        };
    }
    frames.push(ServerFrame::AccessEnded { space: SPACE, at: at.position, is_known: true });
    frames.push(ServerFrame::NoAccess { space: SPACE });
    frames.push(ServerFrame::Unavailable { space: SPACE });
    frames.push(ServerFrame::Ping { nonce: 1, heads: vec![(SPACE, at)] });
    frames
}

fn cursor_of(frame: &ServerFrame) -> Option<Vec<u8>> {
    match frame {
        ServerFrame::SnapshotChunk { cursor, .. } => cursor.clone(),
        _ => None,
    }
}
