//! One box for everything a party is known by: a part of the name, a phone from its start in any spelling, an e-mail, a
//! national ID, a code. Each look-up is bounded, so that a common name costs no more than a rare one.

use super::check::{Kind, Role, external_kind, name_key};
use super::identity::{self, IdentityKind};
use super::party::Party;
use crate::platform::access::Sight;
use crate::platform::layout::in_other_layout;
use crate::platform::text::{clean_line, fold_digits, search_key};
use crate::{Act, Ctx, Id, Operations, Perm, Problem, Reader, Result, Room};
use peyvand_db::{Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Characters of what is searched; nobody is called longer.
const QUERY_MAX: usize = 120;
/// Most answers.
const LIMIT_MAX: i64 = 20;
/// Answers unless the caller asks otherwise.
const LIMIT: i64 = 8;
/// Rows that a part of a name may bring before they are ranked. Names that begin with it come from the index of names;
/// these are the others, of which more than fit on a page are as good as one another.
const CANDIDATES: i64 = 24;
/// The same when words too short for the index are looked for among them, and for a list, which shows all of them.
const CANDIDATES_MORE: i64 = 200;
/// Index entries that are looked at for somebody who sees only some of the rows, before their own rows are looked
/// through instead.
const CANDIDATES_UNSEEN: i64 = 2_000;
/// Up to this many rows of a person, and as many of a unit, are looked through by their own index rather than through
/// that of all names.
const FEW_IN_SIGHT: i64 = 6_000;
/// Digits from which a number may be the beginning of a phone.
const PHONE_DIGITS_MIN: usize = 4;
/// Letters that the index of name parts needs.
const PART_MIN: usize = 3;

peyvand_db::words! {
    /// Why a party was found.
    pub enum Matched {
        /// By a national number.
        NationalId = "national_id",
        /// By its customer code.
        Code = "code",
        /// By its key in another system.
        External = "external",
        /// By a phone.
        Phone = "phone",
        /// By an e-mail or another account.
        Email = "email",
        /// By its name.
        Name = "name",
    }
}

/// What to look for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchParties {
    /// Name, part of a name, phone, e-mail, national ID or code, in any of the three scripts and digit sets.
    pub q: String,
    /// Most answers, 8 unless given, at most 20.
    pub limit: Option<i64>,
}

/// What was found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Found {
    /// The parties, best first.
    pub items: Vec<Hit>,
}

/// A party that was found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Hit {
    /// Its id.
    pub id: Id<Party>,
    /// Person or organisation.
    pub kind: Kind,
    /// What it is to us.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// The phone to use first, E.164.
    pub phone: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Why it was found.
    pub matched: Matched,
}

row! {
    struct Candidate {
        id: Id<Party> = "p.id",
        kind: Kind = "p.kind",
        role: Role = "p.role",
        name: String = "p.name",
        phone: Option<String> = "p.phone",
        city: Option<String> = "p.city",
        owner: Option<String> = "(SELECT u.name FROM users u WHERE u.id = p.owner_id)",
        why: String = "s.why",
    }
}

/// Parties by anything they are known by, best first.
///
/// # Errors
/// Without the right, for an empty or over-long query, for a limit out of bounds.
pub async fn search(ctx: &Ctx, input: SearchParties) -> Result<Found> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let limit = match input.limit.unwrap_or(LIMIT) {
        limit @ 1..=LIMIT_MAX => limit,
        _ => return Err(Problem::new("limit", "input-range").with("min", 1).with("max", LIMIT_MAX).into()),
    };
    let text = clean_line(&input.q, QUERY_MAX).map_err(|problem| Problem::new("q", problem.key()).with("max", QUERY_MAX))?;
    let organisation = ctx.app.organisation().await?;
    let wanted = usize::try_from(limit).unwrap_or_default();
    let mut hits = as_typed_or_meant(ctx, &reader, &text, &organisation.country, wanted).await?;
    hits.truncate(wanted);
    Ok(Found { items: hits })
}

