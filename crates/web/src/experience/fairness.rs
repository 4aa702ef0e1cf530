//! Fairness: what was found by what customers have in common, one audit, and what explains that a group gets less.

use super::experiment::Bar;
use super::{key_of, problems};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::experience::experiments::Range;
use peyvand_core::experience::fairness::{
    self, AnswerDifference, Attribute, AuditFairness, AuditId, AuditSeen, Cause, Difference, FOUR_FIFTHS, FairnessAudit, FairnessGroup,
    FairnessVerdict, Found, ListAudits, ListDifferences, Measure,
};
use peyvand_core::platform::calendar::parse_date;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::Currency;
use peyvand_core::platform::text::fold_digits;
use peyvand_core::platform::time::{DAY, HOUR};
use peyvand_core::{Act, Day, Error, Fields, Id, Perm, Problem, Room};
use serde::Deserialize;

/// Where it begins.
const HERE: &str = "/experience/fairness";
/// Differences of the first page.
const OPEN: i64 = 20;
/// Audits that are the last of each: one for each thing and trait.
const LATEST: i64 = 100;
/// Days that one may look back.
const DAYS: [i64; 3] = [90, 180, 365];
/// Days that an answer holds unless somebody says otherwise.
const HOLDS: i64 = 90;

const fn tone(verdict: FairnessVerdict) -> &'static str {
    match verdict {
        FairnessVerdict::Unequal => "anar",
        FairnessVerdict::Look => "saffron",
        FairnessVerdict::Ok => "peste",
        FairnessVerdict::Insufficient => "grey",
    }
}

const fn icon(verdict: FairnessVerdict) -> &'static str {
    match verdict {
        FairnessVerdict::Unequal => "alert-triangle",
        FairnessVerdict::Look => "search",
        FairnessVerdict::Ok => "check",
        FairnessVerdict::Insufficient => "hourglass",
    }
}

fn verdict_words(loc: &Loc, verdict: FairnessVerdict) -> String {
    loc.t(&key_of("fairness-verdict-", verdict.as_str()))
}

fn measure_words(loc: &Loc, measure: Measure) -> String {
    loc.t(&key_of("fairness-measure-", measure.as_str()))
}

fn attribute_words(loc: &Loc, attribute: Attribute) -> String {
    loc.t(&key_of("fairness-by-", attribute.as_str()))
}

/// What a group is called.
fn group_name(loc: &Loc, attribute: Attribute, value: &str, name: Option<&str>) -> String {
    if value.is_empty() {
        return loc.t(&key_of("fairness-unknown-", attribute.as_str()));
    }
    match attribute {
        Attribute::Gender => loc.term("gender", value),
        Attribute::Source => loc.term("source", value),
        Attribute::Age => loc.t(&key_of("fairness-age-", value)),
        Attribute::Language => loc.t(&key_of("fairness-lang-", value)),
        Attribute::City | Attribute::Staff => name.unwrap_or(value).to_owned(),
    }
}

fn between(loc: &Loc, range: Range, of: impl Fn(f64) -> String) -> String {
    loc.ta("insight-between", &[("low", of(range.low).into()), ("high", of(range.high).into())])
}

/// A share as a part of another: 0.62.
fn ratio(loc: &Loc, value: f64) -> String {
    loc.rounded(value, 2)
}

/// What it comes to for each, in the unit of the measure.
fn worth(loc: &Loc, measure: Measure, currency: Currency, worth: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shares and waits are small numbers")]
    let number = worth as f64;
    match measure {
        Measure::Respect => loc.percent(number / 10_000.0),
        Measure::Wait if worth >= 3 * DAY => loc.t1("fairness-days", "days", loc.rounded(number / DAY as f64, 1)),
        Measure::Wait => loc.t1("fairness-hours", "hours", loc.rounded(number / HOUR as f64, 1)),
        Measure::Discount | Measure::Gift | Measure::Benefit | Measure::Price => loc.amount_short(worth, currency),
    }
}

