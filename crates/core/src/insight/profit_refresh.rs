//! The nightly job that works out what every customer brought and cost in the last year, and asking for it.

use super::keeping;
use super::profit::{self, Parts, Period};
use super::profit_groups;
use super::ranking;
use super::rates::{RateItem, Rates};
use super::tier_history;
use super::whale::{self, Ranked, Whale};
use crate::marketing::segments::follow;
use crate::operation::{DONE, Done, Nothing};
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::platform::money::Currency;
use crate::{Act, Ctx, Day, Error, Operations, Perm, Result, Room};
use futures_util::TryStreamExt;
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use tokio::sync::watch;

/// Customers of one transaction: whoever writes meanwhile waits for a batch.
const BATCH: i64 = 1_000;
/// Batches after which the job says that it is still at work.
const RENEW_AFTER: usize = 20;
/// One refresh waits at a time.
const SINGLE: &str = "refresh_profits";

/// A time that the profits of all were worked out.
#[derive(Debug)]
pub enum Run {}

row! {
    struct Under {
        id: Id<Run>,
        as_of: Day,
        currency: Currency,
        rates: serde_json::Value,
        place: Id<Party>,
        unpriced: serde_json::Value,
        finished_at: Option<crate::Instant>,
    }
}

/// A run under way: what it reckons with, how far it is, what it met that has no rate.
struct Way {
    id: Id<Run>,
    period: Period,
    currency: Currency,
    rates: Rates,
    place: Id<Party>,
    unpriced: BTreeSet<RateItem>,
    /// Whether it looks at today, from where the next twelve months are foreseen.
    is_now: bool,
}

/// Has the profits worked out anew soon.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue(tx: &mut Tx, ctx: &Ctx) -> Result<()> {
    jobs::enqueue_single(tx, ctx, &Job::RefreshProfits, SINGLE).await
}

/// Works out the profits of all customers as soon as a worker is free.
///
/// # Errors
/// Without the right, or when nobody has said what the goods cost.
pub async fn ask(ctx: &Ctx, _: Nothing) -> Result<Done> {
    let writer = ctx.write(Perm(Room::Insight, Act::Change))?;
    let mut tx = writer.begin().await?;
    Rates::read(&mut tx).await?.goods()?;
    enqueue(&mut tx, ctx).await?;
    events::record(&mut tx, ctx, Event { kind: "profit.refresh_asked", party: None, subject: None, data: json!({}) }).await?;
    tx.commit().await?;
    Ok(DONE)
}

/// The job. Without the share of the goods there is nothing to work out. An interrupted one goes on behind the last batch
/// that it finished, if day and rates are still the same. Where several months are due, it lets what waits go before each.
///
/// # Errors
/// When the database is out of reach.
pub async fn refresh(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let due = tier_history::due(ctx).await?;
    for as_of in due.iter().take(1) {
        if run_of(ctx, job, stop, BATCH, *as_of).await? == Outcome::GoOn {
            return Ok(Outcome::GoOn);
        }
    }
    let left = tier_history::due(ctx).await?;
    if due.len() > 1 && left.len() < due.len() {
        return Ok(Outcome::GoOn);
    }
    ctx.app.db.analyze_grown().await?;
    Ok(Outcome::Done)
}

/// All that is due at once, in batches of this size.
#[cfg(test)]
pub(super) async fn refresh_by(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>, size: i64) -> Result<Outcome> {
    for as_of in tier_history::due(ctx).await? {
        if run_of(ctx, job, stop, size, as_of).await? == Outcome::GoOn {
            return Ok(Outcome::GoOn);
        }
    }
    Ok(Outcome::Done)
}

