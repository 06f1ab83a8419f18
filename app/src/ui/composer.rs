//! Writing new cards where they belong.

use egui::{Id, Key, Modifiers, TextEdit, Ui};
use recordplayer_kanban::ids::ColumnId;

use super::act::Act;
use crate::theme::{Theme, Type, space};
use crate::widget::text;

/// The titles of new cards, as they are typed: a line is a card.
pub(super) struct Composer {
    pub column: ColumnId,
    pub typed: String,
    pub wants_focus: bool,
}

impl Composer {
    pub fn new(column: ColumnId, typed: String) -> Self {
        Self { column, typed, wants_focus: true }
    }

    /// Where the draft of a column is kept.
    pub fn place_in(column: ColumnId) -> String {
        format!("new card in {column}")
    }

    pub fn place(&self) -> String {
        Self::place_in(self.column)
    }

    /// The hand has made cards: titles that were not taken stand before what is being written, which is below the new cards now.
    pub fn put_back(&mut self, titles: String) {
        if !titles.is_empty() {
            self.typed = put_before(titles, &self.typed);
        }
        self.wants_focus = true;
    }

    fn titles(&self) -> Vec<String> {
        self.typed.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Draws it; Enter adds and stays, several pasted lines are several cards.
    pub fn show(&mut self, ui: &mut Ui, acts: &mut Vec<Act>) {
        let theme = Theme::of(ui);
        let field = Id::unique(("composer", self.column));
        let is_written = ui.memory(|memory| memory.has_focus(field));
        let adds = is_written && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
        let edit = TextEdit::multiline(&mut self.typed)
            .id(field)
            .font(Type::Emphasis.font())
            .hint_text("Title of the new card")
            .desired_rows(2)
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        let response = name(response, "Title of the new card");
        let takes_focus = std::mem::take(&mut self.wants_focus);
        if takes_focus {
            response.request_focus();
        }
        let titles = self.titles();
        ui.horizontal(|ui| {
            let words = match titles.len() {
                0 | 1 => "Enter adds it, Esc closes".to_owned(),
                several => format!("Enter adds {several} cards"),
            };
            ui.label(text(words, Type::Caption, theme.palette.faint));
        });
        ui.add_space(space::TINY);
        // At the end of a long column nobody would see what they type.
        if takes_focus {
            ui.scroll_to_rect(response.rect.with_max_y(ui.min_rect().bottom()), None);
        }
        if adds && !titles.is_empty() {
            self.typed.clear();
            self.wants_focus = true;
            acts.push(Act::Create { column: self.column, titles });
        }
    }
}

/// What comes back, and what was written meanwhile.
pub(super) fn put_before(mut words: String, written: &str) -> String {
    if !written.is_empty() {
        words.push('\n');
        words.push_str(written);
    }
    words
}

/// Gives a field its name for those who cannot see it.
pub(super) fn name(response: egui::Response, name: &str) -> egui::Response {
    response.ctx.clone().accesskit_node_builder(response.id, |node| node.set_label(name));
    response
}