/// Where nothing is found as typed, the keyboard may have stood in the other language.
async fn as_typed_or_meant(ctx: &Ctx, reader: &Reader<'_>, text: &str, country: &str, wanted: usize) -> Result<Vec<Hit>> {
    let hits = look(ctx, reader, text, country, wanted).await?;
    match in_other_layout(text).filter(|_| hits.is_empty()) {
        Some(meant) => look(ctx, reader, &meant, country, wanted).await,
        None => Ok(hits),
    }
}

async fn look(ctx: &Ctx, reader: &Reader<'_>, text: &str, country: &str, wanted: usize) -> Result<Vec<Hit>> {
    let mut hits: Vec<Hit> = Vec::new();
    by_key(ctx, reader, text, country, &mut hits).await?;
    if hits.len() < wanted {
        by_contact(reader, text, country, &mut hits).await?;
    }
    if hits.len() < wanted {
        let named = by_name(reader, text, wanted).await?;
        add(&mut hits, named, |_| Matched::Name);
    }
    Ok(hits)
}

fn add(hits: &mut Vec<Hit>, candidates: Vec<Candidate>, matched: impl Fn(&str) -> Matched) {
    for candidate in candidates {
        if hits.iter().all(|hit| hit.id != candidate.id) {
            hits.push(Hit {
                matched: matched(&candidate.why),
                id: candidate.id,
                kind: candidate.kind,
                role: candidate.role,
                name: candidate.name,
                phone: candidate.phone,
                city: candidate.city,
                owner: candidate.owner,
            });
        }
    }
}

