//! Taking on a space that was begun without a server: its whole log, at once or not at all.
//!
//! ```text
//!  the log, up to the record that hands it over ─► chain, limits, every event plays, the name is free ─► appended as it is
//!                                                                  └─ behind it, in a new epoch: space.publish
//! ```
//! Nothing is decided again: `decide` changes with versions, `play` does not. The person who gives it is bound to the account that brings it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::publish::{Decided, Source};
use super::{SessionId, Space};
use crate::commit::Commit;
use crate::id::{ActorId, Id};
use crate::membership::{Membership, MembershipCommand, MembershipEvent};
use crate::protocol::{PublishEnd, ServerFrame};
use crate::record::Position;
use crate::state::{SpaceState, Touched};
use crate::time::Timestamp;

/// A whole log that somebody brings.
#[derive(Clone, Debug)]
pub struct Publication {
    pub session: SessionId,
    /// Who brings it, as the gateway knows from the token.
    pub actor: ActorId,
    pub publication: Id,
    pub end: PublishEnd,
    pub commits: Vec<Arc<[u8]>>,
}

/// Why a space was not taken on, as a sentence.
struct NotTaken {
    message: String,
    again: bool,
}

impl NotTaken {
    fn for_good(message: impl Into<String>) -> Self {
        Self { message: message.into(), again: false }
    }
}

impl Space {
    pub(super) fn receive(&mut self, now: Timestamp, brought: &Publication) {
        let (space, publication, end) = (self.id(), brought.publication, brought.end);
        let members = self.state.base_models().get::<Membership>(space.0);
        let outcome = if members.published() == Some(publication) {
            // It is here already, and the answer was lost on the way.
            if self.has_room_for_answers() {
                Ok(self.state.head.position)
            } else {
                Err(NotTaken { message: "The server is busy".to_owned(), again: true })
            }
        } else if self.state.head.position > Position::START {
            Err(NotTaken::for_good("The server has another project with the same id"))
        } else {
            self.take_on(now, brought)
        };
        let (at, frame) = match outcome {
            Ok(at) => (at, ServerFrame::Published { space, publication, end }),
            Err(NotTaken { message, again }) => {
                self.hold_name();
                (Position::START, ServerFrame::NotPublished { space, publication, message, again })
            }
        };
        if at <= self.durable.position {
            self.send(brought.session, frame);
        } else {
            self.answers.push_back((at, brought.session, frame));
        }
    }

    /// Looks at the whole log, and takes it on where that is wished; answers with what must be durable for it.
    fn take_on(&mut self, now: Timestamp, brought: &Publication) -> Result<Position, NotTaken> {
        // Whatever `play` does with what somebody brings, it must not reach the space before all of it has gone well.
        let played = catch_unwind(AssertUnwindSafe(|| self.played(&brought.commits)));
        let played =
            played.unwrap_or_else(|_| Err(NotTaken::for_good("An event of it makes this server's version fail")));
        let (state, decided) = played?;
        // Only servers begin epochs, and the next one needs a number.
        if state.epoch > 1 {
            return Err(NotTaken::for_good("It was at a server already: its log is of a later epoch"));
        }
        if !state.unexplained.is_empty() {
            return Err(NotTaken::for_good("Something was taken out of it, and it does not say by whom"));
        }
        let members = state.base_models().get::<Membership>(self.id().0);
        if let Some(unique) = self.domain.unique()
            && let Some(name) = (unique.held)(self.id(), &state.base_models())
            && !self.names.claim(&name, self.id())
        {
            return Err(NotTaken::for_good((unique.taken)(&name).message));
        }
        if brought.end == PublishEnd::Rehearse {
            self.hold_name();
            return Ok(Position::START);
        }
        let Some(giver) = decided.last().map(|last| last.commit.header.actor) else {
            return Err(NotTaken::for_good("There is nothing in it"));
        };
        if members.handed_over() != Some(brought.publication) {
            return Err(NotTaken::for_good("Its last record does not give it to a server"));
        }
        self.state = state;
        for decided in decided {
            self.undurable_bytes += decided.commit.bytes.len();
            self.undurable.push_back(decided);
        }
        let publication = brought.publication;
        let command = MembershipCommand::Publish { publication, person: giver };
        // Who brought it has the place of who gave it.
        let event = MembershipEvent::Published { publication, person: giver, into: brought.actor };
        self.say_itself(now, (self.state.epoch + 1, "publication", publication), brought.actor, (&command, &event))
            .map_err(|message| NotTaken { message, again: true })?;
        self.hold_name();
        Ok(self.state.head.position)
    }

    /// The state that the commits lead to, from nothing.
    fn played(&self, commits: &[Arc<[u8]>]) -> Result<(SpaceState, Vec<Decided>), NotTaken> {
        let mut state = SpaceState::empty(Arc::clone(&self.domain), self.id(), 1);
        let mut decided = Vec::with_capacity(commits.len());
        for bytes in commits {
            let commit = Commit::open(Arc::clone(bytes), &state.head.hash)
                .map_err(|error| NotTaken::for_good(format!("Its log is damaged: {error}")))?;
            let touched: Touched =
                state.play(&commit).map_err(|error| NotTaken::for_good(format!("Its log is damaged: {error}")))?;
            let open = commit.header.number.saturating_sub(commit.header.answered_up_to);
            if open > self.thresholds().verdicts_max {
                return Err(NotTaken::for_good("Its log keeps too many verdicts that nobody needs"));
            }
            let members = touched.changes_membership.then(|| state.base_models().get::<Membership>(self.id().0));
            // Nobody looks at a space that is not here yet, so nobody is told what each commit has touched.
            decided.push(Decided::new(Source::Published, Arc::new(commit), Touched::default(), members));
        }
        state.captures_entering = true;
        Ok((state, decided))
    }
}
