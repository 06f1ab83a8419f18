//! Checks of an outbox.

use super::ReopenOutbox;
use super::history::History;
use crate::id::{CommandId, Id};
use crate::storage::{OutboxContent, OutboxRow, OutboxWrite};

fn row(order: u64, content: &[u8]) -> OutboxRow {
    let command = CommandId(Id::derived("outbox", &[&order.to_be_bytes()]));
    OutboxRow { command, order, bytes: content.into() }
}

pub(super) fn an_outbox_gives_back_rows_in_the_order_of_submission(open: ReopenOutbox<'_>) {
    let space = History::new(1).space();
    let mut outbox = open();
    assert_eq!(outbox.load(space), Ok(OutboxContent::default()));
    for order in [3, 1, 300, 2] {
        outbox.write(vec![OutboxWrite::Put { space, row: row(order, b"content") }]).unwrap();
    }
    drop(outbox);
    let rows = [1, 2, 3, 300].map(|order| row(order, b"content")).to_vec();
    assert_eq!(open().load(space), Ok(OutboxContent { identity: None, rows }));
}

pub(super) fn a_row_is_replaced_and_removed_by_its_order(open: ReopenOutbox<'_>) {
    let space = History::new(1).space();
    let mut outbox = open();
    let put = |row| OutboxWrite::Put { space, row };
    outbox.write(vec![put(row(1, b"one")), put(row(2, b"two")), put(row(1, b"one again"))]).unwrap();
    outbox.write(vec![OutboxWrite::Remove { space, order: 2 }, OutboxWrite::Remove { space, order: 9 }]).unwrap();
    drop(outbox);
    assert_eq!(open().load(space).unwrap().rows, [row(1, b"one again")]);
}

pub(super) fn identities_and_spaces_are_kept_apart(open: ReopenOutbox<'_>) {
    let [one, two, three] = [1, 2, 3].map(|space| History::new(space).space());
    let mut outbox = open();
    let identity = |space, content: &[u8]| OutboxWrite::Identity { space, bytes: content.into() };
    outbox
        .write(vec![
            identity(two, b"replica two"),
            identity(one, b"replica"),
            OutboxWrite::Put { space: one, row: row(1, b"of one") },
            OutboxWrite::Put { space: three, row: row(1, b"of three") },
            identity(one, b"replica one"),
        ])
        .unwrap();
    assert_eq!(outbox.spaces(), Ok(vec![one, two, three]));
    outbox.write(vec![OutboxWrite::Forget { space: two }]).unwrap();
    outbox.write(vec![OutboxWrite::Remove { space: three, order: 1 }]).unwrap();
    drop(outbox);
    let outbox = open();
    assert_eq!(outbox.spaces(), Ok(vec![one]), "nothing is left of the others");
    let content = outbox.load(one).unwrap();
    assert_eq!(content.identity.as_deref(), Some(&b"replica one"[..]));
    assert_eq!(content.rows, [row(1, b"of one")]);
    assert_eq!(outbox.load(two), Ok(OutboxContent::default()));
}
