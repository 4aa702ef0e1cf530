//! What explains that a group gets less.

use super::judge::FairnessVerdict;
use super::{Attribute, FairnessGroup, Measure, today};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_text;
use crate::{Act, Ctx, Day, Error, Fields, Instant, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Db, Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

/// Characters of an answer.
const WORDS_MAX: usize = 2_000;
/// Days that an answer may hold: what was true a year ago is looked at again.
const HOLDS_MAX: i64 = 366;

peyvand_db::words! {
    /// What kind of thing explains a difference.
    pub enum Cause {
        /// A rule that holds for everybody, and that is meant so.
        Rule = "rule",
        /// Something that we do not decide.
        Circumstance = "circumstance",
        /// Nothing explains it: it is unfair, and is being mended.
        Mistake = "mistake",
    }
}

row! {
    /// What somebody said of a group that gets less.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Answer {
        /// Its id.
        pub id: Id<Answer> = "w.id",
        /// The group of which it was said.
        pub group_id: Id<FairnessGroup> = "w.group_id",
        /// What kind of thing explains it.
        pub cause: Cause = "w.cause",
        /// In words.
        pub words: String = "w.words",
        /// Until when that holds; then it is asked again.
        pub until_on: Day = "w.until_on",
        /// Who said so.
        pub created_by: Option<Id<User>> = "w.created_by",
        /// Their name.
        pub creator: Option<String> = "u.name",
        /// When.
        pub created_at: Instant = "w.created_at",
        /// Of which group, as audits name it.
        #[serde(skip)]
        value: String = "w.value",
    }
}

/// The last answer of each of these groups, whatever audit it was given to.
pub(super) async fn last(db: &Db, measure: Measure, attribute: Attribute, values: &[String]) -> Result<HashMap<String, Answer>> {
    let mut query = Sql::select::<Answer>("FROM fairness_answers w LEFT JOIN users u ON u.id = w.created_by WHERE w.measure = ");
    query.arg(measure).push(" AND w.attribute = ").arg(attribute).push(" AND w.value IN ").list_padded(values);
    query.push(
        " AND NOT EXISTS (SELECT 1 FROM fairness_answers n WHERE n.measure = w.measure AND n.attribute = w.attribute
            AND n.value = w.value AND n.id > w.id)",
    );
    let found: Vec<Answer> = db.all(query).await?;
    Ok(found.into_iter().map(|one| (one.value.clone(), one)).collect())
}

/// What explains a difference.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerDifference {
    /// The group.
    pub id: Id<FairnessGroup>,
    /// What kind of thing explains it.
    pub cause: Cause,
    /// In words.
    pub words: String,
    /// Until when that holds, at most a year; then it is asked again.
    pub until: Day,
}

/// Says what explains that a group gets less. Nothing that was said before is changed.
///
/// # Errors
/// [`Error::NotFound`]; without words or for a day that is over or too far away; [`Error::Conflict`] for a group that does not get
/// less.
pub async fn answer(ctx: &Ctx, input: AnswerDifference) -> Result<Answer> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let user = ctx.actor.person()?.id;
    let today = today(ctx).await?;
    let mut fields = Fields::default();
    let words =
        fields.take(clean_text(&input.words, WORDS_MAX).map_err(|problem| Problem::new("words", problem.key()).with("max", WORDS_MAX)));
    if words.as_ref().is_some_and(String::is_empty) {
        fields.add("words", "input-needed");
    }
    if input.until <= today {
        fields.add("until", "fairness-until-over");
    } else if input.until > today.plus(HOLDS_MAX) {
        fields.add("until", "fairness-until-far");
    }
    fields.check()?;
    let mut tx = writer.begin().await?;
    let found: Option<(Measure, Attribute, String, FairnessVerdict)> = tx
        .maybe(
            sql("SELECT a.measure, a.attribute, g.value, g.verdict FROM fairness_groups g JOIN fairness_audits a ON a.id = g.audit_id
                 WHERE g.id = $1")
            .bind(input.id),
        )
        .await?;
    let found = found.filter(|(_, attribute, ..)| *attribute != Attribute::Staff || writer.sight == Sight::All);
    let Some((measure, attribute, value, verdict)) = found else { return Err(Error::NotFound("fairness group")) };
    if !verdict.needs_answer() {
        return Err(Error::Conflict(Fields(vec![Problem::new("id", "fairness-nothing-to-answer")])));
    }
    let id: Id<Answer> = ctx.id();
    tx.run(
        sql("INSERT INTO fairness_answers (id, group_id, measure, attribute, value, cause, words, until_on, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(id)
        .bind(input.id)
        .bind(measure)
        .bind(attribute)
        .bind(&value)
        .bind(input.cause)
        .bind(words)
        .bind(input.until)
        .bind(user)
        .bind(ctx.now()),
    )
    .await?;
    let data = json!({"measure": measure, "attribute": attribute, "cause": input.cause, "until": input.until});
    events::record(&mut tx, ctx, Event::of("fairness.answered", input.id, data)).await?;
    let mut query = Sql::select::<Answer>("FROM fairness_answers w LEFT JOIN users u ON u.id = w.created_by WHERE w.id = ");
    query.arg(id);
    let answer = tx.one(query).await?;
    tx.commit().await?;
    Ok(answer)
}
