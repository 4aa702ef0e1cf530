//! What is reckoned with: what an hour of ours costs, what a contact costs by channel, what share of a price the goods are,
//! how much of our time each tier of customers should get, and where tiers begin if somebody says so.

use super::profit_refresh;
use crate::interactions::Channel;
use crate::operation::Nothing;
use crate::platform::events::{self, Event};
use crate::platform::money::{Currency, Money, MoneyUnit, parse_decimal};
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Sql, Tx, row, sql};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The whole, in ten-thousandths.
pub const WHOLE: i64 = 10_000;

peyvand_db::words! {
    /// What has a rate.
    pub enum RateItem {
        /// Share of the goods in the price.
        Goods = "goods",
        /// An hour of staff.
        StaffHour = "staff_hour",
        /// A call.
        Phone = "phone",
        /// A text message.
        Sms = "sms",
        /// A contact by WhatsApp.
        Whatsapp = "whatsapp",
        /// A contact by Telegram.
        Telegram = "telegram",
        /// A contact by Bale.
        Bale = "bale",
        /// A contact by Eitaa.
        Eitaa = "eitaa",
        /// A contact by Rubika.
        Rubika = "rubika",
        /// A contact by Instagram.
        Instagram = "instagram",
        /// An e-mail.
        Email = "email",
        /// Somebody who comes to us.
        InPerson = "in_person",
        /// A visit to them.
        Visit = "visit",
        /// A contact by the web site.
        Web = "web",
        /// A letter.
        Letter = "letter",
        /// A contact in another way.
        Other = "other",
        /// Share of our time that the best tier should get.
        Time1 = "time_1",
        /// Share of our time for the second tier.
        Time2 = "time_2",
        /// Share of our time for the third tier.
        Time3 = "time_3",
        /// Share of our time for the last tier.
        Time4 = "time_4",
        /// Profit of a year from which on a customer is in the best tier.
        Tier1From = "tier_1_from",
        /// Profit from which on a customer is in the second tier.
        Tier2From = "tier_2_from",
        /// Profit from which on a customer is in the third tier.
        Tier3From = "tier_3_from",
    }
}

/// Where tiers begin, from the best one to the last but one.
pub const BORDERS: [RateItem; 3] = [RateItem::Tier1From, RateItem::Tier2From, RateItem::Tier3From];

/// The target shares of time, from the best tier to the last.
pub const TIMES: [RateItem; 4] = [RateItem::Time1, RateItem::Time2, RateItem::Time3, RateItem::Time4];

impl RateItem {
    /// The item of a contact by a channel; a note is no contact.
    #[must_use]
    pub fn of(channel: Channel) -> Option<RateItem> {
        channel.as_str().parse().ok()
    }

    /// Whether the rate is a share instead of an amount.
    #[must_use]
    pub fn is_share(self) -> bool {
        self == RateItem::Goods || TIMES.contains(&self)
    }
}

/// All rates there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates(pub BTreeMap<RateItem, i64>);

row! {
    struct Stored {
        item: RateItem,
        value: i64,
        changed_at: Instant,
    }
}

impl Rates {
    /// The rates as they now are.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn read(tx: &mut Tx) -> Result<Rates> {
        let rows: Vec<(RateItem, i64)> = tx.all(sql("SELECT item, value FROM cost_rates")).await?;
        Ok(Rates(rows.into_iter().collect()))
    }

    /// The rate of an item: minor units, or ten-thousandths of a share.
    #[must_use]
    pub fn of(&self, item: RateItem) -> Option<i64> {
        self.0.get(&item).copied()
    }

    /// Where tiers begin, if somebody has said so; else it is found out from all profits.
    #[must_use]
    pub fn borders(&self) -> Option<Vec<i64>> {
        BORDERS.iter().map(|item| self.of(*item)).collect()
    }

    /// The share of the goods. Without it there is no profit to speak of, and none is guessed.
    ///
    /// # Errors
    /// A problem that says so.
    pub fn goods(&self) -> Result<i64> {
        self.of(RateItem::Goods).ok_or_else(|| Problem::new("", "profits-goods-unknown").into())
    }
}

/// A rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CostRate {
    /// Of what.
    pub item: RateItem,
    /// Minor units of the organisation's currency, or ten-thousandths for a share.
    pub value: i64,
    /// The same in major units, or in per cent.
    pub amount: String,
    /// When it was set.
    pub changed_at: Instant,
}

/// All rates that are set, in the order of their words.
///
/// # Errors
/// Without the right.
pub async fn list(ctx: &Ctx, _: Nothing) -> Result<Vec<CostRate>> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let currency = ctx.app.organisation().await?.currency;
    let rows: Vec<Stored> = reader.db.all(Sql::select::<Stored>("FROM cost_rates ORDER BY item")).await?;
    let shown = |row: Stored| CostRate {
        item: row.item,
        value: row.value,
        amount: amount(row.item, row.value, currency),
        changed_at: row.changed_at,
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// A rate in major units, or in per cent.
fn amount(item: RateItem, value: i64, currency: Currency) -> String {
    if item.is_share() { Decimal::new(value, 2).normalize().to_string() } else { Money { minor: value, currency }.decimal_string() }
}

/// A rate to be set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRate {
    /// Of what.
    pub item: RateItem,
    /// Major units of the organisation's currency, or per cent for a share; empty for no rate.
    pub amount: Option<String>,
}

