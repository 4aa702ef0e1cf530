//! What the models are fitted to: for each customer the days of first and last purchase, how many days with one, and what
//! remained of it in the organisation's currency.

use super::models::SOON;
use super::rhythm::Rhythm;
use crate::parties::Party;
use crate::platform::calendar::{Calendar, ymd};
use crate::platform::jobs::{self, QueuedJob};
use crate::platform::money::Currency;
use crate::{Ctx, Day, Result};
use data_encoding::HEXLOWER;
use jiff::civil::Date;
use peyvand_db::{Id, Tx, sql};
use peyvand_stats::rhythm::Occasion;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use tokio::sync::watch;

/// Parties whose purchases are gathered together; memory grows with it.
const STRIPE: i64 = 50_000;
/// Of the way from purchases to scores; another number makes scores anew though no purchase changed.
const VERSION: &str = "scores 1";

/// What one customer bought until the as-of day. Days are numbers, as [`day_number`] counts them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Customer {
    /// The customer.
    pub party: Id<Party>,
    /// Day of the first purchase.
    pub first: i32,
    /// Day of the last one.
    pub last: i32,
    /// Days on which they bought.
    pub occasions: u32,
    /// What remained after refunds, in minor units.
    pub net_minor: i64,
    /// The part of it that was bought on the first day.
    pub first_minor: i64,
    /// Of those days, how many lie at or before [`Facts::cut`].
    pub early: u32,
    /// The last of these; the first day of all where there are none.
    pub last_early: i32,
    /// The rhythm of these days, as of the as-of day.
    pub rhythm: Rhythm,
}

/// The input of a refresh.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The day that everything is counted to.
    pub as_of: Day,
    /// The day of the last purchase of all; absent without any.
    pub last: Option<Day>,
    /// Currency of the amounts.
    pub currency: Currency,
    /// In the order of their ids.
    pub customers: Vec<Customer>,
    /// SHA-256 of all the above, in hexadecimal.
    pub hash: String,
}

impl Facts {
    /// With the hash of what it holds.
    #[must_use]
    pub fn new(as_of: Day, last: Option<Day>, currency: Currency, customers: Vec<Customer>) -> Facts {
        let mut sum = Sha256::new();
        let last_on = last.map(|last| last.to_string()).unwrap_or_default();
        sum.update(format!("{VERSION} {as_of} {last_on} {} {}", currency.code(), customers.len()));
        for customer in &customers {
            sum.update(customer.party.0.as_bytes());
            sum.update(customer.first.to_le_bytes());
            sum.update(customer.last.to_le_bytes());
            sum.update(customer.occasions.to_le_bytes());
            sum.update(customer.net_minor.to_le_bytes());
            sum.update(customer.first_minor.to_le_bytes());
            sum.update(customer.early.to_le_bytes());
            sum.update(customer.last_early.to_le_bytes());
            let Rhythm { habit, gap_days, variation, season } = customer.rhythm;
            sum.update(habit.as_str());
            sum.update(gap_days.unwrap_or_default().to_le_bytes());
            sum.update(variation.unwrap_or_default().to_le_bytes());
            sum.update([season.unwrap_or_default()]);
        }
        let hash = HEXLOWER.encode(&sum.finalize());
        Facts { as_of, last, currency, customers, hash }
    }

    /// Number of the day up to which the model of purchases is told the past when it is tried on what came after.
    #[must_use]
    pub fn cut(&self) -> Option<i32> {
        self.last.map(cut_before)
    }

    /// Number of the as-of day.
    #[must_use]
    pub fn until(&self) -> i32 {
        day_number(self.as_of)
    }

    /// Day of the first purchase of all.
    #[must_use]
    pub fn from(&self) -> Option<Day> {
        self.customers.iter().map(|customer| customer.first).min().map(|first| Day(Date::ZERO).plus(first.into()))
    }
}

/// Days since the year 0.
#[must_use]
pub fn day_number(day: Day) -> i32 {
    i32::try_from(day.since(Day(Date::ZERO))).unwrap_or_default()
}

/// Number of the day so long before the last purchase of all that the promise can be tried on what came after.
fn cut_before(last: Day) -> i32 {
    day_number(last) - SOON as i32
}

/// A purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bought {
    /// Its day.
    day: Day,
    /// Whether something was bought, be it for nothing after a discount.
    is_bought: bool,
    /// What it came to less what was given back, in minor units.
    net_minor: i64,
}

