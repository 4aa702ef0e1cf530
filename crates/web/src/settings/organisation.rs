//! The organisation's own settings: name and display, word lists, readiness, history.

use super::{Frame, answer, done, frame, problems_of};
use crate::State;
use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::percent;
use crate::request::{Form, Req};
use crate::set_up::{Question, countries, currencies, kinds, money_units, questions, scores};
use crate::sign_in::{Choices, LANGS, calendars, choice, digits, word};
use askama::Template;
use axum::Router;
use axum::routing::get;
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::people;
use peyvand_core::platform::calendar::parse_date;
use peyvand_core::platform::events::{self, EventRow, ListEvents};
use peyvand_core::platform::organisation::{self, OrganisationChange};
use peyvand_core::platform::readiness::{self, Answers, BEST, Readiness};
use peyvand_core::platform::terms::{self, ListTerms, PutTerm, Term};
use peyvand_core::{Act, Day, Id, Instant, Problem, Room};
use serde::Deserialize;

/// Addresses of these pages.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/settings/organisation", get(show).post(save))
        .route("/settings/words", get(words).post(put_word))
        .route("/settings/readiness", get(readiness_page).post(answer_readiness))
        .route("/settings/history", get(history))
}

#[derive(Template)]
#[template(path = "settings/organisation.html")]
struct OrganisationPage {
    s: Frame,
    f: FormView,
    may_change: bool,
    kinds: Choices,
    countries: Choices,
    langs: Choices,
    calendars: Choices,
    digits: Choices,
    currencies: Choices,
    money_units: Choices,
    shifts: Choices,
}

async fn show(req: Req) -> PageResult {
    super::needs(&req, Room::Settings, Act::See)?;
    let own = req.ctx.run(organisation::get, Nothing {}).await?;
    let values = vec![
        ("name".to_owned(), own.name),
        ("kind".into(), own.kind.to_string()),
        ("country".into(), own.country),
        ("lang".into(), word(&own.lang)),
        ("calendar".into(), word(&own.calendar)),
        ("digits".into(), word(&own.digits)),
        ("time_zone".into(), own.time_zone),
        ("currency".into(), own.currency.code().to_owned()),
        ("money_unit".into(), word(&own.money_unit)),
        ("hijri_shift".into(), own.hijri_shift.to_string()),
    ];
    shown(&req, FormView::new(values), false)
}

fn shown(req: &Req, f: FormView, has_problems: bool) -> PageResult {
    let loc = &req.loc;
    let page = OrganisationPage {
        s: frame(req, "/settings/organisation", None),
        f,
        may_change: req.can(Room::Settings, Act::Change),
        kinds: kinds(loc),
        countries: countries(loc),
        langs: LANGS.iter().map(|(code, name)| (*code, (*name).to_owned())).collect(),
        calendars: calendars(req),
        digits: digits(req),
        currencies: currencies(loc),
        money_units: money_units(loc),
        shifts: vec![("-1", loc.t("hijri-shift-before")), ("0", loc.t("hijri-shift-none")), ("1", loc.t("hijri-shift-after"))],
    };
    answer(req, &page, has_problems)
}

async fn save(req: Req, sent: Sent) -> PageResult {
    let change = OrganisationChange {
        name: Some(sent.get("name").unwrap_or_default().to_owned()),
        kind: sent.get("kind").and_then(|kind| kind.parse().ok()),
        country: sent.get("country").map(str::to_owned),
        lang: choice(sent.get("lang")),
        calendar: choice(sent.get("calendar")),
        digits: choice(sent.get("digits")),
        time_zone: sent.get("time_zone").map(str::to_owned),
        currency: choice(sent.get("currency")),
        money_unit: choice(sent.get("money_unit")),
        hijri_shift: sent.get("hijri_shift").and_then(|shift| shift.parse().ok()),
    };
    match req.ctx.run(organisation::update, change).await {
        Ok(_) => done(&req, "/settings/organisation", "saved"),
        Err(error) => {
            let problems = problems_of(error)?;
            shown(&req, FormView::again(sent, &problems, &req.loc), true)
        }
    }
}

