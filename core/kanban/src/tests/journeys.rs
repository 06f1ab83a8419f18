//! Cards go from one project to another one: once, whole, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recordplayer::Models;
use recordplayer::id::{CommandId, ReplicaId, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand, MembershipEvent};
use recordplayer::testing::{FOUNDER, Spaces};
use recordplayer::text::{TextActor, TextDocument};

use super::*;
use crate::card::{
    CardCommand as C, CardEvent as E, CardRefusal as R, Carried, FieldValue, Heard, Journey, JourneyEnd, NotLetIn,
    Outfit,
};
use crate::column::{ColumnCommand as Do, ColumnEvent, ColumnRefusal, WayOut};
use crate::comment::{Comment, CommentCommand, CommentEvent, CommentKind, CommentRefusal};
use crate::ids::{CommentId, FieldId, LabelId, PersonId};
use crate::project::{FieldKind, FieldLimits, Label};
use crate::view::InboxView;

const ELSEWHERE: SpaceId = SpaceId(Id([0xee; 16]));
const THERE: ColumnId = ColumnId(Id([0xe1; 16]));
const JOURNEY: Journey = Journey { id: CommandId(Id([0x77; 16])), number: 1 };

fn way() -> WayOut {
    WayOut { project: ELSEWHERE, column: THERE }
}

/// One card in "To do", from where cards may go to another project.
fn with_way() -> Given {
    cards(1).sent::<Column>(TODO, Do::SetWaysOut { to: [way()].into() })
}

fn go() -> C {
    C::GoTo { project: ELSEWHERE, column: THERE }
}

fn left() -> Given {
    let given = with_way().sent::<Card>(card(1), go());
    assert!(!given.model::<Card>(card(1)).is_here());
    given
}

fn journey_of(given: &Given) -> Journey {
    match given.model::<Card>(card(1)).whereabouts {
        crate::card::Whereabouts::Leaving { journey, .. } => journey,
        _ => panic!("it is not on its way"),
    }
}

fn ends(end: JourneyEnd, journey: Journey) -> C {
    C::EndJourney { journey, end }
}

fn arrived() -> JourneyEnd {
    arrived_at(ELSEWHERE)
}

fn arrived_at(at: SpaceId) -> JourneyEnd {
    JourneyEnd::Arrived { at }
}

fn turned_away() -> JourneyEnd {
    JourneyEnd::TurnedAway { why: NotLetIn::NoSuchColumn {} }
}

/// What comes from elsewhere.
fn arrival(by: ActorId, column: ColumnId) -> C {
    C::Arrive {
        journey: JOURNEY,
        by: PersonId::from(by),
        column,
        former: [(ELSEWHERE, "OTH-7".to_owned())].into(),
        card: Box::new(Carried { title: "From elsewhere".into(), done: true, ..Carried::default() }),
        outfit: Box::default(),
        was_here: false,
    }
}

fn turned(given: Given, command: C, why: NotLetIn) {
    let turned = E::TurnedAway { from: ELSEWHERE, journey: JOURNEY, why };
    given.errand_with(ELSEWHERE).when::<Card>(card(9), command).then([turned]);
}

#[test]
fn a_card_goes_only_where_a_way_leads_and_only_once() {
    cards(1).when::<Card>(card(1), go()).refused(R::NoWayOut {
        from: "To do".into(),
        project: ELSEWHERE,
        column: THERE,
    });
    let own = C::GoTo { project: SPACE, column: DOING };
    with_way().when::<Card>(card(1), own).refused(R::SameProject {});
    let given = left();
    let column = given.model::<Column>(TODO);
    assert_eq!(column.count(), 0, "it takes no room while it is away");
    given.when::<Card>(card(1), go()).refused(R::InAnotherProject { project: ELSEWHERE });
}

/// The project goes on from an export, with everything that is there just now.
fn continued(given: Given) -> Given {
    let (from, by, role) = (ELSEWHERE, FOUNDER, "manager".to_owned());
    given.happened::<Membership>(SPACE.0, [MembershipEvent::Continued { from, by, role }])
}

