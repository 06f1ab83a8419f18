//! From the issues as they are written to the board as it is handed on.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::id::Id;

use super::super::source::colour::word_of;
use super::super::source::time::millis;
use super::super::source::{
    ColumnKindGuess, Gathered, LeftOut, Life, Lists, NO_BEGINNING, Origin, Says, SourceAttachment, SourceBoard,
    SourceCard, SourceComment, SourceId, SourceValue, Subject,
};
use super::wire::{WireComment, WireComments, WireIssue, WireLabel, WireUser};

/// Everything finds a place or a line in `not_imported`. `name` is for a board whose repository is not told.
pub(super) fn assemble(
    text: &str,
    issues: Vec<WireIssue>,
    comments: Vec<WireComment>,
    name: &str,
    export: Id,
) -> SourceBoard {
    let mut left_out = LeftOut::default();
    let out = &mut left_out;
    let before = issues.len();
    let mut issues: Vec<WireIssue> = issues.into_iter().filter(|issue| issue.pull_request.once() == 0).collect();
    out.add("pull requests", "they are work on a repository's code, not issues", (before - issues.len()) as u64);
    let repositories: BTreeSet<String> = issues.iter().filter_map(repository).collect();
    let only = repositories.first().filter(|_| repositories.len() == 1).cloned();
    let name = only.clone().unwrap_or_else(|| name.to_owned());
    let scope = |issue: &WireIssue| repository(issue).unwrap_or_else(|| name.clone());
    let mut seen = BTreeSet::new();
    let before = issues.len();
    issues.retain(|issue| seen.insert((scope(issue), issue.number)));
    out.add("issues", "their number stands in the file twice; the first one comes in", (before - issues.len()) as u64);
    // The newest stands first in the file; here the oldest does.
    issues.sort_by_key(|issue| (scope(issue), issue.number));

    let mut more: BTreeMap<(String, u64), Vec<WireComment>> = BTreeMap::new();
    for comment in comments {
        let issue = issue_of(&comment).map(|(of, number)| (of.unwrap_or_else(|| name.clone()), number));
        match issue.filter(|issue| seen.contains(issue)) {
            Some(issue) => more.entry(issue).or_default().push(comment),
            None => out.add("comments", "their issue is not in the file", 1),
        }
    }
    let mut gathered = Gathered::of(&name);
    gathered.left_out = left_out;
    let open = gathered.list("Open", Some(ColumnKindGuess::Ready));
    let closed = gathered.list("Closed", Some(ColumnKindGuess::Done));
    // What was given up is not done. Most repositories close nothing so, and have no column for it.
    let given_up = issues.iter().any(is_given_up);
    let given_up = given_up.then(|| gathered.list("Not planned", Some(ColumnKindGuess::Cancelled)));
    let mut cards = Vec::with_capacity(issues.len());
    let mut lives = Vec::with_capacity(issues.len());
    for issue in issues {
        let scope = scope(&issue);
        let more = more.remove(&(scope.clone(), issue.number)).unwrap_or_default();
        let list = match &given_up {
            Some(given_up) if is_given_up(&issue) => given_up,
            _ if is_closed(&issue) => &closed,
            _ => &open,
        };
        let (card, life) = card(issue, &scope, list, more, &mut gathered);
        cards.push(card);
        lives.push(life);
    }
    let lists = gathered.lists.clone();
    let lists = Lists::of(&lists);
    gathered.says = says(text, &gathered);
    gathered.left_out.add("times of closing", NO_BEGINNING, lists.untold_ends(cards.iter().zip(&lives)));
    let history = cards.iter().zip(&lives).flat_map(|(card, life)| lists.actions(card, life)).collect();
    gathered.into_board(("github", SourceId::of("repository", &name), name), cards, history, export)
}

/// The field of why an issue was closed, where that is not usual.
const CLOSED_AS: &str = "Closed as";
const MILESTONE: &str = "Milestone";

/// What the issues of a file say at all, by the keys that are in it.
fn says(text: &str, gathered: &Gathered) -> Says {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    let fields = [(MILESTONE, has("milestone")), (CLOSED_AS, has("state_reason") || has("stateReason"))];
    let fields = fields.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| gathered.field_id(name)).collect();
    Says::of(&[(Subject::Labels, has("labels")), (Subject::Members, has("assignees"))], fields)
}

