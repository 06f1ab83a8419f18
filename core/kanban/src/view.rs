//! What screens show: folds of the space's records.
//!
//! * [`BoardView`]: a board with its columns and cards, by the board's id.
//! * [`BoardsView`]: which boards there are, once in a space.
//! * [`CardView`]: a card with its comments, by the card's id.
//! * [`ActivityView`]: what happened lately, by the id of a card or board, and of the whole space.
//! * [`KeysView`]: which card a key means; a view for each stretch of numbers, beginning of ids, and name from elsewhere.
//! * [`FilesView`]: whether a card has a file, or had, by the file's hash.
//! * [`InboxView`]: what somebody should hear of, by the person's id.
//! * [`WorkView`]: whose cards are whose, by the person's id.
//! * [`SheetsView`], [`FlowView`], [`DeedsView`]: what [reports](crate::report) are made of: a view for each stretch of numbers, and for each span
//!   of seven days.

mod activity;
mod board;
mod board_json;
mod boards;
mod card;
mod deeds;
mod files;
mod flow;
mod inbox;
mod keys;
mod quarter;
mod sheets;
mod words;
mod work;

pub use activity::{Activity, ActivityView, happened};
pub use board::{BoardView, CardRow, ColumnRow, ColumnShown, Turn};
pub use board_json::Looking;
pub use boards::{BoardRow, BoardsView};
pub use card::{CardNames, CardView, CommentRow};
pub use deeds::{Deeds, DeedsView};
pub use files::FilesView;
pub(crate) use files::attached_by;
pub use flow::{FlowView, Traffic};
pub use inbox::{InboxEntry, InboxView, News};
pub use keys::{Found, KeysView};
pub use quarter::{Quarter, Span, Spans};
pub use sheets::{Sheet, SheetsView};
pub use work::WorkView;
