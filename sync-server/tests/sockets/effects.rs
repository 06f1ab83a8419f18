//! What happens outside of the logs, by a server that serves.

use std::sync::{Arc, Mutex};

use recordplayer::domain::Domain;
use recordplayer::membership::{Membership, MembershipEvent};
use recordplayer::policy::Effect;
use recordplayer::protocol::AnswerCode;
use tokio::sync::mpsc;

use crate::SPACE;
use crate::kit::{Client, Town, founding, submit_frame, todo_command};

fn domain() -> Domain {
    Domain::new("todo", 1).effect("mail", |record, _| match record.event::<Membership>() {
        Some(MembershipEvent::Renamed { title }) => vec![title.clone().into_bytes()],
        _ => Vec::new(),
    })
}

/// The other end is away at first; then the server dies with a mail that it has sent and not noted.
#[test]
fn an_effect_is_tried_until_it_goes_well_and_again_after_a_crash_under_the_same_key() {
    let town = Town::new();
    let (sent, mut mails) = mpsc::unbounded_channel();
    let failures = Arc::new(Mutex::new(2));
    let carry_out = {
        let (sent, failures) = (sent.clone(), Arc::clone(&failures));
        move |effect: &Effect| {
            let mut failures = failures.lock().unwrap();
            if *failures > 0 {
                *failures -= 1;
                return Err("the other end is away".to_owned());
            }
            sent.send(effect.clone()).map_err(|error| error.to_string())
        }
    };
    let token = town.run_with(domain(), carry_out, async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let mut ann = Client::welcomed(address, &token).await;
        ann.send(&submit_frame(SPACE, 1, &[founding("kept"), todo_command("renamed")])).await;
        assert_eq!(ann.answer().await, (1, AnswerCode::Accepted));
        token
    });
    // It may have been killed before it came to the first one.
    let (again, mut mails_again) = mpsc::unbounded_channel();
    let carry_out = move |effect: &Effect| again.send(effect.clone()).map_err(|error| error.to_string());
    town.run_with(domain(), carry_out, async |address, _| {
        let mut ann = Client::welcomed(address, &token).await;
        ann.send(&submit_frame(SPACE, 3, &[todo_command("again")])).await;
        loop {
            let mail = mails_again.recv().await.unwrap();
            if mail.content == b"again" {
                return;
            }
            assert_eq!(mail.content, b"renamed", "and in its order");
            sent.send(mail).unwrap();
        }
    });
    drop(sent);
    let mut keys = Vec::new();
    while let Some(mail) = mails.blocking_recv() {
        assert_eq!(mail.content, b"renamed");
        keys.push(mail.key);
    }
    assert!(!keys.is_empty(), "it was carried out in one of the two lives");
    assert!(keys.iter().all(|key| *key == keys[0]), "under one key: {keys:?}");
}
