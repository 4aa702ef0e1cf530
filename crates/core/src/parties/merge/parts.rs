//! Every column that names a customer, and what a merge does with it. A column that is not on the list fails a test, so that the
//! next table is not forgotten.

use super::MergedKind;

/// What a merge does with a column that names a customer.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// Rows go over, each noted so that it can go back.
    Goes(Going),
    /// A function of its own does it: there is more to it than whose the row is.
    Apart,
    /// Worked out of the other tables, anew.
    WorkedOut,
    /// Stays as it is, because it tells of the record and not of the customer.
    Stays,
}

/// The statements of rows that go over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Going {
    /// Notes the rows: `$1` the merge, `$2` whose they are, and `$3` whose they become where the statement asks for it.
    pub(super) note: &'static str,
    /// Whether it asks for `$3`.
    pub(super) asks_kept: bool,
    /// How many rows `$1` has.
    pub(super) left: &'static str,
    /// Gives the noted rows to `$1` that are of `$2`; `$3` is the merge. The same forth and back.
    pub(super) go: &'static str,
}

/// A column that names a customer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Table and column.
    pub(super) column: &'static str,
    /// What happens to it.
    pub(super) how: How,
    /// As what its rows are counted for people; some belong to others that are.
    pub(super) counts: Option<MergedKind>,
}

/// A column whose rows all go over, or all but those of which the customer who is kept has one already.
macro_rules! goes {
    ($table:literal, $column:literal, $key:literal, $counts:expr) => {
        goes!(@ $table, $column, concat!("t.", $key), concat!($key, " IN (SELECT row_id"), "", false, $counts)
    };
    ($table:literal, $column:literal, $key:literal, $counts:expr, unless $there:literal) => {
        goes!(@ $table, $column, concat!("t.", $key), concat!($key, " IN (SELECT row_id"),
            concat!(" AND NOT EXISTS (SELECT 1 FROM ", $table, " k WHERE k.", $column, " = $3 AND ", $there, ")"), true, $counts)
    };
    ($table:literal, $column:literal, $key:literal, $counts:expr, only $only:literal) => {
        goes!(@ $table, $column, concat!("t.", $key), concat!($key, " IN (SELECT row_id"), concat!(" AND ", $only), true, $counts)
    };
    ($table:literal, $column:literal, $key:literal, $counts:expr, where $only:literal) => {
        goes!(@ $table, $column, concat!("t.", $key), concat!($key, " IN (SELECT row_id"), concat!(" AND ", $only), false, $counts)
    };
    (@ $table:literal, $column:literal, $noted:expr, $found:expr, $only:expr, $asks:literal, $counts:expr) => {
        Part {
            column: concat!($table, ".", $column),
            how: How::Goes(Going {
                note: concat!(
                    "INSERT INTO party_merge_rows (merge_id, part, row_id, row_word) SELECT $1, '", $table, ".", $column, "', ", $noted,
                    ", '' FROM ", $table, " t WHERE t.", $column, " = $2", $only
                ),
                asks_kept: $asks,
                left: concat!("SELECT COUNT(*) FROM ", $table, " WHERE ", $column, " = $1"),
                go: concat!(
                    "UPDATE ", $table, " SET ", $column, " = $1 WHERE ", $column, " = $2 AND ", $found,
                    " FROM party_merge_rows WHERE merge_id = $3 AND part = '", $table, ".", $column, "')"
                ),
            }),
            counts: $counts,
        }
    };
}

/// The same for rows that are known by a text.
macro_rules! goes_by_word {
    ($table:literal, $column:literal, $noted:literal, $found:literal, $counts:expr, $only:literal, $asks:literal) => {
        Part {
            column: concat!($table, ".", $column),
            how: How::Goes(Going {
                note: concat!(
                    "INSERT INTO party_merge_rows (merge_id, part, row_id, row_word) SELECT $1, '",
                    $table,
                    ".",
                    $column,
                    "', $1, ",
                    $noted,
                    " FROM ",
                    $table,
                    " t WHERE t.",
                    $column,
                    " = $2",
                    $only
                ),
                asks_kept: $asks,
                left: concat!("SELECT COUNT(*) FROM ", $table, " WHERE ", $column, " = $1"),
                go: concat!(
                    "UPDATE ",
                    $table,
                    " SET ",
                    $column,
                    " = $1 WHERE ",
                    $column,
                    " = $2 AND ",
                    $found,
                    " IN (SELECT row_word FROM party_merge_rows WHERE merge_id = $3 AND part = '",
                    $table,
                    ".",
                    $column,
                    "')"
                ),
            }),
            counts: $counts,
        }
    };
}

const fn other(column: &'static str, how: How) -> Part {
    Part { column, how, counts: None }
}

