//! One run of the program: by itself, or by whoever has the folder open.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use recordplayer::record::Position;
use recordplayer_client::{Device, Door, OpenError, hand_over, keep_quiet_about_caught_panics, now};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Answer, DAMAGED, Failure, NOT_IN_TIME, Printed, WRONG_USE, printed};
use super::arguments::{Arguments, CardCommand, Command, ImportCommand, ProjectCommand};
use super::exports::Export;
use super::place::Place;
use super::{
    board, card, column, comment, data_folder, definitions, export, import, member, outbox, personal, project, records,
    redact, report, search, sync, undo, watch,
};
use crate::moving_in::move_in_later;
use crate::searching::Keeper;
use crate::ui::{Desktop, Front, window};

/// What links begin with that this program answers to.
const LINK: &str = "recordplayer://";

/// How often a folder is asked for that somebody is just opening or closing, and how long each time: ten seconds in all.
const TRIES: u32 = 200;
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// The longest that somebody else's sync waits in this process, in seconds; then it asks again, or opens the folder itself.
const VISIT_S: u64 = 1;

/// What goes through the door: the arguments, and the folder that their paths start from.
#[derive(Debug, Serialize, Deserialize)]
struct Request {
    here: PathBuf,
    words: Vec<OsString>,
}

/// Runs the program with its arguments, the first of them being its own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    keep_quiet_about_caught_panics();
    // The desktop hands over links of ours: they bring the window to the front.
    let is_link = |word: &OsString| word.as_encoded_bytes().starts_with(LINK.as_bytes());
    let words = arguments.into_iter().filter(|word| !is_link(word)).collect();
    let request = Request { here: std::env::current_dir().unwrap_or_default(), words };
    let outcome = match parse(&request) {
        Ok(parsed) => run(&parsed, &request),
        Err(misread) => misread,
    };
    // A reader that has gone away needs no answer any more.
    let _ = std::io::stdout().write_all(outcome.stdout.as_bytes());
    let _ = std::io::stdout().flush();
    let _ = std::io::stderr().write_all(outcome.stderr.as_bytes());
    ExitCode::from(outcome.code)
}

/// Reads the arguments, with paths that are the same from everywhere; or what is to be printed instead.
fn parse(request: &Request) -> Result<Arguments, Printed> {
    let mut parsed = Arguments::try_parse_from(&request.words).map_err(|error| misread(&error, request))?;
    let absolute = |path: &mut PathBuf| *path = request.here.join(&*path);
    parsed.options.data.iter_mut().for_each(absolute);
    match &mut parsed.command {
        Some(Command::Login { token_file: path, .. } | Command::Export { file: path, .. }) => absolute(path),
        // The terminal is no file.
        Some(Command::Report(report)) => report.csv.iter_mut().filter(|path| **path != *"-").for_each(absolute),
        Some(Command::Import(import)) => import.each_path(absolute),
        Some(Command::Card(card)) => {
            if let Some(
                CardCommand::Describe { text_file: path, .. }
                | CardCommand::Attach { file: path, .. }
                | CardCommand::Save { to: path, .. },
            ) = &mut card.command
            {
                absolute(path);
            }
        }
        Some(_) | None => {}
    }
    Ok(parsed)
}

/// Help was asked for, or the arguments are wrong.
fn misread(error: &clap::Error, request: &Request) -> Printed {
    let message = error.to_string();
    if error.exit_code() == 0 {
        return Printed { code: 0, stdout: message, stderr: String::new() };
    }
    if request.words.iter().any(|word| word == "--json") {
        let failure = Failure::new(WRONG_USE, "wrong_use", message.trim_end(), "See \"recordplayer --help\"");
        return printed(&Err(failure), true);
    }
    Printed { code: WRONG_USE, stdout: String::new(), stderr: message }
}

fn run(parsed: &Arguments, request: &Request) -> Printed {
    let folder = data_folder(&parsed.options);
    let say = |failure: Failure| printed(&Err(failure), parsed.options.json);
    // It stores nothing, so whoever has the folder open is not disturbed.
    if let Some(Command::Watch { view }) = &parsed.command {
        return printed(&watch::run(&parsed.options, &folder, view), parsed.options.json);
    }
    let end = wait_of(parsed).map(|wait| now().plus_ms(wait));
    let mut tries = 0;
    while tries < TRIES {
        match Device::open(Arc::new(recordplayer_kanban::domain()), &folder) {
            Ok(device) => return run_here(&device, &folder, parsed),
            Err(OpenError::InUse) => {}
            Err(error) => return say(unopened(&error)),
        }
        match hand_over(&folder, &serde_json::to_vec(request).unwrap_or_default()) {
            Ok(Some(answer)) => {
                let answer: Printed = serde_json::from_slice(&answer).unwrap_or_else(|error| {
                    let message = format!("The process that has the folder open gave no answer: {error}");
                    say(Failure::new(DAMAGED, "no_answer", message, "Is it of another version?"))
                });
                // Whoever lets others wait in its folder wants to leave some time.
                if answer.code != NOT_IN_TIME || end.is_none_or(|end| end <= now()) {
                    return answer;
                }
                tries = 0;
            }
            // It is just opening or closing the folder.
            Ok(None) => {}
            Err(error) => {
                let message = format!("The process that has the folder open ended before it answered: {error}");
                let help = "Look whether it was done, then try again";
                return say(Failure::new(NOT_IN_TIME, "no_answer", message, help));
            }
        }
        std::thread::park_timeout(TRY_AGAIN);
        tries += 1;
    }
    let message = format!("Another process works with this folder and takes no commands: {}", folder.display());
    say(Failure::new(NOT_IN_TIME, "in_use", message, "End it, or use another folder with --data"))
}

