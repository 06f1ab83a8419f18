//! What people do on their devices.

use std::collections::BTreeSet;

use super::{DeviceId, Transition, World, fresh};
use crate::decide::Intent;
use crate::entity::Entity;
use crate::id::CommandId;
use crate::replica::{CommandState, Replica, SubmitError, TextEdit, Wish};
use crate::time::Timestamp;

impl World {
    /// How many commands of people a device took.
    pub fn taken(&self) -> u32 {
        self.taken
    }

    /// Sends a command on a device; refused here, nothing is queued.
    pub fn send(&mut self, device: DeviceId, intent: Intent) -> Result<CommandId, SubmitError> {
        let wish = Wish::new(CommandId(fresh(&mut self.rng)), intent);
        self.wish(device, wish)
    }

    pub fn wish(&mut self, device: DeviceId, wish: Wish) -> Result<CommandId, SubmitError> {
        self.happened.push(Transition::Command { device, wish: wish.clone() });
        let now = self.time_of(device);
        let outcome = self.devices[device.0].replica.as_mut().expect("the device runs").submit(now, wish);
        if let Ok(command) = &outcome {
            self.promises.note(device, *command);
            self.taken += 1;
        }
        self.drain_device(device);
        outcome
    }

    /// Edits a text on a device; refused here, nothing is queued.
    pub fn edit<E: Entity>(&mut self, device: DeviceId, edit: &TextEdit<'_, E>) -> Result<Vec<CommandId>, SubmitError> {
        let now = self.time_of(device);
        let outcome = self.devices[device.0].replica.as_mut().expect("the device runs").edit_text(now, edit);
        if let Ok(commands) = &outcome {
            self.happened.push(Transition::Edit { device, commands: commands.clone() });
            for command in commands {
                self.promises.note(device, *command);
            }
            self.taken += u32::from(!commands.is_empty());
        }
        self.drain_device(device);
        outcome
    }

    /// A person tries a refused command again, and with it what was refused because of it. Where the text says all of it already, nothing new is
    /// made.
    pub fn retry(&mut self, device: DeviceId, refused: CommandId) -> Result<CommandId, SubmitError> {
        let fresh = CommandId(fresh(&mut self.rng));
        let (outcome, made) = self.with(device, |replica, now| {
            let before: BTreeSet<CommandId> = replica.outbox().map(|entry| entry.command).collect();
            let outcome = replica.retry(now, refused, fresh);
            let made = replica.outbox().map(|entry| entry.command).filter(|command| !before.contains(command));
            (outcome, made.collect::<Vec<_>>())
        });
        self.taken += u32::from(!made.is_empty());
        for command in made {
            self.promises.note(device, command);
        }
        outcome
    }

    /// Does something with a device's replica (a wish other than a command).
    pub fn with<T>(&mut self, device: DeviceId, act: impl FnOnce(&mut Replica, Timestamp) -> T) -> T {
        let now = self.time_of(device);
        let replica = self.devices[device.0].replica.as_mut().expect("the device runs");
        let before: Vec<CommandId> = replica.outbox().map(|entry| entry.command).collect();
        let outcome = act(replica, now);
        let let_go = before.iter().copied().filter(|command| replica.command_state(*command) == CommandState::Gone);
        self.discards.note(device, let_go);
        self.promises.release(device, before, replica);
        self.drain_device(device);
        outcome
    }
}
