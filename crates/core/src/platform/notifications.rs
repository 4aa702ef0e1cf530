//! What the program has to tell somebody: kept until read, told at once to the pages they have open, and about what is
//! due also by e-mail.

use crate::follow_ups::{self, FollowUp, FollowUpId};
use crate::operation::{DONE, Done, Page, page_size};
use crate::parties::Party;
use crate::parties::party::within_sight;
use crate::platform::access::User;
use crate::platform::locale::Loc;
use crate::platform::mails;
use crate::{Ctx, Error, Instant, Operations, Problem, Result};
use peyvand_db::{Db, Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Unread notifications are counted up to here; a badge says "99+" long before.
pub const COUNTED: i64 = 100;

peyvand_db::words! {
    /// What a notification is about.
    pub enum Kind {
        /// The time somebody asked to be reminded at has come.
        Reminder = "reminder",
        /// A follow-up of theirs is overdue.
        Overdue = "overdue",
        /// A follow-up of somebody in their unit has been overdue for long.
        Escalated = "escalated",
        /// Somebody gave them a follow-up.
        HandedOver = "handed_over",
        /// They took over what somebody looked after whose account was closed.
        TakenOver = "taken_over",
    }
}

/// A notification to be.
#[derive(Clone, Debug)]
pub struct News {
    /// Whom to tell.
    pub user: Id<User>,
    /// What it is about.
    pub kind: Kind,
    /// The party it concerns.
    pub party: Option<Id<Party>>,
    /// The thing it concerns.
    pub subject: Option<uuid::Uuid>,
    /// What its words need: never a secret.
    pub data: Value,
}

/// Notes what is to be told. After the commit, say so with [`tell`]; pages that are served by another process find it
/// by themselves within seconds.
///
/// # Errors
/// When the database refuses.
pub async fn notify(tx: &mut Tx, ctx: &Ctx, news: Vec<News>) -> Result<()> {
    let mut to_mail: BTreeMap<Id<User>, Vec<Id<Notification>>> = BTreeMap::new();
    let rows = news
        .into_iter()
        .map(|one| {
            let id = ctx.id::<Notification>();
            if matches!(one.kind, Kind::Reminder | Kind::Overdue | Kind::Escalated) {
                to_mail.entry(one.user).or_default().push(id);
            }
            vec![
                id.to_value(),
                one.user.to_value(),
                ctx.now().to_value(),
                one.kind.to_value(),
                one.party.to_value(),
                one.subject.to_value(),
                one.data.to_value(),
            ]
        })
        .collect();
    let head = "INSERT INTO notifications (id, user_id, at, kind, party_id, subject_id, data) VALUES ";
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await?;
    }
    mails::put(tx, ctx, to_mail).await
}

/// A notification in a sentence, from its kind and the values kept with it.
#[must_use]
pub fn sentence(loc: &Loc, kind: Kind, data: &Value) -> String {
    let word = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let what = word("what");
    match kind {
        Kind::Reminder => loc.t1("notifications-reminder", "what", what),
        Kind::Overdue => loc.t1("notifications-overdue", "what", what),
        Kind::Escalated => loc.ta("notifications-escalated", &[("what", what.into()), ("owner", word("owner").into())]),
        Kind::TakenOver => {
            let number = |name: &str| data.get(name).and_then(Value::as_i64).unwrap_or_default();
            let from = word("from");
            let values = [("from", from.into()), ("customers", number("customers").into()), ("followups", number("follow_ups").into())];
            loc.ta("notifications-taken-over", &values)
        }
        Kind::HandedOver if word("from").is_empty() => loc.t1("notifications-planned", "what", what),
        Kind::HandedOver => loc.ta("notifications-handed-over", &[("what", what.into()), ("from", word("from").into())]),
    }
}

/// Wakes the open pages of a user.
pub fn tell(ctx: &Ctx, user: Id<User>) {
    ctx.app.live.tell(super::live::Message::Notified(user));
}

