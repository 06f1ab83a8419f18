//! Giving a project of this computer to a server.

use std::time::Duration;

use egui::Ui;
use recordplayer::id::SpaceId;
use recordplayer_client::{Device, HERE};

use super::act::Act;
use super::desktop::{Desktop, Overlay};
use super::jobs::News;
use super::project::OpenProject;
use super::sync_line;
use crate::theme::{Icon, Theme, Type, space};
use crate::widget::{choice, primary_button, quiet_button, text};

/// Where it is not done in this time, it goes on by itself.
const PUBLISH_WITHIN: Duration = Duration::from_mins(2);

/// The form.
pub(super) struct Publish {
    url: String,
    problem: Option<String>,
    is_under_way: bool,
    has_focus: bool,
}

impl Publish {
    fn new(device: &Device) -> Self {
        let url = device.accounts().first().map(|account| account.url.clone()).unwrap_or_default();
        Self { url, problem: None, is_under_way: false, has_focus: false }
    }

    /// Draws it; true where it is done with.
    pub fn show(&mut self, ui: &mut Ui, device: &Device, project: Option<&OpenProject>, acts: &mut Vec<Act>) -> bool {
        let theme = Theme::of(ui);
        let Some(project) = project else { return true };
        ui.label(text(format!("Publish {}", project.info.title), Type::Page, theme.palette.text));
        ui.add_space(space::GAP);
        let help = "The server keeps it from then on, for good, and others can work on it. Everything that happened so far comes along";
        ui.add(egui::Label::new(text(help, Type::Body, theme.palette.muted)).wrap());
        ui.add_space(space::GAP);
        if let Some(problem) = &self.problem {
            ui.horizontal_top(|ui| {
                ui.label(Icon::CircleAlert.text(theme.palette.danger));
                ui.add(egui::Label::new(text(problem.as_str(), Type::Body, theme.palette.text)).wrap());
            });
        }
        let accounts = device.accounts();
        if accounts.is_empty() {
            let help = "This computer has no account at a server yet. Log in with \"recordplayer login\" first";
            ui.add(egui::Label::new(text(help, Type::Body, theme.palette.text)).wrap());
        }
        for account in &accounts {
            let words = format!("At {}, as {}", account.url, account.name);
            choice(ui, &mut self.url, account.url.clone(), &words);
        }
        if let Some(why) = device.line(&self.url).as_ref().and_then(sync_line::why).filter(|_| self.is_under_way) {
            let words = format!("{why}. It goes on by itself when the server can be reached");
            ui.add(egui::Label::new(text(words, Type::Body, theme.palette.warning)).wrap());
        }
        ui.add_space(space::WIDE);
        let mut is_left = false;
        ui.horizontal(|ui| {
            let can = !accounts.is_empty() && !self.is_under_way;
            let words = if self.is_under_way { "Publishing..." } else { "Publish" };
            let button = ui.add_enabled_ui(can, |ui| primary_button(ui, None, words)).inner;
            if can && !std::mem::replace(&mut self.has_focus, true) {
                button.request_focus();
            }
            if button.clicked() {
                acts.push(Act::Publish { space: project.space.id(), url: self.url.clone() });
                (self.is_under_way, self.problem) = (true, None);
            }
            is_left = quiet_button(ui, "Close").clicked();
        });
        is_left
    }
}

impl Desktop {
    pub(super) fn begin_publishing(&mut self) {
        match &self.project {
            Some(project) if project.space.url() == HERE => {
                self.overlay = Some(Overlay::Publish(Publish::new(&self.device)));
            }
            Some(_) => self.toasts.tell("This project is at a server already"),
            None => self.toasts.tell("Open a project first"),
        }
    }

    pub(super) fn publish(&mut self, space: SpaceId, url: String) {
        let device = self.device.clone();
        self.jobs.start("publish", move |teller| {
            let result = device.publish(space, &url, PUBLISH_WITHIN).map_err(|error| error.to_string());
            teller.tell(News::Published { space, result });
        });
    }

    pub(super) fn was_published(&mut self, space: SpaceId, result: Result<(), String>) {
        match result {
            Ok(()) => {
                if matches!(self.overlay, Some(Overlay::Publish(_))) {
                    self.overlay = None;
                }
                self.toasts.tell("Published. Add people to it, and they can work on it too");
                if self.project.as_ref().is_some_and(|project| project.space.id() == space) {
                    self.open_project(space, None);
                }
            }
            Err(why) => {
                if let Some(Overlay::Publish(form)) = &mut self.overlay {
                    (form.is_under_way, form.problem) = (false, Some(why));
                } else {
                    self.toasts.warn(why);
                }
            }
        }
    }
}
