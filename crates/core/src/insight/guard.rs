//! What is missing before a number means something.

use crate::Day;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How sure intervals are, unless something else is said.
pub const LEVEL: f64 = 0.95;
/// Of fewer customers no share is shown by itself.
pub const FEW: i64 = 30;

peyvand_db::words! {
    /// What there is too little of.
    pub enum ShortOf {
        /// Customers with a purchase.
        Buyers = "buyers",
        /// Customers who bought on two days or more.
        Returners = "returners",
        /// Whole months since the first purchase.
        Months = "months",
        /// Products that were bought.
        Products = "products",
        /// Pairs of products that enough customers bought both of.
        Pairs = "pairs",
        /// Purchases of two products or more.
        Baskets = "baskets",
        /// Rules of what is bought together.
        Rules = "rules",
        /// Opportunities that ended.
        Ended = "ended",
        /// Opportunities that ended and of which a competitor is known.
        Named = "named",
    }
}

/// One thing of which there is too little.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shortage {
    /// Of what.
    pub of: ShortOf,
    /// How many there are.
    pub have: i64,
    /// How many it takes.
    pub need: i64,
    /// When it will be enough, where that is certain.
    pub enough_on: Option<Day>,
}

impl Shortage {
    /// What is missing, if anything is.
    #[must_use]
    pub fn unless(of: ShortOf, have: i64, need: i64) -> Option<Shortage> {
        (have < need).then_some(Shortage { of, have, need, enough_on: None })
    }
}
