//! Stores rows of a purchase file.

use super::customers::{self, Customer};
use super::engine::{Fate, Gained, Parsed, Run};
use super::fresh::{Fresh, fresh};
use super::plan::{Item, PurchaseItem};
use crate::advocacy::ledger;
use crate::experience::{codes, redeem};
use crate::parties::Party;
use crate::sales::Purchase;
use crate::sales::write::{self, NewLine, insert_purchases};
use crate::{Ctx, Error, Instant, Problem, Result};
use peyvand_db::{Id, Tx, sql};
use std::collections::{BTreeMap, HashMap};

/// Stores the rows of a batch and tells what became of each.
pub(super) async fn store(tx: &mut Tx, ctx: &Ctx, run: &Run, rows: &[Parsed], gained: &mut Gained) -> Result<Vec<Fate>> {
    let Fresh { mut fates, items, known } = fresh(tx, run, rows, gained, |item| match item {
        Item::Purchase(item) => Some((&**item, item.source_key)),
        _ => None,
    })
    .await?;
    let customers = customers::resolve(tx, ctx, run, items.iter().filter_map(|(_, item)| item.customer.as_deref()), gained).await?;
    let mut lines = Vec::with_capacity(items.len());
    let mut places = Vec::with_capacity(items.len());
    for (at, item) in items {
        let party = match item.customer.as_deref().and_then(|customer| customers.get(customer)) {
            None => None,
            Some(Customer::One(party)) => Some(*party),
            Some(Customer::None(problem)) => {
                fates[at] = Fate::Rejected(vec![problem.clone()]);
                continue;
            }
        };
        places.push((at, item));
        lines.push(NewLine {
            party,
            invoice: item.invoice.clone(),
            basket: None,
            at: item.at,
            day: item.day,
            currency: item.currency.unwrap_or(run.plan.currency),
            product: item.product.clone(),
            product_name: item.product_name.clone(),
            category: item.category.clone(),
            quantity: item.quantity,
            unit_price_minor: item.unit_price_minor,
            discount_minor: item.discount_minor,
            amount_minor: item.amount_minor,
            sign: item.sign,
            channel: item.channel.clone(),
            country: item.country.clone(),
            note: item.note.clone(),
            refund_of: None,
            source_key: Some(item.source_key),
        });
    }
    let written = insert_purchases(tx, ctx, lines, Some(run.id.0)).await?;
    let back = places.iter().zip(&written.of).filter(|((_, item), _)| item.amount_minor < 0).filter_map(|(_, purchase)| *purchase);
    let mut back: Vec<Id<Purchase>> = back.collect();
    back.sort_unstable();
    back.dedup();
    ledger::return_in_tx(tx, ctx, &back).await?;
    // What is given back names the code of what was bought: it is used already.
    let mut shown: BTreeMap<(String, Id<Purchase>), Shown> = BTreeMap::new();
    for (((at, item), fate), purchase) in places.into_iter().zip(written.fates).zip(written.of) {
        match fate {
            write::Fate::Added => {
                if let (Some(code), Some(purchase), true) = (&item.code, purchase, item.sign >= 0) {
                    let party = item.customer.as_deref().and_then(|customer| customers.get(customer)).and_then(Customer::party);
                    show(&mut shown, code, purchase, Shown { at, party, moment: item.at }, gained);
                }
                gained.details.lines_without_customer += i64::from(item.customer.is_none());
                gained.details.refunds += i64::from(item.sign < 0);
            }
            write::Fate::OtherParty => fates[at] = Fate::Rejected(vec![Problem::new("customer", "import-invoice-other-customer")]),
            write::Fate::OtherCurrency => fates[at] = Fate::Rejected(vec![Problem::new("currency", "import-invoice-other-currency")]),
        }
    }
    let known: Vec<(usize, &PurchaseItem)> = known.into_iter().filter(|(_, item)| item.code.is_some() && item.sign >= 0).collect();
    let there = written_before(tx, &known).await?;
    for (at, item) in known {
        if let (Some(code), Some((purchase, party))) = (&item.code, there.get(&item.source_key)) {
            show(&mut shown, code, *purchase, Shown { at, party: *party, moment: item.at }, gained);
        }
    }
    redeem_all(tx, ctx, run, shown, gained).await?;
    Ok(fates)
}

/// A code at a purchase, as the first row of the batch that names both has it.
struct Shown {
    at: usize,
    party: Option<Id<Party>>,
    moment: Instant,
}

/// A code is used once at a purchase, however many of its lines name it. What is no code is noted.
fn show(all: &mut BTreeMap<(String, Id<Purchase>), Shown>, code: &str, purchase: Id<Purchase>, shown: Shown, gained: &mut Gained) {
    match codes::read_cell(code) {
        Ok(code) => {
            all.entry((code, purchase)).or_insert(shown);
        }
        Err(key) => {
            gained.details.codes_refused += 1;
            gained.notes.push((shown.at, Problem::new("code", key)));
        }
    }
}

/// The purchases of lines that an earlier file has brought, with their customers, by what the rows say.
async fn written_before(tx: &mut Tx, known: &[(usize, &PurchaseItem)]) -> Result<HashMap<i64, (Id<Purchase>, Option<Id<Party>>)>> {
    if known.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<i64> = known.iter().map(|(_, item)| item.source_key).collect();
    let mut query = sql("SELECT source_key, purchase_id, party_id FROM purchase_lines WHERE source_key IS NOT NULL AND source_key IN ");
    query.list_padded(&keys).push(" ORDER BY id DESC");
    let rows: Vec<(i64, Id<Purchase>, Option<Id<Party>>)> = tx.all(query).await?;
    Ok(rows.into_iter().map(|(key, purchase, party)| (key, (purchase, party))).collect())
}

/// Redeems what was shown, in the order of the codes so that no two imports wait for each other. A code that is refused is noted; its
/// purchase stays.
async fn redeem_all(tx: &mut Tx, ctx: &Ctx, run: &Run, shown: BTreeMap<(String, Id<Purchase>), Shown>, gained: &mut Gained) -> Result<()> {
    let named: Vec<&str> = shown.keys().map(|(code, _)| code.as_str()).collect();
    let owners = redeem::owners(tx, &run.sight, &named).await?;
    for ((code, purchase), Shown { at, party, moment }) in shown {
        // Asked for all at once, so that a column of somebody else's codes costs one question.
        let refused = match (owners.get(&code), party) {
            (None, _) => Some(Problem::new("code", "experience-code-unknown")),
            (Some(_), None) => Some(Problem::new("code", "import-code-no-customer")),
            (Some(owner), Some(party)) if *owner != party => Some(Problem::new("code", "experience-code-of-other")),
            (Some(_), Some(_)) => None,
        };
        let refused = match refused {
            Some(problem) => vec![problem],
            None => {
                let key = Some(redeem::key_at(purchase, &code));
                let at = redeem::At { moment, key, whose: party, purchase: Some(purchase), total: None };
                match redeem::in_tx(tx, ctx, &run.sight, &code, at).await {
                    Ok(redeemed) => {
                        gained.details.codes_redeemed += i64::from(!redeemed.is_repeat);
                        continue;
                    }
                    Err(Error::Invalid(fields) | Error::Conflict(fields)) => fields.0,
                    Err(error) => return Err(error),
                }
            }
        };
        gained.details.codes_refused += 1;
        gained.notes.extend(refused.into_iter().map(|problem| (at, Problem { field: "code".into(), ..problem })));
    }
    Ok(())
}
