//! The indicators of advocacy: how many introductions an advocate makes in a year, of which kind and form, and what treatments
//! have to do with it.

use super::key_of;
use crate::error::PageResult;
use crate::experience::indicators::{EffectGroup, Figure, PairRow, between, effect_row, groups, hundred, limits, minor, pair_rows, signed};
use crate::page::{Shell, page};
use crate::request::Req;
use askama::Template;
use axum::extract::Query;
use peyvand_core::advocacy::indicators::{AdvocateEffect, cam};
use peyvand_core::experience::experiments::Range;
use peyvand_core::experience::indicators::IndicatorsOf;
use serde::Deserialize;

/// Where the page is.
const HERE: &str = "/advocacy/indicators";
/// Days that the page offers.
const PERIODS: [i64; 3] = [180, 365, 1_095];

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    days: Option<i64>,
    anew: Option<u8>,
}

#[derive(Template)]
#[template(path = "advocacy/indicators.html")]
struct IndicatorsPage {
    s: Shell,
    tab: &'static str,
    sub: String,
    anew: String,
    periods: Vec<(String, String, bool)>,
    is_empty: bool,
    figures: Vec<Figure>,
    groups: Vec<EffectGroup>,
    pairs: Vec<PairRow>,
    /// Kind, form, written down, friends who came, confirmed.
    kinds: Vec<[String; 5]>,
}

/// The page.
pub(super) async fn index(req: Req, Query(asked): Query<Asked>) -> PageResult {
    let from = asked.days.map(|days| req.loc.today().plus(-days));
    let found = req.ctx.run(cam, IndicatorsOf { from, until: None, anew: asked.anew == Some(1) }).await?;
    let currency = found.currency;
    let loc = &req.loc;
    let few = loc.t1("indicators-few-advocates", "count", found.needs);
    let rate = |key: &str, rate: Option<Range>| {
        let told = |value: f64| loc.rounded(value, 2);
        let range = |rate: Range| loc.ta("insight-between", &[("low", told(rate.low).into()), ("high", told(rate.high).into())]);
        Figure {
            label: loc.t(key),
            value: rate.map_or_else(|| "–".to_owned(), |rate| told(rate.value)),
            unit: loc.t("indicators-a-year"),
            about: rate.map_or_else(|| few.clone(), range),
        }
    };
    let limits = limits(found.treatments.iter().map(|one| &one.effect));
    let row = |one: &AdvocateEffect| {
        let mut row = effect_row(loc, &one.effect, currency, limits, Vec::new());
        let came = loc.ta("indicators-came", &[("qualified", one.qualified.into()), ("confirmed", one.confirmed.into())]);
        row.after_about = format!("{came} · {}", row.after_about);
        let introducers = one.introducers.map(hundred).map(|more| {
            let range = between(loc, more, |value| signed(loc, value, 1));
            loc.ta("indicators-more-introducers", &[("more", signed(loc, more.value, 1).into()), ("range", range.into())])
        });
        let worth = one.worth.map(|more| {
            let range = between(loc, more, |value| minor(loc, currency, value));
            loc.ta("indicators-more-worth", &[("amount", minor(loc, currency, more.value).into()), ("range", range.into())])
        });
        row.why = [Some(row.why), introducers, worth].into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        if one.spilled > 0 {
            row.why = format!("{} {}", row.why, loc.t1("indicators-spilled", "count", one.spilled));
        }
        row
    };
    let view = IndicatorsPage {
        s: req.shell("advocacy", req.t("indicators-advocacy")).crumb(req.t("menu-advocacy"), "/advocacy"),
        tab: "indicators",
        sub: loc.ta(
            "indicators-advocacy-sub",
            &[
                ("count", found.customers.into()),
                ("from", loc.day(found.from).into()),
                ("until", loc.day(found.until).into()),
                ("when", loc.when(found.made_at).into()),
            ],
        ),
        anew: format!("{HERE}?anew=1{}", asked.days.map(|days| format!("&days={days}")).unwrap_or_default()),
        periods: PERIODS
            .iter()
            .map(|days| (format!("{HERE}?days={days}"), loc.t1("indicators-period", "days", *days), asked.days.unwrap_or(365) == *days))
            .collect(),
        is_empty: found.customers == 0,
        figures: vec![
            rate("indicators-introductions", found.per_year),
            rate("indicators-confirmed", found.confirmed_per_year),
            Figure {
                label: loc.t("indicators-worth"),
                value: found.worth_per_year.map_or_else(|| "–".to_owned(), |worth| minor(loc, currency, worth.value)),
                unit: loc.t("indicators-a-year"),
                about: match (found.worth_per_year, found.worth_minor) {
                    (Some(worth), Some(all)) => {
                        let range = between(loc, worth, |value| minor(loc, currency, value));
                        let all = loc.t1("indicators-worth-all", "amount", loc.amount_whole(all, currency));
                        format!("{range} · {all}")
                    }
                    (None, Some(_)) => few.clone(),
                    (_, None) => loc.t("indicators-worth-unknown"),
                },
            },
            Figure {
                label: loc.t("indicators-advocate-years"),
                value: loc.rounded(found.years, 1),
                unit: String::new(),
                about: if found.left > 0 { loc.t1("indicators-left", "count", found.left) } else { String::new() },
            },
        ],
        pairs: pair_rows(loc, &found.pairs, found.treatments.iter().map(|one| &one.effect), currency),
        groups: groups(loc, &found.treatments, |one| &one.effect, row),
        kinds: found
            .kinds
            .iter()
            .map(|one| {
                [
                    loc.t(&key_of("referrals-kind-", one.kind.as_str())),
                    loc.t(&key_of("referrals-form-", one.form.as_str())),
                    loc.number(one.captured),
                    loc.number(one.qualified),
                    loc.number(one.confirmed),
                ]
            })
            .collect(),
    };
    page(&req, &view)
}
