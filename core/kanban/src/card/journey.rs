//! From one project to another one (DESIGN §5): a card leaves, arrives there or is turned away, and is gone here or stays.
//!
//! ```text
//!   GoTo ─► Leaving, locked and hidden ══ Arrive, BringText, the comments ══► Arrived │ TurnedAway │ FoundHere
//!           Gone │ Stayed              ◄══ EndJourney ══════════════════════════════┘
//! ```
//! Each project remembers which journeys it has answered, so asking twice does nothing; and how often the card has gone, so that one which was
//! restored from a backup and shows it still gives it up as soon as it hears where it is.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::codec::CodecError;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::errand::{Errand, Reading};
use recordplayer::id::{ActorId, CommandId, SpaceId};
use recordplayer::membership::Membership;
use recordplayer::record::Record;
use recordplayer::text::TextChange;
use serde::{Deserialize, Serialize};

use super::decide::{is_known, project};
use super::place::{Aim, Target};
use super::{
    Attachment, Card, CardCommand as C, CardEvent as E, CardRefusal as R, Checklist, Day, Effort, FieldValue, Placed,
    Priority, Stage,
};
use crate::board::Board;
use crate::column::{Column, ColumnEvent, WayOut, following};
use crate::comment::{Comment, CommentCommand};
use crate::ids::{AttachmentId, CardId, ColumnId, FieldId, LabelId, OptionId, PersonId, TypeId};
use crate::key::card_key;
use crate::limits::{CARRIED_BYTES_MAX, CARRIED_COMMENTS_MAX, OF_PROJECT_MAX};
use crate::project::{FieldDefinition, FieldKind, Label, Project, ProjectEvent};
use crate::role::Role;
use crate::view::CardView;

/// Changes of a text that are brought by one command, in bytes: its events hold them once more, and a commit holds both.
const TEXT_PART_BYTES: usize = 96 * 1024;
/// Changes of a text that are brought by one command.
const TEXT_PART_CHANGES: usize = 1_000;
/// Journeys that a card remembers to have answered beside the one that brought it.
const ANSWERED_MAX: usize = 64;

/// One move to another project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journey {
    /// The command that began it.
    pub id: CommandId,
    /// Which of the card's journeys it is, from 1.
    pub number: u64,
}

/// How a journey ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JourneyEnd {
    /// The card is in this project.
    Arrived {
        at: SpaceId,
    },
    TurnedAway {
        why: NotLetIn,
    },
}

/// Why a card may not come into a project. The project from which it comes is told, and not everybody there may know this one: so it names nothing
/// that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NotLetIn {
    #[error("There is no such project here any more, or it cannot be reached from this one. Copy the card instead")]
    NoSuchProject {},
    #[error("Whoever sent it is no member of that project. Ask a manager of it")]
    NotAMember {},
    #[error("Whoever sent it may only look at that project. Ask a manager of it for another role")]
    OnlyLooks {},
    #[error("That column is not there any more, or it is archived. Choose another one")]
    NoSuchColumn {},
    #[error("That column is full. Wait until there is room, or choose another one")]
    ColumnFull {},
    #[error("Cards of its type have a field there that this one lacks. Fill it in, or take its type away")]
    FieldMissing {},
}

/// How a project came to know that a card is in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// The journey began here; it is asked about as that.
    Own {},
    /// It went on from where it had gone.
    Further {},
    /// It was here still, for this project had lost by a restore that it went.
    Forgotten {},
}

impl Heard {
    /// Whether the other project is asked if it has the card: it may have lost it as well, and nobody else know of it.
    fn asks(self, reading: &Reading<'_>) -> bool {
        match self {
            Self::Own {} => false,
            Self::Further {} => reading.is_retold(),
            Self::Forgotten {} => true,
        }
    }
}

/// Where a card is, as far as its project knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whereabouts {
    Here {},
    /// On its way; nobody changes it meanwhile.
    Leaving {
        to: SpaceId,
        journey: Journey,
    },
    /// In another project; what was here stays readable.
    Gone {
        to: SpaceId,
        journey: CommandId,
    },
}

/// What a card takes along, but for its description and its comments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub title: String,
    pub done: bool,
    pub due: Option<Day>,
    pub card_type: Option<TypeId>,
    pub priority: Option<Priority>,
    pub estimate: Option<Effort>,
    pub remaining: Option<Effort>,
    pub blocked: Option<String>,
    pub labels: BTreeSet<LabelId>,
    pub members: BTreeSet<PersonId>,
    pub checklists: Vec<Checklist>,
    pub attachments: BTreeMap<AttachmentId, Attachment>,
    pub fields: BTreeMap<FieldId, FieldValue>,
}

