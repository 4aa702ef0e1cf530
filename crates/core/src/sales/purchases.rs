//! Purchases as they are listed and summed up; how they are entered is in [`super::enter`].

pub use super::enter::{EnterLine, Figures, NewPurchase, create, figures};

use super::Product;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::events::{cursor, cursor_at};
use crate::platform::money::{Currency, Money};
use crate::platform::time::Instant;
use crate::{Act, Ctx, Day, Error, Fields, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Db, Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Lines that one purchase may be entered with; a longer invoice comes in as a file.
pub(super) const LINES_MAX: usize = 500;
/// Lines of a purchase that a timeline shows.
const FIRST_LINES: i64 = 4;

/// A line of a purchase.
#[derive(Debug)]
pub enum PurchaseLine {}

row! {
    /// A purchase: one invoice, or one refund.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Purchase {
        /// Its id.
        pub id: Id<Purchase> = "q.id",
        /// Whose it is; absent for a sale to an unknown customer.
        pub party_id: Option<Id<Party>> = "q.party_id",
        /// Their name.
        pub party: Option<String> = "p.name",
        /// Number of the invoice.
        pub invoice: Option<String> = "q.invoice",
        /// When.
        pub at: Instant = "q.at",
        /// The day in the organisation's time zone.
        pub day: Day = "q.day",
        /// Currency of the amounts.
        pub currency: Currency = "q.currency",
        /// Sum of what was bought, in minor units.
        pub gross_minor: i64 = "q.gross_minor",
        /// Sum of what was given back, in minor units, not negative.
        pub refund_minor: i64 = "q.refund_minor",
        /// Number of lines.
        pub lines: i64 = "q.lines",
        /// Where it was sold.
        pub channel: Option<String> = "q.channel",
        /// Country of the sale.
        pub country: Option<String> = "q.country",
        /// A note.
        pub note: Option<String> = "q.note",
    }
}

impl Purchase {
    /// What remains after refunds, in minor units.
    #[must_use]
    pub fn net_minor(&self) -> i64 {
        self.gross_minor - self.refund_minor
    }
}

impl PurchaseWithLines {
    /// What remains to be paid after codes and credit, in minor units; below zero for what is to be paid out.
    #[must_use]
    pub fn to_pay_minor(&self) -> i64 {
        self.purchase.net_minor() - self.code_minor - self.credit_minor
    }
}

row! {
    /// A line of a purchase.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Line {
        /// Its id.
        pub id: Id<PurchaseLine> = "l.id",
        /// The purchase.
        pub purchase_id: Id<Purchase> = "l.purchase_id",
        /// The product.
        pub product_id: Option<Id<Product>> = "l.product_id",
        /// Its code.
        pub product: Option<String> = "d.code",
        /// Its name.
        pub product_name: Option<String> = "d.name",
        /// How many; negative for what comes back.
        pub quantity: f64 = "l.quantity",
        /// Price of one, in minor units.
        pub unit_price_minor: i64 = "l.unit_price_minor",
        /// Taken off, in minor units.
        pub discount_minor: i64 = "l.discount_minor",
        /// What the line comes to, in minor units.
        pub amount_minor: i64 = "l.amount_minor",
        /// For a refund: the line that it gives back.
        pub refund_of: Option<Id<PurchaseLine>> = "l.refund_of",
    }
}

/// A purchase with its lines.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PurchaseWithLines {
    /// The purchase.
    #[serde(flatten)]
    pub purchase: Purchase,
    /// Sum of what was bought, in major units.
    pub gross: String,
    /// Sum of what was given back, in major units.
    pub refunds: String,
    /// What remains, in major units.
    pub net: String,
    /// What came off by codes that were redeemed at it, in minor units; the amounts of the purchase are those before.
    pub code_minor: i64,
    /// What was paid with the customer's credit, in minor units; below zero for what returned to it.
    pub credit_minor: i64,
    /// What remains of the net amount after both, in major units.
    pub to_pay: String,
    /// Its lines, at most 500.
    pub items: Vec<Line>,
}

