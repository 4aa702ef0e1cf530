//! What a customer said and what is to be done about it, beside their other things, and the late cases of the day.

use super::asks::{self, Line as AskLine};
use super::cases::{self, Line as CaseLine};
use super::{door, feedback, name_in};
use crate::page::Shell;
use crate::request::Req;
use askama::Template;
use peyvand_core::parties::Party;
use peyvand_core::service::Feedback;
use peyvand_core::service::cases::{self as core, CaseView, ListCases};
use peyvand_core::service::sheets::{self, ListSheets};
use peyvand_core::service::surveys::{self, ListSurveys, SurveyState};
use peyvand_core::service::voices::{self, OfCustomer, SaidByCustomer};
use peyvand_core::{Act, Error, Id, Room};

/// Answers beside a customer.
const BESIDE: i64 = 3;
/// Pieces of feedback beside a customer.
const SAID: usize = 4;
/// Late cases on the page of the day.
const LATE: i64 = 6;

/// An answer as the box shows it.
struct Line {
    survey: String,
    scores: Vec<(String, &'static str)>,
    words: Option<String>,
    when: String,
    door: String,
}

/// The box on a customer's page.
#[derive(Template)]
#[template(path = "service/beside.html")]
pub(crate) struct VoiceBox {
    s: Shell,
    party: Id<Party>,
    lines: Vec<Line>,
    has_more: bool,
    cases: Vec<CaseLine>,
    /// What came of the last occasion to ask them by rule.
    asked: Option<AskLine>,
    /// What came of what they said.
    said: Vec<SaidLine>,
    may_open: bool,
    /// Whether a talk with them may be written down.
    may_hold: bool,
}

/// What came of something they said.
struct SaidLine {
    id: Id<Feedback>,
    said: String,
    state: String,
    tone: &'static str,
    reply: Option<String>,
    /// Whether they are still to be told.
    is_to_tell: bool,
    told: Option<String>,
}

fn said_line(req: &Req, one: SaidByCustomer) -> SaidLine {
    let loc = &req.loc;
    SaidLine {
        id: one.id,
        state: feedback::state(loc, one.state),
        tone: feedback::tone(one.state),
        is_to_tell: one.state.is_over() && one.told_at.is_none(),
        told: one.told_at.map(|at| loc.t1("feedback-told-when", "when", loc.day_near(at.day(&loc.prefs.time_zone)))),
        said: one.said,
        reply: one.reply,
    }
}

/// The last answers of a customer; none for who may not see any.
pub(crate) async fn of_party(req: &Req, party: Id<Party>) -> Result<Option<VoiceBox>, Error> {
    if !req.can(Room::Service, Act::See) {
        return Ok(None);
    }
    let of = ListSheets { party_id: Some(party), limit: Some(BESIDE), ..ListSheets::default() };
    let guides = ListSurveys { is_guide: Some(true), state: Some(SurveyState::Live), limit: Some(1), ..ListSurveys::default() };
    let (page, cases, asked, said, guides) = tokio::try_join!(
        req.ctx.run(sheets::list, of),
        cases::of_party(req, party),
        asks::last_of(req, party),
        req.ctx.run(voices::of_customer, OfCustomer { party_id: party }),
        req.ctx.run(surveys::list, guides),
    )?;
    let loc = &req.loc;
    let line = |sheet: sheets::Sheet| Line {
        survey: name_in(loc.prefs.lang, &sheet.name_fa, &sheet.name_ar, &sheet.name_en),
        scores: super::said(loc, &sheet),
        when: loc.day_near(sheet.day),
        door: door(loc, &sheet),
        words: sheet.words,
    };
    Ok(Some(VoiceBox {
        s: req.shell("parties", ""),
        party,
        cases,
        asked,
        said: said.into_iter().take(SAID).map(|one| said_line(req, one)).collect(),
        may_open: req.can(Room::Service, Act::Create),
        may_hold: req.can(Room::Service, Act::Create) && !guides.items.is_empty(),
        has_more: page.next.is_some(),
        lines: page.items.into_iter().map(line).collect(),
    }))
}

/// The cases on the page of the day whose time has passed.
#[derive(Template)]
#[template(path = "service/late.html")]
pub(crate) struct LateBox {
    s: Shell,
    lines: Vec<CaseLine>,
    all: String,
}

/// Late cases, the caller's own or all that they may see; none where there is none.
pub(crate) async fn late(req: &Req, own: bool) -> Result<Option<LateBox>, Error> {
    if !req.can(Room::Service, Act::See) {
        return Ok(None);
    }
    let owner = req.ctx.actor.user().filter(|_| own);
    let of = ListCases { view: Some(CaseView::Late), owner_id: owner, limit: Some(LATE), ..ListCases::default() };
    let page = req.ctx.run(core::list, of).await?;
    let lines: Vec<CaseLine> = page.items.into_iter().map(|one| cases::line(&req.loc, req.ctx.now(), one)).collect();
    let all = owner.map_or_else(|| "/service/cases?view=late".to_owned(), |owner| format!("/service/cases?view=late&owner={owner}"));
    Ok((!lines.is_empty()).then(|| LateBox { s: req.shell("today", ""), lines, all }))
}
