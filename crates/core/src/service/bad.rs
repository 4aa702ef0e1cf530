//! A bad answer opens a case by itself, in the transaction that stores it, once.

use super::cases::{self, CaseKind, Fresh};
use super::clock::Clock;
use super::fill::{Scores, Who};
use super::sheets::Sheet;
use super::voice_settings::VoiceSettings;
use crate::parties::whom;
use crate::platform::locale::Loc;
use crate::platform::text::Lang;
use crate::{Ctx, Result, Sight};
use peyvand_db::{Id, Tx};

/// What is bad about an answer: what the case is about, and how severe it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub reason: &'static str,
    pub severity: i64,
}

/// Whether scores are bad by the organisation's borders. Who felt disrespected, or chose the lowest steps, is a severe case.
pub(super) fn judge(scores: &Scores, settings: &VoiceSettings) -> Option<Bad> {
    let below = |score: Option<i64>, border: i64| score.is_some_and(|score| score <= border);
    let respect = |border: i64| scores.respect.is_some_and(|(sum, items)| sum <= border * items);
    if respect(settings.respect) {
        return Some(Bad { reason: "behaviour", severity: 3 });
    }
    let lowest =
        below(scores.nps, settings.nps.min(2)) || below(scores.csat, settings.csat.min(1)) || below(scores.ces, settings.ces.min(1));
    let bad = below(scores.nps, settings.nps) || below(scores.csat, settings.csat) || below(scores.ces, settings.ces);
    bad.then_some(Bad { reason: "bad_answer", severity: if lowest { 3 } else { 2 } })
}

/// Opens the case of a bad answer of a known customer. Who is not known cannot be answered, so there is none.
pub(super) async fn open(tx: &mut Tx, ctx: &Ctx, who: &Who, sheet: Id<Sheet>, scores: &Scores) -> Result<()> {
    let Some(party) = who.party else { return Ok(()) };
    let clock = Clock::read(tx, ctx).await?;
    let Some(bad) = judge(scores, &clock.settings) else { return Ok(()) };
    let party = whom::by_id(tx, &Sight::All, party).await?;
    let text = match &scores.words {
        Some(words) => words.clone(),
        None => told(&Loc::new(ctx.app.organisation().await?.prefs(), ctx.now()), who, scores),
    };
    let fresh = Fresh {
        kind: CaseKind::Complaint,
        reason: bad.reason,
        severity: bad.severity,
        channel: None,
        text: &text,
        owner: None,
        sheet: Some(sheet),
    };
    cases::put(tx, ctx, &clock, &party, fresh).await.map(|_| ())
}

/// The answer in words, where the customer wrote none.
fn told(loc: &Loc, who: &Who, scores: &Scores) -> String {
    let name = match loc.prefs.lang {
        Lang::Fa => &who.survey.name_fa,
        Lang::Ar => &who.survey.name_ar,
        Lang::En => &who.survey.name_en,
    };
    let mut said: Vec<String> = [("nps", scores.nps), ("csat", scores.csat), ("ces", scores.ces)]
        .into_iter()
        .filter_map(|(kind, score)| Some(loc.t1(&format!("surveys-{kind}-value"), "value", loc.number(score?))))
        .collect();
    if let Some((sum, items)) = scores.respect.filter(|(_, items)| *items > 0) {
        said.push(loc.t1("surveys-respect-value", "value", loc.rounded(sum as f64 / items as f64, 1)));
    }
    format!("{name}: {}", said.join(&loc.t("timeline-comma")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_answer_is_one_at_or_below_the_borders() {
        let settings = VoiceSettings::default();
        let nps = |step| Scores { nps: Some(step), ..Scores::default() };
        assert_eq!(judge(&nps(7), &settings), None);
        assert_eq!(judge(&nps(6), &settings), Some(Bad { reason: "bad_answer", severity: 2 }));
        assert_eq!(judge(&nps(2), &settings), Some(Bad { reason: "bad_answer", severity: 3 }));
        assert_eq!(judge(&Scores { csat: Some(3), ces: Some(3), fairness: Some(1), ..Scores::default() }, &settings), None);
        assert_eq!(judge(&Scores { csat: Some(2), ..Scores::default() }, &settings).unwrap().severity, 2);
        assert_eq!(judge(&Scores { ces: Some(1), ..Scores::default() }, &settings).unwrap().severity, 3);
        // A mean of 3, and one just above.
        let respect = |sum| Scores { respect: Some((sum, 3)), nps: Some(10), ..Scores::default() };
        assert_eq!(judge(&respect(9), &settings), Some(Bad { reason: "behaviour", severity: 3 }));
        assert_eq!(judge(&respect(10), &settings), None);
        let strict = VoiceSettings { nps: 0, ..settings };
        assert_eq!(judge(&nps(1), &strict), None);
        assert_eq!(judge(&nps(0), &strict).unwrap().severity, 3);
    }
}
