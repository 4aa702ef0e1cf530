//! Who brings how much after all that they cost: one customer in any period, all of them in the last year from the ideal to
//! the loss-making, on how few of them the shop rests, and what is decided about those who cost more than they bring.

use super::costs::CostKind;
use super::profit::{self, Parts, Past, Period, add_up, part_of};
use super::profit_groups;
use super::profit_refresh::Run;
use super::rates::{BORDERS, CostRate, RateItem, Rates, TIMES};
use super::whale::{Tier, Whale};
use crate::interactions::Channel;
use crate::operation::{Nothing, Page, page_size};
use crate::parties::party::seen;
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::money::{Currency, Money};
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Cell, FromCell, Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a reason.
const REASON_MAX: usize = 500;
/// A decision lives for at most so many days, or nobody looks at it again.
const DECISION_DAYS: i64 = 366;

peyvand_db::words! {
    /// What is to be done about a customer.
    pub enum Decision {
        /// Ask a higher price.
        RaisePrice = "raise_price",
        /// Serve them by a cheaper channel.
        CheaperChannel = "cheaper_channel",
        /// Visit and call them less.
        FewerVisits = "fewer_visits",
        /// End the relation.
        End = "end",
        /// Keep them as they are, for a reason.
        Keep = "keep",
    }
}

row! {
    /// What was decided about a customer.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct Decided {
        /// Its id.
        pub id: Id<Decided> = "d.id",
        /// About whom.
        pub party_id: Id<Party> = "d.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// What.
        pub decision: Decision = "d.decision",
        /// Why.
        pub reason: String = "d.reason",
        /// Who approves it.
        pub approver_id: Id<User> = "d.approver_id",
        /// Their name.
        pub approver: String = "a.name",
        /// The last day that it holds.
        pub expires_on: Day = "d.expires_on",
        /// Who wrote it down.
        pub created_by: Option<Id<User>> = "d.created_by",
        /// When.
        pub created_at: Instant = "d.created_at",
    }
}

const DECIDED: &str = "FROM profit_decisions d JOIN parties p ON p.id = d.party_id JOIN users a ON a.id = d.approver_id WHERE 1 = 1";

/// Contacts by one channel, priced.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ChannelPart {
    /// The channel.
    pub channel: Channel,
    /// How many contacts.
    pub contacts: i64,
    /// Minutes of them, where they are known.
    pub minutes: i64,
    /// What they cost, beside the time, in minor units; absent where a contact has no price.
    pub cost_minor: Option<i64>,
}

/// Costs of the ledger, of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EnteredPart {
    /// The kind.
    pub kind: CostKind,
    /// What they come to, in minor units.
    pub amount_minor: i64,
    /// Minutes of them.
    pub minutes: i64,
}

/// What a customer brought and cost in a period, with its parts.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Profit {
    /// The customer.
    pub party_id: Id<Party>,
    /// The first day.
    pub from: Day,
    /// The last one.
    pub until: Day,
    /// Currency of the amounts.
    pub currency: Currency,
    /// The parts and the profit.
    #[serde(flatten)]
    pub parts: Parts,
    /// The profit in major units.
    pub profit: String,
    /// Share of the goods in the price, in ten-thousandths.
    pub goods_share: i64,
    /// What an hour was reckoned with, in minor units.
    pub staff_hour_minor: Option<i64>,
    /// The contacts.
    pub channels: Vec<ChannelPart>,
    /// The costs that were entered.
    pub entered: Vec<EnteredPart>,
    /// What happened and has no rate, so is not in the profit.
    pub unpriced: Vec<RateItem>,
    /// Whether anything happened at all.
    pub is_empty: bool,
    /// The tier in the last year, 1 the best, as of the last refresh.
    pub tier: Option<i64>,
    /// What was decided about them.
    pub decision: Option<Decided>,
}

/// Whose profit, in which period.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetProfit {
    /// The customer.
    pub id: Id<Party>,
    /// The first day; that of the last 365 days unless given.
    pub from: Option<Day>,
    /// The last day; today unless given.
    pub until: Option<Day>,
}

