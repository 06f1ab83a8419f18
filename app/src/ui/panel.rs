//! The panel of one card: everything on it.

use egui::{Frame, Id, Key, Layout, Margin, Modifiers, ScrollArea, TextEdit, Ui, vec2};
use recordplayer::time::Timestamp;
use recordplayer_client::{Device, Live};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::view::{ActivityView, BoardView, CardView};

use super::act::Act;
use super::composer::name;
use super::furnishing;
use super::hand::{Hand, TextOutcome};
use super::live_text::LiveText;
use super::project::{OpenProject, key_of};
use super::talk::Talk;
use crate::command::Command;
use crate::markdown;
use crate::references;
use crate::said::Names;
use crate::session::Session;
use crate::theme::{Icon, Theme, Type, label_colour, name_colour, radius, space};
use crate::time::{Nearness, day_of, due};
use crate::widget::{command_button, focus_ring, icon_button, quiet_button, text, tick};

/// A card that is open.
pub(super) struct Panel {
    pub card: CardId,
    view: Live<CardView>,
    /// The title while it is edited.
    pub title: Option<String>,
    /// Whether a title that was being edited when the window ended was looked for.
    knows_drafts: bool,
    /// What the focus is wanted in.
    pub wants: Option<Part>,
    description: LiveText,
    is_written: bool,
    talk: Talk,
}

/// What can be written on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Title,
    Description,
    Comment,
}

/// What the panel draws with.
pub(super) struct Drawing<'a> {
    pub device: &'a Device,
    pub board: &'a BoardView,
    pub session: &'a mut Session,
    pub now: Timestamp,
    pub acts: &'a mut Vec<Act>,
    pub hand: &'a mut Hand,
}

impl Panel {
    pub fn new(card: CardId, view: Live<CardView>, activity: Live<ActivityView>) -> Self {
        Self {
            card,
            view,
            title: None,
            knows_drafts: false,
            wants: None,
            description: LiveText::new(card),
            is_written: false,
            talk: Talk::new(card, activity),
        }
    }

    /// Whether a part gets the focus now: once.
    fn takes(&mut self, part: Part) -> bool {
        self.wants.take_if(|wanted| *wanted == part).is_some()
    }

    /// Where a title is kept that is being edited.
    fn place_of_title(&self) -> String {
        format!("title of {}", self.card)
    }

    /// The hand has read or written the description.
    pub fn take(&mut self, ctx: &egui::Context, outcome: TextOutcome) -> Result<(), String> {
        self.description.take(ctx, field_of(self.card), outcome)
    }

    /// A comment that was not taken is in its field again.
    pub fn put_back_comment(&mut self, words: String, session: &mut Session) {
        self.talk.put_back(words, session);
    }

    pub fn show(&mut self, ui: &mut Ui, project: &OpenProject, drawing: &mut Drawing<'_>) {
        let view = self.view.get();
        self.bar(ui, drawing);
        ScrollArea::vertical().id_salt(("card", self.card)).auto_shrink(false).show(ui, |ui| {
            let frame = Frame::NONE.inner_margin(Margin::symmetric(space::LARGE as i8, space::GAP as i8));
            frame.show(ui, |ui| {
                self.show_title(ui, &view, drawing);
                ui.add_space(space::GAP);
                properties(ui, &view, project, drawing);
                ui.add_space(space::LARGE);
                self.show_description(ui, &view, project, drawing);
                ui.add_space(space::LARGE);
                furnishing::fields(ui, &view, project, drawing.device);
                let names = Names::at_once(drawing.device, &project.space);
                checklists(ui, self.card, &view, &names, drawing.acts);
                furnishing::attachments(ui, &view, &names);
                let takes_focus = self.takes(Part::Comment);
                self.talk.show(ui, &view, takes_focus, project, drawing);
            });
        });
    }

