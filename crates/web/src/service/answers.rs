//! What was answered, by whom: the customers behind the scores.

use super::{door, name_in, said, scores};
use crate::error::PageResult;
use crate::insight::csv_file;
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::operation::PAGE_MAX;
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::locale::Loc;
use peyvand_core::service::QuestionKind;
use peyvand_core::service::sheets::{self, ListSheets, Sheet};
use peyvand_core::service::surveys::Survey;
use peyvand_core::{Act, Day, Id, Perm, Room};
use serde::Deserialize;

/// Answers of a page.
const ROWS: i64 = 50;
/// Rows of a file; who wants more asks the API.
const FILE_ROWS: usize = 50_000;

/// Which of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    party: Option<Id<Party>>,
    survey: Option<Id<Survey>>,
    kind: Option<QuestionKind>,
    score_from: Option<i64>,
    score_until: Option<i64>,
    from: Option<Day>,
    until: Option<Day>,
    last: Option<bool>,
    after: Option<String>,
}

impl Asked {
    fn input(&self, limit: i64, after: Option<String>) -> ListSheets {
        let scale = self.kind.filter(|kind| kind.scale().is_some());
        ListSheets {
            party_id: self.party,
            family_id: self.survey,
            kind: self.kind,
            score_from: self.score_from.filter(|_| scale.is_some()),
            score_until: self.score_until.filter(|_| scale.is_some()),
            from: self.from,
            until: self.until,
            last: self.last.filter(|_| self.kind.is_some()),
            after,
            limit: Some(limit),
        }
    }

    /// The address of a page with these filters.
    fn address(&self, page: &str) -> String {
        let parts = [
            self.party.map(|party| format!("party={party}")),
            self.survey.map(|survey| format!("survey={survey}")),
            self.kind.map(|kind| format!("kind={kind}")),
            self.score_from.map(|step| format!("score_from={step}")),
            self.score_until.map(|step| format!("score_until={step}")),
            self.from.map(|day| format!("from={day}")),
            self.until.map(|day| format!("until={day}")),
            self.last.map(|last| format!("last={last}")),
            self.after.as_ref().map(|after| format!("after={after}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { page.to_owned() } else { format!("{page}?{}", parts.join("&")) }
    }
}

/// An answer as a row shows it.
struct Row {
    party: Option<(Id<Party>, String)>,
    survey: String,
    scores: Vec<(String, &'static str)>,
    words: Vec<String>,
    when: String,
    door: String,
}

fn row(loc: &Loc, sheet: Sheet) -> Row {
    Row {
        survey: name_in(loc.prefs.lang, &sheet.name_fa, &sheet.name_ar, &sheet.name_en),
        scores: said(loc, &sheet),
        when: loc.day_near(sheet.day),
        door: door(loc, &sheet),
        words: sheet.words.as_deref().unwrap_or_default().lines().map(str::to_owned).collect(),
        party: sheet.party_id.zip(sheet.party),
    }
}

#[derive(Template)]
#[template(path = "service/answers.html")]
struct AnswersPage {
    s: Shell,
    rows: Vec<Row>,
    next: Option<String>,
    kinds: Vec<(String, String, bool)>,
    surveys: Vec<(String, String, bool)>,
    /// What is asked for beside: words, and the address without it.
    chips: Vec<(String, String)>,
    /// What the form carries on.
    kept: Vec<(&'static str, String)>,
    export: Option<String>,
}

/// The page.
pub(super) async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let loc = &req.loc;
    let page = req.ctx.run(sheets::list, asked.input(ROWS, asked.after.clone())).await?;
    let here = "/service/answers";
    let first = Asked { after: None, ..asked.clone() };
    let mut chips = Vec::new();
    if let Some(id) = asked.party {
        let name = req.ctx.run(party::get, PartyId { id }).await?.row.name;
        chips.push((name, Asked { party: None, ..first.clone() }.address(here)));
    }
    if let Some(step) = asked.score_from {
        let words = loc.t1("surveys-from-step", "step", loc.number(step));
        chips.push((words, Asked { score_from: None, ..first.clone() }.address(here)));
    }
    if let Some(step) = asked.score_until {
        let words = loc.t1("surveys-until-step", "step", loc.number(step));
        chips.push((words, Asked { score_until: None, ..first.clone() }.address(here)));
    }
    if let Some(day) = asked.from {
        chips.push((loc.t1("opportunities-since", "day", loc.day(day)), Asked { from: None, ..first.clone() }.address(here)));
    }
    if let Some(day) = asked.until {
        chips.push((loc.t1("opportunities-until", "day", loc.day(day)), Asked { until: None, ..first.clone() }.address(here)));
    }
    if asked.last == Some(true) {
        chips.push((loc.t("surveys-only-last"), Asked { last: None, ..first.clone() }.address(here)));
    }
    let kept = [
        ("party", asked.party.map(|one| one.to_string())),
        ("score_from", asked.score_from.map(|one| one.to_string())),
        ("score_until", asked.score_until.map(|one| one.to_string())),
        ("from", asked.from.map(|one| one.to_string())),
        ("until", asked.until.map(|one| one.to_string())),
        ("last", asked.last.map(|one| one.to_string())),
    ];
    let kind = |kind: &QuestionKind| (kind.to_string(), loc.t(&format!("surveys-kind-{kind}")), asked.kind == Some(*kind));
    let view = AnswersPage {
        rows: page.items.into_iter().map(|sheet| row(loc, sheet)).collect(),
        next: page.next.map(|next| Asked { after: Some(next), ..asked.clone() }.address(here)),
        kinds: QuestionKind::ALL.iter().map(kind).collect(),
        surveys: scores::families(&req, asked.survey).await?,
        chips,
        kept: kept.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        export: req.can(Room::Service, Act::Export).then(|| first.address("/service/answers.csv")),
        s: req.shell("service", req.t("surveys-answers")).crumb(req.t("menu-service"), "/service"),
    };
    page::page(&req, &view)
}

/// The same as a file.
pub(super) async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    req.ctx.actor.check(Perm(Room::Service, Act::Export))?;
    let loc = &req.loc;
    let heads = ["surveys-column-day", "surveys-who", "surveys-which", "surveys-column-door"];
    let kinds = [QuestionKind::Nps, QuestionKind::Csat, QuestionKind::Ces, QuestionKind::Respect, QuestionKind::Fairness];
    let mut head: Vec<String> = heads.iter().map(|key| loc.t(key)).collect();
    head.extend(kinds.iter().map(|kind| loc.t(&format!("surveys-kind-{kind}"))));
    head.push(loc.t("surveys-column-words"));
    let mut lines = vec![head];
    let mut after = None;
    while lines.len() <= FILE_ROWS {
        let page = req.ctx.run(sheets::list, asked.input(PAGE_MAX, after)).await?;
        for sheet in page.items {
            let step = |step: Option<i64>| step.map(|step| step.to_string()).unwrap_or_default();
            lines.push(vec![
                sheet.day.to_string(),
                sheet.party.clone().unwrap_or_default(),
                name_in(loc.prefs.lang, &sheet.name_fa, &sheet.name_ar, &sheet.name_en),
                door(loc, &sheet),
                step(sheet.nps),
                step(sheet.csat),
                step(sheet.ces),
                sheet.respect().map(|respect| format!("{respect:.2}")).unwrap_or_default(),
                step(sheet.fairness),
                sheet.words.clone().unwrap_or_default(),
            ]);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(csv_file("answers.csv", &lines).into_response())
}
