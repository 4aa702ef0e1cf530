//! The statement of a page: which way leads to its rows, and where in the sort it begins.

use super::filters::{Condition, Conditions};
use super::{PartySummary, Sort};
use crate::parties::check::name_key;
use crate::parties::party::Party;
use crate::platform::access::Sight;
use crate::{Id, Instant, Problem, Result};
use peyvand_db::{Db, Kind, Sql, ToValue, Value, sql};

/// Rows of a filter that are fetched and sorted at once. With more, the index of the sort meets a page of them soon
/// enough: 50 of 4,000 in a million lie within 12,500 entries.
const NARROW: i64 = 4_000;
/// Up to this many who have a tag are gathered before the index of the sort is walked; of more, the walk meets a page
/// soon enough to ask for each.
const GATHERED: i64 = 20_000;

/// How a page is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Through the index of the sort, leaving out what does not fit.
    Sort,
    /// The same, with those who have the tag gathered first.
    SortTagged,
    /// Through an index of this condition and the sort together.
    Both(usize),
    /// All that fit the conditions on this indexed column, then sorted: there are few.
    Narrow(&'static str),
    /// Those who have the tag, then sorted: there are few.
    Tag,
    /// Those who have the scores, then sorted: there are few.
    Scored,
    /// Those who belong to the segment, then sorted: there are few.
    Segment,
    /// The named ones, then sorted.
    Ids,
    /// All of a user, then sorted: there are few.
    Own,
}

/// Which rows a statement is about. A sort by a score has two parts, each with a way of its own: who has none comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All that fit.
    All,
    /// Those who have the score that is sorted by.
    Scored,
    /// Those who have not, in the order of their ids.
    Unscored,
}

/// In what order rows come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) sort: Sort,
    pub(super) part: Part,
    pub(super) desc: bool,
}

impl Order {
    /// The column before the id; nothing where the id alone tells the order.
    fn column(self) -> Option<&'static str> {
        (self.sort != Sort::Created && self.part != Part::Unscored).then(|| self.sort.column())
    }

    /// The id that stands behind that column in its index.
    fn id(self) -> &'static str {
        if self.part == Part::Scored { "c.party_id" } else { "p.id" }
    }
}

/// A place in a list: the value that is sorted by, and the id.
pub(super) type Edge = (Value, Id<Party>);

/// The next rows after a place, backwards where `back` holds.
pub(super) async fn rows(
    db: &Db,
    seen: &Sight,
    conditions: &Conditions,
    (way, sort, desc): (Way, Sort, bool),
    back: bool,
    edge: Option<&Edge>,
    limit: i64,
) -> Result<Vec<PartySummary>> {
    let mut parts = match (sort.is_score(), back) {
        (false, _) => vec![Part::All],
        (true, false) => vec![Part::Scored, Part::Unscored],
        (true, true) => vec![Part::Unscored, Part::Scored],
    };
    if let (Some((value, _)), [first, second]) = (edge, parts.as_slice()) {
        let stands_in = if matches!(value, Value::Null(_)) { Part::Unscored } else { Part::Scored };
        parts = if *first == stands_in { vec![*first, *second] } else { vec![*second] };
    }
    let mut items: Vec<PartySummary> = Vec::new();
    for (position, part) in parts.into_iter().enumerate() {
        let wanted = limit - items.len() as i64;
        if wanted == 0 {
            break;
        }
        let order = Order { sort, part, desc: desc != back };
        let edge = edge.filter(|_| position == 0);
        items.extend(db.all::<PartySummary>(page_query(seen, conditions, way, order, edge, wanted)).await?);
    }
    Ok(items)
}

/// Columns that stand behind each index of a sort (`migrations/0003_parties.sql`): rows that do not fit are left out
/// without being read.
const CARRIED: [&str; 10] = ["archived_at", "role", "kind", "owner_id", "unit_id", "city_key", "province", "source", "gender", "stance"];

/// Whether the index of the sort tells for each of its entries whether it fits.
fn is_told_by_index(conditions: &Conditions, sort: Sort) -> bool {
    let silent = matches!(sort, Sort::LastContact | Sort::LastPurchase | Sort::Spent);
    conditions.ids.is_none()
        && conditions.scores.is_empty()
        && conditions.bought.is_none()
        && conditions.need.is_none()
        && !sort.is_score()
        && conditions.all.iter().all(|condition| {
            let column = condition.text.trim_start_matches("p.").split(' ').next().unwrap_or_default();
            CARRIED.contains(&column) || column == "id" || sort.column() == format!("p.{column}") || silent && column == "silent_from"
        })
}

