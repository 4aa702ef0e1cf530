//! Views: lists of customers that people keep at hand, with what they filter by, their order and their columns. Whoever
//! wants to filter by a rule writes it in the builder of segments.

use super::list::{PartyFilters, Sort};
use crate::marketing::segments;
use crate::operation::{Nothing, maybe_object, object};
use crate::platform::access::{Sight, User};
use crate::platform::events::{self, Event};
use crate::platform::text::clean_line;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a name.
const NAME_MAX: usize = 40;
/// Views that somebody may keep: more are no longer at hand.
const OWN_MAX: i64 = 30;
/// Views of one's own and of the unit that are told.
const TOLD: i64 = 100;
/// Columns of a view, and the characters of a column's word.
const COLUMNS_MAX: usize = 30;
const COLUMN_MAX: usize = 40;

/// What a view shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ViewList {
    /// Which customers.
    #[serde(deserialize_with = "object")]
    pub filters: PartyFilters,
    /// What they are sorted by; the name unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
    /// Whether the last come first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub desc: bool,
    /// The words of the columns; the usual ones unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
}

row! {
    struct Stored {
        id: Id<View> = "v.id",
        name: String = "v.name",
        list: serde_json::Value = "v.list",
        owner_id: Id<User> = "v.owner_id",
        owner: String = "u.name",
        is_shared: bool = "v.is_shared",
        version: i64 = "v.version",
        created_at: Instant = "v.created_at",
    }
}

/// A view.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct View {
    /// Its id.
    pub id: Id<View>,
    /// Its name.
    pub name: String,
    /// What it shows.
    pub list: ViewList,
    /// Whose it is.
    pub owner_id: Id<User>,
    /// Their name.
    pub owner: String,
    /// Whether whoever is in the unit sees it.
    pub is_shared: bool,
    /// Counts up with each change; a change must name it.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
}

impl Stored {
    fn view(self) -> Result<View> {
        let Stored { id, name, list, owner_id, owner, is_shared, version, created_at } = self;
        let list = serde_json::from_value(list).map_err(Error::fault)?;
        Ok(View { id, name, list, owner_id, owner, is_shared, version, created_at })
    }
}

const FROM: &str = "FROM views v JOIN users u ON u.id = v.owner_id WHERE v.archived_at IS NULL";

/// The caller's own views, and those that are shared in their unit, the oldest first.
///
/// # Errors
/// Without the right.
pub async fn list(ctx: &Ctx, _: Nothing) -> Result<Vec<View>> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let mut query = Sql::select::<Stored>(FROM);
    query.push(" AND (v.owner_id = ").arg(ctx.actor.user()).push(" OR v.is_shared");
    // Whoever sees everybody is of every unit.
    if reader.sight != Sight::All {
        query.push(" AND v.unit_id = ").arg(ctx.actor.unit());
    }
    query.push(") ORDER BY v.id LIMIT ").arg(TOLD);
    reader.db.all::<Stored>(query).await?.into_iter().map(Stored::view).collect()
}

/// A view to keep.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewView {
    /// Its name.
    pub name: String,
    /// What it shows.
    #[serde(default, deserialize_with = "object")]
    pub list: ViewList,
    /// Whether whoever is in the caller's unit sees it.
    #[serde(default)]
    pub is_shared: bool,
}

/// Keeps a list at hand.
///
/// # Errors
/// Without a name, with filters that are none, with too many views; for a shared view of a segment that is not shared.
pub async fn create(ctx: &Ctx, new: NewView) -> Result<View> {
    let writer = ctx.write(Perm(Room::Parties, Act::See))?;
    let owner = ctx.actor.person()?.id;
    let mut fields = Fields::default();
    let name = checked_name(&new.name, &mut fields);
    fields.check()?;
    check_list(ctx, &new.list, new.is_shared).await?;
    let id: Id<View> = ctx.id();
    let mut tx = writer.begin().await?;
    let mut query = sql("SELECT count(*) FROM views WHERE archived_at IS NULL AND owner_id = ");
    query.arg(owner);
    let (kept,): (i64,) = tx.one(query).await?;
    if kept >= OWN_MAX {
        return Err(Problem::new("name", "views-too-many").with("max", OWN_MAX).into());
    }
    tx.run(
        sql("INSERT INTO views (id, name, list, owner_id, unit_id, is_shared, version, created_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7)")
            .bind(id)
            .bind(&name)
            .bind(serde_json::to_value(&new.list).map_err(Error::fault)?)
            .bind(owner)
            .bind(ctx.actor.unit())
            .bind(new.is_shared)
            .bind(ctx.now()),
    )
    .await?;
    events::record(&mut tx, ctx, Event::of("view.created", id, json!({"name": name, "is_shared": new.is_shared}))).await?;
    tx.commit().await?;
    read(ctx, id).await
}

