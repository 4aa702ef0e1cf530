//! "You said, we did": what customers said that is to change something, who looks after it, what was changed or why not,
//! and which of those who said it were told. A piece of feedback points to where they said it and keeps no second copy.

use super::cases::{check_owner, checked_text};
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::access::{Actor, Unit, User};
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Db, Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Characters of what was said, in one sentence.
const SAID_MAX: usize = 200;

peyvand_db::words! {
    /// How far a piece of feedback is.
    pub enum FeedbackState {
        /// Nobody has taken it up.
        Open = "open",
        /// Somebody works on it.
        InWork = "in_work",
        /// Something was changed.
        Done = "done",
        /// Nothing will be changed, and it is known why.
        Declined = "declined",
    }
}

impl FeedbackState {
    /// Whether it may go from here to there: it is taken up, done or declined, and taken up again when it was not over.
    #[must_use]
    pub const fn may_become(self, next: FeedbackState) -> bool {
        use FeedbackState::{Declined, Done, InWork, Open};
        matches!((self, next), (Open | Done | Declined, InWork) | (Open | InWork, Done | Declined))
    }

    /// Whether there is something to tell those who said it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, FeedbackState::Done | FeedbackState::Declined)
    }
}

row! {
    /// A piece of feedback as it is stored.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct FeedbackRow {
        /// Its id.
        pub id: Id<Feedback> = "k.id",
        /// What customers said, in one sentence of ours.
        pub said: String = "k.said",
        /// How far it is.
        pub state: FeedbackState = "k.state",
        /// The unit that can change it.
        pub unit_id: Option<Id<Unit>> = "k.unit_id",
        /// Its name.
        pub unit: Option<String> = "n.name",
        /// Who looks after it.
        pub owner_id: Option<Id<User>> = "k.owner_id",
        /// Their name.
        pub owner: Option<String> = "u.name",
        /// What was changed.
        pub action: Option<String> = "k.action",
        /// What customers are told: what we did, or why we do not.
        pub reply: Option<String> = "k.reply",
        /// Since when it stands so.
        pub state_at: Instant = "k.state_at",
        /// Who wrote it down.
        pub created_by: Option<Id<User>> = "k.created_by",
        /// When.
        pub created_at: Instant = "k.created_at",
    }
}

/// A piece of feedback with those who said it, of whom the caller may know.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Feedback {
    /// The piece.
    #[serde(flatten)]
    pub row: FeedbackRow,
    /// How many customers said it.
    pub customers: i64,
    /// How many of them were told what came of it.
    pub told: i64,
}

impl Feedback {
    /// How many are still to be told; none before there is something to tell.
    #[must_use]
    pub const fn to_tell(&self) -> i64 {
        if self.row.state.is_over() { self.customers - self.told } else { 0 }
    }
}

const FROM: &str = "FROM feedback k LEFT JOIN units n ON n.id = k.unit_id LEFT JOIN users u ON u.id = k.owner_id WHERE 1 = 1";

row! {
    struct Counted {
        feedback_id: Id<Feedback> = "c.feedback_id",
        customers: i64 = "COUNT(*)",
        told: i64 = "COUNT(c.told_at)",
    }
}

/// The customers of some pieces, counted within sight.
fn counts(sight: &Sight, ids: &[Id<Feedback>]) -> Sql {
    let mut query = Sql::select::<Counted>("FROM feedback_customers c JOIN parties p ON p.id = c.party_id WHERE c.feedback_id IN ");
    query.list_padded(ids);
    sight.parties(&mut query);
    query.push(" GROUP BY c.feedback_id");
    query
}

fn counted(rows: Vec<FeedbackRow>, counts: Vec<Counted>) -> Vec<Feedback> {
    let counts: HashMap<Id<Feedback>, (i64, i64)> = counts.into_iter().map(|one| (one.feedback_id, (one.customers, one.told))).collect();
    rows.into_iter()
        .map(|row| {
            let (customers, told) = counts.get(&row.id).copied().unwrap_or_default();
            Feedback { row, customers, told }
        })
        .collect()
}

async fn with_counts(db: &Db, sight: &Sight, rows: Vec<FeedbackRow>) -> Result<Vec<Feedback>> {
    let ids: Vec<Id<Feedback>> = rows.iter().map(|row| row.id).collect();
    let counts = db.all(counts(sight, &ids)).await?;
    Ok(counted(rows, counts))
}

