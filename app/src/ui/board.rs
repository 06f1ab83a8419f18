//! The board: columns side by side, each with its own scroll.

use std::collections::BTreeMap;

use egui::{
    Color32, CornerRadius, Frame, Id, Margin, Order, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};
use recordplayer_client::Device;
use recordplayer_kanban::Card;
use recordplayer_kanban::card::Day;
use recordplayer_kanban::column::ColumnKind;
use recordplayer_kanban::ids::{BoardId, CardId};
use recordplayer_kanban::view::{BoardView, CardRow, ColumnShown};

use super::act::Act;
use super::card_face::{Face, Standing, height_of, shape_of};
use super::drag::{Drag, Target, drag_over, draw_above};
use super::glide::{Gliding, Spot};
use super::menu;
use super::playback::IN_THE_PAST;
use super::project::{DrawnColumn, OpenBoard, OpenProject, key_of, shown};
use crate::command::Command;
use crate::theme::{Icon, Theme, Type, label_colour, name_colour, radius, space};
use crate::time::due;
use crate::widget::{command_button, empty, icon_button, lines, primary_button, text};

const COLUMN_MIN: f32 = 248.0;
const COLUMN_MAX: f32 = 320.0;
pub(super) const HEADER: f32 = 40.0;
/// What the count of a column and the button beside it take.
const BESIDE_NAME: f32 = 96.0;
pub(super) const GAP: f32 = space::GAP;

/// What is drawn of a board, beside the board itself.
pub(super) struct Drawing<'a> {
    /// Nothing can be changed in the past.
    pub is_past: bool,
    pub is_before_the_first: bool,
    pub board: BoardId,
    pub device: &'a Device,
    pub project: &'a OpenProject,
    pub view: &'a BoardView,
    pub standings: &'a BTreeMap<CardId, Standing>,
    /// The day of what is looked at: due days are told from it.
    pub today: Option<Day>,
    pub acts: &'a mut Vec<Act>,
}

/// The bar over the board.
pub(super) fn header(ui: &mut Ui, drawing: &mut Drawing<'_>) {
    let theme = Theme::of(ui);
    let title = drawing.project.boards.get().boards.get(&drawing.board).map(|row| row.title.clone());
    ui.horizontal_centered(|ui| {
        ui.add_space(space::TINY);
        ui.label(text(title.unwrap_or_default(), Type::Page, theme.palette.text));
        ui.label(text(&drawing.view.prefix, Type::Meta, theme.palette.faint));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let button = |ui: &mut Ui| primary_button(ui, Some(Icon::Plus), "New card");
            let button = ui.add_enabled_ui(!drawing.is_past, button).inner;
            if button.on_disabled_hover_text(IN_THE_PAST).clicked() {
                drawing.acts.push(Act::Do(Command::NewCard));
            }
            if command_button(ui, Command::Palette).clicked() {
                drawing.acts.push(Act::Do(Command::Palette));
            }
        });
    });
}

/// All columns.
pub(super) fn show(ui: &mut Ui, board: &mut OpenBoard, drawing: &mut Drawing<'_>) {
    let columns = shown(drawing.view);
    if columns.is_empty() {
        // The moment that is looked at has not come yet.
        if drawing.is_past && !board.playing.has_come() {
            return;
        }
        let (icon, sentence) = if drawing.is_before_the_first {
            (Icon::Play, "Nothing has happened yet. Space plays what came")
        } else if drawing.is_past {
            (Icon::SquareKanban, "The board had no columns then")
        } else {
            (Icon::SquareKanban, "This board has no columns yet")
        };
        return empty(ui, icon, sentence);
    }
    let room = ui.available_size();
    let count = f32::from(u16::try_from(columns.len().max(1)).unwrap_or(u16::MAX));
    let width = ((room.x - GAP) / count - GAP).clamp(COLUMN_MIN, COLUMN_MAX);
    board.drawn.clear();
    board.glides.begin_frame(ui.input(|input| input.time));
    board.heights.retain(|card, _| drawing.view.cards.contains_key(card));
    let mut area = ScrollArea::horizontal().id_salt(("columns", board.id)).auto_shrink(false);
    if let Some(offset) = board.scroll_x.take() {
        area = area.horizontal_scroll_offset(offset);
    }
    let output = area.show(ui, |ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        ui.horizontal_top(|ui| {
            for column in &columns {
                let size = vec2(width, room.y - space::WIDE);
                let down = egui::Layout::top_down(egui::Align::Min);
                ui.allocate_ui_with_layout(size, down, |ui| show_column(ui, board, column, width, drawing));
            }
        });
    });
    board.offset = output.state.clamped_offset().x;
    drag_over(ui, board, &columns, drawing, output.inner_rect);
    board.wants_scroll = false;
    if board.glides.is_moving() {
        ui.ctx().request_repaint();
    }
}

