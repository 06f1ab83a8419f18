//! What can be said of what a project defines for its cards.

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum LabelCommand {
    /// List the labels
    List,
    /// Add a label
    New {
        name: String,
        /// A word such as green.
        #[arg(long)]
        colour: Option<String>,
    },
    /// Give a label another name or colour
    Change {
        label: String,
        #[arg(long)]
        name: Option<String>,
        /// A word such as green; `none` for none.
        #[arg(long)]
        colour: Option<String>,
    },
    /// Remove a label; the cards that wear it show nothing for it
    Remove { label: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum FieldCommand {
    /// List the fields
    List,
    /// Define a field
    New {
        name: String,
        #[arg(long, value_enum, default_value_t = ValueKind::Text)]
        kind: ValueKind,
        /// One of the choices of a field of that kind.
        #[arg(long = "choice", value_name = "NAME")]
        choices: Vec<String>,
        /// The least number.
        #[arg(long)]
        least: Option<String>,
        /// The greatest number.
        #[arg(long)]
        most: Option<String>,
        /// The longest text, in bytes.
        #[arg(long, value_name = "BYTES")]
        bytes_max: Option<u32>,
    },
    /// Change a field: its name, its choices, its limits; what is not said stays
    Change {
        field: String,
        #[arg(long)]
        name: Option<String>,
        /// One more choice.
        #[arg(long, value_name = "NAME")]
        add_choice: Vec<String>,
        /// Give a choice another name; the cards that have it show that.
        #[arg(long, value_name = "OLD=NEW")]
        rename_choice: Vec<String>,
        /// A choice less; the cards that have it show nothing for it.
        #[arg(long, value_name = "NAME")]
        remove_choice: Vec<String>,
        /// The least number; `none` for none.
        #[arg(long)]
        least: Option<String>,
        /// The greatest number; `none` for none.
        #[arg(long)]
        most: Option<String>,
        /// The longest text, in bytes; `none` for as long as there is room for.
        #[arg(long, value_name = "BYTES")]
        bytes_max: Option<String>,
    },
    /// Remove a field; the cards that have a value for it show nothing for it
    Remove { field: String },
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValueKind {
    Text,
    Number,
    Date,
    Checkbox,
    Choice,
    Person,
    Link,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TypeCommand {
    /// List the types
    List,
    /// Add a type of cards
    New {
        name: String,
        /// A field that its cards have.
        #[arg(long = "field", value_name = "FIELD")]
        fields: Vec<String>,
        /// A field that its cards must have a value for.
        #[arg(long, value_name = "FIELD")]
        required: Vec<String>,
    },
    /// Change a type: its name, and which fields its cards have; what is not said stays
    Change {
        card_type: String,
        #[arg(long)]
        name: Option<String>,
        /// A field that its cards have, and need no value for.
        #[arg(long = "field", value_name = "FIELD")]
        fields: Vec<String>,
        /// A field that its cards must have a value for.
        #[arg(long, value_name = "FIELD")]
        required: Vec<String>,
        /// A field that its cards do not have any more.
        #[arg(long, value_name = "FIELD")]
        without: Vec<String>,
    },
    /// Remove a type; its cards have none then
    Remove { card_type: String },
}
