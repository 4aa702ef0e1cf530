//! Customers who bring others: who introduced whom, what speaks for it and against it, and what comes of it.

pub mod codes;
pub mod follow;
pub mod fraud;
pub mod indicators;
pub mod record;
pub mod referrals;
pub mod review;
pub mod rules;
pub mod thanks;

use crate::Operations;

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    record::operations(ops);
    referrals::operations(ops);
    review::operations(ops);
    codes::operations(ops);
    indicators::operations(ops);
}

#[cfg(test)]
mod tests;
