//! What is the person's own: what they should hear of and have to do, what they keep, how they like things.

use recordplayer::id::{CommandId, SpaceId};
use recordplayer::record::Position;
use recordplayer_client::{Device, Space, SpaceInfo, Ticket, now};
use recordplayer_kanban::card::{Day, Priority};
use recordplayer_kanban::desk::{DeskCommand, SavedSearch};
use recordplayer_kanban::ids::{PersonId, SearchId};
use recordplayer_kanban::marks::MarksCommand;
use recordplayer_kanban::view::{Activity, News};
use recordplayer_kanban::{Board, Card, Column, Comment, Desk};
use serde_json::{Value, json};

use super::answer::{Answer, DAMAGED, Failure, WRONG_USE, line, time};
use super::arguments::{InboxCommand, Options, SearchesCommand};
use super::place::Place;
use super::search::understood;
use super::{project, send};
use crate::mine::{Entry, Mine, Task, Told, asked, projects};
use crate::references;
use crate::reminders;
use crate::said::{Names, SOMEBODY};
use crate::time::{day_of, start_of};
use crate::when;

/// Ids are shown with so many digits; what is named by its beginning is looked for among what the inbox shows.
const DIGITS_SHOWN: usize = 8;

fn today() -> Day {
    day_of(now()).unwrap_or_else(|| Day::of(now()).expect("today is a day"))
}

fn names<'a>(device: &'a Device, mine: &'a Mine) -> Names<'a> {
    Names::patient(device, &mine.space)
}

/// The project of `--project`, or all.
fn meant(device: &Device, options: &Options) -> Result<Vec<Mine>, Failure> {
    let mut all = projects(device);
    if options.project.is_some() {
        let only = Place::find(device, options)?.info.space;
        all.retain(|mine| mine.info.space == only);
    }
    Ok(all)
}

pub(crate) fn inbox(
    device: &Device,
    options: &Options,
    all: bool,
    command: Option<&InboxCommand>,
) -> Result<Answer, Failure> {
    let (mine, day) = (meant(device, options)?, today());
    let entries: Vec<(&Mine, Vec<Entry>)> = mine.iter().map(|mine| (mine, mine.inbox(device, &day, now()))).collect();
    match command {
        None => Ok(shown(device, &entries, all)),
        Some(InboxCommand::Read { everything: true, .. }) => {
            let mut marked = Vec::new();
            for (mine, entries) in &entries {
                let unread: Vec<CommandId> = entries
                    .iter()
                    .filter(|entry| !entry.is_read && entry.put_off.is_none())
                    .map(|one| one.id)
                    .collect();
                if !unread.is_empty() {
                    marked.push((*mine, MarksCommand::Read { entries: unread }, entries.as_slice()));
                }
            }
            mark(device, marked, "Read")
        }
        Some(InboxCommand::Read { ids, .. }) => {
            let marked = each(&entries, ids, |entries| MarksCommand::Read { entries })?;
            mark(device, marked, "Read")
        }
        Some(InboxCommand::Unread { ids }) => {
            let marked = each(&entries, ids, |entries| MarksCommand::Unread { entries })?;
            mark(device, marked, "Not read")
        }
        Some(InboxCommand::Snooze { id, until }) => {
            let (mine, entry, all) = find(&entries, id)?;
            let day = when::typed(until, &day).and_then(|day| start_of(&day)).filter(|until| *until > now());
            let Some(until) = day else {
                let message = format!("{until:?} is no day that is to come");
                let help = "Write it as 2026-12-24, tomorrow, mon or +3d";
                return Err(Failure::new(WRONG_USE, "bad_day", message, help));
            };
            mark(device, vec![(mine, MarksCommand::Snooze { entry, until }, all)], "Put off")
        }
        Some(InboxCommand::Wake { id }) => {
            let (mine, entry, all) = find(&entries, id)?;
            mark(device, vec![(mine, MarksCommand::Wake { entry }, all)], "Put off no longer")
        }
    }
}

type Found<'a> = (&'a Mine, MarksCommand, &'a [Entry]);

/// Entries by their ids, those of each project together.
fn each<'a>(
    entries: &'a [(&'a Mine, Vec<Entry>)],
    ids: &[String],
    command: impl Fn(Vec<CommandId>) -> MarksCommand,
) -> Result<Vec<Found<'a>>, Failure> {
    let found = ids.iter().map(|id| find(entries, id)).collect::<Result<Vec<_>, _>>()?;
    let of_project = |(mine, all): &'a (&'a Mine, Vec<Entry>)| {
        let is_of_it = |other: &&(&Mine, CommandId, &[Entry])| other.0.info.space == mine.info.space;
        let ids: Vec<CommandId> = found.iter().filter(is_of_it).map(|(_, id, _)| *id).collect();
        (!ids.is_empty()).then(|| (*mine, command(ids), all.as_slice()))
    };
    Ok(entries.iter().filter_map(of_project).collect())
}

