//! Learns what is bought next: reads what everybody bought, and puts a new edition of pairs in the place of the last one;
//! what each product brought is counted in the same look through all lines, and what is bought together found beside. Where purchases have not changed it does nothing.
//!
//! Memory grows with the different products of each customer, four bytes each and twice for those who came back, not with
//! lines: about 100 MB for a million customers of eight products.

use super::baskets;
use super::findings::{self, Editions, Found, RENEW_ROWS};
use super::guard::Shortage;
use super::next_product::{self, Histories, Judgement, Pair};
use super::product_sales::{self, Brought};
use crate::parties::Party;
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::platform::money::Currency;
use crate::sales::Product;
use crate::{Ctx, Day, Error, Result};
use futures_util::StreamExt;
use peyvand_db::{Db, Id, Sql, ToValue, Value, row, sql, unindexed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tokio::sync::watch;

/// The row of `findings`.
const NAME: &str = "next_products";
/// The pairs.
const PAIRS: Editions = Editions {
    insert: "INSERT INTO next_products (edition, antecedent_id, consequent_id, together, with_antecedent, with_consequent, low, high,
               likeness, amount_minor, by_certainty, by_worth) VALUES ",
    forget: || {
        sql("DELETE FROM next_products WHERE (edition, antecedent_id, consequent_id) IN
               (SELECT edition, antecedent_id, consequent_id FROM next_products WHERE edition <> $1 LIMIT $2)")
    },
};
/// Of the way from purchases to pairs; another number learns anew though no purchase changed.
const VERSION: &str = "next products 2";

/// What was learned, and from how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Learning {
    /// Day of the last purchase in it; absent without any.
    pub until: Option<Day>,
    /// Customers who bought a product.
    pub customers: i64,
    /// Those of them who bought on two days or more.
    pub returners: i64,
    /// Products that were bought.
    pub products: i64,
    /// Pairs kept.
    pub pairs: i64,
    /// Customers who must have bought both products of a pair.
    pub together: i64,
    /// Currency of the amounts.
    pub currency: Currency,
    /// How well it foresees; absent where there is too little.
    pub judgement: Option<Judgement>,
    /// What there is too little of; no pairs are kept until it is enough.
    pub missing: Vec<Shortage>,
}

/// What was learned last, if anything.
pub(super) async fn last(db: &Db) -> Result<Option<Found<Learning>>> {
    findings::last(db, NAME).await
}

/// The part of the job.
pub(super) async fn learn(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let db = &ctx.app.db;
    let currency = ctx.app.organisation().await?.currency;
    let until = last_sale(db).await?;
    let way = format!("{VERSION} {}", currency.code());
    let hash = findings::fingerprint(db, &way, until.unwrap_or(Day(jiff::civil::Date::ZERO))).await?;
    let before = last(db).await?;
    let edition = before.as_ref().map_or(0, |before| before.edition);
    // What a run left behind that was killed.
    PAIRS.forget(ctx, job, edition).await?;
    if before.is_some_and(|before| before.input_hash == hash) {
        return Ok(Outcome::Done);
    }
    let year = until.map(product_sales::year_before);
    let lines = jobs::keep(&ctx.app, job, stop, lines_of(db, currency, year)).await?;
    let Some(lines) = lines.transpose()? else { return Ok(Outcome::GoOn) };
    let amounts: HashMap<Id<Product>, i64> = lines.iter().map(|one| (one.product_id, one.up_minor / one.lines_up.max(1))).collect();
    if baskets::keep(ctx, job, stop, &hash, currency, &amounts).await? == Outcome::GoOn {
        return Ok(Outcome::GoOn);
    }
    let Some(Gathering { products, histories, buyers, .. }) = read(ctx, job, stop, year).await? else { return Ok(Outcome::GoOn) };
    let buyers: HashMap<Id<Product>, [i64; 2]> = products.iter().copied().zip(buyers).collect();
    let brought = lines.into_iter().map(|one| one.brought(&buyers)).collect();
    if product_sales::keep(ctx, job, stop, &hash, (until, currency), brought).await? == Outcome::GoOn {
        return Ok(Outcome::GoOn);
    }
    let (customers, returners) = (histories.whole.len() as i64, histories.cases.len() as i64);
    let thinking = tokio::task::spawn_blocking(move || next_product::learn(&histories));
    let Some(learned) = jobs::keep(&ctx.app, job, stop, thinking).await? else { return Ok(Outcome::GoOn) };
    let learned = learned.map_err(Error::fault)??;
    let mut found = Learning {
        until,
        customers,
        returners,
        products: products.len() as i64,
        pairs: 0,
        together: 0,
        currency,
        judgement: None,
        missing: Vec::new(),
    };
    match learned {
        Ok(learned) => {
            found.pairs = learned.pairs.len() as i64;
            found.together = learned.together as i64;
            found.judgement = Some(learned.judgement);
            let amount_of = |product: u32| amounts.get(&products[product as usize]).copied().unwrap_or_default();
            let rows = rows(edition + 1, &learned.pairs, &products, amount_of);
            if PAIRS.put(ctx, job, stop, rows).await? == Outcome::GoOn {
                return Ok(Outcome::GoOn);
            }
        }
        Err(missing) => found.missing = missing,
    }
    findings::put(ctx, NAME, &hash, edition + 1, &found).await?;
    PAIRS.forget(ctx, job, edition + 1).await?;
    db.analyze_grown().await?;
    Ok(Outcome::Done)
}

