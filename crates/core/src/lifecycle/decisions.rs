//! What people decide about the way of a customer: to confirm or decline what a gate proposes, to end a relation with
//! dignity, to resume it, to give somebody up, to say that somebody speaks against us.

use super::engine::{gate_of, walk};
use super::gates::{Gate, passes};
use super::history::{self, Whom};
use super::{Decision, DecisionKind, Stage, Standing, versions, ways};
use crate::follow_ups::{self, NewFollowUp};
use crate::interactions::moment;
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::locale::Loc;
use crate::platform::text::clean_line;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use jiff::civil::time;
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Days for which data of an ended relation are kept unless somebody says otherwise.
const KEPT_FOR: i64 = 730;
/// Characters of a note.
const NOTE_MAX: usize = 500;

peyvand_db::words! {
    /// Why a relation ended.
    pub enum EndReason {
        /// They wanted it.
        TheirWish = "their_wish",
        /// Moved away, or closed their business.
        Moved = "moved",
        /// They buy elsewhere.
        Elsewhere = "elsewhere",
        /// Has died.
        Died = "died",
        /// It costs more than it brings.
        Unprofitable = "unprofitable",
        /// Abuse of staff or of the law.
        Abuse = "abuse",
        /// Something else; the note says what.
        Other = "other",
    }
}

row! {
    /// What somebody decided about the way of a customer.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub struct StageDecision {
        /// Its id.
        pub id: Id<StageDecision>,
        /// The customer.
        pub party_id: Id<Party>,
        /// What.
        pub decision: DecisionKind,
        /// About which gate.
        pub gate: Option<Gate>,
        /// When.
        pub decided_on: Day,
        /// Why a relation ended.
        pub reason: Option<EndReason>,
        /// A note.
        pub note: Option<String>,
        /// Until when the data of an ended relation are kept.
        pub until_on: Option<Day>,
        /// When somebody may ask whether they come back.
        pub back_on: Option<Day>,
        /// Who.
        pub created_by: Option<Id<User>>,
        /// When it was written down.
        pub created_at: Instant,
    }
}

/// What is decided.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    /// About whom.
    pub party_id: Id<Party>,
    /// What.
    pub decision: DecisionKind,
    /// Why a relation ends.
    #[serde(default)]
    pub reason: Option<EndReason>,
    /// A note.
    #[serde(default)]
    pub note: Option<String>,
    /// Until when the data of an ended relation are kept, as a date in the caller's calendar; two years unless given.
    #[serde(default)]
    pub until: Option<String>,
    /// When somebody may ask whether they come back; plans a follow-up.
    #[serde(default)]
    pub back: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Decided {
    /// As it was written down.
    #[serde(flatten)]
    pub decision: StageDecision,
    /// Stage after it.
    pub stage: Stage,
    /// Standing after it.
    pub standing: Standing,
    /// Takes this back; for a day, by the one who did it.
    pub undo: Id<Undo>,
}

/// Whether somebody who stands so can be decided about so, and about which gate; else why not.
fn fits(
    kind: DecisionKind,
    stage: Stage,
    standing: Standing,
    is_ripe: bool,
    needs_person: bool,
) -> std::result::Result<Option<Gate>, &'static str> {
    let gate = gate_of(stage).map(|(gate, _)| gate);
    match kind {
        DecisionKind::Confirm | DecisionKind::Decline => match (standing, gate) {
            (Standing::Active, Some(gate)) if is_ripe && needs_person => Ok(Some(gate)),
            _ => Err("lifecycle-nothing-proposed"),
        },
        DecisionKind::End | DecisionKind::Hostile if standing == Standing::Terminated => Err("lifecycle-has-ended"),
        DecisionKind::Hostile if standing == Standing::Detractor => Err("lifecycle-is-detractor"),
        DecisionKind::End | DecisionKind::Hostile => Ok(None),
        DecisionKind::Resume if matches!(standing, Standing::Terminated | Standing::Disqualified) => Ok(None),
        DecisionKind::Resume => Err("lifecycle-goes-on"),
        DecisionKind::Disqualify if (stage, standing) == (Stage::Potential, Standing::Active) => Ok(None),
        DecisionKind::Disqualify => Err("lifecycle-has-bought"),
    }
}

