//! What a server says.

use std::sync::Arc;

use minicbor::{Decode, Encode};

use super::client::PublishEnd;
use super::values::{shared_bytes, shared_bytes_list};
use crate::claims::Claims;
use crate::commit::Head;
use crate::hash::{Hash, StateHash};
use crate::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use crate::name::Name;
use crate::record::{Position, StreamId};
use crate::time::Timestamp;
use crate::view::ViewKey;

/// All that there is has been told, and of what is gone also what took it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StateMark {
    /// The fingerprint of the domain.
    #[n(0)]
    pub domain: Hash,
    /// The hash of all models, for those whose version of the application is the same.
    #[n(1)]
    pub state: StateHash,
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum ServerFrame {
    /// The answer to a hello that was taken.
    #[n(0)]
    Welcome {
        #[n(0)]
        protocol: u32,
        #[n(1)]
        domain_version: u32,
        #[n(2)]
        person: ActorId,
        #[n(3)]
        name: String,
        #[n(4)]
        time: Timestamp,
    },
    /// The session ends, and why.
    #[n(1)]
    Goodbye {
        #[n(0)]
        code: Goodbye,
        #[n(1)]
        message: String,
        #[n(2)]
        help: String,
    },
    /// Commits of the range (after, upto], byte for byte as the log holds them.
    #[n(2)]
    Commits {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        epoch: u32,
        #[n(2)]
        after: Head,
        #[n(3)]
        upto: Head,
        #[n(4)]
        #[cbor(with = "shared_bytes_list")]
        commits: Vec<Arc<[u8]>>,
        /// Where the log ends now.
        #[n(5)]
        head: Head,
        /// Whether these are older records that were fetched.
        #[n(6)]
        is_backfill: bool,
        /// What the log comes to at `upto`, where nothing is missing behind that: whoever comes to something else has a state that is wrong.
        #[n(7)]
        state: Option<StateMark>,
    },
    /// The verdict on one command, or why there is none yet.
    #[n(3)]
    Answer {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        replica: ReplicaId,
        #[n(2)]
        number: u64,
        #[n(3)]
        code: AnswerCode,
        /// The end of the commit that holds the verdict; for `Expect`, unused.
        #[n(4)]
        at: Position,
        /// For `Expect`, the number that is expected; for `RetryAfter`, milliseconds.
        #[n(5)]
        value: u64,
    },
    /// A space too long to be sent record by record: its state at one position, to be fetched in chunks.
    #[n(4)]
    SnapshotOffer {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        epoch: u32,
        #[n(2)]
        at: Head,
        #[n(3)]
        state: StateHash,
        #[n(4)]
        #[cbor(with = "shared_bytes")]
        meta: Arc<[u8]>,
    },
    #[n(5)]
    SnapshotChunk {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        at: Head,
        #[n(2)]
        rows: Vec<SnapshotRow>,
        /// Where the next chunk begins; null behind the last.
        #[n(3)]
        #[cbor(with = "minicbor::bytes")]
        cursor: Option<Vec<u8>>,
        /// Where this one begins, as it was asked for: what was not asked for, or is here already, is not taken.
        #[n(4)]
        #[cbor(with = "minicbor::bytes")]
        from: Option<Vec<u8>>,
    },
    /// A part of the starting state of a view, and of the models of the entities that show in it; the parts follow each other.
    #[n(6)]
    ViewStart {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        view: ViewKey,
        #[n(2)]
        epoch: u32,
        #[n(3)]
        at: Head,
        /// Counts the pieces from 0.
        #[n(4)]
        piece: u32,
        #[n(5)]
        is_last: bool,
        /// A piece of the view's state.
        #[n(6)]
        #[cbor(with = "shared_bytes")]
        state: Arc<[u8]>,
        #[n(7)]
        models: Vec<(StreamId, minicbor::bytes::ByteVec)>,
        /// How often the view was made anew for a version of it: of two states at one place, the one that was remade more often is the newer one.
        #[n(8)]
        remade: u32,
    },
    /// All that touches a view in the range (after, upto]: who has seen everything up to `after`, has now seen everything up to `upto`.
    #[n(7)]
    ViewNews {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        view: ViewKey,
        #[n(2)]
        after: Position,
        #[n(3)]
        upto: Head,
        /// Counts the pieces of this range from 0. What one commit does to a view may need more than one frame.
        #[n(4)]
        piece: u32,
        #[n(5)]
        is_last: bool,
        #[n(6)]
        items: Vec<ViewItem>,
        /// The hash of the log at `after`, where these were read from the log: it is the one that is known up to there.
        #[n(7)]
        hash: Option<Hash>,
    },
    /// The person is not, or no more, a member: no byte of this space follows.
    #[n(8)]
    AccessEnded {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        at: Position,
        /// Whether what the device holds is known to be of this log. Where it is not, the log was restored, and what the person did since may be lost.
        #[n(2)]
        is_known: bool,
    },
    /// No such space, or not for this person: the same answer for both.
    #[n(9)]
    NoAccess {
        #[n(0)]
        space: SpaceId,
    },
    /// Alive, and where the subscribed logs end.
    #[n(10)]
    Ping {
        #[n(0)]
        nonce: u64,
        #[n(1)]
        heads: Vec<(SpaceId, Head)>,
    },
    #[n(11)]
    Pong {
        #[n(0)]
        nonce: u64,
        #[n(1)]
        heads: Vec<(SpaceId, Head)>,
    },
    /// The spaces of this person: the view `my_spaces` of the directory.
    #[n(12)]
    MySpaces {
        #[n(0)]
        spaces: Vec<MySpace>,
    },
    /// The names of people.
    #[n(13)]
    People {
        #[n(0)]
        people: Vec<(ActorId, String)>,
    },
    /// The replica and the log have parted before this position: the log goes another way.
    #[n(14)]
    Parted {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        epoch: u32,
        #[n(2)]
        head: Head,
        /// Places of the log, from its end back, each about twice as far from it: so the replica finds where the two began to differ.
        #[n(3)]
        places: Vec<Head>,
    },
    /// The space is this server's now, or would be.
    #[n(15)]
    Published {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        publication: Id,
        #[n(2)]
        end: PublishEnd,
    },
    /// The space was not taken on, and why; where it may be tried again as it is, `again`.
    #[n(20)]
    NotPublished {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        publication: Id,
        #[n(2)]
        message: String,
        #[n(3)]
        again: bool,
    },
    /// The space is here and cannot be read just now: whoever has a copy of it keeps that.
    #[n(21)]
    Unavailable {
        #[n(0)]
        space: SpaceId,
    },
    /// What was offered of the log is wanted from behind this place on; nowhere, where it does not go on from what is here.
    #[n(22)]
    WantTail {
        #[n(0)]
        space: SpaceId,
        #[n(1)]
        after: Option<Head>,
    },
}

