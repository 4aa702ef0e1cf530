//! What each product brings: classes A, B and C by sales, and on how few products the shop rests. Worked out by the job that
//! learns what is bought next, from the same look through all lines, and told as it is stored.

use super::findings::{self, Editions, Found};
use super::guard::{ShortOf, Shortage};
use crate::operation::page_size;
use crate::platform::jobs::{Outcome, QueuedJob};
use crate::platform::money::{Currency, Money};
use crate::sales::Product;
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Db, Id, Sql, ToValue, Value, row, sql};
use peyvand_stats::concentration::{Abc, abc, gini};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// The row of `findings`.
const NAME: &str = "product_sales";
/// The rows of products.
const SALES: Editions = Editions {
    insert: "INSERT INTO product_sales (edition, span, place, product_id, class, sold_minor, cumulated_minor, returned_minor, lines,
               customers) VALUES ",
    forget: || {
        sql("DELETE FROM product_sales WHERE (edition, span, place) IN
               (SELECT edition, span, place FROM product_sales WHERE edition <> $1 LIMIT $2)")
    },
};
/// Products without which there is nothing to tell apart.
const PRODUCTS: i64 = 10;
/// Shares of the sales where class A and class B end.
pub const CUTS: [f64; 2] = [0.80, 0.95];
/// Points of the curve: one for each hundredth of the products.
const POINTS: usize = 100;

peyvand_db::words! {
    /// The time of which sales are counted.
    pub enum Span {
        /// All that is known.
        All = "all",
        /// The year that ends with the last sale.
        Year = "year",
    }
}

peyvand_db::words! {
    /// Class of a product by sales.
    pub enum Class {
        /// The few that bring four fifths.
        A = "a",
        /// Those that bring up to 95 per cent.
        B = "b",
        /// The rest.
        C = "c",
    }
}

impl From<Abc> for Class {
    fn from(class: Abc) -> Class {
        match class {
            Abc::A => Class::A,
            Abc::B => Class::B,
            Abc::C => Class::C,
        }
    }
}

/// The first day of the year that ends with a day.
pub(super) fn year_before(until: Day) -> Day {
    until.plus(-364)
}

/// What a product brought: of all that is known, and of the last year.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brought {
    pub product: Id<Product>,
    /// Lines of what known customers bought.
    pub lines: [i64; 2],
    /// What these came to.
    pub sold_minor: [i64; 2],
    /// What was given back of it.
    pub returned_minor: [i64; 2],
    /// Customers who did not give all of it back.
    pub customers: [i64; 2],
}

/// The products of a class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductClass {
    /// Which class.
    pub class: Class,
    /// Products in it.
    pub products: i64,
    /// What they sold, in minor units.
    pub sold_minor: i64,
    /// Their share of all sales.
    pub share: f64,
    /// Place of the first of them.
    pub from_place: i64,
}

/// Sales of a time by product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpanSales {
    /// Which time.
    pub span: Span,
    /// Its first day; absent for all that is known.
    pub from_on: Option<Day>,
    /// Products that were sold.
    pub products: i64,
    /// What known customers bought of them, before what was given back, in minor units.
    pub sold_minor: i64,
    /// The classes, A first; one without products is left out.
    pub classes: Vec<ProductClass>,
    /// Share of the sales that the best 0, 1 … 100 per cent of the products bring, whole products, rounded down.
    pub curve: Vec<f64>,
    /// Gini coefficient: 0 where all products sell alike, towards 1 where one sells all.
    pub gini: f64,
    /// What known customers paid beside it without a product being named.
    pub unnamed_minor: i64,
    /// What unknown customers paid.
    pub unknown_minor: i64,
}

/// What was found out of all products.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductSales {
    /// Day of the last purchase in it; absent without any.
    pub until: Option<Day>,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Both times; none where there is too little.
    pub spans: Vec<SpanSales>,
    /// What there is too little of.
    pub missing: Vec<Shortage>,
}

/// A product with its place among all.
#[derive(Clone, Copy, Debug)]
struct Placed {
    brought: Brought,
    class: Class,
    cumulated_minor: i64,
}

