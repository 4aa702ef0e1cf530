# Rhythm and silence: how regularly customers buy, and who is silent for longer than their own habit.
parties-habit = إيقاع الشراء
insight-rhythm = إيقاع الشراء والصمت
insight-rhythm-about = مدى انتظام العملاء في الشراء، ومن طال صمته أكثر من عادته
insight-rhythm-sub = عملاء لهم مشتريات: { $customers }، حتى { $day }
insight-rhythm-bare = ما إن تدخل المشتريات حتى تروا هنا من يشتري بانتظام ومن صمت.
insight-rhythm-habits = كيف يشتري العملاء
insight-rhythm-habits-about = اضغطوا على سطر لتروا عملاءه
insight-rhythm-list = { $habit }: الأطول صمتًا أولًا
insight-rhythm-list-about = يُقاس بفاصل كل عميل المعتاد
insight-rhythm-none = لا أحد كذلك الآن.
insight-rhythm-more = عملاء آخرون
insight-rhythm-gap = الفاصل المعتاد
insight-rhythm-silent-for = الصمت
insight-rhythm-every = { $days ->
    [one] كل يوم
    [two] كل يومين
    [few] كل { $days } أيام
   *[other] كل { $days } يومًا
}
insight-rhythm-silence = { $gaps } من فاصله المعتاد
insight-rhythm-how-gaps = الفاصل المعتاد هو وسيط الأيام بين أيام شراء العميل، ويلزمه أربعة أيام شراء. والصمت هو الأيام منذ آخر شراء مقيسةً بهذا الفاصل.
insight-rhythm-how-habits = صامت: أكثر من أربعة فواصل وأسبوع على الأقل. متأخر: أكثر من فاصلين. يتباطأ: الفاصل الأخير أطول من ضعف المعتاد. منتظم: بأربعة فواصل فأكثر، انحرافها أقل من نصف متوسطها؛ وغير المنتظم فوق ذلك. كل عميل في أول مجموعة تصدق عليه.
insight-rhythm-how-season = موسمي: ٦٠٪ على الأقل من أيام الشراء في ربع واحد من السنة الشمسية، في سنتين أو أكثر؛ ولا يُعدّ صامتًا إلا إذا مضى ذلك الموسم من دونه.
insight-rhythm-column-no = الرقم
insight-rhythm-column-name = العميل
insight-rhythm-column-owner = المسؤول
insight-rhythm-column-habit = إيقاع الشراء
insight-rhythm-column-gap = الفاصل المعتاد بالأيام
insight-rhythm-column-days = الأيام منذ آخر شراء
insight-rhythm-column-silence = الصمت بالفواصل المعتادة
insight-rhythm-column-occasions = أيام الشراء
insight-rhythm-column-last = آخر شراء
insight-rhythm-column-spent = مجموع الإنفاق
insight-rhythm-column-active = احتمال النشاط
insight-habit-regular = منتظم
insight-habit-regular-about = فواصل مشترياته متقاربة
insight-habit-irregular = غير منتظم
insight-habit-irregular-about = فواصل مشترياته متباينة كثيرًا
insight-habit-seasonal = موسمي
insight-habit-seasonal-about = أكثر مشترياته في فصل واحد من عدة سنوات
insight-habit-slowing = يتباطأ
insight-habit-slowing-about = كان الفاصل الأخير أطول من ضعف المعتاد
insight-habit-lapsing = متأخر
insight-habit-lapsing-about = مضى أكثر من ضعف فاصله المعتاد بلا شراء
insight-habit-silent = صامت
insight-habit-silent-about = مضى أكثر من أربعة أضعاف فاصله المعتاد بلا شراء
insight-habit-unclear = لم يتضح بعد
insight-habit-unclear-about = المشتريات أقل من أن تُظهر إيقاعًا
insight-rhythm-picture = شريط
