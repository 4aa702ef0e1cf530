//! Purchases as they are entered, listed and summed up.

use super::Product;
use super::write::{self, Fate, NewLine};
use crate::advocacy::ledger;
use crate::experience::{codes, redeem};
use crate::interactions::moment;
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::money::{Currency, Money, MoneyUnit, NumberProblem, parse_decimal};
use crate::platform::text::clean_line;
use crate::platform::time::Instant;
use crate::{Act, Ctx, Day, Error, Fields, Operations, Perm, Problem, Result, Room, Sight};
use jiff::civil::Time;
use peyvand_db::{Db, Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Lines that one purchase may be entered with; a longer invoice comes in as a file.
const LINES_MAX: usize = 500;
/// Lines of a purchase that a timeline shows.
const FIRST_LINES: i64 = 4;
/// Characters of a name, a code, an invoice number.
const WORDS_MAX: usize = 200;
/// Characters of a note.
const NOTE_MAX: usize = 2_000;
/// Characters of the key of a request.
const KEY_MAX: usize = 100;

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

/// A line to be entered. Amounts are decimal text in major units, in any digits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterLine {
    /// Code of the product.
    pub product: Option<String>,
    /// Name of the product.
    pub product_name: Option<String>,
    /// Its category, which becomes that of the product.
    pub category: Option<String>,
    /// How many, 1 unless given; negative for what comes back.
    pub quantity: Option<String>,
    /// Price of one.
    pub unit_price: Option<String>,
    /// Taken off the line.
    pub discount: Option<String>,
    /// What the line comes to; quantity times price less discount unless given.
    pub amount: Option<String>,
    /// The line that this one gives back; found by customer and product when absent.
    pub refund_of: Option<Id<PurchaseLine>>,
}

/// A purchase to be entered. With one line, its fields may stand beside the others.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPurchase {
    /// Whose it is.
    pub party_id: Option<Id<Party>>,
    /// Whose it is, by any identity key, phone or code. Without both it is a sale to an unknown customer.
    pub customer: Option<String>,
    /// Number of the invoice.
    pub invoice: Option<String>,
    /// When, as a date in the caller's calendar or RFC 3339; now unless given.
    pub date: Option<String>,
    /// ISO 4217 code; the organisation's unless given.
    pub currency: Option<String>,
    /// Where it was sold.
    pub channel: Option<String>,
    /// Country of the sale.
    pub country: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// A code that the customer shows, to be redeemed at this purchase; without a customer it is a purchase of whose code it is.
    pub code: Option<String>,
    /// How much of it is paid with the customer's credit, as decimal text in major units: at most what there is, and what remains to be
    /// paid after the code. What comes back of a purchase later returns to the credit by its share.
    pub from_credit: Option<String>,
    /// A word of the caller's own for this purchase: sent again with it, it is entered once and answered as it was entered.
    pub key: Option<String>,
    /// The lines.
    #[serde(default)]
    pub lines: Vec<EnterLine>,
    /// Of one line: code of the product.
    pub product: Option<String>,
    /// Of one line: name of the product.
    pub product_name: Option<String>,
    /// Of one line: category of the product.
    pub category: Option<String>,
    /// Of one line: how many.
    pub quantity: Option<String>,
    /// Of one line: price of one.
    pub unit_price: Option<String>,
    /// Of one line: taken off.
    pub discount: Option<String>,
    /// Of one line: what it comes to.
    pub amount: Option<String>,
    /// Of one line: the line that it gives back.
    pub refund_of: Option<Id<PurchaseLine>>,
}

/// Quantity and amounts of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// How many.
    pub quantity: f64,
    /// Price of one, in minor units.
    pub unit_price_minor: i64,
    /// Taken off, in minor units.
    pub discount_minor: i64,
    /// What it comes to, in minor units.
    pub amount_minor: i64,
    /// Whether it is bought, given back or given away: see [`write::sign_of`].
    pub sign: i64,
}

