//! The search itself: every choice in every state, by breadth.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::authority::founded;
use super::bounds::Bounds;
use super::choice::{Choice, line_of};
use super::device::DeviceDisk;
use super::frames::Frames;
use super::heal::{Healed, Unhealed};
use super::ledger::Ledger;
use super::setting::{Act, Setting, replica_of};
use super::state::{Machines, Side, Spent, State};
use crate::decide::Intent;
use crate::domain::Domain;
use crate::storage::memory::MemoryOutbox;

/// A small case, and how much may go wrong in it.
#[derive(Clone, Debug)]
pub struct Search {
    setting: Setting,
    bounds: Bounds,
}

/// What a search has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    pub states: u64,
    /// Choices that were looked at, those that lead to a state known before included.
    pub transitions: u64,
    /// States in which nothing happens any more but accidents.
    pub ends: u64,
    /// Those among them that are only quiet once the authority has pinged.
    pub ends_that_want_a_ping: u64,
    /// Steps of the longest history that brought a new state.
    pub steps: u32,
    /// Whether every history was followed to its end.
    pub is_complete: bool,
    /// What the real machines did for all that: their different states, and their steps.
    pub machine_states: u64,
    pub machine_steps: u64,
}

/// What must never be, and the choices that lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub choices: Vec<Choice>,
    /// Steps of the healing behind that, where it is the healing that fails.
    pub healing: Vec<Choice>,
    pub why: String,
}

impl Search {
    /// A space of an application, with two devices of two people who do nothing yet.
    pub fn new(domain: &Arc<Domain>) -> Self {
        let acts = std::array::from_fn(|_| Vec::new());
        let setting = Setting { domain: Arc::clone(domain), founding: Vec::new(), acts, is_one_person: false };
        Self { setting, bounds: Bounds::default() }
    }

    /// What was decided before, by the person of the first device.
    pub fn founded_with(mut self, intents: impl Into<Vec<Intent>>) -> Self {
        self.setting.founding = intents.into();
        self
    }

    /// What the person of a device does, in this order; at most eight acts.
    pub fn acts(mut self, device: usize, acts: impl Into<Vec<Act>>) -> Self {
        self.setting.acts[device] = acts.into();
        assert!(self.setting.acts[device].len() <= 8, "a case is small");
        self
    }

    /// Both devices belong to one person.
    pub fn of_one_person(mut self) -> Self {
        self.setting.is_one_person = true;
        self
    }

    pub fn within(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Looks at all that can happen, until something is found.
    pub fn run(&self) -> Result<Explored, Finding> {
        let mut machines = self.machines();
        let start = self.start(&mut machines)?;
        Run::new(machines, self.bounds).explore(start)
    }

    /// Plays one list of choices, as a finding prints it, and heals at its end.
    pub fn replay(&self, choices: &str) -> Result<(), Finding> {
        let mut machines = self.machines();
        let mut state = self.start(&mut machines)?;
        let mut done = Vec::new();
        for word in choices.split_whitespace() {
            let played = self.play(&mut machines, &mut state, &mut done, word);
            played.map_err(|why| Finding { choices: done.clone(), healing: Vec::new(), why })?;
        }
        let healed = Healed::default().heal(&mut machines, &state);
        healed.map_err(|(healing, why)| Finding { choices: done, healing, why })
    }

    fn play(
        &self,
        machines: &mut Machines,
        state: &mut State,
        done: &mut Vec<Choice>,
        word: &str,
    ) -> Result<(), String> {
        let choice: Choice = word.parse()?;
        let mut possible = state.ordinary(machines);
        possible.extend(state.accidents(machines, &self.bounds));
        if !possible.contains(&choice) {
            return Err(format!("{choice} cannot happen here, but one of: {}", line_of(&possible)));
        }
        done.push(choice);
        state.apply(machines, choice)?;
        state.check(machines)
    }

    fn machines(&self) -> Machines {
        Machines {
            setting: self.setting.clone(),
            frames: Frames::default(),
            authority: Ledger::default(),
            devices: Ledger::default(),
        }
    }

    /// Both devices hold everything and are connected, and everything is quiet.
    fn start(&self, machines: &mut Machines) -> Result<State, Finding> {
        let setting = &self.setting;
        let finding = |why| Finding { choices: Vec::new(), healing: Vec::new(), why };
        let disk = founded(setting).map_err(finding)?;
        let store = disk.store.copy();
        let side = |device| DeviceDisk {
            actor: setting.person(device),
            fresh: replica_of(device),
            store: store.copy(),
            outbox: MemoryOutbox::new(),
        };
        let mut begin = |device| {
            let node = machines.devices.begin(setting, side(device)).map_err(finding)?;
            let (line, late) = (None, Vec::new());
            Ok(Side { node, line, late, sessions: 0, is_waiting: false, acted: 0, first_act: 0, promised: 0 })
        };
        let devices = [begin(0)?, begin(1)?];
        let authority = machines.authority.begin(setting, disk).map_err(finding)?;
        let mut state =
            State { authority, devices, copy: None, copy_of_device: None, is_restored: false, spent: Spent::default() };
        while !state.is_quiet(machines) {
            let next = state.ordinary(machines).into_iter().find(|choice| !matches!(choice, Choice::Submit(_)));
            let next = next.ok_or_else(|| finding("the case does not begin".to_owned()))?;
            state.apply(machines, next).map_err(finding)?;
        }
        state.check_quiet(machines).map_err(finding)?;
        Ok(state)
    }
}

/// A search on its way.
struct Run {
    machines: Machines,
    bounds: Bounds,
    healed: Healed,
    met: BTreeSet<u128>,
    /// From where, and by which choice, each state was reached first.
    origins: Vec<(u32, Choice)>,
    explored: Explored,
}

/// The state in which a case begins has no origin.
const START: u32 = 0;

impl Run {
    fn new(machines: Machines, bounds: Bounds) -> Self {
        let (healed, met) = (Healed::default(), BTreeSet::new());
        // The place of the start is taken; nobody asks by what choice it was reached.
        let origins = vec![(START, Choice::Write)];
        Self { machines, bounds, healed, met, origins, explored: Explored::default() }
    }

