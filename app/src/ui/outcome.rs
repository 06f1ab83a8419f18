//! What the hand has done comes back to the window.

use egui::Context;
use recordplayer::id::SpaceId;

use super::act::Act;
use super::composer::Composer;
use super::desktop::{Desktop, Overlay};
use super::hand::{Edit, Outcome, TextOutcome, Typed};
use super::talk::Talk;

impl Desktop {
    pub(super) fn is_open(&self, space: SpaceId) -> bool {
        self.project.as_ref().is_some_and(|project| project.space.id() == space)
    }

    /// Takes what the hand has to say.
    pub(super) fn take(&mut self, ctx: &Context, outcome: Outcome) {
        let Outcome { space, number, done, refused, typed, offer, copy, verdicts, text, opened, undone } = outcome;
        self.taken = number;
        if let (Some(space), Some(opened)) = (space, opened) {
            self.show_opened(space, opened);
        }
        if let Some(project) = self.project.as_mut().filter(|project| Some(project.space.id()) == space) {
            project.memory.note(done);
        }
        if let Some(undone) = undone.filter(|_| space.is_some_and(|space| self.is_open(space))) {
            self.taken_back(undone);
        }
        if let Some(why) = refused {
            self.toasts.warn(why);
        }
        self.put_back(typed);
        if let Some((words, label, act)) = offer {
            self.toasts.offer(words, label, act);
        }
        if let Some((what, text)) = copy {
            ctx.copy_text(text);
            self.toasts.tell(format!("{what} is in the clipboard"));
        }
        for verdict in verdicts {
            if let Some(Overlay::Picker(picker)) = &mut self.overlay {
                picker.take(&verdict);
            }
            let board = self.project.as_mut().and_then(|project| project.board.as_mut());
            if let Some(drag) = board.and_then(|board| board.drag.as_mut()) {
                drag.take(verdict);
            }
        }
        if let Some(text) = text {
            self.take_text(ctx, text);
        }
    }

    /// What was not taken is where it was typed.
    pub(super) fn put_back(&mut self, typed: Option<Typed>) {
        let project = self.project.as_mut();
        match typed {
            Some(Typed::Titles { column, titles }) => {
                let composer = project.and_then(|project| project.board.as_mut()?.composer.as_mut());
                match composer.filter(|composer| composer.column == column) {
                    Some(composer) => composer.put_back(titles),
                    None if titles.is_empty() => {}
                    None => self.session.keep_draft(&Composer::place_in(column), &titles),
                }
            }
            Some(Typed::Comment { card, text }) => {
                match project.and_then(|project| project.panel.as_mut()).filter(|panel| panel.card == card) {
                    Some(panel) => panel.put_back_comment(text, &mut self.session),
                    None => self.session.keep_draft(&Talk::place_of(card), &text),
                }
            }
            None => {}
        }
    }

    /// A text was read or written, perhaps of a card that is not open any more.
    fn take_text(&mut self, ctx: &Context, outcome: TextOutcome) {
        let panel = self.project.as_mut().and_then(|project| project.panel.as_mut());
        let refused = match (panel.filter(|panel| panel.card == outcome.card), outcome) {
            (Some(panel), outcome) => panel.take(ctx, outcome).err().map(|error| (error, None)),
            (None, TextOutcome { result: Err(error), refused, .. }) => Some((error, refused)),
            (None, TextOutcome { result: Ok(_), .. }) => None,
        };
        match refused {
            Some((error, Some(Edit { after, .. }))) => {
                let copy = Act::Copy { what: "The text", text: after };
                self.toasts.offer(format!("What you typed was not taken: {error}"), "Copy text", copy);
            }
            Some((error, None)) => self.toasts.warn(error),
            None => {}
        }
    }
}
