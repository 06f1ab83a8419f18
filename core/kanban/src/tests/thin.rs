//! What a screen shows that stores nothing, and plays what it is sent.

use recordplayer::decide::Intent;
use recordplayer::id::Id;
use recordplayer::testing::World;
use recordplayer::view::{Key, ViewKey};

use super::{BOARD, DOING, TODO, add_column, card, create, move_to};
use crate::board::BoardCommand;
use crate::card::CardCommand;
use crate::column::{ColumnCommand, ColumnKind};
use crate::comment::{CommentCommand, CommentKind};
use crate::ids::{BoardId, ColumnId};
use crate::project::ProjectCommand;
use crate::view::{ActivityView, BoardView, CardView};
use crate::{Board, Card, Column, Comment, Project, domain};

const OTHER: BoardId = BoardId(Id([0xb1; 16]));
const FAR: ColumnId = ColumnId(Id([0xc3; 16]));
const SPLIT: BoardId = BoardId(Id([0xb2; 16]));
const COMMENT: Id = Id([0xd0; 16]);

/// A card moved to a column of another board was told with a name there that only a whole copy knew.
#[test]
fn each_screen_shows_what_a_whole_copy_shows() {
    let mut world = World::seeded(4, &domain().shared());
    let [ann, of_card, of_board, of_other, talk, board] =
        world.devices(["ann", "of_card", "of_board", "of_other", "talk", "board"]);
    let send = |world: &mut World, intent: Result<Intent, _>| {
        world.send(ann, intent.expect("a command has words")).expect("it is taken");
        world.run_until_quiet();
    };
    let project = world.space().0;
    send(&mut world, Intent::of::<Project>(project, &ProjectCommand::SetUp { key: "REC".into() }));
    send(&mut world, Intent::of::<Board>(BOARD, &BoardCommand::Add { title: "Here".into() }));
    send(&mut world, Intent::of::<Board>(OTHER, &BoardCommand::Add { title: "There".into() }));
    send(&mut world, Intent::of::<Column>(TODO, &add_column("To do", ColumnKind::Ready)));
    send(&mut world, Intent::of::<Column>(DOING, &add_column("Doing", ColumnKind::Active)));
    let far = ColumnCommand::Add { board: OTHER, name: "Far".into(), kind: ColumnKind::Active, before: None };
    send(&mut world, Intent::of::<Column>(FAR, &far));
    for (from, to) in [(TODO, FAR), (FAR, DOING)] {
        send(&mut world, Intent::of::<Column>(from, &ColumnCommand::SetWorkflow { to: Some([to].into()) }));
    }
    send(&mut world, Intent::of::<Card>(card(1), &create(TODO, "One")));

    world.look(of_card, ViewKey::of::<ActivityView>(card(1)));
    world.look(of_board, ViewKey::of::<ActivityView>(BOARD));
    world.look(of_other, ViewKey::of::<ActivityView>(OTHER));
    world.look(talk, ViewKey::of::<CardView>(card(1)));
    world.look(board, ViewKey::of::<BoardView>(BOARD));
    world.run_until_quiet();
    let say = CommentCommand::Write {
        card: card(1),
        text: "Hm".into(),
        author: None,
        kind: CommentKind::Talk,
        mentions: [].into(),
    };
    send(&mut world, Intent::of::<Card>(card(1), &move_to(FAR, None)));
    send(&mut world, Intent::of::<Comment>(COMMENT, &say));
    send(&mut world, Intent::of::<Card>(card(1), &move_to(DOING, None)));
    let split = BoardCommand::Split { columns: [DOING].into(), into: SPLIT, title: "Split".into() };
    send(&mut world, Intent::of::<Board>(BOARD, &split));
    send(&mut world, Intent::of::<Card>(card(1), &CardCommand::Rename { title: "Uno".into() }));
    send(&mut world, Intent::of::<Board>(SPLIT, &BoardCommand::Merge { into: OTHER }));
    send(&mut world, Intent::of::<Card>(card(1), &CardCommand::Rename { title: "Une".into() }));
    send(&mut world, Intent::of::<Comment>(COMMENT, &CommentCommand::Delete {}));

    world.check_invariants();
    let shown = |device, view: Key| {
        let whole = world.replica(ann).view::<ActivityView>(view);
        assert_eq!(world.thin(device).0.get::<ActivityView>(), whole, "{}", world.how_to_replay());
        whole.entries.iter().map(|entry| entry.what.clone()).collect::<Vec<_>>()
    };
    assert!(shown(of_card, card(1).into()).contains(&format!("moved it to “{FAR}”")));
    assert!(shown(of_board, BOARD.into()).contains(&format!("split the board “Here”: some columns went to “{SPLIT}”")));
    assert!(shown(of_other, OTHER.into()).contains(&"deleted a comment".to_owned()));
}
