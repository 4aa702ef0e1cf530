//! Writing an introduction down: what the friend says, what who introduces says beforehand, what somebody of ours knows, what a
//! code tells. All that is said of one friend belongs to one introduction.

use super::codes;
use super::follow::{hint, open_of, settle, welcome};
use super::referrals::{Referral, ReferralClaim, ReferralSeen, whole};
use super::rewards;
use super::rules::{ClaimOutcome, ClaimSource, ReferralForm, ReferralKind, ReferralState, Windows};
use super::thanks;
use crate::interactions::{Channel, moment};
use crate::lifecycle::gates::{Gate, Threshold};
use crate::lifecycle::versions;
use crate::parties::Party;
use crate::parties::identity::{self, Detail, IdentityKind};
use crate::parties::whom;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_text;
use crate::sales::Product;
use crate::{Act, Ctx, Day, Error, Fields, Operations, Perm, Problem, Result, Room, Sight};
use jiff::civil::time;
use peyvand_db::{Id, Tx, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a note.
const NOTE_MAX: usize = 1_000;

peyvand_db::words! {
    /// Who says it.
    pub enum SaidBy {
        /// Who was introduced.
        Referee = "referee",
        /// Who introduces.
        Referrer = "referrer",
        /// Somebody of ours, who saw or heard it.
        Staff = "staff",
    }
}

/// An introduction to be written down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordReferral {
    /// Who says it; somebody of ours unless given.
    pub said_by: Option<SaidBy>,
    /// The code that the friend showed; it says who introduced them.
    pub code: Option<String>,
    /// Who introduced.
    pub referrer_id: Option<Id<Party>>,
    /// Who introduced, by any identity key, phone or code.
    pub referrer: Option<String>,
    /// Who was introduced.
    pub referee_id: Option<Id<Party>>,
    /// Who was introduced, by any identity key, phone or code.
    pub referee: Option<String>,
    /// Phone or e-mail of a friend who has not come yet. Only a keyed hash of it is kept.
    pub friend: Option<String>,
    /// What was introduced; the shop unless given.
    pub kind: Option<ReferralKind>,
    /// How; in a talk unless given.
    pub form: Option<ReferralForm>,
    /// By which way it reached us.
    pub channel: Option<Channel>,
    /// Code of the product that was introduced.
    pub product: Option<String>,
    /// Whether we had asked for it.
    pub is_solicited: bool,
    /// When it happened, as a date in the caller's calendar; today unless given, or the day of the friend's first purchase when
    /// that was within a month.
    pub occurred: Option<String>,
    /// A note.
    pub note: Option<String>,
}

/// What was said, ready to be written.
pub(super) struct Word {
    pub(super) referrer: Id<Party>,
    pub(super) source: ClaimSource,
    pub(super) kind: ReferralKind,
    pub(super) form: ReferralForm,
    pub(super) channel: Option<Channel>,
    pub(super) product: Option<Id<Product>>,
    pub(super) is_solicited: bool,
    pub(super) occurred_on: Day,
    pub(super) note: Option<String>,
    pub(super) network: Option<String>,
}

/// Of whom it was said.
pub(super) enum Friend {
    /// A customer.
    Known(Id<Party>),
    /// Somebody who has not come yet.
    Hidden(Hidden),
}

/// Phone or e-mail of somebody who has not come yet.
pub(super) struct Hidden {
    hash: String,
    masked: String,
    value: String,
}

/// Reads a phone number or an e-mail of a friend.
pub(super) async fn hidden(ctx: &Ctx, text: &str) -> Result<Hidden, Error> {
    let country = ctx.app.organisation().await?.country.clone();
    let kind = if text.contains('@') { IdentityKind::Email } else { IdentityKind::Phone };
    let checked = identity::check(kind, text, &country).map_err(|problem| Problem::new("friend", problem.key()))?;
    let value = match &checked.detail {
        Detail::Phone(phone) => phone.e164.clone(),
        _ => checked.normalised.clone(),
    };
    let masked = match value.split_once('@') {
        Some((local, domain)) => format!("{}…@{domain}", local.chars().take(1).collect::<String>()),
        None => format!("…{}", value.chars().skip(value.chars().count().saturating_sub(2)).collect::<String>()),
    };
    Ok(Hidden { hash: hint(ctx, &value), masked, value })
}

