//! Who set a value, and what holds of that: taking back takes a setting off again, and taking that back puts it on.
//!
//! ```text
//!  set a   set b   take b back   take a back          what holds:   a    ab    a    -
//!  set a   set b   take b back   set b again (redo)                 a    ab    a    ab
//! ```

use std::collections::BTreeSet;

use recordplayer::id::{ActId, CommandId};
use recordplayer::record::Record;

/// One command that set the value, and how it was before.
#[derive(Clone, Debug)]
pub(super) struct Setting<T> {
    pub command: CommandId,
    act: Option<ActId>,
    pub is_ours: bool,
    pub before: T,
}

/// Everything that set one value, in order.
#[derive(Debug)]
pub(super) struct Settings<T> {
    /// What holds, the last one at the end.
    holding: Vec<Setting<T>>,
    /// What took back since the last setting that was new, the last one at the end, each with what it took off.
    undos: Vec<(Setting<T>, Vec<Setting<T>>)>,
    /// Something of ours took back, and what followed was new.
    is_overset: bool,
    /// All commands that have set it.
    known: BTreeSet<CommandId>,
}

impl<T> Default for Settings<T> {
    fn default() -> Self {
        Self { holding: Vec::new(), undos: Vec::new(), is_overset: false, known: BTreeSet::new() }
    }
}

impl<T> Settings<T> {
    /// A record sets the value, or takes back or puts on again what set it; `before` is how it was.
    pub fn note(&mut self, record: &Record, is_ours: bool, before: T) {
        let (command, claims) = (record.origin.command, record.origin.claims);
        let setting = Setting { command, act: claims.act, is_ours, before };
        let is_known = claims.undoes.is_some_and(|undone| self.known.contains(&undone));
        self.known.insert(command);
        let Some(undone) = claims.undoes else { return self.set(setting) };
        if self.undos.last().is_some_and(|(undo, _)| undo.command == undone) {
            let (_, again) = self.undos.pop().expect("just seen");
            let before = again.into_iter().next().map_or(setting.before, |first| first.before);
            return self.holding.push(Setting { before, ..setting });
        }
        // Several commands may take one back together.
        let together = self.undos.last_mut().filter(|(_, taken)| taken.iter().any(|taken| taken.command == undone));
        if let Some((undo, _)) = together {
            undo.command = command;
            undo.is_ours |= is_ours;
            return;
        }
        // What took away something larger is taken back, with which this one comes again as it was.
        if !is_known {
            return self.undos.push((setting, Vec::new()));
        }
        let Some(last) = self.holding.last().filter(|last| last.command == undone) else { return self.set(setting) };
        let act = last.act;
        let together = |other: &Setting<T>| other.command == undone || (act.is_some() && other.act == act);
        let from = self.holding.iter().rposition(|other| !together(other)).map_or(0, |other| other + 1);
        let taken = self.holding.split_off(from);
        self.undos.push((setting, taken));
    }

    fn set(&mut self, setting: Setting<T>) {
        self.is_overset |= self.undos.drain(..).any(|(undo, _)| undo.is_ours);
        self.holding.push(setting);
    }

    /// What somebody else set holds.
    pub fn is_others(&self) -> bool {
        self.holding.last().is_some_and(|last| !last.is_ours)
    }

    /// What is ours and holds: how it was before, and the last command. Nothing where none of ours holds, an error where another one holds
    /// over it.
    pub fn ours(&self) -> Option<Result<(&T, CommandId), Overset>> {
        if let Some((undo, _)) = self.undos.last().filter(|(undo, _)| undo.is_ours) {
            return Some(Ok((&undo.before, undo.command)));
        }
        let last = self.holding.last()?;
        if !last.is_ours {
            let was_set = self.is_overset || self.holding.iter().any(|setting| setting.is_ours);
            return was_set.then_some(Err(Overset));
        }
        let from = self.holding.iter().rposition(|setting| !setting.is_ours).map_or(0, |other| other + 1);
        Some(Ok((&self.holding[from].before, last.command)))
    }
}

/// Somebody has set the value since.
#[derive(Debug)]
pub(super) struct Overset;
