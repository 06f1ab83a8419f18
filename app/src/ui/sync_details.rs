//! How it stands with the server, in full: for whoever wonders, and to be copied for whoever helps.

use egui::{Grid, Ui};
use recordplayer::time::Timestamp;
use recordplayer_client::{Device, HERE, Space};

use super::act::Act;
use super::project::OpenProject;
use super::sync_line;
use crate::command::Command;
use crate::theme::{Theme, Type, space};
use crate::time::ago;
use crate::widget::{primary_button, quiet_button, text};

/// Draws the details.
pub(super) fn show(ui: &mut Ui, device: &Device, project: &OpenProject, now: Timestamp, acts: &mut Vec<Act>) {
    let theme = Theme::of(ui);
    ui.label(text(Command::SyncDetails.spec().text, Type::Page, theme.palette.text));
    ui.add_space(space::GAP);
    let told = told(ui, device, project, now);
    Grid::new("sync details").num_columns(2).spacing([space::LARGE, space::GAP]).show(ui, |ui| {
        for (what, words) in &told {
            ui.label(text(*what, Type::Meta, theme.palette.muted));
            ui.add(egui::Label::new(text(words, Type::Body, theme.palette.text)).wrap());
            ui.end_row();
        }
    });
    ui.add_space(space::WIDE);
    ui.horizontal(|ui| {
        let is_here = project.space.url() == HERE;
        if !is_here && primary_button(ui, None, Command::Sync.spec().text).clicked() {
            acts.push(Act::Do(Command::Sync));
        }
        if quiet_button(ui, "Copy diagnostics").clicked() {
            acts.push(Act::CopyDiagnostics { told });
        }
        if quiet_button(ui, Command::GoOutbox.spec().text).clicked() {
            acts.push(Act::Do(Command::GoOutbox));
        }
    });
}

fn told(ui: &Ui, device: &Device, project: &OpenProject, now: Timestamp) -> Vec<(&'static str, String)> {
    let url = project.space.url();
    let is_here = url == HERE;
    let (glance, line) = (project.space.glance(), device.line(&url));
    let status = glance.status;
    let (_, _, state) = sync_line::words(status, line.as_ref(), is_here, now.0, &Theme::of(ui));
    let mut told = vec![("State", state)];
    if let Some(why) = line.as_ref().and_then(sync_line::why) {
        told.push(("Why", why));
    }
    if !is_here {
        let heard = device.last_contact(&url);
        told.push(("Server", url));
        told.push(("Last contact", heard.map_or("Not since this program started".to_owned(), |at| ago(at, now))));
    }
    told.push(("Position", format!("record {}", glance.confirmed)));
    told.push(("Waiting", format!("{} to be sent, {} refused", status.waiting + status.sending, status.refused)));
    told.push(("Data folder", device.folder().display().to_string()));
    told
}

/// Nothing of it is what somebody wrote.
pub(super) fn diagnostics(device: &Device, space: &Space, told: &[(&'static str, String)]) -> String {
    let hash = space.hash();
    let (version, system, machine) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    let mut lines = vec![format!("RecordPlayer {version}, {system} {machine}")];
    lines.push(format!("Project: {}, epoch {}, state {}", space.id(), hash.epoch, hash.state));
    lines.extend(told.iter().map(|(what, words)| format!("{what}: {words}")));
    lines.extend(device.notices().into_iter().map(|notice| format!("Notice: {notice}")));
    lines.join("\n")
}
