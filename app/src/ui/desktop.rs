//! The whole window: what is open, and what happens to it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use egui::{CentralPanel, Context, Frame, Id, Margin, Modal, Panel as Edge, Ui};
use recordplayer::entity::Entity;
use recordplayer::id::{Id as RecordId, SpaceId};
use recordplayer::time::Timestamp;
use recordplayer_client::{Device, now};
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::comment::CommentCommand;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId};
use recordplayer_kanban::view::BoardView;
use recordplayer_kanban::{Card, Comment};

use super::act::Act;
use super::card_face::Standing;
use super::composer::Composer;
use super::palette::Palette;
use super::project::{OpenProject, shown};
use super::toast::Toasts;
use super::{board, outbox, panel, sheet, sidebar};
use crate::command::{Command, Keyboard};
use crate::said::{Names, card_of};
use crate::session::{Appearance, Session, SessionFile};
use crate::theme::{Icon, Theme, install, space};
use crate::widget::empty;

/// What lies over the board.
enum Overlay {
    Palette(Palette),
    Outbox,
    Keys,
}

/// RecordPlayer Kanban on a screen.
pub struct Desktop {
    device: Device,
    session: Session,
    file: SessionFile,
    keyboard: Keyboard,
    project: Option<OpenProject>,
    overlay: Option<Overlay>,
    acts: Vec<Act>,
    toasts: Toasts,
    is_dressed: bool,
    /// Known from the first frame on: threads ask for another one.
    bell: Arc<OnceLock<Context>>,
}

impl Desktop {
    /// A window over a device; what it remembers lies in the same folder.
    pub fn new(device: Device, folder: &Path) -> Self {
        let session = Session::load(folder);
        let file = SessionFile::new(folder, &session);
        let mut desktop = Self {
            device,
            file,
            session,
            keyboard: Keyboard::default(),
            project: None,
            overlay: None,
            acts: Vec::new(),
            toasts: Toasts::default(),
            is_dressed: false,
            bell: Arc::default(),
        };
        desktop.go_on();
        desktop
    }

    /// Shows the fullest board as it was before its first step, with the play button in focus.
    pub fn begin_with_the_past(&mut self) {
        let Some(project) = &self.project else { return };
        let cards_of = |board: &BoardId| project.space.view::<BoardView>(*board).cards.size();
        let fullest = project.open_boards().into_iter().map(|(board, _)| board).max_by_key(cards_of);
        if let Some(board) = fullest {
            self.open_board(board);
        }
        if let Some(board) = self.project.as_mut().and_then(|project| project.board.as_mut()) {
            board.playing.begin();
        }
    }

    /// Where it was; else the first project and its first board.
    fn go_on(&mut self) {
        let spaces = self.device.spaces();
        let remembered = self.session.project.filter(|space| spaces.iter().any(|info| info.space == *space));
        if let Some(space) = remembered.or_else(|| spaces.first().map(|info| info.space)) {
            self.open_project(space);
        }
    }

    fn open_project(&mut self, space: SpaceId) {
        self.close_card();
        let info = self.device.spaces().into_iter().find(|info| info.space == space);
        let Some(mut project) = info.and_then(|info| OpenProject::open(&self.device, info)) else { return };
        let boards = project.open_boards();
        let remembered = self.session.boards.get(&space).filter(|id| boards.iter().any(|(board, _)| board == *id));
        if let Some(board) = remembered.copied().or_else(|| boards.first().map(|(board, _)| *board)) {
            self.open_board_of(&mut project, board);
        }
        self.session.project = Some(space);
        self.project = Some(project);
    }

    fn open_board_of(&mut self, project: &mut OpenProject, board: BoardId) {
        let bell = Arc::clone(&self.bell);
        let opened = project.open_board(board, move || {
            if let Some(ctx) = bell.get() {
                ctx.request_repaint();
            }
        });
        if let Err(error) = opened {
            self.toasts.warn(error.to_string());
        }
    }

    fn close_card(&mut self) {
        if let Some(project) = &mut self.project
            && let Some(mut panel) = project.panel.take()
        {
            panel.close(project, &mut self.toasts);
        }
    }

