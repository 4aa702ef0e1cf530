# Lists that somebody keeps at hand.
views-new = ذخیره‌ی این نما
views-name = نام نما
views-share = همکاران واحد هم این نما را ببینند
views-share-about = هر کس در آن فقط مشتریانی را می‌بیند که اجازه دارد.
views-saved = نما ذخیره شد
views-delete = برداشتن این نما
views-deleted = نما برداشته شد
views-too-many = بیش از { $max } نما نگه داشته نمی‌شود. یکی را بردارید.
views-columns-wrong = ستون‌های این نما خوانده نشد.
views-segment-private = بخش «{ $name }» فقط برای خودتان است. نخست آن بخش را با همکاران در میان بگذارید.
views-changed-meanwhile = این نما هم‌اکنون جای دیگری تغییر کرد. صفحه را دوباره باز کنید.
event-view-archived = نمایی از فهرست برداشته شد
event-view-changed = نمایی از فهرست تغییر کرد
event-view-created = نمایی از فهرست ذخیره شد
event-view-restored = نمایی از فهرست برگردانده شد
