//! Incidents: where a customer was treated without respect. Somebody makes it good within its time; with an advocate somebody
//! else looks whether they did.

use super::Stage;
use crate::follow_ups::causes::{self, Cause};
use crate::follow_ups::{Importance, NewFollowUp, State, reminders};
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::access::{Unit, User};
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::locale::Loc;
use crate::platform::notifications;
use crate::platform::text::clean_text;
use crate::service::voice_settings;
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// Characters of what happened, of its cause and of what was done.
const WORDS_MAX: usize = 2_000;
/// Hours of work within which it is to be made good, by severity from 1.
const HOURS: [i64; 3] = [27, 9, 4];
/// The same with an advocate.
const HOURS_ADVOCATE: i64 = 4;

peyvand_db::words! {
    /// How an incident became known.
    pub enum IncidentSource {
        /// They complained.
        Complaint = "complaint",
        /// They said so when they were asked.
        Survey = "survey",
        /// What was promised was not done.
        ProtocolBreach = "protocol_breach",
        /// A colleague said so.
        StaffReport = "staff_report",
        /// They said so in public.
        PublicPost = "public_post",
        /// It happened again and again.
        RepeatedFailure = "repeated_failure",
    }
}

row! {
    /// Where a customer was treated without respect.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Incident {
        /// Its id.
        pub id: Id<Incident> = "i.id",
        /// Whom it concerns.
        pub party_id: Id<Party> = "i.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// How bad it is, 1 to 3.
        pub severity: i64 = "i.severity",
        /// How it became known.
        pub source: IncidentSource = "i.source",
        /// Whether they said so where others read it, or to an authority, so that they speak against us.
        pub is_hostile: bool = "i.is_hostile",
        /// What happened.
        pub words: String = "i.words",
        /// How far they had come.
        pub stage: Stage = "i.stage",
        /// When it was opened.
        pub opened_at: Instant = "i.opened_at",
        /// When it is to be made good.
        pub due_at: Instant = "i.due_at",
        /// Why it happened.
        pub root_cause: Option<String> = "i.root_cause",
        /// What was done about it.
        pub action: Option<String> = "i.action",
        /// What they say of how it was made good, 1 to 5.
        pub recovery_score: Option<i64> = "i.recovery_score",
        /// When somebody made it good.
        pub resolved_at: Option<Instant> = "i.resolved_at",
        /// Who.
        pub resolved_by: Option<Id<User>> = "i.resolved_by",
        /// Their name.
        pub resolver: Option<String> = "r.name",
        /// When somebody else confirmed it.
        pub confirmed_at: Option<Instant> = "i.confirmed_at",
        /// Who.
        pub confirmed_by: Option<Id<User>> = "i.confirmed_by",
        /// When it was over.
        pub closed_at: Option<Instant> = "i.closed_at",
    }
}

const FROM: &str = "FROM respect_incidents i JOIN parties p ON p.id = i.party_id LEFT JOIN users r ON r.id = i.resolved_by WHERE 1 = 1";

impl Incident {
    /// Whether somebody else has to look at how it was made good.
    #[must_use]
    pub fn needs_two(&self) -> bool {
        self.stage == Stage::Advocate
    }
}

/// Hours of work until it is to be made good.
#[must_use]
pub fn hours_for(severity: i64, stage: Stage) -> i64 {
    let usual = usize::try_from(severity - 1).ok().and_then(|place| HOURS.get(place)).copied().unwrap_or(HOURS[2]);
    if stage == Stage::Advocate { usual.min(HOURS_ADVOCATE) } else { usual }
}

/// An incident to be opened.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OpenIncident {
    /// Whom it concerns.
    pub party_id: Option<Id<Party>>,
    /// The same by any identity key, phone or code.
    pub customer: Option<String>,
    /// How bad it is, 1 to 3; 2 unless given.
    pub severity: Option<i64>,
    /// How it became known; a colleague said so unless given.
    pub source: Option<IncidentSource>,
    /// Whether they said so with hostility where others read it, or to an authority.
    pub is_hostile: bool,
    /// What happened.
    pub words: String,
}

