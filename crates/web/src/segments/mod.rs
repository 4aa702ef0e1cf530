//! Segments: the list, one with its history and members, and the builder.

mod builder;
mod draft;
mod goals;
mod people;

use crate::State;
use crate::error::PageResult;
use crate::page::{Flash, Shell, go, page};
use crate::request::Req;
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::routing::{get, post};
use peyvand_core::marketing::segments::{
    self, ListMembers, ListPicks, ListSegments, Member, PickedMember, Segment, SegmentId, SegmentSize,
};
use peyvand_core::operation::Page;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::Currency;
use peyvand_core::{Act, Error, Id, Room};
use serde::Deserialize;

/// The pages of the room.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/segments", get(index))
        .route("/segments/new", get(builder::fresh))
        .route("/segments/build", post(builder::build))
        .route("/segments/preview", post(builder::preview))
        .route("/segments/goals", get(goals::index).post(goals::create))
        .route("/segments/goals/{id}", get(goals::show).post(goals::update))
        .route("/segments/goals/{id}/delete", post(goals::delete))
        .route("/segments/goal-notes", post(goals::note))
        .route("/segments/goal-notes/{id}/delete", post(goals::drop_note))
        .route("/segments/{id}", get(show))
        .route("/segments/{id}/edit", get(builder::edit))
        .route("/segments/{id}/moves", get(people::moves))
        .route("/segments/{id}/overlap", get(people::overlap))
        .route("/segments/{id}/picks", post(people::pick))
        .route("/segments/{id}/refresh", post(refresh))
        .route("/segments/{id}/delete", post(delete))
}

/// Hand-picked members that the page shows.
const PICKS: i64 = 50;

/// Where a page of a list begins.
#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "segments/index.html")]
struct IndexPage {
    s: Shell,
    segments: Vec<Segment>,
    next: Option<String>,
    is_first: bool,
    may_add: bool,
}

async fn index(req: Req, Query(After { after }): Query<After>) -> PageResult {
    let is_first = after.is_none();
    let listed = req.ctx.run(segments::list, ListSegments { after, limit: None }).await?;
    let view = IndexPage {
        s: req.shell("segments", req.t("menu-segments")),
        segments: listed.items,
        next: listed.next.map(|place| format!("/segments?after={}", crate::page::percent(&place))),
        is_first,
        may_add: req.can(Room::Marketing, Act::Create),
    };
    page(&req, &view)
}

#[derive(Template)]
#[template(path = "segments/show.html")]
struct ShowPage {
    s: Shell,
    segment: Segment,
    /// The newest day first.
    sizes: Vec<SegmentSize>,
    chart: Option<Chart>,
    members: Vec<Member>,
    /// Whom people put in or keep out, the newest customers first.
    picks: Vec<PickedMember>,
    has_more_picks: bool,
    next: Option<String>,
    is_first: bool,
    currency: Currency,
    list_href: String,
    /// Addresses of the members as CSV and as XLSX.
    export: Option<(String, String)>,
    may_see: bool,
    may_pick: bool,
    may_change: bool,
    may_delete: bool,
}

async fn show(req: Req, Path(id): Path<Id<Segment>>, Query(After { after }): Query<After>) -> PageResult {
    let segment = req.ctx.run(segments::get, SegmentId { id }).await?;
    let mut sizes = req.ctx.run(segments::sizes, SegmentId { id }).await?;
    let is_first = after.is_none();
    let may_see = req.can(Room::Parties, Act::See);
    let (members, next, picks) = if may_see {
        let listed = req.ctx.run(segments::members, ListMembers { id, after, limit: Some(25) }).await?;
        let picks = req.ctx.run(segments::picks, ListPicks { id, is_in: None, after: None, limit: Some(PICKS) }).await?;
        (listed.items, listed.next, picks)
    } else {
        (Vec::new(), None, Page { items: Vec::new(), next: None })
    };
    let chart = Chart::of(&sizes, &req.loc);
    sizes.reverse();
    let view = ShowPage {
        s: req.shell("segments", segment.name.clone()).crumb(req.t("menu-segments"), "/segments"),
        chart,
        sizes,
        members,
        has_more_picks: picks.next.is_some(),
        picks: picks.items,
        next: next.map(|place| format!("/segments/{id}?after={place}")),
        is_first,
        currency: req.ctx.app.organisation().await?.currency,
        list_href: format!("/parties?segment_id={id}"),
        export: req.can(Room::Parties, Act::Export).then(|| {
            let file = |format: &str| format!("/parties/file/export.{format}?segment_id={id}");
            (file("csv"), file("xlsx"))
        }),
        may_see,
        may_pick: may_see && req.can(Room::Marketing, Act::Change),
        may_change: req.can(Room::Marketing, Act::Change),
        may_delete: req.can(Room::Marketing, Act::Delete),
        segment,
    };
    page(&req, &view)
}

