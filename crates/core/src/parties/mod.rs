//! Customers in the widest sense: persons, organisations, suppliers.

pub mod identity;

use crate::Operations;

/// A party.
#[derive(Debug)]
pub enum Party {}

/// The operations of the room.
pub fn operations(_ops: &mut Operations) {}
