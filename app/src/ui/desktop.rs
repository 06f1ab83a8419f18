//! The whole window: what is open, and what happens to it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use egui::{CentralPanel, Context, Frame, Id, Margin, Modal, Panel as Edge, Ui};
use recordplayer::id::ActorId;
use recordplayer::time::Timestamp;
use recordplayer_client::{Device, now};
use recordplayer_kanban::Card;
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::reference::card_at;

use super::act::Act;
use super::card_face::Standing;
use super::hand::Hand;
use super::import::Importing;
use super::jobs::{Jobs, News};
use super::key_queue::KeyQueue;
use super::new_project::NewProject;
use super::palette::Palette;
use super::picker::Picker;
use super::playback::IN_THE_PAST;
use super::project::OpenProject;
use super::publish::Publish;
use super::toast::Toasts;
use super::{board, outbox, panel, sheet, sidebar, sync_details};
use crate::command::Command;
use crate::keyboard::Keyboard;
use crate::links;
use crate::said::{Names, card_of};
use crate::session::{Appearance, Session, SessionFile};
use crate::theme::{Icon, Theme, install, name_colour, space};
use crate::time::day_of;
use crate::widget::{empty, primary_button, quiet_button};

/// In a window that is not so wide, an open card covers the board.
const COVERED_BELOW: f32 = 1_100.0;
/// In one that is not even so wide, the sidebar is folded.
const FOLDED_BELOW: f32 = 760.0;

/// Of an address that is not opened, so much is said.
const ADDRESS_SHOWN_MAX: usize = 80;

/// What lies over the board.
pub(super) enum Overlay {
    Palette(Palette),
    Picker(Picker),
    Outbox,
    Sync,
    Keys,
    Import(Box<Importing>),
    NewProject(NewProject),
    Publish(Publish),
}

/// RecordPlayer Kanban on a screen.
pub struct Desktop {
    pub(super) device: Device,
    pub(super) session: Session,
    file: SessionFile,
    keyboard: Keyboard,
    pub(super) project: Option<OpenProject>,
    pub(super) overlay: Option<Overlay>,
    pub(super) acts: Vec<Act>,
    pub(super) toasts: Toasts,
    pub(super) jobs: Jobs,
    pub(super) hand: Hand,
    is_dressed: bool,
    /// The person wants the window closed.
    pub(super) is_left: bool,
    /// Whether a field of the board or of a card had the focus when the last frame ended.
    pub(super) was_typing: bool,
    /// Known from the first frame on: threads ask for another one.
    pub(super) bell: Arc<OnceLock<Context>>,
    clock: fn() -> Timestamp,
    /// The number of the last asking that opens something, and of the last one whose outcome was taken.
    pub(super) opening: u64,
    pub(super) taken: u64,
}

/// Brings the window to the front, from wherever that is wished.
#[derive(Clone, Debug)]
pub struct Front(Arc<OnceLock<Context>>);

impl Front {
    /// Before the first frame there is nothing to be brought.
    pub fn come(&self) {
        if let Some(ctx) = self.0.get() {
            ctx.send_viewport_cmd_to(egui::ViewportId::ROOT, egui::ViewportCommand::Minimized(false));
            ctx.send_viewport_cmd_to(egui::ViewportId::ROOT, egui::ViewportCommand::Focus);
        }
    }
}

impl Desktop {
    /// A window over a device; what it remembers lies in the same folder.
    pub fn new(device: Device, folder: &Path) -> Self {
        let session = Session::load(folder);
        let file = SessionFile::new(folder, &session);
        let bell: Arc<OnceLock<Context>> = Arc::default();
        let mut desktop = Self {
            file,
            session,
            keyboard: Keyboard::default(),
            project: None,
            overlay: None,
            acts: Vec::new(),
            toasts: Toasts::default(),
            jobs: Jobs::new(Arc::clone(&bell)),
            hand: Hand::new(device.clone(), Arc::clone(&bell)),
            device,
            is_dressed: false,
            is_left: false,
            was_typing: false,
            bell,
            clock: now,
            opening: 0,
            taken: 0,
        };
        desktop.go_on();
        desktop.take_opened();
        desktop
    }

    /// The time of day that everything is told from: for pictures it stands still.
    pub fn set_clock(&mut self, clock: fn() -> Timestamp) {
        self.clock = clock;
    }

    /// Lets another thread bring the window to the front.
    pub fn front(&self) -> Front {
        Front(Arc::clone(&self.bell))
    }

