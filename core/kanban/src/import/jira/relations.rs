//! Links between issues as relations between cards.

use std::collections::BTreeSet;

use super::super::source::{LeftOut, SourceId, SourceRelation};
use super::wire::{WireFields, WireLink};
use crate::card::RelationKind;

/// What an issue is to others.
#[derive(Debug, Default)]
pub(super) struct Related {
    /// To issues of the file.
    pub relations: Vec<SourceRelation>,
    /// To other issues: in words, and the other one's key.
    pub elsewhere: Vec<(String, String)>,
    /// How many of those are links, and not parents.
    pub links_elsewhere: u64,
}

/// `here` are the keys of the file's issues.
pub(super) fn related(key: &str, fields: &WireFields, here: &BTreeSet<String>, left_out: &mut LeftOut) -> Related {
    let mut related = Related::default();
    for link in &fields.links {
        let Some((phrase, other)) = ends(link) else {
            left_out.add("links", "they do not tell to which issue", 1);
            continue;
        };
        if other == key {
            left_out.add("links", "they lead from an issue to itself", 1);
        } else if here.contains(other) {
            let kind = kind_of(phrase);
            let is_said = kind != RelationKind::RelatesTo || phrase.to_lowercase().contains("relate");
            let why = "there is no such relation here; they come in as \"relates to\"";
            left_out.add(&format!("kinds of links: {}", name_of(link)), why, u64::from(!is_said));
            related.relations.push(SourceRelation { kind, to: SourceId(other.to_owned()) });
        } else {
            related.links_elsewhere += 1;
            related.elsewhere.push((phrase.to_owned(), other.to_owned()));
        }
    }
    let why = "the other issue is not in the file; its key comes in as text, and as a link where the site is known";
    left_out.add("links", why, related.links_elsewhere);
    let whole = fields.parent.as_ref().or(fields.epic.as_ref()).map(|whole| whole.key.as_str()).unwrap_or_default();
    if here.contains(whole) && whole != key {
        let relation = SourceRelation { kind: RelationKind::PartOf, to: SourceId(whole.to_owned()) };
        related.relations.push(relation);
    } else if !whole.is_empty() {
        left_out.add("parents", why, 1);
        related.elsewhere.push(("is part of".to_owned(), whole.to_owned()));
    }
    related
}

/// What this issue is to the other one, in the link's words, and the other one's key.
fn ends(link: &WireLink) -> Option<(&str, &str)> {
    let (phrase, other) = match (&link.outward_issue, &link.inward_issue) {
        (Some(other), _) => (&link.kind.outward, other),
        (None, Some(other)) => (&link.kind.inward, other),
        (None, None) => return None,
    };
    let phrase = if phrase.is_empty() { "is linked to" } else { phrase };
    (!other.key.is_empty()).then_some((phrase, other.key.as_str()))
}

fn kind_of(phrase: &str) -> RelationKind {
    let phrase = phrase.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| phrase.contains(word));
    if is(&["blocked by", "depends on", "requires", "depends upon"]) {
        RelationKind::BlockedBy
    } else if is(&["blocks", "depended on by", "depended upon by", "required by", "is dependent of"]) {
        RelationKind::Blocks
    } else {
        RelationKind::RelatesTo
    }
}

/// The link's kind in a line of what is not imported; endless ones share a line.
fn name_of(link: &WireLink) -> &str {
    let name = link.kind.name.as_str();
    let is_plain =
        (1..=40).contains(&name.len()) && name.chars().all(|letter| letter.is_alphanumeric() || letter == ' ');
    if is_plain { name } else { "others" }
}
