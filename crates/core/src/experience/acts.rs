//! The acts that a protocol promises: due, done with a proof, or left out with a reason; and the two numbers that belong
//! together, what we did of them and what customers felt.

use super::fidelity::{ACTS_NEEDED, ANSWERS_NEEDED, Kept, Measured, WINDOW, fidelity, perceived};
use super::protocols::{ActKind, StepSeen};
use crate::insight::guard::{FEW, LEVEL};
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::text::clean_line;
use crate::platform::time::DAY;
use crate::service::voice_settings;
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a proof and of a reason.
const WORDS_MAX: usize = 300;

row! {
    /// An act that is due for a customer.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct ActSeen {
        /// Its id.
        pub id: Id<ActSeen> = "a.id",
        /// For whom.
        pub party_id: Id<Party> = "a.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// What is done.
        pub act: ActKind = "a.act",
        /// In words of our own.
        pub words: Option<String> = "a.words",
        /// When the protocol began.
        pub started_at: Instant = "a.started_at",
        /// Until when it is to be done.
        pub due_at: Instant = "a.due_at",
        /// When it was done.
        pub done_at: Option<Instant> = "NULLIF(a.done_at, 0)",
        /// By whom.
        pub done_by: Option<Id<User>> = "a.done_by",
        /// Their name.
        pub doer: Option<String> = "u.name",
        /// What shows that it was done.
        pub proof: Option<String> = "a.proof",
        /// When it was left out.
        pub skipped_at: Option<Instant> = "a.skipped_at",
        /// Why.
        pub skipped_reason: Option<String> = "a.skipped_reason",
    }
}

const FROM: &str = "FROM protocol_acts a JOIN parties p ON p.id = a.party_id LEFT JOIN users u ON u.id = a.done_by WHERE 1 = 1";

/// Writes down the acts that are due for customers, each with the occasion that it comes of: for the same one it is due once.
pub(super) async fn put(tx: &mut Tx, ctx: &Ctx, steps: &[StepSeen], whom: &[(Id<Party>, String)], started: Instant) -> Result<()> {
    let zone = ctx.app.organisation().await?.zone();
    let shop = voice_settings::read(tx).await?.shop;
    let rows = whom.iter().flat_map(|(party, occasion)| {
        let (zone, shop) = (&zone, &shop);
        steps.iter().map(move |step| {
            vec![
                ctx.id::<ActSeen>().to_value(),
                party.to_value(),
                step.id.to_value(),
                occasion.to_value(),
                step.act.to_value(),
                step.words.to_value(),
                started.to_value(),
                shop.after(started, step.due_hours, zone).to_value(),
                0_i64.to_value(),
            ]
        })
    });
    for statement in Sql::inserts(
        "INSERT INTO protocol_acts (id, party_id, step_id, occasion, act, words, started_at, due_at, done_at) VALUES ",
        rows.collect(),
        " ON CONFLICT (party_id, step_id, occasion) DO NOTHING",
    ) {
        tx.run(statement).await?;
    }
    Ok(())
}

/// Which acts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListActs {
    /// Only for this customer.
    pub party_id: Option<Id<Party>>,
    /// Only for customers whom the caller looks after.
    pub own: Option<bool>,
    /// Only those that are due before this moment.
    pub before: Option<Instant>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Acts that are still to be done, the one that is due first being the first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListActs) -> Result<Page<ActSeen>> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<ActSeen>(FROM);
    reader.sight.parties(&mut query);
    query.push(" AND a.done_at = 0 AND a.skipped_at IS NULL");
    if let Some(party) = input.party_id {
        query.push(" AND a.party_id = ").arg(party);
    }
    if let (Some(true), Some(user)) = (input.own, ctx.actor.user()) {
        query.push(" AND p.owner_id = ").arg(user);
    }
    if let Some(before) = input.before {
        query.push(" AND a.due_at < ").arg(before);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<ActSeen>(after)?;
        query.push(" AND (a.due_at, a.id) > (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY a.due_at, a.id LIMIT ").arg(limit + 1);
    let rows: Vec<ActSeen> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.due_at, last.id)))
}

