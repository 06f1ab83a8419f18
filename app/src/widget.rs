//! The parts that screens are made of.

use egui::{
    Align2, Button, Color32, CornerRadius, FontId, Rect, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::command::Command;
use crate::theme::{Icon, Theme, Type, radius, space};

/// A text of one of the named kinds.
pub fn text(words: impl Into<String>, kind: Type, colour: Color32) -> RichText {
    RichText::new(words).font(kind.font()).line_height(Some(kind.line_height())).color(colour)
}

/// A button of an icon alone; its name is told to those who hover and to those who cannot see it.
pub fn icon_button(ui: &mut Ui, icon: Icon, name: &str) -> Response {
    let theme = Theme::of(ui);
    let button = Button::new(icon.text(theme.palette.muted)).frame(true).min_size(vec2(space::HUGE, space::HUGE));
    let response = ui.add(button).on_hover_text(name);
    let is_enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, name));
    focus_ring(ui, &response, radius::CARD);
    response
}

/// The button of a command, with its shortcut.
pub fn command_button(ui: &mut Ui, command: Command) -> Response {
    let spec = command.spec();
    let name = match spec.keys.first() {
        Some(keys) => format!("{} ({})", spec.text, keys.shown(ui.ctx())),
        None => spec.text.to_owned(),
    };
    icon_button(ui, spec.icon, &name)
}

/// The one button of a place that stands out.
pub fn primary_button(ui: &mut Ui, icon: Option<Icon>, words: &str) -> Response {
    let theme = Theme::of(ui);
    let label = match icon {
        Some(icon) => format!("{} {words}", icon.letter()),
        None => words.to_owned(),
    };
    let label = text(label, Type::Emphasis, theme.palette.on_accent);
    let response = ui.add(Button::new(label).fill(theme.palette.accent_fill).min_size(vec2(0.0, space::ROW)));
    let is_enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, words));
    focus_ring(ui, &response, radius::CARD);
    response
}

/// A quiet button with words.
pub fn quiet_button(ui: &mut Ui, words: &str) -> Response {
    let theme = Theme::of(ui);
    let label = text(words, Type::Emphasis, theme.palette.text);
    let response =
        ui.add(Button::new(label).stroke(Stroke::new(1.0, theme.palette.border)).min_size(vec2(0.0, space::ROW)));
    focus_ring(ui, &response, radius::CARD);
    response
}

/// What stands at the end of a row takes no more of it than that.
const END_MAX: f32 = 0.5;

/// A row of a list: icon, words, and something short at its end.
pub fn row(
    ui: &mut Ui,
    icon: (Icon, Color32),
    words: &str,
    end: Option<(&str, Color32)>,
    is_selected: bool,
) -> Response {
    let theme = Theme::of(ui);
    let size = vec2(ui.available_width(), space::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = match end {
        Some((end, _)) => format!("{words}, {end}"),
        None => words.to_owned(),
    };
    let is_enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::Button, is_enabled, is_selected, &name));
    let fill = if is_selected || response.hovered() { theme.palette.hover } else { Color32::TRANSPARENT };
    ui.painter().rect_filled(rect, CornerRadius::same(radius::CARD), fill);
    focus_ring(ui, &response, radius::CARD);
    let middle = rect.center().y;
    let (icon, colour) = icon;
    ui.painter().text(
        pos2(rect.left() + space::GAP + 8.0, middle),
        Align2::CENTER_CENTER,
        icon.letter(),
        Icon::font(16.0),
        colour,
    );
    let end_width = match end {
        Some((end, colour)) => {
            let galley = one_line(ui, end, Type::Meta, colour, rect.width() * END_MAX);
            let at = pos2(rect.right() - space::GAP - galley.size().x, middle - galley.size().y / 2.0);
            let width = galley.size().x;
            ui.painter().galley(at, galley, colour);
            width + space::GAP
        }
        None => 0.0,
    };
    let left = rect.left() + space::GAP + 16.0 + space::GAP;
    let room = rect.right() - space::GAP - end_width - left;
    let colour = if is_selected { theme.palette.text } else { theme.palette.muted };
    let galley = one_line(ui, words, Type::Emphasis, colour, room);
    ui.painter().galley(pos2(left, middle - galley.size().y / 2.0), galley, colour);
    response
}

/// A box to tick, with words that may need several lines.
pub fn tick(ui: &mut Ui, is_on: bool, words: &str) -> Response {
    let icons = (Icon::SquareCheck, Icon::Square);
    mark(ui, is_on, words, icons, |is_enabled| WidgetInfo::selected(Role::CheckBox, is_enabled, is_on, words))
}

/// One of several, of which one is chosen.
pub fn choice<T: PartialEq>(ui: &mut Ui, chosen: &mut T, this: T, words: &str) -> Response {
    let is_on = *chosen == this;
    let icons = (Icon::CircleDot, Icon::Circle);
    let told = |is_enabled| WidgetInfo::selected(Role::RadioButton, is_enabled, is_on, words);
    let response = mark(ui, is_on, words, icons, told);
    if response.clicked() {
        *chosen = this;
    }
    response
}