fn kind_icon(kind: ColumnKind, theme: &Theme) -> (Icon, Color32) {
    match kind {
        ColumnKind::Backlog => (Icon::CircleDashed, theme.palette.faint),
        ColumnKind::Ready => (Icon::Circle, theme.palette.muted),
        ColumnKind::Active => (Icon::CircleDot, theme.palette.warning),
        ColumnKind::Done => (Icon::CircleCheck, theme.palette.success),
        ColumnKind::Cancelled => (Icon::CircleX, theme.palette.faint),
    }
}

fn show_column(ui: &mut Ui, board: &mut OpenBoard, column: &ColumnShown<'_>, width: f32, drawing: &mut Drawing<'_>) {
    let theme = Theme::of(ui);
    let frame = Frame::NONE
        .fill(theme.palette.surface)
        .corner_radius(CornerRadius::same(radius::COLUMN))
        .inner_margin(Margin::same(space::GAP as i8));
    let whole = Rect::from_min_size(ui.cursor().min, vec2(width, ui.available_height()));
    frame.show(ui, |ui| {
        ui.set_width(width - 2.0 * space::GAP);
        ui.set_height(whole.height() - 2.0 * space::GAP);
        ui.spacing_mut().item_spacing.y = 0.0;
        column_header(ui, column, &theme, drawing);
        let composes = board.composer.as_ref().is_some_and(|composer| composer.column == column.id);
        let scroll = board.scroll_y.remove(&column.id);
        let mut area = ScrollArea::vertical().id_salt(("column", column.id)).auto_shrink(false);
        if composes {
            area = area.stick_to_bottom(true);
        }
        if let Some(offset) = scroll {
            area = area.vertical_scroll_offset(offset);
        }
        let drag = board.drag.take();
        let output = area.show_viewport(ui, |ui, viewport| {
            let target =
                drag.as_ref().and_then(|drag| drag.target.as_ref()).filter(|target| target.column == column.id);
            let gap = drag.as_ref().filter(|_| target.is_some()).map_or(0.0, |drag| drag.size.y + GAP);
            show_cards(ui, board, column, (drag.as_ref(), target, gap), viewport, drawing);
            if composes && let Some(composer) = &mut board.composer {
                ui.add_space(space::TINY);
                composer.show(ui, drawing.acts);
            }
        });
        board.drag = board.drag.take().or(drag);
        let offset = output.state.clamped_offset().y;
        let top = output.inner_rect.top() - offset;
        board.drawn.push(DrawnColumn { id: column.id, rect: whole, top, offset });
    });
    let refusal = board.drag.as_ref().and_then(|drag| drag.target.as_ref()).filter(|target| target.column == column.id);
    if let Some(refusal) = refusal.and_then(|target| target.refusal.as_ref()) {
        refuse(ui, whole, refusal, &theme);
    }
}

