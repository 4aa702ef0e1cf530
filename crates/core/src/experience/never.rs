//! The three "never" rules, as functions on plain values that every way to a customer asks: nobody below the stage of an
//! advocate is asked to bring others (N1), nobody is given a task (N2), and who was treated without respect gets no promotion
//! until that is made good (N3).

use super::Stage;
use super::legality::Form;
use crate::platform::text::search_key;

peyvand_db::words! {
    /// A rule that is never broken.
    pub enum Rule {
        /// Nobody but an advocate is told of referring, and they are informed only.
        NoPitch = "no_pitch",
        /// No customer is given work, targets, deadlines, rankings or reports.
        NoJob = "no_job",
        /// No promotion for who was treated without respect.
        NoPromotionAfterDisrespect = "no_promotion_after_disrespect",
        /// A kind of treatment that the stage does not have.
        NotAtThisStage = "not_at_this_stage",
    }
}

peyvand_db::words! {
    /// What something sent to a customer is for.
    pub enum Purpose {
        /// Something they asked for or bought.
        Service = "service",
        /// How they are.
        Care = "care",
        /// To bring them to buy.
        Promo = "promo",
        /// A question.
        Survey = "survey",
        /// Word of a gift.
        GiftNotice = "gift_notice",
        /// Word of what referring brings.
        AdvocacyAsk = "advocacy_ask",
        /// Thanks.
        Thanks = "thanks",
    }
}

/// An advocate may be told of their benefits once in so many days.
pub const ADVOCACY_EVERY: i64 = 91;
/// An incident of this severity stops what is promotional.
pub const HOLDS_FROM: i64 = 2;

/// Beginnings of words, folded, that ask somebody to bring others.
const PITCHES: &[&str] = &[
    "دوستانتان را معرفی",
    "دوستان خود را معرفی",
    "معرفی دوستان",
    "دعوت از دوستان",
    "دوستانتان را دعوت",
    "دوستان خود را دعوت",
    "ادع أصدقاء",
    "ادعوا أصدقاء",
    "أحضر صديق",
    "دعوة صديق",
    "دعوة الأصدقاء",
    "إحالة صديق",
    "refer a friend",
    "refer your friend",
    "refer friends",
    "bring a friend",
    "invite a friend",
    "invite your friend",
    "invite friends",
];
/// Beginnings of words, folded, that make a job of being a customer.
const JOBS: &[&str] = &[
    "سهمیه معرفی",
    "هدف معرفی",
    "مهلت معرفی",
    "گزارش معرفی",
    "رتبه‌بندی معرفان",
    "جدول معرفان",
    "حصة الإحالة",
    "هدف الإحالة",
    "مهلة الإحالة",
    "تقرير الإحالة",
    "ترتيب المحيلين",
    "referral target",
    "referral quota",
    "referral deadline",
    "referral report",
    "referral leaderboard",
    "referral ranking",
    "referral task",
];

fn holds_any(text: &str, phrases: &[&str]) -> bool {
    let text = search_key(text);
    phrases.iter().any(|phrase| text.contains(&search_key(phrase)))
}

/// What a text is for, whatever its writer says: one that asks somebody to bring others, or leads to their referral code, is
/// about that.
#[must_use]
pub fn purpose_of(text: &str, stated: Purpose) -> Purpose {
    let folded = text.to_lowercase();
    let leads_there = folded.contains("{{referral.") || folded.contains("{{ referral.");
    if leads_there || holds_any(text, PITCHES) { Purpose::AdvocacyAsk } else { stated }
}

/// N1: whether something of that purpose may go to somebody of that stage. `asked_before` says how many days ago they were told
/// last.
#[must_use]
pub const fn pitch(purpose: Purpose, stage: Stage, asked_before: Option<i64>) -> Option<Rule> {
    match (purpose, stage, asked_before) {
        (Purpose::AdvocacyAsk, Stage::Advocate, Some(days)) if days < ADVOCACY_EVERY => Some(Rule::NoPitch),
        (Purpose::AdvocacyAsk, Stage::Advocate, _) => None,
        (Purpose::AdvocacyAsk, ..) => Some(Rule::NoPitch),
        _ => None,
    }
}

