//! Issues as they are written, reduced to what is taken and to what is counted as left out.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::source::loose::{Present, count, list, list_or_none, scalar, text};

/// An issue, or a page of a search with many of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireEntry {
    #[serde(deserialize_with = "list_or_none")]
    pub issues: Option<Vec<WireIssue>>,
    #[serde(deserialize_with = "text")]
    pub key: String,
    #[serde(rename = "self", deserialize_with = "text")]
    pub address: String,
    pub fields: Option<Box<WireFields>>,
    pub changelog: Option<Box<WireChangelog>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireIssue {
    #[serde(deserialize_with = "text")]
    pub key: String,
    #[serde(default, rename = "self", deserialize_with = "text")]
    pub address: String,
    pub fields: Box<WireFields>,
    #[serde(default)]
    pub changelog: Option<Box<WireChangelog>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireChangelog {
    #[serde(deserialize_with = "list")]
    pub histories: Vec<WireChange>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireChange {
    #[serde(default, deserialize_with = "scalar")]
    pub id: Option<String>,
    #[serde(default)]
    pub author: Option<Box<WirePerson>>,
    #[serde(deserialize_with = "text")]
    pub created: String,
    #[serde(default, deserialize_with = "list")]
    pub items: Vec<WireChangeItem>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireChangeItem {
    #[serde(deserialize_with = "text")]
    pub field: String,
    #[serde(default, rename = "fromString", deserialize_with = "text")]
    pub from: String,
    #[serde(default, rename = "toString", deserialize_with = "text")]
    pub to: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireNamed {
    #[serde(deserialize_with = "text")]
    pub name: String,
    #[serde(deserialize_with = "text")]
    pub key: String,
}

/// An entry of a list. It must have its name, so that the shortest one becomes no more than some 10 times as many bytes.
#[derive(Debug, Deserialize)]
pub(super) struct WireListed {
    #[serde(default, deserialize_with = "scalar")]
    pub id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireStatus {
    #[serde(deserialize_with = "scalar")]
    pub id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub name: String,
    pub status_category: WireNamed,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WirePerson {
    #[serde(deserialize_with = "text")]
    pub account_id: String,
    #[serde(deserialize_with = "text")]
    pub key: String,
    #[serde(deserialize_with = "text")]
    pub name: String,
    #[serde(deserialize_with = "text")]
    pub display_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireComments {
    #[serde(deserialize_with = "list")]
    pub comments: Vec<WireComment>,
    #[serde(deserialize_with = "count")]
    pub total: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireComment {
    #[serde(deserialize_with = "scalar")]
    pub id: Option<String>,
    #[serde(default)]
    pub author: Option<Box<WirePerson>>,
    #[serde(default)]
    pub body: Rich,
    #[serde(default, deserialize_with = "text")]
    pub created: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireAttachment {
    #[serde(deserialize_with = "scalar")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub filename: String,
    #[serde(default)]
    pub author: Option<Box<WirePerson>>,
    #[serde(default, deserialize_with = "text")]
    pub created: String,
    #[serde(default, deserialize_with = "text")]
    pub content: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireLink {
    #[serde(rename = "type")]
    pub kind: WireLinkType,
    #[serde(default)]
    pub inward_issue: Option<Box<WireLinked>>,
    #[serde(default)]
    pub outward_issue: Option<Box<WireLinked>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireLinkType {
    #[serde(deserialize_with = "text")]
    pub name: String,
    #[serde(deserialize_with = "text")]
    pub inward: String,
    #[serde(deserialize_with = "text")]
    pub outward: String,
}

/// Another issue, as a link, a parent or an epic tells of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireLinked {
    #[serde(deserialize_with = "text")]
    pub key: String,
}

/// The fields of an issue that are taken.
#[derive(Debug, Default)]
pub(super) struct WireFields {
    pub summary: String,
    pub description: Rich,
    pub environment: Rich,
    pub project: WireNamed,
    pub issue_type: Option<WireNamed>,
    pub status: WireStatus,
    pub resolution: Option<WireNamed>,
    pub priority: Option<WireNamed>,
    pub assignee: Option<Box<WirePerson>>,
    pub reporter: Option<Box<WirePerson>>,
    pub creator: Option<Box<WirePerson>>,
    pub created: String,
    pub resolved: String,
    pub updated: String,
    pub due: String,
    pub labels: Vec<String>,
    pub components: Vec<WireListed>,
    pub fix_versions: Vec<WireListed>,
    pub versions: Vec<WireListed>,
    pub sprints: Vec<WireListed>,
    pub parent: Option<Box<WireLinked>>,
    pub epic: Option<Box<WireLinked>>,
    pub links: Vec<WireLink>,
    pub attachments: Vec<WireAttachment>,
    pub comments: WireComments,
    /// Custom fields that have a value; their names are not in the answers.
    pub custom: u64,
    pub worklog: u64,
    pub votes: u64,
    pub time_tracking: u64,
    pub flagged: u64,
    /// Whatever else has a value.
    pub other: u64,
}

impl<'de> Deserialize<'de> for WireFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = WireFields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields of an issue")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireFields, A::Error> {
                let mut fields = WireFields::default();
                while let Some(key) = map.next_key::<String>()? {
                    fields.take(&key, &mut map)?;
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Look)
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Text(#[serde(deserialize_with = "text")] String);

#[derive(Deserialize)]
#[serde(transparent, bound = "T: serde::de::DeserializeOwned")]
struct List<T>(#[serde(deserialize_with = "list")] Vec<T>);

impl WireFields {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "summary" => self.summary = map.next_value::<Text>()?.0,
            "description" => self.description = map.next_value()?,
            "environment" => self.environment = map.next_value()?,
            "project" => self.project = map.next_value::<Option<_>>()?.unwrap_or_default(),
            "issuetype" => self.issue_type = map.next_value()?,
            "status" => self.status = map.next_value::<Option<_>>()?.unwrap_or_default(),
            "resolution" => self.resolution = map.next_value()?,
            "priority" => self.priority = map.next_value()?,
            "assignee" => self.assignee = map.next_value()?,
            "reporter" => self.reporter = map.next_value()?,
            "creator" => self.creator = map.next_value()?,
            "created" => self.created = map.next_value::<Text>()?.0,
            "updated" => self.updated = map.next_value::<Text>()?.0,
            "resolutiondate" => self.resolved = map.next_value::<Text>()?.0,
            "duedate" => self.due = map.next_value::<Text>()?.0,
            "labels" => {
                self.labels = map.next_value::<List<Text>>()?.0.into_iter().map(|label| label.0).collect();
            }
            "components" => self.components = map.next_value::<List<_>>()?.0,
            "fixVersions" => self.fix_versions = map.next_value::<List<_>>()?.0,
            "versions" => self.versions = map.next_value::<List<_>>()?.0,
            "closedSprints" => self.sprints.splice(0..0, map.next_value::<List<_>>()?.0).for_each(drop),
            "sprint" => self.sprints.extend(map.next_value::<Option<WireListed>>()?),
            "parent" => self.parent = map.next_value()?,
            "epic" => self.epic = map.next_value()?,
            "issuelinks" => self.links = map.next_value::<List<_>>()?.0,
            "attachment" => self.attachments = map.next_value::<List<_>>()?.0,
            "comment" => self.comments = map.next_value::<Option<_>>()?.unwrap_or_default(),
            "worklog" | "timespent" => self.worklog = self.worklog.max(map.next_value::<Present>()?.once()),
            "votes" | "watches" => self.votes += map.next_value::<Counted>()?.0,
            "timetracking" | "timeestimate" | "timeoriginalestimate" => {
                self.time_tracking = self.time_tracking.max(map.next_value::<Present>()?.once());
            }
            "flagged" => self.flagged = map.next_value::<Present>()?.once(),
            // Told by what is taken: the subtasks name their parent, and the other ones are sums and dates of what comes in.
            "subtasks"
            | "created_by"
            | "lastViewed"
            | "workratio"
            | "statuscategorychangedate"
            | "statusCategory"
            | "progress"
            | "aggregateprogress"
            | "aggregatetimespent"
            | "aggregatetimeestimate"
            | "aggregatetimeoriginalestimate"
            | "issuerestriction"
            | "security" => {
                map.next_value::<IgnoredAny>()?;
            }
            custom if custom.starts_with("customfield_") => self.custom += map.next_value::<Present>()?.once(),
            _ => self.other += map.next_value::<Present>()?.once(),
        }
        Ok(())
    }
}

/// Votes and watchers as their numbers tell.
#[derive(Default)]
struct Counted(u64);

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Counts {
            #[serde(deserialize_with = "count")]
            votes: u64,
            #[serde(deserialize_with = "count")]
            watch_count: u64,
        }
        let counts = Option::<Counts>::deserialize(deserializer)?.unwrap_or_default();
        Ok(Self(counts.votes + counts.watch_count))
    }
}

/// A text in Jira's markup, or a document of which the text is taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Rich {
    #[default]
    None,
    Markup(String),
    Document(String),
}

impl<'de> Deserialize<'de> for Rich {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = Rich;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a document")
            }
            fn visit_unit<E: Error>(self) -> Result<Rich, E> {
                Ok(Rich::None)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Rich, E> {
                Ok(Rich::Markup(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rich, A::Error> {
                let node = Node::read(map)?;
                Ok(Rich::Document(node.0.trim().to_owned()))
            }
        }
        deserializer.deserialize_any(Look)
    }
}

/// A part of a document, as its text.
struct Node(String);

impl Node {
    fn read<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let (mut text, mut kind) = (String::new(), String::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" => kind = map.next_value::<Text>()?.0,
                "text" => text = map.next_value::<Text>()?.0,
                "content" => {
                    for node in map.next_value::<Nodes>()?.0 {
                        text.push_str(&node.0);
                    }
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match kind.as_str() {
            "hardBreak" | "tableRow" => text.push('\n'),
            "paragraph" | "heading" | "codeBlock" | "blockquote" | "rule" => text.push_str("\n\n"),
            "listItem" => text = format!("- {}\n", text.trim_end()),
            _ => {}
        }
        Ok(Self(text))
    }
}

struct Nodes(Vec<Node>);

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = Nodes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the parts of a document")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Nodes, A::Error> {
                let mut nodes = Vec::new();
                while let Some(node) = entries.next_element()? {
                    nodes.push(node);
                }
                Ok(Nodes(nodes))
            }
        }
        deserializer.deserialize_seq(Look)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a part of a document")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Node, A::Error> {
                Node::read(map)
            }
        }
        deserializer.deserialize_map(Look)
    }
}
