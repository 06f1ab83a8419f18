//! A device: copies of spaces on disk, the lines to their servers, and the handle that applications hold.
//!
//! The way of a command through this crate:
//!
//! 1. [`Space::send`] gives it to the replica machine under a short lock (`copy`): decided, shown ([`Live`]), queued to be saved.
//! 2. The writer (`save`) makes it durable in the outbox, with whatever else waits, and tells the machine; [`Ticket::wait_saved`] ends.
//! 3. The machine numbers it, the number is made durable likewise, and the line (`line`, `socket`) sends it.
//! 4. The server's commits come back through the line, the machine plays them and rebases what waits, and the writer appends them to the log
//!    on this device, the main file first and the outbox second.
//! 5. Every change rings the [`Device::on_change`] bell.
//!
//! The files that records speak of lie beside the store (`files`) and go their own way (`carrier`, `http`): a record may come before its file.
//!
//! A device's folder belongs to one process; a second one hands its request to the first through the [`Door`] (rule 18).

mod address;
mod bell;
mod book;
mod carrier;
mod clock;
mod continuing;
mod copy;
mod device;
mod door;
mod files;
mod folder;
mod http;
mod in_step;
mod inner;
pub mod limits;
mod line;
mod live;
mod local;
mod opener;
mod publish;
mod random;
mod save;
mod socket;
mod space;
mod tasks;
mod ticket;
mod unsent;
mod watch;

pub use address::{Address, AddressError};
pub use book::{Account, BookError, SpaceInfo};
pub use clock::now;
pub use continuing::{ContinueError, Continuing};
pub use copy::Glance;
pub use device::{Device, LoginError, NotOnline, OpenError};
pub use door::{Door, hand_over};
pub use files::{AddedFile, FILES_FOLDER, FileError};
pub use folder::{OUTBOX_FILE, STORE_FILE};
pub use http::RequestError;
pub use in_step::NotInStep;
pub use line::LineState;
pub use live::Live;
pub use local::{AUTHORITY_FILE, HERE, LocalError};
pub use publish::PublishError;
pub use recordplayer_store::keep_quiet_about_caught_panics;
pub use socket::LineError;
pub use space::{SendError, Space, SpaceHash};
pub use ticket::{Decided, NotSaved, Ticket};
pub use watch::{Watch, WatchError, Watched, accounts_of, spaces_at};
