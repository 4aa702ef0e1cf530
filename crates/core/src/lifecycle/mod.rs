//! The way of customers from stranger to advocate, on evidence only: stages, the gates between them, and how they stand.
//!
//! The way of a customer follows from what is known of them and from the gates of each day ([`engine::walk`]). What is
//! stored is that way and, beside it, each step that was ever taken and each that was put right.

pub mod customers;
pub mod decisions;
pub mod engine;
pub mod gates;
pub(crate) mod history;
pub mod times;
pub mod versions;
pub mod ways;

use crate::Operations;

peyvand_db::words! {
    /// How far a customer has come.
    pub enum Stage {
        /// Has not bought yet.
        Potential = "potential",
        /// Has bought.
        Actual = "actual",
        /// Comes back, also without a discount, and is content.
        Loyal = "loyal",
        /// Recommends us without being asked.
        Advocate = "advocate",
    }
}

peyvand_db::words! {
    /// How a customer stands in their stage.
    pub enum Standing {
        /// All is well.
        Active = "active",
        /// Silent for longer than is usual with them.
        Dormant = "dormant",
        /// An advocate who was offended.
        AtRisk = "at_risk",
        /// Gone after an offence.
        Lost = "lost",
        /// Speaks against us.
        Detractor = "detractor",
        /// Given up before a first purchase.
        Disqualified = "disqualified",
        /// The relation was ended.
        Terminated = "terminated",
        /// Not among the customers any more.
        Archived = "archived",
    }
}

peyvand_db::words! {
    /// A decision as it is stored.
    pub enum DecisionKind {
        /// What a gate proposes is so.
        Confirm = "confirm",
        /// Not yet.
        Decline = "decline",
        /// The relation ends.
        End = "end",
        /// It goes on after all.
        Resume = "resume",
        /// They speak against us.
        Hostile = "hostile",
        /// They will not become a customer.
        Disqualify = "disqualify",
    }
}

/// What a person decides about the way of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// What a gate proposes is so.
    Confirm(gates::Gate),
    /// Not yet.
    Decline(gates::Gate),
    /// The relation ends.
    End,
    /// It goes on after all.
    Resume,
    /// They speak against us.
    Hostile,
    /// They will not become a customer.
    Disqualify,
}

impl Decision {
    /// Whether it is about passing a gate.
    #[must_use]
    pub fn is_of_a_gate(self) -> bool {
        matches!(self, Decision::Confirm(_) | Decision::Decline(_))
    }
}

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    customers::operations(ops);
    decisions::operations(ops);
    times::operations(ops);
    versions::operations(ops);
    ways::operations(ops);
}

#[cfg(test)]
mod engine_tests;
#[cfg(test)]
mod tests;

#[cfg(test)]
mod story_tests;