/// The end of a write: the piece as it is now.
pub(super) async fn ended(mut tx: Tx, sight: &Sight, id: Id<Feedback>) -> Result<Feedback> {
    let row = row(&mut tx, id).await?;
    let counts = tx.all(counts(sight, &[id])).await?;
    tx.commit().await?;
    counted(vec![row], counts).pop().ok_or(Error::NotFound("feedback"))
}

/// The piece as it is stored.
pub(super) async fn row(tx: &mut Tx, id: Id<Feedback>) -> Result<FeedbackRow> {
    let mut query = Sql::select::<FeedbackRow>(FROM);
    query.push(" AND k.id = ").arg(id);
    tx.maybe(query).await?.ok_or(Error::NotFound("feedback"))
}

/// Holds a piece until the end of the transaction, for somebody who may change it: who sees only their own customers changes
/// what they wrote down or look after.
pub(super) async fn hold(tx: &mut Tx, sight: &Sight, perm: Perm, id: Id<Feedback>) -> Result<FeedbackRow> {
    tx.maybe::<(i64,)>(sql("SELECT 1 FROM feedback WHERE id = $1 {for_update}").bind(id)).await?;
    let row = row(tx, id).await?;
    if may_change(sight, &row) { Ok(row) } else { Err(Error::Forbidden(perm)) }
}

/// Whether somebody with this sight may change a piece.
#[must_use]
pub fn may_change(sight: &Sight, of: &FeedbackRow) -> bool {
    match sight {
        Sight::Own(user) => of.owner_id == Some(*user) || of.created_by == Some(*user),
        Sight::All | Sight::Units { .. } => true,
    }
}

pub(super) async fn record(tx: &mut Tx, ctx: &Ctx, kind: &'static str, id: Id<Feedback>, data: Value) -> Result<()> {
    events::record(tx, ctx, Event::of(kind, id, data)).await
}

fn checked_said(said: &str) -> Result<String, Problem> {
    let said = clean_line(said, SAID_MAX).map_err(|problem| Problem::new("said", problem.key()).with("max", SAID_MAX))?;
    if said.is_empty() { Err(Problem::new("said", "input-needed")) } else { Ok(said) }
}

async fn check_unit(tx: &mut Tx, unit: Option<Id<Unit>>) -> Result<()> {
    let Some(unit) = unit else { return Ok(()) };
    let known: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM units WHERE id = $1").bind(unit)).await?;
    known.map(|_| ()).ok_or_else(|| Problem::new("unit_id", "input-choice").into())
}

/// A piece of feedback to be written down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenFeedback {
    /// What customers said, in one sentence of ours.
    pub said: String,
    /// The unit that can change it.
    pub unit_id: Option<Id<Unit>>,
    /// Who looks after it.
    pub owner_id: Option<Id<User>>,
}

/// Writes down what customers said that is to change something. Who said it is added with `feedback.add_voice`.
///
/// # Errors
/// Without words, for a unit that there is not or a colleague who does not work here.
pub async fn open(ctx: &Ctx, new: OpenFeedback) -> Result<Feedback> {
    let writer = ctx.write(Perm(Room::Service, Act::Create))?;
    let mut problems = Fields::default();
    let said = problems.take(checked_said(&new.said)).unwrap_or_default();
    problems.check()?;
    let mut tx = writer.begin().await?;
    check_unit(&mut tx, new.unit_id).await?;
    check_owner(&mut tx, new.owner_id).await?;
    let id: Id<Feedback> = ctx.id();
    tx.run(
        sql("INSERT INTO feedback (id, said, state, unit_id, owner_id, state_at, created_by, created_at)
             VALUES ($1, $2, 'open', $3, $4, $5, $6, $7)")
        .bind(id)
        .bind(&said)
        .bind(new.unit_id)
        .bind(new.owner_id)
        .bind(ctx.now())
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    record(&mut tx, ctx, "feedback.opened", id, json!({"said": said, "unit": new.unit_id, "owner": new.owner_id})).await?;
    ended(tx, &writer.sight, id).await
}

/// What changes of a piece of feedback; what is absent stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeFeedback {
    /// Which.
    pub id: Id<Feedback>,
    /// What customers said, in one sentence of ours.
    pub said: Option<String>,
    /// The unit that can change it.
    pub unit_id: Option<Id<Unit>>,
    /// Who looks after it.
    pub owner_id: Option<Id<User>>,
}

/// Puts the sentence, the unit or the owner right.
///
/// # Errors
/// [`Error::NotFound`] for one that there is not; without words, for a unit or a colleague that there is not.
pub async fn change(ctx: &Ctx, input: ChangeFeedback) -> Result<Feedback> {
    let perm = Perm(Room::Service, Act::Change);
    let writer = ctx.write(perm)?;
    let said = input.said.as_deref().map(checked_said).transpose()?;
    let mut tx = writer.begin().await?;
    check_unit(&mut tx, input.unit_id).await?;
    check_owner(&mut tx, input.owner_id).await?;
    hold(&mut tx, &writer.sight, perm, input.id).await?;
    tx.run(
        sql("UPDATE feedback SET said = COALESCE($1, said), unit_id = COALESCE($2, unit_id), owner_id = COALESCE($3, owner_id) WHERE id = $4")
            .bind(&said)
            .bind(input.unit_id)
            .bind(input.owner_id)
            .bind(input.id),
    )
    .await?;
    let data = json!({"said": said, "unit": input.unit_id, "owner": input.owner_id});
    record(&mut tx, ctx, "feedback.changed", input.id, data).await?;
    ended(tx, &writer.sight, input.id).await
}

/// Which piece of feedback.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackId {
    /// Its id.
    pub id: Id<Feedback>,
}

