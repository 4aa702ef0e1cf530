# گفته‌های خط فرمان
cli-serve-ready = پیوند آماده است. باز کنید: { $address }
cli-serve-locked = یک پیوند دیگر ({ $process }) از پوشه‌ی { $folder } کار می‌کند. نخست آن را ببندید یا با ‎--data‎ پوشه‌ی دیگری بدهید.
cli-database-in-use = هم‌اکنون برنامه‌ی دیگری پایگاه داده‌ی { $address } را تنها برای خود گرفته است (peyvand keys rotate). پس از پایان آن دوباره بزنید.
cli-database-not-alone = پیوندهای دیگری با پایگاه داده‌ی { $address } کار می‌کنند. هر peyvand serve و هر فرمان peyvand را که با آن کار می‌کند ببندید و دوباره بزنید.
cli-listen-taken = نشانی { $address } در دست برنامه‌ی دیگری است. با ‎--listen‎ نشانی دیگری بدهید؛ مانند ‎--listen 127.0.0.1:8081‎
cli-listen-failed = گوش دادن به { $address } نشد: { $detail }
cli-migrated = پایگاه داده در نسخه‌ی { $to } است (پیش از این: { $from }).
cli-user-added = { $name } اکنون می‌تواند با { $email } وارد شود.
cli-password-empty = در خط نخست ورودی، رمز عبوری نیست.
cli-password-needed = رمز عبور را به ورودی برنامه بدهید و ‎--password-stdin‎ را بنویسید.

# تنظیم‌ها
cli-config-syntax = { $file } خوانده نشد: { $detail }
cli-config-unreadable = { $file } باز نشد: { $detail }
cli-config-unknown = تنظیمی به نام { $key } نیست (از { $origin }). همه‌ی تنظیم‌ها: peyvand config example
cli-config-unknown-near = تنظیمی به نام { $key } نیست (از { $origin }). منظورتان { $near } بود؟
cli-config-value = مقدار { $key } (از { $origin }) درست نیست: { $detail }
cli-folder-unusable = پوشه‌ی داده‌ها { $folder } به کار نمی‌آید: { $detail }
cli-database-unreachable = پایگاه داده‌ی { $address } باز نشد: { $detail }
cli-keys-missing = فایل { $file } نیست، ولی در پایگاه داده چیزهایی هست که با آن مهر شده‌اند. فایل کلیدها را از پشتیبان یا از دستگاه پیشین برگردانید.

# کارها
cli-op-unknown = کاری به نام { $name } نیست. همه‌ی کارها: peyvand op --list
cli-op-argument = «{ $argument }» به شکل کلید=مقدار نیست.
cli-op-stdin = در ورودی، شیء JSON نیست: { $detail }

# خطاها
cli-error-not-found = چنین { $what } پیدا نشد.
cli-error-signed-out = کسی وارد نشده است.
cli-error-forbidden = اختیار { $right } را ندارید.
cli-error-limited = بیش از اندازه پشت سر هم. { $seconds } ثانیه‌ی دیگر دوباره بکوشید.
cli-error-unavailable = پایگاه داده در دسترس نیست یا سرش شلوغ است. کمی بعد دوباره بکوشید.
cli-error-fault = چیزی درست پیش نرفت: { $detail } ({ $at })

