//! The questions of a survey: their kinds with their scales, the wording to begin with, and changes while it is a draft.

use super::surveys::{self, Survey, SurveyId, SurveySeen};
use crate::platform::events::{self, Event};
use crate::platform::locale::{Loc, Prefs};
use crate::platform::text::{Lang, clean_line};
use crate::{Act, Ctx, Error, Fields, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a question.
const TEXT_MAX: usize = 300;
/// Questions in words that one survey may have: more are left out by who answers.
const OPEN_MAX: usize = 3;
/// Questions in words that a guide for talks may have: an hour has room for them.
const GUIDE_OPEN_MAX: usize = 15;
/// What a guide for talks asks to begin with.
const GUIDE: [&str; 4] = ["came", "use", "nearly", "change"];

peyvand_db::words! {
    /// What a question asks for.
    pub enum QuestionKind {
        /// Whether they would recommend us, 0 to 10.
        Nps = "nps",
        /// How satisfied they are, 1 to 5.
        Csat = "csat",
        /// Whether we made it easy, 1 to 7.
        Ces = "ces",
        /// Whether they felt respected: three items of 1 to 7.
        Respect = "respect",
        /// Whether they were treated as fairly as anybody, 1 to 7.
        Fairness = "fairness",
        /// Anything, in their own words.
        Open = "open",
    }
}

impl QuestionKind {
    /// The first and the last step of its scale; none for words.
    #[must_use]
    pub const fn scale(self) -> Option<(i64, i64)> {
        match self {
            QuestionKind::Nps => Some((0, 10)),
            QuestionKind::Csat => Some((1, 5)),
            QuestionKind::Ces | QuestionKind::Respect | QuestionKind::Fairness => Some((1, 7)),
            QuestionKind::Open => None,
        }
    }

    /// What it is asked by: the three parts of respect, or itself.
    fn items(self) -> &'static [&'static str] {
        match self {
            QuestionKind::Respect => &["dignity", "listened", "promises"],
            _ => &[""],
        }
    }
}

row! {
    /// A question.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct Question {
        /// Its id.
        pub id: Id<Question>,
        /// The survey.
        pub survey_id: Id<Survey>,
        /// Its place.
        pub position: i64,
        /// What it asks for.
        pub kind: QuestionKind,
        /// Which part of respect: `dignity`, `listened`, `promises`; empty for other kinds.
        pub item: String,
        /// Its words in Persian.
        pub text_fa: String,
        /// Its words in Arabic.
        pub text_ar: String,
        /// Its words in English.
        pub text_en: String,
        /// Whether an answer is needed.
        pub is_needed: bool,
    }
}

impl Question {
    /// Its words in a language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fa => &self.text_fa,
            Lang::Ar => &self.text_ar,
            Lang::En => &self.text_en,
        }
    }
}

/// The questions of a survey, in their order.
pub(super) fn of_survey(survey: Id<Survey>) -> Sql {
    Sql::select::<Question>("FROM survey_questions WHERE survey_id = $1 ORDER BY position, id").bind(survey)
}

/// The wording that a question begins with.
#[must_use]
pub fn usual_words(kind: QuestionKind, item: &str, lang: Lang, ctx: &Ctx) -> String {
    let loc = Loc::new(Prefs::of(lang), ctx.now());
    if item.is_empty() { loc.t(&format!("surveys-ask-{kind}")) } else { loc.t(&format!("surveys-ask-{kind}-{item}")) }
}

/// Adds a question, or the three of respect, after the last.
pub(super) async fn append(tx: &mut Tx, ctx: &Ctx, survey: Id<Survey>, after: i64, kind: QuestionKind) -> Result<()> {
    for (position, item) in (after + 1..).zip(kind.items()) {
        let words = |lang| usual_words(kind, item, lang, ctx);
        let question = Question {
            id: ctx.id(),
            survey_id: survey,
            position,
            kind,
            item: (*item).to_owned(),
            text_fa: words(Lang::Fa),
            text_ar: words(Lang::Ar),
            text_en: words(Lang::En),
            is_needed: kind != QuestionKind::Open,
        };
        insert(tx, &question).await?;
    }
    Ok(())
}

