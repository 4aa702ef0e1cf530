//! Customers who bring others: who introduced whom, what speaks for it and against it, what comes of it, and what advocates earn by
//! it.

pub mod benefits;
pub mod books;
pub mod codes;
pub mod follow;
pub mod fraud;
pub mod indicators;
pub mod ledger;
pub(crate) mod merge;
pub mod network;
mod posting;
pub mod record;
pub mod referrals;
pub mod review;
pub mod rewards;
pub mod rules;
pub mod thanks;
pub mod value;
pub mod verify;

use crate::Operations;

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    record::operations(ops);
    referrals::operations(ops);
    review::operations(ops);
    codes::operations(ops);
    indicators::operations(ops);
    benefits::operations(ops);
    ledger::operations(ops);
    value::operations(ops);
    network::operations(ops);
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_ledger;
#[cfg(test)]
mod tests_value;