    fn explore(mut self, start: State) -> Result<Explored, Finding> {
        self.met.insert(start.key(false));
        self.explored.states = 1;
        let mut level = vec![(START, start)];
        self.explored.is_complete = true;
        while !level.is_empty() {
            if self.bounds.steps_max.is_some_and(|max| self.explored.steps >= max) {
                self.explored.is_complete = false;
                break;
            }
            let mut next = Vec::new();
            for (at, state) in level {
                self.expand(at, &state, &mut next)?;
            }
            self.explored.steps += u32::from(!next.is_empty());
            level = next;
        }
        let ((authorities, of_authority), (devices, of_devices)) =
            (self.machines.authority.size(), self.machines.devices.size());
        self.explored.machine_states = (authorities + devices) as u64;
        self.explored.machine_steps = (of_authority + of_devices) as u64;
        Ok(self.explored)
    }

    fn expand(&mut self, at: u32, state: &State, next: &mut Vec<(u32, State)>) -> Result<(), Finding> {
        let mut choices = state.ordinary(&self.machines);
        if choices.is_empty() {
            self.explored.ends += 1;
            self.explored.ends_that_want_a_ping += u64::from(!state.is_quiet(&self.machines));
        }
        choices.extend(state.accidents(&self.machines, &self.bounds));
        for choice in choices {
            self.explored.transitions += 1;
            let mut behind = state.clone();
            behind.apply(&mut self.machines, choice).map_err(|why| self.finding(at, choice, (Vec::new(), why)))?;
            if !self.met.insert(behind.key(false)) {
                continue;
            }
            behind.check(&self.machines).map_err(|why| self.finding(at, choice, (Vec::new(), why)))?;
            let healed = self.healed.heal(&mut self.machines, &behind);
            healed.map_err(|unhealed| self.finding(at, choice, unhealed))?;
            self.explored.states += 1;
            let id = u32::try_from(self.origins.len()).expect("a search meets fewer states");
            self.origins.push((at, choice));
            next.push((id, behind));
        }
        Ok(())
    }

    /// A finding behind a choice in a state.
    fn finding(&self, mut at: u32, choice: Choice, (healing, why): Unhealed) -> Finding {
        let mut choices = vec![choice];
        while at != START {
            let (before, choice) = self.origins[at as usize];
            choices.push(choice);
            at = before;
        }
        choices.reverse();
        Finding { choices, healing, why }
    }
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, transitions, ends, steps, machine_states, machine_steps, .. } = self;
        write!(
            f,
            "explored {} states, {} transitions, {} ends, {steps} steps deep{}; the machines went through {} states in {} steps",
            grouped(*states),
            grouped(*transitions),
            grouped(*ends),
            if self.is_complete { "" } else { " and no further" },
            grouped(*machine_states),
            grouped(*machine_steps),
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, after {} choices: {}", self.why, self.choices.len(), line_of(&self.choices))?;
        if !self.healing.is_empty() {
            write!(f, "; then healing: {}", line_of(&self.healing))?;
        }
        Ok(())
    }
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let commas = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    let chars = digits.chars().enumerate();
    chars.flat_map(|(at, digit)| commas(at).then_some(',').into_iter().chain([digit])).collect()
}