/// What a customer brought and cost, worked out now.
///
/// # Errors
/// For a customer out of sight, days in the wrong order, or when nobody has said what the goods cost.
pub async fn get(ctx: &Ctx, input: GetProfit) -> Result<Profit> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    seen(reader.db, &reader.sight, input.id).await?;
    let organisation = ctx.app.organisation().await?;
    let mut period = Period::year_to(input.until.unwrap_or(ctx.now().day(&organisation.zone())), organisation.zone());
    period.from = input.from.unwrap_or(period.from);
    if period.from > period.until {
        return Err(Error::invalid("from", "profits-days-order"));
    }
    let currency = organisation.currency;
    let mut tx = reader.db.snapshot().await?;
    let rates = Rates::read(&mut tx).await?;
    let past = profit::read(&mut tx, (input.id, input.id), &period, currency).await?.remove(&input.id).unwrap_or_default();
    let tier: Option<(Option<i64>,)> = tx.maybe(sql("SELECT tier FROM party_profits WHERE party_id = $1").bind(input.id)).await?;
    let mut query = Sql::select::<Decided>(DECIDED);
    query.push(" AND d.party_id = ").arg(input.id);
    let decision = tx.maybe(query).await?;
    tx.commit().await?;
    let (parts, unpriced) = add_up(&past, &rates)?;
    let channels = past.talks.iter().map(|talks| ChannelPart {
        channel: talks.channel,
        contacts: talks.contacts,
        minutes: (talks.seconds + 30) / 60,
        cost_minor: RateItem::of(talks.channel).and_then(|item| rates.of(item)).map(|price| price.saturating_mul(talks.contacts)),
    });
    let entered = past.entered.iter().map(|one| EnteredPart { kind: one.kind, amount_minor: one.amount_minor, minutes: one.minutes });
    Ok(Profit {
        party_id: input.id,
        from: period.from,
        until: period.until,
        currency,
        parts,
        profit: Money { minor: parts.profit_minor, currency }.decimal_string(),
        goods_share: rates.goods()?,
        staff_hour_minor: rates.of(RateItem::StaffHour),
        channels: channels.collect(),
        entered: entered.collect(),
        unpriced: unpriced.into_iter().collect(),
        is_empty: past == Past::default(),
        tier: tier.and_then(|(tier,)| tier),
        decision,
    })
}

row! {
    /// A customer in the order of profit.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct ProfitRow {
        /// The customer.
        pub party_id: Id<Party> = "t.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// What they paid, in minor units.
        pub sales_minor: i64 = "t.sales_minor",
        /// Discounts on their invoices; told only.
        pub discount_minor: i64 = "t.discount_minor",
        /// What the goods cost.
        pub goods_minor: i64 = "t.goods_minor",
        /// What our time cost.
        pub staff_minor: i64 = "t.staff_minor",
        /// What the contacts cost by their channels.
        pub channels_minor: i64 = "t.channels_minor",
        /// What the ledger says.
        pub entered_minor: i64 = "t.entered_minor",
        /// What is left.
        pub profit_minor: i64 = "t.profit_minor",
        /// Minutes of ours.
        pub minutes: i64 = "t.minutes",
        /// Contacts, ours and theirs.
        pub contacts: i64 = "t.contacts",
        /// The tier, 1 the best; absent until the refresh that found them is whole.
        pub tier: Option<i64> = "t.tier",
        /// What was decided about them.
        pub decision: Option<Decision> = "d.decision",
        /// Until when.
        pub expires_on: Option<Day> = "d.expires_on",
    }
}

/// Which customers, in which order.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListProfits {
    /// Only of this tier, 1 the best.
    pub tier: Option<i64>,
    /// Only those who cost more than they bring, or only the others.
    pub losing: Option<bool>,
    /// From the loss-making to the ideal; the other way round unless given.
    pub worst_first: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Customers from the ideal to the loss-making, as of the last refresh.
