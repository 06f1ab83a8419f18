//! Brings the files that were added on this device to the servers, and fetches what somebody wants to have.

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use hyper::header::HeaderName;
use recordplayer::hash::Hash;
use recordplayer::id::SpaceId;
use recordplayer::limits::FILES_ASKED_MAX;
use recordplayer_store::Held;
use serde::Deserialize;
use serde_json::json;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::address::Address;
use crate::book::Account;
use crate::clock::instant;
use crate::copy::SpaceCopy;
use crate::files::{FileError, OfSpace};
use crate::http::{Connection, RequestError};
use crate::inner::Inner;
use crate::limits::FILE_CHUNK_BYTES;
use crate::line::{Backoff, LineState};
use crate::local::HERE;

const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");

/// Without news the task looks again after so long.
const IDLE: Duration = Duration::from_mins(1);

#[derive(Deserialize)]
struct Missing {
    missing: Vec<String>,
}

/// Carries files for as long as the task lives.
pub(crate) async fn carry(inner: Arc<Inner>) {
    let mut backoff = Backoff::new(&inner.timing);
    let mut pauses_until = instant();
    loop {
        for copy in inner.copies() {
            sweep(&inner, &copy);
            if instant() < pauses_until {
                continue;
            }
            match bring(&inner, &copy).await {
                Ok(true) => {
                    backoff.reset();
                    inner.bell.ring();
                }
                Ok(false) => {}
                Err(why) => {
                    tracing::debug!(space = %copy.space, %why, "files wait");
                    pauses_until = instant() + backoff.next();
                }
            }
        }
        let pause = pauses_until.saturating_duration_since(instant());
        tokio::select! {
            () = sleep(if pause.is_zero() { IDLE } else { pause }) => {}
            () = inner.files.changed.notified() => {}
        }
    }
}

/// Lets go of what nothing speaks of any more, once that is known.
fn sweep(inner: &Inner, copy: &SpaceCopy) {
    let is_due = inner.files.with(copy.space, |of_space| of_space.is_sweep_due).unwrap_or_default();
    if is_due {
        copy.look(|replica| {
            if replica.is_settled() {
                let waiting = replica.files_in_outbox();
                inner.files.sweep(copy.space, |hash| waiting.contains(hash) || replica.file(hash).is_some());
            }
        });
    }
}

impl OfSpace {
    /// Whether it may be that the server has not got it.
    fn may_wait(&self, hash: &Hash) -> bool {
        !self.there.contains(hash) && !self.not_taken.contains(hash)
    }
}

/// Files that the confirmed log speaks of, that are here, and of which the server has not said that it has them.
pub(crate) fn waiting(inner: &Inner, copy: &SpaceCopy) -> Vec<Hash> {
    if copy.url == HERE {
        return Vec::new();
    }
    let open = inner.files.with(copy.space, |of_space| {
        of_space.here.iter().filter(|hash| of_space.may_wait(hash)).copied().collect::<Vec<_>>()
    });
    match open {
        Some(open) if !open.is_empty() => {
            copy.look(|replica| open.into_iter().filter(|hash| replica.file(hash).is_some()).collect())
        }
        Some(_) | None => Vec::new(),
    }
}

/// Brings what the server has not got of a space; true where it was asked at all.
async fn bring(inner: &Arc<Inner>, copy: &Arc<SpaceCopy>) -> Result<bool, RequestError> {
    let Some(session) = inner
        .look_at_line(&copy.url, |line| line.filter(|line| line.state == LineState::Online).map(|line| line.sessions))
    else {
        return Ok(false);
    };
    let space = copy.space;
    inner.files.with(space, |of_space| {
        if of_space.session != session {
            // Another server may be there now, or one that was restored.
            of_space.there.clear();
            of_space.not_taken.clear();
            (of_space.session, of_space.is_sweep_due) = (session, true);
        }
    });
    let waiting = waiting(inner, copy);
    if waiting.is_empty() {
        return Ok(false);
    }
    let Some((account, address)) = account_of(inner, &copy.url) else { return Ok(false) };
    let mut connection = Connection::open(&address, &account.token, inner.timing.handshake).await?;
    for asked in waiting.chunks(FILES_ASKED_MAX) {
        let missing = missing(&mut connection, space, asked).await?;
        let there = asked.iter().filter(|hash| !missing.contains(hash));
        inner.files.with(space, |of_space| of_space.there.extend(there));
        for hash in missing {
            match bring_one(inner, &mut connection, space, hash).await {
                Ok(()) => drop(inner.files.with(space, |of_space| of_space.there.insert(hash))),
                Err(why) if why.passes() => return Err(why),
                Err(why) => {
                    inner.files.with(space, |of_space| of_space.not_taken.insert(hash));
                    let title = inner.content().spaces.get(&space).map(|info| info.title.clone()).unwrap_or_default();
                    inner.notice(format!("A file of the project {title:?} is on this device only: {why}"));
                }
            }
        }
    }
    Ok(true)
}

fn account_of(inner: &Inner, url: &str) -> Option<(Account, Address)> {
    let account = inner.content().account(url).cloned()?;
    let address = Address::parse(url).ok()?;
    Some((account, address))
}

