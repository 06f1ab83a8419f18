//! Roles that a project adds to those of the product.

use recordplayer::membership::{Membership, MembershipCommand, MembershipEvent, MembershipRefusal};
use recordplayer::refusal::Refused;
use recordplayer::testing::FOUNDER;

use super::*;
use crate::GuardRefusal;
use crate::ids::RoleId;
use crate::project::{ProjectEvent, ProjectRefusal};
use crate::role::{Role, roles};

const TESTER: RoleId = RoleId(Id([0x7e; 16]));
const WRITER: RoleId = RoleId(Id([0x7f; 16]));

fn set(role: RoleId, name: &str) -> ProjectCommand {
    ProjectCommand::SetRole { role, name: name.into() }
}

fn add(person: ActorId, role: &Role) -> MembershipCommand {
    MembershipCommand::AddMember { person, role: role.key().to_owned() }
}

/// A project with the role "Tester", which Ann has.
fn tested() -> Given {
    project().sent::<Project>(SPACE.0, set(TESTER, "Tester")).sent::<Membership>(SPACE.0, add(ANN, &TESTER.into()))
}

#[test]
fn a_project_adds_roles_of_its_own_and_members_have_them() {
    let event = ProjectEvent::RoleSet { role: TESTER, name: "Tester".into() };
    project()
        .when::<Project>(SPACE.0, set(TESTER, "Tester"))
        .then([event])
        .and_when::<Project>(SPACE.0, set(TESTER, "Tester"))
        .then_nothing();
    let role = Role::from(TESTER);
    let added = MembershipEvent::MemberAdded { person: ANN, role: role.key().to_owned() };
    let given = project().sent::<Project>(SPACE.0, set(TESTER, "Tester"));
    given.when::<Membership>(SPACE.0, add(ANN, &role)).then([added]);
    let project = tested().model::<Project>(SPACE.0);
    assert_eq!(Role::named(" tester ", &project), Some(role.clone()));
    assert_eq!((role.name(&project), role.is_known(&project), roles(&project).len()), ("Tester", true, 5));
}

#[test]
fn a_role_that_is_nobodys_is_no_role_and_the_refusal_lists_them_by_name() {
    let refusal = MembershipRefusal::NoSuchRole {
        role: WRITER.to_string(),
        known: "manager, worker, reviewer, viewer, Tester".into(),
    };
    let given = tested().sent::<Membership>(SPACE.0, MembershipCommand::RemoveMember { person: ANN });
    given.when::<Membership>(SPACE.0, add(ANN, &WRITER.into())).refused(refusal);
}

#[test]
fn names_of_roles_are_told_apart_by_more_than_the_case_of_letters() {
    for (role, name) in [(WRITER, "TESTER"), (WRITER, "Manager"), (TESTER, "viewer ")] {
        let refusal = ProjectRefusal::RoleNameTaken { name: name.into() };
        tested().when::<Project>(SPACE.0, set(role, name)).refused(refusal);
    }
    let renamed = ProjectEvent::RoleSet { role: TESTER, name: "tester".into() };
    tested().when::<Project>(SPACE.0, set(TESTER, "tester")).then([renamed]);
}

#[test]
fn a_role_that_members_have_stays() {
    let remove = ProjectCommand::RemoveRole { role: TESTER };
    tested().when::<Project>(SPACE.0, remove.clone()).refused(ProjectRefusal::RoleInUse { role: TESTER, members: 1 });
    let worker = MembershipCommand::ChangeRole { person: ANN, role: "worker".into() };
    let given = tested().sent::<Membership>(SPACE.0, worker);
    let removed = given.when::<Project>(SPACE.0, remove.clone()).then([ProjectEvent::RoleRemoved { role: TESTER }]);
    removed.and_when::<Project>(SPACE.0, remove).then_nothing();
}

#[test]
fn only_a_manager_sets_and_removes_roles_and_an_own_role_is_no_manager() {
    let refused = Refused::of(&GuardRefusal::ManagersShapeProjects {}).unwrap();
    let by_tester = || tested().by(ANN);
    by_tester().when::<Project>(SPACE.0, set(WRITER, "Writer")).refused_with(&refused);
    by_tester().when::<Project>(SPACE.0, ProjectCommand::RemoveRole { role: TESTER }).refused_with(&refused);
    by_tester().when::<Board>(BOARD, BoardCommand::Add { title: "Mine".into() }).refused_with(&refused);
}

#[test]
fn a_member_with_an_own_role_works_on_cards() {
    let given = cards(1).sent::<Project>(SPACE.0, set(TESTER, "Tester"));
    let given = given.sent::<Membership>(SPACE.0, add(ANN, &TESTER.into())).by(ANN);
    given.sent::<Card>(card(1), move_to(DOING, None));
}

#[test]
fn the_last_manager_takes_no_role_of_the_projects_own() {
    let change = MembershipCommand::ChangeRole { person: FOUNDER, role: Role::from(TESTER).key().to_owned() };
    let refusal = MembershipRefusal::LastManager { role: "manager".into() };
    tested().when::<Membership>(SPACE.0, change).refused(refusal);
}

/// Its column would be worked on by a role that has no name.
#[test]
fn a_role_that_a_column_names_stays() {
    let removed = || ProjectCommand::RemoveRole { role: TESTER };
    let workers = ColumnCommand::SetWorkers { roles: [Role::from(TESTER)].into() };
    let given = || cards(1).sent::<Project>(SPACE.0, set(TESTER, "Tester")).sent::<Column>(DOING, workers.clone());
    let refusal = ProjectRefusal::RoleOfColumn { role: TESTER, column: "Doing".into() };
    given().when::<Project>(SPACE.0, removed()).refused(refusal);
    let given = given().sent::<Column>(DOING, ColumnCommand::SetWorkers { roles: [].into() });
    given.when::<Project>(SPACE.0, removed()).then([ProjectEvent::RoleRemoved { role: TESTER }]);
}
