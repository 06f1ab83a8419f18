//! The fingerprint of a replica.

use super::outbox::Pending;
use super::{Replica, Saving};
use crate::fingerprint::Fingerprint;

impl Replica {
    /// Taken when the machine has answered. What its two files hold is to be added by whoever owns them.
    ///
    /// Saves are told by their order and not by their tokens, which only count on.
    pub(crate) fn fingerprint(&mut self, into: &mut Fingerprint) {
        let Self {
            domain: _,
            actor,
            reader: _,
            state,
            redacted,
            identity,
            fresh,
            outbox,
            lifted,
            link,
            authority_head,
            authority_end,
            offering,
            refused_behind,
            is_current,
            is_followed,
            pause,
            answered_at_last_ping,
            history_asked,
            history_asked_at_last_ping,
            snapshot,
            saves,
            last_token: _,
            is_checkpointing,
            outputs,
        } = self;
        assert!(outputs.is_empty() && lifted.is_none(), "the work of a machine is done before it is looked at");
        state.fingerprint(into);
        into.shown(&(actor, identity, fresh, link, authority_head, is_current, pause, answered_at_last_ping));
        into.shown(&(authority_end, offering, refused_behind, redacted, is_followed));
        into.shown(&(history_asked, history_asked_at_last_ping, snapshot, is_checkpointing));
        for Pending { order, entry, is_stored, is_number_stored, is_sent, saving, numbering, optimistic } in outbox {
            // A save that has come back is never heard of again.
            let [saving, numbering] =
                [*saving, *numbering].map(|token| token.and_then(|token| saves.keys().position(|of| *of == token)));
            into.shown(&(order, entry, is_stored, is_number_stored, is_sent, saving, numbering, optimistic));
        }
        for saved in saves.values() {
            let Saving { stored, numbered, checkpoint, is_snapshot, is_backfill, is_redaction, commits, goes_back } =
                saved;
            into.shown(&(stored, numbered, checkpoint, is_snapshot, is_backfill, is_redaction));
            for commit in commits.iter().chain(goes_back.iter().flatten()) {
                into.bytes(&commit.hash.0);
            }
            into.shown(&goes_back.as_ref().map(Vec::len));
        }
    }
}