/// The project that was exported may have it still, and two projects would have one card.
#[test]
fn a_card_of_an_export_neither_goes_nor_gives_way_to_itself() {
    continued(with_way()).when::<Card>(card(1), go()).refused(R::OfAnExport {});
    let create = C::Create { column: TODO, title: "Later".into(), before: None, exempt: false, typed: None };
    let later = continued(with_way()).sent::<Card>(card(2), create);
    let gone = later.sent::<Card>(card(2), go());
    assert!(!gone.model::<Card>(card(2)).is_here(), "what was made here since may go");

    let turned = E::TurnedAway { from: ELSEWHERE, journey: JOURNEY, why: NotLetIn::SameCard {} };
    let comes = arrival(FOUNDER, TODO);
    let given = continued(with_way()).errand_with(ELSEWHERE);
    given.when::<Card>(card(1), comes.clone()).then([turned.clone()]);
    // Also where it had gone from the project that was exported.
    let given = continued(left()).errand_with(ELSEWHERE);
    given.when::<Card>(card(1), comes).then([turned]);
}

#[test]
fn a_column_of_its_own_project_is_no_way_out() {
    let to = [WayOut { project: SPACE, column: DOING }].into();
    cards(1).when::<Column>(TODO, Do::SetWaysOut { to }).refused(ColumnRefusal::OwnProject {});
    let to: BTreeSet<WayOut> = [way()].into();
    let set = Do::SetWaysOut { to: to.clone() };
    let given = cards(1).when::<Column>(TODO, set.clone()).then([ColumnEvent::WaysOutSet { to }]);
    given.and_when::<Column>(TODO, set).then_nothing();
}

#[test]
fn an_archived_card_stays() {
    with_way().sent::<Card>(card(1), C::Archive {}).when::<Card>(card(1), go()).refused(R::CardArchived {});
}

#[test]
fn a_card_that_is_away_takes_nothing() {
    let write = CommentCommand::Write {
        card: card(1),
        text: "Late".into(),
        author: None,
        kind: CommentKind::Talk,
        mentions: BTreeSet::new(),
    };
    let comment = CommentId(Id([0xcc; 16]));
    let refusal = || CommentRefusal::InAnotherProject { project: ELSEWHERE };
    left().when::<Comment>(comment, write.clone()).refused(refusal());
    let given = with_way().sent::<Comment>(comment, write).sent::<Card>(card(1), go());
    given.when::<Comment>(comment, CommentCommand::Delete {}).refused(refusal());
    for command in [C::Rename { title: "Late".into() }, C::Archive {}, move_to(DOING, None), C::SetDone { done: true }]
    {
        left().when::<Card>(card(1), command).refused(R::InAnotherProject { project: ELSEWHERE });
    }
}

#[test]
fn what_projects_ask_of_each_other_nobody_else_asks() {
    let journey = Journey { id: CommandId(Id([1; 16])), number: 1 };
    for command in [
        arrival(FOUNDER, TODO),
        C::BringText { journey: journey.id, changes: Vec::new() },
        ends(arrived(), journey),
        C::StayHere { journey: journey.id },
        C::Recall { journey: journey.id, to: ELSEWHERE },
    ] {
        left().when::<Card>(card(1), command).refused(R::OnlyProjectsAsk {});
    }
    let comment = CommentId(Id([0xcc; 16]));
    let arrive = CommentCommand::Arrive { journey: journey.id, comment: Box::default() };
    left().when::<Comment>(comment, arrive).refused(CommentRefusal::OnlyProjectsAsk {});
}

#[test]
fn who_is_told_that_it_arrived_lets_it_go_once() {
    let given = left();
    let journey = journey_of(&given);
    let gone = E::Gone { to: ELSEWHERE, journey, heard: Heard::Own {} };
    let told = ends(arrived(), journey);
    let given = given.errand_with(ELSEWHERE).when::<Card>(card(1), told.clone()).then([gone]);
    given.and_when::<Card>(card(1), told).then_nothing();
}

