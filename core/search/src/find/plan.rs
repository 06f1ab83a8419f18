//! From what is sought to what tantivy is asked: names become ids, days become numbers.

use std::ops::Bound;

use recordplayer::id::{Id, SpaceId};
use recordplayer_kanban::card::{Effort, Priority};
use recordplayer_kanban::ids::ColumnId;
use recordplayer_kanban::key::CardRef;
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, PhrasePrefixQuery,
    PhraseQuery, Query as Asked, RangeQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use super::forward::Forward;
use super::{SearchContext, Unknown};
use crate::document::Mark;
use crate::index::{Fields, day_number, in_space};
use crate::limits::{EXPANSIONS_MAX, NAMES_MAX};
use crate::names::{BoardNames, ColumnNames, SpaceNames, called, holding};
use crate::query::{Bounds, Clause, Filter, Person, Query, Sought, State, Thing};
use crate::words::{Word, words_sought};

/// How much a word counts by where it stands; each place far more than the next, so that length and rarity decide only within one.
const TITLE: f32 = 64.0;
const NAME: f32 = 32.0;
const DESCRIPTION: f32 = 8.0;
const REST: f32 = 2.0;
const COMMENT: f32 = 1.0;
/// Before everything that is only said of a card.
const KEY: f32 = 1_000_000.0;
/// A word that only begins so counts less than the word.
const BEGINNING: f32 = 0.5;

type Boxed = Box<dyn Asked>;

pub struct Plan {
    pub query: Boxed,
    /// Whether something of it says which card is better.
    pub is_ranked: bool,
    pub unknown: Vec<Unknown>,
}

pub fn plan(query: &Query, context: &SearchContext, fields: &Fields) -> Plan {
    let mut planner = Planner { context, fields, unknown: Vec::new() };
    let mut all: Vec<(Occur, Boxed)> = vec![(Occur::Must, planner.spaces(context.spaces.iter()))];
    let (mut is_ranked, mut keys) = (false, Vec::new());
    for clause in &query.clauses {
        let Some(asked) = planner.clause(clause) else { continue };
        if clause.is_negated {
            all.push((Occur::MustNot, Box::new(Forward(asked))));
        } else {
            let is_text = matches!(clause.sought, Sought::Text { .. });
            is_ranked |= is_text;
            all.push((Occur::Must, if is_text { asked } else { unscored(asked) }));
            keys.extend(planner.named_cards(clause));
        }
    }
    if !query.speaks_of_archive() {
        let is_archived = planner.state(State::Archived);
        // A card that is called by its key is found wherever it is.
        let left_out = if keys.is_empty() {
            is_archived
        } else {
            Box::new(BooleanQuery::new(vec![(Occur::Must, is_archived), (Occur::MustNot, any(keys))]))
        };
        all.push((Occur::MustNot, left_out));
    }
    Plan { query: Box::new(BooleanQuery::new(all)), is_ranked, unknown: planner.unknown }
}

struct Planner<'a> {
    context: &'a SearchContext,
    fields: &'a Fields,
    unknown: Vec<Unknown>,
}

