//! A project of the product on which machines are tried out: its people, and what they may wish for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use recordplayer::claims::Claims;
use recordplayer::commit::{Commit, Draft, Head, Header};
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::file::FileRef;
use recordplayer::hash::Hash;
use recordplayer::id::{ActId, ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::name::Name;
use recordplayer::protocol::CommandEntry;
use recordplayer::record::{Payload, Position, RecordKind, Seen, StreamId};
use recordplayer::space::{Ending, SessionId, SpaceInput, Submission};
use recordplayer::storage::memory::MemoryStore;
use recordplayer::storage::{SpaceReader, Store, StoredCommit};
use recordplayer::text::{TextActor, TextChange, TextDocument};
use recordplayer::time::Timestamp;
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::{CardCommand, Effort, FieldValue, Priority, Relation, RelationKind, Typed};
use recordplayer_kanban::column::{ColumnCommand, ColumnKind, WayOut};
use recordplayer_kanban::comment::{CommentCommand, CommentKind};
use recordplayer_kanban::project::{FieldKind, FieldLimits, FieldUse, ProjectCommand};
use recordplayer_kanban::{Board, Card, Column, Comment, Project, ROLES, Role};

use crate::authority::Authority;
use crate::records::KINDS;
use crate::script::Script;

pub const SPACE: SpaceId = SpaceId(Id([1; 16]));
/// Who founded the project.
pub const OWNER: ActorId = ActorId(Id([2; 16]));
pub const WORKER: ActorId = ActorId(Id([3; 16]));
/// Nobody ever lets this one in.
pub const STRANGER: ActorId = ActorId(Id([9; 16]));
/// The replica of the owner that the project was made on.
pub const FIRST: ReplicaId = ReplicaId(Id([0x10; 16]));
pub const PUBLICATION: Id = Id([0x77; 16]);

pub const BOARD: Id = Id([0xb0; 16]);
const COLUMNS: [Id; 3] = [Id([0xc0; 16]), Id([0xc1; 16]), Id([0xc2; 16])];
pub const CARDS: [Id; 3] = [Id([0xd0; 16]), Id([0xd1; 16]), Id([0xd2; 16])];
/// Whatever else has an id: labels, checklists, comments …
const THINGS: [Id; 2] = [Id([0xe0; 16]), Id([0xe1; 16])];

static DOMAIN: LazyLock<Arc<Domain>> = LazyLock::new(|| recordplayer_kanban::domain().shared());
/// A project as it begins: founded, set up, with two people, a board and some cards.
static FOUNDED: LazyLock<MemoryStore> = LazyLock::new(|| founded(None));
/// The same without a server, and with a last record that gives it to one.
static GIVEN_AWAY: LazyLock<MemoryStore> = LazyLock::new(|| founded(Some(PUBLICATION)));

pub fn domain() -> Arc<Domain> {
    Arc::clone(&DOMAIN)
}

/// A store of its own, with the project in it.
pub fn store() -> MemoryStore {
    FOUNDED.copy()
}

/// The log of the project.
pub fn log() -> &'static [Commit] {
    static LOG: LazyLock<Vec<Commit>> = LazyLock::new(|| opened(&*FOUNDED.reader(SPACE)));
    &LOG
}

/// The log of the project after each of the wishes was heard once, those that were refused too.
pub fn lived_log() -> Vec<Commit> {
    let mut authority = Authority::open(store(), Ending::InOrder);
    for (number, intent) in (log().len() as u64 + 1..).zip(each_wish()) {
        let entry = entry(number, CommandId::derived("life", &[&number.to_be_bytes()]), intent);
        authority.handle(SpaceInput::Submit(submission(SessionId(0), OWNER, FIRST, vec![entry])));
    }
    opened(&*authority.store.reader(SPACE))
}

/// The log of the project as it went on, with a redaction in it and more behind that: what an older copy of it has lost.
pub fn lost_log() -> &'static [Commit] {
    static LOST: LazyLock<Vec<Commit>> = LazyLock::new(|| {
        let mut authority = Authority::open(store(), Ending::InOrder);
        let redact = MembershipCommand::Redact { records: vec![Position(log().len() as u64 * 2)], reopened: None };
        let middle = intent::<Membership>(SPACE.0, &redact);
        let wishes = each_wish().take(6).chain([middle]).chain(each_wish().skip(6).take(6));
        for (number, intent) in (log().len() as u64 + 1..).zip(wishes) {
            let entry = entry(number, CommandId::derived("lost", &[&number.to_be_bytes()]), intent);
            authority.handle(SpaceInput::Submit(submission(SessionId(0), OWNER, FIRST, vec![entry])));
        }
        let log = opened(&*authority.store.reader(SPACE));
        assert!(log.iter().any(Commit::is_redaction), "the redaction was accepted");
        log
    });
    &LOST
}

