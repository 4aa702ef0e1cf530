//! What is bought together in one purchase.

use super::products::{bought_at_once, pages, range};
use super::{paging, shortages};
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::baskets::{self, BasketRules, FoundRules, ListBaskets, WorthRule};
use peyvand_core::insight::rules::RuleProduct;
use peyvand_core::insight::suggestions::PairOrder;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::platform::text::Digits;
use peyvand_core::sales::Product;
use peyvand_core::{Act, Id, Perm, Room};
use serde::Deserialize;

/// Rows of a page.
const ROWS: i64 = 50;
/// Where the page is.
const HERE: &str = "/insight/products/together";

/// Which rules.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    by: Option<PairOrder>,
    product: Option<Id<Product>>,
    after: Option<String>,
}

impl Asked {
    fn list(&self, after: Option<String>, limit: i64) -> ListBaskets {
        ListBaskets { by: self.by, product_id: self.product, after, limit: Some(limit) }
    }

    /// An address of the page.
    fn address(&self, by: PairOrder, product: Option<Id<Product>>, after: Option<String>) -> String {
        let given = [("by", Some(by.to_string())), ("product", product.map(|product| product.to_string())), ("after", after)];
        paging::address(HERE, &given)
    }
}

/// A rule as a row shows it.
struct Row {
    r: WorthRule,
    share: String,
    /// «۸۲ از ۴۰۰ خرید».
    told: String,
    range: String,
    support: String,
    lift: String,
    conviction: String,
    worth: String,
    /// Those who bought all of it in one purchase.
    href: String,
}

#[derive(Template)]
#[template(path = "insight/rules.html")]
struct RulesPage {
    s: Shell,
    sub: String,
    waiting: bool,
    bare: bool,
    lacks: Vec<String>,
    rows: Vec<Row>,
    unit: String,
    /// The product that all rules begin with, and the address without it.
    product: Option<String>,
    all: String,
    orders: Vec<(String, String, bool)>,
    next: Option<String>,
    how: Vec<String>,
    export: Option<String>,
    may_refresh: bool,
    may_import: bool,
    pages: Vec<(String, &'static str, bool)>,
}

/// The page.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let told = req.ctx.run(baskets::baskets, asked.list(asked.after.clone(), ROWS)).await?;
    let loc = &req.loc;
    let by = asked.by.unwrap_or(PairOrder::Worth);
    let found = told.found.as_ref();
    let currency = found.map_or(Currency::IRR, |found| found.currency);
    let bare = found.is_some_and(|found| found.purchases == 0);
    let product = asked.product.and_then(|product| {
        told.items.iter().flat_map(|one| &one.rule.antecedent).find(|one| one.id == product).map(|one| one.name.clone())
    });
    let view = RulesPage {
        sub: found.filter(|_| !bare).map_or_else(|| loc.t("insight-rules-about"), |found| sub(loc, found)),
        waiting: found.is_none(),
        bare,
        lacks: found.map(|found| shortages(loc, &found.missing)).unwrap_or_default(),
        how: found.map(|found| how(loc, found, &told)).unwrap_or_default(),
        next: told.next.clone().map(|next| asked.address(by, asked.product, Some(next))),
        rows: told.items.into_iter().map(|one| row(loc, one, currency)).collect(),
        unit: loc.money_unit(currency).to_owned(),
        product,
        all: asked.address(by, None, None),
        orders: PairOrder::ALL
            .iter()
            .map(|order| (loc.t(&format!("insight-products-by-{order}")), asked.address(*order, asked.product, None), *order == by))
            .collect(),
        export: (req.can(Room::Insight, Act::Export) && found.is_some_and(|found| found.rules > 0))
            .then(|| format!("/insight/products/together.csv?by={by}")),
        may_refresh: req.can(Room::Insight, Act::Change) && !bare,
        may_import: req.can(Room::Imports, Act::Create),
        pages: pages(&req, HERE),
        s: req
            .shell("insight", req.t("insight-rules"))
            .crumb(req.t("menu-insight"), "/insight")
            .crumb(req.t("insight-tab-products"), "/insight/products"),
    };
    page::page(&req, &view)
}

fn sub(loc: &Loc, found: &FoundRules) -> String {
    let day = |day: Option<peyvand_core::Day>| day.map(|day| loc.day(day)).unwrap_or_default();
    loc.ta(
        "insight-rules-sub",
        &[("purchases", found.purchases.into()), ("from", day(found.from_on).into()), ("until", day(found.until).into())],
    )
}

fn row(loc: &Loc, r: WorthRule, currency: Currency) -> Row {
    let rule = &r.rule;
    let ids: Vec<Id<Product>> = rule.antecedent.iter().chain([&rule.consequent]).map(|one| one.id).collect();
    Row {
        share: loc.percent(rule.confidence),
        told: loc.ta("insight-rules-told", &[("together", rule.together.into()), ("of", rule.with_antecedent.into())]),
        range: range(loc, rule.low, rule.high),
        support: loc.rounded(rule.support * 100.0, 2) + &loc.t("percent-sign"),
        lift: loc.rounded(rule.lift, 1),
        conviction: rule.conviction.map_or_else(|| "—".to_owned(), |conviction| loc.rounded(conviction, 2)),
        worth: loc.amount_round(r.worth_minor, currency),
        href: bought_at_once(&ids),
        r,
    }
}

fn how(loc: &Loc, found: &FoundRules, told: &BasketRules) -> Vec<String> {
    let mut lines = vec![loc.t("insight-rules-how-rule")];
    if found.rules > 0 {
        let args = [("together", found.together.into()), ("rules", found.rules.into())];
        lines.push(loc.ta("insight-rules-how-least", &args));
    }
    lines.push(loc.t("insight-rules-how-figures"));
    lines.push(loc.t(if told.has_margin { "insight-rules-how-margin" } else { "insight-rules-how-amount" }));
    lines
}

/// The rules as a file.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns =
        ["codes", "names", "code", "name", "together", "of", "support", "confidence", "low", "high", "lift", "conviction", "worth"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("insight-rules-column-{column}"))).to_vec()];
    let read = |after| req.ctx.run(baskets::baskets, asked.list(after, paging::AT_A_TIME));
    let put = |lines: &mut Vec<Vec<String>>, told: BasketRules| {
        let currency = told.found.map_or(Currency::IRR, |found| found.currency);
        for WorthRule { rule, worth_minor, .. } in told.items {
            let all = |of: fn(&RuleProduct) -> &str| rule.antecedent.iter().map(of).collect::<Vec<_>>().join(" + ");
            lines.push(vec![
                all(|one| &one.code),
                all(|one| &one.name),
                rule.consequent.code.clone(),
                rule.consequent.name.clone(),
                rule.together.to_string(),
                rule.with_antecedent.to_string(),
                format!("{:.6}", rule.support),
                format!("{:.4}", rule.confidence),
                format!("{:.4}", rule.low),
                format!("{:.4}", rule.high),
                format!("{:.4}", rule.lift),
                rule.conviction.map(|conviction| format!("{conviction:.4}")).unwrap_or_default(),
                Money { minor: worth_minor, currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', ""),
            ]);
        }
        told.next
    };
    paging::all(&mut lines, read, put).await?;
    Ok(super::csv_file("bought-together.csv", &lines).into_response())
}
