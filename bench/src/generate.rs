//! Fills an empty, migrated database with the shop: rows go in by large statements, indexes are made at the end.

use crate::names::Script;
use crate::shop::{DAY, Draw, HEADS, HOT, PEOPLE, SPAN, Shop, Size, Thing, stream};
use data_encoding::BASE64URL_NOPAD;
use peyvand_core::parties::check::{Role, name_key};
use peyvand_core::parties::identity::{self, IdentityKind};
use peyvand_core::parties::rhythm::silent_from;
use peyvand_core::platform::access::ready_made_posts;
use peyvand_core::platform::keys::Keys;
use peyvand_core::platform::organisation::Organisation;
use peyvand_core::platform::schema::MIGRATIONS;
use peyvand_core::platform::text::search_key;
use peyvand_core::platform::{sessions, terms, tokens};
use peyvand_core::{Day, Instant};
use peyvand_db::{Db, Engine, Kind, Sql, ToValue, Value, migrate, sql};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Problems end a run with their text.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Rows of one transaction; some megabytes, so that the write-ahead log stays small.
const BATCH: u64 = 8_192;
/// A money amount in minor units: some thousand Toman to some million.
const PRICES: [i64; 6] = [4_500_000, 12_000_000, 25_000_000, 60_000_000, 185_000_000, 940_000_000];
/// Products in the shop.
const PRODUCTS: u64 = 2_000;
const CHANNELS: [&str; 6] = ["phone", "phone", "in_person", "whatsapp", "instagram", "email"];
const REASONS: [&str; 5] = ["question", "purchase", "price", "support", "courtesy"];
const RESULTS: [&str; 5] = ["answered", "no_answer", "interested", "bought", "will_decide"];
const WORDS: [&str; 8] = [
    "درباره‌ی زمان ارسال پرسید، قرار شد فردا خبر بدهیم.",
    "قیمت عمده خواست. فهرست فرستاده شد.",
    "از کیفیت راضی بود و برای خواهرش هم می‌خواهد.",
    "تماس گرفتیم، جواب نداد.",
    "سأل عن موعد التسليم وطلب عرض سعر.",
    "Asked for an invoice with the company's name and a delivery on Thursday morning.",
    "برای تعویض اندازه آمد، همان روز انجام شد.",
    "گفت تا پایان ماه تصمیم می‌گیرد.",
];

/// What lists keep of each customer, gathered before the customers are written.
#[derive(Clone)]
struct Facts {
    purchases: u32,
    first_day: i64,
    last_day: i64,
    spent: i64,
    last_contact: i64,
    next_follow_up: i64,
    /// Moments of purchases and of contacts, the newest last.
    bought_at: Vec<i64>,
    contact_at: Vec<i64>,
}

/// The newest days that a rhythm is read from.
const RHYTHM: usize = 24;

/// Adds a moment to those of a rhythm; they come in the order of time, but for the busy customer's.
fn add_moment(moments: &mut Vec<i64>, at: i64) {
    let place = moments.partition_point(|other| *other <= at);
    moments.insert(place, at);
    if moments.len() > RHYTHM {
        moments.remove(0);
    }
}

/// A purchase of the history.
struct Purchase {
    party: u64,
    at: i64,
    product: u64,
    quantity: i64,
    price: i64,
}

/// An interaction of the history.
struct Contact {
    party: u64,
    at: i64,
    draw: Draw,
}

/// A follow-up, open or done.
struct FollowUp {
    party: u64,
    created_at: i64,
    due_at: i64,
    done_at: Option<i64>,
    draw: Draw,
}

impl Shop {
    /// The busy customer's own entries come after those of everybody.
    fn place(&self, index: u64, everybody: u64, own: u64) -> (Option<u64>, i64) {
        if index < everybody { (None, self.moment(index, everybody)) } else { (Some(1), self.moment(index - everybody, own)) }
    }

