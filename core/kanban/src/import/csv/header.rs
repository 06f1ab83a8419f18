//! What each column of a table is.

use std::collections::BTreeMap;

/// What a column says of the cards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Title,
    Description,
    /// The column of the board.
    Stage,
    /// What the stage is for: to do, in progress, done.
    StageKind,
    Labels,
    Members,
    /// Who made the card.
    Author,
    Due,
    Estimate,
    Remaining,
    Blocked,
    Priority,
    Type,
    Key,
    /// Another key, by which parents may be named.
    OtherKey,
    Parent,
    Made,
    Began,
    Ended,
    Changed,
    Archived,
    /// Whether it has its tick.
    Done,
    /// `Name`, then its items, each on a line: `[x] Belt`.
    Checklists,
    Link,
    /// Addresses, each on a line.
    Links,
    Comment,
    Attachment,
    /// The board itself.
    Board,
    /// A field that has one of a few values.
    Choice(String),
    Field(String),
    /// Not taken, and why.
    Nothing(&'static str),
}

/// Whose export a table is, by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Jira,
    Linear,
    Wekan,
    /// Our own, of cards as they stand on boards.
    Own,
    Other,
}

/// What somebody says that a column is: `Title=Summary`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    role: Role,
    column: String,
}

/// A text that is no mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} maps no column: write it as \"Title=Summary\"; in front may stand {names}", names = names())]
pub struct MappingError(pub String);

/// The names by which a column can be mapped.
const NAMES: [(&str, Role); 19] = [
    ("Title", Role::Title),
    ("Description", Role::Description),
    ("Column", Role::Stage),
    ("Labels", Role::Labels),
    ("Members", Role::Members),
    ("Author", Role::Author),
    ("Due", Role::Due),
    ("Estimate", Role::Estimate),
    ("Priority", Role::Priority),
    ("Type", Role::Type),
    ("Key", Role::Key),
    ("Parent", Role::Parent),
    ("Created", Role::Made),
    ("Started", Role::Began),
    ("Finished", Role::Ended),
    ("Archived", Role::Archived),
    ("Link", Role::Link),
    ("Comment", Role::Comment),
    ("Nothing", Role::Nothing("somebody has said so")),
];

fn names() -> String {
    NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

impl std::str::FromStr for Mapping {
    type Err = MappingError;

    fn from_str(text: &str) -> Result<Self, MappingError> {
        let error = || MappingError(text.chars().take(80).collect());
        let (name, column) = text.split_once('=').ok_or_else(error)?;
        let role = NAMES.iter().find(|(known, _)| folded(known) == folded(name)).map(|(_, role)| role.clone());
        let column = folded(column);
        if column.is_empty() {
            return Err(error());
        }
        Ok(Self { role: role.ok_or_else(error)?, column })
    }
}

impl std::fmt::Display for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = NAMES.iter().find(|(_, role)| *role == self.role).map_or("", |(name, _)| name);
        write!(f, "{name}={}", self.column)
    }
}

/// The columns of our own tables that say what others say, too.
const OWN: [&str; 12] = [
    "key",
    "title",
    "board",
    "column",
    "type",
    "labels",
    "members",
    "priority",
    "due",
    "estimate",
    "archived",
    "description",
];

/// In small letters, with one space for whatever parts words.
pub(super) fn folded(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric() && letter != '#').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

impl Dialect {
    pub fn of(header: &[String]) -> Self {
        let names: Vec<String> = header.iter().map(|name| folded(name)).collect();
        let has = |wanted: &[&str]| wanted.iter().all(|wanted| names.iter().any(|name| name == wanted));
        if has(&["issue key", "summary"]) {
            Self::Jira
        } else if has(&["id", "team", "title", "status", "parent issue"]) || has(&["id", "team", "title", "cycle name"])
        {
            Self::Linear
        } else if has(&["title", "stage", "owner", "members"]) || has(&["title", "list", "swimlane", "owner"]) {
            Self::Wekan
        } else if has(&["key", "title", "part of", "number of comments"]) {
            Self::Own
        } else {
            Self::Other
        }
    }

