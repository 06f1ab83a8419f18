//! The handle of one space.

use std::sync::Arc;

use recordplayer::Models;
use recordplayer::claims::Claims;
use recordplayer::codec::CodecError;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::hash::StateHash;
use recordplayer::id::{ActId, ActorId, CommandId, Id, SpaceId};
use recordplayer::playback::Playback;
use recordplayer::record::Position;
use recordplayer::refusal::Refused;
use recordplayer::replica::{Meeting, OutboxEntry, Replica, Status, SubmitError, TextEdit, TextWork, Wish};
use recordplayer::storage::SpaceReader;
use recordplayer::text::TextChange;
use recordplayer::view::{Key, View, ViewKey};

use crate::clock::now;
use crate::copy::{Glance, SpaceCopy};
use crate::inner::Inner;
use crate::live::{Live, live};
use crate::random::fresh_id;
use crate::ticket::Ticket;

/// Why a command was not taken; nothing was queued.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// `decide` already says no here.
    #[error("{0}")]
    Refused(Refused),
    #[error("this version of the program does not know the command {0}")]
    Unknown(String),
    #[error("the command cannot be written: {0}")]
    Unwritable(#[from] CodecError),
    #[error("the project is not on this device any more")]
    NotThere,
    #[error("the project cannot be read on this device: {0}")]
    Unreadable(String),
    #[error(
        "the history of the project is still being fetched; what happened after record {here} is not on this device yet"
    )]
    NoHistory { here: Position },
    #[error("there is no account at {0}; log in first")]
    NoAccount(String),
    #[error("the command {0} is not in the outbox, or cannot be taken back any more")]
    NotInOutbox(CommandId),
    #[error("the disk failed: {0}; free space or check the disk, and start again")]
    Disk(String),
}

impl From<SubmitError> for SendError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refused) => Self::Refused(refused),
            SubmitError::Unknown(name) => Self::Unknown(name),
            SubmitError::Read(error) => Self::Unreadable(error.to_string()),
            SubmitError::NotThere(command) => Self::NotInOutbox(command),
        }
    }
}

/// The state of a space, in one value that is the same on every device and on the server when nothing waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceHash {
    pub record: Position,
    pub epoch: u32,
    pub state: StateHash,
}

/// One space on this device.
///
/// Cheap to clone. Nothing here waits for the network, nor for a write. What a screen draws with never waits at all: a [`Live`] that is
/// held, [`Self::known`] and [`Self::glance`]. Whatever else reads or wishes asks the machine, which may be at work, or read from the disk
/// what was not looked at before.
#[derive(Clone, Debug)]
pub struct Space {
    inner: Arc<Inner>,
    id: SpaceId,
}