/// N2: whether words that a customer reads make a job of being one.
#[must_use]
pub fn job(text: &str) -> Option<Rule> {
    holds_any(text, JOBS).then_some(Rule::NoJob)
}

/// N3: whether a treatment waits because of an open incident of that severity. Respect goes on, and so does a benefit that was
/// earned before.
#[must_use]
pub const fn hold(form: Form, was_earned: bool, open_severity: Option<i64>) -> Option<Rule> {
    match open_severity {
        Some(severity) if severity >= HOLDS_FROM && form.is_promotional() && !was_earned => Some(Rule::NoPromotionAfterDisrespect),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_advocate_hears_of_referring_and_at_most_once_in_a_quarter() {
        for stage in Stage::ALL.iter().filter(|stage| **stage != Stage::Advocate) {
            assert_eq!(pitch(Purpose::AdvocacyAsk, *stage, None), Some(Rule::NoPitch), "{stage}");
        }
        assert_eq!(pitch(Purpose::AdvocacyAsk, Stage::Advocate, None), None);
        assert_eq!(pitch(Purpose::AdvocacyAsk, Stage::Advocate, Some(90)), Some(Rule::NoPitch));
        assert_eq!(pitch(Purpose::AdvocacyAsk, Stage::Advocate, Some(91)), None);
        assert_eq!(pitch(Purpose::Promo, Stage::Loyal, Some(1)), None);
    }

    #[test]
    fn a_text_that_asks_to_bring_others_is_known_whatever_its_writer_calls_it() {
        for text in [
            "با معرفی دوستان، قهوهٔ رایگان بگیرید",
            "دوستان‌تان را معرفی کنید",
            "Refer a Friend and save",
            "ادعوا أصدقاءكم",
            "کد شما: {{referral.code}}",
            "{{ Referral.link }}",
        ] {
            assert_eq!(purpose_of(text, Purpose::Thanks), Purpose::AdvocacyAsk, "{text}");
        }
        for text in ["معرفی قهوه‌های تازه", "هدیهٔ تولد", "Thank you, friend", "یک قهوه مهمان ما باشید"]
        {
            assert_eq!(purpose_of(text, Purpose::Care), Purpose::Care, "{text}");
        }
    }

    #[test]
    fn nothing_makes_a_job_of_being_a_customer() {
        for text in ["سهمیهٔ معرفی این ماه", "Your referral target", "هدف الإحالة"] {
            assert_eq!(job(text), Some(Rule::NoJob), "{text}");
        }
        assert_eq!(job("تخفیف سالگرد آشنایی"), None);
        let verbs: Vec<_> = crate::operations()
            .iter()
            .map(|entry| entry.name)
            .filter(|name| {
                ["treatments.", "policies.", "grants.", "gifts.", "referrals.", "benefits."].iter().any(|room| name.starts_with(room))
            })
            .filter(|name| ["task", "target", "deadline", "ranking", "quota"].iter().any(|word| name.contains(word)))
            .collect();
        assert!(verbs.is_empty(), "no operation gives customers work: {verbs:?}");
    }

    #[test]
    fn after_disrespect_promotion_waits_and_respect_and_what_was_earned_do_not() {
        for form in Form::ALL {
            let waits = form.is_promotional().then_some(Rule::NoPromotionAfterDisrespect);
            assert_eq!(hold(*form, false, Some(2)), waits, "{form}");
            assert_eq!(hold(*form, false, Some(1)), None);
            assert_eq!(hold(*form, false, None), None);
        }
        assert_eq!(hold(Form::Benefit, true, Some(3)), None, "what was earned is paid");
    }
}