/// All of them, in the order in which a merge goes through them.
pub(super) const PARTS: &[Part] = &[
    goes!("purchases", "party_id", "id", Some(MergedKind::Purchases)),
    goes!("purchase_lines", "party_id", "id", None),
    goes!("interactions", "party_id", "id", Some(MergedKind::Interactions)),
    goes!("follow_ups", "party_id", "id", Some(MergedKind::FollowUps)),
    goes!("opportunities", "party_id", "id", Some(MergedKind::Opportunities)),
    goes!("events", "party_id", "id", None),
    goes!("contact_points", "party_id", "id", Some(MergedKind::ContactPoints), unless "k.channel = t.channel AND k.value = t.value"),
    goes!(
        "addresses", "party_id", "id", Some(MergedKind::Addresses),
        unless "k.line IS NOT DISTINCT FROM t.line AND k.city IS NOT DISTINCT FROM t.city
            AND k.postal_code IS NOT DISTINCT FROM t.postal_code"
    ),
    goes_by_word!(
        "identity_keys",
        "party_id",
        "t.kind || ' ' || t.value",
        "kind || ' ' || value",
        Some(MergedKind::IdentityKeys),
        "",
        false
    ),
    goes_by_word!(
        "party_tags",
        "party_id",
        "t.tag",
        "tag",
        Some(MergedKind::Tags),
        " AND NOT EXISTS (SELECT 1 FROM party_tags k WHERE k.party_id = $3 AND k.tag = t.tag)",
        true
    ),
    goes!(
        "preferences", "party_id", "id", Some(MergedKind::Preferences),
        unless "k.kind = t.kind AND k.term IS NOT DISTINCT FROM t.term AND k.words IS NOT DISTINCT FROM t.words AND k.ended_at IS NULL"
    ),
    goes!(
        "relations", "party_id", "id", Some(MergedKind::Relations),
        only "t.other_id <> $3 AND NOT EXISTS
            (SELECT 1 FROM relations k WHERE k.party_id = $3 AND k.other_id = t.other_id AND k.kind = t.kind)"
    ),
    goes!(
        "relations", "other_id", "id", Some(MergedKind::Relations),
        only "t.party_id <> $3 AND NOT EXISTS
            (SELECT 1 FROM relations k WHERE k.other_id = $3 AND k.party_id = t.party_id AND k.kind = t.kind)"
    ),
    // The role that lasts goes over only where it is the one that is kept: see `take_role`.
    goes!("party_roles", "party_id", "id", None, where "t.until_on IS NOT NULL"),
    goes!("ideas", "party_id", "id", None),
    goes!("costs", "party_id", "id", Some(MergedKind::Costs)),
    goes!("saves", "party_id", "id", None),
    goes_by_word!(
        "stated_spendings",
        "party_id",
        "t.stated_on",
        "stated_on",
        None,
        " AND NOT EXISTS (SELECT 1 FROM stated_spendings k WHERE k.party_id = $3)",
        true
    ),
    goes!("profit_decisions", "party_id", "id", None, unless "k.id IS NOT NULL"),
    goes!("segment_picks", "party_id", "segment_id", None, unless "k.segment_id = t.segment_id"),
    goes!("stage_decisions", "party_id", "id", None),
    goes!("cases", "party_id", "id", Some(MergedKind::Cases)),
    goes!("asks", "party_id", "id", None),
    goes!("survey_invitations", "party_id", "id", None),
    goes!("survey_sheets", "party_id", "id", Some(MergedKind::Answers)),
    goes!("survey_answers", "party_id", "id", None),
    goes!("interviews", "party_id", "sheet_id", None),
    goes!("quotes", "party_id", "id", None),
    goes!("feedback_customers", "party_id", "feedback_id", None, unless "k.feedback_id = t.feedback_id"),
    goes!("feedback_voices", "party_id", "id", None),
    goes!("respect_incidents", "party_id", "id", Some(MergedKind::Incidents)),
    goes!("protocols", "party_id", "id", None, unless "k.archived_at IS NULL AND t.archived_at IS NULL"),
    goes!("protocol_acts", "party_id", "id", None, unless "k.step_id = t.step_id AND k.occasion = t.occasion"),
    goes!(
        "exposures", "party_id", "id", None,
        unless "k.policy_version_id = t.policy_version_id AND k.treatment_id = t.treatment_id AND k.occasion = t.occasion"
    ),
    goes!("grants", "party_id", "id", Some(MergedKind::Grants)),
    goes!("gift_deliveries", "party_id", "id", None),
    goes!("referral_codes", "party_id", "id", None, unless "k.ended_at IS NULL AND t.ended_at IS NULL"),
    goes!(
        "referrals", "referrer_id", "id", Some(MergedKind::Referrals),
        only "(t.referee_id IS NULL OR t.referee_id <> $3)"
    ),
    goes!(
        "referrals", "referee_id", "id", None,
        only "t.referrer_id <> $3 AND NOT (t.state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded')
            AND EXISTS (SELECT 1 FROM referrals k WHERE k.referee_id = $3
                AND k.state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded')))"
    ),
    goes!("referral_claims", "referrer_id", "id", None),
    goes!("rewards", "party_id", "referral_id", None),
    goes!("ledger_journals", "party_id", "id", None),
    // Balances and lots go by a journal: the books are never rewritten.
    other("ledger_accounts.party_id", How::Apart),
    other("ledger_lots.party_id", How::Apart),
    // Nobody takes part in one experiment twice.
    other("experiment_units.party_id", How::Apart),
    other("experiment_units.household_id", How::Apart),
    // Whoever turned out to be this one before.
    goes!("parties", "merged_into", "id", None),
    other("party_profits.party_id", How::WorkedOut),
    other("party_risk_reasons.party_id", How::WorkedOut),
    other("party_risks.party_id", How::WorkedOut),
    other("party_scores.party_id", How::WorkedOut),
    other("party_tiers.party_id", How::WorkedOut),
    other("segment_members.party_id", How::WorkedOut),
    other("stage_memberships.party_id", How::WorkedOut),
    other("stage_outlooks.party_id", How::WorkedOut),
    other("stage_transitions.party_id", How::WorkedOut),
    // What an import did to that very record; marks that wait to be looked at; who left which segment when; what somebody was told.
    other("import_changes.party_id", How::Stays),
    other("segment_marks.party_id", How::Stays),
    other("segment_past.party_id", How::Stays),
    other("notifications.party_id", How::Stays),
    // Who was said to be two was said of the records.
    other("party_pairs_apart.one_id", How::Stays),
    other("party_pairs_apart.other_id", How::Stays),
    // Merges themselves.
    other("party_merges.kept_id", How::Stays),
    other("party_merges.other_id", How::Stays),
];
