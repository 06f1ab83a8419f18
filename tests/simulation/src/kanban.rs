//! The history of a small project from a seed: four devices of people who work on one board, over a bad line, with crashes of everybody.

mod agreed;

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use recordplayer::claims::Claims;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::file::FileRef;
use recordplayer::hash::Hash;
use recordplayer::id::{ActId, CommandId, Id, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::playback::PlaybackError;
use recordplayer::record::{Record, StreamId};
use recordplayer::replica::{Replica, SubmitError, TextEdit, TextWork, Wish};
use recordplayer::testing::{DeviceId, World, converge_in, with_drawn_thresholds};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::{CardCommand, Day, Effort, FieldValue, Priority, Relation, RelationKind, Typed};
use recordplayer_kanban::column::{ColumnCommand, ColumnKind, WayOut};
use recordplayer_kanban::comment::{CommentCommand, CommentKind};
use recordplayer_kanban::ids::{
    AttachmentId, BoardId, CardId, ChecklistId, ColumnId, FieldId, ItemId, LabelId, PersonId, RoleId, RowId, TypeId,
};
use recordplayer_kanban::project::{FieldKind, FieldLimits, FieldUse, ProjectCommand, Weekday};
use recordplayer_kanban::undo::{UndoAct, undo};
use recordplayer_kanban::{Board, Card, Column, Comment, Project, ROLES, Role, domain};

use crate::Outcome;
use crate::files::OnDisks;

const COLUMNS: u64 = 3;
const CARDS: u64 = 20;
const COMMENTS: u64 = 20;
const BOARDS: u64 = 4;
/// A project that is not there.
const NOWHERE: SpaceId = SpaceId(Id([0xee; 16]));
const WORDS: [&str; 6] = ["motor", "belt", "needle", "cue", "gönn", "針"];

/// Plays one history out.
///
/// # Panics
///
/// When something does not hold that must; the message says how to replay it.
pub fn play_out(seed: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let mut devices = Vec::new();
    let mut world = converge_in(
        World::on_files(seed, &with_drawn_thresholds(domain(), seed).shared(), Box::new(OnDisks::new())),
        ["ann", "bo", "cy", "di"],
        |world, all| {
            devices.extend(all);
            People { world, outcome: &mut Outcome::default() }.found(&all);
        },
        |world, device| People { world, outcome: &mut outcome }.somebody_works(device),
    );
    People { world: &mut world, outcome: &mut outcome }.agree(&devices);
    outcome
}

struct People<'a> {
    world: &'a mut World,
    outcome: &'a mut Outcome,
}

