//! The filters of the list of customers in one form.

use super::index::{Address, DAY_FILTERS, MONEY_FILTERS, everybody, units_of};
use crate::error::PageResult;
use crate::form::FormView;
use crate::page::{Shell, page};
use crate::request::Req;
use askama::Template;
use axum::extract::RawQuery;
use peyvand_core::insight::models::BANDS;
use peyvand_core::insight::rhythm::Habit;
use peyvand_core::insight::whale::TIERS;
use peyvand_core::parties::check::{Gender, Kind, Role, Stance};
use peyvand_core::parties::list::Next;
use peyvand_core::platform::money::{Money, MoneyUnit};
use peyvand_core::platform::terms::{self, ListTerms};
use peyvand_core::{Act, Day, Room};

#[derive(Template)]
#[template(path = "parties/filters.html", blocks = ["form"])]
struct FiltersPage {
    s: Shell,
    f: FormView,
    kept: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    roles: Vec<(String, String)>,
    nexts: Vec<(String, String)>,
    sources: Vec<(String, String)>,
    needs: Vec<(String, String)>,
    educations: Vec<(String, String)>,
    incomes: Vec<(String, String)>,
    tiers: Vec<(String, String)>,
    genders: Vec<(String, String)>,
    stances: Vec<(String, String)>,
    sees_scores: bool,
    habits: Vec<(String, String)>,
    /// Bands of a score.
    scores: Vec<(String, String)>,
    /// Steps of a probability.
    shares: Vec<(String, String)>,
    owners: Vec<(String, String)>,
    units: Vec<(String, String)>,
    unit_of_money: &'static str,
}

/// All filters in one form.
pub async fn filters(req: Req, RawQuery(query): RawQuery) -> PageResult {
    let address = Address::read(query.as_deref());
    let mut values = address.0.clone();
    for (name, _) in DAY_FILTERS {
        if let Some(day) = address.get(name).and_then(|text| text.parse::<Day>().ok()) {
            values.push((format!("{name}_text"), req.loc.day(day)));
        }
    }
    let currency = req.ctx.app.organisation().await?.currency;
    for name in MONEY_FILTERS {
        if let Some(money) = address.get(name).and_then(|text| Money::parse(text, currency, MoneyUnit::Currency).ok()) {
            values.push((format!("{name}_text"), money.format(req.loc.prefs.money_unit, req.loc.prefs.digits)));
        }
    }
    let terms = req.ctx.run(terms::list, ListTerms::default()).await?;
    // Own words that are filtered by stay chosen though no list has them.
    let listed = |list: &str, name: &str| {
        let of_list = terms.iter().filter(|term| term.list == list);
        let mut words: Vec<(String, String)> =
            of_list.map(|term| (term.word.clone(), term.label.clone().unwrap_or_else(|| req.loc.term(list, &term.word)))).collect();
        if let Some(own) = address.get(name).filter(|own| words.iter().all(|(word, _)| word != own)) {
            words.push((own.to_owned(), own.to_owned()));
        }
        words
    };
    let words =
        |list: &str, words: Vec<&'static str>| words.iter().map(|word| ((*word).to_owned(), req.loc.term(list, word))).collect::<Vec<_>>();
    let people = everybody(&req).await?;
    let view = FiltersPage {
        s: req.shell("parties", req.t("parties-filters")).crumb(req.t("menu-parties"), "/parties"),
        f: FormView::new(values),
        kept: address
            .0
            .iter()
            .filter(|(name, _)| {
                matches!(name.as_str(), "q" | "sort" | "desc" | "cols" | "segment_id" | "rule" | "frequency_value" | "frequency_value_from")
                    || matches!(name.as_str(), "products" | "at_once")
                    || name.starts_with("first_purchase_")
                    || name.starts_with("bought_")
            })
            .cloned()
            .collect(),
        kinds: Kind::ALL.iter().map(|kind| (kind.to_string(), req.t(&format!("parties-kind-{kind}")))).collect(),
        roles: words("role", Role::ALL.iter().map(|word| word.as_str()).collect()),
        nexts: Next::ALL.iter().map(|next| (next.to_string(), req.t(&format!("parties-next-{next}")))).collect(),
        sources: listed("source", "source"),
        needs: listed("need", "need"),
        educations: listed("education", "education"),
        incomes: listed("income_band", "income"),
        tiers: (1..=TIERS).map(|tier| (tier.to_string(), req.t(&format!("profits-tier-{tier}")))).collect(),
        genders: words("gender", Gender::ALL.iter().map(|word| word.as_str()).collect()),
        stances: words("stance", Stance::ALL.iter().map(|word| word.as_str()).collect()),
        sees_scores: req.can(Room::Insight, Act::See),
        habits: Habit::ALL.iter().map(|habit| (habit.to_string(), req.t(&format!("insight-habit-{habit}")))).collect(),
        scores: (1..=BANDS as i64).rev().map(|band| (band.to_string(), req.loc.number(band))).collect(),
        shares: (1..10).map(|tenth| (format!("0.{tenth}"), req.loc.number(tenth * 10) + &req.t("percent-sign"))).collect(),
        units: units_of(&people),
        owners: people.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        unit_of_money: req.loc.money_unit(currency),
    };
    if req.dialog { page(&req, &view.as_form()) } else { page(&req, &view) }
}
