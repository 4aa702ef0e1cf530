-- How customers are treated: treatments, the policies that hand them out, who got what, gifts, respect.

-- What may be given as a gift. stock is never below zero: who takes one changes it with the condition that there is one.
CREATE TABLE gift_items (
  id ID NOT NULL PRIMARY KEY,
  name_fa TEXT NOT NULL,
  name_ar TEXT NOT NULL,
  name_en TEXT NOT NULL,
  unit_cost_minor MONEY NOT NULL,
  retail_minor MONEY NOT NULL,
  stock INT NOT NULL CONSTRAINT gift_items_stock_check CHECK (stock >= 0),
  created_by ID,
  created_at INSTANT NOT NULL,
  archived_at INSTANT
) STRICT;

-- What can be done for a customer. A treatment does not change once it is made, so that what was approved stays what it was;
-- used counts what was given of it. stages is a list of words, rule a rule of segments. share is what a discount takes off, in
-- ten-thousandths; amount_minor what a discount or benefit is worth when it is not a share.
CREATE TABLE treatments (
  id ID NOT NULL PRIMARY KEY,
  kind SORTKEY NOT NULL,
  class SORTKEY NOT NULL,
  is_special BOOL NOT NULL,
  name_fa TEXT NOT NULL,
  name_ar TEXT NOT NULL,
  name_en TEXT NOT NULL,
  share INT,
  amount_minor MONEY,
  unit_cost_minor MONEY NOT NULL,
  gift_item_id ID REFERENCES gift_items (id),
  stages JSON NOT NULL,
  rule JSON,
  valid_days INT NOT NULL,
  party_cap INT,
  total_cap INT,
  used INT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  archived_at INSTANT,
  CONSTRAINT treatments_used_check CHECK (total_cap IS NULL OR used <= total_cap)
) STRICT;
CREATE INDEX treatments_created_at_id ON treatments (created_at, id);

