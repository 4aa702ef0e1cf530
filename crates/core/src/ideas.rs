//! A room.

use crate::Operations;

/// The operations of the room.
pub fn operations(_ops: &mut Operations) {}
