//! Who is behind a number of the indicators.

use super::effects::{Tally, attribute};
use super::read::{self, Categories, Cause, Causes, Member, Stripe, Want};
use super::{IndicatorsOf, effect_days, frame};
use crate::experience::legality::TreatmentKind;
use crate::experience::treatments::Treatment;
use crate::lifecycle::Stage;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::time::DAY;
use crate::{Act, Ctx, Day, Error, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

peyvand_db::words! {
    /// Whom of those the indicators are about.
    pub enum Cell {
        /// All who were loyal on the first day.
        All = "all",
        /// Who came back.
        Repeated = "repeated",
        /// Who did not.
        Missing = "missing",
        /// Who bought of a category.
        Category = "category",
        /// Whom a treatment reached.
        Reached = "reached",
        /// Who came back after it.
        After = "after",
        /// Who, by lot, were to get it.
        Treated = "treated",
        /// Who, by lot, were left without it.
        Control = "control",
    }
}

/// Which customers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Behind {
    /// Whom.
    pub cell: Cell,
    /// Of which treatment or protocol, where the cell is one of theirs.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// Of which category; products without one when absent.
    #[serde(default)]
    pub category: Option<String>,
    /// The first day, as of the indicators.
    #[serde(default)]
    pub from: Option<Day>,
    /// The last day.
    #[serde(default)]
    pub until: Option<Day>,
    /// Days after the assignment that the effect is looked at, as of the indicators; the usual ones unless given.
    #[serde(default)]
    pub days: Option<i64>,
    /// Where the page starts: `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// A customer behind a number.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct IndicatorCustomer {
    /// Who.
    pub party_id: Id<Party>,
    /// Their number.
    pub no: i64,
    /// Their name.
    pub name: String,
    /// Days with a repeat purchase; of the cell's, where it is one of some of them.
    pub repeats: Option<i64>,
    /// What these came to, in minor units.
    pub minor: Option<i64>,
}

/// Somebody found, before their name is known.
struct Found {
    party: Id<Party>,
    repeats: Option<i64>,
    minor: Option<i64>,
}

/// Customers by id: those of the stage are read until a page is full.
///
/// # Errors
/// Without the right, without the treatment that a cell needs, or for a page that does not exist.
pub async fn behind(ctx: &Ctx, input: Behind) -> Result<Page<IndicatorCustomer>> {
    ctx.read(Perm(Room::Parties, Act::See))?;
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let of = IndicatorsOf { from: input.from, until: input.until, anew: false };
    let (frame, _) = frame(ctx, reader.sight.clone(), Stage::Loyal, of).await?;
    let limit = page_size(input.limit)?;
    let at = |text: &str| text.parse::<Id<Party>>().map_err(|_| Problem::new("after", "input-cursor"));
    let after = input.after.as_deref().map(at).transpose()?;
    let needs_id = matches!(input.cell, Cell::Reached | Cell::After | Cell::Treated | Cell::Control);
    let Some(id) = input.id.or((!needs_id).then(Uuid::nil)) else { return Err(Error::invalid("id", "input-needed")) };
    let mut tx = reader.db.snapshot().await?;
    let wanted = usize::try_from(limit + 1).unwrap_or(usize::MAX);
    let found = match input.cell {
        Cell::Treated | Cell::Control => {
            let list = Assignment { treatment: Id::new(id), is_ghost: input.cell == Cell::Control, days: input.days };
            assigned(&mut tx, &frame, &list, after, limit + 1).await?
        }
        cell => {
            let (mut found, mut after) = (Vec::new(), after);
            let (mut causes, mut categories) = (Causes::default(), Categories::default());
            while found.len() < wanted {
                let stripe = Stripe::read(&mut tx, &frame, after, None, Want::All).await?;
                let Some(last) = stripe.last() else { break };
                after = Some(last);
                let members = stripe.members(&frame, Want::All, &mut causes, &mut categories);
                let pick = |member: &Member| pick(member, cell, id, input.category.as_deref(), &causes, &categories);
                found.extend(members.iter().filter_map(pick));
            }
            found.truncate(wanted);
            found
        }
    };
    let names = names(&mut tx, &found.iter().map(|one| one.party).collect::<Vec<_>>()).await?;
    let rows = found.into_iter().filter_map(|one| {
        let (no, name) = names.get(&one.party)?.clone();
        Some(IndicatorCustomer { party_id: one.party, no, name, repeats: one.repeats, minor: one.minor })
    });
    Ok(Page::cut(rows.collect(), limit, |one| one.party_id.to_string()))
}

