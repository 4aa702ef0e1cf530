//! The one way that purchases are written and taken back: by the form, the API and the import alike. All statements
//! work on many rows, and every fact that lists and totals read is kept right in the same transaction.

use super::{Product, Purchase, PurchaseLine};
use crate::parties::Party;
use crate::platform::money::Currency;
use crate::platform::text::search_key;
use crate::{Ctx, Day, Error, Instant, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, Value, row, sql};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};

/// A line to be written; what is not known is absent. A purchase gets moment, channel, country and note from its
/// first line.
#[derive(Clone, Debug)]
pub struct NewLine {
    /// Whose purchase it is; `None` for a sale to an unknown customer.
    pub party: Option<Id<Party>>,
    /// Number of the invoice; lines of one number are one purchase, also across batches.
    pub invoice: Option<String>,
    /// Lines without invoice and with the same number here are one purchase; without either, a line is one by itself.
    pub basket: Option<usize>,
    /// When.
    pub at: Instant,
    /// The day of `at` in the organisation's time zone.
    pub day: Day,
    /// In which currency all amounts are.
    pub currency: Currency,
    /// Code of the product; made from the name when there is only that.
    pub product: Option<String>,
    /// Name of the product.
    pub product_name: Option<String>,
    /// Its category, which becomes that of the product.
    pub category: Option<String>,
    /// How many; negative for what comes back.
    pub quantity: f64,
    /// Price of one, in minor units.
    pub unit_price_minor: i64,
    /// Taken off, in minor units.
    pub discount_minor: i64,
    /// What the line comes to, in minor units; negative for a refund.
    pub amount_minor: i64,
    /// Whether it was bought (1), given back (-1) or given away (0): see [`sign_of`].
    pub sign: i64,
    /// Where it was sold: shop, web …
    pub channel: Option<String>,
    /// Country of the sale.
    pub country: Option<String>,
    /// A note on the purchase.
    pub note: Option<String>,
    /// For a refund: the line that it gives back; found by party and product when absent.
    pub refund_of: Option<Id<PurchaseLine>>,
    /// Makes the line of a file known again: a number that its content gives.
    pub source_key: Option<i64>,
}

/// Whether a line was bought (1), given back (-1) or neither (0), from its amount before rounding, its quantity and its
/// price where one is stated. A line that comes to nothing was bought all the same when it had a price that a discount
/// or a gift card took away, or when the source states the amount alone; what is priced at nothing was given away.
#[must_use]
pub fn sign_of(amount: Decimal, quantity: Decimal, stated_price: Option<Decimal>) -> i64 {
    if !amount.is_zero() {
        return if amount.is_sign_negative() { -1 } else { 1 };
    }
    let goes_out = quantity > Decimal::ZERO;
    i64::from(goes_out && stated_price.is_none_or(|price| !price.is_zero()))
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was written.
    Added,
    /// Its invoice is there and belongs to another customer; not written.
    OtherParty,
    /// Its invoice is there in another currency; not written.
    OtherCurrency,
}

/// What [`insert_purchases`] did.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// For each line, in order.
    pub fates: Vec<Fate>,
    /// The purchases that lines were written to.
    pub purchases: Vec<Id<Purchase>>,
    /// For each line, in order, the purchase that it was written to.
    pub of: Vec<Option<Id<Purchase>>>,
}

row! {
    struct Stored {
        id: Id<Purchase>,
        invoice: Option<String>,
        party_id: Option<Id<Party>>,
        currency: Currency,
        is_bought: bool = "EXISTS (SELECT 1 FROM purchase_lines l WHERE l.purchase_id = purchases.id AND l.sign > 0)",
    }
}

/// A purchase of the batch, while it is put together.
struct Draft {
    id: Id<Purchase>,
    first: usize,
    party: Option<Id<Party>>,
    currency: Currency,
    /// Whether something was bought with it before this batch.
    was_bought: bool,
    /// Whether this batch brings something that was bought.
    is_bought: bool,
    gross: i64,
    refund: i64,
    lines: i64,
}

/// What a batch changes on a party.
#[derive(Default)]
struct Delta {
    spent: i64,
    purchases: i64,
    days: Option<(Day, Day)>,
}