/// The log of a project that is given to a server.
pub fn log_given_away() -> &'static [Commit] {
    static LOG: LazyLock<Vec<Commit>> = LazyLock::new(|| opened(&*GIVEN_AWAY.reader(SPACE)));
    &LOG
}

/// The whole log, with its chain verified.
pub fn opened(reader: &dyn SpaceReader) -> Vec<Commit> {
    let head = reader.head().expect("memory is read");
    let stored = reader.commits(Position::START, head.position, usize::MAX).expect("memory is read");
    let mut at = Head::START;
    let open = |StoredCommit { previous, head, bytes, .. }| {
        assert_eq!(previous, at.hash, "the chain goes on");
        let commit = Commit::open(bytes, &previous).expect("what the authority wrote is read");
        assert_eq!((commit.before(), commit.head()), (at.position, head), "records have no gaps");
        at = head;
        commit
    };
    let log: Vec<Commit> = stored.into_iter().map(open).collect();
    assert_eq!(log.last().map_or(Head::START, Commit::head), head);
    log
}

fn founded(publication: Option<Id>) -> MemoryStore {
    let mut authority = Authority::open(MemoryStore::new(), Ending::InOrder);
    let text = TextDocument::new().edit(TextActor { replica: FIRST, generation: 0 }, "Some words.");
    let change = text.expect("a short text").remove(0);
    let column = |name: &str| ColumnCommand::Add {
        board: BOARD.into(),
        name: name.to_owned(),
        kind: ColumnKind::Active,
        before: None,
    };
    let card = |title: &str| CardCommand::Create {
        column: COLUMNS[0].into(),
        title: title.to_owned(),
        before: None,
        exempt: false,
        typed: None,
    };
    let mut intents = vec![
        intent::<Membership>(SPACE.0, &MembershipCommand::Found { title: "Turntable".to_owned() }),
        intent::<Membership>(SPACE.0, &MembershipCommand::AddMember { person: WORKER, role: ROLES[1].to_owned() }),
        intent::<Project>(SPACE.0, &ProjectCommand::SetUp { key: "REC".to_owned() }),
        intent::<Board>(BOARD, &BoardCommand::Add { title: "Firmware".to_owned() }),
        intent::<Column>(COLUMNS[0], &column("To do")),
        intent::<Column>(COLUMNS[1], &column("Doing")),
        intent::<Card>(CARDS[0], &card("One")),
        intent::<Card>(CARDS[1], &card("Two")),
        intent::<Card>(CARDS[0], &CardCommand::Describe { change }),
    ];
    if let Some(publication) = publication {
        let command = MembershipCommand::HandOver { publication, server: "http://example.org:80".to_owned() };
        intents.push(intent::<Membership>(SPACE.0, &command));
    }
    for (number, intent) in (1..).zip(intents) {
        let entry = entry(number, CommandId::derived("founding", &[&number.to_be_bytes()]), intent);
        authority.handle(SpaceInput::Submit(submission(SessionId(0), OWNER, FIRST, vec![entry])));
    }
    let records = authority.space.durable().position;
    assert!(records.0 > 18, "everything was accepted: {records}");
    authority.store
}

fn intent<E: recordplayer::entity::Entity>(id: Id, command: &E::Command) -> Intent {
    Intent::of::<E>(id, command).expect("a short command")
}

pub fn entry(number: u64, command: CommandId, intent: Intent) -> CommandEntry {
    let Intent { stream, name, payload } = intent;
    let (claims, requires, seen) = (Claims::default(), Vec::new(), Seen::default());
    CommandEntry { number, command, stream, name, payload, claims, requires, seen, follows: None }
}

pub fn submission(session: SessionId, actor: ActorId, replica: ReplicaId, commands: Vec<CommandEntry>) -> Submission {
    Submission { session, actor, replica, parent: None, is_of_newer: false, answered_up_to: 0, commands }
}

/// Each of the wishes once, about the first of everything, with a word or two.
pub fn each_wish() -> impl Iterator<Item = Intent> {
    (0..59).map(|number| wish(&mut Script::new(&[0, 0, 0, number, 2, b'a', b'b', 2, b'c', b'd']), FIRST))
}