/// A difference that waits for an answer, as a row shows it.
struct OpenRow {
    href: String,
    title: String,
    tone: &'static str,
    icon: &'static str,
    verdict: String,
    about: String,
}

fn open_row(loc: &Loc, one: &Difference) -> OpenRow {
    let group = group_name(loc, one.attribute, &one.value, one.name.as_deref());
    OpenRow {
        href: format!("{HERE}/{}/answer/{}", one.audit_id, one.id),
        title: loc.ta("fairness-of", &[("measure", measure_words(loc, one.measure).into()), ("group", group.into())]),
        tone: tone(one.found.verdict),
        icon: icon(one.found.verdict),
        verdict: verdict_words(loc, one.found.verdict),
        about: [Some(beside(loc, &one.found)), Some(loc.when(one.since))].into_iter().flatten().collect::<Vec<_>>().join(" · "),
    }
}

/// What was found of a group, in a sentence.
fn beside(loc: &Loc, found: &Found) -> String {
    let share = found.share.map(|share| loc.percent(share.value)).unwrap_or_default();
    let Some(part) = found.stratified.or(found.raw) else { return share };
    loc.ta(
        "fairness-beside",
        &[
            ("share", share.into()),
            ("count", found.customers.into()),
            ("ratio", ratio(loc, part.value).into()),
            ("range", between(loc, part, |value| ratio(loc, value)).into()),
        ],
    )
}

/// A cell of the table of the last audits.
struct Cell {
    href: String,
    tone: &'static str,
    icon: &'static str,
    words: String,
}

struct Row {
    name: String,
    about: String,
    cells: Vec<Option<Cell>>,
}

#[derive(Template)]
#[template(path = "experience/fairness.html")]
struct IndexPage {
    s: Shell,
    tab: &'static str,
    open: Vec<OpenRow>,
    more: Option<String>,
    heads: Vec<String>,
    rows: Vec<Row>,
    made: Option<String>,
    is_empty: bool,
    is_first: bool,
    days: Vec<(String, String)>,
    how: Vec<String>,
    may_audit: bool,
}

/// Where a list goes on.
#[derive(Deserialize)]
pub struct Asked {
    after: Option<String>,
}

/// What needs an answer, and the last audits.
pub async fn index(req: Req, Query(Asked { after }): Query<Asked>) -> PageResult {
    let is_first = after.is_none();
    let open = req.ctx.run(fairness::open, ListDifferences { after, limit: Some(OPEN) }).await?;
    let latest = ListAudits { latest: true, limit: Some(LATEST), ..ListAudits::default() };
    let latest = req.ctx.run(fairness::list, latest).await?.items;
    let loc = &req.loc;
    let attributes: Vec<Attribute> =
        Attribute::ALL.iter().copied().filter(|attribute| latest.iter().any(|one| one.attribute == *attribute)).collect();
    let cell = |measure: Measure, attribute: Attribute| {
        let one = latest.iter().find(|one| one.measure == measure && one.attribute == attribute)?;
        Some(Cell {
            href: format!("{HERE}/{}", one.id),
            tone: tone(one.verdict),
            icon: icon(one.verdict),
            words: verdict_words(loc, one.verdict),
        })
    };
    let row = |measure: Measure| Row {
        name: measure_words(loc, measure),
        about: loc.t(&key_of("fairness-about-", measure.as_str())),
        cells: attributes.iter().map(|attribute| cell(measure, *attribute)).collect(),
    };
    let view = IndexPage {
        s: req.shell("experience", req.t("fairness")).crumb(req.t("menu-experience"), "/experience"),
        tab: "fairness",
        open: open.items.iter().map(|one| open_row(loc, one)).collect(),
        more: open.next.map(|next| format!("{HERE}?after={}", percent(&next))),
        heads: attributes.iter().map(|attribute| attribute_words(loc, *attribute)).collect(),
        rows: Measure::ALL
            .iter()
            .filter(|measure| latest.iter().any(|one| one.measure == **measure))
            .map(|measure| row(*measure))
            .collect(),
        made: latest.first().map(|one| loc.t1("fairness-made", "when", loc.when(one.created_at))),
        is_empty: latest.is_empty(),
        is_first,
        days: DAYS.iter().map(|days| (days.to_string(), loc.t1("fairness-last-days", "days", *days))).collect(),
        how: how(loc),
        may_audit: req.can(Room::Experience, Act::Create),
    };
    page(&req, &view)
}

