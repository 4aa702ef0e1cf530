//! What was fitted: to whose purchases, when, with what result, how good; or why it was not.

use crate::operation::{Nothing, Page, page_size};
use crate::platform::events::{cursor, cursor_at};
use crate::platform::money::Currency;
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Result, Room, Sight};
use peyvand_db::{Cell, Db, FromCell, Id, Sql, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

peyvand_db::words! {
    /// What a fit is for.
    pub enum FitKind {
        /// Cut-points of recency, frequency and value.
        Rfm = "rfm",
        /// MBG/NBD: who is still active, how often they will buy.
        Activity = "activity",
        /// Gamma-Gamma: how much they will spend.
        Spending = "spending",
        /// On how few customers the sales rest.
        Concentration = "concentration",
        /// How well the model of purchases foresaw what is past by now.
        Trial = "trial",
    }
}

impl FitKind {
    /// Whether it tells of the shop as a whole, such as its sales: for those who see all customers.
    #[must_use]
    pub fn is_of_shop(self) -> bool {
        matches!(self, FitKind::Concentration | FitKind::Trial)
    }
}

peyvand_db::words! {
    /// Why there is no fit.
    pub enum RefusedFor {
        /// The data are too few or too old to mean anything.
        TooLittle = "too_little",
        /// No set of parameters describes these customers best.
        NoOptimum = "no_optimum",
        /// The input cannot be.
        Invalid = "invalid",
    }
}

peyvand_db::words! {
    /// What there is too little of.
    pub enum Lack {
        /// Customers with a purchase.
        Customers = "customers",
        /// Customers who came back.
        Repeaters = "repeaters",
        /// Customers who came back and spent something.
        Amounts = "amounts",
        /// Days since the first purchase of all.
        History = "history",
        /// Days since the last purchase of all: at most so many.
        Recent = "recent",
        /// Days with a purchase that the most frequent customer has.
        Occasions = "occasions",
        /// Days from the first purchase of all to those that are to be foreseen.
        Past = "past",
    }
}

/// One thing that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// Of what.
    pub of: Lack,
    /// How many there are.
    pub have: i64,
    /// How many it takes.
    pub need: i64,
    /// When it will be enough, if things go on as they did; absent where that cannot be told.
    pub enough_on: Option<Day>,
}

/// Why there is no fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// In a word.
    pub reason: RefusedFor,
    /// What is missing.
    pub missing: Vec<Missing>,
    /// What the method itself said, in English.
    pub detail: Option<String>,
}

/// A fitted parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parameter {
    /// Its name in the literature.
    pub name: String,
    /// Its value; amounts are in minor units, times in weeks.
    pub value: f64,
    /// Its standard error.
    pub standard_error: Option<f64>,
}

/// What was fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Model {
    /// Values from which on the next band begins.
    Cuts {
        /// Of days since the last purchase; fewer are better.
        recency: Vec<f64>,
        /// Of days with a purchase.
        frequency: Vec<f64>,
        /// Of what remained of all purchases, in minor units.
        value: Vec<f64>,
    },
    /// Parameters of a distribution.
    Parameters {
        /// In the order of the literature.
        parameters: Vec<Parameter>,
        /// Covariance of their logarithms.
        covariance: Vec<Vec<f64>>,
    },
    /// How sales are shared among customers.
    Concentration(Concentration),
    /// What was foreseen beside what came.
    Trial(Trial),
}

/// How sales are shared among customers: what remained of all their purchases, at least nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Concentration {
    /// Share of the sales that the best 0, 1, … 100 per cent of the customers make.
    pub curve: Vec<f64>,
    /// 0 when all bought for the same, towards 1 when one bought all.
    pub gini: f64,
    /// The few that make most: classes A, B and C, where A makes 80 per cent and B the next 15.
    pub classes: Vec<SalesClass>,
    /// Customers of whose purchases nothing remained.
    pub without: i64,
}

/// A class of customers by sales.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SalesClass {
    /// `A`, `B` or `C`.
    pub name: String,
    /// How many customers.
    pub customers: i64,
    /// Their part of the sales, in minor units.
    pub net_minor: i64,
    /// What the last of them bought for, in minor units.
    pub least_minor: i64,
}

/// What the model of purchases foresaw when it was told only what was known some time ago, beside what came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// The last day that it was told of.
    pub known_until: Day,
    /// The last day that it had to foresee: that of the last purchase of all.
    pub until: Day,
    /// Days with a purchase that it expected of the customers it was told of.
    pub expected: Estimate,
    /// Days with a purchase that they had.
    pub came: Estimate,
    /// What would have been expected had each gone on at their pace until then.
    pub at_pace: f64,
    /// The same customers in groups of equal size, those of whom most was expected first.
    pub groups: Vec<Foreseen>,
    /// What was fitted to the purchases that it was told of.
    pub fitted: Vec<Parameter>,
}

/// A group of customers, foreseen and seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Foreseen {
    /// How many customers.
    pub customers: i64,
    /// Days with a purchase that were expected of them.
    pub expected: f64,
    /// Days with a purchase that they had, with the range that chance leaves.
    pub came: Estimate,
}

