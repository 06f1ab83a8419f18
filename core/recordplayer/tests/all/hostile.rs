//! What somebody sends who wants to do harm costs an answer and nothing else. Each of these was found by fuzzing, or on the way there.

use std::sync::Arc;

use crate::machines::{self, Authority, Device, FIRST, PERSON, SPACE};
use crate::todo::{Item, ItemCommand, add, command, domain, id};
use recordplayer::claims::Claims;
use recordplayer::codec::{decode, encode};
use recordplayer::commit::{Commit, Draft, Head, Header};
use recordplayer::decide::Intent;
use recordplayer::hash::Hash;
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::limits::{
    COMMIT_EVENTS_MAX, FRAME_COMMITS_MAX, OVER_MAX, REQUIRES_MAX, SNAPSHOT_BYTES_MAX, VERDICTS_MAX,
};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::name::Name;
use recordplayer::protocol::{AnswerCode, ClientFrame, PublishEnd, ServerFrame, SnapshotRow};
use recordplayer::record::{Payload, Position, RecordKind, StreamId};
use recordplayer::text::{Text, TextActor, TextDocument, TextPart, compact};
use recordplayer::time::Timestamp;
use recordplayer::view::ViewKey;

const PUBLICATION: Id = Id([0xb0; 16]);

/// A log of two commits, and a third that gives it away where that is wished.
fn told(is_given: bool) -> ServerFrame {
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(FIRST, None, 2, 101, add(1, 100, "one")), AnswerCode::Accepted);
    if is_given {
        let command = MembershipCommand::HandOver { publication: PUBLICATION, server: "a server".to_owned() };
        let intent = Intent::of::<Membership>(SPACE.0, &command).unwrap();
        assert_eq!(authority.submit(FIRST, None, 3, 102, intent), AnswerCode::Accepted);
    }
    authority.everything()
}

/// The same with other words in each header, and sealed as its author would seal it.
fn resealed(frame: &ServerFrame, change: impl Fn(&mut Header)) -> ServerFrame {
    let ServerFrame::Commits { space, epoch, after, commits, is_backfill, .. } = frame.clone() else {
        panic!("{frame:?}")
    };
    let (mut was, mut head) = (Hash::ZERO, Head::START);
    let mut sealed: Vec<Arc<[u8]>> = Vec::new();
    for bytes in commits {
        let commit = Commit::open(bytes, &was).unwrap();
        was = commit.hash;
        let mut header = commit.header.clone();
        change(&mut header);
        let drafts = commit.records.iter().map(|record| {
            let Payload::Plain(payload) = record.payload.clone() else { panic!("nothing was erased") };
            Draft { kind: record.kind, stream: record.stream.clone(), name: record.name.clone(), payload }
        });
        let commit = Commit::new(header, drafts.collect(), &head.hash, |_| [1; 16]).unwrap();
        head = commit.head();
        sealed.push(commit.bytes);
    }
    ServerFrame::Commits { space, epoch, after, upto: head, commits: sealed, head, is_backfill, state: None }
}

/// The frame says that it is about this space, but its commits are of another one: a device took that for its own mistake, and died.
#[test]
fn commits_of_another_space_or_of_an_older_epoch_are_not_followed() {
    let frame = told(false);
    for strange in [
        resealed(&frame, |header| header.space = SpaceId(Id([0x99; 16]))),
        resealed(&frame, |header| header.epoch = u32::from(header.first.0 == 1)),
    ] {
        let mut device = Device::new(domain());
        device.take(strange);
        assert_eq!(device.replica.confirmed(), Head::START);
        device.take(frame.clone());
        assert_ne!(device.replica.confirmed(), Head::START, "it goes on as if nothing had come");
    }
}

