//! The authority of a project under clients that do what they like.
//!
//! Whatever they send, in whatever order: the machine goes on, its log is whole and decides each command once, what is played from it is what
//! it holds, and who is no member reads nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use recordplayer::commit::{Commit, Head};
use recordplayer::id::{ActorId, Id, ReplicaId};
use recordplayer::limits::FRAME_BYTES_MAX;
use recordplayer::protocol::{CommandEntry, Knowledge, PublishEnd, SealedCommit, ServerFrame};
use recordplayer::record::{Position, Seen};
use recordplayer::space::{Ending, OfferedTail, Publication, Recovery, SessionId, SpaceInput, Tail};
use recordplayer::storage::memory::{Failure, MemoryStore};
use recordplayer::storage::{Append, Store, Write, Written};
use recordplayer::view::{Key, ViewKey};
use recordplayer_kanban::Card;
use recordplayer_kanban::view::{ActivityView, BoardView, CardView};

use crate::authority::{Authority, Said};
use crate::project::{
    BOARD, CARDS, FIRST, OWNER, PUBLICATION, SPACE, STRANGER, WORKER, claims, command, entry, log, log_given_away,
    lost_log, opened, store, submission, tampered, wish,
};
use crate::script::{Script, change_bytes};

const STEPS_MAX: usize = 60;
/// Who sits at which line.
const LINES: [ActorId; 5] = [OWNER, WORKER, ActorId(Id([4; 16])), STRANGER, OWNER];
const REPLICAS: [ReplicaId; 4] =
    [FIRST, ReplicaId(Id([0x11; 16])), ReplicaId(Id([0x12; 16])), ReplicaId(Id([0x13; 16]))];

pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let store = if script.flag() { store() } else { MemoryStore::new() };
    let mut authority = Authority::open(store, Ending::InOrder);
    let mut heard = Vec::new();
    for _ in 0..STEPS_MAX {
        if script.is_over() {
            break;
        }
        let said = step(&mut script, &mut authority, &heard);
        judge(&said, &authority);
        heard.extend(said.into_iter().map(|said| said.frame));
    }
    authority.is_slow = false;
    while authority.is_writing() {
        let said = authority.write_one();
        judge(&said, &authority);
    }
    judge_log(&mut authority);
}

fn step(script: &mut Script<'_>, authority: &mut Authority, heard: &[ServerFrame]) -> Vec<Said> {
    let line = script.below(LINES.len());
    let (session, actor) = (SessionId(line as u64), LINES[line]);
    let input = match script.below(24) {
        0..=4 => SpaceInput::Submit(submit(script, authority, session, actor)),
        5 => SpaceInput::Subscribe { session, actor, knowledge: knowledge(script, authority) },
        6 => {
            let after = script.flag().then(|| knowledge(script, authority));
            SpaceInput::SubscribeView { session, actor, view: view(script), after }
        }
        7 => SpaceInput::Unsubscribe { session, view: script.flag().then(|| view(script)) },
        8 => {
            let (at, cursor) = (knowledge(script, authority).head, cursor(script, heard));
            SpaceInput::FetchSnapshot { session, actor, at, cursor }
        }
        9 => {
            let (after, upto) = (Position(script.number()), Position(script.number()));
            SpaceInput::FetchCommits { session, actor, after, upto }
        }
        10 => SpaceInput::Pull { session },
        11 => SpaceInput::Lagging { session, after: Position(script.number()) },
        12 => SpaceInput::Gone { session },
        13 => {
            let commits = tampered(script, log_given_away(), Head::START);
            let commits = commits.into_iter().map(|commit| commit.bytes.clone()).collect();
            let end = if script.flag() { PublishEnd::Rehearse } else { PublishEnd::TakeOn };
            SpaceInput::Publish(Publication { session, actor, publication: PUBLICATION, end, commits })
        }
        14 => {
            authority.now = authority.now.plus_ms(i64::from(script.byte()) * 1_000 - 60_000);
            SpaceInput::Wakeup
        }
        15 => SpaceInput::Evict,
        16 => {
            let failures = [Failure::UnknownApplied, Failure::UnknownLost, Failure::Fenced];
            authority.store.fail_next(failures[script.below(failures.len())]);
            SpaceInput::Wakeup
        }
        17 => {
            authority.crash();
            SpaceInput::Wakeup
        }
        18 => {
            authority.is_slow = script.flag();
            SpaceInput::Wakeup
        }
        19 => {
            authority.restore(if script.flag() { 60_000 } else { 0 });
            SpaceInput::Wakeup
        }
        20 => {
            let recovery = authority.recovery.unwrap_or_else(|| Recovery::begin(PUBLICATION, authority.now, 0, 1));
            SpaceInput::Reopen { recovery }
        }
        21 => SpaceInput::OfferTail(offered(script, session)),
        22 => SpaceInput::BringTail(tail(script, authority, session)),
        _ => return authority.write_one(),
    };
    authority.handle(input)
}

