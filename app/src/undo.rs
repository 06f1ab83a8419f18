//! Taking back what was done here: one act of the person, or a whole import.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use recordplayer::Models;
use recordplayer::claims::Claims;
use recordplayer::entity::Entity;
use recordplayer::id::{ActId, CommandId, Id};
use recordplayer::playback::PlaybackError;
use recordplayer::record::{Record, StreamId};
use recordplayer::replica::{Deed, Replica, TextEdit, TextWork, Wish};
use recordplayer_client::{SendError, Space, Ticket};
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::undo::{Undo, UndoAct, UndoStep, undo};
use recordplayer_kanban::view::happened;
use recordplayer_kanban::{Card, Comment};

/// Commands that were done as one, and can be taken back as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub commands: BTreeSet<CommandId>,
    pub streams: BTreeSet<StreamId>,
}

/// What came of taking something back.
#[derive(Debug, Default)]
pub(crate) struct TakenBack {
    /// What takes it back, to be taken back in its turn.
    pub done: Done,
    pub tickets: Vec<Ticket>,
    /// What stays as it is, each with why; cards stand there by their ids.
    pub left: Vec<String>,
}

/// Takes back what was done, where nobody else has changed it since.
pub(crate) fn take_back(space: &Space, done: &Done) -> Result<TakenBack, SendError> {
    let planned = space
        .inspect(|replica| plan(replica, &done.streams, &|record| done.commands.contains(&record.origin.command)))??;
    let mut taken = send(space, planned)?;
    if taken.tickets.is_empty() && taken.left.is_empty() {
        taken.left.push(NOT_REACHED.to_owned());
    }
    Ok(taken)
}

/// Why nothing is taken back, where nothing else says it.
const NOT_REACHED: &str = "It was taken back already, or an undo does not reach it, as who belongs to the project and in which role: change that by hand";

/// Takes back a whole act, such as an import.
pub(crate) fn take_back_act(space: &Space, act: ActId) -> Result<TakenBack, SendError> {
    let planned = space.inspect(|replica| {
        let streams = replica.streams_of_act(act).map_err(not_there)?;
        plan(replica, &streams, &|record| record.origin.claims.act == Some(act))
    })??;
    send(space, planned)
}

/// What a person means to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The last thing that they did on this device and have not taken back.
    Last,
    /// The last thing that they took back here, to be done again: as long as they did nothing else since.
    LastUndone,
    /// A command, or an act of several, by its id.
    Named(Id),
}

/// What is meant, if there is such a thing.
pub(crate) fn find(space: &Space, which: Which) -> Result<Option<Done>, SendError> {
    let deeds = space.inspect(Replica::own_deeds)?.map_err(not_there)?;
    let meant = match which {
        Which::Last => standing(&deeds).first().copied(),
        Which::LastUndone => last_undone(&deeds),
        Which::Named(id) => {
            deeds.iter().find(|deed| deed.command.0 == id || deed.claims.act.is_some_and(|act| act.0 == id))
        }
    };
    Ok(meant.map(|meant| whole(meant, &deeds)))
}

/// A deed with all that was done as one with it.
fn whole(meant: &Deed, deeds: &[Deed]) -> Done {
    let together = |deed: &&Deed| match meant.claims.act {
        Some(act) => deed.claims.act == Some(act),
        None => deed.command == meant.command,
    };
    let mut done = Done::default();
    for deed in deeds.iter().filter(together) {
        done.commands.insert(deed.command);
        done.streams.extend(deed.streams.iter().cloned());
    }
    done
}

/// What somebody did before something that cannot be taken back.
#[derive(Clone, Debug)]
pub(crate) struct Earlier {
    /// By which it is taken back.
    pub id: Id,
    /// With ids where people read names.
    pub what: String,
}

