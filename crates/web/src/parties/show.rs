//! The page of one customer: how to treat them, what happened, what is known, what comes next.

use super::story::{self, Entry};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::interactions::{Compose, Options, compose};
use crate::page::{self, Flash, Shell, unprocessable};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{Html, IntoResponse};
use peyvand_core::follow_ups::{self, FollowUp, ListFollowUps};
use peyvand_core::operation::Page;
use peyvand_core::parties::Party;
use peyvand_core::parties::addresses::{self, AddressOf, PutAddress};
use peyvand_core::parties::bulk::{self, BulkArchive};
use peyvand_core::parties::check::{Channel, Consent};
use peyvand_core::parties::contacts::{self, AddContact, ChangeContact, ContactOf};
use peyvand_core::parties::identities::{self, IdentityOf, Revealed};
use peyvand_core::parties::party::{self, Address, ContactPoint, PartyId};
use peyvand_core::parties::preferences::{self, Confidence, EndPreference, ListPreferences, NewPreference, Preference, PreferenceKind};
use peyvand_core::parties::relations::{self, EndRelation, ListRelations, NewRelation, Relation, RelationSeen};
use peyvand_core::parties::timeline::{self, TimelineEntry, TimelineKind, TimelineOf};
use peyvand_core::platform::money::Currency;
use peyvand_core::platform::terms::{self, ListTerms, Term};
use peyvand_core::platform::text::search_key;
use peyvand_core::platform::undo::Undo;
use peyvand_core::sales::Purchase;
use peyvand_core::sales::purchases::{self, ListPurchases};
use peyvand_core::{Act, Error, Id, Instant, Perm, Room};
use serde::Deserialize;

/// Entries of a page of the timeline.
const ENTRIES: i64 = 30;
/// Purchases and follow-ups beside the timeline.
const BESIDE: i64 = 4;
/// Traits named in the strip below the name.
const TRAITS: usize = 3;
/// What parts of the page fetch anew after a change that is told of in a dialog. The dialog closes last.
const AFTER_A_CHANGE: &str = "live:parties, live:timeline, close-dialog";

/// Which part of the page, and where its timeline starts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    kind: Option<String>,
    after: Option<String>,
    part: Option<String>,
}

/// A contact point as the page shows it.
struct Way {
    point: ContactPoint,
    shown: String,
    link: String,
    label: String,
}

/// An identity key as the page shows it.
struct Key {
    kind: String,
    label: String,
    value: String,
    secret: bool,
}

/// A planned follow-up as the page shows it.
struct Step {
    f: FollowUp,
    when: String,
    late: bool,
}

#[derive(Template)]
#[template(path = "parties/show.html", blocks = ["timeline", "next_step", "known", "relations", "contacts", "older"])]
struct ShowPage {
    s: Shell,
    p: party::Party,
    /// How they are addressed: honorific and last name.
    address: Option<String>,
    traits: Vec<String>,
    ways: Vec<Way>,
    call: Option<String>,
    keys: Vec<Key>,
    may_reveal: bool,
    may_change: bool,
    may_archive: bool,
    may_plan: bool,
    may_act: bool,
    sees_steps: bool,
    sees_sales: bool,
    compose: Option<Compose>,
    silent: bool,
    currency: Currency,
    steps: Vec<Step>,
    purchases: Vec<Purchase>,
    known: Vec<(String, Vec<Preference>)>,
    related: Vec<RelationSeen>,
    kind: String,
    kinds: Vec<&'static str>,
    entries: Vec<Entry>,
    next: Option<String>,
}

impl ShowPage {
    /// The words of something known.
    fn words(&self, preference: &Preference) -> String {
        words_of(&self.s.loc, preference)
    }

    /// What the other side is to this one.
    fn relation(&self, seen: &RelationSeen) -> String {
        relation_label(&self.s.loc, &seen.kind, !seen.is_inverse)
    }
}

fn words_of(loc: &peyvand_core::platform::locale::Loc, preference: &Preference) -> String {
    match (&preference.term, &preference.words) {
        (Some(term), _) => loc.term(preference.kind.as_str(), term),
        (None, words) => words.clone().unwrap_or_default(),
    }
}

