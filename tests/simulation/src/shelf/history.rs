//! One history of shelves, and its comparison with the reference.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use recordplayer::commit::Commit;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::id::{CommandId, Id};
use recordplayer::record::{Payload, Position, Record};
use recordplayer::refusal::CoreRefusal;
use recordplayer::replica::{OutboxEntry, SubmitError, Wish};
use recordplayer::response::Response;
use recordplayer::testing::{DeviceId, Transition, World, converge_in};
use recordplayer::view::Key;

use super::domain::{
    CLOSED, Inventory, OldShelf, Shelf, ShelfCommand, ShelfRefusal, gathers_dust, versions, versions_of_views,
};
use super::reference::{Change, Reference};
use crate::Outcome;
use crate::files::OnDisks;

const SHELVES: u8 = 3;
const PLACES: u8 = 6;

/// Plays one history out.
///
/// # Panics
///
/// When something does not hold that must; the message says how to replay it.
pub fn play_out(seed: u64) -> Outcome {
    let mut members = Vec::new();
    // In half of the histories everybody has the newest version from the start: whoever is upgraded begins anew, and that mends much. In some of
    // them only what is shown has versions.
    let has_versions_of_views = seed % 16 == 6;
    let has_versions = has_versions_of_views || seed % 4 < 2;
    let mut people = People { has_old_shelves: !has_versions_of_views, ..People::default() };
    let [older, newer] = if has_versions_of_views { versions_of_views(seed) } else { versions(seed) };
    let first = if has_versions { &older } else { &newer };
    // Some of them on the real store, where a failing disk and other versions come together.
    let is_on_disks = seed % 32 == 6 || seed % 32 == 17;
    let mut world =
        if is_on_disks { World::on_files(seed, first, Box::new(OnDisks::new())) } else { World::seeded(seed, first) };
    if has_versions {
        world.release(&newer);
    }
    let world = converge_in(
        world,
        ["ann", "bo", "cy"],
        |_, devices| members.extend(devices),
        |world, device| people_act(&mut people, world, device),
    );
    people.compare(&world, &members);
    people.outcome.reached = world.reached();
    people.outcome
}

/// What people did.
#[derive(Default)]
struct People {
    said: BTreeMap<CommandId, (Id, ShelfCommand)>,
    /// Whether an older version has shelves of another kind, and does not only show the same ones otherwise.
    has_old_shelves: bool,
    last: Option<(DeviceId, CommandId)>,
    outcome: Outcome,
}

fn shelf(number: u8) -> Id {
    Id([number + 1; 16])
}

