//! The space machine alone: what it answers, whatever comes.

mod todo;

use std::sync::Arc;

use recordplayer::decide::Intent;
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::limits::VERDICTS_MAX;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::{AnswerCode, CommandEntry, ServerFrame};
use recordplayer::space::{AllFree, Ending, Mark, Opening, SessionId, Space, SpaceInput, SpaceOutput, Submission};
use recordplayer::storage::Store;
use recordplayer::storage::memory::MemoryStore;
use recordplayer::time::Timestamp;
use todo::{add, domain};

const SPACE: SpaceId = SpaceId(Id([1; 16]));
const PERSON: ActorId = ActorId(Id([2; 16]));
const FIRST: ReplicaId = ReplicaId(Id([3; 16]));
const CLONE: ReplicaId = ReplicaId(Id([4; 16]));

fn opening(after: Ending) -> Opening {
    Opening { salt_key: [0; 32], names: Arc::new(AllFree), after }
}

/// A space that its person has founded by the first command of the first replica.
struct Authority {
    store: MemoryStore,
    space: Space,
    /// The mark on the disk.
    mark: Option<Mark>,
    /// The process dies when it decides this command.
    deadly: Option<CommandId>,
}

impl Authority {
    fn founded() -> Self {
        let store = MemoryStore::new();
        let space = Space::open(domain(), SPACE, store.reader(SPACE), opening(Ending::InOrder)).unwrap();
        let mut authority = Self { store, space, mark: None, deadly: None };
        let found = MembershipCommand::Found { title: "space".to_owned() };
        let intent = Intent::of::<Membership>(SPACE.0, &found).unwrap();
        assert_eq!(authority.submit(FIRST, None, 1, 100, intent), AnswerCode::Accepted);
        authority
    }

    fn submit(
        &mut self,
        replica: ReplicaId,
        parent: Option<ReplicaId>,
        number: u64,
        command: u8,
        intent: Intent,
    ) -> AnswerCode {
        let entry = CommandEntry {
            number,
            command: CommandId(Id([command; 16])),
            stream: intent.stream,
            name: intent.name,
            payload: intent.payload,
            act: None,
            happened_at: None,
            requires: Vec::new(),
        };
        self.submit_answered(replica, parent, 0, entry)
    }

    /// As [`Self::submit`], where the process may die of it.
    fn try_to(&mut self, replica: ReplicaId, number: u64, command: u8, intent: Intent) -> Option<AnswerCode> {
        let entry = CommandEntry {
            number,
            command: CommandId(Id([command; 16])),
            stream: intent.stream,
            name: intent.name,
            payload: intent.payload,
            act: None,
            happened_at: None,
            requires: Vec::new(),
        };
        let (commands, session) = (vec![entry], SessionId(1));
        let submission = Submission { session, actor: PERSON, replica, parent: None, answered_up_to: 0, commands };
        self.handle(SpaceInput::Submit(submission))
    }

    fn submit_answered(
        &mut self,
        replica: ReplicaId,
        parent: Option<ReplicaId>,
        answered_up_to: u64,
        entry: CommandEntry,
    ) -> AnswerCode {
        let commands = vec![entry];
        let submission = Submission { session: SessionId(1), actor: PERSON, replica, parent, answered_up_to, commands };
        self.handle(SpaceInput::Submit(submission)).expect("each command is answered")
    }

    /// Gives the machine news and does its work; answers with the answer that it gives.
    fn handle(&mut self, input: SpaceInput) -> Option<AnswerCode> {
        let mut inputs = vec![input];
        let mut answer = None;
        while let Some(input) = inputs.pop() {
            self.space.handle(Timestamp(0), input);
            while let Some(output) = self.space.poll_output() {
                match output {
                    SpaceOutput::Send { frame: ServerFrame::Answer { code, .. }, .. } => answer = Some(code),
                    SpaceOutput::Append(_) => {
                        let write = output.into_write().expect("an append is a write");
                        inputs.push(SpaceInput::Appended(self.store.write(vec![write]).remove(0)));
                    }
                    SpaceOutput::Mark(mark) => {
                        self.mark = mark;
                        if mark.is_some_and(|mark| Some(mark.command) == self.deadly) {
                            return None;
                        }
                        inputs.push(SpaceInput::Marked { is_durable: true });
                    }
                    SpaceOutput::Failed(error) => panic!("{error}"),
                    SpaceOutput::Send { .. }
                    | SpaceOutput::FanOut { .. }
                    | SpaceOutput::Checkpoint(_)
                    | SpaceOutput::Members(_) => {}
                }
            }
        }
        answer
    }
}