type DayKey = (Day, &'static str, bool);

/// Sums of a day.
#[derive(Default)]
struct DaySum {
    up: i64,
    down: i64,
    zero: i64,
    up_minor: i64,
    down_minor: i64,
}

impl DaySum {
    fn add(&mut self, sign: i64, amount: i64) {
        match sign {
            0 => self.zero += 1,
            up if up > 0 => {
                self.up += 1;
                self.up_minor += amount;
            }
            _ => {
                self.down += 1;
                self.down_minor -= amount;
            }
        }
    }
}

/// Writes lines: products by code, purchases by invoice (lines of an invoice that is there are added to it), the lines,
/// the links of refunds to what they give back, the facts of the parties and the sums of the days.
///
/// The caller keeps a batch at a few thousand lines, so that a transaction stays short.
///
/// # Errors
/// When the database refuses.
pub async fn insert_purchases(tx: &mut Tx, ctx: &Ctx, lines: Vec<NewLine>, import: Option<uuid::Uuid>) -> Result<Written> {
    let home = ctx.app.organisation().await?.currency;
    let stored = stored_purchases(tx, &lines).await?;

    let mut fates = Vec::with_capacity(lines.len());
    let mut drafts: Vec<Draft> = Vec::new();
    let mut by_invoice: HashMap<&str, usize> = HashMap::new();
    let mut by_basket: HashMap<usize, usize> = HashMap::new();
    // Of each line that is written: its position, its purchase, its party.
    let mut places: Vec<(usize, usize, Option<Id<Party>>)> = Vec::with_capacity(lines.len());
    for (position, line) in lines.iter().enumerate() {
        let found = match (&line.invoice, line.basket) {
            (Some(invoice), _) => by_invoice.get(invoice.as_str()).copied(),
            (None, Some(basket)) => by_basket.get(&basket).copied(),
            (None, None) => None,
        };
        let place = found.unwrap_or_else(|| {
            let there = line.invoice.as_ref().and_then(|invoice| stored.get(invoice));
            drafts.push(Draft {
                id: there.map_or_else(|| ctx.id(), |there| there.id),
                first: position,
                party: there.map_or(line.party, |there| there.party_id),
                currency: there.map_or(line.currency, |there| there.currency),
                was_bought: there.is_some_and(|there| there.is_bought),
                is_bought: false,
                gross: 0,
                refund: 0,
                lines: 0,
            });
            let place = drafts.len() - 1;
            match (&line.invoice, line.basket) {
                (Some(invoice), _) => {
                    by_invoice.insert(invoice, place);
                }
                (None, Some(basket)) => {
                    by_basket.insert(basket, place);
                }
                (None, None) => {}
            }
            place
        });
        let draft = &mut drafts[place];
        if line.party.is_some() && line.party != draft.party {
            fates.push(Fate::OtherParty);
        } else if line.currency != draft.currency {
            fates.push(Fate::OtherCurrency);
        } else {
            draft.lines += 1;
            draft.is_bought |= line.sign > 0;
            if line.amount_minor > 0 {
                draft.gross += line.amount_minor;
            } else {
                draft.refund -= line.amount_minor;
            }
            places.push((position, place, draft.party));
            fates.push(Fate::Added);
        }
    }
    if places.is_empty() {
        return Ok(Written { of: vec![None; fates.len()], fates, purchases: Vec::new() });
    }

    let products = ensure_products(tx, ctx, places.iter().map(|(position, ..)| &lines[*position])).await?;
    write_drafts(tx, ctx, &lines, &mut drafts, import).await?;

    let mut rows = Vec::with_capacity(places.len());
    let mut returns: Vec<Id<PurchaseLine>> = Vec::new();
    let mut deltas: BTreeMap<Id<Party>, Delta> = BTreeMap::new();
    let mut days: BTreeMap<DayKey, DaySum> = BTreeMap::new();
    for (position, place, party) in &places {
        let (line, draft) = (&lines[*position], &drafts[*place]);
        let id: Id<PurchaseLine> = ctx.id();
        let product = product_code(line).and_then(|code| products.get(&code)).copied();
        if line.amount_minor < 0 && line.refund_of.is_none() && party.is_some() && product.is_some() {
            returns.push(id);
        }
        rows.push(vec![
            id.to_value(),
            draft.id.to_value(),
            party.to_value(),
            product.to_value(),
            line.day.to_value(),
            line.quantity.to_value(),
            line.unit_price_minor.to_value(),
            line.discount_minor.to_value(),
            line.amount_minor.to_value(),
            line.sign.to_value(),
            line.currency.to_value(),
            line.refund_of.to_value(),
            line.source_key.to_value(),
            import.to_value(),
        ]);
        days.entry((line.day, line.currency.code(), party.is_some())).or_default().add(line.sign, line.amount_minor);
        if let Some(party) = party {
            let delta = deltas.entry(*party).or_default();
            if line.currency == home {
                delta.spent += line.amount_minor;
            }
            if line.sign > 0 {
                let (first, last) = delta.days.unwrap_or((line.day, line.day));
                delta.days = Some((first.min(line.day), last.max(line.day)));
            }
        }
    }
    for statement in Sql::inserts(
        "INSERT INTO purchase_lines (id, purchase_id, party_id, product_id, day, quantity, unit_price_minor, discount_minor,
           amount_minor, sign, currency, refund_of, source_key, import_id) VALUES ",
        rows,
        "",
    ) {
        tx.run(statement).await?;
    }
    link_returns(tx, &returns).await?;
    for draft in drafts.iter().filter(|draft| draft.is_bought && !draft.was_bought) {
        if let Some(party) = draft.party {
            deltas.entry(party).or_default().purchases += 1;
        }
    }
    become_customers(tx, ctx, &deltas).await?;
    add_facts(tx, deltas).await?;
    add_days(tx, days).await?;
    let purchases = drafts.iter().filter(|draft| draft.lines > 0).map(|draft| draft.id).collect();
    let mut of = vec![None; fates.len()];
    for (position, place, _) in &places {
        of[*position] = Some(drafts[*place].id);
    }
    Ok(Written { fates, purchases, of })
}

