//! The comment: an entity of its own, so that a long conversation does not make its card heavy.

use recordplayer::context::Context;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::card::{Card, CardEvent};
use crate::ids::{CardId, CommentId, PersonId};
use crate::limits::COMMENT_BYTES_MAX;
use crate::project::Project;
use crate::refusal::{LimitExceeded, is_written};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// `None` until the comment is written.
    pub card: Option<CardId>,
    pub author: PersonId,
    /// When it was written, as claimed or else as recorded.
    pub at: Timestamp,
    /// Empty once deleted.
    pub text: String,
    pub edited: bool,
    pub deleted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommentCommand {
    Write {
        card: CardId,
        text: String,
        /// For imports: a placeholder whose comment this is.
        #[serde(default)]
        author: Option<PersonId>,
    },
    Edit {
        text: String,
    },
    Delete {},
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommentEvent {
    Written { card: CardId, author: PersonId, text: String },
    Edited { text: String },
    Deleted {},
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum CommentRefusal {
    #[error("There is no such card. Look for it on the board, or in its archive")]
    NoSuchCard { card: CardId },
    #[error("There is no such comment any more")]
    NoSuchComment { comment: CommentId },
    #[error("This comment is written already")]
    WrittenAlready {},
    #[error("Only its author may change this comment. Write one of your own")]
    NotTheAuthor { author: PersonId },
    #[error("There is no such placeholder in this project. Look at the list of its members")]
    NoSuchPlaceholder { person: PersonId },
    #[error("{limit}")]
    OutOfLimits { limit: LimitExceeded },
}

impl From<LimitExceeded> for CommentRefusal {
    fn from(limit: LimitExceeded) -> Self {
        Self::OutOfLimits { limit }
    }
}

/// Whether whoever acts is the author: in person, as the one who claimed the author's placeholder, or as a manager for a placeholder that
/// nobody has claimed (a later import of the same board).
fn is_by(author: PersonId, cx: &Context<'_>) -> bool {
    let actor = cx.actor();
    if PersonId::from(actor) == author {
        return true;
    }
    let project = cx.get::<Project>(cx.space().0);
    project.placeholders.get(&author).is_some_and(|placeholder| match placeholder.claimed_by {
        Some(by) => by == actor,
        None => cx.is_manager(),
    })
}

impl Entity for Comment {
    const KIND: &'static str = "comment";

    type Command = CommentCommand;
    type Event = CommentEvent;
    type Refusal = CommentRefusal;

    fn decide(&self, command: &CommentCommand, cx: &mut Context<'_>) -> Result<Vec<CommentEvent>, CommentRefusal> {
        use CommentCommand as C;
        use CommentEvent as E;
        use CommentRefusal as R;
        if let C::Write { card, text, author } = command {
            if self.card.is_some() {
                return Err(R::WrittenAlready {});
            }
            if !cx.get::<Card>(*card).exists() {
                return Err(R::NoSuchCard { card: *card });
            }
            is_written("A comment", text, COMMENT_BYTES_MAX)?;
            let myself = PersonId::from(cx.actor());
            let author = author.unwrap_or(myself);
            let is_placeholder = cx.get::<Project>(cx.space().0).placeholders.contains_key(&author);
            if author != myself && !is_placeholder {
                return Err(R::NoSuchPlaceholder { person: author });
            }
            cx.emit::<Card>(*card, &CardEvent::CommentAdded { comment: CommentId(cx.id()) });
            return Ok(vec![E::Written { card: *card, author, text: text.clone() }]);
        }
        let comment = CommentId(cx.id());
        let Some(card) = self.card.filter(|_| !self.deleted) else { return Err(R::NoSuchComment { comment }) };
        if !is_by(self.author, cx) {
            return Err(R::NotTheAuthor { author: self.author });
        }
        match command {
            C::Write { .. } => unreachable!("answered above"),
            C::Edit { text } if self.text == *text => Ok(Vec::new()),
            C::Edit { text } => {
                is_written("A comment", text, COMMENT_BYTES_MAX)?;
                Ok(vec![E::Edited { text: text.clone() }])
            }
            C::Delete {} => {
                cx.emit::<Card>(card, &CardEvent::CommentRemoved { comment });
                Ok(vec![E::Deleted {}])
            }
        }
    }

    fn play(&mut self, event: &CommentEvent, stamp: &Stamp) {
        match event.clone() {
            CommentEvent::Written { card, author, text } => {
                self.card = Some(card);
                self.author = author;
                self.at = stamp.origin.effective_time();
                self.text = text;
            }
            CommentEvent::Edited { text } => {
                self.text = text;
                self.edited = true;
            }
            CommentEvent::Deleted {} => {
                self.text.clear();
                self.deleted = true;
            }
        }
    }
}
