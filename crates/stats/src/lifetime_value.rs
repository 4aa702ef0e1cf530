//! Customer lifetime value over a stated horizon, never an infinite one.

use crate::buyers::{Buyer, PurchaseModel};

/// Over how long, and how later money counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Horizon {
    /// Number of periods.
    pub periods: u32,
    /// Length of a period in the unit of the customers' times: a month of 365.25/12 days is 4.348 weeks.
    pub period: f64,
    /// Discount per period, as a fraction: 0.01 for one percent.
    pub discount: f64,
    /// Margin, as a fraction of the amount; 1 gives revenue.
    pub margin: f64,
}

/// CLV = Σₖ (E[Y(k·period)] − E[Y((k−1)·period)]) · amount · margin / (1+discount)^k over the periods, discounted at the
/// end of each. `amount`: expected amount of an occasion, from
/// [`GammaGamma::expected_mean`](crate::gamma_gamma::GammaGamma::expected_mean).
#[must_use]
pub fn lifetime_value(model: &impl PurchaseModel, buyer: &Buyer, amount: f64, horizon: &Horizon) -> f64 {
    let mut before = 0.0;
    let mut factor = 1.0;
    let mut sum = 0.0;
    for period in 1..=horizon.periods {
        let purchases = model.expected_purchases(buyer, f64::from(period) * horizon.period);
        factor /= 1.0 + horizon.discount;
        sum += (purchases - before) * factor;
        before = purchases;
    }
    sum * amount * horizon.margin
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bg_nbd::BgNbd,
        buyers::Buyers,
        gamma_gamma::{GammaGamma, Spender},
        testdata::{Customer, json, number, sample},
    };

    #[test]
    fn a_year_of_cdnow_is_worth_what_others_say() {
        let reference = json("cdnow_reference.json");
        let customers: Vec<Customer> = sample();
        let buyers: Vec<Buyer> = customers.iter().map(Customer::buyer).collect();
        let spenders: Vec<Spender> = customers.iter().map(Customer::spender).collect();
        let model = BgNbd::fit(&Buyers::group(&buyers).unwrap()).unwrap().model;
        let amounts = GammaGamma::fit(&spenders).unwrap().model;
        // A month of 4.345 weeks is what the reference takes.
        let year = Horizon { periods: 12, period: 4.345, discount: 0.01, margin: 1.0 };
        let values: Vec<f64> = buyers
            .iter()
            .zip(&spenders)
            .map(|(buyer, spender)| lifetime_value(&model, buyer, amounts.expected_mean(spender), &year))
            .collect();
        let named = reference.pointer("/clv_12m_1pct_monthly_bgnbd_sample/customers").unwrap().as_object().unwrap();
        for (id, expected) in named {
            let got = values[id.parse::<usize>().unwrap() - 1];
            assert!((got / expected.as_f64().unwrap() - 1.0).abs() < 1e-4, "{id}: {got} instead of {expected}");
        }
        let repeaters: f64 = values.iter().zip(&spenders).filter(|(_, spender)| spender.occasions > 0).map(|(value, _)| value).sum();
        let sum = values.iter().sum::<f64>();
        let expected = number(&reference, "/clv_12m_1pct_monthly_bgnbd_sample/sum");
        assert!((repeaters / expected - 1.0).abs() < 1e-4 || (sum / expected - 1.0).abs() < 1e-4, "{repeaters} {sum} {expected}");
    }

    #[test]
    fn later_money_counts_less_and_margin_counts() {
        let model = BgNbd::new(0.243, 4.414, 0.793, 2.426).unwrap();
        let buyer = Buyer { repeats: 2, last: 30.43, age: 38.86 };
        let free = Horizon { periods: 10, period: 4.0, discount: 0.0, margin: 0.5 };
        let value = lifetime_value(&model, &buyer, 20.0, &free);
        assert!((value - 10.0 * model.expected_purchases(&buyer, 40.0)).abs() < 1e-9);
        assert!(lifetime_value(&model, &buyer, 20.0, &Horizon { discount: 0.02, ..free }) < value);
        assert_eq!(lifetime_value(&model, &buyer, 20.0, &Horizon { periods: 0, ..free }), 0.0);
    }
}
