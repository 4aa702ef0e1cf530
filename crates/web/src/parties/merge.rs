//! Two customers who are one: choosing the other, comparing both side by side, merging them and taking it back.

use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell, unprocessable};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use peyvand_core::parties::Party;
use peyvand_core::parties::duplicates::{self, Duplicate, FindDuplicates};
use peyvand_core::parties::merge::{self as core, FieldSeen, MergeParties, MergeSeen, Merged, Side};
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::parties::search::{self, SearchParties};
use peyvand_core::platform::locale::Loc;
use peyvand_core::{Act, Day, Error, Id, Perm, Problem, Room};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The other customer, by the choice below the field or by what was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asked {
    other: Option<String>,
    other_text: Option<String>,
}

/// A fact in which the two differ.
struct Row {
    name: String,
    label: String,
    this: Option<String>,
    other: Option<String>,
    takes_other: bool,
}

#[derive(Template)]
#[template(path = "parties/merge.html")]
struct MergePage {
    s: Shell,
    f: FormView,
    id: Id<Party>,
    name: String,
    /// Who may be the same.
    likely: Vec<Duplicate>,
    /// What would come of it, once the other is known.
    tried: Option<Tried>,
}

struct Tried {
    other_id: Id<Party>,
    other: String,
    version: i64,
    other_version: i64,
    rows: Vec<Row>,
    moved: Vec<(String, i64)>,
    left: i64,
    ended: i64,
    stage: Option<String>,
    until: String,
}

/// A fact in the reader's words.
fn words(loc: &Loc, field: &str, value: Option<&String>) -> Option<String> {
    let value = value?;
    Some(match field {
        "honorific" | "gender" | "education" | "income_band" | "role" | "source" | "stance" => loc.term(field, value),
        "preferred_channel" => loc.term("channel", value),
        "birth_on" => value.parse::<Day>().map_or_else(|_| value.clone(), |day| loc.day(day)),
        _ => value.clone(),
    })
}

pub(super) fn key(prefix: &str, word: &str) -> String {
    format!("{prefix}{}", word.replace('_', "-"))
}

fn tried(loc: &Loc, merged: Merged) -> Tried {
    let row = |seen: &FieldSeen| Row {
        name: format!("keep.{}", seen.field),
        label: loc.t(&key("merge-field-", seen.field)),
        this: words(loc, seen.field, seen.this.as_ref()),
        other: words(loc, seen.field, seen.other.as_ref()),
        takes_other: seen.takes == Side::Other,
    };
    let stage = merged.stage.map(|stage| {
        let [after, this, other] = [stage.after, stage.this, stage.other].map(|stage| loc.t(&key("lifecycle-stage-", stage.as_str())));
        loc.ta("merge-stage", &[("after", after.as_str().into()), ("this", this.as_str().into()), ("other", other.as_str().into())])
    });
    Tried {
        rows: merged.fields.iter().map(row).collect(),
        moved: merged.moved.iter().map(|moved| (loc.t(&key("merge-kind-", moved.kind.as_str())), moved.count)).collect(),
        left: merged.left,
        ended: merged.ended,
        stage,
        until: loc.day_long(merged.undo_until.day(&loc.prefs.time_zone)),
        other_id: merged.other_id,
        other: merged.other,
        version: merged.version,
        other_version: merged.other_version,
    }
}

/// The page, with the comparison once the other is known; 422 where the two cannot be merged.
async fn show_page(req: &Req, id: Id<Party>, f: FormView, merged: Option<Merged>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Parties, Act::Delete))?;
    let party = req.ctx.run(party::get, PartyId { id }).await?;
    let likely = if merged.is_none() {
        let find = FindDuplicates {
            name: Some(party.name.clone()),
            phone: party.phone.clone(),
            email: party.email.clone(),
            city: party.city.clone(),
            except: Some(id),
            ..FindDuplicates::default()
        };
        req.ctx.run(duplicates::duplicates, find).await?.items
    } else {
        Vec::new()
    };
    let view = MergePage {
        s: req
            .shell("parties", req.t("merge-title"))
            .crumb(req.t("menu-parties"), "/parties")
            .crumb(party.name.clone(), format!("/parties/{id}")),
        id,
        name: party.row.name,
        likely,
        tried: merged.map(|merged| tried(&req.loc, merged)),
        f,
    };
    if view.f.errors().is_empty() { page::page(req, &view) } else { unprocessable(&view) }
}

/// The problems of an input; other errors go on.
fn problems(error: Error) -> Result<Vec<Problem>, PageError> {
    match error {
        Error::Invalid(fields) | Error::Conflict(fields) => Ok(fields.0),
        error => Err(error.into()),
    }
}

/// The other customer that a field means: who was chosen below it, or the only one that what was typed finds.
async fn other_of(req: &Req, asked: &Asked) -> Result<Option<Id<Party>>, Error> {
    let said = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(chosen) = said(&asked.other) {
        return chosen.parse().map(Some).map_err(|_| Error::invalid("other", "interactions-customer-unknown"));
    }
    let Some(typed) = said(&asked.other_text) else { return Ok(None) };
    let found = req.ctx.run(search::search, SearchParties { q: typed, limit: Some(2) }).await?.items;
    match found.as_slice() {
        [] => Err(Error::invalid("other", "interactions-customer-unknown")),
        [one] => Ok(Some(one.id)),
        _ => Err(Error::invalid("other", "interactions-customer-several")),
    }
}

