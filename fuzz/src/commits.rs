//! Commits: what stands in logs and in frames, byte for byte.
//!
//! A script is `place (2) ‖ flip (1) ‖ the commit`: the one byte that makes another commit of it, to be compared.

use recordplayer::codec::check_payload;
use recordplayer::commit::{Commit, Draft};
use recordplayer::hash::Hash;
use recordplayer::record::{Payload, Record, RecordKind};

use crate::script::Script;

/// The hash of the commit before, for every input.
pub const PREVIOUS: Hash = Hash([9; 32]);

pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (place, flip) = (script.number16(), script.byte());
    let bytes = script.rest();
    let commit = match Commit::open(bytes.into(), &PREVIOUS) {
        Ok(commit) => commit,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    judge(&commit, bytes);
    is_sealed_again(&commit);
    let mut other = bytes.to_vec();
    let length = other.len();
    other[usize::from(place) % length] ^= flip;
    if let Ok(other) = Commit::open(other.into(), &PREVIOUS)
        && other.hash == commit.hash
    {
        says_the_same(&commit, &other);
    }
}

/// What every reader of a commit relies on.
fn judge(commit: &Commit, bytes: &[u8]) {
    assert_eq!(&*commit.bytes, bytes, "the bytes of a commit stay as they came");
    let again = Commit::open(bytes.into(), &PREVIOUS).expect("what was opened is opened again");
    assert_eq!((again.hash, &again.header), (commit.hash, &commit.header));
    let elsewhere = Commit::open(bytes.into(), &Hash::ZERO).expect("what came before says nothing about the form");
    assert_ne!(elsewhere.hash, commit.hash, "the chain holds what came before");

    let numbers = commit.records.iter().map(|record| record.number.0);
    assert!(numbers.eq((commit.header.first.0..).take(commit.records.len())), "records are numbered without gaps");
    assert_eq!(commit.head().position.0, commit.before().0 + commit.records.len() as u64);
    let (first, rest) = commit.records.split_first().expect("a commit has records");
    assert!(rest.iter().all(|record| record.kind == RecordKind::Event));
    assert_eq!(commit.is_refusal(), first.kind == RecordKind::Response);
    assert_eq!(commit.events().count(), rest.len());
    for record in &commit.records {
        if let Payload::Plain(payload) = &record.payload {
            assert_eq!(check_payload(payload), Ok(()), "a commit holds payloads alone");
        }
    }
}

/// Whatever a commit says can be said by its header and its records, in no more bytes.
fn is_sealed_again(commit: &Commit) {
    let drafts: Option<Vec<Draft>> = commit.records.iter().map(draft).collect();
    let Some(drafts) = drafts else { return };
    let sealed = Commit::new(commit.header.clone(), drafts, &PREVIOUS, |_| [7; 16]).expect("it was a commit");
    assert!(sealed.bytes.len() <= commit.bytes.len(), "the written form is the shortest");
    let again = Commit::open(sealed.bytes.clone(), &PREVIOUS).expect("what was sealed is opened");
    assert_eq!(again.hash, sealed.hash);
    says_the_same(commit, &again);
}

fn draft(record: &Record) -> Option<Draft> {
    let Payload::Plain(payload) = &record.payload else { return None };
    let Record { kind, stream, name, .. } = record;
    Some(Draft { kind: *kind, stream: stream.clone(), name: name.clone(), payload: payload.clone() })
}

/// Two commits say the same, but for payloads that one of them has no more.
fn says_the_same(one: &Commit, other: &Commit) {
    assert_eq!(one.header, other.header);
    assert_eq!(one.records.len(), other.records.len());
    for (one, other) in one.records.iter().zip(&other.records) {
        assert_eq!((one.kind, &one.stream, &one.name), (other.kind, &other.stream, &other.name));
        let is_erased = [&one.payload, &other.payload].contains(&&Payload::Erased);
        assert!(is_erased || one.payload == other.payload);
    }
}