/// Puts products in order and into classes: what concerns all, and each in its place.
fn ranked(span: Span, brought: &[Brought]) -> Result<Option<(SpanSales, Vec<Placed>)>> {
    let at = span as usize;
    let mut sold: Vec<Brought> = brought.iter().filter(|one| one.lines[at] > 0).copied().collect();
    let total: i64 = sold.iter().map(|one| one.sold_minor[at]).sum();
    if total <= 0 {
        return Ok(None);
    }
    sold.sort_by(|one, other| other.sold_minor[at].cmp(&one.sold_minor[at]).then(one.product.cmp(&other.product)));
    let revenues: Vec<f64> = sold.iter().map(|one| one.sold_minor[at] as f64).collect();
    let classes = abc(&revenues, CUTS[0], CUTS[1]).map_err(Error::fault)?;
    let mut sum = 0;
    let placed: Vec<Placed> = sold
        .into_iter()
        .zip(classes)
        .map(|(brought, class)| {
            sum += brought.sold_minor[at];
            Placed { brought, class: class.into(), cumulated_minor: sum }
        })
        .collect();
    let class = |class: &Class| {
        let first = placed.iter().position(|one| one.class == *class)?;
        let those = placed.iter().filter(|one| one.class == *class);
        let sold_minor: i64 = those.clone().map(|one| one.brought.sold_minor[at]).sum();
        Some(ProductClass {
            class: *class,
            products: those.count() as i64,
            sold_minor,
            share: sold_minor as f64 / total as f64,
            from_place: first as i64 + 1,
        })
    };
    let share_of_best = |percent: usize| {
        let products = placed.len() * percent / POINTS;
        products.checked_sub(1).map_or(0.0, |last| placed[last].cumulated_minor as f64 / total as f64)
    };
    let sales = SpanSales {
        span,
        from_on: None,
        products: placed.len() as i64,
        sold_minor: total,
        classes: Class::ALL.iter().filter_map(class).collect(),
        curve: (0..=POINTS).map(share_of_best).collect(),
        gini: gini(&revenues).map_err(Error::fault)?,
        unnamed_minor: 0,
        unknown_minor: 0,
    };
    Ok(Some((sales, placed)))
}

async fn last(db: &Db) -> Result<Option<Found<ProductSales>>> {
    findings::last(db, NAME).await
}

/// The part of the job: puts a new edition in the place of the last one.
pub(super) async fn keep(
    ctx: &Ctx,
    job: Id<QueuedJob>,
    stop: &watch::Receiver<bool>,
    hash: &str,
    (until, currency): (Option<Day>, Currency),
    brought: Vec<Brought>,
) -> Result<Outcome> {
    let db = &ctx.app.db;
    let before = last(db).await?;
    let edition = before.as_ref().map_or(0, |before| before.edition);
    // What a run left behind that was killed.
    SALES.forget(ctx, job, edition).await?;
    if before.is_some_and(|before| before.input_hash == hash) {
        return Ok(Outcome::Done);
    }
    let sold = brought.iter().filter(|one| one.lines[Span::All as usize] > 0).count() as i64;
    let mut found = ProductSales { until, currency, spans: Vec::new(), missing: Vec::new() };
    found.missing.extend(Shortage::unless(ShortOf::Products, sold, PRODUCTS));
    if let (Some(until), true) = (until, found.missing.is_empty()) {
        let thinking =
            tokio::task::spawn_blocking(move || Span::ALL.iter().map(|span| ranked(*span, &brought)).collect::<Result<Vec<_>>>());
        for (mut sales, placed) in thinking.await.map_err(Error::fault)??.into_iter().flatten() {
            sales.from_on = (sales.span == Span::Year).then(|| year_before(until));
            let (known, unknown) = paid(db, currency, sales.from_on).await?;
            sales.unnamed_minor = known - sales.sold_minor;
            sales.unknown_minor = unknown;
            let rows: Vec<Vec<Value>> = placed.iter().enumerate().map(|(at, one)| row_of(edition + 1, sales.span, at, one)).collect();
            if SALES.put(ctx, job, stop, rows).await? == Outcome::GoOn {
                return Ok(Outcome::GoOn);
            }
            found.spans.push(sales);
        }
    }
    findings::put(ctx, NAME, hash, edition + 1, &found).await?;
    SALES.forget(ctx, job, edition + 1).await?;
    Ok(Outcome::Done)
}

