-- Customers of value who may leave, and what was done to keep them.

-- One row for each of them, as of the last run. stake_minor is what their year would be worth if they stay, times the
-- probability that they are gone. Not a foreign key: who was taken back with an import goes with the next run.
CREATE TABLE party_risks (
  party_id ID NOT NULL PRIMARY KEY,
  stake_minor MONEY NOT NULL
) STRICT;
CREATE INDEX party_risks_stake_minor_party_id ON party_risks (stake_minor, party_id);

-- What speaks for it, with what is at stake once more, so that those of a reason are paged by its index alone. one and
-- other are the evidence: days, amounts, how often; what they are depends on the reason.
CREATE TABLE party_risk_reasons (
  party_id ID NOT NULL,
  reason SORTKEY NOT NULL,
  stake_minor MONEY NOT NULL,
  one INT,
  other INT,
  PRIMARY KEY (party_id, reason)
) STRICT;
CREATE INDEX party_risk_reasons_reason_stake_minor_party_id ON party_risk_reasons (reason, stake_minor, party_id);

-- What was done so that a customer stays. What came of it is read from the purchases: one after day, up to until_on, is a
-- return.
CREATE TABLE saves (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  kind SORTKEY NOT NULL,
  day DAY NOT NULL,
  until_on DAY NOT NULL,
  note TEXT,
  done_by ID NOT NULL REFERENCES users (id),
  follow_up_id ID,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX saves_party_id_day_id ON saves (party_id, day, id);
CREATE INDEX saves_day_id ON saves (day, id);

-- What a customer spends in a year with everybody, as somebody said it: nobody guesses.
CREATE TABLE stated_spendings (
  party_id ID NOT NULL PRIMARY KEY REFERENCES parties (id),
  yearly_minor MONEY NOT NULL,
  stated_on DAY NOT NULL,
  stated_by TEXT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