/// How long a command is to wait, in milliseconds, if that is what it is for.
fn wait_of(parsed: &Arguments) -> Option<i64> {
    match &parsed.command {
        Some(Command::Sync { timeout }) => Some(i64::try_from(timeout.saturating_mul(1_000)).unwrap_or(i64::MAX / 2)),
        Some(_) | None => None,
    }
}

/// A second window would show the same: the first one comes to the front.
fn come_to_the_front(front: Option<&Front>) -> Result<Answer, Failure> {
    let Some(front) = front else {
        let help = "Wait until it is done, and try again";
        return Err(Failure::new(NOT_IN_TIME, "in_use", "Another command works with this folder", help));
    };
    front.come();
    Ok(Answer::new(json!({}), "The window is open already; it comes to the front"))
}

/// Shows the window until it is closed.
fn show_window(device: &Device, mut desktop: Desktop, parsed: &Arguments) -> Result<Answer, Failure> {
    if parsed.from_the_beginning {
        desktop.begin_with_the_past();
    }
    window::run(device, desktop, parsed.half).map(|()| Answer::new(json!({}), "")).map_err(|error| {
        let help = "Start it where there is a display; \"recordplayer --help\" says what can be done without one";
        Failure::new(WRONG_USE, "no_window", format!("The window cannot be opened: {error}"), help)
    })
}

fn unopened(error: &OpenError) -> Failure {
    let help = match error {
        OpenError::Outbox(_) => "Set outbox.redb aside to go on without what was not sent",
        OpenError::InUse | OpenError::File(_) | OpenError::Book(_) | OpenError::Folder(_) => "",
    };
    Failure::new(DAMAGED, "unreadable_folder", error, help)
}

/// Works with the folder that was opened, and lets others in while it does.
fn run_here(device: &Device, folder: &Path, parsed: &Arguments) -> Printed {
    let mut desktop = parsed.command.is_none().then(|| Desktop::new(device.clone(), folder));
    let front = desktop.as_ref().map(Desktop::front);
    let visited = device.clone();
    let door = Door::open(folder, move |request| answer_visitor(&visited, front.as_ref(), request));
    if let Err(error) = &door {
        tracing::warn!(%error, "nobody else can give commands meanwhile");
    }
    let outcome = match desktop.take() {
        Some(desktop) => {
            let keeper = Keeper::start(device);
            move_in_later(device.clone());
            let shown = show_window(device, desktop, parsed);
            drop(keeper);
            shown
        }
        None => answer(device, parsed),
    };
    let printed = printed(&outcome, parsed.options.json);
    drop(door);
    device.close();
    printed
}

/// Carries the command out, and says what has to be said besides. Where something could not be read, what was found may be too little, and
/// nothing that was not found is known to be absent.
fn answer(device: &Device, parsed: &Arguments) -> Result<Answer, Failure> {
    let damages = device.damages();
    let mut outcome = execute(device, parsed);
    if let Ok(answer) = outcome.as_mut().map_err(|_| ())
        && parsed.options.wait
    {
        // Who waits has seen by then whether somebody else had set the same.
        for info in device.spaces() {
            let space = device.space(info.space);
            answer.notes.extend(space.into_iter().flat_map(|space| sync::met_in(device, &info.title, &space)));
        }
    }
    let was_unreadable = device.damages() > damages || (damages > 0 && outcome.is_err());
    let is_in_question = match &outcome {
        Ok(_) => parsed.command.as_ref().is_some_and(Command::only_shows),
        Err(failure) => failure.exit == WRONG_USE,
    };
    if was_unreadable && is_in_question {
        let message = "What this device holds of the project cannot be read";
        outcome = Err(Failure::new(DAMAGED, "unreadable", message, "Sync, and try again"));
    }
    with_notices(device, outcome)
}

/// What the person must be told comes with the next answer, once.
fn with_notices(device: &Device, outcome: Result<Answer, Failure>) -> Result<Answer, Failure> {
    let notices = device.notices();
    if notices.is_empty() {
        return outcome;
    }
    device.forget_notices();
    match outcome {
        Ok(mut answer) => {
            if let [Value::Object(fields)] = answer.json.as_mut_slice() {
                fields.insert("notices".to_owned(), json!(notices));
            }
            answer.notes.extend(notices);
            Ok(answer)
        }
        // What went wrong may be no more than that.
        Err(mut failure) => {
            failure.help = [notices, vec![failure.help]].concat().join("\n");
            Err(failure)
        }
    }
}