/// Rates to be set; those that are not named stay.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRates {
    /// The rates.
    pub rates: Vec<SetRate>,
}

/// Sets rates, and has the profits worked out anew where one has changed.
///
/// # Errors
/// For amounts that cannot be, at the field that is named like the item.
pub async fn set(ctx: &Ctx, input: SetRates) -> Result<Vec<CostRate>> {
    let writer = ctx.write(Perm(Room::Insight, Act::Change))?;
    let currency = ctx.app.organisation().await?.currency;
    let mut problems = Fields::default();
    let mut asked = BTreeMap::new();
    for rate in &input.rates {
        let text = rate.amount.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if let Some(value) = problems.take(text.map(|text| value(rate.item, text, currency)).transpose()) {
            asked.insert(rate.item, value);
        }
    }
    let mut tx = writer.begin().await?;
    let before = Rates::read(&mut tx).await?;
    let after = |item: RateItem| asked.get(&item).copied().unwrap_or(before.of(item)).unwrap_or(0);
    if TIMES.iter().map(|item| after(*item)).sum::<i64>() > WHOLE {
        problems.add(TIMES[0].as_str(), "cost-rates-time-sum");
    }
    check_borders(BORDERS.map(|item| asked.get(&item).copied().unwrap_or(before.of(item))), &mut problems);
    problems.check()?;
    let mut changes = Vec::new();
    for (item, value) in &asked {
        if before.of(*item) == *value {
            continue;
        }
        let change = match value {
            Some(value) => sql("INSERT INTO cost_rates (item, value, changed_by, changed_at) VALUES ($1, $2, $3, $4)
                  ON CONFLICT (item) DO UPDATE SET value = excluded.value, changed_by = excluded.changed_by, changed_at = excluded.changed_at")
            .bind(*item)
            .bind(*value)
            .bind(ctx.actor.user())
            .bind(ctx.now()),
            None => sql("DELETE FROM cost_rates WHERE item = $1").bind(*item),
        };
        tx.run(change).await?;
        let data = json!({"item": item, "from": before.of(*item), "to": value});
        changes.push(Event { kind: "cost_rate.changed", party: None, subject: None, data });
    }
    if !changes.is_empty() {
        profit_refresh::enqueue(&mut tx, ctx).await?;
        events::record_all(&mut tx, ctx, changes).await?;
    }
    tx.commit().await?;
    list(ctx, Nothing {}).await.or_else(|error| if matches!(error, Error::Forbidden(_)) { Ok(Vec::new()) } else { Err(error) })
}

/// Refuses some borders without the others, and borders in the wrong order.
fn check_borders(borders: [Option<i64>; 3], problems: &mut Fields) {
    if borders.iter().all(Option::is_none) {
        return;
    }
    for (item, border) in BORDERS.iter().zip(borders) {
        if border.is_none() {
            problems.add(item.as_str(), "cost-rates-tiers-all");
        }
    }
    for (at, pair) in borders.windows(2).enumerate() {
        if matches!(pair, [Some(better), Some(worse)] if better <= worse) {
            problems.add(BORDERS[at + 1].as_str(), "cost-rates-tiers-order");
        }
    }
}

fn value(item: RateItem, text: &str, currency: Currency) -> Result<i64, Problem> {
    let field = item.as_str();
    if item.is_share() {
        let percent = parse_decimal(text.trim_end_matches(['%', '٪'])).map_err(|problem| Problem::new(field, problem.key()))?;
        let share = (percent * Decimal::ONE_HUNDRED).round();
        return i64::try_from(share)
            .ok()
            .filter(|share| (0..=WHOLE).contains(share))
            .ok_or_else(|| Problem::new(field, "input-range").with("min", 0).with("max", 100));
    }
    let money = Money::parse(text, currency, MoneyUnit::Currency).map_err(|problem| Problem::new(field, problem.key()))?;
    if money.minor < 0 && !BORDERS.contains(&item) { Err(Problem::new(field, "costs-negative")) } else { Ok(money.minor) }
}

/// The operations of rates.
pub fn operations(ops: &mut Operations) {
    ops.add("cost_rates.list", "GET /cost-rates", Some(Perm(Room::Insight, Act::See)), "What costs are reckoned with.", list);
    ops.add(
        "cost_rates.set",
        "PUT /cost-rates",
        Some(Perm(Room::Insight, Act::Change)),
        "Sets what an hour, a contact and the goods cost, what share of time each tier should get, and where tiers begin.",
        set,
    )
    .example(|| json!({"rates": [{"item": "goods", "amount": "62"}, {"item": "staff_hour", "amount": "1800000"}, {"item": "visit", "amount": "900000"}]}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn rates(pairs: &[(RateItem, &str)]) -> SetRates {
        let rates = pairs.iter().map(|(item, amount)| SetRate { item: *item, amount: Some((*amount).to_owned()) }).collect();
        SetRates { rates }
    }

    #[test]
    fn every_channel_but_a_note_has_an_item() {
        let without: Vec<Channel> = Channel::ALL.iter().copied().filter(|channel| RateItem::of(*channel).is_none()).collect();
        assert_eq!(without, [Channel::Note]);
    }

    #[tokio::test]
    async fn rates_are_set_changed_and_taken_away_and_each_change_is_noted() {
        let ctx = testing::ctx().await;
        let set_now = ctx.run(set, rates(&[(RateItem::Goods, "۶۲٫۵٪"), (RateItem::StaffHour, "1800000")])).await.unwrap();
        let told: Vec<(RateItem, i64, &str)> = set_now.iter().map(|rate| (rate.item, rate.value, rate.amount.as_str())).collect();
        assert_eq!(told, [(RateItem::Goods, 6_250, "62.5"), (RateItem::StaffHour, 180_000_000, "1800000.00")]);
        ctx.run(set, rates(&[(RateItem::Goods, "62.5"), (RateItem::StaffHour, "")])).await.unwrap();
        let left = ctx.run(list, Nothing {}).await.unwrap();
        assert_eq!(left.iter().map(|rate| rate.item).collect::<Vec<_>>(), [RateItem::Goods]);
        let (noted,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM events WHERE kind = 'cost_rate.changed'")).await.unwrap();
        assert_eq!(noted, 3, "what stays as it was is no change");
    }

    #[tokio::test]
    async fn what_cannot_be_is_refused_as_a_whole() {
        let ctx = testing::ctx().await;
        let wrong = rates(&[(RateItem::Goods, "101"), (RateItem::Phone, "-5"), (RateItem::Visit, "many"), (RateItem::Sms, "100")]);
        let Err(Error::Invalid(Fields(problems))) = ctx.run(set, wrong).await else { panic!() };
        let fields: Vec<&str> = problems.iter().map(|problem| &*problem.field).collect();
        assert_eq!(fields, ["goods", "phone", "visit"]);
        ctx.run(set, rates(&[(RateItem::Time1, "40"), (RateItem::Time2, "60")])).await.unwrap();
        assert!(matches!(ctx.run(set, rates(&[(RateItem::Time3, "1")])).await, Err(Error::Invalid(_))), "more than all the time");
        ctx.run(set, rates(&[(RateItem::Time2, "59"), (RateItem::Time3, "1")])).await.unwrap();
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(matches!(agent.run(set, rates(&[(RateItem::Sms, "1")])).await, Err(Error::Forbidden(_))));
        assert_eq!(agent.run(list, Nothing {}).await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn borders_of_tiers_are_all_there_in_their_order_or_none_is() {
        let ctx = testing::ctx().await;
        let [one, two, three] = BORDERS;
        let wrong = async |pairs: &[(RateItem, &str)]| match ctx.run(set, rates(pairs)).await {
            Err(Error::Invalid(Fields(problems))) => {
                problems.into_iter().map(|problem| (problem.field.into_owned(), problem.key.into_owned())).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        let problem = |field: RateItem, key: &str| (field.to_string(), key.to_owned());
        assert_eq!(wrong(&[(one, "10")]).await, [problem(two, "cost-rates-tiers-all"), problem(three, "cost-rates-tiers-all")]);
        assert_eq!(wrong(&[(one, "10"), (two, "10"), (three, "-5")]).await, [problem(two, "cost-rates-tiers-order")]);
        ctx.run(set, rates(&[(one, "1000"), (two, "10"), (three, "-5")])).await.unwrap();
        assert_eq!(wrong(&[(two, "")]).await, [problem(two, "cost-rates-tiers-all")]);
        let mut tx = ctx.app.db.begin().await.unwrap();
        assert_eq!(Rates::read(&mut tx).await.unwrap().borders(), Some(vec![100_000, 1_000, -500]));
        tx.commit().await.unwrap();
        let noted: Vec<(serde_json::Value,)> =
            ctx.app.db.all(sql("SELECT data FROM events WHERE kind = 'cost_rate.changed' ORDER BY id")).await.unwrap();
        assert_eq!(noted.len(), 3, "the history says who moved which border from where to where");
        ctx.run(set, rates(&[(one, ""), (two, ""), (three, "")])).await.unwrap();
        let mut tx = ctx.app.db.begin().await.unwrap();
        assert_eq!(Rates::read(&mut tx).await.unwrap().borders(), None);
        tx.commit().await.unwrap();
    }
}
