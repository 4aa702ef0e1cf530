-- Who was held back when everybody else was made good is looked for every night, and is rare.
CREATE INDEX experiment_units_held ON experiment_units (experiment_id, id) WHERE made_good = 'held';
