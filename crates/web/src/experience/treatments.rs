//! Treatments: the list, making one, putting one away.

use super::{key_of, money, problems, tone};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::experience::gifts::{self, GiftItem, ListGifts};
use peyvand_core::experience::legality::{Class, TreatmentKind};
use peyvand_core::experience::treatments::{self, ListTreatments, NewTreatment, Treatment, TreatmentId};
use peyvand_core::lifecycle::Stage;
use peyvand_core::marketing::segments;
use peyvand_core::operation::Nothing;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::Currency;
use peyvand_core::platform::text::Lang;
use peyvand_core::{Act, Error, Id, Perm, Room};
use serde_json::json;

/// Where the list is.
const HERE: &str = "/experience/treatments";

/// A treatment as a row shows it.
pub struct Line {
    pub id: Id<Treatment>,
    pub name: String,
    pub icon: &'static str,
    pub tone: &'static str,
    pub form: String,
    /// What it comes to, what it costs.
    pub about: Vec<String>,
    pub stages: Vec<(&'static str, String)>,
    pub whom: Option<String>,
    pub used: String,
    pub is_archived: bool,
}

/// Icon and tone of a kind.
pub fn look(kind: TreatmentKind) -> (&'static str, &'static str) {
    match kind {
        TreatmentKind::Respect => ("shield-heart", "teal"),
        TreatmentKind::Discount => ("discount", "lapis"),
        TreatmentKind::Gift => ("gift", "rose"),
        TreatmentKind::Benefit => ("coins", "plum"),
    }
}

/// A treatment in the reader's words.
pub fn line(loc: &Loc, currency: Currency, one: Treatment) -> Line {
    let (icon, look_tone) = look(one.kind);
    #[expect(clippy::cast_precision_loss, reason = "a share in ten-thousandths is small")]
    let share = one.share.map(|share| loc.t1("experience-worth", "worth", loc.percent(share as f64 / 10_000.0)));
    let amount = one.amount_minor.map(|minor| loc.t1("experience-worth", "worth", money(loc, currency, minor)));
    let cost = (one.unit_cost_minor > 0).then(|| loc.t1("experience-costs-us", "cost", money(loc, currency, one.unit_cost_minor)));
    let cap = one.party_cap.map(|cap| loc.t1("experience-per-customer", "count", cap));
    Line {
        id: one.id,
        form: loc.t(&key_of("experience-form-", one.form.as_str())),
        about: [share, amount, cost, cap].into_iter().flatten().collect(),
        stages: one.stages.iter().map(|stage| (tone(*stage), loc.t(&key_of("lifecycle-stage-", stage.as_str())))).collect(),
        whom: one.sentence,
        used: match one.total_cap {
            Some(cap) => loc.ta("experience-used-of", &[("used", one.used.into()), ("cap", cap.into())]),
            None => loc.t1("experience-used", "used", one.used),
        },
        is_archived: one.archived_at.is_some(),
        name: one.name,
        icon,
        tone: look_tone,
    }
}

#[derive(Template)]
#[template(path = "experience/treatments.html")]
struct TreatmentsPage {
    s: Shell,
    tab: &'static str,
    lines: Vec<Line>,
    next: Option<String>,
    is_first: bool,
    may_add: bool,
    may_archive: bool,
}

/// Where a list begins.
#[derive(serde::Deserialize)]
pub struct After {
    pub after: Option<String>,
}

/// The list.
pub async fn index(req: Req, Query(After { after }): Query<After>) -> PageResult {
    let is_first = after.is_none();
    let listed = req.ctx.run(treatments::list, ListTreatments { after, ..ListTreatments::default() }).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let view = TreatmentsPage {
        s: req.shell("experience", req.t("experience-treatments")).crumb(req.t("menu-experience"), "/experience"),
        tab: "treatments",
        lines: listed.items.into_iter().map(|one| line(&req.loc, currency, one)).collect(),
        next: listed.next.map(|next| format!("{HERE}?after={}", percent(&next))),
        is_first,
        may_add: req.can(Room::Experience, Act::Create),
        may_archive: req.can(Room::Experience, Act::Delete),
    };
    page(&req, &view)
}

#[derive(Template)]
#[template(path = "experience/treatment.html")]
struct TreatmentPage {
    s: Shell,
    f: FormView,
    kinds: Vec<(String, String)>,
    classes: Vec<(String, String)>,
    stages: Vec<(String, String)>,
    segments: Vec<(String, String)>,
    gifts: Vec<(String, String)>,
    unit: String,
}

/// The segments that a form offers.
pub async fn segment_choices(req: &Req) -> Result<Vec<(String, String)>, PageError> {
    if !req.can(Room::Marketing, Act::See) {
        return Ok(Vec::new());
    }
    let names = req.ctx.run(segments::names_of, Nothing {}).await?;
    Ok(names.into_iter().map(|one| (one.id.to_string(), one.name)).collect())
}

/// The gifts that a form offers.
async fn gift_choices(req: &Req) -> Result<Vec<(String, String)>, PageError> {
    let listed = req.ctx.run(gifts::list, ListGifts { after: None, limit: Some(200) }).await?;
    let name = |one: &GiftItem| match req.loc.prefs.lang {
        Lang::Fa => one.name_fa.clone(),
        Lang::Ar => one.name_ar.clone(),
        Lang::En => one.name_en.clone(),
    };
    Ok(listed.items.iter().map(|one| (one.id.to_string(), name(one))).collect())
}

async fn form(req: &Req, f: FormView) -> Result<TreatmentPage, PageError> {
    req.ctx.actor.check(Perm(Room::Experience, Act::Create))?;
    let currency = req.ctx.app.organisation().await?.currency;
    let stage = |stage: Stage| (stage.to_string(), req.t(&key_of("lifecycle-stage-", stage.as_str())));
    Ok(TreatmentPage {
        s: req
            .shell("experience", req.t("experience-treatment-new"))
            .crumb(req.t("menu-experience"), "/experience")
            .crumb(req.t("experience-treatments"), HERE),
        f,
        kinds: TreatmentKind::ALL.iter().map(|kind| (kind.to_string(), req.t(&format!("experience-kind-{kind}")))).collect(),
        classes: Class::ALL.iter().map(|class| (class.to_string(), req.t(&format!("experience-class-{class}")))).collect(),
        stages: Stage::ALL.iter().copied().map(stage).collect(),
        segments: segment_choices(req).await?,
        gifts: gift_choices(req).await?,
        unit: req.loc.money_unit(currency).to_owned(),
    })
}

/// The form.
pub async fn fresh(req: Req) -> PageResult {
    let values = [("kind", "discount"), ("is_special", "1"), ("stages", "loyal"), ("stages", "advocate"), ("valid_days", "30")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    page(&req, &form(&req, FormView::new(values)).await?)
}

async fn make(req: &Req, sent: &Sent) -> Result<Treatment, Error> {
    let currency = req.ctx.app.organisation().await?.currency;
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let number = |name: &'static str| {
        let read = |text: &str| peyvand_core::platform::text::fold_digits(text).parse::<i64>();
        sent.get(name).map(read).transpose().map_err(|_| Error::invalid(name, "platform-number-not-read"))
    };
    let kind = sent.get("kind").and_then(|kind| kind.parse().ok()).ok_or_else(|| Error::invalid("kind", "input-needed"))?;
    let new = NewTreatment {
        kind,
        class: sent.get("class").and_then(|class| class.parse().ok()),
        is_special: sent.get("is_special").is_some(),
        name_fa: text("name_fa"),
        name_ar: text("name_ar"),
        name_en: text("name_en"),
        percent: text("percent"),
        amount: sent.amount("amount", currency, req.loc.prefs.money_unit),
        unit_cost: sent.amount("unit_cost", currency, req.loc.prefs.money_unit),
        gift_item_id: sent.get("gift_item_id").and_then(|id| id.parse().ok()),
        stages: sent.all("stages").into_iter().filter_map(|stage| stage.parse().ok()).collect(),
        rule: sent.get("segment_id").map(|segment| json!({"in": segment})),
        valid_days: number("valid_days")?,
        party_cap: number("party_cap")?,
        total_cap: number("total_cap")?,
    };
    req.ctx.run(treatments::create, new).await
}

/// Makes what the form says.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    match make(&req, &sent).await {
        Ok(made) => {
            let text = req.loc.t1("experience-treatment-made", "name", made.name);
            Ok(go(&req, HERE, Some(Flash { text, undo: None })))
        }
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&form(&req, FormView::again(sent, &problems, &req.loc)).await?)
        }
    }
}

/// Puts one away.
pub async fn archive(req: Req, Path(id): Path<Id<Treatment>>) -> PageResult {
    let gone = req.ctx.run(treatments::archive, TreatmentId { id }).await;
    let text = match gone {
        Ok(gone) => req.loc.t1("experience-treatment-gone", "name", gone.name),
        Err(error) => problems(error)?.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" "),
    };
    Ok(go(&req, HERE, Some(Flash { text, undo: None })))
}