impl Planner<'_> {
    /// Nothing where it says nothing: a text without a letter.
    fn clause(&mut self, clause: &Clause) -> Option<Boxed> {
        match &clause.sought {
            Sought::Text { text, is_open } => self.text(text, *is_open && !clause.is_negated),
            Sought::Any(filters) => Some(any(filters.iter().map(|filter| self.filter(filter, clause)).collect())),
        }
    }

    fn text(&self, text: &str, is_open: bool) -> Option<Boxed> {
        let words = words_sought(text);
        let [first, more @ ..] = words.as_slice() else { return None };
        let fields = self.fields;
        let places =
            [(fields.title, TITLE), (fields.description, DESCRIPTION), (fields.rest, REST), (fields.comments, COMMENT)];
        let mut ways = Vec::new();
        for (field, weight) in places {
            if more.is_empty() {
                let term = Term::from_field_text(field, &first.text);
                if is_open || first.is_open {
                    let begins = FuzzyTermQuery::new_prefix(term.clone(), 0, false);
                    ways.push(weighted(Box::new(begins), weight * BEGINNING));
                }
                ways.push(weighted(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)), weight));
            } else {
                ways.push(weighted(phrase(field, &words, is_open), weight));
            }
        }
        ways.extend(self.names_holding(&words, is_open));
        ways.extend(self.card_named(text).map(|card| constant(card, KEY)));
        Some(any(ways))
    }

    /// Cards whose labels, people, type or choices are called so.
    fn names_holding(&self, sought: &[Word], is_open: bool) -> Option<Boxed> {
        let words = sought.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        let is_open = is_open || sought.last().is_some_and(|word| word.is_open);
        let mut terms = Vec::new();
        for names in &self.context.spaces {
            let mut add = |field, ids: Vec<Id>| {
                terms.extend(ids.into_iter().take(NAMES_MAX).map(|id| term(field, names.space, id)));
            };
            add(self.fields.labels, ids(holding(&names.labels, &words, is_open)));
            add(self.fields.people, ids(holding(&names.people, &words, is_open)));
            add(self.fields.card_type, ids(holding(&names.types, &words, is_open)));
            add(self.fields.options, ids(holding(&names.options, &words, is_open)));
        }
        (!terms.is_empty()).then(|| constant(set(terms), NAME))
    }

    /// The cards that a clause calls by their keys.
    fn named_cards(&self, clause: &Clause) -> Vec<Boxed> {
        match &clause.sought {
            Sought::Text { text, .. } => self.card_named(text).into_iter().collect(),
            Sought::Any(filters) => filters
                .iter()
                .filter_map(|filter| if let Filter::Key(card) = filter { Some(self.card(card)) } else { None })
                .collect(),
        }
    }

    fn card_named(&self, text: &str) -> Option<Boxed> {
        Some(self.card(&text.parse().ok()?))
    }

    fn card(&self, card: &CardRef) -> Boxed {
        let spaces = || self.context.spaces.iter();
        match card {
            CardRef::Id { card } => set(spaces().map(|names| self.fields.id_term(names.space, *card)).collect()),
            CardRef::Key { prefix, number } => {
                let number = Term::from_field_u64(self.fields.number, *number);
                let in_project = BooleanQuery::new(vec![
                    (Occur::Must, self.spaces(spaces().filter(|names| names.prefix == *prefix))),
                    (Occur::Must, exactly(number)),
                ]);
                let former = Term::from_field_bytes(self.fields.former, card.to_string().as_bytes());
                any(vec![Box::new(in_project), exactly(former)])
            }
            CardRef::Provisional { prefix, digits } => {
                let (Ok(first), Ok(last)) = (format!("{digits:0<32}").parse::<Id>(), format!("{digits:f<32}").parse())
                else {
                    return Box::new(EmptyQuery);
                };
                let of = spaces().filter(|names| names.prefix == *prefix);
                any(of.map(|names| self.ids_between(names.space, first, last)).collect())
            }
        }
    }

    fn ids_between(&self, space: SpaceId, first: Id, last: Id) -> Boxed {
        let edge = |id| Bound::Included(term(self.fields.id, space, id));
        Box::new(RangeQuery::new(edge(first), edge(last)))
    }

    fn spaces<'a>(&self, spaces: impl Iterator<Item = &'a SpaceNames>) -> Boxed {
        unscored(set(spaces.map(|names| self.fields.space_term(names.space)).collect()))
    }

    fn filter(&mut self, filter: &Filter, clause: &Clause) -> Boxed {
        let fields = self.fields;
        match filter {
            Filter::Label(name) => self.named(fields.labels, "label", name, clause, |names| &names.labels),
            Filter::Type(name) => self.named(fields.card_type, "type", name, clause, |names| &names.types),
            Filter::Assignee(person) => self.person(fields.people, person, clause),
            Filter::Author(person) => self.person(fields.authors, person, clause),
            Filter::Column(name) => self.in_columns("column", name, clause, |names| {
                let columns: Vec<_> = names.columns().map(|(_, column)| (column.column, column.name.clone())).collect();
                called(&columns, name)
            }),
            Filter::Board(name) => self.in_columns("board", name, clause, |names| {
                let boards: Vec<_> = names.boards.iter().map(|board| (board.board, board.title.clone())).collect();
                let meant = called(&boards, name);
                let columns = names.columns().filter(|(board, _)| meant.contains(&board.board));
                columns.map(|(_, column)| column.column).collect()
            }),
            Filter::Project(name) => self.project(name, clause),
            Filter::Key(card) => self.card(card),
            Filter::Is(state) => self.state(*state),
            Filter::Has(thing) => self.mark(match thing {
                Thing::File => Mark::HasFile,
                Thing::Link => Mark::HasLink,
                Thing::Comment => Mark::HasComment,
                Thing::Checklist => Mark::HasChecklist,
                Thing::Due => Mark::HasDue,
                Thing::Label => Mark::HasLabel,
            }),
            Filter::Due(days) => {
                let days =
                    days.map(|day| day.on(&self.context.today)).map(|days| days.map(|day| Some(day_number(day))));
                days.flatten().map_or_else(|| Box::new(EmptyQuery) as Boxed, |days| between(fields.due, &days))
            }
            Filter::Priority(bounds) => between(fields.priority, &numbers(bounds, |value: &Priority| *value as u64)),
            Filter::Points(bounds) => {
                between(fields.points, &numbers(bounds, |value: &Effort| value.hundredths.into()))
            }
        }
    }

    /// Cards with an id that is called so; what nothing is called by is told.
    fn named<T: Copy + Into<Id>>(
        &mut self,
        field: Field,
        what: &'static str,
        name: &str,
        clause: &Clause,
        names_of: impl Fn(&SpaceNames) -> &Vec<(T, String)>,
    ) -> Boxed {
        let mut terms = Vec::new();
        for names in &self.context.spaces {
            terms.extend(called(names_of(names), name).into_iter().map(|id| term(field, names.space, id.into())));
        }
        self.known(terms, what, name, clause)
    }

    /// Cards in columns that are meant by a name.
    fn in_columns(
        &mut self,
        what: &'static str,
        name: &str,
        clause: &Clause,
        meant: impl Fn(&SpaceNames) -> Vec<ColumnId>,
    ) -> Boxed {
        let mut terms = Vec::new();
        for names in &self.context.spaces {
            terms.extend(meant(names).into_iter().map(|column| term(self.fields.column, names.space, column.0)));
        }
        self.known(terms, what, name, clause)
    }

    fn known(&mut self, terms: Vec<Term>, what: &'static str, name: &str, clause: &Clause) -> Boxed {
        if terms.is_empty() {
            self.unknown.push(Unknown { at: clause.at.clone(), what, name: name.to_owned() });
        }
        set(terms)
    }

    fn person(&mut self, field: Field, person: &Person, clause: &Clause) -> Boxed {
        match person {
            Person::Me => self.me(field),
            Person::Named(name) => self.named(field, "person", name, clause, |names| &names.people),
        }
    }

    fn me(&self, field: Field) -> Boxed {
        let of_space = |names: &SpaceNames| {
            let space = names.space;
            names.me.iter().map(|person| term(field, space, person.0)).collect::<Vec<_>>()
        };
        set(self.context.spaces.iter().flat_map(of_space).collect())
    }

    fn project(&mut self, name: &str, clause: &Clause) -> Boxed {
        let is_prefix = |names: &&SpaceNames| !name.is_empty() && names.prefix.eq_ignore_ascii_case(name);
        let mut meant: Vec<SpaceId> = self.context.spaces.iter().filter(is_prefix).map(|names| names.space).collect();
        if meant.is_empty() {
            let titles: Vec<_> = self.context.spaces.iter().map(|names| (names.space, names.title.clone())).collect();
            meant = called(&titles, name);
        }
        let terms = meant.into_iter().map(|space| self.fields.space_term(space)).collect();
        self.known(terms, "project", name, clause)
    }

    fn mark(&self, mark: Mark) -> Boxed {
        exactly(Term::from_field_u64(self.fields.marks, mark as u64))
    }

    /// Cards in columns that are so.
    fn columns_where(&self, is_meant: impl Fn(&BoardNames, &ColumnNames) -> bool) -> Boxed {
        let mut terms = Vec::new();
        for names in &self.context.spaces {
            let columns = names.columns().filter(|(board, column)| is_meant(board, column));
            terms.extend(columns.map(|(_, column)| term(self.fields.column, names.space, column.column.0)));
        }
        set(terms)
    }

    fn state(&self, state: State) -> Boxed {
        match state {
            State::Open => without(any(vec![self.state(State::Done), self.state(State::Archived)])),
            State::Done => any(vec![self.mark(Mark::Done), self.columns_where(|_, column| column.is_end)]),
            State::Archived => {
                let put_away = self.columns_where(|board, column| board.is_archived || column.is_archived);
                any(vec![self.mark(Mark::Archived), put_away])
            }
            State::Blocked => self.mark(Mark::Blocked),
            State::Overdue => {
                let today = day_number(&self.context.today);
                let past =
                    RangeQuery::new(Bound::Unbounded, Bound::Excluded(Term::from_field_u64(self.fields.due, today)));
                Box::new(BooleanQuery::intersection(vec![Box::new(past), self.state(State::Open)]))
            }
            State::Unassigned => without(self.mark(Mark::HasPerson)),
            State::Mine => self.me(self.fields.people),
        }
    }
}

