//! What goes on in the background of a device, besides its lines.

use std::sync::Arc;
use std::time::Duration;

use recordplayer::commit::Commit;
use recordplayer::id::SpaceId;
use recordplayer::membership::Membership;
use recordplayer::replica::{EditedText, OutboxEntry};
use recordplayer::storage::{TextKey, compact_texts};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::book::Account;
use crate::clock::now;
use crate::copy::{Concern, SpaceCopy};
use crate::inner::{Inner, not_opened};
use crate::unsent;

/// How long the machines sleep when none of them wants anything.
const IDLE: Duration = Duration::from_mins(1);

/// Wakes each machine when it wants to be woken.
pub(crate) async fn wake_machines(inner: Arc<Inner>) {
    loop {
        let next = inner.copies().iter().filter_map(|copy| copy.wake_at()).min();
        let wait = next.map_or(IDLE, |at| Duration::from_millis(at.0.saturating_sub(now().0).max(0).unsigned_abs()));
        tokio::select! {
            () = sleep(wait.min(IDLE)) => {}
            () = inner.bell.task.notified() => {}
        }
        for copy in inner.copies() {
            copy.wake_up();
        }
    }
}

/// Opens the copies of all spaces that the device knows of.
pub(crate) fn open_copies(inner: &Arc<Inner>) {
    let known: Vec<_> = {
        let content = inner.content();
        let account_of = |url: &str| content.account(url).cloned();
        content.spaces.values().filter_map(|info| Some((info.space, account_of(&info.url)?))).collect()
    };
    for (space, account) in known {
        if let Err(error) = inner.open_copy(space, &account) {
            tracing::error!(%space, %error, "the copy of a space cannot be opened");
            let concern = not_opened(&error);
            if concern.is_of_the_disk() {
                inner.concerns.note_damage();
            }
            take_concern(inner, space, concern);
        }
    }
}

/// Takes care of what concerns more than one space's machine.
pub(crate) async fn take_concerns(inner: Arc<Inner>, mut concerns: UnboundedReceiver<(SpaceId, Concern)>) {
    while let Some((space, concern)) = concerns.recv().await {
        take_concern(&inner, space, concern);
    }
}

fn take_concern(inner: &Arc<Inner>, space: SpaceId, concern: Concern) {
    match concern {
        Concern::AccessEnded => end_access(inner, space),
        Concern::Damaged(why) => {
            let why = format!("was damaged ({why})");
            fetch_anew(inner, space, &why);
        }
        Concern::Unreadable(why) => {
            let title = title_of(inner, space);
            inner.notice(format!(
                "The project {title:?} cannot be read on this device just now ({why}). Nothing of it is lost: look at the disk, and start the program again"
            ));
        }
        Concern::Incomplete => {
            fetch_anew(inner, space, "was without the history that this version of the program needs");
        }
        Concern::Redacted => fetch_anew(inner, space, "held what has been taken out of the project's history"),
        Concern::AllChanged => {
            inner.files.with(space, |of_space| of_space.is_sweep_due = true);
            inner.files.changed.notify_one();
        }
        Concern::WentBack(others) => went_back(inner, space, &others),
        Concern::CompactTexts(texts) => {
            let inner = Arc::clone(inner);
            drop(tokio::task::spawn_blocking(move || compact(&inner, space, &texts)));
        }
    }
}

/// The title of the project, as far as the device knows it.
fn title_of(inner: &Inner, space: SpaceId) -> String {
    inner.content().spaces.get(&space).map_or_else(|| space.to_string(), |info| info.title.clone())
}

fn compact(inner: &Inner, space: SpaceId, texts: &[TextKey]) {
    let reader = inner.readers.reader(space);
    let compacted = compact_texts(reader.as_ref(), space, texts, |write| inner.saver.put(write));
    if let Err(error) = compacted {
        tracing::warn!(%space, %error, "a text was not compacted");
    }
}

