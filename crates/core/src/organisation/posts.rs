//! Posts: they carry the rights, so that rights follow the post and not the person.

use super::{lock, one_line};
use crate::operation::{DONE, Done, Nothing};
use crate::platform::access::{Actor, Reach, Right, Rights, ready_made_posts};
use crate::platform::events::{self, Event};
use crate::platform::sessions::rights_of;
use crate::platform::text::search_key;
use crate::platform::users::OWNER;
use crate::{Act, Ctx, Error, Instant, Operations, OrField, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest name, in characters.
const NAME: usize = 80;

row! {
    struct Row {
        id: Id<Post>,
        word: String,
        name: Option<String>,
        rights: serde_json::Value,
        people: i64 = "(SELECT count(*) FROM users u WHERE u.post_id = posts.id AND u.is_active)",
        created_at: Instant,
    }
}

/// A post.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Post {
    /// Its id.
    pub id: Id<Post>,
    /// The word by which it is named to machines.
    pub word: String,
    /// The organisation's own name; a ready-made post has its names in the catalogues.
    pub name: Option<String>,
    /// What it allows, room by room; a room that is not named is closed.
    pub rights: Rights,
    /// Whether it came with the program; such a post stays.
    pub is_ready_made: bool,
    /// People with an open account who hold it.
    pub people: i64,
    /// Since when it exists.
    pub created_at: Instant,
}

impl Row {
    fn into_post(self) -> Result<Post> {
        Ok(Post {
            rights: rights_of(&self.word, self.rights)?,
            is_ready_made: is_ready_made(&self.word),
            id: self.id,
            word: self.word,
            name: self.name,
            people: self.people,
            created_at: self.created_at,
        })
    }
}

fn is_ready_made(word: &str) -> bool {
    ready_made_posts().iter().any(|(ready, _)| *ready == word)
}

/// All posts, the ready-made ones first.
///
/// # Errors
/// Without the right.
pub async fn list(ctx: &Ctx, _: Nothing) -> Result<Vec<Post>> {
    let reader = ctx.read(Perm(Room::Organisation, Act::See))?;
    let rows: Vec<Row> = reader.db.all(Sql::select::<Row>("FROM posts ORDER BY created_at, id LIMIT 1000")).await?;
    let mut posts: Vec<Post> = rows.into_iter().map(Row::into_post).collect::<Result<_>>()?;
    let place = |post: &Post| ready_made_posts().iter().position(|(word, _)| *word == post.word).unwrap_or(usize::MAX);
    posts.sort_by_key(place);
    Ok(posts)
}

/// A new post.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPost {
    /// Its name.
    pub name: String,
    /// What it allows, room by room.
    pub rights: Rights,
}

/// Adds a post.
///
/// # Errors
/// Without the right for the whole organisation, without a name, and for rights beyond the caller's own.
pub async fn create(ctx: &Ctx, new: NewPost) -> Result<Post> {
    let writer = whole(ctx, Act::Create)?;
    let name = one_line("name", &new.name, NAME)?;
    let word = search_key(&name).replace(' ', "_");
    if word.is_empty() {
        return Err(Error::invalid("name", "input-needed"));
    }
    check_given(ctx, &new.rights)?;
    let id = ctx.id();
    let rights = serde_json::to_value(&new.rights).map_err(Error::fault)?;
    let mut tx = writer.begin().await?;
    tx.run(
        sql("INSERT INTO posts (id, word, name, rights, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(&word)
            .bind(&name)
            .bind(&rights)
            .bind(ctx.now()),
    )
    .await
    .or_field("posts_word_key", "name", "posts-name-taken")?;
    events::record(&mut tx, ctx, Event::of("post.created", id, serde_json::json!({"name": name, "rights": rights}))).await?;
    let post = read(&mut tx, id).await?;
    tx.commit().await?;
    Ok(post)
}

/// What may be changed of a post; absent fields stay.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostChange {
    /// Which.
    pub id: Id<Post>,
    /// Its name.
    pub name: Option<String>,
    /// What it allows, all rooms.
    pub rights: Option<Rights>,
}

/// Changes a post; everybody who holds it feels it at once.
///
/// # Errors
/// Without the right for the whole organisation, for rights beyond the caller's own, and for the rights of the owner's
/// post, which stay full so that nobody locks the organisation out of itself.
pub async fn update(ctx: &Ctx, change: PostChange) -> Result<Post> {
    let writer = whole(ctx, Act::Change)?;
    let name = match &change.name {
        Some(name) => Some(one_line("name", name, NAME)?),
        None => None,
    };
    let mut tx = writer.begin().await?;
    lock(&mut tx).await?;
    let before = read(&mut tx, change.id).await?;
    check_given(ctx, &before.rights)?;
    let rights = match &change.rights {
        Some(rights) if *rights != before.rights => {
            if before.word == OWNER {
                return Err(Error::invalid("rights", "posts-owner-full"));
            }
            check_given(ctx, rights)?;
            Some(serde_json::to_value(rights).map_err(Error::fault)?)
        }
        _ => None,
    };
    tx.run(
        sql("UPDATE posts SET name = COALESCE($1, name), rights = COALESCE($2, rights) WHERE id = $3")
            .bind(&name)
            .bind(&rights)
            .bind(change.id),
    )
    .await?;
    let data = serde_json::json!({"name": name, "rights": rights, "before": {"name": before.name, "rights": before.rights}});
    events::record(&mut tx, ctx, Event::of("post.changed", change.id, data)).await?;
    let post = read(&mut tx, change.id).await?;
    tx.commit().await?;
    ctx.app.forget_sessions();
    Ok(post)
}