/// What somebody wishes for: mostly something that makes sense, for the rest is refused at the door.
pub fn wish(script: &mut Script<'_>, replica: ReplicaId) -> Intent {
    let (card, column) = (thing(script, &CARDS), thing(script, &COLUMNS));
    let other = thing(script, &THINGS);
    let card_command = |command: CardCommand| intent::<Card>(card, &command);
    let column_command = |command: ColumnCommand| intent::<Column>(column, &command);
    match script.below(64) {
        0 => card_command(CardCommand::Create {
            column: column.into(),
            title: script.text(),
            before: maybe(script, &CARDS),
            exempt: script.flag(),
            typed: None,
        }),
        1 => card_command(CardCommand::Rename { title: script.text() }),
        2 | 3 => card_command(CardCommand::MoveTo {
            column: column.into(),
            before: maybe(script, &CARDS),
            row: None,
            exempt: script.flag(),
        }),
        4 => card_command(CardCommand::Archive {}),
        5 => card_command(CardCommand::Restore { column: None, exempt: script.flag() }),
        6 => card_command(CardCommand::AddLabel { label: other.into() }),
        7 => card_command(CardCommand::RemoveLabel { label: other.into() }),
        8 => card_command(CardCommand::Assign { person: person(script).into() }),
        9 => card_command(CardCommand::SetDone { done: script.flag() }),
        10 => card_command(CardCommand::SetChecklist { checklist: other.into(), name: script.text() }),
        11 => card_command(CardCommand::RemoveChecklist { checklist: other.into() }),
        12 => card_command(CardCommand::SetItem {
            checklist: other.into(),
            item: thing(script, &THINGS).into(),
            text: script.text(),
            done: script.flag(),
            before: None,
        }),
        13 => card_command(CardCommand::RemoveItem { checklist: other.into(), item: thing(script, &THINGS).into() }),
        14 if script.flag() => {
            let file = FileRef { hash: Hash::of(&[u8::from(script.flag())]), bytes: 1 };
            card_command(CardCommand::AttachFile { attachment: other.into(), name: script.text(), file })
        }
        14 => {
            card_command(CardCommand::AttachLink { attachment: other.into(), name: script.text(), url: script.text() })
        }
        15 => card_command(CardCommand::SetField { field: other.into(), value: None }),
        16 | 17 => card_command(CardCommand::Describe { change: change(script, replica) }),
        18 => column_command(ColumnCommand::Add {
            board: BOARD.into(),
            name: script.text(),
            kind: ColumnKind::Done,
            before: maybe(script, &COLUMNS),
        }),
        19 => column_command(ColumnCommand::SetLimit {
            limit: script.flag().then_some(u32::from(script.byte())),
            warns: false,
        }),
        20 => column_command(ColumnCommand::Archive {}),
        21 => column_command(ColumnCommand::Restore {}),
        22 => column_command(ColumnCommand::Move { before: maybe(script, &COLUMNS) }),
        23 => intent::<Board>(BOARD, &BoardCommand::Rename { title: script.text() }),
        24 => intent::<Project>(
            SPACE.0,
            &ProjectCommand::SetLabel { twin: false, label: other.into(), name: script.text(), colour: script.text() },
        ),
        25 => intent::<Project>(SPACE.0, &ProjectCommand::RemoveLabel { label: other.into() }),
        26 => intent::<Project>(
            SPACE.0,
            &ProjectCommand::SetField {
                twin: false,
                field: other.into(),
                name: script.text(),
                kind: FieldKind::Number,
                options: BTreeMap::new(),
                limits: FieldLimits::default(),
            },
        ),
        27 => intent::<Comment>(
            other,
            &CommentCommand::Write {
                card: card.into(),
                text: script.text(),
                author: script.flag().then(|| person(script).into()),
                kind: CommentKind::Talk,
                mentions: BTreeSet::new(),
            },
        ),
        28 => intent::<Comment>(other, &CommentCommand::Delete {}),
        29 => intent::<Membership>(SPACE.0, &membership(script)),
        30 => intent::<Project>(SPACE.0, &ProjectCommand::SetRole { role: other.into(), name: script.text() }),
        31 => intent::<Project>(SPACE.0, &ProjectCommand::RemoveRole { role: other.into() }),
        32 => card_command(CardCommand::Take {}),
        33 => card_command(if script.flag() { CardCommand::PutBack {} } else { CardCommand::WorkBack {} }),
        34 => card_command(CardCommand::Submit {}),
        35 => card_command(CardCommand::Approve { to: column.into(), reason: script.text(), project: None }),
        36 => card_command(CardCommand::Reject { reason: script.text() }),
        37 => card_command(CardCommand::SetRow { row: script.flag().then(|| other.into()) }),
        38 => column_command(ColumnCommand::SetWorkers { roles: roles(script) }),
        39 => column_command(ColumnCommand::SetReviewers { roles: roles(script) }),
        40 => column_command(ColumnCommand::SetAutoMove { to: maybe(script, &COLUMNS) }),
        41 => column_command(ColumnCommand::SetWorkflow {
            to: script.flag().then(|| maybe(script, &COLUMNS).into_iter().collect()),
        }),
        42 => column_command(ColumnCommand::SetRow { row: other.into(), name: script.text() }),
        43 => column_command(ColumnCommand::RemoveRow { row: other.into() }),
        44 => column_command(ColumnCommand::Remove { into: maybe(script, &COLUMNS) }),
        45 => card_command(CardCommand::SetType { typed: script.flag().then(|| typed(script)) }),
        46 => card_command(CardCommand::SetPriority { priority: script.one_of(&Priority::ALL).copied() }),
        47 => card_command(CardCommand::SetEstimate {
            estimate: script.flag().then(|| Effort { hundredths: u32::from(script.byte()) }),
        }),
        48 => card_command(CardCommand::SetRemaining { remaining: None }),
        49 => card_command(CardCommand::Block { reason: script.text() }),
        50 => card_command(CardCommand::Unblock {}),
        51 => card_command(CardCommand::Relate { relation: relation(script) }),
        52 => card_command(CardCommand::Unrelate { relation: relation(script) }),
        53 => card_command(CardCommand::Copy { of: thing(script, &CARDS).into(), column: column.into(), before: None }),
        54 => intent::<Project>(
            SPACE.0,
            &ProjectCommand::SetType {
                twin: false,
                card_type: other.into(),
                name: script.text(),
                fields: BTreeMap::from([(other.into(), FieldUse { required: script.flag() })]),
            },
        ),
        55 => intent::<Project>(SPACE.0, &ProjectCommand::RemoveType { card_type: other.into() }),
        56 => intent::<Project>(SPACE.0, &ProjectCommand::RemoveField { field: other.into() }),
        57 => {
            let columns = maybe(script, &COLUMNS).into_iter().collect();
            intent::<Board>(BOARD, &BoardCommand::Split { columns, into: other.into(), title: script.text() })
        }
        58 => intent::<Board>(other, &BoardCommand::Merge { into: BOARD.into() }),
        59 => column_command(ColumnCommand::SetWaysOut {
            to: [WayOut { project: SpaceId(other), column: column.into() }].into(),
        }),
        60 => card_command(CardCommand::GoTo { project: SpaceId(other), column: column.into() }),
        _ => raw(script),
    }
}

