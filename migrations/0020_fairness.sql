-- Who gets less than others: what was found, and what explains it.

-- One thing, looked at by one trait of customers over the days from from_on to until_on. Nothing here changes: who looks again
-- writes another one. given of so many customers have it; left_out are those in groups beyond the largest, which are not told
-- apart. An audit that nobody asked for was made by the month.
CREATE TABLE fairness_audits (
  id ID NOT NULL PRIMARY KEY,
  measure SORTKEY NOT NULL,
  attribute SORTKEY NOT NULL,
  from_on DAY NOT NULL,
  until_on DAY NOT NULL,
  customers INT NOT NULL,
  given INT NOT NULL,
  left_out INT NOT NULL,
  currency TEXT NOT NULL,
  verdict SORTKEY NOT NULL,
  is_asked BOOL NOT NULL,
  created_by ID REFERENCES users (id),
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX fairness_audits_measure_attribute_id ON fairness_audits (measure, attribute, id);
CREATE INDEX fairness_audits_created_at_id ON fairness_audits (created_at, id);

-- Its groups, the largest first. value is a word, a folded city or the id of a colleague, and '' where nothing is written down;
-- name what it was called then. found has the numbers.
CREATE TABLE fairness_groups (
  id ID NOT NULL PRIMARY KEY,
  audit_id ID NOT NULL REFERENCES fairness_audits (id),
  place INT NOT NULL,
  value SORTKEY NOT NULL,
  name TEXT,
  verdict SORTKEY NOT NULL,
  found JSON NOT NULL,
  CONSTRAINT fairness_groups_audit_id_place_key UNIQUE (audit_id, place)
) STRICT;
CREATE INDEX fairness_groups_odd ON fairness_groups (audit_id, id) WHERE verdict IN ('look', 'unequal');

-- What explains that a group gets less, said by whom and holding until when; the newest counts. It holds for the same group of
-- later audits too.
CREATE TABLE fairness_answers (
  id ID NOT NULL PRIMARY KEY,
  group_id ID NOT NULL REFERENCES fairness_groups (id),
  measure SORTKEY NOT NULL,
  attribute SORTKEY NOT NULL,
  value SORTKEY NOT NULL,
  cause SORTKEY NOT NULL,
  words TEXT NOT NULL,
  until_on DAY NOT NULL,
  created_by ID REFERENCES users (id),
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX fairness_answers_measure_attribute_value_id ON fairness_answers (measure, attribute, value, id);
