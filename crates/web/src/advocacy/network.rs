//! Who brought whom, as a picture that the server lays out, and the same as a table for who does not see it.

use super::{key_of, money, tone};
use crate::error::PageResult;
use crate::lifecycle::look_of;
use crate::page::{Shell, page};
use crate::request::{Form, Req};
use askama::Template;
use peyvand_core::Id;
use peyvand_core::advocacy::network::{self as core, Network, NetworkNode, NetworkOf};
use peyvand_core::advocacy::rules::ReferralState;
use peyvand_core::lifecycle::{Stage, Standing};
use peyvand_core::parties::Party;
use peyvand_core::platform::locale::Loc;
use serde::Deserialize;
use std::f64::consts::{FRAC_PI_2, TAU};

/// Columns of the picture, and the size of what stands around one who introduced.
const COLUMNS: usize = 4;
const CELL: (f64, f64) = (190.0, 186.0);
/// Room for the names below the last row.
const FOOT: f64 = 14.0;
/// From who introduced to those whom they brought.
const ARM: f64 = 68.0;
/// Radius of one whom somebody brought, and of one who has not bought.
const LEAF: f64 = 8.0;
const BARE: f64 = 5.5;
/// Radii of those who introduced: by the root of what they brought.
const HUB: (f64, f64) = (14.0, 28.0);

/// A point of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
struct At {
    x: f64,
    y: f64,
    r: f64,
}

/// A circle: where, its tone, whether it has not bought yet, what it says.
struct Dot {
    x: String,
    y: String,
    r: String,
    tone: &'static str,
    is_bare: bool,
    title: String,
}

/// One who introduced, as the picture has them.
struct HubDot {
    dot: Dot,
    name: String,
    label_y: String,
    href: String,
}

/// A line from one to another.
struct Arrow {
    path: String,
    is_back: bool,
}

/// The picture.
struct Picture {
    width: f64,
    height: f64,
    hubs: Vec<HubDot>,
    leaves: Vec<Dot>,
    arrows: Vec<Arrow>,
}

/// One whom somebody brought, in the table.
struct Friend {
    name: String,
    href: Option<String>,
    referral: String,
    state: String,
    tone: &'static str,
}

/// One who introduced, in the table.
struct Row {
    name: String,
    href: String,
    stand: String,
    confirmed: String,
    brought: String,
    sales: String,
    friends: Vec<Friend>,
}

#[derive(Template)]
#[template(path = "advocacy/network.html")]
struct NetworkPage {
    s: Shell,
    tab: &'static str,
    about: String,
    label: String,
    months: Vec<(String, String, bool)>,
    picture: Option<Picture>,
    rows: Vec<Row>,
    more: Option<String>,
}

/// Which time, and how many.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    months: Option<u8>,
    hubs: Option<i64>,
}

/// Where those who introduced stand: in rows, the first where reading begins.
fn places(radii: &[f64], is_rtl: bool) -> Vec<At> {
    let columns = radii.len().clamp(1, COLUMNS);
    let width = columns as f64 * CELL.0;
    radii
        .iter()
        .enumerate()
        .map(|(number, r)| {
            let (row, column) = (number / columns, number % columns);
            // Every other row is moved by a little, so that lines between rows do not run through circles.
            let x = (column as f64 + 0.5) * CELL.0 + if row % 2 == 1 { CELL.0 * 0.08 } else { -CELL.0 * 0.08 };
            At { x: if is_rtl { width - x } else { x }, y: (row as f64 + 0.5) * CELL.1, r: *r }
        })
        .collect()
}

/// Where the friends of one stand: on a circle around them, none straight below, where the name is.
fn around(hub: At, count: usize, is_rtl: bool) -> Vec<At> {
    let gap = TAU / 8.0;
    let step = (TAU - gap) / count.max(1) as f64;
    (0..count)
        .map(|number| {
            let angle = FRAC_PI_2 + gap / 2.0 + (number as f64 + 0.5) * step;
            let side = if is_rtl { -1.0 } else { 1.0 };
            At { x: hub.x + side * ARM * angle.cos(), y: hub.y + ARM * angle.sin(), r: LEAF }
        })
        .collect()
}

