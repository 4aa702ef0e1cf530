-- What is compared: customers with themselves, and who got a treatment with who was left without it.

-- With whom a customer is compared: with others, or with themselves in another period. Of two periods the first ends with
-- first_until_on and the second begins with second_from_on; arm says whether the first is the one with the treatment.
ALTER TABLE experiments ADD COLUMN design SORTKEY NOT NULL DEFAULT 'parallel';
ALTER TABLE experiment_units ADD COLUMN first_until_on DAY;
ALTER TABLE experiment_units ADD COLUMN second_from_on DAY;

-- Who got or missed a treatment of a kind while at a stage, since a moment.
CREATE INDEX exposures_stage_kind ON exposures (stage, kind, assigned_at);
