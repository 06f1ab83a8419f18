//! The product as one value: what the server, the client and the tests take.

use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::{Domain, UniqueName};
use recordplayer::entity::Entity;
use recordplayer::id::SpaceId;
use recordplayer::record::StreamId;
use recordplayer::refusal::{CoreRefusal, Refused};
use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::card::{Card, room_was_made, travels};
use crate::column::Column;
use crate::comment::Comment;
use crate::desk::Desk;
use crate::key::is_prefix;
use crate::marks::Marks;
use crate::project::{Project, ProjectCommand, ProjectRefusal};
use crate::role::{ROLES, own_roles, role_of_sender};
use crate::view::{
    ActivityView, BoardView, BoardsView, CardView, DeedsView, FilesView, FlowView, InboxView, KeysView, SheetsView,
    WorkView, attached_by,
};

/// The product.
pub fn domain() -> Domain {
    Domain::new("kanban", 1)
        .roles(ROLES)
        .own_roles(own_roles)
        .entity::<Project>()
        .entity::<Board>()
        .entity::<Column>()
        .entity::<Card>()
        .entity::<Comment>()
        .entity::<Desk>()
        .entity::<Marks>()
        .view::<BoardView>()
        .view::<BoardsView>()
        .view::<CardView>()
        .view::<ActivityView>()
        .view::<KeysView>()
        .view::<InboxView>()
        .view::<WorkView>()
        .view::<SheetsView>()
        .view::<FlowView>()
        .view::<DeedsView>()
        .files::<FilesView>(attached_by)
        .errand("card journeys", travels)
        .policy("finished cards", room_was_made)
        .guard(may_write)
        .unique_name(UniqueName { claimed: claimed_key, held: held_key, taken: key_taken })
}

/// The prefix of a project's keys is its own on its server, so that a card's key says which project it is of.
fn claimed_key(intent: &Intent) -> Vec<String> {
    match intent.typed::<Project>() {
        Some(ProjectCommand::SetUp { key }) => vec![key],
        Some(ProjectCommand::SetUpFrom { keys } | ProjectCommand::ChangeKey { keys }) => {
            keys.into_iter().filter(|key| is_prefix(key)).collect()
        }
        Some(
            ProjectCommand::SetLabel { .. }
            | ProjectCommand::RemoveLabel { .. }
            | ProjectCommand::SetPlaceholder { .. }
            | ProjectCommand::ClaimPlaceholder { .. }
            | ProjectCommand::FreePlaceholder { .. }
            | ProjectCommand::SetField { .. }
            | ProjectCommand::RemoveField { .. }
            | ProjectCommand::SetType { .. }
            | ProjectCommand::RemoveType { .. }
            | ProjectCommand::SetRole { .. }
            | ProjectCommand::RemoveRole { .. }
            | ProjectCommand::SetCalendar { .. },
        )
        | None => Vec::new(),
    }
}

fn held_key(space: SpaceId, models: &Models<'_>) -> Option<String> {
    let project = models.get::<Project>(space.0);
    project.is_set_up().then(|| project.key.clone())
}

fn key_taken(key: &str) -> Refused {
    let refusal = ProjectRefusal::KeyTaken { key: key.to_owned() };
    Refused::of(&refusal).unwrap_or_else(|_| CoreRefusal::MayNotWrite {}.into())
}

/// What the guards of the product refuse, whatever the command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum GuardRefusal {
    #[error("As a viewer you may look at everything and change nothing. Ask a manager for another role")]
    ViewersMayNotWrite {},
    #[error("Only a manager shapes a project: its boards, columns and key. Ask one of them")]
    ManagersShapeProjects {},
    #[error("This is a project, and everybody in it would see that. It belongs in your personal space")]
    BelongsInPersonalSpace {},
    #[error("This is somebody's personal space. Begin a project for that")]
    BelongsInProject {},
    #[error("Only a manager records what others did, as an import does. Ask one of them to import it")]
    ManagersSpeakForOthers {},
}

fn may_write(stream: &StreamId, command: &str, cx: &Context<'_>) -> Result<(), Refused> {
    let Some(role) = role_of_sender(cx) else { return Err(CoreRefusal::MayNotWrite {}.into()) };
    let is_of_person = matches!(&*stream.kind, Desk::KIND | Marks::KIND);
    let is_personal = cx.space() == SpaceId::personal(cx.actor());
    let refusal = match () {
        () if is_of_person && !is_personal => GuardRefusal::BelongsInPersonalSpace {},
        () if is_personal && !is_of_person => GuardRefusal::BelongsInProject {},
        () if role.is_manager() => return Ok(()),
        () if role.is_viewer() => GuardRefusal::ViewersMayNotWrite {},
        () if shapes_project(stream, command) => GuardRefusal::ManagersShapeProjects {},
        () if cx.claimed_actor().is_some() => GuardRefusal::ManagersSpeakForOthers {},
        () => return Ok(()),
    };
    Err(Refused::of(&refusal).unwrap_or_else(|_| CoreRefusal::MayNotWrite {}.into()))
}

const MANAGERS_OF_PROJECT: &[&str] = &[
    "project.set_up",
    "project.set_up_from",
    "project.set_placeholder",
    "project.set_field",
    "project.remove_field",
    "project.set_type",
    "project.remove_type",
    "project.set_role",
    "project.remove_role",
    "project.set_calendar",
    "project.change_key",
];

/// Labels are everybody's, and people claim placeholders themselves. What a newer version may ask is not refused here.
fn shapes_project(stream: &StreamId, command: &str) -> bool {
    match &*stream.kind {
        Board::KIND | Column::KIND => true,
        Project::KIND => MANAGERS_OF_PROJECT.contains(&command),
        _ => false,
    }
}
