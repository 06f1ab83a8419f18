//! Which crates of others may come in, by the lists of `deny.toml`: their licences, and no crate twice.
//!
//! `cargo deny` knows more, and takes minutes to build; these checks run wherever the tests run.

use std::collections::BTreeMap;

use recordplayer_tests::workspace_root;
use toml::Table;

use crate::metadata::METADATA;
use crate::sources::read;

#[test]
fn every_dependency_has_a_licence_of_the_list() {
    let table = deny_toml();
    let allow = table["licenses"]["allow"].as_array().expect("licenses.allow is a list");
    let exceptions = table["licenses"]["exceptions"].as_array().expect("licenses.exceptions is a list");
    let mut wrong = Vec::new();
    for package in &METADATA.foreign {
        let of_package = exceptions.iter().filter(|exception| exception["crate"].as_str() == Some(&package.name));
        let also = of_package.filter_map(|exception| exception["allow"].as_array()).flatten();
        let all: Vec<_> = allow.iter().chain(also).collect();
        let allowed = |license: &str| all.iter().any(|allowed| allowed.as_str() == Some(license));
        let license = package.license.as_deref().unwrap_or("no licence that it names");
        if !holds(license, &allowed) {
            wrong.push(format!("{} {}: {license}", package.name, package.version));
        }
    }
    assert!(wrong.is_empty(), "licences that deny.toml does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn no_crate_comes_in_two_versions_that_deny_toml_does_not_name() {
    let skipped = skipped();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &METADATA.foreign {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let mut wrong = Vec::new();
    for (name, all) in versions {
        let left: Vec<_> = all.iter().filter(|version| !skipped.iter().any(|skip| skip.is(name, version))).collect();
        if left.len() > 1 {
            wrong
                .push(format!("{name} comes in versions {left:?}; see cargo tree -d, or name the older with a reason"));
        }
    }
    assert!(wrong.is_empty(), "crates in two versions:\n{}", wrong.join("\n"));
}

#[test]
fn every_crate_that_deny_toml_excuses_is_still_there() {
    for skip in skipped() {
        let exists = METADATA.foreign.iter().any(|package| skip.is(&package.name, &package.version));
        assert!(exists, "{}@{} is gone: take it out of bans.skip in deny.toml", skip.name, skip.version);
    }
}

/// A version of a crate that may be there beside another.
struct Skip {
    name: String,
    version: String,
}

impl Skip {
    /// The version may be told in part: `2` is any version 2.x.y.
    fn is(&self, name: &str, version: &str) -> bool {
        let rest = version.strip_prefix(&self.version);
        self.name == name && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn skipped() -> Vec<Skip> {
    let table = deny_toml();
    let skip = table["bans"]["skip"].as_array().expect("bans.skip is a list");
    let parse = |entry: &toml::Value| {
        assert!(entry.get("reason").is_some(), "an entry of bans.skip has no reason: {entry}");
        let (name, version) = entry["crate"].as_str()?.split_once('@')?;
        Some(Skip { name: name.to_owned(), version: version.to_owned() })
    };
    skip.iter().map(|entry| parse(entry).expect("an entry of bans.skip is { crate = \"NAME@VERSION\" }")).collect()
}

fn deny_toml() -> Table {
    let text = read(&workspace_root().join("deny.toml")).expect("deny.toml is a text");
    text.parse().expect("deny.toml is TOML")
}

/// Whether an SPDX expression can be met with allowed licences alone. Old crates write `/` for `OR`.
fn holds(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let value = any(&mut rest, allowed);
    value && rest.is_empty()
}

fn any(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut value = all(rest, allowed);
    while take(rest, "OR") {
        value |= all(rest, allowed);
    }
    value
}

fn all(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut value = one(rest, allowed);
    while take(rest, "AND") {
        value &= one(rest, allowed);
    }
    value
}

fn one(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    if take(rest, "(") {
        let value = any(rest, allowed);
        return take(rest, ")") && value;
    }
    match **rest {
        [license, "WITH", exception, ..] => {
            *rest = &rest[3..];
            allowed(&format!("{license} WITH {exception}"))
        }
        [license, ..] => {
            *rest = &rest[1..];
            allowed(license)
        }
        [] => false,
    }
}

fn take(rest: &mut &[&str], token: &str) -> bool {
    let is_next = rest.first() == Some(&token);
    if is_next {
        *rest = &rest[1..];
    }
    is_next
}

#[test]
fn licence_expressions_are_met_as_spdx_says() {
    let allowed = |license: &str| ["MIT", "Zlib"].contains(&license);
    for met in ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(GPL-3.0 OR MIT) AND Zlib", "GPL-3.0 AND Zlib OR MIT"] {
        assert!(holds(met, &allowed), "{met}");
    }
    for unmet in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT WITH LLVM-exception", "MIT MIT", "see the file"] {
        assert!(!holds(unmet, &allowed), "{unmet}");
    }
}
