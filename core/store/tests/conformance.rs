//! The suites that every store passes, on redb.

use recordplayer::testing::conformance::{outbox_conforms, store_conforms};
use recordplayer_store::{RedbOutbox, RedbStore};

#[test]
fn the_store_on_redb_conforms() {
    let folder = tempfile::tempdir().unwrap();
    store_conforms(&mut |name| Box::new(RedbStore::open(folder.path().join(name)).unwrap()));
}

#[test]
fn the_outbox_on_redb_conforms() {
    let folder = tempfile::tempdir().unwrap();
    outbox_conforms(&mut |name| Box::new(RedbOutbox::open(folder.path().join(name)).unwrap()));
}
