//! Menus, made of the one list of commands.

use egui::{Align, Button, Layout, ScrollArea, Ui};

use super::act::Act;
use crate::command::{ALL, Command, Group, Spec};
use crate::theme::{Theme, Type, space};
use crate::widget::text;

/// How wide a menu is.
const WIDTH: f32 = 240.0;

/// What can be done with the card under the pointer.
pub(super) fn of_card(ui: &mut Ui, acts: &mut Vec<Act>) {
    let moves = [Command::MoveLeft, Command::MoveRight, Command::MoveUp, Command::MoveDown];
    let of_card = ALL.iter().filter(|spec| spec.group == Group::Context);
    show(ui, of_card.chain(moves.map(Command::spec)), acts);
}

fn show<'a>(ui: &mut Ui, specs: impl Iterator<Item = &'a Spec>, acts: &mut Vec<Act>) {
    ui.set_width(WIDTH);
    // In a small window, or one that is zoomed, not all of it has room.
    let height = ui.ctx().content_rect().height() - 2.0 * space::LARGE;
    ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| lines(ui, specs, acts));
}

fn lines<'a>(ui: &mut Ui, specs: impl Iterator<Item = &'a Spec>, acts: &mut Vec<Act>) {
    let theme = Theme::of(ui);
    for spec in specs {
        let words = text(format!("{}  {}", spec.icon.letter(), spec.text), Type::Body, theme.palette.text);
        let mut button = Button::new(words).frame_when_inactive(false).min_size(egui::vec2(WIDTH, space::ROW));
        if let Some(keys) = spec.keys.first() {
            button = button.right_text(text(keys.shown(ui.ctx()), Type::Meta, theme.palette.faint));
        }
        let response = ui.with_layout(Layout::top_down_justified(Align::Min), |ui| ui.add(button)).inner;
        let is_enabled = ui.is_enabled();
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_enabled, spec.text));
        if response.on_hover_text(spec.tip).clicked() {
            acts.push(Act::Do(spec.command));
            ui.close();
        }
    }
}
