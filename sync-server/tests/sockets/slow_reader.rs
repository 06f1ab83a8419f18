//! A reader that does not keep up reads the rest from the log, all of it, once and in order (rule 14).

use crate::kit::{Client, Town, founding, submit_frame, todo_command};
use recordplayer::commit::Head;
use recordplayer::id::{Id, SpaceId};
use recordplayer::protocol::{AnswerCode, ClientFrame, Knowledge, ServerFrame};
use recordplayer::record::Position;

const SPACE: SpaceId = SpaceId(Id([7; 16]));
const FRAMES: u64 = 40;
const OF_A_FRAME: u64 = 500;

/// A session that looked away while tens of thousands of commits were made was closed somewhere on its way through them, without a word.
#[test]
fn who_looks_away_gets_everything_that_was_missed() {
    let town = Town::new();
    town.run(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let mut writer = Client::welcomed(address, &token).await;
        writer.send(&submit_frame(SPACE, 1, &[founding("a list")])).await;
        assert_eq!(writer.answer().await, (1, AnswerCode::Accepted));
        let mut reader = Client::welcomed(address, &token).await;
        let knowledge = Knowledge { epoch: 0, head: Head::START };
        reader.send(&ClientFrame::Subscribe { space: SPACE, knowledge }).await;
        let mut number = 2;
        for _ in 0..FRAMES {
            let commands: Vec<_> = (0..OF_A_FRAME).map(|n| todo_command(&format!("name {}", number + n))).collect();
            writer.send(&submit_frame(SPACE, number, &commands)).await;
            number += OF_A_FRAME;
            while writer.answer().await.0 != number - 1 {}
        }
        // The founding has two records, each renaming two.
        let last = Position(2 + 2 * FRAMES * OF_A_FRAME);
        let mut at = Position::START;
        while at < last {
            let (after, upto) = reader
                .until(|frame| match frame {
                    ServerFrame::Commits { after, upto, .. } => Some((after.position, upto.position)),
                    ServerFrame::Goodbye { code, message, .. } => panic!("{code:?}: {message}"),
                    _ => None,
                })
                .await;
            assert!(after <= at, "nothing is missing: had {at}, got what follows {after}");
            at = at.max(upto);
        }
    });
}