row! {
    /// A notification.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Notification {
        /// Its id.
        pub id: Id<Notification> = "n.id",
        /// When.
        pub at: Instant = "n.at",
        /// What it is about.
        pub kind: Kind = "n.kind",
        /// The party it concerns.
        pub party_id: Option<Id<Party>> = "n.party_id",
        /// Its name.
        pub party: Option<String> = "p.name",
        /// The thing it concerns.
        pub subject_id: Option<uuid::Uuid> = "n.subject_id",
        /// What its words need.
        pub data: Value = "n.data",
        /// When it was read.
        pub read_at: Option<Instant> = "n.read_at",
    }
}

/// Which notifications.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListNotifications {
    /// Only those not read yet.
    #[serde(default)]
    pub unread: bool,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// The caller's notifications, newest first.
///
/// # Errors
/// When nobody is signed in, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListNotifications) -> Result<Page<Notification>> {
    let user = ctx.actor.person()?.id;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Notification>("FROM notifications n LEFT JOIN parties p ON p.id = n.party_id WHERE n.user_id = ");
    query.arg(user);
    if input.unread {
        query.push(" AND n.read_at IS NULL");
    }
    if let Some(after) = &input.after {
        let after: Id<Notification> = after.parse().map_err(|_| Error::from(Problem::new("after", "input-cursor")))?;
        query.push(" AND n.id < ").arg(after);
    }
    query.push(" ORDER BY n.id DESC LIMIT ").arg(limit + 1);
    let items: Vec<Notification> = ctx.app.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| last.id.to_string()))
}

/// Which notifications were read.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadNotifications {
    /// This one; all of them when absent.
    pub id: Option<Id<Notification>>,
}

/// Marks one notification, or all, as read.
///
/// # Errors
/// When nobody is signed in.
pub async fn read(ctx: &Ctx, input: ReadNotifications) -> Result<Done> {
    let user = ctx.actor.person()?.id;
    let mut update = sql("UPDATE notifications SET read_at = $1 WHERE user_id = $2 AND read_at IS NULL").bind(ctx.now()).bind(user);
    if let Some(id) = input.id {
        update.push(" AND id = ").arg(id);
    }
    let mut tx = ctx.app.db.begin().await?;
    tx.run(update).await?;
    tx.commit().await?;
    tell(ctx, user);
    Ok(DONE)
}

/// Where a notification leads: to what its reader may open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The page of the party.
    Party(Id<Party>),
    /// The list of open follow-ups: the party is out of the reader's sight, what is to be done for it is not.
    FollowUp {
        /// Which of them.
        id: Id<FollowUp>,
        /// Whether it is the reader's own.
        is_own: bool,
    },
    /// Nowhere: it is done, or out of sight by now.
    Nothing,
}

/// Where one of the caller's notifications leads.
///
/// # Errors
/// [`Error::NotFound`] when they have no such notification.
pub async fn target(ctx: &Ctx, id: Id<Notification>) -> Result<Target> {
    let user = ctx.actor.person()?.id;
    let query = sql("SELECT party_id, subject_id FROM notifications WHERE id = $1 AND user_id = $2").bind(id).bind(user);
    let found: Option<(Option<Id<Party>>, Option<Id<FollowUp>>)> = ctx.app.db.maybe(query).await?;
    let Some((party, subject)) = found else { return Err(Error::NotFound("notification")) };
    if let Some(party) = party
        && within_sight(ctx, [party]).await?.contains(&party)
    {
        return Ok(Target::Party(party));
    }
    let Some(id) = subject else { return Ok(Target::Nothing) };
    match follow_ups::get(ctx, FollowUpId { id }).await {
        Ok(one) if one.state == follow_ups::State::Open => Ok(Target::FollowUp { id, is_own: one.owner_id == user }),
        Ok(_) | Err(Error::NotFound(_) | Error::Forbidden(..)) => Ok(Target::Nothing),
        Err(error) => Err(error),
    }
}

/// How many the user has not read, up to [`COUNTED`], and the newest one's id.
///
/// # Errors
/// When the database is out of reach.
pub async fn unread(db: &Db, user: Id<User>) -> Result<(i64, Option<Id<Notification>>)> {
    let rows: Vec<(Id<Notification>,)> = db
        .all(sql("SELECT id FROM notifications WHERE user_id = $1 AND read_at IS NULL ORDER BY id DESC LIMIT $2").bind(user).bind(COUNTED))
        .await?;
    Ok((rows.len() as i64, rows.first().map(|(id,)| *id)))
}

