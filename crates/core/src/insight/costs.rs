//! The ledger of costs: what was spent on a customer, or on none in particular, beside the goods and the contacts that are
//! reckoned at their rates.

use crate::interactions::{check_terms, moment};
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::money::{Money, MoneyUnit};
use crate::platform::text::clean_line;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use jiff::civil::time;
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a note.
const NOTE_MAX: usize = 500;
/// Minutes of one entry: four weeks, day and night.
const MINUTES_MAX: i64 = 40_320;

peyvand_db::words! {
    /// What money was spent on.
    pub enum CostKind {
        /// Goods beyond the share that all have in their price.
        Goods = "goods",
        /// A discount that is on no invoice.
        Discount = "discount",
        /// A gift.
        Gift = "gift",
        /// Work of ours.
        Staff = "staff",
        /// A way to reach them: postage, a trip.
        Channel = "channel",
        /// Making good for what went wrong.
        Complaint = "complaint",
        /// A benefit, such as a reward for a referral.
        Benefit = "benefit",
        /// Something else.
        Other = "other",
    }
}

row! {
    /// A cost.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Cost {
        /// Its id.
        pub id: Id<Cost> = "t.id",
        /// Of whom; absent for a cost of no customer in particular.
        pub party_id: Option<Id<Party>> = "t.party_id",
        /// Their name.
        pub party: Option<String> = "p.name",
        /// When.
        pub day: Day = "t.day",
        /// On what.
        pub kind: CostKind = "t.kind",
        /// To win customers of which source, a word of the list `source`; only where it is of no customer in particular.
        pub source: Option<String> = "t.source",
        /// How much, in minor units of the organisation's currency.
        pub amount_minor: i64 = "t.amount_minor",
        /// Minutes of ours. Without an amount they are priced at the rate of an hour.
        pub minutes: i64 = "t.minutes",
        /// A note.
        pub note: Option<String> = "t.note",
        /// Who entered it.
        pub created_by: Option<Id<User>> = "t.created_by",
        /// Their name.
        pub creator: Option<String> = "u.name",
    }
}

const FROM: &str = "FROM costs t LEFT JOIN parties p ON p.id = t.party_id LEFT JOIN users u ON u.id = t.created_by WHERE 1 = 1";

row! {
    /// A cost as it is stored, to be put back.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct StoredCost {
        /// Its id.
        pub id: Id<Cost>,
        /// Of whom.
        pub party_id: Option<Id<Party>>,
        /// When.
        pub day: Day,
        /// On what.
        pub kind: CostKind,
        /// To win customers of which source.
        #[serde(default)]
        pub source: Option<String>,
        /// How much.
        pub amount_minor: i64,
        /// Minutes of ours.
        pub minutes: i64,
        /// A note.
        pub note: Option<String>,
        /// Who entered it.
        pub created_by: Option<Id<User>>,
        /// When they did.
        pub created_at: Instant,
    }
}

impl StoredCost {
    async fn insert(&self, tx: &mut Tx) -> Result<()> {
        tx.run(
            sql("INSERT INTO costs (id, party_id, day, kind, source, amount_minor, minutes, note, created_by, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
            .bind(self.id)
            .bind(self.party_id)
            .bind(self.day)
            .bind(self.kind)
            .bind(&self.source)
            .bind(self.amount_minor)
            .bind(self.minutes)
            .bind(&self.note)
            .bind(self.created_by)
            .bind(self.created_at),
        )
        .await?;
        Ok(())
    }

    async fn delete(&self, tx: &mut Tx) -> Result<u64> {
        Ok(tx.run(sql("DELETE FROM costs WHERE id = $1").bind(self.id)).await?)
    }

    /// What the history says of it.
    fn event(&self, kind: &'static str) -> Event {
        let data = json!({"kind": self.kind, "amount_minor": self.amount_minor, "minutes": self.minutes, "day": self.day, "source": self.source, "note": self.note});
        Event { kind, party: self.party_id, subject: Some(self.id.0), data }
    }
}

/// What came of an act on a cost.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CostActed {
    /// The cost, as it is or was.
    #[serde(flatten)]
    pub cost: Cost,
    /// Takes the act back; for a day, by the one who did it.
    pub undo: Id<Undo>,
}