///
/// # Errors
/// Without the right, for a cursor that is none, or when nobody has said what the goods cost.
pub async fn list(ctx: &Ctx, input: ListProfits) -> Result<Page<ProfitRow>> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut tx = reader.db.snapshot().await?;
    Rates::read(&mut tx).await?.goods()?;
    let mut query = Sql::select::<ProfitRow>(
        "FROM party_profits t JOIN parties p ON p.id = t.party_id LEFT JOIN profit_decisions d ON d.party_id = t.party_id WHERE p.archived_at IS NULL",
    );
    reader.sight.parties(&mut query);
    if let Some(tier) = input.tier {
        query.push(" AND t.tier = ").arg(tier);
    }
    match input.losing {
        Some(true) => drop(query.push(" AND t.profit_minor < 0")),
        Some(false) => drop(query.push(" AND t.profit_minor >= 0")),
        None => {}
    }
    let worst_first = input.worst_first.unwrap_or(false);
    if let Some(after) = &input.after {
        let place = after.split_once('_').and_then(|(profit, id)| Some((profit.parse::<i64>().ok()?, id.parse::<Id<Party>>().ok()?)));
        let (profit, id) = place.ok_or_else(|| Problem::new("after", "input-cursor"))?;
        query.push(if worst_first { " AND (t.profit_minor, t.party_id) > (" } else { " AND (t.profit_minor, t.party_id) < (" });
        query.arg(profit).push(", ").arg(id).push(")");
    }
    query.push(if worst_first {
        " ORDER BY t.profit_minor, t.party_id LIMIT "
    } else {
        " ORDER BY t.profit_minor DESC, t.party_id DESC LIMIT "
    });
    query.arg(limit + 1);
    let items: Vec<ProfitRow> = tx.all(query).await?;
    tx.commit().await?;
    Ok(Page::cut(items, limit, |last| format!("{}_{}", last.profit_minor, last.party_id)))
}

row! {
    /// A time that the profits of all were worked out.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct ProfitRun {
        /// Its id.
        pub id: Id<Run>,
        /// The first day.
        pub from_on: Day,
        /// The last one.
        pub as_of: Day,
        /// Currency of the amounts.
        pub currency: Currency,
        /// What happened and has no rate, so is in no profit.
        pub unpriced: Items,
        /// What it found for all customers.
        #[serde(skip)]
        pub(super) whale: Option<Whale>,
        /// When it was whole.
        pub finished_at: Option<Instant>,
    }
}

/// Items without a rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Items(pub Vec<RateItem>);

impl FromCell for Items {
    fn from_cell(cell: Cell<'_>) -> peyvand_db::Result<Self> {
        serde_json::from_value(serde_json::Value::from_cell(cell)?).map_err(|error| cell.problem(error))
    }
}

/// How much of our time a tier got, and how much it should get.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TierTime {
    /// The tier.
    #[serde(flatten)]
    pub tier: Tier,
    /// Share of all minutes, in ten-thousandths; absent where no minute was noted.
    pub time_share: Option<i64>,
    /// The share that it should get, in ten-thousandths; absent where none was set.
    pub target_share: Option<i64>,
}

/// Whose borders the tiers have, and which are meant to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TierBorders {
    /// Whether somebody set those of the last refresh.
    pub by_hand: bool,
    /// When they came into force: when they were set, or worked out.
    pub since: Option<Instant>,
    /// Whether the next refresh will have others: some were set since, or taken away.
    pub are_changing: bool,
}

/// Borders of tiers in the rates of a run, and when the run ended.
type RunBorders = (serde_json::Value, Instant);

fn borders_of(rates: &serde_json::Value) -> Option<Vec<i64>> {
    BORDERS.iter().map(|item| rates[item.as_str()].as_i64()).collect()
}

