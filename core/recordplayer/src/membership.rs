//! Who belongs to a space, and in which role: data of the space, decided by its log alone.
//!
//! Every domain has this entity, with the kind `space` and the space's own id. So access changes at an exact record.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::entity::{Entity, Stamp};
use crate::id::{ActorId, Id, SpaceId};
use crate::record::{Position, StreamId};

/// The longest title of a space, in bytes.
pub const TITLE_BYTES_MAX: usize = 256;

/// So many records are redacted by one command: about what a log rewrites without anybody waiting for it.
pub const REDACTED_RECORDS_MAX: usize = 1_000;

/// What a personal space is called; nobody but its person sees it.
pub const PERSONAL_TITLE: &str = "Personal";

/// The members of a space, and its title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    title: String,
    is_founded: bool,
    members: BTreeMap<ActorId, String>,
    /// Set where the authority that it was founded at has given it away: it decides nothing more.
    handed_over: Option<Id>,
    /// The publication that a server has taken on.
    published: Option<Id>,
    /// Who of the time before is which person of the server.
    claimed: BTreeMap<ActorId, ActorId>,
    /// Who was a member once, and is none now.
    former: BTreeSet<ActorId>,
    /// The last recovery after which it was opened in a new epoch.
    reopened: Option<Id>,
    /// Where it goes on with what an export told.
    continued: Option<Continued>,
}