/// Whole national numbers by their keyed hash, codes from their start, keys of other systems.
async fn by_key(ctx: &Ctx, reader: &Reader<'_>, text: &str, country: &str, hits: &mut Vec<Hit>) -> Result<()> {
    // A name holds no digit, a key always does.
    if !text.chars().any(|c| crate::platform::text::digit_value(c).is_some()) {
        return Ok(());
    }
    let keys = ctx.app.keys();
    let mut exact: Vec<(&'static str, String)> = identity::recognise(text, country)
        .into_iter()
        .filter(|(kind, _)| !matches!(kind, IdentityKind::Phone | IdentityKind::Email))
        .map(|(kind, checked)| {
            let value = if kind.is_secret() { keys.lookup(kind.name(), &checked.normalised) } else { checked.normalised };
            (kind.name(), value)
        })
        .collect();
    let as_written = identity::check(IdentityKind::External, text, country).ok().map(|checked| checked.normalised);
    exact.extend(as_written.iter().map(|value| ("code", value.clone())));
    if !exact.is_empty() {
        let mut query = Sql::select::<Candidate>("FROM (SELECT kind AS why, party_id FROM identity_keys WHERE ");
        for (position, (kind, value)) in exact.iter().enumerate() {
            query.push(if position == 0 { "(kind = " } else { " OR (kind = " }).arg(*kind).push(" AND value = ").arg(value).push(")");
        }
        query.push(") s CROSS JOIN parties p WHERE p.id = s.party_id AND p.archived_at IS NULL");
        reader.sight.parties(&mut query);
        let found = reader.db.all(query).await?;
        add(hits, found, |kind| if kind == "code" { Matched::Code } else { Matched::NationalId });
    }
    if let Some(value) = as_written {
        // The systems are few; each is one step through the index.
        let mut query = sql("WITH RECURSIVE systems (kind) AS (
               SELECT min(kind) FROM identity_keys WHERE kind >= 'external' AND kind < 'external~'
               UNION ALL
               SELECT (SELECT min(k.kind) FROM identity_keys k WHERE k.kind > systems.kind AND k.kind < 'external~') FROM systems WHERE systems.kind IS NOT NULL)
             SELECT p.id, p.kind, p.role, p.name, p.phone, p.city, (SELECT u.name FROM users u WHERE u.id = p.owner_id), k.kind
             FROM systems CROSS JOIN identity_keys k CROSS JOIN parties p
             WHERE k.kind = systems.kind AND k.value = ");
        query.arg(value).push(" AND p.id = k.party_id AND p.archived_at IS NULL");
        reader.sight.parties(&mut query);
        query.push(" LIMIT ").arg(LIMIT_MAX);
        let found = reader.db.all(query).await?;
        add(hits, found, |_| Matched::External);
    }
    let code: String = fold_digits(text).chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    if hits.is_empty() && code.len() >= PART_MIN && code.len() == text.chars().filter(|c| !c.is_whitespace() && *c != '-').count() {
        let mut query =
            Sql::select::<Candidate>("FROM (SELECT 'code' AS why, party_id FROM identity_keys WHERE kind = 'code' AND value >= ");
        query.arg(&code).push(" AND value < ").arg(format!("{code}~")).push(" ORDER BY value LIMIT ").arg(CANDIDATES);
        query.push(") s CROSS JOIN parties p WHERE p.id = s.party_id AND p.archived_at IS NULL");
        reader.sight.parties(&mut query);
        query.push(" LIMIT ").arg(LIMIT_MAX);
        let found = reader.db.all(query).await?;
        add(hits, found, |_| Matched::Code);
    }
    Ok(())
}

/// The beginnings in E.164 that a partly typed phone may have.
fn phone_beginnings(text: &str, country: &str) -> Vec<String> {
    let folded = fold_digits(text);
    if folded.chars().any(|c| !(c.is_ascii_digit() || c.is_whitespace() || matches!(c, '+' | '-' | '(' | ')' | '.' | '/'))) {
        return Vec::new();
    }
    let digits: String = folded.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < PHONE_DIGITS_MIN {
        return Vec::new();
    }
    if folded.trim_start().starts_with('+') {
        return vec![format!("+{digits}")];
    }
    if let Some(abroad) = digits.strip_prefix("00") {
        return vec![format!("+{abroad}")];
    }
    let code = country
        .parse::<phonenumber::country::Id>()
        .ok()
        .and_then(|id| phonenumber::metadata::DATABASE.by_id(id.as_ref()))
        .map(|metadata| metadata.country_code());
    match (digits.strip_prefix('0'), code) {
        (Some(local), Some(code)) => vec![format!("+{code}{local}")],
        (None, Some(code)) => vec![format!("+{code}{digits}"), format!("+{digits}")],
        _ => vec![format!("+{digits}")],
    }
}

/// Phones, e-mails and accounts from their start.
async fn by_contact(reader: &Reader<'_>, text: &str, country: &str, hits: &mut Vec<Hit>) -> Result<()> {
    let mut ranges: Vec<(String, String, Matched)> =
        phone_beginnings(text, country).into_iter().map(|start| (start.clone(), format!("{start}:"), Matched::Phone)).collect();
    let word = text.to_ascii_lowercase();
    if word.len() >= PART_MIN && word.is_ascii() && word.contains(|c: char| c.is_ascii_alphabetic()) && !word.contains(' ') {
        let start = word.trim_start_matches('@').to_owned();
        ranges.push((start.clone(), format!("{start}~"), Matched::Email));
    }
    for (from, until, matched) in ranges {
        let mut query = Sql::select::<Candidate>("FROM (SELECT channel AS why, party_id, value FROM contact_points WHERE value >= ");
        query.arg(from).push(" AND value < ").arg(until).push(" ORDER BY value LIMIT ").arg(CANDIDATES_UNSEEN);
        query.push(") s CROSS JOIN parties p WHERE p.id = s.party_id AND p.archived_at IS NULL");
        reader.sight.parties(&mut query);
        query.push(" LIMIT ").arg(LIMIT_MAX);
        let found = reader.db.all(query).await?;
        add(hits, found, |_| matched);
    }
    Ok(())
}

/// The folded words of a query.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == '\u{200c}').map(search_key).filter(|word| !word.is_empty()).collect()
}

/// Where the letters of a name begin that follow a given beginning.
fn after_all(start: &str) -> String {
    format!("{start}\u{10ffff}")
}