/// Writes a condition. `(… ) IS TRUE` keeps both engines from taking an index of that column: the way is chosen here,
/// from what is known of the filter, and not from averages.
pub(super) fn condition(query: &mut Sql, condition: &Condition, through_index: bool) {
    query.push(if through_index { " AND " } else { " AND (" }).push(condition.text);
    if let Some(value) = &condition.value {
        query.value(value.clone());
    }
    query.push(if through_index { "" } else { ") IS TRUE" });
}

fn sight(query: &mut Sql, sight: &Sight, through_index: bool) {
    match sight {
        Sight::All => {}
        _ if through_index => sight.parties(query),
        Sight::Units { units, user } => {
            query.push(" AND (p.unit_id IN ").list(units.iter().copied()).push(" OR p.owner_id = ").arg(*user).push(") IS TRUE");
        }
        Sight::Own(user) => {
            query.push(" AND (p.owner_id = ").arg(*user).push(") IS TRUE");
        }
    }
}

/// Whether at most [`NARROW`] rows fit, looked up in an index only.
async fn is_narrow(db: &Db, rows: Sql) -> Result<bool> {
    Ok(count_to(db, rows, NARROW + 1).await? <= NARROW)
}

/// How many rows fit, counted in an index only and no further than `most`.
async fn count_to(db: &Db, mut rows: Sql, most: i64) -> Result<i64> {
    rows.push(" LIMIT ").arg(most).push(") s");
    let (count,): (i64,) = db.one(rows).await?;
    Ok(count)
}

const PROBE: &str = "SELECT count(*) FROM (SELECT 1 FROM parties p WHERE ";

pub(super) async fn way(db: &Db, seen: &Sight, conditions: &Conditions, sort: Sort) -> Result<Way> {
    if conditions.ids.is_some() {
        return Ok(Way::Ids);
    }
    let owned = conditions.all.iter().position(|condition| condition.text == "p.owner_id = ");
    let mut probed = "";
    for (at, found) in conditions.all.iter().enumerate().filter(|(_, found)| !found.index.is_empty()) {
        let with_name = matches!(found.text, "p.owner_id = " | "p.unit_id = " | "p.city_key = ");
        let with_next = found.text == "p.owner_id = ";
        if sort == Sort::Name && with_name || sort == Sort::NextFollowUp && with_next {
            return Ok(Way::Both(at));
        }
        // The two ends of a range stand side by side.
        if found.index == probed {
            continue;
        }
        probed = found.index;
        let mut probe = sql(PROBE);
        conditions.on(found.index, &mut probe);
        if is_narrow(db, probe).await? {
            return Ok(Way::Narrow(found.index));
        }
    }
    if let Some(segment) = conditions.segment {
        let members = sql("SELECT count(*) FROM (SELECT 1 FROM segment_members m WHERE m.segment_id = $1").bind(segment);
        if is_narrow(db, members).await? {
            return Ok(Way::Segment);
        }
    }
    let mut sort_way = Way::Sort;
    if let Some(tag) = &conditions.tag {
        let tagged = sql("SELECT count(*) FROM (SELECT 1 FROM party_tags t WHERE t.tag = $1").bind(tag);
        let count = count_to(db, tagged, GATHERED + 1).await?;
        if count <= NARROW {
            return Ok(Way::Tag);
        }
        if count <= GATHERED {
            sort_way = Way::SortTagged;
        }
    }
    if !conditions.scores.is_empty() {
        let mut scored = sql("SELECT count(*) FROM (SELECT 1 FROM party_scores s WHERE ");
        conditions.on_scores("s", &mut scored);
        if is_narrow(db, scored).await? {
            return Ok(Way::Scored);
        }
    }
    if let (Sight::Own(user), None) = (seen, owned) {
        if matches!(sort, Sort::Name | Sort::NextFollowUp) {
            return Ok(Way::Own);
        }
        let mut probe = sql(PROBE);
        probe.push("p.owner_id = ").arg(*user);
        if is_narrow(db, probe).await? {
            return Ok(Way::Own);
        }
    }
    Ok(sort_way)
}

