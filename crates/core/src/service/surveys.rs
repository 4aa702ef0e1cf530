//! Surveys: made, opened, closed, and made anew from the version before.

use super::questions::{self, Question, QuestionKind, checked_line};
use crate::context::Writer;
use crate::operation::{Page, page_size};
use crate::platform::events::{self, Event};
use crate::platform::keys;
use crate::platform::locale::{Loc, Prefs};
use crate::platform::text::Lang;
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use data_encoding::BASE64URL_NOPAD;
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a name.
const NAME_MAX: usize = 120;

peyvand_db::words! {
    /// Where a survey stands.
    pub enum SurveyState {
        /// It is being written.
        Draft = "draft",
        /// It is open to answers.
        Live = "live",
        /// It takes no more answers.
        Closed = "closed",
    }
}

row! {
    /// A survey.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct Survey {
        /// Its id.
        pub id: Id<Survey> = "v.id",
        /// The id of its first version.
        pub family_id: Id<Survey> = "v.family_id",
        /// Which version it is.
        pub version: i64 = "v.version",
        /// Where it stands.
        pub state: SurveyState = "v.state",
        /// Its name in Persian.
        pub name_fa: String = "v.name_fa",
        /// Its name in Arabic.
        pub name_ar: String = "v.name_ar",
        /// Its name in English.
        pub name_en: String = "v.name_en",
        /// The link of those who are not known by name: `/s/TOKEN`, for a tablet on the counter `/s/TOKEN/kiosk`.
        pub open_token: String = "v.open_token",
        /// Whether it is a guide for talks: one of us asks it, nobody is invited to it, and its link opens nothing.
        pub is_guide: bool = "v.is_guide",
        /// When it was made.
        pub created_at: Instant = "v.created_at",
        /// When it was opened.
        pub live_at: Option<Instant> = "v.live_at",
        /// When it was closed.
        pub closed_at: Option<Instant> = "v.closed_at",
        /// How often it was filled in, counted up to 10,000.
        pub sheets: i64 = "(SELECT COUNT(*) FROM (SELECT 1 FROM survey_sheets f WHERE f.survey_id = v.id LIMIT 10000) few)",
    }
}

impl Survey {
    /// Its name in a language.
    #[must_use]
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fa => &self.name_fa,
            Lang::Ar => &self.name_ar,
            Lang::En => &self.name_en,
        }
    }
}

/// A survey with its questions.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SurveySeen {
    /// The survey.
    #[serde(flatten)]
    pub survey: Survey,
    /// Its questions, in their order.
    pub questions: Vec<Question>,
}

/// Surveys concern all customers, so who sees only their own does not write them.
pub(super) fn writer(ctx: &Ctx, act: Act) -> Result<Writer<'_>> {
    let perm = Perm(Room::Service, act);
    let writer = ctx.write(perm)?;
    if matches!(writer.sight, Sight::Own(_)) { Err(Error::Forbidden(perm)) } else { Ok(writer) }
}

/// What cannot be guessed: 128 bits.
pub(super) fn fresh_token() -> String {
    BASE64URL_NOPAD.encode(&keys::random::<16>())
}

/// Holds a survey until the end of the transaction; a draft alone may be changed.
pub(super) async fn draft(tx: &mut Tx, id: Id<Survey>) -> Result<()> {
    match hold(tx, id).await? {
        SurveyState::Draft => Ok(()),
        SurveyState::Live | SurveyState::Closed => Err(Problem::new("", "surveys-not-draft").into()),
    }
}

async fn hold(tx: &mut Tx, id: Id<Survey>) -> Result<SurveyState> {
    let found: Option<(SurveyState,)> = tx.maybe(sql("SELECT state FROM surveys WHERE id = $1 {for_update}").bind(id)).await?;
    found.map(|(state,)| state).ok_or(Error::NotFound("survey"))
}