/// Gives a new guide for talks its usual questions.
pub(super) async fn append_guide(tx: &mut Tx, ctx: &Ctx, survey: Id<Survey>) -> Result<()> {
    for (position, about) in (1..).zip(GUIDE) {
        let words = |lang| Loc::new(Prefs::of(lang), ctx.now()).t(&format!("surveys-guide-{about}"));
        let question = Question {
            id: ctx.id(),
            survey_id: survey,
            position,
            kind: QuestionKind::Open,
            item: String::new(),
            text_fa: words(Lang::Fa),
            text_ar: words(Lang::Ar),
            text_en: words(Lang::En),
            is_needed: false,
        };
        insert(tx, &question).await?;
    }
    Ok(())
}

pub(super) async fn insert(tx: &mut Tx, question: &Question) -> Result<()> {
    tx.run(
        sql("INSERT INTO survey_questions (id, survey_id, position, kind, item, text_fa, text_ar, text_en, is_needed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(question.id)
        .bind(question.survey_id)
        .bind(question.position)
        .bind(question.kind)
        .bind(&question.item)
        .bind(&question.text_fa)
        .bind(&question.text_ar)
        .bind(&question.text_en)
        .bind(question.is_needed),
    )
    .await?;
    Ok(())
}

/// A question to add.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddQuestion {
    /// To which survey.
    pub id: Id<Survey>,
    /// What it asks for.
    pub kind: QuestionKind,
}

/// Adds a question in its usual words, or the three of respect, to a draft.
///
/// # Errors
/// For a survey that is no draft, and where a kind is there already that is asked once.
pub async fn add(ctx: &Ctx, input: AddQuestion) -> Result<SurveySeen> {
    let writer = surveys::writer(ctx, Act::Change)?;
    let mut tx = writer.begin().await?;
    surveys::draft(&mut tx, input.id).await?;
    let open_max = if surveys::read(&mut tx, input.id).await?.is_guide { GUIDE_OPEN_MAX } else { OPEN_MAX };
    let questions: Vec<Question> = tx.all(of_survey(input.id)).await?;
    let same = questions.iter().filter(|one| one.kind == input.kind).count();
    let most = if input.kind == QuestionKind::Open { open_max } else { 1 };
    if same >= most {
        return Err(Problem::new("kind", "surveys-asked-already").with("max", most).into());
    }
    let last = questions.last().map_or(0, |one| one.position);
    append(&mut tx, ctx, input.id, last, input.kind).await?;
    changed(tx, ctx, input.id, json!({"added": input.kind})).await
}

/// What changes in a question; what is absent stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeQuestion {
    /// Which.
    pub id: Id<Question>,
    /// Its words in Persian.
    pub text_fa: Option<String>,
    /// Its words in Arabic.
    pub text_ar: Option<String>,
    /// Its words in English.
    pub text_en: Option<String>,
    /// Whether an answer is needed.
    pub is_needed: Option<bool>,
}

/// A line of a survey in one language.
pub(super) fn checked_line(text: &str, field: &'static str, max: usize) -> Result<String, Problem> {
    let line = clean_line(text, max).map_err(|problem| Problem::new(field, problem.key()).with("max", max))?;
    if line.is_empty() { Err(Problem::new(field, "input-needed")) } else { Ok(line) }
}

async fn take(tx: &mut Tx, id: Id<Question>) -> Result<Question> {
    let found: Option<Question> = tx.maybe(Sql::select::<Question>("FROM survey_questions WHERE id = $1").bind(id)).await?;
    let question = found.ok_or(Error::NotFound("question"))?;
    surveys::draft(tx, question.survey_id).await?;
    Ok(question)
}

async fn changed(mut tx: Tx, ctx: &Ctx, survey: Id<Survey>, data: serde_json::Value) -> Result<SurveySeen> {
    events::record(&mut tx, ctx, Event::of("survey.changed", survey, data)).await?;
    tx.commit().await?;
    surveys::get(ctx, SurveyId { id: survey }).await
}

