# The list of customers and their forms.
parties-new = عميل جديد
parties-edit = تعديل العميل
parties-created = سُجّل «{ $name }»
parties-saved = حُفظت التغييرات
parties-form-who = من هو؟
parties-form-who-about = يكفي الاسم ووسيلة تواصل للبدء؛ والباقي لاحقًا.
parties-form-identity = المعرّفات
parties-form-identity-about = يُشفّر رقم الهوية ولا يراه كاملًا إلا من يملك الإذن.
parties-form-address = العنوان
parties-form-about = نبذة عنه
parties-form-about-about = كل هذا اختياري.
parties-kind = النوع
parties-kind-person = شخص
parties-kind-organisation = منشأة
parties-first-name = الاسم الأول
parties-last-name = اسم العائلة
parties-shown-name = الاسم المعروض
parties-shown-name-hint = إن تُرك فارغًا أُخذ من الاسمين.
parties-honorific = اللقب
parties-mobile = رقم الجوال
parties-phone-hint = يُقبل بأي أرقام وأي صيغة.
parties-phone = الهاتف الثابت
parties-email = البريد الإلكتروني
parties-role = صفته عندنا
parties-national-id = رقم الهوية الوطنية (إيران)
parties-legal-id = المعرّف الوطني للمنشأة (إيران)
parties-code = رمز العميل
parties-code-hint = إن تُرك فارغًا أنشأناه نحن.
parties-father-name = اسم الأب
parties-province = المحافظة
parties-city = المدينة
parties-address = العنوان
parties-postal-code = الرمز البريدي
parties-birth-date = تاريخ الميلاد
parties-gender = الجنس
parties-job = المهنة
parties-education = التعليم
parties-income-band = مستوى الدخل
parties-preferred-channel = وسيلة التواصل المفضّلة
parties-preferred-hours = الأوقات المفضّلة
parties-preferred-hours-hint = مثل: مساءً من ٦ إلى ٨
parties-tags = الوسوم
parties-tags-hint = افصلوا بينها بفاصلة.
parties-source = كيف عرفنا
parties-source-words = بكلماته
parties-source-words-hint = «كيف سمعتم بنا؟»
parties-stance = موقفه منّا
parties-stance-reason = لماذا؟
parties-stance-reason-hint = اكتبوا مثالًا أو دليلًا.
parties-note = ملاحظة
not-chosen = لم يُختر
parties-name = الاسم
parties-owner = المسؤول
parties-unit = الوحدة
parties-tag = وسم
parties-next = المتابعة التالية
parties-spent = إجمالي الشراء
parties-rfm = RFM
parties-rfm-of = الحداثة { $recency }، التكرار { $frequency }، المبلغ { $value } من ٥
parties-recency = درجة الحداثة
parties-frequency = درجة التكرار
parties-value = درجة المبلغ
parties-frequency-value = التكرار والمبلغ
parties-frequency-value-from = التكرار والمبلغ من
parties-active = احتمال أنه ما زال نشطًا
parties-active-from = احتمال النشاط من
parties-active-until = احتمال النشاط حتى
parties-worth = القيمة في ١٢ شهرًا القادمة
parties-last-contact = آخر تواصل
parties-last-purchase = آخر شراء
parties-created-at = تاريخ التسجيل
parties-filter-q = بحث
parties-spent-from = الشراء من
parties-spent-until = الشراء حتى
parties-spent-from-in = إجمالي الشراء من ({ $unit })
parties-spent-until-in = إجمالي الشراء حتى ({ $unit })
parties-import = من ملف
parties-created-from = سُجّل من
parties-created-until = سُجّل حتى
parties-last-purchase-from = آخر شراء من
parties-last-purchase-until = آخر شراء حتى
parties-last-contact-from = آخر تواصل من
parties-last-contact-until = آخر تواصل حتى
parties-unowned = بلا مسؤول
parties-silent = منقطع منذ مدّة
parties-waiting = بلا خطوة تالية
parties-archived = مؤرشف
parties-next-none = بلا موعد
parties-next-overdue = متأخرة
parties-next-today = اليوم
parties-next-future = لاحقًا
parties-views = العروض
parties-view-all = الكل
parties-view-mine = عملائي
parties-view-none = بلا متابعة
parties-view-overdue = متابعة متأخرة
parties-view-silent = المنقطعون
parties-view-new = جدد الأسبوع
parties-import-file = استيراد من إكسل
parties-search-here = بحث في العملاء
parties-remove-filter = إزالة شرط { $filter }
parties-filter = تصفية
parties-filters = التصفية
parties-clear-filters = إزالة الكل
parties-apply-filters = عرض
parties-columns = الأعمدة
parties-sorted-by = مرتّب حسب { $column }
parties-empty = لا عملاء بعد
parties-empty-about = أحضروا ملف إكسل أو CSV للعملاء؛ نتعرّف على الأعمدة بأنفسنا. أو اكتبوا أول عميل هنا.
parties-none-found = لم نجد أحدًا
parties-none-found-about = أزيلوا شرطًا أو اكتبوا أقل.
parties-show-all = عرض الكل
parties-add-named = إضافة «{ $name }»
parties-never-bought = لم يشترِ بعد
any = الكل
export = تصدير
select-all = تحديد الكل
select-named = تحديد { $name }
bulk-tools = العمل على المحدّدين
bulk-selected = عميل محدّد
bulk-tag = وسم
bulk-assign = إسناد
bulk-follow-up = متابعة
bulk-none = إلغاء التحديد
parties-count = { $count ->
    [zero] لا عملاء
    [one] عميل واحد
    [two] عميلان
    [few] { $count } عملاء
    [many] { $count } عميلًا
   *[other] { $count } عميل
}
parties-more-than = أكثر من { $count } عميل
palette-recent = شوهد مؤخرًا
palette-commands = الأوامر
palette-none = لم يُعثر على شيء.
palette-follow-up = متابعة جديدة
bulk-tag-title = وسم للمحدّدين
bulk-tag-do = وضع الوسم
bulk-assign-title = إسناد المحدّدين
bulk-follow-up-title = متابعة للمحدّدين
bulk-follow-up-do = تسجيل المتابعة
bulk-what = ما المطلوب؟
bulk-due = الموعد
duplicates-title = ربما سُجّل من قبل
duplicates-open = هو نفسه
parties-duplicate-national-id = رقم الهوية نفسه
parties-duplicate-key = الرمز أو المعرّف نفسه
parties-duplicate-phone = الهاتف نفسه
parties-duplicate-email = البريد نفسه
parties-duplicate-same-name = الاسم نفسه
parties-duplicate-like-name = اسم مشابه
bulk-tagged = { $count ->
    [one] وُسم عميل واحد
    [two] وُسم عميلان
    [few] وُسم { $count } عملاء
   *[other] وُسم { $count } عميلًا
}
bulk-assigned = { $count ->
    [one] أُسند عميل واحد
    [two] أُسند عميلان
    [few] أُسند { $count } عملاء
   *[other] أُسند { $count } عميلًا
}
bulk-planned = { $count ->
    [one] سُجّلت متابعة لعميل واحد
    [two] سُجّلت متابعة لعميلين
    [few] سُجّلت متابعة لـ{ $count } عملاء
   *[other] سُجّلت متابعة لـ{ $count } عميلًا
}
parties-segment = الشريحة
parties-save-segment = إنشاء شريحة من هذه القائمة
parties-tier = مستوى الربح
parties-tier-of = المستوى { $tier }
parties-profit = ربح السنة
parties-age = العمر
parties-age-from = العمر من
parties-age-until = العمر حتى
parties-worth-from = القيمة في ١٢ شهرًا القادمة من
parties-worth-until = القيمة في ١٢ شهرًا القادمة حتى
parties-worth-from-in = القيمة في ١٢ شهرًا القادمة من ({ $unit })
parties-worth-until-in = القيمة في ١٢ شهرًا القادمة حتى ({ $unit })
parties-rule = القاعدة
parties-introduced-by = من عرّفك بنا؟
parties-introduced-by-hint = اسم عميل أو جواله أو رمزه، أو رمز التعريف؛ كما يقول العميل نفسه
