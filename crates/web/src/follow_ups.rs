//! Follow-ups: the list, planning one, and the acts on it. Every act answers with a toast that takes it back.

use crate::State;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell, unprocessable};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::http::HeaderValue;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use jiff::ToSpan;
use peyvand_core::follow_ups::{
    self as core, Acted, CancelFollowUp, CompleteFollowUp, DAY_ENDS, Due, FollowUp, FollowUpChange, FollowUpId, HandOverFollowUp,
    Importance, ListFollowUps, NewFollowUp, NextStep, SnoozeFollowUp,
};
use peyvand_core::interactions::Channel;
use peyvand_core::interactions::reach::{self, GetReach, Hours};
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::colleagues;
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::calendar::{add_months, next_week, work_week_start};
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::terms::{self, ListTerms};
use peyvand_core::{Act, Day, Error, Id, Instant, Patch, Perm, Room, Sight};
use serde::Deserialize;

/// Parts of a page that show follow-ups or what follows from them fetch themselves again after an act. The dialog closes
/// last: what happens in it must still reach the page.
const AFTER_AN_ACT: &str = "live:follow-ups, live:parties, live:timeline, close-dialog";
/// Minutes before, as they are offered for a reminder.
const REMINDERS: [i64; 6] = [0, 10, 30, 60, 120, 1440];
/// Ways to be in touch that somebody plans; a note is none.
const CHANNELS: [Channel; 12] = [
    Channel::Phone,
    Channel::Sms,
    Channel::Whatsapp,
    Channel::Telegram,
    Channel::Bale,
    Channel::Eitaa,
    Channel::Rubika,
    Channel::Instagram,
    Channel::Email,
    Channel::InPerson,
    Channel::Visit,
    Channel::Other,
];

/// The addresses of the room.
pub fn routes() -> axum::Router<State> {
    axum::Router::new()
        .route("/follow-ups", get(index).post(create))
        .route("/follow-ups/new", get(fresh))
        .route("/follow-ups/{id}/edit", get(edit).post(change))
        .route("/follow-ups/{id}/done", get(done).post(complete))
        .route("/follow-ups/{id}/snooze", get(snooze).post(put_off))
        .route("/follow-ups/{id}/hand-over", get(hand_over).post(give))
        .route("/follow-ups/{id}/cancel", axum::routing::post(cancel))
}

/// Values and labels of a choice.
type Options = Vec<(String, String)>;

/// A follow-up as a row shows it.
pub(crate) struct Task {
    pub(crate) f: FollowUp,
    /// Its time in words.
    pub(crate) when: String,
    /// The same in full.
    pub(crate) full: String,
    pub(crate) late: bool,
    pub(crate) icon: &'static str,
    /// Its owner's name, when that is somebody else.
    pub(crate) owner: Option<String>,
    pub(crate) open: bool,
    /// Whether the reader may open the page of the party; a follow-up may be theirs without it.
    pub(crate) sees_party: bool,
}

impl Task {
    /// Follow-ups as rows.
    pub(crate) async fn rows(req: &Req, found: Vec<FollowUp>) -> Result<Vec<Task>, Error> {
        let seen = party::within_sight(&req.ctx, found.iter().map(|one| one.party_id)).await?;
        Ok(found.into_iter().map(|one| Task::new(req, seen.contains(&one.party_id), one)).collect())
    }

    fn new(req: &Req, sees_party: bool, f: FollowUp) -> Task {
        let open = f.state == core::State::Open;
        let at = f.done_at.unwrap_or(f.due_at);
        Task {
            when: if f.done_at.is_some() { req.loc.when(at) } else { when(&req.loc, at) },
            full: req.loc.when_full(at),
            late: open && f.due_at < req.ctx.now(),
            icon: icon(f.channel),
            owner: (Some(f.owner_id) != req.ctx.actor.user()).then(|| f.owner.clone()),
            open,
            sees_party,
            f,
        }
    }
}

/// A due time in words: only the day when it is due by the end of it.
pub(crate) fn when(loc: &Loc, at: Instant) -> String {
    let clock = at.zoned(&loc.prefs.time_zone);
    let day = at.day(&loc.prefs.time_zone);
    if (clock.hour(), clock.minute()) == DAY_ENDS {
        loc.day_near(day)
    } else if day == loc.today() {
        loc.time(at)
    } else {
        loc.when(at)
    }
}

