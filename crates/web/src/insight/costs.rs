//! The ledger of costs: what was spent, on whom and on what; entering a cost by hand, and taking one out.

use super::value::currency;
use super::written;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use peyvand_core::insight::costs::{self, Cost, CostKind, ListCosts, NewCost, RemoveCost};
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::Currency;
use peyvand_core::platform::terms::{self, ListTerms};
use peyvand_core::platform::text::fold_digits;
use peyvand_core::{Act, Error, Id, Perm, Room, Sight};
use serde::Deserialize;

/// Costs of a page.
const PAGE: i64 = 50;
/// Where the ledger is.
const HERE: &str = "/insight/value/costs";

/// A cost as a row shows it.
struct Line {
    id: Id<Cost>,
    day: String,
    party: Option<(Id<Party>, String)>,
    kind: String,
    amount: Option<String>,
    minutes: Option<String>,
    /// The note, and who wrote it.
    about: Vec<String>,
}

#[derive(Template)]
#[template(path = "insight/costs.html", blocks = ["rows"])]
struct CostsPage {
    s: Shell,
    /// Whose costs these are, when not everybody's.
    party: Option<(Id<Party>, String)>,
    lines: Vec<Line>,
    next: Option<String>,
    unit: String,
    may_add: bool,
    may_remove: bool,
}

/// Which costs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    party: Option<Id<Party>>,
    after: Option<String>,
}

/// The ledger, or the part of it that stands anew.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let input = ListCosts { party_id: asked.party, after: asked.after, limit: Some(PAGE) };
    let party = named(&req, asked.party).await?;
    let found = req.ctx.run(costs::list, input).await?;
    let currency = currency(&req).await?;
    let title = match &party {
        Some((_, name)) => req.loc.t1("costs-of", "name", name.as_str()),
        None => req.t("costs-title"),
    };
    let view = CostsPage {
        lines: found.items.into_iter().map(|cost| line(&req.loc, cost, currency)).collect(),
        next: found.next.map(|next| match asked.party {
            Some(party) => format!("{HERE}?party={party}&after={next}"),
            None => format!("{HERE}?after={next}"),
        }),
        unit: req.loc.money_unit(currency).to_owned(),
        may_add: req.can(Room::Insight, Act::Create),
        may_remove: req.can(Room::Insight, Act::Delete),
        s: req.shell("insight", title).crumb(req.t("menu-insight"), "/insight").crumb(req.t("insight-value"), "/insight/value"),
        party,
    };
    if req.htmx { page::page(&req, &view.as_rows()) } else { page::page(&req, &view) }
}

/// The name of a customer.
async fn named(req: &Req, party: Option<Id<Party>>) -> Result<Option<(Id<Party>, String)>, PageError> {
    let Some(id) = party else { return Ok(None) };
    Ok(Some((id, req.ctx.run(party::get, PartyId { id }).await?.row.name)))
}

fn line(loc: &Loc, cost: Cost, currency: Currency) -> Line {
    Line {
        id: cost.id,
        day: loc.day(cost.day),
        party: cost.party_id.zip(cost.party),
        kind: match &cost.source {
            Some(source) => [kind_name(loc, cost.kind), loc.term("source", source)].join(&loc.t("timeline-comma")),
            None => kind_name(loc, cost.kind),
        },
        amount: (cost.amount_minor != 0).then(|| loc.amount(cost.amount_minor, currency)),
        minutes: (cost.minutes > 0).then(|| loc.t1("profits-minutes", "count", cost.minutes)),
        about: cost.note.into_iter().chain(cost.creator).collect(),
    }
}

fn kind_name(loc: &Loc, kind: CostKind) -> String {
    loc.t(&format!("costs-kind-{kind}"))
}

