//! The job that works out who may leave, after each refresh of scores: part by part, so that nobody's writing waits for
//! long, and from the beginning when it was interrupted, as it takes seconds.

use super::findings;
use super::fits::{self, Fit, FitKind};
use super::rhythm::Habit;
use super::risk::{Evidence, RiskReason, ValueBand};
use super::saves;
use crate::parties::Party;
use crate::platform::access::{Unit, User};
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::platform::money::Currency;
use crate::{Ctx, Day, Instant, Result};
use futures_util::TryStreamExt;
use jiff::tz::TimeZone;
use peyvand_db::{Db, Id, Sql, ToValue, Tx, row, sql};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use tokio::sync::watch;

/// Who is less likely than this still there may leave, whatever their rhythm.
pub const DOUBT: f64 = 0.5;
/// Who has not bought for so many days does not leave any more: they have left.
pub const GONE_AFTER: i64 = 365;
/// Days of a half year: what was in the last one speaks for something.
pub const HALF: i64 = 182;
/// Purchases of a half year that later ones are measured by.
const MEASURE: i64 = 2;
/// Customers of one transaction.
const BATCH: i64 = 1_000;
/// Batches after which the job says that it is still at work.
const RENEW_AFTER: usize = 20;
/// Bands of value.
const BANDS: usize = 9;
/// Name of the finding.
const NAME: &str = "risks";
/// One run waits at a time.
const SINGLE: &str = "refresh_risks";

/// Has it worked out soon.
///
/// # Errors
/// When the database refuses.
pub(super) async fn enqueue(tx: &mut Tx, ctx: &Ctx) -> Result<()> {
    jobs::enqueue_single(tx, ctx, &Job::RefreshRisks, SINGLE).await
}

/// Those of one unit and colleague who may leave, for a reason or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Group {
    pub unit: Option<Id<Unit>>,
    pub owner: Option<Id<User>>,
    pub reason: Option<RiskReason>,
    pub customers: i64,
    pub stake_minor: i64,
    pub without_reason: i64,
}

/// What a run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Found {
    pub as_of: Day,
    pub currency: Currency,
    pub mean_minor: i64,
    pub groups: Vec<Group>,
    pub bands: Vec<ValueBand>,
}

/// What the last run found, and when.
pub(super) async fn last(db: &Db) -> Result<Option<(Found, Instant)>> {
    Ok(findings::last::<Found>(db, NAME).await?.map(|last| (last.found, last.made_at)))
}

row! {
    /// Somebody who is worth it and may leave.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Candidate {
        pub party_id: Id<Party> = "s.party_id",
        pub unit_id: Option<Id<Unit>> = "p.unit_id",
        pub owner_id: Option<Id<User>> = "p.owner_id",
        pub last_contact_at: Instant = "p.last_contact_at",
        pub p_active: f64 = "s.p_active",
        pub value_12m_minor: f64 = "s.value_12m_minor",
        pub habit: Habit = "s.habit",
        pub recency_days: i64 = "s.recency_days",
        pub gap_days: Option<f64> = "s.gap_days",
    }
}

impl Candidate {
    /// What their year would be worth if they stay, times the probability that they are gone.
    fn stake_minor(&self) -> i64 {
        (self.value_12m_minor / self.p_active * (1.0 - self.p_active)).round() as i64
    }
}

row! {
    /// What somebody bought for in the last half year and in the one before.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Bought {
        pub party_id: Id<Party>,
        pub now_minor: i64 = "CAST(SUM(CASE WHEN day >= $1 THEN gross_minor - refund_minor ELSE 0 END) AS BIGINT)",
        pub before_minor: i64 = "CAST(SUM(CASE WHEN day < $1 THEN gross_minor - refund_minor ELSE 0 END) AS BIGINT)",
        pub before: i64 = "COUNT(*) FILTER (WHERE day < $1 AND gross_minor > 0)",
    }
}

row! {
    /// What somebody gave back.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Returned {
        pub party_id: Id<Party>,
        pub minor: i64 = "CAST(SUM(-amount_minor) AS BIGINT)",
        pub last: Day = "MAX(day)",
    }
}

row! {
    /// Complaints of somebody.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Complained {
        pub party_id: Id<Party>,
        pub times: i64 = "COUNT(*)",
        pub last: Instant = "MAX(at)",
    }
}

