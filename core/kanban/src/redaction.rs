//! What goes with an event whose content is taken out of the history.
//!
//! That a card was created, or a comment written, is told to its column, or its card, by an event of theirs in the same commit. Without the
//! first the second would count what is not there.

use recordplayer::id::Id;
use recordplayer::record::Record;

use crate::card::{Card, CardEvent};
use crate::column::{Column, ColumnEvent};
use crate::comment::{Comment, CommentEvent};

/// The thing that an event brings into the project, where others count it.
pub fn brings(record: &Record) -> Option<Id> {
    let is_card = matches!(record.event::<Card>(), Some(CardEvent::Created { .. }));
    let is_comment = matches!(record.event::<Comment>(), Some(CommentEvent::Written { .. }));
    (is_card || is_comment).then_some(record.stream.id)
}

/// The thing that an event of another one counts from then on.
pub fn counts(record: &Record) -> Option<Id> {
    match (record.event::<Column>(), record.event::<Card>()) {
        (Some(ColumnEvent::CardEntered { card, .. }), _) => Some(card.0),
        (_, Some(CardEvent::CommentAdded { comment })) => Some(comment.0),
        _ => None,
    }
}
