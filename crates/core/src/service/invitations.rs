//! Invitations: a link of their own for one customer, to be answered once.

use super::cases::Case;
use super::surveys::{Survey, SurveyState, fresh_token};
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::parties::whom::{self, Whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::time::DAY;
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// An invitation stands for so many days unless something else is said.
pub const DAYS: i64 = 21;
/// The longest it may stand.
const DAYS_MAX: i64 = 120;

row! {
    /// An invitation.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Invitation {
        /// Its id.
        pub id: Id<Invitation> = "n.id",
        /// To what.
        pub survey_id: Id<Survey> = "n.survey_id",
        /// Its name in Persian.
        pub name_fa: String = "v.name_fa",
        /// Its name in Arabic.
        pub name_ar: String = "v.name_ar",
        /// Its name in English.
        pub name_en: String = "v.name_en",
        /// Whom.
        pub party_id: Id<Party> = "n.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// The link is `/s/TOKEN`; `/s/TOKEN/9` proposes an answer to the first question, which they confirm.
        pub token: String = "n.token",
        /// The case of which it asks how satisfied they are with what was done.
        pub case_id: Option<Id<Case>> = "n.case_id",
        /// When it was made.
        pub created_at: Instant = "n.created_at",
        /// Who made it; absent for the program itself.
        pub created_by: Option<Id<User>> = "n.created_by",
        /// Until when it may be answered.
        pub expires_at: Instant = "n.expires_at",
        /// When it was answered.
        pub answered_at: Option<Instant> = "n.answered_at",
    }
}

const FROM: &str = "FROM survey_invitations n JOIN surveys v ON v.id = n.survey_id JOIN parties p ON p.id = n.party_id WHERE 1 = 1";

/// Whom to ask what.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// The survey; it has to be open.
    pub survey_id: Id<Survey>,
    /// Whom.
    pub party_id: Option<Id<Party>>,
    /// Whom, by any identity key, phone or code.
    pub customer: Option<String>,
    /// For how many days; 21 unless given.
    pub days: Option<i64>,
}

/// Makes the link by which one customer answers, to be sent to them. While an earlier one of the same survey still stands,
/// that one is given.
///
/// # Errors
/// For a survey that is not open, a customer out of sight, or too many days.
pub async fn invite(ctx: &Ctx, input: Invite) -> Result<Invitation> {
    let writer = ctx.write(Perm(Room::Service, Act::Create))?;
    let days = input.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::new("days", "input-range").with("min", 1).with("max", DAYS_MAX).into());
    }
    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, input.party_id, input.customer.as_deref()).await?;
    let id = match standing(&mut tx, ctx, input.survey_id, &party).await? {
        Some(id) => id,
        None => make(&mut tx, ctx, input.survey_id, party.id, days, None).await?,
    };
    let invitation = read(&mut tx, id).await?;
    tx.commit().await?;
    Ok(invitation)
}

