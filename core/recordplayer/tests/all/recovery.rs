//! An authority whose store was restored from a backup, and that lets its devices bring back what was lost, as it was (rule 15).

use std::sync::Arc;

use crate::machines::{self, Anew, Authority, Device, FIRST, HeldBack, PERSON, SPACE, person};
use crate::note::{Note, NoteCommand, domain, make, note, text, write};
use crate::todo;
use recordplayer::claims::Claims;
use recordplayer::commit::{Commit, Head, SealKey};
use recordplayer::decide::Intent;
use recordplayer::hash::Hash;
use recordplayer::id::{CommandId, Id, ReplicaId, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::{AnswerCode, ClientFrame, ServerFrame};
use recordplayer::record::Position;
use recordplayer::replica::{EditedText, TextEdit, TextWork};
use recordplayer::space::Ending;
use recordplayer::storage::memory::MemoryStore;
use recordplayer::testing::{DeviceId, Faults, StoreFile, World};
use recordplayer::thresholds::Thresholds;
use recordplayer::time::Timestamp;

/// Longer than any of these histories.
const LONG_MS: i64 = 24 * 3_600_000;

fn head(store: &dyn StoreFile, world: &World) -> Head {
    store.reader(world.space()).head().unwrap()
}

/// Two people, and a backup of the authority before each of them wrote something more.
fn lost(seed: u64) -> (World, [DeviceId; 2], Box<dyn StoreFile>) {
    let mut world = World::seeded(seed, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    write(&mut world, ann, "before ");
    world.run_until_quiet();
    let backup = world.backup_of_authority();
    for (device, words) in [(ann, "by-ann "), (bo, "by-bo "), (ann, "by-ann-again ")] {
        write(&mut world, device, words);
        world.run_until_quiet();
    }
    (world, [ann, bo], backup)
}

#[test]
fn what_was_durable_comes_back_as_it_was() {
    for seed in 0..20 {
        let (mut world, [ann, bo], backup) = lost(seed);
        let before = head(&*world.backup_of_authority(), &world);
        world.cut_off(bo);
        world.recover_authority(&*backup, LONG_MS);
        assert_ne!(head(&*world.backup_of_authority(), &world), before);
        world.run_for_ms(20_000);
        let why = world.how_to_replay();
        assert_eq!(head(&*world.backup_of_authority(), &world), before, "one device has brought all of it; {why}");
        world.heal();
        world.run_until_quiet();
        for device in [ann, bo] {
            assert_eq!(text(&world, device), "before by-ann by-bo by-ann-again ", "{why}");
            assert!(world.told(device).is_empty(), "nothing was lost that somebody must be told of; {why}");
        }
        assert_eq!(world.replica(ann).confirmed().position, before.position.plus(2), "nothing was sent again; {why}");
    }
}

/// The store was put back, and nobody told the server of it.
#[test]
fn what_was_durable_comes_back_also_where_nobody_said_that_it_was_lost() {
    for seed in 0..10 {
        let (mut world, _, backup) = lost(seed);
        let before = head(&*world.backup_of_authority(), &world);
        world.put_back_authority(&*backup);
        world.run_until_quiet();
        assert_eq!(head(&*world.backup_of_authority(), &world), before, "{}", world.how_to_replay());
    }
}

#[test]
fn nothing_is_decided_in_recovery_and_what_waits_is_decided_when_it_is_over() {
    for seed in 0..10 {
        let (mut world, [ann, bo], backup) = lost(seed);
        let before = head(&*world.backup_of_authority(), &world);
        world.recover_authority(&*backup, 60_000);
        world.run_for_ms(5_000);
        write(&mut world, bo, "meanwhile ");
        world.run_for_ms(50_000);
        assert_eq!(head(&*world.backup_of_authority(), &world), before, "{}", world.how_to_replay());
        // The time is over, and nobody has opened it.
        world.run_until_quiet();
        for device in [ann, bo] {
            assert!(world.replica(device).epoch() > 1, "{}", world.how_to_replay());
            assert_eq!(text(&world, device), "before by-ann by-bo by-ann-again meanwhile ");
        }
    }
}

/// The backup is older than the day on which somebody was taken in, and that person's device alone has what came then.
#[test]
fn who_was_taken_in_since_the_backup_brings_back_what_says_so() {
    for seed in 0..10 {
        let mut world = World::seeded(seed, &domain());
        let [ann] = world.devices(["ann"]);
        write(&mut world, ann, "before ");
        world.run_until_quiet();
        let backup = world.backup_of_authority();
        let [bo] = world.devices(["bo"]);
        write(&mut world, bo, "by-bo ");
        world.run_until_quiet();
        let before = head(&*world.backup_of_authority(), &world);
        world.cut_off(ann);
        world.recover_authority(&*backup, LONG_MS);
        world.run_for_ms(20_000);
        assert_eq!(head(&*world.backup_of_authority(), &world), before, "{}", world.how_to_replay());
        world.heal();
        world.run_until_quiet();
        assert_eq!(text(&world, bo), "before by-bo ");
    }
}

#[test]
fn a_space_that_the_backup_does_not_know_comes_back_whole() {
    for seed in 0..10 {
        let (mut world, [ann, bo], _) = lost(seed);
        let before = head(&*world.backup_of_authority(), &world);
        world.recover_authority(&MemoryStore::new(), LONG_MS);
        world.run_for_ms(20_000);
        assert_eq!(head(&*world.backup_of_authority(), &world), before, "{}", world.how_to_replay());
        world.heal();
        world.run_until_quiet();
        for device in [ann, bo] {
            assert_eq!(text(&world, device), "before by-ann by-bo by-ann-again ");
        }
    }
}

/// One device has less than the other one; what only that has comes behind it, whoever is first, over lines that lose and double.
#[test]
fn what_one_device_lacks_another_one_brings() {
    for seed in 0..20 {
        let (mut world, [ann, bo], backup) = lost(seed);
        world.cut_off(bo);
        for words in ["four ", "five "] {
            write(&mut world, ann, words);
            world.run_for_ms(5_000);
        }
        let before = head(&*world.backup_of_authority(), &world);
        world.suffer(Faults::bad());
        world.recover_authority(&*backup, LONG_MS);
        world.heal_one(bo);
        world.run_for_ms(120_000);
        assert_eq!(head(&*world.backup_of_authority(), &world), before, "{}", world.how_to_replay());
        world.heal();
        world.run_until_quiet();
        assert_eq!(text(&world, bo), "before by-ann by-bo by-ann-again four five ");
    }
}

/// A log as an authority with this key would have written it, behind what `authority` holds.
fn tail(authority: &Authority, key: &SealKey) -> Vec<Arc<[u8]>> {
    let mut other = authority.copied(domain(), Some(*key));
    let ban = NoteCommand::Ban { command: CommandId(Id([7; 16])) };
    let intent = Intent::of::<Note>(note(), &ban).unwrap();
    assert_eq!(other.submit(ReplicaId(Id([3; 16])), None, 2, 101, intent), AnswerCode::Accepted);
    let stored = other.reader().commits(authority.head().position, other.head().position, usize::MAX).unwrap();
    stored.into_iter().map(|stored| stored.bytes).collect()
}

fn refuses(frame: &ServerFrame) -> bool {
    *frame == ServerFrame::WantTail { space: SPACE, after: None }
}

#[test]
fn a_tail_that_this_server_has_not_sealed_is_not_taken() {
    let (key, other_key) = (SealKey::new([5; 32]), SealKey::new([6; 32]));
    let mut authority = Authority::founded(domain()).copied(domain(), Some(key));
    let end = authority.head();
    let mine = tail(&authority, &key);
    let commit = Commit::open(Arc::clone(&mine[0]), &end.hash).unwrap();
    let seal = commit.seal.expect("the last commit of an append is sealed");

    let forged = tail(&authority, &other_key);
    // Where the log ends is told to nobody who has not proved to have had more.
    assert!(refuses(&authority.bring_tail(Head::START, mine.clone())), "nothing was offered");
    let (far, further) = (commit.head().position.plus(9), SpaceId(Id([0x52; 16])));
    let far = Head { position: far, ..commit.head() };
    assert!(refuses(&authority.offer_tail(far, seal)), "the seal of a place further back");
    let foreign = key.seal(further, 1, &commit.head());
    assert!(refuses(&authority.offer_tail(commit.head(), foreign)), "the seal of another project's");
    assert!(
        refuses(&authority.offer_tail(commit.head(), other_key.seal(SPACE, 1, &commit.head()))),
        "another server's seal"
    );
    assert!(
        refuses(
            &authority.offer_tail(commit.head(), key.seal(SPACE, 1, &Head { hash: Hash([1; 32]), ..commit.head() }))
        ),
        "the seal of something else"
    );
    let here = Head { hash: Hash([1; 32]), ..end };
    assert!(refuses(&authority.offer_tail(here, key.seal(SPACE, 1, &here))), "a place of another log");
    let wanted = ServerFrame::WantTail { space: SPACE, after: Some(end) };
    assert_eq!(authority.offer_tail(commit.head(), seal), wanted);
    assert!(refuses(&authority.bring_tail(end, forged)), "commits under another server's seal");
    let unsealed = [&mine[0][..mine[0].len() - 34], &[0xf6]].concat();
    assert!(refuses(&authority.bring_tail(end, vec![unsealed.into()])), "commits under none");
    assert!(refuses(&authority.bring_tail(end, vec![[&mine[0][..], &[0]].concat().into()])), "what is no commit");
    assert!(refuses(&authority.bring_tail(end, Vec::new())), "nothing");
    assert_eq!(authority.head(), end);

    let nothing_more = ServerFrame::WantTail { space: SPACE, after: Some(end) };
    assert_eq!(authority.offer_tail(end, key.seal(SPACE, 1, &end)), nothing_more, "what is here already");
    assert_eq!(
        authority.bring_tail(Head::START, mine.clone()),
        wanted,
        "what follows something else is not taken either"
    );
    let taken = ServerFrame::WantTail { space: SPACE, after: Some(commit.head()) };
    assert_eq!(authority.bring_tail(end, mine), taken);
    assert_eq!(authority.head(), commit.head());
}

/// A place that is here proves no other history. Whoever had its seal could make a restored log begin one epoch after the other, each with a new seal
/// to go on with.
#[test]
fn a_place_of_this_log_begins_no_epoch() {
    let key = SealKey::new([5; 32]);
    let mut authority = Authority::founded(domain()).copied(domain(), Some(key));
    authority.reopen();
    let (epoch, end) = (authority.space.epoch(), authority.head());
    let nothing_more = ServerFrame::WantTail { space: SPACE, after: Some(end) };
    assert_eq!(authority.offer_another(epoch, end, key.seal(SPACE, epoch, &end)), nothing_more);
    assert_eq!((authority.space.epoch(), authority.head()), (epoch, end));
    // One of another history does, once.
    let other = Head { hash: Hash([1; 32]), ..end };
    authority.offer_another(epoch, other, key.seal(SPACE, epoch, &other));
    assert_eq!(authority.space.epoch(), epoch + 1);
    authority.offer_another(epoch, other, key.seal(SPACE, epoch, &other));
    assert_eq!(authority.space.epoch(), epoch + 1);
}

/// Two devices brought the same, and the second one was told that it was not wanted while the first one's was on its way to the disk: it took
/// its history for another one.
#[test]
fn what_another_device_has_just_brought_is_known_before_it_is_durable() {
    let key = SealKey::new([5; 32]);
    let mut authority = Authority::founded(domain()).copied(domain(), Some(key));
    let end = authority.head();
    let mine = tail(&authority, &key);
    let brought = Commit::open(Arc::clone(&mine[0]), &end.hash).unwrap();
    authority.offer_tail(brought.head(), brought.seal.unwrap());
    authority.holds_back = Some(HeldBack::Appends);
    assert!(authority.bring_tail_unanswered(end, mine));
    assert!(authority.offer_tail_unanswered(brought.head(), key.seal(SPACE, 1, &brought.head())));
    authority.let_appends_pass();
    let nothing_more = ServerFrame::WantTail { space: SPACE, after: Some(brought.head()) };
    assert_eq!(authority.said, [nothing_more.clone(), nothing_more]);
}

/// A frame held some of what the device had saved, and had room for what was on its way to its disk: brought together, they would have been no tail.
#[test]
fn what_a_device_has_not_saved_yet_is_brought_behind_all_that_it_has() {
    let thresholds = Thresholds { frame_commits_bytes_max: 2_000, ..Thresholds::default() };
    let domain = || todo::application().with_thresholds(thresholds).shared();
    let key = SealKey::new([5; 32]);
    let mut authority = Authority::founded(domain()).copied(domain(), Some(key));
    let mut backup = authority.copied(domain(), Some(key));
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    for (number, letters) in [(2, 1), (3, 1_900), (4, 1)] {
        let add = todo::add(number, 100, &"x".repeat(letters));
        assert_eq!(authority.submit(FIRST, None, u64::from(number), number, add), AnswerCode::Accepted);
        device.holds_saves_back = number == 4;
        device.take(authority.everything());
    }
    assert_eq!(device.log().len(), 3, "the last one is not saved yet");
    device.replica.handle_disconnected();
    device.replica.handle_connected();
    device.talk(&mut backup, |_| true);
    assert_eq!(backup.head(), authority.head());
}

/// A server that is being recovered says the same to everybody whom it does not know: what it has lost may say otherwise.
#[test]
fn who_is_not_known_in_recovery_keeps_what_they_have() {
    let mut authority = Authority::founded(domain());
    assert!(matches!(authority.subscribe(person(9)), ServerFrame::NoAccess { .. }));
    authority.recover(domain(), LONG_MS);
    assert!(matches!(authority.subscribe(person(9)), ServerFrame::Unavailable { .. }));
    assert!(matches!(authority.subscribe(PERSON), ServerFrame::Commits { .. }), "who is known reads on");
    let intent = Intent::of::<Note>(note(), &NoteCommand::Ban { command: CommandId(Id([7; 16])) }).unwrap();
    assert_eq!(authority.submit(ReplicaId(Id([3; 16])), None, 2, 101, intent), AnswerCode::RetryAfter);
    authority.start_again(domain(), Ending::InOrder);
    assert!(matches!(authority.subscribe(person(9)), ServerFrame::NoAccess { .. }));
}

/// "You are no member any more" came late, after the person had been taken in again: the device let go of the space, with what waited in it.
/// (Simulation, shelf, seed 1006.)
#[test]
fn a_device_whose_log_goes_further_is_not_sent_away_by_what_was_said_before() {
    let key = SealKey::new([5; 32]);
    let mut authority = Authority::founded(domain()).copied(domain(), Some(key));
    let ban = |n| Intent::of::<Note>(note(), &NoteCommand::Ban { command: CommandId(Id([n; 16])) }).unwrap();
    assert_eq!(authority.submit(ReplicaId(Id([3; 16])), None, 2, 101, ban(7)), AnswerCode::Accepted);
    let ended_at = |at| ServerFrame::AccessEnded { space: SPACE, at: Position(at), is_known: true };
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.talk(&mut authority, |_| true);
    device.take(ended_at(2));
    device.talk(&mut authority, |_| true);
    assert!(!device.has_left);
    device.submit(50, ban(8)).unwrap();
    device.talk(&mut authority, |_| true);
    assert_eq!(device.replica.outbox().count(), 0, "it goes on");

    // An authority that wants nothing of what the device has means what it says.
    let mut other = Authority::founded(domain()).copied(domain(), Some(SealKey::new([6; 32])));
    device.take(ended_at(2));
    device.talk(&mut other, |_| true);
    assert!(device.has_left);

    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.talk(&mut authority, |_| true);
    device.take(ended_at(authority.head().position.0));
    assert!(device.has_left, "nothing is known here that says otherwise");
}

/// A person was taken out, and in again; what they did then was accepted. The authority was restored from between the two: it says that they are out,
/// and of what they did nothing was sent again, exported or told.
#[test]
fn who_is_out_in_a_restored_log_gets_what_they_did_since_as_a_file() {
    for goes_on in [false, true] {
        let mut world = World::seeded(61, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        world.run_until_quiet();
        let person = world.replica(bo).actor();
        let member = |world: &mut World, command: MembershipCommand| {
            let space = world.space().0;
            world.send(ann, Intent::of::<Membership>(space, &command).unwrap()).unwrap();
            world.run_until_quiet();
        };
        member(&mut world, MembershipCommand::RemoveMember { person });
        let backup = world.backup_of_authority();
        member(&mut world, MembershipCommand::AddMember { person, role: "member".to_owned() });
        world.restart(bo);
        world.run_until_quiet();
        let ban = |world: &mut World, device, n| {
            let ban = NoteCommand::Ban { command: CommandId(Id([n; 16])) };
            world.send(device, Intent::of::<Note>(note(), &ban).unwrap()).unwrap()
        };
        let done = ban(&mut world, bo, 1);
        world.run_until_quiet();
        world.cut_off(bo);
        let waiting = ban(&mut world, bo, 2);
        world.run_for_ms(100);
        let held = world.replica(bo).confirmed().position;
        // Nobody else says again that they are in.
        world.lose_main_store(ann);
        world.restore_authority(&*backup);
        // Its end says nothing: where it has gone on since, it may lie beyond the one that was lost.
        for n in 10.. {
            if !goes_on || world.replica(ann).confirmed().position > held {
                break;
            }
            ban(&mut world, ann, n);
            world.run_for_ms(3_000);
        }
        world.heal();
        world.run_until_quiet();
        assert!(!world.is_running(bo), "the space has left bo's device");
        assert_eq!(*world.exported(bo), [done, waiting].into(), "{}", world.how_to_replay());
    }
}

/// What they wrote is in the file as they wrote it: the text that it was written into is not theirs any more.
#[test]
fn who_is_out_in_another_log_gets_the_text_that_they_wrote() {
    let (mut device, mut authority) = in_step(SealKey::new([5; 32]));
    make(&mut device, 50, 1, "before ");
    make(&mut device, 51, 2, "before and after");
    device.talk(&mut authority, |_| true);
    let mut other = Authority::founded(domain()).copied(domain(), Some(SealKey::new([6; 32])));
    device.take(ServerFrame::AccessEnded { space: SPACE, at: Position(2), is_known: true });
    device.talk(&mut other, |_| true);
    assert!(device.has_left);
    let lost = device.replica.lost_with_access().unwrap();
    let texts: Vec<_> = lost.iter().map(|entry| entry.text.as_ref().map(EditedText::after)).collect();
    assert_eq!(texts, [Some("before ".to_owned()), Some("before and after".to_owned())]);
}

/// It had got the state and not yet the history when the authority was restored. It stayed parted for ever: only a whole history was looked
/// through for what was typed.
#[test]
fn a_device_without_its_whole_history_goes_back_too() {
    let mut authority = Authority::founded(domain());
    for number in 2..1_012_u64 {
        let command = CommandId(Id::derived("of nobody", &[&number.to_be_bytes()]));
        let intent = Intent::of::<Note>(note(), &NoteCommand::Ban { command }).unwrap();
        let entry = machines::entry(number, CommandId(Id::derived("a ban", &[&number.to_be_bytes()])), intent);
        assert_eq!(authority.submit_answered(ReplicaId(Id([3; 16])), None, number - 1, entry), AnswerCode::Accepted);
    }
    let is_no_history = |frame: &ClientFrame| !matches!(frame, ClientFrame::FetchCommits { .. });
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.talk(&mut authority, is_no_history);
    let mut backup = authority.copied(domain(), None);
    let edit = TextEdit::<Note> {
        command: CommandId(Id([70; 16])),
        entity: note(),
        claims: Claims::default(),
        work: TextWork::Replace("by-bo"),
        make: |change| NoteCommand::Write { change },
    };
    device.replica.edit_text(Timestamp(0), &edit).unwrap();
    device.talk(&mut authority, is_no_history);
    assert_eq!(device.replica.outbox().count(), 0, "it is decided");
    assert!(!device.replica.has_history());

    backup.reopen();
    device.replica.handle_disconnected();
    device.replica.handle_connected();
    device.talk(&mut backup, is_no_history);
    assert_eq!(device.anew, Some(Anew::LostThere));
    let waiting: Vec<_> = device.replica.outbox().filter_map(|entry| entry.text.clone()).collect();
    assert_eq!(waiting.iter().map(EditedText::after).collect::<Vec<_>>(), ["by-bo"]);
}

/// A device of a founded space that is in step with its authority, the two with the same secret.
fn in_step(key: SealKey) -> (Device, Authority) {
    let mut authority = Authority::founded(domain()).copied(domain(), Some(key));
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.talk(&mut authority, |_| true);
    (device, authority)
}

fn ban(authority: &mut Authority, number: u64) {
    let intent = Intent::of::<Note>(note(), &NoteCommand::Ban { command: CommandId(Id([7; 16])) }).unwrap();
    assert_eq!(
        authority.submit(ReplicaId(Id([3; 16])), None, number, 100 + number as u8, intent),
        AnswerCode::Accepted
    );
}

/// A device had heard of a record that its authority lost before it came. Ever after it was one record behind, and never in step.
#[test]
fn what_was_heard_of_and_is_lost_is_waited_for_no_longer() {
    let (mut device, mut authority) = in_step(SealKey::new([5; 32]));
    let beyond = Head { position: authority.head().position.plus(1), hash: Hash([1; 32]) };
    device.take(ServerFrame::Ping { nonce: 1, heads: vec![(SPACE, beyond)] });
    assert_eq!(device.replica.status().behind, 1);
    device.replica.handle_disconnected();
    device.sent.clear();
    device.replica.handle_connected();
    device.talk(&mut authority, |_| true);
    assert_eq!(device.replica.status().behind, 0);
    assert!(device.replica.is_settled());
}

/// A space was opened in the next epoch while a frame of the one before was still on its way. The device took that for another history.
#[test]
fn an_old_frame_of_the_epoch_before_is_old_news() {
    let (mut device, mut authority) = in_step(SealKey::new([5; 32]));
    let old = authority.everything();
    authority.reopen();
    device.talk_of(&mut authority);
    assert!(device.replica.epoch() > 1);
    device.take(old);
    assert_eq!(device.replica.confirmed(), authority.head());
}

/// A device offered what its authority had lost just when that was opened anew, and then came, once more, what the authority had said before: the
/// device took its history for another one, and did not go back.
#[test]
fn what_the_authority_said_before_it_went_on_is_not_believed_behind_that() {
    let (mut device, mut authority) = in_step(SealKey::new([5; 32]));
    let mut backup = authority.copied(domain(), Some(SealKey::new([5; 32])));
    ban(&mut authority, 2);
    ban(&mut authority, 3);
    device.talk_of(&mut authority);
    device.replica.handle_disconnected();
    device.replica.handle_connected();
    let said_before = backup.answers(&mut device);
    let offers = |device: &Device| device.sent.iter().any(|frame| matches!(frame, ClientFrame::OfferTail { .. }));
    device.take(said_before.clone());
    assert!(offers(&device));
    backup.reopen();
    let opened = backup.answers(&mut device);
    assert_eq!(opened, ServerFrame::WantTail { space: SPACE, after: Some(backup.head()) });
    device.take(opened);
    device.take(said_before);
    assert!(device.anew.is_none() && !offers(&device), "it is old");
    let fresh = backup.answers(&mut device);
    device.take(fresh);
    assert_eq!(device.anew, Some(Anew::LostThere));
}