async fn stored_purchases(tx: &mut Tx, lines: &[NewLine]) -> Result<HashMap<String, Stored>> {
    let mut invoices: Vec<&str> = lines.iter().filter_map(|line| line.invoice.as_deref()).collect();
    invoices.sort_unstable();
    invoices.dedup();
    if invoices.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = Sql::select::<Stored>("FROM purchases WHERE invoice IN ");
    query.list_padded(&invoices);
    let rows: Vec<Stored> = tx.all(query).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.invoice.clone()?, row))).collect())
}

fn product_code(line: &NewLine) -> Option<String> {
    let from_name = || line.product_name.as_deref().map(search_key);
    line.product.clone().or_else(from_name).filter(|code| !code.is_empty())
}

async fn ensure_products<'a>(tx: &mut Tx, ctx: &Ctx, lines: impl Iterator<Item = &'a NewLine>) -> Result<HashMap<String, Id<Product>>> {
    // Sorted, so that two writers take the same products in the same order.
    let mut wanted: BTreeMap<String, (Option<&str>, Option<&str>)> = BTreeMap::new();
    for line in lines {
        if let Some(code) = product_code(line) {
            let (_, category) = wanted.entry(code).or_insert((line.product_name.as_deref(), None));
            *category = line.category.as_deref().or(*category);
        }
    }
    let found = products_by_code(tx, wanted.keys().cloned().collect()).await?;
    // Also those that were put into another category since.
    let is_new = |code: &String, category: Option<&str>| match found.get(code) {
        None => true,
        Some((_, known)) => category.is_some() && known.as_deref() != category,
    };
    let due: Vec<_> = wanted.iter().filter(|(code, (_, category))| is_new(code, *category)).collect();
    if due.is_empty() {
        return Ok(found.into_iter().map(|(code, (id, _))| (code, id)).collect());
    }
    let rows = due
        .iter()
        .map(|(code, (name, category))| {
            let name = name.unwrap_or(code.as_str());
            vec![ctx.id::<Product>().to_value(), code.to_value(), name.to_value(), category.to_value(), ctx.now().to_value()]
        })
        .collect();
    for statement in Sql::inserts(
        "INSERT INTO products (id, code, name, category, created_at) VALUES ",
        rows,
        " ON CONFLICT (code) DO UPDATE SET category = COALESCE(excluded.category, products.category)",
    ) {
        tx.run(statement).await?;
    }
    let found = products_by_code(tx, wanted.into_keys().collect()).await?;
    Ok(found.into_iter().map(|(code, (id, _))| (code, id)).collect())
}

