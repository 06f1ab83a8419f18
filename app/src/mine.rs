//! What concerns the person, across all projects of this device: what they should hear of, what they have to do, what went on while they were away.
//!
//! Projects tell what happened; what was read, put off and seen of it stands in the personal space of the account that a project belongs to.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use recordplayer::id::{ActId, ActorId, CommandId, SpaceId};
use recordplayer::membership::Membership;
use recordplayer::record::Position;
use recordplayer::time::Timestamp;
use recordplayer::view::Key;
use recordplayer_client::{Device, SendError, Space, SpaceInfo, Ticket};
use recordplayer_kanban::card::{Day, Stage};
use recordplayer_kanban::column::ColumnKind;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId, PersonId};
use recordplayer_kanban::marks::MarksCommand;
use recordplayer_kanban::role::Role;
use recordplayer_kanban::view::{Activity, ActivityView, BoardView, InboxView, News, Turn, WorkView};
use recordplayer_kanban::{Board, Card, Column, Marks, Project};

/// A project with its person here.
pub(crate) struct Mine {
    pub info: SpaceInfo,
    pub space: Space,
}

/// Something that the person should hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub project: SpaceId,
    /// What it is marked by.
    pub id: CommandId,
    pub card: CardId,
    /// When the authority recorded it, and which record it is; what is due is due since no moment.
    pub at: Option<(Timestamp, Position)>,
    pub told: Told,
    pub is_read: bool,
    /// Until when it is put off, where that is still to come.
    pub put_off: Option<Timestamp>,
}

impl Entry {
    /// What is due first, then the latest first.
    pub fn order(&self) -> impl Ord + use<> {
        Reverse((self.at.is_none(), self.at))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    News {
        news: News,
        by: ActorId,
    },
    /// A card of theirs is due.
    Due {
        day: Day,
    },
}

/// A card that the person has to do with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub project: SpaceId,
    pub card: CardId,
    /// What it asks of them, in columns that have workers or reviewers.
    pub turn: Option<Turn>,
    pub is_assigned: bool,
}

/// The projects of the device that can be read.
pub(crate) fn projects(device: &Device) -> Vec<Mine> {
    let mine = |info: SpaceInfo| Some(Mine { space: device.space(info.space)?, info });
    device.spaces().into_iter().filter_map(mine).collect()
}

impl Mine {
    /// Who the person is in the project: themselves, whom they were before it was at a server, and placeholders that are them.
    pub fn people(&self) -> BTreeSet<PersonId> {
        let me = self.space.actor();
        let project = self.space.entity::<Project>(self.space.id().0);
        let membership = self.space.entity::<Membership>(self.space.id().0);
        let claimed = project.placeholders.iter().filter(|(_, known)| known.claimed_by == Some(me)).map(|(id, _)| *id);
        let before = membership.claimed().filter(|(_, now)| *now == me).map(|(before, _)| PersonId::from(before));
        claimed.chain(before).chain([PersonId::from(me)]).collect()
    }

    /// What the person has marked of it.
    pub fn marks(&self, device: &Device) -> Arc<Marks> {
        let personal = device.known_personal(&self.info.url);
        personal.map(|personal| personal.entity::<Marks>(self.info.space.0)).unwrap_or_default()
    }

    /// What waits for them in it, and what they have read, the latest first.
    pub fn inbox(&self, device: &Device, today: &Day, now: Timestamp) -> Vec<Entry> {
        let marks = self.marks(device);
        let entry = |id, card, at, told| Entry {
            project: self.info.space,
            id,
            card,
            at,
            told,
            is_read: marks.read.contains(&id),
            put_off: marks.snoozed.get(&id).copied().filter(|until| *until > now),
        };
        let membership = self.space.entity::<Membership>(self.space.id().0);
        let mut entries: BTreeMap<CommandId, Entry> = BTreeMap::new();
        for person in self.people() {
            // What an export tells was news in the project that was exported.
            let view = self.space.view::<InboxView>(person);
            for known in view.entries.iter().filter(|known| !membership.is_of_export(known.record)) {
                let told = Told::News { news: known.news, by: known.by };
                entries.insert(known.command, entry(known.command, known.card, Some((known.at, known.record)), told));
            }
        }
        for card in self.cards() {
            let Some(day) = self.due(card, today) else { continue };
            let id = due_entry(self.info.space, card, &day);
            entries.insert(id, entry(id, card, None, Told::Due { day }));
        }
        let mut entries: Vec<Entry> = entries.into_values().collect();
        entries.sort_by_key(Entry::order);
        entries
    }

    /// The cards that are theirs, and still to do.
    pub fn cards(&self) -> BTreeSet<CardId> {
        let mut cards = BTreeSet::new();
        for person in self.people() {
            cards.extend(self.space.view::<WorkView>(person).cards.iter().copied());
        }
        cards.retain(|card| self.is_to_do(&self.space.entity::<Card>(*card)));
        cards
    }

    fn is_to_do(&self, card: &Card) -> bool {
        let Some(column) = card.column().filter(|_| card.is_here() && !card.archived && !card.done) else {
            return false;
        };
        let column = self.space.entity::<Column>(column);
        !column.archived && !matches!(column.kind, ColumnKind::Done | ColumnKind::Cancelled)
    }

