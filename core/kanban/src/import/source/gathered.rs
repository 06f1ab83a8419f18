//! What the cards of a file share, gathered while a reader goes through them.

use std::collections::BTreeMap;

use recordplayer::id::Id;

use super::board::{
    Origin, Says, SourceAction, SourceBoard, SourceCard, SourceField, SourceFieldKind, SourceFieldOption,
    SourceFieldValue, SourceId, SourceLabel, SourceList, SourceMember, SourceType, SourceValue,
};
use super::kind::ColumnKindGuess;
use super::left_out::LeftOut;

/// Each thing once, in the order in which it came up first. Lists and fields are the board's own; labels, people and types are the same for
/// every board of their product.
#[derive(Debug, Default)]
pub(in crate::import) struct Gathered {
    /// Names the board in the ids of what is its own.
    board: String,
    pub lists: Vec<SourceList>,
    pub labels: Vec<SourceLabel>,
    pub members: Vec<SourceMember>,
    pub fields: Vec<SourceField>,
    pub types: Vec<SourceType>,
    pub left_out: LeftOut,
    pub says: Says,
    /// The place of each in its vector, by what it is and its id.
    places: BTreeMap<(&'static str, SourceId), usize>,
}

impl Gathered {
    pub fn of(board: &str) -> Self {
        Self { board: board.to_owned(), ..Self::default() }
    }

    /// The place of the thing, where it is known; else the one that it is to have.
    fn place(&mut self, what: &'static str, id: &SourceId, next: usize) -> (usize, bool) {
        let mut is_new = false;
        let place = *self.places.entry((what, id.clone())).or_insert_with(|| {
            is_new = true;
            next
        });
        (place, is_new)
    }

    pub fn list(&mut self, name: &str, kind: Option<ColumnKindGuess>) -> SourceId {
        let id = SourceId(format!("{}/column/{name}", self.board));
        if self.place("list", &id, self.lists.len()).1 {
            let (id, name) = (id.clone(), name.to_owned());
            self.lists.push(SourceList { id, name, closed: false, kind, origin: Origin::Listed });
        }
        id
    }

    pub fn label(&mut self, id: SourceId, name: &str, colour: Option<&str>, is_component: bool) -> SourceId {
        let (place, is_new) = self.place("label", &id, self.labels.len());
        let colour = colour.map(str::to_owned);
        if is_new {
            let (id, name) = (id.clone(), name.to_owned());
            self.labels.push(SourceLabel { id, name, colour, is_component, origin: Origin::Listed });
        } else {
            let known = &mut self.labels[place];
            known.colour = known.colour.take().or(colour);
        }
        id
    }

    /// Somebody who is mentioned somewhere and listed elsewhere is listed.
    pub fn member(&mut self, id: SourceId, full_name: &str, username: &str, origin: Origin) -> SourceId {
        let (place, is_new) = self.place("member", &id, self.members.len());
        if is_new {
            let (id, full_name, username) = (id.clone(), full_name.to_owned(), username.to_owned());
            self.members.push(SourceMember { id, full_name, username, origin });
        } else {
            let known = &mut self.members[place];
            known.origin = known.origin.min(origin);
        }
        id
    }

    pub fn card_type(&mut self, name: &str) -> SourceId {
        let id = SourceId(format!("type/{name}"));
        if self.place("type", &id, self.types.len()).1 {
            self.types.push(SourceType { id: id.clone(), name: name.to_owned() });
        }
        id
    }

    /// The id of a field, whether or not the file has it.
    pub fn field_id(&self, name: &str) -> SourceId {
        SourceId(format!("{}/field/{name}", self.board))
    }

    fn field(&mut self, name: &str, kind: SourceFieldKind) -> (SourceId, usize) {
        let id = self.field_id(name);
        let (place, is_new) = self.place("field", &id, self.fields.len());
        if is_new {
            let (id, name) = (id.clone(), name.to_owned());
            self.fields.push(SourceField { id, name, kind, options: Vec::new(), origin: Origin::Listed });
        }
        (id, place)
    }

    /// A value of a field that has values of this kind alone.
    pub fn value(&mut self, field: &str, value: SourceValue) -> SourceFieldValue {
        SourceFieldValue { field_id: self.field(field, value.kind()).0, value }
    }

    /// One choice of a field.
    pub fn choice(&mut self, field: &str, option: &str) -> SourceFieldValue {
        let (field_id, place) = self.field(field, SourceFieldKind::List);
        let id = SourceId(format!("{}/{option}", field_id.as_str()));
        if self.place("option", &id, 0).1 {
            let (id, name) = (id.clone(), option.to_owned());
            self.fields[place].options.push(SourceFieldOption { id, name, colour: None, origin: Origin::Listed });
        }
        SourceFieldValue { field_id, value: SourceValue::Option(id) }
    }

    /// The board of all that was gathered; the cards stand in it by their lists, and in those in their order here.
    pub fn into_board(
        self,
        (product, id, name): (&'static str, SourceId, String),
        mut cards: Vec<SourceCard>,
        mut history: Vec<SourceAction>,
        export: Id,
    ) -> SourceBoard {
        let Self { lists, labels, members, fields, types, left_out, says, board: _, places: _ } = self;
        let rank: BTreeMap<&SourceId, usize> = lists.iter().enumerate().map(|(rank, list)| (&list.id, rank)).collect();
        cards.sort_by_key(|card| rank.get(&card.list_id).copied());
        for card in &mut cards {
            card.comments.sort_by(|a, b| (a.at_ms, &a.id).cmp(&(b.at_ms, &b.id)));
        }
        history.sort_by(|a, b| (a.at_ms, &a.id).cmp(&(b.at_ms, &b.id)));
        let not_imported = left_out.into_lines();
        let board = SourceBoard {
            product,
            id,
            name,
            lists,
            cards,
            labels,
            members,
            fields,
            types,
            history,
            not_imported,
            says,
            export,
        };
        debug_assert!(board.references_lead_somewhere(), "every reference of the board that was read leads somewhere");
        board
    }
}
