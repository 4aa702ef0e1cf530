//! How the shop treats its customers: what it can do for them, and its policies from the draft to the end.

use super::chance::Chance;
use super::trade::opening_hours;
use super::{Member, Story};
use crate::experience::assign;
use crate::experience::gifts::{self, GiftReceived, NewGiftItem, Reaction, SendGift};
use crate::experience::grants::{self, Grant, GrantId, GrantState, ListGrants};
use crate::experience::legality::{Class, TreatmentKind};
use crate::experience::occasions::{Occasion, OccasionPlan, YearDay};
use crate::experience::policies::{self, NewPolicy, PolicyState};
use crate::experience::redeem::{self, RedeemGrant};
use crate::experience::treatments::{self, NewTreatment, Treatment};
use crate::experience::{self, ApprovePolicy, PolicyId};
use crate::lifecycle::Stage;
use crate::platform::access::User;
use crate::platform::calendar::Calendar;
use crate::platform::time::HOUR;
use crate::{Ctx, Error, Id, Instant, Result};
use tokio::sync::watch;

/// Days that policies have given things by the time the story ends.
const GIVEN: i64 = 120;
/// Of these, the last ones of which each night is told; before, each third, which no birthday falls between.
const NIGHTLY: i64 = 10;

/// A treatment of the shop: kind, class, whether it is special, names, per cent, cost in rials, stages.
type Made = (TreatmentKind, Class, bool, [&'static str; 3], Option<&'static str>, i64, &'static [Stage]);

const BOTH: &[Stage] = &[Stage::Loyal, Stage::Advocate];

const MADE: &[Made] = &[
    (
        TreatmentKind::Respect,
        Class::Moral,
        false,
        ["پاسخ با نام و عنوان درست", "الرد بالاسم واللقب الصحيح", "Answer by name and right title"],
        None,
        0,
        Stage::ALL,
    ),
    (
        TreatmentKind::Respect,
        Class::Moral,
        true,
        ["تماس احوال‌پرسی سه روز پس از خرید", "اتصال اطمئنان بعد الشراء بثلاثة أيام", "A call three days after the purchase"],
        None,
        150_000,
        BOTH,
    ),
    (
        TreatmentKind::Discount,
        Class::Material,
        false,
        ["ده درصد نوروزی", "خصم النوروز عشرة بالمئة", "Ten per cent at Nowruz"],
        Some("10"),
        450_000,
        Stage::ALL,
    ),
    (
        TreatmentKind::Discount,
        Class::Material,
        false,
        ["پنج درصد تولد", "خمسة بالمئة لعيد الميلاد", "Five per cent for a birthday"],
        Some("5"),
        200_000,
        Stage::ALL,
    ),
    (
        TreatmentKind::Discount,
        Class::Material,
        true,
        ["پانزده درصد سالگرد آشنایی", "خمسة عشر بالمئة لذكرى التعارف", "Fifteen per cent for the anniversary"],
        Some("15"),
        700_000,
        BOTH,
    ),
    (
        TreatmentKind::Discount,
        Class::Material,
        true,
        ["سی درصد پاییزی", "ثلاثون بالمئة للخريف", "Thirty per cent in autumn"],
        Some("30"),
        1_400_000,
        BOTH,
    ),
    (TreatmentKind::Gift, Class::Moral, true, ["کارت تبریک دست‌نویس", "بطاقة تهنئة بخط اليد", "Handwritten card"], None, 250_000, BOTH),
    (
        TreatmentKind::Gift,
        Class::Material,
        true,
        ["ست قهوه‌ی دمی", "طقم تحضير القهوة", "Pour-over set"],
        None,
        18_000_000,
        &[Stage::Advocate],
    ),
    (
        TreatmentKind::Benefit,
        Class::Material,
        true,
        ["پنج درصد از اولین خرید دوست", "خمسة بالمئة من أول شراء للصديق", "Five per cent of a friend’s first purchase"],
        Some("5"),
        900_000,
        &[Stage::Advocate],
    ),
];

/// A policy of the shop: name, which of [`MADE`], occasion, days before, budget in rials, per cent held out, how far it came,
/// how many days ago it was written.
type Told = (&'static str, &'static [usize], Occasion, i64, Option<&'static str>, Option<&'static str>, PolicyState, i64);

const TOLD: &[Told] = &[
    ("احترام هر روز", &[0, 1], Occasion::Once, 0, None, None, PolicyState::Live, 400),
    ("نوروز با همه", &[2], Occasion::Nowruz, 10, Some("900000000"), None, PolicyState::Retired, 300),
    ("تولد همه", &[3], Occasion::Birthday, 3, Some("400000000"), Some("10"), PolicyState::Live, 210),
    ("تولد وفاداران", &[6], Occasion::Birthday, 3, Some("300000000"), Some("10"), PolicyState::Live, 200),
    ("سالگرد آشنایی", &[4], Occasion::Anniversary, 3, Some("600000000"), Some("10"), PolicyState::Live, 190),
    ("سپاس از بازاریابان", &[8], Occasion::Once, 0, Some("2000000000"), None, PolicyState::Live, 150),
    ("یلدا با ست قهوه", &[7], Occasion::Yalda, 7, Some("540000000"), None, PolicyState::Approved, 12),
    ("حراج وفاداران", &[5], Occasion::OwnDay, 5, Some("800000000"), Some("20"), PolicyState::Draft, 4),
];

impl Story {
    /// What the shop can do for its customers, what it decided, and two things that it was not allowed.
    pub(super) async fn experience(&self, owner: Id<User>, staff: &[Member]) -> Result<()> {
        let mut chance = Chance::new(self.seed, 13);
        let units: Vec<_> = staff.first().map(|member| member.unit).into_iter().collect();
        let mut at = |days: i64| opening_hours(&mut chance, self.last.plus(-days), &self.zone);
        let mut made: Vec<Id<Treatment>> = Vec::new();
        for treatment in MADE {
            let ctx = self.by(at(405), owner, units.clone());
            let mut new = new(treatment);
            if treatment.0 == TreatmentKind::Gift {
                let [name_fa, name_ar, name_en] = treatment.3.map(|name| Some(name.to_owned()));
                let item = NewGiftItem { name_fa, name_ar, name_en, unit_cost: Some(treatment.5.to_string()), retail: None, stock: 400 };
                new.gift_item_id = Some(gifts::create(&ctx, item).await?.id);
            }
            made.push(treatments::create(&ctx, new).await?.id);
        }
        for (name, which, occasion, days_before, budget, holdout, state, days) in TOLD {
            let is_own = *occasion == Occasion::OwnDay;
            let plan = OccasionPlan {
                occasion: *occasion,
                days_before: *days_before,
                name: is_own.then(|| "روز جهانی قهوه".to_owned()),
                on: is_own.then_some(YearDay { calendar: Calendar::Jalali, month: 7, day: 9 }),
            };
            let policy = NewPolicy {
                name: (*name).to_owned(),
                treatment_ids: which.iter().map(|place| made[*place]).collect(),
                occasions: vec![plan],
                budget: budget.map(str::to_owned),
                holdout: holdout.map(str::to_owned),
                ..NewPolicy::default()
            };
            let ctx = self.by(at(*days), owner, units.clone());
            let id = policies::create(&ctx, policy).await?.policy.id;
            let ctx = self.by(at(days - 1), owner, units.clone());
            let mut seen = experience::approve(&ctx, ApprovePolicy { id, number: 1 }).await?;
            if *state == PolicyState::Draft {
                continue;
            }
            if seen.items.first().is_some_and(|version| version.missing > 0)
                && let Some(other) = staff.first()
            {
                seen = experience::approve(&self.at(at(days - 2), Some(other)), ApprovePolicy { id, number: 1 }).await?;
            }
            if matches!(state, PolicyState::Live | PolicyState::Retired) && seen.policy.state == PolicyState::Approved {
                experience::start(&self.by(at(days - 3), owner, units.clone()), PolicyId { id }).await?;
            }
            if *state == PolicyState::Retired {
                experience::retire(&self.by(at(days - 40), owner, units.clone()), PolicyId { id }).await?;
            }
        }
        for (member, days) in staff.iter().filter(|member| member.place == 2).zip([60, 20]) {
            self.refused(&self.at(at(days), Some(member)), days).await?;
        }
        Ok(())
    }

    /// What the live policies gave in the last months, and what customers made of it.
    pub(super) async fn give(&self, owner: Id<User>) -> Result<()> {
        let mut chance = Chance::new(self.seed, 14);
        let (_keep, stop) = watch::channel(false);
        // Tonight's is still to come.
        for days in (1..=GIVEN).rev().filter(|days| *days <= NIGHTLY || days % 3 == 0) {
            let night = Instant::start_of(self.last.plus(-days), &self.zone).plus(2 * HOUR);
            assign::run(&self.at(night, None), None, &stop).await?;
            let ctx = self.by(night, owner, Vec::new());
            let open = ListGrants { state: Some(GrantState::Offered), limit: Some(200), ..ListGrants::default() };
            let mut offered = grants::list(&ctx, open).await?.items;
            offered.retain(|grant| grant.created_at == night);
            offered.reverse();
            for grant in offered {
                self.taken(grant, owner, &mut chance).await?;
            }
        }
        Ok(())
    }

    /// What a customer made of what they were given.
    async fn taken(&self, grant: Grant, owner: Id<User>, chance: &mut Chance) -> Result<()> {
        let day = grant.created_at.day(&self.zone).plus(chance.between(0, 4));
        let at = opening_hours(chance, day, &self.zone);
        if !chance.happens(0.6) || at > self.now {
            return Ok(());
        }
        let ctx = self.by(at, owner, Vec::new());
        if grant.kind == TreatmentKind::Gift {
            gifts::send(&ctx, SendGift { id: grant.id, note: None }).await?;
            let reaction = chance.happens(0.6).then_some(Reaction::Thanked);
            gifts::received(&ctx, GiftReceived { id: grant.id, reaction, note: None }).await?;
        } else if chance.happens(0.5) {
            let total = (chance.between(40, 600) * 100_000).to_string();
            let code = grant.code.unwrap_or_default();
            redeem::redeem(&ctx, RedeemGrant { code, total: Some(total), ..RedeemGrant::default() }).await?;
        } else {
            grants::accept(&ctx, GrantId { id: grant.id }).await?;
        }
        Ok(())
    }

    /// Somebody of marketing meant well.
    async fn refused(&self, ctx: &Ctx, days: i64) -> Result<()> {
        let mut wrong = new(&MADE[if days > 30 { 7 } else { 4 }]);
        if days > 30 {
            wrong.stages = BOTH.to_vec();
        } else {
            wrong.name_fa = Some("دوستانتان را معرفی کنید، تخفیف بگیرید".to_owned());
        }
        match treatments::create(ctx, wrong).await {
            Err(Error::Invalid(_)) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(Error::fault("the rules let through what they forbid")),
        }
    }
}

fn new((kind, class, is_special, names, percent, cost, stages): &Made) -> NewTreatment {
    let [fa, ar, en] = names.map(|name| Some(name.to_owned()));
    NewTreatment {
        kind: *kind,
        class: Some(*class),
        is_special: *is_special,
        name_fa: fa,
        name_ar: ar,
        name_en: en,
        percent: percent.map(str::to_owned),
        amount: None,
        unit_cost: Some(cost.to_string()),
        gift_item_id: None,
        stages: stages.to_vec(),
        rule: None,
        valid_days: None,
        party_cap: (*kind == TreatmentKind::Benefit).then_some(1),
        total_cap: None,
    }
}
