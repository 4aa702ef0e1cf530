//! Likely duplicates of a party that is being typed in.

use super::check::{NewParty, full_name, name_key, names_compatible, with_checks};
use super::identity;
use super::party::Party;
use crate::platform::text::{clean_line, search_key};
use crate::{Act, Ctx, Id, Operations, Perm, Result, Room};
use peyvand_db::{Sql, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Most answers: more would not be read while typing.
const SHOWN: usize = 6;
/// Rows of one name that are compared.
const CANDIDATES: i64 = 60;
/// Names that share fewer pairs of letters than this are different names.
pub const ALIKE: f64 = 0.72;
/// Shorter names are like too many others.
const NAME_MIN: usize = 4;

peyvand_db::words! {
    /// Why a party may be the same.
    pub enum Reason {
        /// The same national number.
        NationalId = "national_id",
        /// The same code or key of another system.
        Key = "key",
        /// The same phone.
        Phone = "phone",
        /// The same e-mail.
        Email = "email",
        /// The same name.
        SameName = "same_name",
        /// A name like this one.
        LikeName = "like_name",
    }
}

/// What was typed so far.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FindDuplicates {
    /// Name.
    pub name: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// A phone.
    pub phone: Option<String>,
    /// A mobile phone.
    pub mobile: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Iranian national ID.
    pub national_id: Option<String>,
    /// Iranian national ID of a legal entity.
    pub legal_id: Option<String>,
    /// City.
    pub city: Option<String>,
    /// The party that is being changed, which is no duplicate of itself.
    pub except: Option<Id<Party>>,
}

/// A party that may be the same.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Duplicate {
    /// Its id.
    pub id: Id<Party>,
    /// Its name.
    pub name: String,
    /// The phone to use first, E.164.
    pub phone: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Why it may be the same, the surest first.
    pub reasons: Vec<Reason>,
    /// How sure that is, 1 to 100.
    pub score: i64,
}

/// The likely duplicates, the surest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Duplicates {
    /// At most six.
    pub items: Vec<Duplicate>,
}

row! {
    struct Candidate {
        id: Id<Party> = "p.id",
        name: String = "p.name",
        phone: Option<String> = "p.phone",
        city: Option<String> = "p.city",
        city_key: Option<String> = "p.city_key",
        owner: Option<String> = "(SELECT u.name FROM users u WHERE u.id = p.owner_id)",
        why: String = "s.why",
    }
}

/// Share of letter pairs that two folded names have in common (Dice's coefficient), 0 to 1.
#[must_use]
pub fn likeness(one: &str, other: &str) -> f64 {
    let pairs = |text: &str| -> HashSet<(char, char)> { text.chars().zip(text.chars().skip(1)).collect() };
    let (one, other) = (pairs(one), pairs(other));
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let common = one.intersection(&other).count();
    #[expect(clippy::cast_precision_loss, reason = "a name has few letters")]
    let share = 2.0 * common as f64 / (one.len() + other.len()) as f64;
    share
}

