//! News of the authority: merged into what is confirmed, always, whatever is pending (rule 5).

use std::sync::Arc;

use super::outbox::{Pending, is_decided_further_back};
use super::rebase::Dirty;
use super::{Meeting, Replica, ReplicaOutput, Saving};
use crate::commit::{Commit, CommitError, Head};
use crate::id::SpaceId;
use crate::planted::{Bug, is_planted};
use crate::protocol::StateMark;
use crate::record::{Payload, Position};
use crate::response::Response;
use crate::storage::{Append, OutboxWrite, ReadError, Write};

/// What merging a batch of commits came to.
///
/// ```text
///   ours      ──────●
///   Advanced        ●══════►      follows ours, nothing was waiting
///   Rebased         ●══════►      follows ours, what waited stands on top again
///   Known      ══●                holds nothing new, and its hash is ours
///   Gap                 ●═══►     something before it is missing: asked for
///   Parted     ══✕                another history under our numbers
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    Advanced { from: Position, to: Position },
    Rebased { from: Position, to: Position },
    Known,
    Gap { expected: Position, found: Position },
    Parted { at: Position },
    Damaged { why: String },
}

impl Replica {
    /// `head` is where the authority's log ended when it sent them. True where they were news, and all there is.
    pub(super) fn commits(&mut self, epoch: u32, after: Head, upto: Head, head: Head, commits: &[Arc<[u8]>]) -> bool {
        let merge = self.merge(epoch, (after, upto), commits);
        let is_news = matches!(merge, Merge::Advanced { .. } | Merge::Rebased { .. });
        match merge {
            Merge::Advanced { .. } | Merge::Rebased { .. } | Merge::Known => {
                // Who has records needs no state to begin with.
                self.snapshot = None;
                self.is_current = self.state.head.position >= head.position;
                self.is_followed = true;
                self.number_and_send();
                self.backfill_next();
                return is_news && self.is_current;
            }
            Merge::Gap { .. } => self.subscribe(),
            // A damaged frame is as good as a lost one; the line is asked for it again with the next heads.
            Merge::Damaged { .. } => {}
            Merge::Parted { .. } => self.outputs.push_back(ReplicaOutput::Parted { epoch, head: upto }),
        }
        false
    }

    /// Plays the commits that follow what is confirmed, saves them, and rebases what waits: once for the batch.
    fn merge(&mut self, epoch: u32, (after, upto): (Head, Head), commits: &[Arc<[u8]>]) -> Merge {
        let ours = self.state.head;
        if after.position > ours.position {
            return Merge::Gap { expected: ours.position.plus(1), found: after.position.plus(1) };
        }
        if upto.position <= ours.position {
            return self.known(upto);
        }
        if epoch < self.state.epoch {
            return Merge::Parted { at: after.position };
        }
        let news = match follow((self.space(), self.state.epoch), ours, (after, upto), commits) {
            Ok(news) => news,
            Err(merge) => return merge,
        };
        let waits = self.outbox.iter().any(Pending::is_waiting);
        let mut dirty = self.lift();
        let mut writes = Vec::new();
        for commit in &news {
            let touched = self.state.play(commit).expect("the commits were checked to follow each other");
            dirty.add(&touched);
            writes.extend(self.settle(commit, &mut dirty));
            self.tell_meetings(commit, &news);
        }
        self.lifted.as_mut().expect("just lifted").dirty = dirty;
        if let Some(failure) = self.state.take_failure() {
            self.outputs.push_back(ReplicaOutput::Damaged(failure));
        }
        if !writes.is_empty() {
            writes.push(self.identity_write());
        }
        let epoch = self.state.epoch;
        let looked_at = if is_planted(Bug::RedactLastOnly) { &news[news.len() - 1..] } else { &news[..] };
        let is_redaction = looked_at.iter().any(|commit| commit.is_redaction());
        let append = Append::new(self.space(), epoch, ours, news);
        self.save(vec![Write::Append(append)], writes, Saving { is_redaction, ..Saving::default() });
        assert_eq!(self.state.head, upto, "the batch ends where its frame says");
        let (from, to) = (ours.position, upto.position);
        if waits { Merge::Rebased { from, to } } else { Merge::Advanced { from, to } }
    }

    /// Whether what is confirmed here comes to what it comes to there (rule 6). Where it does not, what is saved here is wrong, and is fetched anew.
    pub(super) fn compare(&mut self, at: Head, state: Option<StateMark>, has_news: bool) {
        if self.is_redacting() {
            return;
        }
        let is_unexplained = !self.state.unexplained.is_empty();
        match state.filter(|_| self.state.head == at) {
            // What took them out was lost with a restore of the authority, and what is gone here is whole there.
            Some(_) if is_unexplained => self.outputs.push_back(ReplicaOutput::Redacted),
            Some(mark) if mark.domain == self.domain.fingerprint() && mark.state != self.state.state_hash() => {
                let why = format!("its state at {} is not the server's", at.position);
                self.outputs.push_back(ReplicaOutput::Damaged(ReadError::Damaged(why)));
            }
            // Whether that is all there is, only the answer of a subscription says.
            None if is_unexplained && has_news => self.subscribe(),
            Some(_) | None => {}
        }
    }

    /// Nothing new: but is it the same history? What is not on disk yet, or was never fetched, cannot be compared.
    fn known(&self, upto: Head) -> Merge {
        if upto.position == self.state.head.position {
            return if upto == self.state.head { Merge::Known } else { Merge::Parted { at: upto.position } };
        }
        match self.reader.commit_with(upto.position) {
            Ok(Some(stored)) if stored.head != upto => Merge::Parted { at: upto.position },
            Ok(Some(_) | None) | Err(_) => Merge::Known,
        }
    }

