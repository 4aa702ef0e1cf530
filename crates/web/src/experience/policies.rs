//! Policies: the list, writing one or its next version down, what was tried against the rules.

use super::treatments::{After, segment_choices};
use super::{key_of, money, problems};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::experience::PolicyId;
use peyvand_core::experience::occasions::{Occasion, OccasionPlan, YearDay};
use peyvand_core::experience::policies::{self, ListPolicies, NewPolicy, NewVersion, PolicyRow, PolicySeen, PolicyState, Terms, Version};
use peyvand_core::experience::treatments::{self, ListTreatments};
use peyvand_core::experience::violations::{self, ListViolations};
use peyvand_core::lifecycle::Stage;
use peyvand_core::platform::calendar::{Calendar, parse_date, ymd};
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::{Act, Day, Error, Id, Instant, Perm, Problem, Room};
use serde_json::{Value, json};

/// Treatments that a form offers.
const CHOICES: i64 = 200;

/// The tone of a state.
pub fn state_tone(state: PolicyState) -> &'static str {
    match state {
        PolicyState::Draft => "slate",
        PolicyState::Approved => "lapis",
        PolicyState::Live => "peste",
        PolicyState::Retired => "grey",
    }
}

/// A policy as a row shows it.
struct Row {
    id: Id<PolicyRow>,
    name: String,
    state: String,
    tone: &'static str,
    about: Vec<String>,
    spent: Option<String>,
    /// How much of the budget is gone, in per cent.
    done: Option<i64>,
}

#[derive(Template)]
#[template(path = "experience/index.html")]
struct IndexPage {
    s: Shell,
    tab: &'static str,
    rows: Vec<Row>,
    next: Option<String>,
    is_first: bool,
    may_add: bool,
}

/// How a budget stands, in words and in per cent.
pub fn spent(loc: &Loc, currency: Currency, spent: i64, budget: Option<i64>) -> (Option<String>, Option<i64>) {
    let Some(budget) = budget else { return ((spent > 0).then(|| money(loc, currency, spent)), None) };
    let words =
        loc.ta("experience-spent-of", &[("spent", money(loc, currency, spent).into()), ("budget", money(loc, currency, budget).into())]);
    (Some(words), Some(i64::try_from(i128::from(spent) * 100 / i128::from(budget.max(1))).unwrap_or(100)))
}

/// The policies.
pub async fn index(req: Req, Query(After { after }): Query<After>) -> PageResult {
    let is_first = after.is_none();
    let listed = req.ctx.run(policies::list, ListPolicies { after, ..ListPolicies::default() }).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let loc = &req.loc;
    let row = |one: policies::Policy| {
        let (words, done) = spent(loc, currency, one.spent_minor, one.budget_minor);
        Row {
            id: one.id,
            state: loc.t(&format!("experience-state-{}", one.state)),
            tone: state_tone(one.state),
            about: [
                Some(loc.t1("experience-version", "number", one.number)),
                one.started_at.map(|at| loc.t1("experience-since", "day", loc.when(at))),
                one.creator.clone(),
            ]
            .into_iter()
            .flatten()
            .collect(),
            spent: words,
            done,
            name: one.name,
        }
    };
    let view = IndexPage {
        s: req.shell("experience", req.t("menu-experience")),
        tab: "policies",
        rows: listed.items.into_iter().map(row).collect(),
        next: listed.next.map(|next| format!("/experience?after={}", percent(&next))),
        is_first,
        may_add: req.can(Room::Experience, Act::Create),
    };
    page(&req, &view)
}

/// An attempt as a row shows it.
struct Tried {
    at: Instant,
    rule: String,
    what: Vec<String>,
    who: Option<String>,
}

#[derive(Template)]
#[template(path = "experience/violations.html")]
struct ViolationsPage {
    s: Shell,
    tab: &'static str,
    rows: Vec<Tried>,
    next: Option<String>,
    is_first: bool,
}

