//! Asking by rule: the rules, who was asked, and why others were not.

use super::name_in;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::http::HeaderMap;
use peyvand_core::operation::Nothing;
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::text::fold_digits;
use peyvand_core::service::ask_rules::{self, AskAfter, AskRule, ChangeAskRule, NewAskRule};
use peyvand_core::service::asks::{self as core, Ask, AskOutcome, GetAskOutcomes, ListAsks};
use peyvand_core::service::voice_settings;
use peyvand_core::{Act, Error, Id, Room};
use serde::Deserialize;

/// Occasions of a page.
const ROWS: i64 = 50;
/// Where the page is.
const HERE: &str = "/service/asks";

/// Which occasions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    outcome: Option<AskOutcome>,
    waiting: Option<bool>,
    party: Option<Id<Party>>,
    after: Option<String>,
}

impl Asked {
    fn address(&self) -> String {
        let parts = [
            self.outcome.map(|outcome| format!("outcome={outcome}")),
            self.waiting.map(|waiting| format!("waiting={waiting}")),
            self.party.map(|party| format!("party={party}")),
            self.after.as_ref().map(|after| format!("after={after}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { HERE.to_owned() } else { format!("{HERE}?{}", parts.join("&")) }
    }
}

/// An occasion as a row shows it.
pub(crate) struct Line {
    party: Id<Party>,
    name: String,
    pub(crate) outcome: String,
    pub(crate) tone: &'static str,
    /// After what it was and what would have been asked.
    pub(crate) occasion: String,
    pub(crate) when: String,
    link: Option<String>,
}

fn outcome(loc: &Loc, outcome: AskOutcome) -> String {
    loc.t(&format!("asks-outcome-{}", outcome.as_str().replace('_', "-")))
}

pub(crate) fn line(loc: &Loc, base: &str, one: Ask) -> Line {
    let survey = name_in(loc.prefs.lang, &one.name_fa, &one.name_ar, &one.name_en);
    let (words, tone) = match (one.outcome, one.answered_at) {
        (AskOutcome::Asked, Some(_)) => (loc.t("asks-answered"), "peste"),
        (AskOutcome::Asked, None) => (outcome(loc, one.outcome), "lapis"),
        (other, _) => (outcome(loc, other), "slate"),
    };
    let day = loc.day_near(one.occasion_at.day(&loc.prefs.time_zone));
    Line {
        party: one.party_id,
        name: one.party,
        outcome: words,
        tone,
        occasion: format!("{} · {survey}", loc.t1(&format!("asks-occasion-{}", one.occasion), "day", day)),
        when: loc.when(one.at),
        link: one.token.map(|token| format!("{base}/s/{token}")),
    }
}

/// A rule as the page shows it.
struct RuleLine {
    id: Id<AskRule>,
    survey: Id<peyvand_core::service::Survey>,
    name: String,
    about: String,
    counts: String,
    is_active: bool,
}

fn rule_line(loc: &Loc, one: AskRule) -> RuleLine {
    RuleLine {
        id: one.id,
        survey: one.family_id,
        name: name_in(loc.prefs.lang, &one.name_fa, &one.name_ar, &one.name_en),
        about: loc.t1(&format!("asks-after-{}-days", one.occasion), "count", one.wait_days),
        counts: loc.ta("asks-rule-counts", &[("asked", loc.number(one.asked).into()), ("seen", loc.number(one.seen).into())]),
        is_active: one.is_active,
    }
}

#[derive(Template)]
#[template(path = "service/asks.html")]
struct AsksPage {
    s: Shell,
    f: FormView,
    rules: Vec<RuleLine>,
    surveys: Vec<(String, String)>,
    occasions: Vec<(String, String)>,
    /// Label, address, whether it is open.
    views: Vec<(String, String, bool)>,
    /// What came of it: words, address, how often.
    outcomes: Vec<(String, String, String)>,
    chips: Vec<(String, String)>,
    lines: Vec<Line>,
    next: Option<String>,
    cooldown: String,
    may_write: bool,
}

async fn asks_page(req: &Req, headers: &HeaderMap, asked: &Asked, f: FormView) -> Result<AsksPage, PageError> {
    let loc = &req.loc;
    let input = ListAsks {
        outcome: asked.outcome,
        waiting: asked.waiting,
        party_id: asked.party,
        after: asked.after.clone(),
        limit: Some(ROWS),
        ..ListAsks::default()
    };
    let (rules, page, counts, settings, families) = tokio::try_join!(
        async { req.ctx.run(ask_rules::list, Nothing {}).await.map_err(PageError::from) },
        async { req.ctx.run(core::list, input).await.map_err(PageError::from) },
        async { req.ctx.run(core::outcomes, GetAskOutcomes::default()).await.map_err(PageError::from) },
        async { req.ctx.run(voice_settings::get, Nothing {}).await.map_err(PageError::from) },
        super::scores::families(req, None),
    )?;
    let base = super::surveys::base(req, headers);
    let first = Asked { after: None, ..asked.clone() };
    let mut chips = Vec::new();
    if let Some(id) = asked.party {
        chips.push((req.ctx.run(party::get, PartyId { id }).await?.row.name, Asked { party: None, ..first.clone() }.address()));
    }
    if let Some(one) = asked.outcome {
        chips.push((outcome(loc, one), Asked { outcome: None, ..first.clone() }.address()));
    }
    let waiting = asked.waiting == Some(true);
    Ok(AsksPage {
        f,
        rules: rules.items.into_iter().map(|one| rule_line(loc, one)).collect(),
        surveys: families.into_iter().map(|(value, words, _)| (value, words)).collect(),
        occasions: AskAfter::ALL.iter().map(|after| (after.to_string(), loc.t(&format!("asks-after-{after}")))).collect(),
        views: vec![
            (loc.t("asks-view-all"), Asked { waiting: None, ..first.clone() }.address(), !waiting),
            (loc.t("asks-view-waiting"), Asked { waiting: Some(true), outcome: None, ..first.clone() }.address(), waiting),
        ],
        outcomes: counts
            .items
            .into_iter()
            .map(|one| {
                let only = Asked { outcome: Some(one.outcome), ..Asked::default() };
                (outcome(loc, one.outcome), only.address(), loc.number(one.occasions))
            })
            .collect(),
        chips,
        lines: page.items.into_iter().map(|one| line(loc, &base, one)).collect(),
        next: page.next.map(|next| Asked { after: Some(next), ..asked.clone() }.address()),
        cooldown: loc.t1("asks-cooldown", "count", settings.cooldown_days),
        may_write: super::surveys::writes(req, Act::Create),
        s: req.shell("service", req.t("asks")).crumb(req.t("menu-service"), "/service"),
    })
}

/// The page.
pub(super) async fn index(req: Req, headers: HeaderMap, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let values = vec![("occasion".to_owned(), AskAfter::Purchase.to_string()), ("wait_days".to_owned(), req.loc.number(3))];
    page::page(&req, &asks_page(&req, &headers, &asked, FormView::new(values)).await?)
}

fn days(sent: &Sent) -> i64 {
    sent.get("wait_days").and_then(|text| fold_digits(text).parse().ok()).unwrap_or(-1)
}

async fn back(req: &Req, headers: &HeaderMap, sent: Sent, outcome: Result<AskRule, Error>) -> PageResult {
    match outcome {
        Ok(_) => Ok(page::go(req, HERE, Some(Flash { text: req.t("surveys-saved"), undo: None }))),
        Err(Error::Invalid(problems)) => {
            let f = FormView::again(sent, &problems.0, &req.loc);
            page::unprocessable(&asks_page(req, headers, &Asked::default(), f).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a rule.
pub(super) async fn create(req: Req, headers: HeaderMap, sent: Sent) -> PageResult {
    let needed = |field: &'static str| Error::invalid(field, "input-needed");
    let outcome = match (sent.get("survey_id").and_then(|id| id.parse().ok()), sent.get("occasion").and_then(|after| after.parse().ok())) {
        (None, _) => Err(needed("survey_id")),
        (_, None) => Err(needed("occasion")),
        (Some(survey_id), Some(occasion)) => req.ctx.run(ask_rules::add, NewAskRule { survey_id, occasion, wait_days: days(&sent) }).await,
    };
    back(&req, &headers, sent, outcome).await
}

/// Changes a rule, stops it or lets it ask again.
pub(super) async fn change(req: Req, headers: HeaderMap, Path(id): Path<Id<AskRule>>, sent: Sent) -> PageResult {
    let input = ChangeAskRule {
        id,
        wait_days: sent.has("wait_days").then(|| days(&sent)),
        is_active: sent.get("is_active").map(|active| active == "1"),
    };
    let outcome = req.ctx.run(ask_rules::change, input).await;
    back(&req, &headers, sent, outcome).await
}

/// What came of the last occasion to ask a customer; none for who may not see it, or where there was none.
pub(crate) async fn last_of(req: &Req, party: Id<Party>) -> Result<Option<Line>, Error> {
    if !req.can(Room::Service, Act::See) {
        return Ok(None);
    }
    let of = ListAsks { party_id: Some(party), limit: Some(1), ..ListAsks::default() };
    let last = req.ctx.run(core::list, of).await?.items.into_iter().next();
    Ok(last.map(|one| line(&req.loc, "", one)))
}
