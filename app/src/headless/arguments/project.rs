//! What can be said of projects, their members and roles.

use clap::Subcommand;
use recordplayer_kanban::project::Weekday;

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// Make a project with a board of four columns.
    New {
        name: String,
        /// The letters that its cards' keys begin with; by default from the name.
        #[arg(long)]
        key: Option<String>,
        /// Begin with the boards, columns, workflow, roles, labels, fields and types of this project.
        #[arg(long, value_name = "PROJECT")]
        template: Option<String>,
    },
    /// Give a project of this computer to the server of an account, for good, so that others can work on it.
    Publish { name: String },
    /// Give a project its key, where the first one was refused.
    Key { key: String },
    /// Show by which days and weeks the project's reports go, or say by which. Managers may.
    Calendar {
        /// The zone in which its days begin, such as Europe/Berlin.
        #[arg(long, value_name = "ZONE")]
        time_zone: Option<String>,
        /// The day with which its weeks begin.
        #[arg(long, value_name = "WEEKDAY", value_parser = weekday)]
        week_starts: Option<Weekday>,
    },
}

impl ProjectCommand {
    /// Whether it changes nothing.
    pub fn only_shows(&self) -> bool {
        matches!(self, Self::Calendar { time_zone: None, week_starts: None })
    }
}

fn weekday(text: &str) -> Result<Weekday, String> {
    let found = Weekday::ALL.into_iter().find(|day| day.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| "write it as monday or sunday".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Let a user of the server work on the project.
    Add {
        user: String,
        /// manager, worker, reviewer, viewer, or a role of the project's own.
        #[arg(long)]
        role: String,
    },
    /// List the members and their roles
    List,
    /// Give a member another role
    Role { user: String, role: String },
    /// Let somebody work on the project no more
    Remove { user: String },
    /// Say that a name of an import is you: what is theirs is yours then, in your inbox and work, too
    Claim {
        /// As "member list" shows it
        name: String,
    },
    /// Say that a name of an import is not you, or, as a manager, that it is not the one who has said so
    Disclaim {
        /// As "member list" shows it
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// List the roles that members may have
    List,
    /// Add a role of the project's own
    New { name: String },
    /// Give a role of the project's own another name
    Rename { role: String, name: String },
    /// Remove a role that no member has
    Remove { role: String },
}
