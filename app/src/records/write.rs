//! Writing a project.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

use data_encoding::BASE64;
use recordplayer::hash::Hash;
use recordplayer::id::ActorId;
use recordplayer::membership::Membership;
use recordplayer::playback::{PlaybackError, Step};
use recordplayer::record::Position;
use recordplayer_client::{Device, FileError, SendError, Space};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::{Attachment, CardEvent};
use serde::Serialize;

use super::line::{End, EndLine, ExportLine, ExportOf, FileLine, RecordLine};
use super::{FORMAT, PIECE_BYTES};
use crate::time::exact;
use crate::whole::Whole;

/// Why a project could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotWhole {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error(transparent)]
    Play(#[from] PlaybackError),
    #[error(transparent)]
    Disk(#[from] io::Error),
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub records: u64,
    pub files: u64,
    /// Files that records speak of, with what they are called and why they are not in it.
    pub missing: Vec<(String, FileError)>,
}

/// Writes all records of a project and the files that they speak of; those that are not here are fetched from the server. `progress` is told
/// how many lines of how many are written, as far as that is known.
pub(crate) fn write(
    device: &Device,
    space: &Space,
    path: &Path,
    progress: &dyn Fn(u64, u64),
) -> Result<Written, NotWhole> {
    let title = space.entity::<Membership>(space.id().0).title().to_owned();
    let mut out = Lines { out: Whole::create(path)? };
    out.line(&ExportLine { export: ExportOf { format: FORMAT, space: space.id(), title } })?;
    let mut seen = Seen::default();
    let mut written = Written::default();
    let mut playback = space.playback()?;
    let last = playback.end()?;
    let mut failed = None;
    playback.walk(Position::START, last, |step| {
        written.records += 1;
        progress(written.records, last.0);
        seen.look(&step);
        match out.line(&RecordLine::of(&step, exact)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    failed.map_or(Ok(()), Err)?;
    let mut missing = Vec::new();
    for (hash, name) in &seen.files {
        match device.file(space.id(), hash) {
            Ok(lies_in) => {
                out.file(hash, &lies_in)?;
                written.files += 1;
            }
            Err(why) => {
                missing.push(hash.to_string());
                written.missing.push((name.clone(), why));
            }
        }
    }
    let people = seen.people(device, space);
    out.line(&EndLine { end: End { records: written.records, files: written.files, missing, people } })?;
    out.out.finish()?;
    Ok(written)
}

struct Lines {
    out: Whole,
}

impl Lines {
    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }

    fn file(&mut self, hash: &Hash, path: &Path) -> io::Result<()> {
        let mut file = File::open(path)?;
        let mut at = 0;
        loop {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            Read::by_ref(&mut file).take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
            // Of an empty file there is one piece, too.
            if piece.is_empty() && at > 0 {
                return Ok(());
            }
            let is_last = piece.len() < PIECE_BYTES;
            self.line(&FileLine { file: hash.to_string(), at, bytes: BASE64.encode(&piece) })?;
            at += piece.len() as u64;
            if is_last {
                return Ok(());
            }
        }
    }
}

/// What the records speak of that lies elsewhere.
#[derive(Default)]
struct Seen {
    actors: BTreeSet<ActorId>,
    files: BTreeMap<Hash, String>,
}

impl Seen {
    fn look(&mut self, step: &Step<'_>) {
        self.actors.insert(step.header.actor);
        match step.record.event::<Card>() {
            Some(CardEvent::FileAttached { name, file, .. }) => self.file(file.hash, name),
            Some(CardEvent::Arrived { card, .. }) => {
                for attachment in card.attachments.values() {
                    if let Attachment::File { name, file } = attachment {
                        self.file(file.hash, name);
                    }
                }
            }
            _ => {}
        }
    }

    fn file(&mut self, hash: Hash, name: &str) {
        self.files.entry(hash).or_insert_with(|| name.to_owned());
    }

    fn people(mut self, device: &Device, space: &Space) -> BTreeMap<ActorId, String> {
        let membership = space.entity::<Membership>(space.id().0);
        self.actors.extend(membership.members().map(|(person, _)| person));
        self.actors.extend(membership.claimed().map(|(_, person)| person));
        self.actors.into_iter().filter_map(|person| Some((person, device.name_of(person)?))).collect()
    }
}
