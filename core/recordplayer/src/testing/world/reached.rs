//! What a world has come to do that only large spaces do: with thresholds that are drawn small, and counted, so that it is known to be played.

use std::ops::Add;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{DeviceId, Saved, World};
use crate::commit::Head;
use crate::domain::Domain;
use crate::protocol::{ClientFrame, ServerFrame};
use crate::record::Position;
use crate::saving::Saving;
use crate::space::SessionId;
use crate::storage::Write;
use crate::thresholds::Thresholds;

/// Thresholds are drawn beside the history, which is the same with others as far as they let it be.
const DRAWN_BY: u64 = 0x7e5d;

/// A snapshot is that small only now and then: who may not hold it joins by the history.
const SNAPSHOTS_TOO_LARGE: (u32, u32) = (1, 8);

/// How often what only large spaces do was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// A device was offered a snapshot.
    pub snapshots_offered: u64,
    /// One that was cut off went on with it in its next session.
    pub snapshots_resumed: u64,
    /// A device that may not or cannot read a snapshot fetched the history.
    pub joined_by_history: u64,
    /// A device that had joined by a snapshot had the whole history at last.
    pub gaps_filled: u64,
    /// What is told at once did not fit a frame.
    pub frames_split: u64,
    /// A device had so much in flight that the next command had to wait.
    pub windows_full: u64,
    /// Who looks the thin way had missed so much that the view began anew.
    pub views_begun_anew: u64,
    /// Care had gone well for so long after a crash that it ended.
    pub cares_ended: u64,
    /// Views were made anew piece by piece, while their space was open.
    pub views_remade: u64,
}

impl Reached {
    /// Each, with its name.
    pub fn each(&self) -> [(&'static str, u64); 9] {
        [
            ("snapshots offered", self.snapshots_offered),
            ("snapshots resumed", self.snapshots_resumed),
            ("joined by history", self.joined_by_history),
            ("gaps filled", self.gaps_filled),
            ("frames split", self.frames_split),
            ("windows full", self.windows_full),
            ("views begun anew", self.views_begun_anew),
            ("cares ended", self.cares_ended),
            ("views remade", self.views_remade),
        ]
    }
}

impl Add for Reached {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            snapshots_offered: self.snapshots_offered + other.snapshots_offered,
            snapshots_resumed: self.snapshots_resumed + other.snapshots_resumed,
            joined_by_history: self.joined_by_history + other.joined_by_history,
            gaps_filled: self.gaps_filled + other.gaps_filled,
            frames_split: self.frames_split + other.frames_split,
            windows_full: self.windows_full + other.windows_full,
            views_begun_anew: self.views_begun_anew + other.views_begun_anew,
            cares_ended: self.cares_ended + other.cares_ended,
            views_remade: self.views_remade + other.views_remade,
        }
    }
}

/// The domain as it is; or, for every second seed or so, with thresholds so small that a short history reaches them.
pub fn with_drawn_thresholds(domain: Domain, seed: u64) -> Domain {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ DRAWN_BY);
    if rng.random() {
        return domain;
    }
    let (may_be_too_large, of) = SNAPSHOTS_TOO_LARGE;
    let usual = Thresholds::default();
    let in_flight = rng.random_range(1..8);
    let thresholds = Thresholds {
        snapshot_from_records: rng.random_range(5..80),
        snapshot_chunk_bytes: rng.random_range(200..4_000),
        snapshot_bytes_max: if rng.random_ratio(may_be_too_large, of) {
            rng.random_range(1_000..20_000)
        } else {
            usual.snapshot_bytes_max
        },
        read_bytes: rng.random_range(300..6_000),
        view_piece_bytes_max: rng.random_range(200..4_000),
        view_catch_up_records_max: rng.random_range(1..40),
        outbox_commands_max: usual.outbox_commands_max,
        outbox_bytes_max: usual.outbox_bytes_max,
        in_flight_commands_max: in_flight,
        in_flight_bytes_max: rng.random_range(500..6_000),
        submit_bytes_max: rng.random_range(100..2_000),
        verdicts_max: rng.random_range(in_flight as u64..=2 * in_flight as u64),
        frame_commits_bytes_max: rng.random_range(600..6_000),
        looked_at_later_max: rng.random_range(1..4),
        effects_given_max: rng.random_range(1..4),
        rebuild_bytes: usual.rebuild_bytes,
    };
    let saving = Saving {
        every_events: Some(rng.random_range(3..60)),
        after_ms: Some(rng.random_range(500..30_000)),
        ..Saving::default()
    };
    let rebuild_bytes = rng.random_range(500..6_000);
    domain.with_thresholds(Thresholds { rebuild_bytes, ..thresholds }).saving(saving)
}

/// What is remembered of a device that joins, to tell that it goes on in another session.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastChunk {
    session: SessionId,
    at: Head,
}

impl World {
    /// What was done until now that only large spaces do.
    pub fn reached(&self) -> Reached {
        self.reached
    }

    /// A frame of a device has come to the authority.
    pub(super) fn note_client_frame(&mut self, id: DeviceId, session: SessionId, frame: &ClientFrame) {
        let Thresholds { view_catch_up_records_max, .. } = *self.domain().thresholds();
        match frame {
            ClientFrame::FetchSnapshot { at, cursor, .. } => {
                let before = self.devices[id.0].last_chunk.replace(LastChunk { session, at: *at });
                let goes_on = |before: LastChunk| before.session != session && before.at == *at && cursor.is_some();
                self.reached.snapshots_resumed += u64::from(before.is_some_and(goes_on));
            }
            ClientFrame::FetchCommits { after: Position::START, .. } => {
                let holds_nothing = |replica: &crate::replica::Replica| replica.confirmed() == Head::START;
                let joins = self.devices[id.0].replica.as_ref().is_some_and(holds_nothing);
                self.reached.joined_by_history += u64::from(joins);
            }
            ClientFrame::SubscribeView { after: Some(after), .. } => {
                let end = self.space.as_ref().map_or(Position::START, |space| space.durable().position);
                let missed = end.0.saturating_sub(after.head.position.0);
                self.reached.views_begun_anew += u64::from(missed > view_catch_up_records_max);
            }
            _ => {}
        }
    }

    /// The authority sends a frame.
    pub(super) fn note_server_frame(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::SnapshotOffer { .. } => self.reached.snapshots_offered += 1,
            ServerFrame::Commits { upto, head, .. } => {
                self.reached.frames_split += u64::from(upto.position < head.position);
            }
            ServerFrame::ViewStart { is_last, .. } | ServerFrame::ViewNews { is_last, .. } => {
                self.reached.frames_split += u64::from(!is_last);
            }
            _ => {}
        }
    }

    /// A device sends a frame.
    pub(super) fn note_sent(&mut self, id: DeviceId, frame: &ClientFrame) {
        let (ClientFrame::Submit { .. }, Some(replica)) = (frame, &self.devices[id.0].replica) else { return };
        let status = replica.status();
        let is_full = status.sending >= self.domain().thresholds().in_flight_commands_max && status.waiting > 0;
        self.reached.windows_full += u64::from(is_full);
    }

    /// Whether a save holds older records; and whether, once it is done, nothing is missing any more.
    pub(super) fn is_backfill(saved: &Saved) -> bool {
        saved.main.iter().any(|write| matches!(write, Write::Backfill { .. }))
    }
}
