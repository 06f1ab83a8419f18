//! The domain in its versions: shelves, what is done with them, a view over all of them, a policy and an effect; and views that nothing is
//! decided by, whose own versions change.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::Arc;

use recordplayer::codec::decode;
use recordplayer::decide::Intent;
use recordplayer::planted::{Bug, is_planted};
use recordplayer::prelude::*;
use recordplayer::testing::with_drawn_thresholds;
use serde::{Deserialize, Serialize};

/// How many things there may be on all shelves together: a rule that spans entities.
pub(super) const THINGS_MAX: u64 = 14;

/// The label of a shelf on which nothing more is put: a rule that the first version of the application does not know.
pub(super) const CLOSED: &str = "closed";

/// One version of a shelf: what all know, and what this one knows beside that.
macro_rules! shelf {
    (
        $shelf:ident { $($fields:tt)* }
        $command:ident { $($commands:tt)* }
        $event:ident { $($events:tt)* }
        decides($deciding:ident) { $($decides:tt)* }
        plays($playing:ident) { $($plays:tt)* }
    ) => {
        /// One shelf: its places, and what lies there.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub(super) struct $shelf {
            pub places: BTreeMap<u8, u64>,
            pub dusted: u64,
            $($fields)*
        }

        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(super) enum $command {
            Put {
                place: u8,
                thing: u64,
            },
            Take {
                place: u8,
            },
            /// From a place of this shelf to a place of another one, or of this one.
            Move {
                from: u8,
                shelf: Id,
                place: u8,
            },
            /// What the policy says.
            Dust {
                place: u8,
            },
            $($commands)*
        }

        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(super) enum $event {
            Put { place: u8, thing: u64 },
            Taken { place: u8 },
            Dusted {},
            $($events)*
        }

        impl Entity for $shelf {
            const KIND: &'static str = "shelf";
            type Command = $command;
            type Event = $event;
            type Refusal = ShelfRefusal;

            fn decide(&self, command: &$command, cx: &mut Context<'_>) -> Result<Vec<$event>, ShelfRefusal> {
                let $deciding = self;
                match *command {
                    $($decides)*
                    $command::Put { place, .. } if self.places.contains_key(&place) => Err(ShelfRefusal::Occupied {}),
                    $command::Put { place, thing } => {
                        if cx.view::<Inventory<Self>>(Key::whole_space()).things() >= THINGS_MAX {
                            return Err(ShelfRefusal::Full {});
                        }
                        Ok(vec![$event::Put { place, thing }])
                    }
                    $command::Take { place } if self.places.contains_key(&place) => Ok(vec![$event::Taken { place }]),
                    $command::Move { from, shelf, place } => {
                        let Some(thing) = self.places.get(&from).copied() else { return Err(ShelfRefusal::Empty {}) };
                        if shelf == cx.id() && place == from {
                            return Err(ShelfRefusal::Same {});
                        }
                        if cx.get::<Self>(shelf).places.contains_key(&place) {
                            return Err(ShelfRefusal::Occupied {});
                        }
                        cx.emit::<Self>(shelf, &$event::Put { place, thing });
                        Ok(vec![$event::Taken { place: from }])
                    }
                    $command::Dust { place } if self.places.contains_key(&place) => Ok(vec![$event::Dusted {}]),
                    $command::Take { .. } | $command::Dust { .. } => Err(ShelfRefusal::Empty {}),
                }
            }

            fn play(&mut self, event: &$event, _: &Stamp) {
                let $playing = self;
                match *event {
                    $event::Put { place, thing } => drop($playing.places.insert(place, thing)),
                    $event::Taken { place } => drop($playing.places.remove(&place)),
                    $event::Dusted {} => $playing.dusted += dusted(&$playing.places),
                    $($plays)*
                }
            }
        }

        impl Version for $shelf {
            fn put(event: &$event) -> Option<(u8, u64)> {
                if let $event::Put { place, thing } = *event { Some((place, thing)) } else { None }
            }

            fn taken(event: &$event) -> Option<u8> {
                if let $event::Taken { place } = *event { Some(place) } else { None }
            }
        }
    };
}

/// What the view, the policy and the effect look at in the events of a version. A record is decoded once, as what its version says.
pub(super) trait Version: Entity {
    /// The place and the thing.
    fn put(event: &Self::Event) -> Option<(u8, u64)>;
    /// The place.
    fn taken(event: &Self::Event) -> Option<u8>;
}

shelf! {
    OldShelf {}
    OldCommand {}
    OldEvent {}
    decides(_shelf) {}
    plays(shelf) {}
}

shelf! {
    Shelf {
        #[serde(default)]
        pub label: String,
    }
    ShelfCommand {
        Label {
            label: String,
        },
    }
    ShelfEvent {
        Labelled { label: String },
    }
    decides(shelf) {
        ShelfCommand::Label { ref label } if *label == shelf.label => Err(ShelfRefusal::Same {}),
        ShelfCommand::Label { ref label } => Ok(vec![ShelfEvent::Labelled { label: label.clone() }]),
        ShelfCommand::Put { .. } if shelf.label == CLOSED => Err(ShelfRefusal::Closed {}),
    }
    plays(shelf) {
        ShelfEvent::Labelled { ref label } => shelf.label.clone_from(label),
    }
}

/// How much more dusted a shelf is.
fn dusted(places: &BTreeMap<u8, u64>) -> u64 {
    match () {
        () if is_planted(Bug::HashMapInPlay) => by_chance(places),
        () if is_planted(Bug::ClockInPlay) => by_the_clock(),
        () => 1,
    }
}

