//! Why somebody got what they got, in the words of the rule: for who asks at the counter, and for whoever holds the code.

use crate::experience::assign::Exposure;
use crate::experience::codes;
use crate::experience::experiments::MAKE_GOOD;
use crate::experience::grants::{FROM, Grant, GrantId, GrantState};
use crate::experience::legality::TreatmentKind;
use crate::experience::occasions::{Occasion, OccasionPlan};
use crate::lifecycle::Stage;
use crate::marketing::segments;
use crate::platform::locale::{Arg, Loc};
use crate::platform::text::Lang;
use crate::{Act, Ctx, Day, Error, Operations, Perm, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

row! {
    /// What decided.
    struct Decided {
        stage: Stage = "e.stage",
        occasion: String = "e.occasion",
        stages: serde_json::Value = "t.stages",
        treatment_rule: Option<serde_json::Value> = "t.rule",
        party_cap: Option<i64> = "t.party_cap",
        policy_rule: Option<serde_json::Value> = "v.rule",
        occasions: serde_json::Value = "v.occasions",
        holdout: i64 = "v.holdout",
    }
}

/// Why somebody got something.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Why {
    /// What, in the caller's language.
    pub name: String,
    /// What kind of thing.
    pub kind: TreatmentKind,
    /// How it stands.
    pub state: GrantState,
    /// Its code; its public page is `/g/CODE`.
    pub code: Option<String>,
    /// Until when it is valid.
    pub valid_to_on: Day,
    /// Why, sentence by sentence, in the caller's language and as one says it to the customer.
    pub reasons: Vec<String>,
}

/// The word of an occasion in the key of an exposure: `birthday` of `birthday:1405`, `own_day` of `own_day-07-09:1405`.
fn occasion_of(key: &str) -> Option<Occasion> {
    let (word, _) = key.split_once(':').unwrap_or((key, ""));
    word.parse().ok().or_else(|| word.split_once('-').and_then(|(word, _)| word.parse().ok()))
}

fn occasion(loc: &Loc, decided: &Decided, plans: &[OccasionPlan]) -> Option<String> {
    let occasion = occasion_of(&decided.occasion)?;
    if occasion == Occasion::OwnDay {
        let on = |plan: &&OccasionPlan| {
            let Some(day) = plan.on else { return false };
            decided.occasion.starts_with(&format!("{}-{:02}-{:02}:", Occasion::OwnDay, day.month, day.day))
        };
        let name = plans.iter().find(on).and_then(|plan| plan.name.as_deref()).unwrap_or_default();
        return Some(loc.t1("fairness-why-own-day", "name", name));
    }
    Some(loc.t(&format!("fairness-why-{}", occasion.as_str().replace('_', "-"))))
}

