//! Introductions as they are read: the list, one with all that was said of it, and how many of which kind and form.

use super::benefits::Schedule;
use super::fraud::{FraudPart, FraudSign, WEIGHTS, parts};
use super::rewards::RewardState;
use super::rules::{ClaimOutcome, ClaimSource, ReferralEnd, ReferralForm, ReferralKind, ReferralState};
use super::thanks::{self, ReferralThanks};
use crate::interactions::Channel;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::events::{cursor, cursor_at};
use crate::platform::money::Currency;
use crate::sales::Product;
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

row! {
    /// An introduction: somebody brought somebody.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Referral {
        /// Its id.
        pub id: Id<Referral> = "t.id",
        /// Who introduced.
        pub referrer_id: Id<Party> = "t.referrer_id",
        /// Their name.
        pub referrer: String = "r.name",
        /// Who was introduced; absent until they come.
        pub referee_id: Option<Id<Party>> = "t.referee_id",
        /// Their name.
        pub referee: Option<String> = "e.name",
        /// Of whom has not come yet: the end of their number or address.
        pub friend: Option<String> = "t.hint_masked",
        /// What was introduced.
        pub kind: ReferralKind = "t.kind",
        /// How.
        pub form: ReferralForm = "t.form",
        /// By which way it reached us.
        pub channel: Option<Channel> = "t.channel",
        /// Which product.
        pub product_id: Option<Id<Product>> = "t.product_id",
        /// Its name.
        pub product: Option<String> = "d.name",
        /// Whether we had asked for it.
        pub is_solicited: bool = "t.is_solicited",
        /// Whether the friend, or what they carried, says who introduced them.
        pub is_corroborated: bool = "t.is_corroborated",
        /// Whose word is believed.
        pub source: ClaimSource = "t.source",
        /// Where it stands.
        pub state: ReferralState = "t.state",
        /// Why it came to nothing.
        pub end_reason: Option<ReferralEnd> = "t.end_reason",
        /// What speaks for fraud, added up.
        pub fraud_score: i64 = "t.fraud_score",
        /// When it was written down.
        pub captured_at: Instant = "t.captured_at",
        /// When it happened.
        pub occurred_on: Day = "t.occurred_on",
        /// When the friend came.
        pub qualified_on: Option<Day> = "t.qualified_on",
        /// When the friend bought, or that was told.
        pub converted_on: Option<Day> = "t.converted_on",
        /// Since when the purchase is final.
        pub confirmed_on: Option<Day> = "t.confirmed_on",
        /// When it ended without coming to anything.
        pub ended_on: Option<Day> = "t.ended_on",
        /// When time alone changes something.
        pub due_on: Option<Day> = "t.due_on",
        /// When somebody objected to a rejection.
        pub appealed_at: Option<Instant> = "t.appealed_at",
    }
}

const FROM: &str = "FROM referrals t JOIN parties r ON r.id = t.referrer_id LEFT JOIN parties e ON e.id = t.referee_id
    LEFT JOIN products d ON d.id = t.product_id WHERE 1 = 1";

/// Adds the condition on introductions: whoever sees one of both sees it.
pub(super) fn seen_by(sight: &Sight, query: &mut Sql) {
    if *sight != Sight::All {
        query.push(" AND EXISTS (SELECT 1 FROM parties p WHERE p.id IN (t.referrer_id, t.referee_id)");
        sight.parties(query);
        query.push(")");
    }
}

/// The introduction of that id within sight.
pub(super) async fn read(tx: &mut Tx, sight: &Sight, id: Id<Referral>) -> Result<Referral> {
    let mut query = Sql::select::<Referral>(FROM);
    seen_by(sight, &mut query);
    query.push(" AND t.id = ").arg(id);
    tx.maybe(query).await?.ok_or(Error::NotFound("referral"))
}

peyvand_db::words! {
    /// Which introductions are listed, by where they stand.
    pub enum ReferralView {
        /// Those on their way.
        Open = "open",
        /// Those that wait for a person: odd ones, and rejected ones to which somebody objected.
        Queue = "queue",
        /// Those that are confirmed.
        Confirmed = "confirmed",
        /// Those that came to nothing.
        Ended = "ended",
        /// All.
        All = "all",
    }
}

/// Which introductions; filters that are given must all hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListReferrals {
    /// Only those that stand so; all unless given.
    pub view: Option<ReferralView>,
    /// Only those by this customer.
    pub referrer_id: Option<Id<Party>>,
    /// Only those of this customer.
    pub referee_id: Option<Id<Party>>,
    /// Only of this kind.
    pub kind: Option<ReferralKind>,
    /// Only of this form.
    pub form: Option<ReferralForm>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

