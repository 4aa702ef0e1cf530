//! Notifications by e-mail, for who wants them: an outbox that is filled in the transaction of the notification and
//! emptied by a job.
//!
//! A mail is handed in between two transactions: one claims it, the other marks it as sent. Whoever dies in between
//! leaves open whether the server has it. It is then sent once more, under the same Message-ID, because a reminder that
//! comes twice does less harm than one that never comes; receiving servers drop the second by its id where they look
//! for it. Nothing else is ever sent twice: a mark is written after each single mail.

use super::calendar::Calendar;
use super::jobs::{self, Job, Outcome, QueuedJob};
use super::locale::{Loc, OwnPrefs};
use super::notifications::{Kind, Notification, sentence};
use super::text::{Digits, Lang};
use super::time::{DAY, MINUTE};
use crate::external::{Mail, MailProblem};
use crate::follow_ups::DAY_ENDS;
use crate::platform::access::User;
use crate::{Ctx, Error, Instant, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::sync::watch;

/// A mail that was claimed is due again after this long, whether its sender died or the server asked for another
/// attempt. Longer than any attempt takes, and servers that turn the unknown away at first (greylisting) let them in by
/// then.
const AGAIN: i64 = 5 * MINUTE;
/// A reminder that could not be sent within a day reminds of nothing any more.
const STALE: i64 = DAY;
/// Notifications that a mail names one by one.
const NAMED: usize = 30;
/// Name of the job that goes on with what could not be sent at once.
const LATER: &str = "send_mails_later";

/// A mail in the outbox.
#[derive(Debug)]
enum Outgoing {}

/// Notes mails about notifications, one for each user who wants them, and the job that sends them. Without a mail
/// server nothing is noted.
///
/// # Errors
/// When the database refuses.
pub(super) async fn put(tx: &mut Tx, ctx: &Ctx, mut about: BTreeMap<Id<User>, Vec<Id<Notification>>>) -> Result<()> {
    if ctx.app.mail.is_none() || about.is_empty() {
        return Ok(());
    }
    let mut query = sql("SELECT id FROM users WHERE is_active AND mail_reminders AND id IN ");
    query.list_padded(&about.keys().copied().collect::<Vec<_>>());
    let wanted: Vec<(Id<User>,)> = tx.all(query).await?;
    let mut rows = Vec::with_capacity(wanted.len());
    for (user,) in wanted {
        let about = serde_json::to_value(about.remove(&user).unwrap_or_default()).map_err(Error::fault)?;
        rows.push(vec![
            ctx.id::<Outgoing>().to_value(),
            user.to_value(),
            about.to_value(),
            "waiting".to_value(),
            ctx.now().to_value(),
            0_i64.to_value(),
            ctx.now().to_value(),
        ]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    let head = "INSERT INTO mails (id, user_id, notifications, state, due_at, attempts, created_at) VALUES ";
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await?;
    }
    jobs::enqueue_single(tx, ctx, &Job::SendMails, "send_mails").await
}

row! {
    struct Claimed {
        id: Id<Outgoing>,
        user_id: Id<User>,
        notifications: Value,
        created_at: Instant,
    }
}

row! {
    struct Receiver {
        email: String,
        name: String,
        lang: Option<Lang>,
        calendar: Option<Calendar>,
        digits: Option<Digits>,
        time_zone: Option<String>,
    }
}

row! {
    struct Notice {
        kind: Kind = "n.kind",
        data: Value = "n.data",
        party: String = "p.name",
        due_at: Instant = "f.due_at",
    }
}

/// Sends what waits. What the server does not take now is tried again by a later job.
///
/// # Errors
/// When the database refuses.
pub(super) async fn send(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    // The settings may have gone since the mail was noted; what still waits when they are back is stale or goes then.
    let Some(server) = ctx.app.mail.clone() else { return Ok(Outcome::Done) };
    let mut not_before = ctx.app.clock.now();
    while let Some(claimed) = claim(ctx).await? {
        jobs::renew(&ctx.app, job).await?;
        let (state, problem) = match letter(ctx, &claimed).await? {
            None => ("dropped", None),
            Some(mail) => match server.send(&mail).await {
                Ok(()) => ("sent", None),
                Err(MailProblem::Refused(problem)) => ("refused", Some(problem)),
                Err(MailProblem::Temporary(problem)) => ("waiting", Some(problem)),
                Err(MailProblem::Unreachable(problem)) => {
                    // The next mail would fare the same, and hold up other jobs until it times out.
                    not_before = ctx.app.clock.now().plus(AGAIN);
                    ("waiting", Some(problem))
                }
            },
        };
        if let Some(problem) = &problem {
            tracing::warn!(mail.id = %claimed.id, state, problem, "a mail was not taken");
        }
        let now = ctx.app.clock.now();
        let mut tx = ctx.app.db.begin().await?;
        tx.run(
            sql("UPDATE mails SET state = $1, last_error = $2, finished_at = $3 WHERE id = $4")
                .bind(state)
                .bind(problem)
                .bind((state != "waiting").then_some(now))
                .bind(claimed.id),
        )
        .await?;
        tx.commit().await?;
        if not_before > now {
            break;
        }
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
    }
    let (next,): (Option<Instant>,) = ctx.app.db.one(sql("SELECT min(due_at) FROM mails WHERE state = 'waiting'")).await?;
    if let Some(next) = next {
        let mut tx = ctx.app.db.begin().await?;
        jobs::enqueue_later(&mut tx, ctx, &Job::SendMails, LATER, next.max(not_before)).await?;
        tx.commit().await?;
    }
    Ok(Outcome::Done)
}

/// Takes the mail that has waited longest. Nobody else takes it before it is due again.
async fn claim(ctx: &Ctx) -> Result<Option<Claimed>> {
    let now = ctx.app.clock.now();
    let mut tx = ctx.app.db.begin().await?;
    let claimed = tx
        .maybe(
            sql("UPDATE mails SET due_at = $1, attempts = attempts + 1
                 WHERE id = (SELECT id FROM mails WHERE state = 'waiting' AND due_at <= $2 ORDER BY due_at LIMIT 1 {skip_locked})
                   AND state = 'waiting' AND due_at <= $2 RETURNING id, user_id, notifications, created_at")
            .bind(now.plus(AGAIN))
            .bind(now),
        )
        .await?;
    tx.commit().await?;
    Ok(claimed)
}

/// The mail as its receiver reads it: of what they have not read in the program yet and is still to be done. `None` when
/// nothing is left to say, or nobody to say it to.
async fn letter(ctx: &Ctx, claimed: &Claimed) -> Result<Option<Mail>> {
    let now = ctx.app.clock.now();
    if claimed.created_at < now.plus(-STALE) {
        return Ok(None);
    }
    let receiver = Sql::select::<Receiver>("FROM users WHERE is_active AND mail_reminders AND id = $1").bind(claimed.user_id);
    let Some(receiver) = ctx.app.db.maybe::<Receiver>(receiver).await? else { return Ok(None) };
    let about: Vec<Id<Notification>> = serde_json::from_value(claimed.notifications.clone()).map_err(Error::fault)?;
    let mut query = Sql::select::<Notice>(
        "FROM notifications n JOIN follow_ups f ON f.id = n.subject_id JOIN parties p ON p.id = f.party_id
         WHERE n.read_at IS NULL AND f.state = 'open' AND (n.kind = 'reminder' OR f.due_at < ",
    );
    query.arg(now).push(") AND n.id IN ").list_padded(&about).push(" ORDER BY f.due_at, n.id");
    let notices: Vec<Notice> = ctx.app.db.all(query).await?;
    let Some(first) = notices.first() else { return Ok(None) };

    let organisation = ctx.app.organisation().await?;
    let prefs = organisation.prefs().chosen(OwnPrefs {
        lang: receiver.lang,
        calendar: receiver.calendar,
        digits: receiver.digits,
        time_zone: receiver.time_zone,
        ..OwnPrefs::default()
    });
    let loc = Loc::new(prefs, now);
    let subject = match notices.len() {
        1 => format!("{} · {}", sentence(&loc, first.kind, &first.data), first.party),
        count => loc.t1("notifications-mail-many", "count", count),
    };
    let mut text = format!("{}\n", loc.t1("notifications-mail-greeting", "name", &receiver.name));
    for notice in notices.iter().take(NAMED) {
        let due = loc.t1("notifications-mail-due", "when", due(&loc, notice.due_at));
        text.push_str(&format!("\n{}\n{} · {due}\n", sentence(&loc, notice.kind, &notice.data), notice.party));
    }
    if notices.len() > NAMED {
        text.push_str(&format!("\n{}\n", loc.t1("notifications-mail-more", "count", notices.len() - NAMED)));
    }
    text.push_str(&format!("\n--\n{}\n", loc.t1("notifications-mail-footer", "organisation", organisation.name.as_str())));
    Ok(Some(Mail { to: receiver.email, subject, text, message_id: claimed.id.to_string() }))
}

/// In full, for a mail may be read days later; the hour only where one was given.
fn due(loc: &Loc, at: Instant) -> String {
    let clock = at.zoned(&loc.prefs.time_zone);
    if (clock.hour(), clock.minute()) == DAY_ENDS { loc.day_long(at.day(&loc.prefs.time_zone)) } else { loc.when_full(at) }
}
