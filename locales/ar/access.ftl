# الدخول
sign-in-wrong = البريد الإلكتروني أو كلمة المرور غير صحيحة.
sign-in-wrong-left = { $left ->
    [one] البريد الإلكتروني أو كلمة المرور غير صحيحة. بقيت محاولة واحدة.
    [two] البريد الإلكتروني أو كلمة المرور غير صحيحة. بقيت محاولتان.
   *[other] البريد الإلكتروني أو كلمة المرور غير صحيحة. بقيت { $left } محاولات.
}

# كلمة المرور
password-short = تحتاج كلمة المرور إلى { $min } أحرف على الأقل. تكفي جملة قصيرة.
password-own = يسهل تخمين اسمكم أو بريدكم. اختاروا شيئًا آخر.
password-common = هذه من أول كلمات المرور التي تُجرَّب. اختاروا شيئًا آخر.
password-old-wrong = كلمة المرور الحالية غير صحيحة.
password-same = هذه كلمة المرور الحالية نفسها. اختاروا كلمة جديدة.

# الرموز والأشخاص
tokens-scope-unknown = لا توجد صلاحية باسم { $scope }.
tokens-scope-needed = اختاروا صلاحية واحدة على الأقل.
users-no-such = لا يوجد حساب مفتوح بهذا العنوان.
users-email = هذا ليس بريدًا إلكترونيًا. اكتبوه مثل name@example.com.
users-email-taken = يوجد حساب آخر بهذا العنوان.
users-unit-unknown = اختاروا وحدة تصل إليها صلاحيتكم.
users-above-you = صلاحيات هذا الشخص أوسع من صلاحياتكم. اطلبوا ذلك من المالك.
users-last-owner = تحتاج المؤسسة إلى مالك واحد على الأقل. أسندوا منصب «المالك» إلى شخص آخر أولًا.
users-hand-over-needed = لديه عملاء ({ $customers }) ومتابعات مفتوحة ({ $follow_ups }) وفرص مفتوحة ({ $opportunities }). حدّدوا من يتسلمها.
users-hand-over-unknown = اختاروا شخصًا حسابه مفتوح وتصل إليه صلاحيتكم.
users-no-head = لا مسؤول آخر فوق هذا الشخص. اختاروا شخصًا، أو «لا أحد».

# الوحدات والمناصب
units-parent-unknown = اختاروا وحدة تصل إليها صلاحيتكم.
units-circle = لا تكون الوحدة تابعة لنفسها.
units-deep = لا تزيد مستويات الوحدات على { $max }.
units-head-unknown = اختاروا شخصًا حسابه مفتوح.
posts-unknown = لا يوجد هذا المنصب.
posts-name-taken = يوجد منصب بهذا الاسم.
posts-beyond-yours = لا يمكنكم منح صلاحية لا تملكونها.
posts-owner-full = يحتفظ منصب «المالك» بكل الصلاحيات حتى لا يُغلق الباب على الجميع.
posts-ready-made = تبقى المناصب الجاهزة في بيوند. يمكنكم تغيير أسمائها.
posts-held = هذا المنصب مسند إلى شخص. أسندوا إليه منصبًا آخر أولًا.

room-parties = العملاء
room-identities = أرقام الهوية كاملة
room-interactions = التفاعلات
room-follow-ups = المتابعات
room-sales = المبيعات
room-insight = الرؤى
room-imports = الاستيراد من ملف
room-organisation = الزملاء والوحدات
room-settings = الإعدادات
room-audit = سجل التغييرات

act-see = العرض
act-create = الإضافة
act-change = التعديل
act-delete = الحذف
act-export = التصدير

reach-nothing = لا شيء
reach-own = ما يخصّهم
reach-unit = ما يخصّ وحدتهم
reach-all = الكل

explain-closed = لا. حساب { $user } مغلق.
explain-no-room = لا. منصب «{ $post }» لا يمنح { $user } أي صلاحية في «{ $room }».
explain-no-act = لا. يرى { $user } بمنصب «{ $post }» قسم «{ $room }»، لكن صلاحية «{ $act }» غير ممنوحة.
explain-all = نعم. منصب «{ $post }» يتيح لـ{ $user } كل ما في «{ $room }».
explain-in-general = نعم، في نطاق { $reach }. منصب «{ $post }» يتيح ذلك لـ{ $user } في «{ $room }».
explain-own = نعم. { $user } هو المسؤول عن هذا العميل.
explain-unit = نعم. هذا العميل تابع لوحدة { $user } أو لوحدة تحتها.
explain-elsewhere = لا. هذا العميل يخص شخصًا آخر، ومنصب «{ $post }» لدى { $user } لا يصل إلا إلى { $reach }.

# التشغيل الأول
set-up-done = سبق إعداد هذه المؤسسة. سجّلوا الدخول.
set-up-unit-retail = المتجر
set-up-unit-distribution = المبيعات
set-up-unit-clinic = الاستقبال
set-up-unit-services = الخدمات
set-up-unit-other = المقر الرئيسي