    /// Tells of values that this commit sets over those of others, where this person is one of the two.
    fn tell_meetings(&mut self, commit: &Commit, news: &[Arc<Commit>]) {
        for over in &commit.header.over {
            let holds = |commit: &Commit| commit.before() < *over && *over <= commit.head().position;
            let stored = || {
                let stored = self.reader.commit_with(*over).ok().flatten()?;
                stored.open().ok().map(Arc::new)
            };
            // What came just before may be on its way to the disk.
            let in_memory = news.iter().chain(self.on_their_way(Position::START)).find(|commit| holds(commit));
            let Some(before) = in_memory.cloned().or_else(stored) else { continue };
            let Some(record) = before.records.iter().find(|record| record.number == *over) else { continue };
            let by = commit.events().find(|event| event.stream == record.stream).map(|event| event.number);
            let (actor, over_actor) = (commit.header.actor, before.header.actor);
            if let Some(number) = by
                && (actor == self.actor || over_actor == self.actor)
            {
                let meeting = Meeting { stream: record.stream.clone(), record: number, actor, over: *over, over_actor };
                self.outputs.push_back(ReplicaOutput::Met(meeting));
            }
        }
    }

    /// Takes a command that the authority has decided out of what waits.
    pub(super) fn settle(&mut self, commit: &Commit, dirty: &mut Dirty) -> Vec<OutboxWrite> {
        let header = &commit.header;
        let mut writes = Vec::new();
        if header.replica == self.identity.replica {
            let is_unknown = header.number > self.identity.last_number
                || self
                    .outbox
                    .iter()
                    .any(|p| p.entry.number == Some(header.number) && p.entry.command != header.command);
            self.identity.must_fork |= is_unknown;
            self.has_heard(header.number, Some(header.command));
        }
        let is_it = |pending: &Pending| pending.entry.command == header.command;
        let Some(at) = self.outbox.iter().position(is_it) else { return writes };
        // That it was refused to somebody else says nothing of what is decided here.
        if header.actor != self.actor && Response::of(commit).is_some() {
            return writes;
        }
        // Its verdict lies further back in the log, from before this outbox came back from a copy: it is looked for by who takes a new identity.
        if Response::of(commit).is_some_and(|response| is_decided_further_back(&response.refused)) {
            self.identity.must_fork = true;
            return writes;
        }
        // What it did here is gone or confirmed, and was perhaps not the same: those behind it that looked at that look again.
        if let Some(optimistic) = self.outbox[at].optimistic.take() {
            dirty.add_optimistic(optimistic);
        }
        let response = Response::of(commit);
        // Somebody else has sent the same command: it is done, by their change of the text and not by the one here.
        let said = commit.records.first().map(|record| &record.payload);
        let is_of_another =
            said.is_some_and(|said| *said != Payload::Plain(self.outbox[at].entry.payload.as_slice().into()));
        if is_of_another && response.is_none() {
            if header.actor == self.actor {
                match self.say_what_lacks(at, commit) {
                    Ok(None) => {}
                    Ok(Some(write)) => {
                        writes.push(write);
                        return writes;
                    }
                    Err(error) => self.outputs.push_back(ReplicaOutput::Damaged(error)),
                }
            }
            writes.extend(self.retract_text(at));
        }
        let Some(at) = self.outbox.iter().position(is_it) else { return writes };
        let is_superseded = self.outbox[at].entry.superseded_by.is_some();
        match response {
            Some(response) if !is_superseded && !is_planted(Bug::LoseRefusal) => {
                writes.extend(self.retract_text(at));
                let pending =
                    self.outbox.iter_mut().find(|pending| is_it(pending)).expect("only later ones have moved");
                Arc::make_mut(&mut pending.entry).refused = Some(response.refused);
                writes.push(OutboxWrite::Put { space: self.state.space, row: pending.row() });
                writes.extend(self.refuse_dependents(dirty));
            }
            Some(_) | None => {
                let pending = self.outbox.remove(at);
                writes.push(OutboxWrite::Remove { space: self.space(), order: pending.order });
            }
        }
        writes
    }
}

/// Opens the commits behind `ours`, having checked that the frame contains our own head, that it ends where it says, and that all of it is of
/// this space and leads into no older epoch.
fn follow(
    (space, mut epoch): (SpaceId, u32),
    ours: Head,
    (after, upto): (Head, Head),
    commits: &[Arc<[u8]>],
) -> Result<Vec<Arc<Commit>>, Merge> {
    let mut at = after;
    let mut news = Vec::new();
    for bytes in commits {
        if at.position == ours.position && at != ours {
            return Err(Merge::Parted { at: at.position });
        }
        let damaged = |error: CommitError| Merge::Damaged { why: error.to_string() };
        let commit = Commit::open(Arc::clone(bytes), &at.hash).map_err(damaged)?;
        if commit.before() != at.position {
            return Err(Merge::Damaged {
                why: format!("a commit of a frame begins at {} and not behind {}", commit.header.first, at.position),
            });
        }
        at = commit.head();
        if commit.before() >= ours.position || is_planted(Bug::PlayDuplicate) {
            if commit.header.space != space || commit.header.epoch < epoch {
                let (of, in_epoch) = (commit.header.space, commit.header.epoch);
                return Err(Merge::Damaged { why: format!("a commit is of {of} in epoch {in_epoch}") });
            }
            epoch = commit.header.epoch;
            news.push(Arc::new(commit));
        }
    }
    if at != upto {
        return Err(Merge::Damaged { why: "a frame does not end where it says".to_owned() });
    }
    match news.first() {
        Some(first) if first.before() == ours.position || is_planted(Bug::PlayDuplicate) => Ok(news),
        Some(_) | None => Err(Merge::Parted { at: ours.position }),
    }
}