pub(super) async fn read(tx: &mut Tx, id: Id<Purchase>) -> Result<PurchaseWithLines> {
    let purchase: Purchase =
        tx.one(Sql::select::<Purchase>("FROM purchases q LEFT JOIN parties p ON p.id = q.party_id WHERE q.id = $1").bind(id)).await?;
    let items = tx.all(lines_of(id)).await?;
    let promised = tx.maybe(promised(&[id])).await?;
    Ok(with_lines(purchase, items, promised))
}

row! {
    /// What of a purchase was settled by what the customer had been promised.
    struct Promised {
        purchase_id: Id<Purchase> = "x.purchase_id",
        code_minor: i64 = "CAST(SUM(x.code_minor) AS BIGINT)",
        credit_minor: i64 = "CAST(SUM(x.credit_minor) AS BIGINT)",
    }
}

/// What came off purchases by codes, and what was paid with credit. A benefit goes to the customer's account and not off the price.
fn promised(purchases: &[Id<Purchase>]) -> Sql {
    let mut query = Sql::select::<Promised>(
        "FROM (SELECT purchase_id, redeemed_minor AS code_minor, 0 AS credit_minor FROM grants
               WHERE kind = 'discount' AND redeemed_minor IS NOT NULL AND purchase_id IN ",
    );
    query.list_padded(purchases);
    query.push(
        " UNION ALL SELECT purchase_id, 0, CASE WHEN kind = 'spent' THEN amount_minor ELSE -amount_minor END FROM ledger_journals
          WHERE kind IN ('spent', 'given_back') AND purchase_id IN ",
    );
    query.list_padded(purchases).push(") x GROUP BY x.purchase_id");
    query
}

fn lines_of(purchase: Id<Purchase>) -> Sql {
    let mut query = Sql::select::<Line>("FROM purchase_lines l LEFT JOIN products d ON d.id = l.product_id WHERE l.purchase_id = ");
    query.arg(purchase).push(" ORDER BY l.id LIMIT ").arg(LINES_MAX as i64);
    query
}

/// The first lines of each of several purchases.
fn first_lines_of(purchases: &[Id<Purchase>]) -> Sql {
    let mut query = Sql::select::<Line>(
        "FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t.purchase_id ORDER BY t.id) AS place FROM purchase_lines t
               WHERE t.purchase_id IN ",
    );
    query.list_padded(purchases).push(") l LEFT JOIN products d ON d.id = l.product_id WHERE l.place <= ").arg(FIRST_LINES);
    query.push(" ORDER BY l.id");
    query
}

fn with_lines(purchase: Purchase, items: Vec<Line>, promised: Option<Promised>) -> PurchaseWithLines {
    let text = |minor| Money { minor, currency: purchase.currency }.decimal_string();
    let (code_minor, credit_minor) = promised.map_or((0, 0), |promised| (promised.code_minor, promised.credit_minor));
    let to_pay = text(purchase.net_minor() - code_minor - credit_minor);
    let (gross, refunds, net) = (text(purchase.gross_minor), text(purchase.refund_minor), text(purchase.net_minor()));
    PurchaseWithLines { purchase, gross, refunds, net, code_minor, credit_minor, to_pay, items }
}

/// Purchases by id with their first lines, for those who have found the ids within their sight.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn by_ids(db: &Db, ids: &[Id<Purchase>]) -> Result<Vec<PurchaseWithLines>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Sql::select::<Purchase>("FROM purchases q LEFT JOIN parties p ON p.id = q.party_id WHERE q.id IN ");
    query.list_padded(ids);
    let purchases: Vec<Purchase> = db.all(query).await?;
    let mut lines: HashMap<Id<Purchase>, Vec<Line>> = HashMap::new();
    for line in db.all::<Line>(first_lines_of(ids)).await? {
        lines.entry(line.purchase_id).or_default().push(line);
    }
    let promises: Vec<Promised> = db.all(promised(ids)).await?;
    let mut promises: HashMap<Id<Purchase>, Promised> = promises.into_iter().map(|one| (one.purchase_id, one)).collect();
    Ok(purchases
        .into_iter()
        .map(|purchase| {
            let items = lines.remove(&purchase.id).unwrap_or_default();
            let promised = promises.remove(&purchase.id);
            with_lines(purchase, items, promised)
        })
        .collect())
}

