# The sentence of a rule. $not is yes where it is denied.
segments-sentence = مشتریانی که { $what }.
segments-sentence-all = همه‌ی مشتریان.
segments-sentence-none = هیچ مشتری‌ای.
segments-and = { " " }و{ " " }
segments-or = { " " }یا{ " " }

segments-its-kind = نوعشان
segments-its-role = نسبتشان با ما
segments-its-gender = جنسیتشان
segments-its-stance = نگاهشان به ما
segments-its-city = شهرشان
segments-its-province = استانشان
segments-its-source = شیوه‌ی آشنایی‌شان
segments-its-owner = مسئولشان
segments-its-unit = واحدشان
segments-its-created = تاریخ ثبتشان
segments-its-birth = تاریخ تولدشان
segments-its-age = سنشان
segments-its-first-purchase = نخستین خریدشان
segments-its-last-purchase = آخرین خریدشان
segments-its-purchases = تعداد خریدشان
segments-its-spent = جمع خریدشان
segments-its-last-contact = آخرین تماسشان
segments-its-next-follow-up = پیگیری بعدی‌شان
segments-its-silent-since = روز کم‌پیدا شدنشان
segments-its-recency = نمره‌ی تازگی‌شان
segments-its-frequency = نمره‌ی بسامدشان
segments-its-value = نمره‌ی مبلغشان
segments-its-frequency-value = نمره‌ی بسامد و مبلغشان
segments-its-active = احتمال فعال بودنشان
segments-its-expected-purchases = تعداد خرید مورد انتظارشان در ۹۰ روز آینده
segments-its-expected-value = ارزش مورد انتظارشان در ۱۲ ماه آینده
segments-its-tier = رده‌ی سودشان
segments-its-profit = سود یک سالشان
segments-its-preference = ترجیح‌هایشان
segments-its-taste = سلیقه‌هایشان
segments-its-expectation = انتظارهایشان
segments-its-need = نیازهایشان
segments-its-trait = ویژگی‌های رفتاری‌شان

segments-one-of = { $not ->
    [yes] { $field } { $values } نیست
   *[no] { $field } { $values } است
}
segments-known = { $not ->
    [yes] { $field } معلوم نیست
   *[no] { $field } معلوم است
}
segments-known-owner = { $not ->
    [yes] مسئول ندارند
   *[no] مسئول دارند
}
segments-known-purchase = { $not ->
    [yes] هنوز خرید نکرده‌اند
   *[no] خرید کرده‌اند
}
segments-known-contact = { $not ->
    [yes] هنوز با آن‌ها تماسی نبوده است
   *[no] با آن‌ها تماس داشته‌ایم
}
segments-known-next = { $not ->
    [yes] پیگیری بعدی ندارند
   *[no] پیگیری بعدی دارند
}
segments-number = { $not ->
    [yes] { $field } { $range } نیست
   *[no] { $field } { $range } است
}
segments-days = { $not ->
    [yes] { $field } { $when } نیست
   *[no] { $field } { $when } است
}
segments-silent = { $not ->
    [yes] کم‌پیدا نشده‌اند
   *[no] کم‌پیدا شده‌اند
}
segments-tag = { $not ->
    [yes] برچسب «{ $tag }» ندارند
   *[no] برچسب «{ $tag }» دارند
}
segments-preference = { $not ->
    [yes] «{ $text }» از { $kind } نیست
   *[no] «{ $text }» از { $kind } است
}
segments-preference-any = { $not ->
    [yes] { $kind } معلوم نیست
   *[no] { $kind } معلوم است
}
segments-did-purchase = { $not ->
    [yes] { $when } { $times } { $goods } خرید نکرده‌اند
   *[no] { $when } { $times } { $goods } خرید کرده‌اند
}
segments-did-interaction = { $not ->
    [yes] { $when } { $times } { $how } با ما تماس نداشته‌اند
   *[no] { $when } { $times } { $how } با ما تماس داشته‌اند
}
segments-did-follow-up = { $not ->
    [yes] { $when } { $times } پیگیریِ انجام‌شده نداشته‌اند
   *[no] { $when } { $times } پیگیریِ انجام‌شده داشته‌اند
}
segments-in = { $not ->
    [yes] در بخش «{ $name }» نیستند
   *[no] در بخش «{ $name }» هستند
}