impl Foreseen {
    /// Whether what was expected lies within what chance leaves.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.came.low.is_none_or(|low| low <= self.expected) && self.came.high.is_none_or(|high| self.expected <= high)
    }
}

/// A number that is not certain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Lower end of the range in which it lies with 95 per cent, as far as the parameters are uncertain; absent where it
    /// cannot be told.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl Estimate {
    /// With a range that stays between nothing and the most that can be.
    #[must_use]
    pub fn of(value: f64, range: Option<(f64, f64)>, most: f64) -> Estimate {
        let range = range.filter(|(low, high)| low.is_finite() && high.is_finite());
        Estimate { value, low: range.map(|range| range.0.max(0.0)), high: range.map(|range| range.1.min(most)) }
    }
}

/// How good a fit is, and what it comes to for all customers together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// Customers that it learned from.
    pub customers: i64,
    /// Natural logarithm of the likelihood.
    pub log_likelihood: Option<f64>,
    /// Largest slope of the likelihood at the optimum; 0 in exact arithmetic.
    pub gradient: Option<f64>,
    /// Searches from different starts.
    pub starts: i64,
    /// How many of them ended at this optimum.
    pub agreed: i64,
    /// Purchases after the first that customers made until the as-of day.
    pub repeats: Option<i64>,
    /// The same as the model would have expected them.
    pub repeats_expected: Option<f64>,
    /// Customers who are still active, as expected, with the range in which they lie with 95 per cent as far as the
    /// parameters are uncertain.
    pub active: Option<Estimate>,
    /// Days with a purchase that all of them together will have in the next 90 days, as expected.
    pub purchases_90d: Option<Estimate>,
    /// What all of them together will be worth in the next twelve months, in minor units, as expected.
    pub value_12m_minor: Option<f64>,
    /// Correlation of number and amount of purchases, which the model takes for independent.
    pub correlation: Option<f64>,
    /// Whether that correlation is small enough for the model.
    pub is_independent: Option<bool>,
}

macro_rules! json_cells {
    ($($name:ident)*) => {$(
        impl FromCell for $name {
            fn from_cell(cell: Cell<'_>) -> peyvand_db::Result<Self> {
                serde_json::from_value(serde_json::Value::from_cell(cell)?).map_err(|error| cell.problem(error))
            }
        }
    )*};
}

json_cells! { Model Quality Refusal }

row! {
    /// A fit, or why there is none.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct Fit {
        /// Made of its kind and its input: the same purchases give the same fit.
        pub id: Id<Fit>,
        /// What it is for.
        pub kind: FitKind,
        /// The day that everything is counted to.
        pub as_of: Day,
        /// Day of the first purchase of all.
        pub from_on: Option<Day>,
        /// Currency of the amounts.
        pub currency: Currency,
        /// Customers with a purchase.
        pub customers: i64,
        /// SHA-256 of the input.
        pub input_hash: String,
        /// What was fitted; absent where it was refused.
        pub model: Option<Model>,
        /// How good it is.
        pub quality: Option<Quality>,
        /// Why there is none.
        pub refusal: Option<Refusal>,
        /// When it was made.
        pub made_at: Instant,
        /// When all customers had their scores from it.
        pub finished_at: Option<Instant>,
    }
}

/// Which fits, from where.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListFits {
    /// Of this kind only.
    pub kind: Option<FitKind>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// What was fitted, newest first; what tells of the shop as a whole, for those who see all customers.
///
/// # Errors
/// Without the right.
pub async fn list(ctx: &Ctx, input: ListFits) -> Result<Page<Fit>> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Fit>("FROM fits WHERE 1 = 1");
    if let Some(kind) = input.kind {
        query.push(" AND kind = ").arg(kind);
    }
    if reader.sight != Sight::All {
        query.push(" AND kind NOT IN ").list(FitKind::ALL.iter().copied().filter(|kind| kind.is_of_shop()));
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Fit>(after)?;
        query.push(" AND (made_at, id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY made_at DESC, id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Fit> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.made_at, last.id)))
}

/// The fits that the customers' numbers now come from; those of the shop as a whole for those who see all customers.
///
/// # Errors
/// Without the right.
pub async fn current(ctx: &Ctx, _: Nothing) -> Result<Vec<Fit>> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let mut fits = latest(reader.db).await?;
    fits.retain(|fit| reader.sight == Sight::All || !fit.kind.is_of_shop());
    Ok(fits)
}

/// The fits of the last refresh that was finished; none before the first.
pub(super) async fn latest(db: &Db) -> Result<Vec<Fit>> {
    Ok(db.all(Sql::select::<Fit>("FROM fits WHERE is_current ORDER BY kind")).await?)
}

/// The operations of fits.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add("insight.fits", "GET /insight/fits", see, "What was fitted to purchases, from what, how good, or why not; newest first.", list)
        .example(|| serde_json::json!({"kind": "activity", "limit": 10}));
    ops.add("insight.current", "GET /insight", see, "The fits that the numbers of customers now come from.", current);
}
