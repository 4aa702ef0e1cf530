//! The stages of a customer's way, as the rules of this room know them.

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
