//! Descriptions of cards as the window draws them.

use egui::{Context, OutputCommand, RawInput, Rect, pos2, vec2};

/// What is longer only takes longer.
const DRAWN_BYTES_MAX: usize = 4 * 1024;

thread_local! {
    /// Fonts are read once.
    static SCREEN: Context = {
        let ctx = Context::default();
        recordplayer_app::theme::install(&ctx, true);
        ctx
    };
}

/// Everything is drawn, also in a narrow window, and nothing is opened that nobody has clicked.
pub fn run(bytes: &[u8]) {
    let words = String::from_utf8_lossy(&bytes[..bytes.len().min(DRAWN_BYTES_MAX)]);
    SCREEN.with(|ctx| {
        for width in [700.0, 40.0] {
            let screen_rect = Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(width, 900.0)));
            let mut output = ctx.run_ui(RawInput { screen_rect, ..RawInput::default() }, |ui| {
                recordplayer_app::markdown::show(ui, &words);
            });
            // Nobody looks at the screen.
            output.textures_delta.clear();
            let opens = |command: &OutputCommand| matches!(command, OutputCommand::OpenUrl(_));
            assert!(!output.platform_output.commands.iter().any(opens), "nobody has clicked");
        }
    });
}