    /// The day on which a card was or is due, where that is no later than today.
    fn due(&self, card: CardId, today: &Day) -> Option<Day> {
        self.space.entity::<Card>(card).due.clone().filter(|day| day <= today)
    }

    /// What the person has to do in it, or may take or look at.
    pub fn tasks(&self) -> Vec<Task> {
        let project = self.info.space;
        let (assigned, people) = (self.cards(), self.people());
        let mut tasks: BTreeMap<CardId, Task> = BTreeMap::new();
        for card in &assigned {
            tasks.insert(*card, Task { project, card: *card, turn: None, is_assigned: true });
        }
        let membership = self.space.entity::<Membership>(project.0);
        let role = Role::by_key(membership.role_of(self.space.actor()).unwrap_or_default());
        for board in &self.space.entity::<Project>(project.0).boards {
            let known = self.space.entity::<Board>(*board);
            let has_stages = |column: &ColumnId| !self.space.entity::<Column>(*column).rights.is_plain();
            if known.archived || !known.columns.iter().any(has_stages) {
                continue;
            }
            let view = self.space.view::<BoardView>(*board);
            for card in view.cards.keys() {
                let turn = people.iter().find_map(|person| view.turn(*card, *person, &role));
                let Some(turn) = turn else { continue };
                let task = Task { project, card: *card, turn: None, is_assigned: assigned.contains(card) };
                tasks.entry(*card).or_insert(task).turn = Some(turn);
            }
        }
        tasks.into_values().collect()
    }

    /// What others did in it since the person last said that they have seen all, the latest last; and up to when that is. What an import tells
    /// has happened long ago: it is one thing, of whoever has brought it in.
    pub fn while_away(&self, device: &Device) -> (Vec<Activity>, Timestamp) {
        let seen = self.marks(device).seen;
        let people = self.people();
        let view = self.space.view::<ActivityView>(Key::whole_space());
        let membership = self.space.entity::<Membership>(self.space.id().0);
        let imports = self.imports();
        let mut told: Vec<Activity> = Vec::new();
        for entry in view.entries.iter().filter(|entry| entry.at > seen && !membership.is_of_export(entry.record)) {
            let import = entry.act.and_then(|act| Some((act, *imports.get(&act)?)));
            let entry = match import {
                Some((act, board)) => {
                    told.retain(|known| known.act != Some(act));
                    let what = format!("imported into the board “{board}”");
                    Activity { card: None, actor: Some(entry.by), happened_at: None, what, ..entry.clone() }
                }
                None => entry.clone(),
            };
            let is_own = entry.actor.is_some_and(|actor| people.contains(&PersonId::from(actor)));
            if !is_own && entry.happened_at.is_none() {
                told.push(entry);
            }
        }
        let upto = view.entries.iter().map(|entry| entry.at).max().unwrap_or_default();
        (told, upto.max(seen))
    }

    /// The imports into the project, and into which board.
    fn imports(&self) -> BTreeMap<ActId, BoardId> {
        let boards = self.space.entity::<Project>(self.space.id().0).boards.clone();
        let of_board = |board: BoardId| {
            let imports = self.space.entity::<Board>(board.0).imports.clone();
            imports.into_iter().map(move |act| (act, board))
        };
        boards.into_iter().flat_map(of_board).collect()
    }

    /// Marks something of it; what shows in the inbox no more is forgotten with that.
    pub fn mark(&self, device: &Device, command: &MarksCommand, shown: &[Entry]) -> Result<Ticket, SendError> {
        let personal = device.personal(&self.info.url)?;
        let marks = personal.entity::<Marks>(self.info.space.0);
        let shown: BTreeSet<CommandId> = shown.iter().map(|entry| entry.id).collect();
        let gone: BTreeSet<CommandId> =
            marks.read.iter().chain(marks.snoozed.keys()).filter(|entry| !shown.contains(entry)).copied().collect();
        if gone.len() >= FORGET_FROM {
            let entries = gone.into_iter().collect();
            personal.send::<Marks>(self.info.space.0, &MarksCommand::Forget { entries })?;
        }
        personal.send::<Marks>(self.info.space.0, command)
    }
}

/// So many marks of what shows no more are forgotten at once.
const FORGET_FROM: usize = 100;

/// What "this card is due that day" is marked by: another day is another entry, and so is the same card in a project that was begun from an export.
pub(crate) fn due_entry(project: SpaceId, card: CardId, day: &Day) -> CommandId {
    CommandId::derived("due", &[project.0.bytes(), card.0.bytes(), day.as_str().as_bytes()])
}

/// What a task asks for, in a word.
pub(crate) fn asked(task: &Task, stage: Stage) -> &'static str {
    match (task.turn, stage) {
        (Some(Turn::Take), _) => "take",
        (Some(Turn::Work), _) => "work",
        (Some(Turn::Review), _) => "review",
        (None, Stage::ToReview) => "wait",
        (None, Stage::ToDo | Stage::Doing) => "do",
    }
}