/// The icon of a way to be in touch.
pub(crate) fn icon(channel: Option<Channel>) -> &'static str {
    match channel {
        Some(Channel::Phone) => "phone",
        Some(Channel::Sms) => "message",
        Some(Channel::Whatsapp) => "brand-whatsapp",
        Some(Channel::Telegram) => "brand-telegram",
        Some(Channel::Bale | Channel::Eitaa | Channel::Rubika) => "message-circle",
        Some(Channel::Instagram) => "brand-instagram",
        Some(Channel::Email | Channel::Letter) => "mail",
        Some(Channel::InPerson) => "users",
        Some(Channel::Visit) => "map-pin",
        Some(Channel::Web) => "world",
        Some(Channel::Note) => "note",
        Some(Channel::Other) | None => "clock",
    }
}

/// The answer to an act: a toast, and word to the parts of the page; without htmx the page that follows.
pub(crate) fn acted(req: &Req, flash: &Flash) -> PageResult {
    if !req.htmx {
        return Ok(page::go(req, "/today", Some(flash.clone())));
    }
    let mut response = Html(page::toast(req, flash)?).into_response();
    response.headers_mut().insert("hx-trigger", HeaderValue::from_static(AFTER_AN_ACT));
    Ok(response)
}

fn done_flash(req: &Req, key: &str, acted: &Acted) -> Flash {
    Flash { text: req.loc.t1(key, "name", acted.follow_up.party.as_str()), undo: Some(acted.undo.to_string()) }
}

/// Which list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// `open`, `overdue`, `today`, `later`, `done`, `cancelled`.
    view: Option<String>,
    /// `own`, `unit`.
    scope: Option<String>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "follow_ups/index.html", blocks = ["rows"])]
