//! What one space asks of another one is decided there, whatever gets lost in between, and brings about nothing the second time.

use std::sync::Arc;

use crate::machines::{Authority, FIRST, SPACE, entry};
use crate::retelling::{retold, told};
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::errand::{Errand, Reading};
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::limits::ERRANDS_OPEN_MAX;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::AnswerCode;
use recordplayer::record::{Record, StreamId};
use recordplayer::refusal::{CoreRefusal, Refused};
use recordplayer::replica::Replica;
use recordplayer::storage::OutboxContent;
use recordplayer::testing::Spaces;
use serde::{Deserialize, Serialize};

const HERE: SpaceId = SpaceId(Id([0x11; 16]));
const THERE: SpaceId = SpaceId(Id([0x22; 16]));
const NOWHERE: SpaceId = SpaceId(Id([0x33; 16]));
const OWNER: ActorId = ActorId(Id([0xa1; 16]));
const TOKEN: Id = Id([0x70; 16]);
/// Nothing can be said of it.
const DUMB: Id = Id([0x71; 16]);

/// A thing that is in one space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Token {
    is_here: bool,
    moves: u64,
    leaves_for: Option<SpaceId>,
    /// How often it was told that it could not go.
    stayed: u64,
    /// Who brought it here, as the record says.
    came_by: Option<ActorId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TokenCommand {
    Make {},
    Send { to: SpaceId },
    Take { moves: u64 },
    Taken { moves: u64 },
    Stay {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TokenEvent {
    Made {},
    Leaving { to: SpaceId, moves: u64 },
    Taken { from: SpaceId, moves: u64 },
    Gone {},
    Stayed {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum TokenRefusal {
    #[error("it is not here")]
    NotHere {},
    #[error("only spaces ask for this")]
    OnlySpacesAsk {},
    #[error("nobody wants it")]
    NotWanted {},
}

impl Entity for Token {
    const KIND: &'static str = "token";
    type Command = TokenCommand;
    type Event = TokenEvent;
    type Refusal = TokenRefusal;

    fn decide(&self, command: &TokenCommand, cx: &mut Context<'_>) -> Result<Vec<TokenEvent>, TokenRefusal> {
        use TokenCommand as C;
        use TokenEvent as E;
        let other = cx.errand_with().ok_or(TokenRefusal::OnlySpacesAsk {});
        match *command {
            C::Make {} => Ok(vec![E::Made {}]),
            C::Send { .. } if !self.is_here => Err(TokenRefusal::NotHere {}),
            C::Send { to } => Ok(vec![E::Leaving { to, moves: self.moves + 1 }]),
            C::Take { moves: 13 } => Err(TokenRefusal::NotWanted {}),
            C::Take { moves } if moves <= self.moves => other.map(|_| Vec::new()),
            C::Take { moves } => Ok(vec![E::Taken { from: other?, moves }]),
            C::Taken { moves } if moves <= self.moves => other.map(|_| Vec::new()),
            C::Taken { .. } => other.map(|_| vec![E::Gone {}]),
            C::Stay {} => other.map(|_| vec![E::Stayed {}]),
        }
    }

    fn play(&mut self, event: &TokenEvent, stamp: &Stamp) {
        match event {
            TokenEvent::Made {} => self.is_here = true,
            TokenEvent::Leaving { to, .. } => {
                self.is_here = false;
                self.leaves_for = Some(*to);
            }
            TokenEvent::Taken { moves, .. } => {
                self.is_here = true;
                self.leaves_for = None;
                self.moves = *moves;
                self.came_by = Some(stamp.origin.actor);
            }
            TokenEvent::Gone {} => {
                self.is_here = false;
                self.leaves_for = None;
                self.moves += 1;
            }
            TokenEvent::Stayed {} => {
                self.is_here = true;
                self.leaves_for = None;
                self.stayed += 1;
            }
        }
    }
}

fn intent(id: Id, command: &TokenCommand) -> Intent {
    Intent::of::<Token>(id, command).expect("a command is a record")
}

fn moves(record: &Record, reading: &Reading<'_>) -> Vec<Errand> {
    let id = record.stream.id;
    let token = reading.models().get::<Token>(id);
    let asked = match record.event::<Token>() {
        Some(TokenEvent::Leaving { to, moves }) => Some(Errand {
            to: *to,
            commands: Some(intent(id, &TokenCommand::Take { moves: *moves }))
                .filter(|_| id != DUMB)
                .into_iter()
                .collect(),
            otherwise: Some(intent(id, &TokenCommand::Stay {})).filter(|_| token.leaves_for.is_some()),
        }),
        Some(TokenEvent::Taken { from, moves }) => {
            let told = intent(id, &TokenCommand::Taken { moves: *moves });
            Some(Errand { to: *from, commands: vec![told], otherwise: None })
        }
        Some(TokenEvent::Made {} | TokenEvent::Gone {} | TokenEvent::Stayed {}) | None => None,
    };
    asked.into_iter().collect()
}

/// Nobody but members: what comes by an errand has no sender.
fn members_only(_: &StreamId, _: &str, cx: &Context<'_>) -> Result<(), Refused> {
    if cx.role().is_some() { Ok(()) } else { Err(CoreRefusal::MayNotWrite {}.into()) }
}

fn domain() -> Arc<Domain> {
    Domain::new("tokens", 1).entity::<Token>().guard(members_only).errand("moves", moves).shared()
}

fn spaces() -> Spaces {
    let mut spaces = Spaces::new(domain());
    spaces.found(HERE, OWNER);
    spaces.found(THERE, OWNER);
    spaces
}

fn with_token() -> Spaces {
    let mut spaces = spaces();
    spaces.submit::<Token>(HERE, OWNER, TOKEN, &TokenCommand::Make {});
    spaces.settle();
    spaces
}

fn send(spaces: &mut Spaces, to: SpaceId) {
    spaces.submit::<Token>(HERE, OWNER, TOKEN, &TokenCommand::Send { to });
}

fn token(spaces: &Spaces, space: SpaceId) -> Token {
    spaces.read(space, |models| Token::clone(&models.get::<Token>(TOKEN)))
}

/// Whether the token is where it should be, and nowhere else.
fn is_only_in(spaces: &Spaces, space: SpaceId) -> bool {
    [HERE, THERE].iter().all(|at| token(spaces, *at).is_here == (*at == space))
}

#[test]
fn what_is_asked_is_decided_there_by_nobody_in_particular() {
    let mut spaces = with_token();
    send(&mut spaces, THERE);
    spaces.settle();
    assert!(is_only_in(&spaces, THERE));
    assert_eq!(token(&spaces, THERE).came_by, Some(ActorId::default()));
    assert_eq!(token(&spaces, HERE).moves, 1, "it has heard that it arrived");
}

#[test]
fn who_is_not_asked_by_a_space_cannot_say_so() {
    let mut spaces = with_token();
    let replica = spaces.submit::<Token>(THERE, OWNER, TOKEN, &TokenCommand::Take { moves: 1 });
    spaces.settle();
    assert_eq!(spaces.answer_to(replica), Some(AnswerCode::Refused));
    assert!(is_only_in(&spaces, HERE));
}

/// Whichever step the process dies behind: the other one has heard, has decided, has written, has answered.
#[test]
fn whatever_dies_in_between_it_arrives_once() {
    for dies in [HERE, THERE] {
        for steps in 0..12 {
            let mut spaces = with_token();
            send(&mut spaces, THERE);
            // Its own device has the answer: the command is not lost.
            let mut done = 0;
            while done < 1 + steps && spaces.step(0) {
                done += 1;
            }
            let left = !token(&spaces, HERE).is_here;
            spaces.crash(dies);
            spaces.settle();
            let was_durable = left && !token(&spaces, HERE).is_here;
            assert!(
                is_only_in(&spaces, if was_durable { THERE } else { HERE }),
                "{dies} dies behind {steps}: {spaces:?}"
            );
        }
    }
}

#[test]
fn what_is_asked_twice_leaves_no_record() {
    let mut spaces = with_token();
    send(&mut spaces, THERE);
    spaces.settle();
    let records = [spaces.records(HERE), spaces.records(THERE)];
    // Nothing of it was saved, so both ask again.
    spaces.crash(HERE);
    assert!(spaces.step(0), "it asks again");
    spaces.crash(THERE);
    spaces.settle();
    assert_eq!([spaces.records(HERE), spaces.records(THERE)], records);
}

#[test]
fn what_has_ended_is_not_asked_again_once_that_is_saved() {
    let mut spaces = with_token();
    send(&mut spaces, THERE);
    spaces.settle();
    spaces.save(HERE);
    spaces.settle();
    spaces.crash(HERE);
    assert!(!spaces.step(0));
}

#[test]
fn what_is_not_heard_is_said_again() {
    let mut spaces = with_token();
    send(&mut spaces, THERE);
    // The append here.
    assert!(spaces.step(0));
    // The other one is gone, and with it what it was told.
    spaces.crash(THERE);
    while spaces.step(0) {}
    assert!(!token(&spaces, THERE).is_here && !token(&spaces, HERE).is_here);
    spaces.pass_ms(4_000);
    assert!(!spaces.step(0), "and nobody is in a hurry");
    spaces.pass_ms(2_000);
    assert!(spaces.step(0));
    spaces.settle();
    assert!(is_only_in(&spaces, THERE));
}

#[test]
fn where_nobody_is_or_it_is_refused_the_other_way_is_taken() {
    let mut spaces = with_token();
    send(&mut spaces, NOWHERE);
    spaces.settle();
    assert!(is_only_in(&spaces, HERE));
    assert_eq!(token(&spaces, HERE).stayed, 1);
    for _ in 0..12 {
        for (from, to) in [(HERE, THERE), (THERE, HERE)] {
            spaces.submit::<Token>(from, OWNER, TOKEN, &TokenCommand::Send { to });
            spaces.settle();
            if token(&spaces, from).stayed > 1 || (from == THERE && token(&spaces, from).stayed == 1) {
                assert!(token(&spaces, from).is_here, "the thirteenth move is refused");
                return;
            }
        }
    }
    panic!("no move is refused");
}

/// A space on a device had asked another one for something when it was given to a server: what comes of it is decided there.
#[test]
fn a_space_that_was_given_away_decides_nothing_of_what_it_has_asked_for() {
    let mut authority = Authority::founded(domain());
    let hand_over = MembershipCommand::HandOver { publication: Id([6; 16]), server: "server".to_owned() };
    for (number, intent) in [
        (2, intent(TOKEN, &TokenCommand::Make {})),
        (3, intent(TOKEN, &TokenCommand::Send { to: THERE })),
        (4, Intent::of::<Membership>(SPACE.0, &hand_over).unwrap()),
    ] {
        assert_eq!(authority.submit(FIRST, None, number, number as u8, intent), AnswerCode::Accepted);
    }
    let (asked, end) = (authority.errands[0].key, authority.head());
    authority.refuse_errand(asked);
    assert_eq!(authority.head(), end);
}

/// An errand that could not be put into words was done as soon as it was sent, and what it was about was nowhere.
#[test]
fn what_cannot_be_said_is_as_if_it_was_refused() {
    let mut spaces = spaces();
    spaces.submit::<Token>(HERE, OWNER, DUMB, &TokenCommand::Make {});
    spaces.submit::<Token>(HERE, OWNER, DUMB, &TokenCommand::Send { to: THERE });
    spaces.settle();
    assert!(spaces.read(HERE, |models| models.get::<Token>(DUMB).is_here));
}

#[test]
fn after_a_restore_both_are_told_what_they_have_forgotten() {
    for forgets in [HERE, THERE] {
        let mut spaces = with_token();
        let before = spaces.backup();
        send(&mut spaces, THERE);
        spaces.settle();
        for space in [HERE, THERE] {
            spaces.save(space);
        }
        spaces.settle();
        spaces.restore(&before, |space| space == forgets);
        spaces.settle();
        assert!(is_only_in(&spaces, THERE), "{forgets} forgets: {spaces:?}");
    }
}

#[test]
fn more_than_can_be_open_at_once_come_through() {
    let mut spaces = spaces();
    let ids: Vec<Id> = (0..100_u64).map(|n| Id::derived("a token", &[&n.to_be_bytes()])).collect();
    for id in &ids {
        spaces.submit::<Token>(HERE, OWNER, *id, &TokenCommand::Make {});
    }
    spaces.settle();
    for id in &ids {
        spaces.submit::<Token>(HERE, OWNER, *id, &TokenCommand::Send { to: THERE });
    }
    while spaces.waiting_for(HERE) > 0 {
        spaces.step(0);
    }
    assert_eq!(spaces.waiting_for(THERE), ERRANDS_OPEN_MAX, "what more is asked waits in the log");
    spaces.settle();
    for id in ids {
        assert!(spaces.read(THERE, |models| models.get::<Token>(id).is_here));
        assert_eq!(spaces.read(HERE, |models| models.get::<Token>(id).moves), 1);
    }
}

/// The space that was exported asks for it still: the one that was made of the export must not ask as well, or the token would be there for two.
#[test]
fn what_an_export_has_asked_for_is_not_asked_again_and_stays() {
    let mut exported = Authority::founded(domain());
    assert_eq!(exported.submit(FIRST, None, 2, 101, intent(TOKEN, &TokenCommand::Make {})), AnswerCode::Accepted);
    let leaves = intent(TOKEN, &TokenCommand::Send { to: THERE });
    assert_eq!(exported.submit(FIRST, None, 3, 102, leaves), AnswerCode::Accepted);
    assert_eq!(exported.errands.len(), 1);
    let append = retold(&domain(), told(&exported.log()), OWNER).unwrap();
    let mut again = Authority::over_log(domain(), append);
    again.wake();
    assert_eq!(again.errands.len(), 0, "{:?}", again.errands);
    let replica = Replica::open(domain(), SPACE, OWNER, again.reader(), OutboxContent::default(), FIRST).unwrap();
    let token = replica.confirmed_models().get::<Token>(TOKEN);
    assert!(token.is_here && token.stayed == 1, "{token:?}");
    // What is asked from now on is asked.
    let leaves = entry(1, CommandId(Id([0x99; 16])), intent(TOKEN, &TokenCommand::Send { to: THERE }));
    assert_eq!(again.submit_as(OWNER, ReplicaId(Id([0x98; 16])), None, 0, leaves), Some(AnswerCode::Accepted));
    assert_eq!(again.errands.len(), 1);
}