/// A commit is one command with its events, or one response, and nothing else.
#[test]
fn a_commit_of_another_shape_is_none() {
    use RecordKind::{Command, Event, Response};

    let ServerFrame::Commits { commits, .. } = told(false) else { unreachable!("it is commits") };
    let honest = Commit::open(Arc::clone(&commits[0]), &Hash::ZERO).unwrap();
    let draft = |kind| Draft {
        kind,
        stream: StreamId::of::<Item>(id(1)),
        name: Name::new("item.renamed").unwrap(),
        payload: [0xa0].into(),
    };
    let opened = |kinds: &[RecordKind]| {
        let drafts = kinds.iter().map(|kind| draft(*kind)).collect();
        let commit = Commit::new(honest.header.clone(), drafts, &Hash::ZERO, |_| [1; 16]).unwrap();
        Commit::open(commit.bytes, &Hash::ZERO).map(|commit| commit.records.len()).map_err(|error| error.to_string())
    };
    assert_eq!(opened(&[Command]), Ok(1));
    assert_eq!(opened(&[Command, Event, Event]), Ok(3));
    assert_eq!(opened(&[Response]), Ok(1));
    assert_eq!(opened(&[&[Command][..], &[Event; COMMIT_EVENTS_MAX]].concat()), Ok(COMMIT_EVENTS_MAX + 1));
    for kinds in [&[Event][..], &[Event, Event], &[Command, Command], &[Command, Event, Response], &[Response, Event]] {
        let why = opened(kinds).unwrap_err();
        assert!(why.contains("one command and its events, or one response"), "{kinds:?}: {why}");
    }
    for kinds in [vec![], vec![Command; COMMIT_EVENTS_MAX + 2]] {
        let why = opened(&kinds).unwrap_err();
        assert!(why.contains("1 to 2,001 records"), "{}: {why}", kinds.len());
    }
}

#[test]
fn a_commit_names_only_so_many_others() {
    let ServerFrame::Commits { commits, .. } = told(false) else { unreachable!("it is commits") };
    let honest = Commit::open(Arc::clone(&commits[0]), &Hash::ZERO).unwrap();
    let opened = |requires: usize, over: usize| {
        let header = Header {
            requires: (0..requires).map(|number| CommandId(Id([number as u8; 16]))).collect(),
            over: vec![Position(1); over],
            ..honest.header.clone()
        };
        let drafts = honest.records.iter().map(|record| {
            let Payload::Plain(payload) = record.payload.clone() else { panic!("nothing was erased") };
            Draft { kind: record.kind, stream: record.stream.clone(), name: record.name.clone(), payload }
        });
        let commit = Commit::new(header.clone(), drafts.collect(), &Hash::ZERO, |_| [1; 16]).unwrap();
        let found = Commit::open(commit.bytes, &Hash::ZERO).map_err(|error| error.to_string())?;
        assert_eq!(found.header, header);
        Ok::<(), String>(())
    };
    assert_eq!(opened(REQUIRES_MAX, OVER_MAX), Ok(()));
    assert!(opened(REQUIRES_MAX + 1, 0).unwrap_err().contains("too many required commands"));
    assert!(opened(0, OVER_MAX + 1).unwrap_err().contains("too many records that it goes over"));
}

/// What the device holds ends in the middle of a commit of the other history: nothing of that is news.
#[test]
fn a_history_whose_commits_end_elsewhere_is_another_one() {
    let ServerFrame::Commits { commits, .. } = told(false) else { unreachable!("it is commits") };
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(FIRST, None, 2, 101, add(1, 100, "one")), AnswerCode::Accepted);
    let mut device = Device::new(domain());
    device.take(authority.everything());
    let held = device.replica.confirmed();
    let first = Commit::open(Arc::clone(&commits[0]), &Hash::ZERO).unwrap();
    let draft = |kind| Draft {
        kind,
        stream: StreamId::of::<Item>(id(1)),
        name: Name::new("item.finished").unwrap(),
        payload: [0xa0].into(),
    };
    let records = held.position.0 - first.head().position.0 + 2;
    let drafts = std::iter::once(draft(RecordKind::Command)).chain((1..records).map(|_| draft(RecordKind::Event)));
    let behind = |commit: &Commit, drafts: Vec<Draft>| {
        let (first, number) = (commit.head().position.plus(1), commit.header.number + 1);
        Commit::new(Header { first, number, ..commit.header.clone() }, drafts, &commit.hash, |_| [1; 16]).unwrap()
    };
    let second = behind(&first, drafts.collect());
    assert!(second.head().position > held.position);
    let third = behind(&second, vec![draft(RecordKind::Command)]);
    let (space, epoch, end) = (SPACE, 1, third.head());
    let commits = vec![first.bytes, second.bytes, third.bytes];
    let (after, is_backfill, state) = (Head::START, false, None);
    let frame = ServerFrame::Commits { space, epoch, after, upto: end, commits, head: end, is_backfill, state };
    assert_eq!(device.parts_with(frame), Some(held.position));
    assert_eq!(device.replica.confirmed(), held);
}