/// The only customer who has that number or address.
async fn who_has(tx: &mut Tx, value: &str) -> Result<Option<Id<Party>>> {
    let query = sql("SELECT DISTINCT c.party_id FROM contact_points c WHERE c.value = $1 ORDER BY c.party_id LIMIT 2");
    let found: Vec<(Id<Party>,)> = tx.all(query.bind(value)).await?;
    Ok(match found.as_slice() {
        [(one,)] => Some(*one),
        _ => None,
    })
}

/// Writes down what was said: of the introduction of this friend that is there, or of a new one.
pub(super) async fn write(tx: &mut Tx, ctx: &Ctx, friend: Friend, word: Word) -> Result<Id<Referral>> {
    let (known, hidden) = match friend {
        Friend::Known(party) => (Some(party), None),
        Friend::Hidden(hidden) => (who_has(tx, &hidden.value).await?.filter(|party| *party != word.referrer), Some(hidden)),
    };
    let there = match (known, &hidden) {
        (Some(party), _) => {
            // Whoever else speaks of the same friend waits.
            tx.one::<(Id<Party>,)>(sql("SELECT id FROM parties WHERE id = $1 {for_update}").bind(party)).await?;
            open_of(tx, party).await?
        }
        (None, Some(hidden)) => {
            let query = sql("SELECT id FROM referrals WHERE hint = $1 AND referee_id IS NULL AND state IN ('captured', 'pending_review')
                             {for_update}");
            tx.maybe::<(Id<Referral>,)>(query.bind(&hidden.hash)).await?.map(|(id,)| id)
        }
        (None, None) => None,
    };
    let id = match there {
        Some(id) => id,
        None => capture(tx, ctx, known, hidden.as_ref().filter(|_| known.is_none()), &word).await?,
    };
    let claim: Id<ReferralClaim> = ctx.id();
    tx.run(
        sql("INSERT INTO referral_claims (id, referral_id, referrer_id, source, outcome, kind, form, channel, product_id, is_solicited,
               claimed_at, occurred_on, note, network, created_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)")
        .bind(claim)
        .bind(id)
        .bind(word.referrer)
        .bind(word.source)
        .bind(ClaimOutcome::Later)
        .bind(word.kind)
        .bind(word.form)
        .bind(word.channel)
        .bind(word.product)
        .bind(word.is_solicited)
        .bind(ctx.now())
        .bind(word.occurred_on)
        .bind(&word.note)
        .bind(&word.network)
        .bind(ctx.actor.user()),
    )
    .await?;
    let kind = if there.is_some() { "referral.claimed" } else { "referral.recorded" };
    let data = json!({"referee": known, "source": word.source, "form": word.form});
    events::record(tx, ctx, Event::of_party(kind, word.referrer, data).about(id)).await?;
    // A number of their own.
    let own = match &hidden {
        Some(hidden) => who_has(tx, &hidden.value).await?.filter(|party| known.is_none() && *party == word.referrer),
        None => None,
    };
    match own {
        Some(own) => welcome(tx, ctx, id, own).await?,
        None => settle(tx, ctx, id).await?,
    }
    if there.is_none() {
        thanks::plan(tx, ctx, id).await?;
    }
    Ok(id)
}

async fn capture(tx: &mut Tx, ctx: &Ctx, known: Option<Id<Party>>, hidden: Option<&Hidden>, word: &Word) -> Result<Id<Referral>> {
    let id: Id<Referral> = ctx.id();
    let rules = versions::timeline(ctx).await?;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let windows = Windows::usual(rules.on(today).get(Gate::First, Threshold::ReturnDays));
    tx.run(
        sql("INSERT INTO referrals (id, referrer_id, referee_id, hint, hint_masked, kind, form, channel, product_id, is_solicited,
               is_corroborated, source, state, register_days, buy_days, confirm_days, captured_at, captured_on, occurred_on, fraud_score,
               signs, is_refused, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, FALSE, $11, $12, $13, $14, $15, $16, $17, $18, 0, $19, FALSE, $20, $16)")
        .bind(id)
        .bind(word.referrer)
        .bind(known)
        .bind(hidden.map(|hidden| hidden.hash.clone()))
        .bind(hidden.map(|hidden| hidden.masked.clone()))
        .bind(word.kind)
        .bind(word.form)
        .bind(word.channel)
        .bind(word.product)
        .bind(word.is_solicited)
        .bind(word.source)
        .bind(ReferralState::Captured)
        .bind(windows.register_days)
        .bind(windows.buy_days)
        .bind(windows.confirm_days)
        .bind(ctx.now())
        .bind(today)
        .bind(word.occurred_on)
        .bind(json!([]))
        .bind(ctx.actor.user()),
    )
    .await?;
    rewards::begin(tx, id, today).await?;
    Ok(id)
}

/// The party that a field names, its problem at that field.
async fn one_of(
    tx: &mut Tx,
    ctx: &Ctx,
    sight: &Sight,
    field: &'static str,
    id: Option<Id<Party>>,
    key: Option<&str>,
) -> Result<Option<whom::Whom>> {
    match whom::find(tx, ctx, sight, id, key).await {
        Err(Error::Invalid(Fields(problems))) => {
            let named = problems.into_iter().map(|problem| Problem { field: field.into(), ..problem }).collect();
            Err(Error::Invalid(Fields(named)))
        }
        outcome => outcome,
    }
}

/// What came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecordedReferral {
    /// The introduction, as it is.
    #[serde(flatten)]
    pub seen: ReferralSeen,
    /// Whether what was said belongs to an introduction that was there.
    pub is_further: bool,
}