fn how(loc: &Loc) -> Vec<String> {
    ["verdicts", "raw", "stratified", "holm", "four-fifths"].iter().map(|line| loc.t(&format!("fairness-how-{line}"))).collect()
}

/// Looks now.
pub async fn audit(req: Req, sent: Sent) -> PageResult {
    let days = sent.get("days").and_then(|days| fold_digits(days).parse().ok());
    let text = match req.ctx.run(fairness::audit, AuditFairness { days, ..AuditFairness::default() }).await {
        Ok(found) if found.items.is_empty() => req.t("fairness-nobody"),
        Ok(found) => {
            let made = i64::try_from(found.items.len()).unwrap_or(i64::MAX);
            req.loc.ta("fairness-audited", &[("count", made.into()), ("odd", found.odd.into())])
        }
        Err(error) => problems(error)?.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" "),
    };
    Ok(go(&req, HERE, Some(Flash { text, undo: None })))
}

/// An audit as the list of all shows it.
struct AuditRow {
    href: String,
    title: String,
    tone: &'static str,
    verdict: String,
    about: Vec<String>,
}

#[derive(Template)]
#[template(path = "experience/fairness-audits.html")]
struct AuditsPage {
    s: Shell,
    rows: Vec<AuditRow>,
    next: Option<String>,
}

fn title(loc: &Loc, audit: &FairnessAudit) -> String {
    let by = attribute_words(loc, audit.attribute);
    loc.ta("fairness-title", &[("measure", measure_words(loc, audit.measure).into()), ("by", by.into())])
}

fn about(loc: &Loc, audit: &FairnessAudit) -> Vec<String> {
    let days = loc.ta("fairness-window", &[("from", loc.day(audit.from_on).into()), ("until", loc.day(audit.until_on).into())]);
    let who = if audit.is_asked { audit.creator.clone().unwrap_or_else(|| loc.t("fairness-asked")) } else { loc.t("fairness-monthly") };
    vec![days, loc.t1(&key_of("fairness-counted-", audit.measure.as_str()), "count", audit.customers), who, loc.when(audit.created_at)]
}

/// All audits, newest first.
pub async fn audits(req: Req, Query(Asked { after }): Query<Asked>) -> PageResult {
    let listed = req.ctx.run(fairness::list, ListAudits { after, ..ListAudits::default() }).await?;
    let loc = &req.loc;
    let row = |one: &FairnessAudit| AuditRow {
        href: format!("{HERE}/{}", one.id),
        title: title(loc, one),
        tone: tone(one.verdict),
        verdict: verdict_words(loc, one.verdict),
        about: about(loc, one),
    };
    let view = AuditsPage {
        s: req.shell("experience", req.t("fairness-audits")).crumb(req.t("menu-experience"), "/experience").crumb(req.t("fairness"), HERE),
        rows: listed.items.iter().map(row).collect(),
        next: listed.next.map(|next| format!("{HERE}/audits?after={}", percent(&next))),
    };
    page(&req, &view)
}

/// What was said of a group, in words.
struct Said {
    cause: String,
    words: String,
    about: String,
    is_over: bool,
}

/// A group as a row shows it.
struct GroupRow {
    name: String,
    is_judged: bool,
    is_best: bool,
    tone: &'static str,
    icon: &'static str,
    verdict: String,
    why: Option<String>,
    share: String,
    share_range: String,
    counted: String,
    raw: Option<(String, String)>,
    stratified: Option<(String, String)>,
    bar: Option<Bar>,
    difference: Option<String>,
    worth: Option<String>,
    said: Option<Said>,
    /// Where it is answered, for who may.
    answer: Option<String>,
}

