//! The bytes of a commit, and the chain.
//!
//! ```text
//! commit  = [ header, [ record, … ], seal ]
//! header  = [ 1, space, epoch, first, time, actor, replica, number, command, answered_up_to, claims, parent, [requires…], domain_version, [over…], trigger, errand ]
//! claims  = null | [ act, happened_at, actor, undoes ]     each of them null where nothing is said
//! record  = [ kind, stream, name, payload ]
//! stream  = [ kind, id ]      null: the same as the record's before
//! payload = salt ‖ map        bytes, the first 16 of them the salt
//!         | 0                 the same as the command's (the first record's)
//!         | digest            an array of one: the payload was redacted
//! seal    = seal              32 bytes: blake3 of the hash, keyed with a secret of the authority
//!         | null              none
//!
//! hash    = blake3(previous hash ‖ len(header) ‖ header ‖ for each record: len(envelope) ‖ envelope ‖ digest)
//! digest  = blake3(salt ‖ map)
//! ```
//! `envelope` is the record's encoded array without its last item; lengths are 4 bytes, big-endian.

use std::sync::Arc;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use super::seal::{SEAL_BYTES, Seal};
use super::{Commit, Header};
use crate::claims::Claims;
use crate::codec::{PayloadError, check_payload};
use crate::hash::Hash;
use crate::id::{ActId, ActorId, CommandId, Id, ReplicaId, SpaceId};
use crate::limits::{COMMIT_BYTES_MAX, COMMIT_EVENTS_MAX, OVER_MAX, REQUIRES_MAX};
use crate::name::{Name, NameError};
use crate::record::{Payload, Position, Record, RecordKind, StreamId};
use crate::time::Timestamp;

/// The version of the encoding, the first item of each header.
const VERSION: u8 = 1;
const SALT_BYTES: usize = 16;
/// An array of one digest.
const ERASED_BYTES: usize = 35;

/// The last byte of a commit that has no seal.
pub(super) const NULL: u8 = 0xf6;

/// Why bytes are not a commit, or a commit cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    #[error("the commit has {bytes} bytes; at most {COMMIT_BYTES_MAX} are allowed; split the act into several commits")]
    TooLarge { bytes: usize },
    #[error(
        "the commit has {events} events; at most {COMMIT_EVENTS_MAX} are allowed; split the act into several commits"
    )]
    TooManyEvents { events: usize },
    #[error("the commit has the format version {0}, this program reads {VERSION}; upgrade it")]
    Version(u8),
    #[error("the commit is damaged: {0}")]
    Damaged(String),
    #[error(transparent)]
    Payload(#[from] PayloadError),
}

impl From<minicbor::decode::Error> for CommitError {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<NameError> for CommitError {
    fn from(error: NameError) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// A record that has no number yet.
#[derive(Clone, Debug)]
pub struct Draft {
    pub kind: RecordKind,
    pub stream: StreamId,
    pub name: Name,
    pub payload: Arc<[u8]>,
}

fn damaged<T>(what: &str) -> Result<T, CommitError> {
    Err(CommitError::Damaged(what.to_owned()))
}

/// Feeds the chain as records are written or read.
struct Chain(blake3::Hasher);

impl Chain {
    fn begin(previous: &Hash, header: &[u8]) -> Self {
        let mut chain = Self(blake3::Hasher::new());
        chain.0.update(&previous.0);
        chain.part(header);
        chain
    }

    fn part(&mut self, bytes: &[u8]) {
        self.0.update(&u32::try_from(bytes.len()).expect("a commit is smaller than 4 GiB").to_be_bytes());
        self.0.update(bytes);
    }

    fn record(&mut self, envelope: &[u8], digest: &Hash) {
        self.part(envelope);
        self.0.update(&digest.0);
    }