/// The open act of that id within sight, its row the caller's until the transaction ends.
async fn take(tx: &mut Tx, sight: &Sight, id: Id<ActSeen>) -> Result<ActSeen> {
    let _: Option<(Id<ActSeen>,)> = tx.maybe(sql("SELECT id FROM protocol_acts WHERE id = $1 {for_update}").bind(id)).await?;
    let act = seen(tx, sight, id).await?;
    if act.done_at.is_some() || act.skipped_at.is_some() {
        return Err(Error::Conflict(Fields(vec![Problem::new("id", "experience-act-over")])));
    }
    Ok(act)
}

async fn seen(tx: &mut Tx, sight: &Sight, id: Id<ActSeen>) -> Result<ActSeen> {
    let mut query = Sql::select::<ActSeen>(FROM);
    sight.parties(&mut query);
    query.push(" AND a.id = ").arg(id);
    tx.maybe(query).await?.ok_or(Error::NotFound("act"))
}

/// An act that was done.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActDone {
    /// Which.
    pub id: Id<ActSeen>,
    /// What shows that it was done.
    pub proof: Option<String>,
}

/// Writes down that an act was done, with what shows it.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Conflict`] when it is done or was left out.
pub async fn done(ctx: &Ctx, input: ActDone) -> Result<ActSeen> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let proof = clean_line(input.proof.as_deref().unwrap_or_default(), WORDS_MAX);
    let proof = proof.map_err(|problem| Problem::new("proof", problem.key()).with("max", WORDS_MAX))?;
    let mut tx = writer.begin().await?;
    let act = take(&mut tx, &writer.sight, input.id).await?;
    tx.run(
        sql("UPDATE protocol_acts SET done_at = $1, done_by = $2, proof = $3 WHERE id = $4")
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(Some(proof).filter(|proof| !proof.is_empty()))
            .bind(act.id),
    )
    .await?;
    let data = json!({"act": act.act, "words": act.words, "in_time": ctx.now() <= act.due_at});
    events::record(&mut tx, ctx, Event::of_party("act.done", act.party_id, data).about(act.id)).await?;
    let act = seen(&mut tx, &writer.sight, act.id).await?;
    tx.commit().await?;
    Ok(act)
}

/// An act that is left out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipAct {
    /// Which.
    pub id: Id<ActSeen>,
    /// Why.
    pub reason: String,
}

/// Leaves an act out and says why. It counts as one that was not done.
///
/// # Errors
/// Without a reason; [`Error::NotFound`] out of sight; [`Error::Conflict`] when it is done or was left out.
pub async fn skip(ctx: &Ctx, input: SkipAct) -> Result<ActSeen> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let reason = clean_line(&input.reason, WORDS_MAX).map_err(|problem| Problem::new("reason", problem.key()).with("max", WORDS_MAX))?;
    if reason.is_empty() {
        return Err(Error::invalid("reason", "input-needed"));
    }
    let mut tx = writer.begin().await?;
    let act = take(&mut tx, &writer.sight, input.id).await?;
    tx.run(sql("UPDATE protocol_acts SET skipped_at = $1, skipped_reason = $2 WHERE id = $3").bind(ctx.now()).bind(&reason).bind(act.id))
        .await?;
    let data = json!({"act": act.act, "words": act.words, "reason": reason});
    events::record(&mut tx, ctx, Event::of_party("act.skipped", act.party_id, data).about(act.id)).await?;
    let act = seen(&mut tx, &writer.sight, act.id).await?;
    tx.commit().await?;
    Ok(act)
}

/// Of whom.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GetRespect {
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
}

/// What we did beside what they felt, of the last 90 days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Respect {
    /// Days that are looked back.
    pub days: i64,
    /// The share of the acts that were due which was done in time.
    pub fidelity: Measured,
    /// The mean of how respected they feel, 1 to 7; the last answer of each customer, of one customer all.
    pub perceived: Measured,
}

