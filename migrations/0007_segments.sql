-- Groups of customers that a rule describes. due counts how often somebody asked for it to be built since it was;
-- built_at is 0 before it was built for the first time, built_ms says how long that took.
CREATE TABLE segments (
  id ID NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  name_key SORTKEY NOT NULL,
  rule JSON NOT NULL,
  owner_id ID REFERENCES users (id),
  unit_id ID REFERENCES units (id),
  is_shared BOOL NOT NULL,
  size INT NOT NULL,
  due INT NOT NULL,
  built_at INSTANT NOT NULL,
  built_ms INT NOT NULL,
  version INT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  updated_at INSTANT NOT NULL,
  archived_at INSTANT
) STRICT;
CREATE INDEX segments_name_key_id ON segments (name_key, id);

-- Which segments the rule of one names.
CREATE TABLE segment_parts (
  segment_id ID NOT NULL REFERENCES segments (id),
  part_id ID NOT NULL REFERENCES segments (id),
  PRIMARY KEY (segment_id, part_id)
) STRICT;
CREATE INDEX segment_parts_part_id ON segment_parts (part_id);

-- Whom somebody picked by hand: is_in whatever the rule says, or out of it.
CREATE TABLE segment_picks (
  segment_id ID NOT NULL REFERENCES segments (id),
  party_id ID NOT NULL REFERENCES parties (id),
  is_in BOOL NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  PRIMARY KEY (segment_id, party_id)
) STRICT;

-- Who belonged to a segment when it was last built, and since which build.
CREATE TABLE segment_members (
  segment_id ID NOT NULL REFERENCES segments (id),
  party_id ID NOT NULL REFERENCES parties (id),
  since INSTANT NOT NULL,
  PRIMARY KEY (segment_id, party_id)
) STRICT;
CREATE INDEX segment_members_party_id ON segment_members (party_id, segment_id);

-- Who belonged to a segment and left it: since when, and until when. Days as old as its sizes are forgotten with them.
CREATE TABLE segment_past (
  segment_id ID NOT NULL REFERENCES segments (id),
  party_id ID NOT NULL REFERENCES parties (id),
  since INSTANT NOT NULL,
  until INSTANT NOT NULL,
  PRIMARY KEY (segment_id, party_id, until)
) STRICT;
CREATE INDEX segment_past_party_id ON segment_past (party_id);
CREATE INDEX segment_past_until ON segment_past (segment_id, until);

-- Customers to whom something happened that their segments have not looked at yet. Rows are only added and taken, so that
-- nobody waits for anybody.
CREATE TABLE segment_marks (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL
) STRICT;

-- How large a segment was at the end of each day on which it was built; who entered and left during it.
CREATE TABLE segment_sizes (
  segment_id ID NOT NULL REFERENCES segments (id),
  day DAY NOT NULL,
  size INT NOT NULL,
  entered INT NOT NULL,
  departed INT NOT NULL,
  PRIMARY KEY (segment_id, day)
) STRICT;
