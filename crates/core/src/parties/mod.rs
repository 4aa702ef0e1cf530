//! Customers in the widest sense: persons, organisations, suppliers.

pub mod check;
pub mod identity;
pub mod party;
pub mod preferences;
pub mod whom;
pub mod write;

pub use party::Party;

use crate::Operations;

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    party::operations(ops);
    preferences::operations(ops);
}
