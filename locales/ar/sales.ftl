# Purchases.
purchases-lines-too-many = تتّسع الفاتورة لـ { $max } سطرًا. استوردوا الفاتورة الأطول من ملف.
purchases-currency-unknown = هذه العملة غير معروفة. اكتبوا رمزها من ثلاثة أحرف، مثل SAR.
purchases-invoice-taken = توجد فاتورة بهذا الرقم. راجعوا الرقم.
