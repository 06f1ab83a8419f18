//! What the window remembers over restarts and kills: where it was, how it looks, and what was being typed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use recordplayer::id::SpaceId;
use recordplayer_client::now;
use recordplayer_kanban::ids::{BoardId, ColumnId};
use serde::{Deserialize, Serialize};

/// The file in the data folder.
const FILE: &str = "window.json";

/// What changes is written at once, and then no sooner than after this pause: a kill costs this much typing at most.
const PAUSE: Duration = Duration::from_millis(50);

/// Which appearance shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Appearance {
    #[default]
    System,
    Light,
    Dark,
}

/// Remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    pub appearance: Appearance,
    pub zoom: f32,
    pub reduces_motion: bool,
    pub is_sidebar_folded: bool,
    /// How large the window was, in points.
    pub size: Option<[f32; 2]>,
    pub project: Option<SpaceId>,
    /// The board that was looked at last, of each project.
    pub boards: BTreeMap<SpaceId, BoardId>,
    /// How wide an open card is.
    pub card_width: Option<f32>,
    /// How far boards were scrolled when they were last seen.
    pub scrolls: BTreeMap<BoardId, Scrolled>,
    /// What was typed and not sent, by where it was typed.
    pub drafts: BTreeMap<String, String>,
}

/// How far a board is scrolled, and each of its columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scrolled {
    pub x: f32,
    pub columns: BTreeMap<ColumnId, f32>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            appearance: Appearance::System,
            zoom: 1.0,
            reduces_motion: false,
            is_sidebar_folded: false,
            size: None,
            project: None,
            boards: BTreeMap::new(),
            card_width: None,
            scrolls: BTreeMap::new(),
            drafts: BTreeMap::new(),
        }
    }
}

impl Session {
    /// What was remembered; the default where nothing was, or where it cannot be read.
    pub fn load(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let Ok(bytes) = std::fs::read(&path) else { return Self::default() };
        serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, "what the window remembered cannot be read: {}", path.display());
            // There may be drafts in it: whoever misses them finds them there.
            let aside = folder.join(format!("{FILE}.damaged-{}", now().0));
            if let Err(error) = std::fs::rename(&path, aside) {
                tracing::warn!(%error, "and it cannot be set aside");
            }
            Self::default()
        })
    }

    pub fn draft(&self, place: &str) -> String {
        self.drafts.get(place).cloned().unwrap_or_default()
    }

    /// Keeps a draft, or forgets an empty one.
    pub fn keep_draft(&mut self, place: &str, text: &str) {
        if text.is_empty() {
            self.drafts.remove(place);
        } else if self.drafts.get(place).is_none_or(|kept| kept != text) {
            self.drafts.insert(place.to_owned(), text.to_owned());
        }
    }
}

/// Writes the session in a thread of its own, so that the window never waits for the disk.
#[derive(Debug)]
pub struct SessionFile {
    written: Session,
    writer: Option<(Sender<Session>, JoinHandle<()>)>,
}

impl SessionFile {
    pub fn new(folder: &Path, session: &Session) -> Self {
        let (sender, sessions) = channel();
        let path = folder.join(FILE);
        let thread = std::thread::Builder::new().name("session writer".to_owned());
        let writer = thread.spawn(move || write_each(&path, &sessions)).expect("the system can start a thread");
        Self { written: session.clone(), writer: Some((sender, writer)) }
    }

    /// Writes it soon, if it has changed.
    pub fn keep(&mut self, session: &Session) {
        if self.written != *session
            && let Some((sender, _)) = &self.writer
        {
            self.written = session.clone();
            // Where the writer has ended, its report is in the log.
            let _ = sender.send(session.clone());
        }
    }
}

impl Drop for SessionFile {
    fn drop(&mut self) {
        let Some((sender, writer)) = self.writer.take() else { return };
        drop(sender);
        if writer.join().is_err() {
            tracing::error!("the writer of the session ended by a panic");
        }
    }
}

fn write_each(path: &Path, sessions: &Receiver<Session>) {
    while let Ok(mut session) = sessions.recv() {
        session = sessions.try_iter().last().unwrap_or(session);
        if let Err(error) = write(path, &session) {
            tracing::error!(%error, "what the window remembers cannot be written: {}", path.display());
        }
        std::thread::park_timeout(PAUSE);
    }
}

fn write(path: &Path, session: &Session) -> std::io::Result<()> {
    let new = path.with_extension("json.new");
    std::fs::write(&new, serde_json::to_vec_pretty(session)?)?;
    std::fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_there_again_and_the_last_word_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = Session::load(folder.path());
        let mut file = SessionFile::new(folder.path(), &session);
        for letter in ["d", "dr", "draft"] {
            session.keep_draft("comment", letter);
            file.keep(&session);
        }
        drop(file);
        assert_eq!(Session::load(folder.path()), session);
        assert_eq!(session.draft("comment"), "draft");
        session.keep_draft("comment", "");
        assert!(session.drafts.is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "{\"zoom\":").unwrap();
        assert_eq!(Session::load(folder.path()), Session::default());
    }
}
