# Purchases.
purchases-lines-too-many = تتّسع الفاتورة لـ { $max } سطرًا. استورِد الفاتورة الأطول من ملف.
purchases-currency-unknown = هذه العملة غير معروفة. اكتب رمزها من ثلاثة أحرف، مثل SAR.
purchases-invoice-taken = توجد فاتورة بهذا الرقم. راجع الرقم.
