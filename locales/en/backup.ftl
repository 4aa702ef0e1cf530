# Backup and restore
backup-file-exists = { $file } exists. Choose another name.
backup-unwritable = { $file } cannot be written: { $detail }
backup-unreadable = { $file } cannot be opened: { $detail }
backup-not-one = { $file } is no backup of Peyvand.
backup-newer = This backup is of a newer program (version { $schema }). Install that version or a later one.
backup-older = This backup is of an older version ({ $schema }) than the database. Pass an empty data folder or database; it is brought up to date after the restore.
backup-not-empty = This database is not empty and is not overwritten. Pass an empty data folder or database.
backup-keys-needed = The keys are not in this backup. First put the keys file of the machine it came from at { $file }.
backup-damaged = The backup is damaged or not whole. Nothing was restored.