pub(super) async fn read(tx: &mut Tx, id: Id<Survey>) -> Result<Survey> {
    let found: Option<Survey> = tx.maybe(Sql::select::<Survey>("FROM surveys v WHERE v.id = $1").bind(id)).await?;
    found.ok_or(Error::NotFound("survey"))
}

/// A survey to be made.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewSurvey {
    /// Its name in Persian.
    pub name_fa: Option<String>,
    /// Its name in Arabic.
    pub name_ar: Option<String>,
    /// Its name in English.
    pub name_en: Option<String>,
    /// What it asks, in order; whether they would recommend us and why unless given, and of a guide four questions in words.
    pub kinds: Option<Vec<QuestionKind>>,
    /// Whether it is a guide for talks, which nobody is invited to.
    pub is_guide: bool,
}

/// The names of three languages; of one that is not given the usual one.
fn names(ctx: &Ctx, given: [Option<&str>; 3], problems: &mut Fields) -> [String; 3] {
    let fields = [("name_fa", Lang::Fa), ("name_ar", Lang::Ar), ("name_en", Lang::En)];
    let mut read = |place: usize| {
        let (field, lang) = fields[place];
        match given[place].map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => problems.take(checked_line(name, field, NAME_MAX)).unwrap_or_default(),
            None => Loc::new(Prefs::of(lang), ctx.now()).t("surveys-usual-name"),
        }
    };
    [read(0), read(1), read(2)]
}

/// Makes a draft, with questions in their usual words.
///
/// # Errors
/// For a name that is too long, or a kind that is asked twice.
pub async fn create(ctx: &Ctx, new: NewSurvey) -> Result<SurveySeen> {
    let writer = writer(ctx, Act::Create)?;
    let mut problems = Fields::default();
    let [fa, ar, en] = names(ctx, [new.name_fa.as_deref(), new.name_ar.as_deref(), new.name_en.as_deref()], &mut problems);
    let usual = if new.is_guide { Vec::new() } else { vec![QuestionKind::Nps, QuestionKind::Open] };
    let talks = new.is_guide && new.kinds.as_ref().is_none_or(Vec::is_empty);
    let kinds = new.kinds.unwrap_or(usual);
    if kinds.iter().enumerate().any(|(place, kind)| kinds[..place].contains(kind)) {
        problems.add("kinds", "surveys-kind-twice");
    }
    problems.check()?;
    let mut tx = writer.begin().await?;
    let id: Id<Survey> = ctx.id();
    insert(&mut tx, ctx, id, id, 1, [&fa, &ar, &en], &fresh_token(), new.is_guide).await?;
    let mut last = 0;
    if talks {
        questions::append_guide(&mut tx, ctx, id).await?;
    }
    for kind in kinds {
        questions::append(&mut tx, ctx, id, last, kind).await?;
        last += if kind == QuestionKind::Respect { 3 } else { 1 };
    }
    events::record(&mut tx, ctx, Event::of("survey.created", id, json!({"name": fa}))).await?;
    tx.commit().await?;
    get(ctx, SurveyId { id }).await
}

#[expect(clippy::too_many_arguments, reason = "the columns of a row")]
async fn insert(
    tx: &mut Tx,
    ctx: &Ctx,
    id: Id<Survey>,
    family: Id<Survey>,
    version: i64,
    names: [&str; 3],
    token: &str,
    is_guide: bool,
) -> Result<()> {
    tx.run(
        sql("INSERT INTO surveys (id, family_id, version, state, name_fa, name_ar, name_en, open_token, created_by, created_at, is_guide)
             VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, $10)")
        .bind(id)
        .bind(family)
        .bind(version)
        .bind(names[0])
        .bind(names[1])
        .bind(names[2])
        .bind(token)
        .bind(ctx.actor.user())
        .bind(ctx.now())
        .bind(is_guide),
    )
    .await?;
    Ok(())
}

/// Which survey.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyId {
    /// Its id.
    pub id: Id<Survey>,
}

