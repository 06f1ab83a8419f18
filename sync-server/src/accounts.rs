//! People and their devices: plain rows in a file of their own, never in a log.
//!
//! A device's token is 256 random bits, shown once and stored as its blake3 hash. A slow hash such as argon2 protects what people make up;
//! 256 random bits cannot be guessed from their hash, and a fast hash costs an attacker's flood of hellos less of our time.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use recordplayer::hash::Hash;
use recordplayer::id::{ActorId, Id};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use crate::limits::PERSON_NAME_BYTES_MAX;

const USERS: TableDefinition<'_, &str, [u8; 16]> = TableDefinition::new("users");
/// The hash of a token: whose device, and whether it was revoked.
const DEVICES: TableDefinition<'_, [u8; 32], ([u8; 16], bool)> = TableDefinition::new("devices");
const SECRETS: TableDefinition<'_, &str, [u8; 32]> = TableDefinition::new("secrets");

/// What cannot be done with the accounts.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("there is a user {0:?} already; choose another name")]
    Exists(String),
    #[error("there is no user {0:?}; add one with \"recordplayer-server user add\"")]
    Unknown(String),
    #[error(
        "a user's name has 1 to {PERSON_NAME_BYTES_MAX} bytes, no spaces at its ends and no control characters: {0:?}"
    )]
    BadName(String),
    #[error("the accounts cannot be read or written: {0}; check the folder's rights and free space")]
    Store(Box<redb::Error>),
}

fn store_error(error: impl Into<redb::Error>) -> AccountError {
    AccountError::Store(Box::new(error.into()))
}

/// What is known of a device by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub token: Hash,
    pub person: ActorId,
    pub name: String,
}

#[derive(Default)]
struct Known {
    people: BTreeMap<String, ActorId>,
    names: BTreeMap<ActorId, String>,
    devices: BTreeMap<Hash, (ActorId, bool)>,
}

/// The accounts of a server: all in memory, and each change durable before it counts.
pub struct Accounts {
    database: Database,
    known: RwLock<Known>,
    salt_key: [u8; 32],
}

impl Accounts {
    /// Opens the file, or makes it with secrets of its own.
    pub fn open(path: &Path) -> Result<Self, AccountError> {
        let database = Database::create(path).map_err(store_error)?;
        let write = database.begin_write().map_err(store_error)?;
        let salt_key = {
            write.open_table(USERS).map_err(store_error)?;
            write.open_table(DEVICES).map_err(store_error)?;
            let mut secrets = write.open_table(SECRETS).map_err(store_error)?;
            let known = secrets.get("salt_key").map_err(store_error)?.map(|key| key.value());
            if let Some(key) = known {
                key
            } else {
                let key = random();
                secrets.insert("salt_key", key).map_err(store_error)?;
                key
            }
        };
        write.commit().map_err(store_error)?;
        let known = RwLock::new(load(&database)?);
        Ok(Self { database, known, salt_key })
    }

    /// The secret from which the salts of records are derived.
    pub fn salt_key(&self) -> [u8; 32] {
        self.salt_key
    }

    pub fn add_user(&self, name: &str) -> Result<ActorId, AccountError> {
        let fits = (1..=PERSON_NAME_BYTES_MAX).contains(&name.len())
            && name.trim() == name
            && !name.chars().any(char::is_control);
        if !fits {
            return Err(AccountError::BadName(name.chars().take(PERSON_NAME_BYTES_MAX).collect()));
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.people.contains_key(name) {
            return Err(AccountError::Exists(name.to_owned()));
        }
        let person = ActorId(Id(random()));
        let write = self.database.begin_write().map_err(store_error)?;
        write.open_table(USERS).map_err(store_error)?.insert(name, person.bytes()).map_err(store_error)?;
        write.commit().map_err(store_error)?;
        known.people.insert(name.to_owned(), person);
        known.names.insert(person, name.to_owned());
        Ok(person)
    }

    /// A token for a new device of the person: shown once, and kept as a hash.
    pub fn new_token(&self, name: &str) -> Result<String, AccountError> {
        let person = self.person(name).ok_or_else(|| AccountError::Unknown(name.to_owned()))?;
        let token = format!("rp_{}", data_encoding::HEXLOWER.encode(&random::<32>()));
        self.put_device(Hash::of(token.as_bytes()), person, false)?;
        Ok(token)
    }

    /// Ends the token: each of its sessions notices with its next frame, in or out.
    pub fn revoke(&self, device: &Device) -> Result<(), AccountError> {
        self.put_device(device.token, device.person, true)
    }

    fn put_device(&self, token: Hash, person: ActorId, is_revoked: bool) -> Result<(), AccountError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let write = self.database.begin_write().map_err(store_error)?;
        let row = (*person.bytes(), is_revoked);
        write.open_table(DEVICES).map_err(store_error)?.insert(token.0, row).map_err(store_error)?;
        write.commit().map_err(store_error)?;
        known.devices.insert(token, (person, is_revoked));
        Ok(())
    }

    /// Whose token this is, unless it was revoked.
    pub fn device(&self, token: &str) -> Option<Device> {
        let token = Hash::of(token.as_bytes());
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (person, is_revoked) = *known.devices.get(&token)?;
        let name = known.names.get(&person)?.clone();
        (!is_revoked).then_some(Device { token, person, name })
    }

    pub fn is_valid(&self, token: &Hash) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.devices.get(token).is_some_and(|(_, is_revoked)| !is_revoked)
    }

    pub fn person(&self, name: &str) -> Option<ActorId> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).people.get(name).copied()
    }

    pub fn name_of(&self, person: ActorId) -> Option<String> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).names.get(&person).cloned()
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accounts(..)")
    }
}

fn load(database: &Database) -> Result<Known, AccountError> {
    let mut known = Known::default();
    let read = database.begin_read().map_err(store_error)?;
    for row in read.open_table(USERS).map_err(store_error)?.iter().map_err(store_error)? {
        let (name, person) = row.map_err(store_error)?;
        let person = ActorId(Id(person.value()));
        known.people.insert(name.value().to_owned(), person);
        known.names.insert(person, name.value().to_owned());
    }
    for row in read.open_table(DEVICES).map_err(store_error)?.iter().map_err(store_error)? {
        let (token, device) = row.map_err(store_error)?;
        let (person, is_revoked) = device.value();
        known.devices.insert(Hash(token.value()), (ActorId(Id(person)), is_revoked));
    }
    Ok(known)
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}
