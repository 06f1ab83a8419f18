//! The files that records speak of, over HTTP beside the web socket. `docs/protocol.md` describes the requests.
//!
//! ```text
//!  POST  /spaces/<space>/files          which of these are missing here?
//!  HEAD  /spaces/<space>/files/<hash>   how much of it is here?
//!  PATCH /spaces/<space>/files/<hash>   here is more of it                 ─► part ─► all of it: is it what its hash says?
//!  GET   /spaces/<space>/files/<hash>   give it to me, from this byte on
//! ```
//! Who may read a space's log may have the files that it speaks of, and bring them; nobody may have or bring another one. So nothing lies here that is
//! nobody's, but for what has been redacted since, and what a restored store knows no more: that is collected.

use std::collections::BTreeSet;
use std::io::{self, SeekFrom, Write};
use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HeaderMap, RANGE};
use hyper::{Method, Request, StatusCode};
use recordplayer::file::NamedFile;
use recordplayer::hash::Hash;
use recordplayer::id::{ActorId, SpaceId};
use recordplayer::limits::FILES_ASKED_MAX;
use recordplayer_store::{FileFolder, Held};
use serde::Deserialize;
use serde_json::json;
use tokio::io::AsyncSeekExt;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::answers::{Answer, Refusal, empty, file_answer, json_answer};
use crate::arrivals::Arrivals;
use crate::hub::Hub;
use crate::limits::{FILE_BYTES_MAX, FILES_ASKED_BYTES_MAX, SILENCE_TIMEOUT};
use crate::space_actor::Call;
use crate::turns::{Turn, Turns};

/// Names and meanings of these two are those of the draft "Resumable Uploads for HTTP" of the IETF.
const UPLOAD_OFFSET: &str = "upload-offset";
const UPLOAD_LENGTH: &str = "upload-length";

/// The files of all spaces of a server.
#[derive(Debug)]
pub(crate) struct Files {
    folder: FileFolder,
    /// How many bytes of files one space may have.
    room: u64,
    arrivals: Arrivals,
    turns: Turns,
}

/// What the path of a request names.
enum Place {
    All(SpaceId),
    One(SpaceId, Hash),
}

#[derive(Deserialize)]
struct Asked {
    files: BTreeSet<String>,
}

impl Files {
    pub fn new(folder: FileFolder, room: u64) -> Self {
        Self { folder, room, arrivals: Arrivals::default(), turns: Turns::default() }
    }

    /// How much of a file is here. Where it came with something from another space, it is taken over from there.
    fn held(&self, space: SpaceId, hash: &Hash, named: NamedFile) -> io::Result<Held> {
        let held = self.folder.held(space, hash)?;
        match (held, named.from) {
            (Held::Part { .. }, Some(from)) if self.folder.take_over(from, space, hash)? => {
                self.folder.held(space, hash)
            }
            _ => Ok(held),
        }
    }
}

/// Answers a request for files.
pub(crate) async fn answer(hub: &Arc<Hub>, request: Request<Incoming>) -> Answer {
    answered(hub, request).await.unwrap_or_else(|refusal| refusal.answer())
}

async fn answered(hub: &Arc<Hub>, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let person = person_of(hub, request.headers())?;
    let place = place_of(request.uri().path()).ok_or_else(nothing_there)?;
    let turn = hub.files.turns.begin(person).ok_or_else(|| {
        let message = "too many files are asked for at a time";
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, "busy", message, "try again in a while")
    })?;
    match (request.method(), place) {
        (&Method::POST, Place::All(space)) => missing(hub, person, space, request).await,
        (&Method::HEAD, Place::One(space, hash)) => tell(hub, person, space, hash).await,
        (&Method::GET, Place::One(space, hash)) => give(hub, (person, turn), space, hash, request.headers()).await,
        (&Method::PATCH, Place::One(space, hash)) => take(hub, person, space, hash, request).await,
        _ => Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong_method",
            "this cannot be done with files",
            "upgrade the program, or report this",
        )),
    }
}

