//! The job that asks by rule. Each occasion is decided once, in the transaction that makes the invitation, so that whoever
//! kills the program asks nobody twice; and who is not asked is noted with the reason.

use super::ask_rules::{AskAfter, AskRule};
use super::asks::{Ask, AskOutcome};
use super::cases::Case;
use super::invitations::{self, Invitation};
use super::surveys::Survey;
use super::voice_settings;
use crate::parties::Party;
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::platform::time::DAY;
use crate::{Ctx, Instant, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use std::collections::HashMap;
use tokio::sync::watch;

/// An occasion that nobody decided about for so long after its time is let go: a question must not come weeks late.
const LATE: i64 = 7 * DAY;
/// Occasions of one transaction.
const BATCH: i64 = 200;
/// Perceived respect is asked after one of so many contacts at most.
const RESPECT_EACH: i64 = 5;

/// What happened to a customer: a purchase, a case, a visit.
#[derive(Debug)]
pub enum Occasion {}

row! {
    /// An occasion that is due.
    #[derive(Clone, Debug)]
    struct Due {
        id: Id<Occasion>,
        party_id: Id<Party>,
        at: Instant,
    }
}

row! {
    /// What a rule asks by.
    #[derive(Clone, Debug)]
    struct Rule {
        id: Id<AskRule> = "a.id",
        family_id: Id<Survey> = "a.family_id",
        occasion: AskAfter = "a.occasion",
        wait_days: i64 = "a.wait_days",
        active_since: Instant = "a.active_since",
        seen: i64 = "a.seen",
        asked: i64 = "a.asked",
    }
}

row! {
    /// How somebody stands who may be asked.
    #[derive(Clone, Debug)]
    struct Stands {
        id: Id<Party> = "p.id",
        is_archived: bool = "p.archived_at IS NOT NULL",
        has_consent: bool = "EXISTS (SELECT 1 FROM contact_points c WHERE c.party_id = p.id AND c.consent = 'given')",
        open_incident: bool = "EXISTS (SELECT 1 FROM respect_incidents i WHERE i.party_id = p.id AND i.closed_at IS NULL)",
        open_complaint: bool = "EXISTS (SELECT 1 FROM cases k WHERE k.party_id = p.id AND k.kind = 'complaint' AND k.closed_at IS NULL)",
        invited_at: Option<Instant> = "(SELECT MAX(n.created_at) FROM survey_invitations n WHERE n.party_id = p.id)",
        answered_at: Option<Instant> = "(SELECT MAX(h.at) FROM survey_sheets h WHERE h.party_id = p.id)",
    }
}

/// What decides whether somebody is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub survey_is_open: bool,
    pub is_archived: bool,
    pub has_consent: bool,
    pub open_incident: bool,
    pub open_complaint: bool,
    /// When they were last asked anything, by whichever way.
    pub last_asked: Option<Instant>,
    pub asks_respect: bool,
    /// Occasions of the rule so far, this one aside.
    pub seen: i64,
    /// After how many of them it asked.
    pub asked: i64,
}

/// Whether somebody is asked, and if not, why not. Consent comes before everything else of theirs, and the share of respect
/// last, so that no contact of the few is spent on who would not be asked anyway.
pub(super) fn decide(facts: &Facts, now: Instant, cooldown_days: i64) -> AskOutcome {
    if facts.is_archived {
        AskOutcome::Archived
    } else if !facts.survey_is_open {
        AskOutcome::NoSurvey
    } else if !facts.has_consent {
        AskOutcome::NoConsent
    } else if facts.open_incident {
        AskOutcome::OpenIncident
    } else if facts.open_complaint {
        AskOutcome::OpenComplaint
    } else if facts.last_asked.is_some_and(|last| last.plus(cooldown_days * DAY) > now) {
        AskOutcome::AskedLately
    } else if facts.asks_respect && (facts.asked + 1) * RESPECT_EACH > facts.seen + 1 {
        AskOutcome::OneOfFive
    } else {
        AskOutcome::Asked
    }
}

