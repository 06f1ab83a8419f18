//! Whole projects, as JSON Lines of their records.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::path::Path;

use recordplayer::id::SpaceId;
use recordplayer_client::{ContinueError, Device, FileError, HERE, SendError};
use serde_json::json;

use super::answer::{Answer, DAMAGED, Failure, REFUSED, WRONG_USE, line};
use super::arguments::Options;
use super::board::not_playable;
use super::file::unwritable;
use super::place::Place;
use super::undo::HISTORY_WITHIN;
use super::{project, send};
use crate::continuing::{NotContinued, preview, take_in};
use crate::records::{self, Heard, NotReadable, NotWhole};

/// Writes all of a project.
pub(crate) fn export(place: &Place<'_>, path: &Path) -> Result<Answer, Failure> {
    let percent = percent();
    let write = || records::write(place.device, &place.space, path, &percent);
    let is_history_missing = |error: &NotWhole| {
        matches!(error, NotWhole::Send(SendError::NoHistory { .. }))
            || matches!(error, NotWhole::Play(recordplayer::playback::PlaybackError::NotHere { .. }))
    };
    let written = match write() {
        Err(error) if is_history_missing(&error) && place.device.wait_for_history(place.space.id(), HISTORY_WITHIN) => {
            write()
        }
        written => written,
    }
    .map_err(|error| match error {
        NotWhole::Send(error) => send::failure(error),
        NotWhole::Play(error) => not_playable(error),
        NotWhole::Disk(error) => unwritable(&error, path),
    })?;
    // Records are what the authority has decided.
    let status = place.space.status();
    let waiting = status.waiting + status.sending;
    let missing: Vec<_> =
        written.missing.iter().map(|(name, why)| json!({ "name": name, "why": why.to_string() })).collect();
    let json = json!({
        "file": path.display().to_string(), "records": written.records, "files": written.files, "missing": missing,
        "project": place.info.title, "waiting": waiting,
    });
    let mut text = vec![format!(
        "Wrote {} and {} to {}",
        counted(written.records, "record"),
        counted(written.files, "file"),
        path.display()
    )];
    text.extend(written.missing.iter().map(|(name, why)| missing_file(name, why)));
    if waiting > 0 {
        let changes = counted(waiting as u64, "change");
        text.push(format!("Not in it: {changes} that the server has not decided. Sync, and write it again"));
    }
    Ok(Answer::new(json, text.join("\n")))
}

/// One line that is written over, where somebody watches.
fn percent() -> impl Fn(u64, u64) {
    let shown = Cell::new(0);
    let is_watched = std::io::stderr().is_terminal();
    move |done, of| {
        let percent = done * 100 / of.max(1);
        if is_watched && shown.replace(percent) != percent {
            let end = if done == of { "\n" } else { "" };
            let mut stderr = std::io::stderr();
            let _ = write!(stderr, "\r{percent} %{end}").and_then(|()| stderr.flush());
        }
    }
}

fn missing_file(name: &str, why: &FileError) -> String {
    format!("Not in it: the file {}: {why}", line(name))
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Begins a project from an export. Nothing of it stays where the file is not whole.
pub(crate) fn run(
    device: &Device,
    options: &Options,
    (file, key): (&Path, Option<&str>),
    dry_run: bool,
) -> Result<Answer, Failure> {
    let key = key.map(|key| project::checked(key.to_ascii_uppercase())).transpose()?;
    let percent = percent();
    if dry_run {
        let previewed = preview(device.domain(), file, &percent).map_err(|error| failure(error, file))?;
        let title = options.project.clone().unwrap_or(previewed.title);
        return Ok(answer(&title, &previewed.heard, None));
    }
    let url = project::home(device, options)?;
    let wished = (options.project.as_deref(), key.as_deref());
    let continued = take_in(device, (file, &url), wished, &percent).map_err(|error| failure(error, file))?;
    let space = continued.space.id();
    let info = device.spaces().into_iter().find(|info| info.space == space);
    let info = info.ok_or_else(|| send::failure(SendError::NotThere))?;
    let place = Place { device, info, space: continued.space.clone(), options, board: None };
    let answer = answer(&continued.title, &continued.heard, Some((space, &continued.key)));
    if url != HERE {
        project::give(device, &place, &url).map_err(|mut failure| {
            failure.help = format!(
                "The project {} is on this computer, whole. \"recordplayer project publish\" gives it to the server; where its key is taken there, \
                 \"recordplayer project key\" sets another one",
                line(&continued.title)
            );
            failure
        })?;
    }
    Ok(answer)
}

fn failure(error: NotContinued, file: &Path) -> Failure {
    let nothing = "Nothing was imported";
    match error {
        NotContinued::Read(NotReadable::Disk(error)) => {
            let message = format!("The file cannot be read: {error}: {}", file.display());
            Failure::new(WRONG_USE, "unreadable_file", message, "Check the path and its rights")
        }
        NotContinued::Read(error @ NotReadable::Line { .. }) => {
            Failure::new(DAMAGED, "unreadable_export", format!("{}: {error}", file.display()), nothing)
        }
        NotContinued::Continue(ContinueError::Retelling(error)) => {
            Failure::new(DAMAGED, "unreadable_export", format!("{}: {error}", file.display()), nothing)
        }
        NotContinued::Continue(ContinueError::Send(SendError::Refused(refused))) => {
            Failure::new(REFUSED, &refused.code, &refused.message, nothing)
        }
        NotContinued::Continue(error) => Failure::new(DAMAGED, "unwritable", error, nothing),
    }
}

fn answer(title: &str, heard: &Heard, made: Option<(SpaceId, &str)>) -> Answer {
    let Heard { records, files, missing, people } = heard;
    let json = json!({
        "project": title, "id": made.map(|(space, _)| space.to_string()), "key": made.map(|(_, key)| key),
        "records": records, "files": files, "files_missing": missing, "people": people.len(), "dry_run": made.is_none(),
    });
    let begins = match made {
        Some((_, key)) => format!("Began the project {} with the key {key}", line(title)),
        None => format!("The project {} would begin", line(title)),
    };
    let mut text = vec![format!("{begins}: {} and {}", counted(*records, "record"), counted(*files, "file"))];
    if *missing > 0 {
        text.push(format!("{} that it speaks of, are not in the export", counted(*missing, "file")));
    }
    text.push("Its members are members no more: let in whoever shall work on it".to_owned());
    Answer::new(json, text.join("\n"))
}
