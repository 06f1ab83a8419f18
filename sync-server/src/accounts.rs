//! People and their devices: plain rows in a file of their own, never in a log.
//!
//! ```text
//! "u" ‖ name              person (16)
//! "d" ‖ token hash (32)   person (16) ‖ revoked (1)
//! "s" ‖ "salt_key"        secret (32)
//! "s" ‖ "seal_key"        secret (32)
//! "e" ‖ space (16)        how far the effects of the space are carried out: epoch (4) ‖ record (8)
//! "r"                     nothing, or the last restore of the store: id (16) ‖ epoch (4) ‖ until (8)
//! ```
//!
//! A device's token is 256 random bits, shown once and stored as its blake3 hash. A slow hash such as argon2 protects what people make up;
//! 256 random bits cannot be guessed from their hash, and a fast hash costs an attacker's flood of hellos less of our time.
//!
//! With the seal key the server knows again what it once held (rule 15): whoever has this file and a backup of the store gets back what devices
//! hold; whoever has it alone can claim anything. So it is backed up apart from the store, and as well guarded.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError, RwLock};

use recordplayer::commit::SealKey;
use recordplayer::hash::Hash;
use recordplayer::id::{ActorId, Id, SpaceId};
use recordplayer::policy::EffectsDone;
use recordplayer::record::Position;
use recordplayer::space::Recovery;
use recordplayer::storage::WriteError;
use recordplayer::time::Timestamp;
use recordplayer_store::{OpenError, RedbAccounts};

use crate::limits::PERSON_NAME_BYTES_MAX;

const USER: u8 = b'u';
const DEVICE: u8 = b'd';
/// The secret from which the salts of records are derived.
const SALT_KEY: &[u8] = b"ssalt_key";
/// The secret by which the server knows its own commits again.
const SEAL_KEY: &[u8] = b"sseal_key";
const RECOVERY: &[u8] = b"r";
const EFFECTS: u8 = b'e';

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
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error("a row of the accounts is of no kind that this program knows; upgrade the program, or restore a backup")]
    Row,
    #[error("the accounts cannot be written: {0}; check the disk, and start the server again")]
    Write(#[from] WriteError),
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
    recovery: Option<Recovery>,
    effects: BTreeMap<SpaceId, EffectsDone>,
}

/// The secrets of a server, as far as the file has them.
#[derive(Default)]
struct Secrets {
    salt_key: Option<[u8; 32]>,
    seal_key: Option<[u8; 32]>,
}

/// The accounts of a server: all in memory, and each change durable before it counts.
pub struct Accounts {
    file: Mutex<RedbAccounts>,
    known: RwLock<Known>,
    salt_key: [u8; 32],
    seal_key: SealKey,
}

impl Accounts {
    /// Opens the file, or makes it with secrets of its own.
    pub fn open(path: &Path) -> Result<Self, AccountError> {
        let (mut file, rows) = RedbAccounts::open(path)?;
        let mut known = Known::default();
        let mut secrets = Secrets::default();
        for (key, value) in rows {
            known.learn(&key, &value, &mut secrets).ok_or(AccountError::Row)?;
        }
        let mut secret = |row: &[u8], found: Option<[u8; 32]>| {
            if let Some(secret) = found {
                return Ok(secret);
            }
            let secret = random();
            file.put(row, &secret).map(|()| secret)
        };
        let salt_key = secret(SALT_KEY, secrets.salt_key)?;
        let seal_key = SealKey::new(secret(SEAL_KEY, secrets.seal_key)?);
        Ok(Self { file: Mutex::new(file), known: RwLock::new(known), salt_key, seal_key })
    }

    fn put(&self, kind: u8, key: &[u8], value: &[u8]) -> Result<(), AccountError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(file.put(&[&[kind], key].concat(), value)?)
    }

    /// The secret from which the salts of records are derived.
    pub fn salt_key(&self) -> [u8; 32] {
        self.salt_key
    }

    /// The secret by which the server knows its own commits again.
    pub fn seal_key(&self) -> SealKey {
        self.seal_key
    }

    /// The last restore of the store, until everything is open again.
    pub fn recovery(&self) -> Option<Recovery> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).recovery
    }

    /// Notes that the store was restored, or that all that it holds is open again.
    pub fn set_recovery(&self, recovery: Option<Recovery>) -> Result<(), AccountError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut row = Vec::new();
        if let Some(Recovery { id, epoch, until }) = recovery {
            row.extend_from_slice(&[&id.bytes()[..], &epoch.to_be_bytes(), &until.0.to_be_bytes()].concat());
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.put(RECOVERY, &row)?;
        known.recovery = recovery;
        Ok(())
    }

    /// How far the effects of a space are carried out.
    pub(crate) fn effects_done(&self, space: SpaceId) -> Option<EffectsDone> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).effects.get(&space).copied()
    }

    pub(crate) fn note_effects(&self, space: SpaceId, done: EffectsDone) -> Result<(), AccountError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let row = [&done.epoch.to_be_bytes()[..], &done.upto.0.to_be_bytes()].concat();
        self.put(EFFECTS, space.bytes(), &row)?;
        known.effects.insert(space, done);
        Ok(())
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
        self.put(USER, name.as_bytes(), person.bytes())?;
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
        let row = [&person.bytes()[..], &[u8::from(is_revoked)]].concat();
        self.put(DEVICE, &token.0, &row)?;
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

impl Known {
    /// Takes in a row; nothing where it is of no kind that is known.
    fn learn(&mut self, key: &[u8], value: &[u8], secrets: &mut Secrets) -> Option<()> {
        match key {
            SALT_KEY => {
                secrets.salt_key = Some(value.try_into().ok()?);
                return Some(());
            }
            SEAL_KEY => {
                secrets.seal_key = Some(value.try_into().ok()?);
                return Some(());
            }
            RECOVERY => {
                self.recovery = if value.is_empty() { None } else { Some(recovery(value)?) };
                return Some(());
            }
            _ => {}
        }
        match key.split_first()? {
            (&USER, name) => {
                let name = String::from_utf8(name.to_vec()).ok()?;
                let person = ActorId(Id(value.try_into().ok()?));
                self.names.insert(person, name.clone());
                self.people.insert(name, person);
            }
            (&DEVICE, token) => {
                let (person, is_revoked) = value.split_last_chunk::<1>()?;
                let device = (ActorId(Id(person.try_into().ok()?)), is_revoked == &[1]);
                self.devices.insert(Hash(token.try_into().ok()?), device);
            }
            (&EFFECTS, space) => {
                let (epoch, upto) = value.split_first_chunk::<4>()?;
                let upto = Position(u64::from_be_bytes(upto.try_into().ok()?));
                let done = EffectsDone { epoch: u32::from_be_bytes(*epoch), upto };
                self.effects.insert(SpaceId(Id(space.try_into().ok()?)), done);
            }
            _ => return None,
        }
        Some(())
    }
}

fn recovery(row: &[u8]) -> Option<Recovery> {
    let (id, rest) = row.split_first_chunk::<16>()?;
    let (epoch, until) = rest.split_first_chunk::<4>()?;
    let until = Timestamp(i64::from_be_bytes(until.try_into().ok()?));
    Some(Recovery { id: Id(*id), epoch: u32::from_be_bytes(*epoch), until })
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}
