//! What is bought next: of those who bought one product, how many bought another, and how well that foresees.

use super::{COLUMNS, paging, shortages};
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::parties::list_of;
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::learning::Learning;
use peyvand_core::insight::next_product::{Judged, Judgement, NAMED, Way};
use peyvand_core::insight::suggestions::{self, ListPairs, NextProducts, PairOrder, Pairs, ProductPair};
use peyvand_core::parties::list::PartyFilters;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::Money;
use peyvand_core::platform::text::Digits;
use peyvand_core::sales::Product;
use peyvand_core::{Act, Id, Perm, Room, Sight};
use serde::Deserialize;

/// Rows of a page.
const ROWS: i64 = 50;
/// Where the page is.
const HERE: &str = "/insight/products";
/// Products on a customer's page.
const ON_A_PAGE: usize = 3;

/// Which pairs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    by: Option<PairOrder>,
    product: Option<Id<Product>>,
    after: Option<String>,
}

impl Asked {
    fn list(&self, after: Option<String>, limit: i64) -> ListPairs {
        ListPairs { by: self.by, product_id: self.product, after, limit: Some(limit) }
    }

    /// An address of the page.
    fn address(&self, by: PairOrder, product: Option<Id<Product>>, after: Option<String>) -> String {
        let given = [("by", Some(by.to_string())), ("product", product.map(|product| product.to_string())), ("after", after)];
        paging::address(HERE, &given)
    }
}

/// A pair as a row shows it.
struct Row {
    p: ProductPair,
    /// «۸۲ از ۴۰۰ نفر».
    told: String,
    /// Those who bought both.
    href: String,
    share: String,
    range: String,
    amount: String,
}

/// A way of naming products, judged.
struct Line {
    label: String,
    is_used: bool,
    hits: String,
    share: String,
    range: String,
    /// By how much it is better than naming what most people buy; absent for that itself.
    gain: Option<String>,
}

#[derive(Template)]
#[template(path = "insight/products.html")]
struct ProductsPage {
    s: Shell,
    sub: String,
    waiting: bool,
    bare: bool,
    lacks: Vec<String>,
    /// Whether foreseeing works, in a sentence.
    verdict: Option<(bool, String)>,
    lines: Vec<Line>,
    rows: Vec<Row>,
    unit: String,
    /// The product that all pairs begin with.
    product: Option<String>,
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
    let found = req.ctx.run(suggestions::pairs, asked.list(asked.after.clone(), ROWS)).await?;
    let loc = &req.loc;
    let by = asked.by.unwrap_or(PairOrder::Worth);
    let learned = found.learned.as_ref();
    let product =
        asked.product.and_then(|product| found.items.iter().find(|pair| pair.antecedent_id == product)).map(|pair| pair.antecedent.clone());
    let view = ProductsPage {
        sub: learned.map_or_else(|| loc.t("insight-products-about"), |learned| sub(loc, learned)),
        waiting: learned.is_none(),
        bare: learned.is_some_and(|learned| learned.customers == 0),
        lacks: learned.map(|learned| shortages(loc, &learned.missing)).unwrap_or_default(),
        verdict: learned.and_then(|learned| learned.judgement.as_ref()).map(|judgement| verdict(loc, judgement)),
        lines: learned.and_then(|learned| learned.judgement.as_ref()).map(|judgement| lines(loc, judgement)).unwrap_or_default(),
        rows: match learned {
            Some(learned) => found.items.into_iter().map(|pair| row(loc, learned, pair)).collect(),
            None => Vec::new(),
        },
        unit: learned.map(|learned| loc.money_unit(learned.currency).to_owned()).unwrap_or_default(),
        product,
        orders: PairOrder::ALL
            .iter()
            .map(|order| (loc.t(&format!("insight-products-by-{order}")), asked.address(*order, asked.product, None), *order == by))
            .collect(),
        next: found.next.clone().map(|next| asked.address(by, asked.product, Some(next))),
        how: learned.map(|learned| how(loc, learned)).unwrap_or_default(),
        export: (req.can(Room::Insight, Act::Export) && learned.is_some_and(|learned| learned.pairs > 0))
            .then(|| format!("/insight/products.csv?by={by}")),
        may_refresh: req.can(Room::Insight, Act::Change),
        may_import: req.can(Room::Imports, Act::Create),
        pages: pages(&req, HERE),
        s: req.shell("insight", req.t("insight-products")).crumb(req.t("menu-insight"), "/insight"),
    };
    page::page(&req, &view)
}

