//! A to-do list that several people share, offline too. Its rule: at most ten open items.
//!
//! Run it with `cargo run --package recordplayer-server --example todo`.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::prelude::*;
use recordplayer_client::{Decided, Device};
use recordplayer_server::Server;
use serde::{Deserialize, Serialize};

// begin: the application
const OPEN_MAX: u64 = 10;

/// The one list of a space: its items, and whether each is done.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct List {
    items: BTreeMap<String, bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Command {
    Add { item: String },
    Finish { item: String },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Event {
    Added { item: String },
    Finished { item: String },
}

#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
enum Refusal {
    #[error("There are {max} open items already. Finish one first")]
    TooManyOpen { max: u64 },
    #[error("There is no item {item:?} on the list")]
    NoSuchItem { item: String },
}

impl Entity for List {
    const KIND: &'static str = "list";
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: &Command, _: &mut Context<'_>) -> Result<Vec<Event>, Refusal> {
        match command.clone() {
            Command::Add { item } if self.items.contains_key(&item) => Ok(vec![]),
            Command::Add { .. } if self.open() >= OPEN_MAX => Err(Refusal::TooManyOpen { max: OPEN_MAX }),
            Command::Add { item } => Ok(vec![Event::Added { item }]),
            Command::Finish { item } if !self.items.contains_key(&item) => Err(Refusal::NoSuchItem { item }),
            Command::Finish { item } => Ok(vec![Event::Finished { item }]),
        }
    }

    fn play(&mut self, event: &Event, _: &Stamp) {
        match event.clone() {
            Event::Added { item } => self.items.insert(item, false),
            Event::Finished { item } => self.items.insert(item, true),
        };
    }
}

impl List {
    fn open(&self) -> u64 {
        self.items.values().filter(|done| !**done).count() as u64
    }
}

fn domain() -> Domain {
    Domain::new("todo", 1).entity::<List>()
}
// end: the application

const PATIENCE: Duration = Duration::from_secs(30);

/// Two people, each with a device; one of them works offline while the list fills up.
fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join("server"))?;
    let server = Server::open(domain().shared(), &folder.path().join("server"))?.start("127.0.0.1:0")?;
    let mut devices = Vec::new();
    for name in ["ann", "bo"] {
        server.control().accounts().add_user(name)?;
        let device = Device::open(domain().shared(), &folder.path().join(name))?;
        device.login(&server.url(), &server.control().accounts().new_token(name)?, PATIENCE)?;
        devices.push(device);
    }
    let [ann, bo] = devices.as_slice() else { unreachable!("two names, two devices") };

    let (space, _) = ann.found(&server.url(), "Shopping")?;
    let list = Id::derived("list", &[]);
    for number in 1..OPEN_MAX {
        space.send::<List>(list, &Command::Add { item: format!("Item {number}") })?;
    }
    let person = ann.find_person(&server.url(), "bo", PATIENCE)?.ok_or("bo has an account")?;
    space.send::<Membership>(space.id().0, &MembershipCommand::AddMember { person, role: "member".into() })?;
    ann.wait_in_step(PATIENCE)?;
    bo.wait_in_step(PATIENCE)?;

    // The server goes down. Each of the two takes the last place on the list, and sees it taken.
    let address = server.address();
    drop(server);
    let his = bo.space(space.id()).ok_or("bo follows the list")?;
    let first = space.send::<List>(list, &Command::Add { item: "Bread".into() })?;
    let second = his.send::<List>(list, &Command::Add { item: "Butter".into() })?;
    println!(
        "offline: ann has {} items, bo has {}",
        space.entity::<List>(list).items.len(),
        his.entity::<List>(list).items.len()
    );

    // It comes back: one of the two is told why not, and nothing is lost.
    let _server = Server::open(domain().shared(), &folder.path().join("server"))?.start(address)?;
    ann.wait_in_step(PATIENCE)?;
    bo.wait_in_step(PATIENCE)?;
    for (name, ticket) in [("ann", first), ("bo", second)] {
        match ticket.wait_decided(PATIENCE) {
            Decided::Accepted => println!("{name} was first"),
            Decided::Refused(why) => println!("{name} is told: {why}"),
            Decided::NotYet => return Err("the server has decided everything".into()),
        }
    }
    ann.wait_in_step(PATIENCE)?;
    println!("both hold the same: {}", space.hash() == his.hash());
    Ok(())
}

#[cfg(test)]
mod tests {
    use recordplayer::testing::given;

    use super::*;

    #[test]
    fn an_eleventh_open_item_is_refused() {
        let list = Id::derived("list", &[]);
        let full = || (1..=OPEN_MAX).map(|number| Event::Added { item: format!("Item {number}") });
        let bread = || Command::Add { item: "Bread".into() };
        let with = |events: Vec<Event>| given(domain()).happened::<List>(list, events).when::<List>(list, bread());
        with(full().collect()).refused(Refusal::TooManyOpen { max: OPEN_MAX });
        let one_is_done = Event::Finished { item: "Item 1".into() };
        with(full().chain([one_is_done]).collect()).then([Event::Added { item: "Bread".into() }]);
    }
}
