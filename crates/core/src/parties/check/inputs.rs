//! What callers say of a party, a new one or a change.

use super::{Channel, Consent, Kind, Role, Stance};
use crate::parties::party::Party;
use crate::platform::access::{Unit, User};
use peyvand_db::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A key of another system or a national number.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIdentity {
    /// `ir_national_id`, `ir_legal_id`, `sa_national_id`, `ae_emirates_id`, `iq_national_id`, `eg_national_id`, `ir_sheba`,
    /// `ir_card`, `code` or `external`.
    pub kind: String,
    /// The value in any spelling.
    pub value: String,
    /// For `external`: the system that the key belongs to.
    pub system: Option<String>,
}

/// A way to reach the party.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContact {
    /// The channel.
    pub channel: Channel,
    /// Number, address or account in any spelling.
    pub value: String,
    /// What the party calls it: «دفتر».
    pub label: Option<String>,
    /// Whether it is the one to use first.
    pub is_main: Option<bool>,
    /// Whether they allowed us to use it.
    pub consent: Option<Consent>,
    /// How they told us.
    pub consent_how: Option<String>,
}

/// A postal address.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAddress {
    /// What the party calls it.
    pub label: Option<String>,
    /// Two letters of ISO 3166.
    pub country: Option<String>,
    /// Province.
    pub province: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Street, alley, number.
    pub line: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Whether it is the first one.
    pub is_main: Option<bool>,
}

/// Declares the two inputs that share the facts of a party: all of them for a new one, what is to change for one that
/// is there.
macro_rules! inputs {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// A party to be added. At least a name, or first and last name, is needed; all the rest may come later.
        #[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct NewParty {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
            /// Who introduced them, as they say: a customer by any identity key, phone or code, or the code of an introduction.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub introduced_by: Option<String>,
        }

        /// What is to change in a party: absent fields stay, an empty text takes the old one away. Contact points,
        /// addresses, keys and tags that are given are added to those that are there.
        #[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct PartyChange {
            /// The party.
            pub id: Id<Party>,
            /// Its version as read; refused when somebody changed it meanwhile.
            pub version: i64,
            $($(#[$doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl PartyChange {
            /// The facts to change, without the party that they belong to.
            #[must_use]
            pub fn facts(self) -> NewParty {
                NewParty { $($field: self.$field,)* introduced_by: None }
            }
        }
    };
}

inputs! {
    /// `person` or `organisation`; an organisation when a legal ID is given, else a person.
    kind: Kind,
    /// Name as it is shown; made of first and last name when absent.
    name: String,
    /// First name.
    first_name: String,
    /// Last name.
    last_name: String,
    /// How to address them: a word of list `honorific` or own words.
    honorific: String,
    /// Name of the father.
    father_name: String,
    /// Iranian national ID.
    national_id: String,
    /// Iranian national ID of a legal entity.
    legal_id: String,
    /// Other identity keys.
    identities: Vec<NewIdentity>,
    /// Own customer code; made when absent.
    code: String,
    /// Key in another system.
    external_id: String,
    /// The system that `external_id` belongs to.
    system: String,
    /// Day of birth in the caller's calendar or as ISO text.
    birth_date: String,
    /// `female`, `male`, `other`, or the word in Persian or Arabic.
    gender: String,
    /// A word of list `education` or own words.
    education: String,
    /// Job.
    job: String,
    /// A word of list `income_band` or own words.
    income_band: String,
    /// Mobile phone in any spelling.
    mobile: String,
    /// Land line or any phone in any spelling.
    phone: String,
    /// E-mail.
    email: String,
    /// More ways to reach them.
    contacts: Vec<NewContact>,
    /// Country, two letters of ISO 3166.
    country: String,
    /// Province.
    province: String,
    /// City.
    city: String,
    /// Street, alley, number.
    address: String,
    /// Postal code.
    postal_code: String,
    /// More addresses.
    addresses: Vec<NewAddress>,
    /// Where they came from: a word of list `source` or own words.
    source: String,
    /// How they heard of us, in their own words.
    source_words: String,
    /// `prospect` unless given.
    role: Role,
    /// Since when they have that role; today unless given.
    role_since: String,
    /// Tags.
    tags: Vec<String>,
    /// How they stand towards us; needs a reason unless neutral.
    stance: Stance,
    /// Why they stand like that.
    stance_reason: String,
    /// The channel they like best.
    preferred_channel: Channel,
    /// The hours they like best.
    preferred_hours: String,
    /// A free note.
    note: String,
    /// The user who looks after them; the caller unless given.
    owner_id: Id<User>,
    /// Their unit; the owner's unless given.
    unit_id: Id<Unit>,
}
