//! Giving a project that was begun on this computer to a server, for good.
//!
//! ```text
//!  rehearsal: the server looks at the whole log and says yes ─► space.hand_over, the last thing decided here ─► the log again, for good
//!      └─ no: nothing has happened                                                              └─ the copy follows the server from here on
//! ```
//! Safe to repeat and to cut anywhere: what is under way stands in the book, and goes on with the next connection; the server answers the same
//! publication the same way, however often it comes.

use std::sync::Arc;
use std::time::Duration;

use recordplayer::id::{Id, SpaceId};
use recordplayer::limits::FRAME_BYTES_MAX;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::{ClientFrame, PublishEnd};
use recordplayer::record::Position;
use recordplayer::storage::ReadError;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::book::BookError;
use crate::clock::instant;
use crate::inner::Inner;
use crate::line::LineState;
use crate::local::HERE;
use crate::socket::LineError;
use crate::space::{SendError, Space};
use crate::ticket::Decided;

/// Commits of one part, so that what stands around them fits beside them.
const PART_BYTES_MAX: usize = FRAME_BYTES_MAX - 64 * 1024;
/// How long one look waits: the disk rings no bell.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A publication that is under way, as the book keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Publishing {
    pub url: String,
    pub publication: Id,
}

/// What the server has said to a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublishAnswer {
    Taken(PublishEnd),
    NotTaken { message: String, again: bool },
}

/// Why a project is not at the server.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("this project is not one of this computer alone")]
    NotHere,
    #[error("there is no account at {0}; log in first")]
    NoAccount(String),
    /// Nothing has happened.
    #[error("the server does not take the project: {0}")]
    Refused(String),
    #[error("the server has not answered in time; it goes on by itself when the server can be reached")]
    NotInTime,
    #[error("the server does not let this device in: {0}")]
    NoAccess(LineError),
    #[error("the project could not be handed over: {0}")]
    NotHandedOver(String),
    #[error(transparent)]
    Book(#[from] BookError),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("the history on this computer cannot be read: {0}")]
    Read(#[from] ReadError),
}

/// Publishes a space, or goes on where it was cut off.
pub(crate) fn publish(inner: &Arc<Inner>, space: SpaceId, url: &str, end: Instant) -> Result<(), PublishError> {
    let _turn = Turn::wait(inner, space, end)?;
    let copy = inner.copy(space).ok_or(PublishError::NotHere)?;
    if copy.url != HERE {
        return if copy.url == url { Ok(()) } else { Err(PublishError::NotHere) };
    }
    let under_way = begin(inner, space, url)?;
    let handle = Space::new(Arc::clone(inner), space);
    let is_handed_over =
        || copy.look(|replica| replica.confirmed_models().get::<Membership>(space.0).handed_over().is_some());
    if !is_handed_over() {
        if let Err(error) = bring(inner, space, &under_way, PublishEnd::Rehearse, end) {
            if matches!(error, PublishError::Refused(_)) {
                inner.book().change(|content| content.publishing.remove(&space))?;
            }
            return Err(error);
        }
        let command = MembershipCommand::HandOver { publication: under_way.publication, server: under_way.url.clone() };
        let ticket = handle.send::<Membership>(space.0, &command)?;
        match ticket.wait_decided(end.saturating_duration_since(instant())) {
            Decided::Accepted => {}
            Decided::Refused(why) => return Err(PublishError::NotHandedOver(why.message)),
            Decided::NotYet => return Err(PublishError::NotInTime),
        }
    }
    bring(inner, space, &under_way, PublishEnd::TakeOn, end)?;
    follow_server(inner, space, &under_way, end)
}

/// One at a time brings a space: what goes on by itself, and whoever asks for it again meanwhile, would take each other's answers.
struct Turn<'a> {
    inner: &'a Inner,
    space: SpaceId,
}

impl<'a> Turn<'a> {
    fn wait(inner: &'a Inner, space: SpaceId, end: Instant) -> Result<Self, PublishError> {
        let mut rings = 0;
        while !inner.begin_bringing(space) {
            wait(inner, &mut rings, end)?;
        }
        Ok(Self { inner, space })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.inner.end_bringing(self.space);
    }
}

/// Notes in the book what is under way; a publication that has begun keeps its id.
fn begin(inner: &Inner, space: SpaceId, url: &str) -> Result<Publishing, PublishError> {
    let mut book = inner.book();
    if book.content.account(url).is_none() || url == HERE {
        return Err(PublishError::NoAccount(url.to_owned()));
    }
    let fresh = Publishing { url: url.to_owned(), publication: crate::random::fresh_id() };
    Ok(book.change(|content| content.publishing.entry(space).or_insert(fresh).clone())?)
}

