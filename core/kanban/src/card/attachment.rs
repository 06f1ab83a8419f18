//! What hangs on a card: links, and files whose bytes lie beside the log.

use recordplayer::file::FileRef;
use serde::{Deserialize, Serialize};

use super::{Card, CardCommand, CardEvent, CardRefusal};
use crate::ids::AttachmentId;
use crate::limits::{FILE_BYTES_MAX, NAME_BYTES_MAX, URL_BYTES_MAX};
use crate::refusal::{fits, has_room_in_card, is_name, is_written};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attachment {
    Link { name: String, url: String },
    File { name: String, file: FileRef },
}

impl Attachment {
    /// What it is called: a link without a name by its address.
    pub fn shown(&self) -> &str {
        match self {
            Self::Link { name, url } if name.is_empty() => url,
            Self::Link { name, .. } | Self::File { name, .. } => name,
        }
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<FileRef> {
        match self {
            Self::Link { .. } => None,
            Self::File { file, .. } => Some(*file),
        }
    }

    /// The event that attaches it.
    pub(super) fn attached(self, attachment: AttachmentId) -> CardEvent {
        match self {
            Self::Link { name, url } => CardEvent::LinkAttached { attachment, name, url },
            Self::File { name, file } => CardEvent::FileAttached { attachment, name, file },
        }
    }

    /// The command that attaches it.
    pub fn attach(self, attachment: AttachmentId) -> CardCommand {
        match self {
            Self::Link { name, url } => CardCommand::AttachLink { attachment, name, url },
            Self::File { name, file } => CardCommand::AttachFile { attachment, name, file },
        }
    }

    fn check(&self) -> Result<(), CardRefusal> {
        match self {
            Self::Link { name, url } => {
                fits("The name of a link", name, NAME_BYTES_MAX)?;
                Ok(is_written("The address of a link", url, URL_BYTES_MAX)?)
            }
            Self::File { name, file } => {
                is_name("The name of a file", name)?;
                if file.bytes > FILE_BYTES_MAX {
                    let (name, bytes) = (name.clone(), file.bytes);
                    return Err(CardRefusal::FileTooLarge { name, bytes, max: FILE_BYTES_MAX });
                }
                Ok(())
            }
        }
    }
}

impl Card {
    /// Adds it, or changes what is there to be so.
    pub(super) fn attach(&self, attachment: AttachmentId, set: Attachment) -> Result<Vec<CardEvent>, CardRefusal> {
        set.check()?;
        match self.attachments.get(&attachment) {
            Some(known) if *known == set => return Ok(Vec::new()),
            Some(_) => {}
            None => has_room_in_card("attachments", self.attachments.len())?,
        }
        Ok(vec![set.attached(attachment)])
    }
}
