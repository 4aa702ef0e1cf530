//! Codes by which a customer's friends are known, and the short link that carries one. Nobody is handed a code to go and find
//! friends: who asks for one gets it, and advocates have theirs.

use super::record::{Friend, Word, hidden, write};
use super::rules::{ClaimSource, ReferralForm, ReferralKind};
use crate::experience::never::Rule;
use crate::experience::violations;
use crate::interactions::Channel;
use crate::lifecycle::Stage;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::parties::whom;
use crate::platform::access::User;
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::sign_in::network;
use crate::platform::text::digit_value;
use crate::platform::time::HOUR;
use crate::{Act, Ctx, Error, Instant, Operations, OrField, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// Letters and digits that nobody takes for another: no I, L, O, U.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code: one of 34 billions.
const LENGTH: usize = 7;
/// Numbers that one network may leave in an hour.
const FROM_ONE_NETWORK: i64 = 20;

row! {
    /// A code by which a customer's friends are known.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct ReferralCode {
        /// Its id.
        pub id: Id<ReferralCode> = "k.id",
        /// Whose it is.
        pub party_id: Id<Party> = "k.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// The code; its link is `/r/CODE`.
        pub code: String = "k.code",
        /// Whether the customer asked for it.
        pub is_asked: bool = "k.is_asked",
        /// How many left their number at its link.
        pub clicks: i64 = "k.clicks",
        /// Who made it.
        pub created_by: Option<Id<User>> = "k.created_by",
        /// When.
        pub created_at: Instant = "k.created_at",
        /// Since when it is not good any more.
        pub ended_at: Option<Instant> = "k.ended_at",
    }
}

const FROM: &str = "FROM referral_codes k JOIN parties p ON p.id = k.party_id WHERE 1 = 1";

/// A code as it is stored, from any spelling.
#[must_use]
pub fn spelled(text: &str) -> String {
    let letter = |sign: char| match digit_value(sign) {
        Some(digit) => Some(char::from(b'0' + digit)),
        None => match sign.to_ascii_uppercase() {
            'I' | 'L' => Some('1'),
            'O' => Some('0'),
            sign if sign.is_ascii_alphanumeric() => Some(sign),
            _ => None,
        },
    };
    text.chars().filter_map(letter).collect()
}

fn fresh(ctx: &Ctx) -> String {
    // The last bits of an id are random.
    let mut rest = ctx.id::<ReferralCode>().0.as_u128();
    let mut code = String::with_capacity(LENGTH);
    for _ in 0..LENGTH {
        // Below 32 by the mask.
        code.push(char::from(LETTERS[(rest & 31) as usize]));
        rest >>= 5;
    }
    code
}

/// Whose code it is, while it is good: that of who turned out to be somebody else is theirs, too.
pub(super) async fn owner(tx: &mut Tx, code: &str) -> Result<Option<Id<Party>>> {
    let query = sql("SELECT COALESCE(p.merged_into, p.id) FROM referral_codes k JOIN parties p ON p.id = k.party_id
                     WHERE k.code = $1 AND k.ended_at IS NULL");
    Ok(tx.maybe::<(Id<Party>,)>(query.bind(spelled(code))).await?.map(|(party,)| party))
}

/// Whose code.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MakeCode {
    /// Whose.
    pub party_id: Option<Id<Party>>,
    /// Whose, by any identity key, phone or code.
    pub customer: Option<String>,
    /// Whether the customer asked for it. Who is not an advocate gets one only so.
    pub is_asked: bool,
}

/// Gives a customer their code; the one that they have, or a new one. Advocates have one; to all others nobody offers it, and
/// whoever does so is refused and it is written down.
///
/// # Errors
/// Without the right, for a customer out of sight, for one who is no advocate and did not ask.
pub async fn make(ctx: &Ctx, input: MakeCode) -> Result<ReferralCode> {
    let writer = ctx.write(Perm(Room::Advocacy, Act::Create))?;
    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, input.party_id, input.customer.as_deref()).await?;
    let stage: Option<(Stage,)> =
        tx.maybe(sql("SELECT stage FROM stage_memberships WHERE party_id = $1 AND left_on IS NULL").bind(party.id)).await?;
    if !input.is_asked && stage.is_none_or(|(stage,)| stage != Stage::Advocate) {
        drop(tx);
        let problem = Problem::new("is_asked", "referrals-code-only-asked");
        return Err(violations::refuse(ctx, Rule::NoPitch, Some(party.id), json!({"what": "referrals.codes.make"}), problem).await);
    }
    let mut query = Sql::select::<ReferralCode>(FROM);
    query.push(" AND k.ended_at IS NULL AND k.party_id = ").arg(party.id);
    if let Some(there) = tx.maybe::<ReferralCode>(query).await? {
        tx.commit().await?;
        return Ok(there);
    }
    let id: Id<ReferralCode> = ctx.id();
    tx.run(
        sql("INSERT INTO referral_codes (id, party_id, code, is_asked, clicks, created_by, created_at) VALUES ($1, $2, $3, $4, 0, $5, $6)")
            .bind(id)
            .bind(party.id)
            .bind(fresh(ctx))
            .bind(input.is_asked)
            .bind(ctx.actor.user())
            .bind(ctx.now()),
    )
    .await
    .or_field("referral_codes_party_id_key", "customer", "referrals-code-there")?;
    events::record(&mut tx, ctx, Event::of_party("referral_code.made", party.id, json!({"is_asked": input.is_asked})).about(id)).await?;
    let mut query = Sql::select::<ReferralCode>(FROM);
    query.push(" AND k.id = ").arg(id);
    let made = tx.one(query).await?;
    tx.commit().await?;
    Ok(made)
}

