//! The hand does what the person wants, in a thread of its own: a decision may read from the disk or wait for its turn, and no frame does.
//!
//! ```text
//!  a frame ── Ask: a work, a text to be read, an edit ─► in their order ─► Space ─► Outcome ─► bell ─► the next frame
//!                                                └─ letters that follow each other are one edit
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use egui::Context;
use recordplayer::claims::Claims;
use recordplayer::id::{ActId, SpaceId};
use recordplayer::replica::{TextEdit, TextWork};
use recordplayer::time::Timestamp;
use recordplayer_client::{Device, Space, now};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::{CardId, ColumnId};

use super::act::Act;
use super::opening::Opened;
use super::undoing::Undone;
use crate::said::Names;
use crate::undo::Done;

/// What is typed without a pause of so long goes as one change; and who never pauses has it sent after so long.
const JOIN_MS: i64 = 50;
const JOIN_MAX_MS: i64 = 100;

/// A frame gives the hand so long, that what it shows next is mostly done; then it goes on without.
const MOMENT: Duration = Duration::from_millis(4);

/// What somebody typed over what they had read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub before: String,
    pub after: String,
    pub act: ActId,
}

type Work = Box<dyn FnOnce(&Space, &Names<'_>) -> Outcome + Send>;

enum What {
    Work(Work),
    Text { card: CardId, edit: Option<Edit> },
}

struct Ask {
    number: u64,
    space: Space,
    what: What,
}

/// A text that was read, perhaps behind an edit.
#[derive(Debug)]
pub(super) struct TextOutcome {
    /// The number of the last asking that it answers.
    pub number: u64,
    pub card: CardId,
    /// The text as it is now, or why it cannot be read or was not taken.
    pub result: Result<String, String>,
    /// An edit that was not taken.
    pub refused: Option<Edit>,
}

/// What is in its field again where it was not taken.
#[derive(Debug)]
pub(super) enum Typed {
    /// Those of several titles that were not taken; none where all were.
    Titles {
        column: ColumnId,
        titles: String,
    },
    Comment {
        card: CardId,
        text: String,
    },
}

/// Why a card may not be put somewhere; none where it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub card: CardId,
    pub column: ColumnId,
    pub before: Option<CardId>,
    pub refusal: Option<String>,
}

