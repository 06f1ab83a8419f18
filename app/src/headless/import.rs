//! Taking in boards of other products.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use recordplayer::id::ActId;
use recordplayer_client::{Device, SendError};
use recordplayer_kanban::import::plan::Summary;
use recordplayer_kanban::import::source::SourceBoard;
use serde_json::{Value, json};

use super::answer::{Answer, Failure, WRONG_USE, line};
use super::arguments::Options;
use super::exports::Export;
use super::place::Place;
use super::undo::HISTORY_WITHIN;
use super::{project, send};
use crate::import::{Import, summary_for_nothing};
use crate::undo::take_back_act;

/// Commands that are sent before the disk is waited for, and a progress is shown.
const BATCH: usize = 500;

/// Offline, the import of a new device waits no longer than this.
const SPACES_WITHIN: Duration = Duration::from_secs(5);

/// What a fresh project is called where nobody named it and the board has no name.
const UNNAMED: &str = "Imported board";

/// Where a board goes.
enum Target<'a> {
    There(Place<'a>),
    New(String),
}

/// Imports a board of another product. Nothing is sent before the whole file was understood and planned.
pub(crate) fn run(device: &Device, options: &Options, export: &Export, dry_run: bool) -> Result<Answer, Failure> {
    let board = export.read()?;
    let (place, mut tickets) = match target(device, options, &board)? {
        Target::There(place) => (place, Vec::new()),
        Target::New(name) if dry_run => {
            return Ok(answer(&name, &summary_for_nothing(&board).map_err(send::failure)?, true));
        }
        Target::New(name) => {
            let made = project::make(device, options, &name, None)?;
            let info = device.spaces().into_iter().find(|info| info.space == made.space.id());
            let info = info.ok_or_else(|| send::failure(SendError::NotThere))?;
            (Place { device, info, space: made.space, options, board: options.board.clone() }, made.tickets)
        }
    };
    let mut import = match Import::plan(&place.space, &board) {
        Err(SendError::NoHistory { .. }) if device.wait_for_history(place.space.id(), HISTORY_WITHIN) => {
            Import::plan(&place.space, &board)
        }
        planned => planned,
    }
    .map_err(send::failure)?;
    if dry_run {
        return Ok(answer(&place.info.title, &import.summary(), true));
    }
    loop {
        let (done, of) = import.progress();
        progress(done, of);
        if done == of {
            break;
        }
        let sent = import.send_next(BATCH).map_err(|error| {
            let mut failure = send::failure(error);
            failure.help =
                format!("{} of {of} parts were taken in; import the file again to go on", import.progress().0);
            failure
        })?;
        tickets.extend(sent);
        send::settle(&place, &std::mem::take(&mut tickets))?;
    }
    send::settle(&place, &tickets)?;
    let mut answer = answer(&place.info.title, &import.summary(), false);
    if let Some(Value::Object(fields)) = answer.json.first_mut() {
        fields.insert("act".to_owned(), json!(import.act.to_string()));
        fields.insert("board_id".to_owned(), json!(import.board.to_string()));
    }
    answer.text = format!("{}\nTo take it all back: recordplayer import undo {}", answer.text, import.act);
    Ok(answer)
}

/// Takes an import back.
pub(crate) fn undo(place: &Place<'_>, act: &str) -> Result<Answer, Failure> {
    let act = act.parse().map(ActId).map_err(|error| {
        Failure::new(WRONG_USE, "wrong_use", error, "Name the import by the \"act\" that it answered with")
    })?;
    let taken = match take_back_act(&place.space, act) {
        Err(SendError::NoHistory { .. }) if place.device.wait_for_history(place.space.id(), HISTORY_WITHIN) => {
            take_back_act(&place.space, act)
        }
        taken => taken,
    }
    .map_err(|error| send::failure_at(place, error))?;
    if taken.tickets.is_empty() && taken.left.is_empty() {
        let message = format!("There is no import {act} in {}, or all of it was taken back", place.info.title);
        return Err(Failure::new(
            WRONG_USE,
            "no_such_import",
            message,
            "See the \"act\" that the import answered with",
        ));
    }
    send::settle(place, &taken.tickets)?;
    let left: Vec<String> = taken.left.iter().map(|why| place.named(why)).collect();
    let mut text = vec![format!("{} changes take it back", taken.tickets.len())];
    text.extend(left.iter().map(|why| format!("Left as it is: {}", line(why))));
    let json = json!({ "act": act.to_string(), "changes": taken.tickets.len(), "left": left });
    Ok(Answer::new(json, text.join("\n")))
}

/// The project of `--project`, which may be new; else the only one; else a new one with the board's name.
fn target<'a>(device: &'a Device, options: &'a Options, board: &SourceBoard) -> Result<Target<'a>, Failure> {
    // A device that has just been logged in does not know yet which projects its person is in.
    if device.spaces().is_empty() && !device.accounts().is_empty() {
        let _ = device.wait_in_step(SPACES_WITHIN);
    }
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
            "In the file: {} columns, {} cards ({} of them archived), {} comments, {} attachments, {} checklists",
            counts.columns, counts.cards, counts.cards_archived, counts.comments, counts.attachments, counts.checklists
        ),
        format!("{} records of its history {would} into {}", summary.history_records, line(project)),
        format!("{} added, {} updated, {} unchanged", summary.added, summary.updated, summary.unchanged),
    ];
    let more = [
        (counts.types, "types of cards"),
        (counts.components, "components"),
        (counts.parents, "cards that are part of another one"),
        (counts.relations, "ends of relations"),
    ];
    let more: Vec<String> =
        more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !more.is_empty() {
        text.insert(1, more.join(", "));
    }
    text.extend(summary.guesses().map(|guesses| format!("{} with \"recordplayer column kind\"", line(&guesses))));
    for left_out in &summary.not_imported {
        text.push(format!("Not imported: {} {}: {}", left_out.count, line(&left_out.what), line(&left_out.why)));
    }
    Answer::new(json, text.join("\n"))
}
