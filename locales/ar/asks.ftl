# Asking by rule.
event-ask-rule-changed = تغيّرت قاعدة السؤال
event-ask-rule-created = أُنشئت قاعدة سؤال

asks = السؤال التلقائي
asks-about = بعد ماذا نسأل ومن نسأل، ولماذا لم نسأل الباقين
asks-rules = القواعد
asks-rules-none = لا قاعدة بعد؛ فلا يُسأل أحد تلقائياً.
asks-rules-many = { $max } قاعدة على الأكثر.
asks-rule-twice = لهذا الاستبيان وهذه المناسبة قاعدة.
asks-rule-counts = سُئل { $asked } من { $seen } مناسبة
asks-after = بعد
asks-after-purchase = الشراء
asks-after-case = إغلاق الملف
asks-after-visit = لقاء وجهاً لوجه
asks-after-purchase-days = { $count ->
    [0] يوم الشراء نفسه
    [one] بعد الشراء بيوم
    [two] بعد الشراء بيومين
    [few] بعد الشراء بـ { $count } أيام
   *[other] بعد الشراء بـ { $count } يوماً
}
asks-after-case-days = { $count ->
    [0] يوم إغلاق الملف نفسه
    [one] بعد إغلاق الملف بيوم
    [two] بعد إغلاق الملف بيومين
    [few] بعد إغلاق الملف بـ { $count } أيام
   *[other] بعد إغلاق الملف بـ { $count } يوماً
}
asks-after-visit-days = { $count ->
    [0] يوم اللقاء نفسه
    [one] بعد اللقاء بيوم
    [two] بعد اللقاء بيومين
    [few] بعد اللقاء بـ { $count } أيام
   *[other] بعد اللقاء بـ { $count } يوماً
}
asks-wait = بعد كم يوم
asks-add-rule = إضافة قاعدة
asks-stop = إيقاف
asks-start = استئناف
asks-stopped = متوقفة
asks-view-all = الكل
asks-view-waiting = بانتظار الإجابة
asks-none = لا مناسبة بعد
asks-none-about = تُفحص المناسبات الجديدة كل ساعة. هنا ترى من سألناه ولماذا لم نسأل غيره.
asks-outcome = النتيجة
asks-outcome-asked = سُئل
asks-outcome-no-survey = الاستبيان غير مفتوح
asks-outcome-archived = العميل مؤرشف
asks-outcome-no-consent = لم يأذن بالرسائل
asks-outcome-open-incident = له إساءة لم تُحلّ
asks-outcome-open-complaint = له شكوى مفتوحة
asks-outcome-asked-lately = سألناه قريباً
asks-outcome-one-of-five = يُسأل عن الاحترام بعد تواصل واحد من خمسة
asks-answered = أجاب
asks-occasion-purchase = شراء { $day }
asks-occasion-case = ملف أُغلق { $day }
asks-occasion-visit = لقاء { $day }
asks-outcomes = آخر ٣٠ يوماً
asks-outcomes-none = لا مناسبة في آخر ٣٠ يوماً.
asks-cooldown = لا نسأل العميل أكثر من مرة كل { $count } يوم، أيّاً كانت الطريقة.
asks-note = أرسل الرابط إلى العميل بنفسك. لا نسأل من لم يأذن بالرسائل، ولا من له إساءة أو شكوى مفتوحة؛ ولا نسأل عن الاحترام إلا بعد تواصل واحد من خمسة على الأكثر.
asks-last = آخر سؤال تلقائي
asks-settings = السؤال التلقائي
asks-settings-about = يُحسب كل سؤال: بالرابط وبالهاتف وعند الكاونتر.
asks-settings-cooldown = المدة بين سؤالين (أيام)
