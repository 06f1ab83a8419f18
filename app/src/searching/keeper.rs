//! Keeps the index of a device current while somebody may search at any moment.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use recordplayer_client::Device;

use super::Searching;

/// What changes within this time after a change is indexed with it: typing is many changes.
const GATHERING: Duration = Duration::from_millis(250);

/// Brings the index up to date behind each change, in a thread of its own, until it is dropped.
#[derive(Debug)]
pub(crate) struct Keeper {
    word: Arc<Word>,
    thread: Option<JoinHandle<()>>,
}

/// What the device and the thread tell each other.
#[derive(Debug, Default)]
struct Word {
    said: Mutex<Said>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Said {
    is_due: bool,
    is_over: bool,
    /// How often the index was brought up to date.
    rounds: u64,
}

impl Word {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, tell: impl FnOnce(&mut Said)) {
        tell(&mut self.said());
        self.changed.notify_all();
    }

    /// Waits for a change and for those that come right behind it; false where it is over.
    fn wait(&self) -> bool {
        let idle = |said: &mut Said| !said.is_due && !said.is_over;
        let said = self.changed.wait_while(self.said(), idle).unwrap_or_else(PoisonError::into_inner);
        let gathering = self.changed.wait_timeout_while(said, GATHERING, |said| !said.is_over);
        let (mut said, _) = gathering.unwrap_or_else(PoisonError::into_inner);
        said.is_due = false;
        !said.is_over
    }
}

impl Keeper {
    pub fn start(device: &Device) -> Self {
        let word = Arc::new(Word::default());
        word.tell(|said| said.is_due = true);
        let told = Arc::downgrade(&word);
        device.on_change(move || {
            if let Some(word) = told.upgrade() {
                word.tell(|said| said.is_due = true);
            }
        });
        let (device, heard) = (device.clone(), Arc::clone(&word));
        let thread = std::thread::Builder::new().name("search".to_owned());
        let thread = thread.spawn(move || keep(&device, &heard)).expect("the system can start a thread");
        Self { word, thread: Some(thread) }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.word.tell(|said| said.is_over = true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the keeper of the search index ended by a panic");
        }
    }
}

fn keep(device: &Device, word: &Word) {
    let mut searching = None;
    while word.wait() {
        let goes_on = || !word.said().is_over;
        let open = searching.take().map_or_else(|| Searching::open(device), Ok);
        let kept = match open {
            Ok(open) => open.catch_up(&goes_on).map(|()| open).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match kept {
            Ok(open) => searching = Some(open),
            // Opened anew behind the next change; a command that searches says it to whoever asks.
            Err(why) => tracing::warn!(why, "the search index is behind"),
        }
        word.tell(|said| said.rounds += 1);
    }
}

#[cfg(test)]
mod tests {
    use recordplayer_client::{HERE, limits::Settings};
    use recordplayer_kanban::Card;
    use recordplayer_kanban::card::{CardCommand, Day};
    use recordplayer_kanban::ids::CardId;

    use super::*;
    use crate::founding::found;

    impl Keeper {
        fn wait_for_round(&self, after: u64) -> u64 {
            let waiting = |said: &mut Said| said.rounds <= after;
            self.word.changed.wait_while(self.word.said(), waiting).unwrap().rounds
        }
    }

    /// Nobody has to ask for it: what is written is found, also by who shares the index with the keeper, and what is changed is found as it is now.
    #[test]
    fn what_is_written_is_found_a_moment_later() {
        let folder = tempfile::tempdir().unwrap();
        let domain = recordplayer_kanban::domain().shared();
        let device = Device::open_with(domain, folder.path(), Settings::default()).unwrap();
        let mut founded = found(&device, Some(HERE), "Turntable", None).unwrap();
        let board = founded.add_board("Firmware").unwrap();
        let column = founded.space.entity::<recordplayer_kanban::Board>(board).columns[0];
        let keeper = Keeper::start(&device);
        let finds = |words: &str| {
            let searching = Searching::open(&device).unwrap();
            searching.search(&words.parse().unwrap(), Day::of(recordplayer_client::now()).unwrap(), 10).unwrap().total
        };
        let mut round = keeper.wait_for_round(0);
        assert_eq!(finds("wow"), 0);
        let card = CardId(founded.space.fresh_id());
        let title = "Wow and flutter".to_owned();
        let create = CardCommand::Create { column, title, before: None, exempt: false, typed: None };
        founded.space.send::<Card>(card, &create).unwrap();
        while finds("wow") == 0 {
            round = keeper.wait_for_round(round);
        }
        founded.space.send::<Card>(card, &CardCommand::Rename { title: "Rumble".to_owned() }).unwrap();
        while finds("wow") > 0 {
            round = keeper.wait_for_round(round);
        }
        assert_eq!(finds("rumble"), 1);
        drop(keeper);
        assert!(device.folder().join(super::super::FOLDER).exists());
        device.close();
    }
}