/// Takes a piece up: the caller looks after it from now on, where nobody did. One that was over is taken up again, and then
/// all who said it are told anew.
///
/// # Errors
/// [`Error::NotFound`] for one that there is not; for one that is in work.
pub async fn take(ctx: &Ctx, input: FeedbackId) -> Result<Feedback> {
    let perm = Perm(Room::Service, Act::Change);
    let writer = ctx.write(perm)?;
    let mut tx = writer.begin().await?;
    let before = hold(&mut tx, &writer.sight, perm, input.id).await?;
    moves(&before, FeedbackState::InWork)?;
    tx.run(
        sql("UPDATE feedback SET state = 'in_work', state_at = $1, owner_id = COALESCE(owner_id, $2) WHERE id = $3")
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(input.id),
    )
    .await?;
    if before.state.is_over() {
        tx.run(
            sql("UPDATE feedback_customers SET told_at = NULL, told_by = NULL, channel = NULL WHERE feedback_id = $1 AND told_at IS NOT NULL")
                .bind(input.id),
        )
        .await?;
    }
    let kind = if before.state.is_over() { "feedback.reopened" } else { "feedback.taken" };
    record(&mut tx, ctx, kind, input.id, json!({"said": before.said})).await?;
    ended(tx, &writer.sight, input.id).await
}

fn moves(of: &FeedbackRow, next: FeedbackState) -> Result<()> {
    if of.state.may_become(next) { Ok(()) } else { Err(Problem::new("", "feedback-stands").into()) }
}

/// What came of a piece of feedback.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishFeedback {
    /// Which.
    pub id: Id<Feedback>,
    /// `done` when something was changed, `declined` when nothing will be.
    pub state: FeedbackState,
    /// What was changed; needed where something was.
    pub action: Option<String>,
    /// What those who said it are told: what we did, or why we do not.
    pub reply: String,
}

/// Says what came of a piece: it is done with what was changed, or declined with the reason, and in both cases with what
/// customers are told. Ideas among the voices end the same way.
///
/// # Errors
/// [`Error::NotFound`] for one that there is not; without the reply, without what was changed, and for one that is over.
pub async fn finish(ctx: &Ctx, input: FinishFeedback) -> Result<Feedback> {
    let perm = Perm(Room::Service, Act::Change);
    let writer = ctx.write(perm)?;
    let mut problems = Fields::default();
    if !input.state.is_over() {
        problems.add("state", "input-choice");
    }
    let reply = problems.take(checked_text(&input.reply, "reply"));
    let action = match input.action.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => problems.take(checked_text(text, "action")),
        None if input.state == FeedbackState::Done => {
            problems.add("action", "feedback-action-needed");
            None
        }
        None => None,
    };
    problems.check()?;
    let mut tx = writer.begin().await?;
    let before = hold(&mut tx, &writer.sight, perm, input.id).await?;
    moves(&before, input.state)?;
    tx.run(
        sql("UPDATE feedback SET state = $1, state_at = $2, action = $3, reply = $4, owner_id = COALESCE(owner_id, $5) WHERE id = $6")
            .bind(input.state)
            .bind(ctx.now())
            .bind(&action)
            .bind(&reply)
            .bind(ctx.actor.user())
            .bind(input.id),
    )
    .await?;
    end_ideas(&mut tx, ctx, input.id, input.state).await?;
    let data = json!({"said": before.said, "state": input.state, "action": action, "reply": reply});
    record(&mut tx, ctx, "feedback.finished", input.id, data).await?;
    ended(tx, &writer.sight, input.id).await
}

