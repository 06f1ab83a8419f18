//! A card under way with the pointer.

use egui::{CursorIcon, Id, Order, Pos2, Rect, Ui, UiBuilder, Vec2};
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::{CardId, ColumnId};
use recordplayer_kanban::view::ColumnShown;

use super::act::Act;
use super::board::{Drawing, GAP, HEADER, face};
use super::card_face::Face;
use super::hand::Verdict;
use super::project::{DrawnColumn, OpenBoard};
use crate::theme::Theme;

/// How near to an edge a dragged card lets the board scroll, and how far in a frame.
const EDGE: f32 = 48.0;
const EDGE_STEP: f32 = 12.0;

/// A card that is dragged, and where it would be put.
pub(super) struct Drag {
    pub card: CardId,
    /// From the pointer to the card's corner.
    pub grip: Vec2,
    pub size: Vec2,
    pub pointer: Pos2,
    pub target: Option<Target>,
}

/// Where a card would be put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub column: ColumnId,
    pub before: Option<CardId>,
    /// Why it may not go there. Until the hand has said so it may: then the decision itself refuses.
    pub refusal: Option<String>,
}

impl Drag {
    /// Whether what is now under the pointer is another place than before: then `decide` is asked anew.
    pub fn is_new_target(&self, column: ColumnId, before: Option<CardId>) -> bool {
        self.target.as_ref().is_none_or(|target| target.column != column || target.before != before)
    }

    /// The hand has said whether the card may be put somewhere, which it may have left meanwhile.
    pub fn take(&mut self, verdict: Verdict) {
        let Verdict { card, column, before, refusal } = verdict;
        let target = self.target.as_mut().filter(|target| target.column == column && target.before == before);
        if let Some(target) = target.filter(|_| self.card == card) {
            target.refusal = refusal;
        }
    }
}

/// Draws a card that no column may cut off.
pub(super) fn draw_above(ui: &mut Ui, face: &Face<'_>, rect: Rect, order: Order) {
    let layer = egui::LayerId::new(order, Id::unique(("card on its way", order)));
    ui.scope_builder(UiBuilder::new().layer_id(layer).max_rect(rect), |ui| {
        ui.set_clip_rect(Rect::EVERYTHING);
        face.draw(ui, rect);
    });
}

/// Where the pointer would put the card, and what is drawn of that; lets go of it where the button is released.
pub(super) fn drag_over(
    ui: &mut Ui,
    board: &mut OpenBoard,
    columns: &[ColumnShown<'_>],
    drawing: &mut Drawing<'_>,
    area: Rect,
) {
    let Some(mut drag) = board.drag.take() else { return };
    let (pointer, is_down, cancels) = ui.input(|input| {
        (input.pointer.latest_pos(), input.pointer.primary_down(), input.key_pressed(egui::Key::Escape))
    });
    if cancels {
        board.glides.let_go(drag.card, drag.pointer + drag.grip);
        return;
    }
    drag.pointer = pointer.unwrap_or(drag.pointer);
    let place = place_under(board, columns, &drag, area);
    match place {
        Some((column, before)) if drag.is_new_target(column, before) => {
            drawing.acts.push(Act::MayMove { card: drag.card, to: vec![(column, before)] });
            // What was said of the same column mostly holds for another place in it.
            let known = drag.target.take().filter(|target| target.column == column);
            drag.target = Some(Target { column, before, refusal: known.and_then(|target| target.refusal) });
        }
        Some(_) => {}
        None => drag.target = None,
    }
    // Only now: the last move and the release may have come with one frame.
    if !is_down {
        board.glides.let_go(drag.card, drag.pointer + drag.grip);
        if let Some(Target { column, before, refusal: None }) = drag.target {
            let command = CardCommand::MoveTo { column, before, row: None, exempt: false };
            drawing.acts.push(Act::Change(drag.card, command));
        }
        return;
    }
    scroll_at_edges(board, drag.pointer, area);
    if let Some(row) = drawing.view.cards.get(&drag.card) {
        let theme = Theme::of(ui);
        let rect = Rect::from_min_size(drag.pointer + drag.grip, drag.size);
        let mut face = face(row, drag.card, drawing, &theme);
        face.is_selected = true;
        draw_above(ui, &face, rect, Order::Foreground);
    }
    let refuses = drag.target.as_ref().is_some_and(|target| target.refusal.is_some());
    ui.ctx().set_cursor_icon(if refuses { CursorIcon::NotAllowed } else { CursorIcon::Grabbing });
    ui.ctx().request_repaint();
    board.drag = Some(drag);
}

/// The next frame shows the board, or the column, scrolled a step further.
fn scroll_at_edges(board: &mut OpenBoard, pointer: Pos2, area: Rect) {
    let step = |at: f32, low: f32, high: f32| {
        if at < low + EDGE {
            -EDGE_STEP
        } else if at > high - EDGE {
            EDGE_STEP
        } else {
            0.0
        }
    };
    if !area.contains(pointer) {
        return;
    }
    board.scroll_x = Some((board.offset + step(pointer.x, area.left(), area.right())).max(0.0));
    if let Some(column) = board.drawn.iter().find(|column| column.rect.contains(pointer)) {
        let step = step(pointer.y, column.rect.top() + HEADER, column.rect.bottom());
        board.scroll_y.insert(column.id, (column.offset + step).max(0.0));
    }
}

/// The column under the pointer, and the card whose place it is.
fn place_under(
    board: &OpenBoard,
    columns: &[ColumnShown<'_>],
    drag: &Drag,
    area: Rect,
) -> Option<(ColumnId, Option<CardId>)> {
    if !area.contains(drag.pointer) {
        return None;
    }
    let is_under = |column: &DrawnColumn| {
        (column.rect.left() - GAP / 2.0..column.rect.right() + GAP / 2.0).contains(&drag.pointer.x)
    };
    let at = board.drawn.iter().position(is_under)?;
    let (column, top) = (columns.get(at)?, board.drawn[at].top);
    let middle = drag.pointer.y + drag.grip.y + drag.size.y / 2.0;
    let mut y = top;
    for (card, _) in column.cards.iter().filter(|(card, _)| *card != drag.card) {
        let height = board.heights.get(card).map_or(0.0, |(_, height)| *height);
        if middle < y + height / 2.0 + GAP {
            return Some((column.id, Some(*card)));
        }
        y += height + GAP;
    }
    Some((column.id, None))
}
