//! Talks with customers that follow a guide. What they answer goes where all answers go; who held the talk, with whom and
//! when is kept beside it, and what was worth remembering word for word as quotes.

use super::fill::{self, Reply, SheetDoor, Who};
use super::questions::{self, Question, QuestionKind};
use super::quotes::{self, NewQuote, Quote};
use super::sheets::Sheet;
use super::surveys::{self, Survey, SurveyState};
use crate::interactions::{Channel, moment};
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::text::{Lang, clean_line};
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use jiff::civil::time;
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of who was talked to.
const WITH_MAX: usize = 120;
/// Minutes of the longest talk that is believed.
const MINUTES_MAX: i64 = 8 * 60;
/// Quotes that come with a talk; more are added to it afterwards.
const QUOTES_MAX: usize = 30;

row! {
    /// A talk.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct Interview {
        /// Its id, which is that of its answers.
        pub id: Id<Sheet> = "i.sheet_id",
        /// The guide.
        pub survey_id: Id<Survey> = "f.survey_id",
        /// Its name in Persian.
        pub name_fa: String = "v.name_fa",
        /// Its name in Arabic.
        pub name_ar: String = "v.name_ar",
        /// Its name in English.
        pub name_en: String = "v.name_en",
        /// The customer.
        pub party_id: Id<Party> = "i.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// Whom of them, where the customer is an organisation.
        pub with_whom: Option<String> = "i.with_whom",
        /// Who held it.
        pub held_by_id: Id<User> = "i.held_by",
        /// Their name.
        pub held_by: String = "u.name",
        /// When.
        pub held_at: Instant = "i.held_at",
        /// By which way.
        pub channel: Option<Channel> = "i.channel",
        /// How many minutes it took.
        pub minutes: Option<i64> = "i.minutes",
        /// What was answered in words.
        pub words: Option<String> = "f.words",
        /// How many quotes were taken of it.
        pub quotes: i64 = "(SELECT COUNT(*) FROM quotes q WHERE q.sheet_id = i.sheet_id)",
    }
}

const FROM: &str = "FROM interviews i JOIN survey_sheets f ON f.id = i.sheet_id JOIN surveys v ON v.id = f.survey_id
    JOIN parties p ON p.id = i.party_id JOIN users u ON u.id = i.held_by WHERE 1 = 1";

impl Interview {
    /// The name of its guide in a language.
    #[must_use]
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fa => &self.name_fa,
            Lang::Ar => &self.name_ar,
            Lang::En => &self.name_en,
        }
    }
}

row! {
    /// A question of a talk with what was answered.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct Answered {
        /// The question.
        pub question_id: Id<Question> = "g.id",
        /// What it asks for.
        pub kind: QuestionKind = "g.kind",
        /// Its words in Persian.
        pub text_fa: String = "g.text_fa",
        /// Its words in Arabic.
        pub text_ar: String = "g.text_ar",
        /// Its words in English.
        pub text_en: String = "g.text_en",
        /// The step of its scale.
        pub score: Option<i64> = "a.score",
        /// The words.
        pub text: Option<String> = "a.text",
    }
}

impl Answered {
    /// The question in a language.
    #[must_use]
    pub fn asked(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fa => &self.text_fa,
            Lang::Ar => &self.text_ar,
            Lang::En => &self.text_en,
        }
    }
}

/// A talk with its answers and quotes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InterviewSeen {
    /// The talk.
    #[serde(flatten)]
    pub interview: Interview,
    /// All questions of its guide, in their order; those that were not answered have neither step nor words.
    pub answers: Vec<Answered>,
    /// What was quoted of it, in the order in which it was written down.
    pub taken: Vec<Quote>,
}

/// A talk to be written down.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordInterview {
    /// The guide; it has to be open.
    pub survey_id: Id<Survey>,
    /// The customer.
    pub party_id: Option<Id<Party>>,
    /// The customer, by any identity key, phone or code.
    pub customer: Option<String>,
    /// Whom of them, where the customer is an organisation.
    pub with_whom: Option<String>,
    /// Who held it; the caller unless given.
    pub held_by: Option<Id<User>>,
    /// When: a date with or without a time in the caller's calendar, or RFC 3339; now unless given. A date alone means noon.
    pub held_at: Option<String>,
    /// By which way.
    pub channel: Option<Channel>,
    /// How many minutes it took.
    pub minutes: Option<i64>,
    /// The answers.
    pub answers: Vec<Reply>,
    /// What was said word for word.
    #[serde(default)]
    pub quotes: Vec<NewQuote>,
}

