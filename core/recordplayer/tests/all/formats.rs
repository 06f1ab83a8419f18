//! The formats, byte for byte: what was written once must be read for ever. `RECORDPLAYER_GOLDEN=write` writes the files anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use recordplayer::claims::Claims;
use recordplayer::commit::{Commit, Draft, Head, Header, Seal, SealKey};
use recordplayer::hash::{Hash, StateHash};
use recordplayer::id::{ActId, ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::limits::COMMIT_BYTES_MAX;
use recordplayer::membership::{Membership, MembershipEvent};
use recordplayer::name::Name;
use recordplayer::protocol::{
    AnswerCode, ClientFrame, CommandEntry, Goodbye, Knowledge, MySpace, PublishEnd, SealedCommit, ServerFrame,
    SnapshotRow, StateMark, ViewItem,
};
use recordplayer::record::{Payload, Position, RecordKind, Seen, StreamId};
use recordplayer::testing::golden;
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, ViewKey};

fn id(n: u8) -> Id {
    Id([n; 16])
}

fn stream() -> StreamId {
    StreamId { kind: Name::of("card"), id: id(0xc1) }
}

/// Compares with the golden file, or writes it.
fn golden_file(name: &str, bytes: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.hex"));
    let hex = data_encoding::HEXLOWER.encode(bytes);
    let lines: Vec<String> = hex.as_bytes().chunks(96).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let text = lines.join("\n") + "\n";
    if std::env::var_os("RECORDPLAYER_GOLDEN").is_some() {
        std::fs::write(&path, &text).expect("the golden file can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(found, text, "{} holds other bytes than the program writes", path.display());
}

fn header() -> Header {
    Header {
        space: SpaceId(id(0x51)),
        epoch: 1,
        first: Position(41),
        time: Timestamp(1_700_000_000_000),
        actor: ActorId(id(0xa1)),
        replica: ReplicaId(id(0x41)),
        number: 7,
        command: CommandId(id(0xd1)),
        answered_up_to: 5,
        claims: Claims::of_act(ActId(id(0xe1))),
        parent: None,
        requires: vec![CommandId(id(0xd0))],
        domain_version: 1,
        over: vec![Position(39)],
        trigger: Some(Position(40)),
        errand: Some(SpaceId(id(0x52))),
    }
}

fn draft(kind: RecordKind, name: &'static str, payload: &[u8]) -> Draft {
    Draft { kind, stream: stream(), name: Name::of(name), payload: payload.into() }
}

fn commit() -> Commit {
    // {"title": "Ab"} twice, then {"to": 3} on the same stream.
    let title = [0xa1, 0x65, 0x74, 0x69, 0x74, 0x6c, 0x65, 0x62, 0x41, 0x62];
    let drafts = vec![
        draft(RecordKind::Command, "card.rename", &title),
        draft(RecordKind::Event, "card.renamed", &title),
        draft(RecordKind::Event, "card.moved", &[0xa1, 0x62, 0x74, 0x6f, 0x03]),
    ];
    Commit::new(header(), drafts, &Hash([9; 32]), |index| [index as u8; 16]).expect("a small commit")
}

#[test]
fn a_commit_has_the_bytes_of_the_golden_file_and_its_chain() {
    let commit = commit();
    golden_file("commit", &commit.bytes);
    golden_file("commit.hash", &commit.hash.0);
    let opened = Commit::open(Arc::clone(&commit.bytes), &Hash([9; 32])).unwrap();
    assert_eq!((opened.hash, &opened.header, opened.head()), (commit.hash, &commit.header, commit.head()));
    assert_eq!(opened.records.len(), 3);
    assert_eq!(
        opened.records[1].payload, opened.records[0].payload,
        "an event with its command's payload costs one byte"
    );
}

#[test]
fn a_seal_is_the_authoritys_and_changes_nothing_else() {
    let (commit, key) = (commit(), SealKey::new([4; 32]));
    let sealed = commit.sealed(&key);
    golden_file("commit.sealed", &sealed.bytes);
    let opened = Commit::open(Arc::clone(&sealed.bytes), &Hash([9; 32])).unwrap();
    assert_eq!((opened.hash, opened.head(), opened.seal), (commit.hash, commit.head(), sealed.seal));
    let seal = opened.seal.unwrap();
    let (space, epoch, place) = (commit.header.space, commit.header.epoch, commit.head());
    let further = Head { position: place.position.plus(1), ..place };
    assert!(key.has_sealed(&opened) && key.is_seal_of(space, epoch, &place, &seal));
    assert!(!key.is_seal_of(space, epoch, &Head { hash: Hash([1; 32]), ..place }, &seal), "another commit");
    assert!(!key.is_seal_of(space, epoch, &further, &seal), "a place further on");
    assert!(!key.is_seal_of(space, epoch + 1, &place, &seal), "a later epoch");
    assert!(!key.is_seal_of(SpaceId(Id([0x52; 16])), epoch, &place, &seal), "another project");
    assert!(!SealKey::new([5; 32]).has_sealed(&opened) && !key.has_sealed(&commit));
}

#[test]
fn a_redacted_payload_keeps_the_chain() {
    let (commit, previous) = (commit(), Hash([9; 32]));
    let first = commit.header.first;
    // The command's payload and the second event's give way to arrays of one digest; the first event says the same as the command.
    let redacted = commit.redacted(&BTreeSet::from([first.plus(2)]), &previous).unwrap().unwrap();
    golden_file("commit.redacted", &redacted.bytes);
    let opened = Commit::open(Arc::clone(&redacted.bytes), &previous).unwrap();
    assert_eq!((opened.hash, redacted.hash), (commit.hash, commit.hash));
    assert!(opened.records.iter().all(|record| record.payload == Payload::Erased));
    // An event that the command does not say word for word stays.
    let redacted = commit.redacted(&BTreeSet::from([first]), &previous).unwrap().unwrap();
    let left: Vec<bool> = redacted.records.iter().map(|record| record.payload != Payload::Erased).collect();
    assert_eq!(left, [false, false, true]);
    let sealed = redacted.sealed(&SealKey::new([4; 32]));
    assert!(sealed.redacted(&BTreeSet::from([first]), &previous).unwrap().is_none(), "nothing goes twice");
    let both = sealed.redacted(&BTreeSet::from([first.plus(2)]), &previous).unwrap().unwrap();
    assert_eq!((both.hash, both.seal), (commit.hash, sealed.seal), "its seal holds");
    assert!(commit.redacted(&BTreeSet::from([first.plus(3)]), &previous).unwrap().is_none(), "of another commit");
}

/// Small payloads give way to digests that are longer: whatever fits a commit fits it redacted, too.
#[test]
fn a_full_commit_can_be_redacted() {
    let stream = stream();
    let small = |n: u64| recordplayer::codec::encode(&BTreeMap::from([("n", n)])).unwrap();
    let drafts = |count: u64, filler: usize| {
        let command = draft(
            RecordKind::Command,
            "card.rename",
            &recordplayer::codec::encode(&BTreeMap::from([("t", "x".repeat(filler))])).unwrap(),
        );
        let events =
            (0..count).map(|n| Draft { stream: stream.clone(), ..draft(RecordKind::Event, "card.moved", &small(n)) });
        std::iter::once(command).chain(events).collect::<Vec<_>>()
    };
    let seal = |filler| Commit::new(header(), drafts(1_000, filler), &Hash([9; 32]), |_| [0; 16]);
    let mut filler = (0, COMMIT_BYTES_MAX);
    while filler.1 - filler.0 > 1 {
        let middle = usize::midpoint(filler.0, filler.1);
        if seal(middle).is_ok() { filler.0 = middle } else { filler.1 = middle }
    }
    let fullest = seal(filler.0).unwrap();
    let events = fullest.records[1..].iter().map(|record| record.number).collect();
    let redacted = fullest.redacted(&events, &Hash([9; 32])).unwrap().unwrap().sealed(&SealKey::new([4; 32]));
    assert!(redacted.bytes.len() <= COMMIT_BYTES_MAX && Commit::open(redacted.bytes, &Hash([9; 32])).is_ok());
}

#[test]
fn no_change_of_a_commit_keeps_its_hash_and_no_damage_panics() {
    let commit = commit();
    for at in 0..commit.bytes.len() {
        for bit in 0..8 {
            let mut bytes = commit.bytes.to_vec();
            bytes[at] ^= 1 << bit;
            if let Ok(opened) = Commit::open(bytes.into(), &Hash([9; 32])) {
                assert_ne!(opened.hash, commit.hash, "bit {bit} of byte {at}");
            }
        }
        assert!(Commit::open(commit.bytes[..at].into(), &Hash([9; 32])).is_err(), "cut at {at}");
    }
}

fn space() -> SpaceId {
    SpaceId(id(0x51))
}

fn head() -> Head {
    Head { position: Position(43), hash: Hash([7; 32]) }
}

fn view() -> ViewKey {
    ViewKey { name: Name::of("board"), key: Key::from(id(0xb1)) }
}

fn entry() -> CommandEntry {
    CommandEntry {
        number: 7,
        command: CommandId(id(0xd1)),
        stream: stream(),
        name: Name::of("card.rename"),
        payload: [0xa0].as_slice().into(),
        claims: Claims { happened_at: Some(Timestamp(-1)), ..Claims::default() },
        requires: Vec::new(),
        seen: Seen { epoch: 3, position: Position(40) },
        follows: Some(CommandId(id(0xd0))),
    }
}

/// One frame of each kind, with the name of its golden file: a new kind must be named here.
fn client_frames() -> Vec<(&'static str, ClientFrame)> {
    let (space, head, replica) = (space(), head(), ReplicaId(id(0x41)));
    let knowledge = Knowledge { epoch: 1, head };
    let frames = [
        ClientFrame::Hello {
            protocol_min: 1,
            protocol_max: 1,
            domain: Name::of("todo"),
            domain_version: 3,
            token: "t".to_owned(),
            program: "p 1".to_owned(),
        },
        ClientFrame::Subscribe { space, knowledge },
        ClientFrame::SubscribeView { space, view: view(), after: Some(knowledge) },
        ClientFrame::Unsubscribe { space, view: Some(view()) },
        ClientFrame::Submit { space, replica, parent: None, answered_up_to: 5, commands: vec![entry()] },
        ClientFrame::FetchSnapshot { space, at: head, cursor: Some(vec![1, 2]) },
        ClientFrame::FetchCommits { space, after: Position(0), upto: Position(40) },
        ClientFrame::Ping { nonce: 258 },
        ClientFrame::FindPerson { name: "Ada".to_owned() },
        ClientFrame::Pong { nonce: 258 },
        ClientFrame::Publish {
            space,
            publication: id(0xb1),
            part: 0,
            ends: Some(PublishEnd::TakeOn),
            commits: vec![commit().bytes],
        },
        ClientFrame::OfferTail { space, place: head, seal: Seal(Hash([8; 32])), epoch: 3, follows: true },
        ClientFrame::BringTail {
            space,
            after: head,
            commits: vec![commit().sealed(&SealKey::new([4; 32])).bytes],
            redactions: vec![SealedCommit { previous: Hash([5; 32]), commit: commit().bytes }],
        },
    ];
    let name = |frame: &ClientFrame| match frame {
        ClientFrame::Hello { .. } => "hello",
        ClientFrame::Subscribe { .. } => "subscribe",
        ClientFrame::SubscribeView { .. } => "subscribe_view",
        ClientFrame::Unsubscribe { .. } => "unsubscribe",
        ClientFrame::Submit { .. } => "submit",
        ClientFrame::FetchSnapshot { .. } => "fetch_snapshot",
        ClientFrame::FetchCommits { .. } => "fetch_commits",
        ClientFrame::Ping { .. } => "ping",
        ClientFrame::FindPerson { .. } => "find_person",
        ClientFrame::Pong { .. } => "pong",
        ClientFrame::Publish { .. } => "publish",
        ClientFrame::OfferTail { .. } => "offer_tail",
        ClientFrame::BringTail { .. } => "bring_tail",
    };
    frames.map(|frame| (name(&frame), frame)).into()
}

/// As [`client_frames`].
fn server_frames() -> Vec<(&'static str, ServerFrame)> {
    let (space, head, replica) = (space(), head(), ReplicaId(id(0x41)));
    let frames = [
        ServerFrame::Welcome {
            protocol: 1,
            domain_version: 3,
            person: ActorId(id(0xa1)),
            name: "Ada".to_owned(),
            time: Timestamp(1_700_000_000_000),
        },
        ServerFrame::Goodbye { code: Goodbye::BadToken, message: "no".to_owned(), help: "log in".to_owned() },
        ServerFrame::Commits {
            space,
            epoch: 1,
            after: Head { position: Position(40), hash: Hash([9; 32]) },
            upto: head,
            commits: vec![commit().bytes],
            head,
            is_backfill: false,
            state: Some(StateMark { domain: Hash([7; 32]), state: StateHash::default() }),
        },
        ServerFrame::Answer { space, replica, number: 7, code: AnswerCode::Accepted, at: Position(43), value: 0 },
        ServerFrame::SnapshotOffer {
            space,
            epoch: 1,
            at: head,
            state: StateHash::from_bytes(&[3; 32]),
            meta: vec![0xa0].into(),
        },
        ServerFrame::SnapshotChunk {
            space,
            at: head,
            rows: vec![
                SnapshotRow::More { bytes: vec![4, 5].into() },
                SnapshotRow::Replica { replica, version: 1, bytes: vec![0xa0].into() },
                SnapshotRow::Newer { stream: stream(), version: 1, bytes: vec![0x07].into() },
                SnapshotRow::Model { stream: stream(), version: 1, bytes: vec![0xa0].into() },
                SnapshotRow::View { view: view(), version: 1, bytes: vec![0x80].into() },
                SnapshotRow::Text {
                    stream: stream(),
                    field: Name::of("description"),
                    index: 9,
                    is_base: true,
                    bytes: vec![1, 2, 3].into(),
                },
            ],
            cursor: Some(vec![1, 2]),
            from: Some(vec![1, 1]),
        },
        ServerFrame::ViewStart {
            remade: 2,
            space,
            view: view(),
            epoch: 1,
            at: head,
            piece: 0,
            is_last: true,
            state: vec![0xa0].into(),
            models: vec![(stream(), vec![0xa0].into())],
        },
        ServerFrame::ViewNews {
            space,
            view: view(),
            after: Position(40),
            upto: head,
            piece: 0,
            is_last: true,
            items: vec![
                ViewItem::Enter { stream: stream(), model: Some(vec![0xa0]), at: Position(42) },
                ViewItem::Record {
                    number: Position(42),
                    stream: stream(),
                    name: Name::of("card.moved"),
                    command: CommandId(id(0xd1)),
                    actor: ActorId(id(0xa1)),
                    replica,
                    time: Timestamp(1_700_000_000_000),
                    claims: Claims::of_act(ActId(id(0xe1))),
                    payload: Some(vec![0xa1, 0x62, 0x74, 0x6f, 0x03]),
                },
                ViewItem::Leave { stream: stream(), at: Position(43) },
            ],
            hash: Some(Hash([9; 32])),
        },
        ServerFrame::AccessEnded { space, at: Position(43), is_known: true },
        ServerFrame::NoAccess { space },
        ServerFrame::Ping { nonce: 258, heads: vec![(space, head)] },
        ServerFrame::Pong { nonce: 258, heads: vec![(space, head)] },
        ServerFrame::MySpaces {
            spaces: vec![MySpace { space, title: "Turntable".to_owned(), role: "owner".to_owned() }],
        },
        ServerFrame::People { people: vec![(ActorId(id(0xa1)), "Ada".to_owned())] },
        ServerFrame::Parted { space, epoch: 2, head, places: vec![head] },
        ServerFrame::Published { space, publication: id(0xb1), end: PublishEnd::Rehearse },
        ServerFrame::NotPublished { space, publication: id(0xb1), message: "no".to_owned(), again: true },
        ServerFrame::Unavailable { space },
        ServerFrame::WantTail { space, after: Some(head) },
    ];
    let name = |frame: &ServerFrame| match frame {
        ServerFrame::Welcome { .. } => "welcome",
        ServerFrame::Goodbye { .. } => "goodbye",
        ServerFrame::Commits { .. } => "commits",
        ServerFrame::Answer { .. } => "answer",
        ServerFrame::SnapshotOffer { .. } => "snapshot_offer",
        ServerFrame::SnapshotChunk { .. } => "snapshot_chunk",
        ServerFrame::ViewStart { .. } => "view_start",
        ServerFrame::ViewNews { .. } => "view_news",
        ServerFrame::AccessEnded { .. } => "access_ended",
        ServerFrame::NoAccess { .. } => "no_access",
        ServerFrame::Ping { .. } => "ping",
        ServerFrame::Pong { .. } => "pong",
        ServerFrame::MySpaces { .. } => "my_spaces",
        ServerFrame::People { .. } => "people",
        ServerFrame::Parted { .. } => "parted",
        ServerFrame::Published { .. } => "published",
        ServerFrame::NotPublished { .. } => "not_published",
        ServerFrame::Unavailable { .. } => "unavailable",
        ServerFrame::WantTail { .. } => "want_tail",
    };
    frames.map(|frame| (name(&frame), frame)).into()
}

#[test]
fn frames_have_the_bytes_of_the_golden_files() {
    for (name, frame) in client_frames() {
        let bytes = frame.encode();
        golden_file(&format!("client.{name}"), &bytes);
        assert_eq!(ClientFrame::decode(&bytes), Ok(frame));
        check_damage(&bytes, |bytes| ClientFrame::decode(bytes).is_ok());
    }
    for (name, frame) in server_frames() {
        let bytes = frame.encode();
        golden_file(&format!("server.{name}"), &bytes);
        assert_eq!(ServerFrame::decode(&bytes), Ok(frame));
        check_damage(&bytes, |bytes| ServerFrame::decode(bytes).is_ok());
    }
}

/// Whatever bit is turned, decoding answers; cut anywhere, it refuses.
fn check_damage(bytes: &[u8], decodes: impl Fn(&[u8]) -> bool) {
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 1 << bit;
            let _ = decodes(&damaged);
        }
        assert!(!decodes(&bytes[..at]), "a frame cut at {at} was taken");
    }
}

