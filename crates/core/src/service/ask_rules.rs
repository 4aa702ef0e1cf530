//! Rules by which customers are asked: which survey, after what, how many days later.

use super::surveys::{self, Survey};
use crate::operation::{Nothing, Page};
use crate::platform::events::{self, Event};
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The longest that is waited with a question: later nobody remembers well.
const WAIT_MAX: i64 = 60;
/// Rules of an organisation.
const RULES_MAX: i64 = 40;

peyvand_db::words! {
    /// After what somebody is asked.
    pub enum AskAfter {
        /// A purchase.
        Purchase = "purchase",
        /// A case that was closed.
        Case = "case",
        /// A meeting face to face, with us or with them.
        Visit = "visit",
    }
}

row! {
    /// A rule.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct AskRule {
        /// Its id.
        pub id: Id<AskRule> = "a.id",
        /// What is asked: the survey by the id of its first version, of which the open version is taken.
        pub family_id: Id<Survey> = "a.family_id",
        /// Its name in Persian.
        pub name_fa: String = "v.name_fa",
        /// Its name in Arabic.
        pub name_ar: String = "v.name_ar",
        /// Its name in English.
        pub name_en: String = "v.name_en",
        /// After what.
        pub occasion: AskAfter = "a.occasion",
        /// How many days later.
        pub wait_days: i64 = "a.wait_days",
        /// Whether it asks.
        pub is_active: bool = "a.is_active",
        /// Since when: of what was before, nobody is asked.
        pub active_since: Instant = "a.active_since",
        /// Of how many occasions it decided.
        pub seen: i64 = "a.seen",
        /// After how many of them it asked.
        pub asked: i64 = "a.asked",
    }
}

const FROM: &str = "FROM ask_rules a JOIN surveys v ON v.id = (SELECT w.id FROM surveys w WHERE w.family_id = a.family_id
    ORDER BY w.version DESC LIMIT 1) WHERE 1 = 1";

/// A new rule.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAskRule {
    /// What is asked: a survey, of whose family the open version is taken.
    pub survey_id: Id<Survey>,
    /// After what.
    pub occasion: AskAfter,
    /// How many days later, 0 to 60.
    pub wait_days: i64,
}

fn checked_wait(days: i64) -> Result<i64, Problem> {
    if (0..=WAIT_MAX).contains(&days) {
        Ok(days)
    } else {
        Err(Problem::new("wait_days", "input-range").with("min", 0).with("max", WAIT_MAX))
    }
}

/// Has customers asked by rule from now on.
///
/// # Errors
/// For who sees only their own customers, for a survey that there is not, a second rule of the same survey after the same,
/// or too long a wait.
pub async fn add(ctx: &Ctx, new: NewAskRule) -> Result<AskRule> {
    let writer = surveys::writer(ctx, Act::Create)?;
    let mut problems = Fields::default();
    let wait_days = problems.take(checked_wait(new.wait_days));
    problems.check()?;
    let mut tx = writer.begin().await?;
    let survey = surveys::read(&mut tx, new.survey_id).await?;
    if survey.is_guide {
        return Err(Problem::new("survey_id", "surveys-is-guide").into());
    }
    let family = survey.family_id;
    let (rules,): (i64,) = tx.one(sql("SELECT COUNT(*) FROM ask_rules")).await?;
    if rules >= RULES_MAX {
        return Err(Problem::new("", "asks-rules-many").with("max", RULES_MAX).into());
    }
    let id: Id<AskRule> = ctx.id();
    let made = tx
        .run(
            sql("INSERT INTO ask_rules (id, family_id, occasion, wait_days, is_active, active_since, seen, asked, created_by, created_at)
                 VALUES ($1, $2, $3, $4, TRUE, $5, 0, 0, $6, $7) ON CONFLICT (family_id, occasion) DO NOTHING")
            .bind(id)
            .bind(family)
            .bind(new.occasion)
            .bind(wait_days)
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(ctx.now()),
        )
        .await?;
    if made == 0 {
        return Err(Problem::new("occasion", "asks-rule-twice").into());
    }
    record(&mut tx, ctx, "ask_rule.created", id, json!({"survey": family, "occasion": new.occasion, "wait_days": wait_days})).await?;
    ended(tx, id).await
}

async fn record(tx: &mut Tx, ctx: &Ctx, kind: &'static str, id: Id<AskRule>, data: serde_json::Value) -> Result<()> {
    events::record(tx, ctx, Event { kind, party: None, subject: Some(id.0), data }).await
}

async fn ended(mut tx: Tx, id: Id<AskRule>) -> Result<AskRule> {
    let mut query = Sql::select::<AskRule>(FROM);
    query.push(" AND a.id = ").arg(id);
    let rule = tx.one(query).await?;
    tx.commit().await?;
    Ok(rule)
}

/// What changes of a rule; what is absent stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAskRule {
    /// Which.
    pub id: Id<AskRule>,
    /// How many days later it asks, 0 to 60.
    pub wait_days: Option<i64>,
    /// Whether it asks. A rule that begins again does not ask about what was meanwhile.
    pub is_active: Option<bool>,
}

/// Changes how long a rule waits, stops it, or lets it ask again.
///
/// # Errors
/// [`Error::NotFound`] for a rule that there is not; for who sees only their own customers, or too long a wait.
pub async fn change(ctx: &Ctx, input: ChangeAskRule) -> Result<AskRule> {
    let writer = surveys::writer(ctx, Act::Change)?;
    let mut problems = Fields::default();
    let wait_days = input.wait_days.and_then(|days| problems.take(checked_wait(days)));
    problems.check()?;
    let mut tx = writer.begin().await?;
    let changed = tx
        .run(
            sql("UPDATE ask_rules SET wait_days = COALESCE($1, wait_days), is_active = COALESCE($2, is_active),
                   active_since = CASE WHEN $3 AND NOT is_active THEN $4 ELSE active_since END WHERE id = $5")
            .bind(wait_days)
            .bind(input.is_active)
            .bind(input.is_active == Some(true))
            .bind(ctx.now())
            .bind(input.id),
        )
        .await?;
    if changed == 0 {
        return Err(Error::NotFound("rule"));
    }
    record(&mut tx, ctx, "ask_rule.changed", input.id, json!({"wait_days": wait_days, "is_active": input.is_active})).await?;
    ended(tx, input.id).await
}

/// All rules, the oldest first.
///
/// # Errors
/// Without the right.
pub async fn list(ctx: &Ctx, _: Nothing) -> Result<Page<AskRule>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let mut query = Sql::select::<AskRule>(FROM);
    query.push(" ORDER BY a.id LIMIT ").arg(RULES_MAX);
    Ok(Page { items: reader.db.all(query).await?, next: None })
}

/// The operations of rules.
pub fn operations(ops: &mut Operations) {
    ops.add("asks.rules", "GET /ask-rules", Some(Perm(Room::Service, Act::See)), "Rules by which customers are asked.", list);
    ops.add("asks.add_rule", "POST /ask-rules", Some(Perm(Room::Service, Act::Create)), "Has customers asked by rule.", add)
        .example(|| json!({"survey_id": "01920000-0000-7000-8000-000000000000", "occasion": "purchase", "wait_days": 3}));
    ops.add("asks.change_rule", "PUT /ask-rules/{id}", Some(Perm(Room::Service, Act::Change)), "Changes or stops a rule.", change)
        .example(|| json!({"is_active": false}));
}
