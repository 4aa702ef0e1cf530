//! What speaks for fraud in an introduction: signs with weights that everybody may read, added up, and three lanes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

peyvand_db::words! {
    /// Something that speaks for fraud.
    pub enum FraudSign {
        /// Both have the same mobile phone or e-mail.
        SamePerson = "same_person",
        /// Who introduces works for us or sells on.
        Staff = "staff",
        /// Something of the first purchase was given back.
        Refund = "refund",
        /// Both live in the same place or have the same land line.
        Household = "household",
        /// Both have the same name, or e-mails that differ in the provider alone.
        SimilarName = "similar_name",
        /// Many numbers were left from one network within a week.
        Network = "network",
        /// Several friends of the same customer bought within a day.
        Burst = "burst",
    }
}

/// What each sign weighs. A network alone never holds anything up: whole towns share an address.
pub const WEIGHTS: &[(FraudSign, i64)] = &[
    (FraudSign::SamePerson, 100),
    (FraudSign::Staff, 100),
    (FraudSign::Refund, 40),
    (FraudSign::Household, 30),
    (FraudSign::SimilarName, 20),
    (FraudSign::Network, 20),
    (FraudSign::Burst, 15),
];
/// From this weight on a person looks.
pub const QUEUE_FROM: i64 = 30;
/// From this weight on it does not count unless a person finds otherwise.
pub const REJECTED_FROM: i64 = 80;
/// So many numbers left from one network within a week are a sign.
pub const NETWORK_MANY: i64 = 10;

peyvand_db::words! {
    /// What happens with an introduction of that weight.
    pub enum FraudLane {
        /// It goes on by itself.
        Auto = "auto",
        /// A person looks.
        Queue = "queue",
        /// It does not count; one may object.
        Rejected = "rejected",
    }
}

/// A sign with what it weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FraudPart {
    /// The sign.
    pub sign: FraudSign,
    /// What it weighs.
    pub weight: i64,
}

/// The parts of a score, in the order of their weights; each sign counts once.
#[must_use]
pub fn parts(signs: &[FraudSign]) -> Vec<FraudPart> {
    WEIGHTS.iter().filter(|(sign, _)| signs.contains(sign)).map(|(sign, weight)| FraudPart { sign: *sign, weight: *weight }).collect()
}

/// What some signs weigh together.
#[must_use]
pub fn score(signs: &[FraudSign]) -> i64 {
    parts(signs).iter().map(|part| part.weight).sum()
}

/// What happens with an introduction of that weight.
#[must_use]
pub const fn lane(score: i64) -> FraudLane {
    match score {
        ..QUEUE_FROM => FraudLane::Auto,
        QUEUE_FROM..REJECTED_FROM => FraudLane::Queue,
        _ => FraudLane::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_add_up_to_three_lanes_and_a_network_alone_holds_nothing_up() {
        assert_eq!(WEIGHTS.len(), FraudSign::ALL.len(), "each sign weighs something");
        assert_eq!(score(&[]), 0);
        assert_eq!(score(&[FraudSign::Network, FraudSign::Network]), 20, "each counts once");
        assert_eq!(lane(score(&[FraudSign::Network])), FraudLane::Auto);
        assert_eq!(lane(score(&[FraudSign::Network, FraudSign::Burst])), FraudLane::Queue);
        assert_eq!(lane(score(&[FraudSign::Household])), FraudLane::Queue);
        assert_eq!([29, 30, 79, 80].map(lane), [FraudLane::Auto, FraudLane::Queue, FraudLane::Queue, FraudLane::Rejected]);
        for sign in [FraudSign::SamePerson, FraudSign::Staff] {
            assert_eq!(lane(score(&[sign])), FraudLane::Rejected);
        }
        let told = parts(&[FraudSign::Burst, FraudSign::Refund]);
        assert_eq!(told.iter().map(|part| part.sign).collect::<Vec<_>>(), [FraudSign::Refund, FraudSign::Burst]);
    }
}
