//! Where mutants are made, and the tests that are asked about them.

/// What decides, plays, merges, rebases, keeps the log and checks access, by the package that holds it.
pub(super) const PARTS: &[Part] = &[
    Part {
        package: "recordplayer",
        files: &[
            "core/recordplayer/src/context.rs",
            "core/recordplayer/src/decide.rs",
            "core/recordplayer/src/membership.rs",
            "core/recordplayer/src/commit/**/*.rs",
            "core/recordplayer/src/models/**/*.rs",
            "core/recordplayer/src/playback/**/*.rs",
            "core/recordplayer/src/replica/**/*.rs",
            "core/recordplayer/src/space/**/*.rs",
            "core/recordplayer/src/state/**/*.rs",
            "core/recordplayer/src/storage/**/*.rs",
            "core/recordplayer/src/text/**/*.rs",
            "core/recordplayer/src/thin/**/*.rs",
        ],
        tests: &["all"],
        skipped: &[
            "text_editing::what_is_too_large_for_one_change_becomes_several",
            "texts::a_text_that_is_too_long_is_refused_here_and_nothing_is_queued",
            "texts::an_edit_of_a_restored_device_is_said_again_behind_a_compacted_text",
        ],
    },
    Part {
        package: "recordplayer-kanban",
        files: &[
            "core/kanban/src/board.rs",
            "core/kanban/src/card.rs",
            "core/kanban/src/card/**/*.rs",
            "core/kanban/src/column.rs",
            "core/kanban/src/column/**/*.rs",
            "core/kanban/src/comment.rs",
            "core/kanban/src/desk.rs",
            "core/kanban/src/domain.rs",
            "core/kanban/src/marks.rs",
            "core/kanban/src/project.rs",
            "core/kanban/src/project/**/*.rs",
            "core/kanban/src/rank.rs",
            "core/kanban/src/role.rs",
            "core/kanban/src/undo/**/*.rs",
        ],
        tests: &[],
        skipped: &[],
    },
    Part {
        package: "recordplayer-store",
        files: &[
            "core/store/src/log.rs",
            "core/store/src/outbox.rs",
            "core/store/src/postings.rs",
            "core/store/src/segments.rs",
            "core/store/src/store/**/*.rs",
        ],
        tests: &["conformance", "crash", "rot", "writer"],
        skipped: &[],
    },
];

/// What only tests and people who debug look at.
pub(super) const LEFT_OUT: &[&str] =
    &["--exclude", "**/fingerprint.rs", "--exclude-re", "impl (std::)?(fmt::)?Debug for"];

pub(super) struct Part {
    pub package: &'static str,
    /// As globs.
    pub files: &'static [&'static str],
    pub tests: &'static [&'static str],
    /// They take long and are about something else.
    pub skipped: &'static [&'static str],
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// A file that goes elsewhere would be left out, and nobody told.
    #[test]
    fn all_that_is_changed_is_there() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for file in PARTS.iter().flat_map(|part| part.files) {
            let above = file.split_once("/**").map_or(*file, |(above, _)| above);
            assert!(workspace.join(above).exists(), "{file}");
        }
    }
}
