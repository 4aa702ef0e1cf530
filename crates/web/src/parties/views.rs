//! Views: lists that somebody keeps at hand as tabs.

use super::index::{Tab, asked, link, list_of, read};
use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, RawQuery};
use peyvand_core::operation::Nothing;
use peyvand_core::parties::list::{ListParties, Sort};
use peyvand_core::parties::views::{self, NewView, View, ViewId, ViewList};
use peyvand_core::{Act, Error, Id, Perm, Room};

/// What an address of the list shows.
fn shown(asked: &ListParties, columns: Option<&str>) -> ViewList {
    ViewList {
        filters: asked.filters(),
        sort: asked.sort.filter(|sort| *sort != Sort::Name),
        desc: asked.desc.unwrap_or(false),
        columns: columns.map(|words| words.split(',').map(str::to_owned).collect()),
    }
}

/// The address of the list that a view shows.
fn address(list: &ViewList) -> String {
    let mut pairs = Vec::new();
    if let Some(sort) = list.sort {
        pairs.push(("sort", sort.as_str().to_owned()));
    }
    if list.desc {
        pairs.push(("desc", "1".to_owned()));
    }
    if let Some(columns) = &list.columns {
        pairs.push(("cols", columns.join(",")));
    }
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (filters, rest) = (list_of(&list.filters), link(&pairs));
    match (filters.split_once('?'), rest.split_once('?')) {
        (Some(_), Some((_, rest))) => format!("{filters}&{rest}"),
        (None, Some(_)) => rest,
        (_, None) => filters,
    }
}

/// What the list has of views: the tabs, whose own one is shown, and where what is shown is kept as a new one.
pub(super) struct Views {
    pub(super) tabs: Vec<Tab>,
    /// One's own view that is shown.
    pub(super) own: Option<Id<View>>,
    /// Whether a view is shown, or the list as it is usually.
    pub(super) is_known: bool,
}

/// The views of the reader beside a list.
pub(super) async fn views(req: &Req, asked: &ListParties, columns: Option<&str>) -> Result<Views, Error> {
    let now = shown(asked, columns);
    let kept = req.ctx.run(views::list, Nothing {}).await?;
    let own = kept.iter().find(|view| view.list == now && Some(view.owner_id) == req.ctx.actor.user()).map(|view| view.id);
    let tabs: Vec<Tab> = kept
        .into_iter()
        .map(|view| Tab {
            icon: if view.is_shared { "users" } else { "filter" },
            current: view.list == now,
            href: address(&view.list),
            label: view.name,
        })
        .collect();
    let is_known = now == ViewList::default() || tabs.iter().any(|tab| tab.current);
    Ok(Views { tabs, own, is_known })
}

#[derive(Template)]
#[template(path = "parties/view.html", blocks = ["form"])]
struct ViewPage {
    s: Shell,
    f: FormView,
    /// The address of the list as pairs.
    kept: Vec<(String, String)>,
}

fn form(req: &Req, f: FormView, kept: Vec<(String, String)>) -> ViewPage {
    ViewPage { s: req.shell("parties", req.t("views-new")).crumb(req.t("menu-parties"), "/parties"), f, kept }
}

/// Asks for the name of the list that is shown.
pub async fn fresh(req: Req, RawQuery(query): RawQuery) -> PageResult {
    req.ctx.actor.check(Perm(Room::Parties, Act::See))?;
    let kept = read(&req, query.as_deref()).await?.kept();
    let view = form(&req, FormView::new(Vec::new()), kept);
    if req.dialog { page(&req, &view.as_form()) } else { page(&req, &view) }
}

/// Keeps the list at hand.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    let is_own = |name: &str| matches!(name, "view_name" | "view_shared");
    let kept: Vec<(String, String)> = sent.0.iter().filter(|(name, _)| !is_own(name)).cloned().collect();
    let pairs: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let link = link(&pairs);
    let address = read(&req, link.split_once('?').map(|(_, query)| query)).await?;
    let list = shown(&asked(&req, &address)?, address.get("cols"));
    let name = sent.get("view_name").unwrap_or_default().to_owned();
    match req.ctx.run(views::create, NewView { name, list, is_shared: sent.get("view_shared").is_some() }).await {
        Ok(view) => Ok(go(&req, &self::address(&view.list), Some(Flash { text: req.t("views-saved"), undo: None }))),
        Err(Error::Invalid(mut problems)) => {
            for problem in &mut problems.0 {
                problem.field = if problem.field == "is_shared" { "view_shared".into() } else { "view_name".into() };
            }
            let view = form(&req, FormView::again(sent, &problems.0, &req.loc), kept);
            if req.dialog { unprocessable(&view.as_form()) } else { unprocessable(&view) }
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes one's own view away.
pub async fn delete(req: Req, Path(id): Path<Id<View>>) -> PageResult {
    let done = req.ctx.run(views::delete, ViewId { id }).await?;
    let flash = Flash { text: req.t("views-deleted"), undo: Some(done.undo.to_string()) };
    Ok(go(&req, "/parties", Some(flash)))
}
