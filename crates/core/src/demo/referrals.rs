//! Who brought whom to the demo shop, who asked for a code, and one who tried to cheat.

use super::chance::Chance;
use super::customers::{Customer, Habit};
use super::trade::opening_hours;
use super::{Kept, Member, Story};
use crate::advocacy::benefits::{self, Basis, NewSchedule, NewTier, ScheduleId};
use crate::advocacy::books::Wallet;
use crate::advocacy::codes::{self, LeaveNumber, MakeCode};
use crate::advocacy::follow;
use crate::advocacy::ledger::{self, LedgerOf, UseBenefit};
use crate::advocacy::record::{self, RecordReferral, SaidBy};
use crate::advocacy::referrals::{self, Referral, ReferralId};
use crate::advocacy::review::{self, AppealReferral, ReviewReferral, ReviewVerdict};
use crate::advocacy::rules::{ReferralForm, ReferralKind};
use crate::advocacy::thanks::ReferralThanks;
use crate::advocacy::value::{self, Assume};
use crate::follow_ups::{self, CompleteFollowUp};
use crate::interactions::Channel as Way;
use crate::lifecycle::DecisionKind;
use crate::lifecycle::decisions::{self, NewDecision};
use crate::parties::check::Channel;
use crate::parties::contacts::{self, AddContact};
use crate::platform::access::User;
use crate::platform::money::{Currency, Money};
use crate::platform::time::{DAY, HOUR};
use crate::sales::purchases::{self, NewPurchase, PurchaseLine};
use crate::{Day, Error, Id, Instant, Result};
use peyvand_db::sql;
use tokio::sync::watch;

/// Whoever brings others has known the shop for so many days.
const KNOWN_FOR: i64 = 60;
/// So many days ago the first schedule of benefits began, and the one after it.
const BEGAN: i64 = 400;
const CHANGED: i64 = 190;
/// Days from one look at introductions to the next.
const MONTH: i64 = 30;
/// How it is done, and how often.
const FORMS: &[(ReferralForm, f64)] = &[
    (ReferralForm::WordOfMouth, 5.0),
    (ReferralForm::Visit, 2.0),
    (ReferralForm::Introduction, 1.5),
    (ReferralForm::Gift, 0.8),
    (ReferralForm::Public, 0.7),
];
/// What is introduced, and how often.
const KINDS: &[(ReferralKind, f64)] =
    &[(ReferralKind::Brand, 5.0), (ReferralKind::Product, 3.0), (ReferralKind::Service, 1.0), (ReferralKind::Event, 0.5)];
/// What is said of it.
const NOTES: &[&str] = &["سر میز مهمانی گفته بود.", "همکار هستند.", "عکس قهوه‌ساز را فرستاده بود.", "با هم آمدند مغازه.", "همسایه‌اند."];
/// Who has not come yet.
const FRIENDS: &[&str] = &["09127770142", "09357770365", "09197770518"];

/// A day on which somebody came and said by whom.
struct Told {
    at: Instant,
    place: usize,
    by: usize,
}

impl Story {
    /// Those who came by recommendation say who sent them; some show a code; one tries to bring themselves.
    pub(super) async fn write_referrals(&self, customers: &[Customer], parties: &[Kept], owner: Id<User>, staff: &[Member]) -> Result<()> {
        let mut chance = Chance::new(self.seed, 31);
        let mut told = Vec::new();
        for (place, customer) in customers.iter().enumerate() {
            let came_so = customer.facts.source.as_deref() == Some("recommendation");
            if customer.habit == Habit::Hotel || !chance.happens(if came_so { 0.75 } else { 0.04 }) {
                continue;
            }
            let Some(by) = self.who_brings(&mut chance, customers, place, customer.came) else { continue };
            told.push(Told { at: opening_hours(&mut chance, customer.came, &self.zone), place, by });
        }
        told.sort_by_key(|one| one.at);
        let begun = self.schedules(owner, staff).await?;
        let mut night = begun.plus(MONTH);
        for one in &told {
            while one.at.day(&self.zone) > night {
                self.reward(parties, &told, night, owner).await?;
                night = night.plus(MONTH);
            }
            self.tell(&mut chance, customers, parties, one).await?;
        }
        while night < self.last {
            self.reward(parties, &told, night, owner).await?;
            night = night.plus(MONTH);
        }
        self.use_benefits(&mut chance, parties, &told, owner).await?;
        let ctx = self.by(Instant::start_of(self.last.plus(-30), &self.zone).plus(11 * HOUR), owner, Vec::new());
        let words = "از بیست مشتری تازه پرسیدیم؛ دوازده نفر گفتند بی معرفی نمی‌آمدند.".to_owned();
        value::assume(&ctx, Assume { percent: "60".to_owned(), words }).await?;
        let Some(last) = told.last() else { return Ok(()) };
        self.friends_to_come(&mut chance, parties, last.by, owner).await?;
        self.cheat(&mut chance, customers, parties, &told, owner).await
    }

