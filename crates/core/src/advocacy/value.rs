//! What introductions are worth: what friends bring, what it would have cost to win them otherwise, less what benefits cost; and how
//! many friends an advocate brings in a year.

use super::referrals::Referral;
use crate::experience::treatments;
use crate::insight::guard::LEVEL;
use crate::insight::profit::part_of;
use crate::insight::rates::Rates;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::money::Currency;
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use futures_util::TryStreamExt;
use peyvand_db::{Db, Id, Sql, ToValue, Tx, row, sql};
use peyvand_stats::Interval;
use peyvand_stats::poisson::{Watched, rate_of_all};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

/// What friends bring is counted for so many days from their first purchase.
pub const HORIZON: i64 = 365;
/// The whole, in ten-thousandths.
const WHOLE: i64 = 10_000;
/// Below so many advocates no rate is told.
pub const ADVOCATES_MIN: usize = 5;
/// Days of a year.
const YEAR: f64 = 365.25;
/// Characters of a reason.
const WORDS_MAX: usize = 300;

row! {
    /// Which share of friends would not have come anyway: an assumption, with who stands for it and why.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Assumption {
        /// Its id.
        pub id: Id<Assumption> = "a.id",
        /// The share, in ten-thousandths.
        pub share: i64 = "a.share",
        /// Why it is assumed.
        pub words: String = "a.words",
        /// Who stands for it.
        pub created_by: Option<Id<User>> = "a.created_by",
        /// Their name.
        pub creator: Option<String> = "u.name",
        /// When.
        pub created_at: Instant = "a.created_at",
    }
}

async fn assumption(db: &Db) -> Result<Option<Assumption>> {
    let query = "FROM referral_assumptions a LEFT JOIN users u ON u.id = a.created_by ORDER BY a.created_at DESC, a.id DESC LIMIT 1";
    Ok(db.maybe(Sql::select::<Assumption>(query)).await?)
}

/// An assumption to be written down.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assume {
    /// Per cent of friends who would not have come anyway, as decimal text.
    pub percent: String,
    /// Why.
    pub words: String,
}

/// Writes down which share of friends would not have come anyway. No experiment has told it, so that somebody stands for it.
///
/// # Errors
/// For a share that cannot be read, or without a reason.
pub async fn assume(ctx: &Ctx, input: Assume) -> Result<Assumption> {
    let writer = ctx.write(Perm(Room::Advocacy, Act::Change))?;
    let mut fields = Fields::default();
    let share = fields.take(treatments::share("percent", &input.percent, WHOLE));
    let words = clean_line(&input.words, WORDS_MAX).map_err(|problem| Problem::new("words", problem.key()).with("max", WORDS_MAX));
    let words = fields.take(words).unwrap_or_default();
    if words.is_empty() && fields.0.is_empty() {
        fields.add("words", "referrals-say-why");
    }
    fields.check()?;
    let id: Id<Assumption> = ctx.id();
    let mut tx = writer.begin().await?;
    tx.run(
        sql("INSERT INTO referral_assumptions (id, share, words, created_by, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(share)
            .bind(&words)
            .bind(ctx.actor.user())
            .bind(ctx.now()),
    )
    .await?;
    events::record(&mut tx, ctx, Event::of("referral.assumed", id, json!({"share": share, "words": words}))).await?;
    tx.commit().await?;
    assumption(&ctx.app.db).await?.ok_or(Error::NotFound("assumption"))
}

/// What one customer's introductions are made of. Amounts are minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Friends whose first purchase is final.
    pub friends: i64,
    /// What they brought within the horizon after what the goods cost.
    pub margin_minor: i64,
    /// What winning one customer costs otherwise.
    pub saved_minor: i64,
    /// What benefits cost.
    pub cost_minor: i64,
}

