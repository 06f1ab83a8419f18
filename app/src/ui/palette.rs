//! Search or run: every command, board and card by its words.

use egui::{Key, Modifiers, ScrollArea, TextEdit, Ui};
use recordplayer_kanban::view::BoardView;

use super::act::Act;
use super::composer::name;
use super::project::{OpenProject, key_of};
use crate::command::{ALL, Command, Group};
use crate::theme::{Icon, Theme, Type, space};
use crate::widget::{empty, row, text};

/// More are not listed: whoever looks for one types another letter.
const LISTED_MAX: usize = 60;

/// The palette while it is open.
#[derive(Default)]
pub(super) struct Palette {
    typed: String,
    chosen: usize,
    has_focus: bool,
}

/// One line of the palette.
struct Line {
    group: &'static str,
    icon: Icon,
    words: String,
    end: String,
    act: Act,
}

impl Palette {
    /// Draws it; true where something was chosen.
    pub fn show(&mut self, ui: &mut Ui, project: Option<&OpenProject>, has_card: bool, acts: &mut Vec<Act>) -> bool {
        let theme = Theme::of(ui);
        let (up, down, enter) = ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
            (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Enter))
        });
        let edit = TextEdit::singleline(&mut self.typed)
            .font(Type::Page.font())
            .hint_text("Search or run...")
            .desired_width(f32::INFINITY);
        let response = name(ui.add(edit), "Search or run");
        if !std::mem::replace(&mut self.has_focus, true) {
            response.request_focus();
        }
        if response.changed() {
            self.chosen = 0;
        }
        ui.add_space(space::GAP);
        let lines = self.lines(ui, project, has_card);
        if lines.is_empty() {
            empty(ui, Icon::Search, &format!("Nothing matches {:?}", self.typed));
            return false;
        }
        self.chosen = self.chosen.min(lines.len() - 1);
        if down {
            self.chosen = (self.chosen + 1).min(lines.len() - 1);
        }
        if up {
            self.chosen = self.chosen.saturating_sub(1);
        }
        let mut taken = enter.then_some(self.chosen);
        ScrollArea::vertical().max_height(420.0).auto_shrink([false, true]).show(ui, |ui| {
            let mut group = "";
            for (at, line) in lines.iter().enumerate() {
                if line.group != group {
                    group = line.group;
                    ui.add_space(space::TINY);
                    ui.label(text(group, Type::Caption, theme.palette.faint));
                }
                let end = (!line.end.is_empty()).then_some((line.end.as_str(), theme.palette.faint));
                let response = row(ui, (line.icon, theme.palette.muted), &line.words, end, at == self.chosen);
                if at == self.chosen && (up || down) {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    taken = Some(at);
                }
            }
        });
        let Some(line) = taken.and_then(|at| lines.into_iter().nth(at)) else { return false };
        acts.push(line.act);
        true
    }

    fn lines(&self, ui: &Ui, project: Option<&OpenProject>, has_card: bool) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut commands: Vec<_> = ALL.iter().filter(|spec| spec.command != Command::Palette).collect();
        commands.sort_by_key(|spec| spec.group);
        for spec in commands {
            let is_for_card = matches!(spec.group, Group::Context)
                || matches!(spec.command, Command::MoveUp | Command::MoveDown | Command::MoveLeft | Command::MoveRight);
            if (is_for_card && !has_card) || !matches(&self.typed, spec.text) {
                continue;
            }
            lines.push(Line {
                group: spec.group.title(),
                icon: spec.icon,
                words: spec.text.to_owned(),
                end: spec.keys.first().map(|keys| keys.shown(ui.ctx())).unwrap_or_default(),
                act: Act::Do(spec.command),
            });
        }
        let Some(project) = project else { return lines };
        for (board, title) in project.open_boards() {
            if matches(&self.typed, &title) {
                lines.push(Line {
                    group: "Boards",
                    icon: Icon::SquareKanban,
                    words: title,
                    end: String::new(),
                    act: Act::OpenBoard(board),
                });
            }
        }
        if let Some(board) = project.board.as_ref().filter(|_| !self.typed.trim().is_empty()) {
            lines.extend(self.cards(&board.view.get()));
        }
        lines.truncate(LISTED_MAX);
        lines
    }

    fn cards(&self, view: &BoardView) -> Vec<Line> {
        let shown = view.cards.iter().filter(|(_, card)| !card.archived);
        let found = shown.filter_map(|(id, card)| {
            let key = key_of(view, *id);
            matches(&self.typed, &format!("{key} {}", card.title)).then(|| Line {
                group: "On this board",
                icon: Icon::SquarePen,
                words: card.title.clone(),
                end: key,
                act: Act::OpenCard(*id),
            })
        });
        found.take(LISTED_MAX).collect()
    }
}

/// Whether each word that was typed stands in the text, in whatever case.
fn matches(typed: &str, words: &str) -> bool {
    let words = words.to_lowercase();
    typed.to_lowercase().split_whitespace().all(|part| words.contains(part))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn every_typed_word_is_looked_for() {
        assert!(matches("", "New card"));
        assert!(matches("card new", "New card"));
        assert!(matches("GÖNN", "gönn dir"));
        assert!(!matches("new board", "New card"));
    }
}
