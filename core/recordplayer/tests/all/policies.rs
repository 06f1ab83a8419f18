//! Policies answer to what has happened once each, and effects start once (rule 16), whatever stops the authority.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::machines::{self, Authority, FIRST, HeldBack, SPACE, person};
use rand::RngExt;
use recordplayer::claims::Claims;
use recordplayer::commit::{Commit, SealKey};
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::{CommandId, Id, ReplicaId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::{AnswerCode, PublishEnd};
use recordplayer::record::Record;
use recordplayer::refusal::Refused;
use recordplayer::replica::Wish;
use recordplayer::space::Ending;
use recordplayer::storage::memory::Failure;
use recordplayer::testing::{Faults, Transition, World};
use recordplayer::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that is to be done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Task {
    is_done: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TaskCommand {
    /// By its number, so that each is another command.
    Finish { number: u64 },
    /// As the one before, and the policy fails over it.
    Confuse {},
    /// Two at once.
    FinishBoth { first: u64, second: u64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TaskEvent {
    Finished { number: u64 },
    Confused {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum NoRefusal {}

impl Entity for Task {
    const KIND: &'static str = "task";
    type Command = TaskCommand;
    type Event = TaskEvent;
    type Refusal = NoRefusal;

    fn decide(&self, command: &TaskCommand, _: &mut Context<'_>) -> Result<Vec<TaskEvent>, NoRefusal> {
        let finished = |number: &u64| TaskEvent::Finished { number: *number };
        Ok(match command {
            TaskCommand::Finish { number } => vec![finished(number)],
            TaskCommand::Confuse {} => vec![TaskEvent::Confused {}],
            TaskCommand::FinishBoth { first, second } => vec![finished(first), finished(second)],
        })
    }

    fn play(&mut self, _: &TaskEvent, _: &Stamp) {
        self.is_done = true;
    }
}

/// How many have been done; nobody but the policy counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Tally {
    count: u64,
    /// Only one of two counts is taken.
    is_odd: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TallyCommand {
    Count {},
    CountOdd {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TallyEvent {
    Counted {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum TallyRefusal {
    #[error("This one is even")]
    Even {},
}

impl Entity for Tally {
    const KIND: &'static str = "tally";
    type Command = TallyCommand;
    type Event = TallyEvent;
    type Refusal = TallyRefusal;

    fn decide(&self, command: &TallyCommand, _: &mut Context<'_>) -> Result<Vec<TallyEvent>, TallyRefusal> {
        match command {
            TallyCommand::CountOdd {} if self.is_odd => Err(TallyRefusal::Even {}),
            TallyCommand::Count {} | TallyCommand::CountOdd {} => Ok(vec![TallyEvent::Counted {}]),
        }
    }

    fn play(&mut self, _: &TallyEvent, _: &Stamp) {
        self.count += 1;
        self.is_odd = self.count % 2 == 1;
    }
}

const TALLY: Id = Id([7; 16]);
const TASK: Id = Id([1; 16]);

/// The tally is counted up twice for each task that is done, and somebody is told of it.
fn domain() -> Arc<Domain> {
    domain_of(2)
}

fn domain_of(counts: usize) -> Arc<Domain> {
    let once: recordplayer::policy::React = |record, _| counts_for(record, 1);
    let twice: recordplayer::policy::React = |record, _| counts_for(record, 2);
    Domain::new("tasks", 1)
        .entity::<Task>()
        .entity::<Tally>()
        .guard(only_tasks)
        .policy("count", if counts == 1 { once } else { twice })
        .effect("mail", |record, _| match record.event::<Task>() {
            Some(TaskEvent::Finished { number }) => vec![number.to_be_bytes().to_vec(), b"and once more".to_vec()],
            Some(TaskEvent::Confused {}) | None => Vec::new(),
        })
        .shared()
}

fn counts_for(record: &Record, counts: usize) -> Vec<Intent> {
    match record.event::<Task>() {
        Some(TaskEvent::Finished { .. }) => {
            (0..counts).map(|_| Intent::of::<Tally>(TALLY, &TallyCommand::Count {}).unwrap()).collect()
        }
        Some(TaskEvent::Confused {}) => panic!("the policy is confused"),
        None => Vec::new(),
    }
}

/// Nobody counts by hand; policies are asked no guard.
fn only_tasks(stream: &recordplayer::record::StreamId, _: &str, _: &Context<'_>) -> Result<(), Refused> {
    if &*stream.kind == "task" { Ok(()) } else { Err(recordplayer::refusal::CoreRefusal::NewerRecords {}.into()) }
}

fn finish(number: u64) -> Intent {
    Intent::of::<Task>(TASK, &TaskCommand::Finish { number }).unwrap()
}

/// The counts in the log, by the event that they answer to.
fn answers(commits: &[Commit]) -> BTreeMap<u64, usize> {
    let mut answers = BTreeMap::new();
    for trigger in commits.iter().filter_map(|commit| commit.header.trigger) {
        *answers.entry(trigger.0).or_default() += 1;
    }
    answers
}

fn finished(commits: &[Commit]) -> Vec<u64> {
    let is_finished = |record: &&Record| matches!(record.event::<Task>(), Some(TaskEvent::Finished { .. }));
    commits.iter().flat_map(Commit::events).filter(is_finished).map(|record| record.number.0).collect()
}

#[test]
fn a_policy_answers_to_each_event_once_whatever_stops_the_authority() {
    for seed in 0..60 {
        let mut world = World::seeded(seed, &domain());
        let devices = world.devices(["ann", "bo"]);
        world.suffer(Faults::bad());
        for number in 0..20 {
            let device = devices[world.random().random_range(0..2)];
            if world.is_running(device) {
                world.send(device, finish(number)).unwrap();
            }
            match world.random().random_range(0..6) {
                0 => world.fail_next_append(Failure::UnknownApplied),
                1 => world.fail_next_append(Failure::UnknownLost),
                2 => {
                    world.crash_authority();
                    world.start_authority();
                }
                _ => {}
            }
            let ms = world.random().random_range(1..80);
            world.run_for_ms(ms);
        }
        world.heal();
        world.run_until_quiet();
        let commits = world.log();
        let (answers, finished) = (answers(&commits), finished(&commits));
        assert_eq!(finished.len(), 20);
        assert_eq!(answers.keys().copied().collect::<Vec<_>>(), finished, "{}", world.how_to_replay());
        assert!(answers.values().all(|count| *count == 2), "{answers:?}; {}", world.how_to_replay());
        assert_eq!(world.replica(devices[0]).entity::<Tally>(TALLY).count, 40, "{}", world.how_to_replay());
        // Every mail was sent, under two keys for each command, and more than once only where the note of it was lost.
        let told: Vec<(Id, u32)> = world.effects().map(|(effect, times)| (effect.key, times)).collect();
        assert_eq!(told.len(), 40, "{}", world.how_to_replay());
    }
}

#[test]
fn nothing_is_carried_out_twice_where_nothing_fails() {
    let mut world = World::seeded(1, &domain());
    let [ann] = world.devices(["ann"]);
    for number in 0..10 {
        world.send(ann, finish(number)).unwrap();
    }
    world.run_until_quiet();
    world.run_for_ms(1_000);
    world.crash_authority();
    world.start_authority();
    world.run_until_quiet();
    assert_eq!(world.effects().map(|(_, times)| times).collect::<Vec<_>>(), [1; 20], "a replay starts nothing");
}

/// What an import tells of happened long ago: nobody gets a mail of it, and no policy answers.
#[test]
fn the_past_brings_nothing_about() {
    let mut world = World::seeded(2, &domain());
    let [ann] = world.devices(["ann"]);
    let command = CommandId(Id([9; 16]));
    let claims = Claims { happened_at: Some(Timestamp(1)), ..Claims::default() };
    world.wish(ann, Wish { claims, ..Wish::new(command, finish(1)) }).unwrap();
    world.run_until_quiet();
    assert_eq!(finished(&world.log()).len(), 1);
    assert_eq!(answers(&world.log()).len(), 0);
    assert_eq!(world.effects().count(), 0);
}

/// What comes back after a restore has happened before: its mails were sent then, and its answers are in what came back.
#[test]
fn what_comes_back_after_a_restore_brings_nothing_about_again() {
    let mut world = World::seeded(3, &domain());
    let [ann] = world.devices(["ann"]);
    world.send(ann, finish(1)).unwrap();
    world.run_until_quiet();
    let backup = world.backup_of_authority();
    world.send(ann, finish(2)).unwrap();
    world.run_until_quiet();
    let before = world.log().len();
    world.recover_authority(&*backup, 600_000);
    world.run_for_ms(20_000);
    assert_eq!(world.log().len(), before, "it is all there again");
    world.heal();
    world.run_until_quiet();
    world.crash_authority();
    world.start_authority();
    world.run_until_quiet();
    assert_eq!(world.log().len(), before + 1, "only the opening came behind it");
    assert_eq!(world.effects().map(|(_, times)| times).collect::<Vec<_>>(), [1; 4]);
}

/// The authority ended between the append of what came back and the note that nothing of it is to be carried out: at its next start it carried out
/// what had happened long ago.
#[test]
fn what_has_come_back_brings_nothing_about_at_the_next_start() {
    let key = Some(SealKey::new([7; 32]));
    let mut authority = Authority::founded(domain()).copied(domain(), key);
    let mut backup = authority.copied(domain(), key);
    assert_eq!(authority.submit(FIRST, None, 2, 101, finish(1)), AnswerCode::Accepted);
    assert_ne!(authority.effects, []);
    let before = backup.head();
    let lost = authority.log().into_iter().filter(|commit| commit.before() >= before.position);
    let lost: Vec<_> = lost.collect();
    let end = lost.last().unwrap();
    backup.offer_tail(end.head(), end.seal.unwrap());
    backup.bring_tail(before, lost.iter().map(|commit| Arc::clone(&commit.bytes)).collect());
    assert_eq!(backup.head(), authority.head());
    for _ in 0..2 {
        assert_eq!(backup.effects, []);
        backup.start_again(domain(), Ending::Crash { mark: None });
        backup.wake();
    }
    assert_eq!(backup.submit(FIRST, None, 3, 102, finish(2)), AnswerCode::Accepted);
    assert!(!backup.effects.is_empty(), "what happens now has its effects");
}

/// Behind a restore that lost something, the same numbers are given again: what has them now is not what was noted as done.
#[test]
fn what_is_decided_anew_behind_a_restore_has_its_effects() {
    let mut world = World::seeded(4, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, finish(1)).unwrap();
    world.run_until_quiet();
    let backup = world.backup_of_authority();
    world.send(ann, finish(2)).unwrap();
    world.run_until_quiet();
    world.run_for_ms(1_000);
    for device in [ann, bo] {
        world.cut_off(device);
        world.apply(Transition::LoseMainStore(device));
    }
    world.restore_authority(&*backup);
    world.heal_one(bo);
    world.run_for_ms(5_000);
    world.send(bo, finish(3)).unwrap();
    world.crash_authority();
    world.start_authority();
    world.heal();
    world.run_until_quiet();
    let numbers: Vec<u64> = world
        .effects()
        .filter_map(|(effect, _)| Some(u64::from_be_bytes(effect.content.as_slice().try_into().ok()?)))
        .collect();
    for number in 1..=3 {
        assert!(numbers.contains(&number), "{number} in {numbers:?}; {}", world.how_to_replay());
    }
}

/// One of two events of a commit was redacted before what follows from the other one was carried out: that had another key then, the one of what
/// was carried out for the first.
#[test]
fn what_follows_from_an_event_keeps_its_key_when_its_neighbour_is_redacted() {
    let mut authority = Authority::founded(domain());
    let both = Intent::of::<Task>(TASK, &TaskCommand::FinishBoth { first: 1, second: 2 }).unwrap();
    assert_eq!(authority.submit(FIRST, None, 2, 101, both), AnswerCode::Accepted);
    let keys: Vec<_> = authority.effects.drain(..).map(|effect| (effect.record, effect.key)).collect();
    let unlike: std::collections::BTreeSet<_> = keys.iter().map(|(_, key)| key).collect();
    assert_eq!((keys.len(), unlike.len()), (4, 4));
    let redact = MembershipCommand::Redact { records: vec![keys[0].0], reopened: None };
    let redact = Intent::of::<Membership>(SPACE.0, &redact).unwrap();
    assert_eq!(authority.submit(FIRST, None, 3, 102, redact), AnswerCode::Accepted);
    authority.effects.clear();
    // Nothing was noted as carried out.
    authority.start_again(domain(), Ending::Crash { mark: None });
    authority.wake();
    let again: Vec<_> = authority.effects.iter().map(|effect| (effect.record, effect.key)).collect();
    assert_eq!(again, keys[2..]);
}

/// A policy that panics is passed over, told of, and stands in nobody's way.
#[test]
fn a_policy_that_fails_is_passed_over() {
    let mut authority = Authority::founded(domain());
    let confuse = Intent::of::<Task>(TASK, &TaskCommand::Confuse {}).unwrap();
    assert_eq!(authority.submit(FIRST, None, 2, 101, confuse), AnswerCode::Accepted);
    assert_eq!(authority.submit(FIRST, None, 3, 102, finish(1)), AnswerCode::Accepted);
    assert_eq!(authority.failed_policies, 1);
    assert_eq!(answers(&authority.log()).len(), 1);
    authority.start_again(domain(), Ending::InOrder);
    assert_eq!(answers(&authority.log()).len(), 1, "and not looked at again");
}

/// The authority died between the two commands by which a policy answers to one event. The one that is in the log is not decided again.
#[test]
fn what_was_answered_in_part_is_answered_in_full_after_a_crash() {
    let mut authority = Authority::founded(domain_of(1));
    assert_eq!(authority.submit(FIRST, None, 2, 101, finish(1)), AnswerCode::Accepted);
    assert_eq!(answers(&authority.log()).into_values().sum::<usize>(), 1);
    authority.start_again(domain_of(2), Ending::Crash { mark: None });
    authority.wake();
    assert_eq!(answers(&authority.log()).into_values().sum::<usize>(), 2);
    authority.start_again(domain_of(2), Ending::Crash { mark: None });
    authority.wake();
    assert_eq!(answers(&authority.log()).into_values().sum::<usize>(), 2);
}

#[test]
fn no_device_sends_under_the_name_of_a_policy() {
    let mut authority = Authority::founded(domain());
    let of_policy = ReplicaId::derived("policy", &[b"count"]);
    assert_eq!(authority.submit(of_policy, None, 1, 101, finish(1)), AnswerCode::Conflict);
}

/// A project that was kept on a device, whose own authority has answered there, comes to a server: nothing of it happens again.
#[test]
fn a_published_history_brings_nothing_about_again() {
    let mut local = Authority::founded(domain());
    assert_eq!(local.submit(FIRST, None, 2, 101, finish(1)), AnswerCode::Accepted);
    let publication = Id([6; 16]);
    let hand_over = MembershipCommand::HandOver { publication, server: "server".to_owned() };
    let intent = Intent::of::<Membership>(SPACE.0, &hand_over).unwrap();
    assert_eq!(local.submit(FIRST, None, 3, 102, intent), AnswerCode::Accepted);
    let history: Vec<_> = local.log().iter().map(|commit| Arc::clone(&commit.bytes)).collect();
    let mut server = Authority::empty(domain());
    server.bring(person(20), publication, PublishEnd::TakeOn, history.clone());
    assert_eq!(server.log().len(), history.len() + 1, "behind it stands the publication alone");
    assert_eq!(server.effects, []);
    assert_eq!(
        server.effects_noted.map(|done| done.upto),
        Some(local.head().position),
        "nobody reads it for that again"
    );
    // It ended before it was noted that nothing of this is to be carried out.
    server.start_again(domain(), Ending::Crash { mark: None });
    server.wake();
    assert_eq!(server.effects, []);
}

/// A policy that goes by what it reads: it counts on only where somebody has begun to.
fn counts_on(record: &Record, models: &recordplayer::Models<'_>) -> Vec<Intent> {
    if models.exists::<Tally>(TALLY) { counts_for(record, 1) } else { Vec::new() }
}

/// The disk could not be read when a policy looked at a saved entity. It looked unborn, the policy had nothing to say to that, and never
/// looked at the event again.
#[test]
fn a_policy_does_not_go_by_what_could_not_be_read() {
    let mut authority = Authority::founded(domain_of(1));
    assert_eq!(authority.submit(FIRST, None, 2, 1, finish(1)), AnswerCode::Accepted);
    authority.save();
    let domain =
        Domain::new("tasks", 1).entity::<Task>().entity::<Tally>().guard(only_tasks).policy("count", counts_on);
    let domain = domain.shared();
    authority.start_again(Arc::clone(&domain), Ending::InOrder);
    authority.holds_back = Some(HeldBack::Appends);
    let entry = machines::entry(3, CommandId(Id([2; 16])), finish(2));
    assert_eq!(authority.try_to(FIRST, None, 0, entry), None, "it is on its way to the disk");
    (authority.may_fail, authority.holds_back) = (true, None);
    authority.fail_rows(true);
    authority.let_appends_pass();
    assert!(authority.has_failed.take().is_some(), "the space gives up");
    authority.fail_rows(false);
    authority.start_again(domain, Ending::InOrder);
    authority.wake();
    let commits = authority.log();
    assert_eq!(answers(&commits).keys().copied().collect::<Vec<_>>(), finished(&commits));
}
