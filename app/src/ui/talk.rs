//! What was said and done about a card, the newest first, under the field for a comment.

use std::collections::BTreeSet;

use egui::{Id, Key, Modifiers, TextEdit, Ui, vec2};
use recordplayer::record::Position;
use recordplayer::time::Timestamp;
use recordplayer_client::Live;
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::view::{Activity, ActivityView, CardView, CommentRow};

use super::act::Act;
use super::composer::{name, put_before};
use super::panel::Drawing;
use super::project::OpenProject;
use crate::references;
use crate::said::Names;
use crate::session::Session;
use crate::theme::{Icon, Theme, Type, name_colour, space};
use crate::time::ago;
use crate::widget::{avatar, fold, primary_button, quiet_button, text};

/// So many small things that one person did one after the other are one line.
const FOLDED_MIN: usize = 3;
/// Of those, so many are told on that line.
const FOLDED_TOLD: usize = 2;
/// So many lines show at first, and so many more each time that somebody asks.
const SHOWN: usize = 50;

/// The talk about one card.
pub(super) struct Talk {
    card: CardId,
    activity: Live<ActivityView>,
    /// The comment that is being written.
    draft: Option<String>,
    shown: usize,
    /// The folded lines that were opened, by the first record in each.
    opened: BTreeSet<Position>,
}

/// One line of the talk.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Line<'a> {
    Said(&'a CommentRow),
    /// What one person did, the newest first.
    Done(Vec<&'a Activity>),
}

impl Talk {
    pub fn new(card: CardId, activity: Live<ActivityView>) -> Self {
        Self { card, activity, draft: None, shown: SHOWN, opened: BTreeSet::new() }
    }

    /// Where the draft of the comment is kept.
    pub fn place_of(card: CardId) -> String {
        format!("comment on {card}")
    }

    fn place(&self) -> String {
        Self::place_of(self.card)
    }

    /// A comment that was not taken stands before what is being written.
    pub fn put_back(&mut self, words: String, session: &mut Session) {
        let words = put_before(words, self.draft.as_deref().unwrap_or_default());
        session.keep_draft(&self.place(), &words);
        self.draft = Some(words);
    }

    /// Draws it; `takes_focus` where somebody wants to write.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        view: &CardView,
        takes_focus: bool,
        project: &OpenProject,
        drawing: &mut Drawing<'_>,
    ) {
        let theme = Theme::of(ui);
        ui.label(text("Activity", Type::Section, theme.palette.text));
        ui.add_space(space::TINY);
        self.write(ui, takes_focus, drawing);
        ui.add_space(space::LARGE);
        let activity = self.activity.get();
        let comments = view.comments();
        let lines = lines(comments.iter().map(|(_, comment)| *comment), activity.entries.iter());
        for line in lines.iter().take(self.shown) {
            match line {
                Line::Said(comment) => {
                    let author = project.person(drawing.device, comment.author);
                    let words = references::read(&Names::at_once(drawing.device, &project.space), &comment.text);
                    said(ui, &author, &ago(comment.at, drawing.now), &words, comment.edited);
                }
                Line::Done(entries) if entries.len() < FOLDED_MIN => {
                    for entry in entries {
                        done(ui, entry, project, drawing);
                    }
                }
                Line::Done(entries) => self.folded(ui, entries, project, drawing),
            }
        }
        let older = lines.len().saturating_sub(self.shown);
        if older > 0 && quiet_button(ui, &format!("Show older ({older})")).clicked() {
            self.shown += SHOWN;
        }
    }

    /// The field for a comment.
    fn write(&mut self, ui: &mut Ui, takes_focus: bool, drawing: &mut Drawing<'_>) {
        let theme = Theme::of(ui);
        let place = self.place();
        let draft = self.draft.get_or_insert_with(|| drawing.session.draft(&place));
        // What comes above it while it is written must not take the focus away.
        let edit = TextEdit::multiline(draft)
            .id(Id::unique(("comment", self.card)))
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

    /// Several things on one line, until somebody opens it.
    fn folded(&mut self, ui: &mut Ui, entries: &[&Activity], project: &OpenProject, drawing: &Drawing<'_>) {
        let (Some(newest), Some(oldest)) = (entries.first(), entries.last()) else { return };
        let names = Names::at_once(drawing.device, &project.space);
        let actor = project.actor(drawing.device, newest.actor);
        let told: Vec<String> = entries.iter().take(FOLDED_TOLD).map(|entry| names.named(&entry.what)).collect();
        let more = entries.len() - told.len();
        let words = format!("{actor} {}, and {more} more", told.join(", "));
        let is_open = self.opened.contains(&oldest.record);
        if fold(ui, is_open, &words, &ago(time_of(newest), drawing.now)).clicked() {
            if is_open {
                self.opened.remove(&oldest.record);
            } else {
                self.opened.insert(oldest.record);
            }
        }
        if is_open {
            ui.indent(("opened", oldest.record.0), |ui| {
                for entry in entries {
                    done(ui, entry, project, drawing);
                }
            });
        }
    }
}

/// When it was, as claimed or else as recorded.
fn time_of(entry: &Activity) -> Timestamp {
    entry.happened_at.unwrap_or(entry.at)
}

/// Comments and events together, the newest first; what one person did without anything between is one line.
fn lines<'a>(
    comments: impl Iterator<Item = &'a CommentRow>,
    entries: impl Iterator<Item = &'a Activity>,
) -> Vec<Line<'a>> {
    // A comment that was written is there itself.
    let done = entries.filter(|entry| &*entry.name != "comment.written");
    let mut all: Vec<(Timestamp, Line<'a>)> = done.map(|entry| (time_of(entry), Line::Done(vec![entry]))).collect();
    all.extend(comments.map(|comment| (comment.at, Line::Said(comment))));
    // What happened at one moment keeps its order.
    all.sort_by_key(|(at, _)| *at);
    let mut lines: Vec<Line<'a>> = Vec::new();
    for (_, line) in all.into_iter().rev() {
        match (lines.last_mut(), line) {
            (Some(Line::Done(known)), Line::Done(more)) if known[0].actor == more[0].actor => known.extend(more),
            (_, line) => lines.push(line),
        }
    }
    lines
}

