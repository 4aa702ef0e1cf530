//! Who is in an experiment, and who got what their arm gets.

use super::{Experiment, ExperimentState, conflict, take};
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::{Act, Ctx, Day, Instant, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Customers of one note.
const GIVEN_MAX: usize = 500;

row! {
    /// A customer who is in an experiment.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct ExperimentUnit {
        /// Its id.
        pub id: Id<ExperimentUnit> = "u.id",
        /// The customer.
        pub party_id: Id<Party> = "p.id",
        /// Their name.
        pub name: String = "p.name",
        /// Their arm; 0 is the control.
        pub arm: i64 = "u.arm",
        /// Since when.
        pub assigned_on: Day = "u.assigned_on",
        /// The last day on which what they do counts.
        pub until_on: Day = "u.until_on",
        /// Where customers are compared with themselves, the last day of the first period; arm 1 has it with the treatment.
        pub first_until_on: Option<Day> = "u.first_until_on",
        /// The same: the first day of the second period.
        pub second_from_on: Option<Day> = "u.second_from_on",
        /// When they got what the arm gets.
        pub delivered_at: Option<Instant> = "u.delivered_at",
        /// On how many days they have bought since.
        pub occasions: i64 = "(SELECT COUNT(DISTINCT b.day) FROM purchases b
            WHERE b.party_id = u.party_id AND b.gross_minor > 0 AND b.day > u.assigned_on AND b.day <= u.until_on)",
        /// The same in the period with the treatment, where there are two.
        pub occasions_with: Option<i64> = "CASE WHEN u.first_until_on IS NOT NULL THEN (SELECT COUNT(DISTINCT b.day) FROM purchases b
            WHERE b.party_id = u.party_id AND b.gross_minor > 0 AND ((u.arm = 1 AND b.day > u.assigned_on AND b.day <= u.first_until_on)
              OR (u.arm = 0 AND b.day >= u.second_from_on AND b.day <= u.until_on))) END",
        /// The same in the period without it.
        pub occasions_without: Option<i64> = "CASE WHEN u.first_until_on IS NOT NULL THEN (SELECT COUNT(DISTINCT b.day) FROM purchases b
            WHERE b.party_id = u.party_id AND b.gross_minor > 0 AND ((u.arm = 0 AND b.day > u.assigned_on AND b.day <= u.first_until_on)
              OR (u.arm = 1 AND b.day >= u.second_from_on AND b.day <= u.until_on))) END",
    }
}

impl ExperimentUnit {
    /// The first and the last day of the period with the treatment, and of the one without it, where there are two.
    #[must_use]
    pub fn periods(&self) -> Option<[(Day, Day); 2]> {
        let (first_until, second_from) = (self.first_until_on?, self.second_from_on?);
        let (first, second) = ((self.assigned_on.plus(1), first_until), (second_from, self.until_on));
        Some(if self.arm == 1 { [first, second] } else { [second, first] })
    }

    /// Whether they are to get the treatment now.
    #[must_use]
    pub fn is_due(&self, today: Day) -> bool {
        self.delivered_at.is_none()
            && match self.periods() {
                Some([(from, until), _]) => from.plus(-1) <= today && today <= until,
                None => self.arm > 0,
            }
    }
}

/// Adds that units `u` are to get the treatment now: of two periods, in the one with it.
fn due(query: &mut Sql, today: Day) {
    query.push(" AND u.delivered_at IS NULL AND ((u.first_until_on IS NULL AND u.arm > 0) OR (u.arm = 1 AND u.first_until_on >= ");
    query.arg(today).push(") OR (u.arm = 0 AND u.second_from_on <= ").arg(today.plus(1)).push(" AND u.until_on >= ").arg(today).push("))");
}

/// Whom of an experiment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListUnits {
    /// The experiment.
    pub id: Id<Experiment>,
    /// Only those of this arm; 0 is the control.
    pub arm: Option<i64>,
    /// Only those who have still to get what their arm gets.
    #[serde(default)]
    pub waiting: bool,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Who is in an experiment, of those whom the caller sees.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn units(ctx: &Ctx, input: ListUnits) -> Result<Page<ExperimentUnit>> {
    ctx.read(Perm(Room::Experience, Act::See))?;
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<ExperimentUnit>("FROM experiment_units u JOIN parties p ON p.id = u.party_id WHERE u.twice_by IS NULL");
    reader.sight.parties(&mut query);
    query.push(" AND u.experiment_id = ").arg(input.id);
    if let Some(arm) = input.arm {
        query.push(" AND u.arm = ").arg(arm);
    }
    if input.waiting {
        due(&mut query, ctx.now().day(&ctx.app.organisation().await?.zone()));
    }
    if let Some(after) = &input.after {
        let after: Id<ExperimentUnit> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND u.id > ").arg(after);
    }
    query.push(" ORDER BY u.id LIMIT ").arg(limit + 1);
    let items: Vec<ExperimentUnit> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| last.id.to_string()))
}

/// Who got it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// The experiment.
    pub id: Id<Experiment>,
    /// The customers, 500 at most.
    pub party_ids: Vec<Id<Party>>,
}

/// How many it was noted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Delivered {
    /// Of how many; those of the control or in their period without it, and of whom it was noted before, do not count.
    pub delivered: i64,
}

/// Notes who got what their arm gets.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] unless it is under way; for too many at once.
pub async fn deliver(ctx: &Ctx, input: Deliver) -> Result<Delivered> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let sight = ctx.read(Perm(Room::Parties, Act::See))?.sight;
    if input.party_ids.is_empty() || input.party_ids.len() > GIVEN_MAX {
        return Err(Problem::new("party_ids", "input-range").with("min", 1).with("max", GIVEN_MAX).into());
    }
    let mut tx = writer.begin().await?;
    let stored = take(&mut tx, input.id).await?;
    if !matches!(stored.state, ExperimentState::Running | ExperimentState::Paused) {
        return Err(conflict("experiments-not-running"));
    }
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut query = sql("UPDATE experiment_units SET delivered_by = ");
    query.arg(ctx.actor.user()).push(", delivered_at = ").arg(ctx.now());
    query.push(" WHERE id IN (SELECT u.id FROM experiment_units u JOIN parties p ON p.id = u.party_id WHERE u.experiment_id = ");
    query.arg(input.id);
    due(&mut query, today);
    sight.parties(&mut query);
    query.push(" AND p.id IN ").list_padded(&input.party_ids).push(")");
    let delivered = i64::try_from(tx.run(query).await?).unwrap_or_default();
    if delivered > 0 {
        let data = json!({"name": stored.name, "delivered": delivered});
        events::record(&mut tx, ctx, Event::of("experiment.delivered", input.id, data)).await?;
    }
    tx.commit().await?;
    Ok(Delivered { delivered })
}
