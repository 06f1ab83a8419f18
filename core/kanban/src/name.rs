//! Names that people tell things apart by: neither letters of the other case nor blanks around them make two of one.

use std::collections::BTreeSet;

/// Whether people take one name for the other.
pub fn is_same_name(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

/// What names that people take for each other have in common.
fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Names that are taken.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// Whether nobody has it yet.
    pub fn insert(&mut self, name: &str) -> bool {
        self.0.insert(folded(name))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains(&folded(name))
    }

    /// These as well.
    pub fn extend(&mut self, others: &Self) {
        self.0.extend(others.0.iter().cloned());
    }

    /// The first of these that nobody has.
    pub fn free(&self, mut names: impl Iterator<Item = String>) -> Option<String> {
        names.find(|name| !self.has(name))
    }
}

impl<T: AsRef<str>> FromIterator<T> for Names {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        Self(names.into_iter().map(|name| folded(name.as_ref())).collect())
    }
}
