//! Schedules of benefits: what bringing somebody brings, who approved it, and what its steps come to.

use super::{key_of, money, problems};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use peyvand_core::advocacy::benefits::{
    self as core, Basis, ListSchedules, NewSchedule, NewTier, PreviewBenefits, Schedule, ScheduleId, ScheduleState, Tier,
};
use peyvand_core::advocacy::books::Wallet;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::Currency;
use peyvand_core::platform::text::Lang;
use peyvand_core::{Act, Error, Id, Perm, Room};
use serde::Deserialize;

/// Steps that the form has room for.
const STEPS: usize = 4;

/// A schedule as it is shown.
struct View {
    id: Id<Schedule>,
    title: String,
    state: String,
    tone: &'static str,
    /// What its steps say.
    steps: Vec<String>,
    /// How the steps are meant, the cap, what comes of it, how long it is good.
    about: Vec<String>,
    text: String,
    tax: Option<String>,
    when: String,
    approvals: Vec<(String, String)>,
    missing: Option<String>,
}

fn step(loc: &Loc, currency: Currency, tier: &Tier) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a share in ten-thousandths is small")]
    let worth = match (tier.share, tier.amount_minor) {
        (Some(share), _) => loc.percent(share as f64 / 10_000.0),
        (None, amount) => money(loc, amount.unwrap_or(0), currency),
    };
    match tier.from_minor {
        0 => loc.t1("benefits-step", "worth", worth),
        from => loc.ta("benefits-step-from", &[("worth", worth.into()), ("from", money(loc, from, currency).into())]),
    }
}

fn text_of(lang: Lang, one: &Schedule) -> &str {
    match lang {
        Lang::Fa => &one.text_fa,
        Lang::Ar => &one.text_ar,
        Lang::En => &one.text_en,
    }
}

fn view(loc: &Loc, one: Schedule) -> View {
    let (state, tone) = match (one.state, one.is_in_force) {
        (_, true) => ("in-force", "peste"),
        (ScheduleState::Draft, _) => ("draft", "slate"),
        (ScheduleState::Approved, _) if one.in_force_on.is_some_and(|on| on > loc.today()) => ("to-come", "lapis"),
        (ScheduleState::Approved | ScheduleState::Retired, _) => ("over", "grey"),
    };
    let when = match (one.in_force_on, one.ended_on) {
        (Some(from), Some(ended)) => loc.ta("benefits-held", &[("from", loc.day(from).into()), ("until", loc.day(ended).into())]),
        (Some(from), None) => loc.t1("benefits-holds", "from", loc.day(from)),
        (None, _) => loc.t1("benefits-to-hold", "from", loc.day(one.effective_on)),
    };
    let basis = (one.tiers.len() > 1).then(|| loc.t(&key_of("benefits-basis-", one.basis.as_str())));
    let cap = one.cap_minor.map(|cap| loc.t1("benefits-cap-of", "cap", money(loc, cap, one.currency)));
    let wallet = Some(loc.t(&key_of("benefits-wallet-", one.wallet.as_str())));
    let valid = Some(loc.t1("benefits-valid-for", "days", one.valid_days));
    View {
        id: one.id,
        title: loc.t1("benefits-version", "number", one.number),
        state: loc.t(&format!("benefits-state-{state}")),
        tone,
        steps: one.tiers.iter().map(|tier| step(loc, one.currency, tier)).collect(),
        about: [basis, cap, wallet, valid].into_iter().flatten().collect(),
        text: text_of(loc.prefs.lang, &one).to_owned(),
        when,
        approvals: one.approvals.iter().map(|yes| (yes.name.clone(), loc.when(yes.at))).collect(),
        missing: (one.missing > 0).then(|| loc.t1("experience-missing", "count", one.missing)),
        tax: one.tax_note,
    }
}

#[derive(Template)]
#[template(path = "advocacy/benefits.html")]
struct BenefitsPage {
    s: Shell,
    tab: &'static str,
    schedules: Vec<View>,
    next: Option<String>,
    is_first: bool,
    may_add: bool,
}

/// Where the list begins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct From {
    after: Option<String>,
}

/// The list.
pub(super) async fn index(req: Req, Form(from): Form<From>) -> PageResult {
    let is_first = from.after.is_none();
    let listed = req.ctx.run(core::list, ListSchedules { after: from.after, limit: None }).await?;
    let shown = BenefitsPage {
        s: req.shell("advocacy", req.t("benefits-title")).crumb(req.t("menu-advocacy"), "/advocacy"),
        tab: "benefits",
        next: listed.next.map(|next| format!("/advocacy/benefits?after={}", percent(&next))),
        schedules: listed.items.into_iter().map(|one| view(&req.loc, one)).collect(),
        is_first,
        may_add: req.can(Room::Advocacy, Act::Change),
    };
    page(&req, &shown)
}

#[derive(Template)]
#[template(path = "advocacy/benefit.html")]
struct BenefitPage {
    s: Shell,
    one: View,
    /// What friends might pay, and what that brings.
    preview: Vec<(String, String)>,
    may_approve: bool,
    may_retire: bool,
}