/// What was tried against the rules.
pub async fn violations(req: Req, Query(After { after }): Query<After>) -> PageResult {
    let is_first = after.is_none();
    let listed = req.ctx.run(violations::list, ListViolations { after, limit: None }).await?;
    let loc = &req.loc;
    let stage = |stage: Stage| loc.t1("experience-tried-stage", "stage", loc.t(&key_of("lifecycle-stage-", stage.as_str())));
    let row = |one: violations::Violation| Tried {
        at: one.at,
        rule: loc.t(&key_of("experience-rule-", one.rule.as_str())),
        what: [one.what, one.form.map(|form| loc.t(&key_of("experience-form-", form.as_str()))), one.stage.map(stage), one.party]
            .into_iter()
            .flatten()
            .collect(),
        who: one.actor,
    };
    let view = ViolationsPage {
        s: req.shell("experience", req.t("experience-violations")).crumb(req.t("menu-experience"), "/experience"),
        tab: "violations",
        rows: listed.items.into_iter().map(row).collect(),
        next: listed.next.map(|next| format!("/experience/violations?after={}", percent(&next))),
        is_first,
    };
    page(&req, &view)
}

#[derive(Template)]
#[template(path = "experience/form.html")]
struct FormPage {
    s: Shell,
    f: FormView,
    /// Where it is sent, and where it leads when nothing is.
    action: String,
    back: String,
    is_new: bool,
    treatments: Vec<(String, String, String)>,
    segments: Vec<(String, String)>,
    occasions: Vec<(String, String)>,
    unit: String,
}

async fn form(req: &Req, f: FormView, policy: Option<&PolicySeen>) -> Result<FormPage, PageError> {
    let act = if policy.is_some() { Act::Change } else { Act::Create };
    req.ctx.actor.check(Perm(Room::Experience, act))?;
    let currency = req.ctx.app.organisation().await?.currency;
    let listed = req.ctx.run(treatments::list, ListTreatments { limit: Some(CHOICES), ..ListTreatments::default() }).await?;
    let form_of = |one: &treatments::Treatment| req.t(&key_of("experience-form-", one.form.as_str()));
    let (title, action, back) = match policy {
        Some(seen) => {
            let here = format!("/experience/{}", seen.policy.id);
            (req.t("experience-next-version"), format!("{here}/edit"), here)
        }
        None => (req.t("experience-policy-new"), "/experience".to_owned(), "/experience".to_owned()),
    };
    let mut s = req.shell("experience", title).crumb(req.t("menu-experience"), "/experience");
    if let Some(seen) = policy {
        s = s.crumb(seen.policy.name.clone(), back.clone());
    }
    Ok(FormPage {
        s,
        f,
        action,
        back,
        is_new: policy.is_none(),
        treatments: listed.items.iter().map(|one| (one.id.to_string(), one.name.clone(), form_of(one))).collect(),
        segments: segment_choices(req).await?,
        occasions: Occasion::ALL
            .iter()
            .filter(|occasion| **occasion != Occasion::OwnDay)
            .map(|occasion| (occasion.to_string(), req.t(&key_of("experience-occasion-", occasion.as_str()))))
            .collect(),
        unit: req.loc.money_unit(currency).to_owned(),
    })
}

/// The form of a new policy.
pub async fn fresh(req: Req) -> PageResult {
    let values = vec![("holdout".to_owned(), "10".to_owned()), ("days_before".to_owned(), "3".to_owned())];
    page(&req, &form(&req, FormView::new(values), None).await?)
}

/// What a version says, as the fields of the form.
fn values(version: &Version, loc: &Loc, currency: Currency) -> Vec<(String, String)> {
    let mut values: Vec<(String, String)> = Vec::new();
    let mut put = |name: &str, value: String| values.push((name.to_owned(), value));
    for one in &version.bundle {
        put("treatment_ids", one.treatment.id.to_string());
    }
    if let Some(segment) = version.rule.as_ref().and_then(|rule| rule.get("in")).and_then(Value::as_str) {
        put("segment_id", segment.to_owned());
    }
    for one in &version.occasions {
        put("occasions", one.plan.occasion.to_string());
        if one.plan.occasion == Occasion::OwnDay {
            put("own_name", one.plan.name.clone().unwrap_or_default());
            if let Some(day) = one.next_on {
                put("own_on", day.to_string());
                put("own_on_text", loc.day_short(day));
            }
        } else if one.plan.days_before > 0 {
            put("days_before", one.plan.days_before.to_string());
        }
    }
    if let Some(minor) = version.budget_minor {
        put("budget", Money { minor, currency }.format(loc.prefs.money_unit, loc.prefs.digits));
    }
    let holdout = per_cent(version.holdout);
    put("holdout", holdout);
    if version.is_price_test {
        put("is_price_test", "1".to_owned());
    }
    put("note", version.note.clone().unwrap_or_default());
    values
}

/// Ten-thousandths as per cent.
fn per_cent(share: i64) -> String {
    if share % 100 == 0 { (share / 100).to_string() } else { format!("{}.{:02}", share / 100, share % 100) }
}