fn is_closed(issue: &WireIssue) -> bool {
    issue.state.eq_ignore_ascii_case("closed")
}

/// Why it was closed, or opened again: "not planned", "duplicate".
fn reason_of(issue: &WireIssue) -> String {
    issue.state_reason.to_lowercase().replace('_', " ")
}

fn is_usual(reason: &str) -> bool {
    matches!(reason, "" | "completed" | "reopened")
}

fn is_given_up(issue: &WireIssue) -> bool {
    is_closed(issue) && !is_usual(&reason_of(issue))
}

fn card(
    issue: WireIssue,
    scope: &str,
    list: &SourceId,
    more: Vec<WireComment>,
    gathered: &mut Gathered,
) -> (SourceCard, Life) {
    survey(&issue, gathered);
    let id = SourceId(format!("{scope}#{}", issue.number));
    let mut label_ids: Vec<SourceId> = issue.labels.iter().filter_map(|label| label_of(label, gathered)).collect();
    each_once(&mut label_ids);
    let assigned = issue.assignees.iter().chain(issue.assignee.as_deref());
    let mut member_ids: Vec<SourceId> = assigned.filter_map(|user| person(Some(user), gathered)).collect();
    each_once(&mut member_ids);
    let made_by = person(issue.user.as_deref(), gathered);
    let life = Life {
        made_at_ms: moment(&issue.created_at, gathered),
        made_by,
        ended_at_ms: moment(&issue.closed_at, gathered),
        ended_by: person(issue.closed_by.as_deref(), gathered),
        ..Life::default()
    };
    let changed_at_ms = moment(&issue.updated_at, gathered);
    let mut field_values = Vec::new();
    let milestone = issue.milestone.as_deref().map(|milestone| milestone.title.as_str()).unwrap_or_default();
    if !milestone.is_empty() {
        field_values.push(gathered.choice(MILESTONE, milestone));
    }
    let reason = reason_of(&issue);
    if !is_usual(&reason) {
        field_values.push(gathered.choice(CLOSED_AS, &reason));
    }
    let address = address(&issue).to_owned();
    let attachments = if address.is_empty() {
        // Its number would be lost.
        field_values.push(gathered.value("Number", SourceValue::Number(issue.number.to_string())));
        Vec::new()
    } else {
        let name = format!("{scope}#{}", issue.number);
        vec![SourceAttachment { id: SourceId(format!("{scope}#{}/address", issue.number)), name, url: address }]
    };
    let (own, counted) = match issue.comments {
        WireComments::Whole(own) => (own, 0),
        WireComments::Count(count) => (Vec::new(), count),
    };
    let comments = comments(own.into_iter().chain(more), &id, gathered);
    let why =
        "the list tells no more than how many there are; save them with \"gh\", or name a second file with --comments";
    gathered.left_out.add("comments", why, counted.saturating_sub(comments.len() as u64));
    let card = SourceCard {
        id,
        name: issue.title,
        desc: issue.body,
        closed: false,
        list_id: list.clone(),
        due_at_ms: None,
        due_complete: false,
        label_ids,
        member_ids,
        attachments,
        checklists: Vec::new(),
        comments,
        field_values,
        type_id: None,
        priority: None,
        estimate: None,
        remaining: None,
        blocked: None,
        changed_at_ms,
        ended_at_ms: life.ended_at_ms,
        relations: Vec::new(),
        relations_dangling: 0,
    };
    (card, life)
}

fn survey(issue: &WireIssue, gathered: &mut Gathered) {
    let out = &mut gathered.left_out;
    let counted = issue.reactions.total_count.as_deref().and_then(|count| count.parse().ok()).unwrap_or(0);
    out.add("reactions", "cards have no reactions", issue.reaction_groups.0.max(counted));
    out.add(
        "places in projects",
        "GitHub's projects are boards of their own",
        issue.project_items.0 + issue.project_cards.0,
    );
    out.add("locks of conversations", "conversations cannot be locked", issue.locked.once());
    out.add("pins", "cards cannot be pinned", issue.is_pinned.once());
    if let Some(milestone) = &issue.milestone {
        let why = "a milestone comes in as a choice of a field, by its title";
        out.add("due dates of milestones", why, milestone.due_on.once());
        out.add("descriptions of milestones", why, milestone.description.once());
    }
}

