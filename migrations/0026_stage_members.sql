-- Who was in a stage on a day, in the order of customers: what is counted of all members reads them stripe by stripe.
CREATE INDEX stage_memberships_stage_party_id ON stage_memberships (stage, party_id, entered_on, left_on, standing, place);
