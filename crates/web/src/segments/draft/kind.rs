//! What a condition of the builder asks for, and how it may be asked.

use peyvand_core::marketing::segments::rule::{Field, What};
use peyvand_core::parties::preferences::PreferenceKind;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::text::search_key;

/// What a condition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A field of the record.
    Field(Field),
    /// A tag.
    Tag,
    /// Something that is known of them.
    Knows(PreferenceKind),
    /// Something they did.
    Did(What),
    /// Another segment.
    In,
}

impl Kind {
    /// The kinds as they are offered, group by group.
    pub fn groups() -> [(&'static str, Vec<Kind>); 5] {
        use Field as F;
        let who = [
            F::Kind,
            F::Role,
            F::Gender,
            F::Age,
            F::Birth,
            F::BirthMonth,
            F::Birthday,
            F::Education,
            F::Job,
            F::Income,
            F::City,
            F::Province,
            F::Source,
            F::Stance,
            F::Stage,
            F::Standing,
            F::Owner,
            F::Unit,
            F::Created,
        ];
        let bought = [F::LastPurchase, F::FirstPurchase, F::Purchases, F::Spent];
        let spoken = [F::LastContact, F::NextFollowUp, F::Silent, F::SilentSince, F::Phone, F::Email, F::PreferredChannel];
        let figures = [
            F::Recency,
            F::Frequency,
            F::Value,
            F::FrequencyValue,
            F::Active,
            F::ExpectedPurchases,
            F::ExpectedAmount,
            F::ExpectedValue,
            F::Habit,
            F::UsualGap,
            F::Season,
            F::Tier,
            F::Profit,
            F::Minutes,
        ];
        let fields = |fields: &[Field]| fields.iter().map(|field| Kind::Field(*field)).collect::<Vec<_>>();
        let mut known = vec![Kind::Tag];
        known.extend(PreferenceKind::ALL.iter().map(|kind| Kind::Knows(*kind)));
        known.push(Kind::In);
        [
            ("segments-group-who", fields(&who)),
            ("segments-group-bought", [fields(&bought), vec![Kind::Did(What::Purchase)]].concat()),
            ("segments-group-contact", [fields(&spoken), vec![Kind::Did(What::Interaction), Kind::Did(What::FollowUpDone)]].concat()),
            ("segments-group-figures", fields(&figures)),
            ("segments-group-known", known),
        ]
    }

    /// Whether it asks for what models worked out.
    pub const fn is_figure(self) -> bool {
        matches!(self, Kind::Field(field) if field.is_figure())
    }

    /// Whether its words are typed, several of them apart by commas.
    pub const fn is_typed(self) -> bool {
        matches!(self, Kind::Field(Field::City | Field::Province | Field::Job))
    }

    /// The word in the form.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Field(field) => field.as_str(),
            Kind::Tag => "tag",
            Kind::Knows(kind) => kind.as_str(),
            Kind::Did(what) => what.as_str(),
            Kind::In => "in",
        }
    }

    /// The kind of that word.
    pub fn read(word: &str) -> Option<Kind> {
        Kind::groups().into_iter().flat_map(|(_, kinds)| kinds).find(|kind| kind.word() == word)
    }

    /// The kind that somebody means who types its label, or its word.
    pub fn named(text: &str, loc: &Loc) -> Option<Kind> {
        let key = search_key(text);
        let all = || Kind::groups().into_iter().flat_map(|(_, kinds)| kinds);
        Kind::read(text.trim()).or_else(|| all().find(|kind| search_key(&loc.t(&kind.label())) == key))
    }

    /// Its label in the catalogue.
    pub fn label(self) -> String {
        format!("segments-if-{}", self.word().replace('_', "-"))
    }

    /// What may be asked of it; the first unless chosen otherwise.
    pub fn ops(self) -> &'static [&'static str] {
        match self {
            Kind::Field(Field::Kind | Field::Role | Field::BirthMonth | Field::Habit | Field::Stage | Field::Standing) => &["is", "not"],
            Kind::Field(
                Field::Gender
                | Field::Stance
                | Field::Education
                | Field::Job
                | Field::Income
                | Field::City
                | Field::Province
                | Field::Source
                | Field::Owner
                | Field::Unit
                | Field::PreferredChannel
                | Field::Season,
            ) => &["is", "not", "known", "unknown"],
            Kind::Field(Field::Phone | Field::Email) => &["there", "missing"],
            Kind::Field(Field::Age | Field::Purchases | Field::Spent) => &["at-least", "at-most", "between"],
            Kind::Field(
                Field::Recency
                | Field::Frequency
                | Field::Value
                | Field::FrequencyValue
                | Field::Active
                | Field::ExpectedPurchases
                | Field::ExpectedAmount
                | Field::ExpectedValue
                | Field::UsualGap
                | Field::Tier
                | Field::Profit
                | Field::Minutes,
            ) => &["at-least", "at-most", "between", "known", "unknown"],
            Kind::Field(Field::Birthday) => &["next", "last", "days"],
            Kind::Field(Field::SilentSince) => &["last", "next", "earlier", "days", "known", "unknown"],
            Kind::Field(Field::Created) => &["last", "earlier", "days"],
            Kind::Field(Field::NextFollowUp) => &["next", "days", "known", "unknown"],
            Kind::Field(Field::Birth | Field::FirstPurchase | Field::LastPurchase | Field::LastContact) => {
                &["last", "earlier", "days", "known", "unknown"]
            }
            Kind::Field(Field::Silent) => &["yes", "no"],
            Kind::Tag => &["has", "has-not"],
            Kind::Knows(_) => &["known", "unknown"],
            Kind::Did(_) => &["once", "at-least", "at-most", "between", "never"],
            Kind::In => &["in", "not-in"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyvand_core::platform::locale::Prefs;
    use peyvand_core::platform::text::Lang;
    use peyvand_core::testing::NOW;
    use std::collections::HashSet;

    #[test]
    fn each_condition_is_found_by_its_own_name_in_each_language() {
        for lang in [Lang::Fa, Lang::Ar, Lang::En] {
            let loc = Loc::new(Prefs::of(lang), NOW);
            let mut names = HashSet::new();
            for kind in Kind::groups().into_iter().flat_map(|(_, kinds)| kinds) {
                let label = loc.t(&kind.label());
                assert!(names.insert(search_key(&label)), "{label} is the name of two conditions");
                assert_eq!(Kind::named(&format!(" {label} "), &loc), Some(kind));
                assert_eq!(Kind::named(kind.word(), &loc), Some(kind));
            }
            assert_eq!(Kind::named("no such thing", &loc), None);
        }
    }
}