fn by_the_clock() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::from(since.subsec_nanos())
}

/// A place of the shelf, in the order of a map that has another one each time.
fn by_chance(places: &BTreeMap<u8, u64>) -> u64 {
    let unordered: std::collections::HashMap<u8, u64> = places.iter().map(|(place, thing)| (*place, *thing)).collect();
    unordered.keys().next().map_or(0, |place| u64::from(*place))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(super) enum ShelfRefusal {
    #[error("Something lies there. Choose another place")]
    Occupied {},
    #[error("Nothing lies there")]
    Empty {},
    #[error("There are too many things. Take one away first")]
    Full {},
    #[error("It lies there already")]
    Same {},
    #[error("The shelf is closed. Give it another label first")]
    Closed {},
}

/// Where something lies, on all shelves together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inventory<S> {
    places: BTreeSet<(Id, u8)>,
    /// How many events have led to this.
    events: u64,
    #[serde(skip)]
    version: PhantomData<S>,
}

impl<S> Inventory<S> {
    pub(super) fn things(&self) -> u64 {
        self.places.len() as u64
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }
}

impl<S: Version> View for Inventory<S> {
    const NAME: &'static str = "inventory";

    fn keys(stream: &StreamId, _: &Models<'_>) -> Vec<Key> {
        if &*stream.kind == S::KIND { vec![Key::whole_space()] } else { Vec::new() }
    }

    fn play(&mut self, _: &Key, record: &Record, _: &Models<'_>) {
        let Some(event) = record.event::<S>() else { return };
        self.events += 1;
        // What was put there or taken away before may have been redacted.
        self.places.extend(S::put(event).map(|(place, _)| (record.stream.id, place)));
        S::taken(event).map(|place| self.places.remove(&(record.stream.id, place)));
    }
}

/// What has happened to one shelf: a view of which each version counts otherwise, and which none can show as another one has saved it, where
/// `SHOWS_OLDER` is not set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Story<const V: u32, const SHOWS_OLDER: bool> {
    told: BTreeMap<u8, u64>,
    #[serde(default)]
    labels: u64,
}

impl<const V: u32, const SHOWS_OLDER: bool> View for Story<V, SHOWS_OLDER> {
    const NAME: &'static str = if SHOWS_OLDER { "story" } else { "secret" };
    const VERSION: u32 = V;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        if &*stream.kind != Shelf::KIND {
            return Vec::new();
        }
        // The later version has fewer of them, so that rows are left over which nobody plays on.
        let dusted = models.get::<Shelf>(stream.id).dusted;
        let of_dust = (V == 1 && dusted > 0).then(|| Key::text(&format!("{} {dusted}", stream.id)));
        std::iter::once(Key::from(stream.id)).chain(of_dust).collect()
    }

    fn from_version(_: u32, saved: &[u8]) -> Option<Self> {
        SHOWS_OLDER.then(|| decode(saved).ok())?
    }

    fn play(&mut self, _: &Key, record: &Record, after: &Models<'_>) {
        match record.event::<Shelf>() {
            Some(ShelfEvent::Put { place, thing }) => drop(self.told.insert(*place, thing * u64::from(V))),
            Some(ShelfEvent::Taken { place }) => drop(self.told.remove(place)),
            Some(ShelfEvent::Labelled { .. }) => self.labels += u64::from(V),
            Some(ShelfEvent::Dusted {}) => self.labels += after.get::<Shelf>(record.stream.id).places.len() as u64,
            None => {}
        }
    }
}

/// What is put down is dusted by a policy, where it is one of these.
pub(super) fn gathers_dust(thing: u64) -> bool {
    thing.is_multiple_of(3)
}

fn dust<S: Version>(record: &Record, _: &Models<'_>) -> Vec<Intent> {
    let put = record.event::<S>().and_then(S::put).filter(|(_, thing)| gathers_dust(*thing));
    let dust = put.map(|(place, _)| Intent::of::<Shelf>(record.stream.id, &ShelfCommand::Dust { place }));
    dust.into_iter().map(|dust| dust.expect("a command can be encoded")).collect()
}

/// Somebody is told of each thing that is taken.
fn tell<S: Version>(record: &Record, _: &Models<'_>) -> Vec<Vec<u8>> {
    record.event::<S>().and_then(S::taken).into_iter().map(|place| vec![place]).collect()
}

fn version<S: Version>(number: u32, seed: u64) -> Domain {
    let domain = Domain::new("shelves", number).entity::<S>().consistent_view::<Inventory<S>>();
    with_drawn_thresholds(domain.policy("dust", dust::<S>).effect("tell", tell::<S>), seed)
}

/// The two versions of the application, with the thresholds of a seed: in the first one shelves cannot be labelled.
pub(super) fn versions(seed: u64) -> [Arc<Domain>; 2] {
    [version::<OldShelf>(1, seed).shared(), version::<Shelf>(2, seed).shared()]
}

/// Two versions of which the later one shows the same otherwise.
pub(super) fn versions_of_views(seed: u64) -> [Arc<Domain>; 2] {
    let newest = || version::<Shelf>(2, seed);
    [
        newest().view::<Story<1, true>>().view::<Story<1, false>>().shared(),
        newest().view::<Story<2, true>>().view::<Story<2, false>>().shared(),
    ]
}