/// Changes the words of a question of a draft.
///
/// # Errors
/// For a survey that is no draft, and for words that are missing or too long.
pub async fn change(ctx: &Ctx, input: ChangeQuestion) -> Result<SurveySeen> {
    let writer = surveys::writer(ctx, Act::Change)?;
    let mut problems = Fields::default();
    let mut read = |text: &Option<String>, field| text.as_deref().and_then(|text| problems.take(checked_line(text, field, TEXT_MAX)));
    let (fa, ar, en) = (read(&input.text_fa, "text_fa"), read(&input.text_ar, "text_ar"), read(&input.text_en, "text_en"));
    problems.check()?;
    let mut tx = writer.begin().await?;
    let before = take(&mut tx, input.id).await?;
    tx.run(
        sql("UPDATE survey_questions SET text_fa = $1, text_ar = $2, text_en = $3, is_needed = $4 WHERE id = $5")
            .bind(fa.unwrap_or(before.text_fa))
            .bind(ar.unwrap_or(before.text_ar))
            .bind(en.unwrap_or(before.text_en))
            .bind(input.is_needed.unwrap_or(before.is_needed))
            .bind(input.id),
    )
    .await?;
    changed(tx, ctx, before.survey_id, json!({"reworded": before.kind})).await
}

/// Where a question goes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveQuestion {
    /// Which.
    pub id: Id<Question>,
    /// Its new place, from 1.
    pub place: i64,
}

/// The places after one has moved to `place` (from 1), the others in their order.
#[must_use]
fn moved(mut order: Vec<Id<Question>>, one: Id<Question>, place: i64) -> Vec<Id<Question>> {
    order.retain(|id| *id != one);
    let at = usize::try_from(place - 1).unwrap_or_default().min(order.len());
    order.insert(at, one);
    order
}

/// Moves a question of a draft to another place.
///
/// # Errors
/// For a survey that is no draft.
pub async fn relocate(ctx: &Ctx, input: MoveQuestion) -> Result<SurveySeen> {
    let writer = surveys::writer(ctx, Act::Change)?;
    let mut tx = writer.begin().await?;
    let question = take(&mut tx, input.id).await?;
    let questions: Vec<Question> = tx.all(of_survey(question.survey_id)).await?;
    let order = moved(questions.iter().map(|one| one.id).collect(), input.id, input.place);
    for (position, id) in (1_i64..).zip(order) {
        tx.run(sql("UPDATE survey_questions SET position = $1 WHERE id = $2").bind(position).bind(id)).await?;
    }
    changed(tx, ctx, question.survey_id, json!({"moved": question.kind, "place": input.place})).await
}

/// Which question.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionId {
    /// Its id.
    pub id: Id<Question>,
}

/// Takes a question out of a draft.
///
/// # Errors
/// For a survey that is no draft.
pub async fn remove(ctx: &Ctx, input: QuestionId) -> Result<SurveySeen> {
    let writer = surveys::writer(ctx, Act::Change)?;
    let mut tx = writer.begin().await?;
    let question = take(&mut tx, input.id).await?;
    tx.run(sql("DELETE FROM survey_questions WHERE id = $1").bind(input.id)).await?;
    changed(tx, ctx, question.survey_id, json!({"removed": question.kind})).await
}

/// The operations of questions.
pub fn operations(ops: &mut Operations) {
    let change_perm = Some(Perm(Room::Service, Act::Change));
    ops.add("surveys.add_question", "POST /surveys/{id}/questions", change_perm, "Adds a question to a draft.", add)
        .example(|| json!({"kind": "ces"}));
    ops.add("surveys.change_question", "PUT /survey-questions/{id}", change_perm, "Changes the words of a question of a draft.", change)
        .example(|| json!({"text_en": "How easy did we make it for you today?"}));
    ops.add("surveys.move_question", "POST /survey-questions/{id}/move", change_perm, "Moves a question of a draft.", relocate)
        .example(|| json!({"place": 1}));
    ops.add("surveys.remove_question", "DELETE /survey-questions/{id}", change_perm, "Takes a question out of a draft.", remove);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::new_id;

    #[test]
    fn a_question_moves_and_the_others_keep_their_order() {
        let ids: Vec<Id<Question>> = (0..4).map(|_| new_id(crate::Instant(1))).collect();
        let [a, b, c, d] = ids[..] else { unreachable!() };
        assert_eq!(moved(ids.clone(), d, 1), [d, a, b, c]);
        assert_eq!(moved(ids.clone(), a, 3), [b, c, a, d]);
        assert_eq!(moved(ids.clone(), b, 99), [a, c, d, b]);
        assert_eq!(moved(ids, c, -5), [c, a, b, d]);
    }
}
