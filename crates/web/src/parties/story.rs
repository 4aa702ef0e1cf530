//! A timeline in words: what happened, told in a line and a few details.

use crate::opportunities::{label, rival};
use crate::request::Req;
use peyvand_core::follow_ups::{FollowUp, State};
use peyvand_core::interactions::{self, Channel, Direction, Interaction};
use peyvand_core::parties::timeline::{Happened, RecordEvent, TimelineEntry};
use peyvand_core::platform::money::Currency;
use peyvand_core::sales::purchases::PurchaseWithLines;
use peyvand_core::{Day, Id, Instant};
use serde_json::Value;

/// An entry as the page shows it.
pub struct Entry {
    /// The heading of its day, where a day begins.
    pub day: Option<String>,
    /// Its colour.
    pub tone: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// What.
    pub title: String,
    /// Beside it: who, which way, how much.
    pub details: Vec<String>,
    /// The hour.
    pub time: String,
    /// The moment for machines.
    pub datetime: String,
    /// The moment in full.
    pub full: String,
    /// Below it, paragraph by paragraph.
    pub body: Vec<String>,
    /// An amount below it.
    pub amount: Option<String>,
    /// What passed, where the reader may still correct it or take it back.
    pub correctable: Option<Id<Interaction>>,
}

/// The entries of a page; `currency` is the organisation's, `before` the moment of the last one on the page before, whose day needs no new heading.
#[must_use]
pub fn entries(req: &Req, entries: Vec<TimelineEntry>, before: Option<Instant>, currency: Currency) -> Vec<Entry> {
    let zone = &req.loc.prefs.time_zone;
    let mut last: Option<Day> = before.map(|at| at.day(zone));
    entries
        .into_iter()
        .map(|entry| {
            let day = entry.at.day(zone);
            let heading = (last != Some(day)).then(|| req.loc.day_near(day));
            last = Some(day);
            let mut told = match entry.what {
                Happened::Interaction(one) => interaction(req, one),
                Happened::Purchase(one) => purchase(req, one),
                Happened::FollowUp(one) => follow_up(req, one),
                Happened::Record(one) => record(req, one, currency),
            };
            told.day = heading;
            // A file that tells the day alone stands at its first moment, which is no time of day.
            (told.time, told.full) = match entry.at == Instant::start_of(day, zone) {
                true => (String::new(), req.loc.day(day)),
                false => (req.loc.time(entry.at), req.loc.when_full(entry.at)),
            };
            told.datetime = entry.at.to_string();
            told
        })
        .collect()
}

fn blank(tone: &'static str, icon: &'static str, title: String) -> Entry {
    Entry {
        day: None,
        tone,
        icon,
        title,
        details: Vec::new(),
        time: String::new(),
        datetime: String::new(),
        full: String::new(),
        body: Vec::new(),
        amount: None,
        correctable: None,
    }
}

/// The icon of a way to be in touch.
fn icon(channel: Channel) -> &'static str {
    match channel {
        Channel::Phone => "phone",
        Channel::Sms => "message",
        Channel::Whatsapp => "brand-whatsapp",
        Channel::Telegram => "brand-telegram",
        Channel::Bale | Channel::Eitaa | Channel::Rubika => "message-circle",
        Channel::Instagram => "brand-instagram",
        Channel::Email | Channel::Letter => "mail",
        Channel::InPerson => "users",
        Channel::Visit => "map-pin",
        Channel::Web => "world",
        Channel::Note => "note",
        Channel::Other => "clock",
    }
}

fn interaction(req: &Req, one: Interaction) -> Entry {
    let loc = &req.loc;
    let mut told = blank("lapis", icon(one.channel), loc.term("channel", one.channel.as_str()));
    if one.channel != Channel::Note {
        told.details.push(loc.t(match one.direction {
            Direction::Inbound => "timeline-inbound",
            Direction::Outbound => "timeline-outbound",
        }));
    } else {
        told.tone = "slate";
    }
    told.correctable = interactions::is_correctable(&req.ctx, &one).then_some(one.id);
    told.details.extend(one.reason.as_deref().map(|word| loc.term("reason", word)));
    told.details
        .extend(one.duration_s.filter(|seconds| *seconds > 0).map(|seconds| loc.t1("timeline-minutes", "minutes", (seconds + 59) / 60)));
    told.details.extend(one.staff);
    told.body.extend(one.text.as_deref().into_iter().flat_map(str::lines).filter(|line| !line.trim().is_empty()).map(str::to_owned));
    told.body.extend(one.result.as_deref().map(|word| loc.t1("timeline-result", "result", loc.term("result", word))));
    told
}

fn purchase(req: &Req, one: PurchaseWithLines) -> Entry {
    let loc = &req.loc;
    let back = one.purchase.gross_minor == 0 && one.purchase.refund_minor > 0;
    let mut told = if back {
        blank("saffron", "arrow-back-up", loc.t("timeline-refund"))
    } else {
        blank("teal", "shopping-bag", loc.t("timeline-purchase"))
    };
    told.details.extend(one.purchase.invoice.as_deref().map(|invoice| loc.t1("timeline-invoice", "number", loc.code_apart(invoice))));
    told.details.push(loc.t1("timeline-lines", "count", one.purchase.lines));
    told.details.extend(one.purchase.channel.as_deref().map(|word| loc.term("channel", word)));
    let names: Vec<String> = one.items.iter().filter_map(|line| line.product_name.clone()).collect();
    let rest = one.purchase.lines - one.items.len() as i64;
    if !names.is_empty() {
        let names = names.join(&loc.t("timeline-comma"));
        told.body.push(if rest > 0 { format!("{names} {}", loc.t1("timeline-and-more", "count", rest)) } else { names });
    }
    told.body.extend(one.purchase.note.clone());
    told.amount = Some(loc.amount(one.purchase.net_minor(), one.purchase.currency));
    told
}

