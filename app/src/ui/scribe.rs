//! Reads and writes merged texts in a thread of its own: they lie on the disk, and no frame waits for that.
//!
//! ```text
//!  a field ── Ask: read, or an edit ─► Space ─► the text as it is now ─► Answer ─► bell ─► the field, where nobody typed meanwhile
//! ```

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use egui::Context;
use recordplayer::claims::Claims;
use recordplayer::id::ActId;
use recordplayer::replica::{TextEdit, TextWork};
use recordplayer_client::{SendError, Space};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::CardId;

/// What somebody typed over what they had read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub before: String,
    pub after: String,
    pub act: ActId,
}

struct Ask {
    number: u64,
    space: Space,
    card: CardId,
    edit: Option<Edit>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Answer {
    /// The number that the asking was given.
    pub number: u64,
    pub card: CardId,
    /// The text as it is now.
    pub result: Result<String, SendError>,
    /// An edit that was not taken.
    pub refused: Option<Edit>,
}

/// The thread, as the window holds it.
pub(super) struct Scribe {
    asks: Option<Sender<Ask>>,
    answers: Receiver<Answer>,
    thread: Option<JoinHandle<()>>,
    last: u64,
}

impl Scribe {
    pub fn new(bell: Arc<OnceLock<Context>>) -> Self {
        let (asks, asked) = channel::<Ask>();
        let (answering, answers) = channel();
        let work = move || {
            for ask in asked {
                // Who does not listen any more has closed the window: what was typed is written all the same.
                let _ = answering.send(answer(ask));
                if let Some(ctx) = bell.get() {
                    ctx.request_repaint();
                }
            }
        };
        let thread = std::thread::Builder::new().name("scribe".to_owned());
        let thread = thread.spawn(work).expect("the system can start a thread");
        Self { asks: Some(asks), answers, thread: Some(thread), last: 0 }
    }

    /// Asks for a card's text, behind an edit if there is one; answers with the number of the asking.
    pub fn ask(&mut self, space: &Space, card: CardId, edit: Option<Edit>) -> u64 {
        self.last += 1;
        if let Some(asks) = &self.asks {
            // The thread ends with this sender only.
            let _ = asks.send(Ask { number: self.last, space: space.clone(), card, edit });
        }
        self.last
    }

    pub fn answers(&self) -> Vec<Answer> {
        self.answers.try_iter().collect()
    }

    /// Waits until everything is written that was typed.
    pub fn finish(&mut self) {
        self.asks.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the scribe ended by a panic");
        }
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        self.finish();
    }
}

fn answer(Ask { number, space, card, edit }: Ask) -> Answer {
    if let Some(edit) = edit {
        let sent = space.send_edit(&TextEdit::<Card> {
            command: space.fresh_command(),
            entity: card.0,
            claims: Claims::of_act(edit.act),
            // What others wrote since the field was read is not deleted by it.
            work: TextWork::Edit { before: &edit.before, after: &edit.after },
            make: |change| CardCommand::Describe { change },
        });
        if let Err(error) = sent {
            return Answer { number, card, result: Err(error), refused: Some(edit) };
        }
    }
    Answer { number, card, result: space.text::<Card>(card, Card::DESCRIPTION), refused: None }
}
