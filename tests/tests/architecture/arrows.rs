//! The arrows between the crates of the workspace.

use crate::metadata::METADATA;

/// The crates of this workspace that one of them may name.
struct Arrows {
    from: &'static str,
    /// What it is built with.
    to: &'static [&'static str],
    /// What its tests, examples and benches may name beside that.
    dev: &'static [&'static str],
}

/// Every crate of the workspace, and every arrow that is allowed. Nothing points to `recordplayer-app` but the program
/// around it, nothing to the server but what tests and measures it, and nothing to the tests.
const ARROWS: &[Arrows] = &[
    Arrows { from: "recordplayer", to: &[], dev: &[] },
    Arrows { from: "recordplayer-store", to: &["recordplayer"], dev: &[] },
    Arrows { from: "recordplayer-kanban", to: &["recordplayer"], dev: &[] },
    // It reads a space and knows no device: who follows one gives it what it reads.
    Arrows { from: "recordplayer-search", to: &["recordplayer", "recordplayer-kanban"], dev: &[] },
    Arrows { from: "recordplayer-client", to: &["recordplayer", "recordplayer-store"], dev: &[] },
    // The library is generic over its domain; only the program names the kanban domain (see `sources`).
    Arrows {
        from: "recordplayer-server",
        to: &["recordplayer", "recordplayer-store", "recordplayer-kanban"],
        dev: &["recordplayer-client"],
    },
    Arrows {
        from: "recordplayer-app",
        to: &["recordplayer", "recordplayer-client", "recordplayer-kanban", "recordplayer-search"],
        dev: &[],
    },
    Arrows { from: "recordplayer-desktop", to: &["recordplayer-app"], dev: &[] },
    Arrows { from: "recordplayer-tests", to: ALL, dev: ALL },
    Arrows {
        from: "recordplayer-simulation",
        to: &["recordplayer", "recordplayer-store", "recordplayer-kanban"],
        dev: &[],
    },
    // Without the window, so that it builds soon; the programs that it drives come from outside.
    Arrows {
        from: "recordplayer-processes",
        to: &["recordplayer", "recordplayer-client", "recordplayer-kanban"],
        dev: &[],
    },
    Arrows { from: "recordplayer-bench", to: ALL, dev: &[] },
    Arrows {
        from: "recordplayer-fuzz",
        to: &["recordplayer", "recordplayer-store", "recordplayer-kanban", "recordplayer-client", "recordplayer-app"],
        dev: &[],
    },
    Arrows { from: "xtask", to: &[], dev: &[] },
];

/// Every library of the workspace that others may use.
const ALL: &[&str] = &[
    "recordplayer",
    "recordplayer-store",
    "recordplayer-kanban",
    "recordplayer-search",
    "recordplayer-client",
    "recordplayer-server",
    "recordplayer-app",
];

#[test]
fn crates_name_only_the_crates_that_the_design_lets_them() {
    let is_member = |name: &str| METADATA.members.iter().any(|member| member.name == name);
    let mut wrong = Vec::new();
    for package in &METADATA.members {
        let Some(arrows) = ARROWS.iter().find(|arrows| arrows.from == package.name) else {
            wrong.push(format!("{} is new here: give it a line in ARROWS", package.name));
            continue;
        };
        for dependency in package.named.iter().filter(|dependency| is_member(&dependency.name)) {
            let name = dependency.name.as_str();
            // A crate's own tests may name the crate itself with more features.
            let in_tests = arrows.dev.contains(&name) || name == package.name;
            if !(arrows.to.contains(&name) || dependency.is_dev && in_tests) {
                let tests = if dependency.is_dev { " (in its tests)" } else { "" };
                wrong.push(format!("{} may not name {name}{tests}", package.name));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that the design does not have:\n{}", wrong.join("\n"));
}

#[test]
fn every_crate_of_the_table_exists() {
    for arrows in ARROWS {
        let exists = METADATA.members.iter().any(|member| member.name == arrows.from);
        assert!(exists, "{} is gone: take its line out of ARROWS", arrows.from);
    }
}
