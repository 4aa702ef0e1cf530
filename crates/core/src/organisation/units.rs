//! Units: the tree of departments and branches, along which people see each other's customers.

use super::{lock, one_line};
use crate::platform::access::{Unit, User};
use crate::platform::events::{self, Event};
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Deepest tree: more levels than any chart of an organisation that people can read.
const DEPTH: i64 = 10;
/// Longest name, in characters.
const NAME: usize = 80;

row! {
    /// A unit.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct UnitRow {
        /// Its id.
        pub id: Id<Unit> = "n.id",
        /// Its name.
        pub name: String = "n.name",
        /// The unit above; absent at the top.
        pub parent_id: Option<Id<Unit>> = "n.parent_id",
        /// Who leads it; overdue follow-ups reach them.
        pub head_id: Option<Id<User>> = "n.head_id",
        /// Their name.
        pub head: Option<String> = "h.name",
        /// People with an open account in it, not counting the units below.
        pub people: i64 = "(SELECT count(*) FROM users u WHERE u.unit_id = n.id AND u.is_active)",
        /// Since when it exists.
        pub created_at: Instant = "n.created_at",
    }
}

const FROM: &str = "FROM units n LEFT JOIN users h ON h.id = n.head_id WHERE 1 = 1";

fn sight(sight: &Sight, query: &mut Sql) {
    match sight {
        Sight::All => {}
        Sight::Units { units, .. } => {
            query.push(" AND n.id IN ").list(units.iter().copied());
        }
        Sight::Own(user) => {
            query.push(" AND n.id = (SELECT unit_id FROM users WHERE id = ").arg(*user).push(")");
        }
    }
}

/// The units in sight, by name. An organisation has tens of them, so they come at once.
///
/// # Errors
/// Without the right.
pub async fn list(ctx: &Ctx, _: crate::operation::Nothing) -> Result<Vec<UnitRow>> {
    let reader = ctx.read(Perm(Room::Organisation, Act::See))?;
    let mut query = Sql::select::<UnitRow>(FROM);
    sight(&reader.sight, &mut query);
    query.push(" ORDER BY n.name, n.id LIMIT 1000");
    Ok(reader.db.all(query).await?)
}

/// A new unit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnit {
    /// Its name.
    pub name: String,
    /// The unit above; absent at the top.
    pub parent_id: Option<Id<Unit>>,
    /// Who leads it.
    pub head_id: Option<Id<User>>,
}

/// Adds a unit.
///
/// # Errors
/// Without the right, without a name, below a unit out of reach.
pub async fn create(ctx: &Ctx, new: NewUnit) -> Result<UnitRow> {
    let writer = ctx.write(Perm(Room::Organisation, Act::Create))?;
    let name = one_line("name", &new.name, NAME)?;
    let id = ctx.id();
    let mut tx = writer.begin().await?;
    lock(&mut tx).await?;
    check_place(&mut tx, &writer.sight, None, new.parent_id).await?;
    check_head(&mut tx, &writer.sight, new.head_id).await?;
    tx.run(
        sql("INSERT INTO units (id, name, parent_id, head_id, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(&name)
            .bind(new.parent_id)
            .bind(new.head_id)
            .bind(ctx.now()),
    )
    .await?;
    let data = serde_json::json!({"name": name, "parent_id": new.parent_id, "head_id": new.head_id});
    events::record(&mut tx, ctx, Event::of("unit.created", id, data)).await?;
    let unit = read(&mut tx, id).await?;
    tx.commit().await?;
    ctx.app.forget_sessions();
    Ok(unit)
}

/// A unit as it shall be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitChange {
    /// Which.
    pub id: Id<Unit>,
    /// Its name.
    pub name: String,
    /// The unit above; absent moves it to the top.
    pub parent_id: Option<Id<Unit>>,
    /// Who leads it; absent when nobody does.
    pub head_id: Option<Id<User>>,
}

