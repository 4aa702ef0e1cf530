-- What is counted of all members of a stage reads them stripe by stripe: who was in it on a day, in the order of customers.
CREATE INDEX stage_memberships_stage_party_id ON stage_memberships (stage, party_id, entered_on, left_on, standing, place);

-- What came back: few lines among many.
CREATE INDEX purchase_lines_party_id_returned ON purchase_lines (party_id, day) WHERE sign < 0;