/// What is known of somebody who may leave.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    pub bought: Option<Bought>,
    pub returned: Option<Returned>,
    pub complained: Option<Complained>,
}

/// What speaks for it that somebody leaves, as of a day.
pub(super) fn reasons(one: &Candidate, known: &Known, as_of: Day, zone: &TimeZone) -> Vec<Evidence> {
    let mut found = Vec::new();
    let mut add = |reason, one: Option<i64>, other: Option<i64>| found.push(Evidence { reason, one, other });
    let gap = one.gap_days.map(|gap| gap.round() as i64);
    match one.habit {
        Habit::Lapsing | Habit::Silent => add(RiskReason::Overdue, Some(one.recency_days), gap),
        Habit::Slowing => add(RiskReason::Slowing, None, gap),
        Habit::Regular | Habit::Irregular | Habit::Seasonal | Habit::Unclear => {}
    }
    if let Some(bought) = known.bought
        && bought.before >= MEASURE
        && bought.before_minor > 0
        && bought.now_minor.saturating_mul(2) < bought.before_minor
    {
        add(RiskReason::Less, Some(bought.now_minor.max(0)), Some(bought.before_minor));
    }
    if let Some(complained) = known.complained {
        add(RiskReason::Complained, Some(complained.times), Some(as_of.since(complained.last.day(zone)).max(0)));
    }
    if one.last_contact_at == Instant(0) {
        add(RiskReason::Unspoken, None, None);
    } else {
        let days = as_of.since(one.last_contact_at.day(zone));
        if days >= HALF {
            add(RiskReason::Unspoken, Some(days), None);
        }
    }
    if let Some(returned) = known.returned {
        add(RiskReason::Returned, Some(returned.minor), Some(as_of.since(returned.last).max(0)));
    }
    found
}

/// The job.
///
/// # Errors
/// When the database is out of reach.
pub async fn refresh(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    refresh_by(ctx, job, stop, BATCH).await
}

/// As [`refresh`], in batches of this size.
pub(super) async fn refresh_by(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>, size: i64) -> Result<Outcome> {
    let organisation = ctx.app.organisation().await?;
    let zone = organisation.zone();
    let fits = fits::latest(&ctx.app.db).await?;
    let of = |kind| fits.iter().find(|fit| fit.kind == kind && fit.model.is_some());
    let mean = of(FitKind::Activity).and(of(FitKind::Spending)).and_then(mean_of);
    let as_of = fits.first().map_or_else(|| ctx.now().day(&zone), |fit| fit.as_of);
    let currency = fits.first().map_or(organisation.currency, |fit| fit.currency);
    let mut groups: BTreeMap<(Option<Id<Unit>>, Option<Id<User>>, Option<RiskReason>), Group> = BTreeMap::new();
    let mut after = Id::FIRST;
    for batches in 1.. {
        // Without a model nobody is found, and those who were are taken away.
        let found = match mean {
            Some(mean) => candidates(&ctx.app.db, mean, after, size).await?,
            None => Vec::new(),
        };
        let is_last = (found.len() as i64) < size;
        let until = found.last().filter(|_| !is_last).map_or(Id::new(uuid::Uuid::max()), |last| last.party_id);
        let known = known(&ctx.app.db, &found, as_of, currency, &zone).await?;
        let (mut rows, mut spoken) = (Vec::new(), Vec::new());
        for one in &found {
            let stake = one.stake_minor();
            let nothing = Known::default();
            let reasons = reasons(one, known.get(&one.party_id).unwrap_or(&nothing), as_of, &zone);
            rows.push(vec![one.party_id.to_value(), stake.to_value()]);
            for reason in std::iter::once(None).chain(reasons.iter().map(|one| Some(one.reason))) {
                let (unit, owner) = (one.unit_id, one.owner_id);
                let empty = Group { unit, owner, reason, customers: 0, stake_minor: 0, without_reason: 0 };
                let group = groups.entry((unit, owner, reason)).or_insert(empty);
                group.customers += 1;
                group.stake_minor += stake;
                group.without_reason += i64::from(reason.is_none() && reasons.is_empty());
            }
            spoken.extend(reasons.iter().map(|reason| {
                vec![one.party_id.to_value(), reason.reason.to_value(), stake.to_value(), reason.one.to_value(), reason.other.to_value()]
            }));
        }
        let mut tx = ctx.app.db.begin().await?;
        tx.run(sql("DELETE FROM party_risk_reasons WHERE party_id > $1 AND party_id <= $2").bind(after).bind(until)).await?;
        tx.run(sql("DELETE FROM party_risks WHERE party_id > $1 AND party_id <= $2").bind(after).bind(until)).await?;
        for statement in Sql::inserts("INSERT INTO party_risks (party_id, stake_minor) VALUES ", rows, "") {
            tx.run(statement).await?;
        }
        let head = "INSERT INTO party_risk_reasons (party_id, reason, stake_minor, one, other) VALUES ";
        for statement in Sql::inserts(head, spoken, "") {
            tx.run(statement).await?;
        }
        tx.commit().await?;
        if is_last {
            break;
        }
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        if batches % RENEW_AFTER == 0 {
            jobs::renew(&ctx.app, job).await?;
        }
        after = until;
    }
    let bands = if mean.is_some() { bands(&ctx.app.db).await? } else { Vec::new() };
    let mean_minor = mean.unwrap_or_default().round() as i64;
    findings::put(ctx, NAME, "", 0, &Found { as_of, currency, mean_minor, groups: groups.into_values().collect(), bands }).await?;
    saves::find_out(ctx).await?;
    ctx.app.db.analyze_grown().await?;
    Ok(Outcome::Done)
}