    /// What a product means by a name, where it is not what others mean.
    fn role(self, name: &str) -> Option<Role> {
        const OF_CYCLE: &str = "it belongs to the cycle, which comes in by its name";
        Some(match (self, name) {
            (Self::Linear, "team") | (Self::Jira, "project name") => Role::Board,
            (Self::Linear, "project") => Role::Choice("Project".to_owned()),
            (Self::Linear, "cycle name") => Role::Choice("Cycle".to_owned()),
            (Self::Linear, "milestone") => Role::Choice("Milestone".to_owned()),
            (Self::Linear, "cycle number" | "cycle start" | "cycle end") => Role::Nothing(OF_CYCLE),
            (Self::Jira, "issue key") => Role::Key,
            (Self::Jira, "issue id") => Role::OtherKey,
            (Self::Jira, "parent id" | "parent" | "custom field epic link") | (Self::Own, "part of") => Role::Parent,
            (Self::Jira, "status category") => Role::StageKind,
            (Self::Jira, "resolved") => Role::Ended,
            (Self::Jira, "resolution") => Role::Choice("Resolution".to_owned()),
            (Self::Jira, "attachment") => Role::Attachment,
            (Self::Jira, "custom field story points" | "custom field story point estimate") => Role::Estimate,
            (Self::Jira, "project key" | "project type" | "project lead" | "project description" | "project url") => {
                Role::Nothing("it belongs to the project")
            }
            (Self::Jira, "reporter") | (Self::Wekan, "owner") => Role::Author,
            (Self::Own, "done") => Role::Done,
            (Self::Own, "remaining") => Role::Remaining,
            (Self::Own, "blocked") => Role::Blocked,
            (Self::Own, "checklists") => Role::Checklists,
            (Self::Own, "links") => Role::Links,
            (Self::Own, "number of comments") => {
                Role::Nothing("a table does not hold them; an export as JSON Lines does")
            }
            (Self::Wekan, "start date" | "start at") => Role::Field("Start date".to_owned()),
            (Self::Wekan, "finish date" | "end at") => Role::Field("Finish date".to_owned()),
            _ => return None,
        })
    }
}

/// What a name usually means.
fn usual(name: &str) -> Option<Role> {
    Some(match name {
        "title" | "name" | "summary" | "subject" | "card name" | "card title" | "task" | "task name" | "issue"
        | "titre" | "nom" | "résumé" | "resume" | "intitulé" | "sujet" | "tâche" | "titel" => Role::Title,
        "description" | "body" | "details" | "content" | "text" | "notes" | "desc" | "card description" | "contenu"
        | "détails" | "corps" | "beschreibung" => Role::Description,
        "status" | "list" | "column" | "stage" | "state" | "list name" | "section" | "section column" | "bucket"
        | "phase" | "statut" | "état" | "colonne" | "liste" | "étape" => Role::Stage,
        "labels" | "label" | "tags" | "tag" | "étiquettes" | "étiquette" | "libellés" | "mots clés" => Role::Labels,
        "assignee" | "assignees" | "assigned to" | "assigned" | "member" | "members" | "owner" | "owners"
        | "responsible" | "assigné" | "assignée" | "assignés" | "assigné à" | "membre" | "membres" | "responsable"
        | "propriétaire" => Role::Members,
        "creator" | "created by" | "reporter" | "author" | "auteur" | "créé par" | "créateur" | "rapporteur" => {
            Role::Author
        }
        "due" | "due date" | "due at" | "duedate" | "deadline" | "échéance" | "date d échéance" | "date limite" => {
            Role::Due
        }
        "estimate" | "points" | "story points" | "effort" | "estimation" | "charge" => Role::Estimate,
        "priority" | "priorité" => Role::Priority,
        "type" | "issue type" | "card type" | "kind" | "tracker" => Role::Type,
        "id" | "key" | "number" | "issue key" | "identifier" | "#" | "no" | "card id" | "task id" | "identifiant"
        | "clé" | "numéro" => Role::Key,
        "parent" | "parent issue" | "parent key" | "parent id" | "parent task" | "epic" | "epic link" => Role::Parent,
        "created" | "created at" | "date created" | "creation date" | "created on" | "créé" | "créé le"
        | "date de création" => Role::Made,
        "updated" | "updated at" | "last updated" | "last modified" | "last modified at" | "modified"
        | "updated on" | "last activity" | "modifié" | "modifié le" | "mis à jour le" => Role::Changed,
        "last viewed" => Role::Nothing("who has looked at a card is nobody else's business"),
        "started" | "started at" | "commencé le" => Role::Began,
        "completed" | "completed at" | "closed" | "closed at" | "finished" | "finished at" | "done at" | "resolved"
        | "resolved at" | "canceled" | "cancelled" | "canceled at" | "cancelled at" | "terminé le" | "fermé le" => {
            Role::Ended
        }
        "archived" | "archived at" | "archivé" => Role::Archived,
        "url" | "link" | "web url" | "html url" | "lien" | "card url" => Role::Link,
        "comment" | "comments" | "commentaire" | "commentaires" => Role::Comment,
        "board" | "board name" | "tableau" => Role::Board,
        _ => return None,
    })
}

