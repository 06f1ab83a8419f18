//! Writing in a text, and merging what several wrote.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recordplayer::id::{Id, ReplicaId};
use recordplayer::limits::{TEXT_BYTES_MAX, TEXT_CHANGE_BYTES_MAX};
use recordplayer::text::{Text, TextActor, TextChange, TextDocument, TextPart, TextRefusal, compact};

fn actor(number: u8) -> TextActor {
    TextActor { replica: ReplicaId(Id([number; 16])), generation: 1 }
}

/// The text of the changes, in the order of the log, as a new reader sees it.
fn parts(changes: &[TextChange]) -> impl Iterator<Item = TextPart<'_>> {
    changes.iter().map(|change| TextPart::Change(change.bytes()))
}

fn read(changes: &[TextChange]) -> TextDocument {
    TextDocument::open(parts(changes)).unwrap()
}

#[test]
fn an_edit_is_one_small_change_of_what_differs() {
    let mut text = TextDocument::new();
    let [first] = &text.edit(actor(1), "Hello world").unwrap()[..] else { panic!("not one change") };
    let [second] = &text.edit(actor(1), "Hello, dear world!").unwrap()[..] else { panic!("not one change") };
    assert!(second.bytes().len() < 250, "{second:?}");
    assert_eq!(text.edit(actor(1), "Hello, dear world!"), Ok(Vec::new()));
    assert_eq!(read(&[first.clone(), second.clone()]).text(), "Hello, dear world!");
}

#[test]
fn the_model_follows_the_document() {
    let mut text = TextDocument::new();
    let mut model = Text::default();
    assert!(model.is_empty());
    for (writer, content) in [(1, "one"), (2, "one two"), (1, "two"), (3, "")] {
        for change in text.edit(actor(writer), content).unwrap() {
            assert_eq!(model.check(&change, actor(writer).replica), Ok(()));
            model.play(&change);
        }
        assert!(model.heads().eq(text.heads()));
        assert_eq!(model.bytes_about(), content.len() as u64);
    }
    assert_eq!((model.count(), model.skipped(), model.is_empty()), (4, 0, false));
}

#[test]
fn positions_count_code_points() {
    let mut text = TextDocument::new();
    text.edit(actor(1), "aé漢🎉z").unwrap();
    assert_eq!(text.length(), 5);
    text.splice(actor(1), 3, 1, "🙂!").unwrap();
    assert_eq!(text.text(), "aé漢🙂!z");
    text.splice(actor(1), 99, 99, "end").unwrap();
    assert_eq!(text.text(), "aé漢🙂!zend");
}

#[test]
fn graphemes_are_not_torn() {
    // The family and the flags share code points with what they give way to; only whole ones may change.
    for (old, new) in [("👨‍👩‍👧x", "👨‍👩‍👦x"), ("🇩🇪🇫🇷", "🇩🇰🇫🇷"), ("cafe\u{301}", "cafe"), ("a\r\nb", "a\nb")]
    {
        let mut text = TextDocument::new();
        text.edit(actor(1), old).unwrap();
        let mut other = text.clone();
        let mine = text.edit(actor(1), new).unwrap();
        let [theirs] = &other.splice(actor(2), 0, 0, "<").unwrap()[..] else { panic!("not one change") };
        text.apply(theirs);
        other.apply_all(&mine);
        assert_eq!((text.text(), other.text()), (format!("<{new}"), format!("<{new}")));
    }
}

/// Several writers, each with a document of their own, edit at the same time and hear of each other late and in bursts; the log has one order.
fn converge(seed: u64, writers: u8) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut log: Vec<TextChange> = Vec::new();
    let mut model = Text::default();
    let mut devices: Vec<(TextActor, TextDocument, Vec<TextChange>, usize)> =
        (1..=writers).map(|number| (actor(number), TextDocument::new(), Vec::new(), 0)).collect();
    let letters = ["a", "é", "漢", "🎉", " ", "e\u{301}", "\n", "word "];
    for _ in 0..60 {
        let at = random.random_range(0..devices.len());
        let (actor, document, outbox, heard) = &mut devices[at];
        match random.random_range(0..4) {
            0 | 1 => {
                let position = random.random_range(0..=document.length());
                let insert: String =
                    (0..random.random_range(0..4)).map(|_| letters[random.random_range(0..8)]).collect();
                outbox.extend(document.splice(*actor, position, random.random_range(0..3), &insert).unwrap());
            }
            2 => {
                for change in outbox.drain(..) {
                    assert_eq!(model.check(&change, actor.replica), Ok(()), "seed {seed}");
                    model.play(&change);
                    log.push(change);
                }
            }
            _ => {
                let upto = random.random_range(*heard..=log.len());
                document.apply_all(&log[*heard..upto]);
                *heard = upto;
            }
        }
    }
    for (actor, _, outbox, _) in &mut devices {
        for change in outbox.drain(..) {
            assert_eq!(model.check(&change, actor.replica), Ok(()), "seed {seed}");
            model.play(&change);
            log.push(change);
        }
    }
    let reader = read(&log);
    for (_, document, _, heard) in &mut devices {
        document.apply_all(&log[*heard..]);
        assert_eq!(document.text(), reader.text(), "seed {seed}");
        assert!(document.heads().eq(model.heads()), "seed {seed}");
    }
    assert_eq!((reader.skipped(), model.skipped()), (0, 0), "seed {seed}");
    let cut = random.random_range(0..=log.len());
    let second_cut = random.random_range(cut..=log.len());
    let first = compact([], parts(&log[..cut])).unwrap();
    let second = compact([TextPart::Base(&first)], parts(&log[cut..second_cut])).unwrap();
    let bases = [TextPart::Base(&first), TextPart::Base(&second)];
    let from_bases = TextDocument::open(bases.into_iter().chain(parts(&log[second_cut..]))).unwrap();
    assert_eq!(from_bases.text(), reader.text(), "seed {seed}");
    let joined = compact([], bases).unwrap();
    assert_eq!(joined, compact([], parts(&log[..second_cut])).unwrap(), "seed {seed}");
    let _ = random.next_u32();
}

