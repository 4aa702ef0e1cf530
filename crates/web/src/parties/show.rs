//! The page of one customer: how to treat them, what happened, what is known, what comes next.

use super::merge::{self, MergedBox};
use super::story::{self, Entry};
use crate::advocacy::beside::{self as referred, ReferralBox};
use crate::error::{PageError, PageResult};
use crate::form::FormView;
use crate::insight::{NextBox, ProfitBox, RelationBox, ScoreBox, next_box, profit_box, relation_box, score_box};
use crate::interactions::{Compose, compose};
use crate::lifecycle::customer::{WayBox, way_box};
use crate::opportunities::{Deal, of_party};
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use crate::service::beside::{self, VoiceBox};
use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{Html, IntoResponse};
use peyvand_core::follow_ups::{self, FollowUp, ListFollowUps};
use peyvand_core::insight::profits::{self, GetProfit};
use peyvand_core::insight::{relation, scores, suggestions};
use peyvand_core::lifecycle::customers::{self, LifecycleOf};
use peyvand_core::operation::Page;
use peyvand_core::parties::Party;
use peyvand_core::parties::bulk::{self, BulkArchive};
use peyvand_core::parties::check::Channel;
use peyvand_core::parties::identities::{self, IdentityOf, Revealed};
use peyvand_core::parties::party::{self, ContactPoint, PartyId};
use peyvand_core::parties::preferences::{self, ListPreferences, Preference, PreferenceKind};
use peyvand_core::parties::relations::{self, ListRelations, RelationSeen};
use peyvand_core::parties::timeline::{self, TimelineEntry, TimelineKind, TimelineOf};
use peyvand_core::platform::money::Currency;
use peyvand_core::platform::undo::Undo;
use peyvand_core::sales::Purchase;
use peyvand_core::sales::purchases::{self, ListPurchases};
use peyvand_core::{Act, Error, Id, Instant, Room};
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
pub(super) struct Way {
    pub(super) point: ContactPoint,
    pub(super) shown: String,
    link: String,
    label: String,
    /// What they said of its use: the word, the day, how.
    pub(super) consent: String,
    /// Whether it goes before others of its channel.
    is_first: bool,
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
#[template(path = "parties/show.html", blocks = ["timeline", "next_step", "known", "relations", "contacts", "older", "profit", "deals"])]
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
    sees_experience: bool,
    sees_contacts: bool,
    /// What holds promotion back.
    hold: Option<String>,
    /// The acts of respect that they are owed.
    owed: Vec<String>,
    compose: Option<Compose>,
    silent: bool,
    currency: Currency,
    steps: Vec<Step>,
    purchases: Vec<Purchase>,
    /// What may be sold, and what became of it.
    deals: Vec<Deal>,
    may_sell: bool,
    may_act_on_deals: bool,
    /// What the relation is like, and how good.
    relation: Option<RelationBox>,
    /// Where they stand on their way, and what is missing for the next stage.
    walked: Option<WayBox>,
    scores: Option<ScoreBox>,
    /// What they may buy next.
    may_buy: Option<NextBox>,
    profit: Option<ProfitBox>,
    /// What they said.
    voice: Option<VoiceBox>,
    /// Who brought them, and whom they brought.
    brought_by: Option<ReferralBox>,
    may_cost: bool,
    known: Vec<(String, Vec<Preference>)>,
    related: Vec<RelationSeen>,
    /// Who turned out to be this one.
    merges: Vec<MergedBox>,
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
    fn relation_of(&self, seen: &RelationSeen) -> String {
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
pub(super) fn relation_label(loc: &peyvand_core::platform::locale::Loc, kind: &str, inverse: bool) -> String {
    let key = format!("relations-inverse-{}", kind.replace('_', "-"));
    if inverse && loc.has(&key) { loc.t(&key) } else { loc.term("relation", kind) }
}

fn kind_of(word: Option<&str>) -> Option<TimelineKind> {
    word.and_then(|word| word.parse().ok())
}

/// The page, or the part of it that htmx asks for. Whoever turned out to be somebody else is shown there.
pub async fn show(req: Req, headers: HeaderMap, Path(id): Path<Id<Party>>, Form(asked): Form<Asked>) -> PageResult {
    let view = load(&req, id, &asked, None).await?;
    if view.p.merged_into.is_some()
        && let Ok(kept) = req.ctx.run(peyvand_core::parties::merge::kept, PartyId { id }).await
    {
        return Ok(page::go(&req, &format!("/parties/{kept}"), None));
    }
    match asked.part.as_deref().filter(|_| req.htmx) {
        Some("next") => page::page(&req, &view.as_next_step()),
        Some("known") => page::page(&req, &view.as_known()),
        Some("relations") => page::page(&req, &view.as_relations()),
        Some("contacts") => page::page(&req, &view.as_contacts()),
        Some("timeline") => page::page(&req, &view.as_timeline()),
        Some("profit") => page::page(&req, &view.as_profit()),
        Some("deals") => page::page(&req, &view.as_deals()),
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
    let offered = async { if wants("deals") && sees(Room::Sales) { of_party(req, id).await } else { Ok(Vec::new()) } };
    let scored = async {
        if part.is_none() && sees(Room::Insight) {
            // Who may see less there than here has no box on the customers of others.
            match ctx.run(scores::of_party, PartyId { id }).await {
                Err(Error::NotFound(_)) => Ok(None),
                told => told.map(|told| score_box(&req.loc, &told)),
            }
        } else {
            Ok(None)
        }
    };
    let bond = async {
        if part.is_none() && sees(Room::Insight) {
            match ctx.run(relation::relation, PartyId { id }).await {
                Err(Error::NotFound(_)) => Ok(None),
                found => found.map(|found| relation_box(&req.loc, &found)),
            }
        } else {
            Ok(None)
        }
    };
    let walked = async {
        if part.is_none() && sees(Room::Lifecycle) {
            match ctx.run(customers::get, LifecycleOf { party_id: id }).await {
                Err(Error::NotFound(_)) => Ok(None),
                way => way.map(|way| Some(way_box(&req.loc, &way, req.can(Room::Lifecycle, Act::Create)))),
            }
        } else {
            Ok(None)
        }
    };
    let suggested = async {
        if part.is_none() && sees(Room::Insight) {
            match ctx.run(suggestions::of_party, PartyId { id }).await {
                Err(Error::NotFound(_)) => Ok(None),
                next => next.map(|next| next_box(&req.loc, &next)),
            }
        } else {
            Ok(None)
        }
    };
    let brought = async {
        if wants("profit") && sees(Room::Insight) {
            match ctx.run(profits::get, GetProfit { id, from: None, until: None }).await {
                // Nor without what the goods cost.
                Err(Error::NotFound(_) | Error::Invalid(_)) => Ok(None),
                told => told.map(|told| profit_box(&req.loc, &told)),
            }
        } else {
            Ok(None)
        }
    };
    let said = async { if part.is_none() { beside::of_party(req, id).await } else { Ok(None) } };
    let introduced = async { if part.is_none() { referred::of_party(req, id).await } else { Ok(None) } };
    let known = async { if wants("known") { ctx.run(preferences::list, ListPreferences { id }).await } else { Ok(Vec::new()) } };
    let merges = async { if part.is_none() { merge::of_party(req, id).await } else { Ok(Vec::new()) } };
    let related = async { if wants("relations") { ctx.run(relations::list, ListRelations { id }).await } else { Ok(Vec::new()) } };
    let (told, planned, purchases, deals, scores, relation, walked, may_buy, profit, voice, brought_by, known, related, merges) = tokio::try_join!(
        told, planned, bought, offered, scored, bond, walked, suggested, brought, said, introduced, known, related, merges
    )?;
    let (hold, owed) = if part.is_none() { crate::experience::respect::strip(req, id).await? } else { (None, Vec::new()) };
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
    let several = |channel: Channel| p.contacts.iter().filter(|point| point.channel == channel).count() > 1;
    let ways: Vec<Way> =
        p.contacts.iter().map(|point| Way { is_first: point.is_main && several(point.channel), ..way(req, point.clone()) }).collect();
    let keys = p
        .identities
        .iter()
        .map(|key| {
            let clear = revealed.as_ref().filter(|revealed| revealed.kind == key.kind && !key.is_former);
            Key {
                label: match key.is_former {
                    true => format!("{} ({})", identity_label(req, &key.kind), req.t("merge-former")),
                    false => identity_label(req, &key.kind),
                },
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
        sees_experience: sees(Room::Experience),
        sees_contacts: sees(Room::Interactions),
        hold,
        owed,
        compose,
        silent: p.silent_from.is_some_and(|day| day <= ctx.today()),
        currency: organisation.currency,
        steps: planned.into_iter().map(|f| step(req, f)).collect(),
        purchases,
        deals,
        may_sell: req.can(Room::Sales, Act::Create) && p.archived_at.is_none(),
        may_act_on_deals: req.can(Room::Sales, Act::Change),
        relation,
        walked,
        scores,
        may_buy,
        profit,
        voice,
        brought_by,
        may_cost: req.can(Room::Insight, Act::Create) && p.archived_at.is_none(),
        known: groups,
        related,
        merges,
        kind: kind.map(|kind| kind.to_string()).unwrap_or_default(),
        kinds: kinds.into_iter().filter(|(_, room)| sees(*room)).map(|(kind, _)| kind).collect(),
        entries: story::entries(req, told.items, before, organisation.currency),
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

/// A contact point in words.
pub(super) fn way(req: &Req, point: ContactPoint) -> Way {
    let value = &point.value;
    let (shown, link) = match point.channel {
        Channel::Mobile | Channel::Phone => (req.loc.phone(value), format!("tel:{value}")),
        Channel::Fax => (req.loc.phone(value), String::new()),
        Channel::Whatsapp => (req.loc.phone(value), format!("https://wa.me/{}", value.trim_start_matches('+'))),
        Channel::Email => (value.clone(), format!("mailto:{value}")),
        _ => (value.clone(), String::new()),
    };
    let mut told = vec![req.t(&format!("customer-consent-{}", point.consent))];
    told.extend(point.consent_at.map(|at| req.loc.day_near(at.day(&req.loc.prefs.time_zone))));
    told.extend(point.consent_how.clone());
    Way { shown, link, label: way_label(req, &point), consent: told.join(" · "), is_first: false, point }
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
pub(super) fn changed(req: &Req, id: Id<Party>, text: &str, undo: Option<Id<Undo>>) -> PageResult {
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
