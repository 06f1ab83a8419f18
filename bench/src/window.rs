//! The window's own code: what a frame costs, without a display and without drawing; the first frame of a long history; jumps through it; and how
//! fast a board of another product comes in.

use std::path::Path;
use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use hdrhistogram::Histogram;
use recordplayer::claims::Claims;
use recordplayer::id::{ActId, Id};
use recordplayer::record::Position;
use recordplayer::replica::{TextEdit, TextWork, Wish};
use recordplayer_app::ui::Desktop;
use recordplayer_client::{Device, Space};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::{CardCommand, Day};
use recordplayer_kanban::column::{ColumnCommand, ColumnKind};
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId};
use recordplayer_kanban::import::plan::{PlannedAct, Present, plan};
use recordplayer_kanban::import::trello::read;
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::view::BoardView;
use recordplayer_kanban::{Board, Card, Column, Project};
use serde_json::{Value, json};

use crate::Outcome;
use crate::clock::now;
use crate::report::{Row, grouped};
use crate::size::Size;

const BOARD: BoardId = BoardId(Id([1; 16]));
const COLUMNS: u64 = 4;
/// 60 frames a second.
const FRAME_MS: f64 = 1_000.0 / 60.0;
/// What people take for at once.
const AT_ONCE_MS: f64 = 100.0;
/// Commands that are sent before what is sent is waited for.
const GROUP: u64 = 500;

type Failure = Box<dyn std::error::Error>;

pub fn measure(size: &Size) -> Outcome {
    let mut rows = Vec::new();
    for cards in size.board_cards {
        let folder = tempfile::tempdir()?;
        let (device, _space) = project(folder.path(), cards)?;
        let name = format!("a frame with {} cards on the board", grouped(cards));
        rows.push(Row::new(name, frame_ms(&device, folder.path(), size), "ms").beside(FRAME_MS));
    }
    rows.extend(long_history(size)?);
    rows.push(import(size)?);
    Ok(rows)
}

fn column(at: u64) -> ColumnId {
    ColumnId(Id::derived("bench column", &[&at.to_be_bytes()]))
}

fn card(at: u64) -> CardId {
    CardId(Id::derived("bench card", &[&at.to_be_bytes()]))
}

/// A project of this computer with so many cards on its board.
pub fn project(folder: &Path, cards: u64) -> Result<(Device, Space), Failure> {
    let device = Device::open(Arc::new(recordplayer_kanban::domain()), &folder.join("device"))?;
    let (space, _) = device.found_here("Turntable")?;
    space.send::<Project>(space.id().0, &ProjectCommand::SetUp { key: "TT".to_owned() })?;
    space.send::<Board>(BOARD, &BoardCommand::Add { title: "Firmware".to_owned() })?;
    for at in 0..COLUMNS {
        let name = format!("Column {at}");
        let add = ColumnCommand::Add { board: BOARD, name, kind: ColumnKind::Ready, before: None };
        space.send::<Column>(column(at), &add)?;
    }
    in_groups(&device, cards, |at| {
        let title = format!("Card {at}, of which the title takes two lines on the board");
        let create =
            CardCommand::Create { column: column(at % COLUMNS), title, before: None, exempt: false, typed: None };
        space.send::<Card>(card(at), &create).map(drop)
    })?;
    Ok((device, space))
}

fn in_groups<E: std::error::Error + 'static>(
    device: &Device,
    count: u64,
    mut send: impl FnMut(u64) -> Result<(), E>,
) -> Result<(), Failure> {
    for at in 0..count {
        send(at)?;
        if at % GROUP == GROUP - 1 || at == count - 1 {
            device.wait_in_step(std::time::Duration::from_mins(5))?;
        }
    }
    Ok(())
}

fn window(device: &Device, folder: &Path) -> Harness<'static, Desktop> {
    let desktop = Desktop::new(device.clone(), folder);
    Harness::builder()
        .with_step_dt(1.0 / 60.0)
        .with_size([1280.0, 800.0])
        .build_ui_state(|ui, desktop| desktop.show(ui), desktop)
}

fn frame_ms(device: &Device, folder: &Path, size: &Size) -> f64 {
    let mut harness = window(device, folder);
    harness.run_steps(3);
    let (began, mut frames) = (now(), 0_u32);
    while began.elapsed() < size.time {
        harness.step();
        frames += 1;
    }
    began.elapsed().as_secs_f64() * 1_000.0 / f64::from(frames)
}

