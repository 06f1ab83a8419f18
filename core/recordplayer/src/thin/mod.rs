//! The thin way: one view of a space, kept current without storing anything.
//!
//! ```text
//!  connected ─► SubscribeView{after: what is known} ═══► the authority
//!                   │
//!  ViewStart … ─► the view's state, and the models of what shows in it ─► Started
//!  ViewNews ───► enter, play, leave ──────────────────────────────────────► Records, each once
//!  a gap ──────► SubscribeView again, behind what is known
//! ```

mod models;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use models::ShownModels;

use crate::commit::Head;
use crate::domain::Domain;
use crate::entity::Entity;
use crate::id::{Id, SpaceId};
use crate::limits::THIN_START_BYTES_MAX;
use crate::models::AnyState;
use crate::protocol::{ClientFrame, Knowledge, ServerFrame, ViewItem};
use crate::record::{Origin, Payload, Position, Record, RecordKind, StreamId};
use crate::view::{View, ViewKey};

/// Work for the driver, and news for whoever looks.
#[derive(Debug)]
pub enum ThinOutput {
    Send(ClientFrame),
    /// The view is here, as it was at that record; records follow.
    Started {
        at: Position,
    },
    /// A record touched the view, and is played on it. Each is told once, in the order of the log.
    Record(Record),
    /// The person may not look at it, or not any more.
    AccessEnded,
    /// What came cannot be read: another version of the program made it, or it is damaged.
    Unreadable(String),
}

/// One view of one space on a device that stores nothing.
///
/// Holds no socket, file, clock or randomness. Methods come in three kinds: getters; news (`handle_…`); work for the driver
/// ([`Self::poll_output`], drained to `None` after every call).
///
/// Invariants:
/// 1. The state is the view at `known`, and every record that touches it up to there was told once, or lies before the start.
/// 2. The models are those of the entities that show in the view.
pub struct ThinView {
    domain: Arc<Domain>,
    space: SpaceId,
    view: ViewKey,
    state: AnyState,
    models: ShownModels,
    known: Option<Knowledge>,
    /// How often the view had been made anew when it started, as far as this session has said.
    remade: u32,
    /// Whether this session has said how its log goes on from what is known: one that was set back begins further back.
    is_of_this_log: bool,
    /// A starting state on its way in.
    starting: Option<Starting>,
    gathering: Option<Gathering>,
    /// The person may not look; asking again in this session would get the same answer.
    is_ended: bool,
    /// The server could not read the space, or did not know who belongs there: it is asked again with the next ping.
    asks_again: bool,
    outputs: VecDeque<ThinOutput>,
}

/// News in pieces on their way in.
struct Gathering {
    after: Position,
    upto: Head,
    /// The piece that comes next.
    next: u32,
    items: Vec<ViewItem>,
    bytes: usize,
}

struct Starting {
    at: Knowledge,
    remade: u32,
    /// The piece that comes next.
    next: u32,
    /// Whether a piece has come since the last ping.
    has_grown: bool,
    state: Vec<u8>,
    models: Vec<(StreamId, Vec<u8>)>,
    bytes: usize,
}

impl ThinView {
    /// A view that nothing is known of yet. The domain must list it.
    pub fn new(domain: Arc<Domain>, space: SpaceId, view: ViewKey) -> Self {
        let view_type = domain.view_type(&view.name);
        let state = view_type.map_or_else(|| Arc::new(()) as AnyState, |view| (view.empty)());
        let models = ShownModels::new(Arc::clone(&domain));
        Self {
            domain,
            space,
            view,
            state,
            models,
            known: None,
            remade: 0,
            is_of_this_log: false,
            starting: None,
            gathering: None,
            is_ended: false,
            asks_again: false,
            outputs: VecDeque::new(),
        }
    }

    /// Up to where everything that touches the view is known; nothing before the start.
    pub fn position(&self) -> Option<Position> {
        self.known.map(|known| known.head.position)
    }

    /// The view as it is known.
    pub fn get<V: View>(&self) -> Arc<V> {
        Arc::clone(&self.state).downcast().unwrap_or_else(|_| panic!("{:?} is another view", self.view))
    }

    /// An entity that shows in the view.
    pub fn entity<E: Entity>(&self, id: impl Into<Id>) -> Arc<E> {
        self.models.models().get::<E>(id)
    }

