//! Customers of a stage, before a gate, or about to leave: page by page.

use super::{Badge, NeedLine, needs};
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use peyvand_core::lifecycle::customers::{self, ListPeople, PeopleList, PersonSeen};
use peyvand_core::lifecycle::gates::Gate;
use peyvand_core::lifecycle::{Stage, Standing};
use peyvand_core::platform::locale::Loc;
use serde::Deserialize;

/// Customers of a page.
const PAGE: i64 = 50;

/// A customer of the list.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) owner: Option<String>,
    pub(super) badge: Badge,
    /// Since when they stand so.
    pub(super) since: String,
    /// When silence counts as leaving.
    pub(super) lapses: Option<String>,
    pub(super) maturity: i64,
    pub(super) maturity_words: String,
    pub(super) needs: Vec<NeedLine>,
}

pub(super) fn line(loc: &Loc, seen: PersonSeen) -> Line {
    let row = seen.row;
    // What is there is told on their own page; here what is missing.
    let missing: Vec<_> = seen.next.iter().flat_map(|next| &next.criteria).filter(|one| !one.is_met).copied().collect();
    Line {
        id: row.party_id.to_string(),
        badge: Badge::of(loc, row.stage, row.standing),
        since: loc.day_short(row.entered_on),
        lapses: row.lapses_on.parse().ok().map(|day: peyvand_core::Day| loc.day_near(day)),
        maturity: row.maturity,
        maturity_words: loc.t1("lifecycle-maturity", "percent", row.maturity),
        needs: needs(loc, &missing),
        name: row.party,
        owner: row.owner,
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    list: Option<PeopleList>,
    #[serde(default)]
    stage: Option<Stage>,
    #[serde(default)]
    standing: Option<Standing>,
    #[serde(default)]
    gate: Option<Gate>,
    #[serde(default)]
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "lifecycle/people.html")]
struct PeoplePage {
    s: Shell,
    about: String,
    lists: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    is_stage: bool,
    is_gate: bool,
    is_leaving: bool,
    next: Option<String>,
}

pub(super) async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let loc = &req.loc;
    let list = asked.list.unwrap_or(PeopleList::Stage);
    let (stage, standing) = (asked.stage.unwrap_or(Stage::Loyal), asked.standing.unwrap_or(Standing::Active));
    let gate = asked.gate.filter(|gate| *gate != Gate::Leaving).unwrap_or(Gate::Loyal);
    let input = ListPeople {
        list,
        stage: Some(stage),
        standing: Some(standing),
        gate: Some(gate),
        ready: None,
        after: asked.after.clone(),
        limit: Some(PAGE),
    };
    let found = req.ctx.run(customers::people, input).await?;
    let here = match list {
        PeopleList::Stage => format!("/lifecycle/people?list=stage&stage={stage}&standing={standing}"),
        PeopleList::Gate => format!("/lifecycle/people?list=gate&gate={gate}"),
        PeopleList::Leaving => format!("/lifecycle/people?list=leaving&stage={stage}"),
    };
    let mut lists: Vec<(String, String)> = Vec::new();
    for one in Stage::ALL {
        lists.push((super::stand(loc, *one, Standing::Active), format!("/lifecycle/people?list=stage&stage={one}&standing=active")));
    }
    for gate in [Gate::Loyal, Gate::Advocate] {
        lists.push((loc.t(&format!("lifecycle-before-{gate}")), format!("/lifecycle/people?list=gate&gate={gate}")));
    }
    for one in [Stage::Loyal, Stage::Advocate] {
        lists.push((loc.t(&format!("lifecycle-leaving-{one}")), format!("/lifecycle/people?list=leaving&stage={one}")));
    }
    let title = match list {
        PeopleList::Stage => super::stand(loc, stage, standing),
        PeopleList::Gate => loc.t(&format!("lifecycle-before-{gate}")),
        PeopleList::Leaving => loc.t1("lifecycle-leaving-of", "stage", super::stand(loc, stage, Standing::Active)),
    };
    let view = PeoplePage {
        about: loc.t(&format!("lifecycle-list-{list}")),
        lists: lists.into_iter().map(|(label, href)| (label, href.clone(), href == here)).collect(),
        lines: found.items.into_iter().map(|one| line(loc, one)).collect(),
        is_stage: list == PeopleList::Stage,
        is_gate: list == PeopleList::Gate,
        is_leaving: list == PeopleList::Leaving,
        next: found.next.map(|next| format!("{here}&after={next}")),
        s: req.shell("lifecycle", title).crumb(req.t("lifecycle"), "/lifecycle"),
    };
    page::page(&req, &view)
}
