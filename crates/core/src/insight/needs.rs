//! What customers need: how many need what, whether more of them do than before, whose need was not met, and what these are
//! expected to bring.
//!
//! Counted at once where it is quick; of very many needs it is told as it was counted in the night.

use super::findings;
use super::guard::LEVEL;
use crate::marketing::segments::{self, Segment};
use crate::platform::money::{Currency, Money};
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Result, Room, Sight};
use peyvand_db::{Db, Id, Sql, row, sql};
use peyvand_stats::proportion::wilson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The row of `findings`.
const NAME: &str = "needs";
/// Above so many needs, counting would keep the reader waiting.
const LIVE: i64 = 100_000;
/// Needs learned in the last so many days stand beside those of as many days before.
pub const TREND: i64 = 90;
/// Needs that are told; whoever writes own words writes many.
const TOLD: i64 = 100;

/// Whose needs.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NeedsOf {
    /// Of those who belonged to this segment when it was last built; of all unless given.
    pub segment_id: Option<Id<Segment>>,
}

row! {
    struct Counted {
        term: Option<String> = "r.term",
        words: Option<String> = "CASE WHEN r.term IS NULL THEN r.words END",
        customers: i64 = "count(DISTINCT r.party_id)",
        unmet: i64 = "count(DISTINCT r.party_id) FILTER (WHERE p.last_purchase_on < r.observed_on)",
        unmet_minor: Option<f64> = "CAST(SUM(c.value_12m_minor) FILTER (WHERE p.last_purchase_on < r.observed_on) AS DOUBLE PRECISION)",
    }
}

row! {
    struct Learned {
        term: Option<String> = "r.term",
        words: Option<String> = "CASE WHEN r.term IS NULL THEN r.words END",
        needs: i64 = "count(*)",
    }
}

/// A need of customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Need {
    /// A word of the list `need`; absent for own words.
    pub term: Option<String>,
    /// Own words.
    pub words: Option<String>,
    /// How many customers have it.
    pub customers: i64,
    /// How many of them have bought nothing since it was learned.
    pub unmet: i64,
    /// Their share.
    pub unmet_share: f64,
    /// Lower end of the range in which the share lies with 95 per cent (Wilson).
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// What these are expected to be worth in the next twelve months, in minor units; absent without scores.
    pub unmet_minor: Option<i64>,
    /// The same in major units.
    pub unmet_worth: Option<String>,
    /// How often it was learned in the last 90 days.
    pub learned: i64,
    /// How often in the 90 days before.
    pub learned_before: i64,
}

/// What customers need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Needs {
    /// Currency of the amounts.
    pub currency: Currency,
    /// The needs, that of most customers first; at most 100.
    pub items: Vec<Need>,
    /// The day until which it was counted.
    pub until: Day,
    /// When it was counted.
    pub made_at: Instant,
}

/// What those within sight need: what was learned of them and still holds. Archived customers do not count.
///
/// # Errors
/// Without the right; for a segment that does not exist or is out of sight.
pub async fn needs(ctx: &Ctx, input: NeedsOf) -> Result<Needs> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    if let Some(segment) = input.segment_id {
        segments::check_seen(ctx, segment).await?;
    } else if reader.sight == Sight::All {
        let many = sql("SELECT count(*) FROM (SELECT 1 FROM preferences WHERE kind = 'need' LIMIT $1) few").bind(LIVE + 1);
        let (some,): (i64,) = reader.db.one(many).await?;
        if some > LIVE
            && let Some(last) = findings::last::<Needs>(reader.db, NAME).await?
        {
            return Ok(last.found);
        }
    }
    count(ctx, reader.db, &reader.sight, input.segment_id).await
}

/// Part of the job.
pub(super) async fn find_out(ctx: &Ctx) -> Result<()> {
    let found = count(ctx, &ctx.app.db, &Sight::All, None).await?;
    findings::put(ctx, NAME, "", 0, &found).await
}

/// Whose needs count.
fn whose(query: &mut Sql, sight: &Sight, segment: Option<Id<Segment>>) {
    query.push(" AND p.archived_at IS NULL");
    sight.parties(query);
    if let Some(segment) = segment {
        query.push(" AND EXISTS (SELECT 1 FROM segment_members m WHERE m.party_id = p.id AND m.segment_id = ").arg(segment).push(")");
    }
}

const BY_NEED: &str = " GROUP BY r.term, CASE WHEN r.term IS NULL THEN r.words END";

async fn learned(db: &Db, sight: &Sight, segment: Option<Id<Segment>>, from: Day, until: Day) -> Result<Vec<Learned>> {
    // What was learned counts here also when it does not hold any more.
    let mut query =
        Sql::select::<Learned>("FROM preferences r JOIN parties p ON p.id = r.party_id WHERE r.kind = 'need' AND r.observed_on >= ");
    query.arg(from).push(" AND r.observed_on <= ").arg(until);
    whose(&mut query, sight, segment);
    query.push(BY_NEED);
    Ok(db.all(query).await?)
}