/// What came of an asking.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub space: Option<SpaceId>,
    /// Everything up to this asking is answered.
    pub number: u64,
    /// What can be undone.
    pub done: Done,
    /// Why something was not done, with names in the place of ids.
    pub refused: Option<String>,
    /// What was typed for it.
    pub typed: Option<Typed>,
    /// What the person is told, with what can be done about it.
    pub offer: Option<(String, &'static str, Act)>,
    pub copy: Option<(&'static str, String)>,
    pub verdicts: Vec<Verdict>,
    pub text: Option<TextOutcome>,
    pub opened: Option<Opened>,
    pub undone: Option<Undone>,
}

/// How many askings were answered.
#[derive(Default)]
struct Answered {
    number: Mutex<u64>,
    news: Condvar,
}

impl Answered {
    fn lock(&self) -> MutexGuard<'_, u64> {
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread, as the window holds it.
pub(super) struct Hand {
    asks: Option<Sender<Ask>>,
    outcomes: Receiver<Outcome>,
    thread: Option<JoinHandle<()>>,
    asked: u64,
    answered: Arc<Answered>,
}

impl Hand {
    pub fn new(device: Device, bell: Arc<OnceLock<Context>>) -> Self {
        let (asks, asked) = channel();
        let (telling, outcomes) = channel();
        let answered: Arc<Answered> = Arc::default();
        let worker = Worker { device, telling, bell, answered: Arc::clone(&answered) };
        let thread = std::thread::Builder::new().name("hand".to_owned());
        let thread = thread.spawn(move || worker.run(&asked)).expect("the system can start a thread");
        Self { asks: Some(asks), outcomes, thread: Some(thread), asked: 0, answered }
    }

    fn ask(&mut self, space: &Space, what: What) -> u64 {
        self.asked += 1;
        if let Some(asks) = &self.asks {
            // The thread ends with this sender only.
            let _ = asks.send(Ask { number: self.asked, space: space.clone(), what });
        }
        self.asked
    }

    /// Does something after everything that was asked before; answers with the number of the asking.
    pub fn work(&mut self, space: &Space, work: impl FnOnce(&Space, &Names<'_>) -> Outcome + Send + 'static) -> u64 {
        self.ask(space, What::Work(Box::new(work)))
    }

    /// Asks for a card's text; answers with the number of the asking.
    pub fn read(&mut self, space: &Space, card: CardId) -> u64 {
        self.ask(space, What::Text { card, edit: None })
    }

    /// Edits a card's text, together with what is typed right behind it.
    pub fn edit(&mut self, space: &Space, card: CardId, edit: Edit) -> u64 {
        self.ask(space, What::Text { card, edit: Some(edit) })
    }

    pub fn outcomes(&self) -> Vec<Outcome> {
        self.outcomes.try_iter().collect()
    }

    /// The number of the last asking.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Waits until everything asked is answered.
    pub fn wait(&self) {
        self.wait_for(Duration::MAX);
    }

    /// Gives the hand a moment.
    pub fn wait_a_moment(&self) {
        self.wait_for(MOMENT);
    }

    fn wait_for(&self, timeout: Duration) {
        let waits = |answered: &mut u64| *answered < self.asked;
        drop(self.answered.news.wait_timeout_while(self.answered.lock(), timeout, waits));
    }

    /// Waits until everything is done that was asked, and asks for nothing more.
    pub fn finish(&mut self) {
        self.asks.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the hand ended by a panic");
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Letters that wait for more.
struct Letters {
    number: u64,
    space: Space,
    card: CardId,
    edit: Edit,
    first: Timestamp,
    last: Timestamp,
}

impl Letters {
    fn due(&self) -> Timestamp {
        self.last.plus_ms(JOIN_MS).min(self.first.plus_ms(JOIN_MAX_MS))
    }

    fn is_of(&self, space: &Space, card: CardId) -> bool {
        self.space.id() == space.id() && self.card == card
    }

    /// Takes an edit in that goes on where this one ends; false where it does not.
    fn take(&mut self, number: u64, space: &Space, card: CardId, edit: &Edit) -> bool {
        let goes_on = self.is_of(space, card) && self.edit.after == edit.before;
        if goes_on {
            self.number = number;
            self.edit.after.clone_from(&edit.after);
            self.last = now();
        }
        goes_on
    }
}

struct Worker {
    device: Device,
    telling: Sender<Outcome>,
    bell: Arc<OnceLock<Context>>,
    answered: Arc<Answered>,
}

impl Worker {
    fn run(&self, asks: &Receiver<Ask>) {
        let mut letters: Option<Letters> = None;
        loop {
            let next = match &letters {
                None => asks.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(waiting) => {
                    let left = waiting.due().0.saturating_sub(now().0);
                    asks.recv_timeout(Duration::from_millis(u64::try_from(left).unwrap_or_default()))
                }
            };
            let ask = match next {
                Ok(ask) => ask,
                Err(why) => {
                    self.write(letters.take());
                    match why {
                        RecvTimeoutError::Timeout => continue,
                        RecvTimeoutError::Disconnected => return,
                    }
                }
            };
            let Ask { number, space, what } = ask;
            match what {
                What::Text { card, edit: Some(edit) } => {
                    if !letters.as_mut().is_some_and(|waiting| waiting.take(number, &space, card, &edit)) {
                        self.write(letters.take());
                        letters = Some(Letters { number, space, card, edit, first: now(), last: now() });
                    }
                }
                What::Text { card, edit: None } => match &mut letters {
                    // The text is read when they are written.
                    Some(waiting) if waiting.is_of(&space, card) => waiting.number = number,
                    _ => {
                        self.write(letters.take());
                        self.tell(number, &space, || read(number, &space, &Names::patient(&self.device, &space), card));
                    }
                },
                What::Work(work) => {
                    self.write(letters.take());
                    self.tell(number, &space, || work(&space, &Names::patient(&self.device, &space)));
                }
            }
        }
    }

    fn write(&self, letters: Option<Letters>) {
        let Some(Letters { number, space, card, edit, .. }) = letters else { return };
        self.tell(number, &space, || {
            let names = Names::patient(&self.device, &space);
            let sent = space.send_edit(&TextEdit::<Card> {
                command: space.fresh_command(),
                entity: card.0,
                claims: Claims::of_act(edit.act),
                // What others wrote since the field was read is not deleted by it.
                work: TextWork::Edit { before: &edit.before, after: &edit.after },
                make: |change| CardCommand::Describe { change },
            });
            match sent {
                Ok(_) => read(number, &space, &names, card),
                Err(error) => {
                    let result = Err(names.named(&error.to_string()));
                    let text = TextOutcome { number, card, result, refused: Some(edit) };
                    Outcome { text: Some(text), ..Outcome::default() }
                }
            }
        });
    }

    fn tell(&self, number: u64, space: &Space, work: impl FnOnce() -> Outcome) {
        // A fault in one work must not leave the window without a hand.
        let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            tracing::error!("a work of the hand ended by a panic");
            Outcome {
                refused: Some("That was not done: this program has a fault there".to_owned()),
                ..Outcome::default()
            }
        });
        // Who does not listen any more has closed the window: what was wanted is done all the same.
        let _ = self.telling.send(Outcome { space: Some(space.id()), number, ..outcome });
        *self.answered.lock() = number;
        self.answered.news.notify_all();
        if let Some(ctx) = self.bell.get() {
            ctx.request_repaint();
        }
    }
}

fn read(number: u64, space: &Space, names: &Names<'_>, card: CardId) -> Outcome {
    let text = space.text::<Card>(card, Card::DESCRIPTION);
    let result = text.map_err(|error| names.named(&error.to_string()));
    Outcome { text: Some(TextOutcome { number, card, result, refused: None }), ..Outcome::default() }
}
