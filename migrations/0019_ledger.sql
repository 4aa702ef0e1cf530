-- What advocates earn by bringing others: schedules that say how much, and the books that say what became of it.

-- What bringing somebody brings, version by version. What is approved does not change any more, but for the day on which it
-- ends. tiers is a list of steps by what the friend paid; basis says whether the step that is reached holds for the whole
-- amount or each step for its own part ('marginal'). cap_minor is the most for one introduction. wallet says what comes of it:
-- credit in the shop, or money. effective_on is the day that was wished, in_force_on the one from which it holds.
CREATE TABLE benefit_schedules (
  id ID NOT NULL PRIMARY KEY,
  number INT NOT NULL CONSTRAINT benefit_schedules_number_key UNIQUE,
  state SORTKEY NOT NULL,
  basis SORTKEY NOT NULL,
  tiers JSON NOT NULL,
  currency SORTKEY NOT NULL,
  cap_minor MONEY,
  wallet SORTKEY NOT NULL,
  valid_days INT NOT NULL,
  tax_note TEXT,
  text_fa TEXT NOT NULL,
  text_ar TEXT NOT NULL,
  text_en TEXT NOT NULL,
  effective_on DAY NOT NULL,
  in_force_on DAY,
  ended_on DAY,
  created_by ID REFERENCES users (id),
  created_at INSTANT NOT NULL,
  approved_at INSTANT
) STRICT;

-- Who said yes to a schedule.
CREATE TABLE benefit_approvals (
  schedule_id ID NOT NULL REFERENCES benefit_schedules (id),
  user_id ID NOT NULL REFERENCES users (id),
  at INSTANT NOT NULL,
  PRIMARY KEY (schedule_id, user_id)
) STRICT;

-- What an introduction is to bring, by the schedule that was in force when it was written down. party_id is who gets it,
-- amount_minor what is in the books of it, lot_id the lot that it became. turn counts what was posted for it, so that nothing is
-- posted twice.
CREATE TABLE rewards (
  referral_id ID NOT NULL PRIMARY KEY REFERENCES referrals (id),
  schedule_id ID NOT NULL REFERENCES benefit_schedules (id),
  state SORTKEY NOT NULL,
  party_id ID REFERENCES parties (id),
  amount_minor MONEY NOT NULL,
  lot_id ID,
  turn INT NOT NULL
) STRICT;
CREATE INDEX rewards_waits ON rewards (referral_id) WHERE state = 'waits';

-- Accounts. balance_minor is what was credited less what was debited; the check keeps what we owe from turning into what we are
-- owed without anybody seeing it, and the other way round.
CREATE TABLE ledger_accounts (
  id ID NOT NULL PRIMARY KEY,
  name SORTKEY NOT NULL,
  kind SORTKEY NOT NULL,
  party_id ID REFERENCES parties (id),
  wallet SORTKEY,
  currency SORTKEY NOT NULL,
  balance_minor MONEY NOT NULL,
  created_at INSTANT NOT NULL,
  CONSTRAINT ledger_accounts_name_currency_key UNIQUE (name, currency),
  CONSTRAINT ledger_accounts_balance_minor_check CHECK (
    CASE WHEN kind IN ('expense', 'receivable', 'repaid', 'written_off') THEN balance_minor <= 0 ELSE balance_minor >= 0 END
  )
) STRICT;
CREATE INDEX ledger_accounts_party_id ON ledger_accounts (party_id) WHERE party_id IS NOT NULL;
CREATE INDEX ledger_accounts_kind ON ledger_accounts (kind, id);

-- What happened, each once (key). Nothing is changed or removed here; what was wrong is reversed by another.
CREATE TABLE ledger_journals (
  id ID NOT NULL PRIMARY KEY,
  key SORTKEY NOT NULL CONSTRAINT ledger_journals_key_key UNIQUE,
  kind SORTKEY NOT NULL,
  party_id ID NOT NULL REFERENCES parties (id),
  referral_id ID,
  purchase_id ID,
  reverses_id ID REFERENCES ledger_journals (id),
  amount_minor MONEY NOT NULL,
  currency SORTKEY NOT NULL,
  day DAY NOT NULL,
  note TEXT,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX ledger_journals_party_id_id ON ledger_journals (party_id, id);
CREATE INDEX ledger_journals_reverses_id ON ledger_journals (reverses_id) WHERE reverses_id IS NOT NULL;

-- What matured at one time, until it is used or its days are over. expired_minor is what went to breakage.
CREATE TABLE ledger_lots (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  wallet SORTKEY NOT NULL,
  referral_id ID,
  currency SORTKEY NOT NULL,
  amount_minor MONEY NOT NULL,
  left_minor MONEY NOT NULL,
  expired_minor MONEY NOT NULL,
  matured_on DAY NOT NULL,
  expires_on DAY NOT NULL,
  CONSTRAINT ledger_lots_left_minor_check CHECK (left_minor >= 0 AND expired_minor >= 0 AND left_minor + expired_minor <= amount_minor)
) STRICT;
CREATE INDEX ledger_lots_party_id_expires_on_id ON ledger_lots (party_id, expires_on, id) WHERE left_minor > 0;
CREATE INDEX ledger_lots_expires_on_id ON ledger_lots (expires_on, id) WHERE left_minor > 0;

-- What moved from which account to which. One amount is debited and credited, so that no journal can be out of balance on either
-- engine; lot_id is the lot that it came out of or went into.
CREATE TABLE ledger_entries (
  journal_id ID NOT NULL REFERENCES ledger_journals (id),
  place INT NOT NULL,
  debit_id ID NOT NULL REFERENCES ledger_accounts (id),
  credit_id ID NOT NULL REFERENCES ledger_accounts (id),
  lot_id ID REFERENCES ledger_lots (id),
  amount_minor MONEY NOT NULL,
  currency SORTKEY NOT NULL,
  PRIMARY KEY (journal_id, place),
  CONSTRAINT ledger_entries_amount_minor_check CHECK (amount_minor > 0),
  CONSTRAINT ledger_entries_credit_id_check CHECK (debit_id <> credit_id)
) STRICT;
CREATE INDEX ledger_entries_lot_id ON ledger_entries (lot_id) WHERE lot_id IS NOT NULL;

-- Which share of friends would not have come anyway, in ten-thousandths: an assumption that somebody stands for, with why. The
-- newest counts; those before stay.
CREATE TABLE referral_assumptions (
  id ID NOT NULL PRIMARY KEY,
  share INT NOT NULL CONSTRAINT referral_assumptions_share_check CHECK (share BETWEEN 0 AND 10000),
  words TEXT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
