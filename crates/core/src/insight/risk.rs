//! Who may leave: customers of value whose return is in doubt, what is at stake with each of them, and what the data say
//! about why. The job works it out, after the scores; a page reads a stretch of an index.

use super::fits::{self, Fit, FitKind};
use super::rhythm::Habit;
use super::risk_refresh::{self, Group};
use super::saves::SaveKind;
use crate::operation::{Nothing, Page, page_size};
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::money::Currency;
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

peyvand_db::words! {
    /// What speaks for it that somebody leaves. Only what the data show; who has none is told of by the model alone.
    pub enum RiskReason {
        /// Silent for more than two of their own usual gaps: days of silence, days of the gap.
        Overdue = "overdue",
        /// The last gap was more than twice as long as usual: absent, days of the usual gap.
        Slowing = "slowing",
        /// In the last half year they bought for less than half of what they did in the one before: both amounts, in minor units.
        Less = "less",
        /// They complained in the last half year: how often, days since the last time.
        Complained = "complained",
        /// Nobody has spoken with them for half a year: days since then, absent where nobody ever did.
        Unspoken = "unspoken",
        /// They gave something back in the last half year: what it came to in minor units, days since the last time.
        Returned = "returned",
    }
}

impl RiskReason {
    /// Whether it comes from what passed between us, which not everybody may see.
    fn is_of_talks(self) -> bool {
        matches!(self, RiskReason::Complained | RiskReason::Unspoken)
    }
}

/// What speaks for it, with its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evidence {
    /// What.
    pub reason: RiskReason,
    /// The first number of it.
    pub one: Option<i64>,
    /// The second one.
    pub other: Option<i64>,
}

/// How many may leave for a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReasonFigures {
    /// The reason.
    pub reason: RiskReason,
    /// How many customers.
    pub customers: i64,
    /// What is at stake with them, in minor units.
    pub stake_minor: i64,
}

/// How many customers are expected to be worth how much in the next twelve months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ValueBand {
    /// From this on, in minor units.
    pub from_minor: i64,
    /// Below this; absent for the last one.
    pub until_minor: Option<i64>,
    /// How many customers.
    pub customers: i64,
    /// What they are worth together.
    pub value_minor: i64,
}

/// Who may leave, all together.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Risk {
    /// The model of purchases, or why there is none; absent before the first refresh.
    pub fit: Option<Fit>,
    /// The model of amounts.
    pub spending: Option<Fit>,
    /// The day that everything is counted to; absent before the first run.
    pub as_of: Option<Day>,
    /// When it was worked out.
    pub made_at: Option<Instant>,
    /// Currency of the amounts.
    pub currency: Option<Currency>,
    /// What a customer is worth on average in the next twelve months, in minor units: who is worth less is not listed.
    pub mean_minor: i64,
    /// Customers of value within sight who may leave.
    pub customers: i64,
    /// What is at stake with them, in minor units.
    pub stake_minor: i64,
    /// For how many of them the data show no reason.
    pub without_reason: i64,
    /// What speaks for it, by what is at stake; a customer may be in several.
    pub reasons: Vec<ReasonFigures>,
    /// What all customers are worth, in bands; for who sees all of them.
    pub bands: Vec<ValueBand>,
}

/// Who may leave within sight, as of the last run.
///
/// # Errors
/// Without the right.
pub async fn risk(ctx: &Ctx, _: Nothing) -> Result<Risk> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let fits = fits::latest(reader.db).await?;
    let of = |kind| fits.iter().find(|fit| fit.kind == kind).cloned();
    let found = risk_refresh::last(reader.db).await?;
    let mut risk = Risk {
        fit: of(FitKind::Activity),
        spending: of(FitKind::Spending),
        as_of: None,
        made_at: None,
        currency: None,
        mean_minor: 0,
        customers: 0,
        stake_minor: 0,
        without_reason: 0,
        reasons: Vec::new(),
        bands: Vec::new(),
    };
    let Some((found, made_at)) = found else { return Ok(risk) };
    let sees_talks = ctx.actor.can(Perm(Room::Interactions, Act::See));
    let mut reasons: HashMap<RiskReason, ReasonFigures> = HashMap::new();
    for group in found.groups.iter().filter(|group| reader.sight.covers(group.owner, group.unit)) {
        let Group { customers, stake_minor, without_reason, .. } = *group;
        match group.reason {
            None => {
                risk.customers += customers;
                risk.stake_minor += stake_minor;
                risk.without_reason += without_reason;
            }
            Some(reason) if sees_talks || !reason.is_of_talks() => {
                let figures = reasons.entry(reason).or_insert(ReasonFigures { reason, customers: 0, stake_minor: 0 });
                figures.customers += customers;
                figures.stake_minor += stake_minor;
            }
            Some(_) => {}
        }
    }
    risk.reasons = reasons.into_values().collect();
    risk.reasons.sort_by_key(|one| (-one.stake_minor, one.reason));
    (risk.as_of, risk.made_at, risk.currency, risk.mean_minor) = (Some(found.as_of), Some(made_at), Some(found.currency), found.mean_minor);
    if reader.sight == Sight::All {
        risk.bands = found.bands;
    }
    Ok(risk)
}