/// What known and unknown customers paid since a day.
async fn paid(db: &Db, currency: Currency, from: Option<Day>) -> Result<(i64, i64)> {
    let query = sql("SELECT CAST(COALESCE(SUM(up_minor) FILTER (WHERE is_known), 0) AS BIGINT),
           CAST(COALESCE(SUM(up_minor) FILTER (WHERE NOT is_known), 0) AS BIGINT)
         FROM purchase_days WHERE currency = $1 AND day >= $2");
    Ok(db.one(query.bind(currency).bind(from.unwrap_or(Day(jiff::civil::Date::ZERO)))).await?)
}

fn row_of(edition: i64, span: Span, at: usize, one: &Placed) -> Vec<Value> {
    let Brought { product, lines, sold_minor, returned_minor, customers } = one.brought;
    vec![
        edition.to_value(),
        span.to_value(),
        (at as i64 + 1).to_value(),
        product.to_value(),
        one.class.to_value(),
        sold_minor[span as usize].to_value(),
        one.cumulated_minor.to_value(),
        returned_minor[span as usize].to_value(),
        lines[span as usize].to_value(),
        customers[span as usize].to_value(),
    ]
}

/// Which products.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListSales {
    /// Of which time; of the last year unless given.
    pub span: Option<Span>,
    /// Only those of this class.
    pub class: Option<Class>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

row! {
    struct Stored {
        place: i64 = "n.place",
        product_id: Id<Product> = "n.product_id",
        code: String = "d.code",
        name: String = "d.name",
        category: Option<String> = "d.category",
        class: Class = "n.class",
        sold_minor: i64 = "n.sold_minor",
        cumulated_minor: i64 = "n.cumulated_minor",
        returned_minor: i64 = "n.returned_minor",
        lines: i64 = "n.lines",
        customers: i64 = "n.customers",
    }
}

/// What a product brought.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProductSale {
    /// Its place, 1 the best.
    pub place: i64,
    /// The product.
    pub product_id: Id<Product>,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: Option<String>,
    /// Its class.
    pub class: Class,
    /// What known customers bought of it, before what was given back, in minor units.
    pub sold_minor: i64,
    /// The same in major units.
    pub sold: String,
    /// Its share of all sales.
    pub share: f64,
    /// The share that it and all better ones have.
    pub cumulated_share: f64,
    /// What was given back of it in that time, in minor units.
    pub returned_minor: i64,
    /// The same in major units.
    pub returned: String,
    /// How often it was bought.
    pub lines: i64,
    /// Customers who bought it and did not give all of it back.
    pub customers: i64,
}

/// What products brought.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Sales {
    /// Of all products; absent before it was worked out for the first time.
    pub found: Option<ProductSales>,
    /// The time that was asked for; absent where there is too little.
    pub sales: Option<SpanSales>,
    /// When it was worked out.
    pub made_at: Option<Instant>,
    /// The products, the best first.
    pub items: Vec<ProductSale>,
    /// Pass as `after` to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What each product brought, with its class. Only for who sees all customers: it tells the sales of the shop.
///
/// # Errors
/// Without the right, or without the sight; for a cursor that is none.
pub async fn sales(ctx: &Ctx, input: ListSales) -> Result<Sales> {
    let perm = Perm(Room::Insight, Act::See);
    let reader = ctx.read(perm)?;
    if reader.sight != Sight::All {
        return Err(Error::Forbidden(perm));
    }
    let limit = page_size(input.limit)?;
    let after: i64 = match &input.after {
        Some(after) => after.parse().map_err(|_| Problem::new("after", "input-cursor"))?,
        None => 0,
    };
    let mut out = Sales { found: None, sales: None, made_at: None, items: Vec::new(), next: None };
    let Some(last) = last(reader.db).await? else { return Ok(out) };
    let span = input.span.unwrap_or(Span::Year);
    let sales = last.found.spans.iter().find(|sales| sales.span == span).cloned();
    (out.found, out.made_at) = (Some(last.found), Some(last.made_at));
    let Some(sales) = sales else { return Ok(out) };
    // A class is a stretch of places.
    let (from, until) = match input.class {
        None => (1, sales.products),
        Some(class) => {
            let of_class = sales.classes.iter().find(|one| one.class == class);
            of_class.map_or((1, 0), |one| (one.from_place, one.from_place + one.products - 1))
        }
    };
    let query = Sql::select::<Stored>(
        "FROM product_sales n JOIN products d ON d.id = n.product_id
         WHERE n.edition = $1 AND n.span = $2 AND n.place >= $3 AND n.place <= $4 ORDER BY n.place LIMIT $5",
    );
    let query = query.bind(last.edition).bind(span).bind(from.max(after.saturating_add(1))).bind(until).bind(limit + 1);
    let mut rows: Vec<Stored> = reader.db.all(query).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    out.next = rows.last().filter(|_| more).map(|last| last.place.to_string());
    let currency = out.found.as_ref().map_or(Currency::IRR, |found| found.currency);
    out.items = rows.into_iter().map(|row| told(row, sales.sold_minor, currency)).collect();
    out.sales = Some(sales);
    Ok(out)
}