/// A relation in words: what one is to the other, or what the other is to one.
fn relation_label(loc: &peyvand_core::platform::locale::Loc, kind: &str, inverse: bool) -> String {
    let key = format!("relations-inverse-{}", kind.replace('_', "-"));
    if inverse && loc.has(&key) { loc.t(&key) } else { loc.term("relation", kind) }
}

fn kind_of(word: Option<&str>) -> Option<TimelineKind> {
    word.and_then(|word| word.parse().ok())
}

/// The page, or the part of it that htmx asks for.
pub async fn show(req: Req, headers: HeaderMap, Path(id): Path<Id<Party>>, Form(asked): Form<Asked>) -> PageResult {
    let view = load(&req, id, &asked, None).await?;
    match asked.part.as_deref().filter(|_| req.htmx) {
        Some("next") => page::page(&req, &view.as_next_step()),
        Some("known") => page::page(&req, &view.as_known()),
        Some("relations") => page::page(&req, &view.as_relations()),
        Some("contacts") => page::page(&req, &view.as_contacts()),
        Some("timeline") => page::page(&req, &view.as_timeline()),
        Some("older") => page::page(&req, &view.as_older()),
        _ => {
            let mut response = page::page(&req, &view)?;
            super::palette::remember(&req, &headers, id, &mut response);
            Ok(response)
        }
    }
}

async fn load(req: &Req, id: Id<Party>, asked: &Asked, revealed: Option<Revealed>) -> Result<ShowPage, PageError> {
    let ctx = &req.ctx;
    let part = asked.part.as_deref().filter(|_| req.htmx);
    let wants = |name: &str| part.is_none_or(|part| part == name);
    let sees = |room| req.can(room, Act::See);
    let p = ctx.run(party::get, PartyId { id }).await?;
    let kind = kind_of(asked.kind.as_deref());
    let of = TimelineOf { id, kinds: kind.map(|kind| vec![kind]), after: asked.after.clone(), limit: Some(ENTRIES) };
    let told = async {
        if wants("timeline") || part == Some("older") {
            ctx.run(timeline::timeline, of).await
        } else {
            Ok(Page { items: Vec::<TimelineEntry>::new(), next: None })
        }
    };
    let planned = async {
        if wants("next") && sees(Room::FollowUps) {
            let open = ListFollowUps { party_id: Some(id), limit: Some(BESIDE), ..ListFollowUps::default() };
            ctx.run(follow_ups::list, open).await.map(|page| page.items)
        } else {
            Ok(Vec::new())
        }
    };
    let bought = async {
        if part.is_none() && sees(Room::Sales) {
            let newest = ListPurchases { party_id: Some(id), limit: Some(BESIDE), ..ListPurchases::default() };
            ctx.run(purchases::list, newest).await.map(|page| page.items)
        } else {
            Ok(Vec::new())
        }
    };
    let known = async { if wants("known") { ctx.run(preferences::list, ListPreferences { id }).await } else { Ok(Vec::new()) } };
    let related = async { if wants("relations") { ctx.run(relations::list, ListRelations { id }).await } else { Ok(Vec::new()) } };
    let (told, planned, purchases, known, related) = tokio::try_join!(told, planned, bought, known, related)?;
    let organisation = ctx.app.organisation().await?;
    let compose = if part.is_none() && req.can(Room::Interactions, Act::Create) {
        Some(compose(req, id, FormView::new(Vec::new())).await?)
    } else {
        None
    };
    let traits = known.iter().filter(|one| one.kind == PreferenceKind::Trait).take(TRAITS).map(|one| words_of(&req.loc, one)).collect();
    let groups = PreferenceKind::ALL
        .iter()
        .map(|kind| (kind.to_string(), known.iter().filter(|one| one.kind == *kind).cloned().collect::<Vec<_>>()))
        .filter(|(_, group)| !group.is_empty())
        .collect();
    let honorific = p.honorific.as_deref().map(|word| req.loc.term("honorific", word));
    let address = honorific.map(|honorific| format!("{honorific} {}", p.last_name.as_deref().unwrap_or(&p.name)));
    let ways: Vec<Way> = p.contacts.iter().cloned().map(|point| way(req, point)).collect();
    let keys = p
        .identities
        .iter()
        .map(|key| {
            let clear = revealed.as_ref().filter(|revealed| revealed.kind == key.kind);
            Key {
                label: identity_label(req, &key.kind),
                value: clear.map_or_else(|| key.value.clone(), |clear| clear.display.clone()),
                secret: key.is_secret && clear.is_none(),
                kind: key.kind.clone(),
            }
        })
        .collect();
    let before = asked.after.as_deref().and_then(|after| after.split_once('_')).and_then(|(at, _)| at.parse().ok()).map(Instant);
    let kinds = [("interaction", Room::Interactions), ("purchase", Room::Sales), ("follow_up", Room::FollowUps), ("record", Room::Parties)];
    Ok(ShowPage {
        s: req.shell("parties", p.name.clone()).crumb(req.t("menu-parties"), "/parties").logs_about(p.id),
        address,
        traits,
        call: ways.iter().find(|way| way.link.starts_with("tel:")).map(|way| way.link.clone()),
        ways,
        keys,
        may_reveal: req.can(Room::Identities, Act::See),
        may_change: req.can(Room::Parties, Act::Change) && p.archived_at.is_none(),
        may_archive: req.can(Room::Parties, Act::Delete) && p.archived_at.is_none(),
        may_plan: req.can(Room::FollowUps, Act::Create),
        may_act: req.can(Room::FollowUps, Act::Change),
        sees_steps: sees(Room::FollowUps),
        sees_sales: sees(Room::Sales),
        compose,
        silent: p.silent_from.is_some_and(|day| day <= ctx.today()),
        currency: organisation.currency,
        steps: planned.into_iter().map(|f| step(req, f)).collect(),
        purchases,
        known: groups,
        related,
        kind: kind.map(|kind| kind.to_string()).unwrap_or_default(),
        kinds: kinds.into_iter().filter(|(_, room)| sees(*room)).map(|(kind, _)| kind).collect(),
        entries: story::entries(req, told.items, before),
        next: told.next,
        p,
    })
}