/// What the ids of the project it comes from mean: where this project has the same by name, it is taken for that, and else comes along.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outfit {
    pub labels: BTreeMap<LabelId, Label>,
    pub fields: BTreeMap<FieldId, FieldDefinition>,
    pub card_type: Option<String>,
}

impl Default for Whereabouts {
    fn default() -> Self {
        Self::Here {}
    }
}

impl Whereabouts {
    /// The other project, where it is not here.
    pub fn project(&self) -> Option<SpaceId> {
        match self {
            Self::Here {} => None,
            Self::Leaving { to, .. } | Self::Gone { to, .. } => Some(*to),
        }
    }

    /// Whether this journey took it away from here.
    fn is_by(&self, journey: CommandId) -> bool {
        match self {
            Self::Here {} => false,
            Self::Leaving { journey: by, .. } => by.id == journey,
            Self::Gone { journey: by, .. } => *by == journey,
        }
    }
}

impl Card {
    pub(super) fn has_not_left(&self) -> Result<(), R> {
        match self.whereabouts.project() {
            Some(project) => Err(R::InAnotherProject { project }),
            None => Ok(()),
        }
    }

    /// Whether this journey brought it here last.
    pub(crate) fn came_by(&self, journey: CommandId) -> bool {
        self.arrived_by == Some(journey)
    }

    fn is_gone_on(&self) -> bool {
        matches!(self.whereabouts, Whereabouts::Gone { .. })
    }

    /// Whether somebody to whom it came by this journey has more right to it than this project.
    fn gives_way_to(&self, journey: Journey) -> bool {
        let mine = (self.journeys, std::cmp::Reverse(self.arrived_by));
        (journey.number, std::cmp::Reverse(Some(journey.id))) > mine
    }

    pub(super) fn note_end(&mut self, journey: CommandId) {
        self.answered.push(journey);
        if self.answered.len() > ANSWERED_MAX {
            self.answered.remove(0);
        }
    }

    pub(super) fn arrive(&mut self, journey: Journey, placed: Placed, card: Carried) {
        let Carried { title, done, due, card_type, priority, estimate, remaining, blocked, .. } = card;
        (self.title, self.done, self.due, self.card_type) = (title, done, due, card_type);
        (self.priority, self.estimate, self.remaining, self.blocked) = (priority, estimate, remaining, blocked);
        (self.labels, self.members, self.fields) = (card.labels, card.members, card.fields);
        (self.checklists, self.attachments) = (card.checklists, card.attachments);
        (self.stage, self.taken_by, self.row, self.came_from) = (Stage::ToDo, None, None, None);
        self.archived = false;
        self.placed = Some(placed);
        self.whereabouts = Whereabouts::Here {};
        self.journeys = journey.number;
        self.arrived_by = Some(journey.id);
    }

    fn carried(&self) -> Carried {
        Carried {
            title: self.title.clone(),
            done: self.done,
            due: self.due.clone(),
            card_type: self.card_type,
            priority: self.priority,
            estimate: self.estimate,
            remaining: self.remaining,
            blocked: self.blocked.clone(),
            labels: self.labels.clone(),
            members: self.members.clone(),
            checklists: self.checklists.clone(),
            attachments: self.attachments.clone(),
            fields: self.fields.clone(),
        }
    }