/// What a customer's introductions are worth when that share of friends would not have come anyway:
/// Σⱼ [ q·Mⱼ(h) + (1 − q)·S ] − cost (after Kumar, Petersen and Leone 2010: who would not have come brings all that they buy, who
/// would have come anyway saved what winning them costs).
#[must_use]
pub fn worth(made: Made, share: i64) -> i64 {
    let saved = i128::from(made.saved_minor) * i128::from(made.friends);
    let brought = i128::from(share) * i128::from(made.margin_minor) + i128::from(WHOLE - share) * saved;
    let rounded = (2 * brought + if brought < 0 { -i128::from(WHOLE) } else { i128::from(WHOLE) }) / (2 * i128::from(WHOLE));
    i64::try_from(rounded - i128::from(made.cost_minor)).unwrap_or(i64::MAX)
}

/// What it takes to say what an introduction is worth.
pub(super) struct Worths {
    share: i64,
    goods: i64,
    saved_minor: i64,
    currency: Currency,
}

/// An introduction whose friend bought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bought {
    pub id: Id<Referral>,
    pub referee_id: Id<Party>,
    pub bought_on: Day,
}

impl Worths {
    /// Nothing as long as nobody has said which share of friends would not have come anyway, or what goods cost.
    pub(super) async fn read(ctx: &Ctx, currency: Currency) -> Result<Option<Worths>> {
        let Some(assumption) = assumption(&ctx.app.db).await? else { return Ok(None) };
        let mut tx = ctx.app.db.snapshot().await?;
        let Ok(goods) = Rates::read(&mut tx).await?.goods() else { return Ok(None) };
        drop(tx);
        let (saved, _) = saved(&ctx.app.db, ctx.today()).await?;
        Ok(Some(Worths { share: assumption.share, goods, saved_minor: saved.unwrap_or(0), currency }))
    }

    /// What each of these introductions is worth, less what its benefit costs ([`worth`] of one friend).
    pub(super) async fn of(&self, tx: &mut Tx, introductions: &[Bought]) -> Result<HashMap<Id<Referral>, i64>> {
        let friends = introductions.iter().map(|one| (one.referee_id, one.bought_on));
        let sales = sales(tx, friends, self.currency).await?;
        let mut costs: HashMap<Id<Referral>, i64> = HashMap::new();
        for ids in introductions.chunks(Sql::MAX_BINDS / 2) {
            let mut query =
                sql("SELECT w.referral_id, w.amount_minor FROM rewards w WHERE w.state IN ('pending', 'matured') AND w.referral_id IN ");
            query.list_padded(&ids.iter().map(|one| one.id).collect::<Vec<_>>());
            costs.extend(tx.all::<(Id<Referral>, i64)>(query).await?);
        }
        let worth = |one: &Bought| {
            let sales_minor = sales.get(&one.referee_id).copied().unwrap_or_default();
            let made = Made {
                friends: 1,
                margin_minor: sales_minor - part_of(sales_minor, self.goods, WHOLE),
                saved_minor: self.saved_minor,
                cost_minor: costs.get(&one.id).copied().unwrap_or_default(),
            };
            (one.id, worth(made, self.share))
        };
        Ok(introductions.iter().map(worth).collect())
    }
}

row! {
    struct Brought {
        party_id: Id<Party> = "t.referrer_id",
        party: String = "p.name",
        friends: i64 = "COUNT(*)",
    }
}

/// What the introductions of one customer are worth.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReferrerValue {
    /// Who introduced.
    pub party_id: Id<Party>,
    /// Their name.
    pub party: String,
    /// Friends whose first purchase is final.
    pub friends: i64,
    /// Of these, those of whom the whole year after their first purchase is known; the others have still to bring.
    pub complete: i64,
    /// What the friends paid in that year after refunds, in minor units.
    pub sales_minor: i64,
    /// The same after what the goods cost; absent where nobody has said what goods cost.
    pub margin_minor: Option<i64>,
    /// What benefits for them cost, in minor units.
    pub cost_minor: i64,
    /// What they are worth by the assumption; absent without it or without what goods cost.
    pub worth_minor: Option<i64>,
    /// What they would be worth if everybody had come anyway.
    pub least_minor: Option<i64>,
    /// What they would be worth if nobody had.
    pub most_minor: Option<i64>,
}

