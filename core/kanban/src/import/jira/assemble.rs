//! From the issues as they are written to the board as it is handed on.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::id::Id;

use super::super::source::time::{day_millis, millis};
use super::super::source::words::priority_of;
use super::super::source::{
    ColumnKindGuess, Gathered, Life, Lists, NO_BEGINNING, Origin, Says, SourceAction, SourceAttachment, SourceBoard,
    SourceCard, SourceComment, SourceDeed, SourceFieldValue, SourceId, SourceValue, Subject, known_kind,
};
use super::history::{Moves, actions, moves};
use super::markup::markdown;
use super::relations::{Related, related};
use super::wire::{Rich, WireComments, WireFields, WireIssue, WireListed, WireNamed, WirePerson, WireStatus};

/// Everything finds a place or a line in `not_imported`.
pub(super) fn assemble(text: &str, issues: Vec<WireIssue>, site: Option<String>, export: Id) -> SourceBoard {
    let projects: BTreeMap<String, String> = issues.iter().map(project_of).collect();
    let id = projects.keys().map(String::as_str).collect::<Vec<_>>().join(",");
    let mut gathered = Gathered::of(&id);
    let mut here = BTreeSet::new();
    let before = issues.len();
    let issues: Vec<WireIssue> = issues.into_iter().filter(|issue| here.insert(issue.key.clone())).collect();
    let twice = (before - issues.len()) as u64;
    gathered.left_out.add("issues", "their key stands in the file twice; the first one comes in", twice);
    let site = site.or_else(|| issues.iter().find_map(|issue| site_of(&issue.address)));
    columns(&issues, &mut gathered);
    let mut cards = Vec::with_capacity(issues.len());
    let mut lives: Vec<(Life, Moves)> = Vec::with_capacity(issues.len());
    let mut attached = Vec::new();
    for issue in issues {
        let (card, life, moves) =
            Reading { site: site.as_deref(), here: &here, gathered: &mut gathered, attached: &mut attached }
                .card(issue);
        cards.push(card);
        lives.push((life, moves));
    }
    let lists = gathered.lists.clone();
    let lists = Lists::of(&lists);
    let without_moves = cards.iter().zip(&lives).filter(|(_, (_, moves))| moves.is_empty());
    let untold = lists.untold_ends(without_moves.map(|(card, (life, _))| (card, life)));
    gathered.says = says(text, &gathered);
    gathered.left_out.add("times of resolution", NO_BEGINNING, untold);
    let history: Vec<SourceAction> =
        cards.iter().zip(&lives).flat_map(|(card, (life, moves))| actions(card, life, moves, &lists)).collect();
    let history = history.into_iter().chain(attached).collect();
    let id = SourceId::of("project", &id);
    let name = projects.values().cloned().collect::<Vec<_>>().join(", ");
    let name = if name.is_empty() { "Jira".to_owned() } else { name };
    gathered.into_board(("jira", id, name), cards, history, export)
}

/// What the issues of a file say at all, by the keys that are in it: who asks for some fields alone says nothing of the others.
fn says(text: &str, gathered: &Gathered) -> Says {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    let fields = [
        ("Resolution", has("resolution")),
        ("Fix versions", has("fixVersions")),
        ("Affected versions", has("versions")),
        ("Environment", has("environment")),
        ("Links elsewhere", has("issuelinks")),
    ];
    let fields = fields.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| gathered.field_id(name)).collect();
    let said = [
        (Subject::Labels, has("labels") && has("components")),
        (Subject::Members, has("assignee")),
        (Subject::Priorities, has("priority")),
        (Subject::Wholes, has("parent")),
        (Subject::Links, has("issuelinks")),
    ];
    Says::of(&said, fields)
}

/// The key and the name of an issue's project.
fn project_of(issue: &WireIssue) -> (String, String) {
    let of_key = issue.key.rsplit_once('-').map_or(issue.key.as_str(), |(project, _)| project);
    let project = &issue.fields.project;
    let key = if project.key.is_empty() { of_key } else { &project.key };
    (key.to_owned(), if project.name.is_empty() { key.to_owned() } else { project.name.clone() })
}