#[derive(Template)]
#[template(path = "insight/cost.html", blocks = ["form"])]
struct CostPage {
    s: Shell,
    f: FormView,
    /// Of whom, when that is settled.
    party: Option<(Id<Party>, String)>,
    /// Whether a cost of no customer in particular may be entered.
    of_nobody: bool,
    kinds: Vec<(String, String)>,
    /// Sources that a cost of no customer may be spent on.
    sources: Vec<(String, String)>,
    unit: String,
    in_dialog: bool,
}

async fn cost_page(req: &Req, f: FormView, party: Option<Id<Party>>, in_dialog: bool) -> Result<CostPage, PageError> {
    let sight = req.ctx.actor.check(Perm(Room::Insight, Act::Create))?;
    let party = named(req, party).await?;
    let sources = if sight == Sight::All && party.is_none() { sources(req).await? } else { Vec::new() };
    Ok(CostPage {
        s: req
            .shell("insight", req.t("costs-new"))
            .crumb(req.t("menu-insight"), "/insight")
            .crumb(req.t("insight-value"), "/insight/value")
            .crumb(req.t("costs-title"), HERE),
        f,
        party,
        of_nobody: sight == Sight::All,
        kinds: CostKind::ALL.iter().map(|kind| (kind.to_string(), kind_name(&req.loc, *kind))).collect(),
        sources,
        unit: req.loc.money_unit(currency(req).await?).to_owned(),
        in_dialog,
    })
}

async fn sources(req: &Req) -> Result<Vec<(String, String)>, PageError> {
    let terms = req.ctx.run(terms::list, ListTerms::default()).await?;
    let sources = terms.into_iter().filter(|term| term.list == "source" && term.is_active);
    Ok(sources.map(|term| (term.word.clone(), term.label.unwrap_or_else(|| req.loc.term("source", &term.word)))).collect())
}

/// For whom a form opens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct For {
    party: Option<Id<Party>>,
}

/// The form of a new cost.
pub async fn fresh(req: Req, Form(given): Form<For>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let mut values = vec![("kind".to_owned(), CostKind::Gift.to_string())];
    values.extend(FormView::today("date", &req.loc));
    let view = cost_page(&req, FormView::new(values), given.party, req.dialog).await?;
    page::form(&req, &view.f, view.in_dialog, &view, &view.as_form())
}

/// Enters the cost of the form.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    let currency = currency(&req).await?;
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let party: Option<Id<Party>> = sent.get("party").and_then(|id| id.parse().ok());
    let settled = party.filter(|_| sent.get("settled").is_some());
    let minutes = sent.get("minutes").map(|text| fold_digits(text).parse::<i64>()).transpose();
    let input = NewCost {
        party_id: party,
        customer: text("party_text"),
        kind: sent.get("kind").and_then(|kind| kind.parse().ok()),
        source: text("source"),
        amount: sent.amount("amount", currency, req.loc.prefs.money_unit),
        minutes: minutes.as_ref().ok().copied().flatten(),
        date: sent.date("date").map(str::to_owned),
        note: text("note"),
    };
    let outcome = match minutes {
        Ok(_) => req.ctx.run(costs::add, input).await,
        Err(_) => Err(Error::invalid("minutes", "interactions-minutes-unread")),
    };
    match outcome {
        Ok(done) => {
            let name = done.cost.party.unwrap_or_else(|| req.t("costs-nobody"));
            let back = settled.map_or_else(|| HERE.to_owned(), |id| format!("/parties/{id}"));
            written(&req, req.loc.t1("costs-saved", "name", name), done.undo, &back)
        }
        Err(Error::Invalid(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let view = cost_page(&req, FormView::again(sent, &problems.0, &req.loc), settled, in_dialog).await?;
            page::form(&req, &view.f, in_dialog, &view, &view.as_form())
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes a cost out.
pub async fn remove(req: Req, Path(id): Path<Id<Cost>>) -> PageResult {
    let done = req.ctx.run(costs::remove, RemoveCost { id }).await?;
    written(&req, req.t("costs-removed"), done.undo, HERE)
}
