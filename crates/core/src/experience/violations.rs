//! What was tried against the rules: refused, written down, and listed for who leads.

use super::never::Rule;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The kind of its events.
const KIND: &str = "policy.violation_attempted";

/// Writes an attempt down that is being refused, in a transaction of its own, and gives what its doer is told. To be called
/// when no transaction of this request is open.
pub(crate) async fn refuse(ctx: &Ctx, rule: Rule, party: Option<Id<Party>>, more: Value, problem: Problem) -> Error {
    let mut data = json!({"rule": rule});
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    match note(ctx, Event { kind: KIND, party, subject: None, data }).await {
        Ok(()) => problem.into(),
        Err(error) => error,
    }
}

async fn note(ctx: &Ctx, event: Event) -> Result<()> {
    let mut tx = ctx.app.db.begin().await?;
    events::record(&mut tx, ctx, event).await?;
    Ok(tx.commit().await?)
}

row! {
    struct Stored {
        id: Id<Event> = "e.id",
        at: Instant = "e.at",
        actor_id: Option<Id<User>> = "e.actor_id",
        actor: Option<String> = "u.name",
        party_id: Option<Id<Party>> = "e.party_id",
        party: Option<String> = "p.name",
        data: Value = "e.data",
    }
}

/// An attempt that was refused.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Violation {
    /// Its id.
    pub id: Id<Event>,
    /// When.
    pub at: Instant,
    /// Who tried; absent for the program itself.
    pub actor_id: Option<Id<User>>,
    /// Their name.
    pub actor: Option<String>,
    /// Which rule it was against.
    pub rule: Rule,
    /// For whom it was meant, when for one.
    pub party_id: Option<Id<Party>>,
    /// Their name.
    pub party: Option<String>,
    /// What was tried.
    pub what: Option<String>,
    /// For which stage.
    pub stage: Option<crate::lifecycle::Stage>,
    /// What kind of treatment.
    pub form: Option<super::legality::Form>,
}

/// Which attempts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListViolations {
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// What was tried against the rules, newest first: one's own, for who leads those of their people.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListViolations) -> Result<Page<Violation>> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Stored>(
        "FROM events e LEFT JOIN users u ON u.id = e.actor_id LEFT JOIN parties p ON p.id = e.party_id
         WHERE e.kind = 'policy.violation_attempted'",
    );
    match &reader.sight {
        Sight::All => {}
        Sight::Units { units, user } => {
            query.push(" AND (u.unit_id IN ").list(units.iter().copied()).push(" OR e.actor_id = ").arg(*user).push(")");
        }
        Sight::Own(user) => {
            query.push(" AND e.actor_id = ").arg(*user);
        }
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Event>(after)?;
        query.push(" AND (e.at, e.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY e.at DESC, e.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Stored> = reader.db.all(query).await?;
    let page = Page::cut(rows, limit, |last| cursor_at(last.at, last.id));
    let items = page.items.into_iter().map(Stored::read).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next })
}

impl Stored {
    fn read(self) -> Result<Violation> {
        let text = |name: &str| self.data.get(name).and_then(Value::as_str);
        let rule = text("rule").and_then(|word| word.parse().ok()).ok_or_else(|| Error::fault("an attempt without a rule"))?;
        Ok(Violation {
            rule,
            what: text("what").map(str::to_owned),
            stage: text("stage").and_then(|word| word.parse().ok()),
            form: text("form").and_then(|word| word.parse().ok()),
            id: self.id,
            at: self.at,
            actor_id: self.actor_id,
            actor: self.actor,
            party_id: self.party_id,
            party: self.party,
        })
    }
}

/// The operations of attempts.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "policies.violations",
        "GET /policies/violations",
        Some(Perm(Room::Experience, Act::See)),
        "What was tried against the rules of treatments and refused, newest first.",
        list,
    )
    .example(|| json!({"limit": 20}));
}
