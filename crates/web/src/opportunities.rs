//! Opportunities: the list, writing one down, closing it as won or lost, opening it again. Every act answers with a toast that
//! takes it back.

use crate::State;
use crate::error::{PageError, PageResult};
use crate::follow_ups::acted;
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell, percent};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::routing::get;
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::colleagues;
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::access::User;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::platform::terms::{self, ListTerms, Term};
use peyvand_core::platform::text::Digits;
use peyvand_core::sales::Opportunity;
use peyvand_core::sales::opportunities::{
    self as core, ChangeOpportunity, CloseOpportunity, ListOpportunities, NewOpportunity, OpportunityActed, OpportunityId,
    OpportunityState, OpportunityView,
};
use peyvand_core::{Act, Day, Error, Id, Patch, Perm, Room, Sight};
use serde::Deserialize;

/// Opportunities of a page.
const PAGE: i64 = 50;
/// Opportunities beside a customer.
const BESIDE: i64 = 4;
/// Where the list is.
const HERE: &str = "/opportunities";

/// The addresses of the room.
pub fn routes() -> axum::Router<State> {
    axum::Router::new()
        .route("/opportunities", get(index).post(create))
        .route("/opportunities/new", get(fresh))
        .route("/opportunities/{id}/edit", get(edit).post(change))
        .route("/opportunities/{id}/close/{end}", get(ending).post(close))
}

/// Which opportunities.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub(crate) view: Option<OpportunityView>,
    pub(crate) party: Option<Id<Party>>,
    pub(crate) owner: Option<Id<User>>,
    pub(crate) unowned: Option<bool>,
    pub(crate) competitor: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) unsourced: Option<bool>,
    pub(crate) from: Option<Day>,
    pub(crate) until: Option<Day>,
    pub(crate) after: Option<String>,
}

impl Asked {
    /// The address of the list.
    pub(crate) fn address(&self) -> String {
        let text = |one: &Option<String>| one.as_deref().map(percent);
        let pairs = [
            ("view", self.view.map(|view| view.to_string())),
            ("party", self.party.map(|id| id.to_string())),
            ("owner", self.owner.map(|id| id.to_string())),
            ("unowned", self.unowned.map(|is| is.to_string())),
            ("competitor", text(&self.competitor)),
            ("reason", text(&self.reason)),
            ("source", text(&self.source)),
            ("unsourced", self.unsourced.map(|is| is.to_string())),
            ("from", self.from.map(|day| day.to_string())),
            ("until", self.until.map(|day| day.to_string())),
            ("after", text(&self.after)),
        ];
        let given: Vec<String> = pairs.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
        if given.is_empty() { HERE.to_owned() } else { format!("{HERE}?{}", given.join("&")) }
    }

    fn input(&self) -> ListOpportunities {
        ListOpportunities {
            party_id: self.party,
            state: self.view,
            owner_id: self.owner,
            unowned: self.unowned,
            competitor: self.competitor.clone(),
            lost_reason: self.reason.clone(),
            source: self.source.clone(),
            unsourced: self.unsourced,
            closed_from: self.from,
            closed_until: self.until,
            after: self.after.clone(),
            limit: Some(PAGE),
        }
    }
}

/// The name of a word of a list: the organisation's own, or that of the catalogue.
pub(crate) fn label(loc: &Loc, list: &str, word: &str, own: Option<&str>) -> String {
    own.map_or_else(|| loc.term(list, word), str::to_owned)
}

/// Who else offered what, in words.
pub(crate) fn rival(loc: &Loc, name: Option<String>, offer: Option<String>) -> Option<String> {
    match (name, offer) {
        (Some(name), Some(offer)) => Some(loc.ta("opportunities-offered", &[("name", name.into()), ("offer", offer.into())])),
        (Some(name), None) => Some(loc.t1("opportunities-against", "name", name)),
        (None, offer) => offer.map(|offer| loc.t1("opportunities-offer-of-somebody", "offer", offer)),
    }
}

