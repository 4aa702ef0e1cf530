# Text
platform-text-too-long = این نوشته بلند است. آن را در { $max } نویسه یا کمتر بنویسید.

# Dates
platform-date-not-read = این تاریخ خوانده نشد. آن را مانند ۱۴۰۵/۰۸/۳۰ یا «۳۰ آبان ۱۴۰۵» بنویسید.
platform-date-incomplete = تاریخ کامل نیست. روز و ماه و سال را بنویسید.
platform-date-no-such-day = چنین روزی در تقویم نیست. شمارهٔ روز و ماه را بازبینی کنید.
platform-date-no-such-time = چنین ساعتی نیست. ساعت را مانند ۱۷:۳۰ بنویسید.
platform-date-out-of-range = سال پذیرفتنی نیست. سال را با چهار رقم بنویسید.
platform-date-which-calendar = روشن نیست این سال هجری شمسی است یا قمری. تقویم را انتخاب کنید یا «ش» یا «ق» را کنار سال بنویسید.

# Numbers and money
platform-number-not-read = این عدد خوانده نشد. آن را مانند ۱۲٬۳۴۵٫۶ بنویسید، بی‌کلمهٔ دیگر.
platform-number-too-large = این عدد بیش از اندازه بزرگ است. رقم‌ها را بازبینی کنید.
platform-number-other-currency = واحد پول این مبلغ با واحد پول این بخش یکی نیست. مبلغ را به همین واحد پول بنویسید.
platform-number-ambiguous = روشن نیست نقطه جداکنندهٔ هزارگان است یا ممیز. مبلغ را مانند ۱۲٬۵۰۰ یا ۱۲٫۵ بنویسید.
