//! Carrying out what is to happen outside of the logs (rule 16): in the order of each space, each at least once, and again until it has gone well.
//!
//! How far a space has come is noted among the accounts, behind each piece: a server that dies in between does that piece again, under the same
//! keys.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

use recordplayer::id::SpaceId;
use recordplayer::policy::{Effect, EffectsDone};
use recordplayer::space::SpaceInput;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::hub::Hub;
use crate::limits::{EFFECT_RETRY_FIRST, EFFECT_RETRY_MAX};
use crate::space_actor::Call;

/// What an application does about one effect. An error is tried again, for as long as it takes.
pub type CarryOut = dyn Fn(&Effect) -> Result<(), String> + Send + Sync;

/// Effects of one space, on their way to be carried out.
pub(crate) struct Piece {
    pub space: SpaceId,
    pub effects: Vec<Effect>,
    pub done: EffectsDone,
}

/// Where the spaces put their effects. A space gives out no more than its own limit before it hears that they are done.
#[derive(Clone)]
pub(crate) struct Effects(mpsc::UnboundedSender<Piece>);

impl Effects {
    /// Begins to carry out what the spaces of a hub will give out.
    pub fn start(hub: Weak<Hub>, carry_out: Arc<CarryOut>) -> Self {
        let (pieces, waiting) = mpsc::unbounded_channel();
        tokio::spawn(work(hub, carry_out, waiting));
        Self(pieces)
    }

    pub fn put(&self, piece: Piece) {
        // Where the server ends, they are given out again at the next start.
        let _ = self.0.send(piece);
    }
}

async fn work(hub: Weak<Hub>, carry_out: Arc<CarryOut>, mut waiting: mpsc::UnboundedReceiver<Piece>) {
    while let Some(Piece { space, effects, done }) = waiting.recv().await {
        for effect in effects {
            until_done(&carry_out, Arc::new(effect)).await;
        }
        let Some(hub) = hub.upgrade() else { return };
        if let Err(error) = hub.accounts.note_effects(space, done) {
            tracing::error!(%space, %error, "it cannot be noted how far effects are carried out: they happen again after the next start");
        }
        hub.send_if_active(space, Call::Input(SpaceInput::EffectsDone(done))).await;
    }
}

async fn until_done(carry_out: &Arc<CarryOut>, effect: Arc<Effect>) {
    let mut wait = EFFECT_RETRY_FIRST;
    loop {
        let (carry_out, once) = (Arc::clone(carry_out), Arc::clone(&effect));
        let outcome = tokio::task::spawn_blocking(move || catch_unwind(AssertUnwindSafe(|| carry_out(&once)))).await;
        let why = match outcome {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(why))) => why,
            Ok(Err(_)) | Err(_) => "it panicked".to_owned(),
        };
        tracing::warn!(space = %effect.space, effect = %effect.kind, key = %effect.key, why, "an effect failed and is tried again");
        sleep(wait).await;
        wait = (wait * 2).min(EFFECT_RETRY_MAX);
    }
}
