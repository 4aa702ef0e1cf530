//! The first visit: four short steps. What was entered travels in the form from step to step, so that nothing is stored
//! before the last one and every step works without scripts.

use crate::State;
use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::{Shell, go, set_cookie};
use crate::request::Req;
use crate::sign_in::{Choices, calendars, choice, digits, session_cookie, set_view, themes, word};
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use peyvand_core::platform::calendar::Calendar;
use peyvand_core::platform::locale::{Loc, Prefs, time_zone};
use peyvand_core::platform::money::{Currency, MoneyUnit};
use peyvand_core::platform::organisation::Kind;
use peyvand_core::platform::readiness::{self, Answers, Barrier, Score};
use peyvand_core::platform::sessions;
use peyvand_core::platform::set_up::{self, NewOrganisation};
use peyvand_core::platform::text::{Digits, Lang};
use peyvand_core::{Act, Error, Fields, Problem, Room};

/// Addresses of the set-up.
pub fn routes() -> Router<State> {
    Router::new().route("/set-up", get(begin).post(step)).route("/set-up/readiness", get(ask).post(answer))
}

/// What is usual in a country: code, time zone, currency.
pub(crate) const COUNTRIES: &[(&str, &str, &str)] = &[
    ("IR", "Asia/Tehran", "IRR"),
    ("AF", "Asia/Kabul", "AFN"),
    ("IQ", "Asia/Baghdad", "IQD"),
    ("SA", "Asia/Riyadh", "SAR"),
    ("AE", "Asia/Dubai", "AED"),
    ("KW", "Asia/Kuwait", "KWD"),
    ("QA", "Asia/Qatar", "QAR"),
    ("BH", "Asia/Bahrain", "BHD"),
    ("OM", "Asia/Muscat", "OMR"),
    ("JO", "Asia/Amman", "JOD"),
    ("LB", "Asia/Beirut", "LBP"),
    ("SY", "Asia/Damascus", "SYP"),
    ("EG", "Africa/Cairo", "EGP"),
    ("MA", "Africa/Casablanca", "MAD"),
    ("TR", "Europe/Istanbul", "TRY"),
    ("TJ", "Asia/Dushanbe", "TJS"),
    ("PK", "Asia/Karachi", "PKR"),
    ("IN", "Asia/Kolkata", "INR"),
    ("DE", "Europe/Berlin", "EUR"),
    ("GB", "Europe/London", "GBP"),
    ("US", "America/New_York", "USD"),
];

/// The countries in the reader's words.
pub(crate) fn countries(loc: &Loc) -> Choices {
    COUNTRIES.iter().map(|(code, ..)| (*code, loc.t(&format!("country-{}", code.to_lowercase())))).collect()
}

/// The currencies of those countries, by code and name.
pub(crate) fn currencies(loc: &Loc) -> Choices {
    let mut list: Choices = Vec::new();
    for (_, _, code) in COUNTRIES {
        if let Some(currency) = Currency::from_code(code)
            && !list.iter().any(|(known, _)| known == code)
        {
            let label = currency.label(loc.prefs.lang);
            list.push((code, if label == *code { label.to_owned() } else { format!("{label} · {code}") }));
        }
    }
    list
}

/// The kinds of organisation.
pub(crate) fn kinds(loc: &Loc) -> Choices {
    Kind::ALL.iter().map(|kind| (kind.as_str(), loc.t(&format!("kind-{kind}")))).collect()
}

/// Toman or the currency itself.
pub(crate) fn money_units(loc: &Loc) -> Choices {
    vec![("toman", loc.t("money-unit-toman")), ("currency", loc.t("money-unit-currency"))]
}

const STEPS: [&str; 4] = ["organisation", "display", "owner", "readiness"];
const FIELDS: [&[&str]; 3] = [
    &["name", "kind", "country"],
    &["lang", "calendar", "digits", "time_zone", "currency", "money_unit"],
    &["owner_name", "email", "password"],
];

#[derive(Template)]
#[template(path = "access/set_up.html")]
struct SetUpPage {
    s: Shell,
    f: FormView,
    step: usize,
    kept: Vec<(String, String)>,
    kinds: Choices,
    countries: Choices,
    currencies: Choices,
    money_units: Choices,
    calendars: Choices,
    digits: Choices,
    themes: Choices,
    chosen: [String; 3],
    next: String,
}

