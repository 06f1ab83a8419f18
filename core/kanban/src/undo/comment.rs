//! Comments.

use super::{Scene, Undoable};
use crate::comment::{Comment, CommentCommand, CommentEvent};

impl Undoable for Comment {
    fn slot(event: &CommentEvent) -> Option<String> {
        match event {
            CommentEvent::Written { .. } => Some("made".to_owned()),
            CommentEvent::Edited { .. } | CommentEvent::Deleted {} => Some("text".to_owned()),
            CommentEvent::Arrived { .. } => None,
        }
    }

    fn is_making(event: &CommentEvent) -> bool {
        matches!(event, CommentEvent::Written { .. })
    }

    fn is_away(&self) -> bool {
        self.deleted
    }

    fn name(&self) -> String {
        "A comment".to_owned()
    }

    fn restore(before: &Self, event: &CommentEvent, _: &Scene<'_>) -> Result<Vec<CommentCommand>, &'static str> {
        match event {
            CommentEvent::Written { .. } => Ok(vec![CommentCommand::Delete {}]),
            CommentEvent::Edited { .. } => {
                Ok(vec![CommentCommand::Edit { text: before.text.clone(), mentions: before.mentions.clone() }])
            }
            CommentEvent::Arrived { .. } => Ok(Vec::new()),
            CommentEvent::Deleted {} => {
                let Some(card) = before.card else { return Ok(Vec::new()) };
                Ok(vec![CommentCommand::Write {
                    card,
                    text: before.text.clone(),
                    author: Some(before.author),
                    kind: before.kind,
                    mentions: before.mentions.clone(),
                }])
            }
        }
    }
}
