//! One raw change, from its first byte to its last.
//!
//! ```text
//! magic 4 | checksum 4 | type 1 | length | dependencies | actor | seq | start op | time | message | other actors | columns
//! ```
//!
//! The form is automerge's "change chunk" (<https://automerge.org/automerge-binary-format-spec/>). It is read here in full, with our own code
//! and before automerge sees it, because automerge decompresses and allocates by what the bytes claim, and panics on references to
//! characters that do not exist.

use sha2::{Digest, Sha256};

use super::bytes::{Bytes, write_unsigned};
use super::columns::Columns;
use super::operations::{Operations, Sums};
use crate::limits::{TEXT_CHANGE_BYTES_MAX, TEXT_OPERATIONS_MAX};
use crate::text::{TextActor, TextHash, TextRefusal};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHUNK_CHANGE: u8 = 1;
const CHUNK_COMPRESSED_CHANGE: u8 = 2;

/// A change whose bytes were checked from end to end; whether it fits the text is another question.
#[derive(Clone, Debug)]
pub(in crate::text) struct Change<'a> {
    pub hash: TextHash,
    pub bytes: u64,
    /// Ascending.
    pub dependencies: Vec<TextHash>,
    pub actor: TextActor,
    pub seq: u64,
    /// The number of its first operation; the others follow without gaps.
    pub start_op: u32,
    pub others: Vec<TextActor>,
    pub sums: Sums,
    /// What follows the dependencies.
    pub tail: &'a [u8],
    columns: Columns<'a>,
}

impl<'a> Change<'a> {
    pub fn read(chunk: &'a [u8]) -> Result<Self, TextRefusal> {
        if chunk.len() > TEXT_CHANGE_BYTES_MAX {
            return Err(TextRefusal::TooLarge { bytes: chunk.len() as u64 });
        }
        let mut bytes = Bytes(chunk);
        if bytes.take_array()? != MAGIC {
            return Err(TextRefusal::unreadable("it is no change of a text"));
        }
        let checksum: [u8; 4] = bytes.take_array()?;
        match bytes.take_array()? {
            [CHUNK_CHANGE] => {}
            [CHUNK_COMPRESSED_CHANGE] => return Err(TextRefusal::NotRaw {}),
            _ => return Err(TextRefusal::unreadable("it is no single change")),
        }
        if bytes.unsigned()? != bytes.0.len() as u64 {
            return Err(TextRefusal::unreadable("it says another length than it has"));
        }
        let hash = hash(bytes.0);
        if hash.0[..4] != checksum {
            return Err(TextRefusal::unreadable("its checksum is wrong"));
        }
        Self::read_content(bytes, hash, chunk.len() as u64)
    }

    fn read_content(mut bytes: Bytes<'a>, hash: TextHash, length: u64) -> Result<Self, TextRefusal> {
        let mut dependencies: Vec<TextHash> = Vec::new();
        for _ in 0..bytes.unsigned()? {
            let dependency = TextHash(bytes.take_array()?);
            if dependencies.last().is_some_and(|last| *last >= dependency) {
                return Err(TextRefusal::unreadable("its dependencies are not in order"));
            }
            dependencies.push(dependency);
        }
        let tail = bytes.0;
        let actor = read_actor(&mut bytes)?;
        let seq = bytes.unsigned()?;
        let start_op = bytes.unsigned()?;
        if bytes.signed()? != 0 || bytes.unsigned()? != 0 {
            return Err(TextRefusal::unreadable("it carries a time or a message"));
        }
        let mut others: Vec<TextActor> = Vec::new();
        for _ in 0..bytes.unsigned()? {
            let other = read_actor(&mut bytes)?;
            if other == actor || others.last().is_some_and(|last| *last >= other) {
                return Err(TextRefusal::unreadable("its actors are not in order"));
            }
            others.push(other);
        }
        let columns = Columns::read(bytes)?;
        let start_op = match u32::try_from(start_op) {
            Ok(number) if start_op <= TEXT_OPERATIONS_MAX + 2 => number,
            _ => return Err(TextRefusal::FromTheFuture { expected: TEXT_OPERATIONS_MAX, found: start_op }),
        };
        let mut change = Self {
            hash,
            bytes: length,
            dependencies,
            actor,
            seq,
            start_op,
            others,
            sums: Sums::default(),
            tail,
            columns,
        };
        change.sums = change.operations()?.sum(start_op)?;
        Ok(change)
    }