async fn by_name(reader: &Reader<'_>, text: &str, wanted: usize) -> Result<Vec<Candidate>> {
    let key = search_key(text);
    if key.is_empty() {
        return Ok(Vec::new());
    }
    let words = words(text);
    // Names that begin so, in the order of the index: the whole name comes first.
    let start = name_key(text);
    let mut query = Sql::select::<Candidate>("FROM (SELECT 'name' AS why) s CROSS JOIN parties p WHERE p.name_key >= ");
    query.arg(&start).push(" AND p.name_key < ").arg(after_all(&start)).push(" AND p.archived_at IS NULL");
    reader.sight.parties(&mut query);
    query.push(" ORDER BY p.name_key, p.id LIMIT ").arg(LIMIT_MAX);
    let mut found: Vec<Candidate> = reader.db.all(query).await?;
    // The words in the order typed, then in any order; the index gives a long word sooner.
    let mut apart: Vec<String> = words.iter().filter(|word| word.chars().count() >= PART_MIN).cloned().collect();
    apart.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    let together = if key.chars().count() >= PART_MIN { vec![key.clone()] } else { Vec::new() };
    let are_long = words.iter().all(|word| word.chars().count() >= PART_MIN);
    let candidates = if are_long && i64::try_from(wanted).is_ok_and(|wanted| wanted <= LIMIT_MAX) { CANDIDATES } else { CANDIDATES_MORE };
    for parts in [together, if words.len() > 1 { apart } else { Vec::new() }] {
        if found.len() >= wanted || parts.is_empty() {
            continue;
        }
        for candidate in by_parts(reader, &parts, candidates).await? {
            // Words too short for the index are looked for here.
            let folded = search_key(&candidate.name);
            if words.iter().all(|word| folded.contains(word.as_str())) && found.iter().all(|known| known.id != candidate.id) {
                found.push(candidate);
            }
        }
    }
    found.sort_by_cached_key(|candidate| (rank(&candidate.name, &key, &words), name_key(&candidate.name)));
    Ok(found)
}

/// How well a name fits: the whole name, its beginning, the beginning of a word, anything.
fn rank(name: &str, key: &str, typed: &[String]) -> u8 {
    let folded = search_key(name);
    if folded == key {
        0
    } else if folded.starts_with(key) {
        1
    } else if words(name).iter().any(|word| typed.iter().any(|part| word.starts_with(part.as_str()))) {
        2
    } else {
        3
    }
}

/// Statement for parties whose folded name has all these parts.
fn parts_query(sight: &Sight, parts: &[String], candidates: i64) -> Sql {
    let mut query = sql("WITH s AS MATERIALIZED (SELECT p.id AS party_id FROM (SELECT rowid AS no FROM party_search WHERE ");
    has_parts(&mut query, parts);
    query.push(" LIMIT ").arg(if *sight == Sight::All { candidates } else { CANDIDATES_UNSEEN });
    query.push(") f CROSS JOIN parties p WHERE p.no = f.no AND p.archived_at IS NULL");
    sight.parties(&mut query);
    query.push(" LIMIT ").arg(candidates).push(") SELECT ").push(<Candidate as peyvand_db::FromRow>::COLUMNS);
    query.push(" FROM (SELECT party_id, 'name' AS why FROM s) s CROSS JOIN parties p WHERE p.id = s.party_id");
    query
}

async fn by_parts(reader: &Reader<'_>, parts: &[String], candidates: i64) -> Result<Vec<Candidate>> {
    let all = reader.sight == Sight::All;
    if !all && are_few(reader).await? {
        return Ok(reader.db.all(own_parts_query(&reader.sight, parts, candidates)).await?);
    }
    let mut found: Vec<Candidate> = reader.db.all(parts_query(&reader.sight, parts, candidates)).await?;
    if !all && (found.len() as i64) < candidates && overflows(reader, parts).await? {
        found.extend(reader.db.all::<Candidate>(own_parts_query(&reader.sight, parts, candidates)).await?);
    }
    Ok(found)
}