struct IndexPage {
    s: Shell,
    view: &'static str,
    /// What it says when there is nothing in it.
    none: String,
    scope: &'static str,
    sees_unit: bool,
    /// All views, and which is open.
    views: Vec<(&'static str, bool)>,
    tasks: Vec<Task>,
    may_change: bool,
    may_log: bool,
    may_add: bool,
    first: bool,
    next: Option<String>,
    path: String,
}

async fn index(req: Req, Form(filter): Form<Filter>) -> PageResult {
    let views = ["open", "overdue", "today", "later", "done", "cancelled"];
    let view = views.into_iter().find(|view| filter.view.as_deref() == Some(view)).unwrap_or("open");
    let scope = if filter.scope.as_deref() == Some("unit") { "unit" } else { "own" };
    let input = ListFollowUps {
        state: Some(match view {
            "done" => core::State::Done,
            "cancelled" => core::State::Cancelled,
            _ => core::State::Open,
        }),
        due: match view {
            "overdue" => Some(Due::Overdue),
            "today" => Some(Due::Today),
            "later" => Some(Due::Later),
            _ => None,
        },
        mine: scope == "own",
        after: filter.after.clone(),
        ..ListFollowUps::default()
    };
    let list = req.ctx.run(core::list, input).await?;
    let view = IndexPage {
        s: req.shell("follow_ups", req.t("menu-follow-ups")),
        view,
        none: req.t(&format!("follow-ups-none-{view}")),
        scope,
        sees_unit: !matches!(req.ctx.actor.check(Perm(Room::FollowUps, Act::See)), Ok(Sight::Own(_)) | Err(_)),
        views: views.into_iter().map(|name| (name, name == view)).collect(),
        tasks: Task::rows(&req, list.items).await?,
        may_change: req.can(Room::FollowUps, Act::Change),
        may_log: req.can(Room::Interactions, Act::Create),
        may_add: req.can(Room::FollowUps, Act::Create),
        first: filter.after.is_none(),
        next: list.next,
        path: req.path.clone(),
    };
    if req.htmx { page::page(&req, &view.as_rows()) } else { page::page(&req, &view) }
}

#[derive(Template)]
#[template(path = "follow_ups/form.html", blocks = ["form"])]
struct FormPage {
    s: Shell,
    f: FormView,
    /// Where the form goes.
    action: String,
    /// The follow-up that is changed; absent for a new one.
    version: Option<i64>,
    /// The party it is for, when that is settled.
    party: Option<(Id<Party>, String)>,
    in_dialog: bool,
    importances: Options,
    channels: Options,
    owners: Options,
    reminders: Options,
}

async fn owners(req: &Req) -> Result<Options, PageError> {
    let everybody = req.ctx.run(colleagues::list, Nothing {}).await?;
    Ok(everybody.into_iter().map(|one| (one.id.to_string(), one.name)).collect())
}

fn channels(req: &Req) -> Options {
    CHANNELS.iter().map(|word| (word.to_string(), req.loc.term("channel", word.as_str()))).collect()
}

fn reminder(req: &Req, minutes: i64) -> (String, String) {
    (minutes.to_string(), req.loc.t1("follow-ups-remind-before", "minutes", minutes))
}

/// Minutes between the reminder and the due time.
fn minutes_before(one: &FollowUp) -> Option<i64> {
    one.remind_at.map(|remind| (one.due_at.0 - remind.0) / 60_000)
}

/// Offers what a follow-up has along with what is offered to all, so that saving the form changes nothing unasked.
fn offer_its_own(req: &Req, view: &mut FormPage, one: &FollowUp) {
    let offer = |options: &mut Options, own: (String, String)| {
        if !options.iter().any(|(value, _)| *value == own.0) {
            options.push(own);
        }
    };
    offer(&mut view.owners, (one.owner_id.to_string(), one.owner.clone()));
    if let Some(channel) = one.channel {
        offer(&mut view.channels, (channel.to_string(), req.loc.term("channel", channel.as_str())));
    }
    if let Some(minutes) = minutes_before(one) {
        offer(&mut view.reminders, reminder(req, minutes));
    }
}

async fn form_page(
    req: &Req,
    f: FormView,
    of: Option<(Id<FollowUp>, i64)>,
    party: Option<(Id<Party>, String)>,
    in_dialog: bool,
) -> Result<FormPage, PageError> {
    let title = req.t(if of.is_some() { "follow-ups-edit" } else { "follow-ups-new" });
    Ok(FormPage {
        s: req.shell("follow_ups", title).crumb(req.t("menu-follow-ups"), "/follow-ups"),
        f,
        action: of.map_or_else(|| "/follow-ups".to_owned(), |(id, _)| format!("/follow-ups/{id}/edit")),
        version: of.map(|(_, version)| version),
        party,
        in_dialog,
        importances: Importance::ALL.iter().map(|word| (word.to_string(), req.t(&format!("follow-ups-importance-{word}")))).collect(),
        channels: channels(req),
        owners: owners(req).await?,
        reminders: REMINDERS.iter().map(|minutes| reminder(req, *minutes)).collect(),
    })
}

/// A form: its part for a dialog and for htmx, the whole page otherwise.
fn show(req: &Req, view: &FormPage) -> PageResult {
    let part = view.in_dialog || (req.htmx && !view.f.errors().is_empty());
    match (view.f.errors().is_empty(), part) {
        (true, true) => page::page(req, &view.as_form()),
        (true, false) => page::page(req, view),
        (false, true) => unprocessable(&view.as_form()),
        (false, false) => unprocessable(view),
    }
}

async fn named(req: &Req, party: Option<Id<Party>>) -> Result<Option<(Id<Party>, String)>, PageError> {
    let Some(id) = party else { return Ok(None) };
    let party = req.ctx.run(party::get, PartyId { id }).await?;
    Ok(Some((id, party.row.name)))
}

/// For whom a form opens.
#[derive(Clone, Debug, Default, Deserialize)]
struct For {
    party: Option<Id<Party>>,
}

/// An hour in the middle of a time of the day; nobody is called at night.
const fn usual(hours: Hours) -> Option<&'static str> {
    match hours {
        Hours::Morning => Some("10:00"),
        Hours::Noon => Some("13:00"),
        Hours::Afternoon => Some("16:00"),
        Hours::Evening => Some("19:00"),
        Hours::Night => None,
    }
}

