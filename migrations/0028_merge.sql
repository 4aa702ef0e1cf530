-- Customers who turned out to be one.

-- merged_into is who a customer turned out to be. Their rows are there then, and they are archived; it always names one that is
-- nobody else in turn.
ALTER TABLE parties ADD COLUMN merged_into ID REFERENCES parties (id);
CREATE INDEX parties_merged_into ON parties (merged_into) WHERE merged_into IS NOT NULL;

-- A merge: other_id became kept_id. changes is what it changed besides whose rows are, so that it can be taken back.
CREATE TABLE party_merges (
  id ID NOT NULL PRIMARY KEY,
  kept_id ID NOT NULL REFERENCES parties (id),
  other_id ID NOT NULL REFERENCES parties (id),
  changes JSON NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  undone_by ID,
  undone_at INSTANT
) STRICT;
CREATE INDEX party_merges_kept_id_id ON party_merges (kept_id, id);
CREATE UNIQUE INDEX party_merges_other_id_key ON party_merges (other_id) WHERE undone_at IS NULL;
CREATE INDEX party_merges_created_at ON party_merges (created_at);

-- The rows that went over, for as long as they can go back. part is table and column; row_id is the row, or the merge where the row
-- is known by a text (row_word).
CREATE TABLE party_merge_rows (
  merge_id ID NOT NULL REFERENCES party_merges (id),
  part SORTKEY NOT NULL,
  row_id ID NOT NULL,
  row_word SORTKEY NOT NULL,
  PRIMARY KEY (merge_id, part, row_id, row_word)
) STRICT;

-- The merge by which a key came to a customer who had one of its kind: they are still found by it, and it is not theirs to show.
ALTER TABLE identity_keys ADD COLUMN former_by ID;

-- The merge by which it came out that a customer was in the experiment before; this time does not count.
ALTER TABLE experiment_units ADD COLUMN twice_by ID;

-- Rows of one customer are found without a look at all others.
CREATE INDEX ideas_party_id ON ideas (party_id) WHERE party_id IS NOT NULL;
CREATE INDEX rewards_party_id ON rewards (party_id) WHERE party_id IS NOT NULL;
CREATE INDEX referral_claims_referrer_id ON referral_claims (referrer_id);
CREATE INDEX feedback_voices_party_id ON feedback_voices (party_id);
CREATE INDEX segment_picks_party_id ON segment_picks (party_id);

-- Two of whom somebody said that they are two, the one with the lesser id first: they are not named as a pair any more.
CREATE TABLE party_pairs_apart (
  one_id ID NOT NULL REFERENCES parties (id),
  other_id ID NOT NULL REFERENCES parties (id),
  created_by ID,
  created_at INSTANT NOT NULL,
  PRIMARY KEY (one_id, other_id)
) STRICT;
