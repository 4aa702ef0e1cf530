//! The history: one row for each thing that happened, written in the transaction that made it true. The timeline,
//! the audit log, notifications and scores hang on it. Nothing removes a row.

use crate::advocacy::follow as referrals;
use crate::lifecycle::ways;
use crate::marketing::segments::follow;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::access::User;
use crate::{Act, Ctx, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, ToValue, Tx, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happened, to whom, with what detail. `kind` is past tense with its room: `party.created`.
#[derive(Clone, Debug)]
pub struct Event {
    /// Past tense with its room.
    pub kind: &'static str,
    /// The party it belongs to.
    pub party: Option<Id<Party>>,
    /// The thing it happened to, when that is not the party.
    pub subject: Option<uuid::Uuid>,
    /// Details; never a secret.
    pub data: Value,
}

impl Event {
    /// An event of a party.
    #[must_use]
    pub fn of_party(kind: &'static str, party: Id<Party>, data: Value) -> Event {
        Event { kind, party: Some(party), subject: None, data }
    }

    /// An event of something that belongs to no party.
    #[must_use]
    pub fn of<T>(kind: &'static str, subject: Id<T>, data: Value) -> Event {
        Event { kind, party: None, subject: Some(subject.0), data }
    }

    /// About this thing.
    #[must_use]
    pub fn about<T>(mut self, subject: Id<T>) -> Event {
        self.subject = Some(subject.0);
        self
    }
}

/// Everything that can have happened. The catalogues have words for each: `event-party-created` for `party.created`.
pub const KINDS: &[&str] = &[
    "act.done",
    "act.skipped",
    "address.added",
    "address.changed",
    "address.removed",
    "address.restored",
    "ask_rule.changed",
    "ask_rule.created",
    "benefit.approved",
    "benefit.created",
    "benefit.retired",
    "case.answered",
    "case.changed",
    "case.closed",
    "case.opened",
    "case.reopened",
    "case.taken",
    "consent.forgotten",
    "consent.given",
    "consent.withdrawn",
    "contact.added",
    "contact.changed",
    "contact.removed",
    "contact.restored",
    "cost.added",
    "cost.removed",
    "cost.restored",
    "cost_rate.changed",
    "experiment.created",
    "experiment.decided",
    "experiment.delivered",
    "experiment.ended",
    "experiment.imported",
    "experiment.made_good",
    "experiment.paused",
    "experiment.resumed",
    "experiment.started",
    "facts.rebuild_asked",
    "facts.rebuilt",
    "fairness.answered",
    "fairness.audited",
    "feedback.changed",
    "feedback.finished",
    "feedback.opened",
    "feedback.reopened",
    "feedback.taken",
    "feedback.told",
    "feedback.voiced",
    "follow_up.cancelled",
    "follow_up.changed",
    "follow_up.done",
    "follow_up.handed_over",
    "follow_up.planned",
    "follow_up.restored",
    "follow_up.snoozed",
    "follow_up.taken_back",
    "gate.changed",
    "gift.created",
    "gift.received",
    "gift.restocked",
    "gift.sent",
    "goal.archived",
    "goal.changed",
    "goal.created",
    "goal.note_removed",
    "goal.note_restored",
    "goal.noted",
    "goal.restored",
    "grant.accepted",
    "grant.expired",
    "grant.freed",
    "grant.offered",
    "grant.redeemed",
    "grant.revoked",
    "idea.closed",
    "idea.created",
    "identity.removed",
    "identity.revealed",
    "import.failed",
    "import.finished",
    "import.undone",
    "incident.confirmed",
    "incident.opened",
    "incident.resolved",
    "insight.refresh_asked",
    "interaction.changed",
    "interaction.logged",
    "interaction.restored",
    "interaction.taken_back",
    "interview.recorded",
    "keys.rotated",
    "ledger.carried",
    "ledger.earned",
    "ledger.expired",
    "ledger.given_back",
    "ledger.granted",
    "ledger.matured",
    "ledger.paid_out",
    "ledger.repaid",
    "ledger.revoked",
    "ledger.spent",
    "ledger.taken_back",
    "ledger.unearned",
    "ledger.written_off",
    "lifecycle.decided",
    "lifecycle.replay_asked",
    "lifecycle.taken_back",
    "opportunity.changed",
    "opportunity.closed",
    "opportunity.created",
    "opportunity.reopened",
    "opportunity.restored",
    "opportunity.taken_back",
    "organisation.changed",
    "organisation.set_up",
    "parties.exported",
    "party.archived",
    "party.assigned",
    "party.changed",
    "party.created",
    "party.kept_apart",
    "party.merged",
    "party.restored",
    "party.stance_changed",
    "party.tagged",
    "party.unmerged",
    "party.untagged",
    "policy.approved",
    "policy.created",
    "policy.retired",
    "policy.started",
    "policy.version_added",
    "policy.violation_attempted",
    "post.changed",
    "post.created",
    "post.deleted",
    "preference.ended",
    "preference.learned",
    "profit.decided",
    "profit.refresh_asked",
    "proposal.created",
    "proposal.decided",
    "protocol.archived",
    "protocol.begun",
    "protocol.created",
    "purchase.created",
    "quote.added",
    "quote.changed",
    "readiness.answered",
    "referral.appealed",
    "referral.assumed",
    "referral.claimed",
    "referral.confirmed",
    "referral.converted",
    "referral.expired",
    "referral.held",
    "referral.qualified",
    "referral.recorded",
    "referral.rejected",
    "referral.reversed",
    "referral.reviewed",
    "referral.rewarded",
    "referral_code.ended",
    "referral_code.made",
    "relation.added",
    "relation.ended",
    "save.added",
    "save.removed",
    "save.restored",
    "segment.archived",
    "segment.changed",
    "segment.created",
    "segment.picked",
    "segment.restored",
    "spending.restored",
    "spending.stated",
    "stage.changed",
    "stage.promoted",
    "stage.put_right",
    "survey.answer_changed",
    "survey.answered",
    "survey.changed",
    "survey.closed",
    "survey.created",
    "survey.invited",
    "survey.published",
    "terms.changed",
    "token.created",
    "token.revoked",
    "treatment.archived",
    "treatment.created",
    "unit.changed",
    "unit.created",
    "user.changed",
    "user.created",
    "user.deactivated",
    "user.password_changed",
    "user.sign_in_failed",
    "user.signed_in",
    "user.signed_out",
    "user.signed_out_everywhere",
    "view.archived",
    "view.changed",
    "view.created",
    "view.restored",
    "voice_settings.changed",
];

/// Writes the event.
///
/// # Errors
/// When the database refuses.
pub async fn record(tx: &mut Tx, ctx: &Ctx, event: Event) -> Result<()> {
    record_all(tx, ctx, vec![event]).await
}

/// Writes many events.
///
/// # Errors
/// When the database refuses.
pub async fn record_all(tx: &mut Tx, ctx: &Ctx, events: Vec<Event>) -> Result<()> {
    if events.iter().any(|event| matches!(event.kind, "import.finished" | "facts.rebuilt")) {
        follow::all(tx, ctx).await?;
        ways::enqueue(tx, ctx).await?;
        referrals::enqueue(tx, ctx).await?;
    }
    follow::mark(tx, ctx, events.iter().filter_map(|event| event.party).collect()).await?;
    let rows = events
        .into_iter()
        .map(|event| {
            debug_assert!(KINDS.contains(&event.kind), "{} is missing in KINDS", event.kind);
            vec![
                ctx.id::<Event>().to_value(),
                ctx.now().to_value(),
                event.kind.to_value(),
                ctx.actor.user().to_value(),
                ctx.door().as_str().to_value(),
                event.party.to_value(),
                event.subject.to_value(),
                event.data.to_value(),
            ]
        })
        .collect();
    let head = "INSERT INTO events (id, at, kind, actor_id, door, party_id, subject_id, data) VALUES ";
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await?;
    }
    Ok(())
}