fn nothing_there() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "unknown_path",
        "there is nothing at this path",
        "upgrade the program, or report this",
    )
}

fn person_of(hub: &Hub, headers: &HeaderMap) -> Result<ActorId, Refusal> {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let device = token.and_then(|token| hub.accounts.device(token));
    device.map(|device| device.person).ok_or_else(|| {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "bad_token",
            "the token is not known here",
            "ask the admin for a new device token",
        )
    })
}

/// `/spaces/<space>/files`, or `/spaces/<space>/files/<hash>`.
fn place_of(path: &str) -> Option<Place> {
    let mut parts = path.strip_prefix("/spaces/")?.split('/');
    let space = parts.next()?.parse().ok()?;
    if parts.next() != Some("files") {
        return None;
    }
    let place = match parts.next() {
        None => Place::All(space),
        Some(hash) => Place::One(space, hash.parse().ok()?),
    };
    parts.next().is_none().then_some(place)
}

/// What the log of the space says of these files, to a member of it.
async fn named(
    hub: &Arc<Hub>,
    person: ActorId,
    space: SpaceId,
    hashes: Vec<Hash>,
) -> Result<Vec<Option<NamedFile>>, Refusal> {
    // Nobody wakes a space, or makes one, who does not belong to it.
    if hub.is_member(space, person) {
        let (answer, waiting) = oneshot::channel();
        hub.send(space, Call::Files { hashes, answer }).await;
        if let Ok(named) = waiting.await {
            // Who has been taken out meanwhile is told nothing any more.
            if hub.is_member(space, person) {
                return Ok(named);
            }
        } else {
            return Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the project cannot be read just now",
                "try again in a while",
            ));
        }
    }
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        "no_access",
        "you are not a member of this project",
        "ask one of its managers to add you",
    ))
}

async fn named_one(hub: &Arc<Hub>, person: ActorId, space: SpaceId, hash: Hash) -> Result<NamedFile, Refusal> {
    let mut named = named(hub, person, space, vec![hash]).await?;
    named.pop().flatten().ok_or_else(|| {
        let message = "nothing in the history of the project speaks of this file";
        Refusal::new(StatusCode::NOT_FOUND, "unknown_file", message, "attach it to a card first")
    })
}

/// Does work on the disk, away from the tasks that others wait for.
async fn on_disk<T: Send + 'static>(
    hub: &Arc<Hub>,
    work: impl FnOnce(&Files) -> io::Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    let hub = Arc::clone(hub);
    let done = spawn_blocking(move || work(&hub.files)).await;
    done.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(|error| Refusal::of_the_disk(&error))
}

/// Which of the files that somebody has are not here, and are wanted.
async fn missing(
    hub: &Arc<Hub>,
    person: ActorId,
    space: SpaceId,
    request: Request<Incoming>,
) -> Result<Answer, Refusal> {
    let unreadable = || {
        let message = format!("this is no list of at most {FILES_ASKED_MAX} files");
        Refusal::new(StatusCode::BAD_REQUEST, "malformed", message, "upgrade the program, or report this")
    };
    let body = Limited::new(request.into_body(), FILES_ASKED_BYTES_MAX).collect();
    let body = timeout(SILENCE_TIMEOUT, body).await.ok().and_then(Result::ok).ok_or_else(unreadable)?.to_bytes();
    let asked: Asked = serde_json::from_slice(&body).map_err(|_| unreadable())?;
    let hashes: Option<Vec<Hash>> = asked.files.iter().map(|hash| hash.parse().ok()).collect();
    let hashes = hashes.filter(|hashes| hashes.len() <= FILES_ASKED_MAX).ok_or_else(unreadable)?;
    let named = named(hub, person, space, hashes.clone()).await?;
    let missing = on_disk(hub, move |files| {
        let mut missing = Vec::new();
        for (hash, named) in hashes.iter().zip(named) {
            let Some(named) = named else { continue };
            if matches!(files.held(space, hash, named)?, Held::Part { .. }) {
                missing.push(hash.to_string());
            }
        }
        Ok(missing)
    });
    Ok(json_answer(StatusCode::OK, &json!({ "missing": missing.await? })))
}

