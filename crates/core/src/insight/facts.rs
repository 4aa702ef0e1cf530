//! What the models are fitted to: for each customer the days of first and last purchase, how many days with one, and what
//! remained of it in the organisation's currency.

use super::models::SOON;
use super::rhythm::Rhythm;
use crate::parties::Party;
use crate::platform::calendar::{Calendar, ymd};
use crate::platform::jobs::{self, QueuedJob};
use crate::platform::money::Currency;
use crate::sales::Purchase;
use crate::{Ctx, Day, Instant, Result};
use data_encoding::HEXLOWER;
use jiff::civil::Date;
use peyvand_db::{Id, Tx, row, sql};
use peyvand_stats::rhythm::Occasion;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use tokio::sync::watch;

/// Purchases read at once.
const PAGE: i64 = 4_000;
/// Pages after which the job says that it is still at work.
const RENEW_AFTER: usize = 100;
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

row! {
    struct Bought {
        party_id: Id<Party>,
        at: Instant,
        id: Id<Purchase>,
        day: Day,
        gross_minor: i64,
        refund_minor: i64,
        // What was bought for nothing, after a discount, was bought all the same.
        is_bought: bool = "(gross_minor > 0 OR EXISTS (SELECT 1 FROM purchase_lines l WHERE l.purchase_id = purchases.id AND l.sign > 0))",
    }
}

/// The solar year, and its quarter from 1: the seasons of most who buy by the season, whatever calendar is read.
pub(super) fn season_of(day: Day) -> (i32, u8) {
    let (year, month, _) = ymd(day.0, Calendar::Jalali);
    (year, (month - 1) / 3 + 1)
}

/// Puts purchases, in the order of customer and time, together to customers. What is given back is taken from the last
/// occasion before it.
struct Gathering {
    /// The early days end with it.
    cut: i32,
    /// Number of the as-of day.
    as_of: i32,
    /// Days of the customer that is being read.
    occasions: Vec<Occasion>,
    /// Year and quarter of days that were met.
    seasons: HashMap<Day, (i32, u8)>,
    done: Vec<Customer>,
    now: Option<Customer>,
}

impl Gathering {
    fn until(cut: i32, as_of: i32) -> Gathering {
        Gathering { cut, as_of, occasions: Vec::new(), seasons: HashMap::new(), done: Vec::new(), now: None }
    }

    fn add(&mut self, bought: &Bought) {
        if self.now.is_none_or(|customer| customer.party != bought.party_id) {
            self.finish();
        }
        let party = bought.party_id;
        let customer = self.now.get_or_insert(Customer {
            party,
            first: 0,
            last: 0,
            occasions: 0,
            net_minor: 0,
            first_minor: 0,
            early: 0,
            last_early: 0,
            rhythm: Rhythm::NONE,
        });
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
        let net = bought.gross_minor - bought.refund_minor;
        customer.net_minor += net;
        if customer.occasions <= 1 {
            customer.first_minor += net;
        }
    }

    /// Who only gave back what they never bought here is no customer.
    fn finish(&mut self) {
        if let Some(mut customer) = self.now.take().filter(|customer| customer.occasions > 0) {
            customer.rhythm = Rhythm::of(&self.occasions, self.as_of.into());
            self.done.push(customer);
        }
        self.occasions.clear();
    }
}

/// Reads the purchases of all customers who are not archived, from one unchanging state, a page at a time: memory grows
/// with customers, not with purchases. `None` when the program stops meanwhile.
///
/// # Errors
/// When the database is out of reach.
pub async fn read(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Option<Facts>> {
    let organisation = ctx.app.organisation().await?;
    let (as_of, currency) = (ctx.now().day(&organisation.zone()), organisation.currency);
    let mut tx = ctx.app.db.snapshot().await?;
    let archived: Vec<(Id<Party>,)> = tx.all(sql("SELECT id FROM parties WHERE archived_at IS NOT NULL")).await?;
    let archived: HashSet<Id<Party>> = archived.into_iter().map(|(id,)| id).collect();
    let last = last_sale(&mut tx, currency, as_of).await?;
    let mut gathering = Gathering::until(last.map_or(i32::MIN, cut_before), day_number(as_of));
    let mut place = (Id::FIRST, Instant(i64::MIN), Id::FIRST);
    for pages in 1.. {
        let rows = page(&mut tx, place, currency, as_of).await?;
        let Some(last) = rows.last() else { break };
        place = (last.party_id, last.at, last.id);
        rows.iter().filter(|row| !archived.contains(&row.party_id)).for_each(|row| gathering.add(row));
        if *stop.borrow() {
            return Ok(None);
        }
        if pages % RENEW_AFTER == 0 {
            jobs::renew(&ctx.app, job).await?;
        }
    }
    tx.commit().await?;
    gathering.finish();
    Ok(Some(Facts::new(as_of, last, currency, gathering.done)))
}

/// The day of the last purchase of all.
async fn last_sale(tx: &mut Tx, currency: Currency, as_of: Day) -> Result<Option<Day>> {
    let query = sql("SELECT day FROM purchases WHERE party_id IS NOT NULL AND currency = $1 AND day <= $2 AND gross_minor > 0
                     ORDER BY at DESC, id DESC LIMIT 1");
    let last: Option<(Day,)> = tx.maybe(query.bind(currency).bind(as_of)).await?;
    Ok(last.map(|(day,)| day))
}

async fn page(tx: &mut Tx, after: (Id<Party>, Instant, Id<Purchase>), currency: Currency, as_of: Day) -> Result<Vec<Bought>> {
    let query = peyvand_db::Sql::select::<Bought>(
        "FROM purchases WHERE (party_id, at, id) > ($1, $2, $3) AND party_id IS NOT NULL AND currency = $4 AND day <= $5
         ORDER BY party_id, at, id LIMIT $6",
    );
    Ok(tx.all(query.bind(after.0).bind(after.1).bind(after.2).bind(currency).bind(as_of).bind(PAGE)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bought(party: u128, day: i64, gross: i64, refund: i64, is_bought: bool) -> Bought {
        Bought {
            party_id: Id::new(uuid::Uuid::from_u128(party)),
            at: Instant(day),
            id: Id::FIRST,
            day: Day(Date::ZERO).plus(day),
            gross_minor: gross,
            refund_minor: refund,
            is_bought,
        }
    }

    #[test]
    fn days_are_occasions_and_refunds_are_netted_into_the_one_before() {
        let mut gathering = Gathering::until(20, 30);
        for row in [
            bought(1, 10, 100, 0, true),
            bought(1, 10, 50, 0, true),
            bought(1, 12, 0, 30, false),
            bought(1, 20, 0, 0, true),
            bought(1, 25, 70, 10, true),
            bought(1, 26, 0, 20, false),
            bought(2, 3, 0, 40, false),
            bought(3, 3, 0, 5, false),
            bought(3, 4, 80, 0, true),
            bought(4, 21, 40, 0, true),
            bought(4, 22, 50, 0, true),
        ] {
            gathering.add(&row);
        }
        gathering.finish();
        let customer = |party, first, last, occasions, net_minor, first_minor, early, last_early| Customer {
            party: Id::new(uuid::Uuid::from_u128(party)),
            first,
            last,
            occasions,
            net_minor,
            first_minor,
            early,
            last_early,
            rhythm: Rhythm::NONE,
        };
        let known = [customer(1, 10, 25, 3, 160, 120, 2, 20), customer(3, 4, 4, 1, 75, 75, 1, 4), customer(4, 21, 22, 2, 90, 40, 0, 21)];
        assert_eq!(gathering.done, known, "the second only gave back");
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