/// A device changed its identity and sent again what it had not heard of. A frame of its old session, which had been on its way all the time,
/// arrived after that: the same command was decided under both identities, and the item was there twice.
#[test]
fn a_command_is_decided_once_whichever_identity_of_the_device_sends_it() {
    let mut authority = Authority::founded();
    assert_eq!(authority.submit(FIRST, None, 2, 7, add(1, 100, "once")), AnswerCode::Accepted);
    assert_eq!(authority.submit(CLONE, Some(FIRST), 1, 7, add(1, 100, "once")), AnswerCode::Refused);
    // The other way round: the old frame comes last.
    assert_eq!(authority.submit(CLONE, Some(FIRST), 2, 8, add(2, 100, "twice?")), AnswerCode::Accepted);
    assert_eq!(authority.submit(FIRST, None, 3, 8, add(2, 100, "twice?")), AnswerCode::Refused);
    // Both go on.
    assert_eq!(authority.submit(FIRST, None, 4, 9, add(3, 100, "first")), AnswerCode::Accepted);
    assert_eq!(authority.submit(CLONE, Some(FIRST), 3, 10, add(4, 100, "clone")), AnswerCode::Accepted);
}

/// A client that never said what it had heard made the table of verdicts grow by a row for each command, for ever, and each checkpoint with it.
#[test]
fn who_acknowledges_nothing_is_asked_to_wait() {
    let mut authority = Authority::founded();
    let command = |number: u64| CommandEntry {
        number,
        command: CommandId(Id::derived("test", &[&number.to_be_bytes()])),
        stream: add(1, 100, "x").stream,
        name: add(1, 100, "x").name,
        payload: add(1, 100, "x").payload,
        act: None,
        happened_at: None,
        requires: Vec::new(),
    };
    for number in 2..=VERDICTS_MAX {
        let code = authority.submit_answered(FIRST, None, 0, command(number));
        assert!(matches!(code, AnswerCode::Accepted | AnswerCode::Refused), "{number}: {code:?}");
    }
    let next = VERDICTS_MAX + 1;
    assert_eq!(authority.submit_answered(FIRST, None, 0, command(next)), AnswerCode::RetryAfter);
    let code = authority.submit_answered(FIRST, None, next - 1, command(next));
    assert!(matches!(code, AnswerCode::Accepted | AnswerCode::Refused), "{code:?}");
}

/// A command that overflowed the stack killed the server, was sent again at once, killed it again, and nobody else was served any more.
#[test]
fn a_command_that_kills_the_process_is_quarantined_and_the_others_go_on() {
    let mut authority = Authority::founded();
    authority.deadly = Some(CommandId(Id([66; 16])));
    // The first time nobody knows; then it is tried under a mark, and dies with it twice.
    let mut deaths = 0;
    let verdict = loop {
        let reader = authority.store.reader(SPACE);
        authority.space =
            Space::open(domain(), SPACE, reader, opening(Ending::Crash { mark: authority.mark })).unwrap();
        // Others are served before and behind it, each tried in its turn.
        let before =
            authority.submit(CLONE, None, deaths + 1, 200 + deaths as u8, add(50 + deaths as u8, 100, "other"));
        assert_eq!(before, AnswerCode::Accepted);
        match authority.try_to(FIRST, 2, 66, add(1, 100, "deadly")) {
            Some(code) => break code,
            None => deaths += 1,
        }
    };
    assert_eq!((verdict, deaths), (AnswerCode::Refused, 2));
    assert_eq!(authority.submit(FIRST, None, 3, 9, add(3, 100, "behind it")), AnswerCode::Accepted);
}

#[test]
fn a_number_is_answered_by_what_the_log_says_of_it() {
    let mut authority = Authority::founded();
    assert_eq!(authority.submit(FIRST, None, 2, 7, add(1, 100, "a")), AnswerCode::Accepted);
    assert_eq!(authority.submit(FIRST, None, 2, 7, add(1, 100, "a")), AnswerCode::Accepted, "again the same");
    assert_eq!(authority.submit(FIRST, None, 2, 8, add(2, 100, "b")), AnswerCode::Conflict, "another command's number");
    assert_eq!(authority.submit(FIRST, None, 5, 9, add(3, 100, "c")), AnswerCode::Expect);
    assert_eq!(authority.submit(CLONE, None, 2, 9, add(3, 100, "c")), AnswerCode::Expect, "a replica begins with 1");
}
