# Lists that somebody keeps at hand.
views-new = حفظ هذا العرض
views-name = اسم العرض
views-share = يراه زملاء الوحدة أيضًا
views-share-about = لا يرى فيه أحد إلا العملاء المسموح له بهم.
views-saved = حُفظ العرض
views-delete = حذف هذا العرض
views-deleted = حُذف العرض
views-too-many = لا يُحفظ أكثر من { $max } عرضًا. احذفوا واحدًا منها.
views-columns-wrong = تعذّرت قراءة أعمدة هذا العرض.
views-segment-private = الشريحة «{ $name }» لكم وحدكم. شاركوها مع الزملاء أولًا.
views-changed-meanwhile = تغيّر هذا العرض للتو في مكان آخر. أعيدوا تحميل الصفحة.
event-view-archived = حُذف عرض من القائمة
event-view-changed = تغيّر عرض من القائمة
event-view-created = حُفظ عرض من القائمة
event-view-restored = أُعيد عرض إلى القائمة
