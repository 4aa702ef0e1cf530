//! Adding a customer and changing one.

use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent, input};
use crate::page::{Flash, Shell, go, page, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::Path;
use peyvand_core::parties::Party;
use peyvand_core::parties::bulk::{self, BulkTag};
use peyvand_core::parties::check::{Channel, Gender, NewParty, PartyChange, Role, Stance};
use peyvand_core::parties::duplicates::{self, Duplicate, FindDuplicates};
use peyvand_core::parties::party::{self as core, PartyId};
use peyvand_core::platform::terms::{self, ListTerms};
use peyvand_core::{Act, Error, Fields, Id, Perm, Room};

/// Text fields that a new customer and a change share.
const TEXTS: [&str; 20] = [
    "kind", "name", "first_name", "last_name", "honorific", "father_name", "national_id", "legal_id", "gender", "education", "job",
    "income_band", "source", "source_words", "role", "stance", "stance_reason", "preferred_channel", "preferred_hours", "note",
];
/// Fields of a new customer only: later there may be several of each, kept on the customer's page.
const FIRST_TEXTS: [&str; 9] = ["code", "mobile", "phone", "email", "country", "province", "city", "address", "postal_code"];
/// Fields whose empty value means "not said" in a change too, not "take it away".
const NOT_EMPTIED: [&str; 8] = ["kind", "national_id", "legal_id", "gender", "role", "stance", "preferred_channel", "name"];

type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "parties/form.html", blocks = ["form"])]
struct FormPage {
    s: Shell,
    f: FormView,
    /// The party that is changed, with its version; absent for a new one.
    of: Option<(Id<Party>, i64)>,
    cancel: String,
    honorifics: Options,
    educations: Options,
    income_bands: Options,
    sources: Options,
    genders: Options,
    roles: Options,
    stances: Options,
    channels: Options,
    /// Whether an introduction may be written down.
    may_introduce: bool,
}

async fn form_page(req: &Req, f: FormView, of: Option<(Id<Party>, i64)>) -> Result<FormPage, PageError> {
    let title = if of.is_some() { req.t("parties-edit") } else { req.t("parties-new") };
    let all = req.ctx.run(terms::list, ListTerms::default()).await?;
    let list = |name: &str| -> Options {
        all.iter()
            .filter(|term| term.list == name && term.is_active)
            .map(|term| (term.word.clone(), term.label.clone().unwrap_or_else(|| req.loc.term(name, &term.word))))
            .collect()
    };
    let words = |list: &str, words: &[&'static str]| -> Options {
        words.iter().map(|word| ((*word).to_owned(), req.loc.term(list, word))).collect()
    };
    Ok(FormPage {
        s: req.shell("parties", title).crumb(req.t("menu-parties"), "/parties"),
        cancel: of.map_or_else(|| "/parties".to_owned(), |(id, _)| format!("/parties/{id}")),
        f,
        of,
        honorifics: list("honorific"),
        educations: list("education"),
        income_bands: list("income_band"),
        sources: list("source"),
        genders: words("gender", &Gender::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
        roles: words("role", &Role::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
        stances: words("stance", &Stance::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
        channels: words("channel", &Channel::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
        may_introduce: req.can(Room::Advocacy, Act::Create),
    })
}

fn show(req: &Req, view: &FormPage) -> PageResult {
    match (view.f.errors().is_empty(), req.htmx) {
        (true, _) => page(req, view),
        (false, true) => unprocessable(&view.as_form()),
        (false, false) => unprocessable(view),
    }
}

/// The empty form. A name in the query is taken over, so that a search without a hit leads to a filled one.
pub async fn fresh(req: Req, axum::extract::Query(given): axum::extract::Query<Vec<(String, String)>>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Parties, Act::Create))?;
    let mut values = given;
    values.push(("kind".to_owned(), "person".to_owned()));
    show(&req, &form_page(&req, FormView::new(values), None).await?)
}

/// Adds the customer.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    let mut object = sent.object(&[&TEXTS[..], &FIRST_TEXTS[..]].concat(), &["tags"], false);
    if let Some(date) = sent.date("birth_date") {
        object.insert("birth_date".to_owned(), date.into());
    }
    if let Some(named) = sent.get("introduced_by").or(sent.get("introduced_by_text")) {
        object.insert("introduced_by".to_owned(), named.into());
        // Who was sent by somebody came by recommendation, unless they say otherwise.
        object.entry("source").or_insert_with(|| "recommendation".into());
    }
    let outcome = match input::<NewParty>(object) {
        Ok(new) => req.ctx.run(core::create, new).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(party) => {
            let flash = Flash { text: req.loc.t1("parties-created", "name", &party.name), undo: None };
            Ok(go(&req, &format!("/parties/{}", party.id), Some(flash)))
        }
        Err(error) => again(&req, sent, None, error).await,
    }
}

/// The form of a customer that is there.
pub async fn edit(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Parties, Act::Change))?;
    let party = req.ctx.run(core::get, PartyId { id }).await?;
    let mut values = vec![("kind".to_owned(), party.kind.to_string()), ("role".to_owned(), party.role.to_string())];
    let mut put = |name: &str, value: Option<&str>| values.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    put("name", Some(&party.name));
    put("first_name", party.first_name.as_deref());
    put("last_name", party.last_name.as_deref());
    put("honorific", party.honorific.as_deref());
    put("father_name", party.father_name.as_deref());
    put("gender", party.gender.as_deref());
    put("education", party.education.as_deref());
    put("job", party.job.as_deref());
    put("income_band", party.income_band.as_deref());
    put("source", party.source.as_deref());
    put("source_words", party.source_words.as_deref());
    put("stance", party.stance.map(Stance::as_str));
    put("stance_reason", party.stance_reason.as_deref());
    put("preferred_channel", party.preferred_channel.map(Channel::as_str));
    put("preferred_hours", party.preferred_hours.as_deref());
    put("note", party.note.as_deref());
    if let Some(born) = party.birth_on {
        put("birth_date", Some(&born.to_string()));
        put("birth_date_text", Some(&req.loc.day(born)));
    }
    let tags = party.tags.join(&req.t("timeline-comma"));
    put("tags", Some(&tags));
    put("tags_before", Some(&tags));
    let mut view = form_page(&req, FormView::new(values), Some((id, party.version))).await?;
    view.s = view.s.crumb(party.name.clone(), format!("/parties/{id}"));
    show(&req, &view)
}