async fn tier_borders(tx: &mut Tx, rates: &Rates) -> Result<TierBorders> {
    let last: Option<RunBorders> = tx
        .maybe(sql("SELECT rates, finished_at FROM profit_runs WHERE finished_at IS NOT NULL ORDER BY made_at DESC, id DESC LIMIT 1"))
        .await?;
    let Some((used, finished)) = last else { return Ok(TierBorders::default()) };
    let (used, meant) = (borders_of(&used), rates.borders());
    // A run that used what is set now began after it was set.
    let (set,): (Option<Instant>,) =
        tx.one(sql("SELECT MAX(changed_at) FROM cost_rates WHERE item IN ('tier_1_from', 'tier_2_from', 'tier_3_from')")).await?;
    let since = if used.is_some() && used == meant { set } else { Some(finished) };
    Ok(TierBorders { by_hand: used.is_some(), since, are_changing: used != meant })
}

/// Who brings how much, in the last year, within sight.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProfitSummary {
    /// The run that the numbers come from; absent before the first.
    pub run: Option<ProfitRun>,
    /// On how few customers the shop rests; absent without any.
    pub whale: Option<Whale>,
    /// The tiers with their time. Their borders are those of all customers.
    pub tiers: Vec<TierTime>,
    /// Whose borders the tiers have.
    pub borders: TierBorders,
    /// Costs of no customer in particular in these days, which are in no profit; only for who sees all.
    pub of_nobody_minor: Option<i64>,
    /// What it was reckoned with.
    pub rates: Vec<CostRate>,
}

/// On how few customers the shop rests, and where our time goes, as of the last refresh.
///
/// # Errors
/// Without the right, or when nobody has said what the goods cost.
pub async fn summary(ctx: &Ctx, _: Nothing) -> Result<ProfitSummary> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let mut tx = reader.db.snapshot().await?;
    let rates = Rates::read(&mut tx).await?;
    rates.goods()?;
    let query = Sql::select::<ProfitRun>("FROM profit_runs WHERE finished_at IS NOT NULL ORDER BY made_at DESC, id DESC LIMIT 1");
    let mut run: Option<ProfitRun> = tx.maybe(query).await?;
    let all = run.as_mut().and_then(|run| run.whale.take());
    let whale = match (&reader.sight, all) {
        (Sight::All, whale) => whale,
        (_, None) => None,
        (sight, Some(all)) => {
            let id = run.as_ref().map_or(Id::FIRST, |run| run.id);
            Whale::of_places(&profit_groups::within(&mut tx, id, sight).await?, &all.borders())
        }
    };
    let of_nobody = match (&reader.sight, &run) {
        (Sight::All, Some(run)) => {
            let query =
                sql("SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM costs WHERE party_id IS NULL AND day >= $1 AND day <= $2");
            let (sum,): (i64,) = tx.one(query.bind(run.from_on).bind(run.as_of)).await?;
            Some(sum)
        }
        _ => None,
    };
    let borders = tier_borders(&mut tx, &rates).await?;
    tx.commit().await?;
    let minutes: i64 = whale.iter().flat_map(|whale| &whale.tiers).map(|tier| tier.minutes).sum();
    let tiers = whale.iter().flat_map(|whale| &whale.tiers).map(|tier| TierTime {
        tier: *tier,
        time_share: (minutes > 0).then(|| part_of(super::rates::WHOLE, tier.minutes, minutes)),
        target_share: TIMES.get(tier.tier as usize - 1).and_then(|item| rates.of(*item)),
    });
    let rates = super::rates::list(ctx, Nothing {}).await?;
    Ok(ProfitSummary { tiers: tiers.collect(), whale, borders, of_nobody_minor: of_nobody, rates, run })
}

/// What is to be done about a customer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// About whom.
    pub id: Id<Party>,
    /// What.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// Who approves it; the caller unless given.
    pub approver_id: Option<Id<User>>,
    /// The last day that it holds, within a year.
    pub expires_on: Day,
}

