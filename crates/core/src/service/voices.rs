//! Who said what a piece of feedback is about, where they said it, and who of them was told what came of it.

use super::feedback::{Feedback, FeedbackRow, ended};
use super::quotes::{self, Quote};
use super::sheets::{Sheet, within};
use super::{Case, feedback};
use crate::ideas::Idea;
use crate::interactions::Channel;
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_text;
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of what one customer said.
const WORDS_MAX: usize = 600;
/// Customers who are marked as told at once.
const TOLD_MAX: usize = 200;

peyvand_db::words! {
    /// Where a customer said it.
    pub enum VoiceSource {
        /// In a quote of a talk or a survey.
        Quote = "quote",
        /// In a filled-in survey.
        Answer = "answer",
        /// In a complaint, a praise or a question.
        Case = "case",
        /// In an idea.
        Idea = "idea",
        /// To one of us.
        Told = "told",
    }
}

/// A voice to be added: exactly one of quote, answer, case, idea, or a customer with or without their words.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddVoice {
    /// To which piece of feedback.
    pub id: Id<Feedback>,
    /// A quote.
    pub quote_id: Option<Id<Quote>>,
    /// A filled-in survey.
    pub sheet_id: Option<Id<Sheet>>,
    /// A case.
    pub case_id: Option<Id<Case>>,
    /// An idea.
    pub idea_id: Option<Id<Idea>>,
    /// A customer who said it to one of us.
    pub party_id: Option<Id<Party>>,
    /// A customer who said it to one of us, by any identity key, phone or code.
    pub customer: Option<String>,
    /// With `party_id` or `customer`: what they said.
    pub words: Option<String>,
}

/// Whose voice it is, and where it is found.
struct Found {
    party: Id<Party>,
    source: VoiceSource,
    id: uuid::Uuid,
    words: Option<String>,
}

row! {
    struct Of {
        party_id: Option<Id<Party>> = "p.id",
    }
}

/// The customer of what the query asks for, within sight.
async fn party_of(tx: &mut Tx, query: Sql, what: &'static str) -> Result<Id<Party>> {
    let found: Of = tx.maybe(query).await?.ok_or(Error::NotFound(what))?;
    found.party_id.ok_or_else(|| Problem::new("", "feedback-nobody").into())
}

async fn find(tx: &mut Tx, ctx: &Ctx, sight: &Sight, input: &AddVoice) -> Result<Found> {
    let given = [
        input.quote_id.is_some(),
        input.sheet_id.is_some(),
        input.case_id.is_some(),
        input.idea_id.is_some(),
        input.party_id.is_some() || input.customer.as_deref().is_some_and(|key| !key.trim().is_empty()),
    ];
    if given.into_iter().filter(|is_given| *is_given).count() != 1 {
        return Err(Problem::new("customer", "feedback-one-voice").into());
    }
    if let Some(id) = input.quote_id {
        let quote = quotes::hold(tx, sight, id).await?;
        let party = quote.party_id.ok_or_else(|| Problem::new("", "feedback-nobody"))?;
        return Ok(Found { party, source: VoiceSource::Quote, id: id.0, words: None });
    }
    if let Some(id) = input.sheet_id {
        let mut query = Sql::select::<Of>("FROM survey_sheets f LEFT JOIN parties p ON p.id = f.party_id WHERE 1 = 1");
        within(sight, &mut query);
        query.push(" AND f.id = ").arg(id);
        return Ok(Found { party: party_of(tx, query, "answer").await?, source: VoiceSource::Answer, id: id.0, words: None });
    }
    if let Some(id) = input.case_id {
        let mut query = Sql::select::<Of>("FROM cases c JOIN parties p ON p.id = c.party_id WHERE 1 = 1");
        sight.parties(&mut query);
        query.push(" AND c.id = ").arg(id);
        return Ok(Found { party: party_of(tx, query, "case").await?, source: VoiceSource::Case, id: id.0, words: None });
    }
    if let Some(id) = input.idea_id {
        let mut query = Sql::select::<Of>("FROM ideas d LEFT JOIN parties p ON p.id = d.party_id WHERE 1 = 1");
        sight.parties(&mut query);
        query.push(" AND d.id = ").arg(id);
        return Ok(Found { party: party_of(tx, query, "idea").await?, source: VoiceSource::Idea, id: id.0, words: None });
    }
    let words = clean_text(input.words.as_deref().unwrap_or_default(), WORDS_MAX)
        .map_err(|problem| Problem::new("words", problem.key()).with("max", WORDS_MAX))?;
    let party = whom::need(tx, ctx, sight, input.party_id, input.customer.as_deref()).await?;
    let id: Id<Feedback> = ctx.id();
    Ok(Found { party: party.id, source: VoiceSource::Told, id: id.0, words: Some(words).filter(|words| !words.is_empty()) })
}

