//! All keys on one sheet.

use egui::{Layout, ScrollArea, Ui};

use crate::command::{ALL, Keys};
use crate::theme::{Theme, Type, space};
use crate::widget::text;

/// Draws the sheet.
pub(super) fn show(ui: &mut Ui) {
    let theme = Theme::of(ui);
    ui.label(text("Keyboard shortcuts", Type::Page, theme.palette.text));
    ui.add_space(space::GAP);
    ScrollArea::vertical().max_height(480.0).auto_shrink([false, true]).show(ui, |ui| {
        let mut specs: Vec<_> = ALL.iter().filter(|spec| !spec.keys.is_empty()).collect();
        specs.sort_by_key(|spec| spec.group);
        let mut group = None;
        for spec in specs {
            if group.replace(spec.group) != Some(spec.group) {
                ui.add_space(space::GAP);
                ui.label(text(spec.group.title(), Type::Caption, theme.palette.faint));
            }
            ui.horizontal(|ui| {
                ui.label(spec.icon.meta(theme.palette.muted));
                ui.label(text(spec.text, Type::Body, theme.palette.text)).on_hover_text(spec.tip);
                ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                    let shown: Vec<String> = spec.keys.iter().map(|keys: &Keys| keys.shown(ui.ctx())).collect();
                    ui.label(text(shown.join(" or "), Type::Meta, theme.palette.muted));
                });
            });
        }
    });
}