impl Bought {
    /// Reads `day:net:b`, where the letter is absent when nothing was bought.
    fn parse(text: &str) -> Option<Bought> {
        let mut parts = text.split(':');
        Some(Bought { day: parts.next()?.parse().ok()?, net_minor: parts.next()?.parse().ok()?, is_bought: parts.next()? == "b" })
    }
}

/// The solar year, and its quarter from 1: the seasons of most who buy by the season, whatever calendar is read.
pub(super) fn season_of(day: Day) -> (i32, u8) {
    let (year, month, _) = ymd(day.0, Calendar::Jalali);
    (year, (month - 1) / 3 + 1)
}

/// Puts the purchases of customers together.
struct Gathering {
    /// The early days end with it.
    cut: i32,
    /// Number of the as-of day.
    as_of: i32,
    /// Days of the customer in hand.
    occasions: Vec<Occasion>,
    /// Year and quarter of days that were met.
    seasons: HashMap<Day, (i32, u8)>,
}

impl Gathering {
    fn until(cut: i32, as_of: i32) -> Gathering {
        Gathering { cut, as_of, occasions: Vec::new(), seasons: HashMap::new() }
    }

    /// A customer with these purchases; `None` for who only gave back what they never bought here. What is given back is
    /// taken from the last occasion up to its day.
    fn customer(&mut self, party: Id<Party>, mut purchases: Vec<Bought>) -> Option<Customer> {
        purchases.sort_unstable_by_key(|bought| (bought.day, !bought.is_bought));
        self.occasions.clear();
        let mut customer = Customer {
            party,
            first: 0,
            last: 0,
            occasions: 0,
            net_minor: 0,
            first_minor: 0,
            early: 0,
            last_early: 0,
            rhythm: Rhythm::NONE,
        };
        for bought in purchases {
            let day = day_number(bought.day);
            if bought.is_bought && (customer.occasions == 0 || day > customer.last) {
                if customer.occasions == 0 {
                    customer.first = day;
                    customer.last_early = day;
                }
                customer.last = day;
                customer.occasions += 1;
                let (year, season) = *self.seasons.entry(bought.day).or_insert_with(|| season_of(bought.day));
                self.occasions.push(Occasion { day: day.into(), year, season });
                if day <= self.cut {
                    customer.early += 1;
                    customer.last_early = day;
                }
            }
            customer.net_minor += bought.net_minor;
            if customer.occasions <= 1 {
                customer.first_minor += bought.net_minor;
            }
        }
        if customer.occasions == 0 {
            return None;
        }
        customer.rhythm = Rhythm::of(&self.occasions, self.as_of.into());
        Some(customer)
    }
}

/// Reads the purchases of all customers who are not archived, from one unchanging state. `None` when the program stops
/// meanwhile.
///
/// # Errors
/// When the database is out of reach.
pub async fn read(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Option<Facts>> {
    let organisation = ctx.app.organisation().await?;
    let (as_of, currency) = (ctx.now().day(&organisation.zone()), organisation.currency);
    let mut tx = ctx.app.db.snapshot().await?;
    let archived: Vec<(Id<Party>,)> = tx.all(sql("SELECT id FROM parties WHERE archived_at IS NOT NULL")).await?;
    let archived: HashSet<Id<Party>> = archived.into_iter().map(|(id,)| id).collect();
    let last_sale = last_sale(&mut tx, currency, as_of).await?;
    let mut gathering = Gathering::until(last_sale.map_or(i32::MIN, cut_before), day_number(as_of));
    let mut customers = Vec::new();
    let mut after = Id::FIRST;
    while let Some(last) = stripe_end(&mut tx, after).await? {
        let found = jobs::keep(&ctx.app, job, stop, purchases_between(&mut tx, after, last, currency, as_of)).await?;
        let Some(found) = found else { return Ok(None) };
        for (party, purchases) in found?.into_iter().filter(|(party, _)| !archived.contains(party)) {
            customers.extend(gathering.customer(party, purchases.split(',').filter_map(Bought::parse).collect()));
        }
        after = last;
    }
    tx.commit().await?;
    Ok(Some(Facts::new(as_of, last_sale, currency, customers)))
}

/// The last of the parties that follow one and are looked at together; `None` when there are no more.
async fn stripe_end(tx: &mut Tx, after: Id<Party>) -> Result<Option<Id<Party>>> {
    let query = sql("SELECT s.id FROM (SELECT id FROM parties WHERE id > $1 ORDER BY id LIMIT $2) s ORDER BY s.id DESC LIMIT 1");
    let last: Option<(Id<Party>,)> = tx.maybe(query.bind(after).bind(STRIPE)).await?;
    Ok(last.map(|(id,)| id))
}

/// The purchases of each customer after one and up to another, as [`Bought::parse`] reads them, in the order of their ids.
async fn purchases_between(
    tx: &mut Tx,
    after: Id<Party>,
    last: Id<Party>,
    currency: Currency,
    as_of: Day,
) -> Result<Vec<(Id<Party>, String)>> {
    let text = "SELECT party_id, string_agg(day || ':' || CAST(gross_minor - refund_minor AS TEXT) || CASE WHEN gross_minor > 0
            OR EXISTS (SELECT 1 FROM purchase_lines l WHERE l.purchase_id = p.id AND l.sign > 0) THEN ':b' ELSE ':' END, ',')
        FROM purchases p WHERE party_id > $1 AND party_id <= $2 AND currency = $3 AND day <= $4 GROUP BY party_id ORDER BY party_id";
    Ok(tx.all(sql(text).bind(after).bind(last).bind(currency).bind(as_of)).await?)
}

