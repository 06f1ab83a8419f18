//! Taking back, and doing again.

use std::fmt::Write as _;
use std::time::Duration;

use recordplayer_client::SendError;
use serde_json::json;

use super::answer::{Answer, Failure, WRONG_USE, line};
use super::place::Place;
use super::send;
use crate::undo::{Earlier, TakenBack, Which, earlier, find, take_back, what_was_done};

/// How long the history of a project that was just joined is waited for: what was done stands there.
pub(crate) const HISTORY_WITHIN: Duration = Duration::from_mins(1);

/// Takes back a command or an act by its id, or else the last thing that was done here.
pub(crate) fn undo(place: &Place<'_>, id: Option<&str>) -> Result<Answer, Failure> {
    let which = id.map(|id| id.parse().map(Which::Named)).transpose().map_err(|error| {
        let help = "Name what to take back by the \"command\" or \"act\" that it answered with";
        Failure::new(WRONG_USE, "wrong_use", error, help)
    })?;
    let Took { taken, what, before } = take(place, which.unwrap_or(Which::Last))?.ok_or_else(|| {
        let message = format!("There is nothing of yours to take back in {}", line(&place.info.title));
        Failure::new(WRONG_USE, "nothing_to_undo", message, "See \"recordplayer history\"")
    })?;
    let mut answer = answer(place, &taken, "take it back")?;
    if let Some(what) = what {
        let what = place.named(&what);
        let _ = write!(answer.text, "\nWhat you had done: {}", line(&what));
        answer.json[0]["what"] = json!(what);
    }
    if let Some(Earlier { id, what }) = before {
        let what = place.named(&what);
        let _ = write!(
            answer.text,
            "\nWhat you did before that: {}. \"recordplayer undo {id}\" takes it back",
            line(&what)
        );
        answer.json[0]["before"] = json!({ "id": id.to_string(), "what": what });
    }
    Ok(answer)
}

/// Does again what was taken back last.
pub(crate) fn redo(place: &Place<'_>) -> Result<Answer, Failure> {
    let Took { taken, .. } = take(place, Which::LastUndone)?.ok_or_else(|| {
        let message = format!("You have taken nothing back last in {}", line(&place.info.title));
        Failure::new(WRONG_USE, "nothing_to_redo", message, "What was done since an undo is what counts")
    })?;
    answer(place, &taken, "do it again")
}

/// What came of taking something back.
struct Took {
    taken: TakenBack,
    /// What it was.
    what: Option<String>,
    /// Where the last thing cannot be taken back, the one before it that can.
    before: Option<Earlier>,
}

fn take(place: &Place<'_>, which: Which) -> Result<Option<Took>, Failure> {
    let once = || {
        let Some(done) = find(&place.space, which)? else { return Ok(None) };
        let what = what_was_done(&place.space, &done)?;
        let taken = take_back(&place.space, &done)?;
        let is_stuck = which == Which::Last && taken.tickets.is_empty();
        let before = if is_stuck { earlier(&place.space, &done)? } else { None };
        Ok(Some(Took { taken, what, before }))
    };
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