fn sub(loc: &Loc, learned: &Learning) -> String {
    let Some(until) = learned.until else { return loc.t("insight-products-about") };
    loc.ta(
        "insight-products-sub",
        &[("customers", learned.customers.into()), ("products", learned.products.into()), ("until", loc.day(until).into())],
    )
}

fn row(loc: &Loc, learned: &Learning, p: ProductPair) -> Row {
    Row {
        told: told(loc, &p),
        href: bought(&[p.antecedent_id, p.consequent_id]),
        share: loc.percent(p.confidence()),
        range: range(loc, p.low, p.high),
        amount: loc.amount_brief(p.amount_minor, learned.currency),
        p,
    }
}

/// The list of those who bought all of these products.
pub(super) fn bought(products: &[Id<Product>]) -> String {
    let ids: Vec<String> = products.iter().map(Id::to_string).collect();
    let filters = PartyFilters { products: Some(ids.join(",")), ..PartyFilters::default() };
    format!("{}&sort=spent&desc=1&{COLUMNS}", list_of(&filters))
}

/// The list of those who bought all of these products in one purchase.
pub(super) fn bought_at_once(products: &[Id<Product>]) -> String {
    bought(products).replacen("/parties?", "/parties?at_once=1&", 1)
}

/// The pages of the tab: label, address, whether it is this one. Sales of the shop are not for everybody.
pub(super) fn pages(req: &Req, here: &str) -> Vec<(String, &'static str, bool)> {
    let sees_all = matches!(req.ctx.actor.check(Perm(Room::Insight, Act::See)), Ok(Sight::All));
    let page = |key: &str, address: &'static str| (req.t(key), address, address == here);
    let mut pages = vec![page("insight-products-next", "/insight/products"), page("insight-rules-short", "/insight/products/together")];
    if sees_all {
        pages.push(page("insight-sales-short", "/insight/products/sales"));
    }
    pages
}

fn told(loc: &Loc, pair: &ProductPair) -> String {
    loc.ta("insight-products-told", &[("together", pair.together.into()), ("of", pair.with_antecedent.into())])
}

pub(super) fn range(loc: &Loc, low: f64, high: f64) -> String {
    loc.ta("insight-between", &[("low", loc.percent(low).into()), ("high", loc.percent(high).into())])
}

/// Points of a hundred, with a sign.
fn points(loc: &Loc, share: f64) -> String {
    // A sign stands before its number in every language.
    format!("\u{2066}{}{}\u{2069}", if share > 0.0 { "+" } else { "" }, loc.rounded(share * 100.0, 1))
}

fn verdict(loc: &Loc, judgement: &Judgement) -> (bool, String) {
    let best = match judgement.way {
        Some(Way::Similar) => judgement.similar,
        Some(Way::Likely) => judgement.likely,
        None if judgement.similar.share > judgement.likely.share => judgement.similar,
        None => judgement.likely,
    };
    let args = [
        ("customers", best.customers.into()),
        ("hits", best.hits.into()),
        ("share", loc.percent(best.share).into()),
        ("popular", loc.percent(judgement.popular.share).into()),
        ("gain", points(loc, best.gain).into()),
        ("low", points(loc, best.gain_low).into()),
        ("high", points(loc, best.gain_high).into()),
        ("named", NAMED.into()),
    ];
    let key = if judgement.way.is_some() { "insight-products-better" } else { "insight-products-not-better" };
    (judgement.way.is_some(), loc.ta(key, &args))
}

