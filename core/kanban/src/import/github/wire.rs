//! The lists as they are written, in both spellings, reduced to what is taken and to what is counted as left out.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::super::source::LIST_ENTRIES_MAX;
use super::super::source::loose::{Present, list, scalar, text};

#[derive(Debug, Deserialize)]
pub(super) struct WireIssue {
    pub number: u64,
    #[serde(default, deserialize_with = "text")]
    pub title: String,
    #[serde(default, deserialize_with = "text")]
    pub body: String,
    #[serde(default, deserialize_with = "text")]
    pub state: String,
    #[serde(default, alias = "stateReason", deserialize_with = "text")]
    pub state_reason: String,
    #[serde(default, alias = "author")]
    pub user: Option<Box<WireUser>>,
    #[serde(default, deserialize_with = "list")]
    pub assignees: Vec<WireUser>,
    #[serde(default)]
    pub assignee: Option<Box<WireUser>>,
    #[serde(default, alias = "closedBy")]
    pub closed_by: Option<Box<WireUser>>,
    #[serde(default, deserialize_with = "list")]
    pub labels: Vec<WireLabel>,
    #[serde(default)]
    pub milestone: Option<Box<WireMilestone>>,
    #[serde(default)]
    pub comments: WireComments,
    #[serde(default, alias = "createdAt", deserialize_with = "text")]
    pub created_at: String,
    #[serde(default, alias = "closedAt", deserialize_with = "text")]
    pub closed_at: String,
    #[serde(default, alias = "updatedAt", deserialize_with = "text")]
    pub updated_at: String,
    #[serde(default, deserialize_with = "text")]
    pub html_url: String,
    #[serde(default, deserialize_with = "text")]
    pub url: String,
    #[serde(default, deserialize_with = "text")]
    pub repository_url: String,
    #[serde(default)]
    pub pull_request: Present,
    #[serde(default)]
    pub reactions: WireReactions,
    #[serde(default, alias = "reactionGroups")]
    pub reaction_groups: Present,
    #[serde(default, rename = "projectItems")]
    pub project_items: Present,
    #[serde(default, rename = "projectCards")]
    pub project_cards: Present,
    #[serde(default)]
    pub locked: Present,
    #[serde(default, alias = "isPinned")]
    pub is_pinned: Present,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireUser {
    #[serde(deserialize_with = "text")]
    pub login: String,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
}

/// A label, or in old answers no more than its name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum WireLabel {
    Name(String),
    Whole {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        color: Option<String>,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireMilestone {
    #[serde(deserialize_with = "text")]
    pub title: String,
    #[serde(alias = "dueOn")]
    pub due_on: Present,
    pub description: Present,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireReactions {
    #[serde(deserialize_with = "scalar")]
    pub total_count: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireComment {
    /// A number in the API's answers, a text in those of `gh`.
    #[serde(default, deserialize_with = "scalar")]
    pub id: Option<String>,
    #[serde(default, alias = "author")]
    pub user: Option<Box<WireUser>>,
    #[serde(deserialize_with = "text")]
    pub body: String,
    #[serde(default, alias = "createdAt", deserialize_with = "text")]
    pub created_at: String,
    /// The page of the comment in the API's answers; `url` is that in those of `gh`.
    #[serde(default, deserialize_with = "text")]
    pub html_url: String,
    #[serde(default, deserialize_with = "text")]
    pub url: String,
    #[serde(default, deserialize_with = "text")]
    pub issue_url: String,
    #[serde(default, alias = "isMinimized")]
    pub is_minimized: Present,
}

/// How many comments an issue has, or they themselves.
#[derive(Debug)]
pub(super) enum WireComments {
    Count(u64),
    Whole(Vec<WireComment>),
}

impl Default for WireComments {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl<'de> Deserialize<'de> for WireComments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = WireComments;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of comments, or how many there are")
            }
            fn visit_unit<E: Error>(self) -> Result<WireComments, E> {
                Ok(WireComments::default())
            }
            fn visit_u64<E: Error>(self, count: u64) -> Result<WireComments, E> {
                Ok(WireComments::Count(count))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<WireComments, A::Error> {
                let mut comments = Vec::new();
                while let Some(comment) = entries.next_element()? {
                    if comments.len() == LIST_ENTRIES_MAX {
                        return Err(A::Error::custom(format!("a list has more than {LIST_ENTRIES_MAX} entries")));
                    }
                    comments.push(comment);
                }
                Ok(WireComments::Whole(comments))
            }
        }
        deserializer.deserialize_any(Look)
    }
}