fn follow_up(req: &Req, one: FollowUp) -> Entry {
    let loc = &req.loc;
    let (tone, icon, title) = match one.state {
        State::Done => ("peste", "check", "timeline-follow-up-done"),
        State::Cancelled => ("grey", "x", "timeline-follow-up-cancelled"),
        State::Open => ("plum", "calendar-event", "timeline-follow-up-open"),
    };
    let mut told = blank(tone, icon, loc.t(title));
    told.details.push(one.owner);
    if one.state == State::Open {
        told.details.push(loc.t1("timeline-due", "when", crate::follow_ups::when(loc, one.due_at)));
    }
    told.body.push(one.what);
    told.body.extend(one.result.as_deref().map(|word| loc.t1("timeline-result", "result", loc.term("result", word))));
    told.body.extend(one.result_text);
    told
}

fn record(req: &Req, one: RecordEvent, currency: Currency) -> Entry {
    let loc = &req.loc;
    let key = format!("event-{}", one.event.replace(['.', '_'], "-"));
    let title = match (one.event.as_str(), one.data.get("state").and_then(Value::as_str)) {
        ("opportunity.closed", Some("won")) => loc.t("opportunities-was-won"),
        ("opportunity.closed", Some("lost")) => loc.t("opportunities-was-lost"),
        _ if loc.has(&key) => loc.t(&key),
        _ => loc.t("event-other"),
    };
    let room = one.event.split('.').next().unwrap_or_default();
    let (tone, icon) = match room {
        "preference" => ("teal", "bulb"),
        "relation" => ("plum", "affiliate"),
        "consent" if one.event == "consent.withdrawn" => ("anar", "ban"),
        "consent" => ("peste", "shield-check"),
        "identity" => ("saffron", "eye"),
        "opportunity" | "idea" => ("saffron", "star"),
        "survey" => ("teal", "message-circle"),
        "case" => ("saffron", "message-circle"),
        _ => ("slate", "history"),
    };
    let mut told = blank(tone, icon, title);
    told.details.extend(one.actor);
    let text = |name: &str| -> Option<String> { one.data.get(name).and_then(Value::as_str).map(str::to_owned) };
    match room {
        "preference" => {
            let kind = text("kind").unwrap_or_default();
            told.details.insert(0, loc.t(&format!("customer-known-{kind}")));
            told.body.extend(text("term").map(|term| loc.term(&kind, &term)).or_else(|| text("words")));
        }
        "relation" => told.body.extend(text("other")),
        "survey" => survey(req, &one.data, &mut told),
        "case" => {
            told.details.splice(
                0..0,
                text("kind")
                    .map(|kind| loc.t(&format!("cases-kind-{kind}")))
                    .into_iter()
                    .chain(text("reason").map(|word| loc.term("case_reason", &word))),
            );
            told.body.extend(text("text").into_iter().chain(text("action")));
        }
        "contact" | "consent" => {
            let shown = |value: String| if value.starts_with('+') { loc.phone(&value) } else { value };
            told.body.extend(text("value").map(shown));
            told.body.extend(text("was").map(|was| loc.t1("timeline-was", "before", shown(was))));
            told.body.extend(text("how"));
        }
        "address" => told.body.extend(text("city").into_iter().chain(text("line"))),
        "opportunity" => {
            told.body.extend(text("title"));
            let name = |list: &str, word: &str, own: &str| text(word).map(|word| label(loc, list, &word, text(own).as_deref()));
            let ended = matches!(one.event.as_str(), "opportunity.closed" | "opportunity.changed");
            if let Some(reason) = name("lost_reason", "reason", "reason_label").filter(|_| ended) {
                told.body.push(loc.t1("opportunities-because", "reason", reason));
            }
            told.body.extend(rival(loc, name("competitor", "competitor", "competitor_label"), text("offer")));
            let amount = one.data.get("amount_minor").and_then(Value::as_i64);
            told.amount = amount.map(|minor| loc.amount(minor, currency));
        }
        "idea" => told.body.extend(text("text")),
        "party" => {
            told.body.extend(text("tag"));
            let added = one.data.get("added").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
            told.body.extend(added);
            told.body.extend(text("owner"));
        }
        _ => {}
    }
    told
}

/// What they answered, score by score, and in words.
fn survey(req: &Req, data: &Value, told: &mut Entry) {
    let loc = &req.loc;
    let number = |name: &str| data.get(name).and_then(Value::as_i64);
    let said = ["nps", "csat", "ces", "fairness"]
        .iter()
        .filter_map(|kind| Some(loc.t1(&format!("surveys-{kind}-value"), "value", loc.number(number(kind)?))))
        .chain(
            number("respect_sum")
                .zip(number("respect_items"))
                .filter(|(_, items)| *items > 0)
                .map(|(sum, items)| loc.t1("surveys-respect-value", "value", loc.rounded(sum as f64 / items as f64, 1))),
        );
    told.details.splice(0..0, said);
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    told.details.extend(text(&format!("name_{}", loc.lang())).map(str::to_owned));
    told.body.extend(text("words").into_iter().flat_map(str::lines).map(str::to_owned));
}
