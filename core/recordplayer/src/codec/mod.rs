//! How values become the payloads of records, and back.
//!
//! A payload is the *content* of a variant; the variant itself is the record's name. So `CardEvent::Moved { to }` of the kind `card` is the
//! name `card.moved` and the payload `{"to": …}`. `named` splits and joins the two, `payload` says which bytes a payload may be.
//! Written with ciborium; read with minicbor-serde, which takes the same bytes several times faster.

mod named;
mod payload;

pub use named::{decode_named, encode_named};
pub use payload::{PayloadError, check_payload};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value that cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("this value cannot be a record: {0}")]
    Encode(String),
    #[error("these bytes are not the value expected: {0}")]
    Decode(String),
    #[error("this version knows no variant {0:?}")]
    UnknownVariant(String),
    #[error(transparent)]
    Payload(#[from] PayloadError),
}

/// A whole value (a saved model, a view) as CBOR.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|error| CodecError::Encode(error.to_string()))?;
    Ok(bytes)
}

/// A whole value from CBOR; trailing bytes are refused.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let mut deserializer = minicbor_serde::Deserializer::new(bytes);
    let value = T::deserialize(&mut deserializer).map_err(|error| CodecError::Decode(error.to_string()))?;
    let read = deserializer.decoder().position();
    if read == bytes.len() {
        Ok(value)
    } else {
        Err(CodecError::Decode(format!("{} bytes too many", bytes.len() - read)))
    }
}
