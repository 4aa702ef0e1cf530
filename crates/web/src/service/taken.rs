//! Writing down what a customer answered by telephone or face to face.

use super::sheet::{self, Asked};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::service::answers::{self, AnswerSurvey};
use peyvand_core::service::fill::Reply;
use peyvand_core::service::surveys::{self, Survey, SurveyId, SurveySeen};
use peyvand_core::{Act, Error, Id, Perm, Problem, Room};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "service/taken.html")]
struct TakenPage {
    s: Shell,
    f: FormView,
    id: Id<Survey>,
    /// Who answers, when that is settled.
    party: Option<(Id<Party>, String)>,
    questions: Vec<Asked>,
}

/// Who answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    party: Option<Id<Party>>,
}

async fn taken_page(
    req: &Req,
    seen: &SurveySeen,
    party: Option<Id<Party>>,
    f: FormView,
    replies: &[Reply],
    problems: &[Problem],
) -> Result<TakenPage, PageError> {
    let party = match party {
        Some(id) => Some((id, req.ctx.run(party::get, PartyId { id }).await?.row.name)),
        None => None,
    };
    let id = seen.survey.id;
    let name = seen.survey.name(req.loc.prefs.lang).to_owned();
    Ok(TakenPage {
        s: req
            .shell("service", req.t("surveys-take-down"))
            .crumb(req.t("menu-service"), "/service")
            .crumb(req.t("surveys"), "/service/surveys")
            .crumb(name, format!("/service/surveys/{id}")),
        f,
        id,
        party,
        questions: sheet::asked(&req.loc, &seen.questions, replies, problems),
    })
}

/// The form.
pub(super) async fn fresh(req: Req, Path(id): Path<Id<Survey>>, Form(of): Form<Of>) -> PageResult {
    crate::layers::signed_in(&req)?;
    req.ctx.actor.check(Perm(Room::Service, Act::Create))?;
    let seen = req.ctx.run(surveys::get, SurveyId { id }).await?;
    let view = taken_page(&req, &seen, of.party, FormView::new(Vec::new()), &[], &[]).await?;
    page::page(&req, &view)
}

/// Stores the answer of the form.
pub(super) async fn create(req: Req, Path(id): Path<Id<Survey>>, sent: Sent) -> PageResult {
    let seen = req.ctx.run(surveys::get, SurveyId { id }).await?;
    let party: Option<Id<Party>> = sent.get("party").and_then(|party| party.parse().ok());
    let replies = sheet::replies(&sent, &seen.questions);
    let input = AnswerSurvey {
        survey_id: id,
        party_id: party,
        customer: sent.get("party_text").map(str::to_owned),
        invitation_id: None,
        lang: None,
        answers: replies.clone(),
    };
    match req.ctx.run(answers::answer, input).await {
        Ok(stored) => {
            let text = req.loc.t1("surveys-taken-down", "name", stored.party.unwrap_or_default());
            let back = stored.party_id.map_or_else(|| format!("/service/surveys/{id}"), |party| format!("/parties/{party}"));
            Ok(page::go(&req, &back, Some(Flash { text, undo: None })))
        }
        Err(Error::Invalid(problems)) => {
            let settled = party.filter(|_| sent.get("settled").is_some());
            let f = FormView::again(sent, &problems.0, &req.loc);
            page::unprocessable(&taken_page(&req, &seen, settled, f, &replies, &problems.0).await?)
        }
        Err(error) => Err(error.into()),
    }
}
