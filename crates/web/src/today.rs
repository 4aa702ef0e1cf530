//! The day: what needs somebody, and how their own work goes. It is also where the address of the program leads.

use crate::State;
use crate::error::PageResult;
use crate::follow_ups::Task;
use crate::page::{self, Shell};
use crate::parties::list_of;
use crate::request::{Form, Req};
use crate::service::beside::{self, LateBox};
use askama::Template;
use axum::routing::get;
use peyvand_core::today::{self as core, GetToday, MyNumbers, Part, Scope, Waiting};
use peyvand_core::{Act, Error, Room};

/// Customers of each part that the page shows; the number beside its name tells of the rest.
const CUSTOMERS: usize = 7;

/// The addresses of the room.
pub fn routes() -> axum::Router<State> {
    axum::Router::new().route("/today", get(index))
}

/// Tasks with their number in words.
struct Tasks {
    rows: Vec<Task>,
    count: String,
    /// Whether there are more than the rows.
    more: bool,
}

/// Customers with their number in words.
struct Customers {
    /// `silent`, `no-next-step`, `new`.
    name: &'static str,
    icon: &'static str,
    rows: Vec<(Waiting, String)>,
    count: String,
    /// Where the rest is, when there is more.
    all: Option<String>,
}

#[derive(Template)]
#[template(path = "today.html", blocks = ["day"])]
struct TodayPage {
    s: Shell,
    greeting: String,
    long: String,
    everywhere: String,
    scope: &'static str,
    sees_unit: bool,
    overdue: Tasks,
    due_today: Tasks,
    /// All that is still to be done today, in words; nothing for nothing.
    left: Option<String>,
    customers: Vec<Customers>,
    /// Complaints and questions whose time has passed.
    late: Option<LateBox>,
    /// Acts of respect that are due.
    lines: Vec<crate::experience::respect::Line>,
    may_act: bool,
    numbers: Option<Numbers>,
    may_change: bool,
    may_log: bool,
    may_add: bool,
    may_import: bool,
    may_invite: bool,
    may_plan: bool,
    /// Nothing at all to show.
    bare: bool,
    /// Whether there is any customer that the user may see.
    has_customers: bool,
}

/// The user's own numbers as they are shown.
struct Numbers {
    done: String,
    of: String,
    percent: i64,
    percent_words: String,
    week: String,
    kept: Option<Kept>,
    logged: String,
}

/// How many per cent, of how many.
struct Kept {
    percent: String,
    of: String,
}

fn numbers(req: &Req, mine: MyNumbers, left: i64, more: bool) -> Numbers {
    let of = mine.done_today + left;
    let percent = if of == 0 { 0 } else { mine.done_today * 100 / of };
    Numbers {
        done: req.loc.number(mine.done_today),
        of: with_more(req, of, more),
        percent,
        percent_words: req.loc.t1("today-done-percent", "percent", percent),
        week: req.loc.number(mine.done_week),
        kept: (mine.done_week > 0)
            .then(|| Kept { percent: req.loc.number(mine.kept_week * 100 / mine.done_week), of: req.loc.number(mine.done_week) }),
        logged: req.loc.number(mine.logged_today),
    }
}

fn with_more(req: &Req, count: i64, more: bool) -> String {
    if more { req.loc.t1("today-more-than", "count", count) } else { req.loc.number(count) }
}

async fn tasks(req: &Req, part: Part<peyvand_core::follow_ups::FollowUp>) -> Result<Tasks, Error> {
    let more = part.count > part.items.len() as i64;
    Ok(Tasks { count: with_more(req, part.count, part.more), rows: Task::rows(req, part.items).await?, more })
}

fn customers(req: &Req, scope: Scope, which: core::Customers, part: Part<Waiting>) -> Customers {
    let (name, icon) = match which {
        core::Customers::Silent => ("silent", "clock-pause"),
        core::Customers::NoNextStep => ("no-next-step", "calendar-off"),
        core::Customers::New => ("new", "user-plus"),
    };
    let why = |one: &Waiting| match (which, one.last_contact_at) {
        (core::Customers::New, _) => req.loc.t1("today-added", "when", req.loc.when(one.created_at)),
        (_, Some(at)) => req.loc.t1("today-last-contact", "when", req.loc.day_near(at.day(&req.loc.prefs.time_zone))),
        (_, None) => match one.last_purchase_on {
            Some(day) => req.loc.t1("today-last-purchase", "when", req.loc.day_near(day)),
            None => req.t("today-no-contact"),
        },
    };
    Customers {
        all: (part.items.len() > CUSTOMERS).then(|| list_of(&core::filters(&req.ctx, which, scope))),
        name,
        icon,
        count: with_more(req, part.count, part.more),
        rows: part
            .items
            .into_iter()
            .take(CUSTOMERS)
            .map(|one| {
                let why = why(&one);
                (one, why)
            })
            .collect(),
    }
}

async fn index(req: Req, Form(input): Form<GetToday>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let today = req.ctx.run(core::get, input).await?;
    let hour = req.ctx.now().zoned(&req.ctx.prefs.time_zone).hour();
    let greeting = match hour {
        4..=11 => "today-morning",
        12..=16 => "today-afternoon",
        _ => "today-evening",
    };
    let s = req.shell("today", req.t("menu-today"));
    let left = today.overdue.count + today.due_today.count;
    let more = today.overdue.more || today.due_today.more;
    let view = TodayPage {
        greeting: req.loc.t1(greeting, "name", s.user.as_deref().unwrap_or_default()),
        s,
        long: req.loc.day_long(today.day),
        everywhere: other_calendars(&req, today.day),
        scope: today.scope.as_str(),
        sees_unit: today.sees_unit,
        left: (left > 0).then(|| with_more(&req, left, more)),
        numbers: today.numbers.filter(|_| today.scope == Scope::Own).map(|mine| numbers(&req, mine, left, more)),
        bare: left == 0 && today.silent.count + today.no_next_step.count + today.new.count == 0,
        has_customers: today.has_customers,
        overdue: tasks(&req, today.overdue).await?,
        due_today: tasks(&req, today.due_today).await?,
        lines: crate::experience::respect::of_day(&req).await?,
        may_act: req.can(Room::Interactions, Act::Create),
        customers: vec![
            customers(&req, today.scope, core::Customers::Silent, today.silent),
            customers(&req, today.scope, core::Customers::NoNextStep, today.no_next_step),
            customers(&req, today.scope, core::Customers::New, today.new),
        ],
        late: beside::late(&req, today.scope == Scope::Own).await?,
        may_change: req.can(Room::FollowUps, Act::Change),
        may_log: req.can(Room::Interactions, Act::Create),
        may_add: req.can(Room::Parties, Act::Create),
        may_import: req.can(Room::Imports, Act::Create),
        may_invite: req.can(Room::Organisation, Act::Create),
        may_plan: req.can(Room::FollowUps, Act::Create),
    };
    if req.htmx { page::page(&req, &view.as_day()) } else { page::page(&req, &view) }
}

/// The day in the calendars that the reader does not use: colleagues and papers may.
fn other_calendars(req: &Req, day: peyvand_core::Day) -> String {
    let own = req.loc.day(day);
    req.loc.day_everywhere(day).split(" · ").filter(|other| *other != own).collect::<Vec<_>>().join(" · ")
}
