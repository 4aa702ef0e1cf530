//! What a customer brought in a period and what they cost: read for many of them at once, and added up by a plain function.
//!
//! Profit is what they paid, less the goods, our time, the price of each contact and the costs of the ledger. Discounts on
//! invoices are told, not taken off: the sales are already less by them. What has no rate is not guessed; it is named.

use super::costs::CostKind;
use super::rates::{RateItem, Rates, WHOLE};
use crate::interactions::Channel;
use crate::parties::Party;
use crate::platform::money::Currency;
use crate::{Day, Instant, Result};
use jiff::tz::TimeZone;
use peyvand_db::{Id, Sql, Tx, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Days of the year that profits are ranked by.
pub const WINDOW: i64 = 365;

/// From day to day, both in it, by the organisation's clock.
#[derive(Clone, Debug)]
pub struct Period {
    /// The first day.
    pub from: Day,
    /// The last one.
    pub until: Day,
    /// The organisation's time zone.
    pub zone: TimeZone,
}

impl Period {
    /// The year that ends with a day.
    #[must_use]
    pub fn year_to(until: Day, zone: TimeZone) -> Period {
        Period { from: until.plus(1 - WINDOW), until, zone }
    }

    fn instants(&self) -> (Instant, Instant) {
        (Instant::start_of(self.from, &self.zone), Instant::start_of(self.until.plus(1), &self.zone))
    }
}

row! {
    struct Bought {
        party_id: Id<Party>,
        lines: i64 = "COUNT(*)",
        sales_minor: i64 = "CAST(SUM(amount_minor) AS BIGINT)",
        discount_minor: i64 = "CAST(SUM(CASE WHEN sign > 0 THEN discount_minor ELSE 0 END) AS BIGINT)",
    }
}

row! {
    /// Contacts with a customer by one channel.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Talks {
        /// The customer.
        pub party_id: Id<Party>,
        /// The channel.
        pub channel: Channel,
        /// How many.
        pub contacts: i64 = "COUNT(*)",
        /// Seconds of them together, where they are known.
        pub seconds: i64 = "CAST(COALESCE(SUM(duration_s), 0) AS BIGINT)",
    }
}

row! {
    /// Entries of the ledger for a customer, of one kind.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Entered {
        /// The customer.
        pub party_id: Id<Party>,
        /// The kind.
        pub kind: CostKind,
        /// What they come to, in minor units.
        pub amount_minor: i64 = "CAST(SUM(amount_minor) AS BIGINT)",
        /// Minutes of them.
        pub minutes: i64 = "CAST(SUM(minutes) AS BIGINT)",
        /// The minutes of those without an amount, which are priced at the rate.
        pub bare_minutes: i64 = "CAST(SUM(CASE WHEN amount_minor = 0 THEN minutes ELSE 0 END) AS BIGINT)",
    }
}

/// What happened with a customer in a period, before anything is priced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Lines of purchases, those that give back among them.
    pub lines: i64,
    /// What they come to after discounts and refunds, in minor units.
    pub sales_minor: i64,
    /// Discounts on them.
    pub discount_minor: i64,
    /// Contacts by channel.
    pub talks: Vec<Talks>,
    /// Costs by kind.
    pub entered: Vec<Entered>,
}

impl Past {
    /// Whether they bought or something was spent on them: contacts alone do not make a customer.
    #[must_use]
    pub fn counts(&self, has_ever_bought: bool) -> bool {
        self.lines > 0 || !self.entered.is_empty() || (has_ever_bought && !self.talks.is_empty())
    }
}

/// What a customer brought and cost, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    /// What they paid, after discounts and refunds.
    pub sales_minor: i64,
    /// Discounts on their invoices; told only, the sales are already less by them.
    pub discount_minor: i64,
    /// What the goods cost.
    pub goods_minor: i64,
    /// What our time cost.
    pub staff_minor: i64,
    /// What the contacts cost by their channels.
    pub channels_minor: i64,
    /// What the ledger says.
    pub entered_minor: i64,
    /// What is left.
    pub profit_minor: i64,
    /// Minutes of ours.
    pub minutes: i64,
    /// Contacts, ours and theirs.
    pub contacts: i64,
}

