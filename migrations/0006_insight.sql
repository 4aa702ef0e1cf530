-- Numbers of customers, worked out from purchases by the models of crates/stats.

-- What was fitted to whose purchases, or why it was not. A fit's id is made of its kind and its input, so that the same
-- purchases give the same fit. Scores of a fit are whole once it has finished_at; those of the last refresh that came
-- to its end are current.
CREATE TABLE fits (
  id ID NOT NULL PRIMARY KEY,
  kind SORTKEY NOT NULL,
  as_of DAY NOT NULL,
  from_on DAY,
  currency TEXT NOT NULL,
  customers INT NOT NULL,
  input_hash TEXT NOT NULL,
  model JSON,
  quality JSON,
  refusal JSON,
  made_at INSTANT NOT NULL,
  finished_at INSTANT,
  is_current BOOL NOT NULL
) STRICT;
CREATE INDEX fits_made_at_id ON fits (made_at, id);
CREATE INDEX fits_is_current ON fits (kind) WHERE is_current;
CREATE INDEX fits_input_hash ON fits (input_hash);

-- One row for each customer with a purchase. Not a foreign key: who was taken back with an import has no scores after
-- the next refresh. frequency_value is the mean of both scores, rounded up; repeat_mean_minor that of the days with a
-- purchase after the first one. silence is the days since the last purchase in usual gaps (gap_days); 0 where that gap
-- is not known. season is a quarter of the solar year.
CREATE TABLE party_scores (
  party_id ID NOT NULL PRIMARY KEY,
  recency_days INT NOT NULL,
  age_days INT NOT NULL,
  occasions INT NOT NULL,
  net_minor MONEY NOT NULL,
  repeat_mean_minor REAL NOT NULL,
  recency INT,
  frequency INT,
  value INT,
  frequency_value INT,
  p_active REAL,
  purchases_90d REAL,
  occasion_minor REAL,
  value_12m_minor REAL,
  habit SORTKEY NOT NULL,
  gap_days REAL,
  gap_variation REAL,
  silence REAL NOT NULL,
  season INT,
  rfm_fit_id ID NOT NULL,
  activity_fit_id ID NOT NULL,
  spending_fit_id ID NOT NULL
) STRICT;
-- All that people filter by: counted and gathered from the index alone.
CREATE INDEX party_scores_cell ON party_scores (recency, frequency_value, party_id, frequency, value, p_active);
-- And what they sort by.
CREATE INDEX party_scores_p_active ON party_scores (p_active, party_id) WHERE p_active IS NOT NULL;
CREATE INDEX party_scores_value_12m_minor ON party_scores (value_12m_minor, party_id) WHERE value_12m_minor IS NOT NULL;

CREATE INDEX party_scores_habit ON party_scores (habit, silence, party_id);

-- Those behind a cohort.
CREATE INDEX parties_first_purchase_on ON parties (first_purchase_on, id) WHERE first_purchase_on <> '';

-- What was found out from the purchases of everybody, as a whole: one row for each question. It is found anew when the
-- purchases it came from have changed.
CREATE TABLE findings (
  name SORTKEY NOT NULL PRIMARY KEY,
  input_hash TEXT NOT NULL,
  edition INT NOT NULL,
  found JSON NOT NULL,
  made_at INSTANT NOT NULL
) STRICT;

-- Of those who bought the one product, how many bought the other. Rows of an edition are read once the finding
-- "next_products" names it; places count from 1 in the order of what is most certain, and of what it is worth at least.
CREATE TABLE next_products (
  edition INT NOT NULL,
  antecedent_id ID NOT NULL,
  consequent_id ID NOT NULL,
  together INT NOT NULL,
  with_antecedent INT NOT NULL,
  with_consequent INT NOT NULL,
  low REAL NOT NULL,
  high REAL NOT NULL,
  likeness REAL NOT NULL,
  amount_minor MONEY NOT NULL,
  by_certainty INT NOT NULL,
  by_worth INT NOT NULL,
  PRIMARY KEY (edition, antecedent_id, consequent_id)
) STRICT;
CREATE INDEX next_products_edition_by_certainty ON next_products (edition, by_certainty);
CREATE INDEX next_products_edition_by_worth ON next_products (edition, by_worth);

-- What each product brought, best first: a row for each span of time. Rows of an edition are read once the finding
-- "product_sales" names it. sold_minor is what known customers bought, returned_minor what they gave back of it,
-- cumulated_minor what the product and all better ones sold; customers did not give all of it back.
CREATE TABLE product_sales (
  edition INT NOT NULL,
  span SORTKEY NOT NULL,
  place INT NOT NULL,
  product_id ID NOT NULL,
  class SORTKEY NOT NULL,
  sold_minor MONEY NOT NULL,
  cumulated_minor MONEY NOT NULL,
  returned_minor MONEY NOT NULL,
  lines INT NOT NULL,
  customers INT NOT NULL,
  PRIMARY KEY (edition, span, place)
) STRICT;

-- Of the purchases with up to three products, how many held another, too. Rows of an edition are read once the finding
-- "basket_rules" names it; places count from 1 in the order of what is most certain, and of what it is worth at least.
CREATE TABLE basket_rules (
  edition INT NOT NULL,
  by_certainty INT NOT NULL,
  by_worth INT NOT NULL,
  first_id ID NOT NULL,
  second_id ID,
  third_id ID,
  consequent_id ID NOT NULL,
  together INT NOT NULL,
  with_antecedent INT NOT NULL,
  with_consequent INT NOT NULL,
  amount_minor MONEY NOT NULL,
  PRIMARY KEY (edition, by_certainty)
) STRICT;
CREATE INDEX basket_rules_edition_by_worth ON basket_rules (edition, by_worth);