    fn purchase(&self, index: u64) -> Purchase {
        let mut draw = Draw::new(self.seed, stream::PURCHASE, index);
        let (party, at) = self.place(index, self.size.purchases, HOT[1]);
        let product = draw.skewed(PRODUCTS, 1.8);
        let mut price = Draw::new(self.seed, stream::PURCHASE + 100, product);
        let price = price.common(&PRICES) + price.below(40) as i64 * 250_000;
        Purchase {
            party: party.unwrap_or_else(|| self.busy_party(&mut draw)),
            at,
            product,
            quantity: 1 + draw.skewed(4, 2.0) as i64,
            price,
        }
    }

    fn contact(&self, index: u64) -> Contact {
        let mut draw = Draw::new(self.seed, stream::INTERACTION, index);
        let (party, at) = self.place(index, self.size.interactions, HOT[0]);
        Contact { party: party.unwrap_or_else(|| self.busy_party(&mut draw)), at, draw }
    }

    fn follow_up(&self, index: u64) -> FollowUp {
        let mut draw = Draw::new(self.seed, stream::FOLLOW_UP, index);
        let (party, at) = self.place(index, self.size.follow_ups, HOT[2]);
        let party = party.unwrap_or_else(|| self.busy_party(&mut draw));
        // A third is open, due from three weeks ago to six weeks ahead; the rest was done about when it was due.
        if draw.percent(33) {
            let due_at = self.now - 21 * DAY + draw.below(63 * DAY as u64) as i64;
            FollowUp { party, created_at: due_at - 30 * DAY, due_at, done_at: None, draw }
        } else {
            let due_at = (at + 3 * DAY).min(self.now);
            FollowUp { party, created_at: at, due_at, done_at: Some((due_at + draw.below(DAY as u64) as i64).min(self.now)), draw }
        }
    }

    fn counts(&self) -> [u64; 3] {
        if self.size.parties == 0 {
            return [0; 3];
        }
        [self.size.interactions + HOT[0], self.size.purchases + HOT[1], self.size.follow_ups + HOT[2]]
    }

    fn facts(&self) -> Vec<Facts> {
        let nothing = Facts {
            purchases: 0,
            first_day: i64::MAX,
            last_day: i64::MIN,
            spent: 0,
            last_contact: 0,
            next_follow_up: Instant::NOT_PLANNED.0,
            bought_at: Vec::new(),
            contact_at: Vec::new(),
        };
        let mut facts = vec![nothing; self.size.parties as usize + 1];
        let [contacts, purchases, follow_ups] = self.counts();
        for index in 0..purchases {
            let purchase = self.purchase(index);
            let fact = &mut facts[purchase.party as usize];
            fact.purchases += 1;
            fact.first_day = fact.first_day.min(purchase.at);
            fact.last_day = fact.last_day.max(purchase.at);
            fact.spent += purchase.price * purchase.quantity;
            add_moment(&mut fact.bought_at, purchase.at);
        }
        for index in 0..contacts {
            let contact = self.contact(index);
            let fact = &mut facts[contact.party as usize];
            fact.last_contact = fact.last_contact.max(contact.at);
            add_moment(&mut fact.contact_at, contact.at);
        }
        for index in 0..follow_ups {
            let follow_up = self.follow_up(index);
            if follow_up.done_at.is_none() {
                let fact = &mut facts[follow_up.party as usize];
                fact.next_follow_up = fact.next_follow_up.min(follow_up.due_at);
            }
        }
        facts
    }
}

/// The session of a user, for the cookie.
#[must_use]
pub fn session_token(seed: u64, user: u64) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(format!("session {seed} {user}")))
}

/// The API token of a user.
#[must_use]
pub fn api_token(seed: u64, user: u64) -> String {
    format!("{}{}", tokens::PREFIX, data_encoding::BASE32_NOPAD.encode(&Sha256::digest(format!("token {seed} {user}"))))
}

/// The text under which a generated database remembers its seed and size.
const MARK: &str = "bench";

