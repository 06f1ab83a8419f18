//! How cards belong together. Each relation stands on both cards, by events of one commit.

use recordplayer::context::Context;
use serde::{Deserialize, Serialize};

use super::{Card, CardEvent as E, CardRefusal as R};
use crate::ids::CardId;
use crate::limits::PARTS_DEPTH_MAX;
use crate::refusal::has_room_in_card;

/// What a card is to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Relation {
    pub kind: RelationKind,
    pub to: CardId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    Blocks,
    BlockedBy,
    RelatesTo,
    PartOf,
    HasPart,
}

impl RelationKind {
    pub const ALL: [Self; 5] = [Self::Blocks, Self::BlockedBy, Self::RelatesTo, Self::PartOf, Self::HasPart];

    /// What the other card is to this one.
    pub fn inverse(self) -> Self {
        match self {
            Self::Blocks => Self::BlockedBy,
            Self::BlockedBy => Self::Blocks,
            Self::RelatesTo => Self::RelatesTo,
            Self::PartOf => Self::HasPart,
            Self::HasPart => Self::PartOf,
        }
    }

    /// As it stands in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::BlockedBy => "is blocked by",
            Self::RelatesTo => "relates to",
            Self::PartOf => "is part of",
            Self::HasPart => "has as a part",
        }
    }
}

impl Card {
    /// The card that this one is part of.
    pub fn whole(&self) -> Option<CardId> {
        self.relations.iter().find(|relation| relation.kind == RelationKind::PartOf).map(|relation| relation.to)
    }

    pub(super) fn relate(&self, card: CardId, relation: Relation, cx: &mut Context<'_>) -> Result<Vec<E>, R> {
        if self.relations.contains(&relation) {
            return Ok(Vec::new());
        }
        let Relation { kind, to } = relation;
        if to == card {
            return Err(R::RelatesToItself {});
        }
        let other = cx.get::<Self>(to);
        if !other.exists() {
            return Err(R::NoSuchCard { card: to });
        }
        other.has_not_left()?;
        has_room_in_card("relations", self.relations.len().max(other.relations.len()))?;
        match kind {
            RelationKind::PartOf => is_no_part_yet(card, self, to, cx)?,
            RelationKind::HasPart => is_no_part_yet(to, &other, card, cx)?,
            RelationKind::Blocks | RelationKind::BlockedBy | RelationKind::RelatesTo => {}
        }
        cx.emit::<Self>(to, &E::RelationAdded { relation: Relation { kind: kind.inverse(), to: card } });
        Ok(vec![E::RelationAdded { relation }])
    }

    pub(super) fn unrelate(&self, card: CardId, relation: Relation, cx: &mut Context<'_>) -> Vec<E> {
        if !self.relations.contains(&relation) {
            return Vec::new();
        }
        let back = Relation { kind: relation.kind.inverse(), to: card };
        cx.emit::<Self>(relation.to, &E::RelationRemoved { relation: back });
        vec![E::RelationRemoved { relation }]
    }
}

/// A card is part of one other at most, and no card is a part of itself, by whatever way.
fn is_no_part_yet(part: CardId, card: &Card, whole: CardId, cx: &Context<'_>) -> Result<(), R> {
    if let Some(of) = card.whole() {
        return Err(R::PartOfAnother { card: part, of });
    }
    let mut above = Some(whole);
    for _ in 0..PARTS_DEPTH_MAX {
        match above {
            None => return Ok(()),
            Some(above) if above == part => return Err(R::PartOfItself {}),
            Some(card) => above = cx.get::<Card>(card).whole(),
        }
    }
    Err(R::PartsTooDeep { max: PARTS_DEPTH_MAX as u64 })
}