/// That a space goes on where an exported one was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continued {
    /// What the history before has happened in: the first one, where that was one from an export itself.
    pub first: SpaceId,
    /// The record that says so: before it lies what the export told.
    pub at: Position,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MembershipCommand {
    /// The first command of every space: whoever sends it manages it.
    Found {
        title: String,
    },
    Rename {
        title: String,
    },
    AddMember {
        person: ActorId,
        role: String,
    },
    ChangeRole {
        person: ActorId,
        role: String,
    },
    /// Also how a member leaves.
    RemoveMember {
        person: ActorId,
    },
    /// Gives the space to a server, for good: the last thing that is decided here.
    HandOver {
        publication: Id,
        server: String,
    },
    /// Takes on a space that was begun elsewhere. Only the server itself says this, right behind the record that hands it over.
    Publish {
        publication: Id,
        person: ActorId,
    },
    /// Goes on in a new epoch after a restore. Only the server itself says this.
    Reopen {
        recovery: Id,
    },
    /// Goes on where an exported space was. Only the authority itself says this, behind what the export told.
    Continue {
        from: SpaceId,
    },
    /// Takes the payloads of these records out of every log, for good. What was played from them is played anew, without them. After a
    /// restore a number may be another record's: `reopened` is what its author knew as [`Membership::reopened`].
    Redact {
        records: Vec<Position>,
        reopened: Option<Id>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MembershipEvent {
    Founded {
        title: String,
        founder: ActorId,
        role: String,
    },
    Renamed {
        title: String,
    },
    MemberAdded {
        person: ActorId,
        role: String,
    },
    RoleChanged {
        person: ActorId,
        role: String,
    },
    MemberRemoved {
        person: ActorId,
    },
    HandedOver {
        publication: Id,
        server: String,
    },
    /// The person who had it there is this person here.
    Published {
        publication: Id,
        person: ActorId,
        into: ActorId,
    },
    /// The server was restored from a backup, and goes on in a new epoch.
    Reopened {
        recovery: Id,
    },
    /// It goes on where an exported space was, with nobody in it but who brought the export.
    Continued {
        from: SpaceId,
        by: ActorId,
        role: String,
    },
    /// The payloads of these records are gone.
    Redacted {
        records: Vec<Position>,
    },
}

impl MembershipEvent {
    /// Whether it makes this person a member.
    pub(crate) fn takes_in(&self, who: ActorId) -> bool {
        match self {
            Self::Founded { founder: person, .. }
            | Self::MemberAdded { person, .. }
            | Self::Continued { by: person, .. }
            | Self::Published { into: person, .. } => *person == who,
            Self::Renamed { .. }
            | Self::RoleChanged { .. }
            | Self::MemberRemoved { .. }
            | Self::HandedOver { .. }
            | Self::Reopened { .. }
            | Self::Redacted { .. } => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum MembershipRefusal {
    #[error("This project does not exist yet")]
    NotFounded {},
    #[error("This project exists already")]
    AlreadyFounded {},
    #[error(
        "Only members with the role {role:?} may change who belongs here, the name and what the history holds. Ask one of them"
    )]
    NotAManager { role: String },
    #[error("There is no role {role:?}. Choose one of: {known}")]
    NoSuchRole { role: String, known: String },
    #[error("This person is a member already")]
    AlreadyMember { person: ActorId },
    #[error("This person is not a member")]
    NotAMember { person: ActorId },
    #[error("The last {role} may not leave or take another role. Make somebody else {role} first")]
    LastManager { role: String },
    #[error("What is personal is yours alone: nobody else is let in, and it is not given away")]
    Personal {},
    #[error("This project was given to a server. It is changed there")]
    HandedOver {},
    #[error("This project was not given to this server")]
    NotHandedOver {},
    #[error("Only the server itself does this, after a restore or with an export that somebody brings")]
    NotTheServer {},
    #[error(
        "This project was restored from a backup since, and the numbers of the history may mean something else. Look at it again"
    )]
    RestoredSince {},
    #[error("A name has 1 to {max} bytes")]
    BadTitle { max: u64 },
    #[error("1 to {max} records can be redacted at once. Name fewer of them, and the others in a second step")]
    BadRedaction { max: u64 },
}

impl Membership {
    /// Whether a command with this name founds the space: the only one that is taken where nothing is yet.
    pub fn founds(space: SpaceId, stream: &StreamId, name: &str) -> bool {
        *stream.kind == *Self::KIND && stream.id == space.0 && name == "space.found"
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    pub fn is_founded(&self) -> bool {
        self.is_founded
    }

    pub fn role_of(&self, person: ActorId) -> Option<&str> {
        self.members.get(&person).map(String::as_str)
    }

    pub fn members(&self) -> impl Iterator<Item = (ActorId, &str)> {
        self.members.iter().map(|(person, role)| (*person, role.as_str()))
    }

    /// Whether the person was a member once, and is none now.
    pub fn was_member(&self, person: ActorId) -> bool {
        self.former.contains(&person)
    }

    /// The publication that this authority has given the space to, until a server has taken it on.
    pub fn handed_over(&self) -> Option<Id> {
        self.handed_over
    }

    /// The publication by which a server has taken the space on.
    pub fn published(&self) -> Option<Id> {
        self.published
    }

    /// Who a person of the time before the publication is now.
    pub fn claimed_by(&self, person: ActorId) -> Option<ActorId> {
        self.claimed.get(&person).copied()
    }

    /// The persons of the time before the publication, each with who they are now.
    pub fn claimed(&self) -> impl Iterator<Item = (ActorId, ActorId)> {
        self.claimed.iter().map(|(before, now)| (*before, *now))
    }

    /// Who was a member once, and is none now.
    pub fn former(&self) -> impl Iterator<Item = ActorId> {
        self.former.iter().copied()
    }

    /// The last recovery after which the space was opened in a new epoch, with another end of its history.
    pub fn reopened(&self) -> Option<Id> {
        self.reopened
    }

    /// Where the space goes on with what an export told.
    pub fn continued(&self) -> Option<Continued> {
        self.continued
    }

    /// Whether this record was told by the export with which the space goes on.
    pub fn is_of_export(&self, record: Position) -> bool {
        self.continued.is_some_and(|continued| record < continued.at)
    }

    /// The space in which its history began: what was named by that is so still.
    pub fn first_space(&self, space: SpaceId) -> SpaceId {
        self.continued.map_or(space, |continued| continued.first)
    }

    fn is_last(&self, person: ActorId, manager: &str) -> bool {
        self.role_of(person) == Some(manager) && self.members.values().filter(|role| *role == manager).count() == 1
    }
}

fn check_title(title: &str) -> Result<(), MembershipRefusal> {
    if (1..=TITLE_BYTES_MAX).contains(&title.trim().len()) && title.len() <= TITLE_BYTES_MAX {
        Ok(())
    } else {
        Err(MembershipRefusal::BadTitle { max: TITLE_BYTES_MAX as u64 })
    }
}

/// One of the domain's roles, or one of the space's own.
fn check_role(role: &str, cx: &Context<'_>) -> Result<(), MembershipRefusal> {
    if cx.roles().contains(&role) {
        return Ok(());
    }
    let own = cx.own_roles();
    if own.iter().any(|own| own.key == role) {
        return Ok(());
    }
    let known: Vec<&str> = cx.roles().iter().copied().chain(own.iter().map(|own| own.name.as_str())).collect();
    Err(MembershipRefusal::NoSuchRole { role: role.chars().take(64).collect(), known: known.join(", ") })
}

impl Entity for Membership {
    const KIND: &'static str = "space";
    const SHAPE: u32 = 5;

    type Command = MembershipCommand;
    type Event = MembershipEvent;
    type Refusal = MembershipRefusal;

    fn decide(
        &self,
        command: &MembershipCommand,
        cx: &mut Context<'_>,
    ) -> Result<Vec<MembershipEvent>, MembershipRefusal> {
        use MembershipCommand as C;
        use MembershipEvent as E;
        use MembershipRefusal as R;
        let manager = cx.roles()[0];
        let is_personal = cx.space() == SpaceId::personal(cx.actor());
        if let C::Found { title } = command {
            // Each device of a person begins it where it has not heard of it yet.
            if self.is_founded && is_personal {
                return Ok(Vec::new());
            }
            if self.is_founded {
                return Err(R::AlreadyFounded {});
            }
            check_title(title)?;
            return Ok(vec![E::Founded { title: title.clone(), founder: cx.actor(), role: manager.to_owned() }]);
        }
        if !self.is_founded {
            return Err(R::NotFounded {});
        }
        if let C::Reopen { .. } | C::Continue { .. } = command {
            return Err(R::NotTheServer {});
        }
        if is_personal && !matches!(command, C::Redact { .. }) {
            return Err(R::Personal {});
        }
        if let C::Publish { publication, person } = command {
            if self.handed_over != Some(*publication) || self.role_of(*person).is_none() {
                return Err(R::NotHandedOver {});
            }
            return Ok(vec![E::Published { publication: *publication, person: *person, into: cx.actor() }]);
        }
        if self.handed_over.is_some() {
            return Err(R::HandedOver {});
        }
        let leaves = matches!(command, C::RemoveMember { person } if *person == cx.actor());
        if self.role_of(cx.actor()) != Some(manager) && !leaves {
            return Err(R::NotAManager { role: manager.to_owned() });
        }
        match command {
            C::Found { .. } | C::Publish { .. } | C::Reopen { .. } | C::Continue { .. } => {
                unreachable!("answered above")
            }
            C::HandOver { publication, server } => {
                check_title(server)?;
                Ok(vec![E::HandedOver { publication: *publication, server: server.clone() }])
            }
            C::Redact { reopened, .. } if *reopened != self.reopened => Err(R::RestoredSince {}),
            C::Redact { records, .. } => {
                if (1..=REDACTED_RECORDS_MAX).contains(&records.len()) {
                    Ok(vec![E::Redacted { records: records.clone() }])
                } else {
                    Err(R::BadRedaction { max: REDACTED_RECORDS_MAX as u64 })
                }
            }
            C::Rename { title } => {
                check_title(title)?;
                Ok(vec![E::Renamed { title: title.clone() }])
            }
            C::AddMember { person, role } => {
                check_role(role, cx)?;
                if self.members.contains_key(person) {
                    return Err(R::AlreadyMember { person: *person });
                }
                Ok(vec![E::MemberAdded { person: *person, role: role.clone() }])
            }
            C::ChangeRole { person, role } => {
                check_role(role, cx)?;
                let Some(now) = self.role_of(*person) else { return Err(R::NotAMember { person: *person }) };
                if now == role {
                    return Ok(Vec::new());
                }
                if self.is_last(*person, manager) {
                    return Err(R::LastManager { role: manager.to_owned() });
                }
                Ok(vec![E::RoleChanged { person: *person, role: role.clone() }])
            }
            C::RemoveMember { person } => {
                if !self.members.contains_key(person) {
                    return Err(R::NotAMember { person: *person });
                }
                if self.is_last(*person, manager) {
                    return Err(R::LastManager { role: manager.to_owned() });
                }
                Ok(vec![E::MemberRemoved { person: *person }])
            }
        }
    }

    fn play(&mut self, event: &MembershipEvent, stamp: &Stamp) {
        match event {
            MembershipEvent::Founded { title, founder, role } => {
                self.is_founded = true;
                self.title.clone_from(title);
                self.members.insert(*founder, role.clone());
            }
            MembershipEvent::Renamed { title } => self.title.clone_from(title),
            MembershipEvent::MemberAdded { person, role } | MembershipEvent::RoleChanged { person, role } => {
                self.members.insert(*person, role.clone());
                self.former.remove(person);
            }
            MembershipEvent::MemberRemoved { person } => {
                if self.members.remove(person).is_some() {
                    self.former.insert(*person);
                }
            }
            MembershipEvent::HandedOver { publication, .. } => self.handed_over = Some(*publication),
            MembershipEvent::Published { publication, person, into } => {
                self.handed_over = None;
                self.published = Some(*publication);
                if let Some(role) = self.members.remove(person) {
                    self.members.insert(*into, role);
                    self.former.remove(into);
                }
                self.claimed.insert(*person, *into);
            }
            MembershipEvent::Reopened { recovery } => self.reopened = Some(*recovery),
            MembershipEvent::Continued { from, by, role } => {
                let former = std::mem::take(&mut self.members).into_keys();
                self.former.extend(former);
                self.former.remove(by);
                self.members.insert(*by, role.clone());
                (self.handed_over, self.published) = (None, None);
                self.continued = Some(Continued { first: self.first_space(*from), at: stamp.number });
            }
            // What it does is done to the log.
            MembershipEvent::Redacted { .. } => {}
        }
    }
}