/// Somebody does something, or throws a command away that was refused, or was never sent.
fn people_act(people: &mut People, world: &mut World, device: DeviceId) {
    let mut below = |end: u8| world.random().random_range(0..end);
    let (at, other) = (shelf(below(SHELVES)), shelf(below(SHELVES)));
    let (first, first_from, thing, kind_of_label) = (below(PLACES), below(PLACES), u64::from(below(30)), below(4));
    let (kind, is_blind) = (below(12), below(8) == 0);
    // Nobody else says the same: who is told what they may not read is known by it, and what was redacted.
    let label = match kind_of_label {
        0 => CLOSED.to_owned(),
        1 => "plain".to_owned(),
        _ => format!("cue {:012x}", world.random().random_range(0..1_u64 << 48)),
    };
    let is_blind = is_blind || world.may_be_rotten(device);
    // Who looks takes from where something lies, and puts where nothing does.
    let some = |at: Id, first: u8, is_taken: bool| {
        let places = places_shown(world, device, at, people.has_old_shelves);
        let mut in_turn = (0..PLACES).map(|step| (first + step) % PLACES);
        in_turn.find(|place| is_blind || places.contains_key(place) == is_taken).unwrap_or(first)
    };
    let command = match kind {
        0..5 => ShelfCommand::Put { place: some(at, first, false), thing },
        5..7 => ShelfCommand::Take { place: some(at, first, true) },
        7..9 => ShelfCommand::Label { label },
        _ => ShelfCommand::Move { from: some(at, first_from, true), shelf: other, place: some(other, first, false) },
    };
    let mut below = |end: u8| world.random().random_range(0..end);
    let (requires_last, discards) = (below(8) == 0, below(8) == 0);
    let id = CommandId(Id(world.random().random()));
    let mut wish = Wish::new(id, Intent::of::<Shelf>(at, &command).expect("commands can be encoded"));
    wish.requires =
        people.last.filter(|(by, _)| requires_last && *by == device).map(|(_, last)| last).into_iter().collect();
    match world.wish(device, wish) {
        Ok(_) => {
            people.outcome.taken += 1;
            people.said.insert(id, (at, command));
            people.last = Some((device, id));
        }
        Err(SubmitError::Refused(_)) => people.outcome.refused_here += 1,
        // Its program is too old for it.
        Err(SubmitError::Unknown(_)) if !world.is_newest(device) => people.outcome.refused_here += 1,
        // That is told, and the device goes on once its store is replaced.
        Err(SubmitError::Read(_)) if world.may_be_rotten(device) => {}
        Err(other) => panic!("{other}; {}", world.how_to_replay()),
    }
    if !world.is_running(device) {
        return;
    }
    let may_go = |entry: &&OutboxEntry| entry.refused.is_some() || entry.number.is_none();
    let command = world.replica(device).outbox().find(may_go).map(|entry| entry.command);
    if let Some(command) = command.filter(|_| discards) {
        let gone = world.with(device, |replica, _| replica.discard(command));
        let gone = gone.expect("what was refused, or never sent, can be discarded");
        // Nobody goes on with what they have thrown away.
        people.last = people.last.filter(|(_, last)| gone.iter().all(|entry| entry.command != *last));
    }
}

/// What lies on a shelf, as the device shows it.
fn places_shown(world: &World, device: DeviceId, at: Id, has_old_shelves: bool) -> BTreeMap<u8, u64> {
    let replica = world.replica(device);
    if world.is_newest(device) || !has_old_shelves {
        replica.entity::<Shelf>(at).places.clone()
    } else {
        replica.entity::<OldShelf>(at).places.clone()
    }
}

