//! What waits for the server, and what it refused, with what can be done about it.

use egui::{Frame, Layout, Margin, ScrollArea, Ui};
use recordplayer::replica::OutboxEntry;
use recordplayer::time::Timestamp;
use recordplayer_client::Device;

use super::act::Act;
use super::project::OpenProject;
use crate::alike::{Alike, alike};
use crate::said::{Names, card_of, nothing_waits, typed, what};
use crate::theme::{Icon, Theme, Type, radius, space};
use crate::time::ago;
use crate::widget::{empty, quiet_button, text};

/// Of the list, before it scrolls.
const HEIGHT_MAX: f32 = 480.0;

/// Draws the outbox of a project.
pub(super) fn show(ui: &mut Ui, device: &Device, project: &OpenProject, now: Timestamp, acts: &mut Vec<Act>) {
    let theme = Theme::of(ui);
    ui.label(text("Outbox", Type::Page, theme.palette.text));
    ui.add_space(space::GAP);
    let glance = project.space.glance();
    let entries = &glance.outbox;
    if entries.is_empty() {
        empty(ui, Icon::CloudCheck, nothing_waits(&project.space));
        return;
    }
    let names = Names::at_once(device, &project.space);
    ScrollArea::vertical().max_height(HEIGHT_MAX).auto_shrink([false, true]).show(ui, |ui| {
        for group in alike(entries) {
            if group.is_several() {
                several(ui, &names, &group, now, acts);
            } else {
                one_by_one(ui, &names, &group, now, acts);
            }
            ui.add_space(space::TINY);
        }
    });
}

fn one_by_one(ui: &mut Ui, names: &Names<'_>, group: &Alike<'_>, now: Timestamp, acts: &mut Vec<Act>) {
    for entry in group.entries.iter().chain(&group.under) {
        row(ui, names, entry, now, acts);
    }
}

/// What was refused for one cause: what that is, and what can be done about all of it; each shows when it is opened.
fn several(ui: &mut Ui, names: &Names<'_>, group: &Alike<'_>, now: Timestamp, acts: &mut Vec<Act>) {
    let palette = Theme::of(ui).palette;
    let first = group.entries[0];
    let Some(refused) = &first.refused else { return };
    let frame = Frame::NONE
        .fill(palette.raised)
        .stroke(egui::Stroke::new(1.0, palette.danger))
        .corner_radius(radius::CARD)
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(Icon::CircleAlert.text(palette.danger));
            let title = format!("{} changes for one reason", group.entries.len());
            ui.add(egui::Label::new(text(title, Type::Emphasis, palette.text)).wrap());
            ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                let when = format!("Refused, {}", ago(first.made_at, now));
                ui.label(text(when, Type::Caption, palette.faint));
            });
        });
        ui.add(egui::Label::new(text(names.named(&refused.message), Type::Body, palette.muted)).wrap());
        let id = ui.make_persistent_id(("one reason", first.command));
        let mut shows_each = ui.data(|data| data.get_temp(id)).unwrap_or(false);
        ui.horizontal(|ui| {
            if quiet_button(ui, "Try all again").clicked() {
                acts.push(Act::Retry(group.commands().collect()));
            }
            if quiet_button(ui, "Discard all").clicked() {
                acts.push(Act::Discard(group.commands().collect()));
            }
            if quiet_button(ui, if shows_each { "Hide each" } else { "Show each" }).clicked() {
                shows_each = !shows_each;
                ui.data_mut(|data| data.insert_temp(id, shows_each));
            }
        });
        if shows_each {
            one_by_one(ui, names, group, now, acts);
        }
    });
}

fn row(ui: &mut Ui, names: &Names<'_>, entry: &OutboxEntry, now: Timestamp, acts: &mut Vec<Act>) {
    let theme = Theme::of(ui);
    let palette = theme.palette;
    let is_under = entry.refused_with().is_some();
    let frame = Frame::NONE
        .fill(palette.raised)
        .stroke(egui::Stroke::new(1.0, if entry.refused.is_some() { palette.danger } else { palette.border }))
        .corner_radius(radius::CARD)
        .inner_margin(Margin::symmetric(12, 8))
        .outer_margin(Margin { left: if is_under { 24 } else { 0 }, ..Margin::ZERO });
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            let (icon, colour, state) = match (&entry.refused, entry.number) {
                (Some(_), _) => (Icon::CircleAlert, palette.danger, "Refused"),
                (None, Some(_)) => (Icon::Hourglass, palette.info, "Sending"),
                (None, None) => (Icon::CloudOff, palette.warning, "Waiting"),
            };
            ui.label(icon.text(colour));
            ui.add(egui::Label::new(text(what(names, entry), Type::Emphasis, palette.text)).wrap());
            ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                ui.label(text(format!("{state}, {}", ago(entry.made_at, now)), Type::Caption, palette.faint));
            });
        });
        let Some(refused) = &entry.refused else { return };
        ui.add(egui::Label::new(text(names.named(&refused.message), Type::Body, palette.muted)).wrap());
        ui.horizontal(|ui| {
            if !is_under && quiet_button(ui, "Try again").clicked() {
                acts.push(Act::Retry(vec![entry.command]));
            }
            if quiet_button(ui, "Discard").clicked() {
                acts.push(Act::Discard(vec![entry.command]));
            }
            if let Some(typed) = typed(names, entry)
                && quiet_button(ui, "Copy text").clicked()
            {
                acts.push(Act::Copy { what: "The text", text: typed });
            }
            if let Some(card) = card_of(names, entry)
                && quiet_button(ui, "Show card").clicked()
            {
                acts.push(Act::OpenCard(card));
            }
        });
    });
}