fn checked_name(name: &str, fields: &mut Fields) -> Option<String> {
    let read = clean_line(name, NAME_MAX).map_err(|problem| Problem::new("name", problem.key()).with("max", NAME_MAX));
    let needed = |name: String| if name.is_empty() { Err(Problem::new("name", "input-needed")) } else { Ok(name) };
    fields.take(read.and_then(needed))
}

/// Refuses a list that could not be shown.
async fn check_list(ctx: &Ctx, list: &ViewList, is_shared: bool) -> Result<()> {
    list.filters.check(ctx).await?;
    let is_word =
        |word: &String| word.len() <= COLUMN_MAX && word.chars().all(|sign| sign.is_ascii_lowercase() || sign == '_' || sign == '-');
    if list.columns.as_ref().is_some_and(|columns| columns.len() > COLUMNS_MAX || !columns.iter().all(is_word)) {
        return Err(Error::invalid("list", "views-columns-wrong"));
    }
    for id in if is_shared { list.filters.segments() } else { Vec::new() } {
        let segment = segments::get(ctx, segments::SegmentId { id }).await?;
        if !segment.is_shared {
            return Err(Problem::new("is_shared", "views-segment-private").with("name", segment.name).into());
        }
    }
    Ok(())
}

async fn read(ctx: &Ctx, id: Id<View>) -> Result<View> {
    let mut query = Sql::select::<Stored>(FROM);
    query.push(" AND v.id = ").arg(id);
    ctx.app.db.maybe::<Stored>(query).await?.ok_or(Error::NotFound("view"))?.view()
}

/// What changes of a view; absent fields stay.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewChange {
    /// Which.
    pub id: Id<View>,
    /// The version that was seen.
    pub version: i64,
    /// Its name.
    pub name: Option<String>,
    /// What it shows.
    #[serde(default, deserialize_with = "maybe_object")]
    pub list: Option<ViewList>,
    /// Whether whoever is in the unit of its owner sees it.
    pub is_shared: Option<bool>,
}

/// One's own view; its row is the caller's until the transaction ends.
async fn take(tx: &mut Tx, ctx: &Ctx, id: Id<View>) -> Result<(i64, String, serde_json::Value, bool)> {
    let mut query = sql("SELECT version, name, list, is_shared FROM views WHERE archived_at IS NULL AND id = ");
    query.arg(id).push(" AND owner_id = ").arg(ctx.actor.user()).push(" {for_update}");
    tx.maybe(query).await?.ok_or(Error::NotFound("view"))
}

/// Changes a view of one's own.
///
/// # Errors
/// [`Error::NotFound`] for one of somebody else; [`Error::Conflict`] when it was changed meanwhile; as [`create`].
pub async fn update(ctx: &Ctx, change: ViewChange) -> Result<View> {
    let writer = ctx.write(Perm(Room::Parties, Act::See))?;
    let mut fields = Fields::default();
    let name = change.name.as_deref().and_then(|name| checked_name(name, &mut fields));
    fields.check()?;
    let mut tx = writer.begin().await?;
    let (version, old_name, old_list, was_shared) = take(&mut tx, ctx, change.id).await?;
    if version != change.version {
        return Err(Error::Conflict(Fields(vec![Problem::new("version", "views-changed-meanwhile")])));
    }
    let list = match change.list {
        Some(list) => list,
        None => serde_json::from_value(old_list).map_err(Error::fault)?,
    };
    let (name, is_shared) = (name.unwrap_or(old_name), change.is_shared.unwrap_or(was_shared));
    check_list(ctx, &list, is_shared).await?;
    tx.run(
        sql("UPDATE views SET name = $1, list = $2, is_shared = $3, version = version + 1 WHERE id = $4")
            .bind(&name)
            .bind(serde_json::to_value(&list).map_err(Error::fault)?)
            .bind(is_shared)
            .bind(change.id),
    )
    .await?;
    events::record(&mut tx, ctx, Event::of("view.changed", change.id, json!({"name": name, "is_shared": is_shared}))).await?;
    tx.commit().await?;
    read(ctx, change.id).await
}

