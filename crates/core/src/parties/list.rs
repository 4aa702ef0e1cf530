//! The list of parties: filters, sorts, pages by key at any depth, and counts that do not slow it.

use super::check::{Gender, Kind, Role, Stance, name_key};
use super::party::Party;
use super::search;
use crate::platform::access::{Sight, Unit, User};
use crate::platform::money::{Currency, Money, parse_decimal};
use crate::platform::text::search_key;
use crate::{Act, Ctx, Day, Fields, Id, Instant, Operations, Perm, Problem, Reader, Result, Room};
use peyvand_db::{Db, Sql, ToValue, Value, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

/// Up to this many a count is exact; beyond it the answer is "more than".
pub const COUNT_MAX: i64 = 10_000;
/// Rows of a filter that are fetched and sorted at once. With more, the index of the sort meets a page of them soon
/// enough: 50 of 4,000 in a million lie within 12,500 entries.
const NARROW: i64 = 4_000;

row! {
    /// A party in a list.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct PartySummary {
        /// Its id.
        pub id: Id<Party> = "p.id",
        /// Its number.
        pub no: i64 = "p.no",
        /// Person or organisation.
        pub kind: Kind = "p.kind",
        /// What it is to us.
        pub role: Role = "p.role",
        /// How to address them.
        pub honorific: Option<String> = "p.honorific",
        /// Name as it is shown.
        pub name: String = "p.name",
        /// The phone to use first, E.164.
        pub phone: Option<String> = "p.phone",
        /// The e-mail to use first.
        pub email: Option<String> = "p.email",
        /// Province.
        pub province: Option<String> = "p.province",
        /// City.
        pub city: Option<String> = "p.city",
        /// Job.
        pub job: Option<String> = "p.job",
        /// Where they came from.
        pub source: Option<String> = "p.source",
        /// How they stand towards us.
        pub stance: Option<Stance> = "p.stance",
        /// Who looks after them.
        pub owner_id: Option<Id<User>> = "p.owner_id",
        /// Their name.
        pub owner: Option<String> = "u.name",
        /// The unit's name.
        pub unit: Option<String> = "n.name",
        /// When we last had contact.
        pub last_contact_at: Option<Instant> = "NULLIF(p.last_contact_at, 0)",
        /// Day of the last purchase.
        pub last_purchase_on: Option<Day> = "NULLIF(p.last_purchase_on, '')",
        /// How many purchases.
        pub purchases: i64 = "p.purchases",
        /// What they spent, in minor units of the organisation's currency.
        pub spent_minor: i64 = "p.spent_minor",
        /// When something is to be done next.
        pub next_follow_up_at: Option<Instant> = "NULLIF(p.next_follow_up_at, 253402300799000)",
        /// The day from which they count as silent.
        pub silent_from: Option<Day> = "NULLIF(p.silent_from, '')",
        /// When they were added.
        pub created_at: Instant = "p.created_at",
        /// When they were archived.
        pub archived_at: Option<Instant> = "p.archived_at",
    }
}

peyvand_db::words! {
    /// What the list is sorted by.
    pub enum Sort {
        /// Name.
        Name = "name",
        /// When they were added.
        Created = "created",
        /// Last contact.
        LastContact = "last_contact",
        /// Last purchase.
        LastPurchase = "last_purchase",
        /// What they spent.
        Spent = "spent",
        /// What is to be done next.
        NextFollowUp = "next_follow_up",
    }
}

impl Sort {
    const fn column(self) -> &'static str {
        match self {
            Sort::Name => "p.name_key",
            Sort::Created => "p.id",
            Sort::LastContact => "p.last_contact_at",
            Sort::LastPurchase => "p.last_purchase_on",
            Sort::Spent => "p.spent_minor",
            Sort::NextFollowUp => "p.next_follow_up_at",
        }
    }
}

peyvand_db::words! {
    /// State of what is to be done next.
    pub enum Next {
        /// Nothing is planned.
        None = "none",
        /// It should have been done.
        Overdue = "overdue",
        /// Today.
        Today = "today",
        /// Later.
        Future = "future",
    }
}

