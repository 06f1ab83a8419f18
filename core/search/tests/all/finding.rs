//! Which cards are found, in which order, and what of them is told.

use recordplayer_search::Place;
use recordplayer_search::document::Mark;

use crate::kit::{Kit, card, comment, label, option, person};

#[test]
fn titles_count_more_than_descriptions_and_descriptions_more_than_comments() {
    let mut in_comment = card(1, "a");
    in_comment.comments.push(comment(1, "engine"));
    let mut in_rest = card(2, "b");
    in_rest.rest.push("engine".to_owned());
    let mut in_description = card(3, "c");
    in_description.description = "something about an engine among many other words ".repeat(5);
    let in_title = card(4, "a rather long title in which the engine is only one of many words that stand there");
    let kit = Kit::new(&[in_comment, in_rest, in_description, in_title]);
    assert_eq!(kit.numbers("engine "), [4, 3, 2, 1]);
}

#[test]
fn words_may_stand_apart_and_the_card_comes_once() {
    let mut one = card(1, "Engine room");
    one.comments = vec![comment(1, "smoke again"), comment(2, "smoke and fire")];
    let mut two = card(2, "Engine");
    two.description = "smoke".to_owned();
    let kit = Kit::new(&[one, two, card(3, "smoke")]);
    assert_eq!(kit.numbers("smoke engine fire "), [1]);
    assert_eq!(kit.search("smoke ").total, 3);
    assert_eq!(kit.numbers("smoke -fire -room engine "), [2]);
    let found = kit.search("engine fire ");
    let excerpt = found.hits[0].excerpt.as_ref().unwrap();
    assert_eq!(excerpt.place, Place::Comment(comment(2, "").comment));
    let marked: Vec<&str> = excerpt.text.ranges.iter().map(|range| &excerpt.text.text[range.clone()]).collect();
    assert_eq!(marked, ["fire"]);
    assert_eq!(found.hits[0].title.ranges, vec![0..6; 1]);
}

#[test]
fn a_phrase_stands_together_and_in_one_text() {
    let mut apart = card(2, "blue");
    apart.comments = vec![comment(1, "the blue"), comment(2, "screen")];
    let kit = Kit::new(&[card(1, "a Blue Screen again"), apart, card(3, "screen blue")]);
    assert_eq!(kit.numbers("\"blue screen\""), [1]);
    assert_eq!(kit.numbers("blue-screen "), [1]);
    assert_eq!(kit.numbers("\"blue scr"), [1]);
    assert_eq!(kit.numbers("-\"blue screen\" blue "), [2, 3]);
}

/// One that stands behind the first card that is looked at ended the program, or was taken for damage of the index.
#[test]
fn a_phrase_is_left_out_wherever_it_stands() {
    let kit = Kit::new(&[
        card(1, "foo alone"),
        card(2, "nothing"),
        card(3, "foo bar"),
        card(4, "user@example.com"),
        card(5, "한국어 テスト 日本語"),
    ]);
    for (typed, left) in [
        ("-\"foo bar\" ", vec![1, 2, 4, 5]),
        ("-\"bar foo\" ", vec![1, 2, 3, 4, 5]),
        ("foo -\"foo bar\" ", vec![1]),
        ("-user@example.com ", vec![1, 2, 3, 5]),
        ("-한국어 ", vec![1, 2, 3, 4]),
        ("-日本語 -foo_bar ", vec![1, 2, 4]),
    ] {
        let mut found = kit.numbers(typed);
        found.sort_unstable();
        assert_eq!(found, left, "{typed}");
    }
}

#[test]
fn the_last_word_may_go_on_while_it_is_typed() {
    let kit = Kit::new(&[card(1, "Crashes often"), card(2, "A crash"), card(3, "cra")]);
    assert_eq!(kit.numbers("crash "), [2]);
    assert_eq!(kit.numbers("crash"), [2, 1]);
    assert_eq!(kit.numbers("cr").len(), 3);
    assert_eq!(kit.numbers("cr often "), [] as [u8; 0]);
    assert_eq!(kit.numbers("often cr"), [1]);
}

