//! The scores: each number with its range, of how many it is, and the way to the customers behind it.

use super::tone;
use crate::error::{PageError, PageResult};
use crate::insight::csv_file;
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::operation::{Nothing, PAGE_MAX};
use peyvand_core::platform::locale::Loc;
use peyvand_core::service::QuestionKind;
use peyvand_core::service::scores::{self as core, GetScores, Score, ScoresSeen};
use peyvand_core::service::surveys::{self, ListSurveys, Survey};
use peyvand_core::{Act, Day, Id, Perm, Room};
use serde::Deserialize;

/// Stretches of days to choose from.
const WINDOWS: [i64; 4] = [30, 90, 365, 1_096];

/// Of which answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    survey: Option<Id<Survey>>,
    days: Option<i64>,
}

impl Asked {
    fn input(&self) -> GetScores {
        GetScores { family_id: self.survey, days: self.days, until: None }
    }
}

/// A step with how many chose it.
struct Bar {
    label: String,
    href: String,
    count: String,
    length: i64,
    tone: &'static str,
}

/// A score as the page shows it.
struct ScoreBox {
    kind: QuestionKind,
    label: String,
    value: Option<String>,
    range: String,
    of: String,
    known: String,
    before: Option<String>,
    too_few: String,
    bars: Vec<Bar>,
    /// Good, neither and bad: words and where they lead.
    moods: Vec<(String, String, &'static str)>,
}

#[derive(Template)]
#[template(path = "service/scores.html")]
struct ScoresPage {
    s: Shell,
    sub: String,
    boxes: Vec<ScoreBox>,
    how: Vec<String>,
    surveys: Vec<(String, String, bool)>,
    windows: Vec<(i64, String, bool)>,
    bare: bool,
    may_make: bool,
    export: Option<String>,
}

/// The page.
pub(super) async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let loc = &req.loc;
    let (seen, any) = tokio::try_join!(req.ctx.run(core::scores, asked.input()), req.ctx.run(core::has_any, Nothing {}))?;
    let days = asked.days.unwrap_or(core::DAYS);
    let mut how: Vec<String> = ["last", "nps", "csat", "means"].iter().map(|part| loc.t(&format!("surveys-how-{part}"))).collect();
    how.push(loc.t1("surveys-how-few", "need", seen.scores.first().map_or(30, |score| score.needs)));
    if !seen.with_unknown {
        how.push(loc.t("surveys-how-unknown"));
    }
    let query = asked.survey.map(|survey| format!("&survey={survey}")).unwrap_or_default();
    let view = ScoresPage {
        sub: loc.ta("surveys-scores-about", &[("from", loc.day(seen.from).into()), ("until", loc.day(seen.until).into())]),
        boxes: seen.scores.iter().map(|score| shown(loc, score, &asked, &seen)).collect(),
        how,
        surveys: families(&req, asked.survey).await?,
        windows: WINDOWS.iter().map(|window| (*window, loc.t1("surveys-days", "days", *window), *window == days)).collect(),
        bare: !any,
        may_make: req.can(Room::Service, Act::Create),
        export: req.can(Room::Service, Act::Export).then(|| format!("/service/scores.csv?days={days}{query}")),
        s: req.shell("service", req.t("surveys-scores")).crumb(req.t("menu-service"), "/service"),
    };
    page::page(&req, &view)
}

/// The surveys that were opened, one for all its versions: the id of the first, its name, whether it is chosen.
pub(super) async fn families(req: &Req, chosen: Option<Id<Survey>>) -> Result<Vec<(String, String, bool)>, PageError> {
    let page = req.ctx.run(surveys::list, ListSurveys { limit: Some(PAGE_MAX), ..ListSurveys::default() }).await?;
    let mut found: Vec<(String, String, bool)> = Vec::new();
    for survey in page.items {
        let id = survey.family_id.to_string();
        if !found.iter().any(|(known, ..)| *known == id) {
            found.push((id, survey.name(req.loc.prefs.lang).to_owned(), chosen == Some(survey.family_id)));
        }
    }
    Ok(found)
}

