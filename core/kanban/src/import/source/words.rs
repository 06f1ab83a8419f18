//! Words that products have for one thing.

use crate::card::Priority;

/// The priority that a word tells: `Ok(None)` where it tells that there is none, `Err` where it is not known here.
pub(in crate::import) fn priority_of(word: &str) -> Result<Option<Priority>, ()> {
    let word = word.trim().to_lowercase();
    Ok(match word.as_str() {
        "" | "none" | "no priority" | "not set" | "unprioritized" | "undefined" | "-" | "0" | "aucune" | "keine" => {
            None
        }
        "urgent" | "highest" | "critical" | "blocker" | "immediate" | "p0" | "urgente" | "critique" | "dringend" => {
            Some(Priority::Urgent)
        }
        "high" | "major" | "important" | "p1" | "haute" | "élevée" | "hoch" => Some(Priority::High),
        "medium" | "normal" | "moderate" | "p2" | "moyenne" | "normale" | "mittel" => Some(Priority::Medium),
        "low" | "lowest" | "minor" | "trivial" | "p3" | "p4" | "basse" | "faible" | "niedrig" => Some(Priority::Low),
        _ => return Err(()),
    })
}
