//! Cards that a text refers to: by their ids, so that whoever reads it sees what they are called by then.
//!
//! ```text
//!  typed         Wait for REC-~7f3a
//!  in the log    Wait for [REC-~7f3a](card:7f3a0c…)      a link of Markdown, whose words are what the card was called then
//!  shown         Wait for REC-12
//! ```

use recordplayer::id::Id;

use crate::ids::CardId;

/// How the address of a card in a text begins; its id follows.
pub const SCHEME: &str = "card:";

const ID_DIGITS: usize = 32;

/// A card in a text, by what it is called now.
pub fn reference(called: &str, card: CardId) -> String {
    format!("[{called}]({SCHEME}{card})")
}

/// The card of an address, if it is one of a card.
pub fn card_at(address: &str) -> Option<CardId> {
    let digits = address.strip_prefix(SCHEME).filter(|digits| digits.len() == ID_DIGITS)?;
    digits.parse::<Id>().ok().map(CardId)
}

/// The text with something else in the place of each reference, given the card and what it was called.
pub fn replaced(text: &str, mut show: impl FnMut(CardId, &str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((begin, end, card)) = next(rest) {
        let called = &rest[begin + 1..end - closing_bytes()];
        out.push_str(&rest[..begin]);
        out.push_str(&show(card, called));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// A text with what its cards were called when it was written.
pub fn as_written(text: &str) -> String {
    replaced(text, |_, called| called.to_owned())
}

/// `](card:…)`
const fn closing_bytes() -> usize {
    "](".len() + SCHEME.len() + ID_DIGITS + ")".len()
}

/// Where the next reference begins and ends, and its card.
fn next(text: &str) -> Option<(usize, usize, CardId)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("](card:") {
        let closing = from + found;
        from = closing + 1;
        let end = closing + closing_bytes();
        let address = text.get(closing + "](".len()..end.saturating_sub(1));
        let Some(card) = address.and_then(card_at).filter(|_| text.as_bytes().get(end - 1) == Some(&b')')) else {
            continue;
        };
        // What it was called stands on one line, and has no brackets.
        let begin = text[..closing].rfind(['[', ']', '\n']);
        if let Some(begin) = begin.filter(|begin| text.as_bytes()[*begin] == b'[') {
            return Some((begin, end, card));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: CardId = CardId(Id([0x7f; 16]));

    fn shown(text: &str) -> String {
        replaced(text, |card, called| {
            assert_eq!(card, CARD);
            format!("<{called}>")
        })
    }

    #[test]
    fn each_reference_is_replaced_and_nothing_else() {
        let card = reference("REC-~7f7f", CARD);
        assert_eq!(card, format!("[REC-~7f7f](card:{})", "7f".repeat(16)));
        assert_eq!(shown(&format!("Wait for {card}, then {card}.")), "Wait for <REC-~7f7f>, then <REC-~7f7f>.");
        assert_eq!(shown(&format!("[not this] {card}")), "[not this] <REC-~7f7f>");
        assert_eq!(shown(&format!("Ä{card}ö")), "Ä<REC-~7f7f>ö");
        assert_eq!(as_written(&card), "REC-~7f7f");
        for text in ["", "[REC-1](card:12)", "](card:", "[a](card:zz)", "[REC-1](https://example.org)", &card[1..]] {
            assert_eq!(shown(text), text);
        }
        let over_two_lines = card.replace('~', "\n");
        assert_eq!(shown(&over_two_lines), over_two_lines);
        let cut = &card[..card.len() - 1];
        assert_eq!(shown(cut), cut);
        assert_eq!(shown(&format!("{cut}ä")), format!("{cut}ä"), "a letter of two bytes where the end would be");
    }

    #[test]
    fn an_address_names_a_card_or_none() {
        assert_eq!(card_at(&format!("card:{CARD}")), Some(CARD));
        for text in ["card:", "card:7f", "https://example.org", "card:zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert_eq!(card_at(text), None, "{text}");
        }
    }
}
