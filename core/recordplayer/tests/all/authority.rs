//! The space machine alone: what it answers, whatever comes.

use crate::machines::{Authority, FIRST, entry};
use crate::todo::{add, domain};
use recordplayer::id::{CommandId, Id, ReplicaId};
use recordplayer::limits::VERDICTS_MAX;
use recordplayer::protocol::AnswerCode;
use recordplayer::space::Ending;

const CLONE: ReplicaId = ReplicaId(Id([4; 16]));

/// A device changed its identity and sent again what it had not heard of. A frame of its old session, which had been on its way all the time,
/// arrived after that: the same command was decided under both identities, and the item was there twice.
#[test]
fn a_command_is_decided_once_whichever_identity_of_the_device_sends_it() {
    let mut authority = Authority::founded(domain());
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
    let mut authority = Authority::founded(domain());
    let command =
        |number: u64| entry(number, CommandId(Id::derived("test", &[&number.to_be_bytes()])), add(1, 100, "x"));
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
    let mut authority = Authority::founded(domain());
    authority.deadly = Some(CommandId(Id([66; 16])));
    // The first time nobody knows; then it is tried under a mark, and dies with it twice.
    let mut deaths = 0;
    let verdict = loop {
        authority.start_again(domain(), Ending::Crash { mark: authority.mark });
        // Others are served before and behind it, each tried in its turn.
        let before =
            authority.submit(CLONE, None, deaths + 1, 200 + deaths as u8, add(50 + deaths as u8, 100, "other"));
        assert_eq!(before, AnswerCode::Accepted);
        match authority.try_to(FIRST, None, 0, entry(2, CommandId(Id([66; 16])), add(1, 100, "deadly"))) {
            Some(code) => break code,
            None => deaths += 1,
        }
    };
    assert_eq!((verdict, deaths), (AnswerCode::Refused, 2));
    assert_eq!(authority.submit(FIRST, None, 3, 9, add(3, 100, "behind it")), AnswerCode::Accepted);
}

#[test]
fn a_number_is_answered_by_what_the_log_says_of_it() {
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(FIRST, None, 2, 7, add(1, 100, "a")), AnswerCode::Accepted);
    assert_eq!(authority.submit(FIRST, None, 2, 7, add(1, 100, "a")), AnswerCode::Accepted, "again the same");
    assert_eq!(authority.submit(FIRST, None, 2, 8, add(2, 100, "b")), AnswerCode::Conflict, "another command's number");
    assert_eq!(authority.submit(FIRST, None, 5, 9, add(3, 100, "c")), AnswerCode::Expect);
    assert_eq!(authority.submit(CLONE, None, 2, 9, add(3, 100, "c")), AnswerCode::Expect, "a replica begins with 1");
}