async fn products_by_code(tx: &mut Tx, codes: Vec<String>) -> Result<HashMap<String, (Id<Product>, Option<String>)>> {
    if codes.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = sql("SELECT code, id, category FROM products WHERE code IN ");
    query.list_padded(&codes);
    let rows: Vec<(String, Id<Product>, Option<String>)> = tx.all(query).await?;
    Ok(rows.into_iter().map(|(code, id, category)| (code, (id, category))).collect())
}

async fn write_drafts(tx: &mut Tx, ctx: &Ctx, lines: &[NewLine], drafts: &mut [Draft], import: Option<uuid::Uuid>) -> Result<()> {
    let mut order: Vec<usize> = (0..drafts.len()).filter(|place| drafts[*place].lines > 0).collect();
    order.sort_by(|one, other| lines[drafts[*one].first].invoice.cmp(&lines[drafts[*other].first].invoice));
    let rows = order
        .iter()
        .map(|place| {
            let draft = &drafts[*place];
            let first = &lines[draft.first];
            vec![
                draft.id.to_value(),
                draft.party.to_value(),
                first.invoice.to_value(),
                first.at.to_value(),
                first.day.to_value(),
                draft.currency.to_value(),
                draft.gross.to_value(),
                draft.refund.to_value(),
                draft.lines.to_value(),
                first.channel.to_value(),
                first.country.to_value(),
                first.note.to_value(),
                import.to_value(),
                ctx.actor.user().to_value(),
                ctx.now().to_value(),
            ]
        })
        .collect();
    let mut overtaken: HashMap<String, Id<Purchase>> = HashMap::new();
    for statement in Sql::inserts(
        "INSERT INTO purchases (id, party_id, invoice, at, day, currency, gross_minor, refund_minor, lines, channel, country, note,
           import_id, created_by, created_at) VALUES ",
        rows,
        " ON CONFLICT (invoice) DO UPDATE SET gross_minor = purchases.gross_minor + excluded.gross_minor,
            refund_minor = purchases.refund_minor + excluded.refund_minor, lines = purchases.lines + excluded.lines
          RETURNING id, invoice",
    ) {
        let back: Vec<(Id<Purchase>, Option<String>)> = tx.all(statement).await?;
        overtaken.extend(back.into_iter().filter_map(|(id, invoice)| Some((invoice?, id))));
    }
    // Another writer may have made the same invoice since it was looked for.
    for place in order {
        let draft = &mut drafts[place];
        if let Some(id) = lines[draft.first].invoice.as_ref().and_then(|invoice| overtaken.get(invoice)) {
            draft.id = *id;
        }
    }
    Ok(())
}

/// Links refunds to what they give back: the party's newest line of the product on or before that day that is at least
/// as large, else the newest at all.
async fn link_returns(tx: &mut Tx, returns: &[Id<PurchaseLine>]) -> Result<()> {
    if returns.is_empty() {
        return Ok(());
    }
    let mut update = sql("UPDATE purchase_lines SET refund_of = COALESCE(
           (SELECT l.id FROM purchase_lines l WHERE l.party_id = purchase_lines.party_id AND l.product_id = purchase_lines.product_id
              AND l.day <= purchase_lines.day AND l.amount_minor >= -purchase_lines.amount_minor ORDER BY l.day DESC, l.id DESC LIMIT 1),
           (SELECT l.id FROM purchase_lines l WHERE l.party_id = purchase_lines.party_id AND l.product_id = purchase_lines.product_id
              AND l.day <= purchase_lines.day AND l.amount_minor > 0 ORDER BY l.day DESC, l.id DESC LIMIT 1))
         WHERE id IN ");
    update.list_padded(returns);
    tx.run(update).await?;
    Ok(())
}

