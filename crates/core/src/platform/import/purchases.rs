//! Stores rows of a purchase file.

use super::customers::{self, Customer};
use super::engine::{Fate, Gained, Parsed, Run};
use super::fresh::{Fresh, fresh};
use super::plan::Item;
use crate::sales::write::{self, NewLine, insert_purchases};
use crate::{Ctx, Problem, Result};
use peyvand_db::Tx;

/// Stores the rows of a batch and tells what became of each.
pub(super) async fn store(tx: &mut Tx, ctx: &Ctx, run: &Run, rows: &[Parsed], gained: &mut Gained) -> Result<Vec<Fate>> {
    let Fresh { mut fates, items } = fresh(tx, run, rows, gained, |item| match item {
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
    for ((at, item), fate) in places.into_iter().zip(written.fates) {
        match fate {
            write::Fate::Added => {
                gained.details.lines_without_customer += i64::from(item.customer.is_none());
                gained.details.refunds += i64::from(item.sign < 0);
            }
            write::Fate::OtherParty => fates[at] = Fate::Rejected(vec![Problem::new("customer", "import-invoice-other-customer")]),
            write::Fate::OtherCurrency => fates[at] = Fate::Rejected(vec![Problem::new("currency", "import-invoice-other-currency")]),
        }
    }
    Ok(fates)
}
