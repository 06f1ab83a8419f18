//! The project that is open, and what is looked at in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::Rect;
use recordplayer::id::ActorId;
use recordplayer::record::Position;
use recordplayer_client::{Device, Live, Space, SpaceInfo};
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId, PersonId};
use recordplayer_kanban::key;
use recordplayer_kanban::view::{ActivityView, BoardView, BoardsView, ColumnShown};

use super::composer::Composer;
use super::drag::Drag;
use super::glide::Glides;
use super::panel::Panel;
use super::playback::Playing;
use super::undoing::Memory;
use crate::player::Player;
use crate::said::{Names, SOMEBODY};
use crate::session::Scrolled;

/// A project, its boards, and one of them.
pub(super) struct OpenProject {
    pub info: SpaceInfo,
    pub space: Space,
    pub boards: Live<BoardsView>,
    pub board: Option<OpenBoard>,
    pub panel: Option<Panel>,
    pub memory: Memory,
    /// The boards among which one to show was looked for, while none was open.
    pub looked_at: Option<Arc<BoardsView>>,
}

/// A board that is looked at.
pub(super) struct OpenBoard {
    pub id: BoardId,
    pub view: Live<BoardView>,
    pub selected: Option<CardId>,
    /// The selected card is to be scrolled to.
    pub wants_scroll: bool,
    pub composer: Option<Composer>,
    pub drag: Option<Drag>,
    pub playing: Playing,
    pub glides: Glides,
    /// What happened on the board, and the last record of it that was looked at.
    activity: Live<ActivityView>,
    seen: Option<Position>,
    /// How high each card is, with what that followed from.
    pub heights: BTreeMap<CardId, (u64, f32)>,
    /// Where the columns were drawn, from left to right.
    pub drawn: Vec<DrawnColumn>,
    /// How far the board is scrolled.
    pub offset: f32,
    /// How far the next frame shows it scrolled, and some of its columns.
    pub scroll_x: Option<f32>,
    pub scroll_y: BTreeMap<ColumnId, f32>,
}

/// A column as it was drawn.
pub(super) struct DrawnColumn {
    pub id: ColumnId,
    pub rect: Rect,
    /// Where its first card lies, which may be above the rectangle.
    pub top: f32,
    /// How far it is scrolled.
    pub offset: f32,
}

impl OpenProject {
    pub fn new(info: SpaceInfo, space: Space, boards: Live<BoardsView>) -> Self {
        let looked_at = Some(boards.get());
        Self { info, space, boards, board: None, panel: None, memory: Memory::default(), looked_at }
    }

    pub fn open_boards(&self) -> Vec<(BoardId, String)> {
        open_boards(&self.boards.get())
    }

    /// A member's name, or a placeholder's.
    pub fn person(&self, device: &Device, person: PersonId) -> String {
        // Mostly the device knows the name; else it is a placeholder's, or of somebody from before the project was at a server.
        let known = device.name_of(ActorId(person.0));
        let named = || Names::at_once(device, &self.space).name_of(person);
        known.or_else(named).unwrap_or_else(|| SOMEBODY.to_owned())
    }

    /// Whoever did something, as far as that is known.
    pub fn actor(&self, device: &Device, actor: Option<ActorId>) -> String {
        actor.map_or_else(|| SOMEBODY.to_owned(), |actor| self.person(device, actor.into()))
    }
}

/// The boards that are not archived, by their titles.
pub(super) fn open_boards(boards: &BoardsView) -> Vec<(BoardId, String)> {
    let open = boards.boards.iter().filter(|(_, row)| !row.archived);
    let mut open: Vec<_> = open.map(|(id, row)| (*id, row.title.clone())).collect();
    open.sort_by(|(_, left), (_, right)| left.cmp(right));
    open
}

/// What people call a card of the board.
pub(super) fn key_of(view: &BoardView, card: CardId) -> String {
    view.cards.get(&card).map_or_else(String::new, |row| key::card_key(&view.prefix, &row.number, card))
}

/// The columns that show, with the cards that show.
pub(super) fn shown(view: &BoardView) -> Vec<ColumnShown<'_>> {
    let mut columns = view.columns();
    columns.retain(|column| !column.row.archived);
    for column in &mut columns {
        column.cards.retain(|(_, card)| !card.archived);
    }
    columns
}

