//! Readiness: the six barriers at which customer relationship management fails, scored in plain answers, with a plan
//! for the high ones. Asked at the set-up, may be skipped, and asked again every quarter.

use super::access::User;
use super::events::{self, Event};
use super::locale::Loc;
use super::organisation::ORGANISATION;
use super::time::DAY;
use crate::operation::Nothing;
use crate::{Act, Ctx, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

peyvand_db::words! {
    /// A barrier.
    pub enum Barrier {
        /// Nobody has said what the programme is needed for.
        Needs = "needs",
        /// Customers are not everybody's business.
        Culture = "culture",
        /// No experience with such work, and no strategy behind it.
        Strategy = "strategy",
        /// Staff fear that it watches or replaces them.
        Fear = "fear",
        /// Hardware, time and training cost more than was set aside.
        Cost = "cost",
        /// Each unit keeps its own lists.
        Islands = "islands",
    }
}

/// The best score: no barrier.
pub const BEST: i64 = 4;
/// Up to this score a barrier is high, and the plan has a step for it.
pub const WEAK: i64 = 2;
/// The questions are asked again after a quarter.
const AGAIN: i64 = 91 * DAY;
/// Rows that are read to find the latest two scores of each barrier: more than anybody answers in years.
const HISTORY: i64 = 600;

row! {
    struct Row {
        barrier: Barrier = "r.barrier",
        score: i64 = "r.score",
        at: Instant = "r.at",
        user: Option<String> = "u.name",
    }
}

/// A barrier as it stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BarrierState {
    /// Which.
    pub barrier: Barrier,
    /// Its name.
    pub title: String,
    /// The question.
    pub question: String,
    /// The latest score, 0 (high barrier) to 4 (none); absent when it was never answered.
    pub score: Option<i64>,
    /// The score before that one.
    pub before: Option<i64>,
    /// When it was answered.
    pub at: Option<Instant>,
    /// Who answered.
    pub user: Option<String>,
    /// For a high barrier, what to do about it.
    pub plan: Option<String>,
}

/// Where the organisation stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Readiness {
    /// The six barriers, in the order in which they are asked.
    pub barriers: Vec<BarrierState>,
    /// When the questions are due again; absent before the first answer.
    pub again_at: Option<Instant>,
}

/// The five answers to a barrier's question, from the highest barrier (0) to none (4), in the reader's language.
#[must_use]
pub fn answers(loc: &Loc, barrier: Barrier) -> Vec<String> {
    (0..=BEST).map(|score| loc.t(&format!("readiness-{barrier}-{score}"))).collect()
}

/// Where the organisation stands, with a plan for the high barriers.
///
/// # Errors
/// Without the right.
pub async fn get(ctx: &Ctx, _: Nothing) -> Result<Readiness> {
    let reader = ctx.read(Perm(Room::Settings, Act::See))?;
    let rows: Vec<Row> = reader
        .db
        .all(
            peyvand_db::Sql::select::<Row>(
                "FROM readiness_answers r LEFT JOIN users u ON u.id = r.user_id ORDER BY r.at DESC, r.id DESC LIMIT $1",
            )
            .bind(HISTORY),
        )
        .await?;
    let loc = Loc::new(ctx.prefs.clone(), ctx.now());
    let barriers: Vec<BarrierState> = Barrier::ALL
        .iter()
        .map(|barrier| {
            let mut of_barrier = rows.iter().filter(|row| row.barrier == *barrier);
            let latest = of_barrier.next();
            BarrierState {
                barrier: *barrier,
                title: loc.t(&format!("readiness-{barrier}")),
                question: loc.t(&format!("readiness-{barrier}-question")),
                score: latest.map(|row| row.score),
                before: of_barrier.next().map(|row| row.score),
                at: latest.map(|row| row.at),
                user: latest.and_then(|row| row.user.clone()),
                plan: latest.filter(|row| row.score <= WEAK).map(|_| loc.t(&format!("readiness-{barrier}-plan"))),
            }
        })
        .collect();
    let again_at = barriers.iter().filter_map(|state| state.at).max().map(|at| at.plus(AGAIN));
    Ok(Readiness { barriers, again_at })
}

/// The score of a barrier.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Which barrier.
    pub barrier: Barrier,
    /// 0 (high barrier) to 4 (none).
    pub score: i64,
}

/// Answers to some or all questions.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// The scores.
    pub scores: Vec<Score>,
}

/// Looks through the scores.
///
/// # Errors
/// A problem at the barrier's name for a score outside of 0 to 4, at `scores` for none or the same barrier twice.
pub fn check(scores: &[Score]) -> Result<()> {
    let mut problems = Fields::default();
    for (position, score) in scores.iter().enumerate() {
        if !(0..=BEST).contains(&score.score) {
            problems.0.push(Problem::new(score.barrier.as_str(), "input-range").with("min", 0).with("max", BEST));
        }
        if scores[..position].iter().any(|earlier| earlier.barrier == score.barrier) {
            problems.add(score.barrier.as_str(), "readiness-twice");
        }
    }
    problems.check()
}