/// Adds a customer who said it, and where they said it. The same source twice changes nothing, and who said it in two places
/// is one customer.
///
/// # Errors
/// [`Error::NotFound`] for what is out of sight; when not exactly one source is given, or nobody is known behind it.
pub async fn add(ctx: &Ctx, input: AddVoice) -> Result<Feedback> {
    let writer = ctx.write(Perm(Room::Service, Act::Create))?;
    let mut tx = writer.begin().await?;
    let known: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM feedback WHERE id = $1 {for_update}").bind(input.id)).await?;
    known.ok_or(Error::NotFound("feedback"))?;
    let found = find(&mut tx, ctx, &writer.sight, &input).await?;
    let id: Id<Feedback> = if found.source == VoiceSource::Told { Id::new(found.id) } else { ctx.id() };
    let added = tx
        .run(
            sql("INSERT INTO feedback_voices (id, feedback_id, party_id, source, source_id, words, created_by, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (feedback_id, source, source_id) DO NOTHING")
            .bind(id)
            .bind(input.id)
            .bind(found.party)
            .bind(found.source)
            .bind(found.id)
            .bind(&found.words)
            .bind(ctx.actor.user())
            .bind(ctx.now()),
        )
        .await?;
    if added > 0 {
        tx.run(
            sql("INSERT INTO feedback_customers (feedback_id, party_id, created_at) VALUES ($1, $2, $3)
                 ON CONFLICT (feedback_id, party_id) DO NOTHING")
            .bind(input.id)
            .bind(found.party)
            .bind(ctx.now()),
        )
        .await?;
        let data = json!({"source": found.source, "words": found.words});
        events::record(&mut tx, ctx, Event::of_party("feedback.voiced", found.party, data).about(input.id)).await?;
    }
    ended(tx, &writer.sight, input.id).await
}

row! {
    /// A customer who said it.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct FeedbackCustomer {
        /// Who.
        pub party_id: Id<Party> = "c.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// When they were told what came of it.
        pub told_at: Option<Instant> = "c.told_at",
        /// Who told them.
        pub told_by: Option<String> = "u.name",
        /// By which way.
        pub channel: Option<Channel> = "c.channel",
        /// Where they said it first.
        pub source: VoiceSource = "v.source",
        /// The quote, answer, case or idea.
        pub source_id: uuid::Uuid = "v.source_id",
        /// What they said, of a quote, an answer, a case or an idea its words.
        pub words: Option<String> = "COALESCE(v.words, (SELECT q.text FROM quotes q WHERE q.id = v.source_id AND v.source = 'quote'),
            (SELECT f.words FROM survey_sheets f WHERE f.id = v.source_id AND v.source = 'answer'),
            (SELECT k.text FROM cases k WHERE k.id = v.source_id AND v.source = 'case'),
            (SELECT d.text FROM ideas d WHERE d.id = v.source_id AND v.source = 'idea'))",
        /// When that was written down.
        pub said_at: Instant = "v.created_at",
    }
}

/// The first voice of each customer stands for them.
const CUSTOMERS: &str = "FROM feedback_customers c JOIN parties p ON p.id = c.party_id LEFT JOIN users u ON u.id = c.told_by
    JOIN feedback_voices v ON v.id = (SELECT w.id FROM feedback_voices w WHERE w.feedback_id = c.feedback_id AND w.party_id = c.party_id
      ORDER BY w.id LIMIT 1) WHERE 1 = 1";

/// Who said it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFeedbackCustomers {
    /// Which piece of feedback.
    pub id: Id<Feedback>,
    /// Only those who were told, or only those who were not.
    pub told: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// The customers who said it, as far as the caller may know of them.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn customers(ctx: &Ctx, input: ListFeedbackCustomers) -> Result<Page<FeedbackCustomer>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<FeedbackCustomer>(CUSTOMERS);
    reader.sight.parties(&mut query);
    query.push(" AND c.feedback_id = ").arg(input.id);
    match input.told {
        Some(true) => query.push(" AND c.told_at IS NOT NULL"),
        Some(false) => query.push(" AND c.told_at IS NULL"),
        None => &mut query,
    };
    if let Some(after) = &input.after {
        let id: Id<Party> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND c.party_id > ").arg(id);
    }
    query.push(" ORDER BY c.party_id LIMIT ").arg(limit + 1);
    let rows: Vec<FeedbackCustomer> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| last.party_id.to_string()))
}

