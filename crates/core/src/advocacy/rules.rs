//! Who is believed to have introduced somebody, and where an introduction stands. Plain values in, a verdict out: the same
//! facts give the same state, whenever they are asked.

use super::fraud::{FraudLane, lane};
use crate::parties::Party;
use crate::{Day, Id, Instant};
use serde::{Deserialize, Serialize};

peyvand_db::words! {
    /// What was introduced.
    pub enum ReferralKind {
        /// A product.
        Product = "product",
        /// A service.
        Service = "service",
        /// The shop or brand as a whole.
        Brand = "brand",
        /// An event.
        Event = "event",
    }
}

peyvand_db::words! {
    /// How it was done.
    pub enum ReferralForm {
        /// In a talk.
        WordOfMouth = "word_of_mouth",
        /// They came along.
        Visit = "visit",
        /// By passing a link or code on.
        Link = "link",
        /// They brought both together by phone or messenger.
        Introduction = "introduction",
        /// In public: a post, a review.
        Public = "public",
        /// With a present to a friend.
        Gift = "gift",
    }
}

peyvand_db::words! {
    /// Who says that somebody introduced somebody; the first of these that is there is believed.
    pub enum ClaimSource {
        /// The friend showed the code.
        Code = "code",
        /// The friend said so.
        Referee = "referee",
        /// Who introduced them said so beforehand.
        Referrer = "referrer",
        /// The friend left their number at the link.
        Link = "link",
        /// Somebody of ours wrote it down.
        Staff = "staff",
    }
}

peyvand_db::words! {
    /// What became of a claim.
    pub enum ClaimOutcome {
        /// It is believed.
        Won = "won",
        /// It says the same as the one that is believed.
        Agrees = "agrees",
        /// Another source is more certain.
        Weaker = "weaker",
        /// Another of the same kind came first.
        Later = "later",
        /// The number was left too long before the friend came.
        Stale = "stale",
        /// It names the friend themselves.
        Own = "own",
    }
}

peyvand_db::words! {
    /// Where an introduction stands.
    pub enum ReferralState {
        /// Written down; the friend has not come yet.
        Captured = "captured",
        /// Something looks odd; a person decides.
        PendingReview = "pending_review",
        /// The friend has come.
        Qualified = "qualified",
        /// The friend has bought.
        Converted = "converted",
        /// The friend's first purchase stands.
        Confirmed = "confirmed",
        /// It is confirmed, and who introduced has what the schedule says.
        Rewarded = "rewarded",
        /// Does not count.
        Rejected = "rejected",
        /// The friend did not come, or did not buy, in time.
        Expired = "expired",
        /// It was confirmed, and then the purchase was given back.
        Reversed = "reversed",
    }
}

impl ReferralState {
    /// Whether time or a purchase may still change it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Captured | Self::PendingReview | Self::Qualified | Self::Converted | Self::Confirmed | Self::Rewarded)
    }
}

peyvand_db::words! {
    /// Why an introduction ended without coming to anything.
    pub enum ReferralEnd {
        /// Who introduces and who is introduced are one.
        SamePerson = "same_person",
        /// The friend is the same as one whom somebody else introduced.
        SameFriend = "same_friend",
        /// The friend had bought before.
        NotNew = "not_new",
        /// Each is said to have brought the other, directly or over others.
        Circle = "circle",
        /// Too much speaks for fraud.
        Fraud = "fraud",
        /// A person found it unsound.
        Person = "person",
        /// The friend did not come in time.
        NotRegistered = "not_registered",
        /// The friend did not buy in time.
        NotBought = "not_bought",
        /// The friend gave the purchase back.
        Refunded = "refunded",
    }
}

impl ReferralEnd {
    /// Whether a person may find otherwise.
    #[must_use]
    pub const fn can_be_appealed(self) -> bool {
        matches!(self, Self::Fraud | Self::Person)
    }
}

/// A claim, for the question which one is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who is said to have introduced.
    pub referrer: Id<Party>,
    /// By whom it is said.
    pub source: ClaimSource,
    /// When it was said.
    pub at: Instant,
    /// The day of that.
    pub on: Day,
}

