//! On a device that has the whole history.

use super::*;

/// After each upgrade that changed a view a device played its whole log before it showed anything.
#[test]
fn a_space_opens_at_once_where_only_views_have_changed_and_shows_what_was_saved() {
    let before = device(3);
    let mut device = before.upgraded(new());
    let hash = device.replica.state_hash();
    assert_eq!(titles::<2>(&device), ["item 1", "item 2", "item 3"], "as it was saved");
    assert_eq!(device.replica.view::<Titles<2>>(id(LIST)).records, 0, "a field that was not there yet");
    assert_eq!(device.replica.view::<First<2>>(id(1)), Arc::default(), "what cannot be shown is empty");
    assert!(device.replica.shows_older::<Titles<2>>());
    device.submit(50, command(1, &rename("renamed"))).unwrap();
    assert_eq!(titles::<2>(&device), ["RENAMED", "item 2", "item 3"], "and what comes is played on it");

    let told = remade(&mut device);
    assert!(told.len() > 2, "piece by piece");
    assert!(told.windows(2).all(|pair| pair[0].done < pair[1].done && pair[0].of == pair[1].of), "{told:?}");
    assert_eq!(told.last().map(|last| last.percent() < 100), Some(true));
    assert!(!device.replica.shows_older::<Titles<2>>());
    assert_eq!(titles::<2>(&device), ["RENAMED", "ITEM 2", "ITEM 3"], "with what waits on top");
    assert_eq!(device.replica.view::<Titles<2>>(id(LIST)).records, 4);
    assert_eq!(device.replica.view::<First<2>>(id(3)).title.as_deref(), Some("ITEM 3"));
    assert_eq!(device.replica.state_hash(), hash, "entities are what they were");
}

/// Where all views are this version's, nothing is made anew.
#[test]
fn what_has_not_changed_is_read_as_it_was_saved() {
    let device = device(3).upgraded(old());
    assert_eq!(device.replica.status().rebuilding, None);
    let one_more = || entities(ONE_COMMIT).view::<Titles<1>>().view::<First<2>>().view::<ByTitle<1>>().shared();
    let device = device.upgraded(one_more());
    assert!(device.replica.shows_older::<First<2>>() && !device.replica.shows_older::<Titles<1>>());
    assert_eq!(titles::<1>(&device), ["item 1", "item 2", "item 3"]);
}

/// A log of a few pieces less than two is played when the space is opened: nobody sees what was saved.
#[test]
fn a_small_space_shows_the_new_views_at_once() {
    let new = entities(100_000).view::<Titles<2>>().view::<First<2>>().view::<ByTitle<2>>().shared();
    let device = device(3).upgraded(new);
    assert_eq!(device.replica.status().rebuilding, None);
    assert_eq!(titles::<2>(&device), ["ITEM 1", "ITEM 2", "ITEM 3"]);
}

/// Whatever was saved meanwhile, and however often the program ends before it is done.
#[test]
fn a_rebuild_that_was_cut_begins_again_and_mixes_nothing() {
    let mut device = device(4).upgraded(new());
    for round in 0..3_u8 {
        device.replica.handle_wakeup(Timestamp(i64::from(round) * 10));
        device.work();
        assert!(device.replica.status().rebuilding.is_some(), "it takes more than a piece");
        device = device.upgraded(new());
        assert_eq!(titles::<2>(&device)[3], "item 4");
    }
    // Events come, and are saved with what shows.
    let mut authority = authority(old(), 4);
    says(&mut authority, 6, &rename("renamed"), 1);
    device.replica.handle_connected();
    device.take(authority.everything());
    device.saved();
    device = device.upgraded(new());
    assert!(device.replica.status().rebuilding.is_some());
    assert_eq!(titles::<2>(&device), ["RENAMED", "item 2", "item 3", "item 4"]);
    remade(&mut device);
    is_whole(&device);
    // Saved, it is what the next start reads.
    device.saved();
    let mut device = device.upgraded(new());
    assert_eq!(device.replica.status().rebuilding, None);
    is_whole(&device);

    // The other way: what the newer version has played on is no fold of the older one either.
    says(&mut authority, 7, &rename("again"), 2);
    device.take(authority.everything());
    let mut device = device.upgraded(old());
    assert_eq!(titles::<1>(&device)[2], "ITEM 3");
    device.take(authority.everything());
    device.saved();
    let mut device = device.upgraded(old());
    remade(&mut device);
    assert_eq!(titles::<1>(&device), ["renamed", "again", "item 3", "item 4"]);
}

/// A newer version no longer has a view by title. Its rows stayed, and once a title came up again, the view showed what it had been.
#[test]
fn rows_that_the_new_version_does_not_have_go_with_the_next_checkpoint() {
    let mut before = device(3);
    let of = |rows: &[RowKey], name: &str| {
        rows.iter().filter(|key| matches!(key, RowKey::View(view) if *view.name == *name)).count()
    };
    let rows = before.saved();
    assert_eq!((of(&rows, "by_title"), of(&rows, "titles")), (3, 1));
    let mut device = before.upgraded(new());
    let title = || Key::text("item 1");
    assert_eq!(device.replica.view::<ByTitle<2>>(title()).items, 1, "as it was saved");
    device.holds_saves_back = true;
    remade(&mut device);
    assert_eq!(device.replica.view::<ByTitle<2>>(title()), Arc::default(), "also before that is saved");
    device.let_saves_pass();
    let rows = device.saved();
    assert_eq!((of(&rows, "by_title"), of(&rows, "titles")), (1, 1));
    assert_eq!(device.replica.view::<ByTitle<2>>(title()), Arc::default());
    // A view that is gone leaves nothing, and one that comes back is made anew.
    let mut device = device.upgraded(entities(ONE_COMMIT).view::<Titles<2>>().view::<First<2>>().shared());
    assert_eq!(device.replica.status().rebuilding, None);
    assert_eq!(of(&device.saved(), "by_title"), 0);
    let mut device = device.upgraded(new());
    assert!(device.replica.shows_older::<ByTitle<2>>() && !device.replica.shows_older::<Titles<2>>());
    assert_eq!(device.replica.view::<ByTitle<2>>(id(LIST)), Arc::default(), "it begins empty");
    remade(&mut device);
    is_whole(&device);
}

/// Where the shape of an entity has changed, all views are played at once, and none of their rows of before stays.
#[test]
fn rows_of_views_that_were_played_with_the_whole_log_go_too() {
    let mut before = device(3);
    assert!(before.saved().len() > 5);
    let two = Domain::new("todo", 2).entity::<Item>().entity::<List>().view::<ByTitle<2>>().shared();
    let mut device = before.upgraded(two);
    assert_eq!(device.replica.status().rebuilding, None);
    let views: Vec<_> = device.saved().into_iter().filter(|key| matches!(key, RowKey::View(_))).collect();
    assert_eq!(views, [RowKey::View(ViewKey::of::<ByTitle<2>>(id(LIST)))]);
}

/// What something is decided by is never another version's.
#[test]
fn a_view_that_decide_reads_is_made_anew_before_the_space_opens() {
    let consistent = |domain: Domain| domain.view::<First<1>>().view::<ByTitle<1>>().shared();
    let mut authority = authority(consistent(entities(ONE_COMMIT).consistent_view::<Titles<1>>()), 3);
    authority.save();
    let device = Device::copy_of(&authority, consistent(entities(ONE_COMMIT).consistent_view::<Titles<2>>()));
    assert_eq!(device.replica.status().rebuilding, None);
    assert_eq!(titles::<2>(&device), ["ITEM 1", "ITEM 2", "ITEM 3"]);
}