#[test]
fn two_writers_converge_in_any_order_of_delivery() {
    (0..60).for_each(|seed| converge(seed, 2));
}

#[test]
fn three_writers_converge_in_any_order_of_delivery() {
    (100..160).for_each(|seed| converge(seed, 3));
}

#[test]
fn what_is_too_large_for_one_change_becomes_several() {
    let line = "A line of some length, with an ä and a 漢 in it.\n";
    let mut content = line.repeat(TEXT_BYTES_MAX / line.len());
    content.push_str(&".".repeat(TEXT_BYTES_MAX - content.len()));
    let mut text = TextDocument::new();
    let changes = text.edit(actor(1), &content).unwrap();
    assert!(changes.len() > 1);
    assert!(changes.iter().all(|change| change.bytes().len() <= TEXT_CHANGE_BYTES_MAX));
    let mut model = Text::default();
    for change in &changes {
        assert_eq!(model.check(change, actor(1).replica), Ok(()));
        model.play(change);
    }
    assert_eq!(read(&changes).text(), content);
    assert_eq!(text.splice(actor(1), 0, 1, "a").unwrap().len(), 1, "it is no longer than before");
    let emptied = text.edit(actor(1), "").unwrap();
    assert_eq!((text.text().as_str(), emptied.len()), ("", 1));
}

#[test]
fn a_stretch_that_is_too_large_for_one_change_is_replaced_in_two() {
    let mut text = TextDocument::new();
    text.edit(actor(1), "<0123456789>").unwrap();
    let long = "y".repeat(TEXT_CHANGE_BYTES_MAX + 1);
    let changes = text.splice(actor(1), 1, 10, &long).unwrap();
    assert_eq!((changes.len(), text.text()), (2, format!("<{long}>")));
}

#[test]
fn what_stands_between_two_places_of_an_edit_is_left_alone() {
    let mut mine = TextDocument::new();
    mine.edit(actor(1), "one two three").unwrap();
    let mut theirs = mine.clone();
    let change = theirs.edit(actor(2), "one two! three").unwrap().remove(0);
    assert_eq!(mine.edit(actor(1), "1 two 3").unwrap().len(), 1);
    mine.apply(&change);
    assert_eq!(mine.text(), "1 two! 3");
}

#[test]
fn a_text_that_would_be_too_long_is_refused_and_stays_as_it_was() {
    let mut text = TextDocument::new();
    text.edit(actor(1), "short").unwrap();
    let bytes = TEXT_BYTES_MAX as u64 + 1;
    assert_eq!(text.edit(actor(1), &"x".repeat(TEXT_BYTES_MAX + 1)), Err(TextRefusal::TextFull { bytes }));
    assert!(matches!(text.splice(actor(1), 2, 0, &"x".repeat(TEXT_BYTES_MAX)), Err(TextRefusal::TextFull { .. })));
    assert_eq!(text.text(), "short");
    assert_eq!(text.edit(actor(1), "still writable").unwrap().len(), 1);
}

#[test]
fn a_base_is_read_only_behind_the_base_that_it_follows() {
    let mut text = TextDocument::new();
    let mut changes = text.edit(actor(1), "first").unwrap();
    changes.extend(text.edit(actor(1), "first, second").unwrap());
    changes.extend(text.edit(actor(1), "first, second, third").unwrap());
    let first = compact([], parts(&changes[..1])).unwrap();
    let second = compact([TextPart::Base(&first)], parts(&changes[1..2])).unwrap();
    let third = parts(&changes[2..]);
    let whole = TextDocument::open([TextPart::Base(&first), TextPart::Base(&second)].into_iter().chain(third)).unwrap();
    assert_eq!(whole.text(), "first, second, third");

    let why = "it does not follow the base before it";
    let is_refused = |parts: &[TextPart<'_>]| match TextDocument::open(parts.iter().copied()) {
        Err(error) => error.to_string().contains(why),
        Ok(_) => false,
    };
    assert!(is_refused(&[TextPart::Base(&second)]));
    assert!(is_refused(&[TextPart::Base(&first), TextPart::Base(&first)]));
    let other = TextDocument::new().edit(actor(2), "another text").unwrap();
    let other = compact([], parts(&other)).unwrap();
    assert!(is_refused(&[TextPart::Base(&other), TextPart::Base(&second)]));
}