/// Declares the filters once, for the list, its count, the export and acts on all that it shows.
macro_rules! filters {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// Which parties; filters that are given must all hold.
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct PartyFilters {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        /// Which parties, in what order, from where.
        #[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct ListParties {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
            /// What to sort by; the name unless given.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub sort: Option<Sort>,
            /// Whether the last come first.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub desc: Option<bool>,
            /// Where the page starts: `next` of the page before.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub after: Option<String>,
            /// Where the page ends: `previous` of the page after.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub before: Option<String>,
            /// Rows of a page, 50 unless given, at most 200.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub limit: Option<i64>,
        }

        impl ListParties {
            /// The filters alone.
            #[must_use]
            pub fn filters(&self) -> PartyFilters {
                PartyFilters { $($field: self.$field.clone(),)* }
            }
        }

        impl From<PartyFilters> for ListParties {
            fn from(filters: PartyFilters) -> ListParties {
                ListParties { $($field: filters.$field,)* ..ListParties::default() }
            }
        }
    };
}

filters! {
    /// Name, part of a name, phone, e-mail, national ID or code.
    q: String,
    /// Person or organisation.
    kind: Kind,
    /// What they are to us.
    role: Role,
    /// Who looks after them.
    owner_id: Id<User>,
    /// Nobody looks after them.
    unowned: bool,
    /// Their unit.
    unit_id: Id<Unit>,
    /// City.
    city: String,
    /// Province.
    province: String,
    /// Where they came from.
    source: String,
    /// A tag they have.
    tag: String,
    /// Gender.
    gender: Gender,
    /// How they stand towards us.
    stance: Stance,
    /// Added on this day or later.
    created_from: Day,
    /// Added on this day or earlier.
    created_until: Day,
    /// Last purchase on this day or later.
    last_purchase_from: Day,
    /// Last purchase on this day or earlier; those who never bought are left out.
    last_purchase_until: Day,
    /// Last contact on this day or later.
    last_contact_from: Day,
    /// Last contact on this day or earlier; those without contact are left out.
    last_contact_until: Day,
    /// State of what is to be done next.
    next: Next,
    /// Spent at least this much, a decimal text in the organisation's currency.
    spent_from: String,
    /// Spent at most this much.
    spent_until: String,
    /// Silent for longer than is their habit.
    silent: bool,
    /// Customers and prospects for whom nothing is planned; the silent ones, who have a list of their own, are left out.
    waiting: bool,
    /// Archived ones instead of the others.
    archived: bool,
    /// Brought by this import.
    import_id: uuid::Uuid,
}

/// A page of the list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PartyPage {
    /// The rows.
    pub items: Vec<PartySummary>,
    /// Pass as `after` to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Pass as `before` to go back; absent at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}

/// One condition: the column's side, how it compares, the value.
#[derive(Clone, Debug)]
struct Condition {
    text: &'static str,
    value: Option<Value>,
    /// The column with which an index begins; empty when none does.
    index: &'static str,
}

/// Filters as conditions on table `parties` with alias `p`.
#[derive(Clone, Debug, Default)]
struct Conditions {
    all: Vec<Condition>,
    /// Ids that the words searched for stand for.
    ids: Option<Vec<Id<Party>>>,
    tag: Option<String>,
}

