//! What is done at the end of a frame.

use std::collections::BTreeSet;

use egui::Ui;
use recordplayer::claims::Claims;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::id::{ActId, CommandId, Id};
use recordplayer::record::StreamId;
use recordplayer::replica::Wish;
use recordplayer_client::{SendError, Space};
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::comment::{CommentCommand, CommentKind};
use recordplayer_kanban::ids::{CardId, ColumnId, PersonId};
use recordplayer_kanban::{Card, Comment};

use super::act::Act;
use super::composer::Composer;
use super::desktop::{Desktop, Overlay, card_in_hand};
use super::hand::{Outcome, Typed, Verdict};
use super::new_project::NewProject;
use super::palette::Palette;
use super::panel::Part;
use super::picker::{Picker, Property};
use super::playback::IN_THE_PAST;
use super::project::shown;
use super::sync_details::diagnostics;
use crate::command::Command;
use crate::references;
use crate::said::Names;
use crate::session::Appearance;
use crate::undo::Done;

impl Desktop {
    /// Does what is to be done, each after what was before it: what waits for the hand, and what comes behind it, is done by a later frame.
    pub(super) fn act_in_order(&mut self, ui: &Ui) {
        let mut acts = std::mem::take(&mut self.acts).into_iter();
        while let Some(act) = acts.next() {
            let follows_all = matches!(act, Act::Do(Command::Undo | Command::Redo));
            let behind = if follows_all { self.hand.asked() } else { self.opening };
            if behind > self.taken {
                self.acts.splice(0..0, std::iter::once(act).chain(acts));
                return;
            }
            self.act(ui, act);
        }
    }

