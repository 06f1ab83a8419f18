//! Files that other products have written, and which of them a file is of.

use std::path::{Path, PathBuf};

use recordplayer_kanban::import::csv::{self, Mapping};
use recordplayer_kanban::import::github::{self, GithubCommentsError};
use recordplayer_kanban::import::jira;
use recordplayer_kanban::import::source::{EXPORT_BYTES_MAX, SourceBoard};
use recordplayer_kanban::import::trello::{self, CommentsError};

use super::answer::{DAMAGED, Failure};
use super::file;

/// A file that is to be imported, with what its product needs besides.
#[derive(Clone, Debug)]
pub(crate) enum Export {
    Trello {
        file: PathBuf,
        comments: Option<PathBuf>,
    },
    /// `name` is for a board whose repository the file does not tell; else it is called as the file.
    Github {
        file: PathBuf,
        comments: Option<PathBuf>,
        name: Option<String>,
    },
    Jira {
        file: PathBuf,
        site: Option<String>,
    },
    Csv {
        file: PathBuf,
        name: Option<String>,
        mappings: Vec<Mapping>,
    },
}

impl Export {
    /// As the file's name and its beginning tell it, for a file that was dropped on the window.
    pub(crate) fn guess(file: &Path, comments: Option<&Path>) -> Result<Self, Failure> {
        let (file, comments) = (file.to_owned(), comments.map(Path::to_owned));
        let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        if matches!(ending.as_str(), "csv" | "tsv") {
            return Ok(Self::Csv { file, name: None, mappings: Vec::new() });
        }
        let bytes = bytes(&file)?;
        let has = |key: &[u8]| bytes.windows(key.len()).any(|window| window == key);
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
        Ok(match first {
            Some(b'[') => Self::Github { file, comments, name: None },
            Some(b'{') if !has(b"\"lists\"") && has(b"\"fields\"") => Self::Jira { file, site: None },
            Some(_) | None => Self::Trello { file, comments },
        })
    }

    pub(crate) fn read(&self) -> Result<SourceBoard, Failure> {
        match self {
            Self::Trello { file, comments: None } => trello::read(&bytes(file)?).map_err(|error| refused(file, &error)),
            Self::Trello { file, comments: Some(comments) } => {
                let read = trello::read_with_comments(&bytes(file)?, &bytes(comments)?);
                read.map_err(|error| match error {
                    CommentsError::Board(error) => refused(file, &error),
                    CommentsError::Comments(error) => refused(comments, &error),
                })
            }
            Self::Github { file, comments: None, name } => {
                github::read(&bytes(file)?, &called(name.as_deref(), file)).map_err(|error| refused(file, &error))
            }
            Self::Github { file, comments: Some(comments), name } => {
                let name = called(name.as_deref(), file);
                let read = github::read_with_comments(&bytes(file)?, &bytes(comments)?, &name);
                read.map_err(|error| match error {
                    GithubCommentsError::Issues(error) => refused(file, &error),
                    GithubCommentsError::Comments(error) => refused(comments, &error),
                })
            }
            Self::Jira { file, site } => {
                jira::read(&bytes(file)?, site.as_deref()).map_err(|error| refused(file, &error))
            }
            Self::Csv { file, name, mappings } => {
                let name = called(name.as_deref(), file);
                csv::read(&bytes(file)?, &name, mappings).map_err(|error| refused(file, &error))
            }
        }
    }
}

/// As somebody says, else as the file is called.
fn called(name: Option<&str>, file: &Path) -> String {
    let of_file = || file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    name.map(str::to_owned).or_else(of_file).unwrap_or_default()
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    file::bytes(path, EXPORT_BYTES_MAX as u64)
}

fn refused(path: &Path, error: &impl std::fmt::Display) -> Failure {
    Failure::new(DAMAGED, "unreadable_export", format!("{}: {error}", path.display()), "Nothing was imported")
}
