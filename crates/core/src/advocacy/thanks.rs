//! The thanks that follow an introduction: whoever looks after who introduced is to thank them, and asks for nothing more.

use super::referrals::Referral;
use crate::follow_ups::causes::{self, Cause};
use crate::follow_ups::{FollowUp, NewFollowUp, State};
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::locale::Loc;
use crate::platform::time::MINUTE;
use crate::{Ctx, Instant, Result};
use peyvand_db::{Id, Sql, Tx, row};
use schemars::JsonSchema;
use serde::Serialize;

/// Thanks are due within so many days: later they are no answer any more.
const DAYS: i64 = 2;

row! {
    struct ToThank {
        referrer_id: Id<Party> = "p.id",
        name: String = "p.name",
        owner_id: Id<User> = "u.id",
    }
}

row! {
    /// The thanks for an introduction.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct ReferralThanks {
        /// The follow-up.
        pub follow_up_id: Id<FollowUp> = "f.id",
        /// Who thanks.
        pub owner: String = "u.name",
        /// Where it stands.
        pub state: State = "f.state",
        /// Until when.
        pub due_at: Instant = "f.due_at",
        /// When they thanked.
        pub done_at: Option<Instant> = "f.done_at",
    }
}

/// Has an introduction thanked for, once: where it stands, and somebody looks after who introduced.
pub(super) async fn plan(tx: &mut Tx, ctx: &Ctx, id: Id<Referral>) -> Result<()> {
    let query = Sql::select::<ToThank>(
        "FROM referrals t JOIN parties p ON p.id = t.referrer_id JOIN users u ON u.id = p.owner_id AND u.is_active
         WHERE t.id = $1 AND p.archived_at IS NULL AND t.state IN ('captured', 'qualified', 'converted', 'confirmed', 'rewarded')
           AND NOT EXISTS (SELECT 1 FROM follow_up_causes c JOIN follow_ups f ON f.id = c.follow_up_id
             WHERE c.cause = 'referral' AND c.cause_id = t.id AND f.state <> 'cancelled')",
    );
    let Some(one) = tx.maybe::<ToThank>(query.bind(id)).await? else { return Ok(()) };
    let organisation = ctx.app.organisation().await?;
    let zone = organisation.zone();
    let ends = Instant::start_of(ctx.now().day(&zone).plus(DAYS + 1), &zone).plus(-MINUTE);
    // The program plans: it reaches also an owner whom who writes it down does not see.
    let system = Ctx { now: ctx.now, ..ctx.app.system(ctx.door()) };
    let task = NewFollowUp {
        party_id: Some(one.referrer_id),
        what: Loc::new(organisation.prefs(), ctx.now()).t1("referrals-thanks-task", "name", one.name),
        due: ends.to_string(),
        owner_id: Some(one.owner_id),
        ..NewFollowUp::default()
    };
    causes::plan_for(tx, &system, Cause::Referral, id.0, task).await.map(|_| ())
}

/// Thanks that are still to be said are wanted no more: the introduction was refused, or is somebody else's. Whether there were any.
pub(super) async fn cancel(tx: &mut Tx, ctx: &Ctx, id: Id<Referral>) -> Result<bool> {
    Ok(causes::end_with(tx, ctx, Cause::Referral, id.0, State::Cancelled).await? > 0)
}

/// The thanks for an introduction, if any are planned: those planned last.
pub(super) async fn of(tx: &mut Tx, id: Id<Referral>) -> Result<Option<ReferralThanks>> {
    let query = "FROM follow_up_causes c JOIN follow_ups f ON f.id = c.follow_up_id JOIN users u ON u.id = f.owner_id
                 WHERE c.cause = 'referral' AND c.cause_id = $1 ORDER BY f.id DESC LIMIT 1";
    Ok(tx.maybe(Sql::select::<ReferralThanks>(query).bind(id)).await?)
}
