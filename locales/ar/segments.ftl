# The sentence of a rule. $not is yes where it is denied.
segments-sentence = العملاء الذين { $what }.
segments-sentence-all = جميع العملاء.
segments-sentence-none = لا أحد من العملاء.
segments-and = { " " }و
segments-or = { " " }أو{ " " }

segments-its-kind = نوعهم
segments-its-role = صفتهم عندنا
segments-its-gender = جنسهم
segments-its-stance = موقفهم منّا
segments-its-city = مدينتهم
segments-its-province = محافظتهم
segments-its-source = مصدر معرفتهم بنا
segments-its-owner = المسؤول عنهم
segments-its-unit = وحدتهم
segments-its-created = تاريخ تسجيلهم
segments-its-birth = تاريخ ميلادهم
segments-its-age = عمرهم
segments-its-first-purchase = أول شراء لهم
segments-its-last-purchase = آخر شراء لهم
segments-its-purchases = عدد مشترياتهم
segments-its-spent = إجمالي شرائهم
segments-its-last-contact = آخر تواصل معهم
segments-its-next-follow-up = موعد متابعتهم التالية
segments-its-silent-since = يوم انقطاعهم
segments-its-recency = درجة حداثتهم
segments-its-frequency = درجة تكرارهم
segments-its-value = درجة مبلغهم
segments-its-frequency-value = درجة تكرارهم ومبلغهم
segments-its-active = احتمال بقائهم نشطين
segments-its-expected-purchases = عدد مشترياتهم المتوقعة في ٩٠ يومًا القادمة
segments-its-expected-value = قيمتهم المتوقعة في ١٢ شهرًا القادمة
segments-its-tier = مستوى ربحهم
segments-its-profit = ربح سنتهم
segments-its-preference = تفضيلاتهم
segments-its-taste = أذواقهم
segments-its-expectation = توقّعاتهم
segments-its-need = حاجاتهم
segments-its-trait = سماتهم

segments-one-of = { $not ->
    [yes] { $field } غير { $values }
   *[no] { $field } { $values }
}
segments-known = { $not ->
    [yes] لا نعرف { $field }
   *[no] نعرف { $field }
}
segments-known-owner = { $not ->
    [yes] لا مسؤول عنهم
   *[no] لهم مسؤول عنهم
}
segments-known-purchase = { $not ->
    [yes] لم يشتروا بعد
   *[no] سبق أن اشتروا
}
segments-known-contact = { $not ->
    [yes] لم نتواصل معهم بعد
   *[no] سبق أن تواصلنا معهم
}
segments-known-next = { $not ->
    [yes] لا متابعة مقرّرة لهم
   *[no] لهم متابعة مقرّرة
}
segments-number = { $not ->
    [yes] { $field } ليس { $range }
   *[no] { $field } { $range }
}
segments-days = { $not ->
    [yes] { $field } ليس { $when }
   *[no] { $field } { $when }
}
segments-silent = { $not ->
    [yes] لم ينقطعوا
   *[no] انقطعوا منذ مدّة
}
segments-tag = { $not ->
    [yes] ليس لهم الوسم «{ $tag }»
   *[no] لهم الوسم «{ $tag }»
}
segments-preference = { $not ->
    [yes] ليس «{ $text }» من { $kind }
   *[no] «{ $text }» من { $kind }
}
segments-preference-any = { $not ->
    [yes] لا نعرف { $kind }
   *[no] نعرف { $kind }
}
segments-did-purchase = { $not ->
    [yes] لم يشتروا { $goods } { $times } { $when }
   *[no] اشتروا { $goods } { $times } { $when }
}
segments-did-interaction = { $not ->
    [yes] لم يحصل معهم تواصل { $how } { $times } { $when }
   *[no] حصل معهم تواصل { $how } { $times } { $when }
}
segments-did-follow-up = { $not ->
    [yes] لم تُنجز لهم متابعة { $times } { $when }
   *[no] أُنجزت لهم متابعة { $times } { $when }
}
segments-in = { $not ->
    [yes] ليسوا في الشريحة «{ $name }»
   *[no] هم في الشريحة «{ $name }»
}