/// Writes an introduction down.
///
/// # Errors
/// Without the right, for somebody out of sight, for a friend who is nobody or who introduces themselves, for a day to come.
pub async fn record(ctx: &Ctx, new: RecordReferral) -> Result<RecordedReferral> {
    let writer = ctx.write(Perm(Room::Advocacy, Act::Create))?;
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut fields = Fields::default();
    let note = clean_text(new.note.as_deref().unwrap_or_default(), NOTE_MAX)
        .map_err(|problem| Problem::new("note", problem.key()).with("max", NOTE_MAX));
    let note = fields.take(note).filter(|note| !note.is_empty());
    let occurred = given(&new.occurred).map(|text| moment(ctx, "occurred", &text, time(12, 0, 0, 0)));
    let occurred = occurred.and_then(|at| fields.take(at)).map(|at| at.day(&zone));
    if occurred.is_some_and(|day| day > today) {
        fields.add("occurred", "referrals-day-to-come");
    }
    let friend = match given(&new.friend) {
        Some(text) => match hidden(ctx, &text).await {
            Ok(hidden) => Some(hidden),
            Err(Error::Invalid(problems)) => {
                fields.0.extend(problems.0);
                None
            }
            Err(error) => return Err(error),
        },
        None => None,
    };
    let code = given(&new.code);
    if code.is_none() && new.referrer_id.is_none() && given(&new.referrer).is_none() {
        fields.add("referrer", "input-needed");
    }
    if new.friend.is_none() && new.referee_id.is_none() && given(&new.referee).is_none() {
        fields.add("referee", "referrals-whom");
    }
    fields.check()?;

    let mut tx = writer.begin().await?;
    let referrer = match &code {
        Some(code) => codes::owner(&mut tx, code).await?.ok_or_else(|| Error::invalid("code", "referrals-code-unknown"))?,
        None => {
            let found = one_of(&mut tx, ctx, &writer.sight, "referrer", new.referrer_id, new.referrer.as_deref()).await?;
            found.ok_or_else(|| Error::invalid("referrer", "input-needed"))?.id
        }
    };
    let referee = one_of(&mut tx, ctx, &writer.sight, "referee", new.referee_id, new.referee.as_deref()).await?;
    let (friend, first_on) = match (referee, friend) {
        (Some(referee), _) if referee.id == referrer => return Err(Error::invalid("referee", "referrals-themselves")),
        (Some(referee), _) => (Friend::Known(referee.id), first_purchase(&mut tx, referee.id).await?),
        (None, Some(hidden)) => (Friend::Hidden(hidden), None),
        (None, None) => return Err(Error::invalid("referee", "referrals-whom")),
    };
    let product = match given(&new.product) {
        Some(code) => {
            let found: Option<(Id<Product>,)> = tx.maybe(sql("SELECT id FROM products WHERE code = $1").bind(code)).await?;
            Some(found.ok_or_else(|| Error::invalid("product", "referrals-product-unknown"))?.0)
        }
        None => None,
    };
    let source = match (&code, new.said_by.unwrap_or(SaidBy::Staff)) {
        (Some(_), _) => ClaimSource::Code,
        (None, SaidBy::Referee) => ClaimSource::Referee,
        (None, SaidBy::Referrer) => ClaimSource::Referrer,
        (None, SaidBy::Staff) => ClaimSource::Staff,
    };
    // Who says how they came when they buy, or soon after, came by that.
    let window = Windows::usual(0).register_days;
    let just_bought = first_on.filter(|day| *day >= today.plus(-window) && *day <= today);
    let kind = new.kind.unwrap_or(if product.is_some() { ReferralKind::Product } else { ReferralKind::Brand });
    let form = new.form.unwrap_or(if code.is_some() { ReferralForm::Link } else { ReferralForm::WordOfMouth });
    let word = Word {
        referrer,
        source,
        kind,
        form,
        channel: new.channel,
        product,
        is_solicited: new.is_solicited,
        occurred_on: occurred.or(just_bought).unwrap_or(today),
        note,
        network: None,
    };
    let id = write(&mut tx, ctx, friend, word).await?;
    let seen = whole(&mut tx, &Sight::All, id).await?;
    tx.commit().await?;
    Ok(RecordedReferral { is_further: seen.claims.len() > 1, seen })
}

