//! Taking back, and doing again.

use std::time::Duration;

use recordplayer_client::SendError;
use serde_json::json;

use super::answer::{Answer, Failure, WRONG_USE, line};
use super::place::Place;
use super::send;
use crate::undo::{TakenBack, Which, find, take_back};

/// How long the history of a project that was just joined is waited for: what was done stands there.
pub(crate) const HISTORY_WITHIN: Duration = Duration::from_mins(1);

/// Takes back a command or an act by its id, or else the last thing that was done here.
pub(crate) fn undo(place: &Place<'_>, id: Option<&str>) -> Result<Answer, Failure> {
    let which = id.map(|id| id.parse().map(Which::Named)).transpose().map_err(|error| {
        let help = "Name what to take back by the \"command\" or \"act\" that it answered with";
        Failure::new(WRONG_USE, "wrong_use", error, help)
    })?;
    let taken = take(place, which.unwrap_or(Which::Last))?;
    taken
        .ok_or_else(|| {
            let message = format!("There is nothing of yours to take back in {}", line(&place.info.title));
            Failure::new(WRONG_USE, "nothing_to_undo", message, "See \"recordplayer history\"")
        })
        .and_then(|taken| answer(place, &taken, "take it back"))
}

/// Does again what was taken back last.
pub(crate) fn redo(place: &Place<'_>) -> Result<Answer, Failure> {
    let taken = take(place, Which::LastUndone)?.ok_or_else(|| {
        let message = format!("You have taken nothing back last in {}", line(&place.info.title));
        Failure::new(WRONG_USE, "nothing_to_redo", message, "What was done since an undo is what counts")
    })?;
    answer(place, &taken, "do it again")
}

fn take(place: &Place<'_>, which: Which) -> Result<Option<TakenBack>, Failure> {
    let once = || find(&place.space, which)?.map(|done| take_back(&place.space, &done)).transpose();
    let taken = match once() {
        Err(SendError::NoHistory { .. }) if place.device.wait_for_history(place.space.id(), HISTORY_WITHIN) => once(),
        taken => taken,
    };
    taken.map_err(|error| send::failure_at(place, error))
}

fn answer(place: &Place<'_>, taken: &TakenBack, what: &str) -> Result<Answer, Failure> {
    send::settle(place, &taken.tickets)?;
    let left: Vec<String> = taken.left.iter().map(|why| place.named(why)).collect();
    let mut text = vec![match taken.tickets.len() {
        1 => format!("1 change to {what}"),
        changes => format!("{changes} changes to {what}"),
    }];
    text.extend(left.iter().map(|why| format!("Left as it is: {}", line(why))));
    let json = json!({ "changes": taken.tickets.len(), "left": left, "commands": send::ids(&taken.tickets) });
    Ok(Answer::new(json, text.join("\n")))
}