fn column_header(ui: &mut Ui, column: &ColumnShown<'_>, theme: &Theme, drawing: &mut Drawing<'_>) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEADER - space::GAP), Sense::hover());
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect).layout(egui::Layout::left_to_right(egui::Align::Center)));
    let (icon, colour) = kind_icon(column.row.kind, theme);
    ui.add_space(space::TINY);
    ui.label(icon.text(colour));
    let count = column.cards.len();
    let is_full = column.row.limit.is_some_and(|limit| count >= limit as usize);
    let counted = match column.row.limit {
        Some(limit) => format!("{count}/{limit}"),
        None => count.to_string(),
    };
    // The count and the button keep their place beside a long name.
    let room = (ui.available_width() - BESIDE_NAME).max(0.0);
    ui.scope(|ui| {
        ui.set_max_width(room);
        ui.add(egui::Label::new(text(&column.row.name, Type::Section, theme.palette.text)).truncate())
    });
    let colour = if is_full { theme.palette.danger } else { theme.palette.muted };
    let response = ui.label(text(counted, Type::Caption, colour));
    if is_full {
        response.on_hover_text("This column is full");
    }
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let name = format!("New card in {}", column.row.name);
        let button = ui.add_enabled_ui(!drawing.is_past, |ui| icon_button(ui, Icon::Plus, &name)).inner;
        if button.on_disabled_hover_text(IN_THE_PAST).clicked() {
            drawing.acts.push(Act::Compose(column.id));
        }
    });
}

/// Says over a column why it does not take the card.
fn refuse(ui: &Ui, column: Rect, refusal: &str, theme: &Theme) {
    let painter = ui.ctx().layer_painter(egui::LayerId::new(Order::Tooltip, Id::unique("refusal")));
    painter.rect_stroke(
        column,
        CornerRadius::same(radius::COLUMN),
        Stroke::new(2.0, theme.palette.danger),
        StrokeKind::Inside,
    );
    let galley = lines(ui, refusal, Type::Body, theme.palette.text, column.width() - 40.0, 8);
    let size = galley.size() + vec2(2.0 * space::GAP, 2.0 * space::GAP);
    let rect = Rect::from_min_size(pos2(column.left() + space::WIDE, column.top() + HEADER), size);
    painter.rect_filled(rect, CornerRadius::same(radius::CARD), theme.palette.overlay);
    painter.rect_stroke(
        rect,
        CornerRadius::same(radius::CARD),
        Stroke::new(1.0, theme.palette.danger),
        StrokeKind::Inside,
    );
    painter.galley(rect.min + vec2(space::GAP, space::GAP), galley, theme.palette.text);
}

type UnderWay<'a> = (Option<&'a Drag>, Option<&'a Target>, f32);

/// The cards that are in sight; the others only take their room.
fn show_cards(
    ui: &mut Ui,
    board: &mut OpenBoard,
    column: &ColumnShown<'_>,
    (drag, target, gap): UnderWay<'_>,
    viewport: Rect,
    drawing: &mut Drawing<'_>,
) {
    let theme = Theme::of(ui);
    let width = ui.available_width();
    let origin = ui.cursor().min;
    let mut y = 0.0;
    let mut drop_line = None;
    for (card, row) in &column.cards {
        if drag.is_some_and(|drag| drag.card == *card) {
            continue;
        }
        if target.is_some_and(|target| target.before == Some(*card)) {
            drop_line = Some(y);
            y += gap;
        }
        let height = height(ui, &mut board.heights, *card, row, width);
        let rect = Rect::from_min_size(origin + vec2(0.0, y), vec2(width, height));
        let is_in_sight = y <= viewport.max.y && y + height >= viewport.min.y;
        if is_in_sight || board.selected == Some(*card) {
            let spot = Spot { column: column.id, y, width };
            show_card(ui, board, (*card, row), (spot, rect), drawing);
        }
        y += height + GAP;
    }
    if target.is_some_and(|target| target.before.is_none()) {
        drop_line = Some(y);
        y += gap;
    }
    if let (Some(at), Some(drag)) = (drop_line, drag) {
        let rect = Rect::from_min_size(origin + vec2(0.0, at), vec2(width, drag.size.y));
        ui.painter().rect_filled(rect, CornerRadius::same(radius::CARD), theme.palette.canvas);
        ui.painter().rect_stroke(
            rect,
            CornerRadius::same(radius::CARD),
            Stroke::new(1.0, theme.palette.border),
            StrokeKind::Inside,
        );
    }
    if column.cards.is_empty() && drop_line.is_none() && board.composer.is_none() {
        let hint = if drawing.is_past { "" } else { ". Press C to write one" };
        let words = format!("No cards in {}{hint}", column.row.name);
        let galley = lines(ui, &words, Type::Meta, theme.palette.faint, width - 2.0 * space::TINY, 3);
        ui.painter().galley(origin + vec2(space::TINY, space::GAP), galley, theme.palette.faint);
    }
    ui.allocate_space(vec2(width, y));
}

