//! What the world holds its devices and its authority to: a command that was saved is decided, or refused and still there, with its words, and
//! one device's commands are decided in their order (rules 1, 2, 11).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::access::{is_edit, words_in, words_of};
use super::{DeviceId, Transition, World};
use crate::commit::Commit;
use crate::id::CommandId;
use crate::record::{Payload, Position};
use crate::refusal::CoreRefusal;
use crate::replica::{CommandState, OutboxEntry, Replica, all_said_again};
use crate::response::Response;
use crate::storage::SpaceReader;
use crate::testing::audit;

/// A device says its edits on another ground less often than that.
const GENERATIONS: u32 = 16;

/// The commands that people were told are saved.
#[derive(Debug, Default)]
pub(super) struct Promises {
    /// What people made, whatever has become of it.
    noted: BTreeSet<CommandId>,
    /// What is to be decided.
    made: BTreeSet<CommandId>,
    /// By the device that said so: a copy of a device promises what lies in its outbox, too, and may join more with it.
    kept: BTreeMap<(CommandId, DeviceId), Promise>,
    /// What people made on each device, in their order, since its files last came from elsewhere.
    order: BTreeMap<DeviceId, Vec<CommandId>>,
}

#[derive(Debug)]
struct Promise {
    /// As it was saved last: edits of a text are joined while they wait.
    payload: Vec<u8>,
}

impl Promises {
    /// A person made a command.
    pub fn note(&mut self, device: DeviceId, command: CommandId) {
        let is_new = self.noted.insert(command);
        if self.made.insert(command) {
            // What is joined with an edit that came with a copied outbox was not made behind all that is made on the copy.
            if is_new {
                self.order.entry(device).or_default().push(command);
            }
        } else if let Some(promise) = self.kept.get_mut(&(command, device)) {
            // An edit was joined with it, and perhaps took words out: what it holds is promised once that is saved.
            promise.payload.clear();
        }
    }

    /// What the person has taken out of the outbox, to discard it or to try it again under another id.
    pub fn release(&mut self, device: DeviceId, before: Vec<CommandId>, replica: &Replica) {
        for command in before {
            if replica.command_state(command) == CommandState::Gone {
                self.forget(command, device);
                // A copy of the device may send it yet, behind what was made after it.
                self.order.values_mut().for_each(|made| made.retain(|made| *made != command));
            }
        }
    }

    /// What becomes of the command is nobody's concern any more.
    pub fn forget_command(&mut self, command: CommandId) {
        self.made.remove(&command);
        self.kept.retain(|(kept, _), _| *kept != command);
    }

    /// What becomes of the command is no concern of the device's any more.
    fn forget(&mut self, command: CommandId, device: DeviceId) {
        self.kept.remove(&(command, device));
        if !self.kept.keys().any(|(kept, _)| *kept == command) {
            self.made.remove(&command);
        }
    }

    /// A save is on disk: what is in it was promised.
    pub fn keep(&mut self, device: DeviceId, replica: &Replica) {
        // What is said again on another ground stands in the log under another id.
        let is_said_again = |entry: &&OutboxEntry| {
            !self.noted.contains(&entry.command) && !self.kept.contains_key(&(entry.command, device))
        };
        let again: BTreeSet<CommandId> = replica.outbox().filter(is_said_again).map(|entry| entry.command).collect();
        let said_again: Vec<_> = if again.is_empty() {
            Vec::new()
        } else {
            let now = |was: &CommandId| said_again(*was).find(|now| again.contains(now));
            self.made.iter().filter_map(|was| Some((*was, now(was)?))).collect()
        };
        for (was, now) in said_again {
            let promise = self.kept.remove(&(was, device));
            self.forget(was, device);
            self.made.insert(now);
            self.kept.extend(promise.map(|promise| ((now, device), promise)));
        }
        for entry in replica.outbox() {
            let is_saved = replica.command_state(entry.command) != CommandState::Unsaved;
            if !is_saved || !self.made.contains(&entry.command) {
                continue;
            }
            // What is refused has the words that it had when it was saved.
            let promise = self.kept.entry((entry.command, device));
            if entry.refused.is_none() || matches!(promise, Entry::Vacant(_)) {
                promise.insert_entry(Promise { payload: entry.payload.clone() });
            }
        }
    }

    /// The device's files come from elsewhere.
    pub fn forget_device(&mut self, device: DeviceId) {
        self.kept.retain(|(_, by), _| *by != device);
        self.order.remove(&device);
    }
}

