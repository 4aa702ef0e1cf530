//! A rule means the same customers whether a database or [`matches`] is asked: made-up rules over a made-up population.

use super::compile::{Of, condition};
use super::rule::birthday::month_word;
use super::rule::{Answer, Facts, Field, Figures, Happened, Rule, What, World, matches};
use super::{NewSegment, Segment, create, world};
use crate::demo::chance::Chance;
use crate::insight::rhythm::Habit;
use crate::interactions::{Channel, Direction};
use crate::lifecycle::{Stage, Standing};
use crate::parties::Party;
use crate::parties::check::{Gender, Kind, Role, Stance};
use crate::parties::preferences::PreferenceKind;
use crate::platform::access::{Unit, User};
use crate::platform::calendar::Calendar;
use crate::platform::text::search_key;
use crate::platform::time::{HOUR, MINUTE};
use crate::sales::Product;
use crate::{Ctx, Day, Instant, testing};
use peyvand_db::{Id, Tx, sql};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SEED: u64 = 20_261_122;
const PEOPLE: usize = 48;
const RULES: usize = 900;
/// What stands between customers and their facts, as far as rules go.
const CITIES: [&str; 4] = ["تهران", "کرج", "كرج", "شیراز"];
const PROVINCES: [&str; 2] = ["تهران", "البرز"];
const SOURCES: [&str; 3] = ["instagram", "walk_in", "همسایه"];
const TAGS: [&str; 3] = ["نقره‌ای", "طلایی", "همکار"];
const KNOWN: [&str; 3] = ["modern", "چای سبز", "training"];
const REASONS: [&str; 3] = ["complaint", "price", "question"];
const EDUCATIONS: [&str; 3] = ["bachelor", "master", "حوزوی"];
const JOBS: [&str; 2] = ["پزشک", "مهندس عمران"];
const INCOMES: [&str; 2] = ["low", "high"];
const ORIGINS: [&str; 2] = ["website", "نمایشگاه"];
const RESULTS: [&str; 2] = ["complaint_open", "solved"];
const CATEGORIES: [&str; 2] = ["چای", "قهوه"];

/// What people of the made-up shop have to do with.
struct Shop {
    chance: Chance,
    world: World,
    users: Vec<Id<User>>,
    units: Vec<Id<Unit>>,
    products: Vec<(Id<Product>, Option<String>)>,
    segments: Vec<Id<Segment>>,
}

