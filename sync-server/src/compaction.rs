//! Compacting texts away from the tasks that others wait for: one space at a time, for a long text takes memory.

use std::sync::{Arc, mpsc};

use recordplayer::id::SpaceId;
use recordplayer::storage::{TextKey, Written, compact_texts};

use crate::hub::Hub;

/// Compacts texts of a space. What fails is tried again when the text has grown further.
pub(crate) async fn run(hub: Arc<Hub>, space: SpaceId, texts: Vec<TextKey>) {
    let turn = hub.compacting.lock().await;
    let writer = hub.writer.clone();
    let compacted = tokio::task::spawn_blocking(move || {
        let reader = writer.reader(space);
        compact_texts(reader.as_ref(), space, &texts, |write| {
            let (answer, answered) = mpsc::channel();
            let submitted = writer.submit(vec![write], move |written| drop(answer.send(written)));
            let is_durable = |written: Vec<Written>| matches!(written.as_slice(), [Written::Durable(_)]);
            submitted.is_ok() && answered.recv().is_ok_and(is_durable)
        })
    });
    match compacted.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%space, %error, "a text was not compacted"),
        Err(error) => tracing::error!(%space, %error, "compacting a text panicked"),
    }
    drop(turn);
}