    /// How large the window was when it was last seen.
    pub fn size(&self) -> Option<[f32; 2]> {
        self.session.size
    }

    /// The window closes, whoever closed it: what was typed is sent first.
    pub fn leave(&mut self) {
        self.close_card();
        self.hand.finish();
        for outcome in self.hand.outcomes() {
            self.put_back(outcome.typed);
        }
        self.file.keep(&self.session);
    }

    /// Waits until everything is done that the person did here, and read what is shown: for tests, which then look at what came of it.
    pub fn wait_for_hand(&self) {
        self.hand.wait();
        self.device.wait_until_known();
    }

    /// Whether the person wants the window closed.
    pub fn is_left(&self) -> bool {
        self.is_left
    }

    pub(super) fn close_card(&mut self) {
        if let Some(project) = &mut self.project {
            project.panel = None;
        }
    }

    /// Draws everything and does what is to be done.
    pub fn show(&mut self, ui: &mut Ui) {
        if !std::mem::replace(&mut self.is_dressed, true) {
            self.dress(ui);
            // This frame has begun in the looks of before.
            ui.ctx().request_discard("dressed");
        }
        for outcome in self.hand.outcomes() {
            self.take(ui.ctx(), outcome);
        }
        for news in self.jobs.news() {
            match news {
                News::Import(stage) => self.import_came(stage),
                News::Founded(founded) => self.was_founded(founded),
                News::Published { space, result } => self.was_published(space, result),
            }
        }
        if self.opening <= self.taken {
            self.go_on();
        }
        let board = self.project.as_ref().and_then(|project| project.board.as_ref());
        let is_past = board.is_some_and(|board| board.playing.is_past());
        if !is_past {
            self.toasts.take_back(IN_THE_PAST);
        }
        for command in self.keyboard.read(ui.ctx(), is_past, self.overlay.is_some()) {
            self.acts.push(Act::Do(command));
        }
        let dropped = ui.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_path_buf()));
        if let Some(file) = dropped {
            self.begin_import(Some(file));
        }
        let had_overlay = self.overlay.is_some();
        let now = (self.clock)();
        // In a small window that is zoomed there is no room for the whole of it.
        let is_folded = self.session.is_sidebar_folded || ui.ctx().content_rect().width() < FOLDED_BELOW;
        let width = if is_folded { space::BAR } else { space::SIDEBAR };
        let theme = Theme::of(ui);
        let edge = Frame::NONE.fill(theme.palette.surface).inner_margin(Margin::same(space::GAP as i8));
        Edge::left("sidebar").exact_size(width).resizable(false).frame(edge).show(ui, |ui| {
            sidebar::show(ui, &self.device, self.project.as_ref(), is_folded, now, &mut self.acts);
        });
        self.show_project(ui, now);
        self.show_overlay(ui, now);
        let kept_back = links::keep_to_web(ui.ctx());
        if let Some(card) = kept_back.as_deref().and_then(card_at) {
            let is_here = |project: &OpenProject| project.space.known::<Card>(card).is_here();
            if self.project.as_ref().is_some_and(is_here) {
                self.acts.push(Act::OpenCard(card));
            } else {
                self.toasts.tell("That card is in another project. Open it there");
            }
        } else if let Some(address) = kept_back {
            let shown: String = address.chars().filter(|letter| !letter.is_control()).take(ADDRESS_SHOWN_MAX).collect();
            self.toasts.warn(format!("Only addresses of the web are opened from here, and not {shown}"));
        }
        self.toasts.show(ui, &mut self.acts);
        self.act_in_order(ui);
        let project = self.project.as_ref();
        let composer = project.and_then(|project| project.board.as_ref()?.composer.as_ref());
        let expects_field = self.opening > self.taken
            || (self.overlay.is_some() && !had_overlay)
            || composer.is_some_and(|composer| composer.wants_focus)
            || project.and_then(|project| project.panel.as_ref()).is_some_and(|panel| panel.wants.is_some());
        KeyQueue::expect(ui.ctx(), expects_field);
        // Mostly it is done by then, and the next frame shows nothing that is not so any more.
        self.hand.wait_a_moment();
        self.was_typing = self.overlay.is_none() && ui.ctx().text_edit_focused();
        let inner = ui.ctx().input(|input| input.viewport().inner_rect);
        // In points as they are without the zoom, for so a window is opened.
        let zoom = ui.ctx().zoom_factor();
        self.session.size = inner.map(|inner| [inner.width() * zoom, inner.height() * zoom]).or(self.session.size);
        self.file.keep(&self.session);
    }

    pub(super) fn dress(&mut self, ui: &Ui) {
        self.bell.get_or_init(|| ui.ctx().clone());
        ui.ctx().add_plugin(KeyQueue::default());
        install(ui.ctx(), self.session.reduces_motion);
        ui.ctx().set_theme(match self.session.appearance {
            Appearance::System => egui::ThemePreference::System,
            Appearance::Light => egui::ThemePreference::Light,
            Appearance::Dark => egui::ThemePreference::Dark,
        });
        ui.ctx().set_zoom_factor(self.session.zoom);
    }

    fn show_project(&mut self, ui: &mut Ui, now: Timestamp) {
        let theme = Theme::of(ui);
        let canvas = Frame::NONE.fill(theme.palette.canvas);
        let Some(mut project) = self.project.take() else {
            CentralPanel::default().frame(canvas).show(ui, |ui| {
                ui.add_space(ui.available_height() / 4.0);
                empty(
                    ui,
                    Icon::SquareKanban,
                    "No project yet. Begin one on this computer, or log in with \"recordplayer login\"",
                );
                ui.vertical_centered(|ui| {
                    ui.add_space(space::WIDE);
                    let command = Command::NewProject;
                    if primary_button(ui, Some(Icon::Plus), command.spec().text).clicked() {
                        self.acts.push(Act::Do(command));
                    }
                    if quiet_button(ui, Command::Import.spec().text).clicked() {
                        self.acts.push(Act::Do(Command::Import));
                    }
                });
            });
            return;
        };
        let Some(mut board) = project.board.take() else {
            CentralPanel::default().frame(canvas).show(ui, |ui| {
                empty(ui, Icon::SquareKanban, "This project has no board yet");
            });
            self.project = Some(project);
            return;
        };
        let now_s = ui.input(|input| input.time);
        let confirmed = project.space.glance().confirmed;
        for (card, actor) in board.changed_by_others(project.space.actor(), confirmed) {
            let name = project.person(&self.device, actor.into());
            board.glides.light(card, name_colour(&theme.palette, &name), now_s);
        }
        board.playing.follow(confirmed.0);
        let past = board.playing.board();
        let is_past = board.playing.is_past();
        let view = past.unwrap_or_else(|| board.view.get());
        if let Some(mut open) = project.panel.take() {
            let frame = Frame::NONE.fill(theme.palette.surface);
            let mut drawing = panel::Drawing {
                device: &self.device,
                board: &view,
                session: &mut self.session,
                now,
                acts: &mut self.acts,
                hand: &mut self.hand,
            };
            // Beside it there would be no room for the board.
            let covers = ui.ctx().content_rect().width() < COVERED_BELOW;
            if covers {
                CentralPanel::default().frame(frame).show(ui, |ui| open.show(ui, &project, &mut drawing));
            } else {
                let width = drawing.session.card_width.unwrap_or(space::PANEL);
                let edge = Edge::right("card").default_size(width).size_range(400.0..=720.0).frame(frame);
                let shown = edge.show(ui, |ui| open.show(ui, &project, &mut drawing));
                self.session.card_width = Some(shown.response.rect.width());
            }
            project.panel = Some(open);
            if covers {
                project.board = Some(board);
                self.project = Some(project);
                return;
            }
        }
        let standings = standings(&self.device, &project);
        CentralPanel::default().frame(canvas).show(ui, |ui| {
            let mut drawing = board::Drawing {
                is_past,
                is_before_the_first: board.playing.is_before_the_first(),
                board: board.id,
                device: &self.device,
                project: &project,
                view: &view,
                standings: &standings,
                today: day_of(board.playing.moment().unwrap_or(now)),
                acts: &mut self.acts,
            };
            let bar = Frame::NONE.inner_margin(Margin::symmetric(space::WIDE as i8, 0));
            Edge::top("board bar").exact_size(space::BAR).frame(bar).show(ui, |ui| board::header(ui, &mut drawing));
            let height = if is_past { space::PLAYBACK_PAST } else { space::PLAYBACK };
            let frame = Frame::NONE.fill(theme.palette.surface);
            Edge::bottom("playback").exact_size(height).resizable(false).frame(frame).show(ui, |ui| {
                let name_of = |actor: Option<ActorId>| drawing.project.actor(drawing.device, actor);
                board.playing.show(ui, &name_of, drawing.acts);
            });
            let frame = Frame::NONE.inner_margin(Margin::same(space::GAP as i8));
            CentralPanel::default().frame(frame).show(ui, |ui| board::show(ui, &mut board, &mut drawing));
        });
        let scrolled = board.scrolled();
        if self.session.scrolls.get(&board.id) != Some(&scrolled) {
            self.session.scrolls.insert(board.id, scrolled);
        }
        if let Some(composer) = &board.composer {
            self.session.keep_draft(&composer.place(), &composer.typed);
        }
        project.board = Some(board);
        self.project = Some(project);
    }

    fn show_overlay(&mut self, ui: &mut Ui, now: Timestamp) {
        let Some(mut overlay) = self.overlay.take() else { return };
        let theme = Theme::of(ui);
        let frame = Frame::NONE
            .fill(theme.palette.overlay)
            .stroke(egui::Stroke::new(1.0, theme.palette.border))
            .corner_radius(crate::theme::radius::DIALOG)
            .shadow(theme.shadow())
            .inner_margin(Margin::same(space::LARGE as i8));
        // In the upper third, so that what is found does not move what is typed.
        let below_top = egui::vec2(0.0, ui.ctx().content_rect().height() / 8.0);
        let area = Modal::default_area(Id::unique("overlay")).anchor(egui::Align2::CENTER_TOP, below_top);
        let modal = Modal::new(Id::unique("overlay")).area(area).frame(frame).backdrop_color(theme.palette.shade);
        let has_card = self.project.as_ref().is_some_and(|project| card_in_hand(project).is_some());
        let response = modal.show(ui.ctx(), |ui| {
            let room = ui.ctx().content_rect().size();
            ui.set_width(space::PALETTE.min(room.x - 2.0 * space::BAR));
            ui.set_max_height(room.y - below_top.y - 2.0 * space::LARGE - space::WIDE);
            match &mut overlay {
                Overlay::Palette(palette) => palette.show(ui, self.project.as_ref(), has_card, &mut self.acts),
                Overlay::Picker(picker) => {
                    let today = day_of(now);
                    picker.show(ui, &self.device, self.project.as_ref(), today.as_ref(), &mut self.acts)
                }
                Overlay::Outbox => {
                    if let Some(project) = &self.project {
                        outbox::show(ui, &self.device, project, now, &mut self.acts);
                    }
                    false
                }
                Overlay::Sync => {
                    if let Some(project) = &self.project {
                        sync_details::show(ui, &self.device, project, now, &mut self.acts);
                    }
                    false
                }
                Overlay::Keys => {
                    sheet::show(ui);
                    false
                }
                Overlay::Import(importing) => importing.show(ui, self.project.as_ref(), &mut self.acts),
                Overlay::NewProject(form) => form.show(ui, &self.device, &mut self.acts),
                Overlay::Publish(form) => form.show(ui, &self.device, self.project.as_ref(), &mut self.acts),
            }
        });
        let shows_card = self.acts.iter().any(|act| matches!(act, Act::OpenCard(_)));
        // A click beside it must not throw away what is under way.
        let stays = matches!(&overlay, Overlay::Import(importing) if importing.is_under_way());
        let is_left = response.backdrop_response.clicked() && !stays;
        if !response.inner && !is_left && !shows_card {
            self.overlay = Some(overlay);
        }
    }
}

/// The card that is open, else the selected one.
pub(super) fn card_in_hand(project: &OpenProject) -> Option<CardId> {
    let open = project.panel.as_ref().map(|open| open.card);
    open.or_else(|| project.board.as_ref()?.selected)
}

/// The cards about which something waits or was refused.
fn standings(device: &Device, project: &OpenProject) -> BTreeMap<CardId, Standing> {
    let names = Names::at_once(device, &project.space);
    let mut standings = BTreeMap::new();
    for entry in &project.space.glance().outbox {
        if let Some(card) = card_of(&names, entry) {
            let standing = if entry.refused.is_some() { Standing::Refused } else { Standing::Waiting };
            let worst: &mut Standing = standings.entry(card).or_default();
            *worst = (*worst).max(standing);
        }
    }
    standings
}

impl std::fmt::Debug for Desktop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desktop").field("device", &self.device).finish_non_exhaustive()
    }
}
