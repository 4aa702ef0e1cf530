//! Proposals to the council: to move money from a policy to a treatment that works. Somebody puts it forward, somebody else
//! decides; what then is to be done is done in the policies themselves.

use super::best::{self, Shift};
use super::policies::PolicyRow;
use super::treatments::{Treatment, amount};
use crate::operation::{Page, page_size};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::money::Currency;
use crate::platform::text::clean_text;
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of what is said for it, and of a reason.
const WORDS_MAX: usize = 2_000;

peyvand_db::words! {
    /// How a proposal stands.
    pub enum ProposalState {
        /// It waits.
        Open = "open",
        /// It is to be done.
        Accepted = "accepted",
        /// It is not.
        Declined = "declined",
    }
}

row! {
    /// A proposal to move money.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Proposal {
        /// Its id.
        pub id: Id<Proposal> = "r.id",
        /// From this policy.
        pub from_policy_id: Id<PolicyRow> = "r.from_policy_id",
        /// Its name.
        pub from_policy: String = "o.name",
        /// To this treatment.
        pub to_treatment_id: Id<Treatment> = "r.to_treatment_id",
        /// Its name in Persian.
        pub name_fa: String = "t.name_fa",
        /// Its name in Arabic.
        pub name_ar: String = "t.name_ar",
        /// Its name in English.
        pub name_en: String = "t.name_en",
        /// How much, in minor units.
        pub amount_minor: i64 = "r.amount_minor",
        /// Their currency.
        pub currency: Currency = "r.currency",
        /// How many more customers that treats, as was reckoned then.
        pub customers: Option<i64> = "r.customers",
        /// What it leaves us more, as was reckoned then.
        pub gain_minor: Option<i64> = "r.gain_minor",
        /// Lower end of the 95 % interval of that.
        pub gain_low_minor: Option<i64> = "r.gain_low_minor",
        /// Upper end.
        pub gain_high_minor: Option<i64> = "r.gain_high_minor",
        /// What is said for it.
        pub words: Option<String> = "r.words",
        /// How it stands.
        pub state: ProposalState = "r.state",
        /// Why it was decided so.
        pub reason: Option<String> = "r.reason",
        /// Who put it forward.
        pub created_by: Id<User> = "r.created_by",
        /// Their name.
        pub creator: String = "u.name",
        /// When.
        pub created_at: Instant = "r.created_at",
        /// Name of who decided.
        pub decider: Option<String> = "d.name",
        /// When.
        pub decided_at: Option<Instant> = "r.decided_at",
    }
}

const FROM: &str = "FROM budget_proposals r JOIN policies o ON o.id = r.from_policy_id JOIN treatments t ON t.id = r.to_treatment_id
    JOIN users u ON u.id = r.created_by LEFT JOIN users d ON d.id = r.decided_by WHERE 1 = 1";

async fn one(tx: &mut Tx, id: Id<Proposal>) -> Result<Proposal> {
    let mut query = Sql::select::<Proposal>(FROM);
    query.push(" AND r.id = ").arg(id);
    tx.maybe(query).await?.ok_or(Error::NotFound("proposal"))
}

/// What is to be put forward.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProposal {
    /// From which policy.
    pub from_policy_id: Id<PolicyRow>,
    /// To which treatment.
    pub to_treatment_id: Id<Treatment>,
    /// How much, as decimal text in major units of the organisation's currency; what is suggested unless given.
    pub amount: Option<String>,
    /// What is said for it.
    pub words: Option<String>,
}

/// What a suggestion comes to for another amount: as many customers as it pays for, and as much gain.
fn scaled(shift: &Shift, amount: i64) -> (i64, [i64; 3]) {
    let share = if shift.amount_minor > 0 { amount as f64 / shift.amount_minor as f64 } else { 0.0 };
    let of = |value: f64| (value * share).round() as i64;
    ((shift.customers as f64 * share).floor() as i64, [of(shift.gain.value), of(shift.gain.low), of(shift.gain.high)])
}