fn lines(loc: &Loc, judgement: &Judgement) -> Vec<Line> {
    let line = |key: &str, judged: &Judged, way: Option<Way>| Line {
        label: loc.t(key),
        is_used: way.is_some() && judgement.way == way,
        hits: loc.ta("insight-products-told", &[("together", judged.hits.into()), ("of", judged.customers.into())]),
        share: loc.percent(judged.share),
        range: range(loc, judged.low, judged.high),
        gain: way.map(|_| {
            let between = [("low", points(loc, judged.gain_low).into()), ("high", points(loc, judged.gain_high).into())];
            format!("{} ({})", points(loc, judged.gain), loc.ta("insight-between", &between))
        }),
    };
    vec![
        line("insight-products-popular", &judgement.popular, None),
        line("insight-products-likely", &judgement.likely, Some(Way::Likely)),
        line("insight-products-similar", &judgement.similar, Some(Way::Similar)),
    ]
}

fn how(loc: &Loc, learned: &Learning) -> Vec<String> {
    let mut lines = vec![loc.t("insight-products-how-pairs"), loc.t("insight-products-how-judged")];
    if learned.pairs > 0 {
        lines.push(loc.ta("insight-products-how-least", &[("together", learned.together.into()), ("pairs", learned.pairs.into())]));
    }
    lines.push(loc.t("insight-products-how-worth"));
    lines
}

/// The pairs as a file.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns = ["code", "name", "next-code", "next-name", "together", "of", "low", "high", "amount"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("insight-products-column-{column}"))).to_vec()];
    let read = |after| req.ctx.run(suggestions::pairs, asked.list(after, paging::AT_A_TIME));
    let put = |lines: &mut Vec<Vec<String>>, found: Pairs| {
        let currency = found.learned?.currency;
        for pair in found.items {
            lines.push(vec![
                pair.antecedent_code,
                pair.antecedent,
                pair.consequent_code,
                pair.consequent,
                pair.together.to_string(),
                pair.with_antecedent.to_string(),
                format!("{:.4}", pair.low),
                format!("{:.4}", pair.high),
                Money { minor: pair.amount_minor, currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', ""),
            ]);
        }
        found.next
    };
    paging::all(&mut lines, read, put).await?;
    Ok(super::csv_file("next-products.csv", &lines).into_response())
}

/// What a customer may buy next, as their page shows it.
pub(crate) struct NextBox {
    /// Name of the product, address of its pairs, why.
    pub(crate) items: Vec<(String, String, String)>,
    /// How often that comes true.
    pub(crate) judged: String,
}

/// What a customer may buy next; nothing where nothing is named.
pub(crate) fn next_box(loc: &Loc, next: &NextProducts) -> Option<NextBox> {
    let judged = next.judged.filter(|_| !next.items.is_empty())?;
    let items = next.items.iter().take(ON_A_PAGE).map(|one| {
        let pair = &one.because;
        let why = loc.ta(
            "insight-products-because",
            &[("together", pair.together.into()), ("of", pair.with_antecedent.into()), ("product", isolated(&pair.antecedent).into())],
        );
        (pair.consequent.clone(), format!("/insight/products?by=certainty&product={}", pair.antecedent_id), why)
    });
    let args = [
        ("share", loc.percent(judged.share).into()),
        ("named", NAMED.into()),
        ("popular", loc.percent(judged.share - judged.gain).into()),
        ("count", judged.customers.into()),
    ];
    Some(NextBox { items: items.collect(), judged: loc.ta("insight-products-box-judged", &args) })
}

/// A name within a sentence, whose direction does not reach into it.
fn isolated(name: &str) -> String {
    format!("\u{2068}{name}\u{2069}")
}
