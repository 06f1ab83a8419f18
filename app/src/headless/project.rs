//! Accounts and projects.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use recordplayer::Rebuilding;
use recordplayer::decide::Intent;
use recordplayer::id::SpaceId;
use recordplayer::replica::OutboxEntry;
use recordplayer_client::{Account, Device, HERE, LineError, LineState, LoginError, PublishError, SpaceInfo};
use recordplayer_kanban::project::{Calendar, ProjectCommand, Weekday};
use recordplayer_kanban::{Project, Role};
use serde_json::{Value, json};

use super::answer::{Answer, DAMAGED, Failure, NO_ACCESS, NOT_IN_TIME, REFUSED, WRONG_USE, line};
use super::arguments::Options;
use super::place::Place;
use super::send;
use crate::founding::{Founded, found};
use crate::time::zone_named;

const LOGIN_WITHIN: Duration = Duration::from_secs(20);
const PUBLISH_WITHIN: Duration = Duration::from_mins(2);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// A token has 67 characters; what is much longer is another file.
const TOKEN_BYTES_MAX: u64 = 4 * 1024;

pub(crate) fn login(device: &Device, url: &str, token_file: &Path) -> Result<Answer, Failure> {
    let token = super::file::text(token_file, TOKEN_BYTES_MAX)?;
    let account = device.login(url, token.trim(), LOGIN_WITHIN).map_err(|error| match &error {
        LoginError::Address(_) => Failure::new(WRONG_USE, "bad_address", &error, ""),
        LoginError::Line(LineError::Goodbye { .. }) => Failure::new(NO_ACCESS, "no_access", &error, ""),
        LoginError::Line(LineError::NotOurs(_)) => {
            Failure::new(WRONG_USE, "no_server", &error, "Check the address and the port")
        }
        LoginError::Line(_) => {
            Failure::new(NOT_IN_TIME, "unreachable", &error, "Check the address, and that the server runs")
        }
        LoginError::OtherPerson { .. } => {
            Failure::new(REFUSED, "other_person", &error, "Use --data with another folder")
        }
        LoginError::Book(_) => Failure::new(DAMAGED, "unreadable", &error, ""),
    })?;
    let json = json!({ "url": account.url, "name": account.name, "person": account.person.to_string() });
    Ok(Answer::new(json, format!("This device works for {} at {}", line(&account.name), account.url)))
}

pub(crate) fn projects(device: &Device) -> Answer {
    let spaces = device.spaces();
    let json = spaces.iter().map(|info| {
        let status = device.space(info.space).map(|space| space.status()).unwrap_or_default();
        let role = (!info.role.is_empty()).then(|| role_of(device, info));
        json!({
            "name": info.title, "id": info.space.to_string(), "role": role, "server": info.url,
            "waiting": status.waiting + status.sending, "refused": status.refused,
            "views_made_anew_percent": status.rebuilding.map(Rebuilding::percent),
        })
    });
    let json = json!({ "projects": json.collect::<Vec<_>>() });
    let text: Vec<String> = spaces
        .iter()
        .map(|info| format!("{}  ({}, {})", line(&info.title), line(&role_of(device, info)), info.url))
        .collect();
    let text = if text.is_empty() { "No projects yet".to_owned() } else { text.join("\n") };
    Answer::new(json, text)
}

/// What people call the role that the person has in a project.
fn role_of(device: &Device, info: &SpaceInfo) -> String {
    let role = Role::by_key(&info.role);
    let project = device.space(info.space).map(|space| space.entity::<Project>(info.space.0)).unwrap_or_default();
    role.name(&project).to_owned()
}

/// The account of `--account`, or the only one.
pub(super) fn account(device: &Device, options: &Options) -> Result<Account, Failure> {
    let accounts = device.accounts();
    let fits = |account: &Account| {
        options.account.as_ref().is_none_or(|url| account.url.trim_end_matches('/') == url.trim_end_matches('/'))
    };
    let found: Vec<&Account> = accounts.iter().filter(|account| fits(account)).collect();
    match found.as_slice() {
        [account] => Ok((*account).clone()),
        [] if accounts.is_empty() => Err(Failure::new(
            WRONG_USE,
            "no_account",
            "This device has no account yet",
            "Use \"recordplayer login URL --token-file F\" first",
        )),
        _ => {
            let urls: Vec<&str> = accounts.iter().map(|account| account.url.as_str()).collect();
            let message = format!("The account must be one of:\n  {}", urls.join("\n  "));
            Err(Failure::new(WRONG_USE, "ambiguous_account", message, "Name one with --account")
                .with_details(json!(urls)))
        }
    }
}

