//! What was done so that customers stay: the list with what came of it, writing it down, taking it out.

use super::written;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use peyvand_core::insight::saves::{self, ListSaves, NewSave, RemoveSave, Save, SaveFigures, SaveKind, SaveOutcome, SaveSeen, SaveSummary};
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::colleagues;
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::locale::Loc;
use peyvand_core::{Act, Error, Id, Perm, Room, Sight};
use serde::Deserialize;

/// Acts of a page.
const PAGE: i64 = 50;
/// Where the list is.
const HERE: &str = "/insight/risk/saves";

/// An act as a row shows it.
struct Line {
    id: Id<Save>,
    party: Id<Party>,
    name: String,
    kind: String,
    /// The note, and who did it.
    about: Vec<String>,
    day: String,
    outcome: String,
    tone: &'static str,
    may_remove: bool,
}

/// What came of a kind of act.
struct KindRow {
    label: String,
    acts: String,
    judged: String,
    share: String,
    range: String,
    /// Not in the share yet, or not again.
    rest: Vec<String>,
}

#[derive(Template)]
#[template(path = "insight/saves.html", blocks = ["rows"])]
struct SavesPage {
    s: Shell,
    kinds: Vec<KindRow>,
    notes: Vec<String>,
    lines: Vec<Line>,
    next: Option<String>,
    may_add: bool,
}

/// From where on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    after: Option<String>,
}

/// The page, or the part of it that stands anew.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let input = ListSaves { party_id: None, after: asked.after, limit: Some(PAGE) };
    let (summary, found) = tokio::try_join!(req.ctx.run(saves::summary, Nothing {}), req.ctx.run(saves::list, input))?;
    let loc = &req.loc;
    let sees_all = req.ctx.actor.check(Perm(Room::Interactions, Act::See))? == Sight::All;
    let may_change = req.can(Room::Interactions, Act::Change);
    let own = |save: &Save| may_change && (sees_all || save.created_by == req.ctx.actor.user());
    let view = SavesPage {
        kinds: kinds(loc, &summary),
        notes: vec![loc.ta("saves-how", &[("days", summary.days.into()), ("within", summary.back_within.into())]), loc.t("saves-no-proof")],
        lines: found.items.into_iter().map(|one| line(loc, own(&one.save), one)).collect(),
        next: found.next.map(|next| format!("{HERE}?after={next}")),
        may_add: req.can(Room::Interactions, Act::Create),
        s: req.shell("insight", req.t("saves")).crumb(req.t("menu-insight"), "/insight").crumb(req.t("risk"), "/insight/risk"),
    };
    if req.htmx { page::page(&req, &view.as_rows()) } else { page::page(&req, &view) }
}

fn kind_name(loc: &Loc, kind: SaveKind) -> String {
    loc.t(&format!("saves-kind-{kind}"))
}

fn kinds(loc: &Loc, summary: &SaveSummary) -> Vec<KindRow> {
    let row = |label: String, figures: &SaveFigures| KindRow {
        label,
        acts: loc.number(figures.acts),
        judged: loc.ta("risk-back-of", &[("back", figures.back.into()), ("judged", figures.judged.into())]),
        share: figures.share.map_or_else(|| "–".to_owned(), |share| loc.percent(share)),
        range: figures
            .low
            .zip(figures.high)
            .map(|(low, high)| loc.ta("insight-between", &[("low", loc.percent(low).into()), ("high", loc.percent(high).into())]))
            .unwrap_or_default(),
        rest: [("saves-still-open", figures.waiting), ("saves-again", figures.again)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(key, count)| loc.t1(key, "count", count))
            .collect(),
    };
    if summary.all.acts == 0 {
        return Vec::new();
    }
    let each = summary.kinds.iter().map(|one| row(kind_name(loc, one.kind), &one.figures));
    each.chain([row(loc.t("saves-all"), &summary.all)]).collect()
}