# بازبینی
cli-doctor-ok = خوب
cli-doctor-warn = ببینید
cli-doctor-fail = خراب
cli-doctor-configuration = تنظیم‌ها
cli-doctor-configuration-defaults = فایلی نیست، پیش‌فرض‌ها
cli-doctor-mail = سرور ایمیل
cli-doctor-mail-off = برپا نشده؛ یادآوری‌ها درون برنامه می‌مانند
cli-doctor-mail-from = در mail.from نشانی فرستنده‌ی یادآوری‌ها را بنویسید.
cli-doctor-mail-unreachable = سرور ما را نمی‌پذیرد. mail.host و mail.port و mail.security و mail.user و mail.password را ببینید و این‌که این دستگاه به سرور دسترسی دارد یا نه. یادآوری‌ها تا یک روز منتظر می‌مانند.
cli-doctor-folder = پوشه‌ی داده‌ها
cli-doctor-folder-unwritable = به کاربری که پیوند را اجرا می‌کند حق نوشتن بدهید، یا با ‎--data‎ پوشه‌ی دیگری بدهید.
cli-doctor-folder-open = کاربران دیگر این دستگاه هم می‌توانند درون آن را ببینند. اجرا کنید: { $command }
cli-doctor-disk = دیسک
cli-doctor-disk-free = { $megabytes } مگابایت جای خالی
cli-doctor-disk-low = پیش از آن‌که پایگاه داده دیگر جا نگیرد، جا باز کنید.
cli-doctor-keys = کلیدها
cli-doctor-keys-none = هنوز فایل کلیدها نیست
cli-doctor-keys-first = نخستین اجرا آن را می‌سازد. اگر پیش از این بوده، از پشتیبان برگردانید.
cli-doctor-keys-broken = فایل کلیدها را از پشتیبان برگردانید؛ بی آن، مقدارهای مهرشده خوانده نمی‌شوند.
cli-doctor-keys-open = کاربران دیگر این دستگاه می‌توانند کلیدها را بخوانند. اجرا کنید: { $command }
cli-doctor-database = پایگاه داده
cli-doctor-database-found = { $address }، نسخه‌ی { $version }، { $megabytes } مگابایت
cli-doctor-database-unreachable = نشانی، روشن بودن سرور، و نام کاربر و رمز عبور را ببینید.
cli-doctor-database-newer = برنامه‌ی تازه‌تری با این پایگاه داده کار کرده است. همان نسخه یا تازه‌تر از آن را نصب کنید.
cli-doctor-database-older = اجرا کنید: peyvand migrate (اجرای بعدی هم همین کار را می‌کند). پیش از آن پشتیبان بگیرید.
cli-doctor-clock = ساعت
cli-doctor-clock-wrong = ساعت دستگاه با آنچه ثبت شده جور نیست. تاریخ و ساعت دستگاه را درست کنید.
cli-doctor-sealed = مقدارهای مهرشده
cli-doctor-sealed-opens = خوانده می‌شوند
cli-doctor-sealed-shut = خوانده نمی‌شوند (کلید { $number })
cli-doctor-sealed-do = فایل کلیدها از آنِ این پایگاه داده نیست. فایل درست را برگردانید.
cli-doctor-jobs = کارهای پس‌زمینه
cli-doctor-jobs-found = { $failed } ناکام، { $late } دیرمانده
cli-doctor-jobs-late = کارهایی از دیروز مانده‌اند. آیا peyvand serve روشن است؟
cli-doctor-jobs-failed = دلیلش را در گزارش peyvand serve ببینید.

# پشتیبان و بازگرداندن
cli-backup-done = { $rows } ردیف در { $file } نوشته شد.
cli-backup-without-keys = کلیدها در این پشتیبان نیستند. رونوشتی از keys.toml را جای دیگری نگه دارید؛ بی آن، شناسه‌های ملی خوانده نمی‌شوند.
cli-restore-done = { $rows } ردیف از { $file } بازگردانده شد.
cli-restore-imports-left = هنگام گرفتن پشتیبان { $count } ورود در میانه‌ی کار بود. پشتیبان فایل آن‌ها را ندارد؛ دوباره بیاوریدشان، ردیف‌هایی که ثبت شده‌اند شناخته می‌شوند.
cli-restore-keys-kept = کلیدهای پیشین در { $file } نگه داشته شدند.

# آوردن فایل
cli-import-row = ردیف { $row }: { $problem }
cli-import-goes-on = این فایل پیش‌تر آغاز شده بود؛ ورود { $id } ادامه می‌یابد.
cli-import-stopped = متوقف شد. برای ادامه: peyvand import --resume { $id }
cli-import-rejected = { $count } ردیف پذیرفته نشد. دلیل‌ها: peyvand op imports.rejects id={ $id }
cli-import-codes-refused = { $count } کد به کار نرفت، ولی خریدشان ثبت شد. دلیل‌ها: peyvand op imports.rejects id={ $id } is_taken=true
cli-import-progress = { $rows } ردیف، { $rate } در ثانیه، { $left } مانده
cli-import-word = { $word } از واژه‌های این گزینه نیست.

# نمونه
cli-demo-date = تاریخ را مانند 2026-11-21 بنویسید.
cli-demo-done = فروشگاه پر شد: { $customers } مشتری ({ $doubles } نفرشان دو بار ثبت شده‌اند)، { $purchases } خرید، { $interactions } تماس و { $follow_ups } پیگیری. با peyvand serve راهش بیندازید و با یکی از این‌ها وارد شوید:
demo-not-empty = این پایگاه داده خالی نیست. نمونه فقط پوشه‌ی داده یا پایگاه داده‌ی خالی را پر می‌کند.
demo-unfinished = پر کردن نمونه در پایگاه داده‌ی { $address } نیمه‌کاره مانده است. آن پایگاه داده را پاک کنید و از نو بسازید (dropdb و createdb)، سپس دوباره peyvand demo را بزنید.
cli-backup-with-keys = کلیدها در این پشتیبان هستند: هر که آن را داشته باشد همه چیز را می‌خواند. مانند پوشه‌ی داده‌ها از آن نگهداری کنید.

# کلیدها
cli-keys-rotated = کلید تازه به کار افتاد و { $values } مقدار دوباره مهر شد. پشتیبان تازه بگیرید؛ در پشتیبان‌های پیشین کلید پیشین است.