/// Which claim is believed, and what becomes of each. `friend` is who was introduced and on which day they came, once that is
/// known; a number left at a link counts for `link_days`. The more certain source wins, of two the same the earlier; what is still
/// a tie goes to the one that stands first.
#[must_use]
pub fn resolve(claims: &[Claim], friend: Option<(Id<Party>, Day)>, link_days: i64) -> (Option<usize>, Vec<ClaimOutcome>) {
    let is_stale = |claim: &Claim| claim.source == ClaimSource::Link && friend.is_some_and(|(_, came)| came > claim.on.plus(link_days));
    let is_own = |claim: &Claim| friend.is_some_and(|(friend, _)| friend == claim.referrer);
    let sound = claims.iter().enumerate().filter(|(_, claim)| !is_stale(claim) && !is_own(claim));
    let best = sound.min_by_key(|(place, claim)| (claim.source, claim.at, *place));
    let outcomes = claims.iter().enumerate().map(|(place, claim)| match best {
        _ if is_own(claim) => ClaimOutcome::Own,
        _ if is_stale(claim) => ClaimOutcome::Stale,
        Some((won, _)) if won == place => ClaimOutcome::Won,
        Some((_, winner)) if winner.referrer == claim.referrer => ClaimOutcome::Agrees,
        Some((_, winner)) if winner.source == claim.source => ClaimOutcome::Later,
        _ => ClaimOutcome::Weaker,
    });
    (best.map(|(place, _)| place), outcomes.collect())
}

/// Whether the friend, or what they carried, says who introduced them.
#[must_use]
pub fn is_corroborated(claims: &[Claim], referrer: Id<Party>) -> bool {
    let by_friend = |source| matches!(source, ClaimSource::Code | ClaimSource::Referee | ClaimSource::Link);
    claims.iter().any(|claim| claim.referrer == referrer && by_friend(claim.source))
}

/// How long what may take, in days; those of the day on which it was written down hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// From the word to the friend's coming.
    pub register_days: i64,
    /// From their coming to their first purchase.
    pub buy_days: i64,
    /// From that to its being final.
    pub confirm_days: i64,
}

impl Windows {
    /// The usual ones, where a purchase may be given back within so many days.
    #[must_use]
    pub const fn usual(return_days: i64) -> Windows {
        Windows { register_days: 30, buy_days: 90, confirm_days: return_days + 1 }
    }
}

/// A day on which the friend bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bought {
    /// The day.
    pub on: Day,
    /// Whether something of it remains.
    pub stands: bool,
}

/// What is known of an introduction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When it was written down.
    pub captured_on: Day,
    /// When it happened.
    pub occurred_on: Day,
    /// How long what may take.
    pub windows: Windows,
    /// Since when the friend is known; `None` before they come.
    pub known_on: Option<Day>,
    /// What the friend bought, in order.
    pub bought: Vec<Bought>,
    /// A rule that it breaks.
    pub breaks: Option<ReferralEnd>,
    /// What speaks for fraud.
    pub score: i64,
    /// Up to which score a person found it sound, and when.
    pub accepted: Option<(i64, Day)>,
    /// Whether a person found it unsound, and when.
    pub refused_on: Option<Day>,
    /// When it was confirmed and by the purchase of which day, if it was.
    pub confirmed: Option<(Day, Day)>,
}

/// Where it stands, and the days of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Where.
    pub state: ReferralState,
    /// Why it ended.
    pub end: Option<ReferralEnd>,
    /// When the friend came.
    pub qualified_on: Option<Day>,
    /// When the friend bought, or that was told.
    pub converted_on: Option<Day>,
    /// The day of the first purchase that stands.
    pub bought_on: Option<Day>,
    /// Since when it is final.
    pub confirmed_on: Option<Day>,
    /// When it ended.
    pub ended_on: Option<Day>,
    /// When time alone changes something.
    pub due_on: Option<Day>,
}

