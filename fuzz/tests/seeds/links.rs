//! Addresses: of the web, of other things that a system opens, and what looks like either.

use super::{Seed, seed};

const ADDRESSES: &[(&str, &str)] = &[
    ("web", "https://example.org/belt?size=2#end"),
    ("plain", "http://example.org:8080/"),
    ("upper-case", "HtTpS://EXAMPLE.ORG"),
    ("person", "https://example.org@example.com/"),
    ("other-script", "https://例え.jp/針"),
    ("no-host", "https:///etc/passwd"),
    ("nothing-behind", "http://"),
    ("file", "file:///etc/passwd"),
    ("share", r"\\server\share"),
    ("script", "javascript:alert('https://')"),
    ("data", "data:text/html,<p>https://example.org"),
    ("program", "ms-settings:http://"),
    ("mail", "mailto:somebody@example.org"),
    ("one-slash", "https:/example.org"),
    ("space-before", " https://example.org"),
    ("line-within", "ht\ntps://example.org"),
    ("tab-behind-scheme", "https\t://example.org"),
    ("letter-across", "http:/\u{142}/example.org"),
    ("option", "--help https://"),
    ("empty", ""),
];

pub fn seeds() -> Vec<Seed> {
    ADDRESSES.iter().map(|(name, address)| seed("link", *name, *address)).collect()
}
