//! How far goals have come, worked out from facts.

use super::{Figure, Goal};
use crate::insight::guard::{FEW, LEVEL};
use crate::marketing::segments::Segment;
use crate::platform::money::Currency;
use crate::{Ctx, Day, Error, Instant, Result};
use peyvand_db::{Db, Id, sql};
use peyvand_stats::proportion::wilson;

/// Deviations on either side that hold 95 of 100 of a normal distribution.
const Z: f64 = 1.959_963_985;

/// What a goal has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Come {
    result: Option<i64>,
    /// Of how many.
    n: Option<i64>,
    /// A share of one, and the ends of where it lies.
    range: Option<(f64, f64)>,
}

/// Works out how far the goals of a segment have come that are not over yet.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn count(ctx: &Ctx, segment: Id<Segment>, today: Day) -> Result<()> {
    let db = &ctx.app.db;
    let goals: Vec<(Id<Goal>, Figure, Day, Day)> = db
        .all(
            sql("SELECT id, figure, from_on, until_on FROM segment_goals WHERE segment_id = $1 AND archived_at IS NULL AND until_on >= $2")
                .bind(segment)
                .bind(today.plus(-1)),
        )
        .await?;
    if goals.is_empty() {
        return Ok(());
    }
    let organisation = ctx.app.organisation().await?;
    let (zone, currency) = (organisation.zone(), organisation.currency);
    let (members,): (i64,) = db.one(sql("SELECT count(*) FROM segment_members WHERE segment_id = $1").bind(segment)).await?;
    for (id, figure, from, until) in goals {
        let between = (Instant::start_of(from, &zone), Instant::start_of(until.plus(1), &zone));
        let come = match figure {
            Figure::Members => Come { result: Some(members), n: Some(members), range: None },
            // Before it begins there is nothing to say.
            Figure::Buyers | Figure::Sales if today < from => Come::default(),
            Figure::Buyers | Figure::Sales => bought(db, segment, between, currency, figure, members).await?,
            Figure::Active => active(db, segment).await?,
        };
        let mut tx = db.begin().await?;
        tx.run(
            sql("UPDATE segment_goals SET result = $1, base = COALESCE(base, $2), n = $3, low = $4, high = $5, counted_at = $6 WHERE id = $7")
                .bind(come.result)
                .bind(come.result)
                .bind(come.n)
                .bind(come.range.map(|(low, _)| low))
                .bind(come.range.map(|(_, high)| high))
                .bind(ctx.now())
                .bind(id),
        )
        .await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn bought(
    db: &Db,
    segment: Id<Segment>,
    (from, until): (Instant, Instant),
    currency: Currency,
    figure: Figure,
    members: i64,
) -> Result<Come> {
    let query = sql("SELECT count(DISTINCT x.party_id), CAST(COALESCE(SUM(x.gross_minor - x.refund_minor), 0) AS BIGINT)
         FROM segment_members m JOIN purchases x ON x.party_id = m.party_id
         WHERE m.segment_id = $1 AND x.at >= $2 AND x.at < $3 AND x.currency = $4");
    let (buyers, sales): (i64, i64) = db.one(query.bind(segment).bind(from).bind(until).bind(currency)).await?;
    if figure == Figure::Sales {
        return Ok(Come { result: Some(sales), n: Some(buyers), range: None });
    }
    let range = if members > 0 && buyers <= members {
        let range = wilson(buyers.unsigned_abs(), members.unsigned_abs(), LEVEL).map_err(Error::fault)?;
        Some((range.low, range.high))
    } else {
        None
    };
    Ok(Come { result: Some(buyers), n: Some(members), range })
}

/// The share of members that is still active: the mean of their probabilities, each of which comes true or not.
async fn active(db: &Db, segment: Id<Segment>) -> Result<Come> {
    let query = sql("SELECT count(*), CAST(COALESCE(AVG(c.p_active), 0) AS DOUBLE PRECISION),
           CAST(COALESCE(SUM(c.p_active * (1 - c.p_active)), 0) AS DOUBLE PRECISION)
         FROM segment_members m JOIN party_scores c ON c.party_id = m.party_id WHERE m.segment_id = $1 AND c.p_active IS NOT NULL");
    let (customers, mean, variance): (i64, f64, f64) = db.one(query.bind(segment)).await?;
    if customers < FEW {
        return Ok(Come { n: Some(customers), ..Come::default() });
    }
    #[expect(clippy::cast_possible_truncation, reason = "a share is small")]
    let percent = (mean * 100.0).round() as i64;
    #[expect(clippy::cast_precision_loss, reason = "fewer customers than a double counts")]
    let half = Z * variance.sqrt() / customers as f64;
    Ok(Come { result: Some(percent), n: Some(customers), range: Some(((mean - half).max(0.0), (mean + half).min(1.0))) })
}
