# The relation with a customer: in a sentence, and how good it is from 0 to 100.
relation = العلاقة
relation-sentence = علاقة { $length }، { $continuity } و{ $repetition }؛ { $attitude }.
relation-length-new = جديدة
relation-length-short = { $months ->
    [one] قصيرة (شهر واحد)
    [two] قصيرة (شهران)
    [few] قصيرة ({ $months } أشهر)
   *[other] قصيرة ({ $months } شهرًا)
}
relation-length-long = { $years ->
    [one] طويلة (سنة واحدة)
    [two] طويلة (سنتان)
    [few] طويلة ({ $years } سنوات)
   *[other] طويلة ({ $years } سنة)
}
relation-continuous = متصلة
relation-intermittent = متقطعة
relation-young = أحدث من أن توصف بالاتصال
relation-repeated = متكررة الشراء (أيام الشراء: { $count })
relation-one-off = لمرة واحدة (يوم شراء واحد)
relation-never = بلا شراء بعد
relation-attitude-friend = سُجّل موقفه منا ودّيًا
relation-attitude-neutral = سُجّل موقفه منا محايدًا
relation-attitude-mixed = سُجّل موقفه منا متذبذبًا
relation-attitude-enemy = سُجّل موقفه ضدنا
relation-attitude-none = لم يُسجَّل موقفه منا بعد
relation-score = { $score } من ١٠٠
relation-too-little = البيانات لا تكفي لدرجة بعد: يلزم جزآن على الأقل.
relation-part-recency = الحداثة قياسًا بإيقاعه
relation-part-reciprocity = التبادل
relation-part-response = الرد في وقته
relation-part-feedback = الثناء والشكوى
relation-part-payment = الدفع
relation-told-recency = أيام الصمت { $one }؛ والمعتاد { $other }
relation-told-reciprocity = خلال سنة: هو { $one }، ونحن { $other }
relation-told-response = رسائل رُدّ عليها خلال يوم: { $one } من { $other }
relation-told-feedback = خلال سنة: ثناء { $one }، شكاوى { $other }
relation-lacks-recency = لم يُحسب؛ المشتريات والاتصالات أقل من أن تُظهر إيقاعًا
relation-lacks-reciprocity = لم يُحسب؛ أقل من أربعة اتصالات خلال سنة
relation-lacks-response = لم يُحسب؛ أقل من ثلاث رسائل خلال سنة
relation-lacks-feedback = لم يُحسب؛ لا ثناء ولا شكوى خلال سنة
relation-lacks-payment = لم يُحسب؛ لا تُسجَّل المدفوعات هنا بعد
relation-about = الدرجة متوسط { $parts } من { $all } أجزاء. الصمت حتى فاصل معتاد واحد ١٠٠ وأربعة فواصل صفر؛ وتساوي الاتصالات من الجانبين ١٠٠؛ ويُحسب الرد إن جاء خلال يوم؛ ويوزن الثناء والشكوى معًا، فلا تجعل كلمة واحدة الدرجة صفرًا أو مئة.
