//! Whether all customers of the shop get the same: what was found, and what the owner says to one of the differences.

use super::Story;
use crate::experience::fairness::{self, AnswerDifference, AuditFairness, Cause, ListDifferences};
use crate::platform::access::User;
use crate::platform::time::MINUTE;
use crate::{Id, Result};

/// Days that the owner's answer holds.
const HOLDS: i64 = 90;

impl Story {
    /// The audits of the month, of which one difference is explained and others wait.
    pub(super) async fn fairness(&self, owner: Id<User>) -> Result<()> {
        let ctx = self.by(self.now.plus(MINUTE), owner, Vec::new());
        fairness::audit(&ctx, AuditFairness::default()).await?;
        let found = fairness::open(&ctx, ListDifferences::default()).await?.items;
        let Some(one) = found.first().filter(|_| found.len() > 1) else { return Ok(()) };
        let answer = AnswerDifference {
            id: one.id,
            cause: Cause::Mistake,
            words: "فروشنده‌ها بی آنکه قرار باشد به آشنایان بیشتر تخفیف می‌دادند؛ از این ماه تخفیف فقط با کد است.".to_owned(),
            until: self.last.plus(HOLDS),
        };
        fairness::answer(&ctx, answer).await?;
        Ok(())
    }
}
