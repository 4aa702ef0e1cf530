//! The stages of a customer's way, as the rules of this room know them.

use crate::Day;
use crate::parties::Party;
use peyvand_db::{Id, row};

peyvand_db::words! {
    /// How far somebody has come with us.
    pub enum Stage {
        /// Has not bought yet.
        Potential = "potential",
        /// Has bought.
        Actual = "actual",
        /// Comes back of their own accord.
        Loyal = "loyal",
        /// Brings others of their own accord.
        Advocate = "advocate",
        /// Has not come for long.
        Dormant = "dormant",
        /// An advocate who was treated without respect.
        AtRisk = "at_risk",
        /// Has left.
        Lost = "lost",
        /// Speaks against us.
        Detractor = "detractor",
        /// Was never going to buy.
        Disqualified = "disqualified",
        /// They or we have ended it.
        Terminated = "terminated",
    }
}

impl Stage {
    /// The four stages of the way itself, which a treatment may be made for.
    pub const WAY: [Stage; 4] = [Stage::Potential, Stage::Actual, Stage::Loyal, Stage::Advocate];
}

row! {
    /// What decides how a customer may be treated now.
    #[derive(Clone, Debug)]
    pub(crate) struct Standing {
        /// Who.
        pub(crate) party: Id<Party> = "p.id",
        /// How far they have come.
        pub(crate) stage: Stage = "CASE WHEN p.purchases > 0 THEN 'actual' ELSE 'potential' END",
        /// Day of birth.
        pub(crate) birth_on: Option<Day> = "p.birth_on",
        /// Day of the first purchase.
        pub(crate) first_purchase_on: Option<Day> = "NULLIF(p.first_purchase_on, '')",
        /// The worst incident that is open.
        pub(crate) severity: Option<i64> =
            "(SELECT MAX(i.severity) FROM respect_incidents i WHERE i.party_id = p.id AND i.closed_at IS NULL)",
    }
}
