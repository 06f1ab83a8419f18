//! Descriptions, which anybody on a board may have written.

use egui::Ui;
use egui_commonmark::{CommonMarkCache, CommonMarkViewer};

/// Draws the words as Markdown.
pub fn show(ui: &mut Ui, words: &str) {
    CommonMarkViewer::new().show(ui, &mut CommonMarkCache::default(), words);
}
