# What the command line says.
cli-serve-ready = Peyvand is ready. Open { $address }
cli-serve-locked = Another Peyvand ({ $process }) already serves from { $folder }. Stop it first, or use another --data folder.
cli-database-in-use = Another process has the database { $address } for itself at the moment (peyvand keys rotate). Try again when it is through.
cli-database-not-alone = Other Peyvand processes are working with the database { $address }. Stop every peyvand serve and peyvand command that uses it, then try again.
cli-listen-taken = { $address } is already in use. Choose another with --listen, for example --listen 127.0.0.1:8081
cli-listen-failed = Cannot listen on { $address }: { $detail }
cli-migrated = The database is at version { $to } (before: { $from }).
cli-user-added = { $name } can sign in now as { $email }.
cli-password-empty = The first line of standard input holds no password.
cli-password-needed = Pass the password on standard input and add --password-stdin.

# Settings
cli-config-syntax = { $file } cannot be read: { $detail }
cli-config-unreadable = { $file } cannot be opened: { $detail }
cli-config-unknown = There is no setting { $key } (from { $origin }). All settings: peyvand config example
cli-config-unknown-near = There is no setting { $key } (from { $origin }). Did you mean { $near }?
cli-config-value = The value of { $key } (from { $origin }) does not fit: { $detail }
cli-folder-unusable = The data folder { $folder } cannot be used: { $detail }
cli-database-unreachable = The database { $address } cannot be opened: { $detail }
cli-keys-missing = { $file } is missing, but the database holds values that were sealed with it. Put the keys file back, from the backup or from the machine that wrote the database.

# Operations
cli-op-unknown = There is no operation { $name }. All operations: peyvand op --list
cli-op-argument = “{ $argument }” is not of the form key=value.
cli-op-stdin = Standard input holds no JSON object: { $detail }

# Errors
cli-error-not-found = There is no such { $what }.
cli-error-signed-out = Nobody is signed in.
cli-error-forbidden = The right { $right } is missing.
cli-error-limited = Too often. Try again in { $seconds } seconds.
cli-error-unavailable = The database cannot be reached or is too busy. Try again in a moment.
cli-error-fault = Something went wrong: { $detail } ({ $at })

# Check-up
cli-doctor-ok = ok  
cli-doctor-warn = look
cli-doctor-fail = FAIL
cli-doctor-configuration = Settings
cli-doctor-configuration-defaults = no file, defaults
cli-doctor-mail = Mail server
cli-doctor-mail-off = not set up; reminders stay in the program
cli-doctor-mail-from = Set mail.from to the address that reminders come from.
cli-doctor-mail-unreachable = The server does not take us. Look at mail.host, mail.port, mail.security, mail.user and mail.password, and whether this machine may reach the server. Reminders wait up to a day.
cli-doctor-folder = Data folder
cli-doctor-folder-unwritable = Give the user that runs Peyvand the right to write there, or choose another folder with --data.
cli-doctor-folder-open = Other users of this machine can look in. Run: { $command }
cli-doctor-disk = Disk
cli-doctor-disk-free = { $megabytes } MB free
cli-doctor-disk-low = Make room before the database can no longer grow.
cli-doctor-keys = Keys
cli-doctor-keys-none = no keys file yet
cli-doctor-keys-first = The first start makes it. If there was one before, put it back from the backup.
cli-doctor-keys-broken = Put the keys file back from the backup; without it sealed values cannot be read.
cli-doctor-keys-open = Other users of this machine can read the keys. Run: { $command }
cli-doctor-database = Database
cli-doctor-database-found = { $address }, version { $version }, { $megabytes } MB
cli-doctor-database-unreachable = Check the address, whether the server runs, and user and password.
cli-doctor-database-newer = A newer program has worked with this database. Install that version or a later one.
cli-doctor-database-older = Run: peyvand migrate (the next start does it too). Make a backup before.
cli-doctor-clock = Clock
cli-doctor-clock-wrong = The clock does not fit what is stored. Set the machine's date and time.
cli-doctor-sealed = Sealed values
cli-doctor-sealed-opens = can be read
cli-doctor-sealed-shut = cannot be read (key { $number })
cli-doctor-sealed-do = The keys file is not the one of this database. Put the right one back.
cli-doctor-jobs = Background work
cli-doctor-jobs-found = { $failed } failed, { $late } late
cli-doctor-jobs-late = Work is waiting since yesterday. Is peyvand serve running?
cli-doctor-jobs-failed = Look at the log of peyvand serve for the reason.

# Backup and restore
cli-backup-done = { $rows } rows are in { $file }.
cli-backup-without-keys = The keys are not in this backup. Keep a copy of keys.toml in another place; without it national IDs cannot be read.
cli-restore-done = { $rows } rows were restored from { $file }.
cli-restore-imports-left = { $count ->
    [one] { $count } import was
   *[other] { $count } imports were
} under way when the backup was made. A backup does not hold their files: import those again, rows that are stored already are recognised.
cli-restore-keys-kept = The keys that were here before are kept in { $file }.

# Bringing files in
cli-import-row = row { $row }: { $problem }
cli-import-goes-on = This file was begun before; going on with import { $id }.
cli-import-stopped = Stopped. Go on with: peyvand import --resume { $id }
cli-import-rejected = { $count ->
    [one] 1 row was rejected.
   *[other] { $count } rows were rejected.
  } See why: peyvand op imports.rejects id={ $id }
cli-import-codes-refused = { $count ->
    [one] 1 code was not used, though its purchase came in.
   *[other] { $count } codes were not used, though their purchases came in.
  } See why: peyvand op imports.rejects id={ $id } is_taken=true
cli-import-progress = { $rows } rows, { $rate }/s, { $left } left
cli-import-word = { $word } is not one of the words for this.

# Demo
cli-demo-date = Write the date like 2026-11-21.
cli-demo-done = The shop is filled: { $customers } customers ({ $doubles } of them written down twice), { $purchases } purchases, { $interactions } contacts, { $follow_ups } follow-ups. Start it with peyvand serve and sign in as one of these:
demo-not-empty = This database is not empty. The demo fills an empty data folder or database only.
demo-unfinished = The demo in the database { $address } was interrupted and is not whole. Drop that database, make it anew (dropdb and createdb), and run peyvand demo again.
cli-backup-with-keys = The backup holds the keys: whoever has it can read everything. Keep it as safe as the data folder.

# Keys
cli-keys-rotated = A new key is in force; { $values } values were sealed anew. Make a new backup: older ones hold the old key.
