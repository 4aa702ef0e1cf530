//! The rhythm in which customers buy, and those who are silent for longer than their own.

use super::paging;
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::parties::list_of;
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::rhythm::{self, Habit, ListRhythms, PartyRhythm};
use peyvand_core::operation::{Nothing, Page};
use peyvand_core::parties::list::PartyFilters;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Perm, Room};
use serde::Deserialize;

/// Rows of a page.
const ROWS: i64 = 30;
/// Columns of the list that a count leads to.
const COLUMNS: &str = "cols=last_purchase,spent,active,next,owner";

/// Whose rhythm.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    habit: Option<Habit>,
    after: Option<String>,
}

/// A habit with how many have it.
struct Bar {
    label: String,
    about: String,
    count: String,
    share: String,
    href: String,
    /// Length, 0 to 100.
    length: i64,
}

/// A customer of the list.
struct Row {
    p: PartyRhythm,
    every: String,
    silence: String,
    /// For a narrow screen, what the columns say that it leaves out.
    brief: String,
}

#[derive(Template)]
#[template(path = "insight/rhythm.html")]
struct RhythmPage {
    s: Shell,
    sub: String,
    waiting: bool,
    bare: bool,
    bars: Vec<Bar>,
    how: Vec<String>,
    /// Label, address, whether chosen.
    choices: Vec<(String, String, bool)>,
    habit: String,
    rows: Vec<Row>,
    next: Option<String>,
    currency: Currency,
    export: Option<String>,
    sees_customers: bool,
    may_import: bool,
    may_plan: bool,
}

fn label(loc: &Loc, habit: Habit) -> String {
    loc.t(&format!("insight-habit-{habit}"))
}

/// «هر ۳۰ روز».
fn every(loc: &Loc, gap_days: f64) -> String {
    loc.t1("insight-rhythm-every", "days", gap_days.round() as i64)
}

/// «۳٫۲ برابر فاصله‌ی خودش».
fn silence(loc: &Loc, gaps: f64) -> String {
    loc.t1("insight-rhythm-silence", "gaps", loc.rounded(gaps, 1))
}

/// Usual gap and silence of a customer, as their page shows them.
pub(super) fn told(loc: &Loc, gap_days: f64, recency_days: i64) -> String {
    format!("{} · {}", every(loc, gap_days), silence(loc, recency_days as f64 / gap_days))
}

/// The page.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let habit = asked.habit.unwrap_or(Habit::Silent);
    let sees_customers = req.can(Room::Parties, Act::See);
    let counted = req.ctx.run(rhythm::rhythms, Nothing {}).await?;
    let listed = if sees_customers && counted.customers > 0 {
        req.ctx.run(rhythm::customers, ListRhythms { habit: Some(habit), after: asked.after.clone(), limit: Some(ROWS) }).await?
    } else {
        Page { items: Vec::new(), next: None }
    };
    let loc = &req.loc;
    let most = counted.habits.iter().map(|one| one.customers).max().unwrap_or(1).max(1);
    let address = |habit: Habit, after: Option<&str>| {
        let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
        format!("/insight/rhythm?habit={habit}{after}")
    };
    let bar = |one: &rhythm::HabitCount| Bar {
        label: label(loc, one.habit),
        about: loc.t(&format!("insight-habit-{}-about", one.habit)),
        count: loc.number(one.customers),
        share: loc.percent(one.customers as f64 / counted.customers.max(1) as f64),
        href: format!(
            "{}&sort=last_purchase&desc=1&{COLUMNS}",
            list_of(&PartyFilters { habit: Some(one.habit), ..PartyFilters::default() })
        ),
        length: one.customers * 100 / most,
    };
    let row = |p: PartyRhythm| {
        let every = p.gap_days.map(|gap| every(loc, gap)).unwrap_or_default();
        let silence = if p.gap_days.is_some() { silence(loc, p.silence) } else { String::new() };
        let last = p.last_purchase_on.map(|day| loc.t1("today-last-purchase", "when", loc.day_near(day)));
        Row {
            brief: [Some(every.clone()).filter(|every| !every.is_empty()), last].into_iter().flatten().collect::<Vec<_>>().join(" · "),
            every,
            silence,
            p,
        }
    };
    let view = RhythmPage {
        sub: match &counted.fit {
            Some(fit) if counted.customers > 0 => {
                loc.ta("insight-rhythm-sub", &[("customers", counted.customers.into()), ("day", loc.day(fit.as_of).into())])
            }
            _ => loc.t("insight-rhythm-about"),
        },
        waiting: counted.fit.is_none(),
        bare: counted.customers == 0,
        bars: counted.habits.iter().map(bar).collect(),
        how: ["insight-rhythm-how-gaps", "insight-rhythm-how-habits", "insight-rhythm-how-season"].map(|key| loc.t(key)).to_vec(),
        choices: counted.habits.iter().map(|one| (label(loc, one.habit), address(one.habit, None), one.habit == habit)).collect(),
        habit: label(loc, habit),
        rows: listed.items.into_iter().map(row).collect(),
        next: listed.next.as_deref().map(|next| address(habit, Some(next))),
        currency: req.ctx.app.organisation().await?.currency,
        export: (req.can(Room::Insight, Act::Export) && sees_customers && counted.customers > 0)
            .then(|| format!("/insight/rhythm.csv?habit={habit}")),
        sees_customers,
        may_import: req.can(Room::Imports, Act::Create),
        may_plan: req.can(Room::FollowUps, Act::Create),
        s: req.shell("insight", req.t("insight-rhythm")).crumb(req.t("menu-insight"), "/insight"),
    };
    page::page(&req, &view)
}

/// The list as a file.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    req.ctx.actor.check(Perm(Room::Parties, Act::See))?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let currency = req.ctx.app.organisation().await?.currency;
    let columns = ["no", "name", "owner", "habit", "gap", "days", "silence", "occasions", "last", "spent", "active"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("insight-rhythm-column-{column}"))).to_vec()];
    let read = |after| req.ctx.run(rhythm::customers, ListRhythms { habit: asked.habit, after, limit: Some(paging::AT_A_TIME) });
    let put = |lines: &mut Vec<Vec<String>>, found: Page<PartyRhythm>| {
        for one in found.items {
            let spent = Money { minor: one.spent_minor, currency };
            lines.push(vec![
                one.no.to_string(),
                one.name,
                one.owner.unwrap_or_default(),
                label(&loc, one.habit),
                one.gap_days.map(|gap| gap.to_string()).unwrap_or_default(),
                one.recency_days.to_string(),
                one.gap_days.map(|_| format!("{:.2}", one.silence)).unwrap_or_default(),
                one.occasions.to_string(),
                one.last_purchase_on.map(|day| loc.day_short(day)).unwrap_or_default(),
                spent.format(loc.prefs.money_unit, Digits::Latin).replace(',', ""),
                one.p_active.map(|p| format!("{p:.4}")).unwrap_or_default(),
            ]);
        }
        found.next
    };
    paging::all(&mut lines, read, put).await?;
    Ok(super::csv_file("rhythm.csv", &lines).into_response())
}