    /// Draws everything and does what is to be done.
    pub fn show(&mut self, ui: &mut Ui) {
        if !std::mem::replace(&mut self.is_dressed, true) {
            self.dress(ui);
        }
        // What came from the server may be the first project, or its first board.
        if self.project.as_ref().is_none_or(|project| project.board.is_none()) {
            self.go_on();
        }
        let board = self.project.as_ref().and_then(|project| project.board.as_ref());
        let is_past = board.is_some_and(|board| board.playing.is_past());
        for command in self.keyboard.read(ui.ctx(), is_past) {
            self.acts.push(Act::Do(command));
        }
        let now = now();
        let width = if self.session.is_sidebar_folded { space::BAR } else { space::SIDEBAR };
        let theme = Theme::of(ui);
        let edge = Frame::NONE.fill(theme.palette.surface).inner_margin(Margin::same(space::GAP as i8));
        Edge::left("sidebar").exact_size(width).resizable(false).frame(edge).show(ui, |ui| {
            let is_folded = self.session.is_sidebar_folded;
            sidebar::show(ui, &self.device, self.project.as_ref(), is_folded, now, &mut self.acts);
        });
        self.show_project(ui, now);
        self.show_overlay(ui, now);
        self.toasts.show(ui);
        for act in std::mem::take(&mut self.acts) {
            self.act(ui, act);
        }
        self.file.keep(&self.session);
    }

    fn dress(&mut self, ui: &Ui) {
        self.bell.get_or_init(|| ui.ctx().clone());
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
                empty(ui, Icon::LogIn, "There is no project on this device yet. Log in with \"recordplayer login\"");
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
        board.playing.follow(project.space.hash().record.0);
        let past = board.playing.board();
        let is_past = board.playing.is_past();
        let view = past.unwrap_or_else(|| board.view.get());
        if let Some(mut open) = project.panel.take() {
            let frame = Frame::NONE.fill(theme.palette.surface);
            let edge = Edge::right("card").default_size(space::PANEL).size_range(400.0..=720.0).frame(frame);
            edge.show(ui, |ui| {
                let mut drawing = panel::Drawing {
                    device: &self.device,
                    board: &view,
                    session: &mut self.session,
                    now,
                    acts: &mut self.acts,
                    toasts: &mut self.toasts,
                };
                open.show(ui, &project, &mut drawing);
            });
            project.panel = Some(open);
        }
        let standings = standings(&self.device, &project);
        CentralPanel::default().frame(canvas).show(ui, |ui| {
            let mut drawing = board::Drawing {
                is_past,
                board: board.id,
                device: &self.device,
                project: &project,
                view: &view,
                standings: &standings,
                acts: &mut self.acts,
            };
            let bar = Frame::NONE.inner_margin(Margin::symmetric(space::WIDE as i8, 0));
            Edge::top("board bar").exact_size(space::BAR).frame(bar).show(ui, |ui| board::header(ui, &mut drawing));
            let height = if is_past { space::PLAYBACK_PAST } else { space::PLAYBACK };
            let frame = Frame::NONE.fill(theme.palette.surface);
            Edge::bottom("playback").exact_size(height).resizable(false).frame(frame).show(ui, |ui| {
                board.playing.show(ui, drawing.acts);
            });
            let frame = Frame::NONE.inner_margin(Margin::same(space::GAP as i8));
            CentralPanel::default().frame(frame).show(ui, |ui| board::show(ui, &mut board, &mut drawing));
        });
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
        let modal = Modal::new(Id::unique("overlay")).frame(frame).backdrop_color(theme.palette.shade);
        let has_card = self.project.as_ref().is_some_and(|project| card_in_hand(project).is_some());
        let response = modal.show(ui.ctx(), |ui| {
            let room = ui.ctx().content_rect().size();
            ui.set_width(space::PALETTE.min(room.x - 2.0 * space::BAR));
            ui.set_max_height(room.y - 2.0 * space::BAR);
            match &mut overlay {
                Overlay::Palette(palette) => palette.show(ui, self.project.as_ref(), has_card, &mut self.acts),
                Overlay::Outbox => {
                    if let Some(project) = &self.project {
                        outbox::show(ui, &self.device, project, now, &mut self.acts);
                    }
                    false
                }
                Overlay::Keys => {
                    sheet::show(ui);
                    false
                }
            }
        });
        let shows_card = self.acts.iter().any(|act| matches!(act, Act::OpenCard(_)));
        if !response.inner && !response.backdrop_response.clicked() && !shows_card {
            self.overlay = Some(overlay);
        }
    }

