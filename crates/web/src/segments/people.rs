//! People of a segment: who is put in by hand, who came and went, and whom other segments have too.

use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, RawQuery};
use peyvand_core::marketing::segments::{self, ListMoves, Move, Overlap, OverlapWith, Pick, PickMembers, Segment, SegmentId, Way};
use peyvand_core::parties::Party;
use peyvand_core::parties::search::{self, SearchParties};
use peyvand_core::platform::calendar::parse_date;
use peyvand_core::{Day, Error, Id, Problem};
use std::time::Duration;

/// Counting longer than this is given up: nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(3);
/// The days that are looked at unless asked otherwise, today among them.
const MONTH: i64 = 30;

/// Puts a customer in, keeps them out, or leaves them to the rule.
pub async fn pick(req: Req, Path(id): Path<Id<Segment>>, sent: Sent) -> PageResult {
    let back = format!("/segments/{id}");
    let pick = sent.get("pick").and_then(|word| word.parse::<Pick>().ok()).unwrap_or(Pick::In);
    let chosen: Option<Id<Party>> = sent.get("party").and_then(|party| party.parse().ok());
    let party = match (chosen, sent.get("party_text")) {
        (Some(party), _) => Some(party),
        // Typed and not chosen: one customer alone may be meant.
        (None, Some(q)) => {
            let found = req.ctx.run(search::search, SearchParties { q: q.to_owned(), limit: Some(2) }).await?.items;
            if let [one] = found.as_slice() { Some(one.id) } else { None }
        }
        (None, None) => None,
    };
    let Some(party) = party else {
        return Ok(go(&req, &back, Some(Flash { text: req.t("segments-pick-whom"), undo: None })));
    };
    let done = req.ctx.run(segments::pick, PickMembers { id, party_ids: vec![party], pick }).await?;
    let undo = (done.picked > 0).then(|| done.undo.to_string());
    Ok(go(&req, &back, Some(Flash { text: req.t(&format!("segments-picked-{pick}")), undo })))
}

#[derive(Template)]
#[template(path = "segments/overlap.html", blocks = ["part"])]
struct OverlapPage {
    s: Shell,
    name: String,
    /// Absent where counting takes too long; with the share of this segment, where it is known.
    others: Option<Vec<(Overlap, Option<i64>)>>,
}

/// The segments that share customers with one: a page, and a part of the segment's own.
pub async fn overlap(req: Req, Path(id): Path<Id<Segment>>) -> PageResult {
    let segment = req.ctx.run(segments::get, SegmentId { id }).await?;
    let asked = req.ctx.run(segments::overlap, OverlapWith { id, limit: None });
    let others = tokio::time::timeout(PATIENCE, asked).await.ok().transpose()?;
    let s = req.shell("segments", req.t("segments-overlap")).crumb(req.t("menu-segments"), "/segments");
    let share = |other: &Overlap| {
        segment.size.filter(|size| *size > 0).map(|size| other.shared * 100 / size).filter(|share| (1..=100).contains(share))
    };
    let view = OverlapPage {
        s: s.crumb(segment.name.clone(), format!("/segments/{id}")),
        others: others.map(|others| others.into_iter().map(|other| (other.clone(), share(&other))).collect()),
        name: segment.name,
    };
    if req.htmx { page(&req, &view.as_part()) } else { page(&req, &view) }
}

#[derive(Template)]
#[template(path = "segments/moves.html")]
struct MovesPage {
    s: Shell,
    segment: Segment,
    f: FormView,
    way: &'static str,
    /// Who entered, who left: label, address and whether it is shown.
    ways: Vec<(String, String, bool)>,
    nobody: String,
    at: String,
    moves: Vec<Move>,
    next: Option<String>,
    /// Where the list begins, unless this is its beginning.
    first: Option<String>,
}

/// Who entered between two days, and who left.
pub async fn moves(req: Req, Path(id): Path<Id<Segment>>, RawQuery(query): RawQuery) -> PageResult {
    let segment = req.ctx.run(segments::get, SegmentId { id }).await?;
    let sent = Sent(serde_html_form::from_str(query.as_deref().unwrap_or_default()).unwrap_or_default());
    let today = req.loc.today();
    let mut problems = Vec::new();
    let mut day = |name: &'static str, usual: Day| {
        let Some(text) = sent.date(name) else { return usual };
        parse_date(text, req.loc.prefs.calendar, today.0).map(Day).unwrap_or_else(|problem| {
            problems.push(Problem::new(name, problem.key()));
            usual
        })
    };
    let (from, until) = (day("from", today.plus(1 - MONTH)), day("until", today));
    let way = sent.get("way").and_then(|word| word.parse().ok()).unwrap_or(Way::Entered);
    let after = sent.get("after").map(str::to_owned);
    let is_first = after.is_none();
    let listed = match req.ctx.run(segments::moves, ListMoves { id, from, until, way, after, limit: None }).await {
        Ok(listed) => Some(listed),
        Err(Error::Invalid(fields)) => {
            problems.extend(fields.0);
            None
        }
        Err(error) => return Err(error.into()),
    };
    let values = [("from", from), ("until", until)]
        .into_iter()
        .flat_map(|(name, day)| [(name.to_owned(), day.to_string()), (format!("{name}_text"), req.loc.day(day))]);
    let is_wrong = !problems.is_empty();
    let f = FormView::again(Sent(values.collect()), &problems, &req.loc);
    let href = |way: Way| format!("/segments/{id}/moves?from={from}&until={until}&way={way}");
    let (moves, next) = listed.map_or_else(Default::default, |listed| (listed.items, listed.next));
    let s = req.shell("segments", req.t("segments-moves")).crumb(req.t("menu-segments"), "/segments");
    let view = MovesPage {
        s: s.crumb(segment.name.clone(), format!("/segments/{id}")),
        segment,
        f,
        way: way.as_str(),
        ways: Way::ALL.iter().map(|one| (req.t(&format!("segments-moves-{one}")), href(*one), *one == way)).collect(),
        nobody: req.t(&format!("segments-moves-no-{way}")),
        at: req.t(&format!("segments-moves-{way}-at")),
        moves,
        next: next.map(|after| format!("{}&after={after}", href(way))),
        first: (!is_first).then(|| href(way)),
    };
    if is_wrong { unprocessable(&view) } else { page(&req, &view) }
}