segments-goods-product = «{ $name }»
segments-goods-category = من فئة «{ $name }»
segments-how-channel = عبر { $channel }
segments-how-inbound = بمبادرتهم
segments-how-outbound = بمبادرتنا
segments-how-reason = بشأن «{ $reason }»
segments-least = { $least } على الأقل
segments-most = { $most } على الأكثر
segments-between = بين { $least } و{ $most }
segments-times-least = { $least ->
    [one] مرة على الأقل
    [two] مرتين على الأقل
    [few] { $least } مرات على الأقل
   *[other] { $least } مرة على الأقل
}
segments-times-most = { $most ->
    [one] مرة على الأكثر
    [two] مرتين على الأكثر
    [few] { $most } مرات على الأكثر
   *[other] { $most } مرة على الأكثر
}
segments-times-between = من { $least } إلى { $most } مرة
segments-when-last = { $days ->
    [one] اليوم
    [two] في آخر يومين
    [few] في آخر { $days } أيام
   *[other] في آخر { $days } يومًا
}
segments-when-next = { $days ->
    [one] اليوم
    [two] في اليومين القادمين
    [few] في الأيام الـ{ $days } القادمة
   *[other] في الـ{ $days } يومًا القادمة
}
segments-when-earlier = { $days ->
    [zero] حتى اليوم
    [one] قبل يوم أو أكثر
    [two] قبل يومين أو أكثر
    [few] قبل { $days } أيام أو أكثر
   *[other] قبل { $days } يومًا أو أكثر
}
segments-when-from = منذ { $from }
segments-when-until = حتى { $until }
segments-when-between = من { $from } إلى { $until }
segments-gone = شريحة لم تعد موجودة
segments-nobody = شخص لم يعد موجودا

# Problems.
segments-condition-unknown = لا بدّ هنا من شرط: all أو any أو not أو field أو tag أو preference أو did أو in.
segments-group-needed = لا بدّ هنا من قائمة شروط.
segments-group-empty = لا شرط في هذه المجموعة. أضيفوا شرطا أو احذفوا المجموعة.
segments-not-read = تعذّرت قراءة هذا الشرط: { $detail }
segments-too-deep = لا تتداخل المجموعات أكثر من { $max } مستويات. بسّطوا القاعدة.
segments-too-many = لا تتّسع القاعدة لأكثر من { $max } شرطا. اجعلوا جزءا منها شريحة مستقلّة.
segments-values = اكتبوا من قيمة واحدة إلى { $max } قيمة.
segments-bound-needed = اكتبوا أحد الحدّين على الأقل.
segments-bounds-crossed = بداية النطاق بعد نهايته. بدّلوا بين الحدّين.
segments-test-wrong = لا يُسأل هذا الحقل بهذا الشكل.
segments-detail-wrong = المنتج والفئة للشراء، والطريق والاتجاه والسبب للتواصل.
segments-circle = هذه الشريحة تعود إلى نفسها: { $chain }. احذفوا إحدى هذه من القاعدة.
segments-part-unknown = لا توجد شريحة كهذه.
segments-used = الشريحة «{ $name }» تستخدم هذه الشريحة. غيّروا تلك أولًا.
segments-changed-meanwhile = غيّر شخص آخر هذه الشريحة للتوّ. أعيدوا فتح الصفحة.
segments-pick-unknown = لم يُعثر على أحد هؤلاء العملاء.
event-segment-archived = أُرشفت الشريحة
event-segment-changed = تغيّرت الشريحة
event-segment-created = أُنشئت الشريحة
event-segment-picked = حُدّد أعضاء الشريحة يدويا
room-marketing = التسويق
event-segment-restored = أُعيدت الشريحة