/// Which view.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewId {
    /// Its id.
    pub id: Id<View>,
}

/// What taking a view away came to.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct ViewDeleted {
    /// Takes it back through `undo.run`, for one day.
    pub undo: Id<Undo>,
}

/// Takes a view of one's own away.
///
/// # Errors
/// [`Error::NotFound`] for one of somebody else.
pub async fn delete(ctx: &Ctx, input: ViewId) -> Result<ViewDeleted> {
    let writer = ctx.write(Perm(Room::Parties, Act::See))?;
    let mut tx = writer.begin().await?;
    let (_, name, ..) = take(&mut tx, ctx, input.id).await?;
    set_archived(&mut tx, input.id, Some(ctx.now())).await?;
    events::record(&mut tx, ctx, Event::of("view.archived", input.id, json!({"name": name}))).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::ArchiveView { view: input.id }).await?;
    tx.commit().await?;
    Ok(ViewDeleted { undo })
}

async fn set_archived(tx: &mut Tx, id: Id<View>, at: Option<Instant>) -> Result<()> {
    tx.run(sql("UPDATE views SET archived_at = $1, version = version + 1 WHERE id = $2").bind(at).bind(id)).await?;
    Ok(())
}

/// Takes [`delete`] back.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, id: Id<View>) -> Result<()> {
    ctx.write(Perm(Room::Parties, Act::See))?;
    set_archived(tx, id, None).await?;
    events::record(tx, ctx, Event::of("view.restored", id, json!({}))).await
}