/// What somebody said, under their name.
fn said(ui: &mut Ui, author: &str, when: &str, words: &str, is_edited: bool) {
    let theme = Theme::of(ui);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(space::HUGE, space::HUGE), egui::Sense::hover());
        avatar(ui, rect, author, name_colour(&theme.palette, author));
        ui.vertical(|ui| {
            ui.horizontal(|ui| {
                ui.label(text(author, Type::Emphasis, theme.palette.text));
                let when = if is_edited { format!("{when}, edited") } else { when.to_owned() };
                ui.label(text(when, Type::Caption, theme.palette.faint));
            });
            ui.add(egui::Label::new(text(words, Type::Body, theme.palette.text)).wrap());
        });
    });
    ui.add_space(space::GAP);
}

/// One thing that somebody did.
fn done(ui: &mut Ui, entry: &Activity, project: &OpenProject, drawing: &Drawing<'_>) {
    let theme = Theme::of(ui);
    let actor = project.actor(drawing.device, entry.actor);
    let what = Names::at_once(drawing.device, &project.space).named(&entry.what);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::TINY;
        ui.label(Icon::CircleDot.meta(theme.palette.border_input));
        ui.label(text(actor, Type::Meta, theme.palette.muted));
        ui.label(text(what, Type::Meta, theme.palette.faint));
        ui.label(text(ago(time_of(entry), drawing.now), Type::Caption, theme.palette.faint));
    });
}

#[cfg(test)]
mod tests {
    use recordplayer::id::{ActorId, Id};
    use recordplayer::name::Name;
    use recordplayer_kanban::ids::PersonId;

    use recordplayer_kanban::comment::CommentKind;

    use super::*;

    fn entry(record: u64, at: i64, actor: u8) -> Activity {
        Activity {
            record: Position(record),
            name: Name::of("card.moved"),
            card: None,
            actor: Some(ActorId(Id([actor; 16]))),
            by: ActorId(Id([actor; 16])),
            act: None,
            at: Timestamp(at),
            happened_at: None,
            what: String::new(),
        }
    }

    #[test]
    fn what_one_person_did_is_one_line_until_somebody_else_does_or_says_something() {
        let entries = [entry(1, 10, 1), entry(2, 20, 1), entry(3, 20, 1), entry(5, 50, 2), entry(6, 60, 1)];
        let comment = CommentRow {
            author: PersonId(Id([1; 16])),
            kind: CommentKind::Talk,
            at: Timestamp(15),
            written: Position(15),
            text: "Why?".to_owned(),
            edited: false,
        };
        let told: Vec<Vec<u64>> = lines([&comment].into_iter(), entries.iter())
            .iter()
            .map(|line| match line {
                Line::Said(_) => Vec::new(),
                Line::Done(entries) => entries.iter().map(|entry| entry.record.0).collect(),
            })
            .collect();
        assert_eq!(told, [vec![6], vec![5], vec![3, 2], vec![], vec![1]]);
    }

    #[test]
    fn a_comment_is_not_told_twice() {
        let written = Activity { name: Name::of("comment.written"), ..entry(1, 10, 1) };
        let deleted = Activity { name: Name::of("comment.deleted"), ..entry(2, 20, 1) };
        let told = [written, deleted];
        assert_eq!(lines(std::iter::empty(), told.iter()), [Line::Done(vec![&told[1]])]);
    }
}
