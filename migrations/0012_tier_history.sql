-- Tiers of profit month by month: a row for each stretch of months that a customer was in one tier. from_on is the first day
-- of the first month, until_on that of the month in which it was another one, the year 9999 while it lasts. Not a foreign key:
-- who was taken back with an import leaves with the next run.
CREATE TABLE party_tiers (
  party_id ID NOT NULL,
  from_on DAY NOT NULL,
  until_on DAY NOT NULL,
  tier INT NOT NULL,
  PRIMARY KEY (party_id, from_on)
) STRICT;
CREATE INDEX party_tiers_tier_party_id ON party_tiers (tier, party_id, from_on, until_on);

-- How many customers went from which tier to which between two months, by unit and owner; both days are the first of a month.
-- Tier 0 is none: they had neither bought nor cost anything in the year before.
CREATE TABLE tier_moves (
  id ID NOT NULL PRIMARY KEY,
  until_on DAY NOT NULL,
  from_on DAY NOT NULL,
  unit_id ID,
  owner_id ID,
  was INT NOT NULL,
  became INT NOT NULL,
  customers INT NOT NULL
) STRICT;
CREATE INDEX tier_moves_until_on_from_on ON tier_moves (until_on, from_on);