/// From opening the folder to the first frame that shows the board; then jumps through what happened.
fn long_history(size: &Size) -> Result<Vec<Row>, Failure> {
    let folder = tempfile::tempdir()?;
    let cards = size.cards;
    let (device, space) = project(folder.path(), cards)?;
    in_groups(&device, size.history / 2, |at| {
        let rename = CardCommand::Rename { title: format!("Card {at}, renamed") };
        space.send::<Card>(card(at % cards), &rename).map(drop)
    })?;
    let records = space.hash().record.0;
    device.close();
    drop((device, space));

    let began = now();
    let device = Device::open(Arc::new(recordplayer_kanban::domain()), &folder.path().join("device"))?;
    let mut harness = window(&device, folder.path());
    while harness.query_by_label("Column 0").is_none() {
        harness.step();
    }
    let first = began.elapsed().as_secs_f64() * 1_000.0;
    drop(harness);

    let space = device.space(device.spaces()[0].space).ok_or("the project is there")?;
    let mut playback = space.playback()?;
    playback.at(Position(records))?;
    let mut jumps = Histogram::<u64>::new(3)?;
    for at in 1..=200_u64 {
        // Back and forth, nowhere twice.
        let to = Position(at.wrapping_mul(7_919) % records);
        let began = now();
        let moment = playback.at(to)?;
        std::hint::black_box(moment.view::<BoardView>(BOARD));
        jumps.record(u64::try_from(began.elapsed().as_micros())?)?;
    }
    let worst = jumps.value_at_quantile(0.99) as f64 / 1_000.0;
    let records = grouped(records);
    Ok(vec![
        Row::new(format!("first frame, {records} records"), first, "ms").beside(AT_ONCE_MS),
        Row::new(format!("jump through {records} records, p99"), worst, "ms").beside(AT_ONCE_MS),
    ])
}

/// A Trello board of so many cards, each with a small life of its own.
fn trello_board(cards: u64) -> Vec<u8> {
    let at = |minute: u64| {
        format!("2020-01-{:02}T{:02}:{:02}:00.000Z", 1 + minute / 1_440 % 28, minute / 60 % 24, minute % 60)
    };
    let mut actions: Vec<Value> = Vec::new();
    let mut act = |kind: &str, data: Value| {
        let number = actions.len() as u64;
        let date = at(number / 4);
        actions.push(
            json!({ "id": format!("a{number}"), "type": kind, "date": date, "idMemberCreator": "m", "data": data }),
        );
    };
    for card in 0..cards {
        let id = format!("c{card}");
        act("createCard", json!({ "card": { "id": id, "name": "First" }, "list": { "id": "l0" } }));
        act("updateCard", json!({ "card": { "id": id, "name": "Second" }, "old": { "name": "First" } }));
        let moved = json!({ "card": { "id": id, "idList": "l1" }, "old": { "idList": "l0" } });
        act("updateCard", moved);
    }
    actions.reverse();
    let cards =
        (0..cards).map(|card| json!({ "id": format!("c{card}"), "name": "Second", "idList": "l1", "pos": card }));
    let board = json!({
        "id": "b", "name": "Imported", "members": [{ "id": "m", "fullName": "Mo" }], "actions": actions, "cards": cards.collect::<Vec<_>>(),
        "lists": [{ "id": "l0", "name": "To do", "pos": 0 }, { "id": "l1", "name": "Done", "pos": 1 }],
    });
    board.to_string().into_bytes()
}

/// From the bytes of a file to everything decided and on disk, beside reading and planning alone.
fn import(size: &Size) -> Result<Row, Failure> {
    let folder = tempfile::tempdir()?;
    let (device, space) = project(folder.path(), 1)?;
    let bytes = trello_board(size.board_cards[0]);
    let began = now();
    let source = read(&bytes)?;
    let act = ActId(Id([9; 16]));
    let planned = space.inspect(|replica| {
        let models = replica.models();
        let present = Present {
            day_of: &Day::of,
            space: replica.space(),
            models: &models,
            description_of: &|_| String::new(),
            known_among: &|_| std::collections::BTreeSet::new(),
            records_of: &|_| Vec::new(),
        };
        plan(&source, &present, act)
    })??;
    let planned_in = began.elapsed().as_secs_f64();
    let count = planned.commands.len() as u64;
    let mut commands = planned.commands.into_iter();
    in_groups(&device, count, |_| {
        let Some(next) = commands.next() else { return Ok(()) };
        let (command, claims) = (next.command, Claims { act: Some(act), ..next.claims });
        match next.what {
            PlannedAct::Send { intent } => space.submit(Wish { claims, ..Wish::new(command, intent) }).map(drop),
            PlannedAct::Describe { card, text } => space
                .send_edit(&TextEdit::<Card> {
                    command,
                    entity: card.0,
                    claims,
                    work: TextWork::Replace(&text),
                    make: |change| CardCommand::Describe { change },
                })
                .map(drop),
        }
    })?;
    let whole = began.elapsed().as_secs_f64();
    let name = format!("import of a board of {} cards", grouped(size.board_cards[0]));
    Ok(Row::new(name, count as f64 / whole, "commands/s").beside(count as f64 / planned_in))
}