fn line(loc: &Loc, may_remove: bool, seen: SaveSeen) -> Line {
    let SaveSeen { save, outcome } = seen;
    let (outcome, tone) = match (outcome, save.back_on) {
        (SaveOutcome::Back, Some(day)) => (loc.t1("saves-back", "days", day.since(save.day)), "peste"),
        (SaveOutcome::Back, None) | (SaveOutcome::Waiting, _) => (loc.t1("saves-waiting", "day", loc.day_near(save.until_on)), "slate"),
        (SaveOutcome::NotBack, _) => (loc.t("saves-not-back"), "grey"),
    };
    Line {
        id: save.id,
        party: save.party_id,
        name: save.party,
        kind: kind_name(loc, save.kind),
        about: save.note.into_iter().chain([save.doer]).collect(),
        day: loc.day_near(save.day),
        outcome,
        tone,
        may_remove,
    }
}

#[derive(Template)]
#[template(path = "insight/save.html", blocks = ["form"])]
struct SavePage {
    s: Shell,
    f: FormView,
    /// For whom, when that is settled.
    party: Option<(Id<Party>, String)>,
    kinds: Vec<(String, String)>,
    people: Vec<(String, String)>,
    may_plan: bool,
    in_dialog: bool,
}

async fn save_page(req: &Req, f: FormView, party: Option<Id<Party>>, in_dialog: bool) -> Result<SavePage, PageError> {
    req.ctx.actor.check(Perm(Room::Interactions, Act::Create))?;
    let party = match party {
        Some(id) => Some((id, req.ctx.run(party::get, PartyId { id }).await?.row.name)),
        None => None,
    };
    let people = req.ctx.run(colleagues::list, Nothing {}).await?;
    Ok(SavePage {
        s: req
            .shell("insight", req.t("saves-new"))
            .crumb(req.t("menu-insight"), "/insight")
            .crumb(req.t("risk"), "/insight/risk")
            .crumb(req.t("saves"), HERE),
        f,
        party,
        kinds: SaveKind::ALL.iter().map(|kind| (kind.to_string(), kind_name(&req.loc, *kind))).collect(),
        people: people.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        may_plan: req.can(Room::FollowUps, Act::Create),
        in_dialog,
    })
}

/// For whom a form opens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct For {
    party: Option<Id<Party>>,
}

/// The form.
pub async fn fresh(req: Req, Form(given): Form<For>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let mut values = vec![
        ("kind".to_owned(), SaveKind::Call.to_string()),
        ("done_by".to_owned(), req.ctx.actor.user().map(|user| user.to_string()).unwrap_or_default()),
        ("follow_up_what".to_owned(), req.t("saves-follow-up-usual")),
    ];
    values.extend(FormView::today("date", &req.loc));
    let view = save_page(&req, FormView::new(values), given.party, req.dialog).await?;
    page::form(&req, &view.f, view.in_dialog, &view, &view.as_form())
}

/// Writes down what the form says.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let party: Option<Id<Party>> = sent.get("party").and_then(|id| id.parse().ok());
    let settled = party.filter(|_| sent.get("settled").is_some());
    let input = NewSave {
        party_id: party,
        customer: text("party_text"),
        kind: sent.get("kind").and_then(|kind| kind.parse().ok()),
        date: sent.date("date").map(str::to_owned),
        done_by: sent.get("done_by").and_then(|id| id.parse().ok()),
        note: text("note"),
        follow_up: sent.date("follow_up").map(str::to_owned),
        follow_up_what: text("follow_up_what"),
    };
    match req.ctx.run(saves::add, input).await {
        Ok(done) => written(&req, req.loc.t1("saves-saved", "name", done.save.save.party), done.undo, HERE),
        Err(Error::Invalid(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let view = save_page(&req, FormView::again(sent, &problems.0, &req.loc), settled, in_dialog).await?;
            page::form(&req, &view.f, in_dialog, &view, &view.as_form())
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes it out.
pub async fn remove(req: Req, Path(id): Path<Id<Save>>) -> PageResult {
    let done = req.ctx.run(saves::remove, RemoveSave { id }).await?;
    written(&req, req.t("saves-removed"), done.undo, HERE)
}