fn path_of(space: SpaceId, hash: Hash) -> String {
    format!("/spaces/{space}/files/{hash}")
}

async fn missing(connection: &mut Connection, space: SpaceId, asked: &[Hash]) -> Result<Vec<Hash>, RequestError> {
    let files: Vec<String> = asked.iter().map(Hash::to_string).collect();
    let body = json!({ "files": files }).to_string().into_bytes();
    let answer = connection.ask(Method::POST, &format!("/spaces/{space}/files"), &[], body).await?;
    let read = connection.read(answer).await?;
    let not_ours = || RequestError::NotOurs("it does not say which files are missing".to_owned());
    let answer: Missing = serde_json::from_slice(&read).map_err(|_| not_ours())?;
    let missing: Option<Vec<Hash>> = answer.missing.iter().map(|hash| hash.parse().ok()).collect();
    // A server may ask for nothing but what it was told of.
    missing.filter(|missing| missing.iter().all(|hash| asked.contains(hash))).ok_or_else(not_ours)
}

/// Brings one file, from where the server has it.
async fn bring_one(
    inner: &Arc<Inner>,
    connection: &mut Connection,
    space: SpaceId,
    hash: Hash,
) -> Result<(), RequestError> {
    let path = path_of(space, hash);
    let disk = |error: std::io::Error| RequestError::Refused {
        code: "unreadable".to_owned(),
        message: format!("it cannot be read here: {error}"),
        help: "check the disk".to_owned(),
    };
    let mut file = std::fs::File::open(inner.files.folder.path(space, &hash)).map_err(disk)?;
    let length = file.metadata().map_err(disk)?.len();
    let answer = connection.ask(Method::HEAD, &path, &[], Vec::new()).await?;
    let mut offset = told(&answer, &UPLOAD_OFFSET).unwrap_or_default();
    let mut is_whole = answer.headers().contains_key(UPLOAD_LENGTH);
    while !is_whole {
        let mut piece = Vec::with_capacity(FILE_CHUNK_BYTES);
        file.seek(SeekFrom::Start(offset)).map_err(disk)?;
        block_in_place(|| Read::by_ref(&mut file).take(FILE_CHUNK_BYTES as u64).read_to_end(&mut piece))
            .map_err(disk)?;
        let headers = [(UPLOAD_OFFSET, offset), (UPLOAD_LENGTH, length)];
        let sent = piece.len() as u64;
        let answer = connection.ask(Method::PATCH, &path, &headers, piece).await?;
        is_whole = answer.headers().contains_key(UPLOAD_LENGTH);
        let told = told(&answer, &UPLOAD_OFFSET).unwrap_or_default();
        if !is_whole && told != offset + sent {
            return Err(RequestError::NotOurs("it has not taken a piece of a file".to_owned()));
        }
        offset = told;
    }
    Ok(())
}

fn told(answer: &hyper::Response<hyper::body::Incoming>, name: &HeaderName) -> Option<u64> {
    answer.headers().get(name)?.to_str().ok()?.parse().ok()
}

/// Fetches a file that is not here yet; one that is broken off goes on the next time.
pub(crate) async fn fetch(inner: &Arc<Inner>, space: SpaceId, hash: Hash) -> Result<(), FileError> {
    let url = inner.copy(space).ok_or(FileError::NotThere)?.url.clone();
    let (account, address) = account_of(inner, &url).ok_or(FileError::Nowhere)?;
    // One at a time: two who want the same file wait for the same bytes.
    let _alone = inner.files.fetching.lock().await;
    if inner.files.path(space, &hash).is_some() {
        return Ok(());
    }
    let mut connection = Connection::open(&address, &account.token, inner.timing.handshake).await?;
    for _ in 0..2 {
        if fetched(inner, &mut connection, space, hash).await? {
            inner.files.note(space, hash);
            inner.files.with(space, |of_space| of_space.there.insert(hash));
            inner.bell.ring();
            return Ok(());
        }
    }
    Err(FileError::WrongContent)
}

/// Fetches what is missing of a file; false where all that came is not that file, and is gone.
async fn fetched(
    inner: &Arc<Inner>,
    connection: &mut Connection,
    space: SpaceId,
    hash: Hash,
) -> Result<bool, FileError> {
    let (folder, disk) = (&inner.files.folder, |error: std::io::Error| FileError::of_the_disk(&error));
    let (Held::Whole { bytes: from } | Held::Part { bytes: from }) = folder.held(space, &hash).map_err(disk)?;
    let path = path_of(space, hash);
    let answer = match from {
        0 => connection.ask(Method::GET, &path, &[], Vec::new()).await,
        _ => connection.ask_behind(&path, from).await,
    };
    let mut part = folder.open_part(space, &hash).map_err(disk)?;
    match answer {
        Ok(mut answer) => {
            while let Some(bytes) = connection.next(&mut answer).await? {
                part.write_all(&bytes).map_err(disk)?;
            }
        }
        // All of it had come, and the program ended then.
        Err(RequestError::Refused { code, .. }) if code == "wrong_range" => {}
        Err(error) => return Err(error.into()),
    }
    block_in_place(|| {
        part.sync_all()?;
        drop(part);
        folder.end_part(space, &hash)
    })
    .map_err(disk)
}
