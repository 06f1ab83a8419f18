//! The choices of a state, and what each comes to.

use std::sync::Arc;

use super::authority::AuthorityInput;
use super::bounds::Bounds;
use super::choice::Choice;
use super::device::{DeviceDisk, DeviceInput, NextSave};
use super::ledger::Effects;
use super::setting::{DEVICES, SPACE};
use super::state::{Late, Line, Machines, Side, State};
use crate::protocol::ServerFrame;
use crate::space::SessionId;
use crate::storage::memory::Failure;
use crate::testing::Restore;

impl State {
    /// What happens of itself sooner or later: all orders of it are looked at.
    pub fn ordinary(&self, machines: &Machines) -> Vec<Choice> {
        let authority = machines.authority.facts(self.authority);
        let mut choices = Vec::new();
        choices.extend(authority.is_writing.then_some(Choice::Write));
        choices.extend((authority.is_reopening && !authority.is_writing).then_some(Choice::Reopen));
        for (side, device) in self.devices.iter().zip(0_u8..) {
            let facts = side.facts(machines);
            choices.extend((facts.next_save != NextSave::Nothing).then_some(Choice::Save(device)));
            if !side.late.is_empty() {
                choices.extend([Choice::DropLate(device), Choice::Late(device)]);
            }
            match &side.line {
                Some(line) => {
                    choices.extend((!line.up.is_empty()).then_some(Choice::Up(device)));
                    choices.extend((!line.down.is_empty()).then_some(Choice::Down(device)));
                }
                None if side.is_waiting && authority.is_reopening => {}
                None => choices.push(Choice::Connect(device)),
            }
            choices.extend(facts.is_paused.then_some(Choice::Wake(device)));
            let acts = machines.setting.acts[usize::from(device)].len();
            choices.extend((usize::from(side.acted) < acts).then_some(Choice::Submit(device)));
        }
        choices
    }

    /// What may happen beside that, within the bounds.
    pub fn accidents(&self, machines: &Machines, bounds: &Bounds) -> Vec<Choice> {
        let authority = machines.authority.facts(self.authority);
        let mut choices = Vec::new();
        let may_crash = self.spent.crashes < bounds.crashes;
        choices.extend((may_crash && bounds.crashing.may_be_authority()).then_some(Choice::CrashAuthority));
        if self.spent.failures < bounds.failures && authority.can_fail {
            let failures = [Failure::UnknownApplied, Failure::UnknownLost, Failure::Fenced];
            choices.extend(failures.map(Choice::Fail));
        }
        if self.spent.restores_of_authority < bounds.restores_of_authority {
            choices.push(if self.copy.is_some() { Choice::RestoreAuthority } else { Choice::CopyAuthority });
        }
        let may_restore = self.spent.restores_of_devices < bounds.restores_of_devices;
        for (side, device) in self.devices.iter().zip(0_u8..) {
            let facts = side.facts(machines);
            let may_crash = may_crash && bounds.crashing.may_be(device);
            choices.extend(may_crash.then_some(Choice::Crash(device)));
            choices.extend((may_crash && facts.next_save == NextSave::BothFiles).then_some(Choice::Tear(device)));
            if let Some(line) = &side.line {
                choices.extend((self.spent.breaks < bounds.breaks).then_some(Choice::Break(device)));
                choices.extend((self.spent.pings < bounds.pings).then_some(Choice::Ping(device)));
                choices.extend((bounds.batches && line.down.len() > 1).then_some(Choice::DownAll(device)));
            }
            match self.copy_of_device.filter(|_| may_restore) {
                None => choices.extend(may_restore.then_some(Choice::Copy(device))),
                Some((of, _)) if of == device => {
                    let files = [Restore::Both, Restore::MainStore, Restore::Outbox];
                    choices.extend(files.map(|files| Choice::Restore(device, files)));
                }
                Some(_) => choices.push(Choice::Clone(device)),
            }
        }
        choices
    }