fn membership_events() -> [MembershipEvent; 10] {
    let (person, role, title) = (ActorId(Id([3; 16])), "owner".to_owned(), "Turntable".to_owned());
    let (publication, server) = (Id([4; 16]), "plan.example.org".to_owned());
    [
        MembershipEvent::Founded { title: title.clone(), founder: person, role: role.clone() },
        MembershipEvent::Renamed { title },
        MembershipEvent::MemberAdded { person, role: role.clone() },
        MembershipEvent::RoleChanged { person, role: role.clone() },
        MembershipEvent::Continued { from: SpaceId(Id([7; 16])), by: person, role },
        MembershipEvent::MemberRemoved { person },
        MembershipEvent::HandedOver { publication, server },
        MembershipEvent::Published { publication, person, into: ActorId(Id([5; 16])) },
        MembershipEvent::Reopened { recovery: Id([6; 16]) },
        MembershipEvent::Redacted { records: vec![Position(7), Position(300)] },
    ]
}

const MEMBERSHIP: &str = include_str!("../golden/membership.txt");

#[test]
fn the_events_of_membership_are_read_as_they_always_were() {
    golden::<Membership>(MEMBERSHIP, membership_events());
}

#[test]
#[should_panic = "not in the corpus; append, and never take a line away:\nspace.renamed a1"]
fn an_event_that_is_missing_in_its_corpus_is_told() {
    let without: String = MEMBERSHIP.lines().filter(|line| !line.starts_with("space.renamed")).collect();
    golden::<Membership>(&without.replace("space.", "\nspace."), membership_events());
}

#[test]
#[should_panic = "cannot be read or played any more: space.retitled a0"]
fn an_event_that_was_released_and_is_not_known_any_more_is_told() {
    golden::<Membership>(&format!("{MEMBERSHIP}space.retitled a0\n"), membership_events());
}
