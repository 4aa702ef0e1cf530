//! Posts, with their rights as a matrix of rooms and acts.

use super::{Frame, answer, done, frame, problems_of};
use crate::State;
use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::post_name;
use crate::request::Req;
use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::posts::{self, DeletePost, NewPost, Post, PostChange};
use peyvand_core::platform::access::{Reach, Right, Rights};
use peyvand_core::platform::users::OWNER;
use peyvand_core::{Act, Error, Id, Room};

/// Addresses of these pages.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/settings/posts", get(list).post(create))
        .route("/settings/posts/new", get(new))
        .route("/settings/posts/{id}", get(show).post(update))
        .route("/settings/posts/{id}/delete", post(delete))
}

#[derive(Template)]
#[template(path = "settings/posts.html")]
struct PostsPage {
    s: Frame,
    posts: Vec<Post>,
    may_add: bool,
}

impl PostsPage {
    fn name(&self, post: &Post) -> String {
        post_name(&self.s, &post.word, post.name.as_deref())
    }

    /// The rooms that a post opens, in words.
    fn rooms(&self, post: &Post) -> String {
        let open: Vec<String> = Room::ALL
            .iter()
            .filter(|room| post.rights.of(**room).see != Reach::Nothing)
            .map(|room| self.s.t(&format!("room-{}", room.as_str().replace('_', "-"))))
            .collect();
        if open.len() == Room::ALL.len() {
            self.s.t("posts-every-room")
        } else {
            open.join(if self.s.lang() == "en" { ", " } else { "، " })
        }
    }
}

async fn list(req: Req) -> PageResult {
    let page = PostsPage {
        s: frame(&req, "/settings/posts", None),
        posts: req.ctx.run(posts::list, Nothing {}).await?,
        may_add: req.can(Room::Organisation, Act::Create),
    };
    answer(&req, &page, false)
}

struct Row {
    room: Room,
    label: String,
    reaches: Vec<(Reach, String, bool)>,
    acts: Vec<(Act, String, bool)>,
}

#[derive(Template)]
#[template(path = "settings/post.html")]
struct PostPage {
    s: Frame,
    f: FormView,
    post: Option<Post>,
    rows: Vec<Row>,
    heads: Vec<String>,
    is_fixed: bool,
    may_change: bool,
    may_delete: bool,
}

impl PostPage {
    fn new(req: &Req, post: Option<Post>, rights: &Rights, f: FormView) -> PostPage {
        let title = post.as_ref().map_or_else(|| req.t("posts-new"), |post| post_name(&req.loc, &post.word, post.name.as_deref()));
        let acts = || Act::ALL.iter().copied().filter(|act| *act != Act::See);
        let rows = Room::ALL
            .iter()
            .map(|room| {
                let right = rights.of(*room);
                Row {
                    room: *room,
                    label: req.t(&format!("room-{}", room.as_str().replace('_', "-"))),
                    reaches: Reach::ALL.iter().map(|reach| (*reach, req.t(&format!("reach-{reach}")), *reach == right.see)).collect(),
                    acts: acts().map(|act| (act, req.t(&format!("act-{act}")), right.see != Reach::Nothing && right.allows(act))).collect(),
                }
            })
            .collect();
        PostPage {
            s: frame(req, "/settings/posts", Some(title)),
            f,
            rows,
            heads: acts().map(|act| req.t(&format!("act-{act}"))).collect(),
            is_fixed: post.as_ref().is_some_and(|post| post.word == OWNER),
            may_change: req.can(Room::Organisation, if post.is_some() { Act::Change } else { Act::Create }),
            may_delete: post.as_ref().is_some_and(|post| !post.is_ready_made) && req.can(Room::Organisation, Act::Delete),
            post,
        }
    }
}

/// The matrix as it was sent: `see.parties=unit`, `create.parties=on`.
fn rights_of(sent: &Sent) -> Rights {
    let rights = Room::ALL.iter().map(|room| {
        let may = |act: Act| sent.get(&format!("{act}.{room}")).is_some();
        let see = sent.get(&format!("see.{room}")).and_then(|reach| reach.parse().ok()).unwrap_or(Reach::Nothing);
        let right = Right { see, create: may(Act::Create), change: may(Act::Change), delete: may(Act::Delete), export: may(Act::Export) };
        (*room, right)
    });
    Rights(rights.filter(|(_, right)| right.see != Reach::Nothing).collect())
}

async fn post_of(req: &Req, id: Id<Post>) -> Result<Post, Error> {
    let posts = req.ctx.run(posts::list, Nothing {}).await?;
    posts.into_iter().find(|post| post.id == id).ok_or(Error::NotFound("post"))
}

async fn new(req: Req) -> PageResult {
    super::needs(&req, Room::Organisation, Act::Create)?;
    // Most new posts are close to the agent's.
    let posts = req.ctx.run(posts::list, Nothing {}).await?;
    let rights = posts.into_iter().find(|post| post.word == "agent").map(|post| post.rights).unwrap_or_default();
    answer(&req, &PostPage::new(&req, None, &rights, FormView::new(Vec::new())), false)
}

async fn show(req: Req, Path(id): Path<Id<Post>>) -> PageResult {
    let post = post_of(&req, id).await?;
    let values = vec![("name".to_owned(), post_name(&req.loc, &post.word, post.name.as_deref()))];
    let rights = post.rights.clone();
    answer(&req, &PostPage::new(&req, Some(post), &rights, FormView::new(values)), false)
}

async fn create(req: Req, sent: Sent) -> PageResult {
    let rights = rights_of(&sent);
    let input = NewPost { name: sent.get("name").unwrap_or_default().to_owned(), rights: rights.clone() };
    match req.ctx.run(posts::create, input).await {
        Ok(_) => done(&req, "/settings/posts", "posts-added"),
        Err(error) => {
            let problems = problems_of(error)?;
            let view = FormView::again(sent, &problems, &req.loc);
            answer(&req, &PostPage::new(&req, None, &rights, view), true)
        }
    }
}

async fn update(req: Req, Path(id): Path<Id<Post>>, sent: Sent) -> PageResult {
    let post = post_of(&req, id).await?;
    let rights = if post.word == OWNER { post.rights.clone() } else { rights_of(&sent) };
    // A ready-made name that was left as it is stays in the catalogues, in every language.
    let name = sent.get("name").unwrap_or_default();
    let name = (name != post_name(&req.loc, &post.word, post.name.as_deref())).then(|| name.to_owned());
    match req.ctx.run(posts::update, PostChange { id, name, rights: Some(rights.clone()) }).await {
        Ok(_) => done(&req, "/settings/posts", "saved"),
        Err(error) => {
            let problems = problems_of(error)?;
            let view = FormView::again(sent, &problems, &req.loc);
            answer(&req, &PostPage::new(&req, Some(post), &rights, view), true)
        }
    }
}

async fn delete(req: Req, Path(id): Path<Id<Post>>) -> PageResult {
    match req.ctx.run(posts::delete, DeletePost { id }).await {
        Ok(_) => done(&req, "/settings/posts", "posts-deleted"),
        Err(error) => {
            let problems = problems_of(error)?;
            let post = post_of(&req, id).await?;
            let values = vec![("name".to_owned(), post_name(&req.loc, &post.word, post.name.as_deref()))];
            let rights = post.rights.clone();
            let view = FormView::again(Sent(values), &problems, &req.loc);
            answer(&req, &PostPage::new(&req, Some(post), &rights, view), true)
        }
    }
}