#[test]
fn who_is_told_that_it_may_not_come_has_it_back_where_it_was() {
    let given = left();
    let journey = journey_of(&given);
    let given = given.errand_with(ELSEWHERE).sent::<Card>(card(1), ends(turned_away(), journey));
    assert!(given.model::<Card>(card(1)).is_here());
    assert_eq!(order(&given, TODO), [1]);
    // Whoever sent it hears of that, and nobody else.
    let heard = |person: ActorId| {
        let inbox = given.view::<InboxView>(PersonId::from(person));
        inbox.entries.iter().map(|entry| (entry.card, entry.news.name())).collect::<Vec<_>>()
    };
    assert_eq!((heard(FOUNDER), heard(ANN)), (vec![(card(1), "sent_back")], Vec::new()));
    given.when::<Card>(card(1), ends(turned_away(), journey)).then_nothing();
}

/// What goes along is one command of the other project, and waits in memory until it is there.
#[test]
fn a_card_with_more_than_can_be_carried_stays() {
    let links = (0_u16..30).fold(with_way(), |given, number| {
        let attachment = crate::ids::AttachmentId(Id::derived("link", &[&number.to_be_bytes()]));
        let url = format!("https://example.org/{}", "x".repeat(8_000));
        given.sent::<Card>(card(1), C::AttachLink { attachment, name: "Link".into(), url })
    });
    let what = "What stands on it beside its description and comments".to_owned();
    links.when::<Card>(card(1), go()).refused(R::TooMuchToCarry { what });
    let max = crate::limits::CARRIED_COMMENTS_MAX;
    let talked = |count: u64| {
        let comment = |number: u64| CommentId(Id::derived("comment", &[&number.to_be_bytes()]));
        with_way().happened::<Card>(card(1), (0..count).map(|number| E::CommentAdded { comment: comment(number) }))
    };
    let what = format!("More than {max} comments");
    talked(max + 1).when::<Card>(card(1), go()).refused(R::TooMuchToCarry { what });
    talked(max).sent::<Card>(card(1), go());
}

/// Its column may have been removed meanwhile: it comes back all the same.
#[test]
fn what_comes_back_has_a_place_whatever_became_of_its_column() {
    for into in [Some(DOING), None] {
        let given = left();
        let journey = journey_of(&given);
        let given = given.sent::<Column>(TODO, Do::Remove { into }).errand_with(ELSEWHERE);
        let given = given.sent::<Card>(card(1), C::StayHere { journey: journey.id });
        assert_eq!(given.model::<Card>(card(1)).column(), Some(DOING));
        assert_eq!(order(&given, DOING), [1]);
    }
}

#[test]
fn relations_end_at_the_border() {
    let relation = crate::card::Relation { kind: crate::card::RelationKind::Blocks, to: card(2) };
    let given = cards(2)
        .sent::<Card>(card(1), C::Relate { relation })
        .sent::<Column>(TODO, Do::SetWaysOut { to: [way()].into() })
        .sent::<Card>(card(1), go());
    let journey = journey_of(&given);
    let given = given.errand_with(ELSEWHERE).sent::<Card>(card(1), ends(arrived(), journey));
    assert!(given.model::<Card>(card(2)).relations.is_empty() && given.model::<Card>(card(1)).relations.is_empty());
}

#[test]
fn a_card_from_elsewhere_gets_the_next_key_and_is_found_by_its_old_one() {
    let given = cards(2).errand_with(ELSEWHERE).sent::<Card>(card(9), arrival(FOUNDER, DOING));
    let came = given.model::<Card>(card(9));
    assert_eq!((came.title.as_str(), came.number.value(), came.done), ("From elsewhere", Some(&3), true));
    assert_eq!(order(&given, DOING), [9]);
    for key in ["REC-3", "OTH-7"] {
        assert_eq!(found(&given, key), Found::One(card(9)), "{key}");
    }
    given.when::<Card>(card(9), arrival(FOUNDER, DOING)).then_nothing();
}