async fn fresh(req: Req, Form(given): Form<For>) -> PageResult {
    req.ctx.actor.check(Perm(Room::FollowUps, Act::Create))?;
    let mut values = vec![("importance".to_owned(), "normal".to_owned()), ("remind_minutes".to_owned(), String::new())];
    let tomorrow = req.ctx.today().plus(1);
    values.push(("due".to_owned(), tomorrow.to_string()));
    values.push(("due_text".to_owned(), req.loc.day(tomorrow)));
    values.extend(req.ctx.actor.user().map(|user| ("owner_id".to_owned(), user.to_string())));
    let party = named(&req, given.party).await?;
    if let Some(party_id) = given.party.filter(|_| req.can(Room::Interactions, Act::See)) {
        let known = req.ctx.run(reach::get, GetReach { party_id }).await?;
        values.extend(known.channel.map(|channel| ("channel".to_owned(), channel.to_string())));
        values.extend(known.best_hours.and_then(usual).map(|time| ("time".to_owned(), req.loc.digits(time))));
    }
    show(&req, &form_page(&req, FormView::new(values), None, party, req.dialog).await?)
}

/// The due time of a form: a day and an hour in two fields.
fn due(sent: &Sent, day: &str, time: &str) -> String {
    match (sent.date(day), sent.get(time)) {
        (Some(day), Some(time)) => format!("{day} {time}"),
        (day, _) => day.unwrap_or_default().to_owned(),
    }
}

fn word<T: std::str::FromStr>(sent: &Sent, name: &str) -> Option<T> {
    sent.get(name).and_then(|word| word.parse().ok())
}