/// The last thing before this one that can be taken back. Nobody means it who only says "undo": what came later stays.
pub(crate) fn earlier(space: &Space, than: &Done) -> Result<Option<Earlier>, SendError> {
    let found = space.inspect(|replica| {
        let deeds = replica.own_deeds().map_err(not_there)?;
        let standing = standing(&deeds);
        let before = standing.iter().skip_while(|deed| !than.commands.contains(&deed.command)).skip(1);
        for deed in before.take(EARLIER_MAX) {
            let done = whole(deed, &deeds);
            let planned = plan(replica, &done.streams, &|record| done.commands.contains(&record.origin.command))?;
            // What is about cards that are elsewhere is refused.
            let models = replica.models();
            let is_here = |step: &UndoStep| match &step.what {
                UndoAct::Send { intent } => is_about_here(&intent.stream, &models),
                UndoAct::Describe { card, .. } => models.get::<Card>(*card).is_here(),
            };
            if !planned.steps.iter().any(is_here) {
                continue;
            }
            if let Some(what) = told(replica, &done)? {
                return Ok(Some(Earlier { id: deed.claims.act.map_or(deed.command.0, |act| act.0), what }));
            }
        }
        Ok::<_, SendError>(None)
    });
    found?
}

fn is_about_here(stream: &StreamId, models: &Models<'_>) -> bool {
    match &*stream.kind {
        Card::KIND => models.get::<Card>(stream.id).is_here(),
        Comment::KIND => models.get::<Comment>(stream.id).card.is_some_and(|card| models.get::<Card>(card).is_here()),
        _ => true,
    }
}

/// What was done, in words with ids where people read names: the first thing of it.
fn told(replica: &Replica, done: &Done) -> Result<Option<String>, SendError> {
    let mut records = Vec::new();
    for stream in &done.streams {
        records.extend(replica.stream_records(stream).map_err(not_there)?);
    }
    records.retain(|record| done.commands.contains(&record.origin.command));
    records.sort_by_key(|record| record.number);
    let models = replica.models();
    // Of an import, that it was one.
    let import = records.iter().filter(|record| &*record.name == "board.imported");
    let first = import.chain(&records).find_map(|record| happened(record, &models));
    Ok(first.map(|activity| {
        let about = activity.card.map(|card| format!("{card}: ")).unwrap_or_default();
        about + &activity.what
    }))
}

/// What somebody did, to be named by who takes it back.
pub(crate) fn what_was_done(space: &Space, done: &Done) -> Result<Option<String>, SendError> {
    space.inspect(|replica| told(replica, done))?
}

/// So far back it is looked for what can be taken back.
const EARLIER_MAX: usize = 50;

/// What the person did here and has not taken back, the last first. What was taken back and done again is the doing again.
///
/// ```text
///   A   B   undo B   undo A   redo A        undo: redo A        redo: undo B
/// ```
fn standing(deeds: &[Deed]) -> Vec<&Deed> {
    let (mut standing, mut acts) = (Vec::new(), BTreeSet::new());
    walk_back(deeds, false, |deed| {
        if deed.claims.act.is_none_or(|act| acts.insert(act)) {
            standing.push(deed);
        }
        ControlFlow::Continue(())
    });
    standing
}

/// The last thing that was taken back here, while nothing else was done since. To do it again is to take the taking back back.
fn last_undone(deeds: &[Deed]) -> Option<&Deed> {
    let mut found = None;
    walk_back(deeds, true, |deed| {
        found = Some(deed);
        ControlFlow::Break(())
    });
    found
}

