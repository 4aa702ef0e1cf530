//! What customers said, word for word, with tags by which it is found again. A quote comes of a talk or of any filled-in
//! survey, and may become an idea or a case, or a voice of a piece of feedback.

use super::cases::{self, Case, CaseKind, Fresh, checked_severity};
use super::clock::Clock;
use super::sheets::{Sheet, within};
use crate::ideas::{self, Idea};
use crate::interactions::{Channel, check_terms};
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::text::{clean_line, clean_text, search_key};
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a quote: it is a sentence or two, not the whole talk.
const TEXT_MAX: usize = 600;
/// Characters of a tag.
const TAG_MAX: usize = 40;
/// Tags of a quote.
const TAGS_MAX: usize = 6;
/// Tags that are listed.
const TAGS_LISTED: i64 = 100;

row! {
    /// A quote as it is stored.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct QuoteRow {
        /// Its id.
        pub id: Id<Quote> = "q.id",
        /// The filled-in survey it comes of; of a talk its id.
        pub sheet_id: Id<Sheet> = "q.sheet_id",
        /// Whether that was a talk.
        pub is_talk: bool = "f.door = 'interview'",
        /// Who said it, where that is known.
        pub party_id: Option<Id<Party>> = "q.party_id",
        /// Their name.
        pub party: Option<String> = "p.name",
        /// What they said.
        pub text: String = "q.text",
        /// When they said it.
        pub said_at: Instant = "f.at",
        /// The idea that came of it.
        pub idea_id: Option<Id<Idea>> = "q.idea_id",
        /// The case that came of it.
        pub case_id: Option<Id<Case>> = "q.case_id",
        /// When it was written down.
        pub created_at: Instant = "q.created_at",
    }
}

/// A quote with its tags.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Quote {
    /// The quote.
    #[serde(flatten)]
    pub row: QuoteRow,
    /// Its tags.
    pub tags: Vec<String>,
}

const FROM: &str = "FROM quotes q JOIN survey_sheets f ON f.id = q.sheet_id LEFT JOIN parties p ON p.id = q.party_id WHERE 1 = 1";

row! {
    /// A tag of a quote.
    pub(super) struct TagRow {
        quote_id: Id<Quote> = "t.quote_id",
        tag: String = "t.tag",
    }
}

/// The quotes of a filled-in survey, in the order in which they were written down.
pub(super) fn of_sheet(sheet: Id<Sheet>) -> Sql {
    let mut query = Sql::select::<QuoteRow>(FROM);
    query.push(" AND q.sheet_id = ").arg(sheet).push(" ORDER BY q.id");
    query
}

/// The tags of some quotes; there has to be one.
pub(super) fn tags_of(quotes: &[QuoteRow]) -> Sql {
    let ids: Vec<Id<Quote>> = quotes.iter().map(|quote| quote.id).collect();
    let mut query = Sql::select::<TagRow>("FROM quote_tags t WHERE t.quote_id IN ");
    query.list_padded(&ids).push(" ORDER BY t.quote_id, t.tag_key");
    query
}

/// Quotes with their tags.
pub(super) fn tagged(quotes: Vec<QuoteRow>, tags: Vec<TagRow>) -> Vec<Quote> {
    let own = |id: Id<Quote>| tags.iter().filter(|tag| tag.quote_id == id).map(|tag| tag.tag.clone()).collect();
    quotes.into_iter().map(|row| Quote { tags: own(row.id), row }).collect()
}

/// A tag as it is compared: folded, so that spellings of one word meet.
pub(super) fn key(tag: &str) -> String {
    search_key(tag.trim_start_matches('#'))
}

/// What was said, to be written down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewQuote {
    /// In the customer's words.
    pub text: String,
    /// Words by which it is found again, at most six.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// A quote that may be stored: its words, and its tags each with its key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Checked {
    text: String,
    tags: Vec<(String, String)>,
}

/// Tags that may be stored: each once, by its key.
fn checked_tags(tags: &[String]) -> Result<Vec<(String, String)>, Problem> {
    let mut kept: Vec<(String, String)> = Vec::new();
    for tag in tags {
        let tag = clean_line(tag.trim().trim_start_matches('#'), TAG_MAX)
            .map_err(|problem| Problem::new("tags", problem.key()).with("max", TAG_MAX))?;
        let key = key(&tag);
        if !key.is_empty() && kept.iter().all(|(_, known)| *known != key) {
            kept.push((tag, key));
        }
    }
    if kept.len() > TAGS_MAX { Err(Problem::new("tags", "quotes-tags-many").with("max", TAGS_MAX)) } else { Ok(kept) }
}

