# Text
platform-text-too-long = این نوشته بلند است. آن را در { $max } حرف یا کمتر بنویسید.

# Dates
platform-date-not-read = این تاریخ خوانده نشد. آن را مانند ۱۴۰۵/۰۸/۳۰ یا «۳۰ آبان ۱۴۰۵» بنویسید.
platform-date-incomplete = تاریخ کامل نیست. روز و ماه و سال را بنویسید.
platform-date-no-such-day = چنین روزی در تقویم نیست. شماره‌ی روز و ماه را بررسی کنید.
platform-date-no-such-time = چنین ساعتی نیست. ساعت را مانند ۱۷:۳۰ بنویسید.
platform-date-out-of-range = سال پذیرفتنی نیست. سال را با چهار رقم بنویسید.
platform-date-which-calendar = روشن نیست این سال هجری شمسی است یا قمری. تقویم را انتخاب کنید یا «ش» یا «ق» را کنار سال بنویسید.

# Numbers and money
platform-number-not-read = این عدد خوانده نشد. آن را مانند ۱۲٬۳۴۵٫۶ بنویسید، بی‌کلمه‌ی دیگر.
platform-number-too-large = این عدد بیش از اندازه بزرگ است. رقم‌ها را بررسی کنید.
platform-number-other-currency = واحد پول این مبلغ با واحد پول این بخش یکی نیست. مبلغ را به همین واحد پول بنویسید.
platform-number-ambiguous = روشن نیست نقطه جداکننده‌ی هزارگان است یا ممیز. مبلغ را مانند ۱۲٬۵۰۰ یا ۱۲٫۵ بنویسید.

# Identity keys
platform-identity-empty = چیزی نوشته نشده است.
platform-identity-characters = در این مقدار نویسه‌ای هست که جایش آنجا نیست. فقط رقم‌ها را بنویسید.
platform-identity-length = شمار رقم‌ها درست نیست. آن را با اصل مدرک بسنجید.
platform-identity-repeated = همه‌ی رقم‌ها یکسان است و چنین شماره‌ای وجود ندارد. شماره‌ی درست را بنویسید یا جای آن را خالی بگذارید.
platform-identity-check-digit = رقم کنترل درست نیست؛ یک رقم اشتباه یا جابه‌جا شده است. آن را با کارت بسنجید.
platform-identity-beginning = این شماره نباید با این رقم‌ها شروع شود. آن را با کارت بسنجید.
platform-identity-birth-date = تاریخ تولدِ درون این شماره وجود ندارد. آن را با کارت بسنجید.
platform-identity-governorate = کد استانِ درون این شماره وجود ندارد. آن را با کارت بسنجید.
platform-identity-phone = چنین شماره‌ی تلفنی وجود ندارد. برای شماره‌ی خارج از کشور، + و کد کشور را هم بنویسید.
platform-identity-area-code = کد شهر نوشته نشده یا درست نیست. شماره‌ی ثابت را مانند ۰۲۱۸۸۱۲۳۴۵۶ بنویسید.
platform-identity-several-phones = اینجا بیش از یک شماره نوشته شده است. هر شماره را جداگانه بنویسید.
platform-identity-email = نشانی ایمیل درست نیست. آن را مانند name@example.com بنویسید.
