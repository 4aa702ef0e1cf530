//! What a person decides about an introduction that looks odd, and objecting to a rejection.

use super::follow::{open_of, settle};
use super::referrals::{Referral, ReferralSeen, read, whole};
use super::rules::ReferralState;
use super::thanks;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_text;
use crate::{Act, Ctx, Error, Fields, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a reason.
const WORDS_MAX: usize = 1_000;

peyvand_db::words! {
    /// What a person finds.
    pub enum ReviewVerdict {
        /// It is sound.
        Accept = "accept",
        /// It is not.
        Reject = "reject",
    }
}

/// A decision about an introduction.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewReferral {
    /// The introduction.
    pub id: Id<Referral>,
    /// What.
    pub verdict: ReviewVerdict,
    /// Why.
    pub reason: String,
}

/// An objection to a rejection.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealReferral {
    /// The introduction.
    pub id: Id<Referral>,
    /// What speaks against the rejection.
    pub words: String,
}

fn words(field: &'static str, text: &str) -> Result<String> {
    let read = clean_text(text, WORDS_MAX).map_err(|problem| Problem::new(field, problem.key()).with("max", WORDS_MAX));
    let mut fields = Fields::default();
    let read = fields.take(read).unwrap_or_default();
    if read.is_empty() && fields.0.is_empty() {
        fields.add(field, "referrals-say-why");
    }
    fields.check().map(|()| read)
}

/// Decides about an introduction that waits for a person. What is found sound goes on; the weight of fraud up to which that holds
/// is that of today.
///
/// # Errors
/// Without a reason; for one that does not wait, or that breaks a rule which no person changes.
pub async fn review(ctx: &Ctx, input: ReviewReferral) -> Result<ReferralSeen> {
    let writer = ctx.write(Perm(Room::Advocacy, Act::Change))?;
    let reason = words("reason", &input.reason)?;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut tx = writer.begin().await?;
    let is = read(&mut tx, &writer.sight, input.id).await?;
    let waits = match is.state {
        ReferralState::PendingReview => true,
        ReferralState::Rejected => is.appealed_at.is_some() && is.end_reason.is_some_and(|end| end.can_be_appealed()),
        _ => false,
    };
    if !waits {
        return Err(Error::invalid("verdict", "referrals-waits-not"));
    }
    let accepts = input.verdict == ReviewVerdict::Accept;
    if let (true, ReferralState::Rejected, Some(referee)) = (accepts, is.state, is.referee_id)
        && open_of(&mut tx, referee).await?.is_some()
    {
        return Err(Error::invalid("verdict", "referrals-other-open"));
    }
    tx.run(
        sql("UPDATE referrals SET accepted_score = CASE WHEN $1 THEN fraud_score ELSE accepted_score END, is_refused = $2, reviewed_on = $3,
               reviewed_by = $4, review_note = $5
             WHERE id = $6")
        .bind(accepts)
        .bind(!accepts)
        .bind(today)
        .bind(ctx.actor.user())
        .bind(&reason)
        .bind(input.id),
    )
    .await?;
    let data = json!({"verdict": input.verdict, "reason": reason});
    events::record(&mut tx, ctx, Event::of_party("referral.reviewed", is.referrer_id, data).about(input.id)).await?;
    settle(&mut tx, ctx, input.id).await?;
    if accepts {
        thanks::plan(&mut tx, ctx, input.id).await?;
    }
    let seen = whole(&mut tx, &writer.sight, input.id).await?;
    tx.commit().await?;
    Ok(seen)
}

/// Objects to a rejection: a person looks again.
///
/// # Errors
/// Without words; for one that is not rejected, breaks a rule, or was looked at again before.
pub async fn appeal(ctx: &Ctx, input: AppealReferral) -> Result<ReferralSeen> {
    let writer = ctx.write(Perm(Room::Advocacy, Act::Create))?;
    let said = words("words", &input.words)?;
    let mut tx = writer.begin().await?;
    let is = read(&mut tx, &writer.sight, input.id).await?;
    if is.state != ReferralState::Rejected || !is.end_reason.is_some_and(|end| end.can_be_appealed()) {
        return Err(Error::invalid("words", "referrals-no-appeal"));
    }
    if is.appealed_at.is_some() {
        return Err(Error::invalid("words", "referrals-appealed-before"));
    }
    tx.run(
        sql("UPDATE referrals SET appealed_at = $1, appeal = $2, is_refused = FALSE WHERE id = $3")
            .bind(ctx.now())
            .bind(&said)
            .bind(input.id),
    )
    .await?;
    events::record(&mut tx, ctx, Event::of_party("referral.appealed", is.referrer_id, json!({"words": said})).about(input.id)).await?;
    let seen = whole(&mut tx, &writer.sight, input.id).await?;
    tx.commit().await?;
    Ok(seen)
}

/// The operations of reviewing.
pub fn operations(ops: &mut Operations) {
    let perm = |act| Some(Perm(Room::Advocacy, act));
    ops.add(
        "referrals.review",
        "POST /referrals/{id}/review",
        perm(Act::Change),
        "Decides about an introduction that looks odd, or about a rejection to which somebody objected.",
        review,
    )
    .example(|| json!({"verdict": "accept", "reason": "زن و شوهرند و هر دو را می‌شناسیم."}));
    ops.add("referrals.appeal", "POST /referrals/{id}/appeal", perm(Act::Create), "Objects to a rejection: a person looks again.", appeal)
        .example(|| json!({"words": "شماره‌ی مشترک خانه است."}));
}