/// From nothing to a little more than the best; a longer interval goes beyond the edge.
const EDGE: f64 = 1.6;

/// The line of a ratio, with four fifths marked.
fn bar(of: Range, verdict: FairnessVerdict) -> Bar {
    let place = |value: f64| (value / EDGE * 100.0).clamp(0.0, 100.0);
    let per_cent = |value: f64| format!("{value:.2}%");
    Bar {
        class: match verdict {
            FairnessVerdict::Unequal => "neg",
            FairnessVerdict::Ok => "pos",
            FairnessVerdict::Look | FairnessVerdict::Insufficient => "unk",
        },
        zero: per_cent(place(FOUR_FIFTHS)),
        from: per_cent(place(of.low)),
        length: per_cent(place(of.high) - place(of.low)),
        at: per_cent(place(of.value)),
    }
}

fn group_row(req: &Req, audit: &FairnessAudit, one: &FairnessGroup) -> GroupRow {
    let loc = &req.loc;
    let found = &one.found;
    let part = |range: Option<Range>| range.map(|range| (ratio(loc, range.value), between(loc, range, |value| ratio(loc, value))));
    let may_answer = found.verdict.needs_answer() && req.can(Room::Experience, Act::Change);
    let percent_of = |value: f64| loc.percent(value);
    GroupRow {
        name: group_name(loc, audit.attribute, &one.value, one.name.as_deref()),
        is_judged: found.lack.is_none(),
        is_best: found.is_best,
        tone: tone(found.verdict),
        icon: icon(found.verdict),
        verdict: verdict_words(loc, found.verdict),
        why: found.lack.map(|lack| loc.t(&key_of("fairness-lack-", lack.as_str()))),
        share: found.share.map_or_else(|| "–".to_owned(), |share| percent_of(share.value)),
        share_range: found.share.map(|share| between(loc, share, percent_of)).unwrap_or_default(),
        counted: loc.ta("fairness-given-of", &[("given", found.given.into()), ("count", found.customers.into())]),
        raw: part(found.raw),
        stratified: part(found.stratified),
        bar: found.stratified.or(found.raw).map(|range| bar(range, found.verdict)),
        difference: found.difference.map(|difference| {
            let points = |value: f64| loc.rounded(value * 100.0, 1);
            let range = between(loc, difference, points);
            loc.ta("fairness-difference", &[("points", points(difference.value).into()), ("range", range.into())])
        }),
        worth: found.worth.map(|of| worth(loc, audit.measure, audit.currency, of)),
        said: one.answer.as_ref().filter(|_| found.verdict.needs_answer()).map(|answer| Said {
            cause: loc.t(&key_of("fairness-cause-", answer.cause.as_str())),
            words: answer.words.clone(),
            about: [answer.creator.clone(), Some(loc.t1("fairness-holds-until", "day", loc.day(answer.until_on)))]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" · "),
            is_over: answer.until_on < loc.today(),
        }),
        answer: may_answer.then(|| format!("{HERE}/{}/answer/{}", audit.id, one.id)),
    }
}

#[derive(Template)]
#[template(path = "experience/fairness-audit.html")]
struct AuditPage {
    s: Shell,
    about: Vec<String>,
    tone: &'static str,
    verdict: String,
    counts: String,
    worth: String,
    rows: Vec<GroupRow>,
    left_out: Option<String>,
    how: Vec<String>,
}

/// One audit.
pub async fn show(req: Req, Path(id): Path<Id<FairnessAudit>>) -> PageResult {
    let AuditSeen { audit, groups } = req.ctx.run(fairness::get, AuditId { id }).await?;
    let loc = &req.loc;
    let view = AuditPage {
        s: req.shell("experience", title(loc, &audit)).crumb(req.t("menu-experience"), "/experience").crumb(req.t("fairness"), HERE),
        about: about(loc, &audit),
        tone: tone(audit.verdict),
        verdict: verdict_words(loc, audit.verdict),
        counts: loc.t(&key_of("fairness-about-", audit.measure.as_str())),
        worth: loc.t(&key_of("fairness-worth-", audit.measure.as_str())),
        rows: groups.iter().map(|one| group_row(&req, &audit, one)).collect(),
        left_out: (audit.left_out > 0).then(|| loc.t1("fairness-left-out", "count", audit.left_out)),
        how: how(loc),
    };
    page(&req, &view)
}

