//! Taking in the boards of other products.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use recordplayer_kanban::import::csv::Mapping;

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// A board that was exported from Trello as JSON.
    Trello {
        file: PathBuf,
        /// A list of the board's actions with the comments that its own file has no more: Trello exports the last 1,000 actions.
        #[arg(long, value_name = "FILE2")]
        comments: Option<PathBuf>,
        #[command(flatten)]
        how: How,
    },
    /// Issues of GitHub: the list that its API answers, or what "gh issue list --json" writes.
    Github {
        file: PathBuf,
        /// The answer of /repos/OWNER/REPO/issues/comments: the API's list of issues holds none.
        #[arg(long, value_name = "FILE2")]
        comments: Option<PathBuf>,
        /// What the board is called where the file does not tell the repository; by default as the file.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// Issues of Jira as its REST API gives them: one in each line, or pages of a search.
    Jira {
        file: PathBuf,
        /// Where Jira is, for links to files and other issues; needed where the issues do not tell it.
        #[arg(long, value_name = "ADDRESS")]
        site: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// A table with a card in each row; the exports of Jira, Linear and `WeKan` are recognised.
    Csv {
        file: PathBuf,
        /// What a column is, as "Title=Summary", where its name does not tell; as often as needed.
        #[arg(long, value_name = "WHAT=COLUMN")]
        map: Vec<Mapping>,
        /// What the board is called; by default as the file. A later table of the same name updates it.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// A whole project, from the records of an export: it begins anew, with its history and its files, and you as its only member. It is called
    /// as --project says, else as it was.
    Records {
        file: PathBuf,
        /// The key of its cards, where it shall have another one.
        #[arg(long)]
        key: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// Take a whole import back, but for what somebody has changed since.
    Undo {
        /// As the import has answered.
        act: String,
    },
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct How {
    /// Only say what would come in and what would not.
    #[arg(long)]
    pub dry_run: bool,
}

impl ImportCommand {
    /// Makes each path be this.
    pub fn each_path(&mut self, mut be: impl FnMut(&mut PathBuf)) {
        match self {
            Self::Trello { file, comments, .. } | Self::Github { file, comments, .. } => {
                be(file);
                comments.iter_mut().for_each(be);
            }
            Self::Jira { file, .. } | Self::Csv { file, .. } | Self::Records { file, .. } => be(file),
            Self::Undo { .. } => {}
        }
    }
}
