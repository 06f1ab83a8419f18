//! Frames as they travel: their bytes, each different frame once.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The number of a frame in [`Frames`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FrameId(pub u32);

/// Every frame that any machine has sent.
#[derive(Default)]
pub(super) struct Frames {
    ids: BTreeMap<Arc<[u8]>, FrameId>,
    bytes: Vec<Arc<[u8]>>,
}

impl Frames {
    pub fn id(&mut self, bytes: impl Into<Arc<[u8]>>) -> FrameId {
        let bytes = bytes.into();
        if let Some(id) = self.ids.get(&bytes) {
            return *id;
        }
        let id = FrameId(u32::try_from(self.bytes.len()).expect("a search sends fewer frames"));
        self.ids.insert(Arc::clone(&bytes), id);
        self.bytes.push(bytes);
        id
    }

    pub fn bytes(&self, id: FrameId) -> &[u8] {
        &self.bytes[id.0 as usize]
    }
}
