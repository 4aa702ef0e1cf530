//! How customers are treated: what may be done for whom, the policies that say so, and what was tried against the rules.

pub mod acts;
pub mod assign;
pub mod assignment;
pub mod best;
pub mod codes;
pub mod experiments;
pub mod fairness;
pub mod fidelity;
pub mod gifts;
pub mod grants;
pub mod holds;
pub mod incidents;
pub mod indicators;
pub mod keep;
pub mod legality;
pub mod never;
pub mod occasions;
pub mod policies;
mod policy_steps;
pub mod proposals;
pub mod protocols;
pub mod redeem;
pub mod treatments;
pub mod violations;

pub use policy_steps::{ApprovePolicy, PolicyId, approve, retire, start};

use crate::Operations;
use crate::lifecycle::{Stage, Standing};

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    treatments::operations(ops);
    policies::operations(ops);
    violations::operations(ops);
    grants::operations(ops);
    gifts::operations(ops);
    incidents::operations(ops);
    protocols::operations(ops);
    acts::operations(ops);
    experiments::operations(ops);
    fairness::operations(ops);
    best::operations(ops);
    proposals::operations(ops);
    indicators::operations(ops);
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_grants;
#[cfg(test)]
mod tests_respect;
#[cfg(test)]
mod tests_till;
