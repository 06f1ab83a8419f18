//! Waiting until nothing waits.

use std::time::Duration;

use recordplayer_client::{Device, NotInStep};
use serde_json::json;

use super::answer::{Answer, DAMAGED, Failure, NO_ACCESS, NOT_IN_TIME, REFUSED, WRONG_USE};

/// Brings all projects of the device in step. Ends with 1 where a command of this device was refused and is not dealt with.
pub(crate) fn run(device: &Device, seconds: u64) -> Result<Answer, Failure> {
    let outcome = device.wait_in_step(Duration::from_secs(seconds));
    let (mut waiting, mut refused, mut record) = (0, 0, 0);
    for info in device.spaces() {
        let Some(space) = device.space(info.space) else { continue };
        let status = space.status();
        waiting += status.waiting + status.sending;
        refused += status.refused;
        record = record.max(space.hash().record.0);
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
    answer.code = if refused > 0 { REFUSED } else { 0 };
    Ok(answer)
}