/// Which of those who may leave.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListRisks {
    /// Only those for whom this speaks.
    pub reason: Option<RiskReason>,
    /// Only those whom this colleague looks after.
    pub owner_id: Option<Id<User>>,
    /// Only of this tier of profit, 1 the best.
    pub tier: Option<i64>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

row! {
    /// A customer who may leave.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct RiskRow {
        /// The customer.
        pub party_id: Id<Party> = "k.party_id",
        /// Their number.
        pub no: i64 = "p.no",
        /// Their name.
        pub party: String = "p.name",
        /// Who looks after them.
        pub owner: Option<String> = "o.name",
        /// What is at stake, in minor units: what their year would be worth if they stay, times the probability that they are
        /// gone.
        pub stake_minor: i64 = "k.stake_minor",
        /// What they are expected to be worth in the next twelve months as things stand, in minor units.
        pub value_12m_minor: Option<f64> = "s.value_12m_minor",
        /// Probability of still being active.
        pub p_active: Option<f64> = "s.p_active",
        /// The fit that says so.
        pub activity_fit_id: Option<Id<Fit>> = "s.activity_fit_id",
        /// How they buy.
        pub habit: Option<Habit> = "s.habit",
        /// Days since their last purchase.
        pub recency_days: Option<i64> = "s.recency_days",
        /// Their usual gap in days; absent with too few purchases.
        pub gap_days: Option<f64> = "s.gap_days",
        /// Day of the last purchase.
        pub last_purchase_on: Option<Day> = "NULLIF(p.last_purchase_on, '')",
        /// Tier of profit in the last year, 1 the best.
        pub tier: Option<i64> = "t.tier",
    }
}

row! {
    /// What was done last so that a customer stays.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct LastSave {
        /// For whom.
        #[serde(skip)]
        party_id: Id<Party> = "s.party_id",
        /// What.
        pub kind: SaveKind = "s.kind",
        /// When.
        pub day: Day = "s.day",
    }
}

/// A customer who may leave, with what speaks for it and what was done.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RiskCustomer {
    /// The customer.
    #[serde(flatten)]
    pub row: RiskRow,
    /// What speaks for it; nothing where only the model does.
    pub reasons: Vec<Evidence>,
    /// What was done last so that they stay.
    pub last_save: Option<LastSave>,
}

const JOINED: &str = " LEFT JOIN users o ON o.id = p.owner_id LEFT JOIN party_scores s ON s.party_id = p.id
     LEFT JOIN party_profits t ON t.party_id = p.id WHERE k.party_id = p.id AND p.archived_at IS NULL";

