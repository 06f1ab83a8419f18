//! The left edge: which project, which board, what waits, and how it stands with the server.

use egui::{Layout, Ui, UiBuilder, vec2};
use recordplayer::time::Timestamp;
use recordplayer_client::{Device, HERE};

use super::act::Act;
use super::project::OpenProject;
use super::sync_line;
use crate::command::Command;
use crate::theme::{Icon, Theme, Type, name_colour, space};
use crate::widget::{command_button, icon_button, row, text};

/// Draws the sidebar.
pub(super) fn show(
    ui: &mut Ui,
    device: &Device,
    project: Option<&OpenProject>,
    is_folded: bool,
    now: Timestamp,
    acts: &mut Vec<Act>,
) {
    let theme = Theme::of(ui);
    let line_height = space::ROW + space::GAP;
    let whole = ui.available_rect_before_wrap();
    let upper = whole.with_max_y(whole.bottom() - line_height);
    let lower = whole.with_min_y(whole.bottom() - line_height);
    ui.scope_builder(UiBuilder::new().max_rect(upper), |ui| {
        if is_folded {
            folded(ui, project, acts);
            return;
        }
        ui.horizontal(|ui| {
            ui.set_height(space::ROW);
            switcher(ui, device, project, acts);
            ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                if command_button(ui, Command::ToggleSidebar).clicked() {
                    acts.push(Act::Do(Command::ToggleSidebar));
                }
            });
        });
        ui.add_space(space::TINY);
        let shown = Command::Palette.spec().keys[0].shown(ui.ctx());
        if row(ui, (Icon::Search, theme.palette.faint), "Search or run...", Some((&shown, theme.palette.faint)), false)
            .clicked()
        {
            acts.push(Act::Do(Command::Palette));
        }
        outbox_row(ui, project, &theme, acts);
        ui.add_space(space::LARGE);
        ui.horizontal(|ui| {
            ui.add_space(space::GAP);
            ui.label(text("Boards", Type::Meta, theme.palette.faint));
        });
        let Some(project) = project else { return };
        let open = project.board.as_ref().map(|board| board.id);
        for (board, title) in project.open_boards() {
            let colour = name_colour(&theme.palette, &title);
            if row(ui, (Icon::SquareKanban, colour), &title, None, open == Some(board)).clicked() {
                acts.push(Act::OpenBoard(board));
            }
        }
    });
    ui.scope_builder(UiBuilder::new().max_rect(lower), |ui| {
        ui.add_space(space::TINY);
        if project.is_none() {
            return;
        }
        let status = project.map(|project| project.space.glance().status).unwrap_or_default();
        let line = project.and_then(|project| device.line(&project.space.url()));
        let is_here = project.is_some_and(|project| project.space.url() == HERE);
        let opens = if status.refused > 0 { Command::GoOutbox } else { Command::SyncDetails };
        if is_folded {
            let (icon, _, words) = sync_line::words(status, line.as_ref(), is_here, now.0, &theme);
            if icon_button(ui, icon, &words).clicked() {
                acts.push(Act::Do(opens));
            }
        } else if sync_line::show(ui, status, line.as_ref(), is_here, now.0) {
            acts.push(Act::Do(opens));
        }
    });
}

fn folded(ui: &mut Ui, project: Option<&OpenProject>, acts: &mut Vec<Act>) {
    for command in [Command::ToggleSidebar, Command::Palette, Command::GoOutbox] {
        if command_button(ui, command).clicked() {
            acts.push(Act::Do(command));
        }
    }
    ui.add_space(space::LARGE);
    for (board, title) in project.map(OpenProject::open_boards).unwrap_or_default() {
        if icon_button(ui, Icon::SquareKanban, &title).clicked() {
            acts.push(Act::OpenBoard(board));
        }
    }
}

/// The name of the project, and a menu of all others.
fn switcher(ui: &mut Ui, device: &Device, project: Option<&OpenProject>, acts: &mut Vec<Act>) {
    let theme = Theme::of(ui);
    let title = project.map_or("No project", |project| project.info.title.as_str());
    let label = text(format!("{title} {}", Icon::ChevronDown.letter()), Type::Emphasis, theme.palette.text);
    ui.menu_button(label, |ui| {
        ui.set_min_width(200.0);
        for info in device.known_spaces() {
            if ui.button(text(&info.title, Type::Body, theme.palette.text)).clicked() {
                acts.push(Act::OpenProject(info.space));
                ui.close();
            }
        }
        if ui.button(text(Command::NewProject.spec().text, Type::Body, theme.palette.muted)).clicked() {
            acts.push(Act::Do(Command::NewProject));
            ui.close();
        }
    })
    .response
    .on_hover_text("Projects");
    ui.allocate_space(vec2(0.0, 0.0));
}

fn outbox_row(ui: &mut Ui, project: Option<&OpenProject>, theme: &Theme, acts: &mut Vec<Act>) {
    let status = project.map(|project| project.space.glance().status).unwrap_or_default();
    let waiting = status.waiting + status.sending;
    let (count, colour) = match (waiting, status.refused) {
        (0, 0) => (String::new(), theme.palette.faint),
        (waiting, 0) => (waiting.to_string(), theme.palette.muted),
        (0, refused) => (format!("{refused} refused"), theme.palette.danger),
        (waiting, refused) => (format!("{waiting} (+{refused} refused)"), theme.palette.danger),
    };
    let end = (!count.is_empty()).then_some((count.as_str(), colour));
    if row(ui, (Icon::CloudUpload, theme.palette.muted), "Outbox", end, false).clicked() {
        acts.push(Act::Do(Command::GoOutbox));
    }
}
