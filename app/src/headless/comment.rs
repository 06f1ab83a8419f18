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
    called(&edit::people(place), text)
}

/// Letters of the other case are no other name, unless somebody has that.
fn called<T: Copy + Ord>(people: &[(T, String)], text: &str) -> BTreeSet<T> {
    let mut called = BTreeSet::new();
    for (at, sign) in text.match_indices('@') {
        // An address of mail or of the web calls nobody.
        let is_part =
            text[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || ".-_/`".contains(before));
        let rest = &text[at + sign.len()..];
        let ends = |name: &str| {
            let mut behind = rest[name.len()..].chars();
            let (next, over_next) = (behind.next(), behind.next());
            let joins = |letter: char| letter.is_alphanumeric() || letter == '_';
            let goes_on = matches!(next, Some('-' | '.')) && over_next.is_some_and(joins);
            !goes_on && !next.is_some_and(joins)
        };
        let named = |is_it: &dyn Fn(&str, &str) -> bool| -> Vec<T> {
            let is_called = |name: &str| {
                !name.is_empty() && rest.get(..name.len()).is_some_and(|begin| is_it(begin, name)) && ends(name)
            };
            people.iter().filter(|(_, name)| is_called(name)).map(|(person, _)| *person).collect()
        };
        if is_part {
            continue;
        }
        let exactly = named(&|begin, name| begin == name);
        let alike = || named(&|begin, name| begin.to_lowercase() == name.to_lowercase());
        called.extend(if exactly.is_empty() { alike() } else { exactly });
    }
    called
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_called_by_name_is_called_and_nobody_else() {
        let people = [(1, "ann".to_owned()), (2, "Rea".to_owned()), (3, "Bo Ek".to_owned()), (4, "rea".to_owned())];
        let called = |text: &str| called(&people, text).into_iter().collect::<Vec<_>>();
        assert_eq!(called("@ann, @Bo Ek: look"), [1, 3]);
        assert_eq!(called("Thanks @Ann!"), [1], "there is no other");
        assert_eq!(called("@Rea and not the other"), [2]);
        assert_eq!(called("(@ann)"), [1]);
        for text in
            ["bob@ann.com", "http://x.org/@ann/repo", "`@ann`", "@ann-marie", "@anna", "ann", "@", "@ann.example"]
        {
            assert!(called(text).is_empty(), "{text}");
        }
    }
}