#[derive(Template)]
#[template(path = "experience/fairness-answer.html")]
struct AnswerPage {
    s: Shell,
    f: FormView,
    here: String,
    found: String,
    tone: &'static str,
    icon: &'static str,
    verdict: String,
    causes: Vec<(String, String)>,
}

async fn answer_page(req: &Req, id: Id<FairnessAudit>, group: Id<FairnessGroup>, f: FormView) -> Result<AnswerPage, PageError> {
    req.ctx.actor.check(Perm(Room::Experience, Act::Change))?;
    let AuditSeen { audit, groups } = req.ctx.run(fairness::get, AuditId { id }).await?;
    let one = groups.into_iter().find(|one| one.id == group).ok_or(Error::NotFound("fairness group"))?;
    let loc = &req.loc;
    let name = group_name(loc, audit.attribute, &one.value, one.name.as_deref());
    let words = loc.ta("fairness-of", &[("measure", measure_words(loc, audit.measure).into()), ("group", name.into())]);
    Ok(AnswerPage {
        s: req
            .shell("experience", words)
            .crumb(req.t("menu-experience"), "/experience")
            .crumb(req.t("fairness"), HERE)
            .crumb(title(loc, &audit), format!("{HERE}/{id}")),
        f,
        here: format!("{HERE}/{id}/answer/{group}"),
        found: beside(loc, &one.found),
        tone: tone(one.found.verdict),
        icon: icon(one.found.verdict),
        verdict: verdict_words(loc, one.found.verdict),
        causes: Cause::ALL.iter().map(|cause| (cause.to_string(), loc.t(&key_of("fairness-cause-", cause.as_str())))).collect(),
    })
}

/// The form of an answer.
pub async fn ask(req: Req, Path((id, group)): Path<(Id<FairnessAudit>, Id<FairnessGroup>)>) -> PageResult {
    let until = req.loc.today().plus(HOLDS);
    let values = [("cause", "rule".to_owned()), ("until", until.to_string()), ("until_text", req.loc.day_short(until))]
        .map(|(name, value)| (name.to_owned(), value));
    page(&req, &answer_page(&req, id, group, FormView::new(values.to_vec())).await?)
}

async fn said(req: &Req, group: Id<FairnessGroup>, sent: &Sent) -> Result<(), Error> {
    let mut fields = Fields::default();
    let until = sent.date("until").ok_or_else(|| Problem::new("until", "input-needed")).and_then(|text| {
        let read = parse_date(text, req.loc.prefs.calendar, req.loc.today().0);
        read.map(Day).map_err(|problem| Problem::new("until", problem.key()))
    });
    let until = fields.take(until);
    let cause =
        fields.take(sent.get("cause").and_then(|word| word.parse::<Cause>().ok()).ok_or_else(|| Problem::new("cause", "input-choice")));
    let words = sent.get("words").unwrap_or_default().to_owned();
    if words.is_empty() {
        fields.add("words", "input-needed");
    }
    fields.check()?;
    let (Some(cause), Some(until)) = (cause, until) else { return Err(Error::invalid("cause", "input-choice")) };
    req.ctx.run(fairness::answer, AnswerDifference { id: group, cause, words, until }).await.map(|_| ())
}

/// Keeps what explains it.
pub async fn answer(req: Req, Path((id, group)): Path<(Id<FairnessAudit>, Id<FairnessGroup>)>, sent: Sent) -> PageResult {
    match said(&req, group, &sent).await {
        Ok(()) => Ok(go(&req, &format!("{HERE}/{id}"), Some(Flash { text: req.t("fairness-answered"), undo: None }))),
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&answer_page(&req, id, group, FormView::again(sent, &problems, &req.loc)).await?)
        }
    }
}