row! {
    /// A row of the audit log.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct EventRow {
        /// Its id.
        pub id: Id<Event> = "e.id",
        /// When.
        pub at: Instant = "e.at",
        /// What, in the past tense.
        pub kind: String = "e.kind",
        /// Who; absent for the program itself.
        pub actor_id: Option<Id<User>> = "e.actor_id",
        /// Their name.
        pub actor: Option<String> = "u.name",
        /// Through which door: web, api, cli, job.
        pub door: String = "e.door",
        /// Whose history it belongs to.
        pub party_id: Option<Id<Party>> = "e.party_id",
        /// The party's name.
        pub party: Option<String> = "p.name",
        /// The thing it happened to.
        pub subject_id: Option<uuid::Uuid> = "e.subject_id",
        /// Details.
        pub data: Value = "e.data",
    }
}

/// Which part of the audit log.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListEvents {
    /// Only events of this kind, or of this room (`party.`).
    pub kind: Option<String>,
    /// Only what this user did.
    pub actor_id: Option<Id<User>>,
    /// Only the history of this party.
    pub party_id: Option<Id<Party>>,
    /// From this moment.
    pub from: Option<Instant>,
    /// Before this moment.
    pub until: Option<Instant>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// The audit log, newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListEvents) -> Result<Page<EventRow>> {
    let reader = ctx.read(Perm(Room::Audit, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<EventRow>(
        "FROM events e LEFT JOIN users u ON u.id = e.actor_id LEFT JOIN parties p ON p.id = e.party_id WHERE 1 = 1",
    );
    match &reader.sight {
        crate::Sight::All => {}
        crate::Sight::Units { units, user } => {
            query.push(" AND (u.unit_id IN ").list(units.iter().copied()).push(" OR e.actor_id = ").arg(*user).push(")");
        }
        crate::Sight::Own(user) => {
            query.push(" AND e.actor_id = ").arg(*user);
        }
    }
    if let Some(kind) = &input.kind {
        if kind.ends_with('.') {
            query.push(" AND e.kind >= ").arg(kind).push(" AND e.kind < ").arg(format!("{kind}~"));
        } else {
            query.push(" AND e.kind = ").arg(kind);
        }
    }
    if let Some(actor) = input.actor_id {
        query.push(" AND e.actor_id = ").arg(actor);
    }
    if let Some(party) = input.party_id {
        query.push(" AND e.party_id = ").arg(party);
    }
    if let Some(from) = input.from {
        query.push(" AND e.at >= ").arg(from);
    }
    if let Some(until) = input.until {
        query.push(" AND e.at < ").arg(until);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Event>(after)?;
        query.push(" AND (e.at, e.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY e.at DESC, e.id DESC LIMIT ").arg(limit + 1);
    let items: Vec<EventRow> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| cursor_at(last.at, last.id)))
}

