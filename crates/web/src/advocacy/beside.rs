//! Who brought a customer and whom they brought, beside their other things.

use super::ledger::{Sum, sums};
use super::{Line, line};
use crate::page::Shell;
use crate::request::Req;
use askama::Template;
use peyvand_core::advocacy::ledger::{self, LedgerOf};
use peyvand_core::advocacy::referrals::{self, ListReferrals, ReferralView};
use peyvand_core::parties::Party;
use peyvand_core::{Act, Error, Id, Room};

/// Introductions beside a customer.
const BESIDE: i64 = 4;

/// The box on a customer's page.
#[derive(Template)]
#[template(path = "advocacy/beside.html")]
pub(crate) struct ReferralBox {
    s: Shell,
    party: Id<Party>,
    /// What is said of who brought them, the last first.
    by: Vec<Line>,
    brought: Vec<Line>,
    has_more: bool,
    may_add: bool,
    /// What they have earned: label, amount, tone; empty when there is nothing.
    books: Vec<Sum>,
}

/// Who brought a customer and whom they brought; none for who may not see any.
pub(crate) async fn of_party(req: &Req, party: Id<Party>) -> Result<Option<ReferralBox>, Error> {
    if !req.can(Room::Advocacy, Act::See) {
        return Ok(None);
    }
    let of = ListReferrals { view: Some(ReferralView::All), limit: Some(BESIDE), ..ListReferrals::default() };
    let by = req.ctx.run(referrals::list, ListReferrals { referee_id: Some(party), limit: Some(2), ..of.clone() });
    let brought = req.ctx.run(referrals::list, ListReferrals { referrer_id: Some(party), ..of });
    // Who sees a customer need not see what they earn.
    let earned = async {
        match req.ctx.run(ledger::get, LedgerOf { party_id: Some(party), customer: None }).await {
            Ok(seen) => Ok(sums(&req.loc, &seen)),
            Err(Error::NotFound(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    };
    let (by, brought, earned) = tokio::try_join!(by, brought, earned)?;
    Ok(Some(ReferralBox {
        s: req.shell("parties", ""),
        party,
        by: by.items.into_iter().map(|one| line(&req.loc, one)).collect(),
        has_more: brought.next.is_some(),
        brought: brought.items.into_iter().map(|one| line(&req.loc, one)).collect(),
        may_add: req.can(Room::Advocacy, Act::Create),
        books: earned.into_iter().filter(|sum| sum.is_some).collect(),
    }))
}
