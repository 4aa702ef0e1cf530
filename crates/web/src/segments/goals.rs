//! The portfolio: segments with what is meant to become of them, what may be spent on it, and how far it has come.

use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::marketing::goals::notes::{self, DropNote, GoalNote, ListNotes, NewNote};
use peyvand_core::marketing::goals::{self, Figure, Goal, GoalChange, GoalEvent, GoalId, ListGoals, NewGoal, Standing};
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
    /// Of how many that is, and how sure.
    of: String,
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
    notes: Vec<GoalNote>,
    /// Where older notes are.
    older: Option<String>,
    /// Goals that a note may be about.
    goals: Vec<(String, String)>,
}

/// Notes that the page shows.
const NOTES: i64 = 20;

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

/// Of how many a result is, and between which shares it lies.
fn of_how_many(goal: &Goal, loc: &Loc) -> String {
    let Some(n) = goal.n.filter(|_| goal.result.is_some()) else { return String::new() };
    match (goal.figure, goal.low.zip(goal.high)) {
        (Figure::Members, _) => String::new(),
        (figure, Some((low, high))) => {
            let range = [("n", n.into()), ("low", loc.percent(low).into()), ("high", loc.percent(high).into())];
            loc.ta(&format!("goals-sure-{figure}"), &range)
        }
        (figure, None) => loc.t1(&format!("goals-from-{figure}"), "n", n),
    }
}