/// Whoever brings a log can number its epochs, and the server counted on from there.
#[test]
fn a_log_that_leaves_no_epoch_to_the_server_is_not_taken_on() {
    for epoch in [2, u32::MAX] {
        let ServerFrame::Commits { commits, .. } = resealed(&told(true), |header| header.epoch = epoch) else {
            unreachable!("it is of the same kind")
        };
        let said = Authority::empty(domain()).bring(PERSON, PUBLICATION, PublishEnd::TakeOn, commits);
        assert!(matches!(said, ServerFrame::NotPublished { again: false, .. }), "{said:?}");
    }
}

/// Two bases that each claim to have skipped nearly all the changes that can be counted.
#[test]
fn bases_may_claim_to_have_skipped_what_they_like() {
    let stretch = [&[0; 32][..], &[0xff; 9], &[1]].concat();
    let base = |before: &[u8]| {
        let stretch = [before, &stretch[32..]].concat();
        [&[1][..], &zstd::bulk::compress(&stretch, 1).unwrap()].concat()
    };
    let first = base(&[0; 32]);
    let second = base(&Hash::of(&first).0);
    let parts = [TextPart::Base(&first), TextPart::Base(&second)];
    assert_eq!(TextDocument::open(parts).unwrap().skipped(), u64::MAX);
    assert!(compact([], parts).is_ok());
}

/// A snapshot brings saved texts. One whose counts were made up passed for a text, and the next honest edit made the program fail.
#[test]
fn a_saved_text_whose_counts_were_made_up_is_none() {
    let mut text = Text::default();
    let actor = TextActor { replica: ReplicaId(Id([1; 16])), generation: 0 };
    text.play(&TextDocument::new().edit(actor, "abc").unwrap()[0]);
    let saved: ciborium::Value = decode(&encode(&text).unwrap()).unwrap();
    assert_eq!(decode::<Text>(&encode(&saved).unwrap()), Ok(text));
    for field in ["count", "skipped", "last_op", "operations", "bytes", "inserted", "inserted_bytes", "deleted"] {
        let mut saved = saved.clone();
        let fields = saved.as_map_mut().unwrap();
        let (_, value) = fields.iter_mut().find(|(name, _)| name.as_text() == Some(field)).unwrap();
        *value = u64::MAX.into();
        assert!(decode::<Text>(&encode(&saved).unwrap()).is_err(), "{field}");
    }
}

/// A frame of a mebibyte made its reader hold fifty: a million commits without a byte.
#[test]
fn a_frame_holds_only_so_many_commits() {
    let publish = |count: u64| {
        let commits = vec![Arc::from([]); usize::try_from(count).unwrap()];
        let (publication, part, ends) = (Id([1; 16]), 0, None);
        ClientFrame::Publish { space: SPACE, publication, part, ends, commits }.encode()
    };
    assert!(ClientFrame::decode(&publish(FRAME_COMMITS_MAX)).is_ok());
    assert!(ClientFrame::decode(&publish(FRAME_COMMITS_MAX + 1)).is_err());
}

/// A log that nobody had decided within the limits kept a verdict for each of its commands, in one row that fits no frame.
#[test]
fn a_log_that_keeps_too_many_verdicts_is_not_taken_on() {
    let mut hash = Hash::ZERO;
    let mut commits: Vec<Arc<[u8]>> = Vec::new();
    for number in 1..=VERDICTS_MAX + 1 {
        let header = Header {
            space: SPACE,
            epoch: 1,
            first: Position(number),
            time: Timestamp(0),
            actor: PERSON,
            replica: FIRST,
            number,
            command: CommandId(Id::derived("a command", &[&number.to_be_bytes()])),
            answered_up_to: 0,
            claims: Claims::default(),
            parent: None,
            requires: Vec::new(),
            domain_version: 1,
            over: Vec::new(),
            trigger: None,
            errand: None,
        };
        let (stream, name) = (StreamId::of::<Item>(id(1)), Name::of("item.finish"));
        let draft = Draft { kind: RecordKind::Command, stream, name, payload: [0xa0].into() };
        let commit = Commit::new(header, vec![draft], &hash, |_| [0; 16]).unwrap();
        hash = commit.hash;
        commits.push(commit.bytes);
    }
    let mut server = Authority::empty(domain());
    let within = commits[..commits.len() - 1].to_vec();
    let said = server.bring(PERSON, Id([1; 16]), PublishEnd::Rehearse, within);
    assert!(matches!(said, ServerFrame::Published { .. }), "{said:?}");
    let said = server.bring(PERSON, Id([1; 16]), PublishEnd::Rehearse, commits);
    assert!(matches!(&said, ServerFrame::NotPublished { message, .. } if message.contains("verdicts")), "{said:?}");
}