impl World {
    /// The device's log is lost: what was decided is at the authority, or, where that has lost it before, nowhere.
    pub(super) fn forget_promises_of_log(&mut self, device: DeviceId) {
        let mut held = self.waiting_on(device);
        if self.space.is_some() {
            held.extend(held_in(&*self.store.reader(self.id)));
        }
        self.promises.kept.retain(|(command, by), _| *by != device || held.contains(command));
    }

    /// The device lets go of its log by itself: of what it held of its own, nothing is lost by that.
    pub(super) fn forget_promises_beyond_log(&mut self, device: DeviceId) {
        let mut held = self.waiting_on(device);
        held.extend(held_in(&*self.devices[device.0].store.reader(self.id)));
        if self.space.is_some() {
            held.extend(held_in(&*self.store.reader(self.id)));
        }
        self.promises.kept.retain(|(command, by), _| *by != device || held.contains(command));
    }

    /// The authority's store is an older one: what was decided since comes back from its author's device, or, where that has lost its log
    /// before, from nowhere.
    pub(super) fn forget_promises_of_authority(&mut self) {
        let accepted = held_in(&*self.store.reader(self.id));
        let held_on = |at: usize| {
            let device = &self.devices[at];
            let mut held = accepted.clone();
            if device.replica.is_some() {
                held.extend(self.waiting_on(DeviceId(at)));
                held.extend(held_in(&*device.store.reader(self.id)));
            }
            held
        };
        let held: Vec<BTreeSet<CommandId>> = (0..self.devices.len()).map(held_on).collect();
        self.promises.kept.retain(|(command, by), _| held[by.0].contains(command));
    }

    /// The commands in the device's outbox, which must be open.
    pub(super) fn waiting_on(&self, device: DeviceId) -> BTreeSet<CommandId> {
        let content = self.devices[device.0].outbox.load(self.id).expect("an outbox that was opened can be read");
        content.rows.iter().map(|row| row.command).collect()
    }

    /// Every command that was saved has its verdict, and its words are there: in the log, or refused, and then with its author.
    pub(super) fn check_promises(&self) {
        let accepted = accepted_in(&*self.store.reader(self.id));
        let why = self.how_to_replay();
        for ((command, by), promise) in &self.promises.kept {
            let device = &self.devices[by.0];
            let Some(replica) = &device.replica else { continue };
            // What was refused may have been said again by a copy of the device before it was heard of here.
            let again = || said_again(*command).find_map(|again| accepted.get(&again));
            let words = if let Some(commit) = accepted.get(command).or_else(again) {
                // What was redacted is gone with its words.
                if is_redacted(commit) {
                    continue;
                }
                commit.records.iter().flat_map(words_of).collect()
            } else {
                let entry = replica.outbox().find(|entry| entry.command == *command && entry.refused.is_some());
                let Some(entry) = entry else {
                    panic!("{} saved {command}, and it is neither in the log nor refused; {why}", device.name)
                };
                let mut words = words_in(&entry.payload);
                words.extend(replica.text_of(*command));
                words
            };
            // Edits of a text are joined.
            let is_edit = is_edit(&promise.payload);
            let holds =
                |found: &String, word: &String| found.contains(word.as_str()) || (is_edit && is_spelt(found, word));
            let is_there = |word: &String| words.iter().any(|found| holds(found, word));
            let lost: Vec<_> = words_in(&promise.payload).into_iter().filter(|word| !is_there(word)).collect();
            assert!(lost.is_empty(), "{} saved {command}, and {lost:?} of it is lost: {words:?}; {why}", device.name);
        }
    }

    /// One device's commands have their verdicts in the order in which they were made.
    pub(super) fn check_order(&self) {
        let has = |is_it: fn(&Transition) -> bool| self.happened.iter().any(is_it);
        let is_clone = |transition: &Transition| matches!(transition, Transition::Clone { .. });
        let is_restore = |transition: &Transition| matches!(transition, Transition::RestoreAuthority { .. });
        // A clone that had heard what was refused, and lost, goes on behind that; the device that had not sends it once more. So does one that had
        // joined by a snapshot, which tells of no refusal, and has said again what came behind it.
        let has_joined = self.reached.snapshots_offered > 0;
        if (has(is_clone) || has_joined) && has(is_restore) {
            return;
        }
        let mut places = BTreeMap::new();
        for (place, commit) in audit::commits(self.store.reader(self.id).as_ref()).iter().enumerate() {
            let refused = Response::of(commit).and_then(|response| response.refused.typed::<CoreRefusal>());
            // A copy of the device may have refused it by itself, with what it requires, and have gone on to what came behind it; and that it was
            // decided before is no verdict.
            let is_no_verdict =
                matches!(refused, Some(CoreRefusal::RequiredRefused { .. } | CoreRefusal::DecidedAlready {}));
            if !is_no_verdict {
                places.entry(commit.header.command).or_insert(place);
            }
        }
        for (device, made) in &self.promises.order {
            let made = made.iter().filter(|command| self.promises.made.contains(command));
            let decided: Vec<_> = made.filter_map(|command| Some((*places.get(command)?, *command))).collect();
            let overtaken = decided.windows(2).find(|pair| pair[0].0 > pair[1].0);
            let (name, why) = (&self.devices[device.0].name, self.how_to_replay());
            assert!(overtaken.is_none(), "commands of {name} were decided in another order: {overtaken:?}; {why}");
        }
    }

