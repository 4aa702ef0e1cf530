//! How customers came: for each answer to "how did you hear of us?" how many there are, how many of them bought, what they
//! spent so far, what they bring after all that they cost, and what was spent to win them; with what they said in their own
//! words, and beside that first touch the last one before they bought.
//!
//! Counted at once where it is quick; of very many customers it is told as it was counted in the night. Profits are those of
//! the last refresh, last touches those of the night.

use super::findings;
use super::guard::LEVEL;
use super::profit::WINDOW;
use super::profit_people::{ByTrait, Ranged, Trait, people};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::platform::access::{Unit, User};
use crate::platform::money::{Currency, Money};
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Result, Room, Sight};
use futures_util::TryStreamExt;
use peyvand_db::{Db, Id, Sql, row, sql};
use peyvand_stats::proportion::wilson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The row of `findings`.
const NAME: &str = "sources";
/// Above so many customers, counting would keep the reader waiting.
const LIVE: i64 = 100_000;
/// The word of those who came in with a file: that is no answer.
const BROUGHT: &str = "import";
/// What customers said in their own words, of each source.
const WORDS: usize = 3;
/// The row of `findings` with the last touches.
const TOUCHES: &str = "last_touches";

row! {
    /// Customers of a source.
    struct Counted {
        source: Option<String> = "p.source",
        customers: i64 = "count(*)",
        buyers: i64 = "count(*) FILTER (WHERE p.purchases > 0)",
        won: i64 = "count(*) FILTER (WHERE p.first_purchase_on >= $1)",
        spent_minor: i64 = "CAST(SUM(p.spent_minor) AS BIGINT)",
    }
}

row! {
    struct Touched {
        party_id: Id<Party> = "i.party_id",
        at: Instant = "i.at",
        origin: String = "i.origin",
        source: Option<String> = "p.source",
        unit_id: Option<Id<Unit>> = "p.unit_id",
        owner_id: Option<Id<User>> = "p.owner_id",
        first_purchase_on: Day = "p.first_purchase_on",
    }
}

/// What led buyers to us the last time before they first bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LastTouch {
    /// The word of the list `origin`.
    pub origin: String,
    /// How many buyers.
    pub customers: i64,
}

/// The last touches of the buyers of a source, by whose customers they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct TouchesOf {
    source: Option<String>,
    unit_id: Option<Id<Unit>>,
    owner_id: Option<Id<User>>,
    touches: Vec<LastTouch>,
}

impl TouchesOf {
    fn is_within(&self, sight: &Sight) -> bool {
        match sight {
            Sight::All => true,
            Sight::Units { units, user } => units.iter().any(|unit| Some(*unit) == self.unit_id) || self.owner_id == Some(*user),
            Sight::Own(user) => self.owner_id == Some(*user),
        }
    }
}

/// The last touches of the buyers of a source within sight, the most frequent first.
fn touches_within(all: &[TouchesOf], source: Option<&str>, sight: &Sight) -> Vec<LastTouch> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for touch in all.iter().filter(|of| of.source.as_deref() == source && of.is_within(sight)).flat_map(|of| &of.touches) {
        *counts.entry(&touch.origin).or_default() += touch.customers;
    }
    let mut touches: Vec<LastTouch> =
        counts.into_iter().map(|(origin, customers)| LastTouch { origin: origin.to_owned(), customers }).collect();
    touches.sort_by_key(|touch| -touch.customers);
    touches
}

row! {
    struct Said {
        source: Option<String> = "p.source",
        words: String = "p.source_words",
        customers: i64 = "count(*)",
    }
}

/// What customers said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OwnWords {
    /// In their words.
    pub words: String,
    /// How many said it.
    pub customers: i64,
}

/// The customers of one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceFigures {
    /// The word of the list `source`; absent for those who were not asked.
    pub source: Option<String>,
    /// How many they are.
    pub customers: i64,
    /// How many of them bought.
    pub buyers: i64,
    /// Their share.
    pub share: f64,
    /// Lower end of the range in which the share lies with 95 per cent (Wilson).
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// What they spent so far after refunds, in minor units.
    pub spent_minor: i64,
    /// The same in major units.
    pub spent: String,
    /// What each of them spent on average, also those who bought nothing, in minor units.
    pub mean_minor: i64,
    /// How many of them first bought in the last 365 days.
    #[serde(default)]
    pub won: i64,
    /// What was spent in these days to win customers of this source, in minor units; only for who sees all.
    #[serde(default)]
    pub cost_minor: Option<i64>,
    /// What each of those who were won cost; absent where nothing was spent or nobody was won.
    #[serde(default)]
    pub cost_per_won_minor: Option<i64>,
    /// What they bring together in a year after all that they cost, as of the last refresh of profits.
    #[serde(default)]
    pub profit_minor: Option<i64>,
    /// What each of them brings, with its range; absent while they are too few.
    #[serde(default)]
    pub profit_each: Option<Ranged>,
    /// What led the buyers among them to us the last time before they first bought, the most frequent first.
    #[serde(default)]
    pub last_touches: Vec<LastTouch>,
    /// What most of them said in their own words.
    pub words: Vec<OwnWords>,
}

