//! The measures: what is asked, how often, and the budget that it is held to.

use crate::Place;
use crate::client::{Connection, Request, encode};
use crate::generate::{Outcome, api_token, session_token};
use crate::load::{Person, Plan, Round, closed_loop, people_at_work};
use crate::server::Server;
use crate::shop::{Draw, PEOPLE, Shop, national_id};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Clients at once in the closed loops, as the budgets say.
const CLIENTS: u64 = 16;
/// Each scenario runs so often; the round with the middle p95 counts.
const ROUNDS: u64 = 3;
/// Before the first round counts.
const WARM_UP: Duration = Duration::from_millis(500);
/// How deep a deep page is.
const DEEP: usize = 50_000;
/// Deep pages that are asked for in turn.
const DEEP_PAGES: usize = 20;
/// What people at work take between two things, on average, in milliseconds.
const THINK: u64 = 2_000;
/// Between two letters, in milliseconds.
const LETTER: u64 = 150;

/// How thorough a run is.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Length of a round.
    pub round: Duration,
    /// Length of the mixed work.
    pub work: Duration,
    /// Rows of the imported files.
    pub rows: u64,
}

/// A value that is held to a budget.
#[must_use]
pub fn measure(group: &str, name: &str, unit: &str, value: f64, budget: Option<f64>, more_is_better: bool) -> Value {
    let met = budget.map(|budget| if more_is_better { value >= budget } else { value <= budget });
    json!({"group": group, "name": name, "unit": unit, "value": (value * 1_000.0).round() / 1_000.0, "budget": budget, "met": met})
}

/// Everything that goes over HTTP, against one server.
pub struct Subject<'a> {
    /// The shop in its database.
    pub shop: Shop,
    /// Where it serves.
    pub host: SocketAddr,
    /// How thorough.
    pub effort: Effort,
    /// What was measured.
    pub results: &'a mut Vec<Value>,
}

type Make = Arc<dyn Fn(&mut Draw) -> Request + Send + Sync>;

fn always(request: Request) -> Make {
    Arc::new(move |_| request.clone())
}

