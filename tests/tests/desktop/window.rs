//! The window on the screen: where its parts lie, what shows in them, and waiting for that.

use std::process::{Child, Stdio};
use std::time::Duration;

use recordplayer_app::theme::{Palette, space};
use recordplayer_client::now;
use recordplayer_tests::stage::{PATIENCE, Person};

use crate::picture::{Area, HEIGHT, Picture, WIDTH};
use crate::screen::Screen;

const LOOK_AGAIN: Duration = Duration::from_millis(50);

const SIDEBAR: usize = whole(space::SIDEBAR);
const BAR: usize = whole(space::BAR);
const GAP: usize = whole(space::GAP);
/// A column's head, with the room over its first card.
const HEAD: usize = 40;
/// Of a board without a display to say otherwise.
const PALETTE: Palette = Palette::DARK;

/// Everything but the sidebar and the bar of the past.
pub const BOARD: Area = Area { x: (SIDEBAR, WIDTH), y: (BAR, HEIGHT - whole(space::PLAYBACK_PAST)) };
/// Where a card's panel lies while it is open.
pub const PANEL: Area = Area { x: (WIDTH - whole(space::PANEL), WIDTH), y: BOARD.y };
/// Below what the palette takes that has one line; every other dialog is higher.
pub const BELOW_ONE_LINE: Area = Area { x: BOARD.x, y: (250, 300) };
/// Where the button for new cards stands while neither a card nor anything else lies there.
const NEW_CARD: Area = Area { x: (WIDTH - 160, WIDTH), y: (0, BAR) };
const PAST: Area = Area { x: (SIDEBAR, WIDTH), y: (HEIGHT - whole(space::PLAYBACK_PAST), HEIGHT) };

/// The ring around a field has more pixels than the ring around a button, and that more than a cursor.
const FIELD_RING: usize = 700;
const BUTTON_RING: usize = 150;
/// What fills a button, less its letters.
const FILLED: usize = 500;

#[expect(clippy::cast_sign_loss, reason = "no size is negative")]
const fn whole(points: f32) -> usize {
    points as usize
}

/// A window that is open; killed when it is dropped.
pub struct Window {
    child: Child,
}

impl Window {
    /// Opens it and waits until it listens to the keyboard and has drawn.
    pub fn open(person: &Person, screen: &Screen) -> Self {
        let mut command = person.window(&screen.display);
        let mut window = Self { child: command.stdout(Stdio::null()).spawn().unwrap() };
        let process = window.child.id().to_string();
        let id = screen.wait("the window opens", || {
            window.lives();
            screen.ask(&["search", "--onlyvisible", "--pid", &process])
        });
        screen.wait("the window draws", || {
            screen.look().filter(|picture| picture.count(NEW_CARD, PALETTE.canvas) > FILLED)
        });
        screen.wait("the window has the keyboard", || {
            screen.ask(&["windowfocus", &id]);
            screen.ask(&["getwindowfocus"]).filter(|focused| *focused == id)
        });
        window
    }

    fn lives(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "the window has ended: {ended:?}");
    }

    /// Waits until the window ends by itself.
    pub fn ends_well(mut self, screen: &Screen) {
        let ended = screen.wait("the window ends", || self.child.try_wait().unwrap());
        assert!(ended.success(), "{ended}");
    }

    /// Kills it at once, as a power cut does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Screen {
    /// Asks until there is an answer.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
        let end = now().plus_ms(PATIENCE.as_millis() as i64);
        while now() < end {
            if let Some(answer) = ask() {
                return answer;
            }
            std::thread::park_timeout(LOOK_AGAIN);
        }
        self.keep("failed");
        panic!("it does not come about: {what}; see the last picture in target/desktop");
    }

    /// Waits until the screen shows something; answers with the picture.
    #[track_caller]
    pub fn until(&self, what: &str, shows: impl Fn(&Picture) -> bool) -> Picture {
        self.wait(what, || self.look().filter(|picture| shows(picture)))
    }
}

/// A text field has the focus in an area.
pub fn field_has_focus(area: Area) -> impl Fn(&Picture) -> bool {
    move |picture| picture.count(area, PALETTE.accent) >= FIELD_RING
}

/// A button has it.
pub fn button_has_focus(area: Area) -> impl Fn(&Picture) -> bool {
    move |picture| (BUTTON_RING..FIELD_RING).contains(&picture.count(area, PALETTE.accent))
}

/// Neither a field nor a button has it there, nor is a card selected.
pub fn nothing_has_focus(area: Area) -> impl Fn(&Picture) -> bool {
    move |picture| picture.count(area, PALETTE.accent) < BUTTON_RING
}

/// A dialog reaches into an area.
pub fn lies_over(area: Area) -> impl Fn(&Picture) -> bool {
    move |picture| picture.count(area, PALETTE.overlay) > FILLED
}

/// Nothing lies over the board, and no card is open.
pub fn board_is_free(picture: &Picture) -> bool {
    picture.count(NEW_CARD, PALETTE.accent_fill) > FILLED
}

/// The board has a column at all: before its first steps it has none.
pub fn columns_show(picture: &Picture) -> bool {
    picture.count(column(0, 1), PALETTE.surface) > FILLED
}

/// The past is looked at: the play button is of its colour.
pub fn past_shows(picture: &Picture) -> bool {
    picture.count(PAST, PALETTE.past) > FILLED
}

/// A column of a board, by its number from the left and how many there are: where it lies while the board is not scrolled.
pub fn column(at: usize, of: usize) -> Area {
    let room = WIDTH - SIDEBAR - 2 * GAP;
    let width = ((room - GAP) / of).saturating_sub(GAP).clamp(248, 320);
    let left = SIDEBAR + GAP + at * (width + GAP);
    Area { x: (left, left + width), y: (BAR + GAP, BOARD.y.1) }
}

/// A spot on the first card of a column.
pub fn first_card(at: usize, of: usize) -> (usize, usize) {
    let column = column(at, of);
    (column.x.0 + 60, column.y.0 + HEAD + 20)
}
