//! Making audits: by the month, and when somebody asks.

use super::count::{Counts, Window, count};
use super::judge::{judge, worst};
use super::{Attribute, FairnessAudit, FairnessGroup, FairnessVerdict, Measure, today};
use crate::platform::calendar::month_around;
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::{Act, Ctx, Day, Error, Instant, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, ToValue, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use tokio::sync::watch;

/// Days that an audit looks back unless told otherwise.
pub const DAYS: i64 = 90;
/// It looks back at least and at most so many days: of fewer there is little to see, and two years ago others decided.
const DAYS_MIN: i64 = 30;
const DAYS_MAX: i64 = 730;

/// What is to be looked at.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuditFairness {
    /// Only this; all unless given.
    pub measure: Option<Measure>,
    /// Only by this; by all unless given.
    pub attribute: Option<Attribute>,
    /// Days until yesterday, 90 unless given, 30 to 730.
    pub days: Option<i64>,
}

/// What was found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Audited {
    /// The audits that were made. Where there is nobody to compare, none is.
    pub items: Vec<Id<FairnessAudit>>,
    /// Groups that get less, surely or as it seems.
    pub odd: i64,
}

/// Looks now whether some customers get less than others, and keeps what was found.
///
/// # Errors
/// For days out of range; [`Error::Forbidden`] for an audit of colleagues by who does not see all of the shop.
pub async fn audit(ctx: &Ctx, input: AuditFairness) -> Result<Audited> {
    let perm = Perm(Room::Experience, Act::Create);
    let writer = ctx.write(perm)?;
    let days = input.days.unwrap_or(DAYS);
    if !(DAYS_MIN..=DAYS_MAX).contains(&days) {
        return Err(Problem::new("days", "input-range").with("min", DAYS_MIN).with("max", DAYS_MAX).into());
    }
    let sees_all = writer.sight == Sight::All;
    if !sees_all && input.attribute == Some(Attribute::Staff) {
        return Err(Error::Forbidden(perm));
    }
    let wanted = pairs()
        .filter(|(measure, attribute)| {
            input.measure.is_none_or(|one| one == *measure) && input.attribute.is_none_or(|one| one == *attribute)
        })
        .filter(|(_, attribute)| sees_all || *attribute != Attribute::Staff);
    let mut audited = Audited { items: Vec::new(), odd: 0 };
    for (measure, attribute) in wanted {
        if let Some((id, odd)) = make(ctx, measure, attribute, days, true).await? {
            audited.items.push(id);
            audited.odd += odd;
        }
    }
    note(ctx, &audited).await?;
    Ok(audited)
}

fn pairs() -> impl Iterator<Item = (Measure, Attribute)> {
    Measure::ALL.iter().flat_map(|measure| Attribute::ALL.iter().map(|attribute| (*measure, *attribute)))
}

async fn note(ctx: &Ctx, audited: &Audited) -> Result<()> {
    let Some(first) = audited.items.first() else { return Ok(()) };
    let mut tx = ctx.app.db.begin().await?;
    let data = json!({"audits": audited.items.len(), "odd": audited.odd});
    events::record(&mut tx, ctx, Event::of("fairness.audited", *first, data)).await?;
    Ok(tx.commit().await?)
}

/// Makes the audits of the month that are not made yet. It may be stopped and run again at any time.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn run(ctx: &Ctx, job: Option<Id<QueuedJob>>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let organisation = ctx.app.organisation().await?;
    let (first, _) = month_around(today(ctx).await?.0, organisation.calendar);
    let since = Instant::start_of(Day(first), &organisation.zone());
    let query = sql("SELECT measure, attribute FROM fairness_audits WHERE created_at >= $1 AND NOT is_asked").bind(since);
    let made: HashSet<(Measure, Attribute)> = ctx.app.db.all::<(Measure, Attribute)>(query).await?.into_iter().collect();
    let mut audited = Audited { items: Vec::new(), odd: 0 };
    let mut is_over = true;
    for (measure, attribute) in pairs().filter(|pair| !made.contains(pair)) {
        if *stop.borrow() {
            is_over = false;
            break;
        }
        if let Some((id, odd)) = make(ctx, measure, attribute, DAYS, false).await? {
            audited.items.push(id);
            audited.odd += odd;
        }
        if let Some(job) = job {
            jobs::renew(&ctx.app, job).await?;
        }
    }
    note(ctx, &audited).await?;
    Ok(if is_over { Outcome::Done } else { Outcome::GoOn })
}

/// Makes one audit; its id and how many groups get less. Nothing where there is nobody of whom it is known what they are.
async fn make(ctx: &Ctx, measure: Measure, attribute: Attribute, days: i64, is_asked: bool) -> Result<Option<(Id<FairnessAudit>, i64)>> {
    let organisation = ctx.app.organisation().await?;
    let zone = organisation.zone();
    let today = today(ctx).await?;
    let from_on = today.plus(-days);
    let window = Window {
        from: Instant::start_of(from_on, &zone),
        before: Instant::start_of(today, &zone),
        until_on: today.plus(-1),
        currency: organisation.currency,
    };
    let Counts { groups, left_out } = count(ctx, measure, attribute, &window).await?;
    if groups.iter().all(|group| group.value.is_empty()) {
        return Ok(None);
    }
    let found = judge(&groups)?;
    let id: Id<FairnessAudit> = ctx.id();
    let verdict = worst(&found);
    let rows = groups
        .iter()
        .zip(&found)
        .zip(0_i64..)
        .map(|((group, found), place)| {
            Ok(vec![
                ctx.id::<FairnessGroup>().to_value(),
                id.to_value(),
                place.to_value(),
                group.value.to_value(),
                group.name.to_value(),
                found.verdict.to_value(),
                serde_json::to_value(found).map_err(Error::fault)?.to_value(),
            ])
        })
        .collect::<Result<Vec<_>>>()?;
    let mut tx = ctx.app.db.begin().await?;
    tx.run(
        sql("INSERT INTO fairness_audits (id, measure, attribute, from_on, until_on, customers, given, left_out, currency, verdict, is_asked,
               created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
        .bind(id)
        .bind(measure)
        .bind(attribute)
        .bind(from_on)
        .bind(window.until_on)
        .bind(found.iter().map(|one| one.customers).sum::<i64>().saturating_add(left_out))
        .bind(found.iter().map(|one| one.given).sum::<i64>())
        .bind(left_out)
        .bind(window.currency)
        .bind(verdict)
        .bind(is_asked)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    for statement in Sql::inserts("INSERT INTO fairness_groups (id, audit_id, place, value, name, verdict, found) VALUES ", rows, "") {
        tx.run(statement).await?;
    }
    tx.commit().await?;
    let odd = found.iter().filter(|one| FairnessVerdict::needs_answer(one.verdict)).count();
    Ok(Some((id, i64::try_from(odd).unwrap_or(i64::MAX))))
}
