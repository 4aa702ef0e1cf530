//! The relation with a customer, in a sentence, and how good it is in its parts.

use peyvand_core::insight::relation::{Description, Length, Part, PartOf, Relation, Repetition};
use peyvand_core::platform::locale::Loc;

/// Days of a month and of a year, in round figures.
const MONTH: i64 = 30;
const YEAR: i64 = 365;

/// A part as the page shows it.
pub(crate) struct PartLine {
    pub(crate) label: String,
    /// From 0 to 100.
    pub(crate) score: i64,
    /// The score in digits of the reader.
    pub(crate) shown: String,
    /// What it comes from.
    pub(crate) told: String,
    /// Where that can be read.
    pub(crate) href: String,
}

/// The relation, as the customer's page shows it.
pub(crate) struct RelationBox {
    pub(crate) sentence: String,
    /// «۷۲ از ۱۰۰», or that there is too little.
    pub(crate) score: Option<String>,
    pub(crate) parts: Vec<PartLine>,
    /// Parts that are left out, and why.
    pub(crate) left: Vec<(String, String)>,
    /// How the score came about.
    pub(crate) about: String,
}

/// The relation; nothing before the first purchase or contact.
pub(crate) fn relation_box(loc: &Loc, relation: &Relation) -> Option<RelationBox> {
    let description = relation.description.as_ref()?;
    let quality = &relation.quality;
    let label = |part: &Part| loc.t(&format!("relation-part-{}", part.part));
    let line = |part: &Part| {
        let kind = if part.part == PartOf::Recency { "purchase" } else { "interaction" };
        let told = loc.ta(&format!("relation-told-{}", part.part), &[("one", part.one.into()), ("other", part.other.into())]);
        Some(PartLine {
            label: label(part),
            score: part.score?,
            shown: loc.number(part.score?),
            told,
            href: format!("/parties/{}?kind={kind}#timeline", relation.party_id),
        })
    };
    let parts: Vec<PartLine> = quality.parts.iter().filter_map(line).collect();
    let left = quality.parts.iter().filter(|part| part.score.is_none());
    Some(RelationBox {
        sentence: sentence(loc, description),
        score: quality.score.map(|score| loc.t1("relation-score", "score", score)),
        about: loc.ta("relation-about", &[("parts", parts.len().into()), ("all", quality.parts.len().into())]),
        parts,
        left: left.map(|part| (label(part), loc.t(&format!("relation-lacks-{}", part.part)))).collect(),
    })
}

fn sentence(loc: &Loc, found: &Description) -> String {
    let length = match found.length {
        Length::Long => loc.t1("relation-length-long", "years", found.days / YEAR),
        Length::Short if found.days < MONTH => loc.t("relation-length-new"),
        Length::Short => loc.t1("relation-length-short", "months", found.days / MONTH),
    };
    let repetition = match found.repetition {
        Repetition::Repeated => loc.t1("relation-repeated", "count", found.purchase_days),
        Repetition::OneOff => loc.t("relation-one-off"),
        Repetition::Never => loc.t("relation-never"),
    };
    let attitude = match found.stance {
        Some(stance) => loc.t(&format!("relation-attitude-{stance}")),
        None => loc.t("relation-attitude-none"),
    };
    let continuity = loc.t(&format!("relation-{}", found.continuity));
    let args =
        [("length", length.into()), ("continuity", continuity.into()), ("repetition", repetition.into()), ("attitude", attitude.into())];
    loc.ta("relation-sentence", &args)
}