/// The day of the last purchase of all.
async fn last_sale(tx: &mut Tx, currency: Currency, as_of: Day) -> Result<Option<Day>> {
    let query = sql("SELECT day FROM purchases WHERE party_id IS NOT NULL AND currency = $1 AND day <= $2 AND gross_minor > 0
                     ORDER BY at DESC, id DESC LIMIT 1");
    let last: Option<(Day,)> = tx.maybe(query.bind(currency).bind(as_of)).await?;
    Ok(last.map(|(day,)| day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_occasions_and_refunds_are_netted_into_the_one_before() {
        let party = Id::FIRST;
        let bought = |day, net_minor, is_bought| Bought { day: Day(Date::ZERO).plus(day), net_minor, is_bought };
        let customer = |first, last, occasions, net_minor, first_minor, early, last_early| {
            Some(Customer { party, first, last, occasions, net_minor, first_minor, early, last_early, rhythm: Rhythm::NONE })
        };
        let mut gathering = Gathering::until(20, 30);
        let mut of = |purchases: &[Bought]| gathering.customer(party, purchases.to_vec());
        let often = [
            bought(25, 60, true),
            bought(10, 100, true),
            bought(12, -30, false),
            bought(20, -5, false),
            bought(10, 50, true),
            bought(20, 0, true),
            bought(26, -20, false),
        ];
        assert_eq!(of(&often), customer(10, 25, 3, 155, 120, 2, 20));
        assert_eq!(of(&[bought(3, -40, false)]), None, "only gave back");
        assert_eq!(of(&[bought(3, -5, false), bought(4, 80, true)]), customer(4, 4, 1, 75, 75, 1, 4));
        assert_eq!(of(&[bought(21, 40, true), bought(22, 50, true)]), customer(21, 22, 2, 90, 40, 0, 21));
    }

    #[test]
    fn purchases_are_read_as_the_database_puts_them_together() {
        let day = "2026-11-22".parse().unwrap();
        assert_eq!(Bought::parse("2026-11-22:-250:"), Some(Bought { day, net_minor: -250, is_bought: false }));
        assert_eq!(Bought::parse("2026-11-22:0:b"), Some(Bought { day, net_minor: 0, is_bought: true }));
        assert_eq!(Bought::parse("2026-11-22"), None);
    }

    #[test]
    fn the_hash_is_of_everything() {
        let one = Customer {
            party: Id::FIRST,
            first: 1,
            last: 2,
            occasions: 2,
            net_minor: 3,
            first_minor: 1,
            early: 1,
            last_early: 1,
            rhythm: Rhythm::NONE,
        };
        let day = Day(Date::ZERO);
        let facts = Facts::new(day, Some(day), Currency::IRR, vec![one]);
        assert_eq!(facts.hash, Facts::new(day, Some(day), Currency::IRR, vec![one]).hash);
        for other in [
            Facts::new(day.plus(1), Some(day), Currency::IRR, vec![one]),
            Facts::new(day, Some(day.plus(-1)), Currency::IRR, vec![one]),
            Facts::new(day, Some(day), Currency::from_code("GBP").unwrap(), vec![one]),
            Facts::new(day, Some(day), Currency::IRR, vec![Customer { first_minor: 2, ..one }]),
            Facts::new(day, Some(day), Currency::IRR, vec![Customer { early: 2, ..one }]),
            Facts::new(day, Some(day), Currency::IRR, vec![Customer { rhythm: Rhythm { season: Some(1), ..Rhythm::NONE }, ..one }]),
            Facts::new(day, Some(day), Currency::IRR, vec![one, one]),
        ] {
            assert_ne!(facts.hash, other.hash);
        }
    }
}