/// Asks who the other is, or shows both side by side.
pub async fn compare(req: Req, Path(id): Path<Id<Party>>, Form(asked): Form<Asked>) -> PageResult {
    let typed = vec![("other_text".to_owned(), asked.other_text.clone().unwrap_or_default())];
    let outcome = match other_of(&req, &asked).await {
        Ok(None) => return show_page(&req, id, FormView::new(typed), None).await,
        Ok(Some(other_id)) => {
            let dry = MergeParties { id, other_id, keep: BTreeMap::new(), dry_run: true, version: None, other_version: None };
            req.ctx.run(core::merge, dry).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(merged) => show_page(&req, id, FormView::new(typed), Some(merged)).await,
        Err(error) => {
            let found = at_the_field(problems(error)?);
            show_page(&req, id, FormView::again(Sent(typed), &found, &req.loc), None).await
        }
    }
}

/// Whatever is wrong is said at the field in which the other is chosen.
fn at_the_field(problems: Vec<Problem>) -> Vec<Problem> {
    problems.into_iter().map(|problem| Problem { field: "other".into(), ..problem }).collect()
}

/// Merges the two as the page says.
pub async fn merge(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    let other_id: Id<Party> =
        sent.get("other").and_then(|id| id.parse().ok()).ok_or_else(|| Error::invalid("other", "interactions-customer-unknown"))?;
    let number = |name: &str| sent.get(name).and_then(|text| text.parse::<i64>().ok());
    let side = |value: &str| value.parse::<Side>().ok();
    let keep = sent
        .0
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("keep.")?.to_owned(), side(value.trim())?)))
        .collect::<BTreeMap<_, _>>();
    let (version, other_version) = (number("version"), number("other_version"));
    let input = MergeParties { id, other_id, keep: keep.clone(), dry_run: false, version, other_version };
    match req.ctx.run(core::merge, input).await {
        Ok(merged) => {
            let flash =
                Flash { text: req.loc.t1("merge-done", "name", merged.other.as_str()), undo: merged.undo.map(|undo| undo.to_string()) };
            Ok(page::go(&req, &format!("/parties/{id}"), Some(flash)))
        }
        Err(error) => {
            let found = at_the_field(problems(error)?);
            // Where one of them was changed meanwhile, they are shown as they are now, with what was chosen before.
            let dry = MergeParties { id, other_id, keep, dry_run: true, version: None, other_version: None };
            let merged = req.ctx.run(core::merge, dry).await.ok();
            show_page(&req, id, FormView::again(Sent::default(), &found, &req.loc), merged).await
        }
    }
}

/// Takes the merge of a customer back, and says what could not go back.
pub async fn take_back(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    let done = req.ctx.run(core::unmerge, PartyId { id }).await?;
    let loc = &req.loc;
    let mut stays = Vec::new();
    if done.gone > 0 {
        stays.push(loc.t1("merge-undone-gone", "count", done.gone));
    }
    if !done.changed.is_empty() {
        let named = |column: &String| {
            let key = key("merge-field-", column.trim_end_matches("_id"));
            if loc.has(&key) { loc.t(&key) } else { column.clone() }
        };
        let fields: Vec<String> = done.changed.iter().map(named).collect();
        stays.push(loc.t1("merge-undone-changed", "fields", fields.join(&loc.t("timeline-comma"))));
    }
    if done.ended > 0 {
        stays.push(loc.t1("merge-undone-ended", "count", done.ended));
    }
    let name = done.party.name.as_str();
    let text = if stays.is_empty() {
        loc.t1("merge-undone", "name", name)
    } else {
        loc.ta("merge-undone-with", &[("name", name.into()), ("what", stays.join(&loc.t("timeline-comma")).into())])
    };
    Ok(page::go(&req, &format!("/parties/{id}"), Some(Flash { text, undo: None })))
}

/// Who turned out to be a customer, as the customer's page says it.
pub(super) struct MergedBox {
    pub(super) other_id: Id<Party>,
    pub(super) of: String,
    pub(super) on: String,
    pub(super) may_undo: bool,
    pub(super) until: String,
}

/// Who turned out to be the customer, in words.
pub(super) async fn of_party(req: &Req, id: Id<Party>) -> Result<Vec<MergedBox>, Error> {
    let loc = &req.loc;
    let day = |at: peyvand_core::Instant| loc.day(at.day(&loc.prefs.time_zone));
    let told = |seen: MergeSeen| MergedBox {
        other_id: seen.other_id,
        of: loc.t1("merge-of-two", "name", seen.other.as_str()),
        on: match &seen.creator {
            Some(who) => loc.ta("merge-on", &[("day", day(seen.created_at).into()), ("who", who.as_str().into())]),
            None => loc.t1("merge-on-by-nobody", "day", day(seen.created_at)),
        },
        may_undo: req.can(Room::Parties, Act::Delete) && seen.undo_until >= req.ctx.now(),
        until: loc.t1("merge-undo-until", "day", day(seen.undo_until)),
    };
    Ok(req.ctx.run(core::merges, PartyId { id }).await?.into_iter().map(told).collect())
}
