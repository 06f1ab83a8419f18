//! Taking back what was done here: one act of the person, or a whole import.

use std::collections::BTreeSet;

use recordplayer::claims::Claims;
use recordplayer::entity::Entity;
use recordplayer::id::{ActId, CommandId};
use recordplayer::playback::PlaybackError;
use recordplayer::record::{Record, StreamId};
use recordplayer::replica::{Replica, TextEdit, TextWork, Wish};
use recordplayer_client::{SendError, Space, Ticket};
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::undo::{Undo, UndoAct, undo};
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
    send(space, planned)
}

/// Takes back a whole act, such as an import.
pub(crate) fn take_back_act(space: &Space, act: ActId) -> Result<TakenBack, SendError> {
    let planned = space.inspect(|replica| {
        let streams = replica.streams_of_act(act).map_err(not_there)?;
        plan(replica, &streams, &|record| record.origin.claims.act == Some(act))
    })??;
    send(space, planned)
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
    for step in planned.steps {
        let claims = Claims { undoes: Some(step.undoes), ..Claims::of_act(act) };
        let command = space.fresh_command();
        let stream = match &step.what {
            UndoAct::Send { intent } => intent.stream.clone(),
            UndoAct::Describe { card, .. } => StreamId::of::<Card>(card.0),
        };
        taken.done.streams.insert(stream.clone());
        let sent = match step.what {
            UndoAct::Send { intent } => {
                space.submit(Wish { claims, ..Wish::new(command, intent) }).map(|ticket| vec![ticket])
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
                taken.tickets.extend(tickets);
            }
            Err(SendError::Refused(why)) if why.code != "outbox_full" => {
                taken.left.push(about(space, &stream, &why.message));
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