/// The job: decides about all occasions whose time has come.
///
/// # Errors
/// When the database is out of reach.
pub async fn ask(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    while step(ctx).await? {
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        jobs::renew(&ctx.app, job).await?;
    }
    Ok(Outcome::Done)
}

/// Decides about a batch of each rule; whether there may be more.
pub(crate) async fn step(ctx: &Ctx) -> Result<bool> {
    let mut tx = ctx.app.db.begin().await?;
    // The lock lets one go at a time: what a cool-down counts stands still meanwhile.
    let _: Vec<(Id<AskRule>,)> = tx.all(sql("SELECT id FROM ask_rules ORDER BY id {for_update}")).await?;
    let rules: Vec<Rule> = tx.all(Sql::select::<Rule>("FROM ask_rules a WHERE a.is_active ORDER BY a.id")).await?;
    let cooldown = voice_settings::read(&mut tx).await?.cooldown_days;
    let mut more = false;
    for rule in rules {
        let due = due(&mut tx, &rule, ctx.now()).await?;
        more |= due.len() as i64 == BATCH;
        if !due.is_empty() {
            batch(&mut tx, ctx, &rule, &due, cooldown).await?;
        }
    }
    tx.commit().await?;
    Ok(more)
}

/// Occasions of a rule whose time has come and about which nobody decided.
async fn due(tx: &mut Tx, rule: &Rule, now: Instant) -> Result<Vec<Due>> {
    let until = now.plus(-rule.wait_days * DAY);
    let from = rule.active_since.max(until.plus(-LATE));
    let query = match rule.occasion {
        AskAfter::Purchase => sql(
            "SELECT o.id, o.party_id, o.at FROM purchases o WHERE o.at >= $1 AND o.at <= $2 AND o.party_id IS NOT NULL AND o.gross_minor > 0
               AND NOT EXISTS (SELECT 1 FROM asks d WHERE d.rule_id = $3 AND d.occasion_id = o.id) ORDER BY o.at, o.id LIMIT $4",
        ),
        AskAfter::Case => sql(
            "SELECT o.id, o.party_id, o.closed_at FROM cases o WHERE o.closed_at >= $1 AND o.closed_at <= $2
               AND NOT EXISTS (SELECT 1 FROM asks d WHERE d.rule_id = $3 AND d.occasion_id = o.id) ORDER BY o.closed_at, o.id LIMIT $4",
        ),
        AskAfter::Visit => sql(
            "SELECT o.id, o.party_id, o.at FROM interactions o WHERE o.channel IN ('in_person', 'visit') AND o.at >= $1 AND o.at <= $2
               AND NOT EXISTS (SELECT 1 FROM asks d WHERE d.rule_id = $3 AND d.occasion_id = o.id) ORDER BY o.at, o.id LIMIT $4",
        ),
    };
    Ok(tx.all(query.bind(from).bind(until).bind(rule.id).bind(BATCH)).await?)
}

