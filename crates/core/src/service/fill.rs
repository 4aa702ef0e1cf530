//! Filling a survey in: what an answer may be, and how it is stored with its scores.

use super::bad;
use super::invitations::Invitation;
use super::questions::{Question, QuestionKind};
use super::sheets::Sheet;
use super::surveys::Survey;
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::text::{Lang, clean_text};
use crate::{Ctx, Day, Fields, Instant, Problem, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Characters of an answer in words.
pub const WORDS_MAX: usize = 2_000;

peyvand_db::words! {
    /// How an answer came in.
    pub enum SheetDoor {
        /// By the link of an invitation.
        Invitation = "invitation",
        /// By the link that is open to all.
        Open = "open",
        /// At a tablet on the counter.
        Kiosk = "kiosk",
        /// Told to one of us, who wrote it down.
        Staff = "staff",
        /// In a talk by a guide.
        Interview = "interview",
    }
}

/// An answer to a question.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The question.
    pub question_id: Id<Question>,
    /// The step of its scale.
    pub score: Option<i64>,
    /// The words.
    pub text: Option<String>,
}

/// The scores of one filled-in survey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    pub(super) nps: Option<i64>,
    pub(super) csat: Option<i64>,
    pub(super) ces: Option<i64>,
    pub(super) fairness: Option<i64>,
    pub(super) respect: Option<(i64, i64)>,
    pub(super) words: Option<String>,
}

/// An answer that fits its question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    question: Id<Question>,
    kind: QuestionKind,
    item: String,
    score: Option<i64>,
    text: Option<String>,
}

/// The name of a question in a form.
#[must_use]
pub fn field(question: Id<Question>) -> String {
    format!("q-{question}")
}

/// Checks answers against the questions: what is needed is there, steps lie on their scale, at least one thing is said.
pub(super) fn checked(questions: &[Question], replies: &[Reply]) -> Result<Vec<Given>> {
    let mut problems = Fields::default();
    if replies.iter().any(|reply| !questions.iter().any(|question| question.id == reply.question_id)) {
        problems.add("answers", "surveys-question-unknown");
    }
    let mut given = Vec::new();
    for question in questions {
        let reply = replies.iter().find(|reply| reply.question_id == question.id);
        let words = reply.and_then(|reply| reply.text.as_deref()).unwrap_or_default();
        let text = clean_text(words, WORDS_MAX).map_err(|problem| Problem::new(field(question.id), problem.key()).with("max", WORDS_MAX));
        let text = problems.take(text).filter(|text| !text.is_empty());
        let score = reply.and_then(|reply| reply.score);
        let text_is_missing = text.is_none();
        let one = Given { question: question.id, kind: question.kind, item: question.item.clone(), score, text };
        match (question.kind.scale(), score) {
            (Some((first, last)), Some(score)) if !(first..=last).contains(&score) => {
                problems.0.push(Problem::new(field(question.id), "input-range").with("min", first).with("max", last));
            }
            (None, Some(_)) => problems.add(field(question.id), "surveys-no-scale"),
            (Some(_), None) if question.is_needed => problems.add(field(question.id), "surveys-answer-needed"),
            (None, None) if question.is_needed && text_is_missing => problems.add(field(question.id), "surveys-answer-needed"),
            (Some(_), None) => {}
            (None, None) if text_is_missing => {}
            (Some(_), Some(_)) | (None, None) => given.push(one),
        }
    }
    if given.is_empty() && problems.0.is_empty() {
        problems.add("answers", "surveys-nothing-answered");
    }
    problems.check()?;
    Ok(given)
}