/// Keeps answers; earlier ones stay for comparison.
///
/// # Errors
/// Without the right, for no answer, or a score outside of 0 to 4.
pub async fn answer(ctx: &Ctx, input: Answers) -> Result<Readiness> {
    let writer = ctx.write(Perm(Room::Settings, Act::Change))?;
    let user = ctx.actor.person()?.id;
    check(&input.scores)?;
    if input.scores.is_empty() {
        return Err(crate::Error::invalid("scores", "readiness-none"));
    }
    let mut tx = writer.begin().await?;
    keep(&mut tx, ctx, user, &input.scores).await?;
    tx.commit().await?;
    get(ctx, Nothing {}).await
}

/// Writes checked scores and their event.
pub(super) async fn keep(tx: &mut Tx, ctx: &Ctx, user: Id<User>, scores: &[Score]) -> Result<()> {
    let mut insert = sql("INSERT INTO readiness_answers (id, at, user_id, barrier, score) VALUES ");
    insert.rows(scores.iter().map(|score| {
        vec![ctx.id::<Row>().to_value(), ctx.now().to_value(), user.to_value(), score.barrier.to_value(), score.score.to_value()]
    }));
    tx.run(insert).await?;
    let data: serde_json::Map<String, serde_json::Value> =
        scores.iter().map(|score| (score.barrier.as_str().to_owned(), score.score.into())).collect();
    events::record(tx, ctx, Event::of("readiness.answered", ORGANISATION, data.into())).await
}

/// The operations of readiness.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "readiness.get",
        "GET /readiness",
        Some(Perm(Room::Settings, Act::See)),
        "The six barriers with their latest scores and a plan for the high ones.",
        get,
    );
    ops.add(
        "readiness.answer",
        "POST /readiness",
        Some(Perm(Room::Settings, Act::Change)),
        "Scores barriers from 0 (high) to 4 (none).",
        answer,
    )
    .example(|| serde_json::json!({"scores": [{"barrier": "needs", "score": 3}, {"barrier": "islands", "score": 1}]}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};

    fn scores(pairs: &[(Barrier, i64)]) -> Answers {
        Answers { scores: pairs.iter().map(|(barrier, score)| Score { barrier: *barrier, score: *score }).collect() }
    }

    #[tokio::test]
    async fn the_latest_score_counts_and_a_high_barrier_has_a_plan() {
        let ctx = testing::ctx().await;
        ctx.run(answer, scores(&[(Barrier::Needs, 1), (Barrier::Fear, 4)])).await.unwrap();
        let mut later = ctx.clone();
        later.now = later.now.plus(DAY);
        let readiness = later.run(answer, scores(&[(Barrier::Needs, 3)])).await.unwrap();
        let of = |barrier: Barrier| readiness.barriers.iter().find(|state| state.barrier == barrier).unwrap();
        assert_eq!((of(Barrier::Needs).score, of(Barrier::Needs).before), (Some(3), Some(1)));
        assert!(of(Barrier::Needs).plan.is_none());
        assert_eq!(of(Barrier::Cost).score, None);
        let again = later.run(answer, scores(&[(Barrier::Cost, 0)])).await.unwrap();
        let cost = again.barriers.iter().find(|state| state.barrier == Barrier::Cost).unwrap();
        assert!(cost.plan.as_ref().is_some_and(|plan| !plan.starts_with("readiness-")));
        assert_eq!(again.again_at, Some(later.now().plus(AGAIN)));
    }

    #[tokio::test]
    async fn a_score_outside_of_the_five_answers_is_refused() {
        let ctx = testing::ctx().await;
        for wrong in [
            scores(&[(Barrier::Needs, 5)]),
            scores(&[(Barrier::Needs, -1)]),
            scores(&[]),
            scores(&[(Barrier::Fear, 1), (Barrier::Fear, 2)]),
        ] {
            assert!(matches!(ctx.run(answer, wrong).await, Err(Error::Invalid(_))));
        }
    }

    #[test]
    fn every_barrier_has_its_words_in_every_language() {
        for lang in super::super::text::Lang::ALL {
            let loc = Loc::new(super::super::locale::Prefs::of(lang), testing::NOW);
            for barrier in Barrier::ALL {
                for key in ["", "-question", "-plan", "-0", "-1", "-2", "-3", "-4"] {
                    assert!(loc.has(&format!("readiness-{barrier}{key}")), "{lang:?} {barrier}{key}");
                }
            }
        }
    }
}