fn step(req: &Req, f: FollowUp) -> Step {
    let clock = f.due_at.zoned(&req.loc.prefs.time_zone);
    let by_day = (clock.hour(), clock.minute()) == follow_ups::DAY_ENDS;
    let when = if by_day { req.loc.day_near(f.due_at.day(&req.loc.prefs.time_zone)) } else { req.loc.when(f.due_at) };
    Step { when, late: f.due_at < req.ctx.now(), f }
}

fn way(req: &Req, point: ContactPoint) -> Way {
    let value = &point.value;
    let (shown, link) = match point.channel {
        Channel::Mobile | Channel::Phone => (req.loc.phone(value), format!("tel:{value}")),
        Channel::Fax => (req.loc.phone(value), String::new()),
        Channel::Whatsapp => (req.loc.phone(value), format!("https://wa.me/{}", value.trim_start_matches('+'))),
        Channel::Email => (value.clone(), format!("mailto:{value}")),
        _ => (value.clone(), String::new()),
    };
    Way { shown, link, label: way_label(req, &point), point }
}

fn way_label(req: &Req, point: &ContactPoint) -> String {
    point.label.clone().unwrap_or_else(|| req.loc.term("channel", point.channel.as_str()))
}

fn identity_label(req: &Req, kind: &str) -> String {
    let (kind, system) = kind.split_once(':').unwrap_or((kind, ""));
    let label = req.t(&format!("customer-identity-{}", kind.replace('_', "-")));
    if system.is_empty() { label } else { format!("{label} ({system})") }
}

/// The answer to a change made in a dialog or by a small button: word to the parts of the page; a way back without htmx.
fn changed(req: &Req, id: Id<Party>, text: &str, undo: Option<Id<Undo>>) -> PageResult {
    let flash = Flash { text: req.t(text), undo: undo.map(|undo| undo.to_string()) };
    if !req.htmx {
        return Ok(page::go(req, &format!("/parties/{id}"), Some(flash)));
    }
    let mut response = Html(page::toast(req, &flash)?).into_response();
    response.headers_mut().insert("hx-trigger", HeaderValue::from_static(AFTER_A_CHANGE));
    Ok(response)
}