#[test]
fn who_may_not_bring_it_is_turned_away_and_told_why() {
    let stranger = ActorId(Id([0x99; 16]));
    turned(board(), arrival(stranger, TODO), NotLetIn::NotAMember {});
    let watched = board().by(ANN).role("viewer").by(FOUNDER);
    turned(watched, arrival(ANN, TODO), NotLetIn::OnlyLooks {});
    turned(board(), arrival(FOUNDER, THERE), NotLetIn::NoSuchColumn {});
    let archived = board().sent::<Column>(TODO, Do::Archive {});
    turned(archived, arrival(FOUNDER, TODO), NotLetIn::NoSuchColumn {});
    let full = cards(1).sent::<Column>(TODO, Do::SetLimit { limit: Some(1), warns: false });
    let turned = full.errand_with(ELSEWHERE).sent::<Card>(card(9), arrival(FOUNDER, TODO));
    assert!(!turned.model::<Card>(card(9)).exists());
    // What was said once is said for ever, whatever becomes of the column.
    let roomy = turned.sent::<Column>(TODO, Do::SetLimit { limit: None, warns: false });
    roomy.when::<Card>(card(9), arrival(FOUNDER, TODO)).then_nothing();
}

#[test]
fn labels_and_fields_are_those_of_the_same_name_or_come_along() {
    let (red, blue) = (LabelId(Id([1; 16])), LabelId(Id([2; 16])));
    let (size, owner) = (FieldId(Id([3; 16])), FieldId(Id([4; 16])));
    let label = |name: &str| Label { name: name.into(), colour: "red".into() };
    let here = LabelId(Id([0x11; 16]));
    let size_here = FieldId(Id([0x13; 16]));
    let field = |field: FieldId, name: &str, kind: FieldKind| ProjectCommand::SetField {
        twin: false,
        field,
        name: name.into(),
        kind,
        options: BTreeMap::new(),
        limits: FieldLimits::default(),
    };
    let definition = |name: &str, kind: FieldKind| crate::project::FieldDefinition {
        name: name.into(),
        kind,
        options: BTreeMap::new(),
        limits: FieldLimits::default(),
    };
    let given = board()
        .sent::<Project>(
            SPACE.0,
            ProjectCommand::SetLabel { twin: false, label: here, name: "Bug".into(), colour: "red".into() },
        )
        .sent::<Project>(SPACE.0, field(size_here, "Size", FieldKind::Number));
    let number = FieldValue::Number { number: "3".into() };
    let carried = Carried {
        title: "Carried".into(),
        labels: [red, blue].into(),
        members: [PersonId::from(FOUNDER), PersonId(Id([0x44; 16]))].into(),
        fields: [(size, number.clone()), (owner, FieldValue::Text { text: "Me".into() })].into(),
        ..Carried::default()
    };
    let outfit = Outfit {
        labels: [(red, label("Bug")), (blue, label("Idea"))].into(),
        fields: [(size, definition("Size", FieldKind::Number)), (owner, definition("Owner", FieldKind::Text))].into(),
        card_type: None,
    };
    let C::Arrive { journey, by, column, former, .. } = arrival(FOUNDER, TODO) else { unreachable!() };
    let (card_, outfit) = (Box::new(carried), Box::new(outfit));
    let arrive = C::Arrive { journey, by, column, former, card: card_, outfit, was_here: false };
    let given = given.errand_with(ELSEWHERE).sent::<Card>(card(9), arrive);
    let (came, project) = (given.model::<Card>(card(9)), given.model::<Project>(SPACE.0));
    assert_eq!(came.labels, [here, blue].into());
    assert_eq!(project.labels[&blue].name, "Idea");
    assert_eq!(came.fields[&size_here], number);
    assert_eq!(project.fields[&owner].name, "Owner");
    assert_eq!(came.members, [PersonId::from(FOUNDER)].into(), "who is no member here is not on it");
}