impl SetUpPage {
    fn new(req: &Req, step: usize, sent: Sent, problems: &[Problem]) -> SetUpPage {
        let prefs = &req.loc.prefs;
        let kept = FIELDS
            .iter()
            .enumerate()
            .filter(|(position, _)| *position != step)
            .flat_map(|(_, names)| names.iter())
            .filter(|name| **name != "password")
            .filter_map(|name| Some(((*name).to_owned(), sent.get(name)?.to_owned())))
            .collect();
        SetUpPage {
            s: req.shell("", req.t("set-up")),
            f: FormView::again(sent, problems, &req.loc),
            step,
            kept,
            kinds: kinds(&req.loc),
            countries: countries(&req.loc),
            currencies: currencies(&req.loc),
            money_units: money_units(&req.loc),
            calendars: calendars(req),
            digits: digits(req),
            themes: themes(req),
            chosen: [word(&prefs.calendar), word(&prefs.digits), prefs.theme.to_string()],
            next: String::new(),
        }
    }

    fn steps(&self) -> Vec<(String, String, &'static str)> {
        rail(&self.s, self.step)
    }
}

/// The steps in words, with the class of each.
fn rail(loc: &Loc, current: usize) -> Vec<(String, String, &'static str)> {
    STEPS
        .iter()
        .enumerate()
        .map(|(position, name)| {
            let class = match position.cmp(&current) {
                std::cmp::Ordering::Less => "dn",
                std::cmp::Ordering::Equal => "cu",
                std::cmp::Ordering::Greater => "",
            };
            (loc.digits(&(position + 1).to_string()), loc.t(&format!("set-up-step-{name}")), class)
        })
        .collect()
}

async fn begin(req: Req) -> PageResult {
    if !set_up::needed(&req.state.app).await? {
        return Ok(go(&req, "/", None));
    }
    let country = if req.loc.prefs.lang == Lang::Ar { "SA" } else { "IR" };
    let sent = Sent(vec![("kind".into(), "retail".into()), ("country".into(), country.into())]);
    crate::page::page(&req, &SetUpPage::new(&req, 0, sent, &[]))
}

async fn step(mut req: Req, mut sent: Sent) -> PageResult {
    if !set_up::needed(&req.state.app).await? {
        return Ok(go(&req, "/", None));
    }
    let step = sent.get("step").and_then(|step| step.parse().ok()).unwrap_or(0_usize).min(2);
    if sent.get("go") == Some("back") {
        return shown(&req, step.saturating_sub(1), sent, &[]);
    }
    let problems = check(step, &sent);
    if !problems.is_empty() {
        return shown(&req, step, sent, &problems);
    }
    match step {
        0 => {
            usual(&req, &mut sent);
            shown(&req, 1, sent, &[])
        }
        1 => {
            let prefs = prefs_of(&sent, &req.loc.prefs);
            req.loc = Loc::new(prefs.clone(), req.loc.now);
            let mut response = shown(&req, 2, sent, &[])?;
            set_view(&mut response, &prefs);
            Ok(response)
        }
        _ => finish(&req, sent).await,
    }
}

fn shown(req: &Req, step: usize, sent: Sent, problems: &[Problem]) -> PageResult {
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Html(SetUpPage::new(req, step, sent, problems).render()?)).into_response())
}

/// What a step must have before the next one is shown; the rules themselves are checked at the end.
fn check(step: usize, sent: &Sent) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        FIELDS[step].iter().filter(|name| sent.get(name).is_none()).map(|name| Problem::new(*name, "input-needed")).collect();
    if let Some(zone) = sent.get("time_zone")
        && step == 1
        && time_zone(zone).is_none()
    {
        problems.push(Problem::new("time_zone", "organisation-zone-unknown"));
    }
    problems
}

/// Fills the step of display with what is usual in the chosen country, where nothing was chosen yet.
fn usual(req: &Req, sent: &mut Sent) {
    let country = sent.get("country").unwrap_or("IR").to_owned();
    let (_, zone, currency) = COUNTRIES.iter().find(|(code, ..)| *code == country).copied().unwrap_or(("", "UTC", "USD"));
    let prefs = &req.loc.prefs;
    let toman = if currency == "IRR" { "toman" } else { "currency" };
    for (name, value) in [
        ("lang", prefs.lang.code().to_owned()),
        ("calendar", word(&prefs.calendar)),
        ("digits", word(&prefs.digits)),
        ("time_zone", zone.to_owned()),
        ("currency", currency.to_owned()),
        ("money_unit", toman.to_owned()),
    ] {
        if sent.get(name).is_none() {
            sent.0.push((name.to_owned(), value));
        }
    }
}

