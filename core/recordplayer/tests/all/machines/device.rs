//! A device alone.

use std::collections::VecDeque;
use std::sync::Arc;

use recordplayer::codec::decode;
use recordplayer::commit::Commit;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::id::{CommandId, Id, ReplicaId};
use recordplayer::protocol::{ClientFrame, ServerFrame};
use recordplayer::record::Position;
use recordplayer::replica::{Identity, Replica, ReplicaOutput, SaveToken, SubmitError, Wish};
use recordplayer::storage::memory::{MemoryOutbox, MemoryStore};
use recordplayer::storage::{OutboxStore, OutboxWrite, RowKey, Store, TextKey, Write};
use recordplayer::time::Timestamp;

use super::{Authority, MINE, PERSON, SPACE};

/// Why a device drops its log, and fetches the space anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anew {
    /// The authority has lost what it holds.
    LostThere,
    /// It cannot play its history without what was redacted.
    Redacted,
}

/// A device with its disk in memory.
pub struct Device {
    store: MemoryStore,
    outbox: MemoryOutbox,
    pub replica: Replica,
    pub sent: Vec<ClientFrame>,
    /// Whether the machine asked to be fetched anew.
    pub anew: Option<Anew>,
    /// Whether the space left the device.
    pub has_left: bool,
    /// Whether the authority could not read the space.
    pub is_told_to_wait: bool,
    /// The texts that it would have compacted, as often as it has said so.
    pub ripe: Vec<Vec<TextKey>>,
    /// Saves do not reach the disk before [`Self::let_a_save_pass`].
    pub holds_saves_back: bool,
    held_back: VecDeque<(SaveToken, Vec<Write>, Vec<OutboxWrite>)>,
}

impl Device {
    /// A new device.
    pub fn new(domain: Arc<Domain>) -> Self {
        Self::open(domain, MemoryStore::new(), MemoryOutbox::new(), MINE)
    }

    /// The files of this device on another machine, which has drawn `fresh`.
    pub fn copied(&self, domain: Arc<Domain>, fresh: ReplicaId) -> Self {
        Self::open(domain, self.store.copy(), self.outbox.copy(), fresh)
    }

    fn open(domain: Arc<Domain>, store: MemoryStore, outbox: MemoryOutbox, fresh: ReplicaId) -> Self {
        let content = outbox.load(SPACE).unwrap();
        let replica = Replica::open(domain, SPACE, PERSON, store.reader(SPACE), content, fresh).unwrap();
        let mut device = Self {
            store,
            outbox,
            replica,
            sent: Vec::new(),
            anew: None,
            has_left: false,
            is_told_to_wait: false,
            ripe: Vec::new(),
            holds_saves_back: false,
            held_back: VecDeque::new(),
        };
        device.work();
        device
    }

    /// Who it is, as its disk says.
    pub fn saved_identity(&self) -> Identity {
        decode(&self.outbox.load(SPACE).unwrap().identity.expect("it has saved one")).unwrap()
    }

    /// The program is replaced by another version of it.
    pub fn upgraded(self, domain: Arc<Domain>) -> Self {
        Self::open(domain, self.store, self.outbox, MINE)
    }

    /// The disk fails at what is held back, or the program ends before that: it is started again, on what is there.
    pub fn started_again(self, domain: Arc<Domain>) -> Self {
        self.upgraded(domain)
    }

    /// The log here is dropped, and the outbox kept.
    pub fn emptied(self, domain: Arc<Domain>) -> Self {
        Self::open(domain, MemoryStore::new(), self.outbox, MINE)
    }

    /// A frame of the authority comes; not to a machine that is to be dropped.
    pub fn take(&mut self, frame: ServerFrame) {
        if self.anew == Some(Anew::Redacted) {
            return;
        }
        self.replica.handle_frames(Timestamp(0), [frame]);
        self.work();
    }

    /// A frame of another history comes: where the two part.
    pub fn parts_with(&mut self, frame: ServerFrame) -> Option<Position> {
        self.replica.handle_frames(Timestamp(0), [frame]);
        let said = self.replica.poll_output()?;
        assert!(self.replica.poll_output().is_none(), "and nothing else");
        matches!(said, ReplicaOutput::Parted { .. }).then(|| self.replica.confirmed().position)
    }

    /// The person sends a command.
    pub fn submit(&mut self, command: u8, intent: Intent) -> Result<CommandId, SubmitError> {
        let outcome = self.replica.submit(Timestamp(0), Wish::new(CommandId(Id([command; 16])), intent));
        self.work();
        outcome
    }

