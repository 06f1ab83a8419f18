//! What must hold for every log, however it came about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::commit::{Commit, Header};
use crate::domain::Domain;
use crate::id::SpaceId;
use crate::models::Hydrator;
use crate::record::Position;
use crate::refusal::CoreRefusal;
use crate::response::Response;
use crate::state::{Meta, SpaceState};
use crate::storage::{RowKey, SpaceReader};

/// Every commit of a log that is complete.
pub(super) fn commits(reader: &dyn SpaceReader) -> Vec<Commit> {
    let head = reader.head().expect("memory can be read");
    let stored = reader.commits(Position::START, head.position, usize::MAX).expect("memory can be read");
    stored.iter().map(|stored| stored.open().expect("the log holds commits")).collect()
}

/// Each command has one verdict, and the numbers of each replica count without a gap; or what is wrong.
pub(super) fn decided_once(commits: &[Commit]) -> Result<(), String> {
    let mut commands = BTreeSet::new();
    let mut numbers = BTreeMap::new();
    for commit in commits {
        let header = &commit.header;
        // What two people say by one id, such as the import of one file, is done once and accepted from both.
        let changes_nothing = !commit.is_refusal() && commit.events().next().is_none();
        if !commands.insert(header.command) && !changes_nothing && !is_repeated(commit) {
            return Err(format!("{} was decided twice", header.command));
        }
        let number = numbers.entry(header.replica).or_insert(0);
        *number += 1;
        if header.number != *number {
            return Err(format!("the numbers of {} have a gap: {} and not {number}", header.replica, header.number));
        }
    }
    Ok(())
}

/// No record has an earlier time than the one before (rule 12); or which has.
pub(super) fn times_rise(commits: &[Commit]) -> Result<(), String> {
    let earlier = commits.windows(2).find(|pair| pair[1].header.time < pair[0].header.time);
    earlier
        .map_or(Ok(()), |pair| Err(format!("record {} has an earlier time than the one before", pair[1].header.first)))
}

/// Nothing is accepted that requires what was refused before (rule 10); or what is.
pub(super) fn requirements_hold(commits: &[Commit]) -> Result<(), String> {
    let mut refused = BTreeSet::new();
    for commit in commits {
        let Header { command, requires, .. } = &commit.header;
        if commit.is_refusal() {
            refused.extend((!is_repeated(commit)).then_some(*command));
        } else if let Some(required) = requires.iter().find(|required| refused.contains(required)) {
            return Err(format!("{command} was accepted, and requires {required}, which was refused"));
        }
    }
    Ok(())
}

/// The answer to a command that had been decided under another identity of its device: it changes nothing.
fn is_repeated(commit: &Commit) -> bool {
    let refused = Response::of(commit).map(|response| response.refused);
    refused.and_then(|refused| refused.typed::<CoreRefusal>()) == Some(CoreRefusal::DecidedAlready {})
}

/// What a whole log comes to, played from record 1 on nothing.
pub(super) fn replay(domain: &Arc<Domain>, space: SpaceId, reader: &dyn SpaceReader) -> SpaceState {
    let mut state = SpaceState::empty(Arc::clone(domain), space, 1);
    *state.layers.hydrator_mut() = Hydrator::from_nothing();
    let head = reader.head().expect("memory can be read");
    state.catch_up(reader, head.position).expect("the log can be played");
    state
}

/// A state is what its log comes to, its views included; or what is not.
pub(super) fn is_replay(state: &mut SpaceState, reader: &dyn SpaceReader) -> Result<(), String> {
    is_like(state, &mut replay(&state.domain, state.space, reader))
}

/// A state is this replay of its log, its views included; or what is not.
pub(super) fn is_like(state: &mut SpaceState, replayed: &mut SpaceState) -> Result<(), String> {
    if state.state_hash() != replayed.state_hash() {
        return Err("a state is no replay of its log".to_owned());
    }
    for (key, expected) in &replayed.layers.base_mut().views {
        let Some(view) = state.domain.view_type(&key.name) else { continue };
        let encode = |state| (view.encode)(state).expect("a view that was played can be encoded");
        if encode(&state.layers.view(key, 0).state) != encode(&expected.state) {
            return Err(format!("the view {key:?} is no replay of its log"));
        }
    }
    let beside = state
        .layers
        .base_mut()
        .views
        .iter()
        .find(|(key, slot)| slot.position > Position::START && !replayed.layers.base_mut().views.contains_key(key));
    beside.map_or(Ok(()), |(key, _)| Err(format!("the log knows nothing of the view {key:?}")))
}

/// Where a checkpoint says that the rows of a view are what the log comes to, they are, and there are no others; or what is not.
pub(super) fn saved_views_are(replayed: &mut SpaceState, reader: &dyn SpaceReader) -> Result<(), String> {
    let Ok(Some(checkpoint)) = reader.checkpoint() else { return Ok(()) };
    let Some(meta) = Meta::fitting(&replayed.domain, &checkpoint.meta) else { return Ok(()) };
    // What cannot be read is told elsewhere.
    for (key, row) in reader.rows(None, usize::MAX).unwrap_or_default() {
        let RowKey::View(key) = key else { continue };
        let Some(view) = replayed.domain.view_type(&key.name) else { continue };
        if !meta.holds(&key.name, view.version) {
            continue;
        }
        let Some(expected) = replayed.layers.base_mut().views.get(&key) else {
            return Err(format!("the log knows nothing of the saved view {key:?}"));
        };
        let encoded = (view.encode)(&expected.state).expect("a view that was played can be encoded");
        let is_it = row.bytes.ends_with(&encoded) && row.version == view.version;
        if checkpoint.head == replayed.head && !is_it {
            return Err(format!("the saved view {key:?} is no replay of its log"));
        }
    }
    Ok(())
}
