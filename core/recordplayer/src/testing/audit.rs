//! What must hold for every log, however it came about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::commit::Commit;
use crate::domain::Domain;
use crate::id::SpaceId;
use crate::models::Hydrator;
use crate::record::Position;
use crate::refusal::CoreRefusal;
use crate::response::Response;
use crate::state::SpaceState;
use crate::storage::SpaceReader;

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
    Ok(())
}
