//! What counts as a bad answer, how long each stage of a case may take, and when the shop is open.

use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell};
use crate::request::Req;
use askama::Template;
use jiff::civil::Weekday;
use peyvand_core::operation::Nothing;
use peyvand_core::platform::calendar::{parse_date, week_start, weekday_name};
use peyvand_core::platform::text::fold_digits;
use peyvand_core::service::clock::ShopHours;
use peyvand_core::service::voice_settings::{self, Hours, VoiceSettings};
use peyvand_core::{Act, Day, Error, Fields, Perm, Problem, Room, Sight};

/// Where the page is.
const HERE: &str = "/service/cases/settings";

#[derive(Template)]
#[template(path = "service/case-settings.html")]
struct SettingsPage {
    s: Shell,
    f: FormView,
    /// Of each severity, what stands above its hours, and their names and labels.
    hours: Vec<(String, Vec<(String, String)>)>,
    /// Numbers of the days of the week, their names, whether the shop is open.
    days: Vec<(i64, String, bool)>,
    opens: Vec<(String, String)>,
    closes: Vec<(String, String)>,
    /// Days on which it is closed all the same: as stored and in words.
    closed_on: Vec<(String, String)>,
    /// Where the words of cases are changed, for who may.
    words: bool,
}

/// Whether the choice is the reader's to make: it holds for the cases of all customers.
pub(super) fn may(req: &Req) -> bool {
    matches!(req.ctx.actor.check(Perm(Room::Service, Act::Change)), Ok(Sight::All))
}

fn settings_page(req: &Req, chosen: &VoiceSettings, f: Option<FormView>) -> SettingsPage {
    let loc = &req.loc;
    let mut values = vec![
        ("nps".to_owned(), loc.number(chosen.nps)),
        ("csat".to_owned(), loc.number(chosen.csat)),
        ("ces".to_owned(), loc.number(chosen.ces)),
        ("respect".to_owned(), loc.number(chosen.respect)),
        ("cooldown_days".to_owned(), loc.number(chosen.cooldown_days)),
        ("from".to_owned(), chosen.shop.from.to_string()),
        ("until".to_owned(), chosen.shop.until.to_string()),
    ];
    for (name, hours) in [("slight", chosen.slight), ("usual", chosen.usual), ("severe", chosen.severe)] {
        for (stage, hours) in [("take", hours.take), ("answer", hours.answer), ("close", hours.close)] {
            values.push((format!("{name}_{stage}"), loc.number(hours)));
        }
    }
    let mut weekday: Weekday = week_start(loc.prefs.lang);
    let days = (0..7)
        .map(|_| {
            let number = i64::from(weekday.to_monday_one_offset());
            let day = (number, weekday_name(weekday, loc.prefs.lang).to_owned(), chosen.shop.days.contains(&number));
            weekday = weekday.next();
            day
        })
        .collect();
    let hour = |hour: i64| (hour.to_string(), loc.digits(&format!("{hour}:00")));
    let hours_of = |(name, severity): (&str, &str)| {
        let field = |stage: &str| (format!("{name}_{stage}"), loc.t(&format!("cases-settings-{stage}")));
        (loc.t1("cases-settings-hours", "severity", loc.t(severity)), ["take", "answer", "close"].map(field).to_vec())
    };
    SettingsPage {
        hours: [("severe", "cases-severity-3"), ("usual", "cases-severity-2"), ("slight", "cases-severity-1")].map(hours_of).to_vec(),
        f: f.unwrap_or_else(|| FormView::new(values)),
        days,
        opens: (0..24).map(hour).collect(),
        closes: (1..=24).map(hour).collect(),
        closed_on: chosen.shop.closed_on.iter().map(|day| (day.to_string(), loc.day_long(day))).collect(),
        words: req.can(Room::Settings, Act::Change),
        s: req.shell("service", req.t("cases-settings")).crumb(req.t("menu-service"), "/service").crumb(req.t("cases"), "/service/cases"),
    }
}

/// The choice as it stands.
pub(super) async fn show(req: Req) -> PageResult {
    crate::layers::signed_in(&req)?;
    let perm = Perm(Room::Service, Act::Change);
    if !may(&req) {
        return Err(Error::Forbidden(perm).into());
    }
    let chosen = req.ctx.run(voice_settings::get, Nothing {}).await?;
    page::page(&req, &settings_page(&req, &chosen, None))
}

/// What the form says; a number that is none is refused at its field by the bounds.
fn read(req: &Req, sent: &Sent) -> (VoiceSettings, Fields) {
    let number = |name: &str| sent.get(name).and_then(|text| fold_digits(text).parse().ok()).unwrap_or(-1);
    let hours = |name: &str| Hours {
        take: number(&format!("{name}_take")),
        answer: number(&format!("{name}_answer")),
        close: number(&format!("{name}_close")),
    };
    let mut problems = Fields::default();
    let mut closed_on: Vec<Day> = sent.all("closed_on").iter().filter_map(|day| day.parse().ok()).collect();
    if let Some(text) = sent.date("closed_new") {
        let day = parse_date(text, req.loc.prefs.calendar, req.loc.today().0).map(Day);
        closed_on.extend(problems.take(day.map_err(|problem| Problem::new("closed_new", problem.key()))));
    }
    closed_on.sort_unstable();
    closed_on.dedup();
    let mut days: Vec<i64> = sent.all("days").iter().filter_map(|day| day.parse().ok()).collect();
    days.sort_unstable();
    let chosen = VoiceSettings {
        nps: number("nps"),
        csat: number("csat"),
        ces: number("ces"),
        respect: number("respect"),
        slight: hours("slight"),
        usual: hours("usual"),
        severe: hours("severe"),
        shop: ShopHours { days, from: number("from"), until: number("until"), closed_on },
        cooldown_days: number("cooldown_days"),
    };
    (chosen, problems)
}

/// Changes the choice.
pub(super) async fn save(req: Req, sent: Sent) -> PageResult {
    let (chosen, problems) = read(&req, &sent);
    let outcome = match problems.check() {
        Ok(()) => req.ctx.run(voice_settings::put, chosen.clone()).await,
        Err(problems) => Err(problems),
    };
    match outcome {
        Ok(_) => Ok(page::go(&req, HERE, Some(Flash { text: req.t("surveys-saved"), undo: None }))),
        Err(Error::Invalid(mut problems)) => {
            // The hours of a severity stand in three fields; the first of them says what is wrong.
            for problem in &mut problems.0 {
                if ["slight", "usual", "severe"].contains(&problem.field.as_ref()) {
                    problem.field = format!("{}_take", problem.field).into();
                }
            }
            let f = FormView::again(sent, &problems.0, &req.loc);
            page::unprocessable(&settings_page(&req, &chosen, Some(f)))
        }
        Err(error) => Err(error.into()),
    }
}