/// The statement of a page that starts after `edge`.
fn page_query(seen: &Sight, conditions: &Conditions, way: Way, order: Order, edge: Option<&Edge>, limit: i64) -> Sql {
    let Order { sort, part, desc } = order;
    let by_sort = matches!(way, Way::Sort | Way::SortTagged);
    let fits = |query: &mut Sql| {
        for (at, found) in conditions.all.iter().enumerate() {
            let is_sorted_by = by_sort && !found.index.is_empty() && sort.column().ends_with(&format!(".{}", found.index));
            condition(query, found, way == Way::Both(at) || is_sorted_by);
        }
        match (&conditions.tag, way) {
            (None, _) | (_, Way::Tag) => {}
            (Some(tag), Way::SortTagged) => {
                query.push(" AND (p.id IN (SELECT t.party_id FROM party_tags t WHERE t.tag = ").arg(tag).push(")) IS TRUE");
            }
            (Some(tag), _) => {
                query.push(" AND (EXISTS (SELECT 1 FROM party_tags t WHERE t.party_id = p.id AND t.tag = ").arg(tag).push(")) IS TRUE");
            }
        }
        if let Some(segment) = conditions.segment.filter(|_| way != Way::Segment) {
            query.push(" AND (EXISTS (SELECT 1 FROM segment_members m WHERE m.party_id = p.id AND m.segment_id = ");
            query.arg(segment).push(")) IS TRUE");
        }
        if !conditions.scores.is_empty() {
            query.push(" AND (");
            conditions.on_scores("c", query);
            query.push(") IS TRUE");
        }
        if conditions.need.is_some() {
            query.push(" AND (");
            conditions.on_need(query);
            query.push(") IS TRUE");
        }
        if conditions.bought.is_some() {
            query.push(" AND (");
            conditions.on_bought(query);
            query.push(") IS TRUE");
        }
        match part {
            Part::All => {}
            Part::Scored => {
                query.push(" AND ").push(sort.column()).push(" IS NOT NULL");
            }
            Part::Unscored => {
                query.push(" AND (").push(sort.column()).push(" IS NULL) IS TRUE");
            }
        }
        if let Some(ids) = &conditions.ids {
            query.push(" AND p.id IN ").list(ids.iter().copied());
        }
        sight(query, seen, way == Way::Own);
        if let Some((value, id)) = edge {
            if let Some(column) = order.column() {
                query.push(" AND (").push(column).push(", ").push(order.id()).push(if desc { ") < (" } else { ") > (" });
                query.value(value.clone()).push(", ").arg(*id).push(")");
            } else {
                query.push(if desc { " AND p.id < " } else { " AND p.id > " }).arg(*id);
            }
        }
    };
    let first_ones = |query: &mut Sql| {
        query.push(" ORDER BY ");
        if let Some(column) = order.column() {
            query.push(column).push(if desc { " DESC, " } else { ", " });
        }
        query.push(order.id()).push(if desc { " DESC LIMIT " } else { " LIMIT " }).arg(limit);
    };
    let is_told = by_sort && is_told_by_index(conditions, sort);
    let mut query = sql("");
    match way {
        Way::Narrow(index) => {
            query.push("WITH s AS MATERIALIZED (SELECT p.id AS party_id FROM parties p WHERE ");
            conditions.on(index, &mut query);
            query.push(") ");
        }
        Way::Tag => {
            query.push("WITH s AS MATERIALIZED (SELECT t.party_id FROM party_tags t WHERE t.tag = ");
            query.arg(conditions.tag.as_deref()).push(") ");
        }
        Way::Scored => {
            query.push("WITH s AS MATERIALIZED (SELECT s.party_id FROM party_scores s WHERE ");
            conditions.on_scores("s", &mut query);
            query.push(") ");
        }
        Way::Segment => {
            query.push("WITH s AS MATERIALIZED (SELECT m.party_id FROM segment_members m WHERE m.segment_id = ");
            query.arg(conditions.segment).push(") ");
        }
        Way::Sort | Way::SortTagged if is_told => {
            query.push("WITH s AS MATERIALIZED (SELECT p.id AS party_id FROM parties p WHERE 1 = 1");
            fits(&mut query);
            first_ones(&mut query);
            query.push(") ");
        }
        _ => {}
    }
    query.push("SELECT ").push(<PartySummary as peyvand_db::FromRow>::COLUMNS);
    let through_scores = by_sort && part == Part::Scored;
    query.push(match way {
        _ if through_scores => " FROM party_scores c CROSS JOIN parties p",
        Way::Narrow(_) | Way::Tag | Way::Scored | Way::Segment | Way::Sort | Way::SortTagged if is_told || !by_sort => {
            " FROM s CROSS JOIN parties p"
        }
        _ => " FROM parties p",
    });
    query.push(" LEFT JOIN users u ON u.id = p.owner_id LEFT JOIN units n ON n.id = p.unit_id");
    if !through_scores {
        query.push(" LEFT JOIN party_scores c ON c.party_id = p.id");
        match &conditions.scores_of {
            Some(scores_of) => scores_of.parties(&mut query),
            None => {
                query.push(" AND 1 = 0");
            }
        }
    }
    query.push(match way {
        _ if through_scores => " WHERE p.id = c.party_id",
        Way::Narrow(_) | Way::Tag | Way::Scored | Way::Segment | Way::Sort | Way::SortTagged if is_told || !by_sort => {
            " WHERE p.id = s.party_id"
        }
        _ => " WHERE 1 = 1",
    });
    if let (true, Some(scores_of)) = (through_scores, &conditions.scores_of) {
        sight(&mut query, scores_of, false);
    }
    if !is_told {
        fits(&mut query);
    }
    first_ones(&mut query);
    query
}