/// How customers came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sources {
    /// Currency of the amounts.
    pub currency: Currency,
    /// Customers and those who may become customers, without archived ones.
    pub customers: i64,
    /// How many of them were asked how they came.
    pub asked: i64,
    /// The sources, the most frequent first.
    pub items: Vec<SourceFigures>,
    /// When it was counted.
    pub made_at: Instant,
}

/// How those within sight came.
///
/// # Errors
/// Without the right.
pub async fn sources(ctx: &Ctx, _: Nothing) -> Result<Sources> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let mut found = counted(ctx, reader.db, &reader.sight).await?;
    let profits = people(ctx, ByTrait { by: Trait::Source }).await?;
    for one in &mut found.items {
        let group = profits.groups.iter().find(|group| group.word == one.source && !group.is_rest);
        (one.profit_minor, one.profit_each) = (group.map(|group| group.profit_minor), group.and_then(|group| group.mean));
    }
    if reader.sight == Sight::All {
        let query = sql("SELECT source, CAST(SUM(amount_minor) AS BIGINT) FROM costs
             WHERE party_id IS NULL AND source IS NOT NULL AND day >= $1 AND day <= $2 GROUP BY source");
        let today = today(ctx).await?;
        let spent: Vec<(Option<String>, i64)> = reader.db.all(query.bind(today.plus(1 - WINDOW)).bind(today)).await?;
        for one in &mut found.items {
            one.cost_minor = spent.iter().find(|(source, _)| *source == one.source).map(|(_, minor)| *minor);
            one.cost_per_won_minor = one.cost_minor.filter(|_| one.won > 0).map(|minor| minor / one.won);
        }
    }
    let touches = findings::last::<Vec<TouchesOf>>(reader.db, TOUCHES).await?.map(|last| last.found).unwrap_or_default();
    for one in &mut found.items {
        one.last_touches = touches_within(&touches, one.source.as_deref(), &reader.sight);
    }
    Ok(found)
}

async fn today(ctx: &Ctx) -> Result<Day> {
    Ok(ctx.now().day(&ctx.app.organisation().await?.zone()))
}

/// The counts, as of the night where there are very many customers.
async fn counted(ctx: &Ctx, db: &Db, sight: &Sight) -> Result<Sources> {
    if *sight == Sight::All {
        let (some,): (i64,) = db.one(sql("SELECT count(*) FROM (SELECT 1 FROM parties LIMIT $1) few").bind(LIVE + 1)).await?;
        if some > LIVE
            && let Some(last) = findings::last::<Sources>(db, NAME).await?
        {
            return Ok(last.found);
        }
    }
    count(ctx, db, sight).await
}

/// Part of the job.
pub(super) async fn find_out(ctx: &Ctx) -> Result<()> {
    let found = count(ctx, &ctx.app.db, &Sight::All).await?;
    findings::put(ctx, NAME, "", 0, &found).await?;
    let touches = last_touches(ctx).await?;
    findings::put(ctx, TOUCHES, "", 0, &touches).await
}

/// What led each buyer to us the last time before they first bought, that day included.
async fn last_touches(ctx: &Ctx) -> Result<Vec<TouchesOf>> {
    let zone = ctx.app.organisation().await?.zone();
    let query = Sql::select::<Touched>(
        "FROM interactions i JOIN parties p ON p.id = i.party_id
         WHERE i.origin IS NOT NULL AND p.first_purchase_on <> '' AND p.archived_at IS NULL AND p.role NOT IN ('supplier', 'partner')
         ORDER BY i.party_id, i.at, i.id",
    );
    type Whose = (Option<String>, Option<Id<Unit>>, Option<Id<User>>);
    let mut counts: BTreeMap<Whose, BTreeMap<String, i64>> = BTreeMap::new();
    let mut add = |last: Option<Touched>| {
        if let Some(last) = last {
            *counts.entry((last.source, last.unit_id, last.owner_id)).or_default().entry(last.origin).or_default() += 1;
        }
    };
    let mut rows = std::pin::pin!(ctx.app.db.each::<Touched>(query));
    let mut last: Option<Touched> = None;
    while let Some(row) = rows.try_next().await? {
        if row.at.day(&zone) > row.first_purchase_on {
            continue;
        }
        if last.as_ref().is_some_and(|last| last.party_id != row.party_id) {
            add(last.take());
        }
        last = Some(row);
    }
    add(last);
    let touches = |origins: BTreeMap<String, i64>| origins.into_iter().map(|(origin, customers)| LastTouch { origin, customers }).collect();
    let of = |((source, unit_id, owner_id), origins)| TouchesOf { source, unit_id, owner_id, touches: touches(origins) };
    Ok(counts.into_iter().map(of).collect())
}