async fn create(req: Req, sent: Sent) -> PageResult {
    let party: Option<Id<Party>> = word(&sent, "party");
    let input = NewFollowUp {
        party_id: party,
        customer: sent.get("party_text").map(str::to_owned),
        what: sent.get("what").unwrap_or_default().to_owned(),
        due: due(&sent, "due", "time"),
        owner_id: word(&sent, "owner_id"),
        importance: word(&sent, "importance"),
        channel: word(&sent, "channel"),
        remind_minutes: word(&sent, "remind_minutes"),
    };
    match req.ctx.run(core::create, input).await {
        Ok(made) => acted(&req, &done_flash(&req, "follow-ups-planned", &made)),
        Err(Error::Invalid(problems) | Error::Conflict(problems)) => {
            // The customer that a dialog was opened for stays settled; one that was chosen in a field is in the field.
            let party = if sent.get("settled").is_some() { named(&req, party).await? } else { None };
            let in_dialog = sent.get("in_dialog").is_some();
            show(&req, &form_page(&req, FormView::again(sent, &problems.0, &req.loc), None, party, in_dialog).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn edit(req: Req, Path(id): Path<Id<FollowUp>>) -> PageResult {
    req.ctx.actor.check(Perm(Room::FollowUps, Act::Change))?;
    let one = req.ctx.run(core::get, FollowUpId { id }).await?;
    let day = one.due_at.day(&req.ctx.prefs.time_zone);
    let clock = one.due_at.zoned(&req.ctx.prefs.time_zone);
    let mut values = vec![
        ("what".to_owned(), one.what.clone()),
        ("due".to_owned(), day.to_string()),
        ("due_text".to_owned(), req.loc.day(day)),
        ("owner_id".to_owned(), one.owner_id.to_string()),
        ("importance".to_owned(), one.importance.to_string()),
    ];
    if (clock.hour(), clock.minute()) != DAY_ENDS {
        values.push(("time".to_owned(), req.loc.time(one.due_at)));
    }
    values.extend(one.channel.map(|channel| ("channel".to_owned(), channel.to_string())));
    values.extend(minutes_before(&one).map(|minutes| ("remind_minutes".to_owned(), minutes.to_string())));
    let party = Some((one.party_id, one.party.clone()));
    let mut view = form_page(&req, FormView::new(values), Some((id, one.version)), party, req.dialog).await?;
    offer_its_own(&req, &mut view, &one);
    show(&req, &view)
}

/// A field that may be emptied: nothing is said of it when the form did not have it.
fn patch<T: std::str::FromStr>(sent: &Sent, name: &str) -> Patch<T> {
    match (sent.has(name), sent.get(name)) {
        (false, _) => Patch::Keep,
        (true, None) => Patch::Clear,
        (true, Some(word)) => word.parse().map_or(Patch::Keep, Patch::Set),
    }
}

async fn change(req: Req, Path(id): Path<Id<FollowUp>>, sent: Sent) -> PageResult {
    let version: i64 = word(&sent, "version").unwrap_or_default();
    let input = FollowUpChange {
        id,
        version,
        what: Some(sent.get("what").unwrap_or_default().to_owned()),
        due: Some(due(&sent, "due", "time")),
        owner_id: word(&sent, "owner_id"),
        importance: word(&sent, "importance"),
        channel: patch(&sent, "channel"),
        remind_minutes: patch(&sent, "remind_minutes"),
    };
    match req.ctx.run(core::change, input).await {
        Ok(changed) => acted(&req, &done_flash(&req, "follow-ups-changed", &changed)),
        Err(Error::Invalid(problems) | Error::Conflict(problems)) => {
            let one = req.ctx.run(core::get, FollowUpId { id }).await?;
            let in_dialog = sent.get("in_dialog").is_some();
            let f = FormView::again(sent, &problems.0, &req.loc);
            let party = Some((one.party_id, one.party.clone()));
            let mut view = form_page(&req, f, Some((id, version)), party, in_dialog).await?;
            offer_its_own(&req, &mut view, &one);
            show(&req, &view)
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "follow_ups/act.html", blocks = ["form"])]
struct ActPage {
    s: Shell,
    f: FormView,
    one: FollowUp,
    when: String,
    /// `done`, `snooze`, `hand-over`.
    act: &'static str,
    /// The words of its button.
    go: String,
    in_dialog: bool,
    may_log: bool,
    may_plan: bool,
    results: Options,
    channels: Options,
    owners: Options,
    /// Due time, label, the same in full.
    moments: Vec<(Instant, String, String)>,
}

async fn act_page(req: &Req, id: Id<FollowUp>, act: &'static str, f: FormView, in_dialog: bool) -> Result<ActPage, PageError> {
    req.ctx.actor.check(Perm(Room::FollowUps, Act::Change))?;
    let one = req.ctx.run(core::get, FollowUpId { id }).await?;
    let sees_party = party::within_sight(&req.ctx, [one.party_id]).await?.contains(&one.party_id);
    let results = if act == "done" {
        let list = req.ctx.run(terms::list, ListTerms { list: Some("result".to_owned()) }).await?;
        list.into_iter()
            .filter(|term| term.is_active)
            .map(|term| (term.word.clone(), term.label.unwrap_or_else(|| req.loc.term("result", &term.word))))
            .collect()
    } else {
        Options::new()
    };
    let owners = if act == "hand-over" {
        owners(req).await?.into_iter().filter(|(id, _)| *id != one.owner_id.to_string()).collect()
    } else {
        Options::new()
    };
    Ok(ActPage {
        s: req.shell("follow_ups", req.t(&format!("follow-ups-{act}"))).crumb(req.t("menu-follow-ups"), "/follow-ups"),
        f,
        when: when(&req.loc, one.due_at),
        act,
        go: req.t(&format!("follow-ups-{act}-go")),
        in_dialog,
        may_log: req.can(Room::Interactions, Act::Create),
        may_plan: sees_party && req.can(Room::FollowUps, Act::Create),
        results,
        channels: channels(req),
        owners,
        moments: if act == "snooze" { moments(req, &one) } else { Vec::new() },
        one,
    })
}

/// When a follow-up may be put off to, at the hour that it has.
fn moments(req: &Req, one: &FollowUp) -> Vec<(Instant, String, String)> {
    let zone = &req.ctx.prefs.time_zone;
    let clock = one.due_at.zoned(zone).time();
    let today = req.ctx.today();
    // The shop's week, whatever language its people read in.
    let next_week = Day(next_week(today.0, work_week_start(req.ctx.app.default_prefs().lang)));
    let next_month = add_months(today.0, 1, req.ctx.prefs.calendar).map_or(today.plus(30), Day);
    let mut moments = Vec::new();
    let later = req.ctx.now().zoned(zone).saturating_add(3.hours());
    if later.date() == today.0 && later.hour() < 20 {
        let at = Instant(
            later.with().minute(0).second(0).subsec_nanosecond(0).build().map_or(later.timestamp(), |at| at.timestamp()).as_millisecond(),
        );
        moments.push((at, req.t("follow-ups-snooze-later"), req.loc.time(at)));
    }
    let days = [
        (today.plus(1), "follow-ups-snooze-tomorrow"),
        (today.plus(2), "follow-ups-snooze-two-days"),
        (next_week, "follow-ups-snooze-next-week"),
        (next_month, "follow-ups-snooze-next-month"),
    ];
    for (day, key) in days {
        if let Ok(at) = zone.to_ambiguous_timestamp(day.0.to_datetime(clock)).compatible() {
            moments.push((Instant(at.as_millisecond()), req.t(key), req.loc.day_long(day)));
        }
    }
    // Nothing is put off to an earlier time.
    moments.retain(|(at, ..)| *at > one.due_at);
    moments
}

fn show_act(req: &Req, view: &ActPage) -> PageResult {
    let part = view.in_dialog || (req.htmx && !view.f.errors().is_empty());
    match (view.f.errors().is_empty(), part) {
        (true, true) => page::page(req, &view.as_form()),
        (true, false) => page::page(req, view),
        (false, true) => unprocessable(&view.as_form()),
        (false, false) => unprocessable(view),
    }
}

async fn act_again(req: &Req, id: Id<FollowUp>, act: &'static str, sent: Sent, error: Error) -> PageResult {
    match error {
        Error::Invalid(problems) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let f = FormView::again(sent, &problems.0, &req.loc);
            show_act(req, &act_page(req, id, act, f, in_dialog).await?)
        }
        error => Err(error.into()),
    }
}

async fn done(req: Req, Path(id): Path<Id<FollowUp>>) -> PageResult {
    show_act(&req, &act_page(&req, id, "done", FormView::new(Vec::new()), req.dialog).await?)
}

async fn complete(req: Req, Path(id): Path<Id<FollowUp>>, sent: Sent) -> PageResult {
    let next = sent.get("what").map(|what| NextStep {
        what: what.to_owned(),
        due: due(&sent, "due", "time"),
        owner_id: None,
        importance: None,
        channel: None,
        remind_minutes: None,
    });
    let input = CompleteFollowUp {
        id,
        version: word(&sent, "version"),
        result: sent.get("result").map(str::to_owned),
        text: sent.get("text").map(str::to_owned),
        contact: word(&sent, "contact"),
        next,
    };
    match req.ctx.run(core::complete, input).await {
        Ok(done) => acted(&req, &done_flash(&req, "follow-ups-was-done", &done)),
        Err(error) => act_again(&req, id, "done", sent, error).await,
    }
}

async fn snooze(req: Req, Path(id): Path<Id<FollowUp>>) -> PageResult {
    show_act(&req, &act_page(&req, id, "snooze", FormView::new(Vec::new()), req.dialog).await?)
}

async fn put_off(req: Req, Path(id): Path<Id<FollowUp>>, sent: Sent) -> PageResult {
    let until = sent.get("until").map_or_else(|| due(&sent, "due", "time"), str::to_owned);
    match req.ctx.run(core::snooze, SnoozeFollowUp { id, version: word(&sent, "version"), due: until }).await {
        Ok(later) => {
            let args = [("name", later.follow_up.party.as_str().into()), ("when", when(&req.loc, later.follow_up.due_at).into())];
            acted(&req, &Flash { text: req.loc.ta("follow-ups-snoozed", &args), undo: Some(later.undo.to_string()) })
        }
        Err(error) => act_again(&req, id, "snooze", sent, error).await,
    }
}

async fn hand_over(req: Req, Path(id): Path<Id<FollowUp>>) -> PageResult {
    show_act(&req, &act_page(&req, id, "hand-over", FormView::new(Vec::new()), req.dialog).await?)
}

async fn give(req: Req, Path(id): Path<Id<FollowUp>>, sent: Sent) -> PageResult {
    let outcome = match word(&sent, "owner_id") {
        Some(owner_id) => req.ctx.run(core::hand_over, HandOverFollowUp { id, version: word(&sent, "version"), owner_id }).await,
        None => Err(Error::invalid("owner_id", "input-needed")),
    };
    match outcome {
        Ok(given) => {
            let args = [("name", given.follow_up.party.as_str().into()), ("owner", given.follow_up.owner.as_str().into())];
            acted(&req, &Flash { text: req.loc.ta("follow-ups-handed-over", &args), undo: Some(given.undo.to_string()) })
        }
        Err(error) => act_again(&req, id, "hand-over", sent, error).await,
    }
}

async fn cancel(req: Req, Path(id): Path<Id<FollowUp>>) -> PageResult {
    let gone = req.ctx.run(core::cancel, CancelFollowUp { id, version: None }).await?;
    acted(&req, &done_flash(&req, "follow-ups-cancelled", &gone))
}