fn checked_text(text: &str) -> Result<String, Problem> {
    let text = clean_text(text, TEXT_MAX).map_err(|problem| Problem::new("quote", problem.key()).with("max", TEXT_MAX))?;
    if text.is_empty() { Err(Problem::new("quote", "input-needed")) } else { Ok(text) }
}

pub(super) fn checked(new: &NewQuote) -> Result<Checked, Problem> {
    Ok(Checked { text: checked_text(&new.text)?, tags: checked_tags(&new.tags)? })
}

/// Stores a quote of a filled-in survey.
pub(super) async fn put(tx: &mut Tx, ctx: &Ctx, sheet: Id<Sheet>, party: Option<Id<Party>>, quote: Checked) -> Result<Id<Quote>> {
    let id: Id<Quote> = ctx.id();
    tx.run(
        sql("INSERT INTO quotes (id, sheet_id, party_id, text, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(id)
            .bind(sheet)
            .bind(party)
            .bind(&quote.text)
            .bind(ctx.actor.user())
            .bind(ctx.now()),
    )
    .await?;
    put_tags(tx, id, &quote.tags).await?;
    let tags: Vec<&str> = quote.tags.iter().map(|(tag, _)| tag.as_str()).collect();
    let data = json!({"text": quote.text, "tags": tags});
    events::record(tx, ctx, Event { kind: "quote.added", party, subject: Some(id.0), data }).await?;
    Ok(id)
}

async fn put_tags(tx: &mut Tx, id: Id<Quote>, tags: &[(String, String)]) -> Result<()> {
    let rows = tags.iter().map(|(tag, key)| vec![id.to_value(), key.to_value(), tag.to_value()]).collect();
    for statement in Sql::inserts("INSERT INTO quote_tags (quote_id, tag_key, tag) VALUES ", rows, "") {
        tx.run(statement).await?;
    }
    Ok(())
}

/// A quote to be taken of a filled-in survey.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddQuote {
    /// Of which filled-in survey; of a talk its id.
    pub sheet_id: Id<Sheet>,
    /// In the customer's words.
    pub text: String,
    /// Words by which it is found again, at most six.
    #[serde(default)]
    pub tags: Vec<String>,
}

row! {
    struct Of {
        party_id: Option<Id<Party>> = "f.party_id",
    }
}

/// Takes a quote of a talk or of any filled-in survey.
///
/// # Errors
/// [`Error::NotFound`] outside of sight; without words, or with too many tags.
pub async fn add(ctx: &Ctx, input: AddQuote) -> Result<Quote> {
    let writer = ctx.write(Perm(Room::Service, Act::Create))?;
    let quote = checked(&NewQuote { text: input.text, tags: input.tags })?;
    let mut tx = writer.begin().await?;
    let mut query = Sql::select::<Of>("FROM survey_sheets f LEFT JOIN parties p ON p.id = f.party_id WHERE 1 = 1");
    within(&writer.sight, &mut query);
    query.push(" AND f.id = ").arg(input.sheet_id);
    let of: Of = tx.maybe(query).await?.ok_or(Error::NotFound("answer"))?;
    let id = put(&mut tx, ctx, input.sheet_id, of.party_id, quote).await?;
    ended(tx, id).await
}

async fn one(tx: &mut Tx, sight: &Sight, id: Id<Quote>) -> Result<QuoteRow> {
    let mut query = Sql::select::<QuoteRow>(FROM);
    within(sight, &mut query);
    query.push(" AND q.id = ").arg(id);
    tx.maybe(query).await?.ok_or(Error::NotFound("quote"))
}

/// The quote within sight, for what is made of it.
pub(super) async fn hold(tx: &mut Tx, sight: &Sight, id: Id<Quote>) -> Result<QuoteRow> {
    tx.maybe::<(i64,)>(sql("SELECT 1 FROM quotes WHERE id = $1 {for_update}").bind(id)).await?;
    one(tx, sight, id).await
}

async fn ended(mut tx: Tx, id: Id<Quote>) -> Result<Quote> {
    let row = one(&mut tx, &Sight::All, id).await?;
    let tags = tx.all(tags_of(std::slice::from_ref(&row))).await?;
    tx.commit().await?;
    tagged(vec![row], tags).pop().ok_or(Error::NotFound("quote"))
}

