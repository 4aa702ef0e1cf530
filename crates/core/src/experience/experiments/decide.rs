//! What is decided after an experiment, by whom and why.

use super::verdict::Verdict;
use super::write::TEXT_MAX;
use super::{Decision, Experiment, ExperimentSeen, ExperimentState, arms, conflict, enrol, read, take};
use crate::platform::events::{self, Event};
use crate::platform::text::clean_text;
use crate::{Act, Ctx, Fields, Perm, Problem, Result, Room};
use peyvand_db::{Id, sql};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What is decided.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideExperiment {
    /// After which experiment.
    pub id: Id<Experiment>,
    /// What.
    pub decision: Decision,
    /// Which arm is adopted.
    pub arm: Option<i64>,
    /// Why; needed where it is not what the experiment says.
    pub reason: Option<String>,
}

/// Whether a decision is what the experiment says.
fn follows(decision: Decision, arm: Option<i64>, verdict: Option<Verdict>, says: Option<i64>) -> bool {
    match (decision, verdict) {
        (Decision::Adopt, Some(Verdict::Recommend)) => arm == says,
        (Decision::Keep, Some(Verdict::KeepCurrent | Verdict::Equivalent))
        | (Decision::Stop, Some(Verdict::StopHarm | Verdict::Invalid))
        | (Decision::Open, Some(Verdict::NotEnoughData | Verdict::Invalid) | None) => true,
        _ => false,
    }
}

/// Decides after an experiment, or ends one that is under way. Who decides something else than it says gives a reason.
///
/// # Errors
/// [`Error::NotFound`](crate::Error::NotFound); [`Error::Conflict`](crate::Error::Conflict) for a draft or after a decision;
/// for an arm that there is not, or without a reason where one is needed.
pub async fn decide(ctx: &Ctx, input: DecideExperiment) -> Result<ExperimentSeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let arms = arms(&ctx.app.db, input.id).await?;
    let mut fields = Fields::default();
    let reason = clean_text(input.reason.as_deref().unwrap_or_default(), TEXT_MAX)
        .map_err(|problem| Problem::new("reason", problem.key()).with("max", TEXT_MAX));
    let reason = fields.take(reason).filter(|reason| !reason.is_empty());
    let arm = input.arm.filter(|_| input.decision == Decision::Adopt);
    if input.decision == Decision::Adopt && !arm.is_some_and(|arm| arm > 0 && arms.iter().any(|one| one.place == arm)) {
        fields.add("arm", "input-choice");
    }
    let mut tx = writer.begin().await?;
    let stored = take(&mut tx, input.id).await?;
    if matches!(stored.state, ExperimentState::Draft | ExperimentState::Decided) {
        return Err(conflict("experiments-nothing-to-decide"));
    }
    let (says,): (Option<i64>,) = tx.one(sql("SELECT verdict_arm FROM experiments WHERE id = $1").bind(input.id)).await?;
    let follows = stored.state == ExperimentState::Ended && follows(input.decision, arm, stored.verdict, says);
    if !follows && reason.is_none() {
        fields.add("reason", "experiments-reason-needed");
    }
    fields.check()?;
    tx.run(
        sql("UPDATE experiments SET state = 'decided', decision = $1, decision_arm = $2, decision_reason = $3, decided_by = $4,
               decided_at = $5, ended_at = COALESCE(ended_at, $5) WHERE id = $6")
        .bind(input.decision)
        .bind(arm)
        .bind(&reason)
        .bind(ctx.actor.user())
        .bind(ctx.now())
        .bind(input.id),
    )
    .await?;
    enrol::enqueue(&mut tx, ctx).await?;
    let data = json!({"name": stored.name, "decision": input.decision, "arm": arm, "reason": reason, "verdict": stored.verdict});
    events::record(&mut tx, ctx, Event::of("experiment.decided", input.id, data)).await?;
    tx.commit().await?;
    read(ctx, input.id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_it_says_needs_no_reason() {
        assert!(follows(Decision::Adopt, Some(1), Some(Verdict::Recommend), Some(1)));
        assert!(!follows(Decision::Adopt, Some(2), Some(Verdict::Recommend), Some(1)));
        assert!(!follows(Decision::Adopt, Some(1), Some(Verdict::NotEnoughData), None));
        assert!(follows(Decision::Open, None, Some(Verdict::NotEnoughData), None));
        assert!(!follows(Decision::Keep, None, Some(Verdict::Recommend), Some(1)));
        assert!(follows(Decision::Stop, None, Some(Verdict::StopHarm), None));
    }
}
