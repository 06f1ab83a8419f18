//! Changes of a text, in any order and by anybody. Our reader is held against automerge, the model against the document, and what was
//! compacted against what was not.
//!
//! A script is `cut (1)`, then for each change `form (1) ‖ builds on (1) ‖ content (bytes)`. A change of an even form is sealed: its
//! content lacks the dependencies, which are those of the changes before it that the bits of `builds on` say.

use std::collections::BTreeSet;

use recordplayer::id::{Id, ReplicaId};
use recordplayer::text::{Text, TextActor, TextChange, TextDocument, TextHash, TextPart, TextRefusal, compact};
use sha2::{Digest, Sha256};

use crate::script::Script;

/// More changes would only be more of the same: whatever two or three of them can do, these can.
const CHANGES_MAX: usize = 48;

pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let cut = script.byte();
    let changes = changes(&mut script);
    let (mut document, mut model) = (TextDocument::new(), Text::default());
    let mut taken = Vec::new();
    for change in &changes {
        let author = author_by_both(change);
        plays_what_it_checks(&mut model, change, author);
        if document.apply(change) {
            assert!(author.is_some(), "what is no change is not taken");
            taken.push(change);
        }
    }
    assert_eq!(model.count(), changes.len() as u64);
    assert_eq!(document.skipped(), (changes.len() - taken.len()) as u64, "what was not taken was skipped");
    assert!(model.skipped() <= document.skipped(), "the reader is the stricter one");
    if document.skipped() == 0 {
        assert!(document.heads().eq(model.heads()), "with nothing skipped, the model knows the heads");
    }
    heads_follow_from_automerge(&document, &taken);
    assert_eq!(document.length(), document.text().chars().count());
    is_opened_as_it_was_played(&document, &changes, usize::from(cut));
    can_be_written(document);
}

/// The changes of a script.
fn changes(script: &mut Script<'_>) -> Vec<TextChange> {
    let mut hashes: Vec<TextHash> = TextDocument::new().heads().copied().collect();
    let mut changes = Vec::new();
    while !script.is_over() && changes.len() < CHANGES_MAX {
        let (is_raw, builds_on, content) = (script.flag(), script.byte(), script.bytes());
        if is_raw {
            changes.push(TextChange::new(content.to_vec()));
            continue;
        }
        let latest = hashes.iter().rev().enumerate().filter(|(back, _)| builds_on >> back.min(&7) & 1 == 1);
        let dependencies: BTreeSet<TextHash> = latest.map(|(_, hash)| *hash).take(8).collect();
        let (hash, change) = sealed(dependencies, content);
        hashes.push(hash);
        changes.push(change);
    }
    changes
}

/// The change with these dependencies and this content behind them, and its hash: with its length and its checksum, as its author writes it.
fn sealed(dependencies: BTreeSet<TextHash>, tail: &[u8]) -> (TextHash, TextChange) {
    let mut content = Vec::new();
    put_number(&mut content, dependencies.len());
    for dependency in dependencies {
        content.extend(dependency.0);
    }
    content.extend(tail);
    let mut body = vec![1];
    put_number(&mut body, content.len());
    body.extend(content);
    let hash: [u8; 32] = Sha256::digest(&body).into();
    let mut chunk = vec![0x85, 0x6f, 0x4a, 0x83];
    chunk.extend(&hash[..4]);
    chunk.extend(body);
    (TextHash(hash), TextChange::new(chunk))
}

