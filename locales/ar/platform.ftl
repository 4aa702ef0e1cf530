# Text
platform-text-too-long = هذا النص طويل. اكتبه في { $max } حرفًا أو أقل.

# Dates
platform-date-not-read = تعذّرت قراءة هذا التاريخ. اكتبه مثل ١٤٤٨/٠٦/١١ أو «١١ جمادى الآخرة ١٤٤٨».
platform-date-incomplete = التاريخ غير مكتمل. اكتب اليوم والشهر والسنة.
platform-date-no-such-day = لا يوجد هذا اليوم في التقويم. راجع رقم اليوم والشهر.
platform-date-no-such-time = لا توجد هذه الساعة. اكتب الوقت مثل ١٧:٣٠.
platform-date-out-of-range = السنة غير مقبولة. اكتب السنة بأربعة أرقام.
platform-date-which-calendar = لا يتضح هل هذه السنة هجرية شمسية أم قمرية. اختر التقويم أو اكتب «ش» أو «ق» بجانب السنة.
