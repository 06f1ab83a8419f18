//! The fingerprint of an authority.

use super::Space;
use super::publish::Decided;
use crate::fingerprint::Fingerprint;

impl Space {
    /// Taken when the machine has answered. What its log and its rows hold is to be added by whoever owns the store.
    pub(crate) fn fingerprint(&mut self, into: &mut Fingerprint) {
        let Self {
            domain: _,
            reader: _,
            state,
            durable,
            members,
            undurable,
            appending,
            undurable_bytes,
            answers,
            followers,
            starting,
            joining,
            bringing,
            checkpointing,
            wants_checkpoint,
            to_look_at: _, // What the log holds behind the place up to which it was looked at.
            giving,
            errands,
            salt_key,
            seal_key: _,
            recovery,
            founded_in: _, // Follows from the log.
            names: _,
            careful,
            looked_back: _, // What the log holds.
            outputs,
        } = self;
        assert!(outputs.is_empty(), "the work of a machine is done before it is looked at");
        state.fingerprint(into);
        into.head(*durable);
        into.bytes(salt_key);
        // What a commit has touched and who is a member behind it follow from the commits before it.
        for Decided { commit, touched: _, members: _, source, effects, ends_frame } in undurable {
            into.bytes(&commit.hash.0);
            into.shown(&(source, effects, ends_frame));
        }
        into.shown(&(members, appending, undurable_bytes, answers, followers, starting, joining, bringing));
        into.shown(&(checkpointing, wants_checkpoint, careful, giving, errands, recovery));
    }
}
