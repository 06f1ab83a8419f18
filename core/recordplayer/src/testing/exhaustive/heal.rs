//! Healing: from any state, without further accidents, everybody comes to agree.

use std::collections::BTreeSet;

use super::choice::Choice;
use super::setting::DEVICES;
use super::state::{Machines, State, StateKey};

/// Within so many steps a state must heal: far more than there is to do in a small case.
const STEPS_MAX: usize = 400;

/// So often the authority may have to say where its log ends: a command that brought no news for two pings is sent again with the third.
const PINGS_MAX: u8 = 8;

/// The states that are known to heal.
#[derive(Default)]
pub(super) struct Healed(BTreeSet<StateKey>);

/// Where healing fails, and the steps up to there.
pub(super) type Unhealed = (Vec<Choice>, String);

impl Healed {
    /// Heals a copy of the state: what is on its way arrives, one side after the other, everybody connects, and the authority pings where
    /// that is not enough. A state from which another one was already reached that is known to heal, heals.
    pub fn heal(&mut self, machines: &mut Machines, state: &State) -> Result<(), Unhealed> {
        let mut state = state.clone();
        let (mut met, mut steps, mut pings) = (Vec::new(), Vec::new(), 0);
        loop {
            let key = state.key(true);
            // What took a ping may take more of them than are left to a state that is met with fewer.
            if self.0.contains(&key) {
                break;
            }
            if pings == 0 {
                met.push(key);
            }
            if state.is_quiet(machines) {
                state.check_quiet(machines).map_err(|why| (steps.clone(), why))?;
                break;
            }
            let next = match next_of(&state, machines) {
                Some(choice) => vec![choice],
                None if pings < PINGS_MAX => {
                    pings += 1;
                    (0..DEVICES as u8).map(Choice::Ping).collect()
                }
                None => return Err((steps, "it does not become quiet, whatever the authority pings".to_owned())),
            };
            for choice in next {
                steps.push(choice);
                state.apply(machines, choice).map_err(|why| (steps.clone(), why))?;
                state.check(machines).map_err(|why| (steps.clone(), why))?;
            }
            if steps.len() > STEPS_MAX {
                return Err((steps, format!("it does not become quiet within {STEPS_MAX} steps")));
            }
        }
        self.0.extend(met);
        Ok(())
    }
}

/// The next thing that is on its way; people do nothing more.
fn next_of(state: &State, machines: &Machines) -> Option<Choice> {
    let choices = state.ordinary(machines).into_iter();
    choices.into_iter().find(|choice| !matches!(choice, Choice::Submit(_)))
}
