//! The order of the cards in their columns, which the history does not tell.

use std::collections::BTreeMap;

use super::super::source::SourceBoard;
use super::Planner;
use crate::card::{Card, CardCommand};
use crate::column::Column;
use crate::ids::{CardId, ColumnId};

impl Planner<'_> {
    /// Moves as few cards as it takes. In a column that was here before, only those that the import has put there are moved.
    pub(super) fn put_in_order(&mut self, source: &SourceBoard) {
        let mut wanted: BTreeMap<ColumnId, Vec<CardId>> = BTreeMap::new();
        for card in source.cards.iter().filter(|card| !card.closed) {
            let column = self.column_of(&card.list_id);
            let card = self.id("card", &card.id);
            wanted.entry(column).or_default().push(card);
        }
        for (column, wanted) in wanted {
            self.put_column_in_order(column, &wanted);
        }
    }

    fn put_column_in_order(&mut self, column: ColumnId, wanted: &[CardId]) {
        let is_new = !self.present.models.get::<Column>(column).exists();
        let mut standing: Vec<(usize, CardId)> = wanted.iter().copied().enumerate().collect();
        standing.sort_by_key(|(_, card)| {
            let sim = self.sim(*card);
            (sim.placement, sim.card.place(*card))
        });
        let stays = longest_rising(&standing.iter().map(|(at, _)| *at).collect::<Vec<_>>());
        for (at, card) in wanted.iter().enumerate().rev() {
            let may_move = is_new || self.sim(*card).placement > 0;
            if may_move && !stays.contains(&at) {
                let before = wanted.get(at + 1).copied();
                self.change::<Card>(*card, *card, &CardCommand::MoveTo { column, before, row: None, exempt: true });
            }
        }
    }
}

/// The members of a longest rising subsequence.
fn longest_rising(numbers: &[usize]) -> std::collections::BTreeSet<usize> {
    // For each length, the place of the least number that ends a rising sequence of it; and each place's forerunner.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (place, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| numbers[*end] < *number);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(place);
        } else {
            ends[length] = place;
        }
    }
    std::iter::successors(ends.last().copied(), |place| before[*place]).map(|place| numbers[place]).collect()
}

#[cfg(test)]
mod tests {
    use super::longest_rising;

    #[test]
    fn as_many_as_can_stay_do() {
        assert_eq!(longest_rising(&[0, 1, 2, 3]).len(), 4);
        assert_eq!(longest_rising(&[3, 0, 1, 2]), [0, 1, 2].into());
        assert_eq!(longest_rising(&[1, 2, 3, 0]), [1, 2, 3].into());
        assert_eq!(longest_rising(&[2, 1, 0]).len(), 1);
        assert_eq!(longest_rising(&[]).len(), 0);
    }
}