/// An opportunity as a row shows it.
pub(crate) struct Deal {
    pub(crate) id: Id<Opportunity>,
    pub(crate) title: String,
    pub(crate) party_id: Id<Party>,
    pub(crate) party: String,
    pub(crate) state: &'static str,
    pub(crate) tone: &'static str,
    pub(crate) amount: Option<String>,
    /// When it ended, or was written down.
    pub(crate) when: String,
    pub(crate) owner: Option<String>,
    /// Why it was lost; who else offered what.
    pub(crate) about: Vec<String>,
    pub(crate) is_open: bool,
}

impl Deal {
    fn new(loc: &Loc, one: Opportunity, currency: Currency) -> Deal {
        let reason = one.lost_reason.as_deref().map(|word| label(loc, "lost_reason", word, one.lost_reason_label.as_deref()));
        let competitor = one.competitor.as_deref().map(|word| label(loc, "competitor", word, one.competitor_label.as_deref()));
        Deal {
            state: one.state.as_str(),
            tone: match one.state {
                OpportunityState::Open => "lapis",
                OpportunityState::Won => "peste",
                OpportunityState::Lost => "grey",
            },
            amount: one.amount_minor.map(|minor| loc.amount(minor, currency)),
            when: loc.day_near(one.closed_at.unwrap_or(one.created_at).day(&loc.prefs.time_zone)),
            about: reason.into_iter().chain(rival(loc, competitor, one.offer)).collect(),
            is_open: one.state == OpportunityState::Open,
            id: one.id,
            title: one.title,
            party_id: one.party_id,
            party: one.party,
            owner: one.owner,
        }
    }
}

/// The opportunities beside a customer, what is open first.
pub(crate) async fn of_party(req: &Req, party: Id<Party>) -> Result<Vec<Deal>, Error> {
    let input =
        ListOpportunities { party_id: Some(party), state: Some(OpportunityView::All), limit: Some(BESIDE), ..ListOpportunities::default() };
    let found = req.ctx.run(core::list, input).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    Ok(found.items.into_iter().map(|one| Deal::new(&req.loc, one, currency)).collect())
}

#[derive(Template)]
#[template(path = "opportunities/index.html", blocks = ["rows"])]
struct IndexPage {
    s: Shell,
    /// Word, address, whether it is open.
    views: Vec<(&'static str, String, bool)>,
    view: &'static str,
    /// Whose they are: label, address, whether chosen; none for who sees only their own.
    whose: Vec<(String, String, bool)>,
    /// What is asked for beside: label, words, the address without it.
    chips: Vec<(String, String, String)>,
    deals: Vec<Deal>,
    unit: String,
    is_first: bool,
    first: String,
    next: Option<String>,
    may_add: bool,
    may_change: bool,
}

async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let found = req.ctx.run(core::list, asked.input()).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let view = asked.view.unwrap_or(OpportunityView::Open);
    let first = Asked { after: None, ..asked.clone() };
    let me = req.ctx.actor.user();
    let sees_others = !matches!(req.ctx.actor.check(Perm(Room::Sales, Act::See)), Ok(Sight::Own(_)) | Err(_));
    let whose = match me {
        Some(me) if sees_others => vec![
            (req.t("today-own"), Asked { owner: Some(me), unowned: None, ..first.clone() }.address(), asked.owner == Some(me)),
            (
                req.t("opportunities-everybody"),
                Asked { owner: None, unowned: None, ..first.clone() }.address(),
                asked.owner.is_none() && asked.unowned.is_none(),
            ),
        ],
        _ => Vec::new(),
    };
    let page = IndexPage {
        views: OpportunityView::ALL
            .iter()
            .map(|one| {
                // What is open has no day on which it ended, and no reason.
                let ends = matches!(one, OpportunityView::Lost | OpportunityView::Closed | OpportunityView::Won | OpportunityView::All);
                let keep = Asked { from: asked.from.filter(|_| ends), until: asked.until.filter(|_| ends), ..first.clone() };
                let reason = if *one == OpportunityView::Lost { keep.reason.clone() } else { None };
                (one.as_str(), Asked { view: Some(*one), reason, ..keep }.address(), *one == view)
            })
            .collect(),
        view: view.as_str(),
        whose,
        chips: chips(&req, &first).await?,
        deals: found.items.into_iter().map(|one| Deal::new(&req.loc, one, currency)).collect(),
        unit: req.loc.money_unit(currency).to_owned(),
        is_first: asked.after.is_none(),
        first: first.address(),
        next: found.next.map(|after| Asked { after: Some(after), ..first.clone() }.address()),
        may_add: req.can(Room::Sales, Act::Create),
        may_change: req.can(Room::Sales, Act::Change),
        s: req.shell("opportunities", req.t("menu-opportunities")),
    };
    if req.htmx { page::page(&req, &page.as_rows()) } else { page::page(&req, &page) }
}