fn told(row: Stored, total: i64, currency: Currency) -> ProductSale {
    let (share, text) = (|minor: i64| minor as f64 / total as f64, |minor: i64| Money { minor, currency }.decimal_string());
    ProductSale {
        share: share(row.sold_minor),
        cumulated_share: share(row.cumulated_minor),
        sold: text(row.sold_minor),
        returned: text(row.returned_minor),
        place: row.place,
        product_id: row.product_id,
        code: row.code,
        name: row.name,
        category: row.category,
        class: row.class,
        sold_minor: row.sold_minor,
        returned_minor: row.returned_minor,
        lines: row.lines,
        customers: row.customers,
    }
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "insight.abc",
        "GET /insight/product-sales",
        Some(Perm(Room::Insight, Act::See)),
        "What each product brought, with its class: A brings 80 per cent of the sales, B up to 95, C the rest.",
        sales,
    )
    .example(|| serde_json::json!({"span": "year", "class": "a", "limit": 20}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::refresh;
    use crate::insight::shop::{Sale, party, product, sell, shop};
    use crate::operation::Nothing;
    use crate::parties::list::{self, PartyFilters};
    use crate::platform::jobs;
    use crate::testing;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    async fn worked_out(ctx: &Ctx, input: ListSales) -> Sales {
        ctx.run(refresh::ask, Nothing {}).await.unwrap();
        jobs::drain(&ctx.app).await.unwrap();
        ctx.run(sales, input).await.unwrap()
    }

    fn of(span: Span, class: Option<Class>) -> ListSales {
        ListSales { span: Some(span), class, limit: Some(200), ..ListSales::default() }
    }

    /// All rows, page by page.
    async fn all(ctx: &Ctx, mut input: ListSales) -> Vec<ProductSale> {
        let mut items = Vec::new();
        loop {
            let page = ctx.run(sales, input.clone()).await.unwrap();
            items.extend(page.items);
            input.after = page.next;
            if input.after.is_none() {
                return items;
            }
        }
    }

    #[tokio::test]
    async fn products_of_online_retail_have_the_known_classes() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../stats/testdata/online_retail_products.txt");
        let text = std::fs::read_to_string(file).unwrap();
        let revenues: Vec<(u32, i64)> = text.lines().enumerate().map(|(at, pence)| (at as u32, pence.parse().unwrap())).collect();
        assert_eq!(revenues.len(), 3_665);
        // In two halves, by fifty customers.
        let half = |number: usize, on: Day, halve: fn(i64) -> i64| {
            let those: Vec<(u32, i64)> =
                revenues.iter().skip(number).step_by(50).map(|(product, pence)| (*product, halve(*pence))).collect();
            Sale::priced(on, &those)
        };
        let customer = |number: usize| {
            vec![half(number, day("2011-01-10"), |pence| pence / 2), half(number, day("2011-11-20"), |pence| pence - pence / 2)]
        };
        let ctx = shop(&(0..50).map(customer).collect::<Vec<_>>(), day("2011-12-10")).await;
        let told = worked_out(&ctx, of(Span::All, None)).await;
        let found = told.sales.unwrap();
        let classes: Vec<(Class, i64)> = found.classes.iter().map(|class| (class.class, class.products)).collect();
        assert_eq!(classes, [(Class::A, 777), (Class::B, 922), (Class::C, 1_966)]);
        let near = |got: f64, known: f64| assert!((got - known).abs() < 1e-6, "{got} instead of {known}");
        near(found.gini, 0.753428);
        for (class, known) in found.classes.iter().zip([0.800053, 0.150007, 0.04994]) {
            near(class.share, known);
        }
        // The best fifth is 733 products.
        near(found.curve[20], 0.786473);
        assert_eq!((found.curve[0], found.curve[100], found.sold_minor), (0.0, 1.0, 891_140_790));
        assert_eq!((found.unnamed_minor, found.unknown_minor), (0, 0));
        let rows = all(&ctx, of(Span::All, None)).await;
        assert_eq!(rows.iter().map(|row| row.place).collect::<Vec<_>>(), (1..=3_665).collect::<Vec<_>>());
        assert_eq!(rows[..3].iter().map(|row| row.sold_minor).collect::<Vec<_>>(), [16_846_960, 14_259_295, 10_060_350]);
        near(rows[776].cumulated_share, 0.800053);
        assert!(rows.iter().all(|row| (row.customers, row.lines) == (1, 2)), "each was bought twice by one customer");
        let of_b = all(&ctx, of(Span::All, Some(Class::B))).await;
        assert_eq!((of_b.len(), of_b[0].place, of_b[921].place), (922, 778, 1_699));
        assert!(of_b.iter().all(|row| row.class == Class::B));
        // Of a year that leaves the first half out.
        sell(&ctx, &[vec![Sale::of(day("2012-02-01"), &[0])]]).await;
        let mut later = ctx.clone();
        later.now = later.now.plus(90 * crate::platform::time::DAY);
        let year = worked_out(&later, of(Span::Year, None)).await;
        let of_year = year.sales.unwrap();
        assert_eq!(of_year.from_on, Some(day("2011-02-02")));
        let second: i64 = revenues.iter().map(|(_, pence)| pence - pence / 2).sum();
        assert_eq!(of_year.sold_minor, second + 100);
        assert_eq!(year.found.unwrap().spans[0].sold_minor, 891_140_790 + 100);
    }

    #[tokio::test]
    async fn returns_stand_beside_sales_and_customers_behind_a_product_are_listed() {
        let sale = |number: u32| vec![Sale::priced(day("2026-03-01"), &[(number % 12, 1_000 * i64::from(number % 12 + 1)), (20, 50_000)])];
        let ctx = shop(&(0..60).map(sale).collect::<Vec<_>>(), day("2026-06-01")).await;
        let mut tx = ctx.app.db.begin().await.unwrap();
        // One gives all back, one a part; an unknown customer and one without a product pay, too.
        for (number, quantity, minor) in [(3, -1.0, -50_000_i64), (4, -0.5, -25_000)] {
            let query =
                sql("INSERT INTO purchase_lines (id, purchase_id, party_id, product_id, day, quantity, unit_price_minor, discount_minor,
                   amount_minor, sign, currency)
                 SELECT $1, purchase_id, party_id, product_id, day, $2, unit_price_minor, 0, $3, -1, currency
                 FROM purchase_lines WHERE party_id = $4 AND product_id = $5");
            let query = query.bind(ctx.id::<()>()).bind(quantity).bind(minor).bind(party(number)).bind(product(20));
            tx.run(query).await.unwrap();
        }
        tx.run(sql("INSERT INTO purchase_days (day, currency, is_known, lines_up, lines_down, lines_zero, up_minor, down_minor)
             VALUES ('2026-03-02', 'IRR', FALSE, 1, 0, 0, 700, 0), ('2026-03-02', 'IRR', TRUE, 1, 0, 0, 900, 0)"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ctx.run(sales, ListSales::default()).await.unwrap().found, None);
        let told = worked_out(&ctx, ListSales::default()).await;
        let found = told.sales.unwrap();
        assert_eq!((found.span, found.products, found.unknown_minor, found.unnamed_minor), (Span::Year, 13, 700, 900));
        let best = &told.items[0];
        assert_eq!(
            (best.product_id, best.class, best.sold_minor, best.returned_minor),
            (Id::new(product(20)), Class::A, 3_000_000, 75_000)
        );
        assert_eq!((best.lines, best.customers, best.returned.as_str()), (60, 59, "750.00"));
        for row in &told.items {
            let behind = PartyFilters { products: Some(row.product_id.to_string()), ..PartyFilters::default() };
            assert_eq!(ctx.run(list::count, behind).await.unwrap().count, row.customers, "{row:?}");
        }
        assert!(ctx.run(sales, ListSales { after: Some("x".into()), ..ListSales::default() }).await.is_err());
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(matches!(agent.run(sales, ListSales::default()).await, Err(Error::Forbidden(_))), "the sales of the shop");

        // Nothing new: the same edition; what a killed run left is removed.
        let edition = async || -> (i64, i64) { ctx.app.db.one(sql("SELECT MIN(edition), MAX(edition) FROM product_sales")).await.unwrap() };
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql(
            "INSERT INTO product_sales (edition, span, place, product_id, class, sold_minor, cumulated_minor, returned_minor, lines,
               customers) SELECT 2, span, place, product_id, class, 0, 0, 0, 0, 0 FROM product_sales WHERE place < 4",
        ))
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ctx.run(sales, ListSales::default()).await.unwrap().items, told.items);
        sell(&ctx, &[vec![Sale::of(day("2026-05-01"), &[0])]]).await;
        let second = worked_out(&ctx, ListSales::default()).await;
        assert_eq!((edition().await, second.found.unwrap().until), ((2, 2), Some(day("2026-05-01"))));
    }

    #[tokio::test]
    async fn few_products_are_said_to_be_few() {
        let ctx = shop(&[vec![Sale::of(day("2026-03-01"), &[1, 2, 3])]], day("2026-06-01")).await;
        let told = worked_out(&ctx, ListSales::default()).await;
        let missing = &told.found.unwrap().missing[0];
        assert_eq!((missing.of, missing.have, missing.need), (ShortOf::Products, 3, 10));
        assert!(told.sales.is_none() && told.items.is_empty());
    }
}