/// A slightly bent line between the edges of two circles.
fn bent(from: At, to: At) -> String {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let far = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / far, dy / far);
    let (x1, y1) = (from.x + ux * (from.r + 2.0), from.y + uy * (from.r + 2.0));
    let (x2, y2) = (to.x - ux * (to.r + 4.0), to.y - uy * (to.r + 4.0));
    let bend = far * 0.08;
    let (cx, cy) = ((x1 + x2) / 2.0 - uy * bend, (y1 + y2) / 2.0 + ux * bend);
    format!("M{x1:.1} {y1:.1}Q{cx:.1} {cy:.1} {x2:.1} {y2:.1}")
}

/// Root of what one brought, between the smallest and the largest circle.
fn radius(sales: i64, most: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a share of the largest, for a radius")]
    let share = if most > 0 { sales.max(0) as f64 / most as f64 } else { 0.0 };
    HUB.0 + (HUB.1 - HUB.0) * share.sqrt()
}

fn one_place(number: f64) -> String {
    format!("{number:.1}")
}

fn stand(loc: &Loc, node: &NetworkNode) -> String {
    match (node.stage, node.standing) {
        (Some(stage), Some(standing)) => crate::lifecycle::stand(loc, stage, standing),
        _ => loc.t("lifecycle-stage-potential"),
    }
}

fn tone_of(node: &NetworkNode) -> &'static str {
    look_of(node.stage.unwrap_or(Stage::Potential), node.standing.unwrap_or(Standing::Active)).0
}

fn dot(at: At, tone: &'static str, is_bare: bool, title: String) -> Dot {
    Dot { x: one_place(at.x), y: one_place(at.y), r: one_place(if is_bare { BARE } else { at.r }), tone, is_bare, title }
}

fn picture(loc: &Loc, network: &Network) -> Option<Picture> {
    let hubs: Vec<&NetworkNode> = network.nodes.iter().filter(|node| node.is_hub).collect();
    if hubs.is_empty() {
        return None;
    }
    let is_rtl = loc.dir() == "rtl";
    let most = hubs.iter().map(|hub| hub.sales_minor).max().unwrap_or(0);
    let radii: Vec<f64> = hubs.iter().map(|hub| radius(hub.sales_minor, most)).collect();
    let stands = places(&radii, is_rtl);
    let place = |party: Id<Party>| hubs.iter().position(|hub| hub.party_id == party).map(|number| stands[number]);
    let (mut leaves, mut arrows) = (Vec::new(), Vec::new());
    for (hub, at) in hubs.iter().zip(&stands) {
        let own: Vec<_> = network.edges.iter().filter(|edge| edge.from == hub.party_id).collect();
        // Who introduced others as well stands where they stand; the line leads there.
        let (to_hubs, to_leaves): (Vec<_>, Vec<_>) = own.into_iter().partition(|edge| edge.to.is_some_and(|to| place(to).is_some()));
        for edge in to_hubs {
            if let Some(other) = edge.to.and_then(place) {
                arrows.push(Arrow { path: bent(*at, other), is_back: edge.state == ReferralState::Reversed });
            }
        }
        for (edge, leaf) in to_leaves.iter().zip(around(*at, to_leaves.len(), is_rtl)) {
            let node = edge.to.and_then(|to| network.nodes.iter().find(|node| node.party_id == to));
            let is_bare = !matches!(edge.state, ReferralState::Converted | ReferralState::Confirmed | ReferralState::Rewarded);
            let state = loc.t(&key_of("referrals-state-", edge.state.as_str()));
            let name = node.map_or_else(|| loc.t("referrals-friend-unknown"), |node| node.name.clone());
            let leaf = At { r: if is_bare { BARE } else { LEAF }, ..leaf };
            arrows.push(Arrow { path: bent(*at, leaf), is_back: edge.state == ReferralState::Reversed });
            leaves.push(dot(leaf, if is_bare { "slate" } else { node.map_or("slate", tone_of) }, is_bare, format!("{name} · {state}")));
        }
    }
    let rows = hubs.len().div_ceil(hubs.len().clamp(1, COLUMNS));
    Some(Picture {
        width: hubs.len().clamp(1, COLUMNS) as f64 * CELL.0,
        height: rows as f64 * CELL.1 + FOOT,
        arrows,
        leaves,
        hubs: hubs
            .iter()
            .zip(&stands)
            .map(|(hub, at)| {
                let counts = [("confirmed", hub.confirmed.into()), ("brought", hub.brought.into())];
                HubDot {
                    dot: dot(*at, tone_of(hub), false, format!("{}: {}", hub.name, loc.ta("advocacy-network-counts", &counts))),
                    label_y: one_place(at.y + at.r + 15.0),
                    name: hub.name.clone(),
                    href: format!("/advocacy?referrer={}", hub.party_id),
                }
            })
            .collect(),
    })
}