/// The size over time as a line, in a box of [`Chart::WIDTH`] by [`Chart::HEIGHT`].
struct Chart {
    line: String,
    area: String,
    last: (String, String),
    /// What it shows, for who does not see it.
    about: String,
}

impl Chart {
    const WIDTH: f64 = 600.0;
    const HEIGHT: f64 = 120.0;
    /// Room for the dot at the end.
    const EDGE: f64 = 4.0;

    /// Nothing for a single day: a line needs two.
    #[expect(clippy::cast_precision_loss, reason = "a picture needs no more digits than a double has")]
    fn of(sizes: &[SegmentSize], loc: &Loc) -> Option<Chart> {
        let (first, last) = (sizes.first()?, sizes.last()?);
        if sizes.len() < 2 {
            return None;
        }
        let most = sizes.iter().map(|day| day.size).max()?;
        let least = sizes.iter().map(|day| day.size).min()?;
        let days = last.day.since(first.day).max(1) as f64;
        let points: Vec<(f64, f64)> = sizes
            .iter()
            .map(|day| {
                let across = day.day.since(first.day) as f64 / days;
                // One that never changed lies in the middle.
                let up = if most == least { 0.5 } else { (day.size - least) as f64 / (most - least) as f64 };
                (
                    Chart::EDGE + across * (Chart::WIDTH - 2.0 * Chart::EDGE),
                    Chart::HEIGHT - Chart::EDGE - up * (Chart::HEIGHT - 2.0 * Chart::EDGE),
                )
            })
            .collect();
        // The size holds until the next day on which it was looked at.
        let mut line = String::new();
        let mut before: Option<(f64, f64)> = None;
        for (x, y) in &points {
            line.push_str(&match before {
                None => format!("M{x:.1} {y:.1}"),
                Some((_, level)) => format!("L{x:.1} {level:.1}L{x:.1} {y:.1}"),
            });
            before = Some((*x, *y));
        }
        let (x, y) = before?;
        let area = format!("{line}L{x:.1} {h}L{left} {h}Z", h = Chart::HEIGHT, left = Chart::EDGE);
        let about = loc.ta("segments-history-about", &[("least", least.into()), ("most", most.into())]);
        Some(Chart { line, area, last: (format!("{x:.1}"), format!("{y:.1}")), about })
    }
}

async fn refresh(req: Req, Path(id): Path<Id<Segment>>) -> PageResult {
    req.ctx.run(segments::refresh, SegmentId { id }).await?;
    Ok(go(&req, &format!("/segments/{id}"), Some(Flash { text: req.t("segments-is-built"), undo: None })))
}

async fn delete(req: Req, Path(id): Path<Id<Segment>>) -> PageResult {
    match req.ctx.run(segments::delete, SegmentId { id }).await {
        Ok(done) => {
            let flash = Flash { text: req.t("segments-deleted"), undo: Some(done.undo.to_string()) };
            Ok(go(&req, "/segments", Some(flash)))
        }
        Err(Error::Conflict(fields)) => {
            let text = fields.0.first().map(|problem| req.loc.problem(problem)).unwrap_or_default();
            Ok(go(&req, &format!("/segments/{id}"), Some(Flash { text, undo: None })))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyvand_core::platform::locale::Prefs;
    use peyvand_core::platform::text::Lang;
    use peyvand_core::testing::NOW;

    #[test]
    fn a_line_steps_where_the_size_changes() {
        let day = |text: &str, size: i64| SegmentSize { day: text.parse().unwrap(), size, entered: 0, departed: 0 };
        let loc = Loc::new(Prefs::of(Lang::Fa), NOW);
        assert!(Chart::of(&[day("2026-11-21", 5)], &loc).is_none());
        let chart = Chart::of(&[day("2026-11-21", 10), day("2026-11-22", 30), day("2026-11-25", 20)], &loc).unwrap();
        assert_eq!(chart.line, "M4.0 116.0L152.0 116.0L152.0 4.0L596.0 4.0L596.0 60.0");
        assert_eq!(chart.last, ("596.0".to_owned(), "60.0".to_owned()));
        assert!(chart.about.contains("۱۰") && chart.about.contains("۳۰"), "{}", chart.about);
    }
}
