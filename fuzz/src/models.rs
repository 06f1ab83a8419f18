//! Saved states, as a snapshot brings them from another machine: read, written, and gone on with.
//!
//! A script is `kind (1) ‖ state (bytes)`, then records as in [`crate::records`].

use recordplayer::codec::decode;
use recordplayer::entity::Data;
use recordplayer_kanban::view::{ActivityView, BoardView, BoardsView, CardView, InboxView, KeysView, WorkView};

use crate::records::{Entities, KINDS, is_restored};
use crate::script::Script;

pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (kind, state) = (script.below(KINDS.len() + 1), script.bytes());
    if kind == KINDS.len() {
        view::<BoardView>(state);
        view::<BoardsView>(state);
        view::<CardView>(state);
        view::<ActivityView>(state);
        view::<InboxView>(state);
        view::<WorkView>(state);
        return view::<KeysView>(state);
    }
    let mut entities = Entities::default();
    entities.restore(kind, state);
    let mut number = 100;
    while !script.is_over() {
        let (variant, payload) = (script.text(), script.bytes());
        number += 1;
        entities.meet(kind, &variant, payload, number);
    }
}

fn view<T: Data>(state: &[u8]) {
    if let Ok(view) = decode::<T>(state) {
        is_restored(&view);
    }
}
