//! What somebody has done with a card lately, for the case that they take it back.
//!
//! ```text
//!  Ann: to "Doing"   Ann: to "Done"   Bo: to "Ready"
//!  [Ann: To do]      [Ann: To do, Doing]   [Bo: Done]       where it was before each; what others did is nothing to go back over
//! ```

use recordplayer::context::Context;
use recordplayer::entity::Stamp;
use recordplayer::id::{ActorId, CommandId};
use serde::{Deserialize, Serialize};

use super::{Card, CardEvent as E, Stage};
use crate::ids::{ColumnId, PersonId};

/// So many of somebody's commands are remembered; what they take back of earlier ones is asked as if it were new.
const STEPS_MAX: usize = 8;

/// Where a card was, and how far the work on it was, before each of the last commands that changed it; all of them are of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lately {
    who: Option<ActorId>,
    /// The newest last.
    steps: Vec<Before>,
}

/// How it was before a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    by: CommandId,
    pub column: ColumnId,
    pub stage: Stage,
    pub taken_by: Option<PersonId>,
}

impl Lately {
    /// A command is about to change the place of a card or the work on it.
    pub fn note(&mut self, column: ColumnId, stage: Stage, taken_by: Option<PersonId>, stamp: &Stamp) {
        let (by, who) = (stamp.origin.command, stamp.origin.actor);
        if self.who != Some(who) {
            *self = Self { who: Some(who), steps: Vec::new() };
        }
        if self.steps.last().is_some_and(|last| last.by == by) {
            return;
        }
        if self.steps.len() == STEPS_MAX {
            self.steps.remove(0);
        }
        self.steps.push(Before { by, column, stage, taken_by });
    }

    /// How it was before the command, if that was the last one.
    pub fn before_last(&self, command: CommandId) -> Option<&Before> {
        self.steps.last().filter(|last| last.by == command)
    }

    /// How it was before what the sender of this command takes back by it.
    pub fn before(&self, cx: &Context<'_>) -> Option<&Before> {
        let is_theirs = self.who == Some(cx.actor());
        self.steps.iter().rfind(|step| is_theirs && Some(step.by) == cx.undoes())
    }
}

impl Before {
    /// What makes the work on the card be as far as it was, and whose.
    pub fn work_goes_on(&self, card: &Card) -> Vec<E> {
        match (self.stage, self.taken_by) {
            (stage, taken_by) if (stage, taken_by) == (card.stage, card.taken_by) => Vec::new(),
            (Stage::ToReview, taken_by) if (Stage::Doing, taken_by) == (card.stage, card.taken_by) => {
                vec![E::Submitted {}]
            }
            (Stage::Doing, Some(by)) => vec![E::Taken { by }],
            (Stage::ToReview, Some(by)) => vec![E::Taken { by }, E::Submitted {}],
            (Stage::ToDo, _) | (Stage::Doing | Stage::ToReview, None) => vec![E::PutBack {}],
        }
    }
}
