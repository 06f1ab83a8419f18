//! Reads a list of issues of GitHub: as the REST API answers, or as `gh issue list --json` writes it.
//!
//! The way of a file: [`read`] has `serde_json` fill the structs of `wire`, which take both spellings of each key, and `assemble` makes a
//! [`SourceBoard`](super::source::SourceBoard) of them with two columns, *Open* and *Closed*. Why an issue was closed is a field, the milestone
//! another; an issue's address is a link on its card. Nothing here reads a clock or a file.
//!
//! # Source of the format
//!
//! * `GET /repos/{owner}/{repo}/issues?state=all` is described at <https://docs.github.com/en/rest/issues/issues>: `snake_case` keys, `comments`
//!   is a number, and pull requests are among the issues, told by their key `pull_request`. The comments themselves are the answer of
//!   `GET /repos/{owner}/{repo}/issues/comments`, a second file here ([`read_with_comments`]). Pages may follow each other in one file, as
//!   `gh api --paginate` writes them.
//! * `gh issue list --state all --json number,title,body,...` is described at <https://cli.github.com/manual/gh_issue_list>: `camelCase` keys, any
//!   subset of them, states in capitals, and `comments` is the list.
//!
//! An issue is known by its repository and number, so both forms lead to the same cards.

mod assemble;
mod read;
mod wire;

pub use read::{GithubCommentsError, read, read_with_comments};
