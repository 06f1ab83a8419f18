//! Taking back what was done here: one act of the person, or a whole import.

use std::collections::BTreeSet;

use recordplayer::claims::Claims;
use recordplayer::id::{ActId, CommandId};
use recordplayer::playback::PlaybackError;
use recordplayer::record::{Record, StreamId};
use recordplayer::replica::{Replica, TextEdit, TextWork, Wish};
use recordplayer_client::{SendError, Space, Ticket};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::undo::{Undo, UndoAct, undo};

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
    /// What stays as it is, each with why.
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
        PlaybackError::NotYet { .. } | PlaybackError::Read(_) => SendError::NotThere(error.to_string()),
    }
}

fn plan(replica: &Replica, streams: &BTreeSet<StreamId>, is_ours: &dyn Fn(&Record) -> bool) -> Result<Undo, SendError> {
    let read = |stream: &StreamId| Ok((stream.clone(), replica.stream_records(stream).map_err(not_there)?));
    let streams = streams.iter().map(read).collect::<Result<Vec<_>, SendError>>()?;
    Ok(undo(&streams, &replica.models(), is_ours)?)
}

fn send(space: &Space, planned: Undo) -> Result<TakenBack, SendError> {
    let act = space.fresh_act();
    let mut taken = TakenBack { left: planned.left.into_iter().map(|(_, why)| why).collect(), ..TakenBack::default() };
    for step in planned.steps {
        let claims = Claims { undoes: Some(step.undoes), ..Claims::of_act(act) };
        let command = space.fresh_command();
        let sent = match step.what {
            UndoAct::Send { intent } => {
                taken.done.streams.insert(intent.stream.clone());
                space.submit(Wish { claims, ..Wish::new(command, intent) }).map(|ticket| vec![ticket])
            }
            UndoAct::Describe { card, text } => {
                taken.done.streams.insert(StreamId::of::<Card>(card.0));
                space.send_edit(&TextEdit::<Card> {
                    command,
                    entity: card.0,
                    claims,
                    work: TextWork::Replace(&text),
                    make: |change| CardCommand::Describe { change },
                })
            }
        };
        match sent {
            Ok(tickets) => {
                taken.done.commands.extend(tickets.iter().map(Ticket::command));
                taken.tickets.extend(tickets);
            }
            Err(SendError::Refused(why)) if why.code != "outbox_full" => taken.left.push(why.message),
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}