/// Changes the customer.
pub async fn update(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    let mut object = sent.object(&TEXTS, &["tags"], true);
    object.retain(|name, value| !NOT_EMPTIED.contains(&name.as_str()) || value.as_str() != Some(""));
    object.insert("birth_date".to_owned(), sent.date("birth_date").unwrap_or_default().into());
    object.insert("id".to_owned(), id.to_string().into());
    let version: i64 = sent.get("version").and_then(|version| version.parse().ok()).unwrap_or_default();
    object.insert("version".to_owned(), version.into());
    let outcome = match input::<PartyChange>(object) {
        Ok(change) => req.ctx.run(core::update, change).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(_) => {
            // A change only adds tags: what the form showed and is not in it now goes.
            let tags = |name: &str| -> Vec<String> {
                let list = sent.object(&[], &[name], false).remove(name);
                list.and_then(|list| serde_json::from_value(list).ok()).unwrap_or_default()
            };
            let kept = tags("tags");
            for tag in tags("tags_before").into_iter().filter(|tag| !kept.contains(tag)) {
                req.ctx.run(bulk::tag, BulkTag { ids: Some(vec![id]), tag, remove: true, ..BulkTag::default() }).await?;
            }
            Ok(go(&req, &format!("/parties/{id}"), Some(Flash { text: req.t("parties-saved"), undo: None })))
        }
        Err(error) => again(&req, sent, Some((id, version)), error).await,
    }
}

async fn again(req: &Req, sent: Sent, of: Option<(Id<Party>, i64)>, error: Error) -> PageResult {
    match error {
        Error::Invalid(Fields(problems)) | Error::Conflict(Fields(problems)) => {
            show(req, &form_page(req, FormView::again(sent, &problems, &req.loc), of).await?)
        }
        error => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "parties/duplicates.html")]
struct DuplicatesPart {
    s: Shell,
    items: Vec<Duplicate>,
}

/// Who may be the one that is being typed in.
pub async fn duplicates(req: Req, axum::extract::Query(typed): axum::extract::Query<Vec<(String, String)>>) -> PageResult {
    let object =
        Sent(typed).object(&["name", "first_name", "last_name", "phone", "mobile", "email", "national_id", "legal_id", "city"], &[], false);
    let found = req.ctx.run(duplicates::duplicates, input::<FindDuplicates>(object)?).await?;
    page(&req, &DuplicatesPart { s: req.shell("parties", ""), items: found.items })
}
