//! The limits of the product, each with its reason.

/// The name of a board, column, label, field, checklist or link. Longer ones cannot be shown in a row.
pub const NAME_BYTES_MAX: usize = 1024;

/// The title of a card. Trello allows 16,384 characters, and what was written there must come in.
pub const TITLE_BYTES_MAX: usize = 64 * 1024;

/// One comment, or one item of a checklist. Trello allows 16,384 characters; Jira's longest known to us has 21,692.
pub const COMMENT_BYTES_MAX: usize = 64 * 1024;

/// The address of a link: what browsers take.
pub const URL_BYTES_MAX: usize = 8 * 1024;

/// A file on a card: what a line of ten megabits a second carries in a minute and a half.
pub const FILE_BYTES_MAX: u64 = 100 << 20;

/// The value of a field.
pub const VALUE_BYTES_MAX: usize = 16 * 1024;

/// Labels, members, links, fields or checklists of one card, items of one checklist. A card is one model, read and saved as a whole.
pub const OF_CARD_MAX: usize = 1_000;

/// Labels, fields and placeholders of a project, boards of a project, columns of a board: each is in one model.
pub const OF_PROJECT_MAX: usize = 5_000;

/// Open cards of a column that is removed: each is two events of one commit, with some to spare for the column's own.
pub const REMOVED_CARDS_MAX: usize = 990;

/// Columns that go to another board at once: each is up to three events of one commit.
pub const STEP_COLUMNS_MAX: usize = 600;

/// Imports that a board remembers; what later ones have set is taken for what people have.
pub const BOARD_IMPORTS_MAX: usize = 1_000;

/// Cards that go on at once when somebody makes room for more: the others go with the next one that leaves.
pub const GO_ON_MAX: usize = 500;

/// How often a card that is part of a card may be part of a card: what one decision goes up.
pub const PARTS_DEPTH_MAX: usize = 100;

/// What a card takes along to another project beside its description and its comments: the command that brings it and its event hold it, and one
/// commit has room for both.
pub const CARRIED_BYTES_MAX: usize = 200 * 1024;

/// Comments that a card takes along to another project: all of them wait in memory until they have arrived.
pub const CARRIED_COMMENTS_MAX: u64 = 2_000;

/// Entries of one activity: several screens; older ones are in the history itself.
pub const ACTIVITY_ENTRIES_MAX: usize = 500;

/// Entries of one project's inbox that one person has marked: those of each kind that it can hold, and room for what devices mark before they forget.
pub const MARKED_MAX: usize = 4_000;

/// Saved searches of a person, and settings.
pub const OF_DESK_MAX: usize = 500;

/// A search as it is typed.
pub const QUERY_BYTES_MAX: usize = 4 * 1024;

/// The value of one setting.
pub const SETTING_BYTES_MAX: usize = 4 * 1024;

/// The latest entries of a person's inbox in one project.
pub const INBOX_ENTRIES_MAX: usize = 500;

/// Days of one report: ten years, each a line of a table.
pub const REPORT_DAYS_MAX: i64 = 3_660;
