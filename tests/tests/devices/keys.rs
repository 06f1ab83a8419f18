use recordplayer_client::Decided;
use recordplayer_kanban::Project;
use recordplayer_kanban::project::{ProjectCommand, ProjectRefusal};

use crate::town::{PATIENCE, Town, project};

fn set_up(key: &str) -> ProjectCommand {
    ProjectCommand::SetUp { key: key.to_owned() }
}

/// Two people who know nothing of each other call their projects by one key; the one who comes second is told, and takes another.
#[test]
fn the_key_of_a_project_is_its_own_on_the_server() {
    let town = Town::new();
    let (ann, bo) = (town.device("ann"), town.device("bo"));
    project(&ann, &town.url());
    ann.wait_in_step(PATIENCE).unwrap();
    town.stop();
    let (space, _) = bo.found(&town.url(), "Toasters and toast").unwrap();
    let second = space.send::<Project>(space.id().0, &set_up("TT")).unwrap();
    // The server knows the keys again after it was started again.
    town.start();
    bo.wait_in_step(PATIENCE).unwrap();
    let Decided::Refused(why) = second.wait_decided(PATIENCE) else { panic!("the key is taken") };
    assert_eq!(why.typed::<ProjectRefusal>(), Some(ProjectRefusal::KeyTaken { key: "TT".to_owned() }));
    let third = space.send::<Project>(space.id().0, &set_up("TOAST")).unwrap();
    assert_eq!(third.wait_decided(PATIENCE), Decided::Accepted);
    assert_eq!(space.entity::<Project>(space.id().0).key, "TOAST");
}

/// A claim that comes to nothing leaves the key free for others.
#[test]
fn a_key_that_was_refused_to_one_is_free_for_another() {
    let town = Town::new();
    let (ann, bo) = (town.device("ann"), town.device("bo"));
    let mine = project(&ann, &town.url());
    ann.wait_in_step(PATIENCE).unwrap();
    assert!(mine.send::<Project>(mine.id().0, &set_up("NEW")).is_err());
    let (his, _) = bo.found(&town.url(), "New").unwrap();
    let claimed = his.send::<Project>(his.id().0, &set_up("NEW")).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    assert_eq!(claimed.wait_decided(PATIENCE), Decided::Accepted);
}