/// What a customer is worth on average.
fn mean_of(spending: &Fit) -> Option<f64> {
    let value = spending.quality.as_ref()?.value_12m_minor?;
    Some(value / spending.customers.max(1) as f64).filter(|mean| mean.is_finite())
}

async fn candidates(db: &Db, mean: f64, after: Id<Party>, size: i64) -> Result<Vec<Candidate>> {
    let query = Sql::select::<Candidate>(
        "FROM party_scores s CROSS JOIN parties p WHERE p.id = s.party_id AND p.archived_at IS NULL AND s.party_id > $1
           AND s.p_active > 0 AND s.recency_days <= $2 AND (s.p_active < $3 OR s.habit IN ('slowing', 'lapsing', 'silent'))
           AND s.value_12m_minor >= $4 * s.p_active ORDER BY s.party_id LIMIT $5",
    );
    Ok(db.all(query.bind(after).bind(GONE_AFTER).bind(DOUBT).bind(mean).bind(size)).await?)
}

async fn known(db: &Db, found: &[Candidate], as_of: Day, currency: Currency, zone: &TimeZone) -> Result<HashMap<Id<Party>, Known>> {
    let mut known: HashMap<Id<Party>, Known> = HashMap::new();
    if found.is_empty() {
        return Ok(known);
    }
    let parties: Vec<Id<Party>> = found.iter().map(|one| one.party_id).collect();
    let half = as_of.plus(1 - HALF);
    let year = Instant::start_of(as_of.plus(1 - 2 * HALF), zone);
    let mut tx = db.snapshot().await?;
    let mut query = Sql::select::<Bought>("FROM purchases WHERE at >= $2 AND day <= $3 AND currency = $4 AND party_id IN ")
        .bind(half)
        .bind(year)
        .bind(as_of)
        .bind(currency);
    query.list_padded(&parties).push(" GROUP BY party_id");
    for bought in tx.all::<Bought>(query).await? {
        known.entry(bought.party_id).or_default().bought = Some(bought);
    }
    let mut query =
        Sql::select::<Returned>("FROM purchase_lines WHERE sign < 0 AND day >= $1 AND day <= $2 AND currency = $3 AND party_id IN ")
            .bind(half)
            .bind(as_of)
            .bind(currency);
    query.list_padded(&parties).push(" GROUP BY party_id");
    for returned in tx.all::<Returned>(query).await? {
        known.entry(returned.party_id).or_default().returned = Some(returned);
    }
    let mut query = Sql::select::<Complained>("FROM interactions WHERE reason = 'complaint' AND at >= $1 AND party_id IN ")
        .bind(Instant::start_of(half, zone));
    query.list_padded(&parties).push(" GROUP BY party_id");
    for complained in tx.all::<Complained>(query).await? {
        known.entry(complained.party_id).or_default().complained = Some(complained);
    }
    tx.commit().await?;
    Ok(known)
}

