# ما يقوله سطر الأوامر
cli-serve-ready = بيوند جاهز. افتحوا { $address }
cli-serve-locked = نسخة أخرى من بيوند ({ $process }) تعمل من المجلد { $folder }. أوقفوها أولًا أو اختاروا مجلدًا آخر بـ ‎--data‎.
cli-database-in-use = تستأثر عملية أخرى الآن بقاعدة البيانات { $address } (peyvand keys rotate). أعيدوا المحاولة بعد انتهائها.
cli-database-not-alone = تعمل عمليات أخرى من بيوند على قاعدة البيانات { $address }. أوقفوا كل peyvand serve وكل أمر peyvand يستعملها، ثم أعيدوا المحاولة.
cli-listen-taken = العنوان { $address } مشغول. اختاروا عنوانًا آخر بـ ‎--listen‎، مثل ‎--listen 127.0.0.1:8081‎
cli-listen-failed = تعذّر الاستماع إلى { $address }: { $detail }
cli-migrated = قاعدة البيانات في الإصدار { $to } (قبل ذلك: { $from }).
cli-user-added = يستطيع { $name } الدخول الآن باسم { $email }.
cli-password-empty = لا تحوي المُدخلات كلمة مرور في سطرها الأول.
cli-password-needed = مرّروا كلمة المرور عبر المُدخلات القياسية وأضيفوا ‎--password-stdin‎.

# الإعدادات
cli-config-syntax = تعذّرت قراءة { $file }: { $detail }
cli-config-unreadable = تعذّر فتح { $file }: { $detail }
cli-config-unknown = لا يوجد إعداد باسم { $key } (من { $origin }). كل الإعدادات: peyvand config example
cli-config-unknown-near = لا يوجد إعداد باسم { $key } (من { $origin }). هل تقصدون { $near }؟
cli-config-value = قيمة { $key } (من { $origin }) غير مناسبة: { $detail }
cli-folder-unusable = تعذّر استعمال مجلد البيانات { $folder }: { $detail }
cli-database-unreachable = تعذّر فتح قاعدة البيانات { $address }: { $detail }
cli-keys-missing = الملف { $file } مفقود، وفي قاعدة البيانات قيم مشفّرة به. أعيدوا ملف المفاتيح من النسخة الاحتياطية أو من الجهاز السابق.

# العمليات
cli-op-unknown = لا توجد عملية باسم { $name }. كل العمليات: peyvand op --list
cli-op-argument = «{ $argument }» ليس على صورة مفتاح=قيمة.
cli-op-stdin = لا تحوي المُدخلات القياسية كائن JSON: { $detail }

# الأخطاء
cli-error-not-found = لم يُعثر على { $what } كهذا.
cli-error-signed-out = لم يسجّل أحد الدخول.
cli-error-forbidden = تنقص الصلاحية { $right }.
cli-error-limited = محاولات كثيرة. حاولوا مجددًا بعد { $seconds } ثانية.
cli-error-unavailable = قاعدة البيانات غير متاحة أو مشغولة. حاولوا بعد قليل.
cli-error-fault = حدث خطأ: { $detail } ({ $at })