/// Which code.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferralCodeId {
    /// The code.
    pub id: Id<ReferralCode>,
}

/// Ends a code, for one that went where it should not; another may be made.
///
/// # Errors
/// [`Error::NotFound`] for one that is not good or out of sight.
pub async fn end(ctx: &Ctx, input: ReferralCodeId) -> Result<ReferralCode> {
    let writer = ctx.write(Perm(Room::Advocacy, Act::Change))?;
    let mut tx = writer.begin().await?;
    let mut query = Sql::select::<ReferralCode>(FROM);
    writer.sight.parties(&mut query);
    query.push(" AND k.ended_at IS NULL AND k.id = ").arg(input.id);
    let mut code: ReferralCode = tx.maybe(query).await?.ok_or(Error::NotFound("referral code"))?;
    tx.run(sql("UPDATE referral_codes SET ended_at = $1 WHERE id = $2").bind(ctx.now()).bind(input.id)).await?;
    events::record(&mut tx, ctx, Event::of_party("referral_code.ended", code.party_id, json!({})).about(input.id)).await?;
    tx.commit().await?;
    code.ended_at = Some(ctx.now());
    Ok(code)
}

/// Which codes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListCodes {
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Codes that are good, the newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListCodes) -> Result<Page<ReferralCode>> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<ReferralCode>(FROM);
    reader.sight.parties(&mut query);
    query.push(" AND k.ended_at IS NULL");
    if let Some(party) = input.party_id {
        query.push(" AND k.party_id = ").arg(party);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<ReferralCode>(after)?;
        query.push(" AND (k.created_at, k.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY k.created_at DESC, k.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<ReferralCode> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.created_at, last.id)))
}

/// The code behind a link, as it is spelled; nothing is told of whose it is.
///
/// # Errors
/// [`Error::NotFound`] for one that nobody has.
pub async fn follow(ctx: &Ctx, code: String) -> Result<String> {
    let spelled = spelled(&code);
    let query = sql("SELECT 1 FROM referral_codes WHERE code = $1 AND ended_at IS NULL");
    ctx.app.db.maybe::<(i64,)>(query.bind(&spelled)).await?.ok_or(Error::NotFound("page"))?;
    Ok(spelled)
}

/// A number left at a link.
#[derive(Clone, Debug)]
pub struct LeaveNumber {
    /// The code of the link.
    pub code: String,
    /// Phone or e-mail of who followed it.
    pub friend: String,
    /// The network address it came from.
    pub address: String,
}

/// Remembers, as a keyed hash, who followed a link, so that they are known when they come.
///
/// # Errors
/// For a code that nobody has, something that is no number, or too many from one network.
pub async fn leave(ctx: &Ctx, input: LeaveNumber) -> Result<()> {
    if input.friend.trim().is_empty() {
        return Err(Error::invalid("friend", "input-needed"));
    }
    let friend = hidden(ctx, input.friend.trim()).await?;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let network = ctx.app.keys().lookup("referral_network", &network(&input.address));
    let mut tx = ctx.app.db.begin().await?;
    let referrer = owner(&mut tx, &input.code).await?.ok_or(Error::NotFound("page"))?;
    let query = sql("SELECT COUNT(*) FROM referral_claims WHERE network = $1 AND claimed_at > $2");
    let (many,): (i64,) = tx.one(query.bind(&network).bind(ctx.now().plus(-HOUR))).await?;
    if many >= FROM_ONE_NETWORK {
        return Err(Error::Limited(Duration::from_secs(10 * 60)));
    }
    tx.run(sql("UPDATE referral_codes SET clicks = clicks + 1 WHERE code = $1").bind(spelled(&input.code))).await?;
    let word = Word {
        referrer,
        source: ClaimSource::Link,
        kind: ReferralKind::Brand,
        form: ReferralForm::Link,
        channel: Some(Channel::Web),
        product: None,
        is_solicited: false,
        occurred_on: today,
        note: None,
        network: Some(network),
    };
    write(&mut tx, ctx, Friend::Hidden(friend), word).await?;
    Ok(tx.commit().await?)
}

/// The operations of codes.
pub fn operations(ops: &mut Operations) {
    let perm = |act| Some(Perm(Room::Advocacy, act));
    ops.add("referrals.codes.make", "POST /referral-codes", perm(Act::Create), "Gives a customer their code.", make)
        .example(|| json!({"customer": "09121234567", "is_asked": true}));
    ops.add("referrals.codes.list", "GET /referral-codes", perm(Act::See), "Codes that are good, the newest first.", list)
        .example(|| json!({"limit": 20}));
    ops.add("referrals.codes.end", "POST /referral-codes/{id}/end", perm(Act::Change), "Ends a code.", end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_spelled() {
        assert_eq!(spelled(" ab-c۱2 oIl "), "ABC12011");
    }
}
