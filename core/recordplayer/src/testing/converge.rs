//! Histories of an application from a seed.

use std::sync::Arc;

use rand::RngExt;

use super::{DeviceId, Faults, World};
use crate::domain::Domain;

/// What happens in one history, between the founding and the rest in which everybody must agree.
const HAPPENINGS: u32 = 80;

/// Plays out one history: people on bad lines, whose devices and whose authority crash and start again, do things with an application.
///
/// `found` prepares the space on good lines; then `act` lets one person do something, some dozens of times. At the end the lines are healed, and
/// the world is returned as soon as it is quiet.
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
    mut act: impl FnMut(&mut World, DeviceId),
) -> World {
    let mut world = World::seeded(seed, domain);
    let devices = world.devices(names);
    found(&mut world, devices);
    world.run_until_quiet();
    world.suffer(Faults::bad());
    for _ in 0..HAPPENINGS {
        let device = devices[world.random().random_range(0..N)];
        if world.random().random_ratio(1, 3) {
            let transition = world.draw_transition();
            world.apply(transition);
        } else if world.is_running(device) {
            act(&mut world, device);
        }
        let ms = world.random().random_range(0..400);
        world.run_for_ms(ms);
        world.check_rebased(device);
    }
    world.gather();
    world
}
