//! Whom we speak to: segments of customers, and what is meant to become of them.

pub mod goals;
pub mod segments;

use crate::Operations;

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    segments::operations(ops);
    goals::operations(ops);
}
