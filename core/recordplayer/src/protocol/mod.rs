//! Frames: what a client and a server say to each other, each one binary message of a web socket.
//!
//! A frame is a CBOR array: its number, then its fields in fixed order (`docs/protocol.md`). Fields may be added at the end: a reader skips
//! what it does not know, so that within a protocol version newer and older programs understand each other.

mod client;
mod server;
mod values;

pub use client::{ClientFrame, CommandEntry, Knowledge, PublishEnd, SealedCommit};
pub use server::{AnswerCode, Goodbye, MySpace, ServerFrame, SnapshotRow, StateMark, ViewItem};

use crate::limits::FRAME_BYTES_MAX;

/// The oldest and the newest version of the protocol that this program speaks.
pub const PROTOCOL_VERSIONS: (u32, u32) = (1, 1);

/// Why bytes are not a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("the frame has {bytes} bytes; at most {FRAME_BYTES_MAX} are allowed")]
    TooLarge { bytes: usize },
    #[error("this is not a frame of the protocol: {0}")]
    Malformed(String),
}

fn read<'b, T: minicbor::Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, FrameError> {
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(FrameError::TooLarge { bytes: bytes.len() });
    }
    let mut decoder = minicbor::Decoder::new(bytes);
    let frame = decoder.decode().map_err(|error| FrameError::Malformed(error.to_string()))?;
    match bytes.len() - decoder.position() {
        0 => Ok(frame),
        trailing => Err(FrameError::Malformed(format!("{trailing} bytes follow it"))),
    }
}

fn write<T: minicbor::Encode<()>>(frame: &T) -> Vec<u8> {
    minicbor::to_vec(frame).expect("a vector takes all bytes")
}

impl ClientFrame {
    pub fn encode(&self) -> Vec<u8> {
        write(self)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        read(bytes)
    }
}

impl ServerFrame {
    pub fn encode(&self) -> Vec<u8> {
        write(self)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        read(bytes)
    }
}
