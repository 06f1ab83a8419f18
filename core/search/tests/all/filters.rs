//! Filters beside a list that is gone through card by card.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use recordplayer_kanban::card::{Day, Effort, Priority};
use recordplayer_search::document::{CardDocument, Mark};

use crate::kit::{COLUMNS, Kit, LABELS, PEOPLE, TYPES, card, card_type, column, comment, label, person};

const WORDS: [&str; 4] = ["engine", "smoke", "room", "bug"];
const DAYS: [&str; 5] = ["2026-11-20", "2026-11-29", "2026-11-30", "2026-12-01", "2027-01-01"];
const TODAY: &str = "2026-11-30";

fn text() -> impl Strategy<Value = String> {
    vec(select(&WORDS[..]), 0..3).prop_map(|words| words.join(" "))
}

fn a_card() -> impl Strategy<Value = CardDocument> {
    let texts = (text(), text(), vec((text(), 0..3usize), 0..3));
    let ids = (btree_set(0..3usize, 0..3), btree_set(0..3usize, 0..3), proptest::option::of(0..2usize), 0..4usize);
    let values =
        (proptest::option::of(select(&DAYS[..])), proptest::option::of(0..4usize), proptest::option::of(0..4u32));
    let marks = (any::<bool>(), proptest::bool::weighted(0.2), any::<bool>());
    (texts, ids, values, marks).prop_map(|(texts, ids, values, marks)| {
        let (title, description, comments) = texts;
        let (labels, people, of_type, in_column) = ids;
        let (due, priority, points) = values;
        let mut made = CardDocument { description, ..card(0, &title) };
        for (number, (text, author)) in (0..).zip(comments) {
            let mut comment = comment(number, &text);
            comment.author = person(author);
            made.comments.push(comment);
        }
        made.labels = labels.into_iter().map(label).collect();
        made.people = people.into_iter().map(person).collect();
        made.card_type = of_type.map(card_type);
        made.column = Some(column(in_column));
        made.due = due.map(|day| day.parse().unwrap());
        made.priority = priority.map(|at| Priority::ALL[at]);
        made.points = points.map(|whole| Effort { hundredths: whole * 100 });
        let (is_done, is_archived, is_blocked) = marks;
        let so = [
            (Mark::Done, is_done),
            (Mark::Archived, is_archived),
            (Mark::Blocked, is_blocked),
            (Mark::HasComment, !made.comments.is_empty()),
            (Mark::HasDue, made.due.is_some()),
            (Mark::HasLabel, !made.labels.is_empty()),
            (Mark::HasPerson, !made.people.is_empty()),
        ];
        made.marks = so.into_iter().filter(|(_, is_so)| *is_so).map(|(mark, _)| mark).collect();
        made
    })
}

/// A part of a query, and which cards it is true of.
type Part = (String, fn(&CardDocument, usize) -> bool, usize);

fn part() -> impl Strategy<Value = Part> {
    let parts: Vec<Part> = (0..WORDS.len())
        .map(|at| (format!("{} ", WORDS[at]), has_word as fn(&CardDocument, usize) -> bool, at))
        .chain((0..3).map(|at| (format!("label:\"{}\"", LABELS[at]), has_label as _, at)))
        .chain((0..3).map(|at| (format!("assignee:\"{}\"", PEOPLE[at]), has_person as _, at)))
        .chain((0..3).map(|at| (format!("author:\"{}\"", PEOPLE[at]), has_author as _, at)))
        .chain((0..2).map(|at| (format!("type:{}", TYPES[at]), has_type as _, at)))
        .chain((0..4).map(|at| (format!("column:\"{}\"", COLUMNS[at]), is_in as _, at)))
        .chain((0..5).map(|at| (format!("due:<{}", DAYS[at]), is_due_before as _, at)))
        .chain((0..4).map(|at| (format!("priority:>={}", Priority::ALL[at].name()), is_as_urgent_as as _, at)))
        .chain((0..4).map(|at| (format!("points:{at}"), has_points as _, at)))
        .chain([
            ("board:web".to_owned(), always as _, 0),
            ("project:rec".to_owned(), always as _, 0),
            ("label:bug,ui".to_owned(), has_first_or_last_label as _, 0),
            ("assignee:me".to_owned(), has_person as _, 0),
            ("is:mine".to_owned(), has_person as _, 0),
            ("is:open".to_owned(), is_open as _, 0),
            ("is:done".to_owned(), is_done as _, 0),
            ("is:blocked".to_owned(), has_mark as _, Mark::Blocked as usize),
            ("is:unassigned".to_owned(), is_unassigned as _, 0),
            ("is:overdue".to_owned(), is_overdue as _, 0),
            ("has:comment".to_owned(), has_mark as _, Mark::HasComment as usize),
            ("has:due".to_owned(), has_mark as _, Mark::HasDue as usize),
            ("has:label".to_owned(), has_mark as _, Mark::HasLabel as usize),
            ("due:today".to_owned(), is_due_on as _, 2),
            ("due:<=1d".to_owned(), is_due_before as _, 4),
        ])
        .collect();
    select(parts)
}