/// Which purchase.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPurchase {
    /// Its id.
    pub id: Id<Purchase>,
}

/// One purchase with its lines.
///
/// # Errors
/// [`Error::NotFound`] when there is none within sight.
pub async fn get(ctx: &Ctx, input: GetPurchase) -> Result<PurchaseWithLines> {
    let reader = ctx.read(Perm(Room::Sales, Act::See))?;
    let mut query = Sql::select::<Purchase>("FROM purchases q LEFT JOIN parties p ON p.id = q.party_id WHERE 1 = 1");
    reader.sight.parties(&mut query);
    query.push(" AND q.id = ").arg(input.id);
    let purchase: Purchase = reader.db.maybe(query).await?.ok_or(Error::NotFound("purchase"))?;
    let items = reader.db.all(lines_of(input.id)).await?;
    let promised = reader.db.maybe(promised(&[input.id])).await?;
    Ok(with_lines(purchase, items, promised))
}

/// Which purchases.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPurchases {
    /// Only those of this party.
    pub party_id: Option<Id<Party>>,
    /// Only the one of this number.
    pub invoice: Option<String>,
    /// From this day on, in the caller's calendar.
    pub from: Option<String>,
    /// Up to and with this day, in the caller's calendar.
    pub until: Option<String>,
    /// Only sales to unknown customers (true) or to known ones (false).
    pub without_customer: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Purchases, newest first.
///
/// # Errors
/// Without the right, or for a day or a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListPurchases) -> Result<Page<Purchase>> {
    let reader = ctx.read(Perm(Room::Sales, Act::See))?;
    let limit = page_size(input.limit)?;
    let (from, until) = day_range(ctx, input.from.as_deref(), input.until.as_deref())?;
    let zone = ctx.app.organisation().await?.zone();
    let mut query = Sql::select::<Purchase>("FROM purchases q LEFT JOIN parties p ON p.id = q.party_id WHERE 1 = 1");
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND q.party_id = ").arg(party);
    }
    if let Some(invoice) = &input.invoice {
        query.push(" AND q.invoice = ").arg(invoice.trim());
    }
    match input.without_customer {
        Some(true) => {
            query.push(" AND q.party_id IS NULL");
        }
        Some(false) => {
            query.push(" AND q.party_id IS NOT NULL");
        }
        None => {}
    }
    if let Some(from) = from {
        query.push(" AND q.at >= ").arg(Instant::start_of(from, &zone));
    }
    if let Some(until) = until {
        query.push(" AND q.at < ").arg(Instant::start_of(until.plus(1), &zone));
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Purchase>(after)?;
        query.push(" AND (q.at, q.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY q.at DESC, q.id DESC LIMIT ").arg(limit + 1);
    let items: Vec<Purchase> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| cursor_at(last.at, last.id)))
}

/// Reads the two days of a range in the caller's calendar.
///
/// # Errors
/// At fields `from` and `until`.
pub(crate) fn day_range(ctx: &Ctx, from: Option<&str>, until: Option<&str>) -> Result<(Option<Day>, Option<Day>)> {
    let mut problems = Fields::default();
    let mut day = |text: Option<&str>, field: &'static str| {
        let text = text.map(str::trim).filter(|text| !text.is_empty())?;
        let read = crate::platform::calendar::parse_date(text, ctx.prefs.calendar, ctx.today().0);
        problems.take(read.map(Day).map_err(|problem| Problem::new(field, problem.key())))
    };
    let range = (day(from, "from"), day(until, "until"));
    problems.check()?;
    Ok(range)
}

