//! What each product brings: classes by sales, and on how few products the shop rests.

use super::products::{bought, pages};
use super::{PICTURE, paging, shortages};
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::product_sales::{self, Class, ListSales, ProductSale, ProductSales, Sales, Span, SpanSales};
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Perm, Room};
use serde::Deserialize;

/// Rows of a page.
const ROWS: i64 = 50;
/// Where the page is.
const HERE: &str = "/insight/products/sales";

/// Which products.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    span: Option<Span>,
    class: Option<Class>,
    after: Option<String>,
}

impl Asked {
    fn list(&self, after: Option<String>, limit: i64) -> ListSales {
        ListSales { span: self.span, class: self.class, after, limit: Some(limit) }
    }

    /// An address of the page.
    fn address(&self, span: Option<Span>, class: Option<Class>, after: Option<String>) -> String {
        let span = span.or(self.span).unwrap_or(Span::Year);
        let given = [("span", Some(span.to_string())), ("class", class.map(|class| class.to_string())), ("after", after)];
        paging::address(HERE, &given)
    }
}

/// A class of products.
struct ClassRow {
    name: String,
    products: String,
    of_products: String,
    sold: String,
    of_sales: String,
    href: String,
    chosen: bool,
}

/// The classes and the curve.
struct Chart {
    /// Points of its picture.
    points: String,
    levels: Vec<(f64, String)>,
    parts: Vec<(f64, String)>,
    /// Where class A and class B end.
    ends: Vec<(f64, f64, String)>,
    sentence: String,
    classes: Vec<ClassRow>,
    /// Part of the products, part of the sales.
    steps: Vec<(String, String)>,
}

/// A product as a row shows it.
struct Row {
    p: ProductSale,
    place: String,
    class: String,
    sold: String,
    share: String,
    cumulated: String,
    returned: String,
    customers: String,
    /// Its customers in the list.
    href: String,
}

#[derive(Template)]
#[template(path = "insight/product-sales.html")]
struct SalesPage {
    s: Shell,
    sub: String,
    waiting: bool,
    bare: bool,
    lacks: Vec<String>,
    chart: Option<Chart>,
    spans: Vec<(String, String, bool)>,
    /// The class that is shown alone.
    class: Option<String>,
    /// The address with all classes.
    all: String,
    rows: Vec<Row>,
    unit: String,
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
    let told = req.ctx.run(product_sales::sales, asked.list(asked.after.clone(), ROWS)).await?;
    let loc = &req.loc;
    let span = asked.span.unwrap_or(Span::Year);
    let found = told.found.as_ref();
    let currency = found.map_or(Currency::IRR, |found| found.currency);
    let view = SalesPage {
        sub: told.sales.as_ref().zip(found).map_or_else(|| loc.t("insight-sales-about"), |(sales, found)| sub(loc, sales, found)),
        waiting: found.is_none(),
        bare: found.is_some_and(|found| found.until.is_none()),
        lacks: found.map(|found| shortages(loc, &found.missing)).unwrap_or_default(),
        chart: told.sales.as_ref().map(|sales| chart(loc, &asked, sales, currency)),
        spans: Span::ALL
            .iter()
            .rev()
            .map(|one| (loc.t(&format!("insight-sales-span-{one}")), asked.address(Some(*one), asked.class, None), *one == span))
            .collect(),
        class: asked.class.map(|class| name_of(loc, class)),
        all: asked.address(None, None, None),
        rows: told.items.into_iter().map(|one| row(loc, one, currency)).collect(),
        unit: loc.money_unit(currency).to_owned(),
        next: told.next.map(|next| asked.address(None, asked.class, Some(next))),
        how: told.sales.as_ref().map(|sales| how(loc, sales, currency)).unwrap_or_default(),
        export: (req.can(Room::Insight, Act::Export) && told.sales.is_some())
            .then(|| asked.address(None, asked.class, None).replacen("/sales", "/sales.csv", 1)),
        may_refresh: req.can(Room::Insight, Act::Change) && found.is_some_and(|found| found.until.is_some()),
        may_import: req.can(Room::Imports, Act::Create),
        pages: pages(&req, HERE),
        s: req
            .shell("insight", req.t("insight-sales"))
            .crumb(req.t("menu-insight"), "/insight")
            .crumb(req.t("insight-tab-products"), "/insight/products"),
    };
    page::page(&req, &view)
}

fn name_of(loc: &Loc, class: Class) -> String {
    loc.t(&format!("insight-sales-class-{class}"))
}

fn sub(loc: &Loc, sales: &SpanSales, found: &ProductSales) -> String {
    let until = found.until.map(|day| loc.day(day)).unwrap_or_default();
    let from = sales.from_on.map(|day| loc.day(day)).unwrap_or_default();
    let key = if sales.from_on.is_some() { "insight-sales-sub" } else { "insight-sales-sub-all" };
    loc.ta(key, &[("products", sales.products.into()), ("from", from.into()), ("until", until.into())])
}

