//! Answering by a link, without signing in. What is known of the answerer is what the link says; looking at a link changes
//! nothing, because programs that check messages look at all of them.

use super::fill::{self, Reply, SheetDoor, Who};
use super::invitations::{Invitation, today};
use super::questions::{self, Question};
use super::sheets::Sheet;
use super::surveys::{Survey, SurveyState, fresh_token};
use crate::parties::Party;
use crate::platform::sign_in::network;
use crate::platform::text::Lang;
use crate::platform::time::{HOUR, MINUTE};
use crate::{Ctx, Error, Instant, Result};
use peyvand_db::{Db, Id, Sql, Tx, row, sql};
use std::time::Duration;

/// Who has answered by an invitation may correct it for so long, in the same browser.
const SITTING: i64 = 30 * MINUTE;
/// Answers that one network may send in an hour by a link that is open to all: a whole office may stand behind one.
const FROM_ONE_NETWORK: i64 = 30;
/// The same of a tablet on the counter, where everybody who passes answers.
const FROM_ONE_KIOSK: i64 = 240;

/// Whether a link takes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It does.
    Open,
    /// It was answered; by this very sitting, which may correct it.
    Correctable,
    /// It was answered.
    Answered,
    /// Its time is over, or its survey is closed.
    Over,
}

/// What stands behind a link.
#[derive(Clone, Debug)]
pub struct Link {
    /// The survey.
    pub survey: Survey,
    /// Its questions; none where nothing can be answered.
    pub questions: Vec<Question>,
    /// Whether it takes an answer.
    pub state: LinkState,
    /// Whether it is one customer's own.
    pub is_own: bool,
    /// What this sitting answered before.
    pub replies: Vec<Reply>,
    invitation: Option<Invited>,
    sheet: Option<Id<Sheet>>,
}

row! {
    #[derive(Clone, Debug)]
    struct Invited {
        id: Id<Invitation> = "n.id",
        survey_id: Id<Survey> = "n.survey_id",
        party_id: Id<Party> = "n.party_id",
        expires_at: Instant = "n.expires_at",
        answered_at: Option<Instant> = "n.answered_at",
        /// Whether a later version of the survey is open.
        goes_on: bool = "EXISTS (SELECT 1 FROM surveys o JOIN surveys w ON w.family_id = o.family_id
            WHERE o.id = n.survey_id AND w.state = 'live')",
    }
}

row! {
    struct Said {
        question_id: Id<Question>,
        score: Option<i64>,
        text: Option<String>,
    }
}

/// A link that somebody follows, with what their browser holds of an earlier answer.
#[derive(Clone, Debug)]
pub struct Follow {
    /// The token of the link.
    pub token: String,
    /// What the browser was given when it answered.
    pub sitting: Option<String>,
}

/// What stands behind a link.
///
/// # Errors
/// [`Error::NotFound`] for a link that nobody made.
pub async fn follow(ctx: &Ctx, input: Follow) -> Result<Link> {
    let db = &ctx.app.db;
    let invited: Option<Invited> =
        db.maybe(Sql::select::<Invited>("FROM survey_invitations n WHERE n.token = $1").bind(&input.token)).await?;
    let Some(invited) = invited else { return open_to_all(db, &input.token).await };
    let survey: Survey = db.one(Sql::select::<Survey>("FROM surveys v WHERE v.id = $1").bind(invited.survey_id)).await?;
    let mut link =
        Link { survey, questions: Vec::new(), state: LinkState::Over, is_own: true, replies: Vec::new(), invitation: None, sheet: None };
    if invited.answered_at.is_some() {
        link.state = LinkState::Answered;
        if let Some(sitting) = &input.sitting {
            let hash = ctx.app.keys().lookup("survey_sitting", sitting);
            let own: Option<(Id<Sheet>,)> = db
                .maybe(
                    sql("SELECT id FROM survey_sheets WHERE invitation_id = $1 AND sitting = $2 AND sitting_until > $3")
                        .bind(invited.id)
                        .bind(hash)
                        .bind(ctx.now()),
                )
                .await?;
            if let Some((sheet,)) = own {
                let said: Vec<Said> = db.all(Sql::select::<Said>("FROM survey_answers WHERE sheet_id = $1").bind(sheet)).await?;
                link.replies =
                    said.into_iter().map(|said| Reply { question_id: said.question_id, score: said.score, text: said.text }).collect();
                link.sheet = Some(sheet);
                link.state = LinkState::Correctable;
            }
        }
    } else if invited.expires_at > ctx.now() && (link.survey.state == SurveyState::Live || invited.goes_on) {
        link.state = LinkState::Open;
    }
    if matches!(link.state, LinkState::Open | LinkState::Correctable) {
        link.questions = db.all(questions::of_survey(invited.survey_id)).await?;
    }
    link.invitation = Some(invited);
    Ok(link)
}