async fn batch(tx: &mut Tx, ctx: &Ctx, rule: &Rule, due: &[Due], cooldown: i64) -> Result<()> {
    let open: Option<(Id<Survey>, bool)> = tx
        .maybe(
            sql("SELECT v.id, EXISTS (SELECT 1 FROM survey_questions q WHERE q.survey_id = v.id AND q.kind = 'respect')
                 FROM surveys v WHERE v.family_id = $1 AND v.state = 'live'")
            .bind(rule.family_id),
        )
        .await?;
    let mut parties: Vec<Id<Party>> = due.iter().map(|due| due.party_id).collect();
    parties.sort_unstable();
    parties.dedup();
    let mut query = Sql::select::<Stands>("FROM parties p WHERE p.id IN ");
    query.list_padded(&parties);
    let mut stands: HashMap<Id<Party>, Stands> = tx.all::<Stands>(query).await?.into_iter().map(|one| (one.id, one)).collect();
    let (mut seen, mut asked) = (rule.seen, rule.asked);
    let day = invitations::today(ctx).await?;
    let mut rows = Vec::with_capacity(due.len());
    for one in due {
        let Some(stands) = stands.get_mut(&one.party_id) else { continue };
        let facts = Facts {
            survey_is_open: open.is_some(),
            is_archived: stands.is_archived,
            has_consent: stands.has_consent,
            open_incident: stands.open_incident,
            open_complaint: stands.open_complaint,
            last_asked: stands.invited_at.max(stands.answered_at),
            asks_respect: open.is_some_and(|(_, respect)| respect),
            seen,
            asked,
        };
        let outcome = decide(&facts, ctx.now(), cooldown);
        let mut invitation: Option<Id<Invitation>> = None;
        if let (AskOutcome::Asked, Some((survey, _))) = (outcome, open) {
            let case = (rule.occasion == AskAfter::Case).then(|| one.id.cast::<Case>());
            invitation = Some(invitations::make(tx, ctx, survey, one.party_id, invitations::DAYS, case).await?);
            stands.invited_at = Some(ctx.now());
            asked += 1;
        }
        seen += 1;
        rows.push(vec![
            ctx.id::<Ask>().to_value(),
            rule.id.to_value(),
            one.party_id.to_value(),
            one.id.to_value(),
            one.at.to_value(),
            outcome.to_value(),
            invitation.to_value(),
            day.to_value(),
            ctx.now().to_value(),
        ]);
    }
    let head = "INSERT INTO asks (id, rule_id, party_id, occasion_id, occasion_at, outcome, invitation_id, day, at) VALUES ";
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await?;
    }
    tx.run(sql("UPDATE ask_rules SET seen = $1, asked = $2 WHERE id = $3").bind(seen).bind(asked).bind(rule.id)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;

    const FREE: Facts = Facts {
        survey_is_open: true,
        is_archived: false,
        has_consent: true,
        open_incident: false,
        open_complaint: false,
        last_asked: None,
        asks_respect: false,
        seen: 0,
        asked: 0,
    };

    #[test]
    fn each_reason_alone_keeps_a_question_back() {
        let of = |facts: Facts| decide(&facts, NOW, 30);
        assert_eq!(of(FREE), AskOutcome::Asked);
        assert_eq!(of(Facts { survey_is_open: false, ..FREE }), AskOutcome::NoSurvey);
        assert_eq!(of(Facts { is_archived: true, ..FREE }), AskOutcome::Archived);
        assert_eq!(of(Facts { has_consent: false, open_incident: true, ..FREE }), AskOutcome::NoConsent);
        assert_eq!(of(Facts { open_incident: true, ..FREE }), AskOutcome::OpenIncident);
        assert_eq!(of(Facts { open_complaint: true, ..FREE }), AskOutcome::OpenComplaint);
        assert_eq!(of(Facts { last_asked: Some(NOW.plus(-30 * DAY + 1)), ..FREE }), AskOutcome::AskedLately);
        assert_eq!(of(Facts { last_asked: Some(NOW.plus(-30 * DAY)), ..FREE }), AskOutcome::Asked);
    }

    #[test]
    fn respect_is_asked_after_one_of_five_contacts_at_most() {
        let (mut seen, mut asked) = (0, 0);
        for contact in 0..1_000 {
            // Some are kept back for other reasons; their share is not saved up beyond one of five.
            let facts = Facts { asks_respect: true, has_consent: contact % 3 > 0, seen, asked, ..FREE };
            asked += i64::from(decide(&facts, NOW, 30) == AskOutcome::Asked);
            seen += 1;
            assert!(asked * 5 <= seen, "{asked} of {seen}");
        }
        assert!(asked > 150, "and it is asked: {asked}");
    }
}
