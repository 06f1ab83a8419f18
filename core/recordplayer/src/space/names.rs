//! Names that are unique across the spaces of one server, such as the key of a project.
//!
//! `decide` is pure and knows its own space alone. So the name that a command claims is claimed for its space before the command is
//! decided, and is free again where it is refused or where what was decided is lost.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::id::SpaceId;

/// Who holds which name.
pub trait Names: Send + Sync + fmt::Debug {
    /// Claims a name for a space; false where another one has it.
    fn claim(&self, name: &str, space: SpaceId) -> bool;

    /// The space holds just this name, or none: what else it has claimed is free again.
    fn hold(&self, space: SpaceId, name: Option<&str>);
}

/// For an authority of one space: every name is free.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllFree;

impl Names for AllFree {
    fn claim(&self, _: &str, _: SpaceId) -> bool {
        true
    }

    fn hold(&self, _: SpaceId, _: Option<&str>) {}
}

/// The names of a server, in memory: the spaces themselves say at each start what they hold.
#[derive(Debug, Default)]
pub struct NameTable(Mutex<BTreeMap<String, SpaceId>>);

impl Names for NameTable {
    fn claim(&self, name: &str, space: SpaceId) -> bool {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *names.entry(name.to_owned()).or_insert(space) == space
    }

    fn hold(&self, space: SpaceId, name: Option<&str>) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|held, by| *by != space || Some(held.as_str()) == name);
        if let Some(name) = name {
            names.entry(name.to_owned()).or_insert(space);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    #[test]
    fn a_name_belongs_to_one_space_until_that_lets_go() {
        let (names, one, other) = (NameTable::default(), SpaceId(Id([1; 16])), SpaceId(Id([2; 16])));
        assert!(names.claim("TT", one) && names.claim("TT", one));
        assert!(!names.claim("TT", other));
        names.hold(other, None);
        assert!(!names.claim("TT", other), "who has nothing takes nothing from others");
        names.hold(one, Some("REC"));
        assert!(names.claim("TT", other) && !names.claim("REC", other));
    }
}