    fn end(&self) -> Hash {
        Hash(*self.0.finalize().as_bytes())
    }
}

impl Commit {
    /// Encodes a commit that follows the one with the hash `previous`. Each payload that is not the command's own is salted with
    /// `salt(index)`, so that a payload that was taken out later cannot be guessed from its digest.
    pub fn new(
        header: Header,
        drafts: Vec<Draft>,
        previous: &Hash,
        salt: impl Fn(usize) -> [u8; SALT_BYTES],
    ) -> Result<Self, CommitError> {
        let events = drafts.iter().filter(|draft| draft.kind == RecordKind::Event).count();
        if events > COMMIT_EVENTS_MAX {
            return Err(CommitError::TooManyEvents { events });
        }
        let mut bytes = vec![0x83];
        encode_header(&header, &mut bytes);
        let mut chain = Chain::begin(previous, &bytes[1..]);
        encoder(&mut bytes).array(drafts.len() as u64).expect("a vector takes all bytes");
        let mut records: Vec<Record> = Vec::with_capacity(drafts.len());
        let mut command: Option<(Arc<[u8]>, Hash)> = None;
        // What may be added to a commit: its seal, and digests in the places of shorter payloads.
        let mut reserve = SEAL_BYTES;
        for (index, draft) in drafts.into_iter().enumerate() {
            check_payload(&draft.payload)?;
            let start = bytes.len();
            let same_stream = records.last().is_some_and(|record| record.stream == draft.stream);
            encode_envelope(&draft, same_stream, &mut bytes);
            let envelope_end = bytes.len();
            let digest = match &command {
                Some((payload, digest)) if *payload == draft.payload => {
                    bytes.push(0x00);
                    *digest
                }
                _ => {
                    let salted = [&salt(index)[..], &draft.payload].concat();
                    encoder(&mut bytes).bytes(&salted).expect("a vector takes all bytes");
                    reserve += ERASED_BYTES.saturating_sub(bytes.len() - envelope_end);
                    Hash::of(&salted)
                }
            };
            chain.record(&bytes[start..envelope_end], &digest);
            if index == 0 {
                command = Some((Arc::clone(&draft.payload), digest));
            }
            let number = header.first.plus(index as u64);
            let payload = Payload::Plain(draft.payload);
            records.push(Record::new(number, draft.kind, draft.stream, draft.name, header.origin(), payload));
            if bytes.len() + reserve > COMMIT_BYTES_MAX {
                return Err(CommitError::TooLarge { bytes: bytes.len() + reserve });
            }
        }
        bytes.push(NULL);
        Ok(Self { header, records, hash: chain.end(), seal: None, bytes: bytes.into() })
    }

