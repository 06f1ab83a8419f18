//! Changes of a text and bases of many, by two people at once.

use recordplayer::id::{Id, ReplicaId};
use recordplayer::text::{TextActor, TextChange, TextDocument, TextPart, compact};
use recordplayer_fuzz::script::put_bytes;

use crate::{Seed, seed};

pub fn seeds() -> Vec<Seed> {
    let one = written(&[(1, "Hello"), (1, "Hello, world"), (1, "Hello world")]);
    let long = written(&[(1, "a ä 🎛 ﷽"), (1, ""), (1, "once more"), (1, "once")]);
    let two = by_two();
    let mut seeds = vec![
        seed("text_change", "one", changes(&one, 1)),
        seed("text_change", "deleted", changes(&long, 2)),
        seed("text_change", "two", changes(&two, 3)),
        seed("text_change", "wrong_order", changes(&two.iter().rev().cloned().collect::<Vec<_>>(), 1)),
        seed("text_change", "twice", changes(&[two.clone(), two.clone()].concat(), 4)),
    ];
    for (name, all) in [("one", &one), ("two", &two)] {
        seeds.push(seed("text_base", name, base(all, all.len())));
        seeds.push(seed("text_base", format!("{name}_in_part"), base(all, 1)));
    }
    seeds
}

fn actor(writer: u8) -> TextActor {
    TextActor { replica: ReplicaId(Id([writer; 16])), generation: 0 }
}

fn written(texts: &[(u8, &str)]) -> Vec<TextChange> {
    let mut document = TextDocument::new();
    texts.iter().flat_map(|(writer, text)| document.edit(actor(*writer), text).expect("short texts")).collect()
}

/// Two begin alike, write at the same time, and one of them goes on with both.
fn by_two() -> Vec<TextChange> {
    let mut first = TextDocument::new();
    let mut changes = first.edit(actor(1), "one two three").expect("a short text");
    let mut second = first.clone();
    let mine = first.edit(actor(1), "one 2 three").expect("a short text");
    let yours = second.edit(actor(2), "one two three four").expect("a short text");
    first.apply_all(&yours);
    let both = first.edit(actor(1), "1 2 three four").expect("a short text");
    changes.extend([mine, yours, both].concat());
    changes
}

/// The script of these changes: each builds on what it names, as bits of how far back that is.
fn changes(all: &[TextChange], cut: u8) -> Vec<u8> {
    let mut script = vec![cut];
    let mut hashes: Vec<Vec<u8>> = TextDocument::new().heads().map(|head| head.0.to_vec()).collect();
    for change in all {
        let (dependencies, tail) = parts(change.bytes());
        let bit = |back: usize, hash: &Vec<u8>| u8::from(dependencies.contains(&&hash[..])) << back.min(7);
        let builds_on = hashes.iter().rev().enumerate().fold(0, |bits, (back, hash)| bits | bit(back, hash));
        script.extend([0, builds_on]);
        put_bytes(&mut script, tail);
        let read = automerge::Change::from_bytes(change.bytes().to_vec()).expect("our own change");
        hashes.push(read.hash().0.to_vec());
    }
    script
}

/// The hashes that a change builds on, and what follows them.
fn parts(chunk: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    // Behind magic, checksum and type, a length of one or two bytes.
    let length = chunk[9..].iter().position(|byte| byte & 0x80 == 0).expect("a length ends") + 1;
    let content = &chunk[9 + length..];
    let (hashes, tail) = content[1..].split_at(32 * usize::from(content[0]));
    (hashes.chunks_exact(32).collect(), tail)
}

/// The script of a base of the first changes, and the others behind it as they are.
fn base(all: &[TextChange], count: usize) -> Vec<u8> {
    let part = |change: &'_ TextChange| TextPart::Change(Box::leak(change.bytes().to_vec().into_boxed_slice()));
    let base = compact([], all[..count].iter().map(part)).expect("our own changes");
    let packed = zstd::stream::decode_all(&base[1..]).expect("our own base");
    let mut script = vec![2];
    put_bytes(&mut script, &packed[32..]);
    for change in &all[count..] {
        script.push(0);
        put_bytes(&mut script, change.bytes());
    }
    script
}