/// Adds one SELECT for each index that leads to what somebody sees, `UNION` between them.
fn each_way(sight: &Sight, query: &mut Sql, select: &'static str, mut rest: impl FnMut(&mut Sql)) {
    if let Sight::Units { units, .. } = sight {
        query.push(select).push("p.unit_id IN ").list(units.iter().copied());
        rest(query);
        query.push(") by_unit UNION ");
    }
    let (Sight::Units { user, .. } | Sight::Own(user)) = sight else { return };
    query.push(select).push("p.owner_id = ").arg(*user);
    rest(query);
    query.push(") by_owner");
}

/// Whether so few rows are in sight that looking through them costs less than looking through all names.
async fn are_few(reader: &Reader<'_>) -> Result<bool> {
    let mut query = Sql::default();
    each_way(&reader.sight, &mut query, "SELECT * FROM (SELECT p.id FROM parties p WHERE ", |query| {
        query.push(" LIMIT 1 OFFSET ").arg(FEW_IN_SIGHT);
    });
    Ok(reader.db.maybe::<(Id<Party>,)>(query).await?.is_none())
}

/// Whether more names have these parts than were looked at.
async fn overflows(reader: &Reader<'_>, parts: &[String]) -> Result<bool> {
    let mut query = sql("SELECT rowid FROM party_search WHERE ");
    has_parts(&mut query, parts);
    query.push(" LIMIT 1 OFFSET ").arg(CANDIDATES_UNSEEN);
    Ok(reader.db.maybe::<(i64,)>(query).await?.is_some())
}

fn has_parts(query: &mut Sql, parts: &[String]) {
    for (position, part) in parts.iter().enumerate() {
        // Keys hold letters and digits only, so there is nothing to escape.
        query.push(if position == 0 { "key {has} " } else { " AND key {has} " }).arg(part).push(" {/has}");
    }
}

/// Statement for parties in sight whose name has all these parts, through the indexes of owner and of unit with the name.
fn own_parts_query(sight: &Sight, parts: &[String], candidates: i64) -> Sql {
    let mut query = sql("WITH s AS MATERIALIZED (");
    each_way(sight, &mut query, "SELECT * FROM (SELECT p.id AS party_id FROM parties p WHERE ", |query| {
        query.push(" AND p.archived_at IS NULL");
        for part in parts {
            query.push(" AND p.name_key LIKE ").arg(format!("%{}%", name_key(part)));
        }
        query.push(" LIMIT ").arg(candidates);
    });
    query.push(") SELECT ").push(<Candidate as peyvand_db::FromRow>::COLUMNS);
    query.push(" FROM (SELECT party_id, 'name' AS why FROM s) s CROSS JOIN parties p WHERE p.id = s.party_id");
    query
}

/// Ids of the parties that a query in a list means, for the list to filter: bounded, in no order.
///
/// # Errors
/// When the database refuses.
pub(super) async fn ids(ctx: &Ctx, reader: &Reader<'_>, text: &str) -> Result<Vec<Id<Party>>> {
    let text = clean_line(text, QUERY_MAX).map_err(|problem| Problem::new("q", problem.key()).with("max", QUERY_MAX))?;
    let organisation = ctx.app.organisation().await?;
    let hits = as_typed_or_meant(ctx, reader, &text, &organisation.country, usize::MAX).await?;
    Ok(hits.into_iter().map(|hit| hit.id).collect())
}

