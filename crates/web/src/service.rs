//! The voice of the customer: scores, surveys, answers, and the links by which customers answer.

mod answers;
pub(crate) mod asks;
pub(crate) mod beside;
mod case_settings;
pub(crate) mod cases;
mod feedback;
mod interviews;
pub(crate) mod public;
mod scores;
mod sheet;
mod surveys;
mod taken;

pub(crate) use surveys::base;

use crate::State;
use axum::routing::{get, post};
use peyvand_core::platform::text::Lang;
use peyvand_core::service::QuestionKind;
use peyvand_core::service::sheets::Sheet;

/// The addresses of the room, and of those who answer.
pub fn routes() -> axum::Router<State> {
    axum::Router::new()
        .route("/service", get(scores::index))
        .route("/service/scores.csv", get(scores::csv))
        .route("/service/answers", get(answers::index))
        .route("/service/answers.csv", get(answers::csv))
        .route("/service/asks", get(asks::index))
        .route("/service/asks/rules", post(asks::create))
        .route("/service/asks/rules/{id}", post(asks::change))
        .route("/service/cases", get(cases::index).post(cases::create))
        .route("/service/cases/new", get(cases::fresh))
        .route("/service/cases/settings", get(case_settings::show).post(case_settings::save))
        .route("/service/cases/{id}", get(cases::show).post(cases::change))
        .route("/service/cases/{id}/take", post(cases::take))
        .route("/service/cases/{id}/answer", post(cases::answer))
        .route("/service/cases/{id}/close", post(cases::close))
        .route("/service/cases/{id}/reopen", post(cases::reopen))
        .route("/service/cases/{id}/feedback", post(cases::join))
        .route("/service/feedback", get(feedback::index).post(feedback::create))
        .route("/service/feedback/new", get(feedback::fresh))
        .route("/service/feedback/{id}", get(feedback::show).post(feedback::change))
        .route("/service/feedback/{id}/take", post(feedback::take))
        .route("/service/feedback/{id}/finish", post(feedback::finish))
        .route("/service/feedback/{id}/voices", post(feedback::add))
        .route("/service/feedback/{id}/tell", post(feedback::tell))
        .route("/service/interviews", get(interviews::index).post(interviews::create))
        .route("/service/interviews/guide", post(interviews::make_guide))
        .route("/service/interviews/new", get(interviews::fresh))
        .route("/service/interviews/{id}", get(interviews::show))
        .route("/service/interviews/{id}/quotes", post(interviews::add_quote))
        .route("/service/quotes", get(interviews::all_quotes))
        .route("/service/quotes/{id}", post(interviews::change_quote))
        .route("/service/quotes/{id}/idea", post(interviews::idea_of_quote))
        .route("/service/quotes/{id}/case", post(interviews::case_of_quote))
        .route("/service/quotes/{id}/feedback", post(interviews::feedback_of_quote))
        .route("/service/surveys", get(surveys::index).post(surveys::create))
        .route("/service/surveys/new", get(surveys::fresh))
        .route("/service/surveys/{id}", get(surveys::show).post(surveys::change))
        .route("/service/surveys/{id}/questions", post(surveys::add))
        .route("/service/surveys/{id}/publish", post(surveys::publish))
        .route("/service/surveys/{id}/close", post(surveys::close))
        .route("/service/surveys/{id}/revise", post(surveys::revise))
        .route("/service/surveys/{id}/invite", post(surveys::invite))
        .route("/service/surveys/{id}/preview", get(surveys::preview))
        .route("/service/surveys/{id}/answer", get(taken::fresh).post(taken::create))
        .route("/service/questions/{id}", post(surveys::change_question))
        .route("/service/questions/{id}/move", post(surveys::move_question))
        .route("/service/questions/{id}/remove", post(surveys::remove_question))
        .route("/s/{token}", get(public::show).post(public::answer))
        .route("/s/{token}/kiosk", get(public::kiosk).post(public::answer_at_kiosk))
        .route("/s/{token}/{score}", get(public::proposed))
}

/// The name of a survey in the reader's language.
pub(crate) fn name_in(lang: Lang, fa: &str, ar: &str, en: &str) -> String {
    match lang {
        Lang::Fa => fa,
        Lang::Ar => ar,
        Lang::En => en,
    }
    .to_owned()
}

/// What a sheet says, score by score: the words, and whether they are good, neither or bad.
pub(crate) fn said(loc: &peyvand_core::platform::locale::Loc, sheet: &Sheet) -> Vec<(String, &'static str)> {
    let mut told = Vec::new();
    let numbers = [
        (QuestionKind::Nps, sheet.nps),
        (QuestionKind::Csat, sheet.csat),
        (QuestionKind::Ces, sheet.ces),
        (QuestionKind::Fairness, sheet.fairness),
    ];
    for (kind, score) in numbers {
        if let Some(score) = score {
            told.push((loc.t1(&format!("surveys-{kind}-value"), "value", loc.number(score)), tone(kind, score)));
        }
    }
    if let Some(respect) = sheet.respect() {
        let value = loc.rounded(respect, 1);
        told.push((loc.t1("surveys-respect-value", "value", value), tone(QuestionKind::Respect, respect.floor() as i64)));
    }
    told
}

/// The colour of a step.
fn tone(kind: QuestionKind, step: i64) -> &'static str {
    match peyvand_core::service::scores::mood(kind, step) {
        1 => "peste",
        0 => "slate",
        _ => "anar",
    }
}

/// How a sheet came in, in words.
pub(crate) fn door(loc: &peyvand_core::platform::locale::Loc, sheet: &Sheet) -> String {
    match &sheet.taken_by {
        Some(name) => loc.t1("surveys-by-whom", "name", name.as_str()),
        None => loc.t(&format!("surveys-by-{}", sheet.door)),
    }
}