/// Amounts at which bands begin: round ones, the last of them below the most.
fn borders(most: f64) -> Vec<i64> {
    let mut borders = Vec::new();
    let mut power = 10_f64.powf(most.max(1.0).log10().floor());
    while power >= 1.0 && borders.len() < BANDS {
        for step in [5.0, 2.0, 1.0].map(|factor| factor * power) {
            if step < most && borders.len() < BANDS {
                borders.push(step.round() as i64);
            }
        }
        power /= 10.0;
    }
    borders.push(0);
    borders.reverse();
    borders
}

/// What all customers are worth, in bands.
async fn bands(db: &Db) -> Result<Vec<ValueBand>> {
    let (most,): (Option<f64>,) = db.one(sql("SELECT MAX(value_12m_minor) FROM party_scores WHERE value_12m_minor IS NOT NULL")).await?;
    let Some(most) = most else { return Ok(Vec::new()) };
    let borders = borders(most);
    let mut sums = vec![(0_i64, 0.0_f64); borders.len()];
    let values =
        db.each::<(f64,)>(sql("SELECT value_12m_minor FROM party_scores WHERE value_12m_minor IS NOT NULL ORDER BY value_12m_minor"));
    let mut values = std::pin::pin!(values);
    while let Some((value,)) = values.try_next().await? {
        let at = borders.partition_point(|border| *border as f64 <= value).saturating_sub(1);
        if let Some((customers, sum)) = sums.get_mut(at) {
            *customers += 1;
            *sum += value;
        }
    }
    let band = |(at, (customers, sum)): (usize, (i64, f64))| ValueBand {
        from_minor: borders[at],
        until_minor: borders.get(at + 1).copied(),
        customers,
        value_minor: sum.round() as i64,
    };
    Ok(sums.into_iter().enumerate().map(band).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_begin_at_round_amounts_up_to_the_most() {
        assert_eq!(borders(3_400.0), [0, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000]);
        assert_eq!(borders(0.0), [0]);
        assert_eq!(borders(8.0), [0, 1, 2, 5]);
    }

    #[test]
    fn only_what_the_data_show_speaks_for_it() {
        let as_of: Day = "2026-11-21".parse().unwrap();
        let zone = TimeZone::UTC;
        let on = |days: i64| Instant::start_of(as_of.plus(-days), &zone);
        let one = Candidate {
            party_id: Id::FIRST,
            unit_id: None,
            owner_id: None,
            last_contact_at: on(10),
            p_active: 0.25,
            value_12m_minor: 1_000.0,
            habit: Habit::Regular,
            recency_days: 40,
            gap_days: Some(29.6),
        };
        assert_eq!(one.stake_minor(), 3_000, "a year is worth 4,000 if they stay, and three of four would be gone");
        let of = |one: Candidate, known: Known| {
            reasons(&one, &known, as_of, &zone).into_iter().map(|one| (one.reason, one.one, one.other)).collect::<Vec<_>>()
        };
        assert_eq!(of(one, Known::default()), []);
        let late = Candidate { habit: Habit::Silent, ..one };
        assert_eq!(of(late, Known::default()), [(RiskReason::Overdue, Some(40), Some(30))]);
        assert_eq!(of(Candidate { habit: Habit::Slowing, ..one }, Known::default()), [(RiskReason::Slowing, None, Some(30))]);
        assert_eq!(of(Candidate { last_contact_at: on(181), ..one }, Known::default()), []);
        assert_eq!(of(Candidate { last_contact_at: on(182), ..one }, Known::default()), [(RiskReason::Unspoken, Some(182), None)]);
        assert_eq!(of(Candidate { last_contact_at: Instant(0), ..one }, Known::default()), [(RiskReason::Unspoken, None, None)]);
        let bought = |now_minor, before_minor, before| Known {
            bought: Some(Bought { party_id: Id::FIRST, now_minor, before_minor, before }),
            ..Known::default()
        };
        assert_eq!(of(one, bought(499, 1_000, 2)), [(RiskReason::Less, Some(499), Some(1_000))]);
        assert_eq!(of(one, bought(500, 1_000, 2)), [], "half is not less than half");
        assert_eq!(of(one, bought(0, 1_000, 1)), [], "one purchase is no measure");
        let known = Known {
            returned: Some(Returned { party_id: Id::FIRST, minor: 70, last: as_of.plus(-5) }),
            complained: Some(Complained { party_id: Id::FIRST, times: 2, last: on(9) }),
            ..Known::default()
        };
        assert_eq!(of(one, known), [(RiskReason::Complained, Some(2), Some(9)), (RiskReason::Returned, Some(70), Some(5))]);
    }
}
