//! What a fit says of itself: parameters with their errors, likelihood, convergence.

use crate::{
    Attempt, Error, Interval, Reason, Result,
    interval::z_of,
    newton::{Curve, Summit, climb},
};

/// A model with positive parameters.
pub trait Model: Sized {
    /// Names of the parameters, in the order of all lists.
    const NAMES: &'static [&'static str];

    /// The parameters.
    fn parameters(&self) -> Vec<f64>;

    /// The model of such parameters.
    ///
    /// # Errors
    /// `Invalid` unless there are as many as names, finite and positive.
    fn from_parameters(parameters: &[f64]) -> Result<Self>;
}

/// Implements [`Model`] for a struct that is its parameters.
macro_rules! model_of {
    ($name:ident: $($parameter:ident),+) => {
        impl $crate::fit::Model for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($parameter)),+];

            fn parameters(&self) -> Vec<f64> {
                vec![$(self.$parameter),+]
            }

            fn from_parameters(parameters: &[f64]) -> $crate::Result<Self> {
                let [$($parameter),+] = $crate::fit::positive(parameters)?;
                Ok(Self { $($parameter),+ })
            }
        }
    };
}
pub(crate) use model_of;

/// A model fitted to customers by maximum likelihood.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit<M> {
    /// The fitted model.
    pub model: M,
    /// Log-likelihood at the optimum, natural logarithm.
    pub log_likelihood: f64,
    /// Number of customers it was fitted to.
    pub customers: u64,
    /// The parameters with their uncertainty.
    pub parameters: Vec<Parameter>,
    /// Covariance of the logarithms of the parameters: the inverse of the observed information.
    pub covariance: Vec<Vec<f64>>,
    /// How the optimum was reached.
    pub convergence: Convergence,
}

/// A fitted parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in the literature.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Its standard error, from the observed information.
    pub standard_error: f64,
}

/// How an optimum was reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convergence {
    /// Largest absolute slope of the log-likelihood by the logarithm of a parameter; 0 in exact arithmetic.
    pub gradient: f64,
    /// Steps of the search that found it.
    pub steps: u32,
    /// Searches begun from different starts.
    pub starts: u32,
    /// How many of them ended at this optimum.
    pub agreed: u32,
    /// Largest over smallest eigenvalue of the information: above 10⁶ parameters are hard to tell apart.
    pub condition: f64,
}

impl<M: Model> Fit<M> {
    /// Interval of any figure of the model from the uncertainty of its parameters: delta method, the slope by central
    /// differences on the logarithms of the parameters. The randomness of a single customer is not in it.
    ///
    /// # Errors
    /// `Invalid` for a level outside 0 to 1 or a figure that is not finite beside the optimum.
    pub fn interval(&self, level: f64, figure: impl Fn(&M) -> f64) -> Result<Interval> {
        const STEP: f64 = 1e-4;
        let z = z_of(level)?;
        let value = figure(&self.model);
        let middle = self.model.parameters();
        let mut slope = Vec::with_capacity(middle.len());
        for at in 0..middle.len() {
            let beside = |step: f64| -> Result<f64> {
                let mut parameters = middle.clone();
                parameters[at] *= step.exp();
                Ok(figure(&M::from_parameters(&parameters)?))
            };
            slope.push((beside(STEP)? - beside(-STEP)?) / (2.0 * STEP));
        }
        let variance: f64 = (0..slope.len())
            .flat_map(|i| (0..slope.len()).map(move |j| (i, j)))
            .map(|(i, j)| slope[i] * slope[j] * self.covariance[i][j])
            .sum();
        if !(value.is_finite() && variance.is_finite()) {
            return Err(Error::invalid("a figure that is not finite"));
        }
        Ok(Interval::around(value, z * variance.max(0.0).sqrt()))
    }

    /// The standard error of a parameter by name.
    #[must_use]
    pub fn standard_error(&self, name: &str) -> Option<f64> {
        self.parameters.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.standard_error)
    }
}

/// Refuses parameters that are not positive and finite.
pub(crate) fn positive<const N: usize>(parameters: &[f64]) -> Result<[f64; N]> {
    let parameters: [f64; N] = parameters.try_into().map_err(|_| Error::invalid("a wrong number of parameters"))?;
    if parameters.iter().all(|parameter| parameter.is_finite() && *parameter > 0.0) {
        Ok(parameters)
    } else {
        Err(Error::invalid("a parameter that is not positive"))
    }
}

/// Searches from several starts, on a thinned-out likelihood when there is one (a start costs less there, and the optimum
/// lies near), and then climbs on the whole from the best.
///
/// `units`: what each parameter found is multiplied with to bring it back from scaled data.
pub(crate) fn search<M: Model, const N: usize>(
    starts: &[[f64; N]],
    thin: Option<&(dyn Fn(&[f64; N]) -> Curve<N> + Sync)>,
    whole: &(dyn Fn(&[f64; N]) -> Curve<N> + Sync),
    units: [f64; N],
    customers: u64,
) -> Result<Fit<M>> {
    let mut ends: Vec<Summit<N>> = starts.iter().map(|&start| climb(start, thin.unwrap_or(whole))).collect();
    // Optima before ends that are none, then by height.
    ends.sort_by(|one, other| one.trouble.is_some().cmp(&other.trouble.is_some()).then(other.value.total_cmp(&one.value)));
    let Some(first) = ends.first().cloned() else {
        return Err(Error::invalid("no start"));
    };
    let same = |end: &Summit<N>| {
        end.trouble.is_none() && end.logarithms.iter().zip(first.logarithms).all(|(one, other)| (one - other).abs() < 1e-3)
    };
    let agreed = ends.iter().filter(|end| same(end)).count() as u32;
    let mut best = first.clone();
    if thin.is_some() {
        best = climb(first.parameters(), whole);
        best.steps += first.steps;
        // What was no optimum of a part may be one of the whole: then the starts go again.
        if best.trouble.is_some() {
            for &start in starts {
                let again = climb(start, whole);
                if again.trouble.is_none() {
                    best = again;
                    break;
                }
            }
        }
    }
    let parameters: Vec<f64> = best.parameters().iter().zip(units).map(|(parameter, unit)| parameter * unit).collect();
    if let Some(reason) = best.trouble {
        return Err(no_optimum::<M>(&parameters, best.value, best.slope, best.steps, reason));
    }
    Ok(Fit {
        model: M::from_parameters(&parameters)?,
        log_likelihood: best.value,
        customers,
        parameters: parameters
            .iter()
            .enumerate()
            .map(|(at, &value)| Parameter { name: M::NAMES[at], value, standard_error: value * best.covariance[at][at].sqrt() })
            .collect(),
        covariance: best.covariance,
        convergence: Convergence {
            gradient: best.slope,
            steps: best.steps,
            starts: starts.len() as u32,
            agreed,
            condition: best.condition,
        },
    })
}

pub(crate) fn no_optimum<M: Model>(parameters: &[f64], log_likelihood: f64, gradient: f64, steps: u32, reason: Reason) -> Error {
    let parameters = M::NAMES.iter().copied().zip(parameters.iter().copied()).collect();
    Error::DidNotConverge { best: Box::new(Attempt { parameters, log_likelihood, gradient, steps }), reason }
}
