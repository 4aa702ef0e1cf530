-- The words by which callers name a purchase that they send, so that one that is sent twice is entered once.
CREATE TABLE purchase_keys (
  key SORTKEY NOT NULL PRIMARY KEY,
  purchase_id ID NOT NULL REFERENCES purchases (id)
) STRICT;
CREATE INDEX purchase_keys_purchase_id ON purchase_keys (purchase_id);