/// A score as it is said: points, a share, or a step.
fn value(loc: &Loc, kind: QuestionKind, value: f64) -> String {
    match kind {
        QuestionKind::Nps => {
            #[expect(clippy::cast_possible_truncation, reason = "between -100 and 100")]
            let points = (value * 100.0).round() as i64;
            let sign = if points > 0 { "+" } else { "" };
            // A sign would change sides in a sentence from right to left.
            format!("\u{2066}{sign}{}\u{2069}", loc.number(points))
        }
        QuestionKind::Csat => loc.percent(value),
        _ => loc.rounded(value, 1),
    }
}

fn shown(loc: &Loc, score: &Score, asked: &Asked, seen: &ScoresSeen) -> ScoreBox {
    let kind = score.kind;
    let survey = asked.survey.map(|survey| format!("&survey={survey}")).unwrap_or_default();
    let href = |from: i64, until: i64| {
        format!(
            "/service/answers?kind={kind}&score_from={from}&score_until={until}&from={}&until={}&last=true{survey}",
            seen.from, seen.until
        )
    };
    let most = score.steps.iter().map(|one| one.answers).max().unwrap_or(1).max(1);
    let (first, last) = kind.scale().unwrap_or((0, 10));
    let bars = (first..=last)
        .rev()
        .map(|step| {
            let answers = score.steps.iter().find(|one| one.step == step).map_or(0, |one| one.answers);
            Bar {
                label: loc.number(step),
                href: href(step, step),
                count: loc.number(answers),
                length: answers * 100 / most,
                tone: tone(kind, step),
            }
        })
        .collect();
    let sum = |mood: i64| score.steps.iter().filter(|one| core::mood(kind, one.step) == mood).map(|one| one.answers).sum::<i64>();
    let bounds = |mood: i64| {
        let steps: Vec<i64> = (first..=last).filter(|step| core::mood(kind, *step) == mood).collect();
        (steps.first().copied().unwrap_or(first), steps.last().copied().unwrap_or(last))
    };
    let word = |mood: &str| if kind == QuestionKind::Nps { format!("surveys-nps-{mood}") } else { format!("surveys-{mood}") };
    let moods = [(1, "good", "peste"), (0, "neither", "slate"), (-1, "bad", "anar")]
        .into_iter()
        .map(|(mood, name, tone)| {
            let (from, until) = bounds(mood);
            (loc.t1(&word(name), "count", sum(mood)), href(from, until), tone)
        })
        .collect();
    let said = |number: f64| value(loc, kind, number);
    ScoreBox {
        kind,
        label: loc.t(&format!("surveys-kind-{kind}")),
        value: score.value.map(said),
        range: score
            .low
            .zip(score.high)
            .map(|(low, high)| loc.ta("surveys-range", &[("low", said(low).into()), ("high", said(high).into())]))
            .unwrap_or_default(),
        of: loc.t1("surveys-of-answers", "count", score.answers),
        known: loc.t1("surveys-known", "count", score.known),
        before: score.before.filter(|_| score.value.is_some()).map(|before| loc.t1("surveys-before", "value", said(before))),
        too_few: loc.ta("surveys-too-few-about", &[("have", score.answers.into()), ("need", score.needs.into())]),
        bars,
        moods,
    }
}

/// The scores as a file.
pub(super) async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    req.ctx.actor.check(Perm(Room::Service, Act::Export))?;
    let seen = req.ctx.run(core::scores, asked.input()).await?;
    let loc = &req.loc;
    let day = |day: Day| day.to_string();
    let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
    let mut lines = vec![
        ["kind", "from", "until", "answers", "known", "value", "low", "high", "before"].iter().map(|name| (*name).to_owned()).collect(),
    ];
    for score in &seen.scores {
        lines.push(vec![
            loc.t(&format!("surveys-kind-{}", score.kind)),
            day(seen.from),
            day(seen.until),
            score.answers.to_string(),
            score.known.to_string(),
            number(score.value),
            number(score.low),
            number(score.high),
            number(score.before),
        ]);
    }
    Ok(csv_file("scores.csv", &lines).into_response())
}
