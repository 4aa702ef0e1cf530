//! An answer that a customer gave one of us, by telephone or face to face.

use super::fill::{self, Reply, SheetDoor, Who};
use super::invitations::{Invitation, today};
use super::links;
use super::questions::{self, Question};
use super::sheets::{self, Sheet};
use super::surveys::{self, Survey, SurveyState};
use crate::parties::{Party, whom};
use crate::platform::text::Lang;
use crate::{Act, Ctx, Error, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, sql};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What a customer answered.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerSurvey {
    /// The survey; it has to be open.
    pub survey_id: Id<Survey>,
    /// Who answered.
    pub party_id: Option<Id<Party>>,
    /// Who answered, by any identity key, phone or code.
    pub customer: Option<String>,
    /// The invitation that is answered with it, if any.
    pub invitation_id: Option<Id<Invitation>>,
    /// The language they were asked in; the caller's unless given.
    pub lang: Option<Lang>,
    /// The answers.
    pub answers: Vec<Reply>,
}

/// Writes down what a customer answered. It counts as theirs, and it is noted who wrote it down.
///
/// # Errors
/// For a survey that is not open, a customer out of sight, an invitation that was answered, and for answers that do not fit,
/// at field `q-` with the question's id.
pub async fn answer(ctx: &Ctx, input: AnswerSurvey) -> Result<Sheet> {
    let writer = ctx.write(Perm(Room::Service, Act::Create))?;
    let mut tx = writer.begin().await?;
    let survey = surveys::read(&mut tx, input.survey_id).await?;
    if survey.is_guide {
        return Err(Problem::new("survey_id", "surveys-is-guide").into());
    }
    if survey.state != SurveyState::Live {
        return Err(Problem::new("survey_id", "surveys-not-live").into());
    }
    let questions: Vec<Question> = tx.all(questions::of_survey(survey.id)).await?;
    let given = fill::checked(&questions, &input.answers)?;
    let party = whom::need(&mut tx, ctx, &writer.sight, input.party_id, input.customer.as_deref()).await?;
    if let Some(invitation) = input.invitation_id {
        let own: Option<(i64,)> = tx
            .maybe(
                sql("SELECT 1 FROM survey_invitations WHERE id = $1 AND party_id = $2 AND survey_id = $3")
                    .bind(invitation)
                    .bind(party.id)
                    .bind(survey.id),
            )
            .await?;
        own.ok_or(Error::NotFound("invitation"))?;
        links::take(&mut tx, ctx, invitation).await?;
    }
    let who = Who {
        survey,
        invitation: input.invitation_id,
        party: Some(party.id),
        door: SheetDoor::Staff,
        lang: input.lang.unwrap_or(ctx.prefs.lang),
        day: today(ctx).await?,
        at: ctx.now(),
        sitting: None,
        address_key: None,
        taken_by: ctx.actor.user(),
    };
    let id = fill::store(&mut tx, ctx, &who, &given, None).await?;
    let sheet = sheets::read(&mut tx, id).await?;
    tx.commit().await?;
    Ok(sheet)
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "surveys.answer",
        "POST /surveys/{survey_id}/answers",
        Some(Perm(Room::Service, Act::Create)),
        "Writes down what a customer answered, by telephone or face to face.",
        answer,
    )
    .example(|| json!({"customer": "09121234567", "answers": [{"question_id": "01920000-0000-7000-8000-000000000000", "score": 9}]}));
}
