//! The portfolio: segments with what is meant to become of them, what may be spent on it, and how far it has come.

use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::marketing::goals::{self, Figure, Goal, GoalId, ListGoals, NewGoal, Standing};
use peyvand_core::marketing::segments;
use peyvand_core::operation::Nothing;
use peyvand_core::platform::calendar::parse_date;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::{Act, Day, Error, Fields, Id, Perm, Problem, Room};

/// A goal as a row shows it.
struct Row {
    id: Id<Goal>,
    segment: String,
    href: String,
    figure: String,
    /// How much there is, where there are enough data.
    result: Option<String>,
    target: String,
    /// How much of the way is gone, in per cent.
    done: Option<i64>,
    until: Day,
    elapsed: String,
    budget: Option<String>,
    note: Option<String>,
    standing: String,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "segments/goals.html")]
struct GoalsPage {
    s: Shell,
    rows: Vec<Row>,
    next: Option<String>,
    f: FormView,
    may_change: bool,
    segments: Vec<(String, String)>,
    figures: Vec<(String, String)>,
    money_unit: String,
}

fn shown(figure: Figure, value: i64, loc: &Loc, currency: Currency) -> String {
    match figure {
        Figure::Members | Figure::Buyers => loc.number(value),
        #[expect(clippy::cast_precision_loss, reason = "per cent")]
        Figure::Active => loc.percent(value as f64 / 100.0),
        Figure::Sales => {
            let prefs = &loc.prefs;
            Money { minor: value, currency }.format_with_unit(prefs.money_unit, prefs.digits, prefs.lang)
        }
    }
}

fn row(goal: Goal, loc: &Loc, currency: Currency) -> Row {
    #[expect(clippy::cast_possible_truncation, reason = "a share is small")]
    let done = goal.done.map(|done| (done * 100.0).round() as i64);
    Row {
        id: goal.id,
        href: format!("/segments/{}", goal.segment_id),
        figure: loc.t(&format!("goals-figure-{}", goal.figure)),
        result: goal.result.map(|result| shown(goal.figure, result, loc, currency)),
        target: shown(goal.figure, goal.target, loc, currency),
        done,
        until: goal.until_on,
        elapsed: loc.t1("goals-elapsed", "share", loc.percent(goal.elapsed)),
        budget: goal.budget_minor.map(|minor| shown(Figure::Sales, minor, loc, currency)),
        note: goal.note,
        standing: loc.t(&format!("goals-standing-{}", goal.standing.as_str().replace('_', "-"))),
        tone: match goal.standing {
            Standing::Unknown => "grey",
            Standing::Reached => "peste",
            Standing::OnCourse => "teal",
            Standing::Behind => "saffron",
            Standing::Missed => "anar",
        },
        segment: goal.segment,
    }
}

async fn view(req: &Req, f: FormView, after: Option<String>) -> Result<GoalsPage, PageError> {
    let listed = req.ctx.run(goals::list, ListGoals { after, ..ListGoals::default() }).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let names = req.ctx.run(segments::names_of, Nothing {}).await?;
    Ok(GoalsPage {
        s: req.shell("segments", req.t("goals-title")).crumb(req.t("menu-segments"), "/segments"),
        rows: listed.items.into_iter().map(|goal| row(goal, &req.loc, currency)).collect(),
        next: listed.next.map(|after| format!("/segments/goals?after={after}")),
        f,
        may_change: req.can(Room::Marketing, Act::Change),
        segments: names.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        figures: Figure::ALL.iter().map(|figure| (figure.to_string(), req.t(&format!("goals-figure-{figure}")))).collect(),
        money_unit: req.loc.money_unit(currency).to_owned(),
    })
}

/// Where the list begins.
#[derive(serde::Deserialize)]
pub struct After {
    after: Option<String>,
}

/// The portfolio.
pub async fn index(req: Req, Query(After { after }): Query<After>) -> PageResult {
    page(&req, &view(&req, FormView::new(Vec::new()), after).await?)
}

/// Sets a goal.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    req.ctx.actor.check(Perm(Room::Marketing, Act::Change))?;
    match set(&req, &sent).await {
        Ok(_) => Ok(go(&req, "/segments/goals", Some(Flash { text: req.t("goals-saved"), undo: None }))),
        Err(Error::Invalid(fields)) => unprocessable(&view(&req, FormView::again(sent, &fields.0, &req.loc), None).await?),
        Err(error) => Err(error.into()),
    }
}

async fn set(req: &Req, sent: &Sent) -> Result<Goal, Error> {
    let currency = req.ctx.app.organisation().await?.currency;
    let mut fields = Fields::default();
    let needed = |name: &'static str| Problem::new(name, "input-needed");
    let amount = |name: &'static str, text: &str| {
        let read = Money::parse(text, currency, req.loc.prefs.money_unit).map(Money::decimal_string);
        read.map_err(|problem| Problem::new(name, problem.key()))
    };
    let segment = fields.take(sent.get("segment_id").and_then(|id| id.parse().ok()).ok_or_else(|| needed("segment_id")));
    let figure = fields.take(sent.get("figure").and_then(|word| word.parse::<Figure>().ok()).ok_or_else(|| needed("figure")));
    let target = sent
        .get("target")
        .ok_or_else(|| needed("target"))
        .and_then(|text| if figure == Some(Figure::Sales) { amount("target", text) } else { Ok(text.to_owned()) });
    let target = fields.take(target);
    let until = sent.date("until_on").ok_or_else(|| needed("until_on")).and_then(|text| {
        let read = parse_date(text, req.loc.prefs.calendar, req.loc.today().0);
        read.map(Day).map_err(|problem| Problem::new("until_on", problem.key()))
    });
    let until = fields.take(until);
    let budget = sent.get("budget").and_then(|text| fields.take(amount("budget", text)));
    fields.check()?;
    let (Some(segment_id), Some(figure), Some(target), Some(until_on)) = (segment, figure, target, until) else {
        return Err(Error::invalid("target", "input-needed"));
    };
    let new = NewGoal { segment_id, figure, target, from_on: None, until_on, budget, note: sent.get("note").map(str::to_owned) };
    req.ctx.run(goals::create, new).await
}

/// Gives a goal up.
pub async fn delete(req: Req, Path(id): Path<Id<Goal>>) -> PageResult {
    let done = req.ctx.run(goals::delete, GoalId { id }).await?;
    Ok(go(&req, "/segments/goals", Some(Flash { text: req.t("goals-deleted"), undo: Some(done.undo.to_string()) })))
}