# Pages.
segments-about = كل شريحة مجموعة من العملاء تكتبون قاعدتها، وبيوند يحدّثها بنفسه.
segments-new = شريحة جديدة
segments-edit = تعديل الشريحة
segments-empty = لا شرائح بعد
segments-empty-about = اكتبوا قاعدة، مثل «في طهران ولم يشتروا منذ ٩٠ يومًا»، ليبقي بيوند هؤلاء العملاء جاهزين دائمًا.
segments-shared = للجميع
segments-size = { $count ->
    [zero] لا عملاء
    [one] عميل واحد
    [two] عميلان
    [few] { $count } عملاء
   *[other] { $count } عميلًا
}
segments-not-built = قيد الإنشاء
segments-not-built-about = يجري البحث عن أعضاء هذه الشريحة. أعيدوا فتح الصفحة بعد ثوان.
segments-nobody-in = لا أحد في هذه الشريحة الآن.
segments-first = من البداية
segments-of = من إنشاء { $name }
segments-members = الأعضاء
segments-in-list = في قائمة العملاء
segments-build-now = تحديث الآن
segments-is-built = يجري تحديث الشريحة
segments-delete = أرشفة الشريحة
segments-deleted = أُرشفت الشريحة
segments-saved = حُفظت الشريحة
segments-since = عضو منذ
segments-by-hand = يدويا
segments-now = هذه الشريحة الآن
segments-unit-customers = { $count ->
    [few] عملاء
   *[other] عميل
}
segments-built = حُدّثت: { $when }
segments-history = الحجم عبر الزمن
segments-history-about = حجم الشريحة، من { $least } إلى { $most }
segments-day-by-day = يومًا بيوم
segments-day = اليوم
segments-size-head = الحجم
segments-entered = دخلوا
segments-departed = خرجوا
segments-name = اسم الشريحة
segments-share = ليرَ الزملاء هذه الشريحة أيضًا
segments-share-about = لا يرى أحد فيها إلا العملاء المسموح له برؤيتهم.
segments-conditions = الشروط
segments-joint = كيف تجتمع الشروط
segments-joint-all = كلها صحيحة
segments-joint-any = يكفي واحد منها
segments-joint-none = لا يصحّ أيّ منها
segments-no-condition = لا شرط بعد؛ هذه الشريحة هي جميع العملاء.
segments-remove-group = حذف المجموعة
segments-remove-condition = حذف شرط { $name }
segments-new-condition = شرط جديد
segments-add-condition = إضافة شرط
segments-add-group = إضافة مجموعة
segments-count-now = العدّ
segments-means-now = هذه القاعدة الآن
segments-of-customers = من { $count } عميل
segments-sample = عيّنة
segments-counts-later = يستغرق العدّ أكثر من ثانيتين. احفظوا الشريحة، ويظهر عددها بعد إنشائها.
segments-left-out = هذه المرشّحات لا تصير شروطا وتُركت:
segments-list-comma = ،{ " " }
segments-incomplete = أكملوا هذا الشرط أو احذفوه.
segments-op = السؤال
segments-op-and = و
segments-op-or = أو
segments-op-is = أحد
segments-op-not = ليس أحد
segments-op-known = معروف
segments-op-unknown = غير معروف
segments-op-at-least = على الأقل
segments-op-at-most = على الأكثر
segments-op-between = بين
segments-op-last = في الأيام الماضية
segments-op-next = في الأيام القادمة
segments-op-earlier = قبل عدد من الأيام
segments-op-days = بين تاريخين
segments-op-yes = نعم
segments-op-no = لا
segments-op-has = لهم
segments-op-has-not = ليس لهم
segments-op-in = في هذه الشريحة
segments-op-not-in = ليسوا في هذه الشريحة
segments-times-op-once = مرة على الأقل
segments-times-op-at-least = عددا من المرات على الأقل
segments-times-op-at-most = عددا من المرات على الأكثر
segments-times-op-between = بين عددين
segments-times-op-never = ولا مرة
segments-how-many-days = كم يومًا
segments-unit-days = يوم
segments-unit-years = سنة
segments-unit-percent = بالمئة
segments-unit-of-four = من ٤
segments-unit-of-five = من ٥
segments-unit-purchases = شراء
segments-unit-times = مرة
segments-from = من يوم
segments-to = إلى
segments-until = حتى يوم
segments-values-label = القيم
segments-least-label = الحد الأدنى
segments-most-label = الحد الأقصى
segments-what-label = ما هو
segments-choose = اختاروا
segments-which = أيّها
segments-how-often = كم مرة
segments-of-one-product = منتج معيّن
segments-of-category = من فئة
segments-category = الفئة
segments-channel = طريق التواصل
segments-any-channel = بأي طريق
segments-direction = بمبادرة مَن
segments-any-direction = بمبادرة أي طرف
segments-reason = السبب
segments-any-reason = لأي سبب
segments-when = متى
segments-ever = حتى الآن
segments-group-who = مَن هم
segments-group-bought = الشراء
segments-group-contact = التواصل والمتابعة
segments-group-figures = الدرجات والتوقعات
segments-group-known = المعلومات والشرائح
segments-if-kind = النوع
segments-if-role = الصفة عندنا
segments-if-gender = الجنس
segments-if-stance = الموقف منّا
segments-if-city = المدينة
segments-if-province = المحافظة
segments-if-source = مصدر المعرفة بنا
segments-if-owner = المسؤول
segments-if-unit = الوحدة
segments-if-created = تاريخ التسجيل
segments-if-birth = تاريخ الميلاد
segments-if-age = العمر
segments-if-first-purchase = أول شراء
segments-if-last-purchase = آخر شراء
segments-if-purchases = عدد المشتريات
segments-if-spent = إجمالي الشراء
segments-if-last-contact = آخر تواصل
segments-if-next-follow-up = المتابعة التالية
segments-if-silent = انقطع
segments-if-silent-since = يوم الانقطاع
segments-if-recency = درجة الحداثة
segments-if-frequency = درجة التكرار
segments-if-value = درجة المبلغ
segments-if-frequency-value = درجة التكرار والمبلغ
segments-if-active = احتمال البقاء نشطا
segments-if-expected-purchases = المشتريات المتوقعة في ٩٠ يومًا
segments-if-expected-value = القيمة المتوقعة في ١٢ شهرًا
segments-if-tier = مستوى الربح
segments-if-profit = ربح السنة
segments-if-tag = الوسم
segments-if-preference = التفضيل
segments-if-taste = الذوق
segments-if-expectation = التوقّع
segments-if-need = الحاجة
segments-if-trait = السمة
segments-if-purchase = اشتروا
segments-if-interaction = تواصلوا معنا
segments-if-follow-up-done = أُنجزت متابعة
segments-if-in = الشريحة