    /// Some bring many, most nobody.
    fn who_brings(&self, chance: &mut Chance, customers: &[Customer], place: usize, came: Day) -> Option<usize> {
        let known = customers.partition_point(|one| one.came <= came.plus(-KNOWN_FOR));
        let is_there = |one: &Customer| !one.only_asked && one.left.is_none_or(|left| left > came);
        let places: Vec<usize> = (0..known).filter(|other| *other != place && is_there(&customers[*other])).collect();
        let weigh = |other: &usize| match (customers[*other].habit, other % 7) {
            (Habit::Enthusiast, 0) => 30.0,
            (Habit::Enthusiast | Habit::Cafe, _) => 3.0,
            _ => 1.0,
        };
        (!places.is_empty()).then(|| *chance.weighted(&places, weigh))
    }

    /// What bringing a friend brings: money at first, then more of it as credit to buy with. Gives the first day.
    async fn schedules(&self, owner: Id<User>, staff: &[Member]) -> Result<Day> {
        let step = |from: &str, percent: &str| NewTier { from: Some(from.to_owned()), percent: Some(percent.to_owned()), amount: None };
        let versions = [
            (BEGAN, vec![step("0", "4")], Wallet::Cash, "۴ درصد نخستین خرید هر دوستی که با معرفی شما آمده، نقدی به شما پرداخت می‌شود."),
            (
                CHANGED,
                vec![step("0", "5"), step("30000000", "8")],
                Wallet::Credit,
                "۵ درصد نخستین خرید دوستتان، و ۸ درصد از بخش بالای سه میلیون تومان، اعتبار خرید شماست.",
            ),
            (-9, vec![step("0", "6")], Wallet::Credit, "۶ درصد نخستین خرید دوستتان اعتبار خرید شماست."),
        ];
        for (back, tiers, wallet, text) in versions {
            let day = self.last.plus(-back.max(3));
            let at = Instant::start_of(day, &self.zone).plus(10 * HOUR);
            let new = NewSchedule {
                tiers,
                basis: Some(Basis::Marginal),
                cap: Some("50000000".to_owned()),
                wallet: Some(wallet),
                text_fa: Some(text.to_owned()),
                tax_note: Some("مالیات با قانون روز حساب می‌شود.".to_owned()),
                effective: (back < 0).then(|| self.last.plus(-back).to_string()),
                ..NewSchedule::default()
            };
            let id = ScheduleId { id: benefits::create(&self.by(at, owner, Vec::new()), new).await?.id };
            benefits::approve(&self.by(at.plus(HOUR), owner, Vec::new()), id).await?;
            if let Some(other) = staff.first().filter(|_| back > 0) {
                benefits::approve(&self.at(at.plus(2 * HOUR), Some(other)), id).await?;
            }
        }
        Ok(self.last.plus(-BEGAN))
    }

