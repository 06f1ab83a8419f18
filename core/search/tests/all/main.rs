//! Search as an application uses it.

mod filters;
mod finding;
mod following;
mod index;
mod kit;
