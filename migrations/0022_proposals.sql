-- What is put before others: to move money from a policy to a treatment that works. customers and the gains are what was
-- reckoned then, in minor units; absent where nothing was known. What is decided does not change.
CREATE TABLE budget_proposals (
  id ID NOT NULL PRIMARY KEY,
  from_policy_id ID NOT NULL REFERENCES policies (id),
  to_treatment_id ID NOT NULL REFERENCES treatments (id),
  amount_minor MONEY NOT NULL,
  currency TEXT NOT NULL,
  customers INT,
  gain_minor MONEY,
  gain_low_minor MONEY,
  gain_high_minor MONEY,
  words TEXT,
  state SORTKEY NOT NULL,
  reason TEXT,
  created_by ID NOT NULL REFERENCES users (id),
  created_at INSTANT NOT NULL,
  decided_by ID REFERENCES users (id),
  decided_at INSTANT,
  CONSTRAINT budget_proposals_decided_check CHECK ((state = 'open') = (decided_at IS NULL))
) STRICT;
CREATE INDEX budget_proposals_state_id ON budget_proposals (state, id);