# الفحص
cli-doctor-ok = سليم
cli-doctor-warn = تنبيه
cli-doctor-fail = عطل
cli-doctor-configuration = الإعدادات
cli-doctor-configuration-defaults = لا ملف، القيم المبدئية
cli-doctor-mail = خادم البريد
cli-doctor-mail-off = غير معدّ؛ تبقى التذكيرات داخل البرنامج
cli-doctor-mail-from = اكتبوا في mail.from العنوان الذي تصدر عنه التذكيرات.
cli-doctor-mail-unreachable = الخادم لا يقبلنا. راجعوا mail.host وmail.port وmail.security وmail.user وmail.password، وهل يصل هذا الجهاز إلى الخادم. تنتظر التذكيرات يومًا كاملًا.
cli-doctor-folder = مجلد البيانات
cli-doctor-folder-unwritable = امنحوا المستخدم الذي يشغّل بيوند حق الكتابة فيه، أو اختاروا مجلدًا آخر بـ ‎--data‎.
cli-doctor-folder-open = يستطيع مستخدمو الجهاز الآخرون النظر فيه. نفّذوا: { $command }
cli-doctor-disk = القرص
cli-doctor-disk-free = المساحة الحرة { $megabytes } ميغابايت
cli-doctor-disk-low = أفرغوا مساحة قبل أن يتعذّر نمو قاعدة البيانات.
cli-doctor-keys = المفاتيح
cli-doctor-keys-none = لا ملف مفاتيح بعد
cli-doctor-keys-first = ينشئه التشغيل الأول. وإن كان موجودًا من قبل فأعده من النسخة الاحتياطية.
cli-doctor-keys-broken = أعيدوا ملف المفاتيح من النسخة الاحتياطية؛ فمن دونه لا تُقرأ القيم المشفّرة.
cli-doctor-keys-open = يستطيع مستخدمو الجهاز الآخرون قراءة المفاتيح. نفّذوا: { $command }
cli-doctor-database = قاعدة البيانات
cli-doctor-database-found = { $address }، الإصدار { $version }، { $megabytes } ميغابايت
cli-doctor-database-unreachable = تحققوا من العنوان ومن عمل الخادم ومن اسم المستخدم وكلمة المرور.
cli-doctor-database-newer = عمل برنامج أحدث على قاعدة البيانات هذه. ثبّتوا ذلك الإصدار أو ما بعده.
cli-doctor-database-older = نفّذوا: peyvand migrate (ويفعله التشغيل التالي أيضًا). خذوا نسخة احتياطية قبل ذلك.
cli-doctor-clock = الساعة
cli-doctor-clock-wrong = الساعة لا توافق ما هو مسجّل. اضبطوا تاريخ الجهاز ووقته.
cli-doctor-sealed = القيم المشفّرة
cli-doctor-sealed-opens = تُقرأ
cli-doctor-sealed-shut = لا تُقرأ (المفتاح { $number })
cli-doctor-sealed-do = ملف المفاتيح ليس لقاعدة البيانات هذه. أعيدوا الملف الصحيح.
cli-doctor-jobs = الأعمال الخلفية
cli-doctor-jobs-found = { $failed } فاشلة، { $late } متأخرة
cli-doctor-jobs-late = أعمال تنتظر منذ الأمس. هل peyvand serve يعمل؟
cli-doctor-jobs-failed = انظروا في سجل peyvand serve لمعرفة السبب.

# النسخ الاحتياطي والاستعادة
cli-backup-done = كُتب { $rows } صفًا في { $file }.
cli-backup-without-keys = المفاتيح ليست في هذه النسخة. احفظوا نسخة من keys.toml في مكان آخر؛ فمن دونها لا تُقرأ أرقام الهوية.
cli-restore-done = استُعيد { $rows } صفًا من { $file }.
cli-restore-imports-left = عمليات الاستيراد الجارية عند أخذ النسخة: { $count }. لا تحوي النسخة ملفاتها، فاستوردوها من جديد؛ والصفوف المخزّنة تُعرف.
cli-restore-keys-kept = حُفظت المفاتيح السابقة في { $file }.

# استيراد الملفات
cli-import-row = الصف { $row }: { $problem }
cli-import-goes-on = بدأ هذا الملف من قبل؛ يستمر الاستيراد { $id }.
cli-import-stopped = توقف. للمتابعة: peyvand import --resume { $id }
cli-import-rejected = الصفوف المرفوضة: { $count }. الأسباب: peyvand op imports.rejects id={ $id }
cli-import-codes-refused = رموز لم تُستعمل وسُجل شراؤها: { $count }. الأسباب: peyvand op imports.rejects id={ $id } is_taken=true
cli-import-progress = { $rows } صف، { $rate } في الثانية، بقي { $left }
cli-import-word = { $word } ليست من كلمات هذا الخيار.

# النموذج
cli-demo-date = اكتبوا التاريخ مثل 2026-11-21.
cli-demo-done = امتلأ المتجر: { $customers } عميلًا (سُجّل { $doubles } منهم مرتين)، { $purchases } عملية شراء، { $interactions } تواصلًا، { $follow_ups } متابعة. شغّلوه بـ peyvand serve وادخلوا باسم أحد هؤلاء:
demo-not-empty = قاعدة البيانات هذه ليست فارغة. لا يملأ النموذج إلا مجلد بيانات أو قاعدة بيانات فارغة.
demo-unfinished = توقف ملء النموذج في قاعدة البيانات { $address } قبل أن يكتمل. احذفوا قاعدة البيانات وأنشئوها من جديد (dropdb وcreatedb)، ثم شغّلوا peyvand demo مرة أخرى.
cli-backup-with-keys = المفاتيح داخل هذه النسخة: من يملكها يقرأ كل شيء. احفظوها كما تحفظون مجلد البيانات.

# المفاتيح
cli-keys-rotated = بدأ العمل بمفتاح جديد وأُعيد تشفير { $values } قيمة. خذوا نسخة احتياطية جديدة؛ فالنسخ السابقة تحوي المفتاح السابق.
