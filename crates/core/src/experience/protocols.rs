//! Protocols of respect: how somebody is treated, as ordered acts that others can see, for stages or for one customer alone,
//! whose own one then takes the place of the others.

use super::Stage;
use super::acts;
use crate::operation::{DONE, Done, Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Db, Id, Sql, ToValue, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Characters of a name and of the words of an act.
const NAME_MAX: usize = 120;
/// Acts of a protocol.
pub const STEPS_MAX: usize = 12;
/// Hours of work of the latest act: about half a year.
const HOURS_MAX: i64 = 1_200;

peyvand_db::words! {
    /// What is done, so that somebody else could see it.
    pub enum ActKind {
        /// They are answered by name and right title.
        ByName = "by_name",
        /// The same colleague looks after them.
        SamePerson = "same_person",
        /// They are called back.
        CallBack = "call_back",
        /// They do not wait in the queue.
        NoQueue = "no_queue",
        /// They hear of a delay before they ask.
        DelayNotice = "delay_notice",
        /// They are asked how it was.
        FollowUpCall = "follow_up_call",
        /// Somebody apologises as we do.
        Apology = "apology",
        /// A card written by hand.
        Card = "card",
        /// Something of our own.
        Own = "own",
    }
}

peyvand_db::words! {
    /// When a protocol begins for a customer.
    pub enum Begins {
        /// After each purchase.
        Purchase = "purchase",
        /// When somebody says so.
        ByHand = "by_hand",
    }
}

/// A step of a protocol.
#[derive(Debug)]
pub enum Step {}

/// A protocol.
#[derive(Debug)]
pub enum Protocol {}

row! {
    struct Stored {
        id: Id<Protocol> = "t.id",
        name: String = "t.name",
        begins: Begins = "t.begins",
        stages: Value = "t.stages",
        party_id: Option<Id<Party>> = "t.party_id",
        party: Option<String> = "p.name",
        created_at: Instant = "t.created_at",
        archived_at: Option<Instant> = "t.archived_at",
    }
}

row! {
    /// An act of a protocol.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct StepSeen {
        /// Its id.
        pub id: Id<Step> = "s.id",
        /// Of which protocol.
        pub protocol_id: Id<Protocol> = "s.protocol_id",
        /// What is done.
        pub act: ActKind = "s.act",
        /// In words of our own.
        pub words: Option<String> = "s.words",
        /// Hours of work after the beginning until which it is due.
        pub due_hours: i64 = "s.due_hours",
    }
}

/// A protocol with its acts.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProtocolSeen {
    /// Its id.
    pub id: Id<Protocol>,
    /// Its name.
    pub name: String,
    /// When it begins.
    pub begins: Begins,
    /// For customers of these stages.
    pub stages: Vec<Stage>,
    /// For this customer alone.
    pub party_id: Option<Id<Party>>,
    /// Their name.
    pub party: Option<String>,
    /// Its acts, in their order.
    pub steps: Vec<StepSeen>,
    /// When it was made.
    pub created_at: Instant,
    /// When it was put away.
    pub archived_at: Option<Instant>,
}

/// An act of a new protocol.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStep {
    /// What is done.
    pub act: ActKind,
    /// In words of our own; needed for `own`.
    pub words: Option<String>,
    /// Hours of work after the beginning until which it is due.
    pub due_hours: i64,
}

/// A new protocol.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewProtocol {
    /// Its name.
    pub name: String,
    /// When it begins; after each purchase unless given.
    pub begins: Option<Begins>,
    /// For customers of these stages; for one customer none.
    pub stages: Vec<Stage>,
    /// For this customer alone.
    pub party_id: Option<Id<Party>>,
    /// The same by any identity key, phone or code.
    pub customer: Option<String>,
    /// Its acts, in their order.
    pub steps: Vec<NewStep>,
}

