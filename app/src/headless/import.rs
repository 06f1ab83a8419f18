//! Taking in boards of other products.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use recordplayer::id::{ActId, ActorId, ReplicaId};
use recordplayer::replica::{Replica, Wish};
use recordplayer::storage::memory::MemoryStore;
use recordplayer::storage::{OutboxContent, Store};
use recordplayer_client::{Device, SendError, Space, Ticket};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::import::plan::{Plan, PlannedAct, PlannedCommand, Present, Summary, plan};
use recordplayer_kanban::import::trello::{EXPORT_BYTES_MAX, NotImported, TrelloBoard, read};
use serde_json::{Value, json};

use super::answer::{Answer, DAMAGED, Failure, line};
use super::arguments::Options;
use super::place::Place;
use super::{file, project, send};

/// Commands that are sent before the disk is waited for, and a progress is shown.
const BATCH: usize = 500;

/// What a fresh project is called where nobody named it and the board has no name.
const UNNAMED: &str = "Imported board";

/// Where a board goes.
enum Target<'a> {
    There(Place<'a>),
    New(String),
}

/// Imports a board of Trello. Nothing is sent before the whole file was understood and planned.
pub(crate) fn trello(device: &Device, options: &Options, path: &Path, dry_run: bool) -> Result<Answer, Failure> {
    let bytes = file::bytes(path, EXPORT_BYTES_MAX as u64)?;
    let board = read(&bytes).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        Failure::new(DAMAGED, "unreadable_export", message, "Nothing was imported")
    })?;
    let (place, mut tickets) = match target(device, options, &board)? {
        Target::There(place) => (place, Vec::new()),
        Target::New(name) if dry_run => return Ok(answer(&name, &plan_for_nothing(&board)?.summary, true)),
        Target::New(name) => {
            let made = project::make(device, options, &name, None)?;
            let info = device.spaces().into_iter().find(|info| info.space == made.space.id());
            let info =
                info.ok_or_else(|| send::failure(SendError::NotThere("it was just made, and is gone".to_owned())))?;
            (Place { device, info, space: made.space, options }, made.tickets)
        }
    };
    let act = place.space.fresh_act();
    let Plan { commands, mut summary, .. } = plan_for(&place.space, &board, act)?;
    if dry_run {
        return Ok(answer(&place.info.title, &summary, true));
    }
    let count = commands.len();
    let mut refused: BTreeMap<String, u64> = BTreeMap::new();
    for (command, number) in commands.into_iter().zip(1..) {
        match send_one(&place.space, act, command) {
            Ok(sent) => tickets.extend(sent),
            Err(SendError::Refused(why)) if why.code != "outbox_full" => *refused.entry(why.message).or_default() += 1,
            Err(error) => {
                let mut failure = send::failure(error);
                failure.help = format!("{number} of {count} parts were taken in; import the file again to go on");
                return Err(failure);
            }
        }
        if number % BATCH == 0 {
            send::settle(&place, &std::mem::take(&mut tickets))?;
            progress(number, count);
        }
    }
    send::settle(&place, &tickets)?;
    progress(count, count);
    let lines = refused.into_iter().map(|(why, count)| NotImported { what: "parts".to_owned(), why, count });
    summary.not_imported.extend(lines);
    Ok(answer(&place.info.title, &summary, false))
}

/// The project of `--project`, which may be new; else the only one; else a new one with the board's name.
fn target<'a>(device: &'a Device, options: &'a Options, board: &TrelloBoard) -> Result<Target<'a>, Failure> {
    match Place::find(device, options) {
        Ok(place) => Ok(Target::There(place)),
        Err(failure) if failure.code == "unknown_project" => {
            Ok(Target::New(options.project.clone().unwrap_or_else(|| UNNAMED.to_owned())))
        }
        Err(failure) if failure.code == "no_project" => {
            let name = board.name.trim();
            Ok(Target::New(if name.is_empty() { UNNAMED.to_owned() } else { name.to_owned() }))
        }
        Err(failure) => Err(failure),
    }
}

fn plan_for(space: &Space, board: &TrelloBoard, act: ActId) -> Result<Plan, Failure> {
    space.inspect(|replica| plan_with(replica, board, act)).map_err(send::failure)?
}

/// The plan for a project that does not exist yet.
fn plan_for_nothing(board: &TrelloBoard) -> Result<Plan, Failure> {
    let space = recordplayer::id::SpaceId::default();
    let domain = Arc::new(recordplayer_kanban::domain());
    let reader = MemoryStore::new().reader(space);
    let empty =
        Replica::open(domain, space, ActorId::default(), reader, OutboxContent::default(), ReplicaId::default())
            .map_err(|error| send::failure(SendError::NotThere(error.to_string())))?;
    plan_with(&empty, board, ActId::default())
}

fn plan_with(replica: &Replica, board: &TrelloBoard, act: ActId) -> Result<Plan, Failure> {
    let description_of = |card: CardId| {
        let text = replica.text::<Card>(card, Card::DESCRIPTION);
        text.map(|document| document.text()).unwrap_or_default()
    };
    let present = Present { space: replica.space(), models: &replica.models(), description_of: &description_of };
    plan(board, &present, act).map_err(|error| send::failure(error.into()))
}

fn send_one(space: &Space, act: ActId, planned: PlannedCommand) -> Result<Vec<Ticket>, SendError> {
    match planned.what {
        PlannedAct::Send { intent } => {
            let wish = Wish { act: Some(act), happened_at: planned.happened_at, ..Wish::new(planned.command, intent) };
            Ok(vec![space.submit(wish)?])
        }
        PlannedAct::Describe { card, text } => {
            space.edit_text::<Card>(card, Some(act), &text, |change| CardCommand::Describe { change })
        }
    }
}

/// One line that is written over, where somebody watches.
fn progress(done: usize, of: usize) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() && of > BATCH {
        let end = if done == of { "\n" } else { "" };
        let _ = write!(stderr, "\r{done} of {of}{end}");
        let _ = stderr.flush();
    }
}

fn answer(project: &str, summary: &Summary, is_dry: bool) -> Answer {
    let mut json = serde_json::to_value(summary).unwrap_or_default();
    if let Value::Object(fields) = &mut json {
        fields.insert("project".to_owned(), json!(project));
        fields.insert("dry_run".to_owned(), json!(is_dry));
    }
    let counts = &summary.counts;
    let would = if is_dry { "would come" } else { "came" };
    let mut text = vec![
        format!(
            "{} columns, {} cards ({} of them archived), {} comments, {} links, {} checklists {would} into {}",
            counts.columns,
            counts.cards,
            counts.cards_archived,
            counts.comments,
            counts.attachments,
            counts.checklists,
            line(project)
        ),
        format!("{} added, {} updated, {} unchanged", summary.added, summary.updated, summary.unchanged),
    ];
    for left_out in &summary.not_imported {
        text.push(format!("Not imported: {} {}: {}", left_out.count, line(&left_out.what), line(&left_out.why)));
    }
    Answer::new(json, text.join("\n"))
}
