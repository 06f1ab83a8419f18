//! `recordplayer-server`: the sync server of `RecordPlayer` Kanban.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use recordplayer::domain::Domain;
use recordplayer_server::limits::FILES_ROOM;
use recordplayer_server::{ACCOUNTS_FILE, AdminSocket, Failure, Request, STORE_FILE, Server, Settings, ask, recover};
use recordplayer_store::limits::STORE_CACHE_BYTES;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

const CACHE_MIB: u32 = (STORE_CACHE_BYTES >> 20) as u32;
const FILES_MIB: u32 = (FILES_ROOM >> 20) as u32;

/// The sync server of `RecordPlayer`.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Answer with one JSON object.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the folder of a new server.
    Init {
        /// The folder, which is made.
        dir: PathBuf,
    },
    /// Serve a folder until interrupted.
    Serve {
        /// The server's folder.
        dir: PathBuf,
        /// Where to listen; port 0 takes a free one. Anything but loopback wants a TLS proxy in front.
        #[arg(long, default_value = "127.0.0.1:7717")]
        listen: SocketAddr,
        /// So many MiB of the store's pages are kept in memory. More helps where many projects are read at once.
        #[arg(long, value_name = "MIB", default_value_t = CACHE_MIB, value_parser = clap::value_parser!(u32).range(1..=65_536))]
        cache: u32,
        /// So many MiB may the files of one project have.
        #[arg(long, value_name = "MIB", default_value_t = FILES_MIB, value_parser = clap::value_parser!(u32).range(1..))]
        files: u32,
    },
    /// People.
    #[command(subcommand)]
    User(UserCommand),
    /// Devices of people.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// The state hash of a project, by its name or id.
    Hash {
        /// The server's folder.
        dir: PathBuf,
        /// The project's name, or id.
        project: String,
    },
    /// After a backup was put in the place of the store: let devices bring back what it does not hold, before anything new is decided. Start the
    /// server then, and say "reopen" when the devices have been there. What came back is as it was; nobody has to do anything again.
    Recover {
        /// The server's folder.
        dir: PathBuf,
        /// After so many hours a project goes on by itself.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
        hours: u32,
    },
    /// After a backup was restored: let all projects go on from there. Devices that hold more send their own work again, and keep what only
    /// others had as a file.
    Reopen {
        /// The server's folder.
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add a person.
    Add {
        /// The server's folder.
        dir: PathBuf,
        /// The person's name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum DeviceCommand {
    /// Make a token for a new device of a person. It is shown once.
    Token {
        /// The server's folder.
        dir: PathBuf,
        /// The person's name.
        name: String,
    },
}

fn domain() -> Arc<Domain> {
    recordplayer_kanban::domain().shared()
}

fn main() -> ExitCode {
    recordplayer_store::keep_quiet_about_caught_panics();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.exit_code() != 0 && std::env::args_os().any(|word| word == "--json") => {
            let message = error.to_string();
            let failure = Failure::new("wrong_use", message.trim_end(), "See \"recordplayer-server --help\"");
            println!("{}", json!({ "error": failure }));
            return ExitCode::from(failure.exit_code());
        }
        Err(error) => error.exit(),
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .init();
    match run(arguments.command) {
        Ok(answer) => {
            print_answer(&answer, arguments.json);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            if arguments.json {
                println!("{}", json!({ "error": failure }));
            } else {
                eprintln!("{}\n{}", failure.message, failure.help);
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn print_answer(answer: &Value, is_json: bool) {
    match answer {
        Value::Null => {}
        // A token stands alone on its line, to be put into a file.
        Value::Object(fields) if !is_json && fields.contains_key("token") => {
            println!("{}", fields["token"].as_str().unwrap_or_default());
        }
        Value::Object(fields) if !is_json => {
            for (name, value) in fields {
                println!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            }
        }
        other => println!("{other}"),
    }
}

fn run(command: Command) -> Result<Value, Failure> {
    let (dir, request) = match command {
        Command::Init { dir } => return init(&dir),
        Command::Serve { dir, listen, cache, files } => {
            let (cache_bytes, files_room) = ((cache as usize) << 20, u64::from(files) << 20);
            return serve(&dir, listen, Settings { cache_bytes, files_room }).map(|()| Value::Null);
        }
        Command::User(UserCommand::Add { dir, name }) => (dir, Request::UserAdd { name }),
        Command::Device(DeviceCommand::Token { dir, name }) => (dir, Request::DeviceToken { name }),
        Command::Hash { dir, project } => (dir, Request::Hash { project }),
        Command::Recover { dir, hours } => {
            must_be_a_server(&dir)?;
            return recover(domain(), &dir, hours);
        }
        Command::Reopen { dir } => (dir, Request::Reopen),
    };
    must_be_a_server(&dir)?;
    ask(domain(), &dir, &request)
}

fn must_be_a_server(dir: &Path) -> Result<(), Failure> {
    if dir.join(STORE_FILE).is_file() {
        return Ok(());
    }
    let message = format!("this is no folder of a server: {}", dir.display());
    Err(Failure::new("wrong_use", message, "make one with \"recordplayer-server init DIR\""))
}

fn init(dir: &Path) -> Result<Value, Failure> {
    if dir.join(STORE_FILE).exists() {
        let message = format!("there is a server already: {}", dir.display());
        if !dir.join(ACCOUNTS_FILE).exists() {
            let message = format!("this is the folder of something else: {}", dir.display());
            return Err(Failure::new("wrong_use", message, "choose another folder"));
        }
        return Err(Failure::new("exists", message, "serve it, or choose another folder"));
    }
    make_private_folder(dir)?;
    let server = Server::open(domain(), dir)?;
    // In order: else the first start would take the folder for one whose server has crashed.
    tokio::runtime::Runtime::new()?.block_on(server.close());
    Ok(json!({ "initialised": dir.display().to_string() }))
}

/// The folder holds secrets: only its owner may look into it.
fn make_private_folder(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn serve(dir: &Path, listen: SocketAddr, settings: Settings) -> Result<(), Failure> {
    must_be_a_server(dir)?;
    if !listen.ip().is_loopback() {
        tracing::warn!(%listen, "this address is open to others, and tokens travel in clear text: put a TLS proxy in front");
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let server = Server::open_with(domain(), dir, settings)?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::new("wrong_use", format!("cannot listen on {listen}: {error}"), "choose another address")
        })?;
        let address = listener.local_addr()?;
        // Before anybody can know that it serves: whoever does may ask it to end.
        let interrupted = interrupted()?;
        let admin = tokio::spawn(AdminSocket::open(dir)?.serve(server.control()));
        println!("{}", json!({ "listening": format!("http://{address}") }));
        let outcome = server.serve(listener, interrupted).await;
        admin.abort();
        // The end of the task removes the socket.
        let _ = admin.await;
        Ok(outcome?)
    })
}

/// An interrupt from the keyboard, or the system's request to end: heard from this call on, whenever it is waited for.
fn interrupted() -> std::io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
