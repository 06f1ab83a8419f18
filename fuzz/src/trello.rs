//! Boards of Trello: read, planned and decided, as an import does it.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::id::CommandId;
use recordplayer::testing::{Given, SPACE, given};
use recordplayer_kanban::card::Day;
use recordplayer_kanban::ids::{CardId, ColumnId};
use recordplayer_kanban::import::plan::{Plan, PlannedAct, Present, import_act, plan};
use recordplayer_kanban::import::source::{SourceBoard, counts};
use recordplayer_kanban::import::trello::{read, read_with_comments};
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::view::BoardView;
use recordplayer_kanban::{Project, domain};

use crate::script::Script;

/// A file that somebody exported from Trello.
pub fn board(bytes: &[u8]) {
    match read(bytes) {
        Ok(board) => comes_in_once(&board),
        Err(error) => is_told(&error.to_string()),
    }
}

/// The same, and a list of its older comments: `board (bytes) ‖ comments`.
pub fn comments(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (board, comments) = (script.bytes(), script.rest());
    match read_with_comments(board, comments) {
        Ok(with) => {
            let without = read(board).expect("what is read with comments is read without them");
            let all = |board: &SourceBoard| -> usize { board.cards.iter().map(|card| card.comments.len()).sum() };
            assert!(all(&with) >= all(&without), "a list of comments takes none away");
            comes_in_once(&with);
        }
        Err(error) => is_told(&error.to_string()),
    }
}

/// A sentence of the size of a sentence, whatever the file.
pub(crate) fn is_told(why: &str) {
    assert!(!why.is_empty() && why.len() < 2_000, "{why}");
}

/// Everything that is planned is decided, and doing it again changes nothing.
pub(crate) fn comes_in_once(board: &SourceBoard) {
    assert_eq!(counts(board).cards, board.cards.len() as u64);
    let project = given(domain()).sent::<Project>(SPACE.0, ProjectCommand::SetUp { key: "REC".to_owned() });
    let first = planned(&project, board, None);
    let mut ids = BTreeSet::new();
    for planned in &first.commands {
        assert!(ids.insert(planned.command), "two commands have one id, and one of them would be lost: {planned:?}");
    }
    let imported = carried_out(project, &first);
    let shown = shown(&imported, &first);
    let again = planned(&imported, board, Some(&ids));
    let sent = again.commands.iter().find(|planned| matches!(planned.what, PlannedAct::Send { .. }));
    // A history that contradicts what the file says of now may be played once more, and leads to the same.
    assert!(sent.is_none() || !board.history.is_empty(), "a second import finds everything in place: {sent:?}");
    assert_eq!(self::shown(&carried_out(imported, &again), &again), shown, "a second import changes nothing");
}

fn carried_out(given: Given, plan: &Plan) -> Given {
    plan.commands.iter().fold(given, |given, planned| match &planned.what {
        PlannedAct::Send { intent } => given.claiming(planned.claims).sent_intent(intent),
        PlannedAct::Describe { .. } => given,
    })
}

/// What the board shows.
#[derive(Debug, PartialEq)]
struct Shown {
    columns: Vec<String>,
    /// Each with its title, where it is, and whether it is archived.
    cards: BTreeMap<CardId, (String, ColumnId, bool)>,
}

fn shown(given: &Given, plan: &Plan) -> Shown {
    let view = given.view::<BoardView>(plan.board);
    let columns = view.columns().iter().map(|column| column.row.name.clone()).collect();
    let cards = view.cards.iter().map(|(id, card)| (*id, (card.title.clone(), card.column, card.archived))).collect();
    Shown { columns, cards }
}

fn planned(given: &Given, board: &SourceBoard, known: Option<&BTreeSet<CommandId>>) -> Plan {
    let known_among = |asked: &BTreeSet<CommandId>| known.map(|known| asked & known).unwrap_or_default();
    let models = given.models();
    let present = Present {
        day_of: &Day::of,
        space: SPACE,
        models: &models,
        description_of: &|_| String::new(),
        known_among: &known_among,
        records_of: &|_| Vec::new(),
    };
    plan(board, &present, import_act(SPACE, board)).expect("whatever is read is planned")
}