/// Waits for a change on the device; fails when the time is over or the device is closed.
fn wait(inner: &Inner, rings: &mut u64, end: Instant) -> Result<(), PublishError> {
    let left = end.saturating_duration_since(instant());
    if left.is_zero() || inner.is_closing() {
        return Err(PublishError::NotInTime);
    }
    *rings = inner.bell.wait(*rings, left.min(LOOK_AGAIN));
    Ok(())
}

/// Brings the whole log to the server, as often as it takes for an answer.
fn bring(
    inner: &Inner,
    space: SpaceId,
    under_way: &Publishing,
    ends: PublishEnd,
    end: Instant,
) -> Result<(), PublishError> {
    let mut rings = 0;
    let mut brought: Option<UnboundedSender<ClientFrame>> = None;
    inner.take_publish_answer(space);
    loop {
        match inner.take_publish_answer(space) {
            Some(PublishAnswer::Taken(taken)) if taken == ends => return Ok(()),
            Some(PublishAnswer::NotTaken { message, again: false }) => return Err(PublishError::Refused(message)),
            Some(PublishAnswer::NotTaken { message, .. }) => {
                tracing::info!(%space, message, "the server asks for the project once more");
                brought = None;
            }
            Some(PublishAnswer::Taken(_)) | None => {}
        }
        if let Some(session) = inner.session_of(&under_way.url)
            && brought.as_ref().is_none_or(|before| !before.same_channel(&session))
            && is_whole(inner, space, ends)
        {
            send_parts(inner, space, under_way.publication, ends, &session)?;
            brought = Some(session);
        }
        let refused = inner.look_at_line(&under_way.url, |line| match line.map(|line| &line.state) {
            Some(LineState::Refused { why }) => Some(why.clone()),
            Some(LineState::Connecting | LineState::Online | LineState::Retrying { .. }) | None => None,
        });
        if let Some(why) = refused {
            return Err(PublishError::NoAccess(why));
        }
        wait(inner, &mut rings, end)?;
    }
}

/// Whether what is to be brought is on the disk of the copy: all that was done, or, for good, with the record that hands it over.
fn is_whole(inner: &Inner, space: SpaceId, ends: PublishEnd) -> bool {
    let Some(copy) = inner.copy(space) else { return false };
    let (head, is_settled) = copy.look(|replica| (replica.confirmed(), replica.is_settled()));
    let on_disk = inner.readers.reader(space).complete_to().ok();
    on_disk == Some(head) && (ends == PublishEnd::TakeOn || is_settled)
}

fn send_parts(
    inner: &Inner,
    space: SpaceId,
    publication: Id,
    ends: PublishEnd,
    session: &UnboundedSender<ClientFrame>,
) -> Result<(), PublishError> {
    let reader = inner.readers.reader(space);
    let upto = reader.complete_to()?.position;
    let mut after = Position::START;
    let mut part = 0;
    while after < upto {
        let stored = reader.commits(after, upto, PART_BYTES_MAX)?;
        let Some(last) = stored.last() else { return Err(ReadError::Damaged("a record is missing".to_owned()).into()) };
        after = last.head.position;
        let commits = stored.into_iter().map(|stored| stored.bytes).collect();
        let ends = (after == upto).then_some(ends);
        // Where the session ends meanwhile, all of it is brought again in the next one.
        let _ = session.send(ClientFrame::Publish { space, publication, part, ends, commits });
        part += 1;
    }
    Ok(())
}

/// The server has it: the copy belongs to the account there from now on.
fn follow_server(inner: &Arc<Inner>, space: SpaceId, under_way: &Publishing, end: Instant) -> Result<(), PublishError> {
    let account = inner.content().account(&under_way.url).cloned();
    let account = account.ok_or_else(|| PublishError::NoAccount(under_way.url.clone()))?;
    if let Some(copy) = inner.copy(space) {
        copy.retire();
    }
    let mut rings = 0;
    while !inner.saver.is_idle() {
        wait(inner, &mut rings, end)?;
    }
    inner.book().change(|content| {
        content.publishing.remove(&space);
        if let Some(info) = content.spaces.get_mut(&space) {
            info.url.clone_from(&account.url);
        }
    })?;
    let copy = inner
        .reopen_copy(space, &account)
        .map_err(|error| PublishError::Send(SendError::Unreadable(error.to_string())))?;
    if let Some(session) = inner.session_of(&account.url) {
        copy.connect(session);
    }
    Ok(())
}
