//! What a client says.

use std::sync::Arc;

use minicbor::{Decode, Encode};

use super::values::{shared_bytes, shared_bytes_list};
use crate::claims::Claims;
use crate::commit::{Head, Seal};
use crate::hash::Hash;
use crate::id::{CommandId, Id, ReplicaId, SpaceId};
use crate::name::Name;
use crate::record::{Position, Seen, StreamId};
use crate::view::ViewKey;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum ClientFrame {
    /// The first frame: who I am and what I speak.
    #[n(0)]
    Hello {
        #[n(0)]
        protocol_min: u32,
        #[n(1)]
        protocol_max: u32,
        #[n(2)]
        domain: Name,
        #[n(3)]
        domain_version: u32,
        /// The device's token; never in a query or a cookie.
        #[n(4)]
        token: String,
        /// The program and its version, for the admin's eyes.
        #[n(5)]
        program: String,
    },
    /// Send me the whole space, from behind what I hold.
    #[n(1)]
    Subscribe {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        knowledge: Knowledge,
    },
    /// Send me one view: each record that touches it, behind what I have seen of it, or else its state and then the records.
    #[n(2)]
    SubscribeView {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        view: ViewKey,
        /// Up to where I have seen everything that touches the view; null at first.
        #[n(2)]
        after: Option<Knowledge>,
    },
    #[n(3)]
    Unsubscribe {
        #[n(0)]
        space: SpaceId,
        /// One view; null for the whole space.
        #[n(1)]
        view: Option<ViewKey>,
    },
    /// Decide these commands, in this order.
    #[n(4)]
    Submit {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        replica: ReplicaId,
        /// The replica this one was cloned or restored from.
        #[n(2)]
        parent: Option<ReplicaId>,
        /// Up to this number the client needs no verdict any more.
        #[n(3)]
        answered_up_to: u64,
        #[n(4)]
        commands: Vec<CommandEntry>,
    },
    /// The next chunk of a snapshot, behind a cursor that the last chunk gave; null for the first.
    #[n(5)]
    FetchSnapshot {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        at: Head,
        #[n(2)]
        #[cbor(with = "minicbor::bytes")]
        cursor: Option<Vec<u8>>,
    },
    /// Older records, behind what I hold without gaps from record 1.
    #[n(6)]
    FetchCommits {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        after: Position,
        #[n(2)]
        upto: Position,
    },
    #[n(7)]
    Ping {
        #[n(0)]
        nonce: u64,
    },
    /// Who is the person with this name?
    #[n(8)]
    FindPerson {
        #[n(0)]
        name: String,
    },
    #[n(9)]
    Pong {
        #[n(0)]
        nonce: u64,
    },
    /// A part of a space that was begun without a server. Part 0 begins anew; with the last part the server looks at the whole, and takes it
    /// on unless this is only a rehearsal.
    #[n(10)]
    Publish {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        publication: Id,
        #[n(2)]
        part: u32,
        #[n(3)]
        ends: Option<PublishEnd>,
        #[n(4)]
        #[cbor(with = "shared_bytes_list")]
        commits: Vec<Arc<[u8]>>,
    },
    /// I hold what you do not, up to a place that you have sealed in this epoch. It goes on from your end where it `follows`; else it is of another
    /// history, which began with an earlier restore.
    #[n(11)]
    OfferTail {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        place: Head,
        #[n(2)]
        seal: Seal,
        #[n(3)]
        epoch: u32,
        #[n(4)]
        follows: bool,
    },
    /// Commits of that tail, byte for byte; the last of them is sealed.
    #[n(12)]
    BringTail {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        after: Head,
        #[n(2)]
        #[cbor(with = "shared_bytes_list")]
        commits: Vec<Arc<[u8]>>,
        /// What took out the payloads that are gone from them, where that lies further on.
        #[n(3)]
        redactions: Vec<SealedCommit>,
    },
}

/// A commit by itself: its hash comes out of that of the one before it and its bytes, and its seal says whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SealedCommit {
    #[n(0)]
    pub previous: Hash,
    #[n(1)]
    #[cbor(with = "shared_bytes")]
    pub commit: Arc<[u8]>,
}

/// What the last part of a publication asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum PublishEnd {
    /// Only say whether it would be taken.
    #[n(0)]
    Rehearse,
    #[n(1)]
    TakeOn,
}

/// What a replica holds of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Knowledge {
    /// 0 where it holds nothing.
    #[n(0)]
    pub epoch: u32,
    #[n(1)]
    pub head: Head,
}

/// One command on its way to the authority.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CommandEntry {
    #[n(0)]
    pub number: u64,
    #[n(1)]
    pub command: CommandId,
    #[n(2)]
    pub stream: StreamId,
    #[n(3)]
    pub name: Name,
    #[n(4)]
    #[cbor(with = "shared_bytes")]
    pub payload: Arc<[u8]>,
    #[n(5)]
    pub claims: Claims,
    #[n(6)]
    pub requires: Vec<CommandId>,
    #[n(7)]
    pub seen: Seen,
    /// The command before it, where its verdict is not known to the sender yet: where a copy of the device took that number, this one must not
    /// be decided before it.
    #[n(8)]
    pub follows: Option<CommandId>,
}