fn put_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Who wrote the change, where it is one. What our reader takes for a change, automerge does too, and reads it as the same.
fn author_by_both(change: &TextChange) -> Option<ReplicaId> {
    let author = author(change)?;
    let theirs = automerge::Change::from_bytes(change.bytes().to_vec()).expect("our reader is the stricter one");
    assert_eq!(theirs.raw_bytes(), change.bytes(), "a change is raw");
    assert_eq!((theirs.timestamp(), theirs.message()), (0, None), "a change tells nothing about people");
    let actor = TextActor::from_bytes(theirs.actor_id().to_bytes()).expect("an actor has 20 bytes");
    assert_eq!(actor.replica, author, "both say who wrote it");
    let operations = theirs.decode().operations;
    assert!(theirs.len() == operations.len() && !operations.is_empty(), "a change changes something");
    // Opening a text costs more than all the rest: only where it is a beginning of one.
    if Text::default().check(change, author).is_err() {
        return Some(author);
    }
    let mut text = TextDocument::new();
    if text.apply(change) {
        assert!(text.heads().any(|head| head.0 == theirs.hash().0), "it has the hash that automerge gives it");
        let inserted = operations.iter().filter(|operation| operation.insert).count();
        assert!(text.length() <= inserted, "what shows was inserted");
    }
    Some(author)
}

/// Who wrote the change, as our reader says: whoever else sends it is told so.
fn author(change: &TextChange) -> Option<ReplicaId> {
    [1, 2].into_iter().find_map(|sender| match Text::default().check(change, ReplicaId(Id([sender; 16]))) {
        Err(TextRefusal::WrongActor { found, .. }) => Some(found),
        Ok(()) | Err(_) => None,
    })
}

/// What `decide` lets pass, `play` plays; what it refuses is skipped.
fn plays_what_it_checks(model: &mut Text, change: &TextChange, author: Option<ReplicaId>) {
    let is_checked = author.is_some_and(|author| model.check(change, author).is_ok());
    let before = model.clone();
    model.play(change);
    let is_skipped = model.skipped() > before.skipped();
    assert_eq!(is_checked, !is_skipped, "check and play judge alike");
    if is_skipped {
        assert!(before.heads().eq(model.heads()) && before.bytes_about() == model.bytes_about());
    }
}

fn heads_follow_from_automerge(document: &TextDocument, taken: &[&TextChange]) {
    let read = |change: &&TextChange| {
        automerge::Change::from_bytes(change.bytes().to_vec()).expect("our reader is the stricter one")
    };
    let read: Vec<automerge::Change> = taken.iter().map(read).collect();
    let genesis: BTreeSet<[u8; 32]> = TextDocument::new().heads().map(|head| head.0).collect();
    let mut heads = genesis;
    heads.extend(read.iter().map(|change| change.hash().0));
    for dependency in read.iter().flat_map(automerge::Change::deps) {
        heads.remove(&dependency.0);
    }
    let found: BTreeSet<[u8; 32]> = document.heads().map(|head| head.0).collect();
    assert_eq!(found, heads, "the heads are what nothing builds on");
}

/// A text is the same whether it was played change by change, opened at once, or compacted in between.
fn is_opened_as_it_was_played(played: &TextDocument, changes: &[TextChange], cut: usize) {
    let is_the_same = |parts: Vec<TextPart<'_>>| {
        let opened = TextDocument::open(parts).expect("there are no damaged bases here");
        assert_eq!((opened.text(), opened.skipped()), (played.text(), played.skipped()));
        assert!(opened.heads().eq(played.heads()));
    };
    let parts: Vec<TextPart<'_>> = changes.iter().map(|change| TextPart::Change(change.bytes())).collect();
    is_the_same(parts.clone());
    let (before, after) = parts.split_at(cut % (parts.len() + 1));
    let first = compact([], before.iter().copied()).expect("changes are compacted, whatever they are");
    let first = TextPart::Base(&first);
    is_the_same([&[first], after].concat());
    let second = compact([first], after.iter().copied()).expect("changes are compacted, whatever they are");
    is_the_same(vec![first, TextPart::Base(&second)]);
    let both = compact([], [first, TextPart::Base(&second)]).expect("bases are compacted");
    is_the_same(vec![TextPart::Base(&both)]);
}

/// Whatever was done to a text, somebody new can go on with it.
fn can_be_written(mut document: TextDocument) {
    let writer = TextActor { replica: ReplicaId(Id([0xee; 16])), generation: u32::MAX };
    let text = "It was a text. ä";
    if let Ok(changes) = document.clone().edit(writer, text) {
        assert_eq!(document.apply_all(&changes), changes.len(), "what a text writes, it takes");
        assert_eq!(document.text(), text);
    }
}
