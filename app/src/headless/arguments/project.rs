//! What can be said of projects, their members and roles.

use clap::Subcommand;

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
