//! Which relations matter most: customers by what the next twelve months with them are worth after the goods and after what
//! serving them cost in the last ones, and by what an hour of ours with them brings. The share of their spending that is
//! ours is told only where somebody has said what they spend with everybody.

use super::profit::part_of;
use super::rates::{Rates, WHOLE};
use crate::operation::{Nothing, Page, page_size};
use crate::parties::Party;
use crate::platform::money::Currency;
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Minutes of a year without which nothing is said of an hour.
pub const MINUTES_NEEDED: i64 = 30;

/// What the next twelve months with a customer are worth in minor units: the sales that are expected, less the goods, less
/// what serving them cost in the last twelve. `served` is our time, contacts and entered costs.
#[must_use]
pub fn worth(expected: f64, goods: i64, served: i64) -> i64 {
    let expected = expected.round() as i64;
    expected.saturating_sub(part_of(expected, goods, WHOLE)).saturating_sub(served)
}

/// What an hour of ours brings in these twelve months, before it is paid for; absent where too few minutes were noted.
#[must_use]
pub fn by_hour(worth: i64, staff: i64, minutes: i64) -> Option<i64> {
    (minutes >= MINUTES_NEEDED).then(|| part_of(worth.saturating_add(staff), 60, minutes))
}

peyvand_db::words! {
    /// By what relations are ranked.
    pub enum RankBy {
        /// What the next twelve months are worth.
        Worth = "worth",
        /// What an hour of ours brings.
        Hour = "hour",
    }
}

row! {
    /// A customer in the order of what the relation is worth.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct RankedRow {
        /// The customer.
        pub party_id: Id<Party> = "t.party_id",
        /// Their number.
        pub no: i64 = "p.no",
        /// Their name.
        pub party: String = "p.name",
        /// Who looks after them.
        pub owner: Option<String> = "o.name",
        /// Tier of profit in the last year, 1 the best.
        pub tier: Option<i64> = "t.tier",
        /// What the next twelve months are worth, in minor units; absent without a model.
        pub next_minor: Option<i64> = "t.next_minor",
        /// What an hour of ours brings in them, before it is paid for; absent where too few minutes were noted.
        pub hour_minor: Option<i64> = "t.hour_minor",
        /// Sales that are expected in them.
        pub value_12m_minor: Option<f64> = "s.value_12m_minor",
        /// Probability of still being active.
        pub p_active: Option<f64> = "s.p_active",
        /// What serving them cost in the last twelve months.
        pub served_minor: i64 = "t.staff_minor + t.channels_minor + t.entered_minor",
        /// Minutes of ours in them.
        pub minutes: i64 = "t.minutes",
        /// Sales of the last twelve months.
        pub sales_minor: i64 = "t.sales_minor",
        /// What they spend in a year with everybody, as somebody said; absent where nobody did.
        pub yearly_minor: Option<i64> = "w.yearly_minor",
        /// When it was said.
        pub stated_on: Option<Day> = "w.stated_on",
        /// Who said it.
        pub stated_by: Option<String> = "w.stated_by",
    }
}

/// A customer with the share of their spending that is ours.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RankedRelation {
    /// The customer.
    #[serde(flatten)]
    pub row: RankedRow,
    /// Sales of the last twelve months over what they spend in a year with everybody; absent where nobody has said that, for
    /// it is not guessed.
    pub wallet_share: Option<f64>,
}

/// Which relations, in which order.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListRanked {
    /// By what; `worth` unless given.
    pub by: Option<RankBy>,
    /// The least first; the most unless given.
    pub least_first: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

const JOINED: &str = " LEFT JOIN users o ON o.id = p.owner_id LEFT JOIN party_scores s ON s.party_id = p.id
     LEFT JOIN stated_spendings w ON w.party_id = p.id WHERE t.party_id = p.id AND p.archived_at IS NULL";

/// The statement of a page. Whoever sees many customers walks the index; of the customers of one colleague, who are few, all
/// are sorted.
pub(super) fn page_of(sight: &Sight, by: RankBy, least_first: bool, after: Option<(i64, Id<Party>)>, limit: i64) -> Sql {
    let mut query = match sight {
        Sight::Own(_) => Sql::select::<RankedRow>("FROM parties p CROSS JOIN party_profits t"),
        _ => Sql::select::<RankedRow>("FROM party_profits t CROSS JOIN parties p"),
    };
    query.push(JOINED);
    sight.parties(&mut query);
    query.push(match by {
        RankBy::Worth => " AND t.next_minor IS NOT NULL",
        RankBy::Hour => " AND t.hour_minor IS NOT NULL",
    });
    if let Some((amount, id)) = after {
        query.push(match (by, least_first) {
            (RankBy::Worth, false) => " AND (t.next_minor, t.party_id) < (",
            (RankBy::Worth, true) => " AND (t.next_minor, t.party_id) > (",
            (RankBy::Hour, false) => " AND (t.hour_minor, t.party_id) < (",
            (RankBy::Hour, true) => " AND (t.hour_minor, t.party_id) > (",
        });
        query.arg(amount).push(", ").arg(id).push(")");
    }
    query.push(match (by, least_first) {
        (RankBy::Worth, false) => " ORDER BY t.next_minor DESC, t.party_id DESC LIMIT ",
        (RankBy::Worth, true) => " ORDER BY t.next_minor, t.party_id LIMIT ",
        (RankBy::Hour, false) => " ORDER BY t.hour_minor DESC, t.party_id DESC LIMIT ",
        (RankBy::Hour, true) => " ORDER BY t.hour_minor, t.party_id LIMIT ",
    });
    query.arg(limit + 1);
    query
}

