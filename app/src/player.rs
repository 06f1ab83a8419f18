//! A board's history, played in a thread of its own: the window asks for a step and goes on drawing what it has.
//!
//! ```text
//!  window ── Ask::At(step) ─► Playback::at ─► the board as it was ─► Shown ─► bell ─► the next frame
//! ```

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use recordplayer::id::{ActId, ActorId};
use recordplayer::playback::{Playback, PlaybackError, Step};
use recordplayer::record::{Position, RecordKind, StreamId};
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, View};
use recordplayer_kanban::card::CardEvent;
use recordplayer_kanban::column::{ColumnEvent, ColumnKind};
use recordplayer_kanban::ids::{BoardId, ColumnId};
use recordplayer_kanban::view::{ActivityView, BoardView};
use recordplayer_kanban::{Card, Column};

/// Typing by one person in one card with shorter pauses is one step.
const TYPING_MS: i64 = 60_000;

/// Records that are looked through at a time, so that nobody waits for all of them.
const STRETCH: u64 = 5_000;

/// What a person would call one thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlayStep {
    /// The end of its last commit.
    pub end: Position,
    pub at: Timestamp,
    /// `None` where an import does not know who did it.
    pub actor: Option<ActorId>,
    /// Whether a card was written in it.
    pub is_begun: bool,
    /// Whether a card was finished in it: ticked, or brought into a column of what is done.
    pub is_finished: bool,
    act: Option<ActId>,
    happened_at: Option<Timestamp>,
    /// The card whose text was typed in, where it is nothing else.
    typed_in: Option<StreamId>,
}

/// What the window draws from.
#[derive(Clone, Default)]
pub(crate) struct Shown {
    pub steps: Arc<Vec<PlayStep>>,
    /// The board as it was behind so many steps.
    pub board: Option<(usize, Arc<BoardView>)>,
    /// Whether all steps are among them that there were when it was last looked.
    pub is_whole: bool,
    /// Why there is nothing to play, or not all of it.
    pub problem: Option<String>,
}

enum Ask {
    /// Look for steps that have come since.
    Steps,
    /// The board behind so many steps.
    At(usize),
}

/// Plays one board.
pub(crate) struct Player {
    asks: Option<Sender<Ask>>,
    shown: Arc<Mutex<Shown>>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    /// Begins to read the history; `bell` is rung whenever there is more to draw.
    pub fn new(playback: Playback, board: BoardId, bell: impl Fn() + Send + 'static) -> Self {
        let shown: Arc<Mutex<Shown>> = Arc::default();
        let (asks, asked) = channel();
        let answers = Arc::clone(&shown);
        let thread = std::thread::Builder::new().name("player".to_owned());
        let work = move || {
            let (indexed, done) = (Position::START, BTreeSet::new());
            Reading { playback, board, indexed, done, shown: answers }.run(&asked, &bell);
        };
        let thread = thread.spawn(work).expect("the system can start a thread");
        let player = Self { asks: Some(asks), shown, thread: Some(thread) };
        player.look_for_more();
        player
    }

    pub fn shown(&self) -> Shown {
        lock(&self.shown).clone()
    }

    pub fn look_for_more(&self) {
        self.ask(Ask::Steps);
    }

    /// Asks for the board behind so many steps.
    pub fn go_to(&self, step: usize) {
        self.ask(Ask::At(step));
    }

    fn ask(&self, ask: Ask) {
        if let Some(asks) = &self.asks {
            // Where the thread has ended, its problem is shown.
            let _ = asks.send(ask);
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.asks.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the player ended by a panic");
        }
    }
}

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Reading {
    playback: Playback,
    board: BoardId,
    /// Up to where steps were looked for.
    indexed: Position,
    /// The columns of what is done.
    done: BTreeSet<ColumnId>,
    shown: Arc<Mutex<Shown>>,
}

impl Reading {
    fn run(mut self, asked: &Receiver<Ask>, bell: &impl Fn()) {
        while let Ok(first) = asked.recv() {
            let (mut wants_steps, mut wanted) = (false, None);
            // Of what waits, only the last moment counts.
            for ask in std::iter::once(first).chain(asked.try_iter()) {
                match ask {
                    Ask::Steps => wants_steps = true,
                    Ask::At(step) => wanted = Some(step),
                }
            }
            // A moment comes first: a long history is read on behind it.
            let done = wanted.map_or(Ok(()), |step| self.show(step));
            let done = done.and_then(|()| if wants_steps { self.index(asked, bell) } else { Ok(()) });
            lock(&self.shown).problem = done.err().map(|error| error.to_string());
            bell();
        }
    }

    /// Looks for steps, stretch by stretch; between two of them a moment may be asked for.
    fn index(&mut self, asked: &Receiver<Ask>, bell: &impl Fn()) -> Result<(), PlaybackError> {
        let last = self.playback.last()?;
        loop {
            let is_whole = self.index_stretch(last)?;
            lock(&self.shown).is_whole = is_whole;
            if is_whole {
                return Ok(());
            }
            bell();
            let moments = asked.try_iter().filter_map(|ask| match ask {
                Ask::Steps => None,
                Ask::At(step) => Some(step),
            });
            if let Some(step) = moments.last() {
                self.show(step)?;
                bell();
            }
        }
    }

