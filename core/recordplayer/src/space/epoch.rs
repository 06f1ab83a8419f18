//! A new epoch: where the log goes on under another authority, or after an older copy of it was put in its place.

use super::Space;
use crate::commit::{Head, Header};
use crate::decide::Intent;
use crate::id::{ActorId, CommandId, Id, ReplicaId};
use crate::membership::{Membership, MembershipCommand, MembershipEvent};
use crate::record::RecordKind;
use crate::storage::ReadError;
use crate::time::Timestamp;

/// Epochs that begin with a restore are numbered by the seconds since 2020-01-01.
const NUMBERED_FROM_MS: i64 = 1_577_836_800_000;

impl Space {
    /// Opens a space whose store was restored from a backup: what the store does not hold goes on only as its authors send it again. The same
    /// recovery is opened once.
    pub(super) fn reopen(&mut self, now: Timestamp, recovery: Id) {
        let replica = ReplicaId::derived("recovery", &[recovery.bytes()]);
        if self.state.head == Head::START || self.state.replicas.last_number(replica) > 0 {
            return;
        }
        let command = MembershipCommand::Reopen { recovery };
        let event = MembershipEvent::Reopened { recovery };
        // Whoever restores the same backup twice must not give one number to two epochs: no copy of the log knows the other one.
        let since = u32::try_from((now.0 - NUMBERED_FROM_MS) / 1_000).unwrap_or_default();
        let epoch = since.max(self.state.epoch + 1);
        // Nobody does it but the server itself.
        if let Err(why) = self.begin_epoch(now, (epoch, "recovery", recovery), ActorId::default(), (&command, &event)) {
            self.fail(ReadError::Damaged(why));
        }
    }

    /// The first commit of an epoch: a command of the authority's own, named by what it is for and an id that is used once.
    pub(super) fn begin_epoch(
        &mut self,
        now: Timestamp,
        (epoch, what, id): (u32, &str, Id),
        actor: ActorId,
        (command, event): (&MembershipCommand, &MembershipEvent),
    ) -> Result<(), String> {
        let intent = Intent::of::<Membership>(self.id().0, command).map_err(|error| error.to_string())?;
        let draft = crate::context::draft::<Membership>(intent.stream.clone(), RecordKind::Event, event)
            .map_err(|error| error.to_string())?;
        let header = Header {
            space: self.id(),
            epoch,
            first: self.state.head.position.plus(1),
            time: now.max(self.state.time),
            actor,
            replica: ReplicaId::derived(what, &[id.bytes()]),
            number: 1,
            command: CommandId::derived(what, &[id.bytes()]),
            answered_up_to: 0,
            claims: crate::claims::Claims::default(),
            parent: None,
            requires: Vec::new(),
            domain_version: self.domain.version(),
            over: Vec::new(),
        };
        let commit = self.seal(header, vec![intent.draft(), draft]).map_err(|error| error.to_string())?;
        let touched = self.state.play(&commit).map_err(|error| error.to_string())?;
        self.push_decided(commit, touched);
        Ok(())
    }
}
