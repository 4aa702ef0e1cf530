//! How customers came: for each answer to "how did you hear of us?" how many there are, how many of them bought, and what
//! they spent so far; with what they said in their own words.
//!
//! Counted at once where it is quick; of very many customers it is told as it was counted in the night.

use super::findings;
use super::guard::LEVEL;
use crate::operation::Nothing;
use crate::platform::money::{Currency, Money};
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Result, Room, Sight};
use peyvand_db::{Db, Sql, row, sql};
use peyvand_stats::proportion::wilson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The row of `findings`.
const NAME: &str = "sources";
/// Above so many customers, counting would keep the reader waiting.
const LIVE: i64 = 100_000;
/// The word of those who came in with a file: that is no answer.
const BROUGHT: &str = "import";
/// What customers said in their own words, of each source.
const WORDS: usize = 3;

row! {
    /// Customers of a source.
    struct Counted {
        source: Option<String> = "p.source",
        customers: i64 = "count(*)",
        buyers: i64 = "count(*) FILTER (WHERE p.purchases > 0)",
        spent_minor: i64 = "CAST(SUM(p.spent_minor) AS BIGINT)",
    }
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
    if reader.sight == Sight::All {
        let (some,): (i64,) = reader.db.one(sql("SELECT count(*) FROM (SELECT 1 FROM parties LIMIT $1) few").bind(LIVE + 1)).await?;
        if some > LIVE
            && let Some(last) = findings::last::<Sources>(reader.db, NAME).await?
        {
            return Ok(last.found);
        }
    }
    count(ctx, reader.db, &reader.sight).await
}

/// Part of the job.
pub(super) async fn find_out(ctx: &Ctx) -> Result<()> {
    let found = count(ctx, &ctx.app.db, &Sight::All).await?;
    findings::put(ctx, NAME, "", 0, &found).await
}

async fn count(ctx: &Ctx, db: &Db, sight: &Sight) -> Result<Sources> {
    let currency = ctx.app.organisation().await?.currency;
    let mut query = Sql::select::<Counted>("FROM parties p WHERE p.archived_at IS NULL AND p.role NOT IN ('supplier', 'partner')");
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
        "How customers came: how many of each source, how many of them bought, what they spent so far, in their own words.",
        sources,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::NewParty;
    use crate::parties::party;
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
}