/// Over what to sum up.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TotalsOf {
    /// From this day on, in the caller's calendar.
    pub from: Option<String>,
    /// Up to and with this day, in the caller's calendar.
    pub until: Option<String>,
    /// ISO 4217 code; the organisation's currency unless given, or the one most lines are in when there are none in it.
    pub currency: Option<String>,
}

/// Sums of purchases in one currency. Amounts as decimal text in major units and as integers of minor units.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Totals {
    /// The currency.
    pub currency: Currency,
    /// Known customers who bought something, in any currency: with at least one line of a positive amount, or of an amount
    /// of zero that is not the price's doing (paid with a gift card, taken off whole, an invoice stated as zero). Who only
    /// gave back, or only got what is priced at nothing, is not counted.
    pub customers: i64,
    /// Lines of known customers by which something was bought, as above.
    pub lines: i64,
    /// Sum of these lines.
    pub gross: String,
    /// The same in minor units.
    pub gross_minor: i64,
    /// Lines of known customers that give something back.
    pub refund_lines: i64,
    /// Sum of these lines, not negative.
    pub refunds: String,
    /// The same in minor units.
    pub refunds_minor: i64,
    /// Gross less refunds.
    pub net: String,
    /// The same in minor units.
    pub net_minor: i64,
    /// Lines of known customers that give something away: priced at nothing.
    pub zero_lines: i64,
    /// All lines of sales to unknown customers.
    pub lines_without_customer: i64,
    /// Sum of their positive amounts.
    pub gross_without_customer: String,
    /// The same in minor units.
    pub gross_without_customer_minor: i64,
    /// Sum of their negative amounts, not negative.
    pub refunds_without_customer: String,
    /// The same in minor units.
    pub refunds_without_customer_minor: i64,
    /// All lines.
    pub all_lines: i64,
    /// Other currencies that there are lines in.
    pub other_currencies: Vec<Currency>,
}

row! {
    struct Sum {
        currency: Currency = "t.currency",
        is_known: bool = "t.is_known",
        up: i64 = "CAST(SUM(t.lines_up) AS BIGINT)",
        down: i64 = "CAST(SUM(t.lines_down) AS BIGINT)",
        zero: i64 = "CAST(SUM(t.lines_zero) AS BIGINT)",
        up_minor: i64 = "CAST(SUM(t.up_minor) AS BIGINT)",
        down_minor: i64 = "CAST(SUM(t.down_minor) AS BIGINT)",
    }
}

