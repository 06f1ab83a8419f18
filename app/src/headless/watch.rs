//! One view as it changes, a JSON line for each record that touches it; nothing is stored.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use recordplayer::id::Id;
use recordplayer::protocol::MySpace;
use recordplayer::record::Record;
use recordplayer::view::{Key, ViewKey};
use recordplayer_client::{Account, LineError, Watch, WatchError, Watched, accounts_of, spaces_at};
use recordplayer_kanban::ids::BoardId;
use recordplayer_kanban::view::{BoardRow, BoardView, BoardsView, Looking};
use serde_json::{Value, json};

use super::answer::{Answer, DAMAGED, Failure, NO_ACCESS, NOT_IN_TIME, WRONG_USE, time};
use super::arguments::Options;
use crate::records::PlainPayload;

const ASK_WITHIN: Duration = Duration::from_secs(20);
/// How often is looked whether there is still something to watch.
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// Watches until the reader goes away, the program is ended, or there is nothing to be seen any more.
pub(crate) fn run(options: &Options, folder: &Path, view: &[String]) -> Result<Answer, Failure> {
    let name = match view {
        [kind, name] if kind == "board" => Some(name.as_str()),
        [kind, ..] => {
            let message = format!("There is no kind of view {kind:?} that can be watched");
            return Err(Failure::new(WRONG_USE, "unknown_view", message, "Use --view board NAME"));
        }
        [] => options.board.as_deref(),
    };
    let account = account(options, folder)?;
    let space = space(options, &account)?;
    let board = board(&account, &space, name)?;
    let key = ViewKey::of::<BoardView>(board);
    let watch = Watch::<BoardView>::start(domain(), &account, space.space, key).map_err(unwatched)?;
    loop {
        let shown = match watch.next(LOOK_EVERY) {
            None => continue,
            Some(Watched::Started { at, view }) => {
                let columns = view.columns_json(Looking {
                    name_of: &|_| None,
                    column_of: &|column| Some(column.to_string()),
                    way_of: &|way| Some((way.project.to_string(), way.column.to_string())),
                    me: None,
                });
                let start = json!({ "project": space.title, "board": view.title, "columns": columns });
                say(&json!({ "record": at.0, "start": start }))
            }
            Some(Watched::Record(record)) => say(&json!({ "record": record.number.0, "event": event_json(&record) })),
            // The line comes back by itself; who watches sees the next record then.
            Some(Watched::Offline(why)) => {
                tracing::debug!(%why, "offline");
                Ok(())
            }
            Some(Watched::Ended(why)) => {
                return Err(Failure::new(NO_ACCESS, "no_access", why, "Ask a manager of the project"));
            }
        };
        // A reader that has gone away wants no more.
        if shown.is_err() {
            return Ok(Answer::lines(Vec::new(), String::new()));
        }
    }
}

fn domain() -> std::sync::Arc<recordplayer::domain::Domain> {
    recordplayer_kanban::domain().shared()
}

fn say(json: &Value) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{json}")?;
    out.flush()
}

fn event_json(record: &Record) -> Value {
    json!({
        "name": &*record.name, "stream": record.stream.to_string(), "command": record.origin.command.to_string(),
        "actor": record.origin.actor.to_string(), "at": time(record.origin.time),
        "happened_at": record.origin.claims.happened_at.map(time), "payload": PlainPayload(record.payload.clone()),
    })
}

fn unwatched(error: WatchError) -> Failure {
    match &error {
        WatchError::Line(LineError::Goodbye { .. }) => {
            Failure::new(NO_ACCESS, "no_access", error, "Log in with a new token")
        }
        WatchError::Line(_) => Failure::new(NOT_IN_TIME, "offline", error, "Try again when the server can be reached"),
        WatchError::Address(_) | WatchError::System(_) => Failure::new(DAMAGED, "unreadable", error, ""),
    }
}

