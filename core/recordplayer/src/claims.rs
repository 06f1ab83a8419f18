//! What whoever records a command says about it.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::id::{ActId, ActorId, CommandId};
use crate::time::Timestamp;

/// What the sender of a command says about it besides the command itself. Nobody can prove it, so records keep it beside the authority's time
/// and the sender's own id, and screens show it as claimed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Claims {
    /// The larger act that the command is a part of: an import, a bulk edit.
    #[n(0)]
    pub act: Option<ActId>,
    /// When it happened: offline work and imports.
    #[n(1)]
    pub happened_at: Option<Timestamp>,
    /// Who did it, where that is not who records it: imports.
    #[n(2)]
    pub actor: Option<ActorId>,
    /// The command whose effect this one takes back. The authority refuses it where somebody else has set the same value since, unseen by whoever
    /// undoes.
    #[n(3)]
    pub undoes: Option<CommandId>,
}

impl Claims {
    /// Nothing but that it belongs to an act.
    pub fn of_act(act: ActId) -> Self {
        Self { act: Some(act), ..Self::default() }
    }
}