fn walk_back<'a>(deeds: &'a [Deed], is_redo: bool, mut meet: impl FnMut(&'a Deed) -> ControlFlow<()>) {
    let undoes: BTreeMap<CommandId, CommandId> =
        deeds.iter().filter_map(|deed| Some((deed.command, deed.claims.undoes?))).collect();
    let is_undo = |deed: &Deed| {
        let chain = std::iter::successors(Some(deed.command), |command| undoes.get(command).copied());
        chain.count() % 2 == 0
    };
    let (mut taken_back, mut acts) = (BTreeSet::new(), BTreeSet::new());
    for deed in deeds.iter().rev().filter(|deed| !deed.streams.is_empty()) {
        // Of an act that was taken back, not each command is named: where one of them set what another had set, the last is.
        let of_act = |act: &ActId| acts.contains(act);
        if taken_back.contains(&deed.command) || deed.claims.act.as_ref().is_some_and(of_act) {
            acts.extend(deed.claims.act);
            continue;
        }
        match (deed.claims.undoes, is_undo(deed)) {
            // What they did on another device is for that one to take back.
            (None, _) if !deed.is_here => {}
            (Some(undone), _) if !deed.is_here => {
                taken_back.insert(undone);
            }
            (Some(undone), is_undo) if is_undo != is_redo => {
                taken_back.insert(undone);
            }
            (None, _) if is_redo => return,
            (Some(_) | None, _) => {
                if meet(deed).is_break() {
                    return;
                }
            }
        }
    }
}

fn not_there(error: PlaybackError) -> SendError {
    match error {
        PlaybackError::NotHere { here } => SendError::NoHistory { here },
        PlaybackError::NotYet { .. } | PlaybackError::Read(_) => SendError::Unreadable(error.to_string()),
    }
}

fn plan(replica: &Replica, streams: &BTreeSet<StreamId>, is_ours: &dyn Fn(&Record) -> bool) -> Result<Undo, SendError> {
    let read = |stream: &StreamId| Ok((stream.clone(), replica.stream_records(stream).map_err(not_there)?));
    let streams = streams.iter().map(read).collect::<Result<Vec<_>, SendError>>()?;
    Ok(undo(&streams, &replica.models(), is_ours)?)
}

fn send(space: &Space, planned: Undo) -> Result<TakenBack, SendError> {
    let act = space.fresh_act();
    let left = planned.left.into_iter().map(|(stream, why)| about(space, &stream, &why)).collect();
    let mut taken = TakenBack { left, ..TakenBack::default() };
    let mut sent_to: BTreeMap<StreamId, Vec<CommandId>> = BTreeMap::new();
    let mut refused = BTreeSet::new();
    for step in planned.steps {
        if step.with.as_ref().is_some_and(|with| refused.contains(with)) {
            continue;
        }
        // What is refused later takes along what belongs to it.
        let requires = step.with.as_ref().and_then(|with| sent_to.get(with)).cloned().unwrap_or_default();
        let claims = Claims { undoes: Some(step.undoes), ..Claims::of_act(act) };
        let command = space.fresh_command();
        let stream = match &step.what {
            UndoAct::Send { intent } => intent.stream.clone(),
            UndoAct::Describe { card, .. } => StreamId::of::<Card>(card.0),
        };
        taken.done.streams.insert(stream.clone());
        let sent = match step.what {
            UndoAct::Send { intent } => {
                space.submit(Wish { claims, requires, ..Wish::new(command, intent) }).map(|ticket| vec![ticket])
            }
            UndoAct::Describe { card, text } => space.send_edit(&TextEdit::<Card> {
                command,
                entity: card.0,
                claims,
                work: TextWork::Replace(&text),
                make: |change| CardCommand::Describe { change },
            }),
        };
        match sent {
            Ok(tickets) => {
                taken.done.commands.extend(tickets.iter().map(Ticket::command));
                sent_to.entry(stream).or_default().extend(tickets.iter().map(Ticket::command));
                taken.tickets.extend(tickets);
            }
            Err(SendError::Refused(why)) if why.code != "outbox_full" => {
                taken.left.push(about(space, &stream, &why.message));
                refused.insert(stream);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

/// The sentence, behind the card that it is about.
fn about(space: &Space, stream: &StreamId, why: &str) -> String {
    let card = match &*stream.kind {
        Card::KIND => Some(CardId(stream.id)),
        Comment::KIND => space.entity::<Comment>(stream.id).card,
        _ => None,
    };
    card.map_or_else(|| why.to_owned(), |card| format!("{card}: {why}"))
}