/// Works out the year to a day.
async fn run_of(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>, size: i64, as_of: Day) -> Result<Outcome> {
    let Some(mut way) = begin(ctx, as_of).await? else { return Ok(Outcome::Done) };
    for batches in 1.. {
        if !batch(ctx, &mut way, size).await? {
            break;
        }
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        if batches % RENEW_AFTER == 0 {
            jobs::renew(&ctx.app, job).await?;
        }
    }
    while forget(ctx, way.id, size).await? > 0 {
        jobs::renew(&ctx.app, job).await?;
    }
    let mut tx = ctx.app.db.snapshot().await?;
    let sums = whale::sums(&mut tx).await?;
    tx.commit().await?;
    // One after the other: a million rows as the driver holds them would take a gigabyte.
    let rows = ctx.app.db.each::<Ranked>(Sql::select::<Ranked>("FROM party_profits t ORDER BY t.party_id"));
    let ranked: Vec<Ranked> = rows.try_collect().await?;
    let by_hand = way.rates.borders();
    let work = move || {
        let found = Whale::of(&ranked, sums, by_hand);
        let borders = found.as_ref().map_or_else(Vec::new, Whale::borders);
        let profits: Vec<i64> = ranked.iter().map(|one| one.profit_minor).collect();
        let places = profit_groups::borders(&profits, &borders);
        (found, ranked, borders, places)
    };
    let (found, ranked, borders, places) = tokio::task::spawn_blocking(work).await.map_err(Error::fault)?;
    let chunks = || ranked.chunks(usize::try_from(size).unwrap_or(1));
    for (number, chunk) in chunks().enumerate() {
        if (number + 1) % RENEW_AFTER == 0 {
            jobs::renew(&ctx.app, job).await?;
        }
        if chunk.iter().any(|one| one.tier != Some(whale::tier_of(one.profit_minor, &borders))) {
            set_tiers(ctx, chunk, &borders).await?;
        }
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
    }
    let ends: Vec<Id<Party>> = chunks().filter_map(|chunk| Some(chunk.last()?.party_id)).collect();
    tier_history::note(ctx, job, as_of, &ends).await?;
    profit_groups::add_up(ctx, job, way.id, as_of, &places, &borders).await?;
    let mut tx = ctx.app.db.begin().await?;
    profit_groups::forget_others(&mut tx, way.id).await?;
    let found = found.map(serde_json::to_value).transpose().map_err(Error::fault)?;
    follow::all(&mut tx, ctx).await?;
    tx.run(sql("UPDATE profit_runs SET whale = $1, finished_at = $2 WHERE id = $3").bind(found).bind(ctx.app.clock.now()).bind(way.id))
        .await?;
    tx.commit().await?;
    if way.is_now {
        keeping::find_out(ctx, as_of, way.currency).await?;
    }
    Ok(Outcome::Done)
}