fn submit(
    script: &mut Script<'_>,
    authority: &Authority,
    session: SessionId,
    actor: ActorId,
) -> recordplayer::space::Submission {
    let replica = REPLICAS[script.below(REPLICAS.len())];
    let decided = last_number(authority, replica);
    let command_entry = |script: &mut Script<'_>, at: u64| -> CommandEntry {
        let number = if script.byte() < 0xe0 { decided + 1 + at } else { script.number() };
        let command = command(script);
        let intent = wish(script, replica);
        let requires = (0..script.below(20).saturating_sub(16)).map(|_| self::command(script)).collect();
        let seen = Seen { epoch: script.below(4) as u32, position: Position(script.number()) };
        let follows = (script.byte() < 0x20).then(|| self::command(script));
        CommandEntry { claims: claims(script), requires, seen, follows, ..entry(number, command, intent) }
    };
    let commands = (0..=script.byte() % 3).map(|at| command_entry(script, u64::from(at))).collect();
    let mut submission = submission(session, actor, replica, commands);
    submission.answered_up_to = if script.flag() { script.number() } else { 0 };
    submission.parent = script.flag().then(|| REPLICAS[script.below(REPLICAS.len())]);
    submission
}

/// A place of what an older copy has lost, mostly with the seal that was given to it.
fn offered(script: &mut Script<'_>, session: SessionId) -> OfferedTail {
    let commit = script.one_of(lost_log()).expect("something is lost");
    let mut seal = commit.seal.expect("each append is sealed");
    let (mut place, mut epoch) = (commit.head(), commit.header.epoch);
    match script.below(8) {
        0 => seal.0.0[script.below(16)] ^= 1,
        1 => place.position = Position(script.number()),
        2 => epoch = script.number() as u32,
        _ => {}
    }
    OfferedTail { session, place, seal, epoch, follows: script.flag() }
}

/// Some of what an older copy has lost, mostly from where that ends, and mostly as it was.
fn tail(script: &mut Script<'_>, authority: &Authority, session: SessionId) -> Tail {
    let after = if script.byte() < 0xe0 { authority.space.durable() } else { knowledge(script, authority).head };
    let follows = lost_log().iter().filter(|commit| commit.before() >= after.position);
    let mut commits: Vec<Arc<[u8]>> = follows.take(script.below(16)).map(|commit| Arc::clone(&commit.bytes)).collect();
    if script.byte() < 0x20 && !commits.is_empty() {
        let whom = script.below(commits.len());
        let mut bytes = commits[whom].to_vec();
        change_bytes(script, &mut bytes);
        commits[whom] = bytes.into();
    }
    let of_redaction = lost_log().windows(2).find(|pair| pair[1].is_redaction());
    let sealed =
        of_redaction.map(|pair| SealedCommit { previous: pair[0].head().hash, commit: Arc::clone(&pair[1].bytes) });
    Tail { session, after, commits, redactions: sealed.filter(|_| script.flag()).into_iter().collect() }
}

/// The last number of the replica that the log holds: so that the next one is mostly guessed right.
fn last_number(authority: &Authority, replica: ReplicaId) -> u64 {
    authority.numbers.get(&replica).copied().unwrap_or(0)
}