/// Shows a secret identity key in clear; the look is noted.
pub async fn reveal(req: Req, Path((id, kind)): Path<(Id<Party>, String)>) -> PageResult {
    let revealed = req.ctx.run(identities::reveal, IdentityOf { id, kind }).await?;
    let asked = Asked { part: Some("contacts".to_owned()), ..Asked::default() };
    let view = load(&req, id, &asked, Some(revealed)).await?;
    if req.htmx { page::page(&req, &view.as_contacts()) } else { page::page(&req, &view) }
}

/// Archives the customer; the act can be taken back.
pub async fn archive(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    let done = req.ctx.run(bulk::archive, BulkArchive { ids: Some(vec![id]), filter: None }).await?;
    Ok(page::go(&req, "/parties", Some(Flash { text: req.t("customer-archived"), undo: Some(done.undo.to_string()) })))
}

/// A small form beside the page.
#[derive(Template)]
#[template(path = "parties/small.html", blocks = ["form"])]
struct SmallPage {
    s: Shell,
    f: FormView,
    /// `preference`, `relation`, `contact`, `address`.
    what: &'static str,
    /// Where the form goes.
    action: String,
    id: Id<Party>,
    name: String,
    in_dialog: bool,
    kinds: Options,
    /// Ready-made words with the kind that they belong to.
    suggestions: Vec<(String, String)>,
    confidences: Options,
}

async fn small(req: &Req, what: &'static str, id: Id<Party>, f: FormView, in_dialog: bool) -> Result<SmallPage, PageError> {
    req.ctx.actor.check(Perm(Room::Parties, Act::Change))?;
    let name = req.ctx.run(party::get, PartyId { id }).await?.row.name;
    let mut suggestions = Vec::new();
    let kinds: Options = match what {
        "preference" => {
            for term in all_terms(req).await? {
                if PreferenceKind::ALL.iter().any(|kind| kind.as_str() == term.list) {
                    suggestions.push((term.list.clone(), label(req, &term)));
                }
            }
            PreferenceKind::ALL.iter().map(|kind| (kind.to_string(), req.t(&format!("customer-known-{kind}")))).collect()
        }
        "relation" => {
            let words = all_terms(req).await?.into_iter().filter(|term| term.list == "relation");
            words
                .flat_map(|term| {
                    let forward = (term.word.clone(), label(req, &term));
                    let backward = (format!("{}~", term.word), relation_label(&req.loc, &term.word, true));
                    if forward.1 == backward.1 { vec![forward] } else { vec![forward, backward] }
                })
                .collect()
        }
        "contact" => Channel::ALL.iter().map(|channel| (channel.to_string(), req.loc.term("channel", channel.as_str()))).collect(),
        _ => Options::new(),
    };
    Ok(SmallPage {
        s: req
            .shell("parties", req.t(&format!("customer-new-{what}")))
            .crumb(req.t("menu-parties"), "/parties")
            .crumb(name.clone(), format!("/parties/{id}")),
        f,
        what,
        action: if what == "address" { format!("/parties/{id}/addresses/new") } else { format!("/parties/{id}/{what}s/new") },
        id,
        name,
        in_dialog,
        kinds,
        suggestions,
        confidences: match what {
            "contact" => Consent::ALL.iter().map(|word| (word.to_string(), req.t(&format!("customer-consent-{word}")))).collect(),
            _ => Confidence::ALL.iter().rev().map(|word| (word.to_string(), req.t(&format!("customer-confidence-{word}")))).collect(),
        },
    })
}

async fn all_terms(req: &Req) -> Result<Vec<Term>, PageError> {
    let terms = req.ctx.run(terms::list, ListTerms::default()).await?;
    Ok(terms.into_iter().filter(|term| term.is_active).collect())
}

fn label(req: &Req, term: &Term) -> String {
    term.label.clone().unwrap_or_else(|| req.loc.term(&term.list, &term.word))
}