/// Puts it forward, with what is known of it now.
///
/// # Errors
/// [`Error::NotFound`] for a policy or treatment that there is not; without an amount where nothing is suggested;
/// [`Error::Conflict`] while the same waits.
pub async fn propose(ctx: &Ctx, new: NewProposal) -> Result<Proposal> {
    let writer = ctx.write(Perm(Room::Experience, Act::Create))?;
    let user = ctx.actor.person()?.id;
    let currency = ctx.app.organisation().await?.currency;
    let known = best::read(ctx).await?;
    let is_it = |shift: &&Shift| shift.from_policy_id == new.from_policy_id && shift.to_treatment_id == new.to_treatment_id;
    let shift = known.shifts.iter().find(is_it);
    let mut fields = Fields::default();
    let words = clean_text(new.words.as_deref().unwrap_or_default(), WORDS_MAX);
    let words = fields.take(words.map_err(|problem| Problem::new("words", problem.key()).with("max", WORDS_MAX)));
    let given = new.amount.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let minor = match (given, shift) {
        (Some(text), _) => fields.take(amount("amount", text, currency)),
        (None, Some(shift)) => Some(shift.amount_minor),
        (None, None) => None,
    };
    if fields.0.is_empty() && minor.is_none_or(|minor| minor == 0) {
        fields.add("amount", "input-needed");
    }
    fields.check()?;
    let minor = minor.unwrap_or_default();
    let reckoned = shift.map(|shift| scaled(shift, minor));
    let mut tx = writer.begin().await?;
    // The policy's row is ours until the end, so that of two who put the same forward at once one is told.
    let policy: Option<(String,)> = tx.maybe(sql("SELECT name FROM policies WHERE id = $1 {for_update}").bind(new.from_policy_id)).await?;
    let (policy,) = policy.ok_or(Error::NotFound("policy"))?;
    let treatment: Option<(String,)> = tx.maybe(sql("SELECT name_fa FROM treatments WHERE id = $1").bind(new.to_treatment_id)).await?;
    let (treatment,) = treatment.ok_or(Error::NotFound("treatment"))?;
    let same: Option<(i64,)> = tx
        .maybe(
            sql("SELECT 1 FROM budget_proposals WHERE state = 'open' AND from_policy_id = $1 AND to_treatment_id = $2")
                .bind(new.from_policy_id)
                .bind(new.to_treatment_id),
        )
        .await?;
    if same.is_some() {
        return Err(Error::Conflict(Fields(vec![Problem::new("from_policy_id", "best-proposed-already")])));
    }
    let id: Id<Proposal> = ctx.id();
    let gain = reckoned.map(|(_, gain)| gain);
    tx.run(
        sql("INSERT INTO budget_proposals (id, from_policy_id, to_treatment_id, amount_minor, currency, customers, gain_minor, gain_low_minor,
               gain_high_minor, words, state, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, $12)")
        .bind(id)
        .bind(new.from_policy_id)
        .bind(new.to_treatment_id)
        .bind(minor)
        .bind(currency)
        .bind(reckoned.map(|(customers, _)| customers))
        .bind(gain.map(|gain| gain[0]))
        .bind(gain.map(|gain| gain[1]))
        .bind(gain.map(|gain| gain[2]))
        .bind(words.filter(|words| !words.is_empty()))
        .bind(user)
        .bind(ctx.now()),
    )
    .await?;
    let data = json!({"from": policy, "to": treatment, "amount_minor": minor, "currency": currency});
    events::record(&mut tx, ctx, Event::of("proposal.created", id, data)).await?;
    let proposal = one(&mut tx, id).await?;
    tx.commit().await?;
    Ok(proposal)
}

/// What is decided.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideProposal {
    /// Of which.
    pub id: Id<Proposal>,
    /// Accepted or declined.
    pub state: ProposalState,
    /// Why.
    pub reason: Option<String>,
}