/// The person is no member any more: what was never sent is written to a file, and the space leaves the device (rule 13).
fn end_access(inner: &Arc<Inner>, space: SpaceId) {
    let Some(copy) = inner.copy(space) else { return };
    let (title, unsent, files) = copy.look(|replica| {
        let title = replica.entity::<Membership>(space.0).title().to_owned();
        let with_text = |entry: &OutboxEntry| (entry.clone(), replica.text_of(entry.command));
        let of_text = |entry: OutboxEntry| {
            let text = entry.text.as_ref().map(EditedText::after);
            (entry, text)
        };
        // What a restored server has lost comes first, as it was done before.
        let unsent = replica
            .lost_with_access()
            .map(|lost| lost.into_iter().map(of_text).chain(replica.outbox().map(with_text)).collect::<Vec<_>>());
        let spoken_of = |(entry, _): &(OutboxEntry, _)| replica.file_in(&entry.intent());
        let files = unsent.iter().flatten().filter_map(spoken_of).map(|file| file.hash).collect::<Vec<_>>();
        (title, unsent, files)
    });
    let lost = match unsent {
        Ok(unsent) if unsent.is_empty() => Ok(String::new()),
        Ok(unsent) => unsent::export(&inner.folder, space, &title, &unsent)
            .and_then(|path| unsent::export_files(inner, space, &files).map(|()| path))
            .map(|path| format!(" What the server does not have of yours lies in {path}"))
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match lost {
        Ok(lies_in) => {
            inner.notice(format!("You are not a member of the project {title:?} any more.{lies_in}"));
            inner.files.forget(space);
            inner.drop_copy(space);
            inner.saver.forget(space, true, || {});
        }
        // What cannot be exported stays: nothing that a person typed is lost.
        Err(error) => inner.notice(format!(
            "You are not a member of the project {title:?} any more. What was not sent stays in the outbox, for it could not be exported: {error}"
        )),
    }
}

/// The server was restored and holds less than this device did. What this person did is in the outbox; what others did is written to a file, for
/// their own devices may be gone.
fn went_back(inner: &Arc<Inner>, space: SpaceId, others: &[Arc<Commit>]) {
    let why = "held more than the server, which was restored from a backup: what you did is sent again";
    if others.is_empty() {
        return fetch_anew(inner, space, why);
    }
    match unsent::export_of_others(&inner.folder, space, others) {
        Ok(path) => fetch_anew(inner, space, &format!("{why}, and what others did lies in {path}")),
        // The log here is all that is left of it: it stays, and the next session tries again.
        Err(error) => inner.notice(format!(
            "The server was restored from a backup. What others did since could not be written to a file, so it stays on this device: {error}"
        )),
    }
}

/// What the disk holds of a space cannot be used: it is dropped and fetched from the server again. The outbox stays.
fn fetch_anew(inner: &Arc<Inner>, space: SpaceId, why: &str) {
    let title = title_of(inner, space);
    let account = {
        let content = inner.content();
        let info = content.spaces.get(&space);
        let url = inner.copy(space).map(|copy| copy.url.clone()).or_else(|| info.map(|info| info.url.clone()));
        url.and_then(|url| content.account(&url).cloned())
    };
    let Some(account) = account else { return };
    inner.notice(format!(
        "The copy of the project {title:?} on this device {why}. It is fetched anew; what waits in the outbox is kept"
    ));
    let again = Arc::clone(inner);
    inner.saver.forget(space, false, move || match again.reopen_copy(space, &account) {
        Ok(copy) => follow_session(&again, &account, &copy),
        Err(error) => tracing::error!(%space, %error, "the space cannot be opened even empty"),
    });
}

fn follow_session(inner: &Inner, account: &Account, copy: &Arc<SpaceCopy>) {
    if let Some(frames) = inner.session_of(&account.url) {
        copy.connect(frames);
    }
}