    /// Reads a commit that follows the one with the hash `previous`; its own hash comes out of its bytes.
    pub fn open(bytes: Arc<[u8]>, previous: &Hash) -> Result<Self, CommitError> {
        if bytes.len() > COMMIT_BYTES_MAX {
            return Err(CommitError::TooLarge { bytes: bytes.len() });
        }
        let mut decoder = Decoder::new(&bytes);
        expect_array(&mut decoder, 3)?;
        let header_start = decoder.position();
        let header = decode_header(&mut decoder)?;
        let mut chain = Chain::begin(previous, &bytes[header_start..decoder.position()]);
        let count = decoder.array()?.unwrap_or(0);
        if count == 0 || count > COMMIT_EVENTS_MAX as u64 + 1 {
            return damaged("a commit has 1 to 2,001 records");
        }
        let mut records: Vec<Record> = Vec::new();
        let mut command: Option<(Payload, Hash)> = None;
        for index in 0..count {
            let start = decoder.position();
            let (kind, stream, name) = decode_envelope(&mut decoder, records.last())?;
            let envelope = &bytes[start..decoder.position()];
            let (payload, digest) = decode_payload(&mut decoder, command.as_ref())?;
            chain.record(envelope, &digest);
            if index == 0 {
                command = Some((payload.clone(), digest));
            }
            records.push(Record::new(header.first.plus(index), kind, stream, name, header.origin(), payload));
        }
        let seal = nullable(&mut decoder, |d| Ok(d.decode::<Seal>()?))?;
        if decoder.position() != bytes.len() {
            return damaged("bytes follow the commit");
        }
        check_shape(&records)?;
        Ok(Self { header, records, hash: chain.end(), seal, bytes: Arc::clone(&bytes) })
    }
}

/// The bytes of the commit with a digest in the place of each payload that goes, by the index of its record.
pub(super) fn erase(bytes: &[u8], goes: impl Fn(u64) -> bool) -> Result<Vec<u8>, CommitError> {
    let mut decoder = Decoder::new(bytes);
    expect_array(&mut decoder, 3)?;
    decoder.skip()?;
    let mut erased = Vec::with_capacity(bytes.len());
    let mut kept_to = 0;
    for index in 0..decoder.array()?.unwrap_or(0) {
        expect_array(&mut decoder, 4)?;
        (0..3).try_for_each(|_| decoder.skip())?;
        let start = decoder.position();
        if decoder.datatype()? == Type::Bytes && goes(index) {
            let digest = Hash::of(decoder.bytes()?);
            erased.extend_from_slice(&bytes[kept_to..start]);
            encoder(&mut erased).array(1).and_then(|e| e.bytes(&digest.0)).expect("a vector takes all bytes");
            kept_to = decoder.position();
        } else {
            decoder.skip()?;
        }
    }
    erased.extend_from_slice(&bytes[kept_to..]);
    Ok(erased)
}

/// The places of the records whose own payloads are gone.
pub(super) fn erased(bytes: &[u8]) -> Result<Vec<u64>, CommitError> {
    let mut decoder = Decoder::new(bytes);
    expect_array(&mut decoder, 3)?;
    decoder.skip()?;
    let mut erased = Vec::new();
    for index in 0..decoder.array()?.unwrap_or(0) {
        expect_array(&mut decoder, 4)?;
        (0..3).try_for_each(|_| decoder.skip())?;
        if decoder.datatype()? == Type::Array {
            erased.push(index);
        }
        decoder.skip()?;
    }
    Ok(erased)
}

/// A commit is a command with events, or one response.
fn check_shape(records: &[Record]) -> Result<(), CommitError> {
    let rest_are_events = records[1..].iter().all(|record| record.kind == RecordKind::Event);
    match records[0].kind {
        RecordKind::Command if rest_are_events => Ok(()),
        RecordKind::Response if records.len() == 1 => Ok(()),
        RecordKind::Command | RecordKind::Event | RecordKind::Response => {
            damaged("a commit is one command and its events, or one response")
        }
    }
}

fn encoder(bytes: &mut Vec<u8>) -> Encoder<&mut Vec<u8>> {
    Encoder::new(bytes)
}

fn encode_header(header: &Header, bytes: &mut Vec<u8>) {
    let mut encode = || -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        let mut e = encoder(bytes);
        e.array(17)?.u8(VERSION)?.bytes(header.space.bytes())?.u32(header.epoch)?.u64(header.first.0)?;
        e.i64(header.time.0)?.bytes(header.actor.bytes())?.bytes(header.replica.bytes())?.u64(header.number)?;
        e.bytes(header.command.bytes())?.u64(header.answered_up_to)?;
        encode_claims(&mut e, &header.claims)?;
        optional_id(&mut e, header.parent.map(|parent| parent.0))?;
        e.array(header.requires.len() as u64)?;
        for required in &header.requires {
            e.bytes(required.bytes())?;
        }
        e.u32(header.domain_version)?.array(header.over.len() as u64)?;
        for position in &header.over {
            e.u64(position.0)?;
        }
        match header.trigger {
            Some(position) => e.u64(position.0)?,
            None => e.null()?,
        };
        optional_id(&mut e, header.errand.map(|other| other.0))?;
        Ok(())
    };
    encode().expect("a vector takes all bytes");
}

fn encode_claims(
    e: &mut Encoder<&mut Vec<u8>>,
    claims: &Claims,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    if *claims == Claims::default() {
        e.null()?;
        return Ok(());
    }
    e.array(4)?;
    optional_id(e, claims.act.map(|act| act.0))?;
    match claims.happened_at {
        Some(time) => e.i64(time.0)?,
        None => e.null()?,
    };
    optional_id(e, claims.actor.map(|actor| actor.0))?;
    optional_id(e, claims.undoes.map(|command| command.0))
}

fn decode_claims(decoder: &mut Decoder<'_>) -> Result<Claims, CommitError> {
    expect_array(decoder, 4)?;
    Ok(Claims {
        act: nullable(decoder, id)?.map(ActId),
        happened_at: nullable(decoder, |d| Ok(Timestamp(d.i64()?)))?,
        actor: nullable(decoder, id)?.map(ActorId),
        undoes: nullable(decoder, id)?.map(CommandId),
    })
}

fn optional_id(
    e: &mut Encoder<&mut Vec<u8>>,
    id: Option<Id>,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    match id {
        Some(id) => e.bytes(id.bytes())?,
        None => e.null()?,
    };
    Ok(())
}

fn encode_envelope(draft: &Draft, same_stream: bool, bytes: &mut Vec<u8>) {
    let mut encode = || -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        let mut e = encoder(bytes);
        e.array(4)?.u8(draft.kind as u8)?;
        if same_stream {
            e.null()?;
        } else {
            e.array(2)?.str(&draft.stream.kind)?.bytes(draft.stream.id.bytes())?;
        }
        e.str(&draft.name)?;
        Ok(())
    };
    encode().expect("a vector takes all bytes");
}

