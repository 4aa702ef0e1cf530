-- What was bought, given back, and what may be sold.
CREATE TABLE products (
  id ID NOT NULL PRIMARY KEY,
  code SORTKEY NOT NULL CONSTRAINT products_code_key UNIQUE,
  name TEXT NOT NULL,
  category TEXT,
  created_at INSTANT NOT NULL
) STRICT;

-- One invoice. Without a party it is a sale to an unknown customer.
CREATE TABLE purchases (
  id ID NOT NULL PRIMARY KEY,
  party_id ID REFERENCES parties (id),
  invoice SORTKEY CONSTRAINT purchases_invoice_key UNIQUE,
  at INSTANT NOT NULL,
  day DAY NOT NULL,
  currency TEXT NOT NULL,
  gross_minor MONEY NOT NULL,
  refund_minor MONEY NOT NULL,
  lines INT NOT NULL,
  channel TEXT,
  country TEXT,
  note TEXT,
  import_id ID,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
-- What belongs to one party lies scattered over years. Whoever looks through everything, one party after the other, finds
-- all that they ask for in this index and in that of the lines, in order.
CREATE INDEX purchases_party_id_at_id ON purchases (party_id, at, id, day, currency, gross_minor, refund_minor);
CREATE INDEX purchases_at_id ON purchases (at, id);
CREATE INDEX purchases_import_id ON purchases (import_id, id) WHERE import_id IS NOT NULL;

-- A line that gives goods back has a negative amount and, where it is known, the line that it gives back. sign is 1 for
-- what was bought, also where less than a minor unit or, after a discount, nothing was to be paid; -1 for what was given
-- back; 0 for what is priced at nothing.
CREATE TABLE purchase_lines (
  id ID NOT NULL PRIMARY KEY,
  purchase_id ID NOT NULL REFERENCES purchases (id),
  party_id ID,
  product_id ID,
  day DAY NOT NULL,
  quantity REAL NOT NULL,
  unit_price_minor MONEY NOT NULL,
  discount_minor MONEY NOT NULL,
  amount_minor MONEY NOT NULL,
  sign INT NOT NULL,
  currency TEXT NOT NULL,
  refund_of ID,
  source_key INT,
  import_id ID
) STRICT;
CREATE INDEX purchase_lines_purchase_id ON purchase_lines (purchase_id);
CREATE INDEX purchase_lines_party_id_product_id ON purchase_lines (party_id, product_id, day, sign, currency, amount_minor, discount_minor,
  quantity, purchase_id);
-- Those behind a product that few bought.
CREATE INDEX purchase_lines_product_id ON purchase_lines (product_id) WHERE product_id IS NOT NULL;
CREATE INDEX purchase_lines_source_key ON purchase_lines (source_key) WHERE source_key IS NOT NULL;
CREATE INDEX purchase_lines_refund_of ON purchase_lines (refund_of) WHERE refund_of IS NOT NULL;
CREATE INDEX purchase_lines_import_id ON purchase_lines (import_id, id) WHERE import_id IS NOT NULL;

-- Sums of each day, kept by the writes, so that totals never read the lines. known_: of known customers; lines_up have
-- a positive sign, lines_down a negative one, lines_zero none; down_minor is not negative.
CREATE TABLE purchase_days (
  day DAY NOT NULL,
  currency SORTKEY NOT NULL,
  is_known BOOL NOT NULL,
  lines_up INT NOT NULL,
  lines_down INT NOT NULL,
  lines_zero INT NOT NULL,
  up_minor MONEY NOT NULL,
  down_minor MONEY NOT NULL,
  PRIMARY KEY (day, currency, is_known)
) STRICT;

-- What may be sold. amount_minor is what it may bring, or brought, in the organisation's currency; NULL where nobody said.
-- lost_reason and competitor are words of lists of these names. closed_on is the day of closed_at in the organisation's time
-- zone, and for what is open a day after all others, so that it comes first in what is listed from the newest on.
CREATE TABLE opportunities (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  interaction_id ID,
  title TEXT NOT NULL,
  amount_minor MONEY,
  state SORTKEY NOT NULL,
  lost_reason SORTKEY,
  competitor SORTKEY,
  offer TEXT,
  owner_id ID,
  created_by ID,
  created_at INSTANT NOT NULL,
  closed_at INSTANT,
  closed_on DAY NOT NULL,
  CONSTRAINT opportunities_lost_reason_check CHECK ((state = 'lost') = (lost_reason IS NOT NULL))
) STRICT;
CREATE INDEX opportunities_party_id_closed_on_id ON opportunities (party_id, closed_on, id);
CREATE INDEX opportunities_state_closed_on_id ON opportunities (state, closed_on, id);
CREATE INDEX opportunities_closed_on_id ON opportunities (closed_on, id);
CREATE INDEX opportunities_competitor_closed_on_id ON opportunities (competitor, closed_on, id) WHERE competitor IS NOT NULL;