fn rows(loc: &Loc, network: &Network) -> Vec<Row> {
    let hubs = network.nodes.iter().filter(|node| node.is_hub);
    hubs.map(|hub| Row {
        name: hub.name.clone(),
        href: format!("/parties/{}", hub.party_id),
        stand: stand(loc, hub),
        confirmed: loc.number(hub.confirmed),
        brought: loc.number(hub.brought),
        sales: money(loc, hub.sales_minor, network.currency),
        friends: network
            .edges
            .iter()
            .filter(|edge| edge.from == hub.party_id)
            .map(|edge| {
                let node = edge.to.and_then(|to| network.nodes.iter().find(|node| node.party_id == to));
                Friend {
                    name: node.map_or_else(|| loc.t("referrals-friend-unknown"), |node| node.name.clone()),
                    href: node.map(|node| format!("/parties/{}", node.party_id)),
                    referral: format!("/advocacy/{}", edge.referral_id),
                    state: loc.t(&key_of("referrals-state-", edge.state.as_str())),
                    tone: tone(edge.state),
                }
            })
            .collect(),
    })
    .collect()
}

/// The picture and its table.
pub(super) async fn show(req: Req, Form(asked): Form<Asked>) -> PageResult {
    let months = i64::from(asked.months.filter(|months| [3, 12, 36].contains(months)).unwrap_or(12));
    let until = req.ctx.today();
    let from = until.plus(1 - months * 365 / 12);
    let network = req.ctx.run(core::network, NetworkOf { from: Some(from), until: Some(until), hubs: asked.hubs }).await?;
    let loc = &req.loc;
    let hubs = network.nodes.iter().filter(|node| node.is_hub).count();
    let counts = [("hubs", (hubs as i64).into()), ("edges", (network.edges.len() as i64).into())];
    let time = [("from", loc.day(network.from).into()), ("until", loc.day(network.until).into())];
    let view = NetworkPage {
        about: loc.ta("advocacy-network-time", &time),
        label: loc.ta("advocacy-network-label", &counts),
        months: [3, 12, 36]
            .iter()
            .map(|one| (loc.t1("advocacy-months", "months", *one), format!("/advocacy/network?months={one}"), *one == months))
            .collect(),
        picture: picture(loc, &network),
        rows: rows(loc, &network),
        more: (network.has_more && hubs < 24).then(|| format!("/advocacy/network?months={months}&hubs=24")),
        s: req.shell("advocacy", req.t("advocacy-network")).crumb(req.t("menu-advocacy"), "/advocacy"),
        tab: "network",
    };
    page(&req, &view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stands_where_reading_begins_and_friends_stand_apart_from_each_other_and_from_the_name() {
        let ltr = places(&[20.0; 6], false);
        let rtl = places(&[20.0; 6], true);
        assert!(ltr[0].x < ltr[1].x && rtl[0].x > rtl[1].x && ltr[4].y > ltr[3].y);
        assert!((ltr[0].x + rtl[0].x - 4.0 * CELL.0).abs() < 1e-9, "mirrored");
        for is_rtl in [false, true] {
            let friends = around(ltr[0], 8, is_rtl);
            for (number, one) in friends.iter().enumerate() {
                assert!(one.y < ltr[0].y + ARM * 0.95, "not where the name is");
                for other in &friends[number + 1..] {
                    assert!((one.x - other.x).hypot(one.y - other.y) > 2.0 * LEAF, "{one:?} {other:?}");
                }
            }
        }
        assert_eq!(around(ltr[0], 0, false), []);
    }

    #[test]
    fn circles_grow_with_the_root_of_what_was_brought_and_lines_end_at_their_edges() {
        assert_eq!(radius(0, 0), HUB.0);
        assert_eq!(radius(100, 100), HUB.1);
        assert_eq!(radius(25, 100), f64::midpoint(HUB.0, HUB.1));
        let at = |x| At { x, y: 0.0, r: 10.0 };
        assert_eq!(bent(at(0.0), at(100.0)), "M12.0 0.0Q49.0 8.0 86.0 0.0");
    }
}
