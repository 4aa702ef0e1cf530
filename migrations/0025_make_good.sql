-- Making good after a test of prices.

-- make_good is set on a test of prices: 'promised' until everybody who had the worse price was looked at, then 'done'.
-- basket_minor is what those it means paid for one purchase when it was written down; make_good_version_id what the grants came
-- by.
ALTER TABLE experiments ADD COLUMN make_good SORTKEY;
ALTER TABLE experiments ADD COLUMN basket_minor MONEY;
ALTER TABLE experiments ADD COLUMN make_good_version_id ID REFERENCES policy_versions (id);
ALTER TABLE experiments ADD COLUMN made_good_at INSTANT;
CREATE INDEX experiments_make_good ON experiments (make_good, id) WHERE make_good IS NOT NULL;

-- What became of somebody who had the worse price: 'given', or why not.
ALTER TABLE experiment_units ADD COLUMN made_good SORTKEY;