    fn bar(&self, ui: &mut Ui, drawing: &mut Drawing<'_>) {
        let theme = Theme::of(ui);
        ui.horizontal(|ui| {
            ui.set_height(space::BAR);
            ui.add_space(space::LARGE);
            let key = key_of(drawing.board, self.card);
            ui.label(text(&key, Type::Meta, theme.palette.faint));
            if icon_button(ui, Icon::Copy, "Copy key").clicked() {
                drawing.acts.push(Act::Copy { what: "The key", text: key });
            }
            ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                ui.add_space(space::GAP);
                for command in [Command::Back, Command::ArchiveCard, Command::ToggleDone] {
                    if command_button(ui, command).clicked() {
                        drawing.acts.push(Act::Do(command));
                    }
                }
            });
        });
    }

    fn show_title(&mut self, ui: &mut Ui, view: &CardView, drawing: &mut Drawing<'_>) {
        let theme = Theme::of(ui);
        let place = self.place_of_title();
        if !std::mem::replace(&mut self.knows_drafts, true) {
            let draft = drawing.session.draft(&place);
            self.title = self.title.take().or((!draft.is_empty()).then_some(draft));
        }
        let Some(title) = &mut self.title else {
            let words = text(Card::shown_title(&view.card.title), Type::CardTitle, theme.palette.text);
            let label = egui::Label::new(words).wrap().sense(egui::Sense::click());
            if ui.add(label).on_hover_text("Click to rename").clicked() || self.wants == Some(Part::Title) {
                self.title = Some(view.card.title.clone());
                self.wants = Some(Part::Title);
            }
            return;
        };
        let field = Id::unique(("title", self.card));
        let is_written = ui.memory(|memory| memory.has_focus(field));
        let is_done = is_written && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
        let edit = TextEdit::singleline(title).id(field).font(Type::CardTitle.font()).desired_width(f32::INFINITY);
        let response = name(ui.add(edit), "Title");
        if response.changed() {
            drawing.session.keep_draft(&place, title);
        }
        if self.takes(Part::Title) {
            response.request_focus();
        }
        if is_done || response.lost_focus() {
            let title = self.title.take().unwrap_or_default();
            drawing.session.keep_draft(&place, "");
            let is_given_up = drawing.acts.contains(&Act::Do(Command::Back));
            if !is_given_up && title.trim() != view.card.title {
                let title = title.trim().to_owned();
                drawing.acts.push(Act::Change(self.card, CardCommand::Rename { title }));
            }
        }
    }

    fn show_description(&mut self, ui: &mut Ui, view: &CardView, project: &OpenProject, drawing: &mut Drawing<'_>) {
        let theme = Theme::of(ui);
        let field = field_of(self.card);
        self.description.follow(drawing.hand, &project.space, &view.card.description);
        ui.horizontal(|ui| {
            ui.label(text("Description", Type::Section, theme.palette.text));
            ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                let words = if self.is_written { "Preview" } else { "Write" };
                if quiet_button(ui, words).clicked() {
                    self.is_written = !self.is_written;
                    self.wants = self.is_written.then_some(Part::Description);
                }
            });
        });
        self.is_written |= self.wants == Some(Part::Description);
        if self.is_written {
            let edit = TextEdit::multiline(&mut self.description.shown)
                .id(field)
                .font(Type::Document.font())
                .desired_rows(6)
                .desired_width(f32::INFINITY)
                .hint_text("What is to be done, and how it is known to be done");
            let response = name(ui.add(edit), "Description");
            if self.takes(Part::Description) {
                response.request_focus();
                response.scroll_to_me(None);
            }
            if response.changed() {
                self.description.typed(drawing.hand, &project.space);
            }
            if let Some(act) = self.description.act.filter(|_| response.lost_focus()) {
                drawing.acts.push(Act::Refer { card: self.card, act });
            }
        } else if !self.description.is_read {
            ui.add_space(Type::Body.line_height());
        } else if self.description.shown.is_empty() {
            ui.label(text("Nothing is written yet", Type::Body, theme.palette.faint));
        } else {
            let names = Names::at_once(drawing.device, &project.space);
            markdown::show(ui, &references::linked(&names, &self.description.shown));
        }
    }
}

/// The field of a description.
fn field_of(card: CardId) -> Id {
    Id::unique(("description", card))
}

