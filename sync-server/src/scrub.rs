//! Reading the whole store bit by bit in the background, so that rot is found before somebody needs what has rotted.

use recordplayer_store::Scrub;
use tokio::time::sleep;

use crate::limits::{SCRUB_BYTES, SCRUB_EVERY, SCRUB_PAUSE};

/// Scrubs until the task is ended.
pub(crate) async fn run(mut scrub: Scrub) {
    loop {
        let step = tokio::task::spawn_blocking(move || {
            let scrubbed = scrub.step(SCRUB_BYTES);
            (scrub, scrubbed)
        });
        let Ok((back, scrubbed)) = step.await else { return };
        scrub = back;
        match scrubbed {
            Ok(scrubbed) if scrubbed.is_finished => sleep(SCRUB_EVERY).await,
            Ok(_) => sleep(SCRUB_PAUSE).await,
            Err(error) => {
                tracing::error!(%error, "the store cannot be read through; check the disk");
                sleep(SCRUB_EVERY).await;
            }
        }
    }
}
