//! Beginning a project: on this computer, or at a server that the device has an account at.

use egui::{Key, TextEdit, Ui};
use recordplayer::id::SpaceId;
use recordplayer_client::{Device, HERE};

use super::act::Act;
use super::composer::name;
use super::desktop::{Desktop, Overlay};
use super::jobs::News;
use crate::founding::found;
use crate::theme::{Icon, Theme, Type, space};
use crate::widget::{choice, primary_button, quiet_button, text};

/// The form.
pub(super) struct NewProject {
    title: String,
    /// The address of a server, or this computer.
    place: String,
    problem: Option<String>,
    is_beginning: bool,
    has_focus: bool,
}

impl NewProject {
    pub fn new(device: &Device) -> Self {
        let place = device.accounts().first().map_or_else(|| HERE.to_owned(), |account| account.url.clone());
        Self { title: String::new(), place, problem: None, is_beginning: false, has_focus: false }
    }

    /// Draws it; true where it is done with.
    pub fn show(&mut self, ui: &mut Ui, device: &Device, acts: &mut Vec<Act>) -> bool {
        let theme = Theme::of(ui);
        ui.label(text("New project", Type::Page, theme.palette.text));
        ui.add_space(space::GAP);
        if let Some(problem) = &self.problem {
            ui.horizontal_top(|ui| {
                ui.label(Icon::CircleAlert.text(theme.palette.danger));
                ui.add(egui::Label::new(text(problem.as_str(), Type::Body, theme.palette.text)).wrap());
            });
        }
        let edit = TextEdit::singleline(&mut self.title).hint_text("What it is called").desired_width(f32::INFINITY);
        let response = name(ui.add(edit), "Name of the project");
        if !std::mem::replace(&mut self.has_focus, true) {
            response.request_focus();
        }
        let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.add_space(space::GAP);
        choice(ui, &mut self.place, HERE.to_owned(), "Work on this computer");
        for account in device.accounts() {
            let words = format!("At {}, as {}", account.url, account.name);
            choice(ui, &mut self.place, account.url, &words);
        }
        if device.accounts().is_empty() {
            let help = "To join a team: log in with \"recordplayer login\", and its projects come";
            ui.add(egui::Label::new(text(help, Type::Meta, theme.palette.muted)).wrap());
        }
        ui.add_space(space::WIDE);
        let mut is_left = false;
        ui.horizontal(|ui| {
            let title = self.title.trim();
            let can_begin = !title.is_empty() && !self.is_beginning;
            let begin = ui.add_enabled_ui(can_begin, |ui| primary_button(ui, None, "Begin")).inner;
            if can_begin && (begin.clicked() || is_entered) {
                acts.push(Act::Found { title: title.to_owned(), place: self.place.clone() });
                self.is_beginning = true;
            }
            is_left = quiet_button(ui, "Cancel").clicked();
        });
        is_left
    }
}

impl Desktop {
    pub(super) fn found(&mut self, title: String, place: String) {
        let device = self.device.clone();
        self.jobs.start("new project", move |teller| {
            let founded = found(&device, Some(&place), &title, None).and_then(|mut founded| {
                founded.add_board(&title)?;
                Ok(founded.space.id())
            });
            teller.tell(News::Founded(founded.map_err(|error| error.to_string())));
        });
    }

    pub(super) fn was_founded(&mut self, founded: Result<SpaceId, String>) {
        match founded {
            Ok(space) => {
                if matches!(self.overlay, Some(Overlay::NewProject(_))) {
                    self.overlay = None;
                }
                self.open_project(space, None);
            }
            Err(why) => {
                if let Some(Overlay::NewProject(form)) = &mut self.overlay {
                    form.is_beginning = false;
                    form.problem = Some(why);
                } else {
                    self.toasts.warn(why);
                }
            }
        }
    }
}
