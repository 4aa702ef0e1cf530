//! A shop for tests: customers and what they bought, written as the purchases of a file would be.

use crate::parties::Party;
use crate::testing;
use crate::{Ctx, Day, Instant};
use peyvand_db::{Id, Sql, ToValue, Value};
use std::collections::BTreeMap;

/// What somebody bought on a day: numbers of products and what each came to; 100 units of the currency without a line when
/// there are none.
#[derive(Clone, Debug)]
pub(crate) struct Sale {
    day: Day,
    products: Vec<(u32, i64)>,
}

impl Sale {
    /// Something on that day.
    pub(crate) fn on(day: Day) -> Sale {
        Sale { day, products: Vec::new() }
    }

    /// These products on that day, each for 100 units.
    pub(crate) fn of(day: Day, products: &[u32]) -> Sale {
        Sale { day, products: products.iter().map(|product| (*product, 100)).collect() }
    }

    /// These products on that day, each for what stands beside it.
    pub(crate) fn priced(day: Day, products: &[(u32, i64)]) -> Sale {
        Sale { day, products: products.to_vec() }
    }
}

/// The customer with that number, from 0.
pub(crate) fn party(number: usize) -> Id<Party> {
    Id::new(uuid::Uuid::from_u128(number as u128 + 1))
}

/// The product with that number.
pub(crate) fn product(number: u32) -> uuid::Uuid {
    uuid::Uuid::from_u128((1 << 64) + u128::from(number))
}

async fn insert(ctx: &Ctx, head: &'static str, rows: Vec<Vec<Value>>, tail: &'static str) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    for statement in Sql::inserts(head, rows, tail) {
        tx.run(statement).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The owner of a shop with these customers, at noon of that day.
pub(crate) async fn shop(customers: &[Vec<Sale>], today: Day) -> Ctx {
    let mut ctx = testing::ctx().await;
    ctx.now = noon(today);
    let row = |number: usize| {
        vec![
            party(number).to_value(),
            (number as i64 + 1).to_value(),
            "person".to_value(),
            "customer".to_value(),
            format!("نام {number:05}").to_value(),
            format!("نام {number:05}").to_value(),
            ctx.actor.user().to_value(),
            ctx.actor.unit().to_value(),
            0_i64.to_value(),
            "".to_value(),
            "".to_value(),
            0_i64.to_value(),
            0_i64.to_value(),
            Instant::NOT_PLANNED.to_value(),
            "".to_value(),
            false.to_value(),
            1_i64.to_value(),
            ctx.now().to_value(),
            ctx.now().to_value(),
        ]
    };
    insert(
        &ctx,
        "INSERT INTO parties (id, no, kind, role, name, name_key, owner_id, unit_id, last_contact_at, first_purchase_on,
           last_purchase_on, purchases, spent_minor, next_follow_up_at, silent_from, rhythm_due, version, created_at, updated_at) VALUES ",
        (0..customers.len()).map(row).collect(),
        "",
    )
    .await;
    sell(&ctx, customers).await;
    ctx
}

fn noon(day: Day) -> Instant {
    Instant::start_of(day, &jiff::tz::TimeZone::UTC).plus(12 * 60 * 60 * 1000)
}

/// Lets the first customers buy this, too.
pub(crate) async fn sell(ctx: &Ctx, customers: &[Vec<Sale>]) {
    let (mut purchases, mut lines, mut products) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut days: BTreeMap<Day, (i64, i64)> = BTreeMap::new();
    for (number, sales) in customers.iter().enumerate() {
        for sale in sales {
            let purchase: Id<()> = ctx.id();
            let sold = sale.products.len().max(1) as i64;
            let amount = if sale.products.is_empty() { 100 } else { sale.products.iter().map(|(_, minor)| minor).sum() };
            let on_day = days.entry(sale.day).or_default();
            *on_day = (on_day.0 + sold, on_day.1 + amount);
            purchases.push(vec![
                purchase.to_value(),
                party(number).to_value(),
                noon(sale.day).to_value(),
                sale.day.to_value(),
                "IRR".to_value(),
                amount.to_value(),
                0_i64.to_value(),
                sold.to_value(),
                ctx.now().to_value(),
            ]);
            for (item, minor) in &sale.products {
                products.insert(
                    *item,
                    vec![
                        product(*item).to_value(),
                        format!("P{item:05}").to_value(),
                        format!("کالا {item}").to_value(),
                        ctx.now().to_value(),
                    ],
                );
                lines.push(vec![
                    ctx.id::<()>().to_value(),
                    purchase.to_value(),
                    party(number).to_value(),
                    product(*item).to_value(),
                    sale.day.to_value(),
                    1.0.to_value(),
                    minor.to_value(),
                    0_i64.to_value(),
                    minor.to_value(),
                    1_i64.to_value(),
                    "IRR".to_value(),
                ]);
            }
        }
    }
    let head = "INSERT INTO purchases (id, party_id, at, day, currency, gross_minor, refund_minor, lines, created_at) VALUES ";
    insert(ctx, head, purchases, "").await;
    let head = "INSERT INTO products (id, code, name, created_at) VALUES ";
    insert(ctx, head, products.into_values().collect(), " ON CONFLICT (code) DO NOTHING").await;
    let head =
        "INSERT INTO purchase_lines (id, purchase_id, party_id, product_id, day, quantity, unit_price_minor, discount_minor, amount_minor,
       sign, currency) VALUES ";
    insert(ctx, head, lines, "").await;
    let day = |(day, (sold, amount)): (Day, (i64, i64))| {
        let mut row = vec![day.to_value(), "IRR".to_value(), true.to_value()];
        row.extend([sold, 0, 0, amount, 0].map(|number| number.to_value()));
        row
    };
    insert(
        ctx,
        "INSERT INTO purchase_days (day, currency, is_known, lines_up, lines_down, lines_zero, up_minor, down_minor) VALUES ",
        days.into_iter().map(day).collect(),
        " ON CONFLICT (day, currency, is_known) DO UPDATE SET lines_up = purchase_days.lines_up + excluded.lines_up,
            up_minor = purchase_days.up_minor + excluded.up_minor",
    )
    .await;
}
