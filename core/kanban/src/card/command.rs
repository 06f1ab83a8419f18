//! What can be asked of a card.

use std::collections::BTreeMap;

use recordplayer::file::FileRef;
use recordplayer::id::{CommandId, SpaceId};
use recordplayer::text::TextChange;
use serde::{Deserialize, Serialize};

use super::{Carried, Day, Effort, FieldValue, Journey, JourneyEnd, Outfit, Priority, Relation, Typed};
use crate::ids::{AttachmentId, CardId, ChecklistId, ColumnId, FieldId, ItemId, LabelId, PersonId, RowId};

/// Commands say how it shall be, so deciding one twice, or later than it was meant, does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardCommand {
    /// At the lower end of the column, or in front of `before`, if that card is still there.
    Create {
        column: ColumnId,
        title: String,
        #[serde(default)]
        before: Option<CardId>,
        /// For imports: the column takes the card although it is full or archived. Managers only.
        #[serde(default)]
        exempt: bool,
        #[serde(default)]
        typed: Option<Typed>,
    },
    /// Create it as another card is; its description is written behind this.
    Copy {
        of: CardId,
        column: ColumnId,
        #[serde(default)]
        before: Option<CardId>,
    },
    Rename {
        title: String,
    },
    /// One change of the description's text.
    Describe {
        change: TextChange,
    },
    /// To the lower end of the column, or in front of `before`, if that card is still there.
    MoveTo {
        column: ColumnId,
        #[serde(default)]
        before: Option<CardId>,
        /// The row of a column that has several.
        #[serde(default)]
        row: Option<RowId>,
        #[serde(default)]
        exempt: bool,
    },
    /// Into a column of another project.
    GoTo {
        project: SpaceId,
        column: ColumnId,
    },
    /// It comes from the project that asks.
    Arrive {
        journey: Journey,
        /// Who sent it on its way.
        by: PersonId,
        column: ColumnId,
        /// What it was called there, and in other projects before.
        former: BTreeMap<SpaceId, String>,
        card: Box<Carried>,
        outfit: Box<Outfit>,
        /// It was here once, as that project knows, so it is not asked who may bring it.
        was_here: bool,
    },
    /// Its description as it was there, or a part of it.
    BringText {
        journey: CommandId,
        changes: Vec<TextChange>,
    },
    /// What became of a journey that began here, or of one that this project has forgotten.
    EndJourney {
        journey: Journey,
        end: JourneyEnd,
    },
    /// Nobody has taken it where it went.
    StayHere {
        journey: CommandId,
    },
    /// It was sent here, and is in another project all the same: that one keeps it.
    Recall {
        journey: CommandId,
        to: SpaceId,
    },
    /// Into another row of its column.
    SetRow {
        #[serde(default)]
        row: Option<RowId>,
    },
    /// I begin to work on it.
    Take {},
    /// There is room in the column that this card, which is finished, has waited for. Nobody sends it: it is the answer to whoever makes room.
    GoOn {
        to: ColumnId,
    },
    /// I work on it no more.
    PutBack {},
    /// How far it is, and whose, is as it was before the command that is taken back by this.
    WorkBack {},
    /// I am done with it: somebody looks at it, or it is finished.
    Submit {},
    /// It is good, and goes on to another column.
    Approve {
        to: ColumnId,
        reason: String,
        /// Whose column that is, if it is another project's.
        #[serde(default)]
        project: Option<SpaceId>,
    },
    /// It is not good, and is to do again.
    Reject {
        reason: String,
    },
    Archive {},
    /// Into its column, or into another one.
    Restore {
        #[serde(default)]
        column: Option<ColumnId>,
        #[serde(default)]
        exempt: bool,
    },
    AddLabel {
        label: LabelId,
    },
    RemoveLabel {
        label: LabelId,
    },
    Assign {
        person: PersonId,
    },
    Unassign {
        person: PersonId,
    },
    SetDue {
        #[serde(default)]
        due: Option<Day>,
    },
    SetDone {
        done: bool,
    },
    /// Adds a checklist, or names it so.
    SetChecklist {
        checklist: ChecklistId,
        name: String,
    },
    RemoveChecklist {
        checklist: ChecklistId,
    },
    /// Adds an item, or changes it to be so: in front of `before`; else at the end, or where it is.
    SetItem {
        checklist: ChecklistId,
        item: ItemId,
        text: String,
        #[serde(default)]
        done: bool,
        #[serde(default)]
        before: Option<ItemId>,
    },
    TickItem {
        checklist: ChecklistId,
        item: ItemId,
        done: bool,
    },
    RemoveItem {
        checklist: ChecklistId,
        item: ItemId,
    },
    /// Adds a link, or changes it to be so.
    AttachLink {
        attachment: AttachmentId,
        name: String,
        url: String,
    },
    /// Adds a file, or changes it to be so. Its bytes go another way, and may come later.
    AttachFile {
        attachment: AttachmentId,
        name: String,
        file: FileRef,
    },
    RemoveAttachment {
        attachment: AttachmentId,
    },
    SetPriority {
        #[serde(default)]
        priority: Option<Priority>,
    },
    /// How much work it is.
    SetEstimate {
        #[serde(default)]
        estimate: Option<Effort>,
    },
    /// How much of the work is left.
    SetRemaining {
        #[serde(default)]
        remaining: Option<Effort>,
    },
    /// It cannot go on, and why.
    Block {
        reason: String,
    },
    Unblock {},
    /// Stands on both cards.
    Relate {
        relation: Relation,
    },
    Unrelate {
        relation: Relation,
    },
    /// Makes it a card of a type, or of none.
    SetType {
        #[serde(default)]
        typed: Option<Typed>,
    },
    /// Without a value, the field is emptied.
    SetField {
        field: FieldId,
        #[serde(default)]
        value: Option<FieldValue>,
    },
}
