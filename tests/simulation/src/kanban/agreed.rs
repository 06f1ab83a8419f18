//! What holds of a history when everybody agrees.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use recordplayer::commit::{Commit, Head};
use recordplayer::id::{ActorId, ReplicaId, SpaceId};
use recordplayer::membership::Membership;
use recordplayer::record::{Payload, Position};
use recordplayer::replica::Replica;
use recordplayer::retelling::{Retelling, Told};
use recordplayer::storage::memory::MemoryStore;
use recordplayer::storage::{Append, OutboxContent, Store, Write, Written};
use recordplayer::testing::DeviceId;
use recordplayer::time::Timestamp;
use recordplayer_kanban::{Card, Column, Project, domain};

use super::{BOARDS, CARDS, COLUMNS, People, board, card, column, thing};
use crate::rules::{Asked, Things, has_room};

impl People<'_> {
    /// What an export of it tells becomes a project that is as it is, on another id and with nobody in it.
    pub(super) fn is_the_same_told_again(&self) {
        let why = self.world.how_to_replay();
        let (domain, space) = (domain().shared(), SpaceId(thing("told again", 0)));
        let mut retelling = Retelling::new(Arc::clone(&domain), space, [7; 32]);
        let log = self.world.log();
        for commit in &log {
            let told = retelling.tell(Told::from(commit));
            told.unwrap_or_else(|error| panic!("{error}; {why}"));
        }
        let goes_on = retelling.goes_on(Timestamp::default(), ActorId::default());
        goes_on.unwrap_or_else(|error| panic!("{error}; {why}"));
        let append = retelling.end();
        let open = |space: SpaceId, append: Append| {
            let mut store = MemoryStore::new();
            let written = store.write(vec![Write::Append(append)]);
            assert!(matches!(written.as_slice(), [Written::Durable(_)]), "{written:?}; {why}");
            let (reader, nothing) = (store.reader(space), OutboxContent::default());
            Replica::open(Arc::clone(&domain), space, ActorId::default(), reader, nothing, ReplicaId::default())
                .unwrap_or_else(|error| panic!("{error}; {why}"))
        };
        let (epoch, here) = (log.last().map_or(1, |last| last.header.epoch), self.world.space());
        let before = open(here, Append::new(here, epoch, Head::START, log.into_iter().map(Arc::new).collect()));
        let after = open(space, append);
        for number in 0..CARDS {
            let card = card(number);
            assert_eq!(before.entity::<Card>(card), after.entity::<Card>(card), "{card}; {why}");
            let text = |replica: &Replica| replica.text::<Card>(card, Card::DESCRIPTION).map(|text| text.text());
            assert_eq!(text(&before), text(&after), "the text of {card}; {why}");
        }
        for number in 0..=COLUMNS {
            let column = column(number);
            assert_eq!(before.entity::<Column>(column), after.entity::<Column>(column), "{column}; {why}");
        }
        assert_eq!(before.entity::<Project>(here.0), after.entity::<Project>(space.0), "{why}");
        let former = |replica: &Replica, space: SpaceId| {
            let members = replica.entity::<Membership>(space.0);
            let all: BTreeSet<ActorId> = members.members().map(|(person, _)| person).chain(members.former()).collect();
            all
        };
        let told: BTreeSet<ActorId> = former(&before, here).into_iter().chain([ActorId::default()]).collect();
        assert_eq!(former(&after, space), told, "{why}");
    }

    /// What the product promises of boards holds in what everybody agrees on, and held in between.
    pub(super) fn boards_are_sound(&self, devices: &[DeviceId]) {
        // What is taken out of the history takes the events of one thing, and not those of another that went with it.
        let is_erased = |commit: &Commit| commit.records.iter().any(|record| record.payload == Payload::Erased);
        if self.world.log().iter().any(is_erased) {
            return;
        }
        let space = self.world.space();
        let why = self.world.how_to_replay();
        let is_member = |replica: &Replica| replica.entity::<Membership>(space.0).role_of(replica.actor()).is_some();
        let whole = devices.iter().map(|device| self.world.replica(*device)).find(|replica| is_member(replica));
        let Some(replica) = whole else { return };
        let things = Things {
            space,
            boards: (0..BOARDS).map(board).collect(),
            columns: (0..=COLUMNS).map(column).collect(),
            cards: (0..CARDS).map(card).collect(),
        };
        if let Err(wrong) = things.hold(&replica.models()) {
            panic!("{wrong}; {why}");
        }
        let mut playback = replica.playback();
        let Ok(last) = playback.end() else { return };
        let (mut found, mut asked) = (None, Asked::default());
        let walked = playback.walk(Position::START, last, |step| {
            found = asked.leads_there(&step).and_then(|()| has_room(&asked, &step)).err();
            if found.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if let (Some(wrong), Ok(())) = (found, walked) {
            panic!("{wrong}; {why}");
        }
    }
}