fn properties(ui: &mut Ui, view: &CardView, project: &OpenProject, drawing: &mut Drawing<'_>) {
    let theme = Theme::of(ui);
    let card = &view.card;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::SMALL, space::SMALL);
        if let Some(column) = card.column().and_then(|column| drawing.board.columns.get(&column)) {
            chip_of(ui, Command::MoveTo, &column.name, theme.palette.muted, drawing.acts);
        }
        if card.done {
            chip(ui, Icon::CircleCheck, "Finished", theme.palette.success);
        }
        if card.archived {
            chip(ui, Icon::Archive, "Archived", theme.palette.warning);
        }
        if let (Some(day), Some(today)) = (&card.due, day_of(drawing.now)) {
            let (words, nearness) = due(day, &today);
            let colour = match nearness {
                Nearness::Past if !card.done => theme.palette.danger,
                Nearness::Now if !card.done => theme.palette.warning,
                Nearness::Past | Nearness::Now | Nearness::Later => theme.palette.muted,
            };
            chip_of(ui, Command::SetDue, &words, colour, drawing.acts);
        }
        let mut labels: Vec<_> = card.labels.iter().filter_map(|label| drawing.board.labels.get(label)).collect();
        labels.sort_by_key(|label| label.shown());
        for label in labels {
            chip(ui, Icon::Tag, label.shown(), label_colour(&theme.palette, &label.colour, &label.name));
        }
        let mut people: Vec<String> =
            card.members.iter().map(|person| project.person(drawing.device, *person)).collect();
        people.sort();
        for name in people {
            chip(ui, Icon::User, &name, name_colour(&theme.palette, &name));
        }
        let no_due = card.due.is_none().then_some(Command::SetDue);
        for command in [Command::Label, Command::Assign].into_iter().chain(no_due) {
            let spec = command.spec();
            let words = text(format!("{} {}", Icon::Plus.letter(), spec.text), Type::Meta, theme.palette.muted);
            let response = ui.add(egui::Button::new(words).frame_when_inactive(false));
            let is_enabled = ui.is_enabled();
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_enabled, spec.text));
            if response.on_hover_text(spec.tip).clicked() {
                drawing.acts.push(Act::Do(command));
            }
        }
    });
}

/// A property that is set by a click on it.
fn chip_of(ui: &mut Ui, command: Command, words: &str, colour: egui::Color32, acts: &mut Vec<Act>) {
    let spec = command.spec();
    let response = chip(ui, spec.icon, words, colour).interact(egui::Sense::click());
    let is_enabled = ui.is_enabled();
    let name = format!("{words}, {}", spec.text);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_enabled, &name));
    focus_ring(ui, &response, radius::CHIP);
    if response.on_hover_text(spec.text).clicked() {
        acts.push(Act::Do(command));
    }
}

fn chip(ui: &mut Ui, icon: Icon, words: &str, colour: egui::Color32) -> egui::Response {
    let theme = Theme::of(ui);
    Frame::NONE
        .fill(theme.palette.raised)
        .stroke(egui::Stroke::new(1.0, theme.palette.border))
        .corner_radius(radius::CHIP)
        .inner_margin(Margin::symmetric(6, 2))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = space::TINY;
            ui.horizontal(|ui| {
                ui.label(icon.meta(colour));
                ui.label(text(words, Type::Meta, theme.palette.text));
            });
        })
        .response
}

fn checklists(ui: &mut Ui, id: CardId, view: &CardView, names: &Names<'_>, acts: &mut Vec<Act>) {
    let theme = Theme::of(ui);
    for list in &view.card.checklists {
        let done = list.items.iter().filter(|item| item.done).count();
        ui.horizontal(|ui| {
            ui.label(text(&list.name, Type::Section, theme.palette.text));
            ui.label(text(format!("{done}/{}", list.items.len()), Type::Caption, theme.palette.muted));
        });
        for item in &list.items {
            if tick(ui, item.done, &references::read(names, &item.text)).clicked() {
                let command = CardCommand::TickItem { checklist: list.id, item: item.id, done: !item.done };
                acts.push(Act::Change(id, command));
            }
        }
        ui.add_space(space::GAP);
    }
}
