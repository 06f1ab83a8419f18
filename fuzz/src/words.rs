//! What people and programs write as text: ids, streams, names, cards, the addresses of servers.

use std::fmt::Display;
use std::str::FromStr;

use recordplayer::id::{ActorId, Id};
use recordplayer::limits::NAME_BYTES_MAX;
use recordplayer::name::{Name, snake_case};
use recordplayer::record::StreamId;
use recordplayer::view::{Key, ViewKey};
use recordplayer_client::Address;
use recordplayer_kanban::key::{CardRef, is_prefix};

pub fn run(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    is_read_as_written::<Id>(text);
    is_read_as_written::<ActorId>(text);
    is_read_as_written::<StreamId>(text);
    name(text);
    key(text);
    card(text);
    address(text);
}

/// These have one written form.
fn is_read_as_written<T: FromStr<Err: Display> + Display>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => assert_eq!(value.to_string(), text),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn name(text: &str) {
    match Name::new(text) {
        Ok(name) => assert!(*name == *text && (1..=NAME_BYTES_MAX).contains(&text.len()) && text.is_ascii()),
        Err(error) => assert!(error.0.len() <= text.len(), "an error is no longer than what it is about"),
    }
    assert!(!snake_case(text).contains(|letter: char| letter.is_ascii_uppercase()));
}

fn key(text: &str) {
    let key = Key::text(text);
    assert!(text.starts_with(key.as_str()) && Key::text(key.as_str()) == key, "a key is a text, or its beginning");
    if let Some(id) = key.id() {
        assert_eq!(Key::from(id), key);
    }
    if let Ok(stream) = text.parse::<StreamId>() {
        assert_eq!(ViewKey::of_stream(&stream).as_stream(), Some(stream));
    }
}

fn card(text: &str) {
    let Ok(card) = text.parse::<CardRef>() else { return };
    let written = card.to_string();
    assert_eq!(written.parse(), Ok(card.clone()), "{text:?} is {card:?}");
    if let CardRef::Key { prefix, .. } | CardRef::Provisional { prefix, .. } = card {
        assert!(is_prefix(&prefix));
    }
}

fn address(text: &str) {
    let address = match Address::parse(text) {
        Ok(address) => address,
        // What goes into a line of an error is of a bounded length.
        Err(error) => return assert!(error.to_string().len() < 4_000),
    };
    let written = address.to_string();
    assert_eq!(Address::parse(&written), Ok(address.clone()), "{text:?} is written {written:?}");
    let (host, _) = address.target();
    assert!(!host.is_empty() && !written.contains(['@', '?', '#']), "{written:?}");
    assert_eq!(address.web_socket(), format!("ws{}/", written.trim_start_matches("http")));
}