/// The stored kind of a key of another system, for callers that look one up.
#[must_use]
pub fn key_kind(kind: IdentityKind, system: Option<&str>) -> std::borrow::Cow<'static, str> {
    if kind == IdentityKind::External { external_kind(system) } else { kind.name().into() }
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "parties.search",
        "GET /parties/search",
        Some(Perm(Room::Parties, Act::See)),
        "Finds customers by part of a name, phone, e-mail, national ID or code, best first.",
        search,
    )
    .example(|| serde_json::json!({"q": "سارا محمدی"}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::{NewIdentity, NewParty};
    use crate::parties::party::create;
    use crate::testing;

    async fn shop() -> Ctx {
        let ctx = testing::ctx().await;
        for (name, mobile, email, national_id) in [
            ("سارا محمدی", Some("09125550142"), Some("sara.m@example.ir"), Some("0084575948")),
            ("محمد‌رضا رستگار", Some("09351234567"), None, None),
            ("دکتر مریم رستگار", None, Some("m.rastegar@example.ir"), None),
            ("فروشگاه گندم", None, None, None),
            ("Ali Hassan", None, None, None),
        ] {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let identities = (name == "فروشگاه گندم")
                .then(|| vec![NewIdentity { kind: "external".into(), value: "K-77".into(), system: Some("sepidar".into()) }]);
            let new = NewParty {
                name: text(Some(name)),
                mobile: text(mobile),
                email: text(email),
                national_id: text(national_id),
                identities,
                ..NewParty::default()
            };
            ctx.run(create, new).await.unwrap();
        }
        ctx
    }

    async fn find(ctx: &Ctx, q: &str) -> Vec<(String, Matched)> {
        let found = ctx.run(search, SearchParties { q: q.into(), limit: None }).await.unwrap();
        found.items.into_iter().map(|hit| (hit.name, hit.matched)).collect()
    }

    #[tokio::test]
    async fn everything_that_people_type_finds_the_party() {
        let ctx = shop().await;
        for (q, name, matched) in [
            ("سارا", "سارا محمدی", Matched::Name),
            ("سا", "سارا محمدی", Matched::Name),
            ("محمدي سارا", "سارا محمدی", Matched::Name),
            ("سارا مح", "سارا محمدی", Matched::Name),
            ("محمدرضا", "محمد‌رضا رستگار", Matched::Name),
            ("محمد رضا رستگار", "محمد‌رضا رستگار", Matched::Name),
            ("گندم", "فروشگاه گندم", Matched::Name),
            ("hass", "Ali Hassan", Matched::Name),
            ("۰۹۱۲", "سارا محمدی", Matched::Phone),
            ("0912 555", "سارا محمدی", Matched::Phone),
            ("+98912", "سارا محمدی", Matched::Phone),
            ("9125550142", "سارا محمدی", Matched::Phone),
            ("00989125550142", "سارا محمدی", Matched::Phone),
            ("٠٩٣٥١٢٣٤٥٦٧", "محمد‌رضا رستگار", Matched::Phone),
            ("sara.m", "سارا محمدی", Matched::Email),
            ("M.Rastegar@example.ir", "دکتر مریم رستگار", Matched::Email),
            ("۰۰۸۴۵۷۵۹۴۸", "سارا محمدی", Matched::NationalId),
            ("008-457594-8", "سارا محمدی", Matched::NationalId),
            ("K-77", "فروشگاه گندم", Matched::External),
        ] {
            let found = find(&ctx, q).await;
            assert_eq!(found.first(), Some(&(name.to_owned(), matched)), "{q}: {found:?}");
        }
        assert_eq!(find(&ctx, "رستگار").await.len(), 2);
        for nothing in ["", "   ", "؟", "%", "zzzz", "0123456789"] {
            assert!(find(&ctx, nothing).await.is_empty(), "{nothing}");
        }
    }

    #[tokio::test]
    async fn what_was_typed_in_the_other_keyboard_layout_is_found_where_nothing_else_is() {
        let ctx = shop().await;
        let sara = |found: Vec<(String, Matched)>| found.iter().any(|(name, _)| name == "سارا محمدی");
        assert!(sara(find(&ctx, "shvh lpl").await), "سارا محم on Latin keys");
        ctx.run(create, NewParty { name: Some("Sara Holdings".into()), ..NewParty::default() }).await.unwrap();
        assert_eq!(find(&ctx, "سشقش اخم").await[0].0, "Sara Holdings");
        // Found as typed, so nothing else is guessed.
        ctx.run(create, NewParty { name: Some("Shvh".into()), ..NewParty::default() }).await.unwrap();
        assert_eq!(find(&ctx, "shvh").await.len(), 1);
    }

    #[tokio::test]
    async fn a_code_is_found_whole_and_from_its_start() {
        let ctx = shop().await;
        let (code,): (String,) =
            ctx.app.db.one(sql("SELECT value FROM identity_keys WHERE kind = 'code' ORDER BY value LIMIT 1")).await.unwrap();
        assert_eq!(find(&ctx, &code.to_lowercase()).await[0].1, Matched::Code);
        assert!(!find(&ctx, &code[..4]).await.is_empty());
    }

    #[tokio::test]
    async fn what_is_out_of_sight_is_not_found() {
        let ctx = shop().await;
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        for q in ["سارا", "سا", "0912", "0084575948", "sara.m", "K-77"] {
            assert!(find(&agent, q).await.is_empty(), "{q}");
        }
        agent.run(create, NewParty { name: Some("سارا کریمی".into()), ..NewParty::default() }).await.unwrap();
        assert_eq!(find(&agent, "کریمی").await.len(), 1);
    }

    #[tokio::test]
    async fn of_many_in_sight_the_same_are_found_through_the_index_of_all_names() {
        let ctx = shop().await;
        let manager = testing::as_post(&ctx.app, "manager", "mina").await;
        let reader = manager.read(Perm(Room::Parties, Act::See)).unwrap();
        let parts = ["رستگار".to_owned()];
        let names = async |query| -> Vec<String> {
            let found: Vec<Candidate> = reader.db.all(query).await.unwrap();
            let mut names: Vec<String> = found.into_iter().map(|found| found.name).collect();
            names.sort();
            names
        };
        let own = names(own_parts_query(&reader.sight, &parts, CANDIDATES)).await;
        assert_eq!(own.len(), 2);
        assert_eq!(names(parts_query(&reader.sight, &parts, CANDIDATES)).await, own);
        assert!(are_few(&reader).await.unwrap());
        assert!(!overflows(&reader, &parts).await.unwrap(), "two are fewer than are looked at");
    }

    #[tokio::test]
    async fn the_whole_name_comes_before_longer_ones() {
        let ctx = testing::ctx().await;
        for name in ["رضا علی‌پور", "علی", "علیرضا", "حاج علی اکبری"] {
            ctx.run(create, NewParty { name: Some(name.into()), ..NewParty::default() }).await.unwrap();
        }
        let found: Vec<String> = find(&ctx, "علی").await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(found[..2], ["علی", "علیرضا"]);
        assert_eq!(found.len(), 4);
    }

    #[tokio::test]
    async fn names_are_found_in_every_spelling_of_the_shared_cases() {
        #[derive(serde::Deserialize)]
        struct Case {
            input: String,
            search_key: String,
        }
        let ctx = testing::ctx().await;
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../testdata/fa_text/search_keys.json")).unwrap();
        for case in cases.into_iter().filter(|case| !case.search_key.is_empty()).step_by(7) {
            let id = ctx.run(create, NewParty { name: Some(case.input.clone()), ..NewParty::default() }).await.unwrap().id;
            for q in [&case.search_key, &case.input] {
                let found = ctx.run(search, SearchParties { q: q.clone(), limit: Some(20) }).await.unwrap();
                assert!(found.items.iter().any(|hit| hit.id == id), "{q} does not find {}", case.input);
            }
        }
    }

    #[tokio::test]
    async fn a_part_of_a_name_goes_through_its_index() {
        let ctx = shop().await;
        let plan = testing::plan(&ctx.app.db, parts_query(&Sight::All, &["رستگار".to_owned()], CANDIDATES)).await;
        assert!(
            plan.contains("party_search VIRTUAL TABLE INDEX 0:M") && plan.contains("SEARCH p USING") || plan.contains("party_search_key"),
            "{plan}"
        );
        assert!(!plan.contains("SCAN p ") && !plan.contains("Seq Scan on parties"), "{plan}");
    }
}