/// Renames or moves a unit, or gives it another head.
///
/// # Errors
/// Without the right, for a unit out of reach, and when it would come to stand below itself.
pub async fn update(ctx: &Ctx, change: UnitChange) -> Result<UnitRow> {
    let writer = ctx.write(Perm(Room::Organisation, Act::Change))?;
    let name = one_line("name", &change.name, NAME)?;
    let mut tx = writer.begin().await?;
    lock(&mut tx).await?;
    let mut query = Sql::select::<UnitRow>(FROM);
    sight(&writer.sight, &mut query);
    query.push(" AND n.id = ").arg(change.id);
    let before: UnitRow = tx.maybe(query).await?.ok_or(Error::NotFound("unit"))?;
    if before.parent_id != change.parent_id {
        check_place(&mut tx, &writer.sight, Some(change.id), change.parent_id).await?;
    }
    if before.head_id != change.head_id {
        check_head(&mut tx, &writer.sight, change.head_id).await?;
    }
    tx.run(
        sql("UPDATE units SET name = $1, parent_id = $2, head_id = $3 WHERE id = $4")
            .bind(&name)
            .bind(change.parent_id)
            .bind(change.head_id)
            .bind(change.id),
    )
    .await?;
    let data = serde_json::json!({
        "name": name, "parent_id": change.parent_id, "head_id": change.head_id,
        "before": {"name": before.name, "parent_id": before.parent_id, "head_id": before.head_id},
    });
    events::record(&mut tx, ctx, Event::of("unit.changed", change.id, data)).await?;
    let unit = read(&mut tx, change.id).await?;
    tx.commit().await?;
    ctx.app.forget_sessions();
    Ok(unit)
}

async fn read(tx: &mut Tx, id: Id<Unit>) -> Result<UnitRow> {
    let mut query = Sql::select::<UnitRow>(FROM);
    query.push(" AND n.id = ").arg(id);
    Ok(tx.one(query).await?)
}

/// A unit may stand at the top when the caller reaches the whole organisation, else below a unit in reach that is not
/// itself or below itself.
async fn check_place(tx: &mut Tx, sight: &Sight, unit: Option<Id<Unit>>, parent: Option<Id<Unit>>) -> Result<()> {
    let reached = match (sight, parent) {
        (Sight::All, _) => true,
        (Sight::Units { units, .. }, Some(parent)) => units.contains(&parent),
        (Sight::Units { .. } | Sight::Own(_), _) => false,
    };
    if !reached {
        return Err(Error::invalid("parent_id", "units-parent-unknown"));
    }
    let Some(parent) = parent else { return Ok(()) };
    let above: Vec<(Id<Unit>, i64)> = tx
        .all(
            sql("WITH RECURSIVE above (id, parent_id, depth) AS (
                   SELECT id, parent_id, 1 FROM units WHERE id = $1
                   UNION ALL SELECT p.id, p.parent_id, a.depth + 1 FROM units p JOIN above a ON p.id = a.parent_id WHERE a.depth < 50)
                 SELECT id, depth FROM above")
            .bind(parent),
        )
        .await?;
    let mut problems = Fields::default();
    if above.is_empty() {
        problems.add("parent_id", "units-parent-unknown");
    } else if above.iter().any(|(id, _)| Some(*id) == unit) {
        problems.add("parent_id", "units-circle");
    } else if above.len() as i64 >= DEPTH {
        problems.0.push(Problem::new("parent_id", "units-deep").with("max", DEPTH));
    }
    problems.check()
}

async fn check_head(tx: &mut Tx, sight: &Sight, head: Option<Id<User>>) -> Result<()> {
    let Some(head) = head else { return Ok(()) };
    let mut query = sql("SELECT 1 FROM users u WHERE u.is_active AND u.id = ");
    query.arg(head);
    crate::platform::users::sight(sight, &mut query);
    let found: Option<(i64,)> = tx.maybe(query).await?;
    found.map(|_| ()).ok_or_else(|| Error::invalid("head_id", "units-head-unknown"))
}

/// The operations of units.
pub fn operations(ops: &mut Operations) {
    ops.add("units.list", "GET /units", Some(Perm(Room::Organisation, Act::See)), "The units of the organisation.", list);
    ops.add("units.create", "POST /units", Some(Perm(Room::Organisation, Act::Create)), "Adds a unit.", create)
        .example(|| serde_json::json!({"name": "فروش"}));
    ops.add(
        "units.update",
        "PUT /units/{id}",
        Some(Perm(Room::Organisation, Act::Change)),
        "Renames or moves a unit, or gives it another head; what is absent is emptied.",
        update,
    );
}