fn read_words(field: &'static str, text: &str, fields: &mut Fields) -> Option<String> {
    let read = clean_text(text, WORDS_MAX).map_err(|problem| Problem::new(field, problem.key()).with("max", WORDS_MAX));
    let words = fields.take(read)?;
    if words.is_empty() {
        fields.add(field, "input-needed");
        return None;
    }
    Some(words)
}

/// Opens an incident: whoever looks after the customer is to make it good within its hours of work, and from severity 2 on
/// nothing promotional goes to them until it is over.
///
/// # Errors
/// For fields that cannot be read, and a customer out of sight.
pub async fn open(ctx: &Ctx, input: OpenIncident) -> Result<Incident> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let severity = input.severity.unwrap_or(2);
    let mut fields = Fields::default();
    let words = read_words("words", &input.words, &mut fields);
    if !(1..=3).contains(&severity) {
        fields.0.push(Problem::new("severity", "input-range").with("min", 1).with("max", 3));
    }
    fields.check()?;
    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, input.party_id, input.customer.as_deref()).await?;
    let new = New {
        party: party.id,
        severity,
        source: input.source.unwrap_or(IncidentSource::StaffReport),
        is_hostile: input.is_hostile,
        words: words.unwrap_or_default(),
        warning: None,
    };
    let (id, told) = put(&mut tx, ctx, new).await?.ok_or(Error::NotFound("incident"))?;
    let incident = one(&mut tx, id).await?;
    tx.commit().await?;
    told.into_iter().for_each(|user| notifications::tell(ctx, user));
    Ok(incident)
}

/// An incident to be written down.
pub(super) struct New {
    pub(super) party: Id<Party>,
    pub(super) severity: i64,
    pub(super) source: IncidentSource,
    pub(super) is_hostile: bool,
    pub(super) words: String,
    /// What an early warning warns of; of the same one there is one incident.
    pub(super) warning: Option<String>,
}

