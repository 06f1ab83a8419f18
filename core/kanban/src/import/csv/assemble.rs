//! From the rows to the board as it is handed on.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::id::Id;

use super::super::source::{
    ColumnKindGuess, Gathered, Life, Lists, NO_BEGINNING, Says, SourceBoard, SourceCard, SourceId, SourceRelation,
    SourceValue, Subject, guess_kind, known_kind,
};
use super::dates::{DayOrder, order_of, read};
use super::header::{Dialect, Header, Role};
use super::lists::{Parting, parting_of};
use super::rows::Reading;
use super::table::{Row, Table};
use crate::card::RelationKind;

/// Where a card without a stage stands.
const NO_STAGE: &str = "No status";
/// The field of what a card is a part of, where that is not in the file.
const PARENT: &str = "Parent";
/// Where all cards stand, when the table tells no stages.
const ONE_STAGE: &str = "Backlog";

/// Everything finds a place or a line in `not_imported`.
pub(super) fn assemble(table: &Table, header: &Header, dialect: Dialect, name: &str, export: Id) -> SourceBoard {
    let name = board_name(table, header).unwrap_or_else(|| name.to_owned());
    let scope = match dialect {
        // Their keys are their own on every board.
        Dialect::Jira => "jira".to_owned(),
        Dialect::Linear => "linear".to_owned(),
        Dialect::Wekan | Dialect::Own | Dialect::Other => name.clone(),
    };
    let board = format!("{}/{name}", dialect_name(dialect));
    let mut gathered = Gathered::of(&board);
    stages(table, header, &mut gathered);
    let ids = ids(table, header, &scope, &mut gathered);
    let keys = keys(table, header, &ids);
    let order = day_order(table, header);
    let partings = partings(table, header, dialect);
    let dates = date_fields(table, header, order);
    let mut cards: Vec<SourceCard> = Vec::with_capacity(table.rows.len());
    let mut lives: Vec<Life> = Vec::with_capacity(table.rows.len());
    let with_ids = table.rows.iter().zip(&ids).filter_map(|(row, id)| Some((row, id.as_ref()?)));
    for (row, id) in with_ids {
        let mut reading =
            Reading { row, header, dialect, order, partings: &partings, dates: &dates, gathered: &mut gathered };
        let (mut card, life) = reading.card(id.clone());
        parent(row, header, &keys, &mut card, &mut gathered);
        cards.push(card);
        lives.push(life);
    }
    survey(table, header, &mut gathered);
    gathered.says = says(header, &gathered);
    let lists = gathered.lists.clone();
    let lists = Lists::of(&lists);
    for (card, life) in cards.iter().zip(&lives) {
        let kind = lists.kind_of(&card.list_id);
        let is_open = !matches!(kind, ColumnKindGuess::Done | ColumnKindGuess::Cancelled);
        let why = "the card is in a column of cards that are not finished; choose what the column is for";
        gathered.left_out.add("times of finishing", why, u64::from(is_open && life.ended_at_ms.is_some()));
    }
    gathered.left_out.add("times of finishing", NO_BEGINNING, lists.untold_ends(cards.iter().zip(&lives)));
    let history = cards.iter().zip(&lives).flat_map(|(card, life)| lists.actions(card, life)).collect();
    gathered.into_board(("csv", SourceId::of("board", &board), name), cards, history, export)
}

fn dialect_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Jira => "jira",
        Dialect::Linear => "linear",
        Dialect::Wekan => "wekan",
        Dialect::Own => "own",
        Dialect::Other => "table",
    }
}

/// As the table itself calls its board or boards.
fn board_name(table: &Table, header: &Header) -> Option<String> {
    let column = header.columns(&Role::Board).next()?;
    let names: BTreeSet<&str> = table.rows.iter().map(|row| row.cell(column)).filter(|name| !name.is_empty()).collect();
    (!names.is_empty()).then(|| names.into_iter().take(5).collect::<Vec<_>>().join(", "))
}

/// The columns by what they are for, then by a number in their name, then as they came up.
fn stages(table: &Table, header: &Header, gathered: &mut Gathered) {
    let kinds = header.columns(&Role::StageKind).next();
    let mut stages: Vec<(String, ColumnKindGuess)> = Vec::new();
    let mut seen = BTreeSet::new();
    for row in &table.rows {
        let name = stage_of(row, header);
        if seen.insert(name.to_owned()) {
            let told = kinds.and_then(|column| known_kind(row.cell(column)));
            let kind = match (known_kind(name), told) {
                (Some(ColumnKindGuess::Cancelled), _) => ColumnKindGuess::Cancelled,
                (_, Some(told)) => told,
                (by_name, None) => by_name.unwrap_or_else(|| guess_kind(name)),
            };
            stages.push((name.to_owned(), kind));
        }
    }
    let number = |name: &str| -> u64 {
        let digits: String =
            name.chars().skip_while(|letter| !letter.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    };
    stages.sort_by_key(|(name, kind)| (*kind, number(name)));
    for (name, kind) in stages {
        gathered.list(&name, Some(kind));
    }
}

/// The stage of a row.
pub(super) fn stage_of<'a>(row: &'a Row, header: &Header) -> &'a str {
    match header.columns(&Role::Stage).next() {
        None => ONE_STAGE,
        Some(column) if row.cell(column).is_empty() => NO_STAGE,
        Some(column) => row.cell(column),
    }
}