/// Completes the figures of a line: the amount is quantity times price less discount unless it is given; the price
/// follows from the amount where it is missing. A discount makes the amount smaller, also that of a refund.
///
/// # Errors
/// The field and what is wrong with it; `amount` when neither amount nor price is given.
pub fn figures(
    quantity: Option<&str>,
    unit_price: Option<&str>,
    discount: Option<&str>,
    amount: Option<&str>,
    currency: Currency,
) -> Result<Figures, Problem> {
    use rust_decimal::Decimal;
    use rust_decimal::prelude::ToPrimitive;
    let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let wrong = |field: &'static str| move |problem: NumberProblem| Problem::new(field, problem.key());
    let money = |text: String, field: &'static str| Money::parse(&text, currency, MoneyUnit::Currency).map_err(wrong(field));
    let amount = given(amount).map(|text| money(text, "amount")).transpose()?;
    let unit_price = given(unit_price).map(|text| money(text, "unit_price")).transpose()?;
    let discount = given(discount).map(|text| money(text, "discount")).transpose()?.map_or(0, |discount| discount.minor);
    let default = if amount.is_some_and(|amount| amount.minor < 0) { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
    let quantity = given(quantity).map(|text| parse_decimal(&text).map_err(wrong("quantity"))).transpose()?.unwrap_or(default);
    let (amount_minor, unit_price_minor) = match (amount, unit_price) {
        (Some(amount), Some(price)) => (amount.minor, price.minor),
        (Some(amount), None) => {
            let price = (!quantity.is_zero()).then(|| (amount.major() / quantity).round_dp(12));
            let price = price.and_then(|price| Money::from_major(price, currency).ok());
            (amount.minor, price.map_or(0, |price| price.minor))
        }
        (None, Some(price)) => {
            let whole = Money::multiply(price.major(), quantity, currency).map_err(wrong("quantity"))?.minor;
            let off = if whole < 0 { -discount } else { discount };
            (whole.checked_sub(off).ok_or_else(|| Problem::new("discount", NumberProblem::TooLarge.key()))?, price.minor)
        }
        (None, None) => return Err(Problem::new("amount", "input-needed")),
    };
    let sign = write::sign_of(amount_minor.into(), quantity, unit_price.map(|price| price.minor.into()));
    let quantity = quantity.to_f64().ok_or_else(|| Problem::new("quantity", NumberProblem::TooLarge.key()))?;
    Ok(Figures { quantity, unit_price_minor, discount_minor: discount, amount_minor, sign })
}

/// Enters a purchase, or a refund when its amounts are negative. A code is redeemed and credit is used with it: all or nothing.
///
/// # Errors
/// For fields that cannot be read, an unknown customer, an invoice number that is taken, a key that another purchase was entered
/// with, a code that is refused, more credit than there is or than is to be paid.
pub async fn create(ctx: &Ctx, new: NewPurchase) -> Result<PurchaseWithLines> {
    let writer = ctx.write(Perm(Room::Sales, Act::Create))?;
    let organisation = ctx.app.organisation().await?;
    let mut problems = Fields::default();
    let mut line = |text: &Option<String>, field: &'static str, max: usize| -> Option<String> {
        let text = text.as_deref()?;
        match clean_line(text, max) {
            Ok(text) => Some(text).filter(|text| !text.is_empty()),
            Err(problem) => {
                problems.0.push(Problem::new(field, problem.key()).with("max", max));
                None
            }
        }
    };
    let invoice = line(&new.invoice, "invoice", WORDS_MAX);
    let channel = line(&new.channel, "channel", WORDS_MAX);
    let country = line(&new.country, "country", WORDS_MAX);
    let note = line(&new.note, "note", NOTE_MAX);
    let key = line(&new.key, "key", KEY_MAX);
    let single = EnterLine {
        product: new.product,
        product_name: new.product_name,
        category: new.category,
        quantity: new.quantity,
        unit_price: new.unit_price,
        discount: new.discount,
        amount: new.amount,
        refund_of: new.refund_of,
    };
    let entered = if new.lines.is_empty() { vec![single] } else { new.lines };
    let names: Vec<[Option<String>; 3]> = entered
        .iter()
        .map(|entered| {
            [
                line(&entered.product, "product", WORDS_MAX),
                line(&entered.product_name, "product_name", WORDS_MAX),
                line(&entered.category, "category", WORDS_MAX),
            ]
        })
        .collect();
    if entered.len() > LINES_MAX {
        problems.0.push(Problem::new("lines", "purchases-lines-too-many").with("max", LINES_MAX));
    }
    let currency = match new.currency.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
        None => organisation.currency,
        Some(code) => Currency::from_code(code).unwrap_or_else(|| {
            problems.add("currency", "purchases-currency-unknown");
            organisation.currency
        }),
    };
    let at = match new.date.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        None => ctx.now(),
        Some(text) => problems.take(moment(ctx, "date", text, Time::midnight())).unwrap_or(ctx.now()),
    };
    if at > ctx.now().plus(crate::platform::time::DAY) {
        problems.add("date", "interactions-at-future");
    }
    let code = match new.code.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
        None => None,
        Some(code) => problems.take(codes::read(code).map_err(|key| Problem::new("code", key))),
    };
    let from_credit = match new.from_credit.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let money = Money::parse(text, organisation.currency, MoneyUnit::Currency);
            problems.take(money.map_err(|problem| Problem::new("from_credit", problem.key()))).map(|money| money.minor)
        }
    };
    match from_credit {
        Some(minor) if minor < 0 => problems.add("from_credit", "ledger-above-zero"),
        Some(minor) if minor > 0 && currency != organisation.currency => problems.add("from_credit", "purchases-credit-currency"),
        _ => {}
    }
    let from_credit = from_credit.filter(|minor| *minor > 0);
    let many = entered.len() > 1;
    let mut lines = Vec::with_capacity(entered.len());
    for (position, (entered, [product, product_name, category])) in entered.iter().zip(names).enumerate() {
        let read = figures(
            entered.quantity.as_deref(),
            entered.unit_price.as_deref(),
            entered.discount.as_deref(),
            entered.amount.as_deref(),
            currency,
        );
        let read = read.map_err(|mut problem| {
            if many {
                problem.field = format!("lines.{position}.{}", problem.field).into();
            }
            problem
        });
        let Some(figures) = problems.take(read) else { continue };
        lines.push(NewLine {
            party: None,
            invoice: invoice.clone(),
            basket: Some(0),
            at,
            day: at.day(&organisation.zone()),
            currency,
            product,
            product_name,
            category,
            quantity: figures.quantity,
            unit_price_minor: figures.unit_price_minor,
            discount_minor: figures.discount_minor,
            amount_minor: figures.amount_minor,
            sign: figures.sign,
            channel: channel.clone(),
            country: country.clone(),
            note: note.clone(),
            refund_of: entered.refund_of,
            source_key: None,
        });
    }
    problems.check()?;

    let mut tx = writer.begin().await?;
    let named = whom::find(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?.map(|party| party.id);
    let party = match (named, &code) {
        (None, Some(code)) => redeem::owners(&mut tx, &writer.sight, &[code]).await?.remove(code),
        (named, _) => named,
    };
    if let Some(key) = &key
        && let Some(purchase) = entered_before(&mut tx, key, party, &lines).await?
    {
        return Ok(purchase);
    }
    if let Some(invoice) = &invoice {
        let taken: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM purchases WHERE invoice = $1").bind(invoice)).await?;
        if taken.is_some() {
            return Err(Error::Conflict(Fields(vec![Problem::new("invoice", "purchases-invoice-taken")])));
        }
    }
    for line in &mut lines {
        line.party = party;
        if let Some(original) = line.refund_of {
            write::check_refund(&mut tx, original, party).await?;
        }
    }
    let is_return = lines.iter().any(|line| line.amount_minor < 0);
    let written = write::insert_purchases(&mut tx, ctx, lines, None).await?;
    let Some(id) = written.purchases.first().copied().filter(|_| written.fates.iter().all(|fate| *fate == Fate::Added)) else {
        return Err(Error::Conflict(Fields(vec![Problem::new("invoice", "purchases-invoice-taken")])));
    };
    if let Some(key) = key {
        let query = sql("INSERT INTO purchase_keys (key, purchase_id) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING").bind(key).bind(id);
        if tx.run(query).await? == 0 {
            // The same request at the same moment; sent again, it finds what that one has entered.
            return Err(Error::Conflict(Fields(vec![Problem::new("key", "purchases-key-now")])));
        }
    }
    let data = serde_json::json!({"invoice": invoice});
    events::record(&mut tx, ctx, Event { kind: "purchase.created", party, subject: Some(id.0), data }).await?;
    if let Some(code) = &code {
        let key = Some(redeem::key_at(id, code));
        redeem::in_tx(&mut tx, ctx, &writer.sight, code, redeem::At { moment: at, key, whose: party, purchase: Some(id), total: None })
            .await?;
    }
    let mut purchase = read(&mut tx, id).await?;
    if let Some(minor) = from_credit {
        let party = party.ok_or_else(|| Error::invalid("from_credit", "purchases-credit-whose"))?;
        let to_pay = purchase.to_pay_minor();
        if minor > to_pay {
            let there = Money { minor: to_pay.max(0), currency }.format_with_unit(ctx.prefs.money_unit, ctx.prefs.digits, ctx.prefs.lang);
            return Err(Error::Conflict(Fields(vec![Problem::new("from_credit", "purchases-credit-above").with("there", there)])));
        }
        let using = ledger::Using { party, minor, purchase: Some(id), key: Some(&id.to_string()), note: None };
        ledger::spend_in_tx(&mut tx, ctx, &writer.sight, using).await.map_err(at_credit)?;
        purchase = read(&mut tx, id).await?;
    }
    if is_return {
        ledger::return_in_tx(&mut tx, ctx, &[id]).await?;
        purchase = read(&mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(purchase)
}

/// What a key had entered before: the same purchase, or another one, which is refused.
async fn entered_before(tx: &mut Tx, key: &str, party: Option<Id<Party>>, lines: &[NewLine]) -> Result<Option<PurchaseWithLines>> {
    let found: Option<(Id<Purchase>,)> = tx.maybe(sql("SELECT purchase_id FROM purchase_keys WHERE key = $1").bind(key)).await?;
    let Some((id,)) = found else { return Ok(None) };
    let before = read(tx, id).await?;
    let sum = |of: fn(i64) -> i64| lines.iter().map(|line| of(line.amount_minor)).sum::<i64>();
    let (gross, refund) = (sum(|minor| minor.max(0)), sum(|minor| -minor.min(0)));
    let it = &before.purchase;
    if (it.party_id, it.gross_minor, it.refund_minor) != (party, gross, refund) {
        return Err(Error::Conflict(Fields(vec![Problem::new("key", "purchases-key-used")])));
    }
    Ok(Some(before))
}

/// What the ledger refuses, told at the field of the purchase.
fn at_credit(error: Error) -> Error {
    let moved = |fields: Fields| Fields(fields.0.into_iter().map(|problem| Problem { field: "from_credit".into(), ..problem }).collect());
    match error {
        Error::Invalid(fields) => Error::Invalid(moved(fields)),
        Error::Conflict(fields) => Error::Conflict(moved(fields)),
        error => error,
    }
}

async fn read(tx: &mut Tx, id: Id<Purchase>) -> Result<PurchaseWithLines> {
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
mod tests {
    use super::*;
    use crate::testing;

    fn figures_of(quantity: &str, price: &str, discount: &str, amount: &str) -> Result<(f64, i64, i64), String> {
        fn text(text: &str) -> Option<&str> {
            Some(text).filter(|text| !text.is_empty())
        }
        let pounds = Currency::from_code("GBP").unwrap();
        figures(text(quantity), text(price), text(discount), text(amount), pounds)
            .map(|figures| (figures.quantity, figures.unit_price_minor, figures.amount_minor))
            .map_err(|problem| problem.field.into_owned())
    }

    #[test]
    fn what_is_missing_in_a_line_follows_from_the_rest() {
        assert_eq!(figures_of("6", "2.55", "", ""), Ok((6.0, 255, 1530)));
        assert_eq!(figures_of("-6", "2.55", "", ""), Ok((-6.0, 255, -1530)));
        assert_eq!(figures_of("2", "10", "5", ""), Ok((2.0, 1000, 1500)));
        assert_eq!(figures_of("-2", "10", "5", ""), Ok((-2.0, 1000, -1500)));
        assert_eq!(figures_of("۴", "", "", "۱۰"), Ok((4.0, 250, 1000)));
        assert_eq!(figures_of("", "", "", "-7"), Ok((-1.0, 700, -700)));
        assert_eq!(figures_of("0", "", "", "7"), Ok((0.0, 0, 700)));
        assert_eq!(figures_of("1", "", "", ""), Err("amount".into()));
        assert_eq!(figures_of("x", "1", "", ""), Err("quantity".into()));
    }

    fn buy(party: Option<Id<Party>>, product: &str, amount: &str) -> NewPurchase {
        NewPurchase { party_id: party, product: Some(product.into()), amount: Some(amount.into()), ..Default::default() }
    }

    async fn facts(ctx: &Ctx, party: Id<Party>) -> (i64, i64, String, String, String) {
        let query = sql("SELECT purchases, spent_minor, first_purchase_on, last_purchase_on, role FROM parties WHERE id = $1").bind(party);
        ctx.app.db.one(query).await.unwrap()
    }

    async fn sums(ctx: &Ctx) -> (i64, i64, String, String, String, i64) {
        let totals = ctx.run(totals, TotalsOf::default()).await.unwrap();
        (totals.customers, totals.lines, totals.gross, totals.refunds, totals.net, totals.lines_without_customer)
    }

    #[tokio::test]
    async fn a_purchase_makes_a_customer_and_its_return_gives_the_line_back() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let new = NewPurchase { date: Some("1405/8/20".into()), invoice: Some("F1".into()), ..buy(Some(party), "A-1", "1000") };
        let bought = ctx.run(create, new).await.unwrap();
        assert_eq!((bought.gross.as_str(), bought.items[0].product.as_deref()), ("1000.00", Some("A-1")));
        assert_eq!(facts(&ctx, party).await, (1, 100_000, "2026-11-11".into(), "2026-11-11".into(), "customer".into()));
        let back = ctx.run(create, buy(Some(party), "A-1", "-400")).await.unwrap();
        assert_eq!(back.items[0].refund_of, Some(bought.items[0].id));
        assert_eq!(facts(&ctx, party).await, (1, 60_000, "2026-11-11".into(), "2026-11-11".into(), "customer".into()));
        assert_eq!(sums(&ctx).await, (1, 1, "1000.00".into(), "400.00".into(), "600.00".into(), 0));
        let taken = ctx.run(create, NewPurchase { invoice: Some("F1".into()), ..buy(None, "A-1", "5") }).await;
        assert!(matches!(taken, Err(Error::Conflict(_))));
    }

    #[tokio::test]
    async fn a_refund_names_the_line_it_gives_back_and_only_one_of_the_same_customer() {
        let ctx = testing::ctx().await;
        let (party, other) = (testing::party(&ctx, "سارا").await, testing::party(&ctx, "رضا").await);
        let bought = ctx.run(create, buy(Some(party), "A-1", "1000")).await.unwrap().items[0].id;
        ctx.run(create, buy(Some(party), "A-1", "1000")).await.unwrap();
        let back = ctx.run(create, NewPurchase { refund_of: Some(bought), ..buy(Some(party), "A-1", "-400") }).await.unwrap();
        assert_eq!(back.items[0].refund_of, Some(bought), "not the newer one");
        for (whose, line) in [(other, bought), (party, back.items[0].id), (party, ctx.id())] {
            let refused = ctx.run(create, NewPurchase { refund_of: Some(line), ..buy(Some(whose), "A-1", "-1") }).await;
            assert!(matches!(refused, Err(Error::NotFound("purchase_line"))));
        }
    }

    #[tokio::test]
    async fn a_purchase_that_is_sent_twice_with_a_key_is_entered_once() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let new =
            |amount: &str| NewPurchase { key: Some("till-3-1".into()), invoice: Some("F1".into()), ..buy(Some(party), "A-1", amount) };
        let first = ctx.run(create, new("1000")).await.unwrap();
        let again = ctx.run(create, new("1000")).await.unwrap();
        assert_eq!((again.purchase.id, again.gross.as_str()), (first.purchase.id, "1000.00"));
        assert_eq!(sums(&ctx).await, (1, 1, "1000.00".into(), "0.00".into(), "1000.00".into(), 0));
        let Err(Error::Conflict(other)) = ctx.run(create, new("900")).await else { panic!("another purchase with the key of the first") };
        assert_eq!((other.0[0].field.as_ref(), other.0[0].key.as_ref()), ("key", "purchases-key-used"));
    }

    #[tokio::test]
    async fn of_two_requests_with_a_key_at_one_moment_one_enters_the_purchase() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let new = || NewPurchase { key: Some("till-3-2".into()), ..buy(Some(party), "A-1", "1000") };
        let (one, other) = tokio::join!(ctx.run(create, new()), ctx.run(create, new()));
        let found = match (one, other) {
            (Ok(one), Ok(other)) => [Some(one), Some(other)],
            (Ok(one), Err(Error::Conflict(_))) | (Err(Error::Conflict(_)), Ok(one)) => [Some(one), None],
            (one, other) => panic!("{one:?} {other:?}"),
        };
        let ids: std::collections::BTreeSet<_> = found.iter().flatten().map(|one| one.purchase.id).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(facts(&ctx, party).await.0, 1);
    }

    #[tokio::test]
    async fn a_sale_to_nobody_known_is_counted_apart() {
        let ctx = testing::ctx().await;
        ctx.run(create, buy(None, "A-1", "1000")).await.unwrap();
        assert_eq!(sums(&ctx).await, (0, 0, "0.00".into(), "0.00".into(), "0.00".into(), 1));
    }

    #[tokio::test]
    async fn an_agent_sees_the_sums_of_their_own_customers_alone() {
        let owner = testing::ctx().await;
        let agent = testing::as_post(&owner.app, "agent", "sara").await;
        let (mine, theirs) = (testing::party(&agent, "mine").await, testing::party(&owner, "theirs").await);
        agent.run(create, buy(Some(mine), "A", "10")).await.unwrap();
        owner.run(create, buy(Some(theirs), "A", "100")).await.unwrap();
        owner.run(create, buy(None, "A", "1000")).await.unwrap();
        assert_eq!(sums(&agent).await, (1, 1, "10.00".into(), "0.00".into(), "10.00".into(), 0));
        assert_eq!(sums(&owner).await, (2, 2, "110.00".into(), "0.00".into(), "110.00".into(), 1));
        assert_eq!(agent.run(list, ListPurchases::default()).await.unwrap().items.len(), 1);
        assert!(agent.run(create, buy(Some(theirs), "A", "1")).await.is_err());
    }

    #[tokio::test]
    async fn a_range_of_days_and_a_currency_narrow_the_sums() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        ctx.run(create, NewPurchase { date: Some("1405/8/1".into()), ..buy(Some(party), "A", "10") }).await.unwrap();
        ctx.run(create, NewPurchase { currency: Some("GBP".into()), ..buy(Some(party), "A", "7") }).await.unwrap();
        let early = ctx.run(totals, TotalsOf { until: Some("1405/8/2".into()), ..Default::default() }).await.unwrap();
        assert_eq!((early.gross.as_str(), early.customers, early.other_currencies.len()), ("10.00", 1, 0));
        let pounds = ctx.run(totals, TotalsOf { currency: Some("gbp".into()), ..Default::default() }).await.unwrap();
        assert_eq!((pounds.gross.as_str(), pounds.other_currencies), ("7.00", vec![Currency::IRR]));
        // What was spent is kept in the organisation's currency alone.
        assert_eq!(facts(&ctx, party).await.1, 1000);
    }
}