fn in_view(view: ReferralView, query: &mut Sql) {
    match view {
        ReferralView::Open => query.push(" AND t.state IN ('captured', 'pending_review', 'qualified', 'converted')"),
        ReferralView::Queue => {
            query.push(" AND (t.state = 'pending_review' OR (t.state = 'rejected' AND t.appealed_at IS NOT NULL AND NOT t.is_refused))")
        }
        ReferralView::Confirmed => query.push(" AND t.state IN ('confirmed', 'rewarded')"),
        ReferralView::Ended => query.push(" AND t.state IN ('rejected', 'expired', 'reversed')"),
        ReferralView::All => query,
    };
}

/// Introductions, those written down last first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListReferrals) -> Result<Page<Referral>> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Referral>(FROM);
    seen_by(&reader.sight, &mut query);
    in_view(input.view.unwrap_or(ReferralView::All), &mut query);
    if let Some(referrer) = input.referrer_id {
        query.push(" AND t.referrer_id = ").arg(referrer);
    }
    if let Some(referee) = input.referee_id {
        query.push(" AND t.referee_id = ").arg(referee);
    }
    if let Some(kind) = input.kind {
        query.push(" AND t.kind = ").arg(kind);
    }
    if let Some(form) = input.form {
        query.push(" AND t.form = ").arg(form);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Referral>(after)?;
        query.push(" AND (t.captured_at, t.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY t.captured_at DESC, t.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Referral> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.captured_at, last.id)))
}

row! {
    /// What somebody said of who introduced whom.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct ReferralClaim {
        /// Its id.
        pub id: Id<ReferralClaim> = "c.id",
        /// Who is said to have introduced.
        pub referrer_id: Id<Party> = "c.referrer_id",
        /// Their name.
        pub referrer: String = "r.name",
        /// Whose word it is.
        pub source: ClaimSource = "c.source",
        /// What became of it.
        pub outcome: ClaimOutcome = "c.outcome",
        /// What was introduced.
        pub kind: ReferralKind = "c.kind",
        /// How.
        pub form: ReferralForm = "c.form",
        /// When it was said.
        pub claimed_at: Instant = "c.claimed_at",
        /// When it is said to have happened.
        pub occurred_on: Day = "c.occurred_on",
        /// A note.
        pub note: Option<String> = "c.note",
        /// Who wrote it down; absent for the friend at the link.
        pub created_by: Option<Id<User>> = "c.created_by",
        /// Their name.
        pub creator: Option<String> = "u.name",
    }
}

row! {
    struct Judged {
        signs: serde_json::Value = "t.signs",
        register_days: i64 = "t.register_days",
        buy_days: i64 = "t.buy_days",
        confirm_days: i64 = "t.confirm_days",
        bought_on: Option<Day> = "t.bought_on",
        accepted_score: Option<i64> = "t.accepted_score",
        is_refused: bool = "t.is_refused",
        reviewed_on: Option<Day> = "t.reviewed_on",
        reviewer: Option<String> = "u.name",
        review_note: Option<String> = "t.review_note",
        appeal: Option<String> = "t.appeal",
    }
}

/// An introduction with all that was said of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReferralSeen {
    /// The introduction.
    #[serde(flatten)]
    pub referral: Referral,
    /// The thanks for it, once they are planned.
    pub thanks: Option<ReferralThanks>,
    /// Who said what, in the order in which it was said.
    pub claims: Vec<ReferralClaim>,
    /// What speaks for fraud, with its weight.
    pub signs: Vec<FraudPart>,
    /// Days in which the friend has to come.
    pub register_days: i64,
    /// Days in which they have to buy then.
    pub buy_days: i64,
    /// Days after which that is final.
    pub confirm_days: i64,
    /// The friend's first purchase that stands.
    pub bought_on: Option<Day>,
    /// Up to which weight a person found it sound.
    pub accepted_score: Option<i64>,
    /// Whether a person found it unsound.
    pub is_refused: bool,
    /// When.
    pub reviewed_on: Option<Day>,
    /// Who.
    pub reviewer: Option<String>,
    /// Why.
    pub review_note: Option<String>,
    /// What was said against a rejection.
    pub appeal: Option<String>,
    /// What it brings; absent where no schedule was in force when it was written down.
    pub reward: Option<Reward>,
}

row! {
    /// What an introduction brings to who introduced.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Reward {
        /// By which schedule.
        pub schedule_id: Id<Schedule> = "w.schedule_id",
        /// Which version that is.
        pub number: i64 = "b.number",
        /// How it stands.
        pub state: RewardState = "w.state",
        /// How much is in the books of it, in minor units.
        pub amount_minor: i64 = "w.amount_minor",
        /// Currency of it.
        pub currency: Currency = "b.currency",
    }
}

