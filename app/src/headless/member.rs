//! The members of a project, their roles, and what each role may do.

use std::time::Duration;

use recordplayer::id::ActorId;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer_client::HERE;
use recordplayer_kanban::Project;
use recordplayer_kanban::ids::{PersonId, RoleId};
use recordplayer_kanban::permissions::permissions;
use recordplayer_kanban::project::{Placeholder, ProjectCommand};
use recordplayer_kanban::role::{self, Role};
use serde_json::{Value, json};

use super::answer::{Answer, Failure, NOT_IN_TIME, REFUSED, WRONG_USE, line};
use super::arguments::{MemberCommand, RoleCommand};
use super::place::Place;
use super::send;

const LOGIN_WITHIN: Duration = Duration::from_secs(20);

pub(crate) fn run(place: &Place<'_>, command: &MemberCommand) -> Result<Answer, Failure> {
    match command {
        MemberCommand::List => Ok(list(place)),
        MemberCommand::Add { user, role } => add(place, user, role),
        MemberCommand::Role { user, role: name } => {
            let (person, role) = (member(place, user)?, role(place, name)?);
            let command = MembershipCommand::ChangeRole { person, role: role.key().to_owned() };
            let done = format!("{} is a {} of {} now", line(user), line(name), line(&place.info.title));
            sent(place, user, person, name, &command, done)
        }
        MemberCommand::Claim { name } => {
            let person = placeholder(place, name)?;
            let done = format!("In {} you are {}", line(&place.info.title), line(name));
            of_import(place, (name, person), &ProjectCommand::ClaimPlaceholder { person }, done)
        }
        MemberCommand::Disclaim { name } => {
            let person = placeholder(place, name)?;
            let done = format!("In {} {} is nobody who is here", line(&place.info.title), line(name));
            of_import(place, (name, person), &ProjectCommand::FreePlaceholder { person }, done)
        }
        MemberCommand::Remove { user } => {
            let person = member(place, user)?;
            let done = format!("{} is no member of {} any more", line(user), line(&place.info.title));
            sent(place, user, person, "", &MembershipCommand::RemoveMember { person }, done)
        }
    }
}

fn list(place: &Place<'_>) -> Answer {
    let project = place.project();
    let members = place.space.entity::<Membership>(place.space.id().0);
    let rows: Vec<(String, ActorId, String)> = members
        .members()
        .map(|(person, role)| {
            let name = place.name_of(PersonId::from(person)).unwrap_or_else(|| person.to_string());
            (name, person, Role::by_key(role).name(&project).to_owned())
        })
        .collect();
    let json: Vec<Value> = rows
        .iter()
        .map(|(name, person, role)| json!({ "user": name, "person": person.to_string(), "role": role }))
        .collect();
    let mut text: Vec<String> =
        rows.iter().map(|(name, _, role)| format!("{}  ({})", line(name), line(role))).collect();
    let by = |placeholder: &Placeholder| {
        placeholder.claimed_by.map(|by| place.name_of(PersonId::from(by)).unwrap_or_else(|| by.to_string()))
    };
    let placeholders: Vec<Value> = project
        .placeholders
        .iter()
        .map(|(person, known)| {
            json!({ "name": known.name, "username": known.username, "person": person.to_string(), "claimed_by": by(known) })
        })
        .collect();
    text.extend(project.placeholders.values().map(|known| match by(known) {
        Some(by) => format!("{}  (of an import; it is {})", line(&known.name), line(&by)),
        None => format!("{}  (of an import; \"member claim\" says that it is you)", line(&known.name)),
    }));
    Answer::new(json!({ "members": json, "placeholders": placeholders }), text.join("\n"))
}

/// The one whom an import knows by this name, or by their user name there.
fn placeholder(place: &Place<'_>, name: &str) -> Result<PersonId, Failure> {
    let project = place.project();
    let is_it = |known: &Placeholder| known.name == name || (!known.username.is_empty() && known.username == name);
    let mut found = project.placeholders.iter().filter(|(person, known)| is_it(known) || person.to_string() == name);
    match (found.next(), found.next()) {
        (Some((person, _)), None) => Ok(*person),
        (None, _) => {
            let message = format!("No import has brought somebody called {name:?} into {}", place.info.title);
            Err(Failure::new(WRONG_USE, "unknown_person", message, "See \"recordplayer member list\""))
        }
        (Some(_), Some(_)) => {
            let message = format!("Several people of imports are called {name:?}");
            let help = "Name the one by the \"person\" that \"member list --json\" shows";
            Err(Failure::new(WRONG_USE, "ambiguous_person", message, help))
        }
    }
}

fn of_import(
    place: &Place<'_>,
    (name, person): (&str, PersonId),
    command: &ProjectCommand,
    done: String,
) -> Result<Answer, Failure> {
    let ticket = send::one::<Project>(place, place.space.id().0, command)?;
    let json = json!({ "name": name, "person": person.to_string(), "command": ticket.command().to_string() });
    Ok(Answer::new(json, done))
}

