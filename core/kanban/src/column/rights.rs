//! Who may do what with the cards of a column.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::role::Role;

/// What somebody does with the cards of a column that is not plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Take, put back, submit.
    Work,
    /// Approve, reject.
    Review,
}

/// What a role may do in a column, as the report of permissions lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See everything.
    Look,
    /// Write cards and change what stands on them.
    Write,
    /// Move its cards, in it and on.
    Move,
    /// Take and submit its cards.
    Work,
    /// Approve and reject what was submitted.
    Review,
    /// Change the column itself.
    Shape,
}

impl Permission {
    /// As it stands in a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Write => "write",
            Self::Move => "move",
            Self::Work => "work",
            Self::Review => "review",
            Self::Shape => "shape",
        }
    }
}

/// Who works and reviews in a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// Who takes cards. Where somebody reviews and nobody is named here, everybody but viewers does.
    pub workers: BTreeSet<Role>,
    /// Who approves and rejects what was submitted.
    pub reviewers: BTreeSet<Role>,
}

impl Rights {
    /// Cards are simply moved: nobody takes, submits or reviews them.
    pub fn is_plain(&self) -> bool {
        self.workers.is_empty() && self.reviewers.is_empty()
    }

    /// What is done is looked at by somebody before it goes on.
    pub fn is_reviewed(&self) -> bool {
        !self.reviewers.is_empty()
    }

    /// Whether a role has the right. A manager has all of them, a viewer none.
    pub fn allows(&self, role: &Role, right: Right) -> bool {
        if role.is_manager() || role.is_viewer() {
            return role.is_manager();
        }
        match right {
            Right::Work => self.workers.is_empty() || self.workers.contains(role),
            Right::Review => self.reviewers.contains(role),
        }
    }

    /// Whether a role may put its cards in another order, and bring away those that nobody works on.
    pub fn may_move(&self, role: &Role) -> bool {
        self.allows(role, Right::Work) || self.allows(role, Right::Review)
    }

    /// Everything that a role may do with it.
    pub fn permissions(&self, role: &Role) -> Vec<Permission> {
        use Permission as P;
        let is_member = !role.is_viewer();
        let has = [
            (P::Look, true),
            (P::Write, is_member),
            (P::Move, self.may_move(role)),
            (P::Work, !self.is_plain() && self.allows(role, Right::Work)),
            (P::Review, self.is_reviewed() && self.allows(role, Right::Review)),
            (P::Shape, role.is_manager()),
        ];
        has.into_iter().filter(|(_, has)| *has).map(|(permission, _)| permission).collect()
    }
}