impl PartyFilters {
    /// The conditions, on plain values.
    fn conditions(&self, ctx: &Ctx, currency: Currency) -> Result<Conditions, Fields> {
        let mut fields = Fields::default();
        let mut all: Vec<Condition> = Vec::new();
        let zone = &ctx.prefs.time_zone;
        let mut add = |text: &'static str, value: Value, index: &'static str| all.push(Condition { text, value: Some(value), index });
        if let Some(owner) = self.owner_id {
            add("p.owner_id = ", owner.to_value(), "owner_id");
        }
        if let Some(unit) = self.unit_id {
            add("p.unit_id = ", unit.to_value(), "unit_id");
        }
        if let Some(city) = &self.city {
            add("p.city_key = ", search_key(city).to_value(), "city_key");
        }
        if let Some(import) = self.import_id {
            add("p.import_id = ", import.to_value(), "import_id");
        }
        if let Some(kind) = self.kind {
            add("p.kind = ", kind.to_value(), "");
        }
        if let Some(role) = self.role {
            add("p.role = ", role.to_value(), "role");
        }
        if let Some(province) = &self.province {
            add("p.province = ", province.to_value(), "");
        }
        if let Some(source) = &self.source {
            add("p.source = ", source.to_value(), "");
        }
        if let Some(gender) = self.gender {
            add("p.gender = ", gender.to_value(), "");
        }
        if let Some(stance) = self.stance {
            add("p.stance = ", stance.to_value(), "stance");
        }
        if let Some(day) = self.created_from {
            let start = Instant::start_of(day, zone);
            add("p.created_at >= ", start.to_value(), "");
            // An id begins with the moment of its making or, in a busy one, a later: the index of the key tells few from many.
            add("p.id >= ", Uuid::from_u128(u128::from(start.0.unsigned_abs()) << 80).to_value(), "id");
        }
        if let Some(day) = self.created_until {
            add("p.created_at < ", Instant::start_of(day.plus(1), zone).to_value(), "");
        }
        if let Some(day) = self.last_contact_from {
            add("p.last_contact_at >= ", Instant::start_of(day, zone).to_value(), "last_contact_at");
        }
        if let Some(day) = self.last_contact_until {
            add("p.last_contact_at < ", Instant::start_of(day.plus(1), zone).to_value(), "last_contact_at");
            add("p.last_contact_at > ", Instant::NEVER.to_value(), "last_contact_at");
        }
        if let Some(day) = self.last_purchase_from {
            add("p.last_purchase_on >= ", day.to_value(), "last_purchase_on");
        }
        if let Some(day) = self.last_purchase_until {
            add("p.last_purchase_on <= ", day.to_value(), "last_purchase_on");
            add("p.last_purchase_on > ", "".to_value(), "last_purchase_on");
        }
        let mut money = |field: &'static str, text: &Option<String>| -> Option<i64> {
            let text = text.as_ref()?;
            let read = parse_decimal(text).and_then(|amount| Money::from_major(amount, currency));
            fields.take(read.map(|money| money.minor).map_err(|problem| Problem::new(field, problem.key())))
        };
        if let Some(minor) = money("spent_from", &self.spent_from) {
            add("p.spent_minor >= ", minor.to_value(), "spent_minor");
        }
        if let Some(minor) = money("spent_until", &self.spent_until) {
            add("p.spent_minor <= ", minor.to_value(), "spent_minor");
        }
        let (today, tomorrow) = (Instant::start_of(ctx.today(), zone), Instant::start_of(ctx.today().plus(1), zone));
        match self.next {
            None => {}
            Some(Next::None) => add("p.next_follow_up_at = ", Instant::NOT_PLANNED.to_value(), "next_follow_up_at"),
            Some(Next::Overdue) => add("p.next_follow_up_at < ", ctx.now().to_value(), "next_follow_up_at"),
            Some(Next::Today) => {
                add("p.next_follow_up_at >= ", today.to_value(), "next_follow_up_at");
                add("p.next_follow_up_at < ", tomorrow.to_value(), "next_follow_up_at");
            }
            Some(Next::Future) => {
                add("p.next_follow_up_at >= ", tomorrow.to_value(), "next_follow_up_at");
                add("p.next_follow_up_at < ", Instant::NOT_PLANNED.to_value(), "next_follow_up_at");
            }
        }
        if self.waiting == Some(true) {
            add("p.next_follow_up_at = ", Instant::NOT_PLANNED.to_value(), "next_follow_up_at");
            add("COALESCE(NULLIF(p.silent_from, ''), '9999-12-31') > ", ctx.today().to_value(), "");
        }
        if self.silent == Some(true) {
            add("p.silent_from <= ", ctx.today().to_value(), "silent_from");
            // In the words of the index, which leaves the others out.
            all.push(Condition { text: "p.silent_from <> ''", value: None, index: "silent_from" });
        }
        if self.waiting == Some(true) {
            all.push(Condition { text: "p.role IN ('customer', 'prospect')", value: None, index: "" });
        }
        if self.unowned == Some(true) {
            all.push(Condition { text: "p.owner_id IS NULL", value: None, index: "owner_id" });
        }
        let text = if self.archived == Some(true) { "p.archived_at IS NOT NULL" } else { "p.archived_at IS NULL" };
        all.push(Condition { text, value: None, index: "" });
        if fields.0.is_empty() { Ok(Conditions { all, ids: None, tag: self.tag.clone() }) } else { Err(fields) }
    }

    async fn ready(&self, ctx: &Ctx, reader: &Reader<'_>) -> Result<Conditions> {
        let currency = ctx.app.organisation().await?.currency;
        let mut conditions = self.conditions(ctx, currency).map_err(crate::Error::Invalid)?;
        if let Some(text) = self.q.as_deref().filter(|text| !text.trim().is_empty()) {
            conditions.ids = Some(search::ids(ctx, reader, text).await?);
        }
        Ok(conditions)
    }

    /// Adds the filters to a query in which table `parties` has the alias `p` and whose text goes on after a condition:
    /// for acts on all that a list shows. What the actor may see is the caller's to add.
    ///
    /// # Errors
    /// Problems at the filters' fields.
    pub async fn add_to(&self, ctx: &Ctx, reader: &Reader<'_>, query: &mut Sql) -> Result<()> {
        let conditions = self.ready(ctx, reader).await?;
        for condition in &conditions.all {
            query.push(" AND ").push(condition.text);
            if let Some(value) = &condition.value {
                query.value(value.clone());
            }
        }
        conditions.rest(query);
        Ok(())
    }
}