/// A command of a process that came second.
fn answer_visitor(device: &Device, front: Option<&Front>, request: &[u8]) -> Vec<u8> {
    let answer = match serde_json::from_slice::<Request>(request) {
        Ok(request) => match parse(&request) {
            Ok(parsed) if parsed.command.is_none() => printed(&come_to_the_front(front), parsed.options.json),
            Ok(mut parsed) => {
                if let Some(Command::Sync { timeout }) = &mut parsed.command {
                    *timeout = (*timeout).min(VISIT_S);
                }
                printed(&answer(device, &parsed), parsed.options.json)
            }
            Err(misread) => misread,
        },
        Err(error) => printed(&Err(Failure::new(WRONG_USE, "wrong_use", error, "Is it of another version?")), true),
    };
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn execute(device: &Device, parsed: &Arguments) -> Result<Answer, Failure> {
    let options = &parsed.options;
    let place = || Place::find(device, options);
    let command = parsed.command.as_ref().expect("without a command the window is opened, or comes to the front");
    match command {
        Command::Login { url, token_file } => project::login(device, url, token_file),
        Command::Projects => Ok(project::projects(device)),
        Command::Project(ProjectCommand::New { name, key, template }) => {
            project::new(device, options, name, key.as_deref(), template.as_deref())
        }
        Command::Project(ProjectCommand::Publish { name }) => project::publish(device, options, name),
        Command::Project(ProjectCommand::Key { key }) => project::set_key(&place()?, key),
        Command::Project(ProjectCommand::Calendar { time_zone, week_starts }) => {
            project::calendar(&place()?, time_zone.as_deref(), *week_starts)
        }
        Command::Member(command) => member::run(&place()?, command),
        Command::Role(command) => member::roles(&place()?, command),
        Command::Permissions => member::report(&place()?),
        Command::Column(command) => column::run(&place()?, command),
        Command::Card(arguments) => match (&arguments.command, &arguments.key) {
            (Some(command), _) => card::run(&place()?, command),
            (None, Some(key)) => card::show(&place()?, key),
            (None, None) => {
                Err(Failure::new(WRONG_USE, "no_card", "Say which card", "See \"recordplayer card --help\""))
            }
        },
        Command::Import(ImportCommand::Undo { act }) => import::undo(&place()?, act),
        Command::Import(ImportCommand::Trello { file, comments, how }) => {
            let export = Export::Trello { file: file.clone(), comments: comments.clone() };
            import::run(device, options, &export, how.dry_run)
        }
        Command::Import(ImportCommand::Github { file, comments, name, how }) => {
            let export = Export::Github { file: file.clone(), comments: comments.clone(), name: name.clone() };
            import::run(device, options, &export, how.dry_run)
        }
        Command::Import(ImportCommand::Jira { file, site, how }) => {
            let export = Export::Jira { file: file.clone(), site: site.clone() };
            import::run(device, options, &export, how.dry_run)
        }
        Command::Import(ImportCommand::Records { file, key, how }) => {
            records::run(device, options, (file, key.as_deref()), how.dry_run)
        }
        Command::Import(ImportCommand::Csv { file, map, name, how }) => {
            let export = Export::Csv { file: file.clone(), name: name.clone(), mappings: map.clone() };
            import::run(device, options, &export, how.dry_run)
        }
        Command::Comment(arguments) => comment::run(&place()?, arguments),
        Command::Label(command) => definitions::labels(&place()?, command),
        Command::Field(command) => definitions::fields(&place()?, command),
        Command::Type(command) => definitions::types(&place()?, command),
        Command::Board(arguments) => match &arguments.command {
            Some(command) => board::run(&place()?, command),
            None => board::show(&place()?, arguments.name.as_deref(), arguments.at.as_deref()),
        },
        Command::Inbox { all, command } => personal::inbox(device, options, *all, command.as_ref()),
        Command::Work => personal::work(device, options),
        Command::Away { seen } => personal::away(device, options, *seen),
        Command::Searches(command) => personal::searches(device, options, command),
        Command::Setting { name, value, clear } => {
            personal::setting(device, options, name.as_deref(), value.as_deref(), *clear)
        }
        Command::Report(arguments) => report::run(&place()?, arguments),
        Command::Remind => personal::remind(device),
        Command::Search { query, saved, limit } => {
            search::run(device, options, (query.as_deref(), saved.as_deref()), *limit)
        }
        Command::History { key } => board::history(&place()?, key.as_deref()),
        Command::Redact { records, yes } => {
            let records: Vec<Position> = records.iter().copied().map(Position).collect();
            redact::run(&place()?, &records, *yes)
        }
        Command::Undo { id } => undo::undo(&place()?, id.as_deref()),
        Command::Redo => undo::redo(&place()?),
        Command::Outbox { command } => outbox::run(device, options, command.as_ref()),
        Command::Sync { timeout } => sync::run(device, *timeout),
        Command::Hash => Ok(project::hash(&place()?)),
        Command::Export { file, form } => export::run(&place()?, file, *form),
        Command::Watch { view } => watch::run(options, &data_folder(options), view),
    }
}
