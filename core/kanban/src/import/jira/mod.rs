//! Reads issues of Jira as its REST API gives them: one after the other, one in a line, or pages of a search.
//!
//! The way of a file: [`read`] has `serde_json` fill the structs of `wire`, issue by issue; `assemble` makes a
//! [`SourceBoard`](super::source::SourceBoard) of them. Statuses become columns, types of issues types of cards. `markup` turns texts into
//! Markdown, `relations` links between issues into relations of cards. Nothing here reads a clock or a file.
//!
//! Components come in as labels, for a project's people look for cards by both and a card has many; a field has one value. They are counted for
//! themselves. Links to issues that the file does not hold stay as text in a field, and as links where the site is known.
//!
//! # Source of the format
//!
//! `GET /rest/api/2/search` and `GET /rest/api/2/issue/{key}`, at <https://docs.atlassian.com/software/jira/docs/api/REST/9.12.0/>; that of Jira
//! Cloud differs in people (`accountId`) and, in its version 3, in texts, which are documents
//! (<https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/>) of which the text comes in. The rest was learned from issues
//! of 2016 to 2021:
//!
//! * A link stands at both of its issues with one id; at one as `outwardIssue`, at the other as `inwardIssue`.
//! * A comment may lack its `body`; a priority may be called `None`.
//! * An offset has no colon: `2016-02-25T23:57:37.000+0000`.
//! * With `expand=changelog` an issue tells when its status changed; without it, no more than when it was made and resolved.

mod assemble;
mod history;
mod markup;
mod read;
mod relations;
mod wire;

pub use read::read;