/// Whether a member is of the cell, and with how much.
fn pick(member: &Member, cell: Cell, id: Uuid, category: Option<&str>, causes: &Causes, categories: &Categories) -> Option<Found> {
    let cause_is = |place: usize| match causes.list[place].0 {
        Cause::Treatment(one) => one.0 == id,
        Cause::Protocol(one) => one.0 == id,
    };
    let all = || (member.repeats.len(), member.repeats.iter().fold(0_i64, |sum, one| sum.saturating_add(one.minor)));
    let (repeats, minor) = match cell {
        Cell::All => all(),
        Cell::Repeated => Some(all()).filter(|(count, _)| *count > 0)?,
        Cell::Missing => Some(all()).filter(|(count, _)| *count == 0)?,
        Cell::Category => {
            let is_it = |kind: Option<u32>| kind.map(|place| categories.name(place)).as_deref() == category;
            let of = member.repeats.iter().filter_map(|one| one.kinds.iter().find(|(kind, _)| is_it(*kind)).map(|(_, minor)| *minor));
            let minors: Vec<i64> = of.collect();
            Some((minors.len(), minors.iter().sum())).filter(|(count, _)| *count > 0)?
        }
        Cell::Reached => Some(all()).filter(|_| member.reached.iter().any(|one| cause_is(one.cause)))?,
        Cell::After => {
            let mut tallies = vec![Tally::default(); causes.list.len()];
            let did = member.did();
            let owners = attribute(member.span, &did, &member.reached, &mut tallies);
            let of = did.iter().zip(owners).filter(|(_, owner)| owner.is_some_and(cause_is));
            let minors: Vec<i64> = of.map(|(did, _)| did.minor).collect();
            Some((minors.len(), minors.iter().sum())).filter(|(count, _)| *count > 0)?
        }
        Cell::Treated | Cell::Control => return None,
    };
    Some(Found { party: member.party, repeats: i64::try_from(repeats).ok(), minor: Some(minor) })
}

row! {
    struct Assigned {
        party_id: Id<Party> = "e.party_id",
    }
}

/// Which of those that chance decided about.
struct Assignment {
    treatment: Id<Treatment>,
    is_ghost: bool,
    days: Option<i64>,
}

/// Who were to get a treatment, or were left without it.
async fn assigned(tx: &mut Tx, frame: &read::Frame, list: &Assignment, after: Option<Id<Party>>, limit: i64) -> Result<Vec<Found>> {
    let (from, until) = frame.moments();
    let kind = read::treatments(tx, &[list.treatment]).await?.get(&list.treatment).map_or(TreatmentKind::Respect, |one| one.kind);
    let days = list.days.unwrap_or_else(|| effect_days(kind, 0));
    let mut query = Sql::select::<Assigned>("FROM exposures e JOIN parties p ON p.id = e.party_id WHERE e.treatment_id = ");
    query.arg(list.treatment).push(" AND e.stage = ").arg(frame.stage).push(" AND e.is_ghost = ").arg(list.is_ghost);
    query.push(" AND e.assigned_at >= ").arg(from).push(" AND e.assigned_at < ").arg(until.plus(-days.max(0) * DAY));
    if let Some(after) = after {
        query.push(" AND e.party_id > ").arg(after);
    }
    frame.sight.parties(&mut query);
    query.push(" GROUP BY e.party_id ORDER BY e.party_id LIMIT ").arg(limit);
    let found: Vec<Assigned> = tx.all(query).await?;
    Ok(found.into_iter().map(|one| Found { party: one.party_id, repeats: None, minor: None }).collect())
}

async fn names(tx: &mut Tx, ids: &[Id<Party>]) -> Result<HashMap<Id<Party>, (i64, String)>> {
    let mut query = peyvand_db::sql("SELECT id, no, name FROM parties WHERE id IN ");
    query.list_padded(ids);
    let rows: Vec<(Id<Party>, i64, String)> = tx.all(query).await?;
    Ok(rows.into_iter().map(|(id, no, name)| (id, (no, name))).collect())
}
