-- What customers were promised, used where they buy. Rows of files that came in though something was wrong with them, such as a code
-- that is not valid, stand beside those that did not.
ALTER TABLE import_rejects ADD COLUMN is_taken BOOL NOT NULL DEFAULT FALSE;

-- What was bought with credit is found from its purchase.
CREATE INDEX ledger_journals_purchase_id ON ledger_journals (purchase_id) WHERE purchase_id IS NOT NULL;

-- The lot of the customer's account that a benefit became when it was redeemed.
ALTER TABLE grants ADD COLUMN lot_id ID;