/// The last day on which a known customer bought something.
async fn last_sale(db: &Db) -> Result<Option<Day>> {
    let (last,): (Option<Day>,) = db.one(sql("SELECT MAX(day) FROM purchase_days WHERE is_known AND lines_up > 0")).await?;
    Ok(last)
}

row! {
    struct Held {
        party_id: Id<Party> = "l.party_id",
        product_id: Id<Product> = "l.product_id",
        first_on: Day = "MIN(l.day) FILTER (WHERE l.sign > 0)",
        last_on: Day = "MAX(l.day) FILTER (WHERE l.sign > 0)",
    }
}

/// Puts what customers hold, in their order, together.
#[derive(Default)]
struct Gathering {
    numbers: HashMap<Id<Product>, u32>,
    products: Vec<Id<Product>>,
    /// Of each product, how many bought it: ever, and on `year` or later.
    buyers: Vec<[i64; 2]>,
    year: Option<Day>,
    histories: Histories,
    now: Option<Id<Party>>,
    held: Vec<(u32, Day, Day)>,
}

impl Gathering {
    fn add(&mut self, held: &Held) {
        if self.now != Some(held.party_id) {
            self.close();
            self.now = Some(held.party_id);
        }
        let (products, buyers) = (&mut self.products, &mut self.buyers);
        let number = *self.numbers.entry(held.product_id).or_insert_with(|| {
            products.push(held.product_id);
            buyers.push([0, 0]);
            products.len() as u32 - 1
        });
        let [ever, lately] = &mut self.buyers[number as usize];
        *ever += 1;
        *lately += i64::from(self.year.is_none_or(|year| held.last_on >= year));
        self.held.push((number, held.first_on, held.last_on));
    }

    fn close(&mut self) {
        self.held.sort_unstable();
        let Some(end) = self.held.iter().map(|held| held.2).max() else { return };
        let those =
            |fits: &dyn Fn(&(u32, Day, Day)) -> bool| self.held.iter().filter(|held| fits(held)).map(|held| held.0).collect::<Vec<u32>>();
        let before = those(&|held| held.1 < end);
        if !before.is_empty() {
            let then = those(&|held| held.2 == end);
            self.histories.cases.push((before, then));
        }
        self.histories.whole.push(those(&|_| true));
        self.held.clear();
    }
}

/// What each customer bought and did not give back whole; `None` when the program stops meanwhile.
async fn read(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>, year: Option<Day>) -> Result<Option<Gathering>> {
    let query = Sql::select::<Held>(
        "FROM purchase_lines l WHERE l.party_id IS NOT NULL AND l.product_id IS NOT NULL GROUP BY l.party_id, l.product_id
         HAVING COUNT(*) FILTER (WHERE l.sign > 0) > 0 AND SUM(l.quantity) > 0 ORDER BY l.party_id, l.product_id",
    );
    let mut gathering = Gathering { year, ..Gathering::default() };
    let mut rows = std::pin::pin!(ctx.app.db.each::<Held>(query));
    let mut read = 0;
    while let Some(held) = rows.next().await {
        gathering.add(&held?);
        read += 1;
        if read % RENEW_ROWS == 0 {
            if *stop.borrow() {
                return Ok(None);
            }
            jobs::renew(&ctx.app, job).await?;
        }
    }
    gathering.close();
    gathering.histories.products = gathering.products.len();
    Ok(Some(gathering))
}

