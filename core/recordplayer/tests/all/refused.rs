//! What a refusal leaves in the log: why, and never a word of what was refused (rule 13).

use std::sync::Arc;

use crate::machines::{Authority, FIRST};
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::Id;
use recordplayer::name::Name;
use recordplayer::protocol::AnswerCode;
use serde::{Deserialize, Serialize};

/// Who answers questions, and fails over them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Oracle {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum OracleCommand {
    Ask { question: String },
    Choose { one: Choice },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Choice {
    Yes,
    No,
}

/// As it stands in a program that knows more answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Asked {
    Choose { one: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum OracleEvent {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum OracleRefusal {}

impl Entity for Oracle {
    const KIND: &'static str = "oracle";
    type Command = OracleCommand;
    type Event = OracleEvent;
    type Refusal = OracleRefusal;

    fn decide(&self, command: &OracleCommand, _: &mut Context<'_>) -> Result<Vec<OracleEvent>, OracleRefusal> {
        match command {
            OracleCommand::Ask { question } => panic!("nobody knows {question}"),
            OracleCommand::Choose { .. } => Ok(Vec::new()),
        }
    }

    fn play(&mut self, event: &OracleEvent, _: &Stamp) {
        match *event {}
    }
}

const WORD: &str = "shellac";

/// The text of a panic, and what a parser cites, held words of the command, and stood in the log for all members and for ever.
#[test]
fn a_refusal_holds_no_word_of_what_it_refuses() {
    let domain: Arc<Domain> = Domain::new("oracles", 1).entity::<Oracle>().shared();
    let mut authority = Authority::founded(domain);
    let panics = Intent::of::<Oracle>(Id([7; 16]), &OracleCommand::Ask { question: WORD.to_owned() }).unwrap();
    let (name, payload) = recordplayer::codec::encode_named(&Asked::Choose { one: WORD.to_owned() }).unwrap();
    let unread =
        Intent { name: Name::new(&format!("oracle.{name}")).unwrap(), payload: payload.into(), ..panics.clone() };
    for (number, intent) in [(2, panics), (3, unread)] {
        assert!(holds_the_word(&intent.payload));
        assert_eq!(authority.submit(FIRST, None, number, number as u8, intent), AnswerCode::Refused);
    }
    let log = authority.log();
    assert_eq!(log.len(), 3);
    assert!(log.iter().all(|commit| !holds_the_word(&commit.bytes)));
}

fn holds_the_word(bytes: &[u8]) -> bool {
    bytes.windows(WORD.len()).any(|window| window == WORD.as_bytes())
}
