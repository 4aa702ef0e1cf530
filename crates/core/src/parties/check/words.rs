//! The closed lists of words, and what people write for them in three languages.

use crate::Instant;
use crate::platform::locale::{Loc, Prefs};
use crate::platform::terms::READY_MADE;
use crate::platform::text::{Lang, search_key};
use std::collections::HashMap;
use std::sync::LazyLock;

peyvand_db::words! {
    /// What a party is.
    pub enum Kind {
        /// A human being.
        Person = "person",
        /// A company, shop, office, association.
        Organisation = "organisation",
    }
}

peyvand_db::words! {
    /// What a party is to us.
    pub enum Role {
        /// May become a customer.
        Prospect = "prospect",
        /// Has bought.
        Customer = "customer",
        /// Sells to us.
        Supplier = "supplier",
        /// Works with us.
        Partner = "partner",
        /// The relation has ended.
        Ended = "ended",
    }
}

peyvand_db::words! {
    /// How a party stands towards us.
    pub enum Stance {
        /// Speaks well of us.
        Friend = "friend",
        /// Neither.
        Neutral = "neutral",
        /// Wavers between both.
        Mixed = "mixed",
        /// Speaks against us.
        Enemy = "enemy",
    }
}

peyvand_db::words! {
    /// Gender, where a party told it.
    pub enum Gender {
        /// A woman.
        Female = "female",
        /// A man.
        Male = "male",
        /// Neither of the two.
        Other = "other",
    }
}

peyvand_db::words! {
    /// A way to reach a party.
    pub enum Channel {
        /// Mobile phone.
        Mobile = "mobile",
        /// Land line.
        Phone = "phone",
        /// E-mail.
        Email = "email",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// Telegram.
        Telegram = "telegram",
        /// Instagram.
        Instagram = "instagram",
        /// Eitaa.
        Eitaa = "eitaa",
        /// Bale.
        Bale = "bale",
        /// Rubika.
        Rubika = "rubika",
        /// Web site.
        Website = "website",
        /// Fax.
        Fax = "fax",
    }
}

peyvand_db::words! {
    /// Whether a party allowed us to write or call over a channel.
    pub enum Consent {
        /// Nobody asked yet.
        Unknown = "unknown",
        /// Allowed.
        Given = "given",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
}

/// The words of the lists by their folded labels in all languages.
static LABELS: LazyLock<HashMap<(&'static str, String), &'static str>> = LazyLock::new(|| {
    let mut labels = HashMap::new();
    for lang in Lang::ALL {
        let loc = Loc::new(Prefs::of(lang), Instant(0));
        for (list, words) in READY_MADE {
            for word in *words {
                labels.entry((*list, search_key(&loc.term(list, word)))).or_insert(*word);
                labels.entry((*list, search_key(word))).or_insert(*word);
            }
        }
    }
    labels
});

/// The word of a list that a text names in any language, else the text itself.
pub(super) fn term(list: &'static str, text: String) -> String {
    word_of(list, &text).map_or(text, str::to_owned)
}

/// The ready-made word of a list that a text names in any language.
#[must_use]
pub fn word_of(list: &'static str, text: &str) -> Option<&'static str> {
    LABELS.get(&(list, search_key(text))).copied()
}

pub(super) fn gender(text: &str) -> Option<Gender> {
    Some(match &*search_key(text) {
        "female" | "f" | "woman" | "زن" | "خانم" | "بانو" | "مونث" | "انثی" | "امراه" | "سیده" => Gender::Female,
        "male" | "m" | "man" | "مرد" | "اقا" | "مذکر" | "ذکر" | "رجل" | "سید" => Gender::Male,
        "other" | "دیگر" | "اخر" | "سایر" => Gender::Other,
        _ => return None,
    })
}
