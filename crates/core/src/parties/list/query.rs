//! The statement of a page: which way leads to its rows, and where in the sort it begins.

use super::filters::{Condition, Conditions, on};
use super::{PROFITS, PartySummary, SCORES, Sort};
use crate::insight::rhythm::Habit;
use crate::marketing::segments::compile::Of;
use crate::parties::check::name_key;
use crate::parties::party::Party;
use crate::platform::access::Sight;
use crate::sales::Product;
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
    /// Those who have the profits, then sorted: there are few.
    Profited,
    /// Those who belong to the segment, then sorted: there are few.
    Segment,
    /// Those who bought the product, then sorted: there are few.
    Bought(Id<Product>),
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
    /// The columns before the id; none where the id alone tells the order.
    fn columns(self) -> &'static [&'static str] {
        if self.sort == Sort::Created || self.part == Part::Unscored { &[] } else { self.sort.columns() }
    }

    /// The id that stands behind those columns in their index.
    fn id(self) -> &'static str {
        self.sort.worked_out().filter(|_| self.part == Part::Scored).map_or("p.id", |(_, id)| id)
    }
}

/// A place in a list: the values that are sorted by, and the id.
pub(super) type Edge = (Vec<Value>, Id<Party>);

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
    let mut parts = match (sort.is_worked_out(), back) {
        (false, _) => vec![Part::All],
        (true, false) => vec![Part::Scored, Part::Unscored],
        (true, true) => vec![Part::Unscored, Part::Scored],
    };
    if let (Some((values, _)), [first, second]) = (edge, parts.as_slice()) {
        let stands_in = if matches!(values.as_slice(), [Value::Null(_), ..]) { Part::Unscored } else { Part::Scored };
        parts = if *first == stands_in { vec![*first, *second] } else { vec![*second] };
    }
    // Nobody without what is sorted by has what is asked of it.
    let is_asked = match sort {
        Sort::Profit => !conditions.profits.is_empty(),
        Sort::Rhythm => !conditions.scores.is_empty(),
        _ => conditions.scores.iter().any(|found| is_of(found, sort)),
    };
    if is_asked {
        parts.retain(|part| *part != Part::Unscored);
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

/// Whether a condition asks for the column that is sorted by first.
fn is_of(found: &Condition, sort: Sort) -> bool {
    sort.is_worked_out() && found.text.trim_start_matches('.').split(' ').next() == sort.columns()[0].split('.').nth(1)
}

/// Columns that stand behind each index of a sort (`migrations/0003_parties.sql`): rows that do not fit are left out
/// without being read.
const CARRIED: [&str; 10] = ["archived_at", "role", "kind", "owner_id", "unit_id", "city_key", "province", "source", "gender", "stance"];

/// Whether the index of the sort tells for each of its entries whether it fits.
fn is_told_by_index(conditions: &Conditions, sort: Sort) -> bool {
    let silent = matches!(sort, Sort::LastContact | Sort::LastPurchase | Sort::Spent);
    conditions.ids.is_none()
        && conditions.scores.is_empty()
        && conditions.profits.is_empty()
        && conditions.rule.is_none()
        && conditions.bought.is_none()
        && conditions.products.is_none()
        && conditions.need.is_none()
        && !sort.is_worked_out()
        && conditions.all.iter().all(|condition| {
            let column = condition.text.trim_start_matches("p.").split(' ').next().unwrap_or_default();
            CARRIED.contains(&column) || column == "id" || sort.columns()[0] == format!("p.{column}") || silent && column == "silent_from"
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

/// Columns with an index that are not carried by those of the sorts.
const READ: [&str; 4] = ["education", "income_band", "job", "birth_on"];

const PROBE: &str = "SELECT count(*) FROM (SELECT 1 FROM parties p WHERE ";

pub(super) async fn way(db: &Db, seen: &Sight, conditions: &Conditions, sort: Sort) -> Result<Way> {
    if conditions.ids.is_some() {
        return Ok(Way::Ids);
    }
    let owned = conditions.all.iter().position(|condition| condition.text == "p.owner_id = ");
    // Whoever has to have two of these is found late on a walk that reads each row.
    let reads = READ.iter().filter(|column| conditions.all.iter().any(|found| found.index == **column)).count();
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
        let most = if reads > 1 && READ.contains(&found.index) { GATHERED } else { NARROW };
        if count_to(db, probe, most + 1).await? <= most {
            return Ok(Way::Narrow(found.index));
        }
    }
    if let Some(segment) = conditions.segment {
        let members = sql("SELECT count(*) FROM (SELECT 1 FROM segment_members m WHERE m.segment_id = $1").bind(segment);
        if is_narrow(db, members).await? {
            return Ok(Way::Segment);
        }
    }
    if let Some(product) = seldom(db, conditions).await? {
        return Ok(Way::Bought(product));
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
    if !conditions.profits.is_empty() {
        let mut profited = sql("SELECT count(*) FROM (SELECT 1 FROM party_profits d WHERE ");
        on(&conditions.profits, "d", &mut profited);
        if is_narrow(db, profited).await? {
            return Ok(Way::Profited);
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

/// That of the products filtered by which few bought, if there is one.
pub(super) async fn seldom(db: &Db, conditions: &Conditions) -> Result<Option<Id<Product>>> {
    for product in conditions.products.iter().flat_map(|products| &products.ids) {
        let lines = sql("SELECT count(*) FROM (SELECT 1 FROM purchase_lines l WHERE l.product_id = $1").bind(*product);
        if is_narrow(db, lines).await? {
            return Ok(Some(*product));
        }
    }
    Ok(None)
}

/// The statement of a page that starts after `edge`.
fn page_query(seen: &Sight, conditions: &Conditions, way: Way, order: Order, edge: Option<&Edge>, limit: i64) -> Sql {
    let Order { sort, part, desc } = order;
    let by_sort = matches!(way, Way::Sort | Way::SortTagged);
    // Through the table with what is sorted by, in its order.
    let through = sort.worked_out().filter(|_| by_sort && part == Part::Scored);
    // What is asked of the column that is sorted by bounds the walk through its index, or takes one that begins with both.
    let bounds_walk = |found: &Condition| through.is_some() && (is_of(found, sort) || sort == Sort::Profit && found.text == ".tier = ");
    let fits = |query: &mut Sql| {
        for (at, found) in conditions.all.iter().enumerate() {
            let is_sorted_by = by_sort && !found.index.is_empty() && sort.columns()[0].ends_with(&format!(".{}", found.index));
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
        for (alias, found) in conditions.scores.iter().map(|found| ("c", found)).chain(conditions.profits.iter().map(|found| ("d", found)))
        {
            let is_plain = bounds_walk(found);
            query.push(if is_plain { " AND " } else { " AND (" }).push(alias).push(found.text);
            if let Some(value) = &found.value {
                query.value(value.clone());
            }
            query.push(if is_plain { "" } else { ") IS TRUE" });
        }
        if let Some(rule) = &conditions.rule {
            query.push(" AND (");
            rule.condition(Of::Some, query);
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
        if conditions.products.is_some() {
            query.push(" AND (");
            conditions.on_products(query);
            query.push(") IS TRUE");
        }
        match part {
            Part::All => {}
            Part::Scored => {
                query.push(" AND ").push(sort.columns()[0]).push(" IS NOT NULL");
            }
            Part::Unscored => {
                query.push(" AND (").push(sort.columns()[0]).push(" IS NULL) IS TRUE");
            }
        }
        if let Some(ids) = &conditions.ids {
            query.push(" AND p.id IN ").list(ids.iter().copied());
        }
        sight(query, seen, way == Way::Own);
        if let Some((values, id)) = edge {
            if let [first, more @ ..] = order.columns() {
                query.push(" AND (").push(first);
                for column in more {
                    query.push(", ").push(column);
                }
                query.push(", ").push(order.id()).push(if desc { ") < (" } else { ") > (" });
                for value in values {
                    query.value(value.clone()).push(", ");
                }
                query.arg(*id).push(")");
            } else {
                query.push(if desc { " AND p.id < " } else { " AND p.id > " }).arg(*id);
            }
        }
    };
    let first_ones = |query: &mut Sql| {
        query.push(" ORDER BY ");
        for column in order.columns() {
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
        Way::Profited => {
            query.push("WITH s AS MATERIALIZED (SELECT d.party_id FROM party_profits d WHERE ");
            on(&conditions.profits, "d", &mut query);
            query.push(") ");
        }
        Way::Segment => {
            query.push("WITH s AS MATERIALIZED (SELECT m.party_id FROM segment_members m WHERE m.segment_id = ");
            query.arg(conditions.segment).push(") ");
        }
        Way::Bought(product) => {
            query.push("WITH s AS MATERIALIZED (SELECT DISTINCT l.party_id FROM purchase_lines l WHERE l.party_id IS NOT NULL");
            query.push(" AND l.product_id = ").arg(product).push(") ");
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
    let from_few = match way {
        Way::Narrow(_) | Way::Tag | Way::Scored | Way::Profited | Way::Segment | Way::Bought(_) => true,
        Way::Sort | Way::SortTagged => is_told,
        _ => false,
    };
    match through {
        Some((table, _)) => query.push(" FROM ").push(table).push(" CROSS JOIN parties p"),
        None if from_few => query.push(" FROM s CROSS JOIN parties p"),
        None => query.push(" FROM parties p"),
    };
    query.push(" LEFT JOIN users u ON u.id = p.owner_id LEFT JOIN units n ON n.id = p.unit_id");
    for (table, id) in [SCORES, PROFITS] {
        if through.is_some_and(|(through, _)| through == table) {
            continue;
        }
        query.push(" LEFT JOIN ").push(table).push(" ON ").push(id).push(" = p.id");
        match &conditions.scores_of {
            Some(scores_of) => scores_of.parties(&mut query),
            None => {
                query.push(" AND 1 = 0");
            }
        }
    }
    match through {
        Some((_, id)) => query.push(" WHERE p.id = ").push(id),
        None if from_few => query.push(" WHERE p.id = s.party_id"),
        None => query.push(" WHERE 1 = 1"),
    };
    if let (true, Some(scores_of)) = (through.is_some(), &conditions.scores_of) {
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
        Sort::Rfm => item
            .recency
            .zip(item.frequency_value)
            .map_or_else(String::new, |(recency, frequency_value)| format!("{recency}:{frequency_value}")),
        Sort::Rhythm => item.habit.zip(item.silence).map_or_else(String::new, |(habit, silence)| format!("{habit}:{silence}")),
        Sort::Profit => item.profit_minor.map_or_else(String::new, |minor| minor.to_string()),
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
        let values = match sort {
            Sort::Name | Sort::Created | Sort::LastPurchase => vec![value.to_value()],
            _ if sort.is_worked_out() && value.is_empty() => vec![Value::Null(Kind::Real)],
            Sort::Active | Sort::Worth => vec![value.parse::<f64>().ok()?.to_value()],
            Sort::Rfm => {
                let (recency, frequency_value) = value.split_once(':')?;
                vec![recency.parse::<i64>().ok()?.to_value(), frequency_value.parse::<i64>().ok()?.to_value()]
            }
            Sort::Rhythm => {
                let (habit, silence) = value.split_once(':')?;
                vec![habit.parse::<Habit>().ok()?.to_value(), silence.parse::<f64>().ok()?.to_value()]
            }
            Sort::LastContact | Sort::Spent | Sort::NextFollowUp | Sort::Profit => vec![value.parse::<i64>().ok()?.to_value()],
        };
        Some((values, id.parse().ok()?))
    };
    read().ok_or_else(|| Problem::new(field, "input-cursor").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::{NewParty, Role};
    use crate::parties::list::tests::{add, figures};
    use crate::parties::list::{ListParties, PartyFilters, list};
    use crate::parties::party::create;
    use crate::platform::money::Currency;
    use crate::sales::purchases::{self, EnterLine, NewPurchase};
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
    async fn every_way_to_those_who_bought_products_finds_the_same() {
        let ctx = testing::ctx().await;
        // What they bought in one purchase each; the last of those who bought both gave one back.
        let bought = [vec!["A", "B"], vec!["A"], vec!["B"], vec!["A", "C"], vec!["A", "B"]];
        for (number, products) in bought.iter().enumerate() {
            let party = add(&ctx, &format!("نام {number}")).await;
            let lines = |quantity: &str| NewPurchase {
                party_id: Some(party),
                lines: products
                    .iter()
                    .map(|product| EnterLine {
                        product: Some((*product).into()),
                        quantity: Some(quantity.into()),
                        unit_price: Some("100".into()),
                        ..EnterLine::default()
                    })
                    .collect(),
                ..NewPurchase::default()
            };
            ctx.run(purchases::create, lines("2")).await.unwrap();
            if number == 4 {
                let back = NewPurchase { lines: vec![lines("-2").lines[1].clone()], ..lines("-2") };
                ctx.run(purchases::create, back).await.unwrap();
            }
        }
        let known: Vec<(Id<Product>, String)> = ctx.app.db.all(sql("SELECT id, code FROM products ORDER BY code")).await.unwrap();
        let of = |codes: &[&str], at_once: bool| {
            let ids = known.iter().filter(|(_, code)| codes.contains(&code.as_str())).map(|(id, _)| id.to_string());
            PartyFilters { products: Some(ids.collect::<Vec<_>>().join(",")), at_once: at_once.then_some(true), ..PartyFilters::default() }
        };
        for (codes, at_once, expected) in [
            (&["A"][..], false, 4),
            (&["B"], false, 2),
            (&["B"], true, 3),
            (&["A", "B"], false, 1),
            (&["A", "B"], true, 2),
            (&["A", "B", "C"], true, 0),
        ] {
            let filters = of(codes, at_once);
            let conditions = filters.conditions(&ctx, Currency::IRR).unwrap();
            let product = conditions.products.as_ref().unwrap().ids[0];
            for sort in Sort::ALL {
                for way in [Way::Bought(product), Way::Sort] {
                    let page = rows(&ctx.app.db, &Sight::All, &conditions, (way, *sort, true), false, None, 7).await.unwrap();
                    assert_eq!(page.len(), expected, "{codes:?} {at_once} {way:?} {sort}");
                }
            }
            let counted = ctx.run(crate::parties::list::count, filters.clone()).await.unwrap();
            assert_eq!(counted.count, expected as i64);
            assert_eq!(ctx.run(list, filters.into()).await.unwrap().items.len(), expected);
        }
        for wrong in ["", "x", &vec![known[0].0.to_string(); 9].join(",")] {
            let filters = PartyFilters { products: Some(wrong.into()), ..PartyFilters::default() };
            assert!(matches!(ctx.run(list, filters.into()).await, Err(crate::Error::Invalid(_))), "{wrong}");
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
        for sort in Sort::ALL.iter().filter(|sort| !sort.is_worked_out()) {
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

    #[tokio::test]
    async fn what_was_worked_out_is_walked_in_the_order_of_its_index() {
        let ctx = testing::ctx().await;
        for number in 0..40 {
            let party = add(&ctx, &format!("نام {number}")).await;
            figures(&ctx, party, (number % 4 + 1, number), (number % 5 + 1, 1.5)).await;
        }
        let db = &ctx.app.db;
        db.analyze().await.unwrap();
        let all = PartyFilters::default();
        let (best, recent) = (PartyFilters { tier: Some(1), ..all.clone() }, PartyFilters { recency: Some(5), ..all.clone() });
        let cases = [(Sort::Active, &all), (Sort::Worth, &all), (Sort::Rhythm, &all), (Sort::Rfm, &all), (Sort::Profit, &all)];
        for (sort, filters) in cases.into_iter().chain([(Sort::Profit, &best), (Sort::Rfm, &recent)]) {
            let mut conditions = filters.conditions(&ctx, Currency::IRR).unwrap();
            conditions.scores_of = Some(Sight::All);
            for desc in [false, true] {
                let page = rows(db, &Sight::All, &conditions, (Way::Sort, sort, desc), false, None, 3).await.unwrap();
                let edge = read_edge("after", &edge_of(&page[2], sort), sort).unwrap();
                let next = rows(db, &Sight::All, &conditions, (Way::Sort, sort, desc), false, Some(&edge), 3).await.unwrap();
                assert!(next.iter().all(|item| page.iter().all(|before| before.id != item.id)), "{sort} {desc}");
                let order = Order { sort, part: Part::Scored, desc };
                let plan = testing::plan(db, page_query(&Sight::All, &conditions, Way::Sort, order, Some(&edge), 51)).await;
                // A table as small as this PostgreSQL reads as a whole and sorts.
                assert!(!db.is_embedded() || !plan.contains("TEMP B-TREE"), "{sort} {desc}: {plan}");
            }
        }
    }
}