impl Space {
    pub(crate) fn new(inner: Arc<Inner>, id: SpaceId) -> Self {
        Self { inner, id }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    pub fn id(&self) -> SpaceId {
        self.id
    }

    /// The copy as it is now: it may have been fetched anew since.
    fn copy(&self) -> Result<Arc<SpaceCopy>, SendError> {
        self.inner.copy(self.id).ok_or(SendError::NotThere)
    }

    /// Looks at the machine; the default where the space has left the device.
    fn look<T: Default>(&self, look: impl FnOnce(&mut Replica) -> T) -> T {
        self.inner.copy(self.id).map(|copy| copy.look(look)).unwrap_or_default()
    }

    /// Who acts here.
    pub fn actor(&self) -> ActorId {
        self.inner.copy(self.id).map(|copy| copy.actor).unwrap_or_default()
    }

    /// The address of the account that the space belongs to.
    pub fn url(&self) -> String {
        self.inner.copy(self.id).map(|copy| copy.url.clone()).unwrap_or_default()
    }

    /// How the space stands; while the machine is at work, how it stood before.
    pub fn glance(&self) -> Arc<Glance> {
        self.inner.copy(self.id).map(|copy| copy.glance()).unwrap_or_default()
    }

    pub fn status(&self) -> Status {
        self.look(|replica| replica.status())
    }

    /// The hash of what is confirmed.
    pub fn hash(&self) -> SpaceHash {
        let hash = |replica: &mut Replica| {
            let state = replica.state_hash();
            Some(SpaceHash { record: replica.confirmed().position, epoch: replica.epoch(), state })
        };
        self.look(hash).unwrap_or(SpaceHash { record: Position::START, epoch: 0, state: StateHash::default() })
    }

    /// Sends a command: decided and shown at once, saved in a moment, and at the authority as soon as that can be reached.
    pub fn send<E: Entity>(&self, id: impl Into<Id>, command: &E::Command) -> Result<Ticket, SendError> {
        let intent = Intent::of::<E>(id, command)?;
        self.submit(Wish::new(self.fresh_command(), intent))
    }

    /// A new act, to join several commands of a person's.
    pub fn fresh_act(&self) -> ActId {
        ActId(fresh_id())
    }

    /// A new thing's id.
    pub fn fresh_id(&self) -> Id {
        fresh_id()
    }

    /// A new command's id, for a [`Wish`].
    pub fn fresh_command(&self) -> CommandId {
        CommandId(fresh_id())
    }

    /// Sends a command with all that belongs to it.
    pub fn submit(&self, wish: Wish) -> Result<Ticket, SendError> {
        let command = self.act(|replica| replica.submit(now(), wish))?;
        Ok(self.ticket(command))
    }

    /// Why `decide` would refuse a command here and now. Nothing is queued: for screens that say so before somebody tries.
    pub fn would_refuse<E: Entity>(&self, id: impl Into<Id>, command: &E::Command) -> Option<Refused> {
        let wish = Wish::new(self.fresh_command(), Intent::of::<E>(id, command).ok()?);
        self.act(|replica| Ok(replica.would_refuse(now(), wish))).ok().flatten()
    }

    fn act<T>(&self, act: impl FnOnce(&mut Replica) -> Result<T, SubmitError>) -> Result<T, SendError> {
        if let Some(why) = self.inner.saver.failure() {
            return Err(SendError::Disk(why));
        }
        self.copy()?.act_if_alive(act)?.map_err(SendError::from)
    }

    fn ticket(&self, command: CommandId) -> Ticket {
        Ticket { inner: Arc::clone(&self.inner), space: self.id, command }
    }

    /// A merged text with everything that waits.
    pub fn text<E: Entity>(&self, id: impl Into<Id>, field: &'static str) -> Result<String, SendError> {
        let text = self.copy()?.look(|replica| replica.text::<E>(id, field));
        text.map(|document| document.text()).map_err(|error| SendError::Unreadable(error.to_string()))
    }

    /// Makes a merged text be `text`, by the difference to what this device has: edits of others stay. No tickets where it is so already.
    pub fn edit_text<E: Entity>(
        &self,
        id: impl Into<Id>,
        claims: Claims,
        text: &str,
        make: fn(TextChange) -> E::Command,
    ) -> Result<Vec<Ticket>, SendError> {
        let work = TextWork::Replace(text);
        self.send_edit(&TextEdit::<E> { command: self.fresh_command(), entity: id.into(), claims, work, make })
    }

    /// As [`Self::edit_text`], where the caller knows the command's id: what is imported has one that follows from its source.
    pub fn send_edit<E: Entity>(&self, edit: &TextEdit<'_, E>) -> Result<Vec<Ticket>, SendError> {
        let commands = self.act(|replica| replica.edit_text(now(), edit))?;
        Ok(commands.into_iter().map(|command| self.ticket(command)).collect())
    }

    /// The history of what is confirmed, to be played.
    pub fn playback(&self) -> Result<Playback, SendError> {
        self.copy()?;
        Ok(Playback::new(Arc::clone(&self.inner.domain), self.id, self.inner.readers.reader(self.id)))
    }

    /// What is on the disk of the space: its log, and what is saved of it.
    pub fn reader(&self) -> Result<Arc<dyn SpaceReader>, SendError> {
        self.copy()?;
        Ok(self.inner.readers.reader(self.id))
    }

    /// The outbox: what waits and what was refused, in the order of submission; what was refused with another command stands behind it.
    pub fn outbox(&self) -> Vec<OutboxEntry> {
        self.look(|replica| replica.outbox().cloned().collect())
    }

    /// Values that this person and another one have set without knowing of each other, as they have come up since the last call.
    pub fn meetings(&self) -> Vec<Meeting> {
        self.inner.copy(self.id).map(|copy| copy.take_met()).unwrap_or_default()
    }

    /// Sends a refused command again, and what was refused with it.
    pub fn retry(&self, refused: CommandId) -> Result<Ticket, SendError> {
        let fresh = self.fresh_command();
        let command = self.act(|replica| replica.retry(now(), refused, fresh))?;
        Ok(self.ticket(command))
    }

    /// Sends another command in the place of a refused one, and then what was refused with it.
    pub fn retry_with(&self, refused: CommandId, instead: Intent) -> Result<Ticket, SendError> {
        let fresh = self.fresh_command();
        let command = self.act(|replica| replica.retry_with(now(), refused, fresh, Some(instead)))?;
        Ok(self.ticket(command))
    }

    /// Takes a not yet sent command, or a refused one with all that was refused with it, out of the outbox for good: answers with what has gone.
    pub fn discard(&self, command: CommandId) -> Result<Vec<OutboxEntry>, SendError> {
        self.act(|replica| replica.discard(command))
    }

    /// A view as it is now, with everything that waits.
    pub fn view<V: View>(&self, key: impl Into<Key>) -> Arc<V> {
        let key = key.into();
        self.look(|replica| Some(replica.view::<V>(key))).unwrap_or_default()
    }

    /// A view that stays current while it is held.
    pub fn live<V: View>(&self, key: impl Into<Key>) -> Live<V> {
        let key = key.into();
        self.follow(ViewKey::of::<V>(key.clone()), move |replica| replica.view::<V>(key.clone()))
    }

    /// As [`Self::live`], of an entity.
    pub fn live_entity<E: Entity>(&self, id: impl Into<Id>) -> Live<E> {
        let id = id.into();
        self.follow(ViewKey::entity::<E>(id), move |replica| replica.entity::<E>(id))
    }

    fn follow<V: Default + Send + Sync + 'static>(
        &self,
        key: ViewKey,
        read: impl Fn(&Replica) -> Arc<V> + Send + Sync + 'static,
    ) -> Live<V> {
        let (live, slot) = live(read);
        self.inner.follow(self.id, &key, &slot);
        live
    }

    /// An entity as it is now, of those that are looked at again and again; its default until it was read, a moment after the first look.
    pub fn known<E: Entity>(&self, id: impl Into<Id>) -> Arc<E> {
        let id = id.into();
        let key = ViewKey::entity::<E>(id);
        let known = self.inner.known(self.id, &key, || {
            let (live, slot) = live(move |replica| replica.entity::<E>(id));
            self.inner.opener.ask(self.id, key.clone(), slot);
            live
        });
        known.get()
    }

    /// An entity with everything that waits.
    pub fn entity<E: Entity>(&self, id: impl Into<Id>) -> Arc<E> {
        self.look(|replica| Some(replica.entity::<E>(id))).unwrap_or_default()
    }

    /// Looks at the machine itself: entities, texts and outbox as they are at one moment. What waits for it meanwhile waits.
    pub fn inspect<T>(&self, look: impl FnOnce(&Replica) -> T) -> Result<T, SendError> {
        Ok(self.copy()?.look(|replica| look(replica)))
    }

    /// Reads several entities as they are at one moment.
    pub fn read<T>(&self, read: impl FnOnce(&Models<'_>) -> T) -> Result<T, SendError> {
        Ok(self.copy()?.look(|replica| read(&replica.models())))
    }
}