/// How much of a file is here.
async fn tell(hub: &Arc<Hub>, person: ActorId, space: SpaceId, hash: Hash) -> Result<Answer, Refusal> {
    let named = named_one(hub, person, space, hash).await?;
    let held = on_disk(hub, move |files| files.held(space, &hash, named)).await?;
    Ok(standing(StatusCode::OK, held))
}

fn standing(status: StatusCode, held: Held) -> Answer {
    let (Held::Whole { bytes } | Held::Part { bytes }) = held;
    let mut answer = empty(status);
    answer.headers_mut().insert(UPLOAD_OFFSET, bytes.into());
    if matches!(held, Held::Whole { .. }) {
        answer.headers_mut().insert(UPLOAD_LENGTH, bytes.into());
    }
    answer
}

/// The bytes of a file, from where the request wants them.
async fn give(
    hub: &Arc<Hub>,
    (person, turn): (ActorId, Turn),
    space: SpaceId,
    hash: Hash,
    headers: &HeaderMap,
) -> Result<Answer, Refusal> {
    let named = named_one(hub, person, space, hash).await?;
    let Held::Whole { bytes } = on_disk(hub, move |files| files.held(space, &hash, named)).await? else {
        let message = "the file is still on its way to the server";
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "on_its_way",
            message,
            "try again when a device that has it was online",
        ));
    };
    let from = match headers.get(RANGE) {
        None => 0,
        Some(range) => {
            let from =
                range.to_str().ok().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
            from.filter(|from| *from < bytes).ok_or_else(|| {
                let message = "a file is given from one of its bytes to its end";
                Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "wrong_range", message, "fetch it from its beginning")
            })?
        }
    };
    let opening = async {
        let mut file = tokio::fs::File::open(hub.files.folder.path(space, &hash)).await?;
        file.seek(SeekFrom::Start(from)).await?;
        Ok(file)
    };
    let file = opening.await.map_err(|error| Refusal::of_the_disk(&error))?;
    if from == 0 {
        return Ok(file_answer(StatusCode::OK, file, bytes, turn));
    }
    let mut answer = file_answer(StatusCode::PARTIAL_CONTENT, file, bytes - from, turn);
    let range = format!("bytes {from}-{}/{bytes}", bytes - 1);
    answer.headers_mut().insert("content-range", range.parse().expect("digits are a value"));
    Ok(answer)
}

