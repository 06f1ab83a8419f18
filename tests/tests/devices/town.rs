//! A server that can be stopped and started again at one address, and devices of its people.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use recordplayer::id::{Id, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer_client::limits::{Settings, Timing};
use recordplayer_client::{Device, Space};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::{ColumnCommand, ColumnKind};
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId};
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::view::BoardView;
use recordplayer_kanban::{Board, Card, Column, Project};
use recordplayer_server::{Control, Server, Serving};
use recordplayer_store::limits::STORE_CACHE_BYTES;

/// Far more than anything here takes, so that a hanging test ends.
pub const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Lines that notice soon, so that no test waits for long.
pub const QUICK: Settings = Settings {
    timing: Timing {
        handshake: Duration::from_secs(5),
        ping_after: Duration::from_millis(300),
        answer_within: Duration::from_millis(300),
        retry_min: Duration::from_millis(10),
        retry_max: Duration::from_millis(100),
        retry_refused: Duration::from_mins(1),
    },
    cache_bytes: STORE_CACHE_BYTES,
};

/// A server with its people, and the folders of their devices.
pub struct Town {
    folder: tempfile::TempDir,
    address: Cell<Option<SocketAddr>>,
    running: RefCell<Option<Serving>>,
}

impl Town {
    /// A town whose server serves.
    pub fn new() -> Self {
        let town = Self { folder: tempfile::tempdir().unwrap(), address: Cell::new(None), running: RefCell::new(None) };
        std::fs::create_dir(town.server_folder()).unwrap();
        town.start();
        town
    }

    pub fn server_folder(&self) -> PathBuf {
        self.folder.path().join("server")
    }

    /// Starts the server, at the address that it had before.
    pub fn start(&self) {
        let server = Server::open(recordplayer_kanban::domain().shared(), &self.server_folder()).unwrap();
        let address = self.address.get().unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        let serving = server.start(address).unwrap();
        self.address.set(Some(serving.address()));
        *self.running.borrow_mut() = Some(serving);
    }

    /// Drops the server where it stands.
    pub fn stop(&self) {
        if let Some(serving) = self.running.borrow_mut().take() {
            serving.kill();
        }
    }

    /// Ends the server in order.
    pub fn end(&self) {
        self.running.borrow_mut().take();
    }

    pub fn address(&self) -> SocketAddr {
        self.address.get().unwrap()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    pub fn control<T>(&self, with: impl FnOnce(&Control) -> T) -> T {
        with(self.running.borrow().as_ref().unwrap().control())
    }

    /// A new token for a device of the person, who is added the first time.
    pub fn token(&self, person: &str) -> String {
        self.control(|control| {
            let _ = control.accounts().add_user(person);
            control.accounts().new_token(person).unwrap()
        })
    }

    pub fn device_folder(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Opens the folder of a device.
    pub fn open(&self, name: &str) -> Device {
        Device::open_with(recordplayer_kanban::domain().shared(), &self.device_folder(name), QUICK).unwrap()
    }

    /// A new device of a person, named after them and logged in.
    pub fn device(&self, person: &str) -> Device {
        let device = self.open(person);
        device.login(&self.url(), &self.token(person), PATIENCE).unwrap();
        device
    }

    /// As its admin does after a restore: all projects go on in a new epoch.
    pub fn reopen(&self) {
        let running = self.running.borrow();
        let serving = running.as_ref().unwrap();
        serving.block_on(serving.control().reopen()).unwrap();
    }

    /// The state hash at the server.
    pub fn hash(&self, space: SpaceId) -> String {
        let running = self.running.borrow();
        let serving = running.as_ref().unwrap();
        let hash = serving.block_on(serving.control().hash(space)).unwrap();
        format!("{} {}", hash.record, hash.state)
    }
}

/// The state hash on a device, written as the server's.
pub fn hash_of(space: &Space) -> String {
    let hash = space.hash();
    format!("{} {}", hash.record, hash.state)
}

pub const BOARD: BoardId = BoardId(Id([1; 16]));
pub const DOING: ColumnId = ColumnId(Id([2; 16]));

/// A project at a server with a board and one column.
pub fn project(device: &Device, url: &str) -> Space {
    furnish(device.found(url, "Turntable").unwrap().0)
}

/// Gives a project a board and one column.
pub fn furnish(space: Space) -> Space {
    space.send::<Project>(space.id().0, &ProjectCommand::SetUp { key: "TT".to_owned() }).unwrap();
    space.send::<Board>(BOARD, &BoardCommand::Add { title: "Firmware".to_owned() }).unwrap();
    let column = ColumnCommand::Add { board: BOARD, name: "Doing".to_owned(), kind: ColumnKind::Active, before: None };
    space.send::<Column>(DOING, &column).unwrap();
    space
}

/// Writes a card; its id follows from the title.
pub fn write_card(space: &Space, title: &str) -> recordplayer_client::Ticket {
    let create =
        CardCommand::Create { column: DOING, title: title.to_owned(), before: None, exempt: false, typed: None };
    space.send::<Card>(card(title), &create).unwrap()
}

pub fn card(title: &str) -> CardId {
    CardId(Id::derived("test card", &[title.as_bytes()]))
}

pub fn titles(space: &Space) -> Vec<String> {
    let mut titles: Vec<String> =
        space.view::<BoardView>(BOARD).cards.values().map(|card| card.title.clone()).collect();
    titles.sort();
    titles
}

pub fn add_member(space: &Space, device: &Device, name: &str) {
    let person = device.find_person(&space.url(), name, PATIENCE).unwrap().unwrap();
    let add = MembershipCommand::AddMember { person, role: "worker".to_owned() };
    space.send::<Membership>(space.id().0, &add).unwrap();
}

/// Two devices that share a project and are in step.
pub fn two_in_step(town: &Town) -> [(Device, Space); 2] {
    let (ann, bo) = (town.device("ann"), town.device("bo"));
    let mine = project(&ann, &town.url());
    add_member(&mine, &ann, "bo");
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    let his = bo.space(mine.id()).unwrap();
    [(ann, mine), (bo, his)]
}

/// Waits until what the device shows is so; its changes are what it waits for.
pub fn wait_until(device: &Device, is_so: impl Fn() -> bool) {
    let bell = Arc::new((std::sync::Mutex::new(()), std::sync::Condvar::new()));
    let rung = Arc::clone(&bell);
    device.on_change(move || rung.1.notify_all());
    let mut gate = bell.0.lock().unwrap();
    // A ring between the look and the wait is missed, so each wait is short.
    for _ in 0..PATIENCE.as_millis() / LOOK_AGAIN.as_millis() {
        if is_so() {
            return;
        }
        gate = bell.1.wait_timeout(gate, LOOK_AGAIN).unwrap().0;
    }
    panic!("it does not become so");
}