    fn act(&mut self, ui: &Ui, act: Act) {
        match act {
            Act::Do(command) => self.run(ui, command),
            Act::OpenProject(space) => self.open_project(space),
            Act::OpenBoard(board) => self.open_board(board),
            Act::Select(card) => {
                if let Some(board) = self.project.as_mut().and_then(|project| project.board.as_mut()) {
                    board.selected = Some(card);
                }
            }
            Act::OpenCard(card) => self.open_card(card),
            Act::Compose(column) => self.compose(Some(column)),
            Act::Create { column, titles } => self.create(column, &titles),
            Act::Move { card, column, before } => {
                self.send::<Card>(card, &CardCommand::MoveTo { column, before, exempt: false });
            }
            Act::Rename { card, title } => self.send::<Card>(card, &CardCommand::Rename { title }),
            Act::Comment { card, text } => {
                let Some(project) = &self.project else { return };
                let id = project.space.fresh_id();
                self.send::<Comment>(id, &CommentCommand::Write { card, text, author: None });
            }
            Act::Retry(command) => {
                let retried = self.project.as_ref().map(|project| project.space.retry(command));
                if let Some(Err(error)) = retried {
                    self.toasts.warn(error.to_string());
                }
            }
            Act::Discard(command) => {
                let discarded = self.project.as_ref().map(|project| project.space.discard(command));
                if let Some(Err(error)) = discarded {
                    self.toasts.warn(error.to_string());
                }
            }
            Act::Copy { what, text } => {
                ui.ctx().copy_text(text);
                self.toasts.tell(format!("{what} is in the clipboard"));
            }
        }
    }

    fn open_board(&mut self, board: BoardId) {
        self.close_card();
        if let Some(mut project) = self.project.take() {
            self.open_board_of(&mut project, board);
            self.session.boards.insert(project.space.id(), board);
            self.project = Some(project);
        }
    }

    fn open_card(&mut self, card: CardId) {
        self.close_card();
        let Some(project) = &mut self.project else { return };
        project.open_card(card);
        if let Some(board) = &mut project.board {
            board.selected = Some(card);
            board.wants_scroll = true;
        }
    }

    /// Opens the composer in a column, else where the selected card is, else in the first column.
    fn compose(&mut self, column: Option<ColumnId>) {
        let Some(board) = self.project.as_mut().and_then(|project| project.board.as_mut()) else { return };
        let view = board.view.get();
        let columns = shown(&view);
        let of_selected = board.place_of_selected(&view).map(|(at, _)| columns[at].id);
        if let Some(column) = column.or(of_selected).or_else(|| columns.first().map(|column| column.id)) {
            let mut composer = Composer::new(column, String::new());
            composer.typed = self.session.draft(&composer.place());
            board.composer = Some(composer);
        }
    }

    fn create(&mut self, column: ColumnId, titles: &[String]) {
        let Some(project) = &self.project else { return };
        let space = project.space.clone();
        for (at, title) in titles.iter().enumerate() {
            let create = CardCommand::Create { column, title: title.clone(), before: None, exempt: false };
            match space.send::<Card>(space.fresh_id(), &create) {
                Ok(_) => {}
                Err(error) => {
                    // What was typed stays: the titles that were not taken are in the composer again.
                    if let Some(board) = self.project.as_mut().and_then(|project| project.board.as_mut())
                        && let Some(composer) = &mut board.composer
                    {
                        composer.typed = titles[at..].join("\n");
                    }
                    self.warn(&error.to_string());
                    return;
                }
            }
        }
    }

    fn send<E: Entity>(&mut self, id: impl Into<RecordId>, command: &E::Command) {
        let sent = self.project.as_ref().map(|project| project.space.send::<E>(id, command));
        if let Some(Err(error)) = sent {
            self.warn(&error.to_string());
        }
    }

    /// Says what could not be done, with names in the place of ids.
    fn warn(&mut self, sentence: &str) {
        let said = match &self.project {
            Some(project) => Names { device: &self.device, space: &project.space }.named(sentence),
            None => sentence.to_owned(),
        };
        self.toasts.warn(said);
    }