    fn act(&mut self, ui: &Ui, act: Act) {
        match act {
            Act::Do(command) => self.run(ui, command),
            Act::OpenProject(space) => self.open_project(space, None),
            Act::OpenBoard(board) => self.open_board(board),
            Act::Select(card) => {
                if let Some(board) = self.project.as_mut().and_then(|project| project.board.as_mut()) {
                    board.selected = Some(card);
                }
            }
            Act::OpenCard(card) => self.open_card(card, None),
            Act::Compose(column) => self.compose(Some(column)),
            Act::Create { column, titles } => self.create(column, titles),
            Act::Change(card, command) => self.send::<Card>(card, command),
            Act::MayMove { card, to } => self.work(move |space, names| {
                let verdict = |(column, before)| {
                    let command = CardCommand::MoveTo { column, before, row: None, exempt: false };
                    let refused = space.would_refuse::<Card>(card, &command);
                    Verdict { card, column, before, refusal: refused.map(|refused| names.named(&refused.message)) }
                };
                Outcome { verdicts: to.into_iter().map(verdict).collect(), ..Outcome::default() }
            }),
            Act::Import(step) => self.import(step),
            Act::Found { title, place } => self.found(title, place),
            Act::Publish { space, url } => self.publish(space, url),
            Act::Comment { card, text } => {
                self.work(move |space, names| {
                    let write = CommentCommand::Write {
                        card,
                        text: references::kept(names, &text),
                        author: None,
                        kind: CommentKind::Talk,
                        mentions: BTreeSet::new(),
                    };
                    let typed = Typed::Comment { card, text };
                    let outcome = sent::<Comment>(space, names, space.fresh_id(), &write);
                    // What was typed stays where it can be changed.
                    Outcome { typed: outcome.refused.is_some().then_some(typed), ..outcome }
                });
            }
            Act::Refer { card, act } => self.work(move |space, names| came(names, refer(space, names, card, act))),
            Act::Retry(commands) => {
                self.work(move |space, names| came(names, each(commands, |command| space.retry(command).map(drop))));
            }
            Act::Discard(commands) => {
                self.work(move |space, names| came(names, each(commands, |command| space.discard(command).map(drop))));
            }
            Act::CopyDiagnostics { told } => self.work(move |space, names| {
                let text = diagnostics(names.device, space, &told);
                Outcome { copy: Some(("What helps to find a fault", text)), ..Outcome::default() }
            }),
            Act::Copy { what, text } => {
                ui.ctx().copy_text(text);
                self.toasts.tell(format!("{what} is in the clipboard"));
            }
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

    fn create(&mut self, column: ColumnId, titles: Vec<String>) {
        self.work(move |space, names| {
            let none = Typed::Titles { column, titles: String::new() };
            let mut outcome = Outcome { typed: Some(none), ..Outcome::default() };
            // Several are one act: of the past, too, they are one step.
            let claims = Claims::of_act(space.fresh_act());
            for (at, title) in titles.iter().enumerate() {
                let create =
                    CardCommand::Create { column, title: title.clone(), before: None, exempt: false, typed: None };
                let one = sent_as::<Card>(space, names, space.fresh_id(), &create, claims);
                outcome.done.commands.extend(one.done.commands);
                outcome.done.streams.extend(one.done.streams);
                if one.refused.is_some() {
                    // What was typed stays: the titles that were not taken are in the composer again.
                    outcome.typed = Some(Typed::Titles { column, titles: titles[at..].join("\n") });
                    outcome.refused = one.refused;
                    break;
                }
            }
            outcome
        });
    }

    /// Gives the hand something to do in the open project.
    pub(super) fn work(&mut self, work: impl FnOnce(&Space, &Names<'_>) -> Outcome + Send + 'static) {
        if let Some(project) = &self.project {
            self.hand.work(&project.space, work);
        }
    }

    fn send<E: Entity>(&mut self, id: impl Into<Id>, command: E::Command) {
        let id = id.into();
        self.work(move |space, names| sent::<E>(space, names, id, &command));
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
            | Command::Describe => self.run_on_card(command),
        }
    }

    /// What is done to the card that is open, or selected.
    fn run_on_card(&mut self, command: Command) {
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
            Command::ToggleDone => self.work(move |space, names| {
                let done = !space.entity::<Card>(card).done;
                sent::<Card>(space, names, card.0, &CardCommand::SetDone { done })
            }),
            Command::ArchiveCard => {
                self.close_card();
                self.work(move |space, names| {
                    let outcome = sent::<Card>(space, names, card.0, &CardCommand::Archive {});
                    let offer = (format!("{} is in the archive", names.key_of(card)), "Undo", Act::Do(Command::Undo));
                    Outcome { offer: outcome.refused.is_none().then_some(offer), ..outcome }
                });
            }
            Command::AssignMe => self.work(move |space, names| {
                let person = PersonId::from(space.actor());
                let is_mine = space.entity::<Card>(card).members.contains(&person);
                let command = if is_mine { CardCommand::Unassign { person } } else { CardCommand::Assign { person } };
                sent::<Card>(space, names, card.0, &command)
            }),
            Command::CopyKey => {
                self.work(move |_, names| Outcome {
                    copy: Some(("The key", names.key_of(card))),
                    ..Outcome::default()
                });
            }
            _ => {
                let part = match command {
                    Command::RenameCard => Some(Part::Title),
                    Command::Describe => Some(Part::Description),
                    Command::Comment => Some(Part::Comment),
                    _ => None,
                };
                self.open_card(card, part);
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
        self.send::<Card>(card, CardCommand::MoveTo { column, before, row: None, exempt: false });
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

/// Sends a command, as the hand does it.
fn sent<E: Entity>(space: &Space, names: &Names<'_>, id: Id, command: &E::Command) -> Outcome {
    sent_as::<E>(space, names, id, command, Claims::default())
}

fn sent_as<E: Entity>(space: &Space, names: &Names<'_>, id: Id, command: &E::Command, claims: Claims) -> Outcome {
    let intent = Intent::of::<E>(id, command).map_err(SendError::from);
    let wish = |intent| Wish { claims, ..Wish::new(space.fresh_command(), intent) };
    let sent = intent.and_then(|intent| space.submit(wish(intent)));
    let done = match &sent {
        Ok(ticket) => Done { commands: [ticket.command()].into(), streams: [StreamId::of::<E>(id)].into() },
        Err(_) => Done::default(),
    };
    Outcome { done, ..came(names, sent.map(drop)) }
}

fn refer(space: &Space, names: &Names<'_>, card: CardId, act: ActId) -> Result<(), SendError> {
    let text = space.text::<Card>(card, Card::DESCRIPTION)?;
    let make = |change| CardCommand::Describe { change };
    space.edit_text::<Card>(card, Claims::of_act(act), &references::kept(names, &text), make).map(drop)
}

/// What there is to say of something that may have failed.
fn came(names: &Names<'_>, result: Result<(), SendError>) -> Outcome {
    Outcome { refused: result.err().map(|error| names.named(&error.to_string())), ..Outcome::default() }
}

/// Does the same about several commands, whatever comes of one of them; then what went wrong first.
fn each(commands: Vec<CommandId>, act: impl Fn(CommandId) -> Result<(), SendError>) -> Result<(), SendError> {
    let outcomes: Vec<_> = commands.into_iter().map(act).collect();
    outcomes.into_iter().collect()
}