/// Writes it down and plans who makes it good by when: whoever looks after the customer, with an advocate also who leads them.
/// Gives those who have something new to do; nothing when this warning was given before.
pub(super) async fn put(tx: &mut Tx, ctx: &Ctx, new: New) -> Result<Option<(Id<Incident>, Vec<Id<User>>)>> {
    let organisation = ctx.app.organisation().await?;
    let known: (String, Option<Id<User>>, Option<Id<Unit>>, Stage) = tx
        .one(
            sql("SELECT p.name, p.owner_id, p.unit_id, COALESCE(m.stage, 'potential') FROM parties p
                 LEFT JOIN stage_memberships m ON m.party_id = p.id AND m.left_on IS NULL WHERE p.id = $1")
            .bind(new.party),
        )
        .await?;
    let (name, owner, unit, stage) = known;
    let shop = voice_settings::read(tx).await?.shop;
    let due = shop.after(ctx.now(), hours_for(new.severity, stage), &organisation.zone());
    let id: Id<Incident> = ctx.id();
    let written = tx
        .run(
            sql("INSERT INTO respect_incidents (id, party_id, severity, source, is_hostile, words, stage, opened_at, opened_by, due_at, warning)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (warning) DO NOTHING")
            .bind(id)
            .bind(new.party)
            .bind(new.severity)
            .bind(new.source)
            .bind(new.is_hostile)
            .bind(&new.words)
            .bind(stage)
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(due)
            .bind(&new.warning),
        )
        .await?;
    if written == 0 {
        return Ok(None);
    }
    let data = json!({"severity": new.severity, "source": new.source, "words": new.words, "due": due});
    events::record(tx, ctx, Event::of_party("incident.opened", new.party, data).about(id)).await?;
    let mut doers: BTreeSet<Id<User>> = BTreeSet::new();
    doers.extend(owner.or_else(|| ctx.actor.user()));
    if stage == Stage::Advocate {
        doers.extend(manager(tx, owner, unit).await?);
    }
    // The program plans: it reaches also those whom the opener does not see.
    let system = Ctx { now: ctx.now, ..ctx.app.system(ctx.door()) };
    let loc = Loc::new(organisation.prefs(), ctx.now());
    let mut told = Vec::new();
    for doer in doers {
        let open: Option<(bool,)> = tx.maybe(sql("SELECT is_active FROM users WHERE id = $1").bind(doer)).await?;
        if open != Some((true,)) {
            continue;
        }
        let task = NewFollowUp {
            party_id: Some(new.party),
            customer: None,
            what: loc.t1("experience-incident-task", "name", &name),
            due: due.to_string(),
            owner_id: Some(doer),
            importance: Some(Importance::High),
            channel: None,
            remind_minutes: None,
        };
        causes::plan_for(tx, &system, Cause::Incident, id.0, task).await?;
        told.push(doer);
    }
    Ok(Some((id, told)))
}

/// Who leads whoever looks after a customer, or the unit that it belongs to.
async fn manager(tx: &mut Tx, owner: Option<Id<User>>, unit: Option<Id<Unit>>) -> Result<Option<Id<User>>> {
    if let Some(owner) = owner {
        return reminders::head_over(tx, owner).await;
    }
    let Some(unit) = unit else { return Ok(None) };
    let head: Option<(Option<Id<User>>,)> = tx.maybe(sql("SELECT head_id FROM units WHERE id = $1").bind(unit)).await?;
    Ok(head.and_then(|(head,)| head))
}

async fn one(tx: &mut Tx, id: Id<Incident>) -> Result<Incident> {
    let mut query = Sql::select::<Incident>(FROM);
    query.push(" AND i.id = ").arg(id);
    Ok(tx.one(query).await?)
}

async fn take(tx: &mut Tx, sight: &crate::Sight, id: Id<Incident>) -> Result<Incident> {
    let _: Option<(Id<Incident>,)> = tx.maybe(sql("SELECT id FROM respect_incidents WHERE id = $1 {for_update}").bind(id)).await?;
    let mut query = Sql::select::<Incident>(FROM);
    sight.parties(&mut query);
    query.push(" AND i.id = ").arg(id);
    tx.maybe(query).await?.ok_or(Error::NotFound("incident"))
}

fn refused(key: &'static str) -> Error {
    Error::Conflict(Fields(vec![Problem::new("id", key)]))
}

/// How an incident was made good.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveIncident {
    /// Which.
    pub id: Id<Incident>,
    /// Why it happened.
    pub root_cause: String,
    /// What was done about it.
    pub action: String,
    /// What they say of how it was made good, 1 to 5, when they were asked.
    pub recovery_score: Option<i64>,
}

/// Writes down how an incident was made good. With an advocate it stays open until somebody else has confirmed it.
///
/// # Errors
/// [`Error::NotFound`] out of sight; without a cause or an action; [`Error::Conflict`] when it was resolved before.
pub async fn resolve(ctx: &Ctx, input: ResolveIncident) -> Result<Incident> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let mut fields = Fields::default();
    let cause = read_words("root_cause", &input.root_cause, &mut fields);
    let action = read_words("action", &input.action, &mut fields);
    if input.recovery_score.is_some_and(|score| !(1..=5).contains(&score)) {
        fields.0.push(Problem::new("recovery_score", "input-range").with("min", 1).with("max", 5));
    }
    fields.check()?;
    let mut tx = writer.begin().await?;
    let incident = take(&mut tx, &writer.sight, input.id).await?;
    if incident.resolved_at.is_some() {
        return Err(refused("experience-incident-resolved-already"));
    }
    let closed = (!incident.needs_two()).then(|| ctx.now());
    tx.run(
        sql("UPDATE respect_incidents SET root_cause = $1, action = $2, recovery_score = $3, resolved_at = $4, resolved_by = $5,
               closed_at = $6 WHERE id = $7")
        .bind(cause)
        .bind(action)
        .bind(input.recovery_score)
        .bind(ctx.now())
        .bind(ctx.actor.user())
        .bind(closed)
        .bind(incident.id),
    )
    .await?;
    if closed.is_some() {
        causes::end_with(&mut tx, ctx, Cause::Incident, incident.id.0, State::Done).await?;
    }
    let data = json!({"severity": incident.severity, "score": input.recovery_score, "closed": closed.is_some()});
    events::record(&mut tx, ctx, Event::of_party("incident.resolved", incident.party_id, data).about(incident.id)).await?;
    let incident = one(&mut tx, incident.id).await?;
    tx.commit().await?;
    Ok(incident)
}