#[test]
fn a_comment_comes_with_its_card_and_as_it_was() {
    let came = Comment {
        card: Some(card(9)),
        author: PersonId(Id([0x44; 16])),
        text: "Said there".into(),
        ..Comment::default()
    };
    let comment = CommentId(Id([0xcc; 16]));
    let arrive = CommentCommand::Arrive { journey: JOURNEY.id, comment: Box::new(came.clone()) };
    let given = board().errand_with(ELSEWHERE);
    let given = given.when::<Comment>(comment, arrive.clone()).then_nothing();
    let given = given.after().sent::<Card>(card(9), arrival(FOUNDER, TODO));
    let event = CommentEvent::Arrived { comment: Box::new(came) };
    let given = given.when::<Comment>(comment, arrive.clone()).then([event]);
    let given = given.and_when::<Comment>(comment, arrive).then_nothing().after();
    assert_eq!(given.model::<Card>(card(9)).comments, 1);
}

/// A description keeps who wrote what, so that it can come back and be the same text.
#[test]
fn a_description_comes_change_by_change_and_none_twice() {
    let actor = TextActor { replica: ReplicaId(Id([0x55; 16])), generation: 0 };
    let mut document = TextDocument::new();
    let mut changes = document.edit(actor, "Wow and flutter").unwrap();
    changes.extend(document.edit(actor, "Wow, and flutter").unwrap());
    let bring = C::BringText { journey: JOURNEY.id, changes: changes.clone() };
    let given = board().errand_with(ELSEWHERE).sent::<Card>(card(9), arrival(FOUNDER, TODO));
    let first = C::BringText { journey: JOURNEY.id, changes: changes[..1].to_vec() };
    let given = given.sent::<Card>(card(9), first);
    let rest: Vec<E> = changes[1..].iter().map(|change| E::Described { change: change.clone() }).collect();
    given.when::<Card>(card(9), bring.clone()).then(rest).and_when::<Card>(card(9), bring).then_nothing();
}

/// A project that was restored shows a card that has left it since: it is told, and gives it up.
#[test]
fn who_has_forgotten_that_it_went_gives_it_up() {
    let journey = Journey { id: CommandId(Id([0x66; 16])), number: 1 };
    let given = cards(1).errand_with(ELSEWHERE).sent::<Card>(card(1), ends(arrived(), journey));
    assert!(!given.model::<Card>(card(1)).is_here());
    assert_eq!(order(&given, TODO), [0_u8; 0]);
    // And another one, to which it went by another journey of the same number, is told that it has one too many.
    let other = Journey { id: CommandId(Id([0x67; 16])), number: 1 };
    let third = SpaceId(Id([0xdd; 16]));
    let doubled = E::Doubled { at: third, journey: other.id, first: ELSEWHERE };
    given.errand_with(third).when::<Card>(card(1), ends(arrived_at(third), other)).then([doubled]);
}

const PROJECTS: [SpaceId; 3] = [SpaceId(Id([0xa0; 16])), SpaceId(Id([0xa1; 16])), SpaceId(Id([0xa2; 16]))];
const SEEDS: u64 = 150;
/// What has found a card in two projects, or in none, is played each time.
const FOUND: [u64; 9] = [192, 824, 940, 993, 1_159, 1_340, 9_054, 9_654, 33_596];

/// The two columns of a project.
fn columns_of(space: SpaceId) -> [ColumnId; 2] {
    [1, 2].map(|column: u8| ColumnId(Id::derived("a column", &[space.0.bytes(), &[column]])))
}