#[derive(Template)]
#[template(path = "settings/words.html")]
struct WordsPage {
    s: Frame,
    f: FormView,
    may_change: bool,
    list: &'static str,
    lists: Vec<(&'static str, String)>,
    words: Vec<Term>,
}

impl WordsPage {
    fn label(&self, term: &Term) -> String {
        term.label.clone().unwrap_or_else(|| self.s.term(&term.list, &term.word))
    }
}

#[derive(Deserialize)]
struct WhichList {
    list: Option<String>,
}

async fn words(req: Req, Form(which): Form<WhichList>) -> PageResult {
    super::needs(&req, Room::Settings, Act::See)?;
    words_shown(&req, which.list.as_deref(), FormView::new(Vec::new()), false).await
}

async fn words_shown(req: &Req, list: Option<&str>, f: FormView, has_problems: bool) -> PageResult {
    let lists: Vec<(&'static str, String)> =
        terms::READY_MADE.iter().map(|(list, _)| (*list, req.t(&format!("terms-list-{}", list.replace('_', "-"))))).collect();
    let list = lists.iter().map(|(word, _)| *word).find(|word| Some(*word) == list).unwrap_or("reason");
    let page = WordsPage {
        s: frame(req, "/settings/words", None),
        f,
        may_change: req.can(Room::Settings, Act::Change),
        list,
        lists,
        words: req.ctx.run(terms::list, ListTerms { list: Some(list.to_owned()) }).await?,
    };
    answer(req, &page, has_problems)
}

async fn put_word(req: Req, sent: Sent) -> PageResult {
    let list = sent.get("list").unwrap_or_default().to_owned();
    let term = PutTerm {
        list: list.clone(),
        word: sent.get("word").map(str::to_owned),
        label: sent.get("label").map(str::to_owned),
        position: sent.get("position").and_then(|position| position.parse().ok()),
        is_active: Some(sent.get("is_active") != Some("false")),
    };
    match req.ctx.run(terms::put, term).await {
        Ok(_) => done(&req, &format!("/settings/words?list={}", percent(&list)), "saved"),
        Err(error) => {
            let problems = problems_of(error)?;
            let view = FormView::again(sent, &problems, &req.loc);
            words_shown(&req, Some(&list), view, true).await
        }
    }
}

#[derive(Template)]
#[template(path = "settings/readiness.html")]
struct ReadinessPage {
    s: Frame,
    readiness: Readiness,
    questions: Vec<Question>,
    may_answer: bool,
    /// The set-up ended here: the page leads on to the day's work.
    is_after_set_up: bool,
}

/// Where one came from.
#[derive(Deserialize)]
struct Origin {
    from: Option<String>,
}

impl ReadinessPage {
    /// Width and tone of a score's meter; fuller is readier.
    fn meter(&self, score: i64) -> (i64, &'static str) {
        let tone = match score {
            0 | 1 => "anar",
            2 => "saffron",
            _ => "peste",
        };
        (score * 100 / BEST, tone)
    }

    fn answer(&self, barrier: readiness::Barrier, score: i64) -> String {
        self.s.t(&format!("readiness-{barrier}-{score}"))
    }

    fn is_answered(&self) -> bool {
        self.readiness.barriers.iter().any(|state| state.score.is_some())
    }

    fn again_on(&self) -> Option<Day> {
        self.readiness.again_at.map(|at| at.day(&self.s.prefs.time_zone))
    }
}

async fn readiness_page(req: Req, Form(query): Form<Origin>) -> PageResult {
    let page = ReadinessPage {
        s: frame(&req, "/settings/readiness", None),
        readiness: req.ctx.run(readiness::get, Nothing {}).await?,
        questions: questions(&req.loc),
        may_answer: req.can(Room::Settings, Act::Change),
        is_after_set_up: query.from.as_deref() == Some("set-up"),
    };
    answer(&req, &page, false)
}

async fn answer_readiness(req: Req, sent: Sent) -> PageResult {
    req.ctx.run(readiness::answer, Answers { scores: scores(&sent) }).await?;
    done(&req, "/settings/readiness", "readiness-kept")
}

/// Rooms of the history, as the beginnings of their events.
const KINDS: [&str; 14] = [
    "party.", "interaction.", "follow_up.", "purchase.", "opportunity.", "import.", "idea.", "user.", "token.", "unit.", "post.",
    "organisation.", "terms.", "readiness.",
];

#[derive(Deserialize)]
struct HistoryFilter {
    kind: Option<String>,
    actor: Option<Id<peyvand_core::platform::access::User>>,
    from: Option<String>,
    from_text: Option<String>,
    until: Option<String>,
    until_text: Option<String>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "settings/history.html")]
struct HistoryPage {
    s: Frame,
    f: FormView,
    kinds: Vec<(String, String)>,
    people: Vec<(String, String)>,
    items: Vec<EventRow>,
    next: Option<String>,
}

impl HistoryPage {
    fn words(&self, kind: &str) -> String {
        let key = format!("event-{}", kind.replace(['.', '_'], "-"));
        if self.s.has(&key) { self.s.t(&key) } else { kind.to_owned() }
    }