/// Makes a protocol.
///
/// # Errors
/// For fields that cannot be read, and for a customer out of sight.
pub async fn create(ctx: &Ctx, new: NewProtocol) -> Result<ProtocolSeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Create))?;
    let mut fields = Fields::default();
    let name = clean_line(&new.name, NAME_MAX).map_err(|problem| Problem::new("name", problem.key()).with("max", NAME_MAX));
    let name = fields.take(name).unwrap_or_default();
    if name.is_empty() && fields.0.is_empty() {
        fields.add("name", "input-needed");
    }
    if new.steps.is_empty() || new.steps.len() > STEPS_MAX {
        fields.0.push(Problem::new("steps", "experience-steps-count").with("max", STEPS_MAX));
    }
    let mut words = Vec::with_capacity(new.steps.len());
    for step in &new.steps {
        let read = clean_line(step.words.as_deref().unwrap_or_default(), NAME_MAX);
        let read = fields.take(read.map_err(|problem| Problem::new("steps", problem.key()).with("max", NAME_MAX)));
        let read = read.filter(|words| !words.is_empty());
        if step.act == ActKind::Own && read.is_none() {
            fields.add("steps", "experience-step-words");
        }
        if !(1..=HOURS_MAX).contains(&step.due_hours) {
            fields.0.push(Problem::new("steps", "experience-step-hours").with("max", HOURS_MAX));
        }
        words.push(read);
    }
    fields.check()?;
    let mut tx = writer.begin().await?;
    let whose = whom::find(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    let mut stages = new.stages;
    stages.sort_unstable();
    stages.dedup();
    if stages.is_empty() == whose.is_none() {
        return Err(Error::invalid("stages", "experience-protocol-whom"));
    }
    let id: Id<Protocol> = ctx.id();
    tx.run(
        sql("INSERT INTO protocols (id, name, begins, stages, party_id, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(id)
            .bind(&name)
            .bind(new.begins.unwrap_or(Begins::Purchase))
            .bind(serde_json::to_value(&stages).map_err(Error::fault)?)
            .bind(whose.as_ref().map(|whose| whose.id))
            .bind(ctx.actor.user())
            .bind(ctx.now()),
    )
    .await?;
    let rows = new.steps.iter().zip(&words).enumerate().map(|(place, (step, words))| {
        let place = i64::try_from(place).unwrap_or_default();
        vec![ctx.id::<Step>().to_value(), id.to_value(), place.to_value(), step.act.to_value(), words.to_value(), step.due_hours.to_value()]
    });
    for statement in Sql::inserts("INSERT INTO protocol_steps (id, protocol_id, place, act, words, due_hours) VALUES ", rows.collect(), "")
    {
        tx.run(statement).await?;
    }
    let data = json!({"name": name, "stages": stages, "acts": new.steps.iter().map(|step| step.act).collect::<Vec<_>>()});
    let event = match whose {
        Some(whose) => Event::of_party("protocol.created", whose.id, data).about(id),
        None => Event::of("protocol.created", id, data),
    };
    events::record(&mut tx, ctx, event).await?;
    tx.commit().await?;
    one(&ctx.app.db, id).await
}

async fn one(db: &Db, id: Id<Protocol>) -> Result<ProtocolSeen> {
    let mut query = Sql::select::<Stored>("FROM protocols t LEFT JOIN parties p ON p.id = t.party_id WHERE t.id = ");
    query.arg(id);
    let stored: Stored = db.maybe(query).await?.ok_or(Error::NotFound("protocol"))?;
    told(db, vec![stored]).await?.pop().ok_or(Error::NotFound("protocol"))
}

async fn told(db: &Db, stored: Vec<Stored>) -> Result<Vec<ProtocolSeen>> {
    let ids: Vec<Id<Protocol>> = stored.iter().map(|one| one.id).collect();
    let mut steps: HashMap<Id<Protocol>, Vec<StepSeen>> = HashMap::new();
    for step in steps_of(db, &ids).await? {
        steps.entry(step.protocol_id).or_default().push(step);
    }
    stored
        .into_iter()
        .map(|one| {
            Ok(ProtocolSeen {
                steps: steps.remove(&one.id).unwrap_or_default(),
                stages: serde_json::from_value(one.stages).map_err(Error::fault)?,
                id: one.id,
                name: one.name,
                begins: one.begins,
                party_id: one.party_id,
                party: one.party,
                created_at: one.created_at,
                archived_at: one.archived_at,
            })
        })
        .collect()
}

async fn steps_of(db: &Db, protocols: &[Id<Protocol>]) -> Result<Vec<StepSeen>> {
    let mut query = Sql::select::<StepSeen>("FROM protocol_steps s WHERE s.protocol_id IN ");
    query.list_padded(protocols).push(" ORDER BY s.protocol_id, s.place");
    Ok(db.all(query).await?)
}

/// Which protocols.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListProtocols {
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Protocols in use, newest first: those of stages, and those of customers within sight.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListProtocols) -> Result<Page<ProtocolSeen>> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Stored>(
        "FROM protocols t LEFT JOIN parties p ON p.id = t.party_id WHERE t.archived_at IS NULL AND (t.party_id IS NULL OR (1 = 1",
    );
    reader.sight.parties(&mut query);
    query.push("))");
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Protocol>(after)?;
        query.push(" AND (t.created_at, t.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY t.created_at DESC, t.id DESC LIMIT ").arg(limit + 1);
    let page = Page::cut(reader.db.all(query).await?, limit, |last: &Stored| cursor_at(last.created_at, last.id));
    Ok(Page { items: told(reader.db, page.items).await?, next: page.next })
}

