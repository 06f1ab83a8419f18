//! Frames: what one end of a line says to the other one.

use std::fmt::Debug;

use recordplayer::protocol::{ClientFrame, FrameError, ServerFrame};

/// What a server hears.
pub fn client(bytes: &[u8]) {
    judge(bytes, ClientFrame::decode, ClientFrame::encode);
}

/// What a device hears.
pub fn server(bytes: &[u8]) {
    judge(bytes, ServerFrame::decode, ServerFrame::encode);
}

/// What is read is written and read again as the same, in one written form; what is not read is told in words.
fn judge<F: Debug + PartialEq>(bytes: &[u8], decode: fn(&[u8]) -> Result<F, FrameError>, encode: fn(&F) -> Vec<u8>) {
    match decode(bytes) {
        Ok(frame) => {
            let written = encode(&frame);
            let again = decode(&written).expect("what was written is read");
            assert_eq!(again, frame, "a frame is read as it was written");
            assert_eq!(encode(&again), written, "a frame has one written form");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
