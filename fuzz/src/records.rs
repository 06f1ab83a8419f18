//! Records: names and payloads as commands and events of the product, which are played on what the ones before have made.
//!
//! A script is, for each record, `kind (1) ‖ variant (text) ‖ payload (bytes)`.

use recordplayer::claims::Claims;
use recordplayer::codec::{decode, decode_named, encode, encode_named};
use recordplayer::entity::{Data, Entity, Stamp};
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId};
use recordplayer::membership::Membership;
use recordplayer::record::{Origin, Position};
use recordplayer::refusal::CoreRefusal;
use recordplayer::time::Timestamp;
use recordplayer_kanban::{Board, Card, Column, Comment, Project};

use crate::script::Script;

/// The kinds of entities, in the order of a script's numbers.
pub const KINDS: &[&str] = &[Membership::KIND, Project::KIND, Board::KIND, Column::KIND, Card::KIND, Comment::KIND];

/// Entities of each kind, as the records so far have left them.
#[derive(Debug, Default)]
pub struct Entities {
    membership: Membership,
    project: Project,
    board: Board,
    column: Column,
    card: Card,
    comment: Comment,
}

pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let mut entities = Entities::default();
    let mut number = 0;
    while !script.is_over() {
        let kind = script.below(KINDS.len());
        let (variant, payload) = (script.text(), script.bytes());
        number += 1;
        entities.meet(kind, &variant, payload, number);
    }
}

impl Entities {
    /// Takes in a record that the entity of that kind may know.
    pub fn meet(&mut self, kind: usize, variant: &str, payload: &[u8], number: u64) {
        match kind {
            0 => meet(&mut self.membership, variant, payload, number),
            1 => meet(&mut self.project, variant, payload, number),
            2 => meet(&mut self.board, variant, payload, number),
            3 => meet(&mut self.column, variant, payload, number),
            4 => meet(&mut self.card, variant, payload, number),
            _ => meet(&mut self.comment, variant, payload, number),
        }
    }

    /// Puts a saved state in the place of the entity of that kind, if it is one.
    pub fn restore(&mut self, kind: usize, model: &[u8]) {
        match kind {
            0 => restore(&mut self.membership, model),
            1 => restore(&mut self.project, model),
            2 => restore(&mut self.board, model),
            3 => restore(&mut self.column, model),
            4 => restore(&mut self.card, model),
            _ => restore(&mut self.comment, model),
        }
    }
}

fn meet<E: Entity>(entity: &mut E, variant: &str, payload: &[u8], number: u64) {
    is_read_as_written::<E::Command>(variant, payload);
    is_read_as_written::<E::Refusal>(variant, payload);
    is_read_as_written::<CoreRefusal>(variant, payload);
    let Some(event) = is_read_as_written::<E::Event>(variant, payload) else { return };
    let mut twin = entity.clone();
    let stamp = stamp(number);
    entity.play(&event, &stamp);
    twin.play(&event, &stamp);
    assert_eq!(encode(entity), encode(&twin), "playing is deterministic");
    is_restored(entity);
}

/// A variant that is read is written by the name that it was read by, and read again as the same.
fn is_read_as_written<T: Data>(variant: &str, payload: &[u8]) -> Option<T> {
    let value: T = decode_named(variant, payload).ok()?;
    let (name, written) = encode_named(&value).ok()?;
    assert_eq!(name, variant);
    let again: T = decode_named(&name, &written).expect("what was written is read");
    assert_eq!(encode_named(&again), Ok((name, written)), "{value:?} has one written form");
    assert_eq!(format!("{again:?}"), format!("{value:?}"));
    Some(value)
}

/// What is saved is read back, or convergence would end with the next start.
pub fn is_restored<T: Data>(state: &T) {
    let saved = encode(state).expect("what was played is saved");
    let restored: T = decode(&saved).expect("what was saved is read");
    assert_eq!(encode(&restored), Ok(saved), "{state:?} has one saved form");
}

fn restore<T: Data>(entity: &mut T, model: &[u8]) {
    if let Ok(state) = decode::<T>(model) {
        is_restored(&state);
        *entity = state;
    }
}

fn stamp(number: u64) -> Stamp {
    let origin = Origin {
        command: CommandId::derived("command", &[&number.to_be_bytes()]),
        actor: ActorId(Id([2; 16])),
        replica: ReplicaId(Id([3; 16])),
        time: Timestamp(number.cast_signed()),
        claims: Claims::default(),
    };
    Stamp { number: Position(number), origin }
}