async fn count(ctx: &Ctx, db: &Db, sight: &Sight) -> Result<Sources> {
    let currency = ctx.app.organisation().await?.currency;
    let mut query = Sql::select::<Counted>("FROM parties p WHERE p.archived_at IS NULL AND p.role NOT IN ('supplier', 'partner')")
        .bind(today(ctx).await?.plus(1 - WINDOW));
    sight.parties(&mut query);
    query.push(" GROUP BY p.source ORDER BY count(*) DESC, p.source NULLS LAST");
    let counted: Vec<Counted> = db.all(query).await?;
    let mut query = Sql::select::<Said>(
        "FROM parties p WHERE p.source_words IS NOT NULL AND p.archived_at IS NULL AND p.role NOT IN ('supplier', 'partner')",
    );
    sight.parties(&mut query);
    query.push(" GROUP BY p.source, p.source_words ORDER BY count(*) DESC, p.source_words LIMIT 1000");
    let said: Vec<Said> = db.all(query).await?;
    let figures = |one: &Counted| {
        let share = wilson(one.buyers.unsigned_abs(), one.customers.unsigned_abs(), LEVEL).map_err(Error::fault)?;
        let own = said.iter().filter(|said| said.source == one.source).take(WORDS);
        Ok(SourceFigures {
            source: one.source.clone(),
            customers: one.customers,
            buyers: one.buyers,
            share: share.value,
            low: share.low,
            high: share.high,
            spent_minor: one.spent_minor,
            spent: Money { minor: one.spent_minor, currency }.decimal_string(),
            mean_minor: one.spent_minor / one.customers.max(1),
            won: one.won,
            cost_minor: None,
            cost_per_won_minor: None,
            profit_minor: None,
            profit_each: None,
            last_touches: Vec::new(),
            words: own.map(|said| OwnWords { words: said.words.clone(), customers: said.customers }).collect(),
        })
    };
    Ok(Sources {
        currency,
        customers: counted.iter().map(|one| one.customers).sum(),
        asked: counted.iter().filter(|one| one.source.as_deref().is_some_and(|source| source != BROUGHT)).map(|one| one.customers).sum(),
        items: counted.iter().map(figures).collect::<Result<_>>()?,
        made_at: ctx.now(),
    })
}

