//! What is due, said once: for each card and each day that it is due on, on each device.
//!
//! Which reminders were said stands in a file of the device, and nowhere else: another device of the same person says them itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use recordplayer::id::{CommandId, SpaceId};
use recordplayer::time::Timestamp;
use recordplayer_client::Device;
use recordplayer_kanban::card::Day;
use recordplayer_kanban::ids::CardId;
use serde::{Deserialize, Serialize};

use crate::mine::{Told, projects};
use crate::whole::Whole;

/// In the device's folder.
const FILE: &str = "reminded.json";
/// From so many on, those are forgotten that are due no more, the oldest days first.
const KEPT_MAX: usize = 10_000;

/// A thread of the window and a command that came through the door must not both say the same.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A card that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reminder {
    pub project: SpaceId,
    pub card: CardId,
    pub day: Day,
}

/// What was said already, by the days that it was about.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Said(BTreeMap<Day, BTreeSet<CommandId>>);

/// The reminders that this device has not said yet, the earliest day first. From now on it has: the file is written before they are answered.
pub(crate) fn take(device: &Device, today: &Day, now: Timestamp) -> io::Result<Vec<Reminder>> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let path = device.folder().join(FILE);
    let mut said = read(&path)?;
    let mut due: BTreeMap<(Day, CommandId), Reminder> = BTreeMap::new();
    let mut fresh = Vec::new();
    for mine in projects(device) {
        for entry in mine.inbox(device, today, now) {
            let Told::Due { day } = entry.told else { continue };
            let reminder = Reminder { project: entry.project, card: entry.card, day: day.clone() };
            // What is put off is said when that is over, and what somebody has read needs no saying.
            if !entry.is_read && entry.put_off.is_none() && !said.holds(&day, entry.id) {
                fresh.push((day.clone(), entry.id));
            }
            due.insert((day, entry.id), reminder);
        }
    }
    fresh.sort();
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    for (day, id) in &fresh {
        said.0.entry(day.clone()).or_default().insert(*id);
    }
    said.shrink(|day, id| due.contains_key(&(day.clone(), id)));
    write(&path, &said)?;
    Ok(fresh.iter().filter_map(|key| due.remove(key)).collect())
}

impl Said {
    fn holds(&self, day: &Day, id: CommandId) -> bool {
        self.0.get(day).is_some_and(|of_day| of_day.contains(&id))
    }

    fn shrink(&mut self, is_due: impl Fn(&Day, CommandId) -> bool) {
        let mut over = self.0.values().map(BTreeSet::len).sum::<usize>().saturating_sub(KEPT_MAX);
        for (day, of_day) in &mut self.0 {
            of_day.retain(|id| {
                let goes = over > 0 && !is_due(day, *id);
                over -= usize::from(goes);
                !goes
            });
        }
        self.0.retain(|_, of_day| !of_day.is_empty());
    }
}

/// A file that nobody can read is begun anew: being reminded twice is better than never again.
fn read(path: &PathBuf) -> io::Result<Said> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, "what was reminded of cannot be read, and is begun anew");
            Said::default()
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Said::default()),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, said: &Said) -> io::Result<()> {
    let mut file = Whole::create(path)?;
    serde_json::to_writer(&mut file, said)?;
    file.write_all(b"\n")?;
    file.finish()
}

#[cfg(test)]
mod tests {
    use recordplayer::id::Id;

    use super::*;

    #[test]
    fn what_is_due_still_is_never_forgotten() {
        let day = |day: &str| day.parse::<Day>().unwrap();
        let id = |n: usize| CommandId(Id((n as u128).to_be_bytes()));
        let mut said = Said::default();
        said.0.insert(day("2026-01-01"), (0..100).map(id).collect());
        said.0.insert(day("2026-02-01"), (0..KEPT_MAX).map(id).collect());
        said.shrink(|of, entry| *of == day("2026-01-01") && entry == id(7));
        assert!(said.holds(&day("2026-01-01"), id(7)) && !said.holds(&day("2026-01-01"), id(8)));
        assert_eq!(said.0.values().map(BTreeSet::len).sum::<usize>(), KEPT_MAX);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert!(read(&path).unwrap().0.is_empty());
        write(&path, &said).unwrap();
        assert_eq!(read(&path).unwrap().0, said.0);
        std::fs::write(&path, b"garbage").unwrap();
        assert!(read(&path).unwrap().0.is_empty());
    }
}
