# What customers cost beside what they bring: problems and the history.
profits-goods-unknown = الربح هو المبيعات نفسها ما لم تذكروا كلفة البضاعة عليكم. اكتبوا حصة البضاعة من السعر في المعدّلات.
profits-days-order = يوم البداية بعد يوم النهاية. بدّلوا بينهما.
profits-expiry = اكتبوا يومًا من اليوم إلى سنة قادمة.
costs-negative = لا تكون الكلفة سالبة. اكتبوا المبلغ من غير إشارة.
costs-source-of-customer = هذه الكلفة تخص عميلًا بعينه؛ اتركوا العميل أو المصدر فارغًا.
costs-nothing = اكتبوا مبلغًا أو دقائق عمل.
cost-rates-time-sum = حصص الوقت مجتمعةً أكثر من ١٠٠٪. أنقصوا إحداها.
event-cost-added = سُجّلت كلفة
event-cost-removed = حُذفت كلفة
event-cost-restored = أُعيدت كلفة
event-cost-rate-changed = تغيّر معدّل كلفة
event-profit-decided = اتُّخذ قرار بشأن ربح عميل
event-profit-refresh-asked = طُلب إعادة حساب أرباح العملاء
cost-rates-tiers-all = اكتبوا حدود الفئات الثلاث كلها أو اتركوها كلها فارغة.
cost-rates-tiers-order = يجب أن يكون هذا الحد أقل من حد الفئة الأفضل.