/// `https://jira.example.org` of `https://jira.example.org/rest/api/2/issue/1`.
fn site_of(address: &str) -> Option<String> {
    let is_page = address.starts_with("https://") || address.starts_with("http://");
    address.split_once("/rest/").filter(|_| is_page).map(|(site, _)| site.to_owned())
}

/// The columns by what they are for, then by Jira's numbers of the statuses, which rise with the work.
fn columns(issues: &[WireIssue], gathered: &mut Gathered) {
    let mut statuses: BTreeMap<&str, &WireStatus> = BTreeMap::new();
    for issue in issues {
        statuses.entry(&issue.fields.status.name).or_insert(&issue.fields.status);
    }
    let mut statuses: Vec<&WireStatus> = statuses.into_values().collect();
    let number = |status: &WireStatus| status.id.as_ref().and_then(|id| id.parse::<u64>().ok()).unwrap_or(u64::MAX);
    statuses.sort_by_key(|status| (kind_of(status), number(status)));
    for status in statuses {
        column(&status.name, Some(kind_of(status)), gathered);
    }
}

/// Jira tells of each status whether work has begun or ended; the name tells the rest.
fn kind_of(status: &WireStatus) -> ColumnKindGuess {
    let by_name = known_kind(&status.name);
    match status.status_category.key.as_str() {
        "done" if by_name == Some(ColumnKindGuess::Cancelled) => ColumnKindGuess::Cancelled,
        "done" => ColumnKindGuess::Done,
        "indeterminate" => ColumnKindGuess::Active,
        "new" if by_name == Some(ColumnKindGuess::Ready) => ColumnKindGuess::Ready,
        "new" => ColumnKindGuess::Backlog,
        _ => by_name.unwrap_or(ColumnKindGuess::Backlog),
    }
}

/// The column of a status.
pub(super) fn column(name: &str, kind: Option<ColumnKindGuess>, gathered: &mut Gathered) -> SourceId {
    gathered.list(if name.is_empty() { "No status" } else { name }, kind)
}

pub(super) fn person(wire: Option<&WirePerson>, origin: Origin, gathered: &mut Gathered) -> Option<SourceId> {
    let wire = wire?;
    let id = [&wire.account_id, &wire.key, &wire.name, &wire.display_name].into_iter().find(|id| !id.is_empty())?;
    let name = [&wire.display_name, &wire.name].into_iter().find(|name| !name.trim().is_empty()).unwrap_or(id);
    Some(gathered.member(SourceId::of("user", id), name, &wire.name, origin))
}

/// What the reading of one issue needs of the others.
struct Reading<'a> {
    site: Option<&'a str>,
    here: &'a BTreeSet<String>,
    gathered: &'a mut Gathered,
    /// When and by whom files were attached.
    attached: &'a mut Vec<SourceAction>,
}

