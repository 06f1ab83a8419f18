//! Setting one property of a card: chosen from a list, by typing, with arrows and Enter, or with the pointer.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Color32, Key, Modifiers, ScrollArea, TextEdit, Ui};
use recordplayer::membership::Membership;
use recordplayer_client::Device;
use recordplayer_kanban::Card;
use recordplayer_kanban::card::{CardCommand, Day};
use recordplayer_kanban::ids::{CardId, ColumnId, PersonId};
use recordplayer_kanban::view::BoardView;

use super::act::Act;
use super::composer::name;
use super::hand::Verdict;
use super::palette::fit;
use super::project::{OpenProject, key_of, shown};
use crate::command::Command;
use crate::theme::{Icon, Theme, Type, label_colour, name_colour, space};
use crate::when;
use crate::widget::{empty, row, text};

/// What is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    Column,
    Assignees,
    Labels,
    Due,
}

/// The list while it is open.
pub(super) struct Picker {
    card: CardId,
    property: Property,
    typed: String,
    chosen: usize,
    has_focus: bool,
    /// Why the card may not go to some columns, as it was asked when the board was so.
    refusals: BTreeMap<ColumnId, String>,
    asked_of: Option<Arc<BoardView>>,
}

/// One line of the list.
struct Line {
    icon: Icon,
    colour: Color32,
    words: String,
    end: String,
    /// What choosing it does; none where it cannot be chosen.
    command: Option<CardCommand>,
}

impl Property {
    fn title(self) -> &'static str {
        match self {
            Self::Column => "Move to column",
            Self::Assignees => "Assign",
            Self::Labels => "Label",
            Self::Due => "Set due day",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Column => "Column",
            Self::Assignees => "Person",
            Self::Labels => "Label",
            Self::Due => "Day: today, fri, 24 dec, in 3 days, 2027-01-31",
        }
    }

    /// Of some, several can be on a card.
    fn takes_several(self) -> bool {
        matches!(self, Self::Assignees | Self::Labels)
    }

    /// The command that opens the list.
    pub fn of(command: Command) -> Option<Self> {
        Some(match command {
            Command::MoveTo => Self::Column,
            Command::Assign => Self::Assignees,
            Command::Label => Self::Labels,
            Command::SetDue => Self::Due,
            _ => return None,
        })
    }
}

impl Picker {
    pub fn new(card: CardId, property: Property) -> Self {
        Self {
            card,
            property,
            typed: String::new(),
            chosen: 0,
            has_focus: false,
            refusals: BTreeMap::new(),
            asked_of: None,
        }
    }

    /// The hand has said whether the card may go to a column.
    pub fn take(&mut self, verdict: &Verdict) {
        if verdict.card == self.card {
            match &verdict.refusal {
                Some(refusal) => self.refusals.insert(verdict.column, refusal.clone()),
                None => self.refusals.remove(&verdict.column),
            };
        }
    }

