//! What the answers come to: recommendation, satisfaction, effort, respect and fairness, each with its range and of how many
//! it is. Of each customer the last answer counts; those of nobody known count each.

use super::invitations::today;
use super::questions::QuestionKind;
use super::sheets::{columns, within};
use super::surveys::Survey;
use crate::insight::guard::{FEW, LEVEL};
use crate::{Act, Ctx, Day, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Db, Id, Sql, row, sql};
use peyvand_stats::Interval;
use peyvand_stats::mean::{Moments, mean};
use peyvand_stats::survey::{Recommendations, satisfaction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Days that are looked at unless something else is said.
pub const DAYS: i64 = 90;
/// The longest look back.
const DAYS_MAX: i64 = 1_100;
/// From this step on somebody counts as satisfied.
const SATISFIED: i64 = 4;

/// Of which answers.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GetScores {
    /// Only of this survey in all its versions, by the id of the first.
    pub family_id: Option<Id<Survey>>,
    /// Of so many days up to `until`; 90 unless given.
    pub days: Option<i64>,
    /// The last day; today unless given.
    pub until: Option<Day>,
}

row! {
    #[derive(Clone, Copy, Debug)]
    struct Step {
        total: i64 = "s.total",
        items: i64 = "s.items",
        count: i64 = "COUNT(*)",
        known: i64 = "COUNT(s.party_id)",
    }
}

/// How many chose a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Chosen {
    /// The step of the scale; of respect the mean of its items, rounded down.
    pub step: i64,
    /// How many answers.
    pub answers: i64,
}

/// One score.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Score {
    /// What was asked.
    pub kind: QuestionKind,
    /// Answers that count.
    pub answers: i64,
    /// Those of them that a known customer gave.
    pub known: i64,
    /// How many it takes before a number is said.
    pub needs: i64,
    /// The number, where there are enough: NPS from -1 to 1 (share of promoters less share of detractors), CSAT the share of 4
    /// and 5, the others the mean step.
    pub value: Option<f64>,
    /// Lower end of the range in which it lies with 95 per cent.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// The number of as many days before these, where there were enough.
    pub before: Option<f64>,
    /// How many chose which step.
    pub steps: Vec<Chosen>,
}

/// The scores of a stretch of days.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScoresSeen {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub until: Day,
    /// Each kind that somebody answered.
    pub scores: Vec<Score>,
    /// Whether answers of nobody known are among them: they are for who sees all customers.
    pub with_unknown: bool,
}

/// The scores, within sight.
///
/// # Errors
/// Without the right, or for a stretch out of bounds.
pub async fn scores(ctx: &Ctx, input: GetScores) -> Result<ScoresSeen> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let days = input.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::new("days", "input-range").with("min", 1).with("max", DAYS_MAX).into());
    }
    let until = match input.until {
        Some(until) => until,
        None => today(ctx).await?,
    };
    let from = until.plus(1 - days);
    let mut found = Vec::new();
    for kind in QuestionKind::ALL.iter().copied().filter(|kind| kind.scale().is_some()) {
        let now = steps(reader.db, &reader.sight, kind, input.family_id, from, until).await?;
        if now.is_empty() {
            continue;
        }
        let past = steps(reader.db, &reader.sight, kind, input.family_id, from.plus(-days), from.plus(-1)).await?;
        found.push(Score { before: score(kind, &past).value, ..score(kind, &now) });
    }
    Ok(ScoresSeen { from, until, scores: found, with_unknown: reader.sight == Sight::All })
}

async fn steps(db: &Db, sight: &Sight, kind: QuestionKind, family: Option<Id<Survey>>, from: Day, until: Day) -> Result<Vec<Step>> {
    let (total, items) = columns(kind);
    let mut query = Sql::select::<Step>("FROM (SELECT ");
    query.push(total).push(" AS total, ").push(items).push(" AS items, f.party_id,");
    query.push(" ROW_NUMBER() OVER (PARTITION BY COALESCE(f.party_id, f.id) ORDER BY f.at DESC, f.id DESC) AS place FROM survey_sheets f");
    query.push(" LEFT JOIN parties p ON p.id = f.party_id WHERE f.day >= ").arg(from).push(" AND f.day <= ").arg(until);
    query.push(" AND ").push(total).push(" IS NOT NULL");
    within(sight, &mut query);
    if let Some(family) = family {
        query.push(" AND f.family_id = ").arg(family);
    }
    query.push(") s WHERE s.place = 1 GROUP BY s.total, s.items ORDER BY s.total, s.items");
    Ok(db.all(query).await?)
}

/// A score of the steps that were chosen; below [`FEW`] answers no number.
fn score(kind: QuestionKind, steps: &[Step]) -> Score {
    let answers: i64 = steps.iter().map(|step| step.count).sum();
    let interval = if answers < FEW { None } else { interval(kind, steps) };
    let mut chosen: Vec<Chosen> = Vec::new();
    for step in steps {
        let place = step.total / step.items.max(1);
        match chosen.iter_mut().find(|one| one.step == place) {
            Some(one) => one.answers += step.count,
            None => chosen.push(Chosen { step: place, answers: step.count }),
        }
    }
    chosen.sort_by_key(|one| one.step);
    Score {
        kind,
        answers,
        known: steps.iter().map(|step| step.known).sum(),
        needs: FEW,
        value: interval.map(|interval| interval.value),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        before: None,
        steps: chosen,
    }
}