    fn details(&self, row: &EventRow) -> String {
        match row.data.as_object() {
            Some(data) if data.is_empty() => String::new(),
            None if row.data.is_null() => String::new(),
            _ => serde_json::to_string_pretty(&row.data).unwrap_or_default(),
        }
    }
}

async fn history(req: Req, Form(filter): Form<HistoryFilter>) -> PageResult {
    let prefs = &req.loc.prefs;
    let mut problems = Vec::new();
    let mut day = |field: &'static str, iso: &Option<String>, text: &Option<String>| -> Option<Day> {
        let written = iso.as_deref().or(text.as_deref())?;
        match written.parse::<Day>().ok().map(Ok).unwrap_or_else(|| parse_date(written, prefs.calendar, req.ctx.today().0).map(Day)) {
            Ok(day) => Some(day),
            Err(problem) => {
                problems.push(Problem::new(field, problem.key()));
                None
            }
        }
    };
    let from = day("from", &filter.from, &filter.from_text);
    let until = day("until", &filter.until, &filter.until_text);
    let start = |day: Day| Instant::start_of(day, &prefs.time_zone);
    let page = req
        .ctx
        .run(
            events::list,
            ListEvents {
                kind: filter.kind.clone(),
                actor_id: filter.actor,
                party_id: None,
                from: from.map(start),
                until: until.map(|day| start(day.plus(1))),
                after: filter.after.clone(),
                limit: None,
            },
        )
        .await?;
    let mut values: Vec<(String, String)> = Vec::new();
    let mut put = |name: &str, value: Option<String>| values.extend(value.map(|value| (name.to_owned(), value)));
    put("kind", filter.kind);
    put("actor", filter.actor.map(|id| id.to_string()));
    for (name, day, text) in [("from", from, filter.from_text), ("until", until, filter.until_text)] {
        put(name, day.map(|day| day.to_string()));
        put(&format!("{name}_text"), day.map(|day| req.loc.day_short(day)).or(text));
    }
    let query: String =
        values.iter().filter(|(name, _)| !name.ends_with("_text")).map(|(name, value)| format!("{name}={}&", percent(value))).collect();
    let people = if req.can(Room::Organisation, Act::See) {
        let list = people::ListUsers { limit: Some(peyvand_core::operation::PAGE_MAX), ..Default::default() };
        req.ctx.run(people::list, list).await?.items.into_iter().map(|person| (person.id.to_string(), person.name)).collect()
    } else {
        Vec::new()
    };
    let view = HistoryPage {
        s: frame(&req, "/settings/history", None),
        f: FormView::again(Sent(values), &problems, &req.loc),
        kinds: KINDS
            .iter()
            .map(|kind| ((*kind).to_owned(), req.t(&format!("events-{}", kind.trim_end_matches('.').replace('_', "-")))))
            .collect(),
        people,
        items: page.items,
        next: page.next.map(|next| format!("/settings/history?{query}after={next}")),
    };
    answer(&req, &view, !problems.is_empty())
}
