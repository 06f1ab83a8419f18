//! What a person kept on a computer before they had an account goes along to it: searches, settings, and what they have read of projects that are at
//! its server now.

use std::collections::BTreeSet;
use std::time::Duration;

use recordplayer::entity::Entity;
use recordplayer::id::{CommandId, Id};
use recordplayer_client::{Device, HERE, SendError, Space, Ticket};
use recordplayer_kanban::desk::DeskCommand;
use recordplayer_kanban::marks::MarksCommand;
use recordplayer_kanban::{Desk, Marks};

/// How long the window waits for the server before it leaves this to another time.
const REACHED_WITHIN: Duration = Duration::from_mins(10);

/// As [`move_in`], once the device is in step.
pub(crate) fn move_in_later(device: Device) {
    std::thread::spawn(move || {
        if device.wait_in_step(REACHED_WITHIN).is_ok()
            && let Err(why) = move_in(&device)
        {
            tracing::warn!(%why, "what was kept on this computer stays there for now");
        }
    });
}

/// Gives to the account what is not there, and takes it away here. Must be called when the device is in step: else what the account holds already is
/// not known. Of several accounts none is more one's own than the others, and all stays.
pub(crate) fn move_in(device: &Device) -> Result<Vec<Ticket>, SendError> {
    let accounts = device.accounts();
    let ([account], Some(here)) = (accounts.as_slice(), device.known_personal(HERE)) else { return Ok(Vec::new()) };
    let mut moving = Moving { device, url: &account.url, here, tickets: Vec::new() };
    moving.desk()?;
    for info in device.spaces().into_iter().filter(|info| info.url == account.url) {
        moving.marks(info.space.0)?;
    }
    Ok(moving.tickets)
}

struct Moving<'a> {
    device: &'a Device,
    url: &'a str,
    here: Space,
    tickets: Vec<Ticket>,
}

impl Moving<'_> {
    fn there(&self) -> Result<Space, SendError> {
        self.device.personal(self.url)
    }

    /// To the account first: what is cut off in between is in both, and goes on with the next time.
    fn give<E: Entity>(&mut self, id: Id, command: &E::Command) -> Result<(), SendError> {
        self.tickets.push(self.there()?.send::<E>(id, command)?);
        Ok(())
    }

    fn take<E: Entity>(&mut self, id: Id, command: &E::Command) -> Result<(), SendError> {
        self.tickets.push(self.here.send::<E>(id, command)?);
        Ok(())
    }

    fn desk(&mut self) -> Result<(), SendError> {
        let here = self.here.id().0;
        let kept = self.here.entity::<Desk>(here);
        if kept.searches.is_empty() && kept.settings.is_empty() {
            return Ok(());
        }
        let there = self.there()?;
        let id = there.id().0;
        let known = there.entity::<Desk>(id);
        for (search, one) in &kept.searches {
            if !known.searches.values().any(|other| other.name == one.name) {
                let (name, query) = (one.name.clone(), one.query.clone());
                self.give::<Desk>(id, &DeskCommand::SaveSearch { search: *search, name, query })?;
            }
            self.take::<Desk>(here, &DeskCommand::RemoveSearch { search: *search })?;
        }
        for (setting, value) in &kept.settings {
            let setting = || setting.clone();
            if !known.settings.contains_key(&setting()) {
                self.give::<Desk>(id, &DeskCommand::Set { setting: setting(), value: Some(value.clone()) })?;
            }
            self.take::<Desk>(here, &DeskCommand::Set { setting: setting(), value: None })?;
        }
        Ok(())
    }

    fn marks(&mut self, project: Id) -> Result<(), SendError> {
        let kept = self.here.entity::<Marks>(project);
        if *kept == Marks::default() {
            return Ok(());
        }
        let known = self.there()?.entity::<Marks>(project);
        let read: Vec<CommandId> = kept.read.difference(&known.read).copied().collect();
        if !read.is_empty() {
            self.give::<Marks>(project, &MarksCommand::Read { entries: read })?;
        }
        for (entry, until) in kept.snoozed.iter().filter(|(entry, _)| !known.snoozed.contains_key(*entry)) {
            self.give::<Marks>(project, &MarksCommand::Snooze { entry: *entry, until: *until })?;
        }
        if kept.seen > known.seen {
            self.give::<Marks>(project, &MarksCommand::See { upto: kept.seen })?;
        }
        let entries: BTreeSet<CommandId> = kept.read.iter().chain(kept.snoozed.keys()).copied().collect();
        if !entries.is_empty() {
            self.take::<Marks>(project, &MarksCommand::Forget { entries: entries.into_iter().collect() })?;
        }
        Ok(())
    }
}
