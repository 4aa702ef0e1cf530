//! What is noted of one customer, each in a small form of its own: something known, a relation, a way to reach them, an
//! address.

use super::show::{Way, changed, relation_label, way};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::interactions::Options;
use crate::page::{self, Shell, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::Path;
use peyvand_core::parties::Party;
use peyvand_core::parties::addresses::{self, AddressOf, PutAddress};
use peyvand_core::parties::check::{Channel, Consent};
use peyvand_core::parties::contacts::{self, AddContact, ChangeContact, ContactOf, PartyActed};
use peyvand_core::parties::party::{self, Address, ContactPoint, PartyId};
use peyvand_core::parties::preferences::{self, Confidence, EndPreference, NewPreference, Preference, PreferenceKind};
use peyvand_core::parties::relations::{self, EndRelation, NewRelation, Relation};
use peyvand_core::platform::terms::{self, ListTerms, Term};
use peyvand_core::platform::text::search_key;
use peyvand_core::{Act, Error, Id, Perm, Room};

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
    /// How sure something is, or whether a way to reach them may be used.
    degrees: Options,
    /// The contact point that the form changes.
    way: Option<Way>,
    /// Whether the contact point or address that the form changes is the one to use first already. It stays that until
    /// another is made it, so that there always is one.
    is_first: bool,
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
        way: None,
        is_first: false,
        degrees: match what {
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
    fresh(&req, "contact", id, &[("kind", "mobile"), ("consent", "unknown")]).await
}

/// Adds a way to reach the customer.
pub async fn put_contact(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    let new = AddContact {
        id,
        channel: word(&sent, "kind").unwrap_or(Channel::Mobile),
        value: sent.get("value").unwrap_or_default().to_owned(),
        label: sent.get("label").map(str::to_owned),
        is_main: sent.get("is_main").map(|_| true),
        consent: word(&sent, "consent"),
        consent_how: sent.get("consent_how").map(str::to_owned),
        consent_at: sent.date("consent_at").map(str::to_owned),
    };
    let outcome = req.ctx.run(contacts::add_contact, new).await;
    contact_put(&req, id, None, sent, outcome).await
}

/// The answer to a form of a contact point, a new one or one that is there.
async fn contact_put(
    req: &Req,
    id: Id<Party>,
    contact: Option<Id<ContactPoint>>,
    sent: Sent,
    outcome: Result<PartyActed, Error>,
) -> PageResult {
    match outcome {
        Ok(done) => changed(req, id, "customer-saved-contact", Some(done.undo)),
        Err(Error::Invalid(problems) | Error::Conflict(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let mut view = small(req, "contact", id, FormView::again(sent, &problems.0, &req.loc), in_dialog).await?;
            if let Some(contact) = contact {
                of_contact(req, &mut view, point(req, id, contact).await?);
            }
            show_small(req, &view)
        }
        Err(error) => Err(error.into()),
    }
}

/// A contact point that is there.
async fn point(req: &Req, id: Id<Party>, contact: Id<ContactPoint>) -> Result<ContactPoint, PageError> {
    let party = req.ctx.run(party::get, PartyId { id }).await?;
    Ok(party.contacts.into_iter().find(|one| one.id == contact).ok_or(Error::NotFound("contact_point"))?)
}

/// Makes the form one that changes a contact point.
fn of_contact(req: &Req, view: &mut SmallPage, contact: ContactPoint) {
    view.s.title = req.t("customer-edit-contact");
    view.action = format!("/parties/{}/contacts/{}/edit", view.id, contact.id);
    view.is_first = contact.is_main;
    view.way = Some(way(req, contact));
}

/// The form of a contact point that is there. How and when they consented is left empty: what is stored stays until
/// they say something new.
pub async fn edit_contact(req: Req, Path((id, contact)): Path<(Id<Party>, Id<ContactPoint>)>) -> PageResult {
    let contact = point(&req, id, contact).await?;
    let shown = way(&req, contact.clone()).shown;
    let mut values = vec![("value".to_owned(), shown), ("consent".to_owned(), contact.consent.to_string())];
    values.extend(contact.label.clone().map(|label| ("label".to_owned(), label)));
    let mut view = small(&req, "contact", id, FormView::new(values), req.dialog).await?;
    of_contact(&req, &mut view, contact);
    show_small(&req, &view)
}

/// Changes a contact point.
pub async fn change_contact(req: Req, Path((id, contact_id)): Path<(Id<Party>, Id<ContactPoint>)>, sent: Sent) -> PageResult {
    let change = ChangeContact {
        value: sent.has("value").then(|| sent.get("value").unwrap_or_default().to_owned()),
        label: sent.has("label").then(|| sent.get("label").unwrap_or_default().to_owned()),
        is_main: sent.get("is_main").map(|_| true),
        consent: word(&sent, "consent"),
        consent_how: sent.get("consent_how").map(str::to_owned),
        consent_at: sent.date("consent_at").map(str::to_owned),
        ..ChangeContact::of(id, contact_id)
    };
    let outcome = req.ctx.run(contacts::change_contact, change).await;
    contact_put(&req, id, Some(contact_id), sent, outcome).await
}

/// Notes whether a way to reach the customer may be used.
pub async fn consent(req: Req, Path((id, contact_id)): Path<(Id<Party>, Id<ContactPoint>)>, sent: Sent) -> PageResult {
    let change = ChangeContact { consent: word(&sent, "consent"), ..ChangeContact::of(id, contact_id) };
    let done = req.ctx.run(contacts::change_contact, change).await?;
    changed(&req, id, "customer-saved-consent", Some(done.undo))
}

/// Takes a way to reach the customer away.
pub async fn remove_contact(req: Req, Path((id, contact_id)): Path<(Id<Party>, Id<ContactPoint>)>) -> PageResult {
    let done = req.ctx.run(contacts::remove_contact, ContactOf { id, contact_id }).await?;
    changed(&req, id, "customer-removed-contact", Some(done.undo))
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
                of_address(req, &mut view, &place(req, id, address).await?);
            }
            show_small(req, &view)
        }
        Err(error) => Err(error.into()),
    }
}

/// An address that is there.
async fn place(req: &Req, id: Id<Party>, address: Id<Address>) -> Result<Address, PageError> {
    let party = req.ctx.run(party::get, PartyId { id }).await?;
    Ok(party.addresses.into_iter().find(|one| one.id == address).ok_or(Error::NotFound("address"))?)
}

/// Makes the form one that changes an address.
fn of_address(req: &Req, view: &mut SmallPage, address: &Address) {
    view.s.title = req.t("customer-edit-address");
    view.action = format!("/parties/{}/addresses/{}/edit", view.id, address.id);
    view.is_first = address.is_main;
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
    let one = place(&req, id, address).await?;
    let values = [
        ("label", &one.label),
        ("country", &one.country),
        ("province", &one.province),
        ("city", &one.city),
        ("line", &one.line),
        ("postal_code", &one.postal_code),
    ];
    let values: Vec<(String, String)> = values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect();
    let mut view = small(&req, "address", id, FormView::new(values), req.dialog).await?;
    of_address(&req, &mut view, &one);
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
