//! What the real machines have done: everything that one of them was ever given, once.
//!
//! ```text
//!   begun from a disk ●──input──●──input──●        a node is a state of one machine, with its disk and what is on its way there
//!                     └──input──●                  two ways to one fingerprint are one node
//! ```
//! A machine shares nothing with the others but the frames that they send, and holds no clock and no randomness. So what it does with an input
//! in a state is always the same, whatever happens elsewhere: it is done by the machine once, and looked up in every other interleaving. A
//! state is given its machine again by beginning from the disk and giving it the same inputs; that this comes to the same fingerprint is checked
//! each time.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::frames::{FrameId, Frames};
use super::setting::Setting;
use crate::hash::Hash;
use crate::space::SessionId;

/// One of the real machines, with its disk and the writes that are on their way there.
pub(super) trait Machine: Sized {
    type Disk: Clone;
    type Input: Clone + Ord + Debug;
    /// What is looked at of a state.
    type Facts;

    /// The machine as it starts from a disk.
    fn begin(setting: &Setting, disk: &Self::Disk) -> Self;

    /// Gives it an input, and does all that it wants at once. Fails where it must never come to.
    fn take(&mut self, setting: &Setting, frames: &mut Frames, input: &Self::Input) -> Result<Effects, String>;

    /// A copy of what is on its disk.
    fn disk(&self) -> Self::Disk;

    fn digest_of_disk(&self) -> Hash;

    fn digest(&mut self) -> Hash;

    /// Fails where the state is one that must never be.
    fn facts(&mut self) -> Result<Self::Facts, String>;
}

/// What a machine did to the world around it.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// In their order. A device has one session; the authority names it.
    pub sent: Vec<(SessionId, FrameId)>,
    /// It has stopped, and starts again from what is on its disk.
    pub stops: bool,
    /// It does not go on with the authority as that is now, and hangs up.
    pub hangs_up: bool,
}

/// A state of a machine in its [`Ledger`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(pub u32);

enum Origin<M: Machine> {
    Disk(M::Disk),
    Input(NodeId, M::Input),
}

struct Node<M: Machine> {
    origin: Origin<M>,
    digest: Hash,
    facts: M::Facts,
    /// The first state with the same disk.
    disk: NodeId,
    /// The machine that stands here, until it is given something.
    standing: Option<M>,
}

pub(super) struct Ledger<M: Machine> {
    nodes: Vec<Node<M>>,
    by_digest: BTreeMap<Hash, NodeId>,
    by_disk: BTreeMap<Hash, NodeId>,
    done: BTreeMap<(NodeId, M::Input), (NodeId, Rc<Effects>)>,
}

impl<M: Machine> Default for Ledger<M> {
    fn default() -> Self {
        Self { nodes: Vec::new(), by_digest: BTreeMap::new(), by_disk: BTreeMap::new(), done: BTreeMap::new() }
    }
}

impl<M: Machine> Ledger<M> {
    pub fn facts(&self, node: NodeId) -> &M::Facts {
        &self.nodes[node.0 as usize].facts
    }

    /// How many states were met, and how many steps were done by the machines.
    pub fn size(&self) -> (usize, usize) {
        (self.nodes.len(), self.done.len())
    }

    /// The first state with the same disk as this one: a name for what is on the disk.
    pub fn disk_name(&self, node: NodeId) -> NodeId {
        self.nodes[node.0 as usize].disk
    }

    /// What is on the disk in a state.
    pub fn disk(&mut self, setting: &Setting, frames: &mut Frames, node: NodeId) -> Result<M::Disk, String> {
        let machine = self.machine(setting, frames, node)?;
        let disk = machine.disk();
        self.nodes[node.0 as usize].standing = Some(machine);
        Ok(disk)
    }

    /// The machine starts from a disk.
    pub fn begin(&mut self, setting: &Setting, disk: M::Disk) -> Result<NodeId, String> {
        let machine = guarded(|| Ok(M::begin(setting, &disk)))?;
        self.node(Origin::Disk(disk), machine)
    }

    /// Gives an input to the machine in a state: the state behind it, and what it did.
    pub fn take(
        &mut self,
        setting: &Setting,
        frames: &mut Frames,
        node: NodeId,
        input: M::Input,
    ) -> Result<(NodeId, Rc<Effects>), String> {
        let key = (node, input);
        if let Some((next, effects)) = self.done.get(&key) {
            return Ok((*next, Rc::clone(effects)));
        }
        let mut machine = self.machine(setting, frames, node)?;
        let effects = Rc::new(guarded(|| machine.take(setting, frames, &key.1))?);
        let next = if effects.stops {
            self.begin(setting, machine.disk())?
        } else {
            self.node(Origin::Input(node, key.1.clone()), machine)?
        };
        self.done.insert(key, (next, Rc::clone(&effects)));
        Ok((next, effects))
    }

    fn node(&mut self, origin: Origin<M>, mut machine: M) -> Result<NodeId, String> {
        let digest = machine.digest();
        if let Some(known) = self.by_digest.get(&digest) {
            return Ok(*known);
        }
        let facts = guarded(|| machine.facts())?;
        let id = NodeId(u32::try_from(self.nodes.len()).expect("a search meets fewer states of a machine"));
        let disk = *self.by_disk.entry(machine.digest_of_disk()).or_insert(id);
        // Looking at it must not have changed it.
        let standing = (machine.digest() == digest).then_some(machine);
        self.nodes.push(Node { origin, digest, facts, disk, standing });
        self.by_digest.insert(digest, id);
        Ok(id)
    }

    /// The machine of a state: the one that stands there, or one that is brought there again.
    fn machine(&mut self, setting: &Setting, frames: &mut Frames, node: NodeId) -> Result<M, String> {
        if let Some(machine) = self.nodes[node.0 as usize].standing.take() {
            return Ok(machine);
        }
        let mut inputs = Vec::new();
        let mut at = node;
        let disk = loop {
            match &self.nodes[at.0 as usize].origin {
                Origin::Disk(disk) => break disk,
                Origin::Input(before, input) => {
                    inputs.push(input);
                    at = *before;
                }
            }
        };
        let mut machine = guarded(|| Ok(M::begin(setting, disk)))?;
        for input in inputs.into_iter().rev() {
            guarded(|| machine.take(setting, frames, input))?;
        }
        if machine.digest() != self.nodes[node.0 as usize].digest {
            return Err("the same inputs have brought the same machine to another state".to_owned());
        }
        Ok(machine)
    }
}

/// A machine that panics is a finding like any other.
fn guarded<T>(act: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("a panic: {}", text.unwrap_or_else(|| "without a text".to_owned())))
    })
}