async fn chips(req: &Req, asked: &Asked) -> Result<Vec<(String, String, String)>, PageError> {
    let loc = &req.loc;
    let words = asked.competitor.is_some() || asked.reason.is_some() || asked.source.is_some();
    let terms = if words { req.ctx.run(terms::list, ListTerms::default()).await? } else { Vec::new() };
    let word = |list: &str, word: &str| {
        let own = terms.iter().find(|term| term.list == list && term.word == word).and_then(|term| term.label.as_deref());
        label(loc, list, word, own)
    };
    let mut chips = Vec::new();
    let mut chip = |key: &str, words: String, without: Asked| chips.push((loc.t(key), words, without.address()));
    if let Some(party) = asked.party {
        let name = req.ctx.run(party::get, PartyId { id: party }).await?.row.name;
        chip("opportunities-customer", name, Asked { party: None, ..asked.clone() });
    }
    if let Some(owner) = asked.owner.filter(|owner| Some(*owner) != req.ctx.actor.user()) {
        let everybody = req.ctx.run(colleagues::list, Nothing {}).await?;
        let name = everybody.into_iter().find(|one| one.id == owner).map_or_else(|| loc.t("opportunities-left"), |one| one.name);
        chip("opportunities-owner", name, Asked { owner: None, ..asked.clone() });
    }
    if asked.unowned == Some(true) {
        chip("opportunities-owner", loc.t("nobody"), Asked { unowned: None, ..asked.clone() });
    }
    if let Some(competitor) = &asked.competitor {
        chip("opportunities-competitor", word("competitor", competitor), Asked { competitor: None, ..asked.clone() });
    }
    if let Some(reason) = &asked.reason {
        chip("opportunities-reason", word("lost_reason", reason), Asked { reason: None, ..asked.clone() });
    }
    if let Some(source) = &asked.source {
        chip("opportunities-source", word("source", source), Asked { source: None, ..asked.clone() });
    }
    if asked.unsourced == Some(true) {
        chip("opportunities-source", loc.t("insight-sources-unknown"), Asked { unsourced: None, ..asked.clone() });
    }
    let days = match (asked.from, asked.until) {
        (Some(from), Some(until)) => Some(loc.ta("insight-window", &[("from", loc.day(from).into()), ("until", loc.day(until).into())])),
        (Some(from), None) => Some(loc.t1("opportunities-since", "day", loc.day(from))),
        (None, until) => until.map(|until| loc.t1("opportunities-until", "day", loc.day(until))),
    };
    if let Some(days) = days {
        chip("opportunities-closed", days, Asked { from: None, until: None, ..asked.clone() });
    }
    Ok(chips)
}

/// Values and labels of a choice.
type Options = Vec<(String, String)>;

fn choices(loc: &Loc, terms: &[Term], list: &str, chosen: Option<&str>) -> Options {
    terms
        .iter()
        .filter(|term| term.list == list && (term.is_active || Some(term.word.as_str()) == chosen))
        .map(|term| (term.word.clone(), label(loc, list, &term.word, term.label.as_deref())))
        .collect()
}

#[derive(Template)]
#[template(path = "opportunities/form.html", blocks = ["form"])]
struct FormPage {
    s: Shell,
    f: FormView,
    action: String,
    /// To whom, when that is settled.
    party: Option<(Id<Party>, String)>,
    competitors: Options,
    may_set_words: bool,
    unit: String,
    in_dialog: bool,
}

