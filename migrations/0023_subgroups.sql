-- Experiments: who is drawn together, and subgroups that are looked at apart.

-- unit says who is drawn: each customer, or a household. subgroups are those that are looked at apart, named before it begins: a
-- list of names with rules.
ALTER TABLE experiments ADD COLUMN unit SORTKEY NOT NULL DEFAULT 'customer';
ALTER TABLE experiments ADD COLUMN subgroups JSON;

-- household_id is who of their household came first, where households are drawn. subgroups is to which each belonged when they
-- came: bits, the first the lowest.
ALTER TABLE experiment_units ADD COLUMN household_id ID;
ALTER TABLE experiment_units ADD COLUMN subgroups INT NOT NULL DEFAULT 0;
