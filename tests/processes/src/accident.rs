//! What goes wrong in a round, and what people do meanwhile: all of it data, drawn before the round begins.

use std::time::Duration;

use crate::chance::Chance;
use crate::faults::{self, CALLS, DiskError};
use crate::proxy::Weather;

/// The rounds of most histories have one accident, which is of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// Somebody is killed.
    Kills,
    /// The line is bad, and programs stand still for a while.
    Lines,
}

/// When something happens.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// So long after the round, or the program, has begun.
    After(Duration),
    /// When so many chunks of bytes have come to the proxy.
    AtChunk(u64),
    /// At a system call of the program, before it does anything: one of this name, as many as these after the start.
    AtCall(&'static str, u64),
}

/// What happens to the server.
#[derive(Clone, Copy, Debug)]
pub enum Accident {
    Nothing,
    /// It is killed, is away for a while, and may be killed again so long after it began to start.
    Kill {
        at: Moment,
        away: Duration,
        again: Option<Duration>,
    },
    /// It stands still for a while, and its connections with it.
    Stop {
        at: Moment,
        lasts: Duration,
    },
}

/// What happens to the program by which somebody gives a command.
#[derive(Clone, Copy, Debug)]
pub enum Mishap {
    Nothing,
    Kill(Moment),
    Stop {
        after: Duration,
        lasts: Duration,
    },
    /// Its disk fails.
    Disk(DiskError),
}

/// What somebody does by the command line.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Write,
    Rename,
    MoveToLimited,
    MoveBack,
    Archive,
    Restore,
    Describe,
    Comment,
    Sync,
}

const ACTS: [Act; 12] = [
    Act::Write,
    Act::Write,
    Act::Write,
    Act::Write,
    Act::Rename,
    Act::MoveToLimited,
    Act::MoveBack,
    Act::Archive,
    Act::Restore,
    Act::Describe,
    Act::Comment,
    Act::Sync,
];

/// One command of somebody's.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub act: Act,
    /// Whether the program stays until the server has decided.
    pub waits: bool,
    pub mishap: Mishap,
    /// Which of the cards that everybody knows.
    pub card: u64,
}

/// What one person does in a round, one after the other.
#[derive(Clone, Debug)]
pub struct Plan {
    /// A sync runs beside, and takes their commands through the folder's door; killed after this time where there is one.
    pub beside: Option<Option<Duration>>,
    pub steps: Vec<Step>,
}

/// Everything that happens at the same time.
#[derive(Clone, Debug)]
pub struct Round {
    pub weather: Weather,
    pub accident: Accident,
    pub plans: [Plan; 2],
    /// Cards that are written by the device in this process.
    pub cards_here: u64,
}

impl Round {
    pub fn drawn(mix: Mix, chance: &mut Chance) -> Self {
        let is_bad = mix == Mix::Lines || chance.one_in(4);
        let weather = if is_bad { Weather::drawn(chance) } else { Weather::CALM };
        let mut plans = [Plan::drawn(chance), Plan::drawn(chance)];
        let mut accident = Accident::Nothing;
        match mix {
            Mix::Kills if chance.one_in(2) => {
                let again = if chance.one_in(3) { Some(chance.up_to_ms(60)) } else { None };
                accident = Accident::Kill { at: Moment::of_server(chance), away: chance.up_to_ms(150), again };
            }
            Mix::Kills => {
                let plan = &mut plans[chance.below(2) as usize];
                if chance.one_in(4) {
                    plan.beside = Some(Some(chance.up_to_ms(250)));
                } else {
                    let step = chance.below(plan.steps.len() as u64) as usize;
                    plan.steps[step].mishap = Mishap::Kill(Moment::of_client(chance));
                }
            }
            Mix::Lines if chance.one_in(2) => {
                accident = Accident::Stop { at: Moment::of_line(chance), lasts: chance.up_to_ms(500) };
            }
            Mix::Lines => {
                let plan = &mut plans[chance.below(2) as usize];
                let step = chance.below(plan.steps.len() as u64) as usize;
                plan.steps[step].mishap = Mishap::Stop { after: chance.up_to_ms(100), lasts: chance.up_to_ms(500) };
            }
        }
        Self { weather, accident, plans, cards_here: chance.below(12) }
    }

    /// Nothing goes wrong, and nobody waits for the server, for its disk may be gone.
    pub fn of_work(chance: &mut Chance) -> Self {
        let mut plans = [Plan::drawn(chance), Plan::drawn(chance)];
        for plan in &mut plans {
            plan.beside = None;
            plan.steps.iter_mut().for_each(|step| step.waits = false);
        }
        Self { weather: Weather::CALM, accident: Accident::Nothing, plans, cards_here: chance.below(12) }
    }
}

impl Plan {
    fn drawn(chance: &mut Chance) -> Self {
        let beside = if chance.one_in(5) { Some(None) } else { None };
        let steps = (0..=chance.below(3)).map(|_| Step {
            act: chance.pick(&ACTS),
            waits: chance.one_in(2),
            mishap: Mishap::Nothing,
            card: chance.below(u64::from(u32::MAX)),
        });
        Self { beside, steps: steps.collect() }
    }
}

impl Moment {
    fn of_line(chance: &mut Chance) -> Self {
        if chance.one_in(2) { Self::AtChunk(1 + chance.below(30)) } else { Self::After(chance.up_to_ms(250)) }
    }

    fn of_server(chance: &mut Chance) -> Self {
        let (otherwise, at_call) = (Self::of_line(chance), Self::AtCall(chance.pick(CALLS), 1 + chance.below(40)));
        if chance.one_in(3) && faults::has_strace() { at_call } else { otherwise }
    }

    /// A command takes some tens of milliseconds, and some dozens of calls.
    fn of_client(chance: &mut Chance) -> Self {
        let (otherwise, at_call) =
            (Self::After(chance.up_to_ms(90)), Self::AtCall(chance.pick(CALLS), 1 + chance.below(12)));
        if chance.one_in(2) && faults::has_strace() { at_call } else { otherwise }
    }
}
