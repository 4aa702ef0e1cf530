# ورود
sign-in-wrong = ایمیل یا رمز عبور درست نیست.
sign-in-wrong-left = ایمیل یا رمز عبور درست نیست. { $left } بار دیگر فرصت دارید.

# رمز عبور
password-short = رمز عبور دست‌کم { $min } حرف می‌خواهد. یک جمله‌ی کوتاه خوب است.
password-own = نام یا ایمیل خودتان را زود حدس می‌زنند. چیز دیگری انتخاب کنید.
password-common = این از نخستین رمزهایی است که دیگران امتحان می‌کنند. چیز دیگری انتخاب کنید.
password-old-wrong = رمز عبور فعلی درست نیست.
password-same = این همان رمز عبور فعلی است. رمز عبور تازه‌ای بنویسید.

# کلیدهای برنامه و افراد
tokens-scope-unknown = اختیاری با نام { $scope } نیست.
tokens-scope-needed = دست‌کم یک اختیار انتخاب کنید.
users-no-such = کسی با این ایمیل حساب باز ندارد.
users-email = این ایمیل درست نیست. آن را مانند name@example.com بنویسید.
users-email-taken = کس دیگری با این ایمیل حساب دارد.
users-unit-unknown = واحدی را انتخاب کنید که به آن دسترسی دارید.
users-above-you = اختیار این شخص از شما بیشتر است. از صاحب کسب‌وکار بخواهید.
users-last-owner = سازمان دست‌کم یک صاحب کسب‌وکار می‌خواهد. نخست سمت «صاحب کسب‌وکار» را به کس دیگری هم بدهید.
users-hand-over-needed = { $customers } مشتری، { $follow_ups } پیگیری باز و { $opportunities } فرصت باز با اوست. بگویید به چه کسی برسد.
users-hand-over-unknown = کسی را انتخاب کنید که حسابش باز و در محدوده‌ی شما باشد.
users-no-head = بالای سر این فرد سرپرست دیگری نیست. کسی را انتخاب کنید، یا «هیچ‌کس» را.

# واحد و سمت
units-parent-unknown = واحدی را انتخاب کنید که به آن دسترسی دارید.
units-circle = یک واحد نمی‌تواند زیرمجموعه‌ی خودش باشد.
units-deep = درخت واحدها بیش از { $max } لایه نمی‌گیرد.
units-head-unknown = کسی را انتخاب کنید که حساب باز دارد.
posts-unknown = چنین سمتی نیست.
posts-name-taken = سمتی با این نام هست.
posts-beyond-yours = اختیاری را که خودتان ندارید نمی‌توانید بدهید.
posts-owner-full = سمت «صاحب کسب‌وکار» همه‌ی اختیارها را نگه می‌دارد تا کسی پشت در نماند.
posts-ready-made = سمت‌های آماده‌ی پیوند می‌مانند. می‌توانید نامشان را عوض کنید.
posts-held = کسی این سمت را دارد. نخست سمت دیگری به او بدهید.

room-parties = مشتریان
room-identities = کد ملی کامل
room-interactions = تعامل‌ها
room-follow-ups = پیگیری‌ها
room-sales = فروش
room-insight = بینش‌ها
room-imports = ورود از فایل
room-organisation = همکاران و واحدها
room-settings = تنظیمات
room-audit = تاریخچه‌ی تغییرها

act-see = دیدن
act-create = افزودن
act-change = ویرایش
act-delete = حذف
act-export = گرفتن خروجی

reach-nothing = هیچ
reach-own = موارد خودشان
reach-unit = موارد واحدشان
reach-all = همه

explain-closed = نه. حساب { $user } بسته است.
explain-no-room = نه. سمت «{ $post }» برای { $user } در «{ $room }» هیچ اختیاری ندارد.
explain-no-act = نه. { $user } با سمت «{ $post }» بخش «{ $room }» را می‌بیند، ولی اختیار «{ $act }» را ندارد.
explain-all = بله. سمت «{ $post }» برای { $user } در «{ $room }» به همه‌چیز می‌رسد.
explain-in-general = بله، برای { $reach }. سمت «{ $post }» این را در «{ $room }» به { $user } می‌دهد.
explain-own = بله. { $user } مسئول این مشتری است.
explain-unit = بله. این مشتری از آنِ واحد { $user } یا زیرمجموعه‌ی آن است.
explain-elsewhere = نه. این مشتری از آنِ کس دیگری است و سمت «{ $post }» برای { $user } تنها به { $reach } می‌رسد.

# راه‌اندازی نخست
set-up-done = این سازمان پیش‌تر راه‌اندازی شده است. وارد شوید.
set-up-unit-retail = فروشگاه
set-up-unit-distribution = فروش
set-up-unit-clinic = پذیرش
set-up-unit-services = خدمات
set-up-unit-other = دفتر مرکزی