/// Who was told.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TellCustomers {
    /// What came of which piece of feedback.
    pub id: Id<Feedback>,
    /// Whom, at most 200 at once.
    pub party_ids: Vec<Id<Party>>,
    /// By which way.
    pub channel: Option<Channel>,
}

/// Notes who was told what came of what they said; it stands in their history with the words of the reply. Who was told
/// already stays as they are.
///
/// # Errors
/// [`Error::NotFound`] for a piece that there is not; before there is something to tell, for nobody or too many.
pub async fn tell(ctx: &Ctx, input: TellCustomers) -> Result<Feedback> {
    let writer = ctx.write(Perm(Room::Service, Act::Create))?;
    if input.party_ids.is_empty() {
        return Err(Problem::new("party_ids", "feedback-choose").into());
    }
    if input.party_ids.len() > TOLD_MAX {
        return Err(Problem::new("party_ids", "feedback-choose-fewer").with("max", TOLD_MAX).into());
    }
    let mut tx = writer.begin().await?;
    tx.maybe::<(i64,)>(sql("SELECT 1 FROM feedback WHERE id = $1 {for_update}").bind(input.id)).await?;
    let of: FeedbackRow = feedback::row(&mut tx, input.id).await?;
    if !of.state.is_over() {
        return Err(Problem::new("", "feedback-nothing-to-tell").into());
    }
    let mut query = sql("UPDATE feedback_customers SET told_at = ");
    query.arg(ctx.now()).push(", told_by = ").arg(ctx.actor.user()).push(", channel = ").arg(input.channel);
    query
        .push(" WHERE feedback_id = ")
        .arg(input.id)
        .push(" AND told_at IS NULL AND party_id IN (SELECT p.id FROM parties p WHERE p.id IN ");
    query.list_padded(&input.party_ids);
    writer.sight.parties(&mut query);
    query.push(") RETURNING party_id");
    let told: Vec<(Id<Party>,)> = tx.all(query).await?;
    let data = json!({"said": of.said, "state": of.state, "text": of.reply, "channel": input.channel});
    let events = told.into_iter().map(|(party,)| Event::of_party("feedback.told", party, data.clone()).about(input.id)).collect();
    events::record_all(&mut tx, ctx, events).await?;
    ended(tx, &writer.sight, input.id).await
}

row! {
    /// What came of something that a customer said.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct SaidByCustomer {
        /// The piece of feedback.
        pub id: Id<Feedback> = "k.id",
        /// What they said.
        pub said: String = "k.said",
        /// How far it is.
        pub state: feedback::FeedbackState = "k.state",
        /// What they are told.
        pub reply: Option<String> = "k.reply",
        /// Who looks after it.
        pub owner_id: Option<Id<User>> = "k.owner_id",
        /// When they were told.
        pub told_at: Option<Instant> = "c.told_at",
    }
}

/// Whose.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfCustomer {
    /// The customer.
    pub party_id: Id<Party>,
}

/// What came of what a customer said: first what they are still to be told. At most 20.
///
/// # Errors
/// Without the right.
pub async fn of_customer(ctx: &Ctx, input: OfCustomer) -> Result<Vec<SaidByCustomer>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let mut query = Sql::select::<SaidByCustomer>(
        "FROM feedback_customers c JOIN feedback k ON k.id = c.feedback_id JOIN parties p ON p.id = c.party_id WHERE c.party_id = ",
    );
    query.arg(input.party_id);
    reader.sight.parties(&mut query);
    query.push(
        " ORDER BY CASE WHEN k.state IN ('done', 'declined') AND c.told_at IS NULL THEN 0 WHEN c.told_at IS NULL THEN 1 ELSE 2 END,
           k.state_at DESC, k.id DESC LIMIT 20",
    );
    Ok(reader.db.all(query).await?)
}

/// The operations of voices.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Service, Act::See));
    let create = Some(Perm(Room::Service, Act::Create));
    ops.add("feedback.add_voice", "POST /feedback/{id}/voices", create, "Adds a customer who said it, and where they said it.", add)
        .example(|| json!({"customer": "09121234567", "words": "پنج‌شنبه عصر آمدم و بسته بودید."}));
    ops.add("feedback.customers", "GET /feedback/{id}/customers", see, "The customers who said it, and who of them was told.", customers)
        .example(|| json!({"told": false}));
    ops.add("feedback.tell", "POST /feedback/{id}/tell", create, "Notes which customers were told what came of what they said.", tell)
        .example(|| json!({"party_ids": ["01920000-0000-7000-8000-000000000000"], "channel": "phone"}));
    ops.add("feedback.of_customer", "GET /parties/{party_id}/feedback", see, "What came of what a customer said.", of_customer);
}
