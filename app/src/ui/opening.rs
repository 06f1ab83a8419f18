//! Opening projects, boards and cards. The hand reads what they show; until it is here, the screen stays as it is.

use std::sync::Arc;

use recordplayer::id::SpaceId;
use recordplayer::playback::Playback;
use recordplayer::view::Key;
use recordplayer_client::{Live, SendError, Space, SpaceInfo};
use recordplayer_kanban::ids::{BoardId, CardId};
use recordplayer_kanban::view::{ActivityView, BoardView, BoardsView, CardView};

use super::desktop::Desktop;
use super::hand::Outcome;
use super::panel::{Panel, Part};
use super::project::{OpenBoard, OpenProject, open_boards};
use crate::player::Player;
use crate::said::Names;

/// Read, and to be shown.
#[derive(Debug)]
pub(super) enum Opened {
    Project { info: SpaceInfo, space: Space, boards: Live<BoardsView>, board: Option<BoardRead> },
    Board(BoardRead),
    Card { card: CardId, view: Live<CardView>, activity: Live<ActivityView>, part: Option<Part> },
}

#[derive(Debug)]
pub(super) struct BoardRead {
    pub id: BoardId,
    pub view: Live<BoardView>,
    pub activity: Live<ActivityView>,
    pub playback: Playback,
}

impl BoardRead {
    fn read(space: &Space, id: BoardId) -> Result<Self, SendError> {
        let playback = space.playback()?;
        Ok(Self { id, view: space.live::<BoardView>(id), activity: space.live::<ActivityView>(id), playback })
    }
}

/// The board to show first: the wished one if it is there, else the one with the most cards, which somebody who is new here wants to see.
fn first_board(space: &Space, boards: &BoardsView, wished: Option<BoardId>) -> Result<Option<BoardRead>, SendError> {
    let open = open_boards(boards);
    let cards_of = |board: &BoardId| space.view::<BoardView>(*board).cards.size();
    let wished = wished.filter(|wished| open.iter().any(|(board, _)| board == wished));
    // Of equal ones, the first by its title.
    let board = wished.or_else(|| open.into_iter().rev().map(|(board, _)| board).max_by_key(cards_of));
    board.map(|board| BoardRead::read(space, board)).transpose()
}

/// As the hand says it.
fn said(names: &Names<'_>, opened: Result<Option<Opened>, SendError>) -> Outcome {
    match opened {
        Ok(opened) => Outcome { opened, ..Outcome::default() },
        Err(error) => Outcome { refused: Some(names.named(&error.to_string())), ..Outcome::default() },
    }
}

impl Desktop {
    /// Where it was; else the first project and its first board. What comes from the server may be either.
    pub(super) fn go_on(&mut self) {
        let Some(project) = &mut self.project else {
            let spaces = self.device.known_spaces();
            let remembered = self.session.project.filter(|space| spaces.iter().any(|info| info.space == *space));
            if let Some(space) = remembered.or_else(|| spaces.first().map(|info| info.space)) {
                self.open_project(space, None);
            }
            return;
        };
        let boards = project.boards.get();
        if project.board.is_some()
            || project.looked_at.as_ref().is_some_and(|looked_at| Arc::ptr_eq(looked_at, &boards))
        {
            return;
        }
        project.looked_at = Some(Arc::clone(&boards));
        let remembered = self.session.boards.get(&project.space.id()).copied();
        self.open(move |space| Ok(first_board(space, &boards, remembered)?.map(Opened::Board)));
    }

    /// Opens something of the open project.
    fn open(&mut self, read: impl FnOnce(&Space) -> Result<Option<Opened>, SendError> + Send + 'static) {
        if let Some(project) = &self.project {
            self.opening = self.hand.work(&project.space, move |space, names| said(names, read(space)));
        }
    }

    pub(super) fn open_project(&mut self, space: SpaceId, board: Option<BoardId>) {
        let info = self.device.known_spaces().into_iter().find(|info| info.space == space);
        let (Some(info), Some(space)) = (info, self.device.space(space)) else { return };
        let wished = board.or_else(|| self.session.boards.get(&space.id()).copied());
        self.opening = self.hand.work(&space, move |space, names| {
            let boards = space.live::<BoardsView>(Key::whole_space());
            let board = first_board(space, &boards.get(), wished);
            said(names, board.map(|board| Some(Opened::Project { info, space: space.clone(), boards, board })))
        });
    }

    pub(super) fn open_board(&mut self, board: BoardId) {
        self.open(move |space| Ok(Some(Opened::Board(BoardRead::read(space, board)?))));
    }

    /// Opens a card, with the focus in a part of it.
    pub(super) fn open_card(&mut self, card: CardId, part: Option<Part>) {
        let open = self.project.as_mut().and_then(|project| project.panel.as_mut());
        if let Some(open) = open.filter(|open| open.card == card) {
            open.wants = part;
            return;
        }
        self.open(move |space| {
            let (view, activity) = (space.live::<CardView>(card), space.live::<ActivityView>(card));
            Ok(Some(Opened::Card { card, view, activity, part }))
        });
    }

    /// Shows what was read.
    pub(super) fn show_opened(&mut self, of: SpaceId, opened: Opened) {
        match opened {
            Opened::Project { info, space, boards, board } => {
                self.session.project = Some(space.id());
                self.project = Some(OpenProject::new(info, space, boards));
                if let Some(board) = board {
                    self.show_board(board);
                }
            }
            Opened::Board(board) if self.is_open(of) => self.show_board(board),
            Opened::Card { card, view, activity, part } if self.is_open(of) => {
                let Some(project) = &mut self.project else { return };
                let mut panel = Panel::new(card, view, activity);
                panel.wants = part;
                project.panel = Some(panel);
                if let Some(board) = &mut project.board {
                    board.selected = Some(card);
                    board.wants_scroll = true;
                }
            }
            // Another project was opened meanwhile.
            Opened::Board(_) | Opened::Card { .. } => {}
        }
    }

    fn show_board(&mut self, BoardRead { id, view, activity, playback }: BoardRead) {
        let Some(project) = &mut self.project else { return };
        let bell = Arc::clone(&self.bell);
        let player = Player::new(playback, id, move || {
            if let Some(ctx) = bell.get() {
                ctx.request_repaint();
            }
        });
        self.session.boards.insert(project.space.id(), id);
        let scrolled = self.session.scrolls.get(&id).cloned().unwrap_or_default();
        project.panel = None;
        project.board = Some(OpenBoard::new(id, (view, activity), player, scrolled));
    }

    /// Shows the fullest board as it was before its first step, with the play button in focus.
    pub fn begin_with_the_past(&mut self) {
        if let Some(project) = &self.project {
            let boards = project.boards.get();
            self.open(move |space| Ok(first_board(space, &boards, None)?.map(Opened::Board)));
        }
        self.take_opened();
        if let Some(board) = self.project.as_mut().and_then(|project| project.board.as_mut()) {
            board.playing.begin();
        }
    }

    /// Waits for what is being opened: only before there is a window.
    pub(super) fn take_opened(&mut self) {
        self.hand.wait();
        for outcome in self.hand.outcomes() {
            self.taken = outcome.number;
            if let (Some(space), Some(opened)) = (outcome.space, outcome.opened) {
                self.show_opened(space, opened);
            }
        }
    }
}
