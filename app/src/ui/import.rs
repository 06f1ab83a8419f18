//! Taking in a board of another product, or a whole project from its export: which file, what would come in and what not, how far it is, and what came
//! of it.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use egui::{Key, ProgressBar, Response, ScrollArea, TextEdit, Ui};
use recordplayer::id::{ActId, SpaceId};
use recordplayer_client::{Device, HERE, Space};
use recordplayer_kanban::ids::BoardId;
use recordplayer_kanban::import::plan::Summary;
use recordplayer_kanban::import::source::SourceBoard;

use super::act::Act;
use super::composer::name;
use super::desktop::{Desktop, Overlay};
use super::jobs::{News, Teller};
use super::project::OpenProject;
use crate::continuing::{Preview, preview, take_in, title_here};
use crate::founding::found;
use crate::headless::Export;
use crate::import::{Import, summary_for_nothing};
use crate::records::is_export;
use crate::theme::{Icon, Theme, Type, space};
use crate::undo::take_back_act;
use crate::widget::{choice, primary_button, quiet_button, text};

/// Parts that are sent before the disk is waited for.
const BATCH: usize = 200;
/// A disk that takes longer is not working.
const SAVE_WITHIN: Duration = Duration::from_mins(1);
/// Of a list, before it scrolls; and what the rest of the screen takes beside it.
const LIST_HEIGHT: f32 = 200.0;
const BESIDE_LIST: f32 = 440.0;

fn list_height(ui: &Ui) -> f32 {
    (ui.ctx().content_rect().height() - BESIDE_LIST).clamp(3.0 * space::ROW, LIST_HEIGHT)
}

/// What a person does in this screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ImportStep {
    Read {
        file: PathBuf,
        comments: Option<PathBuf>,
    },
    /// Into the open project, or into a new one of this name.
    Start {
        new_project: Option<String>,
    },
    Stop,
    /// Begins the project of an export, and calls it so.
    Continue {
        file: PathBuf,
        title: String,
    },
    TakeBack {
        space: SpaceId,
        act: ActId,
    },
    OpenBoard {
        space: SpaceId,
        board: BoardId,
    },
    Close,
}

/// What the job tells.
#[derive(Debug)]
pub(super) enum Stage {
    Read(Result<Content, String>),
    Came {
        done: usize,
        of: usize,
    },
    /// So many of a thousand parts of an export are read.
    Told {
        parts: u16,
    },
    Continued(Result<SpaceId, String>),
    Ended(Result<Box<Ended>, String>),
    TakenBack(Result<(usize, Vec<String>), String>),
}

/// What a file holds.
#[derive(Debug)]
pub(super) enum Content {
    Board { board: Arc<SourceBoard>, summary: Box<Summary> },
    Project { file: PathBuf, preview: Preview },
}

/// An import that has come to its end, or was stopped.
#[derive(Debug)]
pub(super) struct Ended {
    space: SpaceId,
    board: BoardId,
    act: ActId,
    summary: Summary,
    is_stopped: bool,
}

/// The screen.
pub(super) struct Importing {
    file: String,
    comments: String,
    shows: Shows,
    /// Whether what shows has taken the focus: the field, or the button that Enter is meant for.
    has_focus: bool,
}

enum Shows {
    Asking { problem: Option<String> },
    Reading,
    Preview { board: Arc<SourceBoard>, summary: Box<Summary>, is_new: bool, name: String },
    PreviewProject { file: PathBuf, preview: Preview, name: String },
    Sending { done: usize, of: usize, stop: Arc<AtomicBool> },
    Continuing { parts: u16 },
    Ended(Box<Ended>),
    TakingBack,
    TakenBack { changes: usize, left: Vec<String> },
}

impl Desktop {
    /// Opens the screen; a file that was dropped on the window is read at once.
    pub(super) fn begin_import(&mut self, file: Option<PathBuf>) {
        let path = file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        let shows = Shows::Asking { problem: None };
        let importing = Importing { file: path, comments: String::new(), shows, has_focus: false };
        self.overlay = Some(Overlay::Import(Box::new(importing)));
        if let Some(file) = file {
            self.import(ImportStep::Read { file, comments: None });
        }
    }

