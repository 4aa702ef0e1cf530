-- What customers cost beside what they bring.

-- Costs as they were entered, in the organisation's currency; without a party they are of no customer in particular,
-- perhaps spent to win customers of one source. Minutes without an amount are priced at the rate of an hour.
CREATE TABLE costs (
  id ID NOT NULL PRIMARY KEY,
  party_id ID REFERENCES parties (id),
  day DAY NOT NULL,
  kind SORTKEY NOT NULL,
  source SORTKEY,
  amount_minor MONEY NOT NULL,
  minutes INT NOT NULL,
  note TEXT,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX costs_party_id_day_id ON costs (party_id, day, id);
CREATE INDEX costs_day_id ON costs (day, id);

-- What is reckoned with: minor units, or ten-thousandths for shares. An item without a row has no rate.
CREATE TABLE cost_rates (
  item SORTKEY NOT NULL PRIMARY KEY,
  value INT NOT NULL,
  changed_by ID,
  changed_at INSTANT NOT NULL
) STRICT;

-- Each time that the profits of all were worked out; place is the last party that is done. Whole once it has finished_at.
CREATE TABLE profit_runs (
  id ID NOT NULL PRIMARY KEY,
  as_of DAY NOT NULL,
  from_on DAY NOT NULL,
  currency TEXT NOT NULL,
  rates JSON NOT NULL,
  place ID NOT NULL,
  unpriced JSON NOT NULL,
  whale JSON,
  made_at INSTANT NOT NULL,
  finished_at INSTANT
) STRICT;
CREATE INDEX profit_runs_made_at_id ON profit_runs (made_at, id);

-- One row for each customer who bought or cost something in the year before the last run. discount_minor is told only:
-- the sales are already less by it. tier is 1 for the best; until the run that adds a row is whole it has none. Not a
-- foreign key: who was taken back with an import goes with the next run. next_minor is what the next twelve months are worth
-- as far as a model can say, hour_minor what an hour of ours brings in them.
CREATE TABLE party_profits (
  party_id ID NOT NULL PRIMARY KEY,
  run_id ID NOT NULL,
  sales_minor MONEY NOT NULL,
  discount_minor MONEY NOT NULL,
  goods_minor MONEY NOT NULL,
  staff_minor MONEY NOT NULL,
  channels_minor MONEY NOT NULL,
  entered_minor MONEY NOT NULL,
  profit_minor MONEY NOT NULL,
  minutes INT NOT NULL,
  contacts INT NOT NULL,
  tier INT,
  next_minor MONEY,
  hour_minor MONEY
) STRICT;
CREATE INDEX party_profits_next_minor_party_id ON party_profits (next_minor, party_id) WHERE next_minor IS NOT NULL;
CREATE INDEX party_profits_hour_minor_party_id ON party_profits (hour_minor, party_id) WHERE hour_minor IS NOT NULL;
CREATE INDEX party_profits_profit_minor_party_id ON party_profits (profit_minor, party_id);
CREATE INDEX party_profits_tier_profit_minor_party_id ON party_profits (tier, profit_minor, party_id);
CREATE INDEX party_profits_run_id ON party_profits (run_id);

-- What is to be done about a customer who costs more than they bring; the events keep what was decided before.
CREATE TABLE profit_decisions (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id) CONSTRAINT profit_decisions_party_id_key UNIQUE,
  decision SORTKEY NOT NULL,
  reason TEXT NOT NULL,
  approver_id ID NOT NULL REFERENCES users (id),
  expires_on DAY NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX profit_decisions_expires_on_id ON profit_decisions (expires_on, id);