impl Conditions {
    /// The conditions on one column, through its index.
    fn on(&self, index: &'static str, query: &mut Sql) {
        for (position, found) in self.all.iter().filter(|found| found.index == index).enumerate() {
            query.push(if position == 0 { "" } else { " AND " }).push(found.text);
            if let Some(value) = &found.value {
                query.value(value.clone());
            }
        }
    }

    /// What is not a comparison of a column.
    fn rest(&self, query: &mut Sql) {
        if let Some(tag) = &self.tag {
            query.push(" AND EXISTS (SELECT 1 FROM party_tags t WHERE t.party_id = p.id AND t.tag = ").arg(tag).push(")");
        }
        if let Some(ids) = &self.ids {
            query.push(" AND p.id IN ").list(ids.iter().copied());
        }
    }
}

/// Up to this many who have a tag are gathered before the index of the sort is walked; of more, the walk meets a page
/// soon enough to ask for each.
const GATHERED: i64 = 20_000;

/// How a page is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
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
    /// The named ones, then sorted.
    Ids,
    /// All of a user, then sorted: there are few.
    Own,
}

/// Columns that stand behind each index of a sort (`migrations/0003_parties.sql`): rows that do not fit are left out
/// without being read.
const CARRIED: [&str; 10] = ["archived_at", "role", "kind", "owner_id", "unit_id", "city_key", "province", "source", "gender", "stance"];

/// Whether the index of the sort tells for each of its entries whether it fits.
fn is_told_by_index(conditions: &Conditions, sort: Sort) -> bool {
    let silent = matches!(sort, Sort::LastContact | Sort::LastPurchase | Sort::Spent);
    conditions.ids.is_none()
        && conditions.all.iter().all(|condition| {
            let column = condition.text.trim_start_matches("p.").split(' ').next().unwrap_or_default();
            CARRIED.contains(&column) || column == "id" || sort.column() == format!("p.{column}") || silent && column == "silent_from"
        })
}