impl OpenBoard {
    pub fn new(
        id: BoardId,
        (view, activity): (Live<BoardView>, Live<ActivityView>),
        player: Player,
        scrolled: Scrolled,
    ) -> Self {
        Self {
            id,
            view,
            selected: None,
            wants_scroll: false,
            composer: None,
            drag: None,
            playing: Playing::new(player),
            glides: Glides::default(),
            activity,
            seen: None,
            heights: BTreeMap::new(),
            drawn: Vec::new(),
            offset: scrolled.x,
            scroll_x: Some(scrolled.x),
            scroll_y: scrolled.columns,
        }
    }

    /// How far it is scrolled, and what of it.
    pub fn scrolled(&self) -> Scrolled {
        let columns = self.drawn.iter().filter(|column| column.offset > 0.0);
        Scrolled { x: self.offset, columns: columns.map(|column| (column.id, column.offset)).collect() }
    }

    /// The cards that others have changed since the last look, and who. What waits here is not looked at: it is one's own.
    pub fn changed_by_others(&mut self, me: ActorId, confirmed: Position) -> Vec<(CardId, ActorId)> {
        let seen = self.seen.replace(confirmed);
        let Some(seen) = seen.filter(|seen| *seen < confirmed) else { return Vec::new() };
        let activity = self.activity.get();
        let entries: Vec<_> = activity.entries.iter().collect();
        let news = entries.into_iter().rev().take_while(|entry| entry.record > seen);
        // What an import claims did not happen just now.
        let lately = news.filter(|entry| entry.happened_at.is_none());
        let of_others = lately.filter_map(|entry| Some((entry.card?, entry.actor?))).filter(|(_, actor)| *actor != me);
        of_others.collect()
    }

    /// Where the selected card stands: the number of its column and its own number in it.
    pub fn place_of_selected(&self, view: &BoardView) -> Option<(usize, usize)> {
        let selected = self.selected?;
        shown(view)
            .iter()
            .enumerate()
            .find_map(|(at, column)| column.cards.iter().position(|(card, _)| *card == selected).map(|row| (at, row)))
    }

    /// Selects the next card in a direction; the first one where none is selected.
    pub fn select(&mut self, columns: i32, rows: i32) {
        let view: Arc<BoardView> = self.view.get();
        let shown = shown(&view);
        let Some((column, row)) = self.place_of_selected(&view) else {
            self.selected = shown.iter().find_map(|column| column.cards.first()).map(|(card, _)| *card);
            self.wants_scroll = true;
            return;
        };
        let mut to = column;
        if columns != 0 {
            // Columns without cards are passed over.
            let next = |at: usize| at.checked_add_signed(columns as isize).filter(|at| *at < shown.len());
            let mut at = next(column);
            while let Some(found) = at {
                if !shown[found].cards.is_empty() {
                    to = found;
                    break;
                }
                at = next(found);
            }
        }
        let cards = &shown[to].cards;
        let row = row.saturating_add_signed(rows as isize).min(cards.len().saturating_sub(1));
        if let Some((card, _)) = cards.get(row) {
            self.selected = Some(*card);
            self.wants_scroll = true;
        }
    }

    /// Where the selected card goes when it is moved in a direction: a column, and the card in front of which it stands then.
    pub fn moved(&self, columns: i32, rows: i32) -> Option<(CardId, ColumnId, Option<CardId>)> {
        let view = self.view.get();
        let shown = shown(&view);
        let selected = self.selected?;
        let (column, row) = self.place_of_selected(&view)?;
        let to = column.checked_add_signed(columns as isize).filter(|at| *at < shown.len())?;
        let cards = &shown[to].cards;
        let before = if columns != 0 {
            cards.get(row).map(|(card, _)| *card)
        } else if rows < 0 {
            Some(cards.get(row.checked_sub(1)?)?.0)
        } else {
            cards.get(row + 1)?;
            cards.get(row + 2).map(|(card, _)| *card)
        };
        Some((selected, shown[to].id, before))
    }
}
