//! A server, the line to it, and three people: founded, worked in, healed and checked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use recordplayer::id::SpaceId;
use recordplayer_kanban::ids::BoardId;
use serde_json::Value;

use crate::accident::{Accident, Moment, Round};
use crate::chance::Chance;
use crate::clock::{let_pass, now};
use crate::faults;
use crate::here::Here;
use crate::ledger::{Ledger, Log, Promise};
use crate::person::{LIMITED, Person};
use crate::process::{Around, bad_lines};
use crate::proxy::{Proxy, Weather};
use crate::server::Server;

const PROJECT: &str = "Turntable";
/// Cards that everybody knows, so that people meet at them.
const SHARED_CARDS: u64 = 4;
/// A server that is to be killed at one of its calls may not make so many of them.
const CALLS_WITHIN: Duration = Duration::from_millis(600);

/// The whole of one history. Where it fails, its folder stays, with what happened in `story.txt` and what the programs said in `*.log`.
#[derive(Debug)]
pub struct Town {
    // Dropped before the folder: they have files in it.
    pub server: Server,
    pub here: Here,
    pub people: [Person; 2],
    pub proxy: Proxy,
    pub ledger: Ledger,
    began: Instant,
    story: String,
    server_kills: u64,
    server_disk_failures: u64,
    /// Whether disks are meant to fail: programs may say so then.
    are_failures_meant: bool,
    folder: tempfile::TempDir,
}

impl Town {
    /// A town in which everybody is in step.
    pub fn new(chance: &mut Chance) -> Self {
        Self::with_folders(chance, |folder, name| folder.join(name))
    }

    /// As [`Self::new`], where the folders of the programs lie elsewhere.
    pub fn with_folders(chance: &mut Chance, place: impl Fn(&std::path::Path, &str) -> PathBuf) -> Self {
        let folder = tempfile::Builder::new().prefix("recordplayer-town-").tempdir().expect("there is room");
        let at = |name: &str| place(folder.path(), name);
        let log = |name: &str| folder.path().join(format!("{name}.log"));
        let mut server = Server::init(&at("server"), &log("server"));
        let proxy = Proxy::start(chance.branch());
        proxy.lead_to(server.serve());
        let token = |name: &str| {
            server.done_with(&["user", "add"], &[name]);
            let answer = server.done_with(&["device", "token"], &[name]);
            answer["token"].as_str().unwrap_or_default().to_owned()
        };
        let people = ["ann", "bo"].map(|name| {
            let person = Person::new(name, &at(name), &log(name));
            let file = folder.path().join(format!("{name}.token"));
            std::fs::write(&file, token(name)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            person.tell(&["login", &proxy.url(), "--token-file", &file.display().to_string()]);
            person
        });
        let [ann, bo] = &people;
        let token = token("cy");
        let project = ann.tell(&["project", "new", PROJECT, "--key", "TT"]);
        ann.tell(&["column", "limit", LIMITED, "2"]);
        let titles = (1..=SHARED_CARDS).map(|number| format!("Shared {number}"));
        let cards: Vec<Value> = titles.map(|title| ann.tell(&["card", "new", &title, "--column", "Ready"])).collect();
        for name in ["bo", "cy"] {
            ann.tell(&["member", "add", name, "--role", "worker"]);
        }
        ann.sync();
        bo.sync();
        let id = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).expect("an id");
        let (space, board) = (SpaceId(id(&project["id"])), BoardId(id(&project["board"])));
        let here = Here::join("cy", &folder.path().join("cy"), &proxy.url(), &token, space, board);
        let mut town = Self {
            server,
            here,
            people,
            proxy,
            ledger: Ledger::default(),
            began: now(),
            story: String::new(),
            server_kills: 0,
            server_disk_failures: 0,
            are_failures_meant: false,
            folder,
        };
        let ids: Vec<String> = cards.iter().filter_map(|card| card["id"].as_str().map(str::to_owned)).collect();
        town.people[0].cards.clone_from(&ids);
        town.people[1].cards = ids;
        town
    }

    /// From now on programs may say that a disk has failed.
    pub fn expect_failures(&mut self) {
        self.are_failures_meant = true;
        for person in &mut self.people {
            person.disk_fails = true;
        }
    }

    pub fn kills(&self) -> u64 {
        self.server_kills + self.people.iter().map(|person| person.kills).sum::<u64>()
    }

    /// How many commands and servers have said that a disk has failed.
    pub fn disk_failures(&self) -> u64 {
        let of_people = self.people.iter().map(|person| person.disk_failures).sum::<u64>();
        of_people + self.server_disk_failures
    }

    pub fn tell(&mut self, what: impl std::fmt::Display) {
        let _ = writeln!(self.story, "{:7.3} s  {what}", self.began.elapsed().as_secs_f64());
    }

    /// Starts the server, with something around it; where it ends at once, as that may make it, without.
    pub fn serve_around(&mut self, around: &Around) {
        let address = match self.server.try_to_serve(around) {
            Ok(address) => address,
            Err(end) => {
                self.tell(format_args!("the server did not start: {end:?}"));
                self.server_kills += u64::from(end.was_killed);
                self.server_disk_failures += u64::from(end.code == Some(5));
                let is_said = end.was_killed || self.are_failures_meant && matches!(end.code, Some(1..=5));
                assert!(is_said, "the server does not start: {end:?}; its log: {}", self.server.log_text());
                self.server.serve()
            }
        };
        self.proxy.lead_to(address);
    }

