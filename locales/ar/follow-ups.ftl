# Follow-ups: what is to be done next.
follow-ups-due-past = هذا اليوم قد مضى. اكتب اليوم أو يومًا بعده.
follow-ups-owner-unknown = هذا الزميل ليس في وحدتك. اختر شخصًا من القائمة.
follow-ups-changed-meanwhile = عدّل شخص هذه المتابعة في هذه الأثناء. حدّث الصفحة وراجعها من جديد.
follow-ups-not-open = لم تعد هذه المتابعة مفتوحة.