/// Takes more of a file, and says how much of it is here then. What has come is kept, wherever the line is cut.
async fn take(
    hub: &Arc<Hub>,
    person: ActorId,
    space: SpaceId,
    hash: Hash,
    request: Request<Incoming>,
) -> Result<Answer, Refusal> {
    let named = named_one(hub, person, space, hash).await?;
    let number = |name: &str| request.headers().get(name)?.to_str().ok()?.parse::<u64>().ok();
    let (Some(offset), Some(length)) = (number(UPLOAD_OFFSET), number(UPLOAD_LENGTH)) else {
        let message = format!("a piece of a file says {UPLOAD_OFFSET} and {UPLOAD_LENGTH}");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "malformed", message, "upgrade the program, or report this"));
    };
    if length > FILE_BYTES_MAX {
        let message = format!("a file may have {FILE_BYTES_MAX} bytes, and this one has {length}");
        let help = "store it elsewhere, and attach a link to it";
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message, help));
    }
    let Some(arrival) = hub.files.arrivals.begin(space, hash) else {
        let message = "this file, or too many others, are being brought just now";
        return Err(Refusal::new(StatusCode::CONFLICT, "arriving", message, "try again in a while"));
    };
    let arrival = Arc::new(arrival);
    let before = on_disk(hub, move |files| files.held(space, &hash, named)).await?;
    match before {
        Held::Whole { .. } => return Ok(standing(StatusCode::NO_CONTENT, before)),
        // Who thought otherwise goes on from there.
        Held::Part { bytes } if bytes != offset => return Ok(standing(StatusCode::CONFLICT, before)),
        Held::Part { .. } => {}
    }
    let room = hub.files.room;
    let taken = on_disk(hub, move |files| files.folder.taken(space)).await?;
    if taken.saturating_sub(offset) + length > room {
        let message = format!("the files of this project take {taken} bytes, and may take {room}");
        let help = "ask the admin for more room. The file stays on the device that has it";
        return Err(Refusal::new(StatusCode::INSUFFICIENT_STORAGE, "no_room", message, help));
    }
    let mut body = request.into_body();
    let mut left = length.saturating_sub(offset);
    let mut part = on_disk(hub, move |files| files.folder.open_part(space, &hash)).await?;
    while let Ok(Some(Ok(frame))) = timeout(SILENCE_TIMEOUT, body.frame()).await {
        let Ok(piece) = frame.into_data() else { continue };
        if piece.len() as u64 > left {
            let message = "more came of the file than it has";
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "malformed",
                message,
                "upgrade the program, or report this",
            ));
        }
        left -= piece.len() as u64;
        part = written(hub, part, piece, &arrival).await?;
    }
    let ended = on_disk(hub, move |files| {
        part.sync_all()?;
        let is_all = matches!(files.folder.held(space, &hash)?, Held::Part { bytes } if bytes == length);
        let is_wrong = is_all && !files.folder.end_part(space, &hash)?;
        drop(arrival);
        Ok((!is_wrong).then_some(files.folder.held(space, &hash)?))
    });
    if let Some(held) = ended.await? {
        return Ok(standing(StatusCode::NO_CONTENT, held));
    }
    let message = "what came is not the file of this hash";
    let help = "bring it again from its beginning";
    Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_content", message, help))
}

/// Nobody else brings or removes the file for as long as this writes.
async fn written(
    hub: &Arc<Hub>,
    mut part: std::fs::File,
    piece: Bytes,
    arrival: &Arc<crate::arrivals::Arrival>,
) -> Result<std::fs::File, Refusal> {
    let arrival = Arc::clone(arrival);
    let writing = move |_: &Files| {
        part.write_all(&piece)?;
        drop(arrival);
        Ok(part)
    };
    on_disk(hub, writing).await
}

/// Removes the files of a space that its log does not speak of: after a redaction, say. While the store is being recovered nothing is: devices may bring
/// back what spoke of them.
pub(crate) async fn collect(hub: Arc<Hub>, space: SpaceId) {
    if hub.is_recovering() {
        return;
    }
    let collected = async {
        let hashes: Vec<Hash> = on_disk(&hub, move |files| files.folder.hashes(space)).await?.into_iter().collect();
        let (answer, waiting) = oneshot::channel();
        if hashes.is_empty() {
            return Ok(0);
        }
        hub.send(space, Call::Files { hashes: hashes.clone(), answer }).await;
        let Ok(named) = waiting.await else { return Ok(0) };
        let nobodys: Vec<Hash> =
            hashes.into_iter().zip(named).filter(|(_, named)| named.is_none()).map(|(hash, _)| hash).collect();
        on_disk(&hub, move |files| {
            let mut removed = 0_usize;
            for hash in nobodys {
                // What is being brought was spoken of a moment ago: the next time tells.
                if let Some(_alone) = files.arrivals.begin(space, hash) {
                    files.folder.remove(space, &hash)?;
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
    };
    match collected.await {
        Ok(0) | Err(_) => {}
        Ok(removed) => tracing::info!(%space, removed, "files that the history does not speak of any more are removed"),
    }
}

/// As [`collect`], of all spaces that have files.
pub(crate) async fn collect_all(hub: Arc<Hub>) {
    let Ok(spaces) = on_disk(&hub, |files| files.folder.spaces()).await else { return };
    for space in spaces {
        if hub.knows(space) && !hub.is_unreadable(space) {
            collect(Arc::clone(&hub), space).await;
        }
    }
}
