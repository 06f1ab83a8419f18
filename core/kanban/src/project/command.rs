//! What can be asked of a project.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::field::{FieldKind, FieldLimits, FieldUse};
use super::{Label, Weekday};
use crate::ids::{FieldId, LabelId, OptionId, PersonId, RoleId, TypeId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProjectCommand {
    /// Gives the project its prefix, once.
    SetUp { key: String },
    /// The same, where nobody has chosen one: the first of these that is free on its server.
    SetUpFrom { keys: Vec<String> },
    /// Gives it another prefix, the first of these that is free on its server; its cards are called by that, and by the ones before.
    ChangeKey { keys: Vec<String> },
    /// Adds a label, or changes it to be so.
    SetLabel {
        label: LabelId,
        name: String,
        #[serde(default)]
        colour: String,
        /// For what comes from elsewhere as it was there, as imports and templates bring it: another one may be called so.
        #[serde(default)]
        twin: bool,
    },
    /// The cards that wear it keep its id and show nothing for it.
    RemoveLabel { label: LabelId },
    /// Adds a placeholder, or changes its names to be so.
    SetPlaceholder {
        person: PersonId,
        name: String,
        #[serde(default)]
        username: String,
    },
    /// "That is me."
    ClaimPlaceholder { person: PersonId },
    /// "That is not me", or a manager says so of somebody who has claimed it by mistake.
    FreePlaceholder { person: PersonId },
    /// Adds a field, or changes it to be so.
    SetField {
        field: FieldId,
        name: String,
        kind: FieldKind,
        #[serde(default)]
        options: BTreeMap<OptionId, Label>,
        #[serde(default)]
        limits: FieldLimits,
        /// As with labels; its choices may be anything then, too.
        #[serde(default)]
        twin: bool,
    },
    /// The cards that have a value for it keep that, and show nothing for it.
    RemoveField { field: FieldId },
    /// Adds a type of cards, or changes it to be so.
    SetType {
        card_type: TypeId,
        name: String,
        /// The fields that its cards have, and which of them must have a value.
        #[serde(default)]
        fields: BTreeMap<FieldId, FieldUse>,
        /// As with labels.
        #[serde(default)]
        twin: bool,
    },
    /// The cards of this type have none then.
    RemoveType { card_type: TypeId },
    /// Adds a role of the project's own, or calls it so.
    SetRole { role: RoleId, name: String },
    /// Of a role that no member has.
    RemoveRole { role: RoleId },
    /// Says by which days and weeks its reports go.
    SetCalendar {
        /// As the IANA database names it, such as `Europe/Berlin`.
        time_zone: String,
        #[serde(default)]
        week_starts: Weekday,
    },
}
