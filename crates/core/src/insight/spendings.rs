//! What customers spend in a year with everybody who sells what we sell, as somebody has said. Nobody guesses it: without
//! such a word the share that is ours is not known.

use crate::interactions::moment;
use crate::parties::{Party, whom};
use crate::platform::events::{self, Event};
use crate::platform::money::{Money, MoneyUnit};
use crate::platform::text::clean_line;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Day, Error, Fields, Operations, Perm, Problem, Result, Room};
use jiff::civil::time;
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of who said it.
const WHO_MAX: usize = 120;
const PERM: Perm = Perm(Room::Parties, Act::Change);

row! {
    /// What somebody said that a customer spends in a year.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub struct Spending {
        /// The customer.
        pub party_id: Id<Party>,
        /// How much, with everybody, in minor units.
        pub yearly_minor: i64,
        /// When it was said.
        pub stated_on: Day,
        /// Who said it.
        pub stated_by: String,
    }
}

/// What was said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateSpending {
    /// The customer.
    pub id: Id<Party>,
    /// How much they spend in a year with everybody, as decimal text in major units of the organisation's currency; nothing
    /// takes away what was said before.
    pub amount: Option<String>,
    /// Who said it, in own words: they themselves, their accountant.
    pub stated_by: Option<String>,
    /// When, as a date in the caller's calendar or RFC 3339; today unless given.
    pub date: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SpendingStated {
    /// What is known now.
    pub spending: Option<Spending>,
    /// Takes it back; for a day, by the one who did it.
    pub undo: Id<Undo>,
}

/// Writes down what a customer spends in a year with everybody, in place of what was said before.
///
/// # Errors
/// For a customer out of sight, an amount that is none, a day to come, or when it does not say who said it.
pub async fn state(ctx: &Ctx, input: StateSpending) -> Result<SpendingStated> {
    let writer = ctx.write(PERM)?;
    let organisation = ctx.app.organisation().await?;
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let today = ctx.now().day(&organisation.zone());
    let mut problems = Fields::default();
    let after = match given(&input.amount) {
        None => None,
        Some(amount) => {
            let amount = match Money::parse(&amount, organisation.currency, MoneyUnit::Currency) {
                Ok(money) if money.minor <= 0 => Err(Problem::new("amount", "spendings-nothing")),
                Ok(money) => Ok(money.minor),
                Err(problem) => Err(Problem::new("amount", problem.key())),
            };
            let amount = problems.take(amount);
            let who = clean_line(input.stated_by.as_deref().unwrap_or_default(), WHO_MAX)
                .map_err(|problem| Problem::new("stated_by", problem.key()).with("max", WHO_MAX));
            let who = problems.take(who);
            if who.as_deref().is_some_and(str::is_empty) {
                problems.add("stated_by", "spendings-who");
            }
            // At noon it is the same day wherever the caller is.
            let at = given(&input.date).map_or(Ok(ctx.now()), |text| moment(ctx, "date", &text, time(12, 0, 0, 0)));
            let day = problems.take(at).map(|at| at.day(&organisation.zone()));
            if day.is_some_and(|day| day > today) {
                problems.add("date", "interactions-at-future");
            }
            amount.zip(who).zip(day).map(|((yearly_minor, stated_by), stated_on)| Spending {
                party_id: input.id,
                yearly_minor,
                stated_on,
                stated_by,
            })
        }
    };
    problems.check()?;
    let mut tx = writer.begin().await?;
    let party = whom::by_id(&mut tx, &writer.sight, input.id).await?.id;
    let before = of(&mut tx, party).await?;
    put(&mut tx, ctx, party, after.as_ref()).await?;
    events::record(&mut tx, ctx, Event::of_party("spending.stated", party, json!({"before": before, "after": after}))).await?;
    let inverse = Inverse::Spending { party, before: before.map(Box::new), after: after.clone().map(Box::new) };
    let undo = undo::remember(&mut tx, ctx, &inverse).await?;
    tx.commit().await?;
    Ok(SpendingStated { spending: after, undo })
}

async fn of(tx: &mut Tx, party: Id<Party>) -> Result<Option<Spending>> {
    Ok(tx.maybe(Sql::select::<Spending>("FROM stated_spendings WHERE party_id = $1 {for_update}").bind(party)).await?)
}

async fn put(tx: &mut Tx, ctx: &Ctx, party: Id<Party>, spending: Option<&Spending>) -> Result<()> {
    let Some(Spending { yearly_minor, stated_on, stated_by, .. }) = spending else {
        tx.run(sql("DELETE FROM stated_spendings WHERE party_id = $1").bind(party)).await?;
        return Ok(());
    };
    tx.run(
        sql("INSERT INTO stated_spendings (party_id, yearly_minor, stated_on, stated_by, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (party_id) DO UPDATE SET yearly_minor = excluded.yearly_minor, stated_on = excluded.stated_on,
               stated_by = excluded.stated_by, created_by = excluded.created_by, created_at = excluded.created_at")
        .bind(party)
        .bind(*yearly_minor)
        .bind(*stated_on)
        .bind(stated_by)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    Ok(())
}

/// Puts back what was known before.
///
/// # Errors
/// [`Error::Conflict`] when somebody has said something else meanwhile.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, party: Id<Party>, before: Option<&Spending>, after: Option<&Spending>) -> Result<()> {
    let writer = ctx.write(PERM)?;
    whom::by_id(tx, &writer.sight, party).await?;
    if of(tx, party).await?.as_ref() != after {
        return Err(Error::Conflict(Fields(vec![Problem::new("amount", "parties-changed-meanwhile")])));
    }
    put(tx, ctx, party, before).await?;
    events::record(tx, ctx, Event::of_party("spending.restored", party, json!({"after": before}))).await
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "relations.state_spending",
        "POST /parties/{id}/spending",
        Some(PERM),
        "Writes down what a customer spends in a year with everybody, as somebody said.",
        state,
    )
    .example(|| {
        json!({"id": "01943b5c-0000-7000-8000-000000000001", "amount": "480000000", "stated_by": "مدیر خرید کافه", "date": "2026-11-20"})
    });
}