/// What changes of a quote; what is absent stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeQuote {
    /// Which.
    pub id: Id<Quote>,
    /// In the customer's words.
    pub text: Option<String>,
    /// All its tags.
    pub tags: Option<Vec<String>>,
}

/// Puts the words or the tags of a quote right.
///
/// # Errors
/// [`Error::NotFound`] outside of sight; without words, or with too many tags.
pub async fn change(ctx: &Ctx, input: ChangeQuote) -> Result<Quote> {
    let writer = ctx.write(Perm(Room::Service, Act::Change))?;
    let text = input.text.as_deref().map(checked_text).transpose()?;
    let tags = input.tags.as_deref().map(checked_tags).transpose()?;
    let mut tx = writer.begin().await?;
    let before = hold(&mut tx, &writer.sight, input.id).await?;
    if let Some(text) = &text {
        tx.run(sql("UPDATE quotes SET text = $1 WHERE id = $2").bind(text).bind(input.id)).await?;
    }
    if let Some(tags) = &tags {
        tx.run(sql("DELETE FROM quote_tags WHERE quote_id = $1").bind(input.id)).await?;
        put_tags(&mut tx, input.id, tags).await?;
    }
    let names = tags.map(|tags| tags.into_iter().map(|(tag, _)| tag).collect::<Vec<_>>());
    let data = json!({"text": text, "tags": names});
    events::record(&mut tx, ctx, Event { kind: "quote.changed", party: before.party_id, subject: Some(input.id.0), data }).await?;
    ended(tx, input.id).await
}

/// Which quote.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteId {
    /// Its id.
    pub id: Id<Quote>,
}

/// Writes a quote down as an idea, once.
///
/// # Errors
/// Without the right to write ideas down; [`Error::NotFound`] outside of sight; for a quote that is an idea already.
pub async fn make_idea(ctx: &Ctx, input: QuoteId) -> Result<Quote> {
    let writer = ctx.write(Perm(Room::Service, Act::Change))?;
    ctx.actor.check(Perm(Room::Interactions, Act::Create))?;
    let mut tx = writer.begin().await?;
    let quote = hold(&mut tx, &writer.sight, input.id).await?;
    if quote.idea_id.is_some() {
        return Err(Problem::new("", "quotes-idea-already").into());
    }
    let idea = ideas::put(&mut tx, ctx, &quote.text, quote.party_id, None).await?;
    tx.run(sql("UPDATE quotes SET idea_id = $1 WHERE id = $2").bind(idea).bind(input.id)).await?;
    ended(tx, input.id).await
}

/// The case that a quote becomes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCaseOfQuote {
    /// Which quote.
    pub id: Id<Quote>,
    /// What the case is; a complaint unless given.
    pub kind: Option<CaseKind>,
    /// What it is about, a word of list `case_reason`.
    pub reason: String,
    /// 1 slight, 2 usual, 3 severe; 2 unless given.
    pub severity: Option<i64>,
}

/// Opens a case with the words of a quote, once.
///
/// # Errors
/// [`Error::NotFound`] outside of sight; for a quote of nobody known, one that is a case already, or a reason that is none.
pub async fn open_case(ctx: &Ctx, input: OpenCaseOfQuote) -> Result<Quote> {
    let writer = ctx.write(Perm(Room::Service, Act::Create))?;
    let severity = checked_severity(input.severity.unwrap_or(2))?;
    let mut tx = writer.begin().await?;
    check_terms(&mut tx, &[("reason", "case_reason", Some(input.reason.as_str()))]).await?;
    let quote = hold(&mut tx, &writer.sight, input.id).await?;
    if quote.case_id.is_some() {
        return Err(Problem::new("", "quotes-case-already").into());
    }
    let Some(party) = quote.party_id else { return Err(Problem::new("", "quotes-nobody").into()) };
    let party = whom::by_id(&mut tx, &writer.sight, party).await?;
    let channel: Option<(Option<Channel>,)> =
        tx.maybe(sql("SELECT channel FROM interviews WHERE sheet_id = $1").bind(quote.sheet_id)).await?;
    let clock = Clock::read(&mut tx, ctx).await?;
    let fresh = Fresh {
        kind: input.kind.unwrap_or(CaseKind::Complaint),
        reason: &input.reason,
        severity,
        channel: channel.and_then(|(channel,)| channel),
        text: &quote.text,
        owner: None,
        sheet: None,
    };
    let case = cases::put(&mut tx, ctx, &clock, &party, fresh).await?;
    tx.run(sql("UPDATE quotes SET case_id = $1 WHERE id = $2").bind(case).bind(input.id)).await?;
    ended(tx, input.id).await
}

