//! A card on the board.

use std::hash::{DefaultHasher, Hash, Hasher};

use egui::{Color32, CornerRadius, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use recordplayer_kanban::view::CardRow;

use crate::theme::{Icon, Theme, Type, radius, space};
use crate::widget::{avatar, lines};

const PADDING: f32 = 12.0;
const AVATAR: f32 = 20.0;
const DOT: f32 = 8.0;
const TITLE_LINES: usize = 2;

/// How a card stands between its author and the authority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    #[default]
    Decided,
    /// Something about it waits.
    Waiting,
    /// Something about it was refused.
    Refused,
}

/// Everything that a card shows.
pub(super) struct Face<'a> {
    pub key: String,
    pub card: &'a CardRow,
    pub labels: Vec<Color32>,
    /// Names and colours.
    pub people: Vec<(String, Color32)>,
    pub standing: Standing,
    pub is_selected: bool,
    pub is_hovered: bool,
}

/// What the height of a card follows from.
pub(super) fn shape_of(card: &CardRow, width: f32) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&card.title, card.labels.is_empty() && card.members.is_empty() && !card.done, width.to_bits()).hash(&mut hasher);
    hasher.finish()
}

/// How high a card is.
pub(super) fn height_of(ui: &Ui, card: &CardRow, width: f32) -> f32 {
    let title = title(ui, &card.title, Color32::PLACEHOLDER, width);
    let meta = if has_meta(card) { AVATAR + space::TINY } else { 0.0 };
    PADDING + Type::Caption.line_height() + space::HAIR + title.size().y + meta + PADDING
}

fn has_meta(card: &CardRow) -> bool {
    !card.labels.is_empty() || !card.members.is_empty() || card.done
}

fn title(ui: &Ui, words: &str, colour: Color32, width: f32) -> std::sync::Arc<egui::Galley> {
    lines(ui, words, Type::Emphasis, colour, width - 2.0 * PADDING, TITLE_LINES)
}

impl Face<'_> {
    /// Draws the card into a rectangle of the height that [`height_of`] told.
    pub fn draw(&self, ui: &Ui, rect: Rect) {
        let theme = Theme::of(ui);
        let palette = theme.palette;
        let painter = ui.painter();
        let fill = if self.is_hovered { palette.hover } else { palette.raised };
        painter.rect_filled(rect, CornerRadius::same(radius::CARD), fill);
        let stroke = match (self.is_selected, self.standing) {
            (true, _) => Stroke::new(2.0, palette.accent),
            (false, Standing::Refused) => Stroke::new(1.0, palette.danger),
            (false, Standing::Decided | Standing::Waiting) => Stroke::new(1.0, palette.border),
        };
        painter.rect_stroke(rect, CornerRadius::same(radius::CARD), stroke, StrokeKind::Inside);

        let inner = rect.shrink(PADDING);
        let key = painter.layout_no_wrap(self.key.clone(), Type::Caption.font(), palette.faint);
        painter.galley(inner.min, key, palette.faint);
        let sign = match self.standing {
            Standing::Decided => None,
            Standing::Waiting => Some((Icon::Hourglass, palette.info)),
            Standing::Refused => Some((Icon::CircleAlert, palette.danger)),
        };
        if let Some((icon, colour)) = sign {
            icon_at(ui, pos2(inner.right() - 7.0, inner.top() + 7.0), icon, colour);
        }
        let colour = if self.card.done { palette.muted } else { palette.text };
        let title = title(ui, &self.card.title, colour, rect.width());
        let top = inner.top() + Type::Caption.line_height() + space::HAIR;
        painter.galley(pos2(inner.left(), top), title, colour);
        if has_meta(self.card) {
            self.draw_meta(ui, inner, palette.success);
        }
    }

    fn draw_meta(&self, ui: &Ui, inner: Rect, success: Color32) {
        let middle = inner.bottom() - AVATAR / 2.0;
        let mut left = inner.left();
        if self.card.done {
            icon_at(ui, pos2(left + 7.0, middle), Icon::CircleCheck, success);
            left += 14.0 + space::SMALL;
        }
        for colour in &self.labels {
            ui.painter().circle_filled(pos2(left + DOT / 2.0, middle), DOT / 2.0, *colour);
            left += DOT + space::TINY;
        }
        let mut right = inner.right();
        for (name, colour) in self.people.iter().rev() {
            let rect = Rect::from_min_size(pos2(right - AVATAR, middle - AVATAR / 2.0), vec2(AVATAR, AVATAR));
            avatar(ui, rect, name, *colour);
            right -= AVATAR + space::HAIR;
        }
    }
}

fn icon_at(ui: &Ui, at: Pos2, icon: Icon, colour: Color32) {
    ui.painter().text(at, egui::Align2::CENTER_CENTER, icon.letter(), Icon::font(14.0), colour);
}