impl People<'_> {
    fn below(&mut self, end: u64) -> u64 {
        self.world.random().random_range(0..end)
    }

    fn send<E: Entity>(&mut self, device: DeviceId, id: impl Into<Id>, command: &E::Command) {
        let intent = Intent::of::<E>(id, command).expect("commands can be encoded");
        let outcome = self.world.send(device, intent).map(drop);
        self.count(device, outcome);
    }

    fn count(&mut self, device: DeviceId, outcome: Result<(), SubmitError>) {
        match outcome {
            Ok(()) => self.outcome.taken += 1,
            Err(SubmitError::Refused(_)) => self.outcome.refused_here += 1,
            // That is told, and the device goes on once its store is replaced.
            Err(SubmitError::Read(_)) if self.world.may_be_rotten(device) => {}
            Err(other) => panic!("{other}; {}", self.world.how_to_replay()),
        }
    }

    fn found(&mut self, devices: &[DeviceId; 4]) {
        let [manager, others @ ..] = devices;
        let space = self.world.space().0;
        for (device, role) in others.iter().zip(["manager", "worker", "reviewer"]) {
            let person = self.world.replica(*device).actor();
            self.send::<Membership>(*manager, space, &MembershipCommand::ChangeRole { person, role: role.to_owned() });
        }
        self.send::<Project>(*manager, space, &ProjectCommand::SetUp { key: "SIM".to_owned() });
        self.send::<Board>(*manager, board(0), &BoardCommand::Add { title: "Turntable".to_owned() });
        for number in 0..COLUMNS {
            let kind = [ColumnKind::Backlog, ColumnKind::Active, ColumnKind::Done][number as usize];
            let add = ColumnCommand::Add { board: board(0), name: format!("Column {number}"), kind, before: None };
            self.send::<Column>(*manager, column(number), &add);
        }
        self.send::<Column>(*manager, column(1), &ColumnCommand::SetLimit { limit: Some(2), warns: false });
        let reviewers = ColumnCommand::SetReviewers { roles: [Role::by_key("reviewer")].into() };
        self.send::<Column>(*manager, column(1), &reviewers);
        let label = LabelId(thing("label", 0));
        let set = ProjectCommand::SetLabel { twin: false, label, name: "loud".to_owned(), colour: "red".to_owned() };
        self.send::<Project>(*manager, space, &set);
        let field = FieldId(thing("field", 0));
        let (name, kind) = ("Speed".to_owned(), FieldKind::Text);
        self.send::<Project>(
            *manager,
            space,
            &ProjectCommand::SetField {
                twin: false,
                field,
                name,
                kind,
                options: BTreeMap::new(),
                limits: FieldLimits::default(),
            },
        );
    }

    fn somebody_works(&mut self, device: DeviceId) {
        let word = WORDS[self.below(WORDS.len() as u64) as usize];
        // Nobody else says the same: who is told what they may not read is known by it.
        let word = format!("{word} {:012x}", self.below(1 << 48));
        match self.below(24) {
            0..11 => self.places_a_card(device, word),
            11..16 => self.describe(device, &word),
            16..19 => self.works_on_a_card(device, word),
            19..21 => self.comments(device, word),
            21 if self.below(2) == 0 => self.takes_back(device),
            21 => self.shapes_the_board(device, word),
            22 => self.shapes_the_project(device, word),
            _ => self.looks_at_what_was_refused(device),
        }
    }

    /// One of so many things, where there is one of those that somebody who looks at the screen would take. Now and then, and where the device may
    /// be unable to read, it is any.
    fn some<T: Copy>(
        &mut self,
        device: DeviceId,
        all: u64,
        make: fn(u64) -> T,
        suits: impl Fn(&Replica, T) -> bool,
    ) -> T {
        let first = self.below(all);
        let is_blind = self.below(8) == 0 || self.world.may_be_rotten(device);
        let replica = self.world.replica(device);
        let mut in_turn = (0..all).map(|step| make((first + step) % all));
        let found = if is_blind { None } else { in_turn.find(|thing| suits(replica, *thing)) };
        found.unwrap_or_else(|| make(first))
    }

    fn some_card(&mut self, device: DeviceId, suits: fn(&Card) -> bool) -> CardId {
        self.some(device, CARDS, card, |replica, card| suits(&replica.entity::<Card>(card)))
    }

    fn some_column(&mut self, device: DeviceId) -> ColumnId {
        self.some(device, COLUMNS, column, |replica, column| {
            let column = replica.entity::<Column>(column);
            !column.archived && column.limit.is_none_or(|limit| column.places.size() < limit as usize)
        })
    }

    fn some_comment(&mut self, device: DeviceId, suits: impl Fn(&Comment, PersonId) -> bool) -> Id {
        self.some(
            device,
            COMMENTS,
            |number| thing("comment", number),
            |replica, comment| suits(&replica.entity::<Comment>(comment), PersonId::from(replica.actor())),
        )
    }

    fn places_a_card(&mut self, device: DeviceId, title: String) {
        let column = self.some_column(device);
        let before = (self.below(2) == 0).then(|| self.some_card(device, is_open));
        // As an import does it, and only managers may.
        let exempt = self.below(16) == 0;
        let (card, command) = match self.below(11) {
            0..4 => {
                let card = self.some_card(device, |card| !card.exists());
                (card, CardCommand::Create { column, title, before, exempt, typed: None })
            }
            4..8 => (self.some_card(device, is_open), CardCommand::MoveTo { column, before, row: None, exempt }),
            8 if self.below(3) == 0 => {
                let (of, card) = (self.some_card(device, Card::exists), self.some_card(device, |card| !card.exists()));
                (card, CardCommand::Copy { of, column, before })
            }
            8 => (self.some_card(device, Card::exists), CardCommand::Rename { title }),
            9 => (self.some_card(device, is_open), CardCommand::Archive {}),
            _ => (self.some_card(device, |card| card.archived), CardCommand::Restore { column: None, exempt }),
        };
        self.send::<Card>(device, card, &command);
    }

    fn works_on_a_card(&mut self, device: DeviceId, word: String) {
        let card = self.some_card(device, Card::exists);
        let (done, has_value) = (self.below(2) == 0, self.below(3) > 0);
        let person = PersonId::from(self.world.replica(device).actor());
        let (label, field) = (LabelId(thing("label", self.below(3))), FieldId(thing("field", self.below(2))));
        let checklist = ChecklistId(thing("checklist", self.below(2)));
        let item = ItemId(thing("item", self.below(3)));
        let attachment = AttachmentId(thing("attachment", self.below(2)));
        let day = format!("2026-03-{:02}", 1 + self.below(28)).parse::<Day>().expect("that is a day");
        let (to, row) = (self.some_column(device), RowId(thing("row", self.below(2))));
        let other = self.some_card(device, Card::exists);
        let relation = Relation { kind: RelationKind::ALL[self.below(5) as usize], to: other };
        let number = Effort { hundredths: self.below(500) as u32 };
        let number = has_value.then_some(number);
        let card_type = TypeId(thing("type", self.below(2)));
        let fields = BTreeMap::from([(field, FieldValue::Text { text: word.clone() })]);
        let typed = has_value.then_some(Typed { card_type, fields });
        let command = match self.below(33) {
            // Nobody is there, so it comes back.
            31 => CardCommand::GoTo { project: NOWHERE, column: to },
            0 => CardCommand::SetDone { done },
            1 => CardCommand::AddLabel { label },
            2 => CardCommand::RemoveLabel { label },
            3 => CardCommand::Assign { person },
            4 => CardCommand::Unassign { person },
            5 => CardCommand::SetDue { due: has_value.then_some(day) },
            6 => CardCommand::SetChecklist { checklist, name: word },
            7 => CardCommand::RemoveChecklist { checklist },
            8 => CardCommand::SetItem { checklist, item, text: word, done, before: None },
            9 => CardCommand::TickItem { checklist, item, done },
            10 => CardCommand::RemoveItem { checklist, item },
            11 => CardCommand::AttachLink { attachment, name: word, url: "https://example.org/belt".to_owned() },
            12 if has_value => CardCommand::RemoveAttachment { attachment },
            12 => {
                let file = FileRef { hash: Hash::of(&[u8::from(done)]), bytes: 1 };
                CardCommand::AttachFile { attachment, name: word, file }
            }
            13..15 => CardCommand::Take {},
            15 => CardCommand::PutBack {},
            30 => CardCommand::WorkBack {},
            16..18 => CardCommand::Submit {},
            18 => CardCommand::Approve { to, reason: word, project: Some(NOWHERE).filter(|_| done) },
            19 => CardCommand::Reject { reason: word },
            20 => CardCommand::SetRow { row: has_value.then_some(row) },
            21 => CardCommand::SetPriority { priority: has_value.then_some(Priority::ALL[self.below(4) as usize]) },
            22 => CardCommand::SetEstimate { estimate: number },
            23 => CardCommand::SetRemaining { remaining: number },
            24 => CardCommand::Block { reason: word },
            25 => CardCommand::Unblock {},
            26..28 => CardCommand::Relate { relation },
            28 => CardCommand::Unrelate { relation },
            29 => CardCommand::SetType { typed },
            _ => CardCommand::SetField { field, value: has_value.then_some(FieldValue::Text { text: word }) },
        };
        self.send::<Card>(device, card, &command);
    }

    fn comments(&mut self, device: DeviceId, text: String) {
        let (comment, command) = match self.below(4) {
            0..2 => {
                let card = self.some_card(device, Card::exists);
                let comment = self.some_comment(device, |comment, _| comment.card.is_none());
                (
                    comment,
                    CommentCommand::Write {
                        card,
                        text,
                        author: None,
                        kind: CommentKind::Talk,
                        mentions: BTreeSet::new(),
                    },
                )
            }
            number => {
                let is_own = |comment: &Comment, person| comment.author == person && !comment.deleted;
                let comment = self.some_comment(device, is_own);
                (
                    comment,
                    if number == 2 {
                        CommentCommand::Edit { text, mentions: BTreeSet::new() }
                    } else {
                        CommentCommand::Delete {}
                    },
                )
            }
        };
        self.send::<Comment>(device, comment, &command);
    }

    /// Boards and columns come, go and change under those who work there.
    fn shapes_the_board(&mut self, device: DeviceId, name: String) {
        let (at, before) = (column(self.below(COLUMNS + 1)), (self.below(2) == 0).then(|| self.some_column(device)));
        let kind = [ColumnKind::Backlog, ColumnKind::Active, ColumnKind::Done][self.below(3) as usize];
        let on = if self.below(3) == 0 { board(self.below(BOARDS)) } else { board(0) };
        let limit = [None, Some(2), Some(5)][self.below(3) as usize];
        let roles: BTreeSet<Role> =
            ROLES[1..3].iter().filter(|_| self.below(2) == 0).map(|role| Role::by_key(role)).collect();
        let (row, may) = (RowId(thing("row", self.below(2))), self.below(3) > 0);
        let command = match self.below(22) {
            0 => return self.send::<Board>(device, on, &BoardCommand::Rename { title: name }),
            1 => return self.send::<Board>(device, on, &BoardCommand::Archive {}),
            2 | 3 => return self.send::<Board>(device, on, &BoardCommand::Restore {}),
            4 => ColumnCommand::Add { board: on, name, kind, before },
            5 => ColumnCommand::Rename { name },
            6 => ColumnCommand::SetKind { kind },
            7 => ColumnCommand::SetLimit { limit, warns: self.below(4) == 0 },
            8 => ColumnCommand::Archive {},
            9 => ColumnCommand::Restore {},
            10..12 => ColumnCommand::SetWorkers { roles },
            12..14 => ColumnCommand::SetReviewers { roles },
            14 => ColumnCommand::SetAutoMove { to: before },
            15 => ColumnCommand::SetWorkflow { to: may.then(|| before.into_iter().collect()) },
            16 => ColumnCommand::SetRow { row, name },
            17 => ColumnCommand::RemoveRow { row },
            // What is split off or merged stays so, and there are not many boards.
            19 if self.below(3) == 0 => {
                let columns = [at].into_iter().chain(before).collect();
                let into = board(self.below(BOARDS));
                return self.send::<Board>(device, on, &BoardCommand::Split { columns, into, title: name });
            }
            19 => {
                let into = board(self.below(BOARDS));
                return self.send::<Board>(device, on, &BoardCommand::Merge { into });
            }
            21 => {
                let ways = (0..COLUMNS).map(|to| WayOut { project: NOWHERE, column: column(to) });
                ColumnCommand::SetWaysOut { to: ways.collect() }
            }
            // What is removed never comes back, so it is seldom.
            18 if self.below(4) == 0 => ColumnCommand::Remove { into: before },
            _ => ColumnCommand::Move { before },
        };
        self.send::<Column>(device, at, &command);
    }

    fn shapes_the_project(&mut self, device: DeviceId, name: String) {
        let space = self.world.space().0;
        let label = LabelId(thing("label", self.below(3)));
        let colour = "green".to_owned();
        let placeholder = PersonId(thing("placeholder", self.below(2)));
        let role = RoleId(thing("role", self.below(2)));
        let (card_type, field) = (TypeId(thing("type", self.below(2))), FieldId(thing("field", self.below(2))));
        let usage = FieldUse { required: self.below(2) == 0 };
        let command = match self.below(14) {
            0 => return self.changes_a_role(device),
            1 | 2 => ProjectCommand::SetLabel { twin: false, label, name, colour },
            3 => ProjectCommand::RemoveLabel { label },
            4 => ProjectCommand::SetPlaceholder { person: placeholder, name, username: String::new() },
            5 => ProjectCommand::ClaimPlaceholder { person: placeholder },
            6 => ProjectCommand::SetRole { role, name },
            7 => ProjectCommand::RemoveRole { role },
            8 => ProjectCommand::SetType { twin: false, card_type, name, fields: BTreeMap::from([(field, usage)]) },
            9 => ProjectCommand::RemoveType { card_type },
            10 => ProjectCommand::RemoveField { field },
            11 => {
                let time_zone = ["UTC", "Europe/Berlin", "Nowhere/At all"][self.below(3) as usize].to_owned();
                let week_starts = [Weekday::Monday, Weekday::Sunday][self.below(2) as usize];
                ProjectCommand::SetCalendar { time_zone, week_starts }
            }
            12 => ProjectCommand::ChangeKey { keys: vec![["SIM", "MIS", "sim"][self.below(3) as usize].to_owned()] },
            _ => {
                let kind = FieldKind::Text;
                ProjectCommand::SetField {
                    twin: false,
                    field,
                    name,
                    kind,
                    options: BTreeMap::new(),
                    limits: FieldLimits::default(),
                }
            }
        };
        self.send::<Project>(device, space, &command);
    }

    /// Of anybody but the first, who manages the project for the others.
    fn changes_a_role(&mut self, device: DeviceId) {
        let all: Vec<DeviceId> = self.world.everybody().collect();
        let other = all[1 + self.below(all.len() as u64 - 1) as usize];
        let person = self.world.person(other);
        let own = Role::from(RoleId(thing("role", self.below(2))));
        let role = ROLES.get(self.below(ROLES.len() as u64 + 1) as usize).map_or(own.key(), |role| role).to_owned();
        if person != self.world.person(all[0]) {
            self.send::<Membership>(device, self.world.space().0, &MembershipCommand::ChangeRole { person, role });
        }
    }

    /// What this person did last, or shortly before, is taken back; what was taken back is done again.
    fn takes_back(&mut self, device: DeviceId) {
        if self.world.may_be_rotten(device) {
            return;
        }
        let replica = self.world.replica(device);
        // A part of the history may still be on its way.
        let Ok(deeds) = replica.own_deeds() else { return };
        let Some(deed) = deeds.iter().rev().nth(self.below(3) as usize) else { return };
        let replica = self.world.replica(device);
        let records = |stream: &StreamId| Ok((stream.clone(), replica.stream_records(stream)?));
        let Ok(streams) = deed.streams.iter().map(records).collect::<Result<Vec<_>, PlaybackError>>() else { return };
        let is_ours = |record: &Record| record.origin.command == deed.command;
        let planned = undo(&streams, &replica.models(), &is_ours).expect("commands can be encoded");
        let act = ActId(Id(self.world.random().random()));
        for step in planned.steps {
            let claims = Claims { undoes: Some(step.undoes), ..Claims::of_act(act) };
            let command = CommandId(Id(self.world.random().random()));
            let outcome = match step.what {
                UndoAct::Send { intent } => {
                    self.world.wish(device, Wish { claims, ..Wish::new(command, intent) }).map(drop)
                }
                UndoAct::Describe { card, text } => {
                    let make = |change| CardCommand::Describe { change };
                    let work = TextWork::Replace(&text);
                    let edit = TextEdit::<Card> { command, entity: card.into(), claims, work, make };
                    self.world.edit(device, &edit).map(drop)
                }
            };
            self.count(device, outcome);
            if !self.world.is_running(device) {
                return;
            }
        }
    }

    /// A refused command is tried again, or thrown away.
    fn looks_at_what_was_refused(&mut self, device: DeviceId) {
        let refused = self.world.replica(device).outbox().find(|entry| entry.refused.is_some());
        let Some(command) = refused.map(|entry| entry.command) else { return };
        if self.below(3) == 0 {
            let outcome = self.world.with(device, |replica, _| replica.discard(command));
            outcome.expect("a refused command can be discarded");
        } else {
            let outcome = self.world.retry(device, command).map(drop);
            self.count(device, outcome);
        }
    }

    /// Types a word into a card's description, at either end, or wipes it; or goes on with what it was before news of it came.
    fn describe(&mut self, device: DeviceId, typed: &str) {
        let card = self.some_card(device, Card::exists);
        let is_at_end = self.below(2) == 1;
        // Where the text cannot be read, that is told, and nobody types into it.
        let Some([now, before]) = self.texts(device, card) else { return };
        let position = if is_at_end { now.chars().count() } else { 0 };
        let after = format!("{before}{typed}");
        let work = match self.below(7) {
            0 => TextWork::Replace(""),
            1 => TextWork::Edit { before: &before, after: &after },
            _ => TextWork::Splice { position, delete: 0, insert: typed },
        };
        let command = CommandId(Id(self.world.random().random()));
        let make = |change| CardCommand::Describe { change };
        let edit = TextEdit::<Card> { command, entity: card.into(), claims: Claims::default(), work, make };
        // What it saves may find that its disk has failed; or that its store has rotted, and then it shows only what waits until it has the rest.
        let is_sound = !self.world.may_be_rotten(device);
        let outcome = self.world.edit(device, &edit).map(drop);
        let is_taken = outcome.is_ok() && is_sound && self.world.is_running(device);
        self.count(device, outcome);
        if is_taken && let Some([text, _]) = self.texts(device, card) {
            let is_typed = |(at, word): (usize, &str)| [&text[..at], &text[at + word.len()..]].concat() == now;
            let holds = match work {
                TextWork::Replace(wished) => text == wished,
                TextWork::Edit { .. } | TextWork::Splice { .. } => text.match_indices(typed).any(is_typed),
            };
            assert!(holds, "{work:?} on {now:?} makes it {text:?}; {}", self.world.how_to_replay());
        }
    }

    /// The description of a card as the device shows it, and as it is confirmed there.
    fn texts(&self, device: DeviceId, card: CardId) -> Option<[String; 2]> {
        let replica = self.world.replica(device);
        let texts = replica.text::<Card>(card, Card::DESCRIPTION).and_then(|text| {
            let confirmed = replica.confirmed_text::<Card>(card, Card::DESCRIPTION)?;
            Ok([text.text(), confirmed.text()])
        });
        match texts {
            Ok(texts) => Some(texts),
            Err(_) if self.world.may_be_rotten(device) => None,
            Err(error) => panic!("{error}; {}", self.world.how_to_replay()),
        }
    }

    /// Every command has its verdict; what everybody shows, the world itself has compared.
    fn agree(&mut self, devices: &[DeviceId]) {
        let why = self.world.how_to_replay();
        for device in devices {
            let open = self.world.replica(*device).outbox().filter(|entry| entry.refused.is_none()).count();
            assert_eq!(open, 0, "a command was never answered; {why}");
            let refused = self.world.replica(*device).outbox().count();
            self.outcome.refused_there += refused as u64;
        }
        self.outcome.records = self.world.authority().0.position.0;
        self.outcome.reached = self.world.reached();
        self.boards_are_sound(devices);
        self.is_the_same_told_again();
        let disks = self.world.disks();
        (self.outcome.disks_failed, self.outcome.rot_found) = (disks.failures, disks.rotten);
    }
}

fn is_open(card: &Card) -> bool {
    card.exists() && !card.archived
}

const CARD: u8 = 100;

fn card(number: u64) -> CardId {
    CardId(Id([CARD + number as u8; 16]))
}

fn board(number: u64) -> BoardId {
    BoardId(Id([1 + number as u8; 16]))
}

fn column(number: u64) -> ColumnId {
    ColumnId(Id([10 + number as u8; 16]))
}

/// One of few things of a kind, so that people meet over them.
fn thing(kind: &'static str, number: u64) -> Id {
    Id::derived(kind, &[&number.to_be_bytes()])
}