# People of a segment.
segments-by-hand-head = اختيار يدوي
segments-pick = العميل
segments-pick-in = أضيفوه إلى الشريحة
segments-pick-out = استبعدوه منها
segments-pick-rule = اتركوه للقاعدة
segments-pick-about = يمكنكم إضافة أي عميل إلى هذه الشريحة أو استبعاده منها مهما قالت القاعدة.
segments-pick-whom = لم يتّضح أي عميل تقصدون. اكتبوا اسمه واختاروه من القائمة.
segments-picked-in = أُضيف إلى الشريحة
segments-picked-out = استُبعد من الشريحة
segments-picked-rule = القاعدة تقرر من الآن
segments-is-in = مضاف
segments-is-out = مستبعد
segments-picks-more = هؤلاء أحدث { $count } عميل؛ وهناك غيرهم اختيروا يدويا.
segments-overlap = التداخل مع الشرائح الأخرى
segments-overlap-show = عرض التداخل
segments-overlap-none = لا عميل من هذه الشريحة في شريحة أخرى.
segments-overlap-later = عدّ هذه الشريحة يستغرق أكثر من ثلاث ثوان. أعيدوا الفتح بعد قليل.
segments-moves = من دخل ومن خرج
segments-moves-entered = دخلوا
segments-moves-left = خرجوا
segments-moves-from = من يوم
segments-moves-until = إلى يوم
segments-moves-show = عرض
segments-moves-no-entered = لم يدخل أحد هذه الشريحة في هذه الأيام.
segments-moves-no-left = لم يخرج أحد من هذه الشريحة في هذه الأيام.
segments-moves-entered-at = وقت الدخول
segments-moves-left-at = وقت الخروج
segments-moves-about = من دخل وخرج، أو خرج وعاد، بين اليومين لا يُعدّ.
bulk-segment = إضافة إلى شريحة
bulk-segment-title = إضافة المختارين إلى شريحة
bulk-picked = { $count ->
    [0] لم يتغيّر شيء
    [one] سُجّل لعميل واحد
    [two] سُجّل لعميلين
    [few] سُجّل لـ { $count } عملاء
   *[other] سُجّل لـ { $count } عميلًا
}