impl std::ops::AddAssign for Parts {
    fn add_assign(&mut self, other: Parts) {
        self.sales_minor += other.sales_minor;
        self.discount_minor += other.discount_minor;
        self.goods_minor += other.goods_minor;
        self.staff_minor += other.staff_minor;
        self.channels_minor += other.channels_minor;
        self.entered_minor += other.entered_minor;
        self.profit_minor += other.profit_minor;
        self.minutes += other.minutes;
        self.contacts += other.contacts;
    }
}

/// Prices a past. The second answer names what happened and has no rate, so is not in the profit.
///
/// # Errors
/// When nobody has said what the goods cost.
pub fn add_up(past: &Past, rates: &Rates) -> Result<(Parts, BTreeSet<RateItem>)> {
    let goods = part_of(past.sales_minor, rates.goods()?, WHOLE);
    let mut unpriced = BTreeSet::new();
    let mut rate = |item: RateItem| {
        let rate = rates.of(item);
        if rate.is_none() {
            unpriced.insert(item);
        }
        rate.unwrap_or(0)
    };
    let seconds: i64 = past.talks.iter().map(|talks| talks.seconds).sum();
    let talked = (seconds + 30) / 60;
    let priced = talked + past.entered.iter().map(|entered| entered.bare_minutes).sum::<i64>();
    let staff = if priced > 0 { part_of(rate(RateItem::StaffHour), priced, 60) } else { 0 };
    let contacts = past.talks.iter().filter_map(|talks| Some((RateItem::of(talks.channel)?, talks.contacts)));
    let channels = contacts.map(|(item, contacts)| rate(item).saturating_mul(contacts)).fold(0, i64::saturating_add);
    let entered = past.entered.iter().map(|entered| entered.amount_minor).sum();
    let parts = Parts {
        sales_minor: past.sales_minor,
        discount_minor: past.discount_minor,
        goods_minor: goods,
        staff_minor: staff,
        channels_minor: channels,
        entered_minor: entered,
        profit_minor: past.sales_minor - goods - staff - channels - entered,
        minutes: talked + past.entered.iter().map(|entered| entered.minutes).sum::<i64>(),
        contacts: past.talks.iter().map(|talks| talks.contacts).sum(),
    };
    Ok((parts, unpriced))
}

/// `amount × part / whole`, to the nearest minor unit, halves away from zero.
#[must_use]
pub fn part_of(amount: i64, part: i64, whole: i64) -> i64 {
    let (product, whole) = (i128::from(amount) * i128::from(part), i128::from(whole));
    let half = if product < 0 { -whole } else { whole };
    i64::try_from((2 * product + half) / (2 * whole)).unwrap_or(if product < 0 { i64::MIN } else { i64::MAX })
}