/// What introductions are worth.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReferralValues {
    /// Currency of the amounts.
    pub currency: Currency,
    /// Which share of friends would not have come anyway; absent while nobody has said.
    pub assumption: Option<Assumption>,
    /// What winning a customer cost by what was spent on sources in the last 365 days; absent where nothing was entered, and counted as
    /// nothing then.
    pub saved_minor: Option<i64>,
    /// How many were won by these sources.
    pub saved_won: i64,
    /// Whether it is known what goods cost.
    pub has_goods: bool,
    /// Days from the first purchase for which friends are counted.
    pub horizon_days: i64,
    /// Who introduced, those with most friends first.
    pub items: Vec<ReferrerValue>,
    /// Pass as `after` to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which part of the list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListValues {
    /// Only this customer.
    pub party_id: Option<Id<Party>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

row! {
    struct Friend {
        referrer_id: Id<Party> = "t.referrer_id",
        referee_id: Id<Party> = "t.referee_id",
        bought_on: Day = "t.bought_on",
    }
}

row! {
    struct Cost {
        party_id: Id<Party> = "w.party_id",
        minor: i64 = "CAST(SUM(w.amount_minor) AS BIGINT)",
    }
}

/// What the introductions of each customer are worth, with what that rests on.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn value(ctx: &Ctx, input: ListValues) -> Result<ReferralValues> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let limit = page_size(input.limit)?;
    let organisation = ctx.app.organisation().await?;
    let (currency, today) = (organisation.currency, ctx.now().day(&organisation.zone()));
    let mut query =
        Sql::select::<Brought>("FROM referrals t JOIN parties p ON p.id = t.referrer_id WHERE t.state IN ('confirmed', 'rewarded')");
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND t.referrer_id = ").arg(party);
    }
    query.push(" GROUP BY t.referrer_id, p.name");
    if let Some(after) = &input.after {
        let place = after.split_once('_').and_then(|(count, id)| Some((count.parse::<i64>().ok()?, id.parse::<Id<Party>>().ok()?)));
        let (count, id) = place.ok_or_else(|| Problem::new("after", "input-cursor"))?;
        query.push(" HAVING (COUNT(*), t.referrer_id) < (").arg(count).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY COUNT(*) DESC, t.referrer_id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Brought> = reader.db.all(query).await?;
    let page = Page::cut(rows, limit, |last| format!("{}_{}", last.friends, last.party_id));
    let ids: Vec<Id<Party>> = page.items.iter().map(|one| one.party_id).collect();

    let assumption = assumption(reader.db).await?;
    let mut tx = reader.db.snapshot().await?;
    let goods = Rates::read(&mut tx).await?.goods().ok();
    let query = "FROM referrals t WHERE t.state IN ('confirmed', 'rewarded') AND t.referee_id IS NOT NULL AND t.bought_on IS NOT NULL
        AND t.referrer_id IN ";
    let mut query = Sql::select::<Friend>(query);
    query.list_padded(&ids).push(" ORDER BY t.referrer_id, t.id");
    let friends: Vec<Friend> = tx.all(query).await?;
    let sales = sales(&mut tx, friends.iter().map(|one| (one.referee_id, one.bought_on)), currency).await?;
    let mut query = Sql::select::<Cost>("FROM rewards w WHERE w.state IN ('pending', 'matured') AND w.party_id IN ");
    query.list_padded(&ids).push(" GROUP BY w.party_id");
    let costs: HashMap<Id<Party>, i64> = tx.all::<Cost>(query).await?.into_iter().map(|one| (one.party_id, one.minor)).collect();
    tx.commit().await?;
    let (saved_minor, saved_won) = saved(reader.db, today).await?;
    let items = page.items.into_iter().map(|one| {
        let own = || friends.iter().filter(|friend| friend.referrer_id == one.party_id);
        let sales_minor = own().filter_map(|friend| sales.get(&friend.referee_id)).sum::<i64>();
        let margin_minor = goods.map(|goods| sales_minor - part_of(sales_minor, goods, WHOLE));
        let cost_minor = costs.get(&one.party_id).copied().unwrap_or_default();
        let at = |share: i64| {
            let made = Made { friends: one.friends, margin_minor: margin_minor?, saved_minor: saved_minor.unwrap_or(0), cost_minor };
            Some(worth(made, share))
        };
        ReferrerValue {
            complete: i64::try_from(own().filter(|friend| friend.bought_on.plus(HORIZON) <= today).count()).unwrap_or(i64::MAX),
            worth_minor: assumption.as_ref().and_then(|assumption| at(assumption.share)),
            least_minor: at(0).min(at(WHOLE)),
            most_minor: at(0).max(at(WHOLE)),
            party_id: one.party_id,
            party: one.party,
            friends: one.friends,
            sales_minor,
            margin_minor,
            cost_minor,
        }
    });
    Ok(ReferralValues {
        currency,
        items: items.collect(),
        next: page.next,
        assumption,
        saved_minor,
        saved_won,
        has_goods: goods.is_some(),
        horizon_days: HORIZON,
    })
}

