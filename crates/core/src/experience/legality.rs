//! What may be done for a customer of which stage: one table, one function.

use super::{Stage, Standing};

peyvand_db::words! {
    /// What a treatment is.
    pub enum TreatmentKind {
        /// How somebody is treated.
        Respect = "respect",
        /// Less to pay.
        Discount = "discount",
        /// A gift.
        Gift = "gift",
        /// Money for what somebody brought.
        Benefit = "benefit",
    }
}

peyvand_db::words! {
    /// What a treatment is worth to who gets it.
    pub enum Class {
        /// A gesture.
        Moral = "moral",
        /// Something of value.
        Material = "material",
    }
}

peyvand_db::words! {
    /// The rows of the table: what a treatment is, with what decides for whom.
    pub enum Form {
        /// How everybody is treated.
        BaselineRespect = "baseline_respect",
        /// A protocol of its own.
        SpecialRespect = "special_respect",
        /// A discount that everybody may have.
        PublicDiscount = "public_discount",
        /// A discount for some.
        SpecialDiscount = "special_discount",
        /// A periodic gift that is a gesture.
        MoralGift = "moral_gift",
        /// A gift of value.
        MaterialGift = "material_gift",
        /// A financial benefit.
        Benefit = "benefit",
    }
}

impl Form {
    /// The form of a treatment.
    #[must_use]
    pub const fn of(kind: TreatmentKind, class: Class, is_special: bool) -> Form {
        match (kind, class, is_special) {
            (TreatmentKind::Respect, _, false) => Form::BaselineRespect,
            (TreatmentKind::Respect, _, true) => Form::SpecialRespect,
            (TreatmentKind::Discount, _, false) => Form::PublicDiscount,
            (TreatmentKind::Discount, _, true) => Form::SpecialDiscount,
            (TreatmentKind::Gift, Class::Moral, _) => Form::MoralGift,
            (TreatmentKind::Gift, Class::Material, _) => Form::MaterialGift,
            (TreatmentKind::Benefit, ..) => Form::Benefit,
        }
    }

    /// Whether it means to bring somebody to buy or to refer, so that it stops while an incident is open. Respect never
    /// does.
    #[must_use]
    pub const fn is_promotional(self) -> bool {
        !matches!(self, Form::BaselineRespect | Form::SpecialRespect)
    }

    /// Whether a customer of that stage may be left without it, so that its effect can be told. How everybody is treated is
    /// never withheld, and advocates are in no holdout of respect or of benefits.
    #[must_use]
    pub const fn may_be_withheld(self, stage: Stage) -> bool {
        match self {
            Form::BaselineRespect | Form::Benefit => false,
            Form::SpecialRespect => !matches!(stage, Stage::Advocate),
            Form::PublicDiscount | Form::SpecialDiscount | Form::MoralGift | Form::MaterialGift => true,
        }
    }

    /// Whether a customer of that stage may have it for some time and be without it for as long, so that they are compared with
    /// themselves. Nobody is treated with respect for a time only; a benefit that is not promised yet may come to one advocate
    /// earlier than to another, for none is left without it.
    #[must_use]
    pub const fn may_be_switched(self, stage: Stage) -> bool {
        match self {
            Form::BaselineRespect | Form::SpecialRespect => false,
            Form::Benefit => true,
            Form::PublicDiscount | Form::SpecialDiscount | Form::MoralGift | Form::MaterialGift => self.may_be_withheld(stage),
        }
    }
}

peyvand_db::words! {
    /// Whether something may be done for a customer, and if not, why.
    pub enum Verdict {
        /// It may.
        Allowed = "allowed",
        /// It begins with a later stage.
        NotYet = "not_yet",
        /// It is never done at this stage.
        Forbidden = "forbidden",
        /// They were treated without respect: first that is made good.
        OnHold = "on_hold",
        /// There is nothing more between them and us than how everybody is treated.
        Over = "over",
    }
}

impl Verdict {
    /// Whether it may.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Verdict::Allowed)
    }
}