/// The reasons, from what was decided and the sentences of the rules.
fn reasons(loc: &Loc, decided: &Decided, sentences: &[String]) -> Result<Vec<String>> {
    let plans: Vec<OccasionPlan> = serde_json::from_value(decided.occasions.clone()).map_err(Error::fault)?;
    let stages: Vec<Stage> = serde_json::from_value(decided.stages.clone()).map_err(Error::fault)?;
    let name = |stage: &Stage| loc.t(&format!("lifecycle-stage-{stage}"));
    let is_make_good = decided.occasion == MAKE_GOOD;
    let mut reasons: Vec<String> = if is_make_good {
        vec![loc.t("fairness-why-make-good"), loc.t("fairness-why-make-good-once")]
    } else {
        occasion(loc, decided, &plans).into_iter().collect()
    };
    reasons.push(if stages.len() == Stage::ALL.len() {
        loc.t("fairness-why-all-stages")
    } else {
        let listed = stages.iter().map(name).collect::<Vec<_>>().join(&loc.t("fairness-why-or"));
        let args: [(&str, Arg<'_>); 2] = [("stages", listed.into()), ("stage", name(&decided.stage).into())];
        loc.ta("fairness-why-stages", &args)
    });
    // Who is owed it was settled when the test of prices began.
    if !is_make_good {
        reasons.extend(sentences.iter().map(|sentence| loc.t1("fairness-why-rule", "rule", sentence.as_str())));
    }
    if let Some(cap) = decided.party_cap {
        reasons.push(loc.t1("fairness-why-cap", "count", cap));
    }
    if decided.holdout > 0 {
        #[expect(clippy::cast_precision_loss, reason = "a share in ten-thousandths is small")]
        let share = decided.holdout as f64 / 10_000.0;
        reasons.push(loc.t1("fairness-why-holdout", "share", loc.percent(share)));
    }
    reasons.push(loc.t("fairness-why-nothing-else"));
    Ok(reasons)
}

async fn told(ctx: &Ctx, grant: Grant) -> Result<Why> {
    let mut query = Sql::select::<Decided>(
        "FROM exposures e JOIN treatments t ON t.id = e.treatment_id JOIN policy_versions v ON v.id = e.policy_version_id WHERE e.id = ",
    );
    let exposure: Id<Exposure> = grant.exposure_id;
    query.arg(exposure);
    let decided: Decided = ctx.app.db.one(query).await?;
    let rules: Vec<serde_json::Value> = [decided.policy_rule.clone(), decided.treatment_rule.clone()].into_iter().flatten().collect();
    let sentences = segments::sentences(ctx, &rules).await?;
    let loc = Loc::new(ctx.prefs.clone(), ctx.now());
    Ok(Why {
        name: match ctx.prefs.lang {
            Lang::Fa => grant.name_fa,
            Lang::Ar => grant.name_ar,
            Lang::En => grant.name_en,
        },
        kind: grant.kind,
        state: grant.state,
        code: grant.code,
        valid_to_on: grant.valid_to_on,
        reasons: reasons(&loc, &decided, &sentences)?,
    })
}

/// Why a customer got what they were offered.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn why(ctx: &Ctx, input: GrantId) -> Result<Why> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let mut query = Sql::select::<Grant>(FROM);
    reader.sight.parties(&mut query);
    query.push(" AND g.id = ").arg(input.id);
    let grant: Grant = reader.db.maybe(query).await?.ok_or(Error::NotFound("grant"))?;
    told(ctx, grant).await
}

/// The same for whoever holds the code, without signing in: it says nothing of who they are. The code is one of a hundred
/// billions.
///
/// # Errors
/// [`Error::NotFound`] for what is no code, and for a gift that was not given yet, which is a surprise.
pub async fn of_code(ctx: &Ctx, code: &str) -> Result<Why> {
    let code = codes::read(code).map_err(|_| Error::NotFound("grant"))?;
    let found: Option<(Id<Grant>,)> = ctx.app.db.maybe(sql("SELECT id FROM grants WHERE code = $1").bind(&code)).await?;
    let (id,) = found.ok_or(Error::NotFound("grant"))?;
    let mut query = Sql::select::<Grant>(FROM);
    query.push(" AND g.id = ").arg(id);
    let grant: Grant = ctx.app.db.one(query).await?;
    if grant.kind == TreatmentKind::Gift && matches!(grant.state, GrantState::Offered | GrantState::Accepted) {
        return Err(Error::NotFound("grant"));
    }
    told(ctx, grant).await
}

/// The operation.
pub(super) fn operations(ops: &mut Operations) {
    ops.add(
        "grants.why",
        "GET /grants/{id}/why",
        Some(Perm(Room::Experience, Act::See)),
        "Why a customer got what they were offered, in plain words.",
        why,
    )
    .example(|| json!({"id": "0193a1b2-0000-7000-8000-000000000000"}));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_occasion_is_read_from_what_was_written_down() {
        assert_eq!(occasion_of("birthday:1405"), Some(Occasion::Birthday));
        assert_eq!(occasion_of("eid_al_fitr:1447"), Some(Occasion::EidAlFitr));
        assert_eq!(occasion_of("once"), Some(Occasion::Once));
        assert_eq!(occasion_of("own_day-07-09:1405"), Some(Occasion::OwnDay));
        assert_eq!(occasion_of("story"), None);
    }
}