    pub(super) fn go_to(
        &self,
        card: CardId,
        from: &Placed,
        (to, column): (SpaceId, ColumnId),
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, R> {
        if self.archived {
            return Err(R::CardArchived {});
        }
        if to == cx.space() {
            return Err(R::SameProject {});
        }
        self.may_leave(from, cx)?;
        let standing = cx.get::<Column>(from.column);
        if !standing.ways_out.contains(&WayOut { project: to, column }) {
            return Err(R::NoWayOut { from: standing.name.clone(), project: to, column });
        }
        if self.comments > CARRIED_COMMENTS_MAX {
            return Err(R::TooMuchToCarry { what: format!("More than {CARRIED_COMMENTS_MAX} comments") });
        }
        let journey = Journey { id: cx.command(), number: self.journeys + 1 };
        let by = PersonId::from(cx.actor());
        let arrival = self.arrival((cx.space(), &project(cx)), card, (journey, by, column), false);
        let is_small = Intent::of::<Self>(card, &arrival).is_ok_and(|intent| intent.payload.len() <= CARRIED_BYTES_MAX);
        if !is_small {
            return Err(R::TooMuchToCarry { what: "What stands on it beside its description and comments".to_owned() });
        }
        cx.emit::<Column>(from.column, &ColumnEvent::CardLeft { card, rank: from.rank.clone() });
        Ok(vec![E::Leaving { to, column, journey, by }])
    }

    /// What the other project is asked.
    fn arrival(
        &self,
        (here, project): (SpaceId, &Project),
        card: CardId,
        (journey, by, column): (Journey, PersonId, ColumnId),
        was_here: bool,
    ) -> C {
        let mut former = self.former.clone();
        former.insert(here, card_key(&project.key, &self.number, card));
        let outfit = Outfit {
            labels: project.labels.iter().filter(|(id, _)| self.labels.contains(id)).map(pair).collect(),
            fields: project.fields.iter().filter(|(id, _)| self.fields.contains_key(id)).map(pair).collect(),
            card_type: self.card_type.and_then(|id| project.types.get(&id)).map(|card_type| card_type.name.clone()),
        };
        let (card, outfit) = (Box::new(self.carried()), Box::new(outfit));
        C::Arrive { journey, by, column, former, card, outfit, was_here }
    }

    /// What only projects ask of each other; `None` for what people ask.
    pub(super) fn answer_project(&self, card: CardId, command: &C, cx: &mut Context<'_>) -> Option<Result<Vec<E>, R>> {
        if !matches!(
            command,
            C::Arrive { .. } | C::BringText { .. } | C::EndJourney { .. } | C::StayHere { .. } | C::Recall { .. }
        ) {
            return None;
        }
        let Some(other) = cx.errand_with() else { return Some(Err(R::OnlyProjectsAsk {})) };
        Some(Ok(match command {
            C::Arrive { journey, .. } if self.came_by(journey.id) || self.answered.contains(&journey.id) => Vec::new(),
            // Of a card that this project knows only by hearsay, somebody has more.
            C::Arrive { journey, .. } if journey.number <= self.journeys && self.exists() => {
                vec![E::FoundHere { from: other, journey: *journey }]
            }
            C::Arrive { journey, .. } => match self.let_in(card, command, other, cx) {
                Ok(events) => events,
                Err(why) => vec![E::TurnedAway { from: other, journey: *journey, why }],
            },
            C::BringText { journey, changes } => self.take_text(*journey, changes),
            C::EndJourney { journey, end } => self.end_journey(card, *journey, end, cx),
            C::StayHere { journey } => match &self.whereabouts {
                Whereabouts::Leaving { journey: by, .. } if by.id == *journey => {
                    self.stay(card, NotLetIn::NoSuchProject {}, cx)
                }
                _ => Vec::new(),
            },
            C::Recall { journey, to } if self.is_here() && self.came_by(*journey) => {
                let journey = Journey { id: *journey, number: self.journeys };
                self.is_gone(card, *to, (journey, Heard::Further {}), cx)
            }
            _ => Vec::new(),
        }))
    }

    fn let_in(&self, card: CardId, arrival: &C, from: SpaceId, cx: &mut Context<'_>) -> Result<Vec<E>, NotLetIn> {
        let C::Arrive { journey, by, column, former, card: carried, outfit, was_here } = arrival else {
            return Ok(Vec::new());
        };
        let project = project(cx);
        if !project.is_set_up() {
            return Err(NotLetIn::NoSuchProject {});
        }
        let aim = if *was_here { Aim::end_of(somewhere(*column, cx).unwrap_or(*column)) } else { Aim::end_of(*column) };
        let target = Target::open(&aim, cx).map_err(|_| NotLetIn::NoSuchColumn {})?;
        if !was_here {
            let members = cx.get::<Membership>(cx.space().0);
            match Role::of(ActorId(by.0), &members) {
                None => return Err(NotLetIn::NotAMember {}),
                Some(role) if role.is_viewer() => return Err(NotLetIn::OnlyLooks {}),
                Some(_) if target.column.archived => return Err(NotLetIn::NoSuchColumn {}),
                Some(_) => target.enter(false, cx).map_err(|_| NotLetIn::ColumnFull {})?,
            }
        }
        let carried = fitted(carried, outfit, &project, cx);
        let found = carried.card_type.and_then(|id| project.types.get(&id));
        let required = found.into_iter().flat_map(|found| found.fields.iter().filter(|(_, usage)| usage.required));
        let mut missing = required.filter(|(field, _)| !carried.fields.contains_key(field));
        if !was_here && missing.next().is_some() {
            return Err(NotLetIn::FieldMissing {});
        }
        // What stood here still, though it was elsewhere, gives way.
        if let Some(placed) = self.placed.as_ref().filter(|_| self.is_here()) {
            leave(card, placed, cx);
        }
        let mut former = former.clone();
        former.remove(&cx.space());
        // Where it had gone from here, as far as this project knows, is told that it is here.
        match &self.whereabouts {
            Whereabouts::Here {} => {}
            Whereabouts::Leaving { to, .. } | Whereabouts::Gone { to, .. } => drop(former.entry(*to).or_default()),
        }
        let rank = target.column.rank_for(None, card);
        let number = cx.assign(|| project.last_number + 1);
        cx.emit::<Column>(target.id, &ColumnEvent::CardEntered { card, rank: rank.clone() });
        cx.emit::<Project>(cx.space().0, &ProjectEvent::NumberGiven { number });
        Ok(vec![E::Arrived {
            from,
            journey: *journey,
            by: *by,
            column: target.id,
            rank,
            number,
            former,
            card: Box::new(carried),
        }])
    }

    /// Those changes of its description that are not here yet; what no text takes is left, as by everybody who reads it.
    fn take_text(&self, journey: CommandId, changes: &[TextChange]) -> Vec<E> {
        if !self.came_by(journey) {
            return Vec::new();
        }
        let mut description = self.description.clone();
        let mut events = Vec::new();
        for change in changes {
            if matches!(description.is_wanted(change), Ok(true)) {
                description.play(change);
                events.push(E::Described { change: change.clone() });
            }
        }
        events
    }

    fn end_journey(&self, card: CardId, journey: Journey, end: &JourneyEnd, cx: &mut Context<'_>) -> Vec<E> {
        let is_by_it = self.whereabouts.is_by(journey.id);
        match (end, &self.whereabouts) {
            // What others know of this project, it knows itself.
            (JourneyEnd::Arrived { at }, _) if *at == cx.space() => Vec::new(),
            (JourneyEnd::Arrived { .. }, Whereabouts::Gone { .. }) if is_by_it => Vec::new(),
            (JourneyEnd::Arrived { at }, whereabouts) if is_by_it => {
                // Where it went to may have it no more: then it is to be looked for where it went on to.
                let heard = if whereabouts.project() == Some(*at) { Heard::Own {} } else { Heard::Further {} };
                self.is_gone(card, *at, (journey, heard), cx)
            }
            (JourneyEnd::TurnedAway { why }, _) if is_by_it => self.stay(card, *why, cx),
            // It has gone somewhere else by the same journey as far as this project remembers: the first that told keeps it.
            (JourneyEnd::Arrived { at }, Whereabouts::Gone { to, .. })
                if journey.number == self.journeys && *to != *at && !self.answered.contains(&journey.id) =>
            {
                vec![E::Doubled { at: *at, journey: journey.id, first: *to }]
            }
            // Who has it by an earlier journey has not heard that it went on.
            (JourneyEnd::Arrived { at }, Whereabouts::Gone { to, journey: by, .. })
                if journey.number < self.journeys && to != at =>
            {
                vec![E::FoundHere { from: *at, journey: Journey { id: *by, number: self.journeys } }]
            }
            // Two have it: the one that it came to by the later journey keeps it, and tells the other.
            (JourneyEnd::Arrived { at }, Whereabouts::Here {}) if self.exists() && !self.gives_way_to(journey) => {
                let journey = Journey { id: self.arrived_by.unwrap_or(journey.id), number: self.journeys };
                vec![E::FoundHere { from: *at, journey }]
            }
            // It has gone on from there; or the journey is one that this project has forgotten, as a restored one does, perhaps with the card.
            (JourneyEnd::Arrived { at }, whereabouts)
                if journey.number > self.journeys || *whereabouts == (Whereabouts::Here {}) =>
            {
                let is_further = matches!(self.whereabouts, Whereabouts::Gone { .. });
                let heard = if is_further { Heard::Further {} } else { Heard::Forgotten {} };
                self.is_gone(card, *at, (journey, heard), cx)
            }
            _ => Vec::new(),
        }
    }

    fn is_gone(&self, card: CardId, to: SpaceId, (journey, heard): (Journey, Heard), cx: &mut Context<'_>) -> Vec<E> {
        if let Some(placed) = self.placed.as_ref().filter(|_| self.is_here()) {
            leave(card, placed, cx);
        }
        for relation in &self.relations {
            let back = super::Relation { kind: relation.kind.inverse(), to: card };
            cx.emit::<Self>(relation.to, &E::RelationRemoved { relation: back });
        }
        vec![E::Gone { to, journey, heard }]
    }

    fn stay(&self, card: CardId, why: NotLetIn, cx: &mut Context<'_>) -> Vec<E> {
        let Some(placed) = &self.placed else { return Vec::new() };
        let column = somewhere(placed.column, cx).unwrap_or(placed.column);
        cx.emit::<Column>(column, &ColumnEvent::CardEntered { card, rank: placed.rank.clone() });
        vec![E::Stayed { column, why }]
    }
}

fn pair<K: Copy, V: Clone>((id, value): (&K, &V)) -> (K, V) {
    (*id, value.clone())
}

fn leave(card: CardId, placed: &Placed, cx: &mut Context<'_>) {
    let rank = placed.rank.clone();
    cx.emit::<Column>(placed.column, &ColumnEvent::CardLeft { card, rank });
}

/// The column, or who inherited its cards, or else the first one of the project.
fn somewhere(column: ColumnId, cx: &Context<'_>) -> Option<ColumnId> {
    let (id, found) = following(column, cx);
    if found.exists() {
        return Some(id);
    }
    let boards = project(cx).boards.clone();
    boards.iter().find_map(|board| cx.get::<Board>(*board).columns.first().copied())
}

/// What a card carries, with the ids that it has here. What this project has no like of comes along, as far as there is room.
fn fitted(carried: &Carried, outfit: &Outfit, project: &Project, cx: &mut Context<'_>) -> Carried {
    let mut fitted = carried.clone();
    let mut room = OF_PROJECT_MAX.saturating_sub(project.labels.len());
    fitted.labels = BTreeSet::new();
    for (id, label) in &outfit.labels {
        let same = project.labels.iter().find(|(_, other)| *other == label).map(|(id, _)| *id);
        match same.or(Some(*id).filter(|id| project.labels.contains_key(id))) {
            Some(id) => drop(fitted.labels.insert(id)),
            None if room > 0 => {
                room -= 1;
                let Label { name, colour } = label.clone();
                cx.emit::<Project>(cx.space().0, &ProjectEvent::LabelSet { label: *id, name, colour });
                fitted.labels.insert(*id);
            }
            None => {}
        }
    }
    let mut room = OF_PROJECT_MAX.saturating_sub(project.fields.len());
    fitted.fields = BTreeMap::new();
    for (id, value) in &carried.fields {
        let Some(field) = outfit.fields.get(id) else { continue };
        let is_same = |other: &&FieldDefinition| other.name == field.name && other.kind == field.kind;
        let same = project.fields.get(id).map(|field| (*id, field));
        let same =
            same.or_else(|| project.fields.iter().find(|(_, other)| is_same(other)).map(|(id, field)| (*id, field)));
        match same {
            Some((id, here)) => fitted.fields.extend(translated(value, field, here).map(|value| (id, value))),
            None if room > 0 => {
                room -= 1;
                let FieldDefinition { name, kind, options, limits } = field.clone();
                let set = ProjectEvent::FieldSet { field: *id, name, kind, options, limits };
                cx.emit::<Project>(cx.space().0, &set);
                fitted.fields.insert(*id, value.clone());
            }
            None => {}
        }
    }
    let is_type = |name: &String| project.types.iter().find(|(_, other)| other.name == *name).map(|(id, _)| *id);
    let same = carried.card_type.filter(|id| project.types.contains_key(id));
    fitted.card_type = same.or_else(|| outfit.card_type.as_ref().and_then(is_type));
    fitted.members.retain(|person| is_known(*person, cx));
    fitted
}

/// A value as the field of this project has it: a choice is that of the same name.
fn translated(value: &FieldValue, there: &FieldDefinition, here: &FieldDefinition) -> Option<FieldValue> {
    match value {
        FieldValue::Choice { option } if here.kind == FieldKind::Choice && !here.options.contains_key(option) => {
            let named = there.options.get(option)?;
            let same = |(_, other): &(&OptionId, &Label)| *other == named;
            let (option, _) = here.options.iter().find(same)?;
            Some(FieldValue::Choice { option: *option })
        }
        _ => Some(value.clone()),
    }
}

/// What the journeys of cards ask of other projects.
pub(crate) fn travels(record: &Record, reading: &Reading<'_>) -> Vec<Errand> {
    let id = CardId(record.stream.id);
    let ask = |to: SpaceId, command: &C| {
        let command = Intent::of::<Card>(id, command).ok();
        command.map(|command| Errand { to, commands: vec![command], otherwise: None })
    };
    let card = || reading.models().get::<Card>(id);
    match record.event::<Card>() {
        Some(E::Leaving { to, column, journey, by }) if card().whereabouts.is_by(journey.id) => {
            let otherwise = Intent::of::<Card>(id, &C::StayHere { journey: journey.id }).ok();
            // What cannot be said is as if nobody was there.
            let commands = luggage(id, &card(), (*journey, *by, *column), reading).unwrap_or_default();
            vec![Errand { to: *to, commands, otherwise }]
        }
        Some(E::Gone { to, journey, heard }) if card().whereabouts.is_by(journey.id) => {
            let mut errands = Vec::new();
            if heard.asks(reading) && card().exists() {
                // Where it stood there is not known here, nor who sent it.
                let aim = (*journey, PersonId::default(), ColumnId::default());
                let commands = luggage(id, &card(), aim, reading).unwrap_or_default();
                errands.push(Errand { to: *to, commands, otherwise: None });
            }
            if *heard == (Heard::Further {}) {
                // Whoever had it before may have it still.
                let end = C::EndJourney { journey: *journey, end: JourneyEnd::Arrived { at: *to } };
                errands.extend(card().former.keys().filter_map(|before| ask(*before, &end)));
            }
            errands
        }
        Some(E::Arrived { from, journey, former, .. }) if card().came_by(journey.id) && !card().is_gone_on() => {
            let end = arrived_here(id, reading);
            let told: BTreeSet<SpaceId> = former.keys().copied().chain([*from]).collect();
            let end = C::EndJourney { journey: *journey, end };
            told.into_iter().filter_map(|to| ask(to, &end)).collect()
        }
        Some(E::FoundHere { from, journey }) => {
            let end = arrived_here(id, reading);
            ask(*from, &C::EndJourney { journey: *journey, end }).into_iter().collect()
        }
        Some(E::TurnedAway { from, journey, why }) => {
            let end = JourneyEnd::TurnedAway { why: *why };
            ask(*from, &C::EndJourney { journey: *journey, end }).into_iter().collect()
        }
        Some(E::Doubled { at, journey, first }) => {
            ask(*at, &C::Recall { journey: *journey, to: *first }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// That it is here; or where it has gone from here.
fn arrived_here(id: CardId, reading: &Reading<'_>) -> JourneyEnd {
    let models = reading.models();
    let card = models.get::<Card>(id);
    match &card.whereabouts {
        Whereabouts::Gone { to, .. } => JourneyEnd::Arrived { at: *to },
        Whereabouts::Here {} | Whereabouts::Leaving { .. } => JourneyEnd::Arrived { at: reading.space() },
    }
}

/// All that a card takes along: itself, its description, its comments.
fn luggage(
    id: CardId,
    card: &Card,
    (journey, by, column): (Journey, PersonId, ColumnId),
    reading: &Reading<'_>,
) -> Result<Vec<Intent>, CodecError> {
    let project = reading.models().get::<Project>(reading.space().0);
    let was_there = matches!(card.whereabouts, Whereabouts::Gone { .. });
    let mut commands =
        vec![Intent::of::<Card>(id, &card.arrival((reading.space(), &project), id, (journey, by, column), was_there))?];
    let mut part: Vec<TextChange> = Vec::new();
    let mut parts = Vec::new();
    let mut bytes = 0;
    for change in reading.text_changes::<Card>(id, Card::DESCRIPTION) {
        bytes += change.bytes().len();
        if !part.is_empty() && (bytes > TEXT_PART_BYTES || part.len() >= TEXT_PART_CHANGES) {
            bytes = change.bytes().len();
            parts.push(std::mem::take(&mut part));
        }
        part.push(change);
    }
    parts.extend((!part.is_empty()).then_some(part));
    for changes in parts {
        commands.push(Intent::of::<Card>(id, &C::BringText { journey: journey.id, changes })?);
    }
    let models = reading.models();
    for comment in reading.view::<CardView>(id).comments.keys() {
        let comment_there = Comment::clone(&models.get::<Comment>(*comment));
        let arrives = CommentCommand::Arrive { journey: journey.id, comment: Box::new(comment_there) };
        commands.push(Intent::of::<Comment>(*comment, &arrives)?);
    }
    Ok(commands)
}