    pub fn operations(&self) -> Result<Operations<'a>, TextRefusal> {
        let genesis = self.others.iter().position(|actor| *actor == TextActor::GENESIS).map(|at| at + 1);
        Operations::new(&self.columns, self.others.len() + 1, genesis, TEXT_OPERATIONS_MAX)
    }

    /// The number of its last operation.
    pub fn last_op(&self) -> u64 {
        u64::from(self.start_op) + self.sums.operations - 1
    }
}

/// The chunk of a change from its dependencies and what follows them.
pub(in crate::text) fn write_change(dependencies: &[TextHash], tail: &[u8]) -> (TextHash, Vec<u8>) {
    let mut content = Vec::with_capacity(tail.len() + 32 * dependencies.len() + 2);
    write_unsigned(&mut content, dependencies.len() as u64);
    for dependency in dependencies {
        content.extend_from_slice(&dependency.0);
    }
    content.extend_from_slice(tail);
    let hash = hash(&content);
    let mut chunk = Vec::with_capacity(content.len() + 12);
    chunk.extend_from_slice(&MAGIC);
    chunk.extend_from_slice(&hash.0[..4]);
    chunk.push(CHUNK_CHANGE);
    write_unsigned(&mut chunk, content.len() as u64);
    chunk.extend_from_slice(&content);
    (hash, chunk)
}

fn hash(content: &[u8]) -> TextHash {
    let mut head = vec![CHUNK_CHANGE];
    write_unsigned(&mut head, content.len() as u64);
    TextHash(Sha256::new().chain_update(&head).chain_update(content).finalize().into())
}

fn read_actor(bytes: &mut Bytes<'_>) -> Result<TextActor, TextRefusal> {
    let length = bytes.unsigned()?;
    TextActor::from_bytes(bytes.take(length)?).ok_or_else(|| TextRefusal::unreadable("an actor has not 20 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Id, ReplicaId};
    use crate::text::TextDocument;

    /// A column of numbers held "no number" in each row. Our reader took that for 0, automerge takes no such row, and whoever opened the text
    /// failed: one member could have done it to all. Found by fuzzing bases.
    #[test]
    fn whatever_is_wrong_with_a_change_automerge_takes_what_our_reader_takes() {
        let actor = TextActor { replica: ReplicaId(Id([1; 16])), generation: 0 };
        let mut document = TextDocument::new();
        let inserted = document.edit(actor, "aä").unwrap();
        let replaced = document.edit(actor, "bä").unwrap();
        let deleted = document.edit(actor, "").unwrap();
        for change in [inserted, replaced, deleted].concat() {
            let read = Change::read(change.bytes()).unwrap();
            let is_taken_by_both = |tail: &[u8]| {
                let (_, chunk) = write_change(&read.dependencies, tail);
                if Change::read(&chunk).is_ok() {
                    automerge::Change::from_bytes(chunk).unwrap_or_else(|error| panic!("{error}: {tail:02x?}"));
                }
            };
            is_taken_by_both(read.tail);
            for at in 0..read.tail.len() {
                let mut tail = read.tail.to_vec();
                for byte in 0..=u8::MAX {
                    tail[at] = byte;
                    is_taken_by_both(&tail);
                }
                tail.copy_from_slice(read.tail);
                if at > 0 {
                    tail.swap(at - 1, at);
                    is_taken_by_both(&tail);
                }
            }
        }
    }
}