fn find<'a>(entries: &'a [(&'a Mine, Vec<Entry>)], id: &str) -> Result<(&'a Mine, CommandId, &'a [Entry]), Failure> {
    let all =
        entries.iter().flat_map(|(mine, entries)| entries.iter().map(move |entry| (*mine, entry, entries.as_slice())));
    let mut found = all.filter(|(_, entry, _)| !id.is_empty() && entry.id.to_string().starts_with(id));
    match (found.next(), found.next()) {
        (Some((mine, entry, all)), None) => Ok((mine, entry.id, all)),
        (None, _) => {
            let message = format!("There is no entry {id:?} in the inbox");
            Err(Failure::new(WRONG_USE, "unknown_entry", message, "See \"recordplayer inbox --all\""))
        }
        (Some(_), Some(_)) => {
            let message = format!("Several entries of the inbox begin with {id:?}");
            Err(Failure::new(WRONG_USE, "ambiguous_entry", message, "Use more digits"))
        }
    }
}

fn mark(device: &Device, marked: Vec<Found<'_>>, what: &str) -> Result<Answer, Failure> {
    let mut count = 0;
    let mut tickets = Vec::new();
    for (mine, command, entries) in marked {
        count += match &command {
            MarksCommand::Read { entries } | MarksCommand::Unread { entries } => entries.len(),
            _ => 1,
        };
        tickets.push(mine.mark(device, &command, entries).map_err(send::failure)?);
    }
    saved(&tickets)?;
    let said = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
    Ok(Answer::new(json!({ "marked": count, "commands": send::ids(&tickets) }), format!("{what}: {said}")))
}

/// What is one's own is on its way when it is saved here.
fn saved(tickets: &[Ticket]) -> Result<(), Failure> {
    tickets.iter().try_for_each(send::save)
}

fn shown(device: &Device, entries: &[(&Mine, Vec<Entry>)], all: bool) -> Answer {
    let (mut json, mut text) = (Vec::new(), Vec::new());
    let is_shown = |entry: &Entry| all || (!entry.is_read && entry.put_off.is_none());
    let each = entries.iter().flat_map(|(mine, entries)| entries.iter().map(move |entry| (*mine, entry)));
    let mut found: Vec<(&Mine, &Entry)> = each.filter(|(_, entry)| is_shown(entry)).collect();
    found.sort_by_key(|(_, entry)| entry.order());
    for (mine, entry) in &found {
        let names = names(device, mine);
        let card = mine.space.entity::<Card>(entry.card);
        let (key, title) = (names.key_of(entry.card), Card::shown_title(&card.title).to_owned());
        let (kind, by, said, comment) = told(&names, &mine.space, entry);
        text.push(format!(
            "{}  {}{}  {key} {}  [{}]{}",
            &entry.id.to_string()[..DIGITS_SHOWN],
            if entry.is_read { "" } else { "• " },
            line(&said),
            line(&title),
            line(&mine.info.title),
            comment.as_ref().map(|comment| format!("  “{}”", line(comment))).unwrap_or_default(),
        ));
        json.push(json!({
            "id": entry.id.to_string(), "project": mine.info.title, "project_id": mine.info.space.to_string(),
            "key": key, "card": entry.card.to_string(), "title": title, "kind": kind, "by": by, "what": said,
            "comment": comment, "at": entry.at.map(|(at, _)| time(at)), "read": entry.is_read,
            "put_off_until": entry.put_off.map(time),
        }));
    }
    if text.is_empty() {
        text.push("Nothing waits for you here".to_owned());
    }
    Answer::new(json!({ "entries": json }), text.join("\n"))
}

/// The kind of news, who did it, in words, and what they wrote.
fn told(names: &Names<'_>, space: &Space, entry: &Entry) -> (&'static str, Option<String>, String, Option<String>) {
    let (news, by) = match &entry.told {
        Told::Due { day } => {
            let (said, _) = crate::time::due(day, &today());
            return ("due", None, said, None);
        }
        Told::News { news, by } => (*news, names.name_of(PersonId::from(*by)).unwrap_or_else(|| SOMEBODY.to_owned())),
    };
    if let News::SentBack { why } = news {
        let text = format!("The other project {}: {why}", news.words());
        return (news.name(), None, text, None);
    }
    let comment = match news {
        News::Commented { comment } | News::Mentioned { comment } => {
            Some(references::read(names, &space.entity::<Comment>(comment).text)).filter(|text| !text.is_empty())
        }
        News::Assigned {} | News::Approved {} | News::Rejected {} | News::SentBack { .. } => None,
    };
    (news.name(), Some(by.clone()), format!("{by} {}", news.words()), comment)
}

pub(crate) fn work(device: &Device, options: &Options) -> Result<Answer, Failure> {
    let (mut json, mut text) = (Vec::new(), Vec::new());
    for mine in &meant(device, options)? {
        let names = names(device, mine);
        for task in mine.tasks() {
            let (said, object) = one_task(mine, &names, &task);
            text.push(said);
            json.push(object);
        }
    }
    if text.is_empty() {
        text.push("You have nothing to do".to_owned());
    }
    Ok(Answer::new(json!({ "tasks": json }), text.join("\n")))
}

fn one_task(mine: &Mine, names: &Names<'_>, task: &Task) -> (String, Value) {
    let card = mine.space.entity::<Card>(task.card);
    let column = card.column().map(|column| mine.space.entity::<Column>(column)).unwrap_or_default();
    let board = column.board.map(|board| mine.space.entity::<Board>(board)).unwrap_or_default();
    let (key, asks, title) = (names.key_of(task.card), asked(task, card.stage), Card::shown_title(&card.title));
    let due = card.due.as_ref().map(|day| format!("  {}", crate::time::due(day, &today()).0)).unwrap_or_default();
    let why = card.blocked.as_ref().map(|why| references::read(names, why));
    let blocked = why.as_ref().map(|why| format!("  blocked: {}", line(why))).unwrap_or_default();
    let place = format!("{} / {} / {}", line(&mine.info.title), line(board.title()), line(&column.name));
    let text = format!("{asks:<6}  {key} {}  [{place}]{due}{blocked}", line(title));
    let json = json!({
        "asks": asks, "assigned": task.is_assigned, "project": mine.info.title,
        "project_id": mine.info.space.to_string(), "board": board.title(), "column": column.name, "key": key,
        "card": task.card.to_string(), "title": title, "due": card.due, "blocked": why,
        "priority": card.priority.map(Priority::name),
    });
    (text, json)
}

pub(crate) fn away(device: &Device, options: &Options, seen: bool) -> Result<Answer, Failure> {
    let (mut json, mut text, mut tickets) = (Vec::new(), Vec::new(), Vec::new());
    for mine in &meant(device, options)? {
        let (entries, upto) = mine.while_away(device);
        let names = names(device, mine);
        for entry in &entries {
            let (said, object) = one_deed(mine, &names, entry);
            text.push(said);
            json.push(object);
        }
        if seen && upto > mine.marks(device).seen {
            let shown = mine.inbox(device, &today(), now());
            tickets.push(mine.mark(device, &MarksCommand::See { upto }, &shown).map_err(send::failure)?);
        }
    }
    saved(&tickets)?;
    if text.is_empty() {
        text.push("Nobody else did anything since".to_owned());
    }
    Ok(Answer::new(json!({ "entries": json }), text.join("\n")))
}

fn one_deed(mine: &Mine, names: &Names<'_>, entry: &Activity) -> (String, Value) {
    let actor = entry.actor.and_then(|actor| names.name_of(PersonId::from(actor)));
    let key = entry.card.map(|card| names.key_of(card));
    let what = names.named(&entry.what);
    let who = actor.as_deref().unwrap_or(SOMEBODY);
    let on = key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
    let text = format!("{}  {on}{} {}  [{}]", time(entry.at), line(who), line(&what), line(&mine.info.title));
    let Position(record) = entry.record;
    let json = json!({
        "project": mine.info.title, "project_id": mine.info.space.to_string(), "record": record, "key": key,
        "actor": actor, "at": time(entry.at), "happened_at": entry.happened_at.map(time), "what": what,
    });
    (text, json)
}

/// The personal space of the account that is meant; without any, that of this computer.
fn own<'a>(device: &'a Device, options: &'a Options) -> Result<Place<'a>, Failure> {
    let account = if device.accounts().is_empty() && options.account.is_none() {
        device.person_on_this_computer().map_err(|error| Failure::new(DAMAGED, "disk", error, ""))?
    } else {
        project::account(device, options)?
    };
    let space = device.personal(&account.url).map_err(send::failure)?;
    let title = recordplayer::membership::PERSONAL_TITLE.to_owned();
    let info = SpaceInfo { space: SpaceId::personal(account.person), title, role: String::new(), url: account.url };
    Ok(Place { device, info, space, options, board: None })
}

fn desk(place: &Place<'_>) -> std::sync::Arc<Desk> {
    place.space.entity::<Desk>(place.info.space.0)
}

pub(crate) fn searches(device: &Device, options: &Options, command: &SearchesCommand) -> Result<Answer, Failure> {
    let place = own(device, options)?;
    let desk = desk(&place);
    let named = |name: &str| desk.searches.iter().find(|(_, kept)| kept.name == name).map(|(id, _)| *id);
    match command {
        SearchesCommand::List => {
            let one = |kept: &SavedSearch| json!({ "name": kept.name, "query": kept.query });
            let json: Vec<Value> = desk.searches.values().map(one).collect();
            let one = |kept: &SavedSearch| format!("{}: {}", line(&kept.name), line(&kept.query));
            let text: Vec<String> = desk.searches.values().map(one).collect();
            Ok(Answer::new(json!({ "searches": json }), text.join("\n")))
        }
        SearchesCommand::Save { name, query } => {
            // It would be of no use, and that would be told each time.
            understood(query)?;
            let search = named(name).unwrap_or_else(|| SearchId(place.space.fresh_id()));
            let save = DeskCommand::SaveSearch { search, name: name.clone(), query: query.clone() };
            let ticket = send::one::<Desk>(&place, place.info.space.0, &save)?;
            let json = json!({ "name": name, "id": search.to_string(), "command": ticket.command().to_string() });
            Ok(Answer::new(json, format!("Kept the search {}", line(name))))
        }
        SearchesCommand::Remove { name } => {
            let Some(search) = named(name) else {
                return Err(no_such_search(name));
            };
            let ticket = send::one::<Desk>(&place, place.info.space.0, &DeskCommand::RemoveSearch { search })?;
            let json = json!({ "name": name, "command": ticket.command().to_string() });
            Ok(Answer::new(json, format!("Kept no longer: {}", line(name))))
        }
    }
}

/// The query of a search that the person keeps.
pub(super) fn saved_search(device: &Device, options: &Options, name: &str) -> Result<String, Failure> {
    let desk = desk(&own(device, options)?);
    let kept = desk.searches.values().find(|kept| kept.name == name).map(|kept| kept.query.clone());
    kept.ok_or_else(|| no_such_search(name))
}

fn no_such_search(name: &str) -> Failure {
    let message = format!("You keep no search {name:?}");
    Failure::new(WRONG_USE, "unknown_search", message, "See \"recordplayer searches list\"")
}

/// What has become due since this device was asked last.
pub(crate) fn remind(device: &Device) -> Result<Answer, Failure> {
    let due = reminders::take(device, &today(), now()).map_err(|error| {
        let message = format!("What was reminded of cannot be kept: {error}");
        Failure::new(DAMAGED, "unwritable", message, "Check the data folder and its free space")
    })?;
    let mine = projects(device);
    let mut rows = Vec::new();
    for reminder in due {
        let Some(mine) = mine.iter().find(|mine| mine.info.space == reminder.project) else { continue };
        let title = mine.space.entity::<Card>(reminder.card).title.clone();
        rows.push((names(device, mine).key_of(reminder.card), title, mine.info.title.clone(), reminder));
    }
    let json = rows.iter().map(|(key, title, project, reminder)| {
        json!({
            "key": key, "id": reminder.card.to_string(), "title": title, "project": project, "due": reminder.day.as_str(),
        })
    });
    let json = json!({ "reminders": json.collect::<Vec<_>>() });
    let text = rows.iter().map(|(key, title, project, reminder)| {
        format!("{key}  {}  ({})  due {}", line(Card::shown_title(title)), line(project), reminder.day)
    });
    let text: Vec<String> = text.collect();
    Ok(Answer::new(json, if text.is_empty() { "Nothing has become due".to_owned() } else { text.join("\n") }))
}

pub(crate) fn setting(
    device: &Device,
    options: &Options,
    name: Option<&str>,
    value: Option<&str>,
    clear: bool,
) -> Result<Answer, Failure> {
    let place = own(device, options)?;
    let settings = desk(&place).settings.clone();
    let Some(name) = name else {
        let text: Vec<String> =
            settings.iter().map(|(name, value)| format!("{}: {}", line(name), line(value))).collect();
        return Ok(Answer::new(json!({ "settings": settings }), text.join("\n")));
    };
    if value.is_none() && !clear {
        let known = settings.get(name);
        let text = known.map_or_else(|| "as it is for everybody".to_owned(), |value| line(value));
        return Ok(Answer::new(json!({ "name": name, "value": known }), text));
    }
    let set = DeskCommand::Set { setting: name.to_owned(), value: value.map(str::to_owned) };
    let ticket = send::one::<Desk>(&place, place.info.space.0, &set)?;
    let json = json!({ "name": name, "value": value, "command": ticket.command().to_string() });
    Ok(Answer::new(json, format!("Set {}", line(name))))
}