/// Decides about the way of a customer.
///
/// # Errors
/// Without the right, for a customer out of sight, where how they stand does not allow it, for an end without reason.
pub async fn decide(ctx: &Ctx, new: NewDecision) -> Result<Decided> {
    let writer = ctx.write(Perm(Room::Lifecycle, Act::Create))?;
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let rules = versions::timeline(ctx).await?;
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut problems = Fields::default();
    let note = clean_line(new.note.as_deref().unwrap_or_default(), NOTE_MAX)
        .map_err(|problem| Problem::new("note", problem.key()).with("max", NOTE_MAX));
    let note = problems.take(note).filter(|note| !note.is_empty());
    let mut date = |name: &'static str, text: &Option<String>| {
        let at = given(text).map(|text| moment(ctx, name, &text, time(12, 0, 0, 0)));
        let day = at.and_then(|at| problems.take(at)).map(|at| at.day(&zone));
        if day.is_some_and(|day| day <= today) {
            problems.add(name, "lifecycle-day-to-come");
        }
        day
    };
    let (until, back) = (date("until", &new.until), date("back", &new.back));
    let is_end = new.decision == DecisionKind::End;
    if is_end && new.reason.is_none() {
        problems.add("reason", "input-needed");
    }
    let needs_note = new.decision == DecisionKind::Hostile || (is_end && new.reason == Some(EndReason::Other));
    if needs_note && note.is_none() {
        problems.add("note", "lifecycle-say-what");
    }
    problems.check()?;

    let mut tx = writer.begin().await?;
    let party = whom::by_id(&mut tx, &writer.sight, new.party_id).await?;
    let histories = history::read(&mut tx, Whom::These(&[party.id]), &zone).await?;
    let Some((_, history)) = histories.first() else { return Err(Error::NotFound("party")) };
    let way = walk(history, &rules, today);
    let Some(last) = way.steps.last() else { return Err(Error::NotFound("party")) };
    let needs_person = gate_of(last.stage).is_some_and(|(gate, _)| rules.last().needs_person(gate));
    let gate = fits(new.decision, last.stage, last.standing, passes(&way.outlook.criteria), needs_person)
        .map_err(|key| Error::invalid("decision", key))?;
    let decision = StageDecision {
        id: ctx.id(),
        party_id: party.id,
        decision: new.decision,
        gate,
        decided_on: today,
        reason: new.reason.filter(|_| is_end),
        note,
        until_on: is_end.then(|| until.unwrap_or_else(|| today.plus(KEPT_FOR))),
        back_on: back.filter(|_| is_end),
        created_by: ctx.actor.user(),
        created_at: ctx.now(),
    };
    decision.insert(&mut tx).await?;
    if decision.back_on.is_some() {
        let next = NewFollowUp {
            party_id: Some(party.id),
            what: Loc::new(ctx.prefs.clone(), ctx.now()).t("lifecycle-ask-back"),
            due: given(&new.back).unwrap_or_default(),
            ..NewFollowUp::default()
        };
        follow_ups::plan(&mut tx, ctx, next).await?;
    }
    events::record(&mut tx, ctx, decision.event("lifecycle.decided")).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::StageDecision { decision: decision.id }).await?;
    tx.commit().await?;
    // At once, for whoever decided looks at what came of it; were this not to happen, the mark of the event makes up for it.
    ways::look(ctx, &[party.id]).await?;
    let query = sql("SELECT stage, standing FROM stage_memberships WHERE party_id = $1 AND left_on IS NULL");
    let (stage, standing) = ctx.app.db.one(query.bind(party.id)).await?;
    Ok(Decided { decision, stage, standing, undo })
}