row! {
    struct Ended {
        id: uuid::Uuid = "id",
        party_id: Option<Id<Party>> = "party_id",
    }
}

/// Ideas that said it, themselves or by way of a quote, are made true or put aside with it.
async fn end_ideas(tx: &mut Tx, ctx: &Ctx, id: Id<Feedback>, state: FeedbackState) -> Result<()> {
    let word = if state == FeedbackState::Done { "done" } else { "dropped" };
    let ended: Vec<Ended> = tx
        .all(
            sql("UPDATE ideas SET state = $1 WHERE state = 'open' AND (id IN (SELECT v.source_id FROM feedback_voices v
                   WHERE v.feedback_id = $2 AND v.source = 'idea') OR id IN (SELECT q.idea_id FROM feedback_voices w
                   JOIN quotes q ON q.id = w.source_id WHERE w.feedback_id = $2 AND w.source = 'quote')) RETURNING id, party_id")
            .bind(word)
            .bind(id),
        )
        .await?;
    let events = ended
        .into_iter()
        .map(|idea| Event { kind: "idea.closed", party: idea.party_id, subject: Some(idea.id), data: json!({"state": word}) })
        .collect();
    events::record_all(tx, ctx, events).await
}

/// One piece of feedback.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn get(ctx: &Ctx, input: FeedbackId) -> Result<Feedback> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let mut query = Sql::select::<FeedbackRow>(FROM);
    query.push(" AND k.id = ").arg(input.id);
    let row = reader.db.maybe(query).await?.ok_or(Error::NotFound("feedback"))?;
    with_counts(reader.db, &reader.sight, vec![row]).await?.pop().ok_or(Error::NotFound("feedback"))
}

peyvand_db::words! {
    /// Which pieces of feedback are listed.
    pub enum FeedbackView {
        /// Those that nobody has taken up.
        Open = "open",
        /// Those that somebody works on.
        InWork = "in_work",
        /// Those of which something came: the page of what was said and done.
        Done = "done",
        /// Those of which nothing comes.
        Declined = "declined",
        /// Those of which something is to be told to somebody.
        ToTell = "to_tell",
        /// All.
        All = "all",
    }
}

/// Which pieces of feedback.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListFeedback {
    /// How far they are; all unless given.
    pub view: Option<FeedbackView>,
    /// Only those that this colleague looks after.
    pub owner_id: Option<Id<User>>,
    /// Only those of this unit.
    pub unit_id: Option<Id<Unit>>,
    /// Only what this customer said.
    pub party_id: Option<Id<Party>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// What was said and what came of it, what moved last first. Customers are counted as far as the caller may know of them.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListFeedback) -> Result<Page<Feedback>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<FeedbackRow>(FROM);
    match input.view.unwrap_or(FeedbackView::All) {
        FeedbackView::Open => query.push(" AND k.state = 'open'"),
        FeedbackView::InWork => query.push(" AND k.state = 'in_work'"),
        FeedbackView::Done => query.push(" AND k.state = 'done'"),
        FeedbackView::Declined => query.push(" AND k.state = 'declined'"),
        FeedbackView::ToTell => {
            query.push(
                " AND k.state IN ('done', 'declined') AND EXISTS (SELECT 1 FROM feedback_customers c JOIN parties p ON p.id = c.party_id
                   WHERE c.feedback_id = k.id AND c.told_at IS NULL",
            );
            reader.sight.parties(&mut query);
            query.push(")")
        }
        FeedbackView::All => &mut query,
    };
    if let Some(owner) = input.owner_id {
        query.push(" AND k.owner_id = ").arg(owner);
    }
    if let Some(unit) = input.unit_id {
        query.push(" AND k.unit_id = ").arg(unit);
    }
    if let Some(party) = input.party_id {
        query.push(" AND EXISTS (SELECT 1 FROM feedback_customers c JOIN parties p ON p.id = c.party_id WHERE c.feedback_id = k.id");
        query.push(" AND c.party_id = ").arg(party);
        reader.sight.parties(&mut query);
        query.push(")");
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Feedback>(after)?;
        query.push(" AND (k.state_at, k.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY k.state_at DESC, k.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<FeedbackRow> = reader.db.all(query).await?;
    let Page { items, next } = Page::cut(rows, limit, |last| cursor_at(last.state_at, last.id));
    Ok(Page { items: with_counts(reader.db, &reader.sight, items).await?, next })
}

row! {
    /// How much was said and done.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct FeedbackSums {
        /// Pieces that nobody has taken up.
        pub open: i64 = "COUNT(*) FILTER (WHERE k.state = 'open')",
        /// Pieces that somebody works on.
        pub in_work: i64 = "COUNT(*) FILTER (WHERE k.state = 'in_work')",
        /// Pieces of which something came.
        pub done: i64 = "COUNT(*) FILTER (WHERE k.state = 'done')",
        /// Pieces of which nothing comes.
        pub declined: i64 = "COUNT(*) FILTER (WHERE k.state = 'declined')",
    }
}