/// One schedule.
pub(super) async fn show(req: Req, Path(id): Path<Id<Schedule>>) -> PageResult {
    let schedule = req.ctx.run(core::get, ScheduleId { id }).await?;
    let previewed = req.ctx.run(core::preview, PreviewBenefits { id, paid: Vec::new() }).await?;
    let amount = |minor| money(&req.loc, minor, schedule.currency);
    let may_change = req.can(Room::Advocacy, Act::Change);
    let user = req.ctx.actor.user();
    let has_said = schedule.approvals.iter().any(|yes| Some(yes.user_id) == user);
    let shown = BenefitPage {
        s: req
            .shell("advocacy", req.loc.t1("benefits-version", "number", schedule.number))
            .crumb(req.t("menu-advocacy"), "/advocacy")
            .crumb(req.t("benefits-title"), "/advocacy/benefits"),
        preview: previewed.iter().map(|one| (amount(one.paid_minor), amount(one.benefit_minor))).collect(),
        may_approve: may_change && schedule.state == ScheduleState::Draft && !has_said,
        may_retire: may_change && schedule.state != ScheduleState::Retired,
        one: view(&req.loc, schedule),
    };
    page(&req, &shown)
}

/// A row of the form's table of steps: the names of its fields.
struct StepFields {
    number: String,
    from: String,
    percent: String,
    amount: String,
}

#[derive(Template)]
#[template(path = "advocacy/benefit-new.html")]
struct NewPage {
    s: Shell,
    f: FormView,
    steps: Vec<StepFields>,
    bases: Vec<(String, String)>,
    wallets: Vec<(String, String)>,
    unit: String,
}

async fn form(req: &Req, f: FormView) -> Result<NewPage, PageError> {
    req.ctx.actor.check(Perm(Room::Advocacy, Act::Change))?;
    let currency = req.ctx.app.organisation().await?.currency;
    let words = |prefix: &str, words: Vec<&'static str>| {
        words.into_iter().map(|word| (word.to_owned(), req.t(&key_of(prefix, word)))).collect::<Vec<_>>()
    };
    let named = |number: usize| StepFields {
        number: req.loc.number(number as i64),
        from: format!("from_{number}"),
        percent: format!("percent_{number}"),
        amount: format!("amount_{number}"),
    };
    Ok(NewPage {
        s: req
            .shell("advocacy", req.t("benefits-new"))
            .crumb(req.t("menu-advocacy"), "/advocacy")
            .crumb(req.t("benefits-title"), "/advocacy/benefits"),
        f,
        steps: (1..=STEPS).map(named).collect(),
        bases: words("benefits-basis-", Basis::ALL.iter().map(|one| one.as_str()).collect()),
        wallets: words("benefits-wallet-", Wallet::ALL.iter().map(|one| one.as_str()).collect()),
        unit: req.loc.money_unit(currency).to_owned(),
    })
}

/// The form.
pub(super) async fn fresh(req: Req) -> PageResult {
    let values = vec![("valid_days".to_owned(), "365".to_owned()), ("wallet".to_owned(), "credit".to_owned())];
    page(&req, &form(&req, FormView::new(values)).await?)
}

async fn make(req: &Req, sent: &Sent) -> Result<Schedule, Error> {
    let currency = req.ctx.app.organisation().await?.currency;
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let money = |name: &str| sent.amount(name, currency, req.loc.prefs.money_unit);
    let tiers = (1..=STEPS).map(|number| NewTier {
        from: money(&format!("from_{number}")),
        percent: text(&format!("percent_{number}")),
        amount: money(&format!("amount_{number}")),
    });
    let days = sent.get("valid_days").map(|text| peyvand_core::platform::text::fold_digits(text).parse::<i64>());
    let valid_days = days.transpose().map_err(|_| Error::invalid("valid_days", "platform-number-not-read"))?;
    let new = NewSchedule {
        tiers: tiers.collect(),
        basis: sent.get("basis").and_then(|word| word.parse().ok()),
        cap: money("cap"),
        wallet: sent.get("wallet").and_then(|word| word.parse().ok()),
        valid_days,
        tax_note: text("tax_note"),
        text_fa: text("text_fa"),
        text_ar: text("text_ar"),
        text_en: text("text_en"),
        effective: sent.date("effective").map(str::to_owned),
    };
    req.ctx.run(core::create, new).await
}

/// Writes down what the form says.
pub(super) async fn create(req: Req, sent: Sent) -> PageResult {
    match make(&req, &sent).await {
        Ok(made) => {
            let flash = Flash { text: req.t("benefits-made"), undo: None };
            Ok(go(&req, &format!("/advocacy/benefits/{}", made.id), Some(flash)))
        }
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&form(&req, FormView::again(sent, &problems, &req.loc)).await?)
        }
    }
}

fn stepped(req: &Req, id: Id<Schedule>, key: &str, outcome: Result<Schedule, Error>) -> PageResult {
    let text = match outcome {
        Ok(_) => req.t(key),
        Err(error) => problems(error)?.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" "),
    };
    Ok(go(req, &format!("/advocacy/benefits/{id}"), Some(Flash { text, undo: None })))
}

/// Says yes to it.
pub(super) async fn approve(req: Req, Path(id): Path<Id<Schedule>>) -> PageResult {
    let outcome = req.ctx.run(core::approve, ScheduleId { id }).await;
    stepped(&req, id, "benefits-approved", outcome)
}

/// Ends it.
pub(super) async fn retire(req: Req, Path(id): Path<Id<Schedule>>) -> PageResult {
    let outcome = req.ctx.run(core::retire, ScheduleId { id }).await;
    stepped(&req, id, "benefits-retired", outcome)
}
