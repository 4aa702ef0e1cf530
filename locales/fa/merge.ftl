# مشتریانی که یک نفر از آب درمی‌آیند.
merge = یکی کردن با مشتری دیگر…
merge-title = یکی کردن دو مشتری
merge-of = { $name } با چه کسی یکی است؟
merge-about = هر چه آن یکی دارد به این پرونده می‌آید: خریدها، تماس‌ها، اعتبار و تاریخچه. آن پرونده از فهرست‌ها و جست‌وجو کنار می‌رود. تا ۳۰ روز می‌توانید برگردانید.
merge-find = مشتری دیگر
merge-find-hint = نام، تلفن یا کد
merge-compare = مقایسه
merge-likely = احتمالاً همین شخص
merge-likely-none = کس دیگری با این مشتری شماره، شناسه یا نام مشترک ندارد. مشتری دیگر را جست‌وجو کنید.
merge-kept = می‌ماند
merge-goes = در آن می‌رود
merge-swap = آن یکی بماند
merge-fact = مشخصه
merge-choose = هر جا فرق دارند، درست را برگزینید
merge-nothing-differs = در هیچ مشخصه‌ای فرق ندارند.
merge-empty = خالی
merge-moves = آنچه می‌آید
merge-moves-nothing = آن پرونده چیزی از خود ندارد.
merge-left = { $count ->
    [1] یک مورد از پیش هست و همان‌جا می‌ماند.
   *[other] { $count } مورد از پیش هست و همان‌جا می‌ماند.
  }
merge-ended = { $count ->
    [1] یک معرفی پایان می‌یابد: کسی خودش را معرفی نمی‌کند و کسی دو بار معرفی نمی‌شود. آنچه آورده بود پس گرفته می‌شود.
   *[other] { $count } معرفی پایان می‌یابد: کسی خودش را معرفی نمی‌کند و کسی دو بار معرفی نمی‌شود. آنچه آورده بودند پس گرفته می‌شود.
  }
merge-stage = مرحله پس از آن: { $after } (اکنون { $this } و { $other })
merge-consent = هر که به راهی «نه» گفته است، از آن راه باز هم پیامی نمی‌گیرد.
merge-undo-until = تا { $day } برمی‌گردد.
merge-do = یکی کن
merge-done = { $name } با این مشتری یکی شد.
merge-undone = { $name } دوباره پرونده‌ی خودش را دارد.
merge-undone-with = { $name } دوباره پرونده‌ی خودش را دارد. این‌ها برنگشت: { $what }.
merge-undone-gone = { $count ->
    [1] یک مورد که دیگر نیست
   *[other] { $count } مورد که دیگر نیست
  }
merge-undone-changed = مشخصه‌هایی که پس از آن عوض شد ({ $fields })
merge-undone-ended = { $count ->
    [1] یک معرفی پایان‌یافته
   *[other] { $count } معرفی پایان‌یافته
  }
merge-of-two = با نام { $name } هم ثبت شده بود
merge-on = در { $day } به دست { $who } یکی شد
merge-on-by-nobody = در { $day } یکی شد
merge-take-back = برگرداندن یکی شدن
merge-former = پیشین
merge-kind-purchases = خرید
merge-kind-interactions = تماس
merge-kind-follow-ups = پیگیری
merge-kind-opportunities = فرصت فروش
merge-kind-contact-points = تلفن و ایمیل
merge-kind-addresses = نشانی
merge-kind-identity-keys = کد و شناسه
merge-kind-tags = برچسب
merge-kind-preferences = دانسته‌ها از او
merge-kind-relations = نسبت
merge-kind-costs = هزینه
merge-kind-cases = پرونده‌ی رسیدگی
merge-kind-incidents = رخداد بی‌احترامی
merge-kind-answers = برگه‌ی نظرسنجی
merge-kind-grants = تخفیف، هدیه و منفعت
merge-kind-referrals = معرفی‌های او
merge-kind-benefits = بخش‌های اعتبار
merge-field-name = نام
merge-field-honorific = شیوه‌ی خطاب
merge-field-father-name = نام پدر
merge-field-birth-on = تاریخ تولد
merge-field-gender = جنسیت
merge-field-education = تحصیلات
merge-field-job = شغل
merge-field-income-band = درآمد
merge-field-city = شهر
merge-field-role = نقش
merge-field-owner = مسئول
merge-field-source = منبع آشنایی
merge-field-stance = نگاه او به ما
merge-field-preferred-channel = راه دلخواه
merge-field-preferred-hours = ساعت دلخواه
merge-field-note = یادداشت
merge-oneself = این همان پرونده است. مشتری دیگری را برگزینید.
merge-kinds = شخص و سازمان یکی نمی‌شوند. میان آن‌ها نسبت ثبت کنید.
merge-two-people = این دو شناسه‌ی ملی متفاوت دارند ({ $this } و { $other })؛ پس دو نفرند. اگر یکی اشتباه ثبت شده است، نخست آن را درست کنید.
merge-archived = «{ $name }» بایگانی شده است. نخست او را از بایگانی برگردانید.
merge-was-merged = «{ $name }» با مشتری دیگری یکی شده است. همان را باز کنید.
merge-field-unknown = مشخصه‌ای به نام «{ $field }» نیست. این‌ها هست: { $fields }.
merge-not-merged = «{ $name }» با کسی یکی نشده است.
merge-too-late = یکی شدن تا { $days } روز برمی‌گردد. این یکی قدیمی‌تر است.
merge-undo-later-first = «{ $name }» بعداً با «{ $into }» یکی شده است. نخست آن را برگردانید.

# جفت‌هایی که شاید یک نفر باشند.
pairs = احتمالاً یک نفرند
pairs-link = احتمالاً یک نفرند
pairs-about = مشتریانی که تلفن، ایمیل یا حساب دیگری مشترک دارند، یا در یک شهر هم‌نام‌اند. شماره‌ها و نام‌هایی که میان بسیاری مشترک است نمی‌آید.
pairs-none = کسی دو بار ثبت نشده است
pairs-none-about = هر گاه دو مشتری شماره یا نام مشترک داشته باشند، این‌جا می‌آیند.
pairs-none-here = در این صفحه کسی نیست
pairs-purchases = { $count ->
    [1] یک خرید
   *[other] { $count } خرید
  }
pairs-keep-apart = یکی نیستند
pairs-kept-apart = دو نفرند و دیگر این‌جا نمی‌آیند.
event-party-kept-apart = معلوم شد با مشتری مشابه یکی نیست
pairs-merge-chosen = جفت‌های برگزیده را یکی کن
pairs-merge-about = آن که خرید بیشتری دارد با مشخصه‌های خودش می‌ماند. هر جفت تا ۳۰ روز برمی‌گردد.
pairs-none-chosen = دست‌کم یک جفت را برگزینید.
pairs-merged = { $count ->
    [1] یک جفت یکی شد.
   *[other] { $count } جفت یکی شد.
  }
pairs-refused = یکی نشد: { $count }. { $reason }
