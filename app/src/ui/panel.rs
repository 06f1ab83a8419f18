//! The panel of one card: everything on it.

use egui::{Frame, Id, Key, Layout, Margin, Modifiers, ScrollArea, TextEdit, Ui, vec2};
use recordplayer::membership::Membership;
use recordplayer::time::Timestamp;
use recordplayer_client::{Device, Live};
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::{CardId, PersonId};
use recordplayer_kanban::view::{ActivityView, BoardView, CardView};

use super::act::Act;
use super::composer::name;
use super::furnishing;
use super::live_text::LiveText;
use super::project::{OpenProject, key_of};
use super::toast::Toasts;
use crate::command::Command;
use crate::session::Session;
use crate::theme::{Icon, Theme, Type, label_colour, name_colour, radius, space};
use crate::time::ago;
use crate::widget::{avatar, command_button, icon_button, primary_button, quiet_button, text, tick};

/// A card that is open.
pub(super) struct Panel {
    pub card: CardId,
    view: Live<CardView>,
    activity: Live<ActivityView>,
    /// The title while it is edited.
    pub title: Option<String>,
    /// Whether a title that was being edited when the window ended was looked for.
    knows_drafts: bool,
    /// What the focus is wanted in.
    pub wants: Option<Part>,
    description: LiveText,
    is_written: bool,
    comment: Option<String>,
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
    pub toasts: &'a mut Toasts,
}

impl Panel {
    pub fn new(card: CardId, view: Live<CardView>, activity: Live<ActivityView>) -> Self {
        Self {
            card,
            view,
            activity,
            title: None,
            knows_drafts: false,
            wants: None,
            description: LiveText::new(card),
            is_written: false,
            comment: None,
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

    /// Where the draft of the comment is kept.
    fn place(&self) -> String {
        format!("comment on {}", self.card)
    }

    /// What was typed goes before the panel does.
    pub fn close(&mut self, project: &OpenProject, toasts: &mut Toasts) {
        if let Err(error) = self.description.send(&project.space) {
            toasts.warn(error.to_string());
        }
    }

    pub fn show(&mut self, ui: &mut Ui, project: &OpenProject, drawing: &mut Drawing<'_>) {
        let view = self.view.get();
        self.bar(ui, drawing);
        ScrollArea::vertical().id_salt(("card", self.card)).auto_shrink(false).show(ui, |ui| {
            let frame = Frame::NONE.inner_margin(Margin::symmetric(space::LARGE as i8, space::GAP as i8));
            frame.show(ui, |ui| {
                self.show_title(ui, &view, drawing);
                ui.add_space(space::GAP);
                properties(ui, self.card, &view, project, drawing);
                ui.add_space(space::LARGE);
                self.show_description(ui, &view, project, drawing);
                ui.add_space(space::LARGE);
                furnishing::fields(ui, &view, project);
                checklists(ui, self.card, &view, drawing.acts);
                furnishing::links(ui, &view);
                self.show_comments(ui, &view, project, drawing);
                ui.add_space(space::LARGE);
                self.show_activity(ui, project, drawing);
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
            let words = text(&view.card.title, Type::CardTitle, theme.palette.text);
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
            let is_given_up = ui.input(|input| input.key_pressed(Key::Escape));
            if !is_given_up && title.trim() != view.card.title {
                let title = title.trim().to_owned();
                drawing.acts.push(Act::Change(self.card, CardCommand::Rename { title }));
            }
        }
    }

    fn show_description(&mut self, ui: &mut Ui, view: &CardView, project: &OpenProject, drawing: &mut Drawing<'_>) {
        let theme = Theme::of(ui);
        let field = Id::unique(("description", self.card));
        let now_s = ui.input(|input| input.time);
        let followed = self.description.follow(ui.ctx(), field, &project.space, &view.card.description, now_s);
        if let Err(error) = followed {
            drawing.toasts.warn(error.to_string());
        }
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
                self.description.typed(now_s);
            }
            if response.lost_focus()
                && let Err(error) = self.description.send(&project.space)
            {
                drawing.toasts.warn(error.to_string());
            }
        } else if self.description.shown.is_empty() {
            ui.label(text("Nothing is written yet", Type::Body, theme.palette.faint));
        } else {
            let cache = &mut egui_commonmark::CommonMarkCache::default();
            egui_commonmark::CommonMarkViewer::new().show(ui, cache, &self.description.shown);
        }
    }

    fn show_comments(&mut self, ui: &mut Ui, view: &CardView, project: &OpenProject, drawing: &mut Drawing<'_>) {
        let theme = Theme::of(ui);
        ui.label(text("Comments", Type::Section, theme.palette.text));
        for (_, comment) in view.comments() {
            let author = project.person(drawing.device, comment.author);
            let when = ago(comment.at, drawing.now);
            said(ui, &author, &when, |ui| {
                ui.add(egui::Label::new(text(&comment.text, Type::Body, theme.palette.text)).wrap());
            });
        }
        let place = self.place();
        let takes_focus = self.takes(Part::Comment);
        let draft = self.comment.get_or_insert_with(|| drawing.session.draft(&place));
        let edit = TextEdit::multiline(draft)
            .font(Type::Body.font())
            .desired_rows(2)
            .desired_width(f32::INFINITY)
            .hint_text("Write a comment");
        let response = name(ui.add(edit), "Write a comment");
        if takes_focus {
            response.request_focus();
            response.scroll_to_me(None);
        }
        if response.changed() {
            drawing.session.keep_draft(&place, draft);
        }
        let sends = response.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        let is_empty = draft.trim().is_empty();
        ui.horizontal(|ui| {
            let clicked = ui.add_enabled_ui(!is_empty, |ui| primary_button(ui, None, "Comment").clicked()).inner;
            if (clicked || sends) && !is_empty {
                let text = std::mem::take(draft);
                drawing.session.keep_draft(&place, "");
                drawing.acts.push(Act::Comment { card: self.card, text });
            }
            ui.label(text("Ctrl+Enter sends it", Type::Caption, theme.palette.faint));
        });
    }

    fn show_activity(&mut self, ui: &mut Ui, project: &OpenProject, drawing: &mut Drawing<'_>) {
        let theme = Theme::of(ui);
        ui.label(text("Activity", Type::Section, theme.palette.text));
        let activity = self.activity.get();
        let entries: Vec<_> = activity.entries.iter().collect();
        for entry in entries.iter().rev().take(50) {
            let actor = project.person(drawing.device, PersonId::from(entry.actor));
            let when = ago(entry.happened_at.unwrap_or(entry.at), drawing.now);
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = space::TINY;
                ui.label(text(actor, Type::Meta, theme.palette.muted));
                ui.label(text(&entry.what, Type::Meta, theme.palette.faint));
                ui.label(text(when, Type::Caption, theme.palette.faint));
            });
        }
    }
}

/// What somebody said, under their name.
fn said(ui: &mut Ui, author: &str, when: &str, words: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(space::HUGE, space::HUGE), egui::Sense::hover());
        avatar(ui, rect, author, name_colour(&theme.palette, author));
        ui.vertical(|ui| {
            ui.horizontal(|ui| {
                ui.label(text(author, Type::Emphasis, theme.palette.text));
                ui.label(text(when, Type::Caption, theme.palette.faint));
            });
            words(ui);
        });
    });
    ui.add_space(space::GAP);
}

