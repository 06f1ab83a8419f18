//! Waiting until nothing waits.

use std::time::Duration;

use recordplayer::entity::Entity;
use recordplayer::id::ActorId;
use recordplayer::replica::Meeting;
use recordplayer_client::{Device, NotInStep, Space};
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::key::card_key;
use recordplayer_kanban::{Card, Project};
use serde_json::json;

use crate::moving_in::move_in;

use super::answer::{Answer, DAMAGED, Failure, NO_ACCESS, NOT_IN_TIME, REFUSED, WRONG_USE};

/// Two people changed one thing: whose change holds, and where the other one is to be seen.
fn meeting_text(device: &Device, project: &str, space: &Space, meeting: &Meeting) -> String {
    let name = |person: ActorId| device.name_of(person).unwrap_or_else(|| "somebody".to_owned());
    let card = space.entity::<Card>(meeting.stream.id);
    let what = if *meeting.stream.kind == *Card::KIND && card.exists() {
        let key = card_key(&space.entity::<Project>(space.id().0).key, &card.number, CardId(meeting.stream.id));
        format!("{key} in {project}")
    } else {
        project.to_owned()
    };
    if meeting.actor == space.actor() {
        format!(
            "{what}: your change took the place of one that {} had made meanwhile (record {})",
            name(meeting.over_actor),
            meeting.over
        )
    } else {
        format!(
            "{what}: {} changed what you had changed (record {}) without having seen it",
            name(meeting.actor),
            meeting.over
        )
    }
}

/// What two people have changed unseen in a project, since it was told last.
pub(crate) fn met_in(device: &Device, title: &str, space: &Space) -> Vec<String> {
    space.meetings().iter().map(|meeting| meeting_text(device, title, space, meeting)).collect()
}

/// Brings all projects of the device in step. Ends with 1 where a command of this device was refused and is not dealt with.
pub(crate) fn run(device: &Device, seconds: u64) -> Result<Answer, Failure> {
    let within = Duration::from_secs(seconds);
    let mut outcome = device.wait_in_step(within);
    // What the person kept here before they had an account is known to be missing there now.
    if outcome.is_ok() && move_in(device).is_ok_and(|moved| !moved.is_empty()) {
        outcome = device.wait_in_step(within);
    }
    let (mut waiting, mut refused, mut record) = (0, 0, 0);
    let mut met = Vec::new();
    for info in device.spaces().into_iter().chain(device.personal_spaces()) {
        let Some(space) = device.space(info.space) else { continue };
        let status = space.status();
        waiting += status.waiting + status.sending;
        refused += status.refused;
        record = record.max(space.hash().record.0);
        if outcome.is_err() {
            // They are told with the sync that ends well.
            continue;
        }
        met.extend(met_in(device, &info.title, &space));
    }
    let details = |state: &str| json!({ "state": state, "record": record, "waiting": waiting, "refused": refused });
    if let Err(why) = outcome {
        let (exit, code, help) = match &why {
            NotInStep::NoAccount => (WRONG_USE, "no_account", "Use \"recordplayer login URL --token-file F\" first"),
            NotInStep::Refused(_) => {
                (NO_ACCESS, "no_access", "Ask the server's admin for a new token, and log in with it")
            }
            NotInStep::Offline(_) => {
                (NOT_IN_TIME, "offline", "What waits is kept, and sent when the server can be reached")
            }
            NotInStep::Working { .. } => (NOT_IN_TIME, "not_in_time", "Sync again, with a longer --timeout"),
            NotInStep::Parted { .. } => (NO_ACCESS, "parted", "Ask the server's admin; what waits here is kept"),
            NotInStep::Unavailable { .. } => {
                (DAMAGED, "unavailable", "Ask the server's admin; what waits here is kept")
            }
            NotInStep::Disk(_) => (DAMAGED, "disk", ""),
        };
        return Err(Failure::new(exit, code, &why, help).with_details(details("waiting")));
    }
    let text = match refused {
        0 => "Synced".to_owned(),
        1 => "Synced, and 1 command was refused: see \"recordplayer outbox\"".to_owned(),
        several => format!("Synced, and {several} commands were refused: see \"recordplayer outbox\""),
    };
    let mut answer = Answer::new(details("synced"), text);
    answer.notes = met;
    answer.code = if refused > 0 { REFUSED } else { 0 };
    Ok(answer)
}