segments-goods-product = از «{ $name }»
segments-goods-category = از دسته‌ی «{ $name }»
segments-how-channel = از راه { $channel }
segments-how-inbound = به‌خواست خودشان
segments-how-outbound = به‌خواست ما
segments-how-reason = برای «{ $reason }»
segments-least = دست‌کم { $least }
segments-most = دست‌بالا { $most }
segments-between = میان { $least } و { $most }
segments-times-least = دست‌کم { $least } بار
segments-times-most = دست‌بالا { $most } بار
segments-times-between = { $least } تا { $most } بار
segments-when-last = { $days ->
    [1] امروز
   *[other] در { $days } روز گذشته
}
segments-when-next = { $days ->
    [1] امروز
   *[other] در { $days } روز آینده
}
segments-when-earlier = { $days ->
    [0] تا امروز
   *[other] تا { $days } روز پیش
}
segments-when-from = از { $from } به بعد
segments-when-until = تا { $until }
segments-when-between = از { $from } تا { $until }
segments-gone = بخشی که دیگر نیست
segments-nobody = کسی که دیگر نیست

# Problems.
segments-condition-unknown = اینجا یک شرط لازم است: all، any، not، field، tag، preference، did یا in.
segments-group-needed = اینجا فهرستی از شرط‌ها لازم است.
segments-group-empty = این گروه شرطی ندارد. شرطی بیفزایید یا گروه را بردارید.
segments-not-read = این شرط خوانده نشد: { $detail }
segments-too-deep = گروه‌ها بیش از { $max } لایه در هم نمی‌روند. قاعده را ساده‌تر کنید.
segments-too-many = یک قاعده بیش از { $max } شرط نمی‌گیرد. بخشی از آن را یک بخش جدا کنید.
segments-values = از ۱ تا { $max } مقدار بنویسید.
segments-bound-needed = دست‌کم یکی از دو سر بازه را بنویسید.
segments-bounds-crossed = آغاز بازه پس از پایان آن است. جای آن دو را عوض کنید.
segments-test-wrong = این پرسش به این ویژگی نمی‌خورد.
segments-detail-wrong = کالا و دسته به خرید مربوط‌اند؛ راه، جهت و دلیل به تماس.
segments-circle = این بخش سرانجام به خودش می‌رسد: { $chain }. یکی از این‌ها را از قاعده بردارید.
segments-part-unknown = چنین بخشی نیست.
segments-used = بخش «{ $name }» از این بخش استفاده می‌کند. نخست آن را تغییر دهید.
segments-changed-meanwhile = کس دیگری همین حالا این بخش را تغییر داده است. صفحه را دوباره باز کنید.
segments-pick-unknown = یکی از این مشتریان پیدا نشد.
event-segment-archived = بخش بایگانی شد
event-segment-changed = بخش تغییر کرد
event-segment-created = بخش ساخته شد
event-segment-picked = عضوهای بخش با دست تعیین شدند
room-marketing = بازاریابی
event-segment-restored = بخش برگردانده شد

