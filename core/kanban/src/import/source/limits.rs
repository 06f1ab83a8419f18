//! How much of a file the reader takes on.

/// Largest export that is read. A card takes 3 to 5 KiB of an export, the 1,000 actions about 1 MiB, so this is a board of
/// some 30,000 cards; Trello keeps at most 5,000 open. Reading a file made to hurt (one-letter ids and empty actions without end)
/// was measured to take 16 times its size at its peak, so the limit keeps memory around 2 GiB even then.
pub const EXPORT_BYTES_MAX: usize = 128 << 20;

/// Most entries that any one list of the file may have. A card is the largest thing kept (about 700 bytes before its texts),
/// and 200,000 of them are twice what a project of ours is measured with.
pub const LIST_ENTRIES_MAX: usize = 200_000;