    /// Plays one round to its end: afterwards the server runs, and nobody does anything.
    pub fn play(&mut self, round: &Round) {
        self.tell(format_args!("{round:?}"));
        self.proxy.set_weather(round.weather);
        if let Accident::Kill { at: Moment::AtCall(call, number), .. } = round.accident {
            self.end_server();
            self.serve_around(&faults::kill_at(call, number));
        }
        let [ann, bo] = &mut self.people;
        let (here, server, proxy) = (&mut self.here, &mut self.server, &self.proxy);
        let (promises, kills) = std::thread::scope(|scope| {
            let workers = [
                scope.spawn(|| ann.work(&round.plans[0])),
                scope.spawn(|| bo.work(&round.plans[1])),
                scope.spawn(|| here.write(round.cards_here)),
            ];
            let kills = strike(round.accident, server, proxy);
            let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<Promise>>| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            (workers.map(join), kills)
        });
        self.server_kills += kills;
        for promise in promises.into_iter().flatten() {
            self.tell(format_args!("{promise:?}"));
            self.ledger.note(promise);
        }
    }

    /// Ends the server in order.
    pub fn end_server(&mut self) {
        let end = self.server.end();
        assert_eq!(end.code, Some(0), "the server does not end in order: {}", self.server.log_text());
    }

    /// Ends a server whose disk has failed, however it ends, and starts it on one that works.
    pub fn serve_anew(&mut self) {
        let end = self.server.end();
        self.tell(format_args!("{end:?}"));
        self.server_disk_failures += u64::from(end.code == Some(5));
        assert!(!matches!(end.code, Some(101)), "the server panicked: {}", self.server.log_text());
        self.proxy.lead_to(self.server.serve());
    }

    /// Mends everything: the line, the server, and all devices are in step.
    pub fn heal(&mut self) {
        self.tell("everything is healed");
        self.proxy.set_weather(Weather::CALM);
        if !self.server.is_running() {
            self.proxy.lead_to(self.server.serve());
        }
        // The second time they hear what the others had to say.
        for _ in 0..2 {
            self.people.iter().for_each(Person::sync);
            self.here.sync();
        }
    }

    /// The last record at the server, and that with the hash of the state, as devices tell it.
    fn hash_at_server(&self) -> (u64, String) {
        let hash = self.server.done_with(&["hash"], &[PROJECT]);
        let record = hash["record"].as_u64().unwrap_or_default();
        (record, format!("{record} {}", hash["state"].as_str().unwrap_or_default()))
    }

    /// Checks everything that must hold once all is healed; answers with how many records there are.
    pub fn check(&mut self) -> u64 {
        let (record, expected) = self.hash_at_server();
        for person in &self.people {
            assert_eq!(person.hash(), expected, "{} differs from the server", person.name);
        }
        self.here.wait_for_record(record);
        assert_eq!(self.here.hash(), expected, "{} differs from the server", self.here.name());
        assert_eq!(self.here.notices(), Vec::<String>::new());
        let of_people = self.people.iter().map(|person| (person.name.clone(), person.outbox()));
        let outboxes: BTreeMap<_, _> = of_people.chain([(self.here.name().to_owned(), self.here.outbox())]).collect();
        for (name, outbox) in &outboxes {
            assert_eq!(outbox.waiting, 0, "a command of {name} was never answered");
        }
        let [ann, bo] = self.people.each_ref().map(Person::export);
        assert_eq!(std::fs::read(&ann).ok(), std::fs::read(&bo).ok(), "the devices hold different logs");
        let log = Log::read(&ann);
        self.ledger.check(&log, &outboxes);
        self.check_restart(&expected);
        self.check_logs();
        log.records
    }

    /// A server that ends in order starts as if nothing had been, and has what it had.
    fn check_restart(&mut self, expected: &str) {
        self.end_server();
        let said_before = self.server.log_text().len();
        self.proxy.lead_to(self.server.serve());
        assert_eq!(self.hash_at_server().1, expected, "another state after an orderly restart");
        let said = self.server.log_text().split_off(said_before);
        assert!(!said.contains("unclean"), "an orderly end was none: {said}");
        self.end_server();
    }

    fn check_logs(&self) {
        let logs = self.people.iter().map(Person::log).chain([self.server.log()]);
        for log in logs {
            let bad = bad_lines(log, self.are_failures_meant);
            assert!(bad.is_empty(), "{}: {bad:#?}", log.display());
        }
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = std::fs::write(self.folder.path().join("story.txt"), &self.story);
            eprintln!("what happened, and all files: {}", self.folder.path().display());
            self.folder.disable_cleanup(true);
        }
    }
}

/// Lets the accident happen to the server; answers with how often it was killed. Afterwards it runs.
fn strike(accident: Accident, server: &mut Server, proxy: &Proxy) -> u64 {
    match accident {
        Accident::Nothing => 0,
        Accident::Stop { at, lasts } => {
            wait_for(at, server, proxy);
            if let Some(process) = server.running() {
                process.stop();
                let_pass(lasts);
                process.go_on();
            }
            0
        }
        Accident::Kill { at, away, again } => {
            wait_for(at, server, proxy);
            let mut kills = u64::from(server.kill().is_some_and(|end| end.was_killed));
            let_pass(away);
            if let Some(soon) = again {
                kills += u64::from(server.serve_and_kill(soon).was_killed);
            }
            proxy.lead_to(server.serve());
            kills
        }
    }
}

fn wait_for(moment: Moment, server: &mut Server, proxy: &Proxy) {
    match moment {
        Moment::After(time) => let_pass(time),
        Moment::AtChunk(more) => proxy.wait_for_chunks(more, CALLS_WITHIN),
        Moment::AtCall(..) => {
            if let Some(process) = server.running() {
                process.wait_for_end(CALLS_WITHIN);
            }
        }
    }
}