# Pages.
segments-about = هر بخش گروهی از مشتریان است که قاعده‌ی آن را شما می‌نویسید؛ پیوند آن را خودش به‌روز نگه می‌دارد.
segments-new = بخش تازه
segments-edit = ویرایش بخش
segments-empty = هنوز بخشی نیست
segments-empty-about = قاعده‌ای بنویسید، مانند «در تهران هستند و ۹۰ روز است نخریده‌اند»، تا پیوند این مشتریان را همیشه آماده داشته باشد.
segments-shared = برای همه
segments-size = { $count } مشتری
segments-not-built = در حال ساخت
segments-not-built-about = عضوهای این بخش دارند پیدا می‌شوند. چند ثانیه‌ی دیگر صفحه را دوباره باز کنید.
segments-nobody-in = اکنون کسی در این بخش نیست.
segments-first = از آغاز
segments-of = ساخته‌ی { $name }
segments-members = عضوها
segments-in-list = در فهرست مشتریان
segments-build-now = به‌روز کردن همین حالا
segments-is-built = بخش دارد به‌روز می‌شود
segments-delete = بایگانی بخش
segments-deleted = بخش بایگانی شد
segments-saved = بخش ذخیره شد
segments-since = عضو از
segments-by-hand = با دست
segments-now = این بخش اکنون
segments-unit-customers = مشتری
segments-built = به‌روز شد: { $when }
segments-history = اندازه در گذر زمان
segments-history-about = اندازه‌ی بخش، از { $least } تا { $most } مشتری
segments-day-by-day = روز به روز
segments-day = روز
segments-size-head = اندازه
segments-entered = آمدند
segments-departed = رفتند
segments-name = نام بخش
segments-share = همکاران هم این بخش را ببینند
segments-share-about = هر کس در آن تنها مشتریانی را می‌بیند که اجازه دارد.
segments-conditions = شرط‌ها
segments-joint = شرط‌ها چگونه با هم برقرار باشند
segments-joint-all = همه برقرار باشد
segments-joint-any = یکی کافی است
segments-joint-none = هیچ‌یک برقرار نباشد
segments-no-condition = هنوز شرطی نیست؛ این بخش همه‌ی مشتریان است.
segments-remove-group = برداشتن گروه
segments-remove-condition = برداشتن شرط { $name }
segments-new-condition = شرط تازه
segments-add-condition = افزودن شرط
segments-add-group = افزودن گروه
segments-count-now = شمردن
segments-means-now = این قاعده اکنون
segments-of-customers = مشتری از { $count }
segments-sample = نمونه
segments-counts-later = شمردن این قاعده بیش از دو ثانیه زمان می‌برد. بخش را ذخیره کنید؛ شمار آن پس از ساخته شدن پیداست.
segments-left-out = این فیلترها شرط نمی‌شوند و کنار گذاشته شدند:
segments-list-comma = ،{ " " }
segments-incomplete = این شرط را کامل کنید یا آن را بردارید.
segments-op = پرسش
segments-op-and = و
segments-op-or = یا
segments-op-is = یکی از
segments-op-not = هیچ‌یک از
segments-op-known = معلوم است
segments-op-unknown = معلوم نیست
segments-op-at-least = دست‌کم
segments-op-at-most = دست‌بالا
segments-op-between = میان
segments-op-last = در روزهای گذشته
segments-op-next = در روزهای آینده
segments-op-earlier = پیش از چند روز پیش
segments-op-days = میان دو تاریخ
segments-op-yes = بله
segments-op-no = نه
segments-op-has = دارند
segments-op-has-not = ندارند
segments-op-in = در این بخش
segments-op-not-in = نه در این بخش
segments-times-op-once = دست‌کم یک بار
segments-times-op-at-least = دست‌کم چند بار
segments-times-op-at-most = دست‌بالا چند بار
segments-times-op-between = میان دو عدد
segments-times-op-never = هرگز
segments-how-many-days = چند روز
segments-unit-days = روز
segments-unit-years = سال
segments-unit-percent = درصد
segments-unit-of-four = از ۴
segments-unit-of-five = از ۵
segments-unit-purchases = خرید
segments-unit-times = بار
segments-from = از روز
segments-to = تا
segments-until = تا روز
segments-values-label = مقدارها
segments-least-label = دست‌کم
segments-most-label = دست‌بالا
segments-what-label = چه چیزی
segments-choose = انتخاب کنید
segments-which = کدام
segments-how-often = چند بار
segments-of-one-product = یک کالای معین
segments-of-category = از دسته‌ی
segments-category = دسته
segments-channel = راه تماس
segments-any-channel = از هر راهی
segments-direction = به‌خواست چه کسی
segments-any-direction = به‌خواست هر کدام
segments-reason = دلیل
segments-any-reason = به هر دلیل
segments-when = کی
segments-ever = تا کنون
segments-group-who = چه کسانی‌اند
segments-group-bought = خرید
segments-group-contact = تماس و پیگیری
segments-group-figures = نمره‌ها و پیش‌بینی‌ها
segments-group-known = دانسته‌ها و بخش‌ها
segments-if-kind = نوع
segments-if-role = نسبت با ما
segments-if-gender = جنسیت
segments-if-stance = نگاه به ما
segments-if-city = شهر
segments-if-province = استان
segments-if-source = شیوه‌ی آشنایی
segments-if-owner = مسئول
segments-if-unit = واحد
segments-if-created = تاریخ ثبت
segments-if-birth = تاریخ تولد
segments-if-age = سن
segments-if-first-purchase = نخستین خرید
segments-if-last-purchase = آخرین خرید
segments-if-purchases = تعداد خرید
segments-if-spent = جمع خرید
segments-if-last-contact = آخرین تماس
segments-if-next-follow-up = پیگیری بعدی
segments-if-silent = کم‌پیدا شده
segments-if-silent-since = روز کم‌پیدا شدن
segments-if-recency = نمره‌ی تازگی
segments-if-frequency = نمره‌ی بسامد
segments-if-value = نمره‌ی مبلغ
segments-if-frequency-value = نمره‌ی بسامد و مبلغ
segments-if-active = احتمال فعال بودن
segments-if-expected-purchases = خرید مورد انتظار در ۹۰ روز
segments-if-expected-value = ارزش مورد انتظار در ۱۲ ماه
segments-if-tier = رده‌ی سود
segments-if-profit = سود یک سال
segments-if-tag = برچسب
segments-if-preference = ترجیح
segments-if-taste = سلیقه
segments-if-expectation = انتظار
segments-if-need = نیاز
segments-if-trait = ویژگی رفتاری
segments-if-purchase = خرید کرده‌اند
segments-if-interaction = با ما تماس داشته‌اند
segments-if-follow-up-done = پیگیری انجام شده
segments-if-in = بخش

