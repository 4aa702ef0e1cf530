//! Numbers of each customer, worked out from purchases: how recent, frequent and valuable, how likely still with us, what
//! they are expected to buy. All statistics are those of `peyvand-stats`; here they get their input, a place and a reader.
//!
//! Also what customers cost beside what they bring: a ledger, rates, and the profit that is left.
//!
//! Every number says which fit it came from, and a fit says from when, from how many, how good it is, or what it lacks.

pub mod baskets;
pub mod cohorts;
pub mod competitors;
pub mod conversion;
pub mod costs;
mod counts;
pub mod facts;
pub mod findings;
pub mod first_purchases;
pub mod fits;
pub mod guard;
pub mod keeping;
pub mod learning;
pub mod models;
pub mod needs;
pub mod next_product;
pub mod product_sales;
pub mod profit;
mod profit_groups;
pub mod profit_people;
pub mod profit_refresh;
pub mod profits;
pub mod ranking;
pub mod rates;
pub mod refresh;
pub mod relation;
pub mod rhythm;
pub mod risk;
pub mod risk_refresh;
pub mod rules;
pub mod saves;
pub mod scores;
pub mod sources;
pub mod spendings;
pub mod suggestions;
pub mod tier_history;
pub mod trend;
pub mod trial;
pub mod whale;

pub use fits::{Estimate, Fit, FitKind};

use crate::Operations;

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    refresh::operations(ops);
    scores::operations(ops);
    fits::operations(ops);
    cohorts::operations(ops);
    rhythm::operations(ops);
    relation::operations(ops);
    ranking::operations(ops);
    spendings::operations(ops);
    risk::operations(ops);
    saves::operations(ops);
    suggestions::operations(ops);
    product_sales::operations(ops);
    rules::operations(ops);
    baskets::operations(ops);
    sources::operations(ops);
    keeping::operations(ops);
    trend::operations(ops);
    needs::operations(ops);
    conversion::operations(ops);
    competitors::operations(ops);
    first_purchases::operations(ops);
    costs::operations(ops);
    rates::operations(ops);
    profits::operations(ops);
    profit_refresh::operations(ops);
    tier_history::operations(ops);
    profit_people::operations(ops);
}

#[cfg(test)]
mod killed_tests;
#[cfg(test)]
pub(crate) mod shop;
#[cfg(test)]
mod tests;

#[cfg(test)]
mod profit_tests;
#[cfg(test)]
mod proof_tests;
#[cfg(test)]
mod ranking_tests;
#[cfg(test)]
mod risk_tests;
#[cfg(test)]
mod tier_tests;
#[cfg(test)]
mod trend_tests;
