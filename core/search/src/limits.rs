//! The limits of search, each with its reason.

/// A word, in bytes: nobody types more of one, and what has no end (keys, encoded files) would fill the index.
pub const WORD_BYTES_MAX: usize = 64;

/// Words and filters of one query: each of them is looked up in several fields.
pub const CLAUSES_MAX: usize = 64;

/// Values of one filter that are parted by commas.
pub const VALUES_MAX: usize = 64;

/// What one field is called by in a project, so many of them are looked for by a word: labels, people, types, choices.
pub const NAMES_MAX: usize = 1_000;

/// How a word that is being typed may go on: the index is asked for so many words that begin so, in a phrase.
pub const EXPANSIONS_MAX: u32 = 100;

/// Cards of one answer: each of them is read, and looked through for what matched.
pub const HITS_MAX: usize = 1_000;

/// What of a card is looked through for what matched, in bytes. A card may have thousands of comments; that it matches is known before.
pub const LOOKED_THROUGH_BYTES_MAX: usize = 64 * 1024;

/// Characters of an excerpt: two lines of a list.
pub const EXCERPT_CHARACTERS: usize = 160;

/// Characters of it in front of the first match.
pub const BEFORE_MATCH_CHARACTERS: usize = 40;

/// Memory in which the index gathers what is added before it writes a segment: the least that tantivy takes is 15 MB.
pub const WRITER_BYTES: usize = 32 << 20;

/// Of the documents of a segment so many may be deleted before it is written anew without them.
pub const DELETED_SHARE_MAX: f32 = 0.3;

/// Segments of one size that are joined: each of them is asked by each query, and joining them writes them.
pub const SEGMENTS_OF_A_SIZE: usize = 8;

/// Saved rows that are read at a time.
pub const PAGE_BYTES: usize = 1 << 20;

/// Cards that are read at a time while their space is held: a few milliseconds, so that nobody who types waits for it.
pub const CARDS_AT_A_TIME: usize = 50;
