//! The history of the schema: the files of `migrations/`, in order.

use peyvand_db::Migration;

macro_rules! migrations {
    ($($version:literal $name:literal,)*) => {
        &[$(Migration {
            version: $version,
            name: $name,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/", $name, ".sql")),
        }),*]
    };
}

/// All migrations.
pub const MIGRATIONS: &[Migration] = migrations! {
    1 "0001_access",
    2 "0002_platform",
    3 "0003_parties",
    4 "0004_interactions",
    5 "0005_sales",
    6 "0006_insight",
    7 "0007_segments",
    8 "0008_costs",
    9 "0009_views",
    10 "0010_goals",
    11 "0011_profit_groups",
    12 "0012_tier_history",
    13 "0013_risk",
    14 "0014_lifecycle",
    15 "0015_voice",
    16 "0016_experience",
    17 "0017_advocacy",
    18 "0018_experiments",
    19 "0019_ledger",
    20 "0020_fairness",
    21 "0021_interviews",
    22 "0022_proposals",
    23 "0023_subgroups",
    24 "0024_till",
    25 "0025_make_good",
    26 "0026_stage_members",
    27 "0027_compared",
    28 "0028_merge",
    29 "0029_purchase_keys",
    30 "0030_made_good_later",
    31 "0031_ways_in_order",
};