fn prefs_of(sent: &Sent, before: &Prefs) -> Prefs {
    Prefs {
        lang: choice::<Lang>(sent.get("lang")).unwrap_or(before.lang),
        calendar: choice::<Calendar>(sent.get("calendar")).unwrap_or(before.calendar),
        digits: choice::<Digits>(sent.get("digits")).unwrap_or(before.digits),
        time_zone: sent.get("time_zone").and_then(time_zone).unwrap_or(before.time_zone.clone()),
        money_unit: choice::<MoneyUnit>(sent.get("money_unit")).unwrap_or(before.money_unit),
        ..before.clone()
    }
}

async fn finish(req: &Req, sent: Sent) -> PageResult {
    let prefs = prefs_of(&sent, &req.loc.prefs);
    let text = |name: &str| sent.get(name).unwrap_or_default().to_owned();
    let new = NewOrganisation {
        name: text("name"),
        kind: sent.get("kind").and_then(|kind| kind.parse().ok()).unwrap_or(Kind::Other),
        lang: prefs.lang,
        calendar: prefs.calendar,
        digits: prefs.digits,
        currency: sent.get("currency").and_then(Currency::from_code).unwrap_or(Currency::IRR),
        money_unit: prefs.money_unit,
        country: text("country"),
        time_zone: text("time_zone"),
        owner_name: text("owner_name"),
        email: text("email"),
        password: sent.0.iter().find(|(name, _)| name == "password").map(|(_, value)| value.clone()).unwrap_or_default(),
        readiness: Vec::new(),
    };
    match set_up::run(&req.state.app, new).await {
        Ok(owner) => {
            let signed_in = sessions::open(&req.state.app, owner, &req.address, &req.agent).await?;
            let mut response = go(req, "/set-up/readiness", None);
            set_cookie(&mut response, &session_cookie(req, &signed_in, true));
            Ok(response)
        }
        Err(Error::Invalid(Fields(problems))) => {
            let first = problems.first().map(|problem| problem.field.clone()).unwrap_or_default();
            let step = FIELDS.iter().position(|names| names.contains(&&*first)).unwrap_or(2);
            shown(req, step, sent, &problems)
        }
        Err(error) => Err(error.into()),
    }
}

/// A question of readiness with its five answers.
pub(crate) struct Question {
    pub(crate) barrier: Barrier,
    pub(crate) title: String,
    pub(crate) question: String,
    pub(crate) answers: Vec<(i64, String)>,
}

/// The six questions.
pub(crate) fn questions(loc: &Loc) -> Vec<Question> {
    Barrier::ALL
        .iter()
        .map(|barrier| Question {
            barrier: *barrier,
            title: loc.t(&format!("readiness-{barrier}")),
            question: loc.t(&format!("readiness-{barrier}-question")),
            answers: (0..).zip(readiness::answers(loc, *barrier)).collect(),
        })
        .collect()
}

/// The scores that a form carries, one field a barrier.
pub(crate) fn scores(sent: &Sent) -> Vec<Score> {
    Barrier::ALL.iter().filter_map(|barrier| Some(Score { barrier: *barrier, score: sent.get(barrier.as_str())?.parse().ok()? })).collect()
}

#[derive(Template)]
#[template(path = "access/readiness.html")]
struct ReadinessStep {
    s: Shell,
    questions: Vec<Question>,
}

impl ReadinessStep {
    fn steps(&self) -> Vec<(String, String, &'static str)> {
        rail(&self.s, 3)
    }
}

async fn ask(req: Req) -> PageResult {
    crate::layers::signed_in(&req)?;
    if !req.can(Room::Settings, Act::Change) {
        return Ok(go(&req, "/today", None));
    }
    crate::page::page(&req, &ReadinessStep { s: req.shell("", req.t("set-up")), questions: questions(&req.loc) })
}

async fn answer(req: Req, sent: Sent) -> PageResult {
    let scores = scores(&sent);
    if sent.get("go") == Some("skip") || scores.is_empty() {
        return Ok(go(&req, "/today", None));
    }
    req.ctx.run(readiness::answer, Answers { scores }).await?;
    Ok(go(&req, "/settings/readiness?from=set-up", Some(crate::page::Flash { text: req.t("readiness-kept"), undo: None })))
}