async fn form_page(
    req: &Req,
    f: FormView,
    of: Option<Id<Opportunity>>,
    party: Option<(Id<Party>, String)>,
    in_dialog: bool,
) -> Result<FormPage, PageError> {
    let terms = req.ctx.run(terms::list, ListTerms { list: Some("competitor".to_owned()) }).await?;
    let title = req.t(if of.is_some() { "opportunities-edit" } else { "opportunities-new" });
    Ok(FormPage {
        competitors: choices(&req.loc, &terms, "competitor", Some(f.value("competitor"))),
        f,
        action: of.map_or_else(|| HERE.to_owned(), |id| format!("{HERE}/{id}/edit")),
        party,
        may_set_words: req.can(Room::Settings, Act::Change),
        unit: req.loc.money_unit(req.ctx.app.organisation().await?.currency).to_owned(),
        in_dialog,
        s: req.shell("opportunities", title).crumb(req.t("menu-opportunities"), HERE),
    })
}

/// A form: its part for a dialog, the whole page otherwise.
fn show(req: &Req, view: &FormPage) -> PageResult {
    page::form(req, &view.f, view.in_dialog, view, &view.as_form())
}

async fn named(req: &Req, party: Option<Id<Party>>) -> Result<Option<(Id<Party>, String)>, PageError> {
    let Some(id) = party else { return Ok(None) };
    Ok(Some((id, req.ctx.run(party::get, PartyId { id }).await?.row.name)))
}

/// For whom a form opens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct For {
    party: Option<Id<Party>>,
}

async fn fresh(req: Req, Form(given): Form<For>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Sales, Act::Create))?;
    let party = named(&req, given.party).await?;
    show(&req, &form_page(&req, FormView::new(Vec::new()), None, party, req.dialog).await?)
}

async fn amount(req: &Req, sent: &Sent) -> Result<Option<String>, PageError> {
    Ok(sent.amount("amount", req.ctx.app.organisation().await?.currency, req.loc.prefs.money_unit))
}

/// A field that may be emptied, as the form has it.
fn patch(value: Option<String>) -> Patch<String> {
    value.map_or(Patch::Clear, Patch::Set)
}