    pub(super) fn import(&mut self, step: ImportStep) {
        match step {
            ImportStep::Close => self.overlay = None,
            ImportStep::OpenBoard { space, board } => {
                self.overlay = None;
                self.open_project(space, Some(board));
            }
            ImportStep::Read { file, comments } => {
                let space = self.project.as_ref().map(|project| project.space.clone());
                self.show_import(Shows::Reading);
                let device = self.device.clone();
                self.jobs.start("import", move |teller| {
                    let read = read(&device, &file, comments.as_deref(), space.as_ref());
                    teller.tell(News::Import(Stage::Read(read)));
                });
            }
            ImportStep::Start { new_project } => {
                let ends = Arc::new(AtomicBool::new(false));
                let before = self.show_import(Shows::Sending { done: 0, of: 0, stop: Arc::clone(&ends) });
                let Some(Shows::Preview { board, .. }) = before else { return };
                let (device, space) = (self.device.clone(), self.project.as_ref().map(|project| project.space.clone()));
                self.jobs.start("import", move |teller| {
                    let ended = send(&device, space, new_project, &board, &ends, teller);
                    teller.tell(News::Import(Stage::Ended(ended)));
                });
            }
            ImportStep::Continue { file, title } => {
                self.show_import(Shows::Continuing { parts: 0 });
                let device = self.device.clone();
                self.jobs.start("import", move |teller| {
                    let told = Cell::new(0);
                    let progress = |done: u64, of: u64| {
                        let parts = thousandths(done, of);
                        if told.replace(parts) != parts {
                            teller.tell(News::Import(Stage::Told { parts }));
                        }
                    };
                    let continued = take_in(&device, (&file, HERE), (Some(&title), None), &progress);
                    let continued = continued.map(|continued| continued.space.id());
                    teller.tell(News::Import(Stage::Continued(continued.map_err(|error| error.to_string()))));
                });
            }
            ImportStep::Stop => {
                if let Some(Overlay::Import(importing)) = &self.overlay
                    && let Shows::Sending { stop, .. } = &importing.shows
                {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            ImportStep::TakeBack { space, act } => {
                let Some(space) = self.device.space(space) else { return };
                self.show_import(Shows::TakingBack);
                self.jobs.start("undo", move |teller| {
                    let taken = take_back_act(&space, act).map_err(|error| error.to_string());
                    let taken = taken.map(|taken| (taken.tickets.len(), taken.left));
                    teller.tell(News::Import(Stage::TakenBack(taken)));
                });
            }
        }
    }

    /// Shows something else in the screen; answers with what was there.
    fn show_import(&mut self, shows: Shows) -> Option<Shows> {
        let Some(Overlay::Import(importing)) = &mut self.overlay else { return None };
        importing.has_focus = false;
        Some(std::mem::replace(&mut importing.shows, shows))
    }

    pub(super) fn import_came(&mut self, stage: Stage) {
        let project = self.project.as_ref().map(|project| project.info.title.clone());
        let shows = match stage {
            Stage::Read(Ok(Content::Project { file, preview })) => {
                let name = title_here(&self.device, &preview.title);
                Shows::PreviewProject { file, preview, name }
            }
            Stage::Told { parts: now } => {
                if let Some(Overlay::Import(importing)) = &mut self.overlay
                    && let Shows::Continuing { parts } = &mut importing.shows
                {
                    *parts = now;
                }
                return;
            }
            Stage::Continued(Ok(space)) => {
                self.overlay = None;
                self.open_project(space, None);
                self.toasts.tell("The project is here, with its history");
                return;
            }
            Stage::Read(Ok(Content::Board { board, summary })) => {
                let name = if board.name.trim().is_empty() { "Imported board".to_owned() } else { board.name.clone() };
                Shows::Preview { board, summary, is_new: project.is_none(), name }
            }
            Stage::Read(Err(problem))
            | Stage::Ended(Err(problem))
            | Stage::TakenBack(Err(problem))
            | Stage::Continued(Err(problem)) => Shows::Asking { problem: Some(problem) },
            Stage::Came { done: now, of: all } => {
                if let Some(Overlay::Import(importing)) = &mut self.overlay
                    && let Shows::Sending { done, of, .. } = &mut importing.shows
                {
                    (*done, *of) = (now, all);
                }
                return;
            }
            Stage::Ended(Ok(ended)) => Shows::Ended(ended),
            Stage::TakenBack(Ok((changes, left))) => Shows::TakenBack { changes, left },
        };
        if self.overlay.is_none()
            && let Shows::Ended(ended) = &shows
        {
            self.toasts.tell(format!("{} cards are imported", ended.summary.counts.cards));
        }
        self.show_import(shows);
    }
}

/// Reads the files, and plans what would come into the open project.
fn read(device: &Device, file: &Path, comments: Option<&Path>, space: Option<&Space>) -> Result<Content, String> {
    if is_export(file) {
        let preview = preview(device.domain(), file, &|_, _| ()).map_err(|error| error.to_string())?;
        return Ok(Content::Project { file: file.to_owned(), preview });
    }
    let board = Export::guess(file, comments).and_then(|export| export.read()).map_err(|failure| failure.message)?;
    let summary = match space {
        Some(space) => Import::plan(space, &board).map(|import| import.summary()),
        None => summary_for_nothing(&board),
    };
    let summary = Box::new(summary.map_err(|error| error.to_string())?);
    Ok(Content::Board { board: Arc::new(board), summary })
}

fn thousandths(done: u64, of: u64) -> u16 {
    (done * 1_000).checked_div(of).and_then(|parts| u16::try_from(parts).ok()).unwrap_or_default()
}

fn send(
    device: &Device,
    space: Option<Space>,
    new_project: Option<String>,
    board: &SourceBoard,
    stop: &AtomicBool,
    teller: &Teller,
) -> Result<Box<Ended>, String> {
    let space = match (new_project, space) {
        (Some(name), _) => found(device, None, &name, None).map_err(|error| error.to_string())?.space,
        (None, Some(space)) => space,
        (None, None) => return Err("There is no project to import into".to_owned()),
    };
    let mut import = Import::plan(&space, board).map_err(|error| error.to_string())?;
    loop {
        let (done, of) = import.progress();
        teller.tell(News::Import(Stage::Came { done, of }));
        let is_stopped = stop.load(Ordering::Relaxed);
        if done == of || is_stopped {
            let (board, act) = (import.board, import.act);
            let summary = import.summary();
            return Ok(Box::new(Ended { space: space.id(), board, act, summary, is_stopped }));
        }
        let tickets = import.send_next(BATCH).map_err(|error| error.to_string())?;
        for ticket in tickets {
            ticket.wait_saved(SAVE_WITHIN).map_err(|error| error.to_string())?;
        }
    }
}

impl Importing {
    /// Whether a click beside the screen must not close it.
    pub fn is_under_way(&self) -> bool {
        !matches!(self.shows, Shows::Asking { .. } | Shows::TakenBack { .. })
    }

    /// Draws it; true where it is done with.
    pub fn show(&mut self, ui: &mut Ui, project: Option<&OpenProject>, acts: &mut Vec<Act>) -> bool {
        let theme = Theme::of(ui);
        let palette = theme.palette;
        ui.label(text("Import a board", Type::Page, palette.text));
        ui.add_space(space::GAP);
        let mut push = |step| acts.push(Act::Import(step));
        let takes_focus = !std::mem::replace(&mut self.has_focus, true);
        match &mut self.shows {
            Shows::Asking { problem } => {
                if let Some(problem) = problem {
                    ui.horizontal_top(|ui| {
                        ui.label(Icon::CircleAlert.text(palette.danger));
                        ui.add(egui::Label::new(text(problem.as_str(), Type::Body, palette.text)).wrap());
                    });
                    ui.add_space(space::GAP);
                }
                self.ask(ui, takes_focus, &mut push);
            }
            Shows::Reading => waits(ui, "Reading the file..."),
            Shows::TakingBack => waits(ui, "Taking the import back..."),
            Shows::Preview { board, summary, is_new, name: called } => {
                ui.label(text(board.name.as_str(), Type::Section, palette.text));
                summary_lines(ui, summary);
                ui.add_space(space::WIDE);
                if let Some(project) = project {
                    choice(ui, is_new, false, &format!("Into {}", project.info.title));
                    choice(ui, is_new, true, "As a new project");
                }
                let mut is_entered = false;
                if *is_new {
                    ui.add_space(space::GAP);
                    ui.label(text("What it is called here", Type::Meta, palette.muted));
                    let edit = TextEdit::singleline(called).desired_width(f32::INFINITY);
                    let response = name(ui.add(edit), "Name of the new project");
                    is_entered = entered(ui, &response);
                }
                ui.add_space(space::WIDE);
                ui.horizontal(|ui| {
                    let can_start = !*is_new || !called.trim().is_empty();
                    let start = ui.add_enabled_ui(can_start, |ui| primary_button(ui, None, "Import")).inner;
                    if takes_focus {
                        start.request_focus();
                    }
                    if start.clicked() || (is_entered && can_start) {
                        push(ImportStep::Start { new_project: is_new.then(|| called.trim().to_owned()) });
                    }
                    if quiet_button(ui, "Cancel").clicked() {
                        push(ImportStep::Close);
                    }
                });
            }
            Shows::PreviewProject { file, preview, name: called } => {
                ui.label(text(preview.title.as_str(), Type::Section, palette.text));
                for line in project_lines(preview) {
                    ui.add(egui::Label::new(text(line, Type::Body, palette.text)).wrap());
                }
                ui.add_space(space::WIDE);
                ui.label(text("What it is called here", Type::Meta, palette.muted));
                let edit = TextEdit::singleline(called).desired_width(f32::INFINITY);
                let response = name(ui.add(edit), "Name of the new project");
                let is_entered = entered(ui, &response);
                ui.add_space(space::WIDE);
                ui.horizontal(|ui| {
                    let can_start = !called.trim().is_empty();
                    let start = ui.add_enabled_ui(can_start, |ui| primary_button(ui, None, "Begin the project")).inner;
                    if takes_focus {
                        start.request_focus();
                    }
                    if start.clicked() || (is_entered && can_start) {
                        push(ImportStep::Continue { file: file.clone(), title: called.trim().to_owned() });
                    }
                    if quiet_button(ui, "Cancel").clicked() {
                        push(ImportStep::Close);
                    }
                });
            }
            Shows::Continuing { parts } => {
                let part = f32::from(*parts) / 1_000.0;
                ui.add(ProgressBar::new(part).text(format!("{} %", *parts / 10)));
            }
            Shows::Sending { done, of, .. } => {
                let part = f32::from(thousandths(*done as u64, *of as u64)) / 1_000.0;
                ui.add(ProgressBar::new(part).text(format!("{done} of {of}")));
                ui.add_space(space::GAP);
                if quiet_button(ui, "Stop").clicked() {
                    push(ImportStep::Stop);
                }
            }
            Shows::Ended(ended) => {
                let (icon, words) = if ended.is_stopped {
                    (
                        Icon::CircleAlert.text(palette.warning),
                        "Stopped. Import the file again to go on, or take back what came",
                    )
                } else {
                    (Icon::CircleCheck.text(palette.success), "Imported")
                };
                ui.horizontal(|ui| {
                    ui.label(icon);
                    ui.label(text(words, Type::Section, palette.text));
                });
                summary_lines(ui, &ended.summary);
                ui.add_space(space::WIDE);
                let (space, act, board) = (ended.space, ended.act, ended.board);
                ui.horizontal(|ui| {
                    let open = primary_button(ui, None, "Open the board");
                    if takes_focus {
                        open.request_focus();
                    }
                    if open.clicked() {
                        push(ImportStep::OpenBoard { space, board });
                    }
                    if quiet_button(ui, "Take it all back").clicked() {
                        push(ImportStep::TakeBack { space, act });
                    }
                    if quiet_button(ui, "Close").clicked() {
                        push(ImportStep::Close);
                    }
                });
            }
            Shows::TakenBack { changes, left } => {
                ui.label(text(format!("{changes} changes took it back"), Type::Section, palette.text));
                ScrollArea::vertical().max_height(list_height(ui)).auto_shrink([false, true]).show(ui, |ui| {
                    for why in left {
                        ui.label(text(format!("Left as it is: {why}"), Type::Body, palette.muted));
                    }
                });
                let close = quiet_button(ui, "Close");
                if takes_focus {
                    close.request_focus();
                }
                if close.clicked() {
                    push(ImportStep::Close);
                }
            }
        }
        false
    }

    fn ask(&mut self, ui: &mut Ui, takes_focus: bool, push: &mut impl FnMut(ImportStep)) {
        let theme = Theme::of(ui);
        let help = "Trello's JSON (the board's menu, Print, export and share, Export as JSON), issues of GitHub or Jira as JSON, a table as CSV, or the \
                    export of a project. Drop the file on this window, or type where it lies";
        ui.add(egui::Label::new(text(help, Type::Body, theme.palette.muted)).wrap());
        ui.add_space(space::GAP);
        ui.label(text("Where the board lies", Type::Meta, theme.palette.muted));
        let edit = TextEdit::singleline(&mut self.file).hint_text("board.json").desired_width(f32::INFINITY);
        let response = name(ui.add(edit), "File of the board");
        if takes_focus {
            response.request_focus();
        }
        let mut is_entered = entered(ui, &response);
        ui.add_space(space::GAP);
        ui.label(text("Where more comments lie, if the export has not all of them", Type::Meta, theme.palette.muted));
        let edit = TextEdit::singleline(&mut self.comments)
            .hint_text("comments.json, or nothing")
            .desired_width(f32::INFINITY);
        let response = name(ui.add(edit), "File of comments");
        is_entered |= entered(ui, &response);
        ui.add_space(space::WIDE);
        ui.horizontal(|ui| {
            let path = self.file.trim();
            let look = ui.add_enabled_ui(!path.is_empty(), |ui| primary_button(ui, None, "Look into it")).inner;
            if look.clicked() || (is_entered && !path.is_empty()) {
                let comments = self.comments.trim();
                let comments = (!comments.is_empty()).then(|| PathBuf::from(comments));
                push(ImportStep::Read { file: PathBuf::from(path), comments });
            }
            if quiet_button(ui, "Cancel").clicked() {
                push(ImportStep::Close);
            }
        });
    }
}

/// Whether Enter was pressed in a field.
fn entered(ui: &Ui, field: &Response) -> bool {
    field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

fn waits(ui: &mut Ui, words: &str) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.label(Icon::Hourglass.text(theme.palette.info));
        ui.label(text(words, Type::Body, theme.palette.muted));
    });
}

