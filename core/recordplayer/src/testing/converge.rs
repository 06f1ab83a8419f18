//! Histories of an application from a seed.

use std::sync::Arc;

use rand::RngExt;

use super::{DeviceId, Transition, World};
use crate::domain::Domain;

/// So many commands of people a device takes in one history, between the founding and the rest in which everybody must agree.
const COMMANDS: u32 = 60;

/// Nobody tries more often: where the authority and the manager's device have both lost the founding, nobody is let do anything any more.
const ACTS_MAX: u32 = 10 * COMMANDS;

/// Plays out one history: people on bad lines, whose devices and whose authority crash and start again, do things with an application.
///
/// `found` prepares the space on good lines; then `act` lets one person do something, until devices have taken sixty commands: what a device
/// refuses at once does not count. Only where the space is lost everywhere it ends before. At least one device is cut off, and at least one
/// crashes. At the end the lines are healed, and the world is returned as soon as it is quiet.
///
/// # Panics
///
/// When devices differ, a command is decided twice, a state is no replay of its log, or the world does not become quiet. The message says how
/// to replay it.
///
/// ```
/// # use std::sync::Arc;
/// # use recordplayer::{decide::Intent, domain::Domain, id::Id, testing::{World, converge}};
/// # use recordplayer::membership::{Membership, MembershipCommand};
/// let domain = Domain::new("empty", 1).shared();
/// let mut world = converge(7, &domain, ["ann", "bo"], |_, _| (), |world: &mut World, device| {
///     let rename = MembershipCommand::Rename { title: "Another title".to_owned() };
///     let _ = world.send(device, Intent::of::<Membership>(world.space().0, &rename).unwrap());
/// });
/// assert_eq!(world.authority().1, world.replayed());
/// ```
pub fn converge<const N: usize>(
    seed: u64,
    domain: &Arc<Domain>,
    names: [&str; N],
    found: impl FnOnce(&mut World, [DeviceId; N]),
    act: impl FnMut(&mut World, DeviceId),
) -> World {
    converge_in(World::seeded(seed, domain), names, found, act)
}

/// As [`converge`], in a world that was prepared, and in which nobody is yet.
pub fn converge_in<const N: usize>(
    mut world: World,
    names: [&str; N],
    found: impl FnOnce(&mut World, [DeviceId; N]),
    mut act: impl FnMut(&mut World, DeviceId),
) -> World {
    let devices = world.devices(names);
    found(&mut world, devices);
    world.run_until_quiet();
    for device in devices {
        world.look_at_something(device);
    }
    for device in devices {
        let weather = world.draw_weather(device);
        world.apply(weather);
    }
    let (mut taken, mut acts) = (0, 0);
    while taken < COMMANDS && acts < ACTS_MAX {
        let device = devices[world.random().random_range(0..N)];
        if world.random().random_ratio(1, 3) {
            let transition = world.draw_transition();
            world.apply(transition);
        } else if !world.is_running(device) {
            world.start_again(device);
        } else if let Some(missing) = missing(&world, taken, device) {
            world.apply(missing);
        } else {
            acts += 1;
            let before = world.taken();
            act(&mut world, device);
            taken += world.taken() - before;
        }
        let ms = world.random().random_range(0..400);
        world.run_for_ms(ms);
        world.check_rebased(device);
        world.check_pauses();
    }
    world.gather();
    world
}

/// What no history may do without, where it has not happened in the first half.
fn missing(world: &World, taken: u32, device: DeviceId) -> Option<Transition> {
    let happened = world.happened();
    let has_cut = happened.iter().any(|transition| matches!(transition, Transition::CutOff(_)));
    let has_crash = happened.iter().any(|transition| matches!(transition, Transition::Crash(_)));
    let missing = [(!has_cut, Transition::CutOff(device)), (!has_crash, Transition::Crash(device))];
    missing.into_iter().find(|(is_missing, _)| *is_missing && taken >= COMMANDS / 2).map(|(_, transition)| transition)
}
