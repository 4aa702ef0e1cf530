# What passed between us and a customer.
interactions-customer-unknown = لم نجد عميلًا بهذا المعرّف. راجعوا رمز العميل أو الهاتف أو رقم الهوية.
interactions-customer-several = هذا الرقم أو العنوان لعدّة عملاء. اكتبوا رمز العميل.
interactions-at-future = هذا الوقت لم يأتِ بعد. اكتبوا وقتًا مضى.
interactions-changed-meanwhile = تغيّر هذا القيد بعد ذلك. حدّثوا الصفحة وانظروا فيه من جديد.
interactions-minutes-unread = اكتبوا الدقائق رقمًا، مثل ١٥.
interactions-next-usual = متابعة
