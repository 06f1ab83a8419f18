//! What is longer in the source than it may be here.

use recordplayer::limits::TEXT_BYTES_MAX;

use super::super::source::{NotImported, SourceBoard, SourceValue};
use crate::limits::{COMMENT_BYTES_MAX, NAME_BYTES_MAX, TITLE_BYTES_MAX, VALUE_BYTES_MAX};

/// A line for each kind of text that is cut off.
pub(super) fn shortened(source: &SourceBoard) -> Vec<NotImported> {
    let cards = &source.cards;
    let checklists = || cards.iter().flat_map(|card| &card.checklists);
    let names = source.lists.iter().map(|list| &list.name);
    let names = names.chain(source.labels.iter().map(|label| &label.name));
    let names = names.chain(source.members.iter().map(|member| &member.full_name));
    let names = names.chain(source.fields.iter().map(|field| &field.name));
    let names = names.chain(source.types.iter().map(|card_type| &card_type.name));
    let names = names.chain(checklists().map(|list| &list.name));
    let names = names.chain(cards.iter().flat_map(|card| &card.attachments).map(|link| &link.name));
    let values = cards.iter().flat_map(|card| &card.field_values).filter_map(|value| match &value.value {
        SourceValue::Text(text) | SourceValue::Number(text) => Some(text),
        SourceValue::Date(_) | SourceValue::Checked(_) | SourceValue::Option(_) | SourceValue::Person(_) => None,
    });
    let lines = [
        line("ends of titles", cards.iter().map(|card| &card.name), TITLE_BYTES_MAX),
        line("ends of descriptions", cards.iter().map(|card| &card.desc), TEXT_BYTES_MAX),
        line("ends of comments", cards.iter().flat_map(|card| &card.comments).map(|one| &one.text), COMMENT_BYTES_MAX),
        line(
            "ends of checklist items",
            checklists().flat_map(|list| &list.items).map(|item| &item.name),
            COMMENT_BYTES_MAX,
        ),
        line("ends of names", names, NAME_BYTES_MAX),
        line("ends of values", values, VALUE_BYTES_MAX),
    ];
    lines.into_iter().flatten().collect()
}

fn line<'a>(what: &str, texts: impl Iterator<Item = &'a String>, max: usize) -> Option<NotImported> {
    let count = texts.filter(|text| text.len() > max).count() as u64;
    let why = format!("they have at most {max} bytes here, and what is behind is cut off");
    (count > 0).then(|| NotImported { what: what.to_owned(), why, count })
}
