//! What one screen shows: a fold of records.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::decode;
use crate::entity::{Data, Entity};
use crate::id::Id;
use crate::models::Models;
use crate::name::Name;
use crate::record::{Record, StreamId};

/// A fold of event records, addressed by name and key, kept current by playing, on the server and on the client alike.
///
/// ```text
///               keys before the event      keys after it
///  card moves      { board A }                { board B }
///                      │                          │
///       board A: Leave{card}, record     board B: Enter{card, model as it was}, record
/// ```
/// A view that gains an entity is given its model as it was before the record; one that loses it forgets it. So a thin client, which stores
/// nothing, can play what it never saw from the start.
pub trait View: Default + Data {
    /// On disk for ever; never a Rust type name.
    const NAME: &'static str;
    /// Bump when fields, `keys`, `concerns` or `play` change: the saved views of this name are made anew of the log, beside those that show, and
    /// take their place when they are whole. Meanwhile the space is open, and shows [`Self::from_version`].
    const VERSION: u32 = 1;

    /// The keys of the views in which this stream shows, with the models as they are. Asked before and after each event of the stream; the
    /// event is played by the union, in the order of the keys.
    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key>;

    /// The streams that show where this one shows, such as the cards of a column that goes to another board. Where an event changes the keys
    /// of this stream they leave and enter with it, without an event of their own: `play` sees this one record, before it with what enters.
    fn along(stream: &StreamId, models: &Models<'_>) -> Vec<StreamId> {
        let _ = (stream, models);
        Vec::new()
    }

    /// Whether an event can change the views of this name in which its stream shows before and after it. Where it cannot, they are not read for
    /// it, and who looks at one of them is not told: the model that a thin client has of the stream then stays as it was, until an event comes
    /// that concerns the view. An event that changes the keys of its stream always concerns it.
    fn concerns(record: &Record) -> bool {
        let _ = record;
        true
    }

    /// Whether the view of this key lists the entities that show in it, so that who begins to look at it is sent them at once. A view in which
    /// nearly all entities of a space show would grow with the space by that list, which is read and saved with it: it had better not. For who
    /// begins to look at it, all entities of the space are looked through.
    fn lists_entities(key: &Key) -> bool {
        let _ = key;
        true
    }

    /// What another version of this view has saved, to be shown until the log has been played on this one; without it the view begins empty.
    ///
    /// By default it is whatever can be read as this version: right where fields were added with `#[serde(default)]`, or where `keys` or `play` alone
    /// have changed. Where fields mean something else now, answer with what they mean, or with nothing. New events are played on it, as on any
    /// state; where `play` panics over it, the view begins empty.
    ///
    /// Nothing is decided by what this answers: a view that `decide` reads is made anew before its space opens.
    fn from_version(version: u32, saved: &[u8]) -> Option<Self> {
        let _ = version;
        decode(saved).ok()
    }

    /// Plays one event. `after` holds the entities as they are at that record, nothing later; on a thin client, those that show in the view.
    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>);
}

/// Which of the views of one name: mostly an entity's id, at most 128 bytes of text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

/// Keys stand in every index of views.
pub const KEY_BYTES_MAX: usize = 128;

impl Key {
    /// The key of a view that there is once in a space.
    pub fn whole_space() -> Self {
        Self(Arc::default())
    }

    /// A key of any text; what is longer than [`KEY_BYTES_MAX`] is cut at a character.
    pub fn text(text: &str) -> Self {
        let mut end = text.len().min(KEY_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self(text[..end].into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that this key was made of, if it was.
    pub fn id(&self) -> Option<Id> {
        self.0.parse().ok()
    }
}

impl From<Id> for Key {
    fn from(id: Id) -> Self {
        Self(id.hex(&mut [0; 32]).into())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::text(&String::deserialize(deserializer)?))
    }
}

/// The name of the views that entities are of themselves; no other view has it.
pub(crate) const ENTITY_VIEW: &str = "entity";

/// One view of a space.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ViewKey {
    pub name: Name,
    pub key: Key,
}

impl ViewKey {
    pub fn of<V: View>(key: impl Into<Key>) -> Self {
        Self { name: Name::of(V::NAME), key: key.into() }
    }

    /// Every entity is a view of itself: what shows in it is the entity alone. It has no state beside the entity's model.
    pub fn entity<E: Entity>(id: impl Into<Id>) -> Self {
        Self::of_stream(&StreamId::of::<E>(id.into()))
    }

    pub fn of_stream(stream: &StreamId) -> Self {
        Self { name: Name::of(ENTITY_VIEW), key: Key::text(&stream.to_string()) }
    }

    /// The entity that this is the view of itself of, if it is.
    pub fn as_stream(&self) -> Option<StreamId> {
        if *self.name == *ENTITY_VIEW { self.key.as_str().parse().ok() } else { None }
    }
}

impl fmt::Debug for ViewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.name, self.key)
    }
}