/// A new project with one board, all of it one act.
pub(crate) fn new(
    device: &Device,
    options: &Options,
    name: &str,
    key: Option<&str>,
    template: Option<&str>,
) -> Result<Answer, Failure> {
    // The template is looked up before anything is made.
    let template = template.map(|template| {
        let named = Options { project: Some(template.to_owned()), ..options.clone() };
        Ok(Place::find(device, &named)?.space)
    });
    let template = template.transpose()?;
    let mut founded = make(device, options, name, key)?;
    let board = match &template {
        Some(template) => founded.begin_like(template).map(|()| None),
        None => founded.add_board(name).map(Some),
    };
    let board = board.map_err(send::failure)?;
    let place = Place {
        device,
        info: device.spaces().into_iter().find(|info| info.space == founded.space.id()).expect("it was just made"),
        space: founded.space.clone(),
        options,
        board: None,
    };
    send::settle(&place, &founded.tickets)?;
    let json = json!({
        "project": name, "id": founded.space.id().to_string(), "key": founded.key,
        "board": board.map(|board| board.to_string()),
        "commands": send::ids(&founded.tickets),
    });
    Ok(Answer::new(json, format!("Made the project {} with the key {}", line(name), founded.key)))
}

/// Gives a project of this computer to a server.
pub(crate) fn publish(device: &Device, options: &Options, name: &str) -> Result<Answer, Failure> {
    let url = account(device, options)?.url;
    let named = Options { project: Some(name.to_owned()), ..options.clone() };
    let place = Place::find(device, &named)?;
    give(device, &place, &url)?;
    let json = json!({ "project": place.info.title, "id": place.space.id().to_string(), "server": url });
    Ok(Answer::new(json, format!("{} is at {url} now", line(&place.info.title))))
}

/// Gives a project of this computer to the server at `url`.
pub(super) fn give(device: &Device, place: &Place<'_>, url: &str) -> Result<(), Failure> {
    publish_aloud(device, place.space.id(), url).map_err(|error| {
        let message = place.named(&error.to_string());
        match error {
            PublishError::NotHere => {
                let help = "It is at another server already; \"recordplayer projects\" says where";
                Failure::new(WRONG_USE, "not_local", message, help)
            }
            PublishError::NoAccount(_) => Failure::new(WRONG_USE, "no_account", message, "Use \"recordplayer login\""),
            PublishError::NoAccess(_) => {
                let help = "Ask the server's admin for a new token, log in with it, and publish again";
                Failure::new(NO_ACCESS, "no_access", message, help)
            }
            PublishError::Refused(_) | PublishError::NotHandedOver(_) => {
                Failure::new(REFUSED, "not_published", message, "Nothing was changed; the project is on this computer")
            }
            PublishError::NotInTime => Failure::new(
                NOT_IN_TIME,
                "not_in_time",
                message,
                "Do it again, or sync, when the server can be reached",
            ),
            PublishError::Send(error) => send::failure(error),
            PublishError::Book(_) | PublishError::Read(_) => Failure::new(DAMAGED, "unreadable", message, ""),
        }
    })
}

