//! The entry: bytes in, a board out.

use recordplayer::id::Id;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::source::error::checked_text;
use super::super::source::loose::list;
use super::super::source::{LIST_ENTRIES_MAX, ReadError, SourceBoard};
use super::assemble::assemble;
use super::wire::{WireComment, WireIssue};

const ADVICE: &str = "save what \"gh issue list --state all --limit 10000 --json number,title,body,state,labels,assignees,author,comments,\
                      milestone,createdAt,closedAt,updatedAt,url\" writes, or the answer of GitHub's /repos/OWNER/REPO/issues?state=all";
const COMMENTS_ADVICE: &str = "save the answer of GitHub's /repos/OWNER/REPO/issues/comments";

/// Reads a list of issues. `name` is what the board is called where the file does not tell the repository.
///
/// Never panics, and either takes the whole file or refuses it whole.
pub fn read(bytes: &[u8], name: &str) -> Result<SourceBoard, ReadError> {
    let issues: Vec<WireIssue> = pages(bytes, ADVICE)?;
    Ok(assemble(&String::from_utf8_lossy(bytes), issues, Vec::new(), name, Id::derived("github export", &[bytes])))
}

/// As [`read`], with a second file: the comments, of which the API's list of issues tells no more than how many there are.
pub fn read_with_comments(bytes: &[u8], comments: &[u8], name: &str) -> Result<SourceBoard, GithubCommentsError> {
    let issues = pages(bytes, ADVICE).map_err(GithubCommentsError::Issues)?;
    let more: Vec<WireComment> = pages(comments, COMMENTS_ADVICE).map_err(GithubCommentsError::Comments)?;
    Ok(assemble(&String::from_utf8_lossy(bytes), issues, more, name, Id::derived("github export", &[bytes, comments])))
}

/// Which of the two files is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GithubCommentsError {
    #[error(transparent)]
    Issues(ReadError),
    #[error(transparent)]
    Comments(ReadError),
}

/// The entries of one list, or of several that follow each other.
fn pages<T: DeserializeOwned>(bytes: &[u8], advice: &'static str) -> Result<Vec<T>, ReadError> {
    #[derive(Deserialize)]
    #[serde(transparent, bound = "T: DeserializeOwned")]
    struct Page<T>(#[serde(deserialize_with = "list")] Vec<T>);

    let text = checked_text(bytes, advice)?;
    // Of what lacks, lists are taken as empty; the file itself must be one.
    if text.trim_start().starts_with("null") {
        let problem = "the file holds nothing".to_owned();
        return Err(ReadError::WrongShape { problem, line: 1, column: 1, advice });
    }
    let mut all = Vec::new();
    for page in serde_json::Deserializer::from_str(text).into_iter::<Page<T>>() {
        all.extend(page.map_err(|error| ReadError::from_json(&error, advice))?.0);
        if all.len() > LIST_ENTRIES_MAX {
            let problem = format!("the pages have more than {LIST_ENTRIES_MAX} entries");
            return Err(ReadError::WrongShape { problem, line: 1, column: 1, advice });
        }
    }
    Ok(all)
}