/// A survey with its questions.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn get(ctx: &Ctx, input: SurveyId) -> Result<SurveySeen> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let found: Option<Survey> = reader.db.maybe(Sql::select::<Survey>("FROM surveys v WHERE v.id = $1").bind(input.id)).await?;
    let survey = found.ok_or(Error::NotFound("survey"))?;
    Ok(SurveySeen { questions: reader.db.all(questions::of_survey(input.id)).await?, survey })
}

/// Which surveys.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListSurveys {
    /// Only those that stand so.
    pub state: Option<SurveyState>,
    /// Only the versions of this one, by the id of the first.
    pub family_id: Option<Id<Survey>>,
    /// Only guides for talks, or only what customers are asked themselves.
    pub is_guide: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Surveys, the newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListSurveys) -> Result<Page<Survey>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Survey>("FROM surveys v WHERE 1 = 1");
    if let Some(state) = input.state {
        query.push(" AND v.state = ").arg(state);
    }
    if let Some(family) = input.family_id {
        query.push(" AND v.family_id = ").arg(family);
    }
    if let Some(is_guide) = input.is_guide {
        query.push(" AND v.is_guide = ").arg(is_guide);
    }
    if let Some(after) = &input.after {
        let id: Id<Survey> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND v.id < ").arg(id);
    }
    query.push(" ORDER BY v.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Survey> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| last.id.to_string()))
}

/// New names; what is absent stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSurvey {
    /// Which.
    pub id: Id<Survey>,
    /// Its name in Persian.
    pub name_fa: Option<String>,
    /// Its name in Arabic.
    pub name_ar: Option<String>,
    /// Its name in English.
    pub name_en: Option<String>,
}

/// Renames a draft.
///
/// # Errors
/// For a survey that is no draft, and for a name that is missing or too long.
pub async fn change(ctx: &Ctx, input: ChangeSurvey) -> Result<SurveySeen> {
    let writer = writer(ctx, Act::Change)?;
    let mut problems = Fields::default();
    let mut read = |name: &Option<String>, field| name.as_deref().and_then(|name| problems.take(checked_line(name, field, NAME_MAX)));
    let (fa, ar, en) = (read(&input.name_fa, "name_fa"), read(&input.name_ar, "name_ar"), read(&input.name_en, "name_en"));
    problems.check()?;
    let mut tx = writer.begin().await?;
    draft(&mut tx, input.id).await?;
    tx.run(
        sql("UPDATE surveys SET name_fa = COALESCE($1, name_fa), name_ar = COALESCE($2, name_ar), name_en = COALESCE($3, name_en) WHERE id = $4")
            .bind(fa)
            .bind(ar)
            .bind(en)
            .bind(input.id),
    )
    .await?;
    events::record(&mut tx, ctx, Event::of("survey.changed", input.id, json!({"renamed": true}))).await?;
    tx.commit().await?;
    get(ctx, SurveyId { id: input.id }).await
}