/// Which post.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletePost {
    /// The post.
    pub id: Id<Post>,
}

/// Removes a post that nobody holds.
///
/// # Errors
/// Without the right for the whole organisation; [`Error::Conflict`] for a ready-made post and one that somebody holds.
pub async fn delete(ctx: &Ctx, input: DeletePost) -> Result<Done> {
    let writer = whole(ctx, Act::Delete)?;
    let mut tx = writer.begin().await?;
    lock(&mut tx).await?;
    let post = read(&mut tx, input.id).await?;
    check_given(ctx, &post.rights)?;
    if post.is_ready_made {
        return Err(conflict("posts-ready-made"));
    }
    // Closed accounts hold their post too: what they did must stay explicable.
    let (held,): (i64,) = tx.one(sql("SELECT count(*) FROM users WHERE post_id = $1").bind(input.id)).await?;
    if held > 0 {
        return Err(conflict("posts-held"));
    }
    tx.run(sql("DELETE FROM posts WHERE id = $1").bind(input.id)).await?;
    let data = serde_json::json!({"name": post.name, "rights": post.rights});
    events::record(&mut tx, ctx, Event::of("post.deleted", input.id, data)).await?;
    tx.commit().await?;
    Ok(DONE)
}

fn conflict(key: &'static str) -> Error {
    Error::Conflict(crate::Fields(vec![Problem::new("", key)]))
}

/// Posts belong to the whole organisation: who reaches only a unit does not change them.
fn whole(ctx: &Ctx, act: Act) -> Result<crate::context::Writer<'_>> {
    let perm = Perm(Room::Organisation, act);
    let writer = ctx.write(perm)?;
    if writer.sight == Sight::All { Ok(writer) } else { Err(Error::Forbidden(perm)) }
}

async fn read(tx: &mut Tx, id: Id<Post>) -> Result<Post> {
    let row: Option<Row> = tx.maybe(Sql::select::<Row>("FROM posts WHERE id = $1").bind(id)).await?;
    row.ok_or(Error::NotFound("post"))?.into_post()
}

/// Nobody gives a right that they do not hold.
///
/// # Errors
/// A problem at `rights`.
pub(super) fn check_given(ctx: &Ctx, rights: &Rights) -> Result<()> {
    let covered = match &ctx.actor {
        Actor::System => true,
        Actor::User(user) => covers(&user.rights_in_scope(), rights),
        Actor::Nobody => false,
    };
    if covered { Ok(()) } else { Err(Error::invalid("rights", "posts-beyond-yours")) }
}

/// Whether the first rights hold everything that the second do.
#[must_use]
pub fn covers(all: &Rights, part: &Rights) -> bool {
    let reach = |right: Right| match right.see {
        Reach::Nothing => 0,
        Reach::Own => 1,
        Reach::Unit => 2,
        Reach::All => 3,
    };
    part.0.iter().all(|(room, part)| {
        let all = all.of(*room);
        part.see == Reach::Nothing
            || (reach(all) >= reach(*part)
                && (all.create || !part.create)
                && (all.change || !part.change)
                && (all.delete || !part.delete)
                && (all.export || !part.export))
    })
}

/// The operations of posts.
pub fn operations(ops: &mut Operations) {
    ops.add("posts.list", "GET /posts", Some(Perm(Room::Organisation, Act::See)), "The posts and what they allow.", list);
    ops.add("posts.create", "POST /posts", Some(Perm(Room::Organisation, Act::Create)), "Adds a post.", create).example(|| {
        serde_json::json!({"name": "حسابدار", "rights": {"parties": {"see": "all"}, "sales": {"see": "all", "create": true, "export": true}}})
    });
    ops.add(
        "posts.update",
        "PUT /posts/{id}",
        Some(Perm(Room::Organisation, Act::Change)),
        "Changes what a post allows; absent fields stay. The owner's post keeps every right.",
        update,
    );
    ops.add(
        "posts.delete",
        "DELETE /posts/{id}",
        Some(Perm(Room::Organisation, Act::Delete)),
        "Removes a post that nobody holds; the ready-made ones stay.",
        delete,
    );
}
