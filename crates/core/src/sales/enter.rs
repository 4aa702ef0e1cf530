//! Entering a purchase or a refund, with the code that a customer shows and the credit they pay with.

use super::purchases::{LINES_MAX, Purchase, PurchaseLine, PurchaseWithLines, read};
use super::write::{self, Fate, NewLine};
use crate::advocacy::ledger;
use crate::context::Writer;
use crate::experience::{codes, redeem};
use crate::interactions::moment;
use crate::parties::{Party, whom};
use crate::platform::events::{self, Event};
use crate::platform::money::{Currency, Money, MoneyUnit, NumberProblem, parse_decimal};
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Error, Fields, Instant, Perm, Problem, Result, Room};
use jiff::civil::Time;
use peyvand_db::{Id, Tx, sql};
use schemars::JsonSchema;
use serde::Deserialize;

/// Characters of a name, a code, an invoice number.
const WORDS_MAX: usize = 200;
/// Characters of a note.
const NOTE_MAX: usize = 2_000;
/// Characters of the key of a request.
const KEY_MAX: usize = 100;

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
    let asked = read_fields(ctx, new).await?;
    match (enter(ctx, &writer, &asked).await, &asked.key) {
        // What is in the way may be the same request, sent at the same moment.
        (Err(error @ Error::Conflict(_)), Some(key)) => {
            let mut tx = writer.begin().await?;
            let party = whose(&mut tx, ctx, &writer, &asked).await?;
            entered_before(&mut tx, key, party, &asked).await?.ok_or(error)
        }
        (entered, _) => entered,
    }
}

/// A purchase whose fields were read.
struct Asked {
    party_id: Option<Id<Party>>,
    customer: Option<String>,
    key: Option<String>,
    invoice: Option<String>,
    code: Option<String>,
    currency: Currency,
    at: Instant,
    /// In minor units, above zero.
    from_credit: Option<i64>,
    lines: Vec<NewLine>,
}

async fn read_fields(ctx: &Ctx, new: NewPurchase) -> Result<Asked> {
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
    Ok(Asked { party_id: new.party_id, customer: new.customer, key, invoice, code, currency, at, from_credit, lines })
}

/// Whose it is: who is named, or else whose code is shown.
async fn whose(tx: &mut Tx, ctx: &Ctx, writer: &Writer<'_>, asked: &Asked) -> Result<Option<Id<Party>>> {
    let named = whom::find(tx, ctx, &writer.sight, asked.party_id, asked.customer.as_deref()).await?.map(|party| party.id);
    Ok(match (named, &asked.code) {
        (None, Some(code)) => redeem::owners(tx, &writer.sight, &[code]).await?.remove(code),
        (named, _) => named,
    })
}

async fn enter(ctx: &Ctx, writer: &Writer<'_>, asked: &Asked) -> Result<PurchaseWithLines> {
    let Asked { key, invoice, code, currency, .. } = asked;
    let mut tx = writer.begin().await?;
    let party = whose(&mut tx, ctx, writer, asked).await?;
    if let Some(key) = key
        && let Some(purchase) = entered_before(&mut tx, key, party, asked).await?
    {
        return Ok(purchase);
    }
    if let Some(invoice) = invoice {
        let taken: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM purchases WHERE invoice = $1").bind(invoice)).await?;
        if taken.is_some() {
            return Err(Error::Conflict(Fields(vec![Problem::new("invoice", "purchases-invoice-taken")])));
        }
    }
    let mut lines = asked.lines.clone();
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
            return Err(key_used());
        }
    }
    let data = serde_json::json!({"invoice": invoice});
    events::record(&mut tx, ctx, Event { kind: "purchase.created", party, subject: Some(id.0), data }).await?;
    if let Some(code) = code {
        let key = Some(redeem::key_at(id, code));
        redeem::in_tx(
            &mut tx,
            ctx,
            &writer.sight,
            code,
            redeem::At { moment: asked.at, key, whose: party, purchase: Some(id), total: None },
        )
        .await?;
    }
    let mut purchase = read(&mut tx, id).await?;
    if let Some(minor) = asked.from_credit {
        let party = party.ok_or_else(|| Error::invalid("from_credit", "purchases-credit-whose"))?;
        let to_pay = purchase.to_pay_minor();
        if minor > to_pay {
            let there = Money { minor: to_pay.max(0), currency: *currency }
                .format_with_unit(ctx.prefs.money_unit, ctx.prefs.digits, ctx.prefs.lang);
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
async fn entered_before(tx: &mut Tx, key: &str, party: Option<Id<Party>>, asked: &Asked) -> Result<Option<PurchaseWithLines>> {
    let found: Option<(Id<Purchase>,)> = tx.maybe(sql("SELECT purchase_id FROM purchase_keys WHERE key = $1").bind(key)).await?;
    let Some((id,)) = found else { return Ok(None) };
    let before = read(tx, id).await?;
    let sum = |of: fn(i64) -> i64| asked.lines.iter().map(|line| of(line.amount_minor)).sum::<i64>();
    let (gross, refund) = (sum(|minor| minor.max(0)), sum(|minor| -minor.min(0)));
    let it = &before.purchase;
    if (it.party_id, it.currency, it.gross_minor, it.refund_minor) != (party, asked.currency, gross, refund) {
        return Err(key_used());
    }
    Ok(Some(before))
}

fn key_used() -> Error {
    Error::Conflict(Fields(vec![Problem::new("key", "purchases-key-used")]))
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