fn chart(loc: &Loc, asked: &Asked, sales: &SpanSales, currency: Currency) -> Chart {
    let (left, bottom, width, height) = PICTURE;
    let place = |part: f64, share: f64| (left + part * width, bottom - share * height);
    let quarters = || (0..=4).map(|quarter| f64::from(quarter) / 4.0);
    let points: Vec<String> = sales
        .curve
        .iter()
        .enumerate()
        .map(|(percent, share)| place(percent as f64 / 100.0, *share))
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let of_products = |products: i64| products as f64 / sales.products.max(1) as f64;
    let mut until = (0, 0.0);
    let mut ends = Vec::new();
    for class in &sales.classes {
        until = (until.0 + class.products, until.1 + class.share);
        if class.class != Class::C {
            let (x, y) = place(of_products(until.0), until.1);
            ends.push((x, y, name_of(loc, class.class)));
        }
    }
    let class = |class: &product_sales::ProductClass| ClassRow {
        name: name_of(loc, class.class),
        products: loc.number(class.products),
        of_products: loc.percent(of_products(class.products)),
        sold: loc.amount_brief(class.sold_minor, currency),
        of_sales: loc.percent(class.share),
        href: asked.address(None, Some(class.class), None),
        chosen: asked.class == Some(class.class),
    };
    let best = sales.classes.first().map_or(0, |class| class.products);
    let args = [
        ("count", best.into()),
        ("products", sales.products.into()),
        ("part", loc.percent(of_products(best)).into()),
        ("share", loc.percent(sales.classes.first().map_or(0.0, |class| class.share)).into()),
        ("gini", loc.rounded(sales.gini, 2).into()),
    ];
    Chart {
        points: points.join(" "),
        levels: quarters().map(|share| (bottom - share * height, loc.percent(share))).collect(),
        parts: quarters().map(|part| (left + part * width, loc.percent(part))).collect(),
        ends,
        sentence: loc.ta("insight-sales-sentence", &args),
        classes: sales.classes.iter().map(class).collect(),
        steps: (10..=100)
            .step_by(10)
            .filter_map(|percent| Some((loc.percent(percent as f64 / 100.0), loc.percent(*sales.curve.get(percent)?))))
            .collect(),
    }
}

fn row(loc: &Loc, p: ProductSale, currency: Currency) -> Row {
    Row {
        place: loc.number(p.place),
        class: name_of(loc, p.class),
        sold: loc.amount_brief(p.sold_minor, currency),
        share: loc.rounded(p.share * 100.0, 2) + &loc.t("percent-sign"),
        cumulated: loc.rounded(p.cumulated_share * 100.0, 1) + &loc.t("percent-sign"),
        returned: if p.returned_minor == 0 { "—".to_owned() } else { loc.amount_brief(p.returned_minor, currency) },
        customers: loc.number(p.customers),
        href: bought(&[p.product_id]),
        p,
    }
}

fn how(loc: &Loc, sales: &SpanSales, currency: Currency) -> Vec<String> {
    let mut lines = vec![loc.t("insight-sales-how-classes"), loc.t("insight-sales-how-sold")];
    for (key, minor) in [("insight-sales-how-unnamed", sales.unnamed_minor), ("insight-sales-how-unknown", sales.unknown_minor)] {
        if minor > 0 {
            lines.push(loc.ta(key, &[("amount", loc.amount_brief(minor, currency).into()), ("unit", loc.money_unit(currency).into())]));
        }
    }
    lines.push(loc.t("insight-sales-how-customers"));
    lines
}

/// The products as a file.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns = ["place", "code", "product", "category", "class", "sold", "share", "cumulated", "returned", "lines", "customers"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("insight-sales-column-{column}"))).to_vec()];
    let read = |after| req.ctx.run(product_sales::sales, asked.list(after, paging::AT_A_TIME));
    let put = |lines: &mut Vec<Vec<String>>, told: Sales| {
        let currency = told.found.map_or(Currency::IRR, |found| found.currency);
        let amount = |minor: i64| Money { minor, currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "");
        for one in told.items {
            lines.push(vec![
                one.place.to_string(),
                one.code,
                one.name,
                one.category.unwrap_or_default(),
                name_of(&loc, one.class),
                amount(one.sold_minor),
                format!("{:.6}", one.share),
                format!("{:.6}", one.cumulated_share),
                amount(one.returned_minor),
                one.lines.to_string(),
                one.customers.to_string(),
            ]);
        }
        told.next
    };
    paging::all(&mut lines, read, put).await?;
    Ok(super::csv_file("product-sales.csv", &lines).into_response())
}
