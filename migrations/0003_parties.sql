-- A party is a customer in the widest sense: person, organisation, supplier.
-- last_contact_at .. silent_from are facts kept by the writes that change them, so that lists sort by an index.
-- "Never" is 0 for instants that look back, '' for days, and the year 9999 for next_follow_up_at.
CREATE TABLE parties (
  id ID NOT NULL PRIMARY KEY,
  no INT NOT NULL CONSTRAINT parties_no_key UNIQUE,
  kind TEXT NOT NULL CONSTRAINT parties_kind_check CHECK (kind IN ('person', 'organisation')),
  role SORTKEY NOT NULL,
  honorific TEXT,
  first_name TEXT,
  last_name TEXT,
  father_name TEXT,
  name TEXT NOT NULL,
  name_key SORTKEY NOT NULL,
  birth_on DAY,
  gender TEXT,
  education TEXT,
  job TEXT,
  income_band TEXT,
  province TEXT,
  city TEXT,
  city_key SORTKEY,
  country TEXT,
  phone TEXT,
  email TEXT,
  owner_id ID REFERENCES users (id),
  unit_id ID REFERENCES units (id),
  source SORTKEY,
  source_words TEXT,
  stance TEXT,
  stance_reason TEXT,
  preferred_channel TEXT,
  preferred_hours TEXT,
  note TEXT,
  last_contact_at INSTANT NOT NULL,
  first_purchase_on DAY NOT NULL,
  last_purchase_on DAY NOT NULL,
  purchases INT NOT NULL,
  spent_minor MONEY NOT NULL,
  next_follow_up_at INSTANT NOT NULL,
  silent_from DAY NOT NULL,
  rhythm_due BOOL NOT NULL,
  import_id ID,
  version INT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  updated_at INSTANT NOT NULL,
  archived_at INSTANT
) STRICT;
-- One for each sort of the list. Behind the sort stand the columns that people filter by and that seldom change, so that
-- entries which do not fit are passed over without reading their rows.
CREATE INDEX parties_by_id ON parties (id, archived_at, role, kind, owner_id, unit_id, city_key, province, source, gender, stance);
CREATE INDEX parties_by_name ON parties (name_key, id, archived_at, role, kind, owner_id, unit_id, city_key, province, source, gender, stance);
CREATE INDEX parties_by_last_contact ON parties (last_contact_at, id, archived_at, role, kind, owner_id, unit_id, city_key, province, source, gender, stance,
  silent_from);
-- With all that a purchase changes, so that conditions on it are counted from here alone.
CREATE INDEX parties_by_last_purchase ON parties (last_purchase_on, id, archived_at, role, kind, owner_id, unit_id, city_key, province, source, gender, stance,
  silent_from, spent_minor, purchases, first_purchase_on, birth_on);
CREATE INDEX parties_by_spent ON parties (spent_minor, id, archived_at, role, kind, owner_id, unit_id, city_key, province, source, gender, stance, silent_from);
CREATE INDEX parties_by_next_follow_up ON parties (next_follow_up_at, id, archived_at, role, kind, owner_id, unit_id, city_key, province, source, gender, stance);
-- Whom nobody looks after need not stand in the order of names.
CREATE INDEX parties_owner_id_name_key_id ON parties (owner_id, name_key, id, archived_at) WHERE owner_id IS NOT NULL;
CREATE INDEX parties_owner_id_next_follow_up_at_id ON parties (owner_id, next_follow_up_at, id) WHERE owner_id IS NOT NULL;
CREATE INDEX parties_unowned ON parties (id) WHERE owner_id IS NULL;
CREATE INDEX parties_owner_id_silent_from ON parties (owner_id, silent_from, id) WHERE silent_from <> '';
CREATE INDEX parties_silent_from_id ON parties (silent_from, id) WHERE silent_from <> '';
CREATE INDEX parties_unit_id_name_key_id ON parties (unit_id, name_key, id, archived_at) WHERE unit_id IS NOT NULL;
CREATE INDEX parties_city_key_name_key_id ON parties (city_key, name_key, id) WHERE city_key IS NOT NULL;
-- Numbers and ids grow, so these are appended to.
CREATE INDEX parties_no_seen ON parties (no, owner_id, unit_id, archived_at, id);
CREATE INDEX parties_role_id ON parties (role, id);
CREATE INDEX parties_stance_id ON parties (stance, id) WHERE stance IS NOT NULL;
CREATE INDEX parties_education_id ON parties (education, id) WHERE education IS NOT NULL;
CREATE INDEX parties_income_band_id ON parties (income_band, id) WHERE income_band IS NOT NULL;
CREATE INDEX parties_job_id ON parties (job, id) WHERE job IS NOT NULL;
CREATE INDEX parties_birth_on_id ON parties (birth_on, id) WHERE birth_on IS NOT NULL;
CREATE INDEX parties_rhythm_due ON parties (id) WHERE rhythm_due;
CREATE INDEX parties_import_id ON parties (import_id, id) WHERE import_id IS NOT NULL;