/// The shop that a database holds, if it was generated.
///
/// # Errors
/// When the database cannot be read.
pub async fn stored(db: &Db) -> Outcome<Option<Shop>> {
    if peyvand_db::schema_version(db).await? == 0 {
        return Ok(None);
    }
    let found: Option<(serde_json::Value,)> = db.maybe(sql("SELECT data FROM events WHERE kind = $1 LIMIT 1").bind(MARK)).await?;
    let Some((data,)) = found else { return Ok(None) };
    let number = |name: &str| data.get(name).and_then(serde_json::Value::as_i64).unwrap_or(0);
    let size = Size {
        parties: number("parties") as u64,
        purchases: number("purchases") as u64,
        interactions: number("interactions") as u64,
        follow_ups: number("follow_ups") as u64,
    };
    Ok(Some(Shop { size, seed: number("seed") as u64, now: number("now") }))
}

/// Name and version of the engine.
///
/// # Errors
/// When the database does not answer.
pub async fn engine(db: &Db) -> Outcome<String> {
    let (name, text) = match db.engine() {
        Engine::Sqlite => ("SQLite", "SELECT sqlite_version()"),
        Engine::Postgres => ("PostgreSQL", "SELECT split_part(current_setting('server_version'), ' ', 1)"),
    };
    let (version,): (String,) = db.one(sql(text)).await?;
    Ok(format!("{name} {version}"))
}

/// Migrates an empty database and fills it. Keys are kept in `data/keys.toml`.
///
/// # Errors
/// When the database is not empty, or refuses.
pub async fn generate(db: &Db, data: &Path, shop: Shop) -> Outcome<()> {
    let begun = std::time::Instant::now();
    migrate(db, MIGRATIONS).await?;
    let (rows,): (i64,) = db.one(sql("SELECT count(*) FROM users")).await?;
    if rows > 0 {
        return Err("the database is not empty".into());
    }
    let keys = Keys::load_or_create(&data.join("keys.toml"))?;
    let indexes = drop_indexes(db).await?;
    people(db, &shop).await?;
    say(begun, "people");
    let facts = std::sync::Arc::new(shop.facts());
    say(begun, "facts");
    let [contacts, purchases, follow_ups] = shop.counts();
    {
        let facts = facts.clone();
        fill(db, 1, shop.size.parties + 1, move |from, to| parties(&shop, &keys, &facts, from, to)).await?;
    }
    say(begun, "customers");
    let days = fill_purchases(db, &shop, purchases).await?;
    say(begun, "purchases");
    fill(db, 0, contacts, move |from, to| {
        (from..to).map(|index| interaction(&shop, index)).collect::<Vec<_>>().pipe(|rows| {
            Sql::inserts(
                "INSERT INTO interactions (id, party_id, at, channel, direction, reason, origin, result, duration_s, text, staff_id,
                   created_at) VALUES ",
                rows,
                "",
            )
        })
    })
    .await?;
    say(begun, "interactions");
    fill(db, 0, follow_ups, move |from, to| {
        (from..to).map(|index| follow_up(&shop, index)).collect::<Vec<_>>().pipe(|rows| {
            Sql::inserts(
                "INSERT INTO follow_ups (id, party_id, owner_id, what, channel, importance, planned_at, due_at, state, done_at, done_by,
                   result, escalation, version, created_by, created_at) VALUES ",
                rows,
                "",
            )
        })
    })
    .await?;
    say(begun, "follow-ups");
    rest(db, &shop, days).await?;
    for index in indexes {
        run(db, sql(leak(index))).await?;
    }
    say(begun, "indexes");
    db.analyze().await?;
    say(begun, "statistics");
    Ok(())
}

fn say(begun: std::time::Instant, what: &str) {
    eprintln!("{:7.1} s  {what}", begun.elapsed().as_secs_f64());
}

trait Pipe: Sized {
    fn pipe<T>(self, then: impl FnOnce(Self) -> T) -> T {
        then(self)
    }
}
impl<T> Pipe for Vec<T> {}

