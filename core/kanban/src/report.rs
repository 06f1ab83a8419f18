//! What the history of a project adds up to: cycle time, velocity, cumulative flow, work breakdown, cards by state, activity by person.
//!
//! ```text
//!  records ─► SheetsView   each card: where it is, its estimate, in which columns it was ─► CycleTime, Velocity, Breakdown, States
//!          ─► FlowView     what came into each column and left it, by quarters of an hour ─► Flow
//!          ─► DeedsView    what each person did, by quarters of an hour ───────────────────► People
//! ```
//! The views hold what happened, and nothing that somebody may still say otherwise: what a column is for, which board it is on, and the project's
//! calendar are taken as they are when a report is read. So an import's wrong guess of a column's kind, or a new time zone, is mended everywhere
//! at once.
//!
//! Everything counts at its effective time, but not later than the authority has recorded it, and not before 1970; the steps of one card
//! count in their order ([`Way`](crate::card::Way)). Taking something back is doing something, and counts.

mod breakdown;
mod cycle;
mod days;
mod flow;
mod people;
mod scene;
mod states;
mod table;
mod velocity;

pub use breakdown::{Breakdown, Part, Sum};
pub use cycle::{CycleTime, Durations, TimeInColumn};
pub use days::{DayNumber, Days};
pub use flow::{Flow, FlowDay};
pub use people::{People, PersonWeek};
pub use scene::{ColumnName, Period, PeriodError, Scene, Source, Standing};
pub use states::{ColumnState, States};
pub use table::cell;
pub(crate) use table::text_of;
pub use velocity::{Velocity, Week};