/// An authority that never ends a snapshot filled the memory of who joined.
#[test]
fn a_snapshot_without_an_end_is_given_up_and_the_history_is_fetched() {
    let mut authority = Authority::founded(domain());
    for number in 2..1_012_u64 {
        let intent = if number == 2 { add(1, 100, "one") } else { rename(&number.to_string()) };
        let entry = machines::entry(number, CommandId(Id::derived("a command", &[&number.to_be_bytes()])), intent);
        assert_eq!(authority.submit_answered(FIRST, None, number - 1, entry), AnswerCode::Accepted);
    }
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.work();
    let offer = authority.subscribe(PERSON);
    let ServerFrame::SnapshotOffer { at, .. } = offer else { panic!("{offer:?}") };
    device.take(offer);
    let (stream, bytes) = (StreamId::of::<Item>(id(1)), Arc::<[u8]>::from(vec![0; 250_000]));
    let view = ViewKey::of_stream(&stream);
    let model = SnapshotRow::Model { stream: stream.clone(), version: 1, bytes: bytes.clone() };
    let of_view = SnapshotRow::View { view, version: 1, bytes: bytes.clone() };
    let of_text = SnapshotRow::Text { stream, field: Name::of("text"), index: 0, is_base: false, bytes };
    let rows = [model.clone(), of_view, of_text];
    let mut from = None;
    for row in rows.iter().cycle().take(SNAPSHOT_BYTES_MAX / 251_000) {
        device.sent.clear();
        let (rows, cursor) = (vec![row.clone()], Some(vec![1]));
        device.take(ServerFrame::SnapshotChunk { space: SPACE, at, rows, cursor: cursor.clone(), from });
        from = cursor;
        assert!(matches!(device.sent[..], [ClientFrame::FetchSnapshot { .. }]), "the next chunk: {:?}", device.sent);
    }
    device.sent.clear();
    let (rows, cursor) = (vec![model; 20], Some(vec![1]));
    device.take(ServerFrame::SnapshotChunk { space: SPACE, at, rows, cursor, from });
    assert!(matches!(device.sent[..], [ClientFrame::FetchCommits { .. }]), "{:?}", device.sent);
    device.talk(&mut authority, |_| true);
    assert_eq!(device.replica.confirmed(), authority.head());
    assert_eq!(device.replica.entity::<Item>(id(1)).title, "1011");
}

fn rename(title: &str) -> Intent {
    command(1, &ItemCommand::Rename { title: title.to_owned() })
}

/// Who named somebody else's replica as the parent of their own was taken for another copy of that device: what was refused to them under an id
/// that the log shows was refused to the other one, with everything that required it.
#[test]
fn who_says_to_descend_from_somebody_elses_replica_is_none_of_its_family() {
    let eve = ActorId(Id([0xee; 16]));
    let required = CommandId(Id([101; 16]));
    for is_known in [true, false] {
        let mut authority = Authority::founded(domain());
        let join = MembershipCommand::AddMember { person: eve, role: "member".to_owned() };
        let join = Intent::of::<Membership>(SPACE.0, &join).unwrap();
        assert_eq!(authority.submit(FIRST, None, 2, 99, join), AnswerCode::Accepted);
        // The replica of a person who has sent nothing yet is known to nobody, but it may be guessed.
        let (replica, number) = if is_known { (FIRST, 3) } else { (ReplicaId(Id([4; 16])), 1) };
        assert_eq!(authority.submit(replica, None, number, 101, add(1, 100, "one")), AnswerCode::Accepted);
        let rename = MembershipCommand::Rename { title: "hers".to_owned() };
        let rename = machines::entry(1, required, Intent::of::<Membership>(SPACE.0, &rename).unwrap());
        let evil = ReplicaId(Id([0xed; 16]));
        let said = authority.submit_as(eve, evil, Some(replica), 0, rename);
        assert_eq!(said, Some(AnswerCode::Refused), "she manages nothing");
        let mut next = machines::entry(number + 1, CommandId(Id([102; 16])), add(2, 100, "two"));
        next.requires = vec![required];
        assert_eq!(authority.submit_answered(replica, None, 0, next), AnswerCode::Accepted, "known: {is_known}");
    }
}
