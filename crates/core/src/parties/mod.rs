//! Customers in the widest sense: persons, organisations, suppliers.

pub mod check;
pub mod contacts;
pub mod duplicates;
pub mod export;
pub mod identities;
pub mod identity;
pub mod list;
pub mod named;
pub mod party;
pub mod preferences;
pub mod search;
pub mod whom;
pub mod write;

pub use party::Party;

use crate::Operations;

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    party::operations(ops);
    preferences::operations(ops);
    list::operations(ops);
    named::operations(ops);
    search::operations(ops);
    duplicates::operations(ops);
    contacts::operations(ops);
    identities::operations(ops);
}