/// Opens a draft to answers; the version before, if it is open, is closed, and its invitations go on to be answered.
///
/// # Errors
/// For a survey that is no draft, or without a question.
pub async fn publish(ctx: &Ctx, input: SurveyId) -> Result<SurveySeen> {
    let writer = writer(ctx, Act::Change)?;
    let mut tx = writer.begin().await?;
    draft(&mut tx, input.id).await?;
    let asked: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM survey_questions WHERE survey_id = $1 LIMIT 1").bind(input.id)).await?;
    if asked.is_none() {
        return Err(Problem::new("", "surveys-without-question").into());
    }
    tx.run(
        sql("UPDATE surveys SET state = 'closed', closed_at = $1
             WHERE state = 'live' AND family_id = (SELECT family_id FROM surveys WHERE id = $2)")
        .bind(ctx.now())
        .bind(input.id),
    )
    .await?;
    tx.run(sql("UPDATE surveys SET state = 'live', live_at = $1 WHERE id = $2").bind(ctx.now()).bind(input.id)).await?;
    events::record(&mut tx, ctx, Event::of("survey.published", input.id, json!({}))).await?;
    tx.commit().await?;
    get(ctx, input).await
}

/// Closes a survey: its links say so from now on.
///
/// # Errors
/// For a survey that is not open.
pub async fn close(ctx: &Ctx, input: SurveyId) -> Result<SurveySeen> {
    let writer = writer(ctx, Act::Change)?;
    let mut tx = writer.begin().await?;
    if hold(&mut tx, input.id).await? != SurveyState::Live {
        return Err(Problem::new("", "surveys-not-live").into());
    }
    tx.run(sql("UPDATE surveys SET state = 'closed', closed_at = $1 WHERE id = $2").bind(ctx.now()).bind(input.id)).await?;
    events::record(&mut tx, ctx, Event::of("survey.closed", input.id, json!({}))).await?;
    tx.commit().await?;
    get(ctx, input).await
}

/// Makes the next version of a survey that was opened: a draft with the same questions. Where there is one already, that one.
///
/// # Errors
/// For a survey that is still a draft.
pub async fn revise(ctx: &Ctx, input: SurveyId) -> Result<SurveySeen> {
    let writer = writer(ctx, Act::Create)?;
    let mut tx = writer.begin().await?;
    if hold(&mut tx, input.id).await? == SurveyState::Draft {
        return Err(Problem::new("", "surveys-still-draft").into());
    }
    let before = read(&mut tx, input.id).await?;
    let newest: Survey = tx
        .one(Sql::select::<Survey>("FROM surveys v WHERE v.family_id = $1 ORDER BY v.version DESC LIMIT 1").bind(before.family_id))
        .await?;
    if newest.state == SurveyState::Draft {
        return get(ctx, SurveyId { id: newest.id }).await;
    }
    let id: Id<Survey> = ctx.id();
    let names = [&*before.name_fa, &*before.name_ar, &*before.name_en];
    insert(&mut tx, ctx, id, before.family_id, newest.version + 1, names, &before.open_token, before.is_guide).await?;
    let questions: Vec<Question> = tx.all(questions::of_survey(input.id)).await?;
    for question in questions {
        questions::insert(&mut tx, &Question { id: ctx.id(), survey_id: id, ..question }).await?;
    }
    events::record(&mut tx, ctx, Event::of("survey.created", id, json!({"name": before.name_fa, "version": newest.version + 1}))).await?;
    tx.commit().await?;
    get(ctx, SurveyId { id }).await
}

/// The operations of surveys.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Service, Act::See));
    let create_perm = Some(Perm(Room::Service, Act::Create));
    let change_perm = Some(Perm(Room::Service, Act::Change));
    ops.add("surveys.create", "POST /surveys", create_perm, "Makes a survey, as a draft with questions in their usual words.", create)
        .example(|| json!({"name_fa": "پس از خرید", "name_en": "After a purchase", "kinds": ["nps", "csat", "open"]}));
    ops.add("surveys.list", "GET /surveys", see, "Surveys, the newest first.", list).example(|| json!({"state": "live"}));
    ops.add("surveys.get", "GET /surveys/{id}", see, "A survey with its questions.", get);
    ops.add("surveys.change", "PUT /surveys/{id}", change_perm, "Renames a draft; absent fields stay.", change)
        .example(|| json!({"name_en": "After a visit"}));
    ops.add(
        "surveys.publish",
        "POST /surveys/{id}/publish",
        change_perm,
        "Opens a draft to answers; the version before is closed.",
        publish,
    );
    ops.add("surveys.close", "POST /surveys/{id}/close", change_perm, "Closes a survey.", close);
    ops.add("surveys.revise", "POST /surveys/{id}/revise", create_perm, "Makes the next version of a survey, as a draft.", revise);
}