/// A cost to be entered.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewCost {
    /// Of whom.
    pub party_id: Option<Id<Party>>,
    /// Of whom, by any identity key, phone or code. Without both it is a cost of no customer in particular.
    pub customer: Option<String>,
    /// On what; `other` unless given.
    pub kind: Option<CostKind>,
    /// To win customers of which source, a word of the list `source`; only for a cost of no customer in particular.
    pub source: Option<String>,
    /// How much, as decimal text in major units of the organisation's currency.
    pub amount: Option<String>,
    /// Minutes of ours.
    pub minutes: Option<i64>,
    /// When, as a date in the caller's calendar or RFC 3339; today unless given.
    pub date: Option<String>,
    /// A note.
    pub note: Option<String>,
}

/// Enters a cost.
///
/// # Errors
/// For fields that cannot be read, without an amount and minutes, for an unknown customer. A cost of no customer is only
/// for who sees all customers.
pub async fn add(ctx: &Ctx, new: NewCost) -> Result<CostActed> {
    let writer = ctx.write(Perm(Room::Insight, Act::Create))?;
    let organisation = ctx.app.organisation().await?;
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut problems = Fields::default();
    let amount = given(&new.amount).map_or(Ok(0), |text| match Money::parse(&text, organisation.currency, MoneyUnit::Currency) {
        Ok(money) if money.minor < 0 => Err(Problem::new("amount", "costs-negative")),
        Ok(money) => Ok(money.minor),
        Err(problem) => Err(Problem::new("amount", problem.key())),
    });
    let amount = problems.take(amount);
    let minutes = new.minutes.unwrap_or(0);
    if !(0..=MINUTES_MAX).contains(&minutes) {
        problems.0.push(Problem::new("minutes", "input-range").with("min", 0).with("max", MINUTES_MAX));
    }
    if amount == Some(0) && minutes == 0 {
        problems.add("amount", "costs-nothing");
    }
    let note = clean_line(new.note.as_deref().unwrap_or_default(), NOTE_MAX)
        .map_err(|problem| Problem::new("note", problem.key()).with("max", NOTE_MAX));
    let note = problems.take(note).filter(|note| !note.is_empty());
    // At noon it is the same day wherever the caller is.
    let at = given(&new.date).map_or(Ok(ctx.now()), |text| moment(ctx, "date", &text, time(12, 0, 0, 0)));
    let day = problems.take(at).map(|at| at.day(&organisation.zone()));
    let today = ctx.now().day(&organisation.zone());
    if day.is_some_and(|day| day > today) {
        problems.add("date", "interactions-at-future");
    }
    problems.check()?;

    let mut tx = writer.begin().await?;
    let party = whom::find(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?.map(|party| party.id);
    if party.is_none() && writer.sight != Sight::All {
        return Err(Error::invalid("customer", "input-needed"));
    }
    let source = given(&new.source);
    if party.is_some() && source.is_some() {
        return Err(Error::invalid("source", "costs-source-of-customer"));
    }
    check_terms(&mut tx, &[("source", "source", source.as_deref())]).await?;
    let stored = StoredCost {
        id: ctx.id(),
        party_id: party,
        day: day.unwrap_or(today),
        kind: new.kind.unwrap_or(CostKind::Other),
        source,
        amount_minor: amount.unwrap_or_default(),
        minutes,
        note,
        created_by: ctx.actor.user(),
        created_at: ctx.now(),
    };
    stored.insert(&mut tx).await?;
    events::record(&mut tx, ctx, stored.event("cost.added")).await?;
    let mut query = Sql::select::<Cost>(FROM);
    query.push(" AND t.id = ").arg(stored.id);
    let cost = tx.one(query).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Cost { cost: Box::new(stored), was_added: true }).await?;
    tx.commit().await?;
    Ok(CostActed { cost, undo })
}

/// Puts the ledger back as it was before an act: takes out what the act entered, or enters again what it took out.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, cost: &StoredCost, was_added: bool) -> Result<()> {
    let writer = ctx.write(Perm(Room::Insight, if was_added { Act::Create } else { Act::Delete }))?;
    if let Some(party) = cost.party_id {
        whom::by_id(tx, &writer.sight, party).await?;
    }
    if !was_added {
        cost.insert(tx).await?;
    } else if cost.delete(tx).await? == 0 {
        return Err(Error::NotFound("cost"));
    }
    events::record(tx, ctx, cost.event(if was_added { "cost.removed" } else { "cost.restored" })).await
}

