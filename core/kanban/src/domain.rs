//! The product as one value: what the server, the client and the tests take.

use recordplayer::context::Context;
use recordplayer::domain::Domain;
use recordplayer::record::StreamId;
use recordplayer::refusal::{CoreRefusal, Refused};
use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::card::Card;
use crate::column::Column;
use crate::comment::Comment;
use crate::project::Project;
use crate::view::{ActivityView, BoardView, BoardsView, CardView, KeysView};

/// The roles of members; the first one manages.
pub const ROLES: &[&str] = &["manager", "worker", "reviewer", "viewer"];

/// The product.
pub fn domain() -> Domain {
    Domain::new("kanban", 1)
        .roles(ROLES)
        .entity::<Project>()
        .entity::<Board>()
        .entity::<Column>()
        .entity::<Card>()
        .entity::<Comment>()
        .view::<BoardView>()
        .view::<BoardsView>()
        .view::<CardView>()
        .view::<ActivityView>()
        .view::<KeysView>()
        .guard(may_write)
}

/// What the guards of the product refuse, whatever the command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum GuardRefusal {
    #[error("As a viewer you may look at everything and change nothing. Ask a manager for another role")]
    ViewersMayNotWrite {},
}

fn may_write(_: &StreamId, _: &str, cx: &Context<'_>) -> Result<(), Refused> {
    match cx.role().as_deref() {
        None => Err(CoreRefusal::MayNotWrite {}.into()),
        Some("viewer") => {
            let refusal = GuardRefusal::ViewersMayNotWrite {};
            Err(Refused::of(&refusal).unwrap_or_else(|_| CoreRefusal::MayNotWrite {}.into()))
        }
        Some(_) => Ok(()),
    }
}
