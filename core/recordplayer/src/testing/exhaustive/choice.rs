//! What can happen next in a small case, as data: one word each, so that a list of choices can be printed and replayed.

use std::fmt;
use std::str::FromStr;

use super::setting::DEVICES;
use crate::storage::memory::Failure;
use crate::testing::Restore;

/// One step of one machine, or an accident. A number is that of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The person does their next act.
    Submit(u8),
    /// The oldest save on its way is on the device's disk.
    Save(u8),
    /// The device connects.
    Connect(u8),
    /// The oldest frame on its way up arrives.
    Up(u8),
    /// The oldest frame on its way down arrives.
    Down(u8),
    /// All frames on their way down arrive together.
    DownAll(u8),
    /// The oldest frame of a session that has ended arrives at the authority, which does not know yet that it has.
    Late(u8),
    /// What is on its way up of a session that has ended is lost.
    DropLate(u8),
    /// The pause that the authority asked for is over.
    Wake(u8),
    /// The oldest write on its way is on the authority's disk.
    Write,
    /// The admin opens the restored store.
    Reopen,
    /// The authority says where its log ends.
    Ping(u8),
    /// The session ends; what is on its way down is lost.
    Break(u8),
    Crash(u8),
    /// The device stops between the two files of a save.
    Tear(u8),
    CrashAuthority,
    /// The append on its way meets this failure.
    Fail(Failure),
    /// Somebody copies the device's files, as they are.
    Copy(u8),
    CopyAuthority,
    /// Files of the copy come back on their own device.
    Restore(u8, Restore),
    /// The copy of the other device comes over this one.
    Clone(u8),
    /// The copy takes the place of the authority's store, and is to be opened anew.
    RestoreAuthority,
}

impl Choice {
    /// Every choice that there is.
    fn all() -> impl Iterator<Item = Self> {
        let of_device = |device: u8| {
            [
                Self::Submit(device),
                Self::Save(device),
                Self::Connect(device),
                Self::Up(device),
                Self::Down(device),
                Self::DownAll(device),
                Self::Late(device),
                Self::DropLate(device),
                Self::Wake(device),
                Self::Ping(device),
                Self::Break(device),
                Self::Crash(device),
                Self::Tear(device),
                Self::Copy(device),
                Self::Restore(device, Restore::Both),
                Self::Restore(device, Restore::MainStore),
                Self::Restore(device, Restore::Outbox),
                Self::Clone(device),
            ]
        };
        let others = [
            Self::Write,
            Self::Reopen,
            Self::CrashAuthority,
            Self::Fail(Failure::UnknownApplied),
            Self::Fail(Failure::UnknownLost),
            Self::Fail(Failure::Fenced),
            Self::CopyAuthority,
            Self::RestoreAuthority,
        ];
        (0..DEVICES as u8).flat_map(of_device).chain(others)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submit(device) => write!(f, "submit.{device}"),
            Self::Save(device) => write!(f, "save.{device}"),
            Self::Connect(device) => write!(f, "connect.{device}"),
            Self::Up(device) => write!(f, "up.{device}"),
            Self::Down(device) => write!(f, "down.{device}"),
            Self::DownAll(device) => write!(f, "down-all.{device}"),
            Self::Late(device) => write!(f, "late.{device}"),
            Self::DropLate(device) => write!(f, "drop-late.{device}"),
            Self::Wake(device) => write!(f, "wake.{device}"),
            Self::Write => f.write_str("write"),
            Self::Reopen => f.write_str("reopen"),
            Self::Ping(device) => write!(f, "ping.{device}"),
            Self::Break(device) => write!(f, "break.{device}"),
            Self::Crash(device) => write!(f, "crash.{device}"),
            Self::Tear(device) => write!(f, "tear.{device}"),
            Self::CrashAuthority => f.write_str("crash"),
            Self::Fail(Failure::UnknownApplied) => f.write_str("fail-applied"),
            Self::Fail(Failure::UnknownLost) => f.write_str("fail-lost"),
            Self::Fail(Failure::Fenced) => f.write_str("fail-fenced"),
            Self::Copy(device) => write!(f, "copy.{device}"),
            Self::CopyAuthority => f.write_str("copy"),
            Self::Restore(device, Restore::Both) => write!(f, "restore-both.{device}"),
            Self::Restore(device, Restore::MainStore) => write!(f, "restore-main.{device}"),
            Self::Restore(device, Restore::Outbox) => write!(f, "restore-outbox.{device}"),
            Self::Clone(device) => write!(f, "clone-over.{device}"),
            Self::RestoreAuthority => f.write_str("restore"),
        }
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::all().find(|choice| choice.to_string() == word).ok_or_else(|| format!("{word:?} is no choice"))
    }
}

/// A list of choices, as a line.
pub(super) fn line_of(choices: &[Choice]) -> String {
    choices.iter().map(Choice::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_read_as_it_is_printed() {
        let all: Vec<Choice> = Choice::all().collect();
        for choice in &all {
            assert_eq!(choice.to_string().parse(), Ok(*choice));
        }
        assert!("submit.2".parse::<Choice>().is_err());
    }
}
