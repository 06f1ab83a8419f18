//! From one project to another one: a card leaves, arrives there or is turned away, and is gone here or stays.
//!
//! ```text
//!   GoTo ─► Leaving, locked and hidden ══ Arrive, BringText, the comments ══► Arrived │ TurnedAway │ FoundHere
//!           Gone │ Stayed              ◄══ EndJourney ══════════════════════════════┘
//! ```
//! Each project remembers which journeys it has answered, so asking twice does nothing; and how often the card has gone, so that one which was
//! restored from a backup and shows it still gives it up as soon as it hears where it is.

mod arrive;
mod ask;
mod leave;
mod outfit;

use recordplayer::context::Context;
use recordplayer::errand::Reading;
use recordplayer::id::{CommandId, SpaceId};
use serde::{Deserialize, Serialize};

pub(crate) use ask::travels;
pub use outfit::{Carried, Outfit};

use super::{Card, CardCommand as C, CardEvent as E, CardRefusal as R, Lately, Placed, Stage};
use crate::ids::CardId;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
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
    #[error("That project was begun from an export, and has the same card from there. Copy the card instead")]
    SameCard {},
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
        (self.stage, self.taken_by, self.row, self.lately) = (Stage::ToDo, None, None, Lately::default());
        self.archived = false;
        self.placed = Some(placed);
        self.whereabouts = Whereabouts::Here {};
        self.way.begin_anew();
        self.journeys = journey.number;
        self.arrived_by = Some(journey.id);
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
            // The two have the same id, and only one of them can stand here.
            C::Arrive { journey, .. } if self.is_of_export(cx) => {
                vec![E::TurnedAway { from: other, journey: *journey, why: NotLetIn::SameCard {} }]
            }
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
}
