//! The grid of recency against frequency and value, and the numbers of one customer.

use super::counts::{self, ACTIVITY_BANDS};
use super::fits::{self, Estimate, Fit, FitKind, Model};
use super::models::{self, LEVEL, SOON, WEEK, YEAR};
use super::rhythm::Habit;
use crate::operation::Nothing;
use crate::parties::Party;
use crate::parties::party::{PartyId, seen};
use crate::platform::money::{Currency, Money};
use crate::{Act, Ctx, Day, Operations, Perm, Result, Room, Sight};
use peyvand_db::{Id, Sql, row, sql};
use peyvand_stats::bg_nbd::MbgNbd;
use peyvand_stats::buyers::PurchaseModel;
use peyvand_stats::fit::{Convergence, Fit as Fitted, Model as Fittable};
use peyvand_stats::gamma_gamma::GammaGamma;
use peyvand_stats::lifetime_value::lifetime_value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

row! {
    /// A cell of the grid.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    pub struct RfmCell {
        /// Band of recency, 5 the most recent.
        pub recency: i64 = "s.recency",
        /// Mean of the bands of frequency and value, rounded up; 5 the most.
        pub frequency_value: i64 = "s.frequency_value",
        /// Customers in it.
        pub customers: i64 = "count(*)",
    }
}

/// How many customers are recent, how many frequent and valuable.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RfmGrid {
    /// What the bands come from, or why there are none; absent before the first refresh.
    pub fit: Option<Fit>,
    /// Customers within sight that have scores.
    pub customers: i64,
    /// Bands of each side.
    pub bands: i64,
    /// Cells with somebody in them.
    pub cells: Vec<RfmCell>,
}

/// The grid of those within sight, as of the last refresh.
///
/// # Errors
/// Without the right.
pub async fn rfm(ctx: &Ctx, _: Nothing) -> Result<RfmGrid> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let cells = match &reader.sight {
        Sight::All => counts::last(reader.db).await?.cells,
        sight => {
            let mut query = Sql::select::<RfmCell>("FROM party_scores s JOIN parties p ON p.id = s.party_id WHERE s.recency IS NOT NULL");
            sight.parties(&mut query);
            query.push(" GROUP BY s.recency, s.frequency_value ORDER BY s.recency, s.frequency_value");
            reader.db.all(query).await?
        }
    };
    let fit = fits::latest(reader.db).await?.into_iter().find(|fit| fit.kind == FitKind::Rfm);
    Ok(RfmGrid { fit, customers: cells.iter().map(|cell| cell.customers).sum(), bands: models::BANDS as i64, cells })
}

/// How many customers have a probability of being active between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ActivityBand {
    /// Lower bound, in it.
    pub from: f64,
    /// Upper bound, not in it; the last one is.
    pub until: f64,
    /// Customers between them.
    pub customers: i64,
}

/// How likely customers are still active, and what they will bring together.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Activity {
    /// The model of purchases, or why there is none; absent before the first refresh.
    pub fit: Option<Fit>,
    /// The model of amounts.
    pub spending: Option<Fit>,
    /// Customers within sight that have a probability.
    pub customers: i64,
    /// How many of them are still active, as expected.
    pub active: Option<Estimate>,
    /// Days with a purchase that they will have in the next 90 days, as expected.
    pub purchases_90d: Option<Estimate>,
    /// What they will be worth in the next twelve months, in minor units, as expected.
    pub value_12m_minor: Option<f64>,
    /// Ten bands of the probability.
    pub bands: Vec<ActivityBand>,
}

/// Lower bounds of the bands of the probability.
const BANDS_FROM: [f64; ACTIVITY_BANDS] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// The band of a probability.
pub(super) fn activity_band(p_active: f64) -> usize {
    BANDS_FROM.iter().rposition(|from| p_active >= *from).unwrap_or_default()
}

