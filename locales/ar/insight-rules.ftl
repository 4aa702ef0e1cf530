# What is bought together in one purchase.
insight-rules-share = أدخلوا حصة أكبر من ٠ وحتى ١.
insight-rules-too-many = التوليفات المتكررة أكثر من أن تُفحص كلها. اطلبوا دعمًا (support) أكبر.
insight-rules-too-long = سطور المشتريات { $lines } أكثر من { $most }. اطلبوا أيامًا أقل.