CREATE TABLE policies (
  id ID NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX policies_created_at_id ON policies (created_at, id);

-- What a policy says, version by version; only state, spent_minor and the moments below change. holdout is the share who get
-- nothing, in ten-thousandths, salt what decides who they are.
CREATE TABLE policy_versions (
  id ID NOT NULL PRIMARY KEY,
  policy_id ID NOT NULL REFERENCES policies (id),
  number INT NOT NULL,
  state SORTKEY NOT NULL,
  rule JSON,
  occasions JSON NOT NULL,
  budget_minor MONEY,
  spent_minor MONEY NOT NULL,
  holdout INT NOT NULL,
  salt TEXT NOT NULL,
  is_price_test BOOL NOT NULL,
  note TEXT,
  created_by ID REFERENCES users (id),
  created_at INSTANT NOT NULL,
  approved_at INSTANT,
  started_at INSTANT,
  retired_at INSTANT,
  CONSTRAINT policy_versions_policy_id_number_key UNIQUE (policy_id, number),
  CONSTRAINT policy_versions_spent_minor_check CHECK (budget_minor IS NULL OR spent_minor <= budget_minor)
) STRICT;
CREATE UNIQUE INDEX policy_versions_live ON policy_versions (policy_id) WHERE state = 'live';

-- The bundle of a version.
CREATE TABLE policy_treatments (
  version_id ID NOT NULL REFERENCES policy_versions (id),
  treatment_id ID NOT NULL REFERENCES treatments (id),
  place INT NOT NULL,
  PRIMARY KEY (version_id, treatment_id)
) STRICT;
CREATE INDEX policy_treatments_treatment_id ON policy_treatments (treatment_id);

-- Who said yes to a version.
CREATE TABLE policy_approvals (
  version_id ID NOT NULL REFERENCES policy_versions (id),
  user_id ID NOT NULL REFERENCES users (id),
  at INSTANT NOT NULL,
  PRIMARY KEY (version_id, user_id)
) STRICT;

-- Who of all customers is kept out of new promotional policies, for a year at a time: a share in ten-thousandths.
CREATE TABLE holdouts (
  id ID NOT NULL PRIMARY KEY,
  from_on DAY NOT NULL,
  until_on DAY NOT NULL,
  share INT NOT NULL,
  salt TEXT NOT NULL,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX holdouts_until_on ON holdouts (until_on);

-- Who was meant to get which treatment, and on which occasion; also those of the holdout, who get nothing (is_ghost). arm says
-- why: 'treated', 'holdout' of the policy, 'global' holdout. occasion is its word and the year it came in.
CREATE TABLE exposures (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  policy_version_id ID NOT NULL REFERENCES policy_versions (id),
  treatment_id ID NOT NULL REFERENCES treatments (id),
  kind SORTKEY NOT NULL,
  occasion SORTKEY NOT NULL,
  arm SORTKEY NOT NULL,
  is_ghost BOOL NOT NULL,
  stage SORTKEY NOT NULL,
  assigned_at INSTANT NOT NULL,
  due_at INSTANT NOT NULL,
  delivered_at INSTANT,
  channel TEXT,
  staff_id ID,
  CONSTRAINT exposures_occasion_key UNIQUE (policy_version_id, treatment_id, occasion, party_id)
) STRICT;
CREATE INDEX exposures_party_id_assigned_at ON exposures (party_id, assigned_at);
CREATE INDEX exposures_policy_version_id_id ON exposures (policy_version_id, id);

-- What was given. code is what the customer shows; redeem_key makes a repeated redemption one.
CREATE TABLE grants (
  id ID NOT NULL PRIMARY KEY,
  exposure_id ID NOT NULL REFERENCES exposures (id) CONSTRAINT grants_exposure_id_key UNIQUE,
  party_id ID NOT NULL REFERENCES parties (id),
  policy_version_id ID NOT NULL REFERENCES policy_versions (id),
  treatment_id ID NOT NULL REFERENCES treatments (id),
  kind SORTKEY NOT NULL,
  state SORTKEY NOT NULL,
  share INT,
  value_minor MONEY,
  code SORTKEY CONSTRAINT grants_code_key UNIQUE,
  valid_from_on DAY NOT NULL,
  valid_to_on DAY NOT NULL,
  redeemed_at INSTANT,
  redeemed_minor MONEY,
  redeem_key SORTKEY CONSTRAINT grants_redeem_key_key UNIQUE,
  purchase_id ID,
  ended_at INSTANT,
  ended_reason TEXT,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX grants_party_id_id ON grants (party_id, id);
CREATE INDEX grants_treatment_id_party_id ON grants (treatment_id, party_id);
CREATE INDEX grants_state_valid_to_on_id ON grants (state, valid_to_on, id);
CREATE INDEX grants_policy_version_id_id ON grants (policy_version_id, id);
CREATE INDEX grants_purchase_id ON grants (purchase_id) WHERE purchase_id IS NOT NULL;

-- How a gift reached its customer, and what they made of it.
CREATE TABLE gift_deliveries (
  id ID NOT NULL PRIMARY KEY,
  grant_id ID NOT NULL REFERENCES grants (id) CONSTRAINT gift_deliveries_grant_id_key UNIQUE,
  party_id ID NOT NULL REFERENCES parties (id),
  gift_item_id ID REFERENCES gift_items (id),
  sent_at INSTANT NOT NULL,
  sent_by ID,
  received_at INSTANT,
  reaction SORTKEY,
  reaction_at INSTANT,
  note TEXT
) STRICT;
CREATE INDEX gift_deliveries_party_id_id ON gift_deliveries (party_id, id);
CREATE INDEX gift_deliveries_gift_item_id ON gift_deliveries (gift_item_id, reaction) WHERE gift_item_id IS NOT NULL;

-- How somebody is treated, as ordered acts that others can see: for stages, or for one customer alone. begins says when:
-- after each purchase, or when somebody says so.
CREATE TABLE protocols (
  id ID NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  begins SORTKEY NOT NULL,
  stages JSON NOT NULL,
  party_id ID REFERENCES parties (id),
  created_by ID,
  created_at INSTANT NOT NULL,
  archived_at INSTANT
) STRICT;
CREATE INDEX protocols_party_id ON protocols (party_id) WHERE party_id IS NOT NULL;

-- due_hours are hours of work after the protocol begins.
CREATE TABLE protocol_steps (
  id ID NOT NULL PRIMARY KEY,
  protocol_id ID NOT NULL REFERENCES protocols (id),
  place INT NOT NULL,
  act SORTKEY NOT NULL,
  words TEXT,
  due_hours INT NOT NULL,
  CONSTRAINT protocol_steps_protocol_id_place_key UNIQUE (protocol_id, place)
) STRICT;

-- The acts that are due for a customer, once for each occasion: the day of a purchase, or the moment at which somebody began
-- it. done_at is 0 before it is done.
CREATE TABLE protocol_acts (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  step_id ID NOT NULL REFERENCES protocol_steps (id),
  occasion SORTKEY NOT NULL,
  exposure_id ID,
  act SORTKEY NOT NULL,
  words TEXT,
  started_at INSTANT NOT NULL,
  due_at INSTANT NOT NULL,
  done_at INSTANT NOT NULL,
  done_by ID,
  proof TEXT,
  skipped_at INSTANT,
  skipped_reason TEXT,
  CONSTRAINT protocol_acts_occasion_key UNIQUE (party_id, step_id, occasion)
) STRICT;
CREATE INDEX protocol_acts_party_id_due_at_id ON protocol_acts (party_id, due_at, id);
CREATE INDEX protocol_acts_due_at ON protocol_acts (due_at, done_at, party_id);
CREATE INDEX protocol_acts_open ON protocol_acts (due_at, id) WHERE done_at = 0 AND skipped_at IS NULL;

-- Where a customer was treated without respect. From severity 2 on nothing promotional goes to them until it is closed; with
-- an advocate somebody else confirms what one has resolved. is_hostile: they said so in public or to an authority. warning names what an early warning warned of, so that it does so
-- once.
CREATE TABLE respect_incidents (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  severity INT NOT NULL CONSTRAINT respect_incidents_severity_check CHECK (severity BETWEEN 1 AND 3),
  source SORTKEY NOT NULL,
  is_hostile BOOL NOT NULL,
  words TEXT NOT NULL,
  stage SORTKEY NOT NULL,
  opened_at INSTANT NOT NULL,
  opened_by ID,
  due_at INSTANT NOT NULL,
  root_cause TEXT,
  action TEXT,
  recovery_score INT,
  resolved_at INSTANT,
  resolved_by ID,
  confirmed_at INSTANT,
  confirmed_by ID,
  closed_at INSTANT,
  warning SORTKEY CONSTRAINT respect_incidents_warning_key UNIQUE
) STRICT;
CREATE INDEX respect_incidents_party_id_opened_at_id ON respect_incidents (party_id, opened_at, id);
CREATE INDEX respect_incidents_open ON respect_incidents (due_at, id) WHERE closed_at IS NULL;