async fn standing(tx: &mut Tx, ctx: &Ctx, survey: Id<Survey>, party: &Whom) -> Result<Option<Id<Invitation>>> {
    let query = sql("SELECT id FROM survey_invitations WHERE party_id = $1 AND survey_id = $2 AND answered_at IS NULL AND expires_at > $3 AND case_id IS NULL
                     ORDER BY created_at DESC, id DESC LIMIT 1");
    let found: Option<(Id<Invitation>,)> = tx.maybe(query.bind(party.id).bind(survey).bind(ctx.now())).await?;
    Ok(found.map(|(id,)| id))
}

pub(super) async fn make(
    tx: &mut Tx,
    ctx: &Ctx,
    survey: Id<Survey>,
    party: Id<Party>,
    days: i64,
    case: Option<Id<Case>>,
) -> Result<Id<Invitation>> {
    // The lock keeps the survey open until the invitation stands.
    let state: Option<(SurveyState, bool)> =
        tx.maybe(sql("SELECT state, is_guide FROM surveys WHERE id = $1 {for_update}").bind(survey)).await?;
    match state {
        None => return Err(Error::NotFound("survey")),
        Some((_, true)) => return Err(Problem::new("survey_id", "surveys-is-guide").into()),
        Some((SurveyState::Live, _)) => {}
        Some((SurveyState::Draft | SurveyState::Closed, _)) => return Err(Problem::new("survey_id", "surveys-not-live").into()),
    }
    let id: Id<Invitation> = ctx.id();
    tx.run(
        sql("INSERT INTO survey_invitations (id, survey_id, party_id, token, case_id, day, expires_at, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(id)
        .bind(survey)
        .bind(party)
        .bind(fresh_token())
        .bind(case)
        .bind(today(ctx).await?)
        .bind(ctx.now().plus(days * DAY))
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    events::record(tx, ctx, Event::of_party("survey.invited", party, json!({"survey": survey})).about(id)).await?;
    Ok(id)
}

/// The link by which a customer says how satisfied they are with what was done in a case: of the survey that asks for it and was
/// opened last, if one is open. Where a rule asks after cases, it is left to the rule.
pub(super) async fn for_case(tx: &mut Tx, ctx: &Ctx, sight: &Sight, case: Id<Case>, party: Id<Party>) -> Result<Option<Id<Invitation>>> {
    let by_rule: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM ask_rules WHERE occasion = 'case' AND is_active LIMIT 1")).await?;
    if by_rule.is_some() {
        return Ok(None);
    }
    let asking: Option<(Id<Survey>,)> = tx
        .maybe(sql("SELECT v.id FROM surveys v WHERE v.state = 'live' AND NOT v.is_guide
                      AND EXISTS (SELECT 1 FROM survey_questions q WHERE q.survey_id = v.id AND q.kind = 'csat')
                    ORDER BY v.live_at DESC, v.id DESC LIMIT 1"))
        .await?;
    let Some((survey,)) = asking else { return Ok(None) };
    let party = whom::by_id(tx, sight, party).await?;
    make(tx, ctx, survey, party.id, DAYS, Some(case)).await.map(Some)
}

/// The day in the organisation's time zone, by which answers are counted.
pub(super) async fn today(ctx: &Ctx) -> Result<Day> {
    Ok(ctx.now().day(&ctx.app.organisation().await?.zone()))
}

async fn read(tx: &mut Tx, id: Id<Invitation>) -> Result<Invitation> {
    let mut query = Sql::select::<Invitation>(FROM);
    query.push(" AND n.id = ").arg(id);
    Ok(tx.one(query).await?)
}

/// Which invitations.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListInvitations {
    /// Only to this survey.
    pub survey_id: Option<Id<Survey>>,
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
    /// Only those that ask about this case.
    pub case_id: Option<Id<Case>>,
    /// Only those that still wait for an answer.
    pub waiting: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Invitations, the newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListInvitations) -> Result<Page<Invitation>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Invitation>(FROM);
    reader.sight.parties(&mut query);
    if let Some(survey) = input.survey_id {
        query.push(" AND n.survey_id = ").arg(survey);
    }
    if let Some(party) = input.party_id {
        query.push(" AND n.party_id = ").arg(party);
    }
    if let Some(case) = input.case_id {
        query.push(" AND n.case_id = ").arg(case);
    }
    if input.waiting == Some(true) {
        query.push(" AND n.answered_at IS NULL AND n.expires_at > ").arg(ctx.now());
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Invitation>(after)?;
        query.push(" AND (n.created_at, n.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY n.created_at DESC, n.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Invitation> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.created_at, last.id)))
}

/// The operations of invitations.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "surveys.invite",
        "POST /surveys/{survey_id}/invitations",
        Some(Perm(Room::Service, Act::Create)),
        "Makes the link by which one customer answers, once.",
        invite,
    )
    .example(|| json!({"customer": "09121234567", "days": 14}));
    ops.add("surveys.invitations", "GET /survey-invitations", Some(Perm(Room::Service, Act::See)), "Invitations, the newest first.", list)
        .example(|| json!({"waiting": true}));
}
