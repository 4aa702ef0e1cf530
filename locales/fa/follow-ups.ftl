# Follow-ups: what is to be done next.
follow-ups-due-past = این روز گذشته است. امروز یا روزی پس از آن را بنویسید.
follow-ups-owner-unknown = این همکار در واحد شما نیست. کسی را از فهرست برگزینید.
follow-ups-changed-meanwhile = در این میان کسی این پیگیری را تغییر داده است. صفحه را تازه کنید و دوباره ببینید.
follow-ups-not-open = این پیگیری دیگر باز نیست.