fn show_small(req: &Req, view: &SmallPage) -> PageResult {
    match (view.f.errors().is_empty(), view.in_dialog || (req.htmx && !view.f.errors().is_empty())) {
        (true, true) => page::page(req, &view.as_form()),
        (true, false) => page::page(req, view),
        (false, true) => unprocessable(&view.as_form()),
        (false, false) => unprocessable(view),
    }
}

async fn fresh(req: &Req, what: &'static str, id: Id<Party>, values: &[(&str, &str)]) -> PageResult {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    show_small(req, &small(req, what, id, FormView::new(values), req.dialog).await?)
}

async fn answered<T>(req: &Req, what: &'static str, id: Id<Party>, sent: Sent, outcome: Result<T, Error>) -> PageResult {
    match outcome {
        Ok(_) => changed(req, id, &format!("customer-saved-{what}"), None),
        Err(Error::Invalid(problems) | Error::Conflict(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            show_small(req, &small(req, what, id, FormView::again(sent, &problems.0, &req.loc), in_dialog).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn word<T: std::str::FromStr>(sent: &Sent, name: &str) -> Option<T> {
    sent.get(name).and_then(|word| word.parse().ok())
}

/// The form that notes something known.
pub async fn new_preference(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    fresh(&req, "preference", id, &[("kind", "trait"), ("confidence", "medium")]).await
}

/// Notes something known. A label of a ready-made word stands for that word.
pub async fn put_preference(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    let kind: PreferenceKind = word(&sent, "kind").unwrap_or(PreferenceKind::Preference);
    let text = sent.get("text").unwrap_or_default().to_owned();
    let key = search_key(&text);
    let ready_made = all_terms(&req).await?.into_iter().find(|term| term.list == kind.as_str() && search_key(&label(&req, term)) == key);
    let new = NewPreference {
        party_id: Some(id),
        customer: None,
        kind,
        text: ready_made.map_or(text, |term| term.word),
        source: sent.get("source").map(str::to_owned),
        confidence: word(&sent, "confidence"),
        observed: None,
    };
    let outcome = req.ctx.run(preferences::create, new).await;
    answered(&req, "preference", id, sent, outcome).await
}

/// Says that something known does not hold any more.
pub async fn end_preference(req: Req, Path((party, id)): Path<(Id<Party>, Id<Preference>)>) -> PageResult {
    req.ctx.run(preferences::end, EndPreference { id }).await?;
    changed(&req, party, "customer-removed-preference", None)
}

/// The form that relates two customers.
pub async fn new_relation(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    fresh(&req, "relation", id, &[]).await
}

/// Relates two customers.
pub async fn put_relation(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    // The form asks what the other is to this one; the word is stored from the other's side.
    let kind = sent.get("kind").unwrap_or_default();
    let (kind, backward) = kind.strip_suffix('~').map_or((kind, false), |kind| (kind, true));
    let new = NewRelation {
        party_id: Some(id),
        other_id: word(&sent, "other"),
        other: sent.get("other_text").map(str::to_owned),
        kind: kind.to_owned(),
        inverse: !backward,
        since: sent.date("since").map(str::to_owned),
        note: sent.get("note").map(str::to_owned),
        ..NewRelation::default()
    };
    let outcome = req.ctx.run(relations::create, new).await;
    answered(&req, "relation", id, sent, outcome).await
}

/// Says that a relation has ended.
pub async fn end_relation(req: Req, Path((party, id)): Path<(Id<Party>, Id<Relation>)>) -> PageResult {
    req.ctx.run(relations::end, EndRelation { id, until: None }).await?;
    changed(&req, party, "customer-removed-relation", None)
}

/// The form that adds a way to reach the customer.
pub async fn new_contact(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    fresh(&req, "contact", id, &[("kind", "mobile"), ("confidence", "unknown")]).await
}

/// Adds a way to reach the customer.
pub async fn put_contact(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    let new = AddContact {
        id,
        channel: word(&sent, "kind").unwrap_or(Channel::Mobile),
        value: sent.get("value").unwrap_or_default().to_owned(),
        label: sent.get("label").map(str::to_owned),
        is_main: None,
        consent: word(&sent, "confidence"),
        consent_how: sent.get("consent_how").map(str::to_owned),
    };
    let outcome = req.ctx.run(contacts::add_contact, new).await;
    answered(&req, "contact", id, sent, outcome).await
}

/// Notes whether a way to reach the customer may be used.
pub async fn consent(req: Req, Path((id, contact_id)): Path<(Id<Party>, Id<ContactPoint>)>, sent: Sent) -> PageResult {
    let change = ChangeContact {
        id,
        contact_id,
        value: None,
        label: None,
        is_main: None,
        consent: word(&sent, "consent"),
        consent_how: None,
        consent_at: None,
    };
    req.ctx.run(contacts::change_contact, change).await?;
    changed(&req, id, "customer-saved-consent", None)
}

/// Takes a way to reach the customer away.
pub async fn remove_contact(req: Req, Path((id, contact_id)): Path<(Id<Party>, Id<ContactPoint>)>) -> PageResult {
    req.ctx.run(contacts::remove_contact, ContactOf { id, contact_id }).await?;
    changed(&req, id, "customer-removed-contact", None)
}

/// What a form says of an address.
fn address_of(id: Id<Party>, address_id: Option<Id<Address>>, sent: &Sent) -> PutAddress {
    let text = |name: &str| sent.get(name).map(str::to_owned);
    PutAddress {
        id,
        address_id,
        label: text("label"),
        country: text("country"),
        province: text("province"),
        city: text("city"),
        line: text("line"),
        postal_code: text("postal_code"),
        is_main: sent.get("is_main").map(|_| true),
    }
}

async fn address_put(req: &Req, id: Id<Party>, address: Option<Id<Address>>, sent: Sent) -> PageResult {
    match req.ctx.run(addresses::put_address, address_of(id, address, &sent)).await {
        Ok(done) => changed(req, id, "customer-saved-address", Some(done.undo)),
        Err(Error::Invalid(problems) | Error::Conflict(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let mut view = small(req, "address", id, FormView::again(sent, &problems.0, &req.loc), in_dialog).await?;
            if let Some(address) = address {
                of_address(req, &mut view, address);
            }
            show_small(req, &view)
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes the form one that changes an address.
fn of_address(req: &Req, view: &mut SmallPage, address: Id<Address>) {
    view.s.title = req.t("customer-edit-address");
    view.action = format!("/parties/{}/addresses/{address}/edit", view.id);
}

/// The form that adds an address.
pub async fn new_address(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    fresh(&req, "address", id, &[]).await
}

/// Adds an address.
pub async fn add_address(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    address_put(&req, id, None, sent).await
}

/// The form of an address that is there.
pub async fn edit_address(req: Req, Path((id, address)): Path<(Id<Party>, Id<Address>)>) -> PageResult {
    let party = req.ctx.run(party::get, PartyId { id }).await?;
    let one = party.addresses.iter().find(|one| one.id == address).ok_or(Error::NotFound("address"))?;
    let values = [
        ("label", &one.label),
        ("country", &one.country),
        ("province", &one.province),
        ("city", &one.city),
        ("line", &one.line),
        ("postal_code", &one.postal_code),
    ];
    let mut values: Vec<(String, String)> =
        values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect();
    values.extend(one.is_main.then(|| ("is_main".to_owned(), "1".to_owned())));
    let mut view = small(&req, "address", id, FormView::new(values), req.dialog).await?;
    of_address(&req, &mut view, address);
    show_small(&req, &view)
}

/// Changes an address.
pub async fn change_address(req: Req, Path((id, address)): Path<(Id<Party>, Id<Address>)>, sent: Sent) -> PageResult {
    address_put(&req, id, Some(address), sent).await
}

/// Takes an address away.
pub async fn remove_address(req: Req, Path((id, address_id)): Path<(Id<Party>, Id<Address>)>) -> PageResult {
    let done = req.ctx.run(addresses::remove_address, AddressOf { id, address_id }).await?;
    changed(&req, id, "customer-removed-address", Some(done.undo))
}
