//! The questions of a survey as a form, the same for customers, for a preview and for who writes an answer down.

use crate::form::Sent;
use peyvand_core::Problem;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::text::fold_digits;
use peyvand_core::service::fill::{Reply, WORDS_MAX, field};
use peyvand_core::service::{Question, QuestionKind};

/// A step of a scale.
pub(crate) struct Step {
    pub(crate) value: i64,
    pub(crate) shown: String,
    /// What the end of the scale means, at its ends.
    pub(crate) end: Option<String>,
    pub(crate) is_chosen: bool,
}

/// A question as the form shows it.
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) is_needed: bool,
    /// None for a question in words.
    pub(crate) steps: Vec<Step>,
    pub(crate) low: String,
    pub(crate) high: String,
    pub(crate) words: String,
    pub(crate) words_max: usize,
    pub(crate) error: Option<String>,
}

/// The questions in the language of `loc`, with what was answered before and what is wrong with it.
pub(crate) fn asked(loc: &Loc, questions: &[Question], replies: &[Reply], problems: &[Problem]) -> Vec<Asked> {
    questions.iter().map(|question| one(loc, question, replies, problems)).collect()
}

fn one(loc: &Loc, question: &Question, replies: &[Reply], problems: &[Problem]) -> Asked {
    let name = field(question.id);
    let reply = replies.iter().find(|reply| reply.question_id == question.id);
    let end = |which: &str| match question.kind {
        QuestionKind::Open => String::new(),
        kind => loc.t(&format!("surveys-{which}-{kind}")),
    };
    let (low, high) = (end("low"), end("high"));
    let steps = question.kind.scale().map(|(first, last)| {
        let step = |value| Step {
            value,
            shown: loc.number(value),
            end: if value == first { Some(low.clone()) } else { (value == last).then(|| high.clone()) },
            is_chosen: reply.and_then(|reply| reply.score) == Some(value),
        };
        (first..=last).map(step).collect()
    });
    Asked {
        text: question.text(loc.prefs.lang).to_owned(),
        is_needed: question.is_needed,
        steps: steps.unwrap_or_default(),
        low,
        high,
        words: reply.and_then(|reply| reply.text.clone()).unwrap_or_default(),
        words_max: WORDS_MAX,
        error: problems.iter().find(|problem| problem.field == name).map(|problem| loc.problem(problem)),
        name,
    }
}

/// What is wrong with the form as a whole.
pub(crate) fn general(loc: &Loc, problems: &[Problem]) -> Vec<String> {
    problems.iter().filter(|problem| !problem.field.starts_with("q-")).map(|problem| loc.problem(problem)).collect()
}

/// The answers of a sent form; what is no number is left to be refused as a step that is not on the scale.
pub(crate) fn replies(sent: &Sent, questions: &[Question]) -> Vec<Reply> {
    questions
        .iter()
        .filter_map(|question| {
            let value = sent.get(&field(question.id))?;
            Some(match question.kind.scale() {
                Some(_) => Reply { question_id: question.id, score: Some(fold_digits(value).parse().unwrap_or(-1)), text: None },
                None => Reply { question_id: question.id, score: None, text: Some(value.to_owned()) },
            })
        })
        .collect()
}

/// A proposed answer to the first question with a scale, from a link in a message.
pub(crate) fn proposed(questions: &[Question], score: i64) -> Vec<Reply> {
    let on_scale = |question: &&Question| question.kind.scale().is_some_and(|(first, last)| (first..=last).contains(&score));
    let first = questions.iter().find(|question| question.kind.scale().is_some()).filter(on_scale);
    first.map(|question| Reply { question_id: question.id, score: Some(score), text: None }).into_iter().collect()
}