/// Sums of purchases: read from the sums of the days that every write keeps. Who sees only a part of the customers gets
/// the sums of their purchases, and nothing of unknown customers.
///
/// # Errors
/// Without the right, or for a day or a currency that is none.
pub async fn totals(ctx: &Ctx, input: TotalsOf) -> Result<Totals> {
    let reader = ctx.read(Perm(Room::Sales, Act::See))?;
    let (from, until) = day_range(ctx, input.from.as_deref(), input.until.as_deref())?;
    let wanted = match input.currency.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
        None => None,
        Some(code) => Some(Currency::from_code(code).ok_or_else(|| Problem::new("currency", "purchases-currency-unknown"))?),
    };
    let whole = reader.sight == Sight::All;
    let days = |query: &mut Sql, column: &'static str| {
        if let Some(from) = from {
            query.push(" AND ").push(column).push(" >= ").arg(from);
        }
        if let Some(until) = until {
            query.push(" AND ").push(column).push(" <= ").arg(until);
        }
    };
    let mut sums = Sql::select::<Sum>("FROM ");
    if whole {
        sums.push("purchase_days t WHERE 1 = 1");
        days(&mut sums, "t.day");
    } else {
        sums.push(
            "(SELECT l.currency, TRUE AS is_known, CASE WHEN l.sign > 0 THEN 1 ELSE 0 END AS lines_up,
                CASE WHEN l.sign < 0 THEN 1 ELSE 0 END AS lines_down, CASE WHEN l.sign = 0 THEN 1 ELSE 0 END AS lines_zero,
                CASE WHEN l.amount_minor > 0 THEN l.amount_minor ELSE 0 END AS up_minor,
                CASE WHEN l.amount_minor < 0 THEN -l.amount_minor ELSE 0 END AS down_minor
              FROM parties p JOIN purchase_lines l ON l.party_id = p.id WHERE 1 = 1",
        );
        reader.sight.parties(&mut sums);
        days(&mut sums, "l.day");
        sums.push(") t");
    }
    sums.push(" GROUP BY t.currency, t.is_known");
    let sums: Vec<Sum> = reader.db.all(sums).await?;

    let mut count = sql("SELECT count(*) FROM parties p WHERE p.last_purchase_on > ''");
    reader.sight.parties(&mut count);
    if from.is_some() || until.is_some() {
        count.push(" AND EXISTS (SELECT 1 FROM purchase_lines l WHERE l.party_id = p.id AND l.sign > 0");
        days(&mut count, "l.day");
        count.push(")");
    }
    let (customers,): (i64,) = reader.db.one(count).await?;

    let home = ctx.app.organisation().await?.currency;
    let lines =
        |currency: Currency| -> i64 { sums.iter().filter(|sum| sum.currency == currency).map(|sum| sum.up + sum.down + sum.zero).sum() };
    let busiest = sums.iter().map(|sum| sum.currency).max_by_key(|currency| (*currency == home && lines(home) > 0, lines(*currency)));
    let currency = wanted.or(busiest).unwrap_or(home);
    let of = |known: bool| sums.iter().find(|sum| sum.currency == currency && sum.is_known == known);
    let figures = |known: bool| of(known).map_or((0, 0, 0, 0, 0), |sum| (sum.up, sum.down, sum.zero, sum.up_minor, sum.down_minor));
    let (up, down, zero, gross, refunds) = figures(true);
    let (other_up, other_down, other_zero, other_gross, other_refunds) = figures(false);
    let text = |minor| Money { minor, currency }.decimal_string();
    let mut other_currencies: Vec<Currency> = sums.iter().map(|sum| sum.currency).filter(|other| *other != currency).collect();
    other_currencies.sort_by_key(|currency| currency.code());
    other_currencies.dedup();
    Ok(Totals {
        currency,
        customers,
        lines: up,
        gross: text(gross),
        gross_minor: gross,
        refund_lines: down,
        refunds: text(refunds),
        refunds_minor: refunds,
        net: text(gross - refunds),
        net_minor: gross - refunds,
        zero_lines: zero,
        lines_without_customer: other_up + other_down + other_zero,
        gross_without_customer: text(other_gross),
        gross_without_customer_minor: other_gross,
        refunds_without_customer: text(other_refunds),
        refunds_without_customer_minor: other_refunds,
        all_lines: up + down + zero + other_up + other_down + other_zero,
        other_currencies,
    })
}

/// The operations of purchases.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Sales, Act::See));
    ops.add("purchases.create", "POST /purchases", Some(Perm(Room::Sales, Act::Create)), "Enters a purchase or a refund; a code is redeemed and credit used with it.", create)
        .example(|| serde_json::json!({"date": "1405/08/30", "key": "till-3-000184", "lines": [{"product": "A-12", "product_name": "چای ممتاز", "quantity": "2", "unit_price": "850000"}]}));
    ops.add("purchases.list", "GET /purchases", see, "Purchases, newest first.", list).example(|| serde_json::json!({"limit": 20}));
    ops.add("purchases.totals", "GET /purchases/totals", see, "Sums of purchases in one currency.", totals)
        .example(|| serde_json::json!({}));
    ops.add("purchases.get", "GET /purchases/{id}", see, "One purchase with its lines.", get);
}

#[cfg(test)]
#[path = "purchases_tests.rs"]
mod tests;
