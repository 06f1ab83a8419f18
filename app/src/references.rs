//! Cards in texts: kept by their ids, typed and read by their keys.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use recordplayer_client::Space;
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::key::CardRef;
use recordplayer_kanban::reference::{reference, replaced};
use recordplayer_kanban::view::{Found, KeysView};
use recordplayer_kanban::{Card, Project};

use crate::said::Names;

/// A text as it is kept: each key in it that leads to a card of this device is a reference to that.
pub(crate) fn kept(names: &Names<'_>, text: &str) -> String {
    with_references(text, |key| {
        let spaces = names.device.spaces().into_iter().filter(|info| info.space != names.space.id());
        let mut others = spaces.filter_map(|info| names.device.space(info.space));
        found(names.space, key).or_else(|| others.find_map(|other| found(&other, key)))
    })
}

/// A text as people read it: each card by the key that it has now, or else by what it was called.
pub(crate) fn read(names: &Names<'_>, text: &str) -> String {
    replaced(text, |card, called| names.key_today(card).unwrap_or_else(|| called.to_owned()))
}

/// The same for who can follow it: as links of Markdown.
pub(crate) fn linked(names: &Names<'_>, text: &str) -> String {
    replaced(text, |card, called| reference(&names.key_today(card).unwrap_or_else(|| called.to_owned()), card))
}

/// The card of a project that is called so there.
pub(crate) fn look_up(space: &Space, card: CardRef) -> (CardRef, Found) {
    let project = space.entity::<Project>(space.id().0);
    let card = project.by_its_key(card);
    let keys = space.view::<KeysView>(KeysView::key_of(&project.key, &card));
    let found = keys.find(&project.key, &card);
    (card, found)
}

fn found(space: &Space, key: &str) -> Option<CardId> {
    match look_up(space, key.parse().ok()?).1 {
        Found::One(card) => Some(card).filter(|card| space.entity::<Card>(card.0).exists()),
        Found::Nothing | Found::Several(_) => None,
    }
}

/// Neither in code nor in links: there a key is a part of something else.
fn with_references(text: &str, find: impl Fn(&str) -> Option<CardId>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut inside = 0;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_)) => inside += 1,
            Event::End(TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock) => inside -= 1,
            Event::Text(_) if inside == 0 => {
                for key in keys_in(text, range) {
                    if let Some(card) = find(&text[key.clone()]) {
                        out.push_str(&text[copied..key.start]);
                        out.push_str(&reference(&text[key.clone()], card));
                        copied = key.end;
                    }
                }
            }
            _ => {}
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// Where words stand that may be keys: in capitals, as keys are written, and with nothing behind them or in front that makes them a part of more.
fn keys_in(text: &str, within: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let is_of_key = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '~');
    let part = &text[within.clone()];
    let mut words = Vec::new();
    let mut from = 0;
    while let Some(begin) = part[from..].find(|letter: char| letter.is_ascii_uppercase()).map(|at| from + at) {
        let end = part[begin..].find(|letter| !is_of_key(letter)).map_or(part.len(), |at| begin + at);
        words.push(within.start + begin..within.start + end);
        from = end;
    }
    let is_whole = move |word: &Range<usize>| {
        let before = text[..word.start].chars().next_back();
        let mut behind = text[word.end..].chars();
        let (next, over_next) = (behind.next(), behind.next());
        let joins = |letter: char| {
            letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '/' | '\\' | '#' | '@' | '=' | '&' | '~')
        };
        let goes_on = next.is_some_and(joins)
            || (matches!(next, Some('.' | ':'))
                && over_next.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '/'));
        !goes_on && !before.is_some_and(|letter| joins(letter) || matches!(letter, '.' | '?'))
    };
    let is_key = |word: &str| {
        let prefix = word.split('-').next().unwrap_or_default();
        prefix.bytes().all(|byte| byte.is_ascii_uppercase())
            && matches!(word.parse(), Ok(CardRef::Key { .. } | CardRef::Provisional { .. }))
    };
    words.into_iter().filter(move |word| is_key(&text[word.clone()]) && is_whole(word))
}

#[cfg(test)]
mod tests {
    use recordplayer::id::Id;

    use super::*;

    fn kept(text: &str) -> String {
        let find = |key: &str| (key.starts_with("REC-")).then_some(CardId(Id([1; 16])));
        replaced(&with_references(text, find), |_, called| format!("<{called}>"))
    }

    #[test]
    fn keys_become_references() {
        assert_eq!(
            kept("REC-1, (REC-~7f3a) and REC-2. OTH-3 is none"),
            "<REC-1>, (<REC-~7f3a>) and <REC-2>. OTH-3 is none"
        );
        assert_eq!(kept("- *REC-1*: wait\n- **REC-2**?\n\n> REC-3"), "- *<REC-1>*: wait\n- **<REC-2>**?\n\n> <REC-3>");
        assert_eq!(kept("等REC-1完成"), "等<REC-1>完成", "where nobody writes spaces");
        assert_eq!(kept("REC-1\nREC-2"), "<REC-1>\n<REC-2>");
    }

    #[test]
    fn what_only_looks_like_a_key_stays() {
        for text in [
            "rec-1",
            "REC-",
            "REC-x",
            "XREC-1",
            "REC-1-2",
            "REC-1.txt",
            "https://example.org/REC-1",
            "<https://example.org/REC-1>",
            "[the REC-1](https://example.org)",
            "`REC-1`",
            "```\nREC-1\n```",
            "a/REC-1",
            "name@REC-1",
            "REC-1:8080",
        ] {
            assert_eq!(kept(text), text);
        }
    }

    #[test]
    fn what_is_kept_is_kept_as_it_is() {
        let once = with_references("See REC-1.", |_| Some(CardId(Id([1; 16]))));
        assert_eq!(with_references(&once, |_| Some(CardId(Id([2; 16])))), once);
    }
}
