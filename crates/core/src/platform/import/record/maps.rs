//! Maps of columns under a name, for further files of the same form.

use super::Options;
use crate::platform::import::columns::Kind;
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Error, Instant, Perm, Problem, Result, Room};
use peyvand_db::{Tx, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Characters of the name of a saved map.
const MAP_NAME_MAX: usize = 80;

/// A map that was saved to be used again.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SavedMap {
    /// Its name.
    pub name: String,
    /// For files of this kind.
    pub kind: Kind,
    /// How such files are understood.
    pub options: Options,
    /// When it was saved.
    pub created_at: Instant,
}

/// Which maps.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMaps {
    /// Only those for files of this kind.
    pub kind: Option<Kind>,
}

/// The saved maps.
///
/// # Errors
/// Without the right.
pub async fn maps(ctx: &Ctx, input: ListMaps) -> Result<Vec<SavedMap>> {
    let reader = ctx.read(Perm(Room::Imports, Act::See))?;
    let mut query = sql("SELECT name, kind, options, created_at FROM import_maps WHERE 1 = 1");
    if let Some(kind) = input.kind {
        query.push(" AND kind = ").arg(kind);
    }
    query.push(" ORDER BY name, kind");
    let rows: Vec<(String, Kind, Value, Instant)> = reader.db.all(query).await?;
    rows.into_iter()
        .map(|(name, kind, options, created_at)| {
            Ok(SavedMap { name, kind, options: serde_json::from_value(options).map_err(Error::fault)?, created_at })
        })
        .collect()
}

pub(super) async fn save_map(tx: &mut Tx, ctx: &Ctx, name: &str, kind: Kind, options: &Options) -> Result<()> {
    let name = clean_line(name, MAP_NAME_MAX).map_err(|problem| Problem::new("save_map", problem.key()).with("max", MAP_NAME_MAX))?;
    if name.is_empty() {
        return Err(Error::invalid("save_map", "input-needed"));
    }
    tx.run(
        sql("INSERT INTO import_maps (name, kind, options, created_by, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (name, kind) DO UPDATE SET options = excluded.options, created_by = excluded.created_by")
        .bind(name)
        .bind(kind)
        .bind(serde_json::to_value(options).map_err(Error::fault)?)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    Ok(())
}

pub(super) async fn saved_map(ctx: &Ctx, name: &str, kind: Kind) -> Result<Options> {
    let found: Option<(Value,)> =
        ctx.app.db.maybe(sql("SELECT options FROM import_maps WHERE name = $1 AND kind = $2").bind(name.trim()).bind(kind)).await?;
    match found {
        Some((options,)) => serde_json::from_value(options).map_err(Error::fault),
        None => Err(Problem::new("use_map", "import-map-unknown").with("name", name).into()),
    }
}
