# عملاء يتبيّن أنهم واحد.
merge = دمج مع عميل آخر…
merge-title = دمج عميلين
merge-of = من هو { $name } أيضاً؟
merge-about = ينتقل كل ما لدى الآخر إلى هذا الملف: المشتريات وجهات الاتصال والرصيد والسجل. ويختفي الآخر من القوائم والبحث. يمكنكم التراجع خلال 30 يوماً.
merge-find = العميل الآخر
merge-find-hint = اسم أو هاتف أو رمز
merge-compare = مقارنة
merge-likely = الأرجح أنه هو نفسه
merge-likely-none = لا يشترك أحد مع هذا العميل في رقم أو معرّف أو اسم. ابحثوا عن العميل الآخر.
merge-kept = يبقى
merge-goes = يُدمج فيه
merge-swap = إبقاء الآخر بدلاً منه
merge-fact = البيان
merge-choose = حيث يختلفان، اختاروا الصحيح
merge-nothing-differs = لا يختلفان في أي بيان.
merge-empty = لا شيء
merge-moves = ما ينتقل
merge-moves-nothing = ليس لدى الآخر شيء خاص به.
merge-left = { $count ->
    [one] بند واحد موجود أصلاً فيبقى مكانه.
   *[other] { $count } من البنود موجودة أصلاً فتبقى مكانها.
  }
merge-ended = { $count ->
    [one] تنتهي إحالة واحدة: لا يُحيل أحد نفسه ولا يُحال أحد مرتين. ويُسترد ما جلبته.
   *[other] تنتهي { $count } إحالات: لا يُحيل أحد نفسه ولا يُحال أحد مرتين. ويُسترد ما جلبته.
  }
merge-stage = المرحلة بعد ذلك: { $after } (الآن { $this } و{ $other })
merge-consent = من رفض قناة يبقى رفضه قائماً لها.
merge-undo-until = يمكن التراجع حتى { $day }.
merge-do = دمج
merge-done = دُمج { $name } في هذا العميل.
merge-undone = عاد { $name } عميلاً مستقلاً.
merge-undone-with = عاد { $name } عميلاً مستقلاً. لم يَعُد: { $what }.
merge-undone-gone = { $count ->
    [one] بند واحد لم يعد موجوداً
   *[other] { $count } من البنود لم تعد موجودة
  }
merge-undone-changed = بيانات تغيّرت بعد ذلك ({ $fields })
merge-undone-ended = { $count ->
    [one] إحالة منتهية واحدة
   *[other] { $count } من الإحالات المنتهية
  }
merge-of-two = مسجّل أيضاً باسم { $name }
merge-on = دُمج في { $day } على يد { $who }
merge-on-by-nobody = دُمج في { $day }
merge-take-back = التراجع عن الدمج
merge-former = سابق
merge-kind-purchases = مشتريات
merge-kind-interactions = تواصل
merge-kind-follow-ups = متابعات
merge-kind-opportunities = فرص بيع
merge-kind-contact-points = هواتف وبريد
merge-kind-addresses = عناوين
merge-kind-identity-keys = رموز ومعرّفات
merge-kind-tags = وسوم
merge-kind-preferences = معلومات عنه
merge-kind-relations = علاقات
merge-kind-costs = تكاليف
merge-kind-cases = بلاغات
merge-kind-incidents = حوادث إخلال بالاحترام
merge-kind-answers = أوراق استبيان
merge-kind-grants = خصومات وهدايا ومنافع
merge-kind-referrals = إحالاته
merge-kind-benefits = دفعات الرصيد
merge-field-name = الاسم
merge-field-honorific = صيغة المخاطبة
merge-field-father-name = اسم الأب
merge-field-birth-on = تاريخ الميلاد
merge-field-gender = الجنس
merge-field-education = التعليم
merge-field-job = المهنة
merge-field-income-band = الدخل
merge-field-city = المدينة
merge-field-role = الدور
merge-field-owner = المسؤول
merge-field-source = مصدر التعرّف
merge-field-stance = موقفه منّا
merge-field-preferred-channel = القناة المفضّلة
merge-field-preferred-hours = الساعات المفضّلة
merge-field-note = ملاحظة
merge-oneself = هذا هو الملف نفسه. اختاروا عميلاً آخر.
merge-kinds = الشخص والمؤسسة لا يكونان واحداً. سجّلوا علاقة بينهما.
merge-two-people = للاثنين رقمان وطنيان مختلفان ({ $this } و{ $other })، فهما اثنان. إن كان أحدهما مسجّلاً خطأً فصحّحوه أولاً.
merge-archived = «{ $name }» مؤرشَف. استعيدوه أولاً.
merge-was-merged = دُمج «{ $name }» مع عميل آخر. افتحوا ذلك الملف.
merge-field-unknown = لا يوجد بيان باسم «{ $field }». المعروف: { $fields }.
merge-not-merged = «{ $name }» غير مدموج مع أحد.
merge-too-late = يمكن التراجع عن الدمج خلال { $days } يوماً. وهذا أقدم.
merge-undo-later-first = دُمج «{ $name }» لاحقاً في «{ $into }». تراجعوا عن ذلك أولاً.

# أزواج من العملاء قد يكونون واحداً.
pairs = قد يكونون واحداً
pairs-link = قد يكونون واحداً
pairs-about = عملاء يشتركون في هاتف أو بريد أو حساب آخر، أو لهم الاسم نفسه في مدينة واحدة. ولا تُذكر أرقام وأسماء يشترك فيها كثيرون.
pairs-none = لا يبدو أن أحداً مسجّل مرتين
pairs-none-about = متى اشترك عميلان في رقم أو اسم ذُكرا هنا.
pairs-none-here = لا أحد في هذه الصفحة
pairs-purchases = { $count ->
    [zero] بلا مشتريات
    [one] عملية شراء واحدة
    [two] عمليتا شراء
    [few] { $count } عمليات شراء
   *[other] { $count } عملية شراء
  }
pairs-keep-apart = ليسا واحداً
pairs-kept-apart = هما اثنان ولن يُذكرا ثانيةً.
event-party-kept-apart = تبيّن أنه غير عميل مشابه
pairs-merge-chosen = دمج الأزواج المختارة
pairs-merge-about = يبقى من مشترياته أكثر ببياناته هو. ويمكن التراجع عن كل زوج خلال 30 يوماً.
pairs-none-chosen = اختاروا زوجاً واحداً على الأقل.
pairs-merged = { $count ->
    [zero] لم يُدمج أي زوج.
    [one] دُمج زوج واحد.
    [two] دُمج زوجان.
    [few] دُمجت { $count } أزواج.
   *[other] دُمج { $count } زوجاً.
  }
pairs-refused = لم يُدمج: { $count }. { $reason }
