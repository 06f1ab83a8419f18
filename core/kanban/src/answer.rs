//! How entities answer alike.

/// The event, unless it is so already: what is asked for twice happens once.
pub(crate) fn unless<E>(is_so: bool, event: E) -> Vec<E> {
    if is_so { Vec::new() } else { vec![event] }
}
