//! A card on the board.

use std::hash::{DefaultHasher, Hash, Hasher};

use egui::{Color32, CornerRadius, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use recordplayer_kanban::Card;
use recordplayer_kanban::view::CardRow;

use crate::theme::{Icon, Theme, Type, radius, space};
use crate::time::Nearness;
use crate::widget::{avatar, lines};

const PADDING: f32 = 12.0;
const AVATAR: f32 = 20.0;
const DOT: f32 = 8.0;
const TITLE_LINES: usize = 2;
/// More are in the card's panel.
const LABELS_MAX: usize = 6;
const PEOPLE_MAX: usize = 3;

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
    /// When it is due, in words.
    pub due: Option<(String, Nearness)>,
    pub standing: Standing,
    /// The colour of whoever else has just changed it, and how strong that still is.
    pub lit: Option<(Color32, f32)>,
    pub is_selected: bool,
    pub is_hovered: bool,
}

/// What the height of a card follows from.
pub(super) fn shape_of(card: &CardRow, width: f32) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&card.title, has_meta(card), width.to_bits()).hash(&mut hasher);
    hasher.finish()
}

/// How high a card is.
pub(super) fn height_of(ui: &Ui, card: &CardRow, width: f32) -> f32 {
    let title = title(ui, &card.title, Color32::PLACEHOLDER, width);
    let meta = if has_meta(card) { AVATAR + space::TINY } else { 0.0 };
    PADDING + Type::Caption.line_height() + space::HAIR + title.size().y + meta + PADDING
}

fn has_meta(card: &CardRow) -> bool {
    let has_people = !card.members.is_empty();
    let has_words = card.due.is_some() || card.items > 0 || card.links > 0 || card.comments > 0;
    card.done || !card.labels.is_empty() || has_words || has_people
}

fn title(ui: &Ui, words: &str, colour: Color32, width: f32) -> std::sync::Arc<egui::Galley> {
    lines(ui, Card::shown_title(words), Type::Emphasis, colour, width - 2.0 * PADDING, TITLE_LINES)
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
        if let Some((colour, left)) = self.lit {
            let stroke = Stroke::new(2.0, colour.gamma_multiply(left));
            painter.rect_stroke(rect, CornerRadius::same(radius::CARD), stroke, StrokeKind::Inside);
        }

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
            self.draw_meta(ui, inner, &theme);
        }
    }

    /// The tick, labels, due day, checklist, links, comments and people: as far as there is room for them.
    fn draw_meta(&self, ui: &Ui, inner: Rect, theme: &Theme) {
        let middle = inner.bottom() - AVATAR / 2.0;
        let mut right = inner.right();
        for (name, colour) in self.people.iter().take(PEOPLE_MAX).rev() {
            let rect = Rect::from_min_size(pos2(right - AVATAR, middle - AVATAR / 2.0), vec2(AVATAR, AVATAR));
            avatar(ui, rect, name, *colour);
            right -= AVATAR + space::HAIR;
        }
        let mut left = inner.left();
        if self.card.done {
            icon_at(ui, pos2(left + 7.0, middle), Icon::CircleCheck, theme.palette.success);
            left += 14.0 + space::SMALL;
        }
        for colour in self.labels.iter().take(LABELS_MAX) {
            ui.painter().circle_filled(pos2(left + DOT / 2.0, middle), DOT / 2.0, *colour);
            left += DOT + space::TINY;
        }
        if !self.labels.is_empty() {
            left += space::TINY;
        }
        for (icon, words, colour) in self.told(theme) {
            let galley = ui.painter().layout_no_wrap(words, Type::Caption.font(), colour);
            let width = 14.0 + space::TINY + galley.size().x;
            if left + width > right {
                break;
            }
            icon_at(ui, pos2(left + 7.0, middle), icon, colour);
            let at = pos2(left + 14.0 + space::TINY, middle - galley.size().y / 2.0);
            ui.painter().galley(at, galley, colour);
            left += width + space::GAP;
        }
    }

    /// What is told by an icon and a word.
    fn told(&self, theme: &Theme) -> Vec<(Icon, String, Color32)> {
        let (card, palette) = (self.card, &theme.palette);
        let mut told = Vec::new();
        if let Some((words, nearness)) = &self.due {
            let colour = match nearness {
                _ if card.done => palette.faint,
                Nearness::Past => palette.danger,
                Nearness::Now => palette.warning,
                Nearness::Later => palette.muted,
            };
            // Nothing is late that is finished.
            let words = if card.done { words.replacen("Overdue", "Due", 1) } else { words.clone() };
            told.push((Icon::Calendar, words, colour));
        }
        if card.items > 0 {
            let colour = if card.items_done == card.items { palette.success } else { palette.muted };
            told.push((Icon::ListChecks, format!("{}/{}", card.items_done, card.items), colour));
        }
        if card.links > 0 {
            told.push((Icon::Paperclip, card.links.to_string(), palette.muted));
        }
        if card.comments > 0 {
            told.push((Icon::MessageSquare, card.comments.to_string(), palette.muted));
        }
        told
    }
}

fn icon_at(ui: &Ui, at: Pos2, icon: Icon, colour: Color32) {
    ui.painter().text(at, egui::Align2::CENTER_CENTER, icon.letter(), Icon::font(14.0), colour);
}
