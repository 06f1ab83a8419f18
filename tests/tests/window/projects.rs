//! Projects, begun in the window.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use recordplayer::id::Id;
use recordplayer_app::ui::Desktop;
use recordplayer_client::{Device, HERE};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::{Board, Project};
use recordplayer_server::Server;

use crate::stage::{PATIENCE, steps, until, window};

/// A window on a computer that has never heard of a server.
fn first_start(folder: &std::path::Path) -> (Device, Harness<'static, Desktop>) {
    let device = Device::open(Arc::new(recordplayer_kanban::domain()), &folder.join("device")).unwrap();
    let harness = window(&device, folder);
    (device, harness)
}

fn until_shows(harness: &mut Harness<'static, Desktop>, label: &str) {
    until(harness, label, true);
}

#[test]
fn the_first_project_is_begun_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let (device, mut harness) = first_start(folder.path());
    steps(&mut harness, 2);
    until_shows(&mut harness, "No project yet");
    harness.get_by_label("New project...").click();
    steps(&mut harness, 3);
    harness.get_by_label("Name of the project").type_text("Sleeve design");
    steps(&mut harness, 2);
    harness.get_by_label("Begin").click();
    until_shows(&mut harness, "Saved on this computer");
    for label in ["Backlog", "Ready", "In progress", "Done"] {
        until_shows(&mut harness, label);
    }
    assert_eq!(device.spaces()[0].url, HERE);
    harness.key_press_modifiers(Modifiers::NONE, Key::C);
    steps(&mut harness, 3);
    harness.get_by_label("Title of the new card").type_text("Choose the paper");
    steps(&mut harness, 2);
    harness.key_press_modifiers(Modifiers::NONE, Key::Enter);
    until_shows(&mut harness, "SD-1");
}

#[test]
fn a_project_of_this_computer_is_published_in_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let (device, mut harness) = first_start(folder.path());
    let (space, _) = device.found_here("Sleeve design").unwrap();
    let set_up = ProjectCommand::SetUp { key: "SD".to_owned() };
    space.send::<Project>(space.id().0, &set_up).unwrap().wait_decided(PATIENCE);
    space.send::<Board>(Id([1; 16]), &BoardCommand::Add { title: "Covers".to_owned() }).unwrap();
    until_shows(&mut harness, "Saved on this computer");

    let server = folder.path().join("server");
    std::fs::create_dir(&server).unwrap();
    let serving = Server::open(recordplayer_kanban::domain().shared(), &server).unwrap().start("127.0.0.1:0").unwrap();
    serving.control().accounts().add_user("ann").unwrap();
    let token = serving.control().accounts().new_token("ann").unwrap();
    device.login(&serving.url(), &token, PATIENCE).unwrap();

    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    steps(&mut harness, 3);
    harness.get_by_label("Search or run").type_text("publish");
    steps(&mut harness, 2);
    harness.key_press_modifiers(Modifiers::NONE, Key::Enter);
    until_shows(&mut harness, "The server keeps it from then on");
    harness.get_by_label("Publish").click();
    until_shows(&mut harness, "Published. Add people to it");
    until_shows(&mut harness, "Synced");
    assert_eq!(device.spaces()[0].url, serving.url());
}