/// When a talk was held; not later than now, and a day alone means noon, or now where noon is still to come.
fn held_at(ctx: &Ctx, text: Option<&str>) -> Result<Instant, Problem> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(ctx.now()) };
    let at = moment(ctx, "held_at", text, time(12, 0, 0, 0))?;
    if at <= ctx.now() {
        return Ok(at);
    }
    let zone = &ctx.prefs.time_zone;
    if at.day(zone) == ctx.today() { Ok(ctx.now()) } else { Err(Problem::new("held_at", "interviews-future")) }
}

/// Writes a talk down: its answers where all answers are, and its quotes. A bad answer opens a case, as any does.
///
/// # Errors
/// For a survey that is no guide or not open, a customer out of sight, a colleague who does not work here, a moment to come,
/// and for answers that do not fit, at field `q-` with the question's id.
pub async fn record(ctx: &Ctx, input: RecordInterview) -> Result<InterviewSeen> {
    let writer = ctx.write(Perm(Room::Service, Act::Create))?;
    let mut problems = Fields::default();
    let held_at = problems.take(held_at(ctx, input.held_at.as_deref())).unwrap_or(ctx.now());
    let with_whom = input.with_whom.as_deref().and_then(|name| {
        let line = clean_line(name, WITH_MAX).map_err(|problem| Problem::new("with_whom", problem.key()).with("max", WITH_MAX));
        problems.take(line).filter(|line| !line.is_empty())
    });
    if input.minutes.is_some_and(|minutes| !(1..=MINUTES_MAX).contains(&minutes)) {
        problems.0.push(Problem::new("minutes", "input-range").with("min", 1).with("max", MINUTES_MAX));
    }
    if input.quotes.len() > QUOTES_MAX {
        problems.0.push(Problem::new("quotes", "interviews-quotes-many").with("max", QUOTES_MAX));
    }
    let taken: Vec<_> = input.quotes.iter().filter_map(|quote| problems.take(quotes::checked(quote))).collect();
    problems.check()?;
    let held_by = input.held_by.or(ctx.actor.user()).ok_or_else(|| Error::invalid("held_by", "input-needed"))?;
    let mut tx = writer.begin().await?;
    let survey = surveys::read(&mut tx, input.survey_id).await?;
    if !survey.is_guide {
        return Err(Problem::new("survey_id", "interviews-no-guide").into());
    }
    if survey.state != SurveyState::Live {
        return Err(Problem::new("survey_id", "surveys-not-live").into());
    }
    let works_here: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM users WHERE id = $1").bind(held_by)).await?;
    works_here.ok_or_else(|| Problem::new("held_by", "input-choice"))?;
    let questions: Vec<Question> = tx.all(questions::of_survey(survey.id)).await?;
    let given = fill::checked(&questions, &input.answers)?;
    let party = whom::need(&mut tx, ctx, &writer.sight, input.party_id, input.customer.as_deref()).await?;
    let day: Day = held_at.day(&ctx.app.organisation().await?.zone());
    let who = Who {
        survey,
        invitation: None,
        party: Some(party.id),
        door: SheetDoor::Interview,
        lang: ctx.prefs.lang,
        day,
        at: held_at,
        sitting: None,
        address_key: None,
        taken_by: Some(held_by),
    };
    let id = fill::store(&mut tx, ctx, &who, &given, None).await?;
    tx.run(
        sql("INSERT INTO interviews (sheet_id, party_id, held_by, held_at, channel, with_whom, minutes) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(id)
            .bind(party.id)
            .bind(held_by)
            .bind(held_at)
            .bind(input.channel)
            .bind(&with_whom)
            .bind(input.minutes),
    )
    .await?;
    let data = json!({"survey": who.survey.id, "held_by": held_by, "with": with_whom, "quotes": taken.len()});
    events::record(&mut tx, ctx, Event::of_party("interview.recorded", party.id, data).about(id)).await?;
    for quote in taken {
        quotes::put(&mut tx, ctx, id, Some(party.id), quote).await?;
    }
    let seen = read(&mut tx, id).await?;
    tx.commit().await?;
    Ok(seen)
}

async fn read(tx: &mut Tx, id: Id<Sheet>) -> Result<InterviewSeen> {
    let mut query = Sql::select::<Interview>(FROM);
    query.push(" AND i.sheet_id = ").arg(id);
    let interview = tx.one(query).await?;
    let answers = tx.all(answers(id)).await?;
    let taken = tx.all(quotes::of_sheet(id)).await?;
    let tags = if taken.is_empty() { Vec::new() } else { tx.all(quotes::tags_of(&taken)).await? };
    Ok(InterviewSeen { interview, answers, taken: quotes::tagged(taken, tags) })
}

fn answers(id: Id<Sheet>) -> Sql {
    Sql::select::<Answered>(
        "FROM survey_sheets f JOIN survey_questions g ON g.survey_id = f.survey_id
         LEFT JOIN survey_answers a ON a.sheet_id = f.id AND a.question_id = g.id WHERE f.id = $1 ORDER BY g.position, g.id",
    )
    .bind(id)
}

/// Which talk.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterviewId {
    /// Its id.
    pub id: Id<Sheet>,
}