/// Whether a treatment of that form may be given to whom has come that far and stands so.
///
/// Who has not come for long keeps what their stage has, and who has left is met as whoever has bought; an advocate at risk
/// keeps their respect and waits for all else; for who speaks against us, or with whom it has ended, the floor of respect
/// remains.
#[must_use]
pub const fn verdict(form: Form, stage: Stage, standing: Standing) -> Verdict {
    use Form::{BaselineRespect, Benefit, MaterialGift, MoralGift, PublicDiscount, SpecialDiscount, SpecialRespect};
    use Stage::{Actual, Advocate, Loyal, Potential};
    let stage = match standing {
        Standing::Active | Standing::Dormant => stage,
        Standing::Lost => Actual,
        Standing::AtRisk => {
            return if form.is_promotional() { Verdict::OnHold } else { Verdict::Allowed };
        }
        Standing::Detractor | Standing::Disqualified | Standing::Terminated | Standing::Archived => {
            return if matches!(form, BaselineRespect) { Verdict::Allowed } else { Verdict::Over };
        }
    };
    match (stage, form) {
        (_, BaselineRespect) | (Advocate, _) => Verdict::Allowed,
        (_, PublicDiscount) => Verdict::Allowed,
        (_, Benefit) => Verdict::Forbidden,
        (Loyal, SpecialRespect | SpecialDiscount | MoralGift) => Verdict::Allowed,
        (Loyal, MaterialGift) => Verdict::Forbidden,
        (Potential | Actual, SpecialRespect | SpecialDiscount | MoralGift | MaterialGift) => Verdict::NotYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Allowed, Forbidden, NotYet, OnHold, Over};

    #[test]
    fn what_may_be_done_at_which_stage_is_the_table() {
        let table = [
            (Form::BaselineRespect, [Allowed, Allowed, Allowed, Allowed]),
            (Form::SpecialRespect, [NotYet, NotYet, Allowed, Allowed]),
            (Form::PublicDiscount, [Allowed, Allowed, Allowed, Allowed]),
            (Form::SpecialDiscount, [NotYet, NotYet, Allowed, Allowed]),
            (Form::MoralGift, [NotYet, NotYet, Allowed, Allowed]),
            (Form::MaterialGift, [NotYet, NotYet, Forbidden, Allowed]),
            (Form::Benefit, [Forbidden, Forbidden, Forbidden, Allowed]),
        ];
        assert_eq!(table.map(|(form, _)| form).as_slice(), Form::ALL);
        for (form, verdicts) in table {
            let said: Vec<Verdict> = Stage::ALL.iter().map(|stage| verdict(form, *stage, Standing::Active)).collect();
            assert_eq!(said, verdicts, "{form}");
            let silent: Vec<Verdict> = Stage::ALL.iter().map(|stage| verdict(form, *stage, Standing::Dormant)).collect();
            assert_eq!(silent, verdicts, "{form}: silence takes nothing away");
        }
    }

    #[test]
    fn whoever_they_are_and_whatever_happened_nobody_is_left_without_the_floor_of_respect() {
        for (stage, standing) in Stage::ALL.iter().flat_map(|stage| Standing::ALL.iter().map(move |standing| (*stage, *standing))) {
            assert_eq!(verdict(Form::BaselineRespect, stage, standing), Allowed, "{stage} {standing}");
            assert!(!Form::BaselineRespect.may_be_withheld(stage));
        }
        assert_eq!(verdict(Form::SpecialRespect, Stage::Advocate, Standing::AtRisk), Allowed);
        for form in Form::ALL.iter().filter(|form| form.is_promotional()) {
            assert_eq!(verdict(*form, Stage::Advocate, Standing::AtRisk), OnHold, "{form}");
            for standing in [Standing::Detractor, Standing::Disqualified, Standing::Terminated, Standing::Archived] {
                assert_eq!(verdict(*form, Stage::Advocate, standing), Over, "{form} {standing}");
            }
        }
        assert_eq!(verdict(Form::PublicDiscount, Stage::Advocate, Standing::Lost), Allowed);
        assert_eq!(verdict(Form::SpecialDiscount, Stage::Advocate, Standing::Lost), NotYet, "who has left begins again");
    }

    #[test]
    fn a_benefit_is_for_advocates_alone_and_they_are_in_no_holdout_of_it_or_of_respect() {
        for stage in Stage::ALL {
            assert_eq!(verdict(Form::Benefit, *stage, Standing::Active) == Allowed, *stage == Stage::Advocate, "{stage}");
            assert!(!Form::Benefit.may_be_withheld(*stage));
        }
        assert!(!Form::SpecialRespect.may_be_withheld(Stage::Advocate));
        assert!(Form::SpecialRespect.may_be_withheld(Stage::Loyal));
        assert!(Form::MaterialGift.may_be_withheld(Stage::Advocate));
        assert!(Form::Benefit.may_be_switched(Stage::Advocate), "each of them gets it, one earlier than another");
        for stage in Stage::ALL {
            assert!(!Form::BaselineRespect.may_be_switched(*stage) && !Form::SpecialRespect.may_be_switched(*stage), "{stage}");
        }
    }

    #[test]
    fn the_form_follows_from_kind_class_and_whom_it_is_for() {
        use TreatmentKind::{Benefit, Discount, Gift, Respect};
        assert_eq!(Form::of(Respect, Class::Moral, false), Form::BaselineRespect);
        assert_eq!(Form::of(Respect, Class::Moral, true), Form::SpecialRespect);
        assert_eq!(Form::of(Discount, Class::Material, false), Form::PublicDiscount);
        assert_eq!(Form::of(Discount, Class::Material, true), Form::SpecialDiscount);
        assert_eq!(Form::of(Gift, Class::Moral, true), Form::MoralGift);
        assert_eq!(Form::of(Gift, Class::Material, true), Form::MaterialGift);
        assert_eq!(Form::of(Benefit, Class::Material, true), Form::Benefit);
    }
}