/// Which costs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListCosts {
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Costs, newest first. Those of no customer are seen by who sees all customers.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListCosts) -> Result<Page<Cost>> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Cost>(FROM);
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND t.party_id = ").arg(party);
    }
    if let Some(after) = &input.after {
        let place = after.split_once('_').and_then(|(day, id)| Some((day.parse::<Day>().ok()?, id.parse::<Id<Cost>>().ok()?)));
        let (day, id) = place.ok_or_else(|| Problem::new("after", "input-cursor"))?;
        query.push(" AND (t.day, t.id) < (").arg(day).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY t.day DESC, t.id DESC LIMIT ").arg(limit + 1);
    let items: Vec<Cost> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| format!("{}_{}", last.day, last.id)))
}

/// A cost to be taken away.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveCost {
    /// Which.
    pub id: Id<Cost>,
}

/// Takes a cost away that was entered by mistake; the history keeps it.
///
/// # Errors
/// [`Error::NotFound`] outside of sight.
pub async fn remove(ctx: &Ctx, input: RemoveCost) -> Result<CostActed> {
    let writer = ctx.write(Perm(Room::Insight, Act::Delete))?;
    let mut tx = writer.begin().await?;
    let mut query = Sql::select::<Cost>(FROM);
    writer.sight.parties(&mut query);
    query.push(" AND t.id = ").arg(input.id);
    let cost: Cost = tx.maybe(query).await?.ok_or(Error::NotFound("cost"))?;
    let stored: StoredCost = tx.one(Sql::select::<StoredCost>("FROM costs WHERE id = $1").bind(cost.id)).await?;
    stored.delete(&mut tx).await?;
    events::record(&mut tx, ctx, stored.event("cost.removed")).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Cost { cost: Box::new(stored), was_added: false }).await?;
    tx.commit().await?;
    Ok(CostActed { cost, undo })
}