/// The cursor of a row that stands at a moment: `1764000000000_0191…`.
#[must_use]
pub fn cursor_at<T>(at: Instant, id: Id<T>) -> String {
    format!("{}_{id}", at.0)
}

/// Reads a cursor of [`cursor_at`].
///
/// # Errors
/// A problem at field `after`.
pub fn cursor<T>(text: &str) -> Result<(Instant, Id<T>)> {
    let read = || {
        let (at, id) = text.split_once('_')?;
        Some((Instant(at.parse().ok()?), id.parse().ok()?))
    };
    read().ok_or_else(|| Problem::new("after", "input-cursor").into())
}

/// The operations of the audit log.
pub fn operations(ops: &mut Operations) {
    ops.add("audit.list", "GET /audit", Some(Perm(Room::Audit, Act::See)), "Everything that happened, newest first.", list)
        .example(|| serde_json::json!({"kind": "party.", "limit": 20}));
}

#[cfg(test)]
mod tests {
    use super::KINDS;
    use crate::Instant;
    use crate::platform::locale::{Loc, Prefs};
    use crate::platform::text::Lang;
    use std::collections::BTreeSet;

    #[test]
    fn whatever_happens_has_words_in_every_language() {
        assert_eq!(KINDS.iter().collect::<BTreeSet<_>>().len(), KINDS.len());
        for lang in [Lang::Fa, Lang::En, Lang::Ar] {
            let loc = Loc::new(Prefs::of(lang), Instant(0));
            let silent: Vec<_> = KINDS.iter().filter(|kind| !loc.has(&format!("event-{}", kind.replace(['.', '_'], "-")))).collect();
            assert!(silent.is_empty(), "{lang:?} has no words for {silent:?}");
        }
    }
}
