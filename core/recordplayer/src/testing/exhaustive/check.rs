//! What must hold in a small case.

use std::collections::BTreeSet;

use super::device::NextSave;
use super::setting::command_of;
use super::state::{Machines, State};
use crate::commit::Head;

impl State {
    /// What must hold in every state.
    pub fn check(&self, machines: &Machines) -> Result<(), String> {
        let log = &machines.authority.facts(self.authority).log;
        for (side, device) in self.devices.iter().zip(0_usize..) {
            let confirmed = side.facts(machines).confirmed;
            let is_there = confirmed == Head::START || log.iter().any(|verdict| verdict.head == confirmed);
            // After a restore a device may hold what the authority has lost.
            if !is_there && !self.is_restored {
                return Err(format!(
                    "device {device} has confirmed {confirmed:?}, and the authority has no such commit"
                ));
            }
        }
        Ok(())
    }

    /// Whether everything has arrived and nobody waits for anything.
    pub fn is_quiet(&self, machines: &Machines) -> bool {
        let authority = machines.authority.facts(self.authority);
        authority.state.is_some()
            && !authority.is_writing
            && !authority.is_reopening
            && self.devices.iter().all(|side| {
                let facts = side.facts(machines);
                let is_silent = side.line.as_ref().is_some_and(|line| line.up.is_empty() && line.down.is_empty());
                is_silent
                    && side.late.is_empty()
                    && facts.is_settled
                    && facts.next_save == NextSave::Nothing
                    && facts.confirmed == authority.durable
            })
    }

    /// What must hold once everything is quiet.
    pub fn check_quiet(&self, machines: &Machines) -> Result<(), String> {
        let authority = machines.authority.facts(self.authority);
        let heads: Vec<Head> = authority.log.iter().map(|verdict| verdict.head).collect();
        for (side, device) in self.devices.iter().zip(0_usize..) {
            let facts = side.facts(machines);
            if facts.log != heads {
                return Err(format!("device {device} has another log than the authority"));
            }
            if Some(facts.state) != authority.state {
                return Err(format!("device {device} has another state than the authority"));
            }
        }
        self.check_accepted(machines)?;
        self.check_required(machines)?;
        self.check_promises(machines)
    }

    /// Each command is accepted at most once, and those of one device in the order in which they were given.
    fn check_accepted(&self, machines: &Machines) -> Result<(), String> {
        let log = &machines.authority.facts(self.authority).log;
        let accepted = log.iter().filter(|verdict| verdict.is_accepted);
        let mut before = BTreeSet::new();
        for (device, act) in accepted.filter_map(|verdict| machines.setting.act_of(verdict.command)) {
            if !before.insert((device, act)) {
                return Err(format!("act {act} of device {device} was accepted twice"));
            }
            let first = usize::from(self.devices[device].first_act);
            let mut later = before.range((device, act + 1)..(device + 1, 0)).map(|(_, later)| *later);
            if later.any(|later| later < first || act >= first) {
                return Err(format!("act {act} of device {device} was accepted behind a later one"));
            }
        }
        Ok(())
    }

    /// Nothing is accepted that requires what was refused (rule 10).
    fn check_required(&self, machines: &Machines) -> Result<(), String> {
        let log = &machines.authority.facts(self.authority).log;
        let has_verdict = |command, is_accepted| {
            log.iter().any(|verdict| verdict.command == command && verdict.is_accepted == is_accepted)
        };
        for (acts, device) in machines.setting.acts.iter().zip(0_usize..) {
            let accepted = acts.iter().zip(0_usize..).filter(|(_, act)| has_verdict(command_of(device, *act), true));
            for (act, required) in
                accepted.flat_map(|(of, act)| of.requires.iter().map(move |required| (act, *required)))
            {
                let required_id = command_of(device, required);
                if has_verdict(required_id, false) && !has_verdict(required_id, true) {
                    return Err(format!(
                        "act {act} of device {device} was accepted, and act {required} that it requires was not"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Every command that was saved is accepted, or refused and then its author still has it with its words (rules 1, 2, 11).
    fn check_promises(&self, machines: &Machines) -> Result<(), String> {
        let log = &machines.authority.facts(self.authority).log;
        for (side, device) in self.devices.iter().zip(0_usize..) {
            for act in (0..machines.setting.acts[device].len()).filter(|act| side.promised & (1 << act) != 0) {
                let command = command_of(device, act);
                let is_accepted = log.iter().any(|verdict| verdict.is_accepted && verdict.command == command);
                let outbox = &side.facts(machines).outbox;
                let is_refused = outbox.iter().any(|kept| kept.command == command && kept.is_refused);
                if is_accepted == is_refused {
                    let how = if is_accepted { "is both accepted and refused" } else { "is nowhere any more" };
                    return Err(format!("act {act} of device {device} was saved, and {how}"));
                }
            }
        }
        Ok(())
    }
}