    /// The steps of the next stretch; true where it ends at `last`.
    fn index_stretch(&mut self, last: Position) -> Result<bool, PlaybackError> {
        let (from, mut upto) = (self.indexed, last);
        let mut steps = lock(&self.shown).steps.to_vec();
        let key = Key::from(self.board);
        let done = &mut self.done;
        self.playback.walk(from, last, |step| {
            learn(done, &step);
            // What is set for the whole project, for another board perhaps, is no step of this one.
            let is_of_board = ActivityView::keys(&step.record.stream, step.models).contains(&key);
            if step.record.kind == RecordKind::Event && is_of_board {
                join(&mut steps, play_step(&step, done));
            }
            let is_end = step.record.number == step.end;
            if is_end && step.end.0 >= from.0 + STRETCH {
                upto = step.end;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        self.indexed = upto;
        // A step ends with its commit, whatever else of that commit shows elsewhere.
        lock(&self.shown).steps = Arc::new(steps);
        Ok(upto == last)
    }

    fn show(&mut self, step: usize) -> Result<(), PlaybackError> {
        let steps = Arc::clone(&lock(&self.shown).steps);
        let end = step.checked_sub(1).and_then(|at| steps.get(at)).map_or(Position::START, |step| step.end);
        let view = self.playback.at(end)?.view::<BoardView>(self.board);
        lock(&self.shown).board = Some((step, view));
        Ok(())
    }
}

/// Learns which columns hold what is done.
fn learn(done: &mut BTreeSet<ColumnId>, step: &Step<'_>) {
    let Some(ColumnEvent::Added { kind, .. } | ColumnEvent::KindSet { kind }) = step.record.event::<Column>() else {
        return;
    };
    let column = ColumnId(step.record.stream.id);
    if *kind == ColumnKind::Done {
        done.insert(column);
    } else {
        done.remove(&column);
    }
}

fn play_step(step: &Step<'_>, done: &BTreeSet<ColumnId>) -> PlayStep {
    let origin = step.record.origin;
    let event = step.record.event::<Card>();
    let typed_in = matches!(event, Some(CardEvent::Described { .. })).then(|| step.record.stream.clone());
    let is_begun = matches!(event, Some(CardEvent::Created { .. }));
    let is_finished = match event {
        Some(CardEvent::DoneSet { done }) => *done,
        Some(CardEvent::Moved { column, .. }) => done.contains(column),
        Some(_) | None => false,
    };
    PlayStep {
        end: step.end,
        at: origin.effective_time(),
        actor: origin.known_actor(),
        is_begun,
        is_finished,
        act: origin.claims.act,
        happened_at: origin.claims.happened_at,
        typed_in,
    }
}

/// Appends a step, or makes it a part of the last one.
fn join(steps: &mut Vec<PlayStep>, step: PlayStep) {
    let is_part = steps.last().is_some_and(|last| {
        let same_commit = last.end == step.end;
        let same_act = step.act.is_some() && last.act == step.act && last.happened_at == step.happened_at;
        let same_typing = step.typed_in.is_some()
            && last.typed_in == step.typed_in
            && last.actor == step.actor
            && step.at.0 - last.at.0 < TYPING_MS;
        same_commit || same_act || same_typing
    });
    match steps.last_mut().filter(|_| is_part) {
        Some(last) => {
            last.end = step.end;
            last.at = step.at;
            last.is_begun |= step.is_begun;
            last.is_finished |= step.is_finished;
            if last.typed_in != step.typed_in {
                last.typed_in = None;
            }
        }
        None => steps.push(step),
    }
}

#[cfg(test)]
mod tests {
    use recordplayer::id::Id;

    use super::*;

    fn step(end: u64, at: i64, act: Option<u8>, typed_in: Option<u8>) -> PlayStep {
        PlayStep {
            end: Position(end),
            at: Timestamp(at),
            actor: Some(ActorId(Id([1; 16]))),
            is_begun: false,
            is_finished: false,
            act: act.map(|act| ActId(Id([act; 16]))),
            happened_at: None,
            typed_in: typed_in.map(|card| StreamId::of::<Card>(Id([card; 16]))),
        }
    }

    fn ends(all: &[PlayStep]) -> Vec<u64> {
        let mut steps = Vec::new();
        all.iter().cloned().for_each(|step| join(&mut steps, step));
        steps.iter().map(|step| step.end.0).collect()
    }

    #[test]
    fn an_act_and_a_run_of_typing_are_one_step_each() {
        assert_eq!(ends(&[step(2, 0, None, None), step(4, 1, None, None)]), [2, 4]);
        assert_eq!(ends(&[step(2, 0, None, None), step(2, 0, None, None)]), [2], "one commit");
        assert_eq!(ends(&[step(2, 0, Some(1), None), step(4, 1, Some(1), None), step(6, 2, Some(2), None)]), [4, 6]);
        let typing = [step(2, 0, None, Some(9)), step(4, 50_000, None, Some(9)), step(6, 100_000, None, Some(9))];
        assert_eq!(ends(&typing), [6], "each pause is short");
        assert_eq!(ends(&[step(2, 0, None, Some(9)), step(4, 70_000, None, Some(9))]), [2, 4], "a long pause");
        assert_eq!(ends(&[step(2, 0, None, Some(9)), step(4, 1, None, Some(8))]), [2, 4], "another card");
    }

    #[test]
    fn what_an_import_claims_of_different_times_stays_apart() {
        let claimed = |end, at| PlayStep { happened_at: Some(Timestamp(at)), ..step(end, at, Some(1), None) };
        assert_eq!(ends(&[claimed(2, 10), claimed(4, 10), claimed(6, 20)]), [4, 6]);
    }
}
