//! Purchases, products, opportunities.

mod enter;
pub mod opportunities;
pub mod products;
pub mod purchases;
pub mod write;

pub use opportunities::Opportunity;
pub use products::Product;
pub use purchases::{Purchase, PurchaseLine};

use crate::Operations;

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    purchases::operations(ops);
    products::operations(ops);
    opportunities::operations(ops);
}