    /// Whether this session was told that the person may not look.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended
    }

    pub(crate) fn view(&self) -> &ViewKey {
        &self.view
    }

    /// The view, or the entity that is looked at, as it is known.
    pub(crate) fn looks(&self) -> Vec<u8> {
        let encoded = match self.view.as_stream() {
            Some(stream) => self.models.encoded(&stream),
            None => self.domain.view_type(&self.view.name).map(|view| (view.encode)(&self.state)),
        };
        encoded.map_or_else(Vec::new, |encoded| encoded.expect("a state that was played can be encoded"))
    }

    /// A session with the authority begins.
    pub fn handle_connected(&mut self) {
        (self.starting, self.gathering) = (None, None);
        (self.is_of_this_log, self.is_ended, self.remade) = (false, false, 0);
        self.subscribe();
    }

    fn subscribe(&mut self) {
        self.asks_again = false;
        let frame = ClientFrame::SubscribeView { space: self.space, view: self.view.clone(), after: self.known };
        self.outputs.push_back(ThinOutput::Send(frame));
    }

    /// A frame of the authority; those that are not about this view are passed over.
    pub fn handle_frame(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::ViewStart { space, view, epoch, at, remade, piece, is_last, state, models }
                if space == self.space && view == self.view =>
            {
                self.start((Knowledge { epoch, head: at }, remade), piece, is_last, &state, models);
            }
            ServerFrame::ViewNews { space, view, after, upto, piece, is_last, items, hash }
                if space == self.space && view == self.view =>
            {
                self.is_of_this_log |=
                    self.known.is_some_and(|known| (after, hash) == (known.head.position, Some(known.head.hash)));
                self.news(after, upto, piece, is_last, items);
            }
            // What is known goes further: the person was taken in again since that was said.
            ServerFrame::AccessEnded { space, at, .. }
                if space == self.space && self.is_of_this_log && self.position() > Some(at) => {}
            ServerFrame::AccessEnded { space, .. } | ServerFrame::NoAccess { space } if space == self.space => {
                (self.known, self.starting, self.gathering, self.is_ended) = (None, None, None, true);
                self.outputs.push_back(ThinOutput::AccessEnded);
            }
            ServerFrame::Unavailable { space } if space == self.space => {
                (self.known, self.starting, self.gathering, self.asks_again) = (None, None, None, true);
                self.outputs
                    .push_back(ThinOutput::Unreadable("the server cannot read this project just now".to_owned()));
            }
            ServerFrame::Ping { .. } | ServerFrame::Pong { .. } if self.asks_again => self.subscribe(),
            ServerFrame::Ping { heads, .. } | ServerFrame::Pong { heads, .. } => self.heads(&heads),
            _ => {}
        }
    }

    /// A log that is longer than what is known may have touched the view, and the news may be lost, as may be the answer of a log that was set
    /// back: ask. The answer is short where nothing is missing.
    fn heads(&mut self, heads: &[(SpaceId, Head)]) {
        let Some((_, head)) = heads.iter().find(|(space, _)| *space == self.space) else { return };
        // A large start on a slow line takes longer than a ping: as long as its pieces come, it is not asked for again.
        let is_coming = self.starting.as_mut().is_some_and(|starting| std::mem::take(&mut starting.has_grown));
        let is_behind = !self.is_of_this_log || self.known.is_none_or(|known| head.position > known.head.position);
        if is_behind && !is_coming && !self.is_ended {
            self.subscribe();
        }
    }

    fn start(
        &mut self,
        (at, remade): (Knowledge, u32),
        piece: u32,
        is_last: bool,
        state: &[u8],
        models: Vec<(StreamId, minicbor::bytes::ByteVec)>,
    ) {
        if piece == 0 {
            self.starting = Some(Starting {
                at,
                remade,
                next: 0,
                has_grown: false,
                state: Vec::new(),
                models: Vec::new(),
                bytes: 0,
            });
        }
        // A piece that came twice is dropped; where one is missing, the rest is of no use, and the next heads ask again.
        let is_next = |starting: &&mut Starting| (starting.at, starting.remade, starting.next) == (at, remade, piece);
        let Some(starting) = self.starting.as_mut().filter(is_next) else { return };
        starting.next += 1;
        starting.has_grown = true;
        starting.bytes += state.len() + models.iter().map(|(_, model)| model.len() + 64).sum::<usize>();
        if starting.bytes > THIN_START_BYTES_MAX {
            self.starting = None;
            let why = format!("the view has more than {THIN_START_BYTES_MAX} bytes; follow the whole space instead");
            return self.outputs.push_back(ThinOutput::Unreadable(why));
        }
        starting.state.extend_from_slice(state);
        starting.models.extend(models.into_iter().map(|(stream, model)| (stream, model.into())));
        if is_last {
            let starting = self.starting.take().expect("just seen");
            self.begin(starting);
        }
    }

    fn begin(&mut self, starting: Starting) {
        let start = (starting.at.head.position, starting.remade);
        let is_older =
            |known: Knowledge| known.epoch == starting.at.epoch && (known.head.position, self.remade) >= start;
        // An older start than what is known was overtaken by it.
        if self.is_of_this_log && self.known.is_some_and(is_older) {
            return;
        }
        self.is_of_this_log = true;
        let state = match self.domain.view_type(&self.view.name) {
            Some(view_type) => (view_type.decode)(&starting.state).map_err(|error| error.to_string()),
            None if self.domain.has_view(&self.view) => Ok(Arc::new(()) as AnyState),
            None => Err(format!("this program does not know the view {:?}", self.view)),
        };
        match state {
            Ok(state) => {
                self.state = state;
                self.models = ShownModels::new(Arc::clone(&self.domain));
                for (stream, model) in starting.models {
                    self.models.enter(&stream, Some(&model));
                }
                (self.known, self.remade) = (Some(starting.at), starting.remade);
                self.outputs.push_back(ThinOutput::Started { at: starting.at.head.position });
            }
            Err(why) => self.outputs.push_back(ThinOutput::Unreadable(why)),
        }
    }

    fn news(&mut self, after: Position, upto: Head, piece: u32, is_last: bool, items: Vec<ViewItem>) {
        let Some(known) = self.known else { return };
        let have = known.head.position;
        // What is known may lie in a log that was set back; then the start says so.
        if upto.position <= have || !self.is_of_this_log {
            return;
        }
        if after > have {
            return self.subscribe();
        }
        if piece == 0 {
            self.gathering = Some(Gathering { after, upto, next: 0, items: Vec::new(), bytes: 0 });
        }
        // Where a piece is missing, what comes next shows the gap.
        let is_it = |news: &&mut Gathering| (news.after, news.upto, news.next) == (after, upto, piece);
        let Some(news) = self.gathering.as_mut().filter(is_it) else { return };
        news.next += 1;
        news.bytes += items.iter().map(ViewItem::size).sum::<usize>();
        if news.bytes > THIN_START_BYTES_MAX {
            self.gathering = None;
            let why = format!("one change of the view has more than {THIN_START_BYTES_MAX} bytes");
            return self.outputs.push_back(ThinOutput::Unreadable(why));
        }
        news.items.extend(items);
        if is_last {
            let news = self.gathering.take().expect("just seen");
            self.take_in(Knowledge { head: upto, ..known }, have, news.items);
        }
    }

    /// Plays the news that lie behind what is known.
    fn take_in(&mut self, now: Knowledge, have: Position, items: Vec<ViewItem>) {
        for item in items {
            match item {
                ViewItem::Enter { stream, model, at } if at > have => self.models.enter(&stream, model.as_deref()),
                ViewItem::Leave { stream, at } if at > have => self.models.leave(&stream),
                ViewItem::Record { .. } | ViewItem::Enter { .. } | ViewItem::Leave { .. } => {
                    if let Some(record) = record_of(item).filter(|record| record.number > have) {
                        self.play(record);
                    }
                }
            }
        }
        self.known = Some(now);
    }

    fn play(&mut self, record: Record) {
        let domain = Arc::clone(&self.domain);
        self.models.play(&record);
        if let Some(view) = domain.view_type(&self.view.name) {
            (view.play)(&mut self.state, &self.view.key, &record, &self.models.models());
        }
        self.outputs.push_back(ThinOutput::Record(record));
    }

    /// The next piece of work; call until `None`.
    pub fn poll_output(&mut self) -> Option<ThinOutput> {
        self.outputs.pop_front()
    }
}

/// The record that an item carries.
fn record_of(item: ViewItem) -> Option<Record> {
    let ViewItem::Record { number, stream, name, command, actor, replica, time, claims, payload } = item else {
        return None;
    };
    let payload = payload.map_or(Payload::Erased, |bytes| Payload::Plain(bytes.into()));
    let origin = Origin { command, actor, replica, time, claims };
    Some(Record::new(number, RecordKind::Event, stream, name, origin, payload))
}

impl fmt::Debug for ThinView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThinView({:?} of {} at {:?})", self.view, self.space, self.position())
    }
}