/// Where a row stands in a sort, as text: its id, then the value.
pub(super) fn edge_of(item: &PartySummary, sort: Sort) -> String {
    let value = match sort {
        Sort::Name => name_key(&item.name),
        Sort::Created => String::new(),
        Sort::LastContact => item.last_contact_at.unwrap_or(Instant::NEVER).0.to_string(),
        Sort::LastPurchase => item.last_purchase_on.map_or_else(String::new, |day| day.to_string()),
        Sort::Spent => item.spent_minor.to_string(),
        Sort::Active => score_text(item.p_active),
        Sort::Worth => score_text(item.value_12m_minor),
        Sort::NextFollowUp => item.next_follow_up_at.unwrap_or(Instant::NOT_PLANNED).0.to_string(),
    };
    format!("{}_{value}", item.id)
}

/// A score to the last bit, as text; nothing for none.
fn score_text(score: Option<f64>) -> String {
    score.map_or_else(String::new, |score| score.to_string())
}

pub(super) fn read_edge(field: &'static str, text: &str, sort: Sort) -> Result<Edge> {
    let read = || {
        let (id, value) = text.split_once('_')?;
        let value = match sort {
            Sort::Name | Sort::Created | Sort::LastPurchase => value.to_value(),
            Sort::Active | Sort::Worth if value.is_empty() => Value::Null(Kind::Real),
            Sort::Active | Sort::Worth => value.parse::<f64>().ok()?.to_value(),
            Sort::LastContact | Sort::Spent | Sort::NextFollowUp => value.parse::<i64>().ok()?.to_value(),
        };
        Some((value, id.parse().ok()?))
    };
    read().ok_or_else(|| Problem::new(field, "input-cursor").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::{NewParty, Role};
    use crate::parties::list::tests::add;
    use crate::parties::list::{ListParties, PartyFilters, list};
    use crate::parties::party::create;
    use crate::platform::money::Currency;
    use crate::testing;

    #[tokio::test]
    async fn every_way_to_those_who_have_a_tag_finds_the_same() {
        let ctx = testing::ctx().await;
        for number in 0..30 {
            let tags = (number % 3 == 0).then(|| vec!["نقره‌ای".to_owned()]);
            let new = NewParty { name: Some(format!("نام {number:02}")), tags, ..NewParty::default() };
            ctx.run(create, new).await.unwrap();
        }
        let filters = PartyFilters { tag: Some("نقره‌ای".into()), ..PartyFilters::default() };
        let conditions = filters.conditions(&ctx, Currency::IRR).unwrap();
        for sort in Sort::ALL {
            let mut pages = Vec::new();
            for way in [Way::Tag, Way::Sort, Way::SortTagged] {
                let page = rows(&ctx.app.db, &Sight::All, &conditions, (way, *sort, true), false, None, 7).await.unwrap();
                pages.push(page.into_iter().map(|item| item.id).collect::<Vec<_>>());
            }
            assert_eq!(pages[0].len(), 7);
            assert!(pages.iter().all(|page| *page == pages[0]), "{sort}");
        }
    }

    #[tokio::test]
    async fn no_sort_reads_the_whole_table() {
        let ctx = testing::ctx().await;
        for number in 0..40 {
            add(&ctx, &format!("نام {number}")).await;
        }
        let db = &ctx.app.db;
        db.analyze().await.unwrap();
        let filters = PartyFilters { role: Some(Role::Customer), ..PartyFilters::default() };
        let conditions = filters.conditions(&ctx, Currency::IRR).unwrap();
        for sort in Sort::ALL.iter().filter(|sort| !sort.is_score()) {
            for desc in [false, true] {
                let page = ctx.run(list, ListParties { sort: Some(*sort), limit: Some(1), ..ListParties::default() }).await.unwrap();
                let edge = read_edge("after", page.next.as_deref().unwrap(), *sort).unwrap();
                let order = Order { sort: *sort, part: Part::All, desc };
                let query = page_query(&Sight::All, &conditions, Way::Sort, order, Some(&edge), 51);
                let plan = testing::plan(db, query).await;
                assert!(!plan.contains("SCAN p") && !plan.contains("Seq Scan on parties"), "{sort} {desc}: {plan}");
                // In a table as small as this PostgreSQL looks rows up by a bitmap, or by the primary key.
                let through = if db.is_embedded() { "COVERING INDEX parties_by_" } else { " on parties_" };
                assert!(plan.contains(through) || plan.contains(" using parties_"), "{sort} {desc}: {plan}");
            }
        }
    }
}
