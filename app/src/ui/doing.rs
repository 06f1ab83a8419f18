//! What is done at the end of a frame.

use egui::Ui;
use recordplayer::entity::Entity;
use recordplayer::id::Id;
use recordplayer::record::StreamId;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::comment::CommentCommand;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId, PersonId};
use recordplayer_kanban::{Card, Comment};

use super::act::Act;
use super::composer::Composer;
use super::desktop::{Desktop, Overlay, card_in_hand};
use super::new_project::NewProject;
use super::palette::Palette;
use super::panel::Part;
use super::picker::{Picker, Property};
use super::playback::IN_THE_PAST;
use super::project::shown;
use crate::command::Command;
use crate::said::Names;
use crate::session::Appearance;
use crate::undo::Done;

impl Desktop {
    pub(super) fn act(&mut self, ui: &Ui, act: Act) {
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
            Act::Change(card, command) => drop(self.send::<Card>(card, &command)),
            Act::Import(step) => self.import(step),
            Act::Found { title, place } => self.found(title, place),
            Act::Publish { space, url } => self.publish(space, url),
            Act::Comment { card, text } => {
                let Some(project) = &self.project else { return };
                let id = project.space.fresh_id();
                let write = CommentCommand::Write { card, text: text.clone(), author: None };
                // What was typed stays where it can be changed.
                if !self.send::<Comment>(id, &write)
                    && let Some(open) = self.project.as_mut().and_then(|project| project.panel.as_mut())
                {
                    open.put_back_comment(text, &mut self.session);
                }
            }
            Act::Retry(command) => {
                let retried = self.project.as_ref().map(|project| project.space.retry(command));
                if let Some(Err(error)) = retried {
                    self.warn(&error.to_string());
                }
            }
            Act::Discard(command) => {
                let discarded = self.project.as_ref().map(|project| project.space.discard(command));
                if let Some(Err(error)) = discarded {
                    self.warn(&error.to_string());
                }
            }
            Act::Copy { what, text } => {
                ui.ctx().copy_text(text);
                self.toasts.tell(format!("{what} is in the clipboard"));
            }
        }
    }

    pub(super) fn open_board(&mut self, board: BoardId) {
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
        let mut done = Done::default();
        for (at, title) in titles.iter().enumerate() {
            let create = CardCommand::Create { column, title: title.clone(), before: None, exempt: false };
            let id = space.fresh_id();
            match space.send::<Card>(id, &create) {
                Ok(ticket) => {
                    done.commands.insert(ticket.command());
                    done.streams.insert(StreamId::of::<Card>(id));
                }
                Err(error) => {
                    // What was typed stays: the titles that were not taken are in the composer again.
                    if let Some(board) = self.project.as_mut().and_then(|project| project.board.as_mut())
                        && let Some(composer) = &mut board.composer
                    {
                        composer.typed = titles[at..].join("\n");
                    }
                    self.warn(&error.to_string());
                    break;
                }
            }
        }
        if let Some(project) = &mut self.project {
            project.memory.note(done);
        }
    }

    /// Sends a command; answers with whether it was taken.
    fn send<E: Entity>(&mut self, id: impl Into<Id>, command: &E::Command) -> bool {
        let Some(project) = &mut self.project else { return false };
        let id = id.into();
        match project.space.send::<E>(id, command) {
            Ok(ticket) => {
                let (commands, streams) = ([ticket.command()].into(), [StreamId::of::<E>(id)].into());
                project.memory.note(Done { commands, streams });
                true
            }
            Err(error) => {
                self.warn(&error.to_string());
                false
            }
        }
    }

    /// Says what could not be done, with names in the place of ids.
    pub(super) fn warn(&mut self, sentence: &str) {
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
                self.toasts.tell(IN_THE_PAST);
            }
            return;
        }
        match command {
            Command::Palette => self.overlay = Some(Overlay::Palette(Palette::default())),
            Command::Keys => self.overlay = Some(Overlay::Keys),
            Command::GoOutbox => self.overlay = Some(Overlay::Outbox),
            Command::SyncDetails => self.overlay = Some(Overlay::Sync),
            Command::GoBoard => {
                self.overlay = None;
                self.close_card();
            }
            Command::Back => self.back(),
            Command::Undo => self.undo(false),
            Command::Redo => self.undo(true),
            Command::Import => self.begin_import(None),
            Command::PublishProject => self.begin_publishing(),
            Command::NewProject => self.overlay = Some(Overlay::NewProject(NewProject::new(&self.device))),
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
            Command::Quit => self.is_left = true,
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
            | Command::AssignMe
            | Command::MoveTo
            | Command::Assign
            | Command::Label
            | Command::SetDue
            | Command::CopyKey
            | Command::Comment
            | Command::Describe => self.run_on_card(ui, command),
        }
    }

    /// What is done to the card that is open, or selected.
    fn run_on_card(&mut self, ui: &Ui, command: Command) {
        let Some(project) = &self.project else { return };
        let Some(card) = card_in_hand(project) else {
            self.toasts.tell("Select a card first");
            return;
        };
        if let Some(property) = Property::of(command) {
            self.overlay = Some(Overlay::Picker(Picker::new(card, property)));
            return;
        }
        match command {
            Command::ToggleDone => {
                let done = !project.space.entity::<Card>(card).done;
                self.send::<Card>(card, &CardCommand::SetDone { done });
            }
            Command::ArchiveCard => {
                let key = Names { device: &self.device, space: &project.space }.key_of(card);
                self.close_card();
                if self.send::<Card>(card, &CardCommand::Archive {}) {
                    self.toasts.offer(format!("{key} is in the archive"), "Undo", Act::Do(Command::Undo));
                }
            }
            Command::AssignMe => {
                let me = PersonId::from(project.space.actor());
                let is_mine = project.space.entity::<Card>(card).members.contains(&me);
                let person = me;
                let command = if is_mine { CardCommand::Unassign { person } } else { CardCommand::Assign { person } };
                self.send::<Card>(card, &command);
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
                    open.wants = match command {
                        Command::RenameCard => Some(Part::Title),
                        Command::Describe => Some(Part::Description),
                        Command::Comment => Some(Part::Comment),
                        _ => None,
                    };
                }
            }
        }
    }

    /// Closes one layer.
    fn back(&mut self) {
        if self.overlay.take().is_some() {
            return;
        }
        let Some(project) = &mut self.project else { return };
        if let Some(board) = &mut project.board
            && (board.drag.take().is_some() || board.composer.take().is_some())
        {
            return;
        }
        // The field has lost the focus to this very key: that was the layer.
        if self.was_typing {
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