impl Reading<'_> {
    fn card(&mut self, issue: WireIssue) -> (SourceCard, Life, Moves) {
        let WireIssue { key, fields, changelog, .. } = issue;
        let mut fields = *fields;
        self.survey(&fields);
        let related = related(&key, &fields, self.here, &mut self.gathered.left_out);
        let made_by = fields.reporter.as_deref().or(fields.creator.as_deref());
        let life = Life {
            made_at_ms: self.moment(&fields.created),
            made_by: self.person(made_by),
            ended_at_ms: self.moment(&fields.resolved),
            ..Life::default()
        };
        self.person(fields.creator.as_deref());
        let moves = moves(changelog.as_deref(), self.gathered);
        let attachments = self.attachments(&key, &fields, &related);
        let mut field_values = self.field_values(&fields, &related);
        // By that it is known everywhere else.
        field_values.push(self.gathered.value("Key", SourceValue::Text(key.clone())));
        let priority = self.priority(fields.priority.as_ref());
        let type_id = fields.issue_type.as_ref().filter(|named| !named.name.is_empty());
        let type_id = type_id.map(|named| self.gathered.card_type(&named.name));
        let card = SourceCard {
            id: SourceId(key.clone()),
            desc: self.text(std::mem::take(&mut fields.description)),
            closed: false,
            list_id: column(&fields.status.name, None, self.gathered),
            due_at_ms: self.day(&fields.due),
            due_complete: false,
            label_ids: self.labels(&fields),
            member_ids: self.person(fields.assignee.as_deref()).into_iter().collect(),
            attachments,
            checklists: Vec::new(),
            comments: self.comments(&key, std::mem::take(&mut fields.comments)),
            field_values,
            type_id,
            priority,
            estimate: None,
            remaining: None,
            blocked: None,
            changed_at_ms: self.moment(&fields.updated),
            ended_at_ms: life.ended_at_ms,
            relations: related.relations,
            relations_dangling: related.links_elsewhere,
            name: fields.summary,
        };
        (card, life, moves)
    }

    fn survey(&mut self, fields: &WireFields) {
        let out = &mut self.gathered.left_out;
        out.add(
            "custom fields",
            "Jira's answers do not tell their names; a CSV of the same issues does",
            fields.custom,
        );
        out.add("records of work", "no times are recorded on cards", fields.worklog);
        out.add("estimates in hours", "estimates are in what the team counts in", fields.time_tracking);
        out.add(
            "votes and watchers",
            "cards have no votes, and people choose themselves what they watch",
            fields.votes,
        );
        out.add("flags", "block the card with a reason where it cannot go on", fields.flagged);
        out.add("other fields", "they are not known here", fields.other);
        out.add("statuses of issues", "the issue does not tell it", u64::from(fields.status.name.is_empty()));
    }

    fn person(&mut self, wire: Option<&WirePerson>) -> Option<SourceId> {
        person(wire, Origin::Listed, self.gathered)
    }

    fn moment(&mut self, text: &str) -> Option<i64> {
        let at = millis(text);
        let unreadable = u64::from(at.is_none() && !text.is_empty());
        self.gathered.left_out.add("times", "they are not moments that can be read", unreadable);
        at
    }

    /// A day such as `2016-02-25`.
    fn day(&mut self, text: &str) -> Option<i64> {
        let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let day = match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten()) {
            (Some(year), Some(month), Some(day)) => day_millis(year, month, day),
            _ => None,
        };
        let unreadable = u64::from(day.is_none() && !text.is_empty());
        self.gathered.left_out.add("due dates", "they are not days that can be read", unreadable);
        day
    }

    fn text(&mut self, rich: Rich) -> String {
        match rich {
            Rich::None => String::new(),
            Rich::Markup(text) => markdown(&text),
            Rich::Document(text) => {
                let why = "they are documents of Jira Cloud, of which the text comes in; version 2 of its interface gives them whole";
                self.gathered.left_out.add("looks of texts", why, 1);
                text
            }
        }
    }

    fn labels(&mut self, fields: &WireFields) -> Vec<SourceId> {
        let mut seen = BTreeSet::new();
        let mut worn = Vec::new();
        let labels = fields.labels.iter().filter(|label| !label.trim().is_empty());
        worn.extend(labels.map(|label| self.gathered.label(SourceId::of("label", label), label, None, false)));
        for component in fields.components.iter().filter(|component| !component.name.is_empty()) {
            let id = component.id.as_deref().unwrap_or(&component.name);
            let name = format!("Component: {}", component.name);
            worn.push(self.gathered.label(SourceId::of("component", id), &name, None, true));
        }
        worn.retain(|label| seen.insert(label.clone()));
        worn
    }

    fn priority(&mut self, named: Option<&WireNamed>) -> Option<crate::card::Priority> {
        let known = priority_of(&named?.name);
        self.gathered.left_out.add("priorities", "they have a name that is not known here", u64::from(known.is_err()));
        known.unwrap_or_default()
    }

    /// The issue's own page and its files, where they have an address.
    fn attachments(&mut self, key: &str, fields: &WireFields, related: &Related) -> Vec<SourceAttachment> {
        let mut links = Vec::new();
        for file in &fields.attachments {
            let Some(id) = &file.id else {
                self.gathered.left_out.add("attachments", "they have no id", 1);
                continue;
            };
            let attachment = SourceId::of("attachment", id);
            let author = person(file.author.as_deref(), Origin::Mentioned, self.gathered);
            if let Some(at_ms) = self.moment(&file.created) {
                let (id, deed) = (attachment.clone(), SourceDeed::AttachmentMade { attachment: attachment.clone() });
                self.attached.push(SourceAction { id, at_ms, author, deed });
            }
            let at_site = || self.site.map(|site| format!("{site}/secure/attachment/{id}/{}", encoded(&file.filename)));
            let url = if file.content.is_empty() { at_site().unwrap_or_default() } else { file.content.clone() };
            links.push(SourceAttachment { id: attachment, name: file.filename.clone(), url });
        }
        let mut seen = BTreeSet::new();
        links.retain(|link| seen.insert(link.id.clone()));
        let why =
            "Jira gives no files with its issues; their links come in where the site is known, and ask for a login";
        self.gathered.left_out.add("files of attachments", why, links.len() as u64);
        if let Some(site) = self.site {
            for (phrase, other) in &related.elsewhere {
                let id = SourceId(format!("{key}/{phrase}/{other}"));
                let url = format!("{site}/browse/{}", encoded(other));
                links.push(SourceAttachment { id, name: format!("{phrase} {other}"), url });
            }
        }
        let mut seen = BTreeSet::new();
        links.retain(|link| seen.insert(link.id.clone()));
        links
    }

    fn field_values(&mut self, fields: &WireFields, related: &Related) -> Vec<SourceFieldValue> {
        let mut values = Vec::new();
        if let Some(resolution) = fields.resolution.as_ref().filter(|resolution| !resolution.name.is_empty()) {
            values.push(self.gathered.choice("Resolution", &resolution.name));
        }
        if let Some(reporter) = self.person(fields.reporter.as_deref()) {
            values.push(self.gathered.value("Reporter", SourceValue::Person(reporter)));
        }
        let names = |named: &[WireListed]| named.iter().map(|named| named.name.as_str()).collect::<Vec<_>>().join(", ");
        let environment = match &fields.environment {
            Rich::None => String::new(),
            Rich::Markup(text) | Rich::Document(text) => text.trim().to_owned(),
        };
        let elsewhere = related.elsewhere.iter().map(|(phrase, other)| format!("{phrase} {other}"));
        // Those without an address would be lost.
        let files = fields.attachments.iter().filter(|file| self.site.is_none() && file.content.is_empty());
        let files = files.map(|file| file.filename.as_str()).collect::<Vec<_>>().join(", ");
        let texts = [
            ("Fix versions", names(&fields.fix_versions)),
            ("Affected versions", names(&fields.versions)),
            ("Sprints", names(&fields.sprints)),
            ("Environment", environment),
            ("Links elsewhere", elsewhere.collect::<Vec<_>>().join(", ")),
            ("Files in Jira", files),
        ];
        for (field, text) in texts {
            if !text.is_empty() {
                values.push(self.gathered.value(field, SourceValue::Text(text)));
            }
        }
        values
    }

    fn comments(&mut self, key: &str, wire: WireComments) -> Vec<SourceComment> {
        let held = wire.comments.len() as u64;
        let why = "the issue tells how many there are, but they are not in the file; ask for each issue by itself";
        self.gathered.left_out.add("comments", why, wire.total.saturating_sub(held));
        let mut seen = BTreeSet::new();
        let mut comments = Vec::with_capacity(wire.comments.len());
        for comment in wire.comments {
            let at_ms = self.moment(&comment.created);
            let author = self.person(comment.author.as_deref());
            let number = comments.len();
            let id = comment.id.unwrap_or_else(|| format!("{key}/{}/{number}", comment.created));
            if seen.insert(id.clone()) {
                let text = self.text(comment.body);
                comments.push(SourceComment { id: SourceId::of("comment", &id), author, at_ms, text });
            }
        }
        comments
    }
}

/// A part of an address in which nothing parts it further.
fn encoded(part: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let digits = [byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)]));
            out.extend(['%', digits[0], digits[1]]);
        }
    }
    out
}