/// The version that is open, or else the last one, which says that it is over. A draft has no link.
async fn open_to_all(db: &Db, token: &str) -> Result<Link> {
    let query = "FROM surveys v WHERE v.open_token = $1 AND v.state <> 'draft' AND NOT v.is_guide ORDER BY v.version DESC LIMIT 1";
    let survey: Option<Survey> = db.maybe(Sql::select::<Survey>(query).bind(token)).await?;
    let survey = survey.ok_or(Error::NotFound("page"))?;
    let state = if survey.state == SurveyState::Live { LinkState::Open } else { LinkState::Over };
    let questions = if state == LinkState::Open { db.all(questions::of_survey(survey.id)).await? } else { Vec::new() };
    Ok(Link { survey, questions, state, is_own: false, replies: Vec::new(), invitation: None, sheet: None })
}

/// An answer by a link.
#[derive(Clone, Debug)]
pub struct AnswerByLink {
    /// The token of the link.
    pub token: String,
    /// What the browser was given when it answered before.
    pub sitting: Option<String>,
    /// At a tablet on the counter.
    pub is_kiosk: bool,
    /// The language it was asked in.
    pub lang: Lang,
    /// The answers.
    pub replies: Vec<Reply>,
    /// The network address it came from.
    pub address: String,
}

/// Stores an answer by a link. Gives what the browser has to hold to correct it, where it may.
///
/// # Errors
/// [`Error::NotFound`] for a link that nobody made, a problem with an answer at its question, at no field where the link
/// takes no answer any more, [`Error::Limited`] for too many answers from one network.
pub async fn answer(ctx: &Ctx, input: AnswerByLink) -> Result<Option<String>> {
    let link = follow(ctx, Follow { token: input.token.clone(), sitting: input.sitting.clone() }).await?;
    match link.state {
        LinkState::Open | LinkState::Correctable => {}
        LinkState::Answered => return Err(Error::invalid("", "surveys-answered-already")),
        LinkState::Over => return Err(Error::invalid("", "surveys-over")),
    }
    let given = fill::checked(&link.questions, &input.replies)?;
    let day = today(ctx).await?;
    let mut tx = ctx.app.db.begin().await?;
    let keys = ctx.app.keys();
    let mut who = Who {
        survey: link.survey.clone(),
        invitation: None,
        party: None,
        door: if input.is_kiosk { SheetDoor::Kiosk } else { SheetDoor::Open },
        lang: input.lang,
        day,
        at: ctx.now(),
        sitting: None,
        address_key: None,
        taken_by: None,
    };
    let Some(invited) = &link.invitation else {
        let key = keys.lookup("survey_address", &network(&input.address));
        limit(&mut tx, ctx, &key, input.is_kiosk).await?;
        who.address_key = Some(key);
        fill::store(&mut tx, ctx, &who, &given, None).await?;
        tx.commit().await?;
        return Ok(None);
    };
    (who.invitation, who.party, who.door) = (Some(invited.id), Some(invited.party_id), SheetDoor::Invitation);
    if let Some(sheet) = link.sheet {
        fill::store(&mut tx, ctx, &who, &given, Some(sheet)).await?;
        tx.commit().await?;
        return Ok(input.sitting);
    }
    take(&mut tx, ctx, invited.id).await?;
    let sitting = fresh_token();
    who.sitting = Some((keys.lookup("survey_sitting", &sitting), ctx.now().plus(SITTING)));
    fill::store(&mut tx, ctx, &who, &given, None).await?;
    tx.commit().await?;
    Ok(Some(sitting))
}

/// Marks an invitation as answered; of two at the same time one finds it taken.
pub(super) async fn take(tx: &mut Tx, ctx: &Ctx, invitation: Id<Invitation>) -> Result<()> {
    let taken = tx
        .run(
            sql("UPDATE survey_invitations SET answered_at = $1 WHERE id = $2 AND answered_at IS NULL AND expires_at > $1")
                .bind(ctx.now())
                .bind(invitation),
        )
        .await?;
    if taken == 0 { Err(Error::invalid("", "surveys-answered-already")) } else { Ok(()) }
}

async fn limit(tx: &mut Tx, ctx: &Ctx, address_key: &str, is_kiosk: bool) -> Result<()> {
    let door = if is_kiosk { SheetDoor::Kiosk } else { SheetDoor::Open };
    let most = if is_kiosk { FROM_ONE_KIOSK } else { FROM_ONE_NETWORK };
    let (sent,): (i64,) = tx
        .one(
            sql("SELECT COUNT(*) FROM survey_sheets WHERE address_key = $1 AND at > $2 AND door = $3")
                .bind(address_key)
                .bind(ctx.now().plus(-HOUR))
                .bind(door),
        )
        .await?;
    if sent < most { Ok(()) } else { Err(Error::Limited(Duration::from_secs(10 * 60))) }
}

/// Forgets from which networks answers of the day before came.
pub(crate) async fn forget_addresses(tx: &mut Tx, before: Instant) -> Result<()> {
    tx.run(sql("UPDATE survey_sheets SET address_key = NULL WHERE address_key IS NOT NULL AND at < $1").bind(before)).await?;
    Ok(())
}