    /// Lets it happen; fails where a machine comes to what must never be.
    pub fn apply(&mut self, machines: &mut Machines, choice: Choice) -> Result<(), String> {
        match choice {
            Choice::Submit(device) => {
                let act = usize::from(self.devices[usize::from(device)].acted);
                self.devices[usize::from(device)].acted += 1;
                self.device(machines, device, DeviceInput::Submit { device: device.into(), act })
            }
            Choice::Save(device) => self.device(machines, device, DeviceInput::Save),
            Choice::Connect(device) => {
                let side = &mut self.devices[usize::from(device)];
                side.sessions += 1;
                side.is_waiting = false;
                let session = SessionId(u64::from(device) * 256 + u64::from(side.sessions));
                let actor = side.facts(machines).actor;
                side.line = Some(Line { session, actor, up: Vec::new(), down: Vec::new() });
                self.device(machines, device, DeviceInput::Connect)
            }
            Choice::Up(device) => {
                let line = self.line(device)?;
                let (session, actor, frame) = (line.session, line.actor, line.up.remove(0));
                self.authority(machines, AuthorityInput::Frame { session, actor, frame })
            }
            Choice::Down(device) => {
                let frame = self.line(device)?.down.remove(0);
                self.device(machines, device, DeviceInput::Frames(vec![frame]))
            }
            Choice::DownAll(device) => {
                let frames = std::mem::take(&mut self.line(device)?.down);
                self.device(machines, device, DeviceInput::Frames(frames))
            }
            Choice::Late(device) => self.late(machines, device),
            Choice::DropLate(device) => {
                let late = &mut self.devices[usize::from(device)].late;
                let session = late.remove(0).session;
                self.authority(machines, AuthorityInput::Gone(session))
            }
            Choice::Wake(device) => self.device(machines, device, DeviceInput::Wake),
            Choice::Write => self.authority(machines, AuthorityInput::Write),
            Choice::Reopen => self.authority(machines, AuthorityInput::Reopen),
            Choice::Ping(device) => self.ping(machines, device),
            Choice::Break(device) => {
                self.spent.breaks += 1;
                self.hang_up(machines, device)
            }
            Choice::Crash(device) => {
                self.spent.crashes += 1;
                self.device(machines, device, DeviceInput::Crash)
            }
            Choice::Tear(device) => {
                self.spent.crashes += 1;
                self.device(machines, device, DeviceInput::Tear)
            }
            Choice::CrashAuthority => {
                self.spent.crashes += 1;
                self.end_sessions(machines)?;
                self.authority(machines, AuthorityInput::Crash)
            }
            Choice::Fail(failure) => {
                self.spent.failures += 1;
                self.authority(machines, AuthorityInput::Fail(failure))
            }
            Choice::Copy(device) => {
                let node = self.devices[usize::from(device)].node;
                self.copy_of_device = Some((device, machines.devices.disk_name(node)));
                Ok(())
            }
            Choice::CopyAuthority => {
                self.copy = Some(machines.authority.disk_name(self.authority));
                Ok(())
            }
            Choice::Restore(device, files) => self.restore(machines, device, files),
            Choice::Clone(device) => {
                let side = &mut self.devices[usize::from(device)];
                side.first_act = side.acted;
                self.restore(machines, device, Restore::Both)
            }
            Choice::RestoreAuthority => self.restore_authority(machines),
        }
    }

    fn line(&mut self, device: u8) -> Result<&mut Line, String> {
        self.devices[usize::from(device)].line.as_mut().ok_or_else(|| format!("device {device} is not connected"))
    }

    fn device(&mut self, machines: &mut Machines, device: u8, input: DeviceInput) -> Result<(), String> {
        let Machines { setting, frames, devices, .. } = machines;
        let side = &mut self.devices[usize::from(device)];
        let (node, effects) = devices.take(setting, frames, side.node, input)?;
        side.node = node;
        side.note_promises(machines, usize::from(device));
        if let Some(line) = &mut side.line {
            line.up.extend(effects.sent.iter().map(|(_, frame)| *frame));
        }
        let Effects { stops, hangs_up, .. } = *effects;
        if hangs_up && !stops {
            if !self.is_restored {
                return Err(format!("device {device} and the authority have parted"));
            }
            self.devices[usize::from(device)].is_waiting = true;
            return self.hang_up(machines, device);
        }
        if stops { self.end_session(machines, device) } else { Ok(()) }
    }

    fn authority(&mut self, machines: &mut Machines, input: AuthorityInput) -> Result<(), String> {
        let Machines { setting, frames, authority, .. } = machines;
        let (node, effects) = authority.take(setting, frames, self.authority, input)?;
        self.authority = node;
        for (session, frame) in &effects.sent {
            // What is said to a session that has ended reaches nobody.
            let mut lines = self.devices.iter_mut().filter_map(|side| side.line.as_mut());
            if let Some(line) = lines.find(|line| line.session == *session) {
                line.down.push(*frame);
            }
        }
        Ok(())
    }