/// Writes a condition. `(… ) IS TRUE` keeps both engines from taking an index of that column: the way is chosen here,
/// from what is known of the filter, and not from averages.
fn condition(query: &mut Sql, condition: &Condition, through_index: bool) {
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

async fn way(db: &Db, seen: &Sight, conditions: &Conditions, sort: Sort) -> Result<Way> {
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
fn page_query(
    seen: &Sight,
    conditions: &Conditions,
    way: Way,
    sort: Sort,
    desc: bool,
    edge: Option<&(Value, Id<Party>)>,
    limit: i64,
) -> Sql {
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
        if let Some(ids) = &conditions.ids {
            query.push(" AND p.id IN ").list(ids.iter().copied());
        }
        sight(query, seen, way == Way::Own);
        if let Some((value, id)) = edge {
            if sort == Sort::Created {
                query.push(if desc { " AND p.id < " } else { " AND p.id > " }).arg(*id);
            } else {
                query.push(" AND (").push(sort.column()).push(if desc { ", p.id) < (" } else { ", p.id) > (" });
                query.value(value.clone()).push(", ").arg(*id).push(")");
            }
        }
    };
    let first_ones = |query: &mut Sql| {
        query.push(" ORDER BY ");
        if sort != Sort::Created {
            query.push(sort.column()).push(if desc { " DESC, " } else { ", " });
        }
        query.push(if desc { "p.id DESC LIMIT " } else { "p.id LIMIT " }).arg(limit);
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
        Way::Sort | Way::SortTagged if is_told => {
            query.push("WITH s AS MATERIALIZED (SELECT p.id AS party_id FROM parties p WHERE 1 = 1");
            fits(&mut query);
            first_ones(&mut query);
            query.push(") ");
        }
        _ => {}
    }
    query.push("SELECT ").push(<PartySummary as peyvand_db::FromRow>::COLUMNS);
    query.push(match way {
        Way::Narrow(_) | Way::Tag | Way::Sort | Way::SortTagged if is_told || !by_sort => " FROM s CROSS JOIN parties p LEFT JOIN users u ON u.id = p.owner_id LEFT JOIN units n ON n.id = p.unit_id WHERE p.id = s.party_id",
        _ => " FROM parties p LEFT JOIN users u ON u.id = p.owner_id LEFT JOIN units n ON n.id = p.unit_id WHERE 1 = 1",
    });
    if !is_told {
        fits(&mut query);
    }
    first_ones(&mut query);
    query
}

/// Where a row stands in a sort, as text: its id, then the value.
fn edge_of(item: &PartySummary, sort: Sort) -> String {
    let value = match sort {
        Sort::Name => name_key(&item.name),
        Sort::Created => String::new(),
        Sort::LastContact => item.last_contact_at.unwrap_or(Instant::NEVER).0.to_string(),
        Sort::LastPurchase => item.last_purchase_on.map_or_else(String::new, |day| day.to_string()),
        Sort::Spent => item.spent_minor.to_string(),
        Sort::NextFollowUp => item.next_follow_up_at.unwrap_or(Instant::NOT_PLANNED).0.to_string(),
    };
    format!("{}_{value}", item.id)
}

fn read_edge(field: &'static str, text: &str, sort: Sort) -> Result<(Value, Id<Party>)> {
    let read = || {
        let (id, value) = text.split_once('_')?;
        let value = match sort {
            Sort::Name | Sort::Created | Sort::LastPurchase => value.to_value(),
            Sort::LastContact | Sort::Spent | Sort::NextFollowUp => value.parse::<i64>().ok()?.to_value(),
        };
        Some((value, id.parse().ok()?))
    };
    read().ok_or_else(|| Problem::new(field, "input-cursor").into())
}

/// A page of the list.
///
/// # Errors
/// Without the right, for a filter or cursor that is none.
pub async fn list(ctx: &Ctx, input: ListParties) -> Result<PartyPage> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let limit = crate::operation::page_size(input.limit)?;
    let (sort, desc) = (input.sort.unwrap_or(Sort::Name), input.desc.unwrap_or(false));
    let edge = match (&input.after, &input.before) {
        (Some(_), Some(_)) => return Err(crate::Error::invalid("before", "input-cursor")),
        (Some(after), None) => Some(read_edge("after", after, sort)?),
        (None, Some(before)) => Some(read_edge("before", before, sort)?),
        (None, None) => None,
    };
    let back = input.before.is_some();
    let conditions = input.filters().ready(ctx, &reader).await?;
    let way = way(reader.db, &reader.sight, &conditions, sort).await?;
    let query = page_query(&reader.sight, &conditions, way, sort, desc != back, edge.as_ref(), limit + 1);
    let mut items: Vec<PartySummary> = reader.db.all(query).await?;
    let more = items.len() as i64 > limit;
    items.truncate(usize::try_from(limit).unwrap_or_default());
    if back {
        items.reverse();
    }
    let first = items.first().map(|item| edge_of(item, sort));
    let last = items.last().map(|item| edge_of(item, sort));
    Ok(PartyPage { next: last.filter(|_| more || back), previous: first.filter(|_| if back { more } else { edge.is_some() }), items })
}

/// Rows of one step through all that fit.
const STEP: i64 = 1_000;

/// All parties that fit, in the order of the list, a step at a time.
pub(super) struct Pages {
    sight: Sight,
    conditions: Conditions,
    way: Way,
    sort: Sort,
    desc: bool,
    edge: Option<(Value, Id<Party>)>,
    at_end: bool,
}

pub(super) async fn each_page(ctx: &Ctx, sight: &Sight, input: ListParties) -> Result<Pages> {
    let reader = Reader { db: &ctx.app.db, sight: sight.clone() };
    let (sort, desc) = (input.sort.unwrap_or(Sort::Name), input.desc.unwrap_or(false));
    let conditions = input.filters().ready(ctx, &reader).await?;
    let way = way(reader.db, sight, &conditions, sort).await?;
    Ok(Pages { sight: sight.clone(), conditions, way, sort, desc, edge: None, at_end: false })
}

