//! Commands on their way: saved before anybody is told so, decided where somebody waits for it.

use std::time::Duration;

use recordplayer::entity::Entity;
use recordplayer::id::Id;
use recordplayer_client::{Decided, HERE, NotSaved, SendError, Ticket};
use serde_json::{Value, json};

use super::answer::{DAMAGED, Failure, NO_ACCESS, NOT_IN_TIME, REFUSED, WRONG_USE};
use super::place::Place;

/// A disk that takes longer is not working.
const SAVE_WITHIN: Duration = Duration::from_mins(1);
/// How long `--wait` waits for the server.
const DECIDE_WITHIN: Duration = Duration::from_mins(1);

/// Why a command was not taken, for the person.
pub(crate) fn failure(error: SendError) -> Failure {
    match error {
        SendError::Refused(refused) => Failure::new(REFUSED, &refused.code, &refused.message, ""),
        SendError::Unknown(_) | SendError::Unwritable(_) | SendError::NotInOutbox(_) => {
            Failure::new(WRONG_USE, "wrong_use", error, "")
        }
        SendError::NotThere => Failure::new(NO_ACCESS, "no_access", error, "Sync, and try again"),
        SendError::Unreadable(_) => Failure::new(
            DAMAGED,
            "unreadable",
            error,
            "Where the disk has failed, see to it and try again. A copy that is damaged is fetched anew by the next sync",
        ),
        SendError::NoHistory { .. } => Failure::new(NOT_IN_TIME, "no_history", error, "Sync, and try again"),
        SendError::NoAccount(_) => Failure::new(WRONG_USE, "no_account", error, "Use \"recordplayer login\""),
        SendError::Disk(_) => Failure::new(DAMAGED, "disk", error, ""),
    }
}

/// The same, with names in place of ids.
pub(crate) fn failure_at(place: &Place<'_>, error: SendError) -> Failure {
    let mut failure = failure(error);
    failure.message = place.named(&failure.message);
    failure
}

/// One command, on its way as [`settle`] says.
pub(crate) fn one<E: Entity>(place: &Place<'_>, id: impl Into<Id>, command: &E::Command) -> Result<Ticket, Failure> {
    let ticket = place.space.send::<E>(id, command).map_err(|error| failure_at(place, error))?;
    settle(place, std::slice::from_ref(&ticket))?;
    Ok(ticket)
}

/// Waits until the command is in the outbox on disk.
pub(crate) fn save(ticket: &Ticket) -> Result<(), Failure> {
    ticket.wait_saved(SAVE_WITHIN).map_err(|error| match error {
        NotSaved::Disk(_) => Failure::new(DAMAGED, "disk", error, ""),
        NotSaved::NotYet => Failure::new(NOT_IN_TIME, "not_saved", error, "Look at the disk, then at the outbox"),
    })
}

/// Waits until the commands are in the outbox on disk; with `--wait`, until they are decided.
pub(crate) fn settle(place: &Place<'_>, tickets: &[Ticket]) -> Result<(), Failure> {
    tickets.iter().try_for_each(save)?;
    // What this computer decides itself is decided at once.
    if !place.options.wait && place.info.url != HERE {
        return Ok(());
    }
    place.device.connect();
    for ticket in tickets {
        match ticket.wait_decided(DECIDE_WITHIN) {
            Decided::Accepted => {}
            Decided::Refused(refused) => {
                let details = json!({ "command": ticket.command().to_string() });
                let help = "It stands in the outbox: see \"recordplayer outbox\"";
                return Err(
                    Failure::new(REFUSED, &refused.code, place.named(&refused.message), help).with_details(details)
                );
            }
            Decided::NotYet => {
                let message = "It is saved here, and the server has not decided it yet";
                return Err(Failure::new(NOT_IN_TIME, "not_decided", message, "It is sent with the next sync"));
            }
        }
    }
    Ok(())
}

/// The ids of commands, for an answer.
pub(crate) fn ids(tickets: &[Ticket]) -> Vec<Value> {
    tickets.iter().map(|ticket| json!(ticket.command().to_string())).collect()
}