/// The statement of a page. Whoever sees many customers walks the index of what is at stake; of the customers of one
/// colleague, who are few, those who may leave are picked out and sorted.
pub(super) fn page_of(sight: &Sight, input: &ListRisks, after: Option<(i64, Id<Party>)>, limit: i64) -> Sql {
    let by_owner = input.owner_id.is_some() || matches!(sight, Sight::Own(_));
    let mut query = match (by_owner, input.reason) {
        (false, None) => Sql::select::<RiskRow>("FROM party_risks k CROSS JOIN parties p"),
        (false, Some(_)) => Sql::select::<RiskRow>("FROM party_risk_reasons k CROSS JOIN parties p"),
        (true, None) => Sql::select::<RiskRow>("FROM parties p CROSS JOIN party_risks k"),
        (true, Some(_)) => Sql::select::<RiskRow>("FROM parties p CROSS JOIN party_risk_reasons k"),
    };
    query.push(JOINED);
    sight.parties(&mut query);
    if let Some(reason) = input.reason {
        query.push(" AND k.reason = ").arg(reason);
    }
    if let Some(owner) = input.owner_id {
        query.push(" AND p.owner_id = ").arg(owner);
    }
    if let Some(tier) = input.tier {
        query.push(" AND t.tier = ").arg(tier);
    }
    if let Some((stake, id)) = after {
        query.push(" AND (k.stake_minor, k.party_id) < (").arg(stake).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY k.stake_minor DESC, k.party_id DESC LIMIT ").arg(limit + 1);
    query
}

/// Customers of value within sight who may leave, those with most at stake first.
///
/// # Errors
/// Without the right, for a cursor that is none, for a reason that the caller may not see.
pub async fn customers(ctx: &Ctx, input: ListRisks) -> Result<Page<RiskCustomer>> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    let talks = Perm(Room::Interactions, Act::See);
    if input.reason.is_some_and(RiskReason::is_of_talks) {
        ctx.actor.check(talks)?;
    }
    let place = |after: &str| {
        let (stake, id) = after.split_once('_')?;
        Some((stake.parse::<i64>().ok()?, id.parse::<Id<Party>>().ok()?))
    };
    let after = input.after.as_deref().map(|after| place(after).ok_or_else(|| Problem::new("after", "input-cursor"))).transpose()?;
    let mut tx = reader.db.snapshot().await?;
    let rows: Vec<RiskRow> = tx.all(page_of(&reader.sight, &input, after, limit)).await?;
    let page = Page::cut(rows, limit, |last| format!("{}_{}", last.stake_minor, last.party_id));
    let parties: Vec<Id<Party>> = page.items.iter().map(|row| row.party_id).collect();
    let mut reasons = evidence(&mut tx, &parties).await?;
    let mut saves = if ctx.actor.can(talks) { last_saves(&mut tx, &parties).await? } else { HashMap::new() };
    tx.commit().await?;
    let filled = |row: RiskRow| {
        let mut reasons = reasons.remove(&row.party_id).unwrap_or_default();
        reasons.retain(|one| ctx.actor.can(talks) || !one.reason.is_of_talks());
        RiskCustomer { reasons, last_save: saves.remove(&row.party_id), row }
    };
    Ok(Page { items: page.items.into_iter().map(filled).collect(), next: page.next })
}

row! {
    struct Spoken {
        party_id: Id<Party>,
        reason: RiskReason,
        one: Option<i64>,
        other: Option<i64>,
    }
}

async fn evidence(tx: &mut Tx, parties: &[Id<Party>]) -> Result<HashMap<Id<Party>, Vec<Evidence>>> {
    let mut query = Sql::select::<Spoken>("FROM party_risk_reasons WHERE party_id IN ");
    query.list_padded(parties);
    let mut found: HashMap<Id<Party>, Vec<Evidence>> = HashMap::new();
    for Spoken { party_id, reason, one, other } in tx.all(query).await? {
        found.entry(party_id).or_default().push(Evidence { reason, one, other });
    }
    found.values_mut().for_each(|reasons| reasons.sort_by_key(|one| one.reason));
    Ok(found)
}

async fn last_saves(tx: &mut Tx, parties: &[Id<Party>]) -> Result<HashMap<Id<Party>, LastSave>> {
    let mut query = Sql::select::<LastSave>(
        "FROM saves s WHERE NOT EXISTS (SELECT 1 FROM saves l WHERE l.party_id = s.party_id AND (l.day, l.id) > (s.day, s.id)) AND s.party_id IN ",
    );
    query.list_padded(parties);
    let found: Vec<LastSave> = tx.all(query).await?;
    Ok(found.into_iter().map(|save| (save.party_id, save)).collect())
}

/// The operations of risk.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "insight.risk",
        "GET /insight/risk",
        see,
        "How many customers of value may leave, for what reasons, and what is at stake.",
        risk,
    );
    ops.add(
        "insight.risk_customers",
        "GET /insight/risk/customers",
        see,
        "Customers of value who may leave, those with most at stake first, with what speaks for it.",
        customers,
    )
    .example(|| json!({"reason": "overdue", "tier": 1, "limit": 20}));
}