fn add(place: &Place<'_>, user: &str, name: &str) -> Result<Answer, Failure> {
    if place.info.url == HERE {
        let message = format!("{} lives on this computer alone, so nobody else can be in it yet", place.info.title);
        return Err(Failure::new(REFUSED, "local_project", message, "Begin it at a server to work on it with others"));
    }
    let role = role(place, name)?;
    let known = place.device.find_person(&place.info.url, user, LOGIN_WITHIN).map_err(|error| {
        Failure::new(
            NOT_IN_TIME,
            "offline",
            error,
            "A person is looked up at the server: try again when it can be reached",
        )
    })?;
    let person = known.ok_or_else(|| {
        Failure::new(
            REFUSED,
            "unknown_user",
            format!("The server knows nobody called {user:?}"),
            "Ask its admin to add them",
        )
    })?;
    let command = MembershipCommand::AddMember { person, role: role.key().to_owned() };
    let done = format!("{} is a {} of {} now", line(user), line(name), line(&place.info.title));
    sent(place, user, person, name, &command, done)
}

fn sent(
    place: &Place<'_>,
    user: &str,
    person: ActorId,
    role: &str,
    command: &MembershipCommand,
    done: String,
) -> Result<Answer, Failure> {
    let ticket = send::one::<Membership>(place, place.space.id().0, command)?;
    let json =
        json!({ "user": user, "person": person.to_string(), "role": role, "command": ticket.command().to_string() });
    Ok(Answer::new(json, done))
}

/// A member by the name that this device knows, or by id.
fn member(place: &Place<'_>, text: &str) -> Result<ActorId, Failure> {
    let members = place.space.entity::<Membership>(place.space.id().0);
    let is_it = |person: &ActorId| {
        person.to_string() == text || place.name_of(PersonId::from(*person)).is_some_and(|name| name == text)
    };
    let found: Vec<ActorId> = members.members().map(|(person, _)| person).filter(is_it).collect();
    match found.as_slice() {
        [person] => Ok(*person),
        _ => Err(Failure::new(
            WRONG_USE,
            "unknown_member",
            format!("There is no member {text:?} in {}", line(&place.info.title)),
            "See \"recordplayer member list\"",
        )),
    }
}

/// A role of the project by its name.
pub(crate) fn role(place: &Place<'_>, name: &str) -> Result<Role, Failure> {
    let project = place.project();
    Role::named(name, &project).ok_or_else(|| {
        let known: Vec<String> = role::roles(&project).iter().map(|role| role.name(&project).to_owned()).collect();
        let help = format!("Choose one of: {}", known.iter().map(|name| line(name)).collect::<Vec<_>>().join(", "));
        Failure::new(WRONG_USE, "unknown_role", format!("There is no role {name:?} in this project"), &help)
            .with_details(json!(known))
    })
}

pub(crate) fn roles(place: &Place<'_>, command: &RoleCommand) -> Result<Answer, Failure> {
    let (name, id, command, done) = match command {
        RoleCommand::List => return Ok(list_roles(place)),
        RoleCommand::New { name } => {
            let role = RoleId(place.space.fresh_id());
            (name, role, ProjectCommand::SetRole { role, name: name.clone() }, format!("Added the role {}", line(name)))
        }
        RoleCommand::Rename { role, name } => {
            let role = own_role(place, role)?;
            let done = format!("Renamed the role to {}", line(name));
            (name, role, ProjectCommand::SetRole { role, name: name.clone() }, done)
        }
        RoleCommand::Remove { role: name } => {
            let role = own_role(place, name)?;
            (name, role, ProjectCommand::RemoveRole { role }, format!("Removed the role {}", line(name)))
        }
    };
    let ticket = send::one::<Project>(place, place.space.id().0, &command)?;
    let json = json!({ "role": name, "id": id.to_string(), "command": ticket.command().to_string() });
    Ok(Answer::new(json, done))
}

fn list_roles(place: &Place<'_>) -> Answer {
    let project = place.project();
    let roles: Vec<String> = role::roles(&project).iter().map(|role| role.name(&project).to_owned()).collect();
    let text: Vec<String> = roles.iter().map(|role| line(role)).collect();
    Answer::new(json!({ "roles": roles }), text.join("\n"))
}

fn own_role(place: &Place<'_>, name: &str) -> Result<RoleId, Failure> {
    role(place, name)?.own().ok_or_else(|| {
        let message = format!("The role {name:?} is of every project, and stays as it is");
        Failure::new(WRONG_USE, "built_in_role", message, "Add a role of your own with \"recordplayer role new NAME\"")
    })
}

/// What each role may do, column by column.
pub(crate) fn report(place: &Place<'_>) -> Result<Answer, Failure> {
    let space = place.space.id();
    let granted = place.read(|models| permissions(space, models))?;
    let mut text: Vec<String> = Vec::new();
    for group in granted.chunk_by(|a, b| (&a.board, &a.column, &a.role) == (&b.board, &b.column, &b.role)) {
        let first = &group[0];
        let may: Vec<&str> = group.iter().map(|granted| granted.permission.name()).collect();
        text.push(format!(
            "{} / {}  {}: {}",
            line(&first.board),
            line(&first.column),
            line(&first.role),
            may.join(", ")
        ));
    }
    Ok(Answer::new(json!({ "permissions": granted }), text.join("\n")))
}