/// How likely those within sight are still active, as of the last refresh.
///
/// # Errors
/// Without the right.
pub async fn activity(ctx: &Ctx, _: Nothing) -> Result<Activity> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let fits = fits::latest(reader.db).await?;
    let of = |kind| fits.iter().find(|fit| fit.kind == kind).cloned();
    let (fit, spending) = (of(FitKind::Activity), of(FitKind::Spending));
    let (sums, bands) = match &reader.sight {
        // Sums and counts that the refresh has made.
        Sight::All => {
            let quality = |fit: &Option<Fit>| fit.as_ref().and_then(|fit| fit.quality.clone()).unwrap_or_default();
            let (of_activity, of_spending) = (quality(&fit), quality(&spending));
            let sums = (of_activity.active, of_activity.purchases_90d, of_spending.value_12m_minor);
            (sums, counts::last(reader.db).await?.bands)
        }
        sight => {
            let mut query = sql("SELECT CASE");
            for (band, from) in BANDS_FROM.iter().enumerate().rev() {
                query.push(" WHEN s.p_active >= ").arg(from).push(" THEN ").arg(band as i64);
            }
            query.push(
                " END, count(*), CAST(SUM(s.p_active) AS DOUBLE PRECISION), CAST(SUM(s.purchases_90d) AS DOUBLE PRECISION),
                   CAST(SUM(s.value_12m_minor) AS DOUBLE PRECISION)
                 FROM party_scores s JOIN parties p ON p.id = s.party_id WHERE s.p_active IS NOT NULL",
            );
            sight.parties(&mut query);
            query.push(" GROUP BY 1 ORDER BY 1");
            let rows: Vec<(i64, i64, f64, Option<f64>, Option<f64>)> = reader.db.all(query).await?;
            let mut bands = [0; ACTIVITY_BANDS];
            for (band, customers, ..) in &rows {
                bands[*band as usize] = *customers;
            }
            let plain = |value| Estimate { value, low: None, high: None };
            let active = (!rows.is_empty()).then(|| plain(rows.iter().map(|row| row.2).sum()));
            let sum_of =
                |figure: fn(&(i64, i64, f64, Option<f64>, Option<f64>)) -> Option<f64>| rows.iter().filter_map(figure).reduce(|a, b| a + b);
            ((active, sum_of(|row| row.3).map(plain), sum_of(|row| row.4)), bands)
        }
    };
    let customers = bands.iter().sum();
    let bands = bands
        .iter()
        .enumerate()
        .map(|(at, customers)| ActivityBand { from: at as f64 / 10.0, until: (at + 1) as f64 / 10.0, customers: *customers })
        .collect();
    Ok(Activity { fit, spending, customers, active: sums.0, purchases_90d: sums.1, value_12m_minor: sums.2, bands })
}

row! {
    struct Stored {
        as_of: Day = "f.as_of",
        currency: Currency = "f.currency",
        recency_days: i64 = "s.recency_days",
        age_days: i64 = "s.age_days",
        occasions: i64 = "s.occasions",
        net_minor: i64 = "s.net_minor",
        repeat_mean_minor: f64 = "s.repeat_mean_minor",
        recency: Option<i64> = "s.recency",
        frequency: Option<i64> = "s.frequency",
        value: Option<i64> = "s.value",
        p_active: Option<f64> = "s.p_active",
        purchases_90d: Option<f64> = "s.purchases_90d",
        occasion_minor: Option<f64> = "s.occasion_minor",
        value_12m_minor: Option<f64> = "s.value_12m_minor",
        habit: Habit = "s.habit",
        gap_days: Option<f64> = "s.gap_days",
        gap_variation: Option<f64> = "s.gap_variation",
        season: Option<i64> = "s.season",
        rfm_fit_id: Id<Fit> = "s.rfm_fit_id",
        activity_fit_id: Id<Fit> = "s.activity_fit_id",
        spending_fit_id: Id<Fit> = "s.spending_fit_id",
    }
}

/// The numbers of a customer. What its model refused is absent; the fit says why.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Scores {
    /// The day that everything is counted to.
    pub as_of: Day,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Days from the last purchase to the as-of day.
    pub recency_days: i64,
    /// Days from the first purchase to the as-of day.
    pub age_days: i64,
    /// Days with a purchase.
    pub occasions: i64,
    /// What remained of all purchases, in minor units.
    pub net_minor: i64,
    /// The same in major units.
    pub net: String,
    /// What remained of one such day on average, in minor units.
    pub mean_minor: f64,
    /// Band of recency, 5 the most recent.
    pub recency: Option<i64>,
    /// Band of frequency, 5 the most frequent.
    pub frequency: Option<i64>,
    /// Band of value, 5 the most valuable.
    pub value: Option<i64>,
    /// Probability of still being active.
    pub p_active: Option<Estimate>,
    /// Expected days with a purchase in the next 90 days.
    pub purchases_90d: Option<Estimate>,
    /// Expected amount of a day with a purchase, in minor units.
    pub occasion_minor: Option<f64>,
    /// Expected value of the next twelve months, in minor units: one per cent less for each month, all of the amount.
    pub value_12m_minor: Option<Estimate>,
    /// The same in major units, rounded, without its range.
    pub value_12m: Option<String>,
    /// How they buy.
    pub habit: Habit,
    /// Their usual gap in days; absent with too few purchases.
    pub gap_days: Option<f64>,
    /// How much their gaps differ: deviation over mean.
    pub gap_variation: Option<f64>,
    /// The quarter of the solar year in which they buy, 1 for spring.
    pub season: Option<i64>,
}

/// The numbers of a customer, with what they come from.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PartyScores {
    /// Whose they are.
    pub party_id: Id<Party>,
    /// The numbers; absent for who has bought nothing by the last refresh.
    pub scores: Option<Scores>,
    /// The fits they come from, or the last ones where there are no numbers.
    pub fits: Vec<Fit>,
}