    fn run(&mut self, ui: &Ui, command: Command) {
        let board = self.project.as_mut().and_then(|project| project.board.as_mut());
        if let Some(board) = board
            && board.playing.is_past()
            && (command.spec().group.edits() || command == Command::Back)
            && self.overlay.is_none()
        {
            if command == Command::Back {
                board.playing.back_to_now();
            } else {
                self.toasts.tell("You are in the past. Back to now: Esc");
            }
            return;
        }
        match command {
            Command::Palette => self.overlay = Some(Overlay::Palette(Palette::default())),
            Command::Keys => self.overlay = Some(Overlay::Keys),
            Command::GoOutbox => self.overlay = Some(Overlay::Outbox),
            Command::GoBoard => {
                self.overlay = None;
                self.close_card();
            }
            Command::Back => self.back(ui),
            Command::Sync => self.device.connect(),
            Command::ToggleSidebar => self.session.is_sidebar_folded = !self.session.is_sidebar_folded,
            Command::SystemTheme => self.look(ui, Appearance::System),
            Command::LightTheme => self.look(ui, Appearance::Light),
            Command::DarkTheme => self.look(ui, Appearance::Dark),
            Command::ZoomIn => self.zoom(ui, self.session.zoom * 1.1),
            Command::ZoomOut => self.zoom(ui, self.session.zoom / 1.1),
            Command::ZoomReset => self.zoom(ui, 1.0),
            Command::TimeTravel
            | Command::PlayPause
            | Command::StepBack
            | Command::StepForward
            | Command::TenBack
            | Command::TenForward
            | Command::FirstStep
            | Command::LastStep
            | Command::BackToNow => {
                self.close_card();
                if let Some(board) = self.project.as_mut().and_then(|project| project.board.as_mut()) {
                    board.composer = None;
                    board.playing.run(command, ui.input(|input| input.time));
                }
            }
            Command::NewCard => self.compose(None),
            Command::SelectUp => self.select(0, -1),
            Command::SelectDown => self.select(0, 1),
            Command::SelectLeft => self.select(-1, 0),
            Command::SelectRight => self.select(1, 0),
            Command::MoveUp => self.move_card(0, -1),
            Command::MoveDown => self.move_card(0, 1),
            Command::MoveLeft => self.move_card(-1, 0),
            Command::MoveRight => self.move_card(1, 0),
            Command::OpenCard
            | Command::RenameCard
            | Command::ToggleDone
            | Command::ArchiveCard
            | Command::CopyKey
            | Command::Comment => self.run_on_card(ui, command),
        }
    }

    /// What is done to the card that is open, or selected.
    fn run_on_card(&mut self, ui: &Ui, command: Command) {
        let Some(project) = &self.project else { return };
        let Some(card) = card_in_hand(project) else {
            self.toasts.tell("Select a card first");
            return;
        };
        match command {
            Command::ToggleDone => {
                let done = !project.space.entity::<Card>(card).done;
                self.send::<Card>(card, &CardCommand::SetDone { done });
            }
            Command::ArchiveCard => {
                self.close_card();
                self.send::<Card>(card, &CardCommand::Archive {});
            }
            Command::CopyKey => {
                let key = Names { device: &self.device, space: &project.space }.key_of(card);
                self.act(ui, Act::Copy { what: "The key", text: key });
            }
            _ => {
                if self.project.as_ref().and_then(|project| project.panel.as_ref()).is_none_or(|open| open.card != card)
                {
                    self.open_card(card);
                }
                if let Some(open) = self.project.as_mut().and_then(|project| project.panel.as_mut()) {
                    open.wants_title = command == Command::RenameCard;
                    open.wants_comment = command == Command::Comment;
                }
            }
        }
    }

    /// Closes one layer.
    fn back(&mut self, ui: &Ui) {
        if self.overlay.take().is_some() {
            return;
        }
        let Some(project) = &mut self.project else { return };
        if let Some(board) = &mut project.board
            && (board.drag.take().is_some() || board.composer.take().is_some())
        {
            return;
        }
        if let Some(focused) = ui.memory(egui::Memory::focused)
            && ui.ctx().text_edit_focused()
        {
            ui.memory_mut(|memory| memory.surrender_focus(focused));
            return;
        }
        if project.panel.is_some() {
            self.close_card();
        } else if let Some(board) = &mut project.board {
            board.selected = None;
        }
    }

    fn select(&mut self, columns: i32, rows: i32) {
        if let Some(board) = self.project.as_mut().and_then(|project| project.board.as_mut()) {
            board.select(columns, rows);
        }
    }

    fn move_card(&mut self, columns: i32, rows: i32) {
        let Some(board) = self.project.as_mut().and_then(|project| project.board.as_mut()) else { return };
        let Some((card, column, before)) = board.moved(columns, rows) else { return };
        board.wants_scroll = true;
        self.send::<Card>(card, &CardCommand::MoveTo { column, before, exempt: false });
    }

    fn look(&mut self, ui: &Ui, appearance: Appearance) {
        self.session.appearance = appearance;
        self.dress(ui);
    }

    fn zoom(&mut self, ui: &Ui, factor: f32) {
        self.session.zoom = factor.clamp(0.5, 3.0);
        ui.ctx().set_zoom_factor(self.session.zoom);
    }
}

/// The card that is open, else the selected one.
fn card_in_hand(project: &OpenProject) -> Option<CardId> {
    let open = project.panel.as_ref().map(|open| open.card);
    open.or_else(|| project.board.as_ref()?.selected)
}

/// The cards about which something waits or was refused.
fn standings(device: &Device, project: &OpenProject) -> BTreeMap<CardId, Standing> {
    let names = Names { device, space: &project.space };
    let mut standings = BTreeMap::new();
    for entry in project.space.outbox() {
        if let Some(card) = card_of(&names, &entry) {
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
