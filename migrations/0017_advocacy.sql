-- Who introduced whom, and what comes of it.

-- The code by which a customer's friends are known. clicks counts those who left their number at its link. is_asked says that
-- the customer asked for it.
CREATE TABLE referral_codes (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  code SORTKEY NOT NULL CONSTRAINT referral_codes_code_key UNIQUE,
  is_asked BOOL NOT NULL,
  clicks INT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  ended_at INSTANT
) STRICT;
CREATE UNIQUE INDEX referral_codes_party_id_key ON referral_codes (party_id) WHERE ended_at IS NULL;

-- An introduction: of a customer, or of somebody who is none yet and of whom only a keyed hash of phone or e-mail is kept
-- (hint) until they come or the time is over. referrer_id, kind, form, channel, product_id, is_solicited, source and occurred_on
-- are those of the claim that won. The windows are those of the day on which it was written down. signs is the list of what
-- speaks for fraud, fraud_score their weight; accepted_score is the weight up to which a person found it sound. bought_on is
-- the first purchase that stands; due_on the day on which time alone changes something.
CREATE TABLE referrals (
  id ID NOT NULL PRIMARY KEY,
  referrer_id ID NOT NULL REFERENCES parties (id),
  referee_id ID REFERENCES parties (id),
  hint SORTKEY,
  hint_masked TEXT,
  kind SORTKEY NOT NULL,
  form SORTKEY NOT NULL,
  channel SORTKEY,
  product_id ID,
  is_solicited BOOL NOT NULL,
  is_corroborated BOOL NOT NULL,
  source SORTKEY NOT NULL,
  state SORTKEY NOT NULL,
  end_reason SORTKEY,
  register_days INT NOT NULL,
  buy_days INT NOT NULL,
  confirm_days INT NOT NULL,
  captured_at INSTANT NOT NULL,
  captured_on DAY NOT NULL,
  occurred_on DAY NOT NULL,
  qualified_on DAY,
  converted_on DAY,
  bought_on DAY,
  confirmed_on DAY,
  ended_on DAY,
  due_on DAY,
  fraud_score INT NOT NULL,
  signs JSON NOT NULL,
  accepted_score INT,
  is_refused BOOL NOT NULL,
  reviewed_on DAY,
  reviewed_by ID,
  review_note TEXT,
  appealed_at INSTANT,
  appeal TEXT,
  created_by ID,
  created_at INSTANT NOT NULL,
  CONSTRAINT referrals_referee_id_check CHECK (referrer_id <> referee_id),
  CONSTRAINT referrals_hint_check CHECK (referee_id IS NOT NULL OR hint IS NOT NULL)
) STRICT;
-- One customer was brought by one other at most, and one introduction of them is open at a time.
CREATE UNIQUE INDEX referrals_referee_id_key ON referrals (referee_id)
  WHERE state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded');
CREATE UNIQUE INDEX referrals_hint_key ON referrals (hint) WHERE referee_id IS NULL AND state IN ('captured', 'pending_review');
CREATE INDEX referrals_captured_at_id ON referrals (captured_at, id);
CREATE INDEX referrals_state_captured_at_id ON referrals (state, captured_at, id);
CREATE INDEX referrals_referrer_id_captured_at_id ON referrals (referrer_id, captured_at, id);
CREATE INDEX referrals_referee_id_captured_at_id ON referrals (referee_id, captured_at, id) WHERE referee_id IS NOT NULL;
CREATE INDEX referrals_due_on_id ON referrals (due_on, id) WHERE due_on IS NOT NULL;

-- Who said that somebody introduced somebody. Those that do not count stay, with why (outcome). network is a keyed hash of where a
-- number was left at a link, kept for a week.
CREATE TABLE referral_claims (
  id ID NOT NULL PRIMARY KEY,
  referral_id ID NOT NULL REFERENCES referrals (id),
  referrer_id ID NOT NULL REFERENCES parties (id),
  source SORTKEY NOT NULL,
  outcome SORTKEY NOT NULL,
  kind SORTKEY NOT NULL,
  form SORTKEY NOT NULL,
  channel SORTKEY,
  product_id ID,
  is_solicited BOOL NOT NULL,
  claimed_at INSTANT NOT NULL,
  occurred_on DAY NOT NULL,
  note TEXT,
  network SORTKEY,
  created_by ID
) STRICT;
CREATE INDEX referral_claims_referral_id_claimed_at_id ON referral_claims (referral_id, claimed_at, id);
CREATE INDEX referral_claims_network ON referral_claims (network, claimed_at) WHERE network IS NOT NULL;
