//! Who gets a treatment and who is left without it, so that its effect can be told: functions on plain values.

use super::Stage;
use super::legality::Form;
use sha2::{Digest, Sha256};

peyvand_db::words! {
    /// Why somebody gets a treatment or not.
    pub enum Arm {
        /// They get it.
        Treated = "treated",
        /// The policy leaves them without it.
        Holdout = "holdout",
        /// They are in the holdout of all new promotional policies.
        Global = "global",
    }
}

/// The share of actual and loyal customers who are in the global holdout, in ten-thousandths.
pub const GLOBAL: i64 = 500;

/// A number that is chance to whoever does not know the salt: the same whenever it is asked, and with another salt elsewhere.
#[must_use]
pub fn draw(salt: &str, what: &str, who: &str) -> u64 {
    let mut hash = Sha256::new();
    for part in [salt, what, who] {
        hash.update(part.as_bytes());
        hash.update(b"\0");
    }
    let hash = hash.finalize();
    u64::from_be_bytes(std::array::from_fn(|place| hash[place]))
}

/// Where somebody falls among ten thousand, by their [`draw`].
#[must_use]
pub fn bucket(salt: &str, what: &str, who: &str) -> i64 {
    i64::try_from(draw(salt, what, who) % 10_000).unwrap_or_default()
}

/// What becomes of somebody whom a policy means. The floor of respect is never withheld, and advocates are in no holdout of
/// respect or of benefits; the global holdout concerns what is promotional, and actual and loyal customers.
#[must_use]
pub fn arm(form: Form, stage: Stage, in_global: bool, in_holdout: bool) -> Arm {
    if !form.may_be_withheld(stage) {
        Arm::Treated
    } else if in_global && form.is_promotional() && matches!(stage, Stage::Actual | Stage::Loyal) {
        Arm::Global
    } else if in_holdout {
        Arm::Holdout
    } else {
        Arm::Treated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_even_and_another_salt_mixes_them_anew() {
        let share = |salt: &str| (0..20_000).filter(|who| bucket(salt, "policy", &who.to_string()) < 1_000).count();
        for salt in ["one", "two"] {
            assert!((1_850..2_150).contains(&share(salt)), "{salt}: {}", share(salt));
        }
        let both = (0..20_000).filter(|who| ["one", "two"].iter().all(|salt| bucket(salt, "policy", &who.to_string()) < 1_000)).count();
        assert!((130..280).contains(&both), "who is held out once is not held out for ever: {both}");
        assert_eq!(bucket("a", "bc", "d"), bucket("a", "bc", "d"));
        assert_ne!(bucket("ab", "c", "d"), bucket("a", "bc", "d"));
    }

    #[test]
    fn nobody_is_left_without_what_is_never_withheld() {
        for stage in Stage::ALL {
            assert_eq!(arm(Form::BaselineRespect, *stage, true, true), Arm::Treated);
            assert_eq!(arm(Form::Benefit, *stage, true, true), Arm::Treated);
        }
        assert_eq!(arm(Form::SpecialRespect, Stage::Advocate, true, true), Arm::Treated);
        assert_eq!(arm(Form::SpecialRespect, Stage::Loyal, true, false), Arm::Treated, "respect is no promotion");
        assert_eq!(arm(Form::SpecialRespect, Stage::Loyal, true, true), Arm::Holdout);
        assert_eq!(arm(Form::MoralGift, Stage::Loyal, true, false), Arm::Global);
        assert_eq!(arm(Form::MaterialGift, Stage::Advocate, true, false), Arm::Treated);
        assert_eq!(arm(Form::SpecialDiscount, Stage::Loyal, false, true), Arm::Holdout);
    }
}