row! {
    /// Lines of a product. What a line came to on average stands for the margin: no costs are known. known_: of known
    /// customers; lately_: on `$2` or later.
    struct LinesOf {
        product_id: Id<Product> = "l.product_id",
        lines_up: i64 = "COUNT(*) FILTER (WHERE l.sign > 0)",
        up_minor: i64 = "CAST(COALESCE(SUM(l.amount_minor) FILTER (WHERE l.sign > 0), 0) AS BIGINT)",
        known_lines: i64 = "COUNT(*) FILTER (WHERE l.sign > 0 AND l.party_id IS NOT NULL)",
        known_minor: i64 = "CAST(COALESCE(SUM(l.amount_minor) FILTER (WHERE l.sign > 0 AND l.party_id IS NOT NULL), 0) AS BIGINT)",
        known_back: i64 = "CAST(COALESCE(SUM(-l.amount_minor) FILTER (WHERE l.sign < 0 AND l.party_id IS NOT NULL), 0) AS BIGINT)",
        lately_lines: i64 = "COUNT(*) FILTER (WHERE l.sign > 0 AND l.party_id IS NOT NULL AND l.day >= $2)",
        lately_minor: i64 = "CAST(COALESCE(SUM(l.amount_minor) FILTER (WHERE l.sign > 0 AND l.party_id IS NOT NULL AND l.day >= $2), 0) AS BIGINT)",
        lately_back: i64 = "CAST(COALESCE(SUM(-l.amount_minor) FILTER (WHERE l.sign < 0 AND l.party_id IS NOT NULL AND l.day >= $2), 0) AS BIGINT)",
    }
}

impl LinesOf {
    fn brought(self, buyers: &HashMap<Id<Product>, [i64; 2]>) -> Brought {
        Brought {
            product: self.product_id,
            lines: [self.known_lines, self.lately_lines],
            sold_minor: [self.known_minor, self.lately_minor],
            returned_minor: [self.known_back, self.lately_back],
            customers: buyers.get(&self.product_id).copied().unwrap_or_default(),
        }
    }
}

/// The lines of each product, put together.
async fn lines_of(db: &Db, currency: Currency, year: Option<Day>) -> Result<Vec<LinesOf>> {
    // The lines of a product lie scattered over years.
    let query = Sql::select::<LinesOf>(concat!(
        "FROM (SELECT ",
        unindexed!("product_id"),
        " AS product_id, party_id, day, sign, amount_minor, currency FROM purchase_lines) l
         WHERE l.product_id IS NOT NULL AND l.currency = $1 GROUP BY l.product_id ORDER BY l.product_id",
    ));
    Ok(db.all(query.bind(currency).bind(year.unwrap_or(Day(jiff::civil::Date::ZERO)))).await?)
}

/// Pairs as they are stored, each with its places in both orders.
fn rows(edition: i64, pairs: &[Pair], products: &[Id<Product>], amount_of: impl Fn(u32) -> i64) -> Vec<Vec<Value>> {
    let worth = |pair: &Pair| pair.low * amount_of(pair.consequent) as f64;
    let places = |by: &dyn Fn(&Pair) -> f64| {
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_by(|one, other| {
            let (a, b) = (&pairs[*one], &pairs[*other]);
            let ids = |pair: &Pair| (products[pair.antecedent as usize], products[pair.consequent as usize]);
            by(b).total_cmp(&by(a)).then(b.together.cmp(&a.together)).then_with(|| ids(a).cmp(&ids(b)))
        });
        let mut places = vec![0_i64; pairs.len()];
        order.iter().enumerate().for_each(|(place, at)| places[*at] = place as i64 + 1);
        places
    };
    let (by_certainty, by_worth) = (places(&|pair| pair.low), places(&worth));
    let row = |(at, pair): (usize, &Pair)| {
        vec![
            edition.to_value(),
            products[pair.antecedent as usize].to_value(),
            products[pair.consequent as usize].to_value(),
            (pair.together as i64).to_value(),
            (pair.with_antecedent as i64).to_value(),
            (pair.with_consequent as i64).to_value(),
            pair.low.to_value(),
            pair.high.to_value(),
            pair.likeness.to_value(),
            amount_of(pair.consequent).to_value(),
            by_certainty[at].to_value(),
            by_worth[at].to_value(),
        ]
    };
    pairs.iter().enumerate().map(row).collect()
}