#[test]
fn words_without_spaces_are_found_by_pairs_and_by_one_character() {
    let mut mixed = card(3, "iPhone15の設定");
    mixed.comments.push(comment(1, "서울에서 회의"));
    let kit = Kit::new(&[card(1, "東京都庁へ行く"), card(2, "京都の東"), mixed]);
    for (query, expected) in [
        ("東京 ", vec![1]),
        ("京都 ", vec![2, 1]),
        ("東京都庁 ", vec![1]),
        ("東京京都 ", vec![]),
        ("東 ", vec![1, 2]),
        ("庁 ", vec![1]),
        ("設定 ", vec![3]),
        ("定 ", vec![3]),
        ("iphone15の設 ", vec![3]),
        ("iphone ", vec![]),
        ("서울 ", vec![3]),
        ("회의 ", vec![3]),
        ("\"東京都\"", vec![1]),
        ("-東京 京都 ", vec![2]),
    ] {
        let (mut found, mut expected) = (kit.numbers(query), expected);
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
}

#[test]
fn case_and_diacritics_do_not_matter() {
    let kit = Kit::new(&[card(1, "Crème BRÛLÉE"), card(2, "Straße")]);
    assert_eq!(kit.numbers("creme brulee "), [1]);
    assert_eq!(kit.numbers("crÈme "), [1]);
    assert_eq!(kit.numbers("strasse "), [2]);
}

#[test]
fn a_key_leads_to_its_card_first_whatever_it_was_called() {
    let mut provisional = card(0x7f, "new");
    provisional.number = None;
    let mut came = card(4, "came");
    came.former = vec!["OLD-7".to_owned()];
    let mut archived = card(5, "put away");
    archived.marks.insert(Mark::Archived);
    let speaks = card(6, "see REC-12 and OLD-7 and REC-5, rec 12 rec 12");
    let kit = Kit::new(&[card(12, "twelve"), provisional, came, archived, speaks, card(112, "other")]);
    for (query, expected) in [
        ("REC-12 ", vec![12, 6]),
        ("rec-12", vec![12, 6]),
        ("REC-~7f7f", vec![0x7f]),
        ("old-7 ", vec![4, 6]),
        ("REC-5 ", vec![5, 6]),
        ("key:REC-12", vec![12]),
        ("key:REC-5,REC-12", vec![12, 5]),
        ("key:REC-99", vec![]),
        ("key:OTH-12", vec![]),
        ("05050505050505050505050505050505 ", vec![5]),
    ] {
        assert_eq!(kit.numbers(query), expected, "{query}");
    }
}

#[test]
fn names_of_labels_people_and_choices_are_found_as_words() {
    let mut labelled = card(1, "a");
    labelled.labels = [label(1)].into();
    let mut assigned = card(2, "b");
    assigned.people = [person(2)].into();
    let mut chosen = card(3, "c");
    chosen.options = [option()].into();
    let mut in_tokyo = card(5, "d");
    in_tokyo.labels = [label(3)].into();
    let kit = Kit::new(&[labelled, assigned, chosen, card(4, "now zoe"), in_tokyo]);
    assert_eq!(kit.numbers("\"not now\""), [1]);
    assert_eq!(kit.numbers("now "), [4, 1]);
    assert_eq!(kit.numbers("zoe "), [4, 2]);
    assert_eq!(kit.numbers("fire"), [3]);
    for query in ["東京都 ", "東京 ", "都 ", "label:東京", "label:東京都庁"] {
        assert_eq!(kit.numbers(query), [5], "{query}");
    }
}

#[test]
fn without_words_the_newest_come_first_and_what_is_put_away_is_left_out() {
    let mut archived = card(9, "put away");
    archived.marks.insert(Mark::Archived);
    let kit = Kit::new(&[card(3, "a"), card(1, "b"), archived, card(2, "c")]);
    assert_eq!(kit.numbers(""), [3, 2, 1]);
    assert_eq!(kit.numbers("is:open"), [3, 2, 1]);
    assert_eq!(kit.numbers("is:archived"), [9]);
    assert_eq!(kit.numbers("away "), [] as [u8; 0]);
    assert_eq!(kit.numbers("-is:archived"), [3, 2, 1]);
    assert_eq!(kit.numbers("!!! "), [3, 2, 1]);
}

#[test]
fn a_name_that_nothing_has_is_told_with_its_place() {
    let kit = Kit::new(&[card(1, "a")]);
    let found = kit.search("a label:buug -assignee:\"nobody\" ");
    let told: Vec<_> = found.unknown.iter().map(|unknown| (unknown.at.clone(), unknown.to_string())).collect();
    assert_eq!(
        told,
        [
            (2..12, "no label is called \"buug\" in these projects".to_owned()),
            (13..31, "no person is called \"nobody\" in these projects".to_owned()),
        ]
    );
    assert_eq!(found.total, 0);
}

#[test]
fn the_total_counts_beyond_the_limit() {
    let cards: Vec<_> = (1..=9).map(|number| card(number, "same")).collect();
    let kit = Kit::new(&cards);
    let query = "same ".parse().unwrap();
    let found = kit.index.finder().search(&query, &crate::kit::context(&[crate::kit::SPACE]), 4).unwrap();
    assert_eq!((found.hits.len(), found.total), (4, 9));
}