/// The pasts of the customers from one id to another, both in it. Who has none is not among them.
///
/// # Errors
/// When the database is out of reach.
pub async fn read(
    tx: &mut Tx,
    (first, last): (Id<Party>, Id<Party>),
    period: &Period,
    currency: Currency,
) -> Result<BTreeMap<Id<Party>, Past>> {
    let mut pasts: BTreeMap<Id<Party>, Past> = BTreeMap::new();
    let query = Sql::select::<Bought>(
        "FROM purchase_lines WHERE party_id >= $1 AND party_id <= $2 AND day >= $3 AND day <= $4 AND currency = $5 GROUP BY party_id",
    );
    let bought: Vec<Bought> = tx.all(query.bind(first).bind(last).bind(period.from).bind(period.until).bind(currency)).await?;
    for row in bought {
        let past = pasts.entry(row.party_id).or_default();
        (past.lines, past.sales_minor, past.discount_minor) = (row.lines, row.sales_minor, row.discount_minor);
    }
    let (from, until) = period.instants();
    let query = Sql::select::<Talks>(
        "FROM interactions WHERE party_id >= $1 AND party_id <= $2 AND at >= $3 AND at < $4 AND channel <> 'note'
         GROUP BY party_id, channel ORDER BY party_id, channel",
    );
    let talks: Vec<Talks> = tx.all(query.bind(first).bind(last).bind(from).bind(until)).await?;
    for row in talks {
        pasts.entry(row.party_id).or_default().talks.push(row);
    }
    let query = Sql::select::<Entered>(
        "FROM costs WHERE party_id >= $1 AND party_id <= $2 AND day >= $3 AND day <= $4 GROUP BY party_id, kind ORDER BY party_id, kind",
    );
    let entered: Vec<Entered> = tx.all(query.bind(first).bind(last).bind(period.from).bind(period.until)).await?;
    for row in entered {
        pasts.entry(row.party_id).or_default().entered.push(row);
    }
    Ok(pasts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn rates(pairs: &[(RateItem, i64)]) -> Rates {
        Rates(pairs.iter().copied().collect())
    }

    fn talks(channel: Channel, contacts: i64, seconds: i64) -> Talks {
        Talks { party_id: Id::FIRST, channel, contacts, seconds }
    }

    fn entered(kind: CostKind, amount_minor: i64, minutes: i64, bare_minutes: i64) -> Entered {
        Entered { party_id: Id::FIRST, kind, amount_minor, minutes, bare_minutes }
    }

    #[test]
    fn profit_is_what_is_left_of_the_sales() {
        let past = Past {
            lines: 3,
            sales_minor: 1_000_000,
            discount_minor: 50_000,
            talks: vec![talks(Channel::Phone, 4, 1_790), talks(Channel::Visit, 1, 3_600)],
            entered: vec![entered(CostKind::Gift, 40_000, 0, 0), entered(CostKind::Staff, 9_000, 45, 30)],
        };
        let rates = rates(&[(RateItem::Goods, 6_000), (RateItem::StaffHour, 60_000), (RateItem::Phone, 500), (RateItem::Visit, 20_000)]);
        let (parts, unpriced) = add_up(&past, &rates).unwrap();
        // 5390 s are 90 minutes; 30 more were entered without an amount.
        let expected = Parts {
            sales_minor: 1_000_000,
            discount_minor: 50_000,
            goods_minor: 600_000,
            staff_minor: 120_000,
            channels_minor: 22_000,
            entered_minor: 49_000,
            profit_minor: 209_000,
            minutes: 135,
            contacts: 5,
        };
        assert_eq!(parts, expected, "the discount is not taken off a second time");
        assert!(unpriced.is_empty());
    }

    #[test]
    fn what_has_no_rate_is_named_instead_of_guessed() {
        let past =
            Past { lines: 1, sales_minor: 100, talks: vec![talks(Channel::Sms, 2, 0), talks(Channel::Phone, 1, 600)], ..Past::default() };
        assert!(matches!(add_up(&past, &rates(&[(RateItem::StaffHour, 1)])), Err(Error::Invalid(_))));
        let (parts, unpriced) = add_up(&past, &rates(&[(RateItem::Goods, 5_000), (RateItem::Phone, 10)])).unwrap();
        assert_eq!((parts.profit_minor, parts.minutes), (40, 10));
        assert_eq!(unpriced, BTreeSet::from([RateItem::StaffHour, RateItem::Sms]));
        let quiet = Past { talks: Vec::new(), ..past };
        assert!(add_up(&quiet, &rates(&[(RateItem::Goods, 5_000)])).unwrap().1.is_empty(), "no minute, no rate that is missing");
    }

    #[test]
    fn goods_come_back_with_a_refund() {
        let past = Past { lines: 1, sales_minor: -1_001, ..Past::default() };
        let (parts, _) = add_up(&past, &rates(&[(RateItem::Goods, 5_000)])).unwrap();
        assert_eq!((parts.goods_minor, parts.profit_minor), (-501, -500));
        assert_eq!(part_of(i64::MAX, 10_000, 10_000), i64::MAX);
        assert_eq!([part_of(3, 1, 2), part_of(-3, 1, 2), part_of(1, 1, 3)], [2, -2, 0]);
    }

    #[test]
    fn contacts_alone_do_not_make_a_customer() {
        let asked = Past { talks: vec![talks(Channel::Phone, 1, 60)], ..Past::default() };
        assert!(!asked.counts(false) && asked.counts(true) && !Past::default().counts(true));
        assert!(Past { entered: vec![entered(CostKind::Gift, 1, 0, 0)], ..Past::default() }.counts(false));
    }
}