/// The id of each row; none for one whose key came before.
fn ids(table: &Table, header: &Header, scope: &str, gathered: &mut Gathered) -> Vec<Option<SourceId>> {
    let key = header.columns(&Role::Key).next();
    let title = header.columns(&Role::Title).next();
    let made = header.columns(&Role::Made).next();
    let cell = |row: &Row, column: Option<usize>| column.map(|column| row.cell(column).to_owned()).unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut twice = 0;
    let mut alike: BTreeMap<Id, u64> = BTreeMap::new();
    let ids = table.rows.iter().map(|row| {
        let key = cell(row, key);
        if !key.is_empty() {
            let is_new = seen.insert(key.clone());
            twice += u64::from(!is_new);
            return is_new.then(|| SourceId(format!("{scope}/{key}")));
        }
        let content = Id::derived("csv row", &[cell(row, title).as_bytes(), cell(row, made).as_bytes()]);
        let alike = alike.entry(content).and_modify(|count| *count += 1).or_insert(1);
        Some(SourceId(format!("{scope}/{content}/{alike}")))
    });
    let ids = ids.collect();
    gathered.left_out.add("rows", "their key stands in the file twice; the first one comes in", twice);
    ids
}

/// The ids of the rows by whatever key a parent may be named.
fn keys(table: &Table, header: &Header, ids: &[Option<SourceId>]) -> BTreeMap<String, SourceId> {
    let mut keys = BTreeMap::new();
    for role in [Role::Key, Role::OtherKey] {
        let Some(column) = header.columns(&role).next() else { continue };
        for (row, id) in table.rows.iter().zip(ids) {
            if let (false, Some(id)) = (row.cell(column).is_empty(), id) {
                keys.entry(row.cell(column).to_owned()).or_insert_with(|| id.clone());
            }
        }
    }
    keys
}

/// The first of its parents that the table holds.
fn parent(
    row: &Row,
    header: &Header,
    keys: &BTreeMap<String, SourceId>,
    card: &mut SourceCard,
    gathered: &mut Gathered,
) {
    let named = header.columns(&Role::Parent).map(|column| row.cell(column)).find(|key| !key.is_empty());
    let Some(named) = named else { return };
    if let Some(whole) = keys.get(named).filter(|whole| **whole != card.id) {
        card.relations.push(SourceRelation { kind: RelationKind::PartOf, to: whole.clone() });
    } else {
        gathered.left_out.add("parents", "they are not in the file; their keys come in as text", 1);
        card.field_values.push(gathered.value(PARENT, SourceValue::Text(named.to_owned())));
    }
}

/// What the columns say at all.
fn says(header: &Header, gathered: &Gathered) -> Says {
    let fields = header.roles.iter().filter_map(|role| match role {
        Role::Choice(name) | Role::Field(name) => Some(name.as_str()),
        Role::Parent => Some(PARENT),
        _ => None,
    });
    let said = [
        (Subject::Labels, Role::Labels),
        (Subject::Members, Role::Members),
        (Subject::Priorities, Role::Priority),
        (Subject::Estimates, Role::Estimate),
        (Subject::Wholes, Role::Parent),
    ];
    Says::of(
        &said.map(|(subject, role)| (subject, header.has(&role))),
        fields.map(|name| gathered.field_id(name)).collect(),
    )
}

fn is_date(role: &Role) -> bool {
    matches!(role, Role::Due | Role::Made | Role::Began | Role::Ended | Role::Changed | Role::Archived | Role::Field(_))
}

fn day_order(table: &Table, header: &Header) -> DayOrder {
    let columns: Vec<usize> =
        header.roles.iter().enumerate().filter(|(_, role)| is_date(role)).map(|(at, _)| at).collect();
    order_of(table.rows.iter().flat_map(|row| columns.iter().map(|column| row.cell(*column))))
}

/// The fields of which each value is a date.
fn date_fields(table: &Table, header: &Header, order: DayOrder) -> BTreeSet<usize> {
    let fields = header.roles.iter().enumerate().filter(|(_, role)| matches!(role, Role::Field(_)));
    fields
        .map(|(column, _)| column)
        .filter(|column| {
            let mut written = table.rows.iter().map(|row| row.cell(*column)).filter(|cell| !cell.is_empty()).peekable();
            written.peek().is_some() && written.all(|cell| read(cell, order).is_some())
        })
        .collect()
}

/// What parts the cells of the columns that hold many things.
fn partings(table: &Table, header: &Header, dialect: Dialect) -> BTreeMap<usize, Parting> {
    let is_list = |role: &Role| matches!(role, Role::Labels | Role::Members);
    let columns = header.roles.iter().enumerate().filter(|(_, role)| is_list(role));
    columns
        .map(|(column, role)| {
            let is_alone = header.columns(role).count() == 1;
            let parting = match dialect {
                Dialect::Wekan => Parting::Spaces,
                // A column for each label.
                Dialect::Jira if !is_alone => Parting::Nothing,
                Dialect::Jira if *role == Role::Labels => Parting::Spaces,
                Dialect::Jira => Parting::Nothing,
                Dialect::Linear => Parting::By(','),
                Dialect::Own => Parting::Quoted,
                Dialect::Other => parting_of(table.rows.iter().map(|row| row.cell(column))),
            };
            (column, parting)
        })
        .collect()
}

/// Adds what no column of this table comes in for.
fn survey(table: &Table, header: &Header, gathered: &mut Gathered) {
    for (column, role) in header.roles.iter().enumerate() {
        if let Role::Nothing(why) = role {
            let count = table.rows.iter().filter(|row| !row.cell(column).is_empty()).count() as u64;
            let name: String = table.header[column].chars().take(80).collect();
            gathered.left_out.add(&format!("column {name:?}"), why, count);
        }
    }
}
