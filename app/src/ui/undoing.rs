//! Undo and redo: what the person did here, the latest first.

use super::desktop::Desktop;
use super::hand::Outcome;
use crate::undo::{Done, TakenBack, take_back};

/// More is not remembered.
const REMEMBERED_MAX: usize = 200;

/// What came of an undo, or of a redo.
#[derive(Debug)]
pub(super) struct Undone {
    was: Done,
    is_redo: bool,
    /// What was done to take it back, and what was left and why; or why nothing was. Both with names in the place of ids.
    result: Result<(Done, Vec<String>), String>,
}

/// What can be taken back in a project, and what can be done again.
#[derive(Debug, Default)]
pub(super) struct Memory {
    done: Vec<Done>,
    undone: Vec<Done>,
}

impl Memory {
    /// Something was done: what was undone before cannot be done again any more.
    pub fn note(&mut self, done: Done) {
        if !done.commands.is_empty() {
            self.undone.clear();
            Self::push(&mut self.done, done);
        }
    }

    fn push(list: &mut Vec<Done>, done: Done) {
        if !done.commands.is_empty() {
            list.push(done);
            let surplus = list.len().saturating_sub(REMEMBERED_MAX);
            list.drain(..surplus);
        }
    }
}

impl Desktop {
    pub(super) fn undo(&mut self, is_redo: bool) {
        let Some(project) = &mut self.project else { return };
        let list = if is_redo { &mut project.memory.undone } else { &mut project.memory.done };
        let Some(was) = list.pop() else {
            return self.toasts.tell(if is_redo { "There is nothing to do again" } else { "There is nothing to undo" });
        };
        self.work(move |space, names| {
            let told = |TakenBack { done, left, .. }| (done, left.iter().map(|why| names.named(why)).collect());
            let result = take_back(space, &was).map(told).map_err(|error| names.named(&error.to_string()));
            Outcome { undone: Some(Undone { was, is_redo, result }), ..Outcome::default() }
        });
    }

    pub(super) fn taken_back(&mut self, Undone { was, is_redo, result }: Undone) {
        let Some(project) = &mut self.project else { return };
        match result {
            Ok((done, left)) => {
                let list = if is_redo { &mut project.memory.done } else { &mut project.memory.undone };
                Memory::push(list, done);
                for why in left {
                    self.toasts.warn(format!("Not undone: {why}"));
                }
            }
            Err(error) => {
                let list = if is_redo { &mut project.memory.undone } else { &mut project.memory.done };
                Memory::push(list, was);
                self.toasts.warn(error);
            }
        }
    }
}