impl Pages {
    /// The next rows; nothing at the end.
    pub(super) async fn next(&mut self, db: &Db) -> Result<Option<Vec<PartySummary>>> {
        if self.at_end {
            return Ok(None);
        }
        let query = page_query(&self.sight, &self.conditions, self.way, self.sort, self.desc, self.edge.as_ref(), STEP);
        let items: Vec<PartySummary> = db.all(query).await?;
        self.at_end = (items.len() as i64) < STEP;
        if let Some(last) = items.last() {
            self.edge = Some(read_edge("after", &edge_of(last, self.sort), self.sort)?);
        }
        Ok(Some(items).filter(|items| !items.is_empty()))
    }
}

/// How many parties fit.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Counted {
    /// The count; when `more` holds, they are more than this.
    pub count: i64,
    /// Whether counting ended there.
    pub more: bool,
}

/// How many parties fit the filters: exact up to [`COUNT_MAX`], then "more than".
///
/// # Errors
/// Without the right, for a filter that is none.
pub async fn count(ctx: &Ctx, filters: PartyFilters) -> Result<Counted> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let conditions = filters.ready(ctx, &reader).await?;
    let mut query = sql("SELECT count(*) FROM (SELECT 1 FROM parties p WHERE 1 = 1");
    for found in &conditions.all {
        condition(&mut query, found, true);
    }
    conditions.rest(&mut query);
    reader.sight.parties(&mut query);
    query.push(" LIMIT ").arg(COUNT_MAX + 1).push(") s");
    let (count,): (i64,) = reader.db.one(query).await?;
    Ok(Counted { count: count.min(COUNT_MAX), more: count > COUNT_MAX })
}

/// The tags of parties, in one statement.
///
/// # Errors
/// When the database refuses.
pub async fn tags_of(db: &Db, ids: &[Id<Party>]) -> Result<HashMap<Id<Party>, Vec<String>>> {
    let mut query = sql("SELECT party_id, tag FROM party_tags WHERE party_id IN ");
    query.list_padded(ids).push(" ORDER BY tag");
    let mut tags: HashMap<Id<Party>, Vec<String>> = HashMap::new();
    for (id, tag) in db.all::<(Id<Party>, String)>(query).await? {
        tags.entry(id).or_default().push(tag);
    }
    Ok(tags)
}

/// Words that stand in the data.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Choices {
    /// Cities, as first written.
    pub cities: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
}

/// Most words of one kind; nobody looks through more.
const CHOICES: i64 = 200;

/// Cities, tags and sources that are in use, for the choices of a form.
///
/// # Errors
/// Without the right.
pub async fn choices(ctx: &Ctx, _: crate::operation::Nothing) -> Result<Choices> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    if reader.sight != Sight::All {
        let cities = own_words(&reader, "SELECT DISTINCT s.word FROM (SELECT p.city AS word FROM parties p WHERE p.city > ''").await?;
        let tags = own_words(
            &reader,
            "SELECT DISTINCT s.word FROM (SELECT t.tag AS word FROM parties p JOIN party_tags t ON t.party_id = p.id WHERE 1 = 1",
        );
        return Ok(Choices { cities, tags: tags.await? });
    }
    // Each value is one step through an index, however many parties have it.
    let cities: Vec<(String,)> = reader
        .db
        .all(
            sql("WITH RECURSIVE found (key) AS (
                   SELECT min(city_key) FROM parties WHERE city_key > ''
                   UNION ALL
                   SELECT (SELECT min(p.city_key) FROM parties p WHERE p.city_key > found.key) FROM found WHERE found.key IS NOT NULL)
                 SELECT (SELECT p.city FROM parties p WHERE p.city_key = found.key ORDER BY p.name_key LIMIT 1) FROM found WHERE found.key IS NOT NULL LIMIT $1")
            .bind(CHOICES),
        )
        .await?;
    let tags: Vec<(String,)> = reader
        .db
        .all(
            sql("WITH RECURSIVE found (tag) AS (
                   SELECT min(tag) FROM party_tags
                   UNION ALL
                   SELECT (SELECT min(t.tag) FROM party_tags t WHERE t.tag > found.tag) FROM found WHERE found.tag IS NOT NULL)
                 SELECT found.tag FROM found WHERE found.tag IS NOT NULL LIMIT $1")
            .bind(CHOICES),
        )
        .await?;
    let first = |rows: Vec<(String,)>| rows.into_iter().map(|(text,)| text).collect();
    Ok(Choices { cities: first(cities), tags: first(tags) })
}