/// What we did beside what they felt, within sight.
///
/// # Errors
/// Without the right, or for a customer out of sight.
pub async fn respect(ctx: &Ctx, input: GetRespect) -> Result<Respect> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let since = ctx.now().plus(-WINDOW * DAY);
    if let Some(party) = input.party_id {
        let mut tx = reader.db.snapshot().await?;
        whom::by_id(&mut tx, &reader.sight, party).await?;
        tx.commit().await?;
    }
    let mut query = sql("SELECT COUNT(*), COALESCE(SUM(CASE WHEN a.done_at > 0 AND a.done_at <= a.due_at THEN 1 ELSE 0 END), 0)
        FROM protocol_acts a ");
    if reader.sight != Sight::All {
        query.push("JOIN parties p ON p.id = a.party_id ");
    }
    query.push("WHERE a.due_at <= ").arg(ctx.now()).push(" AND a.due_at > ").arg(since);
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND a.party_id = ").arg(party);
    }
    let (due, in_time): (i64, i64) = reader.db.one(query).await?;
    let zone = ctx.app.organisation().await?.zone();
    let mut query = sql(
        "SELECT s.total, s.items, COUNT(*) FROM (SELECT f.respect_sum AS total, f.respect_items AS items,
        ROW_NUMBER() OVER (PARTITION BY COALESCE(f.party_id, f.id) ORDER BY f.at DESC, f.id DESC) AS place
        FROM survey_sheets f LEFT JOIN parties p ON p.id = f.party_id WHERE f.respect_sum IS NOT NULL AND f.respect_items > 0 AND f.day > ",
    );
    query.arg(since.day(&zone));
    if reader.sight != Sight::All {
        query.push(" AND f.party_id IS NOT NULL");
        reader.sight.parties(&mut query);
    }
    if let Some(party) = input.party_id {
        query.push(" AND f.party_id = ").arg(party);
    }
    query.push(") s");
    if input.party_id.is_none() {
        query.push(" WHERE s.place = 1");
    }
    query.push(" GROUP BY s.total, s.items ORDER BY s.total, s.items");
    let steps: Vec<(i64, i64, i64)> = reader.db.all(query).await?;
    #[expect(clippy::cast_precision_loss, reason = "steps of a scale are small")]
    let answers: Vec<f64> = steps
        .into_iter()
        .flat_map(|(total, items, count)| std::iter::repeat_n(total as f64 / items as f64, usize::try_from(count).unwrap_or_default()))
        .collect();
    let (acts_needed, answers_needed) = if input.party_id.is_some() { (ACTS_NEEDED, ANSWERS_NEEDED) } else { (FEW, FEW) };
    Ok(Respect {
        days: WINDOW,
        fidelity: fidelity(Kept { due, in_time }, acts_needed, LEVEL),
        perceived: perceived(&answers, answers_needed, LEVEL),
    })
}

/// The operations of acts.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    let perm = |act| Some(Perm(Room::Interactions, act));
    ops.add("acts.list", "GET /acts", perm(Act::See), "Acts of respect that are to be done, by when they are due.", list)
        .example(|| json!({"own": true, "limit": 20}));
    ops.add("acts.done", "POST /acts/{id}/done", perm(Act::Create), "Writes down that an act was done, with what shows it.", done)
        .example(|| json!({"id": SOME, "proof": "ساعت ۱۰ تماس گرفتم؛ راضی بودند"}));
    ops.add("acts.skip", "POST /acts/{id}/skip", perm(Act::Create), "Leaves an act out and says why.", skip)
        .example(|| json!({"id": SOME, "reason": "خودشان گفتند تماس نگیریم"}));
    ops.add(
        "respect.get",
        "GET /respect",
        perm(Act::See),
        "What was done of the acts of respect beside what customers felt, of 90 days.",
        respect,
    )
    .example(|| json!({}));
}
