# Text
platform-text-too-long = هذا النص طويل. اكتبه في { $max } حرفًا أو أقل.

# Dates
platform-date-not-read = تعذّرت قراءة هذا التاريخ. اكتبه مثل ١٤٤٨/٠٦/١١ أو «١١ جمادى الآخرة ١٤٤٨».
platform-date-incomplete = التاريخ غير مكتمل. اكتب اليوم والشهر والسنة.
platform-date-no-such-day = لا يوجد هذا اليوم في التقويم. راجع رقم اليوم والشهر.
platform-date-no-such-time = لا توجد هذه الساعة. اكتب الوقت مثل ١٧:٣٠.
platform-date-out-of-range = السنة غير مقبولة. اكتب السنة بأربعة أرقام.
platform-date-which-calendar = لا يتضح هل هذه السنة هجرية شمسية أم قمرية. اختر التقويم أو اكتب «ش» أو «ق» بجانب السنة.

# Numbers and money
platform-number-not-read = تعذّرت قراءة هذا الرقم. اكتبه مثل ١٢٬٣٤٥٫٦ من غير كلمات أخرى.
platform-number-too-large = هذا الرقم أكبر من اللازم. راجع خاناته.
platform-number-other-currency = عملة هذا المبلغ تختلف عن العملة المطلوبة هنا. اكتب المبلغ بهذه العملة.
platform-number-ambiguous = لا يتضح هل النقطة فاصلة آلاف أم فاصلة عشرية. اكتب المبلغ مثل ١٢٬٥٠٠ أو ١٢٫٥.

# Identity keys
platform-identity-empty = لم يُكتب شيء.
platform-identity-characters = في هذه القيمة حرف في غير مكانه. اكتب الأرقام فقط.
platform-identity-length = عدد الأرقام غير صحيح. قارن الرقم بالوثيقة الأصلية.
platform-identity-repeated = كل الأرقام متشابهة ولا وجود لمثل هذا الرقم. اكتب الرقم الصحيح أو اترك الخانة فارغة.
platform-identity-check-digit = رقم التحقق غير صحيح؛ هناك رقم خاطئ أو رقمان متبادلان. قارنه بالبطاقة.
platform-identity-beginning = لا يبدأ هذا الرقم بهذه الخانات. قارنه بالبطاقة.
platform-identity-birth-date = تاريخ الميلاد داخل هذا الرقم غير موجود. قارنه بالبطاقة.
platform-identity-governorate = رمز المحافظة داخل هذا الرقم غير موجود. قارنه بالبطاقة.
platform-identity-phone = لا وجود لمثل هذا الرقم الهاتفي. للأرقام خارج البلد اكتب + ورمز الدولة أيضًا.
platform-identity-area-code = رمز المنطقة ناقص أو غير صحيح. اكتب الرقم الأرضي مع رمز المنطقة.
platform-identity-several-phones = كُتب هنا أكثر من رقم. اكتب كل رقم على حدة.
platform-identity-email = البريد الإلكتروني غير صحيح. اكتبه مثل name@example.com.