row! {
    struct Waiting {
        customers: i64 = "COUNT(*)",
    }
}

/// How much was said and done, and how many are still to be told.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FeedbackSummary {
    /// Pieces by state.
    #[serde(flatten)]
    pub sums: FeedbackSums,
    /// Customers to be told what came of what they said, within sight; one who said two such things counts twice.
    pub to_tell: i64,
}

/// How much was said and done, and how many customers are still to be told.
///
/// # Errors
/// Without the right.
pub async fn summary(ctx: &Ctx, _: crate::operation::Nothing) -> Result<FeedbackSummary> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let sums = reader.db.one(Sql::select::<FeedbackSums>("FROM feedback k")).await?;
    let mut query = Sql::select::<Waiting>(
        "FROM feedback_customers c JOIN feedback k ON k.id = c.feedback_id JOIN parties p ON p.id = c.party_id
         WHERE c.told_at IS NULL AND k.state IN ('done', 'declined')",
    );
    reader.sight.parties(&mut query);
    let waiting: Waiting = reader.db.one(query).await?;
    Ok(FeedbackSummary { sums, to_tell: waiting.customers })
}

/// Whether a caller may change a piece, for pages.
#[must_use]
pub fn changes(actor: &Actor, of: &FeedbackRow) -> bool {
    actor.check(Perm(Room::Service, Act::Change)).is_ok_and(|sight| may_change(&sight, of))
}

/// The operations of feedback.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Service, Act::See));
    let perm = Some(Perm(Room::Service, Act::Change));
    ops.add(
        "feedback.open",
        "POST /feedback",
        Some(Perm(Room::Service, Act::Create)),
        "Writes down what customers said that is to change something.",
        open,
    )
    .example(|| json!({"said": "پنج‌شنبه‌ها زود می‌بندیم"}));
    ops.add("feedback.list", "GET /feedback", see, "What was said and what came of it, what moved last first.", list)
        .example(|| json!({"view": "to_tell"}));
    ops.add("feedback.summary", "GET /feedback/summary", see, "How much was said and done, and how many are still to be told.", summary);
    ops.add("feedback.get", "GET /feedback/{id}", see, "A piece of feedback.", get);
    ops.add("feedback.change", "PUT /feedback/{id}", perm, "Puts the sentence, the unit or the owner right.", change)
        .example(|| json!({"said": "پنج‌شنبه‌ها ساعت ۲ می‌بندیم و برای بسیاری زود است"}));
    ops.add("feedback.take", "POST /feedback/{id}/take", perm, "Takes a piece of feedback up, also one that was over.", take);
    ops.add("feedback.finish", "POST /feedback/{id}/finish", perm, "Says what came of it, and what those who said it are told.", finish)
        .example(|| {
            json!({
                "state": "done",
                "action": "ساعت کار پنج‌شنبه تا ۸ شب شد.",
                "reply": "گفتید پنج‌شنبه‌ها زود می‌بندیم؛ از این هفته تا ۸ شب بازیم."
            })
        });
}

#[cfg(test)]
mod tests {
    use super::FeedbackState::{Declined, Done, InWork, Open};

    #[test]
    fn what_is_over_is_only_taken_up_again() {
        for (from, to) in
            [(Open, InWork), (Open, Done), (Open, Declined), (InWork, Done), (InWork, Declined), (Done, InWork), (Declined, InWork)]
        {
            assert!(from.may_become(to), "{from} → {to}");
        }
        for (from, to) in [(Done, Declined), (Declined, Done), (Done, Done), (InWork, InWork), (InWork, Open), (Done, Open)] {
            assert!(!from.may_become(to), "{from} → {to}");
        }
    }
}
