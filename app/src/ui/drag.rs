//! A card under way with the pointer.

use egui::{Pos2, Vec2};
use recordplayer_kanban::ids::{CardId, ColumnId};

/// A card that is dragged, and where it would be put.
pub(super) struct Drag {
    pub card: CardId,
    /// From the pointer to the card's corner.
    pub grip: Vec2,
    pub size: Vec2,
    pub pointer: Pos2,
    pub target: Option<Target>,
}

/// Where a card would be put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub column: ColumnId,
    pub before: Option<CardId>,
    /// Why it may not go there.
    pub refusal: Option<String>,
}

impl Drag {
    /// Whether what is now under the pointer is another place than before: then `decide` is asked anew.
    pub fn is_new_target(&self, column: ColumnId, before: Option<CardId>) -> bool {
        self.target.as_ref().is_none_or(|target| target.column != column || target.before != before)
    }
}
