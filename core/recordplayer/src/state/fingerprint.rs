//! The fingerprint of a state.

use super::{SpaceState, Unsaved};
use crate::domain::Domain;
use crate::fingerprint::Fingerprint;
use crate::models::{AnyState, EntitySlot, Layer, ViewSlot};
use crate::record::Position;

impl SpaceState {
    /// What is in memory and what it follows from. What is not in memory is in the store.
    pub(crate) fn fingerprint(&mut self, into: &mut Fingerprint) {
        self.state_hash();
        let Self {
            domain,
            space,
            epoch,
            head,
            time,
            layers,
            replicas,
            reacted,
            errands,
            redacted,
            unexplained,
            rebuild,
            remade,
            sum,
            stale: _, // The sum was just brought up to date.
            unsaved,
            saving,
            captures_entering,
        } = self;
        into.head(*head);
        into.bytes(&sum.bytes());
        into.shown(&(space, epoch, time, replicas, reacted, errands, redacted, unexplained, captures_entering));
        if let Some(rebuild) = rebuild {
            // What it comes to follows from the log.
            into.shown(&**rebuild);
        }
        into.shown(remade);
        for Unsaved {
            stale,
            dropped_views,
            replicas,
            entities,
            views,
            texts,
            text_counts,
            events,
            first_at,
            is_wanted,
        } in [unsaved, saving]
        {
            into.shown(&(stale, dropped_views, replicas, entities, views, text_counts, events, first_at, is_wanted));
            for (key, index, change) in texts {
                into.shown(&(key, index));
                into.bytes(change.bytes());
            }
        }
        into.shown(&(
            layers.hydrator().newer(),
            layers.hydrator().view_rows(),
            layers.hydrator().source(),
            layers.depth(),
        ));
        assert!(layers.depth() <= 1, "what is speculative is gone when a machine has answered");
        if layers.depth() == 1 {
            layer(domain, layers.top_mut(), into);
        }
        layer(domain, layers.base_mut(), into);
    }
}

fn layer(domain: &Domain, Layer { entities, views }: &Layer, into: &mut Fingerprint) {
    // What a slot adds to the sum, and where it is known to show, follow from its state.
    for (stream, EntitySlot { state, position, in_sum: _, first_unknown, shown: _ }) in entities {
        // Somebody has looked for it and found nothing: the same as before the look.
        if *position > Position::START {
            into.shown(&(stream, position, first_unknown));
            into.bytes(&encoded(domain.entity_type(&stream.kind).map(|kind| kind.encode), state));
        }
    }
    into.bytes(b"views");
    for (key, ViewSlot { state, members, position }) in views {
        into.shown(&(key, members.iter().collect::<Vec<_>>(), position));
        into.bytes(&encoded(domain.view_type(&key.name).map(|view| view.encode), state));
    }
}

type Encode = fn(&AnyState) -> Result<Vec<u8>, crate::codec::CodecError>;

fn encoded(encode: Option<Encode>, state: &AnyState) -> Vec<u8> {
    encode.map_or_else(Vec::new, |encode| encode(state).expect("a state that was played can be encoded"))
}
