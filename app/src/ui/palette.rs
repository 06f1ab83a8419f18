//! Search or run: every command, board and card by its words.

use std::collections::BTreeMap;

use egui::{Key, Modifiers, ScrollArea, TextEdit, Ui};
use recordplayer_kanban::Card;
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
    fit: Fit,
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
        // What is done next is done without a field in which somebody types.
        response.surrender_focus();
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
            let Some(fit) = fit(&self.typed, spec.text).filter(|_| !is_for_card || has_card) else { continue };
            lines.push(Line {
                group: spec.group.title(),
                fit,
                icon: spec.icon,
                words: spec.text.to_owned(),
                end: spec.keys.first().map(|keys| keys.shown(ui.ctx())).unwrap_or_default(),
                act: Act::Do(spec.command),
            });
        }
        let Some(project) = project else { return lines };
        for (board, title) in project.open_boards() {
            if let Some(fit) = fit(&self.typed, &title) {
                lines.push(Line {
                    group: "Boards",
                    fit,
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
        // The group with the best line comes first.
        let mut best: BTreeMap<&str, Fit> = BTreeMap::new();
        for line in &lines {
            let known = best.entry(line.group).or_insert(line.fit);
            *known = line.fit.min(*known);
        }
        let order: Vec<&str> = lines.iter().map(|line| line.group).collect();
        let place = |line: &Line| order.iter().position(|group| *group == line.group);
        lines.sort_by_key(|line| (best[line.group], place(line), line.fit));
        lines.truncate(LISTED_MAX);
        lines
    }

    fn cards(&self, view: &BoardView) -> Vec<Line> {
        let shown = view.cards.iter().filter(|(_, card)| !card.archived);
        let found = shown.filter_map(|(id, card)| {
            let key = key_of(view, *id);
            fit(&self.typed, &format!("{key} {}", card.title)).map(|fit| Line {
                group: "On this board",
                fit,
                icon: Icon::SquarePen,
                words: Card::shown_title(&card.title).to_owned(),
                end: key,
                act: Act::OpenCard(*id),
            })
        });
        found.take(LISTED_MAX).collect()
    }
}

/// How well a text fits what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    Whole,
    Beginning,
    /// Each word that was typed begins one of the text's.
    Words,
    /// Each stands somewhere in it.
    Parts,
}

/// None where a word that was typed does not stand in the text, in whatever case.
pub(super) fn fit(typed: &str, words: &str) -> Option<Fit> {
    let (typed, words) = (typed.trim().to_lowercase(), words.to_lowercase());
    let begins_a_word =
        |part: &str| words.split(|letter: char| !letter.is_alphanumeric()).any(|word| word.starts_with(part));
    if typed == words {
        Some(Fit::Whole)
    } else if words.starts_with(&typed) {
        Some(Fit::Beginning)
    } else if typed.split_whitespace().all(begins_a_word) {
        Some(Fit::Words)
    } else {
        typed.split_whitespace().all(|part| words.contains(part)).then_some(Fit::Parts)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fit, fit};

    #[test]
    fn every_typed_word_is_looked_for_and_the_better_fit_is_known() {
        assert_eq!(fit("", "New card"), Some(Fit::Beginning));
        assert_eq!(fit("new card ", "New card"), Some(Fit::Whole));
        assert_eq!(fit("new", "New card"), Some(Fit::Beginning));
        assert_eq!(fit("card new", "New card"), Some(Fit::Words));
        assert_eq!(fit("one on", "One step back"), Some(Fit::Words));
        assert_eq!(fit("ar", "New card"), Some(Fit::Parts));
        assert_eq!(fit("GÖNN", "gönn dir"), Some(Fit::Beginning));
        assert_eq!(fit("new board", "New card"), None);
    }
}