/// The statements of this tool that are made at run time are few and live as long as the process.
fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

async fn run(db: &Db, statement: Sql) -> Outcome<()> {
    let mut tx = db.begin().await?;
    tx.run(statement).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes the indexes that no constraint needs and gives the statements that make them again.
async fn drop_indexes(db: &Db) -> Outcome<Vec<String>> {
    let text = match db.engine() {
        Engine::Sqlite => "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid",
        Engine::Postgres => {
            "SELECT CAST(i.indexname AS text), i.indexdef FROM pg_indexes i WHERE i.schemaname = current_schema()
               AND NOT EXISTS (SELECT 1 FROM pg_constraint c JOIN pg_class k ON k.oid = c.conindid WHERE k.relname = i.indexname)
             ORDER BY 1"
        }
    };
    let found: Vec<(String, String)> = db.all(sql(text)).await?;
    for (name, _) in &found {
        run(db, sql(leak(format!("DROP INDEX {name}")))).await?;
    }
    Ok(found.into_iter().map(|(_, statement)| statement).collect())
}

/// Writes things `from` to `to` in batches; the next one is made while one is written.
async fn fill(db: &Db, from: u64, to: u64, make: impl Fn(u64, u64) -> Vec<Sql> + Send + 'static) -> Outcome<()> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(2);
    let maker = tokio::task::spawn_blocking(move || {
        let mut at = from;
        while at < to {
            let end = (at + BATCH).min(to);
            if sender.blocking_send(make(at, end)).is_err() {
                return;
            }
            at = end;
        }
    });
    while let Some(batch) = receiver.recv().await {
        let mut tx = db.begin().await?;
        if tx.engine() == Engine::Postgres {
            // What is written is known to be whole; checking each reference would take longer than writing.
            tx.run(sql("SET LOCAL session_replication_role = replica")).await?;
        }
        for statement in batch {
            tx.run(statement).await?;
        }
        tx.commit().await?;
    }
    maker.await?;
    Ok(())
}

/// The organisation, its units, posts, users with sessions and tokens, and word lists.
async fn people(db: &Db, shop: &Shop) -> Outcome<()> {
    let since = shop.now - SPAN - DAY;
    let mut tx = db.begin().await?;
    let organisation =
        Organisation { name: "فروشگاه ترنج".to_owned(), set_up_at: Some(Instant(since)), ..Organisation::unnamed() };
    organisation.save(&mut tx).await?;
    terms::seed(&mut tx).await?;
    let posts = ready_made_posts();
    let post = |word: &str| posts.iter().position(|(known, _)| *known == word).map_or(0, |at| at as u64);
    let mut rows = Vec::new();
    for (index, (word, rights)) in posts.iter().enumerate() {
        let rights = serde_json::to_value(rights)?;
        rows.push(vec![shop.id(Thing::Post, index as u64, since).to_value(), word.to_value(), rights.to_value(), since.to_value()]);
    }
    for statement in Sql::inserts("INSERT INTO posts (id, word, rights, created_at) VALUES ", rows, "") {
        tx.run(statement).await?;
    }
    let rows = (0..HEADS)
        .map(|unit| {
            let head = shop.user(PEOPLE - HEADS + 1 + (unit + HEADS - (PEOPLE - HEADS + 1) % HEADS) % HEADS);
            vec![shop.id(Thing::Unit, unit, since).to_value(), format!("واحد {}", unit + 1).to_value(), head.to_value(), since.to_value()]
        })
        .collect();
    for statement in Sql::inserts("INSERT INTO units (id, name, head_id, created_at) VALUES ", rows, "") {
        tx.run(statement).await?;
    }
    let (mut users, mut open, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for user in 0..=PEOPLE {
        let word = match user {
            0 => "owner",
            user if user > PEOPLE - HEADS => "manager",
            _ => "agent",
        };
        let name = if user == 0 { "owner".to_owned() } else { shop.person(1_000_000_000 + user).name };
        users.push(vec![
            shop.user(user).to_value(),
            format!("u{user}@bench.example").to_value(),
            name.to_value(),
            shop.id(Thing::Post, post(word), since).to_value(),
            shop.id(Thing::Unit, shop.unit_of(user), since).to_value(),
            true.to_value(),
            true.to_value(),
            since.to_value(),
        ]);
        open.push(vec![
            sessions::hash(&session_token(shop.seed, user))[..].to_value(),
            shop.user(user).to_value(),
            session_token(shop.seed, user + 1_000_000).to_value(),
            shop.now.to_value(),
            shop.now.to_value(),
            (shop.now + sessions::LONGEST).to_value(),
            "127.0.0.1".to_value(),
            MARK.to_value(),
        ]);
        keys.push(vec![
            shop.id(Thing::Other, user, since).to_value(),
            shop.user(user).to_value(),
            MARK.to_value(),
            sessions::hash(&api_token(shop.seed, user))[..].to_value(),
            serde_json::json!([tokens::ALL]).to_value(),
            shop.now.to_value(),
        ]);
    }
    let all = [
        ("INSERT INTO users (id, email, name, post_id, unit_id, is_active, shortcuts, created_at) VALUES ", users),
        ("INSERT INTO sessions (token_hash, user_id, csrf, created_at, seen_at, expires_at, address, agent) VALUES ", open),
        ("INSERT INTO tokens (id, user_id, name, token_hash, scopes, created_at) VALUES ", keys),
    ];
    for (head, rows) in all {
        for statement in Sql::inserts(head, rows, "") {
            tx.run(statement).await?;
        }
    }
    let rows = (0..PRODUCTS)
        .map(|product| {
            vec![
                shop.id(Thing::Product, product, since).to_value(),
                format!("K{product:05}").to_value(),
                format!("کالای شماره {product}").to_value(),
                since.to_value(),
            ]
        })
        .collect();
    for statement in Sql::inserts("INSERT INTO products (id, code, name, created_at) VALUES ", rows, "") {
        tx.run(statement).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn parties(shop: &Shop, keys: &Keys, facts: &[Facts], from: u64, to: u64) -> Vec<Sql> {
    let since = shop.now - SPAN - DAY;
    let null = || Value::Null(Kind::Text);
    let (mut rows, mut search, mut roles, mut identities, mut contacts, mut tags, mut addresses, mut events) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for no in from..to {
        let mut draw = Draw::new(shop.seed, stream::PARTY + 2000, no);
        let person = shop.person(no);
        let (id, added, fact) = (shop.party(no), shop.added_at(no), &facts[no as usize]);
        let owner = shop.owner_of(no);
        let role = if fact.purchases > 0 { Role::Customer } else { Role::Prospect };
        let day = |at: i64| if fact.purchases > 0 { day_of(at).to_value() } else { "".to_value() };
        let days = |moments: &[i64]| moments.iter().rev().map(|at| day_of(*at)).collect::<Vec<Day>>();
        let silent_on = silent_from(role, &days(&fact.bought_at), &days(&fact.contact_at)).map_or_else(String::new, |day| day.to_string());
        let source = draw.common(&["recommendation", "instagram", "walk_in", "website", "search", "exhibition"]);
        rows.push(vec![
            id.to_value(),
            (no as i64).to_value(),
            if person.is_organisation { "organisation" } else { "person" }.to_value(),
            role.to_value(),
            name_key(&person.name).to_value(),
            (!person.is_organisation && draw.percent(50)).then(|| day_of(-(draw.below(10_000) as i64) * DAY)).to_value(),
            search_key(person.city).to_value(),
            person.mobile.to_value(),
            person.email.to_value(),
            owner.map(|owner| shop.user(owner)).to_value(),
            owner.map(|owner| shop.id(Thing::Unit, shop.unit_of(owner), since)).to_value(),
            added.to_value(),
            added.to_value(),
            person.name.to_value(),
            (!person.is_organisation).then_some(person.first).to_value(),
            (!person.is_organisation).then_some(&person.last).to_value(),
            if person.is_organisation { null() } else { draw.one(&["female", "male"]).to_value() },
            person.city.to_value(),
            if person.script == Script::Persian { "IR".to_value() } else { null() },
            source.to_value(),
            if draw.percent(10) { "مشتری قدیمی؛ پیش از تماس پیام بدهید.".to_value() } else { null() },
            fact.last_contact.to_value(),
            day(fact.first_day),
            day(fact.last_day),
            i64::from(fact.purchases).to_value(),
            fact.spent.to_value(),
            fact.next_follow_up.to_value(),
            silent_on.to_value(),
            false.to_value(),
            1_i64.to_value(),
        ]);
        let mut found_by = search_key(&person.name);
        for part in [person.first, &person.last] {
            let part = search_key(part);
            if !found_by.contains(&part) {
                found_by.push(' ');
                found_by.push_str(&part);
            }
        }
        search.push(vec![(no as i64).to_value(), found_by.to_value()]);
        roles.push(vec![
            shop.id(Thing::Other, 10_000_000 + no, added).to_value(),
            id.to_value(),
            role.to_value(),
            day_of(added).to_value(),
        ]);
        let code = identity::code_with_check(no);
        let shown = identity::check(IdentityKind::Code, &code, "IR").map_or_else(|_| code.clone(), |checked| checked.display);
        identities.push(vec![
            "code".to_value(),
            code.to_value(),
            id.to_value(),
            Value::Null(Kind::Bytes),
            shown.to_value(),
            added.to_value(),
        ]);
        if let Some(number) = &person.national_id {
            let kind = IdentityKind::IrNationalId;
            identities.push(vec![
                kind.name().to_value(),
                keys.lookup(kind.name(), number).to_value(),
                id.to_value(),
                keys.seal(kind.name(), number).ok().to_value(),
                identity::mask(kind, number).to_value(),
                added.to_value(),
            ]);
        }
        for (at, (channel, value)) in [("mobile", Some(&person.mobile)), ("email", person.email.as_ref())].into_iter().enumerate() {
            let Some(value) = value else { continue };
            let consent = draw.common(&["unknown", "given", "withdrawn"]);
            contacts.push(vec![
                shop.id(Thing::Contact, no * 4 + at as u64, added).to_value(),
                id.to_value(),
                channel.to_value(),
                value.to_value(),
                true.to_value(),
                consent.to_value(),
                (consent != "unknown").then_some(added).to_value(),
                added.to_value(),
            ]);
        }
        if draw.percent(12) {
            tags.push(vec![id.to_value(), draw.common(&["سفارشی", "همکار", "عمده", "vip", "نمایشگاه ۱۴۰۴"]).to_value()]);
        }
        if draw.percent(30) {
            let line = format!("خیابان {}، پلاک {}", draw.common(&["انقلاب", "آزادی", "ولیعصر", "شریعتی"]), 1 + draw.below(300));
            addresses.push(vec![
                shop.id(Thing::Other, 20_000_000 + no, added).to_value(),
                id.to_value(),
                person.city.to_value(),
                line.to_value(),
                true.to_value(),
                added.to_value(),
            ]);
        }
        events.push(event(shop, no, added, "party.created", no));
    }
    if from <= 1 && to > 1 {
        events.extend((0..HOT[3]).map(|index| event(shop, 100_000_000 + index, shop.moment(index, HOT[3]), "party.changed", 1)));
    }
    let mut statements = Sql::inserts(
        "INSERT INTO parties (id, no, kind, role, name_key, birth_on, city_key, phone, email, owner_id, unit_id, created_at, updated_at, name,
           first_name, last_name, gender, city, country, source, note, last_contact_at, first_purchase_on, last_purchase_on, purchases,
           spent_minor, next_follow_up_at, silent_from, rhythm_due, version) VALUES ",
        rows,
        "",
    );
    statements.extend(Sql::inserts("INSERT INTO party_search (rowid, key) VALUES ", search, ""));
    statements.extend(Sql::inserts("INSERT INTO party_roles (id, party_id, role, since_on) VALUES ", roles, ""));
    let head = "INSERT INTO identity_keys (kind, value, party_id, sealed, masked, created_at) VALUES ";
    statements.extend(Sql::inserts(head, identities, ""));
    let head = "INSERT INTO contact_points (id, party_id, channel, value, is_main, consent, consent_at, created_at) VALUES ";
    statements.extend(Sql::inserts(head, contacts, ""));
    statements.extend(Sql::inserts("INSERT INTO party_tags (party_id, tag) VALUES ", tags, ""));
    statements.extend(Sql::inserts("INSERT INTO addresses (id, party_id, city, line, is_main, created_at) VALUES ", addresses, ""));
    statements.extend(Sql::inserts("INSERT INTO events (id, at, kind, door, party_id, data) VALUES ", events, ""));
    statements
}

fn event(shop: &Shop, index: u64, at: i64, kind: &str, party: u64) -> Vec<Value> {
    vec![
        shop.id(Thing::Event, index, at).to_value(),
        at.to_value(),
        kind.to_value(),
        "web".to_value(),
        shop.party(party).to_value(),
        serde_json::json!({"fields": ["job"]}).to_value(),
    ]
}

/// The day in Tehran, which has had no summer time since 2022: three and a half hours ahead.
fn day_of(at: i64) -> Day {
    Instant(at + 12_600_000).day(&jiff::tz::TimeZone::UTC)
}

/// Lines, amounts of each day, by day.
type Days = BTreeMap<String, (i64, i64)>;

async fn fill_purchases(db: &Db, shop: &Shop, count: u64) -> Outcome<Days> {
    let shop = *shop;
    let days = std::sync::Arc::new(std::sync::Mutex::new(Days::new()));
    let sums = days.clone();
    fill(db, 0, count, move |from, to| {
        let (mut rows, mut lines) = (Vec::new(), Vec::new());
        let Ok(mut sums) = sums.lock() else { return Vec::new() };
        for index in from..to {
            let purchase = shop.purchase(index);
            let amount = purchase.price * purchase.quantity;
            let (id, party, day) = (shop.id(Thing::Purchase, index, purchase.at), shop.party(purchase.party), day_of(purchase.at).to_string());
            rows.push(vec![
                id.to_value(),
                party.to_value(),
                format!("F-{index:08}").to_value(),
                purchase.at.to_value(),
                day.to_value(),
                "IRR".to_value(),
                amount.to_value(),
                0_i64.to_value(),
                1_i64.to_value(),
                "shop".to_value(),
                purchase.at.to_value(),
            ]);
            lines.push(vec![
                shop.id(Thing::Line, index, purchase.at).to_value(),
                id.to_value(),
                party.to_value(),
                shop.id(Thing::Product, purchase.product, shop.now - SPAN - DAY).to_value(),
                day.to_value(),
                (purchase.quantity as f64).to_value(),
                purchase.price.to_value(),
                0_i64.to_value(),
                amount.to_value(),
                1_i64.to_value(),
                "IRR".to_value(),
            ]);
            let sum = sums.entry(day).or_default();
            sum.0 += 1;
            sum.1 += amount;
        }
        let mut statements = Sql::inserts(
            "INSERT INTO purchases (id, party_id, invoice, at, day, currency, gross_minor, refund_minor, lines, channel, created_at) VALUES ",
            rows,
            "",
        );
        statements.extend(Sql::inserts(
            "INSERT INTO purchase_lines (id, purchase_id, party_id, product_id, day, quantity, unit_price_minor, discount_minor, amount_minor,
               sign, currency) VALUES ",
            lines,
            "",
        ));
        statements
    })
    .await?;
    let days = days.lock().map(|days| days.clone()).unwrap_or_default();
    Ok(days)
}

/// A customer whom nobody looks after is served by somebody all the same.
fn served_by(shop: &Shop, party: u64) -> u64 {
    shop.owner_of(party).unwrap_or(1 + party % PEOPLE)
}

fn interaction(shop: &Shop, index: u64) -> Vec<Value> {
    let Contact { party, at, mut draw } = shop.contact(index);
    vec![
        shop.id(Thing::Interaction, index, at).to_value(),
        shop.party(party).to_value(),
        at.to_value(),
        draw.one(&CHANNELS).to_value(),
        draw.one(&["inbound", "outbound"]).to_value(),
        draw.common(&REASONS).to_value(),
        draw.percent(30).then_some("recommendation").to_value(),
        draw.one(&RESULTS).to_value(),
        (30 + draw.below(900) as i64).to_value(),
        draw.one(&WORDS).to_value(),
        shop.user(served_by(shop, party)).to_value(),
        at.to_value(),
    ]
}

fn follow_up(shop: &Shop, index: u64) -> Vec<Value> {
    let FollowUp { party, created_at, due_at, done_at, mut draw } = shop.follow_up(index);
    let owner = shop.user(served_by(shop, party));
    let overdue = done_at.is_none() && due_at < shop.now;
    vec![
        shop.id(Thing::FollowUp, index, created_at).to_value(),
        shop.party(party).to_value(),
        owner.to_value(),
        draw.one(&["تماس برای سفارش", "ارسال پیش‌فاکتور", "پرسش از رضایت", "Send the price list", "متابعة الطلب"]).to_value(),
        draw.one(&["phone", "whatsapp"]).to_value(),
        draw.one(&["normal", "normal", "high"]).to_value(),
        due_at.to_value(),
        due_at.to_value(),
        if done_at.is_some() { "done" } else { "open" }.to_value(),
        done_at.to_value(),
        done_at.map(|_| owner).to_value(),
        done_at.map(|_| "answered").to_value(),
        // In a shop that has run for years, who had to be told of what is overdue was told.
        if overdue { 2_i64 } else { 0 }.to_value(),
        1_i64.to_value(),
        owner.to_value(),
        created_at.to_value(),
    ]
}

/// Sums of the days, the rates that profits are reckoned with, the counters, and the mark by which the database is known again.
async fn rest(db: &Db, shop: &Shop, days: Days) -> Outcome<()> {
    let mut tx = db.begin().await?;
    let rows = days
        .into_iter()
        .map(|(day, (lines, minor))| {
            let zero = || 0_i64.to_value();
            vec![day.to_value(), "IRR".to_value(), true.to_value(), lines.to_value(), zero(), zero(), minor.to_value(), zero()]
        })
        .collect();
    let head = "INSERT INTO purchase_days (day, currency, is_known, lines_up, lines_down, lines_zero, up_minor, down_minor) VALUES ";
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await?;
    }
    // 70 of a hundred for the goods, 1,500,000 rials an hour, 9,000 a call.
    tx.run(
        sql(
            "INSERT INTO cost_rates (item, value, changed_at) VALUES ('goods', 7000, $1), ('staff_hour', 1500000, $1), ('phone', 9000, $1)",
        )
        .bind(shop.now),
    )
    .await?;
    tx.run(sql("UPDATE counters SET value = $1 WHERE name = 'party'").bind(shop.size.parties as i64)).await?;
    let size = shop.size;
    let mark = serde_json::json!({"seed": shop.seed, "now": shop.now, "parties": size.parties, "purchases": size.purchases,
        "interactions": size.interactions, "follow_ups": size.follow_ups});
    tx.run(
        sql("INSERT INTO events (id, at, kind, door, data) VALUES ($1, $2, $3, 'cli', $4)")
            .bind(shop.id(Thing::Event, u64::MAX, shop.now))
            .bind(shop.now)
            .bind(MARK)
            .bind(mark),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
