//! What the README shows is what runs.

use std::fs;

use recordplayer_tests::workspace_root;

#[test]
fn the_readme_shows_the_application_of_the_example() {
    let read = |name: &str| fs::read_to_string(workspace_root().join(name)).unwrap();
    let (readme, example) = (read("README.md"), read("sync-server/examples/todo.rs"));
    let (_, behind) = example.split_once("// begin: the application\n").unwrap();
    let (application, _) = behind.split_once("// end: the application").unwrap();
    assert!(readme.contains(application.trim_end()), "copy what lies between the marks of the example into the README");
}