    /// What lies in an outbox as refused was refused by the authority, as its log says.
    pub(super) fn check_refusals(&self) {
        // What a backup does not hold is not in the log any more.
        let loses = |transition: &Transition| matches!(transition, Transition::RestoreAuthority { .. });
        if self.happened.iter().any(loses) {
            return;
        }
        let commits = audit::commits(self.store.reader(self.id).as_ref());
        let refused: BTreeSet<CommandId> =
            commits.iter().filter(|commit| commit.is_refusal()).map(|commit| commit.header.command).collect();
        for device in &self.devices {
            let entries = device.replica.iter().flat_map(Replica::outbox);
            for entry in entries.filter(|entry| entry.refused.is_some() && entry.number.is_some()) {
                let (name, command, why) = (&device.name, entry.command, self.how_to_replay());
                assert!(refused.contains(&command), "{name} takes {command} for refused, and nobody did; {why}");
            }
        }
    }
}

/// Whether these words hold each character of a word so often as it does. An edit that is said again is the difference of two texts, and of
/// "cue 12" before "cue 34" that may write the "12cue " behind the first "cue ": the same text, written in another order.
fn is_spelt(words: &str, word: &str) -> bool {
    let mut left: Vec<char> = words.chars().collect();
    word.chars()
        .all(|character| left.iter().position(|other| *other == character).map(|at| left.swap_remove(at)).is_some())
}

/// The commands that say again what this one said, on another ground: once, or twice before any of it was saved.
fn said_again(command: CommandId) -> impl Iterator<Item = CommandId> {
    let once = move || all_said_again(command, GENERATIONS);
    once().chain(once().flat_map(|again| all_said_again(again, GENERATIONS)))
}

/// What a log has accepted, as far as it can be read.
pub(super) fn accepted_in(reader: &dyn SpaceReader) -> BTreeMap<CommandId, Commit> {
    let behind_a_gap = reader.gap().ok().flatten().map(|gap| gap.base.position);
    let commits = [Some(Position::START), behind_a_gap].into_iter().flatten().flat_map(|after| {
        let stored = reader.commits(after, Position(u64::MAX), usize::MAX).unwrap_or_default();
        stored.into_iter().filter_map(|stored| stored.open().ok())
    });
    let is_accepted = |commit: &Commit| Response::of(commit).is_none();
    commits.filter(is_accepted).map(|commit| (commit.header.command, commit)).collect()
}

/// The commands that can be said again by what a log holds: what was redacted cannot.
impl World {
    /// What its person gets as a file: what waits, and what was accepted and is lost. What was promised is there, or in the log.
    pub(super) fn export_of_who_leaves(&mut self, id: DeviceId) {
        let why = self.how_to_replay();
        let device = &mut self.devices[id.0];
        let Some(replica) = &device.replica else { return };
        let Ok(lost) = replica.lost_with_access() else { return };
        device.exported =
            lost.iter().map(|entry| entry.command).chain(replica.outbox().map(|entry| entry.command)).collect();
        // Of a space that was joined by its state the device cannot say what it did there.
        let knows_all = device.store.reader(self.id).gap().is_ok_and(|gap| gap.is_none());
        // And a log that has rotted cannot be asked.
        if !knows_all || self.space.is_none() || self.store.may_be_rotten() {
            return;
        }
        let (name, exported) = (device.name.clone(), device.exported.clone());
        let log = audit::commits(self.store.reader(self.id).as_ref());
        let decided: BTreeSet<CommandId> = log.iter().map(|commit| commit.header.command).collect();
        for (command, by) in self.promises.kept.keys() {
            let is_known = decided.contains(command) || exported.contains(command);
            assert!(*by != id || is_known, "{name} leaves with {command} in its export; {why}");
        }
    }
}

fn held_in(reader: &dyn SpaceReader) -> BTreeSet<CommandId> {
    let accepted = accepted_in(reader).into_iter();
    accepted.filter(|(_, commit)| !is_redacted(commit)).map(|(command, _)| command).collect()
}

fn is_redacted(commit: &Commit) -> bool {
    commit.records.iter().any(|record| record.payload == Payload::Erased)
}
