//! What the cards are to each other, which needs all of them to be there.

use std::collections::BTreeSet;

use super::super::source::{NotImported, SourceBoard, Subject};
use super::Planner;
use super::told::Told;
use crate::card::{Card, CardCommand, Relation, RelationKind};
use crate::ids::CardId;
use crate::limits::{OF_CARD_MAX, PARTS_DEPTH_MAX};

impl Planner<'_> {
    /// A card that is part of another imported one, and by now of another, changes over; where a person put it stays.
    pub(super) fn relate(&mut self, source: &SourceBoard, left_out: &mut Vec<NotImported>) {
        let mut refused = 0;
        let all: BTreeSet<CardId> = source.cards.iter().map(|card| self.id("card", &card.id)).collect();
        let told = Told::by(source, self);
        for card in &source.cards {
            let id: CardId = self.id("card", &card.id);
            let is_part = card.relations.iter().any(|relation| relation.kind == RelationKind::PartOf);
            if told.has(Subject::Wholes) && !is_part {
                self.leaves_whole(id, &all);
            }
            for relation in &card.relations {
                let relation = Relation { kind: relation.kind, to: self.id("card", &relation.to) };
                if self.sim(id).card.relations.contains(&relation) {
                    continue;
                }
                if relation.kind == RelationKind::PartOf && !self.leaves_whole(id, &all) {
                    continue;
                }
                if self.may_relate(id, relation) {
                    self.note_relation(id, relation);
                    self.change::<Card>(id, id, &CardCommand::Relate { relation });
                } else {
                    refused += 1;
                }
            }
        }
        if told.has(Subject::Links) {
            self.unlink_gone(source, &all);
        }
        if refused > 0 {
            let what = "relations".to_owned();
            let why = "a card is part of one other at most, never of itself, and has no more relations than there is room for".to_owned();
            left_out.push(NotImported { what, why, count: refused });
        }
    }

    /// Takes away what an earlier import has said of two cards, and the file says no more.
    fn unlink_gone(&mut self, source: &SourceBoard, all: &BTreeSet<CardId>) {
        let mut wanted: BTreeSet<(CardId, Relation)> = BTreeSet::new();
        for card in &source.cards {
            let id: CardId = self.id("card", &card.id);
            for relation in &card.relations {
                let (kind, to) = (relation.kind, self.id("card", &relation.to));
                wanted.extend([(id, Relation { kind, to }), (to, Relation { kind: kind.inverse(), to: id })]);
            }
        }
        for id in all {
            let is_part = |kind| matches!(kind, RelationKind::PartOf | RelationKind::HasPart);
            let known: Vec<Relation> = self.sim(*id).card.relations.iter().copied().collect();
            for relation in known {
                let back = Relation { kind: relation.kind.inverse(), to: *id };
                if is_part(relation.kind) || !all.contains(&relation.to) || wanted.contains(&(*id, relation)) {
                    continue;
                }
                let is_theirs = self.is_by_hand::<Card>(id.0, &format!("{:?} {}", relation.kind, relation.to))
                    || self.is_by_hand::<Card>(relation.to.0, &format!("{:?} {}", back.kind, back.to));
                if !is_theirs {
                    self.sim(*id).card.relations.remove(&relation);
                    self.sim(relation.to).card.relations.remove(&back);
                    self.change::<Card>(*id, *id, &CardCommand::Unrelate { relation });
                }
            }
        }
    }

    /// Takes a card out of the one that an earlier import has made it a part of; answers whether no person has put it there.
    fn leaves_whole(&mut self, id: CardId, imported: &BTreeSet<CardId>) -> bool {
        let whole = self.present.models.get::<Card>(id).whole();
        let Some(to) = whole.filter(|to| imported.contains(to)) else { return true };
        let relation = Relation { kind: RelationKind::PartOf, to };
        if !self.may_set::<Card>(id, &format!("{:?} {to}", RelationKind::PartOf)) {
            return false;
        }
        if self.sim(id).card.relations.remove(&relation) {
            self.sim(to).card.relations.remove(&Relation { kind: RelationKind::HasPart, to: id });
            self.change::<Card>(id, id, &CardCommand::Unrelate { relation });
        }
        true
    }

    /// As the cards themselves will decide it.
    fn may_relate(&mut self, id: CardId, relation: Relation) -> bool {
        let Relation { kind, to } = relation;
        let has_room = |planner: &mut Self, card| planner.sim(card).card.relations.len() < OF_CARD_MAX;
        let is_apart = id != to && self.sim(to).card.exists() && has_room(self, id) && has_room(self, to);
        is_apart
            && match kind {
                RelationKind::PartOf => self.may_be_part(id, to),
                RelationKind::HasPart => self.may_be_part(to, id),
                RelationKind::Blocks | RelationKind::BlockedBy | RelationKind::RelatesTo => true,
            }
    }

    fn may_be_part(&mut self, part: CardId, whole: CardId) -> bool {
        if self.sim(part).card.whole().is_some() {
            return false;
        }
        let mut above = Some(whole);
        for _ in 0..PARTS_DEPTH_MAX {
            match above {
                None => return true,
                Some(above) if above == part => return false,
                Some(card) => above = self.sim(card).card.whole(),
            }
        }
        false
    }

    fn note_relation(&mut self, id: CardId, relation: Relation) {
        self.sim(id).card.relations.insert(relation);
        let back = Relation { kind: relation.kind.inverse(), to: id };
        self.sim(relation.to).card.relations.insert(back);
    }
}
