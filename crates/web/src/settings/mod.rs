//! Settings: one's own, and those of the organisation for who may see them.

mod organisation;
mod people;
mod posts;
mod security;

use crate::State;
use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go};
use crate::request::Req;
use crate::set_up::money_units;
use crate::sign_in::{Choices, LANGS, calendars, choice, digits, themes, word};
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use peyvand_core::operation::Nothing;
use peyvand_core::platform::users::{self, Choice, Me, MeChange};
use peyvand_core::{Act, Error, Perm, Problem, Room};

/// Addresses of the settings.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/settings", get(show).post(save))
        .merge(security::routes())
        .merge(organisation::routes())
        .merge(people::routes())
        .merge(posts::routes())
}

/// The frame of a settings page: the shell and the menu of what the reader may open.
struct Frame {
    s: Shell,
    own: Vec<Entry>,
    shared: Vec<Entry>,
}

struct Entry {
    href: &'static str,
    icon: &'static str,
    label: String,
    is_current: bool,
}

const OWN: [(&str, &str, &str); 2] = [("/settings", "user", "settings-me"), ("/settings/security", "lock", "settings-security")];
const SHARED: [(&str, &str, &str, Room); 7] = [
    ("/settings/organisation", "building", "settings-organisation", Room::Settings),
    ("/settings/people", "users", "settings-people", Room::Organisation),
    ("/settings/units", "hierarchy-2", "settings-units", Room::Organisation),
    ("/settings/posts", "id-badge-2", "settings-posts", Room::Organisation),
    ("/settings/words", "list", "settings-words", Room::Settings),
    ("/settings/readiness", "stairs-up", "settings-readiness", Room::Settings),
    ("/settings/history", "history", "settings-history", Room::Audit),
];

impl Frame {
    /// How many, in the reader's digits.
    fn count(&self, count: usize) -> String {
        self.s.number(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl std::ops::Deref for Frame {
    type Target = Shell;
    fn deref(&self) -> &Shell {
        &self.s
    }
}

/// The frame of the page at `href`; its title is the menu's label unless a page below it has its own.
fn frame(req: &Req, href: &'static str, title: Option<String>) -> Frame {
    let entry =
        |(at, icon, key): (&'static str, &'static str, &'static str)| Entry { href: at, icon, label: req.t(key), is_current: at == href };
    let own: Vec<Entry> = OWN.into_iter().map(entry).collect();
    let shared: Vec<Entry> =
        SHARED.into_iter().filter(|(.., room)| req.can(*room, Act::See)).map(|(at, icon, key, _)| entry((at, icon, key))).collect();
    let label = own.iter().chain(&shared).find(|entry| entry.is_current).map(|entry| entry.label.clone()).unwrap_or_default();
    let mut s = req.shell("settings", title.clone().unwrap_or_else(|| label.clone())).crumb(req.t("menu-settings"), "/settings");
    if title.is_some() {
        s = s.crumb(label, href);
    }
    Frame { s, own, shared }
}

/// For pages whose operations everybody may call, but which belong to a room.
fn needs(req: &Req, room: Room, act: Act) -> Result<(), Error> {
    let perm = Perm(room, act);
    req.ctx.actor.check(perm).map(|_| ())
}

/// A page after it was sent with problems, or as it is.
fn answer(req: &Req, template: &impl Template, has_problems: bool) -> PageResult {
    if has_problems {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(template.render()?)).into_response());
    }
    crate::page::page(req, template)
}

/// What a form may show beside itself: problems of the input; anything else is the error page's.
fn problems_of(error: Error) -> Result<Vec<Problem>, Error> {
    match error {
        Error::Invalid(fields) | Error::Conflict(fields) => Ok(fields.0),
        other => Err(other),
    }
}

/// Back to a page, with a word that it was done.
fn done(req: &Req, to: &str, key: &str) -> PageResult {
    Ok(go(req, to, Some(Flash { text: req.t(key), undo: None })))
}

/// Choices with the organisation's own first, under an empty word.
fn or_organisation(req: &Req, choices: Choices, own: &str) -> Choices {
    let shown = choices.iter().find(|(word, _)| *word == own).map(|(_, label)| label.clone()).unwrap_or_else(|| own.to_owned());
    let mut all = vec![("", req.loc.t1("as-organisation", "value", shown.as_str()))];
    all.extend(choices);
    all
}

#[derive(Template)]
#[template(path = "settings/me.html")]
struct MePage {
    s: Frame,
    f: FormView,
    me: Me,
    post: String,
    langs: Choices,
    calendars: Choices,
    digits: Choices,
    themes: Choices,
    money_units: Choices,
}

async fn show(req: Req) -> PageResult {
    let me = req.ctx.run(users::get, Nothing {}).await?;
    let stored = |value: Option<String>| value.unwrap_or_default();
    let mut values = vec![
        ("name".to_owned(), me.name.clone()),
        ("lang".into(), stored(me.lang.map(|value| word(&value)))),
        ("calendar".into(), stored(me.calendar.map(|value| word(&value)))),
        ("digits".into(), stored(me.digits.map(|value| word(&value)))),
        ("time_zone".into(), me.time_zone.clone().unwrap_or_else(|| me.organisation.time_zone.clone())),
        ("theme".into(), stored(me.theme.map(|value| word(&value)))),
        ("money_unit".into(), stored(me.money_unit.map(|value| word(&value)))),
    ];
    if me.shortcuts {
        values.push(("shortcuts".into(), "on".into()));
    }
    if me.mail_reminders {
        values.push(("mail_reminders".into(), "on".into()));
    }
    shown(&req, me, FormView::new(values), false)
}

fn shown(req: &Req, me: Me, f: FormView, has_problems: bool) -> PageResult {
    let own = &me.organisation;
    let page = MePage {
        s: frame(req, "/settings", None),
        f,
        post: crate::page::post_name(&req.loc, &me.post, me.post_name.as_deref()),
        langs: or_organisation(req, LANGS.iter().map(|(code, name)| (*code, (*name).to_owned())).collect(), own.lang.code()),
        calendars: or_organisation(req, calendars(req), &word(&own.calendar)),
        digits: or_organisation(req, digits(req), &word(&own.digits)),
        themes: themes(req),
        money_units: or_organisation(req, money_units(&req.loc), &word(&own.money_unit)),
        me,
    };
    answer(req, &page, has_problems)
}

async fn save(req: Req, sent: Sent) -> PageResult {
    let change = MeChange {
        name: Some(sent.get("name").unwrap_or_default().to_owned()),
        lang: choice(sent.get("lang")),
        calendar: choice(sent.get("calendar")),
        digits: choice(sent.get("digits")),
        time_zone: sent.get("time_zone").map(str::to_owned),
        theme: choice(sent.get("theme")),
        money_unit: choice(sent.get("money_unit")),
        shortcuts: Some(sent.get("shortcuts").is_some()),
        // Without a mail server the page does not ask, so an empty field is no answer.
        mail_reminders: req.ctx.app.mail.is_some().then(|| sent.get("mail_reminders").is_some()),
        reset: Choice::ALL.iter().filter(|choice| sent.get(choice.as_str()).is_none()).copied().collect(),
    };
    match req.ctx.run(users::update, change).await {
        Ok(_) => done(&req, "/settings", "saved"),
        Err(error) => {
            let problems = problems_of(error)?;
            let me = req.ctx.run(users::get, Nothing {}).await?;
            let view = FormView::again(sent, &problems, &req.loc);
            shown(&req, me, view, true)
        }
    }
}
