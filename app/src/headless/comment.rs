//! What people say on cards.

use std::collections::BTreeSet;

use recordplayer_kanban::Comment;
use recordplayer_kanban::comment::{CommentCommand as Do, CommentKind};
use recordplayer_kanban::ids::{CardId, CommentId, PersonId};
use serde_json::json;

use super::answer::{Answer, Failure, WRONG_USE};
use super::arguments::{CommentArguments, CommentCommand};
use super::card::keeping;
use super::place::Place;
use super::{edit, send};
use crate::references;

pub(crate) fn run(place: &Place<'_>, arguments: &CommentArguments) -> Result<Answer, Failure> {
    let kept = |text: &str| references::kept(&place.names(), text);
    let (id, key, text, command, done) = match (&arguments.command, &arguments.key, &arguments.text) {
        (Some(CommentCommand::Edit { id, text }), ..) => {
            let (id, card) = comment_of(place, id)?;
            let edit = Do::Edit { text: kept(text), mentions: mentions(place, text) };
            (id, place.key_of(card), text.as_str(), edit, "Changed the comment on")
        }
        (Some(CommentCommand::Delete { id }), ..) => {
            let (id, card) = comment_of(place, id)?;
            (id, place.key_of(card), "", Do::Delete {}, "Deleted the comment on")
        }
        (None, Some(key), Some(text)) => {
            let (id, card) = (CommentId(place.space.fresh_id()), place.card(key)?);
            let kind = if arguments.journal { CommentKind::Journal } else { CommentKind::Talk };
            let mentions = mentions(place, text);
            let write = Do::Write { card, text: kept(text), author: None, kind, mentions };
            (id, place.key_of(card), text.as_str(), write, "Commented on")
        }
        (None, ..) => {
            let help = "See \"recordplayer comment --help\"";
            return Err(Failure::new(WRONG_USE, "no_comment", "Say on which card, and what", help));
        }
    };
    let sent = place.space.send::<Comment>(id, &command);
    let ticket = keeping(place, &format!("comment {key}"), text, sent)?;
    send::settle(place, std::slice::from_ref(&ticket))?;
    let json = json!({ "key": key, "id": id.to_string(), "command": ticket.command().to_string() });
    Ok(Answer::new(json, format!("{done} {key}")))
}

/// A comment by its id, and its card.
fn comment_of(place: &Place<'_>, text: &str) -> Result<(CommentId, CardId), Failure> {
    let id = text.parse::<CommentId>().ok();
    let found = id.and_then(|id| Some((id, place.space.entity::<Comment>(id).card?)));
    found.ok_or_else(|| {
        let message = format!("There is no comment {text:?}");
        Failure::new(WRONG_USE, "unknown_comment", message, "See \"recordplayer card KEY --json\" for their ids")
    })
}

/// Whom a text calls: `@name`, where a name may have several words.
fn mentions(place: &Place<'_>, text: &str) -> BTreeSet<PersonId> {
    let people = edit::people(place);
    let calls = |name: &str| {
        text.match_indices('@').any(|(at, sign)| {
            let rest = &text[at + sign.len()..];
            rest.strip_prefix(name).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        })
    };
    people.into_iter().filter(|(_, name)| !name.is_empty() && calls(name)).map(|(person, _)| person).collect()
}
