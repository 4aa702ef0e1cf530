# Text
platform-text-too-long = هذا النص طويل. اكتبوه في { $max } حرفًا أو أقل.

# Dates
platform-date-not-read = تعذّرت قراءة هذا التاريخ. اكتبوه مثل ١٤٤٨/٠٦/١١ أو «١١ جمادى الآخرة ١٤٤٨».
platform-date-incomplete = التاريخ غير مكتمل. اكتبوا اليوم والشهر والسنة.
platform-date-no-such-day = لا يوجد هذا اليوم في التقويم. راجعوا رقم اليوم والشهر.
platform-date-no-such-time = لا توجد هذه الساعة. اكتبوا الوقت مثل ١٧:٣٠.
platform-date-out-of-range = السنة غير مقبولة. اكتبوا السنة بأربعة أرقام.
platform-date-which-calendar = لا يتضح هل هذه السنة هجرية شمسية أم قمرية. اختاروا التقويم أو اكتبوا «ش» أو «ق» بجانب السنة.

# Numbers and money
platform-number-not-read = تعذّرت قراءة هذا الرقم. اكتبوه مثل ١٢٬٣٤٥٫٦ من غير كلمات أخرى.
platform-number-too-large = هذا الرقم أكبر من اللازم. راجعوا خاناته.
platform-number-other-currency = عملة هذا المبلغ تختلف عن العملة المطلوبة هنا. اكتبوا المبلغ بهذه العملة.
platform-number-ambiguous = لا يتضح هل النقطة فاصلة آلاف أم فاصلة عشرية. اكتبوا المبلغ مثل ١٢٬٥٠٠ أو ١٢٫٥.

# Identity keys
platform-identity-empty = لم يُكتب شيء.
platform-identity-characters = في هذه القيمة حرف في غير مكانه. اكتبوا الأرقام فقط.
platform-identity-length = عدد الأرقام غير صحيح. قارنوا الرقم بالوثيقة الأصلية.
platform-identity-repeated = كل الأرقام متشابهة ولا وجود لمثل هذا الرقم. اكتبوا الرقم الصحيح أو اتركوا الخانة فارغة.
platform-identity-check-digit = رقم التحقق غير صحيح؛ هناك رقم خاطئ أو رقمان متبادلان. قارنوه بالبطاقة.
platform-identity-beginning = لا يبدأ هذا الرقم بهذه الخانات. قارنوه بالبطاقة.
platform-identity-birth-date = تاريخ الميلاد داخل هذا الرقم غير موجود. قارنوه بالبطاقة.
platform-identity-governorate = رمز المحافظة داخل هذا الرقم غير موجود. قارنوه بالبطاقة.
platform-identity-phone = لا وجود لمثل هذا الرقم الهاتفي. للأرقام خارج البلد اكتبوا + ورمز الدولة أيضًا.
platform-identity-area-code = رمز المنطقة ناقص أو غير صحيح. اكتبوا الرقم الأرضي مع رمز المنطقة.
platform-identity-several-phones = كُتب هنا أكثر من رقم. اكتبوا كل رقم على حدة.
platform-identity-email = البريد الإلكتروني غير صحيح. اكتبوه مثل name@example.com.
