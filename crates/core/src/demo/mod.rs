//! The demo: a Persian shop for coffee and kitchen things, «فروشگاه ترنج», with three years of history. The same seed
//! and date tell the same story down to its ids; only what must differ between installations does (passwords' salts,
//! sealed national IDs and their look-up hashes).

pub(crate) mod chance;
mod costs;
mod customers;
mod deals;
mod experience;
mod experiments;
mod fairness;
mod merge;
mod referrals;
mod respect;
mod saves;
mod talk;
mod trade;
mod voice;
mod words;

use crate::marketing::goals::notes::NewNote;
use crate::marketing::goals::{self, NewGoal};
use crate::marketing::segments::{self, NewSegment, Pick, PickMembers};
use crate::organisation::people::{self, NewUser};
use crate::organisation::units::{self, NewUnit, UnitChange};
use crate::parties::Party;
use crate::parties::check::{Checks, Role};
use crate::parties::list::{PartyFilters, Sort};
use crate::parties::views::{self, NewView, ViewList};
use crate::parties::write::insert_parties;
use crate::platform::access::{Actor, Rights, Unit, User, UserActor};
use crate::platform::calendar::Calendar;
use crate::platform::events::{self, Event};
use crate::platform::jobs;
use crate::platform::live::Live;
use crate::platform::money::{Currency, MoneyUnit};
use crate::platform::organisation::{Kind, Organisation};
use crate::platform::set_up::{self, NewOrganisation};
use crate::platform::text::{Digits, Lang};
use crate::platform::time::{HOUR, MINUTE};
use crate::sales::write::insert_purchases;
use crate::{App, AppParts, Ctx, Day, Door, Error, Id, Instant, Problem, Result};
use chance::{Chance, StoryClock};
use customers::{Customer, Habit};
use jiff::tz::TimeZone;
use peyvand_db::{Db, sql};
use serde::Serialize;
use std::sync::{Arc, RwLock};

/// Everybody of the demo signs in with it.
pub const PASSWORD: &str = "bahar-narenj-41";
/// The story begins so many days before its last day.
const DAYS: i64 = 3 * 365 + 1;
/// Lines of purchases of one transaction.
const BATCH: usize = 2000;
/// More customers than this are no demo; the generator of `bench/` makes those.
const CUSTOMERS_MAX: usize = 20_000;
/// The counter that is there while the story is told.
const UNFINISHED: &str = "demo_unfinished";

/// What to tell.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The same seed tells the same story.
    pub seed: u64,
    /// Its last day: today, for who looks at it.
    pub date: Day,
    /// How many customers.
    pub customers: usize,
}

/// Somebody who may sign in.
#[derive(Clone, Debug, Serialize)]
pub struct SignIn {
    /// Their post.
    pub post: &'static str,
    /// Their name.
    pub name: &'static str,
    /// With which they sign in.
    pub email: String,
}

/// What was told.
#[derive(Clone, Debug, Serialize)]
pub struct Shop {
    /// Customers, each counted once.
    pub customers: i64,
    /// Those of them who were written down twice.
    pub doubles: i64,
    /// Purchases.
    pub purchases: i64,
    /// Interactions.
    pub interactions: i64,
    /// Follow-ups.
    pub follow_ups: i64,
    /// One of each post.
    pub sign_in: Vec<SignIn>,
}

