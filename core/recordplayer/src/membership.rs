//! Who belongs to a space, and in which role: data of the space, decided by its log alone.
//!
//! Every domain has this entity, with the kind `space` and the space's own id. So access changes at an exact record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::entity::{Entity, Stamp};
use crate::id::ActorId;

/// The longest title of a space, in bytes.
pub const TITLE_BYTES_MAX: usize = 256;

/// The members of a space, and its title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    title: String,
    is_founded: bool,
    members: BTreeMap<ActorId, String>,
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
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MembershipEvent {
    Founded { title: String, founder: ActorId, role: String },
    Renamed { title: String },
    MemberAdded { person: ActorId, role: String },
    RoleChanged { person: ActorId, role: String },
    MemberRemoved { person: ActorId },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum MembershipRefusal {
    #[error("This project does not exist yet")]
    NotFounded {},
    #[error("This project exists already")]
    AlreadyFounded {},
    #[error("Only a {role} may change the members and the name. Ask one of them")]
    NotAManager { role: String },
    #[error("There is no role {role:?}. Choose one of: {known}")]
    NoSuchRole { role: String, known: String },
    #[error("This person is a member already")]
    AlreadyMember { person: ActorId },
    #[error("This person is not a member")]
    NotAMember { person: ActorId },
    #[error("The last {role} may not leave or take another role. Make somebody else {role} first")]
    LastManager { role: String },
    #[error("A name has 1 to {max} bytes")]
    BadTitle { max: u64 },
}

impl Membership {
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

fn check_role(role: &str, roles: &[&str]) -> Result<(), MembershipRefusal> {
    if roles.contains(&role) {
        return Ok(());
    }
    Err(MembershipRefusal::NoSuchRole { role: role.chars().take(64).collect(), known: roles.join(", ") })
}

impl Entity for Membership {
    const KIND: &'static str = "space";

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
        let roles = cx.roles();
        let manager = roles[0];
        if let C::Found { title } = command {
            if self.is_founded {
                return Err(R::AlreadyFounded {});
            }
            check_title(title)?;
            return Ok(vec![E::Founded { title: title.clone(), founder: cx.actor(), role: manager.to_owned() }]);
        }
        if !self.is_founded {
            return Err(R::NotFounded {});
        }
        let leaves = matches!(command, C::RemoveMember { person } if *person == cx.actor());
        if self.role_of(cx.actor()) != Some(manager) && !leaves {
            return Err(R::NotAManager { role: manager.to_owned() });
        }
        match command {
            C::Found { .. } => unreachable!("answered above"),
            C::Rename { title } => {
                check_title(title)?;
                Ok(vec![E::Renamed { title: title.clone() }])
            }
            C::AddMember { person, role } => {
                check_role(role, roles)?;
                if self.members.contains_key(person) {
                    return Err(R::AlreadyMember { person: *person });
                }
                Ok(vec![E::MemberAdded { person: *person, role: role.clone() }])
            }
            C::ChangeRole { person, role } => {
                check_role(role, roles)?;
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

    fn play(&mut self, event: &MembershipEvent, _: &Stamp) {
        match event {
            MembershipEvent::Founded { title, founder, role } => {
                self.is_founded = true;
                self.title.clone_from(title);
                self.members.insert(*founder, role.clone());
            }
            MembershipEvent::Renamed { title } => self.title.clone_from(title),
            MembershipEvent::MemberAdded { person, role } | MembershipEvent::RoleChanged { person, role } => {
                self.members.insert(*person, role.clone());
            }
            MembershipEvent::MemberRemoved { person } => {
                self.members.remove(person);
            }
        }
    }
}