/// The scores side by side; respect is the sum of its items.
pub(super) fn scores(given: &[Given]) -> Scores {
    let mut scores = Scores::default();
    let mut words: Vec<&str> = Vec::new();
    for one in given {
        words.extend(one.text.as_deref());
        match one.kind {
            QuestionKind::Nps => scores.nps = one.score,
            QuestionKind::Csat => scores.csat = one.score,
            QuestionKind::Ces => scores.ces = one.score,
            QuestionKind::Fairness => scores.fairness = one.score,
            QuestionKind::Respect => {
                let (sum, items) = scores.respect.unwrap_or_default();
                scores.respect = one.score.map(|score| (sum + score, items + 1)).or(scores.respect);
            }
            QuestionKind::Open => {}
        }
    }
    scores.words = (!words.is_empty()).then(|| words.join("\n"));
    scores
}

/// Who filled which survey in, and how.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub survey: Survey,
    pub invitation: Option<Id<Invitation>>,
    pub party: Option<Id<Party>>,
    pub door: SheetDoor,
    pub lang: Lang,
    pub day: Day,
    pub at: Instant,
    pub sitting: Option<(String, Instant)>,
    pub address_key: Option<String>,
    pub taken_by: Option<Id<User>>,
}

/// Stores a filled-in survey. With `again` it takes the place of what the same sitting said before.
pub(super) async fn store(tx: &mut Tx, ctx: &Ctx, who: &Who, given: &[Given], again: Option<Id<Sheet>>) -> Result<Id<Sheet>> {
    let scores = scores(given);
    let id = match again {
        Some(id) => {
            tx.run(sql("DELETE FROM survey_answers WHERE sheet_id = $1").bind(id)).await?;
            tx.run(
                sql("UPDATE survey_sheets SET lang = $1, nps = $2, csat = $3, ces = $4, fairness = $5, respect_sum = $6, respect_items = $7,
                       words = $8 WHERE id = $9")
                .bind(who.lang.code())
                .bind(scores.nps)
                .bind(scores.csat)
                .bind(scores.ces)
                .bind(scores.fairness)
                .bind(scores.respect.map(|respect| respect.0))
                .bind(scores.respect.map(|respect| respect.1))
                .bind(&scores.words)
                .bind(id),
            )
            .await?;
            id
        }
        None => insert(tx, ctx, who, &scores).await?,
    };
    let rows = given
        .iter()
        .map(|one| {
            vec![
                ctx.id::<Reply>().to_value(),
                id.to_value(),
                who.survey.id.to_value(),
                one.question.to_value(),
                who.party.to_value(),
                one.kind.to_value(),
                one.item.to_value(),
                one.score.to_value(),
                one.text.to_value(),
                who.day.to_value(),
                who.at.to_value(),
            ]
        })
        .collect();
    let head = "INSERT INTO survey_answers (id, sheet_id, survey_id, question_id, party_id, kind, item, score, text, day, at) VALUES ";
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await?;
    }
    if let (Some(invitation), Some(csat)) = (who.invitation, scores.csat) {
        tx.run(
            sql("UPDATE cases SET recovery_score = $1 WHERE id = (SELECT case_id FROM survey_invitations WHERE id = $2)")
                .bind(csat)
                .bind(invitation),
        )
        .await?;
    }
    bad::open(tx, ctx, who, id, &scores).await?;
    let kind = if again.is_some() { "survey.answer_changed" } else { "survey.answered" };
    let event = Event { kind, party: who.party, subject: Some(id.0), data: told(who, &scores) };
    events::record(tx, ctx, event).await?;
    Ok(id)
}

/// What the history says of it.
fn told(who: &Who, scores: &Scores) -> Value {
    let mut data = Map::new();
    data.insert("survey".to_owned(), json!(who.survey.id));
    for (lang, name) in [("name_fa", &who.survey.name_fa), ("name_ar", &who.survey.name_ar), ("name_en", &who.survey.name_en)] {
        data.insert(lang.to_owned(), json!(name));
    }
    data.insert("door".to_owned(), json!(who.door));
    let numbers = [("nps", scores.nps), ("csat", scores.csat), ("ces", scores.ces), ("fairness", scores.fairness)];
    data.extend(numbers.into_iter().filter_map(|(name, score)| Some((name.to_owned(), json!(score?)))));
    if let Some((sum, items)) = scores.respect {
        data.insert("respect_sum".to_owned(), json!(sum));
        data.insert("respect_items".to_owned(), json!(items));
    }
    if let Some(words) = &scores.words {
        data.insert("words".to_owned(), json!(words));
    }
    Value::Object(data)
}