/// Which quotes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListQuotes {
    /// Only with this tag, in any spelling of it.
    pub tag: Option<String>,
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Quotes, the newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListQuotes) -> Result<Page<Quote>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<QuoteRow>(FROM);
    within(&reader.sight, &mut query);
    if let Some(tag) = &input.tag {
        query.push(" AND EXISTS (SELECT 1 FROM quote_tags t WHERE t.quote_id = q.id AND t.tag_key = ").arg(key(tag)).push(")");
    }
    if let Some(party) = input.party_id {
        query.push(" AND q.party_id = ").arg(party);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Quote>(after)?;
        query.push(" AND (q.created_at, q.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY q.created_at DESC, q.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<QuoteRow> = reader.db.all(query).await?;
    let Page { items, next } = Page::cut(rows, limit, |last| cursor_at(last.created_at, last.id));
    let tags = if items.is_empty() { Vec::new() } else { reader.db.all(tags_of(&items)).await? };
    Ok(Page { items: tagged(items, tags), next })
}

row! {
    /// A tag, and how often it was given.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct TagUsed {
        /// The tag, in one of its spellings.
        pub tag: String = "MIN(t.tag)",
        /// How many quotes have it.
        pub quotes: i64 = "COUNT(*)",
        /// Of how many customers that are known.
        pub customers: i64 = "COUNT(DISTINCT q.party_id)",
    }
}

/// The tags of quotes, the most frequent first.
///
/// # Errors
/// Without the right.
pub async fn tags(ctx: &Ctx, _: crate::operation::Nothing) -> Result<Vec<TagUsed>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let mut query = Sql::select::<TagUsed>(
        "FROM quote_tags t JOIN quotes q ON q.id = t.quote_id JOIN survey_sheets f ON f.id = q.sheet_id
         LEFT JOIN parties p ON p.id = q.party_id WHERE 1 = 1",
    );
    within(&reader.sight, &mut query);
    query.push(" GROUP BY t.tag_key ORDER BY COUNT(*) DESC, t.tag_key LIMIT ").arg(TAGS_LISTED);
    Ok(reader.db.all(query).await?)
}

/// The operations of quotes.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Service, Act::See));
    let create = Some(Perm(Room::Service, Act::Create));
    let change_perm = Some(Perm(Room::Service, Act::Change));
    ops.add("quotes.list", "GET /quotes", see, "What customers said word for word, the newest first.", list)
        .example(|| json!({"tag": "ساعت کار"}));
    ops.add("quotes.tags", "GET /quotes/tags", see, "The tags of quotes, the most frequent first.", tags);
    ops.add("quotes.add", "POST /survey-answers/{sheet_id}/quotes", create, "Takes a quote of a talk or of a filled-in survey.", add)
        .example(|| json!({"text": "کاش پنج‌شنبه‌ها تا دیرتر باز بودید.", "tags": ["ساعت کار"]}));
    ops.add("quotes.change", "PUT /quotes/{id}", change_perm, "Puts the words or the tags of a quote right.", change)
        .example(|| json!({"tags": ["ساعت کار", "آخر هفته"]}));
    ops.add("quotes.make_idea", "POST /quotes/{id}/idea", change_perm, "Writes a quote down as an idea, once.", make_idea);
    ops.add("quotes.open_case", "POST /quotes/{id}/case", create, "Opens a case with the words of a quote, once.", open_case)
        .example(|| json!({"kind": "complaint", "reason": "reach"}));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_tag_are_one_tag() {
        let tags = |given: &[&str]| checked_tags(&given.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
        let kept = tags(&["#ساعت كار", " ساعت کار ", "", "Delivery", "delivery"]).unwrap();
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert_eq!(kept[0].0, "ساعت كار");
        assert_eq!(tags(&["a", "b", "c", "d", "e", "f", "g"]).unwrap_err().key, "quotes-tags-many");
        assert_eq!(checked(&NewQuote { text: " ".into(), tags: Vec::new() }).unwrap_err().key, "input-needed");
    }
}