impl Subject<'_> {
    fn token(&self, user: u64) -> String {
        api_token(self.shop.seed, user)
    }

    fn session(&self, user: u64) -> String {
        session_token(self.shop.seed, user)
    }

    /// Runs a scenario in rounds and holds its p95 to a budget.
    async fn scenario(&mut self, group: &str, name: &str, budget_ms: f64, make: Make) {
        self.scenario_of(CLIENTS, group, name, budget_ms, make).await;
    }

    /// The same with so many clients.
    async fn scenario_of(&mut self, clients: u64, group: &str, name: &str, budget_ms: f64, make: Make) {
        let plan = Plan { clients, time: self.effort.round, requests: 20_000 };
        let seed = self.shop.seed;
        closed_loop(self.host, seed + 99, Plan { time: WARM_UP, ..plan }, make.clone()).await;
        let mut rounds = Vec::new();
        for round in 0..ROUNDS {
            rounds.push(closed_loop(self.host, seed + round, plan, make.clone()).await);
        }
        self.add(group, name, budget_ms, rounds);
    }

    fn add(&mut self, group: &str, name: &str, budget_ms: f64, mut rounds: Vec<Round>) {
        rounds.sort_by(|one, other| one.percentile(95.0).total_cmp(&other.percentile(95.0)));
        let middle = &rounds[rounds.len() / 2];
        let mut result = measure(group, name, "ms p95", middle.percentile(95.0), Some(budget_ms), false);
        result["rounds"] = rounds.iter().map(Round::json).collect();
        result["middle"] = middle.json();
        let errors: usize = rounds.iter().map(|round| round.errors).sum();
        if errors > 0 {
            result["met"] = json!(false);
        }
        eprintln!(
            "{group}: {name}: p50 {:.1} p95 {:.1} max {:.1} ms, {:.0}/s{}",
            middle.percentile(50.0),
            middle.percentile(95.0),
            middle.percentile(100.0),
            middle.times.len() as f64 / middle.took.as_secs_f64(),
            rounds.iter().find_map(|round| round.error.as_ref()).map_or_else(String::new, |error| format!(", {errors} errors: {error}")),
        );
        self.results.push(result);
    }

    /// The list: sorts, filters, first pages and deep ones, by the API and as a page.
    pub async fn list(&mut self) -> Outcome<()> {
        let token = self.token(0);
        for (name, query) in [
            ("by name", "sort=name"),
            ("by date added, newest first", "sort=created&desc=true"),
            ("by last contact, newest first", "sort=last_contact&desc=true"),
            ("by last purchase, newest first", "sort=last_purchase&desc=true"),
            ("by money spent, most first", "sort=spent&desc=true"),
            ("by next follow-up", "sort=next_follow_up"),
        ] {
            let path = format!("/api/v1/parties?limit=50&{query}");
            self.scenario("list", &format!("{name}, first page"), 100.0, always(Request::api(&path, &token))).await;
            let cursors = self.deep(query, &token).await?;
            let deep: Vec<Request> =
                cursors.iter().map(|cursor| Request::api(format!("{path}&after={}", encode(cursor)), &token)).collect();
            let make: Make = Arc::new(move |draw| deep[draw.below(deep.len() as u64) as usize].clone());
            self.scenario("list", &format!("{name}, {DEEP} rows deep"), 100.0, make).await;
        }
        let owner = self.shop.user(1);
        for (name, query) in [
            ("role", "sort=name&role=customer".to_owned()),
            ("owner with 5 % of all", format!("sort=last_purchase&desc=true&owner_id={owner}")),
            ("owner with 5 % of all, by name", format!("sort=name&owner_id={owner}")),
            ("city", format!("sort=spent&desc=true&city={}", encode("شیراز"))),
            ("city and source", format!("sort=created&desc=true&city={}&source=instagram", encode("یزد"))),
            ("tag", format!("sort=last_contact&desc=true&tag={}", encode("نمایشگاه ۱۴۰۴"))),
            ("overdue and owner", format!("sort=next_follow_up&next=overdue&owner_id={owner}")),
            ("spent at least, and role", "sort=name&spent_from=20000000&role=customer".to_owned()),
            ("silent, and city", format!("sort=last_purchase&silent=true&city={}", encode("تهران"))),
            ("words in a name, and role", format!("sort=spent&desc=true&role=customer&q={}", encode("کریمی"))),
            ("nobody fits", "sort=name&role=supplier".to_owned()),
            ("two common values that nobody has together", "sort=name&kind=organisation&gender=female".to_owned()),
        ] {
            let request = Request::api(format!("/api/v1/parties?limit=50&{query}"), &token);
            self.scenario("list, filtered", name, 100.0, always(request)).await;
        }
        for (name, user) in [("of all", 0), ("of somebody with 50,000 customers", 1), ("of the head of a unit", PEOPLE)] {
            let request = Request::api("/api/v1/parties?limit=50&sort=last_purchase&desc=true", &self.token(user));
            self.scenario("list, by who looks", name, 100.0, always(request)).await;
        }
        let page = Request::page("/parties", &self.session(0));
        self.scenario("list", "as a page, HTML", 100.0, always(page)).await;
        Ok(())
    }

    /// Rules of five conditions, counted to the last customer as the builder does after each change.
    pub async fn segments(&mut self) -> Outcome<()> {
        let token = self.token(0);
        let field = |field: &str, is: Value| json!({"field": {"field": field, "is": is}});
        let shared = [
            field("role", json!({"one_of": ["customer"]})),
            field("city", json!({"one_of": ["تهران", "شیراز", "یزد"]})),
            field("spent", json!({"money": {"at_least": "20000000"}})),
        ];
        let facts =
            [field("last_purchase", json!({"days": {"earlier": 60}})), json!({"not": field("source", json!({"one_of": ["instagram"]}))})];
        let events = [
            json!({"did": {"what": "purchase", "at_least": 2, "days": {"last": 180}}}),
            json!({"not": {"did": {"what": "interaction", "days": {"last": 90}}}}),
        ];
        for (name, more, budget) in [("fields and facts", facts, 300.0), ("fields, facts and two events", events, 5_000.0)] {
            let conditions = [shared.as_slice(), more.as_slice()].concat();
            let rule = json!({"rule": {"all": conditions}, "limit": 5});
            let request = Request::api("/api/v1/segments/preview", &token).json(&rule);
            self.scenario_of(1, "segments", &format!("count of five conditions over {name}"), budget, always(request)).await;
        }
        Ok(())
    }

    /// Cursors around the 50,000th row.
    async fn deep(&self, query: &str, token: &str) -> Outcome<Vec<String>> {
        const STEP: usize = 200;
        let rows = DEEP.min(self.shop.size.parties as usize / 2);
        let mut connection = Connection::new(self.host);
        let mut after: Option<String> = None;
        let mut found = Vec::new();
        for page in 0..rows / STEP + DEEP_PAGES {
            let at = after.as_ref().map_or_else(String::new, |after| format!("&after={}", encode(after)));
            let answer = connection.ask(&Request::api(format!("/api/v1/parties?limit={STEP}&{query}{at}"), token)).await?;
            if answer.status != 200 {
                return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
            }
            after = answer.json()?["next"].as_str().map(str::to_owned);
            if page >= rows / STEP {
                found.extend(after.clone());
            }
            if after.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Search as somebody types.
    pub async fn search(&mut self) -> Outcome<()> {
        let token = self.token(0);
        let ask = |text: &str, token: &str| Request::api(format!("/api/v1/parties/search?q={}", encode(text)), token);
        let shop = self.shop;
        let by = |make: fn(&Shop, &mut Draw) -> String, token: String| -> Make {
            Arc::new(move |draw: &mut Draw| ask(&make(&shop, draw), &token))
        };
        self.scenario("search", "beginnings of names, letter by letter", 50.0, by(name_as_typed, token.clone())).await;
        self.scenario("search", "parts within names", 50.0, by(part_of_name, token.clone())).await;
        for common in ["محمد", "مح", "علی", "mohammad", "الحسيني"] {
            self.scenario("search", &format!("the common {common}"), 50.0, always(ask(common, &token))).await;
        }
        let two_words = |shop: &Shop, draw: &mut Draw| {
            let person = shop.person(1 + draw.below(shop.size.parties));
            format!("{} {}", person.last, person.first.chars().take(3).collect::<String>())
        };
        self.scenario("search", "family name, then the beginning of the first name", 50.0, by(two_words, token.clone())).await;
        self.scenario("search", "phone, as typed", 50.0, by(phone_as_typed, token.clone())).await;
        let national = |shop: &Shop, draw: &mut Draw| national_id(1 + draw.below(shop.size.parties));
        self.scenario("search", "national ID", 50.0, by(national, token)).await;
        let nobody = |_: &Shop, draw: &mut Draw| format!("zq{}x", draw.below(1_000));
        self.scenario("search", "what nobody is called", 50.0, by(nobody, self.token(0))).await;
        for (name, user) in [("somebody with 50,000 customers", 1), ("somebody with 4,500 customers", 20), ("the head of a unit", PEOPLE)] {
            self.scenario("search", &format!("parts within names, by {name}"), 50.0, by(part_of_name, self.token(user))).await;
        }
        Ok(())
    }

    /// The page of a customer with a long history, and of others.
    pub async fn customer(&mut self) -> Outcome<()> {
        let session = self.session(0);
        let request = Request::page(format!("/parties/{}", self.shop.party(1)), &session);
        self.scenario("customer page", "with 5,000 timeline entries, HTML", 100.0, always(request)).await;
        let shop = self.shop;
        let make: Make =
            Arc::new(move |draw| Request::page(format!("/parties/{}", shop.party(2 + draw.below(shop.size.parties - 1))), &session));
        self.scenario("customer page", "of anybody, HTML", 100.0, make).await;
        Ok(())
    }

    /// The pages of insights.
    pub async fn insight(&mut self) -> Outcome<()> {
        let session = self.session(0);
        for (name, path) in [
            ("value and activity", "/insight"),
            ("cohorts", "/insight/cohorts"),
            ("what is bought next", "/insight/products"),
            ("what is bought together", "/insight/products/together"),
            ("best sellers", "/insight/products/sales"),
            ("best sellers of class C", "/insight/products/sales?class=c"),
            ("sources", "/insight/sources"),
            ("cost to win and to keep", "/insight/sources/keeping"),
            ("who may leave", "/insight/risk"),
            ("months beside the year before", "/insight/trend"),
            ("profit", "/insight/value"),
            ("customers by profit", "/insight/value/customers"),
            ("groups of customers by profit", "/insight/value/people"),
            ("relations by what they will be worth", "/insight/value/relations"),
            ("movement between tiers", "/insight/value/movement"),
            ("needs", "/insight/needs"),
            ("conversion", "/insight/conversion"),
            ("competitors", "/insight/competitors"),
            ("rhythm", "/insight/rhythm"),
            ("who is late by their own rhythm", "/insight/rhythm?habit=lapsing"),
        ] {
            self.scenario("insight", &format!("{name}, HTML"), 150.0, always(Request::page(path, &session))).await;
        }
        Ok(())
    }

    /// One customer by the API, and the same row by a handler that does nothing else.
    pub async fn bare(&mut self, place: &Place) -> Outcome<()> {
        let bare = Server::bare(place).await?;
        let (shop, token) = (self.shop, self.token(0));
        let any = move |draw: &mut Draw| shop.party(1 + draw.below(shop.size.parties));
        let api: Make = Arc::new(move |draw| Request::api(format!("/api/v1/parties/{}", any(draw)), &token));
        let plain: Make = Arc::new(move |draw| Request { path: format!("/{}", any(draw)), ..Request::default() });
        for (name, clients) in [("one client", 1), ("16 clients", CLIENTS)] {
            let plan = Plan { clients, time: self.effort.round, requests: 20_000 };
            let mut ratios = Vec::new();
            for round in 0..ROUNDS {
                let ours = closed_loop(self.host, round, plan, api.clone()).await;
                let theirs = closed_loop(bare.host, round, plan, plain.clone()).await;
                if let Some(error) = ours.error.as_ref().or(theirs.error.as_ref()) {
                    eprintln!("one customer: {error}");
                }
                let ratio = ours.percentile(50.0) / theirs.percentile(50.0).max(0.001);
                ratios.push((ratio, json!({"ratio": ratio, "api": ours.json(), "bare": theirs.json()})));
            }
            ratios.sort_by(|one, other| one.0.total_cmp(&other.0));
            let middle = ratios[ratios.len() / 2].0;
            let mut result =
                measure("one customer by the API", &format!("{name}, times the bare handler (medians)"), "×", middle, Some(3.0), false);
            result["rounds"] = ratios.into_iter().map(|(_, round)| round).collect();
            eprintln!("one customer: {name}: {middle:.2} times the bare handler");
            self.results.push(result);
        }
        bare.stop().await
    }

    /// Two hundred people at work.
    pub async fn work(&mut self) -> Outcome<()> {
        let shop = self.shop;
        let begun = Instant::now();
        let round = people_at_work(self.host, shop.seed, PEOPLE, self.effort.work, move |person, until| at_work(shop, person, until)).await;
        eprintln!("mixed work took {:.0} s", begun.elapsed().as_secs_f64());
        self.add("mixed work", "200 people: read, search, log, complete", 300.0, vec![round]);
        Ok(())
    }

    /// Eight who write without a pause beside eight who read without a pause.
    pub async fn writers(&mut self) -> Outcome<()> {
        let (shop, token, reader) = (self.shop, self.token(0), self.token(0));
        let write: Make = Arc::new(move |draw| {
            let body = json!({"party_id": shop.party(1 + draw.below(shop.size.parties)), "channel": "phone", "direction": "outbound",
                "result": "answered", "text": "تماس گرفته شد."});
            Request::api("/api/v1/interactions", &token).json(&body)
        });
        let read: Make =
            Arc::new(move |draw| Request::api(format!("/api/v1/parties/{}", shop.party(1 + draw.below(shop.size.parties))), &reader));
        let plan = Plan { clients: 8, time: self.effort.work / 2, requests: usize::MAX };
        let (writes, reads) =
            tokio::join!(closed_loop(self.host, shop.seed, plan, write), closed_loop(self.host, shop.seed + 1, plan, read));
        let mut result = measure(
            "writers beside readers",
            "8 log interactions, 8 read customers: a write",
            "ms p99",
            writes.percentile(99.0),
            Some(50.0),
            false,
        );
        if writes.errors + reads.errors > 0 {
            result["met"] = json!(false);
        }
        eprintln!("writers: p99 {:.1} ms, {} writes, {} errors", writes.percentile(99.0), writes.times.len(), writes.errors);
        result["writes"] = writes.json();
        result["reads"] = reads.json();
        self.results.push(result);
        Ok(())
    }

    /// What a browser takes over the wire.
    pub async fn wire(&mut self) -> Outcome<()> {
        let session = self.session(0);
        let mut connection = Connection::new(self.host);
        for encoding in ["br", "gzip"] {
            let mut total = 0;
            let mut files = Vec::new();
            let plain = connection.ask(&Request { encoding: None, ..Request::page("/parties", &session) }).await?;
            let mut wanted = vec![("/parties".to_owned(), false)];
            wanted.extend(assets(&String::from_utf8_lossy(&plain.body)).into_iter().map(|path| (path, true)));
            let mut at = 0;
            while let Some((path, is_asset)) = wanted.get(at).cloned() {
                at += 1;
                let answer = connection.ask(&Request { encoding: Some(encoding), ..Request::page(&path, &session) }).await?;
                if answer.status != 200 {
                    return Err(format!("{path}: {}", answer.status).into());
                }
                total += answer.wire;
                files.push(json!({"path": path, "bytes": answer.wire}));
                if is_asset && path.contains(".css") {
                    let text = connection.ask(&Request { encoding: None, ..Request::page(&path, &session) }).await?;
                    for font in urls(&String::from_utf8_lossy(&text.body)) {
                        if wanted.iter().all(|(known, _)| *known != font) {
                            wanted.push((font, true));
                        }
                    }
                }
            }
            let mut result = measure(
                "bytes",
                &format!("first page with all assets and fonts, {encoding}"),
                "KB",
                total as f64 / 1_000.0,
                Some(200.0),
                false,
            );
            result["files"] = json!(files);
            eprintln!("wire, {encoding}: {total} bytes in {} files", files.len());
            self.results.push(result);
            for (name, path) in [
                ("the list", "/parties".to_owned()),
                ("today", "/today".to_owned()),
                ("a customer with 5,000 entries", format!("/parties/{}", self.shop.party(1))),
            ] {
                let answer = connection.ask(&Request { encoding: Some(encoding), ..Request::page(&path, &session) }).await?;
                let mut result =
                    measure("bytes", &format!("a further page: {name}, {encoding}"), "KB", answer.wire as f64 / 1_000.0, Some(30.0), false);
                if answer.status != 200 {
                    result["met"] = json!(false);
                    result["error"] = json!(format!("{path}: {}", answer.status));
                }
                self.results.push(result);
            }
        }
        Ok(())
    }
}

/// A name up to some letter.
fn name_as_typed(shop: &Shop, draw: &mut Draw) -> String {
    let name = shop.person(1 + draw.below(shop.size.parties)).name;
    let letters = name.chars().count() as u64;
    name.chars().take(2 + draw.below(letters - 1) as usize).collect()
}

/// Three to six letters from within a name.
fn part_of_name(shop: &Shop, draw: &mut Draw) -> String {
    let person = shop.person(1 + draw.below(shop.size.parties));
    let word: Vec<char> = if person.last.is_empty() { person.name } else { person.last }.chars().collect();
    let length = (3 + draw.below(4) as usize).min(word.len());
    let from = draw.below((word.len() - length + 1) as u64) as usize;
    word[from..from + length].iter().collect()
}

/// A phone as people write it, from the fourth digit on.
fn phone_as_typed(shop: &Shop, draw: &mut Draw) -> String {
    let phone = shop.person(1 + draw.below(shop.size.parties)).mobile;
    let written = match (phone.strip_prefix("+98"), draw.below(3)) {
        (Some(local), 0) => format!("0{local}"),
        (Some(local), 1) => {
            format!("0{local}").chars().map(|c| c.to_digit(10).and_then(|d| char::from_u32('۰' as u32 + d)).unwrap_or(c)).collect()
        }
        _ => phone,
    };
    let letters = written.chars().count() as u64;
    written.chars().take(4 + draw.below(letters - 3) as usize).collect()
}

/// Scripts, styles, icons and preloaded fonts that a page names.
fn assets(html: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for tag in html.split('<').filter(|tag| ["link ", "script ", "img ", "use "].iter().any(|name| tag.starts_with(name))) {
        let tag = tag.split('>').next().unwrap_or_default();
        for attribute in ["href=\"", "src=\""] {
            let Some(value) = tag.split(attribute).nth(1).and_then(|rest| rest.split('"').next()) else { continue };
            let value = value.split('#').next().unwrap_or_default();
            // Alternate and canonical links are not fetched.
            if value.starts_with("/assets") || value.starts_with("/static") || value.contains(".css") || value.contains(".js") {
                found.push(value.to_owned());
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What a stylesheet loads.
fn urls(css: &str) -> Vec<String> {
    css.split("url(")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .map(|url| url.trim_matches(['"', '\'']).to_owned())
        .filter(|url| url.starts_with('/'))
        .collect()
}

/// A person: opens lists and customers, searches letter by letter, looks at the day, logs, completes.
async fn at_work(shop: Shop, mut me: Person, until: Instant) -> Person {
    let (session, token) = (session_token(shop.seed, me.user), api_token(shop.seed, me.user));
    // People do not begin in the same moment.
    me.think(THINK).await;
    let mut mine: Vec<Uuid> = Vec::new();
    while Instant::now() < until {
        match me.draw.below(100) {
            0..20 => {
                me.ask(Request::page("/parties", &session)).await;
                let sort = me.draw.one(&["name", "last_purchase", "next_follow_up"]);
                if let Some(answer) = me.ask(Request::api(format!("/api/v1/parties?limit=50&sort={sort}"), &token)).await
                    && let Ok(page) = answer.json()
                {
                    mine = page["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str()?.parse().ok()).collect();
                }
            }
            20..50 => {
                if !mine.is_empty() {
                    let id = me.draw.one(&mine);
                    me.ask(Request::page(format!("/parties/{id}"), &session)).await;
                }
            }
            50..70 => {
                let name = name_as_typed(&shop, &mut me.draw);
                let letters: Vec<char> = name.chars().collect();
                for end in 2..=letters.len().min(6) {
                    let typed: String = letters[..end].iter().collect();
                    me.ask(Request::api(format!("/api/v1/parties/search?q={}", encode(&typed)), &token)).await;
                    me.think(LETTER).await;
                }
            }
            70..80 => {
                me.ask(Request::page("/today", &session)).await;
            }
            80..92 => {
                if !mine.is_empty() {
                    let id = me.draw.one(&mine);
                    let body = json!({"party_id": id, "channel": "phone", "direction": "outbound", "reason": "follow_up",
                        "result": "answered", "text": "تماس گرفته شد؛ قرار شد هفته‌ی آینده خبر بدهد."});
                    me.ask(Request::api("/api/v1/interactions", &token).json(&body)).await;
                }
            }
            _ => complete(&mut me, &token).await,
        }
        me.think(THINK).await;
    }
    me
}

/// Takes one of the own open follow-ups and completes it.
async fn complete(me: &mut Person, token: &str) {
    let Some(answer) = me.ask(Request::api("/api/v1/follow-ups?state=open&mine=true&limit=20", token)).await else { return };
    let Ok(page) = answer.json() else { return };
    let open: Vec<(String, i64)> = page["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|item| item["state"] == "open")
        .filter_map(|item| Some((item["id"].as_str()?.to_owned(), item["version"].as_i64()?)))
        .collect();
    if open.is_empty() {
        return;
    }
    let (id, version) = &open[me.draw.below(open.len() as u64) as usize];
    let body = json!({"version": version, "result": "answered"});
    me.ask(Request::api(format!("/api/v1/follow-ups/{id}/complete"), token).json(&body)).await;
}

/// Memory and start of the server.
pub async fn start(binary: &Path, place: &Place, results: &mut Vec<Value>) -> Outcome<Server> {
    let mut times = Vec::new();
    for _ in 1..ROUNDS {
        let server = Server::start(binary, place).await?;
        times.push(server.ready.as_secs_f64());
        server.stop().await?;
    }
    let server = Server::start(binary, place).await?;
    times.push(server.ready.as_secs_f64());
    times.sort_by(f64::total_cmp);
    let mut result = measure("start", "ready to serve with the full database", "s", times[times.len() / 2], Some(1.0), false);
    result["rounds"] = json!(times);
    eprintln!("ready after {times:.3?} s");
    results.push(result);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (idle, _) = server.memory()?;
    results.push(measure("memory", "idle, resident", "MB", idle as f64 / 1e6, Some(60.0), false));
    eprintln!("idle {:.1} MB", idle as f64 / 1e6);
    Ok(server)
}

/// Memory after the load.
pub fn memory_after(server: &Server, results: &mut Vec<Value>) -> Outcome<()> {
    let (now, most) = server.memory()?;
    results.push(measure("memory", "most under the load, resident", "MB", most as f64 / 1e6, Some(256.0), false));
    results.push(measure("memory", "after the load, resident", "MB", now as f64 / 1e6, None, false));
    eprintln!("most {:.1} MB, now {:.1} MB", most as f64 / 1e6, now as f64 / 1e6);
    Ok(())
}