    /// Talks with the authority until both are silent; what `passes` holds back is lost.
    pub fn talk(&mut self, authority: &mut Authority, passes: impl Fn(&ClientFrame) -> bool) {
        self.work();
        loop {
            let sent = std::mem::take(&mut self.sent);
            for frame in sent.into_iter().filter(&passes) {
                authority.hear(frame);
            }
            let said = std::mem::take(&mut authority.said);
            for frame in said {
                self.take(frame);
            }
            if self.sent.is_empty() {
                return;
            }
        }
    }

    /// Takes what the authority has said.
    pub fn talk_of(&mut self, authority: &mut Authority) {
        for frame in std::mem::take(&mut authority.said) {
            self.take(frame);
        }
    }

    /// A device with what an authority's disk holds.
    pub fn copy_of(authority: &Authority, domain: Arc<Domain>) -> Self {
        Self::open(domain, authority.store.copy(), MemoryOutbox::new(), MINE)
    }

    /// The log that it has saved.
    pub fn log(&self) -> Vec<Commit> {
        let stored = self.store.reader(SPACE).commits(Position::START, Position(u64::MAX / 2), usize::MAX).unwrap();
        stored.iter().map(|stored| stored.open().unwrap()).collect()
    }

    /// From now on no saved row can be read, or again each of them.
    pub fn fail_rows(&self, fail: bool) {
        self.store.fail_rows(fail);
    }

    /// What it has saved, at this moment.
    pub fn saved(&mut self) -> Vec<RowKey> {
        self.replica.handle_wakeup(Timestamp(i64::MAX / 2));
        self.work();
        let rows = self.store.reader(SPACE).rows(None, usize::MAX).unwrap();
        rows.into_iter().map(|(key, _)| key).collect()
    }

    /// Whether these words are anywhere on its disk.
    pub fn holds(&self, words: &str) -> bool {
        let (reader, outbox) = (self.store.reader(SPACE), self.outbox.load(SPACE).unwrap());
        let log = self.log().into_iter().map(|commit| commit.bytes);
        let rows = reader.rows(None, usize::MAX).unwrap().into_iter().map(|(_, row)| row.bytes);
        let waiting = outbox.rows.into_iter().map(|row| row.bytes);
        let mut all = log.chain(rows).chain(waiting);
        all.any(|bytes| bytes.windows(words.len()).any(|part| part == words.as_bytes()))
    }

    /// The first of the saves that were held back reaches the disk.
    pub fn let_a_save_pass(&mut self) {
        let (token, main, outbox) = self.held_back.pop_front().expect("a save is held back");
        self.write(token, main, outbox);
        self.work();
    }

    pub fn let_saves_pass(&mut self) {
        self.holds_saves_back = false;
        while !self.held_back.is_empty() {
            self.let_a_save_pass();
        }
    }

    fn write(&mut self, token: SaveToken, main: Vec<Write>, outbox: Vec<OutboxWrite>) {
        let written = self.store.write(main);
        self.outbox.write(outbox).unwrap();
        self.replica.handle_saved(token, &written);
    }

    /// Does the machine's work.
    pub fn work(&mut self) {
        while let Some(output) = self.replica.poll_output() {
            match output {
                ReplicaOutput::Save { token, main, outbox } if self.holds_saves_back => {
                    self.held_back.push_back((token, main, outbox));
                }
                ReplicaOutput::Save { token, main, outbox } => self.write(token, main, outbox),
                ReplicaOutput::Send(frame) => self.sent.push(frame),
                ReplicaOutput::WentBack { .. } => self.anew = Some(Anew::LostThere),
                ReplicaOutput::CompactTexts(ripe) => self.ripe.push(ripe),
                ReplicaOutput::Changed(_) | ReplicaOutput::AllChanged | ReplicaOutput::Met(_) => {}
                ReplicaOutput::AccessEnded => self.has_left = true,
                ReplicaOutput::Unavailable => self.is_told_to_wait = true,
                ReplicaOutput::Redacted => self.anew = Some(Anew::Redacted),
                ReplicaOutput::Parted { .. } | ReplicaOutput::Damaged(_) => panic!("{output:?}"),
            }
        }
    }

    /// The numbers of the commands in the last frame of commands.
    pub fn last_numbers(&self) -> Vec<u64> {
        let numbers = self.sent.iter().rev().find_map(|frame| match frame {
            ClientFrame::Submit { commands, .. } => Some(commands.iter().map(|entry| entry.number).collect()),
            _ => None,
        });
        numbers.unwrap_or_default()
    }
}