impl StageDecision {
    async fn insert(&self, tx: &mut Tx) -> Result<()> {
        tx.run(
            sql("INSERT INTO stage_decisions (id, party_id, decision, gate, decided_on, reason, note, until_on, back_on, created_by, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
            .bind(self.id)
            .bind(self.party_id)
            .bind(self.decision)
            .bind(self.gate)
            .bind(self.decided_on)
            .bind(self.reason)
            .bind(&self.note)
            .bind(self.until_on)
            .bind(self.back_on)
            .bind(self.created_by)
            .bind(self.created_at),
        )
        .await?;
        Ok(())
    }

    fn event(&self, kind: &'static str) -> Event {
        let data = json!({"decision": self.decision, "gate": self.gate, "reason": self.reason, "note": self.note});
        Event::of_party(kind, self.party_id, data).about(self.id)
    }
}

/// Takes a decision back.
///
/// # Errors
/// [`Error::NotFound`] when it was taken back before.
pub async fn take_back(tx: &mut Tx, ctx: &Ctx, id: Id<StageDecision>) -> Result<()> {
    let query = Sql::select::<StageDecision>("FROM stage_decisions WHERE id = $1").bind(id);
    let decision: StageDecision = tx.maybe(query).await?.ok_or(Error::NotFound("decision"))?;
    tx.run(sql("DELETE FROM stage_decisions WHERE id = $1").bind(id)).await?;
    events::record(tx, ctx, decision.event("lifecycle.taken_back")).await
}

impl Decision {
    /// The decision of a stored word and gate; `None` where one lacks its gate.
    #[must_use]
    pub fn of(kind: DecisionKind, gate: Option<Gate>) -> Option<Decision> {
        Some(match kind {
            DecisionKind::Confirm => Decision::Confirm(gate?),
            DecisionKind::Decline => Decision::Decline(gate?),
            DecisionKind::End => Decision::End,
            DecisionKind::Resume => Decision::Resume,
            DecisionKind::Hostile => Decision::Hostile,
            DecisionKind::Disqualify => Decision::Disqualify,
        })
    }
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "lifecycle.decide",
        "POST /parties/{party_id}/lifecycle",
        Some(Perm(Room::Lifecycle, Act::Create)),
        "Confirms or declines what a gate proposes, ends or resumes a relation, gives somebody up, or says that they speak against us.",
        decide,
    )
    .example(|| json!({"party_id": Id::<Party>::FIRST, "decision": "end", "reason": "moved", "note": "To Shiraz"}));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fits_how_somebody_stands_can_be_decided() {
        use DecisionKind::*;
        let of = |kind, stage, standing| fits(kind, stage, standing, true, true);
        assert_eq!(of(Confirm, Stage::Loyal, Standing::Active), Ok(Some(Gate::Advocate)));
        assert_eq!(fits(Confirm, Stage::Loyal, Standing::Active, false, true), Err("lifecycle-nothing-proposed"));
        assert_eq!(fits(Confirm, Stage::Actual, Standing::Active, true, false), Err("lifecycle-nothing-proposed"), "no person is asked");
        assert_eq!(of(Decline, Stage::Advocate, Standing::Active), Err("lifecycle-nothing-proposed"));
        assert_eq!(of(End, Stage::Actual, Standing::Dormant), Ok(None));
        assert_eq!(of(End, Stage::Actual, Standing::Terminated), Err("lifecycle-has-ended"));
        assert_eq!(of(Hostile, Stage::Loyal, Standing::Detractor), Err("lifecycle-is-detractor"));
        assert_eq!(of(Resume, Stage::Actual, Standing::Terminated), Ok(None));
        assert_eq!(of(Resume, Stage::Actual, Standing::Active), Err("lifecycle-goes-on"));
        assert_eq!(of(Disqualify, Stage::Potential, Standing::Active), Ok(None));
        assert_eq!(of(Disqualify, Stage::Actual, Standing::Active), Err("lifecycle-has-bought"));
    }
}
