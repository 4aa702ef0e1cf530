-- Who may do what: the organisation, its units, posts, people, and how they sign in.
CREATE TABLE organisation (
  id INT NOT NULL PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  country TEXT NOT NULL,
  lang TEXT NOT NULL,
  calendar TEXT NOT NULL,
  digits TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  currency TEXT NOT NULL,
  money_unit TEXT NOT NULL,
  hijri_shift INT NOT NULL,
  set_up_at INSTANT
) STRICT;

-- One row each time the six barriers of readiness were scored.
CREATE TABLE readiness_answers (
  id ID NOT NULL PRIMARY KEY,
  at INSTANT NOT NULL,
  user_id ID NOT NULL,
  barrier TEXT NOT NULL,
  score INT NOT NULL CONSTRAINT readiness_answers_score_check CHECK (score BETWEEN 0 AND 4)
) STRICT;

CREATE TABLE units (
  id ID NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  parent_id ID REFERENCES units (id),
  head_id ID,
  created_at INSTANT NOT NULL
) STRICT;

-- A post carries the rights, so that they follow the post and not the person.
CREATE TABLE posts (
  id ID NOT NULL PRIMARY KEY,
  word SORTKEY NOT NULL CONSTRAINT posts_word_key UNIQUE,
  name TEXT,
  rights JSON NOT NULL,
  created_at INSTANT NOT NULL
) STRICT;

CREATE TABLE users (
  id ID NOT NULL PRIMARY KEY,
  email SORTKEY NOT NULL CONSTRAINT users_email_key UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT,
  post_id ID NOT NULL REFERENCES posts (id),
  unit_id ID NOT NULL REFERENCES units (id),
  is_active BOOL NOT NULL,
  lang TEXT,
  calendar TEXT,
  digits TEXT,
  time_zone TEXT,
  theme TEXT,
  money_unit TEXT,
  shortcuts BOOL NOT NULL,
  mail_reminders BOOL NOT NULL DEFAULT TRUE,
  created_at INSTANT NOT NULL,
  last_seen_at INSTANT
) STRICT;
CREATE INDEX users_unit_id ON users (unit_id);

CREATE TABLE sessions (
  token_hash BYTES NOT NULL PRIMARY KEY,
  user_id ID NOT NULL REFERENCES users (id),
  csrf TEXT NOT NULL,
  created_at INSTANT NOT NULL,
  seen_at INSTANT NOT NULL,
  expires_at INSTANT NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_user_id ON sessions (user_id);

CREATE TABLE tokens (
  id ID NOT NULL PRIMARY KEY,
  user_id ID NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  token_hash BYTES NOT NULL CONSTRAINT tokens_token_hash_key UNIQUE,
  scopes JSON NOT NULL,
  created_at INSTANT NOT NULL,
  expires_at INSTANT,
  used_at INSTANT,
  revoked_at INSTANT
) STRICT;
CREATE INDEX tokens_user_id ON tokens (user_id);

-- Failed sign-ins of an account or an address, for throttling.
CREATE TABLE sign_in_failures (
  subject SORTKEY NOT NULL,
  at INSTANT NOT NULL,
  id ID NOT NULL,
  PRIMARY KEY (subject, at, id)
) STRICT;