/// Words in use among the rows that somebody sees who does not see all.
async fn own_words(reader: &Reader<'_>, head: &'static str) -> Result<Vec<String>> {
    let mut query = sql(head);
    reader.sight.parties(&mut query);
    query.push(" LIMIT ").arg(COUNT_MAX).push(") s ORDER BY s.word LIMIT ").arg(CHOICES);
    Ok(reader.db.all::<(String,)>(query).await?.into_iter().map(|(word,)| word).collect())
}

/// The operations of the list.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Parties, Act::See));
    ops.add("parties.list", "GET /parties", see, "Customers, filtered and sorted, a page at a time.", list)
        .example(|| serde_json::json!({"role": "customer", "sort": "last_purchase", "desc": true, "limit": 20}));
    ops.add("parties.count", "GET /parties/count", see, "How many customers fit; exact up to 10,000.", count)
        .example(|| serde_json::json!({"role": "customer"}));
    ops.add("parties.choices", "GET /parties/choices", see, "Cities and tags that are in use.", choices);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::NewParty;
    use crate::parties::party::create;
    use crate::testing;

    async fn add(ctx: &Ctx, name: &str) -> Id<Party> {
        ctx.run(create, NewParty { name: Some(name.into()), ..NewParty::default() }).await.unwrap().id
    }

    fn names(page: &PartyPage) -> Vec<&str> {
        page.items.iter().map(|item| &*item.name).collect()
    }

    #[tokio::test]
    async fn pages_hold_every_row_once_while_rows_of_equal_value_are_added() {
        let ctx = testing::ctx().await;
        for name in ["ت", "الف", "پ", "ب", "ث"] {
            add(&ctx, name).await;
        }
        for sort in Sort::ALL {
            for desc in [false, true] {
                let mut input = ListParties { sort: Some(*sort), desc: Some(desc), limit: Some(2), ..ListParties::default() };
                let first = ctx.run(list, input.clone()).await.unwrap();
                assert!(first.previous.is_none());
                input.after = first.next.clone();
                let second = ctx.run(list, input.clone()).await.unwrap();
                input.after = second.next.clone();
                let third = ctx.run(list, input.clone()).await.unwrap();
                assert!(third.next.is_none());
                let mut seen: Vec<_> = [&first, &second, &third].iter().flat_map(|page| page.items.iter().map(|item| item.id)).collect();
                assert_eq!(seen.len(), 5);
                seen.sort();
                seen.dedup();
                assert_eq!(seen.len(), 5, "{sort} {desc}");
                input.after = None;
                input.before = third.previous.clone();
                let back = ctx.run(list, input.clone()).await.unwrap();
                assert_eq!(names(&back), names(&second), "{sort} {desc}");
                input.before = back.previous.clone();
                let start = ctx.run(list, input).await.unwrap();
                assert_eq!(names(&start), names(&first));
                assert!(start.previous.is_none());
            }
        }
        // All have never bought: equal values. A new one does not shift the pages after the cursor.
        let input = ListParties { sort: Some(Sort::Spent), limit: Some(3), ..ListParties::default() };
        let first = ctx.run(list, input.clone()).await.unwrap();
        add(&ctx, "تازه").await;
        let rest = ctx.run(list, ListParties { after: first.next.clone(), ..input }).await.unwrap();
        assert!(rest.items.iter().all(|item| first.items.iter().all(|old| old.id != item.id)));
    }

    #[tokio::test]
    async fn names_come_in_the_order_of_the_alphabet() {
        let ctx = testing::ctx().await;
        for name in ["گلی", "هما", "پری", "وحید", "بهار"] {
            add(&ctx, name).await;
        }
        let page = ctx.run(list, ListParties::default()).await.unwrap();
        assert_eq!(names(&page), ["بهار", "پری", "گلی", "وحید", "هما"]);
    }

    #[tokio::test]
    async fn filters_hold_together_and_the_count_agrees() {
        let ctx = testing::ctx().await;
        let new = |name: &str, city: &str, tag: &str| NewParty {
            name: Some(name.into()),
            city: Some(city.into()),
            tags: Some(vec![tag.into()]),
            ..NewParty::default()
        };
        ctx.run(create, new("یک", "تهران", "الف")).await.unwrap();
        ctx.run(create, new("دو", "تهران", "ب")).await.unwrap();
        ctx.run(create, new("سه", "شیراز", "الف")).await.unwrap();
        let today = ctx.today();
        for (filters, expected) in [
            (PartyFilters { city: Some("تهران".into()), ..PartyFilters::default() }, 2),
            (PartyFilters { city: Some("تهران".into()), tag: Some("الف".into()), ..PartyFilters::default() }, 1),
            (PartyFilters { tag: Some("الف".into()), ..PartyFilters::default() }, 2),
            (PartyFilters { q: Some("سه".into()), ..PartyFilters::default() }, 1),
            (PartyFilters { next: Some(Next::None), role: Some(Role::Prospect), ..PartyFilters::default() }, 3),
            (PartyFilters { next: Some(Next::Overdue), ..PartyFilters::default() }, 0),
            (PartyFilters { created_from: Some(today), created_until: Some(today), ..PartyFilters::default() }, 3),
            (PartyFilters { created_until: Some(today.plus(-1)), ..PartyFilters::default() }, 0),
            (PartyFilters { last_purchase_until: Some(today), ..PartyFilters::default() }, 0),
            (PartyFilters { spent_from: Some("۰".into()), ..PartyFilters::default() }, 3),
            (PartyFilters { silent: Some(true), ..PartyFilters::default() }, 0),
            (PartyFilters { unowned: Some(true), ..PartyFilters::default() }, 0),
            (PartyFilters { archived: Some(true), ..PartyFilters::default() }, 0),
            (PartyFilters { owner_id: ctx.actor.user(), ..PartyFilters::default() }, 3),
        ] {
            for sort in Sort::ALL {
                let page = ctx.run(list, ListParties { sort: Some(*sort), ..filters.clone().into() }).await.unwrap();
                assert_eq!(page.items.len(), expected, "{filters:?} {sort}");
            }
            let counted = ctx.run(count, filters.clone()).await.unwrap();
            assert_eq!((counted.count, counted.more), (expected as i64, false), "{filters:?}");
        }
        let error = ctx.run(list, ListParties { spent_from: Some("x".into()), ..ListParties::default() }).await.unwrap_err();
        assert!(matches!(error, crate::Error::Invalid(fields) if fields.0[0].field == "spent_from"));
    }

    #[tokio::test]
    async fn what_is_out_of_sight_is_neither_listed_nor_counted() {
        let ctx = testing::ctx().await;
        ctx.run(create, NewParty { name: Some("پنهان".into()), city: Some("یزد".into()), ..NewParty::default() }).await.unwrap();
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        let own = add(&agent, "آشکار").await;
        for sort in Sort::ALL {
            let page = agent.run(list, ListParties { sort: Some(*sort), ..ListParties::default() }).await.unwrap();
            assert_eq!(page.items.iter().map(|item| item.id).collect::<Vec<_>>(), [own], "{sort}");
        }
        assert_eq!(agent.run(count, PartyFilters::default()).await.unwrap().count, 1);
        assert!(agent.run(choices, crate::operation::Nothing {}).await.unwrap().cities.is_empty());
        let manager = testing::as_post(&ctx.app, "manager", "mina").await;
        assert_eq!(manager.run(count, PartyFilters::default()).await.unwrap().count, 2, "both belong to the manager's unit");
    }

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
                let query = page_query(&Sight::All, &conditions, way, *sort, true, None, 7);
                let page: Vec<PartySummary> = ctx.app.db.all(query).await.unwrap();
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
        for sort in Sort::ALL {
            for desc in [false, true] {
                let page = ctx.run(list, ListParties { sort: Some(*sort), limit: Some(1), ..ListParties::default() }).await.unwrap();
                let edge = read_edge("after", page.next.as_deref().unwrap(), *sort).unwrap();
                let query = page_query(&Sight::All, &conditions, Way::Sort, *sort, desc, Some(&edge), 51);
                let plan = crate::testing::plan(db, query).await;
                assert!(!plan.contains("SCAN p") && !plan.contains("Seq Scan on parties"), "{sort} {desc}: {plan}");
                // In a table as small as this PostgreSQL looks rows up by a bitmap, or by the primary key.
                let through = if db.is_embedded() { "COVERING INDEX parties_by_" } else { " on parties_" };
                assert!(plan.contains(through) || plan.contains(" using parties_"), "{sort} {desc}: {plan}");
            }
        }
    }
}