/// Which incident.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentId {
    /// Its id.
    pub id: Id<Incident>,
}

/// Confirms that what somebody else resolved is made good, and closes it.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Conflict`] before it was resolved, when it is over, and for the one who resolved it.
pub async fn confirm(ctx: &Ctx, input: IncidentId) -> Result<Incident> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Change))?;
    let user = ctx.actor.person()?.id;
    let mut tx = writer.begin().await?;
    let incident = take(&mut tx, &writer.sight, input.id).await?;
    if incident.resolved_at.is_none() {
        return Err(refused("experience-incident-unresolved"));
    }
    if incident.closed_at.is_some() {
        return Err(refused("experience-incident-closed-already"));
    }
    if incident.resolved_by == Some(user) {
        return Err(refused("experience-incident-own"));
    }
    tx.run(
        sql("UPDATE respect_incidents SET confirmed_at = $1, confirmed_by = $2, closed_at = $1 WHERE id = $3")
            .bind(ctx.now())
            .bind(user)
            .bind(incident.id),
    )
    .await?;
    causes::end_with(&mut tx, ctx, Cause::Incident, incident.id.0, State::Done).await?;
    let data = json!({"severity": incident.severity});
    events::record(&mut tx, ctx, Event::of_party("incident.confirmed", incident.party_id, data).about(incident.id)).await?;
    let incident = one(&mut tx, incident.id).await?;
    tx.commit().await?;
    Ok(incident)
}

/// Which incidents.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListIncidents {
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
    /// Only those that are not over, the one that is due first being the first; otherwise all, newest first.
    pub open: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Incidents within sight.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListIncidents) -> Result<Page<Incident>> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let limit = page_size(input.limit)?;
    let is_open = input.open == Some(true);
    let mut query = Sql::select::<Incident>(FROM);
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND i.party_id = ").arg(party);
    }
    if is_open {
        query.push(" AND i.closed_at IS NULL");
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Incident>(after)?;
        query.push(if is_open { " AND (i.due_at, i.id) > (" } else { " AND (i.opened_at, i.id) < (" }).arg(at).push(", ").arg(id).push(")");
    }
    query.push(if is_open { " ORDER BY i.due_at, i.id" } else { " ORDER BY i.opened_at DESC, i.id DESC" }).push(" LIMIT ").arg(limit + 1);
    let rows: Vec<Incident> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(if is_open { last.due_at } else { last.opened_at }, last.id)))
}

/// An incident.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn get(ctx: &Ctx, input: IncidentId) -> Result<Incident> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let mut query = Sql::select::<Incident>(FROM);
    reader.sight.parties(&mut query);
    query.push(" AND i.id = ").arg(input.id);
    reader.db.maybe(query).await?.ok_or(Error::NotFound("incident"))
}

/// The operations of incidents.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    let perm = |act| Some(Perm(Room::Interactions, act));
    ops.add("incidents.open", "POST /incidents", perm(Act::Create), "Writes down that a customer was treated without respect.", open)
        .example(
            || json!({"customer": "0912 345 6789", "severity": 2, "source": "complaint", "words": "یک ساعت در صف ماند و کسی نگفت چرا"}),
        );
    ops.add("incidents.list", "GET /incidents", perm(Act::See), "Where customers were treated without respect.", list)
        .example(|| json!({"open": true, "limit": 20}));
    ops.add("incidents.get", "GET /incidents/{id}", perm(Act::See), "An incident.", get);
    ops.add(
        "incidents.resolve",
        "POST /incidents/{id}/resolve",
        perm(Act::Create),
        "Writes down why it happened and how it was made good.",
        resolve,
    )
    .example(
        || json!({"id": SOME, "root_cause": "شیفت عصر یک نفر کم بود", "action": "عذرخواهی با تماس، و تحویل رایگان", "recovery_score": 5}),
    );
    ops.add(
        "incidents.confirm",
        "POST /incidents/{id}/confirm",
        perm(Act::Change),
        "Confirms what somebody else resolved, and closes it.",
        confirm,
    );
}