async fn insert(tx: &mut Tx, ctx: &Ctx, who: &Who, scores: &Scores) -> Result<Id<Sheet>> {
    let id: Id<Sheet> = ctx.id();
    tx.run(
        sql("INSERT INTO survey_sheets (id, survey_id, family_id, invitation_id, party_id, door, lang, day, at, nps, csat, ces, fairness,
               respect_sum, respect_items, words, sitting, sitting_until, address_key, taken_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)")
        .bind(id)
        .bind(who.survey.id)
        .bind(who.survey.family_id)
        .bind(who.invitation)
        .bind(who.party)
        .bind(who.door)
        .bind(who.lang.code())
        .bind(who.day)
        .bind(who.at)
        .bind(scores.nps)
        .bind(scores.csat)
        .bind(scores.ces)
        .bind(scores.fairness)
        .bind(scores.respect.map(|respect| respect.0))
        .bind(scores.respect.map(|respect| respect.1))
        .bind(&scores.words)
        .bind(who.sitting.as_ref().map(|sitting| sitting.0.clone()))
        .bind(who.sitting.as_ref().map(|sitting| sitting.1))
        .bind(&who.address_key)
        .bind(who.taken_by)
        .bind(ctx.now()),
    )
    .await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::context::new_id;

    fn question(kind: QuestionKind, item: &str, is_needed: bool) -> Question {
        let text = String::new;
        Question {
            id: new_id(Instant(1)),
            survey_id: Id::FIRST,
            position: 1,
            kind,
            item: item.to_owned(),
            text_fa: text(),
            text_ar: text(),
            text_en: text(),
            is_needed,
        }
    }

    fn score(question: &Question, score: i64) -> Reply {
        Reply { question_id: question.id, score: Some(score), text: None }
    }

    fn problems(outcome: Result<Vec<Given>>) -> Vec<(String, String)> {
        let Err(Error::Invalid(Fields(problems))) = outcome else { panic!("{outcome:?}") };
        problems.into_iter().map(|problem| (problem.field.into_owned(), problem.key.into_owned())).collect()
    }

    #[test]
    fn answers_lie_on_their_scale_and_what_is_needed_is_there() {
        let (nps, open) = (question(QuestionKind::Nps, "", true), question(QuestionKind::Open, "", false));
        let both = [nps.clone(), open.clone()];
        assert_eq!(problems(checked(&both, &[score(&nps, 11)])), [(field(nps.id), "input-range".to_owned())]);
        assert_eq!(problems(checked(&both, &[])), [(field(nps.id), "surveys-answer-needed".to_owned())]);
        assert_eq!(problems(checked(&both, &[score(&nps, 0), score(&open, 1)])), [(field(open.id), "surveys-no-scale".to_owned())]);
        let stranger = question(QuestionKind::Csat, "", false);
        assert_eq!(problems(checked(&both, &[score(&nps, 0), score(&stranger, 1)]))[0].0, "answers");
        assert_eq!(problems(checked(std::slice::from_ref(&open), &[])), [("answers".to_owned(), "surveys-nothing-answered".to_owned())]);
        let given = checked(&both, &[score(&nps, 0), Reply { question_id: open.id, score: None, text: Some(" خوب بود ".into()) }]).unwrap();
        assert_eq!(scores(&given), Scores { nps: Some(0), words: Some("خوب بود".into()), ..Scores::default() });
    }

    #[test]
    fn respect_is_the_sum_of_its_items_that_were_answered() {
        let items = ["dignity", "listened", "promises"].map(|item| question(QuestionKind::Respect, item, false));
        let given = checked(&items, &[score(&items[0], 7), score(&items[2], 2)]).unwrap();
        assert_eq!(scores(&given).respect, Some((9, 2)));
    }
}