fn expect_array(decoder: &mut Decoder<'_>, length: u64) -> Result<(), CommitError> {
    if decoder.array()? == Some(length) { Ok(()) } else { damaged("an array has another length than the format says") }
}

fn id(decoder: &mut Decoder<'_>) -> Result<Id, CommitError> {
    decoder.bytes()?.try_into().map(Id).or_else(|_| damaged("an id has 16 bytes"))
}

fn nullable<'b, T>(
    decoder: &mut Decoder<'b>,
    read: impl FnOnce(&mut Decoder<'b>) -> Result<T, CommitError>,
) -> Result<Option<T>, CommitError> {
    if decoder.datatype()? == Type::Null {
        decoder.null()?;
        return Ok(None);
    }
    read(decoder).map(Some)
}

fn decode_header(decoder: &mut Decoder<'_>) -> Result<Header, CommitError> {
    expect_array(decoder, 17)?;
    let version = decoder.u8()?;
    if version != VERSION {
        return Err(CommitError::Version(version));
    }
    let header = Header {
        space: SpaceId(id(decoder)?),
        epoch: decoder.u32()?,
        first: Position(decoder.u64()?),
        time: Timestamp(decoder.i64()?),
        actor: ActorId(id(decoder)?),
        replica: ReplicaId(id(decoder)?),
        number: decoder.u64()?,
        command: CommandId(id(decoder)?),
        answered_up_to: decoder.u64()?,
        claims: nullable(decoder, decode_claims)?.unwrap_or_default(),
        parent: nullable(decoder, id)?.map(ReplicaId),
        requires: {
            let count = decoder.array()?.unwrap_or(u64::MAX);
            if count > REQUIRES_MAX as u64 {
                return damaged("too many required commands");
            }
            (0..count).map(|_| id(decoder).map(CommandId)).collect::<Result<_, _>>()?
        },
        domain_version: decoder.u32()?,
        over: {
            let count = decoder.array()?.unwrap_or(u64::MAX);
            if count > OVER_MAX as u64 {
                return damaged("too many records that it goes over");
            }
            (0..count).map(|_| Ok(Position(decoder.u64()?))).collect::<Result<_, CommitError>>()?
        },
        trigger: nullable(decoder, |d| Ok(Position(d.u64()?)))?,
        errand: nullable(decoder, id)?.map(SpaceId),
    };
    if header.trigger.is_some_and(|trigger| trigger >= header.first) {
        return damaged("a policy answers to what has happened");
    }
    if header.first.0 == 0 || header.first.0 > u64::MAX / 2 || header.number == 0 {
        return damaged("records and commands are numbered from 1");
    }
    Ok(header)
}

fn decode_envelope(
    decoder: &mut Decoder<'_>,
    before: Option<&Record>,
) -> Result<(RecordKind, StreamId, Name), CommitError> {
    expect_array(decoder, 4)?;
    let kind = match decoder.u8()? {
        0 => RecordKind::Command,
        1 => RecordKind::Event,
        2 => RecordKind::Response,
        _ => return damaged("a record of an unknown kind"),
    };
    let stream = nullable(decoder, |d| {
        expect_array(d, 2)?;
        Ok(StreamId { kind: Name::new(d.str()?)?, id: id(d)? })
    })?;
    let stream = match (stream, before) {
        (Some(stream), _) => stream,
        (None, Some(before)) => before.stream.clone(),
        (None, None) => return damaged("the first record names no stream"),
    };
    Ok((kind, stream, Name::new(decoder.str()?)?))
}

fn decode_payload(
    decoder: &mut Decoder<'_>,
    command: Option<&(Payload, Hash)>,
) -> Result<(Payload, Hash), CommitError> {
    match decoder.datatype()? {
        Type::Bytes => {
            let salted = decoder.bytes()?;
            let Some(payload) = salted.get(SALT_BYTES..) else { return damaged("a payload without its salt") };
            check_payload(payload)?;
            Ok((Payload::Plain(payload.into()), Hash::of(salted)))
        }
        Type::U8 if decoder.u8()? == 0 => match command {
            Some(command) => Ok(command.clone()),
            None => damaged("the first record has no payload of its own"),
        },
        Type::Array => {
            expect_array(decoder, 1)?;
            let digest = decoder.bytes()?.try_into().or_else(|_| damaged("a digest has 32 bytes"))?;
            Ok((Payload::Erased, Hash(digest)))
        }
        _ => damaged("a payload of an unknown kind"),
    }
}