/// The operations of notifications.
pub fn operations(ops: &mut Operations) {
    ops.add("notifications.list", "GET /notifications", None, "The caller's notifications, newest first.", list)
        .example(|| serde_json::json!({"unread": true}));
    ops.add("notifications.read", "POST /notifications/read", None, "Marks one notification, or all, as read.", read)
        .example(|| serde_json::json!({}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{as_post, ctx};

    async fn put(ctx: &Ctx, user: Id<User>, count: usize) {
        let mut tx = ctx.app.db.begin().await.unwrap();
        let one = News { user, kind: Kind::Reminder, party: None, subject: None, data: serde_json::json!({"what": "تماس"}) };
        notify(&mut tx, ctx, vec![one; count]).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn everybody_has_their_own_and_reads_one_or_all() {
        let ctx = ctx().await;
        let other = as_post(&ctx.app, "agent", "other").await;
        let me = ctx.actor.user().unwrap();
        put(&ctx, me, 3).await;
        put(&ctx, other.actor.user().unwrap(), 1).await;
        let mut heard = ctx.app.live.listen();
        let page = ctx.run(list, ListNotifications { limit: Some(2), ..Default::default() }).await.unwrap();
        assert_eq!(page.items.len(), 2);
        assert!(page.items[0].id > page.items[1].id);
        let rest = ctx.run(list, ListNotifications { after: page.next, limit: Some(2), ..Default::default() }).await.unwrap();
        assert_eq!((rest.items.len(), rest.next), (1, None));
        // Somebody else's is not read by naming it.
        other.run(read, ReadNotifications { id: Some(page.items[0].id) }).await.unwrap();
        assert_eq!(unread(&ctx.app.db, me).await.unwrap(), (3, Some(page.items[0].id)));
        ctx.run(read, ReadNotifications { id: Some(page.items[0].id) }).await.unwrap();
        assert_eq!(unread(&ctx.app.db, me).await.unwrap(), (2, Some(page.items[1].id)));
        ctx.run(read, ReadNotifications::default()).await.unwrap();
        assert_eq!(unread(&ctx.app.db, me).await.unwrap(), (0, None));
        assert_eq!(ctx.run(list, ListNotifications { unread: true, ..Default::default() }).await.unwrap().items.len(), 0);
        assert!(heard.try_recv().is_ok());
    }

    #[tokio::test]
    async fn a_notification_leads_to_what_its_reader_may_open() {
        use crate::follow_ups::{CancelFollowUp, HandOverFollowUp, NewFollowUp, cancel, create, hand_over};
        let ctx = ctx().await;
        let (sara, reza) = (as_post(&ctx.app, "agent", "sara").await, as_post(&ctx.app, "agent", "reza").await);
        let party = crate::testing::party(&sara, "مشتری").await;
        let new = NewFollowUp { party_id: Some(party), what: "تماس".into(), due: "فردا".into(), ..NewFollowUp::default() };
        let made = sara.run(create, new).await.unwrap().follow_up.id;
        let to = reza.actor.user().unwrap();
        sara.run(hand_over, HandOverFollowUp { id: made, version: None, owner_id: to }).await.unwrap();
        let note = reza.run(list, ListNotifications::default()).await.unwrap().items.remove(0).id;
        assert_eq!(target(&reza, note).await.unwrap(), Target::FollowUp { id: made, is_own: true });
        assert!(matches!(target(&sara, note).await, Err(Error::NotFound("notification"))));
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE parties SET owner_id = $1").bind(to)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(target(&reza, note).await.unwrap(), Target::Party(party));
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE parties SET owner_id = $1").bind(sara.actor.user())).await.unwrap();
        tx.commit().await.unwrap();
        reza.run(cancel, CancelFollowUp { id: made, version: None }).await.unwrap();
        assert_eq!(target(&reza, note).await.unwrap(), Target::Nothing);
    }
}