/// Comments of both spellings: one that stands in both files is one, by its address, which both tell.
fn comments(wire: impl Iterator<Item = WireComment>, card: &SourceId, gathered: &mut Gathered) -> Vec<SourceComment> {
    let mut seen = BTreeSet::new();
    let mut comments = Vec::new();
    for comment in wire {
        let of_address = [&comment.html_url, &comment.url].into_iter();
        let of_address =
            of_address.filter_map(|url| url.rsplit_once("#issuecomment-")).map(|(_, id)| id.to_owned()).next();
        let content = || format!("{}/{}", comment.created_at, comment.body);
        let id = of_address.or_else(|| comment.id.clone()).unwrap_or_else(content);
        if !seen.insert(id.clone()) {
            continue;
        }
        gathered.left_out.add("marks of hidden comments", "they come in as others do", comment.is_minimized.once());
        let at_ms = moment(&comment.created_at, gathered);
        let author = person(comment.user.as_deref(), gathered);
        let id = SourceId(format!("{}/{id}", card.as_str()));
        comments.push(SourceComment { id, author, at_ms, text: comment.body });
    }
    comments
}

fn label_of(label: &WireLabel, gathered: &mut Gathered) -> Option<SourceId> {
    let (name, colour) = match label {
        WireLabel::Name(name) => (Some(name), None),
        WireLabel::Whole { name, color } => (name.as_ref(), color.as_deref().and_then(word_of)),
    };
    let name = name.filter(|name| !name.trim().is_empty())?;
    Some(gathered.label(SourceId::of("label", name), name, colour, false))
}

/// A login is one whatever its capitals.
fn person(user: Option<&WireUser>, gathered: &mut Gathered) -> Option<SourceId> {
    let user = user.filter(|user| !user.login.is_empty())?;
    let name = if user.name.trim().is_empty() { &user.login } else { &user.name };
    let id = SourceId::of("user", &user.login.to_lowercase());
    Some(gathered.member(id, name, &user.login, Origin::Listed))
}

fn moment(text: &str, gathered: &mut Gathered) -> Option<i64> {
    let at = millis(text);
    // `gh` writes the first moment of the calendar where there is none.
    let is_none = text.is_empty() || text.starts_with("0001-");
    let unreadable = u64::from(at.is_none() && !is_none);
    gathered.left_out.add("times", "they are not moments that can be read", unreadable);
    at.filter(|_| !is_none)
}

/// The page of the issue. `url` is that in the answers of `gh`, and an address of the API in the API's own.
fn address(issue: &WireIssue) -> &str {
    if issue.html_url.is_empty() && !issue.url.contains("/repos/") { &issue.url } else { &issue.html_url }
}

/// `owner/repository`, as some address of the issue tells it.
fn repository(issue: &WireIssue) -> Option<String> {
    [&issue.repository_url, &issue.html_url, &issue.url].into_iter().find_map(|url| repository_of(url))
}

fn repository_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let mut parts = rest.split('/').skip(1);
    let mut owner = parts.next()?;
    if owner == "repos" {
        owner = parts.next()?;
    } else if owner == "api" {
        // A server of one's own has its API below /api/v3.
        owner = parts.nth(2)?;
    }
    let repository = parts.next()?;
    let is_name = |name: &str| !name.is_empty() && !name.contains(['?', '#']);
    (is_name(owner) && is_name(repository)).then(|| format!("{owner}/{repository}"))
}

/// The issue that a comment of the API's list is of: `…/repos/OWNER/REPO/issues/12`, or `…/OWNER/REPO/issues/12#issuecomment-1`.
fn issue_of(comment: &WireComment) -> Option<(Option<String>, u64)> {
    [&comment.issue_url, &comment.html_url].into_iter().find_map(|url| {
        let (_, rest) = url.split_once("/issues/")?;
        let number = rest.split(['#', '/', '?']).next()?.parse().ok()?;
        Some((repository_of(url), number))
    })
}

fn each_once(ids: &mut Vec<SourceId>) {
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()));
}
