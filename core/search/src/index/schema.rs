//! The fields of a document, and how a card becomes one.
//!
//! Ids stand with the id of their space in front, 32 bytes together: what is copied from one project to another keeps its ids, and means
//! something else there.

use recordplayer::id::{Id, SpaceId};
use recordplayer_kanban::card::Day;
use recordplayer_kanban::ids::CardId;
use tantivy::schema::{
    BytesOptions, FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{TantivyDocument, Term};

use crate::document::CardDocument;
use crate::words::words;

/// The name of our tokenizer in the schema.
pub const TOKENIZER: &str = "words";

#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// Space and card: what a document is found by to be replaced.
    pub id: Field,
    pub space: Field,
    pub number: Field,
    pub former: Field,
    /// What was made last comes first, where nothing else says what does.
    pub order: Field,
    pub title: Field,
    pub description: Field,
    pub comments: Field,
    /// The ids of the comments, in the same order.
    pub comment_ids: Field,
    pub rest: Field,
    pub people: Field,
    pub authors: Field,
    pub labels: Field,
    pub options: Field,
    pub card_type: Field,
    pub column: Field,
    pub due: Field,
    pub priority: Field,
    pub points: Field,
    pub marks: Field,
}

impl Fields {
    pub fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let written = || {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(TOKENIZER)
                .set_index_option(IndexRecordOption::WithFreqsAndPositions);
            TextOptions::default().set_indexing_options(indexing).set_stored()
        };
        let id = || BytesOptions::default().set_indexed();
        let fields = Self {
            id: schema.add_bytes_field("id", id().set_stored()),
            space: schema.add_bytes_field("space", id()),
            number: schema.add_u64_field("number", INDEXED),
            former: schema.add_bytes_field("former", id()),
            order: schema.add_u64_field("order", FAST),
            title: schema.add_text_field("title", written()),
            description: schema.add_text_field("description", written()),
            comments: schema.add_text_field("comments", written()),
            comment_ids: schema.add_bytes_field("comment_ids", STORED),
            rest: schema.add_text_field("rest", written()),
            people: schema.add_bytes_field("people", id()),
            authors: schema.add_bytes_field("authors", id()),
            labels: schema.add_bytes_field("labels", id()),
            options: schema.add_bytes_field("options", id()),
            card_type: schema.add_bytes_field("card_type", id()),
            column: schema.add_bytes_field("column", id()),
            // Not fast: the ranges of tantivy 0.27 over fast fields overflow where another clause skips ahead, and its terms are few.
            due: schema.add_u64_field("due", INDEXED),
            priority: schema.add_u64_field("priority", INDEXED),
            points: schema.add_u64_field("points", INDEXED),
            marks: schema.add_u64_field("marks", INDEXED),
        };
        (schema.build(), fields)
    }

    pub fn document(&self, space: SpaceId, card: &CardDocument) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        let mut id = |field: Field, id: Id| document.add_bytes(field, &in_space(space, id));
        id(self.id, card.card.0);
        card.people.iter().for_each(|person| id(self.people, person.0));
        card.comments.iter().for_each(|comment| id(self.authors, comment.author.0));
        card.labels.iter().for_each(|label| id(self.labels, label.0));
        card.options.iter().for_each(|option| id(self.options, option.0));
        card.card_type.iter().for_each(|card_type| id(self.card_type, card_type.0));
        card.column.iter().for_each(|column| id(self.column, column.0));
        document.add_bytes(self.space, space.bytes());
        card.number.iter().for_each(|number| document.add_u64(self.number, *number));
        card.former.iter().for_each(|name| document.add_bytes(self.former, name.as_bytes()));
        document.add_u64(self.order, card.number.unwrap_or(u64::MAX));
        document.add_text(self.title, &card.title);
        document.add_text(self.description, &card.description);
        for comment in &card.comments {
            document.add_text(self.comments, &comment.text);
            document.add_bytes(self.comment_ids, comment.comment.0.bytes());
        }
        card.rest.iter().for_each(|text| document.add_text(self.rest, text));
        card.due.iter().for_each(|due| document.add_u64(self.due, day_number(due)));
        card.priority.iter().for_each(|priority| document.add_u64(self.priority, *priority as u64));
        card.points.iter().for_each(|points| document.add_u64(self.points, points.hundredths.into()));
        card.marks.iter().for_each(|mark| document.add_u64(self.marks, *mark as u64));
        document
    }

    pub fn id_term(&self, space: SpaceId, card: CardId) -> Term {
        Term::from_field_bytes(self.id, &in_space(space, card.0))
    }

    pub fn space_term(&self, space: SpaceId) -> Term {
        Term::from_field_bytes(self.space, space.bytes())
    }
}

pub fn in_space(space: SpaceId, id: Id) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(space.bytes());
    bytes[16..].copy_from_slice(id.bytes());
    bytes
}

/// The space and the card of an id that was stored.
pub fn out_of_space(bytes: &[u8]) -> Option<(SpaceId, CardId)> {
    let (space, card) = bytes.split_at_checked(16)?;
    Some((SpaceId(Id(space.try_into().ok()?)), CardId(Id(card.try_into().ok()?))))
}

/// A day as a number that rises with the days: 20261201.
pub fn day_number(day: &Day) -> u64 {
    day.as_str().bytes().filter(u8::is_ascii_digit).fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// Our words, as tantivy takes them.
#[derive(Clone, Debug)]
pub struct WordTokenizer;

pub struct WordStream {
    words: std::vec::IntoIter<crate::words::Word>,
    token: Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        WordStream { words: words(text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        let (offset_from, offset_to) = (word.range.start, word.range.end);
        self.token = Token { offset_from, offset_to, position: word.position, text: word.text, position_length: 1 };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
