//! Whom we speak to: segments of customers.

pub mod segments;

use crate::Operations;

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    segments::operations(ops);
}