fn knowledge(script: &mut Script<'_>, authority: &Authority) -> Knowledge {
    let head = match script.below(4) {
        0 => Head::START,
        1 => authority.space.durable(),
        2 => script.one_of(log()).map_or(Head::START, Commit::head),
        _ => Head { position: Position(script.number()), ..Head::START },
    };
    Knowledge { epoch: if script.flag() { script.number() as u32 } else { 1 }, head }
}

fn view(script: &mut Script<'_>) -> ViewKey {
    match script.below(5) {
        0 => ViewKey::of::<BoardView>(BOARD),
        1 => ViewKey::of::<CardView>(CARDS[0]),
        2 => ViewKey::of::<ActivityView>(Key::whole_space()),
        3 => ViewKey::entity::<Card>(CARDS[1]),
        _ => ViewKey::of::<BoardView>(Key::text(&script.text())),
    }
}

/// A cursor that the machine gave to somebody, or something like it.
fn cursor(script: &mut Script<'_>, heard: &[ServerFrame]) -> Option<Vec<u8>> {
    let given = heard.iter().rev().find_map(|frame| match frame {
        ServerFrame::SnapshotChunk { cursor, .. } => cursor.clone(),
        _ => None,
    });
    match script.below(4) {
        0 => None,
        1 => Some(script.bytes().to_vec()),
        2 => given,
        _ => given.map(|mut cursor| {
            change_bytes(script, &mut cursor);
            cursor
        }),
    }
}

/// Each frame fits a line, and says nothing to a stranger.
fn judge(said: &[Said], authority: &Authority) {
    // Whoever founds a project, or brings one, is no stranger to it.
    let is_strange = !authority.space.members().was_member(STRANGER);
    for Said { sessions, frame } in said {
        assert!(frame.encode().len() <= FRAME_BYTES_MAX);
        let to_stranger = sessions.iter().any(|session| LINES[session.0 as usize] == STRANGER);
        let tells_nothing = matches!(
            frame,
            ServerFrame::NoAccess { .. }
                | ServerFrame::Answer { .. }
                | ServerFrame::Published { .. }
                | ServerFrame::NotPublished { .. }
                // Where the log ends, to who has proved to have had more.
                | ServerFrame::WantTail { .. }
                // While it is being recovered nobody knows who belongs there.
                | ServerFrame::Unavailable { .. }
        );
        assert!(!(to_stranger && is_strange) || tells_nothing, "a stranger hears {frame:?}");
    }
}

/// Each command was decided once, and the log says what the machine holds.
fn judge_log(authority: &mut Authority) {
    let log = opened(&*authority.store.reader(SPACE));
    let is_of_project = log.first().is_some_and(|first| first.head() == lost_log()[0].head());
    // A restored project holds nothing of the time before but what it had, as it was.
    if is_of_project && authority.recovery.is_some() {
        for commit in log.iter().filter(|commit| commit.header.epoch == 1) {
            let was_lost = lost_log().iter().any(|lost| lost.head() == commit.head());
            assert!(was_lost, "record {} comes from nowhere", commit.header.first);
        }
    }
    let mut numbers: BTreeMap<ReplicaId, u64> = BTreeMap::new();
    for commit in &log {
        let last = numbers.insert(commit.header.replica, commit.header.number);
        let is_published = commit.header.epoch == 1 && authority.space.epoch() > 1;
        assert!(is_published || commit.header.number == last.unwrap_or(0) + 1, "numbers count up from 1");
    }
    let mut copy = MemoryStore::new();
    if let Some(last) = log.last() {
        let epoch = last.header.epoch;
        let commits = log.into_iter().map(Into::into).collect();
        let append = Append::new(SPACE, epoch, Head::START, commits);
        let written = copy.write(vec![Write::Append(append)]);
        assert!(matches!(written[..], [Written::Durable(_)]));
    }
    let mut replayed = Authority::open(copy, Ending::InOrder);
    if let Some(hash) = authority.space.state_hash() {
        assert_eq!(replayed.space.state_hash(), Some(hash), "the state is what the log says");
    }
    assert_eq!(replayed.space.members(), authority.space.members());
}