/// Where an introduction stands today.
#[must_use]
pub fn stand(facts: &Facts, today: Day) -> Stand {
    let mut is = Stand {
        state: ReferralState::Captured,
        end: None,
        qualified_on: None,
        converted_on: None,
        bought_on: None,
        confirmed_on: None,
        ended_on: None,
        due_on: None,
    };
    let Windows { register_days, buy_days, confirm_days } = facts.windows;
    let first = facts.bought.iter().find(|one| one.stands).map(|one| one.on);
    let came_on = facts.known_on.map(|known| first.map_or(known, |first| first.min(known)));
    let is_in_time = came_on.is_some_and(|came| came <= facts.captured_on.plus(register_days));
    is.qualified_on = came_on.filter(|_| is_in_time).map(|came| came.max(facts.captured_on));
    let buy_by = is.qualified_on.map(|on| on.plus(buy_days));
    is.bought_on = first.filter(|first| buy_by.is_some_and(|by| *first <= by));
    is.converted_on = is.bought_on.map(|on| on.max(facts.captured_on));

    if let Some((confirmed_on, bought_on)) = facts.confirmed {
        (is.confirmed_on, is.bought_on) = (Some(confirmed_on), Some(bought_on));
        if facts.bought.iter().any(|one| one.on == bought_on && one.stands) {
            return Stand { state: ReferralState::Confirmed, ..is };
        }
        return ended(is, ReferralState::Reversed, ReferralEnd::Refunded, today);
    }
    // Whoever bought before, or long before anybody said a word, was brought by nobody.
    let new_from = facts.occurred_on.max(facts.captured_on.plus(-register_days));
    let is_old = facts.bought.iter().any(|one| one.stands && one.on < new_from);
    if let Some(rule) = facts.breaks.or(is_old.then_some(ReferralEnd::NotNew)) {
        return ended(is, ReferralState::Rejected, rule, today);
    }
    if let Some(on) = facts.refused_on {
        return ended(is, ReferralState::Rejected, ReferralEnd::Person, on);
    }
    let is_accepted = facts.accepted.is_some_and(|(score, _)| facts.score <= score);
    let lane = if is_accepted { FraudLane::Auto } else { lane(facts.score) };
    if lane == FraudLane::Rejected {
        return ended(is, ReferralState::Rejected, ReferralEnd::Fraud, today);
    }
    let register_by = facts.captured_on.plus(register_days);
    if is.qualified_on.is_none() && (came_on.is_some() || today > register_by) {
        return ended(is, ReferralState::Expired, ReferralEnd::NotRegistered, register_by.plus(1));
    }
    if let Some(by) = buy_by
        && is.bought_on.is_none()
        && (first.is_some() || today > by)
    {
        return ended(is, ReferralState::Expired, ReferralEnd::NotBought, by.plus(1));
    }
    let accepted_on = facts.accepted.map(|(_, on)| on);
    let final_on = is.bought_on.map(|on| on.plus(confirm_days)).map(|on| accepted_on.map_or(on, |accepted| on.max(accepted)));
    let final_on = final_on.map(|on| on.max(facts.captured_on));
    is.state = match (is.qualified_on, is.bought_on) {
        (None, _) => ReferralState::Captured,
        (Some(_), None) => ReferralState::Qualified,
        (Some(_), Some(_)) => ReferralState::Converted,
    };
    is.due_on = match is.state {
        ReferralState::Captured => Some(register_by.plus(1)),
        ReferralState::Qualified => buy_by.map(|by| by.plus(1)),
        _ => final_on,
    };
    if lane == FraudLane::Queue {
        is.state = ReferralState::PendingReview;
        is.due_on = is.due_on.filter(|due| *due > today);
        return is;
    }
    match final_on {
        Some(on) if on <= today => Stand { state: ReferralState::Confirmed, confirmed_on: Some(on), due_on: None, ..is },
        _ => is,
    }
}