# More of what a rule asks for.
segments-its-education = تعليمهم
segments-its-job = مهنتهم
segments-its-income = مستوى دخلهم
segments-its-birth-month = شهر ميلادهم
segments-its-birthday = عيد ميلادهم
segments-its-preferred-channel = وسيلة التواصل المفضّلة لديهم
segments-its-expected-amount = المبلغ المتوقّع لكل شراء لهم
segments-its-stage = مرحلتهم
segments-its-standing = وضعهم في المرحلة
segments-its-habit = إيقاع شرائهم
segments-its-usual-gap = الفاصل المعتاد بين مشترياتهم
segments-its-season = فصل شرائهم
segments-its-minutes = الوقت الذي صُرف عليهم في سنة
segments-known-phone = { $not ->
    [yes] ليس لهم رقم هاتف
   *[no] لهم رقم هاتف
}
segments-known-email = { $not ->
    [yes] ليس لهم بريد إلكتروني
   *[no] لهم بريد إلكتروني
}
segments-so-many-days = { $days ->
    [one] يوم واحد
    [two] يومان
    [few] { $days } أيام
   *[other] { $days } يومًا
}
segments-so-many-minutes = { $minutes ->
    [one] دقيقة واحدة
    [two] دقيقتان
    [few] { $minutes } دقائق
   *[other] { $minutes } دقيقة
}
segments-how-origin = منشؤه «{ $origin }»
segments-how-result = نتيجته «{ $result }»
segments-season-1 = الربيع
segments-season-2 = الصيف
segments-season-3 = الخريف
segments-season-4 = الشتاء
segments-if-education = التعليم
segments-if-job = المهنة
segments-if-income = مستوى الدخل
segments-if-birth-month = شهر الميلاد
segments-if-birthday = عيد الميلاد
segments-if-preferred-channel = وسيلة التواصل المفضّلة
segments-if-phone = رقم الهاتف
segments-if-email = البريد الإلكتروني
segments-if-expected-amount = المبلغ المتوقّع لكل شراء
segments-if-stage = المرحلة في الدورة
segments-if-standing = الوضع في المرحلة
segments-if-habit = إيقاع الشراء
segments-if-usual-gap = الفاصل المعتاد بين شراءين
segments-if-season = فصل الشراء
segments-if-minutes = الوقت المصروف في سنة
segments-op-there = موجود
segments-op-missing = غير موجود
segments-unit-minutes = دقيقة
segments-origin = المنشأ
segments-any-origin = من أي منشأ
segments-result = النتيجة
segments-any-result = بأي نتيجة
segments-find-condition = اكتبوا اسم الشرط: المدينة، آخر شراء…
segments-no-such-condition = لا شرط بهذا الاسم. اختاروه من القائمة.