    /// Draws it; true where it is done with.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        device: &Device,
        project: Option<&OpenProject>,
        today: Option<&Day>,
        acts: &mut Vec<Act>,
    ) -> bool {
        let theme = Theme::of(ui);
        let Some(project) = project else { return true };
        let Some(view) = project.board.as_ref().map(|board| board.view.get()) else { return true };
        let (up, down, enter) = ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
            (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Enter))
        });
        let title = format!("{} {}", self.property.title(), key_of(&view, self.card));
        ui.label(text(title, Type::Caption, theme.palette.faint));
        let edit = TextEdit::singleline(&mut self.typed)
            .font(Type::Page.font())
            .hint_text(self.property.hint())
            .desired_width(f32::INFINITY);
        let response = name(ui.add(edit), self.property.title());
        if !std::mem::replace(&mut self.has_focus, true) {
            response.request_focus();
        }
        if response.changed() {
            self.chosen = 0;
        }
        ui.add_space(space::GAP);
        if self.property == Property::Column && self.asked_of.as_ref().is_none_or(|asked| !Arc::ptr_eq(asked, &view)) {
            let to = shown(&view).iter().map(|column| (column.id, None)).collect();
            acts.push(Act::MayMove { card: self.card, to });
            self.asked_of = Some(Arc::clone(&view));
        }
        let lines = self.lines(&theme, device, project, &view, today);
        if lines.is_empty() {
            let nothing = match self.property {
                Property::Due => format!("{:?} is no day", self.typed),
                Property::Labels if self.typed.is_empty() => "This project has no labels yet".to_owned(),
                _ => format!("Nothing matches {:?}", self.typed),
            };
            empty(ui, Icon::Search, &nothing);
            return false;
        }
        if down {
            self.chosen += 1;
        }
        self.chosen = self.chosen.min(lines.len() - 1);
        if up {
            self.chosen = self.chosen.saturating_sub(1);
        }
        let mut taken = enter.then_some(self.chosen);
        ScrollArea::vertical().max_height(420.0).auto_shrink([false, true]).show(ui, |ui| {
            for (at, line) in lines.iter().enumerate() {
                let end = (!line.end.is_empty()).then_some((line.end.as_str(), theme.palette.faint));
                let response = row(ui, (line.icon, line.colour), &line.words, end, at == self.chosen);
                if at == self.chosen && (up || down) {
                    response.scroll_to_me(None);
                }
                let response = if line.command.is_none() { response.on_hover_text(&line.end) } else { response };
                if response.clicked() {
                    taken = Some(at);
                }
            }
        });
        if self.property.takes_several() {
            ui.label(text("Enter puts it on or takes it off, Esc closes", Type::Caption, theme.palette.faint));
        }
        let Some(command) = taken.and_then(|at| lines.into_iter().nth(at)).and_then(|line| line.command) else {
            return false;
        };
        acts.push(Act::Change(self.card, command));
        if self.property.takes_several() {
            self.typed.clear();
            response.request_focus();
            return false;
        }
        response.surrender_focus();
        true
    }

    fn lines(
        &self,
        theme: &Theme,
        device: &Device,
        project: &OpenProject,
        view: &BoardView,
        today: Option<&Day>,
    ) -> Vec<Line> {
        let card = project.space.known::<Card>(self.card);
        let lines = match self.property {
            Property::Column => self.columns(theme, view, &card),
            Property::Assignees => people(theme, device, project, view, &card),
            Property::Labels => labels(theme, view, &card),
            Property::Due => return self.days(theme, &card, today),
        };
        let mut found: Vec<_> =
            lines.into_iter().filter_map(|line| Some((fit(&self.typed, &line.words)?, line))).collect();
        found.sort_by_key(|(fit, _)| *fit);
        found.into_iter().map(|(_, line)| line).collect()
    }

    fn columns(&self, theme: &Theme, view: &BoardView, card: &Card) -> Vec<Line> {
        let columns = shown(view).into_iter();
        let line = |column: recordplayer_kanban::view::ColumnShown<'_>| {
            let is_here = card.column() == Some(column.id);
            let command = CardCommand::MoveTo { column: column.id, before: None, row: None, exempt: false };
            let refused = if is_here { None } else { self.refusals.get(&column.id) };
            let end = match refused {
                Some(why) => why.clone(),
                None if is_here => "It is here".to_owned(),
                None => String::new(),
            };
            Line {
                icon: Icon::SquareKanban,
                colour: if refused.is_some() { theme.palette.danger } else { theme.palette.muted },
                words: column.row.name.clone(),
                end,
                command: (!is_here && refused.is_none()).then_some(command),
            }
        };
        columns.map(line).collect()
    }

    fn days(&self, theme: &Theme, card: &Card, today: Option<&Day>) -> Vec<Line> {
        let Some(today) = today else { return Vec::new() };
        let line = |words: &str, day: Option<Day>| Line {
            icon: Icon::Calendar,
            colour: theme.palette.muted,
            words: words.to_owned(),
            end: day.as_ref().map(Day::to_string).unwrap_or_default(),
            command: Some(CardCommand::SetDue { due: day }),
        };
        if !self.typed.trim().is_empty() {
            let typed = when::typed(&self.typed, today);
            return typed.map(|day| line(&crate::time::due(&day, today).0, Some(day))).into_iter().collect();
        }
        let offered = when::offered(today).into_iter().map(|(words, day)| line(words, Some(day)));
        let none = card.due.is_some().then(|| line("No due day", None));
        offered.chain(none).collect()
    }
}

/// Ticked, or not.
fn mark(theme: &Theme, is_on: bool, colour: Color32) -> (Icon, Color32) {
    if is_on { (Icon::SquareCheck, theme.palette.accent) } else { (Icon::Square, colour) }
}

/// Every label of the project, to be put on the card or taken off.
fn labels(theme: &Theme, view: &BoardView, card: &Card) -> Vec<Line> {
    let mut labels: Vec<_> = view.labels.iter().collect();
    labels.sort_by_key(|(_, label)| label.shown());
    let line = |(label, shown): (&recordplayer_kanban::ids::LabelId, &recordplayer_kanban::project::Label)| {
        let is_on = card.labels.contains(label);
        let (icon, colour) = mark(theme, is_on, label_colour(&theme.palette, &shown.colour, &shown.name));
        let label = *label;
        let command = if is_on { CardCommand::RemoveLabel { label } } else { CardCommand::AddLabel { label } };
        let end = if is_on { "On the card".to_owned() } else { String::new() };
        Line { icon, colour, words: shown.shown().to_owned(), end, command: Some(command) }
    };
    labels.into_iter().map(line).collect()
}

/// Members and placeholders, to be assigned or not.
fn people(theme: &Theme, device: &Device, project: &OpenProject, view: &BoardView, card: &Card) -> Vec<Line> {
    let members = project.space.known::<Membership>(project.space.id().0);
    let placeholders = view.placeholders.iter().filter(|(_, placeholder)| placeholder.claimed_by.is_none());
    let people = members.members().map(|(person, _)| PersonId::from(person));
    let mut people: Vec<(String, PersonId)> = people
        .chain(placeholders.map(|(person, _)| *person))
        .map(|person| (project.person(device, person), person))
        .collect();
    people.sort();
    let line = |(words, person): (String, PersonId)| {
        let is_on = card.members.contains(&person);
        let (icon, colour) = mark(theme, is_on, name_colour(&theme.palette, &words));
        let command = if is_on { CardCommand::Unassign { person } } else { CardCommand::Assign { person } };
        let end = if is_on { "Assigned".to_owned() } else { String::new() };
        Line { icon, colour, words, end, command: Some(command) }
    };
    people.into_iter().map(line).collect()
}