async fn count(ctx: &Ctx, db: &Db, sight: &Sight, segment: Option<Id<Segment>>) -> Result<Needs> {
    let organisation = ctx.app.organisation().await?;
    let (currency, until) = (organisation.currency, ctx.now().day(&organisation.zone()));
    let mut query = Sql::select::<Counted>(
        "FROM preferences r JOIN parties p ON p.id = r.party_id LEFT JOIN party_scores c ON c.party_id = p.id
         WHERE r.kind = 'need' AND r.ended_at IS NULL",
    );
    whose(&mut query, sight, segment);
    query
        .push(BY_NEED)
        .push(" ORDER BY count(DISTINCT r.party_id) DESC, r.term, CASE WHEN r.term IS NULL THEN r.words END LIMIT ")
        .arg(TOLD);
    let counted: Vec<Counted> = db.all(query).await?;
    let now = learned(db, sight, segment, until.plus(1 - TREND), until).await?;
    let before = learned(db, sight, segment, until.plus(1 - 2 * TREND), until.plus(-TREND)).await?;
    let need = |one: Counted| {
        let times = |all: &[Learned]| all.iter().find(|it| it.term == one.term && it.words == one.words).map_or(0, |it| it.needs);
        let share = wilson(one.unmet.unsigned_abs(), one.customers.unsigned_abs(), LEVEL).map_err(Error::fault)?;
        let unmet_minor = one.unmet_minor.map(|minor| minor.round() as i64);
        Ok(Need {
            learned: times(&now),
            learned_before: times(&before),
            customers: one.customers,
            unmet: one.unmet,
            unmet_share: share.value,
            low: share.low,
            high: share.high,
            unmet_minor,
            unmet_worth: unmet_minor.map(|minor| Money { minor, currency }.decimal_string()),
            term: one.term,
            words: one.words,
        })
    };
    Ok(Needs { currency, items: counted.into_iter().map(need).collect::<Result<_>>()?, until, made_at: ctx.now() })
}

/// The operations of needs.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "insight.needs",
        "GET /insight/needs",
        see,
        "What customers need: how many, more than before or less, how many have bought nothing since, and their expected worth.",
        needs,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::list::{self, PartyFilters};
    use crate::parties::preferences::{self, NewPreference, PreferenceKind};
    use crate::sales::purchases::{self, NewPurchase};
    use crate::testing;

    #[tokio::test]
    async fn needs_are_counted_with_their_trend_and_those_not_met() {
        let ctx = testing::ctx().await;
        let mut customers = Vec::new();
        for number in 0..5 {
            customers.push(testing::party(&ctx, &format!("مشتری {number}")).await);
        }
        let learn = async |of: usize, text: &str, days: i64| {
            let (party_id, kind, text) = (Some(customers[of]), PreferenceKind::Need, text.to_owned());
            let new = NewPreference { party_id, customer: None, kind, text, source: None, confidence: None, observed: None };
            let id = ctx.run(preferences::create, new).await.unwrap().id;
            let mut tx = ctx.app.db.begin().await.unwrap();
            let observed = sql("UPDATE preferences SET observed_on = $1 WHERE id = $2");
            tx.run(observed.bind(ctx.today().plus(-days)).bind(id)).await.unwrap();
            tx.commit().await.unwrap();
        };
        for (of, days) in [(0, 5), (1, 40), (2, 89), (3, 90)] {
            learn(of, "repair", days).await;
        }
        learn(0, "training", 300).await;
        learn(4, "آسیاب کم‌صدا", 10).await;
        for (of, days) in [(0, 3), (1, 60)] {
            let date = Some(format!("{}T12:00:00Z", ctx.today().plus(-days)));
            ctx.run(purchases::create, NewPurchase { party_id: Some(customers[of]), amount: Some("9".into()), date, ..Default::default() })
                .await
                .unwrap();
        }
        let found = ctx.run(needs, NeedsOf::default()).await.unwrap();
        assert_eq!(found.items.len(), 3);
        let repair = &found.items[0];
        assert_eq!((repair.term.as_deref(), repair.customers, repair.unmet), (Some("repair"), 4, 3), "one has bought since");
        assert_eq!((repair.learned, repair.learned_before, repair.unmet_minor), (3, 1, None));
        assert!(repair.low < 0.75 && repair.unmet_share == 0.75 && repair.high > 0.75);
        let own = found.items.iter().find(|need| need.term.is_none()).unwrap();
        assert_eq!((own.words.as_deref(), own.customers, own.learned), (Some("آسیاب کم‌صدا"), 1, 1));
        let training = found.items.iter().find(|need| need.term.as_deref() == Some("training")).unwrap();
        assert_eq!((training.unmet, training.learned, training.learned_before), (0, 0, 0));
        for need in &found.items {
            let filters = PartyFilters { need: need.term.clone().or(need.words.clone()), ..PartyFilters::default() };
            assert_eq!(ctx.run(list::count, filters.clone()).await.unwrap().count, need.customers, "{need:?}");
            assert_eq!(ctx.run(list::list, filters.into()).await.unwrap().items.len() as i64, need.customers);
        }

        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(agent.run(needs, NeedsOf::default()).await.unwrap().items.is_empty(), "they have no customers");
        find_out(&ctx).await.unwrap();
        assert_eq!(findings::last::<Needs>(&ctx.app.db, NAME).await.unwrap().unwrap().found, found);
        let none = NeedsOf { segment_id: Some(ctx.id()) };
        assert!(matches!(ctx.run(needs, none).await, Err(Error::Invalid(fields)) if fields.0[0].field == "segment_id"));
    }
}