impl Shop {
    fn maybe<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        self.chance.happens(0.7).then(|| *self.chance.pick(choices))
    }

    fn day(&mut self, from: i64, to: i64) -> Day {
        self.world.today.plus(self.chance.between(from, to))
    }

    /// A moment of the day, its first and its last minute among them.
    fn moment(&mut self, day: Day) -> Instant {
        let start = Instant::start_of(day, &self.world.zone);
        start.plus(*self.chance.pick(&[0, MINUTE, 12 * HOUR, 24 * HOUR - 1]))
    }

    fn person(&mut self) -> Facts {
        let mut happened = Vec::new();
        for _ in 0..self.chance.times(1.5) {
            let goods = (0..self.chance.between(1, 3)).map(|_| self.chance.pick(&self.products.clone()).clone()).collect();
            happened.push(Happened::Purchase { day: self.day(-120, 0), goods });
        }
        for _ in 0..self.chance.times(1.5) {
            let day = self.day(-120, 0);
            let (channel, direction) = (*self.chance.pick(&[Channel::Phone, Channel::Note]), *self.chance.pick(Direction::ALL));
            let mut word = |words: &[&str]| self.chance.happens(0.7).then(|| (*self.chance.pick(words)).to_owned());
            let (reason, origin, result) = (word(&REASONS), word(&ORIGINS), word(&RESULTS));
            happened.push(Happened::Interaction { day, channel, direction, reason, origin, result });
        }
        for _ in 0..self.chance.times(0.7) {
            happened.push(Happened::FollowUpDone { day: self.day(-120, 0) });
        }
        let bought = happened.iter().filter_map(|one| if let Happened::Purchase { day, .. } = one { Some(*day) } else { None });
        let spoken = happened.iter().filter_map(|one| match one {
            Happened::Interaction { day, channel, .. } if *channel != Channel::Note => Some(*day),
            _ => None,
        });
        let (first_purchase, last_purchase, purchases) = (bought.clone().min(), bought.clone().max(), bought.count() as i64);
        let last_contact = spoken.max();
        let mut preferences = Vec::new();
        for _ in 0..self.chance.times(1.0) {
            preferences.push((*self.chance.pick(PreferenceKind::ALL), (*self.chance.pick(&KNOWN)).to_owned()));
        }
        let (users, units, segments) = (self.users.clone(), self.units.clone(), self.segments.clone());
        Facts {
            kind: *self.chance.pick(Kind::ALL),
            role: *self.chance.pick(Role::ALL),
            gender: self.maybe(Gender::ALL),
            stance: self.maybe(Stance::ALL),
            city: self.maybe(&CITIES).map(str::to_owned),
            province: self.maybe(&PROVINCES).map(str::to_owned),
            source: self.maybe(&SOURCES).map(str::to_owned),
            owner: self.maybe(&users),
            unit: self.maybe(&units),
            created: self.day(-200, 0),
            education: self.maybe(&EDUCATIONS).map(str::to_owned),
            job: self.maybe(&JOBS).map(str::to_owned),
            income: self.maybe(&INCOMES).map(str::to_owned),
            preferred_channel: self.maybe(&[Channel::Phone, Channel::Sms]),
            phone: self.maybe(&["+982112345678"]).map(str::to_owned),
            email: self.maybe(&["a@b.example"]).map(str::to_owned),
            birth: self.chance.happens(0.7).then(|| self.day(-30_000, -5_000)),
            first_purchase,
            last_purchase,
            purchases,
            spent_minor: self.chance.between(-1, 5) * 100,
            last_contact,
            next_follow_up: self.chance.happens(0.5).then(|| self.day(-10, 40)),
            silent_from: self.chance.happens(0.6).then(|| self.day(-30, 30)),
            figures: self.figures(),
            tags: TAGS.iter().filter(|_| self.chance.happens(0.4)).map(|tag| (*tag).to_owned()).collect(),
            preferences,
            happened,
            segments: segments.into_iter().filter(|_| self.chance.happens(0.5)).collect(),
        }
    }

    /// Nothing for some; what one model refused is absent for others.
    fn figures(&mut self) -> Figures {
        if self.chance.happens(0.2) {
            return Figures::default();
        }
        let (has_bands, has_chances) = (self.chance.happens(0.8), self.chance.happens(0.8));
        let mut band = || has_bands.then(|| self.chance.between(1, 5));
        let (recency, frequency, value, frequency_value) = (band(), band(), band(), band());
        let mut of = |most: i64, parts: f64| has_chances.then(|| self.chance.between(0, most) as f64 / parts);
        let (active, expected_purchases, expected_value_minor) = (of(100, 100.0), of(12, 4.0), of(4, 0.01));
        let (expected_amount_minor, usual_gap) = (of(4, 0.01), of(90, 1.5));
        let habit = Some(*self.chance.pick(Habit::ALL));
        let (stage, standing) = (Some(*self.chance.pick(Stage::ALL)), Some(*self.chance.pick(Standing::ALL)));
        let season = self.chance.happens(0.3).then(|| self.chance.between(1, 4));
        let minutes = Some(self.chance.between(0, 90));
        let tier = self.chance.happens(0.7).then(|| self.chance.between(1, 4));
        let profit_minor = Some(self.chance.between(-3, 5) * 100);
        Figures {
            stage,
            standing,
            recency,
            frequency,
            value,
            frequency_value,
            active,
            expected_purchases,
            expected_value_minor,
            expected_amount_minor,
            habit,
            usual_gap,
            season,
            tier,
            profit_minor,
            minutes,
        }
    }

    async fn store(&mut self, ctx: &Ctx, tx: &mut Tx, party: Id<Party>, facts: &Facts) {
        let day = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
        let created = self.moment(facts.created);
        let contact = facts.last_contact.map_or(Instant::NEVER, |day| self.moment(day));
        let next = facts.next_follow_up.map_or(Instant::NOT_PLANNED, |day| self.moment(day));
        tx.run(
            sql("UPDATE parties SET kind = $1, role = $2, gender = $3, stance = $4, city = $5, city_key = $6, province = $7, source = $8,
                   owner_id = $9, unit_id = $10, created_at = $11, birth_on = $12, first_purchase_on = $13, last_purchase_on = $14,
                   purchases = $15, spent_minor = $16, last_contact_at = $17, next_follow_up_at = $18, silent_from = $19,
                   education = $20, job = $21, income_band = $22, preferred_channel = $23, phone = $24, email = $25 WHERE id = $26")
            .bind(facts.kind)
            .bind(facts.role)
            .bind(facts.gender)
            .bind(facts.stance)
            .bind(facts.city.as_deref())
            .bind(facts.city.as_deref().map(search_key))
            .bind(facts.province.as_deref())
            .bind(facts.source.as_deref())
            .bind(facts.owner)
            .bind(facts.unit)
            .bind(created)
            .bind(facts.birth)
            .bind(day(facts.first_purchase))
            .bind(day(facts.last_purchase))
            .bind(facts.purchases)
            .bind(facts.spent_minor)
            .bind(contact)
            .bind(next)
            .bind(day(facts.silent_from))
            .bind(facts.education.as_deref())
            .bind(facts.job.as_deref())
            .bind(facts.income.as_deref())
            .bind(facts.preferred_channel)
            .bind(facts.phone.as_deref())
            .bind(facts.email.as_deref())
            .bind(party),
        )
        .await
        .unwrap();
        let figures = facts.figures;
        if let Some(habit) = figures.habit {
            let scores = sql(
                "INSERT INTO party_scores (party_id, recency_days, age_days, occasions, net_minor, repeat_mean_minor, silence, recency,
                                frequency, value, frequency_value, p_active, purchases_90d, value_12m_minor, rfm_fit_id, activity_fit_id,
                                spending_fit_id, habit, occasion_minor, gap_days, season)
                              VALUES ($1, 1, 1, 1, 0, 0, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            )
            .bind(party)
            .bind(figures.recency)
            .bind(figures.frequency)
            .bind(figures.value)
            .bind(figures.frequency_value)
            .bind(figures.active)
            .bind(figures.expected_purchases)
            .bind(figures.expected_value_minor)
            .bind(ctx.id::<()>())
            .bind(ctx.id::<()>())
            .bind(ctx.id::<()>())
            .bind(habit)
            .bind(figures.expected_amount_minor)
            .bind(figures.usual_gap)
            .bind(figures.season);
            tx.run(scores).await.unwrap();
        }
        if let Some((stage, standing)) = figures.stage.zip(figures.standing) {
            // How they stood before does not count.
            for (place, stage, standing, left) in
                [(0, Stage::Potential, Standing::Lost, Some(self.world.today)), (1, stage, standing, None)]
            {
                let way = sql("INSERT INTO stage_memberships (party_id, place, kind, stage, standing, entered_on, left_on, transition_id)
                               VALUES ($1, $2, 'enter', $3, $4, '2020-01-01', $5, $1)");
                tx.run(way.bind(party).bind(place).bind(stage).bind(standing).bind(left)).await.unwrap();
            }
        }
        if let Some(profit) = figures.profit_minor {
            let profits = sql("INSERT INTO party_profits (party_id, run_id, sales_minor, discount_minor, goods_minor, staff_minor,
                                 channels_minor, entered_minor, profit_minor, minutes, contacts, tier)
                               VALUES ($1, $2, 0, 0, 0, 0, 0, 0, $3, $4, 0, $5)");
            let profits = profits.bind(party).bind(ctx.id::<()>()).bind(profit).bind(figures.minutes).bind(figures.tier);
            tx.run(profits).await.unwrap();
        }
        for tag in &facts.tags {
            tx.run(sql("INSERT INTO party_tags (party_id, tag) VALUES ($1, $2)").bind(party).bind(tag)).await.unwrap();
        }
        for segment in &facts.segments {
            let member = sql("INSERT INTO segment_members (segment_id, party_id, since) VALUES ($1, $2, 1)").bind(*segment).bind(party);
            tx.run(member).await.unwrap();
        }
        for (kind, text) in &facts.preferences {
            let is_term = self.chance.happens(0.5);
            let known = |ended: Option<Instant>, text: &str| {
                sql("INSERT INTO preferences (id, party_id, kind, term, words, confidence, observed_on, created_at, ended_at)
                     VALUES ($1, $2, $3, $4, $5, 'high', '2026-01-01', 1, $6)")
                .bind(ctx.id::<()>())
                .bind(party)
                .bind(*kind)
                .bind(is_term.then_some(text))
                .bind((!is_term).then_some(text))
                .bind(ended)
            };
            tx.run(known(None, text)).await.unwrap();
            // What does not hold any more is not known of them.
            tx.run(known(Some(ctx.now()), "چیزی دیگر")).await.unwrap();
        }
        for happened in &facts.happened {
            match happened {
                Happened::Purchase { day, goods } => {
                    self.sell(ctx, tx, party, *day, goods, 1).await;
                    // Goods given back were not bought again.
                    self.sell(ctx, tx, party, self.world.today, goods, -1).await;
                }
                Happened::Interaction { day, channel, direction, reason, origin, result } => {
                    let at = self.moment(*day);
                    let query = sql("INSERT INTO interactions (id, party_id, at, channel, direction, reason, origin, result, created_at)
                                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)")
                    .bind(ctx.id::<()>())
                    .bind(party)
                    .bind(at)
                    .bind(*channel)
                    .bind(*direction)
                    .bind(reason.as_deref())
                    .bind(origin.as_deref())
                    .bind(result.as_deref());
                    tx.run(query).await.unwrap();
                }
                Happened::FollowUpDone { day } => {
                    let at = self.moment(*day);
                    for (state, done) in [("done", Some(at)), ("open", None)] {
                        let query = sql("INSERT INTO follow_ups (id, party_id, owner_id, what, importance, planned_at, due_at, state,
                                           done_at, escalation, version, created_at)
                                         VALUES ($1, $2, $3, 'x', 'normal', 1, 1, $4, $5, 0, 1, 1)")
                        .bind(ctx.id::<()>())
                        .bind(party)
                        .bind(self.users[0])
                        .bind(state)
                        .bind(done);
                        tx.run(query).await.unwrap();
                    }
                }
            }
        }
    }

    async fn sell(&self, ctx: &Ctx, tx: &mut Tx, party: Id<Party>, day: Day, goods: &[(Id<Product>, Option<String>)], sign: i64) {
        let purchase = ctx.id::<()>();
        let query = sql("INSERT INTO purchases (id, party_id, at, day, currency, gross_minor, refund_minor, lines, created_at)
                         VALUES ($1, $2, 1, $3, 'IRR', 0, 0, 1, 1)");
        tx.run(query.bind(purchase).bind(party).bind(day)).await.unwrap();
        for (product, _) in goods {
            let query = sql("INSERT INTO purchase_lines (id, purchase_id, party_id, product_id, day, quantity, unit_price_minor,
                               discount_minor, amount_minor, sign, currency)
                             VALUES ($1, $2, $3, $4, $5, 1, 0, 0, 0, $6, 'IRR')");
            let query = query.bind(ctx.id::<()>()).bind(purchase).bind(party).bind(*product).bind(day).bind(sign);
            tx.run(query).await.unwrap();
        }
    }

    fn rule(&mut self, depth: usize) -> Value {
        if depth > 0 && self.chance.happens(0.6) {
            let count = self.chance.between(1, 3);
            return match self.chance.between(0, 2) {
                0 => json!({"not": self.rule(depth - 1)}),
                1 => json!({"all": (0..count).map(|_| self.rule(depth - 1)).collect::<Vec<_>>()}),
                _ => json!({"any": (0..count).map(|_| self.rule(depth - 1)).collect::<Vec<_>>()}),
            };
        }
        match self.chance.between(0, 9) {
            0 => json!({"tag": self.chance.pick(&TAGS)}),
            1 => {
                let kind = *self.chance.pick(PreferenceKind::ALL);
                match self.maybe(&KNOWN) {
                    Some(text) => json!({"preference": {"kind": kind, "text": text}}),
                    None => json!({"preference": {"kind": kind}}),
                }
            }
            2 => json!({"in": self.chance.pick(&self.segments.clone())}),
            3..=5 => json!({"did": self.did()}),
            _ => {
                let field = *self.chance.pick(Field::ALL);
                json!({"field": {"field": field, "is": self.test(field)}})
            }
        }
    }

    fn did(&mut self) -> Value {
        let what = *self.chance.pick(What::ALL);
        let mut did = json!({"what": what});
        match what {
            What::Purchase => {
                if self.chance.happens(0.3) {
                    did["product_id"] = json!(self.chance.pick(&self.products.clone()).0);
                }
                if self.chance.happens(0.3) {
                    did["category"] = json!(self.chance.pick(&CATEGORIES));
                }
            }
            What::Interaction => {
                if self.chance.happens(0.4) {
                    did["channel"] = json!(self.chance.pick(&[Channel::Phone, Channel::Note]));
                }
                if self.chance.happens(0.3) {
                    did["direction"] = json!(self.chance.pick(Direction::ALL));
                }
                if self.chance.happens(0.3) {
                    did["reason"] = json!(self.chance.pick(&REASONS));
                }
                if self.chance.happens(0.2) {
                    did["origin"] = json!(self.chance.pick(&ORIGINS));
                }
                if self.chance.happens(0.2) {
                    did["result"] = json!(self.chance.pick(&RESULTS));
                }
            }
            What::FollowUpDone => {}
        }
        match self.chance.between(0, 3) {
            0 => did["at_least"] = json!(self.chance.between(0, 3)),
            1 => did["at_most"] = json!(self.chance.between(0, 2)),
            2 => {
                let least = self.chance.between(0, 2);
                did["at_least"] = json!(least);
                did["at_most"] = json!(least + self.chance.between(0, 2));
            }
            _ => {}
        }
        if self.chance.happens(0.6) {
            did["days"] = self.days();
        }
        did
    }

    fn days(&mut self) -> Value {
        match self.chance.between(0, 4) {
            0 => json!({"last": self.chance.between(1, 90)}),
            1 => json!({"next": self.chance.between(1, 40)}),
            2 => json!({"earlier": self.chance.between(0, 90)}),
            3 => json!({"between": {"from": self.day(-120, 0)}}),
            _ => {
                let from = self.day(-120, 0);
                json!({"between": {"from": from, "until": from.plus(self.chance.between(0, 60))}})
            }
        }
    }

    fn test(&mut self, field: Field) -> Value {
        if field.may_be_unknown() && self.chance.happens(0.25) {
            return json!({"known": self.chance.happens(0.5)});
        }
        match field.answer() {
            Answer::Presence => json!({"known": self.chance.happens(0.5)}),
            Answer::Day if field == Field::Birthday => match self.chance.between(0, 2) {
                0 => json!({"days": {"next": self.chance.between(1, 380)}}),
                1 => json!({"days": {"last": self.chance.between(1, 60)}}),
                _ => {
                    let from = self.day(-200, 200);
                    json!({"days": {"between": {"from": from, "until": from.plus(self.chance.between(0, 60))}}})
                }
            },
            Answer::Day => json!({"days": self.days()}),
            Answer::Flag => json!({"yes": self.chance.happens(0.5)}),
            Answer::Money => {
                // In major units, where the facts are in minor ones.
                let least = self.chance.between(-1, 4);
                match self.chance.between(0, 2) {
                    0 => json!({"money": {"at_least": format!("{least}")}}),
                    1 => json!({"money": {"at_most": format!("{least}")}}),
                    _ => json!({"money": {"at_least": format!("{least}"), "at_most": format!("{}", least + 1)}}),
                }
            }
            Answer::Decimal => {
                let least = self.chance.between(0, 10);
                let text = |quarters: i64| format!("{}", quarters as f64 / 4.0);
                match self.chance.between(0, 2) {
                    0 => json!({"decimal": {"at_least": text(least)}}),
                    1 => json!({"decimal": {"at_most": text(least)}}),
                    _ => json!({"decimal": {"at_least": text(least), "at_most": text(least + 2)}}),
                }
            }
            Answer::Number => {
                let (least, more) = match field {
                    Field::Age => (self.chance.between(0, 60), 20),
                    Field::Active => (self.chance.between(0, 80), 20),
                    Field::Purchases => (self.chance.between(0, 3), 2),
                    Field::Tier => (self.chance.between(1, 3), 1),
                    Field::UsualGap => (self.chance.between(1, 50), 20),
                    Field::Minutes => (self.chance.between(0, 60), 30),
                    _ => (self.chance.between(1, 4), 1),
                };
                match self.chance.between(0, 2) {
                    0 => json!({"number": {"at_least": least}}),
                    1 => json!({"number": {"at_most": least}}),
                    _ => json!({"number": {"at_least": least, "at_most": least + more}}),
                }
            }
            Answer::Word => {
                let words: Vec<String> = match field {
                    Field::Kind => Kind::ALL.iter().map(ToString::to_string).collect(),
                    Field::Role => Role::ALL.iter().map(ToString::to_string).collect(),
                    Field::Gender => Gender::ALL.iter().map(ToString::to_string).collect(),
                    Field::Stance => Stance::ALL.iter().map(ToString::to_string).collect(),
                    Field::City => CITIES.iter().map(ToString::to_string).collect(),
                    Field::Province => PROVINCES.iter().map(ToString::to_string).collect(),
                    Field::Source => SOURCES.iter().map(ToString::to_string).collect(),
                    Field::Education => EDUCATIONS.iter().map(ToString::to_string).collect(),
                    Field::Job => JOBS.iter().map(ToString::to_string).collect(),
                    Field::Income => INCOMES.iter().map(ToString::to_string).collect(),
                    Field::PreferredChannel => [Channel::Phone, Channel::Sms].iter().map(ToString::to_string).collect(),
                    Field::Stage => Stage::ALL.iter().map(ToString::to_string).collect(),
                    Field::Standing => Standing::ALL.iter().map(ToString::to_string).collect(),
                    Field::Habit => Habit::ALL.iter().map(ToString::to_string).collect(),
                    Field::Season => (1..=4).map(|season: i64| season.to_string()).collect(),
                    Field::BirthMonth => {
                        let calendar = *self.chance.pick(&Calendar::ALL);
                        (1..=12).map(|month| month_word(calendar, month)).collect()
                    }
                    Field::Owner => self.users.iter().map(ToString::to_string).collect(),
                    _ => self.units.iter().map(ToString::to_string).collect(),
                };
                let count = self.chance.between(1, 2);
                json!({"one_of": (0..count).map(|_| self.chance.pick(&words).clone()).collect::<Vec<_>>()})
            }
        }
    }
}

async fn shop(ctx: &Ctx) -> Shop {
    let mut segments = Vec::new();
    for name in ["یک", "دو"] {
        let new = NewSegment { name: name.into(), rule: json!({"any": []}), is_shared: true };
        segments.push(ctx.run(create, new).await.unwrap().id);
    }
    let second = testing::as_post(&ctx.app, "agent", "sara").await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    let mut products = Vec::new();
    for (code, category) in [("a", Some(CATEGORIES[0])), ("b", Some(CATEGORIES[1])), ("c", Some(CATEGORIES[0])), ("d", None)] {
        let id: Id<Product> = ctx.id();
        let product = sql("INSERT INTO products (id, code, name, category, created_at) VALUES ($1, $2, $3, $4, 1)");
        tx.run(product.bind(id).bind(code).bind(code).bind(category)).await.unwrap();
        products.push((id, category.map(str::to_owned)));
    }
    let unit: Id<Unit> = ctx.id();
    tx.run(sql("INSERT INTO units (id, name, created_at) VALUES ($1, 'other', $2)").bind(unit).bind(ctx.now())).await.unwrap();
    tx.commit().await.unwrap();
    Shop {
        chance: Chance::new(SEED, 0),
        world: world(ctx).await.unwrap(),
        users: vec![ctx.actor.user().unwrap(), second.actor.user().unwrap()],
        units: vec![ctx.actor.unit().unwrap(), unit],
        products,
        segments,
    }
}

#[tokio::test]
async fn a_database_finds_by_a_rule_whom_the_rule_means() {
    let ctx = testing::ctx().await;
    let mut shop = shop(&ctx).await;
    let mut people: BTreeMap<Id<Party>, Facts> = BTreeMap::new();
    for number in 0..PEOPLE {
        let facts = shop.person();
        let party = testing::party(&ctx, &format!("نام {number}")).await;
        let mut tx = ctx.app.db.begin().await.unwrap();
        shop.store(&ctx, &mut tx, party, &facts).await;
        tx.commit().await.unwrap();
        people.insert(party, facts);
    }
    let mut told = BTreeSet::new();
    let mut selective = 0;
    for _ in 0..RULES {
        let given = shop.rule(3);
        let rule = Rule::read(&given, shop.world.currency).unwrap_or_else(|problems| panic!("{given}: {problems:?}"));
        rule.each(&mut |part| {
            told.insert(match part {
                Rule::All(_) => "all".to_owned(),
                Rule::Any(_) => "any".to_owned(),
                Rule::Not(_) => "not".to_owned(),
                Rule::Field(field) => format!("field {}", field.field),
                Rule::Tag(_) => "tag".to_owned(),
                Rule::Preference(knows) => format!("preference {}", knows.text.is_some()),
                Rule::Did(did) => format!("did {}", did.what),
                Rule::In(_) => "in".to_owned(),
            });
        });
        let meant: BTreeSet<Id<Party>> = people.iter().filter(|(_, facts)| matches(&rule, facts, &shop.world)).map(|(id, _)| *id).collect();
        for of in [Of::All, Of::Some] {
            let mut query = sql("SELECT p.id FROM parties p WHERE ");
            condition(&rule, &shop.world, of, &mut query);
            let found: BTreeSet<Id<Party>> = ctx.app.db.all::<(Id<Party>,)>(query).await.unwrap().into_iter().map(|(id,)| id).collect();
            if let Some(one) = found.symmetric_difference(&meant).next() {
                panic!("{given}\nfinds {} ({of:?}), means {}: {:?}", found.contains(one), meant.contains(one), people[one]);
            }
        }
        selective += usize::from(!meant.is_empty() && meant.len() < PEOPLE);
    }
    assert_eq!(told.len(), 3 + Field::ALL.len() + 1 + 2 + What::ALL.len() + 1, "every kind of condition was asked: {told:?}");
    assert!(selective > RULES / 2, "{selective} rules told people apart");
}