/// The operations of costs.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "costs.add",
        "POST /costs",
        Some(Perm(Room::Insight, Act::Create)),
        "Enters a cost, of a customer or of nobody in particular.",
        add,
    )
    .example(|| json!({"customer": "09121234567", "kind": "gift", "amount": "850000", "note": "هدیهٔ سال نو"}));
    ops.add("costs.list", "GET /costs", Some(Perm(Room::Insight, Act::See)), "Costs, newest first.", list).example(|| json!({"limit": 20}));
    ops.add(
        "costs.remove",
        "DELETE /costs/{id}",
        Some(Perm(Room::Insight, Act::Delete)),
        "Takes a cost away that was entered by mistake.",
        remove,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::undo::RunUndo;
    use crate::testing;

    async fn spend(ctx: &Ctx, party: Option<Id<Party>>, amount: &str, date: &str) -> Result<CostActed> {
        let new = NewCost {
            party_id: party,
            amount: Some(amount.into()),
            date: Some(date.into()),
            kind: Some(CostKind::Gift),
            ..NewCost::default()
        };
        ctx.run(add, new).await
    }

    #[tokio::test]
    async fn costs_are_listed_newest_first_page_by_page_and_taken_away() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        for (amount, date) in [("100", "2026-11-01"), ("200", "2026-11-20"), ("300", "2026-11-01")] {
            spend(&ctx, Some(party), amount, date).await.unwrap();
        }
        spend(&ctx, None, "900", "2026-11-10").await.unwrap();
        let of_party = ListCosts { party_id: Some(party), limit: Some(2), ..ListCosts::default() };
        let first = ctx.run(list, of_party.clone()).await.unwrap();
        let rest = ctx.run(list, ListCosts { after: first.next.clone(), ..of_party.clone() }).await.unwrap();
        let amounts: Vec<i64> = first.items.iter().chain(&rest.items).map(|cost| cost.amount_minor).collect();
        assert_eq!(amounts, [20_000, 30_000, 10_000]);
        assert!(rest.next.is_none());
        assert_eq!((first.items[0].party.as_deref(), first.items[0].creator.as_deref()), (Some("سارا"), Some("owner")));
        assert_eq!(ctx.run(list, ListCosts::default()).await.unwrap().items.len(), 4);
        ctx.run(remove, RemoveCost { id: first.items[0].id }).await.unwrap();
        assert!(matches!(ctx.run(remove, RemoveCost { id: first.items[0].id }).await, Err(Error::NotFound("cost"))));
        let events: Vec<(String,)> =
            ctx.app.db.all(sql("SELECT kind FROM events WHERE kind >= 'cost.' AND kind < 'cost/' ORDER BY id")).await.unwrap();
        assert_eq!(events.iter().filter(|(kind,)| kind == "cost.added").count(), 4);
        assert_eq!(events.last().unwrap().0, "cost.removed");
    }

    #[tokio::test]
    async fn what_cannot_be_a_cost_is_refused_at_its_field() {
        let ctx = testing::ctx().await;
        let refused = |outcome: Result<CostActed>| match outcome {
            Err(Error::Invalid(Fields(problems))) => problems.iter().map(|problem| problem.field.to_string()).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(spend(&ctx, None, "-5", "2026-11-01").await), ["amount"]);
        assert_eq!(refused(spend(&ctx, None, "0", "2026-11-01").await), ["amount"]);
        assert_eq!(refused(spend(&ctx, None, "5", "2026-12-01").await), ["date"]);
        let long = NewCost { minutes: Some(MINUTES_MAX + 1), note: Some("x".repeat(501)), ..NewCost::default() };
        assert_eq!(refused(ctx.run(add, long).await), ["minutes", "note"]);
    }

    #[tokio::test]
    async fn what_was_spent_to_win_customers_of_a_source_is_of_no_customer() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let new =
            |party, source: &str| NewCost { party_id: party, amount: Some("70".into()), source: Some(source.into()), ..NewCost::default() };
        let done = ctx.run(add, new(None, "instagram")).await.unwrap();
        assert_eq!(done.cost.source.as_deref(), Some("instagram"));
        for wrong in [new(None, "rumour"), new(Some(party), "instagram")] {
            match ctx.run(add, wrong).await {
                Err(Error::Invalid(Fields(problems))) => assert_eq!(problems[0].field, "source"),
                other => panic!("{other:?}"),
            }
        }
        let gone = ctx.run(remove, RemoveCost { id: done.cost.id }).await.unwrap();
        ctx.run(undo::run, RunUndo { id: gone.undo }).await.unwrap();
        assert_eq!(ctx.run(list, ListCosts::default()).await.unwrap().items[0].source.as_deref(), Some("instagram"));
    }

    #[tokio::test]
    async fn what_was_entered_or_removed_can_be_taken_back_once() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let of_party = ListCosts { party_id: Some(party), ..ListCosts::default() };
        let kept = spend(&ctx, Some(party), "100", "2026-11-01").await.unwrap();
        let wrong = spend(&ctx, Some(party), "900", "2026-11-02").await.unwrap();
        ctx.run(undo::run, RunUndo { id: wrong.undo }).await.unwrap();
        assert_eq!(ctx.run(list, of_party.clone()).await.unwrap().items.len(), 1);
        let before = ctx.run(list, of_party.clone()).await.unwrap().items;
        let gone = ctx.run(remove, RemoveCost { id: kept.cost.id }).await.unwrap();
        assert!(ctx.run(list, of_party.clone()).await.unwrap().items.is_empty());
        assert!(matches!(ctx.run(undo::run, RunUndo { id: kept.undo }).await, Err(Error::NotFound(_))), "it is gone already");
        ctx.run(undo::run, RunUndo { id: gone.undo }).await.unwrap();
        let after = ctx.run(list, of_party).await.unwrap().items;
        assert_eq!(serde_json::to_value(&after).unwrap(), serde_json::to_value(&before).unwrap());
        assert!(matches!(ctx.run(undo::run, RunUndo { id: gone.undo }).await, Err(Error::NotFound(_))));
        let kinds: Vec<(String,)> =
            ctx.app.db.all(sql("SELECT kind FROM events WHERE kind >= 'cost.' AND kind < 'cost/' ORDER BY id")).await.unwrap();
        let kinds: Vec<&str> = kinds.iter().map(|(kind,)| kind.as_str()).collect();
        assert_eq!(kinds, ["cost.added", "cost.added", "cost.removed", "cost.removed", "cost.restored"]);
    }

    #[tokio::test]
    async fn costs_are_seen_and_entered_within_sight() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        spend(&ctx, Some(party), "100", "2026-11-01").await.unwrap();
        let nobodys = spend(&ctx, None, "900", "2026-11-10").await.unwrap();
        let manager = testing::as_post(&ctx.app, "manager", "mina").await;
        assert_eq!(manager.run(list, ListCosts::default()).await.unwrap().items.len(), 1, "that of nobody is not theirs");
        assert!(matches!(spend(&manager, None, "5", "2026-11-01").await, Err(Error::Invalid(_))));
        assert!(matches!(manager.run(remove, RemoveCost { id: nobodys.cost.id }).await, Err(Error::NotFound("cost"))));
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(agent.run(list, ListCosts { party_id: Some(party), ..ListCosts::default() }).await.unwrap().items.is_empty());
        assert!(matches!(spend(&agent, Some(party), "5", "2026-11-01").await, Err(Error::Forbidden(_))));
    }
}