/// What each column is.
#[derive(Debug)]
pub(super) struct Header {
    pub roles: Vec<Role>,
}

impl Header {
    /// Or the mapping whose column is not there.
    pub fn of(names: &[String], dialect: Dialect, mappings: &[Mapping]) -> Result<Self, Mapping> {
        let folded: Vec<String> = names.iter().map(|name| folded(name)).collect();
        if let Some(missing) = mappings.iter().find(|mapping| !folded.contains(&mapping.column)) {
            return Err(missing.clone());
        }
        let mapped = |name: &String| mappings.iter().find(|mapping| mapping.column == *name).map(|it| it.role.clone());
        let is_mapped = |role: &Role| mappings.iter().any(|mapping| mapping.role == *role);
        let mut taken: BTreeMap<Role, &String> = BTreeMap::new();
        let mut roles = Vec::with_capacity(names.len());
        for (name, shown) in folded.iter().zip(names) {
            if let Some(role) = mapped(name) {
                roles.push(role);
                continue;
            }
            // Behind ours stand the fields of the project, whatever they are called.
            let is_own_field = dialect == Dialect::Own && !OWN.contains(&name.as_str());
            let usual = || usual(name).filter(|_| !is_own_field);
            let guess = dialect.role(name).or_else(usual).filter(|role| !is_mapped(role));
            // Of two columns that say one thing, the first one says it, unless they are of one name or hold many things.
            let is_first = |role: &Role| role.holds_many() || taken.get(role).is_none_or(|first| *first == name);
            let field = || Role::Field(if shown.is_empty() { "Unnamed".to_owned() } else { shown.clone() });
            let role = guess.filter(is_first).unwrap_or_else(field);
            taken.entry(role.clone()).or_insert(name);
            roles.push(role);
        }
        Ok(Self { roles })
    }

    pub fn has(&self, role: &Role) -> bool {
        self.roles.contains(role)
    }

    /// The places of the columns that say this.
    pub fn columns<'a>(&'a self, role: &'a Role) -> impl Iterator<Item = usize> + 'a {
        self.roles.iter().enumerate().filter(move |(_, known)| *known == role).map(|(at, _)| at)
    }
}

impl Role {
    fn holds_many(&self) -> bool {
        matches!(
            self,
            Self::Labels
                | Self::Members
                | Self::Ended
                | Self::Comment
                | Self::Attachment
                | Self::Link
                | Self::Nothing(_)
        )
    }
}