/// Somebody of the shop: name, first part of the address, post, whether they lead their unit.
type Person = (&'static str, &'static str, &'static str, bool);

/// Units and their people.
const STAFF: &[(&str, &[Person])] = &[
    (
        "فروش",
        &[
            ("سینا کیانی", "sina", "manager", true),
            ("سارا محمدی", "sara", "agent", false),
            ("آرش بهرامی", "arash", "agent", false),
            ("مهسا نوری", "mahsa", "agent", false),
            ("امید رستمی", "omid", "agent", false),
        ],
    ),
    ("خدمات پس از فروش", &[("لیلا شفیعی", "leila", "manager", true), ("کامران اسدی", "kamran", "agent", false)]),
    ("بازاریابی", &[("پریسا فرهادی", "parisa", "manager", true), ("یاسمن عزیزی", "yasaman", "agent", false)]),
    ("مالی", &[("حمید قاسمی", "hamid", "manager", true)]),
    ("انبار", &[("رضا مرادی", "reza", "manager", true), ("مینا کریمی", "mina", "agent", false)]),
];

/// Somebody of the shop.
#[derive(Clone, Debug)]
struct Member {
    id: Id<User>,
    unit: Id<Unit>,
    /// Which unit of [`STAFF`].
    place: usize,
}

/// A demo under way.
struct Story {
    app: App,
    clock: Arc<StoryClock>,
    seed: u64,
    zone: TimeZone,
    /// The last day that is told; the date itself is left to who looks at it.
    last: Day,
    /// The moment the story ends: the first minute of the date.
    now: Instant,
}

/// Refuses a database that somebody has worked with.
///
/// # Errors
/// [`Error::Invalid`] then.
pub async fn check_empty(app: &App) -> Result<()> {
    let party: Option<(i64,)> = app.db.maybe(sql("SELECT 1 FROM parties LIMIT 1")).await?;
    if !set_up::needed(app).await? || party.is_some() {
        return Err(Problem::new("", "demo-not-empty").into());
    }
    Ok(())
}

/// Whether a demo was begun here and not filled to its end: such a database is neither empty nor a shop.
///
/// # Errors
/// When the database is out of reach.
pub async fn is_unfinished(db: &Db) -> Result<bool> {
    let mark: Option<(i64,)> = db.maybe(sql("SELECT value FROM counters WHERE name = $1").bind(UNFINISHED)).await?;
    Ok(mark.is_some())
}

/// Fills an empty database. Until it is whole, [`is_unfinished`] says so: the story is told in many transactions.
///
/// # Errors
/// When somebody has worked with the database, or it refuses.
pub async fn fill(app: &App, plan: &Plan) -> Result<Shop> {
    check_empty(app).await?;
    if !(1..=CUSTOMERS_MAX).contains(&plan.customers) {
        return Err(Problem::new("customers", "input-range").with("min", 1).with("max", CUSTOMERS_MAX).into());
    }
    let mut tx = app.db.begin().await?;
    tx.run(sql("INSERT INTO counters (name, value) VALUES ($1, 1)").bind(UNFINISHED)).await?;
    tx.commit().await?;
    let zone = Organisation::unnamed().zone();
    let first = plan.date.plus(-DAYS);
    let clock = Arc::new(StoryClock::new(plan.seed, Instant::start_of(first, &zone).plus(9 * HOUR)));
    let story = Story {
        app: App::new(AppParts {
            db: app.db.clone(),
            keys: RwLock::new(app.keys()),
            clock: clock.clone(),
            mail: None,
            data: app.data.clone(),
            live: Live::default(),
            wake: tokio::sync::watch::Sender::new(()),
            organisation: RwLock::default(),
            sessions: Default::default(),
        }),
        clock,
        seed: plan.seed,
        zone: zone.clone(),
        last: plan.date.plus(-1),
        now: Instant::start_of(plan.date, &zone).plus(MINUTE),
    };
    let (owner, staff) = story.people().await?;
    let customers = customers::customers(plan.seed, plan.customers, first.plus(2), story.last);
    let parties = story.write_customers(&customers, owner, &staff).await?;
    let ids: Vec<Id<Party>> = parties.iter().map(|party| party.id).collect();
    story.write_purchases(&customers, &ids).await?;
    story.talk(&customers, &parties, &staff).await?;
    story.deals(&customers, &parties, owner).await?;
    story.segments(owner, &staff, &ids).await?;
    story.write_costs(&customers, &parties, owner).await?;
    story.write_saves(&customers, &parties).await?;
    story.write_spendings(&customers, &parties).await?;
    story.experience(owner, &staff).await?;
    story.write_voice(&customers, &parties, &staff).await?;
    story.write_referrals(&customers, &parties, owner, &staff).await?;
    let doubles = story.write_doubles(&customers, &parties, owner).await?;
    story.clock.set(story.now);
    jobs::drain(&story.app).await?;
    story.give(owner).await?;
    story.respect(owner, &staff).await?;
    story.try_out(owner, &staff).await?;
    story.fairness(owner).await?;
    story.propose(owner, &staff).await?;
    jobs::drain(&story.app).await?;
    crate::lifecycle::times::find_out(&story.at(story.now, None)).await?;
    app.forget_organisation();
    app.forget_sessions();
    app.db.analyze().await?;
    let shop = story.told(doubles).await?;
    let mut tx = app.db.begin().await?;
    tx.run(sql("DELETE FROM counters WHERE name = $1").bind(UNFINISHED)).await?;
    tx.commit().await?;
    Ok(shop)
}

/// A customer as written, with who looks after them.
#[derive(Clone, Copy, Debug)]
struct Kept {
    id: Id<Party>,
    owner: Id<User>,
}

impl Story {
    /// A context of somebody of the shop, or of the shop itself, at a moment.
    fn at(&self, moment: Instant, by: Option<&Member>) -> Ctx {
        match by {
            Some(member) => self.by(moment, member.id, vec![member.unit]),
            None => {
                self.clock.set(moment);
                self.app.context(Actor::System, Door::Web, Organisation::unnamed().prefs())
            }
        }
    }

    /// A context of a user in some units at a moment.
    fn by(&self, moment: Instant, id: Id<User>, units: Vec<Id<Unit>>) -> Ctx {
        self.clock.set(moment);
        let actor = UserActor { id, name: String::new(), units, rights: Rights::full(), scopes: None };
        self.app.context(Actor::User(Arc::new(actor)), Door::Web, Organisation::unnamed().prefs())
    }

    /// Groups of customers that the owner keeps an eye on, and a list.
    async fn segments(&self, owner: Id<User>, staff: &[Member], parties: &[Id<Party>]) -> Result<()> {
        let ctx = self.by(self.now, owner, staff.first().map(|member| member.unit).into_iter().collect());
        let (mut goals, mut notes) = (words::GOALS.iter(), words::GOAL_NOTES.iter());
        for (name, rule) in words::SEGMENTS {
            let rule = serde_json::from_str(rule).map_err(Error::fault)?;
            let segment = segments::create(&ctx, NewSegment { name: (*name).to_owned(), rule, is_shared: true }).await?.id;
            // Two whom the owner knows better than a rule does.
            for (party, pick) in parties.iter().zip([Pick::In, Pick::Out]) {
                segments::pick(&ctx, PickMembers { id: segment, party_ids: vec![*party], pick }).await?;
            }
            if let Some((figure, target, days, budget, note)) = goals.next() {
                let goal = NewGoal {
                    segment_id: segment,
                    figure: *figure,
                    target: (*target).to_owned(),
                    from_on: Some(self.last.plus(-days)),
                    until_on: self.last.plus(*days),
                    budget: Some((*budget).to_owned()),
                    note: Some((*note).to_owned()),
                };
                let goal = goals::create(&ctx, goal).await?;
                if let Some(note) = notes.next() {
                    goals::notes::add(&ctx, NewNote { goal_id: Some(goal.id), words: (*note).to_owned() }).await?;
                }
            }
        }
        let filters = PartyFilters { silent: Some(true), role: Some(Role::Customer), ..PartyFilters::default() };
        let list = ViewList { filters, sort: Some(Sort::Spent), desc: true, ..ViewList::default() };
        views::create(&ctx, NewView { name: words::VIEW.to_owned(), list, is_shared: true }).await?;
        Ok(())
    }

    /// The owner, then the staff.
    async fn people(&self) -> Result<(Id<User>, Vec<Member>)> {
        let owner = set_up::run(
            &self.app,
            NewOrganisation {
                name: "فروشگاه ترنج".to_owned(),
                kind: Kind::Retail,
                lang: Lang::Fa,
                calendar: Calendar::Jalali,
                digits: Digits::Persian,
                currency: Currency::IRR,
                money_unit: MoneyUnit::Toman,
                country: "IR".to_owned(),
                time_zone: "Asia/Tehran".to_owned(),
                owner_name: "نگار ترنجی".to_owned(),
                email: address("negar"),
                password: PASSWORD.to_owned(),
                readiness: Vec::new(),
            },
        )
        .await?;
        let mut staff = Vec::new();
        let begin = self.app.clock.now();
        for (place, (unit, members)) in STAFF.iter().enumerate() {
            let ctx = self.at(begin.plus((place as i64 + 1) * HOUR), None);
            let unit = units::create(&ctx, NewUnit { name: (*unit).to_owned(), parent_id: None, head_id: None }).await?;
            for (name, local, post, leads) in *members {
                let new = NewUser {
                    email: address(local),
                    name: (*name).to_owned(),
                    post: (*post).to_owned(),
                    unit_id: Some(unit.id),
                    // Hashing takes its time on purpose, so only those whose addresses are printed get a password.
                    password: matches!(*local, "sina" | "sara").then(|| PASSWORD.to_owned()),
                };
                let person = people::create(&ctx, new).await?;
                if *leads {
                    let change = UnitChange { id: unit.id, name: unit.name.clone(), parent_id: None, head_id: Some(person.id) };
                    units::update(&ctx, change).await?;
                }
                staff.push(Member { id: person.id, unit: unit.id, place });
            }
        }
        Ok((owner, staff))
    }

    async fn write_customers(&self, customers: &[Customer], owner: Id<User>, staff: &[Member]) -> Result<Vec<Kept>> {
        let keys = self.app.keys();
        let mut chance = Chance::new(self.seed, 3);
        let sellers: Vec<&Member> = staff.iter().filter(|member| member.place == 0).collect();
        let mut kept = Vec::with_capacity(customers.len());
        let mut tx = self.app.db.begin().await?;
        for day in customers.chunk_by(|one, other| one.came == other.came) {
            let came = day[0].came;
            let seller = chance.pick(&sellers[1..]);
            let ctx = self.at(trade::opening_hours(&mut chance, came, &self.zone), Some(seller));
            let checks = Checks { country: "IR", calendar: Calendar::Gregorian, today: came, keys: &keys };
            let mut checked = Vec::with_capacity(day.len());
            for customer in day {
                // The owner looks after the hotels, the head of sales after half of the companies.
                let (owner, unit) = match customer.habit {
                    Habit::Hotel => (owner, sellers[0].unit),
                    Habit::Office if chance.happens(0.5) => (sellers[0].id, sellers[0].unit),
                    _ => {
                        let seller = chance.pick(&sellers[1..]);
                        (seller.id, seller.unit)
                    }
                };
                let mut facts = customer.facts.clone();
                facts.owner_id = Some(owner);
                facts.unit_id = Some(unit);
                checked.push(facts.checked(&checks).and_then(crate::parties::check::CheckedParty::named).map_err(Error::Invalid)?);
            }
            let written = insert_parties(&mut tx, &ctx, &checked, None).await?;
            let created = written.iter().map(|party| Event::of_party("party.created", party.id, serde_json::json!({}))).collect();
            events::record_all(&mut tx, &ctx, created).await?;
            for (party, facts) in written.iter().zip(&checked) {
                kept.push(Kept { id: party.id, owner: facts.owner_id.unwrap_or(seller.id) });
            }
        }
        tx.commit().await?;
        Ok(kept)
    }

    async fn write_purchases(&self, customers: &[Customer], parties: &[Id<Party>]) -> Result<()> {
        let mut lines = trade::lines(self.seed, customers, parties, self.last, &self.zone).into_iter().peekable();
        while lines.peek().is_some() {
            let batch: Vec<_> = lines.by_ref().take(BATCH).collect();
            let until = batch.last().map_or(self.now, |line| line.at);
            let ctx = self.at(until, None);
            let mut tx = self.app.db.begin().await?;
            insert_purchases(&mut tx, &ctx, batch, None).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn told(&self, doubles: i64) -> Result<Shop> {
        let (records, purchases, interactions, follow_ups): (i64, i64, i64, i64) = self
            .app
            .db
            .one(sql("SELECT (SELECT count(*) FROM parties), (SELECT count(*) FROM purchases), (SELECT count(*) FROM interactions),
                        (SELECT count(*) FROM follow_ups)"))
            .await?;
        let sign_in = vec![
            SignIn { post: "owner", name: "نگار ترنجی", email: address("negar") },
            SignIn { post: "manager", name: "سینا کیانی", email: address("sina") },
            SignIn { post: "agent", name: "سارا محمدی", email: address("sara") },
        ];
        Ok(Shop { customers: records - doubles, doubles, purchases, interactions, follow_ups, sign_in })
    }
}

fn address(local: &str) -> String {
    format!("{local}@toranj.example")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    async fn empty() -> App {
        let app = testing::app().await;
        let mut tx = app.db.begin().await.unwrap();
        for statement in ["DELETE FROM units", "DELETE FROM posts", "DELETE FROM terms"] {
            tx.run(sql(statement)).await.unwrap();
        }
        tx.commit().await.unwrap();
        app
    }

    async fn told(db: &Db) -> (Vec<(String, uuid::Uuid, i64)>, Vec<(uuid::Uuid, i64, Option<String>)>) {
        let parties = db.all(sql("SELECT name, id, spent_minor FROM parties ORDER BY no")).await.unwrap();
        let talks = db.all(sql("SELECT id, at, text FROM interactions ORDER BY id")).await.unwrap();
        (parties, talks)
    }

    #[tokio::test]
    async fn the_same_seed_and_date_fill_the_same_shop_and_a_second_time_is_refused() {
        let plan = Plan { seed: 5, date: "2026-11-21".parse().unwrap(), customers: 60 };
        let (one, two) = (empty().await, empty().await);
        let shop = fill(&one, &plan).await.unwrap();
        fill(&two, &plan).await.unwrap();
        assert_eq!((shop.customers, shop.doubles), (60, 2));
        assert!(shop.purchases > 100 && shop.interactions > 100 && shop.follow_ups > 5, "{shop:?}");
        assert_eq!(told(&one.db).await, told(&two.db).await);
        assert!(!is_unfinished(&one.db).await.unwrap());
        let owner = one.system(Door::Cli);
        owner.run(crate::today::get, Default::default()).await.unwrap();
        owner.run(crate::interactions::list, Default::default()).await.unwrap();
        owner.run(crate::follow_ups::list, Default::default()).await.unwrap();
        let fits = owner.run(crate::insight::fits::current, crate::operation::Nothing {}).await.unwrap();
        assert!(
            fits.len() == crate::insight::FitKind::ALL.len() && fits.iter().all(|fit| fit.as_of == plan.date && fit.customers > 30),
            "{fits:?}"
        );
        let profits = owner.run(crate::insight::profits::summary, crate::operation::Nothing {}).await.unwrap();
        let whale = profits.whale.unwrap();
        assert!(whale.customers > 30 && whale.losing.customers > 0 && profits.run.unwrap().unpriced.0.is_empty(), "{:?}", whale.losing);
        assert!(fill(&one, &plan).await.is_err());
        let (ahead,): (i64,) = one.db.one(sql("SELECT count(*) FROM events WHERE at > $1").bind(testing::NOW)).await.unwrap();
        assert_eq!(ahead, 0);
    }

    #[tokio::test]
    async fn the_facts_of_a_customer_are_those_of_their_history() {
        let app = empty().await;
        fill(&app, &Plan { seed: 1, date: "2026-11-21".parse().unwrap(), customers: 40 }).await.unwrap();
        let (wrong,): (i64,) = app.db.one(sql("SELECT count(*) FROM parties WHERE role = 'prospect' AND purchases > 0")).await.unwrap();
        assert_eq!(wrong, 0);
        assert_eq!(crate::parties::facts::differing(&app.system(Door::Cli)).await, 0);
    }
}