/// Three projects whose columns all lead to each other.
fn projects() -> Spaces {
    let mut spaces = Spaces::new(domain().shared());
    for (space, key) in PROJECTS.into_iter().zip(["AAA", "BBB", "CCC"]) {
        spaces.found(space, FOUNDER);
        let add = MembershipCommand::AddMember { person: ANN, role: "viewer".into() };
        spaces.submit::<Membership>(space, FOUNDER, space.0, &add);
        spaces.submit::<Project>(space, FOUNDER, space.0, &ProjectCommand::SetUp { key: key.into() });
        let board = BoardId(Id::derived("a board", &[space.0.bytes()]));
        spaces.submit::<Board>(space, FOUNDER, board.0, &BoardCommand::Add { title: key.into() });
        for (column, name) in columns_of(space).into_iter().zip(["One", "Two"]) {
            let add = Do::Add { board, name: name.into(), kind: ColumnKind::Ready, before: None };
            spaces.submit::<Column>(space, FOUNDER, column.0, &add);
        }
    }
    for space in PROJECTS {
        let others = PROJECTS.into_iter().filter(|other| *other != space);
        let to: BTreeSet<WayOut> =
            others.flat_map(|project| columns_of(project).map(|column| WayOut { project, column })).collect();
        for column in columns_of(space) {
            spaces.submit::<Column>(space, FOUNDER, column.0, &Do::SetWaysOut { to: to.clone() });
        }
        // The second takes two.
        let limit = Do::SetLimit { limit: Some(2), warns: false };
        spaces.submit::<Column>(space, FOUNDER, columns_of(space)[1].0, &limit);
    }
    spaces.settle();
    spaces
}

fn places_of(card: CardId, models: &Models<'_>, space: SpaceId) -> usize {
    let holds = |column: &&ColumnId| models.get::<Column>(**column).places.iter().any(|place| place.card == card);
    columns_of(space).iter().filter(holds).count()
}

/// Whatever is lost, dies and is restored while cards go to and fro: in the end each is in one column of one project, and nobody waits.
#[test]
fn a_card_is_in_one_project_whatever_happens_on_its_way() {
    let seeds = match std::env::var("RECORDPLAYER_SEED") {
        Ok(seed) => vec![seed.parse().expect("a seed is a number")],
        Err(_) => (0..SEEDS).chain(FOUND).collect(),
    };
    for seed in seeds {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut spaces = projects();
        let cards: Vec<CardId> = (0..4_u8).map(card).collect();
        for card in &cards {
            let space = *PROJECTS.choose(&mut rng).unwrap();
            spaces.submit::<Card>(space, FOUNDER, card.0, &create(columns_of(space)[0], "A card"));
        }
        spaces.settle();
        let mut backups = vec![spaces.backup()];
        for _ in 0..40 {
            let (space, other) = (*PROJECTS.choose(&mut rng).unwrap(), *PROJECTS.choose(&mut rng).unwrap());
            match rng.random_range(0..20) {
                0..6 => {
                    let who = if rng.random_ratio(1, 10) { ANN } else { FOUNDER };
                    let column = *columns_of(other).choose(&mut rng).unwrap();
                    let card = cards.choose(&mut rng).unwrap();
                    spaces.submit::<Card>(space, who, card.0, &C::GoTo { project: other, column });
                }
                6..14 => {
                    for _ in 0..rng.random_range(1..12) {
                        spaces.step(rng.random_range(0..3));
                    }
                }
                14 => spaces.crash(space),
                15 => spaces.save(space),
                16 => spaces.pass_ms(10_000),
                17 => backups.push(spaces.backup()),
                18 => {
                    let backup = backups.choose(&mut rng).unwrap();
                    spaces.restore(backup, |restored| restored == space || restored == other);
                }
                _ => spaces.settle(),
            }
        }
        spaces.settle();
        for card in &cards {
            let at: Vec<SpaceId> = PROJECTS
                .into_iter()
                .filter(|space| spaces.read(*space, |models| models.get::<Card>(*card).is_here()))
                .collect();
            let placed: Vec<usize> = PROJECTS
                .into_iter()
                .map(|space| spaces.read(space, |models| places_of(*card, models, space)))
                .collect();
            assert!(
                at.len() == 1 && placed.iter().sum::<usize>() == 1,
                "the card {card} is in {at:?}, in {placed:?} columns:\n  {}\nRECORDPLAYER_SEED={seed} cargo test --workspace --lib -p recordplayer-kanban one_project",
                PROJECTS.map(|space| spaces.story::<Card>(space, card.0).join("\n  ")).join("\n\n  ")
            );
        }
    }
}
