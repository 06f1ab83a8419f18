//! Who may change who belongs to a space, and what comes of it: each command, each role, each refusal.

use std::collections::BTreeMap;

use recordplayer::context::Context;
use recordplayer::domain::{Domain, OwnRole};
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::{ActorId, Id};
use recordplayer::membership::{
    Membership, MembershipCommand as C, MembershipEvent as E, MembershipRefusal as R, PERSONAL_TITLE,
    REDACTED_RECORDS_MAX, TITLE_BYTES_MAX,
};
use recordplayer::record::Position;
use recordplayer::testing::{FOUNDER, Given, SPACE, When, given, given_personal};
use serde::{Deserialize, Serialize};

const BO: ActorId = ActorId(Id([0xb0; 16]));
const CY: ActorId = ActorId(Id([0xc1; 16]));
const PUBLICATION: Id = Id([7; 16]);
const ROLES: &[&str] = &["owner", "worker", "reader"];
const KNOWN: &str = "owner, worker, reader";

fn space() -> Given {
    given(Domain::new("club", 1).roles(ROLES))
}

fn happened(events: impl IntoIterator<Item = E>) -> Given {
    space().happened::<Membership>(SPACE.0, events)
}

fn when(given: Given, command: C) -> When<Membership> {
    given.when::<Membership>(SPACE.0, command)
}

fn add(person: ActorId, role: &str) -> C {
    C::AddMember { person, role: role.to_owned() }
}

fn added(person: ActorId, role: &str) -> E {
    E::MemberAdded { person, role: role.to_owned() }
}

fn change(person: ActorId, role: &str) -> C {
    C::ChangeRole { person, role: role.to_owned() }
}

fn changed(person: ActorId, role: &str) -> E {
    E::RoleChanged { person, role: role.to_owned() }
}

fn handed_over() -> E {
    E::HandedOver { publication: PUBLICATION, server: "the server".to_owned() }
}

fn bad_title() -> R {
    R::BadTitle { max: TITLE_BYTES_MAX as u64 }
}

fn owner() -> String {
    "owner".to_owned()
}

#[test]
fn whoever_founds_a_space_manages_it_and_nobody_founds_it_again() {
    let found = |title: &str| C::Found { title: title.to_owned() };
    when(space(), found("again")).refused(R::AlreadyFounded {});
    let founded = space().model::<Membership>(SPACE.0);
    assert_eq!((founded.is_founded(), founded.role_of(FOUNDER)), (true, Some("owner")));
    assert!(!space().model::<Membership>(Id([0x11; 16])).is_founded());
}

#[test]
fn members_come_once_with_a_role_that_there_is() {
    when(space(), add(BO, "worker")).then([added(BO, "worker")]);
    when(happened([added(BO, "worker")]), add(BO, "reader")).refused(R::AlreadyMember { person: BO });
    when(space(), add(BO, "boss")).refused(R::NoSuchRole { role: "boss".to_owned(), known: KNOWN.to_owned() });
    let long = "x".repeat(70);
    when(space(), add(BO, &long)).refused(R::NoSuchRole { role: "x".repeat(64), known: KNOWN.to_owned() });
}

#[test]
fn only_those_of_the_first_role_manage() {
    let commands = [
        add(CY, "reader"),
        change(FOUNDER, "reader"),
        C::RemoveMember { person: FOUNDER },
        C::Rename { title: "mine".to_owned() },
        C::HandOver { publication: PUBLICATION, server: "mine".to_owned() },
        C::Redact { records: vec![Position(1)], reopened: None },
    ];
    for command in commands {
        when(space().by(BO).role("worker"), command.clone()).refused(R::NotAManager { role: owner() });
        when(space().by(BO), command).refused(R::NotAManager { role: owner() });
    }
    when(space().by(BO).role("owner"), add(CY, "reader")).then([added(CY, "reader")]);
}

#[test]
fn a_role_is_changed_where_it_is_another_one() {
    let with_bo = || happened([added(BO, "worker")]);
    when(with_bo(), change(BO, "reader")).then([changed(BO, "reader")]);
    when(with_bo(), change(BO, "worker")).then_nothing();
    when(with_bo(), change(CY, "reader")).refused(R::NotAMember { person: CY });
    when(with_bo(), change(BO, "boss")).refused(R::NoSuchRole { role: "boss".to_owned(), known: KNOWN.to_owned() });
    let after = when(with_bo(), change(BO, "owner")).after();
    assert_eq!(after.model::<Membership>(SPACE.0).role_of(BO), Some("owner"));
}

