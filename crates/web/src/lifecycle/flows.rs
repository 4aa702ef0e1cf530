//! The picture of moves between stages: from where, on the side where reading begins, to where on the other.

use super::Badge;
use peyvand_core::lifecycle::customers::Flow;
use peyvand_core::platform::locale::Loc;

/// Width of the picture, in its own units.
const WIDTH: f64 = 640.0;
/// Room for the words on each side.
const SIDE: f64 = 168.0;
/// Width of a node.
const NODE: f64 = 8.0;
/// Height of all moves together.
const ALL: f64 = 260.0;
/// Room between two nodes, so that their words do not touch.
const GAP: f64 = 20.0;

/// A stand on one side.
pub(super) struct Node {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) height: String,
    pub(super) tone: &'static str,
    pub(super) words: String,
    pub(super) words_x: String,
    pub(super) words_y: String,
    pub(super) anchor: &'static str,
}

/// Moves between two of them.
pub(super) struct Band {
    pub(super) path: String,
    pub(super) tone: &'static str,
    pub(super) words: String,
}

/// The picture.
pub(super) struct Picture {
    pub(super) width: f64,
    pub(super) height: String,
    pub(super) nodes: Vec<Node>,
    pub(super) bands: Vec<Band>,
}

/// A stand with how many came from it or went to it.
struct Side {
    words: String,
    tone: &'static str,
    customers: i64,
    /// Where its part begins, and how much of it the bands have taken.
    top: f64,
    taken: f64,
}

/// Adds to the stand of these words; where it is among them.
fn add(side: &mut Vec<Side>, words: String, tone: &'static str, customers: i64) -> usize {
    if let Some(at) = side.iter().position(|one| one.words == words) {
        side[at].customers += customers;
        return at;
    }
    side.push(Side { words, tone, customers, top: 0.0, taken: 0.0 });
    side.len() - 1
}

/// Puts the stands of a side below each other; the height that they take.
fn stack(side: &mut [Side], all: i64) -> f64 {
    let mut y = GAP / 2.0;
    for one in side.iter_mut() {
        one.top = y;
        y += height(one.customers, all) + GAP;
    }
    y
}

/// Height of so many moves; what is there at all is seen.
fn height(customers: i64, all: i64) -> f64 {
    (ALL * customers as f64 / all.max(1) as f64).max(1.5)
}

fn at(value: f64) -> String {
    format!("{value:.1}")
}