/// Publishes, and tells whoever watches what it waits for.
fn publish_aloud(device: &Device, space: SpaceId, url: &str) -> Result<(), PublishError> {
    std::thread::scope(|scope| {
        let work = scope.spawn(|| device.publish(space, url, PUBLISH_WITHIN));
        let mut is_told = false;
        while !work.is_finished() {
            if !is_told && let Some(LineState::Retrying { why, .. }) = device.line(url) {
                let minutes = PUBLISH_WITHIN.as_secs() / 60;
                let words = format!(
                    "{why}\nTrying again for {minutes} minutes; it may be interrupted, and goes on with the next start"
                );
                let _ = writeln!(std::io::stderr(), "{words}");
                is_told = true;
            }
            std::thread::park_timeout(LOOK_AGAIN);
        }
        work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The key of a project that has none yet, for its first one was taken by another project of the server; or another one.
pub(crate) fn set_key(place: &Place<'_>, key: &str) -> Result<Answer, Failure> {
    let key = checked(key.to_ascii_uppercase())?;
    let set_up = ProjectCommand::SetUp { key: key.clone() };
    let is_refused_key = |entry: &OutboxEntry| entry.refused.is_some() && entry.name.starts_with("project.set_up");
    // What was refused with the key that was taken comes with the new one.
    let ticket = match place.space.outbox().into_iter().find(is_refused_key) {
        Some(refused) => {
            let instead =
                Intent::of::<Project>(place.space.id().0, &set_up).map_err(|error| send::failure(error.into()))?;
            place.space.retry_with(refused.command, instead)
        }
        None if place.project().is_set_up() => {
            place.space.send::<Project>(place.space.id().0, &ProjectCommand::ChangeKey { keys: vec![key.clone()] })
        }
        None => place.space.send::<Project>(place.space.id().0, &set_up),
    }
    .map_err(send::failure)?;
    send::settle(place, std::slice::from_ref(&ticket))?;
    let json = json!({ "project": place.info.title, "key": key, "command": ticket.command().to_string() });
    Ok(Answer::new(json, format!("Gave {} the key {key}", line(&place.info.title))))
}

/// Shows the calendar of a project, with what is new in it.
pub(crate) fn calendar(
    place: &Place<'_>,
    time_zone: Option<&str>,
    week_starts: Option<Weekday>,
) -> Result<Answer, Failure> {
    let mut calendar = place.project().calendar.clone();
    if let Some(zone) = time_zone {
        let known = zone_named(zone).ok_or_else(|| {
            let message = format!("This computer knows no time zone {zone:?}");
            Failure::new(
                WRONG_USE,
                "unknown_time_zone",
                message,
                "Name one of the IANA database, such as Europe/Berlin",
            )
        })?;
        // As the database writes it.
        known.iana_name().unwrap_or(zone).clone_into(&mut calendar.time_zone);
    }
    calendar.week_starts = week_starts.unwrap_or(calendar.week_starts);
    let mut json = json!({ "time_zone": calendar.time_zone, "week_starts": calendar.week_starts });
    let Calendar { time_zone: zone, week_starts: first } = calendar;
    let text = format!("Days are those of {}, weeks begin on {}", line(&zone), first.name());
    if time_zone.is_some() || week_starts.is_some() {
        let set = ProjectCommand::SetCalendar { time_zone: zone, week_starts: first };
        let ticket = send::one::<Project>(place, place.space.id().0, &set)?;
        json["command"] = json!(ticket.command().to_string());
    }
    Ok(Answer::new(json, text))
}

pub(super) fn checked(key: String) -> Result<String, Failure> {
    if recordplayer_kanban::key::is_prefix(&key) {
        return Ok(key);
    }
    let message = format!("{key:?} cannot be the key of a project");
    Err(Failure::new(WRONG_USE, "bad_key", message, "Choose 2 to 5 letters from A to Z, such as REC"))
}

/// Where a new project belongs: where `--account` says, else at the server, and without one on this computer.
pub(super) fn home(device: &Device, options: &Options) -> Result<String, Failure> {
    let is_here = match &options.account {
        Some(account) => account == HERE,
        None => device.accounts().is_empty(),
    };
    if is_here { Ok(HERE.to_owned()) } else { Ok(account(device, options)?.url) }
}

/// Founds a project in its home, and sets its key up.
pub(crate) fn make(device: &Device, options: &Options, name: &str, key: Option<&str>) -> Result<Founded, Failure> {
    let url = home(device, options)?;
    let key = key.map(|key| checked(key.to_ascii_uppercase())).transpose()?;
    found(device, Some(&url), name, key).map_err(send::failure)
}

pub(crate) fn hash(place: &Place<'_>) -> Answer {
    let hash = place.space.hash();
    let json: Value = json!({
        "project": place.space.id().to_string(), "title": place.info.title, "record": hash.record.0, "epoch": hash.epoch,
        "state": hash.state.to_string(),
    });
    Answer::new(json, format!("record {}, state {}", hash.record, hash.state))
}
