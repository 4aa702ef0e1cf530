//! Encryption at rest: authenticated encryption of secret values and keyed hashes to look them up, with keys that
//! live in a file outside the database.

use crate::{Error, Result};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The keys of one installation, as in `keys.toml`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Number of the key that new values are sealed with.
    current: u32,
    /// Key of the look-up hashes, base 64.
    lookup: String,
    /// Sealing keys by number, base 64; old ones stay until everything was sealed anew.
    sealing: BTreeMap<u32, String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.fingerprint())
    }
}

const KEY: usize = 32;
const NONCE: usize = 24;

impl Keys {
    /// Fresh keys from the machine's random source.
    #[must_use]
    pub fn generate() -> Keys {
        Keys { current: 1, lookup: BASE64.encode(&random::<KEY>()), sealing: BTreeMap::from([(1, BASE64.encode(&random::<KEY>()))]) }
    }

    /// Reads the key file, or writes a fresh one that only its owner can read.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is no key file.
    pub fn load_or_create(path: &Path) -> Result<Keys> {
        match std::fs::read_to_string(path) {
            Ok(text) => Keys::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let keys = Keys::generate();
                keys.save(path)?;
                Ok(keys)
            }
            Err(error) => Err(Error::fault(error)),
        }
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Keys> {
        let keys: Keys = toml::from_str(text).map_err(|error| Error::fault(format!("keys.toml: {}", error.message())))?;
        let sound = |key: &String| BASE64.decode(key.as_bytes()).is_ok_and(|bytes| bytes.len() == KEY);
        if keys.sealing.contains_key(&keys.current) && keys.sealing.values().all(sound) && sound(&keys.lookup) {
            Ok(keys)
        } else {
            Err(Error::fault("keys.toml is not whole: a key is missing or has the wrong length"))
        }
    }

    /// The text of the key file.
    ///
    /// # Errors
    /// Never in practice.
    pub fn to_text(&self) -> Result<String> {
        toml::to_string(self).map_err(Error::fault)
    }

    /// Writes the key file so that a crash leaves the old or the new one, whole.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let fresh = path.with_extension("toml.new");
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh).map_err(Error::fault)?;
        file.write_all(self.to_text()?.as_bytes()).map_err(Error::fault)?;
        file.sync_all().map_err(Error::fault)?;
        std::fs::rename(&fresh, path).map_err(Error::fault)
    }

    /// The same keys with a new one in force.
    #[must_use]
    pub fn rotated(&self) -> Keys {
        let mut keys = self.clone();
        keys.current = keys.sealing.keys().max().map_or(1, |newest| newest + 1);
        keys.sealing.insert(keys.current, BASE64.encode(&random::<KEY>()));
        keys
    }

    /// The same keys without the old ones, for when nothing is sealed with them any more.
    #[must_use]
    pub fn only_current(&self) -> Keys {
        let mut keys = self.clone();
        keys.sealing.retain(|number, _| *number == self.current);
        keys
    }

    /// Whether there is one key only: no rotation is under way.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.sealing.len() == 1
    }

    /// A short name for these keys that tells nothing about them.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.lookup.as_bytes())[..6])
    }

    /// Number of the key in force.
    #[must_use]
    pub fn current(&self) -> u32 {
        self.current
    }

    /// Number of the key that a value was sealed with.
    #[must_use]
    pub fn sealed_with(sealed: &[u8]) -> Option<u32> {
        Some(u32::from_be_bytes(sealed.get(..4)?.try_into().ok()?))
    }

    /// Seals a value. `context` is bound to it: a value moved to another place does not open there.
    ///
    /// # Errors
    /// Never in practice.
    pub fn seal(&self, context: &str, value: &str) -> Result<Vec<u8>> {
        let nonce = random::<NONCE>();
        let body = self
            .cipher(self.current)?
            .encrypt(&XNonce::from(nonce), Payload { msg: value.as_bytes(), aad: context.as_bytes() })
            .map_err(|_| Error::fault("sealing failed"))?;
        Ok([&self.current.to_be_bytes()[..], &nonce, &body].concat())
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// When the key is missing, or the value or its context was changed.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<String> {
        let number = Keys::sealed_with(sealed).ok_or_else(|| Error::fault("a sealed value is cut off"))?;
        let nonce: [u8; NONCE] =
            sealed.get(4..4 + NONCE).and_then(|nonce| nonce.try_into().ok()).ok_or_else(|| Error::fault("a sealed value is cut off"))?;
        let body = self
            .cipher(number)?
            .decrypt(&XNonce::from(nonce), Payload { msg: &sealed[4 + NONCE..], aad: context.as_bytes() })
            .map_err(|_| Error::fault("a sealed value does not open: wrong key, or it was changed"))?;
        String::from_utf8(body).map_err(Error::fault)
    }

    /// The keyed hash that stands for a value in an index: HMAC-SHA-256, 32 hexadecimal digits of it.
    #[must_use]
    pub fn lookup(&self, kind: &str, value: &str) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.lookup.as_bytes()) else { return String::new() };
        mac.update(kind.as_bytes());
        mac.update(b"\0");
        mac.update(value.as_bytes());
        HEXLOWER.encode(&mac.finalize().into_bytes()[..16])
    }

    fn cipher(&self, number: u32) -> Result<XChaCha20Poly1305> {
        let key = self.sealing.get(&number).ok_or_else(|| Error::fault(format!("sealing key {number} is not in keys.toml")))?;
        let bytes = BASE64.decode(key.as_bytes()).map_err(Error::fault)?;
        XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| Error::fault("sealing key of the wrong length"))
    }
}

/// Bytes from the machine's random source.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_in_its_own_place() {
        let keys = Keys::generate();
        let sealed = keys.seal("ir_national_id", "0084575948").unwrap();
        assert_eq!(keys.open("ir_national_id", &sealed).unwrap(), "0084575948");
        assert!(keys.open("ir_legal_id", &sealed).is_err());
    }

    #[test]
    fn one_changed_bit_is_noticed() {
        let keys = Keys::generate();
        let mut sealed = keys.seal("k", "value").unwrap();
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        assert!(keys.open("k", &sealed).is_err());
    }

    #[test]
    fn after_a_rotation_old_values_open_until_the_old_key_is_dropped() {
        let keys = Keys::generate();
        let sealed = keys.seal("k", "value").unwrap();
        let rotated = keys.rotated();
        assert_eq!(rotated.open("k", &sealed).unwrap(), "value");
        assert_ne!(Keys::sealed_with(&rotated.seal("k", "value").unwrap()), Keys::sealed_with(&sealed));
        assert!(rotated.only_current().open("k", &sealed).is_err());
    }

    #[test]
    fn the_look_up_hash_does_not_change_with_a_rotation() {
        let keys = Keys::generate();
        assert_eq!(keys.lookup("k", "1"), keys.rotated().lookup("k", "1"));
        assert_ne!(keys.lookup("k", "1"), keys.lookup("other", "1"));
    }
}
