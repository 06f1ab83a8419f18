//! Three exported boards that no one here wrote, as far as they are at hand (`$RECORDPLAYER_INPUTS`).

use std::path::{Path, PathBuf};

use super::super::super::source::ColumnKindGuess::{Active, Backlog, Cancelled, Done, Ready};
use super::super::super::source::{Counts, Origin, SourceBoard, counts, guess_kind};
use super::super::{TrelloError, read};
use super::told;

/// The bytes of an input, `None` after saying so where the folder of inputs is absent.
fn input(name: &str, checks: u32) -> Option<Vec<u8>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder =
        std::env::var_os("RECORDPLAYER_INPUTS").map_or_else(|| workspace.join("../shared/inputs"), PathBuf::from);
    if !folder.is_dir() {
        println!("inputs absent: {checks} checks not run");
        return None;
    }
    Some(std::fs::read(folder.join(name)).expect("the folder of inputs holds all of them"))
}

fn board(name: &str, checks: u32) -> Option<SourceBoard> {
    input(name, checks).map(|bytes| read(&bytes).expect("an export of Trello is a board"))
}

/// All actions of the file but its comments: those that come in, and those that are told to be left out.
fn history(board: &SourceBoard) -> u64 {
    board.history.len() as u64 + left_out(board)
}

fn left_out(board: &SourceBoard) -> u64 {
    board.not_imported.iter().filter(|line| line.what.starts_with("history: ")).map(|line| line.count).sum()
}

#[test]
fn the_japanese_board_of_2015_has_label_links_without_labels() {
    let Some(board) = board("trello-clipkit-ja.json", 7) else { return };
    assert_eq!(
        counts(&board),
        Counts {
            columns: 5,
            columns_archived: 1,
            cards: 67,
            cards_archived: 1,
            label_links: 49,
            members: 3,
            member_links: 10,
            comments: 4,
            descriptions: 19,
            ..Counts::default()
        },
    );
    let kinds: Vec<_> = board.lists.iter().map(|list| (list.name.as_str(), guess_kind(&list.name))).collect();
    let expected =
        [("やりたいこと", Backlog), ("やること", Ready), ("作業中", Active), ("クローズ", Done), ("中止", Cancelled)];
    assert_eq!(kinds, expected);
    let labels: Vec<_> = board.labels.iter().map(|l| (l.name.as_str(), l.colour.as_deref(), l.origin)).collect();
    assert_eq!(labels.len(), 2);
    assert!(labels.contains(&("機能", Some("green"), Origin::Mentioned)));
    assert!(labels.contains(&("バグ", Some("red"), Origin::Mentioned)));
    assert_eq!(history(&board) + counts(&board).comments, 264);
    assert_eq!((board.history.len(), left_out(&board)), (188, 72), "59 of the latter only reorder cards");
    assert_eq!(told(&board, "names of label colours"), 1);
}

#[test]
fn the_board_with_a_cut_history_tells_how_many_comments_it_lacks() {
    let Some(board) = board("trello-gocd-testdrive.json", 5) else { return };
    assert_eq!(
        counts(&board),
        Counts {
            columns: 18,
            columns_archived: 12,
            cards: 122,
            cards_archived: 78,
            labels: 8,
            label_links: 51,
            members: 11,
            member_links: 121,
            checklists: 14,
            checklist_items: 62,
            checklist_done: 42,
            comments: 93,
            attachments: 59,
            due_dates: 25,
            descriptions: 51,
            ..Counts::default()
        },
    );
    assert_eq!(told(&board, "comments"), 40);
    assert_eq!(told(&board, "files of attachments"), 19);
    assert_eq!(history(&board) + counts(&board).comments, 1_000);
    assert!(board.members.iter().all(|member| member.origin == Origin::Listed));
}

#[test]
fn the_board_with_custom_fields_has_them_all() {
    let Some(board) = board("trello-wekan-project100.json", 3) else { return };
    assert_eq!(
        counts(&board),
        Counts {
            columns: 3,
            cards: 3,
            labels: 6,
            members: 1,
            member_links: 3,
            fields: 5,
            field_values: 8,
            ..Counts::default()
        },
    );
    assert_eq!(history(&board), 33);
    assert!(board.fields.iter().all(|field| field.origin == Origin::Listed));
}

#[test]
fn a_list_of_actions_is_no_board() {
    let Some(bytes) = input("trello-gocd-testdrive-comments.json", 1) else { return };
    assert_eq!(read(&bytes), Err(TrelloError::NotAnObject { found: "a list" }));
}