/// The picture of moves; none where nobody moved.
pub(super) fn picture(loc: &Loc, flows: &[Flow]) -> Option<Picture> {
    let newcomer = || (loc.t("lifecycle-newcomer"), "peste");
    let moves: Vec<(String, &'static str, String, &'static str, i64)> = flows
        .iter()
        .filter(|flow| flow.customers > 0)
        .map(|flow| {
            let from = flow.from_stage.parse().ok().zip(flow.from_standing.parse().ok());
            let (from, from_tone) = from.map_or_else(newcomer, |(stage, standing)| {
                let badge = Badge::of(loc, stage, standing);
                (badge.words, badge.tone)
            });
            let to = Badge::of(loc, flow.to_stage, flow.to_standing);
            (from, from_tone, to.words, to.tone, flow.customers)
        })
        .collect();
    let all: i64 = moves.iter().map(|one| one.4).sum();
    if all == 0 {
        return None;
    }
    let (mut from, mut to) = (Vec::new(), Vec::new());
    let mut bands: Vec<(usize, usize, i64)> = Vec::new();
    for (from_words, from_tone, to_words, to_tone, customers) in moves {
        let ends = (add(&mut from, from_words, from_tone, customers), add(&mut to, to_words, to_tone, customers));
        match bands.iter_mut().find(|band| (band.0, band.1) == ends) {
            Some(band) => band.2 += customers,
            None => bands.push((ends.0, ends.1, customers)),
        }
    }
    let tall = stack(&mut from, all).max(stack(&mut to, all));
    // Bands leave and arrive in the order of the stands on the other side, so that few cross.
    bands.sort_unstable();
    let is_rtl = loc.dir() == "rtl";
    let place = |x: f64| if is_rtl { WIDTH - x } else { x };
    let (start, end) = (SIDE + NODE, WIDTH - SIDE - NODE);
    let mut drawn = Vec::new();
    for (one, other, customers) in bands {
        let tall = height(customers, all);
        let (y0, y1) = (from[one].top + from[one].taken, to[other].top + to[other].taken);
        from[one].taken += tall;
        to[other].taken += tall;
        let (x0, x1, middle) = (at(place(start)), at(place(end)), at(WIDTH / 2.0));
        let (a, b, c, d) = (at(y0), at(y1), at(y0 + tall), at(y1 + tall));
        drawn.push(Band {
            path: format!("M{x0} {a}C{middle} {a} {middle} {b} {x1} {b}V{d}C{middle} {d} {middle} {c} {x0} {c}Z"),
            tone: from[one].tone,
            words: loc.ta(
                "lifecycle-band",
                &[
                    ("from", from[one].words.as_str().into()),
                    ("to", to[other].words.as_str().into()),
                    ("count", loc.number(customers).into()),
                ],
            ),
        });
    }
    let node = |one: &Side, is_from: bool| {
        let left = if is_from == is_rtl { WIDTH - SIDE - NODE } else { SIDE };
        let is_left = is_from != is_rtl;
        let tall = height(one.customers, all);
        Node {
            x: at(left),
            y: at(one.top),
            height: at(tall),
            tone: one.tone,
            words: loc.ta("lifecycle-node", &[("stand", one.words.as_str().into()), ("count", loc.number(one.customers).into())]),
            words_x: at(if is_left { SIDE - 8.0 } else { WIDTH - SIDE + 8.0 }),
            words_y: at(one.top + tall / 2.0),
            anchor: if is_left { "end" } else { "start" },
        }
    };
    let nodes = from.iter().map(|one| node(one, true)).chain(to.iter().map(|one| node(one, false))).collect();
    Some(Picture { width: WIDTH, height: at(tall), nodes, bands: drawn })
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyvand_core::Instant;
    use peyvand_core::lifecycle::{Stage, Standing};
    use peyvand_core::platform::locale::Prefs;
    use peyvand_core::platform::text::Lang;

    fn flow(from: Option<Stage>, to: Stage, customers: i64) -> Flow {
        Flow {
            from_stage: from.map(|stage| stage.to_string()).unwrap_or_default(),
            from_standing: from.map(|_| "active".to_owned()).unwrap_or_default(),
            to_stage: to,
            to_standing: Standing::Active,
            customers,
            ever: customers,
        }
    }

    #[test]
    fn moves_run_in_the_direction_of_reading() {
        let flows = [flow(None, Stage::Potential, 30), flow(Some(Stage::Potential), Stage::Actual, 60), flow(None, Stage::Actual, 10)];
        let of = |lang| picture(&Loc::new(Prefs::of(lang), Instant(0)), &flows).unwrap();
        let (english, persian) = (of(Lang::En), of(Lang::Fa));
        assert_eq!((english.nodes.len(), english.bands.len()), (4, 3));
        let ends =
            |picture: &Picture| (picture.nodes[0].x.clone(), picture.nodes[0].anchor, picture.nodes[3].x.clone(), picture.nodes[3].anchor);
        assert_eq!(ends(&english), ("168.0".into(), "end", "464.0".into(), "start"));
        assert_eq!(ends(&persian), ("464.0".into(), "start", "168.0".into(), "end"));
        assert!(english.bands[0].path.starts_with("M176.0 ") && persian.bands[0].path.starts_with("M464.0 "));
        let tall = |picture: &Picture| picture.nodes.iter().take(2).map(|node| node.height.parse::<f64>().unwrap()).sum::<f64>();
        assert!((tall(&english) - ALL).abs() < 0.2, "the nodes of a side are all moves");
        assert!(picture(&Loc::new(Prefs::of(Lang::En), Instant(0)), &[]).is_none());
    }
}