fn height(ui: &Ui, heights: &mut BTreeMap<CardId, (u64, f32)>, card: CardId, row: &CardRow, width: f32) -> f32 {
    let shape = shape_of(row, width);
    match heights.get(&card) {
        Some((known, height)) if *known == shape => *height,
        Some(_) | None => {
            let height = height_of(ui, row, width);
            heights.insert(card, (shape, height));
            height
        }
    }
}

pub(super) fn face<'a>(row: &'a CardRow, card: CardId, drawing: &Drawing<'_>, theme: &Theme) -> Face<'a> {
    let mut labels: Vec<_> = row.labels.iter().filter_map(|label| drawing.view.labels.get(label)).collect();
    labels.sort_by_key(|label| label.shown());
    let person = |person: &recordplayer_kanban::ids::PersonId| {
        let name = drawing.project.person(drawing.device, *person);
        let colour = name_colour(&theme.palette, &name);
        (name, colour)
    };
    let mut people: Vec<(String, Color32)> = row.members.iter().map(person).collect();
    people.sort_by(|(one, _), (other, _)| one.cmp(other));
    Face {
        key: key_of(drawing.view, card),
        card: row,
        labels: labels.into_iter().map(|label| label_colour(&theme.palette, &label.colour, &label.name)).collect(),
        people,
        due: row.due.as_ref().zip(drawing.today.as_ref()).map(|(day, today)| due(day, today)),
        standing: drawing.standings.get(&card).copied().unwrap_or_default(),
        lit: None,
        is_selected: false,
        is_hovered: false,
    }
}

fn show_card(
    ui: &mut Ui,
    board: &mut OpenBoard,
    (card, row): (CardId, &CardRow),
    (spot, rect): (Spot, Rect),
    drawing: &mut Drawing<'_>,
) {
    let theme = Theme::of(ui);
    let now_s = ui.input(|input| input.time);
    let response = ui.interact(rect, ui.scope_id().with(card), Sense::click_and_drag());
    let mut face = face(row, card, drawing, &theme);
    face.is_selected = board.selected == Some(card);
    face.is_hovered = response.hovered() && board.drag.is_none();
    if !drawing.is_past {
        if response.secondary_clicked() {
            drawing.acts.push(Act::Select(card));
        }
        response.context_menu(|ui| menu::of_card(ui, drawing.acts));
    }
    let title = Card::shown_title(&row.title);
    let name = match face.standing {
        Standing::Decided => format!("{} {title}", face.key),
        Standing::Waiting => format!("{} {title}, waits for the server", face.key),
        Standing::Refused => format!("{} {title}, something was refused", face.key),
    };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, face.is_selected, &name));
    if face.is_selected && board.wants_scroll {
        ui.scroll_to_rect(rect.expand(GAP), None);
    }
    face.lit = board.glides.lit(card, now_s);
    let moves = board.playing.glides() && ui.style().animation_time > 0.0;
    match board.glides.place(card, spot, rect, now_s, moves) {
        Some(Gliding { rect, crosses: true }) => draw_above(ui, &face, rect, Order::Middle),
        Some(Gliding { rect, crosses: false }) => face.draw(ui, rect),
        None if ui.is_rect_visible(rect) => face.draw(ui, rect),
        None => {}
    }
    if response.clicked() {
        drawing.acts.push(Act::Select(card));
    }
    if response.double_clicked() {
        let act = if drawing.is_past { Act::Do(Command::OpenCard) } else { Act::OpenCard(card) };
        drawing.acts.push(act);
    }
    // In the past it says why it stays where it is.
    if response.drag_started() && drawing.is_past {
        drawing.acts.push(Act::Do(Command::MoveRight));
    } else if response.drag_started()
        && let (Some(pressed), Some(pointer)) =
            ui.input(|input| (input.pointer.press_origin(), input.pointer.latest_pos()))
    {
        drawing.acts.push(Act::Select(card));
        // It hangs where it was taken, however far the pointer has come since.
        board.drag = Some(Drag { card, grip: rect.min - pressed, size: rect.size(), pointer, target: None });
    }
}