/// A talk with its answers and quotes.
///
/// # Errors
/// [`Error::NotFound`] outside of sight.
pub async fn get(ctx: &Ctx, input: InterviewId) -> Result<InterviewSeen> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let mut query = Sql::select::<Interview>(FROM);
    reader.sight.parties(&mut query);
    query.push(" AND i.sheet_id = ").arg(input.id);
    let interview = reader.db.maybe(query).await?.ok_or(Error::NotFound("interview"))?;
    let answers = reader.db.all(answers(input.id)).await?;
    let taken = reader.db.all(quotes::of_sheet(input.id)).await?;
    let tags = if taken.is_empty() { Vec::new() } else { reader.db.all(quotes::tags_of(&taken)).await? };
    Ok(InterviewSeen { interview, answers, taken: quotes::tagged(taken, tags) })
}

/// Which talks.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListInterviews {
    /// Only with this customer.
    pub party_id: Option<Id<Party>>,
    /// Only those that this colleague held.
    pub held_by: Option<Id<User>>,
    /// Only those of which something was quoted with this tag.
    pub tag: Option<String>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Talks, the latest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListInterviews) -> Result<Page<Interview>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Interview>(FROM);
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND i.party_id = ").arg(party);
    }
    if let Some(colleague) = input.held_by {
        query.push(" AND i.held_by = ").arg(colleague);
    }
    if let Some(tag) = &input.tag {
        query.push(
            " AND EXISTS (SELECT 1 FROM quotes q JOIN quote_tags t ON t.quote_id = q.id WHERE q.sheet_id = i.sheet_id AND t.tag_key = ",
        );
        query.arg(quotes::key(tag)).push(")");
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Sheet>(after)?;
        query.push(" AND (i.held_at, i.sheet_id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY i.held_at DESC, i.sheet_id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Interview> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.held_at, last.id)))
}

/// The operations of talks.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Service, Act::See));
    ops.add(
        "interviews.record",
        "POST /interviews",
        Some(Perm(Room::Service, Act::Create)),
        "Writes a talk by a guide down: answers, who held it with whom and when, and quotes with tags.",
        record,
    )
    .example(|| {
        json!({
            "survey_id": "01920000-0000-7000-8000-000000000000",
            "customer": "09121234567",
            "channel": "in_person",
            "minutes": 40,
            "answers": [{"question_id": "01920000-0000-7000-8000-000000000001", "text": "از دوستم شنیدم و آمدم."}],
            "quotes": [{"text": "کاش پنج‌شنبه‌ها تا دیرتر باز بودید.", "tags": ["ساعت کار"]}]
        })
    });
    ops.add("interviews.list", "GET /interviews", see, "Talks by a guide, the latest first.", list).example(|| json!({"tag": "ساعت کار"}));
    ops.add("interviews.get", "GET /interviews/{id}", see, "A talk with its answers and quotes.", get);
}