async fn become_customers(tx: &mut Tx, ctx: &Ctx, deltas: &BTreeMap<Id<Party>, Delta>) -> Result<()> {
    let buyers: Vec<Id<Party>> = deltas.iter().filter(|(_, delta)| delta.days.is_some()).map(|(party, _)| *party).collect();
    if buyers.is_empty() {
        return Ok(());
    }
    let mut query = sql("UPDATE parties SET role = 'customer' WHERE role = 'prospect' AND id IN ");
    query.list_padded(&buyers).push(" RETURNING id");
    let fresh: Vec<(Id<Party>,)> = tx.all(query).await?;
    if fresh.is_empty() {
        return Ok(());
    }
    let ids: Vec<Id<Party>> = fresh.into_iter().map(|(id,)| id).collect();
    let today = ctx.today();
    let since = |party: &Id<Party>| deltas.get(party).and_then(|delta| delta.days).map_or(today, |(first, _)| first);
    let mut end = sql("UPDATE party_roles SET until_on = $1 WHERE until_on IS NULL AND role = 'prospect' AND party_id IN ").bind(today);
    end.list_padded(&ids);
    tx.run(end).await?;
    let rows = ids
        .iter()
        .map(|party| vec![ctx.id::<()>().to_value(), party.to_value(), "customer".to_value(), since(party).to_value(), true.to_value()])
        .collect();
    for statement in Sql::inserts("INSERT INTO party_roles (id, party_id, role, since_on, by_purchase) VALUES ", rows, "") {
        tx.run(statement).await?;
    }
    Ok(())
}

