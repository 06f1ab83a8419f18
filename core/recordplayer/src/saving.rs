//! When models and views are saved.

/// A strategy of saving. Each rule that is set asks for a checkpoint of the space: one position at which everything that changed since the
/// last one is saved together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saving {
    /// After so many events.
    pub every_events: Option<u64>,
    /// This long after the first event that is not saved.
    pub after_ms: Option<i64>,
    /// On each event of one of these names (`card.archived`).
    pub on_events: &'static [&'static str],
    /// Before the space leaves memory.
    pub on_eviction: bool,
}

impl Default for Saving {
    /// Every 2,000 events (a start plays at most so many, some milliseconds), after 30 seconds, and on eviction.
    fn default() -> Self {
        Self { every_events: Some(2_000), after_ms: Some(30_000), on_events: &[], on_eviction: true }
    }
}