async fn create(req: Req, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let party: Option<Id<Party>> = sent.get("party").and_then(|id| id.parse().ok());
    let settled = party.filter(|_| sent.get("settled").is_some());
    let input = NewOpportunity {
        party_id: party,
        customer: text("party_text"),
        title: text("title").unwrap_or_default(),
        amount: amount(&req, &sent).await?,
        competitor: text("competitor"),
        offer: text("offer"),
    };
    match req.ctx.run(core::create, input).await {
        Ok(done) => told(&req, settled, "opportunities-created", &done),
        Err(Error::Invalid(problems)) => {
            let party = named(&req, settled).await?;
            let in_dialog = sent.get("in_dialog").is_some();
            show(&req, &form_page(&req, FormView::again(sent, &problems.0, &req.loc), None, party, in_dialog).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// What is known of an opportunity, as a form holds it.
async fn values(req: &Req, one: &Opportunity) -> Result<Vec<(String, String)>, PageError> {
    let currency = req.ctx.app.organisation().await?.currency;
    // In digits and without separators, as every reader of numbers takes it.
    let plain = |minor| Money { minor, currency }.format(req.loc.prefs.money_unit, Digits::Latin).replace(',', "");
    let mut values = vec![("title".to_owned(), one.title.clone())];
    values.extend(one.amount_minor.map(|minor| ("amount".to_owned(), plain(minor))));
    values.extend(one.competitor.clone().map(|word| ("competitor".to_owned(), word)));
    values.extend(one.offer.clone().map(|offer| ("offer".to_owned(), offer)));
    values.extend(one.lost_reason.clone().map(|word| ("reason".to_owned(), word)));
    Ok(values)
}

async fn edit(req: Req, Path(id): Path<Id<Opportunity>>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Sales, Act::Change))?;
    let one = req.ctx.run(core::get, OpportunityId { id }).await?;
    let f = FormView::new(values(&req, &one).await?);
    show(&req, &form_page(&req, f, Some(id), Some((one.party_id, one.party)), req.dialog).await?)
}

async fn change(req: Req, Path(id): Path<Id<Opportunity>>, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let input = ChangeOpportunity {
        id,
        title: Some(text("title").unwrap_or_default()),
        amount: patch(amount(&req, &sent).await?),
        competitor: patch(text("competitor")),
        offer: patch(text("offer")),
    };
    match req.ctx.run(core::change, input).await {
        Ok(done) => told(&req, None, "opportunities-changed", &done),
        Err(Error::Invalid(problems)) => {
            let one = req.ctx.run(core::get, OpportunityId { id }).await?;
            let in_dialog = sent.get("in_dialog").is_some();
            let f = FormView::again(sent, &problems.0, &req.loc);
            show(&req, &form_page(&req, f, Some(id), Some((one.party_id, one.party)), in_dialog).await?)
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "opportunities/close.html", blocks = ["form"])]
struct ClosePage {
    s: Shell,
    f: FormView,
    one: Opportunity,
    end: OpportunityState,
    reasons: Options,
    competitors: Options,
    may_set_words: bool,
    unit: String,
    in_dialog: bool,
}

async fn close_page(
    req: &Req,
    f: Option<FormView>,
    id: Id<Opportunity>,
    end: OpportunityState,
    in_dialog: bool,
) -> Result<ClosePage, PageError> {
    let one = req.ctx.run(core::get, OpportunityId { id }).await?;
    let terms = req.ctx.run(terms::list, ListTerms::default()).await?;
    let f = match f {
        Some(f) => f,
        None => FormView::new(values(req, &one).await?),
    };
    Ok(ClosePage {
        reasons: choices(&req.loc, &terms, "lost_reason", Some(f.value("reason"))),
        competitors: choices(&req.loc, &terms, "competitor", Some(f.value("competitor"))),
        f,
        one,
        end,
        may_set_words: req.can(Room::Settings, Act::Change),
        unit: req.loc.money_unit(req.ctx.app.organisation().await?.currency).to_owned(),
        in_dialog,
        s: req.shell("opportunities", req.t(&format!("opportunities-close-{end}"))).crumb(req.t("menu-opportunities"), HERE),
    })
}

async fn ending(req: Req, Path((id, end)): Path<(Id<Opportunity>, OpportunityState)>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Sales, Act::Change))?;
    if end == OpportunityState::Open {
        return Err(Error::NotFound("page").into());
    }
    let view = close_page(&req, None, id, end, req.dialog).await?;
    page::form(&req, &view.f, view.in_dialog, &view, &view.as_form())
}

async fn close(req: Req, Path((id, end)): Path<(Id<Opportunity>, OpportunityState)>, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let input = match end {
        OpportunityState::Open => CloseOpportunity::of(id, end),
        OpportunityState::Won | OpportunityState::Lost => CloseOpportunity {
            id,
            state: end,
            reason: text("reason"),
            competitor: patch(text("competitor")),
            offer: patch(text("offer")),
            amount: patch(amount(&req, &sent).await?),
        },
    };
    match req.ctx.run(core::close, input).await {
        Ok(done) => told(&req, None, &format!("opportunities-is-{end}"), &done),
        Err(Error::Invalid(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let f = FormView::again(sent, &problems.0, &req.loc);
            let view = close_page(&req, Some(f), id, end, in_dialog).await?;
            page::form(&req, &view.f, in_dialog, &view, &view.as_form())
        }
        Err(error) => Err(error.into()),
    }
}

/// The answer to an act: word to the parts of the page; without htmx the way back.
fn told(req: &Req, party: Option<Id<Party>>, key: &str, done: &OpportunityActed) -> PageResult {
    let text = req.loc.t1(key, "title", done.opportunity.title.as_str());
    let flash = Flash { text, undo: Some(done.undo.to_string()) };
    match party {
        _ if req.htmx => acted(req, &flash),
        Some(id) => Ok(page::go(req, &format!("/parties/{id}"), Some(flash))),
        None => Ok(page::go(req, HERE, Some(flash))),
    }
}