/// Relations within sight, those that matter most first, as of the last refresh of profits.
///
/// # Errors
/// Without the right, for a cursor that is none, or when nobody has said what the goods cost.
pub async fn list(ctx: &Ctx, input: ListRanked) -> Result<Page<RankedRelation>> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    let place = |after: &str| {
        let (amount, id) = after.split_once('_')?;
        Some((amount.parse::<i64>().ok()?, id.parse::<Id<Party>>().ok()?))
    };
    let after = input.after.as_deref().map(|after| place(after).ok_or_else(|| Problem::new("after", "input-cursor"))).transpose()?;
    let by = input.by.unwrap_or(RankBy::Worth);
    let mut tx = reader.db.snapshot().await?;
    Rates::read(&mut tx).await?.goods()?;
    let rows: Vec<RankedRow> = tx.all(page_of(&reader.sight, by, input.least_first.unwrap_or(false), after, limit)).await?;
    tx.commit().await?;
    let amount = |row: &RankedRow| match by {
        RankBy::Worth => row.next_minor,
        RankBy::Hour => row.hour_minor,
    };
    let page = Page::cut(rows, limit, |last| format!("{}_{}", amount(last).unwrap_or_default(), last.party_id));
    let shared = |row: RankedRow| RankedRelation { wallet_share: share(row.sales_minor, row.yearly_minor), row };
    Ok(Page { items: page.items.into_iter().map(shared).collect(), next: page.next })
}

fn share(sales_minor: i64, yearly_minor: Option<i64>) -> Option<f64> {
    yearly_minor.filter(|yearly| *yearly > 0).map(|yearly| sales_minor as f64 / yearly as f64)
}

row! {
    struct Run {
        from_on: Day,
        as_of: Day,
        currency: Currency,
        finished_at: Option<Instant>,
    }
}

/// What the ranking is reckoned from.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RankingSummary {
    /// First day of the last twelve months; absent before the first refresh of profits.
    pub from_on: Option<Day>,
    /// Their last day.
    pub as_of: Option<Day>,
    /// Currency of the amounts.
    pub currency: Currency,
    /// When it was worked out.
    pub made_at: Option<Instant>,
    /// Share of the goods in the price, in ten-thousandths.
    pub goods_share: i64,
    /// Whether the models of purchases say what is to be expected.
    pub has_model: bool,
    /// Customers within sight of whom somebody has said what they spend in a year.
    pub stated: i64,
    /// What these spend in a year with everybody, in minor units.
    pub yearly_minor: i64,
    /// What they bought from us in the last twelve months.
    pub sales_minor: i64,
    /// The share that is ours, of these alone; absent where nobody has said anything.
    pub wallet_share: Option<f64>,
}

/// What the ranking is reckoned from, and the share of what is spent that is ours, of those of whom it is known.
///
/// # Errors
/// Without the right, or when nobody has said what the goods cost.
pub async fn summary(ctx: &Ctx, _: Nothing) -> Result<RankingSummary> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let mut tx = reader.db.snapshot().await?;
    let goods_share = Rates::read(&mut tx).await?.goods()?;
    let run: Option<Run> =
        tx.maybe(Sql::select::<Run>("FROM profit_runs WHERE finished_at IS NOT NULL ORDER BY made_at DESC, id DESC LIMIT 1")).await?;
    let has: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM party_profits WHERE next_minor IS NOT NULL LIMIT 1")).await?;
    // Of few: each was written down by hand.
    let mut query =
        sql("SELECT COUNT(*), CAST(COALESCE(SUM(w.yearly_minor), 0) AS BIGINT), CAST(COALESCE(SUM(t.sales_minor), 0) AS BIGINT)
         FROM stated_spendings w CROSS JOIN parties p LEFT JOIN party_profits t ON t.party_id = w.party_id
         WHERE p.id = w.party_id AND p.archived_at IS NULL");
    reader.sight.parties(&mut query);
    let (stated, yearly_minor, sales_minor): (i64, i64, i64) = tx.one(query).await?;
    tx.commit().await?;
    let currency = match &run {
        Some(run) => run.currency,
        None => ctx.app.organisation().await?.currency,
    };
    Ok(RankingSummary {
        from_on: run.as_ref().map(|run| run.from_on),
        as_of: run.as_ref().map(|run| run.as_of),
        currency,
        made_at: run.as_ref().and_then(|run| run.finished_at),
        goods_share,
        has_model: has.is_some(),
        stated,
        yearly_minor,
        sales_minor,
        wallet_share: share(sales_minor, (stated > 0).then_some(yearly_minor)),
    })
}

/// The operations of the ranking.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add("relations.ranked", "GET /relations/ranked", see, "Customers by what the next twelve months with them are worth.", list)
        .example(|| json!({"by": "hour", "limit": 20}));
    ops.add(
        "relations.ranking",
        "GET /relations/ranking",
        see,
        "What the ranking of relations is reckoned from, and the share of what is spent that is ours, where it is known.",
        summary,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_is_worth_what_is_expected_less_goods_and_service() {
        assert_eq!(worth(1_000.4, 6_000, 150), 250);
        assert_eq!(worth(100.0, 6_000, 150), -110, "serving them costs more than they will bring");
        // 250 are left of which 60 were our time; two hours brought 310.
        assert_eq!(by_hour(250, 60, 120), Some(155));
        assert_eq!(by_hour(250, 60, 29), None, "half an hour at least");
        assert_eq!((share(300, Some(1_200)), share(300, None), share(300, Some(0))), (Some(0.25), None, None));
    }
}