/// Parties that may be the one being typed in. What cannot be read yet, being half typed, is passed over.
///
/// # Errors
/// Without the right.
pub async fn duplicates(ctx: &Ctx, input: FindDuplicates) -> Result<Duplicates> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let line = |text: Option<String>| text.and_then(|text| clean_line(&text, 200).ok()).filter(|text| !text.is_empty());
    let name = line(input.name).or_else(|| full_name(line(input.first_name.clone()).as_deref(), line(input.last_name.clone()).as_deref()));
    let city = line(input.city).map(|city| search_key(&city));
    // Each field on its own, so that one half-typed number does not hide the others.
    let mut keys: Vec<(String, String)> = Vec::new();
    let mut contacts: Vec<String> = Vec::new();
    for new in [
        NewParty { national_id: input.national_id, ..NewParty::default() },
        NewParty { legal_id: input.legal_id, ..NewParty::default() },
        NewParty { mobile: input.mobile, ..NewParty::default() },
        NewParty { phone: input.phone, ..NewParty::default() },
        NewParty { email: input.email, ..NewParty::default() },
    ] {
        if let Ok(checked) = with_checks(ctx, |checks| new.checked(checks)).await? {
            keys.extend(checked.keys.into_iter().map(|key| (key.kind.into_owned(), key.value)));
            contacts.extend(checked.contacts.into_iter().map(|contact| contact.value));
        }
    }

    let mut found: Vec<Candidate> = Vec::new();
    if !keys.is_empty() || !contacts.is_empty() {
        let mut query = Sql::select::<Candidate>("FROM (SELECT kind AS why, party_id FROM identity_keys WHERE 1 = 0");
        for (kind, value) in &keys {
            query.push(" OR (kind = ").arg(kind).push(" AND value = ").arg(value).push(")");
        }
        query.push(" UNION ALL SELECT channel, party_id FROM (SELECT channel, party_id FROM contact_points WHERE value IN ");
        query.list(&contacts).push(" LIMIT ").arg(CANDIDATES);
        query.push(") c) s CROSS JOIN parties p WHERE p.id = s.party_id AND p.archived_at IS NULL");
        reader.sight.parties(&mut query);
        found.extend(reader.db.all::<Candidate>(query).await?);
    }
    let folded = name.as_deref().map(search_key).unwrap_or_default();
    if let Some(name) = name.as_deref().filter(|_| folded.chars().count() >= NAME_MIN) {
        let key = name_key(name);
        let mut query = Sql::select::<Candidate>("FROM (SELECT 'same_name' AS why) s CROSS JOIN parties p WHERE p.name_key = ");
        query.arg(&key).push(" AND p.archived_at IS NULL");
        reader.sight.parties(&mut query);
        query.push(" LIMIT ").arg(CANDIDATES);
        found.extend(reader.db.all::<Candidate>(query).await?);
        // A wrong letter spoils one word only: the others are looked for as they are.
        let mut words: Vec<String> = name.split_whitespace().map(search_key).filter(|word| word.chars().count() >= 3).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        for word in words.iter().take(2) {
            let mut query = Sql::select::<Candidate>("FROM (SELECT rowid AS no, 'like_name' AS why FROM party_search WHERE key LIKE ");
            query.arg(format!("%{word}%"));
            // Together with the beginning of the name, else a common family name brings everybody.
            let beginning: String = folded.chars().take(3).collect();
            query.push(" AND key LIKE ").arg(format!("%{beginning}%"));
            query.push(" LIMIT ").arg(CANDIDATES).push(") s CROSS JOIN parties p WHERE p.no = s.no AND p.archived_at IS NULL");
            reader.sight.parties(&mut query);
            found.extend(reader.db.all::<Candidate>(query).await?);
        }
    }

    let mut items: Vec<Duplicate> = Vec::new();
    for candidate in found.into_iter().filter(|candidate| Some(candidate.id) != input.except) {
        let alike = likeness(&folded, &search_key(&candidate.name));
        let same_city = city.is_some() && candidate.city_key == city;
        let compatible = !folded.is_empty() && name.as_deref().is_some_and(|name| names_compatible(name, &candidate.name));
        let (reason, score) = match &*candidate.why {
            "same_name" => (Reason::SameName, if same_city { 80 } else { 65 }),
            "like_name" => {
                if alike < ALIKE && !compatible {
                    continue;
                }
                (Reason::LikeName, if same_city { 60 } else { 45 })
            }
            "email" => (Reason::Email, if compatible { 95 } else { 55 }),
            "mobile" | "phone" | "fax" | "whatsapp" => (Reason::Phone, if compatible { 95 } else { 50 }),
            kind if identity::IdentityKind::from_name(kind).is_some_and(identity::IdentityKind::is_secret) || kind == "ir_legal_id" => {
                (Reason::NationalId, 100)
            }
            _ => (Reason::Key, 100),
        };
        match items.iter_mut().find(|known| known.id == candidate.id) {
            Some(known) => {
                let told = known.reasons.contains(&reason) || reason == Reason::LikeName && known.reasons.contains(&Reason::SameName);
                if !told {
                    known.reasons.push(reason);
                    // Two reasons together are surer than the surer of them.
                    known.score = (known.score.max(score) + 5).min(100);
                }
            }
            None => items.push(Duplicate {
                id: candidate.id,
                name: candidate.name,
                phone: candidate.phone,
                city: candidate.city,
                owner: candidate.owner,
                reasons: vec![reason],
                score,
            }),
        }
    }
    for item in &mut items {
        item.reasons.sort();
    }
    items.sort_by(|one, other| other.score.cmp(&one.score).then_with(|| one.name.cmp(&other.name)));
    items.truncate(SHOWN);
    Ok(Duplicates { items })
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "parties.duplicates",
        "GET /parties/duplicates",
        Some(Perm(Room::Parties, Act::See)),
        "Customers that may be the one being typed in, the surest first.",
        duplicates,
    )
    .example(|| serde_json::json!({"name": "سارا محمدی", "mobile": "09125550142"}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::party::create;
    use crate::testing;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[tokio::test]
    async fn a_duplicate_is_seen_while_it_is_typed() {
        let ctx = testing::ctx().await;
        let sara = NewParty {
            first_name: some("سارا"),
            last_name: some("محمدی"),
            mobile: some("09125550142"),
            national_id: some("0084575948"),
            city: some("تهران"),
            ..NewParty::default()
        };
        let sara = ctx.run(create, sara).await.unwrap().id;
        ctx.run(create, NewParty { name: some("رضا احمدی"), ..NewParty::default() }).await.unwrap();
        for (input, reason, least) in [
            (FindDuplicates { national_id: some("۰۰۸۴۵۷۵۹۴۸"), ..FindDuplicates::default() }, Reason::NationalId, 100),
            (FindDuplicates { phone: some("+98 912 555 0142"), ..FindDuplicates::default() }, Reason::Phone, 50),
            (FindDuplicates { mobile: some("09125550142"), name: some("سارا محمدي"), ..FindDuplicates::default() }, Reason::Phone, 95),
            (FindDuplicates { name: some("سارا محمدی"), ..FindDuplicates::default() }, Reason::SameName, 65),
            (
                FindDuplicates {
                    first_name: some("سارا"), last_name: some("محمدیان"), mobile: some("0912"), ..FindDuplicates::default()
                },
                Reason::LikeName,
                45,
            ),
        ] {
            let found = ctx.run(duplicates, input.clone()).await.unwrap().items;
            assert_eq!(found.len(), 1, "{input:?}");
            assert_eq!(found[0].id, sara);
            assert!(found[0].reasons.contains(&reason) && found[0].score >= least, "{input:?}: {found:?}");
            let own = ctx.run(duplicates, FindDuplicates { except: Some(sara), ..input }).await.unwrap();
            assert!(own.items.is_empty());
        }
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        let unseen = agent.run(duplicates, FindDuplicates { name: some("سارا محمدی"), ..FindDuplicates::default() }).await.unwrap();
        assert!(unseen.items.is_empty(), "what is out of sight is not hinted at");
    }

    #[test]
    fn likeness_is_about_letters_in_common() {
        assert!(likeness("محمدی", "محمدی") > 0.99);
        assert!(likeness("سارامحمدی", "سارامحمدیان") > ALIKE);
        assert!(likeness("سارامحمدی", "رضااحمدی") < ALIKE);
        assert!(likeness("", "سارا") < f64::EPSILON);
    }
}