/// Makes prospects again of those whom purchases made customers and who have none any more. A role that somebody gave
/// stays.
async fn become_prospects(tx: &mut Tx, parties: &[Id<Party>]) -> Result<()> {
    let mut back = sql("UPDATE parties SET role = 'prospect' WHERE role = 'customer' AND last_purchase_on = ''
         AND EXISTS (SELECT 1 FROM party_roles r WHERE r.party_id = parties.id AND r.until_on IS NULL AND r.by_purchase) AND id IN ");
    back.list_padded(parties).push(" RETURNING id");
    let back: Vec<(Id<Party>,)> = tx.all(back).await?;
    if back.is_empty() {
        return Ok(());
    }
    let ids: Vec<Id<Party>> = back.into_iter().map(|(id,)| id).collect();
    let mut delete = sql("DELETE FROM party_roles WHERE until_on IS NULL AND by_purchase AND party_id IN ");
    delete.list_padded(&ids);
    tx.run(delete).await?;
    let mut reopen = sql("UPDATE party_roles SET until_on = NULL
         WHERE role = 'prospect' AND NOT EXISTS (SELECT 1 FROM party_roles later WHERE later.party_id = party_roles.party_id
           AND (later.until_on, later.id) > (party_roles.until_on, party_roles.id)) AND party_id IN ");
    reopen.list_padded(&ids);
    tx.run(reopen).await?;
    Ok(())
}

async fn add_facts(tx: &mut Tx, deltas: BTreeMap<Id<Party>, Delta>) -> Result<()> {
    let rows = deltas
        .into_iter()
        .map(|(party, delta)| {
            let (first, last) = match delta.days {
                Some((first, last)) => (first.to_string(), last.to_string()),
                None => (String::new(), String::new()),
            };
            vec![party.to_value(), delta.spent.to_value(), delta.purchases.to_value(), Value::Text(first), Value::Text(last)]
        })
        .collect();
    for statement in Sql::inserts(
        "WITH v (id, spent, purchases, first_on, last_on) AS (VALUES ",
        rows,
        ") UPDATE parties SET spent_minor = parties.spent_minor + v.spent, purchases = parties.purchases + v.purchases,
             first_purchase_on = CASE WHEN v.first_on <> '' AND (parties.first_purchase_on = '' OR v.first_on < parties.first_purchase_on)
               THEN v.first_on ELSE parties.first_purchase_on END,
             last_purchase_on = CASE WHEN v.last_on > parties.last_purchase_on THEN v.last_on ELSE parties.last_purchase_on END,
             rhythm_due = TRUE
           FROM v WHERE parties.id = v.id",
    ) {
        tx.run(statement).await?;
    }
    Ok(())
}

async fn add_days(tx: &mut Tx, days: BTreeMap<DayKey, DaySum>) -> Result<()> {
    let rows = days
        .into_iter()
        .map(|((day, currency, known), sum)| {
            vec![
                day.to_value(),
                currency.to_value(),
                known.to_value(),
                sum.up.to_value(),
                sum.down.to_value(),
                sum.zero.to_value(),
                sum.up_minor.to_value(),
                sum.down_minor.to_value(),
            ]
        })
        .collect();
    for statement in Sql::inserts(
        "INSERT INTO purchase_days (day, currency, is_known, lines_up, lines_down, lines_zero, up_minor, down_minor) VALUES ",
        rows,
        " ON CONFLICT (day, currency, is_known) DO UPDATE SET lines_up = purchase_days.lines_up + excluded.lines_up,
            lines_down = purchase_days.lines_down + excluded.lines_down, lines_zero = purchase_days.lines_zero + excluded.lines_zero,
            up_minor = purchase_days.up_minor + excluded.up_minor, down_minor = purchase_days.down_minor + excluded.down_minor",
    ) {
        tx.run(statement).await?;
    }
    Ok(())
}

row! {
    struct Leaving {
        purchase_id: Id<Purchase>,
        party_id: Option<Id<Party>>,
        day: Day,
        currency: Currency,
        amount_minor: i64,
        sign: i64,
    }
}

/// Removes lines and what only they held up: purchases without lines, links of refunds, sums of days, facts of parties,
/// and the role of who became a customer by them. Products stay. For taking an import back, in batches of some hundreds. Gives the
/// purchases that are no more.
///
/// # Errors
/// When the database refuses.
pub async fn remove_lines(tx: &mut Tx, ctx: &Ctx, lines: &[Id<PurchaseLine>]) -> Result<Vec<Id<Purchase>>> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let home = ctx.app.organisation().await?.currency;
    let mut unlink = sql("UPDATE purchase_lines SET refund_of = NULL WHERE refund_of IS NOT NULL AND refund_of IN ");
    unlink.list_padded(lines);
    tx.run(unlink).await?;
    let mut delete = sql("DELETE FROM purchase_lines WHERE id IN ");
    delete.list_padded(lines).push(" RETURNING purchase_id, party_id, day, currency, amount_minor, sign");
    let gone: Vec<Leaving> = tx.all(delete).await?;

    let mut purchases: BTreeMap<Id<Purchase>, (i64, i64, i64)> = BTreeMap::new();
    let mut spent: BTreeMap<Id<Party>, i64> = BTreeMap::new();
    let mut days: BTreeMap<DayKey, DaySum> = BTreeMap::new();
    for line in &gone {
        let (gross, refund, count) = purchases.entry(line.purchase_id).or_default();
        *gross += line.amount_minor.max(0);
        *refund += (-line.amount_minor).max(0);
        *count += 1;
        days.entry((line.day, line.currency.code(), line.party_id.is_some())).or_default().add(line.sign, line.amount_minor);
        if let Some(party) = line.party_id {
            *spent.entry(party).or_default() += if line.currency == home { line.amount_minor } else { 0 };
        }
    }
    let ids: Vec<Id<Purchase>> = purchases.keys().copied().collect();
    let rows = purchases
        .into_iter()
        .map(|(id, (gross, refund, count))| vec![id.to_value(), gross.to_value(), refund.to_value(), count.to_value()])
        .collect();
    for statement in Sql::inserts(
        "WITH v (id, gross, refund, lines) AS (VALUES ",
        rows,
        ") UPDATE purchases SET gross_minor = purchases.gross_minor - v.gross, refund_minor = purchases.refund_minor - v.refund,
             lines = purchases.lines - v.lines
           FROM v WHERE purchases.id = v.id",
    ) {
        tx.run(statement).await?;
    }
    let mut empty = sql("DELETE FROM purchases WHERE lines = 0 AND id IN ");
    empty.list_padded(&ids).push(" RETURNING id");
    let no_more: Vec<(Id<Purchase>,)> = tx.all(empty).await?;
    for sum in days.values_mut() {
        *sum = DaySum { up: -sum.up, down: -sum.down, zero: -sum.zero, up_minor: -sum.up_minor, down_minor: -sum.down_minor };
    }
    add_days(tx, days).await?;

    let parties: Vec<Id<Party>> = spent.keys().copied().collect();
    let rows = spent.into_iter().map(|(party, spent)| vec![party.to_value(), spent.to_value()]).collect();
    for statement in Sql::inserts(
        "WITH v (id, spent) AS (VALUES ",
        rows,
        ") UPDATE parties SET spent_minor = parties.spent_minor - v.spent, rhythm_due = TRUE FROM v WHERE parties.id = v.id",
    ) {
        tx.run(statement).await?;
    }
    if !parties.is_empty() {
        let mut count = sql("UPDATE parties SET
               purchases = (SELECT count(DISTINCT l.purchase_id) FROM purchase_lines l WHERE l.party_id = parties.id AND l.sign > 0),
               first_purchase_on = COALESCE((SELECT MIN(l.day) FROM purchase_lines l WHERE l.party_id = parties.id AND l.sign > 0), ''),
               last_purchase_on = COALESCE((SELECT MAX(l.day) FROM purchase_lines l WHERE l.party_id = parties.id AND l.sign > 0), '')
             WHERE id IN ");
        count.list_padded(&parties);
        tx.run(count).await?;
        become_prospects(tx, &parties).await?;
    }
    Ok(no_more.into_iter().map(|(id,)| id).collect())
}

/// A refund cannot give back what is not the same customer's.
///
/// # Errors
/// [`Error::NotFound`] for a line of somebody else or none.
pub async fn check_refund(tx: &mut Tx, line: Id<PurchaseLine>, party: Option<Id<Party>>) -> Result<()> {
    let found: Option<(Option<Id<Party>>, i64)> =
        tx.maybe(sql("SELECT party_id, amount_minor FROM purchase_lines WHERE id = $1").bind(line)).await?;
    match found {
        Some((owner, amount)) if owner == party && amount > 0 => Ok(()),
        _ => Err(Error::NotFound("purchase_line")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sales::purchases::{TotalsOf, totals};
    use crate::testing;

    fn line(party: Option<Id<Party>>, invoice: &str, product: &str, amount: i64, key: i64) -> NewLine {
        NewLine {
            party,
            invoice: Some(invoice.to_owned()).filter(|invoice| !invoice.is_empty()),
            basket: None,
            at: testing::NOW,
            day: testing::NOW.day(&jiff::tz::TimeZone::UTC),
            currency: Currency::IRR,
            product: Some(product.to_owned()),
            product_name: None,
            category: None,
            quantity: amount.signum() as f64,
            unit_price_minor: amount.abs(),
            discount_minor: 0,
            amount_minor: amount,
            sign: amount.signum(),
            channel: None,
            country: None,
            note: None,
            refund_of: None,
            source_key: Some(key),
        }
    }

    async fn write(ctx: &Ctx, lines: Vec<NewLine>) -> Written {
        let mut tx = ctx.app.db.begin().await.unwrap();
        let written = insert_purchases(&mut tx, ctx, lines, None).await.unwrap();
        tx.commit().await.unwrap();
        written
    }

    async fn state(ctx: &Ctx, party: Id<Party>) -> (i64, i64, i64, i64, i64, i64) {
        let totals = ctx.run(totals, TotalsOf::default()).await.unwrap();
        let (purchases, spent): (i64, i64) =
            ctx.app.db.one(sql("SELECT purchases, spent_minor FROM parties WHERE id = $1").bind(party)).await.unwrap();
        let (rows,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM purchases")).await.unwrap();
        (totals.lines, totals.gross_minor, totals.refunds_minor, purchases, spent, rows)
    }

    #[tokio::test]
    async fn a_batch_keeps_invoices_facts_and_sums_right() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "الف").await;
        let lines = vec![
            line(Some(party), "1", "A", 500, 1),
            line(Some(party), "1", "B", 200, 2),
            line(Some(party), "C1", "A", -500, 3),
            line(None, "2", "A", 50, 4),
            line(Some(party), "", "A", 30, 5),
        ];
        let written = write(&ctx, lines).await;
        assert_eq!((written.fates, written.purchases.len()), (vec![Fate::Added; 5], 4));
        assert_eq!(state(&ctx, party).await, (3, 730, 500, 2, 230, 4));
    }

    #[tokio::test]
    async fn a_product_has_the_category_that_was_said_last() {
        let ctx = testing::ctx().await;
        let of = |product: &str, category: Option<&str>, key: i64| NewLine {
            category: category.map(str::to_owned),
            ..line(None, &key.to_string(), product, 100, key)
        };
        let known = async || {
            let rows: Vec<(String, Option<String>)> =
                ctx.app.db.all(sql("SELECT code, category FROM products ORDER BY code")).await.unwrap();
            rows.into_iter().map(|(_, category)| category.unwrap_or_default()).collect::<Vec<_>>()
        };
        write(&ctx, vec![of("A", Some("قهوه"), 1), of("B", None, 2)]).await;
        assert_eq!(known().await, ["قهوه", ""]);
        write(&ctx, vec![of("A", None, 3), of("B", Some("ابزار"), 4), of("C", Some("قهوه"), 5)]).await;
        assert_eq!(known().await, ["قهوه", "ابزار", "قهوه"], "who says nothing takes nothing away");
        write(&ctx, vec![of("A", Some("دانه"), 6)]).await;
        assert_eq!(known().await, ["دانه", "ابزار", "قهوه"]);
    }

    #[tokio::test]
    async fn lines_of_an_invoice_that_is_there_are_added_to_it() {
        let ctx = testing::ctx().await;
        let (party, other) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
        write(&ctx, vec![line(Some(party), "1", "A", 500, 1)]).await;
        let more = vec![
            line(Some(party), "1", "B", 100, 2),
            line(None, "1", "B", 10, 3),
            line(Some(other), "1", "B", 1, 4),
            NewLine { currency: Currency::from_code("GBP").unwrap(), ..line(Some(party), "1", "B", 1, 5) },
        ];
        assert_eq!(write(&ctx, more).await.fates, [Fate::Added, Fate::Added, Fate::OtherParty, Fate::OtherCurrency]);
        assert_eq!(state(&ctx, party).await, (3, 610, 0, 1, 610, 1));
    }

    #[tokio::test]
    async fn a_refund_is_linked_to_the_newest_line_that_is_large_enough() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "الف").await;
        let earlier = |line: NewLine, days: i64| NewLine { day: line.day.plus(-days), ..line };
        let lines = vec![
            earlier(line(Some(party), "1", "A", 500, 1), 30),
            earlier(line(Some(party), "2", "A", 900, 2), 20),
            earlier(line(Some(party), "3", "A", 100, 3), 10),
            line(Some(party), "4", "A", -600, 4),
            line(Some(party), "5", "A", -5000, 5),
            line(Some(party), "6", "other", -1, 6),
        ];
        write(&ctx, lines).await;
        let linked = async |key: i64| -> Option<i64> {
            let query = sql("SELECT o.source_key FROM purchase_lines l LEFT JOIN purchase_lines o ON o.id = l.refund_of
                             WHERE l.source_key = $1");
            let (original,): (Option<i64>,) = ctx.app.db.one(query.bind(key)).await.unwrap();
            original
        };
        assert_eq!((linked(4).await, linked(5).await, linked(6).await), (Some(2), Some(3), None));
    }

    #[tokio::test]
    async fn lines_that_are_removed_leave_no_trace_in_the_sums() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "الف").await;
        write(&ctx, vec![line(Some(party), "1", "A", 500, 1)]).await;
        let before = state(&ctx, party).await;
        write(&ctx, vec![line(Some(party), "1", "A", -100, 2), line(Some(party), "2", "A", 70, 3), line(None, "3", "A", 9, 4)]).await;
        let mut tx = ctx.app.db.begin().await.unwrap();
        let ids: Vec<(Id<PurchaseLine>,)> = tx.all(sql("SELECT id FROM purchase_lines WHERE source_key IN (2, 3, 4)")).await.unwrap();
        let ids: Vec<Id<PurchaseLine>> = ids.into_iter().map(|(id,)| id).collect();
        remove_lines(&mut tx, &ctx, &ids).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(state(&ctx, party).await, before);
    }
}
