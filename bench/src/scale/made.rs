//! Projects that are made once and kept: in a server's folder with the folder of a device of its, and in the folder of a device without a server.
//!
//! They lie under the target folder by what they are made of, the sources of the format and of the product, and are copied for each run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use recordplayer::id::Id;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::record::Position;
use recordplayer::storage::Store;
use recordplayer_client::{AUTHORITY_FILE, Device};
use recordplayer_server::{STORE_FILE, Server};
use recordplayer_store::RedbStore;

use super::project::{Authority, fill};
use crate::clock::now;
use crate::line::{Line, SPACE};

type Failure = Box<dyn std::error::Error>;

/// Where the server is found that a device of a made project knows: the same in each run. Another program that listens there, at an address
/// of this machine that nobody uses, would have to mean it.
pub const ADDRESS: &str = "127.83.67.1:17883";

/// A million records come in.
const COMES_WITHIN: Duration = Duration::from_mins(20);

/// What a change of makes the kept projects be made anew.
const MADE_OF: &[&str] =
    &["core/recordplayer/src", "core/kanban/src", "core/store/src", "core/client/src", "bench/src/scale/project.rs"];

/// A project of so many cards, in folders of this run's own.
pub struct Made {
    /// Removes the folders in the end.
    folder: tempfile::TempDir,
    pub cards: u64,
    /// The token of the person, at the server.
    pub token: String,
}

impl Made {
    /// Copies the project that is kept, or makes it first.
    pub fn of(cards: u64) -> Result<Self, Failure> {
        let home = home()?;
        fs::create_dir_all(&home)?;
        let kept = home.join(format!("{}-{cards}", fingerprint()?));
        if !kept.is_dir() {
            eprintln!("making a project of {cards} cards, kept in {}", kept.display());
            let fresh = tempfile::tempdir_in(&home)?;
            make(fresh.path(), cards)?;
            fs::rename(fresh.path(), &kept)?;
        }
        let folder = tempfile::tempdir_in(&home)?;
        copy(&kept, folder.path())?;
        let token = fs::read_to_string(folder.path().join("token"))?;
        Ok(Self { folder, cards, token })
    }

    /// The folder of the server.
    pub fn server(&self) -> PathBuf {
        self.folder.path().join("server")
    }

    /// The folder of the device that is in step with the server.
    pub fn device(&self) -> PathBuf {
        self.folder.path().join("device")
    }

    /// The folder of the device that has the project without a server.
    pub fn alone(&self) -> PathBuf {
        self.folder.path().join("alone")
    }
}

/// A folder beside the program, under the target folder.
fn home() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()?;
    let target = program.parent().and_then(Path::parent).ok_or("the program lies in the target folder")?;
    Ok(target.join("scale"))
}

/// The sources in one value.
fn fingerprint() -> Result<Id, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the bench lies in the workspace")?;
    let mut waiting: Vec<PathBuf> = MADE_OF.iter().map(|path| root.join(path)).collect();
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(path)? {
                waiting.push(entry?.path());
            }
        } else {
            files.push(path);
        }
    }
    files.sort();
    let texts = files.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
    let parts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    Ok(Id::derived("scale project", &parts))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&to)?;
            copy(&entry.path(), &to)?;
        } else if entry.file_type()?.is_file() {
            fs::copy(entry.path(), &to)?;
            // Or the first commits that are measured would bring all of the copy to the disk.
            fs::File::open(&to)?.sync_all()?;
        }
    }
    Ok(())
}

fn make(folder: &Path, cards: u64) -> Result<(), Failure> {
    for part in ["server", "device", "alone"] {
        fs::create_dir(folder.join(part))?;
    }
    let token = at_server(&folder.join("server"), &folder.join("device"), cards)?;
    fs::write(folder.join("token"), token)?;
    alone(&folder.join("alone"), cards)
}

/// Answers with the token of the person whose project it is.
fn at_server(folder: &Path, device: &Path, cards: u64) -> Result<String, Failure> {
    let domain = recordplayer_kanban::domain().shared();
    let serving = Server::open(Arc::clone(&domain), folder)?.start(ADDRESS)?;
    let accounts = serving.control().accounts();
    let person = accounts.add_user("bench")?;
    let token = accounts.new_token("bench")?;
    let (salt_key, seal_key) = (accounts.salt_key(), Some(accounts.seal_key()));
    let founded = serving.block_on(async {
        let mut line = Line::open(serving.address(), &token, 0).await?;
        line.done::<Membership>(SPACE.0, &MembershipCommand::Found { title: "Scale".to_owned() }).await
    });
    founded.map_err(|error| error.to_string())?;
    drop(serving);

    let mut store = RedbStore::open(folder.join(STORE_FILE))?;
    let last = fill(&mut store, &Authority { space: SPACE, person, salt_key, seal_key }, cards)?;
    drop(store);

    let serving = Server::open(domain, folder)?.start(ADDRESS)?;
    let device = Device::open(Arc::new(recordplayer_kanban::domain()), device)?;
    device.login(&serving.url(), &token, COMES_WITHIN)?;
    take_in(&device, last)?;
    drop(serving);
    Ok(token)
}

fn alone(folder: &Path, cards: u64) -> Result<(), Failure> {
    let open = || Device::open(Arc::new(recordplayer_kanban::domain()), folder);
    let device = open()?;
    let (space, _) = device.found_here("Scale")?;
    device.wait_in_step(COMES_WITHIN)?;
    let (space, person) = (space.id(), space.actor());
    device.close();

    let mut store = RedbStore::open(folder.join(AUTHORITY_FILE))?;
    let last = fill(&mut store, &Authority { space, person, salt_key: [7; 32], seal_key: None }, cards)?;
    drop(store);
    take_in(&open()?, last)
}

/// Waits until the device has all of its project, closes it, and packs its log, which it would do in its first minutes beside its work.
fn take_in(device: &Device, last: Position) -> Result<(), Failure> {
    let began = now();
    loop {
        device.wait_in_step(COMES_WITHIN)?;
        let spaces = device.spaces();
        let copy = spaces.first().and_then(|info| device.space(info.space));
        // A device whose authority knows more than it may not have heard of that yet.
        if copy.is_some_and(|copy| copy.hash().record == last) {
            break;
        }
        if began.elapsed() > COMES_WITHIN {
            return Err("the project has not come to the device".into());
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    device.close();
    let mut store = RedbStore::open(device.folder().join(recordplayer_client::STORE_FILE))?;
    while store.tidy() {}
    Ok(())
}