/// Which protocol.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProtocolId {
    /// Its id.
    pub id: Id<Protocol>,
}

/// Puts a protocol away: it begins no more. What it has begun goes on, for it was promised.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn archive(ctx: &Ctx, input: ProtocolId) -> Result<Done> {
    let writer = ctx.write(Perm(Room::Experience, Act::Delete))?;
    let mut tx = writer.begin().await?;
    let gone: Option<(String,)> = tx
        .maybe(
            sql("UPDATE protocols SET archived_at = $1 WHERE id = $2 AND archived_at IS NULL RETURNING name")
                .bind(ctx.now())
                .bind(input.id),
        )
        .await?;
    let Some((name,)) = gone else { return Err(Error::NotFound("protocol")) };
    events::record(&mut tx, ctx, Event::of("protocol.archived", input.id, json!({"name": name}))).await?;
    tx.commit().await?;
    Ok(DONE)
}

/// Which protocol for whom.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginProtocol {
    /// Which.
    pub id: Id<Protocol>,
    /// For whom.
    pub party_id: Id<Party>,
}

/// Begins a protocol for a customer now.
///
/// # Errors
/// [`Error::NotFound`] for one that is put away or is somebody else's, and for a customer out of sight.
pub async fn begin(ctx: &Ctx, input: BeginProtocol) -> Result<Done> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let steps = steps_of(&ctx.app.db, &[input.id]).await?;
    let mut tx = writer.begin().await?;
    let party = whom::by_id(&mut tx, &writer.sight, input.party_id).await?;
    let known: Option<(String,)> = tx
        .maybe(
            sql("SELECT name FROM protocols WHERE id = $1 AND archived_at IS NULL AND (party_id IS NULL OR party_id = $2)")
                .bind(input.id)
                .bind(party.id),
        )
        .await?;
    let Some((name,)) = known else { return Err(Error::NotFound("protocol")) };
    acts::put(&mut tx, ctx, &steps, &[(party.id, ctx.now().to_string())], ctx.now()).await?;
    events::record(&mut tx, ctx, Event::of_party("protocol.begun", party.id, json!({"name": name})).about(input.id)).await?;
    tx.commit().await?;
    Ok(DONE)
}

/// How a customer is treated: the acts of their own protocol, or else of those of their stage.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_party(ctx: &Ctx, party: Id<Party>) -> Result<Vec<ProtocolSeen>> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let stage: Option<(Stage,)> =
        reader.db.maybe(sql("SELECT stage FROM stage_memberships WHERE party_id = $1 AND left_on IS NULL").bind(party)).await?;
    let stage = stage.map_or(Stage::Potential, |(stage,)| stage);
    let mut query = Sql::select::<Stored>(
        "FROM protocols t LEFT JOIN parties p ON p.id = t.party_id WHERE t.archived_at IS NULL AND (t.party_id IS NULL OR t.party_id = ",
    );
    query.arg(party).push(") ORDER BY t.created_at, t.id");
    let all = told(reader.db, reader.db.all(query).await?).await?;
    let has_own = all.iter().any(|one| one.party_id.is_some());
    Ok(all.into_iter().filter(|one| if has_own { one.party_id.is_some() } else { one.stages.contains(&stage) }).collect())
}

/// The operations of protocols.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    let perm = |act| Some(Perm(Room::Experience, act));
    ops.add(
        "protocols.create",
        "POST /protocols",
        perm(Act::Create),
        "Makes a protocol of respect: acts with the hours of work within which they are due.",
        create,
    )
    .example(|| {
        json!({
            "name": "پس از خرید وفاداران", "begins": "purchase", "stages": ["loyal", "advocate"],
            "steps": [{"act": "follow_up_call", "due_hours": 27}, {"act": "card", "due_hours": 54}]
        })
    });
    ops.add("protocols.list", "GET /protocols", perm(Act::See), "Protocols of respect in use, newest first.", list)
        .example(|| json!({"limit": 20}));
    ops.add("protocols.archive", "DELETE /protocols/{id}", perm(Act::Delete), "Puts a protocol away: it begins no more.", archive);
    ops.add(
        "protocols.begin",
        "POST /protocols/{id}/begin",
        Some(Perm(Room::Interactions, Act::Create)),
        "Begins a protocol for a customer now.",
        begin,
    )
    .example(|| json!({"id": SOME, "party_id": SOME}));
}
