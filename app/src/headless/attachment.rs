//! Links and files on cards.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use humansize::{DECIMAL, format_size};
use recordplayer_client::{FileError, RequestError};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::{Attachment, CardCommand as Do};
use recordplayer_kanban::ids::{AttachmentId, CardId};
use serde_json::json;

use super::answer::{Answer, DAMAGED, Failure, NO_ACCESS, NOT_IN_TIME, WRONG_USE, line};
use super::place::Place;
use super::send;
use crate::links::is_of_web;
use crate::references;

/// Hangs a link on a card.
pub(super) fn link(place: &Place<'_>, key: &str, url: &str, name: Option<&str>) -> Result<Answer, Failure> {
    if !is_of_web(url) {
        let help = "Begin it with https:// or http://: nothing else is opened from a card";
        return Err(Failure::new(WRONG_USE, "bad_link", format!("{url:?} is no address of the web"), help));
    }
    let link = Attachment::Link { name: name.unwrap_or_default().to_owned(), url: url.to_owned() };
    attach(place, place.card(key)?, link)
}

/// Hangs a file on a card: it is copied to this device at once, and brought to the server when that can be reached.
pub(super) fn file(place: &Place<'_>, key: &str, path: &Path, name: Option<&str>) -> Result<Answer, Failure> {
    let card = place.card(key)?;
    let name = name.map_or_else(|| path.file_name().unwrap_or_default().to_string_lossy().into_owned(), str::to_owned);
    // Held until the command that speaks of it is saved.
    let added = place.space.add_file(path).map_err(|error| failed(&error, path))?;
    attach(place, card, Attachment::File { name, file: added.file })
}

fn attach(place: &Place<'_>, card: CardId, attachment: Attachment) -> Result<Answer, Failure> {
    let id = AttachmentId(place.space.fresh_id());
    let said = match &attachment {
        Attachment::Link { .. } => line(attachment.shown()),
        Attachment::File { name, file } => format!("{} ({})", line(name), format_size(file.bytes, DECIMAL)),
    };
    let ticket = send::one::<Card>(place, card, &attachment.attach(id))?;
    let key = place.key_of(card);
    let json = json!({
        "key": key, "id": card.to_string(), "attachment": id.to_string(), "command": ticket.command().to_string(),
    });
    Ok(Answer::new(json, format!("Attached {said} to {key}")))
}

/// Takes a link or a file off a card. The history still shows it.
pub(super) fn detach(place: &Place<'_>, key: &str, named: &str) -> Result<Answer, Failure> {
    let card = place.card(key)?;
    let (attachment, known) = find(place, card, named)?;
    let ticket = send::one::<Card>(place, card, &Do::RemoveAttachment { attachment })?;
    let key = place.key_of(card);
    let json = json!({ "key": key, "id": card.to_string(), "command": ticket.command().to_string() });
    Ok(Answer::new(json, format!("Took {} off {key}", line(known.shown()))))
}

/// Copies a file of a card to where somebody wants it, fetched from the server first where it is not here.
pub(super) fn save(place: &Place<'_>, key: &str, named: &str, to: &Path) -> Result<Answer, Failure> {
    let card = place.card(key)?;
    let (_, known) = find(place, card, named)?;
    let Some(file) = known.file() else {
        let message = format!("{} is a link, and no file", line(known.shown()));
        return Err(Failure::new(WRONG_USE, "no_file", message, "Open it in a browser"));
    };
    let lies_in = place.device.file(place.space.id(), &file.hash).map_err(|error| failed(&error, to))?;
    let to =
        if to.is_dir() { to.join(Path::new(known.shown()).file_name().unwrap_or_default()) } else { to.to_owned() };
    copy(&lies_in, &to).map_err(|error| {
        let message = format!("The file cannot be written: {error}: {}", to.display());
        let help = if error.kind() == io::ErrorKind::AlreadyExists {
            "Choose another name"
        } else {
            "Check the path, its rights and free space"
        };
        Failure::new(WRONG_USE, "not_written", message, help)
    })?;
    let json = json!({ "file": to.display().to_string(), "bytes": file.bytes, "hash": file.hash.to_string() });
    Ok(Answer::new(json, format!("Saved {} to {}", line(known.shown()), to.display())))
}

/// To a new file: what is there already is somebody's.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let (mut from, mut file) = (File::open(from)?, File::create_new(to)?);
    io::copy(&mut from, &mut file)?;
    file.flush()
}

/// An attachment by its name, or by the beginning of its id.
fn find(place: &Place<'_>, card: CardId, named: &str) -> Result<(AttachmentId, Attachment), Failure> {
    let attachments = place.space.entity::<Card>(card).attachments.clone();
    let is_it = |(id, known): &(&AttachmentId, &Attachment)| {
        let shown = references::read(&place.names(), known.shown());
        shown == named || known.shown() == named || (!named.is_empty() && id.to_string().starts_with(named))
    };
    let mut found = attachments.iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some((id, known)), None) => Ok((*id, known.clone())),
        (None, _) => {
            let message = format!("Nothing called {named:?} hangs on {}", place.key_of(card));
            Err(Failure::new(
                WRONG_USE,
                "unknown_attachment",
                message,
                "Look at the card with \"recordplayer card KEY\"",
            ))
        }
        (Some(_), Some(_)) => {
            let message = format!("Several things called {named:?} hang on {}", place.key_of(card));
            Err(Failure::new(
                WRONG_USE,
                "ambiguous_attachment",
                message,
                "Name it by its id: \"recordplayer --json card KEY\" shows that",
            ))
        }
    }
}

fn failed(error: &FileError, path: &Path) -> Failure {
    match error {
        FileError::Unreadable(why) => Failure::new(
            WRONG_USE,
            "unreadable_file",
            format!("The file cannot be read: {why}: {}", path.display()),
            "Check the path and its rights",
        ),
        FileError::Disk(_) => Failure::new(DAMAGED, "disk", error, ""),
        FileError::NotThere | FileError::Nowhere | FileError::WrongContent => {
            Failure::new(DAMAGED, "no_file", error, "")
        }
        FileError::Request(RequestError::Refused { code, .. }) => {
            let exit = if code == "on_its_way" { NOT_IN_TIME } else { NO_ACCESS };
            Failure::new(exit, code, error, "")
        }
        FileError::Request(_) => {
            Failure::new(NOT_IN_TIME, "offline", error, "Try again when the server can be reached")
        }
    }
}