/// Writes down whom a new customer names as the one who introduced them, in the transaction that adds them: a customer by any
/// identity key, phone or code, or the code of an introduction.
///
/// # Errors
/// Without the right to write introductions down, and a problem at field `introduced_by` for nobody within sight.
pub(crate) async fn declare(tx: &mut Tx, ctx: &Ctx, referee: Id<Party>, named: &str) -> Result<()> {
    const FIELD: &str = "introduced_by";
    let sight = ctx.actor.check(Perm(Room::Advocacy, Act::Create))?;
    let by_code = codes::owner(tx, named).await?;
    let referrer = match by_code {
        Some(referrer) => referrer,
        None => one_of(tx, ctx, &sight, FIELD, None, Some(named)).await?.ok_or_else(|| Error::invalid(FIELD, "input-needed"))?.id,
    };
    if referrer == referee {
        return Err(Error::invalid(FIELD, "referrals-themselves"));
    }
    let word = Word {
        referrer,
        source: if by_code.is_some() { ClaimSource::Code } else { ClaimSource::Referee },
        kind: ReferralKind::Brand,
        form: if by_code.is_some() { ReferralForm::Link } else { ReferralForm::WordOfMouth },
        channel: None,
        product: None,
        is_solicited: false,
        occurred_on: ctx.now().day(&ctx.app.organisation().await?.zone()),
        note: None,
        network: None,
    };
    write(tx, ctx, Friend::Known(referee), word).await.map(|_| ())
}

async fn first_purchase(tx: &mut Tx, party: Id<Party>) -> Result<Option<Day>> {
    let query = sql("SELECT day FROM purchases WHERE party_id = $1 AND gross_minor > 0 ORDER BY at, id LIMIT 1");
    Ok(tx.maybe::<(Day,)>(query.bind(party)).await?.map(|(day,)| day))
}

/// The operations of recording.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "referrals.record",
        "POST /referrals",
        Some(Perm(Room::Advocacy, Act::Create)),
        "Writes an introduction down: what the friend, who introduces, or somebody of ours says, or what a code tells.",
        record,
    )
    .example(|| json!({"said_by": "referee", "referrer": "09121234567", "referee": "09351112233", "form": "word_of_mouth"}));
}
