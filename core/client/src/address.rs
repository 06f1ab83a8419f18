//! Where a server is.

use std::fmt;
use std::net::Ipv6Addr;

use tokio_tungstenite::tungstenite::http::Uri;

/// The address of a server in its one written form: `http://host:port`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    host: String,
    port: u16,
}

/// A text that is no address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("not the address of a server: {0:?}; write it as http://HOST:PORT")]
    Malformed(String),
    #[error(
        "this version connects without encryption only, and {0:?} asks for it; let a tunnel or proxy on this machine do that"
    )]
    Encrypted(String),
}

impl Address {
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let malformed = || AddressError::Malformed(text.chars().take(200).collect());
        let uri: Uri = text.trim().parse().map_err(|_| malformed())?;
        match uri.scheme_str() {
            Some("http" | "ws") => {}
            Some("https" | "wss") => return Err(AddressError::Encrypted(text.chars().take(200).collect())),
            Some(_) | None => return Err(malformed()),
        }
        let host = uri.host().filter(|host| is_host(host)).ok_or_else(malformed)?;
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let has_login = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        if !is_bare || has_login {
            return Err(malformed());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port: uri.port_u16().unwrap_or(80) })
    }

    /// What a socket is opened to.
    pub fn target(&self) -> (&str, u16) {
        (self.host.trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    /// What the upgrade asks for.
    pub fn web_socket(&self) -> String {
        format!("ws://{}:{}/", self.host, self.port)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}:{}", self.host, self.port)
    }
}

/// A name, an address of IPv4, or one of IPv6 in brackets.
fn is_host(host: &str) -> bool {
    let is_of_name = |letter: u8| letter.is_ascii_alphanumeric() || b"-._".contains(&letter);
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !host.is_empty() && host.bytes().all(is_of_name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_written_form() {
        for text in ["http://Example.org:7717", "ws://example.org:7717/", " http://example.org:7717 "] {
            assert_eq!(Address::parse(text).unwrap().to_string(), "http://example.org:7717");
        }
        assert_eq!(Address::parse("http://[::1]:9").unwrap().target(), ("::1", 9));
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_right_form() {
        for text in [
            "",
            "example.org",
            "ftp://example.org",
            "http://",
            "http://a/b",
            "http://a?token=1",
            "http://u:p@a",
            "127.0.0.1:80",
            // Each was taken for a host of half a bracket, and its written form for none. Found by fuzzing.
            "ws://-[::1]:9",
            "http://a[b]",
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains("http://HOST:PORT"), "{text}: {error}");
        }
        assert!(matches!(Address::parse("https://a"), Err(AddressError::Encrypted(_))));
    }
}
