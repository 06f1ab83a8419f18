//! Finding cards over all projects.

use recordplayer_client::{Device, Space, now};
use recordplayer_kanban::ids::CommentId;
use recordplayer_kanban::{Board, Card, Column};
use recordplayer_search::query::{Query, QueryError};
use recordplayer_search::{Excerpt, Found, Hit, OpenError, Place, Unknown};
use serde_json::{Value, json};

use super::answer::{Answer, DAMAGED, Failure, NOT_IN_TIME, WRONG_USE, line};
use super::arguments::Options;
use super::personal;
use crate::said::Names;
use crate::searching::Searching;
use crate::time::day_of;

/// Finds what is typed, within what a search finds that the person keeps.
pub(crate) fn run(
    device: &Device,
    options: &Options,
    (typed, saved): (Option<&str>, Option<&str>),
    limit: usize,
) -> Result<Answer, Failure> {
    let saved = saved.map(|name| personal::saved_search(device, options, name)).transpose()?;
    let within = within(device, options)?;
    let typed: Vec<&str> = within.as_deref().into_iter().chain(saved.as_deref()).chain(typed).collect();
    let typed = typed.join(" ");
    let typed = typed.as_str();
    let query = understood(typed)?;
    let searching = Searching::open(device).map_err(|error| not_opened(&error))?;
    let broken = |error: &dyn std::fmt::Display| Failure::new(DAMAGED, "no_index", error, "");
    searching.catch_up(&|| true).map_err(|error| broken(&error))?;
    let today = day_of(now()).ok_or_else(|| broken(&"the clock of this computer shows no day; set it"))?;
    let found = searching.search(&query, today, limit).map_err(|error| broken(&error))?;
    let shown: Vec<Shown> = found.hits.iter().filter_map(|hit| Shown::of(device, hit)).collect();
    Ok(Answer::new(json(typed, &found, &shown), text(&found, &shown)))
}

/// The filter of `--project` and `--board`.
fn within(device: &Device, options: &Options) -> Result<Option<String>, Failure> {
    if options.project.is_none() && options.board.is_none() {
        return Ok(None);
    }
    let place = super::place::Place::find(device, options)?;
    let project = format!("project:{}", place.project().key);
    let board = options.board.as_ref().map(|_| place.board(None)).transpose()?;
    Ok(Some(match board {
        Some(board) => format!("{project} board:\"{}\"", board.title),
        None => project,
    }))
}

/// What a search looks for, or what is not understood of it.
pub(crate) fn understood(typed: &str) -> Result<Query, Failure> {
    typed.parse().map_err(|error| misunderstood(typed, &error))
}

/// Where the query is not understood, it is shown with the place underlined.
fn misunderstood(typed: &str, error: &QueryError) -> Failure {
    let width = |part: &str| line(part).chars().count();
    let (before, place) = (&typed[..error.at.start], &typed[error.at.clone()]);
    let underlined = format!("  {}\n  {}{}", line(typed), " ".repeat(width(before)), "^".repeat(width(place).max(1)));
    let details = json!({ "from": error.at.start, "to": error.at.end });
    Failure::new(WRONG_USE, "bad_query", error, &underlined).with_details(details)
}

fn not_opened(error: &OpenError) -> Failure {
    match error {
        OpenError::InUse => Failure::new(NOT_IN_TIME, "in_use", error, "Wait until it is done, and try again"),
        OpenError::Folder(_) | OpenError::NotBegun(_) => Failure::new(DAMAGED, "no_index", error, ""),
    }
}

/// A card that was found, as people know it.
struct Shown<'a> {
    hit: &'a Hit,
    key: String,
    project: String,
    board: String,
    column: String,
}

impl<'a> Shown<'a> {
    fn of(device: &Device, hit: &'a Hit) -> Option<Self> {
        let space: Space = device.space(hit.space)?;
        let card = space.entity::<Card>(hit.card);
        let column = card.column().map(|column| space.entity::<Column>(column)).unwrap_or_default();
        let board = column.board.map(|board| space.entity::<Board>(board)).unwrap_or_default();
        let project = device.spaces().into_iter().find(|info| info.space == hit.space)?.title;
        let key = Names::patient(device, &space).key_of(hit.card);
        Some(Self { hit, key, project, board: board.title().to_owned(), column: column.name.clone() })
    }

    fn json(&self) -> Value {
        json!({
            "key": self.key, "id": self.hit.card.to_string(), "title": self.hit.title.text, "project": self.project,
            "board": self.board, "column": self.column,
            "found_in": self.hit.excerpt.as_ref().map(|excerpt| json!({
                "place": place(excerpt.place), "comment": comment(excerpt.place).map(|comment| comment.to_string()), "text": excerpt.text.text,
            })),
        })
    }

    fn text(&self) -> String {
        let places = [&self.project, &self.board, &self.column].map(|name| line(name)).join(" / ");
        let title = Card::shown_title(&self.hit.title.text);
        let found_in = |excerpt: &Excerpt| format!("\n    {}: {}", place(excerpt.place), line(&excerpt.text.text));
        let found_in = self.hit.excerpt.as_ref().map_or_else(String::new, found_in);
        format!("{}  {}  ({places}){found_in}", self.key, line(title))
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Description => "description",
        Place::Comment(_) => "comment",
        Place::Rest => "details",
    }
}

fn comment(place: Place) -> Option<CommentId> {
    match place {
        Place::Comment(comment) => Some(comment),
        Place::Description | Place::Rest => None,
    }
}

fn json(typed: &str, found: &Found, shown: &[Shown<'_>]) -> Value {
    let unknown =
        |unknown: &Unknown| json!({ "from": unknown.at.start, "to": unknown.at.end, "message": unknown.to_string() });
    json!({
        "query": typed, "total": found.total, "cards": shown.iter().map(Shown::json).collect::<Vec<_>>(),
        "unknown": found.unknown.iter().map(unknown).collect::<Vec<_>>(),
    })
}

fn text(found: &Found, shown: &[Shown<'_>]) -> String {
    let mut lines: Vec<String> = shown.iter().map(Shown::text).collect();
    lines.extend(found.unknown.iter().map(|unknown| line(&unknown.to_string())));
    lines.push(match found.total {
        0 => "No card is found".to_owned(),
        1 => "One card".to_owned(),
        total if total > shown.len() => format!("{total} cards; the first {} are shown", shown.len()),
        total => format!("{total} cards"),
    });
    lines.join("\n")
}
