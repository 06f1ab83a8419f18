//! The window.
//!
//! ```text
//!  keys and clicks ─► Act ─► done at the end of the frame ─► Space::send, or what is open changes
//!                                                               │
//!  the next frame ◄── bell ◄── live views ◄─────────────────────┘
//! ```
//!
//! Every frame reads what is in memory: nothing here waits for disk or network.

mod act;
mod board;
mod card_face;
mod composer;
mod desktop;
mod doing;
mod drag;
mod furnishing;
mod glide;
mod hand;
mod import;
mod jobs;
mod key_queue;
mod live_text;
mod menu;
mod new_project;
mod opening;
mod outbox;
mod outcome;
mod palette;
mod panel;
mod picker;
mod playback;
mod project;
mod publish;
mod sheet;
mod sidebar;
mod sync_details;
mod sync_line;
mod talk;
mod toast;
mod undoing;
pub(crate) mod window;

pub use desktop::{Desktop, Front};