fn ended(is: Stand, state: ReferralState, end: ReferralEnd, on: Day) -> Stand {
    Stand { state, end: Some(end), ended_on: Some(on), due_on: None, ..is }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn who(number: u128) -> Id<Party> {
        Id::new(uuid::Uuid::from_u128(number))
    }

    fn claim(number: u128, source: ClaimSource, on: &str) -> Claim {
        let on = day(on);
        Claim { referrer: who(number), source, at: Instant(on.since(day("2026-01-01")) * 86_400_000), on }
    }

    #[test]
    fn the_most_certain_source_wins_then_the_earliest_and_each_loser_says_why() {
        use ClaimOutcome::{Agrees, Later, Stale, Weaker, Won};
        use ClaimSource::{Code, Link, Referee, Referrer, Staff};
        let claims = [
            claim(1, Staff, "2026-03-01"),
            claim(2, Link, "2026-03-02"),
            claim(3, Referrer, "2026-03-03"),
            claim(4, Referee, "2026-03-05"),
            claim(5, Referee, "2026-03-04"),
            claim(5, Staff, "2026-03-01"),
            claim(6, Code, "2026-03-09"),
        ];
        let resolved = |claims: &[Claim]| resolve(claims, Some((who(9), day("2026-03-10"))), 30);
        assert_eq!(resolved(&claims), (Some(6), vec![Weaker, Weaker, Weaker, Weaker, Weaker, Weaker, Won]));
        assert_eq!(resolved(&claims[..6]), (Some(4), vec![Weaker, Weaker, Weaker, Later, Won, Agrees]));
        assert_eq!(resolved(&claims[..3]), (Some(2), vec![Weaker, Weaker, Won]));
        let late = |came| resolve(&claims[..2], Some((who(9), day(came))), 30);
        assert_eq!(late("2026-04-01"), (Some(1), vec![Weaker, Won]));
        assert_eq!(late("2026-04-02"), (Some(0), vec![Won, Stale]));
        assert_eq!(resolve(&claims[..2], Some((who(2), day("2026-03-03"))), 30), (Some(0), vec![Won, ClaimOutcome::Own]));
        assert_eq!(resolve(&[], None, 30), (None, vec![]));
        assert!(is_corroborated(&claims, who(5)) && !is_corroborated(&claims, who(3)));
    }

    fn facts() -> Facts {
        Facts {
            captured_on: day("2026-03-01"),
            occurred_on: day("2026-03-01"),
            windows: Windows::usual(7),
            known_on: None,
            bought: Vec::new(),
            breaks: None,
            score: 0,
            accepted: None,
            refused_on: None,
            confirmed: None,
        }
    }

    fn on(text: &str) -> Bought {
        Bought { on: day(text), stands: true }
    }

    #[test]
    fn a_friend_comes_buys_and_the_purchase_becomes_final() {
        use ReferralState::{Captured, Confirmed, Converted, Expired, Qualified};
        let at = |facts: &Facts, text: &str| {
            let is = stand(facts, day(text));
            (is.state, is.due_on.map(|on| on.to_string()))
        };
        let due = |text: &str| Some(text.to_owned());
        let mut is = facts();
        assert_eq!(at(&is, "2026-03-31"), (Captured, due("2026-04-01")));
        assert_eq!(at(&is, "2026-04-01"), (Expired, None));
        is.known_on = Some(day("2026-03-31"));
        assert_eq!(at(&is, "2026-03-31"), (Qualified, due("2026-06-30")));
        assert_eq!(at(&is, "2026-06-30"), (Expired, None));
        is.bought = vec![on("2026-06-29")];
        assert_eq!(at(&is, "2026-06-30"), (Converted, due("2026-07-07")));
        assert_eq!(at(&is, "2026-07-07"), (Confirmed, None));
        assert_eq!(stand(&is, day("2027-01-01")).confirmed_on, Some(day("2026-07-07")), "whenever it is asked");
        is.bought = vec![on("2026-06-30")];
        assert_eq!(stand(&is, day("2026-07-30")).end, Some(ReferralEnd::NotBought));
        let late = Facts { known_on: Some(day("2026-04-01")), ..facts() };
        assert_eq!(stand(&late, day("2026-04-01")).end, Some(ReferralEnd::NotRegistered));
    }

    #[test]
    fn what_is_given_back_before_it_is_final_counts_as_not_bought_and_later_takes_it_back() {
        let known_on = Some(day("2026-03-02"));
        let back = Bought { stands: false, ..on("2026-03-03") };
        let early = Facts { known_on, bought: vec![back], ..facts() };
        assert_eq!(stand(&early, day("2026-03-20")).state, ReferralState::Qualified);
        let again = Facts { bought: vec![back, on("2026-04-01")], ..early.clone() };
        assert_eq!(stand(&again, day("2026-04-20")).bought_on, Some(day("2026-04-01")));
        let confirmed = Some((day("2026-03-11"), day("2026-03-03")));
        let late = Facts { confirmed, ..again };
        let is = stand(&late, day("2026-05-01"));
        assert_eq!((is.state, is.end, is.ended_on), (ReferralState::Reversed, Some(ReferralEnd::Refunded), Some(day("2026-05-01"))));
        let stands =
            Facts { confirmed, bought: vec![on("2026-03-03")], known_on, breaks: Some(ReferralEnd::Circle), score: 100, ..facts() };
        assert_eq!(stand(&stands, day("2026-05-01")).state, ReferralState::Confirmed, "what is final is undone by a refund alone");
    }

    #[test]
    fn what_looks_odd_waits_for_a_person_and_what_breaks_a_rule_does_not_count() {
        let known_on = Some(day("2026-03-02"));
        let odd = Facts { known_on, bought: vec![on("2026-03-03")], score: 30, ..facts() };
        let of = |facts: &Facts| stand(facts, day("2026-03-20")).state;
        assert_eq!(of(&odd), ReferralState::PendingReview);
        let accepted = Facts { accepted: Some((30, day("2026-03-15"))), ..odd.clone() };
        assert_eq!(of(&accepted), ReferralState::Confirmed);
        assert_eq!(stand(&accepted, day("2026-03-20")).confirmed_on, Some(day("2026-03-15")), "not before it was found sound");
        assert_eq!(of(&Facts { score: 45, ..accepted.clone() }), ReferralState::PendingReview, "something new speaks against it");
        assert_eq!(of(&Facts { refused_on: Some(day("2026-03-15")), ..odd.clone() }), ReferralState::Rejected);
        assert_eq!(stand(&Facts { score: 80, ..odd.clone() }, day("2026-03-20")).end, Some(ReferralEnd::Fraud));
        let appealed = Facts { score: 100, accepted: Some((100, day("2026-03-16"))), ..odd.clone() };
        assert_eq!(of(&appealed), ReferralState::Confirmed);
        let broken = Facts { breaks: Some(ReferralEnd::Circle), ..appealed };
        assert_eq!(stand(&broken, day("2026-03-20")).end, Some(ReferralEnd::Circle), "no person changes that");
        let old = Facts { bought: vec![on("2026-02-28"), on("2026-03-03")], ..odd.clone() };
        assert_eq!(stand(&old, day("2026-03-20")).end, Some(ReferralEnd::NotNew));
        let told_later = Facts { occurred_on: day("2026-01-20"), ..old.clone() };
        assert_eq!(of(&told_later), ReferralState::PendingReview, "they may say so after they bought");
        let told_late = Facts { bought: vec![on("2026-01-29")], ..told_later };
        assert_eq!(stand(&told_late, day("2026-03-20")).end, Some(ReferralEnd::NotNew), "but not any time later");
    }

    proptest! {
        #[test]
        fn steps_come_in_order_and_asking_again_changes_nothing(
            captured in 0_i64..40, known in proptest::option::of(0_i64..120), buys in proptest::collection::vec((0_i64..300, any::<bool>()), 0..4),
            score in 0_i64..130, accepted in proptest::option::of((0_i64..130, 0_i64..60)), now in 40_i64..400,
        ) {
            let first = day("2026-01-01");
            let mut bought: Vec<Bought> = buys.into_iter().map(|(on, stands)| Bought { on: first.plus(on), stands }).collect();
            bought.sort_by_key(|one| one.on);
            let facts = Facts {
                captured_on: first.plus(captured), occurred_on: first.plus(captured), known_on: known.map(|on| first.plus(on)), bought, score,
                accepted: accepted.map(|(score, on)| (score, first.plus(on))), ..facts()
            };
            let is = stand(&facts, first.plus(now));
            let steps: Vec<Day> = [Some(facts.captured_on), is.qualified_on, is.converted_on, is.confirmed_on].into_iter().flatten().collect();
            prop_assert!(steps.is_sorted(), "{steps:?}");
            prop_assert_eq!(is.state.is_open(), is.end.is_none());
            prop_assert!(is.due_on.is_none_or(|due| due > first.plus(now)), "what is due has happened");
            if let (Some(confirmed_on), Some(bought_on)) = (is.confirmed_on, is.bought_on) {
                let again = Facts { confirmed: Some((confirmed_on, bought_on)), ..facts.clone() };
                prop_assert_eq!(stand(&again, first.plus(now + 30)), is);
            }
        }
    }
}