fn interval(kind: QuestionKind, steps: &[Step]) -> Option<Interval> {
    let count = |is: fn(i64) -> bool| steps.iter().filter(|step| is(step.total)).map(|step| step.count.unsigned_abs()).sum::<u64>();
    match kind {
        QuestionKind::Nps => {
            let recommendations = Recommendations {
                promoters: count(|step| step >= 9),
                passives: count(|step| (7..9).contains(&step)),
                detractors: count(|step| step < 7),
            };
            recommendations.score(LEVEL).ok()
        }
        QuestionKind::Csat => {
            let answers: Vec<u8> = steps
                .iter()
                .flat_map(|step| {
                    std::iter::repeat_n(u8::try_from(step.total).unwrap_or_default(), usize::try_from(step.count).unwrap_or_default())
                })
                .collect();
            satisfaction(&answers, LEVEL).ok()
        }
        QuestionKind::Ces | QuestionKind::Respect | QuestionKind::Fairness => {
            let values: Vec<f64> = steps
                .iter()
                .flat_map(|step| {
                    let value = step.total as f64 / step.items.max(1) as f64;
                    std::iter::repeat_n(value, usize::try_from(step.count).unwrap_or_default())
                })
                .collect();
            let found = mean(&Moments::of(&values).ok()?, LEVEL).ok()?;
            let (first, last) = kind.scale()?;
            Some(Interval { low: found.low.max(first as f64), high: found.high.min(last as f64), ..found })
        }
        QuestionKind::Open => None,
    }
}

/// Whether a step counts as good, as neither or as bad, for colours and for words: 1, 0, -1.
#[must_use]
pub fn mood(kind: QuestionKind, step: i64) -> i64 {
    match kind {
        QuestionKind::Nps => i64::from(step >= 9) - i64::from(step <= 6),
        QuestionKind::Csat => i64::from(step >= SATISFIED) - i64::from(step <= 2),
        QuestionKind::Ces | QuestionKind::Respect | QuestionKind::Fairness => i64::from(step >= 6) - i64::from(step <= 3),
        QuestionKind::Open => 0,
    }
}

/// Whether there is any answer.
///
/// # Errors
/// When the database is out of reach.
pub async fn has_any(ctx: &Ctx, _: crate::operation::Nothing) -> Result<bool> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    Ok(reader.db.maybe::<(i64,)>(sql("SELECT 1 FROM survey_sheets LIMIT 1")).await?.is_some())
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "surveys.scores",
        "GET /surveys/scores",
        Some(Perm(Room::Service, Act::See)),
        "Recommendation (NPS), satisfaction (CSAT), effort (CES), respect and fairness, each with its range and of how many it is.",
        scores,
    )
    .example(|| json!({"days": 90}));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(total: i64, items: i64, count: i64) -> Step {
        Step { total, items, count, known: count }
    }

    #[test]
    fn no_number_is_said_of_few() {
        let few = score(QuestionKind::Nps, &[step(10, 1, 29)]);
        assert_eq!((few.answers, few.value, few.steps.len()), (29, None, 1));
        assert!(score(QuestionKind::Nps, &[step(10, 1, 29), step(0, 1, 1)]).value.is_some());
    }

    #[test]
    fn each_kind_is_counted_in_its_own_way() {
        let nps = score(QuestionKind::Nps, &[step(3, 1, 54), step(8, 1, 108), step(9, 1, 100), step(10, 1, 62)]);
        assert!((nps.value.unwrap() - 1.0 / 3.0).abs() < 1e-9 && (nps.low.unwrap() - 0.249453).abs() < 1e-6);
        let csat = score(QuestionKind::Csat, &[step(1, 1, 10), step(4, 1, 20), step(5, 1, 10)]);
        assert!((csat.value.unwrap() - 0.75).abs() < 1e-9 && csat.high.unwrap() < 0.9);
        // Sheets of one, two and three items: 7, 6 and 5 on average.
        let respect = score(QuestionKind::Respect, &[step(7, 1, 20), step(12, 2, 20), step(15, 3, 20)]);
        assert!((respect.value.unwrap() - 6.0).abs() < 1e-9);
        assert_eq!(respect.steps.iter().map(|one| (one.step, one.answers)).collect::<Vec<_>>(), [(5, 20), (6, 20), (7, 20)]);
        let ces = score(QuestionKind::Ces, &[step(7, 1, 99), step(6, 1, 1)]);
        assert!(ces.high.unwrap() <= 7.0, "the range ends with the scale");
    }

    #[test]
    fn moods_follow_the_borders_of_each_kind() {
        assert_eq!([0, 6, 7, 8, 9, 10].map(|step| mood(QuestionKind::Nps, step)), [-1, -1, 0, 0, 1, 1]);
        assert_eq!([1, 2, 3, 4, 5].map(|step| mood(QuestionKind::Csat, step)), [-1, -1, 0, 1, 1]);
        assert_eq!([1, 3, 4, 5, 6, 7].map(|step| mood(QuestionKind::Ces, step)), [-1, -1, 0, 0, 1, 1]);
    }
}
