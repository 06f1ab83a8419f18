//! Which files the cards of a project have, or had.

use recordplayer::Models;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::file::{FileRef, FileView, NamedFile, key_of};
use recordplayer::id::SpaceId;
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use serde::{Deserialize, Serialize};

use crate::card::{Attachment, Card, CardCommand, CardEvent};

/// A file, by its hash. One that was taken off a card is still one of the project: its history shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesView {
    /// Whether a card has it, or had.
    pub is_named: bool,
    /// The project that the first card with it came from.
    pub from: Option<SpaceId>,
}

fn keys_of(card: &Card) -> impl Iterator<Item = Key> {
    card.attachments.values().filter_map(Attachment::file).map(|file| key_of(&file.hash))
}

impl View for FilesView {
    const NAME: &'static str = "file";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        if *stream.kind == *Card::KIND { keys_of(&models.get::<Card>(stream.id)).collect() } else { Vec::new() }
    }

    /// Only what gives a card a file, or takes it away, and that changes the keys.
    fn concerns(_: &Record) -> bool {
        false
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        let has_it = keys_of(&after.get::<Card>(record.stream.id)).any(|of| of == *key);
        if self.is_named || !has_it {
            return;
        }
        self.is_named = true;
        if let Some(CardEvent::Arrived { from, .. }) = record.event::<Card>() {
            self.from = Some(*from);
        }
    }
}

impl FileView for FilesView {
    fn named(&self) -> Option<NamedFile> {
        self.is_named.then_some(NamedFile { from: self.from })
    }
}

/// The file that a command attaches.
pub(crate) fn attached_by(intent: &Intent) -> Option<FileRef> {
    match intent.typed::<Card>()? {
        CardCommand::AttachFile { file, .. } => Some(file),
        _ => None,
    }
}