fn typed(script: &mut Script<'_>) -> Typed {
    let (card_type, number) = (thing(script, &THINGS).into(), FieldValue::Number { number: script.text() });
    Typed { card_type, fields: BTreeMap::from([(thing(script, &THINGS).into(), number)]) }
}

fn relation(script: &mut Script<'_>) -> Relation {
    let kind = script.one_of(&RelationKind::ALL).copied().unwrap_or(RelationKind::PartOf);
    Relation { kind, to: thing(script, &CARDS).into() }
}

fn roles(script: &mut Script<'_>) -> BTreeSet<Role> {
    script.one_of(ROLES).map(|role| Role::by_key(role)).into_iter().collect()
}

fn membership(script: &mut Script<'_>) -> MembershipCommand {
    let person = person(script);
    let role = || ROLES[1].to_owned();
    match script.below(9) {
        0 => MembershipCommand::Found { title: script.text() },
        1 => MembershipCommand::Rename { title: script.text() },
        2 => MembershipCommand::AddMember { person, role: role() },
        3 => MembershipCommand::ChangeRole {
            person,
            role: script.one_of(ROLES).map_or_else(role, |role| (*role).into()),
        },
        4 => MembershipCommand::RemoveMember { person },
        5 => MembershipCommand::HandOver { publication: PUBLICATION, server: script.text() },
        6 => MembershipCommand::Publish { publication: PUBLICATION, person },
        7 => MembershipCommand::Redact { records: vec![Position(script.number())], reopened: None },
        _ => MembershipCommand::Reopen { recovery: PUBLICATION },
    }
}

/// Something that no program of ours would send, but with a name and an address.
fn raw(script: &mut Script<'_>) -> Intent {
    let draft = raw_draft(script, RecordKind::Command);
    Intent { stream: draft.stream, name: draft.name, payload: draft.payload }
}

