# What passed between us and a customer.
interactions-customer-unknown = مشتری‌ای با این شناسه پیدا نشد. کد مشتری، تلفن یا کد ملی را بررسی کنید.
interactions-customer-several = این شماره یا نشانی از آنِ چند مشتری است. کد مشتری را بنویسید.
interactions-at-future = این زمان هنوز نرسیده است. زمانی را بنویسید که گذشته باشد.
interactions-changed-meanwhile = این نوشته پس از آن تغییر کرده است. صفحه را تازه کنید و دوباره نگاه کنید.
interactions-minutes-unread = دقیقه را به عدد بنویسید، مانند ۱۵.
interactions-next-usual = پیگیری