fn row(goal: Goal, loc: &Loc, currency: Currency) -> Row {
    #[expect(clippy::cast_possible_truncation, reason = "a share is small")]
    let done = goal.done.map(|done| (done * 100.0).round() as i64);
    Row {
        of: of_how_many(&goal, loc),
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

async fn view(req: &Req, f: FormView, After { after, notes }: After) -> Result<GoalsPage, PageError> {
    let listed = req.ctx.run(goals::list, ListGoals { after, ..ListGoals::default() }).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let names = req.ctx.run(segments::names_of, Nothing {}).await?;
    let notes = req.ctx.run(notes::list, ListNotes { after: notes, limit: Some(NOTES), ..ListNotes::default() }).await?;
    Ok(GoalsPage {
        s: req.shell("segments", req.t("goals-title")).crumb(req.t("menu-segments"), "/segments"),
        notes: notes.items,
        older: notes.next.map(|after| format!("/segments/goals?notes={after}#notes")),
        goals: listed
            .items
            .iter()
            .map(|goal| (goal.id.to_string(), format!("{}: {}", goal.segment, req.t(&format!("goals-figure-{}", goal.figure)))))
            .collect(),
        rows: listed.items.into_iter().map(|goal| row(goal, &req.loc, currency)).collect(),
        next: listed.next.map(|after| format!("/segments/goals?after={after}")),
        f,
        may_change: req.can(Room::Marketing, Act::Change),
        segments: names.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        figures: Figure::ALL.iter().map(|figure| (figure.to_string(), req.t(&format!("goals-figure-{figure}")))).collect(),
        money_unit: req.loc.money_unit(currency).to_owned(),
    })
}

/// Where the list begins, and where the notes do.
#[derive(Default, serde::Deserialize)]
pub struct After {
    after: Option<String>,
    notes: Option<String>,
}

/// The portfolio.
pub async fn index(req: Req, Query(after): Query<After>) -> PageResult {
    page(&req, &view(&req, FormView::new(Vec::new()), after).await?)
}

/// Sets a goal.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    req.ctx.actor.check(Perm(Room::Marketing, Act::Change))?;
    match set(&req, &sent).await {
        Ok(_) => Ok(go(&req, "/segments/goals", Some(Flash { text: req.t("goals-saved"), undo: None }))),
        Err(Error::Invalid(fields)) => unprocessable(&view(&req, FormView::again(sent, &fields.0, &req.loc), After::default()).await?),
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

#[derive(Template)]
#[template(path = "segments/goal.html")]
struct GoalPage {
    s: Shell,
    row: Row,
    version: i64,
    f: FormView,
    /// What the target and the budget are called, with what they count.
    target: String,
    budget: String,
    history: Vec<(GoalEvent, String)>,
    may_change: bool,
}

/// What is meant from some moment on, in a few words.
fn terms_in_words(event: &GoalEvent, goal: &Goal, loc: &Loc, currency: Currency) -> String {
    let Some(terms) = &event.terms else { return String::new() };
    let target = shown(goal.figure, terms.target, loc, currency);
    let mut words = loc.ta("goals-terms", &[("target", target.into()), ("until", loc.day(terms.until_on).into())]);
    for more in [
        terms.budget_minor.map(|minor| loc.t1("goals-terms-budget", "budget", shown(Figure::Sales, minor, loc, currency))),
        terms.note.as_ref().map(|note| loc.t1("goals-terms-note", "note", note)),
    ]
    .into_iter()
    .flatten()
    {
        words = format!("{words} {more}");
    }
    words
}

async fn goal_view(req: &Req, id: Id<Goal>, again: Option<FormView>) -> Result<GoalPage, PageError> {
    let goal = req.ctx.run(goals::get, GoalId { id }).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let loc = &req.loc;
    let events = req.ctx.run(goals::history, GoalId { id }).await?;
    let plain = |minor: i64| Money { minor, currency }.format(loc.prefs.money_unit, loc.prefs.digits);
    let f = again.unwrap_or_else(|| {
        let target = if goal.figure == Figure::Sales { plain(goal.target) } else { loc.number(goal.target) };
        FormView::new(vec![
            ("target".to_owned(), target),
            ("until_on".to_owned(), goal.until_on.to_string()),
            ("until_on_text".to_owned(), loc.day(goal.until_on)),
            ("budget".to_owned(), goal.budget_minor.map(plain).unwrap_or_default()),
            ("note".to_owned(), goal.note.clone().unwrap_or_default()),
        ])
    });
    let unit = match goal.figure {
        Figure::Sales => loc.money_unit(currency).to_owned(),
        Figure::Active => req.t("segments-unit-percent"),
        Figure::Members | Figure::Buyers => loc.t1("segments-unit-customers", "count", goal.target),
    };
    Ok(GoalPage {
        s: req
            .shell("segments", req.t("goals-edit"))
            .crumb(req.t("menu-segments"), "/segments")
            .crumb(req.t("goals-title"), "/segments/goals"),
        version: goal.version,
        f,
        target: format!("{} ({unit})", req.t("goals-target")),
        budget: format!("{} ({})", req.t("goals-budget"), loc.money_unit(currency)),
        history: events.into_iter().map(|event| (event.clone(), terms_in_words(&event, &goal, loc, currency))).collect(),
        may_change: req.can(Room::Marketing, Act::Change),
        row: row(goal, loc, currency),
    })
}

/// A goal with its form and what happened to it.
pub async fn show(req: Req, Path(id): Path<Id<Goal>>) -> PageResult {
    page(&req, &goal_view(&req, id, None).await?)
}

/// Changes a goal.
pub async fn update(req: Req, Path(id): Path<Id<Goal>>, sent: Sent) -> PageResult {
    req.ctx.actor.check(Perm(Room::Marketing, Act::Change))?;
    match change(&req, id, &sent).await {
        Ok(done) => {
            let flash = Flash { text: req.t("goals-changed"), undo: Some(done.undo.to_string()) };
            Ok(go(&req, "/segments/goals", Some(flash)))
        }
        Err(Error::Invalid(fields) | Error::Conflict(fields)) => {
            unprocessable(&goal_view(&req, id, Some(FormView::again(sent, &fields.0, &req.loc))).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn change(req: &Req, id: Id<Goal>, sent: &Sent) -> Result<goals::GoalChanged, Error> {
    let goal = req.ctx.run(goals::get, GoalId { id }).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let mut fields = Fields::default();
    let amount = |name: &'static str, text: &str| {
        let read = Money::parse(text, currency, req.loc.prefs.money_unit).map(Money::decimal_string);
        read.map_err(|problem| Problem::new(name, problem.key()))
    };
    let target = sent
        .get("target")
        .ok_or_else(|| Problem::new("target", "input-needed"))
        .and_then(|text| if goal.figure == Figure::Sales { amount("target", text) } else { Ok(text.to_owned()) });
    let target = fields.take(target);
    let until = sent.date("until_on").ok_or_else(|| Problem::new("until_on", "input-needed")).and_then(|text| {
        let read = parse_date(text, req.loc.prefs.calendar, req.loc.today().0);
        read.map(Day).map_err(|problem| Problem::new("until_on", problem.key()))
    });
    let until_on = fields.take(until);
    let budget = match sent.get("budget") {
        Some(text) => fields.take(amount("budget", text)),
        None => Some(String::new()),
    };
    fields.check()?;
    let note = Some(sent.get("note").unwrap_or_default().to_owned());
    let version = sent.get("version").and_then(|version| version.parse().ok()).unwrap_or(goal.version);
    req.ctx.run(goals::update, GoalChange { id, version, target, until_on, budget, note }).await
}

/// Writes a note down.
pub async fn note(req: Req, sent: Sent) -> PageResult {
    req.ctx.actor.check(Perm(Room::Marketing, Act::Change))?;
    let goal_id = sent.get("goal_id").and_then(|id| id.parse().ok());
    let new = NewNote { goal_id, words: sent.get("words").unwrap_or_default().to_owned() };
    match req.ctx.run(notes::add, new).await {
        Ok(_) => Ok(go(&req, "/segments/goals", Some(Flash { text: req.t("goals-noted"), undo: None }))),
        Err(Error::Invalid(fields)) => unprocessable(&view(&req, FormView::again(sent, &fields.0, &req.loc), After::default()).await?),
        Err(error) => Err(error.into()),
    }
}

/// Takes a note away.
pub async fn drop_note(req: Req, Path(id): Path<Id<GoalNote>>) -> PageResult {
    let done = req.ctx.run(notes::remove, DropNote { id }).await?;
    Ok(go(&req, "/segments/goals", Some(Flash { text: req.t("goals-note-dropped"), undo: Some(done.undo.to_string()) })))
}

/// Gives a goal up.
pub async fn delete(req: Req, Path(id): Path<Id<Goal>>) -> PageResult {
    let done = req.ctx.run(goals::delete, GoalId { id }).await?;
    Ok(go(&req, "/segments/goals", Some(Flash { text: req.t("goals-deleted"), undo: Some(done.undo.to_string()) })))
}