-- Folded words of a name, found by any part of three letters or more; rowid is parties.no.
-- sqlite:
CREATE VIRTUAL TABLE party_search USING fts5 (key, tokenize = 'trigram', detail = 'full');
-- end
-- postgres:
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE party_search (rowid bigint NOT NULL PRIMARY KEY, key text NOT NULL);
CREATE INDEX party_search_key ON party_search USING gin (key gin_trgm_ops);
-- end

CREATE TABLE party_roles (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  role TEXT NOT NULL,
  since_on DAY NOT NULL,
  until_on DAY,
  by_purchase BOOL NOT NULL DEFAULT FALSE
) STRICT;
CREATE INDEX party_roles_party_id ON party_roles (party_id);

-- Keys that belong to one party only. value is the normalised form, or a keyed hash of it for a secret kind, whose
-- value then is in sealed.
CREATE TABLE identity_keys (
  kind SORTKEY NOT NULL,
  value SORTKEY NOT NULL,
  party_id ID NOT NULL REFERENCES parties (id),
  sealed BYTES,
  masked TEXT NOT NULL,
  created_at INSTANT NOT NULL,
  PRIMARY KEY (kind, value)
) STRICT;
CREATE INDEX identity_keys_party_id ON identity_keys (party_id);

-- Phones and addresses of every kind may be shared (a family, an office), so they are no unique keys.
CREATE TABLE contact_points (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  channel SORTKEY NOT NULL,
  value SORTKEY NOT NULL,
  label TEXT,
  is_main BOOL NOT NULL,
  consent TEXT NOT NULL,
  consent_at INSTANT,
  consent_how TEXT,
  created_at INSTANT NOT NULL,
  CONSTRAINT contact_points_party_id_channel_value_key UNIQUE (party_id, channel, value)
) STRICT;
CREATE INDEX contact_points_withdrawn ON contact_points (party_id, consent_at) WHERE consent = 'withdrawn';
CREATE INDEX contact_points_value ON contact_points (value, party_id);

CREATE TABLE addresses (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  label TEXT,
  country TEXT,
  province TEXT,
  city TEXT,
  line TEXT,
  postal_code TEXT,
  is_main BOOL NOT NULL,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX addresses_party_id ON addresses (party_id);

CREATE TABLE party_tags (
  party_id ID NOT NULL REFERENCES parties (id),
  tag SORTKEY NOT NULL,
  PRIMARY KEY (party_id, tag)
) STRICT;
CREATE INDEX party_tags_tag_party_id ON party_tags (tag, party_id);

CREATE TABLE preferences (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  kind SORTKEY NOT NULL,
  term TEXT,
  words TEXT,
  source TEXT,
  confidence TEXT NOT NULL,
  observed_on DAY NOT NULL,
  interaction_id ID,
  created_by ID,
  created_at INSTANT NOT NULL,
  ended_at INSTANT
) STRICT;
CREATE INDEX preferences_party_id ON preferences (party_id, kind);
CREATE INDEX preferences_kind_term ON preferences (kind, term);

CREATE TABLE relations (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  other_id ID NOT NULL REFERENCES parties (id),
  kind TEXT NOT NULL,
  since_on DAY,
  until_on DAY,
  note TEXT,
  created_by ID,
  created_at INSTANT NOT NULL,
  CONSTRAINT relations_party_id_other_id_kind_key UNIQUE (party_id, other_id, kind)
) STRICT;
CREATE INDEX relations_other_id ON relations (other_id);