/// What friends paid in the year from their first purchase.
async fn sales(tx: &mut Tx, friends: impl Iterator<Item = (Id<Party>, Day)>, currency: Currency) -> Result<HashMap<Id<Party>, i64>> {
    let rows = friends.map(|(friend, bought_on)| {
        vec![friend.to_value(), bought_on.to_value(), bought_on.plus(HORIZON - 1).to_value(), currency.to_value()]
    });
    let mut sales = HashMap::new();
    for statement in Sql::inserts(
        "WITH v (id, from_on, until_on, currency) AS (VALUES ",
        rows.collect(),
        ") SELECT v.id, CAST(SUM(l.amount_minor) AS BIGINT) FROM v JOIN purchase_lines l
             ON l.party_id = v.id AND l.day >= v.from_on AND l.day <= v.until_on AND l.currency = v.currency GROUP BY v.id",
    ) {
        sales.extend(tx.all::<(Id<Party>, i64)>(statement).await?);
    }
    Ok(sales)
}

/// What winning a customer cost: of the sources on which something was spent in the last year, what was spent on them by how many
/// they won; and how many that were.
async fn saved(db: &Db, today: Day) -> Result<(Option<i64>, i64)> {
    let query = "SELECT CAST(COALESCE(SUM(c.minor), 0) AS BIGINT), CAST(COALESCE(SUM(w.won), 0) AS BIGINT) FROM
           (SELECT source, SUM(amount_minor) AS minor FROM costs
            WHERE party_id IS NULL AND source IS NOT NULL AND day >= $1 AND day <= $2 GROUP BY source) c
         LEFT JOIN
           (SELECT source, COUNT(*) AS won FROM parties WHERE archived_at IS NULL AND first_purchase_on >= $1 GROUP BY source) w
           ON w.source = c.source";
    let (minor, won): (i64, i64) = db.one(sql(query).bind(today.plus(1 - HORIZON)).bind(today)).await?;
    Ok((Some(minor).filter(|minor| *minor > 0 && won > 0).map(|minor| minor / won), won))
}

/// How many friends an advocate brings in a year.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Reproduction {
    /// The first day that counts.
    pub from: Day,
    /// The last one.
    pub until: Day,
    /// Advocates who were watched.
    pub advocates: i64,
    /// Years for which they were, together.
    pub years: f64,
    /// Friends whom they brought in these, whose first purchase is final.
    pub friends: i64,
    /// Friends for each advocate and year; absent below five advocates.
    pub rate: Option<f64>,
    /// Lower end of the range in which it lies with 95 per cent.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// Which time counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReproductionOf {
    /// The first day; a year before the last unless given.
    pub from: Option<Day>,
    /// The last day; today unless given.
    pub until: Option<Day>,
}

row! {
    struct Stay {
        party_id: Id<Party> = "m.party_id",
        entered_on: Day = "m.entered_on",
        left_on: Option<Day> = "m.left_on",
    }
}