fn always(_: &CardDocument, _: usize) -> bool {
    true
}

/// The word, or a label of that name.
fn has_word(card: &CardDocument, at: usize) -> bool {
    let texts = [&card.title, &card.description].into_iter().chain(card.comments.iter().map(|comment| &comment.text));
    let is_written = texts.into_iter().any(|text| text.split(' ').any(|word| word == WORDS[at]));
    is_written || WORDS[at] == "bug" && has_label(card, 0)
}

fn has_label(card: &CardDocument, at: usize) -> bool {
    card.labels.contains(&label(at))
}

fn has_first_or_last_label(card: &CardDocument, _: usize) -> bool {
    has_label(card, 0) || has_label(card, 2)
}

fn is_unassigned(card: &CardDocument, _: usize) -> bool {
    card.people.is_empty()
}

fn has_person(card: &CardDocument, at: usize) -> bool {
    card.people.contains(&person(at))
}

fn has_author(card: &CardDocument, at: usize) -> bool {
    card.comments.iter().any(|comment| comment.author == person(at))
}

fn has_type(card: &CardDocument, at: usize) -> bool {
    card.card_type == Some(card_type(at))
}

fn is_in(card: &CardDocument, at: usize) -> bool {
    card.column == Some(column(at))
}

fn is_due_before(card: &CardDocument, at: usize) -> bool {
    card.due.as_ref().is_some_and(|due| due.as_str() < DAYS[at])
}

fn is_due_on(card: &CardDocument, at: usize) -> bool {
    card.due.as_ref().map(Day::as_str) == Some(DAYS[at])
}

fn is_as_urgent_as(card: &CardDocument, at: usize) -> bool {
    card.priority.is_some_and(|priority| priority >= Priority::ALL[at])
}

fn has_points(card: &CardDocument, at: usize) -> bool {
    card.points.is_some_and(|points| points.hundredths as usize == at * 100)
}

fn has_mark(card: &CardDocument, mark: usize) -> bool {
    card.marks.iter().any(|other| *other as usize == mark)
}

fn is_done(card: &CardDocument, _: usize) -> bool {
    card.marks.contains(&Mark::Done) || is_in(card, 2) || is_in(card, 3)
}

fn is_archived(card: &CardDocument) -> bool {
    card.marks.contains(&Mark::Archived) || is_in(card, 3)
}

fn is_open(card: &CardDocument, _: usize) -> bool {
    !is_done(card, 0) && !is_archived(card)
}

fn is_overdue(card: &CardDocument, _: usize) -> bool {
    is_open(card, 0) && card.due.as_ref().is_some_and(|due| due.as_str() < TODAY)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_a_look_at_each_card_finds(
        cards in vec(a_card(), 1..30),
        queries in vec(vec((part(), any::<bool>()), 1..4), 20),
    ) {
        let cards: Vec<_> = (1..).zip(cards).map(|(number, made)| {
            let CardDocument { card: id, number, .. } = card(number, "");
            CardDocument { card: id, number, ..made }
        }).collect();
        let kit = Kit::new(&cards);
        for parts in queries {
            let written = |((text, ..), is_negated): &(Part, bool)| format!("{}{text}", if *is_negated { "-" } else { "" });
            let query = parts.iter().map(written).collect::<Vec<_>>().join(" ");
            let holds = |card: &CardDocument| parts.iter().all(|((_, holds, at), is_negated)| holds(card, *at) != *is_negated);
            let expected = cards.iter().filter(|card| !is_archived(card) && holds(card));
            let mut expected: Vec<u8> = expected.map(|card| card.card.0.bytes()[0]).collect();
            let mut found = kit.numbers(&query);
            prop_assert_eq!(kit.search(&query).total, found.len(), "{}", &query);
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected, "{}", query);
        }
    }
}