/// The operations of sources.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "insight.sources",
        "GET /insight/sources",
        see,
        "How customers came: of each source how many bought, what they spent and bring, what winning them cost, in their own words.",
        sources,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::costs::{self, NewCost};
    use crate::insight::rates::{self, RateItem, SetRate, SetRates};
    use crate::interactions::{self, LogInteraction};
    use crate::parties::check::NewParty;
    use crate::parties::party;
    use crate::platform::jobs;
    use crate::sales::purchases::{self, NewPurchase};
    use crate::testing;

    #[tokio::test]
    async fn customers_are_counted_by_how_they_came() {
        let ctx = testing::ctx().await;
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        let came = |name: &str, source: Option<&str>, words: Option<&str>| NewParty {
            name: Some(name.into()),
            source: source.map(Into::into),
            source_words: words.map(Into::into),
            ..NewParty::default()
        };
        let mut friends = Vec::new();
        for (number, words) in [Some("خواهرم گفت"), Some("خواهرم گفت"), Some("از همسایه شنیدم"), None].into_iter().enumerate()
        {
            friends.push(ctx.run(party::create, came(&format!("آشنا {number}"), Some("recommendation"), words)).await.unwrap().id);
        }
        agent.run(party::create, came("رهگذر", None, None)).await.unwrap();
        for amount in ["300", "500"] {
            let new = NewPurchase { party_id: Some(friends[0]), amount: Some(amount.into()), ..NewPurchase::default() };
            ctx.run(purchases::create, new).await.unwrap();
        }
        let found = ctx.run(sources, Nothing {}).await.unwrap();
        assert_eq!((found.customers, found.asked, found.items.len()), (5, 4, 2));
        let friend = &found.items[0];
        assert_eq!((friend.source.as_deref(), friend.customers, friend.buyers, friend.share), (Some("recommendation"), 4, 1, 0.25));
        assert!((friend.low - 0.0456).abs() < 1e-3 && (friend.high - 0.6994).abs() < 1e-3, "{friend:?}");
        assert_eq!((friend.spent_minor, friend.mean_minor), (80_000, 20_000));
        assert_eq!(friend.words[0], OwnWords { words: "خواهرم گفت".into(), customers: 2 });
        assert_eq!(found.items[1].source, None);
        let own = agent.run(sources, Nothing {}).await.unwrap();
        assert_eq!((own.customers, own.asked), (1, 0));
        find_out(&ctx).await.unwrap();
        assert_eq!(findings::last::<Sources>(&ctx.app.db, NAME).await.unwrap().unwrap().found, found);
    }

    #[tokio::test]
    async fn what_was_spent_on_a_source_stands_beside_who_was_won_and_what_led_them_to_us_last() {
        let ctx = testing::ctx().await;
        let came = |name: String| NewParty { name: Some(name), source: Some("instagram".into()), ..NewParty::default() };
        let mut parties = Vec::new();
        for number in 0..32 {
            parties.push(ctx.run(party::create, came(format!("آشنا {number:02}"))).await.unwrap().id);
        }
        for (number, party) in parties[..31].iter().enumerate() {
            let date = if number == 0 { "2025-01-10" } else { "2026-11-10" };
            let amount = Some((100 * (number + 1)).to_string());
            let new = NewPurchase { party_id: Some(*party), amount, date: Some(date.into()), ..NewPurchase::default() };
            ctx.run(purchases::create, new).await.unwrap();
        }
        for (party, at, origin) in [
            (1, "2026-11-01", "instagram"),
            (1, "2026-11-09", "message"),
            (1, "2026-11-20", "our_call"),
            (2, "2026-11-10", "message"),
            (3, "2026-11-12", "website"),
            (31, "2026-11-01", "website"),
        ] {
            let talk = LogInteraction {
                party_id: Some(parties[party]),
                at: Some(at.into()),
                origin: Some(origin.into()),
                text: Some("x".into()),
                ..LogInteraction::default()
            };
            ctx.run(interactions::log, talk).await.unwrap();
        }
        for (source, amount, date) in
            [(Some("instagram"), "900", "2026-11-01"), (Some("instagram"), "5", "2025-11-01"), (None, "70", "2026-11-01")]
        {
            let new =
                NewCost { amount: Some(amount.into()), date: Some(date.into()), source: source.map(Into::into), ..NewCost::default() };
            ctx.run(costs::add, new).await.unwrap();
        }
        let goods = SetRate { item: RateItem::Goods, amount: Some("60".into()) };
        ctx.run(rates::set, SetRates { rates: vec![goods] }).await.unwrap();
        jobs::drain(&ctx.app).await.unwrap();
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE parties SET owner_id = $1 WHERE id = $2").bind(agent.actor.user()).bind(parties[2])).await.unwrap();
        tx.commit().await.unwrap();
        find_out(&ctx).await.unwrap();
        let one = ctx.run(sources, Nothing {}).await.unwrap().items.remove(0);
        assert_eq!((one.customers, one.buyers, one.won), (32, 31, 30), "one came before this year");
        assert_eq!((one.cost_minor, one.cost_per_won_minor), (Some(90_000), Some(3_000)));
        // 40 of each hundred that thirty of them paid; the first bought in an earlier year, and the last only asked.
        assert_eq!(one.profit_minor, Some(40 * 100 * (2..=31).sum::<i64>()));
        let each = one.profit_each.unwrap();
        assert!(each.value_minor == 66_000 && each.low_minor < 66_000 && each.high_minor > 66_000, "{each:?}");
        assert_eq!(
            one.last_touches,
            [LastTouch { origin: "message".into(), customers: 2 }],
            "what came after the purchase led nobody to it"
        );

        let manager = testing::as_post(&ctx.app, "manager", "mina").await;
        let seen = manager.run(sources, Nothing {}).await.unwrap().items.remove(0);
        assert_eq!((seen.cost_minor, &seen.last_touches, seen.profit_minor), (None, &one.last_touches, one.profit_minor));
        let own = agent.run(sources, Nothing {}).await.unwrap().items.remove(0);
        assert_eq!((own.customers, own.last_touches), (1, vec![LastTouch { origin: "message".into(), customers: 1 }]));
    }
}