/// The form of the next version.
pub async fn edit(req: Req, Path(id): Path<Id<PolicyRow>>) -> PageResult {
    let seen = req.ctx.run(policies::get, PolicyId { id }).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let values = seen.items.first().map(|newest| values(newest, &req.loc, currency)).unwrap_or_default();
    page(&req, &form(&req, FormView::new(values), Some(&seen)).await?)
}

/// What the form says. A rule that the form cannot show stays as it was.
async fn terms(req: &Req, sent: &Sent, before: Option<&Version>) -> Result<Terms, Error> {
    let organisation = req.ctx.app.organisation().await?;
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let days_before = match sent.get("days_before") {
        Some(text) => peyvand_core::platform::text::fold_digits(text)
            .parse::<i64>()
            .map_err(|_| Error::invalid("days_before", "platform-number-not-read"))?,
        None => 0,
    };
    let mut occasions: Vec<OccasionPlan> = sent
        .all("occasions")
        .into_iter()
        .filter_map(|word| word.parse().ok())
        .filter(|occasion| *occasion != Occasion::OwnDay)
        .map(|occasion| {
            let days_before = if occasion == Occasion::Once { 0 } else { days_before };
            OccasionPlan { occasion, days_before, name: None, on: None }
        })
        .collect();
    if let Some(name) = text("own_name") {
        let calendar = if organisation.calendar == Calendar::Hijri { Calendar::Gregorian } else { organisation.calendar };
        let typed = sent.date("own_on").ok_or_else(|| Error::invalid("own_on", "input-needed"))?;
        let day = match typed.parse::<Day>() {
            Ok(day) => day.0,
            Err(_) => {
                parse_date(typed, req.loc.prefs.calendar, req.loc.today().0).map_err(|problem| Problem::new("own_on", problem.key()))?
            }
        };
        let (_, month, day) = ymd(day, calendar);
        let on = Some(YearDay { calendar, month, day });
        occasions.push(OccasionPlan { occasion: Occasion::OwnDay, days_before, name: Some(name), on });
    }
    let segment = sent.get("segment_id").map(|segment| json!({"in": segment}));
    let kept = before.and_then(|version| version.rule.clone()).filter(|rule| rule.get("in").is_none());
    Ok(Terms {
        treatment_ids: sent.all("treatment_ids").into_iter().filter_map(|id| id.parse().ok()).collect(),
        rule: segment.or(kept),
        occasions,
        budget: sent.amount("budget", organisation.currency, req.loc.prefs.money_unit),
        holdout: text("holdout"),
        is_price_test: sent.get("is_price_test").is_some(),
        note: text("note"),
    })
}

async fn make(req: &Req, sent: &Sent) -> Result<PolicySeen, Error> {
    let Terms { treatment_ids, rule, occasions, budget, holdout, is_price_test, note } = terms(req, sent, None).await?;
    let name = sent.get("name").unwrap_or_default().to_owned();
    let new = NewPolicy { name, treatment_ids, rule, occasions, budget, holdout, is_price_test, note };
    req.ctx.run(policies::create, new).await
}

/// Writes a policy down.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    match make(&req, &sent).await {
        Ok(made) => {
            let text = req.loc.t1("experience-policy-made", "name", &made.policy.name);
            Ok(go(&req, &format!("/experience/{}", made.policy.id), Some(Flash { text, undo: None })))
        }
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&form(&req, FormView::again(sent, &problems, &req.loc), None).await?)
        }
    }
}

async fn next(req: &Req, id: Id<PolicyRow>, sent: &Sent, before: Option<&Version>) -> Result<PolicySeen, Error> {
    let Terms { treatment_ids, rule, occasions, budget, holdout, is_price_test, note } = terms(req, sent, before).await?;
    req.ctx.run(policies::change, NewVersion { id, treatment_ids, rule, occasions, budget, holdout, is_price_test, note }).await
}

/// Writes the next version down.
pub async fn change(req: Req, Path(id): Path<Id<PolicyRow>>, sent: Sent) -> PageResult {
    let seen = req.ctx.run(policies::get, PolicyId { id }).await?;
    match next(&req, id, &sent, seen.items.first()).await {
        Ok(_) => Ok(go(&req, &format!("/experience/{id}"), Some(Flash { text: req.t("experience-version-made"), undo: None }))),
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&form(&req, FormView::again(sent, &problems, &req.loc), Some(&seen)).await?)
        }
    }
}