/// A line that opens to show what is folded in it.
pub fn fold(ui: &mut Ui, is_open: bool, words: &str, when: &str) -> Response {
    let palette = Theme::of(ui).palette;
    let indent = 16.0 + space::TINY;
    let words_of = format!("{words}  {when}");
    let galley = lines(ui, &words_of, Type::Meta, palette.muted, ui.available_width() - indent, usize::MAX);
    let size = vec2(ui.available_width(), galley.size().y.max(space::HUGE));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let is_enabled = ui.is_enabled();
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::DisclosureTriangle, is_enabled, words);
        info.selected = Some(is_open);
        info
    });
    if response.hovered() {
        ui.painter().rect_filled(rect, CornerRadius::same(radius::CHIP), palette.hover);
    }
    let icon = if is_open { Icon::ChevronDown } else { Icon::ChevronRight };
    let at = pos2(rect.left() + 7.0, rect.center().y);
    ui.painter().text(at, Align2::CENTER_CENTER, icon.letter(), Icon::font(14.0), palette.muted);
    let top = rect.center().y - galley.size().y / 2.0;
    ui.painter().galley(pos2(rect.left() + indent, top), galley, palette.muted);
    focus_ring(ui, &response, radius::CHIP);
    response
}

/// An icon that says how it stands, and words beside it.
fn mark(ui: &mut Ui, is_on: bool, words: &str, (on, off): (Icon, Icon), told: impl Fn(bool) -> WidgetInfo) -> Response {
    let palette = Theme::of(ui).palette;
    let indent = 16.0 + space::GAP;
    let galley = lines(ui, words, Type::Body, palette.text, ui.available_width() - indent, usize::MAX);
    let size = vec2(indent + galley.size().x, galley.size().y.max(space::HUGE) + space::TINY);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let is_enabled = ui.is_enabled();
    response.widget_info(|| told(is_enabled));
    let colour = match (is_on, response.hovered()) {
        (true, _) => palette.accent,
        (false, true) => palette.text,
        (false, false) => palette.border_input,
    };
    let first_line = rect.top() + size.y.min(space::HUGE + space::TINY) / 2.0;
    let icon = if is_on { on } else { off };
    ui.painter().text(
        pos2(rect.left() + 8.0, first_line),
        Align2::CENTER_CENTER,
        icon.letter(),
        Icon::font(16.0),
        colour,
    );
    let top = rect.center().y - galley.size().y / 2.0;
    ui.painter().galley(pos2(rect.left() + indent, top), galley, palette.text);
    focus_ring(ui, &response, radius::CHIP);
    response
}

/// One line that ends with an ellipsis where there is no room.
pub fn one_line(ui: &Ui, words: &str, kind: Type, colour: Color32, width: f32) -> std::sync::Arc<egui::Galley> {
    lines(ui, words, kind, colour, width, 1)
}

/// At most so many lines; the last one ends with an ellipsis where there is more.
pub fn lines(
    ui: &Ui,
    words: &str,
    kind: Type,
    colour: Color32,
    width: f32,
    lines_max: usize,
) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::default();
    job.wrap.max_width = width.max(1.0);
    let line_height = Some(kind.line_height());
    job.append(words, 0.0, egui::TextFormat { line_height, ..egui::TextFormat::simple(kind.font(), colour) });
    job.wrap.max_rows = lines_max;
    job.wrap.break_anywhere = lines_max == 1;
    job.wrap.overflow_character = Some('…');
    ui.painter().layout_job(job)
}

/// Where the keyboard is.
pub fn focus_ring(ui: &Ui, response: &Response, corner: u8) {
    if response.has_focus() {
        let stroke = Stroke::new(2.0, Theme::of(ui).palette.accent);
        ui.painter().rect_stroke(response.rect, CornerRadius::same(corner), stroke, StrokeKind::Inside);
    }
}

/// A person, as a circle with initials.
pub fn avatar(ui: &Ui, rect: Rect, name: &str, colour: Color32) {
    let theme = Theme::of(ui);
    ui.painter().circle_filled(rect.center(), rect.width() / 2.0, colour);
    let font = FontId { size: (rect.width() * 0.45).round(), ..Type::Meta.font() };
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, initials(name), font, theme.palette.on_label);
}

/// The first letters of the first and the last word.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// What an empty place says: one icon, one sentence, perhaps one button.
pub fn empty(ui: &mut Ui, icon: Icon, sentence: &str) {
    let theme = Theme::of(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(space::HUGE);
        ui.label(RichText::new(icon.letter()).font(Icon::font(24.0)).color(theme.palette.faint));
        ui.label(text(sentence, Type::Body, theme.palette.muted));
    });
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        assert_eq!(initials("Ada of the Turntable"), "AT");
        assert_eq!(initials("ben"), "B");
        assert_eq!(initials("  "), "");
        assert_eq!(initials("ängström"), "Ä");
    }
}