/// What the export of a project would become.
fn project_lines(preview: &Preview) -> Vec<String> {
    let heard = &preview.heard;
    let mut lines = vec![
        format!("A whole project: {} records of its history, {} files", heard.records, heard.files),
        "It begins on this computer, with you as its only member; publish it to work on it with others".to_owned(),
    ];
    if heard.missing > 0 {
        lines.push(format!("{} files that it speaks of are not in the export", heard.missing));
    }
    lines
}

/// What comes in, and what does not.
fn summary_lines(ui: &mut Ui, summary: &Summary) {
    let theme = Theme::of(ui);
    let counts = &summary.counts;
    let lines = [
        format!("{} columns, {} cards ({} of them archived)", counts.columns, counts.cards, counts.cards_archived),
        format!(
            "{} comments, {} checklists, {} links, {} labels on cards",
            counts.comments, counts.checklists, counts.attachments, counts.label_links
        ),
        format!("{} records of its history", summary.history_records),
        format!("{} new, {} changed, {} as they are here already", summary.added, summary.updated, summary.unchanged),
    ];
    for line in lines {
        ui.label(text(line, Type::Body, theme.palette.text));
    }
    if let Some(guesses) = summary.guesses() {
        ui.add(egui::Label::new(text(guesses, Type::Body, theme.palette.text)).wrap());
    }
    if summary.not_imported.is_empty() {
        return;
    }
    ui.add_space(space::GAP);
    ui.label(text("What does not come in", Type::Section, theme.palette.text));
    ScrollArea::vertical().max_height(list_height(ui)).auto_shrink([false, true]).show(ui, |ui| {
        for left_out in &summary.not_imported {
            let line = format!("{} {}: {}", left_out.count, left_out.what, left_out.why);
            ui.add(egui::Label::new(text(line, Type::Meta, theme.palette.muted)).wrap());
        }
    });
}