    fn late(&mut self, machines: &mut Machines, device: u8) -> Result<(), String> {
        let side = &mut self.devices[usize::from(device)];
        let Some(late) = side.late.first_mut() else { return Err(format!("nothing of device {device} is late")) };
        let (session, actor, frame) = (late.session, late.actor, late.up.remove(0));
        let is_last = late.up.is_empty();
        if is_last {
            side.late.remove(0);
        }
        self.authority(machines, AuthorityInput::Frame { session, actor, frame })?;
        if is_last { self.authority(machines, AuthorityInput::Gone(session)) } else { Ok(()) }
    }

    fn ping(&mut self, machines: &mut Machines, device: u8) -> Result<(), String> {
        self.spent.pings += 1;
        let heads = vec![(SPACE, machines.authority.facts(self.authority).durable)];
        let frame = machines.frames.id(Arc::<[u8]>::from(ServerFrame::Ping { nonce: 0, heads }.encode()));
        let line = self.line(device)?;
        line.down.push(frame);
        let session = line.session;
        self.authority(machines, AuthorityInput::Pull(session))
    }

    /// The device notices that its session has ended, or ends it.
    fn hang_up(&mut self, machines: &mut Machines, device: u8) -> Result<(), String> {
        self.end_session(machines, device)?;
        self.device(machines, device, DeviceInput::Disconnect)
    }

    /// What is on its way down is lost. What is on its way up may still arrive, before the authority notices; where nothing is, it notices at
    /// once: it would only send what reaches nobody, and no session hangs on another.
    fn end_session(&mut self, machines: &mut Machines, device: u8) -> Result<(), String> {
        let side = &mut self.devices[usize::from(device)];
        let Some(Line { session, actor, up, down: _ }) = side.line.take() else { return Ok(()) };
        if up.is_empty() {
            return self.authority(machines, AuthorityInput::Gone(session));
        }
        side.late.push(Late { session, actor, up });
        Ok(())
    }

    /// The authority stops, and everybody notices. Nothing that is on its way arrives any more: that some of it does is the same as that it had
    /// arrived just before. The next process knows nothing of these sessions, and counts anew.
    fn end_sessions(&mut self, machines: &mut Machines) -> Result<(), String> {
        for device in 0..DEVICES as u8 {
            let side = &mut self.devices[usize::from(device)];
            side.late.clear();
            side.sessions = 0;
            if side.line.take().is_some() {
                self.device(machines, device, DeviceInput::Disconnect)?;
            }
        }
        Ok(())
    }

    /// Files of the copy take the place of the device's own, and it starts. It is not held any more to what it said was saved.
    fn restore(&mut self, machines: &mut Machines, device: u8, files: Restore) -> Result<(), String> {
        let Some((_, copied)) = self.copy_of_device.take() else { return Err("there is no copy".to_owned()) };
        self.spent.restores_of_devices += 1;
        self.end_session(machines, device)?;
        let Machines { setting, frames, devices, .. } = machines;
        let side = &mut self.devices[usize::from(device)];
        let own = devices.disk(setting, frames, side.node)?;
        let copy = devices.disk(setting, frames, copied)?;
        let disk = match files {
            Restore::Both => copy,
            Restore::MainStore => DeviceDisk { store: copy.store, ..own },
            Restore::Outbox => DeviceDisk { outbox: copy.outbox, actor: copy.actor, ..own },
        };
        side.node = devices.begin(setting, disk)?;
        side.promised = 0;
        Ok(())
    }

    fn restore_authority(&mut self, machines: &mut Machines) -> Result<(), String> {
        let Some(copied) = self.copy.take() else { return Err("there is no copy".to_owned()) };
        self.spent.restores_of_authority += 1;
        self.is_restored = true;
        self.end_sessions(machines)?;
        let Machines { setting, frames, authority, .. } = machines;
        let disk = authority.disk(setting, frames, copied)?;
        self.authority = authority.begin(setting, disk.restored())?;
        Ok(())
    }
}

impl Side {
    /// Notes of which of its own acts it says that they are saved.
    fn note_promises(&mut self, machines: &Machines, device: usize) {
        for kept in self.facts(machines).outbox.iter().filter(|kept| kept.is_saved) {
            if let Some((_, act)) = machines.setting.act_of(kept.command).filter(|(of, _)| *of == device) {
                self.promised |= 1 << act;
            }
        }
    }
}
