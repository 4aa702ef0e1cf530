# What passed between us and a customer.
interactions-customer-unknown = لم نجد عميلًا بهذا المعرّف. راجع رمز العميل أو الهاتف أو رقم الهوية.
interactions-customer-several = هذا الرقم أو العنوان لعدّة عملاء. اكتب رمز العميل.
interactions-at-future = هذا الوقت لم يأتِ بعد. اكتب وقتًا مضى.
interactions-changed-meanwhile = تغيّر هذا القيد بعد ذلك. حدّث الصفحة وانظر فيه من جديد.
interactions-minutes-unread = اكتب الدقائق رقمًا، مثل ١٥.
interactions-next-usual = متابعة
