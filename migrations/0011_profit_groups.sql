-- Profits of the last whole run added up by unit and owner, for who sees a part of the customers: in places from the best
-- customers of all (0) to the worst, about a hundred, cut also where a tier ends and where profit turns to loss.
CREATE TABLE profit_groups (
  id ID NOT NULL PRIMARY KEY,
  run_id ID NOT NULL,
  unit_id ID,
  owner_id ID,
  place INT NOT NULL,
  tier INT NOT NULL,
  customers INT NOT NULL,
  sales_minor MONEY NOT NULL,
  discount_minor MONEY NOT NULL,
  goods_minor MONEY NOT NULL,
  staff_minor MONEY NOT NULL,
  channels_minor MONEY NOT NULL,
  entered_minor MONEY NOT NULL,
  profit_minor MONEY NOT NULL,
  minutes INT NOT NULL,
  contacts INT NOT NULL
) STRICT;
CREATE INDEX profit_groups_run_id_unit_id ON profit_groups (run_id, unit_id);
CREATE INDEX profit_groups_run_id_owner_id ON profit_groups (run_id, owner_id);

-- The same by who the customers are: how many there are of a word, their mean, the sums of the squared and cubed deviations from
-- it. word is null where it is not known, '' for all that are too seldom to be told apart. is_all: of all customers together.
CREATE TABLE profit_traits (
  id ID NOT NULL PRIMARY KEY,
  run_id ID NOT NULL,
  is_all BOOL NOT NULL,
  unit_id ID,
  owner_id ID,
  trait SORTKEY NOT NULL,
  word TEXT,
  customers INT NOT NULL,
  better INT NOT NULL,
  mean_minor REAL NOT NULL,
  second REAL NOT NULL,
  third REAL NOT NULL
) STRICT;
CREATE INDEX profit_traits_run_id_trait_is_all ON profit_traits (run_id, trait, is_all, unit_id, owner_id);