/// Decides about a customer, in place of what was decided before.
///
/// # Errors
/// For a customer out of sight, without a reason, for somebody who does not work here, for a day that is past or too far.
pub async fn decide(ctx: &Ctx, input: Decide) -> Result<Decided> {
    let writer = ctx.write(Perm(Room::Insight, Act::Change))?;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut problems = Fields::default();
    let reason = clean_line(&input.reason, REASON_MAX).map_err(|problem| Problem::new("reason", problem.key()).with("max", REASON_MAX));
    let reason = problems.take(reason).unwrap_or_default();
    if reason.is_empty() && problems.0.is_empty() {
        problems.add("reason", "input-needed");
    }
    if input.expires_on < today || input.expires_on > today.plus(DECISION_DAYS) {
        problems.add("expires_on", "profits-expiry");
    }
    let mut tx = writer.begin().await?;
    let party = whom::by_id(&mut tx, &writer.sight, input.id).await?;
    let approver = input.approver_id.or(ctx.actor.user());
    let known: Option<(Id<User>,)> = tx.maybe(sql("SELECT id FROM users WHERE id = $1 AND is_active").bind(approver)).await?;
    if known.is_none() {
        problems.add("approver_id", "input-choice");
    }
    problems.check()?;
    let id: Id<Decided> = ctx.id();
    tx.run(
        sql("INSERT INTO profit_decisions (id, party_id, decision, reason, approver_id, expires_on, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (party_id) DO UPDATE SET id = excluded.id, decision = excluded.decision, reason = excluded.reason,
               approver_id = excluded.approver_id, expires_on = excluded.expires_on, created_by = excluded.created_by, created_at = excluded.created_at")
        .bind(id)
        .bind(party.id)
        .bind(input.decision)
        .bind(&reason)
        .bind(approver)
        .bind(input.expires_on)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    let data = json!({"decision": input.decision, "reason": reason, "approver_id": approver, "expires_on": input.expires_on});
    events::record(&mut tx, ctx, Event::of_party("profit.decided", party.id, data).about(id)).await?;
    let mut query = Sql::select::<Decided>(DECIDED);
    query.push(" AND d.party_id = ").arg(party.id);
    let decided = tx.one(query).await?;
    tx.commit().await?;
    Ok(decided)
}

/// Which decisions.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListDecisions {
    /// Only those that do not hold beyond this day.
    pub until: Option<Day>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// What was decided, by the day that it ends: those that are to be looked at again first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn decisions(ctx: &Ctx, input: ListDecisions) -> Result<Page<Decided>> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Decided>(DECIDED);
    reader.sight.parties(&mut query);
    if let Some(until) = input.until {
        query.push(" AND d.expires_on <= ").arg(until);
    }
    if let Some(after) = &input.after {
        let place = after.split_once('_').and_then(|(day, id)| Some((day.parse::<Day>().ok()?, id.parse::<Id<Decided>>().ok()?)));
        let (day, id) = place.ok_or_else(|| Problem::new("after", "input-cursor"))?;
        query.push(" AND (d.expires_on, d.id) > (").arg(day).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY d.expires_on, d.id LIMIT ").arg(limit + 1);
    let items: Vec<Decided> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| format!("{}_{}", last.expires_on, last.id)))
}

/// The operations of profits.
pub fn operations(ops: &mut Operations) {
    let (see, change) = (Some(Perm(Room::Insight, Act::See)), Some(Perm(Room::Insight, Act::Change)));
    ops.add("profits.get", "GET /parties/{id}/profit", see, "What a customer brought and cost in a period, with its parts.", get)
        .example(|| json!({"id": "01943b5c-0000-7000-8000-000000000001", "from": "2026-01-01", "until": "2026-06-30"}));
    ops.add("profits.list", "GET /profits", see, "Customers from the ideal to the loss-making, in the last year.", list)
        .example(|| json!({"losing": true, "worst_first": true, "limit": 20}));
    ops.add("profits.summary", "GET /profits/summary", see, "On how few customers the shop rests, and where our time goes.", summary);
    ops.add("profits.decide", "POST /parties/{id}/profit/decide", change, "Decides about a customer who costs more than they bring.", decide).example(|| {
        json!({"id": "01943b5c-0000-7000-8000-000000000001", "decision": "fewer_visits", "reason": "سفارش‌ها تلفنی هم می‌رسند", "expires_on": "2027-03-01"})
    });
    ops.add("profits.decisions", "GET /profits/decisions", see, "What was decided about customers, by the day that it ends.", decisions)
        .example(|| json!({"until": "2026-12-31"}));
}