#[test]
fn the_last_one_who_manages_stays() {
    let last = || R::LastManager { role: owner() };
    let with_bo = || happened([added(BO, "worker")]);
    when(with_bo(), change(FOUNDER, "worker")).refused(last());
    when(with_bo(), C::RemoveMember { person: FOUNDER }).refused(last());
    when(with_bo(), change(FOUNDER, "owner")).then_nothing();
    let two = || happened([added(BO, "owner")]);
    when(two(), change(FOUNDER, "worker")).then([changed(FOUNDER, "worker")]);
    when(two(), C::RemoveMember { person: FOUNDER }).then([E::MemberRemoved { person: FOUNDER }]);
    when(two(), C::RemoveMember { person: BO }).then([E::MemberRemoved { person: BO }]);
}

#[test]
fn whoever_is_a_member_may_leave_and_is_a_former_one() {
    let leave = C::RemoveMember { person: BO };
    let left = when(space().by(BO).role("reader"), leave.clone()).then([E::MemberRemoved { person: BO }]).after();
    let membership = left.model::<Membership>(SPACE.0);
    assert_eq!((membership.role_of(BO), membership.was_member(BO)), (None, true));
    assert!(!membership.was_member(FOUNDER) && !membership.was_member(CY));
    when(space().by(BO), leave.clone()).refused(R::NotAMember { person: BO });
    when(space(), leave).refused(R::NotAMember { person: BO });
    let back = left.happened::<Membership>(SPACE.0, [added(BO, "reader")]);
    let membership = back.model::<Membership>(SPACE.0);
    assert_eq!((membership.role_of(BO), membership.was_member(BO)), (Some("reader"), false));
}

/// It comes of an older file where somebody is removed who is none, or was founded anew.
#[test]
fn who_was_never_a_member_is_no_former_one() {
    let membership = happened([E::MemberRemoved { person: CY }]).model::<Membership>(SPACE.0);
    assert!(!membership.was_member(CY));
}

#[test]
fn a_name_has_letters_and_is_not_too_long() {
    let rename = |title: &str| C::Rename { title: title.to_owned() };
    let longest = "x".repeat(TITLE_BYTES_MAX);
    for title in ["x", "the club", &longest] {
        let after = when(space(), rename(title)).then([E::Renamed { title: title.to_owned() }]).after();
        assert_eq!(after.model::<Membership>(SPACE.0).title(), title);
    }
    for title in ["", "   ", &format!("{longest}x"), &format!("x{}", " ".repeat(TITLE_BYTES_MAX))] {
        when(space(), rename(title)).refused(bad_title());
        let server = title.to_owned();
        when(space(), C::HandOver { publication: PUBLICATION, server }).refused(bad_title());
    }
}

#[test]
fn what_was_given_to_a_server_is_changed_there_alone() {
    let hand_over = C::HandOver { publication: PUBLICATION, server: "the server".to_owned() };
    let given_away = when(space(), hand_over.clone()).then([handed_over()]).after();
    assert_eq!(given_away.model::<Membership>(SPACE.0).handed_over(), Some(PUBLICATION));
    let rename = C::Rename { title: "late".to_owned() };
    for command in [hand_over, rename, add(BO, "reader"), C::RemoveMember { person: FOUNDER }] {
        when(happened([handed_over()]), command).refused(R::HandedOver {});
    }
}

#[test]
fn a_server_takes_on_what_was_given_to_it_for_a_member() {
    let take = |publication, person| C::Publish { publication, person };
    let event = E::Published { publication: PUBLICATION, person: FOUNDER, into: BO };
    let taken = when(happened([handed_over()]).by(BO), take(PUBLICATION, FOUNDER)).then([event]).after();
    let membership = taken.model::<Membership>(SPACE.0);
    assert_eq!((membership.handed_over(), membership.published()), (None, Some(PUBLICATION)));
    assert_eq!((membership.role_of(BO), membership.role_of(FOUNDER)), (Some("owner"), None));
    assert_eq!((membership.claimed_by(FOUNDER), membership.claimed_by(BO)), (Some(BO), None));
    when(happened([handed_over()]).by(BO), take(Id([8; 16]), FOUNDER)).refused(R::NotHandedOver {});
    when(happened([handed_over()]).by(BO), take(PUBLICATION, CY)).refused(R::NotHandedOver {});
    when(space().by(BO), take(PUBLICATION, FOUNDER)).refused(R::NotHandedOver {});
}

#[test]
fn only_the_server_itself_goes_on_after_a_restore() {
    let recovery = Id([9; 16]);
    when(space(), C::Reopen { recovery }).refused(R::NotTheServer {});
    let membership = happened([E::Reopened { recovery }]).model::<Membership>(SPACE.0);
    assert_eq!(membership.reopened(), Some(recovery));
}