/// One space of a person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MySpace {
    #[n(0)]
    pub space: SpaceId,
    #[n(1)]
    pub title: String,
    #[n(2)]
    pub role: String,
}

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Goodbye {
    /// The token is not known, or was revoked.
    #[n(0)]
    BadToken,
    /// No common version of the protocol, or another domain.
    #[n(1)]
    Incompatible,
    #[n(2)]
    Malformed,
    #[n(3)]
    TooMuch,
    #[n(4)]
    ShuttingDown,
    /// Nothing came from the client for too long.
    #[n(5)]
    Silent,
    /// A project cannot be served just now.
    #[n(6)]
    Unavailable,
}

/// What an answer says about a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum AnswerCode {
    #[n(0)]
    Accepted,
    #[n(1)]
    Refused,
    /// Not decided, not lost: send it again after `value` milliseconds.
    #[n(2)]
    RetryAfter,
    /// Not decided: the next number is `value`.
    #[n(3)]
    Expect,
    /// The server is too old to know the command.
    #[n(4)]
    WaitForUpgrade,
    /// Decided before the stored verdicts begin.
    #[n(5)]
    Answered,
    /// The number stands in the log with another command: this replica was cloned or restored.
    #[n(6)]
    Conflict,
}

/// One row of a snapshot. One that is larger than a chunk is begun at the end of one, and goes on in the next.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum SnapshotRow {
    #[n(0)]
    Model {
        #[n(0)]
        stream: StreamId,
        #[n(1)]
        version: u32,
        #[n(2)]
        #[cbor(with = "shared_bytes")]
        bytes: Arc<[u8]>,
    },
    #[n(1)]
    View {
        #[n(0)]
        view: ViewKey,
        #[n(1)]
        version: u32,
        #[n(2)]
        #[cbor(with = "shared_bytes")]
        bytes: Arc<[u8]>,
    },
    #[n(2)]
    Text {
        #[n(0)]
        stream: StreamId,
        #[n(1)]
        field: Name,
        #[n(2)]
        index: u64,
        #[n(3)]
        is_base: bool,
        #[n(4)]
        #[cbor(with = "shared_bytes")]
        bytes: Arc<[u8]>,
    },
    /// What was decided for a replica.
    #[n(3)]
    Replica {
        #[n(0)]
        replica: ReplicaId,
        #[n(1)]
        version: u32,
        #[n(2)]
        #[cbor(with = "shared_bytes")]
        bytes: Arc<[u8]>,
    },
    /// The first event of an entity that the authority's version does not know.
    #[n(4)]
    Newer {
        #[n(0)]
        stream: StreamId,
        #[n(1)]
        version: u32,
        #[n(2)]
        #[cbor(with = "shared_bytes")]
        bytes: Arc<[u8]>,
    },
    /// The row before it goes on with these.
    #[n(5)]
    More {
        #[n(0)]
        #[cbor(with = "shared_bytes")]
        bytes: Arc<[u8]>,
    },
}

/// One thing that happened to a view.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum ViewItem {
    /// The entity shows from the next record on; with its model as it was before, null where it was unborn.
    #[n(0)]
    Enter {
        #[n(0)]
        stream: StreamId,
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        model: Option<Vec<u8>>,
        #[n(2)]
        at: Position,
    },
    #[n(1)]
    Record {
        #[n(0)]
        number: Position,
        #[n(1)]
        stream: StreamId,
        #[n(2)]
        name: Name,
        #[n(3)]
        command: CommandId,
        #[n(4)]
        actor: ActorId,
        #[n(5)]
        replica: ReplicaId,
        #[n(6)]
        time: Timestamp,
        #[n(7)]
        claims: Claims,
        /// Null where it was erased.
        #[n(8)]
        #[cbor(with = "minicbor::bytes")]
        payload: Option<Vec<u8>>,
    },
    #[n(2)]
    Leave {
        #[n(0)]
        stream: StreamId,
        #[n(1)]
        at: Position,
    },
}