    /// The end of a month: introductions go where the facts put them, and the owner confirms who has become an advocate.
    async fn reward(&self, parties: &[Kept], told: &[Told], night: Day, owner: Id<User>) -> Result<()> {
        let at = Instant::start_of(night, &self.zone).plus(20 * HOUR);
        let (_keep, stop) = watch::channel(false);
        follow::look_at_all(&self.at(at, None), Id::FIRST, &stop).await?;
        let mut brought: Vec<usize> = told.iter().filter(|one| one.at < at).map(|one| one.by).collect();
        brought.sort_unstable();
        brought.dedup();
        for by in brought {
            let new = NewDecision {
                party_id: parties[by].id,
                decision: DecisionKind::Confirm,
                reason: None,
                note: None,
                until: None,
                back: None,
            };
            match decisions::decide(&self.by(at.plus(HOUR), owner, Vec::new()), new).await {
                // Most are no advocates, or are advocates already.
                Ok(_) | Err(Error::Invalid(_) | Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Some buy with what they earned, to some it is paid out, and one friend gives back what had brought something.
    async fn use_benefits(&self, chance: &mut Chance, parties: &[Kept], told: &[Told], owner: Id<User>) -> Result<()> {
        let mut brought: Vec<usize> = told.iter().map(|one| one.by).collect();
        brought.sort_unstable();
        brought.dedup();
        let mut has_returned = false;
        for by in brought {
            let party_id = Some(parties[by].id);
            let at = opening_hours(chance, self.last.plus(-4), &self.zone);
            let ctx = self.by(at, owner, Vec::new());
            let seen = ledger::get(&ctx, LedgerOf { party_id, customer: None }).await?;
            let text = |minor| Money { minor, currency: seen.currency }.decimal_string();
            if seen.cash_minor > 0 && chance.happens(0.7) {
                let note = Some("کارت‌به‌کارت".to_owned());
                ledger::pay_out(&ctx, UseBenefit { party_id, amount: text(seen.cash_minor), note, ..UseBenefit::default() }).await?;
            }
            if seen.credit_minor == 0 || !chance.happens(0.5) && has_returned {
                continue;
            }
            let part = if has_returned { seen.credit_minor / 2 } else { seen.credit_minor };
            ledger::spend(&ctx, UseBenefit { party_id, amount: text(part.max(1)), ..UseBenefit::default() }).await?;
            let Some(referral) = seen.lots.first().and_then(|lot| lot.referral_id).filter(|_| !has_returned) else { continue };
            has_returned = self.returned(owner, referral).await?;
        }
        Ok(())
    }

    /// A friend gives back what they had bought first.
    async fn returned(&self, owner: Id<User>, referral: Id<Referral>) -> Result<bool> {
        let at = Instant::start_of(self.last.plus(-2), &self.zone).plus(12 * HOUR);
        let ctx = self.by(at, owner, Vec::new());
        let Some(friend) = referrals::get(&ctx, ReferralId { id: referral }).await?.referral.referee_id else { return Ok(false) };
        let query = sql("SELECT l.id, l.amount_minor, l.currency FROM purchase_lines l JOIN purchases q ON q.id = l.purchase_id
                         JOIN referrals t ON t.referee_id = q.party_id AND t.bought_on = q.day WHERE t.id = $1 AND l.amount_minor > 0 ORDER BY l.id");
        let lines: Vec<(Id<PurchaseLine>, i64, Currency)> = self.app.db.all(query.bind(referral)).await?;
        for (line, minor, currency) in &lines {
            let amount = Some(Money { minor: -minor, currency: *currency }.decimal_string());
            let new = NewPurchase { party_id: Some(friend), amount, refund_of: Some(*line), ..NewPurchase::default() };
            purchases::create(&ctx, new).await?;
        }
        follow::look(&ctx, &[friend]).await?;
        Ok(!lines.is_empty())
    }

    async fn tell(&self, chance: &mut Chance, customers: &[Customer], parties: &[Kept], one: &Told) -> Result<()> {
        let (by, friend) = (parties[one.by], parties[one.place]);
        let form = chance.weighted(FORMS, |(_, weight)| *weight).0;
        let kind = chance.weighted(KINDS, |(_, weight)| *weight).0;
        let ctx = self.by(one.at, friend.owner, Vec::new());
        let code = if one.by.is_multiple_of(7) && chance.happens(0.4) {
            let asked = MakeCode { party_id: Some(by.id), customer: None, is_asked: true };
            Some(codes::make(&ctx, asked).await?.code)
        } else {
            None
        };
        let said_by = if chance.happens(0.8) { SaidBy::Referee } else { SaidBy::Staff };
        let new = RecordReferral {
            said_by: Some(said_by),
            form: code.is_none().then_some(form),
            code,
            referrer_id: Some(by.id),
            referee_id: Some(friend.id),
            kind: Some(kind),
            channel: Some(if form == ReferralForm::Introduction { Way::Phone } else { Way::InPerson }),
            note: chance.happens(0.4).then(|| (*chance.pick(NOTES)).to_owned()),
            ..RecordReferral::default()
        };
        let seen = record::record(&ctx, new).await?.seen;
        self.thanked(one.at, seen.thanks, by.owner).await?;
        // Now and then another says that it was them.
        if chance.happens(0.06)
            && let Some(other) = self.who_brings(chance, customers, one.place, customers[one.place].came)
            && other != one.by
        {
            let ctx = self.by(one.at.plus(3 * HOUR), friend.owner, Vec::new());
            let (referrer_id, referee_id) = (Some(parties[other].id), Some(friend.id));
            let new = RecordReferral { said_by: Some(SaidBy::Staff), referrer_id, referee_id, ..RecordReferral::default() };
            record::record(&ctx, new).await?;
        }
        Ok(())
    }

    /// Whoever was to thank did so, a day later.
    async fn thanked(&self, at: crate::Instant, thanks: Option<ReferralThanks>, owner: Id<User>) -> Result<()> {
        let later = at.plus(DAY);
        let Some(thanks) = thanks.filter(|_| later < self.now) else { return Ok(()) };
        let done = CompleteFollowUp { id: thanks.follow_up_id, version: None, result: None, text: None, contact: None, next: None };
        follow_ups::complete(&self.by(later, owner, Vec::new()), done).await.map(|_| ())
    }

    /// Of some it is known that they will come.
    async fn friends_to_come(&self, chance: &mut Chance, parties: &[Kept], by: usize, owner: Id<User>) -> Result<()> {
        let by = parties[by];
        for (back, friend) in [9, 6, 2].into_iter().zip(FRIENDS) {
            let at = opening_hours(chance, self.last.plus(-back), &self.zone);
            let ctx = self.by(at, owner, Vec::new());
            if back > 2 {
                let new = RecordReferral {
                    said_by: Some(SaidBy::Referrer),
                    referrer_id: Some(by.id),
                    friend: Some((*friend).to_owned()),
                    form: Some(ReferralForm::Introduction),
                    ..RecordReferral::default()
                };
                record::record(&ctx, new).await?;
                continue;
            }
            let code = codes::make(&ctx, MakeCode { party_id: Some(by.id), customer: None, is_asked: true }).await?.code;
            let left = LeaveNumber { code, friend: (*friend).to_owned(), address: "192.0.2.41".to_owned() };
            codes::leave(&self.at(at.plus(HOUR), None), left).await?;
        }
        Ok(())
    }

    /// Somebody says that another sent them, with the mobile of that other: it is caught, objected to, and looked at again. Another
    /// pair has one land line; that one still waits for a person.
    async fn cheat(&self, chance: &mut Chance, customers: &[Customer], parties: &[Kept], told: &[Told], owner: Id<User>) -> Result<()> {
        let brought: Vec<usize> = told.iter().map(|one| one.place).collect();
        let is_free = |place: &usize| !brought.contains(place) && customers[*place].habit != Habit::Hotel;
        let friends: Vec<usize> = (0..customers.len()).rev().filter(is_free).take(2).collect();
        for (friend, channel, number) in friends
            .iter()
            .zip([Channel::Mobile, Channel::Phone])
            .map(|(friend, channel)| (*friend, channel, if channel == Channel::Mobile { "09123330142" } else { "02188990142" }))
        {
            let Some(by) = self.who_brings(chance, customers, friend, customers[friend].came) else { continue };
            let at = opening_hours(chance, customers[friend].came, &self.zone);
            for party in [by, friend] {
                let contact = AddContact {
                    id: parties[party].id,
                    channel,
                    value: number.to_owned(),
                    label: None,
                    is_main: None,
                    consent: None,
                    consent_how: None,
                    consent_at: None,
                };
                contacts::add_contact(&self.by(at, owner, Vec::new()), contact).await?;
            }
            let ctx = self.by(at.plus(HOUR), parties[friend].owner, Vec::new());
            let (referrer_id, referee_id) = (Some(parties[by].id), Some(parties[friend].id));
            let new = RecordReferral { said_by: Some(SaidBy::Referee), referrer_id, referee_id, ..RecordReferral::default() };
            let caught = record::record(&ctx, new).await?.seen.referral;
            if channel != Channel::Mobile || caught.end_reason.is_none_or(|end| !end.can_be_appealed()) || at.plus(2 * DAY) > self.now {
                continue;
            }
            let words = "گفتند شماره‌ی همسرشان است.".to_owned();
            review::appeal(&self.by(at.plus(DAY), parties[friend].owner, Vec::new()), AppealReferral { id: caught.id, words }).await?;
            let reason = "تماس گرفتیم: هر دو پرونده از یک نفر است و برای جایزه ساخته شده.".to_owned();
            let verdict = ReviewReferral { id: caught.id, verdict: ReviewVerdict::Reject, reason };
            review::review(&self.by(at.plus(2 * DAY), owner, Vec::new()), verdict).await?;
        }
        Ok(())
    }
}