fn raw_draft(script: &mut Script<'_>, kind: RecordKind) -> Draft {
    let of = script.one_of(KINDS).copied().unwrap_or("card");
    let ids = [SPACE.0, BOARD, COLUMNS[0], CARDS[0], CARDS[2], THINGS[0]];
    let stream = StreamId { kind: Name::of(of), id: thing(script, &ids) };
    let name = Name::new(&format!("{of}.{}", script.text())).unwrap_or_else(|_| Name::of("card.renamed"));
    Draft { kind, stream, name, payload: script.bytes().into() }
}

/// A change of a text: the next one of that replica, or whatever the script holds.
fn change(script: &mut Script<'_>, replica: ReplicaId) -> TextChange {
    if script.flag() {
        return TextChange::new(script.bytes().to_vec());
    }
    let generation = u32::from(script.byte() & 3);
    let mut document = TextDocument::new();
    let changes = document.edit(TextActor { replica, generation }, &script.text());
    changes.unwrap_or_default().into_iter().next().unwrap_or_else(|| TextChange::new(Vec::new()))
}

pub fn claims(script: &mut Script<'_>) -> Claims {
    match script.below(6) {
        0 => Claims::of_act(ActId(thing(script, &THINGS))),
        1 => Claims { happened_at: Some(Timestamp(script.number().cast_signed())), ..Claims::default() },
        2 => Claims { actor: Some(person(script)), ..Claims::default() },
        3 => Claims { undoes: Some(command(script)), ..Claims::default() },
        _ => Claims::default(),
    }
}

/// One of a handful of commands.
pub fn command(script: &mut Script<'_>) -> CommandId {
    CommandId::derived("wish", &[&[script.byte() & 0x1f]])
}

fn person(script: &mut Script<'_>) -> ActorId {
    ActorId(thing(script, &[OWNER.0, WORKER.0, Id([4; 16])]))
}

fn thing(script: &mut Script<'_>, all: &[Id]) -> Id {
    script.one_of(all).copied().unwrap_or_default()
}

fn maybe<T: From<Id>>(script: &mut Script<'_>, all: &[Id]) -> Option<T> {
    script.flag().then(|| thing(script, all).into())
}

/// A log as somebody would write it who wants to do harm: some things are said otherwise, and everything is sealed anew.
pub fn tampered(script: &mut Script<'_>, log: &[Commit], from: Head) -> Vec<Arc<Commit>> {
    let mut at = from;
    let mut commits = Vec::with_capacity(log.len());
    let whom = script.below(log.len() + 1);
    for (index, commit) in log.iter().enumerate() {
        let mut header = commit.header.clone();
        let mut drafts: Vec<Draft> = commit.records.iter().map(draft).collect();
        if index == whom {
            for _ in 0..=script.below(3) {
                tamper(script, &mut header, &mut drafts);
            }
        }
        let Ok(sealed) = Commit::new(header, drafts, &at.hash, |index| [index as u8; 16]) else { break };
        at = sealed.head();
        commits.push(Arc::new(sealed));
    }
    commits
}

fn draft(record: &recordplayer::record::Record) -> Draft {
    let payload = match &record.payload {
        Payload::Plain(payload) => Arc::clone(payload),
        Payload::Erased => Arc::from(&[0xa0][..]),
    };
    Draft { kind: record.kind, stream: record.stream.clone(), name: record.name.clone(), payload }
}

fn tamper(script: &mut Script<'_>, header: &mut Header, drafts: &mut Vec<Draft>) {
    match script.below(16) {
        0 => header.epoch = script.number() as u32,
        1 => header.time = Timestamp(script.number().cast_signed()),
        2 => header.actor = person(script),
        3 => header.replica = if script.flag() { FIRST } else { ReplicaId(thing(script, &THINGS)) },
        4 => header.number = script.number(),
        5 => header.command = command(script),
        6 => header.answered_up_to = script.number(),
        7 => header.parent = maybe(script, &[FIRST.0, THINGS[0]]),
        8 => header.over = (0..script.below(20)).map(|_| Position(script.number())).collect(),
        9 => header.first = Position(script.number() / 2),
        10 => header.space = SpaceId(thing(script, &[SPACE.0, THINGS[0]])),
        11 => header.claims = claims(script),
        12 => drafts.truncate(1),
        13 => {
            let mut response = raw_draft(script, RecordKind::Response);
            response.name = Name::of("card.refused");
            *drafts = vec![response];
        }
        _ => drafts.push(raw_draft(script, RecordKind::Event)),
    }
}
