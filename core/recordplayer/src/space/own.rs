//! What the authority itself says: that a new epoch begins, where the log goes on under another authority, or after an older copy of it was put in its
//! place ([`recovery`](super::recovery)); and that something was taken out.

use super::Space;
use super::publish::Source;
use crate::commit::Header;
use crate::decide::Intent;
use crate::id::{ActorId, CommandId, Id, ReplicaId};
use crate::membership::{Membership, MembershipCommand, MembershipEvent};
use crate::record::RecordKind;
use crate::time::Timestamp;

impl Space {
    /// A command of the authority's own, which nobody may refuse, named by what it is for and an id that is used once.
    pub(super) fn say_itself(
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
            trigger: None,
            errand: None,
        };
        let commit = self.commit(header, vec![intent.draft(), draft]).map_err(|error| error.to_string())?;
        let touched = self.state.play(&commit).map_err(|error| error.to_string())?;
        self.push_decided(Source::Own, commit, touched);
        Ok(())
    }
}