fn account(options: &Options, folder: &Path) -> Result<Account, Failure> {
    let accounts = accounts_of(folder).map_err(|error| Failure::new(DAMAGED, "unreadable_folder", error, ""))?;
    let fits = |account: &&Account| options.account.as_ref().is_none_or(|url| *url == account.url);
    let mut found = accounts.iter().filter(fits);
    match (found.next(), found.next()) {
        (Some(account), None) => Ok(account.clone()),
        (None, _) => Err(Failure::new(
            WRONG_USE,
            "no_account",
            "This device has no account there",
            "Use \"recordplayer login URL --token-file F\" first",
        )),
        (Some(_), Some(_)) => {
            let urls: Vec<&str> = accounts.iter().map(|account| account.url.as_str()).collect();
            let message = format!("The account must be one of:\n  {}", urls.join("\n  "));
            Err(Failure::new(WRONG_USE, "ambiguous_account", message, "Name one with --account")
                .with_details(json!(urls)))
        }
    }
}

fn space(options: &Options, account: &Account) -> Result<MySpace, Failure> {
    let spaces = spaces_at(&domain(), account, ASK_WITHIN).map_err(unwatched)?;
    let fits = |space: &&MySpace| {
        options.project.as_ref().is_none_or(|text| space.title == *text || space.space.to_string() == *text)
    };
    let mut found = spaces.iter().filter(fits);
    match (found.next(), found.next()) {
        (Some(space), None) => Ok(space.clone()),
        (None, _) => Err(Failure::new(
            WRONG_USE,
            "unknown_project",
            "You are a member of no such project",
            "See \"recordplayer projects\"",
        )),
        (Some(_), Some(_)) => {
            let known: Vec<Value> =
                spaces.iter().map(|space| json!({ "id": space.space.to_string(), "name": space.title })).collect();
            let names: Vec<String> =
                spaces.iter().map(|space| format!("  {} ({})", space.title, space.space)).collect();
            let message = format!("There are several projects:\n{}", names.join("\n"));
            Err(Failure::new(WRONG_USE, "ambiguous_project", message, "Name one with --project")
                .with_details(json!(known)))
        }
    }
}

/// The board by its id, or by its name as the list of boards has it now; the only one, where nothing is said.
fn board(account: &Account, space: &MySpace, name: Option<&str>) -> Result<Id, Failure> {
    let key = ViewKey::of::<BoardsView>(Key::whole_space());
    let watch = Watch::<BoardsView>::start(domain(), account, space.space, key).map_err(unwatched)?;
    let boards = match watch.next(ASK_WITHIN) {
        Some(Watched::Started { view, .. }) => view,
        Some(Watched::Ended(why)) => return Err(Failure::new(NO_ACCESS, "no_access", why, "")),
        Some(Watched::Offline(why)) => return Err(unwatched(why.into())),
        Some(Watched::Record(_)) | None => {
            return Err(Failure::new(NOT_IN_TIME, "offline", "The server did not answer in time", "Try again"));
        }
    };
    let is_meant = |(id, board): &(&BoardId, &BoardRow)| match name {
        Some(name) => board.title == name || id.to_string() == name,
        None => !board.archived,
    };
    let found: Vec<_> = boards.boards.iter().filter(is_meant).collect();
    match found.as_slice() {
        [(id, _)] => Ok(id.0),
        [] => {
            let known: Vec<&str> = boards.boards.values().map(|board| board.title.as_str()).collect();
            let named = name.map(|name| format!(" {name:?}")).unwrap_or_default();
            let message = format!("There is no board{named} in {:?}", space.title);
            Err(Failure::new(WRONG_USE, "unknown_board", message, "Name one that is there").with_details(json!(known)))
        }
        several => {
            let known: Vec<Value> =
                several.iter().map(|(id, board)| json!({ "id": id.to_string(), "name": board.title })).collect();
            let names: Vec<String> = several.iter().map(|(id, board)| format!("  {} ({id})", board.title)).collect();
            let message = format!("There are several boards:\n{}", names.join("\n"));
            let help = "Name one with --view board NAME, by its name or id";
            Err(Failure::new(WRONG_USE, "ambiguous_board", message, help).with_details(json!(known)))
        }
    }
}