/// The numbers of a customer.
///
/// # Errors
/// For a customer who does not exist or is out of sight.
pub async fn of_party(ctx: &Ctx, input: PartyId) -> Result<PartyScores> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    seen(reader.db, &reader.sight, input.id).await?;
    let query = Sql::select::<Stored>("FROM party_scores s JOIN fits f ON f.id = s.rfm_fit_id WHERE s.party_id = $1").bind(input.id);
    let stored: Option<Stored> = reader.db.maybe(query).await?;
    let fits = match &stored {
        None => fits::latest(reader.db).await?.into_iter().filter(|fit| !fit.kind.is_of_shop()).collect(),
        Some(stored) => {
            let mut query = Sql::select::<Fit>("FROM fits WHERE id IN ");
            query.list([stored.rfm_fit_id, stored.activity_fit_id, stored.spending_fit_id]).push(" ORDER BY kind");
            reader.db.all(query).await?
        }
    };
    Ok(PartyScores { party_id: input.id, scores: stored.map(|stored| shown(stored, &fits)), fits })
}

fn shown(stored: Stored, fits: &[Fit]) -> Scores {
    let buyer = models::buyer(stored.recency_days, stored.age_days, stored.occasions);
    let spender = models::spender(stored.occasions, stored.repeat_mean_minor);
    let activity = fitted::<MbgNbd>(fits, FitKind::Activity);
    let spending = fitted::<GammaGamma>(fits, FitKind::Spending);
    let estimate = |value: Option<f64>, most: f64, figure: &dyn Fn(&MbgNbd) -> f64| {
        let range = activity.as_ref().and_then(|fit| fit.interval(LEVEL, figure).ok());
        value.map(|value| Estimate::of(value, range.map(|range| (range.low, range.high)), most))
    };
    let value_range = |value: f64| {
        let purchases = activity.as_ref()?.interval(LEVEL, |model| lifetime_value(model, &buyer, 1.0, &YEAR)).ok()?;
        let amount = spending.as_ref()?.interval(LEVEL, |model| model.expected_mean(&spender)).ok()?;
        // Of a product whose factors were fitted apart.
        let half = value * f64::hypot((purchases.high - purchases.value) / purchases.value, (amount.high - amount.value) / amount.value);
        Some((value - half, value + half))
    };
    Scores {
        as_of: stored.as_of,
        currency: stored.currency,
        recency_days: stored.recency_days,
        age_days: stored.age_days,
        occasions: stored.occasions,
        net_minor: stored.net_minor,
        net: Money { minor: stored.net_minor, currency: stored.currency }.decimal_string(),
        mean_minor: stored.net_minor as f64 / stored.occasions as f64,
        recency: stored.recency,
        frequency: stored.frequency,
        value: stored.value,
        p_active: estimate(stored.p_active, 1.0, &|model| model.probability_alive(&buyer)),
        purchases_90d: estimate(stored.purchases_90d, f64::MAX, &|model| model.expected_purchases(&buyer, SOON / WEEK)),
        occasion_minor: stored.occasion_minor,
        value_12m_minor: stored.value_12m_minor.map(|value| Estimate::of(value, value_range(value), f64::MAX)),
        value_12m: stored.value_12m_minor.map(|value| Money { minor: value.round() as i64, currency: stored.currency }.decimal_string()),
        habit: stored.habit,
        gap_days: stored.gap_days,
        gap_variation: stored.gap_variation,
        season: stored.season,
    }
}

/// The fitted model of a kind, as it was stored.
fn fitted<M: Fittable>(fits: &[Fit], kind: FitKind) -> Option<Fitted<M>> {
    let model = fits.iter().find(|fit| fit.kind == kind)?.model.as_ref()?;
    let Model::Parameters { parameters, covariance } = model else { return None };
    let values: Vec<f64> = parameters.iter().map(|one| one.value).collect();
    Some(Fitted {
        model: M::from_parameters(&values).ok()?,
        log_likelihood: 0.0,
        customers: 0,
        parameters: Vec::new(),
        covariance: covariance.clone(),
        convergence: Convergence { gradient: 0.0, steps: 0, starts: 0, agreed: 0, condition: 0.0 },
    })
}

/// The operations of scores.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add("insight.rfm", "GET /insight/rfm", see, "How many customers are recent, frequent and valuable, with the cut-points.", rfm);
    ops.add(
        "insight.activity",
        "GET /insight/activity",
        see,
        "How likely customers are still active, and what they will bring together, with ranges.",
        activity,
    );
    ops.add(
        "insight.scores",
        "GET /parties/{id}/scores",
        see,
        "The numbers of a customer, how sure they are and where they come from.",
        of_party,
    );
}
