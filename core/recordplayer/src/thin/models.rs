//! The entities that show in one view.

use std::sync::Arc;

use crate::codec::CodecError;
use crate::domain::Domain;
use crate::models::{EntitySlot, Hydrator, Layers, Models};
use crate::record::{Position, Record, StreamId};

/// The models that a thin view was given, and plays on.
pub(super) struct ShownModels {
    layers: Layers,
}

impl ShownModels {
    pub fn new(domain: Arc<Domain>) -> Self {
        Self { layers: Layers::new(domain, Hydrator::from_nothing()) }
    }

    pub fn models(&self) -> Models<'_> {
        Models::new(&self.layers)
    }

    /// An entity shows from now on, with its model as it is; without one it is unborn.
    pub fn enter(&mut self, stream: &StreamId, model: Option<&[u8]>) {
        let domain = Arc::clone(&self.layers.domain);
        let mut slot = EntitySlot::unborn(&domain, stream);
        let kind = domain.entity_type(&stream.kind);
        if let Some(state) = kind.zip(model).and_then(|(kind, model)| (kind.decode)(model).ok()) {
            slot.state = state;
            // Which record it was, the view need not know; that there was one, it does.
            slot.position = Position(1);
        }
        self.layers.base_mut().entities.insert(stream.clone(), slot);
    }

    /// As it is known; nothing for a kind that the domain does not have.
    pub fn encoded(&self, stream: &StreamId) -> Option<Result<Vec<u8>, CodecError>> {
        let kind = self.layers.domain.entity_type(&stream.kind)?;
        Some((kind.encode)(&self.layers.entity(stream, 0).state))
    }

    pub fn leave(&mut self, stream: &StreamId) {
        self.layers.base_mut().entities.remove(stream);
    }

    pub fn play(&mut self, record: &Record) {
        let domain = Arc::clone(&self.layers.domain);
        let Some(kind) = domain.entity_type(&record.stream.kind) else { return };
        let mut slot = self.layers.take_entity(&record.stream);
        slot.play(kind, record);
        self.layers.put_entity(record.stream.clone(), slot);
    }
}