# People of a segment.
segments-by-hand-head = دست‌چین
segments-pick = مشتری
segments-pick-in = به بخش بیفزا
segments-pick-out = از بخش کنار بگذار
segments-pick-rule = به قاعده بسپار
segments-pick-about = هر مشتری را می‌توانید جدا از قاعده به این بخش بیفزایید یا از آن کنار بگذارید.
segments-pick-whom = روشن نیست کدام مشتری. نامش را بنویسید و از فهرست انتخابش کنید.
segments-picked-in = به بخش افزوده شد
segments-picked-out = از بخش کنار گذاشته شد
segments-picked-rule = از این پس قاعده تعیین می‌کند
segments-is-in = افزوده
segments-is-out = کنار گذاشته
segments-picks-more = { $count } مشتری تازه‌تر اینجا آمده‌اند؛ کسان دیگری هم دست‌چین شده‌اند.
segments-overlap = هم‌پوشانی با بخش‌های دیگر
segments-overlap-show = نمایش هم‌پوشانی
segments-overlap-none = هیچ مشتری این بخش در بخش دیگری نیست.
segments-overlap-later = شمردن این بخش بیش از سه ثانیه طول می‌کشد. کمی دیرتر دوباره باز کنید.
segments-moves = چه کسانی آمدند و رفتند
segments-moves-entered = آمدند
segments-moves-left = رفتند
segments-moves-from = از روز
segments-moves-until = تا روز
segments-moves-show = نمایش
segments-moves-no-entered = در این روزها کسی به این بخش نیامده است.
segments-moves-no-left = در این روزها کسی از این بخش نرفته است.
segments-moves-entered-at = زمان آمدن
segments-moves-left-at = زمان رفتن
segments-moves-about = کسی که در این میان آمده و رفته، یا رفته و برگشته، شمرده نمی‌شود.
bulk-segment = افزودن به بخش
bulk-segment-title = افزودن برگزیده‌ها به بخش
bulk-picked = برای { $count } مشتری ثبت شد

# More of what a rule asks for.
segments-its-education = تحصیلاتشان
segments-its-job = شغلشان
segments-its-income = سطح درآمدشان
segments-its-birth-month = ماه تولدشان
segments-its-birthday = زادروزشان
segments-its-preferred-channel = راه تماس دلخواهشان
segments-its-expected-amount = مبلغ مورد انتظار هر خریدشان
segments-its-stage = مرحله‌شان
segments-its-standing = جایشان در مرحله
segments-its-habit = آهنگ خریدشان
segments-its-usual-gap = فاصله‌ی معمول خریدهایشان
segments-its-season = فصل خریدشان
segments-its-minutes = زمانی که در یک سال برایشان گذاشته‌ایم
segments-known-phone = { $not ->
    [yes] شماره‌ی تلفن ندارند
   *[no] شماره‌ی تلفن دارند
}
segments-known-email = { $not ->
    [yes] ایمیل ندارند
   *[no] ایمیل دارند
}
segments-so-many-days = { $days } روز
segments-so-many-minutes = { $minutes } دقیقه
segments-how-origin = که از «{ $origin }» آغاز شد
segments-how-result = با نتیجه‌ی «{ $result }»
segments-season-1 = بهار
segments-season-2 = تابستان
segments-season-3 = پاییز
segments-season-4 = زمستان
segments-if-education = تحصیلات
segments-if-job = شغل
segments-if-income = سطح درآمد
segments-if-birth-month = ماه تولد
segments-if-birthday = زادروز
segments-if-preferred-channel = راه تماس دلخواه
segments-if-phone = شماره‌ی تلفن
segments-if-email = ایمیل
segments-if-expected-amount = مبلغ مورد انتظار هر خرید
segments-if-stage = مرحله در چرخه
segments-if-standing = جای در مرحله
segments-if-habit = آهنگ خرید
segments-if-usual-gap = فاصله‌ی معمول دو خرید
segments-if-season = فصل خرید
segments-if-minutes = زمان صرف‌شده در یک سال
segments-op-there = دارند
segments-op-missing = ندارند
segments-unit-minutes = دقیقه
segments-origin = خاستگاه
segments-any-origin = از هر خاستگاهی
segments-result = نتیجه
segments-any-result = با هر نتیجه‌ای
segments-find-condition = نام شرط را بنویسید: شهر، آخرین خرید…
segments-no-such-condition = چنین شرطی نیست. نامش را از فهرست انتخاب کنید.