/// The operations of views.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Parties, Act::See));
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    ops.add("views.list", "GET /views", see, "Lists of customers that the caller keeps at hand, and those of their unit.", list);
    ops.add("views.create", "POST /views", see, "Keeps a list of customers at hand.", create).example(|| {
        json!({
            "name": "تهرانی‌های ساکت",
            "list": {"filters": {"city": "تهران", "silent": true}, "sort": "spent", "desc": true, "columns": ["phone", "spent"]},
            "is_shared": true
        })
    });
    ops.add("views.update", "PUT /views/{id}", see, "Changes a view of one's own.", update)
        .example(|| json!({"id": SOME, "version": 1, "name": "ساکت‌ها"}));
    ops.add("views.delete", "DELETE /views/{id}", see, "Takes a view of one's own away; it can be taken back.", delete)
        .example(|| json!({"id": SOME}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marketing::segments::NewSegment;
    use crate::platform::undo::RunUndo;
    use crate::testing;

    #[test]
    fn filters_in_an_array_are_refused() {
        let read = |list: serde_json::Value| serde_json::from_value::<NewView>(json!({"name": "ن", "list": list, "is_shared": false}));
        assert!(read(json!({"filters": {"city": "یزد"}})).is_ok());
        assert!(read(json!({})).is_ok());
        assert!(read(json!({"filters": [null, null]})).is_err());
        assert!(read(json!([{}])).is_err());
    }

    fn view(name: &str, is_shared: bool) -> NewView {
        let filters = PartyFilters { city: Some("تهران".into()), silent: Some(true), ..PartyFilters::default() };
        let columns = Some(vec!["phone".to_owned(), "last_purchase".to_owned()]);
        NewView { name: name.into(), list: ViewList { filters, sort: Some(Sort::Spent), desc: true, columns }, is_shared }
    }

    async fn names(ctx: &Ctx) -> Vec<String> {
        ctx.run(list, Nothing {}).await.unwrap().into_iter().map(|view| view.name).collect()
    }

    fn problem<T>(result: Result<T>) -> (String, String) {
        match result {
            Err(Error::Invalid(Fields(problems)) | Error::Conflict(Fields(problems))) => {
                (problems[0].field.to_string(), problems[0].key.to_string())
            }
            _ => panic!("no problem"),
        }
    }

    #[tokio::test]
    async fn a_view_is_ones_own_until_it_is_shared_with_the_unit() {
        let owner = testing::ctx().await;
        let agent = testing::as_post(&owner.app, "agent", "sara").await;
        let own = owner.run(create, view("ساکت‌ها", false)).await.unwrap();
        assert_eq!((own.list.clone(), own.version), (view("", false).list, 1));
        assert_eq!((names(&owner).await, names(&agent).await), (vec!["ساکت‌ها".to_owned()], vec![]));
        let change = |version: i64, is_shared: Option<bool>, name: Option<&str>| ViewChange {
            id: own.id,
            version,
            name: name.map(str::to_owned),
            list: None,
            is_shared,
        };
        let shared = owner.run(update, change(1, Some(true), Some("کم‌پیداها"))).await.unwrap();
        assert_eq!((&*shared.name, shared.list, shared.version), ("کم‌پیداها", own.list.clone(), 2));
        assert_eq!(names(&agent).await, ["کم‌پیداها"]);
        assert_eq!(problem(owner.run(update, change(1, None, None)).await), ("version".into(), "views-changed-meanwhile".into()));
        assert!(matches!(agent.run(update, change(2, Some(false), None)).await, Err(Error::NotFound(_))));
        assert!(matches!(agent.run(delete, ViewId { id: own.id }).await, Err(Error::NotFound(_))));
        let rights = crate::platform::access::ready_made_posts().remove(2).1;
        let elsewhere = testing::with_rights(&owner.app, agent.actor.user().unwrap(), "reza", rights, vec![owner.id()]);
        assert!(names(&elsewhere).await.is_empty());

        let gone = owner.run(delete, ViewId { id: own.id }).await.unwrap();
        assert!(names(&owner).await.is_empty() && names(&agent).await.is_empty());
        owner.run(undo::run, RunUndo { id: gone.undo }).await.unwrap();
        assert_eq!(names(&owner).await, ["کم‌پیداها"]);
    }

    #[tokio::test]
    async fn a_view_that_could_not_be_shown_is_refused() {
        let ctx = testing::ctx().await;
        assert_eq!(problem(ctx.run(create, view(" ", false)).await), ("name".into(), "input-needed".into()));
        let mut wrong = view("x", false);
        wrong.list.columns = Some(vec!["Drop Table".into()]);
        assert_eq!(problem(ctx.run(create, wrong).await), ("list".into(), "views-columns-wrong".into()));
        let mut wrong = view("x", false);
        wrong.list.filters.recency = Some(9);
        assert_eq!(problem(ctx.run(create, wrong).await).0, "recency");
        let segment = NewSegment { name: "خصوصی".into(), rule: json!({"all": []}), is_shared: false };
        let segment = ctx.run(segments::create, segment).await.unwrap().id;
        let mut of_segment = view("x", true);
        of_segment.list.filters.segment_id = Some(segment);
        assert_eq!(problem(ctx.run(create, of_segment.clone()).await), ("is_shared".into(), "views-segment-private".into()));
        let mut of_rule = view("x", true);
        of_rule.list.filters.rule = Some(json!({"not": {"in": segment}}).to_string());
        assert_eq!(problem(ctx.run(create, of_rule).await).1, "views-segment-private");
        of_segment.is_shared = false;
        ctx.run(create, of_segment).await.unwrap();
        for _ in 1..OWN_MAX {
            ctx.run(create, view("y", false)).await.unwrap();
        }
        assert_eq!(problem(ctx.run(create, view("y", false)).await), ("name".into(), "views-too-many".into()));
    }
}