fn ids<T: Into<Id>>(ids: Vec<T>) -> Vec<Id> {
    ids.into_iter().map(Into::into).collect()
}

fn term(field: Field, space: SpaceId, id: Id) -> Term {
    Term::from_field_bytes(field, &in_space(space, id))
}

fn exactly(term: Term) -> Boxed {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn set(terms: Vec<Term>) -> Boxed {
    match terms.as_slice() {
        [] => Box::new(EmptyQuery),
        [term] => exactly(term.clone()),
        _ => Box::new(TermSetQuery::new(terms)),
    }
}

fn any(ways: Vec<Boxed>) -> Boxed {
    Box::new(BooleanQuery::union(ways))
}

fn without(left_out: Boxed) -> Boxed {
    Box::new(BooleanQuery::new(vec![(Occur::Must, Box::new(AllQuery)), (Occur::MustNot, left_out)]))
}

fn weighted(query: Boxed, weight: f32) -> Boxed {
    Box::new(BoostQuery::new(query, weight))
}

fn constant(query: Boxed, score: f32) -> Boxed {
    Box::new(ConstScoreQuery::new(query, score))
}

fn unscored(query: Boxed) -> Boxed {
    constant(query, 0.0)
}

/// Words one behind the other; the last one may go on where it is open.
fn phrase(field: Field, words: &[Word], is_open: bool) -> Boxed {
    let first = words.first().map_or(0, |word| word.position);
    let terms = words.iter().map(|word| (word.position - first, Term::from_field_text(field, &word.text))).collect();
    if is_open || words.last().is_some_and(|word| word.is_open) {
        let mut begins = PhrasePrefixQuery::new_with_offset(terms);
        begins.set_max_expansions(EXPANSIONS_MAX);
        Box::new(begins)
    } else {
        Box::new(PhraseQuery::new_with_offset(terms))
    }
}

fn numbers<T>(bounds: &Bounds<T>, number: impl Fn(&T) -> u64) -> Bounds<u64> {
    bounds.map(|value| Some(number(value))).expect("each value has a number")
}

fn between(field: Field, bounds: &Bounds<u64>) -> Boxed {
    // Nothing is below nothing: a range that is open to both sides has no field.
    let lowest = Bound::Included(Term::from_field_u64(field, 0));
    let from = bounds.from.as_ref().map_or(lowest, |edge| bound(field, edge.value, edge.is_within));
    let to = bounds.to.as_ref().map_or(Bound::Unbounded, |edge| bound(field, edge.value, edge.is_within));
    Box::new(RangeQuery::new(from, to))
}

fn bound(field: Field, value: u64, is_within: bool) -> Bound<Term> {
    let term = Term::from_field_u64(field, value);
    if is_within { Bound::Included(term) } else { Bound::Excluded(term) }
}