/// Goes on with the run that was interrupted, or begins another; `None` without the share of the goods.
async fn begin(ctx: &Ctx, as_of: Day) -> Result<Option<Way>> {
    let organisation = ctx.app.organisation().await?;
    let period = Period::year_to(as_of, organisation.zone());
    let is_now = as_of == ctx.now().day(&organisation.zone());
    let mut tx = ctx.app.db.begin().await?;
    let rates = Rates::read(&mut tx).await?;
    if rates.goods().is_err() {
        return Ok(None);
    }
    let known = serde_json::to_value(&rates.0).map_err(Error::fault)?;
    let last: Option<Under> = tx.maybe(Sql::select::<Under>("FROM profit_runs ORDER BY made_at DESC, id DESC LIMIT 1")).await?;
    let same = |run: &Under| run.finished_at.is_none() && run.as_of == as_of && run.currency == organisation.currency && run.rates == known;
    if let Some(run) = last.filter(same) {
        let unpriced = serde_json::from_value(run.unpriced).map_err(Error::fault)?;
        return Ok(Some(Way { id: run.id, period, currency: run.currency, rates, place: run.place, unpriced, is_now }));
    }
    let way = Way { id: ctx.id(), period, currency: organisation.currency, rates, place: Id::FIRST, unpriced: BTreeSet::new(), is_now };
    tx.run(
        sql("INSERT INTO profit_runs (id, as_of, from_on, currency, rates, place, unpriced, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(way.id)
            .bind(as_of)
            .bind(way.period.from)
            .bind(way.currency)
            .bind(known)
            .bind(way.place)
            .bind(json!([]))
            .bind(ctx.now()),
    )
    .await?;
    tx.commit().await?;
    Ok(Some(way))
}

/// The parties that follow the place, and the place behind them, in one transaction. False when there are none. They are
/// read before it, so that nobody's writing waits for the reading.
async fn batch(ctx: &Ctx, way: &mut Way, size: i64) -> Result<bool> {
    let mut tx = ctx.app.db.snapshot().await?;
    let query = sql("SELECT id, first_purchase_on, archived_at FROM parties WHERE id > $1 ORDER BY id LIMIT $2").bind(way.place).bind(size);
    let parties: Vec<(Id<Party>, String, Option<crate::Instant>)> = tx.all(query).await?;
    let (Some(first), Some(last)) = (parties.first().map(|party| party.0), parties.last().map(|party| party.0)) else { return Ok(false) };
    let pasts = profit::read(&mut tx, (first, last), &way.period, way.currency).await?;
    let expected: Vec<(Id<Party>, f64)> = if way.is_now {
        let query = sql(
            "SELECT party_id, value_12m_minor FROM party_scores WHERE party_id >= $1 AND party_id <= $2 AND value_12m_minor IS NOT NULL",
        );
        tx.all(query.bind(first).bind(last)).await?
    } else {
        Vec::new()
    };
    let expected: HashMap<Id<Party>, f64> = expected.into_iter().collect();
    let goods = way.rates.goods()?;
    tx.commit().await?;
    let mut rows = Vec::new();
    let until = way.period.until.to_string();
    for (party, first, archived_at) in parties {
        let has_bought = !first.is_empty() && first <= until;
        let Some(past) = pasts.get(&party).filter(|past| archived_at.is_none() && past.counts(has_bought)) else { continue };
        let (parts, unpriced) = profit::add_up(past, &way.rates)?;
        way.unpriced.extend(unpriced);
        let Parts { sales_minor, discount_minor, goods_minor, staff_minor, channels_minor, entered_minor, profit_minor, minutes, contacts } =
            parts;
        let numbers =
            [sales_minor, discount_minor, goods_minor, staff_minor, channels_minor, entered_minor, profit_minor, minutes, contacts];
        let served = staff_minor + channels_minor + entered_minor;
        let next = expected.get(&party).map(|expected| ranking::worth(*expected, goods, served));
        let hour = next.and_then(|next| ranking::by_hour(next, staff_minor, minutes));
        let mut row = vec![party.to_value(), way.id.to_value()];
        row.extend(numbers.map(|number| number.to_value()));
        row.extend([next.to_value(), hour.to_value()]);
        rows.push(row);
    }
    way.place = last;
    let unpriced = serde_json::to_value(&way.unpriced).map_err(Error::fault)?;
    let mut tx = ctx.app.db.begin().await?;
    for statement in Sql::inserts(
        "INSERT INTO party_profits (party_id, run_id, sales_minor, discount_minor, goods_minor, staff_minor, channels_minor,
           entered_minor, profit_minor, minutes, contacts, next_minor, hour_minor) VALUES ",
        rows,
        " ON CONFLICT (party_id) DO UPDATE SET run_id = excluded.run_id, sales_minor = excluded.sales_minor,
            discount_minor = excluded.discount_minor, goods_minor = excluded.goods_minor, staff_minor = excluded.staff_minor,
            channels_minor = excluded.channels_minor, entered_minor = excluded.entered_minor, profit_minor = excluded.profit_minor,
            minutes = excluded.minutes, contacts = excluded.contacts, next_minor = excluded.next_minor, hour_minor = excluded.hour_minor",
    ) {
        tx.run(statement).await?;
    }
    tx.run(sql("UPDATE profit_runs SET place = $1, unpriced = $2 WHERE id = $3").bind(way.place).bind(unpriced).bind(way.id)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Takes rows of older runs away: of those who bought and cost nothing any more, or are archived.
async fn forget(ctx: &Ctx, run: Id<Run>, size: i64) -> Result<u64> {
    let mut tx = ctx.app.db.begin().await?;
    let gone = tx
        .run(
            sql("DELETE FROM party_profits WHERE party_id IN (SELECT party_id FROM party_profits WHERE run_id <> $1 LIMIT $2)")
                .bind(run)
                .bind(size),
        )
        .await?;
    tx.commit().await?;
    Ok(gone)
}

/// Sets the tiers of neighbours.
async fn set_tiers(ctx: &Ctx, chunk: &[Ranked], borders: &[i64]) -> Result<()> {
    let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { return Ok(()) };
    // Borders that are not there lie below everybody: with equal profits there are fewer tiers.
    let border = |at: usize| borders.get(at).copied().unwrap_or(i64::MIN);
    let mut tx = ctx.app.db.begin().await?;
    tx.run(
        sql("UPDATE party_profits SET tier = CASE WHEN profit_minor >= $1 THEN 1 WHEN profit_minor >= $2 THEN 2 WHEN profit_minor >= $3 THEN 3 ELSE 4 END
             WHERE party_id >= $4 AND party_id <= $5")
        .bind(border(0))
        .bind(border(1))
        .bind(border(2))
        .bind(first.party_id)
        .bind(last.party_id),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The operations of refreshing.
pub fn operations(ops: &mut Operations) {
    let change = Some(Perm(Room::Insight, Act::Change));
    ops.add(
        "profits.refresh",
        "POST /profits/refresh",
        change,
        "Works out anew what all customers brought and cost in the last year.",
        ask,
    )
    .example(|| json!({}));
}