fn properties(ui: &mut Ui, id: CardId, view: &CardView, project: &OpenProject, drawing: &mut Drawing<'_>) {
    let theme = Theme::of(ui);
    let card = &view.card;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::SMALL, space::SMALL);
        if let Some(column) = card.column().and_then(|column| drawing.board.columns.get(&column)) {
            chip(ui, Icon::SquareKanban, &column.name, theme.palette.muted);
        }
        if card.done {
            chip(ui, Icon::CircleCheck, "Finished", theme.palette.success);
        }
        if card.archived {
            chip(ui, Icon::Archive, "Archived", theme.palette.warning);
        }
        if let Some(due) = &card.due {
            chip(ui, Icon::Calendar, &format!("Due {due}"), theme.palette.muted);
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
        labels_menu(ui, id, view, drawing);
        people_menu(ui, id, view, project, drawing);
    });
}

/// Every label of the project, to be put on the card or taken off.
fn labels_menu(ui: &mut Ui, id: CardId, view: &CardView, drawing: &mut Drawing<'_>) {
    let theme = Theme::of(ui);
    let words = text(format!("{} Labels", Icon::Plus.letter()), Type::Meta, theme.palette.muted);
    ui.menu_button(words, |ui| {
        ui.set_min_width(180.0);
        let mut labels: Vec<_> = drawing.board.labels.iter().collect();
        labels.sort_by_key(|(_, label)| label.shown());
        for (label, shown) in labels {
            let is_on = view.card.labels.contains(label);
            if tick(ui, is_on, shown.shown()).clicked() {
                let label = *label;
                let command = if is_on { CardCommand::RemoveLabel { label } } else { CardCommand::AddLabel { label } };
                drawing.acts.push(Act::Change(id, command));
            }
        }
        if drawing.board.labels.is_empty() {
            ui.label(text("This project has no labels yet", Type::Body, theme.palette.muted));
        }
    });
}

/// Members and placeholders, to be assigned or not.
fn people_menu(ui: &mut Ui, id: CardId, view: &CardView, project: &OpenProject, drawing: &mut Drawing<'_>) {
    let theme = Theme::of(ui);
    let words = text(format!("{} Assignees", Icon::Plus.letter()), Type::Meta, theme.palette.muted);
    ui.menu_button(words, |ui| {
        ui.set_min_width(180.0);
        let members = project.space.entity::<Membership>(project.space.id().0);
        let placeholders =
            drawing.board.placeholders.iter().filter(|(_, placeholder)| placeholder.claimed_by.is_none());
        let people = members.members().map(|(person, _)| PersonId::from(person));
        let mut people: Vec<(String, PersonId)> = people
            .chain(placeholders.map(|(person, _)| *person))
            .map(|person| (project.person(drawing.device, person), person))
            .collect();
        people.sort();
        for (name, person) in people {
            let is_on = view.card.members.contains(&person);
            if tick(ui, is_on, &name).clicked() {
                let command = if is_on { CardCommand::Unassign { person } } else { CardCommand::Assign { person } };
                drawing.acts.push(Act::Change(id, command));
            }
        }
    });
}

fn chip(ui: &mut Ui, icon: Icon, words: &str, colour: egui::Color32) {
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
        });
}

fn checklists(ui: &mut Ui, id: CardId, view: &CardView, acts: &mut Vec<Act>) {
    let theme = Theme::of(ui);
    for list in &view.card.checklists {
        let done = list.items.iter().filter(|item| item.done).count();
        ui.horizontal(|ui| {
            ui.label(text(&list.name, Type::Section, theme.palette.text));
            ui.label(text(format!("{done}/{}", list.items.len()), Type::Caption, theme.palette.muted));
        });
        for item in &list.items {
            if tick(ui, item.done, &item.text).clicked() {
                let command = CardCommand::TickItem { checklist: list.id, item: item.id, done: !item.done };
                acts.push(Act::Change(id, command));
            }
        }
        ui.add_space(space::GAP);
    }
}
