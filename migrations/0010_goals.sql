-- What is meant to become of a segment: a figure and how much of it, until when, and what may be spent on that. For
-- 'members' and 'buyers' target, base and result are customers, for 'sales' minor units, for 'active' per cent. base is the
-- figure when the goal was set; both it and the result are worked out by the job that builds segments, and NULL where
-- there are too few data for them.
CREATE TABLE segment_goals (
  id ID NOT NULL PRIMARY KEY,
  segment_id ID NOT NULL REFERENCES segments (id),
  figure TEXT NOT NULL,
  target INT NOT NULL,
  from_on DAY NOT NULL,
  until_on DAY NOT NULL,
  budget_minor MONEY,
  note TEXT,
  base INT,
  result INT,
  counted_at INSTANT,
  version INT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  archived_at INSTANT
) STRICT;
CREATE INDEX segment_goals_segment_id ON segment_goals (segment_id);