/// Which introduction.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferralId {
    /// The introduction.
    pub id: Id<Referral>,
}

/// One introduction: who said what and why others are not believed, what speaks for fraud, its steps.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(ctx: &Ctx, input: ReferralId) -> Result<ReferralSeen> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let mut tx = reader.db.snapshot().await?;
    let seen = whole(&mut tx, &reader.sight, input.id).await?;
    tx.commit().await?;
    Ok(seen)
}

pub(super) async fn whole(tx: &mut Tx, sight: &Sight, id: Id<Referral>) -> Result<ReferralSeen> {
    let referral = read(tx, sight, id).await?;
    let query = "FROM referral_claims c JOIN parties r ON r.id = c.referrer_id LEFT JOIN users u ON u.id = c.created_by
        WHERE c.referral_id = $1 ORDER BY c.claimed_at, c.id";
    let claims: Vec<ReferralClaim> = tx.all(Sql::select::<ReferralClaim>(query).bind(id)).await?;
    let query = "FROM referrals t LEFT JOIN users u ON u.id = t.reviewed_by WHERE t.id = $1";
    let judged: Judged = tx.one(Sql::select::<Judged>(query).bind(id)).await?;
    let query = "FROM rewards w JOIN benefit_schedules b ON b.id = w.schedule_id WHERE w.referral_id = $1";
    let reward: Option<Reward> = tx.maybe(Sql::select::<Reward>(query).bind(id)).await?;
    let signs: Vec<FraudSign> = serde_json::from_value(judged.signs).map_err(Error::fault)?;
    Ok(ReferralSeen {
        thanks: thanks::of(tx, id).await?,
        referral,
        claims,
        signs: parts(&signs),
        register_days: judged.register_days,
        buy_days: judged.buy_days,
        confirm_days: judged.confirm_days,
        bought_on: judged.bought_on,
        accepted_score: judged.accepted_score,
        is_refused: judged.is_refused,
        reviewed_on: judged.reviewed_on,
        reviewer: judged.reviewer,
        review_note: judged.review_note,
        appeal: judged.appeal,
        reward,
    })
}

row! {
    /// How many introductions of a kind and form there are.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct ReferralCount {
        /// The kind.
        pub kind: ReferralKind = "t.kind",
        /// The form.
        pub form: ReferralForm = "t.form",
        /// Written down.
        pub captured: i64 = "COUNT(*)",
        /// Of whom the friend came.
        pub qualified: i64 = "COUNT(*) FILTER (WHERE t.qualified_on IS NOT NULL AND t.state <> 'rejected')",
        /// Confirmed.
        pub confirmed: i64 = "COUNT(*) FILTER (WHERE t.state IN ('confirmed', 'rewarded'))",
    }
}

/// Which introductions are counted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CountReferrals {
    /// Those that happened on this day or later.
    pub from: Option<Day>,
    /// Those that happened on this day or earlier.
    pub until: Option<Day>,
}

/// How many introductions of which kind and form there are.
///
/// # Errors
/// Without the right.
pub async fn count(ctx: &Ctx, input: CountReferrals) -> Result<Vec<ReferralCount>> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let mut query = Sql::select::<ReferralCount>("FROM referrals t WHERE 1 = 1");
    seen_by(&reader.sight, &mut query);
    if let Some(from) = input.from {
        query.push(" AND t.occurred_on >= ").arg(from);
    }
    if let Some(until) = input.until {
        query.push(" AND t.occurred_on <= ").arg(until);
    }
    query.push(" GROUP BY t.kind, t.form ORDER BY t.kind, t.form");
    Ok(reader.db.all(query).await?)
}

/// What each sign of fraud weighs.
///
/// # Errors
/// Without the right.
pub async fn weights(ctx: &Ctx, _: crate::operation::Nothing) -> Result<Vec<FraudPart>> {
    ctx.read(Perm(Room::Advocacy, Act::See))?;
    Ok(WEIGHTS.iter().map(|(sign, weight)| FraudPart { sign: *sign, weight: *weight }).collect())
}

/// The operations of reading.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Advocacy, Act::See));
    ops.add("referrals.list", "GET /referrals", see, "Introductions, those written down last first.", list)
        .example(|| json!({"view": "queue", "limit": 20}));
    ops.add("referrals.count", "GET /referrals/count", see, "How many introductions of which kind and form there are.", count)
        .example(|| json!({"from": "2026-03-21"}));
    ops.add("referrals.weights", "GET /referrals/weights", see, "What each sign of fraud weighs.", weights);
    ops.add("referrals.get", "GET /referrals/{id}", see, "One introduction: claims, signs of fraud, steps.", get);
}
