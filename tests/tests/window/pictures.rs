//! Pictures of the screens, in the states that change their shape, compared with those in `tests/pictures`.
//!
//! They are drawn by Vulkan in software (Debian's `mesa-vulkan-drivers`), with the times of UTC. `UPDATE_SNAPSHOTS=1` writes them anew: look at each
//! before it is committed.

use std::path::Path;
use std::sync::Arc;

use egui::{Key, Modifiers, ThemePreference, vec2};
use egui_kittest::SnapshotOptions;
use egui_system_font_provider::SystemFontProvider;
use recordplayer::time::Timestamp;

use crate::stage::{PATIENCE, Stage, card, steps};

/// Whatever moves has come to rest after so many frames.
const REST: usize = 60;
/// A pixel may differ by so much, and so many may differ by more.
const THRESHOLD: f32 = 1.0;
const PIXELS: usize = 10;

impl Stage {
    /// Compares what shows with a picture.
    #[track_caller]
    fn is_as_pictured(&mut self, name: &str) {
        self.harness.remove_cursor();
        // 25 November 2026, 12:00.
        self.harness.state_mut().set_clock(|| Timestamp(1_795_608_000_000));
        self.harness.ctx.all_styles_mut(|style| style.visuals.text_cursor.blink = false);
        steps(&mut self.harness, REST);
        let options = SnapshotOptions::new().threshold(THRESHOLD).max_failed_pixels(PIXELS).output_path("pictures");
        if let Err(error) = self.harness.try_snapshot_options(name, &options) {
            panic!("{error}");
        }
    }

    fn look(&mut self, theme: ThemePreference) {
        self.harness.ctx.set_theme(theme);
    }

    /// A window on the sample's board, with its whole history, in step with its server.
    fn with_the_sample() -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut stage = Self::online();
        stage.press_with(Modifiers::COMMAND, Key::K);
        stage.type_words("Search or run", "import");
        stage.press(Key::Enter);
        stage.type_words("File of the board", &workspace.join("assets/sample/turntable.json").display().to_string());
        stage.click("Look into it");
        stage.until_shows("25 cards");
        stage.click("Import");
        stage.until_shows("Open the board");
        stage.click("Open the board");
        stage.until_in_step();
        stage.until_shows("Now, 147 steps");
        stage
    }

    fn until_in_step(&mut self) {
        self.device.wait_in_step(PATIENCE).unwrap();
        self.until_shows("Synced");
    }
}

#[test]
fn a_board_without_cards() {
    let mut stage = Stage::online();
    stage.until_in_step();
    stage.until_shows("Now, 4 steps");
    stage.is_as_pictured("board_empty");
}

#[test]
fn a_full_board_dark_light_and_in_the_smallest_window() {
    let mut stage = Stage::with_the_sample();
    stage.is_as_pictured("board_dark");
    stage.look(ThemePreference::Light);
    stage.is_as_pictured("board_light");
    stage.harness.set_size(vec2(900.0, 600.0));
    stage.is_as_pictured("board_small");
}

#[test]
fn a_card_dark_and_light() {
    let mut stage = Stage::with_the_sample();
    stage.press_with(Modifiers::COMMAND, Key::K);
    stage.type_words("Search or run", "start the motor");
    stage.press(Key::Enter);
    stage.until_shows("Description");
    stage.is_as_pictured("card_dark");
    stage.look(ThemePreference::Light);
    stage.is_as_pictured("card_light");
}

/// What was said and done about a card, in the smallest window; and what is chosen from lists.
#[test]
fn the_talk_about_a_card_and_its_lists() {
    let mut stage = Stage::with_the_sample();
    stage.harness.set_size(vec2(900.0, 600.0));
    stage.press_with(Modifiers::COMMAND, Key::K);
    stage.type_words("Search or run", "arm drifts");
    stage.press(Key::Enter);
    stage.until_shows("Description");
    stage.press(Key::M);
    stage.is_as_pictured("talk_small");
    stage.press(Key::Escape);
    stage.press(Key::L);
    stage.is_as_pictured("labels_small");
    stage.press(Key::Escape);
    stage.press(Key::D);
    stage.is_as_pictured("due_small");
}

#[test]
fn the_past() {
    let mut stage = Stage::with_the_sample();
    stage.press(Key::T);
    stage.press(Key::Home);
    stage.until_gone("Play a whole side");
    for _ in 0..9 {
        stage.press_with(Modifiers::SHIFT, Key::ArrowRight);
    }
    stage.until_shows("step 90 of");
    // The player has come that far too.
    stage.until_shows("Switch off after ten minutes at rest");
    stage.is_as_pictured("past");
}

#[test]
fn the_palette() {
    let mut stage = Stage::with_the_sample();
    stage.press_with(Modifiers::COMMAND, Key::K);
    stage.type_words("Search or run", "mo");
    stage.is_as_pictured("palette");
}

#[test]
fn offline_with_cards_in_the_script_of_east_asia() {
    let mut stage = Stage::online();
    stage.harness.ctx.add_font_provider(Arc::new(SystemFontProvider::new().with_locale(Some("ja"))));
    stage.until_in_step();
    stage.until_shows("Now, 4 steps");
    stage.serving = None;
    stage.add_cards(&[(0, "回転数を検出する"), (0, "検索欄 IME 入力の確認"), (1, "톤암 밸런스 조정")]);
    stage.until_shows("Offline, 3 waiting");
    stage.is_as_pictured("offline_cjk");
}

/// What was refused stands on its card and in the outbox, with the server's sentence.
#[test]
fn refused() {
    let mut stage = Stage::online();
    stage.add_cards(&[(0, "Debounce the switch"), (1, "Read the strobe sensor")]);
    stage.until_in_step();
    let mut stage = stage.after_the_last_place_was_taken(card("Debounce the switch"));
    stage.until_shows("1 needs you");
    stage.until_shows("Now, 7 steps");
    stage.is_as_pictured("board_refused");
    stage.press(Key::G);
    stage.press(Key::O);
    stage.until_shows("is full");
    stage.is_as_pictured("outbox_refused");
}

/// Screens that lie over the board, in the smallest window and by day.
#[test]
fn forms() {
    let mut stage = Stage::online();
    stage.until_in_step();
    stage.until_shows("Now, 4 steps");
    stage.look(ThemePreference::Light);
    stage.harness.set_size(vec2(900.0, 600.0));
    stage.press(Key::Questionmark);
    stage.is_as_pictured("keys_small");
}
