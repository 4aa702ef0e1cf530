//! Numbers that describe customers: who is worth what, who is slipping away, what they are likely to buy next.
//!
//! Slices in, structs out: no database, no web, no files. What a function cannot answer it refuses with a reason
//! ([`Error`]) instead of returning a number that means nothing, and what it answers comes with its uncertainty where
//! the method has one. The same input gives the same bytes, however many processors work on it.
//!
//! | question | where |
//! |---|---|
//! | Will this customer come back, how often? | [`bg_nbd`], [`pareto_nbd`], in discrete periods [`bg_bb`] |
//! | What will they spend, what are they worth? | [`gamma_gamma`], [`lifetime_value`] |
//! | Who is recent, frequent, valuable? | [`rfm`], [`tiers`], [`concentration`] |
//! | When do customers return? | [`rhythm`], [`survival`], [`cohort`] |
//! | What do they buy together, what next? | [`association`], [`next_product`] |
//! | Is a share, a mean or a difference real? | [`proportion`], [`mean`], [`ratio`], [`multiple`] |
//! | How many customers does an answer need, when may one look? | [`power`], [`cuped`], [`sequential`], [`sample_ratio`], [`bandit`] |
//! | What moved a total, what do answers of a survey say? | [`decompose`], [`survey`] |
//!
//! # Example
//!
//! From the days of purchases to a customer's value over the next year:
//!
//! ```
//! use peyvand_stats::{
//!     bg_nbd::MbgNbd,
//!     buyers::{Buyer, Buyers, PurchaseModel},
//!     gamma_gamma::{GammaGamma, Spender},
//!     lifetime_value::{Horizon, lifetime_value},
//! };
//!
//! // Three repeat purchases, the last on day 260, seen until day 280; times in weeks.
//! let buyer = Buyer::from_days(&[0, 90, 170, 260], 280, 7.0).unwrap();
//! assert_eq!(buyer.repeats, 3);
//!
//! // `MbgNbd::fit(&Buyers::group(&everybody)?)` fits a model to customers; this one was fitted before.
//! let model = MbgNbd::new(0.525, 6.183, 0.891, 1.614).unwrap();
//! assert!(model.probability_alive(&buyer) > 0.8);
//!
//! let spending = GammaGamma::new(6.25, 3.74, 15.44).unwrap();
//! let amount = spending.expected_mean(&Spender { occasions: 3, mean: 40.0 });
//! let year = Horizon { periods: 12, period: 365.25 / 7.0 / 12.0, discount: 0.01, margin: 0.3 };
//! let value = lifetime_value(&model, &buyer, amount, &year);
//! assert!(value > 0.0 && value < 12.0 * amount);
//!
//! // Two customers are no base for a model, and it says so.
//! assert!(MbgNbd::fit(&Buyers::group(&[buyer, buyer]).unwrap()).is_err());
//! ```

#![forbid(unsafe_code)]

pub mod association;
pub mod bandit;
pub mod bg_bb;
pub mod bg_nbd;
pub mod buyers;
pub mod cohort;
pub mod concentration;
pub mod cuped;
pub mod decompose;
pub mod fit;
pub mod gamma_gamma;
pub mod lifetime_value;
pub mod mean;
pub mod multiple;
pub mod next_product;
pub mod pareto_nbd;
pub mod poisson;
pub mod power;
pub mod proportion;
pub mod quantile;
pub mod ratio;
pub mod rfm;
pub mod rhythm;
pub mod sample_ratio;
pub mod sequential;
pub mod survey;
pub mod survival;
pub mod tiers;
pub mod which;

mod error;
mod interval;
#[cfg(test)]
mod judge;
mod newton;
mod special;
#[cfg(test)]
mod testdata;

pub use error::{Attempt, Error, Reason, Result};
pub use interval::{Interval, z_of};
