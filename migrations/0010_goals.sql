-- What is meant to become of a segment: a figure and how much of it, until when, and what may be spent on that. For
-- 'members' and 'buyers' target, base and result are customers, for 'sales' minor units, for 'active' per cent. base is the
-- figure when the goal was set; both it and the result are worked out by the job that builds segments, and NULL where
-- there are too few data for them. n says of how many the result is, low and high between which shares of one it lies.
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
  n INT,
  low REAL,
  high REAL,
  counted_at INSTANT,
  version INT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  archived_at INSTANT
) STRICT;
CREATE INDEX segment_goals_segment_id ON segment_goals (segment_id);

-- Why budgets and targets were moved from here to there: notes on a goal, or on all of them.
CREATE TABLE goal_notes (
  id ID NOT NULL PRIMARY KEY,
  goal_id ID REFERENCES segment_goals (id),
  words TEXT NOT NULL,
  created_by ID REFERENCES users (id),
  created_at INSTANT NOT NULL,
  archived_at INSTANT
) STRICT;
CREATE INDEX goal_notes_goal_id ON goal_notes (goal_id, id) WHERE goal_id IS NOT NULL;