impl People {
    /// Every verdict of the log is the reference's, in the log's order, and what lies on the shelves is what lies there.
    fn compare(&mut self, world: &World, devices: &[DeviceId]) {
        let why = world.how_to_replay();
        let log = world.log();
        let is_restore = |transition: &Transition| matches!(transition, Transition::RestoreAuthority { .. });
        let has_restore = world.happened().iter().any(is_restore);
        let named: BTreeSet<Position> = log.iter().flat_map(Commit::redacts).collect();
        let is_named = |commit: &Commit| commit.records.iter().any(|record| named.contains(&record.number));
        let is_gone = |commit: &Commit| commit.events().any(|record| record.payload == Payload::Erased);
        if log.iter().any(|commit| is_gone(commit) && !is_named(commit)) {
            assert!(has_restore, "something is gone that nobody has redacted; {why}");
            // The redaction is lost with the authority's log, and when it was is nowhere any more.
            return;
        }
        let mut reference = Reference::default();
        let mut dust = Dust::default();
        let (mut taken, mut redacted) = (0, BTreeSet::new());
        // An event that says the same as its command goes with it, and the command goes with each of its events.
        let mut said_alike: BTreeMap<Position, Position> = BTreeMap::new();
        for commit in log {
            self.outcome.records += commit.records.len() as u64;
            self.outcome.refused_there += u64::from(commit.is_refusal());
            let mut goes: BTreeSet<Position> = commit.redacts().collect();
            goes.extend(goes.iter().filter_map(|number| said_alike.get(number)).copied().collect::<Vec<_>>());
            reference.redact(&goes);
            dust.redact(&goes);
            redacted.extend(goes);
            let Some((at, command)) = self.command_of(&commit, &mut dust, &why) else { continue };
            // The core's own refusals (of what requires a refused command, say) are none of the domain's business.
            let refused = Response::of(&commit).map(|response| response.refused);
            if let Some(refused) = refused.as_ref().filter(|refused| refused.typed::<ShelfRefusal>().is_none()) {
                let refused = refused.typed::<CoreRefusal>();
                let is_malformed = refused.is_none_or(|refused| matches!(refused, CoreRefusal::Malformed { .. }));
                assert!(!is_malformed, "what a newer version says is well said: {commit:?}; {why}");
                continue;
            }
            let answer = reference.answer(at, &command);
            assert_eq!(
                answer.as_ref().err().copied(),
                refused.and_then(|refused| refused.typed()),
                "{commit:?}; {why}"
            );
            let mut events: Vec<&Record> = commit.events().collect();
            let says_the_same = !matches!(command, ShelfCommand::Move { .. } | ShelfCommand::Dust { .. });
            if let Some(event) = events.first().filter(|_| says_the_same) {
                said_alike.extend(commit.records.iter().map(|record| (record.number, event.number)));
            }
            for change in answer.unwrap_or_default() {
                let is_it = |record: &&Record| (record.stream.id, &*record.name) == change.is_called();
                let place = events.iter().position(is_it);
                let event = events.remove(place.unwrap_or_else(|| panic!("{change:?} is not in {commit:?}; {why}")));
                reference.change(event.number, change.clone());
                match change {
                    Change::Put { at, place, thing } if gathers_dust(thing) => dust.falls(event.number, at, place),
                    Change::Taken { .. } => taken += 1,
                    Change::Put { .. } | Change::Dusted { .. } | Change::Labelled { .. } => {}
                }
            }
            assert!(events.is_empty(), "nobody said {events:?}; {why}");
        }
        assert!(dust.lies.is_empty(), "the policy has not answered to {:?}; {why}", dust.lies);
        for device in devices {
            let replica = world.replica(*device);
            for at in (0..SHELVES).map(shelf) {
                let found = replica.entity::<Shelf>(at);
                let expected = (reference.places(at), reference.dusted(at), reference.label(at));
                assert_eq!(
                    (found.places.clone(), found.dusted, found.label.clone()),
                    expected,
                    "a shelf differs; {why}"
                );
            }
            let inventory = replica.view::<Inventory<Shelf>>(Key::whole_space());
            let expected = (reference.things(), reference.events());
            assert_eq!((inventory.things(), inventory.events()), expected, "the inventory differs; {why}");
        }
        if !has_restore {
            let (told, lost) = (world.effects().count(), redacted.len());
            // What was redacted before somebody was told of it is told to nobody.
            assert!(told <= taken && taken - told <= lost, "{taken} are taken, and {told} are told of; {why}");
        }
    }

    /// What the command of a commit was, where it is one of shelves.
    fn command_of(&self, commit: &Commit, dust: &mut Dust, why: &str) -> Option<(Id, ShelfCommand)> {
        if let Some(trigger) = commit.header.trigger {
            let (at, place) =
                dust.goes(trigger).unwrap_or_else(|| panic!("{trigger} is answered and was no occasion; {why}"));
            return Some((at, ShelfCommand::Dust { place }));
        }
        let stream = commit.records.first().map(|record| &record.stream)?;
        (&*stream.kind == Shelf::KIND).then(|| {
            let said = self.said.get(&commit.header.command);
            said.cloned().unwrap_or_else(|| panic!("nobody said {}; {why}", commit.header.command))
        })
    }
}

/// What the policy has to answer to: the shelf and the place where something was put.
#[derive(Default)]
struct Dust {
    lies: BTreeMap<Position, (Id, u8)>,
    /// It was redacted, and the answer may have been on its way.
    may_go: BTreeMap<Position, (Id, u8)>,
}

impl Dust {
    fn falls(&mut self, number: Position, at: Id, place: u8) {
        self.lies.insert(number, (at, place));
    }

    fn goes(&mut self, number: Position) -> Option<(Id, u8)> {
        self.lies.remove(&number).or_else(|| self.may_go.remove(&number))
    }

    fn redact(&mut self, numbers: &BTreeSet<Position>) {
        self.may_go.extend(self.lies.extract_if(.., |number, _| numbers.contains(number)));
    }
}