/// How many friends an advocate brings in a year: those whom somebody introduced while they were an advocate, by the time for which
/// advocates were watched, so that more advocates do not look like more friends each.
///
/// # Errors
/// Without the right, or for days in the wrong order.
pub async fn reproduction(ctx: &Ctx, input: ReproductionOf) -> Result<Reproduction> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let until = input.until.unwrap_or(today).min(today);
    let from = input.from.unwrap_or(until.plus(1 - HORIZON));
    if from > until {
        return Err(Error::invalid("from", "advocacy-days-order"));
    }
    let mut query = Sql::select::<Stay>(
        "FROM stage_memberships m JOIN parties p ON p.id = m.party_id WHERE m.stage = 'advocate' AND m.entered_on <= $1
           AND (m.left_on IS NULL OR m.left_on > $2)",
    )
    .bind(until)
    .bind(from);
    reader.sight.parties(&mut query);
    let mut watched: HashMap<Id<Party>, Watched> = HashMap::new();
    let mut stays = std::pin::pin!(reader.db.each::<Stay>(query));
    while let Some(stay) = stays.try_next().await? {
        let end = stay.left_on.map_or(until.plus(1), |left| left.min(until.plus(1)));
        let days = end.since(stay.entered_on.max(from)).max(0);
        #[expect(clippy::cast_precision_loss, reason = "days of some years")]
        let years = days as f64 / YEAR;
        watched.entry(stay.party_id).or_insert(Watched { events: 0, time: 0.0 }).time += years;
    }
    let mut query = sql("SELECT t.referrer_id, COUNT(*) FROM referrals t JOIN parties p ON p.id = t.referrer_id
         WHERE t.state IN ('confirmed', 'rewarded') AND t.occurred_on >= $1 AND t.occurred_on <= $2
           AND EXISTS (SELECT 1 FROM stage_memberships m WHERE m.party_id = t.referrer_id AND m.stage = 'advocate'
                 AND m.entered_on <= t.occurred_on AND (m.left_on IS NULL OR m.left_on > t.occurred_on))")
    .bind(from)
    .bind(until);
    reader.sight.parties(&mut query);
    query.push(" GROUP BY t.referrer_id");
    for (party, count) in reader.db.all::<(Id<Party>, i64)>(query).await? {
        if let Some(one) = watched.get_mut(&party) {
            one.events += count.unsigned_abs();
        }
    }
    let all: Vec<Watched> = watched.into_values().filter(|one| one.time > 0.0).collect();
    let told: Option<Interval> = if all.len() >= ADVOCATES_MIN { Some(rate_of_all(&all, LEVEL).map_err(Error::fault)?) } else { None };
    Ok(Reproduction {
        from,
        until,
        advocates: i64::try_from(all.len()).unwrap_or(i64::MAX),
        years: all.iter().map(|one| one.time).sum(),
        friends: all.iter().map(|one| i64::try_from(one.events).unwrap_or(i64::MAX)).sum(),
        rate: told.map(|told| told.value),
        low: told.map(|told| told.low),
        high: told.map(|told| told.high),
    })
}

/// The operations of value.
pub fn operations(ops: &mut Operations) {
    let perm = |act| Some(Perm(Room::Advocacy, act));
    ops.add("advocacy.value", "GET /advocacy/value", perm(Act::See), "What the introductions of each customer are worth.", value)
        .example(|| json!({"limit": 20}));
    ops.add(
        "advocacy.reproduction",
        "GET /advocacy/reproduction",
        perm(Act::See),
        "How many friends an advocate brings in a year, with its range.",
        reproduction,
    )
    .example(|| json!({"from": "2026-03-21"}));
    ops.add(
        "advocacy.assume",
        "POST /advocacy/assumption",
        perm(Act::Change),
        "Writes down which share of friends would not have come anyway, and why that is assumed.",
        assume,
    )
    .example(|| json!({"percent": "60", "words": "از هر ده تازه‌وارد پرسیدیم؛ شش نفر بی معرفی نمی‌آمدند."}));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_would_not_have_come_counts_with_all_they_bring_and_who_would_with_what_winning_them_costs() {
        let made = Made { friends: 3, margin_minor: 900, saved_minor: 100, cost_minor: 50 };
        assert_eq!(worth(made, WHOLE), 850);
        assert_eq!(worth(made, 0), 250);
        assert_eq!(worth(made, 5_000), 550);
        assert_eq!(worth(Made { margin_minor: -1, saved_minor: 0, ..made }, 5_000), -51, "halves away from zero");
        assert_eq!(worth(Made::default(), 7_000), 0);
    }
}