#[test]
fn so_many_records_are_redacted_at_once_as_are_rewritten_without_a_wait() {
    let records = |count: usize| (1..=count as u64).map(Position).collect::<Vec<_>>();
    let redact = |count, reopened| C::Redact { records: records(count), reopened };
    for count in [1, REDACTED_RECORDS_MAX] {
        when(space(), redact(count, None)).then([E::Redacted { records: records(count) }]);
    }
    for count in [0, REDACTED_RECORDS_MAX + 1] {
        when(space(), redact(count, None)).refused(R::BadRedaction { max: REDACTED_RECORDS_MAX as u64 });
    }
    let recovery = Id([9; 16]);
    when(happened([E::Reopened { recovery }]), redact(1, None)).refused(R::RestoredSince {});
    when(happened([E::Reopened { recovery }]), redact(1, Some(recovery))).then([E::Redacted { records: records(1) }]);
}

#[test]
fn nothing_is_done_in_a_space_that_was_not_founded() {
    let elsewhere = Id([0x11; 16]);
    let commands = [add(BO, "reader"), C::Rename { title: "x".to_owned() }, C::Reopen { recovery: PUBLICATION }];
    for command in commands {
        space().when::<Membership>(elsewhere, command).refused(R::NotFounded {});
    }
    for title in ["", " "] {
        space().when::<Membership>(elsewhere, C::Found { title: title.to_owned() }).refused(bad_title());
    }
    let founded = E::Founded { title: "a club".to_owned(), founder: FOUNDER, role: owner() };
    space().when::<Membership>(elsewhere, C::Found { title: "a club".to_owned() }).then([founded]);
}

/// The roles that a club gives itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Statutes {
    roles: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Statute {
    Named { key: String, name: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("never")]
struct Never {}

impl Entity for Statutes {
    const KIND: &'static str = "statutes";
    type Command = Statute;
    type Event = Statute;
    type Refusal = Never;

    fn decide(&self, command: &Statute, _: &mut Context<'_>) -> Result<Vec<Statute>, Never> {
        Ok(vec![command.clone()])
    }

    fn play(&mut self, event: &Statute, _: &Stamp) {
        let Statute::Named { key, name } = event.clone();
        self.roles.insert(key, name);
    }
}

#[test]
fn a_space_has_roles_of_its_own_beside_those_of_its_domain() {
    let named = Statute::Named { key: "role-7".into(), name: "Treasurer".into() };
    let domain = || {
        Domain::new("club", 1).roles(ROLES).entity::<Statutes>().own_roles(|space, models| {
            let roles = models.get::<Statutes>(space.0).roles.clone();
            roles.into_iter().map(|(key, name)| OwnRole { key, name }).collect()
        })
    };
    let club = || given(domain()).sent::<Statutes>(SPACE.0, named.clone());
    let refused = R::NoSuchRole { role: "treasurer".into(), known: format!("{KNOWN}, Treasurer") };
    when(club(), add(BO, "treasurer")).refused(refused);
    when(club(), add(BO, "role-7")).then([added(BO, "role-7")]);
    let club = club().sent::<Membership>(SPACE.0, add(BO, "worker"));
    when(club, change(BO, "role-7")).then([changed(BO, "role-7")]);
    when(space(), add(BO, "role-7")).refused(R::NoSuchRole { role: "role-7".into(), known: KNOWN.into() });
}

fn personal() -> Given {
    given_personal(Domain::new("club", 1).roles(ROLES))
}

#[test]
fn a_personal_space_is_begun_by_each_device_of_its_person_and_takes_in_nobody() {
    let in_it = |command: C| personal().when::<Membership>(FOUNDER.0, command);
    in_it(C::Found { title: PERSONAL_TITLE.to_owned() }).then([]);
    for command in [
        add(BO, "reader"),
        change(FOUNDER, "reader"),
        C::RemoveMember { person: FOUNDER },
        C::Rename { title: "Ours".to_owned() },
        C::HandOver { publication: PUBLICATION, server: "the server".to_owned() },
        C::Publish { publication: PUBLICATION, person: FOUNDER },
    ] {
        in_it(command).refused(R::Personal {});
    }
    let redact = C::Redact { records: vec![Position(1)], reopened: None };
    in_it(redact).then([E::Redacted { records: vec![Position(1)] }]);
    // Somebody else's is as any space that exists.
    let found = C::Found { title: "Mine now".to_owned() };
    personal().by(BO).when::<Membership>(FOUNDER.0, found).refused(R::AlreadyFounded {});
}