/// Decides. Nobody accepts what they have put forward themselves; they may take it back.
///
/// # Errors
/// [`Error::NotFound`]; for `open`, which decides nothing; without a reason where it is declined; [`Error::Conflict`] when it is
/// decided, and for one's own.
pub async fn decide(ctx: &Ctx, input: DecideProposal) -> Result<Proposal> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let user = ctx.actor.person()?.id;
    let mut fields = Fields::default();
    let reason = clean_text(input.reason.as_deref().unwrap_or_default(), WORDS_MAX);
    let reason = fields.take(reason.map_err(|problem| Problem::new("reason", problem.key()).with("max", WORDS_MAX)));
    let reason = reason.filter(|reason| !reason.is_empty());
    if input.state == ProposalState::Open {
        fields.add("state", "input-choice");
    } else if fields.0.is_empty() && input.state == ProposalState::Declined && reason.is_none() {
        fields.add("reason", "input-needed");
    }
    fields.check()?;
    let mut tx = writer.begin().await?;
    let _: Option<(Id<Proposal>,)> = tx.maybe(sql("SELECT id FROM budget_proposals WHERE id = $1 {for_update}").bind(input.id)).await?;
    let old = one(&mut tx, input.id).await?;
    let refused = |key: &'static str| Error::Conflict(Fields(vec![Problem::new("id", key)]));
    if old.state != ProposalState::Open {
        return Err(refused("best-decided-already"));
    }
    if input.state == ProposalState::Accepted && old.created_by == user {
        return Err(refused("best-own-proposal"));
    }
    tx.run(
        sql("UPDATE budget_proposals SET state = $1, reason = $2, decided_by = $3, decided_at = $4 WHERE id = $5")
            .bind(input.state)
            .bind(&reason)
            .bind(user)
            .bind(ctx.now())
            .bind(input.id),
    )
    .await?;
    let data = json!({"from": old.from_policy, "to": old.name_fa, "state": input.state, "reason": reason});
    events::record(&mut tx, ctx, Event::of("proposal.decided", input.id, data)).await?;
    let proposal = one(&mut tx, input.id).await?;
    tx.commit().await?;
    Ok(proposal)
}

/// Which proposals.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListProposals {
    /// Only those that stand so.
    pub state: Option<ProposalState>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Proposals, newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListProposals) -> Result<Page<Proposal>> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Proposal>(FROM);
    if let Some(state) = input.state {
        query.push(" AND r.state = ").arg(state);
    }
    if let Some(after) = &input.after {
        let after: Id<Proposal> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND r.id < ").arg(after);
    }
    query.push(" ORDER BY r.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Proposal> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| last.id.to_string()))
}

/// The operations of proposals.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    let perm = |act| Some(Perm(Room::Experience, act));
    ops.add("proposals.create", "POST /proposals", perm(Act::Create), "Puts forward to move money from a policy to a treatment.", propose)
        .example(|| json!({"from_policy_id": SOME, "to_treatment_id": SOME, "amount": "50000000", "words": "در آزمایش بهتر بود"}));
    ops.add("proposals.list", "GET /proposals", perm(Act::See), "Proposals to move money, newest first.", list)
        .example(|| json!({"state": "open"}));
    ops.add("proposals.decide", "POST /proposals/{id}/decide", perm(Act::Change), "Decides about a proposal of somebody else.", decide)
        .example(|| json!({"id": SOME, "state": "accepted"}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experience::best::Evidence;
    use crate::experience::experiments::Range;

    #[test]
    fn half_the_money_treats_half_the_customers() {
        let id = |number| uuid::Uuid::from_u128(number);
        let shift = Shift {
            from_policy_id: Id::new(id(1)),
            from_policy: String::new(),
            evidence: Evidence::Unknown,
            to_treatment_id: Id::new(id(2)),
            to_treatment: String::new(),
            amount_minor: 1_000,
            customers: 9,
            gain: Range { value: 300.0, low: 100.0, high: 500.0 },
        };
        assert_eq!(scaled(&shift, 500), (4, [150, 50, 250]));
        assert_eq!(scaled(&Shift { amount_minor: 0, ..shift }, 500), (0, [0, 0, 0]));
    }
}
